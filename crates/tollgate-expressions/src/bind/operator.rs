//! Unary and binary operators.

use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::{BinaryOp, BinaryTail, Expr, Range32};

use super::call::dynamic;
use super::constant::{self, Fault};
use super::lift::boolean;
use super::types::{kind_of, type_of_kind};
use super::{Bind, Binder, Bound, Reported, Typed, node};
use crate::typed::{Arithmetic, Comparison, Dynamic, Kind, Node, Op};

/// How many operators may stand in one chain that cannot be flattened.
const CHAIN: usize = 400;

/// The operand kinds that arithmetic is defined on, in the order C# prefers them.
pub(super) const PROMOTED: [Kind; 7] = [
    Kind::Int32,
    Kind::UInt32,
    Kind::Int64,
    Kind::UInt64,
    Kind::Single,
    Kind::Double,
    Kind::Decimal,
];

impl<'a> Binder<'a> {
    /// `first op operand op operand …`.
    pub(super) fn binary_chain(
        &mut self,
        first: &'a Expr,
        rest: &'a [BinaryTail],
        whole: Range32,
    ) -> Bind<Typed> {
        let logical = |op: BinaryOp| matches!(op, BinaryOp::And | BinaryOp::Or);
        if let Some(tail) = rest.first()
            && logical(tail.op)
        {
            return self.logical(tail.op, first, rest, whole);
        }
        if rest.len() > CHAIN && !rest.iter().all(|tail| tail.op == BinaryOp::Add) {
            return Err(self.error(
                "CS8078",
                "An expression is too long or complex to compile",
                whole,
            ));
        }
        let mut left = self.natural(first);
        let mut start = Range32::new(whole.start, first.range.end);
        for (count, tail) in rest.iter().enumerate() {
            let right = self.natural(&tail.operand);
            let range = start.to(tail.operand.range);
            start = range;
            left = match (left, right) {
                (Ok(left), Ok(right)) => self
                    .binary_bound(tail.op, left, right, range)
                    .map(Bound::Value),
                _ => Err(Reported),
            };
            if count > CHAIN
                && let Ok(Bound::Value(value)) = &left
                && !matches!(value.node.op, Op::Concat(_) | Op::Constant(_))
            {
                return Err(self.error(
                    "CS8078",
                    "An expression is too long or complex to compile",
                    range,
                ));
            }
        }
        match left? {
            Bound::Value(value) => Ok(value),
            _ => Err(Reported),
        }
    }

    /// `a && b && …`, `a || b || …`.
    fn logical(
        &mut self,
        op: BinaryOp,
        first: &'a Expr,
        rest: &'a [BinaryTail],
        range: Range32,
    ) -> Bind<Typed> {
        let mut nodes = Vec::with_capacity(rest.len() + 1);
        let mut failed = false;
        let operands = std::iter::once(first).chain(rest.iter().map(|tail| &tail.operand));
        let mut types: Vec<String> = Vec::new();
        for operand in operands {
            let Ok(value) = self.expression(operand) else {
                failed = true;
                continue;
            };
            let shown = self.display_bound(&value);
            types.push(shown);
            match self.implicit(&value, &Type::bool()) {
                Some(_) => nodes.push(self.convert_to_bool(value, operand.range)?),
                None => {
                    let sign = sign(op);
                    let (left, right) = match types.as_slice() {
                        [only] => {
                            // The other operand's type is part of the message.
                            let only = only.clone();
                            let other = rest
                                .first()
                                .and_then(|tail| {
                                    self.quietly(|binder| binder.expression(&tail.operand))
                                })
                                .map_or_else(
                                    || "?".to_string(),
                                    |other| self.display_bound(&other),
                                );
                            (only, other)
                        }
                        [.., right] => ("bool".to_string(), right.clone()),
                        [] => (String::new(), String::new()),
                    };
                    return Err(self.error(
                        "CS0019",
                        format!("Operator '{sign}' cannot be applied to operands of type '{left}' and '{right}'"),
                        range,
                    ));
                }
            }
        }
        if failed {
            return Err(Reported);
        }
        let and = op == BinaryOp::And;
        let constant = |node: &Node| match node.op {
            Op::Constant(Value::Bool(value)) => Some(value),
            _ => None,
        };
        // Only constants all through are a constant; a constant that decides nothing is dropped by folding.
        let all: Option<Vec<bool>> = nodes.iter().map(constant).collect();
        if let Some(all) = all {
            let value = match and {
                true => all.iter().all(|value| *value),
                false => all.iter().any(|value| *value),
            };
            return Ok(Typed {
                node: boolean(value, range),
                ty: Type::bool(),
            });
        }
        let op = match and {
            true => Op::And(nodes.into()),
            false => Op::Or(nodes.into()),
        };
        Ok(Typed::new(op, Type::bool(), range))
    }

