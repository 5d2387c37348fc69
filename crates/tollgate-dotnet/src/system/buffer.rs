//! `System.Buffer`: the bytes of arrays of numbers.

use crate::args::int;
use crate::collections::Array;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::value::Value;

/// `System.Buffer`.
pub(crate) static BUFFER: TypeDef = TypeDef {
    name: "System.Buffer",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        member(
            "static void BlockCopy(Array src, int srcOffset, Array dst, int dstOffset, int count)",
            block_copy,
        ),
        member("static int ByteLength(Array array)", |call| {
            Ok(int(bytes(call, 0, "array")?.len()))
        }),
        member("static byte GetByte(Array array, int index)", |call| {
            let place = usize::try_from(call.int(1)?).ok();
            let bytes = bytes(call, 0, "array")?;
            let byte = place.and_then(|place| bytes.get(place).copied());
            byte.map(Value::Byte)
                .ok_or_else(|| crate::collections::out_of_range("index"))
        }),
        member(
            "static void SetByte(Array array, int index, byte value)",
            |call| {
                let place = usize::try_from(call.int(1)?).ok();
                let mut bytes = bytes(call, 0, "array")?;
                let slot = place.and_then(|place| bytes.get_mut(place));
                match (slot, call.arg(2)) {
                    (Some(slot), Value::Byte(value)) => *slot = *value,
                    _ => return Err(crate::collections::out_of_range("index")),
                }
                store(call, 0, &bytes)
            },
        ),
    ],
};

/// How many bytes an element takes; `None` if it is no primitive.
fn width(value: &Value) -> Option<usize> {
    Some(match value {
        Value::Bool(_) | Value::Byte(_) | Value::SByte(_) => 1,
        Value::Char(_) | Value::Int16(_) | Value::UInt16(_) => 2,
        Value::Int32(_) | Value::UInt32(_) | Value::Single(_) => 4,
        Value::Int64(_) | Value::UInt64(_) | Value::Double(_) => 8,
        _ => return None,
    })
}

fn bytes_of(value: &Value) -> Vec<u8> {
    match *value {
        Value::Bool(flag) => vec![u8::from(flag)],
        Value::Single(number) => number.to_le_bytes().to_vec(),
        Value::Double(number) => number.to_le_bytes().to_vec(),
        ref other => {
            let mut bytes = other.as_integer().unwrap_or(0).to_le_bytes().to_vec();
            bytes.truncate(width(other).unwrap_or(0));
            bytes
        }
    }
}

/// The value like another that these bytes are.
fn value_of(like: &Value, bytes: &[u8]) -> Value {
    let mut wide = [0u8; 8];
    for (to, from) in wide.iter_mut().zip(bytes) {
        *to = *from;
    }
    let bits = u64::from_le_bytes(wide);
    // Casts keep the low bits, which are the value's own.
    match like {
        Value::Bool(_) => Value::Bool(bits != 0),
        Value::SByte(_) => Value::SByte(bits as i8),
        Value::Char(_) => Value::Char(bits as u16),
        Value::Int16(_) => Value::Int16(bits as i16),
        Value::UInt16(_) => Value::UInt16(bits as u16),
        Value::Int32(_) => Value::Int32(bits as i32),
        Value::UInt32(_) => Value::UInt32(bits as u32),
        Value::Single(_) => Value::Single(f32::from_bits(bits as u32)),
        Value::Int64(_) => Value::Int64(bits.cast_signed()),
        Value::UInt64(_) => Value::UInt64(bits),
        Value::Double(_) => Value::Double(f64::from_bits(bits)),
        _ => Value::Byte(bits as u8),
    }
}

fn bytes(call: &mut Call<'_, '_>, argument: usize, parameter: &str) -> Result<Vec<u8>, Throw> {
    let array = call.array(argument, parameter)?;
    if let Some(bytes) = array.as_bytes() {
        call.machine.heap.spend(bytes.len().saturating_mul(2));
        return Ok(bytes.to_vec());
    }
    call.elements_copied(array.len().saturating_mul(2));
    let values: Vec<Value> = array.values().collect();
    let default = crate::ops::default_of(array.element());
    if width(&default).is_none() {
        return Err(Throw::argument(format!(
            "Object must be an array of primitives. (Parameter '{parameter}')"
        )));
    }
    call.work(values.len())?;
    Ok(values.iter().flat_map(bytes_of).collect())
}

/// Puts bytes back into the array in an argument.
fn store(call: &mut Call<'_, '_>, argument: usize, bytes: &[u8]) -> Result<Value, Throw> {
    let target = call.arg(argument);
    let Some(array) = call.machine.heap.of_mut::<Array>(target) else {
        return Ok(Value::Null);
    };
    if let Some(own) = array.as_bytes_mut() {
        own.copy_from_slice(bytes.get(..own.len()).unwrap_or_default());
        return Ok(Value::Null);
    }
    let like = crate::ops::default_of(array.element());
    let each = width(&like).unwrap_or(1);
    let values = bytes.chunks(each).map(|chunk| value_of(&like, chunk));
    array.replace(values.collect());
    Ok(Value::Null)
}

fn block_copy(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let source = bytes(call, 0, "src")?;
    let mut target = bytes(call, 2, "dst")?;
    let offset = |call: &Call<'_, '_>, index: usize, name: &str| {
        usize::try_from(call.int(index)?).map_err(|_| crate::collections::out_of_range(name))
    };
    let (from, to) = (offset(call, 1, "srcOffset")?, offset(call, 3, "dstOffset")?);
    let count = offset(call, 4, "count")?;
    let part = from
        .checked_add(count)
        .and_then(|end| source.get(from..end));
    let place = to
        .checked_add(count)
        .and_then(|end| target.get_mut(to..end));
    match (part, place) {
        (Some(part), Some(place)) => place.copy_from_slice(part),
        _ => {
            return Err(Throw::argument(
                "Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
            ));
        }
    }
    call.work(count)?;
    store(call, 2, &target)
}
