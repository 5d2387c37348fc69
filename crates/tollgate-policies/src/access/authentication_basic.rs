//! `authentication-basic`: gives the backend a user name and a password.
//!
//! ```xml
//! <authentication-basic username="gateway" password="{{backend-password}}" />
//! ```
//!
//! Sets `Authorization: Basic …`, Base64 of `username:password` in UTF-8, in place of whatever the client sent. A null
//! value fails with `ExpressionValueValidationFailure`; an empty one is a value. Source: authentication-basic-policy.md.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use tollgate_dotnet::Str;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "authentication-basic",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("username").about("The user name."),
        required("password").about("The password."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(AuthenticationBasic::load(e)?)),
};

/// The policy, alone or as a part of another.
#[derive(Debug)]
pub(crate) struct AuthenticationBasic {
    username: Setting<Str>,
    password: Setting<Str>,
}

impl AuthenticationBasic {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (username, password) = (e.setting("username"), e.setting("password"));
        Ok(Self {
            username: username?,
            password: password?,
        })
    }

    /// What `Authorization` says.
    pub(crate) fn authorization(&self, exchange: &mut Exchange) -> Result<HeaderValue, Failure> {
        let username = self.username.get(exchange)?.into_owned();
        let password = self.password.get(exchange)?;
        let both = format!("{}:{}", username.to_utf8(), password.to_utf8());
        let encoded = STANDARD.encode(both);
        exchange.context.hide(|| encoded.clone());
        let value = HeaderValue::try_from(format!("Basic {encoded}"));
        let mut value = value.map_err(|_| Failure::validation())?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl AuthenticationBasic {
    pub(crate) fn reads(&self) -> Reads {
        self.username.reads().or(self.password.reads())
    }
}

impl Policy for AuthenticationBasic {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let value = self.authorization(exchange)?;
        let headers = &mut exchange.context.request.headers;
        headers.insert(header::AUTHORIZATION, value);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        Self::reads(self)
    }
}
