//! Reads .NET's dialect of regular expressions.

use super::class::{Kind, Set, other_cases};
use super::node::{Anchor, Node};

/// `RegexOptions` that change what a pattern means, by their numbers.
pub(super) const IGNORE_CASE: i64 = 1;
const MULTILINE: i64 = 2;
const EXPLICIT: i64 = 4;
const SINGLELINE: i64 = 16;
const SPACED: i64 = 32;
pub(super) const RIGHT_TO_LEFT: i64 = 64;
const ECMA: i64 = 256;

/// How deep groups and sets may be nested.
const MAX_DEPTH: usize = 200;

/// A pattern that was read: its tree, and its groups in order of their numbers.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: Node,
    pub(super) groups: Vec<Group>,
}

/// A group's number and name.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) number: usize,
    pub(super) name: String,
}

/// Reads a pattern. An error is what .NET says of it, after `Invalid pattern '…'`.
pub(super) fn parse(pattern: &[u16], options: i64) -> Result<Parsed, String> {
    // The first time finds the groups, which the second needs to know beforehand.
    let mut first = Parser::new(pattern, options, None);
    first.whole()?;
    let groups = first.numbered();
    let mut second = Parser::new(pattern, options, Some(&groups));
    let root = second.whole()?;
    Ok(Parsed { root, groups })
}

/// The text that escapes in a pattern stand for. An escape that is nothing but a `\\` at the end is left out.
pub(super) fn unescape(pattern: &[u16]) -> Result<Vec<u16>, String> {
    let mut parser = Parser::new(pattern, 0, None);
    let mut text = Vec::new();
    while let Some(unit) = parser.next_unit() {
        match unit {
            0x5c if parser.peek(0).is_none() => {}
            0x5c => text.push(parser.character()?),
            _ => text.push(unit),
        }
    }
    Ok(text)
}

struct Parser<'a> {
    pattern: &'a [u16],
    place: usize,
    options: i64,
    depth: usize,
    /// The groups there are; `None` while they are looked for.
    groups: Option<&'a [Group]>,
    /// The number of the next group without a name.
    next: usize,
    numbers: Vec<usize>,
    names: Vec<String>,
    /// Whether the next parenthesis is a condition's, which keeps nothing.
    plain: bool,
}

fn is_digit(unit: u16) -> bool {
    (0x30..=0x39).contains(&unit)
}

fn is_blank(unit: u16) -> bool {
    matches!(unit, 9 | 10 | 12 | 13 | 32)
}

fn ascii(unit: u16) -> char {
    u8::try_from(unit).map_or('\u{FFFD}', char::from)
}

impl<'a> Parser<'a> {
    fn new(pattern: &'a [u16], options: i64, groups: Option<&'a [Group]>) -> Self {
        Parser {
            pattern,
            place: 0,
            options,
            depth: 0,
            groups,
            next: 1,
            numbers: vec![0],
            names: Vec::new(),
            plain: false,
        }
    }

    /// The groups that were found: numbers first, then names in their order.
    fn numbered(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut numbers = self.numbers.clone();
        numbers.sort_unstable();
        numbers.dedup();
        let mut next = self.next;
        let named: Vec<Group> = self
            .names
            .iter()
            .map(|name| {
                while numbers.binary_search(&next).is_ok() {
                    next += 1;
                }
                let number = next;
                next += 1;
                Group {
                    number,
                    name: name.clone(),
                }
            })
            .collect();
        groups.extend(numbers.into_iter().map(|number| Group {
            number,
            name: number.to_string(),
        }));
        groups.extend(named);
        groups.sort_by_key(|group| group.number);
        groups
    }

    fn has(&self, option: i64) -> bool {
        self.options & option != 0
    }

    fn peek(&self, ahead: usize) -> Option<u16> {
        self.pattern.get(self.place.checked_add(ahead)?).copied()
    }

    fn looks(&self, ahead: usize, c: char) -> bool {
        self.peek(ahead) == u16::try_from(u32::from(c)).ok()
    }

    fn take(&mut self, c: char) -> bool {
        let there = self.looks(0, c);
        self.place += usize::from(there);
        there
    }

