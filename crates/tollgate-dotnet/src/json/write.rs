//! Writes JSON as Newtonsoft does.

use super::iso_date;
use super::kind::Kind;
use super::settings::{Dates, Escapes, Floats, Style};
use super::token::{Node, Token, depth, descend, get};
use super::value::{Bytes, plain_text, text};
use crate::heap::{Heap, HeapId};
use crate::number::{double_text, single_text};
use crate::str::Str;
use crate::throw::Throw;
use crate::time::{UNIX_EPOCH, format_date, utc};
use crate::value::{DateTimeKind, Value};

/// The longest text that is written: one large string may be in a document many times over.
const LIMIT: usize = 32 << 20;

/// A token as JSON.
pub(crate) fn write(heap: &Heap, id: HeapId, indented: bool) -> Result<String, Throw> {
    token(heap, get(heap, id)?, indented)
}

/// As [`write`].
pub(crate) fn token(heap: &Heap, token: &Token, indented: bool) -> Result<String, Throw> {
    let mut writer = Writer::new(Style {
        indented,
        ..Style::default()
    });
    writer.token(heap, token, depth())?;
    Ok(writer.text)
}

/// Writes one piece after the other, as `JsonTextWriter` does.
#[derive(Debug)]
pub(crate) struct Writer {
    style: Style,
    pub(crate) text: String,
    /// The closing bracket of each open container, and whether there is something in it.
    open: Vec<(char, bool)>,
    /// Whether a property's name was written, and not its value.
    named: bool,
}

impl Writer {
    pub(crate) fn new(style: Style) -> Writer {
        Writer {
            style,
            text: String::new(),
            open: Vec::new(),
            named: false,
        }
    }

    /// Begins an object, array or constructor.
    pub(crate) fn begin(&mut self, kind: Kind, name: &str) -> Result<(), Throw> {
        self.before()?;
        let (open, close) = match kind {
            Kind::Object => ('{', '}'),
            Kind::Constructor => {
                self.text.push_str("new ");
                self.text.push_str(name);
                ('(', ')')
            }
            _ => ('[', ']'),
        };
        self.text.push(open);
        self.open.push((close, false));
        Ok(())
    }

    /// Ends what was begun last.
    pub(crate) fn end(&mut self) {
        if let Some((close, some)) = self.open.pop() {
            if some {
                self.line();
            }
            self.text.push(close);
        }
    }

    /// The name of the property whose value comes next.
    pub(crate) fn name(&mut self, name: &Str) {
        if let Some((_, some)) = self.open.last_mut() {
            if std::mem::replace(some, true) {
                self.text.push(',');
            }
            self.line();
        }
        self.string(&name.to_utf8());
        self.text
            .push_str(if self.style.indented { ": " } else { ":" });
        self.named = true;
    }

    pub(crate) fn value(&mut self, kind: Kind, value: &Value) -> Result<(), Throw> {
        if kind == Kind::Comment {
            return self.comment(value);
        }
        self.before()?;
        self.scalar(kind, value)
    }

    /// A comment is no value: nothing parts it from what is beside it.
    fn comment(&mut self, value: &Value) -> Result<(), Throw> {
        self.room()?;
        if matches!(self.open.last(), Some((')' | ']', _))) {
            self.line();
        }
        self.text.push_str("/*");
        self.text.push_str(&text(value).to_utf8());
        self.text.push_str("*/");
        Ok(())
    }

    fn room(&self) -> Result<(), Throw> {
        match self.text.len() > LIMIT {
            true => Err(Throw::limit("it made a string longer than is allowed")),
            false => Ok(()),
        }
    }

    /// What parts a value from the one before it.
    fn before(&mut self) -> Result<(), Throw> {
        self.room()?;
        if std::mem::take(&mut self.named) {
            return Ok(());
        }
        if let Some((_, some)) = self.open.last_mut() {
            if std::mem::replace(some, true) {
                self.text.push(',');
            }
            self.line();
        }
        Ok(())
    }

    fn line(&mut self) {
        if self.style.indented {
            self.text.push('\n');
            for _ in 0..self.open.len() {
                self.text.push_str("  ");
            }
        }
    }

