//! What the C# parser makes of tricky code. Grouping is checked by parentheses, which leave no node:
//! code means the same as its fully parenthesized form.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use tollgate_syntax::csharp::ast::{
    ExprKind, InterpolatedPart, Literal, LiteralText, Range32, StmtKind,
};
use tollgate_syntax::csharp::{SyntaxError, parse_block, parse_expression};

/// The tree of correct code, as text without places.
fn shape(code: &str) -> String {
    let parsed = parse_expression(code);
    assert_eq!(parsed.errors, [], "{code}");
    without_places(&format!("{:?}", parsed.tree))
}

fn block_shape(code: &str) -> String {
    let parsed = parse_block(code);
    assert_eq!(parsed.errors, [], "{code}");
    without_places(&format!("{:?}", parsed.tree))
}

/// Drops what [`Range32`] prints, `12..34`.
fn without_places(tree: &str) -> String {
    tree.split("..")
        .map(|piece| piece.trim_matches(|c: char| c.is_ascii_digit()))
        .collect()
}

fn literal(code: &str) -> Literal {
    let parsed = parse_expression(code);
    assert_eq!(parsed.errors, [], "{code}");
    match parsed.tree.kind {
        ExprKind::Literal(literal) => literal,
        other => panic!("{code} is {other:?}"),
    }
}

/// The first error: its code and the text it stands at.
fn first<'a>(code: &'a str, errors: &[SyntaxError]) -> (&'static str, &'a str) {
    let error = errors
        .first()
        .unwrap_or_else(|| panic!("{code} has no error"));
    (error.code, text(code, error.range))
}

fn text(code: &str, range: Range32) -> &str {
    let offset = |at| usize::try_from(at).unwrap();
    code.get(offset(range.start)..offset(range.end)).unwrap()
}

#[track_caller]
fn refused(code: &str, error: &str, at: &str) {
    assert_eq!(
        first(code, &parse_expression(code).errors),
        (error, at),
        "{code}"
    );
}

#[track_caller]
fn block_refused(code: &str, error: &str, at: &str) {
    assert_eq!(
        first(code, &parse_block(code).errors),
        (error, at),
        "{code}"
    );
}

#[test]
fn operators_group_by_precedence() {
    for (code, grouped) in [
        ("a + b * c", "a + (b * c)"),
        ("a * b + c", "(a * b) + c"),
        (
            "a || b && c | d ^ e & f == g < h << i + j * k",
            "a || (b && (c | (d ^ (e & (f == (g < (h << (i + (j * k)))))))))",
        ),
        ("a - b - c + d == e", "(a - b - c + d) == e"),
        ("a >> b >= c", "(a >> b) >= c"),
        ("a ?? b ?? c", "a ?? (b ?? c)"),
        ("a ?? b || c", "a ?? (b || c)"),
        ("a ? b : c ? d : e", "a ? b : (c ? d : e)"),
        ("a = b += c", "a = (b += c)"),
        ("a = b ? c : d", "a = (b ? c : d)"),
        ("-a.b", "-(a.b)"),
        ("!a is B", "(!a) is B"),
        ("a is B && c", "(a is B) && c"),
        ("a as B ?? c", "(a as B) ?? c"),
        ("a + b is C == d", "((a + b) is C) == d"),
        ("(int)a + b", "((int)a) + b"),
        ("(int)a.b", "(int)(a.b)"),
        ("- -a", "-(-a)"),
        ("a < b", "(a) < (b)"),
        ("x => y ? a : b", "x => (y ? a : b)"),
        ("x => y => z", "x => (y => z)"),
        ("a is int ? b : c", "(a is int) ? b : c"),
        ("a is int? && b", "(a is int?) && b"),
        ("a is B ? c : d", "(a is B) ? c : d"),
        ("a as int? ?? b", "(a as int?) ?? b"),
    ] {
        assert_eq!(shape(code), shape(grouped), "{code}");
    }
    assert_ne!(shape("a - (b - c)"), shape("a - b - c"));
}

