//! Backend entities: from what the catalog says to what requests need.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use tollgate_dotnet::Str;

use super::assemble::Assembler;
use crate::backend::{Backend, Member, PlanBackend, Pool, PoolMember, Target, Threshold};
use crate::exchange::Url;

impl Assembler<'_> {
    /// The services first, as pools are made of them.
    pub(super) fn backends(&self) -> HashMap<Box<str>, Arc<PlanBackend>> {
        let all = &self.catalog.backends;
        let ids: Vec<Str> = all
            .iter()
            .map(|backend| backend.id.as_str().into())
            .collect();
        self.check_ids("backend", &ids);
        for (id, cluster) in &self.catalog.service_fabric {
            self.url(&format!("backend `{id}`"), &cluster.management_endpoint);
        }
        let mut known = HashMap::new();
        for backend in all {
            if let Target::Url(url) = &backend.target
                && let Some(url) = self.url(&format!("backend `{}`", backend.id), url)
                && let Some(service) = self.backend(backend, url, None)
            {
                known.insert(Box::from(backend.id.as_str()), Arc::new(service));
            }
        }
        let mut pools = Vec::new();
        for backend in all {
            if let Target::Pool { members, affinity } = &backend.target
                && let Some(pool) = self.pool(&backend.id, members, affinity.as_deref(), &known)
                && let Some(first) = pool.members.first()
                && let Some(pool) = self.backend(backend, first.backend.url.clone(), Some(pool))
            {
                pools.push((Box::from(backend.id.as_str()), Arc::new(pool)));
            }
        }
        known.extend(pools);
        known
    }

    fn backend(&self, backend: &Backend, url: Url, pool: Option<Pool>) -> Option<PlanBackend> {
        let what = format!("backend `{}`", backend.id);
        let wrong = |message: &str| {
            self.report("invalid-backend", format!("{what}: {message}"), None);
        };
        let authorization = (backend.authorization.as_ref())
            .map(|(scheme, value)| ("Authorization".to_owned(), format!("{scheme} {value}")));
        let mut headers = Vec::new();
        for (name, value) in backend.headers.iter().chain(&authorization) {
            match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(mut value)) => {
                    value.set_sensitive(true);
                    headers.push((name, value));
                }
                _ => {
                    wrong(&format!("`{name}` is no header, or its value is none"));
                    return None;
                }
            }
        }
        let certificate = match &backend.certificate {
            None => None,
            Some(id) => {
                let all = &self.catalog.certificates;
                let found = all.iter().find(|(known, _)| known == id);
                if found.is_none() {
                    wrong(&format!("there is no certificate `{id}`"));
                }
                Some(found?.1.clone())
            }
        };
        if let Some(breaker) = &backend.circuit_breaker {
            let sound = match breaker.threshold {
                Threshold::Count(count) => (1..=10_000).contains(&count),
                Threshold::Percentage(percentage) => (1..=100).contains(&percentage),
            };
            let message = match breaker {
                _ if !sound => {
                    "its circuit breaker takes 1 to 10,000 failures, or 1 to 100 percent"
                }
                _ if breaker.interval.is_zero() || breaker.trip.is_zero() => {
                    "its circuit breaker needs an interval and a time of the trip"
                }
                _ if breaker.status_codes.is_empty() && !breaker.errors => {
                    "its circuit breaker needs status codes or errors that are failures"
                }
                _ if pool.is_some() => "a pool has no circuit breaker; its members have",
                _ => "",
            };
            if !message.is_empty() {
                wrong(message);
                return None;
            }
        }
        Some(PlanBackend {
            id: backend.id.as_str().into(),
            url,
            headers,
            query: backend.query.clone(),
            certificate,
            managed_identity: backend.managed_identity.clone(),
            tls_checks: backend.tls_checks,
            circuit_breaker: backend.circuit_breaker.clone(),
            pool,
        })
    }

    fn pool(
        &self,
        id: &str,
        members: &[Member],
        affinity: Option<&str>,
        known: &HashMap<Box<str>, Arc<PlanBackend>>,
    ) -> Option<Pool> {
        let what = format!("backend `{id}`");
        let mut found = Vec::new();
        for member in members {
            match known.get(&*member.id) {
                Some(backend) => found.push(PoolMember {
                    backend: Arc::clone(backend),
                    priority: member.priority,
                    weight: member.weight.max(1),
                }),
                None => {
                    let message =
                        format!("{what}: there is no service `{}` to be a member", member.id);
                    self.report("invalid-backend", message, None);
                    return None;
                }
            }
        }
        let token = |name: &str| HeaderName::try_from(name).is_ok();
        let message = match found.len() {
            0 => "a pool needs a member",
            31.. => "a pool has at most 30 members",
            _ if !affinity.is_none_or(token) => "the name of its cookie is none",
            _ => {
                found.sort_by_key(|member| member.priority);
                return Some(Pool {
                    members: found,
                    affinity: affinity.map(Box::from),
                });
            }
        };
        self.report("invalid-backend", format!("{what}: {message}"), None);
        None
    }
}
