//! The namespace `System.Security.Cryptography`: hashes, keyed hashes and ciphers.

mod certificate;
mod cipher;
mod md5;
mod random;
mod rsa;
mod rsa_parameters;
mod symmetric;

use aws_lc_rs::digest;

use crate::machine::Machine;
use crate::member::{Call, Native, TypeDef, TypeKind, member, pure};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

pub(crate) use certificate::TYPES as CERTIFICATES;
pub use certificate::{certificate, certificate_type, certificate_with_key};
pub(crate) use random::TYPES as RANDOMS;
pub(crate) use rsa::TYPES as KEYS;
pub(crate) use symmetric::TYPES as CIPHERS;

/// The types of this namespace.
pub(crate) const TYPES: &[&TypeDef] = &[
    &HASH_ALGORITHM,
    &KEYED,
    &HMAC,
    &MD5,
    &MD5CRYPTOSERVICEPROVIDER,
    &HMACMD5,
    &SHA1,
    &SHA1MANAGED,
    &SHA1CRYPTOSERVICEPROVIDER,
    &HMACSHA1,
    &SHA256,
    &SHA256MANAGED,
    &SHA256CRYPTOSERVICEPROVIDER,
    &HMACSHA256,
    &SHA384,
    &SHA384MANAGED,
    &HMACSHA384,
    &SHA512,
    &SHA512MANAGED,
    &SHA512CRYPTOSERVICEPROVIDER,
    &HMACSHA512,
    &HASH_ALGORITHM_NAME,
];

/// `HashAlgorithm`.
static HASH_ALGORITHM: TypeDef = TypeDef {
    name: "System.Security.Cryptography.HashAlgorithm",
    kind: TypeKind::Class,
    bases: &["IDisposable"],
    values: &[],
    members: &[
        member("byte[] ComputeHash(byte[] buffer)", compute),
        member(
            "byte[] ComputeHash(byte[] buffer, int offset, int count)",
            compute,
        ),
        pure("int HashSize { get; }", |call| {
            let size = this(call)?.algorithm.hash(&[]).len() * 8;
            Ok(crate::args::int(size))
        }),
        pure("void Dispose()", |_| Ok(Value::Null)),
        pure("void Clear()", |_| Ok(Value::Null)),
    ],
};

/// `KeyedHashAlgorithm`.
static KEYED: TypeDef = TypeDef {
    name: "System.Security.Cryptography.KeyedHashAlgorithm",
    kind: TypeKind::Class,
    bases: &["HashAlgorithm"],
    values: &[],
    members: &[member("byte[] Key { get; }", |call| {
        let key = this(call)?.key.clone().unwrap_or_default();
        call.new_bytes(key)
    })],
};

/// `HMAC`.
static HMAC: TypeDef = TypeDef {
    name: "System.Security.Cryptography.HMAC",
    kind: TypeKind::Class,
    bases: &["KeyedHashAlgorithm"],
    values: &[],
    members: &[],
};

/// `HashAlgorithmName`.
static HASH_ALGORITHM_NAME: TypeDef = TypeDef {
    name: "System.Security.Cryptography.HashAlgorithmName",
    kind: TypeKind::Struct,
    bases: &[],
    values: &[],
    members: &[
        pure("static HashAlgorithmName MD5 { get; }", |_| {
            Ok(Value::object(AlgorithmName("MD5")))
        }),
        pure("static HashAlgorithmName SHA1 { get; }", |_| {
            Ok(Value::object(AlgorithmName("SHA1")))
        }),
        pure("static HashAlgorithmName SHA256 { get; }", |_| {
            Ok(Value::object(AlgorithmName("SHA256")))
        }),
        pure("static HashAlgorithmName SHA384 { get; }", |_| {
            Ok(Value::object(AlgorithmName("SHA384")))
        }),
        pure("static HashAlgorithmName SHA512 { get; }", |_| {
            Ok(Value::object(AlgorithmName("SHA512")))
        }),
        pure("string Name { get; }", |call| {
            let name = call.arg(0).downcast::<AlgorithmName>();
            Ok(name.map(|name| name.0).into())
        }),
    ],
};

