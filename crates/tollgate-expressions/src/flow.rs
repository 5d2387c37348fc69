//! Definite assignment and reachability, on the typed tree. Source: C# specification, Definite assignment.

use std::sync::Arc;

use tollgate_dotnet::Value;

use crate::compile::CompileError;
use crate::typed::{Body, Call, Dynamic, Function, Node, Op, Piece, Slot, Statement, Target};

/// Reports uses of locals that have no value yet (CS0165).
pub(crate) fn check(main: &Function, errors: &mut Vec<CompileError>) {
    let mut flow = Flow::new(main, errors);
    flow.function(State::default());
}

/// Whether control can come to the end of the statement.
pub(crate) fn completes(statement: &Statement) -> bool {
    let mut errors = Vec::new();
    let nothing = Function {
        ty: tollgate_dotnet::Type::Void,
        captures: Box::default(),
        parameters: 0,
        cells: Box::default(),
        slots: 0,
        body: Body::Expression(Node {
            op: Op::Constant(Value::Null),
            kind: crate::typed::Kind::Void,
            start: 0,
            end: 0,
        }),
        names: Box::default(),
    };
    let mut flow = Flow::new(&nothing, &mut errors);
    let mut state = State::default();
    flow.statement(statement, &mut state);
    state.reachable
}

/// Which slots have a value where control is; everything has one where control never is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    assigned: Vec<u64>,
    reachable: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            assigned: Vec::new(),
            reachable: true,
        }
    }
}

impl State {
    fn unreachable() -> Self {
        Self {
            assigned: Vec::new(),
            reachable: false,
        }
    }

    fn assign(&mut self, slot: Slot) {
        let (word, bit) = place(slot);
        if self.assigned.len() <= word {
            self.assigned.resize(word + 1, 0);
        }
        if let Some(bits) = self.assigned.get_mut(word) {
            *bits |= bit;
        }
    }

    fn has(&self, slot: Slot) -> bool {
        let (word, bit) = place(slot);
        !self.reachable || self.assigned.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// What holds when control may come from either.
    fn join(&mut self, other: &State) {
        if !other.reachable {
            return;
        }
        if !self.reachable {
            *self = other.clone();
            return;
        }
        self.assigned.truncate(other.assigned.len());
        for (bits, others) in self.assigned.iter_mut().zip(&other.assigned) {
            *bits &= others;
        }
    }

    /// What holds after both.
    fn also(&mut self, other: &State) {
        self.reachable &= other.reachable;
        for (index, others) in other.assigned.iter().enumerate() {
            if self.assigned.len() <= index {
                self.assigned.push(0);
            }
            if let Some(bits) = self.assigned.get_mut(index) {
                *bits |= others;
            }
        }
    }
}

fn place(slot: Slot) -> (usize, u64) {
    // A slot number is far below the size of memory.
    ((slot / 64) as usize, 1 << (slot % 64))
}

struct Flow<'f> {
    function: &'f Function,
    errors: &'f mut Vec<CompileError>,
    breaks: Vec<State>,
    continues: Vec<State>,
}

impl<'f> Flow<'f> {
    fn new(function: &'f Function, errors: &'f mut Vec<CompileError>) -> Self {
        Self {
            function,
            errors,
            breaks: Vec::new(),
            continues: Vec::new(),
        }
    }

    fn function(&mut self, mut state: State) {
        for slot in 0..self.function.parameters {
            state.assign(slot);
        }
        match &self.function.body {
            Body::Expression(node) => self.node(node, &mut state),
            Body::Block(statement) => self.statement(statement, &mut state),
        }
    }

    fn read(&mut self, slot: Slot, node: &Node, state: &State) {
        let name = usize::try_from(slot)
            .ok()
            .and_then(|slot| self.function.names.get(slot))
            .and_then(Option::as_deref);
        if let Some(name) = name
            && !state.has(slot)
        {
            self.errors.push(CompileError {
                code: "CS0165",
                message: format!("Use of unassigned local variable '{name}'"),
                start: node.start,
                end: node.end,
                help: None,
            });
        }
    }

    fn nodes(&mut self, nodes: &[Node], state: &mut State) {
        for node in nodes {
            self.node(node, state);
        }
    }