    /// A token and what is in it.
    pub(crate) fn token(&mut self, heap: &Heap, token: &Token, depth: usize) -> Result<(), Throw> {
        let depth = descend(depth)?;
        let (items, kind, name) = match &token.node {
            Node::Value(kind, value) => return self.value(*kind, value),
            Node::Property(name, value) => {
                self.name(name);
                return match value {
                    Some(value) => self.token(heap, get(heap, *value)?, depth),
                    None => {
                        self.named = false;
                        Ok(())
                    }
                };
            }
            Node::Object(properties) => {
                self.begin(Kind::Object, "")?;
                for property in properties.values() {
                    self.token(heap, get(heap, *property)?, depth)?;
                }
                self.end();
                return Ok(());
            }
            Node::Array(items) => (items, Kind::Array, ""),
            Node::Constructor(name, items) => (items, Kind::Constructor, &*name.to_utf8()),
        };
        self.begin(kind, name)?;
        for item in items {
            self.token(heap, get(heap, *item)?, depth)?;
        }
        self.end();
        Ok(())
    }

    fn scalar(&mut self, kind: Kind, value: &Value) -> Result<(), Throw> {
        let out = &mut self.text;
        match (kind, value) {
            (Kind::Undefined, _) => out.push_str("undefined"),
            (Kind::Raw, raw) => out.push_str(&text(raw).to_utf8()),
            (_, Value::Null) => out.push_str("null"),
            (_, Value::Double(number)) => self.float(number.is_finite(), double_text(*number)),
            (_, Value::Single(number)) => self.float(number.is_finite(), single_text(*number)),
            (_, Value::Decimal(number)) => self.float(true, number.to_string()),
            (Kind::Integer | Kind::Boolean, value) => {
                out.push_str(&plain_text(value).unwrap_or_default().to_utf8());
            }
            (_, Value::Object(_)) if value.downcast::<Bytes>().is_some() => {
                out.push('"');
                out.push_str(&text(value).to_utf8());
                out.push('"');
            }
            (_, Value::DateTime(ticks, kind)) => {
                let kind = self.style.dates.zone.of(*kind);
                let date = date(&self.style.dates, *ticks, kind, None)?;
                self.date(&date);
            }
            (_, Value::DateTimeOffset(ticks, offset)) => {
                let kind = DateTimeKind::Unspecified;
                let date = date(&self.style.dates, *ticks, kind, Some(*offset))?;
                self.date(&date);
            }
            (_, value) => self.string(&plain_text(value).unwrap_or_default().to_utf8()),
        }
        Ok(())
    }

    fn date(&mut self, date: &str) {
        match &self.style.dates.format {
            Some(_) => self.string(date),
            None => {
                self.text.push('"');
                self.text.push_str(date);
                self.text.push('"');
            }
        }
    }

    /// A float always shows that it is one.
    fn float(&mut self, finite: bool, text: String) {
        match (finite, self.style.floats) {
            (true, _) => {
                self.text.push_str(&text);
                if !text.contains(['.', 'E', 'e']) {
                    self.text.push_str(".0");
                }
            }
            (false, Floats::Quoted) => self.string(&text),
            (false, Floats::Bare) => self.text.push_str(&text),
            (false, Floats::Zero) => self.text.push_str("0.0"),
        }
    }

    fn string(&mut self, text: &str) {
        write_string(&mut self.text, text, '"', self.style.escapes);
    }
}

/// A date as it is written, without quotes.
fn date(
    dates: &Dates,
    ticks: i64,
    kind: DateTimeKind,
    offset: Option<i16>,
) -> Result<String, Throw> {
    if let Some(format) = &dates.format {
        return format_date(ticks, kind, offset, &format.to_utf8());
    }
    if !dates.microsoft {
        return Ok(iso_date::text(ticks, kind, offset));
    }
    let milliseconds = (utc(ticks, offset.unwrap_or(0)) - UNIX_EPOCH).div_euclid(10_000);
    let zone = match (offset, kind) {
        (Some(minutes), _) => {
            let sign = if minutes < 0 { '-' } else { '+' };
            let minutes = minutes.abs();
            format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
        }
        (None, DateTimeKind::Utc) => String::new(),
        (None, _) => "+0000".into(),
    };
    Ok(format!("\\/Date({milliseconds}{zone})\\/"))
}

/// A string in quotes of that kind.
pub(crate) fn write_string(out: &mut String, text: &str, quote: char, escapes: Escapes) {
    out.push(quote);
    for c in text.chars() {
        let html = escapes == Escapes::Html && matches!(c, '<' | '>' | '&' | '\'' | '"');
        match c {
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            _ if html => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ if c == quote => {
                out.push('\\');
                out.push(c);
            }
            '\0'..'\u{20}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ if escapes == Escapes::NonAscii && u32::from(c) > 127 => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            _ => out.push(c),
        }
    }
    out.push(quote);
}
