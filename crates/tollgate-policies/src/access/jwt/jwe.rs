//! Encrypted tokens (JWE, RFC 7516): five parts, in the fourth of which there is a signed token.

use std::fmt;

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{self, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::key_wrap::{self, AesKek, KeyWrap};
use aws_lc_rs::rsa::{
    self, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    PrivateDecryptingKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::PrivateKeyDer;
use serde::Deserialize;
use serde_json::Value;
use tollgate_dotnet::Str;
use tollgate_engine::{Certificate, ElementReader, Invalid, Setting};

use super::rejection::{Rejection, Shown};
use super::token::{MAX_TOKEN_LENGTH, MalformedToken, decode, json};

/// The shortest secret, in bytes: the key of AES-128.
const MIN_SECRET: usize = 16;

/// A key that decrypts tokens.
pub(crate) struct DecryptionKey {
    /// Matched to the token's `kid`.
    id: Option<Box<str>>,
    kind: Kind,
}

enum Kind {
    Secret(Box<[u8]>),
    Rsa(OaepPrivateDecryptingKey),
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl DecryptionKey {
    /// Reads a `key` of `decryption-keys`: Base64 text, or a certificate that has an RSA key. `None` when the
    /// certificate cannot be known. The messages never show the key.
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Option<Self>, Invalid> {
        let id: Option<Str> = e.optional_literal("id")?;
        let id = id.map(|id| Box::from(&*id.to_utf8()));
        if e.has("certificate-id") {
            let Some(certificate) = e.certificate("certificate-id")? else {
                return Ok(None);
            };
            return match rsa_key(certificate) {
                Some(key) => Ok(Some(Self {
                    id,
                    kind: Kind::Rsa(key),
                })),
                None => {
                    let message = "this certificate has no private RSA key to decrypt with";
                    Err(e.error("wrong-value", e.attribute_span("certificate-id"), message))
                }
            };
        }
        let secret = match e.text_setting::<Str>()? {
            Setting::Literal(secret) => STANDARD.decode(&*secret.to_utf8()).ok(),
            Setting::Program(_) => {
                let message = "a key cannot be an expression";
                return Err(e.error("expression-not-allowed", e.text_span(), message));
            }
        };
        match secret.filter(|secret| secret.len() >= MIN_SECRET) {
            Some(secret) => Ok(Some(Self {
                id,
                kind: Kind::Secret(secret.into()),
            })),
            None => {
                let message = "this is no key: it must be Base64 of at least 16 bytes";
                Err(e.error("wrong-value", e.text_span(), message))
            }
        }
    }

    fn fits(&self, kid: Option<&str>) -> bool {
        match (kid, self.id.as_deref()) {
            (Some(kid), Some(id)) => kid == id,
            _ => true,
        }
    }

    /// The key that the content is encrypted with; `None` if this key does not give it.
    fn content_key(&self, algorithm: KeyAlgorithm, encrypted: &[u8]) -> Option<Vec<u8>> {
        match (&self.kind, algorithm) {
            (Kind::Secret(secret), KeyAlgorithm::Direct) => {
                encrypted.is_empty().then(|| secret.to_vec())
            }
            (Kind::Secret(secret), KeyAlgorithm::Wrapped(cipher)) => {
                let kek = AesKek::new(cipher, secret).ok()?;
                let mut key = vec![0; encrypted.len()];
                kek.unwrap(encrypted, &mut key).ok().map(|key| key.to_vec())
            }
            (Kind::Rsa(rsa), KeyAlgorithm::Rsa(oaep)) => {
                let mut key = vec![0; rsa.min_output_size()];
                let key = rsa.decrypt(oaep, encrypted, &mut key, None);
                key.ok().map(|key| key.to_vec())
            }
            _ => None,
        }
    }
}

/// The RSA key of a certificate.
fn rsa_key(certificate: &Certificate) -> Option<OaepPrivateDecryptingKey> {
    let pkcs8 = match certificate.key()? {
        PrivateKeyDer::Pkcs8(key) => key.secret_pkcs8_der().to_vec(),
        PrivateKeyDer::Pkcs1(key) => {
            let pair = rsa::KeyPair::from_der(key.secret_pkcs1_der()).ok()?;
            let der: Pkcs8V1Der<'static> = pair.as_der().ok()?;
            der.as_ref().to_vec()
        }
        _ => return None,
    };
    let key = PrivateDecryptingKey::from_pkcs8(&pkcs8).ok()?;
    OaepPrivateDecryptingKey::new(key).ok()
}

/// How the content's key is told (`alg`). Not `RSA1_5`: how long it takes to refuse one tells too much.
#[derive(Clone, Copy)]
enum KeyAlgorithm {
    Direct,
    Wrapped(&'static key_wrap::AesBlockCipher),
    Rsa(&'static OaepAlgorithm),
}

impl KeyAlgorithm {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "dir" => Self::Direct,
            "A128KW" => Self::Wrapped(&key_wrap::AES_128),
            "A256KW" => Self::Wrapped(&key_wrap::AES_256),
            "RSA-OAEP" => Self::Rsa(&OAEP_SHA1_MGF1SHA1),
            "RSA-OAEP-256" => Self::Rsa(&OAEP_SHA256_MGF1SHA256),
            _ => return None,
        })
    }
}

/// How the content is encrypted (`enc`).
#[derive(Clone, Copy)]
enum ContentAlgorithm {
    Gcm(&'static aead::Algorithm),
    Cbc(&'static cipher::Algorithm, hmac::Algorithm, usize),
}

impl ContentAlgorithm {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "A128GCM" => Self::Gcm(&aead::AES_128_GCM),
            "A192GCM" => Self::Gcm(&aead::AES_192_GCM),
            "A256GCM" => Self::Gcm(&aead::AES_256_GCM),
            "A128CBC-HS256" => Self::Cbc(&cipher::AES_128, hmac::HMAC_SHA256, 16),
            "A192CBC-HS384" => Self::Cbc(&cipher::AES_192, hmac::HMAC_SHA384, 24),
            "A256CBC-HS512" => Self::Cbc(&cipher::AES_256, hmac::HMAC_SHA512, 32),
            _ => return None,
        })
    }

    /// The content in clear, if key and tag are right.
    fn open(self, key: &[u8], sealed: &Sealed<'_>) -> Option<Vec<u8>> {
        let mut content = sealed.ciphertext.clone();
        match self {
            Self::Gcm(algorithm) => {
                if sealed.tag.len() != algorithm.tag_len() {
                    return None;
                }
                let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
                let nonce = Nonce::try_assume_unique_for_key(&sealed.iv).ok()?;
                content.extend_from_slice(&sealed.tag);
                let aad = Aad::from(sealed.header.as_bytes());
                let opened = key.open_in_place(nonce, aad, &mut content).ok()?;
                Some(opened.to_vec())
            }
            Self::Cbc(cipher, mac, half) => {
                let (mac_key, key) = key
                    .split_at_checked(half)
                    .filter(|(_, key)| key.len() == half)?;
                let mut signing = hmac::Context::with_key(&hmac::Key::new(mac, mac_key));
                let bits = u64::try_from(sealed.header.len()).ok()?.checked_mul(8)?;
                for part in [
                    sealed.header.as_bytes(),
                    &sealed.iv,
                    &content,
                    &bits.to_be_bytes(),
                ] {
                    signing.update(part);
                }
                let tag = signing.sign();
                verify_slices_are_equal(tag.as_ref().get(..half)?, &sealed.tag).ok()?;
                let key = UnboundCipherKey::new(cipher, key).ok()?;
                let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
                let iv: [u8; 16] = sealed.iv.as_slice().try_into().ok()?;
                let opened = key.decrypt(&mut content, DecryptionContext::Iv128(iv.into()));
                opened.ok().map(|opened| opened.to_vec())
            }
        }
    }
}

struct Sealed<'t> {
    /// The header as it came, which is authenticated too.
    header: &'t str,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    zip: Option<Value>,
    #[serde(default)]
    crit: Option<Value>,
}

