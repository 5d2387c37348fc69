//! From what was seen of an exchange to a test.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value as Json, json};
use tollgate::ports::{SendErrorKind, TICKS_PER_SECOND, UNIX_EPOCH_TICKS};
use tollgate_config::Config;
use tollgate_policies::caching::values;
use tollgate_testing::{cached_value, event_as_json};

use crate::body::{Copied, End};
use crate::find::{self, Find};
use crate::masks::Masks;
use crate::recording::{Call, Outcome, Response, Taken};

/// A test, and what is said above it.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) test: Json,
    pub(crate) notes: Vec<String>,
    /// Whether the request has tokens that somebody signed.
    pub(crate) has_tokens: bool,
}

/// What is known from all exchanges so far.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) masks: Masks,
    /// What issuers call themselves, by the URL of their discovery document.
    issuers: BTreeMap<String, String>,
}

/// Headers that say how a message is sent, not what.
const OF_THE_CONNECTION: [header::HeaderName; 8] = [
    header::HOST,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::PROXY_AUTHENTICATE,
    header::HeaderName::from_static("keep-alive"),
];
/// No more is decoded of a compressed body.
const LONGEST_DECODED: u64 = 4 << 20;
/// Longer values of variables are left out.
const LONGEST_VARIABLE: usize = 1024;
/// How much longer than anybody waited for it an answer takes that never came.
const NEVER: i64 = 60 * TICKS_PER_SECOND;

type Object = Map<String, Json>;

impl Known {
    /// The test of an exchange.
    ///
    /// # Errors
    /// Why there can be none.
    pub(crate) fn draft(&mut self, taken: &Taken, config: &Config) -> Result<Draft, String> {
        self.masks.next_exchange();
        let response = taken.response.as_ref();
        self.find(taken);
        if let Some(problem) = &taken.problem {
            return Err(problem.clone());
        }
        let response = response.ok_or("the client went away before it was answered")?;
        let (tokens, request) = self.request(taken)?;
        let has_tokens = !tokens.is_empty();
        let world = self.world(taken, config, has_tokens)?;
        let expect = self.expect(taken, response)?;
        let name = format!(
            "{}: {} gives {}",
            taken.number,
            self.masks
                .url(&format!("{} {}", taken.method, path(&taken.url))),
            response.status.as_u16()
        );
        let mut notes = Vec::new();
        if !taken.caller.is_empty() {
            let caller = taken.caller.iter();
            let caller: Vec<_> = caller
                .map(|(what, id)| format!("{what} {}", self.masks.input(id)))
                .collect();
            notes.push(caller.join(", "));
        }
        let test = json!({"name": name, "world": world, "request": request, "expect": expect});
        Ok(Draft {
            test,
            notes,
            has_tokens,
        })
    }

    /// What an exchange without a test was, for a comment.
    pub(crate) fn title(&mut self, taken: &Taken) -> String {
        let title = format!("{}: {} {}", taken.number, taken.method, path(&taken.url));
        self.masks.input(&title)
    }

