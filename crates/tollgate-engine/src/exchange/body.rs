//! The body of a request or a response.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Limited};
use tollgate_dotnet::json::Tape;

use super::encoding::EncodingError;
use super::transfer::Meter;
use crate::failure::Failure;

/// Any error.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request or a response: streaming until somebody reads it.
#[derive(Default)]
pub struct Body(Inner);

#[derive(Default)]
enum Inner {
    /// There is none.
    #[default]
    Empty,
    /// The bytes, and the JSON in them once it was read.
    Full(Bytes, OnceCell<Option<Arc<Tape>>>),
    Stream(UnsyncBoxBody<Bytes, BoxError>),
    /// It was there, and an expression took it.
    Consumed,
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It is longer than is allowed.
    #[error("the body is longer than {limit} bytes")]
    TooLong {
        /// How many bytes are allowed.
        limit: usize,
    },
    /// It is compressed, and cannot be decoded.
    #[error(transparent)]
    Encoded(#[from] EncodingError),
    /// It broke off.
    #[error("the body broke off: {0}")]
    Broken(BoxError),
}

impl BodyError {
    fn of(error: BoxError) -> Self {
        match error.downcast::<EncodingError>().map(|error| *error) {
            Ok(EncodingError::TooLong { limit }) => Self::TooLong { limit },
            Ok(error) => Self::Encoded(error),
            Err(error) => Self::Broken(error),
        }
    }

    /// As a failure of the request's body: `413`, `415` or `400`.
    pub fn of_request(self) -> Failure {
        let message = self.to_string();
        match self {
            Self::TooLong { .. } => Failure::new("RequestBodyTooLarge", message)
                .respond(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large."),
            Self::Encoded(EncodingError::Unsupported) => {
                Failure::new("RequestBodyEncodingUnsupported", message).respond(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "Content-Encoding of the request is not supported.",
                )
            }
            Self::Encoded(_) => Failure::new("RequestBodyEncodingInvalid", message).respond(
                StatusCode::BAD_REQUEST,
                "Request body does not match its Content-Encoding.",
            ),
            Self::Broken(_) => Failure::new("ClientConnectionFailure", message),
        }
    }

    /// As a failure of a response's body: `500`.
    pub fn of_response(self) -> Failure {
        let reason = match self {
            Self::TooLong { .. } => "ResponseBodyTooLarge",
            Self::Encoded(EncodingError::Unsupported) => "ResponseBodyEncodingUnsupported",
            Self::Encoded(_) => "ResponseBodyEncodingInvalid",
            Self::Broken(_) => "BackendConnectionFailure",
        };
        Failure::new(reason, self.to_string())
    }
}

impl Body {
    /// No body.
    pub const fn empty() -> Self {
        Self(Inner::Empty)
    }

    /// These bytes; none at all is [`empty`](Self::empty).
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Self::of_bytes(bytes.into())
    }

    /// Whatever another stack calls a body.
    pub fn new<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        match body.is_end_stream() {
            true => Self::empty(),
            false => Self(Inner::Stream(body.map_err(Into::into).boxed_unsync())),
        }
    }

    /// Whether there is none, not even one that was consumed: `context.Request.Body` is null then.
    pub fn is_empty(&self) -> bool {
        matches!(self.0, Inner::Empty)
    }

    /// Whether its bytes are here.
    pub fn is_buffered(&self) -> bool {
        !matches!(self.0, Inner::Stream(_))
    }

    /// The bytes, if they are here; none of one that was consumed.
    pub fn bytes(&self) -> Option<&Bytes> {
        static NOTHING: Bytes = Bytes::new();
        match &self.0 {
            Inner::Full(bytes, _) => Some(bytes),
            Inner::Empty | Inner::Consumed => Some(&NOTHING),
            Inner::Stream(_) => None,
        }
    }

    /// The JSON in its bytes, which `read` reads once; `None` if they are not here, or not strict JSON.
    pub(crate) fn json(&self, read: impl FnOnce(&Bytes) -> Option<Tape>) -> Option<&Arc<Tape>> {
        let Inner::Full(bytes, json) = &self.0 else {
            return None;
        };
        json.get_or_init(|| read(bytes).map(Arc::new)).as_ref()
    }

    /// Takes the body, as if an expression had read it without `preserveContent`: what is left reads as nothing.
    pub fn consume(&mut self) -> Body {
        match self.is_empty() {
            true => Self::empty(),
            false => std::mem::replace(self, Self(Inner::Consumed)),
        }
    }

