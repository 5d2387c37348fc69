//! Masking within tags: attribute by attribute, to the tag's end.

use super::mask::{Place, Scanner, begins_with_attribute, is_name, is_name_start};
use crate::Diagnostic;

impl<'s> Scanner<'s, '_> {
    /// At `</`.
    pub(super) fn end_tag(&mut self) {
        let start = self.at;
        self.at += 2;
        self.name();
        self.skip_white_space();
        match self.byte(self.at) {
            Some(b'>') => self.at += 1,
            Some(b'<') => self.unfinished(start),
            None => self.unfinished_at_end(start),
            Some(_) => {
                self.junk();
                self.finish_end_tag(start);
            }
        }
    }

    /// After junk in an end tag: to its `>`, blanking what is in between.
    fn finish_end_tag(&mut self, start: usize) {
        let from = self.at;
        match self.rest(from).find(['<', '>']) {
            None => self.unfinished_at_end(start),
            Some(length) => {
                self.at = from + length;
                self.blank(from..self.at);
                if self.byte(self.at) == Some(b'>') {
                    self.at += 1;
                } else {
                    self.unfinished(start);
                }
            }
        }
    }

    /// At `<` of a start tag.
    pub(super) fn start_tag(&mut self) {
        let start = self.at;
        self.at += 1;
        self.last_tag = self.name();
        while !self.is_spent() {
            let before = self.at;
            self.skip_white_space();
            let is_apart = self.at > before;
            let rest = self.rest(self.at);
            match self.byte(self.at) {
                None => return self.unfinished_at_end(start),
                Some(b'>') => return self.at += 1,
                Some(b'/') if rest.starts_with("/>") => return self.at += 2,
                Some(b'<') => return self.unfinished(start),
                Some(_) if rest.starts_with(is_name_start) => {
                    if !is_apart {
                        self.missing_space();
                    }
                    self.attribute();
                }
                Some(_) => self.junk(),
            }
        }
        self.give_up();
    }

    fn attribute(&mut self) {
        let start = self.at;
        self.name();
        let after_name = self.at;
        self.skip_white_space();
        if self.byte(self.at) != Some(b'=') {
            // The reader reports that there is no value.
            self.at = after_name;
            return;
        }
        self.at += 1;
        self.skip_white_space();
        match self.byte(self.at) {
            Some(quote @ (b'"' | b'\'')) => {
                self.at += 1;
                self.value(start, quote);
            }
            // The reader reports that there are no quotes.
            _ => {
                let value = self.rest(self.at);
                let is_end =
                    |c: char| c.is_ascii_whitespace() || matches!(c, '<' | '>' | '"' | '\'');
                self.at += value.find(is_end).unwrap_or(value.len());
            }
        }
    }

    /// After a value's opening quote; `start` is where its attribute begins.
    fn value(&mut self, start: usize, quote: u8) {
        let value_start = self.at;
        self.expression_at_start(Place::Attribute(quote));
        let after_expression = self.at;
        let mut less_than = None;
        loop {
            match self.byte(self.at) {
                None => return self.missing_quote(start, value_start),
                Some(byte) if byte == quote => break,
                Some(b'<') => {
                    less_than.get_or_insert(self.at);
                    self.at += 1;
                }
                Some(b'@') if self.at > after_expression => {
                    self.maybe_mixed(Place::Attribute(quote), value_start);
                }
                Some(_) => self.at += 1,
            }
        }
        let end = self.at;
        let after = self.rest(end + 1);
        let goes_on_well = after.starts_with(|c: char| c.is_ascii_whitespace())
            || after.starts_with(['/', '>'])
            || begins_with_attribute(after);
        let spans_lines = self
            .source
            .get(value_start..end)
            .is_some_and(|value| value.contains('\n'));
        if let Some(at) = less_than {
            if spans_lines || !goes_on_well {
                return self.missing_quote(start, value_start);
            }
            self.report(
                Diagnostic::error(
                    "unescaped-less-than",
                    self.span(at..at + 1),
                    "an attribute's value cannot have a `<` in it",
                )
                .with_help("write `&lt;`"),
            );
        } else if !goes_on_well && let Some(real_end) = self.quote_in_value(end, quote) {
            self.report(
                Diagnostic::error(
                    "quote-in-value",
                    self.span(end..end + 1),
                    "the attribute's value ends at this quote, but more text follows",
                )
                .with_help(if quote == b'"' {
                    "write `&quot;` for a quote within the value, or put the value in single quotes"
                } else {
                    "write `&apos;` for a quote within the value, or put the value in double quotes"
                }),
            );
            self.fill(end..real_end);
            self.at = real_end + 1;
            return;
        }
        self.at = end + 1;
    }

    /// The closing quote that was meant when there are more in between, on the same line.
    fn quote_in_value(&mut self, from: usize, quote: u8) -> Option<usize> {
        let line = self.rest(from).split(['\n', '<']).next()?.len();
        let end = self.value_end(from + 1..from + line, quote);
        if end.is_none() {
            self.failed_bytes += line;
        }
        end
    }

    /// Gives up the attribute that began at `start`, up to where its tag may end.
    fn missing_quote(&mut self, start: usize, value_start: usize) {
        self.report(
            Diagnostic::error(
                "unterminated-value",
                self.span(value_start.saturating_sub(1)..value_start),
                "this quote opens a value that is not closed",
            )
            .with_help("close the value with the same quote"),
        );
        let value = self.rest(value_start);
        let length = value.find(['<', '>', '\n']).unwrap_or(value.len());
        let before_slash = value
            .get(..length)
            .filter(|text| text.ends_with('/'))
            .map(|_| length.saturating_sub(1));
        self.at = value_start + before_slash.unwrap_or(length);
        self.blank(start..self.at);
    }

    fn missing_space(&mut self) {
        let at = self.at;
        self.report(
            Diagnostic::error(
                "missing-space",
                self.span(at..at),
                "there is no space between two attributes",
            )
            .with_help("put a space here"),
        );
    }

    /// At something that has no place in a tag: passes over it, up to the next thing that may have.
    fn junk(&mut self) {
        let start = self.at;
        let text = self.rest(start);
        let ends = |(at, c): &(usize, char)| {
            *at > 0 && (c.is_ascii_whitespace() || matches!(c, '<' | '>' | '/'))
        };
        let length = text
            .char_indices()
            .find(ends)
            .map_or(text.len(), |(at, _)| at);
        let found = text.get(..length).unwrap_or("");
        self.report(
            Diagnostic::error(
                "unexpected-text-in-tag",
                self.span(start..start + length),
                format!("`{}` has no place in a tag", abridged(found)),
            )
            .with_help("a tag is a name and then attributes, each as `name=\"value\"`"),
        );
        self.at = start + length;
        self.blank(start..self.at);
    }

    /// At the `<` that follows a tag which was not finished: puts its `>` where white space is, or drops it.
    fn unfinished(&mut self, start: usize) {
        let next = self.at;
        self.report_unfinished(start);
        let is_end_tag = self.rest(start).starts_with("</");
        let is_closed_later = self.rest(next).contains(&format!("</{}", self.last_tag));
        let room = next - self.white_space_start(next);
        if !is_end_tag && !is_closed_later && room > 1 {
            self.patch(next - 2, b"/>");
        } else if room > 0 {
            self.patch(next - 1, b">");
        } else {
            self.fill(start..next);
        }
    }

    fn unfinished_at_end(&mut self, start: usize) {
        self.report_unfinished(start);
        self.cut(start);
    }

    fn report_unfinished(&mut self, start: usize) {
        let name = self.rest(start).trim_start_matches(['<', '/']);
        let name_length = name.find(|c| !is_name(c)).unwrap_or(name.len());
        let opening = if self.rest(start).starts_with("</") {
            2
        } else {
            1
        };
        self.report(
            Diagnostic::error(
                "unterminated-tag",
                self.span(start..start + opening + name_length),
                "this tag does not end",
            )
            .with_help("close it with `>`, or with `/>` when nothing stands in it"),
        );
    }

    fn white_space_start(&self, end: usize) -> usize {
        self.source
            .get(..end)
            .map_or(end, |text| text.trim_ascii_end().len())
    }

    /// Passes over a name and gives it.
    fn name(&mut self) -> &'s str {
        let rest = self.rest(self.at);
        let after = rest.trim_start_matches(is_name);
        let length = rest.len() - after.len();
        self.at += length;
        rest.get(..length).unwrap_or("")
    }
}

/// The beginning of a text that may be long.
fn abridged(text: &str) -> String {
    let mut short: String = text.chars().take(24).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
