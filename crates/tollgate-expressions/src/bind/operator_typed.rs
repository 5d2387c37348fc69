//! Operators of declared types, enums, tuples and `T?`.

use super::lift::{Lifted, boolean, is_null};
use super::operator::{arithmetic, comparison, negated_if, sign};
use super::overload::{Argument, Passed};
use super::types::{kind_of, same, underlying};
use super::{Bind, Binder, Bound, Callee, Methods, Reported, Typed, node};
use crate::typed::{Arithmetic, Comparison, Kind, Node, Op};
use tollgate_dotnet::{MemberKind, Type, Value};
use tollgate_syntax::csharp::ast::{BinaryOp, Range32};

impl<'a> Binder<'a> {
    pub(super) fn has_operator(&self, left: &Typed, right: &Typed, sign: &str) -> bool {
        [left, right].into_iter().any(|operand| {
            !operand.ty.is_string()
                && kind_of(&operand.ty) == Kind::Other
                && self
                    .registry
                    .operators(underlying(&operand.ty), sign)
                    .iter()
                    .any(|found| {
                        found
                            .info
                            .parameters
                            .iter()
                            .any(|parameter| parameter.ty.is_string())
                    })
        })
    }

    /// An operator that a type declares, lifted if an operand is a `T?`.
    pub(super) fn user_operator(
        &mut self,
        op: BinaryOp,
        left: &Typed,
        right: &Typed,
        range: Range32,
    ) -> Bind<Option<Typed>> {
        let own = self.operators(&[&left.ty, &right.ty], sign(op), 2);
        if own.is_empty() {
            return Ok(None);
        }
        let methods = operator_methods(own, sign(op), range);
        let arguments = |left: &Typed, right: &Typed| {
            vec![typed_argument(left.clone()), typed_argument(right.clone())]
        };
        let plain = arguments(left, right);
        if let Some(applicable) = self.quietly(|binder| binder.resolve(&methods, &plain, range)) {
            return self
                .call_applicable(applicable, None, plain, range)
                .map(Some);
        }
        if !matches!(left.ty, Type::Nullable(_)) && !matches!(right.ty, Type::Nullable(_)) {
            return Ok(None);
        }
        let inner = |value: &Typed| Typed {
            node: value.node.clone(),
            ty: underlying(&value.ty).clone(),
        };
        let unwrapped = arguments(&inner(left), &inner(right));
        if self
            .quietly(|binder| binder.resolve(&methods, &unwrapped, range))
            .is_none()
        {
            return Ok(None);
        }
        let mode = lifted_mode(op);
        let result =
            self.lift_binary(left.clone(), right.clone(), mode, range, |binder, a, b| {
                let arguments = vec![typed_argument(a), typed_argument(b)];
                let applicable = binder.resolve(&methods, &arguments, range)?;
                binder.call_applicable(applicable, None, arguments, range)
            })?;
        Ok(Some(self.negate_lifted(op, result, range)))
    }

    /// Declared operators of that sign.
    pub(super) fn operators(&self, types: &[&Type], sign: &str, arity: usize) -> Vec<Callee> {
        let mut own: Vec<Callee> = Vec::new();
        for ty in types {
            let ty = underlying(ty);
            if kind_of(ty) != Kind::Other || ty.is_string() || *ty == Type::Null {
                continue;
            }
            for found in self.registry.operators(ty, sign) {
                let known = own.iter().any(
                    |other| matches!(other, Callee::Member { info, .. } if std::ptr::eq(*info, found.info)),
                );
                if !known
                    && found.info.kind == MemberKind::Operator
                    && found.info.parameters.len() == arity
                {
                    own.push(Callee::Member {
                        info: found.info,
                        owner: found.owner,
                    });
                }
            }
        }
        own
    }

    /// A built-in operator on `T?`.
    pub(super) fn lifted(
        &mut self,
        op: BinaryOp,
        left: Typed,
        right: Typed,
        range: Range32,
    ) -> Bind<Typed> {
        let plain = |ty: &Type| underlying(ty).clone();
        let (a, b) = (plain(&left.ty), plain(&right.ty));
        let logical = kind_of(&a) == Kind::Bool
            && kind_of(&b) == Kind::Bool
            && matches!(op, BinaryOp::BitAnd | BinaryOp::BitOr);
        let probe = |ty: &Type, value: &Typed| Typed {
            node: value.node.clone(),
            ty: ty.clone(),
        };
        let (x, y) = (probe(&a, &left), probe(&b, &right));
        let defined = a.is_value_type()
            && b.is_value_type()
            && self
                .quietly(|binder| binder.binary(op, x, y, range))
                .is_some();
        if defined && logical {
            return self.three_valued(op == BinaryOp::BitAnd, left, right, range);
        }
        if !defined {
            let (left, right) = (left.ty.to_string(), right.ty.to_string());
            return Err(self.not_applicable(op, &left, &right, range));
        }
        let mode = lifted_mode(op);
        let inner = if op == BinaryOp::NotEqual {
            BinaryOp::Equal
        } else {
            op
        };
        let result = self.lift_binary(left, right, mode, range, |binder, a, b| {
            binder.binary(inner, a, b, range)
        })?;
        Ok(self.negate_lifted(op, result, range))
    }

