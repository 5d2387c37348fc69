//! Checks on their way to the server: those that come while others are under way go together.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use redis::aio::ConnectionLike;
use redis::{Cmd, RedisError, ServerErrorKind, cmd};
use smallvec::SmallVec;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tollgate::ports::{Count, CounterOp, CounterState, CounterStates};

use crate::link::{Connection, Redis};

const SCRIPT: &str = include_str!("window.lua");
/// So many checks go together at most, as the server does nothing else meanwhile.
const MOST_TOGETHER: usize = 128;
/// So many batches are under way at most.
const MOST_BATCHES: usize = 4;

#[derive(Clone)]
pub(crate) struct Batches(Arc<Inner>);

struct Inner {
    redis: Redis,
    queue: Mutex<Queue>,
    /// The script's name on the server.
    sha1: String,
    /// How many checks go together, and how many batches are under way.
    together: usize,
    batches: usize,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    under_way: usize,
}

struct Waiting {
    check: Check,
    answer: oneshot::Sender<Answer>,
    deadline: Instant,
}

/// The states, or the check back if Redis is away.
pub(crate) type Answer = Result<CounterStates, Check>;

/// What one call of the port asks for.
#[derive(Debug)]
pub(crate) struct Check(Vec<Operation>);

#[derive(Debug)]
struct Operation {
    key: String,
    limit: u64,
    period: Duration,
    fixed: bool,
    count: Count,
    /// How long ago what is released was reserved, in microseconds by the gateway's clock: that it is the server's as
    /// well does not matter then.
    age: f64,
}

impl Check {
    pub(crate) fn new(
        now: i64,
        operations: &[CounterOp<'_>],
        key: impl Fn(&CounterOp<'_>) -> String,
    ) -> Self {
        let operations = operations.iter().map(|one| Operation {
            key: key(one),
            limit: one.limit,
            period: one.period,
            fixed: one.fixed,
            count: one.count,
            age: match one.count {
                Count::Release { since, .. } => (now.saturating_sub(since).max(0) / 10) as f64,
                _ => 0.0,
            },
        });
        Self(operations.collect())
    }

    /// The same for counters of this gateway alone.
    pub(crate) fn operations(&self) -> SmallVec<[CounterOp<'_>; 2]> {
        let operations = self.0.iter().map(|one| CounterOp {
            group: &one.key,
            key: &one.key,
            limit: one.limit,
            period: one.period,
            fixed: one.fixed,
            count: one.count,
        });
        operations.collect()
    }

    /// As `window.lua` reads it.
    fn write(&self, to: &mut Vec<u8>) {
        let mut push = |number: f64| to.extend_from_slice(&number.to_le_bytes());
        push(self.0.len() as f64);
        for one in &self.0 {
            let (kind, count) = match one.count {
                Count::Check => (0.0, 0),
                Count::Take(count) => (1.0, count),
                Count::Add(count) => (2.0, count),
                Count::Reserve(count) => (3.0, count),
                Count::Release { count, .. } => (4.0, count),
            };
            let period = match one.period {
                Duration::MAX => -1.0,
                period => number(u64::try_from(period.as_micros()).unwrap_or(u64::MAX)),
            };
            push(number(one.limit));
            push(period);
            push(f64::from(u8::from(one.fixed)));
            push(kind);
            push(number(count));
            push(one.age);
        }
    }
}

/// What a double holds exactly is what Lua can count to.
fn number(number: u64) -> f64 {
    number.min((1 << 53) - 1) as f64
}

impl Batches {
    pub(crate) fn new(redis: Redis) -> Self {
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, SCRIPT.as_bytes());
        let sha1 = sha1.as_ref().iter().map(|byte| format!("{byte:02x}"));
        // A script of a cluster has all its keys on one node.
        let (together, batches) = match redis.settings().cluster {
            true => (1, redis.settings().in_flight),
            false => (MOST_TOGETHER, MOST_BATCHES),
        };
        Self(Arc::new(Inner {
            sha1: sha1.collect(),
            redis,
            queue: Mutex::default(),
            together,
            batches,
        }))
    }

    /// Sends the check with the next batch; gives it back if too many are waiting, or there is no runtime.
    pub(crate) fn add(&self, check: Check) -> Result<oneshot::Receiver<Answer>, Check> {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return Err(check);
        };
        let settings = self.0.redis.settings();
        let mut queue = self.queue();
        if queue.waiting.len() >= settings.in_flight {
            return Err(check);
        }
        let (answer, answered) = oneshot::channel();
        queue.waiting.push_back(Waiting {
            check,
            answer,
            deadline: Instant::now() + settings.response_timeout,
        });
        if queue.under_way < self.0.batches {
            queue.under_way += 1;
            let flight = Flight(self.clone(), true);
            runtime.spawn(flight.run());
        }
        Ok(answered)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, batch: Vec<Waiting>) {
        let Some(first) = batch.first() else {
            return;
        };
        let work = async |connection| self.ask(connection, &batch).await;
        let answers = self.0.redis.run(first.deadline, work).await;
        let mut answers = answers.unwrap_or_default().into_iter();
        for one in batch {
            let states: CounterStates = answers.by_ref().take(one.check.0.len()).collect();
            let answer = match states.len() == one.check.0.len() {
                true => Ok(states),
                false => Err(one.check),
            };
            // Who asked may have gone.
            let _ = one.answer.send(answer);
        }
    }

