//! `SymmetricAlgorithm` and `Aes`, and the extension methods `Encrypt` and `Decrypt` of policy expressions.

use super::cipher::{Cipher, Kind, Mode, Padding, exception};
use crate::collections::Array;
use crate::heap::HeapObject;
use crate::machine::Machine;
use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::record::Record;
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
use crate::value::Value;

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[
    &SYMMETRIC,
    &AES,
    &AES_MANAGED,
    &AES_PROVIDER,
    &DES,
    &DES_PROVIDER,
    &TRIPLE_DES,
    &TRIPLE_DES_PROVIDER,
    &RC2,
    &RC2_PROVIDER,
    &RIJNDAEL,
    &RIJNDAEL_MANAGED,
    &KEY_SIZES,
    &TRANSFORM,
    &CIPHER_MODE,
    &PADDING_MODE,
    &EXTENSIONS,
];

/// `SymmetricAlgorithm`.
static SYMMETRIC: TypeDef = TypeDef {
    name: "System.Security.Cryptography.SymmetricAlgorithm",
    kind: TypeKind::Class,
    bases: &["IDisposable"],
    values: &[],
    members: &[
        member("static SymmetricAlgorithm Create()", |call| {
            create(call, &AES)
        }),
        member(
            "static SymmetricAlgorithm Create(string algName)",
            |call| match table_of(&call.text(0, "algName")?.to_utf8()) {
                Some(table) => create(call, table),
                None => Ok(Value::Null),
            },
        ),
        member("byte[] Key { get; }", |call| {
            let key = key(call, 0)?;
            call.new_bytes(key)
        }),
        member("byte[] Key { set; }", |call| {
            let key = call.bytes(1, "value")?;
            let settings = settings(call)?;
            match settings.kind() {
                kind if kind.keys().contains(&key.len()) => settings.key = Some(key),
                Kind::Des => return Err(Throw::argument(KEY_SIZE)),
                _ => return Err(exception(KEY_SIZE)),
            }
            Ok(Value::Null)
        }),
        member("byte[] IV { get; }", |call| {
            let iv = iv(call, 0)?;
            call.new_bytes(iv)
        }),
        member("byte[] IV { set; }", |call| {
            let iv = call.bytes(1, "value")?;
            let settings = settings(call)?;
            if iv.len() != settings.kind().block() {
                return Err(exception(IV_SIZE));
            }
            settings.iv = Some(iv);
            Ok(Value::Null)
        }),
        member("int KeySize { get; }", |call| {
            Ok(crate::args::int(settings(call)?.key_size() * 8))
        }),
        member("int KeySize { set; }", |call| {
            let bits = usize::try_from(call.int(1)?).unwrap_or(0);
            let settings = settings(call)?;
            let bytes = bits / 8;
            if bits % 8 != 0 || !settings.kind().keys().contains(&bytes) {
                return Err(exception(KEY_SIZE));
            }
            settings.key = None;
            settings.size = bytes;
            Ok(Value::Null)
        }),
        member("int BlockSize { get; }", |call| {
            Ok(crate::args::int(settings(call)?.kind().block() * 8))
        }),
        member("int BlockSize { set; }", |call| {
            let bits = usize::try_from(call.int(1)?).unwrap_or(0);
            match bits == settings(call)?.kind().block() * 8 {
                true => Ok(Value::Null),
                false => Err(exception(
                    "Specified block size is not valid for this algorithm.",
                )),
            }
        }),
        member("int FeedbackSize { get; }", |call| {
            settings(call).map(|_| Value::Int32(8))
        }),
        member("int FeedbackSize { set; }", |call| match call.int(1)? {
            8 => Ok(Value::Null),
            _ => Err(exception(
                "Specified feedback size is not valid for this algorithm.",
            )),
        }),
        member("KeySizes[] LegalKeySizes { get; }", |call| {
            let keys = settings(call)?.kind().keys();
            lengths(call, keys)
        }),
        member("KeySizes[] LegalBlockSizes { get; }", |call| {
            let block = settings(call)?.kind().block();
            lengths(call, &[block])
        }),
        member("bool ValidKeySize(int bitLength)", |call| {
            let bits = usize::try_from(call.int(1)?).unwrap_or(0);
            let keys = settings(call)?.kind().keys();
            Ok((bits % 8 == 0 && keys.contains(&(bits / 8))).into())
        }),
        member(
            "byte[] EncryptCbc(byte[] plaintext, byte[] iv, PaddingMode paddingMode = PaddingMode.PKCS7)",
            |call| one_shot(call, 1, true),
        ),
        member(
            "byte[] DecryptCbc(byte[] ciphertext, byte[] iv, PaddingMode paddingMode = PaddingMode.PKCS7)",
            |call| one_shot(call, 1, false),
        ),
        member(
            "byte[] EncryptCfb(byte[] plaintext, byte[] iv, PaddingMode paddingMode = PaddingMode.None, int feedbackSizeInBits = 8)",
            |call| one_shot_cfb(call, true),
        ),
        member(
            "byte[] DecryptCfb(byte[] ciphertext, byte[] iv, PaddingMode paddingMode = PaddingMode.None, int feedbackSizeInBits = 8)",
            |call| one_shot_cfb(call, false),
        ),
        member(
            "int GetCiphertextLengthEcb(int plaintextLength, PaddingMode paddingMode)",
            ciphertext_length,
        ),
        member(
            "int GetCiphertextLengthCbc(int plaintextLength, PaddingMode paddingMode = PaddingMode.PKCS7)",
            ciphertext_length,
        ),
        member(
            "byte[] EncryptEcb(byte[] plaintext, PaddingMode paddingMode)",
            |call| one_shot(call, 2, true),
        ),
        member(
            "byte[] DecryptEcb(byte[] ciphertext, PaddingMode paddingMode)",
            |call| one_shot(call, 2, false),
        ),
        member("CipherMode Mode { get; }", |call| {
            Ok(Value::Enum(TypeRef(&CIPHER_MODE), settings(call)?.mode))
        }),
        member("CipherMode Mode { set; }", |call| {
            let mode = call.flags(1);
            mode_of(mode)?;
            settings(call)?.mode = mode;
            Ok(Value::Null)
        }),
        member("PaddingMode Padding { get; }", |call| {
            Ok(Value::Enum(TypeRef(&PADDING_MODE), settings(call)?.padding))
        }),
        member("PaddingMode Padding { set; }", |call| {
            let padding = call.flags(1);
            padding_of(padding)?;
            settings(call)?.padding = padding;
            Ok(Value::Null)
        }),
        member("void GenerateKey()", |call| {
            settings(call)?.key = None;
            key(call, 0).map(|_| Value::Null)
        }),
        member("void GenerateIV()", |call| {
            settings(call)?.iv = None;
            iv(call, 0).map(|_| Value::Null)
        }),
        member("ICryptoTransform CreateEncryptor()", |call| {
            let cipher = own(call, 0, true)?;
            transform(call, cipher)
        }),
        member("ICryptoTransform CreateDecryptor()", |call| {
            let cipher = own(call, 0, false)?;
            transform(call, cipher)
        }),
        member(
            "ICryptoTransform CreateEncryptor(byte[] rgbKey, byte[] rgbIV)",
            |call| {
                let cipher = given(call, 0, true)?;
                transform(call, cipher)
            },
        ),
        member(
            "ICryptoTransform CreateDecryptor(byte[] rgbKey, byte[] rgbIV)",
            |call| {
                let cipher = given(call, 0, false)?;
                transform(call, cipher)
            },
        ),
        pure("void Dispose()", |_| Ok(Value::Null)),
        pure("void Clear()", |_| Ok(Value::Null)),
    ],
};

