//! `RSA`: signatures and encryption. Keys of 2048 bits and more.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey,
    Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey, PublicKey,
};
use aws_lc_rs::signature::{
    self, KeyPair, RsaEncoding, RsaKeyPair, RsaParameters, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::cipher::exception;
use super::hash::Hasher;
use super::rsa_parameters::{self, Numbers, Parameters};
use super::{algorithm_name, name_of, rsa_xml};
use crate::heap::HeapObject;
use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
use crate::value::{Object, Value};

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[
    &ASYMMETRIC,
    &RSA,
    &RSA_PROVIDER,
    &PADDING,
    &SIGNATURE_PADDING_MODE,
    &ENCRYPTION_PADDING,
    &ENCRYPTION_PADDING_MODE,
    &rsa_parameters::RSA_PARAMETERS,
];

/// The `RSA` of a public key (DER); `None` if it is another kind of key.
pub(super) fn public_key(der: &[u8]) -> Option<Value> {
    let key = PublicKey::from_der(der).ok()?;
    Some(Value::object(Key::Public(key)))
}

/// The `RSA` of a private key, PKCS #8 or PKCS #1; `None` if it is another kind of key.
pub(super) fn private_key(der: &[u8]) -> Option<Value> {
    let pkcs1 = rsa_parameters::inside_pkcs8(der).unwrap_or_else(|| der.to_vec());
    Key::pair(pkcs1).map(Value::object)
}

// What work with a key costs in steps, so that a loop around it stays bounded.
pub(super) const IMPORT: u64 = 10_000;
const SIGNATURE: u64 = 10_000;
const VERIFICATION: u64 = 1_000;

/// `AsymmetricAlgorithm`.
static ASYMMETRIC: TypeDef = TypeDef {
    name: "System.Security.Cryptography.AsymmetricAlgorithm",
    kind: TypeKind::Class,
    bases: &["IDisposable"],
    values: &[],
    members: &[
        member("int KeySize { get; }", |call| {
            Ok(crate::args::int(size_of_key(call)? * 8))
        }),
        member("int KeySize { set; }", |call| match call.int(1)? {
            2048..=8192 => Ok(Value::Null),
            _ => Err(exception(
                "Specified key is not a valid size for this algorithm.",
            )),
        }),
        member("KeySizes[] LegalKeySizes { get; }", |call| {
            super::symmetric::sizes(call, [2048, 8192, 8])
        }),
        member(
            "string ToXmlString(bool includePrivateParameters)",
            |call| {
                let numbers = numbers_of(call)?;
                call.new_text(rsa_xml::write(&numbers))
            },
        ),
        member("void FromXmlString(string xmlString)", |call| {
            let text = call.text(1, "xmlString")?.to_utf8();
            call.heavy_work(text.len())?;
            let numbers = rsa_xml::read(&text)?;
            let key = of_numbers(call, &numbers)?;
            import(call, key)
        }),
        pure("string SignatureAlgorithm { get; }", |_| Ok("RSA".into())),
        pure("string KeyExchangeAlgorithm { get; }", |_| Ok("RSA".into())),
        pure("void Dispose()", |_| Ok(Value::Null)),
        pure("void Clear()", |_| Ok(Value::Null)),
    ],
};

/// `RSA`.
static RSA: TypeDef = TypeDef {
    name: "System.Security.Cryptography.RSA",
    kind: TypeKind::Class,
    bases: &["AsymmetricAlgorithm"],
    values: &[],
    members: &[
        member("static RSA Create()", |call| create(call, &RSA)),
        member("static RSA Create(string algName)", |call| {
            match &*call.text(0, "algName")?.to_utf8().to_ascii_uppercase() {
                "RSA" | "SYSTEM.SECURITY.CRYPTOGRAPHY.RSA" => create(call, &RSA_PROVIDER),
                _ => Ok(Value::Null),
            }
        }),
        member("int GetMaxOutputSize()", |call| {
            Ok(crate::args::int(size_of_key(call)?))
        }),
        member("static RSA Create(int keySizeInBits)", |call| {
            match call.int(0)? {
                2048..=8192 => create(call, &RSA),
                _ => Err(exception(
                    "Specified key is not a valid size for this algorithm.",
                )),
            }
        }),
        member("static RSA Create(RSAParameters parameters)", |call| {
            let key = of_numbers(call, &rsa_parameters::of(call, 0)?)?;
            call.machine.heap.alloc(Holder {
                table: &RSA,
                key: Value::object(key),
            })
        }),
        member("void ImportParameters(RSAParameters parameters)", |call| {
            let numbers = rsa_parameters::of(call, 1)?;
            let key = of_numbers(call, &numbers)?;
            import(call, key)
        }),
        member(
            "RSAParameters ExportParameters(bool includePrivateParameters)",
            export_parameters,
        ),
        member("byte[] ExportRSAPublicKey()", |call| {
            let der = public_pkcs1(call)?;
            call.new_bytes(der)
        }),
        member("byte[] ExportSubjectPublicKeyInfo()", |call| {
            let der = rsa_parameters::public_info(&public_pkcs1(call)?);
            call.new_bytes(der)
        }),
        member("byte[] ExportRSAPrivateKey()", |call| {
            let der = private_pkcs1(call)?;
            call.new_bytes(der)
        }),
        member("byte[] ExportPkcs8PrivateKey()", |call| {
            let der = rsa_parameters::pkcs8(&private_pkcs1(call)?);
            call.new_bytes(der)
        }),
        member("string ExportRSAPublicKeyPem()", |call| {
            let text = pem("RSA PUBLIC KEY", &public_pkcs1(call)?);
            call.new_text(text)
        }),
        member("string ExportSubjectPublicKeyInfoPem()", |call| {
            let der = rsa_parameters::public_info(&public_pkcs1(call)?);
            call.new_text(pem("PUBLIC KEY", &der))
        }),
        member("string ExportRSAPrivateKeyPem()", |call| {
            let text = pem("RSA PRIVATE KEY", &private_pkcs1(call)?);
            call.new_text(text)
        }),
        member("string ExportPkcs8PrivateKeyPem()", |call| {
            let der = rsa_parameters::pkcs8(&private_pkcs1(call)?);
            call.new_text(pem("PRIVATE KEY", &der))
        }),
        member(
            "void ImportRSAPublicKey(byte[] source, out int bytesRead)",
            |call| import_der(call, |der| PublicKey::from_der(der).ok().map(Key::Public)),
        ),
        member(
            "byte[] Encrypt(byte[] data, RSAEncryptionPadding padding)",
            |call| {
                let scheme = *padding_at(call, 2)?;
                encrypt(call, scheme)
            },
        ),
        member(
            "byte[] Decrypt(byte[] data, RSAEncryptionPadding padding)",
            |call| {
                let scheme = *padding_at(call, 2)?;
                decrypt(call, scheme)
            },
        ),
        member(
            "byte[] SignHash(byte[] hash, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let scheme = scheme(call, 2)?;
                sign_hash(call, scheme)
            },
        ),
        member(
            "bool VerifyHash(byte[] hash, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let (signature, scheme) = (call.bytes(2, "signature")?, scheme(call, 3)?);
                verify_hash(call, &signature, scheme)
            },
        ),
        member("void ImportFromPem(string input)", |call| {
            let text = call.text(1, "input")?.to_utf8();
            call.machine.step(IMPORT)?;
            call.work(text.len())?;
            let key = from_pem(&text).ok_or_else(|| {
                Throw::argument("No supported key formats were found. Check that the input represents the contents of a PEM-encoded key file, not the path to such a file. (Parameter 'input')")
            })?;
            import(call, key)
        }),
        member(
            "void ImportRSAPrivateKey(byte[] source, out int bytesRead)",
            |call| import_der(call, |der| Key::pair(der.to_vec())),
        ),
        member(
            "void ImportPkcs8PrivateKey(byte[] source, out int bytesRead)",
            |call| import_der(call, |der| Key::pair(rsa_parameters::inside_pkcs8(der)?)),
        ),
        member(
            "void ImportSubjectPublicKeyInfo(byte[] source, out int bytesRead)",
            |call| import_der(call, |der| PublicKey::from_der(der).ok().map(Key::Public)),
        ),
        member(
            "byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let (data, scheme) = (call.bytes(1, "data")?, scheme(call, 2)?);
                sign(call, &data, scheme)
            },
        ),
        member(
            "byte[] SignData(byte[] data, int offset, int count, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let (data, scheme) = (super::part(call, 1, "data")?, scheme(call, 4)?);
                sign(call, &data, scheme)
            },
        ),
        member(
            "bool VerifyData(byte[] data, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let (data, signature) = (call.bytes(1, "data")?, call.bytes(2, "signature")?);
                let scheme = scheme(call, 3)?;
                verify(call, &data, &signature, scheme)
            },
        ),
        member(
            "bool VerifyData(byte[] data, int offset, int count, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |call| {
                let (data, signature) =
                    (super::part(call, 1, "data")?, call.bytes(4, "signature")?);
                let scheme = scheme(call, 5)?;
                verify(call, &data, &signature, scheme)
            },
        ),
    ],
};

