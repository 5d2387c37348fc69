//! Messages of `log-to-eventhub` on their way to event hubs, over the REST interface.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, StatusCode};
use serde_json::{Value as Json, json};
use tollgate_dotnet::form_encode;
use tollgate_engine::Body;
use tollgate_engine::ports::{
    Background, Clock, Credentials, Event, EventSink, HttpClient, IdentityRequest, OutboundRequest,
    Partition, TICKS_PER_SECOND, UNIX_EPOCH_TICKS,
};

/// An event hub that a logger sends to. Source: api-management-howto-log-event-hubs.md.
///
/// ```
/// use tollgate::EventHub;
///
/// let hub = EventHub::new("contoso.servicebus.windows.net", "usage").managed_identity(None);
/// let text = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=c2VjcmV0;EntityPath=usage";
/// let same = EventHub::from_connection_string(text).expect("it is one");
/// ```
#[derive(Clone)]
pub struct EventHub {
    /// `https://contoso.servicebus.windows.net/usage`
    url: String,
    credential: Credential,
}

#[derive(Clone)]
enum Credential {
    Identity(Option<String>),
    Key { name: String, key: String },
}

/// Never shows the key.
impl std::fmt::Debug for EventHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventHub")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl EventHub {
    /// The event hub of this name in a namespace, which is named by its host. Messages are sent in the name of the
    /// gateway's system-assigned identity.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self::at(&format!("https://{namespace}/{name}"))
    }

    /// The event hub with this URL, for another scheme or port.
    pub fn at(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            credential: Credential::Identity(None),
        }
    }

    /// The event hub of a connection string with `Endpoint`, `SharedAccessKeyName`, `SharedAccessKey` and
    /// `EntityPath`; `None` if it has not all of them.
    pub fn from_connection_string(text: &str) -> Option<Self> {
        let parts: HashMap<&str, &str> = (text.split(';'))
            .filter_map(|part| part.trim().split_once('='))
            .collect();
        let endpoint = parts.get("Endpoint")?;
        let host = endpoint.strip_prefix("sb://")?.trim_end_matches('/');
        let hub = Self::new(host, parts.get("EntityPath")?);
        let (name, key) = (
            parts.get("SharedAccessKeyName")?,
            parts.get("SharedAccessKey")?,
        );
        Some(hub.shared_access_key(name, key))
    }

    /// Signs with a shared access key.
    #[must_use]
    pub fn shared_access_key(mut self, name: &str, key: &str) -> Self {
        let (name, key) = (name.to_owned(), key.to_owned());
        self.credential = Credential::Key { name, key };
        self
    }

    /// Sends in the name of a managed identity: the one of this client id, or the system-assigned one.
    #[must_use]
    pub fn managed_identity(mut self, client_id: Option<&str>) -> Self {
        self.credential = Credential::Identity(client_id.map(str::to_owned));
        self
    }
}

/// How many messages wait for one event hub at most; further ones are dropped, which the log tells.
const QUEUE: usize = 10_000;
/// How many bytes they may have together.
const QUEUE_BYTES: usize = 32 << 20;
/// How many bytes one request has at most. Source: the quotas of Event Hubs, 1 MB for a batch.
const BATCH_BYTES: usize = 900 << 10;
/// How long messages are collected before they are sent.
const LINGER: Duration = Duration::from_millis(200);
/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often a batch is sent again before it is dropped.
const RETRIES: u32 = 5;
/// How long is waited at most before a batch is sent again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How long a signature is good, and how long before its end another one is made, in seconds.
const SIGNATURE: (i64, i64) = (3600, 300);
/// What tokens are for.
const RESOURCE: &str = "https://eventhubs.azure.net/";

/// What is needed to send.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) http: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) background: Arc<dyn Background>,
}

/// Sends the messages of known loggers; all other events, and messages of other loggers, go on to another sink.
pub(crate) struct EventHubs {
    hubs: HashMap<String, Arc<Hub>>,
    next: Arc<dyn EventSink>,
}

