//! Deconstruction: `(a, b) = value`, `var (a, b) = value`.

use super::call::sequence;
use super::convert::literal_items;
use super::place::Place;
use super::types::same;
use super::{Bind, Binder, Bound, Reported, Typed, node};
use crate::typed::{Kind, Node, Op, Target};
use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::{self, Designation, Expr, ExprKind, Range32};

impl<'a> Binder<'a> {
    /// `(a, b) = value`, `var (a, b) = value`.
    pub(super) fn deconstruct(
        &mut self,
        target: &'a Expr,
        value: Bound<'a>,
        range: Range32,
    ) -> Bind<Typed> {
        let leaf = self.leaf(target)?;
        let Leaf::Nested(leaves) = leaf else {
            return Err(self.not_assignable(range));
        };
        let value = match value {
            Bound::Value(value) => value,
            // `(a, b) = (null, 1)`: untyped items take the targets' types.
            Bound::Tuple(items, at) => {
                let mut types = Vec::with_capacity(items.len());
                for ((item, name), leaf) in items.iter().zip(&leaves) {
                    let ty = match (item, leaf) {
                        (_, Leaf::Place(place, _)) => place.ty().clone(),
                        (_, Leaf::Declare(_, Some(ty))) => ty.clone(),
                        (Bound::Value(value), _) if value.ty != Type::Null => value.ty.clone(),
                        _ => {
                            self.not_inferred(&leaves);
                            return Err(Reported);
                        }
                    };
                    types.push((ty, name.clone()));
                }
                let ty = Type::Tuple(types.into());
                let node = self.convert(Bound::Tuple(items, at), &ty, at)?;
                Typed { node, ty }
            }
            other => return Err(self.not_a_value(&other, range)),
        };
        if value.ty == Type::Null {
            self.not_inferred(&leaves);
            let message =
                "Deconstruct assignment requires an expression with a type on the right-hand-side.";
            return Err(self.error("CS8131", message, value.range()));
        }
        let wanted = wanted(&value, &leaves);
        let value = match same(&wanted, &value.ty) {
            true => value,
            false => Typed {
                node: self.convert_typed(value, &wanted, range)?,
                ty: wanted,
            },
        };
        let mut nodes = Vec::new();
        let ty = value.ty.clone();
        let slot = self.spread(value, leaves, range, &mut nodes)?;
        nodes.push(node(Op::Local(slot), Kind::Other, range));
        Ok(Typed {
            node: sequence(nodes, range),
            ty,
        })
    }

