//! Where secrets stand: in headers, URLs and bodies, under names that say so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use serde_json::{Map, Value as Json};

use crate::masks::Masks;

/// What names of secrets have in them, without what stands between their words.
const PARTS: [&str; 27] = [
    "apikey",
    "subscriptionkey",
    "accesskey",
    "functionskey",
    "hostkey",
    "accountkey",
    "sharedkey",
    "masterkey",
    "privatekey",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "sessiontoken",
    "securitytoken",
    "apitoken",
    "csrftoken",
    "xsrftoken",
    "clientassertion",
    "sessionid",
    "signature",
    "authorization",
];
/// Whole names of secrets.
const WHOLE: [&str; 10] = [
    "token",
    "xtoken",
    "auth",
    "xauth",
    "sig",
    "pwd",
    "assertion",
    "devicecode",
    "codeverifier",
    "bearer",
];
/// Names of much else, too: their values are secrets if they are long.
const LONG: [&str; 3] = ["key", "code", "state"];

/// Whether a value under this name is a secret.
pub(crate) fn is_secret(name: &str, value: &str) -> bool {
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    PARTS.iter().any(|part| name.contains(part))
        || WHOLE.contains(&&*name)
        || (LONG.contains(&&*name) && value.len() >= 16 && !value.contains(' '))
}

/// A token of three parts: its header and its claims.
pub(crate) fn jwt(text: &str) -> Option<(Map<String, Json>, Map<String, Json>)> {
    let mut parts = text.split('.');
    let (head, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !signature.bytes().all(is_of_token) {
        return None;
    }
    let read = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
        serde_json::from_slice::<Map<String, Json>>(&bytes).ok()
    };
    let head = read(head)?;
    head.contains_key("alg").then_some((head, read(claims)?))
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Where tokens stand in a text, encrypted ones too.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|letter: char| {
        !(letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.'))
    });
    words.map(|word| word.trim_matches('.')).filter(|word| {
        word.starts_with("eyJ") && (jwt(word).is_some() || word.split('.').count() == 5)
    })
}

/// Finds the secrets of messages.
pub(crate) struct Find<'m> {
    pub(crate) masks: &'m mut Masks,
    /// Whether what has known secrets in it is left alone: it is made of them.
    pub(crate) made: bool,
}

