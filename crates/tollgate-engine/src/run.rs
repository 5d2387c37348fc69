//! One request's way: route, key, inbound, backend, outbound, and on-error when something fails.

use std::sync::Arc;

use http::{Method, StatusCode, header};
use tollgate_dotnet::Str;

use crate::exchange::{Body, Exchange, Response};
use crate::failure::{ErrorBody, ErrorResponse, Failure, error_body, internal_error_body};
use crate::plan::{Pipeline, Plan};
use crate::policy::{Flow, Preflight, Section};
use crate::routing::{Route, RouteError};
use crate::{resolve, wire};

/// Runs the whole of it, and gives what the client gets.
pub(crate) async fn run(exchange: &mut Exchange) -> http::Response<Body> {
    let unanswered = Unanswered(exchange);
    let exchange = &mut *unanswered.0;
    let client_method = exchange.context.request.method.clone();
    let plan = exchange.plan.clone();
    match enter(&plan, exchange) {
        Entry::Answered => {}
        Entry::Admitted(pipeline) => {
            if let Err(failure) = sections(&pipeline, exchange).await {
                on_error(&pipeline, exchange, failure).await;
            }
        }
        Entry::Refused(pipeline, failure) => on_error(&pipeline, exchange, failure).await,
    }
    settle(exchange).await;
    if exchange.context.trace.is_some() {
        exchange.trace_response();
    }
    let added = exchange.take_added_headers();
    let response = std::mem::take(&mut exchange.context.response);
    let mut response = wire::respond(response, &client_method, added);
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = exchange.attach_transfer(body).await;
    response
}

/// How a request gets in.
enum Entry {
    /// It was a CORS preflight or a request to the gateway itself, and has its answer.
    Answered,
    Admitted(Arc<Pipeline>),
    /// It failed before its first section; only `on-error` runs.
    Refused(Arc<Pipeline>, Failure),
}

/// Finds the operation, and sees whether the request may call it.
fn enter(plan: &Plan, exchange: &mut Exchange) -> Entry {
    let url = exchange.context.request.original_url.clone();
    let (path, query) = (url.path.to_utf8(), url.query.to_utf8());
    let query = query.strip_prefix('?');
    let own = plan.route(&exchange.context.request.method, &path, query);
    if let Some(method) = preflight_method(exchange)
        // An operation that takes `OPTIONS` answers for itself.
        && own.as_ref().map_or(true, |own| own.operation.info.is_none())
        && let Ok(route) = plan.route(&method, &path, query)
    {
        let pipeline = plan.pipeline(route.operation, None).clone();
        set_route(exchange, &route);
        match preflight(&pipeline, exchange) {
            Ok(false) => {}
            Ok(true) => return Entry::Answered,
            Err(failure) => return Entry::Refused(pipeline, failure),
        }
    }
    let route = match own {
        Ok(route) => route,
        Err(error) => {
            let pipeline = plan.unmatched();
            let mut nodes = pipeline
                .section(Section::Inbound)
                .iter()
                .flat_map(|block| block.nodes());
            return match error == RouteError::NotFound && nodes.any(|node| node.unrouted(exchange))
            {
                true => Entry::Answered,
                false => Entry::Refused(pipeline.clone(), unmatched(error)),
            };
        }
    };
    set_route(exchange, &route);
    let now = exchange.context.timestamp;
    match plan.admit(route.api, &exchange.context.request.headers, query, now) {
        Ok(admission) => {
            let context = &mut exchange.context;
            context.subscription = admission.subscription;
            context.user = admission.user;
            let product = admission.product.and_then(|index| plan.product(index));
            context.product = product.cloned();
            Entry::Admitted(plan.pipeline(route.operation, admission.product).clone())
        }
        Err(denied) => {
            let pipeline = plan.pipeline(route.operation, None).clone();
            let failure = denied.failure(&route.api.info, &url.host.to_utf8());
            Entry::Refused(pipeline, failure)
        }
    }
}

/// `404`, or `400` for a path that can be read in more than one way.
fn unmatched(error: RouteError) -> Failure {
    let (reason, status, body) = match error {
        RouteError::NotFound => (
            "OperationNotFound",
            StatusCode::NOT_FOUND,
            "Resource not found",
        ),
        RouteError::BadPath => ("BadPath", StatusCode::BAD_REQUEST, "Bad request"),
    };
    Failure::new(reason, error.to_string())
        .with_source("configuration")
        .respond(status, body)
}

/// Tells the context of the operation, and turns the URL towards its backend.
fn set_route(exchange: &mut Exchange, route: &Route<'_, '_>) {
    let inner_service = exchange.has_inner_service();
    let context = &mut exchange.context;
    context.api = Some(route.api.info.clone());
    if let Some(trace) = &mut context.trace {
        trace.hide(wire::credentials(&context.request, Some(&route.api.info)));
    }
    context.operation = route.operation.info.clone();
    context.described = route.operation.described.clone();
    context.graphql = route.api.graphql.clone();
    context.resolvers = route.api.resolvers.clone();
    let request = &mut context.request;
    request.matched_parameters = route.parameters.iter().cloned().collect();
    request.url = request.original_url.clone();
    let path = request.url.path.to_utf8();
    let suffix = path.strip_suffix(route.path).unwrap_or_default();
    if !suffix.is_empty() {
        request.url.base_path = suffix.into();
        request.url.path = route.path.into();
    }
    match &route.api.service_url {
        Some(base) => request.url.set_base(base),
        None if inner_service => {}
        // Without a host there is nowhere to go; the client's own would lead back to this gateway.
        None => request.url.host = Str::EMPTY,
    }
}

