//! Each expression of each policy that throws: the error that reaches the caller, and the next request.

use http::Method;
use tollgate::Catalog;
use tollgate_tests::FakeClient;

use super::{Policy, Row, Value, policies};
use crate::world::{INTERNAL, World, api, request};

const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "application/json"),
    ("Accept", "application/xml"),
    ("Origin", "https://a.test"),
    ("X-A", "b"),
];
const BODY: &str = r#"{"messages":[{"role":"user","content":"hello"}]}"#;
/// What the exceptions say, the value of a secret: no caller and no trace may show it.
const SECRET: &str = "told-to-nobody";

impl Row {
    /// An expression that throws when the request says so, and else gives a good value.
    fn throwing_at_times(&self) -> String {
        let good = match &self.value {
            Value::Bool => "true".to_owned(),
            Value::Int(from, _) | Value::Seconds(from, _) => from.unwrap_or(1).max(1).to_string(),
            Value::Number(..) => "0.5".to_owned(),
            Value::Status => "418".to_owned(),
            Value::Expression(_) => "new byte[0]".to_owned(),
            Value::Url => r#""https://b.test/c""#.to_owned(),
            Value::Address => r#""10.0.0.5""#.to_owned(),
            Value::OneOf(names) => format!("\"{}\"", names[0]),
            Value::Header => r#""X-A""#.to_owned(),
            _ => format!("\"{}\"", self.good.first().copied().unwrap_or("a")),
        };
        format!(
            r#"@{{ if (context.Request.Headers.ContainsKey("X-Throw")) {{ throw new Exception("{{{{secret}}}}"); }} return {good}; }}"#
        )
    }
}

fn world(policy: &Policy, text: &str) -> World {
    let text = text.replacen(&policy.name, &format!("{} id=\"the-id\"", policy.name), 1);
    let section = policy.sections[0];
    let sections = [(section, &*text)];
    let catalog = Catalog::new()
        .backend("b", "https://b.test")
        .secret("secret", SECRET)
        .api(api(&sections));
    World::serving(catalog, FakeClient::statuses(&[200]))
}

#[tokio::test]
async fn what_throws_is_told_to_on_error_only() {
    let mut wrong = Vec::new();
    for policy in policies() {
        // Resolvers have tests of their own.
        if policy.sections.is_empty() || policy.scopes.is_empty() {
            continue;
        }
        for row in policy.rows.iter().filter(|row| row.holds == 'E') {
            let what = format!(
                "{} {}@{}",
                policy.name,
                row.path.join("/"),
                row.attribute.unwrap_or_default()
            );
            // The catalog has no certificate.
            if row.example.contains("certificate-id") {
                continue;
            }
            let world = world(&policy, &row.with(&row.throwing_at_times()));
            let method = match policy.name.as_str() {
                "cache-lookup" | "cache-store" => Method::GET,
                _ => Method::POST,
            };
            let send = |more: Vec<(&'static str, &'static str)>| {
                let headers = [HEADERS, &more].concat();
                world.send(request(
                    method.clone(),
                    "/chat/completions?cb=a",
                    &headers,
                    BODY,
                ))
            };
            let answer = send(vec![("X-Throw", "1")]).await;
            let error = answer.exchange.context.last_error.clone();
            let reached = error.as_ref().is_some_and(|error| {
                let reason = error
                    .reason
                    .clone()
                    .map(|reason| reason.to_utf8().into_owned());
                reason.as_deref() == Some("ExpressionValueEvaluationFailure")
            });
            let unreached = UNREACHED.iter().any(|(_, rows)| rows.contains(&&*what));
            if unreached {
                if reached {
                    wrong.push(format!("{what}: it is reached"));
                }
                continue;
            }
            let Some(error) = error else {
                wrong.push(format!("{what}: nothing fails, {}", answer.status));
                continue;
            };
            let text = |text: Option<tollgate_dotnet::Str>| {
                text.map_or_else(String::new, |text| text.to_utf8().into_owned())
            };
            let found = [
                text(Some(error.source)),
                text(error.reason),
                text(Some(error.message)),
                text(error.section),
                text(error.policy_id),
            ];
            let expected = [
                &*policy.name,
                "ExpressionValueEvaluationFailure",
                "Expression evaluation failed. told-to-nobody",
                policy.sections[0],
                "the-id",
            ];
            if found != expected {
                wrong.push(format!("{what}: {found:?}"));
            }
            if (answer.status, answer.body.as_str()) != (500, INTERNAL) {
                wrong.push(format!("{what}: {} {}", answer.status, answer.body));
            }
            let trace = serde_json::to_string(&answer.exchange.context.trace).unwrap();
            if trace.contains(SECRET) {
                wrong.push(format!("{what}: the trace shows the secret"));
            }
            let next = send(Vec::new()).await;
            let error = next.exchange.context.last_error.clone();
            if error.is_some_and(|error| text(error.reason).starts_with("Expression")) {
                wrong.push(format!("{what}: the next request fails, {}", next.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// What the one request of this test does not come to, and why.
const UNREACHED: &[(&str, &[&str])] = &[
    (
        "without a port that knows the connection, nobody is asked for",
        &["get-authorization-context @identity"],
    ),
    (
        "there is no token to look at",
        &[
            "validate-jwt @require-expiration-time",
            "validate-jwt @require-signed-tokens",
            "validate-jwt @clock-skew",
            "validate-jwt openid-config@url",
            "validate-jwt audiences/audience@",
            "validate-jwt issuers/issuer@",
            "validate-jwt required-claims/claim/value@",
        ],
    ),
    (
        "only of a request with `Authorization`",
        &["cache-lookup @allow-private-response-caching"],
    ),
    (
        "only behind a `cache-lookup`",
        &["cache-store @duration", "cache-store @cache-response"],
    ),
    (
        "the policies in it give a value",
        &["cache-value @default-value"],
    ),
    (
        "nothing is tried again",
        &[
            "retry @interval",
            "retry @max-interval",
            "retry @delta",
            "retry @first-fast-retry",
        ],
    ),
    (
        "only of a preflight request, or one that does not match",
        &[
            "cors @terminate-unmatched-request",
            "cors allowed-methods@preflight-result-max-age",
            "cors allowed-methods/method@",
            "cors allowed-headers/header@",
        ],
    ),
    (
        "counted when the response is known: too late to fail",
        &[
            "rate-limit-by-key @increment-condition",
            "rate-limit-by-key @increment-count",
            "quota-by-key @increment-condition",
            "quota-by-key @increment-count",
        ],
    ),
    (
        "accepted, without effect",
        &[
            "azure-openai-emit-token-metric @value",
            "forward-request @continue-timeout",
        ],
    ),
    (
        "the request is no XML",
        &[
            "xml-to-json @kind",
            "xml-to-json @always-array-child-elements",
        ],
    ),
    (
        "the API is not described, or the body too long to look at",
        &[
            "validate-content @unspecified-content-type-action",
            "validate-content content@action",
            "validate-content content@allow-additional-properties",
            "validate-content content@case-insensitive-property-names",
            "validate-content content-type-map/type@when",
            "validate-parameters headers@specified-parameter-action",
            "validate-parameters headers@unspecified-parameter-action",
            "validate-parameters headers/parameter@action",
            "validate-parameters query@specified-parameter-action",
            "validate-parameters query@unspecified-parameter-action",
            "validate-parameters query/parameter@action",
            "validate-parameters path@specified-parameter-action",
            "validate-parameters path/parameter@action",
            "validate-status-code @unspecified-status-code-action",
            "validate-graphql-request authorize/rule@action",
        ],
    ),
];
