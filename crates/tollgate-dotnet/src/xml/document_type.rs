//! `XDocumentType`.

use super::node::{Data, alloc, get, get_mut};
use super::xobject::this;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// `XDocumentType`.
pub(crate) static XDOCUMENT_TYPE: TypeDef = TypeDef {
    name: "System.Xml.Linq.XDocumentType",
    kind: TypeKind::Class,
    bases: &["XNode"],
    values: &[],
    members: &[
        member(
            "new(string name, string publicId, string systemId, string internalSubset)",
            |call| {
                call.reading_work()?;
                let name = call.text(0, "name")?.clone();
                super::name::Name::new(&name, &Str::EMPTY)?;
                let document_type = DocumentType {
                    name,
                    public: call.opt_str(1).cloned(),
                    system: call.opt_str(2).cloned(),
                    internal: call.opt_str(3).cloned(),
                };
                let data = Data::DocumentType(Box::new(document_type));
                alloc(call.machine.heap, data).map(Value::Ref)
            },
        ),
        member("new(XDocumentType other)", |call| {
            let other = of(call)?.clone();
            let data = Data::DocumentType(Box::new(other));
            alloc(call.machine.heap, data).map(Value::Ref)
        }),
        member("string Name { get; }", |call| {
            Ok(of(call)?.name.clone().into())
        }),
        member("string Name { set; }", |call| {
            let name = call.text(1, "value")?.clone();
            super::name::Name::new(&name, &Str::EMPTY)?;
            set(call, |all| all.name = name)
        }),
        member("string PublicId { get; }", |call| {
            Ok(of(call)?.public.clone().into())
        }),
        member("string PublicId { set; }", |call| {
            let text = call.opt_str(1).cloned();
            set(call, |all| all.public = text)
        }),
        member("string SystemId { get; }", |call| {
            Ok(of(call)?.system.clone().into())
        }),
        member("string SystemId { set; }", |call| {
            let text = call.opt_str(1).cloned();
            set(call, |all| all.system = text)
        }),
        member("string InternalSubset { get; }", |call| {
            Ok(of(call)?.internal.clone().into())
        }),
        member("string InternalSubset { set; }", |call| {
            let text = call.opt_str(1).cloned();
            set(call, |all| all.internal = text)
        }),
    ],
};

/// What `<!DOCTYPE …>` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentType {
    pub(crate) name: Str,
    pub(crate) public: Option<Str>,
    pub(crate) system: Option<Str>,
    pub(crate) internal: Option<Str>,
}

impl DocumentType {
    /// As .NET writes it.
    pub(super) fn write(&self, text: &mut String) {
        text.push_str(&format!("<!DOCTYPE {} ", self.name));
        match (&self.public, &self.system) {
            (Some(public), system) => {
                let system = system.clone().unwrap_or_default();
                text.push_str(&format!("PUBLIC \"{public}\" \"{system}\""));
            }
            (None, Some(system)) => text.push_str(&format!("SYSTEM \"{system}\"")),
            (None, None) => {}
        }
        if let Some(internal) = &self.internal {
            text.push_str(&format!("[{internal}]"));
        }
        text.push('>');
    }
}

fn of<'c>(call: &'c Call<'_, '_>) -> Result<&'c DocumentType, Throw> {
    match &get(call.machine.heap, this(call)?)?.data {
        Data::DocumentType(all) => Ok(all),
        _ => Err(Throw::null_reference()),
    }
}

fn set(call: &mut Call<'_, '_>, change: impl FnOnce(&mut DocumentType)) -> Result<Value, Throw> {
    let id = this(call)?;
    if let Data::DocumentType(all) = &mut get_mut(call.machine.heap, id)?.data {
        change(all);
    }
    Ok(Value::Null)
}
