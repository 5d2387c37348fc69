//! Tuples and anonymous objects: a fixed row of values.

use std::sync::Arc;

use crate::types::Type;
use crate::value::{Object, Value};

/// `(a, b)`, `new { A = 1 }` or `Tuple.Create(a, b)`; which of them, its type says.
#[derive(Debug, Clone)]
pub struct Tuple {
    /// [`Type::Tuple`], [`Type::Anonymous`] or `System.Tuple`.
    pub ty: Type,
    /// The items in order.
    pub items: Box<[Value]>,
}

impl Tuple {
    /// The value that it is.
    pub fn value(ty: Type, items: impl Into<Box<[Value]>>) -> Value {
        Value::Object(Arc::new(Tuple {
            ty,
            items: items.into(),
        }))
    }
}

impl Object for Tuple {
    fn type_of(&self) -> Type {
        self.ty.clone()
    }
}
