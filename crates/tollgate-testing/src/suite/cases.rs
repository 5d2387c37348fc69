//! Tests with tables: one test for each row.

use serde_json::{Map, Value as Json};

/// The tests that a test stands for: itself, or itself with each row of `cases` filled in.
pub(super) fn expand(test: &Json) -> Result<Vec<Json>, String> {
    let Some(cases) = test.get("cases") else {
        return Ok(vec![test.clone()]);
    };
    let rows = cases.as_array().ok_or("`cases` must be a list of rows")?;
    if rows.is_empty() {
        return Err("`cases` has no rows".to_owned());
    }
    rows.iter().map(|row| fill(test, row)).collect()
}

fn fill(test: &Json, row: &Json) -> Result<Json, String> {
    let row = row.as_object().ok_or("a row must be a mapping")?;
    let mut filled = Map::new();
    for (name, value) in test.as_object().into_iter().flatten() {
        let value = match &**name {
            "cases" => continue,
            // A name that no row changes would be there several times.
            "name" => named(value, row)?,
            _ => fill_in(value, row)?,
        };
        filled.insert(name.clone(), value);
    }
    Ok(filled.into())
}

/// The name with the row's values in it, or behind it.
fn named(name: &Json, row: &Map<String, Json>) -> Result<Json, String> {
    let filled = fill_in(name, row)?;
    match &filled {
        Json::String(text) if filled == *name => {
            let values = row.iter();
            let values: Vec<_> = values
                .map(|(name, value)| format!("{name}: {}", text_of(value)))
                .collect();
            Ok(format!("{text} ({})", values.join(", ")).into())
        }
        _ => Ok(filled),
    }
}

fn fill_in(value: &Json, row: &Map<String, Json>) -> Result<Json, String> {
    match value {
        Json::String(text) => fill_text(text, row),
        Json::Array(items) => {
            let items = items.iter().map(|item| fill_in(item, row));
            items.collect::<Result<_, _>>().map(Json::Array)
        }
        Json::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let name = text_of(&fill_text(name, row)?);
                Ok((name, fill_in(value, row)?))
            });
            members.collect::<Result<_, String>>().map(Json::Object)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(value.clone()),
    }
}

/// A text with its `${name}` filled in; one that is nothing else becomes the value itself. `$${` is `${`.
fn fill_text(text: &str, row: &Map<String, Json>) -> Result<Json, String> {
    let value = |name: &str| {
        row.get(name).ok_or_else(|| {
            let hint = super::hint(name, row.keys().map(String::as_str));
            format!("the row has no `{name}`{hint} (write `$${{` where `${{` is meant as it is)")
        })
    };
    if let Some(name) = text
        .strip_prefix("${")
        .and_then(|text| text.strip_suffix('}'))
        && !name.contains("${")
    {
        return value(name).cloned();
    }
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            filled.push_str(before);
            filled.push_str("${");
            rest = behind;
            continue;
        }
        let (name, behind) = behind
            .split_once('}')
            .ok_or_else(|| format!("`${{` in {text:?} has no `}}`"))?;
        filled.push_str(before);
        filled.push_str(&text_of(value(name)?));
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled.into())
}

fn text_of(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn each_row_is_filled_in() {
        let test = json!({
            "name": "a ${x}",
            "cases": [{"x": 1, "y": {"z": true}}, {"x": "two", "y": null}],
            "request": {"headers": {"h-${x}": "${x}-$${x}"}, "json": "${y}"},
        });
        assert_eq!(
            expand(&test).unwrap(),
            [
                json!({"name": "a 1", "request": {"headers": {"h-1": "1-${x}"}, "json": {"z": true}}}),
                json!({"name": "a two", "request": {"headers": {"h-two": "two-${x}"}, "json": null}}),
            ]
        );
        let unnamed = json!({"name": "a", "cases": [{"x": 1}]});
        assert_eq!(expand(&unnamed).unwrap(), [json!({"name": "a (x: 1)"})]);
    }

    #[test]
    fn what_cannot_be_filled_in_is_told() {
        for (test, error) in [
            (
                json!({"name": "${count}", "cases": [{"counts": 1}]}),
                "the row has no `count`; did you mean `counts`? (write `$${` where `${` is meant as it is)",
            ),
            (
                json!({"name": "x${a", "cases": [{"a": 1}]}),
                r#"`${` in "x${a" has no `}`"#,
            ),
            (json!({"cases": []}), "`cases` has no rows"),
            (json!({"cases": 1}), "`cases` must be a list of rows"),
            (json!({"cases": [1]}), "a row must be a mapping"),
        ] {
            assert_eq!(expand(&test).unwrap_err(), error);
        }
    }
}
