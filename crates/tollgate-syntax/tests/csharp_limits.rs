//! Hostile code: any text, deep nesting, long chains. The parser, and walks over its trees, must
//! get by with 512 KiB of stack in every build.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::thread;

use proptest::prelude::*;
use tollgate_syntax::csharp::{MAX_DEPTH, MAX_LENGTH, parse_block, parse_expression};

/// Runs `test` on a stack of 512 KiB; an overflow ends the process.
fn on_small_stack<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::Builder::new().stack_size(512 * 1024).spawn(test);
    thread.unwrap().join().unwrap()
}

/// Parses, copies, compares and drops on a small stack; gives the code of the first error.
fn first_error(code: String) -> Option<&'static str> {
    on_small_stack(move || {
        let parsed = parse_expression(&code);
        assert!(!parsed.errors.is_empty() || parsed.clone() == parsed);
        parsed.errors.first().map(|error| error.code)
    })
}

/// As [`first_error`], for statements.
fn first_error_in_block(code: String) -> Option<&'static str> {
    on_small_stack(move || {
        let parsed = parse_block(&code);
        assert!(!parsed.errors.is_empty() || parsed.clone() == parsed);
        parsed.errors.first().map(|error| error.code)
    })
}

/// Ways to nest expressions: what opens a level, what is innermost, what closes a level.
const NESTED: [(&str, &str, &str); 31] = [
    ("(", "x", ")"),
    ("f(", "x", ")"),
    ("x[", "x", "]"),
    ("-", "x", ""),
    ("(int)", "x", ""),
    ("(int)(", "x", ")"),
    ("1 + (", "x", ")"),
    ("1 + 2 * (", "x", ")"),
    ("a || b && c | d ^ e & f == g < h << i + j * (", "x", ")"),
    ("x => ", "x", ""),
    ("(x) => { return ", "x", "; }"),
    ("f(() => { if (a) { return ", "x", "; } })"),
    ("delegate { return ", "x", "; }"),
    ("x ? ", "y", " : z"),
    ("x ? y : ", "z", ""),
    ("x ?? ", "y", ""),
    ("x = ", "y", ""),
    ("x?.F(", "y", ")"),
    ("new A(", "x", ")"),
    ("new A { B = ", "x", " }"),
    ("new A { B = { C = ", "x", " } }"),
    ("new[] { ", "x", " }"),
    ("new { A = ", "x", " }"),
    ("new A[", "x", "]"),
    ("(a, ", "b", ")"),
    ("from a in ", "b", " select c"),
    ("x is (", "y", ")"),
    ("x is { A: ", "1", " }"),
    ("x switch { _ => ", "y", " }"),
    ("$\"{", "x", "}\""),
    ("(", "x", ").a(b)?.c[d] + e is F ? g : h"),
];

fn nest((open, inner, close): (&str, &str, &str), levels: usize) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

/// Ways to nest statements.
const NESTED_STATEMENTS: [(&str, &str, &str); 14] = [
    ("{", ";", "}"),
    ("if (a) ", ";", ""),
    ("if (a) { b(); } else ", ";", ""),
    ("while (a) {", ";", "}"),
    ("for (;;) {", ";", "}"),
    ("foreach (var x in y) {", ";", "}"),
    ("try {", ";", "} catch {}"),
    ("try {} catch (A b) {", ";", "}"),
    ("try {} finally {", ";", "}"),
    ("switch (a) { case 1: ", ";", "}"),
    ("using (a) ", ";", ""),
    ("void F() {", ";", "}"),
    ("a: ", ";", ""),
    ("f(() => {", ";", "});"),
];

/// More than any policy, less than the limit, in the heaviest of the forms above.
const DEEP: usize = 20;

fn is_depth_error(error: Option<&str>) -> bool {
    error == Some("CS8078")
}

#[test]
fn nested_expressions_parse_or_are_refused() {
    for form in NESTED {
        // Some forms are of later versions of C#, and are refused when all else is well.
        let refused = first_error(nest(form, 1));
        assert!(matches!(refused, None | Some("CS8370")), "{form:?}");
        assert_eq!(first_error(nest(form, 8)), refused, "{form:?}");
        for levels in [50, 64, 85, 100, 127, 128, 129, 200, 255, 256, 300] {
            let error = first_error(nest(form, levels));
            assert!(
                error == refused || is_depth_error(error),
                "{form:?} × {levels}: {error:?}"
            );
        }
        assert!(is_depth_error(first_error(nest(form, 5_000))), "{form:?}");
    }
}

#[test]
fn nested_statements_parse_or_are_refused() {
    for form in NESTED_STATEMENTS {
        assert_eq!(first_error_in_block(nest(form, DEEP)), None, "{form:?}");
        for levels in [50, 64, 85, 100, 127, 128, 129, 200, 255, 256, 300] {
            let error = first_error_in_block(nest(form, levels));
            assert!(
                error.is_none() || is_depth_error(error),
                "{form:?} × {levels}: {error:?}"
            );
        }
        assert!(
            is_depth_error(first_error_in_block(nest(form, 5_000))),
            "{form:?}"
        );
    }
}