impl EventHubs {
    pub(crate) fn new(
        hubs: HashMap<String, EventHub>,
        world: &World,
        next: Arc<dyn EventSink>,
    ) -> Self {
        let hubs = hubs.into_iter().map(|(logger, hub)| {
            let queue = Mutex::default();
            let signature = Mutex::default();
            let hub = Hub {
                logger: logger.clone(),
                hub,
                world: world.clone(),
                queue,
                signature,
            };
            (logger, Arc::new(hub))
        });
        Self {
            hubs: hubs.collect(),
            next,
        }
    }
}

impl EventSink for EventHubs {
    fn emit(&self, event: Event) {
        if let Event::EventHub {
            logger,
            partition,
            body,
        } = &event
            && let Some(hub) = logger.as_utf8().and_then(|logger| self.hubs.get(logger))
        {
            let (partition, body) = (partition.clone(), body.clone());
            return hub.push(Message { partition, body });
        }
        self.next.emit(event);
    }
}

struct Message {
    partition: Partition,
    body: Bytes,
}

impl Message {
    /// How many bytes it takes in a request, about.
    fn size(&self) -> usize {
        let key = match &self.partition {
            Partition::Key(key) => key.len(),
            Partition::Any | Partition::Id(_) => 0,
        };
        self.body.len() + key + 64
    }
}

/// One event hub with the messages that wait for it.
struct Hub {
    logger: String,
    hub: EventHub,
    world: World,
    queue: Mutex<Queue>,
    /// The last signature, and until when it is good, in seconds since 1970.
    signature: Mutex<Option<(String, i64)>>,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Message>,
    bytes: usize,
    /// Whether somebody sends them.
    is_sent: bool,
    /// How many were dropped since the log told so.
    dropped: u64,
}

impl Hub {
    fn push(self: &Arc<Self>, message: Message) {
        let mut queue = self.queue();
        if queue.messages.len() >= QUEUE || queue.bytes + message.size() > QUEUE_BYTES {
            queue.dropped += 1;
            // The first one of many tells; the rest is told when there is room again.
            if queue.dropped == 1 {
                tracing::warn!(
                    logger = self.logger,
                    "messages for an event hub are dropped: too many wait"
                );
            }
            return;
        }
        queue.bytes += message.size();
        queue.messages.push_back(message);
        if queue.is_sent {
            return;
        }
        queue.is_sent = true;
        drop(queue);
        let hub = self.clone();
        let started = self.world.background.run(Box::pin(async move {
            let mut sending = Sending(Some(hub.clone()));
            hub.send_all().await;
            sending.0 = None;
        }));
        if started.is_err() {
            // The messages wait until another one comes.
            self.queue().is_sent = false;
        }
    }

    /// Sends until nothing waits.
    async fn send_all(&self) {
        self.world.clock.sleep(LINGER).await;
        while let Some(batch) = self.next_batch() {
            let count = batch.len();
            if let Err(error) = self.send(&batch).await {
                tracing::error!(
                    logger = self.logger,
                    count,
                    error,
                    "messages for an event hub were dropped"
                );
            }
        }
    }

    /// The next messages that can go together; after `None` nobody sends.
    fn next_batch(&self) -> Option<Vec<Message>> {
        let mut queue = self.queue();
        if queue.dropped > 0 {
            let dropped = std::mem::take(&mut queue.dropped);
            tracing::warn!(
                logger = self.logger,
                dropped,
                "messages for an event hub were dropped"
            );
        }
        let Some(first) = queue.messages.pop_front() else {
            queue.is_sent = false;
            return None;
        };
        let mut size = first.size();
        let mut batch = vec![first];
        while let Some(next) = queue.messages.front() {
            // A partition has a place of its own, a batch goes to one place.
            let together = batch.first().is_some_and(|first| goes_with(first, next));
            if !together || size + next.size() > BATCH_BYTES {
                break;
            }
            size += next.size();
            batch.extend(queue.messages.pop_front());
        }
        queue.bytes = queue.bytes.saturating_sub(size);
        Some(batch)
    }

