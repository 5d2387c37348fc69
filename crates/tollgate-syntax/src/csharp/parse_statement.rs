//! Statements.

use super::ast::{
    AssignOp, Block, CatchClause, Expr, ExprKind, For, ForEach, ForEachVariable, ForInit,
    Identifier, LocalModifier, PredefinedType, Range32, Stmt, StmtKind, Switch, SwitchLabel,
    SwitchSection, Try, TypeKind, TypeSyntax, UnaryOp, Using, UsingResource,
};
use super::lookahead::QuestionMark;
use super::parse_expression::precedence;
use super::parser::Parser;
use super::token::TokenKind;

impl Parser<'_> {
    /// The code of `@(…)`.
    pub(super) fn whole_expression(&mut self) -> Expr {
        if self.at_end() || self.at(";") {
            let place = self.token().range;
            let message = "An object of a type convertible to 'object' is required";
            self.error("CS0126", message, place);
        }
        let expr = self.expression();
        // The compiler reads the expression in `return …;`.
        let statements = self.at(";") && self.nth(1).kind != TokenKind::End;
        if statements {
            self.statements_behind();
        } else if !self.at_end() {
            self.expect(";");
        }
        expr
    }

    /// What stands behind the `;` of an expression, up to the `;` that the compiler finds behind the code.
    fn statements_behind(&mut self) {
        let range = self.bump().range;
        self.ends_in_semicolon = true;
        while !self.at_end() {
            self.push_statement(&mut Vec::new());
        }
        if !self.has_late_errors() {
            self.late_error("CS1026", ") expected", range);
        }
    }

    /// The code of `@{…}`.
    pub(super) fn whole_block(&mut self) -> Block {
        self.is_block = true;
        let mut statements = Vec::new();
        while !self.at_end() {
            if self.at("}") {
                let range = self.token().range;
                self.error(
                    "CS1022",
                    "Type or namespace definition, or end-of-file expected",
                    range,
                );
                self.bump();
            } else {
                self.push_statement(&mut statements);
            }
        }
        let end = u32::try_from(self.code.len()).unwrap_or(u32::MAX);
        Block {
            statements: statements.into(),
            range: Range32::new(0, end),
        }
    }

    /// `{…}`.
    pub(super) fn block(&mut self) -> Block {
        let start = self.start();
        let mut statements = Vec::new();
        if self.expect("{") {
            while !self.at("}") && !self.at_end() {
                self.push_statement(&mut statements);
            }
            self.expect("}");
        }
        Block {
            statements: statements.into(),
            range: self.since(start),
        }
    }

    /// One statement; at least one token is consumed.
    fn push_statement(&mut self, statements: &mut Vec<Stmt>) {
        let before = self.next;
        statements.push(self.statement());
        if self.next == before {
            self.bump();
        }
    }

    fn statement(&mut self) -> Stmt {
        let start = self.start();
        let Some(level) = self.enter() else {
            return Stmt {
                kind: StmtKind::Empty,
                range: self.since(start),
            };
        };
        let kind = match self.token().kind {
            TokenKind::Keyword => self.keyword_statement(),
            TokenKind::Punctuation if self.at("{") => StmtKind::Block(self.block()),
            TokenKind::Punctuation if self.eat(";") => StmtKind::Empty,
            TokenKind::Identifier => self.word_statement(),
            _ => self.declaration_or_expression(),
        };
        self.leave(level);
        Stmt {
            kind,
            range: self.since(start),
        }
    }

    /// A statement inside another, where no variable may be declared.
    fn embedded(&mut self) -> Box<Stmt> {
        let statement = self.statement();
        let declares = matches!(
            statement.kind,
            StmtKind::Local(_) | StmtKind::LocalFunction(_) | StmtKind::Labeled { .. }
        );
        if declares {
            let message = "Embedded statement cannot be a declaration or labeled statement";
            self.late_error("CS1023", message, statement.range);
        }
        Box::new(statement)
    }

    fn keyword_statement(&mut self) -> StmtKind {
        match self.text() {
            "if" => self.if_statement(),
            "while" => self.while_statement(),
            "do" => self.do_statement(),
            "for" => self.for_statement(),
            "foreach" => self.foreach_statement(),
            "switch" => self.switch_statement(),
            "return" => self.return_statement(),
            "throw" => self.throw_statement(),
            "try" => self.try_statement(),
            "using" => self.using_statement(),
            "lock" => self.lock_statement(),
            "break" => self.jump(StmtKind::Break),
            "continue" => self.jump(StmtKind::Continue),
            "goto" => self.goto_statement(),
            "const" => self.const_statement(),
            "checked" if self.nth_text(1) == "{" => {
                self.bump();
                StmtKind::Checked(self.block())
            }
            "unchecked" if self.nth_text(1) == "{" => {
                self.bump();
                StmtKind::Unchecked(self.block())
            }
            "static" | "private" | "extern" | "readonly" | "volatile" => self.modified_statement(),
            _ => self.refused_statement(),
        }
    }

    /// A declaration with a modifier that none may have here.
    fn modified_statement(&mut self) -> StmtKind {
        let (modifier, range) = (self.text(), self.token().range);
        self.bump();
        let statement = self.declaration_or_expression();
        if modifier == "static" && matches!(statement, StmtKind::LocalFunction(_)) {
            self.feature("static local functions", "8.0", range);
        } else {
            let message = format!("The modifier '{modifier}' is not valid for this item");
            self.late_error("CS0106", &message, range);
        }
        statement
    }

    /// What begins with a keyword that no statement begins with.
    fn refused_statement(&mut self) -> StmtKind {
        let (code, message) = match self.text() {
            "class" | "struct" | "interface" | "enum" | "namespace" | "public" | "protected"
            | "internal" | "abstract" | "sealed" | "event" | "override" | "virtual" => {
                return self.declared_type();
            }
            "unsafe" => (
                "CS0227",
                "Unsafe code may only appear if compiling with /unsafe",
            ),
            "fixed" => ("CS0214", super::parse_type::UNSAFE),
            "ref" => return self.ref_statement(),
            "else" => ("CS8641", "'else' cannot start a statement."),
            "catch" | "finally" => ("CS1003", "Syntax error, 'try' expected"),
            "case" | "default" if self.nth_text(1) != "(" && self.nth_text(1) != "." => {
                ("CS1513", "} expected")
            }
            _ => return self.declaration_or_expression(),
        };
        let range = self.token().range;
        self.error(code, message, range);
        StmtKind::Empty
    }

    /// A type or member, which no policy expression may declare. To the compiler the method ends before it: what comes
    /// first must return.
    fn declared_type(&mut self) -> StmtKind {
        let range = self.token().range;
        let code = match self.returned {
            true => "CS1513",
            false => "CS0161",
        };
        let message = "} expected: types cannot be declared in policy expressions";
        self.error(code, message, range);
        StmtKind::Empty
    }

    /// What begins with a name that may be a keyword here.
    fn word_statement(&mut self) -> StmtKind {
        match (self.text(), self.nth_text(1)) {
            ("yield", "return") => {
                self.bump();
                self.bump();
                let value = Box::new(self.expression());
                self.expect(";");
                StmtKind::YieldReturn(value)
            }
            ("yield", "break") => {
                self.bump();
                self.bump();
                self.expect(";");
                StmtKind::YieldBreak
            }
            ("await", _) if self.nth(1).kind == TokenKind::Identifier => {
                self.expression_statement()
            }
            ("async", _) if self.declaration_ahead(self.next + 1).is_some() => {
                self.bump();
                self.async_function()
            }
            (_, ":") => {
                let label = Box::new(self.identifier());
                self.bump();
                StmtKind::Labeled {
                    label,
                    statement: Box::new(self.statement()),
                }
            }
            _ => self.declaration_or_expression(),
        }
    }

    /// A local function after `async`. Without `await`, which nothing here can wait for, one that gives nothing runs as
    /// any other.
    fn async_function(&mut self) -> StmtKind {
        let statement = self.declaration_or_expression();
        if let StmtKind::LocalFunction(function) = &statement {
            let range = function.name.range;
            match &function.return_type.kind {
                TypeKind::Predefined(PredefinedType::Void) => {}
                TypeKind::Predefined(_) => self.late_error(
                    "CS1983",
                    "The return type of an async method must be void, Task or Task<T>",
                    range,
                ),
                _ => self.late_error(
                    "TG0001",
                    "Tollgate does not support async functions that give something",
                    range,
                ),
            }
        }
        statement
    }

    /// `ref int r = ref x;`.
    fn ref_statement(&mut self) -> StmtKind {
        let range = self.bump().range;
        self.eat("readonly");
        let named = self.declaration_ahead(self.next);
        if named.is_some_and(|name| matches!(self.text_at(name + 1), "(" | "<")) {
            self.late_error(
                "TG0001",
                "Tollgate does not support functions that return by reference",
                range,
            );
            return self.local_function();
        }
        let declaration = self.local_declaration(LocalModifier::Ref);
        self.expect(";");
        StmtKind::Local(Box::new(declaration))
    }

    fn declaration_or_expression(&mut self) -> StmtKind {
        let Some(ahead) = self.type_ahead(self.next, QuestionMark::Nullable) else {
            return self.expression_statement();
        };
        let named = self.is_free_identifier(ahead.end)
            // `a ? b : c` is no declaration of `b`.
            && self.text_at(ahead.end + 1) != ":";
        let deconstructs = self.at("(") && self.text_at(ahead.end) == "=";
        if !named && (!ahead.certain || deconstructs) {
            return self.expression_statement();
        }
        if named && matches!(self.text_at(ahead.end + 1), "(" | "<") {
            return self.local_function();
        }
        let declaration = self.local_declaration(LocalModifier::None);
        self.expect(";");
        StmtKind::Local(Box::new(declaration))
    }

    fn expression_statement(&mut self) -> StmtKind {
        let expr = if self.is_var_deconstruction(self.next) {
            self.deconstruction()
        } else {
            self.expression()
        };
        if !can_stand_alone(&expr) {
            let message = "Only assignment, call, increment, decrement, await, and new object \
                           expressions can be used as a statement";
            self.late_error("CS0201", message, expr.range);
        }
        self.expect(";");
        StmtKind::Expression(Box::new(expr))
    }

    /// `var (a, b) = value`.
    fn deconstruction(&mut self) -> Expr {
        let start = self.start();
        let target = Box::new(self.declaration_expression());
        self.expect("=");
        let value = Box::new(self.expression());
        let kind = ExprKind::Assign {
            op: AssignOp::Assign,
            target,
            value,
        };
        Expr {
            kind,
            range: self.since(start),
        }
    }

    fn condition(&mut self) -> Box<Expr> {
        self.expect("(");
        let condition = Box::new(self.expression());
        self.expect(")");
        condition
    }

    fn if_statement(&mut self) -> StmtKind {
        self.bump();
        let condition = self.condition();
        let then = self.embedded();
        let otherwise = self.eat("else").then(|| self.embedded());
        StmtKind::If {
            condition,
            then,
            otherwise,
        }
    }

    fn while_statement(&mut self) -> StmtKind {
        self.bump();
        let condition = self.condition();
        StmtKind::While {
            condition,
            body: self.embedded(),
        }
    }

    fn do_statement(&mut self) -> StmtKind {
        self.bump();
        let body = self.embedded();
        self.expect("while");
        let condition = self.condition();
        self.expect(";");
        StmtKind::Do { body, condition }
    }

    fn for_statement(&mut self) -> StmtKind {
        self.bump();
        self.expect("(");
        let init = if self.declaration_ahead(self.next).is_some() {
            ForInit::Declaration(self.local_declaration(LocalModifier::None))
        } else {
            ForInit::Expressions(self.for_expressions(";"))
        };
        self.expect(";");
        let condition = (!self.at(";")).then(|| self.expression());
        self.expect(";");
        let step = self.for_expressions(")");
        self.expect(")");
        let body = *self.embedded();
        StmtKind::For(Box::new(For {
            init,
            condition,
            step,
            body,
        }))
    }

    fn for_expressions(&mut self, close: &str) -> Box<[Expr]> {
        let mut expressions = Vec::new();
        if !self.at(close) {
            expressions.push(self.expression());
            while self.eat(",") {
                expressions.push(self.expression());
            }
        }
        expressions.into()
    }

    fn foreach_statement(&mut self) -> StmtKind {
        self.bump();
        self.expect("(");
        let variable = self.foreach_variable();
        self.expect("in");
        let source = self.expression();
        self.expect(")");
        let body = *self.embedded();
        StmtKind::ForEach(Box::new(ForEach {
            variable,
            source,
            body,
        }))
    }

    fn foreach_variable(&mut self) -> ForEachVariable {
        if self.is_var_deconstruction(self.next) {
            return ForEachVariable::Deconstruction(self.declaration_expression());
        }
        if self.at("(") && self.declaration_ahead(self.next).is_none() {
            return ForEachVariable::Deconstruction(self.operand());
        }
        // What stands alone is the variable, whose type is missing.
        let ty = match self.nth_text(1) {
            "in" => TypeSyntax {
                kind: TypeKind::Missing,
                range: self.bump().range,
            },
            _ => self.parse_type(),
        };
        if self.at("in") {
            let range = self.token().range;
            let message = "Type and identifier are both required in a foreach statement";
            self.error("CS0230", message, range);
        }
        ForEachVariable::Variable {
            ty,
            name: self.identifier(),
        }
    }

    fn switch_statement(&mut self) -> StmtKind {
        self.bump();
        let value = if self.at("(") {
            *self.condition()
        } else {
            let value = self.expression();
            let message = "Parentheses are required around the switch governing expression.";
            self.error("CS8515", message, value.range);
            value
        };
        self.expect("{");
        let mut sections = Vec::new();
        while self.at("case") || self.at("default") {
            self.descend();
            sections.push(self.switch_section());
            self.ascend();
        }
        self.expect("}");
        StmtKind::Switch(Box::new(Switch {
            value,
            sections: sections.into(),
        }))
    }

    fn switch_section(&mut self) -> SwitchSection {
        let start = self.start();
        let mut labels = Vec::new();
        while let Some(label) = self.switch_label() {
            labels.push(label);
        }
        let mut statements = Vec::new();
        while !matches!(self.text(), "case" | "default" | "}") && !self.at_end() {
            self.push_statement(&mut statements);
        }
        let range = self.since(start);
        SwitchSection {
            labels: labels.into(),
            statements: statements.into(),
            range,
        }
    }

    fn switch_label(&mut self) -> Option<SwitchLabel> {
        if self.at("default") {
            let range = self.bump().range;
            self.expect(":");
            return Some(SwitchLabel::Default(range));
        }
        let start = self.start();
        if !self.eat("case") {
            return None;
        }
        if self.at(":") {
            let range = self.token().range;
            self.error("CS0150", "A constant value is expected", range);
        }
        let pattern = self.pattern(precedence::OR);
        let guard = self.eat("when").then(|| self.expression());
        self.expect(":");
        let range = self.since(start);
        Some(SwitchLabel::Case {
            pattern,
            guard,
            range,
        })
    }

    fn jump(&mut self, kind: StmtKind) -> StmtKind {
        self.bump();
        self.expect(";");
        kind
    }

    fn goto_statement(&mut self) -> StmtKind {
        self.bump();
        let kind = if self.eat("case") {
            StmtKind::GotoCase(Box::new(self.expression()))
        } else if self.eat("default") {
            StmtKind::GotoDefault
        } else {
            StmtKind::Goto(self.identifier())
        };
        self.expect(";");
        kind
    }

    /// The value after `return` or `throw`, and the semicolon.
    fn optional_value(&mut self) -> Option<Box<Expr>> {
        self.bump();
        let value = (!self.at(";")).then(|| Box::new(self.expression()));
        self.expect(";");
        value
    }

    fn return_statement(&mut self) -> StmtKind {
        self.returned = true;
        StmtKind::Return(self.optional_value())
    }

    fn throw_statement(&mut self) -> StmtKind {
        StmtKind::Throw(self.optional_value())
    }

    fn try_statement(&mut self) -> StmtKind {
        self.bump();
        let block = self.block();
        let mut catches = Vec::new();
        while self.at("catch") {
            self.descend();
            let range = self.token().range;
            if catches.last().is_some_and(catches_all) {
                let message = "Catch clauses cannot follow the general catch clause of a try \
                               statement";
                self.late_error("CS1017", message, range);
            }
            catches.push(self.catch_clause());
            self.ascend();
        }
        let finally = self.eat("finally").then(|| self.block());
        if catches.is_empty() && finally.is_none() {
            // At the closing brace.
            let end = self.previous_end;
            let range = Range32::new(end.saturating_sub(1), end);
            self.error("CS1524", "Expected catch or finally", range);
        }
        StmtKind::Try(Box::new(Try {
            block,
            catches: catches.into(),
            finally,
        }))
    }

    fn catch_clause(&mut self) -> CatchClause {
        let start = self.start();
        self.bump();
        let (ty, name) = if self.eat("(") {
            self.caught()
        } else {
            (None, None)
        };
        let filter = self.eat("when").then(|| *self.condition());
        let block = self.block();
        CatchClause {
            ty,
            name,
            filter,
            block,
            range: self.since(start),
        }
    }

    /// The type and the variable of a catch clause, and `)`.
    fn caught(&mut self) -> (Option<TypeSyntax>, Option<Identifier>) {
        let ty = self.parse_type();
        let name = self
            .at_kind(TokenKind::Identifier)
            .then(|| self.identifier());
        self.expect(")");
        (Some(ty), name)
    }

    fn using_statement(&mut self) -> StmtKind {
        self.bump();
        if !self.eat("(") {
            let range = self.nth(0).range;
            let keyword = Range32::new(self.previous_end.saturating_sub(5), range.start);
            self.feature("using declarations", "8.0", keyword);
            let declaration = self.local_declaration(LocalModifier::Using);
            self.expect(";");
            return StmtKind::Local(Box::new(declaration));
        }
        let resource = if self.declaration_ahead(self.next).is_some() {
            UsingResource::Declaration(self.local_declaration(LocalModifier::None))
        } else {
            UsingResource::Expr(self.expression())
        };
        self.expect(")");
        let body = *self.embedded();
        StmtKind::Using(Box::new(Using { resource, body }))
    }

    fn lock_statement(&mut self) -> StmtKind {
        self.bump();
        let target = self.condition();
        StmtKind::Lock {
            target,
            body: self.embedded(),
        }
    }
}

/// Is it `catch {…}`?
fn catches_all(clause: &CatchClause) -> bool {
    clause.ty.is_none() && clause.filter.is_none()
}

/// May `expr` be a statement?
fn can_stand_alone(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::ConditionalAccess { access, .. } => can_stand_alone(access),
        ExprKind::Unary { op, .. } => matches!(
            op,
            UnaryOp::PreIncrement
                | UnaryOp::PreDecrement
                | UnaryOp::PostIncrement
                | UnaryOp::PostDecrement
        ),
        ExprKind::Assign { .. } | ExprKind::Call { .. } | ExprKind::New(_) | ExprKind::Missing => {
            true
        }
        _ => false,
    }
}
