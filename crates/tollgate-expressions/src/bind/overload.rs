//! Overload resolution. Source: C# specification, Overload resolution and Better function member.

use tollgate_dotnet::{MemberKind, Parameter, ParameterMode, Type};
use tollgate_syntax::csharp::ast::{self, Range32};

use super::types::{element_type, kind_of, same, underlying};
use super::{Bind, Binder, Bound, Callee, Methods, Reported, Typed};
use crate::typed::Kind;

/// An argument of a call.
#[derive(Debug, Clone)]
pub(super) struct Argument<'a> {
    pub name: Option<&'a str>,
    pub value: Passed<'a>,
    pub range: Range32,
}

/// How and what an argument passes.
#[derive(Debug, Clone)]
pub(super) enum Passed<'a> {
    Value(Bound<'a>),
    /// `out x` of an existing variable, or `ref x`.
    Variable {
        name: &'a ast::Identifier,
        ty: Type,
        out: bool,
    },
    /// `out var x`, `out T x`, `out _`; no type when it is to be inferred.
    Declares {
        ty: Option<Type>,
        designation: &'a ast::Designation,
    },
    /// `out _`.
    Discard,
}

/// A member that takes the arguments, and how.
#[derive(Debug, Clone)]
pub(super) struct Applicable {
    pub callee: Callee,
    /// The generic arguments of the method.
    pub types: Vec<Type>,
    /// For each argument, the parameter it goes to.
    pub map: Vec<usize>,
    /// The parameters' types; of an expanded `params` parameter, the element's.
    pub parameters: Vec<Type>,
    /// `params` arguments are given one by one.
    pub expanded: bool,
    /// The first argument is the receiver of an extension method.
    pub extension: bool,
    pub returns: Type,
}

/// Why a member does not take the arguments, worst first.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    Count,
    TypeArguments,
    Name(String),
    Missing(String),
    Infer,
    Mode(usize, bool),
    Argument(usize, Type),
}

impl Callee {
    pub(super) fn parameters(&self) -> &[Parameter] {
        match self {
            Callee::Member { info, .. } => &info.parameters,
            Callee::Local(signature, _) => &signature.parameters,
        }
    }

    pub(super) fn type_parameters(&self) -> &[Box<str>] {
        match self {
            Callee::Member { info, .. } => &info.type_parameters,
            Callee::Local(..) => &[],
        }
    }

    pub(super) fn returns(&self) -> &Type {
        match self {
            Callee::Member { info, .. } => &info.returns,
            Callee::Local(signature, _) => &signature.returns,
        }
    }

    /// The type parameters of the owner with what they stand for.
    pub(super) fn substitution(&self) -> Vec<(String, Type)> {
        match self {
            Callee::Member { owner, .. } => owner
                .substitution()
                .into_iter()
                .map(|(name, ty)| (name.to_string(), ty))
                .collect(),
            Callee::Local(..) => Vec::new(),
        }
    }
}

