//! Policies for browsers.

pub mod cors;
