//! Policies for browsers.

pub(crate) mod cors;
