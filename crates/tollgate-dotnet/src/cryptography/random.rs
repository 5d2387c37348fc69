//! `RandomNumberGenerator` and `RNGCryptoServiceProvider`.

use super::random_bytes;
use crate::collections::Array;
use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[&GENERATOR, &PROVIDER];

/// `RandomNumberGenerator`.
static GENERATOR: TypeDef = TypeDef {
    name: "System.Security.Cryptography.RandomNumberGenerator",
    kind: TypeKind::Class,
    bases: &["IDisposable"],
    values: &[],
    members: &[
        member("static RandomNumberGenerator Create()", |_| {
            Ok(Value::object(Generator(&GENERATOR)))
        }),
        member("static byte[] GetBytes(int count)", |call| {
            let count = call.count(0, "count")?;
            let bytes = made(call, count)?;
            call.new_bytes(bytes)
        }),
        member("static int GetInt32(int toExclusive)", |call| {
            between(call, 0, call.int(0)?)
        }),
        member(
            "static int GetInt32(int fromInclusive, int toExclusive)",
            |call| between(call, call.int(0)?, call.int(1)?),
        ),
        member("static void Fill(byte[] data)", |call| fill(call, 0, false)),
        member("void GetBytes(byte[] data)", |call| fill(call, 1, false)),
        member("void GetNonZeroBytes(byte[] data)", |call| {
            fill(call, 1, true)
        }),
        pure("void Dispose()", |_| Ok(Value::Null)),
    ],
};

/// `RNGCryptoServiceProvider`.
static PROVIDER: TypeDef = TypeDef {
    name: "System.Security.Cryptography.RNGCryptoServiceProvider",
    kind: TypeKind::Class,
    bases: &["RandomNumberGenerator"],
    values: &[],
    members: &[member("new()", |_| Ok(Value::object(Generator(&PROVIDER))))],
};

#[derive(Debug)]
struct Generator(&'static TypeDef);

impl Object for Generator {
    fn type_of(&self) -> Type {
        Type::plain(self.0)
    }
}

fn made(call: &mut Call<'_, '_>, count: usize) -> Result<Vec<u8>, Throw> {
    call.machine.heap.charge(count)?;
    call.work(count.saturating_mul(4))?;
    Ok(random_bytes(call.machine, count))
}

fn fill(call: &mut Call<'_, '_>, at: usize, without_zeros: bool) -> Result<Value, Throw> {
    let length = call.array(at, "data")?.len();
    let mut bytes = made(call, length)?;
    if without_zeros {
        call.heavy_work(length.saturating_mul(2))?;
        for byte in &mut bytes {
            let number = call.machine.host.random() % 255 + 1;
            *byte = u8::try_from(number).unwrap_or(1);
        }
    }
    let array = call.machine.heap.of_mut::<Array>(call.arg(at));
    if let Some(target) = array.and_then(Array::as_bytes_mut) {
        target.copy_from_slice(&bytes);
    }
    Ok(Value::Null)
}

/// A number of the half-open range; what is left of 64 random bits makes none of them noticeably likelier.
fn between(call: &Call<'_, '_>, from: i32, to: i32) -> Result<Value, Throw> {
    let range = i64::from(to) - i64::from(from);
    let range = u64::try_from(range).ok().filter(|range| *range > 0);
    let range = range.ok_or_else(|| {
        Throw::argument("Range of random number does not contain at least one possibility.")
    })?;
    let offset = i64::try_from(call.machine.host.random() % range).unwrap_or(0);
    let number = i64::from(from).saturating_add(offset);
    Ok(Value::Int32(i32::try_from(number).unwrap_or(from)))
}

#[cfg(test)]
mod tests {
    use crate::testing::show;
    use crate::value::Value;

    const NAME: &str = "System.Security.Cryptography.RandomNumberGenerator";

    #[test]
    fn bytes_and_numbers_come_from_the_host() {
        let bytes = show(NAME, "GetBytes", &[Value::Int32(9)]);
        assert_eq!(bytes, "[239, 205, 171, 137, 103, 69, 35, 1, 239]");
        let number = show(NAME, "GetInt32", &[Value::Int32(5), Value::Int32(6)]);
        assert_eq!(number, "5");
        let none = show(NAME, "GetInt32", &[Value::Int32(0)]);
        assert_eq!(none, "!System.ArgumentException");
        let negative = show(NAME, "GetBytes", &[Value::Int32(-1)]);
        assert_eq!(negative, "!System.ArgumentOutOfRangeException");
    }
}
