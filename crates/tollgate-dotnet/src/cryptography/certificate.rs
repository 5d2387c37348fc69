//! `X509Certificate2`, its base and its parts.

use aws_lc_rs::digest;
use x509_parser::asn1_rs::{Any, ToDer};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

use super::cipher::exception;
use super::incremental_hash::algorithm_at;
use super::oid::{ATTRIBUTES, oid};
use super::{class, hex, rsa};
use crate::heap::Iterate;
use crate::machine::Machine;
use crate::member::{Call, Native, TypeDef, TypeKind, member, pure};
use crate::ops::{self, hashed};
use crate::str::Str;
use crate::throw::Throw;
use crate::time::{SECOND, UNIX_EPOCH, date_time_text};
use crate::types::{Type, TypeRef};
use crate::value::{DateTimeKind, Object, Value};

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[
    &CERTIFICATE,
    &CERTIFICATE2,
    &NAME,
    &NAME_TYPE,
    &EXTENSIONS,
    &RSA_EXTENSIONS,
    &CONTENT_TYPE,
    &STORAGE_FLAGS,
    &PUBLIC_KEY,
    &ENCODED,
    &EXTENSION,
    &EXTENSION_COLLECTION,
];

/// The `X509Certificate2` of these bytes, DER or PEM. Fails with `CryptographicException` if they are none.
pub fn certificate(bytes: &[u8]) -> Result<Value, Throw> {
    certificate_with_key(bytes, None)
}

/// As [`certificate`], with its private key (PKCS #8, PKCS #1 or SEC1, DER), which nothing shows.
pub fn certificate_with_key(bytes: &[u8], key: Option<&[u8]>) -> Result<Value, Throw> {
    let pem = match bytes.starts_with(b"-----BEGIN") {
        true => x509_parser::pem::parse_x509_pem(bytes).ok(),
        false => None,
    };
    let der = pem.as_ref().map_or(bytes, |(_, pem)| &pem.contents);
    let read = Certificate::read(der).map(|read| Certificate {
        private_key: key.map(|key| PrivateKey(key.to_vec())),
        ..read
    });
    read.map(Value::object)
        .ok_or_else(|| exception("Cannot find the requested object."))
}

/// The type `X509Certificate2`.
pub fn certificate_type() -> Type {
    Type::plain(&CERTIFICATE2)
}

