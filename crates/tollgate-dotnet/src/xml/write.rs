//! Writes XML as `ToString()` does.

use super::name::{Name, XML, XMLNS};
use super::node::{DEPTH, Data, Node, ancestors, descend, get};
use crate::heap::{Heap, HeapId};
use crate::throw::Throw;

/// The longest text that is written: texts may be in a document many times over.
pub(crate) const LIMIT: usize = 32 << 20;

/// What writing an element costs, in bytes that could have been copied instead.
const ELEMENT: usize = 2048;

/// A node or attribute as XML, without declaration.
pub(crate) fn node(heap: &Heap, node: &Node, indented: bool) -> Result<String, Throw> {
    let mut writer = Writer {
        heap,
        indented,
        level: 0,
        mixed: false,
        text: String::new(),
        known: Vec::new(),
        written: vec![("xml".into(), XML.into()), (String::new(), String::new())],
    };
    if let Some(parent) = node.parent {
        let mut above = ancestors(heap, parent);
        above.reverse();
        if get(heap, parent)?.is_element() {
            above.push(parent);
        }
        for id in above {
            writer.declare(get(heap, id)?)?;
        }
    }
    writer.node(node, DEPTH)?;
    Ok(writer.text)
}

/// The prefix that an element declares for a namespace, itself or above; nearest first.
pub(crate) fn declared(heap: &Heap, element: HeapId) -> Result<Vec<(String, String)>, Throw> {
    let mut found = Vec::new();
    for id in std::iter::once(element).chain(ancestors(heap, element)) {
        found.extend(declarations(heap, get(heap, id)?)?);
    }
    Ok(found)
}

/// Prefixes and namespaces of an element's `xmlns` attributes.
fn declarations(heap: &Heap, node: &Node) -> Result<Vec<(String, String)>, Throw> {
    let mut found = Vec::new();
    for id in node.attributes() {
        if let Data::Attribute(name, value) = &get(heap, *id)?.data {
            if name.namespace == *XMLNS {
                found.push((name.local.to_string(), value.to_string()));
            } else if name.namespace.is_empty() && name.local == *"xmlns" {
                found.push((String::new(), value.to_string()));
            }
        }
    }
    Ok(found)
}

struct Writer<'a> {
    heap: &'a Heap,
    indented: bool,
    level: usize,
    /// Whether there is text around, so that nothing may be put in for looks.
    mixed: bool,
    text: String,
    /// Declarations of the tree, near ones last.
    known: Vec<(String, String)>,
    /// Declarations in what is written, near ones last.
    written: Vec<(String, String)>,
}