    /// Finds all secrets, first those that come in.
    fn find(&mut self, taken: &Taken) {
        for (resource, token) in &taken.identities {
            if let Some(token) = token {
                self.masks.fix(token, &format!("token-for-{resource}"));
            }
        }
        for (_, _, token) in &taken.connections {
            if let Some(token) = token {
                self.masks
                    .add("access-token", &token.access_token.to_utf8());
            }
        }
        let answers = taken.calls.iter().filter_map(|call| match &call.outcome {
            Outcome::Answered(answer) => Some(answer),
            _ => None,
        });
        for (made, outgoing) in [(false, false), (true, true)] {
            let mut find = Find {
                masks: &mut self.masks,
                made,
            };
            if outgoing {
                for call in &taken.calls {
                    look(&mut find, &call.headers, &call.body.copied());
                }
                if let Some(response) = &taken.response {
                    look(&mut find, &response.headers, &response.body.copied());
                }
                taken.calls.iter().for_each(|call| find.url(&call.url));
                for (name, value) in &taken.variables {
                    find.json(name, value);
                    find.text(value.as_str().unwrap_or_default());
                }
                for event in &taken.events {
                    let (_, event) = event_as_json(event);
                    find.json("", &event);
                    find.text(&event.to_string());
                }
            } else {
                look(&mut find, &taken.headers, &taken.body.copied());
                for answer in answers.clone() {
                    look(&mut find, &answer.headers, &answer.body.copied());
                }
                for (_, bytes) in &taken.cached {
                    if let Some((cached, _)) = values::unpack_response(bytes.clone()) {
                        let mut body = Copied::default();
                        body.chunks.extend(cached.body.bytes().cloned());
                        look(&mut find, &cached.headers, &body);
                    } else if let Some(value) = cached_value(bytes.clone()) {
                        find.json("", &value);
                        find.text(value.as_str().unwrap_or_default());
                    }
                }
                find.url(&taken.url);
            }
        }
    }

    /// The tokens of the request, and the request with them described.
    fn request(&mut self, taken: &Taken) -> Result<(Vec<Json>, Object), String> {
        let now = (taken.start - UNIX_EPOCH_TICKS).div_euclid(TICKS_PER_SECOND);
        let mut tokens = Vec::new();
        let mut headers = taken.headers.clone();
        for name in OF_THE_CONNECTION {
            headers.remove(name);
        }
        for (name, value) in &taken.headers {
            let Ok(text) = value.to_str() else {
                return Err(format!("the header {name} is no text"));
            };
            let (scheme, token) = text.split_once(' ').unwrap_or(("", text));
            // A second line would not be there in the replay.
            let only = taken.headers.get_all(name).iter().count() == 1;
            if let Some((head, claims)) = find::jwt(token).filter(|_| only) {
                let mut jwt = self.jwt(token, &head, claims, now);
                jwt.insert("header".to_owned(), name.as_str().into());
                jwt.insert("scheme".to_owned(), scheme.into());
                tokens.push(Json::Object(jwt));
                headers.remove(name);
            }
        }
        let (base, query) = taken.url.split_once('?').unwrap_or((&taken.url, ""));
        let mut rest = Vec::new();
        for pair in query.split('&') {
            let parameter = pair.split_once('=').and_then(|(name, value)| {
                let (head, claims) = find::jwt(value)?;
                Some((name, value, head, claims))
            });
            let Some((name, value, head, claims)) = parameter else {
                rest.push(pair.to_owned());
                continue;
            };
            let mut jwt = self.jwt(value, &head, claims, now);
            jwt.insert("query".to_owned(), name.into());
            rest.push(format!("{name}="));
            tokens.push(Json::Object(jwt));
        }
        let query = rest.join("&");
        let url = match query.is_empty() {
            true => base.to_owned(),
            false => format!("{base}?{query}"),
        };
        let mut request = Map::new();
        request.insert("method".to_owned(), taken.method.as_str().into());
        request.insert("url".to_owned(), self.masks.input(&url).into());
        let body = taken.body.copied();
        if body.end == End::Broken {
            return Err("the request's body broke off".to_owned());
        }
        self.message(&mut request, &headers, &body, "request")?;
        if let Some(ip) = taken.ip {
            request.insert("ip".to_owned(), ip.to_string().into());
        }
        if let Some(id) = taken.id {
            request.insert("id".to_owned(), guid(&id).into());
        }
        if !tokens.is_empty() {
            request.insert("jwt".to_owned(), tokens.clone().into());
        }
        Ok((tokens, request))
    }