/// `RSACryptoServiceProvider`.
static RSA_PROVIDER: TypeDef = TypeDef {
    name: "System.Security.Cryptography.RSACryptoServiceProvider",
    kind: TypeKind::Class,
    bases: &["RSA"],
    values: &[],
    members: &[
        member("new()", |call| create(call, &RSA_PROVIDER)),
        member("new(int dwKeySize)", |call| create(call, &RSA_PROVIDER)),
        member("bool PublicOnly { get; }", |call| {
            Ok(matches!(key(call)?, Some(Key::Public(_))).into())
        }),
        member("bool PersistKeyInCsp { get; }", |_| Ok(false.into())),
        member("bool PersistKeyInCsp { set; }", |_| Ok(Value::Null)),
        member("byte[] Encrypt(byte[] rgb, bool fOAEP)", |call| {
            let scheme = of_flag(call)?;
            encrypt(call, scheme)
        }),
        member("byte[] Decrypt(byte[] rgb, bool fOAEP)", |call| {
            let scheme = of_flag(call)?;
            decrypt(call, scheme)
        }),
        member("byte[] SignData(byte[] buffer, object halg)", |call| {
            let (data, hash) = (call.bytes(1, "buffer")?, hash_of(call, 2)?);
            sign(call, &data, (hash, Padding::Pkcs1))
        }),
        member(
            "byte[] SignData(byte[] buffer, int offset, int count, object halg)",
            |call| {
                let (data, hash) = (super::part(call, 1, "buffer")?, hash_of(call, 4)?);
                sign(call, &data, (hash, Padding::Pkcs1))
            },
        ),
        member(
            "bool VerifyData(byte[] buffer, object halg, byte[] signature)",
            |call| {
                let (data, signature) = (call.bytes(1, "buffer")?, call.bytes(3, "signature")?);
                let hash = hash_of(call, 2)?;
                verify(call, &data, &signature, (hash, Padding::Pkcs1))
            },
        ),
        member("byte[] SignHash(byte[] rgbHash, string str)", |call| {
            let hash = hash_of(call, 2)?;
            sign_hash(call, (hash, Padding::Pkcs1))
        }),
        member(
            "bool VerifyHash(byte[] rgbHash, string str, byte[] rgbSignature)",
            |call| {
                let (hash, signature) = (hash_of(call, 2)?, call.bytes(3, "rgbSignature")?);
                verify_hash(call, &signature, (hash, Padding::Pkcs1))
            },
        ),
    ],
};