    /// The states of all operations, in one round trip; in two if the server does not know the script yet.
    async fn ask(
        &self,
        mut connection: Connection,
        batch: &[Waiting],
    ) -> Result<Vec<CounterState>, RedisError> {
        let mut run = async |command: Cmd| {
            let reply = connection.req_packed_command(&command).await?;
            Ok(redis::from_redis_value(reply.extract_error()?)?)
        };
        let by_name = run(self.command("EVALSHA", &self.0.sha1, batch)).await;
        let reply: Vec<u8> = match by_name {
            Err(error) if is_unknown_script(&error) => {
                run(self.command("EVAL", SCRIPT, batch)).await?
            }
            reply => reply?,
        };
        Ok(reply.chunks_exact(24).filter_map(state).collect())
    }

    fn command(&self, name: &str, script: &str, batch: &[Waiting]) -> Cmd {
        let operations = batch.iter().flat_map(|one| &one.check.0);
        let mut command = cmd(name);
        command.arg(script).arg(operations.clone().count());
        for one in operations {
            command.arg(&one.key);
        }
        let mut checks = Vec::with_capacity(batch.len() * 64);
        for one in batch {
            one.check.write(&mut checks);
        }
        let slack = self.0.redis.settings().response_timeout.as_micros();
        let slack = u64::try_from(slack).unwrap_or(u64::MAX);
        command.arg(checks).arg(slack);
        command
    }
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == redis::ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Three doubles of the answer.
fn state(bytes: &[u8]) -> Option<CounterState> {
    let mut numbers = (bytes.chunks_exact(8))
        .filter_map(|eight| eight.try_into().ok())
        .map(f64::from_le_bytes);
    let (allowed, remaining, wait) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Some(CounterState {
        allowed: allowed == 1.0,
        // Whole numbers that are not negative; a cast of others saturates.
        remaining: remaining as u64,
        retry_after: match wait < 0.0 {
            true => Duration::MAX,
            false => Duration::from_micros(wait as u64),
        },
    })
}

/// A task that sends batches until nobody waits; counted as under way until it ends, however it does.
struct Flight(Batches, bool);

impl Flight {
    async fn run(mut self) {
        while let Some(batch) = self.next() {
            self.0.send(batch).await;
        }
    }

    fn next(&mut self) -> Option<Vec<Waiting>> {
        let mut queue = self.0.queue();
        let most = queue.waiting.len().min(self.0.0.together);
        if most == 0 {
            // In the same breath: who comes now begins a flight of its own.
            queue.under_way -= 1;
            self.1 = false;
            return None;
        }
        Some(queue.waiting.drain(..most).collect())
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if self.1 {
            self.0.queue().under_way -= 1;
        }
    }
}
