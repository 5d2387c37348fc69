//! What files of tests and of `tollgate serve` declare: `named-values`, `secrets` and `fragments`.

use std::ops::Range;
use std::path::Path;

use saphyr_parser::{Event, Parser};
use toml::de::{DeTable, DeValue};

/// A name that a file declares.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) section: Section,
    pub(super) name: String,
    pub(super) bytes: Range<usize>,
    /// Of a fragment, its file.
    pub(super) value: Option<String>,
}

/// What it is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    NamedValues,
    Fragments,
}

impl Section {
    fn of(key: &str) -> Option<Self> {
        match key {
            "named-values" | "secrets" => Some(Self::NamedValues),
            "fragments" => Some(Self::Fragments),
            _ => None,
        }
    }
}

/// How many names one file may declare.
const MAX_NAMES: usize = 10_000;

/// What a file declares, as far as it can be read; `None` of other files.
pub(super) fn read(path: &Path, text: &str) -> Option<Vec<Declared>> {
    match path.extension()?.to_str()? {
        "toml" => Some(toml(text)),
        "yaml" | "yml" => Some(yaml(text)),
        _ => None,
    }
}

fn toml(text: &str) -> Vec<Declared> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut all = Vec::new();
    for (key, value) in table.get_ref() {
        let section = Section::of(key.get_ref());
        let (Some(section), DeValue::Table(names)) = (section, value.get_ref()) else {
            continue;
        };
        for (name, value) in names.iter().take(MAX_NAMES) {
            all.push(Declared {
                section,
                name: name.get_ref().to_string(),
                bytes: name.span(),
                value: match (section, value.get_ref()) {
                    (Section::Fragments, DeValue::String(file)) => Some(file.to_string()),
                    _ => None,
                },
            });
        }
    }
    all
}

/// Of a file of tests, at its root and in `gateway`.
fn yaml(text: &str) -> Vec<Declared> {
    let mut all: Vec<Declared> = Vec::new();
    // The keys of the mappings around; of a list nothing.
    let mut open: Vec<Option<String>> = Vec::new();
    let mut key: Option<(String, Range<usize>)> = None;
    let mut places = Places { text, at: (0, 0) };
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let is_list = matches!(open.last(), Some(None));
        match event {
            Event::Scalar(value, ..) if key.is_none() && !is_list && !open.is_empty() => {
                let bytes = places.byte(span.start.index())..places.byte(span.end.index());
                key = Some((value.into_owned(), bytes));
                if all.len() > MAX_NAMES {
                    break;
                }
                if let (Some(section), Some((name, bytes))) = (section(&open), &key) {
                    all.push(Declared {
                        section,
                        name: name.clone(),
                        bytes: bytes.clone(),
                        value: None,
                    });
                }
            }
            Event::Scalar(value, ..) => {
                let last = all.last_mut().filter(|_| section(&open).is_some());
                if let Some(last) = last.filter(|last| last.section == Section::Fragments) {
                    last.value = Some(value.into_owned());
                }
                key = None;
            }
            Event::MappingStart(..) => open.push(Some(key.take().map_or(String::new(), |it| it.0))),
            Event::SequenceStart(..) => {
                key = None;
                open.push(None);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
            }
            Event::Alias(_) => key = None,
            _ => {}
        }
    }
    all
}

/// The section that names stand in directly.
fn section(open: &[Option<String>]) -> Option<Section> {
    let keys: Option<Vec<&str>> = open.iter().map(Option::as_deref).collect();
    match keys?.as_slice() {
        ["", section] | ["", "gateway", section] => Section::of(section),
        _ => None,
    }
}

/// The bytes of characters' numbers, which only grow.
struct Places<'t> {
    text: &'t str,
    /// A character's number, and its byte.
    at: (usize, usize),
}

impl Places<'_> {
    fn byte(&mut self, index: usize) -> usize {
        let (known, start) = self.at;
        let rest = self.text.get(start..).unwrap_or("");
        let found = rest.char_indices().nth(index.saturating_sub(known));
        let byte = found.map_or(self.text.len(), |(at, _)| start + at);
        self.at = (index.max(known), byte);
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[Declared], text: &str) -> Vec<(Section, String, Option<String>)> {
        for one in all {
            let found = text.get(one.bytes.clone()).unwrap_or("");
            assert!(found.contains(&one.name), "{found} is not {}", one.name);
        }
        (all.iter())
            .map(|one| (one.section, one.name.clone(), one.value.clone()))
            .collect()
    }

    #[test]
    fn yaml_declares_at_its_root_and_in_gateway() {
        let text = "# é\npolicy: a.xml\nnamed-values:\n  one: 1\n  \"two\": [x, {named-values: {no: 1}}]\nfragments: {f: f.xml}\n\
                    gateway:\n  named-values: {three: {env: X}}\ntests:\n  - named-values: {no: 1}\n";
        let all = yaml(text);
        let value = |name: &str| (Section::NamedValues, name.to_owned(), None);
        let fragment = (Section::Fragments, "f".to_owned(), Some("f.xml".to_owned()));
        assert_eq!(
            names(&all, text),
            [value("one"), value("two"), fragment, value("three")]
        );
    }

    #[test]
    fn broken_files_declare_what_can_be_read() {
        let text = "[named-values]\none = \"1\"\ntwo = {env = \"X\"}\n[fragments]\nf = \"f.xml\"\n[[apis]\n";
        assert_eq!(names(&toml(text), text).len(), 3);
        let text = "named-values:\n  one: 1\n \tbroken: [\n";
        assert_eq!(names(&yaml(text), text).len(), 1);
        yaml(&"[".repeat(100_000));
    }
}
