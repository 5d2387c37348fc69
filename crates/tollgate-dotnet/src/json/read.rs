//! Reads JSON as Newtonsoft does: comments, single quotes, bare names, trailing commas, dates.

use super::big_integer::BigInteger;
use super::document;
use super::iso_date;
use super::kind::Kind;
use super::tape::Tape;
use super::token::{Node, Step, Token, alloc, path_text, scalar};
use std::sync::Arc;

use crate::heap::{Heap, HeapId};
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// Newtonsoft's `MaxDepth`.
const DEPTH: usize = 64;

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
pub(crate) fn read(heap: &mut Heap, text: &Str, reads: Reads) -> Result<HeapId, Throw> {
    let class = match reads {
        Reads::Token => "JToken",
        Reads::Object => "JObject",
        Reads::Array => "JArray",
    };
    match root(heap, text, reads, true)? {
        Some(token) => Ok(token),
        None => Err(Reader::new(heap, &text.to_utf8(), true)
            .error(&format!("Error reading {class} from JsonReader."))),
    }
}

/// Reads a text; `None` if there is nothing in it. `dates`: whether strings that look like dates are dates.
pub(crate) fn read_any(heap: &mut Heap, text: &Str, dates: bool) -> Result<Option<HeapId>, Throw> {
    root(heap, text, Reads::Token, dates)
}

/// Strict JSON becomes tokens when they are looked at; anything else is read token by token.
fn root(heap: &mut Heap, text: &Str, reads: Reads, dates: bool) -> Result<Option<HeapId>, Throw> {
    let tape = Tape::read(text.clone()).map(Arc::new);
    match tape.and_then(|tape| document::alloc(heap, &tape, reads, dates)) {
        Some(token) => token.map(Some),
        None => tokens(heap, &text.to_utf8(), reads, dates),
    }
}

/// Reads a text token by token.
pub(crate) fn tokens(
    heap: &mut Heap,
    text: &str,
    reads: Reads,
    dates: bool,
) -> Result<Option<HeapId>, Throw> {
    let mut reader = Reader::new(heap, text, dates);
    reader.blank()?;
    let (class, what) = match (reads, reader.peek()) {
        (_, None) => return Ok(None),
        (Reads::Object, Some(b'{')) | (Reads::Array, Some(b'[')) | (Reads::Token, _) => {
            let token = reader.value(None)?;
            reader.blank()?;
            return match reader.peek_char() {
                None => Ok(Some(token)),
                Some(next) => Err(reader.error(&format!(
                    "Additional text encountered after finished reading JSON content: {next}."
                ))),
            };
        }
        (Reads::Array, _) => ("JArray", "an array"),
        _ => ("JObject", "an object"),
    };
    let first = match reader.peek() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        _ => {
            let token = reader.value(None)?;
            super::token::get(reader.heap, token)?.kind()
        }
    };
    if matches!(first, Kind::Object | Kind::Array) {
        reader.place += 1;
    }
    Err(reader.error(&format!(
        "Error reading {class} from JsonReader. Current JsonReader item is not {what}: {}.",
        first.start()
    )))
}

/// The value of a scalar of strict JSON that is no string, by its text.
pub(crate) fn strict_scalar(text: &str) -> (Kind, Value) {
    let heap = &mut Heap::new(0);
    let read = Reader::new(heap, text, false).scalar();
    read.unwrap_or((Kind::Undefined, Value::Null))
}

/// What a string of strict JSON says, quotes and all.
pub(crate) fn unquoted(text: &str) -> Str {
    let heap = &mut Heap::new(0);
    let mut reader = Reader::new(heap, text, false);
    reader.place = 1;
    reader.string(b'"').unwrap_or_default().into()
}

