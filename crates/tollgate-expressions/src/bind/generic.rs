//! Generic local functions: checked once with type parameters that stand for nothing else, then bound for each set of type
//! arguments that a call gives.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_dotnet::{Type, TypeKind};
use tollgate_syntax::csharp::ast::{self, ConstraintKind, Range32};

use super::{Bind, Binder, Reported, Typed};
use crate::scope::{Bounds, Instance, Signature, Variable};
use crate::typed::{Kind, Node};

/// How many functions one generic local function may become.
const INSTANCES: usize = 64;

/// How deep type arguments may be nested: a function that calls itself with its own type in another would not end.
const NESTING: usize = 8;

impl<'a> Binder<'a> {
    /// The type parameters of a local function, by their names and as types of their own.
    pub(super) fn type_parameters(
        &mut self,
        function: &'a ast::LocalFunction,
    ) -> Bind<Vec<(Box<str>, Type)>> {
        let mut all: Vec<(Box<str>, Type)> = Vec::new();
        for name in &function.type_parameters {
            if all.iter().any(|(known, _)| *known == name.name) {
                let message = format!("Duplicate type parameter '{}'", name.name);
                return Err(self.error("CS0692", message, name.range));
            }
            if self.variable(&name.name).is_some() {
                let message = format!(
                    "A local or parameter named '{}' cannot be declared in this scope because that name is used in an enclosing local scope to define a local or parameter",
                    name.name
                );
                return Err(self.error("CS0136", message, name.range));
            }
            // As `!T` it is no name of a type parameter in a signature.
            let ty = Type::Parameter(format!("!{}", name.name).into());
            all.push((name.name.clone(), ty));
        }
        Ok(all)
    }

    /// What the constraints say; the type parameters are in scope.
    pub(super) fn constraints(
        &mut self,
        function: &'a ast::LocalFunction,
        parameters: &[(Box<str>, Type)],
    ) -> Bind<Vec<Bounds>> {
        let mut all: Vec<Bounds> = parameters.iter().map(|_| Bounds::default()).collect();
        for constraint in &function.constraints {
            let name = &constraint.parameter;
            let index = parameters.iter().position(|(known, _)| *known == name.name);
            let Some(bounds) = index.and_then(|index| all.get_mut(index)) else {
                let message = format!(
                    "'{}' does not define type parameter '{}'",
                    function.name.name, name.name
                );
                return Err(self.error("CS0699", message, name.range));
            };
            match &constraint.kind {
                ConstraintKind::Class => bounds.is_class = true,
                ConstraintKind::Struct => bounds.is_struct = true,
                ConstraintKind::New => bounds.has_new = true,
                ConstraintKind::Type(syntax) => bounds.types.push(self.type_syntax(syntax)?),
            }
        }
        for ((_, ty), bounds) in parameters.iter().zip(&all) {
            if let Type::Parameter(name) = ty {
                self.bounds.insert(name.clone(), bounds.clone());
            }
        }
        Ok(all)
    }

    /// The type parameter of that name, as what it stands for.
    pub(super) fn type_parameter(&self, name: &str) -> Option<Type> {
        let frames = self.frames.iter().rev();
        let mut known = frames.flat_map(|frame| &frame.type_parameters);
        let (_, ty) = known.find(|(known, _)| **known == *name)?;
        Some(ty.clone())
    }

    /// What is known of a type parameter that stands for itself.
    pub(super) fn bounds_of(&self, ty: &Type) -> Option<&Bounds> {
        match ty {
            Type::Parameter(name) => self.bounds.get(name),
            _ => None,
        }
    }

    /// Whether it is a type parameter that may be a reference.
    pub(super) fn may_be_null(&self, ty: &Type) -> bool {
        self.bounds_of(ty).is_some_and(|bounds| !bounds.is_struct)
    }

    /// Whether a type parameter is always a reference.
    pub(super) fn is_class(&self, ty: &Type) -> bool {
        self.bounds_of(ty).is_some_and(|bounds| {
            bounds.is_class
                || bounds
                    .types
                    .iter()
                    .any(|ty| matches!(ty, Type::Named(table, _) if table.kind == TypeKind::Class))
        })
    }

