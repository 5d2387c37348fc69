//! What stands at a place in policy text, however broken: for completion, while it is written.

use std::ops::Range;

use super::findings::Findings;
use super::mask::{Hole, is_name, is_name_start, mask};
use super::{MAX_BYTES, MAX_DEPTH};
use crate::{ExpressionKind, FileId};

/// Where a caret stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caret {
    /// The elements around it, the outermost first; without the one in whose tag it stands.
    pub around: Vec<Tag>,
    /// What it stands in.
    pub spot: Spot,
}

/// A start tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The element's name.
    pub name: String,
    /// Its attributes, with the places of their values.
    pub attributes: Vec<(String, Range<usize>)>,
}

/// What a caret stands in. Starts are offsets in bytes: what is written so far stands from there to the caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// Behind a tag's `<`.
    Name {
        /// Behind the `<`.
        start: usize,
    },
    /// In an end tag.
    EndTag {
        /// Behind the `</`.
        start: usize,
    },
    /// In a start tag, where an attribute's name can stand.
    AttributeName {
        /// The tag.
        tag: Tag,
        /// Where the name begins.
        start: usize,
        /// Where it ends.
        end: usize,
    },
    /// Between the quotes of an attribute.
    Value {
        /// The tag.
        tag: Tag,
        /// The attribute's name.
        attribute: String,
        /// Behind the quote.
        start: usize,
        /// At the closing quote, or where the value must end without one.
        end: usize,
    },
    /// Between tags.
    Text {
        /// Behind the tag, comment or the like before it.
        start: usize,
    },
    /// In the code of an expression.
    Code {
        /// Its brackets.
        kind: ExpressionKind,
        /// Between the brackets.
        range: Range<usize>,
        /// Whether it was written encoded.
        is_encoded: bool,
    },
    /// In a comment, or the like.
    Elsewhere,
}

/// What stands at a byte of a policy text. Takes time by the text's length; of a text longer than 4 MiB it is
/// [`Spot::Elsewhere`].
///
/// ```
/// use tollgate_syntax::{Spot, caret};
///
/// let text = r#"<policies><inbound><set-header na"#;
/// let found = caret(text, text.len());
/// assert_eq!(found.around.len(), 2);
/// assert!(matches!(found.spot, Spot::AttributeName { tag, .. } if tag.name == "set-header"));
/// ```
pub fn caret(text: &str, at: usize) -> Caret {
    let nowhere = Caret {
        around: Vec::new(),
        spot: Spot::Elsewhere,
    };
    if text.len() > MAX_BYTES || !text.is_char_boundary(at) {
        return nowhere;
    }
    let masked = mask(text, &mut Findings::new(FileId::default()));
    let mut scanner = Scanner {
        text,
        holes: masked.holes,
        at,
        around: Vec::new(),
    };
    let spot = scanner.document();
    Caret {
        around: scanner.around,
        spot,
    }
}

struct Scanner<'t> {
    text: &'t str,
    holes: Vec<Hole>,
    at: usize,
    around: Vec<Tag>,
}

impl<'t> Scanner<'t> {
    fn document(&mut self) -> Spot {
        let code = self.hole_at(self.at).map(|hole| {
            let end = hole.range.end - usize::from(hole.is_closed);
            Spot::Code {
                kind: hole.kind,
                range: hole.range.start + 2..end.max(hole.range.start + 2),
                is_encoded: hole.is_encoded,
            }
        });
        let mut next = 0;
        loop {
            let start = next;
            let Some(open) = self.find_tag(start).filter(|open| *open < self.at) else {
                return code.unwrap_or(Spot::Text { start });
            };
            let rest = self.rest(open);
            let closed = |mark: &str, end: &str| {
                let inside = rest.get(mark.len()..)?.find(end)?;
                Some(open + mark.len() + inside + end.len())
            };
            let end = if rest.starts_with("<!--") {
                closed("<!--", "-->")
            } else if rest.starts_with("<![CDATA[") {
                closed("<![CDATA[", "]]>")
            } else if rest.starts_with("<?") {
                closed("<?", "?>")
            } else if rest.starts_with("<!") {
                closed("<!", ">")
            } else if rest.starts_with("</") {
                match self.end_tag(open) {
                    Ok(end) => Some(end),
                    Err(spot) => return spot,
                }
            } else {
                match self.start_tag(open) {
                    Ok(end) => Some(end),
                    Err(spot) => return code.unwrap_or(spot),
                }
            };
            next = match end {
                Some(end) if end <= self.at => end,
                _ => return code.unwrap_or(Spot::Elsewhere),
            };
        }
    }

    /// The expression that a place is within.
    fn hole_at(&self, at: usize) -> Option<&Hole> {
        self.holes.iter().find(|hole| {
            let end = hole.range.end - usize::from(hole.is_closed);
            hole.range.start + 2 <= at && at <= end
        })
    }

