//! Reads XML as `XElement.Parse` and `XDocument.Parse` do.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};

use super::convert::is_char;
use super::declaration::Declaration;
use super::name::{Name, XML, XMLNS, fits};
use super::node::{ATTRIBUTES, DEPTH, Data, alloc, descend, element, push};
use super::xml_exception;
use crate::heap::{Heap, HeapId};
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// Reads a document. `space`: whether white space between tags is kept.
pub(crate) fn document(heap: &mut Heap, text: &str, space: bool) -> Result<HeapId, Throw> {
    let document = alloc(
        heap,
        Data::Document {
            declaration: Value::Null,
            children: Vec::new(),
        },
    )?;
    let mut reading = Reading {
        text,
        reader: Reader::from_str(text),
        start: 0,
        open: vec![(document, 0)],
        scopes: vec![("xml".into(), XML.into())],
        pending: String::new(),
        keep: false,
        space,
    };
    reading.reader.config_mut().check_end_names = true;
    reading.reader.config_mut().check_comments = true;
    while reading.event(heap)? {}
    Ok(document)
}

/// Reads a document, and gives its root element.
pub(crate) fn root(heap: &mut Heap, text: &str, space: bool) -> Result<HeapId, Throw> {
    let document = document(heap, text, space)?;
    let root = super::node::elements(heap, document, None).first().copied();
    let root = root.ok_or_else(|| xml_exception("Root element is missing."))?;
    super::node::remove(heap, root)?;
    Ok(root)
}

struct Reading<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where the piece that is being read begins, in bytes.
    start: usize,
    /// Open elements, the document first, each with the number of declarations outside it.
    open: Vec<(HeapId, usize)>,
    /// Prefixes and their namespaces, near ones last.
    scopes: Vec<(String, Str)>,
    /// Text that is not a node yet, as references in it come apart.
    pending: String,
    /// Whether the text is kept though it is white space: it has references in it.
    keep: bool,
    space: bool,
}

