//! Policies in a row, and how they run.

mod traced;

use std::sync::Arc;

use tollgate_syntax::Span;

use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::policy::{BoxFuture, Finish, Flow, Policy, Preflight, Reads, Scope, Section, Waiting};

/// Policies that run one after the other: a section, or what stands in `<when>`.
#[derive(Debug, Default)]
pub struct Block {
    nodes: Box<[Node]>,
}

/// One policy at its place.
#[derive(Debug)]
pub struct Node {
    /// The policy.
    pub policy: Box<dyn Policy>,
    /// Where it stands.
    pub place: Arc<Place>,
    reads: Reads,
    /// The policies that resume cache hits, of which it is one or which stand in it.
    pub(crate) stores: Box<[&'static str]>,
}

impl Node {
    /// A policy at its place.
    pub fn new(policy: Box<dyn Policy>, place: Arc<Place>) -> Self {
        let reads = policy.reads();
        Self {
            policy,
            place,
            reads,
            stores: Box::default(),
        }
    }
}

/// Where a policy or a branch of one stands; what `LastError` and traces tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which of the two it is.
    pub kind: PlaceKind,
    /// The scope of the document it was written in.
    pub scope: Scope,
    /// The section.
    pub section: Section,
    /// The position in the section: `choose[3]/when[2]/set-header[1]`, counted from 1 by element name.
    pub path: Box<str>,
    /// The policy's name; of a branch that of the policy it belongs to.
    pub policy: &'static str,
    /// The policy's `id` attribute.
    pub id: Option<Box<str>>,
    /// The element in its file.
    pub span: Span,
}

/// What stands at a [`Place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// A policy.
    Policy,
    /// A part of a policy that runs or does not, such as `when` ([`ElementReader::branch`](crate::ElementReader::branch)).
    Branch,
}

impl Block {
    /// Policies in their order.
    pub fn new(nodes: Vec<Node>) -> Self {
        Self {
            nodes: nodes.into(),
        }
    }

    /// The policies.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Each policy as a block of its own.
    #[must_use]
    pub fn split(self) -> Vec<Block> {
        let nodes = self.nodes.into_iter();
        nodes.map(|node| Block::new(vec![node])).collect()
    }

    /// Which bodies the policies read, those nested in them not counted.
    pub fn reads(&self) -> Reads {
        let nodes = self.nodes.iter();
        nodes.fold(Reads::NONE, |reads, node| reads.or(node.reads))
    }

