//! Reads files of tests.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tollgate::syntax::{Span, render};
use tollgate::{
    BuildError, Catalog, GatewayBuilder, GroupInfo, LoadErrors, Plan, Product, Source,
    SubscriptionScope, UserInfo,
};
use tollgate_config::{ApiConfig, Config, OperationConfig, ProductConfig, SecretSource};

use super::cases;
use super::check::is_place;
use super::file::{Policies, Subscription, Test, TestFile};
use super::yaml::{Position, Yaml};
use crate::coverage::Coverage;

/// What is wrong with a file of tests, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteError {
    /// The file.
    pub file: PathBuf,
    /// The place in it.
    pub position: Position,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for SuiteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            position,
            message,
        } = self;
        write!(f, "{}:{position}: {message}", file.display())
    }
}

impl std::error::Error for SuiteError {}

/// A file of tests that was read, with a gateway for them.
#[derive(Debug)]
pub struct Suite {
    /// The file.
    pub path: PathBuf,
    /// What stands in it, but for the tests.
    pub file: TestFile,
    /// Its tests, a row of a table each one.
    pub tests: Vec<Case>,
    yaml: Yaml,
    gateway: GatewayBuilder,
    /// The same without what it serves, for gateways that get a plan.
    bare: GatewayBuilder,
    /// The plan of the file, and those of tests with other named values.
    plans: Mutex<HashMap<BTreeMap<String, String>, Arc<Plan>>>,
}

/// A test, or a row of one.
#[derive(Debug)]
pub struct Case {
    /// What it says.
    pub test: Test,
    /// Where it stands, as a path in the file: `tests[1]`.
    pub place: String,
}

impl Suite {
    /// Reads a file of tests, and loads the policies that they are about.
    ///
    /// # Errors
    /// All that is wrong with it, in one go.
    pub fn read(path: &Path) -> Result<Self, Vec<SuiteError>> {
        let broken = |position, message| {
            let file = path.to_owned();
            vec![SuiteError {
                file,
                position,
                message,
            }]
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| broken(Position::default(), error.to_string()))?;
        Self::parse(path, &text)
    }

    /// As [`read`](Self::read), of a file with this text, whether it is there or not.
    ///
    /// # Errors
    /// All that is wrong with it, in one go.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<SuiteError>> {
        let broken = |position, message| {
            let file = path.to_owned();
            vec![SuiteError {
                file,
                position,
                message,
            }]
        };
        let yaml = Yaml::parse(text).map_err(|error| broken(error.position, error.message))?;
        let mut reader = Reader {
            path,
            yaml: &yaml,
            errors: Vec::new(),
        };
        let read = reader.file();
        let errors = reader.errors;
        match read {
            Some((file, tests, gateway, plan)) if errors.is_empty() => Ok(Self {
                path: path.to_owned(),
                file,
                tests,
                bare: gateway.clone().catalog(Catalog::new()),
                gateway,
                plans: Mutex::new(HashMap::from([(BTreeMap::new(), plan)])),
                yaml,
            }),
            _ => Err(errors),
        }
    }

    /// Where the value at this path stands.
    pub fn position(&self, path: &str) -> Position {
        self.yaml.position(path)
    }

    /// The folder that the file's paths start from.
    pub fn folder(&self) -> &Path {
        folder(&self.path)
    }

    /// The gateway of a test.
    pub(super) fn gateway(&self, test: &Test) -> Result<GatewayBuilder, String> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(&test.named_values) {
            return Ok(self.bare.clone().plan(Arc::clone(plan)));
        }
        let named = test.named_values.iter();
        let gateway = named.fold(self.gateway.clone(), |gateway, (name, value)| {
            gateway.named_value(name, value)
        });
        let plan = gateway.load().map_err(|errors| rendered(&errors))?;
        let plan = Arc::new(plan);
        plans.insert(test.named_values.clone(), Arc::clone(&plan));
        Ok(self.bare.clone().plan(plan))
    }

    /// Takes what `never` names out of what can be covered.
    pub(super) fn leave_out(&self, coverage: &mut Coverage) {
        let Some(plan) = self.plan() else { return };
        for never in &self.file.never {
            if let Some((span, outcome)) = never_at(&plan, never) {
                coverage.leave_out(&plan, span, outcome);
            }
        }
    }

    /// The plan of the file.
    pub fn plan(&self) -> Option<Arc<Plan>> {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.get(&BTreeMap::new()).cloned()
    }

    /// How much real time a request may take, if the file says.
    pub fn time_limit(&self) -> Option<Duration> {
        self.file.time_limit.map(|span| span.0)
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

struct Reader<'a> {
    path: &'a Path,
    yaml: &'a Yaml,
    errors: Vec<SuiteError>,
}

type Read = (TestFile, Vec<Case>, GatewayBuilder, Arc<Plan>);

