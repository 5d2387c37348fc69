//! How many tokens an exchange has used, whoever asks: one watch on the backend's responses for all policies.
//!
//! A response says how many it has used (`usage`), also at the end of a stream where the client asked for that
//! (`stream_options`). Of one that does not, the answer is counted as it passes, and the prompt as it was estimated. A
//! stream is never held back. A backend that refuses has used nothing, unless it says so; one that does not answer in
//! time, or whose client hangs up, may have read the prompt. Attempts of `retry` add up.
//!
//! The backend is asked not to compress (`Accept-Encoding: identity`); what it compresses all the same is decoded, and goes
//! to the client in plain. In a coding that is not known it is refused: its tokens cannot be counted. Source:
//! llm-token-limit-policy.md.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderValue;
use http::header::ACCEPT_ENCODING;
use http_body::{Body as HttpBody, Frame, SizeHint};
use serde_json::Value;
use tollgate_engine::exchange::{BackendWatch, BodyError, BoxError};
use tollgate_engine::ports::{SendError, SendErrorKind, Tokenizer};
use tollgate_engine::{Body, BoxFuture, Exchange, Failure, Response};

use super::events::{Events, is_stream};
use super::prompt::Prompt;
use super::usage::{Usage, said};

/// What an exchange has used so far.
pub(crate) struct Consumption {
    tokenizer: Arc<dyn Tokenizer>,
    /// What the prompt was estimated at.
    pub(crate) estimate: u64,
    /// Whether the client wants the answer piece by piece.
    pub(crate) streams: bool,
    state: Mutex<State>,
}

/// Tokens that were used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) prompt: u64,
    pub(crate) completion: u64,
    pub(crate) total: u64,
}

#[derive(Debug, Default)]
struct State {
    /// What earlier attempts have used.
    earlier: Tokens,
    attempt: Attempt,
}

/// One call of the backend.
#[derive(Debug, Clone, Copy, Default)]
enum Attempt {
    #[default]
    None,
    Sent,
    /// It has used nothing.
    Failed,
    Answered(Answered),
}

#[derive(Debug, Clone, Copy, Default)]
struct Answered {
    /// What the response reports.
    usage: Usage,
    /// What the answer was counted at, where it does not.
    counted: u64,
    /// Whether it still streams.
    streams: bool,
    /// Whether it came to its end: what a stream reports before that may be too little.
    is_whole: bool,
}

impl std::fmt::Debug for Consumption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumption")
            .field("estimate", &self.estimate)
            .finish_non_exhaustive()
    }
}

impl Consumption {
    /// That of this exchange, whose request body is buffered; watched from here on.
    pub(crate) async fn of(exchange: &mut Exchange) -> Arc<Self> {
        let request = &mut exchange.context.request;
        if let Some(known) = request.extensions.get::<Arc<Self>>() {
            return Arc::clone(known);
        }
        let tokenizer = Arc::clone(&exchange.context.ports.tokenizer);
        let body = request.body.bytes().cloned().unwrap_or_default();
        let prompt = Prompt::read(&body, &request.url.path.to_utf8());
        let consumption = Arc::new(Self {
            estimate: prompt.tokens(&*tokenizer).await,
            streams: prompt.streams,
            tokenizer,
            state: Mutex::default(),
        });
        let request = &mut exchange.context.request;
        let plain = HeaderValue::from_static("identity");
        request.headers.insert(ACCEPT_ENCODING, plain);
        request.extensions.insert(Arc::clone(&consumption));
        exchange.watch_backend(Arc::new(Watch(Arc::clone(&consumption))));
        consumption
    }

    /// What was used so far.
    pub(crate) fn tokens(&self) -> Tokens {
        let state = self.state();
        state.earlier.and(self.of_attempt(state.attempt))
    }

    /// Whether more is to come.
    pub(crate) fn is_streaming(&self) -> bool {
        matches!(self.state().attempt, Attempt::Answered(answered) if answered.streams)
    }

    /// Whether the backend has answered.
    pub(crate) fn is_answered(&self) -> bool {
        matches!(self.state().attempt, Attempt::Answered(_))
    }