    /// Whether the code being bound is that of a generic function for certain type arguments.
    pub(super) fn in_instance(&self) -> bool {
        let mut frames = self.frames.iter();
        frames.any(|frame| {
            let mut parameters = frame.type_parameters.iter();
            parameters.any(|(_, ty)| !matches!(ty, Type::Parameter(_)))
        })
    }

    /// A value as one of its `T?`, in the code of a generic function: there `?.` and `??` may stand behind any value.
    pub(super) fn nullable_in_instance(&self, value: Typed) -> Typed {
        match self.in_instance() && value.ty.is_value_type() {
            true => Typed {
                ty: value.ty.nullable(),
                node: value.node,
            },
            false => value,
        }
    }

    /// The delegate of a generic local function for these type arguments.
    pub(super) fn instance(
        &mut self,
        signature: &Arc<Signature>,
        delegate: &Node,
        types: &[Type],
        range: Range32,
    ) -> Bind<Node> {
        for ((name, bounds), ty) in signature
            .type_parameters
            .iter()
            .zip(&signature.bounds)
            .zip(types)
        {
            self.check_bounds(signature, name, bounds, ty, types, range)?;
        }
        // While a generic function is checked, nothing of it is run.
        if types.iter().any(is_open) {
            return Ok(delegate.clone());
        }
        if types.iter().any(|ty| nesting(ty) > NESTING) {
            return Err(self.unsupported("generic local functions that go on for ever", range));
        }
        let full: Vec<String> = types.iter().map(Type::net_name).collect();
        let name: Box<str> = format!("{}<{}>", signature.name, full.join(",")).into();
        let at = signature.at;
        let found = self
            .frames
            .iter()
            .enumerate()
            .rev()
            .find_map(|(depth, frame)| {
                let mut scopes = frame.scopes.iter().enumerate().rev();
                let has = |variable: &Variable| variable.at == at && variable.function.is_some();
                let (scope, _) = scopes.find(|(_, scope)| scope.variables.iter().any(has))?;
                Some((depth, scope))
            });
        let (depth, scope) = found.ok_or(Reported)?;
        let cell = self.cells.contains(&at);
        let frame = self.frames.get_mut(depth).ok_or(Reported)?;
        let known = frame.scopes.get(scope).and_then(|scope| scope.find(&name));
        let variable = match known.cloned() {
            Some(variable) => variable,
            None => {
                let slot = frame.slot(Some(&signature.name));
                let variable = Variable {
                    name: name.clone(),
                    ty: Some(Type::object()),
                    slot,
                    cell,
                    at,
                    constant: None,
                    fixed: None,
                    declared: true,
                    reference: false,
                    function: Some(signature.clone()),
                };
                let scope = frame.scopes.get_mut(scope).ok_or(Reported)?;
                if cell {
                    scope.cells.push(slot);
                }
                scope.variables.push(variable.clone());
                scope.instances.push(Instance {
                    function: at,
                    types: types.to_vec(),
                    variable: name,
                });
                let others = scope.variables.iter();
                if others.filter(|other| other.at == at).count() > INSTANCES {
                    return Err(self.unsupported("as many kinds of one generic function", range));
                }
                variable
            }
        };
        self.load(depth, &variable, Kind::Other, range)
    }