    pub(super) fn binary_bound(
        &mut self,
        op: BinaryOp,
        left: Bound<'a>,
        right: Bound<'a>,
        range: Range32,
    ) -> Bind<Typed> {
        match (left, right) {
            (Bound::Value(left), Bound::Value(right)) => self.binary(op, left, right, range),
            (Bound::Default(_), _) | (_, Bound::Default(_))
                if !matches!(op, BinaryOp::Equal | BinaryOp::NotEqual) =>
            {
                let sign = sign(op);
                let message = format!("Operator '{sign}' cannot be applied to operand 'default'");
                Err(self.error("CS8310", message, range))
            }
            // `x == default`.
            (Bound::Value(left), right @ (Bound::Lambda(..) | Bound::Methods(_)))
                if left.ty.is_delegate() =>
            {
                let node = self.convert(right, &left.ty.clone(), range)?;
                let ty = left.ty.clone();
                self.binary(op, left, Typed { node, ty }, range)
            }
            (Bound::Value(left), Bound::Default(at)) => {
                let right = self.default_of(&left.ty, at);
                self.binary(op, left, right, range)
            }
            (Bound::Default(at), Bound::Value(right)) => {
                let left = self.default_of(&right.ty, at);
                self.binary(op, left, right, range)
            }
            (Bound::Tuple(items, at), Bound::Value(right))
                if matches!(right.ty, Type::Tuple(_)) =>
            {
                let ty = right.ty.clone();
                let node = self.convert(Bound::Tuple(items, at), &ty, at)?;
                self.binary(op, Typed { node, ty }, right, range)
            }
            (Bound::Value(left), Bound::Tuple(items, at)) if matches!(left.ty, Type::Tuple(_)) => {
                let ty = left.ty.clone();
                let node = self.convert(Bound::Tuple(items, at), &ty, at)?;
                self.binary(op, left, Typed { node, ty }, range)
            }
            (left, right) => {
                for bound in [&left, &right] {
                    if let Bound::Type(_) | Bound::Namespace(_) = bound {
                        return Err(self.not_a_value(bound, range));
                    }
                }
                let (left, right) = (self.display_bound(&left), self.display_bound(&right));
                Err(self.not_applicable(op, &left, &right, range))
            }
        }
    }

    pub(super) fn not_applicable(
        &mut self,
        op: BinaryOp,
        left: &str,
        right: &str,
        range: Range32,
    ) -> Reported {
        let sign = sign(op);
        self.error(
            "CS0019",
            format!(
                "Operator '{sign}' cannot be applied to operands of type '{left}' and '{right}'"
            ),
            range,
        )
    }