/// A `HashAlgorithmName`.
#[derive(Debug)]
struct AlgorithmName(&'static str);

impl Object for AlgorithmName {
    fn type_of(&self) -> Type {
        Type::plain(&HASH_ALGORITHM_NAME)
    }

    fn to_text(&self) -> Option<Str> {
        Some(Str::from_static(self.0))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<AlgorithmName>();
        other.is_some_and(|other| other.0 == self.0)
    }
}

/// The name that a `HashAlgorithmName` holds.
fn name_of(value: &Value) -> Option<&'static str> {
    value.downcast::<AlgorithmName>().map(|name| name.0)
}

/// A hash function.
#[derive(Debug, Clone, Copy)]
enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// What a byte costs beside others' bytes: the code for MD5 is plain.
    fn cost(self) -> usize {
        match self {
            Algorithm::Md5 => 4,
            _ => 1,
        }
    }

    fn hash(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Algorithm::Md5 => return md5::digest(bytes).to_vec(),
            Algorithm::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Algorithm::Sha256 => &digest::SHA256,
            Algorithm::Sha384 => &digest::SHA384,
            Algorithm::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    fn block(self) -> usize {
        match self {
            Algorithm::Md5 | Algorithm::Sha1 | Algorithm::Sha256 => 64,
            Algorithm::Sha384 | Algorithm::Sha512 => 128,
        }
    }

    /// RFC 2104 over any of the hashes; the library's own leaves MD5 out.
    fn hmac(self, key: &[u8], bytes: &[u8]) -> Vec<u8> {
        let padded = |mask: u8| -> Vec<u8> {
            let zeros = std::iter::repeat(&0u8);
            key.iter()
                .chain(zeros)
                .take(self.block())
                .map(|byte| byte ^ mask)
                .collect()
        };
        let mut inner = padded(0x36);
        inner.extend_from_slice(bytes);
        let mut outer = padded(0x5C);
        outer.extend(self.hash(&inner));
        self.hash(&outer)
    }
}

/// A hash algorithm object; its key never shows.
struct Hasher {
    table: &'static TypeDef,
    algorithm: Algorithm,
    key: Option<Vec<u8>>,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.table.name)
    }
}

