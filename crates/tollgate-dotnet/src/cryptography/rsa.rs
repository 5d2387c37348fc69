//! `RSA`: signatures. Keys of 2048 bits and more.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::PublicKey;
use aws_lc_rs::signature::{
    self, KeyPair, RsaEncoding, RsaKeyPair, RsaParameters, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::cipher::exception;
use super::name_of;
use crate::heap::HeapObject;
use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[&ASYMMETRIC, &RSA, &PADDING];

/// The `RSA` of a public key (DER); `None` if it is another kind of key.
pub(super) fn public_key(der: &[u8]) -> Option<Value> {
    let key = PublicKey::from_der(der).ok()?;
    Some(Value::object(Key::Public(key)))
}

// What work with a key costs in steps, so that a loop around it stays bounded.
const IMPORT: u64 = 10_000;
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
            let bytes = match key(call)? {
                Some(Key::Public(key)) => key.modulus().big_endian_without_leading_zero().len(),
                Some(Key::Pair(pair)) => pair.public_modulus_len(),
                None => 256,
            };
            Ok(crate::args::int(bytes * 8))
        }),
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
        member("static RSA Create()", |call| {
            call.machine.heap.alloc(Holder { key: Value::Null })
        }),
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
            |call| import_der(call, |der| RsaKeyPair::from_der(der).ok().map(Key::pair)),
        ),
        member(
            "void ImportPkcs8PrivateKey(byte[] source, out int bytesRead)",
            |call| import_der(call, |der| RsaKeyPair::from_pkcs8(der).ok().map(Key::pair)),
        ),
        member(
            "void ImportSubjectPublicKeyInfo(byte[] source, out int bytesRead)",
            |call| import_der(call, |der| PublicKey::from_der(der).ok().map(Key::Public)),
        ),
        member(
            "byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            sign,
        ),
        member(
            "bool VerifyData(byte[] data, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            verify,
        ),
    ],
};

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

    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any).downcast_ref() == Some(self)
    }
}

/// A key; the library's own text of a pair shows its public part only.
#[derive(Debug)]
enum Key {
    Public(PublicKey),
    Pair(Box<RsaKeyPair>),
}

impl Key {
    fn pair(pair: RsaKeyPair) -> Key {
        Key::Pair(Box::new(pair))
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
    key: Value,
}

impl HeapObject for Holder {
    fn type_of(&self) -> Type {
        Type::plain(&RSA)
    }
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
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der).ok().map(Key::pair),
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok().map(Key::pair),
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

fn sign(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let data = call.bytes(1, "data")?;
    call.machine.step(SIGNATURE)?;
    call.work(data.len())?;
    let (hash, padding) = scheme(call, 2)?;
    let encoding: &'static dyn RsaEncoding = match (hash, padding) {
        ("SHA256", Padding::Pkcs1) => &signature::RSA_PKCS1_SHA256,
        ("SHA384", Padding::Pkcs1) => &signature::RSA_PKCS1_SHA384,
        ("SHA512", Padding::Pkcs1) => &signature::RSA_PKCS1_SHA512,
        ("SHA256", Padding::Pss) => &signature::RSA_PSS_SHA256,
        ("SHA384", Padding::Pss) => &signature::RSA_PSS_SHA384,
        ("SHA512", Padding::Pss) => &signature::RSA_PSS_SHA512,
        _ => return Err(unknown(hash)),
    };
    let Some(Key::Pair(pair)) = key(call)? else {
        return Err(exception(
            "Object contains only the public half of a key pair. A private key must also be provided.",
        ));
    };
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), &data, &mut signature)
        .map_err(|_| exception("Error occurred during a cryptographic operation."))?;
    call.new_bytes(signature)
}

fn verify(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (data, signature) = (call.bytes(1, "data")?, call.bytes(2, "signature")?);
    call.machine.step(VERIFICATION)?;
    call.work(data.len())?;
    let (hash, padding) = scheme(call, 3)?;
    let parameters: &'static RsaParameters = match (hash, padding) {
        ("SHA1", Padding::Pkcs1) => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        ("SHA256", Padding::Pkcs1) => &signature::RSA_PKCS1_2048_8192_SHA256,
        ("SHA384", Padding::Pkcs1) => &signature::RSA_PKCS1_2048_8192_SHA384,
        ("SHA512", Padding::Pkcs1) => &signature::RSA_PKCS1_2048_8192_SHA512,
        ("SHA256", Padding::Pss) => &signature::RSA_PSS_2048_8192_SHA256,
        ("SHA384", Padding::Pss) => &signature::RSA_PSS_2048_8192_SHA384,
        ("SHA512", Padding::Pss) => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return Err(unknown(hash)),
    };
    let public = match key(call)? {
        Some(Key::Public(key)) => key,
        Some(Key::Pair(pair)) => pair.public_key(),
        None => return Ok(false.into()),
    };
    let public = UnparsedPublicKey::new(parameters, public.as_ref());
    Ok(public.verify(&data, &signature).is_ok().into())
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
}
