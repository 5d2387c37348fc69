//! Finds the expressions of a policy file and overwrites them, in place, so that what is left is plain XML.
//!
//! The masked text has the length and the line breaks of the file: every position in it is a position in the file.
//! Markup that an XML reader would stumble over (an `<` in a text, a tag without its `>`) is reported here and masked
//! too, so that reading goes on behind it.

use std::ops::Range;

use super::csharp_skip::{Entities, Skipped, View, skip};
use super::decode::span_of;
use super::entity::entity;
use super::findings::Findings;
use super::unbalanced;
use crate::{Diagnostic, ExpressionKind};

/// The file with its expressions overwritten.
#[derive(Debug)]
pub(super) struct Masked {
    /// Text of the same length, that an XML reader can read.
    pub(super) text: String,
    /// The expressions at the start of values, in the order of the file.
    pub(super) holes: Vec<Hole>,
    /// Whether the rest of the file, from some place on, had to be given up.
    pub(super) is_cut: bool,
}

/// An expression at the start of a value.
#[derive(Debug, Clone)]
pub(super) struct Hole {
    /// From the `@` to the closing bracket.
    pub(super) range: Range<usize>,
    pub(super) kind: ExpressionKind,
    /// Whether it was written encoded.
    pub(super) is_encoded: bool,
    /// Whether its closing bracket was found.
    pub(super) is_closed: bool,
}

/// Masks a file.
pub(super) fn mask(source: &str, findings: &mut Findings) -> Masked {
    let mut scanner = Scanner {
        source,
        at: 0,
        masked: source.as_bytes().to_vec(),
        found: Vec::new(),
        last_tag: "",
        failed_bytes: 0,
        is_cut: false,
        findings,
    };
    scanner.document();
    let Scanner {
        masked,
        found,
        is_cut,
        ..
    } = scanner;
    // A file that an XML reader could read as it stands is in the encoded form.
    let is_raw_file = found.iter().any(|found| found.is_raw);
    let holes = found
        .into_iter()
        .map(|found| Hole {
            is_encoded: match found.entities {
                Entities::None => false,
                Entities::InStrings => !is_raw_file,
                Entities::InCode => true,
            },
            ..found.hole
        })
        .collect();
    Masked {
        // Whole characters are overwritten with ASCII, so it stays UTF-8.
        text: String::from_utf8(masked).unwrap_or_default(),
        holes,
        is_cut,
    }
}

/// How much of a file may be looked through for ends of expressions that have none, in times of its length.
const FAILED_PASSES: usize = 16;

pub(super) struct Scanner<'s, 'f> {
    pub(super) source: &'s str,
    pub(super) at: usize,
    masked: Vec<u8>,
    found: Vec<Found>,
    pub(super) last_tag: &'s str,
    pub(super) failed_bytes: usize,
    is_cut: bool,
    pub(super) findings: &'f mut Findings,
}

struct Found {
    hole: Hole,
    entities: Entities,
    /// Whether it has what well-formed XML cannot have there.
    is_raw: bool,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Between quotes, which are this byte.
    Attribute(u8),
    /// Between tags.
    Text,
    /// In CDATA, which ends at this offset.
    CData(usize),
}

