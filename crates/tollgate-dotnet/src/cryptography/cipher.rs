//! AES, DES, Triple DES and RC2 over whole messages, with .NET's modes and paddings.

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    UnboundCipherKey,
};

use des::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use des::{Des, TdesEde2, TdesEde3};
use rc2::Rc2;

use crate::throw::Throw;

/// A block cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Aes,
    Des,
    TripleDes,
    Rc2,
}

impl Kind {
    /// The length of a block in bytes.
    pub(super) fn block(self) -> usize {
        match self {
            Kind::Aes => 16,
            Kind::Des | Kind::TripleDes | Kind::Rc2 => 8,
        }
    }

    /// The lengths that a key may have.
    pub(super) fn keys(self) -> &'static [usize] {
        match self {
            Kind::Aes => &[16, 24, 32],
            Kind::Des => &[8],
            Kind::TripleDes => &[16, 24],
            Kind::Rc2 => &[5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
        }
    }
}

/// `CipherMode`, as far as it is supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Cbc,
    Ecb,
    /// With a feedback of eight bits, .NET's usual.
    Cfb,
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

/// Encrypts a block, or decrypts it.
type Block = Box<dyn Fn(&mut [u8], bool) -> Option<()>>;

fn expanded<C>(key: &[u8]) -> Option<Block>
where
    C: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt + 'static,
{
    let cipher = C::new_from_slice(key).ok()?;
    Some(Box::new(move |bytes, encrypts| {
        let block = <&mut Array<u8, C::BlockSize>>::try_from(bytes).ok()?;
        match encrypts {
            true => cipher.encrypt_block(block),
            false => cipher.decrypt_block(block),
        }
        Some(())
    }))
}

