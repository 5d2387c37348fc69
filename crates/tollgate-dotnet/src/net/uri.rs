//! `System.Uri`: absolute and relative references as policies use them.

use super::escaping;
use crate::collections::Array;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// `System.Uri`.
pub(crate) static URI: TypeDef = TypeDef {
    name: "System.Uri",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

/// `System.UriKind`.
pub(super) static URI_KIND: TypeDef = TypeDef {
    name: "System.UriKind",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("RelativeOrAbsolute", 0), ("Absolute", 1), ("Relative", 2)],
    members: &[],
};

/// `System.UriPartial`.
pub(super) static URI_PARTIAL: TypeDef = TypeDef {
    name: "System.UriPartial",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("Scheme", 0), ("Authority", 1), ("Path", 2), ("Query", 3)],
    members: &[],
};

const MEMBERS: &[Member] = &[
    pure("new(string uriString)", |call| {
        create(call.text(0, "uriString")?, 1)
    }),
    pure("new(string uriString, UriKind uriKind)", |call| {
        create(call.text(0, "uriString")?, call.flags(1))
    }),
    pure("new(Uri baseUri, string relativeUri)", |call| {
        let relative = call.text(1, "relativeUri")?.to_utf8();
        this(call)?.join(&relative).map(Value::object)
    }),
    pure("new(Uri baseUri, Uri relativeUri)", |call| {
        let relative = call
            .arg(1)
            .downcast::<Uri>()
            .ok_or_else(|| Throw::argument_null("relativeUri"))?;
        this(call)?.join(&relative.original).map(Value::object)
    }),
    pure(
        "static bool TryCreate(string uriString, UriKind uriKind, out Uri result)",
        |call| {
            let kind = call.flags(1);
            let uri = call.opt_str(0).and_then(|text| create(text, kind).ok());
            let created = uri.is_some();
            call.outs.push(uri.unwrap_or_default());
            Ok(created.into())
        },
    ),
    pure(
        "static bool IsWellFormedUriString(string uriString, UriKind uriKind)",
        |call| {
            let Some(text) = call.opt_str(0) else {
                return Ok(Value::Bool(false));
            };
            let utf8 = text.to_utf8();
            let escaped = escaping::path(&utf8) == utf8;
            Ok((escaped && create(text, call.flags(1)).is_ok()).into())
        },
    ),
    pure(
        "static string EscapeDataString(string stringToEscape)",
        |call| {
            let text = escaping::data(&call.text(0, "stringToEscape")?.to_utf8());
            call.new_text(text)
        },
    ),
    pure(
        "static string UnescapeDataString(string stringToUnescape)",
        |call| {
            let text = escaping::decode(&call.text(0, "stringToUnescape")?.to_utf8());
            call.new_text(text)
        },
    ),
    pure(
        "static string EscapeUriString(string stringToEscape)",
        |call| {
            let text = escaping::uri(&call.text(0, "stringToEscape")?.to_utf8());
            call.new_text(text)
        },
    ),
    pure("static string HexEscape(char character)", |call| {
        Ok(format!("%{:02X}", call.char(0)? & 0xFF).into())
    }),
    pure("bool IsAbsoluteUri { get; }", |call| {
        Ok((!this(call)?.scheme.is_empty()).into())
    }),
    pure("string OriginalString { get; }", |call| {
        Ok(this(call)?.original.as_str().into())
    }),
    pure("string AbsoluteUri { get; }", |call| {
        Ok(absolute(call)?.text().into())
    }),
    pure("string Scheme { get; }", |call| {
        Ok(absolute(call)?.scheme.as_str().into())
    }),
    pure("string Host { get; }", |call| {
        Ok(absolute(call)?.host.as_str().into())
    }),
    pure("string DnsSafeHost { get; }", |call| {
        Ok(absolute(call)?.host.trim_matches(['[', ']']).into())
    }),
    pure("int Port { get; }", |call| {
        Ok(Value::Int32(absolute(call)?.port.unwrap_or(-1)))
    }),
    pure("bool IsDefaultPort { get; }", |call| {
        let uri = absolute(call)?;
        Ok((uri.port == default_port(&uri.scheme)).into())
    }),
    pure("bool IsLoopback { get; }", |call| {
        let host = absolute(call)?.host.as_str();
        Ok((host == "localhost" || host.starts_with("127.") || host == "[::1]").into())
    }),
    pure("string Authority { get; }", |call| {
        Ok(absolute(call)?.authority().into())
    }),
    pure("string UserInfo { get; }", |call| {
        Ok(absolute(call)?.user.as_str().into())
    }),
    pure("string AbsolutePath { get; }", |call| {
        Ok(absolute(call)?.path.as_str().into())
    }),
    pure("string LocalPath { get; }", |call| {
        Ok(escaping::decode(&absolute(call)?.path).into())
    }),
    pure("string Query { get; }", |call| {
        Ok(absolute(call)?.query.as_str().into())
    }),
    pure("string Fragment { get; }", |call| {
        Ok(absolute(call)?.fragment.as_str().into())
    }),
    pure("string PathAndQuery { get; }", |call| {
        let uri = absolute(call)?;
        Ok(format!("{}{}", uri.path, uri.query).into())
    }),
    member("string[] Segments { get; }", |call| {
        let path = absolute(call)?.path.clone();
        call.new_array(Array::strings(path.split_inclusive('/').map(Str::from)))
    }),
    pure("string GetLeftPart(UriPartial part)", |call| {
        let uri = absolute(call)?;
        let origin = uri.origin();
        Ok(match call.flags(1) {
            0 => format!("{}://", uri.scheme),
            1 => origin,
            2 => format!("{origin}{}", uri.path),
            _ => format!("{origin}{}{}", uri.path, uri.query),
        }
        .into())
    }),
    pure("bool IsBaseOf(Uri uri)", |call| {
        let base = absolute(call)?;
        let folder = base.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let other = call
            .arg(1)
            .downcast::<Uri>()
            .ok_or_else(|| Throw::argument_null("uri"))?;
        Ok((base.origin() == other.origin() && other.path.starts_with(folder)).into())
    }),
    pure("string ToString()", |call| Ok(this(call)?.display().into())),
    pure("bool Equals(object comparand)", |call| {
        Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
    }),
    pure("int GetHashCode()", |call| {
        Ok(Value::Int32(ops::hash_code(call.machine.heap, call.arg(0))))
    }),
    pure("static bool operator ==(Uri uri1, Uri uri2)", |call| {
        Ok(ops::equals(call.machine.heap, call.arg(0), call.arg(1)).into())
    }),
    pure("static bool operator !=(Uri uri1, Uri uri2)", |call| {
        Ok((!ops::equals(call.machine.heap, call.arg(0), call.arg(1))).into())
    }),
];

