//! `System.Net.WebUtility` and `System.Uri`.

pub(crate) mod escaping;
mod uri;
mod web_utility;

use crate::member::TypeDef;

/// The types of these files.
pub(crate) const TYPES: &[&TypeDef] = &[
    &web_utility::WEB_UTILITY,
    &uri::URI,
    &uri::URI_KIND,
    &uri::URI_PARTIAL,
];
