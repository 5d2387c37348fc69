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
    item: Item,
    /// Of a string or a name whether it has escapes.
    escaped: bool,
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
        let entries = read(bytes)?;
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
        self.entry(index).map(|entry| entry.item)
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
        let whole = self.entry(object)?;
        if whole.item != Item::Object {
            return None;
        }
        let text = self.text.as_utf8()?.as_bytes();
        let length = name.len() + 2;
        let (mut found, mut next) = (None, object + 1);
        while next < whole.end {
            let entry = self.entry(next)?;
            let same = match entry.escaped {
                false => entry.len() == length && entry.inner(text)? == name.as_bytes(),
                true => self.string(next)? == *name,
            };
            if same {
                found = Some(next);
            }
            next = self.behind(next + 1)?;
        }
        found
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
        match entry.escaped {
            true => self.raw(index).map(unquoted),
            false => self
                .text
                .slice(place(entry.start) + 1, place(entry.end).checked_sub(1)?),
        }
    }

    fn entry(&self, index: u32) -> Option<Entry> {
        self.entries.get(place(index)).copied()
    }

    /// The entry behind a value.
    fn behind(&self, index: u32) -> Option<u32> {
        let entry = self.entry(index)?;
        Some(match entry.item {
            Item::Object | Item::Array => entry.end,
            _ => index + 1,
        })
    }

    /// The text from the value of a property on.
    fn after(&self, property: u32) -> Option<&str> {
        let value = self.entry(property + 1)?;
        self.text.as_utf8()?.get(place(value.start)..)
    }
}

impl Entry {
    /// The length of a string or a name with its quotes.
    fn len(self) -> usize {
        place(self.end.saturating_sub(self.start))
    }

    /// What stands between the quotes.
    fn inner(self, text: &[u8]) -> Option<&[u8]> {
        text.get(place(self.start) + 1..place(self.end).checked_sub(1)?)
    }
}

/// An index as such; it is at least 32 bits wide on every platform that Tollgate runs on.
fn place(index: u32) -> usize {
    index as usize
}

/// Reads a text from front to back, without recursion. What is not inlined takes and gives places by value, so that the
/// place stays in a register.
fn read(bytes: &[u8]) -> Option<Vec<Entry>> {
    let mut entries = Vec::with_capacity((bytes.len() / 8 + 4).min(ROOM));
    // The objects and arrays that are open around the innermost one.
    let mut outer = [(NONE, Item::Scalar); DEPTH];
    let mut depth = 0;
    let mut inner = (NONE, Item::Scalar);
    let mut parent = NONE;
    let mut at = 0;
    'value: loop {
        let first = blank(bytes, &mut at)?;
        let index = narrow(entries.len())?;
        let start = narrow(at)?;
        let mut entry = Entry {
            start,
            end: index + 1,
            parent,
            item: Item::Scalar,
            escaped: false,
        };
        match first {
            b'"' => entry.escaped = string(bytes, &mut at)?,
            b'{' | b'[' => {
                let item = match first {
                    b'{' => Item::Object,
                    _ => Item::Array,
                };
                entries.push(Entry { item, ..entry });
                *outer.get_mut(depth)? = inner;
                depth += 1;
                inner = (index, item);
                at += 1;
                match (item, blank(bytes, &mut at)?) {
                    (Item::Object, b'"') => {
                        parent = name(bytes, &mut at, index, &mut entries)?;
                        continue 'value;
                    }
                    (Item::Array, next) if next != b']' => {
                        parent = index;
                        continue 'value;
                    }
                    // It is closed below.
                    (Item::Object, b'}') | (Item::Array, _) => {}
                    _ => return None,
                }
            }
            b't' => at = word(bytes, at, b"true")?,
            b'f' => at = word(bytes, at, b"false")?,
            b'n' => at = word(bytes, at, b"null")?,
            _ => at = number(bytes, at)?,
        }
        if !matches!(first, b'{' | b'[') {
            entry.end = narrow(at)?;
            entries.push(entry);
        }
        // What stands behind a value.
        while depth > 0 {
            let next = blank(bytes, &mut at)?;
            at += 1;
            match (next, inner.1) {
                (b',', Item::Array) => {
                    parent = inner.0;
                    continue 'value;
                }
                (b',', _) if blank(bytes, &mut at)? == b'"' => {
                    parent = name(bytes, &mut at, inner.0, &mut entries)?;
                    continue 'value;
                }
                (b'}', Item::Object) | (b']', Item::Array) => {}
                _ => return None,
            }
            let end = narrow(entries.len())?;
            entries.get_mut(place(inner.0))?.end = end;
            depth -= 1;
            inner = *outer.get(depth)?;
        }
        let ended = blank(bytes, &mut at).is_none() && at == bytes.len();
        return ended.then_some(entries);
    }
}

/// A name and the colon behind it.
#[inline(always)]
fn name(bytes: &[u8], at: &mut usize, object: u32, entries: &mut Vec<Entry>) -> Option<u32> {
    let index = narrow(entries.len())?;
    let start = narrow(*at)?;
    let escaped = string(bytes, at)?;
    entries.push(Entry {
        start,
        end: narrow(*at)?,
        parent: object,
        item: Item::Property,
        escaped,
    });
    if blank(bytes, at)? != b':' {
        return None;
    }
    *at += 1;
    Some(index)
}

/// Over white space, to what comes next.
#[inline(always)]
fn blank(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let next = *bytes.get(*at)?;
        if next > b' ' || !matches!(next, b' ' | b'\n' | b'\r' | b'\t') {
            return Some(next);
        }
        *at += 1;
    }
}

/// A string, from its quote on; gives whether it has escapes. Control characters may stand in it, as with Newtonsoft.
#[inline(always)]
fn string(bytes: &[u8], at: &mut usize) -> Option<bool> {
    let mut escaped = false;
    *at += 1;
    loop {
        while let Some(chunk) = bytes.get(*at..*at + 8).and_then(<[u8]>::first_chunk) {
            match first_mark(u64::from_le_bytes(*chunk)) {
                Some(mark) => {
                    *at += mark;
                    break;
                }
                None => *at += 8,
            }
        }
        match bytes.get(*at)? {
            b'"' => {
                *at += 1;
                return Some(escaped);
            }
            b'\\' => {
                *at = escape(bytes, *at)?;
                escaped = true;
            }
            _ => *at += 1,
        }
    }
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

/// Behind an escape.
#[cold]
fn escape(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => {
            let digits = bytes.get(at + 2..at + 6)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(at + 6)
        }
        _ => None,
    }
}

/// Behind that word.
fn word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    let end = at + word.len();
    (bytes.get(at..end)? == word).then_some(end)
}

/// Behind a number.
fn number(bytes: &[u8], start: usize) -> Option<usize> {
    let sign = |at: usize, signs: &[u8]| {
        let signed = bytes.get(at).is_some_and(|byte| signs.contains(byte));
        at + usize::from(signed)
    };
    let mut at = sign(start, b"-");
    at = match bytes.get(at)? {
        b'0' => at + 1,
        _ => digits(bytes, at)?,
    };
    if let Some(b'.') = bytes.get(at) {
        at = digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at = digits(bytes, sign(at + 1, b"+-"))?;
    }
    (at - start < DIGITS).then_some(at)
}

/// Behind at least one digit.
fn digits(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then_some(start + count)
}

fn narrow(place: usize) -> Option<u32> {
    u32::try_from(place).ok()
}
