//! `try` and `using`.

use std::sync::Arc;

use super::call::sequence;
use super::statement::many;
use super::types::kind_of;
use super::{Bind, Binder, Reported, node};
use crate::scope::{Enclosing, Fixed, Scope};
use crate::typed::{Catch, Kind, Node, Op, Statement};
use tollgate_dotnet::{MemberKind, Type};
use tollgate_syntax::csharp::ast::{self, LocalDeclaration, Range32, Stmt};

impl<'a> Binder<'a> {
    pub(super) fn try_statement(&mut self, tried: &'a ast::Try) -> Bind<Statement> {
        let body = match tried.catches.is_empty() {
            true => self.block(&tried.block.statements),
            false => self.within(Enclosing::Caught, |binder| {
                binder.block(&tried.block.statements)
            }),
        };
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

    /// `using (var a = b) body`.
    pub(super) fn using_local(
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
    pub(super) fn disposing(
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
                    catches: Arc::default(),
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
}