/// `RSASignaturePaddingMode`.
static SIGNATURE_PADDING_MODE: TypeDef = TypeDef {
    name: "System.Security.Cryptography.RSASignaturePaddingMode",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("Pkcs1", 0), ("Pss", 1)],
    members: &[],
};

/// `RSAEncryptionPaddingMode`.
static ENCRYPTION_PADDING_MODE: TypeDef = TypeDef {
    name: "System.Security.Cryptography.RSAEncryptionPaddingMode",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("Pkcs1", 0), ("Oaep", 1)],
    members: &[],
};

/// `RSAEncryptionPadding`.
static ENCRYPTION_PADDING: TypeDef = TypeDef {
    name: "System.Security.Cryptography.RSAEncryptionPadding",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        pure("static RSAEncryptionPadding Pkcs1 { get; }", |_| {
            Ok(Value::object(Scheme::Pkcs1))
        }),
        pure("static RSAEncryptionPadding OaepSHA1 { get; }", |_| {
            Ok(Value::object(Scheme::Oaep("SHA1")))
        }),
        pure("static RSAEncryptionPadding OaepSHA256 { get; }", |_| {
            Ok(Value::object(Scheme::Oaep("SHA256")))
        }),
        pure("static RSAEncryptionPadding OaepSHA384 { get; }", |_| {
            Ok(Value::object(Scheme::Oaep("SHA384")))
        }),
        pure("static RSAEncryptionPadding OaepSHA512 { get; }", |_| {
            Ok(Value::object(Scheme::Oaep("SHA512")))
        }),
        pure(
            "static RSAEncryptionPadding CreateOaep(HashAlgorithmName hashAlgorithm)",
            |call| {
                let hash = name_of(call.arg(0));
                let hash = hash.ok_or_else(|| Throw::argument_null("hashAlgorithm"))?;
                Ok(Value::object(Scheme::Oaep(hash)))
            },
        ),
        pure("RSAEncryptionPaddingMode Mode { get; }", |call| {
            let oaep = *padding_at(call, 0)? != Scheme::Pkcs1;
            Ok(Value::Enum(
                TypeRef(&ENCRYPTION_PADDING_MODE),
                i64::from(oaep),
            ))
        }),
        pure("HashAlgorithmName OaepHashAlgorithm { get; }", |call| {
            Ok(match *padding_at(call, 0)? {
                Scheme::Oaep(hash) => algorithm_name::name(hash),
                Scheme::Pkcs1 => algorithm_name::none(),
            })
        }),
        pure("bool Equals(RSAEncryptionPadding other)", |call| {
            Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
        }),
        pure("string ToString()", |call| {
            padding_at(call, 0)?;
            call.to_text(0).map(Value::String)
        }),
        pure(
            "static bool operator ==(RSAEncryptionPadding left, RSAEncryptionPadding right)",
            |call| Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into()),
        ),
        pure(
            "static bool operator !=(RSAEncryptionPadding left, RSAEncryptionPadding right)",
            |call| Ok((!ops::equals(call.machine.heap, call.arg(0), call.arg(1))).into()),
        ),
    ],
};

