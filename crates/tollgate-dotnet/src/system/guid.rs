//! `System.Guid`.

use crate::args;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::system::integer::{equals, hash_code, to_string};
use crate::throw::Throw;
use crate::value::Value;

/// `System.Guid`.
pub(crate) static GUID: TypeDef = TypeDef {
    name: "System.Guid",
    kind: TypeKind::Struct,
    bases: &[
        "IFormattable",
        "IComparable",
        "IComparable<Guid>",
        "IEquatable<Guid>",
    ],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    pure("static Guid Empty { get; }", |_| Ok(Value::Guid([0; 16]))),
    pure("new()", |_| Ok(Value::Guid([0; 16]))),
    pure("new(string g)", |call| {
        call.reading_work()?;
        read(&call.text(0, "g")?.to_utf8()).map(Value::Guid)
    }),
    member("new(byte[] b)", of_bytes),
    pure(
        "new(int a, short b, short c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k)",
        of_fields,
    ),
    pure(
        "new(uint a, ushort b, ushort c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k)",
        of_fields,
    ),
    pure(
        "static Guid Parse(string input, IFormatProvider provider)",
        |call| {
            call.reading_work()?;
            call.reading_work()?;
            read(&call.text(0, "input")?.to_utf8()).map(Value::Guid)
        },
    ),
    pure(
        "static bool TryParse(string input, IFormatProvider provider, out Guid result)",
        try_parse,
    ),
    member("new(byte[] b, bool bigEndian)", |call| {
        let bytes = call.bytes(0, "b")?;
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| {
            Throw::argument("Byte array for Guid must be exactly 16 bytes long. (Parameter 'b')")
        })?;
        Ok(Value::Guid(match call.bool(1)? {
            true => bytes,
            false => swapped(bytes),
        }))
    }),
    member("static Guid CreateVersion7()", |call| {
        let now = call.machine.host.now();
        version7(call, now)
    }),
    member(
        "static Guid CreateVersion7(DateTimeOffset timestamp)",
        |call| {
            let (ticks, offset) = call.moment(0)?;
            version7(call, crate::time::utc(ticks, offset))
        },
    ),
    member("static Guid NewGuid()", |call| Ok(Value::Guid(new(call)))),
    pure("static Guid Parse(string input)", |call| {
        call.reading_work()?;
        read(&call.text(0, "input")?.to_utf8()).map(Value::Guid)
    }),
    pure(
        "static bool TryParse(string input, out Guid result)",
        try_parse,
    ),
    pure(
        "static Guid ParseExact(string input, string format)",
        |call| exact(call).map(Value::Guid),
    ),
    pure(
        "static bool TryParseExact(string input, string format, out Guid result)",
        |call| {
            let guid = exact(call).ok();
            call.outs.push(Value::Guid(guid.unwrap_or_default()));
            Ok(guid.is_some().into())
        },
    ),
    pure("string ToString()", to_string),
    pure("string ToString(string format)", to_string),
    pure(
        "string ToString(string format, IFormatProvider provider)",
        to_string,
    ),
    member("byte[] ToByteArray()", |call| match call.arg(0) {
        Value::Guid(bytes) => call.new_bytes(swapped(*bytes).to_vec()),
        _ => Err(Throw::null_reference()),
    }),
    member("byte[] ToByteArray(bool bigEndian)", |call| {
        match call.arg(0) {
            Value::Guid(bytes) if call.bool(1)? => call.new_bytes(bytes.to_vec()),
            Value::Guid(bytes) => call.new_bytes(swapped(*bytes).to_vec()),
            _ => Err(Throw::null_reference()),
        }
    }),
    member("new(int a, short b, short c, byte[] d)", |call| {
        let tail = call.bytes(3, "d")?;
        let Ok(tail): Result<[u8; 8], _> = tail.try_into() else {
            return Err(Throw::argument(
                "Byte array for Guid must be exactly 8 bytes long. (Parameter 'd')",
            ));
        };
        let field = |index: usize| call.integer(index).map(|number| number as u32);
        let (a, b, c) = (field(0)?, field(1)?, field(2)?);
        let head = u64::from(a) << 32 | u64::from(b & 0xffff) << 16 | u64::from(c & 0xffff);
        let mut bytes = [0; 16];
        for (to, from) in bytes
            .iter_mut()
            .zip(head.to_be_bytes().into_iter().chain(tail))
        {
            *to = from;
        }
        Ok(Value::Guid(bytes))
    }),
    pure("static Guid AllBitsSet { get; }", |_| {
        Ok(Value::Guid([0xff; 16]))
    }),
    pure("int Version { get; }", |call| match call.arg(0) {
        Value::Guid(bytes) => Ok(Value::Int32(i32::from(bytes[6] >> 4))),
        _ => Err(Throw::null_reference()),
    }),
    pure("int Variant { get; }", |call| match call.arg(0) {
        Value::Guid(bytes) => Ok(Value::Int32(i32::from(bytes[8] >> 4))),
        _ => Err(Throw::null_reference()),
    }),
    pure("static bool operator <(Guid left, Guid right)", |call| {
        ordered(call, std::cmp::Ordering::is_lt)
    }),
    pure("static bool operator <=(Guid left, Guid right)", |call| {
        ordered(call, std::cmp::Ordering::is_le)
    }),
    pure("static bool operator >(Guid left, Guid right)", |call| {
        ordered(call, std::cmp::Ordering::is_gt)
    }),
    pure("static bool operator >=(Guid left, Guid right)", |call| {
        ordered(call, std::cmp::Ordering::is_ge)
    }),
    pure("int CompareTo(object value)", |call| match call.arg(1) {
        Value::Null => Ok(Value::Int32(1)),
        Value::Guid(_) => {
            ops::compare(call.machine.heap, call.arg(0), call.arg(1)).map(args::order)
        }
        _ => Err(Throw::argument(
            "Object must be of type GUID. (Parameter 'value')",
        )),
    }),
    pure("int CompareTo(Guid value)", |call| {
        ops::compare(call.machine.heap, call.arg(0), call.arg(1)).map(args::order)
    }),
    pure("bool Equals(Guid g)", equals),
    pure("bool Equals(object o)", equals),
    pure("int GetHashCode()", hash_code),
    pure("static bool operator ==(Guid a, Guid b)", equals),
    pure("static bool operator !=(Guid a, Guid b)", |call| {
        Ok((!ops::equals(call.machine.heap, call.arg(0), call.arg(1))).into())
    }),
];

