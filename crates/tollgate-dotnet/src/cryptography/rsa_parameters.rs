//! `RSAParameters`, and the DER that RSA keys are written in.

use crate::heap::HeapObject;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// The numbers of a key in the order in which PKCS#1 has them: n, e, d, p, q, dp, dq, inverse of q.
pub(super) type Numbers = [Option<Vec<u8>>; 8];

/// A property: its getter and setter.
macro_rules! numbers {
    ($($index:literal $get:literal $set:literal),*) => {
        &[
            member("new()", |call| {
                call.machine.heap.alloc(Parameters::default())
            }),
            $(member($get, |call| {
                let bytes = this(call)?.0.get($index).cloned().flatten();
                match bytes {
                    Some(bytes) => call.new_bytes(bytes),
                    None => Ok(Value::Null),
                }
            }),
            member($set, |call| {
                let bytes = match call.arg(1) {
                    Value::Null => None,
                    _ => Some(call.bytes(1, "value")?),
                };
                let target = call.arg(0);
                let this = call.machine.heap.of_mut::<Parameters>(target);
                if let Some(slot) = this.ok_or_else(Throw::null_reference)?.0.get_mut($index) {
                    *slot = bytes;
                }
                Ok(Value::Null)
            }),)*
        ]
    };
}

/// `RSAParameters`.
pub(super) static RSA_PARAMETERS: TypeDef = TypeDef {
    name: "System.Security.Cryptography.RSAParameters",
    kind: TypeKind::Struct,
    bases: &[],
    values: &[],
    members: numbers!(
        0 "byte[] Modulus { get; }" "byte[] Modulus { set; }",
        1 "byte[] Exponent { get; }" "byte[] Exponent { set; }",
        2 "byte[] D { get; }" "byte[] D { set; }",
        3 "byte[] P { get; }" "byte[] P { set; }",
        4 "byte[] Q { get; }" "byte[] Q { set; }",
        5 "byte[] DP { get; }" "byte[] DP { set; }",
        6 "byte[] DQ { get; }" "byte[] DQ { set; }",
        7 "byte[] InverseQ { get; }" "byte[] InverseQ { set; }"
    ),
};

/// The numbers of a key.
#[derive(Default)]
pub(super) struct Parameters(pub(super) Numbers);

impl std::fmt::Debug for Parameters {
    /// The numbers never show.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RSAParameters")
    }
}

impl HeapObject for Parameters {
    fn type_of(&self) -> Type {
        Type::plain(&RSA_PARAMETERS)
    }
}

fn this<'a>(call: &'a Call<'_, '_>) -> Result<&'a Parameters, Throw> {
    call.machine
        .heap
        .of(call.arg(0))
        .ok_or_else(Throw::null_reference)
}

/// The numbers that a value holds.
pub(super) fn of(call: &Call<'_, '_>, index: usize) -> Result<Numbers, Throw> {
    let parameters = call.machine.heap.of::<Parameters>(call.arg(index));
    Ok(parameters.ok_or_else(Throw::null_reference)?.0.clone())
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
const BITS: u8 = 3;
/// `rsaEncryption`, with null parameters.
const ALGORITHM: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length @ 0..=127) => der.push(length),
        _ => {
            let length = content.len().to_be_bytes();
            let first = length.iter().position(|byte| *byte != 0).unwrap_or(0);
            let length = length.get(first..).unwrap_or_default();
            der.push(0x80 | u8::try_from(length.len()).unwrap_or(0));
            der.extend_from_slice(length);
        }
    }
    der.extend_from_slice(content);
    der
}

fn integer(number: &[u8]) -> Vec<u8> {
    let first = number.iter().position(|byte| *byte != 0);
    let digits = first.and_then(|first| number.get(first..)).unwrap_or(&[0]);
    match digits.first() {
        Some(0x80..) => element(INTEGER, &[&[0], digits].concat()),
        _ => element(INTEGER, digits),
    }
}

/// PKCS#1 of a public key.
pub(super) fn public_pkcs1(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[integer(modulus), integer(exponent)].concat())
}

/// `SubjectPublicKeyInfo` of a PKCS#1 public key.
pub(super) fn public_info(pkcs1: &[u8]) -> Vec<u8> {
    let bits = element(BITS, &[&[0], pkcs1].concat());
    element(SEQUENCE, &[&ALGORITHM[..], &bits].concat())
}

/// PKCS#1 of a private key; `None` if a number is missing.
pub(super) fn private_pkcs1(numbers: &Numbers) -> Option<Vec<u8>> {
    let mut content = integer(&[0]);
    for number in numbers {
        content.extend(integer(number.as_ref()?));
    }
    Some(element(SEQUENCE, &content))
}

/// PKCS#8 of a PKCS#1 private key.
pub(super) fn pkcs8(pkcs1: &[u8]) -> Vec<u8> {
    let key = element(OCTETS, pkcs1);
    element(SEQUENCE, &[&integer(&[0])[..], &ALGORITHM, &key].concat())
}

/// The element at the start of some DER, and what follows it.
fn read(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        _ => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let length = bytes.iter().try_fold(0usize, |length, byte| {
                length.checked_mul(256)?.checked_add(usize::from(*byte))
            })?;
            (length, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// The PKCS#1 private key inside PKCS#8.
pub(super) fn inside_pkcs8(der: &[u8]) -> Option<Vec<u8>> {
    let (_, content, _) = read(der)?;
    let (_, _, rest) = read(content)?;
    let (_, _, rest) = read(rest)?;
    match read(rest)? {
        (OCTETS, key, _) => Some(key.to_vec()),
        _ => None,
    }
}

/// The numbers of a PKCS#1 private key, as long as .NET has them.
pub(super) fn numbers(pkcs1: &[u8]) -> Option<Numbers> {
    let (_, content, _) = read(pkcs1)?;
    let (_, _, mut rest) = read(content)?;
    let mut numbers = Numbers::default();
    for slot in &mut numbers {
        let (_, digits, after) = read(rest)?;
        let first = digits.iter().position(|byte| *byte != 0)?;
        *slot = digits.get(first..).map(<[u8]>::to_vec);
        rest = after;
    }
    // D is as long as the modulus, the others half of it.
    let full = numbers.first()?.as_ref()?.len();
    for (index, slot) in numbers.iter_mut().enumerate().skip(2) {
        let length = if index == 2 { full } else { full.div_ceil(2) };
        if let Some(number) = slot {
            while number.len() < length {
                number.insert(0, 0);
            }
        }
    }
    Some(numbers)
}
