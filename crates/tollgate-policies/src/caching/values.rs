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

/// The value in what a cache kept; `None` of a response, or if it is none of these.
pub fn unpack(heap: &mut Heap, bytes: Bytes) -> Option<Value> {
    Stored::of_bytes(bytes)?.plain(heap)
}
