//! Values as bytes, so that they can leave one exchange and enter another: for caches.
//!
//! Each value is a tag and what belongs to it; numbers are little-endian, lengths are 32 bits.

use rust_decimal::Decimal;

use crate::collections::{Array, Dictionary, List};
use crate::heap::Heap;
use crate::json::{self, Kind, Node};
use crate::registry::Registry;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{DateTimeKind, Value};
use crate::xml;

/// How deep values may be nested in each other.
const DEPTH: usize = 300;

/// The value as bytes: numbers, text, dates and the like, arrays, lists and dictionaries of them, JSON and XML.
///
/// `NotSupportedException` for anything else: what is only meant for one request, such as a lazy sequence.
pub fn pack(heap: &Heap, registry: &Registry, value: &Value) -> Result<Vec<u8>, Throw> {
    let mut packer = Packer {
        heap,
        registry,
        bytes: Vec::new(),
    };
    packer.value(value, DEPTH)?;
    Ok(packer.bytes)
}

/// The value that [`pack`] made these bytes of; mutable objects are new ones. `None` if they are no such bytes.
///
/// Fails when the heap is full.
pub fn unpack(heap: &mut Heap, registry: &Registry, bytes: &[u8]) -> Result<Option<Value>, Throw> {
    let mut unpacker = Unpacker {
        heap,
        registry,
        bytes,
    };
    match unpacker.value(DEPTH) {
        Ok(value) => Ok(unpacker.bytes.is_empty().then_some(value)),
        Err(Broken::Bytes) => Ok(None),
        Err(Broken::Heap(throw)) => Err(throw),
    }
}

macro_rules! tags {
    ($($name:ident = $tag:literal),* $(,)?) => { $(const $name: u8 = $tag;)* };
}

tags! {
    NULL = 0, FALSE = 1, TRUE = 2, CHAR = 3, SBYTE = 4, BYTE = 5, INT16 = 6, UINT16 = 7, INT32 = 8, UINT32 = 9,
    INT64 = 10, UINT64 = 11, SINGLE = 12, DOUBLE = 13, DECIMAL = 14, STRING = 15, WIDE = 16, GUID = 17,
    DATE_TIME = 18, DATE_TIME_OFFSET = 19, TIME_SPAN = 20, ENUM = 21, BYTES = 22, ARRAY = 23, LIST = 24,
    DICTIONARY = 25, JSON_OBJECT = 26, JSON_ARRAY = 27, JSON_PROPERTY = 28, JSON_VALUE = 29, XML = 30,
}

struct Packer<'a> {
    heap: &'a Heap,
    registry: &'a Registry,
    bytes: Vec<u8>,
}

