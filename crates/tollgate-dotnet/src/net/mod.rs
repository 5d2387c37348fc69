//! `System.Net` and `System.Uri`.

pub(crate) mod escaping;
mod host;
mod ip_address;
pub(crate) mod uri;
mod uri_builder;
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
    &uri::URI_HOST_NAME_TYPE,
    &uri::URI_COMPONENTS,
    &uri::URI_FORMAT,
    &uri_builder::URI_BUILDER,
];