    /// `left op right`; `&&` and `||` are elsewhere.
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: Typed,
        right: Typed,
        range: Range32,
    ) -> Bind<Typed> {
        if left.ty == Type::Dynamic || right.ty == Type::Dynamic {
            return Ok(late(op, left, right, range));
        }
        let comparison = comparison(op);
        let equality = matches!(comparison, Some(Comparison::Equal | Comparison::NotEqual));
        if equality && (left.ty == Type::Null || right.ty == Type::Null) {
            return self.null_test(op, left, right, range);
        }
        if left.ty == Type::Null && right.ty == Type::Null {
            return self.of_nulls(op, range);
        }
        if op == BinaryOp::Add
            && (left.ty.is_string() || right.ty.is_string())
            && !matches!(left.ty, Type::Void)
            && !matches!(right.ty, Type::Void)
        {
            // A type's own operator comes before text.
            if self.has_operator(&left, &right, "+")
                && let Some(result) = self.user_operator(op, &left, &right, range)?
            {
                return Ok(result);
            }
            return Ok(concat(left, right, range));
        }
        // A null beside a value is one of its `T?`.
        let left = null_of(left, &right.ty);
        let right = null_of(right, &left.ty);
        if equality && left.ty.is_string() && right.ty.is_string() {
            return Ok(string_equality(op, left, right, range));
        }
        if let Some(result) = self.user_operator(op, &left, &right, range)? {
            return Ok(result);
        }
        if matches!(left.ty, Type::Nullable(_)) || matches!(right.ty, Type::Nullable(_)) {
            return self.lifted(op, left, right, range);
        }
        let (a, b) = (kind_of(&left.ty), kind_of(&right.ty));
        if a == Kind::Bool && b == Kind::Bool {
            if let Some(comparison) = comparison.filter(|_| equality) {
                return Ok(self.compare(comparison, Kind::Bool, left.node, right.node, range));
            }
            if let Some(arithmetic @ (Arithmetic::And | Arithmetic::Or | Arithmetic::Xor)) =
                arithmetic(op)
            {
                return self.arithmetic(arithmetic, Kind::Bool, left.node, right.node, range);
            }
        }
        if left.ty.is_enum() || right.ty.is_enum() {
            if let Some(result) = self.enum_operator(op, &left, &right, range)? {
                return Ok(result);
            }
        } else if let Some(kind) = self.promote(op, &left, &right, range)? {
            let shift = matches!(op, BinaryOp::ShiftLeft | BinaryOp::ShiftRight);
            let ty = type_of_kind(kind);
            let left = self.convert_typed(left, &ty, range)?;
            let right_type = if shift { Type::int() } else { ty };
            let right = self.convert_typed(right, &right_type, range)?;
            return match (comparison, arithmetic(op)) {
                (Some(comparison), _) => Ok(self.compare(comparison, kind, left, right, range)),
                (None, Some(op)) => self.arithmetic(op, kind, left, right, range),
                (None, None) => Err(Reported),
            };
        }
        if let Some(combined) = delegates(op, &left, &right, range) {
            return Ok(combined);
        }
        if equality {
            if let (Type::Tuple(x), Type::Tuple(y)) = (&left.ty, &right.ty)
                && x.len() == y.len()
            {
                return self.tuple_equality(op, left, right, range);
            }
            let classes = self.is_class(&left.ty) && super::types::same(&left.ty, &right.ty);
            if classes
                || left.ty.is_reference()
                    && right.ty.is_reference()
                    && (self.explicit_reference(&left.ty, &right.ty)
                        || self.explicit_reference(&right.ty, &left.ty))
            {
                let test = node(
                    Op::ReferenceEquals(Box::new([left.node, right.node])),
                    Kind::Bool,
                    range,
                );
                return Ok(negated_if(op == BinaryOp::NotEqual, test, range));
            }
        }
        let (left, right) = (left.ty.to_string(), right.ty.to_string());
        Err(self.not_applicable(op, &left, &right, range))
    }

    /// `null op null`: the lifted operator on `int`, if none other is as good.
    fn of_nulls(&mut self, op: BinaryOp, range: Range32) -> Bind<Typed> {
        let ambiguous = matches!(
            op,
            BinaryOp::Add | BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor
        );
        if ambiguous {
            let sign = sign(op);
            let message =
                format!("Operator '{sign}' is ambiguous on operands of type '<null>' and '<null>'");
            return Err(self.error("CS0034", message, range));
        }
        Ok(match comparison(op) {
            Some(_) => Typed {
                node: boolean(false, range),
                ty: Type::bool(),
            },
            None => Typed::new(Op::Constant(Value::Null), Type::int().nullable(), range),
        })
    }

    /// Whether a cast could lead from one reference type to the other, without conversion operators.
    pub(super) fn explicit_reference(&self, from: &Type, to: &Type) -> bool {
        use super::convert::{Conversion, is_interface};
        match self.explicit(from, None, to) {
            Some(Conversion::Identity | Conversion::Cast | Conversion::Unbox) => true,
            _ => is_interface(from) && is_interface(to),
        }
    }

    /// The kind both operands are taken as; `None` if arithmetic is not defined on them.
    fn promote(
        &mut self,
        op: BinaryOp,
        left: &Typed,
        right: &Typed,
        range: Range32,
    ) -> Bind<Option<Kind>> {
        let fits = |binder: &Self, value: &Typed, kind: Kind| {
            kind_of(&value.ty) != Kind::Other
                && binder
                    .standard(&value.ty, value.as_constant(), &type_of_kind(kind))
                    .is_some()
        };
        let integral = |kind: Kind| {
            matches!(
                kind,
                Kind::Int32 | Kind::UInt32 | Kind::Int64 | Kind::UInt64
            )
        };
        if matches!(op, BinaryOp::ShiftLeft | BinaryOp::ShiftRight) {
            return Ok(PROMOTED
                .into_iter()
                .filter(|kind| integral(*kind))
                .find(|kind| fits(self, left, *kind))
                .filter(|_| fits(self, right, Kind::Int32)));
        }
        let bitwise = matches!(op, BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor);
        let found = PROMOTED
            .into_iter()
            .filter(|kind| !bitwise || integral(*kind))
            .find(|kind| fits(self, left, *kind) && fits(self, right, *kind));
        let whole = |value: &Typed| {
            !matches!(
                kind_of(&value.ty),
                Kind::Single | Kind::Double | Kind::Decimal
            )
        };
        if found == Some(Kind::Single) && whole(left) && whole(right) {
            let (left, right) = (&left.ty, &right.ty);
            let sign = sign(op);
            let message = format!(
                "Operator '{sign}' is ambiguous on operands of type '{left}' and '{right}'"
            );
            return Err(self.error("CS0034", message, range));
        }
        Ok(found)
    }

    /// Arithmetic on two operands of the kind it is done in.
    pub(super) fn arithmetic(
        &mut self,
        op: Arithmetic,
        kind: Kind,
        left: Node,
        right: Node,
        range: Range32,
    ) -> Bind<Typed> {
        let ty = type_of_kind(kind);
        if let (Op::Constant(a), Op::Constant(b)) = (&left.op, &right.op) {
            let checked = self.overflow != Some(false);
            match constant::arithmetic(op, kind, checked, a, b) {
                Ok(value) => return Ok(Typed::constant(value, ty, range)),
                Err(Fault::Overflow) => {
                    return Err(self.error(
                        "CS0220",
                        "The operation overflows at compile time in checked mode",
                        range,
                    ));
                }
                Err(Fault::Decimal) => {
                    return Err(self.error(
                        "CS0463",
                        "Evaluation of the decimal constant expression failed",
                        range,
                    ));
                }
                Err(Fault::DivideByZero | Fault::Unknown) => {}
            }
        }
        let whole = !matches!(kind, Kind::Single | Kind::Double);
        if matches!(op, Arithmetic::Divide | Arithmetic::Remainder) && whole && is_zero(&right) {
            return Err(self.error("CS0020", "Division by constant zero", range));
        }
        Ok(Typed::new(
            Op::Arithmetic {
                op,
                kind,
                checked: self.overflow == Some(true),
                operands: Box::new([left, right]),
            },
            ty,
            range,
        ))
    }

    pub(super) fn compare(
        &self,
        op: Comparison,
        kind: Kind,
        left: Node,
        right: Node,
        range: Range32,
    ) -> Typed {
        if let (Op::Constant(a), Op::Constant(b)) = (&left.op, &right.op)
            && let Some(result) = constant::compare(op, a, b)
        {
            return Typed {
                node: boolean(result, range),
                ty: Type::bool(),
            };
        }
        Typed::new(
            Op::Compare {
                op,
                kind,
                operands: Box::new([left, right]),
            },
            Type::bool(),
            range,
        )
    }

    /// `x == null`, `x != null`.
    fn null_test(
        &mut self,
        op: BinaryOp,
        left: Typed,
        right: Typed,
        range: Range32,
    ) -> Bind<Typed> {
        let negate = op == BinaryOp::NotEqual;
        if left.ty == Type::Null && right.ty == Type::Null {
            return Ok(Typed {
                node: boolean(!negate, range),
                ty: Type::bool(),
            });
        }
        let value = if left.ty == Type::Null { right } else { left };
        if value.ty == Type::Void {
            return Err(self.not_applicable(op, "void", "<null>", range));
        }
        if value.ty.is_reference() || matches!(value.ty, Type::Nullable(_)) {
            let test = node(Op::IsNull(value.node.into()), Kind::Bool, range);
            return Ok(negated_if(negate, test, range));
        }
        // A value is never null; C# warns only.
        let known = boolean(negate, range);
        Ok(Typed {
            node: super::call::sequence(vec![value.node, known], range),
            ty: Type::bool(),
        })
    }
}