impl Packer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Throw> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        match value {
            Value::Null => self.bytes.push(NULL),
            Value::Bool(false) => self.bytes.push(FALSE),
            Value::Bool(true) => self.bytes.push(TRUE),
            Value::Char(unit) => self.tagged(CHAR, &unit.to_le_bytes()),
            Value::SByte(number) => self.tagged(SBYTE, &number.to_le_bytes()),
            Value::Byte(number) => self.tagged(BYTE, &[*number]),
            Value::Int16(number) => self.tagged(INT16, &number.to_le_bytes()),
            Value::UInt16(number) => self.tagged(UINT16, &number.to_le_bytes()),
            Value::Int32(number) => self.tagged(INT32, &number.to_le_bytes()),
            Value::UInt32(number) => self.tagged(UINT32, &number.to_le_bytes()),
            Value::Int64(number) => self.tagged(INT64, &number.to_le_bytes()),
            Value::UInt64(number) => self.tagged(UINT64, &number.to_le_bytes()),
            Value::Single(number) => self.tagged(SINGLE, &number.to_le_bytes()),
            Value::Double(number) => self.tagged(DOUBLE, &number.to_le_bytes()),
            Value::Decimal(number) => self.tagged(DECIMAL, &number.serialize()),
            Value::String(text) => self.text(text)?,
            Value::Guid(guid) => self.tagged(GUID, guid),
            Value::DateTime(ticks, kind) => {
                self.tagged(DATE_TIME, &ticks.to_le_bytes());
                self.bytes.push(match kind {
                    DateTimeKind::Unspecified => 0,
                    DateTimeKind::Utc => 1,
                    DateTimeKind::Local => 2,
                });
            }
            Value::DateTimeOffset(ticks, offset) => {
                self.tagged(DATE_TIME_OFFSET, &ticks.to_le_bytes());
                self.bytes.extend(offset.to_le_bytes());
            }
            Value::TimeSpan(ticks) => self.tagged(TIME_SPAN, &ticks.to_le_bytes()),
            Value::Enum(table, number) => {
                self.bytes.push(ENUM);
                self.type_of(&Type::plain(table.0))?;
                self.bytes.extend(number.to_le_bytes());
            }
            Value::Ref(_) => self.object(value, depth)?,
            Value::Object(_) | Value::Host(_) => return Err(self.refused(value)),
        }
        Ok(())
    }

    fn object(&mut self, value: &Value, depth: usize) -> Result<(), Throw> {
        let heap = self.heap;
        if let Some(array) = heap.of::<Array>(value).filter(|array| array.rank() == 1) {
            if let Some(bytes) = array.as_bytes() {
                self.bytes.push(BYTES);
                return self.block(bytes);
            }
            self.bytes.push(ARRAY);
            self.type_of(array.element())?;
            self.length(array.len())?;
            return array.values().try_for_each(|item| self.value(&item, depth));
        }
        if let Some(list) = heap.of::<List>(value) {
            self.bytes.push(LIST);
            self.type_of(list.element())?;
            self.length(list.items().len())?;
            return list
                .items()
                .iter()
                .try_for_each(|item| self.value(item, depth));
        }
        if let Some(dictionary) = heap.of::<Dictionary>(value) {
            self.bytes.push(DICTIONARY);
            self.bytes.push(match dictionary.ignores_case() {
                Some(ignores) => ignores.into(),
                None => return Err(self.refused(value)),
            });
            self.type_of(&ops_type(heap, value))?;
            self.length(dictionary.len())?;
            return dictionary.iter().try_for_each(|(key, item)| {
                self.value(key, depth)?;
                self.value(item, depth)
            });
        }
        if let Some(id) = json::id_of(heap, value) {
            return self.json(id, depth);
        }
        if let Some(xml) = xml::to_source(heap, value) {
            self.bytes.push(XML);
            self.type_of(&ops_type(heap, value))?;
            return self.block(xml?.as_bytes());
        }
        Err(self.refused(value))
    }

    fn json(&mut self, id: crate::heap::HeapId, depth: usize) -> Result<(), Throw> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        let token = json::get(self.heap, id)?;
        match &token.node {
            Node::Object(properties) => {
                self.bytes.push(JSON_OBJECT);
                self.length(properties.len())?;
                let properties = properties.values();
                properties.copied().try_for_each(|id| self.json(id, depth))
            }
            Node::Array(items) => {
                self.bytes.push(JSON_ARRAY);
                self.length(items.len())?;
                items.iter().try_for_each(|id| self.json(*id, depth))
            }
            // No JSON, though Newtonsoft reads it.
            Node::Constructor(..) => Err(self.refused(&Value::Ref(id))),
            Node::Property(name, value) => {
                self.bytes.push(JSON_PROPERTY);
                self.text(name)?;
                self.json(value.ok_or_else(Throw::null_reference)?, depth)
            }
            Node::Value(kind, value) => {
                self.bytes.push(JSON_VALUE);
                self.bytes.push(*kind as u8);
                match json::bytes_of(value) {
                    Some(bytes) => {
                        self.bytes.push(BYTES);
                        self.block(bytes)
                    }
                    None => self.value(value, depth),
                }
            }
        }
    }

    fn tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.bytes.push(tag);
        self.bytes.extend_from_slice(bytes);
    }

    fn text(&mut self, text: &Str) -> Result<(), Throw> {
        if let Some(text) = text.as_utf8() {
            self.bytes.push(STRING);
            return self.block(text.as_bytes());
        }
        let units = text.units().flat_map(u16::to_le_bytes);
        let units: Vec<u8> = units.collect();
        self.bytes.push(WIDE);
        self.block(&units)
    }

    /// A type by its name, if the name leads back to it.
    fn type_of(&mut self, ty: &Type) -> Result<(), Throw> {
        let name = ty.to_string();
        if self.registry.parse_type(&name).as_ref() != Some(ty) {
            return Err(refused(&name));
        }
        self.block(name.as_bytes())
    }

    fn block(&mut self, bytes: &[u8]) -> Result<(), Throw> {
        self.length(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn length(&mut self, length: usize) -> Result<(), Throw> {
        let length = u32::try_from(length).map_err(|_| Throw::limit("it is too long"))?;
        self.bytes.extend(length.to_le_bytes());
        Ok(())
    }

    fn refused(&self, value: &Value) -> Throw {
        refused(&ops_type(self.heap, value).to_string())
    }
}

fn ops_type(heap: &Heap, value: &Value) -> Type {
    match value {
        Value::Ref(id) => heap
            .object(*id)
            .map_or_else(Type::object, |object| object.type_of()),
        Value::Object(object) => object.type_of(),
        _ => Type::object(),
    }
}

fn refused(name: &str) -> Throw {
    Throw::not_supported(format!("A value of type {name} cannot be kept."))
}

fn too_deep() -> Throw {
    Throw::limit("its values are nested too deep")
}

/// Why bytes make no value.
enum Broken {
    Bytes,
    Heap(Throw),
}

impl From<Throw> for Broken {
    fn from(throw: Throw) -> Self {
        Self::Heap(throw)
    }
}

struct Unpacker<'a> {
    heap: &'a mut Heap,
    registry: &'a Registry,
    bytes: &'a [u8],
}