fn try_parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.reading_work()?;
    let guid = call.opt_str(0).and_then(|text| read(&text.to_utf8()).ok());
    call.outs.push(Value::Guid(guid.unwrap_or_default()));
    Ok(guid.is_some().into())
}

/// Milliseconds since 1970, then randomness.
fn version7(call: &Call<'_, '_>, now: i64) -> Result<Value, Throw> {
    let milliseconds = (now - crate::time::UNIX_EPOCH).div_euclid(10_000);
    let milliseconds = u64::try_from(milliseconds).map_err(|_| {
        Throw::argument_out_of_range(
            "timestamp must be a non-negative value. (Parameter 'timestamp')",
        )
    })?;
    let random = u128::from_be_bytes(new(call));
    let version = 0x7000_u128 << 64;
    let free = ((1_u128 << 80) - 1) & !(0xF000_u128 << 64);
    let bits = u128::from(milliseconds) << 80 | version | random & free;
    Ok(Value::Guid(bits.to_be_bytes()))
}

fn ordered(call: &mut Call<'_, '_>, holds: fn(std::cmp::Ordering) -> bool) -> Result<Value, Throw> {
    let order = ops::compare(call.machine.heap, call.arg(0), call.arg(1))?;
    Ok(holds(order).into())
}

/// The bytes with the first three fields turned round: between text order and `ToByteArray`'s.
fn swapped([a, b, c, d, e, f, g, h, rest @ ..]: [u8; 16]) -> [u8; 16] {
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}

/// A random GUID, version 4.
fn new(call: &Call<'_, '_>) -> [u8; 16] {
    let (high, low) = (call.machine.host.random(), call.machine.host.random());
    let bits = u128::from(high) << 64 | u128::from(low);
    let version = 0x4000_u128 << 64;
    let variant = 0x8000_u128 << 48;
    let free = !(0xF000_u128 << 64 | 0xC000_u128 << 48);
    (bits & free | version | variant).to_be_bytes()
}

fn unrecognized() -> Throw {
    Throw::format("Unrecognized Guid format.")
}

/// Formats N, D, B, P and X, white space around them.
fn read(text: &str) -> Result<[u8; 16], Throw> {
    let text = text.trim();
    if text.contains("0x") || text.contains("0X") {
        return hexadecimal(text).ok_or_else(unrecognized);
    }
    let inner = match text.as_bytes() {
        [b'{', .., b'}'] | [b'(', .., b')'] => text.get(1..text.len() - 1).unwrap_or_default(),
        _ => text,
    };
    let hyphens = [8, 13, 18, 23];
    let dashed = inner.len() == 36
        && hyphens
            .iter()
            .all(|place| inner.as_bytes().get(*place) == Some(&b'-'));
    if !dashed && (inner.len() != 32 || inner != text) {
        return Err(unrecognized());
    }
    digits(&inner.replace('-', ""))
        .ok_or_else(|| Throw::format("Guid string should only contain hexadecimal characters."))
}

