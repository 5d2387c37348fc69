//! Which of several applicable methods is meant. Source: C# specification, Better function member.

use super::explain::display;
use super::overload::{Applicable, Argument, Passed};
use super::types::{kind_of, same, underlying};
use super::{Bind, Binder, Bound, Reported};
use crate::typed::Kind;
use tollgate_dotnet::Type;
use tollgate_syntax::csharp::ast::{self, Range32};

impl<'a> Binder<'a> {
    /// The best of several that fit.
    pub(super) fn best(
        &mut self,
        mut found: Vec<Applicable>,
        arguments: &[Argument<'a>],
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
