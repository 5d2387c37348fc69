//! Reads JSON as Newtonsoft does: comments, single quotes, bare names, trailing commas, dates.

use std::sync::Arc;

use super::big_integer::BigInteger;
use super::document;
use super::kind::Kind;
use super::settings::{Comments, Duplicates, Numbers, Reading};
use super::tape::Tape;
use super::token::{Node, Step, Token, alloc, path_text, scalar};
use crate::heap::{Heap, HeapId};
use crate::number::{Style, parse_decimal};
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// The longest integer that Newtonsoft reads.
const DIGITS: usize = 380;

/// Which class reads the text; it decides what the text may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    Token,
    Object,
    Array,
}

/// Reads a text as a token.
pub(crate) fn read(
    heap: &mut Heap,
    text: &Str,
    reads: Reads,
    reading: &Reading,
) -> Result<HeapId, Throw> {
    let class = match reads {
        Reads::Token => "JToken",
        Reads::Object => "JObject",
        Reads::Array => "JArray",
    };
    if let Some(token) = lazily(heap, text, reads, reading) {
        return token;
    }
    let text = text.to_utf8();
    match tokens(heap, &text, reads, reading)? {
        Some(token) => Ok(token),
        None => {
            let reader = Reader::new(heap, &text, reading);
            Err(reader.error(&format!("Error reading {class} from JsonReader.")))
        }
    }
}

/// Reads a text; `None` if there is nothing in it.
pub(crate) fn read_any(
    heap: &mut Heap,
    text: &Str,
    reading: &Reading,
) -> Result<Option<HeapId>, Throw> {
    if let Some(token) = lazily(heap, text, Reads::Token, reading) {
        return token.map(Some);
    }
    let text = text.to_utf8();
    let mut reader = Reader::new(heap, &text, reading);
    reader.blank()?;
    match reader.peek() {
        None => Ok(None),
        Some(_) => reader.content().map(Some),
    }
}

/// Strict JSON becomes tokens when they are looked at; `None` of anything else, and where the settings want more.
fn lazily(
    heap: &mut Heap,
    text: &Str,
    reads: Reads,
    reading: &Reading,
) -> Option<Result<HeapId, Throw>> {
    let dates = reading.dates_or_not()?;
    let tape = Arc::new(Tape::read(text.clone())?);
    document::alloc(heap, &tape, reads, dates)
}

/// Reads a text token by token; `None` if there is nothing in it.
pub(crate) fn tokens(
    heap: &mut Heap,
    text: &str,
    reads: Reads,
    reading: &Reading,
) -> Result<Option<HeapId>, Throw> {
    Reader::new(heap, text, reading).root(reads)
}

/// The value of a scalar of strict JSON that is no string, by its text.
pub(crate) fn strict_scalar(text: &str) -> (Kind, Value) {
    let heap = &mut Heap::new(0);
    let read = Reader::new(heap, text, Reading::usual(false)).scalar();
    read.unwrap_or((Kind::Undefined, Value::Null))
}

/// What a string of strict JSON says, quotes and all.
pub(crate) fn unquoted(text: &str) -> Str {
    let heap = &mut Heap::new(0);
    let mut reader = Reader::new(heap, text, Reading::usual(false));
    reader.place = 1;
    reader.string(b'"').unwrap_or_default()
}

/// What a string stands for: a date if it looks like one and `dates` are asked for.
pub(crate) fn text_value(text: Str, dates: bool) -> (Kind, Value) {
    match Reading::usual(dates).date(&text) {
        Some(date) => (Kind::Date, date),
        None => (Kind::String, Value::String(text)),
    }
}

/// How many bytes a value keeps beside its token.
fn size_of_text(value: &Value) -> usize {
    match value {
        Value::String(text) => text.size(),
        other => BigInteger::digits(other).map_or(0, Str::size),
    }
}

struct Reader<'a> {
    heap: &'a mut Heap,
    text: &'a str,
    place: usize,
    reading: &'a Reading,
    /// The way to what was read last, for messages; `None` is a container before anything in it was read.
    path: Vec<Option<Step>>,
}