    /// What a token says, its times told from the clock.
    fn jwt(&mut self, token: &str, head: &Object, mut claims: Object, now: i64) -> Object {
        self.masks.add_token(token);
        for (name, claim) in &mut claims {
            match (&**name, claim.as_i64()) {
                ("iat" | "nbf" | "exp" | "auth_time", Some(time)) => {
                    *claim = told_from(now, time).into();
                }
                _ => *claim = self.masked(claim),
            }
        }
        for name in ["iss", "iat", "nbf", "exp"] {
            claims.entry(name).or_insert(Json::Null);
        }
        let mut jwt = Map::new();
        jwt.insert("claims".to_owned(), claims.into());
        let algorithm = head.get("alg").and_then(Json::as_str).unwrap_or_default();
        if algorithm.eq_ignore_ascii_case("none") {
            jwt.insert("signed-by".to_owned(), "nobody".into());
        } else if algorithm == "HS256"
            && let Some(secret) = self.signer(token)
        {
            jwt.insert("secret".to_owned(), secret.into());
        }
        jwt
    }

    /// What stands in the place of the secret that has signed a token by HS256.
    fn signer(&self, token: &str) -> Option<String> {
        let mut given = self.masks.given();
        let found = given.find(|(secret, _)| tollgate_testing::is_signed_with(token, secret));
        found.map(|(_, made_up)| made_up.to_owned())
    }

    /// JSON that came in.
    fn masked(&mut self, json: &Json) -> Json {
        match json {
            Json::String(text) => self.masks.input(text).into(),
            Json::Array(items) => items.iter().map(|item| self.masked(item)).collect(),
            Json::Object(members) => {
                let members = members.iter();
                members
                    .map(|(name, value)| (name.clone(), self.masked(value)))
                    .collect()
            }
            other => other.clone(),
        }
    }

    fn world(
        &mut self,
        taken: &Taken,
        config: &Config,
        has_tokens: bool,
    ) -> Result<Object, String> {
        let mut world = Map::new();
        world.insert("clock".to_owned(), moment(taken.start).into());
        // Two make the id of the request.
        if taken.random.len() > 2 {
            let random = taken.random.iter().map(|number| format!("{number:016x}"));
            world.insert("random".to_owned(), random.collect());
        }
        let mut rules = self.answers(taken)?;
        rules.extend(self.credentials(taken, config));
        // A rule without a query takes all of them: it goes behind those that have one.
        let has_query = |rule: &Json| {
            (rule.get("url").and_then(Json::as_str)).is_some_and(|url| url.contains('?'))
        };
        rules.sort_by_key(|rule| !has_query(rule));
        if !rules.is_empty() {
            world.insert("answers".to_owned(), rules.into());
        }
        if has_tokens && let Some(issuer) = self.issuer(taken) {
            world.insert("issuer".to_owned(), issuer.into());
        }
        self.cache(taken, &mut world)?;
        let mut counters = Vec::new();
        for counted in &taken.counters {
            let name = self.masks.input(&counted.name);
            let mut lines = name.split('\n');
            let is_bytes = name.starts_with("bytes\n");
            let mut own = counted
                .name
                .strip_prefix("bytes\n")
                .unwrap_or(&counted.name)
                .split('\n');
            let policy_name = own.next().unwrap_or_default();
            let last_line = own.next_back().unwrap_or_default();
            if is_bytes {
                lines.next();
            }
            let policy = lines.next().unwrap_or_default();
            let key = lines.next_back().unwrap_or_default();
            let mut counter = Map::new();
            counter.insert("policy".to_owned(), policy.into());
            counter.insert("key".to_owned(), key.into());
            let is_such = |name: &&String| {
                let has = |wanted: &str| name.split('\n').any(|line| line == wanted);
                has(policy_name) && has(last_line)
            };
            if taken.counted.iter().filter(is_such).count() > 1 {
                counter.insert("name".to_owned(), name.as_str().into());
            } else if is_bytes {
                counter.insert("bytes".to_owned(), true.into());
            }
            counter.insert("count".to_owned(), counted.count.into());
            if counted.ago > Duration::ZERO {
                let ticks = i64::try_from(counted.ago.as_nanos() / 100).unwrap_or(i64::MAX);
                counter.insert("ago".to_owned(), span(ticks).into());
            }
            counters.push(Json::Object(counter));
        }
        if !counters.is_empty() {
            world.insert("counters".to_owned(), counters.into());
        }
        Ok(world)
    }

