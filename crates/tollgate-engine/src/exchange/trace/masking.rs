//! What a trace does not show.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use super::names;

/// What stands in place of a secret.
pub(super) const MASK: &str = "***";

/// What `Uri.EscapeDataString` leaves as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The secrets that are known by their text; others are known by their names and looks.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|_| MASK)).finish()
    }
}

impl Secrets {
    /// Adds a secret, also as it is written in a URL.
    pub(super) fn add(&mut self, secret: String) {
        let escaped = utf8_percent_encode(&secret, ESCAPED).to_string();
        for text in [escaped, secret] {
            if !text.is_empty() && !self.0.contains(&text) {
                self.0.push(text);
            }
        }
    }

    /// Where secrets stand in a text, those that are known and those that look like some; in order, none in another.
    fn places(&self, text: &str, is_code: bool) -> Vec<Range<usize>> {
        let known = self.0.iter().flat_map(|secret| {
            let found = text.match_indices(secret.as_str());
            found.map(|(at, found)| at..at + found.len())
        });
        let mut all: Vec<Range<usize>> = known.collect();
        all.extend(names::looks(text, is_code));
        all.sort_by_key(|range| range.start);
        let mut places: Vec<Range<usize>> = Vec::with_capacity(all.len());
        for range in all {
            match places.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => places.push(range),
            }
        }
        places
    }

    /// The text with its secrets masked.
    pub(super) fn masked<'t>(&self, text: &'t str, is_code: bool) -> Cow<'t, str> {
        let places = self.places(text, is_code);
        if places.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
        for place in places {
            masked.push_str(text.get(at..place.start).unwrap_or_default());
            masked.push_str(MASK);
            at = place.end;
        }
        masked.push_str(text.get(at..).unwrap_or_default());
        Cow::Owned(masked)
    }

    /// The beginning of a text, at most so many bytes of it, secrets masked before it is cut; whether there were any.
    /// They are known from then on.
    pub(super) fn shown(&mut self, text: &str, most: usize) -> (String, bool) {
        let longest = self.0.iter().map(String::len).max().unwrap_or(0);
        // A secret that is cut in two would not be found.
        let end = boundary(text, most.saturating_add(longest.max(LOOKED_AHEAD)));
        let seen = text.get(..end).unwrap_or_default();
        let last = boundary(text, most);
        let places = self.places(seen, false);
        let (mut shown, mut at, mut is_masked) = (String::new(), 0, false);
        for place in &places {
            if place.start >= last {
                break;
            }
            shown.push_str(text.get(at..place.start).unwrap_or_default());
            shown.push_str(MASK);
            (at, is_masked) = (place.end, true);
        }
        if at < last {
            shown.push_str(text.get(at..last).unwrap_or_default());
        }
        if at.max(last) < text.len() {
            shown.push('…');
        }
        for place in places {
            // One that is cut off would stand for many.
            if place.end < seen.len() || seen.len() == text.len() {
                self.learn(seen.get(place).unwrap_or_default());
            }
        }
        (shown, is_masked)
    }

    /// Has a text that was found be masked wherever it comes up, if it is long enough to tell.
    pub(super) fn learn(&mut self, text: &str) {
        if text.len() >= TELLING && !self.0.iter().any(|known| known == text) {
            self.add(text.to_owned());
        }
    }

    /// Masks what is in JSON, C# code as such.
    pub(super) fn mask(&self, data: &mut Json) {
        match data {
            Json::String(text) => self.mask_text(text, false),
            Json::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Json::Object(fields) => {
                for (name, field) in fields {
                    match field {
                        Json::String(text) if name == "expression" => self.mask_text(text, true),
                        Json::String(text) if names::is_secret(name) => MASK.clone_into(text),
                        field => self.mask(field),
                    }
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    pub(super) fn mask_text(&self, text: &mut String, is_code: bool) {
        if let Cow::Owned(masked) = self.masked(text, is_code) {
            *text = masked;
        }
    }
}

/// From how many bytes on a text tells: `1` is everywhere.
pub(super) const TELLING: usize = 8;

/// So far behind the end of what is shown the look of a secret can matter.
const LOOKED_AHEAD: usize = 64;

/// The last boundary between characters that is not behind this byte.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    let mut places = (0..=at).rev();
    places.find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_before_texts_are_cut() {
        let mut secrets = Secrets::default();
        secrets.add("hush".to_owned());
        secrets.add("hush-hush".to_owned());
        let mut shown = |text: &str, most| secrets.shown(text, most);
        assert_eq!(shown("a hush-hush b", 20), ("a *** b".to_owned(), true));
        assert_eq!(shown("a hush b", 3), ("a ***…".to_owned(), true));
        assert_eq!(shown("a hush", 2), ("a …".to_owned(), false));
        assert_eq!(shown("aäb", 2), ("a…".to_owned(), false));
        assert_eq!(shown("", 2), (String::new(), false));
        assert_eq!(shown("pwd=abc&b=1", 6), ("pwd=***…".to_owned(), true));
    }

    #[test]
    fn secrets_are_masked_as_urls_write_them() {
        let mut secrets = Secrets::default();
        secrets.add("a b/c".to_owned());
        assert_eq!(secrets.masked("x=a%20b%2Fc, a b/c", false), "x=***, ***");
        assert_eq!(format!("{secrets:?}"), r#"["***", "***"]"#);
    }

    #[test]
    fn fields_of_json_tell_by_their_names() {
        let mut data = serde_json::json!({
            "api-key": "abc", "expression": "token=1", "message": "token=1", "n": ["pwd=x"],
        });
        Secrets::default().mask(&mut data);
        let expected = serde_json::json!({
            "api-key": "***", "expression": "token=1", "message": "token=***", "n": ["pwd=***"],
        });
        assert_eq!(data, expected);
    }
}
