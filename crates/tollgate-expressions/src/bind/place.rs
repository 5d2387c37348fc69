//! What can be assigned to.

use super::call::{dynamic, sequence};
use super::overload::{Argument, Passed};
use super::types::kind_of;
use super::{Bind, Binder, Bound, Callee, Reported, Typed, node};
use crate::scope::Variable;
use crate::typed::{Dynamic, Kind, Node, Op};
use tollgate_dotnet::{Found, MemberKind, Type};
use tollgate_syntax::csharp::ast::{Expr, ExprKind, Range32};

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
        /// Where it is written.
        range: Range32,
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

impl<'a> Binder<'a> {
    /// What an expression on the left of `=` stands for.
    pub(super) fn place(&mut self, target: &'a Expr) -> Bind<Place> {
        let range = target.range;
        match &target.kind {
            ExprKind::Name(name) => {
                let text = &*name.identifier.name;
                match self.variable(text) {
                    Some((depth, variable)) => {
                        if let Some(place) = self.alias(depth, &variable, range)? {
                            return Ok(place);
                        }
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
                    self.member(owner, name, range, false)?;
                    return Err(self.not_assignable(range));
                };
                if let Type::Tuple(_) = receiver.ty
                    && let Some((index, ty)) = super::member::item(&receiver.ty, text)
                {
                    let whole = self.place(owner)?;
                    if let Place::Member { shown, .. } = &whole {
                        let message = format!(
                            "Cannot modify the return value of '{shown}' because it is not a variable"
                        );
                        return Err(self.error("CS1612", message, owner.range));
                    }
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
                self.property_place(receiver, text, name.identifier.range, range)
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

    /// As [`not_assignable`](Self::not_assignable), for `++` and `--`.
    fn not_counted(&mut self, range: Range32) -> Reported {
        self.error(
            "CS1059",
            "The operand of an increment or decrement operator must be a variable, property or indexer",
            range,
        )
    }

    /// What the operand of `++` or `--` stands for.
    pub(super) fn counted_place(&mut self, operand: &'a Expr) -> Bind<Place> {
        let place = matches!(
            operand.kind,
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. }
        );
        if place {
            return self.place(operand);
        }
        self.expression(operand)?;
        Err(self.not_counted(operand.range))
    }

    pub(super) fn not_assignable(&mut self, range: Range32) -> Reported {
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
        at: Range32,
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
            return Err(self.no_member(&shown, name, Some(receiver.ty), at));
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
            range,
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
            range,
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
    pub(super) fn stable(&mut self, place: Place) -> Bind<(Vec<Node>, Place)> {
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
                range,
            } => Place::Member {
                arguments: all(self, arguments)?,
                getter,
                setter,
                ty,
                shown,
                range,
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
                range: at,
                ..
            } => {
                let Some(setter) = setter else {
                    return Err(self.read_only(&shown, at));
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
}
