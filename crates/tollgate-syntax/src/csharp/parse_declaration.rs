//! Local variables and local functions.

use super::ast::{
    Body, Declarator, LocalDeclaration, LocalFunction, LocalModifier, Parameter, StmtKind,
};
use super::parser::Parser;

impl Parser<'_> {
    /// `int a = 1, b` without the semicolon.
    pub(super) fn local_declaration(&mut self, modifier: LocalModifier) -> LocalDeclaration {
        let ty = self.parse_type();
        let mut declarators = vec![self.declarator()];
        while self.eat(",") {
            declarators.push(self.declarator());
        }
        LocalDeclaration {
            modifier,
            ty,
            declarators: declarators.into(),
        }
    }

    fn declarator(&mut self) -> Declarator {
        let name = self.identifier();
        if self.at("[") {
            let range = self.token().range;
            let message = "Bad array declarator: To declare a managed array the rank specifier \
                           precedes the variable's identifier.";
            self.error("CS0650", message, range);
            self.bump();
            self.arguments("]");
            self.expect("]");
        }
        let initializer = self.eat("=").then(|| {
            if self.at("{") {
                self.array_initializer()
            } else {
                self.expression()
            }
        });
        Declarator { name, initializer }
    }

    pub(super) fn const_statement(&mut self) -> StmtKind {
        self.bump();
        let declaration = self.local_declaration(LocalModifier::Const);
        self.expect(";");
        StmtKind::Local(Box::new(declaration))
    }

    pub(super) fn local_function(&mut self, is_static: bool) -> StmtKind {
        let return_type = self.parse_type();
        let name = self.identifier();
        let type_parameters = self.type_parameters();
        let parameters = self.parameters();
        if self.at("where") {
            let range = self.token().range;
            let message = "Constraints on type parameters are not allowed in policy expressions";
            self.error("CS0080", message, range);
        }
        let body = if self.eat("=>") {
            let value = self.expression();
            self.expect(";");
            Body::Expr(value)
        } else {
            self.descend();
            let block = self.block();
            self.ascend();
            Body::Block(block)
        };
        StmtKind::LocalFunction(Box::new(LocalFunction {
            is_static,
            return_type,
            name,
            type_parameters,
            parameters,
            body,
        }))
    }

    /// `(int a, params string[] b)`.
    fn parameters(&mut self) -> Box<[Parameter]> {
        self.expect("(");
        let mut parameters = Vec::new();
        while !self.at(")") && !self.at_end() {
            parameters.push(self.parameter());
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")");
        parameters.into()
    }

    fn parameter(&mut self) -> Parameter {
        let modifier = self.modifier();
        let is_params = self.eat("params");
        let ty = self.parse_type();
        let name = self.identifier();
        let default = self.eat("=").then(|| self.expression());
        Parameter {
            modifier,
            is_params,
            ty,
            name,
            default,
        }
    }
}
