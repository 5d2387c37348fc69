//! `System.Net` and `System.Uri`.

pub(crate) mod escaping;
mod ip_address;
pub(crate) mod uri;
mod web_utility;

use crate::member::TypeDef;

pub(crate) use uri::{URI, create as new_uri};

/// The types of these files.
pub(crate) const TYPES: &[&TypeDef] = &[
    &web_utility::WEB_UTILITY,
    &ip_address::IP_ADDRESS,
    &ip_address::ADDRESS_FAMILY,
    &uri::URI,
    &uri::URI_KIND,
    &uri::URI_PARTIAL,
];
