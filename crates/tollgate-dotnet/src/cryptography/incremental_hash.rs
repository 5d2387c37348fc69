//! `IncrementalHash`.

use super::cipher::exception;
use super::hash::{Algorithm, Hasher, append, charge, finish, this};
use super::{algorithm_name, class, name_of, part};
use crate::args::int;
use crate::member::{Call, TypeDef, member, pure};
use crate::throw::Throw;
use crate::value::Value;

/// `IncrementalHash`.
pub(super) static INCREMENTAL_HASH: TypeDef = class(
    "System.Security.Cryptography.IncrementalHash",
    &["IDisposable"],
    &[
        member(
            "static IncrementalHash CreateHash(HashAlgorithmName hashAlgorithm)",
            |call| {
                let algorithm = algorithm_at(call, 0)?;
                let hasher = Hasher::new(&INCREMENTAL_HASH, algorithm, None);
                call.machine.heap.alloc(hasher)
            },
        ),
        member(
            "static IncrementalHash CreateHMAC(HashAlgorithmName hashAlgorithm, byte[] key)",
            |call| {
                let (algorithm, key) = (algorithm_at(call, 0)?, call.bytes(1, "key")?);
                call.heavy_work(key.len())?;
                let hasher = Hasher::new(&INCREMENTAL_HASH, algorithm, Some(key));
                call.machine.heap.alloc(hasher)
            },
        ),
        member("void AppendData(byte[] data)", |call| {
            let bytes = call.bytes(1, "data")?;
            append(call, &bytes).map(|()| Value::Null)
        }),
        member(
            "void AppendData(byte[] data, int offset, int count)",
            |call| {
                let bytes = part(call, 1, "data")?;
                append(call, &bytes).map(|()| Value::Null)
            },
        ),
        member("byte[] GetHashAndReset()", |call| {
            let hash = finish(call)?;
            call.new_bytes(hash)
        }),
        member("byte[] GetCurrentHash()", |call| {
            charge(call)?;
            let hash = this(call)?.so_far();
            call.new_bytes(hash)
        }),
        member("int HashLengthInBytes { get; }", |call| {
            Ok(int(this(call)?.algorithm.length()))
        }),
        member("HashAlgorithmName AlgorithmName { get; }", |call| {
            let hasher = this(call)?;
            let keyed = hasher.key.is_some();
            Ok(algorithm_name::name(match (hasher.algorithm, keyed) {
                (algorithm, false) => algorithm.name(),
                (Algorithm::Md5, true) => "HMACMD5",
                (Algorithm::Sha1, true) => "HMACSHA1",
                (Algorithm::Sha256, true) => "HMACSHA256",
                (Algorithm::Sha384, true) => "HMACSHA384",
                (Algorithm::Sha512, true) => "HMACSHA512",
            }))
        }),
        pure("void Dispose()", |_| Ok(Value::Null)),
    ],
);

/// The algorithm that argument `at` names.
pub(super) fn algorithm_at(call: &Call<'_, '_>, at: usize) -> Result<Algorithm, Throw> {
    let Some(name) = name_of(call.arg(at)) else {
        return Err(Throw::argument(
            "The hash algorithm name cannot be null or empty. (Parameter 'hashAlgorithm')",
        ));
    };
    Algorithm::named(name)
        .ok_or_else(|| exception(&format!("'{name}' is not a known hash algorithm.")))
}