    /// What was answered, by URL and method in the order of the calls.
    fn answers(&mut self, taken: &Taken) -> Result<Vec<Json>, String> {
        let mut rules: Vec<(String, String, Vec<Json>)> = Vec::new();
        for call in &taken.calls {
            if self.is_of_issuer(call) {
                continue;
            }
            let answer = self.answer(call)?;
            let (url, method) = (self.masks.url(&call.url), call.method.as_str());
            let mut same = rules.iter_mut();
            match same.find(|rule| rule.0 == url && rule.1 == method) {
                Some((.., answers)) => answers.push(answer),
                None => rules.push((url, method.to_owned(), vec![answer])),
            }
        }
        let rules = rules.into_iter().map(|(url, method, mut answers)| {
            let respond = match answers.len() {
                1 => answers.remove(0),
                _ => answers.into(),
            };
            json!({"url": url, "method": method, "respond": respond})
        });
        Ok(rules.collect())
    }

    fn answer(&mut self, call: &Call) -> Result<Json, String> {
        let mut answer = Map::new();
        let took = call.ended.saturating_sub(call.sent);
        let (kind, took) = match &call.outcome {
            Outcome::GivenUp => (Some("timeout"), took.saturating_add(NEVER)),
            Outcome::Failed(kind) => match kind {
                SendErrorKind::Timeout => (Some("timeout"), took),
                SendErrorKind::Aborted => (Some("abort"), took),
                _ => (Some("connect"), took),
            },
            Outcome::Answered(response) => {
                answer.insert("status".to_owned(), response.status.as_u16().into());
                self.reason(&mut answer, response);
                let body = response.body.copied();
                let broken = body.end == End::Broken;
                self.message(&mut answer, &response.headers, &body, "answer")?;
                (broken.then_some("broken-body"), took)
            }
        };
        if let Some(kind) = kind {
            answer.insert("fault".to_owned(), kind.into());
        }
        if took > 0 {
            answer.insert("delay".to_owned(), span(took).into());
        }
        Ok(answer.into())
    }

    fn reason(&mut self, into: &mut Object, response: &Response) {
        let usual = response.status.canonical_reason().unwrap_or_default();
        if response.reason != usual {
            into.insert(
                "reason".to_owned(),
                self.masks.input(&response.reason).into(),
            );
        }
    }

    /// Whether it asked for the keys of an issuer, which the test's own has in each replay; its name is remembered.
    fn is_of_issuer(&mut self, call: &Call) -> bool {
        let Outcome::Answered(answer) = &call.outcome else {
            return false;
        };
        if answer.status != StatusCode::OK || call.to_backend {
            return false;
        }
        let Ok(json) = serde_json::from_slice::<Json>(&answer.body.copied().bytes()) else {
            return false;
        };
        let keys = json.get("keys").and_then(Json::as_array);
        let has_keys = keys.is_some_and(|keys| keys.iter().any(|key| key.get("kty").is_some()));
        let names_keys = json.get("jwks_uri").is_some()
            && call
                .url
                .split('?')
                .next()
                .unwrap_or_default()
                .ends_with("/.well-known/openid-configuration");
        if let (true, Some(issuer)) = (names_keys, json.get("issuer").and_then(Json::as_str)) {
            self.issuers.insert(call.url.clone(), issuer.to_owned());
        }
        has_keys || names_keys
    }