/// `Aes`.
static AES: TypeDef = TypeDef {
    name: "System.Security.Cryptography.Aes",
    kind: TypeKind::Class,
    bases: &["SymmetricAlgorithm"],
    values: &[],
    members: &[
        member("static Aes Create()", |call| create(call, &AES)),
        member("static Aes Create(string algorithmName)", |call| {
            let known = is_aes(&call.text(0, "algorithmName")?.to_utf8());
            if known {
                create(call, &AES)
            } else {
                Ok(Value::Null)
            }
        }),
    ],
};

/// `AesManaged`.
static AES_MANAGED: TypeDef = TypeDef {
    name: "System.Security.Cryptography.AesManaged",
    kind: TypeKind::Class,
    bases: &["Aes"],
    values: &[],
    members: &[member("new()", |call| create(call, &AES_MANAGED))],
};

/// `AesCryptoServiceProvider`.
static AES_PROVIDER: TypeDef = TypeDef {
    name: "System.Security.Cryptography.AesCryptoServiceProvider",
    kind: TypeKind::Class,
    bases: &["Aes"],
    values: &[],
    members: &[member("new()", |call| create(call, &AES_PROVIDER))],
};

/// An algorithm with a factory and a class of its own that is made with `new`.
macro_rules! algorithm {
    ($table:ident, $name:literal, $create:literal, $provider:ident, $provider_name:literal, $base:literal) => {
        static $table: TypeDef = TypeDef {
            name: $name,
            kind: TypeKind::Class,
            bases: &["SymmetricAlgorithm"],
            values: &[],
            members: &[member($create, |call| create(call, &$table))],
        };
        static $provider: TypeDef = TypeDef {
            name: $provider_name,
            kind: TypeKind::Class,
            bases: &[$base],
            values: &[],
            members: &[member("new()", |call| create(call, &$provider))],
        };
    };
}

