//! Why no overload fits, in the C# compiler's words.

use super::overload::{Argument, Failure, Passed};
use super::{Binder, Bound, Callee, Methods, Reported};
use tollgate_dotnet::{MemberKind, ParameterMode, Type};
use tollgate_syntax::csharp::ast::Range32;

impl<'a> Binder<'a> {
    /// Says why nothing fits.
    pub(super) fn no_overload(
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
            Failure::Name(_) | Failure::Twice(_) | Failure::OutOfPosition(_) => 3,
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
                    Some(Passed::Variable { ty, out, .. } | Passed::Place { ty, out, .. }) => {
                        format!("{} {ty}", if *out { "out" } else { "ref" })
                    }
                    Some(Passed::Declares { ty: Some(ty), .. }) => format!("out {ty}"),
                    _ => "out".into(),
                };
                let out = matches!(
                    argument.map(|argument| &argument.value),
                    Some(Passed::Variable { .. } | Passed::Place { .. } | Passed::Declares { .. })
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
            Failure::Name(index) | Failure::Twice(index) | Failure::OutOfPosition(index) => {
                let named = index
                    .checked_sub(shift)
                    .and_then(|index| arguments.get(index)?.name);
                let (given, at) = named.map_or(("", range), |named| (&*named.name, named.range));
                match failure {
                    Failure::Name(_) => self.error(
                        "CS1739",
                        format!("The best overload for '{name}' does not have a parameter named '{given}'"),
                        at,
                    ),
                    Failure::Twice(_) => self.error(
                        "CS1744",
                        format!("Named argument '{given}' specifies a parameter for which a positional argument has already been given"),
                        at,
                    ),
                    _ => self.error(
                        "CS8323",
                        format!("Named argument '{given}' is used out-of-position but is followed by an unnamed argument"),
                        at,
                    ),
                }
            }
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
                let invoked = matches!(
                    &callee,
                    Callee::Member { info, owner } if &*info.name == "Invoke" && owner.is_delegate()
                );
                if invoked && &*methods.name != "Invoke" {
                    return self.error(
                        "CS1593",
                        format!("Delegate '{name}' does not take {count} arguments"),
                        methods.range,
                    );
                }
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