/// A URI; relative if it has no scheme, and then only its text counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Uri {
    original: String,
    scheme: String,
    user: String,
    host: String,
    port: Option<i32>,
    /// Whether `//` follows the scheme.
    hierarchical: bool,
    path: String,
    query: String,
    fragment: String,
}

impl Object for Uri {
    fn type_of(&self) -> Type {
        Type::plain(&URI)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.display().into())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Uri>();
        other.is_some_and(|other| self.key() == other.key())
    }

    fn hash_code(&self) -> i32 {
        ops::hashed(&self.key())
    }
}

fn default_port(scheme: &str) -> Option<i32> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        _ => None,
    }
}

fn wrong(message: &str) -> Throw {
    Throw::new("System.UriFormatException", message)
}

/// The URI of a text, absolute (1), relative (2) or either (0).
pub(crate) fn create(text: &Str, kind: i64) -> Result<Value, Throw> {
    let text = text.to_utf8();
    let relative = || Uri {
        original: text.to_string(),
        ..Uri::default()
    };
    match (Uri::parse(&text), kind) {
        (Ok(_), 2) => Err(wrong(
            "A relative URI cannot be created because the 'uriString' parameter represents an absolute URI.",
        )),
        (Ok(uri), _) => Ok(Value::object(uri)),
        (Err(_), 0 | 2) => Ok(Value::object(relative())),
        (Err(throw), _) => Err(throw),
    }
}

