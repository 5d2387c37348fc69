//! What the compiler says of right and wrong C#, against a small host.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::sync::LazyLock;

use tollgate_dotnet::{
    Budget, Heap, Host, Machine, Registry, TYPES, Type, TypeDef, TypeKind, Value, member, pure,
};
use tollgate_expressions::{Compiler, Form, Program, invoke};

static CONTEXT: TypeDef = TypeDef {
    name: "Test.IContext",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("Guid RequestId { get; }", |_| Ok(Value::Guid([1; 16]))).reading(0),
        member("IRequest Request { get; }", |_| Ok(Value::Host(1))),
    ],
};

static REQUEST: TypeDef = TypeDef {
    name: "Test.IRequest",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Method { get; }", |_| Ok("GET".into())),
        member("int? Length { get; }", |_| Ok(Value::Int32(7))),
        member("T As<T>()", |c| Ok(format!("{}", c.types[0]).into())).reading(1),
        member("string Header(string name)", |c| Ok(c.arg(1).clone())).preparing(
            |known| match known {
                [_, Some(Value::String(name))] if name.as_utf8() == Some("") => {
                    Err("a header has a name".into())
                }
                _ => Ok(None),
            },
        ),
        pure("static int Twice(int n)", |c| Ok((c.int(0)? * 2).into())),
        member("string Pick(object value)", |_| Ok("object".into())),
        member("string Pick(long value)", |_| Ok("long".into())),
        member("string Pick(string value)", |_| Ok("string".into())),
        member("string Pick(params int[] values)", |_| Ok("params".into())),
        member("bool Find(string name, out int value)", |c| {
            c.outs.push(Value::Int32(42));
            Ok(true.into())
        }),
        member(
            "string Named(int first, int second = 2, int third = 3)",
            |c| Ok(format!("{}{}{}", c.int(1)?, c.int(2)?, c.int(3)?).into()),
        ),
    ],
};

static OWN: &[&TypeDef] = &[&CONTEXT, &REQUEST];

struct World;

impl Host for World {
    fn now(&self) -> i64 {
        0
    }
    fn random(&self) -> u64 {
        0
    }
    fn type_of(&self, handle: u32) -> Type {
        Type::plain(if handle == 0 { &CONTEXT } else { &REQUEST })
    }
}

fn compiler() -> Compiler {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
        let mut tables = TYPES.to_vec();
        tables.push(OWN);
        Registry::new(&tables).unwrap()
    });
    Compiler::new(&REGISTRY).with_global("context", Type::plain(&CONTEXT), Value::Host(0))
}

fn form(code: &str) -> Form {
    match code.trim_end().ends_with([';', '}']) {
        true => Form::Block,
        false => Form::Single,
    }
}

fn program(code: &str) -> Program {
    compiler()
        .compile(code, form(code))
        .unwrap_or_else(|errors| panic_with(code, &errors))
}

fn panic_with(code: &str, errors: &[tollgate_expressions::CompileError]) -> Program {
    unreachable!("{code}: {errors:?}")
}

fn run(code: &str) -> String {
    let mut heap = Heap::default();
    let mut machine = Machine {
        heap: &mut heap,
        host: &mut World,
        budget: &mut Budget::default(),
        invoke,
    };
    let value = program(code).run(&mut machine).unwrap();
    match value {
        Value::String(text) => text.to_utf8().into_owned(),
        other => format!("{other:?}"),
    }
}

/// `CODE text: message` of each error.
fn errors(code: &str) -> Vec<String> {
    let errors = compiler().compile(code, form(code)).unwrap_err();
    errors
        .iter()
        .map(|error| {
            let (start, end) = (error.start as usize, error.end as usize);
            let help = error
                .help
                .as_ref()
                .map_or(String::new(), |help| format!(" ({help})"));
            format!(
                "{} `{}`: {}{help}",
                error.code,
                &code[start..end],
                error.message
            )
        })
        .collect()
}

#[test]
fn unknown_names_come_with_the_nearest_known_one() {
    assert_eq!(
        errors("contxt.RequestId"),
        [
            "CS0103 `contxt`: The name 'contxt' does not exist in the current context (did you mean `context`?)"
        ]
    );
    assert_eq!(
        errors("context.RequestID"),
        [
            "CS1061 `RequestID`: 'IContext' does not contain a definition for 'RequestID' and no accessible extension method 'RequestID' accepting a first argument of type 'IContext' could be found (are you missing a using directive or an assembly reference?) (did you mean `RequestId`?)"
        ]
    );
    assert_eq!(
        errors("Strin.Empty")[0].split(':').next(),
        Some("CS0103 `Strin`")
    );
    assert_eq!(
        errors("string.Emptyy"),
        [
            "CS0117 `Emptyy`: 'string' does not contain a definition for 'Emptyy' (did you mean `Empty`?)"
        ]
    );
}

