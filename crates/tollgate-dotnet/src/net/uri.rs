//! `System.Uri`: absolute and relative references as policies use them.

use super::{escaping, host};
use crate::collections::Array;
use crate::member::{Call, Member, TypeDef, TypeKind, member, pure};
use crate::ops;
use crate::str::Str;
use crate::system::Comparison;
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
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

/// `System.UriHostNameType`.
pub(super) static URI_HOST_NAME_TYPE: TypeDef = TypeDef {
    name: "System.UriHostNameType",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("Unknown", 0),
        ("Basic", 1),
        ("Dns", 2),
        ("IPv4", 3),
        ("IPv6", 4),
    ],
    members: &[],
};

/// `System.UriComponents`.
pub(super) static URI_COMPONENTS: TypeDef = TypeDef {
    name: "System.UriComponents",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("Scheme", 1),
        ("UserInfo", 2),
        ("Host", 4),
        ("Port", 8),
        ("SchemeAndServer", 13),
        ("Path", 16),
        ("Query", 32),
        ("PathAndQuery", 48),
        ("HttpRequestUrl", 61),
        ("Fragment", 64),
        ("AbsoluteUri", 127),
        ("StrongPort", 128),
        ("HostAndPort", 132),
        ("StrongAuthority", 134),
        ("NormalizedHost", 256),
        ("KeepDelimiter", 0x4000_0000),
    ],
    members: &[],
};

/// `System.UriFormat`.
pub(super) static URI_FORMAT: TypeDef = TypeDef {
    name: "System.UriFormat",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("UriEscaped", 1), ("Unescaped", 2), ("SafeUnescaped", 3)],
    members: &[],
};

/// A constant of the class.
macro_rules! constant {
    ($signature:literal, $value:literal) => {
        pure($signature, |_| Ok($value.into()))
    };
}

