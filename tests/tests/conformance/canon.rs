//! Values as the vectors write them down.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value as Json, json};
use tollgate_dotnet::{
    Array, Call, Exception, Machine, MemberKind, Record, Throw, Type, TypeKind, Value, ops,
};

/// `type`, `value` and `string` of a result.
pub(crate) fn outcome(
    machine: &mut Machine<'_>,
    value: &Value,
) -> Result<Vec<(String, Json)>, Throw> {
    let canonical = canonical(machine, value, 0)?;
    let (ty, string) = if value.is_null() {
        (Json::Null, Json::Null)
    } else {
        let ty = type_name(&ops::type_of(machine, value));
        let string = ops::to_text(machine, value)?.to_utf8().into_owned();
        (ty.into(), string.into())
    };
    Ok(vec![
        ("type".into(), ty),
        ("value".into(), canonical),
        ("string".into(), string),
    ])
}

/// Whether two such values are the same: numbers by value, exceptions without their messages.
pub(crate) fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            // Numbers are read from text to within the last bit.
            let near = |a: f64, b: f64| (a - b).abs() <= f64::EPSILON * a.abs();
            let floats = a.as_f64().zip(b.as_f64());
            a == b || (a.is_f64() || b.is_f64()) && floats.is_some_and(|(a, b)| near(a, b))
        }
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Json::Object(b)) => {
            let keys = |of: &Map<String, Json>| {
                let mut keys: Vec<_> = of.keys().filter(|key| *key != "message").cloned().collect();
                keys.sort();
                keys
            };
            keys(a) == keys(b) && keys(a).iter().all(|key| same(&a[key], &b[key]))
        }
        _ => a == b,
    }
}

/// Whether a type is one of .NET's own behind an interface, of which only the interface is kept.
pub(crate) fn is_hidden(ty: &str) -> bool {
    ["(sequence)", "Collection<", "<Convert>"]
        .iter()
        .any(|part| ty.contains(part))
}

fn canonical(machine: &mut Machine<'_>, value: &Value, depth: u32) -> Result<Json, Throw> {
    if depth > 12 {
        return Ok("(deep)".into());
    }
    let float = |number: f64, text: String| {
        if number.is_finite() {
            json!(number)
        } else {
            text.into()
        }
    };
    let text = ops::to_text(machine, value)?.to_utf8().into_owned();
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => json!(truth),
        Value::Single(number) => float((*number).into(), text),
        Value::Double(number) => float(*number, text),
        Value::UInt64(_)
        | Value::Decimal(_)
        | Value::Char(_)
        | Value::String(_)
        | Value::Guid(_)
        | Value::TimeSpan(_)
        | Value::Enum(..) => text.into(),
        Value::DateTime(..) | Value::DateTimeOffset(..) => {
            let round_trip = to_string(machine, value, Value::string("o"))?;
            ops::to_text(machine, &round_trip)?.to_utf8().into()
        }
        Value::Object(_) | Value::Ref(_) | Value::Host(_) => object(machine, value, text, depth)?,
        integer => json!(i64::try_from(integer.as_integer().unwrap_or(0)).unwrap_or(0)),
    })
}

