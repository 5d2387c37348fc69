//! `System.UriBuilder`.

use super::escaping;
use super::uri::{Uri, create, is_scheme, read_work, wrong};
use crate::heap::{Heap, HeapObject};
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// A property of text: its getter, and a setter that changes what it is given.
macro_rules! property {
    ($get:literal, $set:literal, $field:ident, $change:expr) => {
        [
            member($get, |call| Ok(this(call)?.$field.as_str().into())),
            member($set, |call| {
                read_work(call)?;
                let text = call.opt_str(1).map(Str::to_utf8).unwrap_or_default();
                let change: fn(&str) -> Result<String, Throw> = $change;
                let text = change(&text)?;
                call.machine.heap.charge(text.len())?;
                this_mut(call)?.$field = text;
                Ok(Value::Null)
            }),
        ]
    };
}

const SCHEME: [crate::Member; 2] = property!(
    "string Scheme { get; }",
    "string Scheme { set; }",
    scheme,
    scheme
);
const HOST: [crate::Member; 2] =
    property!("string Host { get; }", "string Host { set; }", host, host);
const PATH: [crate::Member; 2] =
    property!("string Path { get; }", "string Path { set; }", path, path);
const QUERY: [crate::Member; 2] = property!(
    "string Query { get; }",
    "string Query { set; }",
    query,
    |text| { Ok(marked('?', text)) }
);
const FRAGMENT: [crate::Member; 2] = property!(
    "string Fragment { get; }",
    "string Fragment { set; }",
    fragment,
    |text| Ok(marked('#', text))
);
const USER: [crate::Member; 2] = property!(
    "string UserName { get; }",
    "string UserName { set; }",
    user,
    |text| Ok(text.into())
);
const PASSWORD: [crate::Member; 2] = property!(
    "string Password { get; }",
    "string Password { set; }",
    password,
    |text| Ok(text.into())
);

/// `System.UriBuilder`.
pub(super) static URI_BUILDER: TypeDef = TypeDef {
    name: "System.UriBuilder",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("new()", |call| {
            call.machine.heap.alloc(UriBuilder::default())
        }),
        member("new(string uri)", |call| {
            read_work(call)?;
            let text = call.text(0, "uri")?;
            let mut uri = create(text, 0)?;
            if uri.downcast::<Uri>().is_some_and(|uri| !uri.is_absolute()) {
                uri = create(&format!("http://{}", text.to_utf8()).into(), 1)?;
            }
            of(call, &uri)
        }),
        member("new(Uri uri)", |call| {
            let uri = call.arg(0).clone();
            match uri {
                Value::Null => Err(Throw::argument_null("uri")),
                uri => of(call, &uri),
            }
        }),
        member("new(string schemeName, string hostName)", made),
        member("new(string scheme, string host, int portNumber)", made),
        member(
            "new(string scheme, string host, int port, string pathValue)",
            made,
        ),
        member(
            "new(string scheme, string host, int port, string path, string extraValue)",
            made,
        ),
        SCHEME[0],
        SCHEME[1],
        HOST[0],
        HOST[1],
        PATH[0],
        PATH[1],
        QUERY[0],
        QUERY[1],
        FRAGMENT[0],
        FRAGMENT[1],
        USER[0],
        USER[1],
        PASSWORD[0],
        PASSWORD[1],
        member("int Port { get; }", |call| {
            Ok(Value::Int32(this(call)?.port))
        }),
        member("int Port { set; }", |call| {
            let port = port(call.int(1)?)?;
            this_mut(call)?.port = port;
            Ok(Value::Null)
        }),
        member("Uri Uri { get; }", |call| {
            let text = this(call)?.text()?;
            create(&text.into(), 1)
        }),
        member("string ToString()", |call| {
            let text = this(call)?.text()?;
            call.new_text(text)
        }),
        member("bool Equals(object rparam)", |call| {
            let mine = create(&this(call)?.text()?.into(), 1)?;
            let other = call.machine.heap.of::<UriBuilder>(call.arg(1));
            let Some(other) = other else {
                return Ok(Value::Bool(false));
            };
            let other = create(&other.text()?.into(), 1)?;
            Ok(ops::equals(call.machine.heap, &mine, &other).into())
        }),
    ],
};

/// The parts of a URI, to be changed.
#[derive(Debug)]
struct UriBuilder {
    scheme: String,
    user: String,
    password: String,
    host: String,
    port: i32,
    path: String,
    query: String,
    fragment: String,
}

impl Default for UriBuilder {
    fn default() -> Self {
        UriBuilder {
            scheme: "http".into(),
            user: String::new(),
            password: String::new(),
            host: "localhost".into(),
            port: -1,
            path: "/".into(),
            query: String::new(),
            fragment: String::new(),
        }
    }
}

impl HeapObject for UriBuilder {
    fn type_of(&self) -> Type {
        Type::plain(&URI_BUILDER)
    }

