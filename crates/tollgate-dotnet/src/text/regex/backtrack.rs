//! Matching by trying, and going back: .NET's own way, with all captures of a group, in both directions, within limits.

use super::class::{Set, is_ecma_word, is_word, same_but_case};
use super::node::Anchor;
use super::program::{Program, Step};

/// No place.
const NOWHERE: usize = usize::MAX;

/// How many things there may be to go back to.
const MAX_TRAIL: usize = 2_000_000;

/// A text of UTF-16 units.
pub(super) trait Units {
    /// How many there are.
    fn len(&self) -> usize;
    /// The unit there; 0 beyond the end.
    fn at(&self, index: usize) -> u16;
}

/// ASCII as it stands.
pub(super) struct Ascii<'a>(pub(super) &'a [u8]);

impl Units for Ascii<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }
    #[inline]
    fn at(&self, index: usize) -> u16 {
        self.0.get(index).copied().unwrap_or(0).into()
    }
}

/// Any text.
pub(super) struct Wide<'a>(pub(super) &'a [u16]);

impl Units for Wide<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }
    #[inline]
    fn at(&self, index: usize) -> u16 {
        self.0.get(index).copied().unwrap_or(0)
    }
}

/// The captures of each group, in their order: start and end.
pub(super) type Captures = Vec<Vec<(usize, usize)>>;

/// More work than is allowed.
#[derive(Debug)]
pub(super) struct TooHard;

/// What can be gone back to, or has to be undone on the way.
enum Trail {
    /// Goes on there.
    Branch { step: usize, place: usize },
    /// Another turn of a lazy loop.
    Again { step: usize, place: usize },
    /// One unit less of a greedy repetition, down to `least`.
    Less {
        step: usize,
        place: usize,
        least: usize,
    },
    /// One unit more of a lazy repetition, at most `left`.
    More {
        step: usize,
        place: usize,
        left: usize,
    },
    /// A note as it was.
    Note { mark: usize, value: usize },
    /// A capture to be forgotten.
    Captured(usize),
    /// A capture that was taken back.
    Taken { group: usize, range: (usize, usize) },
}

/// A search in one text.
pub(super) struct Search<'a, T> {
    program: &'a Program,
    text: T,
    notes: Vec<usize>,
    trail: Vec<Trail>,
    captures: Captures,
    /// Where the search began, for `\G`.
    began: usize,
    /// Steps that may still be taken.
    pub(super) left: u64,
    /// Steps left when failures begin to be remembered.
    remember_below: u64,
    /// A bit for each step and place that failed.
    failed: Vec<u64>,
}

/// Steps before failures are remembered.
const FORGET_FOR: u64 = 20_000;

/// How many bits of failures are kept at most.
const MAX_FAILED: usize = 1 << 26;

impl<'a, T: Units> Search<'a, T> {
    pub(super) fn new(program: &'a Program, text: T, left: u64) -> Self {
        Search {
            program,
            notes: vec![NOWHERE; program.marks],
            trail: Vec::new(),
            captures: vec![Vec::new(); program.groups],
            began: 0,
            text,
            left,
            remember_below: match program.forgetful {
                true => left.saturating_sub(FORGET_FOR),
                false => 0,
            },
            failed: Vec::new(),
        }
    }

    /// The first match from a place on, in the pattern's direction.
    pub(super) fn find(&mut self, from: usize) -> Result<Option<Captures>, TooHard> {
        self.began = from;
        let back = self.program.right_to_left;
        let mut place = from;
        loop {
            if let Some((ascii, beyond)) = self.program.first {
                let length = self.text.len();
                let start = place;
                while place < length {
                    let unit = self.text.at(place);
                    if match unit {
                        0..=127 => ascii >> unit & 1 != 0,
                        _ => beyond,
                    } {
                        break;
                    }
                    place += 1;
                }
                self.spend((place - start) / 16)?;
                if place >= length {
                    return Ok(None);
                }
            }
            if let Some(end) = self.run(place)? {
                let range = match back {
                    true => (end, place),
                    false => (place, end),
                };
                let mut captures = std::mem::take(&mut self.captures);
                if let Some(whole) = captures.first_mut() {
                    whole.push(range);
                }
                self.captures = vec![Vec::new(); self.program.groups];
                return Ok(Some(captures));
            }
            if self.program.at_start && place == 0 {
                return Ok(None);
            }
            let next = match back {
                true => place.checked_sub(1),
                false => place.checked_add(1).filter(|next| *next <= self.text.len()),
            };
            match next {
                Some(next) if !self.program.at_start => place = next,
                _ => return Ok(None),
            }
        }
    }

