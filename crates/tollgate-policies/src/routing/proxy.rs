//! `proxy`: sends the request to its backend through an HTTP proxy.
//!
//! ```xml
//! <proxy url="http://proxy.example:3128" username="gateway" password="{{proxy-password}}" />
//! ```
//!
//! Requests to `https` backends go through a tunnel (`CONNECT`), others are sent to the proxy whole. Of several the last
//! one that runs counts. The proxy is spoken to in plain HTTP, and given `username` and `password` as `Basic`; NTLM is not
//! supported. What runs behind a layer in the same process is not reached through a proxy.
//!
//! A proxy that cannot be reached or refuses is a backend that cannot be reached: `BackendConnectionFailure`.
//! Source: proxy-policy.md.

use tollgate_dotnet::Str;
use tollgate_engine::ports::Proxy;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, Url, optional, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "proxy",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("url").about("Where the proxy is: `http://host:port`."),
        optional("username").about("The user name for it."),
        optional("password").about("The password for it."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(ProxyPolicy::load(e)?)),
};

/// The policy, alone or as a part of another.
#[derive(Debug)]
pub(crate) struct ProxyPolicy {
    url: Setting<ProxyUrl>,
    username: Option<Setting<Str>>,
    password: Option<Setting<Str>>,
}

/// `http://host:port`.
#[derive(Debug, Clone)]
struct ProxyUrl(Url);

impl FromValue for ProxyUrl {
    const EXPECTED: &'static str = "the URL of a proxy, `http://host:port`";

    fn from_literal(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_plain = url.scheme.as_utf8() == Some("http")
            && matches!(url.path.as_utf8(), Some("" | "/"))
            && url.query.is_empty();
        is_plain.then_some(Self(url))
    }
}

impl ProxyPolicy {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let url = e.setting("url");
        let username = e.optional_setting("username");
        let password = e.optional_setting("password");
        if e.has("password") && !e.has("username") {
            let message = "`password` needs `username`";
            return Err(e.error("missing-attribute", e.attribute_span("password"), message));
        }
        Ok(Self {
            url: url?,
            username: username?,
            password: password?,
        })
    }

    /// The proxy for this request.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Proxy, Failure> {
        let ProxyUrl(url) = self.url.get(exchange)?.into_owned();
        let credentials = match &self.username {
            None => None,
            Some(username) => {
                let username = username.get(exchange)?.into_owned();
                let password = match &self.password {
                    Some(password) => password.get(exchange)?.into_owned(),
                    None => Str::EMPTY,
                };
                Some((username, password))
            }
        };
        Ok(Proxy { url, credentials })
    }

    pub(crate) fn reads(&self) -> Reads {
        let optional = self.username.iter().chain(&self.password);
        optional
            .map(Setting::reads)
            .fold(self.url.reads(), Reads::or)
    }
}

impl Policy for ProxyPolicy {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let proxy = self.evaluate(exchange)?;
        exchange.context.request.proxy = Some(proxy);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        Self::reads(self)
    }
}
