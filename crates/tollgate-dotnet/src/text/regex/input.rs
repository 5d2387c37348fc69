//! The text that is searched.

use std::sync::Arc;

use super::backtrack::{Ascii, Captures, Search, TooHard, Wide};
use super::program::Program;
use crate::str::Str;

/// A text that is searched, as units if it is not ASCII.
#[derive(Debug, Clone)]
pub(super) struct Input {
    text: Str,
    wide: Option<Arc<[u16]>>,
    /// Where it begins in the text that positions are told of.
    base: usize,
}

impl Input {
    pub(super) fn new(text: &Str, base: usize) -> Input {
        let wide = match text.as_ascii() {
            Some(_) => None,
            None => Some(text.units().collect()),
        };
        Input {
            text: text.clone(),
            wide,
            base,
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.wide {
            Some(units) => units.len(),
            None => self.text.as_ascii().map_or(0, <[u8]>::len),
        }
    }

    pub(super) fn text(&self) -> &Str {
        &self.text
    }

    pub(super) fn base(&self) -> usize {
        self.base
    }

    pub(super) fn part(&self, start: usize, end: usize) -> Str {
        match &self.wide {
            Some(units) => Str::from_utf16(units.get(start..end).unwrap_or_default()),
            None => self.text.slice(start, end).unwrap_or_default(),
        }
    }

    /// The first match from a place on, and how many steps it took.
    pub(super) fn search(
        &self,
        program: &Program,
        from: usize,
        limit: u64,
    ) -> (Result<Option<Captures>, TooHard>, u64) {
        match &self.wide {
            Some(units) => {
                let mut search = Search::new(program, Wide(units), limit);
                (search.find(from), limit - search.left.min(limit))
            }
            None => {
                let bytes = self.text.as_ascii().unwrap_or_default();
                let mut search = Search::new(program, Ascii(bytes), limit);
                (search.find(from), limit - search.left.min(limit))
            }
        }
    }
}
