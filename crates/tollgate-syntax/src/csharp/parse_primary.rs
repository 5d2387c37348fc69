//! The smallest expressions: literals, names, parentheses, `new`, lambdas, interpolated strings.

use super::ast::{
    AnonymousMember, Argument, ArgumentModifier, Body, Designation, Expr, ExprKind, Hole,
    Identifier, Initializer, InitializerTarget, InitializerValue, InterpolatedPart, Lambda,
    LambdaParameter, Literal, LiteralText, MemberInitializer, NewArray, NewObject, Range32,
    TypeKind, TypeSyntax,
};
use super::literal::{self, Problem};
use super::lookahead::QuestionMark;
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
            self.postfix(expr)
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
            let range = self.bump().range;
            self.error(
                "CS1992",
                "'await' is not allowed in policy expressions",
                range,
            );
        }
        ExprKind::Name(Box::new(self.simple_name()))
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
            "base" => (
                "CS1511",
                "Keyword 'base' is not available in policy expressions",
            ),
            "stackalloc" => (
                "CS1525",
                "'stackalloc' is not allowed in policy expressions",
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
        self.bump();
        let ty = self.parenthesized_type();
        let size = match ty.kind {
            TypeKind::Predefined(predefined) => predefined.size(),
            _ => None,
        };
        if size.is_none() {
            let message = "'sizeof' is only allowed for the built-in value types";
            self.error("CS0233", message, ty.range);
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
        Expr {
            range: self.since(start),
            ..first.value
        }
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

    fn new_expression(&mut self) -> ExprKind {
        self.bump();
        match self.text() {
            "{" => return self.anonymous_object(),
            "[" => {
                let rank = self.ranks();
                if rank.len() != 1 {
                    let range = self.token().range;
                    let message = "Array creation must have array size or array initializer";
                    self.error("CS1586", message, range);
                }
                return self.new_array(None, rank.first().copied().unwrap_or(1), Box::default());
            }
            "(" => return self.new_object(None),
            _ => {}
        }
        let start = self.start();
        let ty = self.base_type(QuestionMark::Nullable);
        if !self.at("[") {
            return self.new_object(Some(ty));
        }
        if self.rank_ahead(self.next).is_some() {
            let ranks = self.ranks();
            let (rank, inner) = ranks.split_first().unwrap_or((&1, &[]));
            let element = self.array_of(ty, inner, self.since(start));
            return self.new_array(Some(element), *rank, Box::default());
        }
        self.bump();
        let sizes: Vec<Expr> = self
            .arguments("]")
            .into_iter()
            .map(|size| size.value)
            .collect();
        self.expect("]");
        let inner = self.ranks();
        if self.at("[") {
            let range = self.nth(1).range;
            self.error(
                "CS0178",
                "Invalid rank specifier: expected ',' or ']'",
                range,
            );
        }
        let element = self.array_of(ty, &inner, self.since(start));
        let rank = u32::try_from(sizes.len()).unwrap_or(u32::MAX);
        self.new_array(Some(element), rank, sizes.into())
    }

    fn new_array(
        &mut self,
        element: Option<TypeSyntax>,
        rank: u32,
        sizes: Box<[Expr]>,
    ) -> ExprKind {
        let initializer = self.at("{").then(|| self.array_initializer());
        if initializer.is_none() && sizes.is_empty() {
            let range = self.token().range;
            if element.is_none() {
                self.error("CS1514", "{ expected", range);
            } else {
                let message = "Array creation must have array size or array initializer";
                self.error("CS1586", message, range);
            }
        }
        ExprKind::NewArray(Box::new(NewArray {
            element,
            rank,
            sizes,
            initializer,
        }))
    }

    /// `{a, {b, c}}`.
    pub(super) fn array_initializer(&mut self) -> Expr {
        let start = self.start();
        let Some(level) = self.enter() else {
            return self.missing(start);
        };
        self.expect("{");
        let mut elements = Vec::new();
        while !self.at("}") && !self.at_end() {
            let element = if self.at("{") {
                self.array_initializer()
            } else {
                self.expression()
            };
            elements.push(element);
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}");
        self.leave(level);
        Expr {
            kind: ExprKind::ArrayInitializer(elements.into()),
            range: self.since(start),
        }
    }

    fn new_object(&mut self, ty: Option<TypeSyntax>) -> ExprKind {
        let arguments = if self.eat("(") {
            let arguments = self.arguments(")");
            self.expect(")");
            arguments
        } else {
            if !self.at("{") {
                let range = self.token().range;
                let message = "A new expression requires an argument list or (), [], or {} after \
                               type";
                self.error("CS1526", message, range);
            }
            Box::default()
        };
        let initializer = self.at("{").then(|| self.initializer());
        ExprKind::New(Box::new(NewObject {
            ty,
            arguments,
            initializer,
        }))
    }

    fn initializer(&mut self) -> Initializer {
        let Some(level) = self.enter() else {
            return Initializer::Object(Box::default());
        };
        self.expect("{");
        let members = matches!(self.text(), "}" | "[")
            || (self.at_kind(TokenKind::Identifier) && self.nth_text(1) == "=");
        let initializer = if members {
            Initializer::Object(self.initializer_list(Self::member_initializer))
        } else {
            Initializer::Collection(self.initializer_list(Self::element_initializer))
        };
        self.expect("}");
        self.leave(level);
        initializer
    }

    fn initializer_list<T>(&mut self, element: fn(&mut Self) -> T) -> Box<[T]> {
        let mut elements = Vec::new();
        while !self.at("}") && !self.at_end() {
            elements.push(element(self));
            if !self.eat(",") {
                break;
            }
        }
        elements.into()
    }

    fn member_initializer(&mut self) -> MemberInitializer {
        let start = self.start();
        let target = if self.eat("[") {
            InitializerTarget::Index(self.index_arguments())
        } else {
            InitializerTarget::Member(self.identifier())
        };
        self.expect("=");
        self.descend();
        let value = if self.at("{") {
            InitializerValue::Initializer(self.initializer())
        } else {
            InitializerValue::Expr(self.expression())
        };
        self.ascend();
        MemberInitializer {
            target,
            value,
            range: self.since(start),
        }
    }

    fn element_initializer(&mut self) -> Box<[Expr]> {
        if !self.eat("{") {
            return Box::new([self.expression()]);
        }
        let mut values = vec![self.expression()];
        while self.eat(",") {
            values.push(self.expression());
        }
        self.expect("}");
        values.into()
    }

    fn anonymous_object(&mut self) -> ExprKind {
        self.expect("{");
        self.descend();
        let members = self.initializer_list(Self::anonymous_member);
        self.ascend();
        self.expect("}");
        ExprKind::NewAnonymous(members)
    }

    fn anonymous_member(&mut self) -> AnonymousMember {
        if self.at_kind(TokenKind::Identifier) && self.nth_text(1) == "=" {
            let name = self.identifier();
            self.bump();
            return AnonymousMember {
                name,
                value: self.expression(),
            };
        }
        let value = self.expression();
        let name = value.inferred_name().cloned().unwrap_or_else(|| {
            let message = "Invalid anonymous type member declarator. Anonymous type members must \
                           be declared with a member assignment, simple name or member access.";
            self.error("CS0746", message, value.range);
            Identifier {
                name: "".into(),
                range: value.range,
            }
        });
        AnonymousMember { name, value }
    }

    /// A lambda: the caller has looked ahead.
    pub(super) fn lambda(&mut self) -> ExprKind {
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
        self.expect("=>");
        let body = self.body();
        ExprKind::Lambda(Box::new(Lambda {
            parameters: Some(parameters),
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
        self.bump();
        let parameters = self.eat("(").then(|| self.lambda_parameters());
        let body = Body::Block(self.block());
        ExprKind::Lambda(Box::new(Lambda { parameters, body }))
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
            self.error("CS8089", "Empty format specifier.", token.range);
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