#[test]
fn nested_types_parse_or_are_refused() {
    for form in [
        ("List<", "int", ">"),
        ("(int, ", "int", ")"),
        ("A<(int, ", "B[]", ")>"),
    ] {
        let code = |levels| format!("typeof({})", nest(form, levels));
        assert_eq!(first_error(code(DEEP)), None);
        for levels in [100, 200, 300] {
            let error = first_error(code(levels));
            assert!(
                error.is_none() || is_depth_error(error),
                "{form:?} × {levels}: {error:?}"
            );
        }
        assert!(is_depth_error(first_error(code(5_000))), "{form:?}");
    }
}

#[test]
fn parentheses_nest_up_to_the_limit() {
    let levels = usize::try_from(MAX_DEPTH).unwrap() - 1;
    assert_eq!(first_error(nest(("(", "x", ")"), levels)), None);
    assert!(is_depth_error(first_error(nest(
        ("(", "x", ")"),
        levels + 1
    ))));
}

/// What hangs on the left of a chain counts, though parsing it needs no stack.
#[test]
fn chains_on_the_left_are_bounded() {
    for (start, link) in [
        ("a", ".b"),
        ("a", "?.b"),
        ("a", "()"),
        ("a", "[0]"),
        ("a", "++"),
        ("a", " as B"),
    ] {
        assert_eq!(
            first_error(format!("{start}{}", link.repeat(80))),
            None,
            "{link}"
        );
        let error = first_error(format!("{start}{}", link.repeat(100_000)));
        assert!(is_depth_error(error), "{link}: {error:?}");
    }
    let inner = format!("a{}", ".b".repeat(100));
    let nested = format!("f({inner}, {inner}).c(f({inner})){}", ".d".repeat(100));
    assert_eq!(first_error(nested), None);
    let too_high = format!("f(a{}){}", ".b".repeat(150), ".d".repeat(150));
    assert!(is_depth_error(first_error(too_high)));
}

#[test]
fn long_flat_code_is_fine() {
    for op in ["+", "&&", "||", "*", "==", "|"] {
        assert_eq!(
            first_error(format!("a{}", format!(" {op} b.c(d)").repeat(10_000))),
            None
        );
    }
    assert_eq!(
        first_error(format!("new[] {{ {} }}", "1,".repeat(100_000))),
        None
    );
    assert_eq!(first_error(format!("f({}1)", "x,".repeat(100_000))), None);
    assert_eq!(first_error(format!("$\"{}\"", "{x}y".repeat(50_000))), None);
    assert_eq!(first_error_in_block("x = y + 1;".repeat(50_000)), None);
}

#[test]
fn code_beyond_the_longest_is_refused() {
    let longest = format!("x{}", " ".repeat(MAX_LENGTH - 1));
    assert_eq!(first_error(longest.clone()), None);
    assert!(is_depth_error(first_error(longest + " ")));
}

/// Looking ahead must not go over the same tokens again and again.
#[test]
fn ambiguous_code_takes_linear_time() {
    for piece in [
        "a<",
        "a<b,",
        "(a,",
        "((",
        "(a)",
        "f(a<b,",
        "a?",
        "a?[",
        "x is (",
        "a[",
        "[,",
        "var(",
        "$\"{",
        "from x in",
        "=>",
        "async(",
        "new",
        "{",
        "case",
        "@",
    ] {
        let code = piece.repeat(MAX_LENGTH / 8 / piece.len());
        let start = std::time::Instant::now();
        parse_expression(&code);
        parse_block(&code);
        let seconds = start.elapsed().as_secs();
        assert!(seconds < 10, "{piece}: {seconds} s");
    }
}

/// Text made of pieces of C#, which gets further into the parser than any characters do.
fn csharp_like() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "a",
        "b",
        "int",
        "string",
        "var",
        "_",
        "1",
        "2.5m",
        "'c'",
        "\"s\"",
        "@\"v\"",
        "$\"",
        "{",
        "}",
        "\"",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        ",",
        ";",
        ".",
        "?",
        "??",
        "?.",
        ":",
        "::",
        "=",
        "==",
        "=>",
        "+",
        "-",
        "!",
        "&&",
        "is",
        "as",
        "not",
        "and",
        "or",
        "when",
        "new",
        "switch",
        "case",
        "default",
        "return",
        "if",
        "else",
        "for",
        "foreach",
        "in",
        "out",
        "ref",
        "try",
        "catch",
        "finally",
        "using",
        "throw",
        "from",
        "select",
        "where",
        "join",
        "into",
        "group",
        "by",
        "let",
        "orderby",
        "delegate",
        "checked",
        "typeof",
        "nameof",
        "goto",
        "yield",
        "static",
        "const",
        "await",
        "async",
        "global",
        "stackalloc",
        "sizeof",
        "lock",
        "do",
        "while",
        "params",
        "class",
        "\n",
        "/*",
        "*/",
        "//",
        "#",
        "\\",
        "'",
    ]);
    proptest::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.join(" "))
}

/// Ranges must lie in the code, between characters.
fn check(code: &str) {
    let errors = parse_expression(code)
        .errors
        .into_iter()
        .chain(parse_block(code).errors);
    for error in errors {
        let range =
            usize::try_from(error.range.start).unwrap()..usize::try_from(error.range.end).unwrap();
        assert!(code.get(range).is_some(), "{error:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_taken(code in any::<String>()) {
        check(&code);
    }

    #[test]
    fn anything_like_csharp_is_taken(code in csharp_like()) {
        check(&code);
    }
}