impl Reading<'_> {
    /// `XmlException` where the reader is.
    fn error(&self, message: &str) -> Throw {
        let place = self
            .reader
            .error_position()
            .max(self.reader.buffer_position());
        self.error_at(usize::try_from(place).unwrap_or(0), message)
    }

    /// `XmlException` at a place of the text, in bytes.
    fn error_at(&self, place: usize, message: &str) -> Throw {
        let before = self.text.get(..place).unwrap_or(self.text);
        let mut lines = before.split('\n');
        let last = lines.next_back().unwrap_or("");
        xml_exception(format!(
            "{message} Line {}, position {}.",
            lines.count() + 1,
            last.encode_utf16().count() + 1
        ))
    }

    /// What is no XML character, or text that looks like the end of a section.
    fn check(&self, text: &str, place: usize) -> Result<(), Throw> {
        if let Some((at, c)) = text.char_indices().find(|(_, c)| !is_char(*c)) {
            return Err(self.error_at(
                place + at,
                &format!(
                    "'{c}', hexadecimal value 0x{:02X}, is an invalid character.",
                    u32::from(c)
                ),
            ));
        }
        match text.find("]]>") {
            Some(at) => Err(self.error_at(place + at, "']]>' is not allowed in character data.")),
            None => Ok(()),
        }
    }

    fn parent(&self) -> Option<HeapId> {
        self.open.last().map(|(id, _)| *id)
    }

    fn add(&mut self, heap: &mut Heap, data: Data) -> Result<(), Throw> {
        self.flush(heap)?;
        let node = alloc(heap, data)?;
        match self.parent() {
            Some(parent) => push(heap, parent, node),
            None => Ok(()),
        }
    }

    /// Makes a node of the text so far.
    fn flush(&mut self, heap: &mut Heap) -> Result<(), Throw> {
        let text = std::mem::take(&mut self.pending);
        let keep = std::mem::take(&mut self.keep);
        let blank = text.trim_matches([' ', '\t', '\r', '\n']).is_empty();
        if text.is_empty() || blank && !(keep || self.space && self.open.len() > 1) {
            return Ok(());
        }
        if self.open.len() == 1 {
            let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
            let gap = text.len() - text.trim_start_matches(blank).len();
            let start = self.start.saturating_sub(text.len()) + gap;
            return Err(self.error_at(start, "Data at the root level is invalid."));
        }
        let text = Str::from(text);
        heap.charge(text.size())?;
        let node = alloc(heap, Data::Text(text))?;
        match self.parent() {
            Some(parent) => push(heap, parent, node),
            None => Ok(()),
        }
    }

    /// Takes in the next piece; `false` at the end.
    fn event(&mut self, heap: &mut Heap) -> Result<bool, Throw> {
        self.start = usize::try_from(self.reader.buffer_position()).unwrap_or(0);
        let event = match self.reader.read_event() {
            Ok(event) => event,
            // An end tag is wrong from its name on.
            Err(quick_xml::Error::IllFormed(
                error @ quick_xml::errors::IllFormedError::MismatchedEndTag { .. },
            )) => return Err(self.error_at(self.start + 2, &format!("{error}."))),
            Err(error) => return Err(self.error(&format!("{error}."))),
        };
        match event {
            Event::Start(tag) => self.start(heap, &tag, false)?,
            Event::Empty(tag) => self.start(heap, &tag, true)?,
            Event::End(_) => {
                self.flush(heap)?;
                self.close(heap)?;
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                self.check(&text, self.start)?;
                self.pending.push_str(&text);
            }
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(c)) => c,
                    _ => match &*name {
                        "lt" => '<',
                        "gt" => '>',
                        "amp" => '&',
                        "quot" => '"',
                        "apos" => '\'',
                        other => {
                            return Err(self.error_at(
                                self.start + 1,
                                &format!("Reference to undeclared entity '{other}'."),
                            ));
                        }
                    },
                };
                self.pending.push(resolved);
                self.keep = true;
            }
            Event::CData(text) => {
                let text = Str::from(&*text.xml10_content());
                heap.charge(text.size())?;
                self.add(heap, Data::Section(text))?;
            }
            Event::Comment(text) => {
                let text = Str::from(&*text.xml10_content());
                heap.charge(text.size())?;
                self.add(heap, Data::Comment(text))?;
            }
            Event::PI(instruction) => {
                let (target, data) = (instruction.target(), instruction.content().trim_start());
                let data = Data::Instruction(target.into(), data.into());
                self.add(heap, data)?;
            }
            Event::Decl(declaration) => {
                if self.start > 0 {
                    return Err(self.error_at(
                        self.start + 2,
                        "Unexpected XML declaration. The XML declaration must be the first node in the document, and no whitespace characters are allowed to appear before it.",
                    ));
                }
                match declaration.version() {
                    Ok(version) if &*version == "1.0" => {}
                    _ => return Err(self.error_at(15, "Version number is invalid.")),
                }
                let text = |value: Option<Result<std::borrow::Cow<'_, str>, _>>| {
                    value.and_then(Result::ok).map(|text| Str::from(&*text))
                };
                let read = Value::object(Declaration {
                    version: text(Some(declaration.version())),
                    encoding: text(
                        declaration
                            .encoding()
                            .map(|value| value.map_err(quick_xml::Error::from)),
                    ),
                    standalone: text(
                        declaration
                            .standalone()
                            .map(|value| value.map_err(quick_xml::Error::from)),
                    ),
                });
                if let Some(document) = self.parent()
                    && let Data::Document { declaration, .. } =
                        &mut super::node::get_mut(heap, document)?.data
                {
                    *declaration = read;
                }
            }
            // A document type that declares anything is refused: it is how entities come in that grow without bounds or
            // lead out of the document. One that only names the root says nothing that is needed.
            Event::DocType(_) => {
                let end = usize::try_from(self.reader.buffer_position()).unwrap_or(0);
                let declares = self
                    .text
                    .get(self.start..end)
                    .is_none_or(|text| text.contains('['));
                if declares || self.open.len() > 1 {
                    return Err(
                        self.error("For security reasons DTD is prohibited in this XML document.")
                    );
                }
            }
            Event::Eof => {
                self.flush(heap)?;
                if self.open.len() > 1 {
                    return Err(
                        self.error("Unexpected end of file has occurred. Elements are not closed.")
                    );
                }
                let document = self.parent();
                let rooted = document.is_some_and(|document| {
                    !super::node::elements(heap, document, None).is_empty()
                });
                return match rooted {
                    true => Ok(false),
                    false => Err(xml_exception("Root element is missing.")),
                };
            }
        }
        Ok(true)
    }

    fn start(&mut self, heap: &mut Heap, tag: &BytesStart<'_>, empty: bool) -> Result<(), Throw> {
        self.flush(heap)?;
        descend(DEPTH.saturating_sub(self.open.len()))?;
        let outside = self.scopes.len();
        let start = self.start;
        let written = self.text.get(start..).unwrap_or("");
        let mut place = tag.name().as_ref().len() + 1;
        let mut attributes: Vec<(String, Str, usize)> = Vec::new();
        for attribute in tag.attributes() {
            // Each is looked for among the others, and names in all that are open.
            if attributes.len() >= ATTRIBUTES || self.scopes.len() > ATTRIBUTES {
                return Err(Throw::limit("its XML has too many attributes"));
            }
            let attribute = attribute.map_err(|error| match error {
                AttrError::Duplicated(at, _) => {
                    self.error_at(start + 1 + at, "This is a duplicate attribute name.")
                }
                AttrError::UnquotedValue(at) => {
                    self.error_at(start + 1 + at, "This is an unexpected token.")
                }
                error => self.error(&format!("{error}.")),
            })?;
            let key = attribute.key.as_ref();
            place = written
                .get(place..)
                .and_then(|rest| rest.find(key))
                .map_or(place, |at| place + at);
            let at = start + place;
            place += key.len();
            if attribute.value.contains('<') {
                return Err(self.error_at(
                    at,
                    "'<', hexadecimal value 0x3C, is an invalid attribute character.",
                ));
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| self.error(&format!("{error}.")))?;
            let (key, value) = (attribute.key.as_ref().to_string(), Str::from(&*value));
            heap.charge(key.len() + value.size())?;
            match key.strip_prefix("xmlns:") {
                Some(prefix) => self.scopes.push((prefix.into(), value.clone())),
                None if key == "xmlns" => self.scopes.push((String::new(), value.clone())),
                None => {}
            }
            self.check_attribute(&value, at)?;
            attributes.push((key, value, at));
        }
        let second = self.open.len() == 1
            && self
                .parent()
                .is_some_and(|parent| !super::node::elements(heap, parent, None).is_empty());
        if second {
            return Err(self.error_at(start + 1, "There are multiple root elements."));
        }
        let name = self.name(tag.name().as_ref(), true, start + 1)?;
        let new = element(heap, name)?;
        for (key, value, at) in attributes {
            let name = self.name(&key, false, at)?;
            if super::node::attribute_of(heap, new, &name).is_some() {
                let message = format!("'{key}' is a duplicate attribute name.");
                return Err(self.error_at(at, &message));
            }
            let attribute = alloc(heap, Data::Attribute(name, value))?;
            push(heap, new, attribute)?;
        }
        if let Some(parent) = self.parent() {
            push(heap, parent, new)?;
        }
        self.open.push((new, outside));
        if empty {
            self.scopes.truncate(outside);
            self.open.pop();
        }
        Ok(())
    }

    fn close(&mut self, heap: &mut Heap) -> Result<(), Throw> {
        if let Some((id, outside)) = self.open.pop() {
            self.scopes.truncate(outside);
            if let Data::Element { open, children, .. } = &mut super::node::get_mut(heap, id)?.data
            {
                *open = children.is_empty();
            }
        }
        Ok(())
    }

    fn check_attribute(&self, value: &Str, at: usize) -> Result<(), Throw> {
        match value.to_utf8().chars().find(|c| !is_char(*c)) {
            Some(c) => Err(self.error_at(
                at,
                &format!(
                    "'{c}', hexadecimal value 0x{:02X}, is an invalid character.",
                    u32::from(c)
                ),
            )),
            None => Ok(()),
        }
    }

    /// A name as it is written at a place of the text.
    fn name(&self, written: &str, is_element: bool, at: usize) -> Result<Name, Throw> {
        let (prefix, local) = written.split_once(':').unwrap_or(("", written));
        let wrong = |part: &str| {
            let mut chars = part.char_indices();
            chars.find(|(place, c)| !fits(*c, *place == 0))
        };
        if let Some((_, c)) = wrong(prefix).or_else(|| wrong(local)) {
            return Err(self.error_at(
                at,
                &format!(
                    "Name cannot begin with the '{c}' character, hexadecimal value 0x{:02X}.",
                    u32::from(c)
                ),
            ));
        }
        if local.is_empty() {
            return Err(self.error_at(at, "A name is missing."));
        }
        if !is_element {
            match (prefix, local) {
                ("xmlns", local) => return Ok(Name::known(local, XMLNS.into())),
                ("", local) => return Ok(Name::known(local, Str::EMPTY)),
                _ => {}
            }
        }
        let found = self.scopes.iter().rev().find(|(name, _)| name == prefix);
        match found {
            Some((_, namespace)) => Ok(Name::known(local, namespace.clone())),
            None if prefix.is_empty() => Ok(Name::known(local, Str::EMPTY)),
            None => Err(self.error_at(at, &format!("'{prefix}' is an undeclared prefix."))),
        }
    }
}