    fn node(&mut self, node: &Node, state: &mut State) {
        match &node.op {
            Op::Constant(_) | Op::TypeOf(_) | Op::Default(_) => {}
            Op::Local(slot) | Op::Cell(slot) => self.read(*slot, node, state),
            Op::Assign(slot, value) | Op::AssignCell(slot, value) | Op::NewCell(slot, value) => {
                self.node(value, state);
                state.assign(*slot);
            }
            Op::And(_) | Op::Or(_) | Op::Not(_) => {
                let (mut when_true, when_false) = self.condition(node, state);
                when_true.join(&when_false);
                *state = when_true;
            }
            Op::Sequence(nodes) => self.nodes(nodes, state),
            Op::Conditional(parts) => {
                let [test, a, b] = parts.as_ref();
                let (mut when_true, mut when_false) = self.condition(test, state);
                self.node(a, &mut when_true);
                self.node(b, &mut when_false);
                when_true.join(&when_false);
                *state = when_true;
            }
            Op::Coalesce(parts) => {
                let [left, right] = parts.as_ref();
                self.node(left, state);
                let mut other = state.clone();
                self.node(right, &mut other);
                state.join(&other);
            }
            Op::Throw(value) => {
                self.node(value, state);
                *state = State::unreachable();
            }
            Op::Lambda(function) => self.lambda(function, state),
            Op::Call(call) => self.call(call, state),
            Op::Interpolate(pieces) => {
                for piece in pieces {
                    if let Piece::Hole { value, .. } = piece {
                        self.node(value, state);
                    }
                }
            }
            Op::Dynamic(dynamic) => self.dynamic(dynamic, state),
            op => op.for_each_child(&mut |child| self.node(child, state)),
        }
    }

    fn call(&mut self, call: &Call, state: &mut State) {
        self.nodes(&call.arguments, state);
        for target in &call.outs {
            if let Target::Local(slot) | Target::Cell(slot) = target {
                state.assign(*slot);
            }
        }
    }

    fn dynamic(&mut self, dynamic: &Dynamic, state: &mut State) {
        dynamic.for_each_child(&mut |child| self.node(child, state));
    }

    /// What holds when the condition is true, and when it is false.
    fn condition(&mut self, node: &Node, state: &State) -> (State, State) {
        match &node.op {
            Op::Constant(Value::Bool(true)) => (state.clone(), State::unreachable()),
            Op::Constant(Value::Bool(false)) => (State::unreachable(), state.clone()),
            Op::Not(inner) => {
                let (when_true, when_false) = self.condition(inner, state);
                (when_false, when_true)
            }
            Op::And(all) => {
                let mut going = state.clone();
                let mut when_false = State::unreachable();
                for test in all {
                    let (passed, failed) = self.condition(test, &going);
                    when_false.join(&failed);
                    going = passed;
                }
                (going, when_false)
            }
            Op::Or(any) => {
                let mut going = state.clone();
                let mut when_true = State::unreachable();
                for test in any {
                    let (passed, failed) = self.condition(test, &going);
                    when_true.join(&passed);
                    going = failed;
                }
                (when_true, going)
            }
            Op::Sequence(nodes) => match nodes.split_last() {
                Some((last, before)) => {
                    let mut state = state.clone();
                    self.nodes(before, &mut state);
                    self.condition(last, &state)
                }
                None => (state.clone(), state.clone()),
            },
            Op::Conditional(parts) => {
                let [test, a, b] = parts.as_ref();
                let (when_true, when_false) = self.condition(test, state);
                let (mut a_true, mut a_false) = self.condition(a, &when_true);
                let (b_true, b_false) = self.condition(b, &when_false);
                a_true.join(&b_true);
                a_false.join(&b_false);
                (a_true, a_false)
            }
            _ => {
                let mut state = state.clone();
                self.node(node, &mut state);
                (state.clone(), state)
            }
        }
    }

    fn lambda(&mut self, function: &Arc<Function>, state: &State) {
        let mut inner = State::default();
        for capture in &function.captures {
            // A cell that a local function reads later counts as set: only its call could tell.
            if state.has(capture.from) || self.is_cell(capture.from) {
                inner.assign(capture.to);
            }
        }
        let mut flow = Flow::new(function, self.errors);
        flow.function(inner);
    }

    /// Whether the slot is a temporary, which is set whenever it is read.
    fn is_cell(&self, slot: Slot) -> bool {
        usize::try_from(slot)
            .ok()
            .and_then(|slot| self.function.names.get(slot))
            .is_none_or(Option::is_none)
    }