    fn to_text(&self, _heap: &Heap) -> Result<Option<Str>, Throw> {
        self.text().map(|text| Some(text.into()))
    }
}

impl UriBuilder {
    fn text(&self) -> Result<String, Throw> {
        if self.user.is_empty() && !self.password.is_empty() {
            return Err(wrong(
                "Invalid URI: The username:password construct is badly formed.",
            ));
        }
        let mut text = String::new();
        if !self.scheme.is_empty() {
            text.push_str(&self.scheme);
            text.push_str(match self.scheme.as_str() {
                "mailto" | "news" => ":",
                _ => "://",
            });
        }
        if !self.user.is_empty() {
            text.push_str(&self.user);
            if !self.password.is_empty() {
                text.push(':');
                text.push_str(&self.password);
            }
            text.push('@');
        }
        if !self.host.is_empty() {
            text.push_str(&self.host);
            if self.port != -1 {
                text.push_str(&format!(":{}", self.port));
            }
            if !self.path.is_empty() && !self.path.starts_with('/') {
                text.push('/');
            }
        }
        text.push_str(&self.path);
        text.push_str(&self.query);
        text.push_str(&self.fragment);
        Ok(text)
    }
}

fn this<'a>(call: &'a Call<'_, '_>) -> Result<&'a UriBuilder, Throw> {
    let heap = &call.machine.heap;
    let this = heap.of::<UriBuilder>(call.arg(0));
    let this = this.ok_or_else(Throw::null_reference)?;
    let length = this.path.len() + this.query.len() + this.fragment.len() + this.host.len();
    heap.spend(length.saturating_mul(128));
    Ok(this)
}

fn this_mut<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut UriBuilder, Throw> {
    let value = call.arg(0);
    call.machine
        .heap
        .of_mut(value)
        .ok_or_else(Throw::null_reference)
}

/// A text with its sign before it, unless it is empty.
fn marked(sign: char, text: &str) -> String {
    match text {
        "" => String::new(),
        text if text.starts_with(sign) => text.into(),
        text => format!("{sign}{text}"),
    }
}

fn scheme(text: &str) -> Result<String, Throw> {
    let name = text.split(':').next().unwrap_or_default();
    match name.is_empty() || is_scheme(name) {
        true => Ok(name.to_ascii_lowercase()),
        false => Err(Throw::argument(
            "Invalid URI: The URI scheme is not valid. (Parameter 'value')",
        )),
    }
}

fn host(text: &str) -> Result<String, Throw> {
    Ok(match text.contains(':') && !text.starts_with('[') {
        true => format!("[{text}]"),
        false => text.into(),
    })
}

fn path(text: &str) -> Result<String, Throw> {
    Ok(match text {
        "" => "/".into(),
        text => escaping::canonical(&text.replace('\\', "/")),
    })
}

fn port(number: i32) -> Result<i32, Throw> {
    match number {
        -1..=65535 => Ok(number),
        _ => Err(Throw::argument_out_of_range(
            "Specified argument was out of the range of valid values. (Parameter 'value')",
        )),
    }
}

/// A builder of a URI's parts.
fn of(call: &mut Call<'_, '_>, uri: &Value) -> Result<Value, Throw> {
    let Some(uri) = uri.downcast::<Uri>() else {
        return Err(Throw::null_reference());
    };
    if !uri.is_absolute() {
        return Err(Throw::invalid_operation(
            "This operation is not supported for a relative URI.",
        ));
    }
    let (user, password) = uri.user.split_once(':').unwrap_or((&uri.user, ""));
    call.machine.heap.alloc(UriBuilder {
        scheme: uri.scheme.clone(),
        user: user.into(),
        password: password.into(),
        host: uri.host.clone(),
        port: uri.port.unwrap_or(-1),
        path: uri.path.clone(),
        query: uri.query.clone(),
        fragment: uri.fragment.clone(),
    })
}

/// A builder of the parts in the arguments.
fn made(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    read_work(call)?;
    let text = |index: usize| call.opt_str(index).map(Str::to_utf8).unwrap_or_default();
    let mut builder = UriBuilder {
        scheme: scheme(&text(0))?,
        host: host(&text(1))?,
        ..UriBuilder::default()
    };
    if let Value::Int32(number) = call.arg(2) {
        builder.port = port(*number)?;
    }
    if call.arguments.len() > 3 {
        builder.path = path(&text(3))?;
    }
    let extra = text(4);
    match extra.chars().next() {
        None => {}
        Some('#') => builder.fragment = extra.into(),
        Some('?') => match extra.split_once('#') {
            Some((query, fragment)) => {
                builder.query = query.into();
                builder.fragment = format!("#{fragment}");
            }
            None => builder.query = extra.into(),
        },
        Some(_) => {
            return Err(Throw::argument(
                "Extra portion of URI not valid. (Parameter 'extraValue')",
            ));
        }
    }
    call.machine.heap.alloc(builder)
}
