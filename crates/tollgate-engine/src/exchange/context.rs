//! What expressions see as `context`.

use std::cell::RefCell;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value as Json;
use tollgate_dotnet::{LONGEST_LENT, Str, Value};

use super::encoding::{decode, is_encoded};
use super::tokens::Tokens;
use super::{Body, BodyError, Event, Trace, TraceEntry, Url, Variables};
use crate::backend::PlanBackend;
use crate::block::Place;
use crate::catalog::{
    ApiInfo, DeploymentInfo, OperationInfo, ProductInfo, SubscriptionInfo, UserInfo, WorkspaceInfo,
};
use crate::certificate::Certificate;
use crate::context::{Azure, Jwt, Part, header_text};
use crate::failure::{Failure, LastError};
use crate::plan::Described;
use crate::policy::Reads;
use crate::ports::{Ports, Proxy};
use crate::resolve::{Resolvers, Resolving};

/// What expressions see as `context`, and what policies work on.
#[derive(Debug)]
pub struct Context {
    /// `context.Request`
    pub request: Request,
    /// `context.Response`: an empty `200 OK` until the backend has answered.
    pub response: Response,
    /// `context.Variables`
    pub variables: Variables,
    /// `context.LastError`
    pub last_error: Option<LastError>,
    /// `context.RequestId`, in the order in which text shows it.
    pub request_id: [u8; 16],
    /// `context.Timestamp`: when the request came, .NET ticks, UTC.
    pub timestamp: i64,
    /// `context.Api`
    pub api: Option<Arc<ApiInfo>>,
    /// `context.Operation`
    pub operation: Option<Arc<OperationInfo>>,
    /// What the API's document says of the operation.
    pub described: Described,
    /// The GraphQL schema of the API.
    pub graphql: Option<Arc<tollgate_schema::graphql::Schema>>,
    /// What resolves fields of it.
    pub resolvers: Option<Arc<Resolvers>>,
    /// The field that is being resolved, while its resolver runs.
    pub resolving: Option<Resolving>,
    /// `context.Product`
    pub product: Option<Arc<ProductInfo>>,
    /// `context.Subscription`
    pub subscription: Option<Arc<SubscriptionInfo>>,
    /// `context.User`
    pub user: Option<Arc<UserInfo>>,
    /// `context.Workspace`
    pub workspace: Option<Arc<WorkspaceInfo>>,
    /// What only Azure can say; nothing, unless an embedder knows it.
    pub azure: Azure,
    /// Whether expressions see `null` as `context.Response`: for a test of what they do then. No request in flight has it.
    pub response_is_null: bool,
    /// Names of headers as the other side wrote them, where the transport keeps that; `Headers.Keys` shows others in their
    /// usual spelling.
    pub spellings: Vec<Str>,
    /// `context.Deployment`
    pub deployment: Arc<DeploymentInfo>,
    /// The world outside.
    pub ports: Arc<Ports>,
    /// The trace, if tracing is on.
    pub trace: Option<Trace>,
    responses: Vec<Response>,
    tokens: Tokens,
    header_texts: RefCell<Vec<(HeaderValue, Str)>>,
}

/// `context.Request`.
#[derive(Debug)]
pub struct Request {
    /// `Method`
    pub method: Method,
    /// `Url`: where the request goes.
    pub url: Url,
    /// `OriginalUrl`: what the client asked for.
    pub original_url: Url,
    /// `Headers`
    pub headers: HeaderMap,
    /// `Body`
    pub body: Body,
    /// `IpAddress`
    pub ip_address: Option<IpAddr>,
    /// `MatchedParameters`: names and decoded values.
    pub matched_parameters: Vec<(Str, Str)>,
    /// `Certificate`
    pub certificate: Option<ClientCertificate>,
    /// Whether a policy set the `Host` header, so that the backend gets it in place of its own.
    pub keeps_host: bool,
    /// The backend entity that it goes to (`set-backend-service backend-id`).
    pub backend: Option<Arc<PlanBackend>>,
    /// The certificate to show the backend (`authentication-certificate`).
    pub identity: Option<Certificate>,
    /// The proxy to send it through (`proxy`).
    pub proxy: Option<Proxy>,
    /// What the server attached to the request; handed on to an inner service.
    pub extensions: Extensions,
}

