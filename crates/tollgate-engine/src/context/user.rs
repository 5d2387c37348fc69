//! `context.User`, with groups and identities.

use tollgate_dotnet::{Call, Object, Throw, Type, TypeDef, TypeKind, Value, member};

use super::subscription::date;
use super::{sequence, this};
use crate::catalog::{GroupInfo, IdentityInfo, UserInfo};

/// `IUser`.
pub(super) static USER: TypeDef = TypeDef {
    name: "Tollgate.IUser",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Email { get; }", |c| {
            Ok(user(c)?.email.clone().into())
        }),
        member("string FirstName { get; }", |c| {
            Ok(user(c)?.first_name.clone().into())
        }),
        member("IEnumerable<IGroup> Groups { get; }", |c| {
            Ok(groups(&user(c)?.groups))
        }),
        member("string Id { get; }", |c| Ok(user(c)?.id.clone().into())),
        member("IEnumerable<IUserIdentity> Identities { get; }", |c| {
            let identities = user(c)?.identities.iter().cloned();
            Ok(sequence(
                Type::plain(&IDENTITY),
                identities.map(Value::object),
            ))
        }),
        member("string LastName { get; }", |c| {
            Ok(user(c)?.last_name.clone().into())
        }),
        member("string Note { get; }", |c| Ok(user(c)?.note.clone().into())),
        member("DateTime RegistrationDate { get; }", |c| {
            Ok(date(user(c)?.registered))
        }),
    ],
};

/// `IGroup`.
pub(super) static GROUP: TypeDef = TypeDef {
    name: "Tollgate.IGroup",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Id { get; }", |c| {
            Ok(this::<GroupInfo>(c)?.id.clone().into())
        }),
        member("string Name { get; }", |c| {
            Ok(this::<GroupInfo>(c)?.name.clone().into())
        }),
    ],
};

/// `IUserIdentity`.
pub(super) static IDENTITY: TypeDef = TypeDef {
    name: "Tollgate.IUserIdentity",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Id { get; }", |c| {
            Ok(this::<IdentityInfo>(c)?.id.clone().into())
        }),
        member("string Provider { get; }", |c| {
            Ok(this::<IdentityInfo>(c)?.provider.clone().into())
        }),
    ],
};

/// An `IEnumerable<IGroup>`.
pub(super) fn groups(groups: &[GroupInfo]) -> Value {
    let groups = groups.iter().cloned().map(Value::object);
    sequence(Type::plain(&GROUP), groups)
}

impl Object for UserInfo {
    fn type_of(&self) -> Type {
        Type::plain(&USER)
    }
}

impl Object for GroupInfo {
    fn type_of(&self) -> Type {
        Type::plain(&GROUP)
    }
}

impl Object for IdentityInfo {
    fn type_of(&self) -> Type {
        Type::plain(&IDENTITY)
    }
}

fn user<'c>(call: &'c Call<'_, '_>) -> Result<&'c UserInfo, Throw> {
    this(call)
}
