//! Interfaces of collections. Their members ask the object at run time what it is.

use super::dictionary;
use crate::member::{Member, TypeDef, TypeKind, member};
use crate::value::Value;

const fn interface(
    name: &'static str,
    bases: &'static [&'static str],
    members: &'static [Member],
) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Interface,
        bases,
        values: &[],
        members,
    }
}

/// `IEnumerable`.
pub(crate) static IENUMERABLE: TypeDef = interface("System.Collections.IEnumerable", &[], &[]);
/// `ICollection`.
pub(crate) static ICOLLECTION: TypeDef = interface(
    "System.Collections.ICollection",
    &["IEnumerable"],
    &[
        member("int Count { get; }", super::count),
        member("void CopyTo(Array array, int index)", super::copy_to),
    ],
);
/// `IList`.
pub(crate) static ILIST: TypeDef = interface(
    "System.Collections.IList",
    &["ICollection"],
    &[
        member("object this[int index] { get; }", super::element),
        member("object this[int index] { set; }", super::set_element),
        member("bool Contains(object value)", super::contains),
        member("int IndexOf(object value)", super::index_of),
        member("int Add(object value)", |call| {
            super::add(call)?;
            let length = super::length(call.machine, call.arg(0)).unwrap_or(0);
            Ok(crate::args::index(length.checked_sub(1)))
        }),
        member("void Insert(int index, object value)", super::insert),
        member("void Remove(object value)", |call| {
            super::remove(call)?;
            Ok(Value::Null)
        }),
        member("void RemoveAt(int index)", super::remove_at),
        member("void Clear()", super::clear),
        member("bool IsReadOnly { get; }", |call| {
            Ok((!super::changes(call.machine, call.arg(0))).into())
        }),
        member("bool IsFixedSize { get; }", |call| {
            Ok((!super::changes(call.machine, call.arg(0))).into())
        }),
    ],
);
/// `IDictionary`.
pub(crate) static IDICTIONARY: TypeDef = interface(
    "System.Collections.IDictionary",
    &["ICollection"],
    &[
        member("object this[object key] { get; }", |call| {
            let found = dictionary::entry(call.machine, call.arg(0), call.arg(1))?;
            Ok(found.unwrap_or_default())
        }),
        member("object this[object key] { set; }", dictionary::set),
        member("ICollection Keys { get; }", dictionary::keys),
        member("ICollection Values { get; }", dictionary::values),
        member("void Add(object key, object value)", dictionary::add),
        member("bool Contains(object key)", dictionary::contains_key),
        member("void Remove(object key)", |call| {
            dictionary::remove(call)?;
            Ok(Value::Null)
        }),
        member("void Clear()", super::clear),
    ],
);
/// `IEnumerable<T>`.
pub(crate) static IENUMERABLE_OF: TypeDef = interface(
    "System.Collections.Generic.IEnumerable<out T>",
    &["IEnumerable"],
    &[member(
        "IEnumerator<T> GetEnumerator()",
        super::get_enumerator,
    )],
);
/// `ICollection<T>`.
pub(crate) static ICOLLECTION_OF: TypeDef = interface(
    "System.Collections.Generic.ICollection<T>",
    &["IEnumerable<T>"],
    &[
        member("int Count { get; }", super::count),
        member("void Add(T item)", super::add),
        member("bool Remove(T item)", super::remove),
        member("void Clear()", super::clear),
        member("bool IsReadOnly { get; }", super::is_read_only),
        member("bool Contains(T item)", super::contains),
        member("void CopyTo(T[] array, int arrayIndex)", super::copy_to),
    ],
);
/// `IList<T>`.
pub(crate) static ILIST_OF: TypeDef = interface(
    "System.Collections.Generic.IList<T>",
    &["ICollection<T>"],
    &[
        member("T this[int index] { get; }", super::element),
        member("T this[int index] { set; }", super::set_element),
        member("int IndexOf(T item)", super::index_of),
        member("void Insert(int index, T item)", super::insert),
        member("void RemoveAt(int index)", super::remove_at),
    ],
);
/// `IReadOnlyCollection<T>`.
pub(crate) static IREADONLY_COLLECTION_OF: TypeDef = interface(
    "System.Collections.Generic.IReadOnlyCollection<out T>",
    &["IEnumerable<T>"],
    &[member("int Count { get; }", super::count)],
);
/// `IReadOnlyList<T>`.
pub(crate) static IREADONLY_LIST_OF: TypeDef = interface(
    "System.Collections.Generic.IReadOnlyList<out T>",
    &["IReadOnlyCollection<T>"],
    &[member("T this[int index] { get; }", super::element)],
);
