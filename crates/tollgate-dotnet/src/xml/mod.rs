//! `System.Xml.Linq`.

use crate::heap::{Heap, HeapId};
use crate::member::{Call, TypeDef, TypeKind};
use crate::throw::Throw;
use crate::value::Value;

/// `XObject`.
pub(crate) static XOBJECT: TypeDef = TypeDef {
    name: "System.Xml.Linq.XObject",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[],
};
/// `XDocument`.
pub(crate) static XDOCUMENT: TypeDef = TypeDef {
    name: "System.Xml.Linq.XDocument",
    kind: TypeKind::Class,
    bases: &["XObject"],
    values: &[],
    members: &[],
};
pub(crate) const TYPES: &[&TypeDef] = &[&XOBJECT, &XDOCUMENT];

pub(crate) fn to_json(_heap: &mut Heap, _value: &Value) -> Result<Option<HeapId>, Throw> {
    Ok(None)
}
pub(crate) fn serialize_node(_call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Err(Throw::not_supported("SerializeXNode"))
}
pub(crate) fn deserialize_node(_call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Err(Throw::not_supported("DeserializeXNode"))
}
