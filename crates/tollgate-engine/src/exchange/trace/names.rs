//! What gives a secret away by its name or its look.

use std::ops::Range;

/// Names that hold these, written without `-`, `_` and `.`, are those of secrets.
const TELLING: &[&str] = &[
    "authorization",
    "cookie",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "subscriptionkey",
    "functionskey",
    "functionkey",
    "accesskey",
    "accountkey",
    "hostkey",
    "sharedkey",
    "masterkey",
    "privatekey",
    "credential",
    "assertion",
    "connectionstring",
    "samlresponse",
    "sessionid",
    "codeverifier",
    "devicecode",
];
/// The parameters of a query that are more than what their names say elsewhere.
const IN_QUERY: &[&str] = &["key", "code", "sig", "signature", "jwt"];

/// What is longer is no name.
const LONGEST_NAME: usize = 100;

/// Whether what goes by this name is a secret: a header, a parameter, a variable, a field.
///
/// By words (`client_secret`, `X-Api-Key`, `access_token`), so that it is said of too many rather than of too few.
pub(crate) fn is_secret(name: &str) -> bool {
    if name.len() > LONGEST_NAME {
        return false;
    }
    let plain: String = (name.chars())
        .filter(|c| !matches!(c, '-' | '_' | '.' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    // `max_tokens` is a number.
    plain.ends_with("token") || plain == "pwd" || TELLING.iter().any(|word| plain.contains(word))
}

/// Where secrets stand in a text that is known by their looks: tokens, what follows `Bearer`, and the values of
/// `name=value`, `"name": "value"` and `<name>value<` where the name is telling. In C# code an assignment is none of
/// these, but JSON in its texts is.
pub(super) fn looks(text: &str, is_code: bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(word) = next_word(text, at) {
        at = word.end;
        let Some(name) = text.get(word.clone()) else {
            break;
        };
        let before = text.get(..word.start).unwrap_or_default();
        let after = text.get(word.end..).unwrap_or_default();
        let range = if is_token(name) {
            Some(word.start..word.end)
        } else if ["Bearer", "Basic", "SharedAccessSignature"]
            .iter()
            .any(|scheme| name.eq_ignore_ascii_case(scheme))
        {
            scheme_value(after).map(|value| shift(value, word.end))
        } else {
            value_of(name, before, after, is_code).map(|value| shift(value, word.end))
        };
        if let Some(range) = range.filter(|range| !range.is_empty()) {
            at = at.max(range.end);
            found.push(range);
        }
    }
    found
}

fn shift(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// The next run of what names and tokens are made of.
fn next_word(text: &str, from: usize) -> Option<Range<usize>> {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let rest = text.as_bytes().get(from..)?;
    let start = from + rest.iter().position(is_of_word)?;
    let word = text.as_bytes().get(start..)?;
    let length = word.iter().position(|byte| !is_of_word(byte));
    Some(start..start + length.unwrap_or(word.len()))
}

/// A JSON Web Token, or the beginning of one: its header is an object in Base64.
fn is_token(word: &str) -> bool {
    word.len() >= 16 && word.starts_with("eyJ")
}

/// What follows a scheme: one blank, then at least eight characters without one.
fn scheme_value(after: &str) -> Option<Range<usize>> {
    let value = after.strip_prefix(' ')?;
    let end = value.find(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | '\''));
    let end = end.unwrap_or(value.len());
    (end >= 8).then_some(1..1 + end)
}

fn value_of(name: &str, before: &str, after: &str, is_code: bool) -> Option<Range<usize>> {
    let marks: &[char] = match is_code {
        true => &['\\'],
        false => &['=', '>', '"', '\\'],
    };
    if !after.starts_with(marks) {
        return None;
    }
    let in_query = before.ends_with(['?', '&'])
        && IN_QUERY
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other));
    if !in_query && !is_secret(name) {
        return None;
    }
    if let Some(value) = after.strip_prefix('=') {
        // `==` compares.
        let end =
            value.find(|c: char| c.is_whitespace() || matches!(c, '&' | ';' | '"' | '#' | '<'));
        return (!value.starts_with('=')).then(|| 1..1 + end.unwrap_or(value.len()));
    }
    if let Some(value) = after.strip_prefix('>').filter(|_| before.ends_with('<')) {
        return Some(1..1 + value.find('<').unwrap_or(value.len()));
    }
    // JSON, perhaps as text in JSON.
    let quote = ["\\\"", "\""]
        .into_iter()
        .find(|quote| after.starts_with(quote))?;
    let colon = after
        .strip_prefix(quote)?
        .trim_start()
        .strip_prefix(':')?
        .trim_start();
    let value = colon.strip_prefix(quote)?;
    let start = after.len() - value.len();
    Some(start..start + end_of_json(value, quote))
}

