//! .NET values, types and members, each signature beside its code.
//!
//! [`Value`] is a .NET value, [`Str`] a string, [`Heap`] holds what can change. Each .NET type is one file with a
//! table of [`Member`] rows: C#'s own signature, and the function that does it. The [`Registry`] reads those
//! signatures once; it is all that the compiler of expressions knows of .NET.

mod args;
mod collation;
mod collections;
mod convert;
mod cryptography;
pub mod dates;
mod formatting;
mod globalization;
mod heap;
mod io;
pub mod json;
mod lend;
mod linq;
mod machine;
mod member;
mod net;
mod number;
pub mod ops;
pub mod portable;
mod record;
mod registry;
mod sequence;
mod signature;
mod str;
mod system;
#[cfg(test)]
mod testing;
mod text;
mod throw;
mod time;
mod types;
mod value;
pub mod xml;

pub use collections::{
    Array, Dictionary, HashSet, List, dictionary_keys, dictionary_values, enumerator,
};
pub use convert::{
    Primitive, convert, decimal_remainder, decimal_text, divide_decimals, multiply_decimals,
};
pub use cryptography::{certificate, certificate_type, certificate_with_key};
pub use heap::{Heap, HeapId, HeapObject, Iterate};
pub use lend::{LONGEST_LENT, Lend, Lent, Loan, Terms};
pub use machine::{Budget, Host, Machine};
pub use member::{Call, Member, Native, Prepare, Prepared, TypeDef, TypeKind, member, pure};
pub use net::escaping::form as form_encode;
pub use net::uri::{absolute_uri, uri};
pub use record::Record;
pub use registry::{Found, Registry};
pub use sequence::{Sequence, from_fn};
pub use signature::{MemberInfo, MemberKind, Parameter, ParameterMode, SignatureError};
pub use str::{Builder, Str, Units};
pub use system::type_value;
pub use throw::{Exception, Throw};
pub use types::{Type, TypeRef, Variance};
pub use value::{DateTimeKind, Object, Value};

/// The types of this crate; a host adds its own after them.
pub const TYPES: &[&[&TypeDef]] = &[
    system::TYPES,
    system::EXCEPTIONS,
    collections::TYPES,
    globalization::TYPES,
    io::TYPES,
    linq::TYPES,
    text::ENCODINGS,
    text::FALLBACKS,
    text::BUILDERS,
    text::REGEXES,
    cryptography::TYPES,
    cryptography::OTHERS,
    cryptography::CIPHERS,
    cryptography::RANDOMS,
    cryptography::CERTIFICATES,
    cryptography::KEYS,
    net::TYPES,
    json::TYPES,
    json::ITERATORS,
    xml::TYPES,
];
