//! Iterators: functions with `yield`, which stop at each and go on from there.
//!
//! What is left to do is the way down to the `yield`: for each statement around it what it needs to go on. The way is
//! written down while control leaves for the caller, innermost first, and gone down again for the next element.

use std::sync::Arc;

use smallvec::SmallVec;
use tollgate_dotnet::{Iterate, Machine, Sequence, Throw, Value, enumerator, ops};

use super::Frame;
use super::statement::{Flow, Turn, place_of};
use crate::typed::{Body, Function, Iterator, Statement};

/// Where a statement that is not done goes on.
enum Point {
    /// In that statement of a block, or that section of a switch.
    At(usize),
    /// In the first branch of an `if`, or the other.
    Branch(bool),
    /// In a `foreach` over the rest of these.
    Rest(Box<dyn Iterate>),
}

/// The way down, outermost last.
type Way = Vec<Point>;

/// A running iterator.
struct Running {
    function: Arc<Function>,
    captured: SmallVec<[Value; 4]>,
    /// The frame: the arguments until it has begun, nothing when it is done.
    slots: SmallVec<[Value; 6]>,
    way: Way,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    New,
    Stopped,
    Done,
}

/// What a call of an iterator gives: nothing of it has run yet.
pub(super) fn sequence(
    machine: &mut Machine<'_>,
    function: &Arc<Function>,
    captured: &SmallVec<[Value; 4]>,
    arguments: &[Value],
    iterator: &Iterator,
) -> Result<Value, Throw> {
    let values = captured.len() + arguments.len();
    let size = size_of::<Running>() + values * size_of::<Value>();
    machine.heap.charge(size)?;
    let (function, captured) = (function.clone(), captured.clone());
    let slots: SmallVec<[Value; 6]> = arguments.iter().cloned().collect();
    let nested: Vec<Value> = captured.iter().chain(&slots).cloned().collect();
    let start = move || -> Box<dyn Iterate> {
        Box::new(Running {
            function: function.clone(),
            captured: captured.clone(),
            slots: slots.clone(),
            way: Way::new(),
            state: State::New,
        })
    };
    match iterator.runs {
        true => enumerator(machine.heap, iterator.element.clone(), start()),
        false => Value::object(Sequence::new(iterator.element.clone(), start)).nested(&nested),
    }
}

impl Iterate for Running {
    fn next(&mut self, machine: &mut Machine<'_>) -> Result<Option<Value>, Throw> {
        let Body::Block(body) = &self.function.body else {
            return Ok(None);
        };
        let going_on = match self.state {
            State::New => false,
            State::Stopped => true,
            State::Done => return Ok(None),
        };
        // An exception ends it.
        self.state = State::Done;
        machine.step(1)?;
        let depth = super::function::deeper(machine)?;
        let mut frame = Frame::new(machine, std::mem::take(&mut self.slots));
        let begun = match going_on {
            true => frame.guard(),
            false => frame.begin(&self.function, &self.captured),
        };
        let flow = match begun {
            Ok(()) => frame.advance(body, &mut self.way, going_on),
            Err(throw) => Err(throw),
        };
        frame.machine.budget.depth = depth;
        match flow? {
            Flow::Yield(value) => {
                self.slots = std::mem::take(&mut frame.slots);
                self.state = State::Stopped;
                Ok(Some(value))
            }
            _ => Ok(None),
        }
    }

    fn close(&mut self, machine: &mut Machine<'_>) -> Result<(), Throw> {
        if std::mem::replace(&mut self.state, State::Done) != State::Stopped {
            return Ok(());
        }
        let Body::Block(body) = &self.function.body else {
            return Ok(());
        };
        let depth = super::function::deeper(machine)?;
        let mut frame = Frame::new(machine, std::mem::take(&mut self.slots));
        let result = frame.abandon(body, &mut self.way);
        frame.machine.budget.depth = depth;
        result
    }
}

