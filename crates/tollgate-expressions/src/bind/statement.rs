//! Statements.

use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::{
    self, Expr, ExprKind, LocalDeclaration, LocalModifier, Range32, Stmt, StmtKind, UnaryOp,
    UsingResource,
};

use super::lambda::is_statement;
use super::types::kind_of;
use super::{Bind, Binder, Bound, Reported, Typed, empty, node};
use crate::scope::{Enclosing, Fixed, Returns, Scope, Variable};
use crate::typed::{Kind, Label, Node, Op, Statement};

impl<'a> Binder<'a> {
    /// Statements in a scope of their own; errors in one do not hide those in another.
    pub(super) fn block(&mut self, statements: &'a [Stmt]) -> Statement {
        if let Some(frame) = self.frames.last_mut() {
            frame.scopes.push(Scope::default());
        }
        self.announce(statements);
        let (functions, bound) = self.list(statements);
        let cells = self
            .frames
            .last_mut()
            .and_then(|frame| frame.scopes.pop())
            .map(|scope| scope.cells)
            .unwrap_or_default();
        Statement::Block {
            cells: cells.into(),
            functions: functions.into(),
            statements: bound.into(),
        }
    }

    /// Statements in the scope that is there.
    pub(super) fn statements(&mut self, statements: &'a [Stmt]) -> Statement {
        let (functions, bound) = self.list(statements);
        Statement::Block {
            cells: Box::default(),
            functions: functions.into(),
            statements: bound.into(),
        }
    }

    fn list(&mut self, statements: &'a [Stmt]) -> (Vec<Node>, Vec<Statement>) {
        self.signatures(statements);
        let mut functions = Vec::new();
        let mut bound = Vec::new();
        for statement in statements {
            let mut statement = statement;
            while let StmtKind::Labeled {
                label,
                statement: inner,
            } = &statement.kind
            {
                if let Some((number, _)) = self.label(&label.name) {
                    bound.push(Statement::Label(number));
                }
                statement = inner;
            }
            if let Ok(Some(statement)) = self.block_statement(statement, &mut functions) {
                bound.push(statement);
            }
        }
        functions.extend(self.instances());
        (functions, bound)
    }

    fn block_statement(
        &mut self,
        statement: &'a Stmt,
        functions: &mut Vec<Node>,
    ) -> Bind<Option<Statement>> {
        match &statement.kind {
            StmtKind::LocalFunction(function) => {
                functions.extend(self.local_function(function, statement.range)?);
                Ok(None)
            }
            StmtKind::Empty => Ok(None),
            StmtKind::Labeled { .. } => Err(Reported),
            _ => self.statement(statement).map(Some),
        }
    }