    /// The issuer whom the policies ask for keys: that of a token of the request, if it is known, or else the last that is.
    fn issuer(&self, taken: &Taken) -> Option<String> {
        let claimed: Vec<String> = (taken.headers.values())
            .filter_map(|value| value.to_str().ok())
            .chain(
                taken
                    .url
                    .split(['?', '&'])
                    .filter_map(|pair| pair.split_once('='))
                    .map(|(_, value)| value),
            )
            .filter_map(|text| find::jwt(text.rsplit(' ').next().unwrap_or(text)))
            .filter_map(|(_, claims)| Some(claims.get("iss")?.as_str()?.to_owned()))
            .collect();
        let mut known = self.issuers.values();
        if self.issuers.is_empty() {
            return claimed.into_iter().next();
        }
        let own = known.clone().find(|issuer| claimed.contains(issuer));
        own.or_else(|| known.next_back()).cloned()
    }

    /// What token endpoints answered, for the tokens that the gateway had.
    fn credentials(&mut self, taken: &Taken, config: &Config) -> Vec<Json> {
        let mut rules = Vec::new();
        for (resource, token) in &taken.identities {
            if token.is_none() {
                let url = "http://169.254.169.254/metadata/identity/oauth2/token";
                tracing::debug!(resource, "a managed identity had no token");
                rules.push(json!({"url": url, "respond": {"status": 400}}));
            }
        }
        for (provider, id, token) in &taken.connections {
            let mut connections = config.connections.iter();
            let Some(connection) =
                connections.find(|one| one.provider == *provider && one.id == *id)
            else {
                continue;
            };
            let respond = match token {
                None => json!({"status": 400}),
                Some(token) => {
                    let mut answer = Map::new();
                    let text = self.masks.input(&token.access_token.to_utf8());
                    answer.insert("access_token".to_owned(), text.into());
                    for (name, value) in &token.claims {
                        answer.insert(name.to_utf8().into_owned(), self.masked(value));
                    }
                    json!({"json": answer})
                }
            };
            rules.push(
                json!({"url": connection.token_endpoint, "method": "POST", "respond": respond}),
            );
        }
        rules
    }

    fn cache(&mut self, taken: &Taken, world: &mut Object) -> Result<(), String> {
        let (mut cache, mut responses) = (Map::new(), Vec::new());
        for (key, bytes) in &taken.cached {
            let name = self.masks.input(key);
            if let Some(name) = name.strip_prefix(values::RESPONSE)
                && let Some((response, until)) = values::unpack_response(bytes.clone())
            {
                let mut one = Map::new();
                one.insert("key".to_owned(), name.into());
                one.insert(
                    "expires-in".to_owned(),
                    span(until.saturating_sub(taken.start)).into(),
                );
                one.insert("status".to_owned(), response.status.as_u16().into());
                let mut body = Copied::default();
                body.chunks.extend(response.body.bytes().cloned());
                self.message(&mut one, &response.headers, &body, "cached response")?;
                // There is no other spelling of the body.
                if let Some(json) = one.remove("json") {
                    one.insert("body".to_owned(), json.to_string().into());
                }
                responses.push(Json::Object(one));
            } else if let Some(value) = cached_value(bytes.clone()) {
                let name = name.strip_prefix(&values::key("")).unwrap_or(&name);
                cache.insert(name.to_owned(), self.masked(&value));
            } else {
                return Err("the cache has a value that cannot be written down".to_owned());
            }
        }
        if !cache.is_empty() {
            world.insert("cache".to_owned(), cache.into());
        }
        if !responses.is_empty() {
            world.insert("responses".to_owned(), responses.into());
        }
        Ok(())
    }

