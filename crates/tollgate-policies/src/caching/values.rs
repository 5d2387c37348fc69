//! Values of the cache as `cache-lookup-value` and `cache-store-value` keep them: for tests, which fill caches and look
//! into them.
//!
//! ```
//! use tollgate_policies::caching::values;
//! use tollgate_dotnet::{Heap, Value};
//!
//! let mut heap = Heap::default();
//! let bytes = values::pack(&heap, &Value::from("a"))?;
//! assert!(matches!(values::unpack(&mut heap, bytes), Some(Value::String(text)) if text.as_utf8() == Some("a")));
//! assert_eq!(values::key("user-1"), "value:user-1");
//! # Ok::<(), tollgate_dotnet::Throw>(())
//! ```

use bytes::Bytes;
use tollgate_dotnet::{Heap, Throw, Value};

use tollgate_engine::Response;

use super::stored::Stored;

/// Under what a value is kept: apart from responses.
pub fn key(key: &str) -> String {
    format!("value:{key}")
}

/// A value that is kept for as long as the cache keeps it.
///
/// # Errors
/// It is of a kind that cannot be kept, as a lambda.
pub fn pack(heap: &Heap, value: &Value) -> Result<Bytes, Throw> {
    Stored::pack(heap, value, i64::MAX).map(|stored| stored.to_bytes())
}

/// What keys of responses begin with, those of `cache-lookup`.
pub const RESPONSE: &str = "response:";

/// A response as `cache-store` keeps it, until a time in ticks; its body must be buffered.
pub fn pack_response(response: &Response, until: i64) -> Bytes {
    Stored::of_response(response, until).to_bytes()
}

/// The response in what a cache kept, and until when; `None` of a value, or if it is none of these.
pub fn unpack_response(bytes: Bytes) -> Option<(Response, i64)> {
    let stored = Stored::of_bytes(bytes)?;
    Some((stored.to_response()?, stored.until))
}

/// The value in what a cache kept; `None` of a response, or if it is none of these.
pub fn unpack(heap: &mut Heap, bytes: Bytes) -> Option<Value> {
    Stored::of_bytes(bytes)?.plain(heap)
}
