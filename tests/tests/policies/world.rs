//! A gateway in a fake world, and what it answers.

use std::time::Duration;

use http::{HeaderMap, Method, Request};
use tollgate::engine::exchange::{Exchange, ReasonPhrase, Trace, VariableName};
use tollgate::engine::{Outcome, RunOptions};
use tollgate::{Api, Body, Catalog, Gateway, GatewayBuilder, Peer, Source};
use tollgate_tests::{FakeClient, FakeClock, FakeEvents, FixedRandom, text};

/// `context.RequestId` of every request.
pub(crate) const REQUEST_ID: [u8; 16] = [0x11; 16];
/// The body of `500`.
pub(crate) const INTERNAL: &str = r#"{ "statusCode": 500, "message": "Internal server error", "activityId": "11111111-1111-1111-1111-111111111111" }"#;
/// When requests come: 2026-11-24 12:00:00 UTC.
const NOON: i64 = 1_795_521_600;

/// A gateway whose requests come from 203.0.113.7, whose API `api` goes to `http://backend.test/base`.
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) clock: FakeClock,
    pub(crate) client: FakeClient,
    pub(crate) events: FakeEvents,
}

impl World {
    /// A world with one document, for an API without operations; backends answer 200.
    pub(crate) fn of(sections: &[(&str, &str)]) -> Self {
        Self::with(sections, FakeClient::statuses(&[200]))
    }

    /// The same with other backends.
    pub(crate) fn with(sections: &[(&str, &str)], client: FakeClient) -> Self {
        Self::serving(Catalog::new().api(api(sections)), client)
    }

    /// A world that serves a catalog.
    pub(crate) fn serving(catalog: Catalog, client: FakeClient) -> Self {
        Self::built(catalog, client, |builder| builder)
    }

    /// The same, with more settings.
    pub(crate) fn built(
        catalog: Catalog,
        client: FakeClient,
        settings: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> Self {
        let (clock, events) = (FakeClock::jumping_at(NOON), FakeEvents::default());
        let builder = Gateway::builder()
            .catalog(catalog)
            .http_client(client.clone())
            .clock(clock.clone())
            .events(events.clone())
            .random(FixedRandom(1 << 63));
        let gateway = settings(builder).build();
        Self {
            gateway: gateway.unwrap_or_else(|error| panic!("{error}")),
            clock,
            client,
            events,
        }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let peer = Peer {
            ip: Some([203, 0, 113, 7].into()),
            ..Peer::default()
        };
        self.send_from(peer, request).await
    }

    pub(crate) async fn send_from(&self, peer: Peer, request: Request<Body>) -> Answer {
        let options = RunOptions {
            request_id: Some(REQUEST_ID),
            trace: Some(Trace::default()),
            ..RunOptions::default()
        };
        let run = self.gateway.run(request, peer, options);
        let outcome = tokio::time::timeout(Duration::from_secs(10), run).await;
        Answer::of(outcome.expect("the gateway hangs")).await
    }

    /// A `GET` of `http://gateway.test` and the path, with these headers.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(request(Method::GET, path, headers, "")).await
    }
}

/// A request to `http://gateway.test`.
pub(crate) fn request(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> Request<Body> {
    let mut builder = Request::builder()
        .method(method)
        .uri(format!("http://gateway.test{path}"));
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from(body)).unwrap()
}

/// What the client gets, and the exchange behind it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) exchange: Exchange,
}

impl Answer {
    pub(crate) async fn of(outcome: Outcome) -> Self {
        let (mut head, mut body) = outcome.response.into_parts();
        let reason = head.extensions.remove::<ReasonPhrase>();
        let reason = reason.map(|ReasonPhrase(text)| text.to_utf8().into_owned());
        let body = body.buffer(1 << 20).await.unwrap();
        Self {
            status: head.status.as_u16(),
            reason: reason.unwrap_or_else(|| {
                head.status
                    .canonical_reason()
                    .unwrap_or_default()
                    .to_owned()
            }),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
            exchange: outcome.exchange.unwrap(),
        }
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        text(&self.headers, name)
    }

    /// A variable as debug text: type and value.
    pub(crate) fn variable(&self, name: &str) -> String {
        let value = self
            .exchange
            .context
            .variables
            .get(&VariableName::new(name));
        value.map_or_else(String::new, |value| format!("{value:?}"))
    }

    /// Source, reason and message of `context.LastError`, and where it happened.
    pub(crate) fn last_error(&self) -> [String; 6] {
        let error = self.exchange.context.last_error.clone().unwrap();
        let text = |text: Option<tollgate_dotnet::Str>| {
            text.map_or_else(String::new, |text| text.to_utf8().into_owned())
        };
        [
            text(Some(error.source)),
            text(error.reason),
            text(Some(error.message)),
            text(error.scope),
            text(error.section),
            text(error.path),
        ]
    }
}

/// The API `api` with one document.
pub(crate) fn api(sections: &[(&str, &str)]) -> Api {
    Api::new("api")
        .service_url("http://backend.test/base")
        .policy(source("api.xml", sections))
}

/// A document whose sections hold `<base />` and then this; a backend section that is given has no `<base />`.
pub(crate) fn source(name: &str, sections: &[(&str, &str)]) -> Source {
    let mut text = String::from("<policies>");
    for section in ["inbound", "backend", "outbound", "on-error"] {
        let content = sections.iter().find(|(name, _)| *name == section);
        let base = match (section, content) {
            ("backend", Some(_)) => "",
            _ => "<base />",
        };
        let content = content.map_or("", |(_, content)| content);
        text.push_str(&format!("<{section}>{base}{content}</{section}>"));
    }
    text.push_str("</policies>");
    Source::new(name, text)
}

/// A `set-header` that overrides.
pub(crate) fn set_header(name: &str, value: &str) -> String {
    format!(r#"<set-header name="{name}"><value>{value}</value></set-header>"#)
}