#[test]
fn casts_are_told_from_parentheses() {
    for code in [
        "(int)-1",
        "(string)x",
        "(A)x",
        "(A.B)\"s\"",
        "(A)(b)",
        "(A)!b",
        "(A)~b",
        "(A<B>)c",
        "(int?)x",
        "(byte[])x",
        "(A)new B()",
        "(Func<int, int>)(x => x)",
        "((int, string))x",
        "(A)this_",
        "(string)context.Variables[\"x\"]",
        "(A)default",
        "(A)'c'",
        "(A)$\"{b}\"",
        "(global::A)b",
        "(A)1",
        "(A)null",
    ] {
        assert!(shape(code).contains("kind: Cast"), "{code}");
    }
    for code in [
        "(a) - 1",
        "(a) + b",
        "(a) * b",
        "(a) & b",
        "(a).b",
        "(a) is B",
        "(a) as B",
        "(a)",
        "(a)[0]",
        "(a) ? b : c",
        "(a, b)",
        "(a)?.b",
        "f((a), b)",
    ] {
        assert!(!shape(code).contains("kind: Cast"), "{code}");
    }
    // `(a)++` would be a cast of `++` otherwise.
    assert!(shape("(a)++").contains("PostIncrement"));
    let query = shape("from x in y where (x) select x");
    assert!(!query.contains("kind: Cast"), "{query}");
}

