//! Expressions: operators and what follows an operand. Every function that takes what stands on
//! the left returns before the next operand is parsed, which keeps the stack flat.

use super::ast::{
    Argument, ArgumentModifier, AssignOp, BinaryOp, BinaryTail, Expr, ExprKind, Range32,
    SimpleName, UnaryOp,
};
use super::lookahead::QuestionMark;
use super::parser::Parser;
use super::token::TokenKind;
use super::{literal, parse_type};

/// What the compiler says of `*p` and `p->x`.
const NO_POINTER: &str = "The * or -> operator must be applied to a pointer";

/// The precedences of binary operators, loosest first.
pub(super) mod precedence {
    pub(in super::super) const OR: u8 = 1;
    pub(in super::super) const AND: u8 = 2;
    pub(in super::super) const BIT_OR: u8 = 3;
    pub(in super::super) const BIT_XOR: u8 = 4;
    pub(in super::super) const BIT_AND: u8 = 5;
    pub(in super::super) const EQUALITY: u8 = 6;
    pub(in super::super) const RELATIONAL: u8 = 7;
    pub(in super::super) const SHIFT: u8 = 8;
    pub(in super::super) const ADDITIVE: u8 = 9;
    pub(in super::super) const MULTIPLICATIVE: u8 = 10;
}

