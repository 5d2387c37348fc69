//! `HashAlgorithmName`.

use super::cipher::exception;
use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

macro_rules! named {
    ($signature:literal, $name:literal) => {
        pure($signature, |_| Ok(name($name)))
    };
}

/// `HashAlgorithmName`.
pub(super) static HASH_ALGORITHM_NAME: TypeDef = TypeDef {
    name: "System.Security.Cryptography.HashAlgorithmName",
    kind: TypeKind::Struct,
    bases: &["IEquatable<HashAlgorithmName>"],
    values: &[],
    members: &[
        named!("static HashAlgorithmName MD5 { get; }", "MD5"),
        named!("static HashAlgorithmName SHA1 { get; }", "SHA1"),
        named!("static HashAlgorithmName SHA256 { get; }", "SHA256"),
        named!("static HashAlgorithmName SHA384 { get; }", "SHA384"),
        named!("static HashAlgorithmName SHA512 { get; }", "SHA512"),
        named!("static HashAlgorithmName SHA3_256 { get; }", "SHA3-256"),
        named!("static HashAlgorithmName SHA3_384 { get; }", "SHA3-384"),
        named!("static HashAlgorithmName SHA3_512 { get; }", "SHA3-512"),
        pure("new()", |_| Ok(Value::object(AlgorithmName(None)))),
        pure("new(string name)", |call| {
            Ok(Value::object(AlgorithmName(call.opt_str(0).cloned())))
        }),
        pure("string Name { get; }", |call| {
            let name = call.arg(0).downcast::<AlgorithmName>();
            Ok(name.and_then(|name| name.0.clone()).into())
        }),
        pure(
            "static HashAlgorithmName FromOid(string oidValue)",
            |call| {
                let oid = call.text(0, "oidValue")?.to_utf8();
                of_oid(&oid).map(name).ok_or_else(|| {
                    exception(&format!(
                        "The specified OID ({oid}) does not represent a known hash algorithm."
                    ))
                })
            },
        ),
        pure(
            "static bool TryFromOid(string oidValue, out HashAlgorithmName value)",
            |call| {
                let known = of_oid(&call.text(0, "oidValue")?.to_utf8());
                let value = known.map_or_else(|| Value::object(AlgorithmName(None)), name);
                call.outs.push(value);
                Ok(known.is_some().into())
            },
        ),
        pure("bool Equals(HashAlgorithmName other)", equal),
        pure("bool Equals(object obj)", equal),
        pure(
            "static bool operator ==(HashAlgorithmName left, HashAlgorithmName right)",
            equal,
        ),
        pure(
            "static bool operator !=(HashAlgorithmName left, HashAlgorithmName right)",
            |call| Ok((!ops::equals(call.machine.heap, call.arg(0), call.arg(1))).into()),
        ),
        pure("string ToString()", |call| {
            call.to_text(0).map(Value::String)
        }),
        pure("int GetHashCode()", |call| {
            Ok(Value::Int32(ops::hash_code(call.machine.heap, call.arg(0))))
        }),
    ],
};

fn equal(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
}

fn of_oid(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "1.2.840.113549.2.5" => "MD5",
        "1.3.14.3.2.26" => "SHA1",
        "2.16.840.1.101.3.4.2.1" => "SHA256",
        "2.16.840.1.101.3.4.2.2" => "SHA384",
        "2.16.840.1.101.3.4.2.3" => "SHA512",
        "2.16.840.1.101.3.4.2.8" => "SHA3-256",
        "2.16.840.1.101.3.4.2.9" => "SHA3-384",
        "2.16.840.1.101.3.4.2.10" => "SHA3-512",
        _ => return None,
    })
}

/// A `HashAlgorithmName`, whatever it names.
#[derive(Debug)]
struct AlgorithmName(Option<Str>);

impl Object for AlgorithmName {
    fn type_of(&self) -> Type {
        Type::plain(&HASH_ALGORITHM_NAME)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.0.clone().unwrap_or_default())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<AlgorithmName>();
        other.is_some_and(|other| other.0 == self.0)
    }

    fn hash_code(&self) -> i32 {
        let name = self.0.as_ref();
        name.map_or(0, |name| ops::hashed(&name.to_utf8()))
    }
}

/// The value without a name.
pub(super) fn none() -> Value {
    Value::object(AlgorithmName(None))
}

/// The value of a name.
pub(super) fn name(name: &'static str) -> Value {
    Value::object(AlgorithmName(Some(Str::from_static(name))))
}

/// The name that a `HashAlgorithmName` holds, if there is one; an unknown one is `?`.
pub(super) fn name_of(value: &Value) -> Option<&'static str> {
    let name = value.downcast::<AlgorithmName>()?.0.as_ref()?.to_utf8();
    if name.is_empty() {
        return None;
    }
    let known = ["MD5", "SHA1", "SHA256", "SHA384", "SHA512"];
    Some(
        known
            .into_iter()
            .find(|known| *known == name)
            .unwrap_or("?"),
    )
}