    /// The next `<` from a place on that is not within an expression.
    fn find_tag(&self, mut from: usize) -> Option<usize> {
        loop {
            let found = from + self.rest(from).find('<')?;
            match self.hole_over(found) {
                Some(hole) => from = hole.range.end.max(found + 1),
                None => return Some(found),
            }
        }
    }

    /// The expression that covers a byte. They are in the order of the file.
    fn hole_over(&self, at: usize) -> Option<&Hole> {
        let next = self.holes.partition_point(|hole| hole.range.start <= at);
        let hole = self.holes.get(next.checked_sub(1)?)?;
        (at < hole.range.end).then_some(hole)
    }

    fn rest(&self, from: usize) -> &'t str {
        self.text.get(from..).unwrap_or("")
    }

    fn name_end(&self, start: usize) -> usize {
        let rest = self.rest(start);
        start + rest.find(|c| !is_name(c)).unwrap_or(rest.len())
    }

    fn end_tag(&mut self, open: usize) -> Result<usize, Spot> {
        let start = open + 2;
        if self.at < start {
            return Err(Spot::Name { start: open + 1 });
        }
        let end = self.name_end(start);
        let close = self.rest(end).find(['>', '<']);
        let close = close.map_or(self.text.len(), |length| end + length);
        if self.at <= close {
            return Err(Spot::EndTag { start });
        }
        let name = self.text.get(start..end).unwrap_or("");
        if let Some(index) = self.around.iter().rposition(|tag| tag.name == name) {
            self.around.truncate(index);
        }
        Ok(close + usize::from(self.rest(close).starts_with('>')))
    }

    /// Where the tag ends; or what the caret stands in, if it stands in the tag.
    fn start_tag(&mut self, open: usize) -> Result<usize, Spot> {
        let start = open + 1;
        let mut next = self.name_end(start);
        if self.at <= next {
            return Err(Spot::Name { start });
        }
        let mut tag = Tag {
            name: self.text.get(start..next).unwrap_or("").to_owned(),
            attributes: Vec::new(),
        };
        if tag.name.is_empty() {
            // A `<` that begins nothing.
            return Ok(start);
        }
        // What the caret stands in is told with all attributes, also those behind it.
        let mut found: Option<Found> = None;
        let (end, closes) = loop {
            let before = next;
            next = self.text.len() - self.rest(next).trim_ascii_start().len();
            let rest = self.rest(next);
            if before < self.at && self.at <= next && found.is_none() {
                let is_name = rest.starts_with(is_name_start) && self.at == next;
                let end = if is_name {
                    self.name_end(next)
                } else {
                    self.at
                };
                found = Some(Found::Name(self.at..end));
            }
            if rest.starts_with("/>") {
                break (next + 2, true);
            }
            match rest.chars().next() {
                None | Some('<') => break (next, false),
                Some('>') => break (next + 1, false),
                Some(c) if is_name_start(c) => {
                    let end = self.name_end(next);
                    if next < self.at && self.at <= end {
                        found = Some(Found::Name(next..end));
                    }
                    next = self.attribute(next..end, &mut tag, &mut found);
                }
                Some(c) => next += c.len_utf8(),
            }
        };
        match found {
            Some(Found::Name(range)) => Err(Spot::AttributeName {
                tag,
                start: range.start,
                end: range.end,
            }),
            Some(Found::Value(attribute, range)) => Err(Spot::Value {
                tag,
                attribute,
                start: range.start,
                end: range.end,
            }),
            None if self.at < end => Err(Spot::Elsewhere),
            None => {
                if !closes && self.around.len() < MAX_DEPTH {
                    self.around.push(tag);
                }
                Ok(end)
            }
        }
    }

    /// Behind an attribute, of which this is the name.
    fn attribute(&self, name: Range<usize>, tag: &mut Tag, found: &mut Option<Found>) -> usize {
        let after = |from: usize| self.text.len() - self.rest(from).trim_ascii_start().len();
        let text = self.text.get(name.clone()).unwrap_or("").to_owned();
        let equals = after(name.end);
        if !self.rest(equals).starts_with('=') {
            tag.attributes.push((text, name.end..name.end));
            return name.end;
        }
        let open = after(equals + 1);
        let quote = match self.rest(open).chars().next() {
            Some(quote @ ('"' | '\'')) => quote,
            _ => {
                tag.attributes.push((text, open..open));
                return open.max(equals + 1);
            }
        };
        let start = open + 1;
        let behind = match self.hole_over(after(start)) {
            Some(hole) => hole.range.end.max(start),
            None => start,
        };
        let rest = self.rest(behind);
        let (end, is_closed) = match rest.find([quote, '<']) {
            Some(length)
                if rest
                    .get(length..)
                    .is_some_and(|rest| rest.starts_with(quote)) =>
            {
                (behind + length, true)
            }
            // It has no closing quote: then it ends with its line.
            other => {
                let limit = other.unwrap_or(rest.len());
                let line = rest
                    .get(..limit)
                    .and_then(|text| text.find(['\r', '\n', '>']));
                (behind + line.unwrap_or(limit), false)
            }
        };
        if start <= self.at && self.at <= end {
            *found = Some(Found::Value(text.clone(), start..end));
        }
        tag.attributes.push((text, start..end));
        end + usize::from(is_closed)
    }
}

