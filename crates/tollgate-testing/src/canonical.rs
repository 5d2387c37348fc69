//! Values as files of results write them down.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;
use tollgate_dotnet::{
    Array, Call, Exception, Machine, MemberKind, Native, Record, Str, Throw, Type, TypeKind, Value,
    ops,
};

/// A value written down so that equal values give equal text: JSON that keeps the order of properties, .NET's way of
/// writing floating-point numbers, and lone surrogates.
///
/// | of | it is |
/// |---|---|
/// | `bool`, `string`, `null` | itself |
/// | integers but `ulong` | a number |
/// | `float`, `double` | a number; what is not finite as text |
/// | `ulong`, `decimal`, `char`, `Guid`, `TimeSpan`, enums | text |
/// | `DateTime`, `DateTimeOffset` | text, round-trip (`o`) |
/// | `byte[]` | Base64 |
/// | `JToken` | JSON as text, in one line |
/// | `XObject` | XML as text |
/// | `Uri` | `OriginalString` |
/// | exceptions | `{"$exception": TYPE, "message"}` |
/// | `KeyValuePair` | `{"k", "v"}` |
/// | tuples | `{"$tuple": […]}` |
/// | anonymous objects | `{"$obj": {…}}` |
/// | `IGrouping` | `{"key", "items"}` |
/// | what is enumerable | an array; after 5,000 elements `"(more)"`, twelve deep `"(deep)"` |
/// | all else | its text |
#[derive(Debug, Clone, PartialEq)]
pub enum Canonical {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// Text.
    Text(Str),
    /// Elements.
    Array(Vec<Canonical>),
    /// Names and values in their order.
    Object(Vec<(Str, Canonical)>),
}

/// How deep values are written down.
const DEPTH: u32 = 12;
/// How many elements are.
const ELEMENTS: usize = 5_000;

impl Canonical {
    /// Writes a value down. Enumerates what is lazy: what that throws is thrown here, and the limits hold.
    ///
    /// # Errors
    /// The value's own code throws, or a limit is passed.
    pub fn of(machine: &mut Machine<'_>, value: &Value) -> Result<Canonical, Throw> {
        canonical(machine, value, 0)
    }

    /// The same for `serde_json`; each lone surrogate becomes U+FFFD.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(truth) => (*truth).into(),
            Self::Number(text) => text.parse().map_or(Json::Null, Json::Number),
            Self::Text(text) => text.to_utf8().into(),
            Self::Array(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(properties) => {
                let pairs = properties.iter();
                let pairs =
                    pairs.map(|(name, value)| (name.to_utf8().into_owned(), value.to_json()));
                Json::Object(pairs.collect())
            }
        }
    }
}

