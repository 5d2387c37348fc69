//! Lambdas and method groups, and the delegates they become.

use std::sync::Arc;

use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::{self, ExprKind, Range32, UnaryOp};

use super::overload::{Argument, Passed};
use super::types::{kind_of, same};
use super::{Bind, Binder, Bound, Callee, Methods, Reported, Typed, node};
use crate::flow;
use crate::scope::{Frame, Returned, Returns};
use crate::typed::{Body, Capture, Function, Kind, Node, Op};

/// A lambda in the context of those around it, with its parameters' types.
pub(super) type Key = (u32, usize, Vec<Type>);

/// What binding a lambda without a wanted result showed.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    /// The number of the context that its inner lambdas are in.
    context: u32,
    /// `None` if it has errors, or is not bound yet.
    returned: Option<Vec<Returned>>,
    /// Control can come to the end of its block.
    completes: bool,
}

impl<'a> Binder<'a> {
    /// Whether the lambda converts to the delegate type.
    pub(super) fn lambda_converts(
        &mut self,
        lambda: &'a ast::Lambda,
        range: Range32,
        to: &Type,
    ) -> bool {
        let Some((inputs, result)) = self.delegate(to) else {
            return false;
        };
        // Said when it is bound.
        if lambda.is_async {
            return true;
        }
        if !self.parameters_fit(lambda, &inputs) {
            return false;
        }
        let Some(returned) = self.probe(lambda, &inputs) else {
            return false;
        };
        let is_void = returned.iter().all(|value| value.ty == Some(Type::Void));
        match (&result, &lambda.body) {
            (Type::Void, ast::Body::Expr(body)) => is_statement(body),
            (Type::Void, ast::Body::Block(_)) => is_void,
            (_, ast::Body::Block(_)) if self.completes(lambda, &inputs) => false,
            _ => returned.iter().all(|value| match &value.ty {
                Some(ty) => self
                    .implicit_typed(ty, value.constant.as_ref(), &result)
                    .is_some(),
                None => self
                    .quietly(|binder| binder.lambda_to(lambda, range, to))
                    .is_some(),
            }),
        }
    }

    /// What the lambda gives for such inputs; `None` for nothing, or if it has errors.
    pub(super) fn lambda_result(
        &mut self,
        lambda: &'a ast::Lambda,
        inputs: &[Type],
        _range: Range32,
    ) -> Option<Type> {
        if !self.parameters_fit(lambda, inputs) {
            return None;
        }
        let returned = self.probe(lambda, inputs)?;
        let mut candidates: Vec<&Type> = Vec::new();
        for value in &returned {
            let ty = value.ty.as_ref()?;
            if !matches!(ty, Type::Null | Type::Void) && !candidates.contains(&ty) {
                candidates.push(ty);
            }
        }
        let fits = |to: &Type| {
            returned.iter().all(|value| {
                value.ty.as_ref().is_some_and(|ty| {
                    self.implicit_typed(ty, value.constant.as_ref(), to)
                        .is_some()
                })
            })
        };
        candidates.into_iter().find(|ty| fits(ty)).cloned()
    }

    /// The lambda as a delegate.
    pub(super) fn lambda_to(
        &mut self,
        lambda: &'a ast::Lambda,
        range: Range32,
        to: &Type,
    ) -> Bind<Node> {
        let Some((inputs, result)) = self.delegate(to) else {
            return Err(self.error(
                "CS1660",
                format!("Cannot convert lambda expression to type '{to}' because it is not a delegate type"),
                range,
            ));
        };
        if lambda.is_async {
            return Err(self.unsupported("async lambdas", range));
        }
        if !self.parameters_fit(lambda, &inputs) {
            let count = lambda.parameters.as_ref().map_or(0, |list| list.len());
            return Err(match count == inputs.len() {
                true => self.error(
                    "CS1661",
                    format!(
                        "Cannot convert lambda expression to type '{to}' because the parameter types do not match the delegate parameter types"
                    ),
                    range,
                ),
                false => self.error(
                    "CS1593",
                    format!("Delegate '{to}' does not take {count} arguments"),
                    range,
                ),
            });
        }
        let returns = match result {
            Type::Void => Returns::Void,
            other => Returns::Type(other),
        };
        let (function, _) = self.lambda_function(lambda, &inputs, returns, to.clone())?;
        Ok(node(Op::Lambda(Arc::new(function)), Kind::Other, range))
    }