impl<'s> Scanner<'s, '_> {
    fn document(&mut self) {
        if self.source.starts_with('\u{feff}') {
            self.blank(0..3);
            self.at = 3;
        }
        while self.at < self.source.len() {
            if self.is_spent() {
                return self.give_up();
            }
            self.text();
            self.markup();
        }
    }

    /// Text up to the next markup.
    fn text(&mut self) {
        let start = self.at;
        self.expression_at_start(Place::Text);
        while let Some(at) = self.find(|bytes| memchr::memchr3(b'<', b'&', b'@', bytes)) {
            self.at = at;
            match self.byte(at) {
                Some(b'<') if is_markup(self.rest(at)) => return,
                Some(b'<') => self.stray_less_than(),
                Some(b'&') => {
                    self.fill(at..at + 1);
                    self.at += 1;
                }
                _ => self.maybe_mixed(Place::Text, start),
            }
        }
        self.at = self.source.len();
    }

    fn markup(&mut self) {
        let rest = self.rest(self.at);
        if rest.starts_with("<!--") {
            self.delimited("a comment", 4, "-->");
        } else if rest.starts_with("<![CDATA[") {
            self.cdata();
        } else if rest.starts_with("<!") {
            self.doctype();
        } else if rest.starts_with("<?") {
            self.delimited("a processing instruction", 2, "?>");
        } else if rest.starts_with("</") {
            self.end_tag();
        } else if rest.starts_with('<') {
            self.start_tag();
        }
    }

    /// Markup that ends at the first `end`.
    fn delimited(&mut self, what: &str, opening: usize, end: &str) {
        let from = self.at + opening;
        match self.rest(from).find(end) {
            Some(length) => self.at = from + length + end.len(),
            None => self.unterminated(what, opening, end),
        }
    }

    fn cdata(&mut self) {
        let opening = "<![CDATA[".len();
        let from = self.at + opening;
        let Some(length) = self.rest(from).find("]]>") else {
            self.unterminated("a CDATA section", opening, "]]>");
            return;
        };
        let end = from + length;
        self.at = from;
        self.expression_at_start(Place::CData(end));
        self.at = end + 3;
    }

    /// Document types are refused: policies have none, and what they declare can be made to grow without end.
    fn doctype(&mut self) {
        let start = self.at;
        let mut depth = 0_usize;
        let end = self
            .rest(start)
            .bytes()
            .position(|byte| {
                match byte {
                    b'[' => depth += 1,
                    b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                byte == b'>' && depth == 0
            })
            .map_or(self.source.len(), |length| start + length + 1);
        self.report(
            Diagnostic::error(
                "doctype",
                self.span(start..start + "<!DOCTYPE".len()),
                "a policy document has no document type",
            )
            .with_help("remove the `<!DOCTYPE …>`"),
        );
        self.blank(start..end);
        self.at = end;
    }

    fn unterminated(&mut self, what: &str, opening: usize, end: &str) {
        let start = self.at;
        self.report(
            Diagnostic::error(
                "unterminated-markup",
                self.span(start..start + opening),
                format!("{what} begins here and does not end"),
            )
            .with_help(format!("close it with `{end}`")),
        );
        self.cut(start);
    }

    fn stray_less_than(&mut self) {
        let at = self.at;
        let rest = self.rest(at);
        let looks_like_comment = ["<!-", "<!–", "<!—"]
            .iter()
            .any(|mark| rest.starts_with(mark));
        let (message, help) = if looks_like_comment {
            (
                "this looks like a comment, but is none",
                "a comment begins with `<!--`, two plain hyphens, and ends with `-->`",
            )
        } else {
            (
                "a `<` in literal text does not begin a tag",
                "write `&lt;` for a `<` that is meant as itself",
            )
        };
        self.report(
            Diagnostic::error("unescaped-less-than", self.span(at..at + 1), message)
                .with_help(help),
        );
        self.fill(at..at + 1);
        self.at += 1;
    }

    /// At the start of a value: takes the expression that it begins with, if it does.
    pub(super) fn expression_at_start(&mut self, place: Place) {
        let limit = match place {
            Place::CData(end) => end,
            _ => self.source.len(),
        };
        let value = self.source.get(self.at..limit).unwrap_or("");
        let start = limit - value.trim_ascii_start().len();
        let Some(kind) = expression_kind(self.rest(start)).filter(|_| start < limit) else {
            return;
        };
        let view = match place {
            Place::CData(_) => View::Plain,
            _ => View::Markup,
        };
        let skipped = skip(self.source, start + 1..limit, view);
        let end = match skipped {
            Ok(skipped) => skipped.end,
            Err(_) => match self.unclosed(start, place, limit) {
                Some(end) => end,
                None => return,
            },
        };
        let range = start..end;
        self.found.push(Found {
            entities: skipped.map_or(Entities::None, |skipped| skipped.entities),
            is_raw: self.is_raw(range.clone(), place),
            hole: Hole {
                range: range.clone(),
                kind,
                is_encoded: false,
                is_closed: skipped.is_ok(),
            },
        });
        self.fill(range);
        self.at = end;
    }

    /// Reports an expression whose end was not found, and gives the place where its value must end.
    /// `None` when it is the attribute that has no end, which is for its scanner to say.
    fn unclosed(&mut self, start: usize, place: Place, limit: usize) -> Option<usize> {
        self.failed_bytes += limit - start;
        let (end, view) = match place {
            Place::Attribute(quote) => (self.value_end(start..limit, quote)?, View::Markup),
            Place::Text => (self.text_end(start).unwrap_or(limit), View::Markup),
            Place::CData(end) => (end, View::Plain),
        };
        // Within its own value the reason is the true one; beyond it, the skipper was lost in other people's quotes.
        if let Err(error) = skip(self.source, start + 1..end, view) {
            let file = self.findings.file();
            self.report(unbalanced::diagnostic(self.source, file, start..end, error));
        }
        Some(end)
    }

    /// Where an attribute's value must end that cannot be read: before a quote after which a tag goes on or ends.
    pub(super) fn value_end(&self, within: Range<usize>, quote: u8) -> Option<usize> {
        let bytes = self.source.as_bytes().get(within.clone())?;
        memchr::memchr_iter(quote, bytes)
            .map(|at| within.start + at)
            .find(|&at| is_tag_rest(self.rest(at + 1)))
    }

    /// Where a text must end that cannot be read: before its element's end tag, or before any end tag.
    fn text_end(&self, from: usize) -> Option<usize> {
        let text = self.rest(from);
        let own = text.find(&format!("</{}", self.last_tag));
        own.or_else(|| text.find("</")).map(|length| from + length)
    }

    /// At an `@` within a literal: an expression in the midst of text is one no gateway evaluates.
    pub(super) fn maybe_mixed(&mut self, place: Place, value_start: usize) {
        let start = self.at;
        self.at += 1;
        if self.is_spent() || expression_kind(self.rest(start)).is_none() {
            return;
        }
        let limit = self.source.len();
        let Ok(Skipped { end, .. }) = skip(self.source, start + 1..limit, View::Markup) else {
            self.failed_bytes += limit - start;
            return;
        };
        let is_raw = self.is_raw(start..end, place);
        let message = "an expression within literal text is not evaluated";
        let span = self.span(start..end);
        let finding = if is_raw {
            Diagnostic::error("mixed-expression", span, message)
        } else {
            Diagnostic::warning("mixed-expression", span, message)
        };
        let help = self.as_one_expression(place, value_start, start..end);
        self.report(finding.with_help(format!("make the whole value one expression: `{help}`")));
        self.fill(start..end);
        self.at = end;
    }

    /// How a value of literal text and then an expression is written as one expression.
    fn as_one_expression(&self, place: Place, value_start: usize, found: Range<usize>) -> String {
        let text = self.source.get(value_start..found.start).unwrap_or("");
        let code = self
            .source
            .get(found.start + 2..found.end - 1)
            .unwrap_or("");
        let is_plain = !text.contains(['"', '\\', '\n', '&', '{']) && code.len() < 60;
        let is_single = expression_kind(self.rest(found.start)) == Some(ExpressionKind::Single);
        let ends_value = match place {
            Place::Attribute(quote) => self.byte(found.end) == Some(quote),
            _ => self.byte(found.end) == Some(b'<'),
        };
        if is_plain && is_single && ends_value {
            format!("@(\"{text}\" + {code})")
        } else {
            "@(\"text\" + …)".to_owned()
        }
    }

    /// Whether the range has what well-formed XML could not have in that place.
    fn is_raw(&self, range: Range<usize>, place: Place) -> bool {
        let bytes = self.source.as_bytes().get(range).unwrap_or_default();
        let quote = match place {
            Place::CData(_) => return false,
            Place::Text => b'<',
            Place::Attribute(quote) => quote,
        };
        memchr::memchr2(b'<', quote, bytes).is_some()
            || memchr::memchr_iter(b'&', bytes)
                .any(|at| entity(bytes.get(at..).unwrap_or_default()).is_none())
    }

    /// Whether looking on is no use: there are enough findings, or too much was looked through in vain.
    pub(super) fn is_spent(&self) -> bool {
        self.findings.is_full() || self.failed_bytes > FAILED_PASSES * self.source.len()
    }

    pub(super) fn give_up(&mut self) {
        let at = self.at;
        self.report(Diagnostic::error(
            "too-many-errors",
            self.span(at..at),
            "the rest of the file was not read: there are too many errors before it",
        ));
        self.cut(at);
    }

    /// Leaves the rest of the file unread.
    pub(super) fn cut(&mut self, from: usize) {
        self.is_cut = true;
        self.blank(from..self.source.len());
        self.at = self.source.len();
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.findings.report(diagnostic);
    }

    pub(super) fn span(&self, range: Range<usize>) -> crate::Span {
        span_of(self.findings.file(), range)
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.source.as_bytes().get(at).copied()
    }

    pub(super) fn rest(&self, at: usize) -> &'s str {
        self.source.get(at..).unwrap_or("")
    }

    /// Where something is found, from here on.
    fn find(&self, finder: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        finder(self.source.as_bytes().get(self.at..)?).map(|found| self.at + found)
    }

    pub(super) fn skip_white_space(&mut self) {
        self.at = self.source.len() - self.rest(self.at).trim_ascii_start().len();
    }

    /// Overwrites with letters.
    pub(super) fn fill(&mut self, range: Range<usize>) {
        self.overwrite(range, b'x');
    }

    /// Overwrites with spaces.
    pub(super) fn blank(&mut self, range: Range<usize>) {
        self.overwrite(range, b' ');
    }

    fn overwrite(&mut self, range: Range<usize>, with: u8) {
        for byte in self.masked.get_mut(range).unwrap_or_default() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = with;
            }
        }
    }

    /// Puts markup in the place of white space.
    pub(super) fn patch(&mut self, at: usize, with: &[u8]) {
        if let Some(place) = self.masked.get_mut(at..at + with.len()) {
            place.copy_from_slice(with);
        }
    }
}

