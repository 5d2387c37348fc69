//! Strict JSON, checked in one pass that notes where everything is, so that only what is asked for need be made of it.
//!
//! Own code, as it is measured to be quicker than what crates give for the same: a chat request of 2 KB takes 0.7 µs,
//! while `serde_json` takes 1.0 µs to skip it, sonic-rs 1.0 µs, and simd-json 1.5 µs for its tape.

use super::read::unquoted;
use crate::str::Str;

/// Strict JSON, and where everything in it is.
#[derive(Debug)]
pub struct Tape {
    text: Str,
    entries: Vec<Entry>,
}

/// A value; or the name of a property, behind which stands its value.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where it begins, in bytes.
    start: u32,
    /// Of an object or an array the entry behind it; of anything else where it ends, in bytes.
    end: u32,
    /// The entry that holds it: of a value in an object the property. [`NONE`] at the top.
    parent: u32,
}

/// No entry.
const NONE: u32 = u32::MAX;
/// Newtonsoft's `MaxDepth`.
const DEPTH: usize = 64;
/// From how many digits on Newtonsoft might refuse a number.
const DIGITS: usize = 300;
/// How many entries there is room for at first.
const ROOM: usize = 4096;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    Object,
    Array,
    Property,
    Scalar,
}

impl Tape {
    /// Reads strict JSON. `None` of anything else, and of what Newtonsoft may refuse all the same (deep nesting, numbers
    /// of hundreds of digits).
    pub fn read(text: Str) -> Option<Tape> {
        let bytes = text.as_utf8()?.as_bytes();
        // So that places fit in 32 bits.
        u32::try_from(bytes.len()).ok()?;
        let entries = Reader::new(bytes).read()?;
        Some(Tape { text, entries })
    }

    /// The text from the value of a member of the outermost object on; of the last one, if several have the name.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.after(self.property(0, name)?)
    }

    /// The names of the members of the outermost object, each with the text from its value on.
    pub fn members(&self) -> impl Iterator<Item = (Str, &str)> {
        let properties = self.is_object().then(|| self.children(0));
        let properties = properties.into_iter().flatten();
        properties.filter_map(|property| Some((self.string(property)?, self.after(property)?)))
    }

    /// Whether the outermost value is an object.
    pub fn is_object(&self) -> bool {
        self.item(0) == Some(Item::Object)
    }

    /// How many tokens a tree of it has.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &Str {
        &self.text
    }

    /// What is there.
    pub(crate) fn item(&self, index: u32) -> Option<Item> {
        let entry = self.entry(index)?;
        Some(match self.byte(entry.start)? {
            b'{' => Item::Object,
            b'[' => Item::Array,
            b'"' if self.is_name(entry) => Item::Property,
            _ => Item::Scalar,
        })
    }

    /// The entry that holds it.
    pub(crate) fn parent(&self, index: u32) -> Option<u32> {
        let parent = self.entry(index)?.parent;
        (parent != NONE).then_some(parent)
    }

    /// The elements of an array, the properties of an object; nothing of anything else.
    pub(crate) fn children(&self, index: u32) -> impl Iterator<Item = u32> {
        let item = self.item(index);
        let end = match item {
            Some(Item::Object | Item::Array) => self.entry(index).map_or(0, |entry| entry.end),
            _ => 0,
        };
        let value = u32::from(item == Some(Item::Object));
        let mut next = index.saturating_add(1);
        std::iter::from_fn(move || {
            let child = next;
            if child >= end {
                return None;
            }
            next = self.behind(child + value)?;
            Some(child)
        })
    }

    /// The property of that name of an object; the last one, if there are several.
    pub(crate) fn property(&self, object: u32, name: &str) -> Option<u32> {
        if self.item(object)? != Item::Object {
            return None;
        }
        self.children(object)
            .filter(|property| self.is_called(*property, name))
            .last()
    }

    /// The text of a scalar, or of a name with its quotes.
    pub(crate) fn raw(&self, index: u32) -> Option<&str> {
        let entry = self.entry(index)?;
        self.text
            .as_utf8()?
            .get(place(entry.start)..place(entry.end))
    }

    /// What a string or a name says.
    pub(crate) fn string(&self, index: u32) -> Option<Str> {
        let entry = self.entry(index)?;
        let raw = self.raw(index)?;
        match raw.contains('\\') {
            true => Some(unquoted(raw)),
            false => self
                .text
                .slice(place(entry.start) + 1, place(entry.end).checked_sub(1)?),
        }
    }

    fn entry(&self, index: u32) -> Option<Entry> {
        self.entries.get(place(index)).copied()
    }

    fn byte(&self, at: u32) -> Option<u8> {
        self.text.as_utf8()?.as_bytes().get(place(at)).copied()
    }

    fn is_name(&self, entry: Entry) -> bool {
        let holder = self.entry(entry.parent);
        holder.and_then(|holder| self.byte(holder.start)) == Some(b'{')
    }

    /// The entry behind a value.
    fn behind(&self, index: u32) -> Option<u32> {
        let entry = self.entry(index)?;
        Some(match self.byte(entry.start)? {
            b'{' | b'[' => entry.end,
            _ => index + 1,
        })
    }

    /// The text from the value of a property on.
    fn after(&self, property: u32) -> Option<&str> {
        let value = self.entry(property + 1)?;
        self.text.as_utf8()?.get(place(value.start)..)
    }

    fn is_called(&self, property: u32, name: &str) -> bool {
        let Some(inner) = self
            .raw(property)
            .and_then(|raw| raw.get(1..raw.len().checked_sub(1)?))
        else {
            return false;
        };
        match inner.len() == name.len() {
            // An escape is longer than what it stands for.
            true => inner == name && !inner.contains('\\'),
            false => {
                inner.len() > name.len()
                    && inner.contains('\\')
                    && self.string(property).is_some_and(|text| text == *name)
            }
        }
    }
}

