//! Expressions.

use tollgate_dotnet::{Str, Type, Value};
use tollgate_syntax::csharp::ast::{
    self, Expr, ExprKind, InterpolatedPart, Literal, LiteralText, Range32,
};

use super::call::sequence;
use super::lift::is_null;
use super::types::{kind_of, predefined, same};
use super::{Bind, Binder, Bound, Reported, Typed, node};
use crate::typed::{Kind, Node, Op, Piece};

impl<'a> Binder<'a> {
    /// What an expression means.
    pub(super) fn expression(&mut self, expr: &'a Expr) -> Bind<Bound<'a>> {
        let bound = self.unresolved(expr)?;
        Ok(self.settle(bound, expr.range))
    }

    /// As [`expression`](Self::expression), for the target of a call.
    pub(super) fn unresolved(&mut self, expr: &'a Expr) -> Bind<Bound<'a>> {
        let bound = self.meaning(expr)?;
        self.note(expr, &bound);
        Ok(bound)
    }

    fn meaning(&mut self, expr: &'a Expr) -> Bind<Bound<'a>> {
        let range = expr.range;
        self.tick(range)?;
        let value = match &expr.kind {
            ExprKind::Missing => return Err(Reported),
            ExprKind::Literal(literal) => self.literal(literal, range)?,
            ExprKind::Interpolated(parts) => self.interpolated(parts, range)?,
            ExprKind::Name(name) => return self.name(name, range),
            ExprKind::Predefined(ty) => return Ok(Bound::Type(predefined(*ty))),
            ExprKind::Member { target, name } => return self.member(target, name, range, false),
            ExprKind::ConditionalAccess { receiver, access } => {
                self.conditional_access(receiver, access, range)?
            }
            ExprKind::Receiver => self.receivers.last().cloned().ok_or(Reported)?,
            ExprKind::Index { target, arguments } => self.index(target, arguments, range)?,
            ExprKind::Call { target, arguments } => return self.call(target, arguments, range),
            ExprKind::Unary { op, operand } => self.unary(*op, operand, range)?,
            ExprKind::Binary { first, rest } => self.binary_chain(first, rest, range)?,
            ExprKind::Cast { ty, value } => {
                let to = self.type_syntax(ty);
                let value = self.expression(value);
                self.cast(value?, &to?, range)?
            }
            ExprKind::Is { value, pattern } => self.is(value, pattern, range)?,
            ExprKind::As { value, ty } => self.as_type(value, ty, range)?,
            ExprKind::Coalesce { left, right } => self.coalesce(left, right, range)?,
            ExprKind::Conditional {
                condition,
                when_true,
                when_false,
            } => self.conditional(condition, when_true, when_false, range)?,
            ExprKind::Assign { op, target, value } => self.assign(*op, target, value, range)?,
            ExprKind::Tuple(items) => return self.tuple(items, range),
            ExprKind::Declaration { .. } => {
                return Err(self.error(
                    "CS8185",
                    "A declaration is not allowed in this context.",
                    range,
                ));
            }
            ExprKind::New(new) => match &new.ty {
                Some(ty) => {
                    let ty = self.type_syntax(ty)?;
                    self.new_of(new, ty, range)?
                }
                // C# 9: the parser has refused it.
                None => return Err(Reported),
            },
            ExprKind::NewArray(new) => self.new_array(new, range)?,
            ExprKind::ArrayInitializer(_) => {
                return Err(self.error(
                    "CS0622",
                    "Can only use array initializer expressions to assign to array types. Try using a new expression instead.",
                    range,
                ));
            }
            ExprKind::NewAnonymous(members) => self.anonymous(members, range)?,
            ExprKind::Lambda(lambda) => return Ok(Bound::Lambda(lambda, range)),
            ExprKind::Query(query) => {
                self.check_query(query)?;
                let lowered = self.queries.lower(query, range);
                let errors = self.errors.len();
                let result = self.expression(lowered);
                if result.is_err() {
                    self.explain_query(query, range, errors);
                }
                return result;
            }
            // C# 8: the parser has refused it.
            ExprKind::Switch(_) => return Err(Reported),
            ExprKind::Throw(value) => {
                let thrown = self.value(value)?;
                self.check_exception(&thrown, value.range)?;
                return Ok(Bound::Throw(node(
                    Op::Throw(thrown.node.into()),
                    Kind::Other,
                    range,
                )));
            }
            ExprKind::Checked(inner) => return self.with_overflow(true, inner),
            ExprKind::Unchecked(inner) => return self.with_overflow(false, inner),
            ExprKind::TypeOf(ty) => {
                let of = self.reflected(ty)?;
                match self.registry.find("System.Type", 0) {
                    Some(table) => Typed::new(Op::TypeOf(of), Type::plain(table.0), range),
                    None => return Err(self.unknown_type("Type", range)),
                }
            }
            ExprKind::NameOf(of) => self.name_of(of, range)?,
            ExprKind::Default(Some(ty)) => {
                let of = self.type_syntax(ty)?;
                self.not_void(&of, ty.range)?;
                self.default_of(&of, range)
            }
            ExprKind::Default(None) => return Ok(Bound::Default(range)),
        };
        Ok(Bound::Value(value))
    }

    /// The expression, which must be a value.
    pub(super) fn value(&mut self, expr: &'a Expr) -> Bind<Typed> {
        let value = self.value_or_void(expr)?;
        match value.ty {
            Type::Void => Err(self.error(
                "CS0029",
                "Cannot implicitly convert type 'void' to 'object'",
                expr.range,
            )),
            _ => Ok(value),
        }
    }

    /// The expression where nothing says what type it should have.
    pub(super) fn natural(&mut self, expr: &'a Expr) -> Bind<Bound<'a>> {
        let errors = self.errors.len();
        let bound = self.expression(expr);
        for error in self.errors.iter_mut().skip(errors) {
            if error.code == "CS8957" && error.start == expr.range.start {
                error.code = "CS0173";
                error.message = "Type of conditional expression cannot be determined because there is no implicit conversion between its values".into();
            }
        }
        bound
    }

    pub(super) fn value_or_void(&mut self, expr: &'a Expr) -> Bind<Typed> {
        match self.natural(expr)? {
            Bound::Value(value) => Ok(value),
            other => Err(self.not_a_value(&other, expr.range)),
        }
    }

    pub(super) fn not_a_value(&mut self, bound: &Bound<'a>, range: Range32) -> Reported {
        match bound {
            Bound::Type(ty) => self.error(
                "CS0119",
                format!("'{ty}' is a type, which is not valid in the given context"),
                range,
            ),
            Bound::Namespace(name) => self.error(
                "CS0118",
                format!("'{name}' is a namespace but is used like a variable"),
                range,
            ),
            Bound::Methods(methods) => {
                let message = format!(
                    "Cannot convert method group '{}' to non-delegate type 'object'. Did you intend to invoke the method?",
                    methods.name
                );
                self.error("CS0428", message, range)
            }
            Bound::Lambda(..) => self.error(
                "CS1660",
                "Cannot convert lambda expression to type 'object' because it is not a delegate type",
                range,
            ),
            Bound::Default(_) => self.error(
                "CS8716",
                "There is no target type for the default literal.",
                range,
            ),
            Bound::Throw(_) => self.error(
                "CS8115",
                "A throw expression is not allowed in this context.",
                range,
            ),
            Bound::Tuple(..) | Bound::Value(_) => self.error(
                "CS8130",
                "Cannot infer the type of a tuple element.",
                range,
            ),
        }
    }

    fn literal(&mut self, literal: &Literal, range: Range32) -> Bind<Typed> {
        let (value, ty) = match literal {
            Literal::Null => (Value::Null, Type::Null),
            Literal::Bool(value) => (Value::Bool(*value), Type::bool()),
            Literal::Char(unit) => (Value::Char(*unit), Type::char()),
            Literal::Int(number) => (Value::Int32(*number), Type::int()),
            Literal::UInt(number) => (Value::UInt32(*number), Type::uint()),
            Literal::Long(number) => (Value::Int64(*number), Type::long()),
            Literal::ULong(number) => (Value::UInt64(*number), Type::ulong()),
            Literal::Float(number) => (Value::Single(*number), Type::float()),
            Literal::Double(number) => (Value::Double(*number), Type::double()),
            Literal::Decimal(digits) => {
                let parsed = if digits.contains(['e', 'E']) {
                    rust_decimal::Decimal::from_scientific(digits)
                } else {
                    rust_decimal::Decimal::from_str_exact(digits).or_else(|_| digits.parse())
                };
                match parsed {
                    Ok(number) => (Value::Decimal(number), Type::decimal()),
                    Err(_) => {
                        return Err(self.error(
                            "CS0594",
                            "Floating-point constant is outside the range of type 'decimal'",
                            range,
                        ));
                    }
                }
            }
            Literal::String(text) => (Value::String(text_of(text)), Type::string()),
        };
        Ok(Typed::constant(value, ty, range))
    }

    fn interpolated(&mut self, parts: &'a [InterpolatedPart], range: Range32) -> Bind<Typed> {
        let mut pieces = Vec::with_capacity(parts.len());
        let mut failed = false;
        for part in parts {
            match part {
                InterpolatedPart::Text(text) => pieces.push(Piece::Text(text_of(text))),
                InterpolatedPart::Hole(hole) => match self.hole(hole) {
                    Ok(piece) => pieces.push(piece),
                    Err(Reported) => failed = true,
                },
            }
        }
        if failed {
            return Err(Reported);
        }
        let constant = match pieces.as_slice() {
            [] => Some(Str::EMPTY),
            [Piece::Text(text)] => Some(text.clone()),
            _ => None,
        };
        Ok(match constant {
            Some(text) => Typed::constant(Value::String(text), Type::string(), range),
            None => Typed::new(Op::Interpolate(pieces.into()), Type::string(), range),
        })
    }

    fn hole(&mut self, hole: &'a ast::Hole) -> Bind<Piece> {
        let value = self.expression(&hole.value)?;
        let value = self.convert(value, &Type::object(), hole.value.range)?;
        let width = match &hole.alignment {
            None => 0,
            Some(expr) => {
                let width = self.value(expr)?;
                let width = self.convert_typed(width, &Type::int(), expr.range)?;
                match width.op {
                    Op::Constant(Value::Int32(width)) => width,
                    _ => {
                        return Err(self.error(
                            "CS0150",
                            "A constant value is expected",
                            expr.range,
                        ));
                    }
                }
            }
        };
        Ok(Piece::Hole {
            value,
            width,
            format: hole.format.as_ref().map(text_of),
        })
    }

    fn with_overflow(&mut self, checked: bool, inner: &'a Expr) -> Bind<Bound<'a>> {
        let outer = self.overflow.replace(checked);
        let result = self.expression(inner);
        self.overflow = outer;
        result
    }

    fn coalesce(&mut self, left: &'a Expr, right: &'a Expr, range: Range32) -> Bind<Typed> {
        let left = self.value(left);
        let right_value = self.expression(right);
        let (left, right_bound) = (left?, right_value?);
        let left = self.nullable_in_instance(left);
        let nullable = matches!(left.ty, Type::Nullable(_));
        if !nullable && !left.ty.is_reference() && !self.may_be_null(&left.ty) {
            let shown = self.display_bound(&right_bound);
            let message = format!(
                "Operator '??' cannot be applied to operands of type '{}' and '{shown}'",
                left.ty
            );
            return Err(self.error("CS0019", message, range));
        }
        let plain = super::types::underlying(&left.ty).clone();
        let nothing = matches!(&right_bound, Bound::Value(value) if value.ty == Type::Null);
        if left.ty == Type::Null && nothing {
            let message =
                "Operator '??' cannot be applied to operands of type '<null>' and '<null>'";
            return Err(self.error("CS0019", message, range));
        }
        if left.ty != Type::Null {
            let to_plain = self.implicit(&right_bound, &plain).is_some();
            let to = match (to_plain, nullable) {
                (true, _) => Some(plain),
                (false, true) if self.implicit(&right_bound, &left.ty).is_some() => {
                    Some(left.ty.clone())
                }
                _ => None,
            };
            if let Some(to) = to {
                let right = self.convert(right_bound, &to, right.range)?;
                return Ok(Typed::new(
                    Op::Coalesce(Box::new([left.node, right])),
                    to,
                    range,
                ));
            }
        }
        if let Bound::Value(right_value) = &right_bound {
            let to = right_value.ty.clone();
            let from = super::types::underlying(&left.ty).clone();
            if let Some(conversion) = self.implicit_typed(&from, None, &to) {
                let slot = self.temporary()?;
                let at = left.range();
                let assign = node(Op::Assign(slot, left.node.into()), Kind::Other, at);
                let plain = Typed::new(Op::Local(slot), from, at);
                let converted = self.apply(&conversion, plain, &to)?;
                let right = self.convert(right_bound, &to, right.range)?;
                let kind = kind_of(&to);
                let choice = node(
                    Op::Conditional(Box::new([is_null(slot, at), right, converted])),
                    kind,
                    range,
                );
                return Ok(Typed {
                    node: sequence(vec![assign, choice], range),
                    ty: to,
                });
            }
        }
        let shown = self.display_bound(&right_bound);
        let message = format!(
            "Operator '??' cannot be applied to operands of type '{}' and '{shown}'",
            left.ty
        );
        Err(self.error("CS0019", message, range))
    }

    fn conditional(
        &mut self,
        condition: &'a Expr,
        when_true: &'a Expr,
        when_false: &'a Expr,
        range: Range32,
    ) -> Bind<Typed> {
        let test = self.condition(condition);
        let a = self.expression(when_true);
        let b = self.expression(when_false);
        let (test, a, b) = (test?, a?, b?);
        for (bound, at) in [(&a, when_true.range), (&b, when_false.range)] {
            if let Bound::Type(_) | Bound::Namespace(_) = bound {
                return Err(self.not_a_value(bound, at));
            }
        }
        let own = |bound: &Bound<'a>| match bound {
            Bound::Value(value) if !matches!(value.ty, Type::Null | Type::Void) => {
                Some(value.ty.clone())
            }
            _ => None,
        };
        let ty = match (own(&a), own(&b)) {
            (Some(x), Some(y)) if same(&x, &y) => Some(x),
            (Some(x), Some(y)) => {
                let to_x = self.implicit(&b, &x).is_some();
                let to_y = self.implicit(&a, &y).is_some();
                match (to_x, to_y) {
                    (true, false) => Some(x),
                    (false, true) => Some(y),
                    // Both ways only with constants: the wider is meant.
                    (true, true) if self.implicit_typed(&x, None, &y).is_some() => Some(y),
                    (true, true) => Some(x),
                    (false, false) => None,
                }
            }
            (Some(x), None) => self.implicit(&b, &x).map(|_| x),
            (None, Some(y)) => self.implicit(&a, &y).map(|_| y),
            (None, None) => None,
        };
        let Some(ty) = ty else {
            // What cannot be an object is the mistake, if it is one that has no type.
            for (bound, at) in [(&a, when_true.range), (&b, when_false.range)] {
                if matches!(bound, Bound::Lambda(..) | Bound::Methods(_)) {
                    return Err(self.not_a_value(bound, at));
                }
            }
            let (a, b) = (self.display_bound(&a), self.display_bound(&b));
            return Err(self.error(
                "CS8957",
                format!(
                    "Conditional expression is not valid in language version 7.3 because a common type was not found between '{a}' and '{b}'. To use a target-typed conversion, upgrade to language version 9.0 or greater."
                ),
                range,
            ));
        };
        let a = self.convert(a, &ty, when_true.range)?;
        let b = self.convert(b, &ty, when_false.range)?;
        if let (Op::Constant(Value::Bool(test)), Op::Constant(_), Op::Constant(_)) =
            (&test.op, &a.op, &b.op)
        {
            let mut chosen = if *test { a } else { b };
            (chosen.start, chosen.end) = (range.start, range.end);
            return Ok(Typed { node: chosen, ty });
        }
        Ok(Typed::new(
            Op::Conditional(Box::new([test, a, b])),
            ty,
            range,
        ))
    }

    /// CS1547 for `void` where a value's type is wanted.
    pub(super) fn not_void(&mut self, ty: &Type, range: Range32) -> Bind<()> {
        match ty {
            Type::Void => Err(self.error(
                "CS1547",
                "Keyword 'void' cannot be used in this context",
                range,
            )),
            _ => Ok(()),
        }
    }

    /// A condition: a `bool`.
    pub(super) fn condition(&mut self, expr: &'a Expr) -> Bind<Node> {
        let value = self.expression(expr)?;
        self.convert_to_bool(value, expr.range)
    }

    fn as_type(
        &mut self,
        value: &'a Expr,
        syntax: &ast::TypeSyntax,
        range: Range32,
    ) -> Bind<Typed> {
        let operand = self.value(value);
        let ty = self.type_syntax(syntax)?;
        let operand = operand?;
        if matches!(ty, Type::Parameter(_)) {
            if !self.is_class(&ty) {
                let message = format!(
                    "The type parameter '{ty}' cannot be used with the 'as' operator because it does not have a class type constraint nor a 'class' constraint"
                );
                return Err(self.error("CS0413", message, range));
            }
            return Ok(Typed {
                node: operand.node,
                ty,
            });
        }
        if ty.is_value_type() && !matches!(ty, Type::Nullable(_)) {
            return Err(self.error(
                "CS0077",
                format!(
                    "The as operator must be used with a reference type or nullable type ('{ty}' is a non-nullable value type)"
                ),
                range,
            ));
        }
        if operand.ty == Type::Null
            || self.standard(&operand.ty, None, &ty).is_some() && operand.ty != Type::Dynamic
        {
            return Ok(Typed {
                node: operand.node,
                ty,
            });
        }
        let possible = operand.ty == Type::Dynamic || self.explicit_reference(&operand.ty, &ty);
        if !possible {
            return Err(self.error(
                "CS0039",
                format!(
                    "Cannot convert type '{}' to '{ty}' via a reference conversion, boxing conversion, unboxing conversion, wrapping conversion, or null type conversion",
                    operand.ty
                ),
                range,
            ));
        }
        let wanted = super::types::underlying(&ty).clone();
        Ok(Typed::new(
            Op::As {
                ty: wanted,
                operand: operand.node.into(),
            },
            ty,
            range,
        ))
    }

    fn tuple(&mut self, items: &'a [ast::Argument], range: Range32) -> Bind<Bound<'a>> {
        let mut bound = Vec::with_capacity(items.len());
        let mut failed = false;
        for item in items {
            let name = item
                .name
                .as_ref()
                .map(|name| name.name.clone())
                .or_else(|| inferred_name(&item.value));
            match self.expression(&item.value) {
                Ok(value) => bound.push((value, name)),
                Err(Reported) => failed = true,
            }
        }
        if failed {
            return Err(Reported);
        }
        // An inferred name that comes twice, or that is a position, is none.
        let names: Vec<_> = bound.iter().map(|(_, name)| name.clone()).collect();
        for (_, name) in &mut bound {
            let twice = names.iter().filter(|other| *other == name).count() > 1;
            if twice {
                *name = None;
            }
        }
        let typed = bound.iter().all(
            |(value, _)| matches!(value, Bound::Value(value) if !matches!(value.ty, Type::Null | Type::Void)),
        );
        if !typed {
            return Ok(Bound::Tuple(bound, range));
        }
        let mut types = Vec::with_capacity(bound.len());
        let mut nodes = Vec::with_capacity(bound.len());
        for (value, name) in bound {
            if let Bound::Value(value) = value {
                types.push((value.ty, name));
                nodes.push(value.node);
            }
        }
        let ty = Type::Tuple(types.into());
        Ok(Bound::Value(Typed::new(
            Op::Tuple {
                ty: ty.clone(),
                items: nodes.into(),
            },
            ty,
            range,
        )))
    }

    fn anonymous(&mut self, members: &'a [ast::AnonymousMember], range: Range32) -> Bind<Typed> {
        let mut types = Vec::with_capacity(members.len());
        let mut nodes = Vec::with_capacity(members.len());
        let mut failed = false;
        for (index, member) in members.iter().enumerate() {
            let twice = members
                .iter()
                .take(index)
                .any(|other| other.name.name == member.name.name);
            if twice {
                self.error(
                    "CS0833",
                    "An anonymous type cannot have multiple properties with the same name",
                    member.name.range.to(member.value.range),
                );
                failed = true;
            }
            let Ok(value) = self.expression(&member.value) else {
                failed = true;
                continue;
            };
            match value {
                Bound::Value(value) if !matches!(value.ty, Type::Null | Type::Void) => {
                    types.push((member.name.name.clone(), value.ty));
                    nodes.push(value.node);
                }
                other => {
                    let shown = match &other {
                        Bound::Value(value) => value.ty.to_string(),
                        other => self.display_bound(other),
                    };
                    self.error(
                        "CS0828",
                        format!("Cannot assign '{shown}' to anonymous type property"),
                        member.name.range.to(member.value.range),
                    );
                    failed = true;
                }
            }
        }
        if failed {
            return Err(Reported);
        }
        let ty = Type::Anonymous(types.into());
        Ok(Typed::new(
            Op::Anonymous {
                ty: ty.clone(),
                items: nodes.into(),
            },
            ty,
            range,
        ))
    }

    fn name_of(&mut self, of: &'a Expr, range: Range32) -> Bind<Typed> {
        let name = match &of.kind {
            ExprKind::Name(name) => {
                self.name(name, of.range)?;
                name.identifier.name.to_string()
            }
            ExprKind::Member { target, name } => {
                let text = &*name.identifier.name;
                let member = match self.quietly(|binder| binder.expression(target)) {
                    Some(Bound::Type(ty)) => !self.registry.lookup(&ty, text).is_empty(),
                    _ => false,
                };
                if !member {
                    self.member(target, name, of.range, false)?;
                }
                text.to_string()
            }
            _ => {
                return Err(self.error("CS8081", "Expression does not have a name.", of.range));
            }
        };
        Ok(Typed::constant(Value::from(name), Type::string(), range))
    }

    /// Whether what is thrown is an exception.
    pub(super) fn check_exception(&mut self, thrown: &Typed, range: Range32) -> Bind<()> {
        let fits = matches!(thrown.ty, Type::Null | Type::Dynamic)
            || self.registry.is_assignable(&thrown.ty, &Type::exception());
        match fits {
            true => Ok(()),
            false => Err(self.error(
                "CS0155",
                "The type caught or thrown must be derived from System.Exception",
                range,
            )),
        }
    }
}

/// The name that a tuple element or anonymous property takes from its value.
pub(super) fn inferred_name(expr: &Expr) -> Option<Box<str>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.identifier.name.clone()),
        ExprKind::Member { name, .. } => Some(name.identifier.name.clone()),
        ExprKind::ConditionalAccess { access, .. } => inferred_name(access),
        _ => None,
    }
}

/// A literal's text as a string.
pub(super) fn text_of(text: &LiteralText) -> Str {
    match text {
        LiteralText::Utf8(text) => Str::from(&**text),
        LiteralText::Utf16(units) => Str::from_utf16(units),
    }
}
