//! `publish-to-dapr`: publishes a message to a topic by the Dapr sidecar.
//!
//! ```xml
//! <publish-to-dapr pubsub-name="orders" topic="new" response-variable-name="answer">@(context.Request.Body.As<string>())</publish-to-dapr>
//! ```
//!
//! The message, a Liquid template with `template="liquid"`, is posted to `/v1.0/publish/{pubsub-name}/{topic}`. Without
//! `pubsub-name`, `topic` is `pubsub/topic`. How the sidecar is called, and what becomes of its answer: the module
//! `dapr`. Source: publish-to-dapr-policy.md.

use tollgate_dotnet::Str;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting, Waiting, optional, required,
};

use super::dapr::{self, Sidecar};
use crate::transformation::set_body::SetBody;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "publish-to-dapr",
    sections: Sections::INBOUND
        .or(Sections::OUTBOUND)
        .or(Sections::ON_ERROR),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("pubsub-name").about("The message broker's component."),
        required("topic").about("The topic."),
        dapr::IGNORE_ERROR,
        dapr::VARIABLE,
        dapr::TIMEOUT,
        dapr::TEMPLATE,
        dapr::CONTENT,
    ],
    children: Children::Any,
    load: |e| Ok(Box::new(PublishToDapr::load(e)?)),
};

#[derive(Debug)]
struct PublishToDapr {
    pubsub: Option<Setting<Str>>,
    topic: Setting<Str>,
    message: SetBody,
    sidecar: Sidecar,
}

impl PublishToDapr {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (pubsub, topic) = (e.optional_setting("pubsub-name"), e.setting("topic"));
        let (message, sidecar) = (SetBody::load(e), Sidecar::load(e));
        let (pubsub, topic): (_, Setting<Str>) = (pubsub?, topic?);
        let whole = topic.literal().filter(|_| pubsub.is_none());
        if whole.is_some_and(|topic| !topic.to_utf8().contains('/')) {
            let message = "without `pubsub-name`, `topic` is `pubsub/topic`";
            return Err(e.error("wrong-value", e.attribute_span("topic"), message));
        }
        Ok(Self {
            pubsub,
            topic,
            message: message?,
            sidecar: sidecar?,
        })
    }
}

impl Policy for PublishToDapr {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let topic = self.topic.get(exchange)?.to_utf8().into_owned();
        let (pubsub, topic) = match &self.pubsub {
            Some(pubsub) => (pubsub.get(exchange)?.to_utf8().into_owned(), topic),
            None => {
                let (pubsub, topic) = topic.split_once('/').ok_or_else(Failure::validation)?;
                (pubsub.to_owned(), topic.to_owned())
            }
        };
        let body = self.message.evaluate(exchange)?;
        let content_type = self.sidecar.content_type.clone();
        self.sidecar
            .call(&["publish", &pubsub, &topic], content_type, body, exchange)
    }

    fn reads(&self) -> Reads {
        let pubsub = self.pubsub.as_ref().map_or(Reads::NONE, Setting::reads);
        let own = [
            self.topic.reads(),
            self.message.reads(),
            self.sidecar.reads(),
        ];
        own.into_iter().fold(pubsub, Reads::or)
    }
}
