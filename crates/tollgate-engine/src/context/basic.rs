//! `BasicAuthCredentials`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tollgate_dotnet::{Object, Str, Type, TypeDef, TypeKind, member};

use super::this;

/// `BasicAuthCredentials`.
pub(super) static BASIC: TypeDef = TypeDef {
    name: "Tollgate.BasicAuthCredentials",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("string UserId { get; }", |c| {
            Ok(this::<BasicAuthCredentials>(c)?.user.clone().into())
        }),
        member("string Username { get; }", |c| {
            Ok(this::<BasicAuthCredentials>(c)?.user.clone().into())
        }),
        member("string Password { get; }", |c| {
            Ok(this::<BasicAuthCredentials>(c)?.password.clone().into())
        }),
    ],
};

/// What an `Authorization: Basic …` header says.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicAuthCredentials {
    /// The user.
    pub user: Str,
    /// The password.
    pub password: Str,
}

impl BasicAuthCredentials {
    /// Reads `Basic <base64>`: Latin-1, split at the last colon; `None` if it is something else.
    pub fn parse(header: &str) -> Option<Self> {
        let encoded = header.trim().strip_prefix("Basic ")?.trim();
        let bytes = STANDARD.decode(encoded).ok()?;
        let text: String = bytes.into_iter().map(char::from).collect();
        let (user, password) = text.rsplit_once(':')?;
        (!user.is_empty()).then(|| Self {
            user: user.into(),
            password: password.into(),
        })
    }
}

impl std::fmt::Debug for BasicAuthCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BasicAuthCredentials")
    }
}

impl Object for BasicAuthCredentials {
    fn type_of(&self) -> Type {
        Type::plain(&BASIC)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_last_colon_parts_user_and_password() {
        let parsed = BasicAuthCredentials::parse("Basic YTpiOmM=").unwrap();
        assert_eq!((parsed.user, parsed.password), ("a:b".into(), "c".into()));
    }

    #[test]
    fn anything_else_is_none() {
        for header in [
            "",
            "Basic",
            "Basic !",
            "basic YTpi",
            "Bearer YTpi",
            "Basic YQ==",
            "Basic OmI=",
        ] {
            assert_eq!(BasicAuthCredentials::parse(header), None, "{header}");
        }
    }
}
