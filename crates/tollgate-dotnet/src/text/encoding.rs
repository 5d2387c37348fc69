//! `System.Text.Encoding` and what derives from it.

use super::fallback;
use super::transcoding::{Fallback, Kind};
use crate::args::int;
use crate::collections::Array;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[
    &ENCODING,
    &UTF7_ENCODING,
    &UTF8_ENCODING,
    &UNICODE_ENCODING,
    &UTF32_ENCODING,
    &ASCII_ENCODING,
    &LATIN1_ENCODING,
    &ENCODING_INFO,
];

const fn class(name: &'static str, members: &'static [Member]) -> TypeDef {
    TypeDef {
        name,
        kind: TypeKind::Class,
        bases: &["Encoding"],
        values: &[],
        members,
    }
}

/// `System.Text.Encoding`.
static ENCODING: TypeDef = TypeDef {
    name: "System.Text.Encoding",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

/// `System.Text.UTF8Encoding`.
static UTF8_ENCODING: TypeDef = class(
    "System.Text.UTF8Encoding",
    &[
        pure("new()", |call| made(call, Kind::Utf8, Some(9), 9)),
        pure("new(bool encoderShouldEmitUTF8Identifier)", |call| {
            made(call, Kind::Utf8, Some(0), 9)
        }),
        pure(
            "new(bool encoderShouldEmitUTF8Identifier, bool throwOnInvalidBytes)",
            |call| made(call, Kind::Utf8, Some(0), 1),
        ),
    ],
);

/// `System.Text.UnicodeEncoding`.
static UNICODE_ENCODING: TypeDef = class(
    "System.Text.UnicodeEncoding",
    &[
        pure("new()", |call| made(call, Kind::Utf16, None, 9)),
        pure("new(bool bigEndian, bool byteOrderMark)", |call| {
            let kind = pick(call, Kind::Utf16Big, Kind::Utf16)?;
            made(call, kind, Some(1), 9)
        }),
        pure(
            "new(bool bigEndian, bool byteOrderMark, bool throwOnInvalidBytes)",
            |call| {
                let kind = pick(call, Kind::Utf16Big, Kind::Utf16)?;
                made(call, kind, Some(1), 2)
            },
        ),
    ],
);

/// `System.Text.UTF32Encoding`.
static UTF32_ENCODING: TypeDef = class(
    "System.Text.UTF32Encoding",
    &[
        pure("new()", |call| made(call, Kind::Utf32, None, 9)),
        pure("new(bool bigEndian, bool byteOrderMark)", |call| {
            let kind = pick(call, Kind::Utf32Big, Kind::Utf32)?;
            made(call, kind, Some(1), 9)
        }),
        pure(
            "new(bool bigEndian, bool byteOrderMark, bool throwOnInvalidCharacters)",
            |call| {
                let kind = pick(call, Kind::Utf32Big, Kind::Utf32)?;
                made(call, kind, Some(1), 2)
            },
        ),
    ],
);

/// `System.Text.UTF7Encoding`.
static UTF7_ENCODING: TypeDef = class(
    "System.Text.UTF7Encoding",
    &[pure("new()", |call| made(call, Kind::Utf7, None, 9))],
);

/// `System.Text.ASCIIEncoding`.
static ASCII_ENCODING: TypeDef = class(
    "System.Text.ASCIIEncoding",
    &[pure("new()", |call| made(call, Kind::Ascii, None, 9))],
);

/// `System.Text.Latin1Encoding`.
static LATIN1_ENCODING: TypeDef = class("System.Text.Latin1Encoding", &[]);

/// `System.Text.EncodingInfo`.
static ENCODING_INFO: TypeDef = TypeDef {
    name: "System.Text.EncodingInfo",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        pure("string Name { get; }", |call| Ok(info(call)?.name().into())),
        pure("string DisplayName { get; }", |call| {
            Ok(info(call)?.display_name().into())
        }),
        pure("int CodePage { get; }", |call| {
            Ok(Value::Int32(info(call)?.page()))
        }),
        pure("Encoding GetEncoding()", |call| {
            Ok(Value::object(Encoding::shared(info(call)?)))
        }),
    ],
};

/// The encoding that it describes.
#[derive(Debug)]
struct Info(Kind);

impl Object for Info {
    fn type_of(&self) -> Type {
        Type::plain(&ENCODING_INFO)
    }
}

