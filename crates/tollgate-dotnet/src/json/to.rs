//! Tokens as .NET values: `ToObject<T>` and `DeserializeObject<T>`.

use super::convert;
use super::kind::Kind;
use super::settings::{Comments, Duplicates, Numbers, Reading, Settings, Strings};
use super::token::{Node, Token, copy, depth, descend, get, member_of, path};
use super::typed::{Source, plain};
use super::value::Bytes;
use super::{jobject, read};
use crate::collections::{self, Array, Dictionary, HashSet, KeyComparer, List};
use crate::heap::{Heap, HeapId};
use crate::machine::Machine;
use crate::ops;
use crate::record::Record;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// `ToObject<T>`: a cast where a token has one, or else what the serializer makes of it.
pub(crate) fn object(machine: &mut Machine<'_>, id: HeapId, ty: &Type) -> Result<Value, Throw> {
    let target = match ty {
        Type::Nullable(inner) => &**inner,
        other => other,
    };
    let token = get(machine.heap, id)?;
    let kind = token.kind();
    let number = match (&token.node, target.table()) {
        (Node::Value(Kind::Integer, value), Some(table)) if target.is_enum() => {
            let number = value.as_integer().and_then(|number| number.try_into().ok());
            number.map(|number| Value::Enum(table, number))
        }
        _ => None,
    };
    if let Some(value) = number {
        return Ok(value);
    }
    if convert::has_cast(target) {
        return convert::cast(machine.heap, &Value::Ref(id), ty);
    }
    let settings = Settings::default();
    let made = Maker {
        source: Source::Tokens,
        settings: &settings,
    }
    .value(machine, id, ty, depth());
    match target.is_enum() && kind == Kind::String {
        true => made.map_err(|throw| Throw::argument(throw.exception().message.clone())),
        false => made,
    }
}

/// `DeserializeObject<T>`.
pub(crate) fn deserialize(
    machine: &mut Machine<'_>,
    text: &Str,
    ty: &Type,
    settings: &Settings,
) -> Result<Value, Throw> {
    // What is read as tokens only needs no second look at its numbers and strings.
    let open = is_open(ty);
    let reading = match open {
        true => Reading {
            comments: Comments::Kept,
            duplicates: Duplicates::Last,
            ..settings.reading.clone()
        },
        false => Reading {
            numbers: Numbers::Text,
            strings: Strings::Plain,
            ..settings.reading.clone()
        },
    };
    let source = if open { Source::Tokens } else { Source::Text };
    match read::read_any(machine.heap, text, &reading)? {
        Some(token) => Maker { source, settings }.value(machine, token, ty, depth()),
        None if ty.is_reference() || matches!(ty, Type::Nullable(_)) => Ok(Value::Null),
        None => Err(serialization(format!(
            "No JSON content found and type '{}' is not nullable.",
            ty.net_name()
        ))),
    }
}

fn is_open(ty: &Type) -> bool {
    *ty == Type::Dynamic || ty.is_object() || is_token(ty)
}

fn is_token(ty: &Type) -> bool {
    ty.table()
        .is_some_and(|table| table.0.name.starts_with("Newtonsoft.Json.Linq."))
}

struct Maker<'s> {
    source: Source,
    settings: &'s Settings,
}

