//! What requests run through.

/// What requests run through: routes, sections and all else that load time could settle. Never changed.
#[derive(Debug, Default)]
pub struct Plan {}
