//! What a pattern says, as a tree.

use super::class::Set;

/// A part of a pattern.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Nothing, at any place.
    Empty,
    /// One unit.
    One(Set),
    /// A place.
    Anchor(Anchor),
    /// One after the other.
    Concat(Vec<Node>),
    /// The first that leads to a match.
    Alternate(Vec<Node>),
    /// `body` at least `min` and at most `max` times.
    Loop {
        body: Box<Node>,
        min: u32,
        /// `None` for no bound.
        max: Option<u32>,
        lazy: bool,
    },
    /// A group that keeps what it matched, takes back what another kept, or both.
    Capture {
        group: Option<usize>,
        uncapture: Option<usize>,
        body: Box<Node>,
    },
    /// `(?>…)`: no way back into it.
    Atomic(Box<Node>),
    /// `(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`.
    Look {
        body: Box<Node>,
        behind: bool,
        negative: bool,
    },
    /// What a group kept last, once more.
    Backreference {
        group: usize,
        ignore_case: bool,
        /// Whether a group that kept nothing matches the empty text.
        ecma: bool,
    },
    /// `(?(1)yes|no)`.
    IfGroup {
        group: usize,
        yes: Box<Node>,
        no: Box<Node>,
    },
    /// `(?(condition)yes|no)`.
    If {
        condition: Box<Node>,
        yes: Box<Node>,
        no: Box<Node>,
    },
}

impl Node {
    /// Whether it has what only a matcher that goes back can do, which `NonBacktracking` refuses.
    pub(super) fn goes_back(&self) -> bool {
        match self {
            Node::Empty | Node::One(_) | Node::Anchor(_) => false,
            Node::Concat(items) | Node::Alternate(items) => items.iter().any(Node::goes_back),
            Node::Loop { body, .. } => body.goes_back(),
            Node::Capture {
                uncapture, body, ..
            } => uncapture.is_some() || body.goes_back(),
            Node::Atomic(_)
            | Node::Look { .. }
            | Node::Backreference { .. }
            | Node::IfGroup { .. }
            | Node::If { .. } => true,
        }
    }
}

/// A place in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `^` of several lines.
    LineStart,
    /// `$` of several lines.
    LineEnd,
    /// `\A`, and `^`.
    Start,
    /// `\G`: where the search began.
    SearchStart,
    /// `\Z`, and `$`: the end, or before a line feed that ends the text.
    EndOrNewline,
    /// `\z`.
    End,
    /// `\b`.
    Boundary,
    /// `\B`.
    NotBoundary,
    /// `\b` of ECMAScript.
    EcmaBoundary,
    /// `\B` of ECMAScript.
    NotEcmaBoundary,
}
