//! The policies of the APIM reference, one file each.

mod access;
