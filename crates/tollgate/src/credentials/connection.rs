//! Connections of a credential manager: OAuth 2.0 tokens (RFC 6749) from a token endpoint.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tollgate_dotnet::Str;
use tollgate_engine::Body;
use tollgate_engine::ports::{AuthorizationToken, CredentialError, HttpClient, Principal};

use super::keeper::Fresh;
use super::response::{access_token, ask, form, seconds};

/// A connection: who the gateway is to an OAuth provider, and what it wants there.
/// Source: credentials-overview.md.
pub struct OAuthConnection {
    token_endpoint: String,
    client_id: String,
    client_secret: String,
    /// Of the grant `refresh_token`; otherwise it is `client_credentials`. A provider may give a new one each time.
    refresh_token: Option<Mutex<String>>,
    scope: Option<String>,
    parameters: Vec<(String, String)>,
    basic: bool,
    permitted: Vec<Principal>,
}

/// A copy that goes its own way: it begins with the refresh token of now.
impl Clone for OAuthConnection {
    fn clone(&self) -> Self {
        let now = |token: &Mutex<String>| {
            let token = token.lock().unwrap_or_else(PoisonError::into_inner);
            Mutex::new(token.clone())
        };
        Self {
            token_endpoint: self.token_endpoint.clone(),
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.clone(),
            refresh_token: self.refresh_token.as_ref().map(now),
            scope: self.scope.clone(),
            parameters: self.parameters.clone(),
            basic: self.basic,
            permitted: self.permitted.clone(),
        }
    }
}

/// Shows no secret.
impl fmt::Debug for OAuthConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthConnection")
            .field("token_endpoint", &self.token_endpoint)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

const WHAT: &str = "The token of the connection";

impl OAuthConnection {
    /// The grant `client_credentials`: the gateway speaks for itself.
    pub fn client_credentials(
        token_endpoint: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Self {
        Self {
            token_endpoint: token_endpoint.into(),
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            refresh_token: None,
            scope: None,
            parameters: Vec::new(),
            basic: false,
            permitted: Vec::new(),
        }
    }

    /// The grant `refresh_token`, for a user who has given consent elsewhere. Refresh tokens that the provider gives in
    /// exchange are kept in memory only.
    #[must_use]
    pub fn refresh_token(mut self, token: impl Into<String>) -> Self {
        self.refresh_token = Some(Mutex::new(token.into()));
        self
    }

    /// Sets `scope`: names with spaces between them.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Adds a parameter that the provider wants, such as `resource` or `audience`.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Sends client id and secret in `Authorization: Basic`, and not in the body.
    #[must_use]
    pub fn basic(mut self) -> Self {
        self.basic = true;
        self
    }

    /// Lets a user or an application have the token by `identity-type="jwt"`: an access policy of the
    /// connection. The gateway itself may always.
    #[must_use]
    pub fn permit(mut self, object_id: impl Into<String>, tenant_id: impl Into<String>) -> Self {
        self.permitted.push(Principal {
            object_id: object_id.into(),
            tenant_id: tenant_id.into(),
        });
        self
    }

    pub(super) fn permits(&self, principal: &Principal) -> bool {
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let mut permitted = self.permitted.iter();
        permitted.any(|one| {
            same(&one.object_id, &principal.object_id) && same(&one.tenant_id, &principal.tenant_id)
        })
    }

    pub(super) async fn token(
        &self,
        http: &dyn HttpClient,
    ) -> Result<Fresh<AuthorizationToken>, CredentialError> {
        let members = ask(http, self.request()?, WHAT).await?;
        let access_token: Str = access_token(&members, WHAT)?.into();
        let seconds = seconds(&members);
        let renewed = members.get("refresh_token").and_then(Value::as_str);
        if let (Some(kept), Some(renewed)) = (&self.refresh_token, renewed) {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = renewed.to_owned();
        }
        let secret = |name: &str| matches!(name, "access_token" | "refresh_token");
        let claims = (members.into_iter()).filter(|(name, _)| !secret(name));
        Ok(Fresh {
            token: AuthorizationToken {
                access_token,
                claims: claims.map(|(name, value)| (name.into(), value)).collect(),
            },
            seconds,
        })
    }

    fn request(&self) -> Result<Request<Body>, CredentialError> {
        let refresh_token = self.refresh_token.as_ref();
        let refresh_token =
            refresh_token.map(|token| token.lock().unwrap_or_else(PoisonError::into_inner).clone());
        let grant = match refresh_token {
            Some(_) => "refresh_token",
            None => "client_credentials",
        };
        let mut pairs = vec![("grant_type", grant)];
        pairs.extend(
            refresh_token
                .as_deref()
                .map(|token| ("refresh_token", token)),
        );
        pairs.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        pairs.extend((self.parameters.iter()).map(|(name, value)| (name.as_str(), value.as_str())));
        let mut request = Request::post(&self.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if self.basic {
            let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
            let both = format!(
                "{}:{}",
                encode(&self.client_id),
                encode(&self.client_secret)
            );
            let value = format!("Basic {}", STANDARD.encode(both));
            request = request.header(header::AUTHORIZATION, value);
        } else {
            pairs.push(("client_id", &self.client_id));
            pairs.push(("client_secret", &self.client_secret));
        }
        let body = form(pairs);
        request
            .header(header::CONTENT_LENGTH, body.len())
            .body(Body::from(body))
            .map_err(|_| CredentialError(format!("{WHAT}: its endpoint is no URL.")))
    }
}