/// How a message is padded before it is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Pkcs1,
    Oaep(&'static str),
}

impl Object for Scheme {
    fn type_of(&self) -> Type {
        Type::plain(&ENCRYPTION_PADDING)
    }

    fn to_text(&self) -> Option<Str> {
        Some(match self {
            Scheme::Pkcs1 => "Pkcs1".into(),
            Scheme::Oaep(hash) => format!("Oaep{hash}").into(),
        })
    }

    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any).downcast_ref() == Some(self)
    }
}

fn padding_at<'c>(call: &Call<'c, '_>, index: usize) -> Result<&'c Scheme, Throw> {
    let padding = call.arg(index).downcast();
    padding.ok_or_else(|| match index {
        0 => Throw::null_reference(),
        _ => Throw::argument_null("padding"),
    })
}

/// `RSASignaturePadding`.
static PADDING: TypeDef = TypeDef {
    name: "System.Security.Cryptography.RSASignaturePadding",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        pure("static RSASignaturePadding Pkcs1 { get; }", |_| {
            Ok(Value::object(Padding::Pkcs1))
        }),
        pure("static RSASignaturePadding Pss { get; }", |_| {
            Ok(Value::object(Padding::Pss))
        }),
        pure("RSASignaturePaddingMode Mode { get; }", |call| {
            let padding = call.arg(0).downcast::<Padding>();
            let pss = *padding.ok_or_else(Throw::null_reference)? == Padding::Pss;
            Ok(Value::Enum(
                TypeRef(&SIGNATURE_PADDING_MODE),
                i64::from(pss),
            ))
        }),
        pure("string ToString()", |call| {
            call.to_text(0).map(Value::String)
        }),
        pure("bool Equals(RSASignaturePadding other)", |call| {
            Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
        }),
        pure(
            "static bool operator ==(RSASignaturePadding left, RSASignaturePadding right)",
            |call| Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into()),
        ),
        pure(
            "static bool operator !=(RSASignaturePadding left, RSASignaturePadding right)",
            |call| Ok((!ops::equals(call.machine.heap, call.arg(0), call.arg(1))).into()),
        ),
    ],
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Padding {
    Pkcs1,
    Pss,
}

impl Object for Padding {
    fn type_of(&self) -> Type {
        Type::plain(&PADDING)
    }

    fn to_text(&self) -> Option<Str> {
        Some(Str::from_static(match self {
            Padding::Pkcs1 => "Pkcs1",
            Padding::Pss => "Pss",
        }))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any).downcast_ref() == Some(self)
    }
}

/// A key.
enum Key {
    Public(PublicKey),
    /// With its PKCS#1.
    Pair(Box<RsaKeyPair>, Vec<u8>),
}

impl std::fmt::Debug for Key {
    /// A private key never shows.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Key::Public(_) => "public key",
            Key::Pair(..) => "key pair",
        })
    }
}

impl Key {
    /// Of PKCS#1.
    fn pair(pkcs1: Vec<u8>) -> Option<Key> {
        let pair = RsaKeyPair::from_der(&pkcs1).ok()?;
        Some(Key::Pair(Box::new(pair), pkcs1))
    }

    fn public(&self) -> &PublicKey {
        match self {
            Key::Public(key) => key,
            Key::Pair(pair, _) => pair.public_key(),
        }
    }
}

impl Object for Key {
    fn type_of(&self) -> Type {
        Type::plain(&RSA)
    }
}

/// An `RSA` made without a key, to be given one.
#[derive(Debug)]
struct Holder {
    table: &'static TypeDef,
    key: Value,
}

