//! Unary operators.

use super::call::dynamic;
use super::constant::{self};
use super::operator::PROMOTED;
use super::operator_typed::{operator_methods, typed_argument};
use super::types::{kind_of, type_of_kind};
use super::{Bind, Binder, Bound, Typed};
use crate::typed::{Dynamic, Kind, Op};
use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::{BinaryOp, Expr, Range32, UnaryOp};

fn sign(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "!",
        UnaryOp::Minus => "-",
        UnaryOp::Complement => "~",
        _ => "+",
    }
}

impl<'a> Binder<'a> {
    /// `op operand`.
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &'a Expr, range: Range32) -> Bind<Typed> {
        match op {
            UnaryOp::PreIncrement => return self.increment(operand, BinaryOp::Add, false, range),
            UnaryOp::PreDecrement => {
                return self.increment(operand, BinaryOp::Subtract, false, range);
            }
            UnaryOp::PostIncrement => return self.increment(operand, BinaryOp::Add, true, range),
            UnaryOp::PostDecrement => {
                return self.increment(operand, BinaryOp::Subtract, true, range);
            }
            UnaryOp::Plus | UnaryOp::Minus | UnaryOp::Not | UnaryOp::Complement => {}
        }
        let sign = sign(op);
        match self.expression(operand)? {
            Bound::Value(value) if value.ty == Type::Null => {
                let message = format!("Operator '{sign}' cannot be applied to operand '<null>'");
                Err(self.error("CS8310", message, range))
            }
            Bound::Default(_) => {
                let message = format!("Operator '{sign}' cannot be applied to operand 'default'");
                Err(self.error("CS8310", message, range))
            }
            Bound::Value(value) => self.unary_typed(op, value, range),
            bound @ (Bound::Lambda(..) | Bound::Methods(_)) => {
                let shown = self.display_bound(&bound);
                let message =
                    format!("Operator '{sign}' cannot be applied to operand of type '{shown}'");
                Err(self.error("CS0023", message, range))
            }
            other => Err(self.not_a_value(&other, operand.range)),
        }
    }

    fn unary_typed(&mut self, op: UnaryOp, value: Typed, range: Range32) -> Bind<Typed> {
        let sign = sign(op);
        if value.ty == Type::Dynamic {
            return Ok(dynamic(
                Dynamic::Unary {
                    sign,
                    operand: value.node,
                },
                range,
            ));
        }
        if let Type::Nullable(inner) = &value.ty {
            let inner = inner.as_ref().clone();
            return self.lift_unary(value, &inner, |binder, plain| {
                binder.unary_typed(op, plain, range)
            });
        }
        let own = self.operators(&[&value.ty], sign, 1);
        if !own.is_empty() {
            let methods = operator_methods(own, sign, range);
            let arguments = vec![typed_argument(value)];
            let applicable = self.resolve(&methods, &arguments, range)?;
            return self.call_applicable(applicable, None, arguments, range);
        }
        let kind = kind_of(&value.ty);
        let promoted = |candidates: &[Kind]| {
            candidates
                .iter()
                .copied()
                .find(|to| *to == kind || super::convert::implicit_numeric(kind, *to))
        };
        let target = match op {
            UnaryOp::Not => (kind == Kind::Bool).then_some(Kind::Bool),
            UnaryOp::Complement if value.ty.is_enum() => {
                let ty = value.ty.clone();
                let number = self.cast(Bound::Value(value), &Type::long(), range)?;
                let flipped = self.unary_typed(op, number, range)?;
                return self.cast(Bound::Value(flipped), &ty, range);
            }
            UnaryOp::Complement => {
                promoted(&[Kind::Int32, Kind::UInt32, Kind::Int64, Kind::UInt64])
            }
            // There is no negation of `ulong`, and that of `uint` is a `long`.
            UnaryOp::Minus if kind == Kind::UInt64 => None,
            UnaryOp::Minus => promoted(&[
                Kind::Int32,
                Kind::Int64,
                Kind::Single,
                Kind::Double,
                Kind::Decimal,
            ]),
            _ => promoted(&PROMOTED),
        };
        let Some(target) = target else {
            let ty = &value.ty;
            let message = format!("Operator '{sign}' cannot be applied to operand of type '{ty}'");
            return Err(self.error("CS0023", message, range));
        };
        let ty = type_of_kind(target);
        let operand = self.convert_typed(value, &ty, range)?;
        let folded = match (&operand.op, op) {
            (Op::Constant(Value::Bool(value)), UnaryOp::Not) => Some(Value::Bool(!value)),
            (Op::Constant(Value::Double(value)), UnaryOp::Minus) => Some(Value::Double(-value)),
            (Op::Constant(Value::Single(value)), UnaryOp::Minus) => Some(Value::Single(-value)),
            (Op::Constant(Value::Decimal(value)), UnaryOp::Minus) => Some(Value::Decimal(-value)),
            (Op::Constant(value), UnaryOp::Minus) => match value.as_integer() {
                Some(number) => {
                    let checked = self.overflow != Some(false);
                    match constant::from_integer(-number, target, checked) {
                        Some(value) => Some(value),
                        None => {
                            return Err(self.error(
                                "CS0220",
                                "The operation overflows at compile time in checked mode",
                                range,
                            ));
                        }
                    }
                }
                None => None,
            },
            (Op::Constant(value), UnaryOp::Complement) => value
                .as_integer()
                .and_then(|number| constant::from_integer(!number, target, false)),
            (Op::Constant(value), UnaryOp::Plus) => Some(value.clone()),
            _ => None,
        };
        if let Some(value) = folded {
            return Ok(Typed::constant(value, ty, range));
        }
        let checked = self.overflow == Some(true);
        let op = match op {
            UnaryOp::Not => Op::Not(operand.into()),
            UnaryOp::Minus => Op::Negate {
                checked,
                operand: operand.into(),
            },
            UnaryOp::Complement => Op::Complement(operand.into()),
            _ => return Ok(Typed { node: operand, ty }),
        };
        Ok(Typed::new(op, ty, range))
    }
}
