//! What any .NET value can do: its type, `ToString`, `Equals`, `GetHashCode`, enumeration.

use crate::heap::Iterate;
use crate::machine::Machine;

use crate::system::Tuple;
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
use crate::value::Value;

impl Type {
    /// `default(T)`: zero, `false`, null, or a struct of them.
    pub fn default_value(&self) -> Value {
        match self {
            Type::Tuple(items) => Tuple::value(
                self.clone(),
                items
                    .iter()
                    .map(|(item, _)| item.default_value())
                    .collect::<Vec<_>>(),
            ),
            Type::Named(table, _) if self.is_enum() => Value::Enum(*table, 0),
            Type::Named(table, _) => zero(*table),
            _ => Value::Null,
        }
    }
}

fn zero(table: TypeRef) -> Value {
    match table.0.name {
        "System.Boolean" => Value::Bool(false),
        "System.Char" => Value::Char(0),
        "System.SByte" => Value::SByte(0),
        "System.Byte" => Value::Byte(0),
        "System.Int16" => Value::Int16(0),
        "System.UInt16" => Value::UInt16(0),
        "System.Int32" => Value::Int32(0),
        "System.UInt32" => Value::UInt32(0),
        "System.Int64" => Value::Int64(0),
        "System.UInt64" => Value::UInt64(0),
        "System.Single" => Value::Single(0.0),
        "System.Double" => Value::Double(0.0),
        "System.Decimal" => Value::Decimal(rust_decimal::Decimal::ZERO),
        "System.Guid" => Value::Guid([0; 16]),
        "System.DateTime" => Value::DateTime(0, Default::default()),
        "System.DateTimeOffset" => Value::DateTimeOffset(0, 0),
        "System.TimeSpan" => Value::TimeSpan(0),
        _ => Value::Null,
    }
}

impl Machine<'_> {
    /// The run-time type, as `GetType()` gives it; `None` for null.
    pub fn type_of(&self, value: &Value) -> Option<Type> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Type::bool(),
            Value::Char(_) => Type::char(),
            Value::SByte(_) => Type::sbyte(),
            Value::Byte(_) => Type::byte(),
            Value::Int16(_) => Type::short(),
            Value::UInt16(_) => Type::ushort(),
            Value::Int32(_) => Type::int(),
            Value::UInt32(_) => Type::uint(),
            Value::Int64(_) => Type::long(),
            Value::UInt64(_) => Type::ulong(),
            Value::Single(_) => Type::float(),
            Value::Double(_) => Type::double(),
            Value::Decimal(_) => Type::decimal(),
            Value::String(_) => Type::string(),
            Value::Guid(_) => Type::guid(),
            Value::DateTime(..) => Type::date_time(),
            Value::DateTimeOffset(..) => Type::date_time_offset(),
            Value::TimeSpan(_) => Type::time_span(),
            Value::Enum(table, _) => Type::Named(*table, Default::default()),
            Value::Object(object) => object.type_of(),
            Value::Ref(id) => self.heap.object(*id)?.type_of(),
            Value::Host(handle) => self.host.type_of(*handle),
        })
    }

    /// An enumeration of it, as `foreach` starts one; `NullReferenceException` for null.
    pub fn iterate(&mut self, value: &Value) -> Result<Box<dyn Iterate>, Throw> {
        let iterate = match value {
            Value::Null => return Err(Throw::null_reference()),
            Value::Ref(id) => self.heap.object(*id).and_then(|object| object.iterate(*id)),
            Value::Host(handle) => {
                let elements = self.host.elements(self.heap, *handle)?;
                Some(Box::new(Elements(elements.into_iter())) as Box<dyn Iterate>)
            }
            Value::String(text) => {
                let units: Vec<Value> = match text.as_utf8() {
                    Some(text) => text.encode_utf16().map(Value::Char).collect(),
                    None => Vec::new(),
                };
                Some(Box::new(Elements(units.into_iter())) as Box<dyn Iterate>)
            }
            _ => None,
        };
        iterate.ok_or_else(|| Throw::invalid_cast("It cannot be enumerated."))
    }
}

/// An enumeration of values that are there already.
struct Elements(std::vec::IntoIter<Value>);

impl Iterate for Elements {
    fn next(&mut self, _machine: &mut Machine<'_>) -> Result<Option<Value>, Throw> {
        Ok(self.0.next())
    }
}
