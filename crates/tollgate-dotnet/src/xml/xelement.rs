//! `XElement`.

use super::content::{add, add_arguments, cast, pieces};
use super::convert::text;
use super::name::{Name, Namespace};
use super::node::{
    self, Data, alloc, attribute_of, clear, copy, descendants, element, elements, get, get_mut,
    push, remove,
};
use super::read;
use super::write::declared;
use super::xattribute::XATTRIBUTE;
use super::xobject::{XNODE, found, reference, this};
use crate::heap::{Heap, HeapId};
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `XElement`.
pub(crate) static XELEMENT: TypeDef = TypeDef {
    name: "System.Xml.Linq.XElement",
    kind: TypeKind::Class,
    bases: &["XContainer"],
    values: &[],
    members: &[
        member("new(XName name)", create),
        member("new(XName name, object content)", create),
        member("new(XName name, params object[] content)", create),
        member("new(XElement other)", |call| {
            copy(call.machine.heap, this(call)?).map(Value::Ref)
        }),
        member("static XElement Parse(string text)", parse),
        member("static XElement Load(TextReader textReader)", load),
        member(
            "static XElement Load(TextReader textReader, LoadOptions options)",
            load,
        ),
        member("void Save(TextWriter textWriter)", super::save::save),
        member(
            "void Save(TextWriter textWriter, SaveOptions options)",
            super::save::save,
        ),
        member(
            "static XElement Parse(string text, LoadOptions options)",
            parse,
        ),
        member("XName Name { get; }", |call| {
            let name = get(call.machine.heap, this(call)?)?.name().cloned();
            name.map(Value::object).ok_or_else(Throw::null_reference)
        }),
        member("XName Name { set; }", |call| {
            let id = this(call)?;
            let new = required_name(call, 1)?;
            if let Data::Element { name, .. } = &mut get_mut(call.machine.heap, id)?.data {
                *name = new;
            }
            Ok(Value::Null)
        }),
        member("string Value { get; }", |call| {
            let text = node::value(call.machine.heap, this(call)?)?;
            call.new_text(text)
        }),
        member("string Value { set; }", set_value),
        member("void SetValue(object value)", set_value),
        member("XAttribute Attribute(XName name)", |call| {
            let id = this(call)?;
            let name = Name::argument(call, 1);
            Ok(reference(name.and_then(|name| {
                attribute_of(call.machine.heap, id, name)
            })))
        }),
        member("IEnumerable<XAttribute> Attributes()", |call| {
            super::xobject::children(call, &XATTRIBUTE)
        }),
        member("IEnumerable<XAttribute> Attributes(XName name)", |call| {
            let id = this(call)?;
            let name = Name::argument(call, 1).cloned();
            Ok(crate::sequence::lazy(
                Type::plain(&XATTRIBUTE),
                move |machine| {
                    let found = name
                        .as_ref()
                        .and_then(|name| attribute_of(machine.heap, id, name));
                    Ok(found.map(Value::Ref).into_iter().collect())
                },
            ))
        }),
        member("XAttribute FirstAttribute { get; }", |call| {
            Ok(reference(
                get(call.machine.heap, this(call)?)?
                    .attributes()
                    .first()
                    .copied(),
            ))
        }),
        member("XAttribute LastAttribute { get; }", |call| {
            Ok(reference(
                get(call.machine.heap, this(call)?)?
                    .attributes()
                    .last()
                    .copied(),
            ))
        }),
        member("bool HasAttributes { get; }", |call| {
            Ok((!get(call.machine.heap, this(call)?)?.attributes().is_empty()).into())
        }),
        member("bool HasElements { get; }", |call| {
            Ok((!elements(call.machine.heap, this(call)?, None).is_empty()).into())
        }),
        member("bool IsEmpty { get; }", |call| {
            let node = get(call.machine.heap, this(call)?)?;
            let open = matches!(node.data, Data::Element { open: true, .. });
            Ok((node.children().is_empty() && !open).into())
        }),
        member(
            "void SetAttributeValue(XName name, object value)",
            set_attribute,
        ),
        member(
            "void SetElementValue(XName name, object value)",
            set_element,
        ),
        member("void RemoveAll()", |call| {
            let id = this(call)?;
            clear(call.machine.heap, id, true)?;
            clear(call.machine.heap, id, false)?;
            Ok(Value::Null)
        }),
        member("void RemoveAttributes()", |call| {
            clear(call.machine.heap, this(call)?, true)?;
            Ok(Value::Null)
        }),
        member("void ReplaceAll(object content)", |call| {
            replace(call, true, true)
        }),
        member("void ReplaceAll(params object[] content)", |call| {
            replace(call, true, true)
        }),
        member("void ReplaceAttributes(object content)", |call| {
            replace(call, true, false)
        }),
        member("void ReplaceAttributes(params object[] content)", |call| {
            replace(call, true, false)
        }),
        member("IEnumerable<XElement> AncestorsAndSelf()", |call| {
            found(call, &XELEMENT, with_ancestors)
        }),
        member(
            "IEnumerable<XElement> AncestorsAndSelf(XName name)",
            |call| found(call, &XELEMENT, with_ancestors),
        ),
        member("IEnumerable<XElement> DescendantsAndSelf()", |call| {
            found(call, &XELEMENT, with_descendants)
        }),
        member(
            "IEnumerable<XElement> DescendantsAndSelf(XName name)",
            |call| found(call, &XELEMENT, with_descendants),
        ),
        member("IEnumerable<XNode> DescendantNodesAndSelf()", |call| {
            found(call, &XNODE, with_descendants)
        }),
        member("string GetPrefixOfNamespace(XNamespace ns)", |call| {
            let wanted = call
                .arg(1)
                .downcast::<Namespace>()
                .map(|ns| ns.0.to_string());
            let found = declared(call.machine.heap, this(call)?)?;
            let found = found
                .into_iter()
                .find(|(prefix, ns)| Some(ns) == wanted.as_ref() && !prefix.is_empty());
            Ok(found.map(|(prefix, _)| prefix).into())
        }),
        member("XNamespace GetNamespaceOfPrefix(string prefix)", |call| {
            let prefix = call.text(1, "prefix")?.to_string();
            namespace_of(call, &prefix).map(|found| found.unwrap_or_default())
        }),
        member("XNamespace GetDefaultNamespace()", |call| {
            let found = namespace_of(call, "")?;
            Ok(found.unwrap_or_else(|| Value::object(Namespace(Str::EMPTY))))
        }),
        member(
            "static explicit operator string(XElement element)",
            |call| cast(call, &Type::string()),
        ),
        member("static explicit operator bool(XElement element)", |call| {
            cast(call, &Type::bool())
        }),
        member("static explicit operator bool?(XElement element)", |call| {
            cast(call, &Type::bool().nullable())
        }),
        member("static explicit operator int(XElement element)", |call| {
            cast(call, &Type::int())
        }),
        member("static explicit operator int?(XElement element)", |call| {
            cast(call, &Type::int().nullable())
        }),
        member("static explicit operator uint(XElement element)", |call| {
            cast(call, &Type::uint())
        }),
        member("static explicit operator uint?(XElement element)", |call| {
            cast(call, &Type::uint().nullable())
        }),
        member("static explicit operator long(XElement element)", |call| {
            cast(call, &Type::long())
        }),
        member("static explicit operator long?(XElement element)", |call| {
            cast(call, &Type::long().nullable())
        }),
        member("static explicit operator ulong(XElement element)", |call| {
            cast(call, &Type::ulong())
        }),
        member(
            "static explicit operator ulong?(XElement element)",
            |call| cast(call, &Type::ulong().nullable()),
        ),
        member("static explicit operator float(XElement element)", |call| {
            cast(call, &Type::float())
        }),
        member(
            "static explicit operator float?(XElement element)",
            |call| cast(call, &Type::float().nullable()),
        ),
        member(
            "static explicit operator double(XElement element)",
            |call| cast(call, &Type::double()),
        ),
        member(
            "static explicit operator double?(XElement element)",
            |call| cast(call, &Type::double().nullable()),
        ),
        member(
            "static explicit operator decimal(XElement element)",
            |call| cast(call, &Type::decimal()),
        ),
        member(
            "static explicit operator decimal?(XElement element)",
            |call| cast(call, &Type::decimal().nullable()),
        ),
        member(
            "static explicit operator DateTime(XElement element)",
            |call| cast(call, &Type::date_time()),
        ),
        member(
            "static explicit operator DateTime?(XElement element)",
            |call| cast(call, &Type::date_time().nullable()),
        ),
        member(
            "static explicit operator DateTimeOffset(XElement element)",
            |call| cast(call, &Type::date_time_offset()),
        ),
        member(
            "static explicit operator DateTimeOffset?(XElement element)",
            |call| cast(call, &Type::date_time_offset().nullable()),
        ),
        member(
            "static explicit operator TimeSpan(XElement element)",
            |call| cast(call, &Type::time_span()),
        ),
        member(
            "static explicit operator TimeSpan?(XElement element)",
            |call| cast(call, &Type::time_span().nullable()),
        ),
        member("static explicit operator Guid(XElement element)", |call| {
            cast(call, &Type::guid())
        }),
        member("static explicit operator Guid?(XElement element)", |call| {
            cast(call, &Type::guid().nullable())
        }),
    ],
};

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let name = required_name(call, 0)?;
    let new = element(call.machine.heap, name)?;
    add_arguments(call, new, 1)?;
    Ok(Value::Ref(new))
}

