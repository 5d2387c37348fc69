//! Conditions that are read in place give what the same give when they are called member by member.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method};
use tollgate_dotnet::Value;
use tollgate_engine::testing::TestPorts;
use tollgate_engine::{
    Catalog, Context, Exchange, Expression, Plan, Request, Setting, Source, Url, VariableName,
    compiler,
};
use tollgate_expressions::Form;

/// `{"alg":"none"}`, `{"appid":"a1","roles":["r","s"],"none":null}`.
const TOKEN: &str =
    "eyJhbGciOiJub25lIn0.eyJhcHBpZCI6ImExIiwicm9sZXMiOlsiciIsInMiXSwibm9uZSI6bnVsbH0.";

const CONDITIONS: &[&str] = &[
    r#"context.Variables.GetValueOrDefault<int>("n") == 1"#,
    r#"context.Variables.GetValueOrDefault<int>("none") == 0"#,
    r#"context.Variables.GetValueOrDefault<int>("none", 7) == 7"#,
    r#"context.Variables.GetValueOrDefault<int>("text") == 1"#,
    r#"context.Variables.GetValueOrDefault<long>("n") == 1"#,
    r#"(int)context.Variables["n"] == 1"#,
    r#"(int)context.Variables["none"] == 1"#,
    r#"(int)context.Variables["null"] == 1"#,
    r#"(bool)context.Variables["yes"]"#,
    r#"(bool)context.Variables["n"]"#,
    r#"!context.Variables.GetValueOrDefault<bool>("yes")"#,
    r#"context.Variables.GetValueOrDefault<string>("text") == "words""#,
    r#"context.Variables.GetValueOrDefault<string>("null") == null"#,
    r#"context.Variables.GetValueOrDefault<string>("n") == "1""#,
    r#"context.Variables.GetValueOrDefault<string>("null", "x") == "x""#,
    r#"context.Variables.GetValueOrDefault("text").Equals("words")"#,
    r#"context.Variables.ContainsKey("null") && !context.Variables.ContainsKey("none")"#,
    r#"context.Variables["none"] == null"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ')[0].StartsWith("Bearer")"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ')[1].Length > 4"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ').Last().AsJwt().Claims.GetValueOrDefault("appid", string.Empty).Equals("a1")"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ').Last().AsJwt() == null"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").AsJwt().Claims.ContainsKey("roles")"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").AsJwt().Claims.GetValueOrDefault("roles", "") == "r,s""#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization", "").AsJwt().Claims.GetValueOrDefault("none") == null"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization") == null"#,
    r#"context.Request.Headers.GetValueOrDefault("Authorization").StartsWith("B")"#,
    r#"context.Request.Headers.GetValueOrDefault("X", "d") == "d""#,
    r#"context.Request.Headers.GetValueOrDefault("X", "d") == "é""#,
    r#"context.Request.Headers.GetValueOrDefault("X", "").Trim().Length == 1"#,
    r#"context.Request.Headers.GetValueOrDefault("X", "").Contains("é")"#,
    r#"context.Request.Headers.GetValueOrDefault("X", "").Contains("a,b")"#,
    r#"context.Request.Headers.GetValueOrDefault("not a name", "d") == "d""#,
    r#"context.Request.Headers["X"][0] == "a""#,
    r#"context.Request.Headers["X"][1] == "b""#,
    r#"context.Request.Headers["X"].First() == "a" || context.Request.Headers["X"].Length == 1"#,
    r#"context.Request.Headers.ContainsKey("X")"#,
    r#"context.Request.Method == "GET" && context.Response.StatusCode == 200"#,
    r#"context.Request.MatchedParameters["ID"] == "7""#,
    r#"context.Request.MatchedParameters.GetValueOrDefault("other", "none") == "none""#,
    r#"context.Request.MatchedParameters["other"] == "none""#,
    r#"context.Request.Body == null"#,
];

