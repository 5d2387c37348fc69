//! Who may call an API: subscription keys. Source: api-management-subscriptions.md.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::catalog::{ApiInfo, SubscriptionInfo, UserInfo};
use crate::failure::Failure;
use crate::plan::{PlanApi, PlanProduct};
use crate::routing::{decode_query, query_value};

/// In whose name a request runs.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// The subscription of the key, if there was one.
    pub subscription: Option<Arc<SubscriptionInfo>>,
    /// The subscription's user.
    pub user: Option<Arc<UserInfo>>,
    /// The product in whose context the request runs; for [`Plan::pipeline`](crate::Plan::pipeline).
    pub product: Option<usize>,
}

/// Why a request may not call an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// It has no key and needs one.
    Missing,
    /// Its key is unknown, not active, or of another API.
    Invalid,
}

impl Denied {
    /// The failure with APIM's words, `401` and challenge. `host` is the one the client asked for.
    pub fn failure(self, api: &ApiInfo, host: &str) -> Failure {
        let (reason, message, body) = match self {
            Self::Missing => (
                "SubscriptionKeyNotFound",
                "Access denied due to missing subscription key. Make sure to include subscription key when making requests to this API.",
                "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.",
            ),
            Self::Invalid => (
                "SubscriptionKeyInvalid",
                "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.",
                "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.",
            ),
        };
        let failure = Failure::new(reason, message)
            .with_source("authorization")
            .respond(StatusCode::UNAUTHORIZED, body);
        let path = api.path.as_utf8().unwrap_or_default();
        let name = api.key_header.as_utf8().unwrap_or_default();
        // A quote in a host would end the realm early.
        let host = host.replace(['"', '\\'], "");
        let challenge = format!(
            "AzureApiManagementKey realm=\"https://{host}/{path}\",name=\"{name}\",type=\"header\""
        );
        match HeaderValue::try_from(challenge) {
            Ok(value) => failure.with_header(header::WWW_AUTHENTICATE, value),
            Err(_) => failure,
        }
    }
}

/// Whether a request may call an API: the key of its header, or, if that is absent, of its query.
/// `now` is in .NET ticks, UTC.
pub(crate) fn admit(
    keys: &Keys,
    products: &[PlanProduct],
    api: &PlanApi,
    headers: &HeaderMap,
    query: Option<&str>,
    now: i64,
) -> Result<Admission, Denied> {
    let header = headers.get(&api.key_header).map(HeaderValue::as_bytes);
    let key = match header {
        Some(key) => keys.get(key),
        None => {
            let name = api.info.key_query.as_utf8().unwrap_or_default();
            let Some(value) = query.and_then(|query| query_value(query, name)) else {
                return without_key(api);
            };
            keys.get(decode_query(value).as_bytes())
        }
    };
    let key = key.ok_or(Denied::Invalid)?;
    let product = key.opens(api, products, now).ok_or(Denied::Invalid)?;
    Ok(Admission {
        subscription: Some(Arc::clone(&key.info)),
        user: key.user.clone(),
        product,
    })
}

fn without_key(api: &PlanApi) -> Result<Admission, Denied> {
    if api.open_product.is_none() && api.subscription_required {
        return Err(Denied::Missing);
    }
    Ok(Admission {
        product: api.open_product,
        ..Admission::default()
    })
}

/// The keys of all subscriptions.
#[derive(Default)]
pub(crate) struct Keys {
    /// By hash: how long a look-up takes tells nothing of the keys.
    by_hash: HashMap<[u8; 32], (Box<str>, Arc<Key>)>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("count", &self.by_hash.len())
            .finish()
    }
}

/// What a key opens.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) info: Arc<SubscriptionInfo>,
    pub(crate) user: Option<Arc<UserInfo>>,
    pub(crate) scope: KeyScope,
    pub(crate) active: bool,
}

/// What a key opens.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyScope {
    /// Every API.
    AllApis,
    /// The API of this id.
    Api(Box<str>),
    /// The APIs of the product at this index.
    Product(usize),
}

impl Keys {
    /// Adds a key. An empty one opens nothing; one of another subscription is not added, and answered by false.
    pub(crate) fn add(&mut self, key: &str, opens: &Arc<Key>) -> bool {
        if key.is_empty() {
            return true;
        }
        let Some(hash) = hash(key.as_bytes()) else {
            return true;
        };
        let (_, owner) = self
            .by_hash
            .entry(hash)
            .or_insert_with(|| (key.into(), Arc::clone(opens)));
        Arc::ptr_eq(owner, opens)
    }

    fn get(&self, key: &[u8]) -> Option<&Key> {
        let (known, opens) = self.by_hash.get(&hash(key)?)?;
        verify_slices_are_equal(known.as_bytes(), key).ok()?;
        Some(opens)
    }
}

fn hash(key: &[u8]) -> Option<[u8; 32]> {
    digest(&SHA256, key).as_ref().try_into().ok()
}

impl Key {
    /// `Some` if it opens the API; in it the product in whose context the request then runs.
    fn opens(&self, api: &PlanApi, products: &[PlanProduct], now: i64) -> Option<Option<usize>> {
        let begun = self.info.start.is_none_or(|start| start <= now);
        let ended = self.info.end.is_some_and(|end| end <= now);
        if !self.active || !begun || ended {
            return None;
        }
        match &self.scope {
            KeyScope::AllApis => Some(None),
            KeyScope::Api(id) => (api.info.id.as_utf8() == Some(&**id)).then_some(None),
            KeyScope::Product(index) => {
                let published = products.get(*index)?.info.published;
                (published && api.products.contains(index)).then_some(Some(*index))
            }
        }
    }
}

#[cfg(test)]
mod tests;
