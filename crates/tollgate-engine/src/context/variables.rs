//! `context.Variables`.

use std::sync::Arc;

use tollgate_dotnet::{Call, Prepared, Str, Throw, Value, member, ops};

use super::Part;
use super::context;
use super::dictionary::{constant_key, dictionary, entries, key};
use crate::exchange::VariableName;

dictionary! {
    /// The variables of the exchange.
    VARIABLES = "Tollgate.VariableDictionary" of "object",
    get: get,
    entries: list,
    prepare: prepare,
    and: [
        member("T GetValueOrDefault<T>(string name, T defaultValue)", |c| {
            typed(c, |c| c.arg(2).clone())
        })
        .preparing(prepare),
        member("T GetValueOrDefault<T>(string name)", |c| {
            typed(c, |c| c.types.last().map_or(Value::Null, ops::default_of))
        })
        .preparing(prepare),
        member("object GetValueOrDefault(string name)", |c| {
            Ok(get(c)?.unwrap_or_default())
        })
        .preparing(prepare),
    ]
}

fn prepare(arguments: &[Option<Value>]) -> Result<Option<Prepared>, String> {
    let prepared = |key: &str| Arc::new(VariableName::new(key)) as Prepared;
    Ok(constant_key(arguments).map(prepared))
}

fn get(call: &mut Call<'_, '_>) -> Result<Option<Value>, Throw> {
    let prepared = call.prepared;
    if let Some(name) = prepared.and_then(|prepared| prepared.downcast_ref::<VariableName>()) {
        return Ok(context(call)?.0.variables.get(name).cloned());
    }
    let name = VariableName::new(key(call)?.clone());
    Ok(context(call)?.0.variables.get(&name).cloned())
}

/// The variable as a `T`: a cast, so `InvalidCastException` if it is of another type.
fn typed(
    call: &mut Call<'_, '_>,
    missing: impl FnOnce(&Call<'_, '_>) -> Value,
) -> Result<Value, Throw> {
    match (get(call)?, call.types.last()) {
        (Some(value), Some(ty)) => ops::cast(call.machine, &value, ty),
        (Some(value), None) => Ok(value),
        (None, _) => Ok(missing(call)),
    }
}

fn list(call: &mut Call<'_, '_>) -> Result<Vec<(Str, Value)>, Throw> {
    let (context, heap) = context(call)?;
    entries(context, heap, Part::Variables)
}
