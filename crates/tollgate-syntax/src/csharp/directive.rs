//! Preprocessor directives: `#if` and its like, `#region`, `#pragma`. No symbol is defined.

use super::lexer::Lexer;
use super::token::is_newline;

/// How deep a condition may be nested.
const DEPTH: u32 = 64;

/// A directive that waits for its end.
pub(super) enum Open {
    /// `#if`, with whether one of its branches was taken.
    If(bool),
    /// `#region`.
    Region,
}

impl<'a> Lexer<'a> {
    /// A directive, up to the end of its line. What a false condition leaves out is passed over with it.
    pub(super) fn directive(&mut self, start: usize) {
        let (name, rest) = self.directive_line();
        match (name, self.directives.last()) {
            ("if", _) => {
                let holds = self.holds(rest, start);
                self.directives.push(Open::If(holds));
                if !holds {
                    self.left_out();
                }
            }
            ("elif" | "else", Some(Open::If(_))) => self.left_out(),
            ("endif", Some(Open::If(_))) | ("endregion", Some(Open::Region)) => {
                self.directives.pop();
            }
            ("elif" | "else" | "endif" | "endregion", open) => {
                let (code, message) = match open {
                    Some(open) => open.expected(),
                    None => ("CS1028", "Unexpected preprocessor directive"),
                };
                self.error(code, message, start);
            }
            ("region", _) => self.directives.push(Open::Region),
            ("pragma" | "line" | "warning", _) => {}
            ("error", _) => self.error("CS1029", format!("#error: '{rest}'"), start),
            ("define" | "undef", _) => self.error(
                "CS1032",
                "Cannot define/undefine preprocessor symbols after first token in file",
                start,
            ),
            ("nullable", _) => self.error(
                "CS8370",
                "Feature 'nullable reference types' is not available in C# 7.3. Please use language version 8.0 or greater.",
                start,
            ),
            _ => self.error("CS1024", "Preprocessor directive expected", start),
        }
    }

    /// Says what is missing at the end of the code.
    pub(super) fn end_of_directives(&mut self) {
        if let Some((code, message)) = self.directives.last().map(Open::expected) {
            self.error(code, message, self.at);
        }
    }

    /// The name of the directive that begins here, and what follows it on its line.
    fn directive_line(&mut self) -> (&'a str, &'a str) {
        let line = self.rest();
        self.skip_while(|c| !is_newline(c));
        let line = line.get(..line.len() - self.rest().len()).unwrap_or(line);
        let line = line.trim_start().trim_start_matches('#').trim();
        let end = line.find(|c: char| !c.is_ascii_alphanumeric());
        let (name, rest) = line.split_at(end.unwrap_or(line.len()));
        (name, rest.trim())
    }

    /// Passes over lines until a branch of the innermost `#if` that is taken, or its end.
    fn left_out(&mut self) {
        let mut inner = 0u32;
        while self.at < self.code.len() {
            self.skip_while(is_newline);
            let before = self.at;
            self.skip_while(|c| c.is_whitespace() && !is_newline(c));
            if self.peek() != Some('#') {
                self.skip_while(|c| !is_newline(c));
                continue;
            }
            let (name, rest) = self.directive_line();
            match name {
                "if" => inner += 1,
                "endif" if inner > 0 => inner -= 1,
                "endif" => {
                    self.directives.pop();
                    return;
                }
                "elif" | "else" if inner == 0 => {
                    let taken = matches!(self.directives.last(), Some(Open::If(true)));
                    if !taken && (name == "else" || self.holds(rest, before)) {
                        self.directives.pop();
                        self.directives.push(Open::If(true));
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a condition holds.
    fn holds(&mut self, condition: &str, start: usize) -> bool {
        let condition = condition.split("//").next().unwrap_or_default();
        let mut reader = Condition {
            rest: condition.trim(),
            depth: DEPTH,
        };
        match reader.any() {
            Some(holds) if reader.rest.is_empty() => holds,
            _ => {
                self.error("CS1517", "Invalid preprocessor expression", start);
                false
            }
        }
    }
}

impl Open {
    fn expected(&self) -> (&'static str, &'static str) {
        match self {
            Open::If(_) => ("CS1027", "#endif directive expected"),
            Open::Region => ("CS1038", "#endregion directive expected"),
        }
    }
}

/// What is left of a condition.
struct Condition<'c> {
    rest: &'c str,
    depth: u32,
}

impl Condition<'_> {
    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    /// `a || b`.
    fn any(&mut self) -> Option<bool> {
        let mut holds = self.all()?;
        while self.eat("||") {
            holds |= self.all()?;
        }
        Some(holds)
    }

    /// `a && b`.
    fn all(&mut self) -> Option<bool> {
        let mut holds = self.equal()?;
        while self.eat("&&") {
            holds &= self.equal()?;
        }
        Some(holds)
    }

    /// `a == b`.
    fn equal(&mut self) -> Option<bool> {
        let mut holds = self.one()?;
        loop {
            if self.eat("==") {
                holds = holds == self.one()?;
            } else if self.eat("!=") {
                holds = holds != self.one()?;
            } else {
                return Some(holds);
            }
        }
    }

    fn one(&mut self) -> Option<bool> {
        self.depth = self.depth.checked_sub(1)?;
        let holds = if self.eat("!") {
            !self.one()?
        } else if self.eat("(") {
            let holds = self.any()?;
            self.eat(")").then_some(holds)?
        } else {
            let end = self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            if name.is_empty() || name.starts_with(|c: char| c.is_numeric()) {
                return None;
            }
            self.rest = rest.trim_start();
            name == "true"
        };
        self.depth += 1;
        Some(holds)
    }
}
