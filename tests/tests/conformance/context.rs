//! `context` as `contexts.json` describes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value as Json;
use tollgate_dotnet::{Budget, Heap, Machine, Str, Value};
use tollgate_engine::exchange::{ClientCertificate, Trace};
use tollgate_engine::ports::{
    Clock, CounterOp, CounterStates, CounterStore, Event, EventSink, HttpClient, Limits, Nothing,
    OutboundRequest, Random, SendError, SendErrorKind, Shared, Step,
};
use tollgate_engine::{
    ApiInfo, Body, BoxFuture, Context, DeploymentInfo, GroupInfo, IdentityInfo, LastError,
    OperationInfo, Ports, ProductInfo, Request, Response, SubscriptionInfo, Url, UserInfo,
    VariableName, WorkspaceInfo, compiler,
};
use tollgate_expressions::{Form, invoke};

/// The context of a case, with the heap its variables live in.
pub(crate) fn build(json: &Json) -> (Context, Heap) {
    let mut heap = Heap::default();
    let timestamp = ticks(&json["timestamp"], "2024-01-01T00:00:00Z");
    let elapsed = json["elapsedMs"].as_f64().unwrap_or(0.0) * 10_000.0;
    let ports = Arc::new(ports(timestamp + elapsed as i64)); // a whole number of ticks
    let r = &json["request"];
    let url = text(&r["url"], "https://gateway.example.net/");
    let mut request = Request::new(
        Method::from_bytes(text(&r["method"], "GET").as_bytes()).unwrap(),
        Url::parse(url).unwrap(),
    );
    request.original_url = Url::parse(text(&r["originalUrl"], url)).unwrap();
    request.ip_address = text(&r["ip"], "203.0.113.7").parse().ok();
    request.headers = headers(&r["headers"]);
    request.body = body(r);
    request.certificate = certificate(&r["certificate"]).map(ClientCertificate::new);
    request.matched_parameters = pairs(&r["matchedParameters"]);
    let mut context = Context::new(request, ports);
    context.request_id = guid(text(
        &json["requestId"],
        "00000000-0000-0000-0000-000000000000",
    ));
    context.timestamp = timestamp;
    if json["tracing"] == true {
        context.trace = Some(Trace::new(Vec::new()));
    }
    if json["response"].is_object() {
        context.response = response(&json["response"]);
    }
    catalog(&mut context, json);
    for (name, value) in object(&json["variables"]) {
        let value = variable(&mut context, &mut heap, value);
        context
            .variables
            .set(&VariableName::new(name.as_str()), value);
    }
    (context, heap)
}

fn catalog(context: &mut Context, json: &Json) {
    context.api = Some(Arc::new(api(&json["api"])));
    let o = &json["operation"];
    context.operation = Some(Arc::new(OperationInfo {
        id: string(&o["id"], "op"),
        name: string(&o["name"], "Op"),
        method: string(&o["method"], context.request.method.as_str()),
        url_template: string(&o["urlTemplate"], "/"),
    }));
    let d = &json["deployment"];
    let service_name = string(&d["serviceName"], "contoso");
    context.deployment = Arc::new(DeploymentInfo {
        gateway_id: string(&d["gatewayId"], "managed"),
        gateway_instance_id: string(&d["instanceId"], "gw-0"),
        region: string(&d["region"], "West Europe"),
        service_id: string(&d["serviceId"], &service_name.to_utf8()),
        service_name,
        certificates: object(&d["certificates"])
            .filter_map(|(name, value)| Some((name.as_str().into(), certificate(value)?)))
            .collect(),
    });
    let e = &json["lastError"];
    context.last_error = e.is_object().then(|| LastError {
        source: string(&e["source"], ""),
        reason: e["reason"].as_str().map(Str::from),
        message: string(&e["message"], ""),
        scope: e["scope"].as_str().map(Str::from),
        section: e["section"].as_str().map(Str::from),
        path: e["path"].as_str().map(Str::from),
        policy_id: e["policyId"].as_str().map(Str::from),
        http_error_code: int(&e["httpErrorCode"]).unwrap_or(0),
    });
    let p = &json["product"];
    context.product = p.is_object().then(|| {
        Arc::new(ProductInfo {
            id: string(&p["id"], ""),
            name: string(&p["name"], ""),
            subscription_required: p["subscriptionRequired"] != false,
            approval_required: p["approvalRequired"] == true,
            subscription_limit: int(&p["subscriptionLimit"]),
            published: p["state"] != "NotPublished",
            groups: groups(&p["groups"]),
            apis: array(&p["apis"]).map(|a| Arc::new(api(a))).collect(),
        })
    });
    let s = &json["subscription"];
    context.subscription = s.is_object().then(|| {
        Arc::new(SubscriptionInfo {
            id: string(&s["id"], ""),
            name: string(&s["name"], ""),
            primary_key: string(&s["primaryKey"], ""),
            secondary_key: string(&s["secondaryKey"], ""),
            created: ticks(&s["createdDate"], "2023-01-01T00:00:00Z"),
            start: s["startDate"]
                .is_string()
                .then(|| ticks(&s["startDate"], "")),
            end: s["endDate"].is_string().then(|| ticks(&s["endDate"], "")),
        })
    });
    let u = &json["user"];
    context.user = u.is_object().then(|| {
        Arc::new(UserInfo {
            id: string(&u["id"], ""),
            email: string(&u["email"], ""),
            first_name: string(&u["firstName"], ""),
            last_name: string(&u["lastName"], ""),
            note: string(&u["note"], ""),
            registered: ticks(&u["registrationDate"], "2022-01-01T00:00:00Z"),
            groups: groups(&u["groups"]),
            identities: array(&u["identities"])
                .map(|identity| IdentityInfo {
                    id: string(&identity["id"], ""),
                    provider: string(&identity["provider"], ""),
                })
                .collect(),
        })
    });
    let w = &json["workspace"];
    context.workspace = w.is_object().then(|| {
        Arc::new(WorkspaceInfo {
            id: string(&w["id"], ""),
            name: string(&w["name"], ""),
        })
    });
}

