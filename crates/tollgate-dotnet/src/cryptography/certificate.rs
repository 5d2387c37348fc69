//! `X509Certificate2`, its base and its parts.

use aws_lc_rs::digest;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

use super::cipher::exception;
use super::rsa;
use crate::member::{Call, Native, TypeDef, TypeKind, member, pure};
use crate::ops::hashed;
use crate::str::Str;
use crate::throw::Throw;
use crate::time::{SECOND, UNIX_EPOCH, date_time_text};
use crate::types::Type;
use crate::value::{DateTimeKind, Object, Value};

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[
    &CERTIFICATE,
    &CERTIFICATE2,
    &NAME,
    &NAME_TYPE,
    &OID,
    &EXTENSIONS,
];

/// The `X509Certificate2` of these bytes, DER or PEM. Fails with `CryptographicException` if they are none.
pub fn certificate(bytes: &[u8]) -> Result<Value, Throw> {
    let pem = match bytes.starts_with(b"-----BEGIN") {
        true => x509_parser::pem::parse_x509_pem(bytes).ok(),
        false => None,
    };
    let der = pem.as_ref().map_or(bytes, |(_, pem)| &pem.contents);
    read(der, None)
}

/// The `X509Certificate2` of a certificate in DER with its private key, PKCS #8 or PKCS #1. A key that is not RSA is left
/// out.
pub fn certificate_with_key(der: &[u8], key: &[u8]) -> Result<Value, Throw> {
    read(der, rsa::private_key(key))
}

fn read(der: &[u8], private_key: Option<Value>) -> Result<Value, Throw> {
    let certificate = Certificate::read(der);
    certificate
        .map(|certificate| Certificate {
            private_key,
            ..certificate
        })
        .map(Value::object)
        .ok_or_else(|| exception("Cannot find the requested object."))
}

/// The type `X509Certificate2`.
pub fn certificate_type() -> Type {
    Type::plain(&CERTIFICATE2)
}

const fn table(
    name: &'static str,
    bases: &'static [&'static str],
    members: &'static [crate::Member],
) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Class,
        bases,
        values: &[],
        members,
    }
}

/// `X509Certificate`.
static CERTIFICATE: TypeDef = table(
    "System.Security.Cryptography.X509Certificates.X509Certificate",
    &["IDisposable"],
    &[
        pure("string Subject { get; }", |c| text(c, |c| &c.subject)),
        pure("string Issuer { get; }", |c| text(c, |c| &c.issuer)),
        pure("string GetSerialNumberString()", |c| text(c, |c| &c.serial)),
        pure("string GetCertHashString()", |c| text(c, |c| &c.thumbprint)),
        pure("string GetRawCertDataString()", |c| {
            let text = hex(&this(c)?.der);
            c.new_text(text)
        }),
        member("byte[] GetCertHash()", |c| {
            let hash = sha1(&this(c)?.der);
            c.new_bytes(hash)
        }),
        member("byte[] GetRawCertData()", raw),
        pure("string GetEffectiveDateString()", |c| {
            Ok(date_time_text(this(c)?.not_before, DateTimeKind::Local).into())
        }),
        pure("string GetExpirationDateString()", |c| {
            Ok(date_time_text(this(c)?.not_after, DateTimeKind::Local).into())
        }),
        pure("string ToString()", |c| Ok(this(c)?.describe().into())),
        pure("void Dispose()", |_| Ok(Value::Null)),
    ],
);

/// `X509Certificate2`.
static CERTIFICATE2: TypeDef = table(
    "System.Security.Cryptography.X509Certificates.X509Certificate2",
    &["X509Certificate"],
    &[
        member("new(byte[] rawData)", |c| {
            let bytes = c.bytes(0, "rawData")?;
            c.machine.heap.charge(bytes.len())?;
            c.work(bytes.len())?;
            certificate(&bytes)
        }),
        pure("string Thumbprint { get; }", |c| text(c, |c| &c.thumbprint)),
        pure("string SerialNumber { get; }", |c| text(c, |c| &c.serial)),
        pure("string FriendlyName { get; }", |_| Ok("".into())),
        pure("int Version { get; }", |c| {
            Ok(Value::Int32(this(c)?.version))
        }),
        pure("bool HasPrivateKey { get; }", |c| {
            Ok(this(c)?.private_key.is_some().into())
        }),
        pure("DateTime NotBefore { get; }", |c| {
            Ok(Value::DateTime(this(c)?.not_before, DateTimeKind::Local))
        }),
        pure("DateTime NotAfter { get; }", |c| {
            Ok(Value::DateTime(this(c)?.not_after, DateTimeKind::Local))
        }),
        pure("X500DistinguishedName SubjectName { get; }", |c| {
            Ok(Value::object(Name(this(c)?.subject.clone())))
        }),
        pure("X500DistinguishedName IssuerName { get; }", |c| {
            Ok(Value::object(Name(this(c)?.issuer.clone())))
        }),
        pure("Oid SignatureAlgorithm { get; }", |c| {
            Ok(Value::object(Oid(this(c)?.algorithm.clone())))
        }),
        member("byte[] RawData { get; }", raw),
        pure(
            "string GetNameInfo(X509NameType nameType, bool forIssuer)",
            |c| {
                let certificate = this(c)?;
                let infos = if c.bool(2)? {
                    &certificate.issuer_infos
                } else {
                    &certificate.infos
                };
                let info = usize::try_from(c.flags(1))
                    .ok()
                    .and_then(|kind| infos.get(kind));
                Ok(info.cloned().unwrap_or_default().into())
            },
        ),
        pure("RSA GetRSAPublicKey()", |c| {
            Ok(rsa::public_key(&this(c)?.public_key).unwrap_or_default())
        }),
        member("RSA GetRSAPrivateKey()", |c| {
            c.machine.step(rsa::IMPORT)?;
            Ok(this(c)?.private_key.clone().unwrap_or_default())
        }),
        member("AsymmetricAlgorithm PrivateKey { get; }", |c| {
            Ok(this(c)?.private_key.clone().unwrap_or_default())
        }),
        member("bool Verify()", VERIFY),
    ],
);

