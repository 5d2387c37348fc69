//! Types as written, and what the binder asks of types.

use tollgate_dotnet::{Registry, Type, TypeKind, TypeRef, Value};
use tollgate_syntax::csharp::ast::{
    PredefinedType, Range32, SimpleName, TypeKind as Written, TypeSyntax,
};

use super::{Bind, Binder, Reported, Typed};
use crate::typed::{Kind, Op};

/// The bank of a static type.
pub(super) fn kind_of(ty: &Type) -> Kind {
    match ty {
        Type::Void => Kind::Void,
        Type::Named(table, _) => kind_of_table(*table),
        _ => Kind::Other,
    }
}

fn kind_of_table(table: TypeRef) -> Kind {
    match table.0.name {
        "System.Boolean" => Kind::Bool,
        "System.Char" => Kind::Char,
        "System.SByte" => Kind::SByte,
        "System.Byte" => Kind::Byte,
        "System.Int16" => Kind::Int16,
        "System.UInt16" => Kind::UInt16,
        "System.Int32" => Kind::Int32,
        "System.UInt32" => Kind::UInt32,
        "System.Int64" => Kind::Int64,
        "System.UInt64" => Kind::UInt64,
        "System.Single" => Kind::Single,
        "System.Double" => Kind::Double,
        "System.Decimal" => Kind::Decimal,
        _ => Kind::Other,
    }
}

/// The static type of a kind that is not `Other`.
pub(super) fn type_of_kind(kind: Kind) -> Type {
    match kind {
        Kind::Bool => Type::bool(),
        Kind::Char => Type::char(),
        Kind::SByte => Type::sbyte(),
        Kind::Byte => Type::byte(),
        Kind::Int16 => Type::short(),
        Kind::UInt16 => Type::ushort(),
        Kind::Int32 => Type::int(),
        Kind::UInt32 => Type::uint(),
        Kind::Int64 => Type::long(),
        Kind::UInt64 => Type::ulong(),
        Kind::Single => Type::float(),
        Kind::Double => Type::double(),
        Kind::Decimal => Type::decimal(),
        Kind::Other => Type::object(),
        Kind::Void => Type::Void,
    }
}

/// The type of a constant.
pub(super) fn predefined(ty: PredefinedType) -> Type {
    match ty {
        PredefinedType::Bool => Type::bool(),
        PredefinedType::Byte => Type::byte(),
        PredefinedType::SByte => Type::sbyte(),
        PredefinedType::Short => Type::short(),
        PredefinedType::UShort => Type::ushort(),
        PredefinedType::Int => Type::int(),
        PredefinedType::UInt => Type::uint(),
        PredefinedType::Long => Type::long(),
        PredefinedType::ULong => Type::ulong(),
        PredefinedType::Float => Type::float(),
        PredefinedType::Double => Type::double(),
        PredefinedType::Decimal => Type::decimal(),
        PredefinedType::Char => Type::char(),
        PredefinedType::String => Type::string(),
        PredefinedType::Object => Type::object(),
        PredefinedType::Void => Type::Void,
    }
}

/// Identity, as C# has it: `dynamic` is `object`, and names of tuple elements do not count.
pub(super) fn same(a: &Type, b: &Type) -> bool {
    let object = |ty: &Type| ty.is_object() || matches!(ty, Type::Dynamic);
    match (a, b) {
        (Type::Named(x, left), Type::Named(y, right)) => {
            x == y
                && left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(a, b)| same(a, b))
        }
        (Type::Array(a, x), Type::Array(b, y)) => x == y && same(a, b),
        (Type::Nullable(a), Type::Nullable(b)) => same(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(&a.0, &b.0))
        }
        _ => a == b || object(a) && object(b),
    }
}

/// `T` of `T?`, otherwise the type itself.
pub(super) fn underlying(ty: &Type) -> &Type {
    match ty {
        Type::Nullable(inner) => inner,
        other => other,
    }
}

/// The parameter types and result of a delegate type.
pub(super) fn delegate_signature(
    registry: &'static Registry,
    ty: &Type,
) -> Option<(Vec<Type>, Type)> {
    let Type::Named(table, _) = ty else {
        return None;
    };
    if table.kind != TypeKind::Delegate {
        return None;
    }
    let invoke = registry
        .members(*table)
        .iter()
        .find(|member| &*member.name == "Invoke")?;
    let substitution = ty.substitution();
    Some((
        invoke
            .parameters
            .iter()
            .map(|parameter| parameter.ty.substitute(&substitution))
            .collect(),
        invoke.returns.substitute(&substitution),
    ))
}

