//! `get-authorization-context`: the token of a connection in the credential manager, for other policies.
//!
//! ```xml
//! <get-authorization-context provider-id="github" authorization-id="bot" context-variable-name="auth"
//!     identity-type="managed" ignore-error="false" />
//! <set-header name="Authorization">
//!     <value>@("Bearer " + ((Authorization)context.Variables.GetValueOrDefault("auth"))?.AccessToken)</value>
//! </set-header>
//! ```
//!
//! The variable takes an `Authorization`: `AccessToken`, and as `Claims` what else the token endpoint answered. The
//! gateway itself asks (`managed`), or who holds the token that `identity` has (`jwt`; then it must be there, otherwise it
//! is ignored): a token of Microsoft Entra ID for `https://azure-api.net/authorization-manager`, which is checked as
//! `validate-azure-ad-token` does; the connection must permit its `oid` and `tid`. Connections come from the
//! [`Credentials`](tollgate_engine::ports::Credentials) port, which keeps and refreshes their tokens.
//!
//! Without a token the request fails with `AuthorizationContextFailure` and 500. With `ignore-error` it goes on, and the
//! variable is null. Source: get-authorization-context-policy.md.

use tollgate_dotnet::{Str, Value};
use tollgate_engine::ports::{
    AuthorizationRequest, AuthorizationToken, CredentialError, Principal, Step,
};
use tollgate_engine::{
    Authorization, BoxFuture, Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid,
    Policy, PolicyKind, Reads, Scopes, Sections, Setting, VariableName, optional, required,
};

use super::jwt::entra::Entra;
use super::jwt::location::Location;
use super::jwt::rejection::Refusal;
use super::validate_jwt::ValidateJwt;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "get-authorization-context",
    sections: Sections::INBOUND
        .or(Sections::BACKEND)
        .or(Sections::OUTBOUND),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("provider-id").about("The credential provider."),
        required("authorization-id").about("The connection."),
        required("context-variable-name").about("The variable that takes the `Authorization`."),
        optional("identity-type").about("`managed` (default) or `jwt`: who asks."),
        optional("identity").about("The token of who asks, for `jwt`."),
        optional("ignore-error").about("Whether the request goes on without a token; false."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(GetAuthorizationContext::load(e)?)),
};

#[derive(Debug)]
struct GetAuthorizationContext {
    provider: Setting<Str>,
    authorization: Setting<Str>,
    variable: Setting<VariableName>,
    identity_type: Option<Setting<IdentityType>>,
    /// What holds the token of `identity` to the rules.
    identity: Option<ValidateJwt>,
    ignore_error: Option<Setting<bool>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IdentityType {
    Managed,
    Jwt,
}

impl FromValue for IdentityType {
    const EXPECTED: &'static str = "`managed` or `jwt`";

    fn from_literal(text: &str) -> Option<Self> {
        match text {
            _ if text.eq_ignore_ascii_case("managed") => Some(Self::Managed),
            _ if text.eq_ignore_ascii_case("jwt") => Some(Self::Jwt),
            _ => None,
        }
    }
}

type Token = Result<AuthorizationToken, CredentialError>;

impl GetAuthorizationContext {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let provider = e.setting("provider-id");
        let authorization = e.setting("authorization-id");
        let variable = e.setting("context-variable-name");
        let identity_type = e.optional_setting::<IdentityType>("identity-type");
        let identity = e.optional_setting::<Option<Str>>("identity");
        let ignore_error = e.optional_setting("ignore-error");
        let (identity_type, identity) = (identity_type?, identity?);
        let is_jwt = |kind: &Setting<IdentityType>| kind.literal() == Some(&IdentityType::Jwt);
        if identity.is_none() && identity_type.as_ref().is_some_and(is_jwt) {
            let message = "`identity-type=\"jwt\"` needs `identity`";
            return Err(e.error("missing-attribute", e.name_span(), message));
        }
        Ok(Self {
            provider: provider?,
            authorization: authorization?,
            variable: variable?,
            identity_type,
            identity: identity.map(entra_token),
            ignore_error: ignore_error?,
        })
    }

    fn identity_type(&self, exchange: &mut Exchange) -> Result<IdentityType, Failure> {
        match &self.identity_type {
            Some(setting) => Ok(*setting.get(exchange)?),
            None => Ok(IdentityType::Managed),
        }
    }