    /// Runs the policies as far as none must wait. After [`Flow::Wait`] the caller calls [`resume`](Self::resume)
    /// from its own `resume`; where to go on is kept in the exchange.
    pub fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        self.execute_from(0, exchange)
    }

    /// Goes on where [`execute`](Self::execute) stopped, to the end.
    pub fn resume<'a>(
        &'a self,
        exchange: &'a mut Exchange,
    ) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            loop {
                let Some(stop) = exchange.pop_resume_point().map(Stop::from_point) else {
                    return Ok(Flow::Next);
                };
                let Some(node) = self.nodes.get(stop.index) else {
                    return Ok(Flow::Next);
                };
                let flow = node.resume(exchange, stop.buffering).await?;
                match self.go_on(stop.index, flow, exchange)? {
                    Flow::Wait => {}
                    flow => return Ok(flow),
                }
            }
        })
    }

    /// Goes on where [`execute`](Self::execute) stopped, as [`Policy::detach`] has it. After [`Waiting::Exclusive`]
    /// all is as it was, for [`resume`](Self::resume).
    pub fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let Some(point) = exchange.pop_resume_point() else {
            return Ok(Waiting::Exclusive);
        };
        let Stop { index, buffering } = Stop::from_point(point);
        let waiting = match self.nodes.get(index) {
            Some(node) if !buffering => node.detach(exchange)?,
            _ => Waiting::Exclusive,
        };
        let Waiting::Detached(future) = waiting else {
            exchange.push_resume_point(point);
            return Ok(Waiting::Exclusive);
        };
        Ok(Waiting::Detached(Box::pin(async move {
            let finish = future.await;
            Box::new(move |exchange: &mut Exchange| {
                let flow = finish(exchange)?;
                self.go_on(index, flow, exchange)
            }) as Finish<'a>
        })))
    }

    /// Runs the policies to the end: [`execute`](Self::execute), and [`resume`](Self::resume) if one must wait.
    pub async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match self.execute(exchange)? {
            Flow::Wait => self.resume(exchange).await,
            flow => Ok(flow),
        }
    }

    /// Whether one of the policies, or one within them, is of this name and resumes cache hits.
    pub(crate) fn resumes_hits(&self, policy: &str) -> bool {
        self.nodes.iter().any(|node| node.stores.contains(&policy))
    }

    /// Goes on after the policy at `index`, which ended so.
    fn go_on(&self, index: usize, flow: Flow, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match flow {
            Flow::Next => {
                exchange.end_hit();
                self.execute_from(index + 1, exchange)
            }
            Flow::Wait => {
                let buffering = false;
                exchange.push_resume_point(Stop { index, buffering }.to_point());
                Ok(Flow::Wait)
            }
            flow => Ok(flow),
        }
    }

    fn execute_from(&self, first: usize, exchange: &mut Exchange) -> Result<Flow, Failure> {
        for (index, node) in self.nodes.iter().enumerate().skip(first) {
            let after_hit = exchange.hit().is_some();
            if after_hit && !node.runs_after_hit(exchange) {
                continue;
            }
            let buffering = !exchange.context.is_buffered(node.reads);
            let flow = match buffering {
                true => Flow::Wait,
                false => node.execute(exchange)?,
            };
            match flow {
                Flow::Next if after_hit => exchange.end_hit(),
                Flow::Next => {}
                Flow::Wait => {
                    exchange.push_resume_point(Stop { index, buffering }.to_point());
                    return Ok(Flow::Wait);
                }
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }
}

impl Node {
    /// Asks the policy what it says to a preflight request.
    pub(crate) fn preflight(&self, exchange: &mut Exchange) -> Result<Preflight, Failure> {
        if exchange.context.trace.is_some() {
            return self.preflight_traced(exchange);
        }
        let answered = self.policy.preflight(exchange);
        answered.map_err(|failure| failure.at(&self.place))
    }

    /// Asks the policy whether it answers a request that no operation takes.
    pub(crate) fn unrouted(&self, exchange: &mut Exchange) -> bool {
        if exchange.context.trace.is_some() {
            return self.unrouted_traced(exchange);
        }
        self.policy.unrouted(exchange)
    }

    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        if exchange.context.trace.is_some() {
            return self.execute_traced(exchange);
        }
        self.policy
            .execute(exchange)
            .map_err(|failure| failure.at(&self.place))
    }

    /// Whether it runs after a cache hit: nothing does up to the policy that stores what the cache gave, but what that
    /// policy stands in.
    fn runs_after_hit(&self, exchange: &mut Exchange) -> bool {
        let store = exchange.hit().unwrap_or_default();
        if self.place.policy == store && self.policy.resumes_hits() {
            exchange.end_hit();
            return false;
        }
        self.stores.contains(&store)
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        if exchange.context.trace.is_some() {
            return self.detach_traced(exchange);
        }
        let waiting = self.policy.detach(exchange);
        let Waiting::Detached(future) = waiting.map_err(|failure| failure.at(&self.place))? else {
            return Ok(Waiting::Exclusive);
        };
        Ok(Waiting::Detached(Box::pin(async move {
            let finish = future.await;
            Box::new(move |exchange: &mut Exchange| {
                finish(exchange).map_err(|failure| failure.at(&self.place))
            }) as Finish<'a>
        })))
    }

    /// Buffers what the policy reads, if that is what it waits for, and runs the policy to its end.
    async fn resume(&self, exchange: &mut Exchange, buffering: bool) -> Result<Flow, Failure> {
        if buffering {
            let buffered = exchange.context.buffer(self.reads).await;
            buffered.map_err(|failure| failure.at(&self.place))?;
            match self.execute(exchange)? {
                Flow::Wait => {}
                flow => return Ok(flow),
            }
        }
        if exchange.context.trace.is_some() {
            return self.resume_traced(exchange).await;
        }
        let flow = self.policy.resume(exchange).await;
        flow.map_err(|failure| failure.at(&self.place))
    }
}

/// Where a block stopped: at which policy, and whether that one has yet to be given its bodies.
struct Stop {
    index: usize,
    buffering: bool,
}

impl Stop {
    fn to_point(&self) -> usize {
        self.index << 1 | usize::from(self.buffering)
    }

    fn from_point(point: usize) -> Self {
        Self {
            index: point >> 1,
            buffering: point & 1 == 1,
        }
    }
}
