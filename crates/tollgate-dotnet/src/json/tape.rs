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
/// How many entries there may be; of more than this no object could be made within the limits that are usual.
const MOST: usize = 1 << 20;
/// How many entries there is room for at first.
const ROOM: usize = 4096;

/// How many times eight bytes a string has for which it is not worth to call for a faster search.
const SHORT: u32 = 6;

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
    /// of hundreds of digits), and of a text that has too much in it.
    pub fn read(text: Str) -> Option<Tape> {
        let bytes = text.as_utf8()?.as_bytes();
        // So that places fit in 32 bits.
        u32::try_from(bytes.len()).ok()?;
        let mut entries = Vec::with_capacity((bytes.len() / 8 + 4).min(ROOM));
        read(bytes, &mut entries)?;
        Some(Tape { text, entries })
    }

    /// Whether [`read`](Self::read) would read this, and it is an object.
    pub fn is_object_text(text: &str) -> bool {
        let short = u32::try_from(text.len()).is_ok();
        let mut first = First::default();
        short && read(text.as_bytes(), &mut first).is_some() && first.item == Some(Item::Object)
    }

    /// The text from the value of a member of the outermost object on; of the last one, if several have the name.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.after(self.property(0, name)?)
    }

    /// The value of a member of the outermost object, if it is a string.
    pub fn string_member(&self, name: &str) -> Option<Str> {
        let value = self.property(0, name)? + 1;
        match self.raw(value)?.starts_with('"') {
            true => self.string(value),
            false => None,
        }
    }

    /// As [`member`](Self::member), where the value is a string without escapes: what it says.
    pub fn plain_member(&self, name: &str) -> Option<Option<&str>> {
        match self.property(0, name) {
            Some(property) => self.plain_string(property + 1).map(Some),
            None => Some(None),
        }
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
        let mut rest = self.entries.get(place(next)..place(whole.end))?;
        while let [entry, value, behind @ ..] = rest {
            let same = match entry.escaped {
                false => entry.len() == length && entry.inner(text)? == name.as_bytes(),
                true => self.string(next)? == *name,
            };
            if same {
                found = Some(next);
            }
            next += 2;
            rest = behind;
            if let Item::Object | Item::Array = value.item {
                let inside = value.end.checked_sub(next)?;
                next = value.end;
                rest = rest.get(place(inside)..)?;
            }
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

    /// What a string says, if it has no escapes.
    pub(crate) fn plain_string(&self, index: u32) -> Option<&str> {
        let entry = self.entry(index)?;
        let text = self.text.as_utf8()?;
        let first = text.as_bytes().get(place(entry.start))?;
        match *first == b'"' && !entry.escaped {
            true => text.get(place(entry.start) + 1..place(entry.end).checked_sub(1)?),
            false => None,
        }
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

/// What takes note of entries.
trait Entries {
    /// How many there are; fewer than bytes.
    fn count(&self) -> u32;
    fn push(&mut self, entry: Entry);
    /// Notes that the object or array there ends before the next entry.
    fn close(&mut self, index: u32);
}

impl Entries for Vec<Entry> {
    #[inline(always)]
    fn count(&self) -> u32 {
        self.len() as u32 // a text has less than 4 GiB
    }

    #[inline(always)]
    fn push(&mut self, entry: Entry) {
        Vec::push(self, entry);
    }

    #[inline(always)]
    fn close(&mut self, index: u32) {
        let end = self.count();
        if let Some(entry) = self.get_mut(place(index)) {
            entry.end = end;
        }
    }
}

/// Notes only what the outermost value is.
#[derive(Default)]
struct First {
    item: Option<Item>,
    count: u32,
}

impl Entries for First {
    fn count(&self) -> u32 {
        self.count
    }

    fn push(&mut self, entry: Entry) {
        self.item.get_or_insert(entry.item);
        self.count += 1; // fewer than bytes
    }

    fn close(&mut self, _: u32) {}
}

/// Reads a text of less than 4 GiB from front to back, without recursion. What is left of it is handed on by value, so
/// that it stays in registers.
fn read(bytes: &[u8], entries: &mut impl Entries) -> Option<()> {
    // The objects and arrays that are open around the innermost one.
    let mut outer = [(NONE, Item::Scalar); DEPTH];
    let mut depth = 0;
    let mut inner = (NONE, Item::Scalar);
    let mut parent = NONE;
    let mut rest = bytes;
    'value: loop {
        (place(entries.count()) < MOST).then_some(())?;
        let (first, after) = next(rest)?;
        let mut entry = Entry {
            start: before(bytes, after) - 1,
            end: 0,
            parent,
            item: Item::Scalar,
            escaped: false,
        };
        let container = match first {
            b'"' => {
                (rest, entry.escaped) = string(after)?;
                None
            }
            b'{' => Some((Item::Object, b'}')),
            b'[' => Some((Item::Array, b']')),
            _ => {
                rest = match first {
                    b't' => after.strip_prefix(b"rue"),
                    b'f' => after.strip_prefix(b"alse"),
                    b'n' => after.strip_prefix(b"ull"),
                    _ => number(first, after),
                }?;
                None
            }
        };
        if let Some((item, close)) = container {
            // One that is empty counts too.
            (depth < DEPTH).then_some(())?;
            let index = entries.count();
            entry.item = item;
            entry.end = index + 1;
            entries.push(entry);
            let (second, inside) = next(after)?;
            if second == close {
                rest = inside;
            } else {
                *outer.get_mut(depth)? = inner;
                depth += 1;
                inner = (index, item);
                (parent, rest) = match item {
                    Item::Object => name(bytes, second, inside, index, entries)?,
                    _ => (index, after),
                };
                continue 'value;
            }
        } else {
            entry.end = before(bytes, rest);
            entries.push(entry);
        }
        // What stands behind a value.
        while depth > 0 {
            let (mark, after) = next(rest)?;
            match (mark, inner.1) {
                (b',', Item::Array) => {
                    (parent, rest) = (inner.0, after);
                    continue 'value;
                }
                (b',', _) => {
                    let (quote, after) = next(after)?;
                    (parent, rest) = name(bytes, quote, after, inner.0, entries)?;
                    continue 'value;
                }
                (b'}', Item::Object) | (b']', Item::Array) => rest = after,
                _ => return None,
            }
            entries.close(inner.0);
            depth -= 1;
            inner = *outer.get(depth)?;
        }
        return next(rest).is_none().then_some(());
    }
}

/// How many bytes are before the rest of them.
#[inline(always)]
fn before(bytes: &[u8], rest: &[u8]) -> u32 {
    (bytes.len() - rest.len()) as u32 // a text has less than 4 GiB
}

/// A name, given its quote and what stands behind, and the colon; gives the entry, and the rest.
#[inline(always)]
fn name<'a>(
    bytes: &[u8],
    quote: u8,
    after: &'a [u8],
    object: u32,
    entries: &mut impl Entries,
) -> Option<(u32, &'a [u8])> {
    if quote != b'"' {
        return None;
    }
    let index = entries.count();
    let (rest, escaped) = string(after)?;
    entries.push(Entry {
        start: before(bytes, after) - 1,
        end: before(bytes, rest),
        parent: object,
        item: Item::Property,
        escaped,
    });
    match next(rest)? {
        (b':', rest) => Some((index, rest)),
        _ => None,
    }
}

/// The first byte that is no white space, and what stands behind it; `None` at the end.
#[inline(always)]
fn next(mut rest: &[u8]) -> Option<(u8, &[u8])> {
    loop {
        let (first, after) = rest.split_first()?;
        if *first > b' ' || !matches!(first, b' ' | b'\n' | b'\r' | b'\t') {
            return Some((*first, after));
        }
        rest = after;
    }
}

/// What stands behind a string whose quote was read, and whether it has escapes. Control characters may stand in it, as
/// with Newtonsoft.
#[inline(always)]
fn string(mut rest: &[u8]) -> Option<(&[u8], bool)> {
    let mut escaped = false;
    loop {
        let mut words = 0;
        while let Some((chunk, after)) = rest.split_first_chunk() {
            if let Some(mark) = first_mark(u64::from_le_bytes(*chunk)) {
                rest = rest.get(mark..)?;
                break;
            }
            rest = after;
            words += 1;
            if words == SHORT {
                rest = rest.get(memchr::memchr2(b'"', b'\\', rest)?..)?;
                break;
            }
        }
        match rest.split_first()? {
            (b'"', after) => return Some((after, escaped)),
            (b'\\', after) => {
                rest = escape(after)?;
                escaped = true;
            }
            (_, after) => rest = after,
        }
    }
}

/// The place of the first quote or backslash in eight bytes.
#[inline(always)]
fn first_mark(word: u64) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // The lowest bit that is set is right: only bytes above a zero can be taken for one.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let marks = (zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5C))) & HIGH;
    (marks != 0).then_some(marks.trailing_zeros() as usize / 8) // below 8
}

