//! `context.Subscription`.

use tollgate_dotnet::{Call, DateTimeKind, Object, Throw, Type, TypeDef, TypeKind, Value, member};

use super::this;
use crate::catalog::SubscriptionInfo;

/// `ISubscription`.
pub(super) static SUBSCRIPTION: TypeDef = TypeDef {
    name: "Tollgate.ISubscription",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("DateTime CreatedDate { get; }", |c| {
            Ok(date(subscription(c)?.created))
        }),
        member("DateTime? EndDate { get; }", |c| {
            Ok(subscription(c)?.end.map_or(Value::Null, date))
        }),
        member("string Id { get; }", |c| {
            Ok(subscription(c)?.id.clone().into())
        }),
        member("string Key { get; }", |c| {
            Ok(subscription(c)?.primary_key.clone().into())
        }),
        member("string Name { get; }", |c| {
            Ok(subscription(c)?.name.clone().into())
        }),
        member("string PrimaryKey { get; }", |c| {
            Ok(subscription(c)?.primary_key.clone().into())
        }),
        member("string SecondaryKey { get; }", |c| {
            Ok(subscription(c)?.secondary_key.clone().into())
        }),
        member("DateTime? StartDate { get; }", |c| {
            Ok(subscription(c)?.start.map_or(Value::Null, date))
        }),
    ],
};

impl Object for SubscriptionInfo {
    fn type_of(&self) -> Type {
        Type::plain(&SUBSCRIPTION)
    }
}

/// A date of the catalog.
pub(super) fn date(ticks: i64) -> Value {
    Value::DateTime(ticks, DateTimeKind::Utc)
}

fn subscription<'c>(call: &'c Call<'_, '_>) -> Result<&'c SubscriptionInfo, Throw> {
    this(call)
}