impl Reader<'_> {
    fn error(&mut self, position: Position, message: impl Into<String>) {
        self.errors.push(SuiteError {
            file: self.path.to_owned(),
            position,
            message: message.into(),
        });
    }

    fn error_at(&mut self, path: &str, message: impl Into<String>) {
        self.error(self.yaml.position(path), message);
    }

    fn file(&mut self) -> Option<Read> {
        let mut json = self.yaml.json.clone();
        let tests = (json.as_object_mut()).and_then(|members| members.shift_remove("tests"));
        let file: Option<TestFile> = self.typed(json, "");
        let tests = self.tests(tests.as_ref().unwrap_or(&Json::Null));
        let file = file?;
        let (gateway, plan) = self.gateway(&file)?;
        for (index, never) in file.never.iter().enumerate() {
            if never_at(&plan, never).is_none() {
                let message = format!(
                    "there is no policy or branch at `{never}`; write it as `inbound/choose[1]/when[2]`, or with ` = true` or ` = false` behind it"
                );
                self.error_at(&format!("never[{index}]"), message);
            }
        }
        Some((file, tests, gateway, plan))
    }

    /// A part of the file as what it should be.
    fn typed<T: DeserializeOwned>(&mut self, json: Json, place: &str) -> Option<T> {
        match serde_path_to_error::deserialize(json) {
            Ok(value) => Some(value),
            Err(error) => {
                let path = match error.path().to_string() {
                    path if path == "." => place.to_owned(),
                    path if place.is_empty() => path,
                    path => format!("{place}.{path}"),
                };
                let message = error.into_inner().to_string();
                self.error_at(&path, with_hint(&message));
                None
            }
        }
    }

    fn tests(&mut self, tests: &Json) -> Vec<Case> {
        let tests = match tests {
            Json::Array(tests) if !tests.is_empty() => tests,
            _ => {
                self.error_at("tests", "there are no tests: `tests` is a list of them");
                return Vec::new();
            }
        };
        let mut cases = Vec::new();
        for (index, test) in tests.iter().enumerate() {
            let place = format!("tests[{index}]");
            let expanded = cases::expand(test).unwrap_or_else(|message| {
                self.error_at(&format!("{place}.cases"), message);
                Vec::new()
            });
            for json in expanded {
                let Some(test) = self.typed::<Test>(json, &place) else {
                    // Its other rows have the same mistake.
                    break;
                };
                self.check(&test, &place);
                cases.push(Case {
                    test,
                    place: place.clone(),
                });
            }
        }
        let mut names = HashSet::new();
        for case in &cases {
            if !names.insert(case.test.name.as_str()) {
                let message = format!("there is a test named `{}` already", case.test.name);
                self.error_at(&format!("{}.name", case.place), message);
            }
        }
        cases
    }

    fn check(&mut self, test: &Test, place: &str) {
        if test.name.is_empty() {
            self.error_at(place, "a test needs a `name`");
        }
        match (&test.expect, test.steps.is_empty()) {
            (None, true) => self.error_at(place, "a test needs `expect`, or `steps`"),
            (Some(_), false) => self.error_at(
                &format!("{place}.expect"),
                "a test with `steps` has `expect` in each of them",
            ),
            _ => {}
        }
    }

    fn gateway(&mut self, file: &TestFile) -> Option<(GatewayBuilder, Arc<Plan>)> {
        let what = ["policy", "policies", "config", "gateway"];
        let mut given = (what.into_iter()).filter(|key| self.yaml.json.get(key).is_some());
        let (key, another) = (given.next(), given.next());
        let Some(key) = key else {
            self.error_at(
                "",
                "which policy is tested? Give `policy`, `policies`, `config` or `gateway`",
            );
            return None;
        };
        if let Some(another) = another {
            self.error_at(another, format!("give either `{key}` or `{another}`"));
            return None;
        }
        if let ("config" | "gateway", Some(_)) = (key, &file.api) {
            let message = format!("`api` goes with `policy` or `policies`; `{key}` has its own");
            self.error_at("api", message);
            return None;
        }
        let builder = match builder(file, folder(self.path)) {
            Ok(builder) => builder,
            Err(error) => {
                self.error_at(key, error);
                return None;
            }
        };
        match builder.load() {
            Ok(plan) => Some((builder, Arc::new(plan))),
            Err(errors) => {
                self.error_at(key, rendered(&errors));
                None
            }
        }
    }
}

/// The configuration that the file gives or stands for, and where its paths start.
fn config(file: &TestFile, folder: &Path) -> Result<(Config, PathBuf), String> {
    if let Some(path) = &file.config {
        let path = folder.join(path);
        let config = Config::read(&path).map_err(|error| error.to_string())?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        return Ok((config, folder));
    }
    if let Some(config) = &file.gateway {
        return Ok((config.clone(), folder.to_owned()));
    }
    let policies = match (&file.policies, &file.policy) {
        (Some(policies), _) => policies.clone(),
        (None, policy) => Policies {
            api: policy.clone(),
            ..Policies::default()
        },
    };
    let mut api = file.api.clone().unwrap_or_else(|| ApiConfig::new("api"));
    api.service_url = api
        .service_url
        .or_else(|| Some("https://backend.test".to_owned()));
    api.policy = policies.api.or(api.policy);
    if let Some(policy) = policies.operation {
        match api.operations.first_mut() {
            Some(operation) => operation.policy = Some(policy),
            None => api.operations.push(OperationConfig {
                policy: Some(policy),
                ..OperationConfig::new("*", "/*")
            }),
        }
    }
    let mut config = Config::default();
    config.policy = policies.global;
    if let Some(policy) = policies.product {
        config.products.push(ProductConfig {
            apis: vec![api.id.clone()],
            policy: Some(policy),
            subscription_required: false,
            ..ProductConfig::new("product")
        });
    }
    config.apis.push(api);
    Ok((config, folder.to_owned()))
}

