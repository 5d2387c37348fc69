//! The parts of a program whose values a trace tells: a copy of the typed tree that tells them as it runs.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tollgate_dotnet::Value;

use crate::typed::{Body, Function, Kind, Node, Op, Recorded, Statement};
use crate::visit::Child;

/// A part of an expression: an operand, a call, a condition, a variable that is read.
///
/// Literals and assignments are none, nor is what the compiler puts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its first byte in the code.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
    /// The number of the smallest part around it.
    pub within: Option<u32>,
    /// Whether it is a `bool`, of which both outcomes count.
    pub is_condition: bool,
}

/// What runs in place of a program that is traced.
#[derive(Debug)]
pub(crate) struct Traced {
    pub program: u64,
    pub main: Arc<Function>,
    pub parts: Box<[Part]>,
}

/// A program tells of so many parts at most.
const MOST: usize = 4_000;

static PROGRAMS: AtomicU64 = AtomicU64::new(1);

impl Traced {
    pub(crate) fn of(main: &Function) -> Self {
        let mut main = main.clone();
        let mut marker = Marker {
            program: PROGRAMS.fetch_add(1, Ordering::Relaxed),
            parts: Vec::new(),
            known: HashSet::new(),
        };
        marker.function(&mut main, None);
        Self {
            program: marker.program,
            main: Arc::new(main),
            parts: marker.parts.into(),
        }
    }
}

struct Marker {
    program: u64,
    parts: Vec<Part>,
    /// Where parts stand already: the outermost node of a place has its value.
    known: HashSet<(u32, u32)>,
}

impl Marker {
    fn function(&mut self, function: &mut Function, within: Option<u32>) {
        match &mut function.body {
            Body::Expression(node) => self.node(node, within),
            Body::Block(statement) => self.statement(statement, within),
        }
    }

    fn node(&mut self, node: &mut Node, mut within: Option<u32>) {
        while let Op::InPlace(it) = &mut node.op {
            let nothing = Op::Constant(Value::Null);
            let otherwise = Node {
                op: nothing,
                ..*node
            };
            *node = std::mem::replace(&mut it.otherwise, otherwise);
        }
        let part = self.part(node, within);
        within = part.or(within);
        match &mut node.op {
            Op::Lambda(function) => self.function(Arc::make_mut(function), within),
            op => op.for_each_child_mut(&mut |child| self.node(child, within)),
        }
        if let Some(part) = part {
            let nothing = Op::Constant(Value::Null);
            let nothing = Node {
                op: nothing,
                ..*node
            };
            let it = Recorded {
                program: self.program,
                part,
                node: std::mem::replace(node, nothing),
            };
            node.op = Op::Record(Box::new(it));
        }
    }

    /// The number of the part that the node is, if it is one.
    fn part(&mut self, node: &Node, within: Option<u32>) -> Option<u32> {
        let is_silent = node.kind == Kind::Void
            || matches!(
                node.op,
                Op::Constant(_)
                    | Op::Lambda(_)
                    | Op::Assign(..)
                    | Op::AssignCell(..)
                    | Op::NewCell(..)
                    | Op::Throw(_)
                    | Op::TypeOf(_)
                    | Op::Default(_)
            );
        let place = (node.start, node.end);
        if is_silent || node.start >= node.end || self.parts.len() >= MOST {
            return None;
        }
        let number = u32::try_from(self.parts.len()).ok()?;
        if !self.known.insert(place) {
            return None;
        }
        self.parts.push(Part {
            start: node.start,
            end: node.end,
            within,
            is_condition: node.kind == Kind::Bool,
        });
        Some(number)
    }

    fn statement(&mut self, statement: &mut Statement, within: Option<u32>) {
        statement.for_each_child_mut(&mut |child| match child {
            Child::Node(node) => self.node(node, within),
            Child::Statement(inner) => self.statement(inner, within),
        });
    }
}
