//! `json-to-xml`: turns a JSON body into XML, of the request (inbound, backend) or the response (outbound, on-error).
//!
//! ```xml
//! <json-to-xml apply="always" consider-accept-header="false" parse-date="false"
//!     namespace-separator=":" namespace-prefix="xmlns" attribute-block-name="#attrs" />
//! ```
//!
//! A property becomes an element, an array one element for each item, `null` an empty element; an object with one
//! property that is no array is the root, anything else comes into `<Document>`. `@name` is an attribute, `#text` is
//! text, as Newtonsoft.Json has them; with `attribute-block-name` the properties of that object are attributes too; with
//! `namespace-prefix` a property of that name, or of that name, the separator and a prefix, declares a namespace. A
//! name is split at the separator where its prefix is declared. Characters that no name may have are written as
//! `_x0020_`. With `parse-date` (the default) an ISO date is written as .NET writes one.
//!
//! `apply="content-type-json"` converts only what says it is JSON; with `consider-accept-header` (the default) only if
//! the request's `Accept` asks for XML. `Content-Type` becomes `application/xml`. The body is buffered. What is no JSON,
//! or has an array at its root, fails with 500. Source: json-to-xml-policy.md; the root, the names and the failures are
//! the choice made here, as Newtonsoft.Json's `DeserializeXmlNode` has them.

use std::fmt::Write as _;

use http::{HeaderValue, header};
use quick_xml::escape::{escape, partial_escape};
use serde_json::{Map, Value as Json};
use tollgate_dotnet::{Str, Value, dates, ops};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting, optional, required,
};

use super::media::{Apply, Format};
use super::message::{Message, too_long};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "json-to-xml",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("apply").about("`always` or `content-type-json`."),
        optional("consider-accept-header").about("Whether `Accept` has to ask for XML."),
        optional("parse-date").about("Whether ISO dates are read as dates."),
        optional("namespace-separator").about("The character between prefix and name."),
        optional("namespace-prefix").about("The property that declares a namespace: `xmlns`."),
        optional("attribute-block-name").about("The property whose properties are attributes."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(JsonToXml::load(e)?)),
};

#[derive(Debug)]
struct JsonToXml {
    apply: Apply,
    parse_date: Option<Setting<bool>>,
    separator: Option<Setting<Str>>,
    namespace: Option<Setting<Str>>,
    attributes: Option<Setting<Str>>,
    message: Message,
}

impl JsonToXml {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let apply = Apply::load(e, Format::Json, Format::Xml);
        let parse_date = e.optional_setting("parse-date");
        let separator = e.optional_setting::<Str>("namespace-separator");
        let namespace = e.optional_setting("namespace-prefix");
        let attributes = e.optional_setting("attribute-block-name");
        let separator = separator?;
        if let Some(Setting::Literal(text)) = &separator
            && one_character(text).is_none()
        {
            let message = "`namespace-separator` must be one character";
            return Err(e.error(
                "wrong-value",
                e.attribute_span("namespace-separator"),
                message,
            ));
        }
        Ok(Self {
            apply: apply?,
            parse_date: parse_date?,
            separator,
            namespace: namespace?,
            attributes: attributes?,
            message: Message::of(e),
        })
    }

    fn names(&self, exchange: &mut Exchange) -> Result<Names, Failure> {
        let text = |setting: &Option<Setting<Str>>, exchange: &mut Exchange| match setting {
            Some(setting) => Ok::<_, Failure>(setting.get(exchange)?.to_utf8().into_owned()),
            None => Ok(String::new()),
        };
        let separator = match &self.separator {
            Some(setting) => {
                one_character(setting.get(exchange)?.as_ref()).ok_or_else(Failure::validation)?
            }
            None => '_',
        };
        Ok(Names {
            separator,
            namespace: text(&self.namespace, exchange)?,
            attributes: text(&self.attributes, exchange)?,
        })
    }
}

