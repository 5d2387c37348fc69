//! AES over whole messages, with .NET's paddings.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    UnboundCipherKey,
};

use crate::throw::Throw;

/// The length of a block in bytes.
pub(super) const BLOCK: usize = 16;

/// `CipherMode`, as far as it is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Cbc,
    Ecb,
}

/// `PaddingMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Padding {
    None,
    Pkcs7,
    Zeros,
    AnsiX923,
    Iso10126,
}

/// A key bound to an initialization vector, in one direction.
#[derive(Clone)]
pub(super) struct Cipher {
    pub(super) key: Vec<u8>,
    pub(super) iv: [u8; BLOCK],
    pub(super) mode: Mode,
    pub(super) padding: Padding,
    pub(super) encrypts: bool,
}

impl std::fmt::Debug for Cipher {
    /// The key never shows.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cipher")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl Cipher {
    /// The whole message the other way; `random` gives bytes of the one padding that has random ones.
    pub(super) fn run(
        &self,
        mut bytes: Vec<u8>,
        random: impl FnMut() -> u8,
    ) -> Result<Vec<u8>, Throw> {
        if self.encrypts {
            self.padding.add(&mut bytes, random)?;
            self.encrypt(&mut bytes).ok_or_else(failed)?;
            return Ok(bytes);
        }
        if !bytes.len().is_multiple_of(BLOCK) {
            return Err(exception("The input data is not a complete block."));
        }
        if !bytes.is_empty() {
            self.decrypt(&mut bytes).ok_or_else(failed)?;
            self.padding.remove(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn encrypt(&self, bytes: &mut [u8]) -> Option<()> {
        let key = self.unbound()?;
        let (key, context) = match self.mode {
            Mode::Cbc => (
                EncryptingKey::cbc(key).ok()?,
                EncryptionContext::Iv128(self.iv.into()),
            ),
            Mode::Ecb => (EncryptingKey::ecb(key).ok()?, EncryptionContext::None),
        };
        key.less_safe_encrypt(bytes, context).ok().map(|_| ())
    }

    fn decrypt(&self, bytes: &mut [u8]) -> Option<()> {
        let key = self.unbound()?;
        let (key, context) = match self.mode {
            Mode::Cbc => (
                DecryptingKey::cbc(key).ok()?,
                DecryptionContext::Iv128(self.iv.into()),
            ),
            Mode::Ecb => (DecryptingKey::ecb(key).ok()?, DecryptionContext::None),
        };
        key.decrypt(bytes, context).ok().map(|_| ())
    }

    fn unbound(&self) -> Option<UnboundCipherKey> {
        let algorithm = match self.key.len() {
            16 => &AES_128,
            24 => &AES_192,
            _ => &AES_256,
        };
        UnboundCipherKey::new(algorithm, &self.key).ok()
    }
}

impl Padding {
    fn add(self, bytes: &mut Vec<u8>, mut random: impl FnMut() -> u8) -> Result<(), Throw> {
        let over = bytes.len() % BLOCK;
        let missing = u8::try_from(BLOCK - over).unwrap_or(0);
        match self {
            Padding::None if over != 0 => {
                return Err(exception("The input data is not a complete block."));
            }
            Padding::Zeros if over != 0 => bytes.extend((0..missing).map(|_| 0)),
            Padding::None | Padding::Zeros => {}
            Padding::Pkcs7 => bytes.extend((0..missing).map(|_| missing)),
            Padding::AnsiX923 => {
                bytes.extend((1..missing).map(|_| 0));
                bytes.push(missing);
            }
            Padding::Iso10126 => {
                bytes.extend((1..missing).map(|_| random()));
                bytes.push(missing);
            }
        }
        Ok(())
    }

    fn remove(self, bytes: &mut Vec<u8>) -> Result<(), Throw> {
        if matches!(self, Padding::None | Padding::Zeros) {
            return Ok(());
        }
        let padding = bytes.last().map_or(0, |last| usize::from(*last));
        let body = bytes.len().checked_sub(padding);
        let body = body.filter(|_| (1..=BLOCK).contains(&padding));
        let body = body.filter(|body| {
            let mut filling = bytes.iter().skip(*body).take(padding - 1);
            match self {
                Padding::Pkcs7 => filling.all(|byte| usize::from(*byte) == padding),
                Padding::AnsiX923 => filling.all(|byte| *byte == 0),
                Padding::Iso10126 | Padding::None | Padding::Zeros => true,
            }
        });
        let body = body.ok_or_else(|| exception("Padding is invalid and cannot be removed."))?;
        bytes.truncate(body);
        Ok(())
    }
}

/// A `CryptographicException`.
pub(super) fn exception(message: &str) -> Throw {
    Throw::new(
        "System.Security.Cryptography.CryptographicException",
        message,
    )
}

fn failed() -> Throw {
    exception("Error occurred during a cryptographic operation.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn cipher(mode: Mode, padding: Padding, encrypts: bool) -> Cipher {
        Cipher {
            key: vec![0; 16],
            iv: [0; BLOCK],
            mode,
            padding,
            encrypts,
        }
    }

    #[test]
    fn what_was_encrypted_decrypts_under_every_padding() {
        for mode in [Mode::Cbc, Mode::Ecb] {
            for padding in [Padding::Pkcs7, Padding::AnsiX923, Padding::Iso10126] {
                for length in 0..40u8 {
                    let bytes: Vec<u8> = (0..length).collect();
                    let there = cipher(mode, padding, true)
                        .run(bytes.clone(), || 7)
                        .unwrap();
                    assert_eq!(there.len() % BLOCK, 0);
                    let back = cipher(mode, padding, false).run(there, || 7).unwrap();
                    assert_eq!(back, bytes, "{mode:?} {padding:?}");
                }
            }
        }
    }

    #[test]
    fn wrong_padding_is_refused() {
        let none = cipher(Mode::Cbc, Padding::None, true);
        let there = none.run(vec![0; 16], || 0).unwrap();
        let pkcs7 = cipher(Mode::Cbc, Padding::Pkcs7, false);
        assert!(pkcs7.run(there, || 0).is_err());
        assert!(pkcs7.run(vec![1, 2, 3], || 0).is_err());
        assert!(none.run(vec![0; 3], || 0).is_err());
        assert!(pkcs7.run(Vec::new(), || 0).unwrap().is_empty());
    }
}
