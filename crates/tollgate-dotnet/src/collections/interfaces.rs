//! Interfaces of collections.

use crate::member::{TypeDef, TypeKind};

const fn interface(name: &'static str, bases: &'static [&'static str]) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Interface,
        bases,
        values: &[],
        members: &[],
    }
}

/// `System.Collections.IEnumerable`.
pub(crate) static IENUMERABLE: TypeDef = interface("System.Collections.IEnumerable", &[]);
/// `System.Collections.ICollection`.
pub(crate) static ICOLLECTION: TypeDef =
    interface("System.Collections.ICollection", &["IEnumerable"]);
/// `System.Collections.IList`.
pub(crate) static ILIST: TypeDef = interface("System.Collections.IList", &["ICollection"]);
/// `System.Collections.IDictionary`.
pub(crate) static IDICTIONARY: TypeDef =
    interface("System.Collections.IDictionary", &["ICollection"]);
/// `System.Collections.Generic.IEnumerable<out T>`.
pub(crate) static IENUMERABLE_OF: TypeDef = interface(
    "System.Collections.Generic.IEnumerable<out T>",
    &["IEnumerable"],
);
/// `System.Collections.Generic.ICollection<T>`.
pub(crate) static ICOLLECTION_OF: TypeDef = interface(
    "System.Collections.Generic.ICollection<T>",
    &["IEnumerable<T>"],
);
/// `System.Collections.Generic.IList<T>`.
pub(crate) static ILIST_OF: TypeDef =
    interface("System.Collections.Generic.IList<T>", &["ICollection<T>"]);
/// `System.Collections.Generic.IReadOnlyCollection<out T>`.
pub(crate) static IREADONLY_COLLECTION_OF: TypeDef = interface(
    "System.Collections.Generic.IReadOnlyCollection<out T>",
    &["IEnumerable<T>"],
);
/// `System.Collections.Generic.IReadOnlyList<out T>`.
pub(crate) static IREADONLY_LIST_OF: TypeDef = interface(
    "System.Collections.Generic.IReadOnlyList<out T>",
    &["IReadOnlyCollection<T>"],
);
/// `System.Collections.Generic.ISet<T>`.
pub(crate) static ISET_OF: TypeDef =
    interface("System.Collections.Generic.ISet<T>", &["ICollection<T>"]);
/// `System.Collections.Generic.IDictionary<TKey, TValue>`.
pub(crate) static IDICTIONARY_OF: TypeDef = interface(
    "System.Collections.Generic.IDictionary<TKey, TValue>",
    &["ICollection<KeyValuePair<TKey, TValue>>"],
);
/// `System.Collections.Generic.IReadOnlyDictionary<TKey, TValue>`.
pub(crate) static IREADONLY_DICTIONARY_OF: TypeDef = interface(
    "System.Collections.Generic.IReadOnlyDictionary<TKey, TValue>",
    &["IReadOnlyCollection<KeyValuePair<TKey, TValue>>"],
);
/// `System.Collections.Generic.IEqualityComparer<in T>`.
pub(crate) static IEQUALITY_COMPARER_OF: TypeDef =
    interface("System.Collections.Generic.IEqualityComparer<in T>", &[]);
/// `System.Collections.Generic.IComparer<in T>`.
pub(crate) static ICOMPARER_OF: TypeDef =
    interface("System.Collections.Generic.IComparer<in T>", &[]);
/// `KeyValuePair<TKey, TValue>`.
pub(crate) static KEY_VALUE_PAIR: TypeDef = TypeDef {
    name: "System.Collections.Generic.KeyValuePair<TKey, TValue>",
    kind: TypeKind::Struct,
    bases: &[],
    values: &[],
    members: &[],
};
