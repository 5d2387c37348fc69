//! Files of tests: what they can say, what is told when something is wrong with them, and how failures are shown.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tollgate_testing::suite::{Options, Report, find, json, junit, run, text};

/// A folder with these files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// What comes of a policy and a file of tests for it; the file's folder is left out of texts.
fn outcome(policy: &str, tests: &str) -> (Report, String) {
    let folder = folder(&[("p.xml", policy), ("t.test.yaml", tests)]);
    let files = [folder.path().join("t.test.yaml")];
    let report = run(&files, &Options::default(), |_| {});
    let prefix = format!("{}/", folder.path().display());
    let shown = text(&report, false).replace(&prefix, "");
    (report, shown)
}

const EMPTY: &str = "<policies><inbound /><backend><base /></backend></policies>";

/// The whole of a policy with this in its inbound section.
fn inbound(policies: &str) -> String {
    format!("<policies><inbound>{policies}</inbound><backend><base /></backend></policies>")
}

#[track_caller]
fn passes(policy: &str, tests: &str) {
    let (report, shown) = outcome(policy, tests);
    assert!(report.passed(), "{shown}");
}

#[test]
fn everything_that_comes_of_a_request_can_be_expected() {
    let policy = inbound(
        r#"<set-variable name="n" value="@(context.Variables.Count + 1)" />
        <cache-lookup-value key="greeting" variable-name="greeting" default-value="none" />
        <cache-store-value key="seen" value="@(context.User.Email)" duration="60" />
        <trace source="t" severity="information"><message>@(context.User.Groups.First().Name)</message><metadata name="m" value="v" /></trace>
        <emit-metric name="calls" value="2" namespace="ns"><dimension name="Product" value="@(context.Product.Id)" /></emit-metric>
        <log-to-eventhub logger-id="hub" partition-key="k">@(context.Request.IpAddress)</log-to-eventhub>
        <send-request mode="new" response-variable-name="r" timeout="10">
            <set-url>https://token.test/token?x=1</set-url><set-method>POST</set-method><set-body>grant</set-body>
        </send-request>
        <quota-by-key calls="10" renewal-period="3600" counter-key="q" />
        <return-response response-variable-name="r">
            <set-header name="X-Out"><value>@((string)context.Variables["greeting"])</value></set-header>
        </return-response>"#,
    );
    passes(
        &policy,
        r#"
policy: p.xml
users: {u: {email: u@example.org, groups: [Guests]}}
subscriptions: {s: {product: gold, user: u}}
world:
  cache: {greeting: hello}
  counters: [{policy: quota-by-key, key: q, count: 4}]
  answers:
    - url: https://token.test/token
      method: POST
      respond: {status: 201, reason: Made, headers: {X-A: [1, 2]}, json: {a: [1, {b: c, d: e}]}, delay: 2s}
tests:
  - name: all
    request: {subscription: s, ip: 10.1.2.3, headers: {X-In: a}}
    expect:
      status: {one-of: [200, 201]}
      reason: Made
      headers: {x-a: "1,2", X-Out: {starts-with: he}, X-None: {absent: true}}
      body: {matches: '"b": ?"c"'}
      json: {a: [1, {b: c}]}
      calls:
        - {method: POST, url: {contains: token.test}, body: grant, headers: {X-In: {absent: true}}}
      backend-calls: 0
      variables: {n: 1, greeting: hello, nothing: {absent: true}}
      cache: {seen: u@example.org, unseen: {absent: true}}
      counters: [{key: q, count: 5}]
      events: [{logger: hub, body: 10.1.2.3, partition-key: k, partition-id: {absent: true}}]
      metrics: [{name: calls, namespace: ns, value: 2, dimensions: {json: {Product: gold}}}]
      trace: [{source: t, severity: information, message: Guests, metadata: {json: {m: v}}}]
      last-error: none
"#,
    );
}

