//! Tokens: kinds with places; their text stays in the code.

use super::ast::Range32;

/// One token. Words and punctuation are told apart by their text, so that the parser reads like
/// the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) range: Range32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name, also `@name` and the contextual keywords (`var`, `from`, `when`, …).
    Identifier,
    /// A reserved word.
    Keyword,
    /// An operator or bracket. `>>` and `>>=` come as single `>`: the parser joins them.
    Punctuation,
    /// `12`, `0xFFu`.
    Integer,
    /// `1.5`, `1e3`, `1m`.
    Real,
    /// `'a'`.
    Char,
    /// `"…"` or `@"…"`.
    String,
    /// `$"`: followed by texts and holes, then [`TokenKind::InterpolationEnd`].
    InterpolationStart,
    /// `$@"` or `@$"`.
    VerbatimInterpolationStart,
    /// Text of an interpolated string, as written; never empty.
    InterpolationText,
    /// The `{` of a hole.
    HoleStart,
    /// The format of a hole, as written, without the colon.
    HoleFormat,
    /// The `}` of a hole.
    HoleEnd,
    /// The closing `"`.
    InterpolationEnd,
    /// The end of the code.
    End,
}

/// The reserved words of C#, sorted.
const KEYWORDS: [&str; 77] = [
    "abstract",
    "as",
    "base",
    "bool",
    "break",
    "byte",
    "case",
    "catch",
    "char",
    "checked",
    "class",
    "const",
    "continue",
    "decimal",
    "default",
    "delegate",
    "do",
    "double",
    "else",
    "enum",
    "event",
    "explicit",
    "extern",
    "false",
    "finally",
    "fixed",
    "float",
    "for",
    "foreach",
    "goto",
    "if",
    "implicit",
    "in",
    "int",
    "interface",
    "internal",
    "is",
    "lock",
    "long",
    "namespace",
    "new",
    "null",
    "object",
    "operator",
    "out",
    "override",
    "params",
    "private",
    "protected",
    "public",
    "readonly",
    "ref",
    "return",
    "sbyte",
    "sealed",
    "short",
    "sizeof",
    "stackalloc",
    "static",
    "string",
    "struct",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "uint",
    "ulong",
    "unchecked",
    "unsafe",
    "ushort",
    "using",
    "virtual",
    "void",
    "volatile",
    "while",
];

pub(super) fn is_keyword(word: &str) -> bool {
    // Most words are names, which have other letters or more of them.
    let looks_so = word.len() <= 10 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    looks_so && KEYWORDS.binary_search(&word).is_ok()
}

/// The operators and brackets that begin with a byte, the longer before their beginnings.
fn beginning_with(first: u8) -> &'static [&'static str] {
    match first {
        b'?' => &["??=", "??", "?"],
        b'<' => &["<<=", "<=", "<<", "<"],
        b'=' => &["=>", "==", "="],
        b'!' => &["!=", "!"],
        b'>' => &[">=", ">"],
        b'+' => &["++", "+=", "+"],
        b'-' => &["--", "-=", "->", "-"],
        b'*' => &["*=", "*"],
        b'/' => &["/=", "/"],
        b'%' => &["%=", "%"],
        b'&' => &["&&", "&=", "&"],
        b'|' => &["||", "|=", "|"],
        b'^' => &["^=", "^"],
        b':' => &["::", ":"],
        b'{' => &["{"],
        b'}' => &["}"],
        b'(' => &["("],
        b')' => &[")"],
        b'[' => &["["],
        b']' => &["]"],
        b'.' => &["."],
        b',' => &[","],
        b';' => &[";"],
        b'~' => &["~"],
        _ => &[],
    }
}

/// The operator or bracket that `rest` begins with.
pub(super) fn punctuation(rest: &str) -> Option<&'static str> {
    let mut alike = beginning_with(*rest.as_bytes().first()?).iter().copied();
    alike.find(|punctuation| rest.starts_with(punctuation))
}

pub(super) fn is_identifier_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

pub(super) fn is_identifier_part(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// A character that ends a line in C#.
pub(super) fn is_newline(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order() {
        assert!(KEYWORDS.is_sorted());
        assert!(KEYWORDS.iter().all(|word| is_keyword(word)));
        let mut all = 0;
        for first in 0..=u8::MAX {
            let alike = beginning_with(first);
            all += alike.len();
            for (i, longer) in alike.iter().enumerate() {
                assert_eq!(longer.as_bytes().first(), Some(&first));
                let hidden = alike
                    .iter()
                    .take(i)
                    .any(|shorter| longer.starts_with(shorter));
                assert!(!hidden, "{longer}");
            }
        }
        assert_eq!(all, 47);
    }
}