fn one_character(text: &Str) -> Option<char> {
    let text = text.to_utf8();
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

impl Policy for JsonToXml {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let message = self.message;
        if !self.apply.applies(message, exchange)? {
            return Ok(Flow::Next);
        }
        let names = self.names(exchange)?;
        let parse_date = match &self.parse_date {
            Some(setting) => *setting.get(exchange)?,
            None => true,
        };
        let bytes = message.bytes(exchange);
        if bytes.is_empty() {
            return Ok(Flow::Next);
        }
        let json = serde_json::from_slice(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes));
        let json = json.map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::without_reason(format!(
                "The body is no JSON: line {line}, column {column}."
            ))
        })?;
        let limit = message.limit(exchange);
        let mut writing = Writing {
            exchange,
            names,
            parse_date,
            prefixes: vec!["xml".to_owned()],
            xml: String::new(),
            limit,
        };
        writing.document(&json)?;
        let xml = writing.xml;
        message.replace(exchange, xml);
        let kind = HeaderValue::from_static("application/xml");
        message
            .headers_mut(exchange)
            .insert(header::CONTENT_TYPE, kind);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let texts = [&self.separator, &self.namespace, &self.attributes];
        let texts = texts.into_iter().flatten().map(Setting::reads);
        let dates = self.parse_date.iter().map(Setting::reads);
        let own = self.apply.reads().or(self.message.reads());
        texts.chain(dates).fold(own, Reads::or)
    }
}

/// What names mean.
struct Names {
    separator: char,
    /// Empty if none declares a namespace.
    namespace: String,
    /// Empty if there is no block of attributes.
    attributes: String,
}

impl Names {
    /// The attribute that a property declares a namespace with: `xmlns`, `xmlns:p`.
    fn declaration(&self, name: &str) -> Option<String> {
        if self.namespace.is_empty() {
            return None;
        }
        match name.strip_prefix(&self.namespace)? {
            "" => Some("xmlns".to_owned()),
            rest => {
                let prefix = rest.strip_prefix(self.separator)?;
                Some(format!("xmlns:{}", local_name(prefix)))
            }
        }
    }
}

struct Writing<'e> {
    exchange: &'e mut Exchange,
    names: Names,
    parse_date: bool,
    /// Declared prefixes, the nearest last.
    prefixes: Vec<String>,
    xml: String,
    limit: usize,
}