#[test]
fn each_expectation_can_fail() {
    let policy = inbound(
        r#"<set-variable name="v" value="1" /><emit-metric name="m" value="1"><dimension name="API ID" /></emit-metric>
        <return-response><set-status code="200" reason="OK" /><set-header name="X"><value>1</value></set-header><set-body>{"a":1}</set-body></return-response>"#,
    );
    for (expect, failure) in [
        (
            "status: 201",
            "status  t.test.yaml:5:14\n    expected  201\n    actual    200",
        ),
        ("reason: Fine", "expected  Fine\n    actual    OK"),
        ("headers: {X: 2}", "headers.X"),
        (
            "headers: {X: {absent: true}}",
            "expected  nothing\n    actual    1",
        ),
        ("body: other", "expected  other\n    actual    {\"a\":1}"),
        ("json: {a: 2}", "expected  JSON with a: 2"),
        ("backend-calls: 1", "expected  1\n    actual    0"),
        ("calls: [{method: GET}]", "expected  1\n    actual    0"),
        ("variables: {v: 2}", "variables.v"),
        ("cache: {k: v}", "expected  v\n    actual    nothing"),
        ("counters: [{key: k, count: 1}]", "counters[0].count"),
        ("events: [{logger: l}]", "events  "),
        ("metrics: []", "- 0\n    + 1\n    + {\"name\":\"m\""),
        ("metrics: [{name: n}]", "metrics[0].name"),
        ("trace: [{message: m}]", "trace  "),
        (
            "last-error: {reason: R}",
            "expected  an error\n    actual    none",
        ),
        (
            "ran: return-response/set-body",
            "ran  t.test.yaml:5:14\n    - expected, + actual\n    - return-response/set-body runs",
        ),
        ("not-ran: set-variable", "set-variable does not run"),
        ("not-a-key: 1", "unknown field `not-a-key`"),
    ] {
        let tests = format!(
            "policy: p.xml\ntests:\n  - name: n\n    request: {{}}\n    expect: {{{expect}}}\n"
        );
        let (report, shown) = outcome(&policy, &tests);
        assert_eq!(report.failed(), 1, "{expect}");
        assert!(shown.contains(failure), "{expect}\n{shown}");
    }
}

#[test]
fn branches_that_ran_can_be_expected() {
    let policy = inbound(
        r#"<choose><when condition="@(context.Request.Method == "PUT")"><set-variable name="a" value="1" /></when>
        <when condition="@(context.Request.Method == "GET")"><set-variable name="b" value="1" /></when>
        <otherwise><set-variable name="c" value="1" /></otherwise></choose><choose><when condition="@(true)" /></choose>"#,
    );
    passes(
        &policy,
        r#"
policy: p.xml
tests:
  - name: the second
    expect:
      ran: ["inbound/choose[1]/when[2]", "choose/when[2]/set-variable", "choose[2]"]
      not-ran: [choose/when, "inbound/choose[1]/otherwise[1]", set-variable]
"#,
    );
}

