//! The children of typed nodes and statements.

use std::sync::Arc;

use crate::typed::{Dynamic, Node, Op, Piece, Statement};

macro_rules! visit {
    ($name:ident, $iter:ident $(, $mutable:tt)?) => {
        impl Op {
            /// Calls `action` on every operand, in order; not on what is inside a lambda.
            pub(crate) fn $name(&$($mutable)? self, action: &mut dyn FnMut(&$($mutable)? Node)) {
                match self {
                    Op::Constant(_)
                    | Op::Local(_)
                    | Op::Cell(_)
                    | Op::Lambda(_)
                    | Op::TypeOf(_)
                    | Op::Default(_) => {}
                    Op::Assign(_, node)
                    | Op::AssignCell(_, node)
                    | Op::NewCell(_, node)
                    | Op::IsNull(node)
                    | Op::Unwrap(node)
                    | Op::Complement(node)
                    | Op::Not(node)
                    | Op::EnumNumber(node)
                    | Op::ToEnum(_, node)
                    | Op::ArrayLength(node)
                    | Op::Throw(node)
                    | Op::Negate { operand: node, .. }
                    | Op::Numeric { operand: node, .. }
                    | Op::Unbox { operand: node, .. }
                    | Op::Cast { operand: node, .. }
                    | Op::As { operand: node, .. }
                    | Op::Is { operand: node, .. }
                    | Op::Item { operand: node, .. } => action(node),
                    Op::Sequence(nodes)
                    | Op::And(nodes)
                    | Op::Or(nodes)
                    | Op::Concat(nodes)
                    | Op::NewArray { lengths: nodes, .. }
                    | Op::Array { items: nodes, .. }
                    | Op::Tuple { items: nodes, .. }
                    | Op::Anonymous { items: nodes, .. } => nodes.$iter().for_each(action),
                    Op::Conditional(nodes) => nodes.$iter().for_each(action),
                    Op::Coalesce(nodes)
                    | Op::StringEquals(nodes)
                    | Op::ReferenceEquals(nodes)
                    | Op::CharAt(nodes)
                    | Op::Arithmetic { operands: nodes, .. }
                    | Op::Compare { operands: nodes, .. }
                    | Op::Delegates { operands: nodes, .. } => nodes.$iter().for_each(action),
                    Op::Interpolate(pieces) => {
                        for piece in pieces {
                            if let Piece::Hole { value, .. } = piece {
                                action(value);
                            }
                        }
                    }
                    Op::Call(call) => call.arguments.$iter().for_each(action),
                    Op::Invoke { function, arguments } => {
                        action(function);
                        arguments.$iter().for_each(action);
                    }
                    Op::Element { array, indices } => {
                        action(array);
                        indices.$iter().for_each(action);
                    }
                    Op::SetElement { array, indices, value } => {
                        action(array);
                        indices.$iter().for_each(&mut *action);
                        action(value);
                    }
                    Op::WithItem { operand, value, .. } => {
                        action(operand);
                        action(value);
                    }
                    Op::Dynamic(dynamic) => dynamic.$name(action),
                    Op::Record(it) => action(&$($mutable)? it.node),
                    Op::InPlace(it) => action(&$($mutable)? it.otherwise),
                }
            }
        }

        impl Dynamic {
            /// Calls `action` on every operand, in order.
            pub(crate) fn $name(&$($mutable)? self, action: &mut dyn FnMut(&$($mutable)? Node)) {
                match self {
                    Dynamic::Get { receiver: node, .. }
                    | Dynamic::Unary { operand: node, .. }
                    | Dynamic::Truth { operand: node }
                    | Dynamic::Convert { operand: node, .. } => action(node),
                    Dynamic::Set { receiver: a, value: b, .. }
                    | Dynamic::Arithmetic { left: a, right: b, .. }
                    | Dynamic::Compare { left: a, right: b, .. } => {
                        action(a);
                        action(b);
                    }
                    Dynamic::GetIndex { receiver, arguments }
                    | Dynamic::Call { receiver, arguments, .. } => {
                        action(receiver);
                        arguments.$iter().for_each(action);
                    }
                    Dynamic::SetIndex { receiver, arguments, value } => {
                        action(receiver);
                        arguments.$iter().for_each(&mut *action);
                        action(value);
                    }
                    Dynamic::CallStatic { arguments, .. } => arguments.$iter().for_each(action),
                }
            }
        }
    };
}

visit!(for_each_child, iter);
visit!(for_each_child_mut, iter_mut, mut);

/// What stands directly in a statement.
pub(crate) enum Child<'s> {
    Node(&'s mut Node),
    Statement(&'s mut Statement),
}

impl Statement {
    /// Calls `action` on all that stands directly in it. Clauses of `catch` that others share become its own.
    pub(crate) fn for_each_child_mut(&mut self, action: &mut dyn FnMut(Child<'_>)) {
        match self {
            Statement::Expression(node) | Statement::Yield(node) => action(Child::Node(node)),
            Statement::Return(node) | Statement::Throw(node) => {
                node.iter_mut().for_each(|node| action(Child::Node(node)));
            }
            Statement::Block {
                functions,
                statements,
                ..
            } => {
                functions
                    .iter_mut()
                    .for_each(|node| action(Child::Node(node)));
                statements
                    .iter_mut()
                    .for_each(|inner| action(Child::Statement(inner)));
            }
            Statement::If {
                condition,
                then,
                otherwise,
            } => {
                action(Child::Node(condition));
                action(Child::Statement(then));
                otherwise
                    .iter_mut()
                    .for_each(|inner| action(Child::Statement(inner)));
            }
            Statement::While { condition, body } | Statement::DoWhile { body, condition } => {
                action(Child::Node(condition));
                action(Child::Statement(body));
            }
            Statement::For {
                init,
                condition,
                step,
                body,
            } => {
                init.iter_mut()
                    .for_each(|inner| action(Child::Statement(inner)));
                condition
                    .iter_mut()
                    .for_each(|node| action(Child::Node(node)));
                step.iter_mut().for_each(|node| action(Child::Node(node)));
                action(Child::Statement(body));
            }
            Statement::ForEach { source, body, .. } => {
                action(Child::Node(source));
                action(Child::Statement(body));
            }
            Statement::Switch {
                subject,
                cases,
                sections,
                ..
            } => {
                action(Child::Node(subject));
                cases
                    .iter_mut()
                    .for_each(|case| action(Child::Node(&mut case.test)));
                sections
                    .iter_mut()
                    .for_each(|inner| action(Child::Statement(inner)));
            }
            Statement::Try {
                body,
                catches,
                finally,
            } => {
                action(Child::Statement(body));
                for catch in Arc::make_mut(catches) {
                    catch
                        .filter
                        .iter_mut()
                        .for_each(|node| action(Child::Node(node)));
                    action(Child::Statement(&mut catch.body));
                }
                finally
                    .iter_mut()
                    .for_each(|inner| action(Child::Statement(inner)));
            }
            Statement::Break
            | Statement::Continue
            | Statement::GotoSection(_)
            | Statement::Label(_)
            | Statement::Goto(_) => {}
        }
    }
}
