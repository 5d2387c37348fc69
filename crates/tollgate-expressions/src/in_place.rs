//! What can be read in place, made flat at load time: chains of members that lend what they find to each other (see
//! [`tollgate_dotnet::Lent`]), and tests of that.

use tollgate_dotnet::{Lend, Terms, Value};

use crate::fold::constants;
use crate::run::unboxed;
use crate::typed::{Body, Comparison, Function, Kind, Node, Op, Slot, Statement};

/// The most members of a chain.
const LINKS: u32 = 16;

/// The most locals of a condition.
pub(crate) const LOCALS: usize = 4;

/// A node that is evaluated only if it cannot be read in place.
#[derive(Debug, Clone)]
pub(crate) struct InPlace {
    pub reading: Reading,
    /// How many calls reading it makes at most.
    pub calls: u32,
    pub otherwise: Node,
}

/// A result that is read in place.
#[derive(Debug, Clone)]
pub(crate) enum Reading {
    Truth(Test),
    Integer(Number),
    Lent(Chain),
}

/// A chain of members: what the first one lends from, and the members.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    pub source: Source,
    pub links: Box<[Link]>,
}

/// What a chain begins with.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Value(Value),
    Local(Slot),
}

/// A member of a chain.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    Call {
        lend: Lend,
        /// It has nothing to lend if what is before it is `null`.
        instance: bool,
        terms: Terms,
    },
    /// An element of an array.
    Element(usize),
}

/// A `bool`.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Chain(Chain),
    IsNull(Chain),
    SameText(Box<[Chain; 2]>),
    /// Of two integers of `kind`.
    Compare {
        op: Comparison,
        kind: Kind,
        operands: Box<[Number; 2]>,
    },
    Not(Box<Test>),
    All(Box<[Test]>),
    Any(Box<[Test]>),
}

/// An integer.
#[derive(Debug, Clone)]
pub(crate) enum Number {
    Constant(i64),
    Chain(Chain),
    /// A boxed number, if it is of that kind.
    Unboxed(Chain, Kind),
    /// How many elements an array has.
    Length(Chain),
}

/// A whole program that is a test: some locals that are set once, and the test.
#[derive(Debug)]
pub(crate) struct Condition {
    pub locals: Box<[(Slot, Reading)]>,
    pub test: Test,
    /// How many calls it makes at most.
    pub calls: u32,
}

impl Condition {
    /// An expression that is a test, or a block that sets a few locals and returns one.
    pub(crate) fn of(function: &Function) -> Option<Self> {
        let (statements, test) = match &function.body {
            Body::Expression(test) => (&[][..], test),
            Body::Block(Statement::Block {
                cells,
                functions,
                statements,
            }) if cells.is_empty() && functions.is_empty() => match statements.split_last()? {
                (Statement::Return(Some(test)), locals) => (locals, test),
                _ => return None,
            },
            Body::Block(_) => return None,
        };
        let local = |statement: &Statement| match statement {
            Statement::Expression(Node {
                op: Op::Assign(slot, value),
                ..
            }) if (*slot as usize) < LOCALS => {
                let lent = Chain::of(value).map(Reading::Lent);
                Some((*slot, lent.or_else(|| Reading::of(value))?))
            }
            _ => None,
        };
        let locals: Box<[_]> = statements.iter().map(local).collect::<Option<_>>()?;
        let test = Test::of(test)?;
        let calls = locals.iter().map(|(_, reading)| reading.calls());
        let calls = calls.fold(test.calls(), u32::saturating_add);
        Some(Self {
            locals,
            test,
            calls,
        })
    }
}

impl InPlace {
    /// Has a node read in place, if that can be done and takes a call. Of nodes that hold nodes only those are looked at
    /// that could not be read node by node.
    pub(crate) fn put(node: &mut Node) {
        let reading = match &node.op {
            // Nothing can be made of what it lends.
            Op::Call(call) if call.member.link && node.kind == Kind::Other => None,
            Op::Call(_)
            | Op::StringEquals(_)
            | Op::IsNull(_)
            | Op::Unbox { .. }
            | Op::ArrayLength(_)
            | Op::Element { .. } => Reading::of(node),
            _ => None,
        };
        let Some(reading) = reading else {
            return;
        };
        let calls @ 1.. = reading.calls() else {
            return;
        };
        let nothing = Node {
            op: Op::Constant(Value::Null),
            ..*node
        };
        let otherwise = std::mem::replace(node, nothing);
        node.op = Op::InPlace(Box::new(InPlace {
            reading,
            calls,
            otherwise,
        }));
    }
}

