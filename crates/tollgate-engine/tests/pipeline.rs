//! One request's way through the pipeline, with policies made for the purpose and no I/O.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use tollgate_dotnet::{Str, Value};
use tollgate_engine::policy::BoxFuture;
use tollgate_engine::ports::{OutboundRequest, Step};
use tollgate_engine::testing::TestPorts;
use tollgate_engine::{
    Api, Block, Body, Catalog, Children, Deferred, Exchange, Failure, Flow, Gateway, Outcome, Peer,
    Plan, Policy, PolicyKind, PolicyVariables, Preflight, Reads, RunOptions, Scopes, Sections,
    Setting, Source, VariableName, required,
};

/// `<note text="…"/>`: adds to the variable `notes`.
#[derive(Debug)]
struct Note(Setting<Str>);

impl Policy for Note {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let text = self.0.get(exchange)?.into_owned();
        let name = VariableName::new("notes");
        let before = exchange.context.variables.get(&name);
        let before = before.and_then(Value::as_str).cloned().unwrap_or_default();
        let notes = format!("{before}{text};");
        exchange.context.variables.set(&name, notes.into());
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }
}

/// `<wait/>`: waits a moment.
#[derive(Debug)]
struct Wait;

impl Policy for Wait {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, _: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            Ok(Flow::Next)
        })
    }
}

/// `<fail reason="…"/>`: fails with 403.
#[derive(Debug)]
struct Fail(Setting<Str>);

impl Policy for Fail {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let reason = self.0.get(exchange)?.to_string();
        Err(Failure::new(reason, "It \"failed\".").respond(StatusCode::FORBIDDEN, "No \"entry\"."))
    }
}

/// `<answer status="…"/>`: responds.
#[derive(Debug)]
struct Answer(Setting<StatusCode>);

impl Policy for Answer {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let status = *self.0.get(exchange)?;
        exchange.context.response = tollgate_engine::Response::new(status);
        Ok(Flow::Respond)
    }
}

/// `<header value="…"/>`: sets the response's `x-header`.
#[derive(Debug)]
struct Header(Setting<HeaderValue>);

impl Policy for Header {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let value = self.0.get(exchange)?.into_owned();
        let headers = &mut exchange.context.response.headers;
        headers.insert("x-header", value);
        Ok(Flow::Next)
    }
}

/// `<later/>`: when the response is known, notes its status, and adds a header.
#[derive(Debug)]
struct Later;

struct Settle;

impl Policy for Later {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        exchange.defer(Box::new(Settle));
        Ok(Flow::Next)
    }
}

impl Deferred for Settle {
    fn settle(self: Box<Self>, exchange: &mut Exchange) -> Result<Step<()>, Failure> {
        let status = exchange.context.response.status.as_u16();
        let name = HeaderName::from_static("x-settled");
        exchange.add_to_response(name, status.into());
        Ok(Step::Pending(Box::pin(tokio::task::yield_now())))
    }
}

/// `<if condition="…">policies</if>`
#[derive(Debug)]
struct If(Setting<bool>, Block);

impl Policy for If {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match *self.0.get(exchange)? {
            true => self.1.execute(exchange),
            false => Ok(Flow::Next),
        }
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        self.1.resume(exchange)
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }
}

/// `<send/>`: as `forward-request`.
#[derive(Debug)]
struct Send;

impl Policy for Send {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let body = exchange.context.request.body.consume();
            let request = exchange.outbound_request(body)?;
            let answer = exchange.backend().send(OutboundRequest::new(request)).await;
            let answer = answer
                .map_err(|error| Failure::new("BackendConnectionFailure", error.to_string()))?;
            exchange.context.response = answer.into();
            Ok(Flow::Next)
        })
    }
}

/// `<preflight/>`: answers preflight requests.
#[derive(Debug)]
struct AnswerPreflight;

impl Policy for AnswerPreflight {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Next)
    }

    fn preflight(&self, exchange: &mut Exchange) -> Result<Preflight, Failure> {
        exchange.context.response.status = StatusCode::NO_CONTENT;
        Ok(Preflight::Answered)
    }
}

const PLAIN: PolicyKind = PolicyKind {
    name: "",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[],
    children: Children::None,
    load: |_| Ok(Box::new(Wait)),
};

