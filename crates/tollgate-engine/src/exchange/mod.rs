//! One request and its response on their way through the pipeline.

mod backend;
mod body;
mod context;
mod encoding;
mod headers;
mod tokens;
mod trace;
mod transfer;
mod url;
mod variables;

pub use backend::BackendWatch;
pub use body::{Body, BodyError, BoxError};
pub use context::{ClientCertificate, Context, Request, Response};
pub use encoding::EncodingError;
pub use headers::{ReasonPhrase, strip_hop_by_hop};
pub use trace::{Change, Changed, Event, Outcomes, Trace, TraceEntry, TracePart, Visits};
pub(crate) use trace::{
    Messages, Recorded as RecordedPart, Recording, SHORTEST_CREDENTIAL, is_secret_name,
    reads_secret, secrets_of_header,
};
pub use transfer::{AfterTransfer, Transferred};
pub(crate) use url::form_pairs;
pub use url::{Url, UrlError};
pub use variables::{VariableName, Variables};

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use smallvec::SmallVec;
use tollgate_dotnet::{Budget, Heap, Machine, Str, Value, ops};

use crate::context::Part;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::policy::{Flow, Reads};
use crate::ports::{HttpClient, Step};
use crate::wire;

/// One request and its response on their way through the pipeline.
pub struct Exchange {
    /// What expressions see.
    pub context: Context,
    /// The mutable objects that expressions made.
    pub heap: Heap,
    /// What expressions may still do.
    pub budget: Budget,
    /// What the request runs through.
    pub plan: Arc<Plan>,
    backend: Option<Arc<dyn HttpClient>>,
    /// Whether `backend` stays in the process.
    inner: bool,
    watches: SmallVec<[Arc<dyn BackendWatch>; 2]>,
    stops: Stops,
    hit: Option<&'static str>,
    deferred: VecDeque<Box<dyn Deferred>>,
    added_headers: Vec<(HeaderName, HeaderValue)>,
    transfer: Option<transfer::Transfer>,
}

/// Where policies go on that wait, and what they keep until then.
#[derive(Default)]
pub struct Stops {
    points: SmallVec<[usize; 8]>,
    kept: Vec<Box<dyn Any + Send>>,
}

impl fmt::Debug for Stops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stops")
            .field("points", &self.points)
            .finish_non_exhaustive()
    }
}

/// Work that is done when the response is known, just before it is sent: after the last section, `on-error` and
/// `return-response` included.
pub trait Deferred: Send {
    /// Does it. What the exchange is needed for is done at once; only ports may be waited for. A failure is logged, and
    /// does not change the response.
    fn settle(self: Box<Self>, exchange: &mut Exchange) -> Result<Step<()>, Failure>;

    /// Which bodies its expressions read; they are buffered first.
    fn reads(&self) -> Reads {
        Reads::NONE
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// A value as JSON, for people and tools: numbers, truth values, text and `null` as what they are, all else by its text.
pub fn value_as_json(machine: &Machine<'_>, value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int32(number) => (*number).into(),
        Value::Int64(number) => (*number).into(),
        Value::Double(number) => (*number).into(),
        other => {
            let text = ops::to_text(machine, other).unwrap_or_default();
            text.to_utf8().into_owned().into()
        }
    }
}

impl Exchange {
    /// An exchange at its beginning.
    pub fn new(context: Context, plan: Arc<Plan>) -> Self {
        let limits = &context.ports.limits;
        Self {
            heap: Heap::new(limits.heap).with_longest(limits.collection),
            budget: limits.budget.clone(),
            plan,
            context,
            backend: None,
            inner: false,
            watches: SmallVec::new(),
            stops: Stops::default(),
            hit: None,
            deferred: VecDeque::new(),
            added_headers: Vec::new(),
            transfer: None,
        }
    }

    /// What expressions run on.
    pub fn machine(&mut self) -> Machine<'_> {
        Machine {
            heap: &mut self.heap,
            host: &mut self.context,
            budget: &mut self.budget,
            invoke: tollgate_expressions::invoke,
        }
    }

    /// Text as logs and events may show it: the values of secret named values and the client's credentials masked.
    pub fn masked(&self, text: &str) -> String {
        let secrets = self.plan.secrets().iter().map(|secret| secret.to_string());
        let credentials = wire::credentials(&self.context.request, self.context.api.as_deref());
        let all = secrets.chain(credentials);
        all.filter(|secret| !secret.is_empty())
            .fold(text.to_owned(), |text, secret| text.replace(&secret, "***"))
    }

    /// Who takes what `forward-request` sends: the service behind the layer, or the HTTP client.
    pub fn backend(&self) -> &Arc<dyn HttpClient> {
        self.backend.as_ref().unwrap_or(&self.context.ports.http)
    }

    /// Sets who takes what `forward-request` sends, in place of the HTTP client.
    pub fn set_backend(&mut self, backend: Arc<dyn HttpClient>) {
        self.backend = Some(backend);
        self.inner = true;
    }

    /// Sets the HTTP client that takes what `forward-request` sends, apart from that of all other calls.
    pub(crate) fn set_way_to_backend(&mut self, way: Arc<dyn HttpClient>) {
        self.backend = Some(way);
        self.inner = false;
    }

