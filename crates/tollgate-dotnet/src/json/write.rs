//! Writes tokens as Newtonsoft does.

use super::kind::Kind;
use super::token::{Node, Token, depth, descend, get};
use super::value::{Bytes, plain_text, text};
use crate::heap::{Heap, HeapId};
use crate::number::{double_text, single_text};
use crate::throw::Throw;
use crate::value::Value;

/// The longest text that is written: one large string may be in a document many times over.
const LIMIT: usize = 32 << 20;

/// A token as JSON.
pub(crate) fn write(heap: &Heap, id: HeapId, indented: bool) -> Result<String, Throw> {
    token(heap, get(heap, id)?, indented)
}

/// As [`write`].
pub(crate) fn token(heap: &Heap, token: &Token, indented: bool) -> Result<String, Throw> {
    let mut writer = Writer {
        heap,
        indented,
        level: 0,
        text: String::new(),
    };
    writer.token(token, depth())?;
    Ok(writer.text)
}

struct Writer<'a> {
    heap: &'a Heap,
    indented: bool,
    level: usize,
    text: String,
}

impl Writer<'_> {
    fn token(&mut self, token: &Token, depth: usize) -> Result<(), Throw> {
        if self.text.len() > LIMIT {
            return Err(Throw::limit("it made a string longer than is allowed"));
        }
        let depth = descend(depth)?;
        match &token.node {
            Node::Value(kind, value) => write_value(&mut self.text, *kind, value),
            Node::Property(name, value) => {
                write_string(&mut self.text, &name.to_utf8());
                self.text.push_str(if self.indented { ": " } else { ":" });
                if let Some(value) = value {
                    self.token(get(self.heap, *value)?, depth)?;
                }
            }
            Node::Object(properties) => {
                self.list('{', properties.values(), '}', depth)?;
            }
            Node::Array(items) => self.list('[', items.iter(), ']', depth)?,
        }
        Ok(())
    }

    fn list<'i>(
        &mut self,
        open: char,
        items: impl ExactSizeIterator<Item = &'i HeapId>,
        close: char,
        depth: usize,
    ) -> Result<(), Throw> {
        self.text.push(open);
        let some = items.len() > 0;
        self.level += 1;
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.line();
            self.token(get(self.heap, *item)?, depth)?;
        }
        self.level -= 1;
        if some {
            self.line();
        }
        self.text.push(close);
        Ok(())
    }

    fn line(&mut self) {
        if self.indented {
            self.text.push('\n');
            for _ in 0..self.level {
                self.text.push_str("  ");
            }
        }
    }
}

fn write_value(out: &mut String, kind: Kind, value: &Value) {
    match (kind, value) {
        (Kind::Undefined, _) => out.push_str("undefined"),
        (_, Value::Null) => out.push_str("null"),
        (Kind::Raw, raw) => out.push_str(&text(raw).to_utf8()),
        (_, Value::Double(number)) => write_float(out, number.is_finite(), double_text(*number)),
        (_, Value::Single(number)) => write_float(out, number.is_finite(), single_text(*number)),
        (_, Value::Decimal(number)) => write_float(out, true, number.to_string()),
        (Kind::Integer | Kind::Boolean, value) => {
            out.push_str(&plain_text(value).unwrap_or_default().to_utf8());
        }
        (_, Value::Object(_)) if value.downcast::<Bytes>().is_some() => {
            out.push('"');
            out.push_str(&text(value).to_utf8());
            out.push('"');
        }
        (_, value) => write_string(out, &plain_text(value).unwrap_or_default().to_utf8()),
    }
}

/// A float always shows that it is one.
fn write_float(out: &mut String, finite: bool, mut text: String) {
    if !finite {
        write_string(out, &text);
        return;
    }
    if !text.contains(['.', 'E', 'e']) {
        text.push_str(".0");
    }
    out.push_str(&text);
}

/// A string in quotes.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..'\u{20}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
