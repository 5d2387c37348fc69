//! What caches keep, as bytes: values of variables, and responses.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::json;
use tollgate_dotnet::{Heap, Str, Throw, Value, portable};
use tollgate_engine::exchange::strip_hop_by_hop;
use tollgate_engine::{
    Body, ElementReader, Exchange, Failure, FromValue, Invalid, Response, Setting, registry,
};

/// The first byte: how the rest is to be read.
const PLAIN: u8 = 1;
const RESPONSE: u8 = 2;

/// Something kept, until a time in ticks: that at which a value is to be made anew (`cache-value`), or at which a
/// response's time is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stored {
    pub(crate) until: i64,
    /// How it is to be read, and the rest.
    content: Bytes,
}

impl Stored {
    /// A value of an expression, or an `IResponse`; `None` if it is one that cannot be kept, which the log says.
    pub(crate) fn of_value(value: &Value, until: i64, exchange: &mut Exchange) -> Option<Self> {
        if let Some(response) = exchange.response_of(value) {
            return Some(Self::of_response(&response, until));
        }
        match Self::pack(&exchange.heap, value, until) {
            Ok(stored) => Some(stored),
            Err(throw) => {
                let error = throw.exception().message.clone();
                tracing::warn!(error, "a value was not put into the cache");
                exchange.context.trace(
                    |_| json!({"message": "The value was not put into the cache.", "error": error}),
                );
                None
            }
        }
    }

    /// A value that is no response.
    pub(crate) fn pack(heap: &Heap, value: &Value, until: i64) -> Result<Self, Throw> {
        let mut bytes = portable::pack(heap, registry(), value)?;
        bytes.insert(0, PLAIN);
        let content = bytes.into();
        Ok(Self { until, content })
    }

    /// The value, if it is no response.
    pub(crate) fn plain(&self, heap: &mut Heap) -> Option<Value> {
        match self.content.split_first()? {
            (&PLAIN, content) => portable::unpack(heap, registry(), content).ok()?,
            _ => None,
        }
    }

    /// A response whose body is buffered, without the headers that are for one connection or one client.
    pub(crate) fn of_response(response: &Response, until: i64) -> Self {
        let mut headers = response.headers.clone();
        strip_hop_by_hop(&mut headers);
        headers.remove(http::header::SET_COOKIE);
        let mut bytes = vec![RESPONSE];
        bytes.extend(response.status.as_u16().to_le_bytes());
        let reason = response.reason.as_ref().map(Str::to_utf8);
        block(&mut bytes, reason.as_deref().unwrap_or_default().as_bytes());
        bytes.extend(length(headers.len()));
        for (name, value) in &headers {
            block(&mut bytes, name.as_str().as_bytes());
            block(&mut bytes, value.as_bytes());
        }
        bytes.extend_from_slice(response.body.bytes().map_or(&[], |bytes| bytes));
        let content = bytes.into();
        Self { until, content }
    }

    /// As a cache keeps it.
    pub(crate) fn to_bytes(&self) -> Bytes {
        [&self.until.to_le_bytes()[..], &self.content]
            .concat()
            .into()
    }

    /// What a cache kept; `None` if that is nothing of this kind.
    pub(crate) fn of_bytes(mut bytes: Bytes) -> Option<Self> {
        let (until, _) = bytes.split_first_chunk()?;
        let until = i64::from_le_bytes(*until);
        let content = bytes.split_off(size_of::<i64>());
        Some(Self { until, content })
    }

    /// The value, a new one for each exchange. `None` if the bytes are none, or the exchange has no room for it.
    pub(crate) fn to_value(&self, exchange: &mut Exchange) -> Option<Value> {
        let Some(response) = self.to_response() else {
            return self.plain(&mut exchange.heap);
        };
        exchange.heap.charge(self.content.len()).ok()?;
        Some(exchange.context.keep_response(response))
    }

