//! Cuts code text into tokens. Interpolated strings come as one flat run of tokens, so that their
//! holes are parsed in place.

use super::SyntaxError;
use super::ast::Range32;
use super::directive::Open;
use super::token::{
    Token, TokenKind, is_identifier_part, is_identifier_start, is_keyword, is_newline, punctuation,
};

/// The tokens of `code`, the last of kind [`TokenKind::End`], and what is wrong with their form.
pub(super) fn tokens(code: &str) -> (Vec<Token>, Vec<SyntaxError>) {
    let mut lexer = Lexer {
        code,
        at: 0,
        line_is_blank: true,
        open: Vec::new(),
        directives: Vec::new(),
        tokens: Vec::with_capacity(code.len().min(LONG) / 3),
        errors: Vec::new(),
    };
    lexer.run();
    (lexer.tokens, lexer.errors)
}

/// Up to how many bytes there is room for all tokens at once.
const LONG: usize = 64 << 10;

pub(super) struct Lexer<'a> {
    pub(super) code: &'a str,
    /// The next byte to read; always between two characters.
    pub(super) at: usize,
    /// Nothing but white space so far on this line.
    line_is_blank: bool,
    /// The interpolated strings around the current place.
    open: Vec<Interpolation>,
    /// The directives that wait for their ends.
    pub(super) directives: Vec<Open>,
    tokens: Vec<Token>,
    errors: Vec<SyntaxError>,
}

