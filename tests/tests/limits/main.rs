//! Hostile expressions: each is stopped soon, and the gateway serves on.
//!
//! `hostile.jsonl` has them in the format of cases. `LIMITS=show` prints what each took; `LIMITS=json` as well, of
//! those whose name begins so. The bound of 50 ms is that of an optimized build:
//! `cargo test --release -p tollgate-tests --test limits`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tokio::net::TcpListener;
use tollgate::ports::Limits;
use tollgate::{Gateway, Source};
use tollgate_testing::{Case, Fixture, Outcome, evaluate};
use tollgate_tests::{Received, get};

/// How long an expression may take. Without optimization everything takes many times as long.
const BOUND: Duration = if cfg!(debug_assertions) {
    Duration::from_millis(2_500)
} else {
    Duration::from_millis(50)
};

fn hostile() -> Vec<Case> {
    let lines = include_str!("hostile.jsonl").lines();
    let all: Vec<_> = lines.map(|line| Case::parse(line).unwrap()).collect();
    assert!(all.len() >= 200);
    all
}

/// How long this thread has computed, where the system tells; what other programs took is not to be measured.
fn computed() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|text| text.split(' ').next()?.parse().ok());
    told.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// The shortest of a few runs.
fn shortest(mut run: impl FnMut()) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..5 {
        let start = computed();
        run();
        least = least.min(computed() - start);
        if least < BOUND {
            break;
        }
    }
    least
}

fn outcome(case: &Case, limits: Limits) -> Outcome {
    let fixture = Fixture::with_limits(&Json::Null, limits).unwrap();
    evaluate(&case.expression(), fixture)
}

#[test]
fn hostile_expressions_are_stopped_in_time() {
    let asked = std::env::var("LIMITS").unwrap_or_default();
    let mut limits = Limits::default();
    if cfg!(debug_assertions) {
        // What a step costs shows as well with fewer of them.
        limits.budget.steps /= 8;
    }
    let (mut slow, mut run) = (Vec::new(), 0);
    for case in hostile() {
        if !asked.is_empty() && asked != "show" && !case.id.starts_with(&asked) {
            continue;
        }
        let mut last = None;
        let took = shortest(|| last = Some(outcome(&case, limits.clone())));
        let (milliseconds, last) = (took.as_secs_f64() * 1000.0, last.unwrap());
        assert!(!matches!(last, Outcome::Errors(_)), "{}: {last}", case.id);
        run += 1;
        if !asked.is_empty() {
            let mut last = last.to_string();
            last.truncate(140);
            println!("{milliseconds:9.2} ms  {:24}  {last}", case.id);
        }
        if took >= BOUND {
            slow.push(format!("{} took {milliseconds:.0} ms", case.id));
        }
    }
    assert!(run > 0 && slow.is_empty(), "{slow:#?}");
}

/// A gateway on loopback: a request with the header `X-Attack: 0` has it evaluate the first expression, and so on.
async fn serve(expressions: &[&str], limits: Limits) -> SocketAddr {
    let escaped = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        text.replace('"', "&quot;")
    };
    let when = |(index, expression): (usize, &&str)| {
        let expression = escaped(expression);
        format!(
            r#"<when condition="@(context.Request.Headers.GetValueOrDefault(&quot;X-Attack&quot;, &quot;&quot;) == &quot;{index}&quot;)">
            <set-variable name="x" value="{expression}" /></when>"#
        )
    };
    let attacks: String = expressions.iter().enumerate().map(when).collect();
    let policy = format!(
        "<policies><inbound><choose>{attacks}</choose>
        <return-response><set-status code=\"200\" /><set-body>served</set-body></return-response></inbound></policies>"
    );
    let builder = Gateway::builder().policy(Source::new("limits.xml", policy));
    let gateway = builder.limits(limits).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(tollgate::hyper::serve(
        listener,
        gateway,
        std::future::pending(),
    ));
    address
}

async fn attack(gateway: SocketAddr, index: usize) -> Received {
    get(gateway, "/", &[("X-Attack", &index.to_string())]).await
}

async fn assert_served(gateway: SocketAddr, after: &str) {
    let answer = get(gateway, "/", &[]).await;
    assert_eq!((answer.status, &*answer.body), (200, "served"), "{after}");
}

