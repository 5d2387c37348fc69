//! Assignment: to variables, properties, indexers, array elements and tuples.

use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::{AssignOp, BinaryOp, Expr, ExprKind, Range32};

use super::call::sequence;
use super::place::Place;
use super::types::{kind_of, underlying};
use super::{Bind, Binder, Bound, Reported, Typed, node};
use crate::typed::{Dynamic, Kind, Node, Op};

impl<'a> Binder<'a> {
    /// `target op value`.
    pub(super) fn assign(
        &mut self,
        op: AssignOp,
        target: &'a Expr,
        value: &'a Expr,
        range: Range32,
    ) -> Bind<Typed> {
        if op == AssignOp::Assign
            && matches!(
                target.kind,
                ExprKind::Tuple(_) | ExprKind::Declaration { .. }
            )
        {
            let value_bound = self.expression(value)?;
            return self.deconstruct(target, value_bound, range);
        }
        let place = self.place(target);
        let bound = self.expression(value);
        let (place, bound) = (place?, bound?);
        match op {
            AssignOp::Assign => {
                if let Place::Discard = place {
                    let Bound::Value(value) = bound else {
                        return Err(self.not_a_value(&bound, value.range));
                    };
                    return Ok(value);
                }
                let ty = place.ty().clone();
                let node = self.convert(bound, &ty, value.range)?;
                let node = self.write(place, node, true, range)?;
                Ok(Typed { node, ty })
            }
            AssignOp::Compound(op) => {
                let (mut setup, place) = self.stable(place)?;
                let ty = place.ty().clone();
                let current = self.read_place(&place, range)?;
                let operand = match bound {
                    Bound::Value(operand) => operand,
                    // `+=` of a lambda to a delegate, and `default`.
                    bound @ (Bound::Lambda(..) | Bound::Methods(_)) if ty.is_delegate() => {
                        let node = self.convert(bound, &ty, value.range)?;
                        let ty = ty.clone();
                        Typed { node, ty }
                    }
                    bound => {
                        let result = self.binary_bound(op, Bound::Value(current), bound, range)?;
                        let result = self.convert_typed(result, &ty, range)?;
                        setup.push(self.write(place, result, true, range)?);
                        return Ok(Typed {
                            node: sequence(setup, range),
                            ty,
                        });
                    }
                };
                let result = self.compound(op, current, operand, &ty, range)?;
                setup.push(self.write(place, result, true, range)?);
                Ok(Typed {
                    node: sequence(setup, range),
                    ty,
                })
            }
            // C# 8: the parser has refused it.
            AssignOp::Coalesce => Err(Reported),
        }
    }

    /// The new value of `x op= v`.
    fn compound(
        &mut self,
        op: BinaryOp,
        current: Typed,
        operand: Typed,
        ty: &Type,
        range: Range32,
    ) -> Bind<Node> {
        let shift = matches!(op, BinaryOp::ShiftLeft | BinaryOp::ShiftRight);
        let fits = shift
            || self
                .implicit_typed(&operand.ty, operand.as_constant(), ty)
                .is_some();
        let constant = match (&fits, operand.as_constant()) {
            (false, Some(_)) => Some(operand.clone()),
            _ => None,
        };
        let result = self.binary(op, current, operand, range)?;
        let implicit = self
            .implicit_typed(&result.ty, result.as_constant(), ty)
            .is_some();
        if let (false, Some(constant)) = (implicit, constant) {
            return Err(self.no_conversion(&constant, ty, range));
        }
        if implicit || !fits {
            return self.convert_typed(result, ty, range);
        }
        self.cast(Bound::Value(result), ty, range)
            .map(|value| value.node)
    }

    /// `++x`, `x++` and their like.
    pub(super) fn increment(
        &mut self,
        operand: &'a Expr,
        op: BinaryOp,
        postfix: bool,
        range: Range32,
    ) -> Bind<Typed> {
        let place = self.counted_place(operand)?;
        let (mut setup, place) = self.stable(place)?;
        let ty = place.ty().clone();
        let current = self.read_place(&place, range)?;
        let kind = kind_of(underlying(&ty));
        let numeric = !matches!(kind, Kind::Bool | Kind::Other | Kind::Void) || ty.is_enum();
        if !numeric && ty != Type::Dynamic {
            let sign = if op == BinaryOp::Add { "++" } else { "--" };
            return Err(self.error(
                "CS0023",
                format!("Operator '{sign}' cannot be applied to operand of type '{ty}'"),
                range,
            ));
        }
        let (held, old) = match postfix {
            true => {
                let slot = self.temporary()?;
                let held = node(Op::Assign(slot, current.node.into()), kind_of(&ty), range);
                (Some(held), Typed::new(Op::Local(slot), ty.clone(), range))
            }
            false => (None, current),
        };
        if ty == Type::Dynamic {
            let sign = if op == BinaryOp::Add { "++" } else { "--" };
            let operand = old.node.clone();
            let counted = super::call::dynamic(Dynamic::Unary { sign, operand }, range);
            setup.extend(held);
            setup.push(self.write(place, counted.node, !postfix, range)?);
            if postfix {
                setup.push(old.node);
            }
            return Ok(Typed {
                node: sequence(setup, range),
                ty,
            });
        }
        let one = Typed::constant(Value::Int32(1), Type::int(), range);
        let result = self.binary(op, old.clone(), one, range)?;
        let result = self.cast(Bound::Value(result), &ty, range)?;
        setup.extend(held);
        setup.push(self.write(place, result.node, !postfix, range)?);
        if postfix {
            setup.push(old.node);
        }
        Ok(Typed {
            node: sequence(setup, range),
            ty,
        })
    }
}
