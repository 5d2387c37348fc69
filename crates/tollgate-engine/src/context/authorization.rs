//! `Authorization`: what `get-authorization-context` puts into a variable.

use std::fmt;
use std::sync::Arc;

use tollgate_dotnet::{
    Call, Iterate, Object, Record, Str, Throw, Type, TypeDef, TypeKind, Value, from_fn, member,
};

use super::dictionary::{dictionary, key, nothing, nowhere};
use super::part::object_pair;
use super::this;

/// `Authorization`. Source: get-authorization-context-policy.md.
pub(super) static AUTHORIZATION: TypeDef = TypeDef {
    name: "Tollgate.Authorization",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("string AccessToken { get; }", |c| {
            Ok(this::<Authorization>(c)?.access_token.clone().into())
        }),
        member("AuthorizationClaims Claims { get; }", |c| {
            Ok(Value::object(this::<Authorization>(c)?.claims.clone()))
        }),
    ],
};

dictionary! {
    /// The claims of an authorization; names are compared with case.
    CLAIMS = "Tollgate.AuthorizationClaims" of "object",
    get: get,
    entries: list,
    prepare: nothing,
    item: nowhere,
    and: []
}

/// The access token of a connection in the credential manager.
pub struct Authorization {
    access_token: Str,
    claims: Claims,
}

/// Names and values in their order.
#[derive(Clone)]
struct Claims(Arc<[(Str, Value)]>);

impl Authorization {
    /// An access token, and what its provider said with it.
    pub fn new(
        access_token: impl Into<Str>,
        claims: impl IntoIterator<Item = (Str, Value)>,
    ) -> Self {
        Self {
            access_token: access_token.into(),
            claims: Claims(claims.into_iter().collect()),
        }
    }
}

impl Object for Authorization {
    fn type_of(&self) -> Type {
        Type::plain(&AUTHORIZATION)
    }
}

impl Object for Claims {
    fn type_of(&self) -> Type {
        Type::plain(&CLAIMS)
    }

    fn iterate(&self) -> Option<Box<dyn Iterate>> {
        let claims = self.0.clone();
        let mut next = 0;
        Some(from_fn(move |_| {
            let claim = claims.get(next).cloned();
            next += 1;
            Ok(claim.map(|(name, value)| {
                Value::object(Record::new(object_pair(), [name.into(), value]))
            }))
        }))
    }
}

fn get(call: &mut Call<'_, '_>) -> Result<Option<Value>, Throw> {
    let name = key(call)?;
    let mut claims = this::<Claims>(call)?.0.iter();
    let found = claims.find(|(other, _)| other == name);
    Ok(found.map(|(_, value)| value.clone()))
}

fn list(call: &mut Call<'_, '_>) -> Result<Vec<(Str, Value)>, Throw> {
    Ok(this::<Claims>(call)?.0.to_vec())
}

/// Shows nothing of the token.
impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization")
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_not_shown() {
        let authorization = Authorization::new("hush", [("scope".into(), "hush".into())]);
        let shown = format!("{authorization:?} {:?}", authorization.claims);
        assert_eq!(shown, "Authorization Claims");
    }
}