/// For each limit, what runs into it, and what is said of that.
const LIMITS: &[(&str, &str, &[&str])] = &[
    (
        "steps",
        "it took more steps than are allowed",
        &[
            "@{ while (true) { } }",
            "@(Enumerable.Range(0, int.MaxValue).Count(n => n < 0))",
            "@{ var s = new string('a', 1000000); var n = 0; while (true) { if (s.Contains(\"b\")) n++; } }",
            "@{ while (true) { try { int.Parse(\"x\"); } catch (Exception) { } } }",
        ],
    ),
    (
        "bytes",
        "it used more memory than is allowed",
        &[
            "@{ var all = new List<object>(); while (true) { all.Add(new int[100000]); } }",
            "@{ var all = new List<object>(); while (true) { all.Add(new byte[1000000]); } }",
        ],
    ),
    (
        "depth",
        "its calls are nested too deep",
        &[
            "@{ int f(int n) { return f(n + 1) + 1; } return f(0); }",
            "@{ Func<int, int> f = null; f = n => f(n + 1) + 1; return f(0); }",
        ],
    ),
    (
        "regular expressions",
        "The Regex engine has timed out",
        &[
            "@(Regex.IsMatch(new string('a', 40) + \"!\", @\"^(a+)+\\1$\"))",
            "@(Regex.Replace(new string('a', 5000) + \"!\", @\"(a+)(a+)\\1\\2b\", \"b\"))",
        ],
    ),
    (
        "strings",
        "it made a string longer than is allowed",
        &[
            "@(\"x\".PadLeft(int.MaxValue).Length)",
            "@{ var s = \"x\"; while (true) { s += s; } }",
        ],
    ),
    (
        "collections",
        "it made a collection longer than is allowed",
        &[
            "@(new int[int.MaxValue].Length)",
            "@(new string[700, 800].Length)",
        ],
    ),
];

/// One worker, so that an expression that is not stopped keeps the others waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_gateway_serves_on_whichever_limit_is_met() {
    for (limit, message, expressions) in LIMITS {
        let gateway = serve(expressions, Limits::default()).await;
        for (index, expression) in expressions.iter().enumerate() {
            let case = serde_json::json!({"id": "x", "expr": expression}).to_string();
            let last = outcome(&Case::parse(&case).unwrap(), Limits::default());
            assert!(
                last.to_string().contains(message),
                "{limit}: {expression} gave {last}"
            );
            // The shortest of a few, as other programs take their time as well.
            let mut least = Duration::MAX;
            for _ in 0..10 {
                let start = Instant::now();
                let (attacked, ()) =
                    tokio::join!(attack(gateway, index), assert_served(gateway, expression));
                assert_eq!(attacked.status, 500, "{expression}");
                assert_served(gateway, expression).await;
                least = least.min(start.elapsed());
                if least < BOUND {
                    break;
                }
            }
            assert!(least < BOUND, "{limit}: {expression} took {least:?}");
        }
    }
}

#[tokio::test]
async fn every_limit_can_be_set() {
    type Change = (&'static str, fn(&mut Limits), &'static str);
    let changes: [Change; 6] = [
        (
            "steps",
            |limits| limits.budget.steps = 1_000,
            "@(Enumerable.Range(0, 2000).Where(n => n < 0).Count())",
        ),
        (
            "bytes",
            |limits| limits.heap = 10_000,
            "@(string.Concat(new string('a', 6000), new string('b', 6000)))",
        ),
        (
            "depth",
            |limits| limits.budget.depth = 20,
            "@{ int f(int n) { return n == 0 ? 0 : f(n - 1); } return f(30); }",
        ),
        (
            "string",
            |limits| limits.budget.string = 1_000,
            "@(context.Request.Method.PadLeft(1200))",
        ),
        (
            "collection",
            |limits| limits.collection = 100,
            "@(Enumerable.Range(0, 120).ToList())",
        ),
        (
            "regex",
            |limits| limits.budget.regex = 1_000,
            "@(Regex.IsMatch(new string('a', 12) + \"!\", @\"^(a+)+\\1b$\"))",
        ),
    ];
    for (name, change, expression) in changes {
        let mut limits = Limits::default();
        let free = serve(&[expression], limits.clone()).await;
        assert_eq!(attack(free, 0).await.status, 200, "{name}");
        change(&mut limits);
        let tight = serve(&[expression], limits).await;
        assert_eq!(attack(tight, 0).await.status, 500, "{name}");
        assert_served(tight, name).await;
    }
}

/// Workers of tokio have 2 MiB of stack; an expression takes a part of that, however its calls are nested.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn recursion_stays_on_the_stack_of_a_worker() {
    let mut limits = Limits::default();
    limits.budget.depth = u32::MAX;
    let expressions = [
        "@{ int f(int n) { return f(n + 1) + 1; } return f(0); }",
        "@{ Func<int, int> f = null; f = n => n + Enumerable.Range(0, 9).Select(i => f(n + i)).Sum(); return f(0); }",
        "@{ IEnumerable<int> f(int n) { return new List<int> { n }.SelectMany(i => f(i + 1)).OrderBy(i => i).ToList(); } return f(0).Count(); }",
        "@{ string f(int n) { try { return $\"{f(n + 1)}\".Replace(\"a\", f(n + 2)); } finally { n++; } } return f(0); }",
        "@{ string f(int n) { return Regex.Replace(\"abc\", \"b\", m => f(n + 1)); } return f(0); }",
        "@{ int f(int n) { var l = new List<int> { 2, 1 }; l.Sort((a, b) => f(n + 1)); return l[0]; } return f(0); }",
    ];
    let gateway = serve(&expressions, limits).await;
    for (index, expression) in expressions.iter().enumerate() {
        assert_eq!(attack(gateway, index).await.status, 500, "{expression}");
        assert_served(gateway, expression).await;
    }
}
