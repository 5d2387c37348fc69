//! Places as editors count them: lines from 0, and columns in UTF-16 code units or bytes.

use lsp_types::{Position, PositionEncodingKind, Range};

/// What columns count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-16 code units: what every editor knows.
    #[default]
    Utf16,
    /// Bytes of UTF-8.
    Utf8,
}

impl Encoding {
    /// UTF-8 if the editor offers it, as it costs nothing here.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        match offered {
            Some(kinds) if kinds.contains(&PositionEncodingKind::UTF8) => Self::Utf8,
            _ => Self::Utf16,
        }
    }

    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf8 => PositionEncodingKind::UTF8,
        }
    }

    fn width(self, c: char) -> usize {
        match self {
            Self::Utf16 => c.len_utf16(),
            Self::Utf8 => c.len_utf8(),
        }
    }
}

/// A text, and where its lines begin. Lines end with `\n`, `\r\n` or `\r`.
///
/// ```
/// use lsp_types::Position;
/// use tollgate_lsp::{Encoding, Text};
///
/// let text = Text::new("a\n𝄞 b");
/// assert_eq!(text.position(7, Encoding::Utf16), Position::new(1, 3));
/// assert_eq!(text.position(7, Encoding::Utf8), Position::new(1, 5));
/// assert_eq!(text.offset(Position::new(1, 3), Encoding::Utf16), 7);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Text {
    text: String,
    starts: Vec<usize>,
}

impl Text {
    /// Counts the lines of a text.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let bytes = text.as_bytes();
        let breaks = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        let starts = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn into_string(self) -> String {
        self.text
    }

    /// The place of a byte. Past the end it is the end; within a character it is that character.
    pub fn position(&self, offset: usize, encoding: Encoding) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let line = line.saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let mut column = 0;
        let rest = self.text.get(start..).unwrap_or("");
        for (at, c) in rest.char_indices() {
            if start + at + c.len_utf8() > offset {
                break;
            }
            column += encoding.width(c);
        }
        Position::new(number(line), number(column))
    }

    /// The byte at a place. Past the end of a line it is that end, without the line break; past the last line, the end of
    /// the text; in the middle of a character, its beginning.
    pub fn offset(&self, position: Position, encoding: Encoding) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(&start) = self.starts.get(line) else {
            return self.text.len();
        };
        let mut left = usize::try_from(position.character).unwrap_or(usize::MAX);
        let rest = self.text.get(start..).unwrap_or("");
        for (at, c) in rest.char_indices() {
            let width = encoding.width(c);
            if left < width || matches!(c, '\n' | '\r') {
                return start + at;
            }
            left -= width;
        }
        self.text.len()
    }

    /// The range of some bytes.
    pub fn range(&self, bytes: std::ops::Range<usize>, encoding: Encoding) -> Range {
        Range::new(
            self.position(bytes.start, encoding),
            self.position(bytes.end, encoding),
        )
    }

    /// The range of a span.
    pub(crate) fn span(&self, span: tollgate_syntax::Span, encoding: Encoding) -> Range {
        self.range(bytes(span), encoding)
    }
}

/// The bytes of a span.
pub(crate) fn bytes(span: tollgate_syntax::Span) -> std::ops::Range<usize> {
    let at = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    at(span.start)..at(span.end)
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_line_breaks_count_once() {
        let text = Text::new("a\r\nb\rc\nd");
        let line = |offset| text.position(offset, Encoding::Utf16).line;
        assert_eq!([line(0), line(3), line(5), line(7)], [0, 1, 2, 3]);
        assert_eq!(text.offset(Position::new(0, 99), Encoding::Utf16), 1);
        assert_eq!(text.offset(Position::new(9, 0), Encoding::Utf16), 8);
    }

    #[test]
    fn columns_count_code_units_or_bytes() {
        // é has two bytes and one unit, 𝄞 four bytes and two units.
        let text = Text::new("é𝄞x");
        for (offset, utf16, utf8) in [(0, 0, 0), (2, 1, 2), (6, 3, 6), (7, 4, 7)] {
            assert_eq!(text.position(offset, Encoding::Utf16).character, utf16);
            assert_eq!(text.position(offset, Encoding::Utf8).character, utf8);
            assert_eq!(
                text.offset(Position::new(0, utf16), Encoding::Utf16),
                offset
            );
            assert_eq!(text.offset(Position::new(0, utf8), Encoding::Utf8), offset);
        }
        // Between the halves of a surrogate pair, and within a character's bytes: its beginning.
        assert_eq!(text.offset(Position::new(0, 2), Encoding::Utf16), 2);
        assert_eq!(text.position(4, Encoding::Utf16).character, 1);
    }

    #[test]
    fn every_offset_comes_back() {
        let text = Text::new("<a>\r\n  é=\"𝄞\"\n\n</a>");
        for (offset, c) in text.as_str().char_indices() {
            // A place between `\r` and `\n` is none.
            let is_break = c == '\n'
                && text
                    .as_str()
                    .get(..offset)
                    .is_some_and(|it| it.ends_with('\r'));
            for encoding in [Encoding::Utf8, Encoding::Utf16] {
                let back = text.offset(text.position(offset, encoding), encoding);
                assert_eq!(back, if is_break { offset - 1 } else { offset });
            }
        }
    }
}
