//! Local functions.

use super::{Bind, Binder, Reported, node};
use crate::flow;
use crate::scope::{Frame, Returns, Signature};
use crate::typed::{Body, Iterator, Kind, Node, Op};
use std::sync::Arc;
use tollgate_dotnet::{Parameter, ParameterMode, Type};
use tollgate_syntax::csharp::ast::{self, ArgumentModifier, Range32, Stmt, StmtKind};

impl<'a> Binder<'a> {
    /// Makes the local functions of a block known, so that they can be called before they are written.
    pub(super) fn signatures(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            let StmtKind::LocalFunction(function) = &statement.kind else {
                continue;
            };
            let signature = self.signature(function);
            let twice = self.frames.last().and_then(|frame| frame.scopes.last());
            let twice = twice.and_then(|scope| scope.find(&function.name.name));
            if twice.is_some_and(|known| known.at != function.name.range.start) {
                // Reported when the names were announced.
                continue;
            }
            let variable = self.declare(&function.name, Some(Type::object()), None);
            let known = self
                .frames
                .last_mut()
                .and_then(|frame| frame.find_mut(&variable.name));
            if let Some(known) = known {
                match signature {
                    Ok(signature) => known.function = Some(Arc::new(signature)),
                    Err(Reported) => known.ty = None,
                }
            }
        }
    }

    fn signature(&mut self, function: &'a ast::LocalFunction) -> Bind<Signature> {
        let generic = self.type_parameters(function)?;
        if generic.is_empty() {
            return self.signature_with(function, &generic);
        }
        self.generics.insert(function.name.range.start, function);
        let mut frame = Frame::new(Returns::Void);
        frame.type_parameters = generic.clone();
        self.frames.push(frame);
        let signature = self.signature_with(function, &generic);
        self.frames.pop();
        signature
    }

    /// The signature, with its type parameters in scope.
    fn signature_with(
        &mut self,
        function: &'a ast::LocalFunction,
        generic: &[(Box<str>, Type)],
    ) -> Bind<Signature> {
        let bounds = self.constraints(function, generic)?;
        let returns = self.type_syntax(&function.return_type);
        let mut parameters = Vec::with_capacity(function.parameters.len());
        let last = function.parameters.len().saturating_sub(1);
        let mut optional = false;
        for (index, parameter) in function.parameters.iter().enumerate() {
            let ty = self.type_syntax(&parameter.ty)?;
            let name = &parameter.name;
            if function
                .parameters
                .iter()
                .take(index)
                .any(|other| other.name.name == name.name)
            {
                let message = format!("The parameter name '{}' is a duplicate", name.name);
                return Err(self.error("CS0100", message, name.range));
            }
            if parameter.is_params && !matches!(ty, Type::Array(_, 1)) {
                let message = "The params parameter must be a single dimensional array";
                let keyword = Range32::new(
                    parameter.range.start,
                    parameter.range.start.saturating_add(6),
                );
                return Err(self.error("CS0225", message, keyword));
            }
            if parameter.is_params && index != last {
                let message =
                    "A params parameter must be the last parameter in a formal parameter list";
                return Err(self.error("CS0231", message, parameter.range));
            }
            if optional && parameter.default.is_none() && !parameter.is_params {
                // At the parenthesis or comma after it.
                let message = "Optional parameters must appear after all required parameters";
                let end = parameter.range.end;
                return Err(self.error(
                    "CS1737",
                    message,
                    Range32::new(end, end.saturating_add(1)),
                ));
            }
            optional |= parameter.default.is_some();
            let default = match &parameter.default {
                None => None,
                Some(expr) => match self.initial(expr, &ty)?.op {
                    Op::Constant(value) => Some(value),
                    _ => {
                        let message = format!(
                            "Default parameter value for '{}' must be a compile-time constant",
                            name.name
                        );
                        return Err(self.error("CS1736", message, expr.range));
                    }
                },
            };
            parameters.push(Parameter {
                name: parameter.name.name.clone(),
                ty,
                mode: match parameter.modifier {
                    ArgumentModifier::Out => ParameterMode::Out,
                    ArgumentModifier::Ref => ParameterMode::Ref,
                    _ if parameter.is_params => ParameterMode::Params,
                    _ => ParameterMode::In,
                },
                default,
            });
        }
        Ok(Signature {
            name: function.name.name.clone(),
            parameters,
            returns: returns?,
            at: function.name.range.start,
            type_parameters: (generic.iter())
                .filter_map(|(_, ty)| match ty {
                    Type::Parameter(name) => Some(name.clone()),
                    _ => None,
                })
                .collect(),
            bounds,
        })
    }

    /// The node that makes a local function's delegate and puts it in its place. A generic one is checked here; its
    /// delegates are made for its calls.
    pub(super) fn local_function(
        &mut self,
        function: &'a ast::LocalFunction,
        range: Range32,
    ) -> Bind<Option<Node>> {
        let (_, variable) = self.variable(&function.name.name).ok_or(Reported)?;
        if variable.at != function.name.range.start {
            return Err(Reported);
        }
        let signature = variable.function.clone().ok_or(Reported)?;
        let names = function
            .type_parameters
            .iter()
            .map(|name| name.name.clone());
        let types = signature.type_parameters.iter().cloned();
        let generic: Vec<_> = names.zip(types.map(Type::Parameter)).collect();
        let is_generic = !generic.is_empty();
        let lambda = self.function(function, &signature, generic, range)?;
        Ok((!is_generic).then(|| self.store(&variable, lambda, range)))
    }

    /// The delegate of a local function, with what its type parameters stand for.
    pub(super) fn function(
        &mut self,
        function: &'a ast::LocalFunction,
        signature: &Signature,
        type_parameters: Vec<(Box<str>, Type)>,
        range: Range32,
    ) -> Bind<Node> {
        let returns = match &signature.returns {
            Type::Void => Returns::Void,
            ty => Returns::Type(ty.clone()),
        };
        let mut frame = Frame::new(returns.clone());
        frame.hoisted = true;
        frame.type_parameters = type_parameters;
        let iterator = self.iterator(function, &signature.returns)?;
        frame.yields = iterator.as_ref().map(|iterator| iterator.element.clone());
        let depth = self.frames.len();
        self.frames.push(frame);
        let errors = self.errors.len();
        let result = self.function_body(function, signature, &returns, iterator);
        self.frames.truncate(depth);
        if self.errors.len() > errors {
            return Err(Reported);
        }
        Ok(node(Op::Lambda(Arc::new(result?)), Kind::Other, range))
    }

    fn function_body(
        &mut self,
        function: &'a ast::LocalFunction,
        signature: &Signature,
        returns: &Returns,
        iterator: Option<Iterator>,
    ) -> Bind<crate::typed::Function> {
        for (parameter, declared) in function.parameters.iter().zip(&signature.parameters) {
            self.parameter(&parameter.name, declared.ty.clone(), parameter.modifier);
        }
        let body = match &function.body {
            ast::Body::Expr(expr) => Body::Expression(self.returned_expression(expr, returns)?),
            ast::Body::Block(block) => {
                let errors = self.errors.len();
                let body = self.block(&block.statements);
                let clean = self.errors.len() == errors;
                let gives = signature.returns != Type::Void && iterator.is_none();
                if clean && gives && flow::completes(&body) {
                    let types: Vec<String> = signature
                        .parameters
                        .iter()
                        .map(|parameter| parameter.ty.to_string())
                        .collect();
                    let message = format!(
                        "'{}({})': not all code paths return a value",
                        signature.name,
                        types.join(", ")
                    );
                    self.error("CS0161", message, function.name.range);
                }
                Body::Block(body)
            }
        };
        let name = function.name.range;
        let count = u32::try_from(signature.parameters.len()).unwrap_or(u32::MAX);
        let outs = (0..count)
            .zip(&signature.parameters)
            .filter(|(_, parameter)| parameter.mode == ParameterMode::Out)
            .map(|(slot, _)| slot)
            .collect();
        let mut function = self.finish(Type::object(), count, body)?;
        function.outs = outs;
        function.at = (name.start, name.end);
        function.iterator = iterator;
        Ok(function)
    }
}
