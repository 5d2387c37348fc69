//! The program as people run it: arguments in, text and exit codes out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

fn tollgate() -> Command {
    Command::new(env!("CARGO_BIN_EXE_tollgate"))
}

/// What came of a run.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}

fn run(arguments: &[&str]) -> Ran {
    let output = tollgate()
        .args(arguments)
        .env("TOLLGATE_TEST_SECRET", "hush-hush")
        .output()
        .unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn blog(file: &str) -> String {
    format!("{}/../../policies/blog/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

const BALANCER: [&str; 4] = [
    "--named-value",
    "backend-url-1=https://one.test",
    "--named-value",
    "backend-url-2=https://two.test/base/",
];

fn balance(more: &[&str]) -> Ran {
    let file = blog("load-balance-random.xml");
    let first = [
        "run",
        &file,
        "--request",
        "GET https://gateway.test/chat?a=b",
    ];
    run(&[&first, &BALANCER[..], more].concat())
}

#[test]
fn run_tells_what_happened_as_json() {
    let id = [
        "--request-id",
        "12345678-1234-1234-1234-123456789abc",
        "--now",
        "2026-11-24T12:00:00Z",
    ];
    let answers = [
        "-H",
        "X-Own: 1",
        "--backend-status",
        "203",
        "--backend-body",
        "hello",
        "--backend-header",
        "X-Back: 2",
        "--format",
        "json",
    ];
    let ran = balance(&[&id[..], &answers[..]].concat());
    assert_eq!((ran.code, &*ran.err), (0, ""));
    let mut report = ran.json();
    let trace = report["trace"].take();
    assert_eq!(
        report,
        json!({
            "response": {
                "status": 203,
                "reason": "Non Authoritative Information",
                "headers": {"content-length": "5", "x-back": "2"},
                "body": "hello",
            },
            "backend_calls": [{
                "method": "GET",
                "url": "https://two.test/base/chat?a=b",
                "headers": {"host": "two.test", "x-own": "1", "x-forwarded-for": "127.0.0.1"},
                "body": "",
            }],
            "variables": {"urlId": 2},
            "trace": null,
        })
    );
    assert_eq!(trace["traceId"], "12345678-1234-1234-1234-123456789abc");
    let sources = |section: &str| -> Vec<&str> {
        let entries = trace["traceEntries"][section].as_array().unwrap();
        (entries.iter())
            .map(|entry| entry["source"].as_str().unwrap())
            .collect()
    };
    assert_eq!(sources("backend"), ["forward-request"; 4]);
    assert_eq!(sources("outbound"), ["transfer-response"]);
    let inbound = &trace["traceEntries"]["inbound"];
    assert_eq!(
        inbound[0]["data"]["request"]["url"],
        "https://gateway.test/chat?a=b"
    );
    let evaluated = inbound.as_array().unwrap().iter();
    let mut evaluated = evaluated.filter(|entry| entry["data"]["value"] == "2");
    let first = evaluated.next().unwrap();
    assert_eq!(first["timestamp"], "2026-11-24T12:00:00.0000000Z");
    assert_eq!(first["elapsed"], "00:00:00.0000000");
    let expression = "new Random(context.RequestId.GetHashCode()).Next(1, 3)";
    assert_eq!(first["data"]["expression"], expression);
}

#[test]
fn run_tells_a_story() {
    let ran = balance(&[
        "--request-id",
        "12345678-1234-1234-1234-123456789abc",
        "--backend-body",
        "hello",
    ]);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    for line in [
        "    new Random(context.RequestId.GetHashCode()).Next(1, 3) = 2",
        "> GET https://two.test/base/chat?a=b",
        "> host: two.test",
        "< 200 OK",
        "< content-length: 5",
        "< hello",
        "  urlId = 2",
    ] {
        assert!(
            ran.out.lines().any(|found| found == line),
            "{line}\n{}",
            ran.out
        );
    }
}

#[test]
fn run_tells_it_as_one_likes() {
    let told = balance(&["--trace", "none"]);
    assert!(told.out.starts_with("\n> GET https://"), "{}", told.out);
    let told = balance(&["--trace", "apim"]);
    assert!(told.out.starts_with("{\n  \"serviceName\""), "{}", told.out);
    let told = balance(&["--trace", "tree", "--format", "json"]).json();
    assert!(told["trace"].as_str().unwrap().starts_with("gateway\n"));
    let told = balance(&["--trace", "none", "--format", "json"]).json();
    assert_eq!(told["trace"], json!(null));
}

#[test]
fn time_passes_in_a_run_unless_it_is_set() {
    let policy = r#"<policies><inbound /><backend><retry condition="@(context.Response.StatusCode == 503)" count="1" interval="60"><forward-request /></retry></backend></policies>"#;
    let folder = folder(&[("p.xml", policy)]);
    let file = path(&folder, "p.xml");
    let run = |more: &[&str]| {
        let first = [
            "run",
            &file,
            "--request",
            "GET http://a.test/",
            "--backend-status",
            "503",
        ];
        run(&[&first, more].concat()).out
    };
    let spent = |told: &str| {
        let mut lines = told
            .lines()
            .filter(|line| line.trim().starts_with("retry[1]"));
        lines
            .next()
            .unwrap()
            .rsplit("  ")
            .next()
            .unwrap()
            .to_owned()
    };
    let told = run(&[]);
    assert!(spent(&told).starts_with("60."), "{told}");
    let told = run(&["--now", "2026-11-24T12:00:00Z"]);
    assert!(spent(&told).starts_with('('), "{told}");
}

#[test]
fn a_request_that_is_refused_ran_too() {
    let file = blog("entra-id-authz.xml");
    let values = [
        "--named-value",
        "AZURE_OAI_SERVICE_NAME=contoso",
        "--named-value",
        "TENANT_ID=t",
    ];
    let request = [
        "--request",
        "POST https://gateway.test/chat",
        "-H",
        "api-key: 0123",
        "--format",
        "json",
    ];
    let ran = run(&[&["run", &file], &values[..], &request[..]].concat());
    assert_eq!(ran.code, 0);
    let report = ran.json();
    assert_eq!(report["response"]["status"], 403);
    assert_eq!(report["response"]["reason"], "Forbidden");
    assert_eq!(
        report["response"]["body"],
        r#"{ "statusCode": 403, "message": "Forbidden" }"#
    );
    assert_eq!(report["backend_calls"], json!([]));
}

const BROKEN: &str =
    "<policies>\n    <inbound>\n        <set-status code=\"x\" />\n    </inbound>\n</policies>\n";

#[test]
fn a_policy_that_does_not_load_is_shown() {
    let folder = folder(&[("broken.xml", BROKEN)]);
    let file = path(&folder, "broken.xml");
    let ran = run(&["run", &file, "--request", "GET http://a.test/"]);
    assert_eq!((ran.code, &*ran.out), (2, ""));
    let picture = format!(
        "error[wrong-type]: `code` must be a status code between 200 and 599, not `x`\n --> {file}:3:27\n  |\n3 |         <set-status code=\"x\" />\n  |                           ^\n"
    );
    assert!(ran.err.starts_with(&picture), "{}", ran.err);

    let ran = run(&[
        "run",
        &file,
        "--request",
        "GET http://a.test/",
        "--format",
        "json",
    ]);
    assert_eq!((ran.code, &*ran.err), (2, ""));
    assert_eq!(
        ran.json(),
        json!({"diagnostics": [{
            "severity": "error",
            "code": "wrong-type",
            "message": "`code` must be a status code between 200 and 599, not `x`",
            "file": file,
            "line": 3,
            "column": 27,
            "end_line": 3,
            "end_column": 28,
        }]})
    );
}

#[test]
fn run_takes_a_request_from_files() {
    let echo = "<policies><inbound><set-variable name=\"body\" value=\"@(context.Request.Body.As<string>(preserveContent: true))\" /><include-fragment fragment-id=\"f\" /></inbound><backend><forward-request /></backend></policies>";
    let fragment = "<fragment><set-header name=\"X-Fragment\"><value>{{hidden}}</value></set-header></fragment>";
    let request = "# comment\nPUT https://gateway.test/a HTTP/1.1\nX-File: 1\n\nfrom the file\n";
    let folder = folder(&[
        ("p.xml", echo),
        ("f.xml", fragment),
        ("r.http", request),
        ("body.txt", "from another"),
    ]);
    let (policy, request) = (path(&folder, "p.xml"), path(&folder, "r.http"));
    let fragment = format!("f={}", path(&folder, "f.xml"));
    let common = [
        "run",
        &policy,
        "--request-file",
        &request,
        "--fragment",
        &fragment,
        "--secret",
        "hidden=TOLLGATE_TEST_SECRET",
        "--format",
        "json",
    ];
    let ran = run(&common);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report = ran.json();
    // There is no service URL; the policy sets none either.
    assert_eq!(report["variables"]["body"], "from the file\n");
    let body = format!("@{}", path(&folder, "body.txt"));
    let report = run(&[&common[..], &["--data", &body]].concat()).json();
    assert_eq!(report["variables"]["body"], "from another");
    assert_eq!(report["backend_calls"][0]["headers"]["x-file"], "1");
}

#[test]
fn retries_do_not_wait() {
    let policy = "<policies><inbound><set-backend-service base-url=\"http://a.test\" /></inbound><backend><retry condition=\"@(context.Response.StatusCode == 503)\" count=\"5\" interval=\"100\"><forward-request /></retry></backend></policies>";
    let folder = folder(&[("p.xml", policy)]);
    let started = std::time::Instant::now();
    let ran = run(&[
        "run",
        &path(&folder, "p.xml"),
        "--request",
        "GET http://g.test/",
        "--backend-status",
        "503",
        "--format",
        "json",
    ]);
    assert_eq!(ran.json()["backend_calls"].as_array().unwrap().len(), 6);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn documents_are_really_fetched_whatever_time_it_is() {
    let issuer = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = issuer.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = issuer.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let answer = "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let policy = format!(
        "<policies><inbound><validate-jwt token-value=\"eyJhbGciOiJSUzI1NiJ9.e30.YQ\"><openid-config url=\"http://{address}/\" /></validate-jwt></inbound></policies>"
    );
    let folder = folder(&[("p.xml", &policy)]);
    let policy = path(&folder, "p.xml");
    let now = ["--now", "2026-11-24T12:00:00Z", "--format", "json"];
    let ran = run(&[
        &["run", &policy, "--request", "GET http://g.test/"],
        &now[..],
    ]
    .concat());
    assert_eq!(ran.json()["response"]["status"], 401);
    assert!(
        ran.out.contains("answers 503 Service Unavailable"),
        "{}",
        ran.out
    );
}

#[test]
fn what_is_wrong_with_arguments_is_said() {
    let file = blog("load-balance-random.xml");
    for (arguments, message) in [
        (
            &["run", "/no/such.xml", "--request", "GET http://a.test/"][..],
            "tollgate: /no/such.xml: No such file",
        ),
        (
            &["run", &file, "--request", "GET /a"],
            "tollgate: `/a` is not an absolute URL",
        ),
        (
            &[
                "run",
                &file,
                "--request",
                "GET http://a.test/",
                "--request-id",
                "x",
            ],
            "`x` is not a GUID",
        ),
        (
            &[
                "run",
                &file,
                "--request",
                "GET http://a.test/",
                "--now",
                "noon",
            ],
            "tollgate: --now:",
        ),
        (
            &[
                "run",
                &file,
                "--request",
                "GET http://a.test/",
                "--named-value",
                "a",
            ],
            "`a`: a named value is NAME=VALUE",
        ),
        (&["run", &file], "--request"),
        (&["check", "/no/such"], "tollgate: /no/such: No such file"),
        (
            &["serve", "/no/such.toml"],
            "tollgate: /no/such.toml: No such file",
        ),
        (&["nonsense"], "unrecognized subcommand"),
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{arguments:?}");
        assert!(ran.err.contains(message), "{arguments:?} {}", ran.err);
    }
}

#[test]
fn check_tells_what_is_wrong() {
    let folder = folder(&[
        ("broken.xml", BROKEN),
        (
            "good.xml",
            "<fragment><set-method>GET</set-method></fragment>",
        ),
        ("other.txt", "no policy"),
    ]);
    let all = folder.path().display().to_string();
    let ran = run(&["check", &all]);
    assert_eq!((ran.code, &*ran.err), (1, ""));
    assert!(
        ran.out.starts_with("error[wrong-type]: `code` must be"),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("1 of 2 files load\n"), "{}", ran.out);

    let ran = run(&["check", &all, "--format", "json"]);
    assert_eq!(ran.code, 1);
    let report = ran.json();
    assert_eq!(report["diagnostics"].as_array().unwrap().len(), 1);
    assert_eq!(report["diagnostics"][0]["line"], 3);

    let ran = run(&["check", &all, "--stats", "--format", "json"]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.json(),
        json!({
            "files": 2,
            "loaded": 1,
            "policies": {"set-method": 1, "set-status": 1},
            "expressions": 0,
            "typed": 0,
            "refused": 0,
            "refusals": {},
            "diagnostics": {"wrong-type": 1},
        })
    );
}

#[test]
fn check_passes_the_blogs_policies() {
    let all = blog("");
    let ran = run(&["check", &all]);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert!(
        ran.out.starts_with("note[unknown-named-value]:"),
        "{}",
        ran.out
    );
    assert!(ran.out.ends_with("3 of 3 files load\n"), "{}", ran.out);
    let report = run(&["check", &all, "--stats", "--format", "json"]).json();
    assert_eq!(
        (&report["files"], &report["expressions"], &report["typed"]),
        (&json!(3), &json!(10), &json!(10))
    );
    assert!(
        run(&["check", &all, "--stats"])
            .out
            .contains("rate-limit-by-key")
    );
}

/// A `tollgate serve` that runs.
struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    address: String,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut child = tollgate()
            .arg("serve")
            .args(arguments)
            .args(["--listen", "127.0.0.1:0"])
            .env("TOLLGATE_TEST_SECRET", "hush-hush")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended");
            if let Some(address) = line.trim().strip_prefix("tollgate listens on http://") {
                break address.to_owned();
            }
        };
        Self {
            child,
            out,
            address,
        }
    }

    /// The status code and the body of what comes.
    fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n{headers}\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head.split(' ').nth(1).unwrap().parse().unwrap(),
            body.to_owned(),
        )
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_demo_answers() {
    let demo = Serving::start(&["demo"]);
    let mut seen = [false; 2];
    for _ in 0..64 {
        let (status, body) = demo.get("/hello?a=b", "");
        assert_eq!(status, 200);
        match body.as_str() {
            "backend 1: GET /hello?a=b\n" => seen[0] = true,
            "backend 2: GET /hello?a=b\n" => seen[1] = true,
            other => panic!("{other}"),
        }
        if seen == [true; 2] {
            return;
        }
    }
    panic!("one backend gets everything: {seen:?}");
}

