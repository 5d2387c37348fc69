//! Declarations of variables.

use tollgate_dotnet::Type;
use tollgate_syntax::csharp::ast::{
    ArgumentModifier, Designation, Identifier, Range32, Stmt, StmtKind,
};

use super::types::kind_of;
use super::{Bind, Binder, node};
use crate::scope::{Fixed, Scope, Variable};
use crate::typed::{Kind, Node, Op, Statement, Target};

impl<'a> Binder<'a> {
    /// Notes the names that a block's statements will declare, so that a use before is seen.
    pub(super) fn announce(&mut self, statements: &[Stmt]) {
        for statement in statements {
            let mut statement = statement;
            while let StmtKind::Labeled {
                label,
                statement: inner,
            } = &statement.kind
            {
                self.announce_label(label);
                statement = inner;
            }
            match &statement.kind {
                StmtKind::Local(local) => {
                    for declarator in &local.declarators {
                        self.pending(&declarator.name);
                    }
                }
                StmtKind::LocalFunction(function) => self.pending(&function.name),
                _ => {}
            }
        }
    }

    fn announce_label(&mut self, label: &Identifier) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        let known = |scope: &Scope| scope.labels.iter().any(|(name, ..)| *name == label.name);
        let (here, outside) = match frame.scopes.split_last() {
            Some((here, outside)) => (known(here), outside.iter().any(known)),
            None => return,
        };
        let (number, around) = (frame.labels, frame.enclosing.len());
        frame.labels += 1;
        if let Some(scope) = frame.scopes.last_mut() {
            scope.labels.push((label.name.clone(), number, around));
        }
        let name = &label.name;
        if here {
            self.error(
                "CS0140",
                format!("The label '{name}' is a duplicate"),
                label.range,
            );
        } else if outside {
            let message = format!(
                "The label '{name}' shadows another label by the same name in a contained scope"
            );
            self.error("CS0158", message, label.range);
        }
    }

    fn pending(&mut self, name: &Identifier) {
        if !self.name_is_free(name) {
            return;
        }
        let cell = self.cells.contains(&name.range.start);
        let Ok(frame) = self.frame() else {
            return;
        };
        let slot = frame.slot(Some(&name.name));
        if let Some(scope) = frame.scopes.last_mut() {
            if cell {
                scope.cells.push(slot);
            }
            scope.variables.push(Variable {
                name: name.name.clone(),
                ty: None,
                slot,
                cell,
                at: name.range.start,
                constant: None,
                fixed: None,
                declared: false,
                reference: false,
                function: None,
            });
        }
    }

    /// Whether the name may be declared here; reports CS0128 or CS0136.
    fn name_is_free(&mut self, name: &Identifier) -> bool {
        let text = &*name.name;
        if self.variable(text).is_none() {
            return true;
        }
        let innermost = self.frames.last().and_then(|frame| frame.scopes.last());
        let here = innermost.is_some_and(|scope| scope.find(text).is_some());
        if here {
            self.error(
                "CS0128",
                format!(
                    "A local variable or function named '{text}' is already defined in this scope"
                ),
                name.range,
            );
        } else {
            self.error(
                "CS0136",
                format!(
                    "A local or parameter named '{text}' cannot be declared in this scope because that name is used in an enclosing local scope to define a local or parameter"
                ),
                name.range,
            );
        }
        false
    }

    /// Declares a variable in the innermost scope. With no type, its uses are silent: its initializer was reported.
    pub(super) fn declare(
        &mut self,
        name: &Identifier,
        ty: Option<Type>,
        fixed: Option<Fixed>,
    ) -> Variable {
        self.note_declared(name, ty.as_ref());
        let announced = self.frames.last_mut().and_then(|frame| {
            frame
                .scopes
                .iter_mut()
                .rev()
                .flat_map(|scope| &mut scope.variables)
                .find(|variable| {
                    !variable.declared
                        && variable.at == name.range.start
                        && *variable.name == *name.name
                })
        });
        if let Some(variable) = announced {
            variable.ty = ty;
            variable.fixed = fixed;
            variable.declared = true;
            return variable.clone();
        }
        self.name_is_free(name);
        let mut variable = Variable {
            name: name.name.clone(),
            ty,
            slot: 0,
            cell: self.cells.contains(&name.range.start),
            at: name.range.start,
            constant: None,
            fixed,
            declared: true,
            reference: false,
            function: None,
        };
        if let Some(frame) = self.frames.last_mut() {
            variable.slot = frame.slot(Some(&name.name));
            if let Some(scope) = frame.scopes.last_mut() {
                if variable.cell {
                    scope.cells.push(variable.slot);
                }
                scope.variables.push(variable.clone());
            }
        }
        variable
    }

    /// Declares a parameter: the next slot of the frame. One by reference gets the caller's cell.
    pub(super) fn parameter(&mut self, name: &Identifier, ty: Type, mode: ArgumentModifier) {
        let by_reference = matches!(mode, ArgumentModifier::Ref | ArgumentModifier::Out);
        let variable = self.declare(name, Some(ty), None);
        let scope = self
            .frames
            .last_mut()
            .and_then(|frame| frame.scopes.last_mut());
        let Some(scope) = scope else {
            return;
        };
        if by_reference {
            scope.cells.retain(|slot| *slot != variable.slot);
        }
        let known = scope
            .variables
            .iter_mut()
            .find(|known| known.slot == variable.slot);
        if let Some(known) = known {
            known.cell |= by_reference;
            known.reference = mode != ArgumentModifier::None;
            if mode == ArgumentModifier::In {
                known.fixed = Some(Fixed::In);
            }
        }
    }

    /// The cell of a variable that is passed by reference to a local function.
    pub(super) fn reference(&mut self, target: &Target, at: Option<u32>, range: Range32) -> Node {
        if let Some(at) = at {
            // In the pass after this one it lives in a cell.
            self.facts.entry(at).or_default().captured_early = true;
        }
        let op = match target {
            Target::Local(slot) | Target::Cell(slot) => Op::Local(*slot),
            Target::Discard => Op::Constant(tollgate_dotnet::Value::Null),
        };
        node(op, Kind::Other, range)
    }

    /// The node that puts a value into a variable.
    pub(super) fn store(&self, variable: &Variable, value: Node, range: Range32) -> Node {
        let kind = variable.ty.as_ref().map_or(value.kind, kind_of);
        let op = match variable.cell {
            true => Op::AssignCell(variable.slot, value.into()),
            false => Op::Assign(variable.slot, value.into()),
        };
        node(op, kind, range)
    }

    /// Declares what an `out var x` names, and says where the value goes.
    pub(super) fn out_target(&mut self, designation: &Designation, ty: &Type) -> Target {
        match designation {
            Designation::Variable(name) => {
                let variable = self.declare(name, Some(ty.clone()), None);
                match variable.cell {
                    true => Target::Cell(variable.slot),
                    false => Target::Local(variable.slot),
                }
            }
            Designation::Discard(_) | Designation::Tuple(_) => Target::Discard,
        }
    }

    /// Runs `action` in a new scope; the statement it gives is put in a block that makes the scope's cells.
    pub(super) fn scoped(
        &mut self,
        action: impl FnOnce(&mut Self) -> Bind<Statement>,
    ) -> Bind<Statement> {
        let depth = self.frames.len();
        if let Ok(frame) = self.frame() {
            frame.scopes.push(Scope::default());
        }
        let result = action(self);
        let scope = self
            .frames
            .get_mut(depth.saturating_sub(1))
            .and_then(|frame| frame.scopes.pop())
            .unwrap_or_default();
        let statement = result?;
        Ok(match scope.cells.is_empty() {
            true => statement,
            false => Statement::Block {
                cells: scope.cells.into(),
                functions: Box::default(),
                statements: [statement].into(),
            },
        })
    }
}