const KINDS: &[PolicyKind] = &[
    PolicyKind {
        name: "note",
        attributes: &[required("text")],
        load: |e| Ok(Box::new(Note(e.setting("text")?))),
        ..PLAIN
    },
    PolicyKind {
        name: "wait",
        ..PLAIN
    },
    PolicyKind {
        name: "fail",
        attributes: &[required("reason")],
        load: |e| Ok(Box::new(Fail(e.setting("reason")?))),
        ..PLAIN
    },
    PolicyKind {
        name: "answer",
        attributes: &[required("status")],
        load: |e| Ok(Box::new(Answer(e.setting("status")?))),
        ..PLAIN
    },
    PolicyKind {
        name: "header",
        attributes: &[required("value")],
        load: |e| Ok(Box::new(Header(e.setting("value")?))),
        ..PLAIN
    },
    PolicyKind {
        name: "later",
        load: |_| Ok(Box::new(Later)),
        ..PLAIN
    },
    PolicyKind {
        name: "if",
        attributes: &[required("condition")],
        children: Children::Policies,
        load: |e| Ok(Box::new(If(e.setting("condition")?, e.block()?))),
        ..PLAIN
    },
    PolicyKind {
        name: "forward-request",
        load: |_| Ok(Box::new(Send)),
        ..PLAIN
    },
    PolicyKind {
        name: "preflight",
        load: |_| Ok(Box::new(AnswerPreflight)),
        ..PLAIN
    },
];

/// A gateway of one API at `/api` with this policy.
fn gateway(inbound: &str, outbound: &str, on_error: &str) -> (Gateway, TestPorts) {
    let policy = format!(
        "<policies><inbound>{inbound}</inbound><backend><forward-request /></backend>\
         <outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"
    );
    let api = Api::new("api")
        .path("api")
        .service_url("http://backend.example:8080/base")
        .policy(Source::new("api.xml", policy));
    let plan = Plan::load(&Catalog::new().api(api), &[KINDS]).unwrap_or_else(|e| panic!("{e}"));
    let ports = TestPorts::default();
    (Gateway::new(plan, ports.ports()), ports)
}

fn request(method: &str, uri: &str, body: impl Into<Body>) -> Request<Body> {
    let builder = Request::builder().method(method).uri(uri);
    builder
        .header("host", "gateway.example")
        .body(body.into())
        .unwrap()
}

async fn run(gateway: &Gateway, request: Request<Body>) -> Outcome {
    let peer = Peer {
        ip: Some([192, 0, 2, 1].into()),
        ..Peer::default()
    };
    let options = RunOptions {
        trace: Some(tollgate_engine::exchange::Trace::default()),
        ..RunOptions::default()
    };
    gateway.run(request, peer, options).await
}

async fn get(gateway: &Gateway) -> Outcome {
    run(gateway, request("GET", "/api/items?x=1", "")).await
}

fn notes(outcome: &Outcome) -> String {
    let variables = &outcome.exchange.as_ref().unwrap().context.variables;
    let notes = variables.get(&VariableName::new("notes"));
    notes
        .and_then(Value::as_str)
        .cloned()
        .unwrap_or_default()
        .to_string()
}

