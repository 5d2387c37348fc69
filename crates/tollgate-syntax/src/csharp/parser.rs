//! What all parts of the parser share: the place in the tokens, errors, and the limit on depth.

use super::ast::{Identifier, Range32};
use super::token::{Token, TokenKind};
use super::{MAX_DEPTH, MAX_LENGTH, Parsed, SyntaxError, lexer};

/// Errors beyond this many say nothing new: parsing stops.
const MAX_ERRORS: usize = 50;

pub(super) struct Parser<'a> {
    pub(super) code: &'a str,
    pub(super) tokens: Vec<Token>,
    /// The current token; never beyond the last, which is [`TokenKind::End`].
    pub(super) next: usize,
    /// Where the last consumed token ends.
    pub(super) previous_end: u32,
    /// Inside a query its words (`where`, `select`, …) are no identifiers.
    pub(super) in_query: bool,
    /// The code is that of `@{…}`.
    pub(super) is_block: bool,
    /// At the end of the code stands one more `;`.
    pub(super) ends_in_semicolon: bool,
    /// A `return` was read.
    pub(super) returned: bool,
    errors: Vec<SyntaxError>,
    /// Errors the compiler only looks for in code that parses.
    late_errors: Vec<SyntaxError>,
    /// The token at which the last error was found: more at the same place say nothing new.
    failed_at: Option<usize>,
    /// How many levels are being parsed around the current place.
    depth: u32,
    /// The height of the highest tree parsed so far within the current level.
    pub(super) height: u32,
    stopped: bool,
}

/// What [`Parser::leave`] needs to go back to the outer level.
#[must_use]
pub(super) struct Level {
    outer_height: u32,
}

/// Runs `parse` over the whole of `code`.
pub(super) fn parse_all<'a, T>(
    code: &'a str,
    parse: impl FnOnce(&mut Parser<'a>) -> T,
) -> Parsed<T> {
    let too_long = code.len() > MAX_LENGTH;
    let code = if too_long { "" } else { code };
    let (tokens, lexical) = lexer::tokens(code);
    let mut parser = Parser {
        code,
        tokens,
        next: 0,
        previous_end: 0,
        in_query: false,
        is_block: false,
        ends_in_semicolon: false,
        returned: false,
        errors: Vec::new(),
        late_errors: Vec::new(),
        failed_at: None,
        depth: 0,
        height: 0,
        stopped: false,
    };
    if too_long {
        parser.too_complex();
    }
    let tree = parse(&mut parser);
    let mut errors = lexical;
    errors.append(&mut parser.errors);
    // Stable: where both found fault with the same place, the lexer's word comes first.
    errors.sort_by_key(|error| error.range.start);
    errors.truncate(MAX_ERRORS);
    if errors.is_empty() {
        errors = parser.late_errors;
    }
    Parsed { tree, errors }
}

impl<'a> Parser<'a> {
    pub(super) fn token(&self) -> Token {
        self.nth(0)
    }

    /// The token `n` places on.
    pub(super) fn nth(&self, n: usize) -> Token {
        self.token_at(self.next.saturating_add(n))
    }

    /// The token at a place counted from the start; the last when there are fewer.
    pub(super) fn token_at(&self, index: usize) -> Token {
        let end = || Token {
            kind: TokenKind::End,
            range: Range32::default(),
        };
        self.tokens
            .get(index)
            .or(self.tokens.last())
            .copied()
            .unwrap_or_else(end)
    }

