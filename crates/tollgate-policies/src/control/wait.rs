//! `wait`: runs its policies side by side, and goes on when all of them are done, or any.
//!
//! ```xml
//! <wait for="all">
//!     <send-request mode="new" response-variable-name="prices">
//!         <set-url>https://prices.example.com</set-url>
//!     </send-request>
//!     <cache-lookup-value key="rates" variable-name="rates" />
//! </wait>
//! ```
//!
//! Only `send-request`, `cache-lookup-value` and `choose` may stand in it; in `choose` any policy. With `for="all"` (the
//! default) it waits for each of them; if one fails, the others are waited for, and the first failure in document order
//! goes on to `on-error`. With `for="any"` it goes on with the first one that ends, well or not, and gives the others
//! up. A policy in a `choose` that ends the pipeline (`return-response`) ends the others too. Variables that they set are
//! those of the request.
//!
//! What waits for another service or a cache does so while others run. A policy that holds the request while it waits
//! (`forward-request` in a `choose`) lets the others' calls go on, but what they do with the answers waits for it.
//! Source: wait-policy.md; on failures it is silent.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};
use serde_json::json;
use tollgate_engine::exchange::Stops;
use tollgate_engine::{
    Block, BoxFuture, Children, ElementReader, Exchange, Failure, Finish, Flow, FromValue, Invalid,
    Policy, PolicyKind, Reads, Scopes, Sections, Setting, Waiting, optional,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "wait",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[optional("for").about("`all` (the default) or `any`.")],
    children: Children::Policies,
    load: |e| Ok(Box::new(Wait::load(e)?)),
};

/// The policies that may stand in it.
const ALLOWED: [&str; 3] = ["send-request", "cache-lookup-value", "choose"];

#[derive(Debug)]
struct Wait {
    wait_for: Option<Setting<WaitFor>>,
    branches: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitFor {
    All,
    Any,
}

impl FromValue for WaitFor {
    const EXPECTED: &'static str = "`all` or `any`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [("all", Self::All), ("any", Self::Any)];
        let mut all = all.into_iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, wait_for)| wait_for)
    }
}

impl Wait {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let wait_for = e.optional_setting("for");
        let misplaced = e.children();
        let mut misplaced = misplaced
            .iter()
            .filter(|child| !ALLOWED.contains(&child.name()) && child.name() != "include-fragment")
            .map(|child| {
                let message = format!(
                    "`wait` cannot hold the policy `{}`, only `send-request`, `cache-lookup-value` and `choose`",
                    child.name()
                );
                e.error("unknown-element", child.name_span(), message)
            });
        let misplaced = misplaced.next_back();
        let branches = e.block()?.split();
        if misplaced.is_some() {
            return Err(Invalid);
        }
        // A fragment may bring others.
        for block in &branches {
            for node in block.nodes() {
                if !ALLOWED.contains(&node.place.policy) {
                    let message = format!("`wait` cannot hold the policy `{}`", node.place.policy);
                    return Err(e.error("unknown-element", node.place.span, message));
                }
            }
        }
        Ok(Self {
            wait_for: wait_for?,
            branches,
        })
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let any = match &self.wait_for {
            Some(setting) => *setting.get(exchange)? == WaitFor::Any,
            None => false,
        };
        exchange.context.trace(|_| {
            let (which, count) = (if any { "first" } else { "last" }, self.branches.len());
            json!({ "message": format!("{count} policies begin side by side; it goes on after the {which} one.") })
        });
        let outer = exchange.swap_stops(Stops::default());
        let result = Running::new(&self.branches).run(any, exchange).await;
        exchange.swap_stops(outer);
        result
    }
}

/// The branches on their way.
struct Running<'a> {
    branches: &'a [Block],
    results: Vec<Option<Result<Flow, Failure>>>,
    /// Where each branch stopped.
    stops: Vec<Stops>,
    /// Those that wait for something, and need the exchange only then.
    calls: FuturesUnordered<BoxFuture<'a, Answer<'a>>>,
    /// Those whose waiting is over.
    answers: VecDeque<Answer<'a>>,
    /// Those that need the exchange to wait.
    exclusive: VecDeque<usize>,
}