    /// Headers and body of something that came in.
    fn message(
        &mut self,
        into: &mut Object,
        headers: &HeaderMap,
        body: &Copied,
        what: &str,
    ) -> Result<(), String> {
        let bytes = whole(body, what)?;
        let text = match self.body(headers, &bytes, what)? {
            Written::Nothing => None,
            Written::Text(text) => {
                let masked = self.masks.input(&text);
                let chunks = self.chunks(headers, body, &masked);
                let json = serde_json::from_str::<Json>(&masked).ok();
                let json = json.filter(|json| {
                    headers.contains_key(header::CONTENT_TYPE)
                        && (json.is_object() || json.is_array())
                        && is_spelled(json, &masked)
                });
                match (chunks, json) {
                    (Some(chunks), _) => {
                        into.insert("chunks".to_owned(), chunks.into());
                        if body.every > 0 {
                            into.insert("every".to_owned(), span(body.every).into());
                        }
                    }
                    (None, Some(json)) => drop(into.insert("json".to_owned(), json)),
                    (None, None) => drop(into.insert("body".to_owned(), masked.clone().into())),
                }
                Some(masked)
            }
            Written::Bytes(base64) => {
                into.insert("base64".to_owned(), base64.into());
                None
            }
        };
        let length = text.as_deref().map_or(bytes.len(), str::len);
        let mut written: Map<String, Json> = Map::new();
        for name in headers.keys() {
            let mut lines = Vec::new();
            for line in headers.get_all(name) {
                let line = line
                    .to_str()
                    .map_err(|_| format!("the header {name} is no text"))?;
                let line = match is_length(name, line, bytes.len()) {
                    true => length.to_string(),
                    false => self.masks.input(line),
                };
                lines.push(line);
            }
            let lines = match lines.len() {
                1 => lines.remove(0).into(),
                _ => lines.into(),
            };
            written.insert(name.as_str().to_owned(), lines);
        }
        if !written.is_empty() {
            into.insert("headers".to_owned(), written.into());
        }
        Ok(())
    }

    /// The pieces that an answer came in, if that matters: those of a stream of events, or of one that took its time.
    fn chunks(&mut self, headers: &HeaderMap, body: &Copied, masked: &str) -> Option<Vec<String>> {
        let events = headers.get(header::CONTENT_TYPE);
        let events = events.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if body.chunks.len() < 2 || !(events || body.every > 0) {
            return None;
        }
        let chunks = body.chunks.iter().map(|chunk| {
            let text = std::str::from_utf8(chunk).ok()?;
            Some(self.masks.input(text))
        });
        let chunks: Vec<String> = chunks.collect::<Option<_>>()?;
        // A secret may stand across two of them.
        (chunks.concat() == masked).then_some(chunks)
    }

    fn body(&mut self, headers: &HeaderMap, bytes: &Bytes, what: &str) -> Result<Written, String> {
        if bytes.is_empty() {
            return Ok(Written::Nothing);
        }
        let encoded = headers.contains_key(header::CONTENT_ENCODING);
        if !encoded && let Ok(text) = std::str::from_utf8(bytes) {
            return Ok(Written::Text(text.to_owned()));
        }
        let text = match encoded {
            true => decoded(headers, bytes).ok_or_else(|| {
                format!("the {what} is compressed in a way that cannot be looked into")
            })?,
            false => String::from_utf8_lossy(bytes).into_owned(),
        };
        match self.masks.finds_in(&text) {
            true => Err(format!("the {what} has a secret in bytes that are no text")),
            false => Ok(Written::Bytes(STANDARD.encode(bytes))),
        }
    }