fn required_name(call: &Call<'_, '_>, index: usize) -> Result<Name, Throw> {
    Name::argument(call, index)
        .cloned()
        .ok_or_else(|| Throw::argument_null("name"))
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.text(0, "text")?.to_utf8();
    call.heavy_work(read::weight(&text))?;
    let space = call.flags(1) & 1 == 1;
    read::root(call.machine.heap, &text, space).map(Value::Ref)
}

fn with_ancestors(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    std::iter::once(id)
        .chain(node::ancestors(heap, id))
        .collect()
}

fn with_descendants(heap: &Heap, id: HeapId) -> Vec<HeapId> {
    std::iter::once(id).chain(descendants(heap, id)).collect()
}

fn set_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    set_text(call, id, call.arg(1))
}

/// Puts one text in place of all children.
fn set_text(call: &mut Call<'_, '_>, id: HeapId, value: &Value) -> Result<Value, Throw> {
    if value.is_null() {
        return Err(Throw::argument_null("value"));
    }
    let text = text(call.machine, value)?;
    clear(call.machine.heap, id, false)?;
    add(
        call.machine.heap,
        id,
        None,
        vec![super::content::Piece::Text(text)],
    )?;
    Ok(Value::Null)
}

fn set_attribute(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (id, name) = (this(call)?, required_name(call, 1)?);
    let old = attribute_of(call.machine.heap, id, &name);
    match (old, call.arg(2)) {
        (Some(old), Value::Null) => remove(call.machine.heap, old)?,
        (None, Value::Null) => {}
        (Some(old), value) => {
            let text = text(call.machine, value)?;
            get_mut(call.machine.heap, old)?.data = Data::Attribute(name, text);
        }
        (None, value) => {
            let text = text(call.machine, value)?;
            let new = alloc(call.machine.heap, Data::Attribute(name, text))?;
            push(call.machine.heap, id, new)?;
        }
    }
    Ok(Value::Null)
}

