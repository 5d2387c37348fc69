//! `publish-event`: tells those who have subscribed to a field of GraphQL what a resolver gave.
//!
//! ```xml
//! <publish-event>
//!     <targets>
//!         <graphql-subscription id="onPostCreated" />
//!     </targets>
//! </publish-event>
//! ```
//!
//! Subscriptions need WebSockets, which the gateway does not serve: nobody can have subscribed. The policy loads, its
//! elements are checked, and a resolver that has it fails with `NotSupported` (501) before it calls its data source, so that
//! a change is not made half. Source: publish-event-policy.md.

use tollgate_engine::{
    Children, Exchange, Failure, Flow, Policy, PolicyKind, Scopes, Sections, element, required,
};

/// The row of the list.
pub const KIND: PolicyKind =
    PolicyKind {
        name: "publish-event",
        sections: Sections::OUTBOUND,
        scopes: Scopes::RESOLVER,
        once: true,
        attributes: &[],
        children: Children::Elements(&[element("targets").required().children(
            Children::Elements(&[element("graphql-subscription")
                .required()
                .many()
                .attributes(&[required("id")
                    .literal()
                    .about("The field of `Subscription`.")])]),
        )]),
        load: |_| Ok(Box::new(PublishEvent)),
    };

#[derive(Debug)]
struct PublishEvent;

/// Why nothing is published.
pub(crate) fn failure() -> Failure {
    super::missing(
        KIND.name,
        "subscriptions need WebSockets, which the gateway does not serve",
    )
}

impl Policy for PublishEvent {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Err(failure())
    }
}
