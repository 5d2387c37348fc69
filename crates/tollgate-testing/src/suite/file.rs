//! What stands in a file of tests.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use tollgate_config::{ApiConfig, BackendConfig, CertificateConfig, Config};

use super::Matcher;
use crate::world::{Counter, Jwt, Lines, OneOrMany, Span, World};

/// A file of tests for policies. Paths in it are relative to it.
///
/// Give one of `policy`, `policies`, `config` and `gateway`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "Tests of Tollgate policies")]
pub struct TestFile {
    /// Where the schema of this file is, for editors.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// The policy document of the API under test, which takes all paths. Its backend is `https://backend.test`.
    pub policy: Option<PathBuf>,
    /// The policy documents of several scopes, merged at `<base />`.
    pub policies: Option<Policies>,
    /// The configuration of `tollgate serve` that describes the gateway.
    pub config: Option<PathBuf>,
    /// The same, written here.
    pub gateway: Option<Config>,
    /// The API under test, where `policy` or `policies` is given: its path, operations, OpenAPI document and so on.
    pub api: Option<ApiConfig>,
    /// Named values; those of `config` and `gateway` that have the same name are overruled.
    pub named_values: BTreeMap<String, String>,
    /// Named values that are secret: nothing shows them.
    pub secrets: BTreeMap<String, String>,
    /// What variables of the environment say that `config` or `gateway` takes secrets from; the real ones are not looked at.
    pub environment: BTreeMap<String, String>,
    /// What files say that `config` or `gateway` takes secrets from, by their paths there; the files are not looked at.
    pub secret_files: BTreeMap<PathBuf, String>,
    /// Policy fragments: id to file.
    pub fragments: BTreeMap<String, PathBuf>,
    /// Backend entities, by id.
    pub backends: BTreeMap<String, BackendConfig>,
    /// Users, by id.
    pub users: BTreeMap<String, User>,
    /// Subscriptions, by id; a request names the one it is sent with.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// What the requests of all tests have, unless they say otherwise.
    pub request: Request,
    /// The world of all tests, unless they say otherwise.
    pub world: World,
    /// Policies and branches that nothing can reach, as in `not-ran` of every test; and outcomes of conditions that never
    /// come, as `choose/when[2] = false`. They do not count for coverage.
    pub never: Vec<String>,
    /// How much real time each request may take; 5 seconds, unless given.
    pub time_limit: Option<Span>,
    /// The tests.
    pub tests: Vec<Test>,
}

/// Policy documents by scope.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policies {
    /// The policy of all APIs.
    pub global: Option<PathBuf>,
    /// The policy of a product that has the API. Requests without a subscription run in its context too.
    pub product: Option<PathBuf>,
    /// The policy of the API.
    pub api: Option<PathBuf>,
    /// The policy of an operation that takes all paths; of those in `api`, the first one.
    pub operation: Option<PathBuf>,
}

/// `context.User`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct User {
    /// `Email`.
    pub email: String,
    /// `FirstName`.
    pub first_name: String,
    /// `LastName`.
    pub last_name: String,
    /// `Note`.
    pub note: Option<String>,
    /// The names of `Groups`.
    pub groups: Vec<String>,
}

/// A subscription.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Subscription {
    /// `Name`; the id, unless given.
    pub name: Option<String>,
    /// The key; made of the id, unless given.
    pub key: Option<String>,
    /// The id of a product that it is for. One that is not known otherwise is made, with all APIs in it.
    pub product: Option<String>,
    /// The id of an API that it is for; without either it is for all.
    pub api: Option<String>,
    /// The id of the user it belongs to.
    pub user: Option<String>,
    /// Whether its key is good; it is, unless said otherwise.
    pub active: Option<bool>,
}

/// A request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Request {
    /// The method; `GET`, or `POST` if there is a body, unless given.
    pub method: Option<String>,
    /// The URL, or its path: `/chat?api-version=1` is `https://gateway.test/chat?api-version=1`.
    pub url: Option<String>,
    /// The headers.
    pub headers: BTreeMap<String, Lines>,
    /// The body, as text.
    pub body: Option<String>,
    /// The body, as JSON; `Content-Type` is `application/json` then, unless given.
    pub json: Option<Json>,
    /// The body, in Base64.
    pub base64: Option<String>,
    /// The file that has the body.
    pub body_file: Option<PathBuf>,
    /// The client's address; `127.0.0.1`, unless given.
    pub ip: Option<IpAddr>,
    /// The client's certificate.
    pub certificate: Option<CertificateConfig>,
    /// The id of the subscription whose key is sent.
    pub subscription: Option<String>,
    /// A token, made and signed on the spot; or several.
    pub jwt: OneOrMany<Jwt>,
    /// `context.RequestId`; a number that counts up, unless given.
    pub id: Option<String>,
}

