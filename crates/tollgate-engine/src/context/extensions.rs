//! The extension methods of policy expressions.

use tollgate_dotnet::{
    Call, Dictionary, Lent, Loan, Throw, TypeDef, TypeKind, Value, form_encode, member, ops, pure,
};

use super::{BasicAuthCredentials, context};
use crate::exchange::Context;

/// Extension methods on `string` and forms.
pub(super) static EXTENSIONS: TypeDef = TypeDef {
    name: "Tollgate.PolicyExtensions",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        pure(
            "static BasicAuthCredentials AsBasic(this string input)",
            basic,
        ),
        member(
            "static bool TryParseBasic(this string input, out BasicAuthCredentials result)",
            |c| {
                let parsed = basic(c)?;
                Ok(found(c, parsed))
            },
        ),
        member("static Jwt AsJwt(this string input)", jwt).linking(lent_jwt),
        member(
            "static bool TryParseJwt(this string input, out Jwt result)",
            |c| {
                let parsed = jwt(c)?;
                Ok(found(c, parsed))
            },
        ),
        member(
            "static string ToQueryString(this IDictionary<string, IList<string>> dictionary)",
            |c| form(c, "?"),
        ),
        member(
            "static string ToFormUrlEncodedContent(this IDictionary<string, IList<string>> dictionary)",
            |c| form(c, ""),
        ),
    ],
};

fn found(call: &mut Call<'_, '_>, parsed: Value) -> Value {
    let there = !parsed.is_null();
    call.outs.push(parsed);
    there.into()
}

/// `a=1&a=2`; `null` if there are no values.
fn form(call: &mut Call<'_, '_>, prefix: &str) -> Result<Value, Throw> {
    let Some(form) = call.machine.heap.of::<Dictionary>(call.arg(0)) else {
        return Ok(Value::Null);
    };
    let lists: Vec<(Value, Value)> = (form.iter())
        .map(|(name, values)| (name.clone(), values.clone()))
        .collect();
    let encoded = |value: &Value| {
        let text = value.as_str().cloned().unwrap_or_default();
        form_encode(&text.to_utf8())
    };
    let mut text = String::from(prefix);
    for (name, values) in lists {
        let name = encoded(&name);
        for value in ops::collect(call.machine, &values)? {
            if text.len() > prefix.len() {
                text.push('&');
            }
            text.push_str(&format!("{name}={}", encoded(&value)));
            call.room(text.len())?;
        }
    }
    match text.len() > prefix.len() {
        true => call.new_text(text),
        false => Ok(Value::Null),
    }
}

fn basic(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let text = call.arg(0).as_str().and_then(|text| text.as_utf8());
    call.heavy_work(text.map_or(0, str::len))?;
    let parsed = text.and_then(BasicAuthCredentials::parse);
    Ok(parsed.map_or(Value::Null, Value::object))
}

/// `null` if the text is no token; the signature is not looked at.
fn jwt(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let Some(text) = call.arg(0).as_str().cloned() else {
        return Ok(Value::Null);
    };
    // Decoding, reading, and a list of its claims.
    call.machine.step(16)?;
    call.heavy_work(text.size().saturating_mul(2))?;
    Ok(super::object(context(call)?.0.decode_jwt(&text).as_ref()))
}

fn lent_jwt<'a>(loan: &Loan<'a, '_>) -> Option<Lent<'a>> {
    let text = loan.text()?;
    loan.machine.heap.spend(text.len().saturating_mul(8));
    let jwt = loan.host::<Context>()?.lent_jwt(text)?;
    Some(jwt.map_or(Lent::NULL, |jwt| Lent::Object(jwt)))
}
