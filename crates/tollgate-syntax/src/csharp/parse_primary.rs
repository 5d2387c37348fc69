//! The smallest expressions: literals, names, parentheses, lambdas, interpolated strings.

use super::ast::{
    Argument, ArgumentModifier, Body, Designation, Expr, ExprKind, Hole, InterpolatedPart, Lambda,
    LambdaParameter, Literal, LiteralText, Range32, TypeKind, TypeSyntax,
};
use super::literal::{self, Problem};
use super::parser::Parser;
use super::token::{Token, TokenKind};

impl Parser<'_> {
    /// A primary expression with what follows it.
    pub(super) fn primary(&mut self) -> Expr {
        let start = self.start();
        let expr = if self.at("(") {
            self.parenthesized()
        } else {
            let kind = self.primary_kind();
            Expr {
                kind,
                range: self.since(start),
            }
        };
        if matches!(expr.kind, ExprKind::Missing) {
            expr
        } else {
            self.postfix(expr, start)
        }
    }

    fn primary_kind(&mut self) -> ExprKind {
        let token = self.token();
        match token.kind {
            TokenKind::Identifier => self.name(),
            TokenKind::Keyword => self.keyword_expression(),
            TokenKind::InterpolationStart | TokenKind::VerbatimInterpolationStart => {
                self.interpolated()
            }
            TokenKind::Integer => self.literal(literal::integer),
            TokenKind::Real => self.literal(literal::real),
            TokenKind::Char => self.literal(literal::character),
            TokenKind::String => self.literal(|text| literal::string(text).map(Literal::String)),
            _ => self.invalid(),
        }
    }

    fn invalid(&mut self) -> ExprKind {
        self.invalid_term();
        ExprKind::Missing
    }

    fn literal(&mut self, read: impl FnOnce(&str) -> Result<Literal, Problem>) -> ExprKind {
        let token = self.token();
        let value = read(self.slice(token.range));
        let literal = value
            .map_err(|problem| self.problem(token, problem))
            .unwrap_or(Literal::Null);
        self.bump();
        ExprKind::Literal(literal)
    }

    fn problem(&mut self, token: Token, problem: Problem) {
        let start = token.range.start;
        let offset = |at: usize| start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
        let range = Range32::new(offset(problem.range.start), offset(problem.range.end));
        self.error(problem.code, problem.message, range);
    }

    fn name(&mut self) -> ExprKind {
        if self.at("global") && self.nth_text(1) == "::" {
            self.bump();
            self.bump();
        } else if self.nth_text(1) == "::" {
            let range = self.token().range;
            let message = format!("Alias '{}' not found", self.text());
            self.error("CS0432", message, range);
            self.bump();
            self.bump();
        } else if self.at("await") && self.nth(1).kind == TokenKind::Identifier {
            return self.awaited();
        }
        ExprKind::Name(Box::new(self.simple_name()))
    }

    /// `await e`, which is read only to be refused.
    fn awaited(&mut self) -> ExprKind {
        let start = self.start();
        self.bump();
        let Some(level) = self.enter() else {
            return ExprKind::Missing;
        };
        let operand = self.operand();
        self.leave(level);
        let message = "The 'await' operator can only be used within an async method.";
        self.late_error("CS4032", message, self.since(start));
        operand.kind
    }

    fn keyword_expression(&mut self) -> ExprKind {
        if let Some(predefined) = self.predefined_here() {
            self.bump();
            return ExprKind::Predefined(predefined);
        }
        match self.text() {
            "true" => self.constant(Literal::Bool(true)),
            "false" => self.constant(Literal::Bool(false)),
            "null" => self.constant(Literal::Null),
            "new" => self.new_expression(),
            "typeof" => {
                self.bump();
                ExprKind::TypeOf(self.parenthesized_type())
            }
            "default" => {
                self.bump();
                let ty = self.at("(").then(|| self.parenthesized_type());
                ExprKind::Default(ty)
            }
            "checked" => {
                self.bump();
                ExprKind::Checked(self.parenthesized_operand())
            }
            "unchecked" => {
                self.bump();
                ExprKind::Unchecked(self.parenthesized_operand())
            }
            "sizeof" => self.size_of(),
            "delegate" => self.anonymous_method(),
            _ => self.refused_keyword(),
        }
    }

    fn constant(&mut self, literal: Literal) -> ExprKind {
        self.bump();
        ExprKind::Literal(literal)
    }

    fn refused_keyword(&mut self) -> ExprKind {
        let (code, message) = match self.text() {
            "this" => (
                "CS0026",
                "Keyword 'this' is not valid in policy expressions",
            ),
            "static" => (
                "CS8370",
                "Feature 'static anonymous function' is not available in C# 7.3. Please use language version 9.0 or greater.",
            ),
            "base" => (
                "CS1511",
                "Keyword 'base' is not available in policy expressions",
            ),
            "stackalloc" => (
                "CS8370",
                "Feature 'stackalloc in nested expressions' is not available in C# 7.3. Please use language version 8.0 or greater.",
            ),
            _ => return self.invalid(),
        };
        let range = self.token().range;
        self.error(code, message, range);
        self.bump();
        ExprKind::Literal(Literal::Null)
    }

    /// `sizeof(int)`: a constant; other types need unsafe code.
    fn size_of(&mut self) -> ExprKind {
        let start = self.start();
        self.bump();
        let ty = self.parenthesized_type();
        let size = match ty.kind {
            TypeKind::Predefined(predefined) => predefined.size(),
            _ => None,
        };
        if size.is_none() {
            let message = "'sizeof' of a type without a predefined size can only be used in an unsafe \
                           context";
            self.late_error("CS0233", message, self.since(start));
        }
        ExprKind::Literal(Literal::Int(size.unwrap_or_default()))
    }

    fn parenthesized_type(&mut self) -> Box<TypeSyntax> {
        self.expect("(");
        let ty = Box::new(self.parse_type());
        self.expect(")");
        ty
    }

    fn parenthesized_operand(&mut self) -> Box<Expr> {
        self.expect("(");
        let operand = Box::new(self.expression());
        self.expect(")");
        operand
    }

    /// `(e)`, `(a, b)`, `(var a, int b)`.
    fn parenthesized(&mut self) -> Expr {
        let start = self.start();
        self.bump();
        let first = self.tuple_element();
        if self.at(",") {
            return self.tuple_rest(start, first);
        }
        self.expect(")");
        if first.name.is_some() || matches!(first.value.kind, ExprKind::Declaration { .. }) {
            let range = self.since(start);
            self.error("CS8124", "Tuple must contain at least two elements.", range);
        }
        first.value
    }

    fn tuple_rest(&mut self, start: u32, first: Argument) -> Expr {
        let mut elements = vec![first];
        while self.eat(",") {
            self.descend();
            elements.push(self.tuple_element());
            self.ascend();
        }
        self.expect(")");
        Expr {
            kind: ExprKind::Tuple(elements.into()),
            range: self.since(start),
        }
    }

    fn tuple_element(&mut self) -> Argument {
        let start = self.start();
        let name = self.argument_name();
        let value = if name.is_none() && self.is_argument_declaration() {
            self.declaration_expression()
        } else {
            self.expression()
        };
        Argument {
            name,
            modifier: ArgumentModifier::None,
            value,
            range: self.since(start),
        }
    }

    /// `T x`, `var (a, b)`.
    pub(super) fn declaration_expression(&mut self) -> Expr {
        let start = self.start();
        let ty = Box::new(self.parse_type());
        let designation = Box::new(self.designation());
        Expr {
            kind: ExprKind::Declaration { ty, designation },
            range: self.since(start),
        }
    }

    /// `x`, `_`, `(a, b)`.
    pub(super) fn designation(&mut self) -> Designation {
        if self.at("_") {
            return Designation::Discard(self.bump().range);
        }
        if !self.at("(") {
            return Designation::Variable(self.identifier());
        }
        let Some(level) = self.enter() else {
            return Designation::Discard(self.since(self.previous_end));
        };
        self.bump();
        let mut elements = vec![self.designation()];
        while self.eat(",") {
            elements.push(self.designation());
        }
        self.expect(")");
        self.leave(level);
        Designation::Tuple(elements.into())
    }

    /// A lambda: the caller has looked ahead.
    pub(super) fn lambda(&mut self) -> ExprKind {
        let is_async = !self.is_lambda() && self.eat("async");
        let parameters: Box<[LambdaParameter]> = if self.eat("(") {
            self.lambda_parameters()
        } else {
            let name = self.identifier();
            Box::new([LambdaParameter {
                modifier: ArgumentModifier::None,
                ty: None,
                name,
            }])
        };
        let arrow = self.token().range;
        self.expect("=>");
        let body = self.body();
        ExprKind::Lambda(Box::new(Lambda {
            parameters: Some(parameters),
            is_async,
            arrow,
            body,
        }))
    }

    /// `{…}` or an expression, after `=>`.
    fn body(&mut self) -> Body {
        if self.at("{") {
            Body::Block(self.block())
        } else {
            Body::Expr(self.expression())
        }
    }

    /// Parameters and `)`, after `(`.
    fn lambda_parameters(&mut self) -> Box<[LambdaParameter]> {
        let start = self.previous_end;
        let mut parameters = Vec::new();
        while !self.at(")") && !self.at_end() {
            let modifier = self.modifier();
            let implicit =
                self.at_kind(TokenKind::Identifier) && matches!(self.nth_text(1), "," | ")");
            let ty = (!implicit).then(|| self.parse_type());
            let name = self.identifier();
            parameters.push(LambdaParameter { modifier, ty, name });
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")");
        let discards = |parameter: &&LambdaParameter| &*parameter.name.name == "_";
        if let Some(second) = parameters.iter().filter(discards).nth(1) {
            self.feature("lambda discard parameters", "9.0", second.name.range);
        }
        let typed = parameters
            .iter()
            .filter(|parameter| parameter.ty.is_some())
            .count();
        if typed != 0 && typed != parameters.len() {
            let message = "Inconsistent lambda parameter usage; parameter types must be all \
                           explicit or all implicit";
            self.error("CS0748", message, self.since(start));
        }
        parameters.into()
    }

    /// `delegate (int x) {…}`, `delegate {…}`.
    fn anonymous_method(&mut self) -> ExprKind {
        let arrow = self.bump().range;
        let parameters = self.eat("(").then(|| self.lambda_parameters());
        let body = Body::Block(self.block());
        ExprKind::Lambda(Box::new(Lambda {
            parameters,
            is_async: false,
            arrow,
            body,
        }))
    }

    fn interpolated(&mut self) -> ExprKind {
        let verbatim = self.bump().kind == TokenKind::VerbatimInterpolationStart;
        let mut parts = Vec::new();
        loop {
            let token = self.token();
            match token.kind {
                TokenKind::InterpolationText => {
                    let text = self.interpolation_text(token, verbatim);
                    parts.push(InterpolatedPart::Text(text));
                }
                TokenKind::HoleStart => parts.push(self.hole(verbatim)),
                TokenKind::InterpolationEnd => {
                    self.bump();
                    break;
                }
                _ => break,
            }
        }
        ExprKind::Interpolated(parts.into())
    }

    fn interpolation_text(&mut self, token: Token, verbatim: bool) -> LiteralText {
        let text = literal::interpolation_text(self.slice(token.range), verbatim);
        let text = text
            .map_err(|problem| self.problem(token, problem))
            .unwrap_or_else(|()| LiteralText::Utf8("".into()));
        self.bump();
        text
    }

    fn hole(&mut self, verbatim: bool) -> InterpolatedPart {
        let start = self.start();
        self.bump();
        self.descend();
        let value = self.expression();
        self.ascend();
        let alignment = self.eat(",").then(|| self.expression());
        let token = self.token();
        let format =
            (token.kind == TokenKind::HoleFormat).then(|| self.interpolation_text(token, verbatim));
        if token.kind == TokenKind::HoleFormat && token.range.start == token.range.end {
            let colon = Range32::new(token.range.start.saturating_sub(1), token.range.start);
            self.error("CS8089", "Empty format specifier.", colon);
        }
        if !self.at_kind(TokenKind::HoleEnd) {
            let range = self.token().range;
            self.error("CS8076", "'}' expected", range);
            self.skip_to_hole_end();
        }
        if self.at_kind(TokenKind::HoleEnd) {
            self.bump();
        }
        let range = self.since(start);
        InterpolatedPart::Hole(Box::new(Hole {
            value,
            alignment,
            format,
            range,
        }))
    }

    fn skip_to_hole_end(&mut self) {
        let mut open = 0_u32;
        while !self.at_end() {
            match self.token().kind {
                TokenKind::HoleStart => open += 1,
                TokenKind::HoleEnd if open == 0 => break,
                TokenKind::HoleEnd => open -= 1,
                _ => {}
            }
            self.bump();
        }
    }
}