    /// One statement.
    pub(super) fn statement(&mut self, statement: &'a Stmt) -> Bind<Statement> {
        let range = statement.range;
        self.tick(range)?;
        Ok(match &statement.kind {
            StmtKind::Empty => empty(),
            StmtKind::Block(block) => self.block(&block.statements),
            StmtKind::Local(local) => self.local(local)?,
            StmtKind::LocalFunction(_) => self.block(std::slice::from_ref(statement)),
            StmtKind::Expression(expr) => Statement::Expression(self.effect(expr)?),
            StmtKind::If {
                condition,
                then,
                otherwise,
            } => {
                let condition = self.condition(condition);
                let then = self.embedded(then);
                let otherwise = otherwise
                    .as_ref()
                    .map(|stmt| self.embedded(stmt))
                    .transpose();
                Statement::If {
                    condition: condition?,
                    then: Box::new(then?),
                    otherwise: otherwise?.map(Box::new),
                }
            }
            StmtKind::While { condition, body } => self.scoped(|binder| {
                let condition = binder.condition(condition);
                let body = binder.within(Enclosing::Loop, |binder| binder.embedded(body));
                Ok(Statement::While {
                    condition: condition?,
                    body: Box::new(body?),
                })
            })?,
            StmtKind::Do { body, condition } => {
                let body = self.within(Enclosing::Loop, |binder| binder.embedded(body));
                let condition = self.condition(condition);
                Statement::DoWhile {
                    body: Box::new(body?),
                    condition: condition?,
                }
            }
            StmtKind::For(for_loop) => self.scoped(|binder| binder.for_loop(for_loop))?,
            StmtKind::ForEach(each) => self.for_each(each, range)?,
            StmtKind::Switch(switch) => self.switch(switch)?,
            StmtKind::Break => {
                self.check_leaves(&[Enclosing::Loop, Enclosing::Switch], range)?;
                Statement::Break
            }
            StmtKind::Continue => {
                self.check_leaves(&[Enclosing::Loop], range)?;
                Statement::Continue
            }
            StmtKind::Goto(label) => self.goto(label)?,
            // Only within `if` and the like, which the parser has refused.
            StmtKind::Labeled { .. } => return Err(Reported),
            StmtKind::GotoCase(value) => self.goto_case(Some(value), range)?,
            StmtKind::GotoDefault => self.goto_case(None, range)?,
            StmtKind::Return(value) => self.return_statement(value.as_deref(), range)?,
            StmtKind::Throw(None) => {
                let catching = self
                    .frames
                    .last()
                    .is_some_and(|frame| frame.enclosing.contains(&Enclosing::Catch));
                if !catching {
                    return Err(self.error(
                        "CS0156",
                        "A throw statement with no arguments is not allowed outside of a catch clause",
                        range,
                    ));
                }
                Statement::Throw(None)
            }
            StmtKind::Throw(Some(value)) => {
                let thrown = self.value(value)?;
                self.check_exception(&thrown, value.range)?;
                Statement::Throw(Some(thrown.node))
            }
            StmtKind::Try(tried) => self.try_statement(tried)?,
            StmtKind::Using(using) => self.scoped(|binder| match &using.resource {
                UsingResource::Declaration(local) => {
                    binder.using_local(local, std::slice::from_ref(&using.body), range)
                }
                UsingResource::Expr(expr) => {
                    let resource = binder.value(expr)?;
                    let ty = resource.ty.clone();
                    let slot = binder.temporary()?;
                    let kind = resource.node.kind;
                    let assign = node(Op::Assign(slot, resource.node.into()), kind, range);
                    let body = binder.embedded(&using.body)?;
                    let held = node(Op::Local(slot), kind, expr.range);
                    binder.disposing(vec![(assign, held, ty)], body, expr.range)
                }
            })?,
            StmtKind::Lock { target, body } => {
                let at = target.range;
                let target = self.value(target)?;
                if !target.ty.is_reference() && target.ty != Type::Dynamic {
                    let message = format!(
                        "'{}' is not a reference type as required by the lock statement",
                        target.ty
                    );
                    return Err(self.error("CS0185", message, at));
                }
                let body = self.embedded(body)?;
                Statement::Block {
                    cells: Box::default(),
                    functions: Box::default(),
                    statements: [Statement::Expression(target.node), body].into(),
                }
            }
            StmtKind::YieldReturn(value) => self.yield_statement(Some(value), range)?,
            StmtKind::YieldBreak => self.yield_statement(None, range)?,
            StmtKind::Checked(block) => self.with_overflow_block(true, block),
            StmtKind::Unchecked(block) => self.with_overflow_block(false, block),
        })
    }

    /// A statement under `if` or a loop: declares in a scope of its own.
    pub(super) fn embedded(&mut self, statement: &'a Stmt) -> Bind<Statement> {
        match &statement.kind {
            StmtKind::Block(block) => Ok(self.block(&block.statements)),
            StmtKind::Local(_) => Err(self.error(
                "CS1023",
                "Embedded statement cannot be a declaration or labeled statement",
                statement.range,
            )),
            _ => self.scoped(|binder| binder.statement(statement)),
        }
    }

