//! The unboxed bank: truths, integers and floats.

use rust_decimal::Decimal;
use tollgate_dotnet::{
    Throw, Value, convert, decimal_remainder, divide_decimals, multiply_decimals, ops,
};

use super::{Frame, arith};
use crate::typed::{Arithmetic, Comparison, Kind, Node, Op};

impl Kind {
    /// Whether it is one of the integral types or `char`.
    pub(crate) fn is_integer(self) -> bool {
        matches!(
            self,
            Kind::Char
                | Kind::SByte
                | Kind::Byte
                | Kind::Int16
                | Kind::UInt16
                | Kind::Int32
                | Kind::UInt32
                | Kind::Int64
                | Kind::UInt64
        )
    }

    fn is_float(self) -> bool {
        matches!(self, Kind::Single | Kind::Double)
    }
}

impl Frame<'_, '_> {
    /// A node of kind `Bool`.
    pub(super) fn truth(&mut self, node: &Node) -> Result<bool, Throw> {
        match &node.op {
            Op::Compare { op, kind, operands } => {
                let [left, right] = &**operands;
                self.compare(*op, *kind, left, right)
            }
            Op::StringEquals(operands) => {
                let [left, right] = &**operands;
                self.string_equals(left, right)
            }
            Op::And(operands) => {
                for operand in operands {
                    if !self.truth(operand)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Op::Or(operands) => {
                for operand in operands {
                    if self.truth(operand)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Op::Not(operand) => self.truth(operand).map(|truth| !truth),
            Op::IsNull(operand) => self.is_null(operand),
            Op::Is { ty, operand } => {
                let value = self.value(operand)?;
                Ok(ops::is_instance(self.machine, &value, ty))
            }
            Op::ReferenceEquals(operands) => {
                let [left, right] = &**operands;
                self.reference_equals(left, right)
            }
            Op::Arithmetic { op, operands, .. } => {
                let [left, right] = &**operands;
                let (left, right) = (self.truth(left)?, self.truth(right)?);
                Ok(match op {
                    Arithmetic::And => left & right,
                    Arithmetic::Or => left | right,
                    _ => left ^ right,
                })
            }
            Op::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                if self.truth(condition)? {
                    self.truth(then)
                } else {
                    self.truth(otherwise)
                }
            }
            Op::Constant(Value::Bool(truth)) => Ok(*truth),
            Op::Local(slot) => expect_bool(self.slot(*slot), node),
            Op::InPlace(it) => self.lent_truth(node, it),
            Op::Call(call) => expect_bool(&self.call_at(call, node)?, node),
            _ => expect_bool(&self.value(node)?, node),
        }
    }

    /// A node of an integral kind.
    pub(super) fn integer(&mut self, node: &Node) -> Result<i64, Throw> {
        match &node.op {
            Op::Constant(value) => expect(arith::unboxed(value), node),
            Op::Local(slot) => expect(arith::unboxed(self.slot(*slot)), node),
            Op::Arithmetic {
                op,
                kind,
                checked,
                operands,
            } => {
                let [left, right] = &**operands;
                let (left, right) = (self.integer(left)?, self.integer(right)?);
                arith::integers(*op, *kind, *checked, left, right)
                    .map_err(|throw| throw.at(node.start, node.end))
            }
            Op::Negate { checked, operand } => {
                let number = self.integer(operand)?;
                arith::negate(node.kind, *checked, number)
                    .map_err(|throw| throw.at(node.start, node.end))
            }
            Op::Complement(operand) => {
                let number = self.integer(operand)?;
                Ok(arith::complement(node.kind, number))
            }
            Op::Numeric {
                from,
                checked,
                operand,
            } if from.is_integer() => {
                let number = self.integer(operand)?;
                arith::convert(*from, node.kind, *checked, number)
                    .map_err(|throw| throw.at(node.start, node.end))
            }
            Op::Numeric { .. } => {
                let number = self.numeric(node)?;
                expect(arith::unboxed(&number), node)
            }
            Op::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                if self.truth(condition)? {
                    self.integer(then)
                } else {
                    self.integer(otherwise)
                }
            }
            Op::InPlace(it) => self.lent_integer(node, it),
            Op::Call(call) => expect(arith::unboxed(&self.call_at(call, node)?), node),
            _ => {
                let value = self.value(node)?;
                expect(arith::unboxed(&value), node)
            }
        }
    }

    /// A node of kind `Single` or `Double`.
    pub(super) fn float(&mut self, node: &Node) -> Result<f64, Throw> {
        match &node.op {
            Op::Constant(value) => expect(arith::unboxed_float(value), node),
            Op::Local(slot) => expect(arith::unboxed_float(self.slot(*slot)), node),
            Op::Arithmetic {
                op, kind, operands, ..
            } => {
                let [left, right] = &**operands;
                let (left, right) = (self.float(left)?, self.float(right)?);
                Ok(arith::floats(*op, *kind, left, right))
            }
            Op::Negate { operand, .. } => self.float(operand).map(|number| -number),
            Op::Numeric { from, operand, .. } if from.is_integer() => {
                let number = self.integer(operand)?;
                Ok(arith::integer_to_float(*from, node.kind, number))
            }
            Op::Numeric { from, operand, .. } if from.is_float() => {
                let number = self.float(operand)?;
                Ok(match node.kind {
                    Kind::Single => arith::to_single(number),
                    _ => number,
                })
            }
            Op::Numeric { .. } => {
                let number = self.numeric(node)?;
                expect(arith::unboxed_float(&number), node)
            }
            Op::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                if self.truth(condition)? {
                    self.float(then)
                } else {
                    self.float(otherwise)
                }
            }
            _ => {
                let value = self.value(node)?;
                expect(arith::unboxed_float(&value), node)
            }
        }
    }

    /// A node of kind `Decimal`.
    fn decimal(&mut self, node: &Node) -> Result<Decimal, Throw> {
        match self.value(node)? {
            Value::Decimal(number) => Ok(number),
            _ => Err(mismatch(node)),
        }
    }

    /// Arithmetic that yields a `Value`: of whatever kind.
    pub(super) fn arithmetic(&mut self, node: &Node) -> Result<Value, Throw> {
        match (&node.op, node.kind) {
            (_, Kind::Bool) => self.truth(node).map(Value::Bool),
            (_, kind) if kind.is_integer() => Ok(arith::boxed(kind, self.integer(node)?)),
            (_, kind) if kind.is_float() => Ok(arith::boxed_float(kind, self.float(node)?)),
            (Op::Arithmetic { op, operands, .. }, _) => {
                let [left, right] = &**operands;
                let (left, right) = (self.decimal(left)?, self.decimal(right)?);
                self.machine.step(8)?;
                decimals(*op, left, right)
                    .map(Value::Decimal)
                    .map_err(|throw| throw.at(node.start, node.end))
            }
            (Op::Negate { operand, .. }, _) => {
                self.decimal(operand).map(|number| Value::Decimal(-number))
            }
            (Op::Numeric { .. }, _) => self.numeric(node),
            _ => Err(mismatch(node)),
        }
    }

    /// A conversion that has no unboxed way.
    fn numeric(&mut self, node: &Node) -> Result<Value, Throw> {
        let Op::Numeric {
            checked, operand, ..
        } = &node.op
        else {
            return Err(mismatch(node));
        };
        let number = self.value(operand)?;
        let to = arith::primitive(node.kind).ok_or_else(|| mismatch(node))?;
        convert(&number, to, *checked).map_err(|throw| throw.at(node.start, node.end))
    }

    fn compare(
        &mut self,
        op: Comparison,
        kind: Kind,
        left: &Node,
        right: &Node,
    ) -> Result<bool, Throw> {
        if kind.is_integer() {
            let (left, right) = (self.integer(left)?, self.integer(right)?);
            return Ok(arith::integers_compare(op, kind, left, right));
        }
        let ordering = match kind {
            Kind::Bool => {
                let (left, right) = (self.truth(left)?, self.truth(right)?);
                Some(left.cmp(&right))
            }
            Kind::Decimal => {
                let (left, right) = (self.decimal(left)?, self.decimal(right)?);
                Some(left.cmp(&right))
            }
            _ => {
                let (left, right) = (self.float(left)?, self.float(right)?);
                left.partial_cmp(&right)
            }
        };
        Ok(arith::holds(op, ordering))
    }

    fn string_equals(&mut self, left: &Node, right: &Node) -> Result<bool, Throw> {
        let left = self.value(left)?;
        let owned;
        let right = match &right.op {
            Op::Constant(constant) => constant,
            _ => {
                owned = self.value(right)?;
                &owned
            }
        };
        Ok(match (&left, right) {
            (Value::String(left), Value::String(right)) => {
                self.machine.pass(left.size().min(right.size()))?;
                left == right
            }
            (left, right) => left.is_null() && right.is_null(),
        })
    }

    fn is_null(&mut self, operand: &Node) -> Result<bool, Throw> {
        if let Op::Local(slot) = operand.op {
            return Ok(self.slot(slot).is_null());
        }
        self.value(operand).map(|value| value.is_null())
    }
}

/// `left op right` in `decimal`.
pub(crate) fn decimals(op: Arithmetic, left: Decimal, right: Decimal) -> Result<Decimal, Throw> {
    let result = match op {
        Arithmetic::Add => left.checked_add(right),
        Arithmetic::Subtract => left.checked_sub(right),
        Arithmetic::Multiply => multiply_decimals(left, right),
        Arithmetic::Divide | Arithmetic::Remainder if right.is_zero() => {
            return Err(Throw::divide_by_zero());
        }
        Arithmetic::Divide => divide_decimals(left, right),
        _ => decimal_remainder(left, right),
    };
    result.ok_or_else(|| Throw::overflow("Value was either too large or too small for a Decimal."))
}

fn expect<T>(number: Option<T>, node: &Node) -> Result<T, Throw> {
    number.ok_or_else(|| mismatch(node))
}

fn expect_bool(value: &Value, node: &Node) -> Result<bool, Throw> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        _ => Err(mismatch(node)),
    }
}

/// A value that is not of its node's kind: .NET would not have let it get here, so a native gave a wrong one.
#[cold]
pub(super) fn mismatch(node: &Node) -> Throw {
    Throw::invalid_cast(format!(
        "The value is not of the expected type {:?}.",
        node.kind
    ))
    .at(node.start, node.end)
}
