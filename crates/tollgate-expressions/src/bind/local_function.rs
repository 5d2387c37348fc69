//! Local functions.

use super::{Bind, Binder, Reported, node};
use crate::flow;
use crate::scope::{Frame, Returns, Signature};
use crate::typed::{Body, Kind, Node, Op};
use std::sync::Arc;
use tollgate_dotnet::{Parameter, ParameterMode, Type, Value};
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
        for parameter in &function.parameters {
            let ty = self.type_syntax(&parameter.ty)?;
            let default = match &parameter.default {
                None => None,
                Some(expr) => match self.initial(expr, &ty)?.op {
                    Op::Constant(value) => Some(value),
                    _ => Some(Value::Null),
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
            let by_reference = matches!(declared.mode, ParameterMode::Out | ParameterMode::Ref);
            self.parameter(&parameter.name, declared.ty.clone(), by_reference);
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
        let count = u32::try_from(signature.parameters.len()).unwrap_or(u32::MAX);
        self.finish(Type::object(), count, body)
    }
}
