//! Interfaces of collections. Their members ask the object at run time what it is.

use crate::member::{Member, TypeDef, TypeKind, member};

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
    &[member("int Count { get; }", super::count)],
);
/// `IList`.
pub(crate) static ILIST: TypeDef = interface(
    "System.Collections.IList",
    &["ICollection"],
    &[
        member("object this[int index] { get; }", super::element),
        member("object this[int index] { set; }", super::set_element),
        member("bool Contains(object value)", super::contains),
    ],
);
/// `IDictionary`.
pub(crate) static IDICTIONARY: TypeDef =
    interface("System.Collections.IDictionary", &["ICollection"], &[]);
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
/// `IEqualityComparer<T>`.
pub(crate) static IEQUALITY_COMPARER_OF: TypeDef = interface(
    "System.Collections.Generic.IEqualityComparer<in T>",
    &[],
    &[],
);
/// `IComparer<T>`.
pub(crate) static ICOMPARER_OF: TypeDef =
    interface("System.Collections.Generic.IComparer<in T>", &[], &[]);