    fn leaf(&mut self, target: &'a Expr) -> Bind<Leaf<'a>> {
        match &target.kind {
            ExprKind::Tuple(items) => {
                let mut leaves = Vec::with_capacity(items.len());
                for item in items {
                    leaves.push(self.leaf(&item.value)?);
                }
                Ok(Leaf::Nested(leaves))
            }
            ExprKind::Declaration { ty, designation } => {
                let ty = match ty.kind {
                    ast::TypeKind::Var => None,
                    _ => Some(self.type_syntax(ty)?),
                };
                Ok(designated(designation, ty.as_ref()))
            }
            _ => Ok(Leaf::Place(self.place(target)?, target.range)),
        }
    }

    /// Takes a value apart into the leaves; gives the slot that holds the whole.
    fn spread(
        &mut self,
        value: Typed,
        leaves: Vec<Leaf<'a>>,
        range: Range32,
        nodes: &mut Vec<Node>,
    ) -> Bind<u32> {
        let slot = self.temporary()?;
        let ty = value.ty.clone();
        let kind = value.node.kind;
        let at = value.range();
        nodes.push(node(Op::Assign(slot, value.node.into()), kind, range));
        let whole = node(Op::Local(slot), kind, at);
        let items: Vec<Typed> = match &ty {
            Type::Tuple(types) => (0u32..)
                .zip(types.iter())
                .map(|(index, (ty, _))| {
                    Typed::new(
                        Op::Item {
                            operand: whole.clone().into(),
                            index,
                        },
                        ty.clone(),
                        range,
                    )
                })
                .collect(),
            _ => match self.deconstructed(&ty, whole, leaves.len(), range, nodes) {
                Ok(items) => items,
                Err(reported) => {
                    self.not_inferred(&leaves);
                    return Err(reported);
                }
            },
        };
        if items.len() != leaves.len() {
            return Err(self.error(
                "CS8132",
                format!(
                    "Cannot deconstruct a tuple of '{}' elements into '{}' variables.",
                    items.len(),
                    leaves.len()
                ),
                range,
            ));
        }
        for (item, leaf) in items.into_iter().zip(leaves) {
            match leaf {
                Leaf::Nested(inner) => {
                    self.spread(item, inner, range, nodes)?;
                }
                Leaf::Place(Place::Discard, _) => {}
                Leaf::Place(place, at) => {
                    let ty = place.ty().clone();
                    let value = self.convert_typed(item, &ty, at)?;
                    let stored = self.write(place, value, false, at)?;
                    nodes.push(stored);
                }
                Leaf::Declare(designation, ty) => {
                    let Designation::Variable(name) = designation else {
                        continue;
                    };
                    let ty = ty.unwrap_or_else(|| item.ty.clone());
                    let value = self.convert_typed(item, &ty, name.range)?;
                    let variable = self.declare(name, Some(ty), None);
                    nodes.push(self.store(&variable, value, name.range));
                }
            }
        }
        Ok(slot)
    }

    /// Variables that would have had their types from what is taken apart.
    fn not_inferred(&mut self, leaves: &[Leaf<'a>]) {
        for leaf in leaves {
            match leaf {
                Leaf::Nested(inner) => self.not_inferred(inner),
                Leaf::Declare(Designation::Variable(name), None) => {
                    let message = format!(
                        "Cannot infer the type of implicitly-typed deconstruction variable '{}'.",
                        name.name
                    );
                    self.error("CS8130", message, name.range);
                    self.declare(name, None, None);
                }
                _ => {}
            }
        }
    }

    /// Calls `Deconstruct(out …)`.
    fn deconstructed(
        &mut self,
        ty: &Type,
        whole: Node,
        count: usize,
        range: Range32,
        nodes: &mut Vec<Node>,
    ) -> Bind<Vec<Typed>> {
        let found = self
            .registry
            .lookup(ty, "Deconstruct")
            .into_iter()
            .find(|found| found.info.parameters.len() == count);
        let Some(found) = found else {
            return Err(self.error(
                "CS8129",
                format!(
                    "No suitable 'Deconstruct' instance or extension method was found for type '{ty}', with {count} out parameters and a void return type."
                ),
                Range32::new(whole.start, whole.end),
            ));
        };
        let substitution = found.owner.substitution();
        let mut arguments = vec![whole];
        let mut outs = Vec::with_capacity(count);
        let mut items = Vec::with_capacity(count);
        for parameter in &found.info.parameters {
            let slot = self.temporary()?;
            outs.push(Target::Local(slot));
            arguments.push(node(Op::Constant(Value::Null), Kind::Other, range));
            items.push(Typed::new(
                Op::Local(slot),
                parameter.ty.substitute(&substitution),
                range,
            ));
        }
        nodes.push(self.call_node(found.info, &found.owner, &[], arguments, outs, range));
        Ok(items)
    }
}

/// One target of a deconstruction.
enum Leaf<'a> {
    Place(Place, Range32),
    Declare(&'a Designation, Option<Type>),
    Nested(Vec<Leaf<'a>>),
}

/// The type that a tuple literal is to have for what it is assigned to; of another value its own.
fn wanted(value: &Typed, leaves: &[Leaf<'_>]) -> Type {
    let (Some(items), Type::Tuple(types)) = (literal_items(value, leaves.len()), &value.ty) else {
        return value.ty.clone();
    };
    let typed = items.iter().zip(leaves).zip(types.iter());
    let types: Vec<_> = typed
        .map(|((item, leaf), (_, name))| {
            let ty = match leaf {
                Leaf::Nested(inner) => wanted(item, inner),
                Leaf::Place(Place::Discard, _) | Leaf::Declare(_, None) => item.ty.clone(),
                Leaf::Place(place, _) => place.ty().clone(),
                Leaf::Declare(_, Some(ty)) => ty.clone(),
            };
            (ty, name.clone())
        })
        .collect();
    Type::Tuple(types.into())
}

fn designated<'a>(designation: &'a Designation, ty: Option<&Type>) -> Leaf<'a> {
    match designation {
        Designation::Tuple(items) => {
            Leaf::Nested(items.iter().map(|item| designated(item, ty)).collect())
        }
        other => Leaf::Declare(other, ty.cloned()),
    }
}
