//! Delegates. Their one member is `Invoke`; the evaluator makes and calls them.

use crate::member::{Call, Member, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::value::Value;

/// `System.Delegate`, the base of all delegates.
pub(crate) static DELEGATE: TypeDef = TypeDef {
    name: "System.Delegate",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[],
};

const fn delegate(name: &'static str, members: &'static [Member]) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Delegate,
        bases: &[],
        values: &[],
        members,
    }
}

/// Calls the delegate: the receiver is the delegate, the rest are its arguments.
fn invoke(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arguments.split_first() {
        None | Some((Value::Null, _)) => Err(Throw::null_reference()),
        Some((delegate, arguments)) => call.machine.call(delegate, arguments),
    }
}

/// `Func`.
pub(crate) static FUNC0: TypeDef = delegate(
    "System.Func<out TResult>",
    &[member("TResult Invoke()", invoke)],
);
/// `Func`.
pub(crate) static FUNC1: TypeDef = delegate(
    "System.Func<in T, out TResult>",
    &[member("TResult Invoke(T arg)", invoke)],
);
/// `Func`.
pub(crate) static FUNC2: TypeDef = delegate(
    "System.Func<in T1, in T2, out TResult>",
    &[member("TResult Invoke(T1 arg1, T2 arg2)", invoke)],
);
/// `Func`.
pub(crate) static FUNC3: TypeDef = delegate(
    "System.Func<in T1, in T2, in T3, out TResult>",
    &[member("TResult Invoke(T1 arg1, T2 arg2, T3 arg3)", invoke)],
);
/// `Func`.
pub(crate) static FUNC4: TypeDef = delegate(
    "System.Func<in T1, in T2, in T3, in T4, out TResult>",
    &[member(
        "TResult Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4)",
        invoke,
    )],
);
/// `Func`.
pub(crate) static FUNC5: TypeDef = delegate(
    "System.Func<in T1, in T2, in T3, in T4, in T5, out TResult>",
    &[member(
        "TResult Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)",
        invoke,
    )],
);
/// `Func`.
pub(crate) static FUNC6: TypeDef = delegate(
    "System.Func<in T1, in T2, in T3, in T4, in T5, in T6, out TResult>",
    &[member(
        "TResult Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)",
        invoke,
    )],
);
/// `Func`.
pub(crate) static FUNC7: TypeDef = delegate(
    "System.Func<in T1, in T2, in T3, in T4, in T5, in T6, in T7, out TResult>",
    &[member(
        "TResult Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7)",
        invoke,
    )],
);
/// `Func`.
pub(crate) static FUNC8: TypeDef = delegate(
    "System.Func<in T1, in T2, in T3, in T4, in T5, in T6, in T7, in T8, out TResult>",
    &[member(
        "TResult Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8)",
        invoke,
    )],
);
/// `Action`.
pub(crate) static ACTION0: TypeDef = delegate("System.Action", &[member("void Invoke()", invoke)]);
/// `Action`.
pub(crate) static ACTION1: TypeDef = delegate(
    "System.Action<in T>",
    &[member("void Invoke(T obj)", invoke)],
);
/// `Action`.
pub(crate) static ACTION2: TypeDef = delegate(
    "System.Action<in T1, in T2>",
    &[member("void Invoke(T1 arg1, T2 arg2)", invoke)],
);
/// `Action`.
pub(crate) static ACTION3: TypeDef = delegate(
    "System.Action<in T1, in T2, in T3>",
    &[member("void Invoke(T1 arg1, T2 arg2, T3 arg3)", invoke)],
);
/// `Action`.
pub(crate) static ACTION4: TypeDef = delegate(
    "System.Action<in T1, in T2, in T3, in T4>",
    &[member(
        "void Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4)",
        invoke,
    )],
);
/// `Action`.
pub(crate) static ACTION5: TypeDef = delegate(
    "System.Action<in T1, in T2, in T3, in T4, in T5>",
    &[member(
        "void Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5)",
        invoke,
    )],
);
/// `Action`.
pub(crate) static ACTION6: TypeDef = delegate(
    "System.Action<in T1, in T2, in T3, in T4, in T5, in T6>",
    &[member(
        "void Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6)",
        invoke,
    )],
);
/// `Action`.
pub(crate) static ACTION7: TypeDef = delegate(
    "System.Action<in T1, in T2, in T3, in T4, in T5, in T6, in T7>",
    &[member(
        "void Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7)",
        invoke,
    )],
);
/// `Action`.
pub(crate) static ACTION8: TypeDef = delegate(
    "System.Action<in T1, in T2, in T3, in T4, in T5, in T6, in T7, in T8>",
    &[member(
        "void Invoke(T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5, T6 arg6, T7 arg7, T8 arg8)",
        invoke,
    )],
);
/// `Predicate`.
pub(crate) static PREDICATE: TypeDef = delegate(
    "System.Predicate<in T>",
    &[member("bool Invoke(T obj)", invoke)],
);
/// `Comparison`.
pub(crate) static COMPARISON: TypeDef = delegate(
    "System.Comparison<in T>",
    &[member("int Invoke(T x, T y)", invoke)],
);
/// `Converter`.
pub(crate) static CONVERTER: TypeDef = delegate(
    "System.Converter<in TInput, out TOutput>",
    &[member("TOutput Invoke(TInput input)", invoke)],
);