fn digits(hex: &str) -> Option<[u8; 16]> {
    let plain = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain
        .then(|| u128::from_str_radix(hex, 16).ok())?
        .map(u128::to_be_bytes)
}

/// `{0xdddddddd,0xdddd,0xdddd,{0xdd,0xdd,…}}`.
fn hexadecimal(text: &str) -> Option<[u8; 16]> {
    let widths = [8, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2];
    let parts: Vec<&str> = text.split(',').collect();
    if parts.len() != widths.len() {
        return None;
    }
    let mut hex = String::new();
    for (part, width) in parts.into_iter().zip(widths) {
        let part = part.trim_matches(|c: char| c == '{' || c == '}' || c.is_whitespace());
        let number = part
            .strip_prefix("0x")
            .or_else(|| part.strip_prefix("0X"))?;
        if number.is_empty() || number.len() > width {
            return None;
        }
        hex.push_str(&format!("{number:0>width$}"));
    }
    digits(&hex)
}

fn exact(call: &mut Call<'_, '_>) -> Result<[u8; 16], Throw> {
    call.reading_work()?;
    let text = call.text(0, "input")?.to_utf8();
    let text = text.trim();
    let fits = match &*call.text(1, "format")?.to_utf8() {
        "N" | "n" => text.len() == 32,
        "D" | "d" => text.len() == 36,
        "B" | "b" => text.starts_with('{') && text.len() == 38,
        "P" | "p" => text.starts_with('('),
        "X" | "x" => text.contains("0x"),
        _ => {
            return Err(Throw::format(
                "Format string can be only \"D\", \"d\", \"N\", \"n\", \"P\", \"p\", \"B\", \"b\", \"X\" or \"x\".",
            ));
        }
    };
    if fits {
        read(text)
    } else {
        Err(unrecognized())
    }
}

fn of_bytes(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = call.bytes(0, "b")?;
    match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Ok(Value::Guid(swapped(bytes))),
        Err(_) => Err(Throw::argument(
            "Byte array for Guid must be exactly 16 bytes long. (Parameter 'b')",
        )),
    }
}

fn of_fields(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut bytes = Vec::with_capacity(16);
    let first = call.integer(0)? as u32;
    bytes.extend(first.to_be_bytes());
    for field in call.arguments.get(1..).unwrap_or_default() {
        match field {
            Value::Int16(field) => bytes.extend(field.to_be_bytes()),
            Value::UInt16(field) => bytes.extend(field.to_be_bytes()),
            Value::Byte(field) => bytes.push(*field),
            _ => {}
        }
    }
    Ok(Value::Guid(bytes.try_into().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use crate::testing::show;

    #[test]
    fn hash_codes_are_nets() {
        for (text, expected) in [
            ("12345678-90ab-cdef-1234-567890abcdef", "1212176721"),
            ("00000000-0000-0000-0000-000000000001", "16777216"),
            ("8f14e45f-ceea-467f-9f1b-2d6a5b1c0d3e", "-1656017551"),
        ] {
            let guid = super::read(text)
                .map(crate::Value::Guid)
                .unwrap_or_default();
            assert_eq!(show("Guid", "GetHashCode", &[guid]), expected);
        }
    }

    #[test]
    fn guids_are_read_in_every_format() {
        for (text, expected) in [
            (
                "{12345678-1234-1234-1234-123456789ABC}",
                "12345678-1234-1234-1234-123456789abc",
            ),
            (
                "12345678123412341234123456789abc",
                "12345678-1234-1234-1234-123456789abc",
            ),
            (
                "{0x1,0x2,0x3,{0x4,0x5,0x6,0x7,0x8,0x9,0xa,0xb}}",
                "00000001-0002-0003-0405-060708090a0b",
            ),
            ("nope", "!System.FormatException"),
            (
                "12345678-1234-1234-1234-123456789abg",
                "!System.FormatException",
            ),
            ("é", "!System.FormatException"),
        ] {
            assert_eq!(show("Guid", "Parse", &[text.into()]), expected, "{text}");
        }
        assert_eq!(
            show("Guid", "NewGuid", &[]),
            "01234567-89ab-4def-8123-456789abcdef"
        );
    }
}