    pub(super) fn slice(&self, range: Range32) -> &'a str {
        let offset = |at| usize::try_from(at).unwrap_or(usize::MAX);
        self.code
            .get(offset(range.start)..offset(range.end))
            .unwrap_or_default()
    }

    /// The text of a word or of punctuation; empty for all other tokens.
    pub(super) fn text_at(&self, index: usize) -> &'a str {
        let token = self.token_at(index);
        match token.kind {
            TokenKind::Identifier | TokenKind::Keyword | TokenKind::Punctuation => {
                self.slice(token.range)
            }
            _ => "",
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text_at(self.next)
    }

    pub(super) fn nth_text(&self, n: usize) -> &'a str {
        self.text_at(self.next.saturating_add(n))
    }

    pub(super) fn at(&self, text: &str) -> bool {
        self.text() == text
    }

    pub(super) fn at_kind(&self, kind: TokenKind) -> bool {
        self.token().kind == kind
    }

    pub(super) fn at_end(&self) -> bool {
        self.at_kind(TokenKind::End)
    }

    /// Where the current token starts.
    pub(super) fn start(&self) -> u32 {
        self.token().range.start
    }

    /// From `start` to the end of the last consumed token.
    pub(super) fn since(&self, start: u32) -> Range32 {
        Range32::new(start, self.previous_end.max(start))
    }

    pub(super) fn bump(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.next += 1;
            self.previous_end = token.range.end;
        }
        token
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.at(text);
        if found {
            self.bump();
        }
        found
    }

    pub(super) fn expect(&mut self, text: &'static str) -> bool {
        let found = self.eat(text);
        if !found && text == ";" && self.at_end() && self.ends_in_semicolon {
            return true;
        }
        if !found {
            let (code, message) = match text {
                ";" => ("CS1002", "; expected".into()),
                ")" => ("CS1026", ") expected".into()),
                "}" => ("CS1513", "} expected".into()),
                "{" => ("CS1514", "{ expected".into()),
                "in" => ("CS1515", "'in' expected".into()),
                "by" => ("CS0745", "Expected contextual keyword 'by'".into()),
                "on" => ("CS0743", "Expected contextual keyword 'on'".into()),
                "equals" => ("CS0744", "Expected contextual keyword 'equals'".into()),
                _ => ("CS1003", format!("Syntax error, '{text}' expected")),
            };
            let place = self.place_of_missing();
            self.error(code, message, place);
        }
        found
    }

    /// Where the compiler reports a missing token: at the next token, but at the end of the
    /// previous when that ends its line.
    fn place_of_missing(&self) -> Range32 {
        let token = self.token();
        let between = self.slice(Range32::new(self.previous_end, token.range.start));
        if token.kind == TokenKind::End || between.contains(['\n', '\r']) {
            Range32::new(self.previous_end, self.previous_end)
        } else {
            token.range
        }
    }

    /// A name; in its place an empty one, with an error.
    pub(super) fn identifier(&mut self) -> Identifier {
        if self.at_kind(TokenKind::Identifier) {
            let range = self.bump().range;
            let text = self.slice(range);
            return Identifier {
                name: text.strip_prefix('@').unwrap_or(text).into(),
                range,
            };
        }
        let place = self.place_of_missing();
        self.error("CS1001", "Identifier expected", place);
        Identifier {
            name: "".into(),
            range: self.since(self.previous_end),
        }
    }

    /// Is the token at `index` a name that no rule of the surroundings claims as a keyword?
    pub(super) fn is_free_identifier(&self, index: usize) -> bool {
        self.token_at(index).kind == TokenKind::Identifier
            && !(self.in_query && is_query_word(self.text_at(index)))
    }

    pub(super) fn error(&mut self, code: &'static str, message: impl Into<String>, range: Range32) {
        if self.stopped || self.failed_at == Some(self.next) {
            return;
        }
        self.failed_at = Some(self.next);
        self.errors.push(SyntaxError {
            code,
            message: message.into(),
            range,
        });
        if self.errors.len() >= MAX_ERRORS {
            self.stop();
        }
    }

    /// An error of binding rather than of syntax, kept for code without errors of syntax.
    pub(super) fn late_error(&mut self, code: &'static str, message: &str, range: Range32) {
        if self.late_errors.len() < MAX_ERRORS {
            self.late_errors.push(SyntaxError {
                code,
                message: message.into(),
                range,
            });
        }
    }

    /// Whether an error of binding was found.
    pub(super) fn has_late_errors(&self) -> bool {
        !self.late_errors.is_empty()
    }

    /// Refuses what came after C# 7.3, the language of policy expressions, when all else parses.
    pub(super) fn feature(&mut self, feature: &str, version: &str, range: Range32) {
        let message = format!(
            "Feature '{feature}' is not available in C# 7.3. Please use language version {version} or greater."
        );
        self.late_error("CS8370", &message, range);
    }

    /// Refuses the current token, which cannot begin what has to come here.
    pub(super) fn invalid_term(&mut self) {
        let token = self.token();
        if matches!(token.kind, TokenKind::HoleEnd | TokenKind::HoleFormat) {
            self.error("CS1733", "Expected expression", token.range);
        } else if token.kind == TokenKind::End {
            // The bracket after the code comes next.
            let bracket = if self.is_block { '}' } else { ')' };
            let place = self.place_of_missing();
            let message = format!("Invalid expression term '{bracket}'");
            self.error("CS1525", message, place);
        } else if self.at("=>") {
            self.error("CS1001", "Identifier expected", token.range);
        } else {
            let message = format!("Invalid expression term '{}'", self.slice(token.range));
            self.error("CS1525", message, token.range);
        }
    }

    /// Goes one level down; `None` at the limit, with an error and at the end of the code.
    pub(super) fn enter(&mut self) -> Option<Level> {
        if self.depth >= MAX_DEPTH {
            self.too_complex();
            return None;
        }
        self.depth += 1;
        Some(Level {
            outer_height: std::mem::take(&mut self.height),
        })
    }

    /// Back to the level outside: what was parsed inside counts as one higher there.
    pub(super) fn leave(&mut self, level: Level) {
        self.depth -= 1;
        self.grow();
        self.height = self.height.max(level.outer_height);
    }

    /// Counts a level of stack that makes no level of tree, where many functions lie between two
    /// calls of [`Parser::enter`]; [`Parser::ascend`] takes it back.
    pub(super) fn descend(&mut self) {
        self.depth += 1;
    }

    pub(super) fn ascend(&mut self) {
        self.depth -= 1;
    }

    /// What was parsed last has got a node on top, as in chains of calls. Together with `enter`
    /// this bounds the height of the whole tree.
    pub(super) fn grow(&mut self) {
        self.height += 1;
        if self.height > MAX_DEPTH {
            self.too_complex();
        }
    }

    pub(super) fn too_complex(&mut self) {
        let range = self.token().range;
        self.failed_at = None;
        self.error(
            "CS8078",
            "An expression is too long or complex to compile",
            range,
        );
        self.stop();
    }

    /// Gives up: goes to the end of the code, and finds no more errors.
    fn stop(&mut self) {
        self.stopped = true;
        self.next = self.tokens.len().saturating_sub(1);
    }
}

/// Words that are keywords inside a query.
fn is_query_word(word: &str) -> bool {
    matches!(
        word,
        "from"
            | "where"
            | "select"
            | "group"
            | "into"
            | "orderby"
            | "join"
            | "let"
            | "in"
            | "on"
            | "equals"
            | "by"
            | "ascending"
            | "descending"
    )
}