    /// `&` and `|` of `bool?`: an operand that decides makes the other's null irrelevant.
    fn three_valued(
        &mut self,
        and: bool,
        left: Typed,
        right: Typed,
        range: Range32,
    ) -> Bind<Typed> {
        let mut nodes = Vec::with_capacity(3);
        let mut decides = Vec::with_capacity(2);
        let mut nulls = Vec::with_capacity(2);
        for operand in [left, right] {
            let slot = self.temporary()?;
            let kind = operand.node.kind;
            nodes.push(node(Op::Assign(slot, operand.node.into()), kind, range));
            let mut decided = node(Op::Local(slot), Kind::Bool, range);
            if and {
                decided = node(Op::Not(decided.into()), Kind::Bool, range);
            }
            let known = node(Op::Not(is_null(slot, range).into()), Kind::Bool, range);
            decides.push(node(Op::And([known, decided].into()), Kind::Bool, range));
            nulls.push(is_null(slot, range));
        }
        let any = |tests: Vec<Node>| node(Op::Or(tests.into()), Kind::Bool, range);
        let null = node(Op::Constant(Value::Null), Kind::Other, range);
        let undecided = node(
            Op::Conditional(Box::new([any(nulls), null, boolean(and, range)])),
            Kind::Other,
            range,
        );
        nodes.push(node(
            Op::Conditional(Box::new([any(decides), boolean(!and, range), undecided])),
            Kind::Other,
            range,
        ));
        Ok(Typed {
            node: super::call::sequence(nodes, range),
            ty: Type::bool().nullable(),
        })
    }

    /// `!=` on `T?` is the opposite of `==`.
    fn negate_lifted(&self, op: BinaryOp, result: Typed, range: Range32) -> Typed {
        match op {
            BinaryOp::NotEqual => negated_if(true, result.node, range),
            _ => result,
        }
    }

    pub(super) fn enum_operator(
        &mut self,
        op: BinaryOp,
        left: &Typed,
        right: &Typed,
        range: Range32,
    ) -> Bind<Option<Typed>> {
        let number = |binder: &mut Self, value: &Typed| {
            binder
                .cast(Bound::Value(value.clone()), &Type::long(), range)
                .map(|value| value.node)
        };
        let zero = |value: &Typed| {
            value.ty.is_int() && value.as_constant().and_then(Value::as_integer) == Some(0)
        };
        let alike = same(&left.ty, &right.ty)
            || left.ty.is_enum() && zero(right)
            || right.ty.is_enum() && zero(left);
        let ty = if left.ty.is_enum() {
            &left.ty
        } else {
            &right.ty
        };
        if let Some(comparison) = comparison(op) {
            if !alike {
                return Ok(None);
            }
            let (a, b) = (number(self, left)?, number(self, right)?);
            return Ok(Some(self.compare(comparison, Kind::Int64, a, b, range)));
        }
        let Some(arithmetic) = arithmetic(op) else {
            return Ok(None);
        };
        let integral = |value: &Typed| value.ty.is_integer();
        let result = match arithmetic {
            Arithmetic::And | Arithmetic::Or | Arithmetic::Xor if alike => ty.clone(),
            Arithmetic::Subtract if same(&left.ty, &right.ty) => Type::int(),
            Arithmetic::Add if integral(left) || integral(right) => ty.clone(),
            Arithmetic::Subtract if integral(right) => ty.clone(),
            _ => return Ok(None),
        };
        let (a, b) = (number(self, left)?, number(self, right)?);
        let value = self.arithmetic(arithmetic, Kind::Int64, a, b, range)?;
        self.cast(Bound::Value(value), &result, range).map(Some)
    }

    pub(super) fn tuple_equality(
        &mut self,
        op: BinaryOp,
        left: Typed,
        right: Typed,
        range: Range32,
    ) -> Bind<Typed> {
        let (Type::Tuple(x), Type::Tuple(y)) = (left.ty.clone(), right.ty.clone()) else {
            return Err(Reported);
        };
        let (a, b) = (self.temporary()?, self.temporary()?);
        let assign = |slot, value: Node| node(Op::Assign(slot, value.into()), Kind::Other, range);
        let mut tests = Vec::with_capacity(x.len());
        for (index, ((x, _), (y, _))) in (0u32..).zip(x.iter().zip(y.iter())) {
            let item = |slot, ty: &Type| {
                let operand = node(Op::Local(slot), Kind::Other, range);
                Typed::new(
                    Op::Item {
                        operand: operand.into(),
                        index,
                    },
                    ty.clone(),
                    range,
                )
            };
            let test = self.binary(BinaryOp::Equal, item(a, x), item(b, y), range)?;
            tests.push(test.node);
        }
        let all = node(Op::And(tests.into()), Kind::Bool, range);
        let test = negated_if(op == BinaryOp::NotEqual, all, range).node;
        Ok(Typed {
            node: super::call::sequence(
                vec![assign(a, left.node), assign(b, right.node), test],
                range,
            ),
            ty: Type::bool(),
        })
    }
}

fn lifted_mode(op: BinaryOp) -> Lifted {
    match comparison(op) {
        Some(Comparison::Equal | Comparison::NotEqual) => Lifted::BothNull,
        Some(_) => Lifted::False,
        None => Lifted::Null,
    }
}

pub(super) fn operator_methods(own: Vec<Callee>, sign: &str, range: Range32) -> Methods {
    Methods {
        receiver: None,
        own,
        extensions: Vec::new(),
        type_arguments: Vec::new(),
        name: format!("operator {sign}").into(),
        owner: None,
        range,
    }
}

pub(super) fn typed_argument<'a>(value: Typed) -> Argument<'a> {
    Argument {
        name: None,
        range: value.range(),
        value: Passed::Value(Bound::Value(value)),
    }
}
