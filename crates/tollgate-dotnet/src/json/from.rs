//! .NET values as tokens: `FromObject`, `SerializeObject`, contents of `new JObject(…)`.

use smallvec::SmallVec;

use super::kind::Kind;
use super::settings::Settings;
use super::sink::{Sink, Tree};
use super::token::{Node, alloc, depth, descend, id_of, insert, null, scalar};
use super::value;
use super::write::Writer;
use crate::heap::HeapId;
use crate::machine::Machine;
use crate::member::Call;
use crate::ops;
use crate::record::Record;
use crate::signature::MemberKind;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// The token of one value in the content of a container: a token itself, or a `JValue`.
pub(crate) fn content(machine: &mut Machine<'_>, value: &Value) -> Result<HeapId, Throw> {
    if let Some(id) = id_of(machine.heap, value) {
        return Ok(id);
    }
    match value::of(machine.heap, value) {
        Some((kind, value)) if !matches!(value, Value::Char(_)) => {
            scalar(machine.heap, kind, value)
        }
        _ => {
            let ty = ops::type_of(machine, value).net_name();
            Err(Throw::argument(format!(
                "Could not determine JSON object type for type {ty}."
            )))
        }
    }
}

/// Puts content into a container, before the child at that place; a list stands for its elements.
///
/// The elements of a list go to the places behind each other, those of a list in it too: what comes after such an
/// inner list goes behind its first element, as Newtonsoft has it.
pub(crate) fn add(
    machine: &mut Machine<'_>,
    container: HeapId,
    place: usize,
    value: &Value,
) -> Result<(), Throw> {
    add_within(machine, container, place, value, depth())
}

fn add_within(
    machine: &mut Machine<'_>,
    container: HeapId,
    place: usize,
    value: &Value,
    depth: usize,
) -> Result<(), Throw> {
    let depth = descend(depth)?;
    match several(machine, value)? {
        Some(values) => values.iter().enumerate().try_for_each(|(index, value)| {
            add_within(machine, container, place + index, value, depth)
        }),
        None => {
            let content = content(machine, value)?;
            insert(machine.heap, container, place, content)?;
            machine.settle()
        }
    }
}

/// The elements of what counts as several values: any list but strings, bytes and tokens.
pub(crate) fn several(
    machine: &mut Machine<'_>,
    value: &Value,
) -> Result<Option<Vec<Value>>, Throw> {
    let one = match value {
        Value::Ref(_) => {
            id_of(machine.heap, value).is_some()
                || value::of(machine.heap, value).is_some()
                || !is_list(machine, value)
        }
        Value::Object(object) => object.iterate().is_none(),
        Value::Host(_) => !is_list(machine, value),
        _ => true,
    };
    if one {
        return Ok(None);
    }
    ops::collect(machine, value).map(Some)
}

fn is_list(machine: &Machine<'_>, value: &Value) -> bool {
    is_a(machine, value, "System.Collections.IEnumerable")
}

fn is_a(machine: &Machine<'_>, value: &Value, name: &str) -> bool {
    let ty = machine.host.registry().parse_type(name);
    ty.is_some_and(|ty| ops::is_instance(machine, value, &ty))
}

/// Any value as a new token, without parent.
pub(crate) fn any(machine: &mut Machine<'_>, value: &Value) -> Result<HeapId, Throw> {
    let mut tree = Tree::default();
    Serializer::new(&Settings::default(), &mut tree).value(machine, value, depth())?;
    tree.root.ok_or_else(Throw::null_reference)
}

/// Any value as JSON, as `SerializeObject` writes it.
pub(crate) fn text(
    machine: &mut Machine<'_>,
    value: &Value,
    settings: &Settings,
) -> Result<String, Throw> {
    let mut writer = Writer::new(settings.style.clone());
    Serializer::new(settings, &mut writer).value(machine, value, depth())?;
    Ok(writer.text)
}

struct Serializer<'a> {
    settings: &'a Settings,
    sink: &'a mut dyn Sink,
}

impl<'a> Serializer<'a> {
    fn new(settings: &'a Settings, sink: &'a mut dyn Sink) -> Self {
        Serializer { settings, sink }
    }

    fn value(
        &mut self,
        machine: &mut Machine<'_>,
        value: &Value,
        depth: usize,
    ) -> Result<(), Throw> {
        let depth = descend(depth)?;
        machine.step(3)?;
        if let Some(id) = id_of(machine.heap, value) {
            return self.sink.token(machine.heap, id);
        }
        if let Some((kind, value)) = value::of(machine.heap, value) {
            machine.work(value.as_str().map_or(0, Str::size).saturating_mul(4))?;
            return self.sink.value(machine.heap, kind, &value);
        }
        if crate::xml::to_json(machine.heap, value, self.sink)? {
            return Ok(());
        }
        if let Some(record) = Record::of(value) {
            let fields = record.fields().to_vec();
            let (names, types) = field_names(record);
            return self.members(machine, names.into_iter().zip(fields), &types, depth);
        }
        if !is_list(machine, value) {
            let (fields, types) = properties(machine, value)?;
            return self.members(machine, fields.into_iter(), &types, depth);
        }
        let items = ops::collect(machine, value)?;
        if is_dictionary(machine, value) {
            self.sink.begin(machine.heap, Kind::Object)?;
            for item in &items {
                if let Some(record) = Record::of(item)
                    && let (Some(key), Some(value)) = (record.field(0), record.field(1))
                {
                    let name = key_text(machine, key)?;
                    self.sink.name(machine.heap, &name)?;
                    self.value(machine, value, depth)?;
                }
            }
            return self.sink.end(machine.heap);
        }
        self.sink.begin(machine.heap, Kind::Array)?;
        match rows(machine, value, &items) {
            Some(rows) => {
                for row in rows {
                    self.sink.begin(machine.heap, Kind::Array)?;
                    self.items(machine, &row, depth)?;
                    self.sink.end(machine.heap)?;
                }
            }
            None => self.items(machine, &items, depth)?,
        }
        self.sink.end(machine.heap)
    }

