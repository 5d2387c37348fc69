//! `XAttribute`.

use super::content::cast;
use super::convert::text;
use super::name::{Name, XMLNS};
use super::node::{Data, alloc, copy, get, get_mut, remove, sibling};
use super::xobject::{reference, this};
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `XAttribute`.
pub(crate) static XATTRIBUTE: TypeDef = TypeDef {
    name: "System.Xml.Linq.XAttribute",
    kind: TypeKind::Class,
    bases: &["XObject"],
    values: &[],
    members: &[
        member("new(XName name, object value)", |call| {
            let name = Name::argument(call, 0).cloned();
            let name = name.ok_or_else(|| Throw::argument_null("name"))?;
            if call.arg(1).is_null() {
                return Err(Throw::argument_null("value"));
            }
            let value = text(call.machine, call.arg(1))?;
            alloc(call.machine.heap, Data::Attribute(name, value)).map(Value::Ref)
        }),
        member("new(XAttribute other)", |call| {
            copy(call.machine.heap, this(call)?).map(Value::Ref)
        }),
        member("XName Name { get; }", |call| {
            let name = get(call.machine.heap, this(call)?)?.name().cloned();
            name.map(Value::object).ok_or_else(Throw::null_reference)
        }),
        member("string Value { get; }", |call| {
            super::node::value(call.machine.heap, this(call)?).map(Value::String)
        }),
        member("string Value { set; }", set_value),
        member("void SetValue(object value)", set_value),
        member("void Remove()", |call| {
            remove(call.machine.heap, this(call)?)?;
            Ok(Value::Null)
        }),
        member("XAttribute NextAttribute { get; }", |call| {
            Ok(reference(sibling(call.machine.heap, this(call)?, 1)))
        }),
        member("XAttribute PreviousAttribute { get; }", |call| {
            Ok(reference(sibling(call.machine.heap, this(call)?, -1)))
        }),
        member("bool IsNamespaceDeclaration { get; }", |call| {
            let node = get(call.machine.heap, this(call)?)?;
            let declares = node.name().is_some_and(|name| {
                name.namespace == *XMLNS || name.namespace.is_empty() && name.local == *"xmlns"
            });
            Ok(declares.into())
        }),
        member(
            "static explicit operator string(XAttribute attribute)",
            |call| cast(call, &Type::string()),
        ),
        member(
            "static explicit operator bool(XAttribute attribute)",
            |call| cast(call, &Type::bool()),
        ),
        member(
            "static explicit operator bool?(XAttribute attribute)",
            |call| cast(call, &Type::bool().nullable()),
        ),
        member(
            "static explicit operator int(XAttribute attribute)",
            |call| cast(call, &Type::int()),
        ),
        member(
            "static explicit operator int?(XAttribute attribute)",
            |call| cast(call, &Type::int().nullable()),
        ),
        member(
            "static explicit operator uint(XAttribute attribute)",
            |call| cast(call, &Type::uint()),
        ),
        member(
            "static explicit operator uint?(XAttribute attribute)",
            |call| cast(call, &Type::uint().nullable()),
        ),
        member(
            "static explicit operator long(XAttribute attribute)",
            |call| cast(call, &Type::long()),
        ),
        member(
            "static explicit operator long?(XAttribute attribute)",
            |call| cast(call, &Type::long().nullable()),
        ),
        member(
            "static explicit operator ulong(XAttribute attribute)",
            |call| cast(call, &Type::ulong()),
        ),
        member(
            "static explicit operator ulong?(XAttribute attribute)",
            |call| cast(call, &Type::ulong().nullable()),
        ),
        member(
            "static explicit operator float(XAttribute attribute)",
            |call| cast(call, &Type::float()),
        ),
        member(
            "static explicit operator float?(XAttribute attribute)",
            |call| cast(call, &Type::float().nullable()),
        ),
        member(
            "static explicit operator double(XAttribute attribute)",
            |call| cast(call, &Type::double()),
        ),
        member(
            "static explicit operator double?(XAttribute attribute)",
            |call| cast(call, &Type::double().nullable()),
        ),
        member(
            "static explicit operator decimal(XAttribute attribute)",
            |call| cast(call, &Type::decimal()),
        ),
        member(
            "static explicit operator decimal?(XAttribute attribute)",
            |call| cast(call, &Type::decimal().nullable()),
        ),
        member(
            "static explicit operator DateTime(XAttribute attribute)",
            |call| cast(call, &Type::date_time()),
        ),
        member(
            "static explicit operator DateTime?(XAttribute attribute)",
            |call| cast(call, &Type::date_time().nullable()),
        ),
        member(
            "static explicit operator DateTimeOffset(XAttribute attribute)",
            |call| cast(call, &Type::date_time_offset()),
        ),
        member(
            "static explicit operator DateTimeOffset?(XAttribute attribute)",
            |call| cast(call, &Type::date_time_offset().nullable()),
        ),
        member(
            "static explicit operator TimeSpan(XAttribute attribute)",
            |call| cast(call, &Type::time_span()),
        ),
        member(
            "static explicit operator TimeSpan?(XAttribute attribute)",
            |call| cast(call, &Type::time_span().nullable()),
        ),
        member(
            "static explicit operator Guid(XAttribute attribute)",
            |call| cast(call, &Type::guid()),
        ),
        member(
            "static explicit operator Guid?(XAttribute attribute)",
            |call| cast(call, &Type::guid().nullable()),
        ),
    ],
};

fn set_value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let id = this(call)?;
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("value"));
    }
    let new = text(call.machine, call.arg(1))?;
    if let Data::Attribute(_, value) = &mut get_mut(call.machine.heap, id)?.data {
        *value = new;
    }
    Ok(Value::Null)
}