algorithm!(
    DES,
    "System.Security.Cryptography.DES",
    "static DES Create()",
    DES_PROVIDER,
    "System.Security.Cryptography.DESCryptoServiceProvider",
    "DES"
);
algorithm!(
    TRIPLE_DES,
    "System.Security.Cryptography.TripleDES",
    "static TripleDES Create()",
    TRIPLE_DES_PROVIDER,
    "System.Security.Cryptography.TripleDESCryptoServiceProvider",
    "TripleDES"
);
algorithm!(
    RC2,
    "System.Security.Cryptography.RC2",
    "static RC2 Create()",
    RC2_PROVIDER,
    "System.Security.Cryptography.RC2CryptoServiceProvider",
    "RC2"
);
algorithm!(
    RIJNDAEL,
    "System.Security.Cryptography.Rijndael",
    "static Rijndael Create()",
    RIJNDAEL_MANAGED,
    "System.Security.Cryptography.RijndaelManaged",
    "Rijndael"
);

/// `KeySizes`.
static KEY_SIZES: TypeDef = TypeDef {
    name: "System.Security.Cryptography.KeySizes",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        pure("int MinSize { get; }", |call| size(call, 0)),
        pure("int MaxSize { get; }", |call| size(call, 1)),
        pure("int SkipSize { get; }", |call| size(call, 2)),
    ],
};

fn size(call: &mut Call<'_, '_>, field: usize) -> Result<Value, Throw> {
    Record::of(call.arg(0))
        .and_then(|record| record.field(field))
        .cloned()
        .ok_or_else(Throw::null_reference)
}

/// Lengths in bytes, the same distance apart, as a `KeySizes[]`.
fn lengths(call: &mut Call<'_, '_>, lengths: &[usize]) -> Result<Value, Throw> {
    let least = lengths.first().copied().unwrap_or(0);
    let most = lengths.last().copied().unwrap_or(0);
    let step = lengths.get(1).map_or(0, |second| second - least);
    sizes(call, [least, most, step].map(|length| length * 8))
}

