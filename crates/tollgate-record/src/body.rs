//! Copies bodies as they pass, chunk by chunk, without holding them back.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tollgate::Body;
use tollgate::engine::exchange::BoxError;

use crate::recording::Recording;

/// A stream that takes longer than this, in ticks, is written down in pieces with time between them.
const SLOW: i64 = 500_000;
/// The ticks of a millisecond.
pub(crate) const MILLISECOND: i64 = 10_000;

/// What was copied of a body.
#[derive(Debug, Default)]
pub(crate) struct Caught(Mutex<Copied>);

/// How far a body came.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Nobody has read it to its end.
    #[default]
    Open,
    Whole,
    Broken,
    /// There was more than is copied.
    TooLong,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Copied {
    pub(crate) chunks: Vec<Bytes>,
    pub(crate) end: End,
    /// The time between chunks, in ticks: whole milliseconds.
    pub(crate) every: i64,
    length: usize,
}

impl Copied {
    pub(crate) fn bytes(&self) -> Bytes {
        match &*self.chunks {
            [only] => only.clone(),
            chunks => chunks.concat().into(),
        }
    }
}

impl Caught {
    pub(crate) fn copied(&self) -> Copied {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Copied> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, chunk: &[u8], limit: usize) {
        let mut copied = self.lock();
        if copied.end == End::TooLong || chunk.is_empty() {
            return;
        }
        copied.length = copied.length.saturating_add(chunk.len());
        if copied.length > limit {
            copied.end = End::TooLong;
            copied.chunks = Vec::new();
            return;
        }
        // A copy: a piece of a network buffer would keep all of it.
        copied.chunks.push(Bytes::copy_from_slice(chunk));
    }

    fn end(&self, end: End) {
        let mut copied = self.lock();
        if copied.end == End::Open {
            copied.end = end;
        }
    }
}

/// The same body, and what is copied of it. `since` is when its message began, if its time counts.
pub(crate) fn catch(
    body: Body,
    recording: &Arc<Recording>,
    since: Option<i64>,
) -> (Body, Arc<Caught>) {
    let caught = Arc::new(Caught::default());
    if let Some(bytes) = body.bytes() {
        caught.add(bytes, recording.limits.body);
        caught.end(End::Whole);
        return (body, caught);
    }
    let watched = Watched {
        body,
        caught: Arc::clone(&caught),
        recording: Arc::clone(recording),
        since,
        last: 0,
    };
    (Body::new(watched), caught)
}

/// A body that is copied. Holds its recording open.
struct Watched {
    body: Body,
    caught: Arc<Caught>,
    recording: Arc<Recording>,
    since: Option<i64>,
    /// When its last chunk came.
    last: i64,
}

impl Watched {
    fn end(&self, end: End) {
        self.caught.end(end);
        let Some(since) = self.since else { return };
        let mut copied = self.caught.lock();
        let gaps = i64::try_from(copied.chunks.len().saturating_sub(1)).unwrap_or(i64::MAX);
        let taken = self.last.saturating_sub(since);
        if gaps > 0 && taken > SLOW && copied.every == 0 {
            copied.every = taken / gaps / MILLISECOND * MILLISECOND;
            let passed = copied.every.saturating_mul(gaps);
            self.recording.time.reach(since.saturating_add(passed));
        }
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(chunk) = frame.data_ref() {
                    self.caught.add(chunk, self.recording.limits.body);
                    if self.since.is_some() {
                        self.last = self.recording.time.really();
                    }
                }
                if self.body.is_end_stream() {
                    self.end(End::Whole);
                }
            }
            Poll::Ready(Some(Err(_))) => self.end(End::Broken),
            Poll::Ready(None) => self.end(End::Whole),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
