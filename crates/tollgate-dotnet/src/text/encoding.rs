//! `System.Text.Encoding`.

use crate::args::int;
use crate::collections::Array;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[&ENCODING, &UTF8_ENCODING];

/// `System.Text.Encoding`.
static ENCODING: TypeDef = TypeDef {
    name: "System.Text.Encoding",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

/// `System.Text.UTF8Encoding`.
static UTF8_ENCODING: TypeDef = TypeDef {
    name: "System.Text.UTF8Encoding",
    kind: TypeKind::Class,
    bases: &["Encoding"],
    values: &[],
    members: &[
        pure("new()", |_| Ok(Value::object(Encoding::Utf8))),
        pure("new(bool encoderShouldEmitUTF8Identifier)", |_| {
            Ok(Value::object(Encoding::Utf8))
        }),
    ],
};

const MEMBERS: &[Member] = &[
    pure("static Encoding UTF8 { get; }", |_| {
        Ok(Value::object(Encoding::Utf8))
    }),
    pure("static Encoding Default { get; }", |_| {
        Ok(Value::object(Encoding::Utf8))
    }),
    pure("static Encoding ASCII { get; }", |_| {
        Ok(Value::object(Encoding::Ascii))
    }),
    pure("static Encoding Latin1 { get; }", |_| {
        Ok(Value::object(Encoding::Latin1))
    }),
    pure("static Encoding Unicode { get; }", |_| {
        Ok(Value::object(Encoding::Utf16))
    }),
    pure("static Encoding BigEndianUnicode { get; }", |_| {
        Ok(Value::object(Encoding::Utf16Big))
    }),
    pure("static Encoding UTF32 { get; }", |_| {
        Ok(Value::object(Encoding::Utf32))
    }),
    pure("static Encoding GetEncoding(string name)", by_name),
    pure("static Encoding GetEncoding(int codepage)", by_page),
    pure("string WebName { get; }", |call| {
        this(call).map(|encoding| encoding.name().into())
    }),
    pure("string EncodingName { get; }", |call| {
        this(call).map(|encoding| encoding.name().into())
    }),
    pure("int CodePage { get; }", |call| {
        this(call).map(|encoding| Value::Int32(encoding.page()))
    }),
    member("byte[] GetBytes(string s)", get_bytes),
    member("byte[] GetBytes(char[] chars)", get_bytes),
    pure("int GetByteCount(string s)", |call| {
        let bytes = this(call)?.encode(&source(call)?);
        call.work(bytes.len())?;
        Ok(int(bytes.len()))
    }),
    member("string GetString(byte[] bytes)", get_string),
    member(
        "string GetString(byte[] bytes, int index, int count)",
        get_string,
    ),
    member("char[] GetChars(byte[] bytes)", |call| {
        let units = decoded(call)?.units().map(Value::Char).collect();
        call.new_array(Array::new(Type::char(), units))
    }),
    member("int GetCharCount(byte[] bytes)", |call| {
        decoded(call).map(|text| int(text.len()))
    }),
    member("byte[] GetPreamble()", |call| {
        let bytes: &[u8] = match this(call)? {
            Encoding::Utf8 => &[0xEF, 0xBB, 0xBF],
            Encoding::Utf16 => &[0xFF, 0xFE],
            Encoding::Utf16Big => &[0xFE, 0xFF],
            Encoding::Utf32 => &[0xFF, 0xFE, 0, 0],
            Encoding::Ascii | Encoding::Latin1 => &[],
        };
        call.new_bytes(bytes.to_vec())
    }),
];

/// An encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Utf16,
    Utf16Big,
    Utf32,
}