async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn sections_run_in_order_and_the_backend_gets_the_request() {
    let (gateway, ports) = gateway(
        r#"<note text="in" /><wait /><note text="in2" />"#,
        r#"<note text="@(context.Response.StatusCode)" />"#,
        r#"<note text="error" />"#,
    );
    ports.backend.answer(Ok(Response::builder()
        .status(418)
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .body("tea".into())
        .unwrap()));
    let mut request = request("POST", "/api/items?x=1", "hello");
    for (name, value) in [
        ("connection", "x-secret-hop, close"),
        ("x-secret-hop", "1"),
        ("x-forwarded-for", "198.51.100.7"),
        ("content-length", "999"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let outcome = run(&gateway, request).await;
    assert_eq!(notes(&outcome), "in;in2;418;");
    assert_eq!(outcome.response.status(), 418);
    assert_eq!(outcome.response.headers().get("x-hop"), None);
    assert_eq!(outcome.response.headers()["content-length"], "3");
    assert_eq!(text(outcome.response).await, "tea");

    let call = &ports.backend.calls()[0];
    assert_eq!(call.uri(), "http://backend.example:8080/base/items?x=1");
    assert_eq!(call.headers()["host"], "backend.example:8080");
    assert_eq!(call.headers()["x-forwarded-for"], "198.51.100.7, 192.0.2.1");
    assert_eq!(call.headers()["content-length"], "5");
    assert_eq!(call.headers().get("x-secret-hop"), None);
    assert_eq!(call.headers().get("connection"), None);
    assert_eq!(call.body(), "hello");
}

#[tokio::test]
async fn nested_blocks_go_on_where_they_waited() {
    let nested = r#"<if condition="true"><note text="a" /><if condition="@(true)"><wait /><note text="b" />
        <if condition="false"><note text="never" /></if><wait /></if><note text="c" /></if><wait /><note text="d" />"#;
    let (gateway, _) = gateway(nested, "", "");
    assert_eq!(notes(&get(&gateway).await), "a;b;c;d;");
}

#[tokio::test]
async fn a_failure_runs_on_error_with_the_last_error() {
    let (gateway, ports) = gateway(
        r#"<if condition="true"><wait /><fail reason="Odd" /></if><note text="never" />"#,
        r#"<note text="never" />"#,
        r#"<wait /><note text="@(context.LastError.Source)" /><note text="@(context.LastError.Reason)" />
           <note text="@(context.LastError.Message)" /><note text="@(context.LastError.Path)" />
           <note text="@(context.LastError.Section)" /><note text="@(context.LastError.Scope)" />
           <note text="@(context.Response.StatusCode)" /><header value="edited" />"#,
    );
    let outcome = get(&gateway).await;
    assert_eq!(
        notes(&outcome),
        "fail;Odd;It \"failed\".;if[1]/fail[1];inbound;api;403;"
    );
    assert_eq!(outcome.response.status(), 403);
    assert_eq!(outcome.response.headers()["x-header"], "edited");
    assert_eq!(
        outcome.response.headers()["content-type"],
        "application/json"
    );
    assert_eq!(
        text(outcome.response).await,
        r#"{ "statusCode": 403, "message": "No \"entry\"." }"#
    );
    assert!(ports.backend.calls().is_empty());
}

#[tokio::test]
async fn a_failure_in_on_error_ends_with_500() {
    let (gateway, _) = gateway(
        r#"<fail reason="First" />"#,
        "",
        r#"<header value="lost" /><fail reason="Second" /><note text="never" />"#,
    );
    let outcome = get(&gateway).await;
    assert_eq!(notes(&outcome), "");
    assert_eq!(outcome.response.status(), 500);
    assert_eq!(outcome.response.headers().get("x-header"), None);
    let last_error = outcome
        .exchange
        .as_ref()
        .unwrap()
        .context
        .last_error
        .clone();
    assert_eq!(last_error.unwrap().reason, Some("First".into()));
    assert_eq!(
        text(outcome.response).await,
        r#"{ "statusCode": 500, "message": "Internal server error", "activityId": "00000000-0000-4000-8000-000000000001" }"#
    );
}

#[tokio::test]
async fn a_response_ends_the_pipeline() {
    let (first, ports) = gateway(
        r#"<if condition="true"><wait /><answer status="202" /></if><note text="never" />"#,
        r#"<note text="never" />"#,
        "",
    );
    let outcome = get(&first).await;
    assert_eq!(
        (outcome.response.status().as_u16(), notes(&outcome).as_str()),
        (202, "")
    );
    assert!(ports.backend.calls().is_empty());

    let (second, _) = gateway(r#"<fail reason="x" />"#, "", r#"<answer status="299" />"#);
    assert_eq!(get(&second).await.response.status(), 299);
}

#[tokio::test]
async fn deferred_work_sees_the_final_response() {
    for (inbound, on_error, status) in [
        ("<later />", "", "200"),
        (r#"<later /><answer status="202" />"#, "", "202"),
        (r#"<later /><fail reason="x" />"#, "", "403"),
        (
            r#"<later /><fail reason="x" />"#,
            r#"<answer status="201" />"#,
            "201",
        ),
        (
            r#"<later /><fail reason="x" />"#,
            r#"<fail reason="y" />"#,
            "500",
        ),
    ] {
        let (gateway, _) = gateway(inbound, "", on_error);
        let response = get(&gateway).await.response;
        assert_eq!(
            response.headers()["x-settled"],
            status,
            "{inbound}{on_error}"
        );
    }
}

#[tokio::test]
async fn what_an_expression_throws_fails_the_policy() {
    let (gateway, _) = gateway(
        r#"<note text="@((string)context.Variables["missing"])" />"#,
        "",
        r#"<note text="@(context.LastError.Reason)" /><note text="@(context.LastError.Message)" />"#,
    );
    let outcome = get(&gateway).await;
    assert_eq!(outcome.response.status(), 500);
    assert_eq!(
        notes(&outcome),
        "ExpressionValueEvaluationFailure;Expression evaluation failed. \
         The given key 'missing' was not present in the dictionary.;"
    );
}

#[tokio::test]
async fn an_expression_without_end_is_stopped() {
    let (gateway, _) = gateway(
        r#"<note text="@{ try { while (true) { } } catch (Exception) { } return null; }" />"#,
        "",
        r#"<note text="@(context.LastError.Reason)" /><header value="@("on" + "-error")" />"#,
    );
    let outcome = get(&gateway).await;
    assert_eq!(outcome.response.status(), 500);
    assert_eq!(notes(&outcome), "ExpressionValueEvaluationFailure;");
    assert_eq!(outcome.response.headers()["x-header"], "on-error");
}

#[tokio::test]
async fn an_inner_service_gets_the_variables_and_no_service_url_is_needed() {
    let policy = r#"<policies><inbound><note text="hello" /></inbound>
        <backend><forward-request /></backend></policies>"#;
    let api = Api::new("api")
        .path("api")
        .policy(Source::new("api.xml", policy));
    let plan = Plan::load(&Catalog::new().api(api), &[KINDS]).unwrap_or_else(|e| panic!("{e}"));
    let ports = TestPorts::default();
    let gateway = Gateway::new(plan, ports.ports());
    let inner = Arc::new(ports.backend.clone());
    gateway
        .handle_with(request("GET", "/api/x?y=1", ""), Peer::default(), inner)
        .await;
    let call = &ports.backend.calls()[0];
    assert_eq!(call.uri(), "http://gateway.example/api/x?y=1");
    let variables = call.extensions().get::<PolicyVariables>().unwrap();
    assert_eq!(variables.text("notes"), Some("hello;"));
}

#[tokio::test]
async fn without_a_service_url_nothing_leads_back_to_the_gateway() {
    let policy = "<policies><inbound /><backend><forward-request /></backend></policies>";
    let api = Api::new("api").policy(Source::new("api.xml", policy));
    let plan = Plan::load(&Catalog::new().api(api), &[KINDS]).unwrap_or_else(|e| panic!("{e}"));
    let ports = TestPorts::default();
    let gateway = Gateway::new(plan, ports.ports());
    assert_eq!(get(&gateway).await.response.status(), 500);
    assert!(ports.backend.calls().is_empty());
}

#[tokio::test]
async fn a_value_that_is_no_header_is_refused() {
    for value in [
        r#"@("a\r\nx-injected: 1")"#,
        r#"@("a\nb")"#,
        r#"@("\u0141")"#,
        r#"@((string)null)"#,
    ] {
        let (gateway, _) = gateway(
            &format!("<header value='{value}' />"),
            "",
            r#"<note text="@(context.LastError.Reason + context.LastError.Message)" />"#,
        );
        let outcome = get(&gateway).await;
        assert_eq!(outcome.response.status(), 500, "{value}");
        assert_eq!(outcome.response.headers().get("x-injected"), None);
        assert_eq!(
            notes(&outcome),
            "ExpressionValueValidationFailureExpression value is invalid. The value field is required.;"
        );
    }
}

/// A body that says how far it was read.
struct Watched {
    chunks: Vec<&'static str>,
    read: Arc<Mutex<usize>>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if self.chunks.is_empty() {
            return Poll::Ready(None);
        }
        *self.read.lock().unwrap() += 1;
        let chunk = self.chunks.remove(0);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(chunk.as_bytes())))))
    }
}

