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
//! is ignored). Connections come from the [`Credentials`](tollgate_engine::ports::Credentials) port, which keeps and
//! refreshes their tokens.
//!
//! Without a token the request fails with `AuthorizationContextFailure` and 500. With `ignore-error` it goes on, and the
//! variable is null. Source: get-authorization-context-policy.md.

use tollgate_dotnet::{Str, Value};
use tollgate_engine::ports::{AuthorizationRequest, AuthorizationToken, CredentialError, Step};
use tollgate_engine::{
    Authorization, BoxFuture, Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid,
    Policy, PolicyKind, Reads, Scopes, Sections, Setting, VariableName, optional, required,
};

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
    identity: Option<Setting<Option<Str>>>,
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
        let identity = e.optional_setting("identity");
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
            identity,
            ignore_error: ignore_error?,
        })
    }

    fn ask(&self, exchange: &mut Exchange) -> Result<Step<Token>, Failure> {
        let provider = self.provider.get(exchange)?.into_owned();
        let authorization = self.authorization.get(exchange)?.into_owned();
        let identity_type = match &self.identity_type {
            Some(setting) => *setting.get(exchange)?,
            None => IdentityType::Managed,
        };
        let identity = match (identity_type, &self.identity) {
            (IdentityType::Managed, _) => None,
            (IdentityType::Jwt, Some(identity)) => {
                let identity = identity.get(exchange)?.into_owned();
                let identity = identity.filter(|identity| !identity.is_empty());
                Some(identity.ok_or_else(Failure::validation)?)
            }
            (IdentityType::Jwt, None) => return Err(Failure::validation()),
        };
        let identity = identity.as_ref().map(|identity| identity.to_utf8());
        let credentials = &exchange.context.ports.credentials;
        Ok(credentials.authorization(AuthorizationRequest {
            provider_id: &provider.to_utf8(),
            authorization_id: &authorization.to_utf8(),
            identity: identity.as_deref(),
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
        let optional = [
            self.identity_type.as_ref().map(Setting::reads),
            self.identity.as_ref().map(Setting::reads),
            self.ignore_error.as_ref().map(Setting::reads),
        ];
        let required = [self.provider.reads(), self.authorization.reads()];
        (optional.into_iter().flatten())
            .chain(required)
            .fold(self.variable.reads(), Reads::or)
    }
}