/// `X509Certificate`.
static CERTIFICATE: TypeDef = class(
    "System.Security.Cryptography.X509Certificates.X509Certificate",
    &["IDisposable"],
    &[
        member("new(byte[] data)", create),
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
        member("byte[] GetCertHash(HashAlgorithmName hashAlgorithm)", |c| {
            let hash = hashed_by(c)?;
            c.new_bytes(hash)
        }),
        pure(
            "string GetCertHashString(HashAlgorithmName hashAlgorithm)",
            |c| {
                let hash = hashed_by(c)?;
                c.new_text(hex(&hash))
            },
        ),
        pure("string GetFormat()", |c| this(c).map(|_| "X509".into())),
        member("byte[] GetPublicKey()", |c| {
            let key = this(c)?.key_bits.clone();
            c.new_bytes(key)
        }),
        pure("string GetPublicKeyString()", |c| {
            let text = hex(&this(c)?.key_bits);
            c.new_text(text)
        }),
        pure("string GetKeyAlgorithm()", |c| {
            text(c, |c| &c.key_algorithm)
        }),
        member("byte[] GetKeyAlgorithmParameters()", |c| {
            let parameters = this(c)?.key_parameters.clone();
            c.new_bytes(parameters)
        }),
        pure("string GetKeyAlgorithmParametersString()", |c| {
            let text = hex(&this(c)?.key_parameters);
            c.new_text(text)
        }),
        member("byte[] GetSerialNumber()", |c| {
            let mut number = this(c)?.serial_bytes.clone();
            number.reverse();
            c.new_bytes(number)
        }),
        pure("string GetName()", |c| text(c, |c| &c.forward_subject)),
        pure("string GetIssuerName()", |c| text(c, |c| &c.forward_issuer)),
        pure("string ToString(bool fVerbose)", |c| {
            Ok(this(c)?.describe().into())
        }),
        pure("bool Equals(X509Certificate other)", equal),
        pure("bool Equals(object obj)", equal),
        pure("int GetHashCode()", |c| {
            Ok(Value::Int32(ops::hash_code(c.machine.heap, c.arg(0))))
        }),
        member("byte[] Export(X509ContentType contentType)", export),
        member(
            "byte[] Export(X509ContentType contentType, string password)",
            export,
        ),
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
static CERTIFICATE2: TypeDef = class(
    "System.Security.Cryptography.X509Certificates.X509Certificate2",
    &["X509Certificate"],
    &[
        member("new(byte[] rawData)", create),
        member("new(byte[] rawData, string password)", create),
        member(
            "new(byte[] rawData, string password, X509KeyStorageFlags keyStorageFlags)",
            create,
        ),
        pure("new(X509Certificate certificate)", |c| match c.arg(0) {
            Value::Null => Err(Throw::argument_null("certificate")),
            certificate => Ok(certificate.clone()),
        }),
        member(
            "static X509Certificate2 CreateFromPem(string certPem)",
            |c| {
                let pem = c.text(0, "certPem")?.to_utf8();
                c.machine.heap.charge(pem.len())?;
                c.heavy_work(pem.len())?;
                let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----").ok_or_else(|| {
                exception("The certificate contents do not contain a PEM with a CERTIFICATE label, or the content is malformed.")
            })?;
                certificate(format!("-----BEGIN CERTIFICATE-----{rest}").as_bytes())
            },
        ),
        member(
            "static X509ContentType GetCertContentType(byte[] rawData)",
            |c| {
                let bytes = c.bytes(0, "rawData")?;
                c.heavy_work(bytes.len())?;
                let number = match (certificate(&bytes), is_pfx(&bytes)) {
                    (Ok(_), _) => 1,
                    (_, true) => 3,
                    _ => {
                        return Err(exception(
                            "Error occurred during a cryptographic operation.",
                        ));
                    }
                };
                Ok(Value::Enum(TypeRef(&CONTENT_TYPE), number))
            },
        ),
        pure("bool Archived { get; }", |c| this(c).map(|_| false.into())),
        member("AsymmetricAlgorithm PrivateKey { get; }", |c| {
            private_key(c)
        }),
        member("PublicKey PublicKey { get; }", |c| {
            this(c)?;
            Ok(Value::object(PublicKey(c.arg(0).clone())))
        }),
        member("X509ExtensionCollection Extensions { get; }", |c| {
            this(c)?;
            Ok(Value::object(Extensions(c.arg(0).clone())))
        }),
        pure("string ExportCertificatePem()", |c| {
            let text = rsa::pem("CERTIFICATE", &this(c)?.der);
            c.new_text(text)
        }),
        pure(
            "bool MatchesHostname(string hostname, bool allowWildcards = true, bool allowCommonName = true)",
            |c| {
                let host = c.text(1, "hostname")?.to_utf8().to_ascii_lowercase();
                let (wild, common) = (c.bool(2)?, c.bool(3)?);
                Ok(this(c)?.matches(&host, wild, common).into())
            },
        ),
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
            Ok(oid(this(c)?.algorithm.clone()))
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
        member("bool Verify()", VERIFY),
    ],
);