    /// Who holds the token of `identity`; or why it is no good.
    async fn principal(
        &self,
        exchange: &mut Exchange,
    ) -> Result<Result<Principal, CredentialError>, Failure> {
        let identity = self.identity.as_ref().ok_or_else(Failure::validation)?;
        let verified = match identity.validate(exchange).await {
            Ok(verified) => verified,
            Err(Refusal::Failed(failure)) => return Err(failure),
            Err(Refusal::Rejected(rejection)) => {
                return Ok(Err(CredentialError(rejection.to_string())));
            }
        };
        let claim = |name: &str| {
            let claim = verified.claims.0.get(name);
            claim.and_then(|claim| Some(claim.as_str()?.to_owned()))
        };
        let principal = claim("oid").zip(claim("tid"));
        Ok(principal
            .map(|(object_id, tenant_id)| Principal {
                object_id,
                tenant_id,
            })
            .ok_or_else(|| CredentialError("The identity's JWT has no `oid` or no `tid`.".into())))
    }

    fn ask(
        &self,
        exchange: &mut Exchange,
        principal: Option<&Principal>,
    ) -> Result<Step<Token>, Failure> {
        let provider = self.provider.get(exchange)?.into_owned();
        let authorization = self.authorization.get(exchange)?.into_owned();
        let credentials = &exchange.context.ports.credentials;
        Ok(credentials.authorization(AuthorizationRequest {
            provider_id: &provider.to_utf8(),
            authorization_id: &authorization.to_utf8(),
            principal,
        }))
    }

    fn conclude(&self, exchange: &mut Exchange, token: Token) -> Result<Flow, Failure> {
        let variable = self.variable.get(exchange)?.into_owned();
        let ignore_error = match &self.ignore_error {
            Some(setting) => *setting.get(exchange)?,
            None => false,
        };
        let value = match token {
            Ok(token) => {
                let text = &token.access_token;
                exchange.context.hide(|| text.to_utf8().into_owned());
                let claims = token.claims.into_iter();
                let claims = claims.map(|(name, value)| (name, claim(value)));
                Value::object(Authorization::new(token.access_token, claims))
            }
            Err(error) if ignore_error => {
                let reason = exchange.masked(&error.to_string());
                tracing::warn!(%reason, "a request goes on without an authorization context");
                Value::Null
            }
            Err(error) => {
                let message = error.to_string();
                return Err(Failure::new("AuthorizationContextFailure", message));
            }
        };
        exchange.context.variables.set(&variable, value);
        Ok(Flow::Next)
    }
}

/// Whom a token must be for that says who asks.
const AUDIENCE: &str = "https://azure-api.net/authorization-manager";

/// Any tenant's token in `identity`, if it is for connections.
fn entra_token(identity: Setting<Option<Str>>) -> ValidateJwt {
    let entra = Entra {
        tenant: Setting::Literal(Str::from_static("common")),
        endpoint: None,
        backends: Vec::new(),
        clients: Vec::new(),
    };
    ValidateJwt {
        audiences: vec![Setting::Literal(Str::from_static(AUDIENCE))],
        ..ValidateJwt::entra(Location::Value(identity), entra)
    }
}

/// A JSON value as a claim: what has parts is text.
fn claim(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::String(text) => Str::from(text).into(),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Int64(number),
            (None, Some(number)) => Value::Double(number),
            (None, None) => Value::Null,
        },
        other => Str::from(other.to_string()).into(),
    }
}

impl Policy for GetAuthorizationContext {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        if self.identity_type(exchange)? == IdentityType::Jwt {
            return Ok(Flow::Wait);
        }
        match self.ask(exchange, None)? {
            Step::Ready(token) => self.conclude(exchange, token),
            Step::Pending(token) => {
                exchange.keep(token);
                Ok(Flow::Wait)
            }
        }
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            let token = match exchange.take_kept::<BoxFuture<'static, Token>>() {
                Some(token) => token.await,
                None => match self.principal(exchange).await? {
                    Ok(principal) => self.ask(exchange, Some(&principal))?.get().await,
                    Err(error) => Err(error),
                },
            };
            self.conclude(exchange, token)
        })
    }

    fn reads(&self) -> Reads {
        let optional = [
            self.identity_type.as_ref().map(Setting::reads),
            self.identity.as_ref().map(Policy::reads),
            self.ignore_error.as_ref().map(Setting::reads),
        ];
        let required = [self.provider.reads(), self.authorization.reads()];
        (optional.into_iter().flatten())
            .chain(required)
            .fold(self.variable.reads(), Reads::or)
    }
}
