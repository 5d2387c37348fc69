//! GraphQL that the gateway answers itself: the fields of an API's schema that have resolvers.
//!
//! A request is answered behind the backend section. It is a `POST` of JSON (`query`, `operationName`, `variables`) or of
//! the query itself (`application/graphql`), or a `GET` with these as parameters, which cannot change anything. What
//! cannot be run is answered by 400 and `{"errors": […]}` without `data`; all else by 200, also where resolvers fail: such
//! a field is `null`, as far up as the schema demands it, and `errors` says which it was. Outbound sees that response.
//!
//! Resolvers that need not wait for one another are called side by side, a few at a time; those of a mutation's own fields
//! one after the other. Each runs with a request, a response and `context.GraphQL` of its own. Variables, and what
//! expressions may still do, are those of the request. Its headers and the rest of it can be read as
//! `context.Request`, whose body is `{"arguments": {…}}`; none of it goes to a data source unless the resolver says so.
//! Source: configure-graphql-resolver.md; on limits, on what fails and on what goes along it is silent.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use http::header::{ACCEPT, ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::json;
use tollgate_dotnet::{Str, Value, json};
use tollgate_schema::graphql::{self, Bounds, Data, Mistake, Progress, Schema};

use crate::block::Block;
use crate::exchange::{Body, Exchange, Messages, Request, Response, Stops};
use crate::failure::{ErrorBody, Failure};
use crate::policy::{BoxFuture, Finish, Flow, Reads, Waiting};
use crate::run::report;

/// The resolvers of an API.
pub struct Resolvers {
    schema: Arc<Schema>,
    /// By type, and by field.
    fields: HashMap<Box<str>, HashMap<Box<str>, Arc<Block>>>,
}

/// The field that a resolver runs for, and the request to its data source as far as it is made.
#[derive(Debug)]
pub struct Resolving {
    /// `context.GraphQL.Arguments`
    pub arguments: Value,
    /// `context.GraphQL.Parent`: what the resolver of the object gave; `null` at the root.
    pub parent: Value,
    /// The method.
    pub method: Method,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// Whether a policy set the `Host` header.
    pub keeps_host: bool,
}

impl fmt::Debug for Resolvers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.iter();
        let names = fields.flat_map(|(ty, fields)| fields.keys().map(move |field| (ty, field)));
        f.debug_list().entries(names).finish()
    }
}

impl Resolvers {
    pub(crate) fn new(
        schema: Arc<Schema>,
        fields: HashMap<Box<str>, HashMap<Box<str>, Arc<Block>>>,
    ) -> Self {
        Self { schema, fields }
    }

    fn get(&self, ty: &str, field: &str) -> Option<&Block> {
        self.fields.get(ty)?.get(field).map(Arc::as_ref)
    }
}

/// So many resolvers wait for their data sources at a time.
const SIDE_BY_SIDE: usize = 10;
/// What a source's answer takes when it is read, by its length.
const READ: usize = 4;
const TIMED_OUT: &str = "The request took too long.";

/// Why a request is not run.
struct Refused {
    status: StatusCode,
    mistakes: Vec<Mistake>,
}

impl Refused {
    fn because(message: &str) -> Self {
        Self::from(Mistake::new(message))
    }
}

impl From<Mistake> for Refused {
    fn from(mistake: Mistake) -> Self {
        Self::from(vec![mistake])
    }
}

impl From<Vec<Mistake>> for Refused {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            mistakes,
        }
    }
}

/// Answers a request: the response is in the exchange then.
pub(crate) async fn answer(
    resolvers: &Arc<Resolvers>,
    exchange: &mut Exchange,
) -> Result<(), Failure> {
    exchange.context.buffer(Reads::REQUEST).await?;
    let result = match request(&exchange.context.request) {
        Ok(request) => run(resolvers, &request, exchange).await,
        Err(refused) => Err(refused),
    };
    let (status, body) = match result {
        Ok(body) => (StatusCode::OK, body),
        Err(refused) => {
            let errors: Vec<_> = refused.mistakes.iter().map(Mistake::to_json).collect();
            let body = json!({ "errors": errors }).to_string();
            (refused.status, body.into_bytes())
        }
    };
    let mut response = Response::new(status);
    let kind = content_type(&exchange.context.request.headers);
    response.headers.insert(CONTENT_TYPE, kind);
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = match exchange.context.request.method {
            Method::GET => HeaderValue::from_static("POST"),
            _ => HeaderValue::from_static("GET, POST"),
        };
        response.headers.insert(ALLOW, allowed);
    }
    response.body = Body::full(body);
    exchange.context.response = response;
    Ok(())
}

