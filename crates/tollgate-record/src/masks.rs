//! Secrets and what stands in their place: the same one everywhere for the same secret, another one for another.

use std::collections::{HashMap, HashSet};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};

/// Shorter texts are no secrets: they stand for too much else.
const SHORTEST: usize = 3;
/// Shorter ones are only found where they stand alone.
const ALONE: usize = 8;
/// So long is a part of a token that tells something.
const LONG_PART: usize = 16;
/// What is left as it is in a URL.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[derive(Debug)]
struct Secret {
    value: String,
    made_up: String,
    /// It is in whatever replays the exchange, as a secret of the configuration is.
    given: bool,
    /// It is made of another one, and there if that is.
    part: Option<usize>,
    /// A token that each replay makes anew.
    token: bool,
}

/// All secrets that were found so far.
#[derive(Debug, Default)]
pub(crate) struct Masks {
    secrets: Vec<Secret>,
    by_value: HashMap<String, usize>,
    finder: Option<Finder>,
    /// Those that this exchange had in what came in.
    met: HashSet<usize>,
}

#[derive(Debug)]
struct Finder {
    all: AhoCorasick,
    /// The secret of each pattern, and what stands in the pattern's place.
    patterns: Vec<(usize, String)>,
}

/// A piece of a text.
enum Piece<'t> {
    Text(&'t str),
    Secret(usize, &'t str),
}

impl Masks {
    /// A secret that the configuration takes from elsewhere; what stands in its place is of the same shape.
    pub(crate) fn give(&mut self, label: &str, value: &str) -> String {
        if let Some(index) = self.by_value.get(value)
            && let Some(secret) = self.secrets.get(*index)
        {
            return secret.made_up.clone();
        }
        let made_up = shaped(value, label, self.secrets.len() + 1);
        if value.len() >= SHORTEST && !matches!(value, "true" | "false") {
            self.insert(value, made_up.clone(), true, None, false);
            return made_up;
        }
        value.to_owned()
    }

    /// A secret in whose place stands this.
    pub(crate) fn fix(&mut self, value: &str, made_up: &str) {
        if !self.is_known(value) {
            self.insert(value, made_up.to_owned(), false, None, false);
        }
    }

    /// A secret that was found under a name.
    pub(crate) fn add(&mut self, label: &str, value: &str) {
        let value = value.trim();
        let word = matches!(
            value.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "none" | "yes" | "no" | "undefined" | "bearer" | "basic"
        );
        let number = value.len() < ALONE && value.bytes().all(|byte| byte.is_ascii_digit());
        if value.len() < SHORTEST || word || number || self.is_known(value) {
            return;
        }
        let number = self.secrets.len() + 1;
        let made_up = match is_guid(value) {
            true => guid(number),
            false => format!("masked-{}-{number}", plain(label)),
        };
        self.insert(value, made_up, false, None, false);
    }

    /// `user:password` of `Basic`, in Base64.
    pub(crate) fn add_basic(&mut self, text: &str) {
        let decoded = STANDARD.decode(text).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(pair) = decoded else {
            return self.add("basic", text);
        };
        let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
        // With no password the name is the secret.
        let secret = if password.is_empty() { user } else { password };
        self.add("password", secret);
        let Some(index) = self.by_value.get(secret).copied() else {
            return self.add("basic", text);
        };
        let made_up = match (self.secrets.get(index), password.is_empty()) {
            (Some(secret), true) => format!("{}:", secret.made_up),
            (Some(secret), false) => format!("{user}:{}", secret.made_up),
            (None, _) => return,
        };
        if !self.is_known(text) {
            self.insert(text, STANDARD.encode(made_up), false, Some(index), false);
        }
    }

    /// A token of the request, which each replay makes anew.
    pub(crate) fn add_token(&mut self, token: &str) {
        // Its parts tell as much.
        let parts = token.split('.').filter(|part| part.len() >= LONG_PART);
        for part in std::iter::once(token).chain(parts) {
            let known = self.by_value.get(part).copied();
            match known.and_then(|index| self.secrets.get_mut(index)) {
                Some(secret) => secret.token = true,
                None => {
                    let made_up = format!("masked-jwt-{}", self.secrets.len() + 1);
                    self.insert(part, made_up, false, None, true);
                }
            }
        }
    }

    /// The secrets of the configuration.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        let given = self.secrets.iter().filter(|secret| secret.given);
        given.map(|secret| (&*secret.value, &*secret.made_up))
    }

    fn is_known(&self, value: &str) -> bool {
        self.by_value.contains_key(value)
            // What stands in the place of a secret is none.
            || value.starts_with("masked-")
            || value.starts_with("token-for-")
    }

    fn insert(
        &mut self,
        value: &str,
        made_up: String,
        given: bool,
        part: Option<usize>,
        token: bool,
    ) {
        self.by_value.insert(value.to_owned(), self.secrets.len());
        self.secrets.push(Secret {
            value: value.to_owned(),
            made_up,
            given,
            part,
            token,
        });
        self.finder = None;
    }

    /// Begins with the next exchange: tokens of the one before are secrets as others are.
    pub(crate) fn next_exchange(&mut self) {
        self.met.clear();
        for secret in &mut self.secrets {
            secret.token = false;
        }
    }

    fn finder(&mut self) -> Option<&Finder> {
        if self.finder.is_none() {
            let mut found = Vec::new();
            let mut patterns = Vec::new();
            let mut seen = HashSet::new();
            for (index, secret) in self.secrets.iter().enumerate() {
                for (pattern, instead) in spellings(&secret.value, &secret.made_up) {
                    if seen.insert(pattern.clone()) {
                        found.push(pattern);
                        patterns.push((index, instead));
                    }
                }
            }
            let all = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&found)
                .ok()?;
            self.finder = Some(Finder { all, patterns });
        }
        self.finder.as_ref()
    }

    fn pieces<'t>(&'t mut self, text: &'t str) -> Vec<Piece<'t>> {
        let mut pieces = Vec::new();
        let mut end = 0;
        let Some(finder) = self.finder() else {
            return vec![Piece::Text(text)];
        };
        for found in finder.all.find_iter(text) {
            let Some((index, instead)) = finder.patterns.get(found.pattern().as_usize()) else {
                continue;
            };
            let (before, behind) = (text.get(..found.start()), text.get(found.end()..));
            let joins = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
            let alone = !joins(before.and_then(|text| text.chars().next_back()))
                && !joins(behind.and_then(|text| text.chars().next()));
            if found.len() < ALONE && !alone {
                continue;
            }
            pieces.push(Piece::Text(
                text.get(end..found.start()).unwrap_or_default(),
            ));
            pieces.push(Piece::Secret(*index, instead));
            end = found.end();
        }
        pieces.push(Piece::Text(text.get(end..).unwrap_or_default()));
        pieces
    }

    /// A text that came in from outside: secrets in it are replaced, and may come out again.
    pub(crate) fn input(&mut self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut met = Vec::new();
        for piece in self.pieces(text) {
            match piece {
                Piece::Text(text) => masked.push_str(text),
                Piece::Secret(index, instead) => {
                    masked.push_str(instead);
                    met.push(index);
                }
            }
        }
        self.met.extend(met);
        masked
    }

    /// Whether there is a secret in a text.
    pub(crate) fn finds_in(&mut self, text: &str) -> bool {
        self.pieces(text).len() > 1
    }

    /// A text that the gateway made: what it may be held to. A secret that did not come in with the exchange, such as one
    /// that stands in a policy, may be anything; so may a token.
    pub(crate) fn output(&mut self, text: &str) -> Json {
        let tokens = self.free();
        let met = self.met.clone();
        let known = |index: usize| !tokens.contains(&index) && met.contains(&index);
        let pieces = self.pieces(text);
        let mut masked = String::new();
        let mut pattern = "(?s)^".to_owned();
        let mut open = false;
        for piece in pieces {
            match piece {
                Piece::Secret(index, instead) if known(index) => {
                    masked.push_str(instead);
                    pattern.push_str(&fancy_regex::escape(instead));
                }
                Piece::Secret(..) => {
                    open = true;
                    pattern.push_str(".+");
                }
                Piece::Text(text) => {
                    masked.push_str(text);
                    pattern.push_str(&fancy_regex::escape(text));
                }
            }
        }
        match open {
            false => masked.into(),
            true if masked.is_empty() => json!({"absent": false}),
            true => json!({"matches": pattern + "$"}),
        }
    }

    /// A text that the gateway made, `*` for what may be anything.
    pub(crate) fn url(&mut self, url: &str) -> String {
        let tokens = self.free();
        let met = self.met.clone();
        let pieces = self.pieces(url).into_iter();
        let pieces = pieces.map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Secret(index, instead) if met.contains(&index) && !tokens.contains(&index) => {
                instead
            }
            Piece::Secret(..) => "*",
        });
        pieces.collect()
    }

    /// Counts those as met that are there whatever came in; then the tokens.
    fn free(&mut self) -> HashSet<usize> {
        let mut free = HashSet::new();
        for (index, secret) in self.secrets.iter().enumerate() {
            if secret.token {
                free.insert(index);
            }
            let there = secret.part.is_some_and(|part| {
                self.met.contains(&part) || self.secrets.get(part).is_some_and(|part| part.given)
            });
            if secret.given || there {
                self.met.insert(index);
            }
        }
        free
    }
}

