//! Service Fabric: where the replicas of a service are, as the cluster's naming service tells over HTTP.
//!
//! Asked is `GET {management endpoint}/Services/{service}/$/ResolvePartition?api-version=6.0`, the REST interface that
//! every cluster has (port 19080). An answer is kept for a minute, and asked for anew when `sf-resolve-condition` says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use tollgate_engine::ports::{OutboundRequest, Ports, TICKS_PER_SECOND};
use tollgate_engine::{Body, Failure, ServiceFabric, Url};

use crate::transformation::set_query_parameter::encode;

/// How long an answer is good, in ticks.
const MAX_AGE: i64 = 60 * TICKS_PER_SECOND;
/// How many services are remembered: expressions may name any number of them.
const MAX_SERVICES: usize = 1024;
/// How long an answer may be, in bytes.
const MAX_ANSWER: usize = 1 << 20;
/// How long the naming service may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Which replicas a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ReplicaType {
    /// The one that writes; any of a stateless service.
    #[default]
    Primary,
    /// One of those that only read.
    Secondary,
}

/// What is asked of the naming service.
#[derive(Debug)]
pub(super) struct Question<'q> {
    /// `fabric:/app/service`.
    pub(super) service: &'q str,
    pub(super) partition_key: Option<&'q str>,
    pub(super) replica: ReplicaType,
    pub(super) listener: Option<&'q str>,
    /// Whether what is known is not to be believed.
    pub(super) anew: bool,
}

/// What was resolved. Lives in [`Ports::shared`].
#[derive(Debug, Default)]
pub(super) struct Resolved(Mutex<HashMap<String, Arc<Resolution>>>);

#[derive(Debug)]
struct Resolution {
    at: i64,
    partition: Partition,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Partition {
    #[serde(default)]
    endpoints: Vec<Endpoint>,
    #[serde(default)]
    version: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    kind: Value,
    address: String,
}

/// The base URL of a replica.
pub(super) async fn resolve(
    ports: &Ports,
    cluster: &ServiceFabric,
    question: &Question<'_>,
) -> Result<Url, Failure> {
    let query = query(question);
    let name = question.service;
    let name = name
        .strip_prefix("fabric:/")
        .unwrap_or(name)
        .trim_matches('/');
    if name.is_empty() {
        return Err(failed("there is no service instance name"));
    }
    let service: Vec<_> = (name.split('/').map(|part| encode(part).to_string())).collect();
    let url = format!(
        "{}/Services/{}/$/ResolvePartition?{query}",
        cluster.management_endpoint.trim_end_matches('/'),
        service.join("~"),
    );
    let resolved = ports.shared.get::<Resolved>();
    let now = ports.clock.now();
    let known = resolved.get(&url);
    let fresh = |known: &Arc<Resolution>| !question.anew && now < known.at.saturating_add(MAX_AGE);
    let resolution = match known {
        Some(known) if fresh(&known) => known,
        known => {
            let version = known.and_then(|known| known.partition.version.clone());
            let partition = ask(ports, cluster, &url, version.as_deref()).await?;
            resolved.put(url, Resolution { at: now, partition })
        }
    };
    choose(&resolution.partition, question, ports.random.next_u64())
        .ok_or_else(|| failed("it has no replica and listener of that kind"))
}

fn query(question: &Question<'_>) -> String {
    let (kind, value) = match question.partition_key {
        None => (1, String::new()),
        Some(key) if key.parse::<i64>().is_ok() => (2, format!("&PartitionKeyValue={key}")),
        Some(key) => (3, format!("&PartitionKeyValue={}", encode(key))),
    };
    format!("api-version=6.0&PartitionKeyType={kind}{value}")
}

async fn ask(
    ports: &Ports,
    cluster: &ServiceFabric,
    url: &str,
    previous: Option<&str>,
) -> Result<Partition, Failure> {
    let url = match previous {
        Some(version) => format!("{url}&PreviousRspVersion={}", encode(version)),
        None => url.to_owned(),
    };
    let request = Request::get(url)
        .header(header::ACCEPT, "application/json")
        .body(Body::empty())
        .map_err(|_| failed("its URL is none"))?;
    let request = OutboundRequest {
        timeout: Some(TIMEOUT),
        identity: cluster.identity.clone(),
        ..OutboundRequest::new(request)
    };
    let answer = ports.http.send(request).await;
    let mut answer = answer.map_err(|error| failed(&error.message))?;
    if answer.status() != StatusCode::OK {
        return Err(failed(&format!(
            "the naming service answers {}",
            answer.status()
        )));
    }
    let body = answer.body_mut().buffer(MAX_ANSWER).await;
    let body = body.map_err(|error| failed(&error.to_string()))?;
    serde_json::from_slice(&body).map_err(|error| failed(&error.to_string()))
}

/// The address of one of the replicas that are right, at random.
fn choose(partition: &Partition, question: &Question<'_>, random: u64) -> Option<Url> {
    let right = |endpoint: &&Endpoint| {
        let kinds: [(&str, u64); 2] = match question.replica {
            ReplicaType::Primary => [("StatefulPrimary", 2), ("Stateless", 1)],
            ReplicaType::Secondary => [("StatefulSecondary", 3), ("StatefulSecondary", 3)],
        };
        let is = |(name, number): &(&str, u64)| {
            endpoint.kind.as_str() == Some(*name) || endpoint.kind.as_u64() == Some(*number)
        };
        kinds.iter().any(is)
    };
    let endpoints: Vec<&Endpoint> = partition.endpoints.iter().filter(right).collect();
    let count = u64::try_from(endpoints.len()).ok()?;
    let index = usize::try_from(random.checked_rem(count)?).ok()?;
    let address = &endpoints.get(index)?.address;
    let Ok(listeners) = serde_json::from_str::<Value>(address) else {
        // A replica with one listener may give its URL as it is.
        return match question.listener {
            None => Url::parse_base(address).ok(),
            Some(_) => None,
        };
    };
    let listeners = listeners.get("Endpoints")?.as_object()?;
    let url = match question.listener {
        Some(name) => listeners.get(name),
        None => listeners.get("").or_else(|| listeners.values().next()),
    };
    Url::parse_base(url?.as_str()?).ok()
}

fn failed(what: &str) -> Failure {
    let message = format!("The Service Fabric service could not be resolved: {what}.");
    Failure::new("BackendConnectionFailure", message)
}

impl Resolved {
    fn get(&self, url: &str) -> Option<Arc<Resolution>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(url).cloned()
    }

    fn put(&self, url: String, resolution: Resolution) -> Arc<Resolution> {
        let resolution = Arc::new(resolution);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_SERVICES {
            known.clear();
        }
        known.insert(url, Arc::clone(&resolution));
        resolution
    }
}