/// `a + b` and `a - b` of delegates of one type.
fn delegates(op: BinaryOp, left: &Typed, right: &Typed, range: Range32) -> Option<Typed> {
    let ty = match (left.ty.is_delegate(), right.ty.is_delegate()) {
        (true, true) if left.ty == right.ty => &left.ty,
        (true, false) if right.ty == Type::Null => &left.ty,
        (false, true) if left.ty == Type::Null => &right.ty,
        _ => return None,
    };
    let remove = match op {
        BinaryOp::Add => false,
        BinaryOp::Subtract => true,
        _ => return None,
    };
    let operands = Box::new([left.node.clone(), right.node.clone()]);
    Some(Typed::new(
        Op::Delegates { remove, operands },
        ty.clone(),
        range,
    ))
}

pub(super) fn negated_if(negate: bool, test: Node, range: Range32) -> Typed {
    let op = match negate {
        true => Op::Not(test.into()),
        false => {
            return Typed {
                node: test,
                ty: Type::bool(),
            };
        }
    };
    Typed::new(op, Type::bool(), range)
}

fn null_of(value: Typed, other: &Type) -> Typed {
    let other = super::types::underlying(other);
    let simple = kind_of(other) != Kind::Other || other.is_enum();
    match value.ty {
        Type::Null if simple => Typed {
            ty: other.clone().nullable(),
            ..value
        },
        _ => value,
    }
}