impl Writer<'_> {
    fn declare(&mut self, element: &Node) -> Result<(), Throw> {
        self.known.extend(declarations(self.heap, element)?);
        Ok(())
    }

    fn line(&mut self) {
        if self.indented && !self.mixed && !self.text.is_empty() {
            self.text.push('\n');
            for _ in 0..self.level {
                self.text.push_str("  ");
            }
        }
    }

    fn node(&mut self, node: &Node, depth: usize) -> Result<(), Throw> {
        let depth = descend(depth)?;
        if self.text.len() > LIMIT {
            return Err(Throw::limit("it made a string longer than is allowed"));
        }
        match &node.data {
            Data::Document { children, .. } => {
                for child in children {
                    self.node(get(self.heap, *child)?, depth)?;
                }
            }
            Data::Element { name, .. } => self.element(node, name, depth)?,
            Data::Attribute(name, value) => {
                let prefix = self.prefix(&name.namespace.to_utf8(), false);
                self.attribute(
                    prefix.as_deref().unwrap_or(""),
                    &name.local.to_utf8(),
                    &value.to_utf8(),
                )?;
            }
            Data::Text(text) => {
                self.mixed = true;
                escape(&mut self.text, &text.to_utf8(), false)?;
            }
            Data::Section(text) => {
                self.mixed = true;
                let text = text.to_utf8().replace("]]>", "]]]]><![CDATA[>");
                self.text.push_str(&format!("<![CDATA[{text}]]>"));
            }
            Data::Comment(text) => {
                self.line();
                // What would end the comment is taken apart.
                let mut text = text.to_utf8().replace("--", "- -").replace("--", "- -");
                if text.ends_with('-') {
                    text.push(' ');
                }
                self.text.push_str(&format!("<!--{text}-->"));
            }
            Data::DocumentType(document_type) => {
                self.line();
                document_type.write(&mut self.text);
            }
            Data::Instruction(target, data) => {
                self.line();
                let gap = if data.is_empty() { "" } else { " " };
                self.text.push_str(&format!("<?{target}{gap}{data}?>"));
            }
        }
        Ok(())
    }

    /// The prefix for a namespace, by what the tree declares.
    fn prefix(&self, namespace: &str, or_default: bool) -> Option<String> {
        match namespace {
            "" => return Some(String::new()),
            XML => return Some("xml".into()),
            XMLNS => return Some("xmlns".into()),
            _ => {}
        }
        let mut nearer: Vec<&str> = Vec::new();
        for (prefix, of) in self.known.iter().rev() {
            let hidden = nearer.contains(&&**prefix);
            if of == namespace && !hidden && (or_default || !prefix.is_empty()) {
                return Some(prefix.clone());
            }
            nearer.push(prefix);
        }
        None
    }

    /// Whether what is written so far has this prefix for this namespace.
    fn has(&self, prefix: &str, namespace: &str) -> bool {
        let found = self.written.iter().rev().find(|(name, _)| name == prefix);
        found.is_some_and(|(_, of)| of == namespace)
    }

    fn element(&mut self, node: &Node, name: &Name, depth: usize) -> Result<(), Throw> {
        self.heap.spend(ELEMENT);
        self.line();
        let (known, written) = (self.known.len(), self.written.len());
        self.declare(node)?;
        let namespace = name.namespace.to_string();
        let prefix = self.prefix(&namespace, true).unwrap_or_default();
        let tag = match prefix.is_empty() {
            true => name.local.to_string(),
            false => format!("{prefix}:{}", name.local),
        };
        self.text.push_str(&format!("<{tag}"));
        let own = declarations(self.heap, node)?;
        if let Some((_, other)) = own
            .iter()
            .find(|(name, of)| *name == prefix && *of != namespace)
        {
            return Err(super::xml_exception(format!(
                "The prefix '{prefix}' cannot be redefined from '{namespace}' to '{other}' within the same start element tag."
            )));
        }
        self.written.extend(own);
        let mut implied = Vec::new();
        let mut last = None;
        if !self.has(&prefix, &namespace) {
            self.written.push((prefix.clone(), namespace.clone()));
            last = Some((prefix, namespace));
        }
        for id in node.attributes() {
            let Data::Attribute(name, value) = &get(self.heap, *id)?.data else {
                continue;
            };
            let namespace = name.namespace.to_string();
            let prefix = match self.prefix(&namespace, false) {
                Some(prefix) => prefix,
                None => format!("p{}", self.level + 1),
            };
            let reserved = matches!(&*prefix, "" | "xmlns" | "xml");
            if !reserved && !self.has(&prefix, &namespace) {
                self.written.push((prefix.clone(), namespace.clone()));
                implied.push((prefix.clone(), namespace));
            }
            self.text.push(' ');
            self.attribute(&prefix, &name.local.to_utf8(), &value.to_utf8())?;
        }
        // What the attributes need is declared before what the element itself needs.
        for (prefix, namespace) in implied.into_iter().chain(last) {
            self.text.push(' ');
            match prefix.is_empty() {
                true => self.attribute("", "xmlns", &namespace)?,
                false => self.attribute("xmlns", &prefix, &namespace)?,
            }
        }
        let open = matches!(node.data, Data::Element { open: true, .. });
        if node.children().is_empty() && !open {
            self.text.push_str(" />");
        } else {
            self.text.push('>');
            let mixed = self.mixed;
            self.level += 1;
            for child in node.children() {
                self.node(get(self.heap, *child)?, depth)?;
            }
            self.level -= 1;
            if !node.children().is_empty() {
                self.line();
            }
            self.mixed = mixed;
            self.text.push_str(&format!("</{tag}>"));
        }
        self.known.truncate(known);
        self.written.truncate(written);
        Ok(())
    }

    fn attribute(&mut self, prefix: &str, local: &str, value: &str) -> Result<(), Throw> {
        if !prefix.is_empty() {
            self.text.push_str(prefix);
            self.text.push(':');
        }
        self.text.push_str(local);
        self.text.push_str("=\"");
        escape(&mut self.text, value, true)?;
        self.text.push('"');
        Ok(())
    }
}

fn escape(out: &mut String, text: &str, attribute: bool) -> Result<(), Throw> {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // In text every line break is a line feed.
            '\r' if !attribute => {
                if chars.peek() == Some(&'\n') {
                    chars.next();
                }
                out.push('\n');
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' if attribute => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\n' if attribute => out.push_str("&#xA;"),
            '\t' if attribute => out.push_str("&#x9;"),
            '\t' | '\n' => out.push(c),
            '\0'..'\u{20}' | '\u{FFFE}' | '\u{FFFF}' => {
                return Err(Throw::argument(format!(
                    "'{c}', hexadecimal value 0x{:02X}, is an invalid character.",
                    u32::from(c)
                )));
            }
            _ => out.push(c),
        }
    }
    Ok(())
}
