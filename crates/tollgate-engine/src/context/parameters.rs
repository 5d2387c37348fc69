//! `context.Request.MatchedParameters`.

use tollgate_dotnet::{Call, Lent, Loan, Str, Throw, Value, member};

use super::Part;
use super::context;
use super::dictionary::{Found, dictionary, entries, key, lent_key, nothing};
use crate::exchange::Context;

dictionary! {
    /// The parameters of the operation's URL template, decoded; names are compared without case.
    PARAMETERS = "Tollgate.ParameterDictionary" of "string",
    get: get,
    entries: list,
    prepare: nothing,
    item: item,
    and: [member("string GetValueOrDefault(string name, string defaultValue = null)", |c| {
        Ok(get(c)?.unwrap_or_else(|| c.arg(2).clone()))
    })
    .lending(|loan| Some(item(loan)?.unwrap_or(Lent::Value(loan.arg(2)))))]
}

fn get(call: &mut Call<'_, '_>) -> Result<Option<Value>, Throw> {
    let name = key(call)?.clone();
    let name = name.to_utf8();
    let (context, _) = context(call)?;
    let mut parameters = context.request.matched_parameters.iter();
    let found = parameters.find(|(other, _)| other.to_utf8().eq_ignore_ascii_case(&name));
    Ok(found.map(|(_, value)| value.clone().into()))
}

fn item<'a>(loan: &Loan<'a, '_>) -> Found<'a> {
    let name = lent_key(loan)?;
    let mut parameters = loan.host::<Context>()?.request.matched_parameters.iter();
    let found = parameters.find(|(other, _)| other.to_utf8().eq_ignore_ascii_case(name));
    Some(found.map(|(_, value)| Lent::Str(value)))
}

fn list(call: &mut Call<'_, '_>) -> Result<Vec<(Str, Value)>, Throw> {
    let (context, heap) = context(call)?;
    entries(context, heap, Part::MatchedParameters)
}
