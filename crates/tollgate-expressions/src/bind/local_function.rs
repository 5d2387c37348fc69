//! Local functions.

use super::{Bind, Binder, Reported, node};
use crate::flow;
use crate::scope::{Frame, Returns, Signature};
use crate::typed::{Body, Kind, Node, Op};
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
            let signature = self.signature(function, statement.range);
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

    fn signature(&mut self, function: &'a ast::LocalFunction, range: Range32) -> Bind<Signature> {
        if !function.type_parameters.is_empty() {
            return Err(self.unsupported("generic local functions", range));
        }
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
        })
    }

    /// The node that makes a local function's delegate and puts it in its place.
    pub(super) fn local_function(
        &mut self,
        function: &'a ast::LocalFunction,
        range: Range32,
    ) -> Bind<Node> {
        let (_, variable) = self.variable(&function.name.name).ok_or(Reported)?;
        let signature = variable.function.clone().ok_or(Reported)?;
        let returns = match &signature.returns {
            Type::Void => Returns::Void,
            ty => Returns::Type(ty.clone()),
        };
        let mut frame = Frame::new(returns.clone());
        frame.hoisted = true;
        let depth = self.frames.len();
        self.frames.push(frame);
        let errors = self.errors.len();
        let result = self.function_body(function, &signature, &returns);
        self.frames.truncate(depth);
        if self.errors.len() > errors {
            return Err(Reported);
        }
        let lambda = node(Op::Lambda(Arc::new(result?)), Kind::Other, range);
        Ok(self.store(&variable, lambda, range))
    }

    fn function_body(
        &mut self,
        function: &'a ast::LocalFunction,
        signature: &Signature,
        returns: &Returns,
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
                if clean && signature.returns != Type::Void && flow::completes(&body) {
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
        Ok(function)
    }
}