    fn items(
        &mut self,
        machine: &mut Machine<'_>,
        items: &[Value],
        depth: usize,
    ) -> Result<(), Throw> {
        items
            .iter()
            .try_for_each(|item| self.value(machine, item, depth))
    }

    /// Properties, but for those that the settings leave out. `types`: theirs.
    fn members(
        &mut self,
        machine: &mut Machine<'_>,
        fields: impl Iterator<Item = (Str, Value)>,
        types: &[Type],
        depth: usize,
    ) -> Result<(), Throw> {
        self.sink.begin(machine.heap, Kind::Object)?;
        for (index, (name, value)) in fields.enumerate() {
            let usual = |ty: &Type| ops::equals(machine.heap, &value, &ops::default_of(ty));
            if value.is_null() && self.settings.omit_nulls
                || self.settings.omit_defaults() && types.get(index).is_some_and(usual)
            {
                continue;
            }
            self.sink.name(machine.heap, &name)?;
            self.value(machine, &value, depth)?;
        }
        self.sink.end(machine.heap)
    }
}

/// The rows of an array of two dimensions.
fn rows(machine: &Machine<'_>, value: &Value, items: &[Value]) -> Option<Vec<Vec<Value>>> {
    let array = machine.heap.of::<crate::collections::Array>(value)?;
    if array.rank() != 2 {
        return None;
    }
    let width = array.length(1)?.max(1);
    Some(items.chunks(width).map(<[Value]>::to_vec).collect())
}

fn is_dictionary(machine: &Machine<'_>, value: &Value) -> bool {
    let ty = ops::type_of(machine, value);
    let bases = machine.host.registry().bases(&ty);
    bases.iter().chain([&ty]).any(|base| {
        base.table().is_some_and(|table| {
            matches!(
                table.simple_name(),
                "IDictionary" | "IReadOnlyDictionary" | "Dictionary"
            )
        })
    })
}

fn key_text(machine: &Machine<'_>, key: &Value) -> Result<Str, Throw> {
    match key {
        Value::DateTime(..) | Value::DateTimeOffset(..) => {
            Ok(value::plain_text(key).unwrap_or_default())
        }
        other => ops::to_text(machine, other),
    }
}

/// The names under which a record's fields are written, and the fields' types.
fn field_names(record: &Record) -> (Vec<Str>, Vec<Type>) {
    let names = |names: &[&str]| names.iter().copied().map(Str::from).collect();
    match record.ty() {
        Type::Anonymous(properties) => properties
            .iter()
            .map(|(name, ty)| (Str::from(&**name), ty.clone()))
            .unzip(),
        Type::Named(table, types) if table.simple_name() == "KeyValuePair" => {
            (names(&["Key", "Value"]), types.to_vec())
        }
        ty => {
            let types = match ty {
                Type::Tuple(elements) => elements.iter().map(|(ty, _)| ty.clone()).collect(),
                other => other.arguments().to_vec(),
            };
            let names = (1..=record.fields().len()).map(|number| format!("Item{number}").into());
            (names.collect(), types)
        }
    }
}

/// Names with values, and the types of the properties.
type Fields = (Vec<(Str, Value)>, Vec<Type>);

/// The public properties of an object of any other type, and their types.
fn properties(machine: &mut Machine<'_>, value: &Value) -> Result<Fields, Throw> {
    let registry = machine.host.registry();
    let ty = ops::type_of(machine, value);
    let bases = registry.bases(&ty);
    let types = std::iter::once(&ty).chain(bases.iter());
    let getters: Vec<_> = types
        .filter_map(|ty| ty.table())
        .flat_map(|table| registry.members(table))
        .filter(|member| member.kind == MemberKind::Getter && !member.is_static)
        .map(|member| {
            (
                Str::from(&*member.name),
                member.returns.clone(),
                member.member,
            )
        })
        .collect();
    let (mut fields, mut types) = (Vec::new(), Vec::new());
    for (name, returns, member) in getters {
        let mut call = Call {
            machine,
            arguments: std::slice::from_ref(value),
            types: ty.arguments(),
            prepared: None,
            outs: SmallVec::new(),
        };
        let got = call.run(member)?;
        if !fields.iter().any(|(other, _)| *other == name) {
            fields.push((name, got));
            types.push(returns);
        }
    }
    Ok((fields, types))
}

/// A value as an array's or object's property value: `null` becomes a null token.
pub(crate) fn or_null(machine: &mut Machine<'_>, value: &Value) -> Result<HeapId, Throw> {
    match value {
        Value::Null => null(machine.heap),
        other => content(machine, other),
    }
}

/// The value of a new property: a list becomes an array.
pub(crate) fn property_value(machine: &mut Machine<'_>, value: &Value) -> Result<HeapId, Throw> {
    if several(machine, value)?.is_none() {
        return content(machine, value);
    }
    let array = alloc(machine.heap, Node::Array(Vec::new()))?;
    add(machine, array, 0, value)?;
    Ok(array)
}

/// `Object serialized to Array. JObject instance expected.`
pub(crate) fn wrong_kind(found: Kind, expected: &str) -> Throw {
    Throw::argument(format!(
        "Object serialized to {}. {expected} instance expected.",
        found.name()
    ))
}
