//! A pattern as steps for the matcher.

use super::class::Set;
use super::node::{Anchor, Node};

/// One step. Places in the program are indices into it.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// This unit, going `back` or forward.
    Unit { unit: u16, back: bool },
    /// A unit of a set.
    Set { set: usize, back: bool },
    /// A set again and again.
    Repeat {
        set: usize,
        min: usize,
        max: usize,
        lazy: bool,
        back: bool,
    },
    /// A place.
    Anchor(Anchor),
    /// Goes on at `first`, then at `second`.
    Split { first: usize, second: usize },
    /// Goes on elsewhere.
    Jump(usize),
    /// Notes the place.
    Mark(usize),
    /// Ends a group that began at the noted place.
    Capture {
        mark: usize,
        group: Option<usize>,
        uncapture: Option<usize>,
    },
    /// What a group kept.
    Backreference {
        group: usize,
        ignore_case: bool,
        ecma: bool,
        back: bool,
    },
    /// Begins a loop: no place yet, or this one, and how often it has run.
    LoopStart { mark: usize, here: bool, count: i64 },
    /// Ends a turn of a loop.
    LoopEnd {
        mark: usize,
        body: usize,
        /// Turns beyond the least number; `None` if they are not counted.
        limit: Option<i64>,
        lazy: bool,
    },
    /// Notes the place and how much there is to go back to.
    Fence(usize),
    /// No way back behind the fence; goes back to its place if `place`.
    Cut { fence: usize, place: bool },
    /// The inside of a negative look matched: no match.
    CutFail(usize),
    /// Goes on if a group kept something, or else at `no`.
    IfGroup { group: usize, no: usize },
    /// The whole matched.
    Match,
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    pub(super) sets: Vec<Set>,
    /// How many places are noted; a loop's count is beside its mark.
    pub(super) marks: usize,
    /// How many groups there are, the whole among them.
    pub(super) groups: usize,
    pub(super) right_to_left: bool,
    /// What a match can begin with, if it cannot be empty: units of ASCII, and whether others.
    pub(super) first: Option<(u128, bool)>,
    /// Whether a match can only begin where the text does.
    pub(super) at_start: bool,
    /// Whether what is tried at a step and a place always ends alike, so that a failure need not be tried again.
    pub(super) forgetful: bool,
}

/// How long a program may be.
const MAX_STEPS: usize = 100_000;

/// Compiles a tree; `None` if it is too large.
pub(super) fn compile(root: &Node, groups: usize, right_to_left: bool) -> Option<Program> {
    let mut compiler = Compiler {
        program: Program {
            steps: Vec::new(),
            sets: Vec::new(),
            marks: 0,
            groups,
            right_to_left,
            first: None,
            at_start: !right_to_left && begins_at_start(root),
            forgetful: forgets(root),
        },
        back: right_to_left,
    };
    compiler.node(root)?;
    compiler.push(Step::Match)?;
    let (ascii, beyond, empty) = first(root);
    if !empty && !right_to_left {
        compiler.program.first = Some((ascii, beyond));
    }
    Some(compiler.program)
}

fn begins_at_start(node: &Node) -> bool {
    match node {
        Node::Anchor(Anchor::Start) => true,
        Node::Concat(items) => items.first().is_some_and(begins_at_start),
        Node::Capture { body, .. } | Node::Atomic(body) => begins_at_start(body),
        Node::Alternate(branches) => branches.iter().all(begins_at_start),
        _ => false,
    }
}

/// Whether matching depends on nothing but the step and the place: no counts, no groups looked back at, no fences.
fn forgets(node: &Node) -> bool {
    match node {
        Node::Empty | Node::One(_) | Node::Anchor(_) => true,
        Node::Concat(items) | Node::Alternate(items) => items.iter().all(forgets),
        Node::Loop { body, min, max, .. } => {
            let counted = (*min > 1 || max.is_some()) && !matches!(**body, Node::One(_));
            !counted && !first(body).2 && forgets(body)
        }
        Node::Capture {
            uncapture, body, ..
        } => uncapture.is_none() && forgets(body),
        Node::Atomic(_)
        | Node::Look { .. }
        | Node::Backreference { .. }
        | Node::IfGroup { .. }
        | Node::If { .. } => false,
    }
}

/// Units of ASCII that it can begin with, whether it can begin with others, and whether it can be empty.
fn first(node: &Node) -> (u128, bool, bool) {
    let either = |a: (u128, bool, bool), b: (u128, bool, bool)| (a.0 | b.0, a.1 | b.1, a.2 | b.2);
    match node {
        Node::Empty | Node::Anchor(_) | Node::Look { .. } => (0, false, true),
        Node::One(set) => {
            let (ascii, beyond) = set.summary();
            (ascii, beyond, false)
        }
        Node::Concat(items) => {
            let mut all = (0, false, true);
            for item in items {
                let (ascii, beyond, empty) = first(item);
                all = (all.0 | ascii, all.1 | beyond, empty);
                if !empty {
                    break;
                }
            }
            all
        }
        Node::Alternate(branches) => branches.iter().map(first).fold((0, false, false), either),
        Node::Loop { body, min, .. } => {
            let (ascii, beyond, empty) = first(body);
            (ascii, beyond, empty || *min == 0)
        }
        Node::Capture { body, .. } | Node::Atomic(body) => first(body),
        Node::Backreference { .. } => (u128::MAX, true, true),
        Node::IfGroup { yes, no, .. } | Node::If { yes, no, .. } => either(first(yes), first(no)),
    }
}

struct Compiler {
    program: Program,
    /// Whether the text is read backwards here.
    back: bool,
}

