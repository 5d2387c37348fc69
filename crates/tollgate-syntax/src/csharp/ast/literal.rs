//! Constants.

/// A constant, typed as C# types it (C# specification, Literals).
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// `'a'`: one UTF-16 unit.
    Char(u16),
    /// `1`, also `-2147483648`.
    Int(i32),
    /// `1u`, `4294967295`.
    UInt(u32),
    /// `1L`, `4294967296`, also `-9223372036854775808`.
    Long(i64),
    /// `1UL`, `9223372036854775808`.
    ULong(u64),
    /// `1f`.
    Float(f32),
    /// `1.0`, `1e3`, `1d`.
    Double(f64),
    /// `1.50m`: the digits as written, without suffix and underscores, perhaps with an exponent;
    /// whether they fit a decimal is for the binder to say (CS0594).
    Decimal(Box<str>),
    /// `"…"`, `@"…"`, escapes resolved.
    String(LiteralText),
}

/// The text of a string literal. C# strings are UTF-16 and may hold lone surrogates (`"\ud800"`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiteralText {
    /// Well-formed text.
    Utf8(Box<str>),
    /// Text with at least one lone surrogate.
    Utf16(Box<[u16]>),
}
