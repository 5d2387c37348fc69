//! `context.Variables`.

use std::sync::Arc;

use tollgate_dotnet::{Call, Lent, Loan, Prepared, Str, Throw, Type, Value, member, ops};

use super::Part;
use super::context;
use super::dictionary::{Found, constant_key, dictionary, entries, key};
use crate::exchange::{Context, VariableName};

dictionary! {
    /// The variables of the exchange.
    VARIABLES = "Tollgate.VariableDictionary" of "object",
    get: get,
    entries: list,
    prepare: prepare,
    item: item,
    and: [
        member("T GetValueOrDefault<T>(string name, T defaultValue)", |c| {
            typed(c, |c| c.arg(2).clone())
        })
        .preparing(prepare)
        .lending(|loan| match variable(loan)? {
            Some(found) => lent_as(found, loan.ty()?),
            None => Some(Lent::Value(loan.arg(2))),
        }),
        member("T GetValueOrDefault<T>(string name)", |c| {
            typed(c, |c| c.types.last().map_or(Value::Null, ops::default_of))
        })
        .preparing(prepare)
        .lending(|loan| lent_as(variable(loan)??, loan.ty()?)),
        member("object GetValueOrDefault(string name)", |c| {
            Ok(get(c)?.unwrap_or_default())
        })
        .preparing(prepare)
        .lending(|loan| item(loan)?),
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

fn item<'a>(loan: &Loan<'a, '_>) -> Found<'a> {
    Some(variable(loan)?.map(Lent::Value))
}

#[inline]
#[expect(
    clippy::option_option,
    reason = "no variable is not one that cannot be told"
)]
fn variable<'a>(loan: &Loan<'a, '_>) -> Option<Option<&'a Value>> {
    let name = loan.prepared::<VariableName>()?;
    Some(loan.host::<Context>()?.variables.get(name))
}

/// The variable as a `T`, if it is plain that it is one.
#[inline]
fn lent_as<'a>(found: &'a Value, ty: &Type) -> Option<Lent<'a>> {
    ops::is_plainly(found, ty).then_some(Lent::Value(found))
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
