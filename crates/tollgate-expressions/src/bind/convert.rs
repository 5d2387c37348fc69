//! Conversions: which there are, and the nodes they become.

use tollgate_dotnet::{MemberInfo, MemberKind, Type, TypeKind, Value};
use tollgate_syntax::csharp::ast::{self, Range32};

use super::apply::formattable;
use super::types::{delegate_signature, kind_of, same, underlying};
use super::{Bind, Binder, Bound, Reported, Typed, constant, node};
use crate::typed::{Dynamic, Kind, Node, Op};

/// A conversion from one static type to another.
#[derive(Debug, Clone)]
pub(super) enum Conversion {
    /// Nothing to do: identity, to a base type, boxing, `T` to `T?`.
    Identity,
    /// Between numbers.
    Numeric,
    /// A constant that fits.
    Constant(Value),
    /// `T?` to `U?` by a conversion of `T` to `U`.
    Lift(Box<Conversion>),
    /// `T?` to `U`: throws on null.
    Unwrap(Box<Conversion>),
    /// Through a conversion operator.
    User(Box<User>),
    /// Element by element.
    Tuple(Vec<Conversion>),
    /// A number to an enum, by its `long`.
    ToEnum,
    /// An enum to a number or another enum.
    FromEnum,
    /// From an object to a value type.
    Unbox,
    /// From an object to a derived type or interface.
    Cast,
    /// From `dynamic`.
    Dynamic,
    /// Of what has no type of its own: a lambda, methods, `default`, a tuple literal, `throw`.
    Untyped,
}

/// A conversion operator with what comes before and after it.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) info: &'static MemberInfo,
    pub(super) owner: Type,
    pub(super) before: Conversion,
    pub(super) parameter: Type,
    pub(super) returns: Type,
    pub(super) after: Conversion,
}

/// Whether a number of one kind is implicitly one of another.
pub(super) fn implicit_numeric(from: Kind, to: Kind) -> bool {
    use Kind::*;
    let fraction = matches!(to, Single | Double | Decimal);
    match from {
        SByte => fraction || matches!(to, Int16 | Int32 | Int64),
        Byte => fraction || matches!(to, Int16 | UInt16 | Int32 | UInt32 | Int64 | UInt64),
        Int16 => fraction || matches!(to, Int32 | Int64),
        UInt16 => fraction || matches!(to, Int32 | UInt32 | Int64 | UInt64),
        Char => fraction || matches!(to, UInt16 | Int32 | UInt32 | Int64 | UInt64),
        Int32 => fraction || matches!(to, Int64),
        UInt32 => fraction || matches!(to, Int64 | UInt64),
        Int64 | UInt64 => fraction,
        Single => matches!(to, Double),
        Double | Decimal | Bool | Other | Void => false,
    }
}

fn is_number(kind: Kind) -> bool {
    !matches!(kind, Kind::Bool | Kind::Other | Kind::Void)
}

impl<'a> Binder<'a> {
    /// The implicit conversion, if there is one.
    pub(super) fn implicit(&mut self, value: &Bound<'a>, to: &Type) -> Option<Conversion> {
        match value {
            Bound::Value(value) => self
                .implicit_typed(&value.ty, value.as_constant(), to)
                .or_else(|| formattable(value, to).map(|_| Conversion::Untyped))
                .or_else(|| {
                    self.literal_converts(value, to)
                        .then_some(Conversion::Untyped)
                }),
            Bound::Throw(_) => Some(Conversion::Untyped),
            Bound::Default(_) => (*to != Type::Void).then_some(Conversion::Untyped),
            Bound::Lambda(lambda, range) => self
                .lambda_converts(lambda, *range, to)
                .then_some(Conversion::Untyped),
            Bound::Methods(methods) => self
                .methods_convert(methods, to)
                .then_some(Conversion::Untyped),
            Bound::Tuple(items, _) => {
                let Type::Tuple(types) = to else {
                    return None;
                };
                let all = items.len() == types.len()
                    && items
                        .iter()
                        .zip(types.iter())
                        .all(|((item, _), (ty, _))| self.implicit(item, ty).is_some());
                all.then_some(Conversion::Untyped)
            }
            Bound::Type(_) | Bound::Namespace(_) => None,
        }
    }

    /// The implicit conversion of a typed value, with user-defined ones.
    pub(super) fn implicit_typed(
        &self,
        from: &Type,
        constant: Option<&Value>,
        to: &Type,
    ) -> Option<Conversion> {
        self.standard(from, constant, to)
            .or_else(|| self.user(from, constant, to, false))
    }

