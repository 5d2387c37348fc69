//! `Split`.

use super::edit::{is_white, units};
use crate::collections::Array;
use crate::member::{Call, TypeDef, TypeKind};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `System.StringSplitOptions`.
pub(crate) static STRING_SPLIT_OPTIONS: TypeDef = TypeDef {
    name: "System.StringSplitOptions",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("None", 0), ("RemoveEmptyEntries", 1), ("TrimEntries", 2)],
    members: &[],
};

/// How the pieces are treated.
#[derive(Debug, Clone, Copy)]
struct Options {
    most: usize,
    remove_empty: bool,
    trim: bool,
}

impl Options {
    /// From what follows the separator: a count, options, both or neither.
    fn of(call: &Call<'_, '_>) -> Result<Options, Throw> {
        let mut options = Options {
            most: usize::MAX,
            remove_empty: false,
            trim: false,
        };
        for index in 2..4 {
            match call.arg(index) {
                Value::Int32(_) => options.most = call.count(index, "count")?,
                Value::Enum(_, flags) => {
                    options.remove_empty = flags & 1 != 0;
                    options.trim = flags & 2 != 0;
                }
                _ => {}
            }
        }
        Ok(options)
    }
}

pub(super) fn by_char(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (text, separator) = (call.str(0)?.clone(), call.char(1)?);
    let options = Options::of(call)?;
    split_units(call, &text, &[separator], options)
}

pub(super) fn by_chars(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?.clone();
    let options = Options::of(call)?;
    let separators = match call.arg(1) {
        Value::Null => Vec::new(),
        _ => units(call.array(1, "separator")?),
    };
    split_units(call, &text, &separators, options)
}

pub(super) fn by_string(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?.clone();
    let options = Options::of(call)?;
    let separators: Vec<Str> = call.opt_str(1).cloned().into_iter().collect();
    split_strings(call, &text, separators, options, true)
}

pub(super) fn by_strings(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?.clone();
    let options = Options::of(call)?;
    let separators: Vec<Str> = match call.arg(1) {
        Value::Null => Vec::new(),
        _ => call
            .array(1, "separator")?
            .values()
            .filter_map(|value| value.as_str().cloned())
            .collect(),
    };
    split_strings(call, &text, separators, options, false)
}

/// At any of the units; at white space if there are none.
fn split_units(
    call: &mut Call<'_, '_>,
    text: &Str,
    separators: &[u16],
    options: Options,
) -> Result<Value, Throw> {
    if let (Some(bytes), [separator @ 0..=127]) = (text.as_ascii(), separators) {
        // The common case: one ASCII character in ASCII text.
        let byte = u8::try_from(*separator).unwrap_or(0);
        let places = memchr::memchr_iter(byte, bytes).map(|place| (place, 1));
        return pieces(call, text, places, options);
    }
    if text.as_utf8().is_some() {
        let is_separator = |c: char| {
            let mut buffer = [0; 2];
            match c.encode_utf16(&mut buffer) {
                [unit] if separators.is_empty() => is_white(*unit),
                [unit] => separators.contains(unit),
                _ => false,
            }
        };
        let utf8 = text.as_utf8().unwrap_or_default();
        call.work(utf8.len().saturating_mul(separators.len()))?;
        let places = utf8
            .char_indices()
            .filter(|(_, c)| is_separator(*c))
            .map(|(place, c)| (place, c.len_utf8()));
        return pieces(call, text, places, options);
    }
    let separators: Vec<Str> = separators.iter().copied().map(Str::from_unit).collect();
    split_strings(call, text, separators, options, false)
}

/// At any of the strings, earlier ones first; at white space if there are none.
fn split_strings(
    call: &mut Call<'_, '_>,
    text: &Str,
    mut separators: Vec<Str>,
    options: Options,
    one: bool,
) -> Result<Value, Throw> {
    if separators.is_empty() {
        return split_units(call, text, &[], options);
    }
    separators.retain(|separator| !separator.is_empty());
    if separators.is_empty() && !one {
        // Only empty separators: nothing to split at.
        return pieces(call, text, std::iter::empty(), options);
    }
    call.work(text.len().saturating_mul(separators.len()))?;
    let mut places = Vec::new();
    let (hay, needles): (Vec<u8>, Vec<Vec<u8>>) = (
        text.to_utf8().as_bytes().to_vec(),
        separators
            .iter()
            .map(|separator| separator.to_utf8().as_bytes().to_vec())
            .collect(),
    );
    let mut place = 0;
    while let Some(rest) = hay.get(place..) {
        if rest.is_empty() {
            break;
        }
        match needles.iter().find(|needle| rest.starts_with(needle)) {
            Some(needle) => {
                places.push((place, needle.len()));
                place += needle.len();
            }
            None => place += 1,
        }
    }
    match text.as_utf8() {
        Some(_) => pieces(call, text, places.into_iter(), options),
        // A lone surrogate cannot be cut out of UTF-8; the pieces show it as U+FFFD.
        None => {
            let lossy = Str::from(&*text.to_utf8());
            pieces(call, &lossy, places.into_iter(), options)
        }
    }
}

/// The pieces between the places, which are byte positions and lengths.
fn pieces(
    call: &mut Call<'_, '_>,
    text: &Str,
    places: impl Iterator<Item = (usize, usize)>,
    options: Options,
) -> Result<Value, Throw> {
    let end = text.as_utf8().map_or(0, str::len);
    let mut pieces: Vec<Value> = Vec::new();
    let mut start = 0;
    let take = |from: usize, to: usize| -> Option<Value> {
        let piece = text.slice(from, to).unwrap_or_default();
        let piece = if options.trim {
            super::edit::trimmed(&piece)
        } else {
            piece
        };
        (!options.remove_empty || !piece.is_empty()).then_some(Value::String(piece))
    };
    if options.most > 1 {
        for (place, length) in places {
            if pieces.len() + 1 >= options.most {
                // The last piece does not begin with empty ones that would have been removed.
                if options.remove_empty && place == start {
                    start = place + length;
                    continue;
                }
                break;
            }
            if let Some(piece) = take(start, place) {
                pieces.push(piece);
            }
            start = place + length;
        }
    }
    if options.most > 0 {
        pieces.extend(take(start, end));
    }
    call.machine
        .step(u64::try_from(pieces.len()).unwrap_or(u64::MAX))?;
    call.new_array(Array::new(Type::string(), pieces))
}

#[cfg(test)]
mod tests {
    use crate::testing::{show, show_with};
    use crate::value::Value;

    #[test]
    fn strings_split_as_nets() {
        for (text, expected) in [("a,b,,c", "[a, b, , c]"), ("", "[]"), ("é,ü", "[é, ü]")] {
            let arguments = [text.into(), Value::Char(44), split_options(0)];
            assert_eq!(show("string", "Split", &arguments), expected, "{text}");
        }
        let arguments = [
            "a,,b,c".into(),
            Value::Char(44),
            Value::Int32(2),
            split_options(1),
        ];
        assert_eq!(show("string", "Split", &arguments), "[a, b,c]");
    }

    #[test]
    fn white_space_splits_where_no_separator_is_given() {
        let shown = show_with("string", "Split", |_| {
            vec!["a b\tc\n d".into(), Value::Null]
        });
        assert_eq!(shown, "[a, b, c, , d]");
    }

    fn split_options(flags: i64) -> Value {
        Value::Enum(crate::TypeRef(&super::STRING_SPLIT_OPTIONS), flags)
    }
}
