//! Bad input at run time, as tables: what each policy makes of values that it cannot take, and of what it cannot read.
//!
//! A block of a table begins with a section and what stands in it: `in <set-status code="~200~" />`. The policy that is
//! looked at is the first one, or the one with `id="it"`. `~good~` stands for an expression that gives the good value,
//! or a row's bad one where the request has `X-Bad`. With `in!` only such requests come to the policy.
//!
//! - `> POST /path`, `> Name: value`, `>> body`: the request; a `GET /` unless said. `$S` stands for a secret, `$K` for a key
//!   in Base64.
//! - `< 404`, `< Name: value`, `<< body`: what the backend answers; 200 unless said.
//! - `bad value | outcome`: a row. `bad` is a C# expression.
//!
//! An outcome is all that can be seen of a request, shortened: see [`Outcome`].

mod services;
mod values;

use std::fmt::Write as _;

use http::{HeaderMap, Method, Request};
use tollgate::engine::exchange::VariableName;
use tollgate::{Body, Catalog, Subscription, SubscriptionScope};
use tollgate_dotnet::Value;
use tollgate_tests::{Call, FakeClient, Log};

use crate::world::{Answer, INTERNAL, World, api, request};

/// Stands in the secrets that rows put in: no answer, trace or log may show it.
pub(super) const SECRET: &str = "s3cr3t";
/// What every request shows, besides what its block says.
const CREDENTIALS: [(&str, &str); 2] = [
    ("Authorization", "Bearer s3cr3t-authorization"),
    ("Ocp-Apim-Subscription-Key", "s3cr3t-subscription"),
];
/// The key of the tokens.
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// What `on-error` sees, in variables.
const MEMBERS: [&str; 6] = ["Source", "Reason", "Message", "Section", "Path", "PolicyId"];

const VALIDATION: &str = "Expression value is invalid. The value field is required.";

/// Policies, a request, a backend, and what follows from bad values.
#[derive(Debug, Clone, Default)]
pub(super) struct Block {
    section: &'static str,
    /// Whether good requests pass the policies by.
    only_bad: bool,
    policies: String,
    method: Method,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    body: &'static str,
    status: u16,
    answer_headers: Vec<(&'static str, &'static str)>,
    answer: &'static str,
    rows: Vec<(usize, &'static str, &'static str)>,
}

/// The blocks of a table.
pub(super) fn blocks(table: &'static str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let header = |line: &'static str| line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
    for (number, line) in table.lines().enumerate() {
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        let section = match mark {
            "in" | "in!" => Some("inbound"),
            "be" => Some("backend"),
            "out" => Some("outbound"),
            _ => None,
        };
        if let Some(section) = section {
            blocks.push(Block {
                section,
                only_bad: mark == "in!",
                policies: rest.replace("$S", SECRET).replace("$K", KEY),
                path: "/",
                status: 200,
                answer: "200",
                ..Block::default()
            });
            continue;
        }
        let Some(block) = blocks.last_mut() else {
            assert!(line.is_empty() || mark == "#", "{line}");
            continue;
        };
        match mark {
            "" | "#" => {}
            ">" if rest.contains(": ") => {
                let (name, value) = header(rest);
                block.headers.push((name, value.replace("$S", SECRET)));
            }
            ">" => {
                let (method, path) = rest.split_once(' ').unwrap();
                (block.method, block.path) = (method.parse().unwrap(), path);
            }
            ">>" => block.body = rest,
            "<" if rest.contains(": ") => block.answer_headers.push(header(rest)),
            "<" => block.status = rest.parse().unwrap(),
            "<<" => block.answer = rest,
            _ => {
                let (bad, outcome) = line.split_once(" | ").unwrap_or((line, ""));
                block.rows.push((number + 1, bad.trim(), outcome.trim()));
            }
        }
    }
    blocks
}