/// A test: one request, or several in `steps`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Test {
    /// What it shows. Names of columns of `cases` in `${}` stand for their values, here and everywhere in the test.
    pub name: String,
    /// The rows of a table: the test is run once with each.
    pub cases: Vec<Map<String, Json>>,
    /// Named values that are others in this test.
    pub named_values: BTreeMap<String, String>,
    /// What is different in this test's world.
    pub world: World,
    /// The request.
    pub request: Request,
    /// What is to come of it.
    pub expect: Option<Expect>,
    /// Several requests, one after the other, in place of `request` and `expect`.
    pub steps: Vec<Step>,
}

/// One of several requests.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Step {
    /// How much time has passed since the step before.
    pub after: Span,
    /// How often it is sent; once, unless given.
    pub times: Option<u32>,
    /// The request; what it does not say is as in the test's and the file's.
    pub request: Request,
    /// What is to come of it, each time.
    pub expect: Expect,
}

/// What is to come of a request. What is not said is not looked at.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// The status code.
    pub status: Option<Matcher>,
    /// The reason phrase.
    pub reason: Option<Matcher>,
    /// Headers of the response.
    pub headers: BTreeMap<String, Matcher>,
    /// The body, as text.
    pub body: Option<Matcher>,
    /// What the body has at least, as JSON.
    pub json: Option<Json>,
    /// The body, in Base64.
    pub base64: Option<Matcher>,
    /// The calls of the backend, all of them in order; or how many there are.
    pub backend_calls: Option<Calls>,
    /// All calls, also those of `send-request` and the like, in order; or how many there are.
    pub calls: Option<Calls>,
    /// Variables, by name.
    pub variables: BTreeMap<String, Matcher>,
    /// What is in the cache, by the keys of `cache-lookup-value`.
    pub cache: BTreeMap<String, Matcher>,
    /// What counters have counted.
    pub counters: Vec<Counter>,
    /// Messages for event hubs, all of them in order: `logger`, `body`, `partition-id`, `partition-key`.
    pub events: Option<Vec<BTreeMap<String, Matcher>>>,
    /// Metrics, all of them in order: `name`, `namespace`, `value`, `dimensions`.
    pub metrics: Option<Vec<BTreeMap<String, Matcher>>>,
    /// Messages of `trace`, all of them in order: `source`, `severity`, `message`, `metadata`.
    pub trace: Option<Vec<BTreeMap<String, Matcher>>>,
    /// `context.LastError`: `none`, or its `source`, `reason`, `message`, `scope`, `section`, `path`, `policy-id`.
    pub last_error: Option<LastError>,
    /// Policies that ran and branches that were taken, by their place: `inbound/choose[1]/when[2]`, as
    /// `context.LastError.Path` has it behind the section. `[1]` and the section can be left out.
    pub ran: OneOrMany<String>,
    /// Policies that did not run, and branches that were not taken.
    pub not_ran: OneOrMany<String>,
}

/// Calls that are expected.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Calls {
    /// So many.
    Count(usize),
    /// These.
    List(Vec<CallMatcher>),
}

/// A call that is expected.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct CallMatcher {
    /// The method.
    pub method: Option<Matcher>,
    /// The whole URL.
    pub url: Option<Matcher>,
    /// Headers.
    pub headers: BTreeMap<String, Matcher>,
    /// The body, as text.
    pub body: Option<Matcher>,
    /// What the body has at least, as JSON.
    pub json: Option<Json>,
    /// The body, in Base64.
    pub base64: Option<Matcher>,
}

/// `context.LastError` as it is expected.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum LastError {
    /// There is none.
    None(Nothing),
    /// Its fields.
    Fields(BTreeMap<String, Matcher>),
}

/// The word `none`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nothing {
    /// There is none.
    None,
}

impl Request {
    /// This request; what it does not say is as in `general`.
    #[must_use]
    pub fn over(&self, general: &Self) -> Self {
        let mut headers = general.headers.clone();
        // Names of headers differ in case only.
        headers.retain(|name, _| {
            !self
                .headers
                .keys()
                .any(|own| own.eq_ignore_ascii_case(name))
        });
        headers.extend(self.headers.clone());
        let own_body = self.body.is_some()
            || self.json.is_some()
            || self.base64.is_some()
            || self.body_file.is_some();
        let body = if own_body { self } else { general };
        Self {
            method: self.method.clone().or_else(|| general.method.clone()),
            url: self.url.clone().or_else(|| general.url.clone()),
            headers,
            body: body.body.clone(),
            json: body.json.clone(),
            base64: body.base64.clone(),
            body_file: body.body_file.clone(),
            ip: self.ip.or(general.ip),
            certificate: (self.certificate.clone()).or_else(|| general.certificate.clone()),
            subscription: (self.subscription.clone()).or_else(|| general.subscription.clone()),
            jwt: match self.jwt.as_slice() {
                [] => general.jwt.clone(),
                _ => self.jwt.clone(),
            },
            id: self.id.clone().or_else(|| general.id.clone()),
        }
    }
}