#[test]
fn the_demo_runs_the_blogs_own_file() {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/load-balance-random.xml");
    assert_eq!(
        std::fs::read(demo).unwrap(),
        std::fs::read(PathBuf::from(blog("load-balance-random.xml"))).unwrap()
    );
}

#[cfg(unix)]
#[test]
fn serve_ends_when_it_is_told_to() {
    let mut demo = Serving::start(&["demo"]);
    assert!(
        Command::new("kill")
            .arg(demo.child.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    let mut rest = String::new();
    demo.out.read_to_string(&mut rest).unwrap();
    assert!(demo.child.wait().unwrap().success());
}

#[test]
fn serve_runs_what_a_file_says() {
    let config = r#"
        policy = "global.xml"
        [named-values]
        word = "plain"
        hidden = { env = "TOLLGATE_TEST_SECRET" }
        [fragments]
        f = "fragment.xml"
        [[apis]]
        id = "open"
        path = "open"
        policy = "open.xml"
        [[apis]]
        id = "closed"
        path = "closed"
        subscription-required = true
        policy = "open.xml"
        operations = [{ method = "GET", url-template = "/{id}" }]
        [[subscriptions]]
        id = "s"
        key = { env = "TOLLGATE_TEST_SECRET" }
        api = "closed"
    "#;
    let open = r#"<policies><inbound><base /><return-response><set-body>@("{{word}} {{hidden}} " + context.Variables["from"] + " " + context.Request.MatchedParameters.GetValueOrDefault("id", "none"))</set-body></return-response></inbound></policies>"#;
    let global = r#"<policies><inbound><include-fragment fragment-id="f" /></inbound></policies>"#;
    let fragment = r#"<fragment><set-variable name="from" value="fragment" /></fragment>"#;
    let folder = folder(&[
        ("tollgate.toml", config),
        ("open.xml", open),
        ("global.xml", global),
        ("fragment.xml", fragment),
    ]);
    let serving = Serving::start(&[&path(&folder, "tollgate.toml")]);
    assert_eq!(
        serving.get("/open/a", ""),
        (200, "plain hush-hush fragment none".to_owned())
    );
    assert_eq!(serving.get("/closed/7", "").0, 401);
    let key = "Ocp-Apim-Subscription-Key: hush-hush\r\n";
    assert_eq!(
        serving.get("/closed/7", key),
        (200, "plain hush-hush fragment 7".to_owned())
    );
    assert_eq!(serving.get("/elsewhere", "").0, 404);
}

#[test]
fn serve_refuses_what_it_cannot_run() {
    let folder = folder(&[
        (
            "bad.toml",
            "[[apis]]\nid = \"a\"\npolicy = \"broken.xml\"\n",
        ),
        ("worse.toml", "listn = 1\n"),
        (
            "missing.toml",
            "[named-values]\nk = { env = \"TOLLGATE_TEST_NOT_SET\" }\n",
        ),
        ("broken.xml", BROKEN),
    ]);
    for (name, message) in [
        ("bad.toml", "error[wrong-type]: `code` must be"),
        ("worse.toml", "unknown field `listn`"),
        ("missing.toml", "TOLLGATE_TEST_NOT_SET"),
    ] {
        let ran = run(&["serve", &path(&folder, name)]);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{name}");
        assert!(ran.err.contains(message), "{}", ran.err);
    }
}

#[test]
fn one_expression_is_evaluated() {
    for (expression, out) in [
        ("@(1 + 2 * 3.0m)", "7.0\nSystem.Decimal\n"),
        (" @{ var n = 2; return n + n; } ", "4\nSystem.Int32\n"),
        ("context.Request.Method", "GET\nSystem.String\n"),
        ("var n = 2; return n * 3L;", "6\nSystem.Int64\n"),
        ("@(null)", "null\n"),
        (
            "new[] { 1, 2 }.Select(n => n / 2.0)",
            "[0.5,1.0]\n(sequence)\n",
        ),
        (
            "@(new { B = 1, A = \"é\" })",
            "{\"$obj\":{\"B\":1,\"A\":\"\\u00e9\"}}\nanonymous\n",
        ),
    ] {
        let ran = run(&["eval", expression]);
        assert_eq!((ran.code, &*ran.out), (0, out), "{expression}: {}", ran.err);
    }
    let ran = run(&["eval", "@(1)", "--format", "json"]);
    let one = json!({"ok": true, "type": "System.Int32", "value": 1, "string": "1"});
    assert_eq!((ran.code, ran.json()), (0, one));
}

#[test]
fn a_context_is_described_as_json() {
    let folder = folder(&[
        (
            "context.json",
            r#"{"request": {"method": "POST", "headers": {"X-Two": ["a", "b"]}, "body": "{\"z\":1,\"a\":2}"},
                "variables": {"o": {"z": 1, "a": [2]}, "id": {"$t": "timespan", "v": "00:01:00"}}}"#,
        ),
        ("wrong.json", r#"{"request": {"url": "nowhere"}}"#),
        ("broken.json", "{"),
    ]);
    let eval = |expression: &str, file: &str| {
        run(&["eval", expression, "--context", &path(&folder, file)])
    };
    // The order of properties is that of the file.
    for (expression, out) in [
        (
            "@(context.Variables[\"o\"])",
            "{\n  \"z\": 1,\n  \"a\": [\n    2\n  ]\n}\nNewtonsoft.Json.Linq.JObject\n",
        ),
        (
            "@(context.Variables[\"id\"])",
            "00:01:00\nSystem.TimeSpan\n",
        ),
        (
            "@(context.Request.Method + context.Request.Headers[\"X-Two\"].Length)",
            "POST2\nSystem.String\n",
        ),
        (
            "@(context.Request.Body.As<JObject>().Properties().First().Name)",
            "z\nSystem.String\n",
        ),
    ] {
        let ran = eval(expression, "context.json");
        assert_eq!((ran.code, &*ran.out), (0, out), "{expression}: {}", ran.err);
    }
    for (file, why) in [
        (
            "wrong.json",
            "wrong.json: request.url: `nowhere` is not an absolute URL",
        ),
        (
            "broken.json",
            "broken.json: a context is a JSON object: EOF",
        ),
        ("none.json", "none.json: No such file"),
    ] {
        let ran = eval("@(1)", file);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{file}");
        assert!(ran.err.contains(why), "{}", ran.err);
    }
}

#[test]
fn what_does_not_compile_or_throws_is_told() {
    let ran = run(&["eval", "@(contxt.Api)"]);
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(
        ran.err.contains("error[CS0103]: The name 'contxt'"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("EXPR:1:3"), "{}", ran.err);
    let ran = run(&["eval", "@{\n  return int.Parse(\"x\");\n}"]);
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(
        ran.err.contains("error[System.FormatException]"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("EXPR:2:10"), "{}", ran.err);
    let ran = run(&["eval", "@(contxt)", "--format", "json"]);
    assert_eq!((ran.code, &ran.json()["error_type"]), (1, &json!("CS0103")));
    assert_eq!(run(&["eval"]).code, 2);
}

#[test]
fn files_of_cases_give_files_of_results() {
    let cases = r#"{"id": "a.1", "kind": "single", "expr": "@(context.Variables[\"n\"])", "context": "one"}
{"id": "a.2", "kind": "block", "expr": "@{ while (true) { } }", "context": "one"}

{"id": "a.3", "expr": "\"\\ud83d\""}
{"id": "a.4", "kind": "block", "expr": "return 1;", "context": {"tracing": true}}
{"id": "a.5", "expr": "@(nobody)"}
{"id": "a.6", "expr": "@{ context.Trace(\"hello\"); throw new Exception(\"a\", new FormatException()); }"}
"#;
    let folder = folder(&[
        ("cases.jsonl", cases),
        ("contexts.json", r#"{"one": {"variables": {"n": 1.5}}}"#),
        (
            "wrong.jsonl",
            "{\"id\": \"a\", \"expr\": \"1\"}\n{\"id\": \"b\"}\n",
        ),
        ("broken.jsonl", "\n\n{\n"),
        (
            "elsewhere.jsonl",
            "{\"id\": \"a\", \"expr\": \"1\", \"context\": \"ome\"}",
        ),
    ]);
    let eval = |file: &str| {
        let contexts = path(&folder, "contexts.json");
        run(&[
            "eval",
            "--cases",
            &path(&folder, file),
            "--contexts",
            &contexts,
        ])
    };
    let ran = eval("cases.jsonl");
    let results = r#"{"id":"a.1","ok":true,"type":"System.Double","value":1.5,"string":"1.5"}
{"id":"a.2","ok":false,"stage":"run","error_type":"timeout","message":"The expression was stopped: it took more steps than are allowed."}
{"id":"a.3","ok":true,"type":"System.String","value":"\ud83d","string":"\ud83d"}
{"id":"a.4","ok":true,"type":"System.Int32","value":1,"string":"1"}
{"id":"a.5","ok":false,"stage":"compile","error_type":"CS0103","message":"The name 'nobody' does not exist in the current context","all":["CS0103"]}
{"id":"a.6","ok":false,"stage":"run","error_type":"System.Exception","message":"a","inner_type":"System.FormatException"}
"#;
    assert_eq!((ran.code, &*ran.out), (0, results), "{}", ran.err);
    for (file, why) in [
        ("wrong.jsonl", "wrong.jsonl, line 2: a case needs `expr`"),
        (
            "broken.jsonl",
            "broken.jsonl, line 3: a case is a JSON object in one line",
        ),
        (
            "elsewhere.jsonl",
            "line 1: there is no context `ome`; did you mean `one`?",
        ),
    ] {
        let ran = eval(file);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{file}");
        assert!(ran.err.contains(why), "{}", ran.err);
    }
}

#[test]
fn members_are_listed() {
    let text = run(&["check", "--list-members"]);
    assert_eq!(text.code, 0);
    assert!(text.out.starts_with("Tollgate\n"), "context comes first");
    assert!(text.out.contains("\nSystem\n"), "{}", text.out);
    assert!(
        text.out.contains("\n    string PadLeft(int totalWidth)\n"),
        "{}",
        text.out
    );
    let types = run(&["check", "--list-members", "--format", "json"]).json();
    let types = types["types"].as_array().unwrap();
    let string = types.iter().find(|ty| ty["name"] == "String").unwrap();
    let length = json!({
        "kind": "property", "name": "Length", "static": false, "signature": "int Length { get; }",
    });
    assert!(
        string["members"].as_array().unwrap().contains(&length),
        "{string}"
    );
    assert_eq!(run(&["check", "--list-members", "x.xml"]).code, 2);
    assert_eq!(run(&["check", "--format", "markdown", "x.xml"]).code, 2);
}

#[test]
fn the_page_of_members_is_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/members.md");
    let page = std::fs::read_to_string(page).unwrap_or_default();
    let listed = run(&["check", "--list-members", "--format", "markdown"]).out;
    assert!(
        page == listed,
        "run: cargo run -p tollgate-cli -- check --list-members --format markdown > docs/members.md"
    );
}

const API: &str = "<policies><inbound><set-header name=\"X\"><value>1</value></set-header></inbound><backend><base /></backend></policies>";

#[test]
fn test_runs_files_of_tests_and_says_how_it_went() {
    let test = |expect: &str| {
        format!(
            "policy: api.xml\ntests:\n  - name: a header\n    expect: {{backend-calls: [{{headers: {{X: {expect}}}}}]}}\n"
        )
    };
    let folder = folder(&[
        ("api.xml", API),
        ("api.test.yaml", &test("1")),
        ("bad.test.yaml", &test("2")),
    ]);
    let good = run(&["test", &path(&folder, "api.test.yaml"), "--verbose"]);
    assert_eq!(good.code, 0, "{}", good.out);
    assert!(good.out.starts_with("ok   a header (") && good.out.contains("1 passed in "));
    let junit = path(&folder, "junit.xml");
    let both = run(&["test", &path(&folder, ""), "--junit", &junit, "--seed", "7"]);
    assert_eq!(both.code, 1);
    assert!(both.out.contains("FAIL a header (") && both.out.contains("1 failed, 1 passed"));
    assert!(both.out.ends_with("(files: 2, seed: 7)\n"), "{}", both.out);
    let junit = std::fs::read_to_string(junit).unwrap();
    assert!(
        junit.contains(r#"tests="2""#) && junit.contains(r#"failures="1""#),
        "{junit}"
    );
    let json = run(&[
        "test",
        &path(&folder, ""),
        "--format",
        "json",
        "-k",
        "api.test",
    ])
    .json();
    assert_eq!((&json["passed"], &json["filtered"]), (&json!(1), &json!(1)));
    for (arguments, error) in [
        (
            vec!["test", &path(&folder, ""), "-k", "nothing"],
            "no test has this in its name or file: 2 left out",
        ),
        (
            vec!["test", "no-such-folder"],
            "no-such-folder: No such file",
        ),
        (
            vec!["test", &path(&folder, "."), "--time-limit", "soon"],
            "no length of time",
        ),
    ] {
        let ran = run(&arguments);
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains(error), "{}", ran.err);
    }
    let empty = tempfile::tempdir().unwrap();
    let none = run(&["test", &path(&empty, "")]);
    assert_eq!(none.code, 2);
    assert!(
        none.err.contains("there is no *.test.yaml file here"),
        "{}",
        none.err
    );
}

#[test]
fn the_schema_of_test_files_is_published() {
    let published = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/test-file.schema.json"
    );
    let published = std::fs::read_to_string(published).unwrap();
    let schema = run(&["test", "--schema"]).out;
    assert!(
        published == schema,
        "write it anew: tollgate test --schema > docs/test-file.schema.json"
    );
}

#[test]
fn test_watches_for_changes() {
    let test = "policy: api.xml\ntests: [{name: a header, expect: {status: 200}}]\n";
    let folder = folder(&[("api.xml", API), ("api.test.yaml", test)]);
    let mut child = tollgate()
        .args(["test", "--watch", &path(&folder, "")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with("1 passed"), "{first}");
    std::fs::write(
        folder.path().join("api.test.yaml"),
        test.replace("200", "404"),
    )
    .unwrap();
    let second = lines.next().unwrap().unwrap();
    assert!(second.starts_with("FAIL a header"), "{second}");
    child.kill().unwrap();
    child.wait().unwrap();
}

const RETRY: &str = r#"<policies>
    <inbound><base /></inbound>
    <backend>
        <retry condition="@(context.Response.StatusCode == 503)" count="3" interval="1">
            <forward-request />
        </retry>
    </backend>
</policies>
"#;

#[test]
fn check_tells_what_is_probably_not_meant() {
    let folder = folder(&[("retry.xml", RETRY)]);
    let file = path(&folder, "retry.xml");
    let ran = run(&["check", &file]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(
        ran.out
            .contains("warning[retry-body]: another try has no body left to send")
    );
    assert_eq!(run(&["check", "--strict", &file]).code, 1);

    let sarif = run(&["check", "--format", "sarif", &file]).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["level"]),
        (&json!("retry-body"), &json!("warning"))
    );
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&region["startLine"], &region["startColumn"]),
        (&json!(5), &json!(14))
    );
    let github = run(&["check", "--format", "github", &file]).out;
    assert!(github.starts_with("::warning file="), "{github}");
    assert!(github.contains(",line=5,col=14,endLine=5,endColumn=29,title=retry-body::another try"));
    let stats = run(&["check", "--stats", "--format", "sarif", &file]);
    assert_eq!(stats.code, 2);

    std::fs::write(
        folder.path().join("tollgate.toml"),
        "[lints]\nretry-body = \"error\"\n",
    )
    .unwrap();
    assert_eq!(run(&["check", &file]).code, 1);
    std::fs::write(
        folder.path().join("tollgate.toml"),
        "[lints]\nretry = \"off\"\n",
    )
    .unwrap();
    let wrong = run(&["check", &file]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.err.contains("there is no lint `retry`"),
        "{}",
        wrong.err
    );
}

#[test]
fn check_mends_what_it_can() {
    let folder = folder(&[("retry.xml", RETRY)]);
    let file = path(&folder, "retry.xml");
    let ran = run(&["check", "--fix", &file]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "1 mended\n1 of 1 files load\n")
    );
    let mended = RETRY.replace(
        "<forward-request />",
        r#"<forward-request buffer-request-body="true" />"#,
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), mended);
    assert_eq!(
        run(&["check", "--fix", "--strict", &file]).out,
        "0 mended\n1 of 1 files load\n"
    );
}