    fn with_overflow_block(&mut self, checked: bool, block: &'a ast::Block) -> Statement {
        let outer = self.overflow.replace(checked);
        let result = self.block(&block.statements);
        self.overflow = outer;
        result
    }

    /// Says that it is C#, but nothing that Tollgate runs.
    pub(super) fn unsupported(&mut self, what: &str, range: Range32) -> Reported {
        self.error("TG0001", format!("Tollgate does not support {what}"), range)
    }

    /// An expression whose value is dropped.
    pub(super) fn effect(&mut self, expr: &'a Expr) -> Bind<Node> {
        if !is_statement(expr) {
            self.expression(expr)?;
            return Err(self.error(
                "CS0201",
                "Only assignment, call, increment, decrement, await, and new object expressions can be used as a statement",
                expr.range,
            ));
        }
        // Nobody sees the old value of `x++` here.
        if let ExprKind::Unary { op, operand } = &expr.kind {
            let op = match op {
                UnaryOp::PostIncrement => UnaryOp::PreIncrement,
                UnaryOp::PostDecrement => UnaryOp::PreDecrement,
                other => *other,
            };
            return self.unary(op, operand, expr.range).map(|value| value.node);
        }
        self.value_or_void(expr).map(|value| value.node)
    }

    fn check_leaves(&mut self, wanted: &[Enclosing], range: Range32) -> Bind<()> {
        let enclosing: Vec<Enclosing> = self
            .frames
            .last()
            .map(|frame| frame.enclosing.clone())
            .unwrap_or_default();
        for around in enclosing.iter().rev() {
            if wanted.contains(around) {
                return Ok(());
            }
            if *around == Enclosing::Finally {
                return Err(self.error(
                    "CS0157",
                    "Control cannot leave the body of a finally clause",
                    range,
                ));
            }
        }
        Err(self.error(
            "CS0139",
            "No enclosing loop out of which to break or continue",
            range,
        ))
    }

    /// The label of that name in the innermost block that has it.
    fn label(&self, name: &str) -> Option<(Label, usize)> {
        let frame = self.frames.last()?;
        frame.scopes.iter().rev().find_map(|scope| {
            scope
                .labels
                .iter()
                .find(|(known, ..)| **known == *name)
                .map(|(_, number, around)| (*number, *around))
        })
    }

    /// `goto label;`.
    fn goto(&mut self, label: &ast::Identifier) -> Bind<Statement> {
        let name = &label.name;
        let Some((number, around)) = self.label(name) else {
            let message = format!("No such label '{name}' within the scope of the goto statement");
            return Err(self.error("CS0159", message, label.range));
        };
        let left = self.frame()?.enclosing.iter().skip(around);
        if left.copied().any(|left| left == Enclosing::Finally) {
            let message = "Control cannot leave the body of a finally clause";
            return Err(self.error("CS0157", message, label.range));
        }
        Ok(Statement::Goto(number))
    }

    /// `T a = 1, b;`.
    pub(super) fn local(&mut self, local: &'a LocalDeclaration) -> Bind<Statement> {
        match local.modifier {
            LocalModifier::Ref => return self.ref_local(local),
            // C# 8: the parser has refused it.
            LocalModifier::Using => return Err(Reported),
            LocalModifier::None | LocalModifier::Const => {}
        }
        let by_reference = |declarator: &&ast::Declarator| declarator.by_reference;
        if let Some(wrong) = local.declarators.iter().find(by_reference) {
            return Err(self.no_reference(&wrong.name));
        }
        let declared = self.declarators(local, None)?;
        let statements: Vec<Statement> = declared
            .into_iter()
            .filter_map(|(_, store)| store.map(Statement::Expression))
            .collect();
        Ok(many(statements))
    }