fn info(call: &Call<'_, '_>) -> Result<Kind, Throw> {
    let info = call.arg(0).downcast::<Info>();
    info.map(|info| info.0).ok_or_else(Throw::null_reference)
}

macro_rules! shared {
    ($signature:literal, $kind:ident) => {
        pure($signature, |_| {
            Ok(Value::object(Encoding::shared(Kind::$kind)))
        })
    };
}

/// A property of an encoding that its kind tells.
macro_rules! told {
    ($signature:literal, $encoding:ident => $value:expr) => {
        pure($signature, |call| {
            let $encoding = this(call)?;
            Ok($value.into())
        })
    };
}

const MEMBERS: &[Member] = &[
    shared!("static Encoding UTF8 { get; }", Utf8),
    shared!("static Encoding UTF7 { get; }", Utf7),
    shared!("static Encoding ASCII { get; }", Ascii),
    shared!("static Encoding Latin1 { get; }", Latin1),
    shared!("static Encoding Unicode { get; }", Utf16),
    shared!("static Encoding BigEndianUnicode { get; }", Utf16Big),
    shared!("static Encoding UTF32 { get; }", Utf32),
    pure("static Encoding Default { get; }", |_| {
        // UTF-8 without the bytes in front.
        Ok(Value::object(Encoding {
            marked: false,
            ..Encoding::shared(Kind::Utf8)
        }))
    }),
    pure("static Encoding GetEncoding(string name)", by_name),
    pure("static Encoding GetEncoding(int codepage)", by_page),
    pure(
        "static Encoding GetEncoding(string name, EncoderFallback encoderFallback, DecoderFallback decoderFallback)",
        |call| {
            let encoding = by_name(call)?;
            with_fallbacks(call, &encoding)
        },
    ),
    pure(
        "static Encoding GetEncoding(int codepage, EncoderFallback encoderFallback, DecoderFallback decoderFallback)",
        |call| {
            let encoding = by_page(call)?;
            with_fallbacks(call, &encoding)
        },
    ),
    member("static EncodingInfo[] GetEncodings()", |call| {
        let all = LISTED.map(|kind| Value::object(Info(kind)));
        call.new_array(Array::new(Type::plain(&ENCODING_INFO), all.to_vec()))
    }),
    member(
        "static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes)",
        convert,
    ),
    member(
        "static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes, int index, int count)",
        convert,
    ),
    told!("string WebName { get; }", encoding => encoding.kind.name()),
    told!("string BodyName { get; }", encoding => encoding.kind.name()),
    told!("string HeaderName { get; }", encoding => encoding.kind.name()),
    told!("string EncodingName { get; }", encoding => encoding.kind.display_name()),
    told!("int CodePage { get; }", encoding => encoding.kind.page()),
    told!("int WindowsCodePage { get; }", encoding => match encoding.kind.is_single_byte() {
        true => 1252,
        false => 1200,
    }),
    told!("bool IsSingleByte { get; }", encoding => encoding.kind.is_single_byte()),
    told!("bool IsBrowserDisplay { get; }", encoding => encoding.kind.is_of_browsers()),
    told!("bool IsBrowserSave { get; }", encoding => encoding.kind.is_of_browsers()),
    told!("bool IsMailNewsDisplay { get; }", encoding => encoding.kind.is_of_mail()),
    told!("bool IsMailNewsSave { get; }", encoding => encoding.kind.is_of_mail()),
    told!("bool IsReadOnly { get; }", encoding => encoding.read_only),
    told!("bool IsAlwaysNormalized()", _encoding => false),
    pure("EncoderFallback EncoderFallback { get; }", |call| {
        Ok(fallback::shown(&this(call)?.encoder, true))
    }),
    pure("DecoderFallback DecoderFallback { get; }", |call| {
        Ok(fallback::shown(&this(call)?.decoder, false))
    }),
    pure("object Clone()", |call| {
        Ok(Value::object(Encoding {
            read_only: false,
            ..this(call)?.clone()
        }))
    }),
    pure("int GetMaxByteCount(int charCount)", |call| {
        let most = |call: &Call<'_, '_>| {
            let (kind, count) = (this(call)?.kind, call.count(1, "charCount")?);
            Ok::<_, Throw>(match kind {
                Kind::Utf7 => count.saturating_mul(3) + 2,
                Kind::Utf8 => (count + 1).saturating_mul(3),
                Kind::Ascii | Kind::Latin1 => count + 1,
                Kind::Utf16 | Kind::Utf16Big => (count + 1).saturating_mul(2),
                Kind::Utf32 | Kind::Utf32Big => (count + 1).saturating_mul(4),
            })
        };
        fitting(most(call)?, "charCount")
    }),
    pure("int GetMaxCharCount(int byteCount)", |call| {
        let (kind, count) = (this(call)?.kind, call.count(1, "byteCount")?);
        let most = match kind {
            Kind::Utf7 => count.max(1),
            Kind::Utf8 => count + 1,
            Kind::Ascii | Kind::Latin1 => count,
            Kind::Utf16 | Kind::Utf16Big => count / 2 + count % 2 + 1,
            Kind::Utf32 | Kind::Utf32Big => count / 2 + 2,
        };
        fitting(most, "byteCount")
    }),
    member("byte[] GetBytes(string s)", get_bytes),
    member("byte[] GetBytes(string s, int index, int count)", get_bytes),
    member("byte[] GetBytes(char[] chars)", get_bytes),
    member(
        "byte[] GetBytes(char[] chars, int index, int count)",
        get_bytes,
    ),
    member(
        "int GetBytes(string s, int charIndex, int charCount, byte[] bytes, int byteIndex)",
        put_bytes,
    ),
    member(
        "int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex)",
        put_bytes,
    ),
    pure("int GetByteCount(string s)", byte_count),
    pure(
        "int GetByteCount(string s, int index, int count)",
        byte_count,
    ),
    member("int GetByteCount(char[] chars)", byte_count),
    member(
        "int GetByteCount(char[] chars, int index, int count)",
        byte_count,
    ),
    member("string GetString(byte[] bytes)", get_string),
    member(
        "string GetString(byte[] bytes, int index, int count)",
        get_string,
    ),
    member("char[] GetChars(byte[] bytes)", get_chars),
    member(
        "char[] GetChars(byte[] bytes, int index, int count)",
        get_chars,
    ),
    member(
        "int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)",
        put_chars,
    ),
    member("int GetCharCount(byte[] bytes)", |call| {
        decoded(call).map(|text| int(text.len()))
    }),
    member(
        "int GetCharCount(byte[] bytes, int index, int count)",
        |call| decoded(call).map(|text| int(text.len())),
    ),
    member("byte[] GetPreamble()", |call| {
        let encoding = this(call)?;
        let bytes: &[u8] = match encoding.kind {
            _ if !encoding.marked => &[],
            Kind::Utf8 => &[0xEF, 0xBB, 0xBF],
            Kind::Utf16 => &[0xFF, 0xFE],
            Kind::Utf16Big => &[0xFE, 0xFF],
            Kind::Utf32 => &[0xFF, 0xFE, 0, 0],
            Kind::Utf32Big => &[0, 0, 0xFE, 0xFF],
            Kind::Utf7 | Kind::Ascii | Kind::Latin1 => &[],
        };
        call.new_bytes(bytes.to_vec())
    }),
];

