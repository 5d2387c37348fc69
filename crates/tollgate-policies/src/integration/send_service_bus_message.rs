//! `send-service-bus-message`: sends a message to a queue or a topic of Azure Service Bus.
//!
//! ```xml
//! <send-service-bus-message queue-name="orders" namespace="contoso.servicebus.windows.net">
//!     <message-properties>
//!         <message-property name="Customer">Contoso</message-property>
//!     </message-properties>
//!     <payload>@(context.Request.Body.As<string>(preserveContent: true))</payload>
//! </send-service-bus-message>
//! ```
//!
//! Either `queue-name` or `topic-name` is given. The pipeline goes on when the service has taken the message, over its
//! REST interface, with a token of the gateway's managed identity: the system-assigned one, or that of `client-id`.
//! The policy waits 60 seconds at most; `namespace` must be there, as a gateway that is not part of Azure knows no other.
//!
//! | what happens | `LastError.Reason` | client |
//! |---|---|---|
//! | no answer in time | `Timeout` | 500 |
//! | no connection | `BackendConnectionFailure` | 500 |
//! | no token | `ManagedIdentityTokenFailure` | 500 |
//! | the service answers with anything but success | `MessageNotSent` | 500 |
//!
//! Source: send-service-bus-message-policy.md; on failures it is silent.

use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, json};
use tollgate_dotnet::Str;
use tollgate_engine::ports::{IdentityRequest, Ports};
use tollgate_engine::{
    Body, Children, ElementReader, Exchange, Failure, Finish, Flow, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, Url, Waiting, element, optional, required,
};

use super::outgoing::Call;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "send-service-bus-message",
    sections: Sections::INBOUND
        .or(Sections::OUTBOUND)
        .or(Sections::ON_ERROR),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("queue-name").about("The queue."),
        optional("topic-name").about("The topic."),
        required("namespace").about("The host name of the Service Bus namespace."),
        optional("client-id").about("The client id of a user-assigned identity."),
    ],
    children: Children::Elements(&[
        element("message-properties").children(Children::Elements(&[element("message-property")
            .many()
            .attributes(&[required("name").about("The property's name.")])
            .children(Children::Text)])),
        element("payload").required().children(Children::Text),
    ]),
    load: |e| Ok(Box::new(SendServiceBusMessage::load(e)?)),
};

/// What tokens for Service Bus are for.
const RESOURCE: &str = "https://servicebus.azure.net/";
const TIMEOUT: Duration = Duration::from_secs(60);
/// What may stand in a path as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

#[derive(Debug)]
struct SendServiceBusMessage {
    entity: Setting<Str>,
    namespace: Setting<Str>,
    client_id: Option<Setting<Str>>,
    properties: Vec<(Setting<Str>, Setting<Str>)>,
    payload: Setting<Str>,
}

impl SendServiceBusMessage {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (queue, topic) = (
            e.optional_setting("queue-name"),
            e.optional_setting("topic-name"),
        );
        let (namespace, client_id) = (e.setting("namespace"), e.optional_setting("client-id"));
        let properties: Vec<Result<_, Invalid>> = e
            .child("message-properties")
            .iter()
            .flat_map(|properties| properties.children())
            .map(|child| {
                let (name, value) = (child.setting("name"), child.text_setting());
                Ok((name?, value?))
            })
            .collect();
        let payload = match e.child("payload") {
            Some(payload) => payload.text_setting(),
            None => Err(Invalid),
        };
        let entity = match (queue?, topic?) {
            (Some(entity), None) | (None, Some(entity)) => entity,
            _ => {
                let message =
                    "`send-service-bus-message` takes either `queue-name` or `topic-name`";
                return Err(e.error("wrong-attributes", e.name_span(), message));
            }
        };
        Ok(Self {
            entity,
            namespace: namespace?,
            client_id: client_id?,
            properties: properties.into_iter().collect::<Result<_, _>>()?,
            payload: payload?,
        })
    }

    /// The request, without its token.
    fn prepare(&self, exchange: &mut Exchange) -> Result<Message, Failure> {
        let namespace = self.namespace.get(exchange)?.to_utf8().to_ascii_lowercase();
        let entity = self.entity.get(exchange)?.to_utf8().into_owned();
        let path = utf8_percent_encode(&entity, ESCAPED);
        let url = Url::parse(&format!("https://{namespace}/{path}/messages"));
        // Nothing but a host name may stand in its place.
        let url = url
            .ok()
            .filter(|url| url.host.as_utf8() == Some(&namespace) && !entity.is_empty());
        let url = url.ok_or_else(Failure::validation)?;
        let mut properties = Map::new();
        for (name, value) in &self.properties {
            let name = name.get(exchange)?.to_utf8().into_owned();
            let value = value.get(exchange)?.to_utf8().into_owned();
            properties.insert(name, value.into());
        }
        let payload = self.payload.get(exchange)?.to_utf8().into_owned();
        let client_id = match &self.client_id {
            Some(setting) => Some(setting.get(exchange)?.to_utf8().into_owned()),
            None => None,
        };
        let body = json!([{ "Body": payload, "UserProperties": properties }]).to_string();
        Ok(Message {
            url,
            client_id,
            body: body.into(),
        })
    }
}

struct Message {
    url: Url,
    client_id: Option<String>,
    body: Body,
}

impl Message {
    async fn send(self, ports: &Ports) -> Result<(), Failure> {
        let token = ports.credentials.managed_identity(IdentityRequest {
            resource: RESOURCE,
            client_id: self.client_id.as_deref(),
        });
        let token = token
            .get()
            .await
            .map_err(|error| Failure::new("ManagedIdentityTokenFailure", error.0))?;
        let token = HeaderValue::try_from(format!("Bearer {token}"));
        let mut token = token.map_err(|_| {
            Failure::new(
                "ManagedIdentityTokenFailure",
                "The token cannot stand in a header.",
            )
        })?;
        token.set_sensitive(true);
        let mut call = Call::new(Method::POST, &self.url, self.body, TIMEOUT)?;
        let headers = call.headers_mut();
        headers.insert(AUTHORIZATION, token);
        let batch = HeaderValue::from_static("application/vnd.microsoft.servicebus.json");
        headers.insert(CONTENT_TYPE, batch);
        let response = call.send(ports).await?;
        match response.status.is_success() {
            true => Ok(()),
            false => {
                let status = response.status.as_u16();
                let message = format!("Service Bus answered with status {status}.");
                Err(Failure::new("MessageNotSent", message))
            }
        }
    }
}

impl Policy for SendServiceBusMessage {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let message = self.prepare(exchange)?;
        let ports = exchange.context.ports.clone();
        Ok(Waiting::Detached(Box::pin(async move {
            let sent = message.send(&ports).await;
            Box::new(|exchange: &mut Exchange| {
                sent?;
                exchange
                    .context
                    .trace(|_| json!({"message": "The message was sent."}));
                Ok(Flow::Next)
            }) as Finish<'a>
        })))
    }

    fn reads(&self) -> Reads {
        let properties = self.properties.iter();
        let properties = properties.flat_map(|(name, value)| [name.reads(), value.reads()]);
        let client_id = self.client_id.iter().map(Setting::reads);
        let own = [
            self.entity.reads(),
            self.namespace.reads(),
            self.payload.reads(),
        ];
        let all = own.into_iter().chain(properties).chain(client_id);
        all.fold(Reads::NONE, Reads::or)
    }
}
