//! JSON as XML: `JsonConvert.DeserializeXNode`. Source: Newtonsoft.Json's `XmlNodeConverter`.

use super::convert::{encode_name, text};
use super::declaration::Declaration;
use super::document_type::DocumentType;
use super::name::{Name, XMLNS};
use super::node::{
    ATTRIBUTES, DEPTH, Data, Node, alloc, descend, element, elements, get, get_mut, push, remove,
};
use crate::heap::HeapId;
use crate::json::{self, Kind, Node as Json};
use crate::machine::Machine;
use crate::member::Call;
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// The namespace of attributes that say how JSON was written.
const HINTS: &str = "http://james.newtonking.com/projects/json";

/// How JSON is read as XML.
#[derive(Debug, Default)]
pub(crate) struct Style {
    /// The name of an element around all.
    root: Option<Str>,
    /// An array of one element is marked.
    arrays: bool,
    /// Names with signs in them say nothing.
    encode: bool,
}

/// `JsonConvert.DeserializeXNode`.
pub(crate) fn deserialize_node(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let json = call.text(0, "value")?.clone();
    let flag = |index: usize| matches!(call.arg(index), Value::Bool(true));
    let style = Style {
        root: call.opt_str(1).filter(|name| !name.is_empty()).cloned(),
        arrays: flag(2),
        encode: flag(3),
    };
    call.heavy_work(json.size())?;
    let document = read(call.machine, &json, &style)?;
    Ok(document.map(Value::Ref).unwrap_or_default())
}

/// Reads JSON as an `XDocument`, or its root alone; null of nothing.
pub(crate) fn of_json(
    machine: &mut Machine<'_>,
    json: &Str,
    root_only: bool,
) -> Result<Value, Throw> {
    let Some(document) = read(machine, json, &Style::default())? else {
        return Ok(Value::Null);
    };
    if !root_only {
        return Ok(Value::Ref(document));
    }
    let root = elements(machine.heap, document, None).first().copied();
    let root = root.ok_or_else(Throw::null_reference)?;
    remove(machine.heap, root)?;
    Ok(Value::Ref(root))
}

fn read(machine: &mut Machine<'_>, json: &Str, style: &Style) -> Result<Option<HeapId>, Throw> {
    let Some(token) = json::read_usual(machine.heap, json)? else {
        return Ok(None);
    };
    match json::get(machine.heap, token)?.kind() {
        Kind::Object => {}
        Kind::Null | Kind::Undefined => return Ok(None),
        _ => {
            return Err(serialization(
                "XmlNodeConverter can only convert JSON that begins with an object.",
            ));
        }
    }
    let document = alloc(
        machine.heap,
        Data::Document {
            declaration: Value::Null,
            children: Vec::new(),
        },
    )?;
    let mut reading = Reading {
        machine,
        style,
        document,
        rooted: false,
        prefixes: vec![("xmlns".into(), XMLNS.into())],
    };
    match &style.root {
        Some(name) => reading.element(name, token, document, DEPTH)?,
        None => reading.members(token, document, 0, DEPTH)?,
    }
    Ok(Some(document))
}

struct Reading<'r, 'm> {
    machine: &'r mut Machine<'m>,
    style: &'r Style,
    document: HeapId,
    /// Whether the document has its root element.
    rooted: bool,
    /// Prefixes and their namespaces, near ones last; the default one has no prefix.
    prefixes: Vec<(Str, Str)>,
}

impl Reading<'_, '_> {
    /// The members of an object, from that one on, as children of a node.
    fn members(
        &mut self,
        object: HeapId,
        node: HeapId,
        from: usize,
        depth: usize,
    ) -> Result<(), Throw> {
        for (name, value) in self.properties(object)?.into_iter().skip(from) {
            self.machine.step(1)?;
            if node == self.document && self.rooted {
                return Err(serialization(
                    "JSON root object has multiple properties. The root object must have a single property in order to create a valid XML document. Consider specifying a DeserializeRootElementName.",
                ));
            }
            match self.items(value)? {
                Some(items) => {
                    for item in &items {
                        self.value(&name, *item, node, depth)?;
                    }
                    if self.style.arrays && items.len() == 1 {
                        self.mark_last(node)?;
                    }
                }
                None => self.value(&name, value, node, depth)?,
            }
        }
        Ok(())
    }