/// The gateway that the file describes.
fn builder(file: &TestFile, folder: &Path) -> Result<GatewayBuilder, String> {
    let (mut config, config_folder) = config(file, folder)?;
    // Messages for event hubs are looked at, not sent.
    config.event_hubs.clear();
    config.replace_secrets(|source| match source {
        SecretSource::Env(name) => file.environment.get(name).cloned(),
        SecretSource::File(path) => file.secret_files.get(path).cloned(),
        _ => None,
    });
    let builder = config.builder(&config_folder);
    let mut builder = builder.map_err(|error| error.to_string())?;
    for (name, value) in &file.named_values {
        builder = builder.named_value(name, value);
    }
    for (name, value) in &file.secrets {
        builder = builder.secret(name, value);
    }
    for (id, path) in &file.fragments {
        let path = folder.join(path);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        builder = builder.fragment(id, Source::new(path.display().to_string(), text));
    }
    for (id, backend) in &file.backends {
        let backend = backend.read(id, folder);
        builder = builder.backend_entity(backend.map_err(|error| error.to_string())?);
    }
    builder.change_catalog(|mut catalog| {
        for (id, user) in &file.users {
            let text = |text: &String| text.as_str().into();
            catalog = catalog.user(UserInfo {
                email: text(&user.email),
                first_name: text(&user.first_name),
                last_name: text(&user.last_name),
                note: user.note.as_ref().map(text),
                groups: (user.groups.iter())
                    .map(|name| GroupInfo {
                        id: name.to_lowercase().into(),
                        name: text(name),
                    })
                    .collect(),
                ..UserInfo::new(id.as_str())
            });
        }
        let mut products: HashSet<&str> =
            config.products.iter().map(|product| &*product.id).collect();
        for (id, subscription) in &file.subscriptions {
            if let Some(product) = &subscription.product
                && products.insert(product)
            {
                let apis = config.apis.iter();
                let product = Product::new(product.as_str());
                catalog = catalog.product(apis.fold(product, |product, api| product.api(&*api.id)));
            }
            catalog = catalog.subscription(subscription.read(id)?);
        }
        Ok(catalog)
    })
}

impl Subscription {
    /// The key, of a subscription of this id.
    pub(super) fn key(&self, id: &str) -> String {
        self.key.clone().unwrap_or_else(|| format!("key-of-{id}"))
    }

    fn read(&self, id: &str) -> Result<tollgate::Subscription, String> {
        let scope = match (&self.product, &self.api) {
            (Some(product), None) => SubscriptionScope::Product(product.clone()),
            (None, Some(api)) => SubscriptionScope::Api(api.clone()),
            (None, None) => SubscriptionScope::AllApis,
            (Some(_), Some(_)) => {
                return Err(format!(
                    "subscription {id}: give either `product` or `api`, not both"
                ));
            }
        };
        let mut subscription = tollgate::Subscription::new(id, self.key(id), scope)
            .name(self.name.as_deref().unwrap_or(id))
            .active(self.active.unwrap_or(true));
        if let Some(user) = &self.user {
            subscription = subscription.user(user);
        }
        Ok(subscription)
    }
}

/// The place that an entry of `never` names, and the outcome of its condition if it is about that.
fn never_at(plan: &Plan, never: &str) -> Option<(Span, Option<bool>)> {
    let (place, outcome) = match never.split_once('=') {
        None => (never, None),
        Some((place, outcome)) => (place.trim(), Some(outcome.trim().parse().ok()?)),
    };
    let mut places = plan.places().iter();
    let found = places.find(|one| {
        let one = format!("{}/{}", one.section.name(), one.path);
        is_place(&one, place)
    });
    found.map(|place| (place.span, outcome))
}

/// What is wrong with policies, each with a picture of the place.
fn rendered(errors: &LoadErrors) -> String {
    let all = errors.diagnostics.iter();
    let all: Vec<_> = all.map(|one| render(one, &errors.sources, false)).collect();
    format!("the policies do not load\n{}", all.join("\n\n"))
}

/// What is wrong with a gateway.
pub(super) fn build_error(error: &BuildError) -> String {
    match error {
        BuildError::Load(errors) => rendered(errors),
        other => other.to_string(),
    }
}

/// A message of serde, and which name was meant perhaps.
fn with_hint(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown ");
    let (Some(name), true) = (quoted.next(), unknown) else {
        return message.to_owned();
    };
    match super::hint(name, quoted) {
        hint if hint.is_empty() => message.to_owned(),
        hint => {
            let (what, _) = message.split_once(',').unwrap_or((message, ""));
            format!("{what}{hint}")
        }
    }
}