    /// The implicit conversions that are built in.
    pub(super) fn standard(
        &self,
        from: &Type,
        constant: Option<&Value>,
        to: &Type,
    ) -> Option<Conversion> {
        if same(from, to) {
            return (*from != Type::Void).then_some(Conversion::Identity);
        }
        match (from, to) {
            (Type::Void, _) | (_, Type::Void) => return None,
            (Type::Dynamic, _) => return Some(Conversion::Dynamic),
            (Type::Null, Type::Parameter(_)) => {
                return self.is_class(to).then_some(Conversion::Identity);
            }
            (_, Type::Parameter(_)) => return None,
            (Type::Parameter(_), Type::Nullable(inner)) if same(from, inner) => {
                return Some(Conversion::Identity);
            }
            (Type::Parameter(_), _) => {
                let bounds = self.bounds_of(from)?;
                let mut types = bounds.types.iter();
                let converts = to.is_object()
                    || *to == Type::Dynamic
                    || types.any(|bound| self.standard(bound, None, to).is_some());
                return converts.then_some(Conversion::Identity);
            }
            (Type::Nullable(a), Type::Nullable(b)) => {
                return Some(Conversion::Lift(self.standard(a, None, b)?.into()));
            }
            (_, Type::Nullable(b)) if from.is_value_type() => {
                return self.standard(from, constant, b);
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                let each: Option<Vec<_>> = a
                    .iter()
                    .zip(b.iter())
                    .map(|(a, b)| self.implicit_typed(&a.0, None, &b.0))
                    .collect();
                return each.filter(|_| a.len() == b.len()).map(Conversion::Tuple);
            }
            _ => {}
        }
        let (source, target) = (kind_of(from), kind_of(to));
        if implicit_numeric(source, target) {
            return Some(Conversion::Numeric);
        }
        if let Some(value) = constant
            && let Some(number) = value.as_integer()
        {
            let narrows = match source {
                Kind::Int32 => matches!(
                    target,
                    Kind::SByte
                        | Kind::Byte
                        | Kind::Int16
                        | Kind::UInt16
                        | Kind::UInt32
                        | Kind::UInt64
                ),
                Kind::Int64 => target == Kind::UInt64,
                _ => false,
            };
            if narrows {
                return constant::from_integer(number, target, true).map(Conversion::Constant);
            }
            if number == 0
                && source == Kind::Int32
                && let Some(table) = to.table().filter(|_| to.is_enum())
            {
                return Some(Conversion::Constant(Value::Enum(table, 0)));
            }
        }
        self.registry
            .is_assignable(from, to)
            .then_some(Conversion::Identity)
    }

    /// The conversion of a cast.
    pub(super) fn explicit(
        &self,
        from: &Type,
        constant: Option<&Value>,
        to: &Type,
    ) -> Option<Conversion> {
        self.standard(from, constant, to)
            .or_else(|| self.standard_explicit(from, to))
            .or_else(|| self.user(from, constant, to, true))
    }

    fn standard_explicit(&self, from: &Type, to: &Type) -> Option<Conversion> {
        match (from, to) {
            (_, Type::Parameter(_)) => {
                let bounds = self.bounds_of(to)?;
                let mut types = bounds.types.iter();
                let converts = from.is_object()
                    || is_interface(from)
                    || types.any(|bound| self.standard(bound, None, from).is_some());
                return converts.then_some(Conversion::Unbox);
            }
            (Type::Parameter(_), _) if is_interface(to) => return Some(Conversion::Cast),
            (Type::Nullable(a), Type::Nullable(b)) => {
                let inner = self
                    .standard(a, None, b)
                    .or_else(|| self.standard_explicit(a, b))?;
                return Some(Conversion::Lift(inner.into()));
            }
            (Type::Nullable(a), b) if b.is_value_type() => {
                let inner = self
                    .standard(a, None, b)
                    .or_else(|| self.standard_explicit(a, b))?;
                return Some(Conversion::Unwrap(inner.into()));
            }
            (a, Type::Nullable(b)) if a.is_value_type() => return self.standard_explicit(a, b),
            (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
                let each: Option<Vec<_>> = a
                    .iter()
                    .zip(b.iter())
                    .map(|(a, b)| self.explicit(&a.0, None, &b.0))
                    .collect();
                return each.map(Conversion::Tuple);
            }
            _ => {}
        }
        let (source, target) = (kind_of(from), kind_of(to));
        match (from.is_enum(), to.is_enum()) {
            (true, true) => return Some(Conversion::FromEnum),
            (true, false) if is_number(target) => return Some(Conversion::FromEnum),
            (false, true) if is_number(source) => return Some(Conversion::ToEnum),
            _ => {}
        }
        if is_number(source) && is_number(target) {
            return Some(Conversion::Numeric);
        }
        if !from.is_reference() || *from == Type::Null {
            return None;
        }
        let value_type = to.is_value_type();
        let result = match value_type && !matches!(to, Type::Nullable(_)) {
            true => Conversion::Unbox,
            false => Conversion::Cast,
        };
        let down = self.registry.is_assignable(underlying(to), from);
        let across =
            !value_type && (is_interface(from) && open(to) || is_interface(to) && open(from));
        let arrays = match (from, to) {
            (Type::Array(a, x), Type::Array(b, y)) => {
                x == y
                    && a.is_reference()
                    && b.is_reference()
                    && self.standard_explicit(a, b).is_some()
            }
            _ => false,
        };
        (down || across || arrays).then_some(result)
    }