#[test]
fn generic_calls_are_told_from_comparisons() {
    let one = |code: &str| match parse_expression(code).tree.kind {
        ExprKind::Call { arguments, .. } => arguments.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(one("f(g<a, b>(7))"), 1);
    assert_eq!(one("f(g < a, b > 7)"), 2);
    assert_eq!(one("f(g<a, b>c)"), 2);
    assert_eq!(one("f(g<a, b>.c)"), 1);
    assert_eq!(one("f(g<a<b, c>>(7))"), 1);
    for code in [
        "a.As<JObject>()",
        "a.b<int[]>(c)",
        "new A<B<C>>()",
        "a < b > (c)",
        "f<(int a, B)>()",
    ] {
        assert!(!shape(code).contains("Greater"), "{code}");
    }
    assert!(shape("a < b && c > (d)").contains("Greater"));
    assert!(shape("a>>b").contains("ShiftRight"));
    assert!(!parse_expression("a> >b").errors.is_empty());
}

#[test]
fn integers_have_the_first_type_that_fits() {
    assert_eq!(literal("2147483647"), Literal::Int(i32::MAX));
    assert_eq!(literal("2147483648"), Literal::UInt(1 << 31));
    assert_eq!(literal("4294967296"), Literal::Long(1 << 32));
    assert_eq!(literal("9223372036854775808"), Literal::ULong(1 << 63));
    assert_eq!(literal("-2147483648"), Literal::Int(i32::MIN));
    assert_eq!(literal("-9223372036854775808"), Literal::Long(i64::MIN));
    assert_eq!(literal("0xFFFF_FFFF"), Literal::UInt(u32::MAX));
    assert_eq!(literal("0b1010"), Literal::Int(10));
    assert_eq!(literal("1_000"), Literal::Int(1000));
    assert_eq!(literal("1u"), Literal::UInt(1));
    assert_eq!(literal("1L"), Literal::Long(1));
    assert_eq!(literal("1lU"), Literal::ULong(1));
    assert_eq!(literal("4294967296u"), Literal::ULong(1 << 32));
    assert_eq!(literal("0x1F"), Literal::Int(31));
    // Parentheses part the sign from the digits.
    assert!(shape("-(2147483648)").contains("Minus"));
    assert!(shape("1.ToString()").contains("Member"));
}

#[test]
fn reals_keep_their_kind() {
    assert_eq!(literal("1.5"), Literal::Double(1.5));
    assert_eq!(literal(".5"), Literal::Double(0.5));
    assert_eq!(literal("1e3"), Literal::Double(1000.0));
    assert_eq!(literal("1_0.5E-1"), Literal::Double(1.05));
    assert_eq!(literal("1d"), Literal::Double(1.0));
    assert_eq!(literal("1.5f"), Literal::Float(1.5));
    assert_eq!(literal("1.50m"), Literal::Decimal("1.50".into()));
    assert_eq!(literal("1M"), Literal::Decimal("1".into()));
}

#[test]
fn strings_are_unescaped() {
    let utf8 = |text: &str| Literal::String(LiteralText::Utf8(text.into()));
    assert_eq!(
        literal(r#""a\tb\"\\\x41\u00e9\U0001F600""#),
        utf8("a\tb\"\\A\u{e9}\u{1F600}")
    );
    assert_eq!(literal("@\"a\\b\"\"c\""), utf8("a\\b\"c"));
    assert_eq!(literal("@\"two\nlines\""), utf8("two\nlines"));
    assert_eq!(literal(r#""\ud83d\ude00""#), utf8("\u{1F600}"));
    let lone = LiteralText::Utf16([0x61, 0xD800].into());
    assert_eq!(literal(r#""a\ud800""#), Literal::String(lone));
    assert_eq!(literal(r"'\ud800'"), Literal::Char(0xD800));
    assert_eq!(literal(r"'\''"), Literal::Char(0x27));
    assert_eq!(literal("'\"'"), Literal::Char(0x22));
}

#[test]
fn interpolated_strings_hold_expressions() {
    let code = r#"$"a{{{b["c"],-5:N2}}}d\t{$"{e}"}""#;
    let parsed = parse_expression(code);
    assert_eq!(parsed.errors, []);
    let ExprKind::Interpolated(parts) = parsed.tree.kind else {
        panic!()
    };
    let [
        InterpolatedPart::Text(before),
        InterpolatedPart::Hole(hole),
        InterpolatedPart::Text(after),
        InterpolatedPart::Hole(inner),
    ] = &*parts
    else {
        panic!("{parts:?}")
    };
    assert_eq!(*before, LiteralText::Utf8("a{".into()));
    assert_eq!(text(code, hole.value.range), r#"b["c"]"#);
    assert_eq!(text(code, hole.alignment.as_ref().unwrap().range), "-5");
    assert_eq!(hole.format, Some(LiteralText::Utf8("N2}".into())));
    assert_eq!(*after, LiteralText::Utf8("d\t".into()));
    assert!(matches!(inner.value.kind, ExprKind::Interpolated(_)));
}

#[test]
fn holes_take_any_expression() {
    for code in [
        "$\"{(a ? b : c)}\"",
        "$\"{a.F(x => x)}\"",
        "$@\"{a}\n\"\"{b}\"",
        "$@\"{\na\n}\"",
        "$\"{new A { B = 1 }}\"",
        "$\"{a:yyyy-MM-dd HH\\\\:mm}\"",
        "$\"{a[\"}\"]}\"",
        "$\"\"",
        "$\"{@\"v\"}\"",
        "$\"{a /* } */}\"",
    ] {
        shape(code);
    }
}

#[test]
fn conditional_access_takes_the_whole_chain() {
    let parsed = parse_expression("a?.b.c?[0].d() ?? e");
    assert_eq!(parsed.errors, []);
    let ExprKind::Coalesce { left, .. } = parsed.tree.kind else {
        panic!()
    };
    let ExprKind::ConditionalAccess { receiver, access } = left.kind else {
        panic!()
    };
    assert!(matches!(receiver.kind, ExprKind::Name(_)));
    let ExprKind::ConditionalAccess { receiver, access } = access.kind else {
        panic!("{access:?}")
    };
    assert!(matches!(receiver.kind, ExprKind::Member { .. }));
    assert!(matches!(access.kind, ExprKind::Call { .. }));
    assert!(shape("a?.5:b").contains("Conditional {"));
}

#[test]
fn every_form_of_expression_parses() {
    for code in [
        "new A()",
        "new A { }",
        "new A(1) { B = 2, [\"c\"] = 3, D = { E = 4 } }",
        "new List<int> { 1, 2, }",
        "new Dictionary<string, int> { { \"a\", 1 }, { \"b\", 2 } }",
        "new int[3]",
        "new int[2, 3]",
        "new int[3][]",
        "new int[] { 1, 2 }",
        "new[] { 1 }",
        "new int[,] { { 1 }, { 2 } }",
        "new[,] { { 1 } }",
        "new string[0]",
        "new A.B[1]",
        "new int?[2]",
        "new { a, b.c, d?.e, f = 1 }",
        "new { }",
        "new Dictionary<string, A<B>>(x)[\"k\"].c",
        "x => x",
        "(x) => x",
        "(x, y) => { return x; }",
        "() => 1",
        "(int x, A<B> y) => x",
        "(ref int x) => x",
        "delegate (int x) { return x; }",
        "delegate { }",
        "_ => 1",
        "f(out var x)",
        "f(out int x)",
        "f(out _)",
        "f(out x)",
        "f(out A<B> x, ref y, in z)",
        "f(name: 1, other: x ? y : z)",
        "typeof(int)",
        "typeof(List<>)",
        "typeof(A<,>)",
        "typeof(void)",
        "nameof(a.b)",
        "default",
        "default(int?)",
        "checked(a + b)",
        "unchecked((byte)a)",
        "a ?? throw new A()",
        "a ? throw b : c",
        "() => throw a",
        "sizeof(int)",
        "string.Empty",
        "int.Parse(a)",
        "global::System.String.Empty",
        "@class.@if",
        "a is null",
        "a is int n",
        "a is var n",
        "a is B.C d && d",
        "a is string[] b",
        "a is 5",
        "(a, b: c)",
        "(var a, int b) = c",
        "(a, b) = (b, a)",
        "a[1, 2]",
        "a[b: 1]",
        "a++",
        "--a",
        "a.b -= c",
        "from a in b select a",
        "from int a in b where a > 1 orderby a, c descending select new { a }",
        "from a in b let c = a.d from e in c join f in g on a equals f.h into i group a by c into j select j.Key",
        "from",
        "await",
        "var",
        "async",
        "from + where",
        "x.from",
        "select(from)",
        "async ? await : yield",
        "(Func<string, bool>)(s => s.Length > 0)",
        "a.Where(x => x is B)",
        "a<b>.c",
        "a /* b */ + // c\n d",
        "(a) => (b)",
        "((x) => x)(1)",
        "\u{e9}t\u{e9} + \u{3b1}",
    ] {
        shape(code);
    }
}

#[test]
fn every_form_of_statement_parses() {
    for code in [
        "int a = 1, b;",
        "var a = b;",
        "const int a = 1;",
        "int[] a = { 1, 2 };",
        "int[,] a = { { 1 }, { 2 } };",
        "A<B>.C[] a;",
        "int? a = null;",
        "(int a, string b) c = (1, \"\");",
        "(int, int) a;",
        "dynamic a = 1;",
        "var (a, b) = c;",
        "(var a, var b) = c;",
        "(int a, B c) = d;",
        "(a, b) = (b, a);",
        "(a.b, _) = c;",
        "a.b();",
        "a = 1;",
        "a++;",
        "--a;",
        "new A();",
        "a?.b();",
        "a?.b?.c();",
        "a.b += 1;",
        ";",
        "if (a) b(); else if (c) d(); else { }",
        "while (a) { break; }",
        "do { continue; } while (a);",
        "do a(); while (b);",
        "for (;;) { }",
        "for (int i = 0, j = 1; i < j; i++, j--) { }",
        "for (i = 0; ; ) a();",
        "foreach (var a in b) c();",
        "foreach (KeyValuePair<string, int> a in b) { }",
        "foreach (var (a, b) in c) { }",
        "foreach ((var a, int b) in c) { }",
        "foreach ((int, int) a in b) { }",
        "switch (a) { case 1: case 2: b(); break; case string s when s.Length > 1: return s; default: return 1; }",
        "switch (a) { case (int)1: break; case A.B: break; case null: break; case B.C d: goto case 1; }",
        "switch (a) { case 1 + 2: goto default; case 'a': { break; } default: break; }",
        "switch (a) { }",
        "try { } catch { }",
        "try { } catch (A) { } catch (B c) when (c.d) { throw; } finally { }",
        "throw new A();",
        "using (var a = b) { }",
        "using (a) b();",
        "lock (a) { }",
        "yield return 1;",
        "yield break;",
        "goto a; a: b();",
        "checked { a++; }",
        "unchecked { }",
        "{ }",
        "int F(int a, params string[] b) { return 1; }",
        "T F<T, U>(T a = default) where T : class, IA, new() where U : struct => a;",
        "void F() { }",
        "A<B> F(ref int a, out int b) => c;",
        "return;",
        "return a;",
        "return (a, b);",
        "int @class = 1;",
        "int await = 1;",
        "var var = 1;",
        "checked(a)++;",
        "a[0] = b;",
        "string.Join(a);",
        "a.b<c>(d);",
        "Func<int, int> f = x => { return x; };",
        "var a = from b in c select b;",
        "int where = 1, select = 2;",
        "a = b is C d ? d : e;",
        "if (!(a is string b)) { }",
    ] {
        block_shape(code);
    }
}

#[test]
fn declarations_are_told_from_expressions() {
    let is_local = |code: &str| {
        let parsed = parse_block(code);
        assert_eq!(parsed.errors, [], "{code}");
        matches!(
            parsed.tree.statements.first().unwrap().kind,
            StmtKind::Local(_)
        )
    };
    for code in [
        "A b;",
        "A<B> c;",
        "A.B c = d;",
        "A[] b;",
        "A? b = c;",
        "(A, B) c;",
        "A<B, C>[] d = e;",
    ] {
        assert!(is_local(code), "{code}");
    }
    for code in [
        "a.b();",
        "a<b>(c);",
        "a[0]++;",
        "(a, b) = c;",
        "a = b;",
        "(int a, int b) = c;",
        "f(g<a, b>(c));",
    ] {
        assert!(!is_local(code), "{code}");
    }
}

#[test]
fn places_cover_what_was_written() {
    let code = " (a.b) + f( c ) ";
    let parsed = parse_expression(code);
    assert_eq!(text(code, parsed.tree.range), "(a.b) + f( c )");
    let ExprKind::Binary { first, rest } = parsed.tree.kind else {
        panic!()
    };
    assert_eq!(text(code, first.range), "a.b");
    let [tail] = &*rest else { panic!() };
    assert_eq!(
        (text(code, tail.op_range), text(code, tail.operand.range)),
        ("+", "f( c )")
    );
    let code = "if (a)\n  return b; // c";
    let block = parse_block(code).tree;
    assert_eq!(text(code, block.range), code);
    assert_eq!(
        text(code, block.statements.first().unwrap().range),
        "if (a)\n  return b;"
    );
}

#[test]
fn errors_have_the_numbers_and_places_of_csharp() {
    refused("", "CS0126", "");
    refused("1 +", "CS1525", "");
    refused("1 + ;", "CS1525", ";");
    refused("f(a", "CS1026", "");
    refused("a b", "CS1002", "b");
    refused("a[", "CS1003", "");
    refused("a[0", "CS1003", "");
    refused("a[]", "CS0443", "]");
    refused("a.", "CS1001", "");
    refused("a.class", "CS1001", "class");
    refused("a ? b", "CS1003", "");
    refused("string", "CS1525", "string");
    refused("if (a) b", "CS1525", "if");
    refused("\"abc", "CS1010", "\"abc");
    refused("\"abc\n\"", "CS1010", "\"abc");
    refused("'a", "CS1010", "'a");
    refused("''", "CS1011", "''");
    refused("'ab'", "CS1012", "'ab'");
    refused("@\"abc", "CS1039", "@\"abc");
    refused(r#""a\q""#, "CS1009", r"\q");
    refused(r#""\u12""#, "CS1009", r"\u");
    refused("18446744073709551616", "CS1021", "18446744073709551616");
    refused("0x", "CS1013", "0x");
    refused("1e999", "CS0594", "1e999");
    refused("a /* b", "CS1035", "/* b");
    refused("a \\ b", "CS1056", "\\");
    refused("@", "CS1646", "@");
    refused("a ^ ^1", "CS8370", "^1");
    refused("a..b", "CS8370", "a..b");
    refused("*a", "CS0193", "*a");
    refused("a->b", "CS0193", "a->b");
    refused("&a", "CS0214", "&a");
    refused("1e", "CS0595", "1e");
    refused("1 # 2", "CS1040", "# 2");
    refused("$\"{a\"", "CS1010", "\"");
    refused("$\"{}\"", "CS1733", "}");
    refused("$\"}\"", "CS8086", "}");
    refused("$\"{a ? b : c}\"", "CS8361", "a ? b");
    refused("$\"{a\n}\"", "CS8967", "");
    refused("new A", "CS1526", "");
    refused("new int[]", "CS1586", "[]");
    refused("new int[2][5]", "CS0178", "5");
    refused("new { a + b }", "CS0746", "a + b");
    refused("(int x, y) => x", "CS0748", "int x, y)");
    refused("await a", "CS4032", "await a");
    refused("this.a", "CS0026", "this");
    refused("a!", "CS8370", "a!");
    refused("from a in b where a", "CS0742", "");
    block_refused("return 1", "CS1002", "");
    block_refused("a()\nb();", "CS1002", "");
    block_refused("if (a) {", "CS1513", "");
    block_refused("}", "CS1022", "}");
    block_refused("a + b;", "CS0201", "a + b");
    block_refused("int = 5;", "CS1001", "=");
    block_refused("int a[] = b;", "CS0650", "[");
    block_refused("int[2] a = b;", "CS0270", "[2]");
    block_refused("int* a = b;", "CS0214", "int*");
    block_refused("readonly int a = 1;", "CS0106", "readonly");
    block_refused("foreach (a in b) { }", "CS0230", "in");
    block_refused("try { } catch { } catch (A) { }", "CS1017", "catch");
    block_refused("switch a { }", "CS8515", "a");
    block_refused("try { }", "CS1524", "}");
    block_refused("foreach (var a of b) { }", "CS1515", "of");
    block_refused("else { }", "CS8641", "else");
    block_refused("#if A", "CS1027", "");
    block_refused("#if A &&\n#endif", "CS1517", "#if A &&");
    block_refused("#region a", "CS1038", "");
    block_refused("#endif", "CS1028", "#endif");
    block_refused("#error no", "CS1029", "#error no");
    block_refused("#foo", "CS1024", "#foo");
    block_refused("class A { }", "CS0161", "class");
    block_refused("return 1; class A { }", "CS1513", "class");
    block_refused("unsafe { }", "CS0227", "unsafe");
    block_refused("if (a) int b = 1;", "CS1023", "int b = 1;");
    block_refused("switch (a) { b(); }", "CS1513", "b");
}

#[test]
fn what_came_after_csharp_7_is_refused() {
    for (code, feature) in [
        ("a ??= b", "coalescing assignment"),
        (
            "a switch { 1 => 2, > 3 when b => 4, string s => 5, _ => throw c, }",
            "relational pattern",
        ),
        ("a switch { _ => 1 }", "recursive patterns"),
        ("a is > 1", "relational pattern"),
        ("a is int and b", "and pattern"),
        ("a is 1 or 2", "or pattern"),
        ("a is not null", "not pattern"),
        ("a is { }", "recursive patterns"),
        ("a is B { C: 1 } e", "recursive patterns"),
        ("a is (1, 2)", "recursive patterns"),
        ("new(1)", "target-typed object creation"),
        (
            "(a, var b) = c",
            "Mixed declarations and expressions in deconstruction",
        ),
    ] {
        let errors = parse_expression(code).errors;
        let found = errors
            .iter()
            .any(|error| error.code == "CS8370" && error.message.contains(&format!("'{feature}'")));
        assert!(found, "{code}: {errors:?}");
    }
    refused("@$\"{a}\"", "CS8401", "@$\"");
    block_refused("using var a = b;", "CS8370", "using ");
    block_refused("static void F() { }", "CS8370", "static");
}

#[test]
fn directives_choose_what_is_read() {
    let code = "#region a\n#if X || (true && !Y)\nreturn 1;\n#elif true\nreturn (2;\n#else\nreturn (3;\n#endif\n#endregion\n#if X\n#if true\nbad(\n#endif\n#elif X == false\na();\n#endif";
    let parsed = parse_block(code);
    assert_eq!(parsed.errors, []);
    assert_eq!(parsed.tree.statements.len(), 2);
}

/// One mistake must not hide what follows, nor set off a row of errors.
#[test]
fn parsing_goes_on_after_an_error() {
    let parsed = parse_block("int a = ;\nint b = 1\nint c = (2;\nreturn c;");
    let codes: Vec<_> = parsed.errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, ["CS1525", "CS1002", "CS1026"]);
    assert_eq!(parsed.tree.statements.len(), 4);
}
