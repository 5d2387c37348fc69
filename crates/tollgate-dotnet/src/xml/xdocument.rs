//! `XDocument`.

use super::content::add_arguments;
use super::declaration::Declaration;
use super::node::{Data, alloc, copy, elements, get, get_mut};
use super::read;
use super::xobject::{reference, this};
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::throw::Throw;
use crate::value::Value;

/// `XDocument`.
pub(crate) static XDOCUMENT: TypeDef = TypeDef {
    name: "System.Xml.Linq.XDocument",
    kind: TypeKind::Class,
    bases: &["XContainer"],
    values: &[],
    members: &[
        member("new()", create),
        member("new(params object[] content)", create),
        member(
            "new(XDeclaration declaration, params object[] content)",
            create,
        ),
        member("new(XDocument other)", |call| {
            copy(call.machine.heap, this(call)?).map(Value::Ref)
        }),
        member("static XDocument Parse(string text)", parse),
        member("static XDocument Load(TextReader textReader)", load),
        member(
            "static XDocument Load(TextReader textReader, LoadOptions options)",
            load,
        ),
        member("void Save(TextWriter textWriter)", super::save::save),
        member(
            "void Save(TextWriter textWriter, SaveOptions options)",
            super::save::save,
        ),
        member(
            "static XDocument Parse(string text, LoadOptions options)",
            parse,
        ),
        member("XElement Root { get; }", |call| {
            Ok(reference(
                elements(call.machine.heap, this(call)?, None)
                    .first()
                    .copied(),
            ))
        }),
        member("XDocumentType DocumentType { get; }", |call| {
            let heap = &*call.machine.heap;
            let children = get(heap, this(call)?)?.children().iter();
            let mut types = children.filter(|id| {
                let node = get(heap, **id);
                node.is_ok_and(|node| matches!(node.data, Data::DocumentType(_)))
            });
            Ok(reference(types.next().copied()))
        }),
        member("XDeclaration Declaration { get; }", |call| {
            match &get(call.machine.heap, this(call)?)?.data {
                Data::Document { declaration, .. } => Ok(declaration.clone()),
                _ => Ok(Value::Null),
            }
        }),
        member("XDeclaration Declaration { set; }", |call| {
            let (id, new) = (this(call)?, call.arg(1).clone());
            if let Data::Document { declaration, .. } = &mut get_mut(call.machine.heap, id)?.data {
                *declaration = new;
            }
            Ok(Value::Null)
        }),
    ],
};

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let declared = call.arg(0).downcast::<Declaration>().is_some();
    let declaration = match declared {
        true => call.arg(0).clone(),
        false => Value::Null,
    };
    let data = Data::Document {
        declaration,
        children: Vec::new(),
    };
    let new = alloc(call.machine.heap, data)?;
    add_arguments(call, new, usize::from(declared))?;
    Ok(Value::Ref(new))
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.text(0, "text")?.to_utf8();
    call.heavy_work(read::weight(&text))?;
    let space = call.flags(1) & 1 == 1;
    read::document(call.machine.heap, &text, space).map(Value::Ref)
}

fn load(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = crate::io::rest_of(call, "textReader")?;
    let text = text.to_utf8();
    call.heavy_work(read::weight(&text))?;
    let space = call.flags(1) & 1 == 1;
    read::document(call.machine.heap, &text, space).map(Value::Ref)
}
