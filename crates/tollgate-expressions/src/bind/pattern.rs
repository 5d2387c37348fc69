//! Patterns, lowered to tests of a value in a slot.

use tollgate_dotnet::Type;
use tollgate_syntax::csharp::ast::{
    BinaryOp, Designation, Expr, ExprKind, Pattern, PatternKind, Range32, TypeKind, TypeSyntax,
};

use super::call::sequence;
use super::convert::Conversion;
use super::lift::boolean;
use super::types::{kind_of, same, underlying};
use super::{Bind, Binder, Bound, Reported, Typed, node};
use crate::typed::{Kind, Node, Op};

impl<'a> Binder<'a> {
    /// `value is pattern`.
    pub(super) fn is(
        &mut self,
        value: &'a Expr,
        pattern: &'a Pattern,
        range: Range32,
    ) -> Bind<Typed> {
        let subject = self.value(value)?;
        if let PatternKind::Constant(expr) = &pattern.kind
            && let Some(name) = self.unknown_in(expr)
        {
            return Err(self.unknown_type(name, expr.range));
        }
        if let Some(ty) = self.plain_type(pattern)? {
            let test = self.type_test(&subject, &ty, range);
            return Ok(Typed {
                node: test,
                ty: Type::bool(),
            });
        }
        if subject.ty == Type::Null {
            return Err(self.error(
                "CS8117",
                "Invalid operand for pattern match; value required, but found '<null>'.",
                value.range,
            ));
        }
        let (assign, subject) = self.hold(subject)?;
        let test = self.pattern(&subject, pattern)?;
        let mut nodes: Vec<Node> = assign.into_iter().collect();
        nodes.push(test);
        Ok(Typed {
            node: sequence(nodes, range),
            ty: Type::bool(),
        })
    }