/// The method that a CORS preflight request asks about.
fn preflight_method(exchange: &Exchange) -> Option<Method> {
    let request = &exchange.context.request;
    if request.method != Method::OPTIONS || !request.headers.contains_key(header::ORIGIN) {
        return None;
    }
    let method = request.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    Method::from_bytes(method.as_bytes()).ok()
}

/// Asks the direct children of the inbound section what they say to a preflight; whether it has its answer then.
fn preflight(pipeline: &Pipeline, exchange: &mut Exchange) -> Result<bool, Failure> {
    let mut answered = false;
    for block in pipeline.section(Section::Inbound) {
        for node in block.nodes() {
            match node.preflight(exchange)? {
                Preflight::Answered => return Ok(true),
                // The response is an empty `200` as yet.
                Preflight::Unmatched => answered = true,
                Preflight::Ignored => {}
            }
        }
    }
    Ok(answered)
}

/// Inbound, backend, outbound; a response made on the way ends them, one out of a cache leads to outbound. What resolvers
/// answer is answered before outbound.
async fn sections(pipeline: &Pipeline, exchange: &mut Exchange) -> Result<(), Failure> {
    let mut cached = false;
    for name in [Section::Inbound, Section::Backend] {
        match section(name, pipeline, exchange).await? {
            Flow::Respond => return Ok(()),
            Flow::Outbound => {
                cached = true;
                break;
            }
            Flow::Next | Flow::NextSection | Flow::Wait => {}
        }
    }
    if !cached && let Some(resolvers) = exchange.context.resolvers.clone() {
        resolve::answer(&resolvers, exchange).await?;
    }
    if let Some(store) = exchange.hit() {
        let mut blocks = pipeline.section(Section::Outbound).iter();
        if !blocks.any(|block| block.resumes_hits(store)) {
            exchange.end_hit();
        }
    }
    section(Section::Outbound, pipeline, exchange).await?;
    Ok(())
}

async fn section(
    section: Section,
    pipeline: &Pipeline,
    exchange: &mut Exchange,
) -> Result<Flow, Failure> {
    for block in pipeline.section(section) {
        let flow = match block.execute(exchange)? {
            Flow::Wait => block.resume(exchange).await?,
            flow => flow,
        };
        if flow != Flow::Next {
            return Ok(flow);
        }
    }
    Ok(Flow::Next)
}

/// Makes the default response to a failure, and lets `on-error` edit it. A failure there ends with 500.
async fn on_error(pipeline: &Pipeline, exchange: &mut Exchange, failure: Failure) {
    fail(exchange, &failure);
    if let Err(failure) = section(Section::OnError, pipeline, exchange).await {
        report(exchange, &failure);
        exchange.clear_resume_points();
        exchange.context.response = error_response(&ErrorResponse::internal(), exchange);
    }
}

fn fail(exchange: &mut Exchange, failure: &Failure) {
    report(exchange, failure);
    exchange.clear_resume_points();
    // What used up the budget must not keep `on-error` from answering.
    exchange.budget = exchange.context.ports.limits.budget.clone();
    exchange.context.last_error = Some(failure.to_last_error());
    if !failure.keeps_response() {
        exchange.context.response = error_response(failure.response(), exchange);
    }
}

/// Says what failed in log and trace, secrets and credentials left out.
pub(crate) fn report(exchange: &mut Exchange, failure: &Failure) {
    let message = exchange.masked(failure.message());
    let (source, reason) = (failure.source(), failure.reason().unwrap_or_default());
    let request_id = wire::guid(&exchange.context.request_id);
    let status = failure.response().status.as_u16();
    match failure.response().status.is_server_error() {
        true => tracing::error!(source, reason, %message, status, request_id, "request failed"),
        false => tracing::warn!(source, reason, %message, status, request_id, "request denied"),
    }
    // That of a policy was traced where it happened.
    if !failure.is_placed() && exchange.context.trace.is_some() {
        let data = failure.trace_data(exchange);
        exchange.context.trace_as(source, |_| data);
    }
}

fn error_response(error: &ErrorResponse, exchange: &Exchange) -> Response {
    let mut response = Response::new(error.status);
    response.reason = error.reason.clone();
    let (kind, bytes) = match &error.body {
        ErrorBody::Internal => {
            let id = wire::guid(&exchange.context.request_id);
            ("application/json", internal_error_body(&id))
        }
        ErrorBody::Message(message) => ("application/json", error_body(error.status, message)),
        ErrorBody::Raw(kind, bytes) => (*kind, bytes.clone()),
    };
    let headers = &mut response.headers;
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    for (name, value) in &error.headers {
        headers.append(name, value.clone());
    }
    response.body = Body::from(bytes);
    response
}

/// An exchange that may be given up. Whoever hangs up does not call for nothing: the deferred work is done all the
/// same, with the response as far as it came, unless it needs a body or a port that waits.
struct Unanswered<'e>(&'e mut Exchange);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let exchange = &mut *self.0;
        while let Some(work) = exchange.next_deferred() {
            if let Err(failure) = work.settle(exchange) {
                report(exchange, &failure);
            }
        }
        exchange.give_up_transfer();
    }
}

/// Does the deferred work. What fails is logged; the response stays as it is.
async fn settle(exchange: &mut Exchange) {
    exchange.budget = exchange.context.ports.limits.budget.clone();
    while let Some(work) = exchange.next_deferred() {
        let result = match exchange.context.buffer(work.reads()).await {
            Ok(()) => work.settle(exchange),
            Err(failure) => Err(failure),
        };
        match result {
            Ok(step) => step.get().await,
            Err(failure) => report(exchange, &failure),
        }
    }
}