/// How a secret may be written, and what stands there then.
fn spellings(value: &str, made_up: &str) -> Vec<(String, String)> {
    type Spell = fn(&str) -> String;
    let spells: [Spell; 6] = [
        str::to_owned,
        |text| utf8_percent_encode(text, UNRESERVED).to_string(),
        |text| json_text(text),
        |text| {
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
        },
        |text| STANDARD.encode(text),
        |text| URL_SAFE_NO_PAD.encode(text),
    ];
    let spellings = spells.map(|spell| (spell(value), spell(made_up)));
    spellings.into_iter().collect()
}

/// Inside of the quotes of JSON.
fn json_text(text: &str) -> String {
    let quoted = Json::from(text).to_string();
    let inside = quoted
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}

/// A secret of the same shape, so that what takes the one takes the other: a URL, a GUID, a number, Base64 of so many
/// bytes, or text.
fn shaped(value: &str, label: &str, number: usize) -> String {
    let label = plain(label);
    if value.starts_with("https://") || value.starts_with("http://") {
        return format!("https://masked-{label}-{number}.example");
    }
    if is_guid(value) {
        return guid(number);
    }
    if value.len() >= 4 && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{:0>1$}", number, value.len());
    }
    let letters =
        value.bytes().any(|byte| byte.is_ascii_uppercase()) || value.contains(['+', '/', '=']);
    if value.len() >= 16
        && letters
        && let Ok(bytes) = STANDARD.decode(value)
    {
        let text = format!("{number}-masked-{label}-");
        let bytes: Vec<u8> = text.bytes().cycle().take(bytes.len()).collect();
        return STANDARD.encode(bytes);
    }
    format!("masked-{label}-{number}")
}

