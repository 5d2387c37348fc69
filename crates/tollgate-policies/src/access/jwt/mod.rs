//! Tokens: what `validate-jwt` checks, and where its keys come from.

pub(crate) mod claims;
pub(crate) mod discovery;
pub(crate) mod entra;
pub(crate) mod jwe;
pub(crate) mod key_sets;
pub(crate) mod keys;
pub(crate) mod location;
pub(crate) mod rejection;
pub(crate) mod remembered;
pub(crate) mod token;
pub(crate) mod verify;
