//! Local variables and local functions.

use super::ast::{
    Block, Body, Constraint, ConstraintKind, Declarator, LocalDeclaration, LocalFunction,
    LocalModifier, Parameter, StmtKind,
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
        if self.at("[") {
            let start = self.start();
            self.bump();
            self.arguments("]");
            self.expect("]");
            let message = "Array size cannot be specified in a variable declaration (try \
                           initializing with a 'new' expression)";
            self.late_error("CS0270", message, self.since(start));
        }
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
        let mut by_reference = false;
        let initializer = self.eat("=").then(|| {
            by_reference = self.eat("ref");
            if self.at("{") {
                self.array_initializer()
            } else {
                self.expression()
            }
        });
        Declarator {
            name,
            by_reference,
            initializer,
        }
    }

    pub(super) fn const_statement(&mut self) -> StmtKind {
        self.bump();
        let declaration = self.local_declaration(LocalModifier::Const);
        self.expect(";");
        StmtKind::Local(Box::new(declaration))
    }

    pub(super) fn local_function(&mut self) -> StmtKind {
        let return_type = self.parse_type();
        let name = self.identifier();
        let type_parameters = self.type_parameters();
        let parameters = self.parameters();
        let constraints = self.constraints();
        let body = if self.at(";") {
            let message = format!(
                "Local function '{}' must declare a body because it is not marked 'static extern'.",
                name.name
            );
            self.late_error("CS8112", &message, name.range);
            self.bump();
            Body::Block(Block {
                statements: Box::default(),
                range: self.since(self.previous_end),
            })
        } else if self.eat("=>") {
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
            return_type,
            name,
            type_parameters,
            constraints,
            parameters,
            body,
        }))
    }

    /// `where T : class, new() where U : T`.
    fn constraints(&mut self) -> Box<[Constraint]> {
        let mut constraints = Vec::new();
        while self.eat("where") {
            let parameter = self.identifier();
            self.expect(":");
            loop {
                let kind = match self.text() {
                    "class" => ConstraintKind::Class,
                    "struct" => ConstraintKind::Struct,
                    "new" => ConstraintKind::New,
                    _ => ConstraintKind::Type(self.parse_type()),
                };
                if !matches!(kind, ConstraintKind::Type(_)) {
                    self.bump();
                }
                if matches!(kind, ConstraintKind::New) {
                    self.expect("(");
                    self.expect(")");
                }
                constraints.push(Constraint {
                    parameter: parameter.clone(),
                    kind,
                });
                if !self.eat(",") {
                    break;
                }
            }
        }
        constraints.into()
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
        let start = self.start();
        let modifier = self.modifier();
        let is_params = self.eat("params");
        let ty = self.parse_type();
        let name = self.identifier();
        let default = self.eat("=").then(|| self.expression());
        let range = self.since(start);
        Parameter {
            range,
            modifier,
            is_params,
            ty,
            name,
            default,
        }
    }
}
