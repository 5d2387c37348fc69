//! XML Schemas.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use crate::library::SchemaHandle;
use crate::pool::{Pool, on_own_stack};
use crate::screen::{DOCUMENT_DEPTH, screen};
use crate::{Error, Limits};

const NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema";

/// A document with an XML Schema, by the name that others import or include it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaDocument {
    /// Its name: what stands behind the last `/` of a `schemaLocation`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// An XML Schema 1.0, compiled; for many threads at once, as stylesheets are.
///
/// Of a namespace that is imported twice with two locations only the first is read. `xs:ID` is not held to be unique in
/// a document. What a pattern has to try is bounded; a value that takes more does not conform.
#[derive(Debug)]
pub struct Schema {
    documents: Vec<SchemaDocument>,
    limits: Limits,
    pool: Pool<SchemaHandle>,
}

/// What of a document is held against a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// All of it.
    Document,
    /// What stands in the body of a SOAP envelope (1.1 or 1.2), each element on its own. An empty body conforms.
    Soap,
}

/// What does not conform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, without the value.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
}

/// Whether a text is an XML Schema, as its root tells.
///
/// ```
/// assert!(tollgate_libxml::is_schema(r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>"#));
/// assert!(!tollgate_libxml::is_schema(r#"{"type": "object"}"#));
/// ```
pub fn is_schema(text: &str) -> bool {
    let mut reader = NsReader::from_str(text);
    loop {
        match reader.read_resolved_event() {
            Ok((namespace, Event::Start(tag) | Event::Empty(tag))) => {
                let ResolveResult::Bound(namespace) = namespace else {
                    return false;
                };
                return namespace.as_ref() == NAMESPACE && tag.local_name().as_ref() == "schema";
            }
            Ok((_, Event::Eof)) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

impl Schema {
    /// Compiles a schema; `others` are those that it, and they, may import or include. An import that names no location
    /// finds the document of its namespace.
    ///
    /// # Errors
    /// [`Error::Mistake`], where one of them is wrong, and [`Error::NotBuilt`].
    pub fn compile(
        main: &SchemaDocument,
        others: &[SchemaDocument],
        limits: Limits,
    ) -> Result<Self, Error> {
        let others = others.iter().filter(|other| other.name != main.name);
        let documents: Vec<&SchemaDocument> = std::iter::once(main).chain(others).collect();
        for document in &documents {
            screen(&document.text, DOCUMENT_DEPTH)
                .map_err(|(message, line)| Error::Mistake { message, line })?;
        }
        let targets: Vec<(String, &str)> = documents
            .iter()
            .map(|document| (target(&document.text), document.name.as_str()))
            .collect();
        let documents: Vec<SchemaDocument> = documents
            .iter()
            .map(|document| SchemaDocument {
                name: document.name.clone(),
                text: located(&document.text, &targets),
            })
            .collect();
        let first = on_own_stack(|| SchemaHandle::compile(&documents, limits))?;
        Ok(Self {
            pool: Pool::new(first),
            documents,
            limits,
        })
    }

    /// What of a document does not conform: the first 20 things; nothing if all does.
    ///
    /// # Errors
    /// [`Error::Input`] and [`Error::Limit`].
    pub fn validate(&self, document: &str, form: Form) -> Result<Vec<Problem>, Error> {
        screen(document, DOCUMENT_DEPTH)
            .map_err(|(message, line)| Error::Input(format!("{message} (line {line})")))?;
        let problems = self.pool.with(
            || SchemaHandle::compile(&self.documents, self.limits),
            |handle| handle.validate(document, form, self.limits),
        )?;
        let told = problems.into_iter().map(|problem| Problem {
            message: without_value(problem.message.trim_end()),
            ..problem
        });
        Ok(told.collect())
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok().flatten()?;
    let value = found.normalized_value(quick_xml::XmlVersion::Implicit1_0);
    value.ok().map(|value| value.into_owned())
}

/// The namespace that a schema is for.
fn target(text: &str) -> String {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                return attribute(&tag, "targetNamespace").unwrap_or_default();
            }
            Ok(Event::Eof) | Err(_) => return String::new(),
            Ok(_) => {}
        }
    }
}

/// The schema with a location in each import that names only a namespace, if there is a document for that.
fn located(text: &str, targets: &[(String, &str)]) -> String {
    let mut reader = Reader::from_str(text);
    let (mut answer, mut copied) = (String::with_capacity(text.len()), 0);
    loop {
        let event = reader.read_event();
        let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let (tag, closing) = match &event {
            Ok(Event::Start(tag)) => (tag, ">"),
            Ok(Event::Empty(tag)) => (tag, "/>"),
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => continue,
        };
        let is_import = tag.local_name().as_ref() == "import";
        if !is_import || attribute(tag, "schemaLocation").is_some() {
            continue;
        }
        let namespace = attribute(tag, "namespace").unwrap_or_default();
        let found = targets.iter().find(|(known, _)| *known == namespace);
        let at = end.saturating_sub(closing.len());
        if let (Some((_, name)), Some(before)) = (found, text.get(copied..at)) {
            let name = quick_xml::escape::escape(*name);
            answer.push_str(before);
            answer.push_str(&format!(" schemaLocation=\"{name}\""));
            copied = at;
        }
    }
    answer.push_str(text.get(copied..).unwrap_or_default());
    answer
}

/// What stands behind a value in libxml2's messages.
const BEHIND_VALUE: [&str; 9] = [
    "' is not accepted by the pattern '",
    "' is not an element of the set {",
    "' has a length of '",
    "' is less than the minimum",
    "' is greater than the maximum",
    "' must be less than",
    "' must be greater than",
    "' has more digits than",
    "' has more fractional digits than",
];

/// A message of libxml2 without the value that it is about: who reads messages need not be who may read bodies.
fn without_value(message: &str) -> String {
    let cut = |start: usize, behind: usize| -> Option<String> {
        Some(format!(
            "{}The value{}",
            message.get(..start)?,
            message.get(behind..)?
        ))
    };
    let told = (|| {
        if let Some(start) = message.find("The value '") {
            let ends = BEHIND_VALUE
                .iter()
                .filter_map(|behind| message.rfind(behind));
            return cut(start, ends.max()? + 1);
        }
        let end = message.rfind("' is not a valid value of the ")?;
        let start = message.find("': '")? + 3;
        cut(start, end + 1)
    })();
    // Every other message speaks of names, but for the keys and for fixed values.
    let told = told.unwrap_or_else(|| message.to_owned());
    match told.split_once("key-sequence [") {
        Some((before, rest)) => match rest.rsplit_once(']') {
            Some((_, behind)) => format!("{before}key-sequence{behind}"),
            None => before.to_owned(),
        },
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_do_not_tell_values() {
        for (message, told) in [
            (
                "Element 'a': 'it's' is not a valid value of the atomic type 'xs:int'.",
                "Element 'a': The value is not a valid value of the atomic type 'xs:int'.",
            ),
            (
                "Element 'a', attribute 'b': [facet 'pattern'] The value 'x' is not accepted by the pattern '[0-9]+'.",
                "Element 'a', attribute 'b': [facet 'pattern'] The value is not accepted by the pattern '[0-9]+'.",
            ),
            (
                "Element 'a': Duplicate key-sequence ['s'] in key identity-constraint 'k'.",
                "Element 'a': Duplicate key-sequence in key identity-constraint 'k'.",
            ),
            (
                "Element 'b': This element is not expected. Expected is ( a ).",
                "Element 'b': This element is not expected. Expected is ( a ).",
            ),
        ] {
            assert_eq!(without_value(message), told);
        }
    }

    #[test]
    fn imports_get_their_locations() {
        let targets = [("urn:b".to_owned(), "b.xsd")];
        assert_eq!(
            located(
                "<s><import namespace='urn:b'/><import namespace='urn:c'/></s>",
                &targets
            ),
            "<s><import namespace='urn:b' schemaLocation=\"b.xsd\"/><import namespace='urn:c'/></s>"
        );
    }
}