fn is_guid(value: &str) -> bool {
    value.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && value
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn guid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A name in small letters and dashes.
fn plain(label: &str) -> String {
    let letters = label.chars().map(|letter| match letter {
        'a'..='z' | '0'..='9' => letter,
        'A'..='Z' => letter.to_ascii_lowercase(),
        _ => '-',
    });
    let text: String = letters.take(40).collect();
    let text = text.trim_matches('-');
    if text.is_empty() {
        "secret".to_owned()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_same_secret_has_the_same_mask_and_others_have_others() {
        let mut masks = Masks::default();
        masks.add("api-key", "s3cr3t+one/=");
        masks.add("api-key", "s3cr3t-two");
        let text = masks.input("a s3cr3t+one/= b s3cr3t%2Bone%2F%3D c s3cr3t-two d s3cr3t+one/=");
        assert_eq!(
            text,
            "a masked-api-key-1 b masked-api-key-1 c masked-api-key-2 d masked-api-key-1"
        );
        let encoded = masks.input(&STANDARD.encode("s3cr3t-two"));
        assert_eq!(encoded, STANDARD.encode("masked-api-key-2"));
    }

    #[test]
    fn what_did_not_come_in_may_be_anything_when_it_goes_out() {
        let mut masks = Masks::default();
        masks.add("api-key", "from-the-client");
        masks.add("api-key", "in-the-policy");
        masks.add_token("eyJ.a.b");
        masks.input("from-the-client and eyJ.a.b");
        assert_eq!(
            masks.output("x from-the-client"),
            json!("x masked-api-key-1")
        );
        assert_eq!(masks.output("in-the-policy"), json!({"absent": false}));
        assert_eq!(
            masks.output("Bearer eyJ.a.b"),
            json!({"matches": "(?s)^Bearer .+$"})
        );
        assert_eq!(masks.url("https://a/?k=in-the-policy"), "https://a/?k=*");
        masks.next_exchange();
        assert_eq!(masks.output("from-the-client"), json!({"absent": false}));
    }

    #[test]
    fn credentials_of_basic_are_taken_apart() {
        let mut masks = Masks::default();
        masks.add_basic(&STANDARD.encode("bob:pass-word"));
        let text = format!("Basic {} pass-word", STANDARD.encode("bob:pass-word"));
        let made_up = STANDARD.encode("bob:masked-password-1");
        assert_eq!(
            masks.input(&text),
            format!("Basic {made_up} masked-password-1")
        );
        masks.add_basic(&STANDARD.encode("sk-live-1:"));
        assert_eq!(masks.input("sk-live-1"), "masked-password-3");
        masks.add_basic("not Base64");
        assert_eq!(masks.input("not Base64"), "masked-basic-5");
    }

    #[test]
    fn what_is_given_keeps_its_shape() {
        let mut masks = Masks::default();
        let key = STANDARD.encode([7; 32]);
        let made_up = masks.give("KEY", &key);
        assert_eq!(STANDARD.decode(made_up).unwrap().len(), 32);
        assert_eq!(
            masks.give("URL", "https://hush.example/x"),
            "https://masked-url-2.example"
        );
        assert_eq!(
            masks.give("ID", "11111111-2222-3333-4444-555555555555"),
            "00000000-0000-4000-8000-000000000003"
        );
        assert_eq!(masks.give("PIN", "123456"), "000004");
        assert_eq!(masks.give("FLAG", "true"), "true");
        assert_eq!(masks.give("WORD", "hush-hush"), "masked-word-5");
        assert_eq!(masks.output("hush-hush"), json!("masked-word-5"));
    }

    #[test]
    fn short_secrets_are_found_where_they_stand_alone() {
        let mut masks = Masks::default();
        for no_secret in ["", "a", "true", "12345", "Bearer"] {
            masks.add("x", no_secret);
        }
        masks.add("x", "abc");
        assert_eq!(
            masks.input("abc abcd a,abc,a true"),
            "masked-x-1 abcd a,masked-x-1,a true"
        );
    }
}