    /// The variables of a declaration with the nodes that set them.
    pub(super) fn declarators(
        &mut self,
        local: &'a LocalDeclaration,
        fixed: Option<Fixed>,
    ) -> Bind<Vec<(Variable, Option<Node>)>> {
        let var = matches!(local.ty.kind, ast::TypeKind::Var);
        let ty = match var {
            true => None,
            false => match self.type_syntax(&local.ty) {
                Ok(Type::Void) => {
                    self.error(
                        "CS1547",
                        "Keyword 'void' cannot be used in this context",
                        local.ty.range,
                    );
                    None
                }
                Ok(ty) => Some(ty),
                Err(Reported) => {
                    for declarator in &local.declarators {
                        self.declare(&declarator.name, None, None);
                    }
                    return Err(Reported);
                }
            },
        };
        if var && local.declarators.len() > 1 {
            self.error(
                "CS0819",
                "Implicitly-typed variables cannot have multiple declarators",
                local.ty.range,
            );
        }
        let constant = local.modifier == LocalModifier::Const;
        if constant && var {
            self.error(
                "CS0822",
                "Implicitly-typed variables cannot be constant",
                local.ty.range,
            );
        }
        if let (true, Some(ty)) = (constant, &ty)
            && !may_be_constant(ty)
        {
            let message = format!("The type '{ty}' cannot be declared const");
            self.error("CS0283", message, local.ty.range);
        }
        let fixed = if constant {
            Some(Fixed::Constant)
        } else {
            fixed
        };
        let mut declared = Vec::with_capacity(local.declarators.len());
        for declarator in &local.declarators {
            let name = &declarator.name;
            let Some(initializer) = &declarator.initializer else {
                if constant {
                    self.error(
                        "CS0145",
                        "A const field requires a value to be provided",
                        name.range,
                    );
                } else if var {
                    self.error(
                        "CS0818",
                        "Implicitly-typed variables must be initialized",
                        name.range,
                    );
                }
                declared.push((self.declare(name, ty.clone(), fixed), None));
                continue;
            };
            let value = match &ty {
                Some(ty) => {
                    // It is in scope in its own initializer, though not assigned.
                    self.declare(name, Some(ty.clone()), fixed);
                    self.initial(initializer, ty).map(|node| Typed {
                        node,
                        ty: ty.clone(),
                    })
                }
                None => self.inferred_initial(initializer, name.range),
            };
            let declared_before = match &ty {
                Some(_) => self.variable(&name.name).map(|(_, variable)| variable),
                None => None,
            };
            let Ok(value) = value else {
                if declared_before.is_none() {
                    self.declare(name, ty.clone(), fixed);
                }
                continue;
            };
            let variable = match declared_before {
                Some(variable) => variable,
                None => self.declare(name, Some(value.ty.clone()), fixed),
            };
            if constant {
                if value.ty.is_reference() && !value.ty.is_string() {
                    let null = matches!(value.node.op, Op::Constant(Value::Null));
                    if !null {
                        let message = format!(
                            "'{}' is of type '{}'. A const field of a reference type other than string can only be initialized with null.",
                            name.name, value.ty
                        );
                        self.error("CS0134", message, initializer.range);
                        continue;
                    }
                }
                let Some(constant) = value.as_constant().cloned() else {
                    self.error(
                        "CS0133",
                        format!(
                            "The expression being assigned to '{}' must be constant",
                            name.name
                        ),
                        initializer.range,
                    );
                    continue;
                };
                if let Some(known) = self.frames.last_mut().and_then(|f| f.find_mut(&name.name)) {
                    known.constant = Some(constant);
                }
                declared.push((variable, None));
                continue;
            }
            let store = self.store(&variable, value.node, name.range.to(initializer.range));
            declared.push((variable, Some(store)));
        }
        Ok(declared)
    }

    pub(super) fn initial(&mut self, initializer: &'a Expr, ty: &Type) -> Bind<Node> {
        if let (ExprKind::ArrayInitializer(items), Type::Array(element, rank)) =
            (&initializer.kind, ty)
        {
            return self.array_items(items, element, *rank, initializer.range);
        }
        let value = self.expression(initializer)?;
        self.convert(value, ty, initializer.range)
    }