/// Tests of a body.
const BODY_CONDITIONS: &[&str] = &[
    r#"(string)context.Request.Body.As<JObject>(true)["text"] == "words""#,
    r#"(string)context.Request.Body.As<JToken>(true)["text"] == null"#,
    r#"(int)context.Request.Body.As<JObject>(true)["n"] <= 7"#,
    r#"(bool)context.Request.Body.As<JObject>(true)["yes"]"#,
    r#"context.Request.Body.As<JObject>(true)["none"] == null"#,
    r#"context.Request.Body.As<JObject>(true)["text"] != null && context.Request.Body.As<JObject>(true).ContainsKey("n")"#,
    r#"context.Request.Body.As<JObject>(true)["text"].ToString().StartsWith("wo")"#,
    r#"context.Request.Body.As<JObject>(true).Value<string>("text") == "words""#,
    r#"context.Request.Body.As<JObject>(true).Value<int>("n") == 7"#,
    r#"context.Request.Body.As<JObject>(true).Value<bool>("yes")"#,
    r#"(string)context.Request.Body.As<JObject>(true)["inner"]["text"] == "words""#,
    r#"(string)context.Request.Body.As<JObject>(true).GetValue("text") == "words""#,
    r#"(string)context.Request.Body.As<JObject>()["text"] == "words""#,
    r#"context.Request.Body.As<JArray>(true) == null"#,
    r#"var body = context.Request.Body.As<JObject>(true); return (string)body["text"] == "words" && (int)body["n"] == 7;"#,
    r#"var body = context.Request.Body.As<JObject>(true); int n = (int)body["n"]; bool yes = (bool)body["yes"]; return yes || n == 7;"#,
    r#"var n = (int)context.Request.Body.As<JObject>(true)["n"]; return context.Request.Body == null;"#,
    r#"var body = context.Request.Body.As<JObject>(true); body["n"] = 8; return (int)body["n"] == 8;"#,
    r#"var a = "words"; var b = a; return b == (string)context.Request.Body.As<JObject>(true)["text"];"#,
];

const BODIES: &[&str] = &[
    "",
    r#"{"text":"words","n":7,"yes":true,"inner":{"text":"words"}}"#,
    r#" { "n" : 0 , "n" : 7, "text" : "w\u006frds", "inner": "text", "yes": false } "#,
    r#"{"text":"2024-05-06T07:08:09Z","n":7.0,"yes":"true","inner":{"text":"/Date(0)/"}}"#,
    r#"{"text":null,"n":"7","yes":1,"inner":null}"#,
    r#"{"text":["words"],"n":-0,"yes":null,"inner":[]}"#,
    r#"{"text":5,"n":5000000000,"yes":"no","inner":{}}"#,
    "{'text':'words',n:7,/* and */ yes:true}",
    "[1,2]",
    "{",
    "7",
];

/// The same, its receivers taken out of arrays, which cannot be read in place.
fn called(condition: &str) -> String {
    let mut code = condition.to_owned();
    for part in [
        "context.Variables",
        "context.Request.Headers",
        "context.Request.MatchedParameters",
        "context.Request.Body",
    ] {
        code = code.replace(part, &format!("(new[] {{ {part} }})[0]"));
    }
    code.replace(
        "context.Request.Method",
        "(new[] { context.Request })[0].Method",
    )
    .replace("context.Response.", "(new[] { context.Response })[0].")
}

fn exchange(headers: &[(&str, &[u8])], body: &'static str) -> Exchange {
    let url = Url::parse("https://gateway.example/things/7").unwrap();
    let mut request = Request::new(Method::GET, url);
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).unwrap();
        request
            .headers
            .append(name, HeaderValue::from_bytes(value).unwrap());
    }
    request.body = body.into();
    request.matched_parameters = vec![("id".into(), "7".into())];
    let mut context = Context::new(request, Arc::new(TestPorts::default().ports()));
    for (name, value) in [
        ("n", Value::Int32(1)),
        ("yes", Value::Bool(true)),
        ("text", "words".into()),
        ("null", Value::Null),
    ] {
        context.variables.set(&VariableName::new(name), value);
    }
    let nothing = "<policies><inbound /><backend /><outbound /></policies>";
    let catalog = Catalog::new().policy(Source::new("none", nothing));
    Exchange::new(context, Arc::new(Plan::load(&catalog, &[]).unwrap()))
}