/// The certificate of the client. A server that asks for one puts it into [`Peer`](crate::Peer), or into the extensions
/// of the [`http::Request`] where an adapter makes the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate, DER.
    pub der: Bytes,
    /// The other certificates that the client sent, DER: `validate-client-certificate` finds the way to a root by them.
    pub intermediates: Vec<Bytes>,
    /// Whether the server has checked its chain: what `Verify()` and `VerifyNoRevocation()` go by.
    pub is_trusted: bool,
}

impl ClientCertificate {
    /// A certificate in DER that came alone, and that the server has checked.
    pub fn new(der: impl Into<Bytes>) -> Self {
        Self {
            der: der.into(),
            intermediates: Vec::new(),
            is_trusted: true,
        }
    }
}

/// `context.Response`, and responses kept in variables.
#[derive(Debug)]
pub struct Response {
    /// `StatusCode`
    pub status: StatusCode,
    /// `StatusReason`, if it is not that of the status code.
    pub reason: Option<Str>,
    /// `Headers`
    pub headers: HeaderMap,
    /// `Body`
    pub body: Body,
}

impl Default for Response {
    /// An empty `200 OK`.
    fn default() -> Self {
        Self::new(StatusCode::OK)
    }
}

impl Response {
    /// An empty response of this status code.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            reason: None,
            headers: HeaderMap::new(),
            body: Body::empty(),
        }
    }

    /// A copy; a body that still streams goes over to it.
    pub(crate) fn copy(&mut self) -> Self {
        Self {
            status: self.status,
            reason: self.reason.clone(),
            headers: self.headers.clone(),
            body: match self.body.bytes() {
                Some(bytes) => Body::full(bytes.clone()),
                None => self.body.consume(),
            },
        }
    }

    /// Has a compressed body read in plain from here on: `Content-Encoding` goes, and what describes the encoded bytes. Of
    /// those at most `limit` are taken.
    ///
    /// # Errors
    /// It is compressed in a way that is not known. What is wrong with the bytes is an error of reading them.
    pub fn decode(&mut self, limit: usize) -> Result<(), BodyError> {
        Ok(decode(&mut self.headers, &mut self.body, limit)?)
    }

    /// The reason phrase.
    pub fn status_reason(&self) -> Str {
        match &self.reason {
            Some(reason) => reason.clone(),
            None => Str::from_static(self.status.canonical_reason().unwrap_or_default()),
        }
    }
}

impl Request {
    /// As [`Response::decode`].
    ///
    /// # Errors
    /// As there.
    pub fn decode(&mut self, limit: usize) -> Result<(), BodyError> {
        Ok(decode(&mut self.headers, &mut self.body, limit)?)
    }

    /// A request as it came, not yet routed.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            original_url: url.clone(),
            url,
            headers: HeaderMap::new(),
            body: Body::empty(),
            ip_address: None,
            matched_parameters: Vec::new(),
            certificate: None,
            keeps_host: false,
            backend: None,
            identity: None,
            proxy: None,
            extensions: Extensions::new(),
        }
    }
}

/// What a context says of its deployment until a plan says more.
static DEPLOYMENT: LazyLock<Arc<DeploymentInfo>> = LazyLock::new(Arc::default);

/// From how many bytes on a header's text is remembered.
const LONG_HEADER: usize = 64;
/// How many texts of headers are remembered.
const HEADER_TEXTS: usize = 8;