impl HeapObject for Holder {
    fn type_of(&self) -> Type {
        Type::plain(self.table)
    }
}

/// An `RSA` without a key; it makes one when it is first needed.
fn create(call: &mut Call<'_, '_>, table: &'static TypeDef) -> Result<Value, Throw> {
    let key = Value::Null;
    call.machine.heap.alloc(Holder { table, key })
}

fn no_private_key() -> Throw {
    exception(
        "Object contains only the public half of a key pair. A private key must also be provided.",
    )
}

fn of_numbers(call: &mut Call<'_, '_>, numbers: &Numbers) -> Result<Key, Throw> {
    call.machine.step(IMPORT)?;
    let wrong = || {
        exception(
            "The specified RSA parameters are not valid. Both Exponent and Modulus are required. If D is present, it must have the same length as Modulus. If D is present, P, Q, DP, DQ, and InverseQ are required and must have half the length of Modulus, rounded up, otherwise they must be omitted.",
        )
    };
    let [Some(modulus), Some(exponent), private, ..] = numbers else {
        return Err(wrong());
    };
    match private {
        None => PublicKey::from_der(&rsa_parameters::public_info(&rsa_parameters::public_pkcs1(
            modulus, exponent,
        )))
        .ok()
        .map(Key::Public),
        Some(_) => rsa_parameters::private_pkcs1(numbers).and_then(Key::pair),
    }
    .ok_or_else(wrong)
}

/// The receiver's key; `CryptographicException` if it has none.
fn some_key<'c>(call: &'c Call<'_, '_>) -> Result<&'c Key, Throw> {
    key(call)?.ok_or_else(|| exception("The key has not been imported; Tollgate makes none."))
}

fn public_pkcs1(call: &Call<'_, '_>) -> Result<Vec<u8>, Throw> {
    let public = some_key(call)?.public();
    Ok(rsa_parameters::public_pkcs1(
        public.modulus().big_endian_without_leading_zero(),
        public.exponent().big_endian_without_leading_zero(),
    ))
}

fn private_pkcs1(call: &Call<'_, '_>) -> Result<Vec<u8>, Throw> {
    match some_key(call)? {
        Key::Pair(_, pkcs1) => Ok(pkcs1.clone()),
        Key::Public(_) => Err(no_private_key()),
    }
}

fn export_parameters(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let numbers = numbers_of(call)?;
    call.machine.heap.alloc(Parameters(numbers))
}

/// The receiver's numbers, the private ones too if argument 1 says so.
fn numbers_of(call: &Call<'_, '_>) -> Result<Numbers, Throw> {
    let numbers = if call.bool(1)? {
        rsa_parameters::numbers(&private_pkcs1(call)?)
    } else {
        let public = some_key(call)?.public();
        let mut numbers = Numbers::default();
        let parts = [public.modulus(), public.exponent()];
        for (slot, part) in numbers.iter_mut().zip(parts) {
            *slot = Some(part.big_endian_without_leading_zero().to_vec());
        }
        Some(numbers)
    };
    numbers.ok_or_else(|| exception("ASN1 corrupted data."))
}

/// How many bytes the modulus has.
fn size_of_key(call: &Call<'_, '_>) -> Result<usize, Throw> {
    Ok(match key(call)? {
        Some(Key::Public(key)) => key.modulus().big_endian_without_leading_zero().len(),
        Some(Key::Pair(pair, _)) => pair.public_modulus_len(),
        None => 256,
    })
}

/// `fOAEP` in argument 2.
fn of_flag(call: &Call<'_, '_>) -> Result<Scheme, Throw> {
    Ok(match call.bool(2)? {
        true => Scheme::Oaep("SHA1"),
        false => Scheme::Pkcs1,
    })
}

/// The hash that argument `at` names: a name, an identifier, an algorithm or its type.
fn hash_of(call: &Call<'_, '_>, at: usize) -> Result<&'static str, Throw> {
    let value = call.arg(at);
    if value.is_null() {
        return Err(Throw::argument_null("halg"));
    }
    if let Some(hasher) = call.machine.heap.of::<Hasher>(value) {
        return Ok(hasher.algorithm.name());
    }
    let name = match value.as_str() {
        Some(name) => name.to_utf8().to_ascii_uppercase(),
        None => {
            let table = crate::system::type_in(value)?.table();
            table
                .map_or("", |table| table.simple_name())
                .to_ascii_uppercase()
        }
    };
    let name = name
        .rsplit_once("CRYPTOGRAPHY.")
        .map_or(&*name, |(_, name)| name);
    let name = name
        .strip_suffix("MANAGED")
        .or_else(|| name.strip_suffix("CRYPTOSERVICEPROVIDER"))
        .unwrap_or(name);
    match name {
        "SHA1" | "SHA" | "1.3.14.3.2.26" => Ok("SHA1"),
        "SHA256" | "SHA-256" | "2.16.840.1.101.3.4.2.1" => Ok("SHA256"),
        "SHA384" | "SHA-384" | "2.16.840.1.101.3.4.2.2" => Ok("SHA384"),
        "SHA512" | "SHA-512" | "2.16.840.1.101.3.4.2.3" => Ok("SHA512"),
        "MD5" | "1.2.840.113549.2.5" => Ok("MD5"),
        _ => Err(exception("Object identifier (OID) is unknown.")),
    }
}

