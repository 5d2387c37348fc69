//! `ref` locals: other names for variables, array elements and items of tuples.

use super::place::Place;
use super::types::same;
use super::{Bind, Binder, Bound, Reported, Typed, node};
use crate::scope::Variable;
use crate::typed::{Node, Op, Statement};
use tollgate_syntax::csharp::ast::{Identifier, LocalDeclaration, Range32, TypeKind};

impl<'a> Binder<'a> {
    /// `ref T r = ref x;`: nothing runs but what finds the place.
    pub(super) fn ref_local(&mut self, local: &'a LocalDeclaration) -> Bind<Statement> {
        let ty = match local.ty.kind {
            TypeKind::Var => None,
            _ => Some(self.type_syntax(&local.ty)?),
        };
        let mut setup = Vec::new();
        for declarator in &local.declarators {
            let name = &declarator.name;
            let Some(value) = &declarator.initializer else {
                let message = "A declaration of a by-reference variable must have an initializer";
                return Err(self.error("CS8174", message, name.range));
            };
            if !declarator.by_reference {
                let message = "Cannot initialize a by-reference variable with a value";
                return Err(self.error("CS8172", message, name.range));
            }
            let place = self.place(value)?;
            if let Place::Member { .. } | Place::Discard = place {
                let message = "A ref or out value must be an assignable variable";
                return Err(self.error("CS1510", message, value.range));
            }
            let of = place.ty().clone();
            if let Some(ty) = &ty
                && !same(ty, &of)
            {
                let message = format!(
                    "The expression must be of type '{ty}' because it is being assigned by reference"
                );
                return Err(self.error("CS8173", message, value.range));
            }
            let place = self.held(place, &mut setup)?;
            // What it names must have a value by now.
            setup.push(self.read_place(&place, value.range)?.node);
            let variable = self.declare(name, Some(of), None);
            self.aliases.insert(variable.at, place);
        }
        let statements = setup.into_iter().map(Statement::Expression);
        Ok(super::statement::many(statements.collect()))
    }

    /// The place with what it is found by evaluated now.
    fn held(&mut self, place: Place, setup: &mut Vec<Node>) -> Bind<Place> {
        let mut hold = |binder: &mut Self, value: Node| -> Bind<Node> {
            let slot = binder.temporary()?;
            let (kind, range) = (value.kind, Range32::new(value.start, value.end));
            setup.push(node(Op::Assign(slot, value.into()), kind, range));
            Ok(node(Op::Local(slot), kind, range))
        };
        Ok(match place {
            Place::Element { array, indices, ty } => {
                let array = hold(self, array)?;
                let indices: Bind<Vec<Node>> =
                    indices.into_iter().map(|index| hold(self, index)).collect();
                Place::Element {
                    array,
                    indices: indices?,
                    ty,
                }
            }
            Place::Item { whole, index, ty } => Place::Item {
                whole: self.held(*whole, setup)?.into(),
                index,
                ty,
            },
            other => other,
        })
    }

    /// What a `ref` local stands for; CS8175 in an inner function.
    pub(super) fn alias(
        &mut self,
        depth: usize,
        variable: &Variable,
        range: Range32,
    ) -> Bind<Option<Place>> {
        let Some(place) = self.aliases.get(&variable.at).cloned() else {
            return Ok(None);
        };
        if depth + 1 < self.frames.len() {
            let message = format!(
                "Cannot use ref local '{}' inside an anonymous method, lambda expression, or query expression",
                variable.name
            );
            return Err(self.error("CS8175", message, range));
        }
        Ok(Some(place))
    }

    /// The value of a `ref` local.
    pub(super) fn read_alias(&mut self, place: &Place, range: Range32) -> Bind<Bound<'a>> {
        let Typed { node, ty } = self.read_place(place, range)?;
        Ok(Bound::Value(Typed { node, ty }))
    }

    /// What is wrong with `= ref x` where no reference is declared.
    pub(super) fn no_reference(&mut self, name: &Identifier) -> Reported {
        let message = "Cannot initialize a by-value variable with a reference";
        self.error("CS8171", message, name.range)
    }
}