/// An index as such; it is at least 32 bits wide on every platform that Tollgate runs on.
fn place(index: u32) -> usize {
    index as usize
}

/// Reads from front to back without recursion.
struct Reader<'a> {
    bytes: &'a [u8],
    place: usize,
    entries: Vec<Entry>,
    /// The objects and arrays that are open.
    open: [u32; DEPTH],
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            place: 0,
            entries: Vec::with_capacity((bytes.len() / 8 + 4).min(ROOM)),
            open: [NONE; DEPTH],
            depth: 0,
        }
    }

    fn read(mut self) -> Option<Vec<Entry>> {
        let mut parent = NONE;
        loop {
            let index = self.value(parent)?;
            // An object or array that has just been opened holds what comes next.
            if let Some(container) = index {
                parent = match self.peek()? {
                    b'"' if self.is_object(container) => self.name(container)?,
                    _ if self.is_object(container) => return None,
                    _ => container,
                };
                continue;
            }
            parent = match self.after_value()? {
                Some(parent) => parent,
                None => return Some(self.entries),
            };
        }
    }

    /// A value; gives an object or an array that has something in it.
    #[inline(always)]
    fn value(&mut self, parent: u32) -> Option<Option<u32>> {
        let first = self.blank()?;
        let index = self.index()?;
        let start = self.place;
        self.push(start, parent)?;
        match first {
            b'"' => self.string()?,
            b'{' | b'[' => {
                let close = if first == b'{' { b'}' } else { b']' };
                self.place += 1;
                if self.depth == DEPTH {
                    return None;
                }
                if self.blank()? != close {
                    *self.open.get_mut(self.depth)? = index;
                    self.depth += 1;
                    return Some(Some(index));
                }
                self.place += 1;
                self.entries.last_mut()?.end = index + 1;
                return Some(None);
            }
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            _ => self.number()?,
        }
        self.entries.last_mut()?.end = narrow(self.place)?;
        Some(None)
    }

    /// Over what stands behind a value, to the next one; gives what will hold that, and `None` at the end of the text.
    #[inline(always)]
    fn after_value(&mut self) -> Option<Option<u32>> {
        loop {
            let Some(inner) = self.depth.checked_sub(1) else {
                let at_end = self.blank().is_none() && self.place == self.bytes.len();
                return at_end.then_some(None);
            };
            let container = *self.open.get(inner)?;
            let object = self.is_object(container);
            match self.blank()? {
                b',' => {
                    self.place += 1;
                    return Some(Some(match object {
                        false => container,
                        true => match self.blank()? {
                            b'"' => self.name(container)?,
                            _ => return None,
                        },
                    }));
                }
                b'}' if object => {}
                b']' if !object => {}
                _ => return None,
            }
            self.place += 1;
            let end = self.index()?;
            self.entries.get_mut(place(container))?.end = end;
            self.depth = inner;
        }
    }

    /// A name and the colon behind it.
    #[inline(always)]
    fn name(&mut self, object: u32) -> Option<u32> {
        let index = self.index()?;
        let start = self.place;
        self.push(start, object)?;
        self.string()?;
        self.entries.last_mut()?.end = narrow(self.place)?;
        if self.blank()? != b':' {
            return None;
        }
        self.place += 1;
        Some(index)
    }

    fn push(&mut self, start: usize, parent: u32) -> Option<()> {
        self.entries.push(Entry {
            start: narrow(start)?,
            end: 0,
            parent,
        });
        Some(())
    }

    fn index(&self) -> Option<u32> {
        narrow(self.entries.len())
    }

    fn is_object(&self, container: u32) -> bool {
        let entry = self.entries.get(place(container));
        entry.and_then(|entry| self.bytes.get(place(entry.start))) == Some(&b'{')
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.place).copied()
    }

    /// Over white space, to what comes next.
    #[inline(always)]
    fn blank(&mut self) -> Option<u8> {
        loop {
            let next = self.peek()?;
            if !matches!(next, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(next);
            }
            self.place += 1;
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let end = self.place + word.len();
        let found = self.bytes.get(self.place..end)? == word;
        self.place = end;
        found.then_some(())
    }

    /// A string, from its quote on. Control characters may stand in it, as with Newtonsoft.
    #[inline(always)]
    fn string(&mut self) -> Option<()> {
        self.place += 1;
        loop {
            while let Some(chunk) = self.bytes.get(self.place..)?.first_chunk() {
                match first_mark(u64::from_le_bytes(*chunk)) {
                    Some(mark) => {
                        self.place += mark;
                        break;
                    }
                    None => self.place += chunk.len(),
                }
            }
            match self.peek()? {
                b'"' => {
                    self.place += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                _ => self.place += 1,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        self.place += match self.bytes.get(self.place + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' => {
                let digits = self.bytes.get(self.place + 2..self.place + 6)?;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(6)?
            }
            _ => return None,
        };
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        let start = self.place;
        if self.peek()? == b'-' {
            self.place += 1;
        }
        match self.peek()? {
            b'0' => self.place += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.place += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.place += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.place += 1;
            }
            self.digits()?;
        }
        (self.place - start < DIGITS).then_some(())
    }

    /// At least one digit.
    fn digits(&mut self) -> Option<()> {
        let start = self.place;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.place += 1;
        }
        (self.place > start).then_some(())
    }
}

fn narrow(place: usize) -> Option<u32> {
    u32::try_from(place).ok()
}

/// The place of the first quote or backslash in eight bytes.
#[inline(always)]
fn first_mark(word: u64) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // The lowest bit that is set is right: only bytes above a zero can be taken for one.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let marks = zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5C));
    (marks != 0).then_some(marks.trailing_zeros() as usize / 8) // below 8
}
