//! A request that a policy sends on its own account: what `send-request` and `send-one-way-request` have in common.
//!
//! With mode `new` it begins as an empty `GET`; with mode `copy` as `context.Request` is now: method, URL (that of the
//! backend), headers and body, without what belongs to the client's connection. In outbound a copy has no body. The
//! children are applied in their order; expressions in them see the request of the client and never the new one. The
//! URL is read as .NET's `Uri` reads it: what must be escaped in it is escaped. `Host` follows the URL unless
//! `set-header` sets it; redirects are not followed. `authentication-certificate`, `authentication-basic`,
//! `authentication-managed-identity` and `proxy` in it are for this request alone. It goes to the HTTP client also where `forward-request` calls a
//! service in the process.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderValue, Method, header};
use http_body::Body as _;
use serde_json::json;
use tollgate_dotnet::{Value, absolute_uri};
use tollgate_engine::exchange::{BodyError, strip_hop_by_hop};
use tollgate_engine::ports::{OutboundRequest, Ports, SendError, SendErrorKind};
use tollgate_engine::{
    AttributeSpec, Body, Children, ElementReader, ElementSpec, Exchange, Failure, FromValue,
    Invalid, Reads, Response, Section, Setting, Url, element, optional,
};

use crate::access::authentication_basic::AuthenticationBasic;
use crate::access::authentication_certificate::AuthenticationCertificate;
use crate::access::authentication_managed_identity::{AuthenticationManagedIdentity, PendingToken};
use crate::access::{
    authentication_basic, authentication_certificate, authentication_managed_identity,
};
use crate::routing::proxy::{self, ProxyPolicy};
use crate::transformation::set_body::SetBody;
use crate::transformation::set_header::SetHeader;
use crate::transformation::set_method::SetMethod;
use crate::transformation::{set_body, set_header, set_method};

/// `mode`.
pub(crate) const MODE: AttributeSpec =
    optional("mode").about("`new` (the default), or `copy` of the current request.");
/// `timeout`.
pub(crate) const TIMEOUT: AttributeSpec =
    optional("timeout").about("Seconds to wait for the whole response; 60 unless given.");

/// What may stand in it.
pub(crate) const CHILDREN: Children = Children::Elements(&[
    element("set-url").children(Children::Text),
    ElementSpec::policy(&set_method::KIND),
    ElementSpec::policy(&set_header::KIND).many(),
    ElementSpec::policy(&set_body::KIND),
    ElementSpec::policy(&authentication_certificate::KIND),
    ElementSpec::policy(&authentication_basic::KIND),
    ElementSpec::policy(&authentication_managed_identity::KIND),
    ElementSpec::policy(&proxy::KIND),
]);

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// What a policy says of the request that it sends.
#[derive(Debug)]
pub(crate) struct Outgoing {
    mode: Setting<Mode>,
    timeout: Setting<Duration>,
    url: Option<Setting<AbsoluteUrl>>,
    method: Option<SetMethod>,
    headers: Vec<SetHeader>,
    body: Option<SetBody>,
    certificate: Option<AuthenticationCertificate>,
    basic: Option<AuthenticationBasic>,
    identity: Option<AuthenticationManagedIdentity>,
    proxy: Option<ProxyPolicy>,
    section: Section,
}

/// The request with all expressions evaluated: it needs the exchange no more.
#[derive(Debug)]
pub(crate) struct Call {
    outbound: OutboundRequest,
    timeout: Duration,
    /// Of the managed identity that it is sent by.
    token: Option<PendingToken>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    New,
    Copy,
}

impl FromValue for Mode {
    const EXPECTED: &'static str = "`new` or `copy`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [("new", Self::New), ("copy", Self::Copy)];
        let mut all = all.into_iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, mode)| mode)
    }
}

/// A URL as `new Uri(text)` takes it.
#[derive(Debug, Clone)]
pub(crate) struct AbsoluteUrl(pub(crate) Url);

impl FromValue for AbsoluteUrl {
    const EXPECTED: &'static str = Url::EXPECTED;

    fn from_literal(text: &str) -> Option<Self> {
        Url::parse(&absolute_uri(text)?).ok().map(Self)
    }
}