fn set_element(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (id, name) = (this(call)?, required_name(call, 1)?);
    let old = elements(call.machine.heap, id, Some(&name))
        .first()
        .copied();
    match (old, call.arg(2)) {
        (Some(old), Value::Null) => remove(call.machine.heap, old)?,
        (None, Value::Null) => {}
        (Some(old), value) => {
            set_text(call, old, value)?;
        }
        (None, value) => {
            let new = element(call.machine.heap, name)?;
            set_text(call, new, value)?;
            push(call.machine.heap, id, new)?;
        }
    }
    Ok(Value::Null)
}

fn replace(call: &mut Call<'_, '_>, attributes: bool, nodes: bool) -> Result<Value, Throw> {
    let id = this(call)?;
    let pieces = pieces(call.machine, call.arg(1))?;
    for (clears, attributes) in [(attributes, true), (nodes, false)] {
        if clears {
            clear(call.machine.heap, id, attributes)?;
        }
    }
    add(call.machine.heap, id, None, pieces)?;
    Ok(Value::Null)
}

fn namespace_of(call: &Call<'_, '_>, prefix: &str) -> Result<Option<Value>, Throw> {
    let found = declared(call.machine.heap, this(call)?)?;
    let found = found.into_iter().find(|(name, _)| name == prefix);
    Ok(found.map(|(_, namespace)| Value::object(Namespace(namespace.into()))))
}

fn load(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = crate::io::rest_of(call, "textReader")?;
    let text = text.to_utf8();
    call.heavy_work(read::weight(&text))?;
    let space = call.flags(1) & 1 == 1;
    read::root(call.machine.heap, &text, space).map(Value::Ref)
}
