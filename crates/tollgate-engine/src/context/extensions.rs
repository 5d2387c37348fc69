//! The extension methods of policy expressions.

use tollgate_dotnet::{Call, Throw, TypeDef, TypeKind, Value, member, pure};

use super::{BasicAuthCredentials, context};

/// Extension methods on `string`.
pub(super) static EXTENSIONS: TypeDef = TypeDef {
    name: "Tollgate.PolicyExtensions",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[
        pure(
            "static BasicAuthCredentials AsBasic(this string input)",
            |c| Ok(basic(c)),
        ),
        member(
            "static bool TryParseBasic(this string input, out BasicAuthCredentials result)",
            |c| {
                let parsed = basic(c);
                Ok(found(c, parsed))
            },
        ),
        member("static Jwt AsJwt(this string input)", jwt),
        member(
            "static bool TryParseJwt(this string input, out Jwt result)",
            |c| {
                let parsed = jwt(c)?;
                Ok(found(c, parsed))
            },
        ),
    ],
};

fn found(call: &mut Call<'_, '_>, parsed: Value) -> Value {
    let there = !parsed.is_null();
    call.outs.push(parsed);
    there.into()
}

fn basic(call: &Call<'_, '_>) -> Value {
    let text = call.arg(0).as_str().and_then(|text| text.as_utf8());
    let parsed = text.and_then(BasicAuthCredentials::parse);
    parsed.map_or(Value::Null, Value::object)
}

/// `null` if the text is no token; the signature is not looked at.
fn jwt(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let Some(text) = call.arg(0).as_str().cloned() else {
        return Ok(Value::Null);
    };
    Ok(super::object(context(call)?.0.decode_jwt(&text).as_ref()))
}