    /// A user-defined conversion.
    fn user(
        &self,
        from: &Type,
        constant: Option<&Value>,
        to: &Type,
        explicit: bool,
    ) -> Option<Conversion> {
        if matches!(from, Type::Null | Type::Void | Type::Dynamic)
            || to.is_object()
            || is_interface(from)
            || is_interface(to)
        {
            return None;
        }
        let mut operators = self.registry.conversions(underlying(from));
        operators.extend(self.registry.conversions(underlying(to)));
        let reach = |a: &Type, constant: Option<&Value>, b: &Type| {
            self.standard(a, constant, b)
                .or_else(|| explicit.then(|| self.standard_explicit(a, b)).flatten())
        };
        let mut candidates: Vec<User> = Vec::new();
        for found in operators {
            if !explicit && found.info.kind != MemberKind::Implicit {
                continue;
            }
            let substitution = found.owner.substitution();
            let Some(parameter) = found.info.parameters.first() else {
                continue;
            };
            let parameter = parameter.ty.substitute(&substitution);
            let returns = found.info.returns.substitute(&substitution);
            let (Some(before), Some(after)) =
                (reach(from, constant, &parameter), reach(&returns, None, to))
            else {
                continue;
            };
            let known = candidates
                .iter()
                .any(|other| std::ptr::eq(other.info, found.info));
            if !known {
                candidates.push(User {
                    info: found.info,
                    owner: found.owner,
                    before,
                    parameter,
                    returns,
                    after,
                });
            }
        }
        let source = most_specific(
            candidates.iter().map(|c| &c.parameter),
            from,
            |a, b| self.standard(a, None, b).is_some(),
            true,
        )?;
        let target = most_specific(
            candidates.iter().map(|c| &c.returns),
            to,
            |a, b| self.standard(a, None, b).is_some(),
            false,
        )?;
        let chosen = candidates
            .iter()
            .find(|c| same(&c.parameter, &source) && same(&c.returns, &target))
            .or_else(|| candidates.iter().find(|c| same(&c.parameter, &source)))?;
        Some(Conversion::User(Box::new(chosen.clone())))
    }

    /// Converts implicitly, or says why not.
    pub(super) fn convert(&mut self, value: Bound<'a>, to: &Type, range: Range32) -> Bind<Node> {
        match value {
            Bound::Value(value) => self.convert_typed(value, to, range),
            // Its body is missing, which was said.
            Bound::Lambda(lambda, _) if is_missing(&lambda.body) => Err(Reported),
            Bound::Lambda(lambda, at) => self.lambda_to(lambda, at, to),
            Bound::Methods(methods) => self.methods_to(*methods, to, range),
            Bound::Default(at) => Ok(self.default_of(to, at).node),
            Bound::Throw(mut node) => {
                node.kind = kind_of(to);
                Ok(node)
            }
            Bound::Tuple(items, at) => {
                let Type::Tuple(types) = to else {
                    let shown = self.display_bound(&Bound::Tuple(items, at));
                    return Err(self.error(
                        "CS8135",
                        format!("Tuple with {shown} cannot be converted to type '{to}'."),
                        range,
                    ));
                };
                if items.len() != types.len() {
                    return Err(self.error(
                        "CS0029",
                        format!(
                            "Cannot implicitly convert a tuple of {} elements to type '{to}'",
                            items.len()
                        ),
                        range,
                    ));
                }
                let mut nodes = Vec::with_capacity(items.len());
                for ((item, _), (ty, _)) in items.into_iter().zip(types.iter()) {
                    nodes.push(match item {
                        Bound::Value(value) if value.ty != Type::Null => self.item(value, ty, at),
                        item => self.convert(item, ty, at),
                    });
                }
                Ok(tuple_node(nodes.into_iter().collect::<Bind<_>>()?, to, at))
            }
            Bound::Type(ty) => Err(self.error(
                "CS0119",
                format!("'{ty}' is a type, which is not valid in the given context"),
                range,
            )),
            Bound::Namespace(name) => Err(self.error(
                "CS0118",
                format!("'{name}' is a namespace but is used like a variable"),
                range,
            )),
        }
    }

