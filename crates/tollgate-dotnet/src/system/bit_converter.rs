//! `System.BitConverter`, little-endian.

use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::throw::Throw;
use crate::value::Value;

/// `System.BitConverter`.
pub(crate) static BIT_CONVERTER: TypeDef = TypeDef {
    name: "System.BitConverter",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

const MEMBERS: &[Member] = &[
    pure("static bool IsLittleEndian { get; }", |_| {
        Ok(Value::Bool(true))
    }),
    member("static string ToString(byte[] value)", to_string),
    member(
        "static string ToString(byte[] value, int startIndex)",
        to_string,
    ),
    member(
        "static string ToString(byte[] value, int startIndex, int length)",
        to_string,
    ),
    member("static byte[] GetBytes(bool value)", get_bytes),
    member("static byte[] GetBytes(char value)", get_bytes),
    member("static byte[] GetBytes(short value)", get_bytes),
    member("static byte[] GetBytes(int value)", get_bytes),
    member("static byte[] GetBytes(long value)", get_bytes),
    member("static byte[] GetBytes(ushort value)", get_bytes),
    member("static byte[] GetBytes(uint value)", get_bytes),
    member("static byte[] GetBytes(ulong value)", get_bytes),
    member("static byte[] GetBytes(float value)", get_bytes),
    member("static byte[] GetBytes(double value)", get_bytes),
    member(
        "static bool ToBoolean(byte[] value, int startIndex)",
        |call| take::<1>(call).map(|[byte]| Value::Bool(byte != 0)),
    ),
    member("static char ToChar(byte[] value, int startIndex)", |call| {
        take(call).map(u16::from_le_bytes).map(Value::Char)
    }),
    member(
        "static short ToInt16(byte[] value, int startIndex)",
        |call| take(call).map(i16::from_le_bytes).map(Value::Int16),
    ),
    member(
        "static ushort ToUInt16(byte[] value, int startIndex)",
        |call| take(call).map(u16::from_le_bytes).map(Value::UInt16),
    ),
    member("static int ToInt32(byte[] value, int startIndex)", |call| {
        take(call).map(i32::from_le_bytes).map(Value::Int32)
    }),
    member(
        "static uint ToUInt32(byte[] value, int startIndex)",
        |call| take(call).map(u32::from_le_bytes).map(Value::UInt32),
    ),
    member(
        "static long ToInt64(byte[] value, int startIndex)",
        |call| take(call).map(i64::from_le_bytes).map(Value::Int64),
    ),
    member(
        "static ulong ToUInt64(byte[] value, int startIndex)",
        |call| take(call).map(u64::from_le_bytes).map(Value::UInt64),
    ),
    member(
        "static float ToSingle(byte[] value, int startIndex)",
        |call| take(call).map(f32::from_le_bytes).map(Value::Single),
    ),
    member(
        "static double ToDouble(byte[] value, int startIndex)",
        |call| take(call).map(f64::from_le_bytes).map(Value::Double),
    ),
    pure("static long DoubleToInt64Bits(double value)", |call| {
        Ok(Value::Int64(call.double(0)?.to_bits().cast_signed()))
    }),
    pure(
        "static int SingleToInt32Bits(float value)",
        |call| match call.arg(0) {
            Value::Single(number) => Ok(Value::Int32(number.to_bits().cast_signed())),
            _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
        },
    ),
    pure(
        "static uint SingleToUInt32Bits(float value)",
        |call| match call.arg(0) {
            Value::Single(number) => Ok(Value::UInt32(number.to_bits())),
            _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
        },
    ),
    pure("static float Int32BitsToSingle(int value)", |call| {
        Ok(Value::Single(f32::from_bits(call.int(0)?.cast_unsigned())))
    }),
    pure(
        "static float UInt32BitsToSingle(uint value)",
        |call| match call.arg(0) {
            Value::UInt32(bits) => Ok(Value::Single(f32::from_bits(*bits))),
            _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
        },
    ),
    pure("static ulong DoubleToUInt64Bits(double value)", |call| {
        Ok(Value::UInt64(call.double(0)?.to_bits()))
    }),
    pure(
        "static double UInt64BitsToDouble(ulong value)",
        |call| match call.arg(0) {
            Value::UInt64(bits) => Ok(Value::Double(f64::from_bits(*bits))),
            _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
        },
    ),
    pure("static double Int64BitsToDouble(long value)", |call| {
        Ok(Value::Double(f64::from_bits(call.long(0)?.cast_unsigned())))
    }),
];

fn to_string(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = call.bytes(0, "value")?;
    let start = if call.arguments.len() > 1 {
        call.count(1, "startIndex")?
    } else {
        0
    };
    let count = match call.arguments.len() {
        3 => call.count(2, "length")?,
        _ => bytes.len().saturating_sub(start),
    };
    if start > 0 && start >= bytes.len() {
        return Err(crate::collections::out_of_range("startIndex"));
    }
    let part = start
        .checked_add(count)
        .and_then(|end| bytes.get(start..end));
    let part = part.ok_or_else(|| {
        Throw::argument("The array starting from the specified index is not long enough to read a value of the specified type. (Parameter 'value')")
    })?;
    call.room(part.len().saturating_mul(3))?;
    call.element_work(part.len())?;
    let texts: Vec<String> = part.iter().map(|byte| format!("{byte:02X}")).collect();
    call.new_text(texts.join("-"))
}

fn get_bytes(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = match *call.arg(0) {
        Value::Bool(value) => vec![u8::from(value)],
        Value::Char(value) => value.to_le_bytes().to_vec(),
        Value::Int16(value) => value.to_le_bytes().to_vec(),
        Value::UInt16(value) => value.to_le_bytes().to_vec(),
        Value::Int32(value) => value.to_le_bytes().to_vec(),
        Value::UInt32(value) => value.to_le_bytes().to_vec(),
        Value::Int64(value) => value.to_le_bytes().to_vec(),
        Value::UInt64(value) => value.to_le_bytes().to_vec(),
        Value::Single(value) => value.to_le_bytes().to_vec(),
        Value::Double(value) => value.to_le_bytes().to_vec(),
        _ => Vec::new(),
    };
    call.new_bytes(bytes)
}

fn take<const N: usize>(call: &mut Call<'_, '_>) -> Result<[u8; N], Throw> {
    let start = call.count(1, "startIndex")?;
    let array = call.array(0, "value")?;
    let bytes = array.as_bytes().unwrap_or_default();
    if start >= bytes.len() {
        return Err(crate::collections::out_of_range("startIndex"));
    }
    bytes
        .get(start..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .ok_or_else(|| {
            Throw::argument(
                "The array starting from the specified index is not long enough to read a value of the specified type. (Parameter 'value')",
            )
        })
}