    /// The name that an expression is, if it means nothing: behind `is` it should be a type.
    fn unknown_in(&mut self, expr: &'a Expr) -> Option<&'a str> {
        let ExprKind::Name(name) = &expr.kind else {
            return None;
        };
        let name = &*name.identifier.name;
        let unknown = self.variable(name).is_none()
            && self.quietly(|binder| binder.expression(expr)).is_none();
        unknown.then_some(name)
    }

    /// The type, if the pattern is nothing else.
    fn plain_type(&mut self, pattern: &'a Pattern) -> Bind<Option<Type>> {
        match &pattern.kind {
            PatternKind::Type(syntax) => self.type_syntax(syntax).map(Some),
            PatternKind::Constant(expr)
                if matches!(expr.kind, ExprKind::Name(_) | ExprKind::Member { .. }) =>
            {
                Ok(match self.quietly(|binder| binder.expression(expr)) {
                    Some(Bound::Type(ty)) => Some(ty),
                    _ => None,
                })
            }
            _ => Ok(None),
        }
    }

    /// The value in a slot, so that it is evaluated once.
    pub(super) fn hold(&mut self, value: Typed) -> Bind<(Option<Node>, Typed)> {
        if matches!(value.node.op, Op::Local(_)) {
            return Ok((None, value));
        }
        let range = value.range();
        let slot = self.temporary()?;
        let kind = value.node.kind;
        let assign = node(Op::Assign(slot, value.node.into()), kind, range);
        let held = Typed {
            node: node(Op::Local(slot), kind, range),
            ty: value.ty,
        };
        Ok((Some(assign), held))
    }

    /// Whether the value is of the type.
    fn type_test(&self, subject: &Typed, ty: &Type, range: Range32) -> Node {
        let wanted = underlying(ty);
        let from = &subject.ty;
        let certain = *from != Type::Null
            && *from != Type::Dynamic
            && (same(from, wanted) || self.registry.is_assignable(from, wanted));
        if certain && from.is_value_type() && !matches!(from, Type::Nullable(_)) {
            return sequence(vec![subject.node.clone(), boolean(true, range)], range);
        }
        if certain || matches!(from, Type::Nullable(inner) if same(inner, wanted)) {
            let null = node(Op::IsNull(subject.node.clone().into()), Kind::Bool, range);
            return node(Op::Not(null.into()), Kind::Bool, range);
        }
        node(
            Op::Is {
                ty: wanted.clone(),
                operand: subject.node.clone().into(),
            },
            Kind::Bool,
            range,
        )
    }

    /// The tested value as one of the type that the test showed.
    fn shown(&mut self, subject: &Typed, ty: &Type) -> Bind<Typed> {
        let conversion = match self.explicit(&subject.ty, None, ty) {
            Some(Conversion::User(_)) | None => Conversion::Cast,
            Some(Conversion::Numeric) => Conversion::Identity,
            Some(other) => other,
        };
        let conversion = match conversion {
            Conversion::Cast if ty.is_value_type() => Conversion::Unbox,
            Conversion::Dynamic if ty.is_value_type() => Conversion::Unbox,
            Conversion::Dynamic => Conversion::Cast,
            other => other,
        };
        let node = self.apply(&conversion, subject.clone(), ty)?;
        Ok(Typed {
            node,
            ty: ty.clone(),
        })
    }

    /// Whether the value in a slot matches.
    pub(super) fn pattern(&mut self, subject: &Typed, pattern: &'a Pattern) -> Bind<Node> {
        let range = pattern.range;
        self.tick(range)?;
        if self.plain_type(pattern)?.is_some() {
            return Err(self.error(
                "CS8370",
                "Feature 'type pattern' is not available in C# 7.3. Please use language version 9.0 or greater.",
                range,
            ));
        }
        match &pattern.kind {
            PatternKind::Discard => Ok(boolean(true, range)),
            PatternKind::Var(designation) => {
                let mut nodes = Vec::new();
                self.bind_designation(designation, subject.clone(), range, &mut nodes)?;
                nodes.push(boolean(true, range));
                Ok(sequence(nodes, range))
            }
            PatternKind::Type(_) => Err(Reported),
            PatternKind::Declaration { ty, designation } => {
                self.declaration_pattern(subject, ty, designation, range)
            }
            PatternKind::Constant(expr) => self.constant_pattern(subject, expr, range),
            // Patterns of C# 8 and later: the parser has refused them.
            PatternKind::Relational { .. }
            | PatternKind::Not(_)
            | PatternKind::And(_)
            | PatternKind::Or(_)
            | PatternKind::Recursive(_) => Err(Reported),
        }
    }

    fn check_possible(&mut self, subject: &Typed, ty: &Type, range: Range32) -> Bind<()> {
        let from = &subject.ty;
        let possible = matches!(from, Type::Dynamic)
            || from.is_object()
            || self.explicit_reference(from, ty)
            || self.explicit_reference(ty, from)
            || same(underlying(from), ty)
            || self.registry.is_assignable(underlying(from), ty);
        match possible {
            true => Ok(()),
            false => Err(self.error(
                "CS8121",
                format!(
                    "An expression of type '{from}' cannot be handled by a pattern of type '{ty}'."
                ),
                range,
            )),
        }
    }

    fn declaration_pattern(
        &mut self,
        subject: &Typed,
        syntax: &'a TypeSyntax,
        designation: &'a Designation,
        range: Range32,
    ) -> Bind<Node> {
        if let TypeKind::Var = syntax.kind {
            let mut nodes = Vec::new();
            self.bind_designation(designation, subject.clone(), range, &mut nodes)?;
            nodes.push(boolean(true, range));
            return Ok(sequence(nodes, range));
        }
        let ty = self.type_syntax(syntax)?;
        if let Type::Nullable(_) = ty {
            return Err(self.error(
                "CS8116",
                format!(
                    "It is not legal to use nullable type '{ty}' in a pattern; use the underlying type '{}' instead.",
                    underlying(&ty)
                ),
                syntax.range,
            ));
        }
        self.check_possible(subject, &ty, syntax.range)?;
        let test = self.type_test(subject, &ty, range);
        let value = self.shown(subject, &ty)?;
        let mut then = Vec::new();
        self.bind_designation(designation, value, range, &mut then)?;
        if then.is_empty() {
            return Ok(test);
        }
        then.push(boolean(true, range));
        Ok(node(
            Op::And([test, sequence(then, range)].into()),
            Kind::Bool,
            range,
        ))
    }

    fn bind_designation(
        &mut self,
        designation: &'a Designation,
        value: Typed,
        range: Range32,
        nodes: &mut Vec<Node>,
    ) -> Bind<()> {
        match designation {
            Designation::Discard(_) => Ok(()),
            Designation::Variable(name) => {
                let variable = self.declare(name, Some(value.ty), None);
                nodes.push(self.store(&variable, value.node, name.range));
                Ok(())
            }
            Designation::Tuple(items) => {
                let Type::Tuple(types) = value.ty.clone() else {
                    return Err(self.error(
                        "CS8129",
                        format!(
                            "No suitable 'Deconstruct' instance or extension method was found for type '{}', with {} out parameters and a void return type.",
                            value.ty,
                            items.len()
                        ),
                        range,
                    ));
                };
                for ((index, item), (ty, _)) in (0u32..).zip(items.iter()).zip(types.iter()) {
                    let part = Typed::new(
                        Op::Item {
                            operand: value.node.clone().into(),
                            index,
                        },
                        ty.clone(),
                        range,
                    );
                    self.bind_designation(item, part, range, nodes)?;
                }
                Ok(())
            }
        }
    }

    fn constant_pattern(&mut self, subject: &Typed, expr: &'a Expr, range: Range32) -> Bind<Node> {
        let constant = match self.expression(expr)? {
            Bound::Value(value) => value,
            Bound::Default(at) => self.default_of(&subject.ty, at),
            other => return Err(self.not_a_value(&other, expr.range)),
        };
        if constant.as_constant().is_none() {
            return Err(self.error("CS0150", "A constant value is expected", expr.range));
        }
        self.compare_pattern(subject, constant, range)
    }

    /// `subject == constant`; the subject is first tested to be of the constant's type, if that is not certain.
    fn compare_pattern(&mut self, subject: &Typed, constant: Typed, range: Range32) -> Bind<Node> {
        if constant.ty == Type::Null {
            if subject.ty.is_value_type() && !matches!(subject.ty, Type::Nullable(_)) {
                return Err(self.no_conversion(&constant, &subject.ty, range));
            }
            return Ok(node(
                Op::IsNull(subject.node.clone().into()),
                Kind::Bool,
                range,
            ));
        }
        let from = underlying(&subject.ty).clone();
        let simple = kind_of(&from) != Kind::Other || from.is_string() || from.is_enum();
        if simple {
            let value = self.convert_typed(constant, &from, range)?;
            let constant = Typed {
                node: value,
                ty: from,
            };
            return self
                .binary(BinaryOp::Equal, subject.clone(), constant, range)
                .map(|test| test.node);
        }
        let ty = constant.ty.clone();
        self.check_possible(subject, &ty, range)?;
        let test = self.type_test(subject, &ty, range);
        let value = self.shown(subject, &ty)?;
        let compare = self.binary(BinaryOp::Equal, value, constant, range)?;
        Ok(node(
            Op::And([test, compare.node].into()),
            Kind::Bool,
            range,
        ))
    }
}
