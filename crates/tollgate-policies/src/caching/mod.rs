//! Policies that keep things between requests.

pub mod cache_lookup;
pub mod cache_lookup_value;
pub mod cache_remove_value;
pub mod cache_store;
pub mod cache_store_value;
pub mod cache_value;
mod caching_type;
mod downstream;
pub(crate) mod stored;
pub mod values;