    /// The response, if it is one.
    pub(crate) fn to_response(&self) -> Option<Response> {
        let mut reader = Reader(self.content.clone());
        if reader.array()? != [RESPONSE] {
            return None;
        }
        let status = u16::from_le_bytes(reader.array()?);
        let mut response = Response::new(StatusCode::from_u16(status).ok()?);
        let reason = reader.block()?;
        if !reason.is_empty() {
            response.reason = Some(std::str::from_utf8(&reason).ok()?.into());
        }
        let count = u32::from_le_bytes(reader.array()?);
        let mut headers = HeaderMap::new();
        for _ in 0..count {
            let name = HeaderName::from_bytes(&reader.block()?).ok()?;
            let value = HeaderValue::from_maybe_shared(reader.block()?).ok()?;
            headers.try_append(name, value).ok()?;
        }
        response.headers = headers;
        response.body = Body::full(reader.0);
        Some(response)
    }
}

fn block(bytes: &mut Vec<u8>, block: &[u8]) {
    bytes.extend(length(block.len()));
    bytes.extend_from_slice(block);
}

/// Headers and their number are far below the limit of 32 bits.
fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

struct Reader(Bytes);

impl Reader {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, _) = self.0.split_first_chunk()?;
        let array = *array;
        self.0 = self.0.split_off(N);
        Some(array)
    }

    fn block(&mut self) -> Option<Bytes> {
        let length = usize::try_from(u32::from_le_bytes(self.array()?)).ok()?;
        (length <= self.0.len()).then(|| self.0.split_to(length))
    }
}

/// The name under which a value is kept.
#[derive(Debug)]
pub(crate) struct Key(Setting<Str>);

impl Key {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let key: Setting<Str> = e.setting("key")?;
        if key.literal().is_some_and(Str::is_empty) {
            let message = "`key` must not be empty";
            return Err(e.error("wrong-value", e.attribute_span("key"), message));
        }
        Ok(Self(key))
    }

    /// The key for this exchange: apart from those of responses.
    pub(crate) fn get(&self, exchange: &mut Exchange) -> Result<String, Failure> {
        let key = self.0.get(exchange)?;
        match key.is_empty() {
            true => Err(Failure::validation()),
            false => Ok(super::values::key(&key.to_utf8())),
        }
    }

    pub(crate) fn reads(&self) -> tollgate_engine::Reads {
        self.0.reads()
    }
}

/// A value to be kept: anything but `null`.
#[derive(Debug, Clone)]
pub(crate) struct Kept(pub(crate) Value);

impl FromValue for Kept {
    const EXPECTED: &'static str = "a value";

    fn from_literal(text: &str) -> Option<Self> {
        Some(Self(Value::string(text)))
    }

    fn from_value(value: &Value, _: &mut tollgate_dotnet::Machine<'_>) -> Option<Self> {
        (!value.is_null()).then(|| Self(value.clone()))
    }

    fn accepts(ty: &tollgate_dotnet::Type) -> bool {
        Value::accepts(ty)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_response_comes_back_without_what_was_for_one_client() {
        let mut response = Response::new(StatusCode::IM_A_TEAPOT);
        response.reason = Some("Teapot".into());
        for (name, value) in [
            ("content-type", "text/plain"),
            ("x-a", "1"),
            ("x-a", "2"),
            ("set-cookie", "secret=1"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
        ] {
            response
                .headers
                .append(name, HeaderValue::from_static(value));
        }
        response.body = Body::full("short and stout");
        let stored = Stored::of_response(&response, 7);
        let bytes = stored.to_bytes();
        let back = Stored::of_bytes(bytes.clone()).unwrap();
        assert_eq!(back, stored);
        let copy = back.to_response().unwrap();
        assert_eq!(
            (copy.status, copy.reason),
            (response.status, response.reason)
        );
        assert_eq!(copy.body.bytes().unwrap(), "short and stout");
        let headers = copy.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        assert_eq!(headers, ["content-type: text/plain", "x-a: 1", "x-a: 2"]);
        let body = bytes.len() - "short and stout".len();
        for cut in 0..body {
            let part = Stored::of_bytes(bytes.slice(..cut));
            assert!(
                part.is_none_or(|part| part.to_response().is_none()),
                "{cut}"
            );
        }
    }
}