fn api(a: &Json) -> ApiInfo {
    ApiInfo {
        id: string(&a["id"], "api"),
        name: string(&a["name"], "Api"),
        path: string(&a["path"], ""),
        protocols: if a["protocols"].is_array() {
            array(&a["protocols"]).map(|p| string(p, "")).collect()
        } else {
            vec!["https".into()]
        },
        service_url: Some(string(&a["serviceUrl"], "https://backend.example.net/")),
        version: Some(string(&a["version"], "")),
        revision: string(&a["revision"], "1"),
        is_current_revision: a["isCurrentRevision"] != false,
        key_header: string(&a["keyHeader"], "Ocp-Apim-Subscription-Key"),
        key_query: string(&a["keyQuery"], "subscription-key"),
    }
}

fn groups(json: &Json) -> Vec<GroupInfo> {
    array(json)
        .map(|group| match group.as_str() {
            Some(name) => GroupInfo {
                id: name.to_lowercase().into(),
                name: name.into(),
            },
            None => GroupInfo {
                id: string(&group["id"], ""),
                name: string(&group["name"], ""),
            },
        })
        .collect()
}

fn response(json: &Json) -> Response {
    let status = int(&json["statusCode"]).unwrap_or(200);
    let mut response = Response::new(StatusCode::from_u16(status.try_into().unwrap()).unwrap());
    response.reason = Some(string(&json["statusReason"], "OK"));
    response.headers = headers(&json["headers"]);
    response.body = body(json);
    response
}

fn body(json: &Json) -> Body {
    match (&json["bodyBase64"], &json["body"]) {
        (Json::String(base64), _) => {
            let bytes = STANDARD.decode(base64).unwrap();
            Body::full(bytes)
        }
        (_, Json::String(text)) => Body::full(text.clone()),
        _ => Body::empty(),
    }
}

fn headers(json: &Json) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in object(json) {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let values = match value {
            Json::Array(values) => values.clone(),
            one => vec![one.clone()],
        };
        for value in values {
            let value = HeaderValue::from_bytes(value.as_str().unwrap().as_bytes()).unwrap();
            headers.append(name.clone(), value);
        }
    }
    headers
}

