//! `System.Collections` and `System.Collections.Generic`.

mod array;
mod comparer;
mod dictionary;
mod enumerator;
mod interfaces;
mod key;
mod key_value_pair;
mod linked_list;
mod list;
mod members;
mod queue;
mod read_only;
mod set;
mod sorted;
mod sorting;

pub use array::Array;
pub use dictionary::{Dictionary, dictionary_keys, dictionary_values};
pub use list::List;
pub use set::HashSet;

pub(crate) use dictionary::add_pair;
pub(crate) use enumerator::{enumerator_of, get_enumerator};
pub(crate) use interfaces::{IENUMERABLE_OF, ILIST_OF, IREADONLY_LIST_OF};
pub(crate) use key::{Equality, KeyComparer, Table, equality_comparer};
pub(crate) use key_value_pair::{of as pair_of, parts as pair_parts, value as key_value_pair};
pub(crate) use list::{allocate as new_list, compare_with, elements};
pub(crate) use members::*;
pub(crate) use read_only::{of as read_only, of_list as read_only_of};
pub(crate) use set::insert as insert_into_set;
pub(crate) use sorting::sort;

pub(crate) use comparer::{equals as comparer_equals, hash_code as comparer_hash};

use comparer::{COMPARER, EQUALITY_COMPARER, ICOMPARER_OF, IEQUALITY_COMPARER_OF};
use dictionary::{
    COLLECTION_EXTENSIONS, DICTIONARY, IDICTIONARY_OF, IREADONLY_DICTIONARY_OF, KEY_COLLECTION,
    VALUE_COLLECTION,
};
use enumerator::IENUMERATOR_OF;
pub use enumerator::enumerator;
use interfaces::{
    ICOLLECTION, ICOLLECTION_OF, IDICTIONARY, IENUMERABLE, ILIST, IREADONLY_COLLECTION_OF,
};
use key_value_pair::{KEY_VALUE_PAIR, KEY_VALUE_PAIRS};
use linked_list::{LINKED_LIST, LINKED_LIST_NODE};
use list::LIST;
use queue::{QUEUE, STACK};
use read_only::READ_ONLY_COLLECTION;
use set::{HASH_SET, IREADONLY_SET_OF, ISET_OF};
use sorted::{
    KEY_LIST, SORTED_DICTIONARY, SORTED_KEYS, SORTED_LIST, SORTED_SET, SORTED_VALUES, VALUE_LIST,
};

use crate::member::TypeDef;

/// The types of these namespaces.
pub(crate) const TYPES: &[&TypeDef] = &[
    &IENUMERABLE,
    &ICOLLECTION,
    &ILIST,
    &IDICTIONARY,
    &IENUMERABLE_OF,
    &IENUMERATOR_OF,
    &ICOLLECTION_OF,
    &ILIST_OF,
    &IREADONLY_COLLECTION_OF,
    &IREADONLY_LIST_OF,
    &ISET_OF,
    &IREADONLY_SET_OF,
    &IDICTIONARY_OF,
    &IREADONLY_DICTIONARY_OF,
    &IEQUALITY_COMPARER_OF,
    &ICOMPARER_OF,
    &COMPARER,
    &EQUALITY_COMPARER,
    &KEY_VALUE_PAIR,
    &KEY_VALUE_PAIRS,
    &LIST,
    &DICTIONARY,
    &KEY_COLLECTION,
    &VALUE_COLLECTION,
    &COLLECTION_EXTENSIONS,
    &HASH_SET,
    &QUEUE,
    &STACK,
    &READ_ONLY_COLLECTION,
    &SORTED_DICTIONARY,
    &SORTED_LIST,
    &SORTED_SET,
    &SORTED_KEYS,
    &SORTED_VALUES,
    &KEY_LIST,
    &VALUE_LIST,
    &LINKED_LIST,
    &LINKED_LIST_NODE,
];