impl Compiler {
    fn push(&mut self, step: Step) -> Option<usize> {
        let place = self.program.steps.len();
        if place >= MAX_STEPS {
            return None;
        }
        self.program.steps.push(step);
        Some(place)
    }

    fn here(&self) -> usize {
        self.program.steps.len()
    }

    fn put(&mut self, place: usize, step: Step) {
        if let Some(slot) = self.program.steps.get_mut(place) {
            *slot = step;
        }
    }

    fn marks(&mut self, count: usize) -> usize {
        let mark = self.program.marks;
        self.program.marks += count;
        mark
    }

    fn set(&mut self, set: &Set) -> usize {
        self.program.sets.push(set.clone());
        self.program.sets.len() - 1
    }

    fn node(&mut self, node: &Node) -> Option<()> {
        match node {
            Node::Empty => {}
            Node::One(set) => {
                let back = self.back;
                let step = match set.single() {
                    Some(unit) => Step::Unit { unit, back },
                    None => Step::Set {
                        set: self.set(set),
                        back,
                    },
                };
                self.push(step)?;
            }
            Node::Anchor(anchor) => {
                self.push(Step::Anchor(*anchor))?;
            }
            Node::Concat(items) => match self.back {
                true => items.iter().rev().try_for_each(|item| self.node(item))?,
                false => items.iter().try_for_each(|item| self.node(item))?,
            },
            Node::Alternate(branches) => self.alternate(branches)?,
            Node::Loop {
                body,
                min,
                max,
                lazy,
            } => self.repeat(body, *min, *max, *lazy)?,
            Node::Capture {
                group,
                uncapture,
                body,
            } => {
                let mark = self.marks(1);
                self.push(Step::Mark(mark))?;
                self.node(body)?;
                self.push(Step::Capture {
                    mark,
                    group: *group,
                    uncapture: *uncapture,
                })?;
            }
            Node::Atomic(body) => {
                let fence = self.marks(2);
                self.push(Step::Fence(fence))?;
                self.node(body)?;
                self.push(Step::Cut {
                    fence,
                    place: false,
                })?;
            }
            Node::Look {
                body,
                behind,
                negative,
            } => {
                let fence = self.marks(2);
                let outer = std::mem::replace(&mut self.back, *behind);
                self.push(Step::Fence(fence))?;
                if *negative {
                    let split = self.push(Step::Match)?;
                    self.node(body)?;
                    self.push(Step::CutFail(fence))?;
                    let after = self.here();
                    self.put(
                        split,
                        Step::Split {
                            first: split + 1,
                            second: after,
                        },
                    );
                } else {
                    self.node(body)?;
                    self.push(Step::Cut { fence, place: true })?;
                }
                self.back = outer;
            }
            Node::Backreference {
                group,
                ignore_case,
                ecma,
            } => {
                let back = self.back;
                self.push(Step::Backreference {
                    group: *group,
                    ignore_case: *ignore_case,
                    ecma: *ecma,
                    back,
                })?;
            }
            Node::IfGroup { group, yes, no } => {
                let test = self.push(Step::Match)?;
                self.node(yes)?;
                let jump = self.push(Step::Match)?;
                let otherwise = self.here();
                self.node(no)?;
                let after = self.here();
                self.put(
                    test,
                    Step::IfGroup {
                        group: *group,
                        no: otherwise,
                    },
                );
                self.put(jump, Step::Jump(after));
            }
            Node::If { condition, yes, no } => {
                let fence = self.marks(2);
                self.push(Step::Fence(fence))?;
                let split = self.push(Step::Match)?;
                let outer = std::mem::replace(&mut self.back, false);
                self.node(condition)?;
                self.back = outer;
                self.push(Step::Cut { fence, place: true })?;
                self.node(yes)?;
                let jump = self.push(Step::Match)?;
                let otherwise = self.here();
                self.node(no)?;
                let after = self.here();
                self.put(
                    split,
                    Step::Split {
                        first: split + 1,
                        second: otherwise,
                    },
                );
                self.put(jump, Step::Jump(after));
            }
        }
        Some(())
    }

    fn alternate(&mut self, branches: &[Node]) -> Option<()> {
        let mut jumps = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            if index + 1 == branches.len() {
                self.node(branch)?;
                break;
            }
            let split = self.push(Step::Match)?;
            self.node(branch)?;
            jumps.push(self.push(Step::Match)?);
            let next = self.here();
            self.put(
                split,
                Step::Split {
                    first: split + 1,
                    second: next,
                },
            );
        }
        let after = self.here();
        for jump in jumps {
            self.put(jump, Step::Jump(after));
        }
        Some(())
    }

    fn repeat(&mut self, body: &Node, min: u32, max: Option<u32>, lazy: bool) -> Option<()> {
        if let Node::One(set) = body {
            let (set, back) = (self.set(set), self.back);
            let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
            self.push(Step::Repeat {
                set,
                min: size(min),
                max: max.map_or(usize::MAX, size),
                lazy,
                back,
            })?;
            return Some(());
        }
        // The count is kept beside the mark.
        let mark = self.marks(2);
        self.push(Step::LoopStart {
            mark,
            here: min > 0,
            count: match min {
                0 => 0,
                _ => 1 - i64::from(min),
            },
        })?;
        let entry = match min {
            0 => Some(self.push(Step::Match)?),
            _ => None,
        };
        let start = self.here();
        self.node(body)?;
        let limit = match max {
            Some(max) => Some(i64::from(max) - i64::from(min)),
            None if min > 1 => Some(i64::MAX),
            None => None,
        };
        let end = self.push(Step::LoopEnd {
            mark,
            body: start,
            limit,
            lazy,
        })?;
        if let Some(entry) = entry {
            self.put(entry, Step::Jump(end));
        }
        Some(())
    }
}