/// `X500DistinguishedName`.
static NAME: TypeDef = table(
    "System.Security.Cryptography.X509Certificates.X500DistinguishedName",
    &[],
    &[pure("string Name { get; }", |c| {
        let name = c
            .arg(0)
            .downcast::<Name>()
            .ok_or_else(Throw::null_reference)?;
        Ok(name.0.clone().into())
    })],
);

/// `X509NameType`.
static NAME_TYPE: TypeDef = TypeDef {
    name: "System.Security.Cryptography.X509Certificates.X509NameType",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("SimpleName", 0),
        ("EmailName", 1),
        ("UpnName", 2),
        ("DnsName", 3),
        ("DnsFromAlternativeName", 4),
        ("UrlName", 5),
    ],
    members: &[],
};

/// `Oid`.
static OID: TypeDef = table(
    "System.Security.Cryptography.Oid",
    &[],
    &[
        pure("string Value { get; }", |c| {
            let oid = c
                .arg(0)
                .downcast::<Oid>()
                .ok_or_else(Throw::null_reference)?;
            Ok(oid.0.clone().into())
        }),
        pure("string FriendlyName { get; }", |c| {
            let oid = c
                .arg(0)
                .downcast::<Oid>()
                .ok_or_else(Throw::null_reference)?;
            let oid = oid.0.to_utf8();
            let known = ALGORITHMS.iter().find(|(known, _)| *known == oid);
            Ok(known.map(|(_, name)| *name).into())
        }),
    ],
);

/// Extension methods on certificates. Source: api-management-policy-expressions.md.
static EXTENSIONS: TypeDef = TypeDef {
    name: "Tollgate.CertificateExtensions",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[member(
        "static bool VerifyNoRevocation(this X509Certificate2 input)",
        VERIFY,
    )],
};

/// In its time, and of a chain that the host has checked; revocation lists are the host's too.
const VERIFY: Native = |call| {
    let certificate = this(call)?;
    let now = call.machine.host.now();
    let in_time = (certificate.not_before..=certificate.not_after).contains(&now);
    Ok((in_time && call.machine.host.trusts(&certificate.der)).into())
};

const ALGORITHMS: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.5", "sha1RSA"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "sha256RSA"),
    ("1.2.840.113549.1.1.12", "sha384RSA"),
    ("1.2.840.113549.1.1.13", "sha512RSA"),
    ("1.2.840.10045.4.3.2", "sha256ECDSA"),
    ("1.2.840.10045.4.3.3", "sha384ECDSA"),
    ("1.2.840.10045.4.3.4", "sha512ECDSA"),
];

/// The names .NET writes in a distinguished name; others are written as numbers.
const ATTRIBUTES: &[(&str, &str)] = &[
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

/// A certificate, with what policies ask of it read out.
#[derive(Debug)]
struct Certificate {
    der: Vec<u8>,
    thumbprint: Str,
    serial: Str,
    subject: Str,
    issuer: Str,
    version: i32,
    not_before: i64,
    not_after: i64,
    algorithm: Str,
    public_key: Vec<u8>,
    /// What `GetNameInfo` gives, by kind of name.
    infos: [Str; 6],
    issuer_infos: [Str; 6],
    /// An `RSA`; nothing shows it.
    private_key: Option<Value>,
}

impl Certificate {
    fn read(der: &[u8]) -> Option<Certificate> {
        let (rest, read) = X509Certificate::from_der(der).ok()?;
        let der = der.get(..der.len().checked_sub(rest.len())?)?;
        let ticks = |seconds: i64| seconds.checked_mul(SECOND)?.checked_add(UNIX_EPOCH);
        let names = |issuer: bool| -> Vec<GeneralName<'_>> {
            let extensions = read.extensions().iter();
            extensions
                .flat_map(|extension| match extension.parsed_extension() {
                    x509_parser::prelude::ParsedExtension::SubjectAlternativeName(names)
                        if !issuer =>
                    {
                        names.general_names.clone()
                    }
                    x509_parser::prelude::ParsedExtension::IssuerAlternativeName(names)
                        if issuer =>
                    {
                        names.general_names.clone()
                    }
                    _ => Vec::new(),
                })
                .collect()
        };
        Some(Certificate {
            thumbprint: hex(&sha1(der)).into(),
            serial: hex(read.raw_serial()).into(),
            subject: distinguished(read.subject()).into(),
            issuer: distinguished(read.issuer()).into(),
            version: i32::try_from(read.version().0).ok()?.checked_add(1)?,
            not_before: ticks(read.validity().not_before.timestamp())?,
            not_after: ticks(read.validity().not_after.timestamp())?,
            algorithm: read.signature_algorithm.algorithm.to_id_string().into(),
            public_key: read.public_key().raw.to_vec(),
            infos: infos(read.subject(), &names(false)),
            issuer_infos: infos(read.issuer(), &names(true)),
            der: der.to_vec(),
            private_key: None,
        })
    }

    fn describe(&self) -> String {
        let date = |ticks| date_time_text(ticks, DateTimeKind::Local);
        let parts = [
            ("Subject", self.subject.to_string()),
            ("Issuer", self.issuer.to_string()),
            ("Serial Number", self.serial.to_string()),
            ("Not Before", date(self.not_before)),
            ("Not After", date(self.not_after)),
            ("Thumbprint", self.thumbprint.to_string()),
        ];
        let parts: Vec<_> = parts
            .iter()
            .map(|(name, value)| format!("[{name}]\n  {value}\n"))
            .collect();
        parts.join("\n")
    }
}

