//! Assignment: to variables, properties, indexers, array elements and tuples.

use tollgate_dotnet::{Found, MemberKind, Type, Value};
use tollgate_syntax::csharp::ast::{
    self, AssignOp, BinaryOp, Designation, Expr, ExprKind, Range32,
};

use super::call::{dynamic, sequence};
use super::overload::{Argument, Passed};
use super::types::{kind_of, underlying};
use super::{Bind, Binder, Bound, Callee, Reported, Typed, node};
use crate::scope::Variable;
use crate::typed::{Dynamic, Kind, Node, Op, Target};

/// What can be assigned to.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Variable {
        depth: usize,
        variable: Variable,
        ty: Type,
    },
    /// A property or an indexer: the receiver and the indices are its first arguments.
    Member {
        arguments: Vec<Node>,
        getter: Option<Found<'static>>,
        setter: Option<Found<'static>>,
        ty: Type,
        shown: String,
    },
    Element {
        array: Node,
        indices: Vec<Node>,
        ty: Type,
    },
    /// An item of a tuple in a place.
    Item {
        whole: Box<Place>,
        index: u32,
        ty: Type,
    },
    Dynamic {
        receiver: Node,
        name: Box<str>,
    },
    DynamicIndex {
        receiver: Node,
        arguments: Vec<Node>,
    },
    Discard,
}

impl Place {
    pub(super) fn ty(&self) -> &Type {
        match self {
            Place::Variable { ty, .. }
            | Place::Member { ty, .. }
            | Place::Element { ty, .. }
            | Place::Item { ty, .. } => ty,
            Place::Dynamic { .. } | Place::DynamicIndex { .. } | Place::Discard => &Type::Dynamic,
        }
    }
}

