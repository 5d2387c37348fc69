//! Statements.

use std::sync::Arc;

use tollgate_dotnet::{MemberKind, Parameter, ParameterMode, Type, Value};
use tollgate_syntax::csharp::ast::{
    self, ArgumentModifier, Expr, ExprKind, ForEachVariable, ForInit, LocalDeclaration,
    LocalModifier, Range32, Stmt, StmtKind, UnaryOp, UsingResource,
};

use super::call::sequence;
use super::lambda::is_statement;
use super::types::{element_type, kind_of};
use super::{Bind, Binder, Bound, Reported, Typed, empty, node};
use crate::flow;
use crate::scope::{Enclosing, Fixed, Frame, Returns, Scope, Signature, Variable};
use crate::typed::{Body, Catch, Kind, Node, Op, Over, Statement};

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
        let mut rest = statements.iter();
        while let Some(statement) = rest.next() {
            if let StmtKind::Local(local) = &statement.kind
                && local.modifier == LocalModifier::Using
            {
                let body = rest.as_slice();
                if let Ok(using) = self.using_local(local, body, statement.range) {
                    bound.push(using);
                }
                break;
            }
            match self.block_statement(statement, &mut functions) {
                Ok(Some(statement)) => bound.push(statement),
                Ok(None) | Err(Reported) => {}
            }
        }
        (functions, bound)
    }

    fn block_statement(
        &mut self,
        statement: &'a Stmt,
        functions: &mut Vec<Node>,
    ) -> Bind<Option<Statement>> {
        match &statement.kind {
            StmtKind::LocalFunction(function) => {
                functions.push(self.local_function(function, statement.range)?);
                Ok(None)
            }
            StmtKind::Empty => Ok(None),
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
            StmtKind::Goto(_) | StmtKind::Labeled { .. } => {
                return Err(self.unsupported("goto and labels", range));
            }
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
                let target = self.value(target)?;
                let body = self.embedded(body)?;
                Statement::Block {
                    cells: Box::default(),
                    functions: Box::default(),
                    statements: [Statement::Expression(target.node), body].into(),
                }
            }
            StmtKind::YieldReturn(_) | StmtKind::YieldBreak => {
                return Err(self.error(
                    "CS1624",
                    "The body of 'Eval' cannot be an iterator block because 'object' is not an iterator interface type",
                    range,
                ));
            }
            StmtKind::Checked(block) => self.with_overflow_block(true, block),
            StmtKind::Unchecked(block) => self.with_overflow_block(false, block),
        })
    }

    /// A statement under `if` or a loop: declares in a scope of its own.
    fn embedded(&mut self, statement: &'a Stmt) -> Bind<Statement> {
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
    fn effect(&mut self, expr: &'a Expr) -> Bind<Node> {
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

    /// `T a = 1, b;`.
    fn local(&mut self, local: &'a LocalDeclaration) -> Bind<Statement> {
        let declared = self.declarators(local, None)?;
        let statements: Vec<Statement> = declared
            .into_iter()
            .filter_map(|(_, store)| store.map(Statement::Expression))
            .collect();
        Ok(many(statements))
    }

    /// The variables of a declaration with the nodes that set them.
    fn declarators(
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
        let fixed = if constant {
            Some(Fixed::Constant)
        } else {
            fixed
        };
        let mut declared = Vec::with_capacity(local.declarators.len());
        for declarator in &local.declarators {
            let name = &declarator.name;
            let Some(initializer) = &declarator.initializer else {
                if var {
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
                Some(ty) => self.initial(initializer, ty).map(|node| Typed {
                    node,
                    ty: ty.clone(),
                }),
                None => self.inferred_initial(initializer, name.range),
            };
            let Ok(value) = value else {
                self.declare(name, ty.clone(), fixed);
                continue;
            };
            let variable = self.declare(name, Some(value.ty.clone()), fixed);
            if constant {
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

    fn initial(&mut self, initializer: &'a Expr, ty: &Type) -> Bind<Node> {
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
        let value = self.expression(initializer)?;
        let what = match &value {
            Bound::Value(value) if value.ty == Type::Null => "<null>",
            Bound::Value(value) if value.ty == Type::Void => "void",
            Bound::Lambda(..) => "lambda expression",
            Bound::Methods(_) => "method group",
            Bound::Value(_) => {
                let Bound::Value(value) = value else {
                    return Err(Reported);
                };
                return Ok(value);
            }
            other => return Err(self.not_a_value(other, initializer.range)),
        };
        Err(self.error(
            "CS0815",
            format!("Cannot assign {what} to an implicitly-typed variable"),
            at.to(initializer.range),
        ))
    }

    fn for_loop(&mut self, for_loop: &'a ast::For) -> Bind<Statement> {
        let init = match &for_loop.init {
            ForInit::Declaration(local) => {
                for declarator in &local.declarators {
                    let _ = declarator;
                }
                self.local(local).map(|statement| vec![statement])
            }
            ForInit::Expressions(exprs) => exprs
                .iter()
                .map(|expr| self.effect(expr).map(Statement::Expression))
                .collect(),
        };
        let condition = for_loop
            .condition
            .as_ref()
            .map(|condition| self.condition(condition))
            .transpose();
        let step: Bind<Vec<Node>> = for_loop.step.iter().map(|expr| self.effect(expr)).collect();
        let body = self.within(Enclosing::Loop, |binder| binder.embedded(&for_loop.body));
        Ok(Statement::For {
            init: init?.into(),
            condition: condition?,
            step: step?.into(),
            body: Box::new(body?),
        })
    }

    fn for_each(&mut self, each: &'a ast::ForEach, range: Range32) -> Bind<Statement> {
        let source = self.value(&each.source);
        let element = match &source {
            Ok(source) => match element_type(self.registry, &source.ty) {
                Some(element) => Ok(element),
                None => {
                    let ty = source.ty.clone();
                    Err(self.error(
                        "CS1579",
                        format!(
                            "foreach statement cannot operate on variables of type '{ty}' because '{ty}' does not contain a public instance or extension definition for 'GetEnumerator'"
                        ),
                        each.source.range,
                    ))
                }
            },
            Err(Reported) => Err(Reported),
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.scopes.push(Scope::default());
        }
        let bound = self.for_each_body(each, element.ok(), range);
        let cells = self
            .frames
            .last_mut()
            .and_then(|frame| frame.scopes.pop())
            .map(|scope| scope.cells)
            .unwrap_or_default();
        let (item, setup, body) = bound?;
        let source = source?;
        let over = match &source.ty {
            Type::Array(..) => Over::Array,
            ty if ty.is_string() => Over::String,
            _ => Over::Enumerable,
        };
        let body = match setup.is_empty() && cells.is_empty() {
            true => body,
            false => {
                let mut statements: Vec<Statement> =
                    setup.into_iter().map(Statement::Expression).collect();
                statements.push(body);
                Statement::Block {
                    cells: cells.into(),
                    functions: Box::default(),
                    statements: statements.into(),
                }
            }
        };
        Ok(Statement::ForEach {
            source: source.node,
            over,
            item,
            body: Box::new(body),
        })
    }

    /// The slot that takes each element, what is done with it, and the body.
    fn for_each_body(
        &mut self,
        each: &'a ast::ForEach,
        element: Option<Type>,
        range: Range32,
    ) -> Bind<(u32, Vec<Node>, Statement)> {
        let (item, setup) = match &each.variable {
            ForEachVariable::Variable { ty, name } => {
                let wanted = match ty.kind {
                    ast::TypeKind::Var => element.clone(),
                    _ => self.type_syntax(ty).ok(),
                };
                let variable = self.declare(name, wanted.clone(), Some(Fixed::ForEach));
                match (&element, &wanted) {
                    (Some(element), Some(wanted)) => {
                        if !variable.cell && element == wanted {
                            (variable.slot, Vec::new())
                        } else {
                            let slot = self.temporary()?;
                            let value = Typed::new(Op::Local(slot), element.clone(), name.range);
                            let value = self.cast(Bound::Value(value), wanted, ty.range)?;
                            let store = self.store(&variable, value.node, name.range);
                            (slot, vec![store])
                        }
                    }
                    _ => (variable.slot, Vec::new()),
                }
            }
            ForEachVariable::Deconstruction(target) => {
                let slot = self.temporary()?;
                let element = element.clone().ok_or(Reported)?;
                let value = Typed::new(Op::Local(slot), element, range);
                let taken = self.deconstruct(target, Bound::Value(value), target.range)?;
                (slot, vec![taken.node])
            }
        };
        let body = self.within(Enclosing::Loop, |binder| binder.embedded(&each.body))?;
        if element.is_none() {
            return Err(Reported);
        }
        Ok((item, setup, body))
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
                Err(self.error(
                    "CS0127",
                    "Since this function returns void, a return keyword must not be followed by an object expression",
                    range,
                ))
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

    fn try_statement(&mut self, tried: &'a ast::Try) -> Bind<Statement> {
        let body = self.block(&tried.block.statements);
        let mut catches = Vec::with_capacity(tried.catches.len());
        let mut seen: Vec<Type> = Vec::new();
        let mut failed = false;
        for clause in &tried.catches {
            match self.catch(clause, &mut seen) {
                Ok(catch) => catches.push(catch),
                Err(Reported) => failed = true,
            }
        }
        let finally = tried
            .finally
            .as_ref()
            .map(|block| self.within(Enclosing::Finally, |binder| binder.block(&block.statements)));
        if failed {
            return Err(Reported);
        }
        Ok(Statement::Try {
            body: Box::new(body),
            catches: catches.into(),
            finally: finally.map(Box::new),
        })
    }

    fn catch(&mut self, clause: &'a ast::CatchClause, seen: &mut Vec<Type>) -> Bind<Catch> {
        let ty = match &clause.ty {
            None => None,
            Some(syntax) => {
                let ty = self.type_syntax(syntax)?;
                if !self.registry.is_assignable(&ty, &Type::exception()) {
                    return Err(self.error(
                        "CS0155",
                        "The type caught or thrown must be derived from System.Exception",
                        syntax.range,
                    ));
                }
                let caught = seen
                    .iter()
                    .find(|earlier| self.registry.is_assignable(&ty, earlier))
                    .cloned();
                if let Some(earlier) = caught {
                    return Err(self.error(
                        "CS0160",
                        format!(
                            "A previous catch clause already catches all exceptions of this or of a super type ('{earlier}')"
                        ),
                        syntax.range,
                    ));
                }
                if clause.filter.is_none() {
                    seen.push(ty.clone());
                }
                Some(ty)
            }
        };
        if let Some(frame) = self.frames.last_mut() {
            frame.scopes.push(Scope::default());
        }
        let result = self.catch_body(clause, ty);
        if let Some(frame) = self.frames.last_mut() {
            frame.scopes.pop();
        }
        result
    }

    fn catch_body(&mut self, clause: &'a ast::CatchClause, ty: Option<Type>) -> Bind<Catch> {
        let mut slot = None;
        let mut cell = None;
        if let Some(name) = &clause.name {
            let variable = self.declare(name, ty.clone(), None);
            if variable.cell {
                let held = self.temporary()?;
                let local = node(Op::Local(held), Kind::Other, name.range);
                cell = Some(node(
                    Op::NewCell(variable.slot, local.into()),
                    Kind::Void,
                    name.range,
                ));
                slot = Some(held);
            } else {
                slot = Some(variable.slot);
            }
        }
        let filter = clause
            .filter
            .as_ref()
            .map(|filter| self.condition(filter))
            .transpose()?
            .map(|filter| match &cell {
                Some(cell) => {
                    let range = Range32::new(filter.start, filter.end);
                    sequence(vec![cell.clone(), filter], range)
                }
                None => filter,
            });
        let body = self.within(Enclosing::Catch, |binder| {
            binder.block(&clause.block.statements)
        });
        let body = match cell {
            Some(cell) => many(vec![Statement::Expression(cell), body]),
            None => body,
        };
        Ok(Catch {
            ty,
            slot,
            filter,
            body,
        })
    }

    /// `using var a = b;` and the statements after it, or `using (var a = b) body`.
    fn using_local(
        &mut self,
        local: &'a LocalDeclaration,
        body: &'a [Stmt],
        range: Range32,
    ) -> Bind<Statement> {
        let declared = self.declarators(local, Some(Fixed::Using))?;
        let mut resources = Vec::with_capacity(declared.len());
        for (variable, store) in declared {
            let (Some(store), Some(ty)) = (store, variable.ty.clone()) else {
                return Err(Reported);
            };
            let op = match variable.cell {
                true => Op::Cell(variable.slot),
                false => Op::Local(variable.slot),
            };
            resources.push((store, node(op, kind_of(&ty), range), ty));
        }
        let body = self.block(body);
        self.disposing(resources, body, local.ty.range)
    }

    /// `body` with each resource set before it and disposed after it, last first.
    fn disposing(
        &mut self,
        resources: Vec<(Node, Node, Type)>,
        body: Statement,
        range: Range32,
    ) -> Bind<Statement> {
        let mut result = body;
        for (store, held, ty) in resources.into_iter().rev() {
            let dispose = self.dispose(&held, &ty, range)?;
            result = many(vec![
                Statement::Expression(store),
                Statement::Try {
                    body: Box::new(result),
                    catches: Box::default(),
                    finally: Some(Box::new(dispose)),
                },
            ]);
        }
        Ok(result)
    }

    fn dispose(&mut self, held: &Node, ty: &Type, range: Range32) -> Bind<Statement> {
        let disposable = self
            .registry
            .find("System.IDisposable", 0)
            .map(|table| Type::plain(table.0));
        let implements = disposable
            .as_ref()
            .is_some_and(|disposable| self.registry.is_assignable(ty, disposable));
        let found = [Some(ty.clone()), disposable]
            .into_iter()
            .flatten()
            .filter(|_| implements)
            .find_map(|owner| {
                self.registry
                    .lookup(&owner, "Dispose")
                    .into_iter()
                    .find(|found| {
                        found.info.kind == MemberKind::Method && found.info.parameters.is_empty()
                    })
            });
        let Some(found) = found else {
            return Err(self.error(
                "CS1674",
                format!(
                    "'{ty}': type used in a using statement must be implicitly convertible to 'System.IDisposable'."
                ),
                range,
            ));
        };
        let call = self.call_node(
            found.info,
            &found.owner,
            &[],
            vec![held.clone()],
            Vec::new(),
            range,
        );
        let null = node(Op::IsNull(held.clone().into()), Kind::Bool, range);
        Ok(Statement::If {
            condition: node(Op::Not(null.into()), Kind::Bool, range),
            then: Box::new(Statement::Expression(call)),
            otherwise: None,
        })
    }

    /// Makes the local functions of a block known, so that they can be called before they are written.
    fn signatures(&mut self, statements: &'a [Stmt]) {
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
    fn local_function(&mut self, function: &'a ast::LocalFunction, range: Range32) -> Bind<Node> {
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
        let result = self.function_body(function, &signature, &returns, range);
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
        range: Range32,
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
        let _ = range;
        let count = u32::try_from(signature.parameters.len()).unwrap_or(u32::MAX);
        self.finish(Type::object(), count, body)
    }
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
