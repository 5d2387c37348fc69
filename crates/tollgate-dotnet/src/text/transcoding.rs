//! Text to bytes and back, in each encoding and with each way to treat what does not fit.

use super::latin1::best_fit;
use crate::str::{Builder, Str};
use crate::throw::Throw;

/// An encoding, but for how it treats what does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Utf7,
    Utf8,
    Ascii,
    Latin1,
    Utf16,
    Utf16Big,
    Utf32,
    Utf32Big,
}

/// What to do with what cannot be encoded or decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fallback {
    /// This text stands for it.
    Replace(Str),
    /// An exception.
    Throw,
    /// What the encoding itself has: the nearest character of Latin 1, the byte itself in UTF-7.
    Own,
}

impl Fallback {
    /// How many times as long a text may become by it.
    pub(super) fn growth(&self) -> usize {
        match self {
            Fallback::Replace(text) => text.size().max(1),
            Fallback::Throw | Fallback::Own => 1,
        }
    }
}

/// A character that was put together, or a surrogate alone.
enum Scalar {
    Char(char),
    Lone(u16),
}

/// The characters of a text and where they begin, in UTF-16 units.
fn scalars(text: &Str) -> impl Iterator<Item = (usize, Scalar)> {
    let mut place = 0;
    char::decode_utf16(text.units()).map(move |read| {
        let at = place;
        let scalar = match read {
            Ok(c) => Scalar::Char(c),
            Err(lone) => Scalar::Lone(lone.unpaired_surrogate()),
        };
        place += match scalar {
            Scalar::Char(c) => c.len_utf16(),
            Scalar::Lone(_) => 1,
        };
        (at, scalar)
    })
}

impl Kind {
    /// The bytes of a text.
    pub(super) fn encode(self, text: &Str, fallback: &Fallback) -> Result<Vec<u8>, Throw> {
        match (self, text.as_utf8()) {
            // Nothing of valid text is missing in UTF-8, and nothing of ASCII in any of these.
            (Kind::Utf8, Some(text)) => return Ok(text.as_bytes().to_vec()),
            (Kind::Ascii | Kind::Latin1, _) => {
                if let Some(bytes) = text.as_ascii() {
                    return Ok(bytes.to_vec());
                }
            }
            (Kind::Utf7, _) => return Ok(encode_utf7(text)),
            _ => {}
        }
        let mut bytes = Vec::with_capacity(text.size());
        let mut replacement: Option<Vec<u8>> = None;
        for (place, scalar) in scalars(text) {
            if let Scalar::Char(c) = scalar
                && self.push(c, &mut bytes)
            {
                continue;
            }
            let (first, width) = match scalar {
                Scalar::Char(c) => {
                    let first = c.encode_utf16(&mut [0; 2]).first().copied();
                    (first.unwrap_or_default(), c.len_utf16())
                }
                Scalar::Lone(unit) => (unit, 1),
            };
            match fallback {
                Fallback::Throw => return Err(not_encodable(first, place)),
                Fallback::Own => match best_fit(first) {
                    Some(byte) => bytes.push(byte),
                    None => bytes.extend(std::iter::repeat_n(b'?', width)),
                },
                // A pair is replaced twice.
                Fallback::Replace(other) => {
                    let other = match &mut replacement {
                        Some(other) => other,
                        none => none.insert(self.encode_replacement(other)?),
                    };
                    for _ in 0..width {
                        bytes.extend_from_slice(other);
                    }
                }
            }
        }
        Ok(bytes)
    }

    /// What stands for a character, which must be in the encoding itself.
    fn encode_replacement(self, text: &Str) -> Result<Vec<u8>, Throw> {
        let mut bytes = Vec::with_capacity(text.size());
        for c in text.to_utf8().chars() {
            if !self.push(c, &mut bytes) {
                return Err(Throw::argument(format!(
                    "Recursive fallback not allowed for character \\u{:04X}. (Parameter 'chars')",
                    u32::from(c)
                )));
            }
        }
        Ok(bytes)
    }

