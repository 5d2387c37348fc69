//! Where a value goes as JSON: into a text or into tokens.

use super::kind::Kind;
use super::token::{
    Node, alloc, copy, depth, get, object, property, property_of, push, remove, scalar,
};
use super::write::Writer;
use crate::heap::{Heap, HeapId};
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// Takes JSON piece by piece.
pub(crate) trait Sink {
    /// Begins an object or array.
    fn begin(&mut self, heap: &mut Heap, kind: Kind) -> Result<(), Throw>;
    /// Ends what was begun last.
    fn end(&mut self, heap: &mut Heap) -> Result<(), Throw>;
    /// The name of the property whose value comes next.
    fn name(&mut self, heap: &mut Heap, name: &Str) -> Result<(), Throw>;
    /// What a `JValue` holds.
    fn value(&mut self, heap: &mut Heap, kind: Kind, value: &Value) -> Result<(), Throw>;
    /// A token and all in it.
    fn token(&mut self, heap: &mut Heap, id: HeapId) -> Result<(), Throw>;
}

impl Sink for Writer {
    fn begin(&mut self, _heap: &mut Heap, kind: Kind) -> Result<(), Throw> {
        Writer::begin(self, kind, "")
    }
    fn end(&mut self, _heap: &mut Heap) -> Result<(), Throw> {
        Writer::end(self);
        Ok(())
    }
    fn name(&mut self, _heap: &mut Heap, name: &Str) -> Result<(), Throw> {
        Writer::name(self, name);
        Ok(())
    }
    fn value(&mut self, _heap: &mut Heap, kind: Kind, value: &Value) -> Result<(), Throw> {
        Writer::value(self, kind, value)
    }
    fn token(&mut self, heap: &mut Heap, id: HeapId) -> Result<(), Throw> {
        Writer::token(self, heap, get(heap, id)?, depth())
    }
}

/// Makes tokens, as `JTokenWriter` does.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Open containers.
    open: Vec<HeapId>,
    name: Option<Str>,
    /// What was made last at the top.
    pub(crate) root: Option<HeapId>,
}

impl Tree {
    fn add(&mut self, heap: &mut Heap, id: HeapId) -> Result<(), Throw> {
        match (self.open.last(), self.name.take()) {
            (None, _) => self.root = Some(id),
            (Some(parent), None) => push(heap, *parent, id)?,
            (Some(parent), Some(name)) => {
                if let Some(old) = property_of(heap, *parent, &name) {
                    remove(heap, old)?;
                }
                let property = property(heap, name, id)?;
                push(heap, *parent, property)?;
            }
        }
        Ok(())
    }
}

impl Sink for Tree {
    fn begin(&mut self, heap: &mut Heap, kind: Kind) -> Result<(), Throw> {
        let new = match kind {
            Kind::Object => object(heap)?,
            _ => alloc(heap, Node::Array(Vec::new()))?,
        };
        self.add(heap, new)?;
        self.open.push(new);
        Ok(())
    }
    fn end(&mut self, _heap: &mut Heap) -> Result<(), Throw> {
        self.open.pop();
        Ok(())
    }
    fn name(&mut self, _heap: &mut Heap, name: &Str) -> Result<(), Throw> {
        self.name = Some(name.clone());
        Ok(())
    }
    fn value(&mut self, heap: &mut Heap, kind: Kind, value: &Value) -> Result<(), Throw> {
        let in_object = self.name.is_none()
            && self
                .open
                .last()
                .is_some_and(|id| get(heap, *id).is_ok_and(|token| token.kind() == Kind::Object));
        // An object has no place for a comment.
        if kind == Kind::Comment && in_object {
            return Ok(());
        }
        let new = scalar(heap, kind, value.clone())?;
        self.add(heap, new)
    }
    fn token(&mut self, heap: &mut Heap, id: HeapId) -> Result<(), Throw> {
        let new = copy(heap, id)?;
        self.add(heap, new)
    }
}