impl Object for Certificate {
    fn type_of(&self) -> Type {
        Type::plain(&CERTIFICATE2)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.describe().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Certificate>();
        other.is_some_and(|other| other.issuer == self.issuer && other.serial == self.serial)
    }

    fn hash_code(&self) -> i32 {
        hashed(&self.thumbprint.to_utf8())
    }
}

#[derive(Debug)]
struct Name(Str);

impl Object for Name {
    fn type_of(&self) -> Type {
        Type::plain(&NAME)
    }
}

#[derive(Debug)]
struct Oid(Str);

impl Object for Oid {
    fn type_of(&self) -> Type {
        Type::plain(&OID)
    }
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Certificate, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn text(call: &Call<'_, '_>, part: fn(&Certificate) -> &Str) -> Result<Value, Throw> {
    Ok(part(this(call)?).clone().into())
}

fn raw(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let der = this(call)?.der.clone();
    call.new_bytes(der)
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    digest.as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A name as .NET writes it: the last part first.
fn distinguished(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter()
        .map(|part| {
            let attributes: Vec<String> = part
                .iter()
                .map(|attribute| {
                    let id = attribute.attr_type().to_id_string();
                    let value = quoted(attribute.as_str().unwrap_or_default());
                    match ATTRIBUTES.iter().find(|(known, _)| *known == id) {
                        Some((_, name)) => format!("{name}={value}"),
                        None => format!("OID.{id}={value}"),
                    }
                })
                .collect();
            attributes.join(" + ")
        })
        .collect();
    parts.reverse();
    parts.join(", ")
}

fn quoted(value: &str) -> String {
    let special = |c: char| ",+=\"\n<>#;".contains(c);
    let quotes = value.is_empty() || value.trim() != value || value.contains(special);
    match quotes {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => value.to_owned(),
    }
}

/// What `GetNameInfo` gives for each kind of name, in the order of `X509NameType`.
fn infos(name: &X509Name<'_>, alternatives: &[GeneralName<'_>]) -> [Str; 6] {
    let attribute = |wanted: &str| -> Option<Str> {
        let found = name
            .iter_attributes()
            .find(|attribute| attribute.attr_type().to_id_string() == wanted)?;
        Some(found.as_str().ok()?.into())
    };
    let (common, email) = (attribute("2.5.4.3"), attribute("1.2.840.113549.1.9.1"));
    let dns = alternatives.iter().find_map(|name| match name {
        GeneralName::DNSName(name) => Some(Str::from(*name)),
        _ => None,
    });
    let mail = alternatives.iter().find_map(|name| match name {
        GeneralName::RFC822Name(name) => Some(Str::from(*name)),
        _ => None,
    });
    let url = alternatives.iter().find_map(|name| match name {
        GeneralName::URI(name) => Some(Str::from(*name)),
        _ => None,
    });
    let simple = common
        .clone()
        .or_else(|| attribute("2.5.4.11"))
        .or_else(|| attribute("2.5.4.10"))
        .or_else(|| email.clone())
        .or_else(|| mail.clone());
    [
        simple.unwrap_or_default(),
        mail.or(email).unwrap_or_default(),
        Str::EMPTY,
        dns.clone().or(common).unwrap_or_default(),
        dns.unwrap_or_default(),
        url.unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        for bytes in [
            &b""[..],
            b"x",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n",
            &[0x30; 400],
        ] {
            assert!(certificate(bytes).is_err());
        }
    }

    #[test]
    fn values_in_names_are_quoted_where_they_must_be() {
        assert_eq!(quoted("Contoso"), "Contoso");
        assert_eq!(quoted("Contoso, Inc."), "\"Contoso, Inc.\"");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(quoted(" a"), "\" a\"");
    }
}