    fn properties(&self, object: HeapId) -> Result<Vec<(Str, HeapId)>, Throw> {
        json::entries(self.machine.heap, object)
    }

    /// The items of an array.
    fn items(&self, token: HeapId) -> Result<Option<Vec<HeapId>>, Throw> {
        Ok(match &json::get(self.machine.heap, token)?.node {
            Json::Array(items) => Some(items.clone()),
            _ => None,
        })
    }

    fn add(&mut self, node: HeapId, data: Data) -> Result<(), Throw> {
        let child = alloc(self.machine.heap, data)?;
        push(self.machine.heap, node, child)
    }

    /// One value of a member: text, an instruction, or an element.
    fn value(
        &mut self,
        name: &Str,
        value: HeapId,
        node: HeapId,
        depth: usize,
    ) -> Result<(), Throw> {
        let depth = descend(depth)?;
        let written = name.to_utf8().into_owned();
        if !self.style.encode {
            match written.as_str() {
                "#text" | "#whitespace" | "#significant-whitespace" => {
                    let text = self.text(value)?.unwrap_or_default();
                    return self.add(node, Data::Text(text));
                }
                "#cdata-section" => {
                    let text = self.text(value)?.unwrap_or_default();
                    return self.add(node, Data::Section(text));
                }
                "?xml" => return self.declaration(value),
                _ => {}
            }
            if let Some(target) = written.strip_prefix('?') {
                let text = self.text(value)?.unwrap_or_default();
                return self.add(node, Data::Instruction(target.into(), text));
            }
            if written.eq_ignore_ascii_case("!DOCTYPE") {
                return self.document_type(value, node);
            }
        }
        match self.items(value)? {
            Some(items) => {
                let around = self.created(name, node)?;
                for item in &items {
                    self.value(name, *item, around, depth)?;
                }
                if self.style.arrays {
                    self.mark(around)?;
                    if items.len() == 1 {
                        self.mark_last(around)?;
                    }
                }
                Ok(())
            }
            None => self.element(name, value, node, depth),
        }
    }

    /// An element; or, behind other members of an object, an attribute after all.
    fn element(
        &mut self,
        name: &Str,
        value: HeapId,
        node: HeapId,
        depth: usize,
    ) -> Result<(), Throw> {
        let depth = descend(depth)?;
        if name.is_empty() {
            return Err(serialization(
                "XmlNodeConverter cannot convert JSON with an empty property name to XML.",
            ));
        }
        let written = name.to_utf8().into_owned();
        let signs = !self.style.encode;
        if let Some(attribute) = written.strip_prefix('@').filter(|_| signs) {
            if node == self.document {
                return Err(serialization(&format!(
                    "JSON root object has property '{written}' that will be converted to an attribute. A root object cannot have any attribute properties. Consider specifying a DeserializeRootElementName."
                )));
            }
            let text = self.text(value)?;
            return self.attribute(attribute, text, node);
        }
        if let Some(hint) = written.strip_prefix('$').filter(|_| signs) {
            match hint {
                "id" | "ref" | "type" | "value" if node != self.document => {
                    let text = self.text(value)?;
                    return self.attribute(hint, text, node);
                }
                "values" => {
                    let name = match self.hint_prefix() {
                        Some(prefix) => format!("{prefix}:values"),
                        None => hint.to_string(),
                    };
                    let new = self.created(&name.into(), node)?;
                    return match self.text(value)? {
                        Some(text) => self.filled(new, text),
                        None => Ok(()),
                    };
                }
                _ => {}
            }
        }
        let outside = self.prefixes.len();
        let is_object = json::get(self.machine.heap, value)?.kind() == Kind::Object;
        let attributes = match is_object && signs {
            true => self.attributes(value)?,
            false => Vec::new(),
        };
        let new = self.created(name, node)?;
        let count = attributes.iter().filter(|(_, _, own)| *own).count();
        for (name, text, _) in attributes {
            self.attribute(&name, text, new)?;
        }
        let constructor = match &json::get(self.machine.heap, value)?.node {
            Json::Constructor(name, arguments) => Some((name.clone(), arguments.clone())),
            _ => None,
        };
        if is_object {
            self.members(value, new, count, depth)?;
        } else if let Some((name, arguments)) = constructor {
            for argument in arguments {
                self.value(&name, argument, new, depth)?;
            }
        } else if let Some(text) = self.text(value)? {
            self.filled(new, text)?;
        }
        self.prefixes.truncate(outside);
        Ok(())
    }