/// The kind of expression that the text begins with, if it does.
pub(super) fn expression_kind(text: &str) -> Option<ExpressionKind> {
    [ExpressionKind::Single, ExpressionKind::Block]
        .into_iter()
        .find(|kind| text.starts_with(kind.opening()))
}

/// The expression that `text`, which no XML is in, is as a whole, white space around it aside.
pub(crate) fn whole_expression(text: &str) -> Option<(ExpressionKind, Range<usize>)> {
    let end = text.trim_ascii_end().len();
    let start = text.len() - text.trim_ascii_start().len();
    let kind = expression_kind(text.get(start..end)?)?;
    let skipped = skip(text, start + 1..end, View::Plain).ok()?;
    (skipped.end == end).then_some((kind, start..end))
}

/// Whether text that begins with `<` is markup.
fn is_markup(text: &str) -> bool {
    let rest = text.strip_prefix('<').unwrap_or("");
    let is_bang = |rest: &str| {
        let name = rest.get(..7).unwrap_or("");
        rest.starts_with("--")
            || rest.starts_with("[CDATA[")
            || name.eq_ignore_ascii_case("DOCTYPE")
    };
    match rest.as_bytes().first() {
        Some(b'/') => rest.get(1..).unwrap_or("").starts_with(is_name_start),
        Some(b'!') => is_bang(rest.get(1..).unwrap_or("")),
        Some(b'?') => true,
        _ => rest.starts_with(is_name_start),
    }
}

