//! JSON as YAML that people can read and edit.

use saphyr::{Mapping, Scalar, ScalarStyle, Yaml, YamlEmitter};
use serde_json::{Value as Json, json};

/// An item of the list `tests`, indented. What the writer cannot write so that it is read back the same stands there as
/// JSON, which is YAML too.
pub(crate) fn test(test: &Json) -> String {
    item(test)
        .filter(|text| says(text, test))
        .unwrap_or_else(|| format!("  - {test}\n"))
}

/// A mapping, as lines at the beginning of a file.
pub(crate) fn head(head: &Json) -> String {
    let text = emit(head);
    let read = text.as_deref().map(tollgate_testing::suite::Yaml::parse);
    match (text, read) {
        (Some(text), Some(Ok(read))) if read.json == *head => text,
        _ => {
            let members = head.as_object().into_iter().flatten();
            members
                .map(|(name, value)| format!("{}: {value}\n", json!(name)))
                .collect()
        }
    }
}

fn item(test: &Json) -> Option<String> {
    let text = emit(&json!([test]))?;
    let lines = text.split_inclusive('\n').map(|line| match line {
        "\n" => line.to_owned(),
        line => format!("  {line}"),
    });
    Some(lines.collect())
}

/// Whether a text is this test.
fn says(text: &str, test: &Json) -> bool {
    // What follows must not become a part of it.
    let document = format!("tests:\n{text}  - end\n");
    let read = tollgate_testing::suite::Yaml::parse(&document);
    read.is_ok_and(|read| read.json == json!({"tests": [test, "end"]}))
}

fn emit(json: &Json) -> Option<String> {
    let mut text = String::new();
    let mut emitter = YamlEmitter::new(&mut text);
    emitter.multiline(true);
    emitter.dump(&node(json)).ok()?;
    let text = text.strip_prefix("---\n")?;
    let text = text.strip_suffix("\n...").map_or(text, |text| text);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    Some(format!("{text}{end}"))
}

fn node(json: &Json) -> Yaml<'_> {
    match json {
        Json::Null => Yaml::Value(Scalar::Null),
        Json::Bool(truth) => Yaml::Value(Scalar::Boolean(*truth)),
        Json::Number(number) => {
            Yaml::Representation(number.to_string().into(), ScalarStyle::Plain, None)
        }
        Json::String(text) => Yaml::Value(Scalar::String(text.as_str().into())),
        Json::Array(items) => Yaml::Sequence(items.iter().map(node).collect()),
        Json::Object(members) => {
            let key = |name| Yaml::Value(Scalar::String(std::borrow::Cow::Borrowed(name)));
            let members = members
                .iter()
                .map(|(name, value)| (key(name.as_str()), node(value)));
            Yaml::Mapping(members.collect::<Mapping<'_>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_is_read_back_the_same() {
        let texts = [
            "plain",
            "",
            " ",
            "yes",
            "null",
            "~",
            "1",
            "1.5",
            "0x1F",
            "- a",
            "a: b",
            "a #b",
            "# c",
            "'",
            "\"",
            "\\",
            "{",
            "[",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a",
            "|",
            ">",
            "?",
            "two\nlines",
            "ends\n",
            "ends twice\n\n",
            "\n",
            "\nbegins",
            "  indented\nlines",
            "\ttab",
            "a\ttab\nand more",
            "cr\r\nlf",
            "trailing \nspace ",
            "\u{0}",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "é, 漢字, 😀",
            "---",
            "...",
            "a\n---\nb",
            "data: x\n\ndata: y\n\n",
            "<<",
            "=",
            "2026-01-01",
            "1:30",
            "${x}",
            "on",
            "a:",
            ":a",
        ];
        for text in texts {
            let one = json!({"name": text, "body": text, "list": [text, {"x": text}], text: 1});
            let written = test(&one);
            assert!(says(&written, &one), "{text:?} was written as {written}");
        }
        let numbers = json!({"a": 1, "b": -1.5, "c": u64::MAX, "d": true, "e": null, "f": [], "g": {}, "h": 1e300});
        assert!(says(
            &test(&json!({"a": 1, "b": -1.5, "d": true, "e": null, "f": [], "g": {}})),
            &json!({"a": 1, "b": -1.5, "d": true, "e": null, "f": [], "g": {}})
        ));
        assert!(test(&numbers).starts_with("  - "));
    }

    #[test]
    fn it_is_laid_out_for_people() {
        let one =
            json!({"name": "a", "request": {"headers": {"x-a": "1"}, "body": "two\nlines\n"}});
        assert_eq!(
            test(&one),
            "  - name: a\n    request:\n      headers:\n        x-a: \"1\"\n      body: |\n        two\n        lines\n"
        );
    }
}
