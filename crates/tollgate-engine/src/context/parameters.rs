//! `context.Request.MatchedParameters`.

use tollgate_dotnet::{Call, Str, Throw, Value, member};

use super::Part;
use super::context;
use super::dictionary::{dictionary, entries, key, nothing};

dictionary! {
    /// The parameters of the operation's URL template, decoded; names are compared without case.
    PARAMETERS = "Tollgate.ParameterDictionary" of "string",
    get: get,
    entries: list,
    prepare: nothing,
    and: [member("string GetValueOrDefault(string name, string defaultValue = null)", |c| {
        Ok(get(c)?.unwrap_or_else(|| c.arg(2).clone()))
    })]
}

fn get(call: &mut Call<'_, '_>) -> Result<Option<Value>, Throw> {
    let name = key(call)?.clone();
    let name = name.to_utf8();
    let (context, _) = context(call)?;
    let mut parameters = context.request.matched_parameters.iter();
    let found = parameters.find(|(other, _)| other.to_utf8().eq_ignore_ascii_case(&name));
    Ok(found.map(|(_, value)| value.clone().into()))
}

fn list(call: &mut Call<'_, '_>) -> Result<Vec<(Str, Value)>, Throw> {
    let (context, heap) = context(call)?;
    entries(context, heap, Part::MatchedParameters)
}