fn is_zero(node: &Node) -> bool {
    match &node.op {
        Op::Constant(Value::Decimal(number)) => number.is_zero(),
        Op::Constant(value) => value.as_integer() == Some(0),
        _ => false,
    }
}

fn string_equality(op: BinaryOp, left: Typed, right: Typed, range: Range32) -> Typed {
    let negate = op == BinaryOp::NotEqual;
    if let (Op::Constant(Value::String(a)), Op::Constant(Value::String(b))) =
        (&left.node.op, &right.node.op)
        && let (Some(a), Some(b)) = (a.as_utf8(), b.as_utf8())
    {
        return Typed {
            node: boolean((a == b) != negate, range),
            ty: Type::bool(),
        };
    }
    let test = node(
        Op::StringEquals(Box::new([left.node, right.node])),
        Kind::Bool,
        range,
    );
    negated_if(negate, test, range)
}

/// `a + b` of which one is a string; chains become one node.
fn concat(left: Typed, right: Typed, range: Range32) -> Typed {
    let text = |node: &Node| match &node.op {
        Op::Constant(Value::String(text)) => text.as_utf8().map(str::to_string),
        _ => None,
    };
    let mut items = match left.node.op {
        Op::Concat(items) => items.into_vec(),
        _ => vec![left.node],
    };
    if let Some(last) = items.last_mut()
        && let (Some(a), Some(b)) = (text(last), text(&right.node))
    {
        last.op = Op::Constant(Value::from(a + &b));
        last.end = right.node.end;
        if items.len() == 1
            && let Some(mut only) = items.pop()
        {
            (only.start, only.end) = (range.start, range.end);
            return Typed {
                node: only,
                ty: Type::string(),
            };
        }
    } else {
        items.push(right.node);
    }
    Typed::new(Op::Concat(items.into()), Type::string(), range)
}

fn late(op: BinaryOp, left: Typed, right: Typed, range: Range32) -> Typed {
    let (left, right) = (left.node, right.node);
    let operation = match (comparison(op), arithmetic(op)) {
        (Some(op), _) => Dynamic::Compare { op, left, right },
        (None, Some(op)) => Dynamic::Arithmetic { op, left, right },
        (None, None) => Dynamic::Arithmetic {
            op: Arithmetic::And,
            left,
            right,
        },
    };
    dynamic(operation, range)
}

pub(super) fn comparison(op: BinaryOp) -> Option<Comparison> {
    Some(match op {
        BinaryOp::Equal => Comparison::Equal,
        BinaryOp::NotEqual => Comparison::NotEqual,
        BinaryOp::Less => Comparison::Less,
        BinaryOp::LessOrEqual => Comparison::LessOrEqual,
        BinaryOp::Greater => Comparison::Greater,
        BinaryOp::GreaterOrEqual => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

pub(super) fn arithmetic(op: BinaryOp) -> Option<Arithmetic> {
    Some(match op {
        BinaryOp::Add => Arithmetic::Add,
        BinaryOp::Subtract => Arithmetic::Subtract,
        BinaryOp::Multiply => Arithmetic::Multiply,
        BinaryOp::Divide => Arithmetic::Divide,
        BinaryOp::Remainder => Arithmetic::Remainder,
        BinaryOp::BitAnd => Arithmetic::And,
        BinaryOp::BitOr => Arithmetic::Or,
        BinaryOp::BitXor => Arithmetic::Xor,
        BinaryOp::ShiftLeft => Arithmetic::ShiftLeft,
        BinaryOp::ShiftRight => Arithmetic::ShiftRight,
        _ => return None,
    })
}

/// How the operator is written.
pub(super) fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Remainder => "%",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::ShiftLeft => "<<",
        BinaryOp::ShiftRight => ">>",
        BinaryOp::Less => "<",
        BinaryOp::Greater => ">",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitXor => "^",
        BinaryOp::BitOr => "|",
        BinaryOp::And => "&&",
        BinaryOp::Or => "||",
    }
}
