//! Member access: `target.name`, `target?.name`.

use tollgate_dotnet::{Found, MemberKind, Type, TypeKind, Value};
use tollgate_syntax::csharp::ast::{self, Range32, SimpleName};

use super::call::{dynamic, sequence};
use super::lift::is_null;
use super::types::construct;
use super::watch::is_mark;
use super::{Bind, Binder, Bound, Callee, Methods, Reported, Typed, node};
use crate::typed::{Dynamic, Kind, Op};

impl<'a> Binder<'a> {
    /// `target.name`; methods are left unresolved. What is `called` is no property, if there is a method.
    pub(super) fn member(
        &mut self,
        target: &'a ast::Expr,
        name: &'a SimpleName,
        range: Range32,
        called: bool,
    ) -> Bind<Bound<'a>> {
        let target_range = target.range;
        let target = self.natural(target)?;
        if is_mark(&name.identifier) {
            self.want_member(&target);
        }
        match target {
            Bound::Namespace(namespace) => self.in_namespace(&namespace, name, range),
            Bound::Type(ty) => self.static_member(ty, name, range),
            Bound::Value(value) => self.instance_member(value, name, range, called),
            Bound::Tuple(..) | Bound::Default(_) | Bound::Throw(_) => {
                Err(self.not_a_value(&target, target_range))
            }
            Bound::Lambda(..) => Err(self.error(
                "CS0023",
                "Operator '.' cannot be applied to operand of type 'lambda expression'",
                range,
            )),
            Bound::Methods(_) => Err(self.error(
                "CS0119",
                "A method group is not valid in the given context",
                range,
            )),
        }
    }

    fn in_namespace(
        &mut self,
        namespace: &str,
        name: &'a SimpleName,
        range: Range32,
    ) -> Bind<Bound<'a>> {
        let full = format!("{namespace}.{}", name.identifier.name);
        if let Some(ty) = self.type_named(&full, name, range)? {
            return Ok(Bound::Type(ty));
        }
        if self.registry.is_namespace(&full) {
            return Ok(Bound::Namespace(full));
        }
        let help = self
            .registry
            .type_suggestion(&name.identifier.name)
            .map(|near| format!("did you mean `{near}`?"));
        Err(self.error_with_help(
            "CS0234",
            format!(
                "The type or namespace name '{}' does not exist in the namespace '{namespace}' (are you missing an assembly reference?)",
                name.identifier.name
            ),
            name.identifier.range,
            help,
        ))
    }

    fn static_member(&mut self, ty: Type, name: &'a SimpleName, range: Range32) -> Bind<Bound<'a>> {
        let text = &*name.identifier.name;
        if let Some(table) = ty.table().filter(|table| table.kind == TypeKind::Enum)
            && let Some((_, number)) = table.values.iter().find(|(value, _)| *value == text)
        {
            return Ok(Bound::Value(Typed::constant(
                Value::Enum(table, *number),
                ty,
                range,
            )));
        }
        let found = self.registry.lookup(&ty, text);
        let property = found
            .iter()
            .find(|found| found.info.kind == MemberKind::Getter);
        if let Some(property) = property {
            if !property.info.is_static {
                return Err(self.error(
                    "CS0120",
                    format!(
                        "An object reference is required for the non-static field, method, or property '{ty}.{text}'"
                    ),
                    range,
                ));
            }
            let call = self.call_node(
                property.info,
                &property.owner,
                &[],
                Vec::new(),
                Vec::new(),
                range,
            );
            let returns = property
                .info
                .returns
                .substitute(&property.owner.substitution());
            return Ok(Bound::Value(Typed {
                node: call,
                ty: returns,
            }));
        }
        let own: Vec<Callee> = methods_of(found);
        if !own.is_empty() {
            return self.group(None, own, Vec::new(), name, Some(ty));
        }
        if let Some(table) = ty.table() {
            let nested = format!("{}.{text}", table.full_name());
            if let Some(inner) = self.registry.find(&nested, name.type_arguments.len()) {
                let mut arguments = Vec::new();
                for argument in &name.type_arguments {
                    arguments.push(self.type_syntax(argument)?);
                }
                return Ok(Bound::Type(construct(inner, arguments)));
            }
        }
        Err(self.no_definition(&ty, text, name.identifier.range))
    }

    /// CS0117, with the nearest name there is.
    pub(super) fn no_definition(&mut self, ty: &Type, name: &str, range: Range32) -> Reported {
        let help = self
            .registry
            .suggestion(ty, name)
            .map(|near| format!("did you mean `{near}`?"));
        self.error_with_help(
            "CS0117",
            format!("'{ty}' does not contain a definition for '{name}'"),
            range,
            help,
        )
    }

    pub(super) fn instance_member(
        &mut self,
        target: Typed,
        name: &'a SimpleName,
        range: Range32,
        called: bool,
    ) -> Bind<Bound<'a>> {
        let text = &*name.identifier.name;
        match &target.ty {
            Type::Dynamic => {
                let methods = self.group(Some(target), Vec::new(), Vec::new(), name, None)?;
                return Ok(methods);
            }
            Type::Null => {
                return Err(self.error(
                    "CS0023",
                    "Operator '.' cannot be applied to operand of type '<null>'",
                    range,
                ));
            }
            Type::Void => {
                return Err(self.error(
                    "CS0023",
                    "Operator '.' cannot be applied to operand of type 'void'",
                    range,
                ));
            }
            Type::Array(..) if text == "Length" => {
                return Ok(Bound::Value(Typed::new(
                    Op::ArrayLength(target.node.into()),
                    Type::int(),
                    range,
                )));
            }
            Type::Nullable(inner) => match text {
                "HasValue" => {
                    let test = node(Op::IsNull(target.node.into()), Kind::Bool, range);
                    return Ok(Bound::Value(Typed::new(
                        Op::Not(test.into()),
                        Type::bool(),
                        range,
                    )));
                }
                "Value" => {
                    let inner = inner.as_ref().clone();
                    return Ok(Bound::Value(Typed::new(
                        Op::Unwrap(target.node.into()),
                        inner,
                        range,
                    )));
                }
                _ => {}
            },
            Type::Tuple(_) | Type::Anonymous(_) => {
                if let Some((index, ty)) = item(&target.ty, text) {
                    return Ok(Bound::Value(Typed::new(
                        Op::Item {
                            operand: target.node.into(),
                            index,
                        },
                        ty,
                        range,
                    )));
                }
            }
            _ => {}
        }
        let found = self.members_of(&target.ty, text);
        let property = found
            .iter()
            .find(|found| found.info.kind == MemberKind::Getter)
            .filter(|found| {
                let returns = &found.info.returns;
                !called
                    || returns.is_delegate()
                    || matches!(returns, Type::Dynamic | Type::Parameter(_))
                    || self.registry.extensions(text).is_empty()
            });
        if let Some(property) = property {
            if property.info.is_static {
                return Err(self.error(
                    "CS0176",
                    format!(
                        "Member '{}.{text}' cannot be accessed with an instance reference; qualify it with a type name instead",
                        property.owner
                    ),
                    range,
                ));
            }
            let call = self.call_node(
                property.info,
                &property.owner,
                &[],
                vec![target.node],
                Vec::new(),
                range,
            );
            let ty = property
                .info
                .returns
                .substitute(&property.owner.substitution());
            return Ok(Bound::Value(Typed { node: call, ty }));
        }
        let own = methods_of(found);
        let extensions: Vec<Callee> = self
            .registry
            .extensions(text)
            .into_iter()
            .filter(|_| !self.late)
            .map(|info| Callee::Member {
                info,
                owner: Type::Named(info.owner, Default::default()),
            })
            .collect();
        if own.is_empty() && extensions.is_empty() {
            let shown = display_owner(&target.ty);
            return Err(self.no_member(&shown, text, Some(target.ty), name.identifier.range));
        }
        let owner = target.ty.clone();
        self.group(Some(target), own, extensions, name, Some(owner))
    }

    /// The members of that name; of a type parameter those of what it must be.
    fn members_of(&self, ty: &Type, name: &str) -> Vec<Found<'static>> {
        let bounds = self.bounds_of(ty);
        let mut bounds = bounds.iter().flat_map(|bounds| &bounds.types);
        let found = bounds.find_map(|bound| {
            let found = self.registry.lookup(bound, name);
            (!found.is_empty()).then_some(found)
        });
        found.unwrap_or_else(|| self.registry.lookup(ty, name))
    }

    fn group(
        &mut self,
        receiver: Option<Typed>,
        own: Vec<Callee>,
        extensions: Vec<Callee>,
        name: &'a SimpleName,
        owner: Option<Type>,
    ) -> Bind<Bound<'a>> {
        let mut type_arguments = Vec::with_capacity(name.type_arguments.len());
        for argument in &name.type_arguments {
            type_arguments.push(self.type_syntax(argument)?);
        }
        Ok(Bound::Methods(Box::new(Methods {
            receiver,
            own,
            extensions,
            type_arguments,
            name: name.identifier.name.clone(),
            owner,
            range: name.identifier.range,
        })))
    }

    /// CS1061, with the nearest name there is.
    pub(super) fn no_member(
        &mut self,
        shown: &str,
        name: &str,
        owner: Option<Type>,
        range: Range32,
    ) -> Reported {
        let help = owner
            .and_then(|owner| self.registry.suggestion(&owner, name))
            .filter(|near| near != name)
            .map(|near| format!("did you mean `{near}`?"));
        self.error_with_help(
            "CS1061",
            format!(
                "'{shown}' does not contain a definition for '{name}' and no accessible extension method '{name}' accepting a first argument of type '{shown}' could be found (are you missing a using directive or an assembly reference?)"
            ),
            range,
            help,
        )
    }

    /// `receiver?.access`.
    pub(super) fn conditional_access(
        &mut self,
        receiver: &'a ast::Expr,
        access: &'a ast::Expr,
        range: Range32,
    ) -> Bind<Typed> {
        let receiver = self.value(receiver)?;
        let receiver = self.nullable_in_instance(receiver);
        let at = receiver.range();
        let mark = Range32::new(at.end, at.end.saturating_add(1));
        let inner = match &receiver.ty {
            Type::Nullable(inner) => inner.as_ref().clone(),
            ty if ty.is_reference() && *ty != Type::Null => ty.clone(),
            ty if self.may_be_null(ty) => ty.clone(),
            ty => {
                let message = format!("Operator '?' cannot be applied to operand of type '{ty}'");
                return Err(self.error("CS0023", message, mark));
            }
        };
        let slot = self.temporary()?;
        self.receivers.push(Typed::new(Op::Local(slot), inner, at));
        let result = self.value_or_void(access);
        self.receivers.pop();
        let result = result?;
        let ty = match &result.ty {
            Type::Void => Type::Void,
            ty => ty.clone().nullable(),
        };
        let kind = if ty == Type::Void {
            Kind::Void
        } else {
            Kind::Other
        };
        let assign = node(Op::Assign(slot, receiver.node.into()), Kind::Other, at);
        let null = node(Op::Constant(Value::Null), kind, at);
        let choice = node(
            Op::Conditional(Box::new([is_null(slot, at), null, result.node])),
            kind,
            range,
        );
        Ok(Typed {
            node: sequence(vec![assign, choice], range),
            ty,
        })
    }

    /// Methods that were not called: of a `dynamic` receiver, a property after all.
    pub(super) fn settle(&mut self, bound: Bound<'a>, range: Range32) -> Bound<'a> {
        match bound {
            Bound::Methods(methods) => match methods.receiver {
                Some(receiver) if receiver.ty == Type::Dynamic => Bound::Value(dynamic(
                    Dynamic::Get {
                        receiver: receiver.node,
                        name: methods.name,
                    },
                    range,
                )),
                receiver => Bound::Methods(Box::new(Methods {
                    receiver,
                    ..*methods
                })),
            },
            other => other,
        }
    }
}