/// The least and the most bits and the step between, as a `KeySizes[]`.
pub(super) fn sizes(call: &mut Call<'_, '_>, sizes: [usize; 3]) -> Result<Value, Throw> {
    let ty = Type::plain(&KEY_SIZES);
    let fields = sizes.map(crate::args::int);
    let record = Value::object(Record::new(ty.clone(), fields));
    call.new_array(Array::new(ty, vec![record]))
}

/// `EncryptCbc` and the like: the key that was set, and all else as arguments.
fn one_shot(call: &mut Call<'_, '_>, mode: i64, encrypts: bool) -> Result<Value, Throw> {
    let key = key(call, 0)?;
    let input = call.bytes(1, if encrypts { "plaintext" } else { "ciphertext" })?;
    let (iv, padding) = match mode {
        1 | 4 => (Some(call.bytes(2, "iv")?), call.flags(3)),
        _ => (None, call.flags(2)),
    };
    let table = settings(call)?.table;
    let mut settings = Settings::new(table);
    (settings.mode, settings.padding) = (mode, padding);
    if iv
        .as_ref()
        .is_some_and(|iv| iv.len() != settings.kind().block())
    {
        return Err(Throw::argument(format!("{IV_SIZE} (Parameter 'iv')")));
    }
    let cipher = cipher(&settings, key, iv, encrypts)?;
    run(call, &cipher, input)
}

fn one_shot_cfb(call: &mut Call<'_, '_>, encrypts: bool) -> Result<Value, Throw> {
    match call.int(4)? {
        8 => one_shot(call, 4, encrypts),
        bits => Err(exception(&format!(
            "The specified feedback size '{bits}' for CFB mode is not supported."
        ))),
    }
}

fn ciphertext_length(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (length, padding) = (call.count(1, "plaintextLength")?, call.flags(2));
    let block = settings(call)?.kind().block();
    Ok(crate::args::int(match padding_of(padding)? {
        Padding::None if !length.is_multiple_of(block) => {
            return Err(Throw::argument(
                "The specified plaintext size is not valid for the padding and block size. (Parameter 'plaintextLength')",
            ));
        }
        Padding::None => length,
        Padding::Zeros => length.next_multiple_of(block),
        _ => (length + 1).next_multiple_of(block),
    }))
}

/// `ICryptoTransform`.
static TRANSFORM: TypeDef = TypeDef {
    name: "System.Security.Cryptography.ICryptoTransform",
    kind: TypeKind::Interface,
    bases: &["IDisposable"],
    values: &[],
    members: &[
        member(
            "int TransformBlock(byte[] inputBuffer, int inputOffset, int inputCount, byte[] outputBuffer, int outputOffset)",
            transform_block,
        ),
        member(
            "byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)",
            transform_final_block,
        ),
        member("int InputBlockSize { get; }", |call| {
            Ok(crate::args::int(this_transform(call)?.cipher.unit()))
        }),
        member("int OutputBlockSize { get; }", |call| {
            Ok(crate::args::int(this_transform(call)?.cipher.unit()))
        }),
        pure("bool CanReuseTransform { get; }", |_| Ok(Value::Bool(true))),
        pure("bool CanTransformMultipleBlocks { get; }", |_| {
            Ok(Value::Bool(true))
        }),
        pure("void Dispose()", |_| Ok(Value::Null)),
    ],
};

/// `CipherMode`.
static CIPHER_MODE: TypeDef = TypeDef {
    name: "System.Security.Cryptography.CipherMode",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("CBC", 1), ("ECB", 2), ("OFB", 3), ("CFB", 4), ("CTS", 5)],
    members: &[],
};

/// `PaddingMode`.
static PADDING_MODE: TypeDef = TypeDef {
    name: "System.Security.Cryptography.PaddingMode",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("None", 1),
        ("PKCS7", 2),
        ("Zeros", 3),
        ("ANSIX923", 4),
        ("ISO10126", 5),
    ],
    members: &[],
};