    pub(super) fn convert_typed(&mut self, value: Typed, to: &Type, range: Range32) -> Bind<Node> {
        match self.implicit_typed(&value.ty, value.as_constant(), to) {
            Some(conversion) => self.apply(&conversion, value, to),
            None if formattable(&value, to).is_some() => {
                self.apply(&Conversion::Untyped, value, to)
            }
            None if self.literal_converts(&value, to) => self.literal_to(value, to, range),
            None => match to {
                Type::Tuple(types) if literal_items(&value, types.len()).is_some() => {
                    self.literal_to(value, to, range)
                }
                _ => Err(self.no_conversion(&value, to, range)),
            },
        }
    }

    /// Whether it is a tuple literal each item of which converts: its constants do so as they would alone.
    fn literal_converts(&self, value: &Typed, to: &Type) -> bool {
        let Type::Tuple(types) = underlying(to) else {
            return false;
        };
        literal_items(value, types.len()).is_some_and(|items| {
            items.iter().zip(types.iter()).all(|(item, (ty, _))| {
                self.implicit_typed(&item.ty, item.as_constant(), ty)
                    .is_some()
                    || self.literal_converts(item, ty)
            })
        })
    }

    /// A tuple literal, item by item.
    pub(super) fn literal_to(&mut self, value: Typed, to: &Type, range: Range32) -> Bind<Node> {
        let Type::Tuple(types) = underlying(to) else {
            return Err(self.no_conversion(&value, to, range));
        };
        let Some(items) = literal_items(&value, types.len()) else {
            return Err(self.no_conversion(&value, to, range));
        };
        let nodes: Vec<_> = items
            .into_iter()
            .zip(types.iter())
            .map(|(item, (ty, _))| self.item(item, ty, range))
            .collect();
        let nodes = nodes.into_iter().collect::<Bind<_>>()?;
        Ok(tuple_node(nodes, underlying(to), value.range()))
    }

    /// An item of a tuple literal, of which nothing is said but that its type does not convert.
    fn item(&mut self, value: Typed, to: &Type, range: Range32) -> Bind<Node> {
        let nested =
            matches!(to, Type::Tuple(types) if literal_items(&value, types.len()).is_some());
        let constant = value.as_constant();
        let converts = nested
            || self.literal_converts(&value, to)
            || self.implicit_typed(&value.ty, constant, to).is_some()
            || formattable(&value, to).is_some();
        if converts {
            return self.convert_typed(value, to, range);
        }
        let message = format!("Cannot implicitly convert type '{}' to '{to}'", value.ty);
        Err(self.error("CS0029", message, range))
    }