impl Object for Encoding {
    fn type_of(&self) -> Type {
        match self {
            Encoding::Utf8 => Type::plain(&UTF8_ENCODING),
            _ => Type::plain(&ENCODING),
        }
    }

    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any).downcast_ref() == Some(self)
    }
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Ascii => "us-ascii",
            Encoding::Latin1 => "iso-8859-1",
            Encoding::Utf16 => "utf-16",
            Encoding::Utf16Big => "utf-16BE",
            Encoding::Utf32 => "utf-32",
        }
    }

    fn page(self) -> i32 {
        match self {
            Encoding::Utf8 => 65001,
            Encoding::Ascii => 20127,
            Encoding::Latin1 => 28591,
            Encoding::Utf16 => 1200,
            Encoding::Utf16Big => 1201,
            Encoding::Utf32 => 12000,
        }
    }

    fn encode(self, text: &Str) -> Vec<u8> {
        let one_byte = |last: u32| {
            text.to_utf8()
                .chars()
                .flat_map(|c| match u8::try_from(u32::from(c)) {
                    Ok(byte) if u32::from(c) <= last => vec![byte],
                    // A character beyond the plane is two units, so two question marks.
                    _ => vec![b'?'; c.len_utf16()],
                })
                .collect()
        };
        match self {
            Encoding::Utf8 => text.to_utf8().as_bytes().to_vec(),
            Encoding::Ascii => one_byte(0x7F),
            Encoding::Latin1 => one_byte(0xFF),
            Encoding::Utf16 => text.units().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Big => text.units().flat_map(u16::to_be_bytes).collect(),
            Encoding::Utf32 => text
                .to_utf8()
                .chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect(),
        }
    }

    fn decode(self, bytes: &[u8]) -> Str {
        let pairs = |read: fn([u8; 2]) -> u16| -> Str {
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .filter_map(|pair| pair.try_into().ok().map(read))
                .collect();
            String::from_utf16_lossy(&units).into()
        };
        match self {
            Encoding::Utf8 => String::from_utf8_lossy(bytes).as_ref().into(),
            Encoding::Ascii => bytes
                .iter()
                .map(|byte| {
                    if byte.is_ascii() {
                        char::from(*byte)
                    } else {
                        '?'
                    }
                })
                .collect::<String>()
                .into(),
            Encoding::Latin1 => bytes
                .iter()
                .copied()
                .map(char::from)
                .collect::<String>()
                .into(),
            Encoding::Utf16 => pairs(u16::from_le_bytes),
            Encoding::Utf16Big => pairs(u16::from_be_bytes),
            Encoding::Utf32 => bytes
                .chunks_exact(4)
                .filter_map(|four| four.try_into().ok().map(u32::from_le_bytes))
                .map(|code| char::from_u32(code).unwrap_or('\u{FFFD}'))
                .collect::<String>()
                .into(),
        }
    }
}

fn this(call: &Call<'_, '_>) -> Result<Encoding, Throw> {
    call.arg(0)
        .downcast()
        .copied()
        .ok_or_else(Throw::null_reference)
}

fn by_name(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let name = call.text(0, "name")?.to_utf8();
    let encoding = match name.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => Encoding::Utf8,
        "us-ascii" | "ascii" => Encoding::Ascii,
        "iso-8859-1" | "latin1" => Encoding::Latin1,
        "utf-16" | "unicode" | "utf-16le" => Encoding::Utf16,
        "utf-16be" => Encoding::Utf16Big,
        "utf-32" => Encoding::Utf32,
        _ => {
            return Err(Throw::argument(format!(
                "'{name}' is not a supported encoding name. (Parameter 'name')"
            )));
        }
    };
    Ok(Value::object(encoding))
}

fn by_page(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let page = call.int(0)?;
    [
        Encoding::Utf8,
        Encoding::Ascii,
        Encoding::Latin1,
        Encoding::Utf16,
        Encoding::Utf16Big,
        Encoding::Utf32,
    ]
    .into_iter()
    .find(|encoding| encoding.page() == page)
    .map(Value::object)
    .ok_or_else(|| Throw::not_supported(format!("No data is available for encoding {page}.")))
}

/// Argument 1, a string or a `char[]`.
fn source(call: &Call<'_, '_>) -> Result<Str, Throw> {
    if let Some(text) = call.opt_str(1) {
        return Ok(text.clone());
    }
    let array = call.array(1, "s")?;
    let unit = |value| match value {
        Value::Char(unit) => unit,
        _ => 0,
    };
    Ok(Str::from_utf16(
        &array.values().map(unit).collect::<Vec<u16>>(),
    ))
}

fn get_bytes(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = this(call)?.encode(&source(call)?);
    call.new_bytes(bytes)
}

fn decoded(call: &mut Call<'_, '_>) -> Result<Str, Throw> {
    let encoding = this(call)?;
    let array = call.array(1, "bytes")?;
    let bytes = array.as_bytes().unwrap_or_default();
    if call.arguments.len() < 4 {
        return Ok(encoding.decode(bytes));
    }
    let (start, count) = (call.count(2, "index")?, call.count(3, "count")?);
    let part = start
        .checked_add(count)
        .and_then(|end| bytes.get(start..end));
    part.map(|part| encoding.decode(part)).ok_or_else(|| {
        Throw::argument_out_of_range(
            "Index and count must refer to a location within the buffer. (Parameter 'bytes')",
        )
    })
}

fn get_string(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = decoded(call)?;
    call.new_text(text)
}