/// Extension methods on `byte[]`. Source: api-management-policy-expressions.md.
static EXTENSIONS: TypeDef = TypeDef {
    name: "Tollgate.CipherExtensions",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        member(
            "static byte[] Encrypt(this byte[] input, string alg, byte[] key, byte[] iv)",
            |call| named(call, true),
        ),
        member(
            "static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg)",
            |call| {
                let cipher = own(call, 1, true)?;
                run_input(call, &cipher)
            },
        ),
        member(
            "static byte[] Encrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)",
            |call| {
                let cipher = given(call, 1, true)?;
                run_input(call, &cipher)
            },
        ),
        member(
            "static byte[] Decrypt(this byte[] input, string alg, byte[] key, byte[] iv)",
            |call| named(call, false),
        ),
        member(
            "static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg)",
            |call| {
                let cipher = own(call, 1, false)?;
                run_input(call, &cipher)
            },
        ),
        member(
            "static byte[] Decrypt(this byte[] input, SymmetricAlgorithm alg, byte[] key, byte[] iv)",
            |call| {
                let cipher = given(call, 1, false)?;
                run_input(call, &cipher)
            },
        ),
    ],
};

const KEY_SIZE: &str = "Specified key is not a valid size for this algorithm.";
const IV_SIZE: &str =
    "Specified initialization vector (IV) does not match the block size for this algorithm.";

/// What was set on an algorithm object; a key or vector that was not is made when it is first needed.
struct Settings {
    table: &'static TypeDef,
    key: Option<Vec<u8>>,
    /// How long a key that is made shall be.
    size: usize,
    iv: Option<Vec<u8>>,
    mode: i64,
    padding: i64,
}

/// An `ICryptoTransform`: a cipher on its way through a message.
#[derive(Debug)]
struct Transform {
    /// Its vector is that of the next block.
    cipher: Cipher,
    first_iv: Vec<u8>,
    /// The last block that was given, which may turn out to be padding.
    held: Vec<u8>,
}

impl HeapObject for Transform {
    fn type_of(&self) -> Type {
        Type::plain(&TRANSFORM)
    }
}

fn this_transform<'c>(call: &'c mut Call<'_, '_>) -> Result<&'c mut Transform, Throw> {
    let value = call.arg(0);
    let transform = call.machine.heap.of_mut(value);
    transform.ok_or_else(Throw::null_reference)
}

/// Whole blocks; the last one is held back where it may be padding.
fn transform_block(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let part = super::part(call, 1, "inputBuffer")?;
    let transform = this_transform(call)?;
    let unit = transform.cipher.unit();
    if part.is_empty() || !part.len().is_multiple_of(unit) {
        return Err(Throw::argument_out_of_range(
            "Value was invalid. (Parameter 'inputCount')",
        ));
    }
    let mut input = std::mem::take(&mut transform.held);
    input.extend(part);
    let pads = !matches!(transform.cipher.padding, Padding::None | Padding::Zeros);
    if pads && !transform.cipher.encrypts {
        transform.held = input.split_off(input.len() - unit);
    }
    let mut cipher = transform.cipher.clone();
    cipher.padding = Padding::None;
    let ciphertext = (!cipher.encrypts).then(|| input.clone());
    let output = run_bytes(call, &cipher, input)?;
    let transform = this_transform(call)?;
    transform
        .cipher
        .follow(ciphertext.as_deref().unwrap_or(&output));
    let to = call.count(5, "outputOffset")?;
    let target = call.machine.heap.of_mut::<Array>(call.arg(4));
    let target = target.ok_or_else(|| Throw::argument_null("outputBuffer"))?;
    let room = target
        .as_bytes_mut()
        .and_then(|target| target.get_mut(to..)?.get_mut(..output.len()));
    let room = room.ok_or_else(|| {
        Throw::argument_out_of_range("Value was invalid. (Parameter 'outputBuffer')")
    })?;
    room.copy_from_slice(&output);
    Ok(crate::args::int(output.len()))
}