    fn inferred_initial(&mut self, initializer: &'a Expr, at: Range32) -> Bind<Typed> {
        if let ExprKind::ArrayInitializer(_) = initializer.kind {
            return Err(self.error(
                "CS0820",
                "Cannot initialize an implicitly-typed variable with an array initializer",
                at,
            ));
        }
        let value = self.natural(initializer)?;
        let what = match &value {
            Bound::Value(value) if value.ty == Type::Null => "<null>",
            Bound::Value(value) if value.ty == Type::Void => "void",
            Bound::Lambda(..) | Bound::Methods(_) => {
                return Err(self.error(
                    "CS8370",
                    "Feature 'inferred delegate type' is not available in C# 7.3. Please use language version 10.0 or greater.",
                    initializer.range,
                ));
            }
            Bound::Value(_) => {
                let Bound::Value(value) = value else {
                    return Err(Reported);
                };
                return Ok(value);
            }
            Bound::Tuple(..) => {
                let what = self.display_bound(&value);
                let message = format!("Cannot assign {what} to an implicitly-typed variable");
                return Err(self.error("CS0815", message, at.to(initializer.range)));
            }
            other => return Err(self.not_a_value(other, initializer.range)),
        };
        Err(self.error(
            "CS0815",
            format!("Cannot assign {what} to an implicitly-typed variable"),
            at.to(initializer.range),
        ))
    }

    fn return_statement(&mut self, value: Option<&'a Expr>, range: Range32) -> Bind<Statement> {
        let finally = self
            .frames
            .last()
            .is_some_and(|frame| frame.enclosing.contains(&Enclosing::Finally));
        if finally {
            return Err(self.error(
                "CS0157",
                "Control cannot leave the body of a finally clause",
                range,
            ));
        }
        if self.frame()?.yields.is_some() {
            let message = "Cannot return a value from an iterator. Use the yield return statement to return a value, or yield break to end the iteration.";
            return Err(self.error("CS1622", message, range));
        }
        let returns = self.frame()?.returns.clone();
        let Some(expr) = value else {
            return match returns {
                Returns::Void | Returns::Infer => Ok(Statement::Return(None)),
                Returns::Type(ty) => Err(self.error(
                    "CS0126",
                    format!("An object of a type convertible to '{ty}' is required"),
                    range,
                )),
            };
        };
        match &returns {
            Returns::Void => {
                self.expression(expr)?;
                let (code, message) = match self.frame()?.is_lambda {
                    true => (
                        "CS8030",
                        "Anonymous function converted to a void returning delegate cannot return a value",
                    ),
                    false => (
                        "CS0127",
                        "Since this function returns void, a return keyword must not be followed by an object expression",
                    ),
                };
                Err(self.error(code, message, range))
            }
            Returns::Infer => self
                .returned_expression(expr, &returns)
                .map(|node| Statement::Return(Some(node))),
            Returns::Type(ty) => {
                let value = self.expression(expr)?;
                if let Bound::Throw(_) = value {
                    return Err(self.not_a_value(&value, expr.range));
                }
                self.note_returned(&value)?;
                let node = self.convert(value, ty, expr.range)?;
                Ok(Statement::Return(Some(node)))
            }
        }
    }
}

/// Whether a `const` may be of the type.
fn may_be_constant(ty: &Type) -> bool {
    ty.is_reference() || ty.is_enum() || kind_of(ty) != Kind::Other
}

/// Several statements as one.
pub(super) fn many(mut statements: Vec<Statement>) -> Statement {
    match statements.len() {
        1 => statements.pop().unwrap_or_else(empty),
        _ => Statement::Block {
            cells: Box::default(),
            functions: Box::default(),
            statements: statements.into(),
        },
    }
}