    /// Why there is no implicit conversion.
    pub(super) fn no_conversion(&mut self, value: &Typed, to: &Type, range: Range32) -> Reported {
        let from = &value.ty;
        if *from == Type::Null {
            return self.error(
                "CS0037",
                format!("Cannot convert null to '{to}' because it is a non-nullable value type"),
                range,
            );
        }
        let (source, target) = (kind_of(from), kind_of(to));
        if let Some(constant) = value.as_constant() {
            if matches!(source, Kind::Int32 | Kind::Int64)
                && matches!(
                    target,
                    Kind::SByte
                        | Kind::Byte
                        | Kind::Int16
                        | Kind::UInt16
                        | Kind::UInt32
                        | Kind::UInt64
                )
                && !(source == Kind::Int64 && target != Kind::UInt64)
            {
                let shown = constant::show(constant);
                return self.error(
                    "CS0031",
                    format!("Constant value '{shown}' cannot be converted to a '{to}'"),
                    range,
                );
            }
            if source == Kind::Double && matches!(target, Kind::Single | Kind::Decimal) {
                let suffix = if target == Kind::Single { 'F' } else { 'M' };
                return self.error(
                    "CS0664",
                    format!(
                        "Literal of type double cannot be implicitly converted to type '{to}'; use an '{suffix}' suffix to create a literal of this type"
                    ),
                    range,
                );
            }
        }
        match self.explicit(from, value.as_constant(), to) {
            Some(_) => self.error(
                "CS0266",
                format!(
                    "Cannot implicitly convert type '{from}' to '{to}'. An explicit conversion exists (are you missing a cast?)"
                ),
                range,
            ),
            None => self.error(
                "CS0029",
                format!("Cannot implicitly convert type '{from}' to '{to}'"),
                range,
            ),
        }
    }

    /// `(T)value`.
    pub(super) fn cast(&mut self, value: Bound<'a>, to: &Type, range: Range32) -> Bind<Typed> {
        let value = match (value, underlying(to)) {
            // A tuple literal is cast item by item.
            (Bound::Tuple(items, at), Type::Tuple(types)) if items.len() == types.len() => {
                let items = items.into_iter().map(|(item, _)| item).collect();
                return self.cast_items(items, to, at);
            }
            (Bound::Value(value), Type::Tuple(types)) => match literal_items(&value, types.len()) {
                Some(items) => {
                    let items = items.into_iter().map(Bound::Value).collect();
                    return self.cast_items(items, to, range);
                }
                None => Bound::Value(value),
            },
            (value, _) => value,
        };
        let value = match value {
            Bound::Value(value) => value,
            other => {
                let node = self.convert(other, to, range)?;
                return Ok(Typed {
                    node,
                    ty: to.clone(),
                });
            }
        };
        if *to == Type::Dynamic {
            return Ok(Typed {
                node: value.node,
                ty: Type::Dynamic,
            });
        }
        let constant = value.as_constant().cloned();
        let Some(conversion) = self.explicit(&value.ty, constant.as_ref(), to) else {
            if value.ty == Type::Null {
                return Err(self.no_conversion(&value, to, range));
            }
            return Err(self.error(
                "CS0030",
                format!("Cannot convert type '{}' to '{to}'", value.ty),
                range,
            ));
        };
        let target = kind_of(underlying(to));
        if let (Conversion::Numeric, Some(constant)) = (&conversion, &constant)
            && too_large(constant, target)
        {
            let shown = constant::show(constant);
            return Err(self.error(
                "CS0031",
                format!("Constant value '{shown}' cannot be converted to a '{to}'"),
                range,
            ));
        }
        if let (Conversion::Numeric, Some(constant)) = (&conversion, &constant)
            && self.overflow != Some(false)
            && constant::numeric(constant, target, true).is_none()
            && !matches!(target, Kind::Single | Kind::Double | Kind::Decimal)
        {
            let shown = constant::show(constant);
            return Err(self.error(
                "CS0221",
                format!(
                    "Constant value '{shown}' cannot be converted to a '{to}' (use 'unchecked' syntax to override)"
                ),
                range,
            ));
        }
        let mut node = match conversion {
            Conversion::Dynamic => node(
                Op::Dynamic(Box::new(Dynamic::Convert {
                    ty: to.clone(),
                    explicit: true,
                    operand: value.node,
                })),
                kind_of(to),
                range,
            ),
            conversion => self.apply(&conversion, value, to)?,
        };
        (node.start, node.end) = (range.start, range.end);
        Ok(Typed {
            node,
            ty: to.clone(),
        })
    }

    fn cast_items(&mut self, items: Vec<Bound<'a>>, to: &Type, range: Range32) -> Bind<Typed> {
        let Type::Tuple(types) = underlying(to) else {
            return Err(Reported);
        };
        let nodes: Vec<_> = items
            .into_iter()
            .zip(types.iter())
            .map(|(item, (ty, _))| Ok(self.cast(item, ty, range)?.node))
            .collect();
        let nodes = nodes.into_iter().collect::<Bind<_>>()?;
        Ok(Typed {
            node: tuple_node(nodes, underlying(to), range),
            ty: to.clone(),
        })
    }

