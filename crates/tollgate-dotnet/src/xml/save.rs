//! `Save`: a whole document with its declaration.

use super::declaration::Declaration;
use super::node::{Data, get};
use super::xobject::this;
use crate::member::Call;
use crate::throw::Throw;
use crate::value::Value;

/// `Save(TextWriter)`.
pub(super) fn save(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("textWriter"));
    }
    let indented = call.flags(2) & 1 == 0;
    let node = get(call.machine.heap, this(call)?)?;
    let standalone = match &node.data {
        Data::Document { declaration, .. } => declaration
            .downcast::<Declaration>()
            .and_then(|declaration| declaration.standalone.clone()),
        _ => None,
    };
    // What is written is a .NET string, whatever the declaration says.
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-16\"");
    if let Some(standalone) = standalone {
        text.push_str(&format!(" standalone=\"{standalone}\""));
    }
    text.push_str("?>");
    if indented {
        text.push('\n');
    }
    text.push_str(&super::write::node(call.machine.heap, node, indented)?);
    let text = call.new_text(text)?;
    crate::io::write(call, text)
}