/// One target of a deconstruction.
enum Leaf<'a> {
    Place(Place, Range32),
    Declare(&'a Designation, Option<Type>),
    Nested(Vec<Leaf<'a>>),
}

impl<'a> Binder<'a> {
    /// `target op value`.
    pub(super) fn assign(
        &mut self,
        op: AssignOp,
        target: &'a Expr,
        value: &'a Expr,
        range: Range32,
    ) -> Bind<Typed> {
        if op == AssignOp::Assign
            && matches!(
                target.kind,
                ExprKind::Tuple(_) | ExprKind::Declaration { .. }
            )
        {
            let value_bound = self.expression(value)?;
            return self.deconstruct(target, value_bound, range);
        }
        let place = self.place(target);
        let bound = self.expression(value);
        let (place, bound) = (place?, bound?);
        match op {
            AssignOp::Assign => {
                if let Place::Discard = place {
                    let Bound::Value(value) = bound else {
                        return Err(self.not_a_value(&bound, value.range));
                    };
                    return Ok(value);
                }
                let ty = place.ty().clone();
                let node = self.convert(bound, &ty, value.range)?;
                let node = self.write(place, node, true, range)?;
                Ok(Typed { node, ty })
            }
            AssignOp::Compound(op) => {
                let (mut setup, place) = self.stable(place)?;
                let ty = place.ty().clone();
                let current = self.read_place(&place, range)?;
                let Bound::Value(operand) = bound else {
                    return Err(self.not_a_value(&bound, value.range));
                };
                let result = self.compound(op, current, operand, &ty, range)?;
                setup.push(self.write(place, result, true, range)?);
                Ok(Typed {
                    node: sequence(setup, range),
                    ty,
                })
            }
            AssignOp::Coalesce => {
                let (mut setup, place) = self.stable(place)?;
                let current = self.read_place(&place, range)?;
                let ty = place.ty().clone();
                if !ty.is_reference() && !matches!(ty, Type::Nullable(_)) {
                    return Err(self.error(
                        "CS0019",
                        format!(
                            "Operator '??=' cannot be applied to operands of type '{ty}' and '{ty}'"
                        ),
                        range,
                    ));
                }
                let plain = underlying(&ty).clone();
                let result = if self.implicit(&bound, &plain).is_some() {
                    plain
                } else {
                    ty
                };
                let node_value = self.convert(bound, &result, value.range)?;
                let stored = self.write(place, node_value, true, range)?;
                let kind = kind_of(&result);
                setup.push(node(
                    Op::Coalesce(Box::new([current.node, stored])),
                    kind,
                    range,
                ));
                Ok(Typed {
                    node: sequence(setup, range),
                    ty: result,
                })
            }
        }
    }

    /// The new value of `x op= v`.
    fn compound(
        &mut self,
        op: BinaryOp,
        current: Typed,
        operand: Typed,
        ty: &Type,
        range: Range32,
    ) -> Bind<Node> {
        let shift = matches!(op, BinaryOp::ShiftLeft | BinaryOp::ShiftRight);
        let fits = shift
            || self
                .implicit_typed(&operand.ty, operand.as_constant(), ty)
                .is_some();
        let result = self.binary(op, current, operand, range)?;
        let implicit = self
            .implicit_typed(&result.ty, result.as_constant(), ty)
            .is_some();
        if implicit || !fits {
            return self.convert_typed(result, ty, range);
        }
        self.cast(Bound::Value(result), ty, range)
            .map(|value| value.node)
    }

    /// `++x`, `x++` and their like.
    pub(super) fn increment(
        &mut self,
        operand: &'a Expr,
        op: BinaryOp,
        postfix: bool,
        range: Range32,
    ) -> Bind<Typed> {
        let place = self.place(operand)?;
        let (mut setup, place) = self.stable(place)?;
        let ty = place.ty().clone();
        let current = self.read_place(&place, range)?;
        let kind = kind_of(underlying(&ty));
        let numeric = !matches!(kind, Kind::Bool | Kind::Other | Kind::Void) || ty.is_enum();
        if !numeric && ty != Type::Dynamic {
            let sign = if op == BinaryOp::Add { "++" } else { "--" };
            return Err(self.error(
                "CS0023",
                format!("Operator '{sign}' cannot be applied to operand of type '{ty}'"),
                range,
            ));
        }
        let (held, old) = match postfix {
            true => {
                let slot = self.temporary()?;
                let held = node(Op::Assign(slot, current.node.into()), kind_of(&ty), range);
                (Some(held), Typed::new(Op::Local(slot), ty.clone(), range))
            }
            false => (None, current),
        };
        let one = Typed::constant(Value::Int32(1), Type::int(), range);
        let result = self.binary(op, old.clone(), one, range)?;
        let result = self.cast(Bound::Value(result), &ty, range)?;
        setup.extend(held);
        setup.push(self.write(place, result.node, !postfix, range)?);
        if postfix {
            setup.push(old.node);
        }
        Ok(Typed {
            node: sequence(setup, range),
            ty,
        })
    }

    /// What an expression on the left of `=` stands for.
    fn place(&mut self, target: &'a Expr) -> Bind<Place> {
        let range = target.range;
        match &target.kind {
            ExprKind::Name(name) => {
                let text = &*name.identifier.name;
                match self.variable(text) {
                    Some((depth, variable)) => {
                        let ty = self.assignable_variable(&name.identifier)?;
                        Ok(Place::Variable {
                            depth,
                            variable,
                            ty,
                        })
                    }
                    None if text == "_" => Ok(Place::Discard),
                    None => {
                        self.expression(target)?;
                        Err(self.not_assignable(range))
                    }
                }
            }
            ExprKind::Member {
                target: owner,
                name,
            } => {
                let text = &*name.identifier.name;
                let owner_bound = self.expression(owner)?;
                let Bound::Value(receiver) = owner_bound else {
                    let _ = self.member(owner, name, range)?;
                    return Err(self.not_assignable(range));
                };
                if let Type::Tuple(_) = receiver.ty
                    && let Some((index, ty)) = super::member::item(&receiver.ty, text)
                {
                    let whole = self.place(owner)?;
                    return Ok(Place::Item {
                        whole: whole.into(),
                        index,
                        ty,
                    });
                }
                if receiver.ty == Type::Dynamic {
                    return Ok(Place::Dynamic {
                        receiver: receiver.node,
                        name: text.into(),
                    });
                }
                self.property_place(receiver, text, name.identifier.range)
            }
            ExprKind::Index {
                target: owner,
                arguments,
            } => {
                let receiver = self.value(owner);
                let arguments = self.arguments(arguments);
                let (receiver, arguments) = (receiver?, arguments?);
                self.index_place(receiver, arguments, range)
            }
            _ => {
                self.expression(target)?;
                Err(self.not_assignable(range))
            }
        }
    }

    fn not_assignable(&mut self, range: Range32) -> Reported {
        self.error(
            "CS0131",
            "The left-hand side of an assignment must be a variable, property or indexer",
            range,
        )
    }

    /// A property to be assigned.
    pub(super) fn property_place(
        &mut self,
        receiver: Typed,
        name: &str,
        range: Range32,
    ) -> Bind<Place> {
        let found = self.registry.lookup(&receiver.ty, name);
        let of = |kind| found.iter().find(|found| found.info.kind == kind).cloned();
        let (getter, setter) = (of(MemberKind::Getter), of(MemberKind::Setter));
        let ty = match (&setter, &getter) {
            (Some(setter), _) => setter
                .info
                .parameters
                .last()
                .map(|parameter| parameter.ty.substitute(&setter.owner.substitution())),
            (None, Some(getter)) => {
                Some(getter.info.returns.substitute(&getter.owner.substitution()))
            }
            (None, None) => None,
        };
        let Some(ty) = ty else {
            if let Type::Anonymous(_) = receiver.ty
                && super::member::item(&receiver.ty, name).is_some()
            {
                let shown = receiver.ty.to_string();
                return Err(self.read_only(&format!("{shown}.{name}"), range));
            }
            if !found.is_empty() {
                return Err(self.error(
                    "CS1656",
                    format!("Cannot assign to '{name}' because it is a 'method group'"),
                    range,
                ));
            }
            let shown = receiver.ty.to_string();
            return Err(self.no_member(&shown, name, Some(receiver.ty), range));
        };
        let owner = setter
            .as_ref()
            .or(getter.as_ref())
            .map_or_else(|| receiver.ty.clone(), |found| found.owner.clone());
        Ok(Place::Member {
            arguments: vec![receiver.node],
            getter,
            setter,
            ty,
            shown: format!("{owner}.{name}"),
        })
    }

    /// An indexer or array element to be assigned.
    pub(super) fn index_place(
        &mut self,
        receiver: Typed,
        arguments: Vec<Argument<'a>>,
        range: Range32,
    ) -> Bind<Place> {
        if receiver.ty == Type::Dynamic {
            let arguments = self.dynamic_arguments(arguments)?.into_vec();
            return Ok(Place::DynamicIndex {
                receiver: receiver.node,
                arguments,
            });
        }
        if let Type::Array(element, rank) = &receiver.ty {
            let ty = element.as_ref().clone();
            let indices = self.indices(arguments, *rank, range)?;
            return Ok(Place::Element {
                array: receiver.node,
                indices,
                ty,
            });
        }
        let (applicable, arguments) =
            self.indexer(&receiver, arguments, MemberKind::IndexGetter, range)?;
        let Callee::Member { info, owner } = &applicable.callee else {
            return Err(Reported);
        };
        let ty = applicable.returns.clone();
        let substitution = owner.substitution();
        let setter = self
            .registry
            .indexers(&receiver.ty)
            .into_iter()
            .find(|found| {
                let other = found.owner.substitution();
                found.info.kind == MemberKind::IndexSetter
                    && found.info.parameters.len() == info.parameters.len() + 1
                    && found
                        .info
                        .parameters
                        .iter()
                        .zip(&info.parameters)
                        .all(|(a, b)| a.ty.substitute(&other) == b.ty.substitute(&substitution))
            });
        let parameters: Vec<String> = applicable.parameters.iter().map(Type::to_string).collect();
        let shown = format!("{owner}.this[{}]", parameters.join(", "));
        let mut nodes = vec![receiver.node];
        for (argument, index) in arguments.into_iter().zip(&applicable.map) {
            let (Passed::Value(value), Some(parameter)) =
                (argument.value, applicable.parameters.get(*index))
            else {
                return Err(Reported);
            };
            nodes.push(self.convert(value, parameter, argument.range)?);
        }
        Ok(Place::Member {
            arguments: nodes,
            getter: Some(Found {
                info,
                owner: owner.clone(),
            }),
            setter,
            ty,
            shown,
        })
    }

    fn read_only(&mut self, shown: &str, range: Range32) -> Reported {
        self.error(
            "CS0200",
            format!("Property or indexer '{shown}' cannot be assigned to -- it is read only"),
            range,
        )
    }

    /// The place with its receiver and indices evaluated once.
    fn stable(&mut self, place: Place) -> Bind<(Vec<Node>, Place)> {
        let mut setup = Vec::new();
        let mut hold = |binder: &mut Self, value: Node| -> Bind<Node> {
            if matches!(value.op, Op::Local(_) | Op::Cell(_) | Op::Constant(_)) {
                return Ok(value);
            }
            let slot = binder.temporary()?;
            let (kind, range) = (value.kind, Range32::new(value.start, value.end));
            setup.push(node(Op::Assign(slot, value.into()), kind, range));
            Ok(node(Op::Local(slot), kind, range))
        };
        let mut all = |binder: &mut Self, values: Vec<Node>| -> Bind<Vec<Node>> {
            values
                .into_iter()
                .map(|value| hold(binder, value))
                .collect()
        };
        let place = match place {
            Place::Member {
                arguments,
                getter,
                setter,
                ty,
                shown,
            } => Place::Member {
                arguments: all(self, arguments)?,
                getter,
                setter,
                ty,
                shown,
            },
            Place::Element { array, indices, ty } => {
                let mut held = all(self, [vec![array], indices].concat())?;
                let array = held.remove(0);
                Place::Element {
                    array,
                    indices: held,
                    ty,
                }
            }
            Place::Dynamic { receiver, name } => {
                let receiver = all(self, vec![receiver])?.pop().ok_or(Reported)?;
                Place::Dynamic { receiver, name }
            }
            Place::DynamicIndex {
                receiver,
                arguments,
            } => {
                let mut held = all(self, [vec![receiver], arguments].concat())?;
                let receiver = held.remove(0);
                Place::DynamicIndex {
                    receiver,
                    arguments: held,
                }
            }
            other => other,
        };
        Ok((setup, place))
    }

    /// The value in a place.
    pub(super) fn read_place(&mut self, place: &Place, range: Range32) -> Bind<Typed> {
        match place {
            Place::Variable {
                depth,
                variable,
                ty,
            } => {
                let slot = self.reach(*depth, variable)?;
                let op = match variable.cell {
                    true => Op::Cell(slot),
                    false => Op::Local(slot),
                };
                Ok(Typed::new(op, ty.clone(), range))
            }
            Place::Member {
                arguments,
                getter: Some(getter),
                ty,
                ..
            } => Ok(Typed {
                node: self.call_node(
                    getter.info,
                    &getter.owner,
                    &[],
                    arguments.clone(),
                    Vec::new(),
                    range,
                ),
                ty: ty.clone(),
            }),
            Place::Member { shown, .. } => {
                let message = format!(
                    "The property or indexer '{shown}' cannot be used in this context because it lacks the get accessor"
                );
                Err(self.error("CS0154", message, range))
            }
            Place::Element { array, indices, ty } => Ok(Typed::new(
                Op::Element {
                    array: array.clone().into(),
                    indices: indices.clone().into(),
                },
                ty.clone(),
                range,
            )),
            Place::Item { whole, index, ty } => {
                let whole = self.read_place(whole, range)?;
                Ok(Typed::new(
                    Op::Item {
                        operand: whole.node.into(),
                        index: *index,
                    },
                    ty.clone(),
                    range,
                ))
            }
            Place::Dynamic { receiver, name } => Ok(dynamic(
                Dynamic::Get {
                    receiver: receiver.clone(),
                    name: name.clone(),
                },
                range,
            )),
            Place::DynamicIndex {
                receiver,
                arguments,
            } => Ok(dynamic(
                Dynamic::GetIndex {
                    receiver: receiver.clone(),
                    arguments: arguments.clone().into(),
                },
                range,
            )),
            Place::Discard => Err(self.not_assignable(range)),
        }
    }

    /// Puts a value, already converted, into a place; yields it if `wanted`.
    pub(super) fn write(
        &mut self,
        place: Place,
        value: Node,
        wanted: bool,
        range: Range32,
    ) -> Bind<Node> {
        let kind = kind_of(place.ty());
        match place {
            Place::Variable {
                depth,
                variable,
                ty,
            } => {
                let slot = self.reach(depth, &variable)?;
                let op = match variable.cell {
                    true => Op::AssignCell(slot, value.into()),
                    false => Op::Assign(slot, value.into()),
                };
                Ok(node(op, kind_of(&ty), range))
            }
            Place::Member {
                mut arguments,
                setter,
                shown,
                ..
            } => {
                let Some(setter) = setter else {
                    return Err(self.read_only(&shown, range));
                };
                let held = match wanted {
                    true => Some(self.temporary()?),
                    false => None,
                };
                arguments.push(match held {
                    Some(slot) => node(Op::Assign(slot, value.into()), kind, range),
                    None => value,
                });
                let call = self.call_node(
                    setter.info,
                    &setter.owner,
                    &[],
                    arguments,
                    Vec::new(),
                    range,
                );
                Ok(match held {
                    Some(slot) => sequence(vec![call, node(Op::Local(slot), kind, range)], range),
                    None => call,
                })
            }
            Place::Element { array, indices, .. } => Ok(node(
                Op::SetElement {
                    array: array.into(),
                    indices: indices.into(),
                    value: value.into(),
                },
                kind,
                range,
            )),
            Place::Item { whole, index, .. } => {
                let held = self.temporary()?;
                let store = node(Op::Assign(held, value.into()), kind, range);
                let current = self.read_place(&whole, range)?;
                let changed = node(
                    Op::WithItem {
                        operand: current.node.into(),
                        index,
                        value: node(Op::Local(held), kind, range).into(),
                    },
                    Kind::Other,
                    range,
                );
                let written = self.write(*whole, changed, false, range)?;
                Ok(sequence(
                    vec![store, written, node(Op::Local(held), kind, range)],
                    range,
                ))
            }
            Place::Dynamic { receiver, name } => Ok(dynamic(
                Dynamic::Set {
                    receiver,
                    name,
                    value,
                },
                range,
            )
            .node),
            Place::DynamicIndex {
                receiver,
                arguments,
            } => Ok(dynamic(
                Dynamic::SetIndex {
                    receiver,
                    arguments: arguments.into(),
                    value,
                },
                range,
            )
            .node),
            Place::Discard => Ok(value),
        }
    }

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
                            return Err(self.error(
                                "CS8130",
                                "Cannot infer the type of implicitly-typed deconstruction variable.",
                                range,
                            ));
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
        nodes.push(node(Op::Assign(slot, value.node.into()), kind, range));
        let whole = node(Op::Local(slot), kind, range);
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
            _ => self.deconstructed(&ty, whole, leaves.len(), range, nodes)?,
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
                range,
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

fn designated<'a>(designation: &'a Designation, ty: Option<&Type>) -> Leaf<'a> {
    match designation {
        Designation::Tuple(items) => {
            Leaf::Nested(items.iter().map(|item| designated(item, ty)).collect())
        }
        other => Leaf::Declare(other, ty.cloned()),
    }
}