    /// Reports what is wrong inside a lambda that does not convert, if it is something inside.
    pub(super) fn explain_lambda(
        &mut self,
        lambda: &'a ast::Lambda,
        to: &Type,
        range: Range32,
    ) -> Option<Reported> {
        self.delegate(to)?;
        self.lambda_to(lambda, range, to).err()
    }

    /// Reports what is wrong inside a lambda from which types should have been inferred.
    pub(super) fn explain_inference(
        &mut self,
        callee: &Callee,
        methods: &Methods,
        arguments: &[Argument<'a>],
        lambda: &'a ast::Lambda,
        _range: Range32,
    ) -> Option<Reported> {
        let mut all = Vec::new();
        if let (Callee::Member { info, .. }, Some(receiver)) = (callee, &methods.receiver)
            && info.is_extension
        {
            all.push(Argument {
                name: None,
                value: Passed::Value(Bound::Value(receiver.clone())),
                range: receiver.range(),
            });
        }
        all.extend(arguments.iter().cloned());
        let index = all.iter().position(|argument| {
            matches!(&argument.value, Passed::Value(Bound::Lambda(other, _)) if std::ptr::eq(*other, lambda))
        })?;
        let substitution = callee.substitution();
        let parameters: Vec<Type> = callee
            .parameters()
            .iter()
            .map(|parameter| parameter.ty.substitute(&substitution))
            .collect();
        let map: Vec<usize> = (0..all.len()).collect();
        let inputs =
            self.inferred_delegate(callee.type_parameters(), &parameters, &map, &all, index)?;
        if !self.parameters_fit(lambda, &inputs) {
            return None;
        }
        self.lambda_function(lambda, &inputs, Returns::Infer, Type::object())
            .err()
    }

    /// Whether the number of parameters and their written types are those.
    fn parameters_fit(&mut self, lambda: &'a ast::Lambda, inputs: &[Type]) -> bool {
        let Some(parameters) = &lambda.parameters else {
            return true;
        };
        parameters.len() == inputs.len()
            && parameters.iter().zip(inputs).all(|(parameter, input)| {
                parameter.ty.as_ref().is_none_or(|syntax| {
                    self.quietly(|binder| binder.type_syntax(syntax))
                        .is_some_and(|ty| same(&ty, input))
                })
            })
    }

    /// What the lambda's `return`s give, bound with nothing wanted.
    fn probe(&mut self, lambda: &'a ast::Lambda, inputs: &[Type]) -> Option<Vec<Returned>> {
        let key = self.key(lambda, inputs);
        if let Some(Probe {
            returned: Some(returned),
            ..
        }) = self.probes.get(&key)
        {
            return Some(returned.clone()).filter(|list| !list.is_empty() || is_block(lambda));
        }
        let (function, returned) = self.quietly(|binder| {
            binder.lambda_function(lambda, inputs, Returns::Infer, Type::object())
        })?;
        if let Some(probe) = self.probes.get_mut(&key) {
            probe.returned = Some(returned.clone());
            probe.completes = match &function.body {
                Body::Expression(_) => false,
                Body::Block(statement) => flow::completes(statement),
            };
        }
        Some(returned)
    }

    /// Whether control can come to the end of a lambda's block, which was bound before.
    fn completes(&self, lambda: &ast::Lambda, inputs: &[Type]) -> bool {
        self.probes
            .get(&self.key(lambda, inputs))
            .is_some_and(|probe| probe.completes)
    }

    fn key(&self, lambda: &ast::Lambda, inputs: &[Type]) -> Key {
        (
            self.context,
            std::ptr::from_ref(lambda).addr(),
            inputs.to_vec(),
        )
    }

    /// Binds the lambda's body.
    fn lambda_function(
        &mut self,
        lambda: &'a ast::Lambda,
        inputs: &[Type],
        returns: Returns,
        ty: Type,
    ) -> Bind<(Function, Vec<Returned>)> {
        let key = self.key(lambda, inputs);
        let outer = self.context;
        self.context = match self.probes.get(&key) {
            Some(probe) => probe.context,
            None => {
                self.contexts += 1;
                let probe = Probe {
                    context: self.contexts,
                    returned: None,
                    completes: false,
                };
                self.probes.insert(key, probe);
                self.contexts
            }
        };
        let depth = self.frames.len();
        let overflow = self.overflow;
        let result = self.lambda_body(lambda, inputs, returns, ty);
        self.frames.truncate(depth);
        self.overflow = overflow;
        self.context = outer;
        result
    }

    fn lambda_body(
        &mut self,
        lambda: &'a ast::Lambda,
        inputs: &[Type],
        returns: Returns,
        ty: Type,
    ) -> Bind<(Function, Vec<Returned>)> {
        let errors = self.errors.len();
        let mut frame = Frame::new(returns.clone());
        frame.is_lambda = true;
        self.frames.push(frame);
        match &lambda.parameters {
            Some(parameters) => {
                for (index, (parameter, input)) in parameters.iter().zip(inputs).enumerate() {
                    let name = &parameter.name;
                    let mut before = parameters.iter().take(index);
                    if &*name.name != "_" && before.any(|other| other.name.name == name.name) {
                        let message = format!("The parameter name '{}' is a duplicate", name.name);
                        return Err(self.error("CS0100", message, name.range));
                    }
                    self.parameter(&parameter.name, input.clone(), parameter.modifier);
                }
            }
            None => {
                for _ in inputs {
                    self.temporary()?;
                }
            }
        }
        let body = match &lambda.body {
            ast::Body::Expr(expr) => Body::Expression(self.returned_expression(expr, &returns)?),
            ast::Body::Block(block) => {
                let body = self.block(&block.statements);
                let wanted = matches!(&returns, Returns::Type(_));
                if wanted && self.errors.len() == errors && flow::completes(&body) {
                    let message = format!(
                        "Not all code paths return a value in lambda expression of type '{ty}'"
                    );
                    self.error("CS1643", message, lambda.arrow);
                }
                Body::Block(body)
            }
        };
        if self.errors.len() > errors {
            return Err(Reported);
        }
        let returned = std::mem::take(&mut self.frame()?.returned);
        let count = u32::try_from(inputs.len()).unwrap_or(u32::MAX);
        Ok((self.finish(ty, count, body)?, returned))
    }

    /// The value of `=> e`.
    pub(super) fn returned_expression(
        &mut self,
        expr: &'a ast::Expr,
        returns: &Returns,
    ) -> Bind<Node> {
        let value = self.expression(expr)?;
        match returns {
            Returns::Void => {
                if !is_statement(expr) {
                    return Err(self.error(
                        "CS0201",
                        "Only assignment, call, increment, decrement, await, and new object expressions can be used as a statement",
                        expr.range,
                    ));
                }
                match value {
                    Bound::Value(value) => Ok(value.node),
                    other => Err(self.not_a_value(&other, expr.range)),
                }
            }
            Returns::Type(ty) => self.convert(value, &ty.clone(), expr.range),
            Returns::Infer => {
                self.note_returned(&value)?;
                match value {
                    Bound::Value(value) => Ok(value.node),
                    Bound::Throw(node) => Ok(node),
                    Bound::Type(_) | Bound::Namespace(_) => {
                        Err(self.not_a_value(&value, expr.range))
                    }
                    // Its node is made when the wanted type is known.
                    _ => Ok(node(Op::Constant(Value::Null), Kind::Other, expr.range)),
                }
            }
        }
    }

    /// Notes what a `return` gives while the result is inferred.
    pub(super) fn note_returned(&mut self, value: &Bound<'a>) -> Bind<()> {
        let returned = match value {
            Bound::Throw(_) => return Ok(()),
            Bound::Value(value) => Returned {
                ty: Some(value.ty.clone()),
                constant: value.as_constant().cloned(),
            },
            _ => Returned {
                ty: None,
                constant: None,
            },
        };
        self.frame()?.returned.push(returned);
        Ok(())
    }

    /// Whether one of the methods fits the delegate type.
    pub(super) fn methods_convert(&mut self, methods: &Methods, to: &Type) -> bool {
        let Some((inputs, result)) = self.delegate(to) else {
            return false;
        };
        match self.methods_result(methods, &inputs) {
            Some(given) => result == Type::Void || self.standard(&given, None, &result).is_some(),
            None => false,
        }
    }

    /// What the fitting method returns for such inputs.
    pub(super) fn methods_result(&mut self, methods: &Methods, inputs: &[Type]) -> Option<Type> {
        let arguments = slots_as_arguments(inputs, methods.range);
        let applicable =
            self.quietly(|binder| binder.resolve(methods, &arguments, methods.range))?;
        Some(applicable.returns)
    }

    /// Methods as a delegate: a lambda that calls the one that fits, on a receiver evaluated once.
    pub(super) fn methods_to(&mut self, methods: Methods, to: &Type, range: Range32) -> Bind<Node> {
        let name = methods.name.clone();
        let Some((inputs, result)) = self.delegate(to) else {
            return Err(self.error(
                "CS0428",
                format!(
                    "Cannot convert method group '{name}' to non-delegate type '{to}'. Did you intend to invoke the method?"
                ),
                range,
            ));
        };
        let arguments = slots_as_arguments(&inputs, range);
        let fitting = self.quietly(|binder| binder.resolve(&methods, &arguments, range));
        let Some(mut applicable) = fitting else {
            return Err(self.error(
                "CS0123",
                format!("No overload for '{name}' matches delegate '{to}'"),
                range,
            ));
        };
        if result != Type::Void && self.standard(&applicable.returns, None, &result).is_none() {
            let given = applicable.returns;
            return Err(self.error(
                "CS0407",
                format!("'{given} {name}' has the wrong return type"),
                range,
            ));
        }
        if let Callee::Local(signature, delegate) = &mut applicable.callee
            && !applicable.types.is_empty()
        {
            let types = std::mem::take(&mut applicable.types);
            **delegate = self.instance(signature, delegate, &types, range)?;
        }
        let held = match &applicable.callee {
            Callee::Local(_, delegate) => Some((delegate.as_ref().clone(), None)),
            Callee::Member { info, .. } if !info.is_static || info.is_extension => methods
                .receiver
                .clone()
                .map(|receiver| (receiver.node, Some(receiver.ty))),
            Callee::Member { .. } => None,
        };
        let outer = self.temporary()?;
        self.frames.push(Frame::new(Returns::Void));
        for _ in &inputs {
            self.temporary()?;
        }
        let inner = self.temporary()?;
        let receiver = held.as_ref().and_then(|(held, ty)| {
            let ty = ty.clone()?;
            let kind = held.kind;
            Some(Typed {
                node: node(Op::Local(inner), kind, range),
                ty,
            })
        });
        if let (Callee::Local(_, delegate), Some(_)) = (&mut applicable.callee, &held) {
            **delegate = node(Op::Local(inner), Kind::Other, range);
        }
        let returns = applicable.returns.clone();
        let call = self.call_applicable(applicable, receiver, arguments, range)?;
        let body = match result {
            Type::Void => call.node,
            _ if same(&returns, &result) => call.node,
            _ => self.convert_typed(call, &result, range)?,
        };
        let count = u32::try_from(inputs.len()).unwrap_or(u32::MAX);
        let mut function = self.finish(to.clone(), count, Body::Expression(body))?;
        let Some((held, _)) = held else {
            return Ok(node(Op::Lambda(Arc::new(function)), Kind::Other, range));
        };
        let mut captures = function.captures.to_vec();
        captures.push(Capture {
            from: outer,
            to: inner,
        });
        function.captures = captures.into();
        let kind = held.kind;
        let assign = node(Op::Assign(outer, held.into()), kind, range);
        let lambda = node(Op::Lambda(Arc::new(function)), Kind::Other, range);
        Ok(node(
            Op::Sequence([assign, lambda].into()),
            Kind::Other,
            range,
        ))
    }
}

/// Arguments that are the parameters of the function being made.
fn slots_as_arguments<'a>(inputs: &[Type], range: Range32) -> Vec<Argument<'a>> {
    (0u32..)
        .zip(inputs)
        .map(|(slot, ty)| Argument {
            name: None,
            value: Passed::Value(Bound::Value(Typed {
                node: node(Op::Local(slot), kind_of(ty), range),
                ty: ty.clone(),
            })),
            range,
        })
        .collect()
}

fn is_block(lambda: &ast::Lambda) -> bool {
    matches!(lambda.body, ast::Body::Block(_))
}

/// Whether an expression may stand as a statement.
pub(super) fn is_statement(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Call { .. } | ExprKind::Assign { .. } | ExprKind::New(_) => true,
        ExprKind::Unary { op, .. } => matches!(
            op,
            UnaryOp::PreIncrement
                | UnaryOp::PreDecrement
                | UnaryOp::PostIncrement
                | UnaryOp::PostDecrement
        ),
        ExprKind::ConditionalAccess { access, .. } => is_statement(access),
        _ => false,
    }
}