    fn expect(&mut self, taken: &Taken, response: &Response) -> Result<Object, String> {
        let mut expect = Map::new();
        expect.insert("status".to_owned(), response.status.as_u16().into());
        self.reason(&mut expect, response);
        let body = response.body.copied();
        match body.end {
            End::Open => return Err("the client did not take all of the response".to_owned()),
            End::Broken => return Err("the response broke off".to_owned()),
            End::Whole | End::TooLong => {}
        }
        self.expected(&mut expect, &response.headers, &body, "response")?;
        let backend = taken.calls.iter().filter(|call| call.to_backend);
        let mut calls = Vec::new();
        for call in backend {
            let mut one = Map::new();
            one.insert("method".to_owned(), call.method.as_str().into());
            one.insert("url".to_owned(), self.masks.output(&call.url));
            self.expected(
                &mut one,
                &call.headers,
                &call.body.copied(),
                "call of the backend",
            )?;
            calls.push(Json::Object(one));
        }
        expect.insert("backend-calls".to_owned(), calls.into());
        let mut variables = Map::new();
        for (name, value) in &taken.variables {
            let value = match value {
                Json::String(text) if text.len() > LONGEST_VARIABLE || is_type(text) => continue,
                Json::String(text) => self.masks.output(text),
                Json::Number(_) | Json::Bool(_) => value.clone(),
                _ => continue,
            };
            variables.insert(name.clone(), value);
        }
        if !variables.is_empty() {
            expect.insert("variables".to_owned(), variables.into());
        }
        for (what, kind) in [
            ("events", "event"),
            ("metrics", "metric"),
            ("trace", "trace"),
        ] {
            let events = taken.events.iter().map(event_as_json);
            let events = events.filter(|(other, _)| *other == kind);
            let events: Vec<_> = events.map(|(_, event)| self.event(&event)).collect();
            if !events.is_empty() {
                expect.insert(what.to_owned(), events.into());
            }
        }
        let error = match &taken.last_error {
            None => "none".into(),
            Some((source, reason)) => match reason {
                Some(reason) => json!({"source": source, "reason": reason}),
                None => json!({"source": source}),
            },
        };
        expect.insert("last-error".to_owned(), error);
        Ok(expect)
    }

    /// The fields of an event, as they are expected.
    fn event(&mut self, event: &Json) -> Json {
        let fields = event.as_object().into_iter().flatten();
        let fields = fields.filter_map(|(name, value)| match value {
            Json::String(text) => Some((name.clone(), self.masks.output(text))),
            Json::Number(_) => Some((name.clone(), value.clone())),
            Json::Object(pairs) if !pairs.is_empty() => {
                let masked = pairs.iter().map(|(name, value)| {
                    let text = value.as_str().unwrap_or_default();
                    Some((name.clone(), self.masks.output(text).as_str()?.into()))
                });
                let masked: Option<Object> = masked.collect();
                masked.map(|pairs| (name.clone(), json!({"equals": pairs})))
            }
            _ => None,
        });
        Json::Object(fields.collect())
    }

    /// Headers and body of something that the gateway made.
    fn expected(
        &mut self,
        into: &mut Object,
        headers: &HeaderMap,
        body: &Copied,
        what: &str,
    ) -> Result<(), String> {
        let bytes = whole(body, what)?;
        let mut length = Some(bytes.len());
        match self.body(headers, &bytes, what)? {
            Written::Nothing => drop(into.insert("body".to_owned(), "".into())),
            Written::Text(text) => {
                let expected = self.masks.output(&text);
                length = expected.as_str().map(str::len);
                into.insert("body".to_owned(), expected);
            }
            Written::Bytes(base64) => drop(into.insert("base64".to_owned(), base64.into())),
        }
        let mut written = Map::new();
        for name in headers.keys() {
            let lines = headers.get_all(name).iter();
            let lines: Vec<_> = lines
                .map(|line| String::from_utf8_lossy(line.as_bytes()))
                .collect();
            let lines = lines.join(",");
            let expected = match is_length(name, &lines, bytes.len()) {
                true => length.map_or(json!({"absent": false}), |length| length.to_string().into()),
                false => self.masks.output(&lines),
            };
            written.insert(name.as_str().to_owned(), expected);
        }
        if !written.is_empty() {
            into.insert("headers".to_owned(), written.into());
        }
        Ok(())
    }
}

/// How a body is written down.
enum Written {
    Nothing,
    Text(String),
    Bytes(String),
}

fn whole(body: &Copied, what: &str) -> Result<Bytes, String> {
    match body.end {
        End::TooLong => Err(format!("the body of the {what} is longer than is recorded")),
        _ => Ok(body.bytes()),
    }
}

/// Finds the secrets of a message.
fn look(find: &mut Find<'_>, headers: &HeaderMap, body: &Copied) {
    find.headers(headers);
    if let Some(text) = readable(headers, body) {
        find.body(headers, &text);
    }
}