    /// Takes the body and leaves none.
    pub fn take(&mut self) -> Body {
        std::mem::take(self)
    }

    /// Counts its bytes: those at hand now, those that stream as they pass.
    pub(crate) fn meter(&mut self) -> Meter {
        let meter = Meter::default();
        match std::mem::take(&mut self.0) {
            Inner::Stream(stream) => {
                let counted = meter.clone();
                let stream = stream.map_frame(move |frame| {
                    counted.add(frame.data_ref().map_or(0, Bytes::len));
                    frame
                });
                self.0 = Inner::Stream(stream.boxed_unsync());
            }
            other => {
                self.0 = other;
                meter.add(self.bytes().map_or(0, Bytes::len));
            }
        }
        meter
    }

    /// Reads all of it, at most `limit` bytes, and gives the bytes; they stay in the body too.
    pub async fn buffer(&mut self, limit: usize) -> Result<Bytes, BodyError> {
        if let Inner::Stream(stream) = &mut self.0 {
            if stream.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
                return Err(BodyError::TooLong { limit });
            }
            let bytes = collect(stream, limit).await?;
            *self = Self(Inner::Full(bytes, OnceCell::new()));
        }
        Ok(self.bytes().cloned().unwrap_or_default())
    }

    /// As [`buffer`](Self::buffer), but a body that is longer than `limit` is no error: it goes on streaming, whole, and
    /// there are no bytes.
    pub async fn buffer_within(&mut self, limit: usize) -> Result<Option<Bytes>, BodyError> {
        let Inner::Stream(stream) = &mut self.0 else {
            let bytes = self.bytes().filter(|bytes| bytes.len() <= limit);
            return Ok(bytes.cloned());
        };
        if stream.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Ok(None);
        }
        let mut length = 0_usize;
        let mut chunks = Vec::new();
        while let Some(frame) = stream.frame().await {
            // Trailers are dropped: a buffered body has none.
            let Ok(chunk) = frame.map_err(BodyError::of)?.into_data() else {
                continue;
            };
            length = length.saturating_add(chunk.len());
            chunks.push(chunk);
            if length > limit {
                let Inner::Stream(rest) = std::mem::take(&mut self.0) else {
                    return Ok(None);
                };
                let chunks = VecDeque::from(chunks);
                *self = Self(Inner::Stream(Resumed { chunks, rest }.boxed_unsync()));
                return Ok(None);
            }
        }
        let bytes: Bytes = match <[Bytes; 1]>::try_from(chunks) {
            Ok([only]) => only,
            Err(chunks) => chunks.concat().into(),
        };
        *self = Self(Inner::Full(bytes.clone(), OnceCell::new()));
        Ok(Some(bytes))
    }

    fn of_bytes(bytes: Bytes) -> Self {
        match bytes.is_empty() {
            true => Self::empty(),
            false => Self(Inner::Full(bytes, OnceCell::new())),
        }
    }
}

/// A body of which the first chunks were read already.
struct Resumed {
    chunks: VecDeque<Bytes>,
    rest: UnsyncBoxBody<Bytes, BoxError>,
}

impl HttpBody for Resumed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.chunks.pop_front() {
            Some(chunk) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let read: usize = self.chunks.iter().map(Bytes::len).sum();
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(read));
        }
        hint.set_lower(rest.lower().saturating_add(read));
        hint
    }
}

async fn collect(
    stream: &mut UnsyncBoxBody<Bytes, BoxError>,
    limit: usize,
) -> Result<Bytes, BodyError> {
    let mut limited = Limited::new(stream, limit);
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = limited.frame().await {
        let frame =
            frame.map_err(
                |error| match error.is::<http_body_util::LengthLimitError>() {
                    true => BodyError::TooLong { limit },
                    false => BodyError::of(error),
                },
            )?;
        // Trailers are dropped: a buffered body has none.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() {
        first
    } else {
        rest.freeze()
    })
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::of_bytes(bytes)
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::of_bytes(text.into())
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::of_bytes(Bytes::from_static(text.as_bytes()))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Inner::Stream(stream) => Pin::new(stream).poll_frame(context),
            Inner::Full(bytes, _) => {
                let bytes = std::mem::take(bytes);
                self.0 = Inner::Consumed;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Inner::Empty | Inner::Consumed => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Stream(stream) => stream.is_end_stream(),
            Inner::Full(..) => false,
            Inner::Empty | Inner::Consumed => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Stream(stream) => stream.size_hint(),
            Inner::Full(bytes, _) => {
                SizeHint::with_exact(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
            }
            Inner::Empty | Inner::Consumed => SizeHint::with_exact(0),
        }
    }
}

