//! `log-to-eventhub`: sends a message to an event hub.
//!
//! ```xml
//! <log-to-eventhub logger-id="usage" partition-key="@(context.Subscription?.Id)">@{
//!     return new JObject(new JProperty("status", context.Response.StatusCode)).ToString();
//! }</log-to-eventhub>
//! ```
//!
//! The text without white space at its ends is the message; what is not a string, its `ToString()`. More than 200 KB is
//! cut off. `partition-id` or `partition-key` (not both) says which partition it goes to. The message goes to the
//! gateway's `EventSink` under the logger's id, which never holds the request up: what becomes of it, the caller never
//! learns. An expression that fails or gives `null` is an error as everywhere. Source: log-to-eventhub-policy.md.

use bytes::Bytes;
use tollgate_dotnet::Str;
use tollgate_engine::ports::{Event, Partition};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting, optional, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "log-to-eventhub",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("logger-id").literal().about("The logger's id."),
        optional("partition-id")
            .literal()
            .about("The partition the message goes to."),
        optional("partition-key").about("Messages of one key go to one partition."),
    ],
    children: Children::Text,
    load: |e| Ok(Box::new(LogToEventHub::load(e)?)),
};

/// How long a message may be, in bytes.
const LIMIT: usize = 200 << 10;

#[derive(Debug)]
struct LogToEventHub {
    logger: Str,
    partition_id: Option<Str>,
    partition_key: Option<Setting<Str>>,
    message: Setting<Str>,
}

impl LogToEventHub {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let logger = e.literal("logger-id");
        let partition_id = e.optional_literal("partition-id");
        let partition_key = e.optional_setting("partition-key");
        let message = e.text_setting();
        if e.has("partition-id") && e.has("partition-key") {
            let message = "`log-to-eventhub` takes either `partition-id` or `partition-key`";
            return Err(e.error(
                "wrong-attributes",
                e.attribute_span("partition-key"),
                message,
            ));
        }
        Ok(Self {
            logger: logger?,
            partition_id: partition_id?,
            partition_key: partition_key?,
            message: message?,
        })
    }
}

/// As much of the text as a message may have.
fn cut(text: &str) -> &str {
    let mut ends = (0..=LIMIT.min(text.len())).rev();
    let end = ends.find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

impl Policy for LogToEventHub {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let message = self.message.get(exchange)?;
        let body = Bytes::copy_from_slice(cut(message.to_utf8().trim()).as_bytes());
        let partition = match (&self.partition_id, &self.partition_key) {
            (Some(id), _) => Partition::Id(id.clone()),
            (None, Some(key)) => Partition::Key(key.get(exchange)?.into_owned()),
            (None, None) => Partition::Any,
        };
        exchange.context.ports.events.emit(Event::EventHub {
            logger: self.logger.clone(),
            partition,
            body,
        });
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let key = self.partition_key.as_ref();
        self.message
            .reads()
            .or(key.map_or(Reads::NONE, Setting::reads))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let text = format!("{}é", "x".repeat(LIMIT - 1));
        assert_eq!(cut(&text).len(), LIMIT - 1);
        assert_eq!(cut("short"), "short");
    }
}
