//! How policies run when there is a trace: who runs, when it begins and ends, what comes of it.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Node, Place};
use crate::exchange::{Event, Exchange};
use crate::failure::Failure;
use crate::policy::{Finish, Flow, Preflight, Waiting};

/// The policy that ran before another one took over.
type Outer = Option<Arc<Place>>;

impl Node {
    #[cold]
    pub(super) fn execute_traced(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let outer = self.go_on_traced(exchange);
        self.begin(exchange);
        let result = self.policy.execute(exchange);
        self.pause(exchange, outer, result)
    }

    #[cold]
    pub(super) async fn resume_traced(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let outer = self.go_on_traced(exchange);
        let result = self.policy.resume(exchange).await;
        self.pause(exchange, outer, result)
    }

    #[cold]
    pub(super) fn detach_traced<'a>(
        &'a self,
        exchange: &mut Exchange,
    ) -> Result<Waiting<'a>, Failure> {
        let outer = self.go_on_traced(exchange);
        let future = match self.policy.detach(exchange) {
            Ok(Waiting::Detached(future)) => future,
            Ok(Waiting::Exclusive) => {
                self.give_back(exchange, outer);
                return Ok(Waiting::Exclusive);
            }
            Err(failure) => {
                return self
                    .pause(exchange, outer, Err(failure))
                    .map(|_| Waiting::Exclusive);
            }
        };
        self.give_back(exchange, outer);
        Ok(Waiting::Detached(Box::pin(async move {
            let finish = future.await;
            Box::new(move |exchange: &mut Exchange| {
                let outer = self.go_on_traced(exchange);
                let result = finish(exchange);
                self.pause(exchange, outer, result)
            }) as Finish<'a>
        })))
    }

    #[cold]
    pub(super) fn preflight_traced(&self, exchange: &mut Exchange) -> Result<Preflight, Failure> {
        let outer = self.go_on_traced(exchange);
        let answered = self.policy.preflight(exchange);
        let result = match &answered {
            // It was asked, and has nothing to do with it.
            Ok(Preflight::Ignored) => {
                self.give_back(exchange, outer);
                return answered;
            }
            Ok(Preflight::Unmatched) => Ok(Flow::Next),
            Ok(Preflight::Answered) => Ok(Flow::Respond),
            Err(failure) => Err(failure.clone()),
        };
        self.begin(exchange);
        self.pause(exchange, outer, result)?;
        answered
    }

    #[cold]
    pub(super) fn unrouted_traced(&self, exchange: &mut Exchange) -> bool {
        let outer = self.go_on_traced(exchange);
        let answered = self.policy.unrouted(exchange);
        if answered {
            self.begin(exchange);
            self.end(exchange, Some(Flow::Respond));
        }
        self.give_back(exchange, outer);
        answered
    }

    /// Has the policy be the one that runs. What is different by now, the one before it did.
    fn go_on_traced(&self, exchange: &mut Exchange) -> Outer {
        exchange.trace_changes();
        exchange.context.run_traced(Some(Arc::clone(&self.place)))
    }

    /// Has the policy be the one that runs again that ran before.
    fn give_back(&self, exchange: &mut Exchange, outer: Outer) {
        exchange.trace_changes();
        exchange.context.run_traced(outer);
    }

    fn begin(&self, exchange: &mut Exchange) {
        let now = exchange.context.ports.clock.now();
        if let Some(trace) = &mut exchange.context.trace {
            trace.open(&self.place, now);
        }
        exchange
            .context
            .trace_step(Event::Entered, &self.place, Json::Null);
    }

    fn end(&self, exchange: &mut Exchange, flow: Option<Flow>) {
        exchange.trace_changes();
        let now = exchange.context.ports.clock.now();
        let trace = exchange.context.trace.as_mut();
        let began = trace.and_then(|trace| trace.close(&self.place));
        let spent = now.saturating_sub(began.unwrap_or(now));
        let event = Event::Left { spent, flow };
        exchange.context.trace_step(event, &self.place, Json::Null);
    }

    /// Gives over to the policy that ran before, for good unless this one waits.
    fn pause(
        &self,
        exchange: &mut Exchange,
        outer: Outer,
        result: Result<Flow, Failure>,
    ) -> Result<Flow, Failure> {
        let result = match result {
            Ok(Flow::Wait) => Ok(Flow::Wait),
            Ok(flow) => {
                self.end(exchange, Some(flow));
                Ok(flow)
            }
            Err(failure) => {
                let is_first = !failure.is_placed();
                let failure = failure.at(&self.place);
                if is_first {
                    let data = failure.trace_data(exchange);
                    exchange
                        .context
                        .trace_step(Event::Failed, &self.place, data);
                }
                self.end(exchange, None);
                Err(failure)
            }
        };
        self.give_back(exchange, outer);
        result
    }
}

impl Failure {
    /// What a trace says of it, secrets and credentials left out.
    pub(crate) fn trace_data(&self, exchange: &Exchange) -> Json {
        json!({
            "message": exchange.masked(self.message()),
            "reason": self.reason().unwrap_or_default(),
            "status": self.response().status.as_u16(),
        })
    }
}