/// `X500DistinguishedName`.
static NAME: TypeDef = class(
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

/// `RSACertificateExtensions`.
static RSA_EXTENSIONS: TypeDef = TypeDef {
    name: "System.Security.Cryptography.X509Certificates.RSACertificateExtensions",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        pure(
            "static RSA GetRSAPublicKey(this X509Certificate2 certificate)",
            |c| Ok(rsa::public_key(&this(c)?.public_key).unwrap_or_default()),
        ),
        member(
            "static RSA GetRSAPrivateKey(this X509Certificate2 certificate)",
            private_key,
        ),
        member(
            "static X509Certificate2 CopyWithPrivateKey(this X509Certificate2 certificate, RSA privateKey)",
            |c| {
                let key = rsa::private_der(c, 1)?;
                c.machine.step(rsa::IMPORT)?;
                certificate_with_key(&this(c)?.der, Some(&key))
            },
        ),
    ],
};

/// `X509ContentType`.
static CONTENT_TYPE: TypeDef = TypeDef {
    name: "System.Security.Cryptography.X509Certificates.X509ContentType",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("Unknown", 0),
        ("Cert", 1),
        ("SerializedCert", 2),
        ("Pfx", 3),
        ("Pkcs12", 3),
        ("SerializedStore", 4),
        ("Pkcs7", 5),
        ("Authenticode", 6),
    ],
    members: &[],
};

/// `X509KeyStorageFlags`.
static STORAGE_FLAGS: TypeDef = TypeDef {
    name: "System.Security.Cryptography.X509Certificates.X509KeyStorageFlags",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("DefaultKeySet", 0),
        ("UserKeySet", 1),
        ("MachineKeySet", 2),
        ("Exportable", 4),
        ("UserProtected", 8),
        ("PersistKeySet", 16),
        ("EphemeralKeySet", 32),
    ],
    members: &[],
};

/// `PublicKey`.
static PUBLIC_KEY: TypeDef = class(
    "System.Security.Cryptography.X509Certificates.PublicKey",
    &[],
    &[
        pure("Oid Oid { get; }", |c| {
            Ok(oid(of_key(c)?.key_algorithm.clone()))
        }),
        member("AsnEncodedData EncodedKeyValue { get; }", |c| {
            let key = of_key(c)?;
            Ok(encoded(&key.key_algorithm, &key.key_bits))
        }),
        member("AsnEncodedData EncodedParameters { get; }", |c| {
            let key = of_key(c)?;
            Ok(encoded(&key.key_algorithm, &key.key_parameters))
        }),
        pure("AsymmetricAlgorithm Key { get; }", |c| {
            rsa::public_key(&of_key(c)?.public_key).ok_or_else(|| {
                Throw::not_supported("The certificate key algorithm is not supported.")
            })
        }),
        pure("RSA GetRSAPublicKey()", |c| {
            Ok(rsa::public_key(&of_key(c)?.public_key).unwrap_or_default())
        }),
        member("byte[] ExportSubjectPublicKeyInfo()", |c| {
            let der = of_key(c)?.public_key.clone();
            c.new_bytes(der)
        }),
    ],
);

/// `AsnEncodedData`.
static ENCODED: TypeDef = class(
    "System.Security.Cryptography.AsnEncodedData",
    &[],
    &[
        pure("Oid Oid { get; }", |c| {
            Ok(oid(this_encoded(c)?.oid.clone()))
        }),
        member("byte[] RawData { get; }", |c| {
            let bytes = this_encoded(c)?.bytes.clone();
            c.new_bytes(bytes)
        }),
    ],
);

/// `X509Extension`.
static EXTENSION: TypeDef = class(
    "System.Security.Cryptography.X509Certificates.X509Extension",
    &["AsnEncodedData"],
    &[pure("bool Critical { get; }", |c| {
        Ok((this_encoded(c)?.critical == Some(true)).into())
    })],
);