struct Interpolation {
    verbatim: bool,
    /// Open brackets since the start of the hole, including the hole's brace; 0 in text.
    brackets: u32,
    /// Where the text or hole began.
    start: usize,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        while self.at < self.code.len() {
            match self.open.last() {
                Some(interpolation) if interpolation.brackets == 0 => {
                    self.interpolation_text(interpolation.verbatim);
                }
                _ => self.token(),
            }
        }
        if let Some(interpolation) = self.open.pop() {
            let start = interpolation.start;
            if interpolation.brackets > 0 {
                self.missing_hole_end(start);
            } else {
                self.unterminated(interpolation.verbatim, start);
            }
        }
        self.end_of_directives();
        self.push(TokenKind::End, self.at);
    }

    pub(super) fn rest(&self) -> &'a str {
        self.code.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over `text` if it comes next.
    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn skip_char(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    pub(super) fn skip_while(&mut self, accept: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !accept(c)).unwrap_or(rest.len());
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        self.tokens.push(Token {
            kind,
            range: range(start, self.at),
        });
    }

    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>, start: usize) {
        self.errors.push(SyntaxError {
            code,
            message: message.into(),
            range: range(start, self.at),
        });
    }

    fn token(&mut self) {
        let start = self.at;
        let Some(c) = self.peek() else { return };
        if is_newline(c) {
            self.newline_in_hole(start);
            self.skip_char();
            self.line_is_blank = true;
            return;
        }
        if c.is_whitespace() {
            return self.skip_while(|c| c.is_whitespace() && !is_newline(c));
        }
        if self.eat("//") {
            return self.skip_while(|c| !is_newline(c));
        }
        if self.eat("/*") {
            return self.block_comment(start);
        }
        let line_is_blank = std::mem::replace(&mut self.line_is_blank, false);
        match c {
            '#' => {
                if line_is_blank {
                    self.directive(start);
                } else {
                    self.skip_while(|c| !is_newline(c));
                    let message = "Preprocessor directives must appear as the first \
                                   non-whitespace character on a line";
                    self.error("CS1040", message, start);
                }
            }
            '"' => {
                self.skip_char();
                self.quoted('"', start);
                self.push(TokenKind::String, start);
            }
            '\'' => {
                self.skip_char();
                self.quoted('\'', start);
                self.push(TokenKind::Char, start);
            }
            '@' | '$' => self.prefixed(start),
            '0'..='9' => self.number(start),
            '.' if self
                .rest()
                .chars()
                .nth(1)
                .is_some_and(|c| c.is_ascii_digit()) =>
            {
                self.number(start);
            }
            c if is_identifier_start(c) => {
                self.skip_while(is_identifier_part);
                let word = self.code.get(start..self.at).unwrap_or_default();
                let kind = if is_keyword(word) {
                    TokenKind::Keyword
                } else {
                    TokenKind::Identifier
                };
                self.push(kind, start);
            }
            c => self.punctuation(c, start),
        }
    }

    fn block_comment(&mut self, start: usize) {
        match memchr::memmem::find(self.rest().as_bytes(), b"*/") {
            Some(length) => self.at += length + 2,
            None => {
                self.at = self.code.len();
                self.error("CS1035", "End-of-file found, '*/' expected", start);
            }
        }
    }

    /// The rest of a string or character up to its closing `quote` on the same line.
    fn quoted(&mut self, quote: char, start: usize) {
        while let Some(c) = self.peek().filter(|&c| !is_newline(c)) {
            self.skip_char();
            if c == quote {
                return;
            }
            if c == '\\' && !self.peek().is_some_and(is_newline) {
                self.skip_char();
            }
        }
        self.error("CS1010", "Newline in constant", start);
    }

    /// What begins with `@` or `$`: verbatim and interpolated strings, verbatim identifiers.
    fn prefixed(&mut self, start: usize) {
        if self.rest().starts_with("@$\"") {
            self.at += 3;
            let message = "To use '@$' instead of '$@' for an interpolated verbatim string, \
                           please use language version '8.0' or greater.";
            self.error("CS8401", message, start);
            self.interpolation_start(TokenKind::VerbatimInterpolationStart, start);
        } else if self.eat("$@\"") {
            self.interpolation_start(TokenKind::VerbatimInterpolationStart, start);
        } else if self.eat("$\"") {
            self.interpolation_start(TokenKind::InterpolationStart, start);
        } else if self.eat("@\"") {
            self.verbatim_string(start);
        } else if self.eat("@") {
            if self.peek().is_some_and(is_identifier_start) {
                self.skip_while(is_identifier_part);
                self.push(TokenKind::Identifier, start);
            } else {
                let message = "Keyword, identifier, or string expected after verbatim specifier: @";
                self.error("CS1646", message, start);
            }
        } else {
            self.unexpected(start);
        }
    }

    fn verbatim_string(&mut self, start: usize) {
        loop {
            self.skip_while(|c| c != '"');
            if !self.eat("\"") {
                self.error("CS1039", "Unterminated string literal", start);
                break;
            }
            if !self.eat("\"") {
                break;
            }
        }
        self.push(TokenKind::String, start);
    }

    fn number(&mut self, start: usize) {
        let mut kind = TokenKind::Integer;
        if self.eat("0x") || self.eat("0X") {
            self.skip_while(|c| c.is_ascii_hexdigit() || c == '_');
        } else if self.eat("0b") || self.eat("0B") {
            self.skip_while(|c| matches!(c, '0' | '1' | '_'));
        } else {
            let digits = |c: char| c.is_ascii_digit() || c == '_';
            self.skip_while(digits);
            let mut ahead = self.rest().chars();
            if ahead.next() == Some('.') && ahead.next().is_some_and(|c| c.is_ascii_digit()) {
                kind = TokenKind::Real;
                self.skip_char();
                self.skip_while(digits);
            }
            if let Some(length) = exponent_start(self.rest()) {
                kind = TokenKind::Real;
                self.at += length;
                self.skip_while(digits);
            } else if self.rest().starts_with(['e', 'E']) {
                self.skip_char();
                self.error("CS0595", "Invalid real literal.", start);
            }
            if self
                .peek()
                .is_some_and(|c| matches!(c, 'f' | 'F' | 'd' | 'D' | 'm' | 'M'))
            {
                kind = TokenKind::Real;
                self.skip_char();
            }
        }
        if kind == TokenKind::Integer {
            self.integer_suffix();
        }
        self.push(kind, start);
    }

    fn integer_suffix(&mut self) {
        let mut ahead = self.rest().chars().map(|c| c.to_ascii_lowercase());
        self.at += match (ahead.next(), ahead.next()) {
            (Some('u'), Some('l')) | (Some('l'), Some('u')) => 2,
            (Some('u' | 'l'), _) => 1,
            _ => 0,
        };
    }

    fn punctuation(&mut self, c: char, start: usize) {
        let Some(punctuation) = punctuation(self.rest()) else {
            return self.unexpected(start);
        };
        if let Some(interpolation) = self.open.last_mut() {
            match (c, interpolation.brackets) {
                ('(' | '[' | '{', brackets) => interpolation.brackets = brackets.saturating_add(1),
                ('}', 1) => {
                    interpolation.brackets = 0;
                    self.skip_char();
                    return self.push(TokenKind::HoleEnd, start);
                }
                (')' | ']' | '}', 2..) => interpolation.brackets -= 1,
                (':', 1) => {
                    self.skip_char();
                    return self.format();
                }
                _ => {}
            }
        }
        self.at += punctuation.len();
        self.push(TokenKind::Punctuation, start);
    }

    fn unexpected(&mut self, start: usize) {
        let c = self.peek().unwrap_or_default();
        self.skip_char();
        self.error("CS1056", format!("Unexpected character '{c}'"), start);
    }

    fn interpolation_start(&mut self, kind: TokenKind, start: usize) {
        let verbatim = kind == TokenKind::VerbatimInterpolationStart;
        self.open.push(Interpolation {
            verbatim,
            brackets: 0,
            start,
        });
        self.push(kind, start);
    }

    /// Text up to a hole or the end of the string, and the token that ends it.
    fn interpolation_text(&mut self, verbatim: bool) {
        let start = self.at;
        loop {
            if self.eat("{{") || self.eat("}}") || (verbatim && self.eat("\"\"")) {
                continue;
            }
            match self.peek() {
                Some('"' | '{') => break,
                Some('}') => {
                    let brace = self.at;
                    self.skip_char();
                    let message = "A '}' character must be escaped (by doubling) in an \
                                   interpolated string.";
                    self.error("CS8086", message, brace);
                }
                Some('\\') if !verbatim => {
                    self.skip_char();
                    if !self.peek().is_some_and(is_newline) {
                        self.skip_char();
                    }
                }
                Some(c) if verbatim || !is_newline(c) => self.skip_char(),
                _ => break,
            }
        }
        if self.at > start {
            self.push(TokenKind::InterpolationText, start);
        }
        let end = self.at;
        if self.eat("{") {
            if let Some(interpolation) = self.open.last_mut() {
                (interpolation.brackets, interpolation.start) = (1, end);
            }
            return self.push(TokenKind::HoleStart, end);
        }
        let interpolation = self.open.pop();
        if !self.eat("\"") {
            self.unterminated(verbatim, interpolation.map_or(end, |i| i.start));
        }
        self.push(TokenKind::InterpolationEnd, end);
    }

    fn unterminated(&mut self, verbatim: bool, start: usize) {
        if verbatim {
            self.error("CS1039", "Unterminated string literal", start);
        } else {
            self.error("CS1010", "Newline in constant", start);
        }
    }

    /// The format of a hole, up to its closing brace; the colon is already read.
    fn format(&mut self) {
        let start = self.at;
        let Some(interpolation) = self.open.last() else {
            return;
        };
        let (verbatim, hole) = (interpolation.verbatim, interpolation.start);
        loop {
            if self.eat("{{") || self.eat("}}") || (verbatim && self.eat("\"\"")) {
                continue;
            }
            match self.peek() {
                Some('\\') if !verbatim => {
                    self.skip_char();
                    self.skip_char();
                }
                None | Some('"' | '{' | '}') => break,
                Some(c) if is_newline(c) => break,
                Some(_) => self.skip_char(),
            }
        }
        self.push(TokenKind::HoleFormat, start);
        let end = self.at;
        if let Some(interpolation) = self.open.last_mut() {
            interpolation.brackets = 0;
        }
        if !self.eat("}") {
            self.missing_hole_end(hole);
        }
        self.push(TokenKind::HoleEnd, end);
    }

    fn missing_hole_end(&mut self, start: usize) {
        // A string in it that does not end is the mistake.
        if self
            .errors
            .iter()
            .any(|error| error.range.start >= range(start, start).start)
        {
            return;
        }
        let message = "Missing close delimiter '}' for interpolated expression started with '{'.";
        self.error("CS8076", message, start);
    }

    /// C# 7 to 10 keep the holes of `$"…"` on one line.
    fn newline_in_hole(&mut self, start: usize) {
        if self
            .open
            .last()
            .is_some_and(|interpolation| !interpolation.verbatim)
        {
            let message = "Newlines inside a non-verbatim interpolated string are not supported \
                           in C# 7.3; use $@\"…\".";
            self.error("CS8967", message, start);
        }
    }
}

/// The length of `e`, `e+`, `e-` when a digit follows.
fn exponent_start(rest: &str) -> Option<usize> {
    let digits = rest.strip_prefix(['e', 'E'])?;
    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    digits
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| rest.len() - digits.len())
}

/// Code is at most 1 MiB long, so its offsets fit.
fn range(start: usize, end: usize) -> Range32 {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Range32::new(offset(start), offset(end))
}