/// Where a text in JSON ends.
fn end_of_json(value: &str, quote: &str) -> usize {
    if quote.len() > 1 {
        return value.find(quote).unwrap_or(value.len());
    }
    let mut escaped = false;
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    value.len()
}

/// Whether C# code reads something by the name of a secret: `token["access_token"]`, `….GetValueOrDefault("api-key", "")`.
pub(crate) fn reads_secret(code: &str) -> bool {
    let code = code.trim_end();
    let code = code.strip_suffix(".ToString()").unwrap_or(code);
    let calls = ["[\"", "(\""].into_iter();
    let Some(start) = calls
        .filter_map(|call| Some(code.rfind(call)? + call.len()))
        .max()
    else {
        return false;
    };
    let argument = code.get(start..).and_then(|rest| rest.split_once('"'));
    argument.is_some_and(|(name, rest)| {
        let is_last = rest.trim_end().ends_with([']', ')']) && !rest.contains('.');
        is_last && is_secret(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut masked = text.to_owned();
        for range in looks(text, false).into_iter().rev() {
            masked.replace_range(range, "***");
        }
        masked
    }

    #[test]
    fn names_tell() {
        for name in [
            "Authorization",
            "Set-Cookie",
            "X-Api-Key",
            "api_key",
            "access_token",
            "Ocp-Apim-Subscription-Key",
            "client_secret",
            "x-functions-key",
            "X-Csrf-Token",
            "pwd",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "max_tokens",
            "Accept",
            "X-Key",
            "keys",
            "tokenizer",
            "urlId",
            "",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_known_by_their_looks() {
        for (text, shown) in [
            (
                "https://a.test/?code=abc&b=1&sig=x%2By",
                "https://a.test/?code=***&b=1&sig=***",
            ),
            (
                r#"{"access_token": "a\"b", "code": "E1"}"#,
                r#"{"access_token": "***", "code": "E1"}"#,
            ),
            (r#"{\"api-key\":\"abc\"}"#, r#"{\"api-key\":\"***\"}"#),
            (
                r#"{"password": 1, "secret": null}"#,
                r#"{"password": 1, "secret": null}"#,
            ),
            (
                "<password>abc</password><a>b</a>",
                "<password>***</password><a>b</a>",
            ),
            (
                "grant_type=x&client_secret=abc",
                "grant_type=x&client_secret=***",
            ),
            ("Bearer abcdefgh12, Basic realm", "Bearer ***, Basic realm"),
            ("it is eyJhbGciOiJIUzI1NiJ9.e30.abc!", "it is ***!"),
            (
                "var token = 1; token == \"x\"",
                "var token = 1; token == \"x\"",
            ),
            ("password=", "password="),
            ("ä token=ü&ß", "ä token=***&ß"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn code_tells_what_it_reads() {
        for code in [
            r#"a["access_token"]"#,
            r#"(string)a.As<JObject>()["client_secret"].ToString()"#,
            r#"a.GetValueOrDefault("api-key", "")"#,
        ] {
            assert!(reads_secret(code), "{code}");
        }
        for code in [
            r#"a["name"]"#,
            r#"a.GetValueOrDefault("Authorization", "").AsJwt()?.Subject"#,
            r#"a["api-key"] == "x""#,
            "",
        ] {
            assert!(!reads_secret(code), "{code}");
        }
        let code = r#"token = "{\"password\": \"abc\"}""#;
        assert_eq!(looks(code, true), vec![26..29; 1]);
    }
}