/// Those that `GetEncodings` lists.
const LISTED: [Kind; 7] = [
    Kind::Utf16,
    Kind::Utf16Big,
    Kind::Utf32,
    Kind::Utf32Big,
    Kind::Ascii,
    Kind::Latin1,
    Kind::Utf8,
];

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Utf7 => "utf-7",
            Kind::Utf8 => "utf-8",
            Kind::Ascii => "us-ascii",
            Kind::Latin1 => "iso-8859-1",
            Kind::Utf16 => "utf-16",
            Kind::Utf16Big => "utf-16BE",
            Kind::Utf32 => "utf-32",
            Kind::Utf32Big => "utf-32BE",
        }
    }

    fn display_name(self) -> &'static str {
        match self {
            Kind::Utf7 => "Unicode (UTF-7)",
            Kind::Utf8 => "Unicode (UTF-8)",
            Kind::Ascii => "US-ASCII",
            Kind::Latin1 => "Western European (ISO)",
            Kind::Utf16 => "Unicode",
            Kind::Utf16Big => "Unicode (Big-Endian)",
            Kind::Utf32 => "Unicode (UTF-32)",
            Kind::Utf32Big => "Unicode (UTF-32 Big-Endian)",
        }
    }

    fn page(self) -> i32 {
        match self {
            Kind::Utf7 => 65000,
            Kind::Utf8 => 65001,
            Kind::Ascii => 20127,
            Kind::Latin1 => 28591,
            Kind::Utf16 => 1200,
            Kind::Utf16Big => 1201,
            Kind::Utf32 => 12000,
            Kind::Utf32Big => 12001,
        }
    }

    fn is_single_byte(self) -> bool {
        matches!(self, Kind::Ascii | Kind::Latin1)
    }

    fn is_of_browsers(self) -> bool {
        matches!(self, Kind::Utf8 | Kind::Latin1)
    }

    fn is_of_mail(self) -> bool {
        matches!(self, Kind::Utf7 | Kind::Utf8 | Kind::Ascii | Kind::Latin1)
    }

    fn table(self) -> &'static TypeDef {
        match self {
            Kind::Utf7 => &UTF7_ENCODING,
            Kind::Utf8 => &UTF8_ENCODING,
            Kind::Ascii => &ASCII_ENCODING,
            Kind::Latin1 => &LATIN1_ENCODING,
            Kind::Utf16 | Kind::Utf16Big => &UNICODE_ENCODING,
            Kind::Utf32 | Kind::Utf32Big => &UTF32_ENCODING,
        }
    }
}

