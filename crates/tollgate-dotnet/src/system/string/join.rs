//! `Join`, `Concat`, `Format`.

use crate::formatting::compose;
use crate::member::Call;
use crate::ops;
use crate::str::{Builder, Str};
use crate::throw::Throw;
use crate::value::Value;

pub(super) fn join(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("values"));
    }
    let separator = call.to_text(0)?;
    let values = ops::collect(call.machine, call.arg(1))?;
    glue(call, &separator, &values)
}

pub(super) fn join_part(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let separator = call.to_text(0)?;
    let (start, count) = (call.count(2, "startIndex")?, call.count(3, "count")?);
    let values: Vec<Value> = call.array(1, "value")?.values().collect();
    let part = start
        .checked_add(count)
        .and_then(|end| values.get(start..end));
    let part = part.ok_or_else(|| {
        Throw::argument_out_of_range(
            "Index and count must refer to a location within the buffer. (Parameter 'startIndex')",
        )
    })?;
    glue(call, &separator, part)
}

fn glue(call: &mut Call<'_, '_>, separator: &Str, values: &[Value]) -> Result<Value, Throw> {
    if let [Value::String(only)] = values {
        return Ok(Value::String(only.clone()));
    }
    let mut text = Builder::default();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            text.push(separator);
        }
        text.push(&ops::to_text(call.machine, value)?);
        call.room(text.size())?;
    }
    call.copied_text(text.finish())
}

pub(super) fn concat(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    glue(call, &Str::EMPTY, call.arguments)
}

pub(super) fn concat_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(0).is_null() {
        return Err(Throw::argument_null("values"));
    }
    let values = ops::collect(call.machine, call.arg(0))?;
    glue(call, &Str::EMPTY, &values)
}

fn composed(call: &mut Call<'_, '_>, format: usize, values: &[Value]) -> Result<Value, Throw> {
    let culture = match format {
        0 => crate::number::NumberCulture::INVARIANT,
        _ => call.culture(0),
    };
    let text = compose(call.machine, call.text(format, "format")?, values, &culture)?;
    call.copied_text(text)
}

pub(super) fn format(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    composed(call, 0, call.arguments.get(1..).unwrap_or_default())
}

pub(super) fn format_in(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    composed(call, 1, call.arguments.get(2..).unwrap_or_default())
}

pub(super) fn format_all(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let values: Vec<Value> = call.array(1, "args")?.values().collect();
    composed(call, 0, &values)
}

pub(super) fn format_all_in(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let values: Vec<Value> = call.array(2, "args")?.values().collect();
    composed(call, 1, &values)
}

#[cfg(test)]
mod tests {
    use crate::testing::show;

    #[test]
    fn formats_compose_as_nets() {
        for (format, value, expected) in [
            ("{0:N2}|", 1234.567.into(), "1,234.57|"),
            ("{0,5}|{0,-5}|", 42.into(), "   42|42   |"),
            ("{{{0}}}", 5.into(), "{5}"),
            ("{1}", 5.into(), "!System.FormatException"),
            ("{0", 5.into(), "!System.FormatException"),
            ("}", 5.into(), "!System.FormatException"),
            ("{0}", crate::Value::Null, ""),
        ] {
            assert_eq!(
                show("string", "Format", &[format.into(), value]),
                expected,
                "{format}"
            );
        }
    }
}