    fn of_attempt(&self, attempt: Attempt) -> Tokens {
        let (prompt, completion, total) = match attempt {
            Attempt::None | Attempt::Failed => return Tokens::default(),
            Attempt::Sent => (self.estimate, 0, None),
            Attempt::Answered(Answered {
                usage,
                counted,
                is_whole,
                ..
            }) => {
                let completion = match (usage.completion, usage.total) {
                    (Some(completion), _) if is_whole => completion,
                    (Some(completion), _) => completion.max(counted),
                    // Embeddings have a prompt and a total.
                    (None, Some(total)) => total.saturating_sub(usage.prompt.unwrap_or(total)),
                    (None, None) => counted,
                };
                let prompt = usage.prompt.unwrap_or(match usage.total {
                    Some(total) => total.saturating_sub(completion),
                    None => self.estimate,
                });
                (prompt, completion, usage.total)
            }
        };
        Tokens {
            prompt,
            completion,
            // A total that leaves out what it has itself counts for no less.
            total: total.unwrap_or(0).max(prompt.saturating_add(completion)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, attempt: Attempt) {
        self.state().attempt = attempt;
    }

    /// Takes up what a response, or an event of one, reports.
    fn report(&self, usage: Usage) {
        if let Attempt::Answered(answered) = &mut self.state().attempt {
            answered.usage = answered.usage.then(usage);
        }
    }

    fn count(&self, text: &str) {
        let count = self.tokenizer.count(text);
        if let Attempt::Answered(answered) = &mut self.state().attempt {
            answered.counted = answered.counted.saturating_add(count);
        }
    }

    async fn read(self: Arc<Self>, response: &mut Response, limit: usize) -> Result<(), Failure> {
        let is_stream = is_stream(&response.headers);
        self.set(Attempt::Answered(Answered {
            is_whole: true,
            ..Answered::default()
        }));
        let decoded = response.decode(usize::MAX);
        decoded.map_err(BodyError::of_response)?;
        if !is_stream {
            let body = response
                .body
                .buffer_within(limit)
                .await
                .map_err(BodyError::of_response)?;
            if let Some(body) = body {
                self.take_whole(&body, response.status.is_success());
                return Ok(());
            }
        }
        if !response.status.is_success() {
            self.set(Attempt::Failed);
            return Ok(());
        }
        let reading = match is_stream {
            true => Reading::Events(Events::default()),
            false => {
                tracing::warn!("the tokens of a response are guessed: it is too long");
                Reading::Size
            }
        };
        self.set(Attempt::Answered(Answered {
            streams: true,
            ..Answered::default()
        }));
        response.body = Body::new(Watched {
            body: response.body.take(),
            teller: Teller {
                reading,
                text: String::new(),
                consumption: self,
            },
        });
        Ok(())
    }

    fn take_whole(&self, body: &[u8], success: bool) {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        // A stream of Vertex AI is an array unless it is asked for events.
        let parts = body
            .as_array()
            .map_or(std::slice::from_ref(&body), |parts| parts);
        let usage = parts.iter().filter_map(Usage::of).reduce(Usage::then);
        match usage {
            Some(usage) => self.report(usage),
            None if !success => self.set(Attempt::Failed),
            None => {
                let mut text = String::new();
                parts.iter().for_each(|part| said(part, &mut text));
                self.count(&text);
            }
        }
    }
}

impl Tokens {
    fn and(self, other: Self) -> Self {
        Self {
            prompt: self.prompt.saturating_add(other.prompt),
            completion: self.completion.saturating_add(other.completion),
            total: self.total.saturating_add(other.total),
        }
    }
}

/// The watch of an exchange.
struct Watch(Arc<Consumption>);

impl BackendWatch for Watch {
    fn sent(&self) {
        let earlier = self.0.tokens();
        *self.0.state() = State {
            earlier,
            attempt: Attempt::Sent,
        };
    }

    fn failed(&self, error: &SendError) {
        if matches!(error.kind, SendErrorKind::Connect | SendErrorKind::Request) {
            self.0.set(Attempt::Failed);
        }
    }

    fn answered<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<(), Failure>> {
        let limit = exchange.context.ports.limits.response_body;
        let response = &mut exchange.context.response;
        Box::pin(Arc::clone(&self.0).read(response, limit))
    }
}

/// A body that is looked at as it passes.
struct Watched {
    body: Body,
    teller: Teller,
}

/// Tells of what has passed, at the latest when it is dropped.
struct Teller {
    reading: Reading,
    /// What was said and is not counted yet.
    text: String,
    consumption: Arc<Consumption>,
}

enum Reading {
    Events(Events),
    /// What cannot be read counts by its size.
    Size,
    Done,
}

/// So much is counted at a time.
const COUNTED_TOGETHER: usize = 4096;
/// About how many bytes of an answer a token has.
const BYTES_OF_TOKEN: usize = 4;

impl Teller {
    fn take(&mut self, chunk: &[u8]) {
        let (consumption, text) = (&self.consumption, &mut self.text);
        match &mut self.reading {
            Reading::Events(events) => events.feed(chunk, |data| event(data, text, consumption)),
            Reading::Size => {
                let tokens = chunk.len().div_ceil(BYTES_OF_TOKEN);
                if let Attempt::Answered(answered) = &mut consumption.state().attempt {
                    let tokens = u64::try_from(tokens).unwrap_or(u64::MAX);
                    answered.counted = answered.counted.saturating_add(tokens);
                }
            }
            Reading::Done => {}
        }
        if text.len() >= COUNTED_TOGETHER {
            consumption.count(text);
            text.clear();
        }
    }

    fn finish(&mut self, is_whole: bool) {
        let (consumption, text) = (&self.consumption, &mut self.text);
        match std::mem::replace(&mut self.reading, Reading::Done) {
            Reading::Events(mut events) => {
                events.finish(|data| event(data, text, consumption));
                consumption.count(text);
            }
            Reading::Size => {}
            Reading::Done => return,
        }
        if let Attempt::Answered(answered) = &mut consumption.state().attempt {
            answered.streams = false;
            answered.is_whole = is_whole;
        }
    }
}

fn event(data: &[u8], text: &mut String, consumption: &Consumption) {
    let Ok(data) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    said(&data, text);
    if let Some(usage) = Usage::of(&data) {
        consumption.report(usage);
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.finish(false);
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(chunk) = frame.data_ref() {
                    self.teller.take(chunk);
                }
                // Nobody may ask for more after this.
                if self.body.is_end_stream() {
                    self.teller.finish(true);
                }
            }
            Some(Err(_)) => self.teller.finish(false),
            None => self.teller.finish(true),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