/// An encoding.
#[derive(Debug, Clone)]
struct Encoding {
    kind: Kind,
    /// Whether it has bytes that a text begins with.
    marked: bool,
    encoder: Fallback,
    decoder: Fallback,
    read_only: bool,
}

impl Object for Encoding {
    fn type_of(&self) -> Type {
        Type::plain(self.kind.table())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Encoding>();
        other.is_some_and(|other| {
            (self.kind, self.marked) == (other.kind, other.marked)
                && self.encoder == other.encoder
                && self.decoder == other.decoder
        })
    }

    fn hash_code(&self) -> i32 {
        self.kind.page()
    }
}

impl Encoding {
    /// The one that everybody shares, with the fallbacks that it has by nature.
    fn shared(kind: Kind) -> Encoding {
        let replacing = |text| Fallback::Replace(Str::from_static(text));
        let (encoder, decoder) = match kind {
            Kind::Utf7 => (Fallback::Own, Fallback::Own),
            Kind::Ascii => (replacing("?"), replacing("?")),
            Kind::Latin1 => (Fallback::Own, replacing("?")),
            _ => (replacing("\u{FFFD}"), replacing("\u{FFFD}")),
        };
        Encoding {
            kind,
            marked: true,
            encoder,
            decoder,
            read_only: true,
        }
    }
}

/// UTF-16 without the bytes in front, which a `StringWriter` says it writes.
pub(crate) fn utf16_unmarked() -> Value {
    Value::object(Encoding {
        marked: false,
        ..Encoding::shared(Kind::Utf16)
    })
}

/// A new encoding; the flags in these arguments say whether it is marked and whether it throws.
fn made(
    call: &Call<'_, '_>,
    kind: Kind,
    mark: Option<usize>,
    throws: usize,
) -> Result<Value, Throw> {
    let flag = |index: usize| matches!(call.arg(index), Value::Bool(true));
    let mut encoding = Encoding {
        read_only: false,
        marked: mark.is_none_or(flag),
        ..Encoding::shared(kind)
    };
    if flag(throws) {
        (encoding.encoder, encoding.decoder) = (Fallback::Throw, Fallback::Throw);
    }
    Ok(Value::object(encoding))
}

fn pick(call: &Call<'_, '_>, yes: Kind, no: Kind) -> Result<Kind, Throw> {
    call.bool(0).map(|flag| if flag { yes } else { no })
}