/// The item of a tuple or property of an anonymous object.
pub(super) fn item(ty: &Type, name: &str) -> Option<(u32, Type)> {
    match ty {
        Type::Tuple(items) => {
            let named = items
                .iter()
                .position(|(_, given)| given.as_deref() == Some(name));
            let index = named.or_else(|| {
                let number: usize = name.strip_prefix("Item")?.parse().ok()?;
                number.checked_sub(1)
            })?;
            let (ty, _) = items.get(index)?;
            Some((u32::try_from(index).ok()?, ty.clone()))
        }
        Type::Anonymous(items) => {
            let index = items.iter().position(|(given, _)| **given == *name)?;
            let (_, ty) = items.get(index)?;
            Some((u32::try_from(index).ok()?, ty.clone()))
        }
        _ => None,
    }
}

fn methods_of(found: Vec<tollgate_dotnet::Found<'static>>) -> Vec<Callee> {
    found
        .into_iter()
        .filter(|found| found.info.kind == MemberKind::Method)
        .map(|found| Callee::Member {
            info: found.info,
            owner: found.owner,
        })
        .collect()
}

/// How CS1061 names a type.
fn display_owner(ty: &Type) -> String {
    match ty {
        Type::Anonymous(items) if items.is_empty() => "<empty anonymous type>".into(),
        other => other.to_string(),
    }
}
