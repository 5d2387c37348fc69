//! Operators on `T?`, lowered to tests for null over temporary slots.

use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::Range32;

use super::types::{kind_of, underlying};
use super::{Bind, Binder, Typed, node};
use crate::typed::{Kind, Node, Op, Slot};

/// What a lifted operator gives when an operand is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifted {
    /// Null: arithmetic.
    Null,
    /// False: an ordering.
    False,
    /// Whether both are null: `==`.
    BothNull,
}

impl<'a> Binder<'a> {
    /// `action` on the value of a `T?`; null stays null.
    pub(super) fn lift_unary(
        &mut self,
        operand: Typed,
        inner: &Type,
        action: impl FnOnce(&mut Self, Typed) -> Bind<Typed>,
    ) -> Bind<Typed> {
        let range = operand.range();
        let slot = self.temporary()?;
        let plain = Typed::new(Op::Local(slot), inner.clone(), range);
        let result = action(self, plain)?;
        let ty = result.ty.nullable();
        let assign = node(Op::Assign(slot, operand.node.into()), Kind::Other, range);
        let test = is_null(slot, range);
        let null = node(Op::Constant(Value::Null), Kind::Other, range);
        let choice = node(
            Op::Conditional(Box::new([test, null, result.node])),
            Kind::Other,
            range,
        );
        Ok(Typed::new(Op::Sequence([assign, choice].into()), ty, range))
    }

    /// `action` on the values of two operands of which at least one is a `T?`.
    pub(super) fn lift_binary(
        &mut self,
        left: Typed,
        right: Typed,
        mode: Lifted,
        range: Range32,
        action: impl FnOnce(&mut Self, Typed, Typed) -> Bind<Typed>,
    ) -> Bind<Typed> {
        let mut setup = Vec::with_capacity(3);
        let mut tests = Vec::with_capacity(2);
        let mut plain = |binder: &mut Self, operand: Typed| -> Bind<Typed> {
            let at = operand.range();
            let slot = binder.temporary()?;
            let inner = underlying(&operand.ty).clone();
            if matches!(operand.ty, Type::Nullable(_)) {
                tests.push(is_null(slot, at));
            }
            let kind = operand.node.kind;
            setup.push(node(Op::Assign(slot, operand.node.into()), kind, at));
            Ok(Typed::new(Op::Local(slot), inner, at))
        };
        let left = plain(self, left)?;
        let right = plain(self, right)?;
        let result = action(self, left, right)?;
        let (absent, ty) = match mode {
            Lifted::Null => (
                node(Op::Constant(Value::Null), Kind::Other, range),
                result.ty.clone().nullable(),
            ),
            Lifted::False => (boolean(false, range), Type::bool()),
            Lifted::BothNull if tests.len() == 2 => (
                node(Op::And(tests.clone().into()), Kind::Bool, range),
                Type::bool(),
            ),
            Lifted::BothNull => (boolean(false, range), Type::bool()),
        };
        let test = match tests.len() {
            1 => tests.pop().unwrap_or_else(|| boolean(false, range)),
            _ => node(Op::Or(tests.into()), Kind::Bool, range),
        };
        let kind = kind_of(&ty);
        setup.push(node(
            Op::Conditional(Box::new([test, absent, result.node])),
            kind,
            range,
        ));
        Ok(Typed::new(Op::Sequence(setup.into()), ty, range))
    }
}

pub(super) fn is_null(slot: Slot, range: Range32) -> Node {
    let local = node(Op::Local(slot), Kind::Other, range);
    node(Op::IsNull(local.into()), Kind::Bool, range)
}

pub(super) fn boolean(value: bool, range: Range32) -> Node {
    node(Op::Constant(Value::Bool(value)), Kind::Bool, range)
}