    /// Writes a character, if the encoding has it.
    fn push(self, c: char, bytes: &mut Vec<u8>) -> bool {
        let last = match self {
            Kind::Ascii => 0x7F,
            Kind::Latin1 => 0xFF,
            _ => u32::MAX,
        };
        let code = u32::from(c);
        if code > last {
            return false;
        }
        let mut units = [0; 2];
        match self {
            Kind::Utf8 => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Kind::Utf16 => {
                for unit in c.encode_utf16(&mut units) {
                    bytes.extend(unit.to_le_bytes());
                }
            }
            Kind::Utf16Big => {
                for unit in c.encode_utf16(&mut units) {
                    bytes.extend(unit.to_be_bytes());
                }
            }
            Kind::Utf32 => bytes.extend(code.to_le_bytes()),
            Kind::Utf32Big => bytes.extend(code.to_be_bytes()),
            Kind::Ascii | Kind::Latin1 | Kind::Utf7 => bytes.extend(u8::try_from(code)),
        }
        true
    }

    /// The text of some bytes.
    pub(super) fn decode(self, bytes: &[u8], fallback: &Fallback) -> Result<Str, Throw> {
        let mut text = Builder::default();
        let wrong = |text: &mut Builder, part: &[u8], place: usize| match fallback {
            Fallback::Replace(other) => {
                text.push(other);
                Ok(())
            }
            Fallback::Throw => Err(not_decodable(part, place)),
            Fallback::Own => {
                for byte in part {
                    text.push_unit((*byte).into());
                }
                Ok(())
            }
        };
        match self {
            Kind::Utf8 => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    return Ok(text.into());
                }
                let mut place = 0;
                for chunk in bytes.utf8_chunks() {
                    text.push_str(chunk.valid());
                    place += chunk.valid().len();
                    if !chunk.invalid().is_empty() {
                        wrong(&mut text, chunk.invalid(), place)?;
                        place += chunk.invalid().len();
                    }
                }
            }
            Kind::Ascii | Kind::Latin1 => {
                for (place, byte) in bytes.iter().enumerate() {
                    match self == Kind::Latin1 || byte.is_ascii() {
                        true => text.push_unit((*byte).into()),
                        false => wrong(&mut text, &[*byte], place)?,
                    }
                }
            }
            Kind::Utf16 | Kind::Utf16Big => {
                let (pairs, rest) = bytes.as_chunks::<2>();
                let units = pairs.iter().map(|pair| match self {
                    Kind::Utf16 => u16::from_le_bytes(*pair),
                    _ => u16::from_be_bytes(*pair),
                });
                let mut place = 0;
                for read in char::decode_utf16(units) {
                    match read {
                        Ok(c) => {
                            text.push_str(c.encode_utf8(&mut [0; 4]));
                            place += c.len_utf16() * 2;
                        }
                        Err(_) => {
                            let part = bytes.get(place..place + 2).unwrap_or_default();
                            wrong(&mut text, part, place)?;
                            place += 2;
                        }
                    }
                }
                if !rest.is_empty() {
                    wrong(&mut text, rest, bytes.len() - rest.len())?;
                }
            }
            Kind::Utf32 | Kind::Utf32Big => {
                for (index, part) in bytes.chunks(4).enumerate() {
                    let code = <[u8; 4]>::try_from(part).ok().map(|four| match self {
                        Kind::Utf32 => u32::from_le_bytes(four),
                        _ => u32::from_be_bytes(four),
                    });
                    match code.and_then(char::from_u32) {
                        Some(c) => text.push_str(c.encode_utf8(&mut [0; 4])),
                        None => wrong(&mut text, part, index * 4)?,
                    }
                }
            }
            Kind::Utf7 => decode_utf7(bytes, |place, read| match read {
                Ok(unit) => {
                    text.push_unit(unit);
                    Ok(())
                }
                Err(byte) => wrong(&mut text, &[byte], place),
            })?,
        }
        Ok(text.finish())
    }
}

fn not_encodable(unit: u16, place: usize) -> Throw {
    Throw::new(
        "System.Text.EncoderFallbackException",
        format!(
            "Unable to translate Unicode character \\u{unit:04X} at index {place} to specified code page."
        ),
    )
}

