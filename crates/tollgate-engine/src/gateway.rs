//! The gateway: requests in, responses out.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::exchange::{Body, ClientCertificate, Context, Exchange, Request, Trace};
use crate::plan::Plan;
use crate::ports::{HttpClient, Ports};
use crate::{run, wire};

/// Runs requests through a plan, which can be replaced while it does.
pub struct Gateway {
    plan: ArcSwap<Plan>,
    ports: Arc<Ports>,
}

/// Who sent a request, and over what.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// The address of the client.
    pub ip: Option<IpAddr>,
    /// Whether the connection is encrypted: `https` in `context.Request.OriginalUrl`, unless the request itself
    /// says what it is.
    pub tls: bool,
    /// The client's certificate, if the server asked for one and has verified it.
    pub certificate: Option<ClientCertificate>,
}

/// How one request is to be run; for tests and tools.
#[derive(Default)]
pub struct RunOptions {
    /// Takes what `forward-request` sends, in place of the HTTP client.
    pub backend: Option<Arc<dyn HttpClient>>,
    /// The HTTP client that takes what `forward-request` sends, apart from that of all other calls: for those who look on.
    /// `backend` goes before it.
    pub way_to_backend: Option<Arc<dyn HttpClient>>,
    /// `context.RequestId`; random otherwise.
    pub request_id: Option<[u8; 16]>,
    /// The trace to write, if any: [`Trace::default`], or [`Trace::unseen`]. It is in
    /// [`Outcome::trace`] then.
    pub trace: Option<Trace>,
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("request_id", &self.request_id)
            .field("trace", &self.trace.is_some())
            .finish_non_exhaustive()
    }
}

/// What came of a request.
#[derive(Debug)]
pub struct Outcome {
    /// What the client gets.
    pub response: http::Response<Body>,
    /// The exchange at its end, with variables and trace. `None` if the request was not understood.
    pub exchange: Option<Exchange>,
}

impl Outcome {
    /// The trace, if there was to be one and the request was understood.
    pub fn trace(&self) -> Option<&Trace> {
        self.exchange.as_ref()?.context.trace.as_ref()
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}

impl Gateway {
    /// A gateway that runs requests through this plan, with these ports.
    pub fn new(plan: impl Into<Arc<Plan>>, ports: impl Into<Arc<Ports>>) -> Self {
        Self {
            plan: ArcSwap::new(plan.into()),
            ports: ports.into(),
        }
    }

    /// Answers a request. Dropping the future gives up whatever runs, calls to backends included.
    ///
    /// A denied request is a response too: there is no error.
    pub async fn handle(&self, request: http::Request<Body>, peer: Peer) -> http::Response<Body> {
        let options = RunOptions::default();
        self.run(request, peer, options).await.response
    }

    /// Answers a request; what `forward-request` sends goes to `backend`, such as the service behind a layer.
    pub async fn handle_with(
        &self,
        request: http::Request<Body>,
        peer: Peer,
        backend: Arc<dyn HttpClient>,
    ) -> http::Response<Body> {
        let options = RunOptions {
            backend: Some(backend),
            ..RunOptions::default()
        };
        self.run(request, peer, options).await.response
    }

    /// Answers a request, and tells how it went.
    pub async fn run(
        &self,
        request: http::Request<Body>,
        peer: Peer,
        options: RunOptions,
    ) -> Outcome {
        match wire::receive(request, peer) {
            Ok(request) => {
                let mut exchange = self.exchange(request, options);
                let response = run::run(&mut exchange).await;
                Outcome {
                    response,
                    exchange: Some(exchange),
                }
            }
            Err(error) => {
                tracing::warn!(reason = %error, "request refused");
                Outcome {
                    response: wire::bad_request(),
                    exchange: None,
                }
            }
        }
    }

    /// Replaces the plan. Requests that are running go on with the one they began with.
    pub fn reload(&self, plan: Plan) {
        self.plan.store(Arc::new(plan));
    }

    /// The plan that requests run through now.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.load_full()
    }

    /// The world outside.
    pub fn ports(&self) -> &Arc<Ports> {
        &self.ports
    }

    fn exchange(&self, request: Request, options: RunOptions) -> Exchange {
        let plan = self.plan();
        let mut context = Context::new(request, self.ports.clone());
        context.deployment = plan.deployment().clone();
        context.workspace = plan.workspace().cloned();
        if let Some(id) = options.request_id {
            context.request_id = id;
        }
        if let Some(trace) = options.trace {
            context.begin_trace(trace, &plan);
        }
        let mut exchange = Exchange::new(context, plan);
        if let Some(way) = options.way_to_backend {
            exchange.set_way_to_backend(way);
        }
        if let Some(backend) = options.backend {
            exchange.set_backend(backend);
        }
        exchange
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_send<T: Send>(_: &T) {}

    #[test]
    fn a_request_can_be_handled_on_any_thread() {
        fn check(gateway: &Gateway) {
            let request = http::Request::new(Body::empty());
            assert_send(&gateway.handle(request, Peer::default()));
        }
        let _ = check;
    }
}
