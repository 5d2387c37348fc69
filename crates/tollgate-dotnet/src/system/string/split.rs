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
                    if !(0..4).contains(flags) {
                        return Err(Throw::argument(
                            "Value of flags is invalid. (Parameter 'options')",
                        ));
                    }
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
        _ => units(call, 1, "separator")?,
    };
    split_units(call, &text, &separators, options)
}

pub(super) fn by_string(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.str(0)?.clone();
    let options = Options::of(call)?;
    // Nothing separates nothing.
    let separators = vec![call.opt_str(1).cloned().unwrap_or_default()];
    split_strings(call, &text, separators, options)
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
    split_strings(call, &text, separators, options)
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
        call.work(
            utf8.len()
                .saturating_mul(separators.len().saturating_add(3)),
        )?;
        let places = utf8
            .char_indices()
            .filter(|(_, c)| is_separator(*c))
            .map(|(place, c)| (place, c.len_utf8()));
        return pieces(call, text, places, options);
    }
    let separators: Vec<Str> = separators.iter().copied().map(Str::from_unit).collect();
    split_strings(call, text, separators, options)
}

/// At any of the strings, earlier ones first; at white space if there are none.
fn split_strings(
    call: &mut Call<'_, '_>,
    text: &Str,
    mut separators: Vec<Str>,
    options: Options,
) -> Result<Value, Throw> {
    if separators.is_empty() {
        return split_units(call, text, &[], options);
    }
    separators.retain(|separator| !separator.is_empty());
    if separators.is_empty() {
        // Only empty separators: nothing to split at.
        return pieces(call, text, std::iter::empty(), options);
    }
    call.heavy_work(text.len().saturating_mul(separators.len()))?;
    let places = match text.as_utf8() {
        Some(text) => {
            let needles = separators.iter().filter_map(|needle| needle.as_utf8());
            let needles: Vec<&[u8]> = needles.map(str::as_bytes).collect();
            places_of(text.as_bytes(), &needles)
        }
        // With a surrogate alone in it, a text is cut by units.
        None => {
            let needles = separators.iter().map(|needle| needle.units().collect());
            let needles: Vec<Vec<u16>> = needles.collect();
            let needles: Vec<&[u16]> = needles.iter().map(Vec::as_slice).collect();
            places_of(&text.units().collect::<Vec<u16>>(), &needles)
        }
    };
    pieces(call, text, places.into_iter(), options)
}

/// Where any of the needles stands, earlier ones first, and how long it is.
fn places_of<T: PartialEq>(hay: &[T], needles: &[&[T]]) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut place = 0;
    while let Some(rest) = hay.get(place..).filter(|rest| !rest.is_empty()) {
        match needles.iter().find(|needle| rest.starts_with(needle)) {
            Some(needle) => {
                places.push((place, needle.len()));
                place += needle.len();
            }
            None => place += 1,
        }
    }
    places
}

/// The pieces between the places, which are positions and lengths: in bytes of UTF-8, or in units if a text has a
/// surrogate alone.
fn pieces(
    call: &mut Call<'_, '_>,
    text: &Str,
    places: impl Iterator<Item = (usize, usize)>,
    options: Options,
) -> Result<Value, Throw> {
    let end = text.as_utf8().map_or_else(|| text.len(), str::len);
    let mut pieces: Vec<Value> = Vec::new();
    let mut start = 0;
    let take = |from: usize, to: usize| -> Option<Value> {
        let piece = match text.as_utf8() {
            Some(_) => text.slice(from, to),
            None => text.substring(from, to - from),
        };
        let piece = piece.unwrap_or_default();
        let piece = if options.trim {
            super::edit::trimmed(&piece)
        } else {
            piece
        };
        (!options.remove_empty || !piece.is_empty()).then_some(Value::String(piece))
    };
    if options.most > 1 {
        for (place, length) in places {
            call.machine.step(1)?;
            if pieces.len() + 1 >= options.most {
                // The last piece does not begin with empty ones that would have been removed.
                if options.remove_empty && place == start {
                    start = place + length;
                    continue;
                }
                break;
            }
            if let Some(piece) = take(start, place) {
                call.machine.heap.room(pieces.len())?;
                call.machine.step(2)?;
                pieces.push(piece);
            }
            start = place + length;
        }
    }
    if options.most > 0 {
        pieces.extend(take(start, end));
    }
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