impl<'a> Reader<'a> {
    fn new(heap: &'a mut Heap, text: &'a str, reading: &'a Reading) -> Reader<'a> {
        Reader {
            heap,
            text,
            place: 0,
            reading,
            path: Vec::new(),
        }
    }

    /// What a class takes from the text; `None` if there is nothing in it.
    fn root(&mut self, reads: Reads) -> Result<Option<HeapId>, Throw> {
        // To `JToken.Parse` a comment before the value is the value.
        let first = match reads == Reads::Token && self.reading.comments != Comments::Skipped {
            true => self.gap()?,
            false => None,
        };
        if let Some(comment) = first {
            self.blank()?;
            if self.peek().is_some() {
                self.content()?;
            }
            let comment = Value::String(comment.into());
            return scalar(self.heap, Kind::Comment, comment).map(Some);
        }
        self.blank()?;
        let (class, what) = match (reads, self.peek()) {
            (_, None) => return Ok(None),
            (Reads::Object, Some(b'{')) | (Reads::Array, Some(b'[')) | (Reads::Token, _) => {
                return self.content().map(Some);
            }
            (Reads::Array, _) => ("JArray", "an array"),
            _ => ("JObject", "an object"),
        };
        let first = match self.peek() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            _ => {
                let token = self.value(None)?;
                super::token::get(self.heap, token)?.kind()
            }
        };
        if matches!(first, Kind::Object | Kind::Array) {
            self.place += 1;
        }
        Err(self.error(&format!(
            "Error reading {class} from JsonReader. Current JsonReader item is not {what}: {}.",
            first.start()
        )))
    }

