//! `BigInteger`, as far as JSON meets it: an integer beyond 64 bits, kept and written digit by digit.

use crate::member::{TypeDef, TypeKind, pure};
use crate::str::Str;
use crate::types::Type;
use crate::value::{Object, Value};

/// `BigInteger`.
pub(crate) static BIG_INTEGER: TypeDef = TypeDef {
    name: "System.Numerics.BigInteger",
    kind: TypeKind::Struct,
    bases: &[],
    values: &[],
    members: &[pure("string ToString()", |call| {
        call.to_text(0).map(Value::String)
    })],
};

/// An integer by its digits, without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BigInteger(Str);

impl BigInteger {
    /// The integer that the text (a sign and digits) stands for.
    pub(crate) fn read(text: &str) -> BigInteger {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.trim_start_matches('+')),
        };
        BigInteger(format!("{sign}{}", digits.trim_start_matches('0')).into())
    }

    /// The digits of a value that is one.
    pub(crate) fn digits(value: &Value) -> Option<&Str> {
        value.downcast::<BigInteger>().map(|number| &number.0)
    }
}

impl Object for BigInteger {
    fn type_of(&self) -> Type {
        Type::plain(&BIG_INTEGER)
    }
    fn effort(&self) -> usize {
        self.0.size().saturating_mul(32)
    }
    fn to_text(&self) -> Option<Str> {
        Some(self.0.clone())
    }
    fn equals(&self, other: &dyn Object) -> bool {
        other.type_of() == self.type_of() && other.to_text().as_ref() == Some(&self.0)
    }
    fn hash_code(&self) -> i32 {
        crate::ops::hashed(&self.0)
    }
}