    /// Gives a new element its text.
    fn filled(&mut self, new: HeapId, text: Str) -> Result<(), Throw> {
        if text.is_empty() {
            // It has text, of no length.
            if let Data::Element { open, .. } = &mut get_mut(self.machine.heap, new)?.data {
                *open = true;
            }
            return Ok(());
        }
        self.add(new, Data::Text(text))
    }

    /// The attributes that an object begins with, and whether each is a member of its own. Namespaces among them are in
    /// scope from now on.
    fn attributes(&mut self, object: HeapId) -> Result<Vec<(String, Option<Str>, bool)>, Throw> {
        let mut found = Vec::new();
        for (name, value) in self.properties(object)? {
            // Each is looked for among the others, and prefixes in all that are in scope.
            if found.len() > ATTRIBUTES || self.prefixes.len() > ATTRIBUTES {
                return Err(Throw::limit("its XML has too many attributes"));
            }
            let written = name.to_utf8().into_owned();
            if let Some(attribute) = written.strip_prefix('@') {
                let text = self.text(value)?;
                let prefix = match attribute.strip_prefix("xmlns") {
                    Some("") => Some(""),
                    Some(rest) => rest.strip_prefix(':'),
                    None => None,
                };
                if let (Some(prefix), Some(text)) = (prefix, &text) {
                    self.prefixes.push((prefix.into(), text.clone()));
                }
                found.push((attribute.to_string(), text, true));
                continue;
            }
            let Some(hint @ ("id" | "ref" | "type" | "value" | "values")) =
                written.strip_prefix('$')
            else {
                break;
            };
            let prefix = match self.hint_prefix() {
                Some(prefix) => prefix,
                None => {
                    let prefix = Str::from("json");
                    self.prefixes.push((prefix.clone(), HINTS.into()));
                    found.push(("xmlns:json".to_string(), Some(HINTS.into()), false));
                    prefix
                }
            };
            if hint == "values" {
                break;
            }
            let text = self.text(value)?;
            found.push((format!("{prefix}:{hint}"), text, true));
        }
        Ok(found)
    }

    /// The prefix of attributes that say how JSON was written.
    fn hint_prefix(&self) -> Option<Str> {
        let mut near = self.prefixes.iter().rev();
        near.find(|(_, namespace)| *namespace == *HINTS)
            .map(|(prefix, _)| prefix.clone())
    }

    fn attribute(&mut self, name: &str, text: Option<Str>, node: HeapId) -> Result<(), Throw> {
        let text = text.ok_or_else(|| Throw::argument_null("value"))?;
        let encoded = encode_name(name, true);
        let name = match encoded
            .split_once(':')
            .filter(|(prefix, _)| !prefix.is_empty())
        {
            Some((prefix, local)) => {
                let namespace = self.namespace_of(prefix).unwrap_or_default();
                Name::new(&local.into(), &namespace)?
            }
            None => Name::read(&encoded)?,
        };
        self.machine.heap.charge(text.size())?;
        self.add(node, Data::Attribute(name, text))
    }

    fn namespace_of(&self, prefix: &str) -> Option<Str> {
        let mut near = self.prefixes.iter().rev();
        near.find(|(known, _)| *known == *prefix)
            .map(|(_, namespace)| namespace.clone())
    }

    /// A new element of that name within a node.
    fn created(&mut self, name: &Str, node: HeapId) -> Result<HeapId, Throw> {
        let written = name.to_utf8();
        let encoded = encode_name(&written, !self.style.encode);
        let (prefix, local) = match encoded.split_once(':').filter(|_| !self.style.encode) {
            Some((prefix, local)) if !prefix.is_empty() && !local.is_empty() => (prefix, local),
            _ => ("", encoded.as_str()),
        };
        let namespace = self.namespace_of(prefix).filter(|name| !name.is_empty());
        let name = match namespace {
            Some(namespace) => Name::new(&local.into(), &namespace)?,
            None => Name::read(&encoded)?,
        };
        let new = element(self.machine.heap, name)?;
        push(self.machine.heap, node, new)?;
        self.rooted |= node == self.document;
        Ok(new)
    }