    fn statement(&mut self, statement: &Statement, state: &mut State) {
        match statement {
            Statement::Expression(node) => self.node(node, state),
            Statement::Block {
                functions,
                statements,
                ..
            } => {
                for function in functions {
                    self.hoisted(function, state);
                }
                for statement in statements {
                    self.statement(statement, state);
                }
            }
            Statement::If {
                condition,
                then,
                otherwise,
            } => {
                let (mut when_true, mut when_false) = self.condition(condition, state);
                self.statement(then, &mut when_true);
                if let Some(otherwise) = otherwise {
                    self.statement(otherwise, &mut when_false);
                }
                when_true.join(&when_false);
                *state = when_true;
            }
            Statement::While { condition, body } => {
                let (mut inside, after) = self.condition(condition, state);
                let (breaks, _) = self.turn(|flow| flow.statement(body, &mut inside));
                *state = after;
                state.join(&breaks);
            }
            Statement::DoWhile { body, condition } => {
                let mut inside = state.clone();
                let (breaks, continues) = self.turn(|flow| flow.statement(body, &mut inside));
                inside.join(&continues);
                let (_, after) = self.condition(condition, &inside);
                *state = after;
                state.join(&breaks);
            }
            Statement::For {
                init,
                condition,
                step,
                body,
            } => {
                for statement in init {
                    self.statement(statement, state);
                }
                let (mut inside, after) = match condition {
                    Some(condition) => self.condition(condition, state),
                    None => (state.clone(), State::unreachable()),
                };
                let (breaks, continues) = self.turn(|flow| flow.statement(body, &mut inside));
                inside.join(&continues);
                self.nodes(step, &mut inside);
                *state = after;
                state.join(&breaks);
            }
            Statement::ForEach {
                source, item, body, ..
            } => {
                self.node(source, state);
                let mut inside = state.clone();
                inside.assign(*item);
                let (breaks, _) = self.turn(|flow| flow.statement(body, &mut inside));
                state.join(&breaks);
            }
            Statement::Switch {
                subject,
                cases,
                default,
                sections,
            } => self.switch(subject, cases, *default, sections, state),
            Statement::Break => {
                if let Some(breaks) = self.breaks.last_mut() {
                    breaks.join(state);
                }
                *state = State::unreachable();
            }
            Statement::Continue => {
                if let Some(continues) = self.continues.last_mut() {
                    continues.join(state);
                }
                *state = State::unreachable();
            }
            Statement::GotoSection(_) => *state = State::unreachable(),
            Statement::Return(value) | Statement::Throw(value) => {
                if let Some(value) = value {
                    self.node(value, state);
                }
                *state = State::unreachable();
            }
            Statement::Try {
                body,
                catches,
                finally,
            } => {
                let before = state.clone();
                self.statement(body, state);
                for catch in catches {
                    let mut caught = before.clone();
                    if let Some(slot) = catch.slot {
                        caught.assign(slot);
                    }
                    if let Some(filter) = &catch.filter {
                        caught = self.condition(filter, &caught).0;
                    }
                    self.statement(&catch.body, &mut caught);
                    state.join(&caught);
                }
                if let Some(finally) = finally {
                    let mut last = before;
                    self.statement(finally, &mut last);
                    state.also(&last);
                }
            }
        }
    }

    /// Runs a loop's body; gives what holds at its `break`s and `continue`s.
    fn turn(&mut self, body: impl FnOnce(&mut Self)) -> (State, State) {
        self.breaks.push(State::unreachable());
        self.continues.push(State::unreachable());
        body(self);
        (
            self.breaks.pop().unwrap_or_default(),
            self.continues.pop().unwrap_or_default(),
        )
    }

    fn switch(
        &mut self,
        subject: &Node,
        cases: &[crate::typed::Case],
        default: Option<u32>,
        sections: &[Statement],
        state: &mut State,
    ) {
        self.node(subject, state);
        let mut entries: Vec<State> = sections.iter().map(|_| State::unreachable()).collect();
        let mut going = state.clone();
        let mut enter = |section: u32, from: &State| {
            let entry = usize::try_from(section).ok();
            if let Some(entry) = entry.and_then(|index| entries.get_mut(index)) {
                entry.join(from);
            }
        };
        for case in cases {
            let (matched, missed) = self.condition(&case.test, &going);
            enter(case.section, &matched);
            going = missed;
        }
        let mut after = State::unreachable();
        match default {
            Some(section) => enter(section, &going),
            None => after.join(&going),
        }
        for (section, mut entry) in sections.iter().zip(entries) {
            // A section may be entered by `goto case` alone, from where the subject was known.
            if !entry.reachable {
                entry = state.clone();
            }
            self.breaks.push(State::unreachable());
            self.statement(section, &mut entry);
            after.join(&self.breaks.pop().unwrap_or_default());
        }
        *state = after;
    }

    /// A local function: what it captures counts as set, and it is itself.
    fn hoisted(&mut self, node: &Node, state: &mut State) {
        let (Op::Assign(slot, value) | Op::AssignCell(slot, value)) = &node.op else {
            return;
        };
        state.assign(*slot);
        if let Op::Lambda(function) = &value.op {
            let mut inner = State::default();
            for capture in &function.captures {
                inner.assign(capture.to);
            }
            Flow::new(function, self.errors).function(inner);
        }
    }
}
