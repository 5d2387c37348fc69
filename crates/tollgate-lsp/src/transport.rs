//! Messages on a byte stream: `Content-Length`, an empty line, JSON.
//!
//! What cannot be read as a message is told as such and does not end the stream, and nothing of a message is allocated
//! before its length is known to be allowed.

use std::io::{self, BufRead, Read, Write};

use lsp_server::Message;

/// The longest message that is taken: a document of the greatest size, each character of it escaped.
const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// The longest header line.
const MAX_HEADER: u64 = 4096;

/// What came in.
#[derive(Debug)]
pub(crate) enum Incoming {
    Message(Message),
    /// Something that is no message, and why.
    Malformed(String),
}

/// Reads the next message; `None` at the end of the stream.
///
/// # Errors
/// The stream is broken, or its headers are, so that nobody can tell where the next message begins.
pub(crate) fn read(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = read_headers(input)? else {
        return Ok(None);
    };
    if length > MAX_BYTES {
        let skipped = io::copy(&mut input.take(length), &mut io::sink())?;
        let message = format!("a message of {length} bytes; {MAX_BYTES} are allowed");
        return Ok((skipped == length).then_some(Incoming::Malformed(message)));
    }
    let mut body = Vec::new();
    if input.take(length).read_to_end(&mut body)? as u64 != length {
        return Ok(None);
    }
    Ok(Some(match serde_json::from_slice(&body) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Malformed(error.to_string()),
    }))
}

/// The length of the message behind the headers.
fn read_headers(input: &mut impl BufRead) -> io::Result<Option<u64>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.take(MAX_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "a header that is none");
        let line = line.strip_suffix(b"\n").ok_or_else(bad)?;
        let line = std::str::from_utf8(line).map_err(|_| bad())?.trim();
        if line.is_empty() {
            let none = || io::Error::new(io::ErrorKind::InvalidData, "no Content-Length");
            return length.ok_or_else(none).map(Some);
        }
        let (name, value) = line.split_once(':').ok_or_else(bad)?;
        if name.trim().eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse().map_err(|_| bad())?);
        }
    }
}

/// Writes a message.
///
/// # Errors
/// The other side is gone.
pub(crate) fn write(message: &Message, output: &mut impl Write) -> io::Result<()> {
    message.write(output)
}

/// Answers something that is no message: JSON-RPC wants an error without an id.
///
/// # Errors
/// The other side is gone.
pub(crate) fn write_malformed(why: &str, output: &mut impl Write) -> io::Result<()> {
    let error = serde_json::json!({
        "jsonrpc": "2.0", "id": null,
        "error": {"code": lsp_server::ErrorCode::ParseError as i32, "message": why},
    });
    let text = error.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn all(bytes: &[u8]) -> Vec<Result<Incoming, io::Error>> {
        let mut input = bytes;
        std::iter::from_fn(|| read(&mut input).transpose())
            .take(5)
            .collect()
    }

    #[test]
    fn a_bad_message_is_told_and_the_next_one_is_read() {
        let framed = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let good = framed(r#"{"jsonrpc":"2.0","method":"initialized"}"#);
        let stream = [framed("{]}"), framed("[1]"), framed("\u{e9}"), good].concat();
        let found = all(stream.as_bytes());
        assert_eq!(found.len(), 4);
        for one in found.iter().take(3) {
            assert!(matches!(one, Ok(Incoming::Malformed(_))), "{one:?}");
        }
        assert!(matches!(&found[3], Ok(Incoming::Message(_))));
    }

    #[test]
    fn headers_without_a_length_end_the_stream() {
        assert!(all(b"Content-Type: x\r\n\r\n{}")[0].is_err());
        assert!(all(b"nonsense\r\n\r\n{}")[0].is_err());
        assert!(all(&[b'x'; 5000])[0].is_err());
        assert!(all(b"").is_empty());
    }

    #[test]
    fn a_length_that_is_a_lie_allocates_nothing() {
        let header = b"Content-Length: 99999999999\r\n\r\nabc";
        assert!(all(header).is_empty());
    }
}