impl Object for Hasher {
    fn type_of(&self) -> Type {
        Type::plain(self.table)
    }
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Hasher, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn compute(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let part = match call.arguments.len() {
        2 => call.bytes(1, "buffer")?,
        _ => part(call, 1, "buffer")?,
    };
    let hasher = this(call)?;
    call.heavy_work(part.len().saturating_mul(hasher.algorithm.cost()))?;
    let hash = match &hasher.key {
        Some(key) => hasher.algorithm.hmac(key, &part),
        None => hasher.algorithm.hash(&part),
    };
    call.new_bytes(hash)
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

fn plain(table: &'static TypeDef, algorithm: Algorithm) -> Result<Value, Throw> {
    Ok(Value::object(Hasher {
        table,
        algorithm,
        key: None,
    }))
}

fn hash_data(call: &mut Call<'_, '_>, algorithm: Algorithm) -> Result<Value, Throw> {
    let bytes = call.bytes(0, "source")?;
    call.heavy_work(bytes.len().saturating_mul(algorithm.cost()))?;
    call.new_bytes(algorithm.hash(&bytes))
}

/// A keyed hash; a key longer than a block is hashed first.
fn keyed(
    call: &mut Call<'_, '_>,
    table: &'static TypeDef,
    algorithm: Algorithm,
) -> Result<Value, Throw> {
    let mut key = match call.arguments {
        [] => random_bytes(call.machine, 64),
        _ => call.bytes(0, "key")?,
    };
    if key.len() > algorithm.block() {
        key = algorithm.hash(&key);
    }
    Ok(Value::object(Hasher {
        table,
        algorithm,
        key: Some(key),
    }))
}

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

macro_rules! hash {
    ($table:ident, $full:literal, $name:literal, $algorithm:ident) => {
        static $table: TypeDef = class(
            $full,
            &["HashAlgorithm"],
            &[
                member(concat!("static ", $name, " Create()"), |_| {
                    plain(&$table, Algorithm::$algorithm)
                }),
                member("static byte[] HashData(byte[] source)", |call| {
                    hash_data(call, Algorithm::$algorithm)
                }),
            ],
        );
    };
}

macro_rules! derived {
    ($table:ident, $full:literal, $base:literal, $algorithm:ident) => {
        static $table: TypeDef = class(
            $full,
            &[$base],
            &[member("new()", |_| plain(&$table, Algorithm::$algorithm))],
        );
    };
}

macro_rules! hmac {
    ($table:ident, $full:literal, $algorithm:ident) => {
        static $table: TypeDef = class(
            $full,
            &["HMAC"],
            &[
                member("new()", |call| keyed(call, &$table, Algorithm::$algorithm)),
                member("new(byte[] key)", |call| {
                    keyed(call, &$table, Algorithm::$algorithm)
                }),
                member("static byte[] HashData(byte[] key, byte[] source)", {
                    const NATIVE: Native = |call| {
                        let (mut key, bytes) = (call.bytes(0, "key")?, call.bytes(1, "source")?);
                        call.heavy_work(bytes.len())?;
                        if key.len() > Algorithm::$algorithm.block() {
                            key = Algorithm::$algorithm.hash(&key);
                        }
                        call.new_bytes(Algorithm::$algorithm.hmac(&key, &bytes))
                    };
                    NATIVE
                }),
            ],
        );
    };
}

hash!(MD5, "System.Security.Cryptography.MD5", "MD5", Md5);
derived!(
    MD5CRYPTOSERVICEPROVIDER,
    "System.Security.Cryptography.MD5CryptoServiceProvider",
    "MD5",
    Md5
);
hmac!(HMACMD5, "System.Security.Cryptography.HMACMD5", Md5);
hash!(SHA1, "System.Security.Cryptography.SHA1", "SHA1", Sha1);
derived!(
    SHA1MANAGED,
    "System.Security.Cryptography.SHA1Managed",
    "SHA1",
    Sha1
);
derived!(
    SHA1CRYPTOSERVICEPROVIDER,
    "System.Security.Cryptography.SHA1CryptoServiceProvider",
    "SHA1",
    Sha1
);
hmac!(HMACSHA1, "System.Security.Cryptography.HMACSHA1", Sha1);
hash!(
    SHA256,
    "System.Security.Cryptography.SHA256",
    "SHA256",
    Sha256
);
derived!(
    SHA256MANAGED,
    "System.Security.Cryptography.SHA256Managed",
    "SHA256",
    Sha256
);
derived!(
    SHA256CRYPTOSERVICEPROVIDER,
    "System.Security.Cryptography.SHA256CryptoServiceProvider",
    "SHA256",
    Sha256
);
hmac!(
    HMACSHA256,
    "System.Security.Cryptography.HMACSHA256",
    Sha256
);
hash!(
    SHA384,
    "System.Security.Cryptography.SHA384",
    "SHA384",
    Sha384
);
derived!(
    SHA384MANAGED,
    "System.Security.Cryptography.SHA384Managed",
    "SHA384",
    Sha384
);
hmac!(
    HMACSHA384,
    "System.Security.Cryptography.HMACSHA384",
    Sha384
);
hash!(
    SHA512,
    "System.Security.Cryptography.SHA512",
    "SHA512",
    Sha512
);
derived!(
    SHA512MANAGED,
    "System.Security.Cryptography.SHA512Managed",
    "SHA512",
    Sha512
);
derived!(
    SHA512CRYPTOSERVICEPROVIDER,
    "System.Security.Cryptography.SHA512CryptoServiceProvider",
    "SHA512",
    Sha512
);
hmac!(
    HMACSHA512,
    "System.Security.Cryptography.HMACSHA512",
    Sha512
);

#[cfg(test)]
mod tests {
    use super::Algorithm;

    #[test]
    fn keyed_hashes_are_those_of_the_standard() {
        let hex =
            |bytes: Vec<u8>| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        // RFC 2202 and RFC 4231, second case.
        let (key, text) = (b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            hex(Algorithm::Md5.hmac(key, text)),
            "750c783e6ab0b503eaa86e310a5db738"
        );
        assert_eq!(
            hex(Algorithm::Sha256.hmac(key, text)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
