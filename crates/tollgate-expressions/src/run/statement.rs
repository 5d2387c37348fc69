//! Statements.

use std::sync::Arc;

use tollgate_dotnet::{Throw, Value, ops};

use super::{Frame, Taker};
use crate::typed::{Case, Catch, Label, Node, Op, Slot, Statement};

/// Where to go after a statement.
#[derive(Debug)]
pub(super) enum Flow {
    /// To the next one.
    Next,
    Break,
    Continue,
    /// To a section of the innermost switch.
    Section(u32),
    /// To a label around.
    Label(Label),
    Return(Value),
    /// Out of an iterator, to come back.
    Yield(Value),
}

/// What a loop does after its body.
pub(super) enum Turn {
    Again,
    Leave(Flow),
}

impl Turn {
    pub(super) fn after(flow: Flow) -> Self {
        match flow {
            Flow::Next | Flow::Continue => Turn::Again,
            Flow::Break => Turn::Leave(Flow::Next),
            other => Turn::Leave(other),
        }
    }
}

/// Where a label stands among statements.
pub(super) fn place_of(statements: &[Statement], label: Label) -> Option<usize> {
    statements
        .iter()
        .position(|statement| matches!(statement, Statement::Label(known) if *known == label))
}

impl Frame<'_, '_> {
    pub(super) fn run(&mut self, statement: &Statement) -> Result<Flow, Throw> {
        match statement {
            Statement::Expression(node) => self.discard(node).map(|()| Flow::Next),
            Statement::Block {
                cells,
                functions,
                statements,
            } => self.block(cells, functions, statements),
            Statement::If {
                condition,
                then,
                otherwise,
            } => {
                if self.truth(condition)? {
                    self.run(then)
                } else if let Some(otherwise) = otherwise {
                    self.run(otherwise)
                } else {
                    Ok(Flow::Next)
                }
            }
            Statement::While { condition, body } => self.while_loop(condition, body),
            Statement::DoWhile { body, condition } => self.do_while(body, condition),
            Statement::For {
                init,
                condition,
                step,
                body,
            } => self.for_loop(init, condition.as_ref(), step, body),
            Statement::ForEach {
                source, item, body, ..
            } => self.for_each(source, *item, body),
            Statement::Switch {
                subject,
                cases,
                default,
                sections,
            } => self.switch(subject, cases, *default, sections),
            Statement::Break => Ok(Flow::Break),
            Statement::Continue => Ok(Flow::Continue),
            Statement::GotoSection(section) => Ok(Flow::Section(*section)),
            Statement::Label(_) => Ok(Flow::Next),
            Statement::Goto(label) => Ok(Flow::Label(*label)),
            Statement::Return(None) => Ok(Flow::Return(Value::Null)),
            Statement::Return(Some(node)) => self.value(node).map(Flow::Return),
            // Only iterators have it, and `advance` runs those.
            Statement::Yield(node) => self.value(node).map(Flow::Yield),
            Statement::Throw(node) => Err(self.thrown(node.as_ref())?),
            Statement::Try {
                body,
                catches,
                finally,
            } => self.try_statement(body, catches, finally.as_deref()),
        }
    }

    fn block(
        &mut self,
        cells: &[Slot],
        functions: &[Node],
        statements: &[Statement],
    ) -> Result<Flow, Throw> {
        self.enter_block(cells, functions)?;
        self.all(statements)
    }

    pub(super) fn enter_block(&mut self, cells: &[Slot], functions: &[Node]) -> Result<(), Throw> {
        self.guard()?;
        for slot in cells {
            self.new_cell(*slot, Value::Null)?;
        }
        for function in functions {
            self.discard(function)?;
        }
        Ok(())
    }

