//! Definite assignment and reachability, on the typed tree. Source: C# specification, Definite assignment.
//!
//! Places that control comes back to (labels, `goto case`) and local functions that call each other are settled by going
//! over a function again until nothing changes; [`WORK`] bounds that.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tollgate_dotnet::Value;

use crate::compile::CompileError;
use crate::typed::{
    Body, Call, Capture, Dynamic, Function, Label, Node, Op, Piece, Slot, Statement, Target,
};

/// How many nodes and statements may be looked at.
const WORK: u32 = 4_000_000;

/// Reports uses of locals that have no value yet (CS0165) and their like.
pub(crate) fn check(main: &Function, errors: &mut Vec<CompileError>) {
    let mut work = WORK;
    let mut flow = Flow::new(Some(main), errors, &mut work);
    flow.function(main, State::default());
    if work == 0 {
        errors.push(CompileError {
            code: "CS8078",
            message: "An expression is too long or complex to compile".into(),
            start: 0,
            end: 0,
            help: None,
        });
    }
}

/// Whether control can come to the end of the statement.
pub(crate) fn completes(statement: &Statement) -> bool {
    let (mut errors, mut work) = (Vec::new(), WORK);
    let mut flow = Flow::new(None, &mut errors, &mut work);
    let end = flow.settle(|flow| {
        let mut state = State::default();
        flow.statement(statement, &mut state);
        state
    });
    end.reachable
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

/// A variable wherever it is captured: the function that declares it, and its slot there.
type Id = (usize, Slot);

/// A captured variable that a function reads before it sets it.
#[derive(Debug, Clone, PartialEq)]
struct Need {
    variable: Id,
    name: Box<str>,
    /// Where it is read.
    start: u32,
    end: u32,
}

/// What a call of a local function needs and does.
#[derive(Debug, Clone, Default, PartialEq)]
struct Summary {
    needs: Vec<Need>,
    /// What is set whenever it returns.
    assigns: HashSet<Id>,
}

struct Flow<'f> {
    /// `None` when only reachability is asked.
    function: Option<&'f Function>,
    errors: &'f mut Vec<CompileError>,
    work: &'f mut u32,
    breaks: Vec<State>,
    continues: Vec<State>,
    /// What holds at the `goto`s to each label.
    labels: HashMap<Label, State>,
    /// What holds at the entries of the sections of the switches around.
    sections: Vec<Vec<State>>,
    /// Something behind got less than was assumed.
    again: bool,
    /// Local functions by the slots of their delegates.
    functions: HashMap<Slot, Summary>,
    /// The variables of outer functions by their slots here; those that have none get one beyond the frame.
    captured: HashMap<Slot, Id>,
    needs: Vec<Need>,
    reported: HashSet<Slot>,
    /// What holds when the function returns.
    exit: State,
}

impl<'f> Flow<'f> {
    fn new(
        function: Option<&'f Function>,
        errors: &'f mut Vec<CompileError>,
        work: &'f mut u32,
    ) -> Self {
        Self {
            function,
            errors,
            work,
            breaks: Vec::new(),
            continues: Vec::new(),
            labels: HashMap::new(),
            sections: Vec::new(),
            again: false,
            functions: HashMap::new(),
            captured: HashMap::new(),
            needs: Vec::new(),
            reported: HashSet::new(),
            exit: State::unreachable(),
        }
    }

    /// Runs `body` until what it assumes holds.
    fn settle(&mut self, mut body: impl FnMut(&mut Self) -> State) -> State {
        loop {
            let errors = self.errors.len();
            self.again = false;
            self.needs.clear();
            self.reported.clear();
            self.exit = State::unreachable();
            let end = body(self);
            if !self.again || *self.work == 0 {
                return end;
            }
            self.errors.truncate(errors);
        }
    }

    fn function(&mut self, function: &Function, start: State) {
        let end = self.settle(|flow| {
            let mut state = start.clone();
            for slot in (0..function.parameters).filter(|slot| !function.outs.contains(slot)) {
                state.assign(slot);
            }
            match &function.body {
                Body::Expression(node) => flow.node(node, &mut state),
                Body::Block(statement) => flow.statement(statement, &mut state),
            }
            flow.leave(&state, None);
            state
        });
        self.exit.join(&end);
    }

    /// Control leaves the function.
    fn leave(&mut self, state: &State, value: Option<&Node>) {
        self.exit.join(state);
        let Some(function) = self.function.filter(|_| state.reachable) else {
            return;
        };
        for slot in function.outs.iter().filter(|slot| !state.has(**slot)) {
            let name = name_of(function, *slot).unwrap_or_default();
            let (start, end) = value.map_or(function.at, |value| (value.start, value.end));
            self.errors.push(CompileError {
                code: "CS0177",
                message: format!(
                    "The out parameter '{name}' must be assigned to before control leaves the current method"
                ),
                start,
                end,
                help: None,
            });
        }
    }