impl Context {
    /// The context of a request that came just now.
    pub fn new(request: Request, ports: Arc<Ports>) -> Self {
        let mut request_id = [0; 16];
        let (high, low) = request_id.split_at_mut(8);
        high.copy_from_slice(&ports.random.next_u64().to_be_bytes());
        low.copy_from_slice(&ports.random.next_u64().to_be_bytes());
        // A random GUID says so: version 4, variant 1.
        request_id[6] = request_id[6] & 0x0f | 0x40;
        request_id[8] = request_id[8] & 0x3f | 0x80;
        Self {
            request,
            response: Response::default(),
            variables: Variables::default(),
            last_error: None,
            request_id,
            timestamp: ports.clock.now(),
            api: None,
            operation: None,
            described: Described::Nothing,
            graphql: None,
            resolvers: None,
            resolving: None,
            product: None,
            subscription: None,
            user: None,
            workspace: None,
            azure: Azure::default(),
            response_is_null: false,
            spellings: Vec::new(),
            deployment: DEPLOYMENT.clone(),
            ports,
            trace: None,
            responses: Vec::new(),
            tokens: Tokens::default(),
            header_texts: RefCell::default(),
        }
    }

    /// A header's value as text: UTF-8, or else Latin-1. That of a long one, as tokens are, is made once.
    pub fn header_text(&self, value: &HeaderValue) -> Str {
        if value.len() < LONG_HEADER {
            return header_text(value);
        }
        let mut texts = self.header_texts.borrow_mut();
        // The known value keeps its bytes where they are, so nothing else can be there.
        let same = |known: &HeaderValue| std::ptr::eq(known.as_bytes(), value.as_bytes());
        if let Some((_, text)) = texts.iter().find(|(known, _)| same(known)) {
            return text.clone();
        }
        let text = header_text(value);
        if texts.len() < HEADER_TEXTS {
            texts.push((value.clone(), text.clone()));
        }
        text
    }

    /// Keeps a response that a policy got for itself (`send-request`), and gives the `IResponse` for a variable.
    /// Its body must be buffered.
    pub fn keep_response(&mut self, response: Response) -> Value {
        self.responses.push(response);
        let index = u32::try_from(self.responses.len()).unwrap_or(u32::MAX);
        Part::Response(index).value()
    }

    /// `context.Response` (0), or one that was kept.
    pub(crate) fn response_at(&self, index: u32) -> Option<&Response> {
        match index.checked_sub(1) {
            None => Some(&self.response),
            Some(kept) => self.responses.get(usize::try_from(kept).ok()?),
        }
    }

    /// As [`response_at`](Self::response_at), to be changed.
    pub(crate) fn response_at_mut(&mut self, index: u32) -> Option<&mut Response> {
        match index.checked_sub(1) {
            None => Some(&mut self.response),
            Some(kept) => self.responses.get_mut(usize::try_from(kept).ok()?),
        }
    }

    /// Takes a token apart, once for each token of the exchange.
    pub fn decode_jwt(&self, text: &Str) -> Option<Arc<Jwt>> {
        if let Some(known) = self.tokens.get(text) {
            return known.cloned();
        }
        let jwt = text.as_utf8().and_then(Jwt::parse).map(Arc::new);
        self.tokens.note(text, jwt.clone());
        jwt
    }

    /// As [`decode_jwt`](Self::decode_jwt), in place. `None` if the text is too long for that, or not ASCII.
    pub(crate) fn lent_jwt(&self, text: &[u8]) -> Option<Option<&Jwt>> {
        if let Some(known) = self.tokens.lent(text) {
            return Some(known);
        }
        if text.len() <= LONGEST_LENT {
            self.tokens.read(text, &self.request.headers);
        }
        self.tokens.lent(text)
    }

    /// Notes a token that was taken apart before, so that [`decode_jwt`](Self::decode_jwt) need not.
    pub fn keep_jwt(&self, text: &Str, jwt: &Arc<Jwt>) {
        self.tokens.note(text, Some(jwt.clone()));
    }

    /// `context.Elapsed` in ticks.
    pub fn elapsed(&self) -> i64 {
        self.ports.clock.now().saturating_sub(self.timestamp)
    }

    /// Adds an entry to the trace, if tracing is on; `data` is only made then. The source is the running policy.
    pub fn trace(&mut self, data: impl FnOnce(&Self) -> Json) {
        let running = self.trace.as_ref().and_then(Trace::running);
        let source = running.map_or("gateway", |place| place.policy);
        self.trace_as(source, data);
    }