impl Block {
    /// The policy that is looked at.
    fn policy(&self) -> &str {
        let before = self.policies.split(r#" id="it""#).next().unwrap();
        let start = match before.len() < self.policies.len() {
            true => before.rfind('<').unwrap(),
            false => 0,
        };
        let name = &self.policies[start + 1..];
        name.split([' ', '>', '/']).next().unwrap()
    }

    /// Where it stands.
    fn place(&self) -> String {
        let around = if self.only_bad {
            "choose[1]/when[1]/"
        } else {
            ""
        };
        format!("{around}{}[1]", self.policy())
    }

    /// The policies with this bad value in the place of the good one.
    fn with(&self, bad: &str) -> String {
        let mut parts = self.policies.split('~');
        let mut text = parts.next().unwrap().to_owned();
        while let Some(good) = parts.next() {
            write!(
                text,
                r#"@(context.Request.Headers.ContainsKey("X-Bad") ? (object)({bad}) : (object)({good}))"#
            )
            .unwrap();
            text += parts.next().unwrap();
        }
        if !text.contains(r#" id="it""#) {
            text = text.replacen(self.policy(), &format!(r#"{} id="it""#, self.policy()), 1);
        }
        match self.only_bad {
            true => format!(
                r#"<choose><when condition="@(context.Request.Headers.ContainsKey("X-Bad"))">{text}</when></choose>"#
            ),
            false => text,
        }
    }

    fn client(&self) -> FakeClient {
        let (status, headers, body) = (self.status, self.answer_headers.clone(), self.answer);
        FakeClient::new(move |_| {
            let mut answer = http::Response::builder().status(status);
            for (name, value) in &headers {
                answer = answer.header(*name, *value);
            }
            Ok(answer.body(Body::from(body)).unwrap())
        })
    }

    fn world(&self, policies: &str) -> World {
        World::serving(self.catalog(policies), self.client())
    }

    /// These policies; `on-error` notes what it sees.
    fn catalog(&self, policies: &str) -> Catalog {
        let notes: String = MEMBERS
            .iter()
            .map(|name| {
                format!(
                    r#"<set-variable name="error.{name}" value="@(context.LastError.{name})" />"#
                )
            })
            .collect();
        let sections = [(self.section, policies), ("on-error", &*notes)];
        Catalog::new()
            .backend("b", "https://b.test")
            .secret("secret", SECRET)
            .subscription(Subscription::new(
                "s",
                CREDENTIALS[1].1,
                SubscriptionScope::AllApis,
            ))
            .api(api(&sections))
    }

    /// What the request of this block leads to in a world.
    async fn send(&self, world: &World, is_bad: bool) -> (String, Answer) {
        let before = world.client.calls().len();
        let (headers, request) = self.request(is_bad);
        let answer = world.send(request).await;
        let calls = world.client.calls().split_off(before);
        (self.outcome(&answer, &calls, &headers), answer)
    }

    /// The request, and its headers.
    fn request(&self, is_bad: bool) -> (Vec<(&str, &str)>, Request<Body>) {
        let mut headers = CREDENTIALS.to_vec();
        headers.retain(|(name, _)| !self.headers.iter().any(|(own, _)| own == name));
        headers.extend(is_bad.then_some(("X-Bad", "1")));
        headers.extend(self.headers.iter().map(|(name, value)| (*name, &**value)));
        let request = request(self.method.clone(), self.path, &headers, self.body);
        (headers, request)
    }

    fn outcome(&self, answer: &Answer, calls: &[Call], sent: &[(&str, &str)]) -> String {
        let outcome = Outcome {
            answer,
            calls,
            sent,
            block: self,
        };
        outcome.text()
    }

    /// Runs a row; gives its outcome, and whatever else is wrong.
    async fn run(&self, bad: &str) -> (String, Vec<String>) {
        let policies = self.with(&bad.replace("$S", SECRET));
        let mut wrong = Vec::new();
        let (good, _) = self.send(&self.world(&policies), false).await;
        if !good.starts_with("passes") {
            wrong.push(format!("the good value {good}"));
        }
        let world = self.world(&policies);
        let log = Log::start();
        let (outcome, answer) = self.send(&world, true).await;
        let shown = [
            (
                "the answer",
                format!("{:?} {} {}", answer.headers, answer.reason, answer.body),
            ),
            ("the trace", trace(&answer)),
            ("the log", log.take()),
        ];
        for (place, text) in shown {
            if text.contains(SECRET) {
                wrong.push(format!("{place} shows a secret: {text}"));
            }
        }
        let (next, _) = self.send(&world, false).await;
        if next != good {
            wrong.push(format!("the next request {next} instead of {good}"));
        }
        (outcome, wrong)
    }
}

/// The trace in all its forms.
fn trace(answer: &Answer) -> String {
    let trace = answer.exchange.context.trace.as_ref().unwrap();
    format!(
        "{}{}{}",
        serde_json::to_string(trace).unwrap(),
        trace.to_apim(),
        trace.to_tree()
    )
}

/// What came of a request.
struct Outcome<'a> {
    answer: &'a Answer,
    calls: &'a [Call],
    sent: &'a [(&'a str, &'a str)],
    block: &'a Block,
}

impl Outcome<'_> {
    /// All that is not as usual:
    ///
    /// - `passes`, and what the client and those who were called see.
    /// - `invalid`: 500 and `ExpressionValueValidationFailure`; `throws M`: 500 and `ExpressionValueEvaluationFailure`.
    /// - `fails 403 "no", Reason, Message`: another failure. The text in quotes stands in the usual body, none for that
    ///   of 500.
    ///
    /// `LastError.Path` is that of the policy unless said, and Source, Section and PolicyId are those of the policy.
    fn text(&self) -> String {
        let mut text = self.failure().unwrap_or_else(|| match self.response() {
            seen if seen.is_empty() => "passes".to_owned(),
            seen => format!("passes {seen}"),
        });
        for (index, call) in self.calls.iter().enumerate() {
            let usual = format!(
                "{} http://backend.test/base{}",
                self.block.method, self.block.path
            );
            let mut seen = Vec::new();
            let line = format!("{} {}", call.method, call.url);
            if line != usual || index > 0 {
                seen.push(short(&line));
            }
            seen.extend(headers(&call.headers, |name, value| {
                let mut sent = self.sent.iter();
                sent.any(|(own, sent)| own.eq_ignore_ascii_case(name) && *sent == value)
                    || ["x-forwarded-for: 203.0.113.7", "host: backend.test"]
                        .contains(&&*format!("{name}: {value}"))
            }));
            if call.body != self.block.body.as_bytes() {
                seen.push(short(&format!("{:?}", call.body)));
            }
            if !seen.is_empty() {
                write!(text, "; > {}", seen.join(", ")).unwrap();
            }
        }
        text.trim_end().to_owned()
    }

    /// What the client sees of a response that is no failure's.
    fn response(&self) -> String {
        let answer = self.answer;
        let mut seen = Vec::new();
        let usual = http::StatusCode::from_u16(self.block.status).unwrap();
        if answer.status != self.block.status
            || Some(&*answer.reason) != Some(usual.canonical_reason().unwrap_or_default())
        {
            seen.push(format!("{} {}", answer.status, short(&answer.reason)));
        }
        seen.extend(headers(&answer.headers, |name, value| {
            let mut own = self.block.answer_headers.iter();
            own.any(|(own, sent)| own.eq_ignore_ascii_case(name) && *sent == value)
        }));
        if answer.body != self.block.answer {
            seen.push(short(&format!("{:?}", answer.body)));
        }
        seen.join(", ")
    }

    /// The failure, if there was one.
    fn failure(&self) -> Option<String> {
        let answer = self.answer;
        let failed = answer.exchange.context.last_error.is_some();
        let [source, reason, message, section, path, id] = MEMBERS.map(|name| {
            let name = VariableName::new(&*format!("error.{name}"));
            match answer.exchange.context.variables.get(&name) {
                Some(Value::String(text)) => text.to_utf8().into_owned(),
                _ => String::new(),
            }
        });
        if !failed {
            assert_eq!(source, "", "on-error runs for failures only");
            return None;
        }
        let (status, policy) = (answer.status, self.block.policy());
        let usual = http::StatusCode::from_u16(status).unwrap();
        let body = match serde_json::from_str::<serde_json::Value>(&answer.body) {
            _ if answer.body == INTERNAL => String::new(),
            Ok(json)
                if answer.body
                    == format!(
                        "{{ \"statusCode\": {status}, \"message\": {} }}",
                        json["message"]
                    ) =>
            {
                format!(" {}", json["message"])
            }
            _ => format!(" {:?}", answer.body),
        };
        let internal = status == 500 && body.is_empty();
        let mut text = match (
            &*reason,
            message.strip_prefix("Expression evaluation failed. "),
        ) {
            ("ExpressionValueValidationFailure", _) if internal && message == VALIDATION => {
                "invalid".to_owned()
            }
            ("ExpressionValueEvaluationFailure", Some(thrown)) if internal => {
                format!("throws {thrown}")
            }
            _ => format!("fails {status}{body}, {reason}, {}", short(&message)),
        };
        if Some(&*answer.reason) != Some(usual.canonical_reason().unwrap_or_default()) {
            write!(text, "; reason phrase {}", answer.reason).unwrap();
        }
        let added = headers(&answer.headers, |name, value| {
            (name, value) == ("content-type", "application/json")
        });
        for (what, found, usual) in [
            ("source", &*source, policy),
            ("section", &section, self.block.section),
            ("at", &path, &self.block.place()),
            ("id", &id, "it"),
            ("with", &added.join(", "), ""),
        ] {
            if found != usual {
                write!(text, "; {what} {found}").unwrap();
            }
        }
        Some(text)
    }
}

/// A text that may be long, and may have line breaks.
fn short(text: &str) -> String {
    let text: String = text
        .chars()
        .flat_map(|c| match c {
            c if c.is_control() => c.escape_default().collect::<Vec<_>>(),
            c => vec![c],
        })
        .collect();
    match text.char_indices().nth(250) {
        Some((end, _)) => format!("{}… ({})", &text[..end], text.len()),
        None => text,
    }
}

fn headers(headers: &HeaderMap, usual: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut seen = Vec::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        if name != "content-length" && !usual(name.as_str(), &value) {
            seen.push(format!("{name}: {}", short(&value)));
        }
    }
    seen
}
