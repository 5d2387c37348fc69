//! Policies that report.

pub mod trace;
