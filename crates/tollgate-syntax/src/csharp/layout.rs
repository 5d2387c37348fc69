//! Lays C# out: white space between tokens and at the beginnings of lines. Line breaks and comments stay as they are.

use super::lexer::tokens;
use super::token::{Token, TokenKind};

/// The code in one style: four spaces for each bracket that is open, two lines at most between others, one space where
/// operators and commas have them. `outer` is how deep the line with the opening `@(` or `@{` is.
///
/// The tokens are the same before and after; code with errors in its tokens stays as it is.
///
/// ```
/// use tollgate_syntax::csharp::layout;
///
/// assert_eq!(layout("  a==b&&f( x,y )  ", 0), "a == b && f(x, y)");
/// assert_eq!(layout("\nif(a){\nreturn  1;\n}\n", 1), "\n        if (a) {\n            return 1;\n        }\n    ");
/// ```
pub fn layout(code: &str, outer: usize) -> String {
    let (all, errors) = tokens(code);
    // Directives (`#if`) belong to lines.
    if !errors.is_empty() || code.contains('#') {
        return code.to_owned();
    }
    let laid = Layout {
        code,
        out: String::with_capacity(code.len()),
        outer,
        line: 0,
        open: Vec::new(),
        in_text: 0,
    }
    .run(&all);
    // White space must not have joined or split anything.
    match same(code, &all, &laid) {
        true => laid,
        false => code.to_owned(),
    }
}

fn same(code: &str, before: &[Token], laid: &str) -> bool {
    let (after, _) = tokens(laid);
    let texts = |code, tokens: &[Token]| -> Vec<_> {
        let tokens = tokens.iter();
        tokens
            .map(|token| (token.kind, text(code, *token).to_owned()))
            .collect()
    };
    texts(code, before) == texts(laid, &after)
}

fn text(code: &str, token: Token) -> &str {
    code.get(at(token.range.start)..at(token.range.end))
        .unwrap_or_default()
}

fn at(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

struct Layout<'a> {
    code: &'a str,
    out: String,
    outer: usize,
    line: usize,
    /// The lines that the open brackets stand in.
    open: Vec<usize>,
    /// How many interpolated strings are open: their texts are not laid out.
    in_text: usize,
}