impl<'a> Unpacker<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Broken> {
        let depth = depth.checked_sub(1).ok_or(Broken::Bytes)?;
        let [tag] = self.array()?;
        Ok(match tag {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            CHAR => Value::Char(u16::from_le_bytes(self.array()?)),
            SBYTE => Value::SByte(i8::from_le_bytes(self.array()?)),
            BYTE => Value::Byte(u8::from_le_bytes(self.array()?)),
            INT16 => Value::Int16(i16::from_le_bytes(self.array()?)),
            UINT16 => Value::UInt16(u16::from_le_bytes(self.array()?)),
            INT32 => Value::Int32(i32::from_le_bytes(self.array()?)),
            UINT32 => Value::UInt32(u32::from_le_bytes(self.array()?)),
            INT64 => Value::Int64(i64::from_le_bytes(self.array()?)),
            UINT64 => Value::UInt64(u64::from_le_bytes(self.array()?)),
            SINGLE => Value::Single(f32::from_le_bytes(self.array()?)),
            DOUBLE => Value::Double(f64::from_le_bytes(self.array()?)),
            DECIMAL => Value::Decimal(self.decimal()?),
            STRING | WIDE => Value::String(self.text_of(tag)?),
            GUID => Value::Guid(self.array()?),
            DATE_TIME => {
                let ticks = i64::from_le_bytes(self.array()?);
                let kind = match self.array()? {
                    [0] => DateTimeKind::Unspecified,
                    [1] => DateTimeKind::Utc,
                    [2] => DateTimeKind::Local,
                    _ => return Err(Broken::Bytes),
                };
                Value::DateTime(ticks, kind)
            }
            DATE_TIME_OFFSET => Value::DateTimeOffset(
                i64::from_le_bytes(self.array()?),
                i16::from_le_bytes(self.array()?),
            ),
            TIME_SPAN => Value::TimeSpan(i64::from_le_bytes(self.array()?)),
            ENUM => {
                let table = self.type_of()?.table().ok_or(Broken::Bytes)?;
                Value::Enum(table, i64::from_le_bytes(self.array()?))
            }
            BYTES => {
                let bytes = self.block()?;
                self.heap.charge(bytes.len())?;
                self.heap.alloc(Array::bytes(bytes.to_vec()))?
            }
            ARRAY => {
                let element = self.type_of()?;
                let items = self.items(depth)?;
                self.heap.alloc(Array::new(element, items))?
            }
            LIST => {
                let element = self.type_of()?;
                let items = self.items(depth)?;
                self.heap.alloc(List::new(element, items))?
            }
            DICTIONARY => self.dictionary(depth)?,
            JSON_OBJECT | JSON_ARRAY | JSON_PROPERTY | JSON_VALUE => {
                Value::Ref(self.json(tag, depth)?)
            }
            XML => {
                let ty = self.type_of()?;
                let text = std::str::from_utf8(self.block()?).map_err(|_| Broken::Bytes)?;
                match xml::of_source(self.heap, text, &ty) {
                    Some(read) => read?,
                    None => return Err(Broken::Bytes),
                }
            }
            _ => return Err(Broken::Bytes),
        })
    }

    fn dictionary(&mut self, depth: usize) -> Result<Value, Broken> {
        let [ignores_case] = self.array()?;
        let ty = self.type_of()?;
        let [key, value] = ty.arguments() else {
            return Err(Broken::Bytes);
        };
        let mut dictionary = match ignores_case {
            0 => Dictionary::new(key.clone(), value.clone()),
            _ => Dictionary::ignoring_case(value.clone()),
        };
        for _ in 0..self.length()? {
            let (key, value) = (self.value(depth)?, self.value(depth)?);
            self.heap.charge(2 * size_of::<Value>())?;
            dictionary.insert(self.heap, key, value);
        }
        Ok(self.heap.alloc(dictionary)?)
    }

    fn json(&mut self, tag: u8, depth: usize) -> Result<crate::heap::HeapId, Broken> {
        let depth = depth.checked_sub(1).ok_or(Broken::Bytes)?;
        match tag {
            JSON_OBJECT => {
                let object = json::new_object(self.heap)?;
                for _ in 0..self.length()? {
                    if self.array()? != [JSON_PROPERTY] {
                        return Err(Broken::Bytes);
                    }
                    let property = self.json(JSON_PROPERTY, depth)?;
                    json::push(self.heap, object, property)?;
                }
                Ok(object)
            }
            JSON_ARRAY => {
                let array = json::alloc(self.heap, Node::Array(Vec::new()))?;
                for _ in 0..self.length()? {
                    let [tag] = self.array()?;
                    let item = self.json(tag, depth)?;
                    json::push(self.heap, array, item)?;
                }
                Ok(array)
            }
            JSON_PROPERTY => {
                let [tag] = self.array()?;
                let name = self.text_of(tag)?;
                let [tag] = self.array()?;
                let value = self.json(tag, depth)?;
                Ok(json::new_property(self.heap, name, value)?)
            }
            JSON_VALUE => {
                let [kind] = self.array()?;
                let kind = Kind::of_number(kind.into()).ok_or(Broken::Bytes)?;
                let value = match (kind, self.bytes.first()) {
                    (Kind::Bytes, Some(&BYTES)) => {
                        self.array::<1>()?;
                        json::bytes_value(self.block()?)
                    }
                    _ => self.value(depth)?,
                };
                Ok(json::scalar(self.heap, kind, value)?)
            }
            _ => Err(Broken::Bytes),
        }
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Value>, Broken> {
        let mut items = Vec::new();
        for _ in 0..self.length()? {
            let item = self.value(depth)?;
            self.heap.charge(size_of::<Value>())?;
            items.push(item);
        }
        Ok(items)
    }

    fn text_of(&mut self, tag: u8) -> Result<Str, Broken> {
        let bytes = self.block()?;
        self.heap.charge(bytes.len())?;
        match tag {
            STRING => {
                let text = std::str::from_utf8(bytes).map_err(|_| Broken::Bytes)?;
                Ok(text.into())
            }
            WIDE => {
                let units = bytes.chunks_exact(2).map(|unit| match unit {
                    [low, high] => u16::from_le_bytes([*low, *high]),
                    _ => 0,
                });
                Ok(Str::from_utf16(&units.collect::<Vec<_>>()))
            }
            _ => Err(Broken::Bytes),
        }
    }

    fn decimal(&mut self) -> Result<Decimal, Broken> {
        Ok(Decimal::deserialize(self.array()?))
    }

    fn type_of(&mut self) -> Result<Type, Broken> {
        let name = std::str::from_utf8(self.block()?).map_err(|_| Broken::Bytes)?;
        self.registry.parse_type(name).ok_or(Broken::Bytes)
    }

    fn block(&mut self) -> Result<&'a [u8], Broken> {
        let length = usize::try_from(self.length()?).map_err(|_| Broken::Bytes)?;
        let (block, rest) = self.bytes.split_at_checked(length).ok_or(Broken::Bytes)?;
        self.bytes = rest;
        Ok(block)
    }

    fn length(&mut self) -> Result<u32, Broken> {
        self.array().map(u32::from_le_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (array, rest) = self.bytes.split_first_chunk().ok_or(Broken::Bytes)?;
        self.bytes = rest;
        Ok(*array)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::heap::HeapObject;

    fn there_and_back(heap: &mut Heap, value: &Value) -> Value {
        let registry = Registry::dotnet();
        let bytes = pack(heap, registry, value).unwrap();
        // A part of it is never taken for the whole, nor more for it.
        for length in 0..bytes.len() {
            let part = bytes.get(..length).unwrap();
            assert!(
                unpack(heap, registry, part).unwrap().is_none(),
                "{value:?} cut at {length}"
            );
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(unpack(heap, registry, &longer).unwrap().is_none());
        unpack(heap, registry, &bytes).unwrap().unwrap()
    }

    #[test]
    fn plain_values_stay_what_they_are() {
        let heap = &mut Heap::default();
        for value in [
            Value::Null,
            Value::Bool(true),
            Value::Char(0xD800),
            Value::SByte(-1),
            Value::Byte(255),
            Value::Int16(-2),
            Value::UInt16(3),
            Value::Int32(-4),
            Value::UInt32(5),
            Value::Int64(i64::MIN),
            Value::UInt64(u64::MAX),
            Value::Single(1.5),
            Value::Double(f64::NAN),
            Value::Decimal("1.10".parse().unwrap()),
            Value::string("a\u{e9}"),
            Value::String(Str::from_utf16(&[0xD800, 0x61])),
            Value::Guid([7; 16]),
            Value::DateTime(5, DateTimeKind::Utc),
            Value::DateTimeOffset(5, -60),
            Value::TimeSpan(-1),
            Value::Enum(Registry::dotnet().find("System.DayOfWeek", 0).unwrap(), 3),
        ] {
            let back = there_and_back(heap, &value);
            assert_eq!(format!("{back:?}"), format!("{value:?}"));
        }
    }

    #[test]
    fn mutable_objects_are_copied() {
        let heap = &mut Heap::default();
        let array = heap.alloc(Array::strings(["a", "b"])).unwrap();
        let list = List::new(Type::object(), vec![array, 1.into(), Value::Null]);
        let list = heap.alloc(list).unwrap();
        let mut dictionary = Dictionary::ignoring_case(Type::object());
        dictionary.insert(heap, "Key".into(), list);
        let bytes = heap.alloc(Array::bytes(vec![1, 2])).unwrap();
        dictionary.insert(heap, "bytes".into(), bytes);
        let value = heap.alloc(dictionary).unwrap();
        let back = there_and_back(heap, &value);
        let copy = heap.of::<Dictionary>(&back).unwrap();
        assert_eq!(copy.type_of().to_string(), "Dictionary<string, object>");
        let list = copy.get(heap, &"kEY".into()).unwrap();
        let list = heap.of::<List>(list).unwrap();
        assert!(matches!(
            list.items(),
            [Value::Ref(_), Value::Int32(1), Value::Null]
        ));
        let array = heap.of::<Array>(list.items().first().unwrap()).unwrap();
        assert_eq!(array.element(), &Type::string());
        assert_eq!(array.get(1).unwrap().as_str().unwrap(), "b");
        let bytes = copy.get(heap, &"BYTES".into()).unwrap();
        assert_eq!(heap.of::<Array>(bytes).unwrap().as_bytes().unwrap(), [1, 2]);
    }

    #[test]
    fn json_and_xml_come_back() {
        let heap = &mut Heap::default();
        let text = r#"{"a":[1,2.50,"2020-01-02T03:04:05Z",null,true,{}],"b":"x"}"#;
        let value = json::parse(heap, &text.into()).unwrap();
        let back = there_and_back(heap, &value);
        assert_eq!(
            json::write(heap, &back, false).unwrap(),
            json::write(heap, &value, false).unwrap()
        );
        let element = Registry::dotnet().parse_type("XElement").unwrap();
        let value = xml::parse_as(heap, "<a b='1'>x<c /> y</a>", &element)
            .unwrap()
            .unwrap();
        let back = there_and_back(heap, &value);
        assert_eq!(
            xml::to_source(heap, &back).unwrap().unwrap(),
            r#"<a b="1">x<c /> y</a>"#
        );
    }

    #[test]
    fn what_belongs_to_one_request_is_refused() {
        let heap = &mut Heap::default();
        let refused = |heap: &Heap, value: &Value| {
            let throw = pack(heap, Registry::dotnet(), value).unwrap_err();
            throw.exception().message.clone()
        };
        assert_eq!(
            refused(heap, &Value::Host(1)),
            "A value of type object cannot be kept."
        );
        let mut value = Value::Null;
        for _ in 0..DEPTH {
            value = heap.alloc(List::new(Type::object(), vec![value])).unwrap();
        }
        assert!(refused(heap, &value).contains("nested too deep"));
    }

    #[test]
    fn hostile_bytes_make_nothing() {
        let heap = &mut Heap::new(1 << 20);
        let registry = Registry::dotnet();
        for bytes in [
            &[ARRAY, 3, 0, 0, 0, b'i', b'n', b't', 255, 255, 255, 255][..],
            &[STRING, 255, 255, 255, 255, b'a'],
            &[STRING, 1, 0, 0, 0, 0xFF],
            &[ENUM, 2, 0, 0, 0, b'?', b'?'],
            &[JSON_OBJECT, 1, 0, 0, 0, NULL],
            &[99],
        ] {
            assert!(
                unpack(heap, registry, bytes).unwrap().is_none(),
                "{bytes:?}"
            );
        }
        let deep: Vec<u8> = [JSON_ARRAY, 1, 0, 0, 0].repeat(10_000);
        assert!(unpack(heap, registry, &deep).unwrap().is_none());
    }
}
