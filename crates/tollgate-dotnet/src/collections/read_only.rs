//! `ReadOnlyCollection<T>`.

use crate::heap::{HeapId, HeapObject, Iterate};
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::from_fn;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `ReadOnlyCollection<T>`.
pub(crate) static READ_ONLY_COLLECTION: TypeDef = TypeDef {
    name: "System.Collections.ObjectModel.ReadOnlyCollection<T>",
    kind: TypeKind::Class,
    bases: &["IList<T>", "IReadOnlyList<T>", "IList"],
    values: &[],
    members: &[
        member("new(IList<T> list)", |call| of(call, 0)),
        member("int Count { get; }", super::count),
        member("T this[int index] { get; }", super::element),
        member("bool Contains(T value)", super::contains),
        member("int IndexOf(T value)", |call| {
            let list = inner(call)?;
            let items = ops::collect(call.machine, &list)?;
            Ok(super::list::place_of(call, &items, call.arg(1), false))
        }),
        member("void CopyTo(T[] array, int index)", super::copy_to),
        member("IEnumerator<T> GetEnumerator()", super::get_enumerator),
    ],
};

/// A view of another list that cannot be changed through it.
#[derive(Debug)]
pub(crate) struct ReadOnly {
    element: Type,
    list: Value,
}

impl HeapObject for ReadOnly {
    fn type_of(&self) -> Type {
        Type::generic(&READ_ONLY_COLLECTION, [self.element.clone()])
    }

    fn iterate(&self, _this: HeapId) -> Option<Box<dyn Iterate>> {
        let list = self.list.clone();
        let mut iterator = None;
        Some(from_fn(move |machine| {
            let iterator = match &mut iterator {
                Some(iterator) => iterator,
                none => none.insert(ops::iterate(machine, &list)?),
            };
            iterator.next(machine)
        }))
    }
}

/// A read-only view of the list in an argument.
pub(crate) fn of(call: &mut Call<'_, '_>, argument: usize) -> Result<Value, Throw> {
    let list = call.arg(argument).clone();
    if list.is_null() {
        return Err(match argument {
            0 if call.arguments.len() == 1 => Throw::argument_null("list"),
            _ => Throw::null_reference(),
        });
    }
    let element = call.type_argument(0);
    call.machine.heap.alloc(ReadOnly { element, list })
}

/// A read-only view of a list.
pub(crate) fn of_list(
    machine: &mut Machine<'_>,
    list: Value,
    element: Type,
) -> Result<Value, Throw> {
    machine.heap.alloc(ReadOnly { element, list })
}

fn inner(call: &Call<'_, '_>) -> Result<Value, Throw> {
    let this = call.machine.heap.of::<ReadOnly>(call.arg(0));
    Ok(this.ok_or_else(Throw::null_reference)?.list.clone())
}
