//! Hostile expressions: each is stopped soon, and the gateway serves the next request.
//!
//! `hostile.jsonl` has them in the format of cases. `LIMITS=show` prints what each took; `LIMITS=json` as well, of
//! those whose name begins so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::{Duration, Instant};

use tollgate::ports::Limits;
use tollgate::{Body, Gateway, Peer, Source};
use tollgate_testing::{Case, Contexts};

/// How long an expression may take. Without optimization everything takes many times as long.
const BOUND: Duration = if cfg!(debug_assertions) {
    Duration::from_millis(2_500)
} else {
    Duration::from_millis(50)
};

fn hostile() -> Vec<Case> {
    let lines = include_str!("hostile.jsonl").lines();
    let all: Vec<_> = lines.map(|line| Case::parse(line).unwrap()).collect();
    assert!(all.len() >= 24);
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

#[test]
fn hostile_expressions_are_stopped_in_time() {
    let asked = std::env::var("LIMITS").unwrap_or_default();
    let mut slow = Vec::new();
    for case in hostile() {
        if !asked.is_empty() && asked != "show" && !case.id.starts_with(&asked) {
            continue;
        }
        let mut outcome = None;
        let took = shortest(|| outcome = Some(case.run(&Contexts::default()).unwrap()));
        let milliseconds = took.as_secs_f64() * 1000.0;
        if !asked.is_empty() {
            let mut outcome = outcome.unwrap().to_string();
            outcome.truncate(140);
            println!("{milliseconds:9.2} ms  {:24}  {outcome}", case.id);
        }
        if took >= BOUND {
            slow.push(format!("{} took {milliseconds:.0} ms", case.id));
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

/// A gateway whose requests with the header `X-Attack` evaluate the expression.
fn gateway(expression: &str, limits: Limits) -> Gateway {
    let expression = expression
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;");
    let policy = format!(
        r#"<policies><inbound><choose><when condition="@(context.Request.Headers.ContainsKey(&quot;X-Attack&quot;))">
        <set-variable name="x" value="{expression}" /></when></choose>
        <return-response><set-status code="204" /></return-response></inbound></policies>"#
    );
    let builder = Gateway::builder().policy(Source::new("limits.xml", policy));
    builder.limits(limits).build().unwrap()
}

async fn status(gateway: &Gateway, attack: bool) -> u16 {
    let request = http::Request::get("http://gateway.test/");
    let request = match attack {
        true => request.header("X-Attack", "1"),
        false => request,
    };
    let request = request.body(Body::empty()).unwrap();
    let response = gateway.handle(request, Peer::default()).await;
    response.status().as_u16()
}

#[tokio::test]
async fn the_gateway_serves_the_next_request() {
    for name in [
        "while",
        "local recursion",
        "lambda recursion",
        "regex IsMatch",
        "string doubling",
        "list growth",
        "builder",
        "Range ToList",
        "JSON self",
        "exceptions",
    ] {
        let case = hostile().into_iter().find(|case| case.id == name);
        let gateway = gateway(&case.unwrap().text, Limits::default());
        let start = computed();
        let attacked = status(&gateway, true).await;
        assert!(computed() - start < BOUND * 2, "{name}");
        // A search that gives up is an exception, or no match.
        assert!(attacked == 500 || name.starts_with("regex"), "{name}");
        assert_eq!(status(&gateway, false).await, 204, "{name}");
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
        let free = gateway(expression, limits.clone());
        assert_eq!(status(&free, true).await, 204, "{name}");
        change(&mut limits);
        let tight = gateway(expression, limits);
        assert_eq!(status(&tight, true).await, 500, "{name}");
        assert_eq!(status(&tight, false).await, 204, "{name}");
    }
}