#[test]
fn conditions_read_in_place_are_the_same() {
    let bearer = format!("Bearer {TOKEN}");
    let requests: [&[(&str, &[u8])]; 6] = [
        &[],
        &[("authorization", bearer.as_bytes()), ("x", b"a")],
        &[("authorization", b"Basic"), ("x", b"a"), ("x", b"b")],
        &[("authorization", b""), ("x", "é".as_bytes())],
        &[("authorization", b"a.b.c d"), ("x", b"\xe9")],
        &[("authorization", TOKEN.as_bytes()), ("x", b"\xa0\xe9 ")],
    ];
    let mut truths = Truths::default();
    for condition in CONDITIONS {
        truths.compare(condition, &requests.map(|headers| (headers, "")));
    }
    truths.assert(40);
}

#[test]
fn conditions_that_read_a_body_in_place_are_the_same() {
    let long = format!(r#"{{"text":"words","n":7,"long":"{}"}}"#, "x".repeat(5000));
    let long: &'static str = long.leak();
    let mut truths = Truths::default();
    for condition in BODY_CONDITIONS {
        let bodies = BODIES.iter().copied().chain([long]);
        let requests: Vec<Asked<'_>> = bodies.map(|body| (&[][..], body)).collect();
        truths.compare(condition, &requests);
    }
    truths.assert(20);
}

#[test]
fn tokens_read_in_place_are_the_same() {
    let (head, rest) = TOKEN.split_once('.').unwrap();
    let (claims, _) = rest.split_once('.').unwrap();
    let tokens = [
        TOKEN.to_owned(),
        format!("{TOKEN}c2ln"),
        format!("{TOKEN}c2l"),
        format!("{TOKEN}c2ln="),
        format!("{TOKEN}c2ln."),
        format!("{TOKEN}*"),
        format!("{head}.{claims}"),
        format!("{head}.{head}."),
        format!("{claims}.{head}."),
        format!("{head}..{claims}"),
        format!("bearer {TOKEN} "),
        // `{"appid":"a1","appid":"a2"}`, `{"appid":"a\u0031"}`, `{"appid":1}`, `{"appid":"a1",}`, `{'appid':'a1'}`, `[]`.
        format!("{head}.eyJhcHBpZCI6ImExIiwiYXBwaWQiOiJhMiJ9."),
        format!("{head}.eyJhcHBpZCI6ImFcdTAwMzEifQ."),
        format!("{head}.eyJhcHBpZCI6MX0."),
        format!("{head}.eyJhcHBpZCI6ImExIix9."),
        format!("{head}.eydhcHBpZCc6J2ExJ30."),
        format!("{head}.W10."),
        format!("{TOKEN}{}", "c2ln".repeat(2000)),
    ];
    let mut truths = Truths::default();
    for token in &tokens {
        let headers = [("authorization", token.as_bytes())];
        for condition in CONDITIONS {
            if condition.contains("AsJwt") {
                let condition = condition.replace(".Split(' ').Last()", "");
                truths.compare(&condition, &[(&headers, "")]);
            }
        }
    }
    truths.assert(10);
}

/// Headers and a body.
type Asked<'a> = (&'a [(&'a str, &'a [u8])], &'static str);

/// How often conditions were false and true.
#[derive(Default)]
struct Truths([usize; 2]);

impl Truths {
    /// Asks the same in place and member by member, twice: the second time token and body are known.
    fn compare(&mut self, condition: &str, requests: &[Asked<'_>]) {
        let (in_place, called) = (setting(condition), setting(&called(condition)));
        for (headers, body) in requests {
            let (mut one, mut other) = (exchange(headers, body), exchange(headers, body));
            for _ in 0..2 {
                let found = outcome(&in_place, &mut one);
                let expected = outcome(&called, &mut other);
                assert_eq!(found, expected, "{condition} {headers:?} {body}");
                if let Ok(truth) = expected {
                    self.0[usize::from(truth)] += 1;
                }
            }
        }
    }

    fn assert(&self, least: usize) {
        assert!(self.0.iter().all(|count| *count > least), "{:?}", self.0);
    }
}

fn setting(code: &str) -> Setting<bool> {
    let form = match code.contains("return") {
        true => Form::Block,
        false => Form::Single,
    };
    let program = compiler().compile(code, form).unwrap();
    Setting::Program(Expression::new(program, code))
}

fn outcome(setting: &Setting<bool>, exchange: &mut Exchange) -> Result<bool, String> {
    let outcome = setting.get(exchange).map(|truth| *truth);
    outcome.map_err(|failure| failure.message().to_owned())
}