const MEMBERS: &[Member] = &[
    constant!("static string SchemeDelimiter { get; }", "://"),
    constant!("static string UriSchemeHttp { get; }", "http"),
    constant!("static string UriSchemeHttps { get; }", "https"),
    constant!("static string UriSchemeFile { get; }", "file"),
    constant!("static string UriSchemeFtp { get; }", "ftp"),
    constant!("static string UriSchemeMailto { get; }", "mailto"),
    constant!("static string UriSchemeNews { get; }", "news"),
    constant!("static string UriSchemeNntp { get; }", "nntp"),
    constant!("static string UriSchemeGopher { get; }", "gopher"),
    constant!("static string UriSchemeTelnet { get; }", "telnet"),
    constant!("static string UriSchemeSsh { get; }", "ssh"),
    constant!("static string UriSchemeSftp { get; }", "sftp"),
    constant!("static string UriSchemeWs { get; }", "ws"),
    constant!("static string UriSchemeWss { get; }", "wss"),
    constant!("static string UriSchemeNetTcp { get; }", "net.tcp"),
    constant!("static string UriSchemeNetPipe { get; }", "net.pipe"),
    pure("new(string uriString)", |call| {
        read_work(call)?;
        create(call.text(0, "uriString")?, 1)
    }),
    pure("new(string uriString, UriKind uriKind)", |call| {
        read_work(call)?;
        create(call.text(0, "uriString")?, call.flags(1))
    }),
    pure("new(Uri baseUri, string relativeUri)", |call| {
        read_work(call)?;
        let base = base(call)?;
        let relative = call.opt_str(1).map(Str::to_utf8).unwrap_or_default();
        base.join(&relative).map(Value::object)
    }),
    pure("new(Uri baseUri, Uri relativeUri)", |call| {
        let relative = call
            .arg(1)
            .downcast::<Uri>()
            .ok_or_else(|| Throw::argument_null("relativeUri"))?;
        base(call)?.join(&relative.original).map(Value::object)
    }),
    pure(
        "static bool TryCreate(string uriString, UriKind uriKind, out Uri result)",
        |call| {
            let kind = call.flags(1);
            read_work(call)?;
            let uri = call.opt_str(0).and_then(|text| create(text, kind).ok());
            tried(call, uri)
        },
    ),
    pure(
        "static bool TryCreate(Uri baseUri, string relativeUri, out Uri result)",
        |call| {
            read_work(call)?;
            let uri = match (call.arg(0).downcast::<Uri>(), call.opt_str(1)) {
                (Some(base), Some(relative)) if base.is_absolute() => {
                    base.join(&relative.to_utf8()).ok()
                }
                _ => None,
            };
            tried(call, uri.map(Value::object))
        },
    ),
    pure(
        "static bool TryCreate(Uri baseUri, Uri relativeUri, out Uri result)",
        |call| {
            let uris = (call.arg(0).downcast::<Uri>(), call.arg(1).downcast::<Uri>());
            let uri = match uris {
                (Some(base), Some(relative)) if base.is_absolute() => {
                    base.join(&relative.original).ok()
                }
                _ => None,
            };
            tried(call, uri.map(Value::object))
        },
    ),
    pure(
        "static bool IsWellFormedUriString(string uriString, UriKind uriKind)",
        |call| {
            read_work(call)?;
            let Some(text) = call.opt_str(0) else {
                return Ok(Value::Bool(false));
            };
            let created = create(text, call.flags(1));
            let uri = created.as_ref().ok().and_then(|uri| uri.downcast::<Uri>());
            Ok(uri.is_some_and(Uri::is_well_formed).into())
        },
    ),
    pure("bool IsWellFormedOriginalString()", |call| {
        Ok(this(call)?.is_well_formed().into())
    }),
    pure(
        "static UriHostNameType CheckHostName(string name)",
        |call| {
            call.reading_work()?;
            let name = call.opt_str(0).map(Str::to_utf8).unwrap_or_default();
            Ok(host_kind_value(host::checked(&name)))
        },
    ),
    pure("static bool CheckSchemeName(string schemeName)", |call| {
        call.reading_work()?;
        let name = call.opt_str(0).map(Str::to_utf8).unwrap_or_default();
        Ok(is_scheme(&name).into())
    }),
    pure("static bool IsHexDigit(char character)", |call| {
        Ok(hex_digit(call.char(0)?).is_some().into())
    }),
    pure("static int FromHex(char digit)", |call| {
        match hex_digit(call.char(0)?) {
            Some(digit) => Ok(Value::Int32(digit)),
            None => Err(Throw::argument(
                "The specified value is not a valid hexadecimal digit. (Parameter 'digit')",
            )),
        }
    }),
    pure(
        "static bool IsHexEncoding(string pattern, int index)",
        |call| {
            let at = usize::try_from(call.int(1)?).ok();
            let text = call.text(0, "pattern")?;
            Ok(at.and_then(|at| escaped_unit(text, at)).is_some().into())
        },
    ),
    pure(
        "static char HexUnescape(string pattern, ref int index)",
        |call| {
            let at = usize::try_from(call.int(1)?).unwrap_or(usize::MAX);
            let text = call.text(0, "pattern")?;
            let Some(plain) = text.unit(at) else {
                return Err(crate::collections::out_of_range("index"));
            };
            let (unit, length) = match escaped_unit(text, at) {
                Some(unit) => (unit, 3),
                None => (plain, 1),
            };
            call.outs.push(crate::args::int(at + length));
            Ok(Value::Char(unit))
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
            read_work(call)?;
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
    pure(
        "static string HexEscape(char character)",
        |call| match call.char(0)? {
            unit @ 0..=0xff => Ok(format!("%{unit:02X}").into()),
            _ => Err(crate::collections::out_of_range("character")),
        },
    ),
    pure(
        "static int Compare(Uri uri1, Uri uri2, UriComponents partsToCompare, UriFormat compareFormat, StringComparison comparisonType)",
        |call| {
            let parts = |index: usize| {
                let uri = call.arg(index).downcast::<Uri>();
                uri.map(|uri| Str::from(uri.components(call.flags(2), call.flags(3))))
            };
            let order = match (parts(0), parts(1)) {
                (Some(a), Some(b)) => Comparison::of(call.flags(4)).compare(&a, &b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            };
            Ok(crate::args::order(order))
        },
    ),
    pure("bool IsAbsoluteUri { get; }", |call| {
        Ok(this(call)?.is_absolute().into())
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
    pure("string IdnHost { get; }", |call| {
        Ok(host::ascii(absolute(call)?.host.trim_matches(['[', ']'])).into())
    }),
    pure("UriHostNameType HostNameType { get; }", |call| {
        Ok(host_kind_value(host::kind(&absolute(call)?.host)))
    }),
    pure("bool IsFile { get; }", |call| {
        Ok((absolute(call)?.scheme == "file").into())
    }),
    pure("bool IsUnc { get; }", |call| {
        let uri = absolute(call)?;
        Ok((uri.scheme == "file" && !uri.host.is_empty()).into())
    }),
    pure("bool UserEscaped { get; }", |call| {
        this(call).map(|_| Value::Bool(false))
    }),
    pure("int Port { get; }", |call| {
        Ok(Value::Int32(absolute(call)?.port.unwrap_or(-1)))
    }),
    pure("bool IsDefaultPort { get; }", |call| {
        let uri = absolute(call)?;
        Ok((uri.port == default_port(&uri.scheme)).into())
    }),
    pure("bool IsLoopback { get; }", |call| {
        let uri = absolute(call)?;
        let host = uri.host.as_str();
        let own = host == "localhost" || host.starts_with("127.") || host == "[::1]";
        Ok((own || host.is_empty() && uri.scheme == "file").into())
    }),
    pure("string Authority { get; }", |call| {
        Ok(absolute(call)?.authority().into())
    }),
    pure("string UserInfo { get; }", |call| {
        Ok(absolute(call)?.user.as_str().into())
    }),
    pure("string AbsolutePath { get; }", |call| {
        Ok(absolute(call)?.path_shown().into())
    }),
    pure("string LocalPath { get; }", |call| {
        let uri = absolute(call)?;
        let path = escaping::decode(uri.path_shown());
        Ok(
            match (uri.is_drive(), uri.scheme == "file" && !uri.host.is_empty()) {
                (true, _) => path.replace('/', "\\"),
                (_, true) => format!("\\\\{}{}", uri.host, path.replace('/', "\\")),
                _ => path,
            }
            .into(),
        )
    }),
    pure("string Query { get; }", |call| {
        Ok(absolute(call)?.query.as_str().into())
    }),
    pure("string Fragment { get; }", |call| {
        Ok(absolute(call)?.fragment.as_str().into())
    }),
    pure("string PathAndQuery { get; }", |call| {
        let uri = absolute(call)?;
        Ok(format!("{}{}", uri.path_shown(), uri.query).into())
    }),
    member("string[] Segments { get; }", |call| {
        let path = absolute(call)?.path_shown().to_string();
        call.new_array(Array::strings(path.split_inclusive('/').map(Str::from)))
    }),
    pure("string GetLeftPart(UriPartial part)", |call| {
        let uri = absolute(call)?;
        let origin = uri.origin();
        Ok(match call.flags(1) {
            0 if !uri.hierarchical => format!("{}:", uri.scheme),
            0 => format!("{}://", uri.scheme),
            1 if !uri.hierarchical || uri.is_drive() => String::new(),
            1 => origin,
            2 => format!("{origin}{}", uri.path),
            _ => format!("{origin}{}{}", uri.path, uri.query),
        }
        .into())
    }),
    pure(
        "string GetComponents(UriComponents components, UriFormat format)",
        |call| {
            Ok(absolute(call)?
                .components(call.flags(1), call.flags(2))
                .into())
        },
    ),
    pure("bool IsBaseOf(Uri uri)", |call| {
        let base = absolute(call)?;
        let folder = base.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let other = call
            .arg(1)
            .downcast::<Uri>()
            .ok_or_else(|| Throw::argument_null("uri"))?;
        Ok((base.origin() == other.origin() && other.path.starts_with(folder)).into())
    }),
    pure("Uri MakeRelativeUri(Uri uri)", |call| {
        let base = absolute(call)?;
        let Some(other) = call.arg(1).downcast::<Uri>() else {
            return Err(Throw::argument_null("uri"));
        };
        if !other.is_absolute() {
            return Err(Throw::invalid_operation(
                "This operation is not supported for a relative URI.",
            ));
        }
        Ok(match base.relative_to(other) {
            Some(relative) => Value::object(Uri {
                original: relative,
                ..Uri::default()
            }),
            None => call.arg(1).clone(),
        })
    }),
    pure("string ToString()", |call| Ok(this(call)?.display().into())),
    pure("bool Equals(object comparand)", |call| {
        read_work(call)?;
        let other = match call.arg(1) {
            Value::String(text) => create(text, 0).unwrap_or_default(),
            other => other.clone(),
        };
        Ok(ops::equals(call.machine.heap, call.arg(0), &other).into())
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

/// Charges for reading a URI: its parts are looked at several times.
pub(super) fn read_work(call: &mut Call<'_, '_>) -> Result<(), Throw> {
    call.reading_work()?;
    call.reading_work()
}

fn base<'c>(call: &Call<'c, '_>) -> Result<&'c Uri, Throw> {
    let Some(base) = call.arg(0).downcast::<Uri>() else {
        return Err(Throw::argument_null("baseUri"));
    };
    match base.is_absolute() {
        true => Ok(base),
        false => Err(Throw::new(
            "System.ArgumentOutOfRangeException",
            "This operation is not supported for a relative URI. (Parameter 'baseUri')",
        )),
    }
}

fn tried(call: &mut Call<'_, '_>, uri: Option<Value>) -> Result<Value, Throw> {
    let created = uri.is_some();
    call.outs.push(uri.unwrap_or_default());
    Ok(created.into())
}

fn host_kind_value(kind: i64) -> Value {
    Value::Enum(TypeRef(&URI_HOST_NAME_TYPE), kind)
}

fn hex_digit(unit: u16) -> Option<i32> {
    let digit = char::from_u32(unit.into())?.to_digit(16)?;
    i32::try_from(digit).ok()
}

/// The unit that `%XX` at a place stands for.
fn escaped_unit(text: &Str, at: usize) -> Option<u16> {
    let digit = |offset: usize| hex_digit(text.unit(at + offset)?);
    match text.unit(at) {
        Some(0x25) => u16::try_from(digit(1)? * 16 + digit(2)?).ok(),
        _ => None,
    }
}

/// Whether a text is a scheme's name.
pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// A URI; relative if it has no scheme, and then only its text counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Uri {
    pub(super) original: String,
    pub(super) scheme: String,
    pub(super) user: String,
    pub(super) host: String,
    pub(super) port: Option<i32>,
    /// Whether `//` follows the scheme.
    hierarchical: bool,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) fragment: String,
}

impl Object for Uri {
    fn type_of(&self) -> Type {
        Type::plain(&URI)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.display().into())
    }

    fn effort(&self) -> usize {
        self.original.len().saturating_mul(128)
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Uri>();
        other.is_some_and(|other| self.key() == other.key())
    }

    fn hash_code(&self) -> i32 {
        ops::hashed(&self.key())
    }
}

pub(super) fn default_port(scheme: &str) -> Option<i32> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        "ftp" => Some(21),
        "mailto" => Some(25),
        "nntp" => Some(119),
        "gopher" => Some(70),
        "ldap" => Some(389),
        "telnet" => Some(23),
        "net.tcp" => Some(808),
        _ => None,
    }
}

/// Whether a URI of the scheme has to have a host after `//`.
fn needs_host(scheme: &str) -> bool {
    matches!(
        scheme,
        "http" | "https" | "ws" | "wss" | "ftp" | "gopher" | "nntp" | "telnet" | "ldap" | "net.tcp"
    )
}

pub(super) fn wrong(message: &str) -> Throw {
    Throw::new("System.UriFormatException", message)
}

/// The URI of a text, absolute (1), relative (2) or either (0).
pub(crate) fn create(text: &Str, kind: i64) -> Result<Value, Throw> {
    let text = text.to_utf8();
    let relative = || {
        Value::object(Uri {
            original: text.to_string(),
            ..Uri::default()
        })
    };
    // A path or a share is a file, unless it may be relative.
    let share = text.starts_with("\\\\") || text.starts_with("//");
    let drive = is_drive(&text);
    if drive || share || text.starts_with('/') {
        if kind == 2 || kind == 0 && !drive && !text.starts_with("\\\\") {
            return Ok(relative());
        }
        let path = text.replace('\\', "/");
        let uri = match (drive, share) {
            (true, _) => format!("file:///{path}"),
            (_, true) => format!("file:{path}"),
            _ => format!("file://{path}"),
        };
        let mut uri = Uri::parse(&uri)?;
        uri.original = text.to_string();
        return Ok(Value::object(uri));
    }
    match (Uri::parse(&text), kind) {
        (Ok(_), 2) => Err(wrong(
            "A relative URI cannot be created because the 'uriString' parameter represents an absolute URI.",
        )),
        (Ok(uri), _) => Ok(Value::object(uri)),
        // What begins as a URI does, and is wrong then, is no relative one either.
        (Err(throw), 0 | 2) => match Uri::begins(&text) {
            true => Err(throw),
            false => Ok(relative()),
        },
        (Err(throw), _) => Err(throw),
    }
}

/// What `new Uri(text)` gives.
pub fn uri(text: &str) -> Result<Value, Throw> {
    Uri::parse(text).map(Value::object)
}

/// What `new Uri(text).AbsoluteUri` gives: escaped, with dots resolved. `None` where that throws.
pub fn absolute_uri(text: &str) -> Option<String> {
    Uri::parse(text).ok().map(|uri| uri.text())
}

/// Whether a text begins with a drive: `c:\`, `c:/`.
fn is_drive(text: &str) -> bool {
    matches!(text.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Uri, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn absolute<'c>(call: &Call<'c, '_>) -> Result<&'c Uri, Throw> {
    let uri = this(call)?;
    match !uri.is_absolute() {
        true => Err(Throw::invalid_operation(
            "This operation is not supported for a relative URI.",
        )),
        false => Ok(uri),
    }
}

impl Uri {
    pub(super) fn is_absolute(&self) -> bool {
        !self.scheme.is_empty()
    }

    /// Whether its path is on a drive.
    fn is_drive(&self) -> bool {
        self.scheme == "file" && is_drive(self.path.trim_start_matches('/'))
    }

    /// The path, without the slash before a drive.
    pub(super) fn path_shown(&self) -> &str {
        match self.is_drive() {
            true => self.path.trim_start_matches('/'),
            false => &self.path,
        }
    }

    /// Whether a text has a scheme and what makes a host necessary, or a drive's letter.
    fn begins(text: &str) -> bool {
        text.trim().split_once(':').is_some_and(|(scheme, rest)| {
            is_scheme(scheme) && (scheme.len() == 1 || rest.starts_with("//"))
        })
    }

    /// Whether the text it was made of needs no change.
    fn is_well_formed(&self) -> bool {
        let text = self.original.trim();
        let (rest, fragment) = match text.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (text, None),
        };
        if !self.is_absolute() {
            let first = rest.split('/').next().unwrap_or_default();
            return fragment.is_none() && !first.contains(':') && escaping::is_canonical(rest);
        }
        let rest = rest.split_once(':').map_or("", |(_, rest)| rest);
        let path = match rest.strip_prefix("//") {
            Some(rest) => rest.find(['/', '?']).and_then(|place| rest.get(place..)),
            None => Some(rest),
        };
        !text.contains('\\')
            && text.contains(':')
            && escaping::is_canonical(path.unwrap_or_default())
            && fragment
                .is_none_or(|fragment| !fragment.contains('#') && escaping::is_canonical(fragment))
    }

    /// The reference that leads from here to another; `None` if it is elsewhere.
    fn relative_to(&self, other: &Uri) -> Option<String> {
        if self.scheme != other.scheme || self.host != other.host || self.port != other.port {
            return None;
        }
        let (from, to) = (self.path_shown(), other.path_shown());
        let mut same = 0;
        let mut folder = 0;
        for (a, b) in from.bytes().zip(to.bytes()) {
            if a != b {
                break;
            }
            same += 1;
            if a == b'/' {
                folder = same;
            }
        }
        let mut path = String::new();
        if same == 0 {
            path.push_str(to);
        } else if same < from.len() || same < to.len() {
            let rest = from.get(same..).unwrap_or_default();
            for _ in rest.matches('/') {
                path.push_str("../");
            }
            match to.get(folder..).unwrap_or_default() {
                "" if path.is_empty() => path.push_str("./"),
                rest => path.push_str(rest),
            }
        }
        let first = path.split('/').next().unwrap_or_default();
        if first.contains(':') {
            path.insert_str(0, "./");
        }
        Some(format!("{path}{}{}", other.query, other.fragment))
    }

    /// `GetComponents`: some of its parts, escaped (1), not (2), or where that is safe (3).
    fn components(&self, wanted: i64, format: i64) -> String {
        const KEEP: i64 = 0x4000_0000;
        let has = |flag: i64| wanted & flag != 0;
        let only = |flag: i64| wanted == flag;
        let mut text = String::new();
        if has(1) {
            text.push_str(&self.scheme);
            if !only(1) {
                text.push_str(if self.hierarchical { "://" } else { ":" });
            }
        }
        if has(2) && !self.user.is_empty() {
            text.push_str(&self.user);
            if !only(2) {
                text.push('@');
            }
        }
        if has(4) || has(256) {
            text.push_str(&self.host);
        }
        let port = self
            .port
            .filter(|port| has(128) || has(8) && Some(*port) != default_port(&self.scheme));
        if let Some(port) = port {
            if !(only(8) || only(128)) {
                text.push(':');
            }
            text.push_str(&port.to_string());
        }
        if has(16) {
            let path = self.path_shown();
            text.push_str(match only(16) {
                true => path.strip_prefix('/').unwrap_or(path),
                false if has(4) || text.is_empty() || wanted == 16 | KEEP => {
                    if self.is_drive() && has(1) {
                        &self.path
                    } else {
                        path
                    }
                }
                false => path,
            });
        }
        if has(32) {
            text.push_str(match only(32) {
                true => self.query.strip_prefix('?').unwrap_or_default(),
                false => &self.query,
            });
        }
        if has(64) {
            text.push_str(match only(64) {
                true => self.fragment.strip_prefix('#').unwrap_or_default(),
                false => &self.fragment,
            });
        }
        match format {
            2 => escaping::decode(&text),
            3 => shown(&text),
            _ => text,
        }
    }

    pub(super) fn parse(text: &str) -> Result<Uri, Throw> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(wrong("Invalid URI: The URI is empty."));
        }
        let unclear = || wrong("Invalid URI: The format of the URI could not be determined.");
        let (scheme, rest) = trimmed.split_once(':').ok_or_else(unclear)?;
        // A letter alone is a drive.
        if !is_scheme(scheme) || scheme.len() == 1 {
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
            None if needs_host(&uri.scheme) => return Err(unclear()),
            None if uri.scheme == "mailto" => {
                let end = rest.find(['?', '#']).unwrap_or(rest.len());
                let (address, rest) = rest.split_at_checked(end).ok_or_else(unclear)?;
                match address.rsplit_once('@') {
                    Some((user, host)) => {
                        uri.user = user.into();
                        uri.host = host.to_lowercase();
                    }
                    None => uri.path = escaping::canonical(address),
                }
                uri.port = default_port("mailto");
                let path = std::mem::take(&mut uri.path);
                uri.set_path(rest);
                uri.path = path;
                return Ok(uri);
            }
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
        let unreadable = || wrong("Invalid URI: The hostname could not be parsed.");
        if host.is_empty() && (needs_host(&self.scheme) || !port.is_empty()) {
            return Err(unreadable());
        }
        self.user = user.into();
        self.host = host::canonical(host).ok_or_else(unreadable)?;
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
        let cut = |text, sign| match str::split_once(text, sign) {
            Some((text, rest)) => (text, Some(rest)),
            None => (text, None),
        };
        let (rest, fragment) = cut(rest, '#');
        let (path, query) = cut(rest, '?');
        let with_sign = |sign: char, text: Option<&str>| match text {
            None => String::new(),
            Some(text) => format!("{sign}{}", escaping::canonical(text)),
        };
        self.query = with_sign('?', query);
        self.fragment = with_sign('#', fragment);
        self.path = match self.hierarchical {
            true => without_dots(&escaping::canonical(&path.replace('\\', "/"))),
            false => escaping::canonical(path),
        };
    }

    fn join(&self, relative: &str) -> Result<Uri, Throw> {
        if let Ok(uri) = Uri::parse(relative) {
            return Ok(uri);
        }
        let mut uri = self.clone();
        let relative = relative.trim();
        // `http:g`, as older rules had it, is relative to a base of that scheme.
        let relative = match relative.split_once(':') {
            Some((scheme, rest))
                if scheme.eq_ignore_ascii_case(&self.scheme) && !rest.starts_with("//") =>
            {
                rest
            }
            _ => relative,
        };
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
        if self.scheme == "mailto" {
            return format!("mailto:{user}{}", self.host);
        }
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
        shown(&self.text())
    }
}

/// A URI's text with what is safe to show unescaped.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
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
                        '%' | '#' | '?' | '/' | '\\' | '@' | ':' | ';' | '&' | '=' | '+' | '$'
                        | ',' => {
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
