//! Walks over syntax trees.

use super::ast::{
    Argument, Block, Body, Expr, ExprKind, ForEachVariable, ForInit, Initializer, InitializerKind,
    InitializerTarget, InitializerValue, InterpolatedPart, LocalDeclaration, Pattern, PatternKind,
    QueryBody, QueryClause, QueryEnd, Stmt, StmtKind, Subpattern, SwitchLabel, UsingResource,
};

/// What is called with each expression.
type Visit<'v, 't> = &'v mut dyn FnMut(&'t Expr);

impl Expr {
    /// Calls `visit` with this expression and all in it, outer ones first, in the order of their text; those in the bodies
    /// of lambdas, in queries and in patterns too.
    ///
    /// ```
    /// use tollgate_syntax::csharp::parse_expression;
    ///
    /// let parsed = parse_expression("a + b.Count(x => x > 1)");
    /// let mut count = 0;
    /// parsed.tree.walk(&mut |_| count += 1);
    /// assert_eq!(count, 9);
    /// ```
    pub fn walk<'t>(&'t self, visit: Visit<'_, 't>) {
        visit(self);
        self.walk_children(visit);
    }

    fn walk_children<'t>(&'t self, visit: Visit<'_, 't>) {
        match &self.kind {
            ExprKind::Missing
            | ExprKind::Literal(_)
            | ExprKind::Name(_)
            | ExprKind::Predefined(_)
            | ExprKind::Receiver
            | ExprKind::Declaration { .. }
            | ExprKind::TypeOf(_)
            | ExprKind::Default(_) => {}
            ExprKind::Interpolated(parts) => {
                for part in parts {
                    if let InterpolatedPart::Hole(hole) = part {
                        hole.value.walk(visit);
                        hole.alignment.iter().for_each(|expr| expr.walk(visit));
                    }
                }
            }
            ExprKind::Member { target: expr, .. }
            | ExprKind::Unary { operand: expr, .. }
            | ExprKind::Cast { value: expr, .. }
            | ExprKind::As { value: expr, .. }
            | ExprKind::Throw(expr)
            | ExprKind::Checked(expr)
            | ExprKind::Unchecked(expr)
            | ExprKind::NameOf(expr) => expr.walk(visit),
            ExprKind::ConditionalAccess {
                receiver: a,
                access: b,
            }
            | ExprKind::Coalesce { left: a, right: b }
            | ExprKind::Assign {
                target: a,
                value: b,
                ..
            } => {
                a.walk(visit);
                b.walk(visit);
            }
            ExprKind::Index { target, arguments } | ExprKind::Call { target, arguments } => {
                target.walk(visit);
                walk_arguments(arguments, visit);
            }
            ExprKind::Binary { first, rest } => {
                first.walk(visit);
                rest.iter().for_each(|tail| tail.operand.walk(visit));
            }
            ExprKind::Is { value, pattern } => {
                value.walk(visit);
                pattern.walk(visit);
            }
            ExprKind::Conditional {
                condition,
                when_true,
                when_false,
            } => {
                for expr in [condition, when_true, when_false] {
                    expr.walk(visit);
                }
            }
            ExprKind::Tuple(arguments) => walk_arguments(arguments, visit),
            ExprKind::New(new) => {
                walk_arguments(&new.arguments, visit);
                new.initializer.iter().for_each(|init| init.walk(visit));
            }
            ExprKind::NewArray(new) => {
                walk_all(&new.sizes, visit);
                new.initializer.iter().for_each(|expr| expr.walk(visit));
            }
            ExprKind::ArrayInitializer(items) => walk_all(items, visit),
            ExprKind::NewAnonymous(members) => {
                members.iter().for_each(|member| member.value.walk(visit));
            }
            ExprKind::Lambda(lambda) => lambda.body.walk(visit),
            ExprKind::Query(query) => {
                query.from.source.walk(visit);
                query.body.walk(visit);
            }
            ExprKind::Switch(switch) => {
                switch.value.walk(visit);
                for arm in &switch.arms {
                    arm.pattern.walk(visit);
                    arm.guard.iter().for_each(|guard| guard.walk(visit));
                    arm.value.walk(visit);
                }
            }
        }
    }
}

fn walk_all<'t>(all: &'t [Expr], visit: Visit<'_, 't>) {
    all.iter().for_each(|expr| expr.walk(visit));
}

fn walk_arguments<'t>(arguments: &'t [Argument], visit: Visit<'_, 't>) {
    arguments
        .iter()
        .for_each(|argument| argument.value.walk(visit));
}

impl Initializer {
    fn walk<'t>(&'t self, visit: Visit<'_, 't>) {
        match &self.kind {
            InitializerKind::Collection(items) => {
                items.iter().for_each(|item| walk_all(&item.values, visit));
            }
            InitializerKind::Object(members) => {
                for member in members {
                    if let InitializerTarget::Index(arguments) = &member.target {
                        walk_arguments(arguments, visit);
                    }
                    match &member.value {
                        InitializerValue::Expr(expr) => expr.walk(visit),
                        InitializerValue::Initializer(init) => init.walk(visit),
                    }
                }
            }
        }
    }
}

impl Body {
    fn walk<'t>(&'t self, visit: Visit<'_, 't>) {
        match self {
            Self::Expr(expr) => expr.walk(visit),
            Self::Block(block) => block.walk(visit),
        }
    }
}

