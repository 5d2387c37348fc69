//! Credentials over HTTP: managed identities, and the connections of a credential manager.

mod connection;
mod identity;
mod keeper;
mod response;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use tollgate_engine::ports::{
    AuthorizationRequest, AuthorizationToken, Clock, CredentialError, Credentials, HttpClient,
    IdentityRequest, Step,
};

use tollgate_dotnet::Str;

pub use connection::OAuthConnection;
pub use identity::ManagedIdentity;
use keeper::Keeper;

/// Gets tokens over HTTP, and keeps each until shortly before its time is over. Requests that need the same token at the
/// same time wait for one fetch. While a fetch fails the old token serves as long as it is good; what failed is not tried
/// again for five seconds.
pub struct HttpCredentials {
    http: Arc<dyn HttpClient>,
    clock: Arc<dyn Clock>,
    identity: ManagedIdentity,
    connections: HashMap<(String, String), Arc<OAuthConnection>>,
    identities: Arc<Keeper<Str>>,
    authorizations: Arc<Keeper<AuthorizationToken>>,
}

impl fmt::Debug for HttpCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpCredentials")
            .field("identity", &self.identity)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}

impl HttpCredentials {
    /// Credentials without connections.
    pub fn new(
        http: Arc<dyn HttpClient>,
        clock: Arc<dyn Clock>,
        identity: ManagedIdentity,
    ) -> Self {
        Self {
            http,
            identity,
            connections: HashMap::new(),
            identities: Arc::new(Keeper::new(Arc::clone(&clock))),
            authorizations: Arc::new(Keeper::new(Arc::clone(&clock))),
            clock,
        }
    }

    /// Adds a connection, which `get-authorization-context` names by its provider and its own id.
    #[must_use]
    pub fn connection(
        mut self,
        provider_id: impl Into<String>,
        authorization_id: impl Into<String>,
        connection: OAuthConnection,
    ) -> Self {
        let id = (provider_id.into(), authorization_id.into());
        self.connections.insert(id, Arc::new(connection));
        self
    }
}

impl Credentials for HttpCredentials {
    fn managed_identity(&self, request: IdentityRequest<'_>) -> Step<Result<Str, CredentialError>> {
        let key = format!(
            "{}\n{}",
            request.resource,
            request.client_id.unwrap_or_default()
        );
        self.identities.get(&key, || {
            let (http, clock) = (Arc::clone(&self.http), Arc::clone(&self.clock));
            let request = self.identity.request(request);
            Box::pin(async move { identity::token(&*http, &*clock, request?).await })
        })
    }

    fn authorization(
        &self,
        request: AuthorizationRequest<'_>,
    ) -> Step<Result<AuthorizationToken, CredentialError>> {
        let AuthorizationRequest {
            provider_id,
            authorization_id,
            principal,
        } = request;
        let refused = |message: String| Step::Ready(Err(CredentialError(message)));
        let id = (provider_id.to_owned(), authorization_id.to_owned());
        let Some(connection) = self.connections.get(&id) else {
            return refused(format!(
                "There is no connection {authorization_id} of the credential provider {provider_id}."
            ));
        };
        if principal.is_some_and(|principal| !connection.permits(principal)) {
            return refused(format!(
                "The connection {authorization_id} of the credential provider {provider_id} does not permit this identity."
            ));
        }
        self.authorizations
            .get(&format!("{provider_id}\n{authorization_id}"), || {
                let (http, connection) = (Arc::clone(&self.http), Arc::clone(connection));
                Box::pin(async move { connection.token(&*http).await })
            })
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
mod tests;
