//! The memory of tokens whose signature was checked: a check costs more than the rest of a request.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rand;

use super::keys::KeyIdentity;

/// Tokens whose signature was checked, each with the key that signed it. Everything else about a token is to be
/// checked again. Bounded to [`SETS`] × [`WAYS`] tokens and about 64 MiB; only good tokens take room.
pub(crate) struct Remembered<T> {
    /// None when the system has no random numbers: then nothing is remembered.
    fingerprints: Option<Fingerprints>,
    sets: Box<[Mutex<Vec<Entry<T>>>]>,
}

/// How many small sets there are, each with its own lock, so that threads seldom meet.
const SETS: usize = 1280;
/// How many tokens a set holds.
const WAYS: usize = 8;
/// How many bytes of tokens a set holds; what is kept of a token takes about four times its text.
const SET_BYTES: usize = (64 << 20) / SETS / 4;

struct Entry<T> {
    fingerprint: u128,
    key: KeyIdentity,
    /// Seconds since 1970 after which the token is of no use.
    expiration: i64,
    /// Seconds since 1970 when it was asked for last.
    used: i64,
    bytes: usize,
    token: Arc<T>,
}

impl<T> Remembered<T> {
    /// What was kept of this very token, if the key that signed it is accepted for it now.
    pub(crate) fn get(
        &self,
        text: &str,
        now: i64,
        accepts: impl FnOnce(KeyIdentity, &T) -> bool,
    ) -> Option<Arc<T>> {
        let (fingerprint, set) = self.place(text)?;
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = set
            .iter_mut()
            .find(|entry| entry.fingerprint == fingerprint)?;
        entry.used = now;
        accepts(entry.key, &entry.token).then(|| entry.token.clone())
    }

    /// Keeps a token whose signature was found good, at the cost of expired ones and of those not asked for longest.
    pub(crate) fn put(
        &self,
        text: &str,
        key: KeyIdentity,
        expiration: i64,
        now: i64,
        token: &Arc<T>,
    ) {
        let Some((fingerprint, set)) = self.place(text).filter(|_| text.len() <= SET_BYTES) else {
            return;
        };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        set.retain(|entry| entry.fingerprint != fingerprint && entry.expiration > now);
        let bytes = |set: &[Entry<T>]| set.iter().map(|entry| entry.bytes).sum::<usize>();
        while set.len() >= WAYS || bytes(&set) + text.len() > SET_BYTES {
            let oldest = (0..set.len()).min_by_key(|&at| set.get(at).map(|entry| entry.used));
            set.swap_remove(oldest.unwrap_or_default());
        }
        set.push(Entry {
            fingerprint,
            key,
            expiration,
            used: now,
            bytes: text.len(),
            token: token.clone(),
        });
    }

    fn place(&self, text: &str) -> Option<(u128, &Mutex<Vec<Entry<T>>>)> {
        let fingerprint = self.fingerprints.as_ref()?.of(text)?;
        // The remainder is below the number of sets, so it fits.
        let index = (fingerprint % SETS as u128) as usize;
        Some((fingerprint, self.sets.get(index)?))
    }
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self {
            fingerprints: Fingerprints::new(),
            sets: (0..SETS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl<T> fmt::Debug for Remembered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

/// Fingerprints under a key that is drawn once per process.
///
/// GMAC with a fixed nonce: a universal hash (GHASH) under a secret key. Two tokens share a fingerprint with a chance
/// below 2⁻¹¹⁵, whoever chose them; the usual harm of a fixed nonce needs tags to get out, and these never do.
struct Fingerprints(LessSafeKey);

impl Fingerprints {
    fn new() -> Option<Self> {
        let mut key = [0; 16];
        rand::fill(&mut key).ok()?;
        let key = UnboundKey::new(&AES_128_GCM, &key).ok()?;
        Some(Self(LessSafeKey::new(key)))
    }

    fn of(&self, text: &str) -> Option<u128> {
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce, Aad::from(text.as_bytes()), &mut [])
            .ok()?;
        Some(u128::from_le_bytes(tag.as_ref().try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::super::keys::Key;
    use super::*;

    fn key(secret: &str) -> KeyIdentity {
        Key::secret(secret, None).unwrap().identity()
    }

    fn one_key() -> KeyIdentity {
        key("MDEyMzQ1Njc4OWFiY2RlZg==")
    }

    #[test]
    fn gives_back_the_very_token_under_its_key_only() {
        let (one, other) = (one_key(), key("ZmVkY2JhOTg3NjU0MzIxMA=="));
        let remembered = Remembered::default();
        remembered.put("a.b.c", one, 100, 0, &Arc::new(7));
        let get = |text, key| remembered.get(text, 0, |signed, _| signed == key);
        assert_eq!(get("a.b.c", one).as_deref(), Some(&7));
        assert_eq!(get("a.b.c", other), None);
        assert_eq!(get("a.b.d", one), None);
        assert_eq!(get("a.b.c.", one), None);
    }

    #[test]
    fn takes_bounded_room() {
        let remembered = Remembered::default();
        let long = "x".repeat(SET_BYTES / 2 - 20);
        for number in 0..2 * SETS * WAYS {
            let text = match number % 10 {
                0 => format!("{number}{long}"),
                _ => number.to_string(),
            };
            remembered.put(&text, one_key(), 100, 0, &Arc::new(()));
        }
        for set in &remembered.sets {
            let set = set.lock().unwrap();
            assert!(set.len() <= WAYS);
            assert!(set.iter().map(|entry| entry.bytes).sum::<usize>() <= SET_BYTES);
        }
        let too_long = "x".repeat(SET_BYTES + 1);
        remembered.put(&too_long, one_key(), 100, 0, &Arc::new(()));
        assert!(remembered.get(&too_long, 0, |_, _| true).is_none());
    }

    #[test]
    fn drops_expired_tokens_first_then_those_not_asked_for() {
        let remembered = Remembered::default();
        // Twenty times more than fits; what is asked for all the time stays.
        remembered.put("popular", one_key(), i64::MAX, 0, &Arc::new(()));
        for number in 1..i64::try_from(20 * SETS * WAYS).unwrap() {
            remembered.put(
                &number.to_string(),
                one_key(),
                number + 1,
                number,
                &Arc::new(()),
            );
            assert!(remembered.get("popular", number, |_, _| true).is_some());
        }
    }
}
