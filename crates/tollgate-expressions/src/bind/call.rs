//! Calls: of methods, delegates, constructors and indexers.

use tollgate_dotnet::{MemberInfo, MemberKind, ParameterMode, Type, Value};
use tollgate_syntax::csharp::ast::{self, Designation, ExprKind, Range32};

use super::overload::{Applicable, Argument, Passed};
use super::types::kind_of;
use super::{Bind, Binder, Bound, Callee, Methods, Reported, Typed, node};
use crate::fold;
use crate::typed::{Call, Dynamic, Kind, Node, Op, Target};

/// The arguments of a call as nodes.
pub(super) struct Ordered {
    /// What must run first.
    pub before: Vec<Node>,
    /// One for each parameter.
    pub nodes: Vec<Node>,
    /// Where `out` and `ref` values go.
    pub outs: Vec<Target>,
    /// What must run last: elements of arrays that were passed by reference are written back.
    pub after: Vec<Node>,
}

impl<'a> Binder<'a> {
    /// `target(arguments)`.
    pub(super) fn call(
        &mut self,
        target: &'a ast::Expr,
        written: &'a [ast::Argument],
        range: Range32,
    ) -> Bind<Bound<'a>> {
        let callee = match &target.kind {
            ExprKind::Member {
                target: owner,
                name,
            } => {
                self.tick(target.range)?;
                let callee = self.member(owner, name, target.range, true);
                callee.inspect(|callee| self.note(target, callee))
            }
            _ => self.unresolved(target),
        };
        let arguments = self.arguments(written);
        let (callee, arguments) = (callee?, arguments?);
        match callee {
            Bound::Methods(methods) => {
                if let Some(receiver) = &methods.receiver
                    && receiver.ty == Type::Dynamic
                {
                    let receiver = receiver.node.clone();
                    let arguments = self.dynamic_arguments(arguments)?;
                    return Ok(Bound::Value(dynamic(
                        Dynamic::Call {
                            receiver,
                            name: methods.name.clone(),
                            types: methods.type_arguments.clone().into(),
                            arguments,
                        },
                        range,
                    )));
                }
                if let Some(receiver) = &methods.receiver
                    && let Type::Nullable(inner) = &receiver.ty
                    && &*methods.name == "GetValueOrDefault"
                    && arguments.len() <= 1
                {
                    let (receiver, inner) = (receiver.clone(), inner.as_ref().clone());
                    return self
                        .value_or_default(receiver, inner, arguments, range)
                        .map(Bound::Value);
                }
                if arguments.iter().any(is_dynamic)
                    && let Some(late) = self.late_call(&methods, &arguments, range)?
                {
                    return Ok(Bound::Value(late));
                }
                let applicable = self.resolve(&methods, &arguments, target_range(target, range))?;
                self.check_static(&methods, &applicable)?;
                let receiver = methods.receiver.clone();
                Ok(Bound::Value(
                    self.call_applicable(applicable, receiver, arguments, range)?,
                ))
            }
            Bound::Value(function) => {
                if !function.ty.is_delegate()
                    && function.ty != Type::Dynamic
                    && let ExprKind::Member { name, .. } = &target.kind
                {
                    let name = &name.identifier;
                    return Err(self.error(
                        "CS1955",
                        format!(
                            "Non-invocable member '{}' cannot be used like a method.",
                            name.name
                        ),
                        name.range,
                    ));
                }
                if function.ty == Type::Dynamic {
                    let arguments = self.dynamic_arguments(arguments)?;
                    return Ok(Bound::Value(dynamic(
                        Dynamic::Call {
                            receiver: function.node,
                            name: "Invoke".into(),
                            types: Box::default(),
                            arguments,
                        },
                        range,
                    )));
                }
                self.invoke(function, arguments, range).map(Bound::Value)
            }
            Bound::Type(ty) => Err(self.error(
                "CS1955",
                format!("Non-invocable member '{ty}' cannot be used like a method."),
                target.range,
            )),
            _ => Err(self.error("CS0149", "Method name expected", target.range)),
        }
    }

    /// `GetValueOrDefault` of a `T?`.
    fn value_or_default(
        &mut self,
        receiver: Typed,
        ty: Type,
        mut arguments: Vec<Argument<'a>>,
        range: Range32,
    ) -> Bind<Typed> {
        let other = match arguments.pop() {
            None => self.default_of(&ty, range).node,
            Some(Argument {
                value: Passed::Value(value),
                range: at,
                ..
            }) => self.convert(value, &ty, at)?,
            Some(_) => return Err(Reported),
        };
        if matches!(other.op, Op::Constant(_)) {
            let choice = Op::Coalesce(Box::new([receiver.node, other]));
            return Ok(Typed::new(choice, ty, range));
        }
        // Both are evaluated, whichever is taken.
        let (slot, default) = (self.temporary()?, self.temporary()?);
        let kind = other.kind;
        let choice = Op::Coalesce(Box::new([
            node(Op::Local(slot), Kind::Other, range),
            node(Op::Local(default), kind, range),
        ]));
        let nodes = vec![
            node(Op::Assign(slot, receiver.node.into()), Kind::Other, range),
            node(Op::Assign(default, other.into()), kind, range),
            node(choice, kind, range),
        ];
        Ok(Typed {
            node: sequence(nodes, range),
            ty,
        })
    }

    /// A call of a delegate value.
    fn invoke(
        &mut self,
        function: Typed,
        arguments: Vec<Argument<'a>>,
        range: Range32,
    ) -> Bind<Typed> {
        let invoke = function
            .ty
            .table()
            .filter(|_| function.ty.is_delegate())
            .and_then(|table| {
                self.registry
                    .members(table)
                    .iter()
                    .find(|member| &*member.name == "Invoke")
            });
        let Some(info) = invoke else {
            return Err(self.error("CS0149", "Method name expected", function.range()));
        };
        let methods = Methods {
            receiver: None,
            own: vec![Callee::Member {
                info,
                owner: function.ty.clone(),
            }],
            extensions: Vec::new(),
            type_arguments: Vec::new(),
            name: function.ty.to_string().into(),
            owner: Some(function.ty.clone()),
            range: function.range(),
        };
        let applicable = self.resolve(&methods, &arguments, range)?;
        let returns = applicable.returns.clone();
        let ordered = self.in_order(&applicable, arguments, range)?;
        let kind = if returns == Type::Void {
            Kind::Void
        } else {
            Kind::Other
        };
        let invoke = node(
            Op::Invoke {
                function: function.node.into(),
                arguments: ordered.nodes.into(),
            },
            kind,
            range,
        );
        let value = self.narrow(invoke, &returns, range);
        Ok(Typed {
            node: self.around(ordered.before, value, ordered.after, range)?,
            ty: returns,
        })
    }

    /// The result of a delegate, in the bank of its static type.
    fn narrow(&self, value: Node, ty: &Type, range: Range32) -> Node {
        match kind_of(ty) {
            Kind::Other | Kind::Void => value,
            kind => node(
                Op::Unbox {
                    ty: ty.clone(),
                    operand: value.into(),
                },
                kind,
                range,
            ),
        }
    }

    fn check_static(&mut self, methods: &Methods, applicable: &Applicable) -> Bind<()> {
        let Callee::Member { info, owner } = &applicable.callee else {
            return Ok(());
        };
        if info.is_extension && applicable.extension || info.kind == MemberKind::Constructor {
            return Ok(());
        }
        let name = format!("{owner}.{}", info.name);
        match (&methods.receiver, info.is_static) {
            (None, false) => Err(self.error(
                "CS0120",
                format!("An object reference is required for the non-static field, method, or property '{}'", super::explain::display(&applicable.callee)),
                methods.range,
            )),
            (Some(_), true) => Err(self.error(
                "CS0176",
                format!("Member '{name}' cannot be accessed with an instance reference; qualify it with a type name instead"),
                methods.range,
            )),
            _ => Ok(()),
        }
    }

    /// The call of the member that was chosen.
    pub(super) fn call_applicable(
        &mut self,
        applicable: Applicable,
        receiver: Option<Typed>,
        arguments: Vec<Argument<'a>>,
        range: Range32,
    ) -> Bind<Typed> {
        let returns = applicable.returns.clone();
        let mut all = Vec::with_capacity(arguments.len() + 1);
        let mut first = None;
        match (&applicable.callee, receiver) {
            (Callee::Member { .. }, Some(receiver)) if applicable.extension => {
                all.push(Argument {
                    name: None,
                    range: receiver.range(),
                    value: Passed::Value(Bound::Value(receiver)),
                });
            }
            (Callee::Member { info, .. }, Some(receiver)) if !info.is_static => {
                first = Some(receiver.node);
            }
            _ => {}
        }
        all.extend(arguments);
        let Ordered {
            before,
            mut nodes,
            outs,
            after,
        } = self.in_order(&applicable, all, range)?;
        let call = match &applicable.callee {
            Callee::Member { info, owner } => {
                if let Some(receiver) = first {
                    nodes.insert(0, receiver);
                }
                self.call_node(info, owner, &applicable.types, nodes, outs, range)
            }
            Callee::Local(signature, delegate) => {
                let delegate = match applicable.types.is_empty() {
                    true => delegate.clone(),
                    false => {
                        let types = &applicable.types;
                        Box::new(self.instance(signature, delegate, types, range)?)
                    }
                };
                let kind = if returns == Type::Void {
                    Kind::Void
                } else {
                    Kind::Other
                };
                let invoke = node(
                    Op::Invoke {
                        function: delegate,
                        arguments: nodes.into(),
                    },
                    kind,
                    range,
                );
                self.narrow(invoke, &returns, range)
            }
        };
        Ok(Typed {
            node: self.around(before, call, after, range)?,
            ty: returns,
        })
    }

    /// What runs before a call, the call, and what runs after it; the call's value.
    fn around(
        &mut self,
        mut nodes: Vec<Node>,
        call: Node,
        after: Vec<Node>,
        range: Range32,
    ) -> Bind<Node> {
        if after.is_empty() {
            nodes.push(call);
            return Ok(sequence(nodes, range));
        }
        let kind = call.kind;
        let slot = self.temporary()?;
        nodes.push(match kind {
            Kind::Void => call,
            _ => node(Op::Assign(slot, call.into()), kind, range),
        });
        nodes.extend(after);
        nodes.push(match kind {
            Kind::Void => node(Op::Constant(Value::Null), Kind::Void, range),
            _ => node(Op::Local(slot), kind, range),
        });
        Ok(sequence(nodes, range))
    }

    /// The nodes of a call's arguments, one per parameter, and what goes with them.
    pub(super) fn in_order(
        &mut self,
        applicable: &Applicable,
        arguments: Vec<Argument<'a>>,
        range: Range32,
    ) -> Bind<Ordered> {
        let declared = applicable.callee.parameters().to_vec();
        let substitution = applicable.callee.substitution();
        let count = declared.len();
        let mut slots: Vec<Vec<Node>> = declared.iter().map(|_| Vec::new()).collect();
        let mut targets: Vec<Option<Target>> = declared.iter().map(|_| None).collect();
        let mut setup = Vec::new();
        let mut after = Vec::new();
        let in_order = applicable.map.is_sorted();
        let local = matches!(applicable.callee, Callee::Local(..));
        for (argument, index) in arguments.into_iter().zip(applicable.map.iter().copied()) {
            let (Some(ty), Some(place), Some(target)) = (
                applicable.parameters.get(index),
                slots.get_mut(index),
                targets.get_mut(index),
            ) else {
                return Err(Reported);
            };
            let at = argument.range;
            match argument.value {
                Passed::Value(value) => {
                    let mut value = self.convert(value, ty, at)?;
                    if !in_order && !matches!(value.op, Op::Constant(_)) {
                        let slot = self.temporary()?;
                        let kind = value.kind;
                        setup.push(node(Op::Assign(slot, value.into()), kind, at));
                        value = node(Op::Local(slot), kind, at);
                    }
                    place.push(value);
                }
                Passed::Variable { name, out, .. } => {
                    let (to, read) = self.target(&name.name)?;
                    if local {
                        let declared = self.variable(&name.name).map(|(_, variable)| variable.at);
                        place.push(self.by_reference(&to, declared, out, &mut setup, at));
                        continue;
                    }
                    *target = Some(to);
                    place.push(match out {
                        true => node(Op::Constant(Value::Null), Kind::Other, at),
                        false => read,
                    });
                }
                Passed::Place { place: to, out, .. } => {
                    let (mut before, to) = self.stable(*to)?;
                    setup.append(&mut before);
                    let slot = self.temporary()?;
                    let held = match out {
                        true => self.default_of(to.ty(), at),
                        false => self.read_place(&to, at)?,
                    };
                    let kind = held.node.kind;
                    let store = if local {
                        Op::NewCell(slot, held.node.into())
                    } else {
                        Op::Assign(slot, held.node.into())
                    };
                    setup.push(node(store, kind, at));
                    let back = if local {
                        Op::Cell(slot)
                    } else {
                        Op::Local(slot)
                    };
                    let stored = self.write(to, node(back, kind, at), false, at)?;
                    after.push(stored);
                    place.push(node(Op::Local(slot), kind, at));
                    if !local {
                        *target = Some(Target::Local(slot));
                    }
                }
                Passed::Declares { designation, .. } => {
                    if let Designation::Tuple(_) = designation {
                        return Err(self.error(
                            "CS8199",
                            "The syntax 'var (...)' as an lvalue is reserved.",
                            at,
                        ));
                    }
                    let to = self.out_target(designation, ty);
                    if local {
                        let declared = match designation {
                            Designation::Variable(name) => Some(name.range.start),
                            _ => None,
                        };
                        place.push(self.by_reference(&to, declared, true, &mut setup, at));
                        continue;
                    }
                    *target = Some(to);
                    place.push(node(Op::Constant(Value::Null), Kind::Other, at));
                }
                Passed::Discard => {
                    if local {
                        place.push(self.by_reference(
                            &Target::Discard,
                            None,
                            true,
                            &mut setup,
                            range,
                        ));
                        continue;
                    }
                    *target = Some(Target::Discard);
                    place.push(node(Op::Constant(Value::Null), Kind::Other, at));
                }
            }
        }
        let mut nodes = Vec::with_capacity(count);
        for ((parameter, mut given), ty) in declared.iter().zip(slots).zip(&applicable.parameters) {
            if applicable.expanded && parameter.mode == ParameterMode::Params {
                nodes.push(node(
                    Op::Array {
                        element: ty.clone(),
                        items: given.into(),
                    },
                    Kind::Other,
                    range,
                ));
            } else if let Some(value) = given.pop() {
                nodes.push(value);
            } else if let Some(default) = &parameter.default {
                let whole = parameter.ty.substitute(&substitution);
                let whole = if matches!(whole, Type::Parameter(_)) {
                    ty.clone()
                } else {
                    whole
                };
                nodes.push(self.default_argument(default, &whole, range)?);
            } else {
                return Err(Reported);
            }
        }
        Ok(Ordered {
            before: setup,
            nodes,
            outs: targets.into_iter().flatten().collect(),
            after,
        })
    }

    /// The cell that a local function gets for a `ref` or `out` argument.
    fn by_reference(
        &mut self,
        target: &Target,
        at: Option<u32>,
        out: bool,
        setup: &mut Vec<Node>,
        range: Range32,
    ) -> Node {
        let null = node(Op::Constant(Value::Null), Kind::Other, range);
        match target {
            Target::Discard => {
                let slot = self.temporary().unwrap_or_default();
                setup.push(node(Op::NewCell(slot, null.into()), Kind::Void, range));
                node(Op::Local(slot), Kind::Other, range)
            }
            Target::Local(slot) | Target::Cell(slot) => {
                if out {
                    // What the callee leaves in it counts as assigned.
                    setup.push(node(Op::AssignCell(*slot, null.into()), Kind::Other, range));
                }
                self.reference(target, at, range)
            }
        }
    }

    fn default_argument(&mut self, default: &Value, ty: &Type, range: Range32) -> Bind<Node> {
        if default.is_null() {
            return Ok(self.default_of(ty, range).node);
        }
        let own = match default {
            Value::Bool(_) => Type::bool(),
            Value::Char(_) => Type::char(),
            Value::Int32(_) => Type::int(),
            Value::Int64(_) => Type::long(),
            Value::Double(_) => Type::double(),
            Value::String(_) => Type::string(),
            Value::Enum(table, _) => Type::plain(table.0),
            _ => ty.clone(),
        };
        let value = Typed::constant(default.clone(), own, range);
        self.convert_typed(value, ty, range)
    }

    /// The node of a call; a pure static property of a simple type is read at once.
    pub(super) fn call_node(
        &self,
        info: &'static MemberInfo,
        owner: &Type,
        types: &[Type],
        arguments: Vec<Node>,
        outs: Vec<Target>,
        range: Range32,
    ) -> Node {
        let mut substitution: Vec<(&str, Type)> = owner.substitution();
        substitution.extend(
            info.type_parameters
                .iter()
                .map(|name| &**name)
                .zip(types.iter().cloned()),
        );
        let returns = match info.kind {
            MemberKind::Setter | MemberKind::IndexSetter => Type::Void,
            _ => info.returns.substitute(&substitution),
        };
        let kind = kind_of(&returns);
        let op_types: Vec<Type> = owner.arguments().iter().chain(types).cloned().collect();
        let nullable = owner
            .table()
            .is_some_and(|table| table.full_name() == "System.Nullable");
        let instance = !info.is_static && info.kind != MemberKind::Constructor && !nullable;
        if info.kind == MemberKind::Getter
            && info.is_static
            && info.member.pure
            && (kind != Kind::Other || returns.is_string())
            && let Some(value) = fold::evaluate(info.member, &op_types, &[])
        {
            return node(Op::Constant(value), kind, range);
        }
        node(
            Op::Call(Box::new(Call {
                member: info.member,
                prepared: None,
                types: op_types.into(),
                instance,
                arguments: arguments.into(),
                constants: None,
                outs: outs.into(),
            })),
            kind,
            range,
        )
    }

    /// A call that must wait for the types of `dynamic` arguments; `None` if only one method can be meant.
    fn late_call(
        &mut self,
        methods: &Methods,
        arguments: &[Argument<'a>],
        range: Range32,
    ) -> Bind<Option<Typed>> {
        let plain = arguments
            .iter()
            .all(|argument| matches!(argument.value, Passed::Value(Bound::Value(_))));
        let fitting = self.applicable(
            &methods.own,
            &methods.type_arguments,
            arguments,
            false,
            &mut Vec::new(),
        );
        let settled = match fitting.len() {
            0 => self
                .quietly(|binder| binder.resolve(methods, arguments, range))
                .is_some(),
            // Only what takes any object needs not wait.
            1 => fitting.iter().all(|applicable| {
                (0..).zip(arguments).all(|(index, argument)| {
                    !is_dynamic(argument)
                        || applicable
                            .parameter(index)
                            .is_some_and(|ty| ty.is_object() || *ty == Type::Dynamic)
                })
            }),
            _ => false,
        };
        if !plain || settled {
            return Ok(None);
        }
        let late = self.dynamic_arguments(arguments.to_vec())?;
        let operation = match (&methods.receiver, &methods.owner) {
            (Some(receiver), _) => Dynamic::Call {
                receiver: receiver.node.clone(),
                name: methods.name.clone(),
                types: methods.type_arguments.clone().into(),
                arguments: late,
            },
            (None, Some(owner)) => Dynamic::CallStatic {
                owner: owner.clone(),
                name: methods.name.clone(),
                arguments: late,
            },
            (None, None) => return Ok(None),
        };
        Ok(Some(dynamic(operation, range)))
    }

    /// Arguments of a late-bound operation.
    pub(super) fn dynamic_arguments(&mut self, arguments: Vec<Argument<'a>>) -> Bind<Box<[Node]>> {
        let mut nodes = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match argument.value {
                Passed::Value(Bound::Value(value)) => nodes.push(value.node),
                Passed::Value(Bound::Lambda(..)) => {
                    return Err(self.error(
                        "CS1977",
                        "Cannot use a lambda expression as an argument to a dynamically dispatched operation without first casting it to a delegate or expression tree type.",
                        argument.range,
                    ));
                }
                _ => {
                    return Err(self.error(
                        "CS1978",
                        "Cannot use an expression of this type as an argument to a dynamically dispatched operation.",
                        argument.range,
                    ));
                }
            }
        }
        Ok(nodes.into())
    }
}

/// All of them, the last one's value.
pub(super) fn sequence(mut nodes: Vec<Node>, range: Range32) -> Node {
    match (nodes.len(), nodes.last()) {
        (1, _) => nodes
            .pop()
            .unwrap_or_else(|| node(Op::Constant(Value::Null), Kind::Other, range)),
        (_, Some(last)) => {
            let kind = last.kind;
            node(Op::Sequence(nodes.into()), kind, range)
        }
        (_, None) => node(Op::Constant(Value::Null), Kind::Void, range),
    }
}

/// A late-bound operation's result.
pub(super) fn dynamic(operation: Dynamic, range: Range32) -> Typed {
    Typed {
        node: node(Op::Dynamic(Box::new(operation)), Kind::Other, range),
        ty: Type::Dynamic,
    }
}

fn is_dynamic(argument: &Argument<'_>) -> bool {
    matches!(&argument.value, Passed::Value(Bound::Value(value)) if value.ty == Type::Dynamic)
}

/// Where messages about a call point: the member's name.
fn target_range(target: &ast::Expr, whole: Range32) -> Range32 {
    match &target.kind {
        ExprKind::Member { name, .. } => name.identifier.range,
        ExprKind::Name(name) => name.identifier.range,
        _ => whole,
    }
}
