//! The names of keys: hashes, so that no caller chooses them and nothing private stands in them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `prefix:c:{group}:key`
pub(crate) fn counter(prefix: &str, group: &str, key: &str) -> String {
    let mut name = String::with_capacity(prefix.len() + 52);
    name.push_str(prefix);
    name.push_str(":c:{");
    push_hash(&mut name, group);
    name.push_str("}:");
    if key != group {
        push_hash(&mut name, key);
    }
    name
}

/// `prefix:v:{key}`
pub(crate) fn value(prefix: &str, key: &str) -> String {
    let mut name = format!("{prefix}:v:{{");
    push_hash(&mut name, key);
    name.push('}');
    name
}

/// 128 bits of SHA-256: enough that nobody finds two names of one hash.
fn push_hash(name: &mut String, text: &str) {
    let hash = digest(&SHA256, text.as_bytes());
    let half = hash.as_ref().get(..16).unwrap_or_default();
    URL_SAFE_NO_PAD.encode_string(half, name);
}
