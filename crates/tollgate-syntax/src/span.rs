//! Where things stand: spans, source files, and text that was derived from a file.

use std::ops::Range;

use serde::Serialize;

/// Names one file of a [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
pub struct FileId(pub u32);

/// A stretch of one source file, in byte offsets; `end` is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
pub struct Span {
    /// The file that the offsets count in.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The stretch from `start` up to, not including, `end`. An `end` before `start` gives an empty span.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Self {
            file,
            start,
            end: end.max(start),
        }
    }

    /// Length in bytes.
    pub fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it covers no byte.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether `other` lies wholly within this span.
    pub fn contains(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The smallest span that covers both; this one when they are of different files.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span::new(
            self.file,
            self.start.min(other.start),
            self.end.max(other.end),
        )
    }

    /// The empty span at this span's first byte.
    pub fn at_start(self) -> Span {
        Span::new(self.file, self.start, self.start)
    }

    /// The empty span after this span's last byte.
    pub fn at_end(self) -> Span {
        Span::new(self.file, self.end, self.end)
    }
}

/// A place as people count it: both numbers begin at 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line, 1 for the first.
    pub line: u32,
    /// The column in characters (Unicode scalar values), 1 for the first.
    pub column: u32,
}

/// One file: its name as messages show it, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    name: String,
    text: String,
    line_starts: Vec<u32>,
}

impl SourceFile {
    fn new(name: String, text: String) -> Self {
        let after_breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| offset(at + 1));
        let line_starts = std::iter::once(0).chain(after_breaks).collect();
        Self {
            name,
            text,
            line_starts,
        }
    }

    /// The name that messages show, usually a path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text, as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte offset. An offset past the end gives the end; one within a character, that character.
    pub fn position(&self, at: u32) -> Position {
        let line = self.line_starts.partition_point(|&start| start <= at);
        let start = line
            .checked_sub(1)
            .and_then(|index| self.line_starts.get(index))
            .copied()
            .unwrap_or(0);
        let before = self.text.get(index(start)..).unwrap_or("").char_indices();
        let width = index(at.saturating_sub(start));
        let column = before
            .take_while(|(from, c)| from + c.len_utf8() <= width)
            .count();
        Position {
            line: offset(line),
            column: offset(column + 1),
        }
    }

    /// The text of a line without its line break; `None` when there is no such line. Lines count from 1.
    pub fn line(&self, line: u32) -> Option<&str> {
        let number = index(line);
        let start = *self.line_starts.get(number.checked_sub(1)?)?;
        let end = self
            .line_starts
            .get(number)
            .copied()
            .unwrap_or_else(|| offset(self.text.len()));
        let text = self.text.get(index(start)..index(end))?;
        Some(text.trim_end_matches(['\n', '\r']))
    }
}

/// All the files of one load; files are only ever added.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file. `name` is what messages show; two files may have the same.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(offset(self.files.len()));
        self.files.push(SourceFile::new(name.into(), text.into()));
        id
    }

    /// The file of this id; `None` for an id of another store.
    pub fn get(&self, file: FileId) -> Option<&SourceFile> {
        self.files.get(index(file.0))
    }

    /// The text that a span covers; empty when it covers none or cuts a character in two.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file)
            .and_then(|file| file.text.get(index(span.start)..index(span.end)))
            .unwrap_or("")
    }
}

/// Text derived from a stretch of a file, which knows for every part of itself where in the file it came from.
///
/// Verbatim text carries no map. Decoded entities and substituted named values map whole to what they replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedText {
    text: String,
    origin: Span,
    pieces: Vec<Piece>,
}

/// From `derived` on up to the next piece, text stands for `source`: byte for byte, or as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    derived: u32,
    source: Span,
    verbatim: bool,
}

impl MappedText {
    /// Text that stands in the file as it is, at `origin`.
    pub fn verbatim(text: impl Into<String>, origin: Span) -> Self {
        Self {
            text: text.into(),
            origin,
            pieces: Vec::new(),
        }
    }