/// PKCS#1 of the private key in argument `at`.
pub(super) fn private_der(call: &Call<'_, '_>, at: usize) -> Result<Vec<u8>, Throw> {
    let value = call.arg(at);
    let key = match call.machine.heap.of::<Holder>(value) {
        Some(holder) => holder.key.downcast::<Key>(),
        None => value.downcast::<Key>(),
    };
    match key {
        Some(Key::Pair(_, pkcs1)) => Ok(pkcs1.clone()),
        _ => Err(no_private_key()),
    }
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for (place, c) in body.char_indices() {
        if place > 0 && place % 64 == 0 {
            text.push('\n');
        }
        text.push(c);
    }
    text.push_str(&format!("\n-----END {label}-----"));
    text
}

fn failed() -> Throw {
    exception("Error occurred during a cryptographic operation.")
}

fn oaep(hash: &str) -> Result<&'static OaepAlgorithm, Throw> {
    Ok(match hash {
        "SHA1" => &OAEP_SHA1_MGF1SHA1,
        "SHA256" => &OAEP_SHA256_MGF1SHA256,
        "SHA384" => &OAEP_SHA384_MGF1SHA384,
        "SHA512" => &OAEP_SHA512_MGF1SHA512,
        _ => return Err(unknown(hash)),
    })
}

fn encrypt(call: &mut Call<'_, '_>, padding: Scheme) -> Result<Value, Throw> {
    let data = call.bytes(1, "data")?;
    call.machine.step(VERIFICATION)?;
    let info = rsa_parameters::public_info(&public_pkcs1(call)?);
    let key = PublicEncryptingKey::from_der(&info).map_err(|_| failed())?;
    let mut room = vec![0; key.key_size_bytes()];
    let encrypted = match padding {
        Scheme::Pkcs1 => Pkcs1PublicEncryptingKey::new(key)
            .and_then(|key| key.encrypt(&data, &mut room).map(|bytes| bytes.to_vec())),
        Scheme::Oaep(hash) => {
            let algorithm = oaep(hash)?;
            OaepPublicEncryptingKey::new(key).and_then(|key| {
                key.encrypt(algorithm, &data, &mut room, None)
                    .map(|bytes| bytes.to_vec())
            })
        }
    };
    call.new_bytes(encrypted.map_err(|_| failed())?)
}

fn decrypt(call: &mut Call<'_, '_>, padding: Scheme) -> Result<Value, Throw> {
    let data = call.bytes(1, "data")?;
    call.machine.step(SIGNATURE)?;
    let pkcs8 = rsa_parameters::pkcs8(&private_pkcs1(call)?);
    let key = PrivateDecryptingKey::from_pkcs8(&pkcs8).map_err(|_| failed())?;
    let mut room = vec![0; key.key_size_bytes()];
    let decrypted = match padding {
        Scheme::Pkcs1 => Pkcs1PrivateDecryptingKey::new(key)
            .and_then(|key| key.decrypt(&data, &mut room).map(|bytes| bytes.to_vec())),
        Scheme::Oaep(hash) => {
            let algorithm = oaep(hash)?;
            OaepPrivateDecryptingKey::new(key).and_then(|key| {
                key.decrypt(algorithm, &data, &mut room, None)
                    .map(|bytes| bytes.to_vec())
            })
        }
    };
    call.new_bytes(decrypted.map_err(|_| failed())?)
}

/// A hash that was made elsewhere.
fn digest(call: &Call<'_, '_>, hash: &str) -> Result<Digest, Throw> {
    let algorithm = match hash {
        "SHA1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "SHA256" => &digest::SHA256,
        "SHA384" => &digest::SHA384,
        "SHA512" => &digest::SHA512,
        _ => return Err(unknown(hash)),
    };
    let bytes = call.bytes(1, "hash")?;
    Digest::import_less_safe(&bytes, algorithm).map_err(|_| {
        exception(
            "The provided hash value is not the expected size for the specified hash algorithm.",
        )
    })
}