/// What `new Uri(text).AbsoluteUri` gives: escaped, with dots resolved. `None` where that throws.
pub fn absolute_uri(text: &str) -> Option<String> {
    Uri::parse(text).ok().map(|uri| uri.text())
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Uri, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn absolute<'c>(call: &Call<'c, '_>) -> Result<&'c Uri, Throw> {
    let uri = this(call)?;
    match uri.scheme.is_empty() {
        true => Err(Throw::invalid_operation(
            "This operation is not supported for a relative URI.",
        )),
        false => Ok(uri),
    }
}

impl Uri {
    fn parse(text: &str) -> Result<Uri, Throw> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(wrong("Invalid URI: The URI is empty."));
        }
        let unclear = || wrong("Invalid URI: The format of the URI could not be determined.");
        let (scheme, rest) = trimmed.split_once(':').ok_or_else(unclear)?;
        let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if !named {
            return Err(unclear());
        }
        let mut uri = Uri {
            original: text.into(),
            scheme: scheme.to_ascii_lowercase(),
            ..Uri::default()
        };
        let rest = match rest.strip_prefix("//") {
            Some(rest) => {
                uri.hierarchical = true;
                let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
                let (authority, rest) = rest.split_at_checked(end).ok_or_else(unclear)?;
                uri.set_authority(authority)?;
                rest
            }
            None if default_port(&uri.scheme).is_some() => return Err(unclear()),
            None => rest,
        };
        uri.set_path(rest);
        Ok(uri)
    }

    fn set_authority(&mut self, authority: &str) -> Result<(), Throw> {
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (host, ""),
        };
        if host.is_empty() && self.scheme != "file" {
            return Err(wrong("Invalid URI: The hostname could not be parsed."));
        }
        if host.contains(|c: char| {
            c.is_whitespace() || matches!(c, '<' | '>' | '"' | '^' | '`' | '{' | '}' | '|' | '%')
        }) {
            return Err(wrong("Invalid URI: The hostname could not be parsed."));
        }
        self.user = user.into();
        self.host = host.to_lowercase();
        self.port = match port {
            "" => default_port(&self.scheme),
            port => match port.parse::<u16>() {
                Ok(port) => Some(port.into()),
                Err(_) => return Err(wrong("Invalid URI: Invalid port specified.")),
            },
        };
        Ok(())
    }

    /// Path, query and fragment, escaped, with dots resolved.
    fn set_path(&mut self, rest: &str) {
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let with_sign = |sign: char, text: &str| match text {
            "" => String::new(),
            text => format!("{sign}{}", escaping::path(text)),
        };
        self.query = with_sign('?', query);
        self.fragment = with_sign('#', fragment);
        self.path = match self.hierarchical {
            true => without_dots(&escaping::path(&path.replace('\\', "/"))),
            false => escaping::path(path),
        };
    }

    fn join(&self, relative: &str) -> Result<Uri, Throw> {
        if let Ok(uri) = Uri::parse(relative) {
            return Ok(uri);
        }
        let mut uri = self.clone();
        let relative = relative.trim();
        if let Some(rest) = relative.strip_prefix("//") {
            return Uri::parse(&format!("{}://{rest}", self.scheme));
        }
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let target = match relative.chars().next() {
            Some('/') => relative.into(),
            Some('?') => format!("{}{relative}", self.path),
            Some('#') => format!("{}{}{relative}", self.path, self.query),
            None => format!("{}{}", self.path, self.query),
            Some(_) => format!("{folder}/{relative}"),
        };
        uri.set_path(&target);
        uri.original = uri.text();
        Ok(uri)
    }

    fn authority(&self) -> String {
        match self.port {
            Some(port) if Some(port) != default_port(&self.scheme) => {
                format!("{}:{port}", self.host)
            }
            _ => self.host.clone(),
        }
    }

    fn origin(&self) -> String {
        let user = match self.user.as_str() {
            "" => String::new(),
            user => format!("{user}@"),
        };
        match self.hierarchical {
            true => format!("{}://{user}{}", self.scheme, self.authority()),
            false => format!("{}:", self.scheme),
        }
    }

    /// What makes two URIs equal: all but user and fragment.
    fn key(&self) -> (&str, String, &str, &str) {
        match self.scheme.as_str() {
            "" => ("", self.original.clone(), "", ""),
            scheme => (scheme, self.authority(), &self.path, &self.query),
        }
    }

    fn text(&self) -> String {
        format!(
            "{}{}{}{}",
            self.origin(),
            self.path,
            self.query,
            self.fragment
        )
    }

    /// As `ToString()` has it: letters and marks beyond ASCII unescaped, what separates left escaped.
    fn display(&self) -> String {
        if self.scheme.is_empty() {
            return self.original.clone();
        }
        let text = self.text();
        let mut shown = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(place) = rest.find('%') {
            shown.push_str(rest.get(..place).unwrap_or_default());
            let run = rest.get(place..).unwrap_or_default();
            let length = escaped_run(run);
            let run = run.get(..length.max(1)).unwrap_or("%");
            let decoded = percent_encoding::percent_decode_str(run).decode_utf8();
            match decoded {
                Ok(decoded) => {
                    for c in decoded.chars() {
                        match c {
                            '%' | '#' | '?' | '/' | '\\' | '@' | ':' | ';' | '&' | '=' | '+'
                            | '$' | ',' => {
                                shown.push_str(&format!("%{:02X}", u32::from(c)));
                            }
                            c if c.is_control() => shown.push_str(&escaping::data(&c.to_string())),
                            c => shown.push(c),
                        }
                    }
                }
                Err(_) => shown.push_str(run),
            }
            rest = rest.get(place + run.len()..).unwrap_or_default();
        }
        shown.push_str(rest);
        shown
    }
}

