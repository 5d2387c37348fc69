//! `IEnumerator<T>` by hand: `GetEnumerator`, `MoveNext`, `Current`.

use std::fmt;

use crate::heap::{Heap, HeapId, HeapObject, Iterate};
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::from_fn;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `IEnumerator<T>`.
pub(crate) static IENUMERATOR_OF: TypeDef = TypeDef {
    name: "System.Collections.Generic.IEnumerator<out T>",
    kind: TypeKind::Interface,
    bases: &["IDisposable"],
    values: &[],
    members: &[
        member("T Current { get; }", current),
        member("bool MoveNext()", move_next),
    ],
};

/// A running enumeration as an object.
struct Enumerator {
    element: Type,
    iterator: Option<Box<dyn Iterate + Send>>,
    current: Value,
}

impl fmt::Debug for Enumerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IEnumerator<{}>", self.element)
    }
}

impl HeapObject for Enumerator {
    fn type_of(&self) -> Type {
        Type::generic(&IENUMERATOR_OF, [self.element.clone()])
    }

    /// What is left of it, for a `foreach` that runs over an enumerator.
    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        Some(from_fn(move |machine| next(machine, &Value::Ref(this))))
    }
}

pub(crate) fn get_enumerator(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let iterator = ops::iterate(call.machine, call.arg(0))?;
    let element = call.type_argument(0);
    enumerator_of(call, element, iterator)
}

/// A new enumerator that runs an enumeration.
pub(crate) fn enumerator_of(
    call: &mut Call<'_, '_>,
    element: Type,
    iterator: Box<dyn Iterate>,
) -> Result<Value, Throw> {
    enumerator(call.machine.heap, element, iterator)
}

/// A new `IEnumerator<T>` that runs an enumeration.
pub fn enumerator(
    heap: &mut Heap,
    element: Type,
    iterator: Box<dyn Iterate>,
) -> Result<Value, Throw> {
    heap.alloc(Enumerator {
        element,
        iterator: Some(iterator),
        current: Value::Null,
    })
}

fn this<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut Enumerator, Throw> {
    let value = call.arg(0);
    call.machine
        .heap
        .of_mut(value)
        .ok_or_else(Throw::null_reference)
}

fn current(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    this(call).map(|enumerator| enumerator.current.clone())
}

fn move_next(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let next = next(call.machine, call.arg(0))?;
    let more = next.is_some();
    if let Some(value) = next {
        this(call)?.current = value;
    }
    Ok(Value::Bool(more))
}

fn next(machine: &mut Machine<'_>, enumerator: &Value) -> Result<Option<Value>, Throw> {
    let missing = Throw::null_reference;
    // It leaves the heap while it runs, since it needs the whole machine.
    let this: &mut Enumerator = machine.heap.of_mut(enumerator).ok_or_else(missing)?;
    let Some(mut iterator) = this.iterator.take() else {
        return Ok(None);
    };
    let next = iterator.next(machine)?;
    if next.is_some() {
        let this: &mut Enumerator = machine.heap.of_mut(enumerator).ok_or_else(missing)?;
        this.iterator = Some(iterator);
    }
    Ok(next)
}