    /// Has the trace not show a credential that a policy got or made; the text is only made if there is a trace.
    pub fn hide(&mut self, credential: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.hide([credential()]);
        }
    }

    /// As [`trace`](Self::trace), under another source.
    pub fn trace_as(&mut self, source: &str, data: impl FnOnce(&Self) -> Json) {
        let Some(trace) = &self.trace else {
            return;
        };
        let place = trace.running().cloned();
        let entry = TraceEntry {
            source: source.into(),
            section: place.as_ref().map(|place| place.section.name()),
            event: Event::Message,
            span: place.as_ref().map(|place| place.span),
            place,
            elapsed: self.elapsed(),
            data: data(self),
            parts: Vec::new(),
            changes: Vec::new(),
        };
        if let Some(trace) = &mut self.trace {
            trace.add(entry);
        }
    }

    /// Says in the trace whether a branch of the running policy is taken; `branch` is the place that
    /// [`ElementReader::branch`](crate::ElementReader::branch) gave.
    #[inline]
    pub fn decide(&mut self, branch: &Arc<Place>, taken: bool) {
        if self.trace.is_some() {
            self.trace_branch(branch, taken);
        }
    }

    #[cold]
    fn trace_branch(&mut self, branch: &Arc<Place>, taken: bool) {
        if let Some(trace) = &mut self.trace
            && taken
        {
            trace.visit(branch);
        }
        self.trace_step(Event::Branch { taken }, branch, Json::Null);
    }

    /// Adds a step at a place to the trace.
    pub(crate) fn trace_step(&mut self, event: Event, place: &Arc<Place>, data: Json) {
        let entry = TraceEntry {
            source: place.policy.into(),
            section: Some(place.section.name()),
            event,
            place: Some(Arc::clone(place)),
            span: Some(place.span),
            elapsed: self.elapsed(),
            data,
            parts: Vec::new(),
            changes: Vec::new(),
        };
        if let Some(trace) = &mut self.trace {
            trace.add(entry);
        }
    }

    /// Notes which policy runs from now on, for the trace; gives the one that ran.
    pub(crate) fn run_traced(&mut self, place: Option<Arc<Place>>) -> Option<Arc<Place>> {
        self.trace.as_mut().and_then(|trace| trace.run(place))
    }

    /// Whether the bodies are here, to be read.
    pub fn is_buffered(&self, reads: Reads) -> bool {
        let (request, response) = (&self.request, &self.response);
        let plain = |headers, body: &Body| body.is_buffered() && !is_encoded(headers, body);
        (!reads.contains(Reads::RAW_REQUEST) || request.body.is_buffered())
            && (!reads.contains(Reads::REQUEST) || plain(&request.headers, &request.body))
            && (!reads.contains(Reads::RESPONSE) || plain(&response.headers, &response.body))
    }

    /// Reads the bodies into memory, within the limits; compressed ones are decoded.
    ///
    /// # Errors
    /// A body is too long, in plain or as it came, is compressed in a way that is not known, or broken.
    pub async fn buffer(&mut self, reads: Reads) -> Result<(), Failure> {
        let limits = &self.ports.limits;
        if reads.contains(Reads::REQUEST) {
            let decoded = self.request.decode(limits.request_body);
            decoded.map_err(BodyError::of_request)?;
        }
        if reads.contains(Reads::REQUEST) || reads.contains(Reads::RAW_REQUEST) {
            let result = self.request.body.buffer(limits.request_body).await;
            result.map_err(BodyError::of_request)?;
        }
        if reads.contains(Reads::RESPONSE) {
            let decoded = self.response.decode(limits.response_body);
            decoded.map_err(BodyError::of_response)?;
            let result = self.response.body.buffer(limits.response_body).await;
            result.map_err(BodyError::of_response)?;
        }
        self.note_bodies();
        Ok(())
    }
}

impl fmt::Display for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate of {} bytes", self.der.len())
    }
}