    pub(super) fn all(&mut self, statements: &[Statement]) -> Result<Flow, Throw> {
        let mut rest = statements.iter();
        while let Some(statement) = rest.next() {
            match self.run(statement)? {
                Flow::Next => {}
                Flow::Label(label) => match place_of(statements, label) {
                    Some(place) => {
                        self.machine.step(1)?;
                        rest = statements.get(place..).unwrap_or_default().iter();
                    }
                    None => return Ok(Flow::Label(label)),
                },
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    /// Goes on in a section of a switch at a label.
    fn resume(&mut self, section: &Statement, label: Label) -> Result<Flow, Throw> {
        let Statement::Block { statements, .. } = section else {
            return Ok(Flow::Label(label));
        };
        match place_of(statements, label) {
            Some(place) => {
                self.machine.step(1)?;
                self.all(statements.get(place..).unwrap_or_default())
            }
            None => Ok(Flow::Label(label)),
        }
    }

    /// Runs an expression for its effect. Assignments then need not copy what they yield.
    pub(super) fn discard(&mut self, node: &Node) -> Result<(), Throw> {
        match &node.op {
            Op::Assign(slot, value) => {
                let value = self.value(value)?;
                self.set_slot(*slot, value);
            }
            Op::AssignCell(slot, value) => {
                let value = self.value(value)?;
                self.set_cell(*slot, value);
            }
            Op::Sequence(nodes) => {
                for node in nodes {
                    self.discard(node)?;
                }
            }
            _ => {
                self.value(node)?;
            }
        }
        Ok(())
    }

    fn while_loop(&mut self, condition: &Node, body: &Statement) -> Result<Flow, Throw> {
        while self.truth(condition)? {
            if let Turn::Leave(flow) = self.turn(body)? {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn do_while(&mut self, body: &Statement, condition: &Node) -> Result<Flow, Throw> {
        loop {
            if let Turn::Leave(flow) = self.turn(body)? {
                return Ok(flow);
            }
            if !self.truth(condition)? {
                return Ok(Flow::Next);
            }
        }
    }

    fn for_loop(
        &mut self,
        init: &[Statement],
        condition: Option<&Node>,
        step: &[Node],
        body: &Statement,
    ) -> Result<Flow, Throw> {
        self.all(init)?;
        loop {
            if let Some(condition) = condition
                && !self.truth(condition)?
            {
                return Ok(Flow::Next);
            }
            if let Turn::Leave(flow) = self.turn(body)? {
                return Ok(flow);
            }
            for node in step {
                self.discard(node)?;
            }
        }
    }

    fn for_each(&mut self, source: &Node, item: Slot, body: &Statement) -> Result<Flow, Throw> {
        let source = self.value(source)?;
        let mut elements = ops::iterate(self.machine, &source)?;
        while let Some(element) = elements.next(self.machine)? {
            self.set_slot(item, element);
            match self.turn(body) {
                Ok(Turn::Again) => {}
                Ok(Turn::Leave(flow)) => return elements.close(self.machine).map(|()| flow),
                Err(throw) => {
                    if !throw.exception().fatal {
                        elements.close(self.machine)?;
                    }
                    return Err(throw);
                }
            }
        }
        Ok(Flow::Next)
    }

    /// One turn of a loop.
    fn turn(&mut self, body: &Statement) -> Result<Turn, Throw> {
        self.machine.step(1)?;
        self.run(body).map(Turn::after)
    }

    fn switch(
        &mut self,
        subject: &Node,
        cases: &[Case],
        default: Option<u32>,
        sections: &[Statement],
    ) -> Result<Flow, Throw> {
        let mut target = self.section(subject, cases, default)?;
        while let Some(section) = target.and_then(|target| sections.get(super::index(target))) {
            let mut flow = self.run(section)?;
            while let Flow::Label(label) = flow {
                let has = |section: &&Statement| matches!(section, Statement::Block { statements, .. } if place_of(statements, label).is_some());
                match sections.iter().find(has) {
                    Some(other) => flow = self.resume(other, label)?,
                    None => return Ok(flow),
                }
            }
            match flow {
                Flow::Section(next) => {
                    self.machine.step(1)?;
                    target = Some(next);
                }
                Flow::Break => return Ok(Flow::Next),
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    /// The section of a switch that its subject leads to.
    pub(super) fn section(
        &mut self,
        subject: &Node,
        cases: &[Case],
        default: Option<u32>,
    ) -> Result<Option<u32>, Throw> {
        self.discard(subject)?;
        for case in cases {
            if self.truth(&case.test)? {
                return Ok(Some(case.section));
            }
        }
        Ok(default)
    }

    /// The exception that `throw` throws; evaluating it may throw another.
    pub(super) fn thrown(&mut self, node: Option<&Node>) -> Result<Throw, Throw> {
        match node {
            Some(node) => {
                let exception = self.value(node)?;
                Ok(Throw::of_object(&exception).at(node.start, node.end))
            }
            None => Ok(self.caught.clone().unwrap_or_else(Throw::null_reference)),
        }
    }

    fn try_statement(
        &mut self,
        body: &Statement,
        catches: &Arc<[Catch]>,
        finally: Option<&Statement>,
    ) -> Result<Flow, Throw> {
        self.machine.step(2)?;
        if catches.is_empty() {
            let outcome = self.run(body);
            return self.last(outcome, finally);
        }
        self.handlers.push(catches.clone());
        let outcome = self.run(body);
        self.handlers.pop();
        let outcome = match outcome {
            Err(throw) if !throw.exception().fatal => self.catch(throw, catches),
            other => other,
        };
        self.last(outcome, finally)
    }

    /// The end of a `try`: its `finally`. The filters around are asked before it runs.
    pub(super) fn last(
        &mut self,
        outcome: Result<Flow, Throw>,
        finally: Option<&Statement>,
    ) -> Result<Flow, Throw> {
        let Some(finally) = finally else {
            return outcome;
        };
        if let Err(throw) = &outcome {
            // When a limit has run out, nothing of the policy runs any more.
            if throw.exception().fatal {
                return outcome;
            }
            if self.taker.is_none() {
                self.taker = Some(self.taker(throw)?);
            }
        }
        let taker = self.taker.take();
        self.run(finally)?;
        self.taker = taker;
        outcome
    }

    /// Which clause around takes the exception.
    fn taker(&mut self, throw: &Throw) -> Result<Taker, Throw> {
        for handler in (0..self.handlers.len()).rev() {
            let Some(catches) = self.handlers.get(handler).cloned() else {
                break;
            };
            for (clause, catch) in catches.iter().enumerate() {
                if self.catches(catch, throw)? {
                    return Ok(Taker::Clause { handler, clause });
                }
            }
        }
        Ok(Taker::Nobody)
    }

    fn catch(&mut self, throw: Throw, catches: &[Catch]) -> Result<Flow, Throw> {
        // Making an exception costs far more than a turn of a loop; a long message was made of something long.
        self.machine.step(16)?;
        let made = throw.exception().message.len();
        self.machine.pass(made.saturating_mul(16))?;
        let chosen = match self.taker {
            None => {
                let mut found = None;
                for clause in catches {
                    if self.catches(clause, &throw)? {
                        found = Some(clause);
                        break;
                    }
                }
                found
            }
            Some(Taker::Clause { handler, clause }) if handler == self.handlers.len() => {
                self.taker = None;
                catches.get(clause)
            }
            // It was asked already, and said no.
            Some(_) => None,
        };
        let Some(clause) = chosen else {
            return Err(throw);
        };
        let outer = self.caught.replace(throw);
        let outcome = self.run(&clause.body);
        self.caught = outer;
        outcome
    }

    fn catches(&mut self, clause: &Catch, throw: &Throw) -> Result<bool, Throw> {
        let object = throw.object();
        if let Some(ty) = &clause.ty
            && !ops::is_instance(self.machine, &object, ty)
        {
            return Ok(false);
        }
        if let Some(slot) = clause.slot {
            self.set_slot(slot, object);
        }
        match clause.filter.as_ref().map(|filter| self.truth(filter)) {
            None => Ok(true),
            Some(Err(inner)) if !inner.exception().fatal => Ok(false),
            Some(outcome) => outcome,
        }
    }
}
