//! The message that a policy changes: the request in `inbound` and `backend`, the response in `outbound` and `on-error`.

use std::borrow::Cow;

use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use http::{HeaderMap, HeaderName, header};
use tollgate_engine::{Body, ElementReader, Exchange, Failure, Reads, Section};

/// The request or the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Message {
    Request,
    Response,
}

impl Message {
    /// The one that an element's section works on.
    pub(crate) fn of(e: &ElementReader<'_>) -> Self {
        match e.section() {
            Section::Inbound | Section::Backend => Self::Request,
            Section::Outbound | Section::OnError => Self::Response,
        }
    }

    /// What has to be buffered for a policy that works on the whole body.
    pub(crate) fn reads(self) -> Reads {
        match self {
            Self::Request => Reads::REQUEST,
            Self::Response => Reads::RESPONSE,
        }
    }

    pub(crate) fn headers(self, exchange: &Exchange) -> &HeaderMap {
        match self {
            Self::Request => &exchange.context.request.headers,
            Self::Response => &exchange.context.response.headers,
        }
    }

    pub(crate) fn headers_mut(self, exchange: &mut Exchange) -> &mut HeaderMap {
        match self {
            Self::Request => &mut exchange.context.request.headers,
            Self::Response => &mut exchange.context.response.headers,
        }
    }

    pub(crate) fn body(self, exchange: &mut Exchange) -> &mut Body {
        match self {
            Self::Request => &mut exchange.context.request.body,
            Self::Response => &mut exchange.context.response.body,
        }
    }

    /// The bytes of the buffered body.
    pub(crate) fn bytes(self, exchange: &mut Exchange) -> Bytes {
        self.body(exchange).bytes().cloned().unwrap_or_default()
    }

    /// How long a body may become.
    pub(crate) fn limit(self, exchange: &Exchange) -> usize {
        let limits = &exchange.context.ports.limits;
        match self {
            Self::Request => limits.request_body,
            Self::Response => limits.response_body,
        }
    }

    /// Puts new bytes into the body; what described the old ones goes.
    pub(crate) fn replace(self, exchange: &mut Exchange, bytes: impl Into<Bytes>) {
        const OF_THE_OLD: [HeaderName; 4] = [
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
            header::ETAG,
            HeaderName::from_static("content-md5"),
        ];
        let headers = self.headers_mut(exchange);
        for name in OF_THE_OLD {
            headers.remove(name);
        }
        *self.body(exchange) = Body::full(bytes);
    }
}

/// The media type that a header names, in lower case and without parameters: `application/json`.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.as_bytes());
    essence(&String::from_utf8_lossy(value.unwrap_or_default()))
}

/// A media type in lower case and without parameters.
pub(crate) fn essence(text: &str) -> String {
    let essence = text.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// The charset of `Content-Type`, if there is one that is known.
pub(crate) fn charset(headers: &HeaderMap) -> Option<&'static Encoding> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let parameters = value.unwrap_or_default().split(';').skip(1);
    let charset = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    let label = charset.map(|(_, label)| label.trim().trim_matches('"'));
    label.and_then(|label| Encoding::for_label(label.as_bytes()))
}

/// The text of an XML body: in the encoding of its byte order mark, else of `Content-Type`, else of its declaration, else
/// in UTF-8; `None` if it is none of that encoding, or the encoding is not known. Source: RFC 7303.
pub(crate) fn xml_text<'b>(headers: &HeaderMap, body: &'b [u8]) -> Option<Cow<'b, str>> {
    if let Some((encoding, length)) = Encoding::for_bom(body) {
        let text = body.get(length..)?;
        return encoding.decode_without_bom_handling_and_without_replacement(text);
    }
    let encoding = match charset(headers) {
        Some(charset) => charset,
        None => declared(body)?,
    };
    encoding.decode_without_bom_handling_and_without_replacement(body)
}

/// The encoding that an XML declaration names; UTF-8 if there is none, `None` if it is not known.
fn declared(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [b'<', 0, ..] => return Some(UTF_16LE),
        [0, b'<', ..] => return Some(UTF_16BE),
        _ => {}
    }
    let end = memchr::memmem::find(body.get(..body.len().min(256))?, b"?>");
    let declaration = end.and_then(|end| body.get(..end)).unwrap_or_default();
    let declaration = std::str::from_utf8(declaration).unwrap_or_default();
    let named = declaration
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split_once("encoding"));
    let Some((_, rest)) = named else {
        return Some(UTF_8);
    };
    let label = rest.trim_start().strip_prefix('=')?.trim_start();
    let label = label.trim_end().trim_matches(['"', '\'']);
    let label = label.split(['"', '\'']).next()?;
    Encoding::for_label(label.as_bytes())
}

/// The body would be longer than is allowed.
pub(crate) fn too_long(limit: usize) -> Failure {
    Failure::without_reason(format!("The new body is longer than {limit} bytes."))
}