impl QueryBody {
    fn walk<'t>(&'t self, visit: Visit<'_, 't>) {
        for clause in &self.clauses {
            match clause {
                QueryClause::From(from) => from.source.walk(visit),
                QueryClause::Let { value, .. } | QueryClause::Where(value) => value.walk(visit),
                QueryClause::Join(join) => {
                    join.from.source.walk(visit);
                    join.outer_key.walk(visit);
                    join.inner_key.walk(visit);
                }
                QueryClause::OrderBy(orderings) => {
                    orderings.iter().for_each(|order| order.key.walk(visit));
                }
            }
        }
        match &self.end {
            QueryEnd::Select(expr) => expr.walk(visit),
            QueryEnd::Group { value, key } => {
                value.walk(visit);
                key.walk(visit);
            }
        }
        self.continuation
            .iter()
            .for_each(|next| next.body.walk(visit));
    }
}

impl Pattern {
    fn walk<'t>(&'t self, visit: Visit<'_, 't>) {
        match &self.kind {
            PatternKind::Discard
            | PatternKind::Var(_)
            | PatternKind::Type(_)
            | PatternKind::Declaration { .. } => {}
            PatternKind::Constant(value) | PatternKind::Relational { value, .. } => {
                value.walk(visit);
            }
            PatternKind::Not(pattern) => pattern.walk(visit),
            PatternKind::And(all) | PatternKind::Or(all) => {
                all.iter().for_each(|pattern| pattern.walk(visit));
            }
            PatternKind::Recursive(recursive) => {
                let lists = [&recursive.positions, &recursive.properties];
                for Subpattern { pattern, .. } in lists.into_iter().flatten().flatten() {
                    pattern.walk(visit);
                }
            }
        }
    }
}

impl Block {
    /// Calls `visit` with all expressions in it; see [`Expr::walk`].
    pub fn walk<'t>(&'t self, visit: Visit<'_, 't>) {
        self.statements.iter().for_each(|stmt| stmt.walk(visit));
    }
}

impl LocalDeclaration {
    fn walk<'t>(&'t self, visit: Visit<'_, 't>) {
        for declarator in &self.declarators {
            declarator
                .initializer
                .iter()
                .for_each(|expr| expr.walk(visit));
        }
    }
}

impl Stmt {
    fn walk<'t>(&'t self, visit: Visit<'_, 't>) {
        match &self.kind {
            StmtKind::Empty
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Goto(_)
            | StmtKind::GotoDefault
            | StmtKind::YieldBreak => {}
            StmtKind::Block(block) | StmtKind::Checked(block) | StmtKind::Unchecked(block) => {
                block.walk(visit);
            }
            StmtKind::Local(declaration) => declaration.walk(visit),
            StmtKind::LocalFunction(function) => function.body.walk(visit),
            StmtKind::Expression(expr) | StmtKind::GotoCase(expr) | StmtKind::YieldReturn(expr) => {
                expr.walk(visit);
            }
            StmtKind::If {
                condition,
                then,
                otherwise,
            } => {
                condition.walk(visit);
                then.walk(visit);
                otherwise.iter().for_each(|stmt| stmt.walk(visit));
            }
            StmtKind::While { condition, body } => {
                condition.walk(visit);
                body.walk(visit);
            }
            StmtKind::Do { body, condition } => {
                body.walk(visit);
                condition.walk(visit);
            }
            StmtKind::For(it) => {
                match &it.init {
                    ForInit::Declaration(declaration) => declaration.walk(visit),
                    ForInit::Expressions(all) => walk_all(all, visit),
                }
                it.condition.iter().for_each(|expr| expr.walk(visit));
                walk_all(&it.step, visit);
                it.body.walk(visit);
            }
            StmtKind::ForEach(it) => {
                if let ForEachVariable::Deconstruction(expr) = &it.variable {
                    expr.walk(visit);
                }
                it.source.walk(visit);
                it.body.walk(visit);
            }
            StmtKind::Switch(switch) => {
                switch.value.walk(visit);
                for section in &switch.sections {
                    for label in &section.labels {
                        if let SwitchLabel::Case { pattern, guard, .. } = label {
                            pattern.walk(visit);
                            guard.iter().for_each(|guard| guard.walk(visit));
                        }
                    }
                    section.statements.iter().for_each(|stmt| stmt.walk(visit));
                }
            }
            StmtKind::Labeled { statement, .. } => statement.walk(visit),
            StmtKind::Return(expr) | StmtKind::Throw(expr) => {
                expr.iter().for_each(|expr| expr.walk(visit));
            }
            StmtKind::Try(it) => {
                it.block.walk(visit);
                for clause in &it.catches {
                    clause.filter.iter().for_each(|filter| filter.walk(visit));
                    clause.block.walk(visit);
                }
                it.finally.iter().for_each(|block| block.walk(visit));
            }
            StmtKind::Using(it) => {
                match &it.resource {
                    UsingResource::Declaration(declaration) => declaration.walk(visit),
                    UsingResource::Expr(expr) => expr.walk(visit),
                }
                it.body.walk(visit);
            }
            StmtKind::Lock { target, body } => {
                target.walk(visit);
                body.walk(visit);
            }
        }
    }
}