/// `X509ExtensionCollection`.
static EXTENSION_COLLECTION: TypeDef = class(
    "System.Security.Cryptography.X509Certificates.X509ExtensionCollection",
    &["IEnumerable<X509Extension>"],
    &[
        pure("int Count { get; }", |c| {
            Ok(crate::args::int(extensions(c)?.extensions.len()))
        }),
        pure("X509Extension this[int index] { get; }", |c| {
            let index = usize::try_from(c.int(1)?).ok();
            let found = index.and_then(|index| extensions(c).ok()?.extensions.get(index));
            found
                .map(|extension| Value::object(extension.clone()))
                .ok_or_else(|| crate::collections::out_of_range("index"))
        }),
        pure("X509Extension this[string oid] { get; }", |c| {
            let wanted = c.text(1, "oid")?;
            let mut all = extensions(c)?.extensions.iter();
            let found = all.find(|extension| extension.oid == *wanted);
            Ok(found.map_or(Value::Null, |extension| Value::object(extension.clone())))
        }),
    ],
);

/// Bytes under an identifier; of an extension also whether it is critical.
#[derive(Debug, Clone)]
struct Encoded {
    oid: Str,
    bytes: Vec<u8>,
    critical: Option<bool>,
}

impl Object for Encoded {
    fn type_of(&self) -> Type {
        Type::plain(match self.critical {
            Some(_) => &EXTENSION,
            None => &ENCODED,
        })
    }
}

fn encoded(oid: &Str, bytes: &[u8]) -> Value {
    Value::object(Encoded {
        oid: oid.clone(),
        bytes: bytes.to_vec(),
        critical: None,
    })
}

fn this_encoded<'c>(c: &Call<'c, '_>) -> Result<&'c Encoded, Throw> {
    c.arg(0).downcast().ok_or_else(Throw::null_reference)
}

/// The public key of a certificate.
#[derive(Debug)]
struct PublicKey(Value);

impl Object for PublicKey {
    fn type_of(&self) -> Type {
        Type::plain(&PUBLIC_KEY)
    }
}

fn of_key<'c>(c: &Call<'c, '_>) -> Result<&'c Certificate, Throw> {
    let key = c.arg(0).downcast::<PublicKey>();
    let certificate = key.and_then(|key| key.0.downcast());
    certificate.ok_or_else(Throw::null_reference)
}

/// The extensions of a certificate.
#[derive(Debug)]
struct Extensions(Value);

impl Object for Extensions {
    fn type_of(&self) -> Type {
        Type::plain(&EXTENSION_COLLECTION)
    }

    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        let certificate = self.0.downcast::<Certificate>()?;
        let values: Vec<Value> = certificate
            .extensions
            .iter()
            .map(|extension| Value::object(extension.clone()))
            .collect();
        Some(Box::new(Each(values.into_iter())))
    }
}

struct Each(std::vec::IntoIter<Value>);

impl Iterate for Each {
    fn next(&mut self, _: &mut Machine<'_>) -> Result<Option<Value>, Throw> {
        Ok(self.0.next())
    }
}

fn extensions<'c>(c: &Call<'c, '_>) -> Result<&'c Certificate, Throw> {
    let all = c.arg(0).downcast::<Extensions>();
    let certificate = all.and_then(|all| all.0.downcast());
    certificate.ok_or_else(Throw::null_reference)
}

/// A certificate.
fn create(c: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = c.bytes(0, "rawData")?;
    if bytes.is_empty() {
        return Err(Throw::argument(
            "Array may not be empty or null. (Parameter 'rawData')",
        ));
    }
    c.machine.heap.charge(bytes.len())?;
    c.heavy_work(bytes.len())?;
    match certificate(&bytes) {
        // Its password is checked by as many hashes as the file itself asks for.
        Err(_) if is_pfx(&bytes) => Err(exception(
            "PFX files are not read here; give the gateway the certificate instead.",
        )),
        result => result,
    }
}

/// Whether it is a PFX file: a sequence that begins with the number 3.
fn is_pfx(bytes: &[u8]) -> bool {
    let start = bytes.get(..12).unwrap_or(bytes);
    start.first() == Some(&0x30) && start.windows(3).any(|three| three == [2, 1, 3])
}