/// The media type that was asked for. Source: GraphQL over HTTP.
fn content_type(headers: &HeaderMap) -> HeaderValue {
    const NEW: &str = "application/graphql-response+json";
    let accepted = headers.get_all(ACCEPT).iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok());
    HeaderValue::from_static(
        match accepted.any(|value| value.to_ascii_lowercase().contains(NEW)) {
            true => NEW,
            false => "application/json",
        },
    )
}

fn request(request: &Request) -> Result<graphql::Request, Refused> {
    if request.method == Method::GET {
        let (mut query, mut name, mut variables) = (None, None, None);
        for (parameter, value) in request.url.query_pairs() {
            let slot = match parameter.as_utf8() {
                Some("query") => &mut query,
                Some("operationName") => &mut name,
                Some("variables") => &mut variables,
                _ => continue,
            };
            if slot.replace(value.to_utf8().into_owned()).is_some() {
                let message = format!("There are two of the parameter `{parameter}`.");
                return Err(Refused::because(&message));
            }
        }
        let query = query.unwrap_or_default();
        return Ok(graphql::Request::from_parts(
            query,
            name,
            variables.as_deref(),
        )?);
    }
    if request.method != Method::POST {
        return Err(Refused {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..Refused::because("Requests are made by `GET` or `POST`.")
        });
    }
    let body = request.body.bytes().cloned().unwrap_or_default();
    let text = std::str::from_utf8(&body);
    let text = text.map_err(|_| Refused::because("The body is not UTF-8."))?;
    let kind = request.headers.get(CONTENT_TYPE);
    let kind = kind.map(|kind| kind.as_bytes().to_ascii_lowercase());
    let kind = kind.unwrap_or_default();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    Ok(match kind.trim_ascii() {
        b"application/graphql" => graphql::Request::from_parts(text.to_owned(), None, None)?,
        _ => graphql::Request::from_json(text)?,
    })
}

async fn run(
    resolvers: &Resolvers,
    request: &graphql::Request,
    exchange: &mut Exchange,
) -> Result<Vec<u8>, Refused> {
    let limits = &exchange.context.ports.limits;
    let bounds = Bounds {
        depth: limits.graphql_depth,
        calls: limits.graphql_calls,
        size: limits.response_body,
    };
    let operation = resolvers.schema.operation(request, &bounds)?;
    if operation.is_subscription() {
        let message = "Subscriptions are not supported: there are no WebSockets.";
        return Err(Refused::because(message));
    }
    if operation.is_mutation() && exchange.context.request.method == Method::GET {
        return Err(Refused {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..Refused::because("A mutation needs `POST`.")
        });
    }
    let mut timeout = exchange.context.ports.clock.timeout(limits.graphql_time);
    let mut late = false;
    let mut execution = operation.execute(bounds);
    let mut aside = Aside::new(exchange);
    loop {
        let calls = match execution.go_on(&|ty, field| resolvers.get(ty, field).is_some()) {
            Progress::Done(text) => return Ok(text),
            Progress::Refused(mistake) => return Err(mistake.into()),
            Progress::Calls(calls) => calls,
        };
        let mut running = Running::new(resolvers, &calls);
        if !late {
            let work = pin!(running.run(&mut aside));
            late = matches!(select(work, &mut timeout).await, Either::Right(_));
        }
        let results = std::mem::take(&mut running.results);
        drop(running);
        for (call, result) in calls.into_iter().zip(results) {
            let given = result.unwrap_or_else(|| Err(TIMED_OUT.to_owned()));
            execution.answer(call, given);
        }
    }
}

/// What an exchange has for each resolver, and for the request itself.
struct Slot {
    request: Request,
    response: Response,
    resolving: Option<Resolving>,
    stops: Stops,
    /// What a trace knows of request and response.
    watched: Option<Messages>,
}