impl Frame<'_, '_> {
    /// Runs a statement to its end or the next `yield`; `going_on` from the one where `way` leads.
    fn advance(
        &mut self,
        statement: &Statement,
        way: &mut Way,
        going_on: bool,
    ) -> Result<Flow, Throw> {
        match statement {
            Statement::Yield(_) if going_on => Ok(Flow::Next),
            Statement::Yield(value) => self.value(value).map(Flow::Yield),
            Statement::Block {
                cells,
                functions,
                statements,
            } => {
                let from = match going_on.then(|| way.pop()) {
                    Some(Some(Point::At(from))) => from,
                    _ => {
                        self.enter_block(cells, functions)?;
                        0
                    }
                };
                self.advance_all(statements, way, from, going_on)
            }
            Statement::If {
                condition,
                then,
                otherwise,
            } => {
                let first = match going_on.then(|| way.pop()) {
                    Some(Some(Point::Branch(first))) => first,
                    _ => self.truth(condition)?,
                };
                let branch = match first {
                    true => Some(then),
                    false => otherwise.as_ref(),
                };
                let Some(branch) = branch else {
                    return Ok(Flow::Next);
                };
                let flow = self.advance(branch, way, going_on)?;
                if let Flow::Yield(_) = flow {
                    way.push(Point::Branch(first));
                }
                Ok(flow)
            }
            Statement::While { condition, body } => {
                let mut going_on = going_on;
                while going_on || self.truth(condition)? {
                    if let Turn::Leave(flow) = self.advance_turn(body, way, going_on)? {
                        return Ok(flow);
                    }
                    going_on = false;
                }
                Ok(Flow::Next)
            }
            Statement::DoWhile { body, condition } => {
                let mut going_on = going_on;
                loop {
                    if let Turn::Leave(flow) = self.advance_turn(body, way, going_on)? {
                        return Ok(flow);
                    }
                    going_on = false;
                    if !self.truth(condition)? {
                        return Ok(Flow::Next);
                    }
                }
            }
            Statement::For {
                init,
                condition,
                step,
                body,
            } => {
                let mut going_on = going_on;
                if !going_on {
                    self.all(init)?;
                }
                loop {
                    if let (false, Some(condition)) = (going_on, condition)
                        && !self.truth(condition)?
                    {
                        return Ok(Flow::Next);
                    }
                    if let Turn::Leave(flow) = self.advance_turn(body, way, going_on)? {
                        return Ok(flow);
                    }
                    going_on = false;
                    for node in step {
                        self.discard(node)?;
                    }
                }
            }
            Statement::ForEach { source, item, body } => {
                let mut going_on = going_on;
                let mut elements = match going_on.then(|| way.pop()) {
                    Some(Some(Point::Rest(elements))) => elements,
                    _ => {
                        let source = self.value(source)?;
                        ops::iterate(self.machine, &source)?
                    }
                };
                loop {
                    if !going_on {
                        match elements.next(self.machine)? {
                            Some(element) => self.set_slot(*item, element),
                            None => return Ok(Flow::Next),
                        }
                    }
                    match self.advance_turn(body, way, going_on) {
                        Ok(Turn::Again) => going_on = false,
                        Ok(Turn::Leave(flow)) => {
                            match flow {
                                Flow::Yield(_) => way.push(Point::Rest(elements)),
                                _ => elements.close(self.machine)?,
                            }
                            return Ok(flow);
                        }
                        Err(throw) => {
                            elements.close(self.machine)?;
                            return Err(throw);
                        }
                    }
                }
            }
            Statement::Switch {
                subject,
                cases,
                default,
                sections,
            } => self.advance_switch(subject, cases, *default, sections, way, going_on),
            // One with `catch` has no `yield` in it.
            Statement::Try {
                body,
                catches,
                finally: Some(finally),
            } if catches.is_empty() => {
                let outcome = self.advance(body, way, going_on);
                match outcome {
                    Ok(Flow::Yield(_)) => outcome,
                    outcome => self.last(outcome, Some(finally)),
                }
            }
            other => self.run(other),
        }
    }