    /// The type that a condition or loop needs.
    pub(super) fn convert_to_bool(&mut self, value: Bound<'a>, range: Range32) -> Bind<Node> {
        match value {
            Bound::Value(value) if value.ty == Type::Dynamic => {
                let operand = value.node;
                let test = Op::Dynamic(Box::new(Dynamic::Truth { operand }));
                Ok(node(test, Kind::Bool, range))
            }
            value => self.convert(value, &Type::bool(), range),
        }
    }

    /// How messages name the type of something.
    pub(super) fn display_bound(&self, value: &Bound<'a>) -> String {
        match value {
            Bound::Value(value) => value.ty.to_string(),
            Bound::Type(ty) => ty.to_string(),
            Bound::Namespace(name) => name.clone(),
            Bound::Methods(_) => "method group".into(),
            Bound::Lambda(..) => "lambda expression".into(),
            Bound::Default(_) => "default".into(),
            Bound::Throw(_) => "<throw expression>".into(),
            Bound::Tuple(items, _) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|(item, _)| self.display_bound(item))
                    .collect();
                format!("({})", items.join(", "))
            }
        }
    }

    /// Whether it is a delegate type, with its parameters and result.
    pub(super) fn delegate(&self, ty: &Type) -> Option<(Vec<Type>, Type)> {
        delegate_signature(self.registry, ty)
    }
}

/// The items of a tuple literal of so many.
pub(super) fn literal_items(value: &Typed, count: usize) -> Option<Vec<Typed>> {
    let (Op::Tuple { items, .. }, Type::Tuple(types)) = (&value.node.op, &value.ty) else {
        return None;
    };
    let typed = types.iter().zip(items.iter()).map(|((ty, _), node)| Typed {
        node: node.clone(),
        ty: ty.clone(),
    });
    (types.len() == count && items.len() == count).then(|| typed.collect())
}

fn tuple_node(items: Vec<Node>, to: &Type, range: Range32) -> Node {
    let op = Op::Tuple {
        ty: to.clone(),
        items: items.into(),
    };
    node(op, Kind::Other, range)
}

/// Whether a constant, to or from `decimal`, does not fit: what `unchecked` does not help.
fn too_large(constant: &Value, target: Kind) -> bool {
    match constant {
        Value::Decimal(_) => {
            !matches!(target, Kind::Single | Kind::Double | Kind::Decimal)
                && constant::numeric(constant, target, true).is_none()
        }
        Value::Double(number) if target == Kind::Decimal => {
            number.abs() >= 7.922_816_251_426_434e28
        }
        Value::Single(number) if target == Kind::Decimal => number.abs() >= 7.922_816_3e28,
        _ => false,
    }
}

fn is_missing(body: &ast::Body) -> bool {
    matches!(body, ast::Body::Expr(expr) if matches!(expr.kind, ast::ExprKind::Missing))
}

pub(super) fn is_interface(ty: &Type) -> bool {
    matches!(ty, Type::Named(table, _) if table.kind == TypeKind::Interface)
}

/// Whether a derived class of it could implement any interface.
fn open(ty: &Type) -> bool {
    match ty {
        Type::Named(table, _) => {
            matches!(table.kind, TypeKind::Class | TypeKind::Interface) && !ty.is_string()
        }
        Type::Array(..) => true,
        _ => false,
    }
}

/// The wanted type if it is among them; else the one that all others convert to (`narrow`: the one that converts to all
/// others, if the wanted type converts to them all).
fn most_specific<'t>(
    types: impl Iterator<Item = &'t Type> + Clone,
    wanted: &Type,
    converts: impl Fn(&Type, &Type) -> bool,
    source: bool,
) -> Option<Type> {
    if let Some(exact) = types.clone().find(|ty| same(ty, wanted)) {
        return Some(exact.clone());
    }
    let near: Vec<&Type> = types
        .clone()
        .filter(|ty| {
            if source {
                converts(wanted, ty)
            } else {
                converts(ty, wanted)
            }
        })
        .collect();
    // Those on the near side of the wanted type: the closest of them. Otherwise the closest of the far side.
    let (pool, toward): (Vec<&Type>, bool) = match near.is_empty() {
        false => (near, source),
        true => (types.collect(), !source),
    };
    pool.iter()
        .find(|a| {
            pool.iter().all(|b| {
                if toward {
                    converts(a, b)
                } else {
                    converts(b, a)
                }
            })
        })
        .map(|ty| (*ty).clone())
}