/// What stands behind an escape, given what stands behind the backslash.
#[cold]
fn escape(rest: &[u8]) -> Option<&[u8]> {
    match rest {
        [
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
            after @ ..,
        ] => Some(after),
        [b'u', a, b, c, d, after @ ..] => {
            let hex = [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit());
            hex.then_some(after)
        }
        _ => None,
    }
}

/// What stands behind a number whose first byte was read.
fn number(first: u8, after: &[u8]) -> Option<&[u8]> {
    let (first, mut rest) = match first {
        b'-' => after.split_first().map(|(first, rest)| (*first, rest))?,
        _ => (first, after),
    };
    match first {
        b'0' => {}
        b'1'..=b'9' => rest = behind_digits(rest),
        _ => return None,
    }
    if let [b'.', fraction @ ..] = rest {
        rest = digits(fraction)?;
    }
    if let [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] = rest {
        rest = digits(exponent)?;
    }
    (after.len() - rest.len() < DIGITS).then_some(rest)
}

/// What stands behind at least one digit.
fn digits(rest: &[u8]) -> Option<&[u8]> {
    let after = behind_digits(rest);
    (after.len() < rest.len()).then_some(after)
}

fn behind_digits(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|byte| !byte.is_ascii_digit());
    rest.get(end.unwrap_or(rest.len())..).unwrap_or_default()
}