impl Outgoing {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let mode = e.optional_setting("mode");
        let timeout = e.optional_setting::<Duration>("timeout");
        let mut loaded = Self {
            mode: Setting::Literal(Mode::New),
            timeout: Setting::Literal(DEFAULT_TIMEOUT),
            url: None,
            method: None,
            headers: Vec::new(),
            body: None,
            certificate: None,
            basic: None,
            identity: None,
            proxy: None,
            section: e.section(),
        };
        let mut result = Ok(());
        for child in &e.children() {
            let read = match child.name() {
                "set-url" => child.text_setting().map(|url| loaded.url = Some(url)),
                "set-method" => SetMethod::load(child).map(|method| loaded.method = Some(method)),
                "set-header" => SetHeader::load(child).map(|header| loaded.headers.push(header)),
                "set-body" => SetBody::load(child).map(|body| loaded.body = Some(body)),
                "authentication-certificate" => AuthenticationCertificate::load(child)
                    .map(|certificate| loaded.certificate = Some(certificate)),
                "authentication-basic" => {
                    AuthenticationBasic::load(child).map(|basic| loaded.basic = Some(basic))
                }
                "authentication-managed-identity" => {
                    identity(child).map(|identity| loaded.identity = Some(identity))
                }
                "proxy" => ProxyPolicy::load(child).map(|proxy| loaded.proxy = Some(proxy)),
                // The table has no others.
                _ => Ok(()),
            };
            result = result.and(read);
        }
        loaded.mode = mode?.unwrap_or(loaded.mode);
        loaded.timeout = timeout?.unwrap_or(loaded.timeout);
        if loaded.timeout.literal().is_some_and(Duration::is_zero) {
            let message = "`timeout` must be more than 0 seconds";
            return Err(e.error("wrong-value", e.attribute_span("timeout"), message));
        }
        if loaded.mode.literal() == Some(&Mode::New) && e.child("set-url").is_none() {
            let message = format!("`{}` needs `<set-url>` unless its mode is `copy`", e.name());
            return Err(e.error("missing-element", e.name_span(), message));
        }
        result.map(|()| loaded)
    }

    /// The request for this exchange.
    pub(crate) fn prepare(&self, exchange: &mut Exchange) -> Result<Call, Failure> {
        let copy = *self.mode.get(exchange)? == Mode::Copy;
        let timeout = *self.timeout.get(exchange)?;
        if timeout.is_zero() {
            return Err(Failure::validation());
        }
        let url = match &self.url {
            Some(setting) => setting.get(exchange)?.into_owned().0,
            None if copy => exchange.context.request.url.clone(),
            None => return Err(Failure::validation()),
        };
        if url.host.is_empty() {
            let message = "There is no service URL to send a copy of the request to.";
            return Err(Failure::new("BackendNotFound", message));
        }
        let method = match &self.method {
            Some(method) => method.evaluate(exchange)?,
            None if copy => exchange.context.request.method.clone(),
            None => Method::GET,
        };
        let mut headers = match copy {
            true => self.copied_headers(exchange),
            false => HeaderMap::new(),
        };
        for header in &self.headers {
            let edit = header.evaluate(exchange)?;
            if !edit.is_reserved(false) {
                edit.apply(&mut headers);
            }
        }
        if let Some(basic) = &self.basic {
            headers.insert(header::AUTHORIZATION, basic.authorization(exchange)?);
        }
        let body = match &self.body {
            Some(body) => body.evaluate(exchange)?,
            None if copy && self.section != Section::Outbound => {
                let bytes = exchange.context.request.body.bytes().cloned();
                Body::full(bytes.unwrap_or_default())
            }
            None => Body::empty(),
        };
        exchange.context.trace(|_| {
            json!({
                "message": format!("Request is being sent. Timeout set to {} seconds", timeout.as_secs_f64()),
                "request": {"method": method.as_str(), "url": url.to_string()},
            })
        });
        let mut call = Call::new(method, &url, body, timeout)?;
        // Those of the call stand unless the policy has its own.
        let own = std::mem::replace(call.headers_mut(), headers);
        for (name, value) in &own {
            call.headers_mut()
                .entry(name)
                .or_insert_with(|| value.clone());
        }
        if let Some(certificate) = &self.certificate {
            call.outbound.identity = Some(certificate.certificate(exchange)?);
        }
        if let Some(proxy) = &self.proxy {
            call.outbound.proxy = Some(proxy.evaluate(exchange)?);
        }
        if let Some(identity) = &self.identity {
            call.token = Some(identity.begin(exchange)?);
        }
        Ok(call)
    }

    /// The headers of the current request that a copy has.
    fn copied_headers(&self, exchange: &Exchange) -> HeaderMap {
        let request = &exchange.context.request;
        let mut headers = request.headers.clone();
        strip_hop_by_hop(&mut headers);
        headers.remove(header::EXPECT);
        headers.remove(header::CONTENT_LENGTH);
        if self.url.is_some() || !request.keeps_host {
            headers.remove(header::HOST);
        }
        headers
    }

    pub(crate) fn reads(&self) -> Reads {
        let copies = self.mode.literal() != Some(&Mode::New) && self.body.is_none();
        let copied = match copies && self.section != Section::Outbound {
            true => Reads::RAW_REQUEST,
            false => Reads::NONE,
        };
        let url = self.url.as_ref().map_or(Reads::NONE, Setting::reads);
        let method = self.method.as_ref().map_or(Reads::NONE, SetMethod::reads);
        let body = self.body.as_ref().map_or(Reads::NONE, SetBody::reads);
        let headers = self.headers.iter().map(SetHeader::reads);
        let own = [self.mode.reads(), self.timeout.reads(), url, method, body];
        let certificate = self.certificate.as_ref();
        let access = [
            certificate.map(AuthenticationCertificate::reads),
            self.basic.as_ref().map(AuthenticationBasic::reads),
            (self.identity.as_ref()).map(AuthenticationManagedIdentity::reads),
            self.proxy.as_ref().map(ProxyPolicy::reads),
        ];
        (own.into_iter().chain(headers))
            .chain(access.into_iter().flatten())
            .fold(copied, Reads::or)
    }
}