impl<'a> Binder<'a> {
    /// The best of the methods for the arguments, or an error.
    pub(super) fn resolve(
        &mut self,
        methods: &Methods,
        arguments: &[Argument<'a>],
        range: Range32,
    ) -> Bind<Applicable> {
        let mut failures = Vec::new();
        let own = self.applicable(
            &methods.own,
            &methods.type_arguments,
            arguments,
            false,
            &mut failures,
        );
        if !own.is_empty() {
            return self.best(own, arguments, methods, range);
        }
        let own_failures = failures.len();
        let mut extended = Vec::new();
        let with_receiver = |receiver: &Typed| {
            let mut all = vec![Argument {
                name: None,
                value: Passed::Value(Bound::Value(receiver.clone())),
                range: receiver.range(),
            }];
            all.extend(arguments.iter().cloned());
            all
        };
        if let Some(receiver) = &methods.receiver {
            let all = with_receiver(receiver);
            extended = self.applicable(
                &methods.extensions,
                &methods.type_arguments,
                &all,
                true,
                &mut failures,
            );
            if !extended.is_empty() {
                return self.best(extended, &all, methods, range);
            }
        }
        debug_assert!(extended.is_empty());
        // Extension methods for other receivers are no help in a message.
        let failures: Vec<_> = failures
            .into_iter()
            .enumerate()
            .filter(|(index, (_, failure))| {
                *index < own_failures || !matches!(failure, Failure::Argument(0, _))
            })
            .map(|(_, failure)| failure)
            .collect();
        Err(self.no_overload(methods, arguments, failures, range))
    }

    /// Those that take the arguments.
    fn applicable(
        &mut self,
        callees: &[Callee],
        type_arguments: &[Type],
        arguments: &[Argument<'a>],
        extension: bool,
        failures: &mut Vec<(Callee, Failure)>,
    ) -> Vec<Applicable> {
        let mut found = Vec::new();
        for callee in callees {
            let normal = self.fits(callee, type_arguments, arguments, false, extension);
            let takes_params = callee
                .parameters()
                .last()
                .is_some_and(|last| last.mode == ParameterMode::Params);
            match normal {
                Ok(applicable) => found.push(applicable),
                Err(failure) if !takes_params => failures.push((callee.clone(), failure)),
                Err(_) => match self.fits(callee, type_arguments, arguments, true, extension) {
                    Ok(applicable) => found.push(applicable),
                    Err(failure) => failures.push((callee.clone(), failure)),
                },
            }
        }
        found
    }

    /// Whether it takes the arguments, in normal or expanded form.
    fn fits(
        &mut self,
        callee: &Callee,
        type_arguments: &[Type],
        arguments: &[Argument<'a>],
        expanded: bool,
        extension: bool,
    ) -> Result<Applicable, Failure> {
        let parameters = callee.parameters();
        let map = match_parameters(parameters, arguments, expanded)?;
        let generic = callee.type_parameters();
        if !type_arguments.is_empty() && type_arguments.len() != generic.len() {
            return Err(Failure::TypeArguments);
        }
        let mut substitution = callee.substitution();
        let mut types: Vec<Type> = parameters
            .iter()
            .map(|parameter| {
                let ty = parameter.ty.substitute(&substitution);
                match (&ty, expanded && parameter.mode == ParameterMode::Params) {
                    (Type::Array(element, _), true) => element.as_ref().clone(),
                    (other, true) => element_type(self.registry, other).unwrap_or(ty),
                    _ => ty,
                }
            })
            .collect();
        // The receiver alone decides whether an extension method is one for it: cheaply, before lambdas are tried.
        if extension
            && let (
                Some(Argument {
                    value: Passed::Value(Bound::Value(receiver)),
                    ..
                }),
                Some(first),
            ) = (arguments.first(), types.first())
            && !self.could_receive(&receiver.ty, first)
        {
            return Err(Failure::Argument(0, first.clone()));
        }
        let method_types = if generic.is_empty() {
            Vec::new()
        } else if type_arguments.is_empty() {
            self.infer(generic, &types, &map, arguments)
                .ok_or(Failure::Infer)?
        } else {
            type_arguments.to_vec()
        };
        let own: Vec<(String, Type)> = generic
            .iter()
            .map(|name| name.to_string())
            .zip(method_types.iter().cloned())
            .collect();
        for ty in &mut types {
            *ty = ty.substitute(&own);
        }
        substitution.extend(own);
        for (index, (argument, parameter)) in arguments.iter().zip(&map).enumerate() {
            let (Some(ty), Some(declared)) = (types.get(*parameter), parameters.get(*parameter))
            else {
                return Err(Failure::Count);
            };
            let out = declared.mode == ParameterMode::Out;
            let by_reference = out || declared.mode == ParameterMode::Ref;
            let fits = match &argument.value {
                Passed::Value(value) if !by_reference => {
                    let receiver = extension && index == 0;
                    match (receiver, value) {
                        (true, Bound::Value(value)) => self.receives(&value.ty, ty),
                        _ => self.implicit(value, ty).is_some(),
                    }
                }
                Passed::Value(_) => return Err(Failure::Mode(index, true)),
                _ if !by_reference => return Err(Failure::Mode(index, false)),
                Passed::Variable {
                    ty: given,
                    out: is_out,
                    ..
                } => {
                    if *is_out != out {
                        return Err(Failure::Mode(index, out));
                    }
                    same(given, ty)
                }
                Passed::Declares {
                    ty: Some(given), ..
                } => same(given, ty),
                Passed::Declares { ty: None, .. } | Passed::Discard => out,
            };
            if !fits {
                return Err(Failure::Argument(index, ty.clone()));
            }
        }
        Ok(Applicable {
            callee: callee.clone(),
            returns: callee.returns().substitute(&substitution),
            types: method_types,
            map,
            parameters: types,
            expanded,
            extension,
        })
    }

    /// Whether a receiver converts as one of an extension method: identity, reference, boxing.
    fn receives(&self, from: &Type, to: &Type) -> bool {
        match from {
            Type::Null | Type::Void => false,
            Type::Dynamic => to.is_object(),
            _ => same(from, to) || self.registry.is_assignable(from, to),
        }
    }

    /// Whether it could, if type parameters stood for the right types.
    fn could_receive(&self, from: &Type, to: &Type) -> bool {
        match to {
            Type::Parameter(_) => *from != Type::Void,
            Type::Named(table, arguments) if !arguments.is_empty() => {
                from.table() == Some(*table)
                    || self
                        .registry
                        .bases(from)
                        .iter()
                        .any(|base| base.table() == Some(*table))
            }
            Type::Array(..) => matches!(from, Type::Array(..)),
            _ => self.receives(from, to),
        }
    }

    /// The best of several that fit.
    fn best(
        &mut self,
        mut found: Vec<Applicable>,
        arguments: &[Argument<'a>],
        methods: &Methods,
        range: Range32,
    ) -> Bind<Applicable> {
        // A method of a derived class hides what its bases have, whatever fits better.
        let owners: Vec<Type> = found.iter().filter_map(Applicable::owner).collect();
        found.retain(|candidate| {
            let Some(owner) = candidate.owner() else {
                return true;
            };
            candidate.extension
                || !owners.iter().any(|other| {
                    other != &owner
                        && (self.registry.bases(other).contains(&owner)
                            || owner.is_object() && !other.is_object())
                })
        });
        if let [_] = found.as_slice() {
            return found.pop().ok_or(Reported);
        }
        let best = (0..found.len()).find(|&index| {
            (0..found.len()).all(|other| {
                other == index
                    || matches!(
                        (found.get(index), found.get(other)),
                        (Some(a), Some(b)) if self.better(a, b, arguments)
                    )
            })
        });
        match best {
            Some(index) => Ok(found.swap_remove(index)),
            None => {
                let [first, second, ..] = found.as_slice() else {
                    return Err(Reported);
                };
                let message = format!(
                    "The call is ambiguous between the following methods or properties: '{}' and '{}'",
                    display(&first.callee),
                    display(&second.callee)
                );
                let _ = methods;
                Err(self.error("CS0121", message, range))
            }
        }
    }

    /// Whether one function member is better than another.
    fn better(&mut self, a: &Applicable, b: &Applicable, arguments: &[Argument<'a>]) -> bool {
        let mut better = false;
        let mut identical = true;
        for (index, argument) in arguments.iter().enumerate() {
            let (Some(p), Some(q)) = (a.parameter(index), b.parameter(index)) else {
                return false;
            };
            if !same(p, q) {
                identical = false;
            }
            let Passed::Value(value) = &argument.value else {
                continue;
            };
            match self.better_conversion(value, p, q) {
                std::cmp::Ordering::Greater => better = true,
                std::cmp::Ordering::Less => return false,
                std::cmp::Ordering::Equal => {}
            }
        }
        if better {
            return true;
        }
        let declared = |x: &Applicable| x.callee.parameters().len();
        let all_given = |x: &Applicable| declared(x) == arguments.len();
        if !identical {
            // Beyond the specification, but what the C# compiler does: filled-in defaults count against a method.
            return all_given(a) && !all_given(b) && !a.expanded;
        }
        let generic = |x: &Applicable| !x.callee.type_parameters().is_empty();
        if generic(a) != generic(b) {
            return generic(b);
        }
        if a.expanded != b.expanded {
            return b.expanded;
        }
        if a.expanded && declared(a) != declared(b) {
            return declared(a) > declared(b);
        }
        if all_given(a) != all_given(b) {
            return all_given(a);
        }
        more_specific(a, b)
    }

    /// Which of two parameter types an argument converts to better: `Greater` for the first.
    fn better_conversion(
        &mut self,
        value: &Bound<'a>,
        first: &Type,
        second: &Type,
    ) -> std::cmp::Ordering {
        use std::cmp::Ordering::{Equal, Greater, Less};
        if same(first, second) {
            return Equal;
        }
        match value {
            Bound::Value(value) => {
                let exact = |ty: &Type| same(&value.ty, ty);
                match (exact(first), exact(second)) {
                    (true, false) => return Greater,
                    (false, true) => return Less,
                    _ => {}
                }
            }
            Bound::Lambda(lambda, range) => {
                let result = self.better_lambda(lambda, *range, first, second);
                if result != Equal {
                    return result;
                }
            }
            _ => {}
        }
        match (
            self.better_target(first, second),
            self.better_target(second, first),
        ) {
            (true, false) => Greater,
            (false, true) => Less,
            _ => Equal,
        }
    }

    fn better_lambda(
        &mut self,
        lambda: &'a ast::Lambda,
        range: Range32,
        first: &Type,
        second: &Type,
    ) -> std::cmp::Ordering {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let (Some((p, r)), Some((q, s))) = (self.delegate(first), self.delegate(second)) else {
            return Equal;
        };
        if p.len() != q.len() || !p.iter().zip(&q).all(|(a, b)| same(a, b)) {
            return Equal;
        }
        match (&r, &s) {
            (Type::Void, Type::Void) => return Equal,
            (Type::Void, _) => return Less,
            (_, Type::Void) => return Greater,
            _ => {}
        }
        if let Some(inferred) = self.lambda_result(lambda, &p, range) {
            match (same(&inferred, &r), same(&inferred, &s)) {
                (true, false) => return Greater,
                (false, true) => return Less,
                _ => {}
            }
        }
        match (self.better_target(&r, &s), self.better_target(&s, &r)) {
            (true, false) => Greater,
            (false, true) => Less,
            _ => Equal,
        }
    }

    /// Whether the first type is the better conversion target.
    fn better_target(&self, first: &Type, second: &Type) -> bool {
        let to_second = self.implicit_typed(first, None, second).is_some();
        let to_first = self.implicit_typed(second, None, first).is_some();
        if to_second != to_first {
            return to_second;
        }
        let (a, b) = (kind_of(underlying(first)), kind_of(underlying(second)));
        use Kind::*;
        match a {
            SByte => matches!(b, Byte | UInt16 | UInt32 | UInt64),
            Int16 => matches!(b, UInt16 | UInt32 | UInt64),
            Int32 => matches!(b, UInt32 | UInt64),
            Int64 => matches!(b, UInt64),
            _ => false,
        }
    }

    /// Says why nothing fits.
    fn no_overload(
        &mut self,
        methods: &Methods,
        arguments: &[Argument<'a>],
        failures: Vec<(Callee, Failure)>,
        range: Range32,
    ) -> Reported {
        let name = &*methods.name;
        let lambda_to_value = |binder: &Self, callee: &Callee, failure: &Failure| {
            let Failure::Argument(index, to) = failure else {
                return false;
            };
            let shift = usize::from(
                matches!(callee, Callee::Member { info, .. } if info.is_extension)
                    && methods.receiver.is_some(),
            );
            let argument = index.checked_sub(shift).and_then(|i| arguments.get(i));
            matches!(
                argument.map(|argument| &argument.value),
                Some(Passed::Value(Bound::Lambda(..)))
            ) && binder.delegate(to).is_none()
        };
        let rank = |failure: &Failure| match failure {
            Failure::Argument(..) | Failure::Mode(..) => 0,
            Failure::Missing(_) if methods.own.len() + methods.extensions.len() == 1 => 1,
            Failure::Infer => 2,
            Failure::Name(_) => 3,
            Failure::Missing(_) | Failure::Count => 4,
            Failure::TypeArguments => 5,
        };
        let Some((callee, failure)) = failures
            .iter()
            .min_by_key(
                |(callee, failure)| match lambda_to_value(self, callee, failure) {
                    true => 3,
                    false => rank(failure),
                },
            )
            .cloned()
        else {
            let owner = methods
                .owner
                .as_ref()
                .map_or_else(|| "object".to_string(), Type::to_string);
            return self.no_member(&owner, name, methods.owner.clone(), methods.range);
        };
        let shift = usize::from(
            matches!(&callee, Callee::Member { info, .. } if info.is_extension)
                && methods.receiver.is_some(),
        );
        match failure {
            Failure::Argument(index, to) => {
                let position = index + 1;
                let argument = index.checked_sub(shift).and_then(|i| arguments.get(i));
                let at = argument.map_or(range, |argument| argument.range);
                let from = match argument.map(|argument| &argument.value) {
                    Some(Passed::Value(Bound::Lambda(lambda, _))) => {
                        // Say what is wrong inside, if it is something inside.
                        if let Some(reported) = self.explain_lambda(lambda, &to, at) {
                            return reported;
                        }
                        "lambda expression".into()
                    }
                    Some(Passed::Value(value)) => self.display_bound(value),
                    Some(Passed::Variable { ty, out, .. }) => {
                        format!("{} {ty}", if *out { "out" } else { "ref" })
                    }
                    Some(Passed::Declares { ty: Some(ty), .. }) => format!("out {ty}"),
                    _ => "out".into(),
                };
                let out = matches!(
                    argument.map(|argument| &argument.value),
                    Some(Passed::Variable { .. } | Passed::Declares { .. })
                );
                let to = if out { format!("out {to}") } else { to.to_string() };
                self.error(
                    "CS1503",
                    format!("Argument {position}: cannot convert from '{from}' to '{to}'"),
                    at,
                )
            }
            Failure::Mode(index, wanted) => {
                let position = index + 1;
                let at = index
                    .checked_sub(shift)
                    .and_then(|i| arguments.get(i))
                    .map_or(range, |argument| argument.range);
                if wanted {
                    self.error(
                        "CS1620",
                        format!("Argument {position} must be passed with the 'out' keyword"),
                        at,
                    )
                } else {
                    self.error(
                        "CS1615",
                        format!("Argument {position} may not be passed with the 'out' keyword"),
                        at,
                    )
                }
            }
            Failure::Missing(parameter) if rank(&Failure::Missing(String::new())) == 1 => self.error(
                "CS7036",
                format!(
                    "There is no argument given that corresponds to the required parameter '{parameter}' of '{}'",
                    display(&callee)
                ),
                methods.range,
            ),
            Failure::Infer => {
                // A lambda with a mistake in it infers nothing: the mistake is the message.
                for argument in arguments {
                    if let Passed::Value(Bound::Lambda(lambda, at)) = &argument.value
                        && let Some(reported) = self.explain_inference(&callee, methods, arguments, lambda, *at)
                    {
                        return reported;
                    }
                }
                self.error(
                    "CS0411",
                    format!(
                        "The type arguments for method '{}' cannot be inferred from the usage. Try specifying the type arguments explicitly.",
                        display(&callee)
                    ),
                    methods.range,
                )
            }
            Failure::Name(given) => self.error(
                "CS1739",
                format!("The best overload for '{name}' does not have a parameter named '{given}'"),
                range,
            ),
            Failure::TypeArguments if callee.type_parameters().is_empty() => self.error(
                "CS0308",
                format!(
                    "The non-generic method '{}' cannot be used with type arguments",
                    display(&callee)
                ),
                methods.range,
            ),
            Failure::TypeArguments => self.error(
                "CS0305",
                format!(
                    "Using the generic method '{}' requires {} type arguments",
                    display(&callee),
                    callee.type_parameters().len()
                ),
                methods.range,
            ),
            Failure::Count | Failure::Missing(_) => {
                let constructor = matches!(
                    &callee,
                    Callee::Member { info, .. } if info.kind == MemberKind::Constructor
                );
                let count = arguments.len();
                if constructor {
                    let ty = methods.owner.as_ref().map_or_else(String::new, Type::to_string);
                    self.error(
                        "CS1729",
                        format!("'{ty}' does not contain a constructor that takes {count} arguments"),
                        methods.range,
                    )
                } else {
                    self.error(
                        "CS1501",
                        format!("No overload for method '{name}' takes {count} arguments"),
                        methods.range,
                    )
                }
            }
        }
    }

    /// The arguments as written, their values bound.
    pub(super) fn arguments(&mut self, written: &'a [ast::Argument]) -> Bind<Vec<Argument<'a>>> {
        let mut bound = Vec::with_capacity(written.len());
        let mut failed = false;
        for argument in written {
            match self.argument(argument) {
                Ok(value) => bound.push(Argument {
                    name: argument.name.as_ref().map(|name| &*name.name),
                    value,
                    range: argument.value.range,
                }),
                Err(Reported) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(bound) }
    }

    fn argument(&mut self, argument: &'a ast::Argument) -> Bind<Passed<'a>> {
        use ast::{ArgumentModifier, ExprKind};
        let out = match argument.modifier {
            ArgumentModifier::None | ArgumentModifier::In => {
                let value = self.expression(&argument.value)?;
                if let Bound::Type(_) | Bound::Namespace(_) = value {
                    return Err(self.not_a_value(&value, argument.value.range));
                }
                if let Bound::Value(typed) = &value
                    && typed.ty == Type::Void
                {
                    return Err(self.error(
                        "CS1503",
                        "Argument 1: cannot convert from 'void' to 'object'",
                        argument.value.range,
                    ));
                }
                return Ok(Passed::Value(value));
            }
            ArgumentModifier::Out => true,
            ArgumentModifier::Ref => false,
        };
        match &argument.value.kind {
            ExprKind::Declaration { ty, designation } if out => {
                let ty = match ty.kind {
                    ast::TypeKind::Var => None,
                    _ => Some(self.type_syntax(ty)?),
                };
                Ok(Passed::Declares { ty, designation })
            }
            ExprKind::Name(name) => {
                let identifier = &name.identifier;
                if out && &*identifier.name == "_" && self.variable("_").is_none() {
                    return Ok(Passed::Discard);
                }
                let ty = self.assignable_variable(identifier)?;
                Ok(Passed::Variable {
                    name: identifier,
                    ty,
                    out,
                })
            }
            _ => Err(self.error(
                "CS1510",
                "A ref or out value must be an assignable variable",
                argument.value.range,
            )),
        }
    }
}

impl Applicable {
    fn owner(&self) -> Option<Type> {
        match &self.callee {
            Callee::Member { owner, .. } => Some(owner.clone()),
            Callee::Local(..) => None,
        }
    }

    fn parameter(&self, argument: usize) -> Option<&Type> {
        self.parameters.get(*self.map.get(argument)?)
    }
}

/// Which parameter each argument goes to.
fn match_parameters(
    parameters: &[Parameter],
    arguments: &[Argument<'_>],
    expanded: bool,
) -> Result<Vec<usize>, Failure> {
    let mut map = Vec::with_capacity(arguments.len());
    let last = parameters.len().saturating_sub(1);
    for (position, argument) in arguments.iter().enumerate() {
        let index = match argument.name {
            Some(name) => parameters
                .iter()
                .position(|parameter| &*parameter.name == name)
                .ok_or_else(|| Failure::Name(name.to_string()))?,
            None if expanded && position >= last => last,
            None if position < parameters.len() => position,
            None => return Err(Failure::Count),
        };
        if map.contains(&index) && !(expanded && index == last) {
            return Err(Failure::Count);
        }
        map.push(index);
    }
    for (index, parameter) in parameters.iter().enumerate() {
        let given = map.contains(&index)
            || parameter.default.is_some()
            || expanded && parameter.mode == ParameterMode::Params;
        if !given {
            return Err(Failure::Missing(parameter.name.to_string()));
        }
    }
    Ok(map)
}

/// Whether the declared parameter types of the first are more specific, a type parameter being less than anything else.
fn more_specific(a: &Applicable, b: &Applicable) -> bool {
    let mut better = false;
    for (p, q) in a.map.iter().zip(&b.map) {
        let (Some(p), Some(q)) = (a.callee.parameters().get(*p), b.callee.parameters().get(*q))
        else {
            return false;
        };
        match specificity(&p.ty, &q.ty) {
            std::cmp::Ordering::Greater => better = true,
            std::cmp::Ordering::Less => return false,
            std::cmp::Ordering::Equal => {}
        }
    }
    better
}

fn specificity(a: &Type, b: &Type) -> std::cmp::Ordering {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match (a, b) {
        (Type::Parameter(_), Type::Parameter(_)) => Equal,
        (Type::Parameter(_), _) => Less,
        (_, Type::Parameter(_)) => Greater,
        (Type::Named(_, a), Type::Named(_, b)) if a.len() == b.len() => {
            let each: Vec<_> = a
                .iter()
                .zip(b.iter())
                .map(|(a, b)| specificity(a, b))
                .collect();
            match (each.contains(&Greater), each.contains(&Less)) {
                (true, false) => Greater,
                (false, true) => Less,
                _ => Equal,
            }
        }
        (Type::Array(a, _), Type::Array(b, _)) => specificity(a, b),
        (Type::Nullable(a), Type::Nullable(b)) => specificity(a, b),
        _ => Equal,
    }
}

/// A function member as messages show it: `Enumerable.Select<TSource, TResult>(…)`.
pub(super) fn display(callee: &Callee) -> String {
    let parameters: Vec<String> = callee
        .parameters()
        .iter()
        .map(|parameter| {
            let mode = match parameter.mode {
                ParameterMode::In => "",
                ParameterMode::Out => "out ",
                ParameterMode::Ref => "ref ",
                ParameterMode::Params => "params ",
            };
            format!("{mode}{}", parameter.ty.substitute(&callee.substitution()))
        })
        .collect();
    let parameters = parameters.join(", ");
    match callee {
        Callee::Local(signature, _) => format!("{}({parameters})", signature.name),
        Callee::Member { info, owner } => {
            let generic = match info.type_parameters.is_empty() {
                true => String::new(),
                false => format!("<{}>", info.type_parameters.join(", ")),
            };
            let name = match info.kind {
                MemberKind::Constructor => info.owner.simple_name(),
                _ => &*info.name,
            };
            match info.kind {
                MemberKind::IndexGetter | MemberKind::IndexSetter => {
                    format!("{owner}.this[{parameters}]")
                }
                _ => format!("{owner}.{name}{generic}({parameters})"),
            }
        }
    }
}
