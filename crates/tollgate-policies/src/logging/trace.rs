//! `trace`: adds a message to the request's trace and to the gateway's log.
//!
//! ```xml
//! <trace source="orders" severity="information">
//!     <message>@("tenant " + context.Variables["tenant"])</message>
//!     <metadata name="tenant" value="@((string)context.Variables["tenant"])" />
//! </trace>
//! ```
//!
//! `severity` is `verbose` (the default), `information` or `error`. Without `<message>`, text that stands in the
//! element is the message, as older files have it. A `metadata` value that is null or empty fails with
//! `ExpressionValueValidationFailure`, as the service does. Secret named values and the client's credentials are masked.
//! Source: trace-policy.md.

use serde_json::{Map, json};
use tollgate_dotnet::Str;
use tollgate_engine::ports::{Event, Severity};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, optional, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "trace",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("source").about("Who traces."),
        optional("severity")
            .literal()
            .about("`verbose`, `information` or `error`."),
    ],
    children: Children::Any,
    load: |e| Ok(Box::new(Trace::load(e)?)),
};

#[derive(Debug)]
struct Trace {
    source: Setting<Str>,
    severity: Level,
    message: Setting<Str>,
    metadata: Vec<(Setting<Str>, Setting<Str>)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Level(Severity);

impl FromValue for Level {
    const EXPECTED: &'static str = "`verbose`, `information` or `error`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [
            ("verbose", Severity::Verbose),
            ("information", Severity::Information),
            ("error", Severity::Error),
        ];
        all.into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, level)| Self(level))
    }
}

impl Trace {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (source, severity) = (e.setting("source"), e.optional_literal::<Level>("severity"));
        let mut message = None;
        let mut metadata = Vec::new();
        let mut result = Ok(());
        for child in &e.children() {
            let read = match child.name() {
                "message" => child.text_setting().map(|text| message = Some(text)),
                "metadata" => {
                    let (name, value) = (child.setting("name"), child.setting("value"));
                    name.and_then(|name| value.map(|value| metadata.push((name, value))))
                }
                _ => Err(child.error(
                    "unknown-element",
                    child.name_span(),
                    "`trace` takes `<message>` and `<metadata>`",
                )),
            };
            result = result.and(read);
        }
        result?;
        let message = match message {
            Some(message) => message,
            None => e.text_setting()?,
        };
        Ok(Self {
            source: source?,
            severity: severity?.unwrap_or_default(),
            message,
            metadata,
        })
    }
}

fn shown(text: &Str, exchange: &Exchange) -> Str {
    exchange.masked(&text.to_utf8()).into()
}

impl Policy for Trace {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let source = self.source.get(exchange)?.into_owned();
        let source = shown(&source, exchange);
        let message = self.message.get(exchange)?.into_owned();
        let message = shown(&message, exchange);
        let mut metadata = Vec::with_capacity(self.metadata.len());
        for (name, value) in &self.metadata {
            let name = name.get(exchange)?.into_owned();
            let value = value.get(exchange)?.into_owned();
            if value.is_empty() {
                return Err(Failure::validation());
            }
            metadata.push((shown(&name, exchange), shown(&value, exchange)));
        }
        let source_text = source.to_utf8().into_owned();
        exchange.context.trace_as(&source_text, |_| {
            let metadata: Map<_, _> = metadata
                .iter()
                .map(|(name, value)| (name.to_utf8().into_owned(), value.to_utf8().into()))
                .collect();
            json!({"message": message.to_utf8(), "metadata": metadata})
        });
        let request_id = exchange.context.request_id;
        let Level(severity) = self.severity;
        exchange.context.ports.events.emit(Event::Trace {
            source,
            severity,
            message,
            metadata,
            request_id,
        });
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let metadata = self
            .metadata
            .iter()
            .flat_map(|(name, value)| [name.reads(), value.reads()]);
        metadata.fold(self.source.reads().or(self.message.reads()), Reads::or)
    }
}
