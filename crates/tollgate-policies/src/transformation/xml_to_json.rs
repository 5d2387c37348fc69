//! `xml-to-json`: turns an XML body into JSON, of the request (inbound) or the response (outbound, on-error).
//!
//! ```xml
//! <xml-to-json kind="direct" apply="always" consider-accept-header="false" />
//! ```
//!
//! `kind="direct"` is what Newtonsoft.Json makes of XML: the root is a property, an attribute is `@name`, text beside
//! attributes or elements is `#text`, an element with nothing but text is a string, one with nothing at all is `null`,
//! and elements of one name become an array. `kind="javascript-friendly"` writes attributes without `@` and text as
//! `value`, so that scripts can read them as members. With `always-array-child-elements` each child element is an array,
//! also when there is one only. All values are strings.
//!
//! `apply="content-type-xml"` converts only what says it is XML; with `consider-accept-header` (the default) only if the
//! request's `Accept` asks for JSON. `Content-Type` becomes `application/json`. The body is buffered. What is no XML, has
//! a document type or is nested over 128 deep fails with 500. Source: xml-to-json-policy.md; the friendly form and the
//! failures are the choice made here.

use http::{HeaderValue, header};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value as Json};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, optional, required,
};

use super::media::{Apply, Format, referenced};
use super::message::{Message, too_long};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "xml-to-json",
    sections: Sections::INBOUND
        .or(Sections::OUTBOUND)
        .or(Sections::ON_ERROR),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("kind").about("`direct` or `javascript-friendly`."),
        required("apply").about("`always` or `content-type-xml`."),
        optional("consider-accept-header").about("Whether `Accept` has to ask for JSON."),
        optional("always-array-child-elements").about("Whether each child is an array."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(XmlToJson::load(e)?)),
};

/// How deep elements may be nested.
const DEPTH: usize = 128;

#[derive(Debug)]
struct XmlToJson {
    kind: Setting<Kind>,
    apply: Apply,
    arrays: Option<Setting<bool>>,
    message: Message,
}

/// `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Direct,
    Friendly,
}

impl FromValue for Kind {
    const EXPECTED: &'static str = "`direct` or `javascript-friendly`";

    fn from_literal(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "direct" => Some(Self::Direct),
            "javascript-friendly" => Some(Self::Friendly),
            _ => None,
        }
    }
}

impl XmlToJson {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let kind = e.setting("kind");
        let apply = Apply::load(e, Format::Xml, Format::Json);
        let arrays = e.optional_setting("always-array-child-elements");
        Ok(Self {
            kind: kind?,
            apply: apply?,
            arrays: arrays?,
            message: Message::of(e),
        })
    }
}

impl Policy for XmlToJson {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let message = self.message;
        if !self.apply.applies(message, exchange)? {
            return Ok(Flow::Next);
        }
        let kind = *self.kind.get(exchange)?;
        let arrays = match &self.arrays {
            Some(setting) => *setting.get(exchange)?,
            None => false,
        };
        let bytes = message.bytes(exchange);
        if bytes.is_empty() {
            return Ok(Flow::Next);
        }
        let json = convert(&String::from_utf8_lossy(&bytes), kind, arrays)
            .ok_or_else(|| Failure::without_reason("The body is no XML that can be read."))?;
        let json = json.to_string();
        let limit = message.limit(exchange);
        if json.len() > limit {
            return Err(too_long(limit));
        }
        message.replace(exchange, json);
        let kind = HeaderValue::from_static("application/json");
        message
            .headers_mut(exchange)
            .insert(header::CONTENT_TYPE, kind);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let arrays = self.arrays.iter().map(Setting::reads);
        let own = self.kind.reads().or(self.apply.reads());
        arrays.fold(own.or(self.message.reads()), Reads::or)
    }
}

/// An element that is open.
#[derive(Default)]
struct Open {
    name: String,
    fields: Map<String, Json>,
    text: String,
}

/// The document as an object with its root; `None` if it is no XML.
fn convert(xml: &str, kind: Kind, arrays: bool) -> Option<Json> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{FEFF}'));
    let mut open = vec![Open::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                if open.len() > DEPTH {
                    return None;
                }
                open.push(begin(&tag, kind)?);
            }
            Event::Empty(tag) => {
                let element = begin(&tag, kind)?;
                let document = open.len() == 1;
                let value = match element.fields.is_empty() {
                    true => Json::Null,
                    false => Json::Object(element.fields),
                };
                open.last_mut()?
                    .add(element.name, value, arrays && !document);
            }
            Event::End(_) => {
                let element = open.pop()?;
                let document = open.len() == 1;
                let name = element.name.clone();
                let value = element.value(kind);
                open.last_mut()?.add(name, value, arrays && !document);
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text.xml10_content()),
            Event::CData(text) => open.last_mut()?.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                open.last_mut()?.text.push(referenced(&reference)?);
            }
            // How entities that grow without bounds come in.
            Event::DocType(_) => return None,
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => break,
        }
    }
    let document = open.pop()?;
    let sound = open.is_empty() && document.text.trim().is_empty() && document.fields.len() == 1;
    sound.then_some(Json::Object(document.fields))
}

fn begin(tag: &BytesStart<'_>, kind: Kind) -> Option<Open> {
    let mut element = Open {
        name: tag.name().as_ref().to_owned(),
        ..Open::default()
    };
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        let name = match kind {
            Kind::Direct => format!("@{}", attribute.key.as_ref()),
            Kind::Friendly => attribute.key.as_ref().to_owned(),
        };
        element.fields.insert(name, value.into_owned().into());
    }
    Some(element)
}

impl Open {
    /// Adds a child element; several of one name are an array.
    fn add(&mut self, name: String, value: Json, array: bool) {
        match self.fields.get_mut(&name) {
            Some(Json::Array(items)) => items.push(value),
            Some(one) => {
                let first = one.take();
                *one = Json::Array(vec![first, value]);
            }
            None if array => {
                self.fields.insert(name, Json::Array(vec![value]));
            }
            None => {
                self.fields.insert(name, value);
            }
        }
    }

    fn value(mut self, kind: Kind) -> Json {
        if self.fields.is_empty() {
            return Json::String(self.text);
        }
        let space = self.text.trim_matches([' ', '\t', '\r', '\n']).is_empty();
        if !space {
            let name = match kind {
                Kind::Direct => "#text",
                Kind::Friendly => "value",
            };
            self.fields.insert(name.to_owned(), self.text.into());
        }
        Json::Object(self.fields)
    }
}