/// Shows what sort of body it is, never what is in it.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Empty => f.write_str("Empty"),
            Inner::Full(bytes, _) => write!(f, "Full({} bytes)", bytes.len()),
            Inner::Stream(_) => f.write_str("Stream"),
            Inner::Consumed => f.write_str("Consumed"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use futures_util::FutureExt;
    use http_body_util::{Full, StreamBody};

    use super::*;

    fn stream(chunks: &'static [&'static str]) -> Body {
        let frames = chunks
            .iter()
            .map(|chunk| Ok::<_, BoxError>(Frame::data(Bytes::from_static(chunk.as_bytes()))));
        Body::new(StreamBody::new(futures_util::stream::iter(frames)))
    }

    fn buffer(body: &mut Body, limit: usize) -> Result<Bytes, BodyError> {
        body.buffer(limit).now_or_never().unwrap()
    }

    #[test]
    fn buffered_bytes_stay() {
        let mut body = stream(&["ab", "", "c"]);
        assert!(!body.is_buffered());
        assert_eq!(buffer(&mut body, 3).unwrap(), "abc");
        assert_eq!(buffer(&mut body, 0).unwrap(), "abc");
        assert_eq!(body.size_hint().exact(), Some(3));
    }

    #[test]
    fn what_is_too_long_is_not_read() {
        assert!(matches!(
            buffer(&mut stream(&["ab", "cd"]), 3),
            Err(BodyError::TooLong { limit: 3 })
        ));
        let mut known = Body::new(Full::new(Bytes::from_static(b"abcd")));
        assert!(matches!(
            buffer(&mut known, 3),
            Err(BodyError::TooLong { .. })
        ));
    }

    #[test]
    fn what_is_too_long_to_be_kept_still_streams() {
        let within = |body: &mut Body, limit| body.buffer_within(limit).now_or_never().unwrap();
        let mut body = stream(&["ab", "", "c"]);
        assert_eq!(within(&mut body, 3).unwrap().unwrap(), "abc");
        assert_eq!(body.bytes().unwrap(), "abc");
        assert_eq!(within(&mut body, 2).unwrap(), None);
        assert_eq!(within(&mut stream(&[]), 0).unwrap().unwrap(), "");

        let mut long = stream(&["ab", "cd", "ef"]);
        assert_eq!(within(&mut long, 3).unwrap(), None);
        assert!(!long.is_buffered());
        assert_eq!(buffer(&mut long, 9).unwrap(), "abcdef");

        let mut known = Body::new(Full::new(Bytes::from_static(b"abcd")));
        assert_eq!(within(&mut known, 3).unwrap(), None);
        assert_eq!(buffer(&mut known, 9).unwrap(), "abcd");

        let frames = [Err::<Frame<Bytes>, _>(std::io::Error::other("gone"))];
        let mut body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
        assert!(matches!(within(&mut body, 9), Err(BodyError::Broken(_))));
    }

    #[test]
    fn what_was_consumed_is_there_but_has_nothing() {
        let mut body = Body::full("abc");
        assert_eq!(body.consume().bytes().unwrap(), "abc");
        assert!(!body.is_empty());
        assert_eq!(body.bytes().unwrap(), "");
        assert_eq!(body.size_hint().exact(), Some(0));
    }

    #[test]
    fn json_is_read_once() {
        let mut body = Body::full("[1]");
        let read = |bytes: &Bytes| Tape::read(std::str::from_utf8(bytes).unwrap().into());
        let first = body.json(read).unwrap();
        let second = body.json(|_| unreachable!("it was read")).unwrap();
        assert!(Arc::ptr_eq(first, second));
        body.consume();
        assert!(body.json(read).is_none());
        assert!(Body::full("{a: 1}").json(read).is_none());
    }

    #[test]
    fn no_bytes_are_no_body() {
        assert!(Body::full("").is_empty());
        assert!(Body::new(Full::new(Bytes::new())).is_empty());
        assert!(Body::empty().consume().is_empty());
    }

    #[test]
    fn a_body_that_breaks_off_says_so() {
        let frames = [Err::<Frame<Bytes>, _>(std::io::Error::other("gone"))];
        let mut body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
        assert!(matches!(buffer(&mut body, 9), Err(BodyError::Broken(_))));
    }
}
