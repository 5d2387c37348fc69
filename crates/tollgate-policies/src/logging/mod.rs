//! Policies that report.

pub(crate) mod trace;
