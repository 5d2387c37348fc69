//! Inference of a generic method's type arguments. Source: C# specification, Type inference.

use tollgate_dotnet::{Type, Variance};
use tollgate_syntax::csharp::ast::Range32;

use super::overload::{Argument, Passed};
use super::types::{same, underlying};
use super::{Binder, Bound};

/// What is known of one type parameter.
#[derive(Debug, Default)]
struct Bounds {
    exact: Vec<Type>,
    lower: Vec<Type>,
    upper: Vec<Type>,
    fixed: Option<Type>,
}

struct Inference<'n> {
    names: &'n [Box<str>],
    bounds: Vec<Bounds>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Exact,
    Lower,
    Upper,
}

impl<'a> Binder<'a> {
    /// The type arguments that the arguments imply.
    pub(super) fn infer(
        &mut self,
        names: &[Box<str>],
        parameters: &[Type],
        map: &[usize],
        arguments: &[Argument<'a>],
    ) -> Option<Vec<Type>> {
        let inference = self.inferred(names, parameters, map, arguments);
        inference
            .bounds
            .into_iter()
            .map(|bounds| bounds.fixed)
            .collect()
    }

    /// Whether the argument tells all type parameters that occur in the type of its parameter.
    pub(super) fn infers(
        &mut self,
        names: &[Box<str>],
        parameter: &Type,
        argument: Argument<'a>,
    ) -> bool {
        let parameters = std::slice::from_ref(parameter);
        let inference = self.inferred(names, parameters, &[0], &[argument]);
        inference.closed(parameter)
    }

    /// The parameter types of the delegate that a lambda argument goes to, as far as the other arguments tell.
    pub(super) fn inferred_delegate(
        &mut self,
        names: &[Box<str>],
        parameters: &[Type],
        map: &[usize],
        arguments: &[Argument<'a>],
        argument: usize,
    ) -> Option<Vec<Type>> {
        let inference = self.inferred(names, parameters, map, arguments);
        let (inputs, _) = self.delegate(parameters.get(*map.get(argument)?)?)?;
        let substitution = inference.substitution();
        let inputs: Vec<Type> = inputs
            .iter()
            .map(|ty| ty.substitute(&substitution))
            .collect();
        inputs
            .iter()
            .all(|ty| inference.closed(ty))
            .then_some(inputs)
    }

    fn inferred<'n>(
        &mut self,
        names: &'n [Box<str>],
        parameters: &[Type],
        map: &[usize],
        arguments: &[Argument<'a>],
    ) -> Inference<'n> {
        let mut inference = Inference {
            names,
            bounds: names.iter().map(|_| Bounds::default()).collect(),
        };
        let pairs: Vec<(&Argument<'a>, &Type)> = arguments
            .iter()
            .zip(map)
            .filter_map(|(argument, index)| Some((argument, parameters.get(*index)?)))
            .collect();
        for (argument, parameter) in &pairs {
            match &argument.value {
                Passed::Value(value) => self.first_phase(&mut inference, value, parameter),
                Passed::Variable { ty, .. } | Passed::Declares { ty: Some(ty), .. } => {
                    self.bound(&mut inference, ty, parameter, Direction::Exact);
                }
                _ => {}
            }
        }
        let mut done = vec![false; pairs.len()];
        // Each round fixes a parameter or finishes an argument, so there are no more rounds than these.
        for _ in 0..=(names.len() + pairs.len()) {
            let mut progress = false;
            // Which parameters wait for the result of a lambda whose inputs are not known yet.
            let mut waiting: Vec<usize> = Vec::new();
            for ((argument, parameter), done) in pairs.iter().zip(&done) {
                if !*done
                    && let Passed::Value(value) = &argument.value
                    && let Some((_, output)) = self.function_shape(value, parameter)
                {
                    inference.mentions(&output, &mut waiting);
                }
            }
            for index in 0..names.len() {
                if !waiting.contains(&index) {
                    progress |= self.fix(&mut inference, index);
                }
            }
            for ((argument, parameter), done) in pairs.iter().zip(&mut done) {
                if *done {
                    continue;
                }
                let Passed::Value(value) = &argument.value else {
                    *done = true;
                    continue;
                };
                let Some((inputs, output)) = self.function_shape(value, parameter) else {
                    *done = true;
                    continue;
                };
                let substitution = inference.substitution();
                let inputs: Vec<Type> = inputs
                    .iter()
                    .map(|ty| ty.substitute(&substitution))
                    .collect();
                if !inputs.iter().all(|ty| inference.closed(ty)) {
                    continue;
                }
                *done = true;
                progress = true;
                if let Some(result) = self.function_result(value, &inputs, argument.range) {
                    self.bound(&mut inference, &result, &output, Direction::Lower);
                }
            }
            if !progress {
                // What lambdas wait for in a circle is fixed from what there is.
                let mut mentioned = Vec::new();
                for ((argument, parameter), done) in pairs.iter().zip(&done) {
                    if !*done
                        && let Passed::Value(value) = &argument.value
                        && let Some((inputs, _)) = self.function_shape(value, parameter)
                    {
                        for input in &inputs {
                            inference.mentions(input, &mut mentioned);
                        }
                    }
                }
                let mut fixed = false;
                for index in mentioned {
                    fixed |= self.fix(&mut inference, index);
                }
                if !fixed {
                    break;
                }
            }
        }
        for index in 0..names.len() {
            self.fix(&mut inference, index);
        }
        inference
    }

    /// What a typed argument, or a lambda's written parameter types, say.
    fn first_phase(&mut self, inference: &mut Inference<'_>, value: &Bound<'a>, parameter: &Type) {
        match value {
            Bound::Value(value) if value.ty != Type::Null => {
                self.bound(inference, &value.ty, parameter, Direction::Lower);
            }
            Bound::Tuple(items, _) => {
                if let Type::Tuple(types) = parameter
                    && types.len() == items.len()
                {
                    for ((item, _), (ty, _)) in items.iter().zip(types.iter()) {
                        self.first_phase(inference, item, ty);
                    }
                }
            }
            Bound::Lambda(lambda, _) => {
                let Some((inputs, _)) = self.delegate(parameter) else {
                    return;
                };
                for (written, input) in lambda.parameters.iter().flatten().zip(&inputs) {
                    if let Some(syntax) = &written.ty
                        && let Some(ty) = self.quietly(|binder| binder.type_syntax(syntax))
                    {
                        self.bound(inference, &ty, input, Direction::Exact);
                    }
                }
            }
            _ => {}
        }
    }

    /// Inputs and output of the delegate type, if the argument is a lambda or methods.
    fn function_shape(&self, value: &Bound<'a>, parameter: &Type) -> Option<(Vec<Type>, Type)> {
        match value {
            Bound::Lambda(..) | Bound::Methods(_) => self.delegate(parameter),
            _ => None,
        }
    }

    /// What a lambda or method gives for such inputs.
    fn function_result(
        &mut self,
        value: &Bound<'a>,
        inputs: &[Type],
        range: Range32,
    ) -> Option<Type> {
        match value {
            Bound::Lambda(lambda, _) => self.lambda_result(lambda, inputs, range),
            Bound::Methods(methods) => self.methods_result(methods, inputs),
            _ => None,
        }
    }

    /// Adds the bounds that follow from one type having to go to another.
    fn bound(&self, inference: &mut Inference<'_>, from: &Type, to: &Type, direction: Direction) {
        if let Type::Parameter(name) = to {
            if let Some(bounds) = inference.of(name) {
                let list = match direction {
                    Direction::Exact => &mut bounds.exact,
                    Direction::Lower => &mut bounds.lower,
                    Direction::Upper => &mut bounds.upper,
                };
                if !list.contains(from) {
                    list.push(from.clone());
                }
            }
            return;
        }
        match (from, to) {
            (Type::Nullable(from), Type::Nullable(to)) => {
                self.bound(inference, from, to, direction);
            }
            (from, Type::Nullable(to)) if direction == Direction::Lower && from.is_value_type() => {
                self.bound(inference, from, to, direction);
            }
            (Type::Array(from, x), Type::Array(to, y)) if x == y => {
                let inner = match from.is_reference() {
                    true => direction,
                    false => Direction::Exact,
                };
                self.bound(inference, from, to, inner);
            }
            (Type::Tuple(from), Type::Tuple(to)) if from.len() == to.len() => {
                for ((from, _), (to, _)) in from.iter().zip(to.iter()) {
                    self.bound(inference, from, to, direction);
                }
            }
            (from, Type::Named(table, parameters)) if !parameters.is_empty() => {
                let matching = match direction {
                    Direction::Exact | Direction::Upper => {
                        (from.table() == Some(*table)).then(|| from.clone())
                    }
                    Direction::Lower => {
                        let mut found: Vec<Type> = Vec::new();
                        let own = std::iter::once(from);
                        let own = own.filter(|from| from.table() == Some(*table));
                        for ty in own.chain(self.registry.bases_of(from, *table).iter()) {
                            if !found.contains(ty) {
                                found.push(ty.clone());
                            }
                        }
                        // Two constructions of one interface say nothing.
                        if found.len() == 1 { found.pop() } else { None }
                    }
                };
                let Some(matching) = matching else {
                    return;
                };
                let arguments = matching.arguments().to_vec();
                for (((_, variance), from), to) in table
                    .type_parameters()
                    .zip(&arguments)
                    .zip(parameters.iter())
                {
                    let inner = match (variance, direction) {
                        (_, Direction::Exact) | (Variance::None, _) => Direction::Exact,
                        _ if !from.is_reference() => Direction::Exact,
                        (Variance::Out, other) => other,
                        (Variance::In, Direction::Lower) => Direction::Upper,
                        (Variance::In, Direction::Upper) => Direction::Lower,
                    };
                    self.bound(inference, from, to, inner);
                }
            }
            _ => {}
        }
    }

    /// Settles one parameter from its bounds; false if it is settled already or cannot be.
    fn fix(&self, inference: &mut Inference<'_>, index: usize) -> bool {
        let Some(bounds) = inference.bounds.get_mut(index) else {
            return false;
        };
        if bounds.fixed.is_some() {
            return false;
        }
        let all: Vec<Type> = bounds
            .exact
            .iter()
            .chain(&bounds.lower)
            .chain(&bounds.upper)
            .cloned()
            .collect();
        let converts = |a: &Type, b: &Type| self.standard(a, None, b).is_some();
        let mut candidates: Vec<&Type> = Vec::new();
        for candidate in &all {
            let fits = bounds.exact.iter().all(|ty| same(ty, candidate))
                && bounds.lower.iter().all(|ty| converts(ty, candidate))
                && bounds.upper.iter().all(|ty| converts(candidate, ty));
            if fits && !candidates.iter().any(|other| same(other, candidate)) {
                candidates.push(candidate);
            }
        }
        let best = candidates
            .iter()
            .find(|a| candidates.iter().all(|b| converts(b, a)))
            .map(|ty| (*ty).clone());
        bounds.fixed = best;
        bounds.fixed.is_some()
    }

    /// The type to which all of several values convert.
    pub(super) fn best_common_type(&mut self, values: &[Bound<'a>]) -> Option<Type> {
        let mut types: Vec<Type> = Vec::new();
        for value in values {
            if let Bound::Value(value) = value
                && !matches!(value.ty, Type::Null | Type::Void)
                && !types.contains(&value.ty)
            {
                types.push(value.ty.clone());
            }
        }
        let fitting: Vec<Type> = types
            .into_iter()
            .filter(|ty| {
                values
                    .iter()
                    .all(|value| self.implicit(value, ty).is_some())
            })
            .collect();
        match fitting.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => several
                .iter()
                .find(|a| {
                    several.iter().all(|b| {
                        same(a, b)
                            || self.standard(b, None, a).is_some()
                                && self.standard(a, None, b).is_none()
                    })
                })
                .or_else(|| {
                    several
                        .iter()
                        .find(|ty| !matches!(underlying(ty), Type::Dynamic))
                })
                .cloned(),
        }
    }
}

impl Inference<'_> {
    fn of(&mut self, name: &str) -> Option<&mut Bounds> {
        let index = self.names.iter().position(|other| **other == *name)?;
        self.bounds.get_mut(index)
    }

    fn substitution(&self) -> Vec<(&str, Type)> {
        self.names
            .iter()
            .zip(&self.bounds)
            .filter_map(|(name, bounds)| Some((&**name, bounds.fixed.clone()?)))
            .collect()
    }

    /// Whether no type parameter is left in it.
    fn closed(&self, ty: &Type) -> bool {
        let mut mentioned = Vec::new();
        self.mentions(ty, &mut mentioned);
        mentioned.is_empty()
    }

    /// The parameters that are not fixed and occur in it.
    fn mentions(&self, ty: &Type, found: &mut Vec<usize>) {
        match ty {
            Type::Parameter(name) => {
                let index = self.names.iter().position(|other| other == name);
                if let Some(index) = index
                    && self
                        .bounds
                        .get(index)
                        .is_some_and(|bounds| bounds.fixed.is_none())
                    && !found.contains(&index)
                {
                    found.push(index);
                }
            }
            Type::Named(_, arguments) => arguments.iter().for_each(|ty| self.mentions(ty, found)),
            Type::Array(inner, _) | Type::Nullable(inner) => self.mentions(inner, found),
            Type::Tuple(items) => items.iter().for_each(|(ty, _)| self.mentions(ty, found)),
            Type::Anonymous(items) => items.iter().for_each(|(_, ty)| self.mentions(ty, found)),
            Type::Void | Type::Null | Type::Dynamic => {}
        }
    }
}
