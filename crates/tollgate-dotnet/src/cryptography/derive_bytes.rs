//! `Rfc2898DeriveBytes`: keys from passwords (PBKDF2).

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;

use super::cipher::exception;
use super::hash::Algorithm;
use super::incremental_hash::algorithm_at;
use super::{algorithm_name, class, random_bytes};
use crate::heap::HeapObject;
use crate::member::{Call, Member, TypeDef, member};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `DeriveBytes`.
pub(super) static DERIVE_BYTES: TypeDef = class(
    "System.Security.Cryptography.DeriveBytes",
    &["IDisposable"],
    &[
        member("byte[] GetBytes(int cb)", get_bytes),
        member("void Reset()", |call| {
            this(call)?.given = 0;
            Ok(Value::Null)
        }),
        member("void Dispose()", |_| Ok(Value::Null)),
    ],
);

/// `Rfc2898DeriveBytes`.
pub(super) static RFC2898: TypeDef = class(
    "System.Security.Cryptography.Rfc2898DeriveBytes",
    &["DeriveBytes"],
    MEMBERS,
);

const MEMBERS: &[Member] = &[
    member("new(string password, byte[] salt)", create),
    member("new(string password, byte[] salt, int iterations)", create),
    member(
        "new(string password, byte[] salt, int iterations, HashAlgorithmName hashAlgorithm)",
        create,
    ),
    member("new(byte[] password, byte[] salt, int iterations)", create),
    member(
        "new(byte[] password, byte[] salt, int iterations, HashAlgorithmName hashAlgorithm)",
        create,
    ),
    member("new(string password, int saltSize)", create),
    member("new(string password, int saltSize, int iterations)", create),
    member(
        "new(string password, int saltSize, int iterations, HashAlgorithmName hashAlgorithm)",
        create,
    ),
    member("byte[] Salt { get; }", |call| {
        let salt = this(call)?.salt.clone();
        call.new_bytes(salt)
    }),
    member("int IterationCount { get; }", |call| {
        let iterations = this(call)?.iterations.get();
        Ok(Value::Int32(i32::try_from(iterations).unwrap_or(i32::MAX)))
    }),
    member("HashAlgorithmName HashAlgorithm { get; }", |call| {
        Ok(algorithm_name::name(this(call)?.algorithm.name()))
    }),
    member(
        "static byte[] Pbkdf2(string password, byte[] salt, int iterations, HashAlgorithmName hashAlgorithm, int outputLength)",
        one_shot,
    ),
    member(
        "static byte[] Pbkdf2(byte[] password, byte[] salt, int iterations, HashAlgorithmName hashAlgorithm, int outputLength)",
        one_shot,
    ),
];

/// A stream of derived bytes; the password never shows.
struct Derived {
    algorithm: Algorithm,
    password: Vec<u8>,
    salt: Vec<u8>,
    iterations: NonZeroU32,
    /// How many bytes were given.
    given: usize,
}

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rfc2898DeriveBytes")
    }
}

impl HeapObject for Derived {
    fn type_of(&self) -> Type {
        Type::plain(&RFC2898)
    }
}

impl Derived {
    fn library(&self) -> pbkdf2::Algorithm {
        match self.algorithm {
            Algorithm::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Algorithm::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
            Algorithm::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
            Algorithm::Md5 | Algorithm::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        }
    }

    /// The first bytes of the stream.
    fn first(&self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        if count > 0 {
            pbkdf2::derive(
                self.library(),
                self.iterations,
                &self.salt,
                &self.password,
                &mut bytes,
            );
        }
        bytes
    }

    /// What it costs to derive that many bytes, as steps: two hashes of a block an iteration.
    fn cost(&self, count: usize) -> u64 {
        let blocks = count.div_ceil(self.algorithm.length());
        let blocks = u64::try_from(blocks).unwrap_or(u64::MAX);
        let hashes = u64::from(self.iterations.get()).saturating_mul(blocks);
        hashes.saturating_mul(10)
    }
}

fn this<'c>(call: &'c mut Call<'_, '_>) -> Result<&'c mut Derived, Throw> {
    let value = call.arg(0);
    let derived = call.machine.heap.of_mut(value);
    derived.ok_or_else(Throw::null_reference)
}

fn positive(call: &Call<'_, '_>, at: usize, parameter: &str) -> Result<NonZeroU32, Throw> {
    let number = call.int(at)?;
    let positive = u32::try_from(number).ok().and_then(NonZeroU32::new);
    positive.ok_or_else(|| {
        Throw::argument_out_of_range(format!(
            "{parameter} ('{number}') must be a non-negative and non-zero value. (Parameter '{parameter}')\nActual value was {number}."
        ))
    })
}

/// From password, salt, iterations and hash in the arguments from 0 on.
fn derived(call: &mut Call<'_, '_>) -> Result<Derived, Throw> {
    let password = match call.opt_str(0) {
        Some(text) => text.to_utf8().as_bytes().to_vec(),
        None => call.bytes(0, "password")?,
    };
    let salt = match call.arg(1) {
        Value::Int32(_) => {
            let length = call.count(1, "saltSize")?;
            call.machine.heap.charge(length)?;
            random_bytes(call.machine, length)
        }
        _ => call.bytes(1, "salt")?,
    };
    let iterations = match call.arguments.len() {
        2 => const { NonZeroU32::new(1000).unwrap() },
        _ => positive(call, 2, "iterations")?,
    };
    let algorithm = match call.arguments.len() {
        2 | 3 => Algorithm::Sha1,
        _ => algorithm_at(call, 3)?,
    };
    if algorithm == Algorithm::Md5 {
        return Err(exception("'MD5' is not a known hash algorithm."));
    }
    let length = password.len() + salt.len();
    call.machine.heap.charge(length)?;
    // The library hashes both once for each block.
    call.heavy_work(length)?;
    Ok(Derived {
        password,
        algorithm,
        salt,
        iterations,
        given: 0,
    })
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let derived = derived(call)?;
    call.machine.heap.alloc(derived)
}

fn get_bytes(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let count = usize::try_from(positive(call, 1, "cb")?.get()).unwrap_or(usize::MAX);
    let derived = this(call)?;
    let given = derived.given;
    let end = given.saturating_add(count);
    let cost = derived.cost(end);
    call.machine.step(cost)?;
    call.machine.heap.charge(end)?;
    let derived = this(call)?;
    let bytes = derived.first(end).split_off(given);
    derived.given = end;
    call.new_bytes(bytes)
}

fn one_shot(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let derived = derived(call)?;
    let count = call.count(4, "outputLength")?;
    call.machine.step(derived.cost(count))?;
    call.machine.heap.charge(count)?;
    call.new_bytes(derived.first(count))
}