impl Reading {
    fn of(node: &Node) -> Option<Self> {
        match node.kind {
            Kind::Bool => Test::of(node).map(Self::Truth),
            kind if kind.is_integer() => Number::of(node).map(Self::Integer),
            _ => Chain::of(node).map(Self::Lent),
        }
    }

    fn calls(&self) -> u32 {
        match self {
            Self::Truth(test) => test.calls(),
            Self::Integer(number) => number.calls(),
            Self::Lent(chain) => chain.calls(),
        }
    }
}

impl Chain {
    fn of(node: &Node) -> Option<Self> {
        let mut links = Vec::new();
        let source = Self::collect(node, LINKS, &mut links)?;
        Some(Self {
            source,
            links: links.into(),
        })
    }

    /// Puts the links of a node into a list, `room` at most, and gives what they begin with.
    fn collect(node: &Node, room: u32, links: &mut Vec<Link>) -> Option<Source> {
        match &node.op {
            Op::Constant(value) => Some(Source::Value(value.clone())),
            Op::Local(slot) => Some(Source::Local(*slot)),
            Op::InPlace(it) => Self::collect(&it.otherwise, room, links),
            Op::Call(call) => {
                let lend = call.member.lend?;
                let (first, others) = call.arguments.split_first()?;
                let others = constants(others)?;
                let source = Self::collect(first, room.checked_sub(1)?, links)?;
                links.push(Link::Call {
                    lend,
                    instance: call.instance,
                    terms: Terms {
                        arguments: [Value::Null].into_iter().chain(others).collect(),
                        types: call.types.clone(),
                        prepared: call.prepared.clone(),
                    },
                });
                Some(source)
            }
            Op::Element { array, indices } => {
                let [
                    Node {
                        op: Op::Constant(index),
                        ..
                    },
                ] = &**indices
                else {
                    return None;
                };
                let index = usize::try_from(unboxed(index)?).ok()?;
                let source = Self::collect(array, room.checked_sub(1)?, links)?;
                links.push(Link::Element(index));
                Some(source)
            }
            _ => None,
        }
    }

    fn calls(&self) -> u32 {
        u32::try_from(self.links.len()).unwrap_or(LINKS)
    }
}

impl Test {
    /// A node of kind `Bool`.
    fn of(node: &Node) -> Option<Self> {
        let all = |nodes: &[Node]| nodes.iter().map(Self::of).collect::<Option<Box<[_]>>>();
        Some(match &node.op {
            Op::InPlace(it) => return Self::of(&it.otherwise),
            Op::Compare { op, kind, operands } if kind.is_integer() => {
                let [left, right] = &**operands;
                Self::Compare {
                    op: *op,
                    kind: *kind,
                    operands: Box::new([Number::of(left)?, Number::of(right)?]),
                }
            }
            Op::And(operands) => Self::All(all(operands)?),
            Op::Or(operands) => Self::Any(all(operands)?),
            Op::Not(operand) => Self::Not(Box::new(Self::of(operand)?)),
            Op::StringEquals(operands) => {
                let [left, right] = &**operands;
                Self::SameText(Box::new([Chain::of(left)?, Chain::of(right)?]))
            }
            Op::IsNull(operand) => Self::IsNull(Chain::of(operand)?),
            Op::Unbox { operand, .. } if node.kind == Kind::Bool => {
                Self::Chain(Chain::of(operand)?)
            }
            _ if node.kind == Kind::Bool => Self::Chain(Chain::of(node)?),
            _ => return None,
        })
    }

    fn calls(&self) -> u32 {
        match self {
            Self::Chain(chain) | Self::IsNull(chain) => chain.calls(),
            Self::SameText(chains) => sum(chains.iter().map(Chain::calls)),
            Self::Compare { operands, .. } => sum(operands.iter().map(Number::calls)),
            Self::Not(test) => test.calls(),
            Self::All(tests) | Self::Any(tests) => sum(tests.iter().map(Self::calls)),
        }
    }
}

impl Number {
    /// A node of an integral kind.
    fn of(node: &Node) -> Option<Self> {
        Some(match &node.op {
            Op::InPlace(it) => return Self::of(&it.otherwise),
            Op::Constant(value) => Self::Constant(unboxed(value)?),
            Op::ArrayLength(array) => Self::Length(Chain::of(array)?),
            Op::Unbox { operand, .. } => Self::Unboxed(Chain::of(operand)?, node.kind),
            _ => Self::Chain(Chain::of(node)?),
        })
    }

    fn calls(&self) -> u32 {
        match self {
            Self::Constant(_) => 0,
            Self::Chain(chain) | Self::Unboxed(chain, _) | Self::Length(chain) => chain.calls(),
        }
    }
}

fn sum(calls: impl Iterator<Item = u32>) -> u32 {
    calls.fold(0, u32::saturating_add)
}
