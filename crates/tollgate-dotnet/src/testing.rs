//! Calls members of the tables in unit tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use smallvec::SmallVec;

use crate::heap::Heap;
use crate::machine::{Budget, Host, Machine};
use crate::member::Call;
use crate::ops;
use crate::registry::Registry;
use crate::signature::MemberKind;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

struct TestHost;

impl Host for TestHost {
    fn now(&self) -> i64 {
        638_506_120_890_120_000
    }
    fn random(&self) -> u64 {
        0x0123_4567_89ab_cdef
    }
    fn type_of(&self, _handle: u32) -> Type {
        Type::object()
    }
}

/// Runs with a machine that has no evaluator: a "delegate" is a Rust function pointer in [`Lambda`].
pub(crate) fn with_machine<R>(run: impl FnOnce(&mut Machine<'_>) -> R) -> R {
    run(&mut Machine {
        heap: &mut Heap::default(),
        host: &mut TestHost,
        budget: &mut Budget::default(),
        invoke: |machine, function, arguments| {
            (function.downcast::<Lambda>().unwrap().0)(machine, arguments)
        },
    })
}

/// A delegate for tests.
#[derive(Debug)]
pub(crate) struct Lambda(pub(crate) fn(&mut Machine<'_>, &[Value]) -> Result<Value, Throw>);

impl crate::value::Object for Lambda {
    fn type_of(&self) -> Type {
        Type::object()
    }
}

/// Calls the first member of that name that takes these arguments (the receiver among them), `new` for constructors.
pub(crate) fn call(
    machine: &mut Machine<'_>,
    ty: &str,
    name: &str,
    arguments: &[Value],
) -> Result<Value, Throw> {
    let registry = Registry::dotnet();
    let ty = registry.parse_type(ty).unwrap();
    let members = registry.members(ty.table().unwrap());
    let member = members
        .iter()
        .find(|member| {
            let instance = !member.is_static && member.kind != MemberKind::Constructor;
            let parameters = member.parameters.iter().map(|parameter| &parameter.ty);
            let receiver = instance.then_some(&ty);
            let types: Vec<_> = receiver.into_iter().chain(parameters).collect();
            *member.name == *name
                && types.len() == arguments.len()
                && types.iter().zip(arguments).all(|(ty, value)| {
                    value.is_null()
                        || matches!(ty, Type::Parameter(_))
                        || value.downcast::<Lambda>().is_some()
                        || ty
                            .arguments()
                            .iter()
                            .any(|ty| matches!(ty, Type::Parameter(_)))
                        || ops::is_instance(machine, value, ty)
                })
        })
        .unwrap_or_else(|| panic!("no {ty}.{name} takes these"));
    let types = vec![Type::object(); 4];
    (member.member.native)(&mut Call {
        machine,
        arguments,
        types: &types,
        prepared: None,
        outs: SmallVec::new(),
    })
}

/// What a call gives, as text: sequences in brackets, exceptions by name after `!`.
pub(crate) fn show(ty: &str, name: &str, arguments: &[Value]) -> String {
    let arguments = arguments.to_vec();
    show_with(ty, name, |_| arguments)
}

/// As [`show`], with arguments that need the heap.
pub(crate) fn show_with(
    ty: &str,
    name: &str,
    arguments: impl FnOnce(&mut Machine<'_>) -> Vec<Value>,
) -> String {
    with_machine(|machine| {
        let arguments = arguments(machine);
        let result = call(machine, ty, name, &arguments);
        shown(machine, result)
    })
}

/// A result as text.
pub(crate) fn shown(machine: &mut Machine<'_>, result: Result<Value, Throw>) -> String {
    match result {
        Ok(Value::Null) => "null".into(),
        Ok(value @ (Value::Ref(_) | Value::Object(_))) => match ops::collect(machine, &value) {
            Ok(values) => {
                let texts: Vec<_> = values
                    .into_iter()
                    .map(|value| shown(machine, Ok(value)))
                    .collect();
                format!("[{}]", texts.join(", "))
            }
            Err(throw) if throw.exception().type_name == "System.InvalidCastException" => {
                ops::to_text(machine, &value).unwrap().to_string()
            }
            Err(throw) => format!("!{}", throw.exception().type_name),
        },
        Ok(value) => ops::to_text(machine, &value).unwrap().to_string(),
        Err(throw) => format!("!{}", throw.exception().type_name),
    }
}