/// A key bound to an initialization vector, in one direction.
#[derive(Clone)]
pub(super) struct Cipher {
    pub(super) kind: Kind,
    pub(super) key: Vec<u8>,
    /// As long as a block.
    pub(super) iv: Vec<u8>,
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
        // A feedback of one byte makes blocks of one byte for the padding too.
        let unit = self.unit();
        if self.encrypts {
            self.padding.add(unit, &mut bytes, random)?;
            self.transform(&mut bytes).ok_or_else(failed)?;
            return Ok(bytes);
        }
        if !bytes.len().is_multiple_of(unit) {
            return Err(exception("The input data is not a complete block."));
        }
        if !bytes.is_empty() {
            self.transform(&mut bytes).ok_or_else(failed)?;
            self.padding.remove(unit, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// How many bytes go through it at once.
    pub(super) fn unit(&self) -> usize {
        match self.mode {
            Mode::Cfb => 1,
            _ => self.kind.block(),
        }
    }

    /// Goes on after this ciphertext.
    pub(super) fn follow(&mut self, ciphertext: &[u8]) {
        self.iv.extend_from_slice(ciphertext);
        let start = self.iv.len().saturating_sub(self.kind.block());
        self.iv.drain(..start);
    }

    fn transform(&self, bytes: &mut [u8]) -> Option<()> {
        if self.mode == Mode::Cfb {
            return self.feed_back(bytes);
        }
        match (self.kind, self.encrypts) {
            (Kind::Aes, true) => self.encrypt(bytes, self.mode),
            (Kind::Aes, false) => self.decrypt(bytes),
            _ => self.chain(bytes),
        }
    }

    /// CFB: each byte is added to the first of a block, which is what went before, encrypted.
    fn feed_back(&self, bytes: &mut [u8]) -> Option<()> {
        let old = match self.kind {
            Kind::Aes => None,
            _ => Some(self.old()?),
        };
        let mut register = self.iv.clone();
        for byte in bytes {
            let mut block = register.clone();
            match &old {
                Some(old) => old(&mut block, true)?,
                None => self.encrypt(&mut block, Mode::Ecb)?,
            }
            let before = *byte;
            *byte ^= block.first()?;
            register.remove(0);
            register.push(if self.encrypts { *byte } else { before });
        }
        Some(())
    }

    /// CBC and ECB of the ciphers with blocks of eight bytes.
    fn chain(&self, bytes: &mut [u8]) -> Option<()> {
        let old = self.old()?;
        let mut before = match self.mode {
            Mode::Cbc => self.iv.clone(),
            _ => vec![0; self.kind.block()],
        };
        for block in bytes.chunks_mut(self.kind.block()) {
            let original = block.to_vec();
            let mix = |block: &mut [u8], with: &[u8]| {
                for (byte, other) in block.iter_mut().zip(with) {
                    *byte ^= other;
                }
            };
            if self.encrypts {
                mix(block, &before);
                old(block, true)?;
            } else {
                old(block, false)?;
                mix(block, &before);
            }
            if self.mode == Mode::Cbc {
                before = if self.encrypts {
                    block.to_vec()
                } else {
                    original
                };
            }
        }
        Some(())
    }

    /// One of the ciphers with blocks of eight bytes, its key expanded.
    fn old(&self) -> Option<Block> {
        match (self.kind, self.key.len()) {
            (Kind::Des, _) => expanded::<Des>(&self.key),
            (Kind::Rc2, _) => expanded::<Rc2>(&self.key),
            (_, 16) => expanded::<TdesEde2>(&self.key),
            _ => expanded::<TdesEde3>(&self.key),
        }
    }

    fn encrypt(&self, bytes: &mut [u8], mode: Mode) -> Option<()> {
        let key = self.unbound()?;
        let (key, context) = match mode {
            Mode::Cbc => (
                EncryptingKey::cbc(key).ok()?,
                EncryptionContext::Iv128(self.iv128()?.into()),
            ),
            _ => (EncryptingKey::ecb(key).ok()?, EncryptionContext::None),
        };
        key.less_safe_encrypt(bytes, context).ok().map(|_| ())
    }

    fn decrypt(&self, bytes: &mut [u8]) -> Option<()> {
        let key = self.unbound()?;
        let (key, context) = match self.mode {
            Mode::Cbc => (
                DecryptingKey::cbc(key).ok()?,
                DecryptionContext::Iv128(self.iv128()?.into()),
            ),
            _ => (DecryptingKey::ecb(key).ok()?, DecryptionContext::None),
        };
        key.decrypt(bytes, context).ok().map(|_| ())
    }

    fn iv128(&self) -> Option<[u8; 16]> {
        self.iv.as_slice().try_into().ok()
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
    fn add(
        self,
        block: usize,
        bytes: &mut Vec<u8>,
        mut random: impl FnMut() -> u8,
    ) -> Result<(), Throw> {
        let over = bytes.len() % block;
        let missing = u8::try_from(block - over).unwrap_or(0);
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

    fn remove(self, block: usize, bytes: &mut Vec<u8>) -> Result<(), Throw> {
        if matches!(self, Padding::None | Padding::Zeros) {
            return Ok(());
        }
        let padding = bytes.last().map_or(0, |last| usize::from(*last));
        let body = bytes.len().checked_sub(padding);
        let body = body.filter(|_| (1..=block).contains(&padding));
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
            kind: Kind::Aes,
            key: vec![0; 16],
            iv: vec![0; 16],
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
                    assert_eq!(there.len() % 16, 0);
                    let back = cipher(mode, padding, false).run(there, || 7).unwrap();
                    assert_eq!(back, bytes, "{mode:?} {padding:?}");
                }
            }
        }
    }

    #[test]
    fn older_ciphers_go_there_and_back_in_every_mode() {
        for (kind, key) in [(Kind::Des, 8), (Kind::TripleDes, 16), (Kind::TripleDes, 24)] {
            for mode in [Mode::Cbc, Mode::Ecb, Mode::Cfb] {
                let cipher = |encrypts| Cipher {
                    kind,
                    key: (1..=key).collect(),
                    iv: vec![7; 8],
                    mode,
                    padding: Padding::Pkcs7,
                    encrypts,
                };
                let there = cipher(true).run(b"some text".to_vec(), || 0).unwrap();
                assert_ne!(there, b"some text");
                let back = cipher(false).run(there, || 0).unwrap();
                assert_eq!(back, b"some text", "{kind:?} {mode:?}");
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