/// The rest of the message; the next one begins anew.
fn transform_final_block(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let part = super::part(call, 1, "inputBuffer")?;
    let transform = this_transform(call)?;
    let mut input = std::mem::take(&mut transform.held);
    input.extend(part);
    let cipher = transform.cipher.clone();
    transform.cipher.iv = transform.first_iv.clone();
    run(call, &cipher, input)
}

/// The cipher of a class.
fn kind_of(table: &'static TypeDef) -> Kind {
    match TypeRef(table).simple_name() {
        "DES" | "DESCryptoServiceProvider" => Kind::Des,
        "TripleDES" | "TripleDESCryptoServiceProvider" => Kind::TripleDes,
        "RC2" | "RC2CryptoServiceProvider" => Kind::Rc2,
        _ => Kind::Aes,
    }
}

impl Settings {
    fn new(table: &'static TypeDef) -> Self {
        Settings {
            table,
            key: None,
            size: kind_of(table).keys().last().copied().unwrap_or(32),
            iv: None,
            mode: 1,
            padding: 2,
        }
    }

    fn kind(&self) -> Kind {
        kind_of(self.table)
    }

    fn key_size(&self) -> usize {
        self.key.as_ref().map_or(self.size, Vec::len)
    }
}

impl std::fmt::Debug for Settings {
    /// The key never shows.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.table.name)
    }
}

impl HeapObject for Settings {
    fn type_of(&self) -> Type {
        Type::plain(self.table)
    }
}

fn create(call: &mut Call<'_, '_>, table: &'static TypeDef) -> Result<Value, Throw> {
    call.machine.heap.alloc(Settings::new(table))
}

/// The class of an algorithm's name, in any case, with or without its namespace.
fn table_of(name: &str) -> Option<&'static TypeDef> {
    let name = name.rsplit('.').next().unwrap_or(name);
    let known: [(&str, &'static TypeDef); 12] = [
        ("Aes", &AES),
        ("AesManaged", &AES_MANAGED),
        ("AesCryptoServiceProvider", &AES_PROVIDER),
        ("RC2", &RC2),
        ("RC2CryptoServiceProvider", &RC2_PROVIDER),
        ("Rijndael", &RIJNDAEL),
        ("RijndaelManaged", &RIJNDAEL_MANAGED),
        ("DES", &DES),
        ("DESCryptoServiceProvider", &DES_PROVIDER),
        ("TripleDES", &TRIPLE_DES),
        ("3DES", &TRIPLE_DES),
        ("TripleDESCryptoServiceProvider", &TRIPLE_DES_PROVIDER),
    ];
    known
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, table)| *table)
}

fn is_aes(name: &str) -> bool {
    table_of(name).is_some_and(|table| kind_of(table) == Kind::Aes)
}

fn settings<'c>(call: &'c mut Call<'_, '_>) -> Result<&'c mut Settings, Throw> {
    settings_at(call, 0)
}

fn settings_at<'c>(call: &'c mut Call<'_, '_>, at: usize) -> Result<&'c mut Settings, Throw> {
    let value = call.arg(at);
    let settings = call.machine.heap.of_mut(value);
    settings.ok_or_else(Throw::null_reference)
}

/// The key of the algorithm that is argument `at`, made now if it has none.
fn key(call: &mut Call<'_, '_>, at: usize) -> Result<Vec<u8>, Throw> {
    let size = settings_at(call, at)?.key_size();
    let made = super::random_bytes(call.machine, size);
    Ok(settings_at(call, at)?.key.get_or_insert(made).clone())
}

fn iv(call: &mut Call<'_, '_>, at: usize) -> Result<Vec<u8>, Throw> {
    let block = settings_at(call, at)?.kind().block();
    let made = super::random_bytes(call.machine, block);
    Ok(settings_at(call, at)?.iv.get_or_insert(made).clone())
}