fn watched(chunks: &[&'static str]) -> (Body, Arc<Mutex<usize>>) {
    let read = Arc::new(Mutex::new(0));
    let body = Watched {
        chunks: chunks.to_vec(),
        read: read.clone(),
    };
    (Body::new(body), read)
}

#[tokio::test]
async fn a_body_that_nobody_reads_streams_through() {
    let (gateway, ports) = gateway(r#"<note text="@(context.Request.Method)" />"#, "", "");
    let (body, read) = watched(&["a", "b"]);
    ports.backend.answer(Ok(Response::new(body)));
    let mut response = get(&gateway).await.response;
    assert_eq!(*read.lock().unwrap(), 0);
    assert_eq!(response.headers().get("content-length"), None);
    for chunk in ["a", "b"] {
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), chunk);
    }
    assert!(response.body_mut().frame().await.is_none());
}

#[tokio::test]
async fn bodies_are_buffered_for_those_who_read_them() {
    let (gateway, ports) = gateway(
        r#"<if condition="true"><note text="@(context.Request.Body.As<string>(true))" /></if>"#,
        r#"<note text="@(context.Response.Body.As<string>(preserveContent: true))" />"#,
        "",
    );
    let (answer, _) = watched(&["x", "y", "z"]);
    ports.backend.answer(Ok(Response::new(answer)));
    let (body, _) = watched(&["a", "b", "c"]);
    let outcome = run(&gateway, request("POST", "/api/", body)).await;
    assert_eq!(notes(&outcome), "abc;xyz;");
    assert_eq!(ports.backend.calls()[0].body(), "abc");
    assert_eq!(outcome.response.headers()["content-length"], "3");
    assert_eq!(text(outcome.response).await, "xyz");
}