    fn check_bounds(
        &mut self,
        signature: &Signature,
        name: &str,
        bounds: &Bounds,
        ty: &Type,
        types: &[Type],
        range: Range32,
    ) -> Bind<()> {
        let shown = name.trim_start_matches('!');
        let of = &signature.name;
        let own = self.bounds_of(ty).cloned();
        let is_value = match &own {
            Some(own) => own.is_struct,
            None => ty.is_value_type(),
        };
        let is_reference = match &own {
            Some(_) => self.is_class(ty),
            None => ty.is_reference(),
        };
        if bounds.is_struct && (!is_value || matches!(ty, Type::Nullable(_))) {
            let message = format!(
                "The type '{ty}' must be a non-nullable value type in order to use it as parameter '{shown}' in the generic type or method '{of}'"
            );
            return Err(self.error("CS0453", message, range));
        }
        if bounds.is_class && !is_reference {
            let message = format!(
                "The type '{ty}' must be a reference type in order to use it as parameter '{shown}' in the generic type or method '{of}'"
            );
            return Err(self.error("CS0452", message, range));
        }
        let substitution: Vec<(&str, Type)> = signature
            .type_parameters
            .iter()
            .map(|name| &**name)
            .zip(types.iter().cloned())
            .collect();
        for bound in &bounds.types {
            let bound = bound.substitute(&substitution);
            if self.standard(ty, None, &bound).is_none() {
                let code = match (ty, is_value) {
                    (Type::Nullable(_), _) => "CS0312",
                    (_, true) => "CS0315",
                    _ => "CS0311",
                };
                let message = format!(
                    "The type '{ty}' cannot be used as type parameter '{shown}' in the generic type or method '{of}'. There is no conversion from '{ty}' to '{bound}'."
                );
                return Err(self.error(code, message, range));
            }
        }
        let creates = match &own {
            Some(own) => own.has_new || own.is_struct,
            None => {
                ty.is_value_type()
                    || (self.registry.constructors(ty).iter())
                        .any(|found| found.info.parameters.is_empty())
            }
        };
        if bounds.has_new && !creates {
            let message = format!(
                "'{ty}' must be a non-abstract type with a public parameterless constructor in order to use it as parameter '{shown}' in the generic type or method '{of}'"
            );
            return Err(self.error("CS0310", message, range));
        }
        Ok(())
    }

    /// Binds what calls made of the generic functions of the innermost scope.
    pub(super) fn instances(&mut self) -> Vec<Node> {
        let mut nodes = Vec::new();
        loop {
            let scope = self
                .frames
                .last_mut()
                .and_then(|frame| frame.scopes.last_mut());
            let Some(instance) = scope.and_then(|scope| scope.instances.pop()) else {
                return nodes;
            };
            let Some(function) = self.generics.get(&instance.function).copied() else {
                continue;
            };
            let context = self.context;
            // What lambdas in it mean depends on the type arguments.
            self.contexts += 1;
            self.context = self.contexts;
            nodes.extend(self.instance_of(function, &instance));
            self.context = context;
        }
    }

    fn instance_of(&mut self, function: &'a ast::LocalFunction, instance: &Instance) -> Bind<Node> {
        let (_, variable) = self.variable(&instance.variable).ok_or(Reported)?;
        let signature = variable.function.clone().ok_or(Reported)?;
        let names = function
            .type_parameters
            .iter()
            .map(|name| name.name.clone());
        let types = names.zip(instance.types.iter().cloned()).collect();
        let substitution: Vec<(&str, Type)> = signature
            .type_parameters
            .iter()
            .map(|name| &**name)
            .zip(instance.types.iter().cloned())
            .collect();
        let mut closed = Signature::clone(&signature);
        closed.returns = closed.returns.substitute(&substitution);
        for parameter in &mut closed.parameters {
            parameter.ty = parameter.ty.substitute(&substitution);
        }
        let lambda = self.function(function, &closed, types, function.name.range)?;
        Ok(self.store(&variable, lambda, function.name.range))
    }
}

/// What is known of the type parameters that are being checked.
pub(super) type AllBounds = HashMap<Box<str>, Bounds>;

/// Whether a type parameter is in it that stands for itself.
fn is_open(ty: &Type) -> bool {
    match ty {
        Type::Parameter(_) => true,
        Type::Named(_, arguments) => arguments.iter().any(is_open),
        Type::Array(inner, _) | Type::Nullable(inner) => is_open(inner),
        Type::Tuple(items) => items.iter().any(|(ty, _)| is_open(ty)),
        Type::Anonymous(items) => items.iter().any(|(_, ty)| is_open(ty)),
        Type::Void | Type::Null | Type::Dynamic => false,
    }
}

fn nesting(ty: &Type) -> usize {
    let below = match ty {
        Type::Named(_, arguments) => arguments.iter().map(nesting).max(),
        Type::Array(inner, _) | Type::Nullable(inner) => Some(nesting(inner)),
        Type::Tuple(items) => items.iter().map(|(ty, _)| nesting(ty)).max(),
        Type::Anonymous(items) => items.iter().map(|(_, ty)| nesting(ty)).max(),
        _ => None,
    };
    below.map_or(0, |below| below + 1)
}
