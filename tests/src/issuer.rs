//! A token issuer: discovery, JWKS, signing, and a change of keys.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;
use tollgate_testing::SigningKey;

use crate::server::{BoxedBody, Handler, Reply, Server, reply};

/// How the issuer's server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// As it should.
    Well,
    /// 503 to everything.
    Down,
    /// Answers after this many milliseconds.
    Slow(u64),
    /// Sends everybody elsewhere, for ever.
    Redirect,
    /// An HTML page.
    Html,
    /// A JWKS of ten megabytes.
    HugeKeys,
}

/// A token issuer on loopback, for one tenant. Its keys are made on the spot.
#[derive(Debug)]
pub struct Issuer {
    server: Server,
    state: Arc<State>,
    tenant: String,
}

#[derive(Debug)]
struct State {
    keys: Mutex<Vec<SigningKey>>,
    answer: Mutex<Answer>,
    issuer: String,
    host: String,
    fetches: AtomicUsize,
}

fn key(id: &str) -> SigningKey {
    SigningKey::make(id).unwrap()
}

impl Issuer {
    /// Starts an issuer whose tokens name `issuer`. `host` is what its discovery document calls itself:
    /// `scheme://host[:port]`, or empty for the loopback address.
    pub async fn start(tls: Option<TlsAcceptor>, host: &str, tenant: &str, issuer: &str) -> Self {
        let state = Arc::new(State {
            keys: Mutex::new(vec![key("key-1")]),
            answer: Mutex::new(Answer::Well),
            issuer: issuer.to_owned(),
            host: host.to_owned(),
            fetches: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        let handler: Handler =
            Arc::new(move |request| Box::pin(answer(Arc::clone(&shared), request)));
        let server = Server::start(tls, handler).await;
        Self {
            server,
            state,
            tenant: tenant.to_owned(),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// The discovery URL on loopback.
    pub fn openid_config_url(&self) -> String {
        format!(
            "http://{}/{}/v2.0/.well-known/openid-configuration",
            self.address(),
            self.tenant
        )
    }

    /// A token signed with the newest key; `iss`, `iat`, `nbf` and `exp` are added where the claims lack them.
    pub fn token(&self, claims: &Value) -> String {
        let now = crate::unix_now();
        // Not valid only just now: a test's clock may have stopped a moment ago.
        let mut all =
            json!({"iss": self.state.issuer, "iat": now, "nbf": now - 60, "exp": now + 3600});
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let keys = self.state.keys.lock().unwrap();
        keys.last().unwrap().sign(&all).unwrap()
    }

    /// From now on signs with a new key, and publishes the new one only.
    pub fn rotate(&self) {
        let mut keys = self.state.keys.lock().unwrap();
        let id = format!("key-{}", keys.len() + 1);
        keys.push(key(&id));
    }

    /// From now on behaves so.
    pub fn behave(&self, answer: Answer) {
        *self.state.answer.lock().unwrap() = answer;
    }

    /// The modulus of the newest key, base64url.
    pub fn modulus(&self) -> String {
        self.state.keys.lock().unwrap().last().unwrap().n.clone()
    }

    /// How many documents it was asked for.
    pub fn fetches(&self) -> usize {
        self.state.fetches.load(Ordering::SeqCst)
    }
}

async fn answer(state: Arc<State>, request: Request<BoxedBody>) -> Reply {
    state.fetches.fetch_add(1, Ordering::SeqCst);
    let behaviour = *state.answer.lock().unwrap();
    let host = match state.host.as_str() {
        "" => format!("http://{}", request.headers()["host"].to_str().unwrap()),
        host => host.to_owned(),
    };
    match behaviour {
        Answer::Down => return reply(503, "text/plain", "down"),
        Answer::Html => return reply(200, "text/html", "<html><body>Sign in</body></html>"),
        Answer::Redirect => {
            let mut answer = reply(302, "text/plain", "");
            answer.headers_mut().insert(
                "location",
                format!("{host}{}", request.uri()).parse().unwrap(),
            );
            return answer;
        }
        Answer::Slow(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
        Answer::Well | Answer::HugeKeys => {}
    }
    let path = request.uri().path();
    let document = if path.ends_with("/.well-known/openid-configuration") {
        // As Entra ID has it, the v2.0 document's issuer is not the one in v1.0 tokens.
        json!({"issuer": format!("{host}/v2.0"), "jwks_uri": format!("{host}/discovery/keys")})
    } else if path == "/discovery/keys" {
        if behaviour == Answer::HugeKeys {
            return reply(200, "application/json", vec![b' '; 10 << 20]);
        }
        let keys = state.keys.lock().unwrap();
        let key = keys.last().unwrap();
        json!({"keys": [key.jwk()]})
    } else {
        return reply(404, "text/plain", "not here");
    };
    reply(200, "application/json", document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tokens_verify_against_the_published_key() {
        let issuer = Issuer::start(None, "", "t", "https://issuer/").await;
        let token = issuer.token(&json!({"aud": "a"}));
        let keys = issuer.state.keys.lock().unwrap();
        let key = jsonwebtoken::DecodingKey::from_rsa_components(&keys[0].n, &keys[0].e).unwrap();
        let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        validation.set_audience(&["a"]);
        let claims = jsonwebtoken::decode::<Value>(&token, &key, &validation)
            .unwrap()
            .claims;
        assert_eq!(claims["iss"], "https://issuer/");
    }
}
