//! XML as templates see it.

use liquid_core::ValueView;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::data::{Data, Fields};
use crate::transformation::media::referenced;

/// How deep elements may be nested.
const DEPTH: usize = 128;

/// An element that is open.
#[derive(Debug, Default)]
struct Open {
    name: String,
    fields: Fields,
    text: String,
    nil: bool,
}

/// Reads a document: `{root: {child: …}}`, names without prefixes, several of a name as a list, an attribute as
/// `@name`, an element with nothing but text as that text; with text and other things, `#text` is its text. `None` if it
/// is no XML, has a document type, is nested too deep or takes more than the allowance.
pub(super) fn read(xml: &str, nil_is_null: bool, allowance: &mut usize) -> Option<Data> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{FEFF}'));
    let mut open = vec![Open::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                open.push(begin(&tag, allowance)?);
                if open.len() > DEPTH {
                    return None;
                }
            }
            Event::Empty(tag) => {
                let element = begin(&tag, allowance)?;
                open.last_mut()?.close(element, nil_is_null);
            }
            Event::End(_) => {
                let element = open.pop()?;
                open.last_mut()?.close(element, nil_is_null);
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                *allowance = allowance.checked_sub(text.len())?;
                open.last_mut()?.text.push_str(&text);
            }
            Event::CData(text) => {
                let text = text.xml10_content();
                *allowance = allowance.checked_sub(text.len())?;
                open.last_mut()?.text.push_str(&text);
            }
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
    let whole = open.is_empty() && document.text.trim().is_empty() && !document.fields.is_empty();
    whole.then_some(Data::Fields(document.fields))
}

fn begin(tag: &BytesStart<'_>, allowance: &mut usize) -> Option<Open> {
    let mut element = Open {
        name: tag.local_name().as_ref().to_owned(),
        ..Open::default()
    };
    let mut taken = element.name.len() + size_of::<(String, Data)>() * 2;
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let name = attribute.key;
        if name
            .prefix()
            .is_some_and(|prefix| prefix.as_ref() == "xmlns")
            || name.as_ref() == "xmlns"
        {
            continue;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        let name = name.local_name();
        if name.as_ref() == "nil" {
            element.nil = matches!(&*value, "true" | "1");
            continue;
        }
        taken += name.as_ref().len() + value.len() + size_of::<(String, Data)>() * 2;
        let name = format!("@{}", name.as_ref());
        element.fields.set(name, Data::text(value.into_owned()));
    }
    *allowance = allowance.checked_sub(taken)?;
    Some(element)
}

impl Open {
    fn close(&mut self, element: Open, nil_is_null: bool) {
        let Open {
            name,
            mut fields,
            text,
            nil,
        } = element;
        let value = if nil && nil_is_null {
            Data::Nil
        } else if !fields.has_elements() {
            Data::text(text)
        } else {
            if !text.trim().is_empty() {
                fields.set("#text".to_owned(), Data::text(text));
            }
            Data::Fields(fields)
        };
        debug_assert!(!value.type_name().is_empty());
        self.fields.add(name, value);
    }
}
