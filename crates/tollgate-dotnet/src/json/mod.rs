//! `Newtonsoft.Json`: tokens on the heap, read and written as Newtonsoft does.

mod big_integer;
mod convert;
mod document;
#[cfg(test)]
mod document_tests;
mod equality;
mod from;
pub(crate) mod iso_date;
mod iterators;
mod jarray;
mod jconstructor;
mod jcontainer;
mod jobject;
mod jproperty;
mod json_convert;
mod jtoken;
mod jvalue;
mod kind;
mod lend;
mod linq;
mod merge;
mod path;
mod path_parse;
mod plain;
mod read;
mod settings;
mod sink;
mod tape;
mod to;
mod token;
mod typed;
mod value;
mod write;

pub(crate) use convert::change;
pub(crate) use from::several;
pub(crate) use jobject::{as_pairs, entries, in_dictionary};
pub(crate) mod object {
    //! What a `JObject` does as a dictionary.
    pub(crate) use super::jobject::{add, get_value as get, remove, set_value as set};
}
pub(crate) use iterators::ITERATORS;
pub(crate) use kind::Kind;
pub(crate) use settings::Style;
pub(crate) use sink::Sink;
pub(crate) use token::{
    Node, alloc, copy, get, id_of, object as new_object, property as new_property, push, scalar,
};
pub(crate) use value::{bytes_of, bytes_value, plain_text};
pub(crate) use write::Writer;

pub use lend::lent;
pub use plain::to_json;
pub use tape::Tape;

use std::sync::Arc;

use self::settings::Reading;
use crate::heap::Heap;
use crate::machine::Machine;
use crate::member::TypeDef;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// The types of these namespaces.
pub(crate) const TYPES: &[&TypeDef] = &[
    &big_integer::BIG_INTEGER,
    &kind::JTOKEN_TYPE,
    &equality::JTOKEN_EQUALITY,
    &jobject::PAIRS,
    &settings::FORMATTING,
    &settings::NULL_VALUES,
    &settings::DEFAULT_VALUES,
    &settings::MISSING_MEMBERS,
    &settings::DATE_FORMATS,
    &settings::DATE_PARSING,
    &settings::DATE_ZONES,
    &settings::FLOAT_FORMATS,
    &settings::FLOAT_PARSING,
    &settings::STRING_ESCAPES,
    &settings::COMMENTS,
    &settings::LINES,
    &settings::DUPLICATES,
    &settings::JSON_CONVERTER,
    &settings::JSON_SERIALIZER_SETTINGS,
    &settings::JSON_LOAD_SETTINGS,
    &json_convert::JSON_CONVERT,
    &merge::JSON_MERGE_SETTINGS,
    &merge::MERGE_ARRAY_HANDLING,
    &merge::MERGE_NULL_VALUE_HANDLING,
    &linq::IJENUMERABLE,
    &linq::JENUMERABLE,
    &linq::EXTENSIONS,
    &jtoken::JTOKEN,
    &jcontainer::JCONTAINER,
    &jobject::JOBJECT,
    &jarray::JARRAY,
    &jconstructor::JCONSTRUCTOR,
    &jproperty::JPROPERTY,
    &jvalue::JVALUE,
    &jvalue::JRAW,
];

/// Reads JSON with Newtonsoft's leniency, as a `JToken`. `JsonReaderException` if it cannot be read.
pub fn parse(heap: &mut Heap, text: &Str) -> Result<Value, Throw> {
    read::read(heap, text, read::Reads::Token, Reading::usual(true)).map(Value::Ref)
}

/// Reads JSON as a value of `ty`, which is `JToken`, `JObject` or `JArray`; `None` if it is no such type.
///
/// `JsonReaderException` if the text is not JSON, or not of that kind.
pub fn parse_as(heap: &mut Heap, text: &Str, ty: &Type) -> Option<Result<Value, Throw>> {
    let reads = reads_of(ty)?;
    Some(read::read(heap, text, reads, Reading::usual(true)).map(Value::Ref))
}

/// As [`parse_as`] of a text that was read before. Each call gives tokens of its own, which share what was read.
/// `None` if it has to be read by `parse_as`, to say that it is of another kind.
pub fn token_of(heap: &mut Heap, tape: &Arc<Tape>, ty: &Type) -> Option<Result<Value, Throw>> {
    let token = document::alloc(heap, tape, reads_of(ty)?, true)?;
    Some(token.map(Value::Ref))
}

/// The text that Newtonsoft gives a number of JSON: whole ones as they stand, others as a `double`.
pub fn number_text(json: &str) -> String {
    if !json.contains(['.', 'e', 'E']) {
        return match json {
            "-0" => "0".into(),
            whole => whole.into(),
        };
    }
    let number: f64 = json.parse().unwrap_or(f64::NAN);
    let text = crate::number::double_text(number);
    if !number.is_finite() {
        return format!("\"{text}\"");
    }
    match text.contains(['.', 'E']) {
        true => text,
        false => text + ".0",
    }
}

/// Whether a type is one that [`parse_as`] reads.
pub fn is_token(ty: &Type) -> bool {
    reads_of(ty).is_some()
}

fn reads_of(ty: &Type) -> Option<read::Reads> {
    let reads = [
        (&jtoken::JTOKEN, read::Reads::Token),
        (&jobject::JOBJECT, read::Reads::Object),
        (&jarray::JARRAY, read::Reads::Array),
    ];
    let (_, reads) = reads.into_iter().find(|(table, _)| ty.is_table(table))?;
    Some(reads)
}

/// `JsonConvert.DeserializeObject` of a type, with the `JsonSerializerSettings` in a value, or the usual ones.
pub fn deserialize(
    machine: &mut Machine<'_>,
    text: &Str,
    ty: &Type,
    settings: &Value,
) -> Result<Value, Throw> {
    let settings = machine.heap.of::<settings::Settings>(settings).cloned();
    to::deserialize(machine, text, ty, &settings.unwrap_or_default())
}

/// What a `JValue` holds; `None` of anything else.
pub(crate) fn held(heap: &Heap, value: &Value) -> Option<Value> {
    match &heap.of::<token::Token>(value)?.node {
        token::Node::Value(_, held) => Some(held.clone()),
        _ => None,
    }
}

/// Writes a `JToken` as Newtonsoft does: with two spaces and line feeds if `indented`. `NullReferenceException` of anything else.
pub fn write(heap: &Heap, token: &Value, indented: bool) -> Result<String, Throw> {
    let id = token::id_of(heap, token).ok_or_else(Throw::null_reference)?;
    write::write(heap, id, indented)
}

/// Reads a text with Newtonsoft's usual settings; `None` if there is nothing in it.
pub(crate) fn read_usual(
    heap: &mut Heap,
    text: &Str,
) -> Result<Option<crate::heap::HeapId>, Throw> {
    read::read_any(heap, text, Reading::usual(true))
}