fn object(
    machine: &mut Machine<'_>,
    value: &Value,
    text: String,
    depth: u32,
) -> Result<Json, Throw> {
    let ty = ops::type_of(machine, value);
    let is = |name: &str| {
        let registry = machine.host.registry();
        let named = registry.parse_type(name);
        named.is_some_and(|named| registry.is_assignable(&ty, &named))
    };
    if is("Newtonsoft.Json.Linq.JToken") {
        let formatting = machine
            .host
            .registry()
            .find("Newtonsoft.Json.Formatting", 0);
        let none = Value::Enum(formatting.unwrap(), 0);
        let compact = to_string(machine, value, none)?;
        return Ok(ops::to_text(machine, &compact)?.to_utf8().into());
    }
    if is("System.Xml.Linq.XObject") || is("System.Uri") {
        return Ok(text.into());
    }
    if let Some(exception) = value.downcast::<Exception>() {
        return Ok(json!({"$exception": exception.type_name, "message": exception.message}));
    }
    if let Some(bytes) = machine.heap.of::<Array>(value).and_then(Array::as_bytes) {
        return Ok(BASE64_STANDARD.encode(bytes).into());
    }
    if let Some(record) = Record::of(value) {
        let mut fields = Vec::new();
        for field in record.fields() {
            fields.push(canonical(machine, field, depth + 1)?);
        }
        return Ok(match &ty {
            Type::Anonymous(properties) => {
                let names = properties.iter().map(|(name, _)| name.to_string());
                json!({"$obj": names.zip(fields).collect::<Map<_, _>>()})
            }
            Type::Named(table, _) if table.simple_name() == "KeyValuePair" => {
                json!({"k": fields[0], "v": fields[1]})
            }
            _ => json!({"$tuple": fields}),
        });
    }
    let grouping = ops_bases(machine, &ty)
        .into_iter()
        .find(|base| matches!(base.table(), Some(table) if table.simple_name() == "IGrouping"));
    if let Some(grouping) = grouping {
        let key = get(machine, &grouping, value, "Key")?;
        return Ok(json!({
            "key": canonical(machine, &key, depth + 1)?,
            "items": sequence(machine, value, depth)?
        }));
    }
    if is("System.Collections.IEnumerable") {
        return sequence(machine, value, depth);
    }
    Ok(text.into())
}

/// The type itself, its base classes and interfaces.
fn ops_bases(machine: &Machine<'_>, ty: &Type) -> Vec<Type> {
    let mut bases = machine.host.registry().bases(ty);
    bases.insert(0, ty.clone());
    bases
}

fn sequence(machine: &mut Machine<'_>, value: &Value, depth: u32) -> Result<Json, Throw> {
    let mut items = Vec::new();
    let mut elements = ops::iterate(machine, value)?;
    while let Some(element) = elements.next(machine)? {
        items.push(canonical(machine, &element, depth + 1)?);
    }
    Ok(items.into())
}

/// `value.ToString(argument)`.
fn to_string(machine: &mut Machine<'_>, value: &Value, argument: Value) -> Result<Value, Throw> {
    let ty = ops::type_of(machine, value);
    let wanted = ops::type_of(machine, &argument);
    let found = machine.host.registry().lookup(&ty, "ToString");
    let native = found
        .iter()
        .find(|found| match &*found.info.parameters {
            [only] => only.ty == wanted,
            [first, rest @ ..] => first.ty == wanted && rest.iter().all(|p| p.default.is_some()),
            [] => false,
        })
        .map(|found| found.info.member.native)
        .ok_or_else(|| Throw::not_supported(format!("{ty}.ToString({wanted})")))?;
    call(machine, native, &[value.clone(), argument], &ty)
}

fn get(
    machine: &mut Machine<'_>,
    ty: &Type,
    value: &Value,
    property: &str,
) -> Result<Value, Throw> {
    let found = machine.host.registry().lookup(ty, property);
    let native = found
        .iter()
        .find(|found| found.info.kind == MemberKind::Getter)
        .map(|found| found.info.member.native)
        .ok_or_else(|| Throw::not_supported(format!("{ty}.{property}")))?;
    call(machine, native, std::slice::from_ref(value), ty)
}

fn call(
    machine: &mut Machine<'_>,
    native: tollgate_dotnet::Native,
    arguments: &[Value],
    ty: &Type,
) -> Result<Value, Throw> {
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
            let commas = ",".repeat(usize::from(*rank) - 1);
            format!("{}[{commas}]", type_name(element))
        }
        Type::Tuple(items) => {
            let items = items.iter().map(|(item, _)| type_name(item)).collect();
            format!("System.ValueTuple{}", list(items))
        }
        Type::Nullable(inner) => format!("System.Nullable<{}>", type_name(inner)),
        // .NET's own classes behind these interfaces are not public.
        Type::Named(table, _)
            if table.kind == TypeKind::Interface && table.full_name().starts_with("System.") =>
        {
            "(sequence)".into()
        }
        Type::Named(table, arguments) if arguments.is_empty() => table.full_name().into(),
        Type::Named(table, arguments) => {
            let arguments = arguments.iter().map(type_name).collect();
            format!("{}{}", table.full_name(), list(arguments))
        }
        other => other.net_name(),
    }
}