/// A cipher of the algorithm that is argument `at`, with its own key and vector.
fn own(call: &mut Call<'_, '_>, at: usize, encrypts: bool) -> Result<Cipher, Throw> {
    let (key, iv) = (key(call, at)?, iv(call, at)?);
    let settings = settings_at(call, at)?;
    cipher(settings, key, Some(iv), encrypts)
}

/// A cipher of the algorithm that is argument `at`, with the key and vector that follow it.
fn given(call: &mut Call<'_, '_>, at: usize, encrypts: bool) -> Result<Cipher, Throw> {
    let kind = settings_at(call, at)?.kind();
    let (key, iv) = key_and_iv(call, at + 1, kind)?;
    let settings = settings_at(call, at)?;
    cipher(settings, key, iv, encrypts)
}

fn named(call: &mut Call<'_, '_>, encrypts: bool) -> Result<Value, Throw> {
    let name = call.text(1, "alg")?.to_utf8();
    let Some(table) = table_of(&name) else {
        return Err(exception(&format!("Unknown symmetric algorithm: {name}")));
    };
    let settings = Settings::new(table);
    let (key, iv) = key_and_iv(call, 2, settings.kind())?;
    let cipher = cipher(&settings, key, iv, encrypts)?;
    run_input(call, &cipher)
}

/// Arguments `at` and the next: a key, and a vector or null.
fn key_and_iv(
    call: &Call<'_, '_>,
    at: usize,
    kind: Kind,
) -> Result<(Vec<u8>, Option<Vec<u8>>), Throw> {
    let key = call.bytes(at, "rgbKey")?;
    if !kind.keys().contains(&key.len()) {
        return Err(Throw::argument(format!("{KEY_SIZE} (Parameter 'rgbKey')")));
    }
    if call.arg(at + 1).is_null() {
        return Ok((key, None));
    }
    let iv = call.bytes(at + 1, "rgbIV")?;
    match iv.len() == kind.block() {
        true => Ok((key, Some(iv))),
        false => Err(Throw::argument(format!("{IV_SIZE} (Parameter 'rgbIV')"))),
    }
}

fn cipher(
    settings: &Settings,
    key: Vec<u8>,
    iv: Option<Vec<u8>>,
    encrypts: bool,
) -> Result<Cipher, Throw> {
    let mode = mode_of(settings.mode)?;
    if (settings.kind(), mode) == (Kind::Rc2, Mode::Cfb) {
        return Err(exception(
            "The specified CipherMode 'CFB' is not supported.",
        ));
    }
    let iv = match (iv, mode) {
        (Some(iv), _) => iv,
        (None, Mode::Ecb) => vec![0; settings.kind().block()],
        (None, Mode::Cbc | Mode::Cfb) => {
            return Err(exception(
                "The cipher mode specified requires that an initialization vector (IV) be used.",
            ));
        }
    };
    Ok(Cipher {
        kind: settings.kind(),
        key,
        iv,
        mode,
        padding: padding_of(settings.padding)?,
        encrypts,
    })
}

fn mode_of(number: i64) -> Result<Mode, Throw> {
    match number {
        1 => Ok(Mode::Cbc),
        2 => Ok(Mode::Ecb),
        4 => Ok(Mode::Cfb),
        _ => Err(exception(
            "Specified cipher mode is not valid for this algorithm.",
        )),
    }
}

fn padding_of(number: i64) -> Result<Padding, Throw> {
    Ok(match number {
        1 => Padding::None,
        2 => Padding::Pkcs7,
        3 => Padding::Zeros,
        4 => Padding::AnsiX923,
        5 => Padding::Iso10126,
        _ => {
            return Err(exception(
                "Specified padding mode is not valid for this algorithm.",
            ));
        }
    })
}