    fn next_unit(&mut self) -> Option<u16> {
        let unit = self.peek(0)?;
        self.place += 1;
        Some(unit)
    }

    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        Err(format!("at offset {}. {what}", self.place))
    }

    fn enter(&mut self) -> Result<(), String> {
        self.depth += 1;
        match self.depth > MAX_DEPTH {
            true => self.wrong("It is nested too deep."),
            false => Ok(()),
        }
    }

    fn whole(&mut self) -> Result<Node, String> {
        let node = self.alternation()?;
        match self.peek(0) {
            None => Ok(node),
            Some(_) => self.wrong("Too many )'s."),
        }
    }

    /// Alternatives up to a `)` or the end.
    fn alternation(&mut self) -> Result<Node, String> {
        let mut branches = self.branches()?;
        Ok(match branches.len() {
            1 => branches.pop().unwrap_or(Node::Empty),
            _ => Node::Alternate(branches),
        })
    }

    fn branches(&mut self) -> Result<Vec<Node>, String> {
        self.enter()?;
        let options = self.options;
        let mut branches = vec![self.sequence()?];
        while self.take('|') {
            branches.push(self.sequence()?);
        }
        self.options = options;
        self.depth -= 1;
        Ok(branches)
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut items = Vec::new();
        let mut quantified = false;
        loop {
            self.blanks()?;
            let Some(unit) = self.peek(0) else { break };
            let item = match ascii(unit) {
                '|' | ')' => break,
                '*' | '+' | '?' => return self.misplaced(quantified, unit),
                '{' if self.counts() => return self.misplaced(quantified, unit),
                '(' => {
                    self.place += 1;
                    match self.group()? {
                        Some(group) => group,
                        None => {
                            quantified = false;
                            continue;
                        }
                    }
                }
                '[' => {
                    self.place += 1;
                    Node::One(self.set()?)
                }
                '\\' => {
                    self.place += 1;
                    self.escape()?
                }
                '^' => self.anchor(MULTILINE, Anchor::LineStart, Anchor::Start),
                '$' => self.anchor(MULTILINE, Anchor::LineEnd, Anchor::EndOrNewline),
                '.' => {
                    self.place += 1;
                    Node::One(match self.has(SINGLELINE) {
                        true => Set::all(),
                        false => Set::all_but(10),
                    })
                }
                _ => {
                    self.place += 1;
                    self.literal(unit)
                }
            };
            let (item, was) = self.quantifier(item)?;
            quantified = was;
            items.push(item);
        }
        Ok(match items.len() {
            0 => Node::Empty,
            1 => items.pop().unwrap_or(Node::Empty),
            _ => Node::Concat(items),
        })
    }

    fn misplaced(&self, quantified: bool, unit: u16) -> Result<Node, String> {
        let sign = ascii(unit);
        match quantified {
            true => self.wrong(&format!("Nested quantifier '{sign}'.")),
            false => self.wrong(&format!("Quantifier '{sign}' following nothing.")),
        }
    }

    fn anchor(&mut self, option: i64, with: Anchor, without: Anchor) -> Node {
        self.place += 1;
        Node::Anchor(match self.has(option) {
            true => with,
            false => without,
        })
    }

    fn literal(&self, unit: u16) -> Node {
        Node::One(Set::one(unit).finish(self.has(IGNORE_CASE) && !other_cases(unit).is_empty()))
    }

    /// Skips comments, and white space where it means nothing.
    fn blanks(&mut self) -> Result<(), String> {
        loop {
            if self.has(SPACED) {
                while self.peek(0).is_some_and(is_blank) {
                    self.place += 1;
                }
                if self.take('#') {
                    while self.peek(0).is_some_and(|unit| unit != 10) {
                        self.place += 1;
                    }
                    continue;
                }
            }
            if !(self.looks(0, '(') && self.looks(1, '?') && self.looks(2, '#')) {
                return Ok(());
            }
            while !self.take(')') {
                if self.next_unit().is_none() {
                    return self.wrong("Unterminated (?#...) comment.");
                }
            }
        }
    }

    /// Whether `{` begins a count: `{2}`, `{2,}`, `{2,3}`.
    fn counts(&self) -> bool {
        let mut ahead = 1;
        let digits = |ahead: &mut usize| {
            let from = *ahead;
            while self.peek(*ahead).is_some_and(is_digit) {
                *ahead += 1;
            }
            *ahead > from
        };
        if !digits(&mut ahead) {
            return false;
        }
        if self.looks(ahead, ',') {
            ahead += 1;
            digits(&mut ahead);
        }
        self.looks(ahead, '}')
    }

    /// A quantifier after an item, if there is one.
    fn quantifier(&mut self, item: Node) -> Result<(Node, bool), String> {
        self.blanks()?;
        let Some(unit) = self.peek(0) else {
            return Ok((item, false));
        };
        let (min, max) = match ascii(unit) {
            '*' => (0, None),
            '+' => (1, None),
            '?' => (0, Some(1)),
            '{' if self.counts() => {
                self.place += 1;
                let min = self.number()?;
                let max = match self.take(',') {
                    false => Some(min),
                    true if self.looks(0, '}') => None,
                    true => Some(self.number()?),
                };
                if max.is_some_and(|max| max < min) {
                    self.place += 1;
                    return self.wrong("Illegal {x,y} with x > y.");
                }
                (min, max)
            }
            _ => return Ok((item, false)),
        };
        self.place += 1;
        self.blanks()?;
        let lazy = self.take('?');
        let item = match (min, max) {
            (1, Some(1)) => item,
            (0, Some(0)) => Node::Empty,
            _ => Node::Loop {
                body: Box::new(item),
                min,
                max,
                lazy,
            },
        };
        Ok((item, true))
    }

    fn number(&mut self) -> Result<u32, String> {
        let mut number = 0u32;
        while let Some(unit) = self.peek(0).filter(|unit| is_digit(*unit)) {
            self.place += 1;
            let larger = number
                .checked_mul(10)
                .and_then(|number| number.checked_add(u32::from(unit - 0x30)))
                .filter(|number| *number <= i32::MAX.cast_unsigned());
            let Some(larger) = larger else {
                return self
                    .wrong("Capture group numbers must be less than or equal to Int32.MaxValue.");
            };
            number = larger;
        }
        Ok(number)
    }

    fn group_number(&mut self) -> Result<usize, String> {
        Ok(usize::try_from(self.number()?).unwrap_or(usize::MAX))
    }

    fn word(&mut self) -> String {
        let from = self.place;
        while self.peek(0).is_some_and(super::class::is_word) {
            self.place += 1;
        }
        String::from_utf16_lossy(self.pattern.get(from..self.place).unwrap_or_default())
    }

    /// The slot of a group's number. Before the groups are known every number is one.
    fn slot(&self, number: usize) -> Option<usize> {
        match self.groups {
            None => Some(0),
            Some(groups) => groups
                .binary_search_by_key(&number, |group| group.number)
                .ok(),
        }
    }

    fn named_slot(&self, name: &str) -> Option<usize> {
        match self.groups {
            None => Some(0),
            Some(groups) => groups.iter().position(|group| group.name == name),
        }
    }

    /// What follows `(`, up to and with its `)`; `None` if it only sets options.
    fn group(&mut self) -> Result<Option<Node>, String> {
        let plain = std::mem::take(&mut self.plain);
        if !self.looks(0, '?') || self.looks(1, ')') {
            if self.has(EXPLICIT) || plain {
                return self.closed().map(Some);
            }
            let number = self.next;
            self.next += 1;
            self.numbers.push(number);
            let group = self.slot(number);
            return self.capture(group, None).map(Some);
        }
        self.place += 1;
        let look = |body, behind, negative| Node::Look {
            body: Box::new(body),
            behind,
            negative,
        };
        let Some(kind) = self.next_unit() else {
            return self.wrong("Unrecognized grouping construct.");
        };
        Ok(Some(match ascii(kind) {
            ':' => self.closed()?,
            '=' => look(self.closed()?, false, false),
            '!' => look(self.closed()?, false, true),
            '>' => Node::Atomic(Box::new(self.closed()?)),
            '<' if self.take('=') => look(self.closed()?, true, false),
            '<' if self.take('!') => look(self.closed()?, true, true),
            '<' => self.named_group('>')?,
            '\'' => self.named_group('\'')?,
            '(' => self.conditional()?,
            _ => {
                self.place -= 1;
                return self.options_group();
            }
        }))
    }

    /// The inside of a group and its `)`.
    fn closed(&mut self) -> Result<Node, String> {
        let options = self.options;
        let node = self.alternation()?;
        self.options = options;
        match self.take(')') {
            true => Ok(node),
            false => self.wrong("Not enough )'s."),
        }
    }

    fn capture(&mut self, group: Option<usize>, uncapture: Option<usize>) -> Result<Node, String> {
        Ok(Node::Capture {
            group,
            uncapture,
            body: Box::new(self.closed()?),
        })
    }

    /// `(?<name>…)`, `(?<1>…)`, `(?<name-other>…)`, `(?<-other>…)`.
    fn named_group(&mut self, close: char) -> Result<Node, String> {
        const NAME: &str = "Invalid group name: Group names must begin with a word character.";
        let mut group = None;
        match self.peek(0) {
            Some(unit) if is_digit(unit) => {
                let number = self.group_number()?;
                if !(self.looks(0, close) || self.looks(0, '-')) {
                    return self.wrong(NAME);
                }
                if number == 0 {
                    return self.wrong("Capture number cannot be zero.");
                }
                self.numbers.push(number);
                group = self.slot(number);
            }
            Some(unit) if super::class::is_word(unit) => {
                let name = self.word();
                if !(self.looks(0, close) || self.looks(0, '-')) {
                    return self.wrong(NAME);
                }
                if !self.names.contains(&name) {
                    self.names.push(name.clone());
                }
                group = self.named_slot(&name);
            }
            Some(0x2d) => {}
            _ => return self.wrong(NAME),
        }
        let mut uncapture = None;
        if self.take('-') {
            uncapture = match self.peek(0) {
                Some(unit) if is_digit(unit) => {
                    let number = self.group_number()?;
                    let slot = self.slot(number);
                    if slot.is_none() {
                        return self
                            .wrong(&format!("Reference to undefined group number {number}."));
                    }
                    slot
                }
                Some(unit) if super::class::is_word(unit) => {
                    let name = self.word();
                    let slot = self.named_slot(&name);
                    if slot.is_none() {
                        return self.wrong(&format!("Reference to undefined group name '{name}'."));
                    }
                    slot
                }
                _ => return self.wrong(NAME),
            };
        }
        match self.take(close) {
            true => self.capture(group, uncapture),
            false => self.wrong(NAME),
        }
    }

    /// `(?(1)…|…)`, `(?(name)…|…)`, `(?(condition)…|…)`, after the second `(`.
    fn conditional(&mut self) -> Result<Node, String> {
        let start = self.place;
        let mut group = None;
        match self.peek(0) {
            Some(unit) if is_digit(unit) => {
                let number = self.group_number()?;
                if !self.take(')') {
                    return self.wrong("Conditional alternation has malformed reference.");
                }
                group = self.slot(number);
                if group.is_none() {
                    return self
                        .wrong("Conditional alternation refers to an undefined group number.");
                }
            }
            Some(unit) if super::class::is_word(unit) => {
                let name = self.word();
                group = self.named_slot(&name).filter(|_| self.looks(0, ')'));
                // Before the groups are known, what looks like a name may be one.
                match group {
                    Some(_) if self.groups.is_some() => self.place += 1,
                    _ => group = None,
                }
            }
            _ => {}
        }
        let condition = match group {
            Some(_) => None,
            None if self.place > start && self.take_reference(start) => None,
            None => {
                self.place = start - 1;
                if self.looks(1, '?') {
                    if self.looks(2, '#') {
                        return self.wrong("Alternation conditions cannot be comments.");
                    }
                    let named = self.looks(2, '<') && !self.looks(3, '=') && !self.looks(3, '!');
                    if self.looks(2, '\'') || named {
                        return self
                            .wrong("Alternation conditions do not capture and cannot be named.");
                    }
                }
                self.plain = true;
                self.place += 1;
                match self.group()? {
                    Some(condition) => Some(condition),
                    None => {
                        return self.wrong("Conditional alternation is malformed.");
                    }
                }
            }
        };
        let options = self.options;
        let mut branches = self.branches()?;
        self.options = options;
        if !self.take(')') {
            return self.wrong("Not enough )'s.");
        }
        if branches.len() > 2 {
            return self.wrong("Too many | in (?()|).");
        }
        let no = match branches.len() {
            2 => branches.pop().unwrap_or(Node::Empty),
            _ => Node::Empty,
        };
        let yes = Box::new(branches.pop().unwrap_or(Node::Empty));
        let no = Box::new(no);
        Ok(match (group, condition) {
            (_, Some(condition)) => Node::If {
                condition: Box::new(condition),
                yes,
                no,
            },
            (group, None) => Node::IfGroup {
                group: group.unwrap_or(0),
                yes,
                no,
            },
        })
    }

    /// While the groups are looked for: skips a condition that is a word alone, be it a name or a pattern.
    fn take_reference(&mut self, start: usize) -> bool {
        let first = self.groups.is_none() && self.place > start;
        first && self.take(')')
    }

    /// `(?imnsx-imnsx)` and `(?imnsx-imnsx:…)`, after the `?`.
    fn options_group(&mut self) -> Result<Option<Node>, String> {
        let before = self.options;
        let mut off = false;
        while let Some(unit) = self.peek(0) {
            let option = match ascii(unit).to_ascii_lowercase() {
                '-' => {
                    off = true;
                    0
                }
                '+' => {
                    off = false;
                    0
                }
                'i' => IGNORE_CASE,
                'm' => MULTILINE,
                'n' => EXPLICIT,
                's' => SINGLELINE,
                'x' => SPACED,
                _ => break,
            };
            match off {
                true => self.options &= !option,
                false => self.options |= option,
            }
            self.place += 1;
        }
        if self.take(')') {
            return Ok(None);
        }
        if !self.take(':') {
            return self.wrong("Unrecognized grouping construct.");
        }
        let node = self.closed()?;
        self.options = before;
        Ok(Some(node))
    }

    fn ecma_kind(&self, class: char) -> Option<Set> {
        let negated = class.is_ascii_uppercase();
        let mut set = Set::default();
        if self.has(ECMA) {
            match class.to_ascii_lowercase() {
                'd' => set.add(0x30, 0x39),
                's' => set.add_all(&[(9, 13), (32, 32)]),
                'w' => set.add_all(&[
                    (0x30, 0x39),
                    (0x41, 0x5a),
                    (0x5f, 0x5f),
                    (0x61, 0x7a),
                    (0x130, 0x130),
                ]),
                _ => return None,
            }
            if negated {
                set.negate();
            }
            return Some(set.finish(false));
        }
        let kind = match class.to_ascii_lowercase() {
            'd' => Kind::DIGIT,
            's' => Kind::SPACE,
            'w' => Kind::WORD,
            _ => return None,
        };
        Some(Set::kind(kind.not(negated)))
    }

    /// What follows `\` outside a set.
    fn escape(&mut self) -> Result<Node, String> {
        let Some(unit) = self.peek(0) else {
            return self.wrong("Illegal \\ at end of pattern.");
        };
        let ecma = self.has(ECMA);
        let anchor = match ascii(unit) {
            'b' if ecma => Anchor::EcmaBoundary,
            'B' if ecma => Anchor::NotEcmaBoundary,
            'b' => Anchor::Boundary,
            'B' => Anchor::NotBoundary,
            'A' => Anchor::Start,
            'G' => Anchor::SearchStart,
            'Z' => Anchor::EndOrNewline,
            'z' => Anchor::End,
            class @ ('w' | 'W' | 's' | 'S' | 'd' | 'D') => {
                self.place += 1;
                return Ok(Node::One(self.ecma_kind(class).unwrap_or_default()));
            }
            class @ ('p' | 'P') => {
                self.place += 1;
                let mut set = Set::default();
                self.property(&mut set, class == 'P')?;
                return Ok(Node::One(set.finish(self.has(IGNORE_CASE))));
            }
            _ => return self.reference(),
        };
        self.place += 1;
        Ok(Node::Anchor(anchor))
    }

    fn backreference(&self, group: usize) -> Node {
        Node::Backreference {
            group,
            ignore_case: self.has(IGNORE_CASE),
            ecma: self.has(ECMA),
        }
    }

    /// `\1`, `\k<name>`, `\<name>`, or a character's escape.
    fn reference(&mut self) -> Result<Node, String> {
        let start = self.place;
        let keyed = self.take('k');
        let close = match self.peek(0) {
            Some(0x3c) if keyed || self.peek(1).is_some_and(super::class::is_word) => Some('>'),
            Some(0x27) if keyed || self.peek(1).is_some_and(super::class::is_word) => Some('\''),
            _ => None,
        };
        if keyed && (close.is_none() || self.peek(1).is_none()) {
            return self.wrong("Malformed \\k<...> named back reference.");
        }
        if let Some(close) = close {
            self.place += 1;
            let digits = self.peek(0).is_some_and(is_digit);
            let (slot, name) = if digits {
                let number = self.group_number()?;
                (self.slot(number), number.to_string())
            } else {
                let name = self.word();
                (self.named_slot(&name), name)
            };
            if !name.is_empty() && self.take(close) {
                return match slot {
                    Some(slot) => Ok(self.backreference(slot)),
                    None if digits => {
                        self.wrong(&format!("Reference to undefined group number {name}."))
                    }
                    None => self.wrong(&format!("Reference to undefined group name '{name}'.")),
                };
            }
            if keyed {
                return self.wrong("Malformed \\k<...> named back reference.");
            }
        } else if self
            .peek(0)
            .is_some_and(|unit| (0x31..=0x39).contains(&unit))
        {
            if self.has(ECMA) {
                if let Some(slot) = self.ecma_reference() {
                    return Ok(self.backreference(slot));
                }
            } else {
                let number = self.group_number()?;
                if let Some(slot) = self.slot(number) {
                    return Ok(self.backreference(slot));
                }
                if number <= 9 {
                    return self.wrong(&format!("Reference to undefined group number {number}."));
                }
            }
        }
        self.place = start;
        let unit = self.character()?;
        Ok(self.literal(unit))
    }

    /// The longest number that is a group's, as ECMAScript reads it.
    fn ecma_reference(&mut self) -> Option<usize> {
        let (mut number, mut found) = (0usize, None);
        let mut ahead = 0;
        while let Some(unit) = self.peek(ahead).filter(|unit| is_digit(*unit)) {
            number = number
                .checked_mul(10)?
                .checked_add(usize::from(unit - 0x30))?;
            ahead += 1;
            // A group can be meant once it has begun.
            if self.numbers.contains(&number)
                && let Some(slot) = self.slot(number)
            {
                found = Some((slot, ahead));
            }
        }
        let (slot, length) = found?;
        self.place += length;
        Some(slot)
    }

    /// A character's escape, after the `\`.
    fn character(&mut self) -> Result<u16, String> {
        let Some(unit) = self.next_unit() else {
            return self.wrong("Illegal \\ at end of pattern.");
        };
        Ok(match ascii(unit) {
            '0'..='7' => {
                self.place -= 1;
                return Ok(self.octal());
            }
            'x' => return self.hexadecimal(2),
            'u' => return self.hexadecimal(4),
            'a' => 7,
            'b' => 8,
            'e' => 0x1b,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            'c' => return self.control(),
            c => {
                if !self.has(ECMA) && super::class::is_word(unit) {
                    return self.wrong(&format!("Unrecognized escape sequence \\{c}."));
                }
                unit
            }
        })
    }

    fn octal(&mut self) -> u16 {
        let mut code = 0u16;
        for _ in 0..3 {
            let Some(unit) = self.peek(0).filter(|unit| (0x30..=0x37).contains(unit)) else {
                break;
            };
            self.place += 1;
            code = code * 8 + (unit - 0x30);
            if self.has(ECMA) && code >= 0x20 {
                break;
            }
        }
        code & 0xff
    }

    fn hexadecimal(&mut self, count: usize) -> Result<u16, String> {
        let mut code = 0u16;
        for _ in 0..count {
            let digit = self.peek(0).and_then(|unit| ascii(unit).to_digit(16));
            let Some(digit) = digit.and_then(|digit| u16::try_from(digit).ok()) else {
                return self.wrong("Insufficient or invalid hexadecimal digits.");
            };
            self.place += 1;
            code = code << 4 | digit;
        }
        Ok(code)
    }

    fn control(&mut self) -> Result<u16, String> {
        let Some(unit) = self.next_unit() else {
            return self.wrong("Missing control character.");
        };
        let upper = ascii(unit).to_ascii_uppercase();
        match u16::try_from(u32::from(upper)) {
            Ok(code @ 0x40..=0x5f) => Ok(code - 0x40),
            _ => self.wrong("Unrecognized control character."),
        }
    }

    /// `{name}` after `\p`.
    fn property(&mut self, set: &mut Set, negated: bool) -> Result<(), String> {
        if !self.take('{') {
            return self.wrong("Malformed \\p{X} character escape.");
        }
        let from = self.place;
        while self
            .peek(0)
            .is_some_and(|unit| super::class::is_word(unit) || unit == 0x2d)
        {
            self.place += 1;
        }
        let name = String::from_utf16_lossy(self.pattern.get(from..self.place).unwrap_or_default());
        if !self.take('}') {
            return self.wrong("Incomplete \\p{X} character escape.");
        }
        match set.add_property(&name, negated, self.has(IGNORE_CASE)) {
            true => Ok(()),
            false => self.wrong(&format!("Unknown property '{name}'.")),
        }
    }

    /// A set, after its `[`.
    fn set(&mut self) -> Result<Set, String> {
        self.enter()?;
        let mut set = Set::default();
        let mut first = true;
        if self.take('^') {
            set.negate();
            first = !(self.has(ECMA) && self.looks(0, ']'));
        }
        // The first end of a range whose second is still to come.
        let mut low: Option<u16> = None;
        loop {
            let Some(mut unit) = self.next_unit() else {
                return self.wrong("Unterminated [] set.");
            };
            let mut escaped = false;
            match ascii(unit) {
                ']' if !first => break,
                '\\' if self.peek(0).is_some() => {
                    let class = self.peek(0).map_or('\0', ascii);
                    match class {
                        'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P' => {
                            if low.is_some() {
                                return self.wrong(&format!(
                                    "Cannot include class \\{class} in character range."
                                ));
                            }
                            self.place += 1;
                            first = false;
                            match class {
                                'p' | 'P' => self.property(&mut set, class == 'P')?,
                                _ => self.kind_in(&mut set, class),
                            }
                            continue;
                        }
                        '-' => {
                            self.place += 1;
                            first = false;
                            match low.take() {
                                Some(low) if low > 0x2d => return self.reversed(),
                                Some(low) => set.add(low, 0x2d),
                                None => set.add(0x2d, 0x2d),
                            }
                            continue;
                        }
                        _ => {
                            unit = self.character()?;
                            escaped = true;
                        }
                    }
                }
                _ => {}
            }
            let bracket = unit == 0x5b && !escaped && !first;
            if let Some(from) = low.take() {
                if bracket {
                    // `[a-[b]]`: not a range but a subtraction.
                    set.add(from, from);
                    self.subtraction(&mut set)?;
                } else if from > unit {
                    return self.reversed();
                } else {
                    set.add(from, unit);
                }
            } else if self.looks(0, '-') && self.peek(1).is_some() && !self.looks(1, ']') {
                low = Some(unit);
                self.place += 1;
            } else if unit == 0x2d && !escaped && !first && self.looks(0, '[') {
                self.place += 1;
                self.subtraction(&mut set)?;
            } else {
                set.add(unit, unit);
            }
            first = false;
        }
        self.depth -= 1;
        Ok(set.finish(self.has(IGNORE_CASE)))
    }

    fn reversed<T>(&self) -> Result<T, String> {
        self.wrong("[x-y] range in reverse order.")
    }

    fn kind_in(&self, set: &mut Set, class: char) {
        if self.has(ECMA) {
            let ranges: &[(u16, u16)] = match class {
                'd' => &[(0x30, 0x39)],
                'D' => &[(0, 0x2f), (0x3a, u16::MAX)],
                's' => &[(9, 13), (32, 32)],
                'S' => &[(0, 8), (14, 31), (33, u16::MAX)],
                'w' => &[
                    (0x30, 0x39),
                    (0x41, 0x5a),
                    (0x5f, 0x5f),
                    (0x61, 0x7a),
                    (0x130, 0x130),
                ],
                _ => &[
                    (0, 0x2f),
                    (0x3a, 0x40),
                    (0x5b, 0x5e),
                    (0x60, 0x60),
                    (0x7b, 0x12f),
                    (0x131, u16::MAX),
                ],
            };
            return set.add_all(ranges);
        }
        let kind = match class.to_ascii_lowercase() {
            'd' => Kind::DIGIT,
            's' => Kind::SPACE,
            _ => Kind::WORD,
        };
        set.add_kind(kind.not(class.is_ascii_uppercase()));
    }

    /// A set that is taken away, after its `[`.
    fn subtraction(&mut self, set: &mut Set) -> Result<(), String> {
        set.subtract(self.set()?);
        match self.looks(0, ']') {
            true => Ok(()),
            false => self.wrong("A subtraction must be the last element in a character class."),
        }
    }
}
