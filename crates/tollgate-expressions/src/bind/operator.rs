//! Unary and binary operators.

use tollgate_dotnet::{MemberKind, Type, Value};
use tollgate_syntax::csharp::ast::{BinaryOp, BinaryTail, Expr, Range32, UnaryOp};

use super::call::dynamic;
use super::constant::{self, Fault};
use super::lift::{Lifted, boolean, is_null};
use super::overload::{Argument, Passed};
use super::types::{kind_of, same, type_of_kind, underlying};
use super::{Bind, Binder, Bound, Callee, Methods, Reported, Typed, node};
use crate::typed::{Arithmetic, Comparison, Dynamic, Kind, Node, Op};

/// How many operators may stand in one chain that cannot be flattened.
const CHAIN: usize = 400;

/// The operand kinds that arithmetic is defined on, in the order C# prefers them.
const PROMOTED: [Kind; 7] = [
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
    pub(super) fn binary_chain(&mut self, first: &'a Expr, rest: &'a [BinaryTail]) -> Bind<Typed> {
        let logical = |op: BinaryOp| matches!(op, BinaryOp::And | BinaryOp::Or);
        if let Some(tail) = rest.first()
            && logical(tail.op)
        {
            return self.logical(tail.op, first, rest);
        }
        if rest.len() > CHAIN && !rest.iter().all(|tail| tail.op == BinaryOp::Add) {
            let range = rest.last().map_or(first.range, |last| last.operand.range);
            return Err(self.error(
                "CS8078",
                "An expression is too long or complex to compile",
                first.range.to(range),
            ));
        }
        let mut left = self.expression(first);
        let mut start = first.range;
        for (count, tail) in rest.iter().enumerate() {
            let right = self.expression(&tail.operand);
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
    fn logical(&mut self, op: BinaryOp, first: &'a Expr, rest: &'a [BinaryTail]) -> Bind<Typed> {
        let mut nodes = Vec::with_capacity(rest.len() + 1);
        let mut failed = false;
        let operands = std::iter::once(first).chain(rest.iter().map(|tail| &tail.operand));
        let range = rest
            .last()
            .map_or(first.range, |last| first.range.to(last.operand.range));
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

    fn binary_bound(
        &mut self,
        op: BinaryOp,
        left: Bound<'a>,
        right: Bound<'a>,
        range: Range32,
    ) -> Bind<Typed> {
        match (left, right) {
            (Bound::Value(left), Bound::Value(right)) => self.binary(op, left, right, range),
            // `x == default`.
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

    fn not_applicable(
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
        if op == BinaryOp::Add
            && (left.ty.is_string() || right.ty.is_string())
            && !matches!(left.ty, Type::Void)
            && !matches!(right.ty, Type::Void)
            && !self.has_operator(&left, &right, "+")
        {
            return Ok(concat(left, right, range));
        }
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
        if equality {
            if let (Type::Tuple(x), Type::Tuple(y)) = (&left.ty, &right.ty)
                && x.len() == y.len()
            {
                return self.tuple_equality(op, left, right, range);
            }
            if left.ty.is_reference()
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

    fn has_operator(&self, left: &Typed, right: &Typed, sign: &str) -> bool {
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
    fn user_operator(
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
    fn operators(&self, types: &[&Type], sign: &str, arity: usize) -> Vec<Callee> {
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
    fn lifted(&mut self, op: BinaryOp, left: Typed, right: Typed, range: Range32) -> Bind<Typed> {
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

    fn enum_operator(
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

    fn tuple_equality(
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
        let value = self.value(operand)?;
        self.unary_typed(op, value, range)
    }

    fn unary_typed(&mut self, op: UnaryOp, value: Typed, range: Range32) -> Bind<Typed> {
        let sign = match op {
            UnaryOp::Not => "!",
            UnaryOp::Minus => "-",
            UnaryOp::Complement => "~",
            _ => "+",
        };
        if value.ty == Type::Dynamic && matches!(op, UnaryOp::Not | UnaryOp::Minus) {
            let not = op == UnaryOp::Not;
            return Ok(dynamic(
                Dynamic::Unary {
                    not,
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

fn lifted_mode(op: BinaryOp) -> Lifted {
    match comparison(op) {
        Some(Comparison::Equal | Comparison::NotEqual) => Lifted::BothNull,
        Some(_) => Lifted::False,
        None => Lifted::Null,
    }
}

fn negated_if(negate: bool, test: Node, range: Range32) -> Typed {
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

fn operator_methods(own: Vec<Callee>, sign: &str, range: Range32) -> Methods {
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

fn typed_argument<'a>(value: Typed) -> Argument<'a> {
    Argument {
        name: None,
        range: value.range(),
        value: Passed::Value(Bound::Value(value)),
    }
}

fn comparison(op: BinaryOp) -> Option<Comparison> {
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

fn arithmetic(op: BinaryOp) -> Option<Arithmetic> {
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