#[test]
fn check_knows_tiers() {
    let limit = r#"<policies><inbound><base /><rate-limit-by-key calls="1" renewal-period="60" counter-key="k" /></inbound></policies>"#;
    let folder = folder(&[("limit.xml", limit)]);
    let file = path(&folder, "limit.xml");
    assert_eq!(run(&["check", "--profile", "classic", &file]).code, 0);
    let ran = run(&["check", "--profile", "consumption", &file]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out
            .contains("error[tier]: `rate-limit-by-key` is not available in the consumption tier")
    );
}

#[test]
fn explain_says_what_a_lint_is_about() {
    let list = run(&["explain"]);
    assert!(list.out.lines().count() >= 18 && list.out.contains("variable-case "));
    let page = run(&["explain", "object-comparison"]);
    assert_eq!(page.code, 0);
    assert!(page.out.contains("CS0252") && page.out.contains("tollgate: allow(object-comparison)"));
    let unknown = run(&["explain", "object-comparisons"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.err.contains("did you mean `object-comparison`?"),
        "{}",
        unknown.err
    );
}

#[test]
fn fmt_lays_files_out_and_convert_writes_the_other_form() {
    let ugly = "<policies><inbound><base/><set-method>@( a&&b )</set-method></inbound></policies>";
    let pretty = "<policies>\n    <inbound>\n        <base />\n        <set-method>@(a&&b)</set-method>\n    </inbound>\n</policies>\n"
        .replace("a&&b", "a && b");
    let folder = folder(&[
        ("a.xml", ugly),
        ("b.xml", &pretty),
        ("bad.txt", "<policies><inbound>"),
    ]);
    let check = run(&["fmt", "--check", &path(&folder, "")]);
    assert_eq!(
        (check.code, check.err.as_str()),
        (1, "1 of 2 files in another style\n")
    );
    assert!(check.out.trim_end().ends_with("a.xml"));
    assert_eq!(run(&["fmt", &path(&folder, "")]).code, 0);
    let a = path(&folder, "a.xml");
    assert_eq!(std::fs::read_to_string(&a).unwrap(), pretty);
    assert_eq!(run(&["fmt", "--check", &path(&folder, "")]).code, 0);
    let bad = run(&["fmt", &path(&folder, "bad.txt")]);
    assert_eq!(bad.code, 2);
    assert!(bad.err.contains("left as it is"), "{}", bad.err);

    let encoded = run(&["convert", "--to", "encoded", &a]).out;
    assert!(encoded.contains("@(a &amp;&amp; b)"), "{encoded}");
    std::fs::write(&a, &encoded).unwrap();
    assert_eq!(run(&["convert", "--to", "raw", "--in-place", &a]).code, 0);
    assert_eq!(std::fs::read_to_string(&a).unwrap(), pretty);
}

#[test]
fn test_tells_what_of_policies_ran() {
    let api = r#"<policies><inbound><choose><when condition="@(context.Request.Method == "GET")"><set-method>GET</set-method></when></choose></inbound><backend><base /></backend></policies>"#;
    let test = "policy: api.xml\ntests: [{name: get, expect: {status: 200}}]\n";
    let folder = folder(&[("api.xml", api), ("api.test.yaml", test)]);
    let (html, lcov, cobertura) = ("c.html", "c.info", "c.xml");
    let ran = run(&[
        "test",
        "--coverage",
        "--coverage-html",
        &path(&folder, html),
        "--lcov",
        &path(&folder, lcov),
        "--cobertura",
        &path(&folder, cobertura),
        &path(&folder, ""),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(
        ran.out.contains("api.xml") && ran.out.contains("1/2"),
        "{}",
        ran.out
    );
    for (file, part) in [(html, "<html"), (lcov, "SF:"), (cobertura, "<coverage")] {
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.contains(part), "{file}: {text}");
    }
    let least = |percent: &str| run(&["test", "--min-coverage", percent, &path(&folder, "")]);
    assert_eq!(least("50").code, 0);
    let less = least("99.9");
    assert_eq!(less.code, 1);
    assert!(
        less.err.contains("of the policies ran, less than 99.9 %"),
        "{}",
        less.err
    );
}

#[test]
fn the_policies_of_the_blog_are_covered_whole() {
    let blog = blog("");
    let ran = run(&["test", "--min-coverage", "100", &blog]);
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
}

#[test]
fn each_policy_of_the_repository_has_a_file_of_tests() {
    for folder in ["blog", "samples"] {
        let folder = PathBuf::from(blog("")).join("..").join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "xml") {
                let tests = path.with_extension("test.yaml");
                assert!(tests.exists(), "{} is missing", tests.display());
            }
        }
    }
}