fn not_decodable(bytes: &[u8], place: usize) -> Throw {
    let bytes: String = bytes.iter().map(|byte| format!("[{byte:02X}]")).collect();
    Throw::new(
        "System.Text.DecoderFallbackException",
        format!(
            "Unable to translate bytes {bytes} at index {place} from specified code page to Unicode."
        ),
    )
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 2152, with the characters that need not be encoded as .NET has them.
fn encode_utf7(text: &Str) -> Vec<u8> {
    let direct = |unit: u16| {
        u8::try_from(unit)
            .ok()
            .filter(|byte| byte.is_ascii_alphanumeric() || b"\t\n\r '(),-./:?".contains(byte))
    };
    let digit = |bits: u32| BASE64.get(bits as usize & 63).copied().unwrap_or(b'A');
    let mut bytes = Vec::with_capacity(text.size());
    // The bits that no digit was written for, within a run of encoded characters.
    let mut open: Option<(u32, u32)> = None;
    let close = |bytes: &mut Vec<u8>, open: &mut Option<(u32, u32)>| {
        if let Some((bits, count)) = open.take() {
            if count > 0 {
                bytes.push(digit(bits << (6 - count)));
            }
            bytes.push(b'-');
        }
    };
    for unit in text.units() {
        if let Some(byte) = direct(unit) {
            close(&mut bytes, &mut open);
            bytes.push(byte);
        } else if open.is_none() && unit == u16::from(b'+') {
            bytes.extend(b"+-");
        } else {
            let (bits, count) = open.take().unwrap_or_else(|| {
                bytes.push(b'+');
                (0, 0)
            });
            let (bits, mut count) = (bits << 16 | u32::from(unit), count + 16);
            while count >= 6 {
                count -= 6;
                bytes.push(digit(bits >> count));
            }
            open = Some((bits & ((1 << count) - 1), count));
        }
    }
    close(&mut bytes, &mut open);
    bytes
}

/// Gives each unit, or a byte that is none and where it stands.
fn decode_utf7(
    bytes: &[u8],
    mut give: impl FnMut(usize, Result<u16, u8>) -> Result<(), Throw>,
) -> Result<(), Throw> {
    // The bits that made no unit yet, and whether the run has just begun.
    let mut open: Option<(u32, u32, bool)> = None;
    for (place, byte) in bytes.iter().copied().enumerate() {
        let Some((bits, count, first)) = open else {
            match byte {
                b'+' => open = Some((0, 0, true)),
                0x80.. => give(place, Err(byte))?,
                _ => give(place, Ok(byte.into()))?,
            }
            continue;
        };
        match BASE64.iter().position(|digit| *digit == byte) {
            Some(value) => {
                // Below 64.
                let (bits, count) = (bits << 6 | value as u32, count + 6);
                if count >= 16 {
                    let left = count - 16;
                    give(place, Ok((bits >> left) as u16))?;
                    open = Some((bits & ((1 << left) - 1), left, false));
                } else {
                    open = Some((bits, count, false));
                }
            }
            None => {
                open = None;
                match byte {
                    b'-' if first => give(place, Ok(u16::from(b'+')))?,
                    b'-' => {}
                    _ => give(place, Err(byte))?,
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_does_not_fit_is_replaced_or_refused() {
        let lone = Str::from_utf16(&[0x61, 0xD800, 0x62]);
        let replaced = Fallback::Replace("<>".into());
        assert_eq!(Kind::Utf8.encode(&lone, &replaced).unwrap(), b"a<>b");
        assert!(Kind::Utf16.encode(&lone, &Fallback::Throw).is_err());
        let pair = Str::from("a😀b");
        assert_eq!(Kind::Ascii.encode(&pair, &replaced).unwrap(), b"a<><>b");
        assert_eq!(
            Kind::Latin1.encode(&"Łé".into(), &Fallback::Own).unwrap(),
            b"L\xE9"
        );
        let question = Fallback::Replace("?".into());
        let odd = Kind::Utf16.decode(&[0, 0xD8, 0x41], &question).unwrap();
        assert_eq!(odd.to_utf8(), "??");
        assert!(
            Kind::Utf8
                .decode(&[65, 0xC3, 0x28], &Fallback::Throw)
                .is_err()
        );
    }

    #[test]
    fn utf7_goes_there_and_back() {
        let text = Str::from("a+é b~ 😀!");
        let bytes = encode_utf7(&text);
        assert_eq!(bytes, b"a+-+AOk- b+AH4- +2D3eAAAh-");
        assert_eq!(Kind::Utf7.decode(&bytes, &Fallback::Own).unwrap(), text);
    }
}