impl Find<'_> {
    fn add(&mut self, label: &str, value: &str) {
        if !(self.made && self.masks.finds_in(value)) {
            self.masks.add(label, value);
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        for token in tokens(text) {
            self.add("jwt", token);
        }
    }

    pub(crate) fn headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            self.text(&value);
            match *name {
                header::AUTHORIZATION | header::PROXY_AUTHORIZATION => self.authorization(&value),
                header::COOKIE => {
                    for pair in value.split(';') {
                        self.cookie(pair);
                    }
                }
                header::SET_COOKIE => self.cookie(value.split(';').next().unwrap_or_default()),
                _ if is_secret(name.as_str(), &value) => match value.split_once(' ') {
                    Some(("Bearer" | "bearer", token)) => self.add(name.as_str(), token),
                    _ => self.add(name.as_str(), &value),
                },
                _ => {}
            }
        }
    }

    fn authorization(&mut self, value: &str) {
        match value.split_once(' ') {
            Some((scheme, text)) if scheme.eq_ignore_ascii_case("Basic") => {
                self.masks.add_basic(text.trim());
            }
            Some((scheme, text)) => self.add(scheme, text),
            None => self.add("authorization", value),
        }
    }

    fn cookie(&mut self, pair: &str) {
        if let Some((name, value)) = pair.trim().split_once('=') {
            self.add(name, value.trim_matches('"'));
        }
    }

    /// The secrets of a query, or of a form.
    pub(crate) fn pairs(&mut self, text: &str) {
        for pair in text.split('&') {
            if let Some((name, value)) = pair.split_once('=') {
                let spaced = value.replace('+', " ");
                let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy();
                if is_secret(name, &decoded) {
                    // As it stands there, and what it says.
                    self.add(name, &decoded);
                    if !self.masks.finds_in(value) {
                        self.add(name, value);
                    }
                }
            }
        }
    }

    pub(crate) fn url(&mut self, url: &str) {
        self.text(url);
        if let Some((_, query)) = url.split_once('?') {
            self.pairs(query);
        }
        let authority = url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '?']).next().unwrap_or_default();
        if let Some((user, _)) = authority.rsplit_once('@') {
            let (_, password) = user.split_once(':').unwrap_or(("", user));
            self.add("password", password);
        }
    }

    /// The secrets of a body: JSON, a form, or any text.
    pub(crate) fn body(&mut self, headers: &HeaderMap, text: &str) {
        self.text(text);
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase());
        if kind.is_some_and(|kind| kind.contains("x-www-form-urlencoded")) {
            self.pairs(text);
        }
        if let Ok(json) = serde_json::from_str::<Json>(text) {
            self.json("", &json);
        }
    }

    pub(crate) fn json(&mut self, name: &str, json: &Json) {
        match json {
            Json::String(text) if is_secret(name, text) => self.add(name, text),
            Json::Array(items) => items.iter().for_each(|item| self.json(name, item)),
            Json::Object(members) => {
                members
                    .iter()
                    .for_each(|(name, value)| self.json(name, value));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use http::HeaderValue;

    use super::*;

    #[test]
    fn secrets_are_found_by_the_names_that_they_stand_under() {
        let mut masks = Masks::default();
        let mut find = Find {
            masks: &mut masks,
            made: false,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("ocp-apim-subscription-key", "hush-0001"),
            ("api-key", "hush-0002"),
            ("cookie", "session=hush-0003; other=\"hush-0004\""),
            ("set-cookie", "id=hush-0005; Path=/; HttpOnly"),
            ("authorization", "Bearer hush-0006"),
            ("x-functions-key", "hush-0007"),
            ("content-type", "application/json; charset=utf-8"),
            ("x-ratelimit-remaining-tokens", "shown-0001"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        find.headers(&headers);
        find.url(
            "https://u:hush-0008@a.test/x?sig=hush%2d0009&code=US&api_key=hush-0010&q=shown-0002",
        );
        find.body(&headers, r#"{"a": [{"access_token": "hush-0011", "token_type": "shown-0003"}], "clientSecret": "hush-0012"}"#);
        let form = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        )]);
        find.body(&form, "client_id=shown-0004&client_secret=hush+0013");
        let secrets: Vec<_> = (1..=12).map(|number| format!("hush-{number:04}")).collect();
        for secret in secrets.iter().filter(|secret| **secret != "hush-0009") {
            assert_ne!(masks.input(secret), *secret, "{secret}");
        }
        for secret in [
            "hush-0000",
            "hush%2d0009",
            "hush-0009",
            "hush 0013",
            "hush+0013",
        ] {
            assert_eq!(
                masks.input(secret) == secret,
                secret == "hush-0000",
                "{secret}"
            );
        }
        for shown in ["shown-0001", "shown-0002", "shown-0003", "shown-0004", "US"] {
            assert_eq!(masks.input(shown), shown);
        }
    }

    #[test]
    fn tokens_are_found_wherever_they_stand() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let token = format!(
            "{}.{}.c2ln",
            part(r#"{"alg":"RS256"}"#),
            part(r#"{"sub":"bob"}"#)
        );
        let text = format!("<a>{token}</a>, {token}.");
        assert_eq!(tokens(&text).collect::<Vec<_>>(), [&token, &token]);
        assert_eq!(jwt(&token).unwrap().1.get("sub").unwrap(), "bob");
        assert!(jwt("a.b.c").is_none() && tokens("eyJh is not one").next().is_none());
    }
}
