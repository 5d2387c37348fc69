//! Managed identities: tokens from the platform that the gateway runs on.

use std::env;
use std::fmt;

use http::Request;
use serde_json::{Map, Value};
use tollgate_dotnet::Str;
use tollgate_engine::Body;
use tollgate_engine::ports::{
    Clock, CredentialError, HttpClient, IdentityRequest, TICKS_PER_SECOND, UNIX_EPOCH_TICKS,
};

use super::keeper::Fresh;
use super::response::{access_token, ask, form, seconds};

/// Where tokens of managed identities come from.
/// Source: how-to-use-vm-token.md, overview-managed-identity.md (App Service).
#[derive(Clone)]
pub struct ManagedIdentity(Kind);

#[derive(Clone)]
enum Kind {
    /// The instance metadata service of virtual machines.
    Imds { endpoint: String },
    /// The endpoint of App Service, Functions, Container Apps.
    AppService { endpoint: String, header: String },
}

/// The instance metadata service, which is at the same place everywhere.
const IMDS: &str = "http://169.254.169.254";

impl ManagedIdentity {
    /// What the environment says: `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` as App Service and Container Apps set them,
    /// or else the instance metadata service, at `AZURE_POD_IDENTITY_AUTHORITY_HOST` if that is set.
    pub fn from_environment() -> Self {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        match (variable("IDENTITY_ENDPOINT"), variable("IDENTITY_HEADER")) {
            (Some(endpoint), Some(header)) => Self::app_service(endpoint, header),
            _ => {
                let host = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
                Self::imds(host.unwrap_or_else(|| IMDS.to_owned()))
            }
        }
    }

    /// The instance metadata service at this base URL; usually `http://169.254.169.254`.
    pub fn imds(endpoint: impl Into<String>) -> Self {
        Self(Kind::Imds {
            endpoint: endpoint.into(),
        })
    }

    /// The endpoint of App Service, and the secret that `X-IDENTITY-HEADER` must say.
    pub fn app_service(endpoint: impl Into<String>, header: impl Into<String>) -> Self {
        Self(Kind::AppService {
            endpoint: endpoint.into(),
            header: header.into(),
        })
    }

    pub(super) fn request(
        &self,
        request: IdentityRequest<'_>,
    ) -> Result<Request<Body>, CredentialError> {
        let (url, version, (name, value)) = match &self.0 {
            Kind::Imds { endpoint } => (
                format!(
                    "{}/metadata/identity/oauth2/token",
                    endpoint.trim_end_matches('/')
                ),
                "2018-02-01",
                ("Metadata", "true"),
            ),
            Kind::AppService { endpoint, header } => (
                endpoint.clone(),
                "2019-08-01",
                ("X-IDENTITY-HEADER", header.as_str()),
            ),
        };
        let client_id = request.client_id.map(|id| ("client_id", id));
        let query = [("resource", request.resource)]
            .into_iter()
            .chain(client_id);
        // The version stands as it is: not every endpoint decodes it.
        let url = format!("{url}?api-version={version}&{}", form(query));
        let request = Request::get(url).header(name, value).body(Body::empty());
        request.map_err(|_| CredentialError(format!("{WHAT}: its endpoint is no URL.")))
    }
}

const WHAT: &str = "The token of the managed identity";

pub(super) async fn token(
    http: &dyn HttpClient,
    clock: &dyn Clock,
    request: Request<Body>,
) -> Result<Fresh<Str>, CredentialError> {
    let members = ask(http, request, WHAT).await?;
    let seconds = match members.contains_key("expires_in") {
        true => seconds(&members),
        // App Service only tells when it ends.
        false => until(&members, clock.now()),
    };
    Ok(Fresh {
        token: access_token(&members, WHAT)?.into(),
        seconds,
    })
}

/// For how many seconds a token is good whose answer says when it ends. `now` is in ticks.
fn until(members: &Map<String, Value>, now: i64) -> i64 {
    let on = members.get("expires_on").and_then(|value| match value {
        Value::String(text) => text.parse().ok(),
        number => number.as_i64(),
    });
    let now = now.saturating_sub(UNIX_EPOCH_TICKS) / TICKS_PER_SECOND;
    on.map_or_else(|| seconds(members), |on: i64| on.saturating_sub(now).max(0))
}

/// Shows no secret.
impl fmt::Debug for ManagedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Kind::Imds { endpoint } | Kind::AppService { endpoint, .. }) = &self.0;
        f.debug_tuple("ManagedIdentity").field(endpoint).finish()
    }
}
