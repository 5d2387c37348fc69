//! Work done once at load time: calls of pure members on constants, and what members prepare.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_dotnet::{
    Budget, Call as Native, Heap, Host, Machine, Member, Str, Throw, Type, Value,
};

use crate::compile::CompileError;
use crate::in_place::{Condition, InPlace};
use crate::typed::{Body, Call, Function, Kind, Node, Op, Statement};
use crate::visit::Child;

/// What folding showed about a program.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    /// The result, if it is the same always.
    pub constant: Option<Value>,
    /// The whole, if it is a test that can be read in place.
    pub condition: Option<Condition>,
    /// OR of the members' `reads`.
    pub reads: u32,
}

/// Folds the tree in place. What members cannot prepare from constant arguments is an error.
pub(crate) fn fold(main: &mut Function, errors: &mut Vec<CompileError>) -> Folded {
    let mut folder = Folder {
        errors,
        reads: 0,
        strings: HashMap::new(),
    };
    folder.function(main);
    let constant = match &main.body {
        Body::Expression(Node {
            op: Op::Constant(value),
            ..
        }) if !matches!(value, Value::Host(_)) => Some(value.clone()),
        _ => None,
    };
    Folded {
        constant,
        condition: Condition::of(main),
        reads: folder.reads,
    }
}

/// Runs a pure member on constants, with nothing around it; `None` if it throws.
pub(crate) fn evaluate(
    member: &'static Member,
    types: &[Type],
    arguments: &[Value],
) -> Option<Value> {
    let mut heap = Heap::new(1 << 20);
    let mut host = Nowhere;
    let mut budget = Budget {
        steps: 100_000,
        string: 1 << 16,
        ..Budget::default()
    };
    let mut machine = Machine {
        heap: &mut heap,
        host: &mut host,
        budget: &mut budget,
        invoke: |_, _, _| Err(Throw::not_supported("no delegates at load time")),
    };
    let mut call = Native {
        machine: &mut machine,
        arguments,
        types,
        prepared: None,
        outs: Default::default(),
    };
    let value = call.run(member).ok()?;
    Some(value)
}

/// Whether the value outlives the heap it was made with.
fn is_lasting(value: &Value) -> bool {
    !matches!(value, Value::Ref(_))
}

/// A host for pure members, which ask it nothing.
struct Nowhere;

impl Host for Nowhere {
    fn now(&self) -> i64 {
        0
    }
    fn random(&self) -> u64 {
        0
    }
    fn type_of(&self, _handle: u32) -> Type {
        Type::object()
    }
}

struct Folder<'e> {
    errors: &'e mut Vec<CompileError>,
    reads: u32,
    /// Equal literals are one object.
    strings: HashMap<Str, Str>,
}

impl Folder<'_> {
    fn function(&mut self, function: &mut Function) {
        match &mut function.body {
            Body::Expression(node) => self.node(node),
            Body::Block(statement) => self.statement(statement),
        }
    }

    fn node(&mut self, node: &mut Node) {
        if let Op::Lambda(function) = &mut node.op {
            // Nobody else has it yet, so it is not copied.
            self.function(Arc::make_mut(function));
            return;
        }
        if let Op::Constant(Value::String(text)) = &mut node.op {
            *text = self
                .strings
                .entry(text.clone())
                .or_insert_with(|| text.clone())
                .clone();
            return;
        }
        node.op.for_each_child_mut(&mut |child| self.node(child));
        let (start, end) = (node.start, node.end);
        match &mut node.op {
            Op::Call(call) => {
                self.reads |= call.member.reads;
                match constant_call(call, node.kind) {
                    Some(value) => node.op = Op::Constant(value),
                    None => {
                        self.prepare(call, start, end);
                        call.constants = constants(&call.arguments);
                    }
                }
            }
            Op::And(_) => drop_constants(node, true),
            Op::Or(_) => drop_constants(node, false),
            Op::Not(inner) => {
                if let Op::Constant(Value::Bool(value)) = inner.op {
                    node.op = Op::Constant(Value::Bool(!value));
                }
            }
            Op::Conditional(parts) => {
                let [test, a, b] = parts.as_ref();
                if let Op::Constant(Value::Bool(test)) = test.op {
                    let chosen = if test { a } else { b };
                    if chosen.kind == node.kind {
                        *node = chosen.clone();
                    }
                }
            }
            _ => {}
        }
        InPlace::put(node);
    }

    fn prepare(&mut self, call: &mut Call, start: u32, end: u32) {
        let Some(prepare) = call.member.prepare else {
            return;
        };
        let known: Vec<Option<Value>> = call
            .arguments
            .iter()
            .map(|argument| match &argument.op {
                Op::Constant(value) if !matches!(value, Value::Host(_)) => Some(value.clone()),
                _ => None,
            })
            .collect();
        match prepare(&known) {
            Ok(prepared) => call.prepared = prepared,
            Err(message) => self.errors.push(CompileError {
                code: "TG0002",
                message,
                start,
                end,
                help: None,
            }),
        }
    }

    fn statement(&mut self, statement: &mut Statement) {
        statement.for_each_child_mut(&mut |child| match child {
            Child::Node(node) => self.node(node),
            Child::Statement(inner) => self.statement(inner),
        });
    }
}

/// The values of arguments that are constants all.
pub(crate) fn constants(arguments: &[Node]) -> Option<Box<[Value]>> {
    let value = |argument: &Node| match &argument.op {
        Op::Constant(value) => Some(value.clone()),
        _ => None,
    };
    arguments.iter().map(value).collect()
}

/// The value of a pure call on constants.
fn constant_call(call: &Call, kind: Kind) -> Option<Value> {
    if !call.member.pure || !call.outs.is_empty() || kind == Kind::Void {
        return None;
    }
    let arguments = constants(&call.arguments)?;
    if call.instance && arguments.first().is_some_and(Value::is_null) {
        return None;
    }
    let result = evaluate(call.member, &call.types, &arguments)?;
    // A part of the host leads to another part by a pure getter; whatever else it gives, it gives when it runs.
    let part = |value: &Value| matches!(value, Value::Host(_));
    let lasting = match &*arguments {
        [receiver] if part(receiver) => part(&result),
        all => all.iter().all(is_lasting) && is_lasting(&result),
    };
    lasting.then_some(result)
}

/// `true && x` is `x`; what decides the result ends the chain.
fn drop_constants(node: &mut Node, neutral: bool) {
    let (Op::And(tests) | Op::Or(tests)) = &mut node.op else {
        return;
    };
    let mut kept = Vec::with_capacity(tests.len());
    for test in std::mem::take(tests) {
        match test.op {
            Op::Constant(Value::Bool(value)) if value == neutral => {}
            Op::Constant(Value::Bool(_)) => {
                kept.push(test);
                break;
            }
            _ => kept.push(test),
        }
    }
    match kept.len() {
        0 => node.op = Op::Constant(Value::Bool(neutral)),
        1 => {
            if let Some(only) = kept.pop() {
                *node = only;
            }
        }
        _ => *tests = kept.into(),
    }
}