#[test]
fn all_mistakes_are_reported_at_once_in_order() {
    let code = "int a = \"x\"; string b = 1; return a + c;";
    assert_eq!(
        errors(code),
        [
            "CS0029 `\"x\"`: Cannot implicitly convert type 'string' to 'int'",
            "CS0029 `1`: Cannot implicitly convert type 'int' to 'string'",
            "CS0103 `c`: The name 'c' does not exist in the current context",
        ]
    );
}

#[test]
fn a_variable_whose_value_is_wrong_is_not_reported_again() {
    assert_eq!(
        errors("var a = nope; return a.Length + a;"),
        ["CS0103 `nope`: The name 'nope' does not exist in the current context"]
    );
}

#[test]
fn calls_say_which_argument_is_wrong() {
    assert_eq!(
        errors("context.Request.Find(1, out var n)"),
        ["CS1503 `1`: Argument 1: cannot convert from 'int' to 'string'"]
    );
    assert_eq!(
        errors("context.Request.Header()"),
        [
            "CS7036 `Header`: There is no argument given that corresponds to the required parameter 'name' of 'IRequest.Header(string)'"
        ]
    );
    assert_eq!(
        errors("context.Request.As()"),
        [
            "CS0411 `As`: The type arguments for method 'IRequest.As<T>()' cannot be inferred from the usage. Try specifying the type arguments explicitly."
        ]
    );
    assert_eq!(
        errors("context.Request.Named(fourth: 1)"),
        ["CS1739 `fourth`: The best overload for 'Named' does not have a parameter named 'fourth'"]
    );
}

#[test]
fn mistakes_in_a_lambda_are_reported_where_they_are() {
    assert_eq!(
        errors("new[] { 1 }.Select(n => n.Foo).Count()")[0]
            .split(':')
            .next(),
        Some("CS1061 `Foo`")
    );
    assert_eq!(
        errors("new[] { 1 }.Where(n => n + 1).Count()")[0],
        "CS0029 `n + 1`: Cannot implicitly convert type 'int' to 'bool'"
    );
}

#[test]
fn locals_must_have_a_value_before_use() {
    assert_eq!(
        errors("int x; if (context.RequestId == Guid.Empty) { x = 1; } return x;"),
        ["CS0165 `x`: Use of unassigned local variable 'x'"]
    );
    assert_eq!(
        errors("int x; while (context.Request.Method == \"a\") { x = 1; break; } return x;"),
        ["CS0165 `x`: Use of unassigned local variable 'x'"]
    );
    for code in [
        "int x; if (context.Request == null) { x = 1; } else { x = 2; } return x;",
        "int x; while (true) { x = 1; break; } return x;",
        "int x; try { x = 1; } finally { } return x;",
        "int x; if (context.Request.Find(\"a\", out x) && x > 1) { return x; } return 0;",
        "int x; if (context.Request != null && (x = 1) > 0) { return x; } return 0;",
    ] {
        program(code);
    }
}

#[test]
fn every_path_returns() {
    let missing = "CS0161 `}`";
    let code = "if (context.Request == null) { return 1; }";
    assert_eq!(errors(code)[0].split(':').next(), Some(missing));
    program("while (true) { }");
    program("switch (1) { case 1: return 1; default: throw null; }");
}

#[test]
fn overloads_are_chosen_as_csharp_does() {
    // An exact conversion is better than a wider one, even in expanded form.
    assert_eq!(run("context.Request.Pick(1)"), "params");
    assert_eq!(run("context.Request.Pick(1L)"), "long");
    assert_eq!(run("context.Request.Pick(1, 2)"), "params");
    assert_eq!(run("context.Request.Pick(\"a\")"), "string");
    assert_eq!(run("context.Request.Pick(1.5)"), "object");
    assert_eq!(run("context.Request.Pick((object)\"a\")"), "object");
    assert_eq!(run("context.Request.Named(third: 9, first: 1)"), "129");
    assert_eq!(run("context.Request.As<List<int>>()"), "List<int>");
}

