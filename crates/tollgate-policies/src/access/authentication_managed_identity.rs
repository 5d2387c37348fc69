//! `authentication-managed-identity`: gives the backend a token of the gateway's own identity.
//!
//! ```xml
//! <authentication-managed-identity resource="https://cognitiveservices.azure.com" />
//! <authentication-managed-identity resource="https://vault.azure.net" client-id="{{identity}}"
//!     output-token-variable-name="token" ignore-error="true" />
//! ```
//!
//! Sets `Authorization: Bearer …`, or only the variable if there is one. `client-id` says which user-assigned identity;
//! without it, or empty, it is the system-assigned one. Tokens come from the [`Credentials`](tollgate_engine::ports::Credentials)
//! port, which keeps them.
//!
//! Without a token the request fails with `ManagedIdentityTokenFailure` and 500. With `ignore-error` it goes on: the
//! variable is then empty, and the header is left as it was. Source: authentication-managed-identity-policy.md.

use std::fmt;

use http::{HeaderValue, header};
use tollgate_dotnet::Str;
use tollgate_engine::ports::{CredentialError, IdentityRequest, Ports, Step};
use tollgate_engine::{
    BoxFuture, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, VariableName, optional, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "authentication-managed-identity",
    sections: Sections::INBOUND.or(Sections::OUTBOUND),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("resource").about("What the token is for."),
        optional("client-id").about("The client id of a user-assigned identity."),
        optional("output-token-variable-name")
            .literal()
            .about("A variable that takes the token, in place of the header."),
        optional("ignore-error").about("Whether the request goes on without a token; false."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(AuthenticationManagedIdentity::load(e)?)),
};

/// The policy, alone or as a part of another.
#[derive(Debug)]
pub(crate) struct AuthenticationManagedIdentity {
    resource: Setting<Str>,
    client_id: Option<Setting<Option<Str>>>,
    output: Option<VariableName>,
    ignore_error: Option<Setting<bool>>,
}

type Token = Result<Str, CredentialError>;

/// A token that was asked for.
pub(crate) struct PendingToken {
    token: Step<Token>,
    ignore_error: bool,
}

/// Shows nothing of the token.
impl fmt::Debug for PendingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingToken").finish_non_exhaustive()
    }
}

impl PendingToken {
    /// What `Authorization` says; nothing if there is no token and that is to be ignored.
    pub(crate) async fn authorization(self) -> Result<Option<HeaderValue>, Failure> {
        match authorization(&self.token.get().await) {
            Err(failure) if self.ignore_error => {
                ignored(&failure);
                Ok(None)
            }
            result => result.map(Some),
        }
    }
}

fn authorization(token: &Token) -> Result<HeaderValue, Failure> {
    let token = token.as_ref().map_err(|error| failure(error.clone()))?;
    let value = HeaderValue::try_from(format!("Bearer {}", token.to_utf8()));
    let mut value = value.map_err(|_| {
        let message = "The token of the managed identity is no header value.";
        failure(CredentialError(message.to_owned()))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What `Authorization` says for a request that the gateway makes by itself.
pub(crate) async fn bearer(
    ports: &Ports,
    request: IdentityRequest<'_>,
) -> Result<HeaderValue, Failure> {
    let token = ports.credentials.managed_identity(request).get().await;
    authorization(&token)
}

fn failure(error: CredentialError) -> Failure {
    Failure::new("ManagedIdentityTokenFailure", error.to_string())
}

fn ignored(failure: &Failure) {
    let reason = failure.message();
    tracing::warn!(%reason, "a request goes on without a managed identity's token");
}

impl AuthenticationManagedIdentity {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let resource = e.setting("resource");
        let client_id = e.optional_setting("client-id");
        let output = e.optional_literal("output-token-variable-name");
        let ignore_error = e.optional_setting("ignore-error");
        Ok(Self {
            resource: resource?,
            client_id: client_id?,
            output: output?,
            ignore_error: ignore_error?,
        })
    }

    /// Asks for a token, for a request that another policy sends.
    pub(crate) fn begin(&self, exchange: &mut Exchange) -> Result<PendingToken, Failure> {
        let token = self.ask(exchange)?;
        let ignore_error = self.ignores(exchange)?;
        Ok(PendingToken {
            token,
            ignore_error,
        })
    }

    fn ignores(&self, exchange: &mut Exchange) -> Result<bool, Failure> {
        match &self.ignore_error {
            Some(setting) => setting.get(exchange).map(|ignores| *ignores),
            None => Ok(false),
        }
    }

    fn ask(&self, exchange: &mut Exchange) -> Result<Step<Token>, Failure> {
        let resource = self.resource.get(exchange)?.into_owned();
        let client_id = match &self.client_id {
            Some(client_id) => client_id.get(exchange)?.into_owned(),
            None => None,
        };
        let client_id = client_id.filter(|client_id| !client_id.is_empty());
        let client_id = client_id.as_ref().map(|client_id| client_id.to_utf8());
        if resource.is_empty() {
            return Err(Failure::validation());
        }
        let credentials = &exchange.context.ports.credentials;
        Ok(credentials.managed_identity(IdentityRequest {
            resource: &resource.to_utf8(),
            client_id: client_id.as_deref(),
        }))
    }

    fn conclude(&self, exchange: &mut Exchange, token: Token) -> Result<Flow, Failure> {
        let ignore_error = self.ignores(exchange)?;
        if let Ok(token) = &token {
            exchange.context.hide(|| token.to_utf8().into_owned());
        }
        let result = match &self.output {
            None => authorization(&token).map(|value| {
                let headers = &mut exchange.context.request.headers;
                headers.insert(header::AUTHORIZATION, value);
            }),
            Some(output) => {
                let text = token.as_ref().cloned().unwrap_or_default();
                exchange.context.variables.set(output, text.into());
                token.map(drop).map_err(failure)
            }
        };
        match result {
            Err(failure) if ignore_error => ignored(&failure),
            result => result?,
        }
        Ok(Flow::Next)
    }

    pub(crate) fn reads(&self) -> Reads {
        let client_id = self.client_id.as_ref().map_or(Reads::NONE, Setting::reads);
        let ignore = self
            .ignore_error
            .as_ref()
            .map_or(Reads::NONE, Setting::reads);
        self.resource.reads().or(client_id).or(ignore)
    }
}

impl Policy for AuthenticationManagedIdentity {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match self.ask(exchange)? {
            Step::Ready(token) => self.conclude(exchange, token),
            Step::Pending(token) => {
                exchange.keep(token);
                Ok(Flow::Wait)
            }
        }
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let token = exchange.take_kept::<BoxFuture<'static, Token>>();
            let token = token
                .ok_or_else(|| Failure::without_reason("A credential's answer was lost."))?
                .await;
            self.conclude(exchange, token)
        })
    }

    fn reads(&self) -> Reads {
        Self::reads(self)
    }
}
