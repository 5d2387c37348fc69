//! Entities that a document type declares: put in before the document is read.
//!
//! What would lead out of the document says nothing here: no file and no address is ever read.

use std::collections::HashMap;

use super::xml_exception;
use crate::heap::Heap;
use crate::throw::Throw;

/// How much may come from entities, in bytes. .NET's `MaxCharactersFromEntities` is ten times that.
pub(super) const LIMIT: usize = 1_000_000;

/// How long the name of an entity may be, in bytes: no text is looked through for one that has no end.
const NAME: usize = 256;

/// How deep entities may stand in each other.
const DEPTH: usize = 64;

/// Whether the document has a document type that declares something.
pub(super) fn are_declared(text: &str) -> bool {
    declarations(text).is_some()
}

/// What a document type declares, and where it ends.
fn declarations(text: &str) -> Option<(&str, usize)> {
    let start = memchr::memmem::find(text.as_bytes(), b"<!DOCTYPE")?;
    // Behind the first element there is none: what looks so is text.
    let before = text.get(..start)?;
    let mut tags = before.match_indices('<');
    let prolog = |(place, _)| matches!(before.as_bytes().get(place + 1), Some(b'?' | b'!'));
    if !tags.all(prolog) {
        return None;
    }
    internal_subset(text, start)
}

/// The document with its own entities replaced; `None` if it has none.
pub(super) fn replaced(heap: &mut Heap, text: &str) -> Result<Option<String>, Throw> {
    let Some((subset, end)) = declarations(text) else {
        return Ok(None);
    };
    let entities = declared(subset)?;
    if entities.is_empty() {
        return Ok(None);
    }
    let (before, rest) = text.split_at(end);
    let mut expansion = Expansion {
        entities: &entities,
        open: Vec::new(),
        made: 0,
        text: before.to_string(),
    };
    expansion.put(rest)?;
    heap.charge(expansion.text.len())?;
    Ok(Some(expansion.text))
}

/// What stands between the brackets of a document type, and where the document type ends.
fn internal_subset(text: &str, start: usize) -> Option<(&str, usize)> {
    let rest = text.get(start..)?;
    let open = rest.find('[')?;
    // One without brackets ends before any that come later.
    if rest.find('>').is_some_and(|end| end < open) {
        return None;
    }
    let mut quote = None;
    for (place, c) in rest.char_indices().skip_while(|(place, _)| *place <= open) {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, ']') => {
                let end = place + rest.get(place..)?.find('>')? + 1;
                return Some((rest.get(open + 1..place)?, start + end));
            }
            _ => {}
        }
    }
    None
}

/// The general entities by name. Of several of one name the first counts.
fn declared(subset: &str) -> Result<HashMap<&str, String>, Throw> {
    let wrong = || xml_exception("Invalid declaration in the document type.");
    let mut entities = HashMap::new();
    let mut rest = subset;
    while let Some(place) = rest.find("<!") {
        let declaration = rest.get(place + 2..).unwrap_or_default();
        if let Some(comment) = declaration.strip_prefix("--") {
            let (_, after) = comment.split_once("-->").ok_or_else(wrong)?;
            rest = after;
            continue;
        }
        let end = end_of(declaration).ok_or_else(wrong)?;
        rest = declaration.get(end + 1..).unwrap_or_default();
        let declaration = declaration.get(..end).unwrap_or_default();
        if declaration.starts_with("ATTLIST") {
            // Values that attributes have without being written would be missing.
            return Err(xml_exception(
                "Attributes that a document type declares are not read.",
            ));
        }
        let Some(entity) = declaration.strip_prefix("ENTITY") else {
            continue;
        };
        let entity = entity.trim();
        if entity.starts_with('%') {
            return Err(xml_exception("Parameter entities are not read."));
        }
        let (name, value) = entity.split_once(char::is_whitespace).ok_or_else(wrong)?;
        let value = value.trim();
        let text = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let literal = value.get(1..).and_then(|value| value.split_once(quote));
                characters(literal.ok_or_else(wrong)?.0)
            }
            // `SYSTEM` or `PUBLIC`: something outside.
            _ => String::new(),
        };
        entities.entry(name).or_insert(text);
    }
    Ok(entities)
}

/// Where the `>` of a declaration stands, quotes left aside.
fn end_of(declaration: &str) -> Option<usize> {
    let mut quote = None;
    for (place, c) in declaration.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => return Some(place),
            _ => {}
        }
    }
    None
}

/// References to characters are read where an entity is declared.
fn characters(literal: &str) -> String {
    let mut text = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some((before, after)) = rest.split_once("&#") {
        text.push_str(before);
        let (number, behind) = after.split_once(';').unwrap_or((after, ""));
        let code = match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        match code.ok().and_then(char::from_u32) {
            Some(c) => text.push(c),
            None => text.push_str(&format!("&#{number};")),
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

struct Expansion<'e> {
    entities: &'e HashMap<&'e str, String>,
    /// The entities around.
    open: Vec<&'e str>,
    /// How much came from entities.
    made: usize,
    text: String,
}

impl<'e> Expansion<'e> {
    fn put(&mut self, text: &'e str) -> Result<(), Throw> {
        let mut rest = text;
        while let Some(place) = rest.find(['&', '<']) {
            let (before, after) = rest.split_at(place);
            self.add(before)?;
            // There nothing is replaced.
            let closed = ["<![CDATA[", "<!--", "<?"]
                .into_iter()
                .zip(["]]>", "-->", "?>"])
                .find(|(open, _)| after.starts_with(open));
            if let Some((_, close)) = closed {
                let end = after
                    .find(close)
                    .map_or(after.len(), |end| end + close.len());
                let (whole, behind) = after.split_at(end);
                self.add(whole)?;
                rest = behind;
                continue;
            }
            let known = after.strip_prefix('&').and_then(|after| {
                let named = |byte: &u8| {
                    byte.is_ascii_alphanumeric() || b"-_.:".contains(byte) || !byte.is_ascii()
                };
                let end = after.bytes().take(NAME).take_while(named).count();
                let behind = after.get(end..)?.strip_prefix(';')?;
                let (name, value) = self.entities.get_key_value(after.get(..end)?)?;
                Some((*name, value, behind))
            });
            match known {
                Some((name, value, behind)) => {
                    if self.open.contains(&name) {
                        return Err(xml_exception(format!(
                            "General entity '{name}' references itself."
                        )));
                    }
                    if self.open.len() >= DEPTH {
                        return Err(xml_exception("Entities are nested too deeply."));
                    }
                    self.open.push(name);
                    self.put(value)?;
                    self.open.pop();
                    rest = behind;
                }
                None => {
                    let (sign, behind) = after.split_at(1);
                    self.add(sign)?;
                    rest = behind;
                }
            }
        }
        self.add(rest)
    }

    fn add(&mut self, text: &str) -> Result<(), Throw> {
        if !self.open.is_empty() {
            self.made += text.len() + 1;
            if self.made > LIMIT {
                return Err(xml_exception(
                    "The input document has exceeded a limit set by MaxCharactersFromEntities.",
                ));
            }
        }
        self.text.push_str(text);
        Ok(())
    }
}