fn sign_hash(call: &mut Call<'_, '_>, (hash, padding): (&str, Padding)) -> Result<Value, Throw> {
    call.machine.step(SIGNATURE)?;
    let (digest, encoding) = (digest(call, hash)?, encoding(hash, padding)?);
    let Key::Pair(pair, _) = some_key(call)? else {
        return Err(no_private_key());
    };
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign_digest(encoding, &digest, &mut signature)
        .map_err(|_| failed())?;
    call.new_bytes(signature)
}

fn verify_hash(
    call: &mut Call<'_, '_>,
    signature: &[u8],
    (hash, padding): (&str, Padding),
) -> Result<Value, Throw> {
    call.machine.step(VERIFICATION)?;
    let (digest, parameters) = (digest(call, hash)?, parameters(hash, padding)?);
    let public = some_key(call)?.public();
    let public = UnparsedPublicKey::new(parameters, public.as_ref());
    Ok(public.verify_digest(&digest, signature).is_ok().into())
}

/// The receiver's key, if it was given one.
fn key<'c>(call: &'c Call<'_, '_>) -> Result<Option<&'c Key>, Throw> {
    match call.machine.heap.of::<Holder>(call.arg(0)) {
        Some(holder) => Ok(holder.key.downcast()),
        None => {
            let key = call.arg(0).downcast();
            key.map(Some).ok_or_else(Throw::null_reference)
        }
    }
}

fn import(call: &mut Call<'_, '_>, key: Key) -> Result<Value, Throw> {
    let holder = call.machine.heap.of_mut::<Holder>(call.arg(0));
    holder.ok_or_else(Throw::null_reference)?.key = Value::object(key);
    Ok(Value::Null)
}

fn import_der(call: &mut Call<'_, '_>, read: fn(&[u8]) -> Option<Key>) -> Result<Value, Throw> {
    let der = call.bytes(1, "source")?;
    call.machine.step(IMPORT)?;
    call.work(der.len())?;
    let key = read(&der).ok_or_else(|| exception("ASN1 corrupted data."))?;
    call.outs.push(crate::args::int(der.len()));
    import(call, key)
}

/// The first key of a PEM text; encrypted ones are not read.
fn from_pem(text: &str) -> Option<Key> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    match label {
        "PRIVATE KEY" => Key::pair(rsa_parameters::inside_pkcs8(&der)?),
        "RSA PRIVATE KEY" => Key::pair(der),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => PublicKey::from_der(&der).ok().map(Key::Public),
        _ => None,
    }
}

/// The hash's name and the padding, from argument `at` on.
fn scheme(call: &Call<'_, '_>, at: usize) -> Result<(&'static str, Padding), Throw> {
    let hash = name_of(call.arg(at)).ok_or_else(|| Throw::argument_null("hashAlgorithm"))?;
    let padding = call.arg(at + 1).downcast::<Padding>();
    Ok((
        hash,
        *padding.ok_or_else(|| Throw::argument_null("padding"))?,
    ))
}

fn unknown(hash: &str) -> Throw {
    exception(&format!("'{hash}' is not a known hash algorithm."))
}

fn sign(
    call: &mut Call<'_, '_>,
    data: &[u8],
    (hash, padding): (&str, Padding),
) -> Result<Value, Throw> {
    call.machine.step(SIGNATURE)?;
    call.work(data.len())?;
    let encoding = encoding(hash, padding)?;
    let Some(Key::Pair(pair, _)) = key(call)? else {
        return Err(no_private_key());
    };
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), data, &mut signature)
        .map_err(|_| failed())?;
    call.new_bytes(signature)
}

fn encoding(hash: &str, padding: Padding) -> Result<&'static dyn RsaEncoding, Throw> {
    Ok(match (hash, padding) {
        ("SHA256", Padding::Pkcs1) => &signature::RSA_PKCS1_SHA256,
        ("SHA384", Padding::Pkcs1) => &signature::RSA_PKCS1_SHA384,
        ("SHA512", Padding::Pkcs1) => &signature::RSA_PKCS1_SHA512,
        ("SHA256", Padding::Pss) => &signature::RSA_PSS_SHA256,
        ("SHA384", Padding::Pss) => &signature::RSA_PSS_SHA384,
        ("SHA512", Padding::Pss) => &signature::RSA_PSS_SHA512,
        _ => return Err(unknown(hash)),
    })
}