impl Parser<'_> {
    /// Any expression.
    pub(super) fn expression(&mut self) -> Expr {
        let start = self.start();
        let Some(level) = self.enter() else {
            return self.missing(start);
        };
        let expr = if self.is_special() {
            self.special_expression()
        } else {
            let condition = self.coalescing();
            let value = self.conditional_rest(condition, start);
            self.assignment_rest(value, start)
        };
        self.leave(level);
        expr
    }

    /// An expression without assignment, `?:` and lambda.
    pub(super) fn coalescing(&mut self) -> Expr {
        let start = self.start();
        let first = self.operand();
        let value = self.binary_rest(first, start, precedence::OR);
        if self.at("??") {
            self.coalescing_rest(value, start)
        } else {
            value
        }
    }

    /// Does an expression start that is no operand: a lambda, a query, `throw`?
    fn is_special(&self) -> bool {
        self.at("throw") || self.is_lambda() || self.is_async_lambda() || self.is_query()
    }

    fn special_expression(&mut self) -> Expr {
        let start = self.start();
        let kind = if self.eat("throw") {
            ExprKind::Throw(Box::new(self.expression()))
        } else if self.is_query() {
            self.query()
        } else {
            self.lambda()
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    fn coalescing_rest(&mut self, left: Expr, start: u32) -> Expr {
        let Some(level) = self.enter() else {
            return self.missing(start);
        };
        self.expect("??");
        let right = if self.is_special() {
            self.special_expression()
        } else {
            self.coalescing()
        };
        self.leave(level);
        self.grow();
        let kind = ExprKind::Coalesce {
            left: Box::new(left),
            right: Box::new(right),
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    fn conditional_rest(&mut self, condition: Expr, start: u32) -> Expr {
        if !self.at("?") {
            return condition;
        }
        self.bump();
        let when_true = self.expression();
        if self.at_kind(TokenKind::HoleFormat) {
            let message = "A conditional expression cannot be used directly in a string \
                           interpolation because the ':' ends the interpolation. Parenthesize \
                           the conditional expression.";
            self.error("CS8361", message, self.since(start));
        }
        self.expect(":");
        let when_false = self.expression();
        self.grow();
        let kind = ExprKind::Conditional {
            condition: Box::new(condition),
            when_true: Box::new(when_true),
            when_false: Box::new(when_false),
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    fn assignment_rest(&mut self, target: Expr, start: u32) -> Expr {
        let Some((op, tokens)) = self.assignment_operator() else {
            return target;
        };
        if op == AssignOp::Coalesce {
            self.feature("coalescing assignment", "8.0", self.token().range);
        }
        for _ in 0..tokens {
            self.bump();
        }
        let mut elements = (false, false);
        mixed(&target, &mut elements);
        let value = self.expression();
        if elements == (true, true) && matches!(target.kind, ExprKind::Tuple(_)) {
            let feature = "Mixed declarations and expressions in deconstruction";
            self.feature(feature, "10.0", self.since(start));
        }
        self.grow();
        let kind = ExprKind::Assign {
            op,
            target: Box::new(target),
            value: Box::new(value),
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    /// The assignment operator here, and of how many tokens it is made.
    fn assignment_operator(&self) -> Option<(AssignOp, usize)> {
        let op = match self.text() {
            "=" => return Some((AssignOp::Assign, 1)),
            "??=" => return Some((AssignOp::Coalesce, 1)),
            ">" if self.joined(">=") => return Some((AssignOp::Compound(BinaryOp::ShiftRight), 2)),
            "+=" => BinaryOp::Add,
            "-=" => BinaryOp::Subtract,
            "*=" => BinaryOp::Multiply,
            "/=" => BinaryOp::Divide,
            "%=" => BinaryOp::Remainder,
            "&=" => BinaryOp::BitAnd,
            "|=" => BinaryOp::BitOr,
            "^=" => BinaryOp::BitXor,
            "<<=" => BinaryOp::ShiftLeft,
            _ => return None,
        };
        Some((AssignOp::Compound(op), 1))
    }

    /// Does `text` follow the current token without space?
    fn joined(&self, text: &str) -> bool {
        self.nth_text(1) == text && self.nth(1).range.start == self.token().range.end
    }

    /// The binary operator here with its precedence, and of how many tokens it is made.
    fn binary_operator(&self) -> Option<(BinaryOp, u8, usize)> {
        let (op, precedence) = match self.text() {
            "||" => (BinaryOp::Or, precedence::OR),
            "&&" => (BinaryOp::And, precedence::AND),
            "|" => (BinaryOp::BitOr, precedence::BIT_OR),
            "^" => (BinaryOp::BitXor, precedence::BIT_XOR),
            "&" => (BinaryOp::BitAnd, precedence::BIT_AND),
            "==" => (BinaryOp::Equal, precedence::EQUALITY),
            "!=" => (BinaryOp::NotEqual, precedence::EQUALITY),
            "<" => (BinaryOp::Less, precedence::RELATIONAL),
            "<=" => (BinaryOp::LessOrEqual, precedence::RELATIONAL),
            ">=" => (BinaryOp::GreaterOrEqual, precedence::RELATIONAL),
            ">" if self.joined(">=") => return None,
            ">" if self.joined(">") => return Some((BinaryOp::ShiftRight, precedence::SHIFT, 2)),
            ">" => (BinaryOp::Greater, precedence::RELATIONAL),
            "<<" => (BinaryOp::ShiftLeft, precedence::SHIFT),
            "+" => (BinaryOp::Add, precedence::ADDITIVE),
            "-" => (BinaryOp::Subtract, precedence::ADDITIVE),
            "*" => (BinaryOp::Multiply, precedence::MULTIPLICATIVE),
            "/" => (BinaryOp::Divide, precedence::MULTIPLICATIVE),
            "%" => (BinaryOp::Remainder, precedence::MULTIPLICATIVE),
            _ => return None,
        };
        Some((op, precedence, 1))
    }

    /// The precedence of what follows an operand, counting `is` and `as`.
    fn precedence_here(&self) -> Option<u8> {
        if self.at("is") || self.at("as") {
            return Some(precedence::RELATIONAL);
        }
        self.binary_operator().map(|(_, precedence, _)| precedence)
    }

    /// The operators after `left` that bind at least as tightly as `least`.
    ///
    /// `start` is where `left` began, with the parentheses around it.
    pub(super) fn binary_rest(&mut self, left: Expr, start: u32, least: u8) -> Expr {
        let mut left = left;
        while let Some(precedence) = self.precedence_here().filter(|&p| p >= least) {
            left = if self.at("is") || self.at("as") {
                self.type_test(left, start)
            } else {
                self.binary_chain(left, start, precedence)
            };
            self.grow();
        }
        left
    }

    /// `left op a op b …` with operators of one precedence.
    fn binary_chain(&mut self, left: Expr, start: u32, precedence: u8) -> Expr {
        let mut rest = Vec::new();
        while let Some((op, _, tokens)) = self
            .binary_operator()
            .filter(|&(_, found, _)| found == precedence)
        {
            let mut op_range = self.token().range;
            for _ in 0..tokens {
                op_range = op_range.to(self.bump().range);
            }
            self.descend();
            let operand = self.right_operand(precedence + 1);
            self.ascend();
            rest.push(BinaryTail {
                op,
                op_range,
                operand,
            });
        }
        let kind = ExprKind::Binary {
            first: Box::new(left),
            rest: rest.into(),
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    fn right_operand(&mut self, least: u8) -> Expr {
        let start = self.start();
        let operand = self.operand();
        if self
            .precedence_here()
            .is_none_or(|precedence| precedence < least)
        {
            return operand;
        }
        let Some(level) = self.enter() else {
            return operand;
        };
        let operand = self.binary_rest(operand, start, least);
        self.leave(level);
        operand
    }

    /// `left is pattern` or `left as type`.
    fn type_test(&mut self, left: Expr, start: u32) -> Expr {
        let value = Box::new(left);
        self.descend();
        let kind = if self.eat("is") {
            ExprKind::Is {
                value,
                pattern: Box::new(self.pattern(precedence::SHIFT)),
            }
        } else {
            self.bump();
            ExprKind::As {
                value,
                ty: Box::new(self.parse_type_before(QuestionMark::Conditional)),
            }
        };
        self.ascend();
        Expr {
            kind,
            range: self.since(start),
        }
    }

    /// An operand with its prefix operators and all that follows it tightly.
    pub(super) fn operand(&mut self) -> Expr {
        let outer = std::mem::take(&mut self.height);
        let start = self.start();
        let mut operand = self.unary();
        while self.at("switch") && self.nth_text(1) == "{" {
            operand = self.switch_expression(operand, start);
            self.feature("recursive patterns", "8.0", operand.range);
            self.grow();
        }
        self.height = self.height.max(outer);
        operand
    }

    /// An operand without a switch expression, which binds looser than prefix operators.
    fn unary(&mut self) -> Expr {
        match self.prefix_operator() {
            Some(op) => self.prefixed(op),
            None if self.at("(") && self.is_cast() => self.cast(),
            None if matches!(self.text(), "*" | "&" | "^") || self.is_range() => {
                self.refused_prefix()
            }
            None => self.primary(),
        }
    }

    fn prefix_operator(&self) -> Option<UnaryOp> {
        Some(match self.text() {
            "+" => UnaryOp::Plus,
            "-" => UnaryOp::Minus,
            "!" => UnaryOp::Not,
            "~" => UnaryOp::Complement,
            "++" => UnaryOp::PreIncrement,
            "--" => UnaryOp::PreDecrement,
            _ => return None,
        })
    }

    fn prefixed(&mut self, op: UnaryOp) -> Expr {
        let start = self.start();
        if op == UnaryOp::Minus
            && self.nth(1).kind == TokenKind::Integer
            && let Some(literal) = literal::negated(self.slice(self.nth(1).range))
        {
            self.bump();
            self.bump();
            let expr = Expr {
                kind: ExprKind::Literal(literal),
                range: self.since(start),
            };
            return self.postfix(expr, start);
        }
        let Some(level) = self.enter() else {
            return self.missing(start);
        };
        self.bump();
        let operand = Box::new(self.unary());
        self.leave(level);
        Expr {
            kind: ExprKind::Unary { op, operand },
            range: self.since(start),
        }
    }

    fn cast(&mut self) -> Expr {
        let start = self.start();
        let Some(level) = self.enter() else {
            return self.missing(start);
        };
        self.expect("(");
        let ty = Box::new(self.parse_type());
        self.expect(")");
        let value = Box::new(self.unary());
        self.leave(level);
        Expr {
            kind: ExprKind::Cast { ty, value },
            range: self.since(start),
        }
    }

    /// Member accesses, calls, indices, `++` and `--` after `target`.
    ///
    /// `start` is where `target` began, with the parentheses around it.
    pub(super) fn postfix(&mut self, target: Expr, start: u32) -> Expr {
        let mut target = target;
        loop {
            target = match self.text() {
                "." if self.is_range() => self.range(target, start),
                "." => self.member(target, start),
                "(" => self.call(target, start),
                "[" => self.index(target, start),
                "?" if matches!(self.nth_text(1), "." | "[") => {
                    self.conditional_access(target, start)
                }
                "++" => self.postfixed(target, start, UnaryOp::PostIncrement),
                "--" => self.postfixed(target, start, UnaryOp::PostDecrement),
                "!" => {
                    self.bump();
                    self.feature("nullable reference types", "8.0", self.since(start));
                    target
                }
                "->" => {
                    self.bump();
                    self.identifier();
                    self.late_error("CS0193", NO_POINTER, self.since(start));
                    target
                }
                _ => return target,
            };
            self.grow();
        }
    }

    /// Does `..` stand here, from C# 8?
    fn is_range(&self) -> bool {
        self.at(".")
            && self.slice(self.nth(1).range).starts_with('.')
            && self.nth(1).range.start == self.token().range.end
    }

    /// `target..end`, which is read only to be refused.
    fn range(&mut self, target: Expr, start: u32) -> Expr {
        self.bump();
        if self.eat(".") && self.can_start_expression(self.next) {
            self.refused_operand();
        } else if self.at_kind(TokenKind::Real) {
            self.bump();
        }
        self.feature("range operator", "8.0", self.since(start));
        target
    }

    /// `*p`, `&x`, `^1`, `..1`: operators that are read only to be refused.
    fn refused_prefix(&mut self) -> Expr {
        let start = self.start();
        if self.at(".") {
            let target = self.missing(start);
            return self.range(target, start);
        }
        let operator = self.text();
        self.bump();
        let operand = self.refused_operand();
        let range = self.since(start);
        match operator {
            "*" => self.late_error("CS0193", NO_POINTER, range),
            "&" => self.late_error("CS0214", super::parse_type::UNSAFE, range),
            _ => self.feature("index operator", "8.0", range),
        }
        operand
    }

    fn refused_operand(&mut self) -> Expr {
        let start = self.start();
        let Some(level) = self.enter() else {
            return self.missing(start);
        };
        let operand = self.unary();
        self.leave(level);
        operand
    }

    fn member(&mut self, target: Expr, start: u32) -> Expr {
        self.bump();
        let (target, name) = (Box::new(target), Box::new(self.simple_name()));
        Expr {
            kind: ExprKind::Member { target, name },
            range: self.since(start),
        }
    }

    fn call(&mut self, target: Expr, start: u32) -> Expr {
        self.bump();
        let arguments = self.arguments(")");
        self.expect(")");
        let kind = match &target.kind {
            ExprKind::Name(name) if is_nameof(name, &arguments) => {
                match arguments.into_iter().next() {
                    Some(argument) => ExprKind::NameOf(Box::new(argument.value)),
                    None => ExprKind::Missing,
                }
            }
            _ => ExprKind::Call {
                target: Box::new(target),
                arguments,
            },
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    fn index(&mut self, target: Expr, start: u32) -> Expr {
        self.bump();
        let arguments = self.index_arguments();
        let kind = ExprKind::Index {
            target: Box::new(target),
            arguments,
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    /// The arguments after `[`, and its `]`.
    pub(super) fn index_arguments(&mut self) -> Box<[Argument]> {
        if self.at("]") {
            let range = self.token().range;
            self.error("CS0443", "Syntax error; value expected", range);
        }
        let arguments = self.arguments("]");
        self.expect("]");
        arguments
    }

    fn postfixed(&mut self, target: Expr, start: u32, op: UnaryOp) -> Expr {
        self.bump();
        let kind = ExprKind::Unary {
            op,
            operand: Box::new(target),
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    fn conditional_access(&mut self, receiver: Expr, start: u32) -> Expr {
        let Some(level) = self.enter() else {
            return receiver;
        };
        let at = self.bump().range;
        let placeholder = Expr {
            kind: ExprKind::Receiver,
            range: Range32::new(at.start, at.start),
        };
        let access = Box::new(self.postfix(placeholder, at.start));
        self.leave(level);
        let kind = ExprKind::ConditionalAccess {
            receiver: Box::new(receiver),
            access,
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    /// A name in an expression, perhaps with type arguments.
    pub(super) fn simple_name(&mut self) -> SimpleName {
        let identifier = self.identifier();
        let type_arguments = if self.at("<") && self.is_generic_name() {
            self.type_arguments()
        } else {
            Box::default()
        };
        SimpleName {
            identifier,
            type_arguments,
        }
    }

    /// Arguments up to, not including, `close`.
    pub(super) fn arguments(&mut self, close: &'static str) -> Box<[Argument]> {
        let mut arguments = Vec::new();
        if self.at(close) || self.at(";") || self.at_end() {
            return arguments.into();
        }
        loop {
            arguments.push(self.argument());
            if !self.eat(",") {
                return arguments.into();
            }
        }
    }

    fn argument(&mut self) -> Argument {
        let start = self.start();
        let name = self.argument_name();
        let modifier = self.modifier();
        self.descend();
        let value = if modifier == ArgumentModifier::Out && self.is_argument_declaration() {
            self.declaration_expression()
        } else {
            self.expression()
        };
        self.ascend();
        Argument {
            name,
            modifier,
            value,
            range: self.since(start),
        }
    }

    pub(super) fn argument_name(&mut self) -> Option<super::ast::Identifier> {
        let named = self.at_kind(TokenKind::Identifier) && self.nth_text(1) == ":";
        named.then(|| {
            let name = self.identifier();
            self.expect(":");
            name
        })
    }

    /// `ref`, `out`, `in` before an argument or parameter.
    pub(super) fn modifier(&mut self) -> ArgumentModifier {
        let modifier = match self.text() {
            "ref" => ArgumentModifier::Ref,
            "out" => ArgumentModifier::Out,
            "in" => ArgumentModifier::In,
            _ => return ArgumentModifier::None,
        };
        self.bump();
        modifier
    }

    /// Is this `T x` as an element of a list?
    pub(super) fn is_argument_declaration(&self) -> bool {
        self.declaration_ahead(self.next)
            .is_some_and(|name| matches!(self.text_at(name + 1), "," | ")" | "]"))
    }

    /// What the compiler says of a word that cannot begin an operand.
    pub(super) fn missing(&mut self, start: u32) -> Expr {
        Expr {
            kind: ExprKind::Missing,
            range: Range32::new(start, start),
        }
    }

    /// Is the word here a type's keyword with a member after it?
    pub(super) fn predefined_here(&self) -> Option<super::ast::PredefinedType> {
        parse_type::predefined(self.text()).filter(|_| self.nth_text(1) == ".")
    }
}

/// Notes whether what is deconstructed into declares variables, and whether it names others.
fn mixed(target: &Expr, found: &mut (bool, bool)) {
    match &target.kind {
        ExprKind::Tuple(elements) => {
            for element in elements {
                mixed(&element.value, found);
            }
        }
        ExprKind::Declaration { .. } => found.0 = true,
        ExprKind::Name(name) if &*name.identifier.name == "_" => {}
        _ => found.1 = true,
    }
}

/// `nameof` is no keyword: it is known by having one plain argument.
fn is_nameof(name: &SimpleName, arguments: &[Argument]) -> bool {
    &*name.identifier.name == "nameof"
        && name.type_arguments.is_empty()
        && matches!(
            arguments,
            [Argument {
                name: None,
                modifier: ArgumentModifier::None,
                ..
            }]
        )
}