/// JSON in one line of ASCII: all else is escaped, so that lone surrogates survive.
impl fmt::Display for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = |f: &mut fmt::Formatter<'_>, index: usize| {
            f.write_str(if index == 0 { "" } else { "," })
        };
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => write_text(f, text),
            Self::Array(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    comma(f, index)?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(properties) => {
                f.write_str("{")?;
                for (index, (name, value)) in properties.iter().enumerate() {
                    comma(f, index)?;
                    write_text(f, name)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &Str) -> fmt::Result {
    f.write_str("\"")?;
    for unit in text.units() {
        match char::from_u32(unit.into()) {
            Some('"') => f.write_str("\\\"")?,
            Some('\\') => f.write_str("\\\\")?,
            Some('\n') => f.write_str("\\n")?,
            Some('\r') => f.write_str("\\r")?,
            Some('\t') => f.write_str("\\t")?,
            Some('\u{8}') => f.write_str("\\b")?,
            Some('\u{c}') => f.write_str("\\f")?,
            Some(ascii @ ' '..='~') => write!(f, "{ascii}")?,
            _ => write!(f, "\\u{unit:04x}")?,
        }
    }
    f.write_str("\"")
}

/// .NET's name of a value's type, `None` of `null`; and what `Convert.ToString` gives.
pub(crate) fn type_and_string(
    machine: &Machine<'_>,
    value: &Value,
) -> Result<(Option<String>, Canonical), Throw> {
    if value.is_null() {
        return Ok((None, Canonical::Null));
    }
    let ty = ops::type_of(machine, value);
    if let Some(dictionary) = host_dictionary(machine, &ty) {
        let string = Canonical::Text(dictionary.net_name().into());
        return Ok((Some(type_name(&dictionary)), string));
    }
    // .NET's own classes behind these interfaces are not public, and their texts are not told.
    let hidden = ty.table().is_some_and(|table| {
        table.kind == TypeKind::Interface && table.full_name().starts_with("System.")
    });
    if hidden {
        let string = Canonical::Text("(unspecified)".into());
        return Ok((Some("(sequence)".into()), string));
    }
    let string = Canonical::Text(ops::to_text(machine, value)?);
    Ok((Some(type_name(&ty)), string))
}

/// The dictionaries of `context` have types of our own, which nobody can name; .NET's stands for them.
fn host_dictionary(machine: &Machine<'_>, ty: &Type) -> Option<Type> {
    let registry = machine.host.registry();
    let table = ty.table()?;
    if table.full_name().starts_with("System.") {
        return None;
    }
    let bases = registry.bases(ty);
    let interface = (bases.iter()).find(
        |base| matches!(base.table(), Some(table) if table.simple_name() == "IReadOnlyDictionary"),
    )?;
    let dictionary = registry.find("System.Collections.Generic.Dictionary", 2)?;
    Some(Type::generic(dictionary.0, interface.arguments()))
}

fn canonical(machine: &mut Machine<'_>, value: &Value, depth: u32) -> Result<Canonical, Throw> {
    if depth > DEPTH {
        return Ok(Canonical::Text("(deep)".into()));
    }
    machine.step(1)?;
    let text = |machine: &Machine<'_>| ops::to_text(machine, value);
    Ok(match value {
        Value::Null => Canonical::Null,
        Value::Bool(truth) => Canonical::Bool(*truth),
        Value::Single(number) => float(machine, (*number).into())?,
        Value::Double(number) => float(machine, *number)?,
        Value::UInt64(_)
        | Value::Decimal(_)
        | Value::Char(_)
        | Value::String(_)
        | Value::Guid(_)
        | Value::TimeSpan(_)
        | Value::Enum(..) => Canonical::Text(text(machine)?),
        Value::DateTime(..) | Value::DateTimeOffset(..) => {
            Canonical::Text(ops::format(machine, value, "o")?)
        }
        Value::Object(_) | Value::Ref(_) | Value::Host(_) => {
            let written = object(machine, value, depth)?;
            if let Canonical::Text(text) = &written {
                machine.heap.charge(text.size())?;
            }
            written
        }
        integer => Canonical::Number(integer.as_integer().unwrap_or(0).to_string()),
    })
}

/// A floating-point number as Newtonsoft writes it: `1.0`, `0.1`, `1E+16`.
fn float(machine: &Machine<'_>, number: f64) -> Result<Canonical, Throw> {
    let text = ops::to_text(machine, &number.into())?;
    let utf8 = text.to_utf8();
    Ok(if !number.is_finite() {
        Canonical::Text(text)
    } else if utf8.contains(['.', 'E']) {
        Canonical::Number(utf8.into_owned())
    } else {
        Canonical::Number(format!("{utf8}.0"))
    })
}

fn object(machine: &mut Machine<'_>, value: &Value, depth: u32) -> Result<Canonical, Throw> {
    let ty = ops::type_of(machine, value);
    let is = |machine: &Machine<'_>, name: &str| {
        let registry = machine.host.registry();
        let named = registry.parse_type(name);
        named.is_some_and(|named| registry.is_assignable(&ty, &named))
    };
    if is(machine, "Newtonsoft.Json.Linq.JToken") {
        return compact(machine, value, &ty).map(Canonical::Text);
    }
    if is(machine, "System.Uri") {
        let original = get(machine, &ty, value, "OriginalString")?;
        return ops::to_text(machine, &original).map(Canonical::Text);
    }
    if is(machine, "System.Xml.Linq.XObject") {
        return ops::to_text(machine, value).map(Canonical::Text);
    }
    if let Some(exception) = value.downcast::<Exception>() {
        return Ok(Canonical::Object(vec![
            (
                "$exception".into(),
                Canonical::Text(exception.type_name.into()),
            ),
            (
                "message".into(),
                Canonical::Text(exception.message.as_str().into()),
            ),
        ]));
    }
    if let Some(bytes) = machine.heap.of::<Array>(value).and_then(Array::as_bytes) {
        return Ok(Canonical::Text(BASE64_STANDARD.encode(bytes).into()));
    }
    if let Some(record) = Record::of(value) {
        return fields(machine, record, &ty, depth);
    }
    let mut bases = machine.host.registry().bases(&ty).into_owned();
    bases.insert(0, ty.clone());
    let grouping = bases
        .iter()
        .find(|base| matches!(base.table(), Some(table) if table.simple_name() == "IGrouping"));
    if let Some(grouping) = grouping {
        let key = get(machine, grouping, value, "Key")?;
        return Ok(Canonical::Object(vec![
            ("key".into(), canonical(machine, &key, depth + 1)?),
            ("items".into(), sequence(machine, value, depth)?),
        ]));
    }
    if is(machine, "System.Collections.IEnumerable") {
        return sequence(machine, value, depth);
    }
    ops::to_text(machine, value).map(Canonical::Text)
}

/// Tuples, anonymous objects, key-value pairs.
fn fields(
    machine: &mut Machine<'_>,
    record: &Record,
    ty: &Type,
    depth: u32,
) -> Result<Canonical, Throw> {
    let mut fields = Vec::new();
    for field in record.fields() {
        fields.push(canonical(machine, field, depth + 1)?);
    }
    let one = |name: &str, of: Canonical| Canonical::Object(vec![(name.into(), of)]);
    Ok(match ty {
        Type::Anonymous(properties) => {
            let names = properties.iter().map(|(name, _)| Str::from(&**name));
            one("$obj", Canonical::Object(names.zip(fields).collect()))
        }
        Type::Named(table, _) if table.simple_name() == "KeyValuePair" => {
            let names = ["k".into(), "v".into()];
            Canonical::Object(names.into_iter().zip(fields).collect())
        }
        _ => one("$tuple", Canonical::Array(nested(fields))),
    })
}

/// The fields of a tuple as .NET has them: beyond the seventh they are a tuple of their own.
fn nested(mut fields: Vec<Canonical>) -> Vec<Canonical> {
    if fields.len() > 7 {
        let rest = fields.split_off(7);
        let rest = Canonical::Array(nested(rest));
        fields.push(Canonical::Object(vec![("$tuple".into(), rest)]));
    }
    fields
}

fn sequence(machine: &mut Machine<'_>, value: &Value, depth: u32) -> Result<Canonical, Throw> {
    let mut items = Vec::new();
    let mut elements = ops::iterate(machine, value)?;
    while let Some(element) = elements.next(machine)? {
        if items.len() == ELEMENTS {
            items.push(Canonical::Text("(more)".into()));
            break;
        }
        machine.heap.charge(size_of::<Canonical>())?;
        items.push(canonical(machine, &element, depth + 1)?);
    }
    Ok(Canonical::Array(items))
}

/// `token.ToString(Formatting.None)`.
fn compact(machine: &mut Machine<'_>, value: &Value, ty: &Type) -> Result<Str, Throw> {
    let registry = machine.host.registry();
    let none = registry
        .find("Newtonsoft.Json.Formatting", 0)
        .map_or(Value::Null, |formatting| Value::Enum(formatting, 0));
    let wanted = ops::type_of(machine, &none);
    let native = registry
        .lookup(ty, "ToString")
        .iter()
        .find(|found| {
            let first = found.info.parameters.first();
            first.is_some_and(|first| first.ty == wanted)
        })
        .map(|found| found.info.member.native);
    let text = call(machine, native, &[value.clone(), none], ty)?;
    ops::to_text(machine, &text)
}

/// The value of a property.
fn get(
    machine: &mut Machine<'_>,
    ty: &Type,
    value: &Value,
    property: &str,
) -> Result<Value, Throw> {
    let found = machine.host.registry().lookup(ty, property);
    let getter = found
        .iter()
        .find(|found| found.info.kind == MemberKind::Getter);
    let native = getter.map(|found| found.info.member.native);
    call(machine, native, std::slice::from_ref(value), ty)
}

fn call(
    machine: &mut Machine<'_>,
    native: Option<Native>,
    arguments: &[Value],
    ty: &Type,
) -> Result<Value, Throw> {
    let native =
        native.ok_or_else(|| Throw::not_supported(format!("{ty} cannot be written down")))?;
    native(&mut Call {
        machine,
        arguments,
        types: ty.arguments(),
        prepared: None,
        outs: Default::default(),
    })
}

/// The full name with generic arguments: `System.Collections.Generic.List<System.Int32>`.
fn type_name(ty: &Type) -> String {
    let list = |types: Vec<String>| format!("<{}>", types.join(","));
    match ty {
        Type::Anonymous(_) => "anonymous".into(),
        Type::Array(element, rank) => {
            let commas = ",".repeat(usize::from(*rank).saturating_sub(1));
            format!("{}[{commas}]", type_name(element))
        }
        Type::Tuple(items) => {
            let items = items.iter().map(|(item, _)| type_name(item)).collect();
            tuple_name(items)
        }
        Type::Nullable(inner) => format!("System.Nullable<{}>", type_name(inner)),
        Type::Named(table, arguments) if arguments.is_empty() => table.full_name().into(),
        Type::Named(table, arguments) => {
            let arguments = arguments.iter().map(type_name).collect();
            format!("{}{}", table.full_name().replace('+', "."), list(arguments))
        }
        other => other.net_name(),
    }
}

/// The name of a tuple: beyond the seventh element the rest is a tuple of its own.
fn tuple_name(mut items: Vec<String>) -> String {
    if items.len() > 7 {
        let rest = items.split_off(7);
        items.push(tuple_name(rest));
    }
    format!("System.ValueTuple<{}>", items.join(","))
}