    /// Marks the last node in a node as one of an array, if it is an element.
    fn mark_last(&mut self, node: HeapId) -> Result<(), Throw> {
        let heap = &*self.machine.heap;
        let last = get(heap, node)?.children().last().copied();
        match last.filter(|last| get(heap, *last).is_ok_and(Node::is_element)) {
            Some(last) => self.mark(last),
            None => Ok(()),
        }
    }

    /// `json:Array="true"`.
    fn mark(&mut self, element: HeapId) -> Result<(), Throw> {
        let name = Name::known("Array", HINTS.into());
        self.add(element, Data::Attribute(name, "true".into()))?;
        let name = Name::known("json", XMLNS.into());
        self.add(element, Data::Attribute(name, HINTS.into()))
    }

    /// The text of a value that is neither an object nor an array.
    fn text(&mut self, token: HeapId) -> Result<Option<Str>, Throw> {
        let (kind, value) = match &json::get(self.machine.heap, token)?.node {
            Json::Value(kind, value) => (*kind, value.clone()),
            other => {
                let what = match other {
                    Json::Array(_) => "StartArray",
                    Json::Constructor(..) => "StartConstructor",
                    _ => "StartObject",
                };
                return Err(serialization(&format!(
                    "Cannot get an XML string value from token type '{what}'."
                )));
            }
        };
        let text = match (kind, value) {
            (Kind::Null | Kind::Undefined, _) => return Ok(None),
            (_, value) => text(self.machine, &value)?,
        };
        if let Some(c) = text
            .to_utf8()
            .chars()
            .find(|c| !super::convert::is_char(*c))
        {
            return Err(Throw::argument(format!(
                "'{c}', hexadecimal value 0x{:02X}, is an invalid character.",
                u32::from(c)
            )));
        }
        self.machine.heap.charge(text.size())?;
        Ok(Some(text))
    }

    /// The parts of `?xml` and `!DOCTYPE`, by the names that they have without `@`.
    fn parts(&mut self, token: HeapId, what: &str) -> Result<Vec<(String, Option<Str>)>, Throw> {
        if json::get(self.machine.heap, token)?.kind() != Kind::Object {
            return Ok(Vec::new());
        }
        let mut parts = Vec::new();
        for (name, value) in self.properties(token)? {
            let name = name.to_utf8().into_owned();
            let known = match what {
                "XmlDeclaration" => ["@version", "@encoding", "@standalone", ""],
                _ => ["@name", "@public", "@system", "@internalSubset"],
            };
            if !known.contains(&name.as_str()) {
                return Err(serialization(&format!(
                    "Unexpected property name encountered while deserializing {what}: {name}"
                )));
            }
            let text = self.text(value)?;
            parts.push((name.trim_start_matches('@').to_string(), text));
        }
        Ok(parts)
    }

    fn declaration(&mut self, token: HeapId) -> Result<(), Throw> {
        let parts = self.parts(token, "XmlDeclaration")?;
        let of = |wanted: &str| {
            let mut parts = parts.iter();
            parts.find(|(name, _)| name == wanted)?.1.clone()
        };
        let read = Value::object(Declaration {
            version: of("version"),
            encoding: of("encoding"),
            standalone: of("standalone"),
        });
        let document = self.document;
        if let Data::Document { declaration, .. } = &mut get_mut(self.machine.heap, document)?.data
        {
            *declaration = read;
        }
        Ok(())
    }

    fn document_type(&mut self, token: HeapId, node: HeapId) -> Result<(), Throw> {
        let parts = self.parts(token, "XmlDeclaration doc type")?;
        let of = |wanted: &str| {
            let mut parts = parts.iter();
            parts.find(|(name, _)| name == wanted)?.1.clone()
        };
        let data = Data::DocumentType(Box::new(DocumentType {
            name: of("name").unwrap_or_default(),
            public: of("public"),
            system: of("system"),
            internal: of("internalSubset"),
        }));
        self.add(node, data)
    }
}

fn serialization(message: &str) -> Throw {
    Throw::new("Newtonsoft.Json.JsonSerializationException", message)
}