#[tokio::test]
async fn a_body_read_without_preserving_it_is_gone() {
    let (gateway, ports) = gateway(
        r#"<note text="@(context.Request.Body.As<string>())" /><note text="@(context.Request.Body.As<string>())" />"#,
        "",
        "",
    );
    let outcome = run(&gateway, request("POST", "/api/", "abc")).await;
    assert_eq!(notes(&outcome), "abc;;");
    assert_eq!(ports.backend.calls()[0].body(), "");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let policy = r#"<policies><inbound><note text="@(context.Request.Body.As<string>())" /></inbound>
        <backend><forward-request /></backend>
        <outbound><note text="@(context.Response.Body.As<string>())" /></outbound></policies>"#;
    let api = Api::new("api").service_url("http://b.example");
    let api = api.policy(Source::new("api.xml", policy));
    let plan = Plan::load(&Catalog::new().api(api), &[KINDS]).unwrap_or_else(|e| panic!("{e}"));
    let test = TestPorts::default();
    let mut ports = test.ports();
    ports.limits.request_body = 4;
    ports.limits.response_body = 4;
    let gateway = Gateway::new(plan, ports);
    let (long, read) = watched(&["ab", "cd", "ef", "gh"]);
    let response = run(&gateway, request("POST", "/", long)).await.response;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        *read.lock().unwrap(),
        3,
        "no more is read than shows that it is too long"
    );
    assert_eq!(
        text(response).await,
        r#"{ "statusCode": 413, "message": "Request body is too large." }"#
    );
    let (long, _) = watched(&["123", "45"]);
    test.backend.answer(Ok(Response::new(long)));
    let response = run(&gateway, request("POST", "/", "1234")).await.response;
    assert_eq!(response.status(), 500);
}

#[tokio::test]
async fn what_belongs_to_no_operation_is_not_found() {
    let (gateway, _) = gateway("", "", "");
    let response = run(&gateway, request("GET", "/other", "")).await.response;
    assert_eq!(response.status(), 404);
    assert_eq!(
        text(response).await,
        r#"{ "statusCode": 404, "message": "Resource not found" }"#
    );
    let response = run(&gateway, request("GET", "/api/a%2fb", ""))
        .await
        .response;
    assert_eq!(response.status(), 400);
}