#[test]
fn what_nothing_can_reach_is_said_and_held_to() {
    let policy = inbound(
        r#"<choose><when condition="@(context.Request.Method == "GET")"><set-method>GET</set-method></when><otherwise><set-method>PUT</set-method></otherwise></choose>"#,
    );
    let tests = |never: &str, method: &str| {
        format!(
            "policy: p.xml\nnever: {never}\ntests:\n  - {{name: n, request: {{method: {method}}}, expect: {{status: 200}}}}\n"
        )
    };
    let covered = |never: &str| {
        let folder = folder(&[("p.xml", &*policy), ("t.test.yaml", &*tests(never, "GET"))]);
        let options = Options {
            coverage: true,
            ..Options::default()
        };
        let report = run(&[folder.path().join("t.test.yaml")], &options, |_| {});
        assert!(report.passed(), "{}", text(&report, false));
        report.coverage.percent()
    };
    assert!(covered("[]") < covered("[choose/otherwise]"));
    assert_eq!(
        covered(r#"[choose/otherwise, "choose/when = false"]"#),
        100.0
    );
    let (_, shown) = outcome(&policy, &tests("[choose/otherwise]", "POST"));
    assert!(shown.contains("choose/otherwise does not run"), "{shown}");
    let (_, shown) = outcome(&policy, &tests(r#"[choose/when, "choose/when[2]"]"#, "PUT"));
    assert!(
        shown.contains("t.test.yaml:2:22: there is no policy or branch at `choose/when[2]`"),
        "{shown}"
    );
}

#[test]
fn time_passes_without_real_time() {
    let policy = r#"<policies><inbound>
        <rate-limit-by-key calls="2" renewal-period="300" counter-key="k" />
    </inbound><backend>
        <retry condition="@(context.Response.StatusCode == 503)" count="10" interval="60"><forward-request timeout="20" /></retry>
    </backend></policies>"#;
    let start = Instant::now();
    passes(
        policy,
        r#"
policy: p.xml
tests:
  - name: retries wait, limits recover
    world:
      answers:
        - url: "*"
          respond: [{status: 503}, {status: 503}, {status: 200}]
    steps:
      - expect: {status: 200, backend-calls: 3}
      - expect: {status: 200}
      - expect: {status: 429, headers: {Retry-After: 180}}
      - {after: 5m, expect: {status: 200}}
  - name: what is too slow is given up
    world: {answers: [{url: "*", respond: {delay: 30s}}]}
    expect: {status: 500, last-error: {reason: Timeout}}
"#,
    );
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn faults_are_faults() {
    for (fault, reason) in [
        ("connect", "BackendConnectionFailure"),
        ("timeout", "Timeout"),
        ("abort", "BackendConnectionFailure"),
    ] {
        let tests = format!(
            "policy: p.xml\ntests:\n  - name: n\n    world: {{answers: [{{url: '*', respond: {{fault: {fault}}}}}]}}\n    expect: {{status: 500, last-error: {{source: forward-request, reason: {reason}}}}}\n"
        );
        passes(EMPTY, &tests);
    }
    let (_, shown) = outcome(
        EMPTY,
        "policy: p.xml\ntests:\n  - name: n\n    world: {answers: [{url: '*', respond: {body: half, fault: broken-body}}]}\n    expect: {status: 200}\n",
    );
    assert!(shown.contains("expected  a whole body"), "{shown}");
}

#[test]
fn streams_come_in_pieces() {
    passes(
        r#"<policies><inbound /><backend><base /></backend><outbound><set-header name="X-After"><value>@(context.Elapsed.TotalSeconds.ToString("0"))</value></set-header></outbound></policies>"#,
        r#"
policy: p.xml
tests:
  - name: the head does not wait for the body
    world: {answers: [{url: "*", respond: {chunks: ["data: 1\n\n", "data: 2\n\n"], every: 10s, delay: 1s}}]}
    expect: {status: 200, headers: {X-After: 1}, body: "data: 1\n\ndata: 2\n\n"}
"#,
    );
}

#[test]
fn scopes_are_merged() {
    let base = |name: &str| {
        format!(
            "<policies><inbound><base /><set-header name=\"X-Way\" exists-action=\"append\"><value>{name}</value></set-header></inbound><backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>"
        )
    };
    let global = base("global")
        .replace("<base />", "")
        .replace("<backend>", "<backend><forward-request />");
    let folder = folder(&[
        ("g.xml", &*global),
        ("p.xml", &*base("product")),
        ("a.xml", &*base("api")),
        ("o.xml", &*base("operation")),
        (
            "f.xml",
            "<fragment><set-header name=\"X-F\"><value>{{nv}}</value></set-header></fragment>",
        ),
        (
            "i.xml",
            "<policies><inbound><include-fragment fragment-id=\"f\" /><set-backend-service backend-id=\"b\" /></inbound><backend><base /></backend></policies>",
        ),
        (
            "all.test.yaml",
            "policies: {global: g.xml, product: p.xml, api: a.xml, operation: o.xml}\ntests:\n  - name: n\n    expect: {backend-calls: [{headers: {X-Way: 'global,product,api,operation'}}]}\n",
        ),
        (
            "fragment.test.yaml",
            "policy: i.xml\nnamed-values: {nv: one}\nfragments: {f: f.xml}\nbackends: {b: 'https://b.test/base'}\ntests:\n  - {name: of the file, request: {url: /x}, expect: {backend-calls: [{url: 'https://b.test/base/x', headers: {X-F: one}}]}}\n  - {name: of the test, named-values: {nv: two}, expect: {backend-calls: [{headers: {X-F: two}}]}}\n",
        ),
        (
            "tollgate.toml",
            "policy = \"g.xml\"\n[[apis]]\nid = \"x\"\npath = \"x\"\nservice-url = \"https://x.test\"\n",
        ),
        (
            "config.test.yaml",
            "config: tollgate.toml\ntests:\n  - {name: in, request: {url: /x/y}, expect: {backend-calls: [{url: 'https://x.test/y'}]}}\n  - {name: out, request: {url: /z}, expect: {status: 404}}\n",
        ),
        (
            "inline.test.yaml",
            "gateway: {apis: [{id: x, service-url: 'https://x.test', policy: a.xml}]}\ntests:\n  - {name: n, expect: {backend-calls: [{headers: {X-Way: api}}]}}\n",
        ),
    ]);
    let files = find(&[folder.path().to_owned()]).unwrap();
    assert_eq!(files.len(), 4);
    let report = run(&files, &Options::default(), |_| {});
    assert!(report.passed(), "{}", text(&report, false));
    assert_eq!(report.outcomes.len(), 6);
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_place() {
    let of = |rest: &str| format!("policy: p.xml\n{rest}");
    let one = |rest: &str| of(&format!("tests:\n  - name: n\n{rest}"));
    for (tests, message) in [
        ("a: [".to_owned(), "t.test.yaml:2:1: "),
        (
            "policy: p.xml".to_owned(),
            "t.test.yaml:1:1: there are no tests: `tests` is a list of them",
        ),
        (of("tests: []"), "t.test.yaml:2:1: there are no tests"),
        (
            of("test: 1\ntests: [{name: n, expect: {}}]"),
            "t.test.yaml:2:1: unknown field `test`; did you mean",
        ),
        (
            of("tests:\n  - expect: {}"),
            "t.test.yaml:3:5: a test needs a `name`",
        ),
        (
            one("    expects: {}"),
            "t.test.yaml:4:5: unknown field `expects`; did you mean `expect`?",
        ),
        (
            one("    request: {}"),
            "t.test.yaml:3:5: a test needs `expect`, or `steps`",
        ),
        (
            one("    expect: {}\n    steps: [{}]"),
            "t.test.yaml:4:5: a test with `steps` has `expect` in each of them",
        ),
        (
            one("    request: {metod: GET}\n    expect: {}"),
            "t.test.yaml:4:15: unknown field `metod`; did you mean `method`?",
        ),
        (
            one("    request: {headers: {X: {}}}\n    expect: {}"),
            "t.test.yaml:4:25: text is expected, not {}",
        ),
        (
            one("    request: {ip: nowhere}\n    expect: {}"),
            "t.test.yaml:4:15: invalid IP address syntax",
        ),
        (one("    expect: {status: [}"), "t.test.yaml:4:"),
        (
            one("    expect: {body: {matches: '('}}"),
            "t.test.yaml:4:14: `(` is no pattern",
        ),
        (
            one("    expect: {body: {contain: a}}"),
            "unknown field `contain`",
        ),
        (
            one("    steps: [{after: soon}]"),
            "t.test.yaml:4:14: \"soon\" is no length of time, such as `500ms`, `2s` or `1m 30s`",
        ),
        (
            one("    world: {clock: noon}\n    expect: {}"),
            "t.test.yaml:4:13: `noon` is no time, such as `2026-01-31T12:00:00Z`",
        ),
        (
            one("    world: {answers: [{url: '*', respond: {stats: 1}}]}\n    expect: {}"),
            "unknown field `stats`",
        ),
        (
            one("    cases: [{a: 1}]\n    expect: {body: '${b}'}"),
            "t.test.yaml:4:5: the row has no `b`",
        ),
        (
            of("tests: [{name: n, expect: {}}, {name: n, expect: {}}]"),
            "t.test.yaml:2:33: there is a test named `n` already",
        ),
        (
            "tests: [{name: n, expect: {}}]".to_owned(),
            "t.test.yaml:1:1: which policy is tested? Give `policy`, `policies`, `config` or `gateway`",
        ),
        (
            of("config: x\ntests: [{name: n, expect: {}}]"),
            "t.test.yaml:2:1: give either `policy` or `config`",
        ),
        (
            "policy: none.xml\ntests: [{name: n, expect: {}}]".to_owned(),
            "t.test.yaml:1:1: none.xml: No such file",
        ),
        (
            "config: none.toml\ntests: [{name: n, expect: {}}]".to_owned(),
            "t.test.yaml:1:1: none.toml: No such file",
        ),
        (
            "gateway: {}\napi: {id: a}\ntests: [{name: n, expect: {}}]".to_owned(),
            "t.test.yaml:2:1: `api` goes with `policy` or `policies`",
        ),
        (
            of("fragments: {f: none.xml}\ntests: [{name: n, expect: {}}]"),
            "none.xml: No such file",
        ),
        (
            of("subscriptions: {s: {product: a, api: b}}\ntests: [{name: n, expect: {}}]"),
            "subscription s: give either `product` or `api`, not both",
        ),
    ] {
        let (report, shown) = outcome(EMPTY, &tests);
        assert!(!report.passed());
        assert!(
            shown.contains(message),
            "{tests}\n---\n{message}\n---\n{shown}"
        );
    }
}

#[test]
fn what_cannot_be_run_fails() {
    let one = |rest: &str| format!("policy: p.xml\ntests:\n  - name: n\n    expect: {{}}\n{rest}");
    for (rest, message) in [
        ("    request: {method: 'A B'}", "`A B` is no method"),
        (
            "    request: {url: 'https://a b/'}",
            "`https://a b/` is no URL",
        ),
        (
            "    request: {subscription: s}",
            "there is no subscription `s` in `subscriptions`",
        ),
        (
            "    request: {body: a, json: 1}",
            "give one of `body`, `json`, `base64` and `body-file`, not several",
        ),
        (
            "    request: {body-file: none.json}",
            "none.json: No such file",
        ),
        ("    request: {id: seven}", "`seven` is not a GUID"),
        (
            "    request: {headers: {'a b': c}}",
            "`a b` is not the name of a header",
        ),
        (
            "    request: {certificate: {pem: none.pem}}",
            "none.pem: No such file",
        ),
        (
            "    request: {jwt: {secret: '!'}}",
            "`secret` is not Base64",
        ),
        (
            "    world: {answers: [{url: '*', respond: {status: 99}}]}",
            "99 is no status code",
        ),
        (
            "    world: {answers: [{url: '*', respond: []}]}",
            "there is no answer for `*`",
        ),
        (
            "    world: {answers: [{url: '*', method: 'A B'}]}",
            "`A B` is no method",
        ),
    ] {
        let (report, shown) = outcome(EMPTY, &one(rest));
        assert_eq!(report.failed(), 1, "{rest}");
        assert!(shown.contains(message), "{rest}\n{shown}");
    }
    let (_, shown) = outcome(
        "<policies><inbound><nothing /></inbound></policies>",
        &one(""),
    );
    assert!(
        shown.contains("the policies do not load") && shown.contains("<nothing />"),
        "{shown}"
    );
}

#[test]
fn a_policy_that_never_ends_fails_its_test_in_time() {
    let policy = inbound(r#"<set-variable name="v" value="@{ while (true) { } return 1; }" />"#);
    let start = Instant::now();
    let (_, shown) = outcome(
        &policy,
        "policy: p.xml\ntests: [{name: n, expect: {status: 200}}]\n",
    );
    assert!(shown.contains("actual    500"), "{shown}");
    // A backend that calls itself again, for as long as it is let.
    let policy = r#"<policies><inbound /><backend><retry condition="@(true)" count="50" interval="3600" first-fast-retry="true"><forward-request /></retry></backend></policies>"#;
    let (_, shown) = outcome(
        policy,
        "policy: p.xml\ntests: [{name: n, expect: {status: 200}}]\n",
    );
    assert!(shown.contains("it waited for more than a day"), "{shown}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_call_that_nothing_was_said_of_is_named() {
    let policy = inbound(
        r#"<send-request mode="new" response-variable-name="r" ignore-error="false"><set-url>https://token.test/a</set-url></send-request>"#,
    );
    let (_, shown) = outcome(
        &policy,
        "policy: p.xml\ntests: [{name: n, expect: {status: 200}}]\n",
    );
    assert!(
        shown.contains("nothing answers GET https://token.test/a: add it to `world.answers`"),
        "{shown}"
    );
}

#[test]
fn filters_orders_and_files() {
    let tests = "policy: p.xml\ntests: [{name: one, expect: {}}, {name: two, expect: {}}, {name: three, expect: {status: 1}}]\n";
    let folder = folder(&[
        ("p.xml", EMPTY),
        ("a.test.yaml", tests),
        ("b.test.yml", tests),
        ("c.yaml", tests),
    ]);
    let files = find(&[folder.path().to_owned()]).unwrap();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(
        find(&[PathBuf::from("no-such-folder")])
            .unwrap_err()
            .starts_with("no-such-folder: ")
    );
    let options = |filters: &[&str], seed| Options {
        filters: filters.iter().map(ToString::to_string).collect(),
        seed,
        threads: Some(1),
        ..Options::default()
    };
    let order = |options: &Options| {
        let names = std::sync::Mutex::new(Vec::new());
        let report = run(&files, options, |outcome| {
            names.lock().unwrap().push(outcome.name.clone())
        });
        (names.into_inner().unwrap(), report)
    };
    let (names, report) = order(&options(&["two", "b.test"], Some(7)));
    assert_eq!((names.len(), report.filtered, report.failed()), (4, 2, 1));
    assert_eq!(
        names,
        order(&options(&["two", "b.test"], Some(report.seed))).0
    );
    let (_, report) = order(&options(&["nothing of this name"], None));
    assert!(!report.passed() && report.outcomes.is_empty());
}

#[test]
fn a_failure_is_shown_beside_what_was_expected() {
    let policy = inbound(
        r#"<set-variable name="n" value="@(1 + 1)" /><return-response><set-body>@("a\nb\nc " + context.Variables["n"])</set-body></return-response>"#,
    );
    let (report, shown) = outcome(
        &policy,
        "policy: p.xml\ntests:\n  - name: lines\n    steps:\n      - times: 2\n        expect:\n          status: 404\n          body: |-\n            a\n            B\n            c 2\n",
    );
    let (failure, _) = shown.rsplit_once("1 failed").unwrap();
    insta::assert_snapshot!(failure.trim_end(), @r###"
    FAIL lines (t.test.yaml:3:5)
      in step 1, time 1
      status  t.test.yaml:7:11
        expected  404
        actual    200
      body  t.test.yaml:8:11
        - expected, + actual
          a
        - B
        + b
          c 2
      on the way
        gateway
          > GET https://gateway.test/
            host: gateway.test
          the API at /
          ~ request url = https://backend.test/  (was https://gateway.test/)
        inbound
          set-variable[1]  (p.xml:1)
            1 + 1 = 2
            + variable n = 2
          return-response[1]  (p.xml:1)  ends the pipeline
            "a\nb\nc " + context.Variables["n"] = a\nb\nc 2
              context.Variables["n"] = 2
            + response body = 7 bytes: a\nb\nc 2
        gateway
          < 200 OK
    "###);
    let written = json(&report);
    assert_eq!(written["failed"], 1);
    assert_eq!(
        written["tests"][0]["failure"]["mismatches"][0]["what"],
        "status"
    );
    let xml = junit(&report).unwrap();
    assert!(
        xml.contains(r#"<testcase name="lines""#) && xml.contains("<failure"),
        "{xml}"
    );
}

#[test]
fn a_thousand_tests_take_less_than_a_second() {
    let policy = inbound(
        r#"<choose><when condition="@(context.Request.Headers.GetValueOrDefault("X", "") == "7")"><set-header name="Y"><value>@(context.RequestId.ToString())</value></set-header></when></choose>"#,
    );
    let rows: String = (0..1000).map(|n| format!("      - {{n: {n}}}\n")).collect();
    let tests = format!(
        "policy: p.xml\ntests:\n  - name: n ${{n}}\n    cases:\n{rows}    request: {{headers: {{X: '${{n}}'}}}}\n    expect: {{status: 200, backend-calls: 1}}\n"
    );
    let (report, shown) = outcome(&policy, &tests);
    assert!(report.passed(), "{shown}");
    assert_eq!(report.outcomes.len(), 1000);
    // Built without optimisation, and on a busy machine, it may take longer.
    let limit = if cfg!(debug_assertions) { 10 } else { 1 };
    assert!(
        report.duration < Duration::from_secs(limit),
        "{:?}",
        report.duration
    );
}

#[test]
fn what_a_recording_has_met_can_be_said() {
    let policy = inbound(
        r#"<validate-jwt query-parameter-name="token"><openid-config url="https://issuer.test/.well-known/openid-configuration" /></validate-jwt>
        <set-variable name="id" value="@(context.RequestId.ToString())" />
        <set-variable name="exp" value="@(context.Request.Headers.GetValueOrDefault("X-Token", "").AsJwt().Claims["exp"][0])" />
        <rate-limit-by-key calls="2" renewal-period="60" counter-key="a" />
        <cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />"#,
    );
    passes(
        &policy,
        r#"
policy: p.xml
world:
  clock: 2026-01-01T00:00:00Z
  random: ["0011223344556677", "8899aabbccddeeff"]
request:
  url: /x?token=&b=1
  jwt:
    - {query: token}
    - {header: X-Token, scheme: "", claims: {exp: now + 1m}}
tests:
  - name: a counter of a while ago
    world: {counters: [{key: a, count: 2, ago: 50s}]}
    request: {method: POST, base64: AAEC}
    expect: {status: 429, headers: {Retry-After: 10}, variables: {exp: "1767225660"}}
  - name: by its whole name
    world: {counters: [{name: "rate-limit-by-key\n60\na", key: "", count: 1}]}
    request: {method: POST, base64: AAH/}
    expect: {status: 200, backend-calls: [{base64: AAH/, url: {ends-with: "&b=1"}}]}
"#,
    );
    let (_, shown) = outcome(
        EMPTY,
        "policy: p.xml\ntests:\n  - name: a\n    request: {jwt: {claims: {exp: soon}}}\n    expect: {}\n  - name: b\n    world: {random: [x]}\n    expect: {}\n",
    );
    assert!(
        shown.contains("`soon` is no time of `exp`, such as `now + 5m`"),
        "{shown}"
    );
    assert!(shown.contains("`x` is no random number"), "{shown}");
}

#[test]
fn secrets_of_a_configuration_can_be_made_up() {
    let files = [
        ("p.xml", inbound(r#"<set-header name="K"><value>{{key}}{{other}}</value></set-header>"#)),
        (
            "c.toml",
            "named-values = { key = { env = \"TOLLGATE_IS_NOT_SET\" }, other = { file = \"none\" } }\n[[apis]]\nid = \"a\"\nservice-url = \"https://b.test\"\npolicy = \"p.xml\"\n".to_owned(),
        ),
        (
            "t.test.yaml",
            "config: c.toml\nenvironment: {TOLLGATE_IS_NOT_SET: made}\nsecret-files: {none: up}\ntests:\n  - name: a\n    expect: {backend-calls: [{headers: {K: madeup}}]}\n".to_owned(),
        ),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    let folder = folder(&files);
    let report = run(
        &[folder.path().join("t.test.yaml")],
        &Options::default(),
        |_| {},
    );
    assert!(report.passed(), "{}", text(&report, false));
}