/// Whether a tag may go on like this after an attribute's closing quote: it ends, or the next attribute follows.
fn is_tag_rest(text: &str) -> bool {
    let rest = text.trim_ascii_start();
    if rest.starts_with('>') || rest.starts_with("/>") {
        return true;
    }
    rest.len() < text.len() && begins_with_attribute(rest)
}

/// Whether the text begins with `name="` or `name='`.
pub(super) fn begins_with_attribute(text: &str) -> bool {
    let after_name = text.trim_start_matches(is_name);
    let is_named = text.starts_with(is_name_start);
    is_named
        && after_name
            .trim_ascii_start()
            .strip_prefix('=')
            .is_some_and(|value| value.trim_ascii_start().starts_with(['"', '\'']))
}

/// Whether a name may begin with it.
pub(super) fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_' || c == ':'
}

/// Whether a name may go on with it.
pub(super) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::FileId;

    fn masked(source: &str) -> Masked {
        mask(source, &mut Findings::new(FileId::default()))
    }

    #[test]
    fn expressions_are_overwritten_in_place() {
        let masked = masked("<a b=\"@(x < \"é\")\">@{\r\n} &lt; 1 < 2</a>");
        assert_eq!(masked.text, "<a b=\"xxxxxxxxxxx\">xx\r\nx xlt; 1 x 2</a>");
        let holes: Vec<_> = masked.holes.iter().map(|hole| hole.range.clone()).collect();
        assert_eq!(holes, [6..17, 19..24]);
    }

    proptest! {
        #[test]
        fn length_and_line_breaks_stay(
            parts in proptest::collection::vec(
                select(&["<a b=\"", "<", "/>", "</a>", "@(", "@{", ")", "}", "\"", "'", "&", "é", "\n", "\r\n", "\u{feff}",
                    "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE", "x", " "][..]),
                0..40,
            )
        ) {
            let source = parts.concat();
            let masked = masked(&source);
            prop_assert_eq!(masked.text.len(), source.len());
            let is_break = |byte: &(usize, u8)| matches!(byte.1, b'\n' | b'\r');
            // White space before a `<` may have become the `>` that was missing; else line breaks stay where they are.
            for (at, byte) in source.bytes().enumerate().filter(is_break) {
                let now = masked.text.as_bytes().get(at).copied().unwrap();
                prop_assert!(now == byte || matches!(now, b'>' | b'/'), "{:?}", masked.text);
            }
        }
    }
}