/// What of a tag the caret stands in.
enum Found {
    Name(Range<usize>),
    Value(String, Range<usize>),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// The caret is the `|`.
    fn at(text: &str) -> (Vec<String>, Spot) {
        let place = text.find('|').unwrap_or(text.len());
        let found = caret(&text.replacen('|', "", 1), place);
        let around = found.around.into_iter().map(|tag| tag.name).collect();
        (around, found.spot)
    }

    #[test]
    fn elements_around_are_told_however_broken() {
        for (text, around) in [
            ("<a><b/><c x='>'>|", "a c"),
            ("<a><b>|</a>", "a b"),
            ("<a><b></x></b>|", "a"),
            ("<a b=\"@(1 < 2 ? \"<x>\" : \"\")\">|", "a"),
            ("<a><!-- <b> -->|</a>", "a"),
            ("<a\n<b>|", "a b"),
            ("<a><b x=\"1>\n<c y=\"2\">|", "a b c"),
        ] {
            let (found, spot) = at(text);
            assert_eq!(found.join(" "), around, "{text}");
            assert!(matches!(spot, Spot::Text { .. }), "{text}: {spot:?}");
        }
    }

    #[test]
    fn places_in_tags_are_told() {
        let is_name = |text: &str, start: usize, end: usize, others: &[&str]| match at(text).1 {
            Spot::AttributeName {
                tag,
                start: s,
                end: e,
            } => {
                let names = tag.attributes.iter().map(|it| it.0.as_str());
                (s, e) == (start, end) && names.eq(others.iter().copied())
            }
            _ => false,
        };
        assert!(matches!(at("<a><|").1, Spot::Name { start: 4 }));
        assert!(matches!(at("<a><b|c>").1, Spot::Name { start: 4 }));
        assert!(matches!(at("<a></|").1, Spot::EndTag { start: 5 }));
        assert!(is_name("<a | c='1'>", 3, 3, &["c"]));
        assert!(is_name("<a b|c", 3, 5, &["bc"]));
        assert!(matches!(at("<a|>").1, Spot::Name { .. }));
        assert!(matches!(at("<!-- | -->").1, Spot::Elsewhere));
        let value = at("<a b='x|y' c='1'/>").1;
        assert!(
            matches!(value, Spot::Value { attribute, start: 6, end: 8, .. } if attribute == "b")
        );
        let open = at("<a b=\"x|\n  <c d=\"1\"/>").1;
        assert!(
            matches!(
                open,
                Spot::Value {
                    start: 6,
                    end: 7,
                    ..
                }
            ),
            "{open:?}"
        );
    }

    #[test]
    fn code_is_told_with_its_ends() {
        for (text, code) in [
            ("<a b=\"@(c.|)\"/>", "c."),
            ("<a b=\"@(c.|\"/>", "c."),
            ("<a>@{ return c.| }</a>", " return c. "),
            ("<a>@(c.| </a>", "c. "),
            ("<a><![CDATA[@(c.|)]]></a>", "c."),
        ] {
            let (around, spot) = at(text);
            let text = text.replacen('|', "", 1);
            match spot {
                Spot::Code { range, .. } => assert_eq!(text.get(range), Some(code)),
                other => panic!("{text}: {other:?}"),
            }
            assert!(around.len() <= 1);
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_place_anywhere(
            parts in proptest::collection::vec(
                select(&["<a b=\"", "<", "/>", "</a>", "@(", "@{", ")", "}", "\"", "'", "&", "é", "\n", "=", "\u{feff}",
                    "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE", "x", " "][..]),
                0..30,
            )
        ) {
            let text = parts.concat();
            for place in 0..=text.len() {
                let found = caret(&text, place);
                if let Spot::Name { start } | Spot::Text { start } | Spot::EndTag { start } = found.spot {
                    prop_assert!(start <= place && text.get(start..place).is_some());
                }
                if let Spot::Value { start, end, .. } | Spot::AttributeName { start, end, .. } = found.spot {
                    prop_assert!(start <= place && place <= end && text.get(start..end).is_some());
                }
            }
        }
    }
}
