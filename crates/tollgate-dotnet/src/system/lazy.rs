//! `System.Lazy<T>`.

use crate::heap::HeapObject;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `System.Lazy<T>`.
pub(crate) static LAZY: TypeDef = TypeDef {
    name: "System.Lazy<T>",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("new(Func<T> valueFactory)", create),
        member("new(Func<T> valueFactory, bool isThreadSafe)", create),
        member("new(T value)", |call| {
            let (element, value) = (call.type_argument(0), call.arg(0).clone());
            call.machine.heap.alloc(Lazy {
                element,
                state: State::Made(value),
            })
        }),
        member("T Value { get; }", value),
        member("bool IsValueCreated { get; }", |call| {
            Ok(matches!(this(call)?.state, State::Made(_)).into())
        }),
        member("string ToString()", |call| match &this(call)?.state {
            State::Made(Value::Null) => Err(Throw::null_reference()),
            State::Made(value) => {
                let text = crate::ops::to_text(call.machine, value)?;
                call.new_text(text)
            }
            _ => Ok("Value is not created.".into()),
        }),
    ],
};

/// A value that is made when it is asked for.
#[derive(Debug)]
struct Lazy {
    element: Type,
    state: State,
}

#[derive(Debug)]
enum State {
    /// By this delegate.
    Waiting(Value),
    /// It is being made.
    Making,
    Made(Value),
    /// Making it failed: it fails so again.
    Failed(Throw),
}

impl HeapObject for Lazy {
    fn type_of(&self) -> Type {
        Type::generic(&LAZY, [self.element.clone()])
    }
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(0).is_null() {
        return Err(Throw::argument_null("valueFactory"));
    }
    let (element, factory) = (call.type_argument(0), call.arg(0).clone());
    call.machine.heap.alloc(Lazy {
        element,
        state: State::Waiting(factory),
    })
}

fn this<'c>(call: &'c Call<'_, '_>) -> Result<&'c Lazy, Throw> {
    let this = call.machine.heap.of(call.arg(0));
    this.ok_or_else(Throw::null_reference)
}

fn set(call: &mut Call<'_, '_>, state: State) {
    if let Some(this) = call.machine.heap.of_mut::<Lazy>(call.arg(0)) {
        this.state = state;
    }
}

fn value(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let factory = match &this(call)?.state {
        State::Made(value) => return Ok(value.clone()),
        State::Failed(throw) => return Err(throw.clone()),
        State::Making => {
            return Err(Throw::invalid_operation(
                "ValueFactory attempted to access the Value property of this instance.",
            ));
        }
        State::Waiting(factory) => factory.clone(),
    };
    set(call, State::Making);
    match call.machine.call(&factory, &[]) {
        Ok(value) => {
            set(call, State::Made(value.clone()));
            Ok(value)
        }
        Err(throw) => {
            set(call, State::Failed(throw.clone()));
            Err(throw)
        }
    }
}
