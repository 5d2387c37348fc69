//! Certificates of the gateway: what `certificate-id` names.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate with its chain and, if there is one, its private key. Cheap to clone.
///
/// Policies name it by its id in the [`Catalog`](crate::Catalog). Nothing shows the key.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    /// The certificate itself, then those that lead to its root; never empty.
    chain: Vec<CertificateDer<'static>>,
    key: Option<PrivateKeyDer<'static>>,
    thumbprint: String,
}

/// Why bytes are no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// There is no `CERTIFICATE` in the PEM text, or what it holds is none.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// The private key cannot be read: encrypted, or of an unknown form.
    #[error("its private key cannot be read")]
    BadKey,
    /// The PFX file is broken, or has another password.
    #[error("it is no PFX file with this password")]
    BadPfx,
    /// The gateway was built without the feature `pfx`.
    #[error("PFX files need the feature `pfx`")]
    NoPfx,
}

impl Certificate {
    /// Reads PEM text: the certificate first, then its chain, and anywhere the private key (PKCS #8, PKCS #1 or SEC1,
    /// not encrypted).
    ///
    /// # Errors
    /// There is no certificate in it, or its key cannot be read.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        let chain = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>();
        let key = match PrivateKeyDer::from_pem_slice(text) {
            Ok(key) => Some(key),
            Err(rustls_pki_types::pem::Error::NoItemsFound) if !names_a_key(text) => None,
            Err(_) => return Err(CertificateError::BadKey),
        };
        Self::new(chain.map_err(|_| CertificateError::NoCertificate)?, key)
    }

    /// Reads one certificate in DER, which has no private key.
    ///
    /// # Errors
    /// It is no certificate.
    pub fn from_der(der: impl Into<Vec<u8>>) -> Result<Self, CertificateError> {
        Self::new(vec![CertificateDer::from(der.into())], None)
    }

    /// Reads a PFX file (PKCS #12) with its password: the certificate that has a private key, with its chain.
    ///
    /// # Errors
    /// It is none, has another password, or has no private key; or the feature `pfx` is off.
    #[cfg(feature = "pfx")]
    pub fn from_pfx(bytes: &[u8], password: &str) -> Result<Self, CertificateError> {
        use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
        let store = KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Relaxed)
            .map_err(|_| CertificateError::BadPfx)?;
        let (_, found) = store.private_key_chain().ok_or(CertificateError::BadKey)?;
        let key = PrivateKeyDer::try_from(found.key().as_der().to_vec())
            .map_err(|_| CertificateError::BadKey)?;
        let certificates = found.certs().iter();
        let chain = certificates.map(|one| CertificateDer::from(one.as_der().to_vec()));
        Self::new(chain.collect(), Some(key))
    }

    /// Refuses PFX files: the feature `pfx` is off.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(feature = "pfx"))]
    pub fn from_pfx(_: &[u8], _: &str) -> Result<Self, CertificateError> {
        Err(CertificateError::NoPfx)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: Option<PrivateKeyDer<'static>>,
    ) -> Result<Self, CertificateError> {
        let leaf = chain.first().ok_or(CertificateError::NoCertificate)?;
        if chain
            .iter()
            .any(|one| tollgate_dotnet::certificate(one).is_err())
        {
            return Err(CertificateError::NoCertificate);
        }
        let thumbprint = thumbprint(leaf);
        Ok(Self(Arc::new(Parts {
            chain,
            key,
            thumbprint,
        })))
    }

    /// The certificate, DER.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        // `new` lets no empty chain through.
        self.0.chain.first().unwrap_or(&EMPTY)
    }

    /// The certificate and those behind it, DER.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.chain
    }

    /// The private key.
    pub fn key(&self) -> Option<&PrivateKeyDer<'static>> {
        self.0.key.as_ref()
    }

    /// The SHA-1 hash of the certificate, as `X509Certificate2.Thumbprint` writes it: 40 upper-case hexadecimal digits.
    pub fn thumbprint(&self) -> &str {
        &self.0.thumbprint
    }
}

static EMPTY: CertificateDer<'static> = CertificateDer::from_slice(&[]);

/// The SHA-1 hash of a certificate in DER: 40 upper-case hexadecimal digits.
pub fn thumbprint(der: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der);
    let digits = hash.as_ref().iter().map(|byte| format!("{byte:02X}"));
    digits.collect()
}

/// Whether PEM text has a private key of whatever form: one that cannot be read must not pass for none.
fn names_a_key(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"PRIVATE KEY-----").is_some()
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.leaf() == other.leaf() && self.key().is_some() == other.key().is_some()
    }
}

impl Eq for Certificate {}

/// Shows which one it is, never its key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("thumbprint", &self.thumbprint())
            .field("has_key", &self.key().is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        use CertificateError::{BadKey, NoCertificate};
        let encrypted =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        for (text, error) in [
            ("", NoCertificate),
            ("nothing", NoCertificate),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                NoCertificate,
            ),
            (encrypted, BadKey),
        ] {
            assert_eq!(Certificate::from_pem(text.as_bytes()), Err(error), "{text}");
        }
        assert_eq!(Certificate::from_der([0x30; 8]), Err(NoCertificate));
    }
}