fn transform(call: &mut Call<'_, '_>, cipher: Cipher) -> Result<Value, Throw> {
    call.machine.heap.alloc(Transform {
        first_iv: cipher.iv.clone(),
        cipher,
        held: Vec::new(),
    })
}

fn run_input(call: &mut Call<'_, '_>, cipher: &Cipher) -> Result<Value, Throw> {
    let input = call.bytes(0, "input")?;
    run(call, cipher, input)
}

fn run(call: &mut Call<'_, '_>, cipher: &Cipher, bytes: Vec<u8>) -> Result<Value, Throw> {
    let bytes = run_bytes(call, cipher, bytes)?;
    call.new_bytes(bytes)
}

fn run_bytes(call: &mut Call<'_, '_>, cipher: &Cipher, bytes: Vec<u8>) -> Result<Vec<u8>, Throw> {
    // A byte of feedback costs a block.
    call.work(match cipher.mode {
        Mode::Cfb => bytes.len().saturating_mul(64),
        _ => bytes.len().saturating_mul(8),
    })?;
    let machine: &Machine<'_> = call.machine;
    cipher.run(bytes, || {
        u8::try_from(machine.host.random() & 0xFF).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use crate::collections::Array;
    use crate::testing::{call, shown, with_machine};
    use crate::value::Value;

    #[test]
    fn an_algorithm_encrypts_under_its_key() {
        with_machine(|machine| {
            let aes = "System.Security.Cryptography.Aes";
            let algorithm = call(machine, aes, "Create", &[]).unwrap();
            let mut bytes =
                |bytes: &[u8]| machine.heap.alloc(Array::bytes(bytes.to_vec())).unwrap();
            let (zeros, text) = (bytes(&[0; 16]), bytes(b"secret"));
            let extensions = "Tollgate.CipherExtensions";
            let arguments = [
                text.clone(),
                Value::from("aes"),
                zeros.clone(),
                zeros.clone(),
            ];
            let named = call(machine, extensions, "Encrypt", &arguments);
            let named = shown(machine, named);
            assert!(named.starts_with("[29, 106, 132, 168, "), "{named}");
            let base = "System.Security.Cryptography.SymmetricAlgorithm";
            let arguments = [
                text.clone(),
                algorithm.clone(),
                zeros.clone(),
                zeros.clone(),
            ];
            let given = call(machine, extensions, "Encrypt", &arguments);
            assert_eq!(shown(machine, given), named);
            let size = call(machine, base, "KeySize", std::slice::from_ref(&algorithm));
            assert_eq!(shown(machine, size), "256");
            let there = call(machine, extensions, "Encrypt", &[text, algorithm.clone()]).unwrap();
            let back = call(machine, extensions, "Decrypt", &[there, algorithm]);
            assert_eq!(shown(machine, back), "[115, 101, 99, 114, 101, 116]");
        });
    }

    #[test]
    fn wrong_keys_are_refused() {
        with_machine(|machine| {
            let mut bytes = |length| machine.heap.alloc(Array::bytes(vec![0; length])).unwrap();
            let (short, block) = (bytes(5), bytes(16));
            for (name, key, iv, expected) in [
                ("Aes", &short, &block, "!System.ArgumentException"),
                ("Aes", &block, &short, "!System.ArgumentException"),
                (
                    "Aes",
                    &block,
                    &Value::Null,
                    "!System.Security.Cryptography.CryptographicException",
                ),
                (
                    "Nope",
                    &block,
                    &block,
                    "!System.Security.Cryptography.CryptographicException",
                ),
                ("Aes", &Value::Null, &block, "!System.ArgumentNullException"),
            ] {
                let arguments = [block.clone(), name.into(), key.clone(), iv.clone()];
                let result = call(machine, "Tollgate.CipherExtensions", "Encrypt", &arguments);
                assert_eq!(shown(machine, result), expected);
            }
        });
    }
}
