//! Work for when the response has gone out: how many bytes went which way is only known then.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::body::{Body, BoxError};
use crate::ports::Step;

/// How many bytes of bodies went through the gateway for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transferred {
    /// Those of the request's body that the client sent.
    pub request: u64,
    /// Those of the response's body that went to the client.
    pub response: u64,
}

/// What is done with the number of bytes. Whoever streams cannot always wait: an answer that is pending when the client
/// goes away is polled once.
pub type AfterTransfer = Box<dyn FnOnce(Transferred) -> Step<()> + Send>;

/// Counts the bytes of one body as they pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<AtomicU64>);

impl Meter {
    pub(crate) fn add(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The work of one exchange.
#[derive(Default)]
pub(super) struct Transfer {
    request: Meter,
    work: Vec<AfterTransfer>,
}

impl Transfer {
    pub(super) fn new(request: Meter) -> Self {
        Self {
            request,
            work: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, work: AfterTransfer) {
        self.work.push(work);
    }

    /// Does the work; gives what is to be waited for.
    fn finish(&mut self, response: u64) -> Option<BoxFuture<'static, ()>> {
        let transferred = Transferred {
            request: self.request.read(),
            response,
        };
        let pending: Vec<_> = (self.work.drain(..))
            .filter_map(|work| match work(transferred) {
                Step::Ready(()) => None,
                Step::Pending(future) => Some(future),
            })
            .collect();
        match pending.is_empty() {
            true => None,
            false => Some(Box::pin(join_all(pending).map(drop))),
        }
    }

    /// Does the work for a response that nobody waits for.
    pub(super) fn give_up(mut self) {
        abandon(self.finish(0));
    }

    /// Does the work now if the body is at hand, or else when it has gone out.
    pub(super) async fn attach(mut self, body: Body) -> Body {
        match body.bytes() {
            Some(bytes) => {
                let bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                if let Some(pending) = self.finish(bytes) {
                    pending.await;
                }
                body
            }
            None => Body::new(Streaming {
                body,
                sent: 0,
                transfer: self,
                state: State::Streaming,
            }),
        }
    }
}

fn abandon(pending: Option<BoxFuture<'static, ()>>) {
    if let Some(pending) = pending {
        let _ = pending.now_or_never();
    }
}

/// A response body on its way out, with what is to be done at its end.
struct Streaming {
    body: Body,
    sent: u64,
    transfer: Transfer,
    state: State,
}

enum State {
    Streaming,
    /// The work runs; the last frame is held back for it, as nobody asks for more after that.
    Finishing(BoxFuture<'static, ()>, Option<Frame<Bytes>>),
    Done,
}

impl HttpBody for Streaming {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Streaming => {
                    let frame = match ready!(Pin::new(&mut this.body).poll_frame(context)) {
                        Some(Err(error)) => {
                            this.state = State::Done;
                            abandon(this.transfer.finish(this.sent));
                            return Poll::Ready(Some(Err(error)));
                        }
                        Some(Ok(frame)) => Some(frame),
                        None => None,
                    };
                    let bytes = frame.as_ref().and_then(Frame::data_ref);
                    let bytes = u64::try_from(bytes.map_or(0, Bytes::len)).unwrap_or(u64::MAX);
                    this.sent = this.sent.saturating_add(bytes);
                    if frame.is_some() && !this.body.is_end_stream() {
                        return Poll::Ready(frame.map(Ok));
                    }
                    match this.transfer.finish(this.sent) {
                        Some(pending) => this.state = State::Finishing(pending, frame),
                        None => {
                            this.state = State::Done;
                            return Poll::Ready(frame.map(Ok));
                        }
                    }
                }
                State::Finishing(pending, frame) => {
                    ready!(pending.as_mut().poll(context));
                    let frame = frame.take();
                    this.state = State::Done;
                    return Poll::Ready(frame.map(Ok));
                }
                State::Done => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.state, State::Done)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Streaming => self.body.size_hint(),
            State::Finishing(_, frame) => {
                let held = frame
                    .as_ref()
                    .and_then(Frame::data_ref)
                    .map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(held).unwrap_or(u64::MAX))
            }
            State::Done => SizeHint::with_exact(0),
        }
    }
}

/// A client that went away has had what was sent.
impl Drop for Streaming {
    fn drop(&mut self) {
        if matches!(self.state, State::Streaming) {
            // Who looks at the body as it passes is to know that this was all.
            drop(self.body.take());
            abandon(self.transfer.finish(self.sent));
        }
    }
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transfer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::Mutex;

    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    type Seen = Arc<Mutex<Vec<Transferred>>>;

    fn stream(chunks: &'static [&'static str]) -> Body {
        let frames = chunks
            .iter()
            .map(|chunk| Ok::<_, BoxError>(Frame::data(Bytes::from_static(chunk.as_bytes()))));
        Body::new(StreamBody::new(futures_util::stream::iter(frames)))
    }

    fn transfer(request: &mut Body, waits: bool) -> (Transfer, Seen) {
        let mut transfer = Transfer::new(request.meter());
        let seen = Seen::default();
        let sink = seen.clone();
        transfer.add(Box::new(move |bytes| {
            let note = move || sink.lock().unwrap().push(bytes);
            match waits {
                false => {
                    note();
                    Step::Ready(())
                }
                true => Step::Pending(Box::pin(async move {
                    tokio::task::yield_now().await;
                    note();
                })),
            }
        }));
        (transfer, seen)
    }

    #[tokio::test]
    async fn bytes_are_counted_both_ways() {
        for waits in [false, true] {
            let mut request = stream(&["ab", "cde"]);
            let (transfer, seen) = transfer(&mut request, waits);
            request.buffer(9).await.unwrap();
            let mut body = transfer.attach(stream(&["1", "23", "4"])).await;
            assert!(seen.lock().unwrap().is_empty());
            assert_eq!(body.buffer(9).await.unwrap(), "1234");
            let expected = Transferred {
                request: 5,
                response: 4,
            };
            assert_eq!(*seen.lock().unwrap(), [expected]);
        }
    }

    #[tokio::test]
    async fn a_body_at_hand_is_counted_at_once() {
        let (transfer, seen) = transfer(&mut Body::full("abc"), true);
        let body = transfer.attach(Body::full("12")).await;
        assert_eq!(body.bytes().unwrap(), "12");
        let expected = Transferred {
            request: 3,
            response: 2,
        };
        assert_eq!(*seen.lock().unwrap(), [expected]);
    }

    #[tokio::test]
    async fn who_hangs_up_has_had_what_was_sent() {
        let (transfer, seen) = transfer(&mut Body::empty(), false);
        let mut body = transfer.attach(stream(&["123", "456"])).await;
        body.frame().await.unwrap().unwrap();
        drop(body);
        assert_eq!(seen.lock().unwrap().first().unwrap().response, 3);
        assert_eq!(seen.lock().unwrap().len(), 1);
    }
}