/// The token inside an encrypted one; `None` if it is not encrypted. Whatever is wrong with key, tag or padding, the
/// answer is the same.
pub(crate) fn decrypt(text: &str, keys: &[DecryptionKey]) -> Result<Option<String>, Rejection> {
    if keys.is_empty() || text.len() > MAX_TOKEN_LENGTH {
        return Ok(None);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let [header, encrypted, iv, ciphertext, tag] = *parts.as_slice() else {
        return Ok(None);
    };
    let read: Header = json("header", header)?;
    if read.crit.is_some() {
        return Err(MalformedToken::Critical.into());
    }
    if read.zip.is_some() {
        return Err(MalformedToken::Compressed.into());
    }
    let unknown = |name: &str| Rejection::UnknownEncryption(Shown::new(name));
    let algorithm = KeyAlgorithm::named(&read.alg).ok_or_else(|| unknown(&read.alg))?;
    let content = ContentAlgorithm::named(&read.enc).ok_or_else(|| unknown(&read.enc))?;
    let encrypted = decode("encrypted key", encrypted)?;
    let sealed = Sealed {
        header,
        iv: decode("initialization vector", iv)?,
        ciphertext: decode("ciphertext", ciphertext)?,
        tag: decode("authentication tag", tag)?,
    };
    let fitting = keys.iter().filter(|key| key.fits(read.kid.as_deref()));
    let opened = fitting
        .filter_map(|key| key.content_key(algorithm, &encrypted))
        .find_map(|key| content.open(&key, &sealed));
    opened
        .and_then(|opened| String::from_utf8(opened).ok())
        .map(Some)
        .ok_or(Rejection::Undecryptable)
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use aws_lc_rs::cipher::{EncryptionContext, PaddedBlockEncryptingKey};
    use aws_lc_rs::rsa::{KeySize, OaepPublicEncryptingKey, PublicEncryptingKey};
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn secret(bytes: &[u8]) -> DecryptionKey {
        DecryptionKey {
            id: None,
            kind: Kind::Secret(bytes.into()),
        }
    }

    fn url(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A JWE of this content, as an issuer makes it. `wrap` gives the encrypted key for the content's key.
    pub(crate) fn seal(
        header: &str,
        enc: &str,
        content: &str,
        key: &[u8],
        wrapped: &[u8],
    ) -> String {
        let header = url(header.as_bytes());
        let mut bytes = content.as_bytes().to_vec();
        let (iv, tag) = match ContentAlgorithm::named(enc).unwrap() {
            ContentAlgorithm::Gcm(algorithm) => {
                let key = LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
                let nonce = Nonce::assume_unique_for_key([9; 12]);
                let aad = Aad::from(header.as_bytes());
                let tag = key.seal_in_place_separate_tag(nonce, aad, &mut bytes);
                (vec![9; 12], tag.unwrap().as_ref().to_vec())
            }
            ContentAlgorithm::Cbc(cipher, mac, half) => {
                let (mac_key, key) = key.split_at(half);
                let key = UnboundCipherKey::new(cipher, key).unwrap();
                let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).unwrap();
                let iv = EncryptionContext::Iv128([9; 16].into());
                key.less_safe_encrypt(&mut bytes, iv).unwrap();
                let bits = (u64::try_from(header.len()).unwrap() * 8).to_be_bytes();
                let mac_key = hmac::Key::new(mac, mac_key);
                let all = [header.as_bytes(), &[9; 16], &bytes, &bits].concat();
                let tag = hmac::sign(&mac_key, &all);
                (vec![9; 16], tag.as_ref().get(..half).unwrap().to_vec())
            }
        };
        [header, url(wrapped), url(&iv), url(&bytes), url(&tag)].join(".")
    }

    fn key_length(enc: &str) -> usize {
        match ContentAlgorithm::named(enc).unwrap() {
            ContentAlgorithm::Gcm(algorithm) => algorithm.key_len(),
            ContentAlgorithm::Cbc(_, _, half) => half * 2,
        }
    }

    const ENCRYPTIONS: [&str; 6] = [
        "A128GCM",
        "A192GCM",
        "A256GCM",
        "A128CBC-HS256",
        "A192CBC-HS384",
        "A256CBC-HS512",
    ];

    #[test]
    fn decrypts_the_example_of_the_standard() {
        // RFC 7516, appendix A.3.
        let key = URL_SAFE_NO_PAD.decode("GawgguFyGrWKav7AX4VKUg").unwrap();
        let text = "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.\
            6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.\
            AxY8DCtDaGlsbGljb3RoZQ.\
            KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.\
            U0m_YmjN04DJvceFICbCVQ";
        let opened = decrypt(text, &[secret(&[1; 16]), secret(&key)]);
        assert_eq!(opened.unwrap().as_deref(), Some("Live long and prosper."));
        assert_eq!(
            decrypt(text, &[secret(&[1; 16])]),
            Err(Rejection::Undecryptable)
        );
    }

    #[test]
    fn every_pair_of_algorithms_is_decrypted() {
        let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let public: PublicEncryptingKey = private.public_key();
        let public = OaepPublicEncryptingKey::new(public).unwrap();
        let rsa = DecryptionKey {
            id: None,
            kind: Kind::Rsa(OaepPrivateDecryptingKey::new(private).unwrap()),
        };
        let keys = [secret(&[3; 16]), secret(&[4; 32]), rsa];
        for enc in ENCRYPTIONS {
            let content_key = vec![7; key_length(enc)];
            for alg in ["dir", "A128KW", "A256KW", "RSA-OAEP", "RSA-OAEP-256"] {
                let mut room = vec![0; 300];
                let (direct, wrapped) = match KeyAlgorithm::named(alg).unwrap() {
                    KeyAlgorithm::Direct => (secret(&content_key), Vec::new()),
                    KeyAlgorithm::Wrapped(cipher) => {
                        let kek = match alg {
                            "A128KW" => AesKek::new(cipher, &[3; 16]),
                            _ => AesKek::new(cipher, &[4; 32]),
                        };
                        let wrapped = kek.unwrap().wrap(&content_key, &mut room).unwrap();
                        (secret(&[1; 16]), wrapped.to_vec())
                    }
                    KeyAlgorithm::Rsa(oaep) => {
                        let wrapped = public.encrypt(oaep, &content_key, &mut room, None);
                        (secret(&[1; 16]), wrapped.unwrap().to_vec())
                    }
                };
                let header = format!(r#"{{"alg":"{alg}","enc":"{enc}"}}"#);
                let text = seal(&header, enc, "a.b.c", &content_key, &wrapped);
                let all: Vec<&DecryptionKey> = keys.iter().chain([&direct]).collect();
                let opened = all
                    .iter()
                    .filter_map(|key| decrypt(&text, std::slice::from_ref(*key)).ok().flatten())
                    .collect::<Vec<_>>();
                assert_eq!(opened, ["a.b.c"], "{alg} {enc}");
            }
        }
    }

    #[test]
    fn what_was_changed_is_refused_in_one_way() {
        for enc in ENCRYPTIONS {
            let key = vec![7; key_length(enc)];
            let header = format!(r#"{{"alg":"dir","enc":"{enc}"}}"#);
            let text = seal(&header, enc, "a.b.c", &key, &[]);
            let keys = [secret(&key)];
            assert!(decrypt(&text, &keys).is_ok());
            let parts: Vec<&str> = text.split('.').collect();
            for part in 1..5 {
                let mut changed: Vec<String> = parts.iter().map(|part| (*part).into()).collect();
                if let Some(part) = changed.get_mut(part) {
                    *part = match part.strip_prefix('A') {
                        Some(rest) => format!("B{rest}"),
                        None if part.is_empty() => "AAAA".into(),
                        None => format!("A{}", part.get(1..).unwrap()),
                    };
                }
                let changed = decrypt(&changed.join("."), &keys);
                assert_eq!(changed, Err(Rejection::Undecryptable), "{enc} {part}");
            }
            // A part of the tag is no tag.
            let tag = parts.last().and_then(|tag| tag.get(..16)).unwrap();
            let short = [parts.get(..4).unwrap(), &[tag]].concat().join(".");
            let short = short.as_str();
            assert_eq!(
                decrypt(short, &keys),
                Err(Rejection::Undecryptable),
                "{enc}"
            );
        }
    }

    #[test]
    fn keys_with_an_id_are_for_tokens_that_name_it() {
        let key = |id: &str| DecryptionKey {
            id: Some(id.into()),
            ..secret(&[7; 16])
        };
        let header = r#"{"alg":"dir","enc":"A128GCM","kid":"k1"}"#;
        let text = seal(header, "A128GCM", "a.b.c", &[7; 16], &[]);
        assert!(decrypt(&text, &[key("k1")]).is_ok());
        assert_eq!(decrypt(&text, &[key("k2")]), Err(Rejection::Undecryptable));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let text = |header: &str| seal(header, "A128GCM", "a.b.c", &[7; 16], &[]);
        let decrypt = |header: &str| decrypt(&text(header), &[secret(&[7; 16])]).unwrap_err();
        assert_eq!(
            decrypt(r#"{"alg":"RSA1_5","enc":"A128GCM"}"#),
            Rejection::UnknownEncryption(Shown::new("RSA1_5"))
        );
        assert_eq!(
            decrypt(r#"{"alg":"dir","enc":"none"}"#),
            Rejection::UnknownEncryption(Shown::new("none"))
        );
        assert_eq!(
            decrypt(r#"{"alg":"dir","enc":"A128GCM","zip":"DEF"}"#),
            Rejection::Malformed(MalformedToken::Compressed)
        );
        assert_eq!(
            decrypt(r#"{"alg":"dir","enc":"A128GCM","crit":["x"]}"#),
            Rejection::Malformed(MalformedToken::Critical)
        );
        assert_eq!(
            decrypt(r#"{"alg":"dir"}"#),
            Rejection::Malformed(MalformedToken::Json("header"))
        );
    }
}