impl Maker<'_> {
    fn value(
        &self,
        machine: &mut Machine<'_>,
        id: HeapId,
        ty: &Type,
        depth: usize,
    ) -> Result<Value, Throw> {
        let depth = descend(depth)?;
        machine.step(3)?;
        if is_token(ty) {
            return self.token(machine, id, ty, depth);
        }
        if is_open(ty) {
            self.settle(machine.heap, id, depth)?;
            let value = match &get(machine.heap, id)?.node {
                Node::Value(_, value) => value.clone(),
                _ => return Ok(Value::Ref(copy(machine.heap, id)?)),
            };
            return match value.downcast::<Bytes>() {
                Some(_) => convert::change(machine.heap, &value, &Type::array(Type::byte())),
                None => Ok(value),
            };
        }
        let token = get(machine.heap, id)?;
        let (kind, content) = match &token.node {
            Node::Value(kind, value) => (*kind, value.clone()),
            _ => (token.kind(), Value::Null),
        };
        if let Type::Nullable(inner) = ty {
            let empty = matches!(&content, Value::String(text) if text.is_empty());
            return match content.is_null() && is_scalar(kind) || kind == Kind::String && empty {
                true => Ok(Value::Null),
                false => self.value(machine, id, inner, depth),
            };
        }
        if is_plain(ty) || is_scalar(kind) && !is_bytes(ty) {
            return self.plain(machine, id, kind, &content, ty);
        }
        match kind {
            Kind::Array => self.list(machine, id, ty, depth),
            Kind::Object => self.members(machine, id, ty, depth),
            _ => match content {
                Value::Null => Ok(Value::Null),
                content => convert::change(machine.heap, &content, ty),
            },
        }
    }

    /// A token for a type that is one.
    fn token(
        &self,
        machine: &mut Machine<'_>,
        id: HeapId,
        ty: &Type,
        depth: usize,
    ) -> Result<Value, Throw> {
        self.settle(machine.heap, id, depth)?;
        let copy = Value::Ref(copy(machine.heap, id)?);
        if ops::is_instance(machine, &copy, ty) {
            return Ok(copy);
        }
        let token = get(machine.heap, id)?;
        match token.kind() {
            Kind::Null => Ok(Value::Null),
            _ => Err(serialization(format!(
                "Deserialized JSON type '{}' is not compatible with expected type '{}'. Path '{}'.",
                token.type_name(),
                ty.net_name(),
                path(machine.heap, id)
            ))),
        }
    }

    /// Makes numbers and dates of what is still text, in the whole tree.
    fn settle(&self, heap: &mut Heap, id: HeapId, depth: usize) -> Result<(), Throw> {
        if self.source == Source::Tokens {
            return Ok(());
        }
        let depth = descend(depth)?;
        let token = get(heap, id)?;
        let Node::Value(kind, value) = &token.node else {
            return token
                .children()
                .into_iter()
                .try_for_each(|child| self.settle(heap, child, depth));
        };
        let new = match (kind, value) {
            (Kind::String, Value::String(text)) => {
                let date = self.settings.reading.date(text);
                date.map(|date| Node::Value(Kind::Date, date))
            }
            (Kind::Integer | Kind::Float, Value::String(text)) => {
                let decimals = self.settings.reading.numbers == Numbers::Decimals;
                let number = read::number(&text.to_utf8(), decimals);
                let (kind, value) = number.ok_or_else(|| {
                    Throw::json_reader(format!("Input string '{text}' is not a valid number."))
                })?;
                Some(Node::Value(kind, value))
            }
            _ => None,
        };
        if let (Some(new), Some(token)) = (new, heap.get_mut::<Token>(id)) {
            token.node = new;
        }
        Ok(())
    }

    fn plain(
        &self,
        machine: &mut Machine<'_>,
        id: HeapId,
        kind: Kind,
        content: &Value,
        ty: &Type,
    ) -> Result<Value, Throw> {
        let reading = &self.settings.reading;
        let value = plain(machine.heap, kind, content, ty, self.source, reading)?;
        match value.is_null() && !ty.is_reference() {
            true => Err(serialization(format!(
                "Error converting value {{null}} to type '{}'. Path '{}'.",
                ty.net_name(),
                path(machine.heap, id)
            ))),
            false => Ok(value),
        }
    }

    fn list(
        &self,
        machine: &mut Machine<'_>,
        id: HeapId,
        ty: &Type,
        depth: usize,
    ) -> Result<Value, Throw> {
        let element = match ty {
            Type::Array(_, 2..) => return self.grid(machine, id, ty, depth),
            Type::Array(element, _) => element.as_ref().clone(),
            Type::Named(table, arguments) if is_list(table.simple_name()) => {
                arguments.first().cloned().unwrap_or_else(Type::object)
            }
            _ => return Err(wrong_shape(machine, id, "array", "[1,2,3]", ty)),
        };
        let mut values = Vec::new();
        for child in super::token::children(machine.heap, id)? {
            if get(machine.heap, child)?.kind() != Kind::Comment {
                values.push(self.value(machine, child, &element, depth)?);
            }
        }
        machine
            .heap
            .charge(values.len().saturating_mul(size_of::<Value>()))?;
        match ty.table().map(|table| table.simple_name()) {
            None => machine.heap.alloc(Array::new(element, values)),
            Some("HashSet" | "ISet") => {
                let set = machine
                    .heap
                    .alloc(HashSet::new(element, KeyComparer::DEFAULT))?;
                for value in values {
                    collections::insert_into_set(machine, &set, value)?;
                }
                Ok(set)
            }
            _ => machine.heap.alloc(List::new(element, values)),
        }
    }

    /// An array of two dimensions, from arrays of one length.
    fn grid(
        &self,
        machine: &mut Machine<'_>,
        id: HeapId,
        ty: &Type,
        depth: usize,
    ) -> Result<Value, Throw> {
        let Type::Array(element, 2) = ty else {
            return Err(wrong_shape(machine, id, "array", "[1,2,3]", ty));
        };
        let rows = super::token::children(machine.heap, id)?;
        let (mut width, mut values) = (None, Vec::new());
        for row in &rows {
            let token = get(machine.heap, *row)?;
            let items = token.children();
            if token.kind() != Kind::Array || *width.get_or_insert(items.len()) != items.len() {
                return Err(serialization(
                    "Cannot deserialize non-cubical array as multidimensional array.".into(),
                ));
            }
            for item in items {
                values.push(self.value(machine, item, element, depth)?);
            }
        }
        machine
            .heap
            .charge(values.len().saturating_mul(size_of::<Value>()))?;
        let array = Array::many(element.as_ref().clone(), &[rows.len(), width.unwrap_or(0)]);
        let mut array = array.ok_or_else(|| Throw::limit("an array is too large"))?;
        for (place, value) in values.into_iter().enumerate() {
            array.set(place, value);
        }
        machine.heap.alloc(array)
    }

    fn members(
        &self,
        machine: &mut Machine<'_>,
        id: HeapId,
        ty: &Type,
        depth: usize,
    ) -> Result<Value, Throw> {
        let fields: Vec<(String, Type)> = match ty {
            Type::Anonymous(properties) => properties
                .iter()
                .map(|(name, of)| (name.to_string(), of.clone()))
                .collect(),
            Type::Tuple(elements) => numbered(elements.iter().map(|(of, _)| of)),
            Type::Named(table, arguments) => match (table.simple_name(), &**arguments) {
                ("Tuple", arguments) => numbered(arguments.iter()),
                ("KeyValuePair", [key, value]) => {
                    vec![("Key".into(), key.clone()), ("Value".into(), value.clone())]
                }
                ("Dictionary" | "IDictionary" | "IReadOnlyDictionary", [key, value]) => {
                    return self.dictionary(machine, id, key, value, depth);
                }
                _ => return Err(wrong_shape(machine, id, "object", OBJECT, ty)),
            },
            _ => return Err(wrong_shape(machine, id, "object", OBJECT, ty)),
        };
        let fields = fields
            .into_iter()
            .map(|(name, of)| self.field(machine, id, &name, &of, depth))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Value::object(Record::new(ty.clone(), fields)))
    }

    fn dictionary(
        &self,
        machine: &mut Machine<'_>,
        id: HeapId,
        key: &Type,
        value: &Type,
        depth: usize,
    ) -> Result<Value, Throw> {
        let mut made = Dictionary::new(key.clone(), value.clone());
        for (name, token) in jobject::entries(machine.heap, id)? {
            machine.heap.charge(name.size() + 2 * size_of::<Value>())?;
            let text = Value::String(name);
            let name = match key.is_string() || key.is_object() {
                true => text,
                false => {
                    let (source, reading) = (Source::Tokens, &self.settings.reading);
                    plain(machine.heap, Kind::String, &text, key, source, reading).map_err(
                        |_| {
                            serialization(format!(
                                "Could not convert string '{}' to dictionary key type '{}'. Create a TypeConverter to convert from the string to the key type object.",
                                text.as_str().cloned().unwrap_or_default(),
                                key.net_name()
                            ))
                        },
                    )?
                }
            };
            let entry = self.value(machine, token, value, depth)?;
            made.insert(machine.heap, name, entry);
        }
        machine.heap.alloc(made)
    }

    /// A property by its name, in any case if need be; what is missing has the type's default.
    fn field(
        &self,
        machine: &mut Machine<'_>,
        id: HeapId,
        name: &str,
        ty: &Type,
        depth: usize,
    ) -> Result<Value, Throw> {
        let exact = member_of(machine.heap, id, &Str::from(name));
        let found = match exact {
            Some(token) => Some(token),
            None => jobject::entries(machine.heap, id)?
                .into_iter()
                .find(|(other, _)| other.to_utf8().eq_ignore_ascii_case(name))
                .map(|(_, token)| token),
        };
        match found {
            Some(token) => self.value(machine, token, ty, depth),
            None => Ok(ops::default_of(ty)),
        }
    }
}

