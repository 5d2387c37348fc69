//! Reads XML as `XElement.Parse` and `XDocument.Parse` do.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::convert::is_char;
use super::declaration::Declaration;
use super::document_type::DocumentType;
use super::name::{Name, XML, XMLNS, fits};
use super::node::{ATTRIBUTES, DEPTH, Data, alloc, descend, element, push};
use super::xml_exception;
use crate::heap::{Heap, HeapId};
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// Reads a document. `space`: whether white space between tags is kept.
pub(crate) fn document(heap: &mut Heap, text: &str, space: bool) -> Result<HeapId, Throw> {
    match super::entities::replaced(heap, text)? {
        Some(replaced) => plain_document(heap, &replaced, space),
        None => plain_document(heap, text, space),
    }
}

/// How much there is to read at most, in bytes.
pub(super) fn weight(text: &str) -> usize {
    match super::entities::are_declared(text) {
        true => text.len() + super::entities::LIMIT,
        false => text.len(),
    }
}

/// Reads a document whose entities are all known.
fn plain_document(heap: &mut Heap, text: &str, space: bool) -> Result<HeapId, Throw> {
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
        open: vec![(document, 0, 0)],
        scopes: vec![("xml".into(), XML.into())],
        pending: String::new(),
        keep: false,
        space,
        preserve: vec![space],
    };
    reading.reader.config_mut().check_end_names = true;
    reading.reader.config_mut().check_comments = true;
    // So little text is no XML to .NET, whatever it is; and a byte order mark is none of a text's characters.
    let marked = text.starts_with('\u{FEFF}');
    if marked || !text.is_empty() && text.chars().take(4).count() < 4 {
        return Err(reading.error_at(0, "Data at the root level is invalid."));
    }
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
    /// Open elements, the document first, each with the number of declarations outside it and where it starts.
    open: Vec<(HeapId, usize, usize)>,
    /// Prefixes and their namespaces, near ones last.
    scopes: Vec<(String, Str)>,
    /// Text that is not a node yet, as references in it come apart.
    pending: String,
    /// Whether the text is kept though it is white space: it has references in it.
    keep: bool,
    space: bool,
    /// Whether the open elements keep white space, by `xml:space`.
    preserve: Vec<bool>,
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
        let (line, column) = self.line_and_column(place);
        xml_exception(format!("{message} Line {line}, position {column}."))
    }

    /// What the reader found wrong, in .NET's words.
    fn wrong(&self, error: &quick_xml::Error) -> Throw {
        use quick_xml::Error::{IllFormed, Syntax};
        use quick_xml::errors::{IllFormedError, SyntaxError};
        let end = self.text.len();
        let ended = |what: &str| {
            self.error_at(
                end - usize::from(what == "Comment" && end > 0),
                &format!("Unexpected end of file while parsing {what} has occurred."),
            )
        };
        match error {
            // An end tag is wrong from its name on.
            IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                let start = self.open.last().map_or(0, |(.., start)| *start);
                let (line, column) = self.line_and_column(start + 1);
                if found.starts_with([' ', '\t', '\r', '\n']) {
                    let c = found.chars().next().unwrap_or(' ');
                    return self.error_at(
                        self.start + 2,
                        &format!(
                            "Name cannot begin with the '{c}' character, hexadecimal value 0x{:02X}.",
                            u32::from(c)
                        ),
                    );
                }
                self.error_at(
                    self.start + 2,
                    &format!(
                        "The '{expected}' start tag on line {line} position {column} does not match the end tag of '{found}'."
                    ),
                )
            }
            IllFormed(IllFormedError::UnmatchedEndTag(_)) => {
                self.error_at(self.start + 2, "Unexpected end tag.")
            }
            IllFormed(IllFormedError::DoubleHyphenInComment) => self
                .error("An XML comment cannot contain '--', and '-' cannot be the last character."),
            IllFormed(IllFormedError::UnclosedReference) => {
                let (place, message) = super::mistake::in_reference(self.text, self.start);
                self.error_at(place, &message)
            }
            Syntax(SyntaxError::UnclosedComment) => ended("Comment"),
            Syntax(SyntaxError::UnclosedCData) => ended("CDATA"),
            Syntax(SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl) => ended("PI"),
            Syntax(SyntaxError::UnclosedDoctype) => ended("DOCTYPE"),
            _ => match super::mistake::in_tag(self.text, self.start) {
                Some((place, message)) => self.error_at(place, &message),
                None => self.error(&format!("{error}.")),
            },
        }
    }

    /// Line and column of a place, from 1 on.
    fn line_and_column(&self, place: usize) -> (usize, usize) {
        let before = self.text.get(..place).unwrap_or(self.text);
        let mut lines = before.split('\n');
        let last = lines.next_back().unwrap_or("");
        (lines.count() + 1, last.encode_utf16().count() + 1)
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
        self.open.last().map(|(id, ..)| *id)
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
        let kept = self.preserve.last().copied().unwrap_or(self.space) && self.open.len() > 1;
        if text.is_empty() || blank && !(keep || kept) {
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
            Err(error) => return Err(self.wrong(&error)),
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
                    Ok(Some(c)) if is_char(c) => c,
                    Ok(Some(c)) => {
                        let message = format!(
                            "'.', hexadecimal value 0x{:02X}, is an invalid character.",
                            u32::from(c)
                        );
                        return Err(self.error_at(self.start + 2, &message));
                    }
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
                    Ok(version) => {
                        let message = format!("Version number '{version}' is invalid.");
                        return Err(self.error_at(15, &message));
                    }
                    Err(_) => {
                        return Err(self.error_at(6, "Syntax for an XML declaration is invalid."));
                    }
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
            Event::DocType(_) => {
                let end = usize::try_from(self.reader.buffer_position()).unwrap_or(0);
                let text = self.text.get(self.start..end).unwrap_or("[");
                if self.open.len() > 1 {
                    return Err(self.error_at(self.start + 2, "Unexpected DTD declaration."));
                }
                let document_type = document_type(text);
                let document_type = document_type
                    .ok_or_else(|| self.error_at(self.start + 2, "Invalid DTD declaration."))?;
                self.add(heap, Data::DocumentType(Box::new(document_type)))?;
            }
            Event::Eof => {
                self.flush(heap)?;
                if self.open.len() > 1 {
                    let mut names = Vec::with_capacity(self.open.len());
                    for (.., start) in self.open.iter().skip(1).rev() {
                        let tag = self.text.get(start + 1..).unwrap_or_default();
                        let end = tag.find([' ', '\t', '\r', '\n', '/', '>']);
                        names.push(tag.get(..end.unwrap_or(0)).unwrap_or_default());
                    }
                    return Err(self.error_at(
                        self.text.len(),
                        &format!(
                            "Unexpected end of file has occurred. The following elements are not closed: {}.",
                            names.join(", ")
                        ),
                    ));
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
            let attribute =
                attribute.map_err(|error| match super::mistake::in_tag(self.text, start) {
                    Some((place, message)) => self.error_at(place, &message),
                    None => self.error(&format!("{error}.")),
                })?;
            let key = attribute.key.as_ref();
            place = written
                .get(place..)
                .and_then(|rest| rest.find(key))
                .map_or(place, |at| place + at);
            let at = start + place;
            place += key.len();
            if attribute.value.contains('<') {
                let mistake = super::mistake::in_tag(self.text, start);
                let (place, message) = mistake.unwrap_or_else(|| (at, "'<' is wrong.".into()));
                return Err(self.error_at(place, &message));
            }
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| self.error(&format!("{error}.")))?;
            let (key, value) = (attribute.key.as_ref().to_string(), Str::from(&*value));
            heap.charge(key.len() + value.size())?;
            match key.strip_prefix("xmlns:") {
                Some(_) if value.is_empty() => {
                    return Err(self.error_at(at, "Invalid namespace declaration."));
                }
                Some("xml") if value != *XML => {
                    return Err(self.error_at(
                        at,
                        "Prefix \"xml\" is reserved for use by XML and can be mapped only to namespace name \"http://www.w3.org/XML/1998/namespace\".",
                    ));
                }
                Some("xmlns") => {
                    return Err(self.error_at(at, "Prefix \"xmlns\" is reserved for use by XML."));
                }
                Some(prefix) => self.scopes.push((prefix.into(), value.clone())),
                None if key == "xmlns" => self.scopes.push((String::new(), value.clone())),
                None => {}
            }
            self.check_attribute(&value, at)?;
            attributes.push((key, value, at));
        }
        // The reader does not mind attributes that stand close together.
        let suspicious = attributes.len() > 1 || tag.name().as_ref().contains('/');
        if let Some((place, message)) = suspicious
            .then(|| super::mistake::in_tag(self.text, start))
            .flatten()
        {
            return Err(self.error_at(place, &message));
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
        let mut preserve = self.preserve.last().copied().unwrap_or(self.space);
        for (key, value, at) in attributes {
            if key == "xml:space" {
                preserve = self.space || value == *"preserve";
            }
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
        self.open.push((new, outside, start));
        self.preserve.push(preserve);
        if empty {
            self.scopes.truncate(outside);
            self.open.pop();
            self.preserve.pop();
        }
        Ok(())
    }

    fn close(&mut self, heap: &mut Heap) -> Result<(), Throw> {
        self.preserve.pop();
        if let Some((id, outside, _)) = self.open.pop() {
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

/// `<!DOCTYPE name PUBLIC "public" "system">`.
fn document_type(text: &str) -> Option<DocumentType> {
    let inside = text.strip_prefix("<!DOCTYPE")?.strip_suffix('>')?.trim();
    let (inside, internal) = match inside.split_once('[') {
        Some((inside, subset)) => (inside.trim(), Some(subset.trim_end().strip_suffix(']')?)),
        None => (inside, None),
    };
    let end = inside.find(char::is_whitespace).unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    let quoted = |text: &str| -> Option<(Str, String)> {
        let text = text.trim_start();
        let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (literal, rest) = text.get(1..)?.split_once(quote)?;
        Some((literal.into(), rest.to_string()))
    };
    let rest = rest.trim();
    let (public, system, rest) = if rest.is_empty() {
        (None, None, String::new())
    } else if let Some(rest) = rest.strip_prefix("PUBLIC") {
        let (public, rest) = quoted(rest)?;
        let (system, rest) = quoted(&rest)?;
        (Some(public), Some(system), rest)
    } else {
        let (system, rest) = quoted(rest.strip_prefix("SYSTEM")?)?;
        (None, Some(system), rest)
    };
    rest.trim().is_empty().then(|| DocumentType {
        name: name.into(),
        // What names another document says that nothing is declared here.
        internal: match internal {
            Some(subset) => Some(subset.into()),
            None => system.is_some().then_some(Str::EMPTY),
        },
        public,
        system,
    })
}