/// What a string stands for: a date if it looks like one and `dates` are asked for.
pub(crate) fn text_value(text: Str, dates: bool) -> (Kind, Value) {
    match iso_date::read(&text.to_utf8()).filter(|_| dates) {
        Some((ticks, kind)) => (Kind::Date, Value::DateTime(ticks, kind)),
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
    dates: bool,
    /// The way to what is being read, for messages; `None` is an array before its first element.
    path: Vec<Option<Step>>,
}

impl<'a> Reader<'a> {
    fn new(heap: &'a mut Heap, text: &'a str, dates: bool) -> Reader<'a> {
        Reader {
            heap,
            text,
            place: 0,
            dates,
            path: Vec::new(),
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
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.place += rest.len() - trimmed.len();
            let Some(comment) = trimmed.strip_prefix('/') else {
                return Ok(());
            };
            let length = match comment.as_bytes().first() {
                Some(b'/') => comment.find(['\n', '\r']).unwrap_or(comment.len()),
                Some(b'*') => match comment.get(1..).and_then(|text| text.find("*/")) {
                    Some(end) => end + 3,
                    None => {
                        self.place = self.text.len();
                        return Err(self.error("Unexpected end while parsing comment."));
                    }
                },
                _ => {
                    return Err(
                        self.error("Error parsing comment. Expected: *, got something else.")
                    );
                }
            };
            self.place += 1 + length;
        }
    }

    fn value(&mut self, parent: Option<HeapId>) -> Result<HeapId, Throw> {
        self.blank()?;
        let (kind, value) = match self.peek() {
            Some(b'{') => return self.object(parent),
            Some(b'[') => return self.array(parent),
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
                Ok(text_value(text.into(), self.dates))
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
                self.place += 1;
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
        let wrong = |reader: &Self| {
            reader.error(&format!("Input string '{number}' is not a valid number."))
        };
        let second = number.as_bytes().get(1).copied();
        let other_base = number.starts_with('0')
            && second.is_some_and(|second| !matches!(second, b'.' | b'e' | b'E'));
        if other_base {
            let (digits, base) = match number
                .get(2..)
                .filter(|_| matches!(second, Some(b'x' | b'X')))
            {
                Some(digits) => (digits, 16),
                None => (number, 8),
            };
            return match u64::from_str_radix(digits, base) {
                // Sixty-four bits, of which the first is the sign.
                Ok(bits) => Ok((Kind::Integer, Value::Int64(bits.cast_signed()))),
                Err(_) => Err(wrong(self)),
            };
        }
        if let Ok(integer) = number.parse::<i64>() {
            return Ok((Kind::Integer, Value::Int64(integer)));
        }
        let digits = number.strip_prefix('-').unwrap_or(number);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            if number.len() > DIGITS {
                return Err(self.error(&format!("JSON integer {number} is too large to parse.")));
            }
            return Ok((Kind::Integer, Value::object(BigInteger::read(number))));
        }
        match number.parse::<f64>() {
            Ok(float) if digits.bytes().any(|byte| byte.is_ascii_digit()) => {
                Ok((Kind::Float, Value::Double(float)))
            }
            _ => Err(wrong(self)),
        }
    }

    /// The rest of a string whose quote was read.
    fn string(&mut self, quote: u8) -> Result<String, Throw> {
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
                return Ok(text);
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
        match self.path.len() > DEPTH {
            true => Err(self.error(&format!(
                "The reader's MaxDepth of {DEPTH} has been exceeded."
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
        self.enter()?;
        let mut items = Vec::new();
        loop {
            self.blank()?;
            match self.peek() {
                None => return Err(self.ended("JArray")),
                Some(b']') => break,
                Some(_) => {}
            }
            if items.is_empty() {
                self.step(Step::Index(0));
            }
            let before = self.place;
            let index = items.len();
            // A value that cannot be read still stands at the place of the last one.
            let nested = matches!(self.peek(), Some(b'{' | b'['));
            if nested {
                self.step(Step::Index(index));
            }
            items.push(self.value(Some(array))?);
            self.step(Step::Index(index));
            self.heap.charge(size_of::<HeapId>())?;
            self.blank()?;
            match self.peek() {
                None => return Err(self.ended("JArray")),
                Some(b',') => self.place += 1,
                Some(b']') => break,
                Some(_) if self.place == before => return Err(self.unexpected("value")),
                Some(_) => return Err(self.after_value()),
            }
        }
        self.place += 1;
        self.path.pop();
        if let Some(token) = self.heap.get_mut::<Token>(array) {
            token.node = Node::Array(items);
        }
        Ok(array)
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
            let name = Str::from(self.name()?);
            self.heap.charge(name.size() + 4 * size_of::<HeapId>())?;
            self.step(Step::Name(name.to_string()));
            self.blank()?;
            if self.peek() != Some(b':') {
                let found = self.peek_char().unwrap_or('\0');
                return Err(self.error(&format!(
                    "Invalid character after parsing property name. Expected ':' but got: {found}."
                )));
            }
            self.place += 1;
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
            // Of two with one name the last stays, in the place of the first.
            if let Some(old) = properties.insert(name, property) {
                self.adopt(old, None);
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

    fn name(&mut self) -> Result<String, Throw> {
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
                Ok(name.to_string())
            }
            None => {
                let found = self.peek_char().unwrap_or('\0');
                Err(self.error(&format!("Invalid property identifier character: {found}.")))
            }
        }
    }
}
