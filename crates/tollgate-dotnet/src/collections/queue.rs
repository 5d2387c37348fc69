//! `Queue<T>` and `Stack<T>`.

use std::collections::VecDeque;

use crate::args::int;
use crate::heap::{HeapId, HeapObject, Iterate};
use crate::linq;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::sequence::from_fn;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `Queue<T>`.
pub(crate) static QUEUE: TypeDef = TypeDef {
    name: "System.Collections.Generic.Queue<T>",
    kind: TypeKind::Class,
    bases: &["IReadOnlyCollection<T>", "ICollection"],
    values: &[],
    members: &[
        member("new()", |call| create(call, false)),
        member("new(int capacity)", |call| create(call, false)),
        member("new(IEnumerable<T> collection)", |call| create(call, false)),
        member("int Count { get; }", count),
        member("void Enqueue(T item)", push),
        member("T Dequeue()", pop),
        member("bool TryDequeue(out T result)", try_pop),
        member("bool TryPeek(out T result)", try_peek),
        member("void CopyTo(T[] array, int arrayIndex)", super::copy_to),
        member("void TrimExcess()", |_| Ok(Value::Null)),
        member("int EnsureCapacity(int capacity)", |call| {
            let capacity = call.count(1, "capacity")?;
            Ok(int(capacity.max(this(call)?.items.len())))
        }),
        member("T Peek()", peek),
        member("bool Contains(T item)", super::contains),
        member("void Clear()", clear),
        member("T[] ToArray()", linq::to_array),
        member("IEnumerator<T> GetEnumerator()", super::get_enumerator),
    ],
};

/// `Stack<T>`.
pub(crate) static STACK: TypeDef = TypeDef {
    name: "System.Collections.Generic.Stack<T>",
    kind: TypeKind::Class,
    bases: &["IReadOnlyCollection<T>", "ICollection"],
    values: &[],
    members: &[
        member("new()", |call| create(call, true)),
        member("new(int capacity)", |call| create(call, true)),
        member("new(IEnumerable<T> collection)", |call| create(call, true)),
        member("int Count { get; }", count),
        member("void Push(T item)", push),
        member("T Pop()", pop),
        member("bool TryPop(out T result)", try_pop),
        member("bool TryPeek(out T result)", try_peek),
        member("void CopyTo(T[] array, int arrayIndex)", super::copy_to),
        member("void TrimExcess()", |_| Ok(Value::Null)),
        member("int EnsureCapacity(int capacity)", |call| {
            let capacity = call.count(1, "capacity")?;
            Ok(int(capacity.max(this(call)?.items.len())))
        }),
        member("T Peek()", peek),
        member("bool Contains(T item)", super::contains),
        member("void Clear()", clear),
        member("T[] ToArray()", linq::to_array),
        member("IEnumerator<T> GetEnumerator()", super::get_enumerator),
    ],
};

/// A queue or a stack: items in the order in which they are taken.
#[derive(Debug)]
pub(crate) struct Line {
    stack: bool,
    element: Type,
    items: VecDeque<Value>,
    version: u32,
}

impl Line {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }
}

impl HeapObject for Line {
    fn type_of(&self) -> Type {
        let table = if self.stack { &STACK } else { &QUEUE };
        Type::generic(table, [self.element.clone()])
    }

    fn iterate(&self, this: HeapId) -> Option<Box<dyn Iterate>> {
        let (version, mut next) = (self.version, 0);
        Some(from_fn(move |machine| {
            let Some(line) = machine.heap.get::<Line>(this) else {
                return Ok(None);
            };
            if line.version != version {
                return Err(super::modified());
            }
            let value = line.items.get(next).cloned();
            next += 1;
            Ok(value)
        }))
    }
}

fn create(call: &mut Call<'_, '_>, stack: bool) -> Result<Value, Throw> {
    let mut items: VecDeque<Value> = match call.arg(0) {
        Value::Int32(_) => {
            call.count(0, "capacity")?;
            VecDeque::new()
        }
        Value::Null if call.arguments.is_empty() => VecDeque::new(),
        Value::Null => return Err(Throw::argument_null("collection")),
        source => {
            let source = source.clone();
            ops::collect(call.machine, &source)?.into()
        }
    };
    if stack {
        items.make_contiguous().reverse();
    }
    let element = call.type_argument(0);
    call.machine.heap.alloc(Line {
        stack,
        element,
        items,
        version: 0,
    })
}

fn this<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut Line, Throw> {
    let value = call.arg(0);
    call.machine
        .heap
        .of_mut(value)
        .ok_or_else(Throw::null_reference)
}

fn count(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    this(call).map(|line| int(line.items.len()))
}

fn push(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let length = this(call)?.items.len();
    call.machine.heap.grow(length + 1, 1)?;
    let item = call.arg(1).clone();
    let line = this(call)?;
    match line.stack {
        true => line.items.push_front(item),
        false => line.items.push_back(item),
    }
    line.version = line.version.wrapping_add(1);
    Ok(Value::Null)
}

fn empty(line: &Line) -> Throw {
    Throw::invalid_operation(if line.stack {
        "Stack empty."
    } else {
        "Queue empty."
    })
}

fn pop(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let line = this(call)?;
    line.version = line.version.wrapping_add(1);
    line.items.pop_front().ok_or_else(|| empty(line))
}

/// Gives an item through `out`, if there is one.
fn tried(call: &mut Call<'_, '_>, item: Option<Value>) -> Result<Value, Throw> {
    let there = item.is_some();
    let item = item.unwrap_or_else(|| ops::default_of(&call.type_argument(0)));
    call.outs.push(item);
    Ok(there.into())
}

fn try_pop(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let line = this(call)?;
    let item = line.items.pop_front();
    if item.is_some() {
        line.version = line.version.wrapping_add(1);
    }
    tried(call, item)
}

fn try_peek(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let item = this(call)?.items.front().cloned();
    tried(call, item)
}

fn peek(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let line = this(call)?;
    line.items.front().cloned().ok_or_else(|| empty(line))
}

fn clear(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let line = this(call)?;
    line.items.clear();
    line.version = line.version.wrapping_add(1);
    Ok(Value::Null)
}
