//! `context.Product`.

use tollgate_dotnet::{Call, Object, Throw, Type, TypeDef, TypeKind, TypeRef, Value, member};

use super::{api, sequence, this, user};
use crate::catalog::ProductInfo;

/// `IProduct`.
pub(super) static PRODUCT: TypeDef = TypeDef {
    name: "Tollgate.IProduct",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("IEnumerable<IApi> Apis { get; }", |c| {
            let apis = product(c)?.apis.iter().cloned();
            Ok(sequence(
                Type::plain(&api::IAPI),
                apis.map(|api| Value::Object(api)),
            ))
        }),
        member("bool ApprovalRequired { get; }", |c| {
            Ok(product(c)?.approval_required.into())
        }),
        member("IEnumerable<IGroup> Groups { get; }", |c| {
            Ok(user::groups(&product(c)?.groups))
        }),
        member("string Id { get; }", |c| Ok(product(c)?.id.clone().into())),
        member("string Name { get; }", |c| {
            Ok(product(c)?.name.clone().into())
        }),
        member("ProductState State { get; }", |c| {
            Ok(Value::Enum(TypeRef(&STATE), product(c)?.published.into()))
        }),
        member("int? SubscriptionLimit { get; }", |c| {
            Ok(product(c)?.subscription_limit.into())
        }),
        member("bool SubscriptionRequired { get; }", |c| {
            Ok(product(c)?.subscription_required.into())
        }),
    ],
};

/// `ProductState`.
pub(super) static STATE: TypeDef = TypeDef {
    name: "Tollgate.ProductState",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[("NotPublished", 0), ("Published", 1)],
    members: &[],
};

impl Object for ProductInfo {
    fn type_of(&self) -> Type {
        Type::plain(&PRODUCT)
    }
}

fn product<'c>(call: &'c Call<'_, '_>) -> Result<&'c ProductInfo, Throw> {
    this(call)
}