/// A body as text, to look for secrets in it.
fn readable(headers: &HeaderMap, body: &Copied) -> Option<String> {
    let bytes = body.bytes();
    match headers.contains_key(header::CONTENT_ENCODING) {
        true => decoded(headers, &bytes),
        false => Some(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// What a compressed body says; `None` if that cannot be known.
fn decoded(headers: &HeaderMap, bytes: &Bytes) -> Option<String> {
    let coding = headers.get(header::CONTENT_ENCODING)?.to_str().ok()?;
    let bytes = &**bytes;
    let mut text = Vec::new();
    let read = match coding.trim().to_ascii_lowercase().as_str() {
        "identity" => {
            text.extend_from_slice(bytes);
            Ok(0)
        }
        "gzip" | "x-gzip" => flate2::read::MultiGzDecoder::new(bytes)
            .take(LONGEST_DECODED)
            .read_to_end(&mut text),
        "deflate" => flate2::read::ZlibDecoder::new(bytes)
            .take(LONGEST_DECODED)
            .read_to_end(&mut text),
        "br" => brotli_decompressor::Decompressor::new(bytes, 4096)
            .take(LONGEST_DECODED)
            .read_to_end(&mut text),
        _ => return None,
    };
    read.ok()?;
    let all = u64::try_from(text.len()).unwrap_or(u64::MAX) < LONGEST_DECODED;
    all.then(|| String::from_utf8_lossy(&text).into_owned())
}

/// Whether JSON is written just so when a test is run.
fn is_spelled(json: &Json, text: &str) -> bool {
    serde_json::to_vec(json).is_ok_and(|bytes| bytes == text.as_bytes())
}

/// Whether it is the text of an object that has none: the name of its type.
fn is_type(text: &str) -> bool {
    let mut names = ["System.", "Newtonsoft.", "Tollgate."].into_iter();
    names.any(|name| text.starts_with(name))
}

fn is_length(name: &header::HeaderName, line: &str, length: usize) -> bool {
    *name == header::CONTENT_LENGTH && line.parse() == Ok(length)
}

fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

/// Ticks as a time in a test file.
fn moment(ticks: i64) -> String {
    let nanos = i128::from(ticks.saturating_sub(UNIX_EPOCH_TICKS)).saturating_mul(100);
    jiff::Timestamp::from_nanosecond(nanos)
        .unwrap_or_default()
        .to_string()
}

/// Ticks as a length of time in a test file.
fn span(ticks: i64) -> String {
    let nanos = u64::try_from(ticks.max(0))
        .unwrap_or_default()
        .saturating_mul(100);
    let span = jiff::SignedDuration::try_from(Duration::from_nanos(nanos)).unwrap_or_default();
    format!("{span:#}")
}

/// `now + 5m`.
fn told_from(now: i64, time: i64) -> String {
    let length = |seconds: i64| format!("{:#}", jiff::SignedDuration::from_secs(seconds));
    match time.saturating_sub(now) {
        0 => "now".to_owned(),
        later @ 1.. => format!("now + {}", length(later)),
        earlier => format!("now - {}", length(earlier.saturating_neg())),
    }
}

fn guid(id: &[u8; 16]) -> String {
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| hex.get(part).unwrap_or_default());
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_test_files_have_them() {
        assert_eq!(told_from(100, 100), "now");
        assert_eq!(told_from(100, 3_761), "now + 1h 1m 1s");
        assert_eq!(told_from(100, 40), "now - 1m");
        assert_eq!(span(15_000_000), "1s 500ms");
        assert_eq!(moment(UNIX_EPOCH_TICKS + 1), "1970-01-01T00:00:00.0000001Z");
        assert_eq!(guid(&[0xab; 16]), "abababab-abab-abab-abab-abababababab");
        assert_eq!(path("http://a.test/b?c"), "/b?c");
    }
}