    fn advance_all(
        &mut self,
        statements: &[Statement],
        way: &mut Way,
        from: usize,
        going_on: bool,
    ) -> Result<Flow, Throw> {
        let (mut at, mut going_on) = (from, going_on);
        while let Some(statement) = statements.get(at) {
            match self.advance(statement, way, going_on)? {
                Flow::Next => at += 1,
                Flow::Label(label) => match place_of(statements, label) {
                    Some(place) => {
                        self.machine.step(1)?;
                        at = place;
                    }
                    None => return Ok(Flow::Label(label)),
                },
                flow => {
                    if let Flow::Yield(_) = flow {
                        way.push(Point::At(at));
                    }
                    return Ok(flow);
                }
            }
            going_on = false;
        }
        Ok(Flow::Next)
    }

    fn advance_turn(
        &mut self,
        body: &Statement,
        way: &mut Way,
        going_on: bool,
    ) -> Result<Turn, Throw> {
        self.machine.step(1)?;
        self.advance(body, way, going_on).map(Turn::after)
    }

    fn advance_switch(
        &mut self,
        subject: &crate::typed::Node,
        cases: &[crate::typed::Case],
        default: Option<u32>,
        sections: &[Statement],
        way: &mut Way,
        going_on: bool,
    ) -> Result<Flow, Throw> {
        let mut going_on = going_on;
        let mut target = match going_on.then(|| way.pop()) {
            Some(Some(Point::At(section))) => Some(section),
            _ => self.section(subject, cases, default)?.map(super::index),
        };
        let mut from = None;
        while let Some((index, section)) =
            target.and_then(|target| Some((target, sections.get(target)?)))
        {
            let flow = match (from.take(), section) {
                (Some(place), Statement::Block { statements, .. }) => {
                    self.advance_all(statements, way, place, false)?
                }
                _ => self.advance(section, way, going_on)?,
            };
            going_on = false;
            match flow {
                Flow::Section(next) => {
                    self.machine.step(1)?;
                    target = Some(super::index(next));
                }
                Flow::Label(label) => {
                    let place = |section: &Statement| match section {
                        Statement::Block { statements, .. } => place_of(statements, label),
                        _ => None,
                    };
                    let found = sections.iter().enumerate();
                    let mut found =
                        found.filter_map(|(index, section)| Some((index, place(section)?)));
                    match found.next() {
                        Some((other, place)) => {
                            self.machine.step(1)?;
                            (target, from) = (Some(other), Some(place));
                        }
                        None => return Ok(flow),
                    }
                }
                Flow::Break => return Ok(Flow::Next),
                Flow::Yield(_) => {
                    way.push(Point::At(index));
                    return Ok(flow);
                }
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    /// Runs the `finally`s around the `yield` where `way` leads, inner ones first.
    fn abandon(&mut self, statement: &Statement, way: &mut Way) -> Result<(), Throw> {
        match statement {
            Statement::Block { statements, .. } => match way.pop() {
                Some(Point::At(at)) => match statements.get(at) {
                    Some(statement) => self.abandon(statement, way),
                    None => Ok(()),
                },
                _ => Ok(()),
            },
            Statement::If {
                then, otherwise, ..
            } => match (way.pop(), otherwise) {
                (Some(Point::Branch(true)), _) => self.abandon(then, way),
                (Some(Point::Branch(false)), Some(otherwise)) => self.abandon(otherwise, way),
                _ => Ok(()),
            },
            Statement::While { body, .. }
            | Statement::DoWhile { body, .. }
            | Statement::For { body, .. } => self.abandon(body, way),
            Statement::ForEach { body, .. } => {
                let Some(Point::Rest(mut elements)) = way.pop() else {
                    return Ok(());
                };
                let inner = self.abandon(body, way);
                elements.close(self.machine)?;
                inner
            }
            Statement::Switch { sections, .. } => match way.pop() {
                Some(Point::At(at)) => match sections.get(at) {
                    Some(section) => self.abandon(section, way),
                    None => Ok(()),
                },
                _ => Ok(()),
            },
            Statement::Try {
                body,
                finally: Some(finally),
                ..
            } => {
                let inner = self.abandon(body, way).map(|()| Flow::Next);
                self.last(inner, Some(finally)).map(|_| ())
            }
            _ => Ok(()),
        }
    }
}
