//! The namespace `System.Security.Cryptography`: hashes, keyed hashes, ciphers, keys and certificates.

mod algorithm_name;
mod certificate;
mod cipher;
mod derive_bytes;
mod hash;
mod incremental_hash;
mod md5;
mod oid;
mod random;
mod rsa;
mod rsa_parameters;
mod rsa_xml;
mod symmetric;

use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind};
use crate::throw::Throw;

use algorithm_name::name_of;
pub(crate) use certificate::TYPES as CERTIFICATES;
pub use certificate::{certificate, certificate_type, certificate_with_key};
pub(crate) use random::TYPES as RANDOMS;
pub(crate) use rsa::TYPES as KEYS;
pub(crate) use symmetric::TYPES as CIPHERS;

/// The hashes and what is made of them.
pub(crate) use hash::TYPES;

/// What is named or made of hashes.
pub(crate) const OTHERS: &[&TypeDef] = &[
    &algorithm_name::HASH_ALGORITHM_NAME,
    &incremental_hash::INCREMENTAL_HASH,
    &derive_bytes::DERIVE_BYTES,
    &derive_bytes::RFC2898,
    &oid::OID,
    &oid::OID_GROUP,
];

const fn class(
    name: &'static str,
    bases: &'static [&'static str],
    members: &'static [crate::Member],
) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Class,
        bases,
        values: &[],
        members,
    }
}

/// The part of argument `at`, a `byte[]`, that the offset and count after it name.
fn part(call: &Call<'_, '_>, at: usize, parameter: &str) -> Result<Vec<u8>, Throw> {
    let bytes = call.bytes(at, parameter)?;
    let (start, count) = (call.count(at + 1, "offset")?, call.count(at + 2, "count")?);
    let part = start
        .checked_add(count)
        .and_then(|end| bytes.get(start..end));
    part.map(<[u8]>::to_vec).ok_or_else(|| {
        Throw::argument("Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.")
    })
}

/// Bytes of the host's randomness.
fn random_bytes(machine: &Machine<'_>, length: usize) -> Vec<u8> {
    let words = (0..length.div_ceil(8)).flat_map(|_| machine.host.random().to_le_bytes());
    words.take(length).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