impl Slot {
    fn swap(&mut self, exchange: &mut Exchange) {
        std::mem::swap(&mut self.request, &mut exchange.context.request);
        std::mem::swap(&mut self.response, &mut exchange.context.response);
        std::mem::swap(&mut self.resolving, &mut exchange.context.resolving);
        self.stops = exchange.swap_stops(std::mem::take(&mut self.stops));
        self.watched = exchange.context.swap_watched(self.watched.take());
    }
}

/// An exchange that resolvers use. What the request itself has is back in it at the end, however that comes.
struct Aside<'e> {
    exchange: &'e mut Exchange,
    own: Slot,
}

impl<'e> Aside<'e> {
    fn new(exchange: &'e mut Exchange) -> Self {
        let request = &exchange.context.request;
        let mut own = Slot {
            request: Request::new(request.method.clone(), request.url.clone()),
            response: Response::default(),
            resolving: None,
            stops: Stops::default(),
            watched: None,
        };
        own.swap(exchange);
        Self { exchange, own }
    }

    /// What a resolver begins with.
    fn slot(&mut self, call: &graphql::Call) -> Result<Slot, Failure> {
        let heap = &mut self.exchange.heap;
        let mut token = |text: &str| {
            let token = json::parse(heap, &Str::from(text));
            token.map_err(|throw| Failure::evaluation(&throw))
        };
        let arguments = token(&call.arguments)?;
        let parent = match call.parent.as_str() {
            "null" => Value::Null,
            parent => token(parent)?,
        };
        let own = &self.own.request;
        let mut headers = own.headers.clone();
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let request = Request {
            original_url: own.original_url.clone(),
            headers,
            body: Body::full(format!(r#"{{"arguments":{}}}"#, call.arguments)),
            ip_address: own.ip_address,
            matched_parameters: own.matched_parameters.clone(),
            certificate: own.certificate.clone(),
            ..Request::new(own.method.clone(), own.original_url.clone())
        };
        Ok(Slot {
            request,
            response: Response::default(),
            resolving: Some(Resolving {
                arguments,
                parent,
                method: Method::GET,
                headers: HeaderMap::new(),
                body: Body::empty(),
                keeps_host: false,
            }),
            stops: Stops::default(),
            watched: None,
        })
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        self.own.swap(self.exchange);
    }
}

/// Resolvers on their way.
struct Running<'a> {
    resolvers: &'a Resolvers,
    calls: &'a [graphql::Call],
    results: Vec<Option<Result<Data, String>>>,
    /// Those that have begun, and are not done.
    slots: HashMap<usize, Slot>,
    /// Those that have not begun.
    next: usize,
    /// Those that wait for something, and need the exchange only then.
    waiting: FuturesUnordered<BoxFuture<'a, (usize, Finish<'a>)>>,
    /// Those whose waiting is over.
    answers: VecDeque<(usize, Finish<'a>)>,
    /// Those that need the exchange to wait.
    exclusive: VecDeque<usize>,
}

impl<'a> Running<'a> {
    fn new(resolvers: &'a Resolvers, calls: &'a [graphql::Call]) -> Self {
        Self {
            resolvers,
            calls,
            results: calls.iter().map(|_| None).collect(),
            slots: HashMap::new(),
            next: 0,
            waiting: FuturesUnordered::new(),
            answers: VecDeque::new(),
            exclusive: VecDeque::new(),
        }
    }

    async fn run(&mut self, aside: &mut Aside<'_>) {
        loop {
            if let Some((index, finish)) = self.answers.pop_front() {
                self.step(index, aside, finish);
            } else if let Some(index) = self.exclusive.pop_front() {
                self.resume(index, aside).await;
            } else if self.slots.len() < SIDE_BY_SIDE && self.next < self.calls.len() {
                self.begin(aside);
            } else if let Some(answer) = self.waiting.next().await {
                self.answers.push_back(answer);
            } else {
                return;
            }
        }
    }

    fn block(&self, index: usize) -> Option<(&'a Block, &'a graphql::Call)> {
        let call = self.calls.get(index)?;
        Some((self.resolvers.get(&call.ty, &call.field)?, call))
    }