fn verify(
    call: &mut Call<'_, '_>,
    data: &[u8],
    signature: &[u8],
    (hash, padding): (&str, Padding),
) -> Result<Value, Throw> {
    call.machine.step(VERIFICATION)?;
    call.work(data.len())?;
    let parameters = parameters(hash, padding)?;
    let public = match key(call)? {
        Some(key) => key.public(),
        None => return Ok(false.into()),
    };
    let public = UnparsedPublicKey::new(parameters, public.as_ref());
    Ok(public.verify(data, signature).is_ok().into())
}

fn parameters(hash: &str, padding: Padding) -> Result<&'static RsaParameters, Throw> {
    Ok(match (hash, padding) {
        ("SHA1", Padding::Pkcs1) => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        ("SHA256", Padding::Pkcs1) => &signature::RSA_PKCS1_2048_8192_SHA256,
        ("SHA384", Padding::Pkcs1) => &signature::RSA_PKCS1_2048_8192_SHA384,
        ("SHA512", Padding::Pkcs1) => &signature::RSA_PKCS1_2048_8192_SHA512,
        ("SHA256", Padding::Pss) => &signature::RSA_PSS_2048_8192_SHA256,
        ("SHA384", Padding::Pss) => &signature::RSA_PSS_2048_8192_SHA384,
        ("SHA512", Padding::Pss) => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return Err(unknown(hash)),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;

    use super::*;
    use crate::collections::Array;
    use crate::testing::{call, shown, with_machine};

    const RSA: &str = "System.Security.Cryptography.RSA";

    #[test]
    fn what_a_pair_signs_its_public_key_verifies() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
            STANDARD.encode(der.as_ref())
        );
        with_machine(|machine| {
            let rsa = call(machine, RSA, "Create", &[]).unwrap();
            call(machine, RSA, "ImportFromPem", &[rsa.clone(), pem.into()]).unwrap();
            let data = machine.heap.alloc(Array::bytes(b"data".to_vec())).unwrap();
            let names = "System.Security.Cryptography.HashAlgorithmName";
            let hash = call(machine, names, "SHA256", &[]).unwrap();
            let public = public_key(pair.public_key().as_ref()).unwrap();
            for padding in [Padding::Pkcs1, Padding::Pss] {
                let padding = Value::object(padding);
                let signing = [rsa.clone(), data.clone(), hash.clone(), padding.clone()];
                let signature = call(machine, RSA, "SignData", &signing).unwrap();
                for (over, verdict) in [(&data, "True"), (&signature, "False")] {
                    let key = public.clone();
                    let checking = [
                        key,
                        over.clone(),
                        signature.clone(),
                        hash.clone(),
                        padding.clone(),
                    ];
                    let result = call(machine, RSA, "VerifyData", &checking);
                    assert_eq!(shown(machine, result), verdict);
                }
                let signing = [public.clone(), data.clone(), hash.clone(), padding];
                let result = call(machine, RSA, "SignData", &signing);
                let refused = "!System.Security.Cryptography.CryptographicException";
                assert_eq!(shown(machine, result), refused);
            }
        });
    }

    #[test]
    fn a_pair_decrypts_what_its_parameters_encrypt() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
            STANDARD.encode(der.as_ref())
        );
        with_machine(|machine| {
            let rsa = call(machine, RSA, "Create", &[]).unwrap();
            call(machine, RSA, "ImportFromPem", &[rsa.clone(), pem.into()]).unwrap();
            let data = machine.heap.alloc(Array::bytes(b"data".to_vec())).unwrap();
            for include_private in [false, true] {
                let arguments = [rsa.clone(), include_private.into()];
                let parameters = call(machine, RSA, "ExportParameters", &arguments).unwrap();
                let other = call(machine, RSA, "Create", &[]).unwrap();
                let arguments = [other.clone(), parameters];
                call(machine, RSA, "ImportParameters", &arguments).unwrap();
                for scheme in [Scheme::Pkcs1, Scheme::Oaep("SHA1"), Scheme::Oaep("SHA512")] {
                    let scheme = Value::object(scheme);
                    let arguments = [other.clone(), data.clone(), scheme.clone()];
                    let secret = call(machine, RSA, "Encrypt", &arguments).unwrap();
                    let arguments = [rsa.clone(), secret.clone(), scheme.clone()];
                    let text = call(machine, RSA, "Decrypt", &arguments);
                    assert_eq!(shown(machine, text), "[100, 97, 116, 97]");
                    let result = call(machine, RSA, "Decrypt", &[other.clone(), secret, scheme]);
                    assert_eq!(shown(machine, result).starts_with('!'), !include_private);
                }
            }
        });
    }
}