/// How many bytes of escapes stand in a row at the start.
fn escaped_run(text: &str) -> usize {
    let triples = text.as_bytes().chunks(3).take_while(|triple| {
        matches!(triple, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    });
    triples.count() * 3
}

/// RFC 3986's removal of dot segments; an empty path is `/`.
fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let body = path.strip_prefix('/').unwrap_or(path);
    let mut folder = false;
    for segment in body.split('/') {
        folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut joined = format!("/{}", segments.join("/"));
    if folder && !joined.ends_with('/') {
        joined.push('/');
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_nets() {
        let text = |text: &str| Uri::parse(text).map(|uri| uri.text()).unwrap_or_default();
        assert_eq!(
            text("https://u:p@host.example:8443/a/b%20c/../d?x=1&y=a%20b#frag"),
            "https://u:p@host.example:8443/a/d?x=1&y=a%20b#frag"
        );
        assert_eq!(text("https://HOST.example"), "https://host.example/");
        assert_eq!(text("relative/path"), "");
        let shown = Uri::parse("https://host.example/a%2Fb/é?q=é").map(|uri| uri.display());
        assert_eq!(
            shown.unwrap_or_default(),
            "https://host.example/a%2Fb/é?q=é"
        );
    }

    #[test]
    fn relative_references_are_joined() {
        let base = Uri::parse("https://host.example/a/b").unwrap_or_default();
        let join = |relative: &str| {
            base.join(relative)
                .map(|uri| uri.text())
                .unwrap_or_default()
        };
        assert_eq!(join("c/d"), "https://host.example/a/c/d");
        assert_eq!(join("/c"), "https://host.example/c");
        assert_eq!(join("../c?x=1"), "https://host.example/c?x=1");
    }
}
