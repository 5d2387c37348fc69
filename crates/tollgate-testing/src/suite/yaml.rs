//! YAML as JSON, with the place of each value.

use std::collections::HashMap;
use std::fmt;

use saphyr::{Scalar, ScalarStyle};
use saphyr_parser::{Event, Parser, Span, Tag};
use serde_json::{Map, Value as Json};

/// A line and a column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is wrong with a text as YAML, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct YamlError {
    /// Where.
    pub position: Position,
    /// What.
    pub message: String,
}

/// A YAML document: at most 1,048,576 values, at most 64 deep, each key once and a text.
#[derive(Debug, Clone)]
pub struct Yaml {
    /// What it says.
    pub json: Json,
    /// Where each value stands, by the path to it; a key's place is that of what it names.
    places: HashMap<String, Position>,
}

/// How many values a document may have, those of aliases counted each time.
const MAX_NODES: usize = 1 << 20;
/// How deep they may be nested.
const MAX_DEPTH: usize = 64;

/// A list or a mapping that is being read.
struct Open {
    value: Json,
    /// The key whose value comes next.
    key: Option<String>,
    path: String,
    anchor: usize,
    /// How many values it has so far, itself included.
    size: usize,
}

impl Yaml {
    /// Reads a document; nothing at all is `null`.
    ///
    /// # Errors
    /// What is no YAML, or more than a document may have.
    pub fn parse(text: &str) -> Result<Self, YamlError> {
        Reader::default().read(text)
    }

    /// Where the value at this path (`tests[1].request.url`) stands, or else what it would stand in.
    pub fn position(&self, path: &str) -> Position {
        let mut path = path;
        loop {
            if let Some(position) = self.places.get(path) {
                return *position;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = path.get(..end).unwrap_or_default(),
                None => return self.places.get("").copied().unwrap_or_default(),
            }
        }
    }
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    root: Option<Json>,
    anchors: HashMap<usize, (Json, usize)>,
    places: HashMap<String, Position>,
    nodes: usize,
}

impl Reader {
    fn read(mut self, text: &str) -> Result<Yaml, YamlError> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| YamlError {
                position: Position {
                    line: error.marker().line(),
                    column: error.marker().col() + 1,
                },
                message: error.info().to_owned(),
            })?;
            let at = position(span);
            self.event(event, at).map_err(|message| YamlError {
                position: at,
                message,
            })?;
        }
        Ok(Yaml {
            json: self.root.unwrap_or(Json::Null),
            places: self.places,
        })
    }

    fn event(&mut self, event: Event<'_>, at: Position) -> Result<(), String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(top) = self.open.last_mut()
                    && top.value.is_object()
                    && top.key.is_none()
                {
                    return self.key(&text, at);
                }
                let value = scalar(&text, style, tag.as_deref());
                self.close(value, 1, anchor, at)
            }
            Event::Alias(anchor) => {
                let (value, size) = (self.anchors.get(&anchor).cloned())
                    .ok_or("an alias cannot stand in what it names")?;
                self.close(value, size, 0, at)
            }
            Event::SequenceStart(anchor, _) => self.start(Json::Array(Vec::new()), anchor, at),
            Event::MappingStart(anchor, _) => self.start(Json::Object(Map::new()), anchor, at),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.close(open.value, open.size, open.anchor, at),
                None => Ok(()),
            },
            Event::DocumentStart(_) if self.root.is_some() => {
                Err("there is a second document in the file".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn key(&mut self, text: &str, at: Position) -> Result<(), String> {
        let path = self.path_to(Some(text));
        let Some(top) = self.open.last_mut() else {
            return Ok(());
        };
        if top.value.get(text).is_some() {
            return Err(format!("`{text}` is there twice"));
        }
        top.key = Some(text.to_owned());
        self.places.insert(path, at);
        Ok(())
    }

    fn start(&mut self, value: Json, anchor: usize, at: Position) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("values are nested more than {MAX_DEPTH} deep"));
        }
        if (self.open.last()).is_some_and(|top| top.value.is_object() && top.key.is_none()) {
            return Err("a key must be a text".to_owned());
        }
        let path = self.path_to(None);
        self.places.entry(path.clone()).or_insert(at);
        self.open.push(Open {
            value,
            key: None,
            path,
            anchor,
            size: 1,
        });
        Ok(())
    }

    /// Puts a value that is complete where it belongs.
    fn close(
        &mut self,
        value: Json,
        size: usize,
        anchor: usize,
        at: Position,
    ) -> Result<(), String> {
        self.nodes = self.nodes.saturating_add(size);
        if self.nodes > MAX_NODES {
            return Err(format!("there are more than {MAX_NODES} values"));
        }
        let path = self.path_to(None);
        self.places.entry(path).or_insert(at);
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(top) => {
                top.size = top.size.saturating_add(size);
                match (&mut top.value, top.key.take()) {
                    (Json::Array(items), _) => items.push(value),
                    (Json::Object(members), Some(key)) => {
                        members.insert(key, value);
                    }
                    _ => return Err("a key must be a text".to_owned()),
                }
            }
        }
        Ok(())
    }

    /// The path of what comes next, or of a key in what is open: as `serde_path_to_error` writes them.
    fn path_to(&self, key: Option<&str>) -> String {
        let Some(top) = self.open.last() else {
            return String::new();
        };
        match (&top.value, key.or(top.key.as_deref())) {
            (Json::Array(items), _) => format!("{}[{}]", top.path, items.len()),
            (_, Some(key)) if top.path.is_empty() => key.to_owned(),
            (_, key) => format!("{}.{}", top.path, key.unwrap_or_default()),
        }
    }
}

fn position(span: Span) -> Position {
    Position {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Json {
    let tag = tag.map(std::borrow::Cow::Borrowed);
    let scalar = Scalar::parse_from_cow_and_metadata(text.into(), style, tag.as_ref());
    match scalar {
        Some(Scalar::Null) => Json::Null,
        Some(Scalar::Boolean(truth)) => truth.into(),
        Some(Scalar::Integer(number)) => number.into(),
        Some(Scalar::FloatingPoint(number)) => number.0.into(),
        Some(Scalar::String(text)) => text.into_owned().into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn values_and_their_places_are_read() {
        let yaml = Yaml::parse("a: 1\nb:\n  - x\n  - {c: true, d: '2'}\n").unwrap();
        assert_eq!(
            yaml.json,
            json!({"a": 1, "b": ["x", {"c": true, "d": "2"}]})
        );
        let at = |path: &str| {
            let position = yaml.position(path);
            (position.line, position.column)
        };
        assert_eq!(at("b[1].d"), (4, 15));
        assert_eq!(at("b[1].nothing"), at("b[1]"));
        assert_eq!(at("nowhere"), (1, 1));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let error = |text: &str| {
            let error = Yaml::parse(text).unwrap_err();
            (error.position.line, error.message)
        };
        assert_eq!(error("a: 1\na: 2\n"), (2, "`a` is there twice".into()));
        assert_eq!(error("[1]: 2\n").1, "a key must be a text");
        assert_eq!(
            error("a: 1\n---\nb: 1\n").1,
            "there is a second document in the file"
        );
        assert_eq!(error("a: [1\n").0, 2);
        let deep = "[".repeat(100);
        assert_eq!(error(&deep).1, "values are nested more than 64 deep");
        let mut bomb = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1]\n");
        for level in 1..9 {
            let before = format!("*a{},", level - 1).repeat(9);
            bomb += &format!("a{level}: &a{level} [{before}]\n");
        }
        assert!(
            error(&bomb).1.starts_with("there are more than"),
            "{:?}",
            error(&bomb)
        );
    }
}
