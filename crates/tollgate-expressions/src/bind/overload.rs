//! Overload resolution. Source: C# specification, Overload resolution and Better function member.

use tollgate_dotnet::{Parameter, ParameterMode, Type};
use tollgate_syntax::csharp::ast::{self, Range32};

use super::place::Place;
use super::types::{element_type, same};
use super::{Bind, Binder, Bound, Callee, Methods, Reported, Typed};

/// An argument of a call.
#[derive(Debug, Clone)]
pub(super) struct Argument<'a> {
    pub name: Option<&'a ast::Identifier>,
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
    /// `out a[0]`, `ref t.Item1`.
    Place {
        place: Box<Place>,
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
    /// The named argument at that place names no parameter.
    Name(usize),
    /// It names a parameter that a positional argument is for.
    Twice(usize),
    /// It is not where its parameter is, but an unnamed argument follows.
    OutOfPosition(usize),
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
            Callee::Local(signature, _) => &signature.type_parameters,
        }
    }

    pub(super) fn returns(&self) -> &Type {
        match self {
            Callee::Member { info, .. } => &info.returns,
            Callee::Local(signature, _) => &signature.returns,
        }
    }

    /// The type parameters of the owner with what they stand for.
    pub(super) fn substitution(&self) -> Vec<(&'static str, Type)> {
        match self {
            Callee::Member { owner, .. } => owner.substitution(),
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
            return self.best(own, arguments, range);
        }
        let own_failures = failures.len();
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
            let extended = self.applicable(
                &methods.extensions,
                &methods.type_arguments,
                &all,
                true,
                &mut failures,
            );
            if !extended.is_empty() {
                return self.best(extended, &all, range);
            }
        }
        // Extension methods for other receivers are no help in a message.
        let failures: Vec<_> = failures
            .into_iter()
            .enumerate()
            .filter(|(index, (callee, failure))| {
                *index < own_failures
                    || match failure {
                        Failure::Argument(0, _) | Failure::TypeArguments => false,
                        _ => methods
                            .receiver
                            .as_ref()
                            .is_some_and(|receiver| self.receiver_infers(callee, receiver)),
                    }
            })
            .map(|(_, failure)| failure)
            .collect();
        Err(self.no_overload(methods, arguments, failures, range))
    }

    /// Whether a receiver alone tells what the type parameters of an extension method's first parameter stand for.
    fn receiver_infers(&mut self, callee: &Callee, receiver: &Typed) -> bool {
        let Some(first) = callee.parameters().first().map(|first| first.ty.clone()) else {
            return false;
        };
        let argument = Argument {
            name: None,
            value: Passed::Value(Bound::Value(receiver.clone())),
            range: receiver.range(),
        };
        self.infers(callee.type_parameters(), &first, argument)
    }

    /// Those that take the arguments.
    pub(super) fn applicable(
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
        let mut substitution: Vec<(&str, Type)> = callee.substitution();
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
        if !generic.is_empty() {
            let own = generic.iter().map(|name| &**name);
            let own: Vec<(&str, Type)> = own.zip(method_types.iter().cloned()).collect();
            for ty in &mut types {
                *ty = ty.substitute(&own);
            }
            substitution.extend(own);
        }
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
                }
                | Passed::Place {
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
            Type::Parameter(_) => self.standard(from, None, to).is_some(),
            _ => same(from, to) || self.registry.is_assignable(from, to),
        }
    }

    /// Whether it could, if type parameters stood for the right types.
    fn could_receive(&self, from: &Type, to: &Type) -> bool {
        match to {
            Type::Parameter(_) => *from != Type::Void,
            Type::Named(table, arguments) if !arguments.is_empty() => {
                from.table() == Some(*table) || !self.registry.bases_of(from, *table).is_empty()
            }
            Type::Array(..) => matches!(from, Type::Array(..)),
            _ => self.receives(from, to),
        }
    }

    /// The arguments as written, their values bound.
    pub(super) fn arguments(&mut self, written: &'a [ast::Argument]) -> Bind<Vec<Argument<'a>>> {
        let mut bound = Vec::with_capacity(written.len());
        let mut failed = false;
        for (index, argument) in written.iter().enumerate() {
            if let Some(name) = &argument.name
                && written.iter().take(index).any(|other| {
                    other
                        .name
                        .as_ref()
                        .is_some_and(|other| other.name == name.name)
                })
            {
                self.error(
                    "CS1740",
                    format!(
                        "Named argument '{}' cannot be specified multiple times",
                        name.name
                    ),
                    name.range,
                );
                failed = true;
            }
            match self.argument(argument) {
                Ok(value) => bound.push(Argument {
                    name: argument.name.as_ref(),
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
                if let Some((depth, variable)) = self.variable(&identifier.name)
                    && let Some(place) = self.alias(depth, &variable, identifier.range)?
                {
                    return Ok(Passed::Place {
                        ty: place.ty().clone(),
                        place: Box::new(place),
                        out,
                    });
                }
                let ty = self.assignable_variable(identifier)?;
                Ok(Passed::Variable {
                    name: identifier,
                    ty,
                    out,
                })
            }
            ExprKind::Index { .. } | ExprKind::Member { .. } => {
                self.element_argument(argument, out)
            }
            _ => Err(self.no_variable(argument.value.range)),
        }
    }

    /// An array element or the item of a tuple, passed by reference.
    fn element_argument(&mut self, argument: &'a ast::Argument, out: bool) -> Bind<Passed<'a>> {
        let range = argument.value.range;
        match self.place(&argument.value)? {
            place @ (Place::Element { .. } | Place::Item { .. }) => Ok(Passed::Place {
                ty: place.ty().clone(),
                place: Box::new(place),
                out,
            }),
            Place::Member { .. } => Err(self.error(
                "CS0206",
                "A property or indexer may not be passed as an out or ref parameter",
                range,
            )),
            _ => Err(self.no_variable(range)),
        }
    }

    fn no_variable(&mut self, range: Range32) -> Reported {
        self.error(
            "CS1510",
            "A ref or out value must be an assignable variable",
            range,
        )
    }
}

impl Applicable {
    pub(super) fn owner(&self) -> Option<Type> {
        match &self.callee {
            Callee::Member { owner, .. } => Some(owner.clone()),
            Callee::Local(..) => None,
        }
    }

    pub(super) fn parameter(&self, argument: usize) -> Option<&Type> {
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
            Some(name) => {
                let index = parameters
                    .iter()
                    .position(|parameter| parameter.name == name.name)
                    .ok_or(Failure::Name(position))?;
                let unnamed_after = arguments
                    .iter()
                    .skip(position)
                    .any(|argument| argument.name.is_none());
                if index != position && unnamed_after {
                    return Err(Failure::OutOfPosition(position));
                }
                index
            }
            None if expanded && position >= last => last,
            None if position < parameters.len() => position,
            None => return Err(Failure::Count),
        };
        if map.contains(&index) && !(expanded && index == last) {
            return Err(match argument.name {
                Some(_) => Failure::Twice(position),
                None => Failure::Count,
            });
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
