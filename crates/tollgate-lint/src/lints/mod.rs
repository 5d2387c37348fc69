//! The lints, one file each.

mod body_consumed;
mod constant_condition;
mod deprecated;
mod duplicate_condition;
mod forward_request_missing;
mod limit_key_conflict;
mod missing_base;
mod null_key;
mod null_reference;
mod object_comparison;
mod retry_body;
mod secret_literal;
mod stream_buffered;
mod tier;
mod unreachable_policy;
mod variable_case;
mod variable_order;
mod variable_type;
mod variable_unset;
mod variables;

use crate::Lint;

pub(crate) use variables::Variables;
pub use variables::{VariableUse, variables};

/// All lints, by name.
pub const LINTS: &[Lint] = &[
    body_consumed::LINT,
    constant_condition::LINT,
    deprecated::LINT,
    duplicate_condition::LINT,
    forward_request_missing::LINT,
    limit_key_conflict::LINT,
    missing_base::LINT,
    null_key::LINT,
    null_reference::LINT,
    object_comparison::LINT,
    retry_body::LINT,
    secret_literal::LINT,
    stream_buffered::LINT,
    tier::LINT,
    unreachable_policy::LINT,
    variable_case::LINT,
    variable_order::LINT,
    variable_type::LINT,
    variable_unset::LINT,
];