    async fn send(&self, batch: &[Message]) -> Result<(), String> {
        let body = body_of(batch);
        let path = match batch.first().map(|first| &first.partition) {
            Some(Partition::Id(id)) => format!("/partitions/{}", form_encode(&id.to_utf8())),
            _ => String::new(),
        };
        let url = format!(
            "{}{path}/messages?timeout=60&api-version=2014-01",
            self.hub.url
        );
        let mut attempt = 0;
        loop {
            let (error, wait) = match self.post(&url, body.clone()).await {
                Ok(()) => return Ok(()),
                Err(failed) => failed,
            };
            let Some(wait) = wait.filter(|_| attempt < RETRIES) else {
                return Err(error);
            };
            let grown = Duration::from_secs(1 << attempt);
            self.world
                .clock
                .sleep(wait.max(grown).min(LONGEST_WAIT))
                .await;
            attempt += 1;
        }
    }

    /// Sends once. A failure says whether it may be sent again, and how long to wait for that at least.
    async fn post(&self, url: &str, body: Bytes) -> Result<(), (String, Option<Duration>)> {
        let now = Some(Duration::ZERO);
        let authorization = self.authorization().await.map_err(|error| (error, now))?;
        let request = Request::post(url)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/vnd.microsoft.servicebus.json")
            .body(Body::full(body));
        let request = request.map_err(|error| (error.to_string(), None))?;
        let mut outbound = OutboundRequest::new(request);
        outbound.timeout = Some(TIMEOUT);
        let answer = self.world.http.send(outbound).await;
        let response = answer.map_err(|error| (error.message, now))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        const PASSING: [StatusCode; 3] = [
            StatusCode::UNAUTHORIZED,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        let again = status.is_server_error() || PASSING.contains(&status);
        if status == StatusCode::UNAUTHORIZED {
            *lock(&self.signature) = None;
        }
        let wait = response.headers().get(RETRY_AFTER);
        let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
        let wait = Duration::from_secs(wait.unwrap_or(0));
        Err((
            format!("the event hub answered {status}"),
            again.then_some(wait),
        ))
    }

    async fn authorization(&self) -> Result<HeaderValue, String> {
        let text = match &self.hub.credential {
            Credential::Key { name, key } => self.signature(name, key),
            Credential::Identity(client_id) => {
                let token = self.world.credentials.managed_identity(IdentityRequest {
                    resource: RESOURCE,
                    client_id: client_id.as_deref(),
                });
                let token = token.get().await.map_err(|error| error.0)?;
                format!("Bearer {token}")
            }
        };
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| "the token cannot stand in a header".to_owned())?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// A shared access signature, made anew when it is due. Source: event-hubs/authenticate-shared-access-signature.md.
    fn signature(&self, name: &str, key: &str) -> String {
        let now = (self.world.clock.now() - UNIX_EPOCH_TICKS) / TICKS_PER_SECOND;
        let mut known = lock(&self.signature);
        let (length, early) = SIGNATURE;
        if let Some((signature, end)) = &*known
            && now < end - early
        {
            return signature.clone();
        }
        let end = now + length;
        let resource = form_encode(&self.hub.url);
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let signed = hmac::sign(&key, format!("{resource}\n{end}").as_bytes());
        let signed = form_encode(&STANDARD.encode(signed));
        let name = form_encode(name);
        let signature =
            format!("SharedAccessSignature sr={resource}&sig={signed}&se={end}&skn={name}");
        *known = Some((signature.clone(), end));
        signature
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }
}

/// Who sends, until it has ended well. If it is given up before, somebody else may.
struct Sending(Option<Arc<Hub>>);

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(hub) = &self.0 {
            hub.queue().is_sent = false;
        }
    }
}

/// Whether two messages can be in one batch: all go to one partition, or none is bound to any.
fn goes_with(a: &Message, b: &Message) -> bool {
    match (&a.partition, &b.partition) {
        (Partition::Id(a), Partition::Id(b)) => a == b,
        (Partition::Key(a), Partition::Key(b)) => a == b,
        (Partition::Any, Partition::Any) => true,
        _ => false,
    }
}

fn body_of(batch: &[Message]) -> Bytes {
    let messages = batch.iter().map(|message| {
        let mut json = json!({ "Body": String::from_utf8_lossy(&message.body) });
        if let (Partition::Key(key), Some(fields)) = (&message.partition, json.as_object_mut()) {
            let key = json!({ "PartitionKey": key.to_utf8() });
            fields.insert("BrokerProperties".to_owned(), key);
        }
        json
    });
    Json::Array(messages.collect()).to_string().into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