    /// Text that stands for `origin` as a whole: every part of it maps to all of `origin`.
    pub fn whole(text: impl Into<String>, origin: Span) -> Self {
        let piece = Piece {
            derived: 0,
            source: origin,
            verbatim: false,
        };
        Self {
            text: text.into(),
            origin,
            pieces: vec![piece],
        }
    }

    /// The derived text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The stretch of the file that the whole text was derived from.
    pub fn origin(&self) -> Span {
        self.origin
    }

    /// Whether the text stands in the file byte for byte.
    pub fn is_verbatim(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Where a stretch of the derived text, in byte offsets, came from.
    /// Touching any part of a replaced piece takes in all that it replaces.
    pub fn span(&self, range: Range<usize>) -> Span {
        let (start, end) = (offset(range.start), offset(range.end.max(range.start)));
        let first = self.place(start);
        if start == end {
            return first.at_start();
        }
        let last = self.place(end.saturating_sub(1));
        first.to(last)
    }

    /// The first byte of the text that came from a place in the file, or from behind it; the end, if there is none.
    ///
    /// ```
    /// use tollgate_syntax::{FileId, MappedText, Span};
    ///
    /// let text = MappedText::verbatim("a + b", Span::new(FileId(0), 10, 15));
    /// assert_eq!(text.derived(14), 4);
    /// ```
    pub fn derived(&self, at: u32) -> usize {
        let (mut low, mut high) = (0, self.text.len());
        // Places only grow along the text.
        while low < high {
            let middle = low + (high - low) / 2;
            match self.place(offset(middle)).end > at {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        low
    }

    /// A part of the text, with its map; `None` when the range is out of bounds or cuts a character.
    pub fn slice(&self, range: Range<usize>) -> Option<MappedText> {
        self.text.get(range.clone())?;
        let mut part = MappedTextBuilder::new(self.span(range.clone()));
        self.copy_into(range, &mut part);
        Some(part.finish())
    }

    fn copy_into(&self, range: Range<usize>, to: &mut MappedTextBuilder) {
        let mut at = range.start;
        while at < range.end {
            let (piece, piece_end) = self.piece_at(offset(at));
            let end = index(piece_end).min(range.end);
            let text = self.text.get(at..end).unwrap_or("");
            if piece.verbatim {
                let skipped = offset(at).saturating_sub(piece.derived);
                to.push_verbatim(text, piece.source.start.saturating_add(skipped));
            } else {
                to.push_replaced(text, piece.source);
            }
            at = end.max(at + 1);
        }
    }

    /// The source of the derived byte at `at`.
    fn place(&self, at: u32) -> Span {
        let (piece, _) = self.piece_at(at);
        if !piece.verbatim {
            return piece.source;
        }
        let within = at.saturating_sub(piece.derived);
        let start = piece
            .source
            .start
            .saturating_add(within)
            .min(piece.source.end);
        let end = start.saturating_add(1).min(piece.source.end);
        Span::new(self.origin.file, start, end)
    }

    /// The piece that covers the derived byte at `at`, and where that piece ends.
    fn piece_at(&self, at: u32) -> (Piece, u32) {
        let next = self.pieces.partition_point(|piece| piece.derived <= at);
        let piece = next
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index))
            .copied()
            .unwrap_or(Piece {
                derived: 0,
                source: self.origin,
                verbatim: true,
            });
        let end = self
            .pieces
            .get(next)
            .map_or_else(|| offset(self.text.len()), |piece| piece.derived);
        (piece, end)
    }
}

/// Puts a [`MappedText`] together, piece by piece.
#[derive(Debug)]
pub struct MappedTextBuilder {
    text: String,
    origin: Span,
    pieces: Vec<Piece>,
}

impl MappedTextBuilder {
    /// Begins a text that is derived from `origin`.
    pub fn new(origin: Span) -> Self {
        Self {
            text: String::new(),
            origin,
            pieces: Vec::new(),
        }
    }

