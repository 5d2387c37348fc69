//! Running programs: control flow, exceptions, and the limits that stop whatever does not end.
#![allow(clippy::unwrap_used, reason = "tests")]

use tollgate_dotnet::{Budget, Heap, Host, Machine, Registry, Throw, Type, Value};
use tollgate_expressions::{Compiler, Form, invoke};

/// A host without a `context`.
struct NoHost;

impl Host for NoHost {
    fn now(&self) -> i64 {
        0
    }
    fn random(&self) -> u64 {
        4
    }
    fn type_of(&self, _handle: u32) -> Type {
        Type::object()
    }
}

fn run_with(code: &str, mut heap: Heap, mut budget: Budget) -> Result<Value, Throw> {
    let compiler = Compiler::new(Registry::dotnet());
    let program = compiler.compile(code, Form::Block).unwrap();
    let mut machine = Machine {
        heap: &mut heap,
        host: &mut NoHost,
        budget: &mut budget,
        invoke,
    };
    program.run(&mut machine)
}

fn run(code: &str) -> Result<Value, Throw> {
    run_with(code, Heap::default(), Budget::default())
}

fn text(code: &str) -> String {
    let value = run(code).unwrap();
    value.as_str().unwrap().to_utf8().into_owned()
}

/// Whether a limit stopped it, and says so.
fn is_stopped(result: Result<Value, Throw>, why: &str) -> bool {
    result.is_err_and(|throw| throw.exception().fatal && throw.exception().message.contains(why))
}

#[test]
fn loops_that_do_not_end_are_stopped() {
    for code in [
        "while (true) { }",
        "for (;;) { }",
        "var n = 0; do { n++; } while (n > -1); return n;",
        "switch (1) { case 1: goto case 2; case 2: goto case 1; } return 0;",
        "foreach (var n in Enumerable.Range(0, int.MaxValue)) { } return 0;",
        "return Enumerable.Repeat(1, int.MaxValue).Where(n => n > 1).Count();",
    ] {
        assert!(is_stopped(run(code), "steps"), "{code}: {:?}", run(code));
    }
}

#[test]
fn recursion_is_stopped_before_the_native_stack_ends() {
    let runs = || {
        for code in [
            "int F(int n) => F(n + 1) + 1; return F(0);",
            "int F(int n) { if (n < 0) { return 0; } else { foreach (var m in new[] { n }) { return F(m + 1); } } return 1; } return F(0);",
            "Func<int, int> f = null; f = n => new[] { n }.Select(m => f(m + 1)).First(); return f(0);",
            "int F(int n) { try { return F(n + 1); } finally { n = 0; } } return F(0);",
        ] {
            assert!(is_stopped(run(code), "nested"), "{code}: {:?}", run(code));
        }
    };
    let small = std::thread::Builder::new().stack_size(512 << 10);
    small.spawn(runs).unwrap().join().unwrap();
}

#[test]
fn recursion_of_a_useful_depth_works() {
    let code = "int Sum(int n) => n == 0 ? 0 : n + Sum(n - 1); return Sum(40);";
    let sum = || run(code).unwrap().as_integer();
    let small = std::thread::Builder::new().stack_size(512 << 10);
    assert_eq!(small.spawn(sum).unwrap().join().unwrap(), Some(820));
}

#[test]
fn memory_is_bounded() {
    for (code, why) in [
        ("var s = \"ab\"; while (true) { s = s + s; }", "memory"),
        (
            "var all = new List<object>(); while (true) { all.Add(new int[1000]); }",
            "memory",
        ),
        ("return new int[int.MaxValue].Length;", "collection"),
        ("return new int[500000].Length;", "memory"),
        (
            "return new int[int.MaxValue, int.MaxValue].Length;",
            "collection",
        ),
        (
            "var all = new List<Func<int>>(); while (true) { var n = 1; all.Add(() => n++); }",
            "memory",
        ),
    ] {
        let small = run_with(code, Heap::new(8 << 20), Budget::default());
        assert!(is_stopped(small, why), "{code}: {:?}", run(code));
    }
}

#[test]
fn objects_nested_without_end_neither_run_nor_drop_without_end() {
    for code in [
        "object t = 1; while (true) { t = new { t }; }",
        "object t = 1; while (true) { t = (t, t); }",
        "object t = 1; while (true) { t = Tuple.Create(t); }",
        "Func<int> f = () => 1; while (true) { var g = f; f = () => g(); }",
        "Exception e = null; while (true) { e = new Exception(\"\", e); }",
        "IEnumerable<int> q = new[] { 1 }; for (var i = 0; i < 100000; i++) { q = q.Select(n => n); } return q.Count();",
        "IEnumerable<int> q = new[] { 1 }; for (var i = 0; i < 100000; i++) { q = q.Concat(new[] { 1 }); } return q.Count();",
    ] {
        let runs = move || {
            assert!(
                run(code).is_err_and(|throw| throw.exception().fatal),
                "{code}"
            )
        };
        let small = std::thread::Builder::new().stack_size(512 << 10);
        small.spawn(runs).unwrap().join().unwrap();
    }
}

#[test]
fn no_policy_catches_a_limit() {
    let code =
        "try { while (true) { } } catch { return 1; } finally { while (true) { } } return 2;";
    assert!(is_stopped(run(code), "steps"));
}

#[test]
fn a_finally_block_runs_on_every_way_out() {
    let code = "
        var log = \"\";
        for (var i = 0; i < 3; i++) {
            try { if (i == 0) continue; if (i == 1) break; log += i; }
            finally { log += \"f\"; }
        }
        int F() { try { return 1; } finally { log += \"r\"; } }
        try { try { object o = null; o.Equals(o); } finally { log += \"t\"; } }
        catch (NullReferenceException) { log += \"c\"; }
        return log + F() + log;";
    assert_eq!(text(code), "fftc1fftcr");
}

#[test]
fn each_turn_of_a_loop_has_its_own_captured_variable() {
    let code = "
        var all = new List<Func<int>>();
        foreach (var n in new[] { 1, 2, 3 }) { var m = n; all.Add(() => m++ + n); }
        return string.Join(\",\", all.Select(f => f())) + \";\" + string.Join(\",\", all.Select(f => f()));";
    assert_eq!(text(code), "2,4,6;3,5,7");
}

#[test]
fn dynamic_operations_bind_when_they_run() {
    let code = "
        dynamic a = \"text\"; dynamic b = 4; dynamic c = new { Name = \"n\" };
        string t = a.ToUpper();
        return t + (a.Length == b) + (b + 1) + a[0] + c.Name + (int)b;";
    assert_eq!(text(code), "TEXTTrue5tn4");
    let missing = run("dynamic a = \"text\"; return a.Missing;").unwrap_err();
    let name = "Microsoft.CSharp.RuntimeBinder.RuntimeBinderException";
    assert_eq!(missing.exception().type_name, name);
}

#[test]
fn an_exception_says_where_it_was_thrown() {
    let code = "var a = new int[1]; return a[2];";
    let range = run(code).unwrap_err().exception().range;
    assert_eq!(range, Some((27, 31)));
}