    /// The value, behind which there may be nothing but comments.
    fn content(&mut self) -> Result<HeapId, Throw> {
        let token = self.value(None)?;
        self.blank()?;
        match self.peek_char() {
            None => Ok(token),
            Some(next) => Err(self.error(&format!(
                "Additional text encountered after finished reading JSON content: {next}."
            ))),
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.place..).unwrap_or("")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.place).copied()
    }

    fn peek_char(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// `JsonReaderException` here.
    fn error(&self, message: &str) -> Throw {
        let before = self.text.get(..self.place).unwrap_or(self.text);
        let mut lines = before.split('\n');
        let last = lines.next_back().unwrap_or("");
        let (line, column) = (lines.count() + 1, last.encode_utf16().count());
        // Newtonsoft has not begun to count before the first character.
        let line = if self.place == 0 { 0 } else { line };
        let steps: Vec<Step> = self.path.iter().flatten().cloned().collect();
        Throw::json_reader(format!(
            "{message} Path '{}', line {line}, position {column}.",
            path_text(&steps)
        ))
    }

    fn unexpected(&self, what: &str) -> Throw {
        match self.peek_char() {
            Some(found) => self.error(&format!(
                "Unexpected character encountered while parsing {what}: {found}."
            )),
            None => self.error(&format!("Unexpected end while parsing {what}.")),
        }
    }

    /// Over white space and comments.
    fn blank(&mut self) -> Result<(), Throw> {
        while self.gap()?.is_some() {}
        Ok(())
    }

    /// Over white space and comments, of which some become children of an array.
    fn between(&mut self, parent: HeapId, items: &mut Vec<HeapId>) -> Result<(), Throw> {
        while let Some(comment) = self.gap()? {
            if self.reading.comments == Comments::Kept {
                let comment = Value::String(comment.into());
                let comment = scalar(self.heap, Kind::Comment, comment)?;
                self.heap.charge(size_of::<HeapId>())?;
                self.adopt(comment, Some(parent));
                items.push(comment);
            }
        }
        Ok(())
    }

    /// Over white space, and the comment behind it if there is one.
    fn gap(&mut self) -> Result<Option<&'a str>, Throw> {
        let rest = self.rest();
        let trimmed = rest.trim_start();
        self.place += rest.len() - trimmed.len();
        let Some(comment) = trimmed.strip_prefix('/') else {
            return Ok(None);
        };
        let (text, length) = match comment.as_bytes().first() {
            Some(b'/') => {
                let end = comment.find(['\n', '\r']).unwrap_or(comment.len());
                (comment.get(1..end), end)
            }
            Some(b'*') => match comment.get(1..).and_then(|text| text.find("*/")) {
                Some(end) => (comment.get(1..=end), end + 3),
                None => {
                    self.place = self.text.len();
                    return Err(self.error("Unexpected end while parsing comment."));
                }
            },
            _ => {
                return Err(self.error("Error parsing comment. Expected: *, got something else."));
            }
        };
        self.place += 1 + length;
        Ok(Some(text.unwrap_or("")))
    }

    fn value(&mut self, parent: Option<HeapId>) -> Result<HeapId, Throw> {
        self.blank()?;
        let (kind, value) = match self.peek() {
            Some(b'{') => return self.object(parent),
            Some(b'[') => return self.array(parent),
            Some(b'n') if self.rest().starts_with("new") => return self.constructor(parent),
            // What stands before a comma without a value is undefined.
            Some(b',') if parent.is_some() => (Kind::Undefined, Value::Null),
            _ => self.scalar()?,
        };
        self.heap.charge(size_of_text(&value))?;
        let token = scalar(self.heap, kind, value)?;
        self.adopt(token, parent);
        Ok(token)
    }

    /// A value that is neither an object nor an array.
    fn scalar(&mut self) -> Result<(Kind, Value), Throw> {
        match self.peek() {
            Some(quote @ (b'"' | b'\'')) => {
                self.place += 1;
                let text = self.string(quote)?;
                Ok(match self.reading.date(&text) {
                    Some(date) => (Kind::Date, date),
                    None => (Kind::String, Value::String(text)),
                })
            }
            Some(b't') => self.word("true", Kind::Boolean, Value::Bool(true), "boolean"),
            Some(b'f') => self.word("false", Kind::Boolean, Value::Bool(false), "boolean"),
            Some(b'n') => self.word("null", Kind::Null, Value::Null, "null"),
            Some(b'u') => self.word("undefined", Kind::Undefined, Value::Null, "undefined"),
            Some(b'N') => self.word("NaN", Kind::Float, Value::Double(f64::NAN), "NaN"),
            Some(b'I') => {
                let infinity = Value::Double(f64::INFINITY);
                self.word("Infinity", Kind::Float, infinity, "positive infinity")
            }
            Some(b'-') if self.rest().starts_with("-I") => {
                let infinity = Value::Double(f64::NEG_INFINITY);
                self.word("-Infinity", Kind::Float, infinity, "negative infinity")
            }
            Some(b'-' | b'.' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("value")),
        }
    }

    /// `new Name(…)`.
    fn constructor(&mut self, parent: Option<HeapId>) -> Result<HeapId, Throw> {
        self.place += "new".len();
        let gap = self.place;
        self.blank()?;
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(rest.len());
        if self.place == gap || end == 0 {
            return Err(self.unexpected("constructor"));
        }
        let name = Str::from(rest.get(..end).unwrap_or(""));
        self.place += end;
        self.blank()?;
        if self.peek() != Some(b'(') {
            return Err(self.unexpected("constructor"));
        }
        self.heap.charge(name.size())?;
        let constructor = alloc(self.heap, Node::Constructor(name.clone(), Vec::new()))?;
        self.adopt(constructor, parent);
        let items = self.items(constructor, b')', "JConstructor")?;
        if let Some(token) = self.heap.get_mut::<Token>(constructor) {
            token.node = Node::Constructor(name, items);
        }
        Ok(constructor)
    }

    fn adopt(&mut self, token: HeapId, parent: Option<HeapId>) {
        if let Some(token) = self.heap.get_mut::<Token>(token) {
            token.parent = parent;
        }
    }

    fn word(
        &mut self,
        word: &str,
        kind: Kind,
        value: Value,
        what: &str,
    ) -> Result<(Kind, Value), Throw> {
        let ends = |rest: &str| {
            rest.chars()
                .next()
                .is_none_or(|c| c.is_whitespace() || ",}])/".contains(c))
        };
        match self.rest().strip_prefix(word) {
            Some(rest) if ends(rest) => {
                self.place += word.len();
                Ok((kind, value))
            }
            _ => {
                let same = self.rest().bytes().zip(word.bytes());
                self.place += same.take_while(|(a, b)| a == b).count();
                Err(self.error(&format!("Error parsing {what} value.")))
            }
        }
    }

    fn number(&mut self) -> Result<(Kind, Value), Throw> {
        let rest = self.rest();
        let digit = |c: char| c.is_ascii_hexdigit() || matches!(c, '+' | '-' | '.' | 'x' | 'X');
        let end = rest.find(|c| !digit(c)).unwrap_or(rest.len());
        let number = rest.get(..end).unwrap_or("");
        self.place += end;
        if let Some(next) = self.peek_char()
            && !(next.is_whitespace() || ",}])/".contains(next))
        {
            return Err(self.unexpected("number"));
        }
        if self.reading.numbers == Numbers::Text {
            let whole = !number.contains(['.', 'e', 'E']) || number.starts_with("0x");
            let kind = if whole { Kind::Integer } else { Kind::Float };
            return Ok((kind, Value::String(number.into())));
        }
        if number.len() > DIGITS && number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.error(&format!("JSON integer {number} is too large to parse.")));
        }
        let decimals = self.reading.numbers == Numbers::Decimals;
        match self::number(number, decimals) {
            Some(read) => Ok(read),
            None => Err(self.error(&format!("Input string '{number}' is not a valid number."))),
        }
    }

    /// The rest of a string whose quote was read.
    fn string(&mut self, quote: u8) -> Result<Str, Throw> {
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let end = memchr::memchr2(quote, b'\\', rest.as_bytes());
            let Some((plain, found)) = end.and_then(|end| Some((rest.get(..end)?, end))) else {
                self.place = self.text.len();
                let quote = char::from(quote);
                return Err(self.error(&format!(
                    "Unterminated string. Expected delimiter: {quote}."
                )));
            };
            text.push_str(plain);
            self.place += found;
            let ended = self.peek() == Some(quote);
            self.place += 1;
            if ended {
                return Ok(text.into());
            }
            self.escape(&mut text)?;
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Throw> {
        let Some(letter) = self.peek_char() else {
            return Err(self.error("Unterminated string. Expected delimiter: \"."));
        };
        self.place += letter.len_utf8();
        text.push(match letter {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            '\\' | '"' | '\'' | '/' => letter,
            'u' => self.unicode()?,
            other => {
                return Err(self.error(&format!("Bad JSON escape sequence: \\{other}.")));
            }
        });
        Ok(())
    }

    /// What `\u` stands for, with the one after it if they are a pair; half a pair is U+FFFD.
    fn unicode(&mut self) -> Result<char, Throw> {
        let first = self.unit()?;
        let mut units = vec![first];
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            let before = self.place;
            self.place += 2;
            let second = self.unit()?;
            match (0xDC00..0xE000).contains(&second) {
                true => units.push(second),
                false => self.place = before,
            }
        }
        let decoded = char::decode_utf16(units).next();
        Ok(decoded
            .and_then(Result::ok)
            .unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn unit(&mut self) -> Result<u16, Throw> {
        let digits = self.rest().get(..4).unwrap_or("");
        match u16::from_str_radix(digits, 16) {
            Ok(unit) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                self.place += 4;
                Ok(unit)
            }
            _ => Err(self.error(&format!("Invalid Unicode escape sequence: \\u{digits}."))),
        }
    }

    fn enter(&mut self) -> Result<(), Throw> {
        self.place += 1;
        self.path.push(None);
        let depth = self.reading.depth;
        match self.path.len() > depth {
            true => Err(self.error(&format!(
                "The reader's MaxDepth of {depth} has been exceeded."
            ))),
            false => Ok(()),
        }
    }

    fn step(&mut self, step: Step) {
        if let Some(last) = self.path.last_mut() {
            *last = Some(step);
        }
    }

    fn ended(&self, class: &str) -> Throw {
        self.error(&format!("Unexpected end of content while loading {class}."))
    }

    fn array(&mut self, parent: Option<HeapId>) -> Result<HeapId, Throw> {
        let array = alloc(self.heap, Node::Array(Vec::new()))?;
        self.adopt(array, parent);
        let items = self.items(array, b']', "JArray")?;
        if let Some(token) = self.heap.get_mut::<Token>(array) {
            token.node = Node::Array(items);
        }
        Ok(array)
    }

    /// What is in an array or constructor, up to its closing bracket.
    fn items(&mut self, parent: HeapId, close: u8, class: &str) -> Result<Vec<HeapId>, Throw> {
        self.enter()?;
        let mut items = Vec::new();
        loop {
            self.between(parent, &mut items)?;
            match self.peek() {
                None => return Err(self.ended(class)),
                Some(found) if found == close => break,
                Some(_) => {}
            }
            let before = self.place;
            let index = items.len();
            // A number is at its place before it is read, a container too, all else only after.
            if matches!(self.peek(), Some(b'{' | b'[' | b'-' | b'.' | b'0'..=b'9')) {
                self.step(Step::Index(index));
            }
            items.push(self.value(Some(parent))?);
            self.step(Step::Index(index));
            self.heap.charge(size_of::<HeapId>())?;
            self.heap.room(items.len())?;
            self.between(parent, &mut items)?;
            match self.peek() {
                None => return Err(self.ended(class)),
                Some(b',') => self.place += 1,
                Some(found) if found == close => break,
                Some(_) if self.place == before => return Err(self.unexpected("value")),
                Some(_) => return Err(self.after_value()),
            }
        }
        self.place += 1;
        self.path.pop();
        Ok(items)
    }

    fn after_value(&self) -> Throw {
        let found = self.peek_char().unwrap_or('\0');
        self.error(&format!(
            "After parsing a value an unexpected character was encountered: {found}."
        ))
    }

    fn object(&mut self, parent: Option<HeapId>) -> Result<HeapId, Throw> {
        let object = super::token::object(self.heap)?;
        self.adopt(object, parent);
        self.enter()?;
        let mut properties = Box::<super::token::Properties>::default();
        loop {
            self.blank()?;
            match self.peek() {
                None => return Err(self.ended("JObject")),
                Some(b'}') => break,
                Some(_) => {}
            }
            let name = self.name()?;
            self.heap.charge(name.size() + 4 * size_of::<HeapId>())?;
            self.blank()?;
            if self.peek() != Some(b':') {
                let found = self.peek_char().unwrap_or('\0');
                return Err(self.error(&format!(
                    "Invalid character after parsing property name. Expected ':' but got: {found}."
                )));
            }
            self.place += 1;
            self.step(Step::Name(name.to_string()));
            self.blank()?;
            if self.peek().is_none() {
                return Err(self.ended("JObject"));
            }
            let property = alloc(self.heap, Node::Property(name.clone(), None))?;
            self.adopt(property, Some(object));
            let value = self.value(Some(property))?;
            if let Some(Token {
                node: Node::Property(_, slot),
                ..
            }) = self.heap.get_mut(property)
            {
                *slot = Some(value);
            }
            let known = properties.contains_key(&name);
            match self.reading.duplicates {
                Duplicates::Error if known => {
                    return Err(self.error(&format!(
                        "Property with the name '{name}' already exists in the current JSON object."
                    )));
                }
                Duplicates::Ignore if known => self.adopt(property, None),
                Duplicates::Last if known => {
                    let old = properties.shift_remove(&name);
                    properties.insert(name, property);
                    if let Some(old) = old {
                        self.adopt(old, None);
                    }
                }
                // Of two with one name the last stays, in the place of the first.
                _ => {
                    if let Some(old) = properties.insert(name, property) {
                        self.adopt(old, None);
                    }
                }
            }
            self.blank()?;
            match self.peek() {
                None => return Err(self.ended("JObject")),
                Some(b',') => self.place += 1,
                Some(b'}') => break,
                Some(_) => return Err(self.after_value()),
            }
        }
        self.place += 1;
        self.path.pop();
        if let Some(token) = self.heap.get_mut::<Token>(object) {
            token.node = Node::Object(properties);
        }
        Ok(object)
    }

    fn name(&mut self) -> Result<Str, Throw> {
        if let Some(quote @ (b'"' | b'\'')) = self.peek() {
            self.place += 1;
            return self.string(quote);
        }
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
            .unwrap_or(rest.len());
        match rest.get(..end).filter(|name| !name.is_empty()) {
            Some(name) => {
                self.place += end;
                Ok(name.into())
            }
            None => {
                let found = self.peek_char().unwrap_or('\0');
                Err(self.error(&format!("Invalid property identifier character: {found}.")))
            }
        }
    }
}

/// A number as JSON has it, or with a base of its own (`0x1f`, `017`).
pub(super) fn number(number: &str, decimals: bool) -> Option<(Kind, Value)> {
    let second = number.as_bytes().get(1).copied();
    let other_base = number.starts_with('0')
        && second.is_some_and(|second| !matches!(second, b'.' | b'e' | b'E'));
    if other_base {
        let (digits, base) = match second {
            Some(b'x' | b'X') => (number.get(2..)?, 16),
            _ => (number, 8),
        };
        // Sixty-four bits, of which the first is the sign.
        let bits = u64::from_str_radix(digits, base).ok()?;
        return Some((Kind::Integer, Value::Int64(bits.cast_signed())));
    }
    if let Ok(integer) = number.parse::<i64>() {
        return Some((Kind::Integer, Value::Int64(integer)));
    }
    let digits = number.strip_prefix('-').unwrap_or(number);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((Kind::Integer, Value::object(BigInteger::read(number))));
    }
    if !digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let float = match decimals {
        true => Value::Decimal(parse_decimal(number, Style::FLOAT).ok()?),
        false => Value::Double(number.parse().ok()?),
    };
    Some((Kind::Float, float))
}
