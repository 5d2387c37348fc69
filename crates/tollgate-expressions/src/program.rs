//! A compiled expression.

use std::sync::{Arc, OnceLock};

use tollgate_dotnet::{Type, Value};

use crate::in_place::Condition;
use crate::parts::{Part, Traced};
use crate::typed::Function;

/// A compiled expression: immutable, shared by all requests, cheap to clone.
#[derive(Debug, Clone)]
pub struct Program(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    /// What runs.
    pub main: Arc<Function>,
    /// What the result is, statically.
    pub result: Type,
    /// The result, if it is the same always.
    pub constant: Option<Value>,
    /// The whole, if it is a test that can be read in place.
    pub condition: Option<Condition>,
    /// OR of `Member::reads` over all members called.
    pub reads: u32,
    /// What runs to be traced; made when that is asked for.
    pub traced: OnceLock<Traced>,
}

impl Program {
    /// The static type of the result: `System.Int32` for `@(1 + 2)`; for a block the type that all its `return`s share,
    /// `object` if they share none.
    pub fn result_type(&self) -> &Type {
        &self.0.result
    }

    /// What of the host it may read: the bits that the members it calls declare (see `Member::reads`).
    pub fn reads(&self) -> u32 {
        self.0.reads
    }

    /// The parts whose values [`trace`](Self::trace) tells, by number; none of a program that is the same always.
    pub fn parts(&self) -> &[Part] {
        match self.0.constant {
            Some(_) => &[],
            None => &self.traced().parts,
        }
    }

    /// The number that [`trace`](Self::trace) gives the host for this program.
    pub fn number(&self) -> u64 {
        self.traced().program
    }

    pub(crate) fn traced(&self) -> &Traced {
        self.0.traced.get_or_init(|| Traced::of(&self.0.main))
    }

    /// The result, if it is the same for every request.
    pub fn constant(&self) -> Option<&Value> {
        self.0.constant.as_ref()
    }
}