impl Writing<'_> {
    fn document(&mut self, json: &Json) -> Result<(), Failure> {
        let Json::Object(fields) = json else {
            let why = "JSON that is to be XML must have an object at its root.";
            return Err(Failure::without_reason(why));
        };
        let mut elements = fields.iter().filter(|(name, _)| !name.starts_with('?'));
        match (elements.next(), elements.next()) {
            (Some((name, value)), None) if !value.is_array() && !name.starts_with(['@', '#']) => {
                self.element(name, value)
            }
            _ => self.element("Document", json),
        }
    }

    /// `<name …>…</name>`, or one for each item of an array.
    fn element(&mut self, name: &str, value: &Json) -> Result<(), Failure> {
        if let Json::Array(items) = value {
            return items.iter().try_for_each(|item| match item {
                // An array in an array is an element with elements of the same name.
                Json::Array(_) => {
                    let nested = Map::from_iter([(name.to_owned(), item.clone())]);
                    self.element(name, &Json::Object(nested))
                }
                item => self.element(name, item),
            });
        }
        if self.xml.len() > self.limit {
            return Err(too_long(self.limit));
        }
        let outside = self.prefixes.len();
        let fields = value.as_object();
        let mut attributes = String::new();
        let mut declared = Vec::new();
        for (name, value) in fields.into_iter().flatten() {
            if let Some(declaration) = self.names.declaration(name) {
                let prefix = declaration.strip_prefix("xmlns:").map(str::to_owned);
                declared.extend(prefix.clone());
                self.prefixes.extend(prefix);
                let value = self.text(value)?;
                let _ = write!(attributes, " {declaration}=\"{}\"", escape(&*value));
            } else if let Some(prefix) = name.strip_prefix("@xmlns:") {
                self.prefixes.push(local_name(prefix));
            }
        }
        for (name, value) in fields.into_iter().flatten() {
            if !self.names.attributes.is_empty() && *name == self.names.attributes {
                for (name, value) in value.as_object().into_iter().flatten() {
                    self.attribute(name, value, &mut attributes)?;
                }
            } else if let Some(name) = name.strip_prefix('@') {
                self.attribute(name, value, &mut attributes)?;
            }
        }
        let tag = self.name(name);
        let _ = write!(self.xml, "<{tag}{attributes}");
        let start = self.xml.len();
        self.xml.push('>');
        match fields {
            Some(fields) => self.content(fields)?,
            None => {
                let text = self.text(value)?;
                self.xml.push_str(&partial_escape(&*text));
            }
        }
        if self.xml.len() == start + 1 && (fields.is_some() || value.is_null()) {
            self.xml.truncate(start);
            self.xml.push_str(" />");
        } else {
            let _ = write!(self.xml, "</{tag}>");
        }
        self.prefixes.truncate(outside);
        Ok(())
    }

    fn content(&mut self, fields: &Map<String, Json>) -> Result<(), Failure> {
        for (name, value) in fields {
            match name.as_str() {
                "#text" | "#cdata-section" => {
                    let text = self.text(value)?;
                    self.xml.push_str(&partial_escape(&*text));
                }
                name if name.starts_with(['@', '?']) => {}
                name if !name.is_empty() && name == self.names.attributes => {}
                name if self.names.declaration(name).is_some() => {}
                name => self.element(name, value)?,
            }
        }
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: &Json, to: &mut String) -> Result<(), Failure> {
        let (name, value) = (self.name(name), self.text(value)?);
        let _ = write!(to, " {name}=\"{}\"", escape(&*value));
        Ok(())
    }

    /// A property's name as that of an element or attribute.
    fn name(&self, name: &str) -> String {
        let mut separators = vec![':'];
        separators.push(self.names.separator);
        for separator in separators {
            if let Some((prefix, local)) = name.split_once(separator)
                && !local.is_empty()
                && (prefix == "xmlns" || self.prefixes.iter().any(|known| known == prefix))
            {
                return format!("{prefix}:{}", local_name(local));
            }
        }
        local_name(name)
    }

    /// A plain value as .NET's `XmlConvert` writes it; other values as JSON.
    fn text(&mut self, value: &Json) -> Result<String, Failure> {
        Ok(match value {
            Json::Null => String::new(),
            Json::Bool(truth) => truth.to_string(),
            Json::String(text) => {
                let date = self.parse_date.then(|| dates::from_json(text)).flatten();
                let date =
                    date.and_then(|date| dates::format(&date, "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"));
                date.unwrap_or_else(|| text.chars().filter(|c| is_xml(*c)).collect())
            }
            Json::Number(number) if number.is_f64() => {
                let number = Value::Double(number.as_f64().unwrap_or(f64::NAN));
                let text = ops::to_text(&self.exchange.machine(), &number);
                text.unwrap_or_default().to_utf8().into_owned()
            }
            other => other.to_string(),
        })
    }
}

/// Whether XML may have the character.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r') || c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// A name without a prefix; what may not be in one is encoded, as `XmlConvert.EncodeLocalName` does.
fn local_name(name: &str) -> String {
    let mut encoded = String::new();
    for (index, c) in name.chars().enumerate() {
        let first = c.is_alphabetic() || c == '_';
        let fits = first || index > 0 && (c.is_numeric() || matches!(c, '-' | '.' | '\u{B7}'));
        match fits {
            true => encoded.push(c),
            false if u32::from(c) > 0xFFFF => {
                let _ = write!(encoded, "_x{:08X}_", u32::from(c));
            }
            false => {
                let _ = write!(encoded, "_x{:04X}_", u32::from(c));
            }
        }
    }
    match encoded.is_empty() {
        true => "_".to_owned(),
        false => encoded,
    }
}
