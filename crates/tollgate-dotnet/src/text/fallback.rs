//! `EncoderFallback`, `DecoderFallback` and what derives from them.

use super::transcoding::Fallback;
use crate::args::int;
use crate::member::{Call, TypeDef, TypeKind, pure};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// The types of this file.
pub(crate) const TYPES: &[&TypeDef] = &[
    &ENCODER,
    &ENCODER_REPLACEMENT,
    &ENCODER_EXCEPTION,
    &DECODER,
    &DECODER_REPLACEMENT,
    &DECODER_EXCEPTION,
];

/// The base of a side and its two kinds.
macro_rules! fallbacks {
    (
        $base:ident $base_name:literal $replacement:ident $replacement_name:literal $exception:ident $exception_name:literal
        $usual_row:literal $throwing_row:literal
    ) => {
        static $base: TypeDef = TypeDef {
            name: concat!("System.Text.", $base_name),
            kind: TypeKind::Class,
            bases: &[],
            values: &[],
            members: &[
                pure($usual_row, |_| {
                    Ok(object(&$replacement, Fallback::Replace(Str::from_static("?"))))
                }),
                pure($throwing_row, |_| Ok(object(&$exception, Fallback::Throw))),
                pure("int MaxCharCount { get; }", |call| {
                    Ok(int(match &this(call)?.fallback {
                        Fallback::Replace(text) => text.len(),
                        _ => 0,
                    }))
                }),
            ],
        };
        static $replacement: TypeDef = TypeDef {
            name: concat!("System.Text.", $replacement_name),
            kind: TypeKind::Class,
            bases: &[$base_name],
            values: &[],
            members: &[
                pure("new()", |_| {
                    Ok(object(&$replacement, Fallback::Replace(Str::from_static("?"))))
                }),
                pure("new(string replacement)", |call| {
                    let text = call.text(0, "replacement")?.clone();
                    if text.as_utf8().is_none() {
                        return Err(Throw::argument(
                            "String contains invalid Unicode code points. (Parameter 'replacement')",
                        ));
                    }
                    Ok(object(&$replacement, Fallback::Replace(text)))
                }),
                pure("string DefaultString { get; }", |call| {
                    Ok(match &this(call)?.fallback {
                        Fallback::Replace(text) => text.clone().into(),
                        _ => Value::Null,
                    })
                }),
            ],
        };
        static $exception: TypeDef = TypeDef {
            name: concat!("System.Text.", $exception_name),
            kind: TypeKind::Class,
            bases: &[$base_name],
            values: &[],
            members: &[pure("new()", |_| Ok(object(&$exception, Fallback::Throw)))],
        };
    };
}

fallbacks!(
    ENCODER "EncoderFallback"
    ENCODER_REPLACEMENT "EncoderReplacementFallback"
    ENCODER_EXCEPTION "EncoderExceptionFallback"
    "static EncoderFallback ReplacementFallback { get; }" "static EncoderFallback ExceptionFallback { get; }"
);
fallbacks!(
    DECODER "DecoderFallback"
    DECODER_REPLACEMENT "DecoderReplacementFallback"
    DECODER_EXCEPTION "DecoderExceptionFallback"
    "static DecoderFallback ReplacementFallback { get; }" "static DecoderFallback ExceptionFallback { get; }"
);

/// A fallback of either side.
#[derive(Debug)]
struct Fallbacks {
    table: &'static TypeDef,
    fallback: Fallback,
}

impl Object for Fallbacks {
    fn type_of(&self) -> Type {
        Type::plain(self.table)
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Fallbacks>();
        other.is_some_and(|other| {
            std::ptr::eq(self.table, other.table) && self.fallback == other.fallback
        })
    }
}

fn object(table: &'static TypeDef, fallback: Fallback) -> Value {
    Value::object(Fallbacks { table, fallback })
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Fallbacks, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

/// The fallback that argument `index` is.
pub(super) fn at(call: &Call<'_, '_>, index: usize, parameter: &str) -> Result<Fallback, Throw> {
    let fallback = call.arg(index).downcast::<Fallbacks>();
    fallback
        .map(|fallback| fallback.fallback.clone())
        .ok_or_else(|| Throw::argument_null(parameter))
}

/// A fallback as an object of the encoder's side, or the decoder's.
pub(super) fn shown(fallback: &Fallback, encodes: bool) -> Value {
    let table = match (encodes, fallback) {
        (true, Fallback::Throw) => &ENCODER_EXCEPTION,
        (true, Fallback::Replace(_)) => &ENCODER_REPLACEMENT,
        (true, Fallback::Own) => &ENCODER,
        (false, Fallback::Throw) => &DECODER_EXCEPTION,
        (false, Fallback::Replace(_)) => &DECODER_REPLACEMENT,
        (false, Fallback::Own) => &DECODER,
    };
    object(table, fallback.clone())
}