#[test]
fn captured_variables_are_shared_and_fresh_in_each_turn() {
    let counter = "int n = 0; Func<int> next = () => ++n; next(); next(); return n;";
    assert_eq!(run(counter), "Int32(2)");
    let turns = "
        var all = new List<Func<int>>();
        for (int i = 0; i < 3; i++) { int j = i; all.Add(() => j); all.Add(() => i); }
        return string.Join(\",\", all.Select(f => f()));";
    assert_eq!(run(turns), "0,3,1,3,2,3");
    let each = "
        var all = new List<Func<int>>();
        foreach (var i in new[] { 1, 2 }) { all.Add(() => i); }
        return all[0]() + all[1]();";
    assert_eq!(run(each), "Int32(3)");
    let recursive = "int Fib(int n) => n < 2 ? n : Fib(n - 1) + Fib(n - 2); return Fib(10);";
    assert_eq!(run(recursive), "Int32(55)");
    let reference = "void Inc(ref int v) { v++; } int n = 1; Inc(ref n); Inc(ref n); return n;";
    assert_eq!(run(reference), "Int32(3)");
}

#[test]
fn receivers_are_evaluated_once() {
    let code = "
        int calls = 0;
        Func<List<int>> list = () => { calls++; return new List<int> { 1, 2 }; };
        list()[0] += 5;
        list()[1]++;
        return calls;";
    assert_eq!(run(code), "Int32(2)");
}

#[test]
fn nullable_operators_are_lifted() {
    assert_eq!(run("context.Request.Length + 1"), "Int32(8)");
    assert_eq!(run("(int?)null + 1"), "Null");
    assert_eq!(run("(int?)null < 1"), "Bool(false)");
    assert_eq!(run("(int?)null == null"), "Bool(true)");
    assert_eq!(run("(int?)null != context.Request.Length"), "Bool(true)");
    assert_eq!(run("(bool?)null | true"), "Bool(true)");
    assert_eq!(run("context.Request?.Length ?? 0"), "Int32(7)");
}

#[test]
fn queries_see_all_their_range_variables() {
    let code = "string.Join(\",\", from a in new[] { 1, 2 } from b in new[] { 10, 20 } let c = a + b where c > 11 orderby c descending select a + \":\" + c)";
    assert_eq!(run(code), "2:22,1:21,2:12");
}

#[test]
fn constants_fold_and_reads_are_known() {
    let folded = program("IRequest.Twice(4)");
    assert!(matches!(folded.constant(), Some(Value::Int32(8))));
    assert_eq!(
        format!("{:?}", program("1 + 2 * 3").constant()),
        "Some(Int32(7))"
    );
    assert_eq!(program("\"a\" + \"b\"").result_type(), &Type::string());
    assert_eq!(program("context.Request.As<string>()").reads(), 1);
    assert_eq!(program("context.Request.Method").reads(), 0);
    let lambda = "Func<string> f = () => context.Request.As<string>(); return f();";
    assert_eq!(program(lambda).reads(), 1);
}

#[test]
fn what_cannot_be_prepared_is_an_error() {
    assert_eq!(
        errors("context.Request.Header(\"\")"),
        ["TG0002 `context.Request.Header(\"\")`: a header has a name"]
    );
}

#[test]
fn what_is_not_supported_is_named() {
    assert_eq!(
        errors("Func<object> f = async () => 1; return f();")[0],
        "TG0001 `async () => 1`: Tollgate does not support async lambdas"
    );
}

#[test]
fn a_generic_function_is_bound_for_each_set_of_type_arguments() {
    let code = "T Id<T>(T v) => v; return Id(1) + Id(\"a\") + Id<object>(2);";
    assert_eq!(run(code), "1a2");
    assert_eq!(
        errors("T Sum<T>(T a, T b) => a + b; return Sum(1, 2);")[0],
        "CS0019 `a + b`: Operator '+' cannot be applied to operands of type 'T' and 'T'"
    );
    // Each of them would ask for the next.
    let endless = "int F<T>(T v) => F(new List<T>()); return F(1);";
    assert_eq!(errors(endless)[0].split(' ').next(), Some("TG0001"));
}

#[test]
fn an_iterator_goes_on_where_it_stopped() {
    let code = r#"
        var log = "";
        IEnumerable<int> Count(int to) {
            try { for (var i = 1; i <= to; i++) { if (i == 2) { log += "two "; } yield return i; } }
            finally { log += "done "; }
        }
        foreach (var i in Count(9)) { log += i + " "; if (i == 3) break; }
        return log + string.Join(",", Count(2));"#;
    assert_eq!(run(code), "1 two 2 3 done 1,2");
}

#[test]
fn filters_are_asked_before_inner_finally_blocks_run() {
    let code = r#"
        var log = "";
        bool Says(string text, bool answer) { log += text; return answer; }
        try {
            try { throw new Exception("x"); } finally { log += "finally "; }
        }
        catch (Exception) when (Says("no ", false)) { }
        catch (Exception) when (Says("yes ", true)) { log += "caught"; }
        return log;"#;
    assert_eq!(run(code), "no yes finally caught");
}

#[test]
fn a_ref_local_is_another_name() {
    let code = "var a = new[] { 1, 2 }; ref int r = ref a[1]; a = null; r += 5; ref int s = ref r; return s + r;";
    assert_eq!(run(code), "Int32(14)");
}

#[test]
fn long_chains_neither_nest_nor_overflow() {
    let concat = vec!["context.Request.Method"; 5000].join(" + ");
    assert_eq!(run(&concat).len(), 15000);
    let logical = vec!["context.Request != null"; 5000].join(" && ");
    assert_eq!(run(&logical), "Bool(true)");
    let sum = vec!["context.Request.Length"; 5000].join(" + ");
    assert_eq!(errors(&sum)[0].split(' ').next(), Some("CS8078"));
}

#[test]
fn nested_lambdas_bind_in_bounded_time() {
    let mut code = "x0".to_string();
    for depth in 0..12 {
        code = format!("new[] {{ 1 }}.Select(x{depth} => {code}).Count()");
    }
    program(&code);
}
