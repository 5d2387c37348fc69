//! Compressed bodies: `Content-Encoding` of `gzip`, `deflate` and `br`.
//!
//! Whoever reads a body sees its text, and what was read is what goes on: the message is decoded for good, its
//! `Content-Encoding` is gone, and nobody behind the gateway can read the same bytes in another way. A body that nobody
//! reads passes as it came. Microsoft's pages are silent; there, policies see the text of `gzip` alone.
//!
//! A body is decoded as it comes, [`CHUNK`] bytes at a time, so that its reader's limit bounds what a bomb may do. What
//! cannot be decoded is refused: another coding, several on top of each other, a broken or truncated body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::{Buf, Bytes, BytesMut};
use flate2::{Decompress, FlushDecompress, Status};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::body::{Body, BoxError};

/// So much is decoded at a time.
const CHUNK: usize = 16 << 10;
/// So many `gzip` files may stand in a row in one body.
const MEMBERS: u32 = 1_000;

/// Why a compressed body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodingError {
    /// Not `gzip`, `deflate` or `br`, or several codings.
    #[error("the body's Content-Encoding is not supported; gzip, deflate and br are")]
    Unsupported,
    /// It is not what `Content-Encoding` says.
    #[error("the body is not {0}, as its Content-Encoding says")]
    Broken(&'static str),
    /// It is longer than may be taken, before it is decoded.
    #[error("the body is longer than {limit} bytes")]
    TooLong {
        /// How many bytes may be taken.
        limit: usize,
    },
    /// It ends before it should.
    #[error("the body breaks off within its {0}")]
    Truncated(&'static str),
}

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
}

impl Coding {
    /// That of a message; none of one that is not compressed.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, EncodingError> {
        let mut coding = None;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            for name in value.as_bytes().split(|byte| *byte == b',') {
                let this = match name.trim_ascii().to_ascii_lowercase().as_slice() {
                    b"" | b"identity" => continue,
                    b"gzip" | b"x-gzip" => Self::Gzip,
                    b"deflate" => Self::Deflate,
                    b"br" => Self::Brotli,
                    _ => return Err(EncodingError::Unsupported),
                };
                if coding.replace(this).is_some() {
                    return Err(EncodingError::Unsupported);
                }
            }
        }
        Ok(coding)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
        }
    }
}

/// Takes away what headers say of the encoded body.
fn forget_encoding(headers: &mut HeaderMap) {
    const OF_THE_ENCODED: [HeaderName; 5] = [
        header::CONTENT_ENCODING,
        header::CONTENT_LENGTH,
        header::ACCEPT_RANGES,
        HeaderName::from_static("content-md5"),
        HeaderName::from_static("content-digest"),
    ];
    for name in OF_THE_ENCODED {
        headers.remove(name);
    }
    // A strong tag is for the bytes as they were.
    if let Some(tag) = headers.get_mut(header::ETAG)
        && tag.as_bytes().starts_with(b"\"")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        *tag = weak;
    }
}

/// Whether a body is there whose headers say that it is compressed.
pub(super) fn is_encoded(headers: &HeaderMap, body: &Body) -> bool {
    headers.contains_key(header::CONTENT_ENCODING)
        && !body.bytes().is_some_and(Bytes::is_empty)
        && Coding::of(headers) != Ok(None)
}

/// Has a message decoded as it is read; at most `limit` bytes of it are taken.
pub(super) fn decode(
    headers: &mut HeaderMap,
    body: &mut Body,
    limit: usize,
) -> Result<(), EncodingError> {
    if is_encoded(headers, body)
        && let Some(coding) = Coding::of(headers)?
    {
        forget_encoding(headers);
        *body = Body::new(Decoded {
            body: body.take(),
            input: Bytes::new(),
            decoder: Decoder::new(coding),
            left: limit,
            limit,
        });
    }
    Ok(())
}

/// A body in plain.
struct Decoded {
    body: Body,
    /// What came and is not decoded yet.
    input: Bytes,
    decoder: Decoder,
    /// How many more bytes may come: even those that decode to nothing come to an end.
    left: usize,
    limit: usize,
}