/// As `RSA`; null if there is none, or one of another kind.
fn private_key(c: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let Some(PrivateKey(der)) = &this(c)?.private_key else {
        return Ok(Value::Null);
    };
    c.machine.step(rsa::IMPORT)?;
    Ok(rsa::private_key(der).unwrap_or_default())
}

fn hashed_by(c: &mut Call<'_, '_>) -> Result<Vec<u8>, Throw> {
    let algorithm = algorithm_at(c, 1)?;
    let der = &this(c)?.der;
    c.heavy_work(der.len())?;
    Ok(algorithm.hash(der))
}

fn equal(c: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok(ops::equals(c.machine.heap, c.arg(0), c.arg(1)).into())
}

/// The certificate itself; with its key only as what nobody asks for.
fn export(c: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match c.flags(1) {
        1 => raw(c),
        _ => Err(exception("Invalid content type.")),
    }
}

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
    key_algorithm: Str,
    /// DER.
    key_parameters: Vec<u8>,
    key_bits: Vec<u8>,
    serial_bytes: Vec<u8>,
    /// The names with the first part first.
    forward_subject: Str,
    forward_issuer: Str,
    common_name: Option<String>,
    /// Host names among the alternative names.
    hosts: Vec<String>,
    extensions: Vec<Encoded>,
    private_key: Option<PrivateKey>,
    /// What `GetNameInfo` gives, by kind of name.
    infos: [Str; 6],
    issuer_infos: [Str; 6],
}

/// A private key, DER, which never shows.
struct PrivateKey(Vec<u8>);

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("private key")
    }
}

impl Certificate {
    /// Whether the host is one of its names: alternative names, and the common name only where there are none.
    fn matches(&self, host: &str, wildcards: bool, common: bool) -> bool {
        let fits = |pattern: &String| {
            let pattern = pattern.to_ascii_lowercase();
            match pattern.strip_prefix("*.") {
                Some(rest) if wildcards => {
                    host.split_once('.').is_some_and(|(_, after)| after == rest)
                }
                _ => pattern == host,
            }
        };
        match self.hosts.is_empty() {
            false => self.hosts.iter().any(fits),
            true => common && self.common_name.iter().any(fits),
        }
    }

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
            key_algorithm: read.public_key().algorithm.algorithm.to_id_string().into(),
            key_parameters: (read.public_key().algorithm.parameters.as_ref())
                .map_or_else(Vec::new, parameters_der),
            key_bits: read.public_key().subject_public_key.data.to_vec(),
            serial_bytes: read.raw_serial().to_vec(),
            forward_subject: forward(read.subject()).into(),
            forward_issuer: forward(read.issuer()).into(),
            common_name: read
                .subject()
                .iter_common_name()
                .find_map(|name| name.as_str().ok().map(str::to_owned)),
            hosts: names(false)
                .iter()
                .filter_map(|name| match name {
                    GeneralName::DNSName(name) => Some((*name).to_owned()),
                    _ => None,
                })
                .collect(),
            extensions: read
                .extensions()
                .iter()
                .map(|extension| Encoded {
                    oid: extension.oid.to_id_string().into(),
                    bytes: extension.value.to_vec(),
                    critical: Some(extension.critical),
                })
                .collect(),
            private_key: None,
            infos: infos(read.subject(), &names(false)),
            issuer_infos: infos(read.issuer(), &names(true)),
            der: der.to_vec(),
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

/// The DER of an algorithm's parameters, tag and all.
fn parameters_der(parameters: &Any<'_>) -> Vec<u8> {
    parameters.to_der_vec().unwrap_or_default()
}

/// A name as .NET writes it: the last part first.
fn distinguished(name: &X509Name<'_>) -> String {
    let mut parts = parts_of(name);
    parts.reverse();
    parts.join(", ")
}

/// A name with the first part first.
fn forward(name: &X509Name<'_>) -> String {
    parts_of(name).join(", ")
}

fn parts_of(name: &X509Name<'_>) -> Vec<String> {
    let parts: Vec<String> = name
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
    parts
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
