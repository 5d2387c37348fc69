//! Reads XML as `XElement.Parse` and `XDocument.Parse` do.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::declaration::Declaration;
use super::name::{Name, XML, XMLNS};
use super::node::{DEPTH, Data, alloc, descend, element, push};
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
        reader: Reader::from_str(text.trim_start_matches('\u{FEFF}')),
        open: vec![(document, 0)],
        scopes: vec![("xml".into(), XML.into())],
        pending: String::new(),
        keep: false,
        space,
    };
    reading.reader.config_mut().check_end_names = true;
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
        let place = usize::try_from(
            self.reader
                .error_position()
                .max(self.reader.buffer_position()),
        )
        .unwrap_or(0);
        let before = self.text.get(..place).unwrap_or(self.text);
        let mut lines = before.split('\n');
        let last = lines.next_back().unwrap_or("");
        xml_exception(format!(
            "{message} Line {}, position {}.",
            lines.count() + 1,
            last.encode_utf16().count() + 1
        ))
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
            return Err(self.error("Data at the root level is invalid."));
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
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(self.error(&format!("{error}."))),
        };
        match event {
            Event::Start(tag) => self.start(heap, &tag, false)?,
            Event::Empty(tag) => self.start(heap, &tag, true)?,
            Event::End(_) => {
                self.flush(heap)?;
                self.close(heap)?;
            }
            Event::Text(text) => self.pending.push_str(&text.xml10_content()),
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
                            return Err(
                                self.error(&format!("Reference to undeclared entity '{other}'."))
                            );
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
                let text = |value: Option<Result<std::borrow::Cow<'_, str>, _>>| {
                    value.and_then(Result::ok).map(|text| Str::from(&*text))
                };
                let read = Value::object(Declaration {
                    version: text(Some(declaration.version())).unwrap_or_else(|| "1.0".into()),
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
            // XML with a document type is refused: it is how entities that grow without bounds come in.
            Event::DocType(_) => {
                return Err(
                    self.error("For security reasons DTD is prohibited in this XML document.")
                );
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
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.error(&format!("{error}.")))?;
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
            attributes.push((key, value));
        }
        let name = self.name(tag.name().as_ref(), true)?;
        let new = element(heap, name)?;
        for (key, value) in attributes {
            let name = self.name(&key, false)?;
            let attribute = alloc(heap, Data::Attribute(name, value))?;
            push(heap, new, attribute)?;
        }
        if let Some(parent) = self.parent() {
            let second =
                self.open.len() == 1 && !super::node::elements(heap, parent, None).is_empty();
            if second {
                return Err(self.error("There are multiple root elements."));
            }
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

    fn name(&self, written: &str, is_element: bool) -> Result<Name, Throw> {
        let (prefix, local) = written.split_once(':').unwrap_or(("", written));
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
            None => Err(self.error(&format!("'{prefix}' is an undeclared prefix."))),
        }
    }
}