/// An object's example in messages.
const OBJECT: &str = "{\"name\":\"value\"}";

fn numbered<'t>(types: impl Iterator<Item = &'t Type>) -> Vec<(String, Type)> {
    types
        .enumerate()
        .map(|(index, of)| (format!("Item{}", index + 1), of.clone()))
        .collect()
}

fn is_scalar(kind: Kind) -> bool {
    !matches!(kind, Kind::Object | Kind::Array | Kind::Constructor)
}

/// Whether one of the readers of plain types reads it.
fn is_plain(ty: &Type) -> bool {
    let named = [
        Type::is_int,
        Type::is_double,
        Type::is_float,
        Type::is_decimal,
    ];
    named.iter().any(|is| is(ty))
        || ty.is_bool()
        || ty.is_string()
        || ty.is_date_time()
        || ty.is_date_time_offset()
}

fn is_bytes(ty: &Type) -> bool {
    matches!(ty, Type::Array(element, 1) if element.is_byte())
}

fn is_list(name: &str) -> bool {
    matches!(
        name,
        "List"
            | "IList"
            | "ICollection"
            | "IEnumerable"
            | "IReadOnlyList"
            | "IReadOnlyCollection"
            | "HashSet"
            | "ISet"
    )
}

fn wrong_shape(machine: &Machine<'_>, id: HeapId, is: &str, example: &str, ty: &Type) -> Throw {
    let (wanted, wanted_example) = match is {
        "array" => ("object", OBJECT),
        _ => ("array", "[1,2,3]"),
    };
    serialization(format!(
        "Cannot deserialize the current JSON {is} (e.g. {example}) into type '{}' because the type requires a JSON {wanted} (e.g. {wanted_example}) to deserialize correctly.\nPath '{}'.",
        ty.net_name(),
        path(machine.heap, id)
    ))
}

fn serialization(message: String) -> Throw {
    Throw::new("Newtonsoft.Json.JsonSerializationException", message)
}