/// The token goes into the header of this request: no variable takes it.
pub(crate) fn identity(e: &ElementReader<'_>) -> Result<AuthenticationManagedIdentity, Invalid> {
    const OUTPUT: &str = "output-token-variable-name";
    let identity = AuthenticationManagedIdentity::load(e)?;
    match e.has(OUTPUT) {
        false => Ok(identity),
        true => {
            let message = format!("`{OUTPUT}` is only for the policy on its own");
            Err(e.error("wrong-attributes", e.attribute_span(OUTPUT), message))
        }
    }
}

impl Call {
    /// A request with this body, and the headers that belong to it.
    pub(crate) fn new(
        method: Method,
        url: &Url,
        body: Body,
        timeout: Duration,
    ) -> Result<Self, Failure> {
        let mut headers = HeaderMap::new();
        let host = HeaderValue::from_str(&url.authority().to_utf8());
        headers.insert(header::HOST, host.map_err(|_| Failure::validation())?);
        let length = body.size_hint().exact().unwrap_or_default();
        if length > 0 || matches!(method, Method::POST | Method::PUT | Method::PATCH) {
            headers.insert(header::CONTENT_LENGTH, length.into());
        }
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = url.to_uri().map_err(|_| Failure::validation())?;
        *request.headers_mut() = headers;
        let mut outbound = OutboundRequest::new(request);
        outbound.timeout = Some(timeout);
        Ok(Self {
            outbound,
            timeout,
            token: None,
        })
    }

    /// The request's headers.
    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        self.outbound.request.headers_mut()
    }

    /// All of it.
    pub(crate) fn outbound_mut(&mut self) -> &mut OutboundRequest {
        &mut self.outbound
    }

    /// Sends it, and waits for the response with its body.
    pub(crate) async fn send(mut self, ports: &Ports) -> Result<Response, Failure> {
        let call = async {
            if let Some(token) = self.token
                && let Some(value) = token.authorization().await?
            {
                let headers = self.outbound.request.headers_mut();
                headers.insert(header::AUTHORIZATION, value);
            }
            let answer = ports.http.send(self.outbound).await;
            let mut response = Response::from(answer.map_err(failure)?);
            let limit = ports.limits.response_body;
            response.decode(limit).map_err(BodyError::of_response)?;
            response.body = whole(response.body, limit).await?;
            Ok(response)
        };
        match select(pin!(call), ports.clock.timeout(self.timeout)).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(timed_out()),
        }
    }
}

/// Reads a response's body, at most so many bytes.
pub(crate) async fn whole(mut body: Body, limit: usize) -> Result<Body, Failure> {
    match body.buffer(limit).await {
        // A client may hand over a body that it has read already.
        Ok(bytes) if bytes.len() <= limit => Ok(body),
        Ok(_) => Err(BodyError::TooLong { limit }.of_response()),
        Err(error) => Err(error.of_response()),
    }
}

/// The response as an `IResponse`; it counts as what expressions may use.
pub(crate) fn keep(response: Response, exchange: &mut Exchange) -> Result<Value, Failure> {
    let bytes = response.body.bytes().map_or(0, |bytes| bytes.len());
    exchange
        .heap
        .charge(bytes)
        .map_err(|throw| Failure::new("ResponseBodyTooLarge", &*throw.exception().message))?;
    Ok(exchange.context.keep_response(response))
}

fn failure(error: SendError) -> Failure {
    match error.kind {
        SendErrorKind::Timeout => timed_out(),
        _ => Failure::new("BackendConnectionFailure", error.message),
    }
}

fn timed_out() -> Failure {
    Failure::new("Timeout", "Request to the backend service timed out")
}
