//! `Oid` and the names that go with identifiers.

use super::cipher::exception;
use super::class;
use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// `OidGroup`.
pub(super) static OID_GROUP: TypeDef = TypeDef {
    name: "System.Security.Cryptography.OidGroup",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("All", 0),
        ("HashAlgorithm", 1),
        ("EncryptionAlgorithm", 2),
        ("PublicKeyAlgorithm", 3),
        ("SignatureAlgorithm", 4),
        ("Attribute", 5),
        ("ExtensionOrAttribute", 6),
        ("EnhancedKeyUsage", 7),
        ("Policy", 8),
        ("Template", 9),
        ("KeyDerivationFunction", 10),
    ],
    members: &[],
};

/// `Oid`.
pub(super) static OID: TypeDef = class(
    "System.Security.Cryptography.Oid",
    &[],
    &[
        pure("new()", |_| Ok(Value::object(Oid(None, None)))),
        pure("new(string oid)", |call| {
            let text = call.text(0, "oid")?;
            let named = value_of(&text.to_utf8());
            let value = named.map_or_else(|| text.clone(), Str::from_static);
            Ok(Value::object(Oid(Some(value), None)))
        }),
        pure("new(string value, string friendlyName)", |call| {
            Ok(Value::object(Oid(
                call.opt_str(0).cloned(),
                call.opt_str(1).cloned(),
            )))
        }),
        pure("new(Oid oid)", |call| match call.arg(0) {
            Value::Null => Err(Throw::argument_null("oid")),
            oid => Ok(oid.clone()),
        }),
        pure("string Value { get; }", |call| {
            Ok(this(call)?.0.clone().into())
        }),
        pure("string FriendlyName { get; }", |call| {
            let Oid(value, name) = this(call)?;
            let known = || name_of(&value.as_ref()?.to_utf8()).map(Str::from_static);
            Ok(name.clone().or_else(known).into())
        }),
        pure(
            "static Oid FromFriendlyName(string friendlyName, OidGroup group)",
            |call| {
                let name = call.text(0, "friendlyName")?;
                let value = value_of(&name.to_utf8())
                    .ok_or_else(|| exception("No OID value matches this name."))?;
                Ok(Value::object(Oid(
                    Some(Str::from_static(value)),
                    Some(name.clone()),
                )))
            },
        ),
        pure(
            "static Oid FromOidValue(string oidValue, OidGroup group)",
            |call| {
                let value = call.text(0, "oidValue")?;
                let name = name_of(&value.to_utf8())
                    .ok_or_else(|| exception("The OID value is invalid."))?;
                Ok(Value::object(Oid(
                    Some(value.clone()),
                    Some(Str::from_static(name)),
                )))
            },
        ),
    ],
);

/// An identifier and, if one was given, its name.
#[derive(Debug)]
struct Oid(Option<Str>, Option<Str>);

impl Object for Oid {
    fn type_of(&self) -> Type {
        Type::plain(&OID)
    }
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Oid, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

/// The `Oid` of an identifier.
pub(super) fn oid(value: Str) -> Value {
    Value::object(Oid(Some(value), None))
}

fn name_of(value: &str) -> Option<&'static str> {
    let known = KNOWN
        .iter()
        .chain(ATTRIBUTES)
        .find(|(known, _)| *known == value)?;
    Some(known.1)
}

fn value_of(name: &str) -> Option<&'static str> {
    let mut all = KNOWN.iter().chain(ATTRIBUTES).chain(OTHER_NAMES);
    let known = all.find(|(_, known)| known.eq_ignore_ascii_case(name))?;
    Some(known.0)
}

/// Identifiers and .NET's names for them.
const KNOWN: &[(&str, &str)] = &[
    ("1.3.14.3.2.26", "sha1"),
    ("1.2.840.113549.2.5", "md5"),
    ("2.16.840.1.101.3.4.2.1", "sha256"),
    ("2.16.840.1.101.3.4.2.2", "sha384"),
    ("2.16.840.1.101.3.4.2.3", "sha512"),
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.4", "md5RSA"),
    ("1.2.840.113549.1.1.5", "sha1RSA"),
    ("1.2.840.113549.1.1.7", "RSAES_OAEP"),
    ("1.2.840.113549.1.1.8", "mgf1"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "sha256RSA"),
    ("1.2.840.113549.1.1.12", "sha384RSA"),
    ("1.2.840.113549.1.1.13", "sha512RSA"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10045.2.1", "ECC"),
    ("1.2.840.10045.3.1.7", "ECDSA_P256"),
    ("1.3.132.0.34", "ECDSA_P384"),
    ("1.3.132.0.35", "ECDSA_P521"),
    ("1.2.840.10045.4.1", "sha1ECDSA"),
    ("1.2.840.10045.4.3.2", "sha256ECDSA"),
    ("1.2.840.10045.4.3.3", "sha384ECDSA"),
    ("1.2.840.10045.4.3.4", "sha512ECDSA"),
    ("1.3.101.112", "ED25519"),
    ("2.5.29.14", "X509v3 Subject Key Identifier"),
    ("2.5.29.15", "X509v3 Key Usage"),
    ("2.5.29.17", "X509v3 Subject Alternative Name"),
    ("2.5.29.18", "X509v3 Issuer Alternative Name"),
    ("2.5.29.19", "X509v3 Basic Constraints"),
    ("2.5.29.31", "X509v3 CRL Distribution Points"),
    ("2.5.29.32", "X509v3 Certificate Policies"),
    ("2.5.29.35", "X509v3 Authority Key Identifier"),
    ("2.5.29.37", "X509v3 Extended Key Usage"),
    ("1.3.6.1.5.5.7.1.1", "Authority Information Access"),
    ("1.3.6.1.5.5.7.3.1", "TLS Web Server Authentication"),
    ("1.3.6.1.5.5.7.3.2", "TLS Web Client Authentication"),
    ("1.3.6.1.4.1.311.20.2.3", "Microsoft User Principal Name"),
    ("2.16.840.1.101.3.4.1.2", "aes128"),
    ("2.16.840.1.101.3.4.1.22", "aes192"),
    ("2.16.840.1.101.3.4.1.42", "aes256"),
    ("1.3.14.3.2.7", "des"),
    ("1.2.840.113549.3.7", "3des"),
    ("1.2.840.113549.3.2", "rc2"),
];

/// The names .NET writes in a distinguished name; others are written as numbers.
pub(super) const ATTRIBUTES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "S"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "T"),
    ("2.5.4.42", "G"),
    ("2.5.4.43", "I"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "E"),
];

/// Other names that are understood.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.1", "rsaEncryption"),
    ("1.2.840.10045.3.1.7", "nistP256"),
    ("1.3.132.0.34", "nistP384"),
    ("1.3.132.0.35", "nistP521"),
    ("2.5.29.17", "subjectAltName"),
    ("2.5.29.15", "keyUsage"),
    ("2.5.29.19", "basicConstraints"),
    ("2.5.29.37", "extendedKeyUsage"),
];
