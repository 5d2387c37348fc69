//! `System.Xml.Linq`: nodes on the heap, read and written as .NET does.

mod comparer;
mod content;
mod convert;
mod declaration;
mod document_type;
mod entities;
mod extensions;
mod from_json;
mod json;
mod leaf;
mod mistake;
mod name;
mod node;
mod read;
mod save;
mod streaming;
mod write;
mod xattribute;
mod xcontainer;
mod xdocument;
mod xelement;
mod xobject;

pub(crate) use comparer::{DocumentOrder, compare as compare_nodes};
pub(crate) use from_json::{deserialize_node, of_json};
pub(crate) use json::{serialize_node, to_json};

use crate::heap::Heap;
use crate::member::TypeDef;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// The types of these namespaces.
pub(crate) const TYPES: &[&TypeDef] = &[
    &convert::XML_CONVERT,
    &convert::DATE_MODE,
    &name::XNAME,
    &name::XNAMESPACE,
    &xobject::SAVE_OPTIONS,
    &xobject::LOAD_OPTIONS,
    &xobject::XML_NODE_TYPE,
    &xobject::XOBJECT,
    &xobject::XNODE,
    &xcontainer::XCONTAINER,
    &xelement::XELEMENT,
    &xdocument::XDOCUMENT,
    &xattribute::XATTRIBUTE,
    &declaration::XDECLARATION,
    &document_type::XDOCUMENT_TYPE,
    &streaming::XSTREAMING_ELEMENT,
    &comparer::EQUALITY,
    &comparer::ORDER,
    &leaf::XTEXT,
    &leaf::XCDATA,
    &leaf::XCOMMENT,
    &leaf::XINSTRUCTION,
    &extensions::EXTENSIONS,
];

/// Reads XML as a value of `ty`, which is `XElement`, `XNode` (an element) or `XDocument`; `None` if it is no such type.
///
/// `XmlException` if the text is not well-formed, or has a document type that declares something: it comes from outside.
pub fn parse_as(heap: &mut Heap, text: &str, ty: &Type) -> Option<Result<Value, Throw>> {
    let document = match ty {
        ty if ty.is_table(&xdocument::XDOCUMENT) => true,
        ty if ty.is_table(&xelement::XELEMENT) || ty.is_table(&xobject::XNODE) => false,
        _ => return None,
    };
    let read = match document {
        _ if entities::are_declared(text) => Err(xml_exception(
            "For security reasons DTD is prohibited in this XML document.",
        )),
        true => read::document(heap, text, false),
        false => read::root(heap, text, false),
    };
    Some(read.map(Value::Ref))
}

/// An `XElement` or `XDocument` as XML, white space as it is; `None` of anything else.
pub(crate) fn to_source(heap: &Heap, value: &Value) -> Option<Result<String, Throw>> {
    let id = node::id_of(heap, value)?;
    let node = node::get(heap, id).ok()?;
    let whole = matches!(
        node.data,
        node::Data::Document { .. } | node::Data::Element { .. }
    );
    whole.then(|| write::node(heap, node, false))
}

/// What [`to_source`] wrote, as an `XElement` or an `XDocument`; `None` if `ty` is neither.
pub(crate) fn of_source(heap: &mut Heap, text: &str, ty: &Type) -> Option<Result<Value, Throw>> {
    let read = match ty {
        ty if ty.is_table(&xdocument::XDOCUMENT) => read::document(heap, text, true),
        ty if ty.is_table(&xelement::XELEMENT) => read::root(heap, text, true),
        _ => return None,
    };
    Some(read.map(Value::Ref))
}

/// Whether a type is read of JSON as XML: `XDocument` (true), or `XElement` and `XNode`.
pub(crate) fn reads_json(ty: &Type) -> Option<bool> {
    match ty {
        ty if ty.is_table(&xdocument::XDOCUMENT) => Some(true),
        ty if ty.is_table(&xelement::XELEMENT) => Some(false),
        _ => None,
    }
}

fn xml_exception(message: impl Into<String>) -> Throw {
    Throw::new("System.Xml.XmlException", message)
}
