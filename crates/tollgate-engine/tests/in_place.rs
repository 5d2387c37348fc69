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
];

/// The same, its receivers taken out of arrays, which cannot be read in place.
fn called(condition: &str) -> String {
    let mut code = condition.to_owned();
    for part in [
        "context.Variables",
        "context.Request.Headers",
        "context.Request.MatchedParameters",
    ] {
        code = code.replace(part, &format!("(new[] {{ {part} }})[0]"));
    }
    code.replace(
        "context.Request.Method",
        "(new[] { context.Request })[0].Method",
    )
    .replace("context.Response.", "(new[] { context.Response })[0].")
}

fn exchange(headers: &[(&str, &[u8])]) -> Exchange {
    let url = Url::parse("https://gateway.example/things/7").unwrap();
    let mut request = Request::new(Method::GET, url);
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).unwrap();
        request
            .headers
            .append(name, HeaderValue::from_bytes(value).unwrap());
    }
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
    let setting = |code: &str| -> Setting<bool> {
        Setting::Program(Expression {
            program: compiler().compile(code, Form::Single).unwrap(),
            text: code.into(),
        })
    };
    let mut truths = [0; 2];
    for condition in CONDITIONS {
        let (in_place, called) = (setting(condition), setting(&called(condition)));
        for headers in requests {
            let outcome = |setting: &Setting<bool>, exchange: &mut Exchange| {
                let outcome = setting.get(exchange);
                let outcome = outcome.map(|truth| *truth);
                outcome.map_err(|failure| failure.message().to_owned())
            };
            let (mut one, mut other) = (exchange(headers), exchange(headers));
            let expected = outcome(&called, &mut other);
            // The second time the token is known.
            for _ in 0..2 {
                let found = outcome(&in_place, &mut one);
                assert_eq!(found, expected, "{condition} {headers:?}");
            }
            if let Ok(truth) = expected {
                truths[usize::from(truth)] += 1;
            }
        }
    }
    assert!(truths.iter().all(|count| *count > 40), "{truths:?}");
}