fn fitting(count: usize, parameter: &str) -> Result<Value, Throw> {
    i32::try_from(count).map(Value::Int32).map_err(|_| {
        Throw::argument_out_of_range(format!(
            "Too many characters. The resulting number of bytes is larger than what can be returned as an int. (Parameter '{parameter}')"
        ))
    })
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Encoding, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn by_name(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let name = call.text(0, "name")?.to_utf8();
    let kind = match name.to_ascii_lowercase().as_str() {
        "utf-8"
        | "unicode-1-1-utf-8"
        | "unicode-2-0-utf-8"
        | "x-unicode-1-1-utf-8"
        | "x-unicode-2-0-utf-8" => Kind::Utf8,
        "us-ascii" | "ascii" | "us" | "iso646-us" | "iso-ir-6" | "iso_646.irv:1991" | "cp367"
        | "csascii" | "ibm367" | "ansi_x3.4-1968" | "ansi_x3.4-1986" => Kind::Ascii,
        "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "iso_8859-1:1987" | "latin1" | "l1"
        | "cp819" | "ibm819" | "iso-ir-100" | "csisolatin1" => Kind::Latin1,
        "utf-16" | "utf-16le" | "unicode" | "ucs-2" | "iso-10646-ucs-2" => Kind::Utf16,
        "utf-16be" | "unicodefffe" => Kind::Utf16Big,
        "utf-32" | "utf-32le" => Kind::Utf32,
        "utf-32be" => Kind::Utf32Big,
        "utf-7"
        | "csunicode11utf7"
        | "unicode-1-1-utf-7"
        | "unicode-2-0-utf-7"
        | "x-unicode-1-1-utf-7"
        | "x-unicode-2-0-utf-7" => return Err(no_utf7()),
        _ => {
            return Err(Throw::argument(format!(
                "'{name}' is not a supported encoding name. (Parameter 'name')"
            )));
        }
    };
    Ok(Value::object(Encoding::shared(kind)))
}

fn no_utf7() -> Throw {
    Throw::not_supported("Support for UTF-7 is disabled.")
}

fn by_page(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let page = match call.int(0)? {
        0 => 65001,
        65000 => return Err(no_utf7()),
        1 | 2 | 3 | 42 => {
            return Err(Throw::argument(
                "Code page is not supported. (Parameter 'codepage')",
            ));
        }
        page @ 0..=65535 => page,
        _ => {
            return Err(Throw::argument_out_of_range(
                "Valid values are between 0 and 65535, inclusive. (Parameter 'codepage')",
            ));
        }
    };
    LISTED
        .into_iter()
        .find(|kind| kind.page() == page)
        .map(|kind| Value::object(Encoding::shared(kind)))
        .ok_or_else(|| Throw::not_supported(format!("No data is available for encoding {page}.")))
}

/// The encoding with the fallbacks in arguments 1 and 2.
fn with_fallbacks(call: &Call<'_, '_>, encoding: &Value) -> Result<Value, Throw> {
    let encoding = encoding
        .downcast::<Encoding>()
        .ok_or_else(Throw::null_reference)?;
    Ok(Value::object(Encoding {
        encoder: fallback::at(call, 1, "encoderFallback")?,
        decoder: fallback::at(call, 2, "decoderFallback")?,
        ..encoding.clone()
    }))
}

/// Argument 1, a string or a `char[]`, or the part of it that an index and a count after it name.
fn source(call: &Call<'_, '_>) -> Result<Str, Throw> {
    let part = |length: usize| match call.arg(2) {
        Value::Int32(_) => {
            let (start, count) = (call.count(2, "index")?, call.count(3, "count")?);
            let end = start.checked_add(count).filter(|end| *end <= length);
            end.map(|end| (start, end)).ok_or_else(out_of_buffer)
        }
        _ => Ok((0, length)),
    };
    if let Some(text) = call.opt_str(1) {
        if text.as_ascii().is_none() {
            call.machine.heap.spend(text.size().saturating_mul(32));
        }
        let (start, end) = part(text.len())?;
        let part = text.substring(start, end - start);
        return part.ok_or_else(out_of_buffer);
    }
    let array = call.array(1, "s")?;
    let (start, end) = part(array.len())?;
    let unit = |value| match value {
        Value::Char(unit) => unit,
        _ => 0,
    };
    let units = array.values().map(unit).skip(start).take(end - start);
    Ok(Str::from_utf16(&units.collect::<Vec<u16>>()))
}

fn out_of_buffer() -> Throw {
    Throw::argument_out_of_range("Index and count must refer to a location within the buffer.")
}

fn encoded(call: &mut Call<'_, '_>) -> Result<Vec<u8>, Throw> {
    let encoding = this(call)?;
    let text = source(call)?;
    // Looks at each unit, unless it is plain.
    match text.as_utf8() {
        Some(_) if encoding.kind == Kind::Utf8 => call.work(text.size())?,
        _ => {
            let growth = encoding.encoder.growth().saturating_mul(2);
            call.heavy_work(text.size().saturating_mul(growth))?;
        }
    }
    encoding.kind.encode(&text, &encoding.encoder)
}

fn get_bytes(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = encoded(call)?;
    call.new_bytes(bytes)
}

fn byte_count(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    encoded(call).map(|bytes| int(bytes.len()))
}

/// Into the array in argument 4, from the index in argument 5 on.
fn put<T>(
    call: &mut Call<'_, '_>,
    values: impl ExactSizeIterator<Item = T>,
    wrap: fn(T) -> Value,
) -> Result<Value, Throw> {
    let to = call.count(5, "index")?;
    let count = values.len();
    let target = call.machine.heap.of_mut::<Array>(call.arg(4));
    let target = target.ok_or_else(|| Throw::argument_null("array"))?;
    if to > target.len() {
        return Err(out_of_buffer());
    }
    if to + count > target.len() {
        return Err(Throw::argument(
            "The output buffer is too small to contain what was encoded or decoded.",
        ));
    }
    for (offset, value) in values.enumerate() {
        target.set(to + offset, wrap(value));
    }
    Ok(int(count))
}

fn put_bytes(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = encoded(call)?;
    put(call, bytes.into_iter(), Value::Byte)
}

fn put_chars(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let units: Vec<u16> = decoded(call)?.units().collect();
    put(call, units.into_iter(), Value::Char)
}

fn get_chars(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let units = decoded(call)?.units().map(Value::Char).collect();
    call.new_array(Array::new(Type::char(), units))
}

fn decoded(call: &mut Call<'_, '_>) -> Result<Str, Throw> {
    let encoding = this(call)?;
    let length = call.array(1, "bytes")?.len();
    // Each byte may be one that is replaced.
    match (encoding.kind, encoding.decoder.growth()) {
        (Kind::Utf8, 0..=3) => call.work(length)?,
        (_, growth) => call.heavy_work(length.saturating_mul(growth))?,
    }
    let bytes = call.array(1, "bytes")?.as_bytes().unwrap_or_default();
    let part = if call.arguments.len() < 4 {
        bytes
    } else {
        let (start, count) = (call.count(2, "index")?, call.count(3, "count")?);
        let part = start
            .checked_add(count)
            .and_then(|end| bytes.get(start..end));
        part.ok_or_else(out_of_buffer)?
    };
    encoding.kind.decode(part, &encoding.decoder)
}

fn get_string(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let bytes = call.array(1, "bytes").map_or(0, Array::len);
    call.work(bytes.saturating_mul(2))?;
    let text = decoded(call)?;
    call.new_text(text)
}

/// Bytes of one encoding in another.
fn convert(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let encoding = |index: usize, parameter: &str| {
        let encoding = call.arg(index).downcast::<Encoding>();
        encoding.ok_or_else(|| Throw::argument_null(parameter))
    };
    let (from, to) = (encoding(0, "srcEncoding")?, encoding(1, "dstEncoding")?);
    let bytes = call.bytes(2, "bytes")?;
    let part = match call.arguments.len() {
        3 => Some(bytes.as_slice()),
        _ => {
            let (start, count) = (call.count(3, "index")?, call.count(4, "count")?);
            let end = start.checked_add(count);
            end.and_then(|end| bytes.get(start..end))
        }
    };
    let part = part.ok_or_else(out_of_buffer)?;
    let growth = from.decoder.growth().saturating_mul(to.encoder.growth());
    call.heavy_work(part.len().saturating_mul(growth).saturating_mul(4))?;
    let text = from.kind.decode(part, &from.decoder)?;
    let bytes = to.kind.encode(&text, &to.encoder)?;
    call.new_bytes(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use crate::testing::{call, with_machine};
    use crate::value::Value;

    #[test]
    fn a_long_replacement_is_paid_for_before_it_is_written() {
        with_machine(|machine| {
            let long = Value::from("x".repeat(1000));
            let mut fallback = |name| call(machine, name, "new", std::slice::from_ref(&long));
            let encoder = fallback("System.Text.EncoderReplacementFallback").unwrap();
            let decoder = fallback("System.Text.DecoderReplacementFallback").unwrap();
            let encoding = "System.Text.Encoding";
            let arguments = ["us-ascii".into(), encoder, decoder];
            let ascii = call(machine, encoding, "GetEncoding", &arguments).unwrap();
            let few = [ascii.clone(), "é".into()];
            assert!(call(machine, encoding, "GetByteCount", &few).is_ok());
            let many = [ascii, "é".repeat(100_000).into()];
            let refused = call(machine, encoding, "GetByteCount", &many).unwrap_err();
            assert!(refused.exception().fatal);
        });
    }
}