    /// Appends text that stands in the file as it is, from byte offset `source_start` on.
    pub fn push_verbatim(&mut self, text: &str, source_start: u32) {
        if text.is_empty() {
            return;
        }
        let source_end = source_start.saturating_add(offset(text.len()));
        match self.pieces.last_mut() {
            Some(last) if last.verbatim && last.source.end == source_start => {
                last.source.end = source_end;
            }
            _ => self.pieces.push(Piece {
                derived: offset(self.text.len()),
                source: Span::new(self.origin.file, source_start, source_end),
                verbatim: true,
            }),
        }
        self.text.push_str(text);
    }

    /// Appends text that stands for the whole of `source`.
    pub fn push_replaced(&mut self, text: &str, source: Span) {
        if text.is_empty() {
            return;
        }
        self.pieces.push(Piece {
            derived: offset(self.text.len()),
            source,
            verbatim: false,
        });
        self.text.push_str(text);
    }

    /// Appends a part of another mapped text of the same file, keeping its map.
    pub fn push_mapped(&mut self, from: &MappedText, range: Range<usize>) {
        from.copy_into(range, self);
    }

    /// The finished text.
    pub fn finish(self) -> MappedText {
        let Self {
            text,
            origin,
            mut pieces,
        } = self;
        // One verbatim piece that covers the whole origin is the identity: no map needed.
        if let [only] = pieces.as_slice()
            && only.verbatim
            && only.source == origin
        {
            pieces.clear();
        }
        MappedText {
            text,
            origin,
            pieces,
        }
    }
}

/// A byte count as an offset. Files stay far below 4 GiB (the reader refuses longer ones), so this never clips.
pub(crate) fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// An offset as an index.
pub(crate) fn index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let file = SourceFile::new("a.xml".into(), "ab\r\né→c\n".into());
        let at = |offset| {
            let place = file.position(offset);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(1), (1, 2));
        assert_eq!(at(4), (2, 1));
        assert_eq!(at(6), (2, 2));
        assert_eq!(at(7), (2, 2), "within a character");
        assert_eq!(at(9), (2, 3));
        assert_eq!(at(99), (3, 1), "past the end");
        assert_eq!(file.line(1), Some("ab"));
        assert_eq!(file.line(2), Some("é→c"));
        assert_eq!(file.line(3), Some(""));
        assert_eq!(file.line(4), None);
        assert_eq!(file.line(0), None);
    }

    #[test]
    fn derived_text_maps_back() {
        // Source: `a&lt;b`, at 10.
        let file = FileId(0);
        let mut builder = MappedTextBuilder::new(Span::new(file, 10, 16));
        builder.push_verbatim("a", 10);
        builder.push_replaced("<", Span::new(file, 11, 15));
        builder.push_verbatim("b", 15);
        let text = builder.finish();
        assert_eq!(text.text(), "a<b");
        assert_eq!(text.span(0..1), Span::new(file, 10, 11));
        assert_eq!(text.span(1..2), Span::new(file, 11, 15));
        assert_eq!(text.span(0..2), Span::new(file, 10, 15));
        assert_eq!(text.span(2..3), Span::new(file, 15, 16));
        assert_eq!(text.span(3..3), Span::new(file, 16, 16), "the end");
        assert_eq!(text.span(1..1), Span::new(file, 11, 11));
        let part = text.slice(1..3).unwrap();
        assert_eq!(part.text(), "<b");
        assert_eq!(part.span(1..2), Span::new(file, 15, 16));
        assert!(text.slice(2..9).is_none());
    }

    #[test]
    fn verbatim_text_needs_no_map() {
        let file = FileId(3);
        let mut builder = MappedTextBuilder::new(Span::new(file, 5, 9));
        builder.push_verbatim("ab", 5);
        builder.push_verbatim("cd", 7);
        let text = builder.finish();
        assert!(text.is_verbatim());
        assert_eq!(text.span(1..3), Span::new(file, 6, 8));
        assert_eq!(text.span(4..4), Span::new(file, 9, 9));
    }
}