/// A variable; `{"$t", "v"}` is made by the expression that makes such a value.
fn variable(context: &mut Context, heap: &mut Heap, json: &Json) -> Value {
    let v = &json["v"];
    let quoted = |json: &Json| {
        let text = json.as_str().map_or_else(|| json.to_string(), String::from);
        format!("@\"{}\"", text.replace('"', "\"\""))
    };
    let list = |json: &Json| array(json).map(quoted).collect::<Vec<_>>().join(", ");
    let code = match (json, json["$t"].as_str()) {
        (Json::Null, _) => return Value::Null,
        (Json::Bool(truth), _) => return (*truth).into(),
        (Json::String(text), _) => return text.as_str().into(),
        (Json::Number(number), _) => match number.as_i64() {
            None => return number.as_f64().unwrap().into(),
            Some(number) => match i32::try_from(number) {
                Ok(number) => return number.into(),
                Err(_) => return number.into(),
            },
        },
        (Json::Array(_), _) => format!("JArray.Parse({})", quoted(json)),
        (_, None) => format!("JObject.Parse({})", quoted(json)),
        (_, Some("int32")) => format!("(int){v}"),
        (_, Some("int64")) => format!("(long){v}"),
        (_, Some("double")) => format!("(double){v}"),
        (_, Some("single")) => format!("(float){v}"),
        (_, Some("byte")) => format!("(byte){v}"),
        (_, Some("decimal")) => format!("{}m", v.as_str().unwrap()),
        (_, Some("char")) => format!("{}[0]", quoted(v)),
        (_, Some("guid")) => format!("Guid.Parse({})", quoted(v)),
        (_, Some("datetime")) => {
            return Value::DateTime(ticks(v, ""), tollgate_dotnet::DateTimeKind::Utc);
        }
        (_, Some("datetimeoffset")) => format!("DateTimeOffset.Parse({})", quoted(v)),
        (_, Some("timespan")) => format!("TimeSpan.Parse({})", quoted(v)),
        (_, Some("jobject")) => format!("JObject.Parse({})", quoted(v)),
        (_, Some("jarray")) => format!("JArray.Parse({})", quoted(v)),
        (_, Some("jtoken")) => format!("JToken.Parse({})", quoted(v)),
        (_, Some("strings")) => format!("new string[] {{ {} }}", list(v)),
        (_, Some("stringlist")) => format!("new List<string> {{ {} }}", list(v)),
        (_, Some("bytes")) => format!("Convert.FromBase64String({})", quoted(v)),
        (_, Some("xelement")) => format!("XElement.Parse({})", quoted(v)),
        (_, Some("xdocument")) => format!("XDocument.Parse({})", quoted(v)),
        (_, Some("uri")) => format!("new Uri({})", quoted(v)),
        (_, Some("jwt")) => format!("{}.AsJwt()", quoted(v)),
        (_, Some("response")) => return context.keep_response(response(v)),
        (_, Some("dict")) => {
            let entries = object(v).map(|(key, value)| {
                format!("{{ {}, {} }}", quoted(&key.as_str().into()), quoted(value))
            });
            let entries = entries.collect::<Vec<_>>().join(", ");
            format!("new Dictionary<string, string> {{ {entries} }}")
        }
        // A kind that is not made yet: the cases that use it fail and are on the list.
        (_, Some(_)) => return Value::Null,
    };
    let Ok(program) = compiler().compile(&code, Form::Single) else {
        return Value::Null;
    };
    let mut machine = Machine {
        heap,
        host: context,
        budget: &mut Budget::default(),
        invoke,
    };
    program.run(&mut machine).unwrap_or_default()
}

fn text<'j>(json: &'j Json, default: &'j str) -> &'j str {
    json.as_str().unwrap_or(default)
}

fn string(json: &Json, default: &str) -> Str {
    text(json, default).into()
}

fn int(json: &Json) -> Option<i32> {
    json.as_i64()?.try_into().ok()
}

fn array(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

fn object(json: &Json) -> impl Iterator<Item = (&String, &Json)> {
    json.as_object().into_iter().flatten()
}

/// A certificate in Base64; those with private keys (`pfx`) are left out.
fn certificate(json: &Json) -> Option<Bytes> {
    let text = json.as_str()?;
    Some(STANDARD.decode(text).unwrap().into())
}

fn pairs(json: &Json) -> Vec<(Str, Str)> {
    object(json)
        .map(|(name, value)| (name.as_str().into(), string(value, "")))
        .collect()
}

fn guid(text: &str) -> [u8; 16] {
    let hex = text.replace('-', "");
    std::array::from_fn(|index| u8::from_str_radix(&hex[index * 2..index * 2 + 2], 16).unwrap())
}

/// An RFC 3339 time in .NET ticks.
fn ticks(json: &Json, default: &str) -> i64 {
    let time: jiff::Timestamp = text(json, default).parse().unwrap();
    let ticks = time.as_nanosecond().div_euclid(100);
    i64::try_from(ticks).unwrap() + tollgate_engine::ports::UNIX_EPOCH_TICKS
}

fn ports(now: i64) -> Ports {
    Ports {
        http: Arc::new(Nobody),
        clock: Arc::new(Stopped(now)),
        random: Arc::new(Counting::default()),
        counters: Arc::new(Nobody),
        cache: Arc::new(Nothing),
        external_cache: None,
        credentials: Arc::new(tollgate_engine::ports::NoCredentials),
        events: Arc::new(Nobody),
        background: Arc::new(Nothing),
        shared: Shared::default(),
        limits: Limits::default(),
    }
}

/// Ports that lead nowhere.
struct Nobody;

impl HttpClient for Nobody {
    fn send(
        &self,
        _request: OutboundRequest,
    ) -> BoxFuture<'static, Result<http::Response<Body>, SendError>> {
        Box::pin(async {
            Err(SendError {
                kind: SendErrorKind::Connect,
                message: "nobody is there".into(),
            })
        })
    }
}

/// Numbers that are random enough to differ.
#[derive(Default)]
struct Counting(AtomicU64);

impl Random for Counting {
    fn next_u64(&self) -> u64 {
        let turn = self.0.fetch_add(1, Ordering::Relaxed);
        turn.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl CounterStore for Nobody {
    fn apply(&self, _now: i64, _operations: &[CounterOp<'_>]) -> Step<CounterStates> {
        Step::Ready(CounterStates::new())
    }
}

impl EventSink for Nobody {
    fn emit(&self, _event: Event) {}
}

/// A clock that stands still.
struct Stopped(i64);

impl Clock for Stopped {
    fn now(&self) -> i64 {
        self.0
    }
    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