/// What a `foreach` over it gives.
pub(super) fn element_type(registry: &'static Registry, ty: &Type) -> Option<Type> {
    match ty {
        Type::Array(element, _) => return Some(element.as_ref().clone()),
        Type::Dynamic => return Some(Type::Dynamic),
        _ if ty.is_string() => return Some(Type::char()),
        _ => {}
    }
    let of = |ty: &Type| match ty {
        Type::Named(table, arguments)
            if table.full_name() == "System.Collections.Generic.IEnumerable" =>
        {
            arguments.first().cloned()
        }
        _ => None,
    };
    let bases = registry.bases(ty);
    let all = || std::iter::once(ty).chain(bases.iter());
    all().find_map(of).or_else(|| {
        all()
            .any(|base| matches!(base, Type::Named(table, _) if table.0.name == "System.Collections.IEnumerable"))
            .then(Type::object)
    })
}

impl Binder<'_> {
    /// The type as written. `var` is for the caller.
    pub(super) fn type_syntax(&mut self, syntax: &TypeSyntax) -> Bind<Type> {
        let ty = self.written_type(syntax)?;
        self.note_type(syntax.range, &ty);
        Ok(ty)
    }

    fn written_type(&mut self, syntax: &TypeSyntax) -> Bind<Type> {
        self.tick(syntax.range)?;
        Ok(match &syntax.kind {
            Written::Missing | Written::Omitted => return Err(Reported),
            Written::Predefined(ty) => predefined(*ty),
            Written::Var => {
                return Err(self.error(
                    "CS0825",
                    "The contextual keyword 'var' may only appear within a local variable declaration or in script code",
                    syntax.range,
                ));
            }
            Written::Dynamic => Type::Dynamic,
            Written::Named(parts) => self.named_type(parts, syntax.range)?,
            Written::Array { element, rank } => Type::Array(
                self.type_syntax(element)?.into(),
                u8::try_from(*rank).unwrap_or(u8::MAX),
            ),
            Written::Nullable(inner) => {
                let ty = self.type_syntax(inner)?;
                let is_struct = self.bounds_of(&ty).is_some_and(|bounds| bounds.is_struct);
                if is_struct {
                    return Ok(Type::Nullable(ty.into()));
                }
                if !ty.is_value_type() || matches!(ty, Type::Nullable(_)) {
                    return Err(self.error(
                        "CS8370",
                        "Feature 'nullable reference types' is not available in C# 7.3. Please use language version 8.0 or greater.",
                        Range32::new(syntax.range.end.saturating_sub(1), syntax.range.end),
                    ));
                }
                ty.nullable()
            }
            Written::Tuple(elements) => {
                let mut types = Vec::with_capacity(elements.len());
                for element in elements {
                    let name = element.name.as_ref().map(|name| name.name.clone());
                    types.push((self.type_syntax(&element.ty)?, name));
                }
                Type::Tuple(types.into())
            }
        })
    }

    /// The type of `typeof(…)`, which may leave type arguments out: `List<>`.
    pub(super) fn reflected(&mut self, syntax: &TypeSyntax) -> Bind<Type> {
        if let Written::Named(parts) = &syntax.kind
            && let Some(last) = parts.last()
            && let [first, ..] = &*last.type_arguments
            && matches!(first.kind, Written::Omitted)
        {
            let names: Vec<&str> = parts.iter().map(|part| &*part.identifier.name).collect();
            let found = self
                .registry
                .find(&names.join("."), last.type_arguments.len());
            return match found {
                Some(table) => Ok(Type::plain(table.0)),
                None => Err(self.unknown_type(&last.identifier.name, last.identifier.range)),
            };
        }
        self.type_syntax(syntax)
    }

    fn named_type(&mut self, parts: &[SimpleName], range: Range32) -> Bind<Type> {
        let (Some(last), qualifier) = (
            parts.last(),
            parts.split_last().map_or(&[][..], |(_, rest)| rest),
        ) else {
            return Err(Reported);
        };
        let open = |argument: &TypeSyntax| matches!(argument.kind, Written::Omitted);
        if last.type_arguments.iter().any(open) {
            return Err(self.error("CS7003", "Unexpected use of an unbound generic name", range));
        }
        let mut arguments = Vec::with_capacity(last.type_arguments.len());
        for argument in &last.type_arguments {
            arguments.push(self.type_syntax(argument)?);
        }
        let name = &*last.identifier.name;
        let prefix: Vec<&str> = qualifier
            .iter()
            .map(|part| &*part.identifier.name)
            .collect();
        if let ([], [], Some(ty)) = (qualifier, &*arguments, self.type_parameter(name)) {
            return Ok(ty);
        }
        let found = match qualifier {
            [] => self.registry.find(name, arguments.len()),
            _ => {
                let qualified = format!("{}.{name}", prefix.join("."));
                self.registry.find(&qualified, arguments.len()).or_else(|| {
                    // A type within a type: `TimeZoneInfo.AdjustmentRule`.
                    let outer = self.registry.find(&prefix.join("."), 0)?;
                    self.registry
                        .find(&format!("{}.{name}", outer.full_name()), arguments.len())
                })
            }
        };
        if let Some(table) = found {
            return Ok(construct(table, arguments));
        }
        if let Some(arity) = (0..=8).find(|arity| self.registry.find(name, *arity).is_some())
            && qualifier.is_empty()
        {
            return Err(self.wrong_arity(name, arity, range));
        }
        Err(match qualifier {
            [] => self.unknown_type(name, last.identifier.range),
            _ => {
                let message = format!(
                    "The type or namespace name '{name}' does not exist in the namespace '{}' (are you missing an assembly reference?)",
                    prefix.join(".")
                );
                self.error("CS0234", message, range)
            }
        })
    }

    fn wrong_arity(&mut self, name: &str, arity: usize, range: Range32) -> Reported {
        let shown = self
            .registry
            .find(name, arity)
            .map_or_else(|| name.to_string(), display_table);
        if arity == 0 {
            self.error(
                "CS0308",
                format!("The non-generic type '{shown}' cannot be used with type arguments"),
                range,
            )
        } else {
            self.error(
                "CS0305",
                format!("Using the generic type '{shown}' requires {arity} type arguments"),
                range,
            )
        }
    }

    /// CS0246, with the nearest name there is.
    pub(super) fn unknown_type(&mut self, name: &str, range: Range32) -> Reported {
        if matches!(name, "nint" | "nuint") {
            return self.error(
                "CS8370",
                "Feature 'native-sized integers' is not available in C# 7.3. Please use language version 9.0 or greater.",
                range,
            );
        }
        let help = self
            .registry
            .type_suggestion(name)
            .map(|near| format!("did you mean `{near}`?"));
        self.error_with_help(
            "CS0246",
            format!(
                "The type or namespace name '{name}' could not be found (are you missing a using directive or an assembly reference?)"
            ),
            range,
            help,
        )
    }

    /// `default(T)`.
    pub(super) fn default_of(&self, ty: &Type, range: Range32) -> Typed {
        use rust_decimal::Decimal;
        use tollgate_dotnet::DateTimeKind;
        let value = match kind_of(ty) {
            Kind::Bool => Value::Bool(false),
            Kind::Char => Value::Char(0),
            Kind::SByte => Value::SByte(0),
            Kind::Byte => Value::Byte(0),
            Kind::Int16 => Value::Int16(0),
            Kind::UInt16 => Value::UInt16(0),
            Kind::Int32 => Value::Int32(0),
            Kind::UInt32 => Value::UInt32(0),
            Kind::Int64 => Value::Int64(0),
            Kind::UInt64 => Value::UInt64(0),
            Kind::Single => Value::Single(0.0),
            Kind::Double => Value::Double(0.0),
            Kind::Decimal => Value::Decimal(Decimal::ZERO),
            Kind::Void => Value::Null,
            Kind::Other => match ty {
                Type::Named(table, _) if table.kind == TypeKind::Enum => Value::Enum(*table, 0),
                _ if ty.is_guid() => Value::Guid([0; 16]),
                _ if ty.is_date_time() => Value::DateTime(0, DateTimeKind::Unspecified),
                _ if ty.is_date_time_offset() => Value::DateTimeOffset(0, 0),
                _ if ty.is_time_span() => Value::TimeSpan(0),
                Type::Tuple(elements) => {
                    let items = elements
                        .iter()
                        .map(|(element, _)| self.default_of(element, range).node)
                        .collect();
                    return Typed::new(
                        Op::Tuple {
                            ty: ty.clone(),
                            items,
                        },
                        ty.clone(),
                        range,
                    );
                }
                Type::Named(table, _) if table.kind == TypeKind::Struct => {
                    return Typed::new(Op::Default(ty.clone()), ty.clone(), range);
                }
                _ => Value::Null,
            },
        };
        Typed::constant(value, ty.clone(), range)
    }
}

/// The constructed type; `Nullable<T>` is `T?`.
pub(super) fn construct(table: TypeRef, mut arguments: Vec<Type>) -> Type {
    if table.full_name() == "System.Nullable"
        && let Some(inner) = arguments.pop()
    {
        return inner.nullable();
    }
    Type::Named(table, arguments.into())
}

fn display_table(table: TypeRef) -> String {
    let parameters: Vec<_> = table.type_parameters().map(|(name, _)| name).collect();
    match parameters.is_empty() {
        true => table.simple_name().to_string(),
        false => format!("{}<{}>", table.simple_name(), parameters.join(", ")),
    }
}