type Answer<'a> = (usize, Finish<'a>);

impl<'a> Running<'a> {
    fn new(branches: &'a [Block]) -> Self {
        Self {
            branches,
            results: branches.iter().map(|_| None).collect(),
            stops: branches.iter().map(|_| Stops::default()).collect(),
            calls: FuturesUnordered::new(),
            answers: VecDeque::new(),
            exclusive: VecDeque::new(),
        }
    }

    async fn run(mut self, any: bool, exchange: &mut Exchange) -> Result<Flow, Failure> {
        for (index, branch) in self.branches.iter().enumerate() {
            let result = branch.execute(exchange);
            if let Some(result) = self.step(index, result, any, exchange) {
                return result;
            }
        }
        loop {
            let (index, result) = if let Some((index, finish)) = self.answers.pop_front() {
                self.restore(index, exchange);
                (index, finish(exchange))
            } else if let Some(index) = self.exclusive.pop_front() {
                self.restore(index, exchange);
                (index, self.resume(index, exchange).await)
            } else if let Some(answer) = self.calls.next().await {
                self.answers.push_back(answer);
                continue;
            } else {
                break;
            };
            if let Some(result) = self.step(index, result, any, exchange) {
                return result;
            }
        }
        let failed = self.results.into_iter().flatten().find(Result::is_err);
        failed.unwrap_or(Ok(Flow::Next))
    }

    /// Takes what a branch came to; gives the result of the whole if that is it.
    fn step(
        &mut self,
        index: usize,
        result: Result<Flow, Failure>,
        any: bool,
        exchange: &mut Exchange,
    ) -> Option<Result<Flow, Failure>> {
        let result = match result {
            Ok(Flow::Wait) => match self.wait(index, exchange) {
                Ok(()) => return None,
                Err(failure) => Err(failure),
            },
            result => result,
        };
        // What a failed branch left behind is nobody's.
        exchange.swap_stops(Stops::default());
        match result {
            Ok(Flow::Next) if !any => {}
            Err(_) if !any => {
                if let Some(slot) = self.results.get_mut(index) {
                    *slot = Some(result);
                }
            }
            result => return Some(result),
        }
        None
    }

    /// Has a branch wait that stopped just now.
    fn wait(&mut self, index: usize, exchange: &mut Exchange) -> Result<(), Failure> {
        let branches = self.branches;
        let Some(branch) = branches.get(index) else {
            return Ok(());
        };
        match branch.detach(exchange)? {
            Waiting::Detached(call) => {
                let call = Box::pin(async move { (index, call.await) });
                self.calls.push(call);
            }
            Waiting::Exclusive => self.exclusive.push_back(index),
        }
        if let Some(stops) = self.stops.get_mut(index) {
            *stops = exchange.swap_stops(Stops::default());
        }
        Ok(())
    }

    fn restore(&mut self, index: usize, exchange: &mut Exchange) {
        if let Some(stops) = self.stops.get_mut(index) {
            exchange.swap_stops(std::mem::take(stops));
        }
    }

    /// Runs a branch that needs the exchange to wait; the calls of the others go on meanwhile.
    async fn resume(&mut self, index: usize, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let branches = self.branches;
        let Some(branch) = branches.get(index) else {
            return Ok(Flow::Next);
        };
        let mut resume = branch.resume(exchange);
        poll_fn(|context| {
            while let Poll::Ready(Some(answer)) = Pin::new(&mut self.calls).poll_next(context) {
                self.answers.push_back(answer);
            }
            resume.as_mut().poll(context)
        })
        .await
    }
}

impl Policy for Wait {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(self.run(exchange))
    }

    /// What its branches read first: a branch that had to wait for a body would hold the others up.
    fn reads(&self) -> Reads {
        let own = self.wait_for.as_ref().map_or(Reads::NONE, Setting::reads);
        self.branches.iter().map(Block::reads).fold(own, Reads::or)
    }
}