impl Layout<'_> {
    fn run(mut self, tokens: &[Token]) -> String {
        let mut before: Option<Token> = None;
        for token in tokens {
            let start = before.map_or(0, |before| at(before.range.end));
            let gap = self
                .code
                .get(start..at(token.range.start))
                .unwrap_or_default();
            self.gap(gap, before, *token);
            let text = text(self.code, *token);
            match (token.kind, text) {
                (TokenKind::InterpolationStart | TokenKind::VerbatimInterpolationStart, _) => {
                    self.in_text += 1;
                }
                (TokenKind::InterpolationEnd, _) => self.in_text = self.in_text.saturating_sub(1),
                (TokenKind::Punctuation, "(" | "[" | "{") => self.open.push(self.line),
                (TokenKind::Punctuation, ")" | "]" | "}") => drop(self.open.pop()),
                _ => {}
            }
            self.line += text.matches('\n').count();
            self.out.push_str(text);
            before = Some(*token);
        }
        self.out
    }

    /// What stands between two tokens.
    fn gap(&mut self, gap: &str, before: Option<Token>, next: Token) {
        if self.in_text > 0 {
            self.out.push_str(gap);
            return;
        }
        let has_comment = !gap.trim().is_empty();
        if !gap.contains('\n') {
            if has_comment {
                let ends = (before.is_none(), next.kind == TokenKind::End);
                let (start, end) = match ends {
                    (true, _) => ("", " "),
                    (_, true) => (" ", ""),
                    _ => (" ", " "),
                };
                self.out.push_str(start);
                self.out.push_str(gap.trim());
                self.out.push_str(end);
            } else if self.has_space(gap, before, next) {
                self.out.push(' ');
            }
            return;
        }
        let mut lines = gap.split('\n');
        // A comment behind the code of a line stays there.
        let first = lines.next().unwrap_or_default().trim();
        if !first.is_empty() {
            self.out.push_str(if before.is_some() { " " } else { "" });
            self.out.push_str(first);
        }
        let lines: Vec<_> = lines.collect();
        let mut in_comment = first.contains("/*") && !first.contains("*/");
        let mut is_blank = false;
        for (index, line) in lines.iter().enumerate() {
            let is_last = index + 1 == lines.len();
            let trimmed = line.trim();
            if in_comment {
                // The lines of a block comment are as they are.
                self.break_line();
                self.out.push_str(line.trim_end());
                in_comment = !line.contains("*/");
                if is_last && next.kind != TokenKind::End {
                    self.out.push(' ');
                }
                continue;
            }
            if trimmed.is_empty() && !is_last {
                is_blank = true;
                continue;
            }
            if is_blank && before.is_some() && next.kind != TokenKind::End {
                self.break_line();
            }
            is_blank = false;
            self.break_line();
            let is_token = is_last && trimmed.is_empty();
            self.indent(before, is_token.then_some(next));
            if !trimmed.is_empty() {
                self.out.push_str(trimmed);
                in_comment = trimmed.starts_with("/*") && !trimmed.contains("*/");
                if is_last && next.kind != TokenKind::End {
                    self.out.push(' ');
                }
            }
        }
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.line += 1;
    }

    /// The beginning of a line that has this token first, or a comment.
    fn indent(&mut self, before: Option<Token>, next: Option<Token>) {
        let text_of = |token| text(self.code, token);
        let mut open = self.open.as_slice();
        let mut depth = self.outer + 1;
        match next.map(|next| (next.kind, text_of(next))) {
            Some((TokenKind::End, _)) => depth = self.outer,
            Some((TokenKind::Punctuation, ")" | "]" | "}")) => {
                open = open.split_last().map_or(open, |(_, rest)| rest);
            }
            // A line that goes on with what the one before began.
            Some((_, next)) if next != "{" => {
                let begins = before.map(text_of).is_none_or(|before| {
                    matches!(before, ";" | "{" | "}" | "(" | "[" | "," | ":" | "=>")
                });
                depth += usize::from(!begins);
            }
            _ => {}
        }
        // Brackets that were opened in one line count once.
        let mut lines = open.to_vec();
        lines.dedup();
        depth += lines.len();
        self.out.push_str(&"    ".repeat(depth));
    }

    /// Whether a space stands between two tokens of one line.
    fn has_space(&self, gap: &str, before: Option<Token>, next: Token) -> bool {
        const OPERATORS: [&str; 17] = [
            "==", "!=", "&&", "||", "??", "=>", "=", "<=", ">=", "+=", "-=", "*=", "/=", "??=",
            "|=", "&=", "%=",
        ];
        let Some(before) = before else {
            // A block that is written in one line has room inside.
            return false;
        };
        if next.kind == TokenKind::End {
            return false;
        }
        let is_sign = |token: Token| token.kind == TokenKind::Punctuation;
        let (a, b) = (text(self.code, before), text(self.code, next));
        match (is_sign(before), is_sign(next)) {
            (_, true) if matches!(b, "," | ";" | ")" | "]") => false,
            (true, _) if matches!(a, "(" | "[") => false,
            (true, _) if matches!(a, "," | ";") => true,
            (true, _) if OPERATORS.contains(&a) => true,
            (_, true) if OPERATORS.contains(&b) || b == "{" => true,
            (false, true) if b == "(" => {
                const WORDS: [&str; 9] = [
                    "if", "while", "for", "foreach", "switch", "catch", "using", "lock", "return",
                ];
                WORDS.contains(&a) || !gap.is_empty()
            }
            _ => !gap.is_empty(),
        }
    }
}