    /// The response that a variable holds, its body included.
    ///
    /// # Errors
    /// There is no such variable, or it holds something else.
    pub fn response_in(&mut self, variable: &VariableName) -> Result<Response, Failure> {
        let part = match self.context.variables.get(variable) {
            Some(Value::Host(handle)) => Part::of(*handle),
            _ => None,
        };
        let response = match part {
            Some(Part::Response(index)) => self.context.response_at_mut(index),
            _ => None,
        };
        response.map(Response::copy).ok_or_else(|| {
            let name = variable.text().to_utf8();
            Failure::without_reason(format!("Variable {name} holds no response."))
        })
    }

    /// A copy of the response that a value stands for (`IResponse`), its body included; `None` if it stands for none, or
    /// for one whose body still streams.
    pub fn response_of(&mut self, value: &Value) -> Option<Response> {
        let Value::Host(handle) = value else {
            return None;
        };
        let Some(Part::Response(index)) = Part::of(*handle) else {
            return None;
        };
        let response = self.context.response_at_mut(index)?;
        response.body.is_buffered().then(|| response.copy())
    }

    /// Whether what `forward-request` sends stays in the process.
    pub(crate) fn has_inner_service(&self) -> bool {
        self.inner && self.context.resolving.is_none()
    }

    /// Whether the gateway answers by itself, behind the backend section: there is no backend.
    pub fn has_resolvers(&self) -> bool {
        self.context.resolvers.is_some() && self.context.resolving.is_none()
    }

    /// The variables, each by [`value_as_json`].
    pub fn variables_as_json(&mut self) -> serde_json::Map<String, serde_json::Value> {
        let variables: Vec<(Str, Value)> = (self.context.variables.iter())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let variables = variables.into_iter();
        variables
            .map(|(name, value)| {
                let json = value_as_json(&self.machine(), &value);
                (name.to_utf8().into_owned(), json)
            })
            .collect()
    }

    /// Has work done when the response is known.
    pub fn defer(&mut self, work: Box<dyn Deferred>) {
        self.deferred.push_back(work);
    }

    /// The work that waits for the response, in its order; none is left.
    pub(crate) fn next_deferred(&mut self) -> Option<Box<dyn Deferred>> {
        self.deferred.pop_front()
    }

    /// Has work done when the response has gone to the client, or was given up: it is told how many bytes of bodies
    /// went through. The request's body counts as it is when the first such work is asked for.
    pub fn after_transfer(&mut self, work: AfterTransfer) {
        let body = &mut self.context.request.body;
        self.transfer
            .get_or_insert_with(|| transfer::Transfer::new(body.meter()))
            .add(work);
    }

    /// The response body, with the work for its end.
    pub(crate) async fn attach_transfer(&mut self, body: Body) -> Body {
        match self.transfer.take() {
            Some(transfer) => transfer.attach(body).await,
            None => body,
        }
    }

    /// Does the work for a response that is not sent.
    pub(crate) fn give_up_transfer(&mut self) {
        if let Some(transfer) = self.transfer.take() {
            transfer.give_up();
        }
    }

    /// Adds a header to the response that is sent in the end, whatever it is (`cors`, `rate-limit`).
    pub fn add_to_response(&mut self, name: HeaderName, value: HeaderValue) {
        self.added_headers.push((name, value));
    }

    /// The headers to add to the response; none is left.
    pub(crate) fn take_added_headers(&mut self) -> Vec<(HeaderName, HeaderValue)> {
        std::mem::take(&mut self.added_headers)
    }

    /// Keeps where a policy with policies in it goes on when it is resumed: which branch it had taken.
    /// Taken back by [`pop_resume_point`](Self::pop_resume_point) at the beginning of its `resume`.
    pub fn push_resume_point(&mut self, point: usize) {
        self.stops.points.push(point);
    }

    /// Takes back what [`push_resume_point`](Self::push_resume_point) kept last.
    pub fn pop_resume_point(&mut self) -> Option<usize> {
        self.stops.points.pop()
    }

    /// Keeps something between a policy's `execute`, which answers [`Flow::Wait`], and its `resume`:
    /// the pending answer of a port.
    pub fn keep<T: Any + Send>(&mut self, what: T) {
        self.stops.kept.push(Box::new(what));
    }

    /// Takes back what [`keep`](Self::keep) kept last, if it is a `T`.
    pub fn take_kept<T: Any>(&mut self) -> Option<T> {
        self.stops.kept.pop()?.downcast().ok().map(|kept| *kept)
    }

    /// Puts other stops in place of those that are there, which it gives: for policies that run side by side.
    pub fn swap_stops(&mut self, stops: Stops) -> Stops {
        std::mem::replace(&mut self.stops, stops)
    }

    /// Forgets where policies would have gone on: a failure ended them.
    pub(crate) fn clear_resume_points(&mut self) {
        self.stops.points.clear();
        self.stops.kept.clear();
        self.hit = None;
    }

    /// Answers the request with a response that a cache gave: outbound goes on behind the policy `store`
    /// (`cache-store`), or from its beginning if there is none. The policy that calls it gives the flow back.
    pub fn answer_from_cache(&mut self, response: Response, store: &'static str) -> Flow {
        self.context.response = response;
        self.hit = Some(store);
        Flow::Outbound
    }

    /// The policy behind which outbound goes on, as long as it was not reached.
    pub(crate) fn hit(&self) -> Option<&'static str> {
        self.hit
    }

    /// From here on all policies run again.
    pub(crate) fn end_hit(&mut self) {
        self.hit = None;
    }
}