    fn spend(&mut self, steps: usize) -> Result<(), TooHard> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(steps).ok_or(TooHard)?;
        Ok(())
    }

    fn push(&mut self, trail: Trail) -> Result<(), TooHard> {
        if self.trail.len() >= MAX_TRAIL {
            return Err(TooHard);
        }
        self.trail.push(trail);
        Ok(())
    }

    fn note(&self, mark: usize) -> usize {
        self.notes.get(mark).copied().unwrap_or(NOWHERE)
    }

    /// Changes a note so that it is put back on the way back.
    fn set_note(&mut self, mark: usize, value: usize) -> Result<(), TooHard> {
        let old = self.note(mark);
        if old != value {
            self.push(Trail::Note { mark, value: old })?;
            if let Some(note) = self.notes.get_mut(mark) {
                *note = value;
            }
        }
        Ok(())
    }

    fn last(&self, group: usize) -> Option<(usize, usize)> {
        self.captures.get(group)?.last().copied()
    }

    fn capture(&mut self, group: usize, range: (usize, usize)) -> Result<(), TooHard> {
        if let Some(captures) = self.captures.get_mut(group) {
            captures.push(range);
        }
        self.push(Trail::Captured(group))
    }

    /// Where a match that begins at a place ends.
    fn run(&mut self, start: usize) -> Result<Option<usize>, TooHard> {
        self.trail.clear();
        self.notes.fill(NOWHERE);
        for captures in &mut self.captures {
            captures.clear();
        }
        let program = self.program;
        let (mut step, mut place) = (0, start);
        loop {
            self.spend(1)?;
            let goes = match program.steps.get(step) {
                None | Some(Step::Match) => return Ok(Some(place)),
                Some(Step::Unit { unit, back }) => match self.read(place, *back) {
                    Some((there, next)) if there == *unit => Some((step + 1, next)),
                    _ => None,
                },
                Some(Step::Set { set, back }) => match (self.read(place, *back), self.set(*set)) {
                    (Some((there, next)), Some(set)) if set.has(there) => Some((step + 1, next)),
                    _ => None,
                },
                Some(Step::Repeat {
                    set,
                    min,
                    max,
                    lazy,
                    back,
                }) => self.repeat(step, place, *set, (*min, *max), *lazy, *back)?,
                Some(Step::Anchor(anchor)) => {
                    self.is_at(*anchor, place).then_some((step + 1, place))
                }
                Some(Step::Split { first, second }) => {
                    self.push(Trail::Branch {
                        step: *second,
                        place,
                    })?;
                    Some((*first, place))
                }
                Some(Step::Jump(to)) => Some((*to, place)),
                Some(Step::Mark(mark)) => {
                    self.set_note(*mark, place)?;
                    Some((step + 1, place))
                }
                Some(Step::Capture {
                    mark,
                    group,
                    uncapture,
                }) => match self.end_group(*mark, *group, *uncapture, place)? {
                    true => Some((step + 1, place)),
                    false => None,
                },
                Some(Step::Backreference {
                    group,
                    ignore_case,
                    ecma,
                    back,
                }) => match self.last(*group) {
                    None => ecma.then_some((step + 1, place)),
                    Some(range) => self
                        .again(range, place, *ignore_case, *back)?
                        .map(|next| (step + 1, next)),
                },
                Some(Step::LoopStart { mark, here, count }) => {
                    self.set_note(*mark, if *here { place } else { NOWHERE })?;
                    // Counts begin below zero; they are kept shifted.
                    self.set_note(*mark + 1, shifted(*count))?;
                    Some((step + 1, place))
                }
                Some(Step::LoopEnd {
                    mark,
                    body,
                    limit,
                    lazy,
                }) => self.end_turn(step, place, *mark, *body, *limit, *lazy)?,
                Some(Step::Fence(fence)) => {
                    let height = self.trail.len();
                    self.set_note(*fence, height)?;
                    self.set_note(*fence + 1, place)?;
                    Some((step + 1, place))
                }
                Some(Step::Cut { fence, place: back }) => {
                    let to = match back {
                        true => self.note(*fence + 1),
                        false => place,
                    };
                    self.cut(self.note(*fence))?;
                    Some((step + 1, to))
                }
                Some(Step::CutFail(fence)) => {
                    let height = self.note(*fence);
                    self.cut(height)?;
                    None
                }
                Some(Step::IfGroup { group, no }) => Some(match self.last(*group) {
                    Some(_) => (step + 1, place),
                    None => (*no, place),
                }),
            };
            let goes = match goes {
                Some(goes) => Some(goes),
                None => self.back()?,
            };
            match goes {
                Some(goes) => (step, place) = goes,
                None => return Ok(None),
            }
        }
    }

    fn set(&self, set: usize) -> Option<&'a Set> {
        self.program.sets.get(set)
    }

    /// The next unit and the place after it.
    #[inline]
    fn read(&self, place: usize, back: bool) -> Option<(u16, usize)> {
        match back {
            true => place
                .checked_sub(1)
                .map(|before| (self.text.at(before), before)),
            false => (place < self.text.len()).then(|| (self.text.at(place), place + 1)),
        }
    }

    fn repeat(
        &mut self,
        step: usize,
        place: usize,
        set: usize,
        (min, max): (usize, usize),
        lazy: bool,
        back: bool,
    ) -> Result<Option<(usize, usize)>, TooHard> {
        let Some(set) = self.set(set) else {
            return Ok(None);
        };
        let room = match back {
            true => place,
            false => self.text.len().saturating_sub(place),
        };
        if room < min {
            return Ok(None);
        }
        let most = if lazy { min } else { max.min(room) };
        let mut count = 0;
        while count < most {
            let unit = match back {
                true => self.text.at(place - count - 1),
                false => self.text.at(place + count),
            };
            if !set.has(unit) {
                break;
            }
            count += 1;
        }
        self.spend(count / 16)?;
        if count < min {
            return Ok(None);
        }
        let moved = |count: usize| match back {
            true => place - count,
            false => place + count,
        };
        let at = moved(count);
        if lazy {
            let left = max.saturating_sub(min);
            if left > 0 {
                self.push(Trail::More {
                    step,
                    place: at,
                    left,
                })?;
            }
        } else if count > min {
            self.push(Trail::Less {
                step,
                place: at,
                least: moved(min),
            })?;
        }
        Ok(Some((step + 1, at)))
    }

    /// Whether to go on there: not if that was tried before, and failed.
    fn is_new(&mut self, step: usize, place: usize) -> bool {
        if self.left >= self.remember_below {
            return true;
        }
        let width = self.text.len() + 1;
        let bits = width.saturating_mul(self.program.steps.len());
        if bits > MAX_FAILED {
            return true;
        }
        if self.failed.is_empty() {
            self.failed = vec![0; bits / 64 + 1];
        }
        let bit = step * width + place;
        let Some(word) = self.failed.get_mut(bit / 64) else {
            return true;
        };
        let new = *word >> (bit % 64) & 1 == 0;
        *word |= 1 << (bit % 64);
        new
    }

    /// Goes back to the last thing that can be tried.
    fn back(&mut self) -> Result<Option<(usize, usize)>, TooHard> {
        while let Some(trail) = self.trail.pop() {
            self.spend(1)?;
            match trail {
                Trail::Branch { step, place } => {
                    if self.is_new(step, place) {
                        return Ok(Some((step, place)));
                    }
                }
                Trail::Again { step, place } => {
                    if let Some(Step::LoopEnd { mark, body, .. }) = self.program.steps.get(step)
                        && self.is_new(*body, place)
                    {
                        let count = self.note(*mark + 1);
                        self.set_note(*mark, place)?;
                        self.set_note(*mark + 1, count.saturating_add(1))?;
                        return Ok(Some((*body, place)));
                    }
                }
                Trail::Less { step, place, least } => {
                    let back = self.goes_back(step);
                    let next = match back {
                        true => place + 1,
                        false => place.saturating_sub(1),
                    };
                    if next != least {
                        self.push(Trail::Less {
                            step,
                            place: next,
                            least,
                        })?;
                    }
                    if self.is_new(step + 1, next) {
                        return Ok(Some((step + 1, next)));
                    }
                }
                Trail::More { step, place, left } => {
                    let Some(Step::Repeat { set, back, .. }) = self.program.steps.get(step) else {
                        continue;
                    };
                    if let (Some((unit, next)), Some(set)) =
                        (self.read(place, *back), self.set(*set))
                        && set.has(unit)
                    {
                        if left > 1 {
                            self.push(Trail::More {
                                step,
                                place: next,
                                left: left - 1,
                            })?;
                        }
                        if self.is_new(step + 1, next) {
                            return Ok(Some((step + 1, next)));
                        }
                    }
                }
                Trail::Note { mark, value } => {
                    if let Some(note) = self.notes.get_mut(mark) {
                        *note = value;
                    }
                }
                Trail::Captured(group) => {
                    if let Some(captures) = self.captures.get_mut(group) {
                        captures.pop();
                    }
                }
                Trail::Taken { group, range } => {
                    if let Some(captures) = self.captures.get_mut(group) {
                        captures.push(range);
                    }
                }
            }
        }
        Ok(None)
    }

    fn goes_back(&self, step: usize) -> bool {
        matches!(
            self.program.steps.get(step),
            Some(Step::Repeat { back: true, .. })
        )
    }

    /// Takes away what could be gone back to above a height; what has to be undone stays.
    fn cut(&mut self, height: usize) -> Result<(), TooHard> {
        let above = self.trail.len().saturating_sub(height);
        self.spend(above / 4)?;
        let kept: Vec<Trail> = self
            .trail
            .drain(height.min(self.trail.len())..)
            .filter(|trail| {
                matches!(
                    trail,
                    Trail::Note { .. } | Trail::Captured(_) | Trail::Taken { .. }
                )
            })
            .collect();
        self.trail.extend(kept);
        Ok(())
    }

    /// The text of a range once more at a place; where it ends.
    fn again(
        &mut self,
        (start, end): (usize, usize),
        place: usize,
        ignore_case: bool,
        back: bool,
    ) -> Result<Option<usize>, TooHard> {
        let length = end.saturating_sub(start);
        self.spend(length / 4)?;
        let from = match back {
            true => place.checked_sub(length),
            false => (place.saturating_add(length) <= self.text.len()).then_some(place),
        };
        let Some(from) = from else {
            return Ok(None);
        };
        let same = (0..length).all(|index| {
            let (a, b) = (self.text.at(start + index), self.text.at(from + index));
            match ignore_case {
                true => same_but_case(a, b),
                false => a == b,
            }
        });
        Ok(same.then_some(match back {
            true => from,
            false => from + length,
        }))
    }

    /// Keeps a group's text, takes back another's, or both; `false` if there is nothing to take back.
    fn end_group(
        &mut self,
        mark: usize,
        group: Option<usize>,
        uncapture: Option<usize>,
        place: usize,
    ) -> Result<bool, TooHard> {
        let mark = self.note(mark);
        let mut range = (mark.min(place), mark.max(place));
        if let Some(other) = uncapture {
            let Some(taken) = self.captures.get_mut(other).and_then(Vec::pop) else {
                return Ok(false);
            };
            self.push(Trail::Taken {
                group: other,
                range: taken,
            })?;
            // What lies between the two groups.
            range = if range.0 >= taken.1 {
                (taken.1, range.0)
            } else if range.1 <= taken.0 {
                (range.1, taken.0)
            } else {
                (range.0.max(taken.0), range.1.min(taken.1))
            };
        }
        if let Some(group) = group {
            self.capture(group, range)?;
        }
        Ok(true)
    }

    fn end_turn(
        &mut self,
        step: usize,
        place: usize,
        mark: usize,
        body: usize,
        limit: Option<i64>,
        lazy: bool,
    ) -> Result<Option<(usize, usize)>, TooHard> {
        let empty = self.note(mark) == place;
        let count = self.note(mark + 1);
        let over = limit.is_some_and(|limit| count >= shifted(limit));
        let needed = limit.is_some() && count < shifted(0);
        let ends = match limit {
            Some(_) => over || empty && !needed,
            None => empty,
        };
        if ends {
            return Ok(Some((step + 1, place)));
        }
        if lazy && !needed {
            self.push(Trail::Again { step, place })?;
            return Ok(Some((step + 1, place)));
        }
        if !needed {
            self.push(Trail::Branch {
                step: step + 1,
                place,
            })?;
        }
        self.set_note(mark, place)?;
        self.set_note(mark + 1, count.saturating_add(1))?;
        Ok(Some((body, place)))
    }

    fn is_at(&self, anchor: Anchor, place: usize) -> bool {
        let length = self.text.len();
        let newline = |place: usize| place < length && self.text.at(place) == 10;
        let between = |inside: fn(u16) -> bool| {
            let before = place
                .checked_sub(1)
                .is_some_and(|before| inside(self.text.at(before)));
            let after = place < length && inside(self.text.at(place));
            before != after
        };
        match anchor {
            Anchor::LineStart => place == 0 || newline(place - 1),
            Anchor::LineEnd => place == length || newline(place),
            Anchor::Start => place == 0,
            Anchor::SearchStart => place == self.began,
            Anchor::EndOrNewline => place == length || place + 1 == length && newline(place),
            Anchor::End => place == length,
            Anchor::Boundary => between(is_word),
            Anchor::NotBoundary => !between(is_word),
            Anchor::EcmaBoundary => between(is_ecma_word),
            Anchor::NotEcmaBoundary => !between(is_ecma_word),
        }
    }
}

/// A count as a note.
fn shifted(count: i64) -> usize {
    usize::try_from(count.saturating_add(1 << 32)).unwrap_or(usize::MAX - 1)
}