    /// The number of the function whose locals these are.
    fn number(&self) -> usize {
        self.function
            .map_or(0, |function| std::ptr::from_ref(function).addr())
    }

    fn id_of(&self, slot: Slot) -> Id {
        match self.captured.get(&slot) {
            Some(id) => *id,
            None => (self.number(), slot),
        }
    }

    /// The slot that stands for the variable here.
    fn slot_of(&mut self, variable: Id) -> Slot {
        if variable.0 == self.number() {
            return variable.1;
        }
        if let Some((slot, _)) = self.captured.iter().find(|(_, id)| **id == variable) {
            return *slot;
        }
        let slots = self.function.map_or(0, |function| function.slots);
        let beyond = self
            .captured
            .keys()
            .copied()
            .max()
            .map_or(slots, |last| last + 1);
        let slot = beyond.max(slots);
        self.captured.insert(slot, variable);
        slot
    }

    /// A variable that must have a value now.
    fn require(&mut self, slot: Slot, name: &str, start: u32, end: u32, state: &State) {
        if state.has(slot) {
            return;
        }
        if let Some(variable) = self.captured.get(&slot) {
            // Where it is read first is enough, also when functions call each other.
            if self.needs.iter().all(|need| need.variable != *variable) {
                self.needs.push(Need {
                    variable: *variable,
                    name: name.into(),
                    start,
                    end,
                });
            }
            return;
        }
        if !self.reported.insert(slot) {
            return;
        }
        let out = self
            .function
            .is_some_and(|function| function.outs.contains(&slot));
        let (code, message) = match out {
            true => (
                "CS0269",
                format!("Use of unassigned out parameter '{name}'"),
            ),
            false => (
                "CS0165",
                format!("Use of unassigned local variable '{name}'"),
            ),
        };
        self.errors.push(CompileError {
            code,
            message,
            start,
            end,
            help: None,
        });
    }

    fn read(&mut self, slot: Slot, node: &Node, state: &State) {
        if let Some(summary) = self.functions.get(&slot).cloned() {
            return self.meet(&summary, Some(node), state);
        }
        let name = self.function.and_then(|function| name_of(function, slot));
        if let Some(name) = name {
            self.require(slot, name, node.start, node.end, state);
        }
    }

    /// Requires what a function needs: where it is used, or where the function reads it.
    fn meet(&mut self, summary: &Summary, used: Option<&Node>, state: &State) {
        for need in &summary.needs {
            let slot = self.slot_of(need.variable);
            let (start, end) = used.map_or((need.start, need.end), |node| (node.start, node.end));
            self.require(slot, &need.name, start, end, state);
        }
    }

    fn nodes(&mut self, nodes: &[Node], state: &mut State) {
        for node in nodes {
            self.node(node, state);
        }
    }