#[tokio::test]
async fn a_host_that_is_none_is_a_bad_request() {
    let (gateway, _) = gateway("", "", "");
    for host in ["a@b", "", "a b", "a:99999"] {
        let mut request = request("GET", "/api/", "");
        let host = HeaderValue::from_str(host).unwrap();
        request.headers_mut().insert("host", host.clone());
        let outcome = run(&gateway, request).await;
        assert_eq!(outcome.response.status(), 400, "{host:?}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_before_anything_else() {
    let (gateway, ports) = gateway(r#"<note text="never" /><preflight />"#, "", "");
    let mut request = request("OPTIONS", "/api/items", "");
    for (name, value) in [
        ("origin", "https://a.example"),
        ("access-control-request-method", "PUT"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let outcome = run(&gateway, request).await;
    assert_eq!(
        (outcome.response.status().as_u16(), notes(&outcome).as_str()),
        (204, "")
    );
    assert!(ports.backend.calls().is_empty());
}

#[tokio::test]
async fn answers_to_head_and_204_have_no_body() {
    let (gateway, ports) = gateway("", "", "");
    let answer = |status: u16| {
        let builder = Response::builder().status(status);
        Ok(builder
            .header("content-length", "10")
            .body(Body::empty())
            .unwrap())
    };
    ports.backend.answer(answer(200));
    let head = run(&gateway, request("HEAD", "/api/", "")).await.response;
    assert_eq!(head.headers()["content-length"], "10");
    assert_eq!(text(head).await, "");
    ports.backend.answer(Ok(Response::builder()
        .status(204)
        .body("no".into())
        .unwrap()));
    let empty = get(&gateway).await.response;
    assert_eq!(empty.headers().get("content-length"), None);
    assert_eq!(text(empty).await, "");
}

#[tokio::test]
async fn a_trace_tells_what_happened_without_credentials() {
    let (gateway, _) = gateway(
        r#"<note text="@(context.Request.Headers.GetValueOrDefault("Authorization"))" />"#,
        "",
        "",
    );
    let mut request = request("GET", "/api/", "");
    let token = HeaderValue::from_static("Bearer s3cr3t-t0ken");
    request.headers_mut().insert("authorization", token);
    let outcome = run(&gateway, request).await;
    let trace = outcome.exchange.unwrap().context.trace.unwrap();
    let trace = serde_json::to_string(&trace).unwrap();
    assert!(
        trace.contains("Expression was successfully evaluated."),
        "{trace}"
    );
    assert!(trace.contains("Bearer ***"), "{trace}");
    assert!(!trace.contains("s3cr3t"), "{trace}");
}

#[tokio::test]
async fn dropping_the_request_gives_up_what_runs() {
    #[derive(Debug)]
    struct Hangs(Arc<()>);
    impl tollgate_engine::ports::HttpClient for Hangs {
        fn send(
            &self,
            _: OutboundRequest,
        ) -> BoxFuture<'static, Result<Response<Body>, tollgate_engine::ports::SendError>> {
            let alive = self.0.clone();
            Box::pin(async move {
                std::future::pending::<()>().await;
                drop(alive);
                Ok(Response::new(Body::empty()))
            })
        }
    }
    let (gateway, _) = gateway("", "", "");
    let alive = Arc::new(());
    let backend = Arc::new(Hangs(alive.clone()));
    let handling = gateway.handle_with(request("GET", "/api/", ""), Peer::default(), backend);
    let timed_out = tokio::time::timeout(std::time::Duration::from_millis(20), handling).await;
    assert!(timed_out.is_err());
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test]
async fn a_request_ends_on_the_plan_it_began_with() {
    let (gateway, _) = gateway("<wait />", r#"<note text="old" />"#, "");
    let handling = get(&gateway);
    tokio::pin!(handling);
    assert!((&mut handling).now_or_never().is_none());
    gateway.reload(Plan::default());
    assert_eq!(notes(&handling.await), "old;");
    assert_eq!(get(&gateway).await.response.status(), 404);
}

#[tokio::test]
async fn forms_are_written_as_they_are_read() {
    let form = "context.Request.Body.AsFormUrlEncodedContent(true)";
    let (gateway, _) = gateway(
        &format!(
            "<note text='@({form}.ToQueryString())'/>
             <note text='@({form}.ToFormUrlEncodedContent())'/>
             <note text='@(new Dictionary&lt;string, IList&lt;string>>().ToQueryString() ?? \"none\")'/>"
        ),
        "",
        "",
    );
    let sent = request("POST", "/api/items", "a=1&b=x+y&a=%26");
    assert_eq!(
        notes(&run(&gateway, sent).await),
        "?a=1&a=%26&b=x+y;a=1&a=%26&b=x+y;none;"
    );
}

#[tokio::test]
async fn what_only_azure_knows_is_null_or_empty() {
    let (gateway, _) = gateway(
        "<note text='@((context.Request.Certificate == null).ToString())'/>
         <note text='@((context.Request.PrivateEndpointConnection?.Name == null).ToString())'/>
         <note text='@(context.Deployment.Certificates.Any(c => c.Value.Thumbprint == \"A\").ToString())'/>
         <note text='@((((Authorization)context.Variables.GetValueOrDefault(\"x\"))?.AccessToken == null).ToString())'/>
         <note text='@(context.Deployment.Gateway.InstanceId)'/>",
        "",
        "",
    );
    assert_eq!(notes(&get(&gateway).await), "True;True;False;True;;");
}
