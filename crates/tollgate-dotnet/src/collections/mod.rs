//! `System.Collections` and `System.Collections.Generic`.

mod array;
mod interfaces;

pub use array::Array;

use interfaces::*;
pub(crate) use interfaces::{IENUMERABLE_OF, ILIST_OF, IREADONLY_LIST_OF};

use crate::member::TypeDef;

/// The types of these namespaces.
pub(crate) const TYPES: &[&TypeDef] = &[
    &IENUMERABLE,
    &ICOLLECTION,
    &ILIST,
    &IDICTIONARY,
    &IENUMERABLE_OF,
    &ICOLLECTION_OF,
    &ILIST_OF,
    &IREADONLY_COLLECTION_OF,
    &IREADONLY_LIST_OF,
    &ISET_OF,
    &IDICTIONARY_OF,
    &IREADONLY_DICTIONARY_OF,
    &IEQUALITY_COMPARER_OF,
    &ICOMPARER_OF,
    &KEY_VALUE_PAIR,
];