    fn node(&mut self, node: &Node, state: &mut State) {
        if !self.step() {
            return;
        }
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
            Op::Invoke {
                function,
                arguments,
            } => self.invoke(node, function, arguments, state),
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

    /// A call of a delegate, perhaps that of a local function.
    fn invoke(&mut self, node: &Node, function: &Node, arguments: &[Node], state: &mut State) {
        let summary = match &function.op {
            Op::Local(slot) | Op::Cell(slot) => self.functions.get(slot).cloned(),
            _ => None,
        };
        let Some(summary) = summary else {
            self.node(function, state);
            return self.nodes(arguments, state);
        };
        self.nodes(arguments, state);
        self.meet(&summary, Some(node), state);
        for variable in summary.assigns {
            let slot = self.slot_of(variable);
            state.assign(slot);
        }
    }

    fn lambda(&mut self, function: &Arc<Function>, state: &State) {
        if self.function.is_none() {
            return;
        }
        let mut start = State::default();
        for capture in &function.captures {
            let slot = capture.from;
            // A temporary is set whenever it is read.
            if state.has(slot)
                || self
                    .function
                    .is_none_or(|outer| name_of(outer, slot).is_none())
            {
                start.assign(capture.to);
            }
        }
        let summary = self.inner(function, start);
        self.meet(&summary, None, state);
    }

    /// What a function within this one needs and does.
    fn inner(&mut self, function: &Function, start: State) -> Summary {
        let of = |capture: &Capture| (capture.to, self.id_of(capture.from));
        let captured: HashMap<Slot, Id> = function.captures.iter().map(of).collect();
        let functions = function
            .captures
            .iter()
            .filter_map(|capture| {
                let summary = self.functions.get(&capture.from)?;
                Some((capture.to, summary.clone()))
            })
            .collect();
        let mut flow = Flow::new(Some(function), self.errors, self.work);
        flow.captured = captured;
        flow.functions = functions;
        flow.function(function, start);
        let exit = &flow.exit;
        Summary {
            assigns: flow
                .captured
                .iter()
                .filter(|(slot, _)| exit.has(**slot))
                .map(|(_, id)| *id)
                .collect(),
            needs: std::mem::take(&mut flow.needs),
        }
    }

    /// Counts a step; false when there are none left.
    fn step(&mut self) -> bool {
        *self.work = self.work.saturating_sub(1);
        *self.work > 0
    }

    fn statement(&mut self, statement: &Statement, state: &mut State) {
        if !self.step() {
            return;
        }
        match statement {
            Statement::Expression(node) => self.node(node, state),
            Statement::Block {
                functions,
                statements,
                ..
            } => {
                self.hoisted(functions, state);
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
            Statement::GotoSection(section) => {
                let entry = usize::try_from(*section)
                    .ok()
                    .and_then(|section| self.sections.last_mut()?.get_mut(section));
                if let Some(entry) = entry {
                    let before = entry.clone();
                    entry.join(state);
                    self.again |= *entry != before;
                }
                *state = State::unreachable();
            }
            Statement::Label(label) => {
                if let Some(others) = self.labels.get(label) {
                    state.join(others);
                }
            }
            Statement::Goto(label) => {
                let at = self.labels.entry(*label).or_insert_with(State::unreachable);
                let before = at.clone();
                at.join(state);
                self.again |= *at != before;
                *state = State::unreachable();
            }
            Statement::Return(value) => {
                if let Some(value) = value {
                    self.node(value, state);
                }
                self.leave(state, value.as_ref());
                *state = State::unreachable();
            }
            Statement::Yield(value) => self.node(value, state),
            Statement::Throw(value) => {
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
                for catch in catches.iter() {
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
        let enter = |entries: &mut Vec<State>, section: u32, from: &State| {
            let entry = usize::try_from(section).ok();
            if let Some(entry) = entry.and_then(|index| entries.get_mut(index)) {
                entry.join(from);
            }
        };
        for case in cases {
            let (matched, missed) = self.condition(&case.test, &going);
            enter(&mut entries, case.section, &matched);
            going = missed;
        }
        let mut after = State::unreachable();
        match default {
            Some(section) => enter(&mut entries, section, &going),
            None => after.join(&going),
        }
        // `goto case` may lead to sections before it.
        let (errors, outer) = (self.errors.len(), self.again);
        loop {
            let mut ends = after.clone();
            self.again = false;
            self.sections.push(entries.clone());
            for (index, section) in sections.iter().enumerate() {
                let entry = self.sections.last().and_then(|entries| entries.get(index));
                let mut entry = entry.cloned().unwrap_or_else(State::unreachable);
                self.breaks.push(State::unreachable());
                self.statement(section, &mut entry);
                ends.join(&self.breaks.pop().unwrap_or_default());
            }
            let reached = self.sections.pop().unwrap_or_default();
            if reached == entries || *self.work == 0 {
                *state = ends;
                break;
            }
            entries = reached;
            self.errors.truncate(errors);
        }
        self.again |= outer;
    }

    /// Local functions: what each needs when it is called, and what it sets.
    fn hoisted(&mut self, functions: &[Node], state: &mut State) {
        let local = |node: &'_ Node| match &node.op {
            Op::Assign(slot, value) | Op::AssignCell(slot, value) => match &value.op {
                Op::Lambda(function) => Some((*slot, function.clone())),
                _ => None,
            },
            _ => None,
        };
        let functions: Vec<(Slot, Arc<Function>)> = functions.iter().filter_map(local).collect();
        for (slot, function) in &functions {
            state.assign(*slot);
            // Until it is known better, it sets all.
            let assigns = function
                .captures
                .iter()
                .map(|capture| self.id_of(capture.from));
            let summary = Summary {
                needs: Vec::new(),
                assigns: assigns.collect(),
            };
            self.functions.insert(*slot, summary);
        }
        if self.function.is_none() {
            return;
        }
        let errors = self.errors.len();
        loop {
            let mut changed = false;
            self.errors.truncate(errors);
            for (slot, function) in &functions {
                let summary = self.inner(function, State::default());
                changed |= self.functions.get(slot) != Some(&summary);
                self.functions.insert(*slot, summary);
            }
            if !changed || *self.work == 0 {
                return;
            }
        }
    }
}

fn name_of(function: &Function, slot: Slot) -> Option<&str> {
    let slot = usize::try_from(slot).ok()?;
    function.names.get(slot)?.as_deref()
}