impl HttpBody for Decoded {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let mut output = BytesMut::zeroed(CHUNK);
        loop {
            let (read, written) = this.decoder.step(&this.input, &mut output)?;
            this.input.advance(read.min(this.input.len()));
            if written > 0 {
                output.truncate(written);
                return Poll::Ready(Some(Ok(Frame::data(output.freeze()))));
            }
            if read > 0 {
                continue;
            }
            if this.input.has_remaining() {
                return Poll::Ready(Some(Err(this.decoder.broken().into())));
            }
            let frame = ready!(Pin::new(&mut this.body).poll_frame(context)?);
            match frame.map(Frame::into_data) {
                Some(Ok(chunk)) => {
                    let Some(left) = this.left.checked_sub(chunk.len()) else {
                        let limit = this.limit;
                        return Poll::Ready(Some(Err(EncodingError::TooLong { limit }.into())));
                    };
                    (this.left, this.input) = (left, chunk);
                }
                Some(Err(trailers)) => return Poll::Ready(Some(Ok(trailers))),
                None => {
                    let end = this.decoder.end();
                    return Poll::Ready(end.err().map(|error| Err(error.into())));
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        // What decodes to less than it is itself is none that is worth it; but nothing says how long it becomes.
        SizeHint::new()
    }
}

struct Decoder {
    coding: Coding,
    state: State,
    /// Whether anything came: no bytes at all are no body, and nothing to decode.
    began: bool,
    /// Whether the encoded data is complete.
    ended: bool,
}

enum State {
    /// What sort of `deflate` it is, its first byte tells.
    Undecided,
    Inflate(Decompress, u32),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
}

impl Decoder {
    fn new(coding: Coding) -> Self {
        Self {
            coding,
            state: match coding {
                Coding::Gzip => State::Inflate(Decompress::new_gzip(15), 1),
                Coding::Deflate => State::Undecided,
                // Strict: windows stay below 16 MiB.
                Coding::Brotli => State::Brotli(Box::new(BrotliState::new_strict(
                    StandardAlloc::default(),
                    StandardAlloc::default(),
                    StandardAlloc::default(),
                ))),
            },
            began: false,
            ended: false,
        }
    }

    fn broken(&self) -> EncodingError {
        EncodingError::Broken(self.coding.name())
    }

    fn end(&self) -> Result<(), EncodingError> {
        match self.ended || !self.began {
            true => Ok(()),
            false => Err(EncodingError::Truncated(self.coding.name())),
        }
    }

    /// Decodes some: how many bytes it read and wrote. Nothing of either: it needs more.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize), EncodingError> {
        let broken = self.broken();
        let Some(first) = input.first() else {
            if !self.began || self.ended {
                return Ok((0, 0));
            }
            return self.go_on(input, output);
        };
        self.began = true;
        if let State::Undecided = self.state {
            // RFC 9110 means zlib's format, but some send the bare stream.
            let zlib = first & 0x0f == 8 && first >> 4 <= 7;
            self.state = State::Inflate(Decompress::new(zlib), 1);
        }
        if self.ended {
            // Nothing may follow but another `gzip` file.
            let State::Inflate(inflate, members) = &mut self.state else {
                return Err(broken);
            };
            if self.coding != Coding::Gzip || *members >= MEMBERS {
                return Err(broken);
            }
            *members += 1;
            inflate.reset(true);
            self.ended = false;
        }
        self.go_on(input, output)
    }

    fn go_on(&mut self, input: &[u8], output: &mut [u8]) -> Result<(usize, usize), EncodingError> {
        let broken = self.broken();
        match &mut self.state {
            State::Undecided => Ok((0, 0)),
            State::Inflate(inflate, _) => {
                let before = (inflate.total_in(), inflate.total_out());
                let status = inflate.decompress(input, output, FlushDecompress::None);
                self.ended = match status {
                    Ok(status) => status == Status::StreamEnd,
                    Err(_) => return Err(broken),
                };
                let count = |now: u64, before: u64| usize::try_from(now.saturating_sub(before));
                let read = count(inflate.total_in(), before.0);
                let written = count(inflate.total_out(), before.1);
                read.and_then(|read| Ok((read, written?)))
                    .map_err(|_| broken)
            }
            State::Brotli(state) => {
                let (mut read, mut written, mut total) = (0, 0, 0);
                let (mut available_in, mut available_out) = (input.len(), output.len());
                let result = BrotliDecompressStream(
                    &mut available_in,
                    &mut read,
                    input,
                    &mut available_out,
                    &mut written,
                    output,
                    &mut total,
                    state,
                );
                match result {
                    BrotliResult::ResultFailure => return Err(broken),
                    BrotliResult::ResultSuccess => self.ended = true,
                    BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
                }
                Ok((read, written))
            }
        }
    }
}

#[cfg(test)]
#[path = "encoding_tests.rs"]
mod tests;
