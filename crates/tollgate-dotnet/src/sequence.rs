//! Lazy sequences, as LINQ's operators give them.

use std::fmt;

use crate::heap::Iterate;
use crate::machine::Machine;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value, depth_over};

/// A lazy `IEnumerable<T>`: every enumeration starts anew.
pub struct Sequence {
    ty: Type,
    depth: u32,
    start: Box<dyn Fn() -> Box<dyn Iterate> + Send + Sync>,
}

impl Sequence {
    /// A sequence of that element type, and what begins an enumeration of it.
    pub fn new(
        element: Type,
        start: impl Fn() -> Box<dyn Iterate> + Send + Sync + 'static,
    ) -> Self {
        Sequence {
            ty: Type::enumerable(element),
            depth: 1,
            start: Box::new(start),
        }
    }

    /// The same sequence as .NET's own class for it, one that is an `IEnumerable` of its elements.
    #[must_use]
    pub(crate) fn of_class(mut self, class: Type) -> Self {
        self.ty = class;
        self
    }

    /// A sequence of values that are known already.
    pub fn of(element: Type, values: Vec<Value>) -> Self {
        let depth = depth_over(&values);
        let values: std::sync::Arc<[Value]> = values.into();
        let mut sequence = Sequence::new(element, move || {
            let values = values.clone();
            let mut next = 0;
            from_fn(move |_| {
                let value = values.get(next).cloned();
                next += 1;
                Ok(value)
            })
        });
        sequence.depth = depth;
        sequence
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.ty, f)
    }
}

impl Object for Sequence {
    fn type_of(&self) -> Type {
        self.ty.clone()
    }

    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        Some((self.start)())
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn set_depth(&mut self, depth: u32) {
        self.depth = self.depth.max(depth);
    }
}

/// An enumeration that asks a function for each next element.
pub fn from_fn<F>(next: F) -> Box<dyn Iterate>
where
    F: FnMut(&mut Machine<'_>) -> Result<Option<Value>, Throw> + Send + 'static,
{
    struct Function<F>(F);
    impl<F> Iterate for Function<F>
    where
        F: FnMut(&mut Machine<'_>) -> Result<Option<Value>, Throw> + Send,
    {
        fn next(&mut self, machine: &mut Machine<'_>) -> Result<Option<Value>, Throw> {
            (self.0)(machine)
        }
    }
    Box::new(Function(next))
}

/// A sequence whose elements are looked for when it is enumerated, all at once.
pub(crate) fn lazy(
    element: Type,
    find: impl Fn(&mut Machine<'_>) -> Result<Vec<Value>, Throw> + Send + Sync + Clone + 'static,
) -> Value {
    lazy_as(Type::enumerable(element), find)
}

/// The same of .NET's own class for it.
pub(crate) fn lazy_as(
    class: Type,
    find: impl Fn(&mut Machine<'_>) -> Result<Vec<Value>, Throw> + Send + Sync + Clone + 'static,
) -> Value {
    let sequence = Sequence::new(Type::object(), move || {
        let find = find.clone();
        let mut found: Option<std::vec::IntoIter<Value>> = None;
        from_fn(move |machine| {
            if found.is_none() {
                found = Some(find(machine)?.into_iter());
            }
            Ok(found.as_mut().and_then(Iterator::next))
        })
    });
    Value::object(sequence.of_class(class))
}
