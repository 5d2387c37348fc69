//! `System.Linq`. (Helper RUN writes this module, and List, Dictionary, HashSet, Queue, Stack in `collections`.)

use crate::member::TypeDef;

/// The types of this namespace.
pub(crate) const TYPES: &[&TypeDef] = &[];