    fn begin(&mut self, aside: &mut Aside<'_>) {
        let index = self.next;
        self.next += 1;
        let Some((block, call)) = self.block(index) else {
            return;
        };
        match aside.slot(call) {
            Ok(slot) => {
                self.slots.insert(index, slot);
                self.step(index, aside, |exchange| block.execute(exchange));
            }
            Err(failure) => self.end(index, Err(failure), aside.exchange),
        }
    }

    /// Has a resolver do what need not wait.
    fn step(
        &mut self,
        index: usize,
        aside: &mut Aside<'_>,
        work: impl FnOnce(&mut Exchange) -> Result<Flow, Failure>,
    ) {
        let Some(mut slot) = self.slots.remove(&index) else {
            return;
        };
        slot.swap(aside.exchange);
        let flow = work(aside.exchange);
        self.went(index, flow, slot, aside);
    }

    /// Has a resolver wait that needs the exchange for it; the others go on waiting meanwhile.
    async fn resume(&mut self, index: usize, aside: &mut Aside<'_>) {
        let (Some(mut slot), Some((block, _))) = (self.slots.remove(&index), self.block(index))
        else {
            return;
        };
        slot.swap(aside.exchange);
        let flow = {
            let mut resume = block.resume(aside.exchange);
            poll_fn(|context| {
                while let Poll::Ready(Some(answer)) = Pin::new(&mut self.waiting).poll_next(context)
                {
                    self.answers.push_back(answer);
                }
                resume.as_mut().poll(context)
            })
            .await
        };
        self.went(index, flow, slot, aside);
    }

    /// Takes what a resolver came to, whose part of the exchange is in it.
    fn went(
        &mut self,
        index: usize,
        flow: Result<Flow, Failure>,
        mut slot: Slot,
        aside: &mut Aside<'_>,
    ) {
        let exchange = &mut *aside.exchange;
        let flow = flow.and_then(|flow| match (flow, self.block(index)) {
            (Flow::Wait, Some((block, _))) => {
                match block.detach(exchange)? {
                    Waiting::Detached(future) => {
                        let future = async move { (index, future.await) };
                        self.waiting.push(Box::pin(future));
                    }
                    Waiting::Exclusive => self.exclusive.push_back(index),
                }
                Ok(Flow::Wait)
            }
            (flow, _) => Ok(flow),
        });
        match flow {
            Ok(Flow::Wait) => {
                slot.swap(exchange);
                self.slots.insert(index, slot);
                return;
            }
            Ok(_) => {
                let read = self.read(index, exchange);
                self.end(index, read, exchange);
            }
            Err(failure) => self.end(index, Err(failure), exchange),
        }
        slot.swap(exchange);
    }

    /// The value in the response of a resolver.
    fn read(&self, index: usize, exchange: &mut Exchange) -> Result<Data, Failure> {
        let bytes = exchange.context.response.body.bytes().cloned();
        let bytes = bytes.ok_or_else(|| Failure::without_reason("The response is on its way."))?;
        let charged = exchange.heap.charge(bytes.len().saturating_mul(READ));
        charged
            .map_err(|throw| Failure::new("ResponseBodyTooLarge", &*throw.exception().message))?;
        let schema = &self.resolvers.schema;
        let data = self
            .calls
            .get(index)
            .and_then(|call| schema.read(&call.ty, &call.field, &bytes));
        data.ok_or_else(|| {
            let message = "The data source gave no JSON.";
            Failure::new("GraphQLResolverInvalidData", message)
                .respond(StatusCode::BAD_GATEWAY, message)
        })
    }

    fn end(&mut self, index: usize, result: Result<Data, Failure>, exchange: &mut Exchange) {
        let given = result.map_err(|failure| {
            report(exchange, &failure);
            match &failure.response().body {
                ErrorBody::Message(message) => message.clone().into_owned(),
                ErrorBody::Internal | ErrorBody::Raw(..) => "Internal server error".to_owned(),
            }
        });
        if let Some(slot) = self.results.get_mut(index) {
            *slot = Some(given);
        }
    }
}
