//! `http-data-source`: the resolver of a GraphQL field whose value an HTTP service has.
//!
//! ```xml
//! <http-data-source>
//!     <http-request>
//!         <set-method>POST</set-method>
//!         <set-url>@($"https://users.example.org/{context.GraphQL.Parent["id"]}/posts")</set-url>
//!         <set-header name="Authorization">
//!             <value>@(context.Request.Headers.GetValueOrDefault("Authorization"))</value>
//!         </set-header>
//!         <set-body template="liquid">{"first": {{body.arguments.first}}}</set-body>
//!     </http-request>
//!     <http-response>
//!         <set-body>@(context.Response.Body.As&lt;JObject&gt;()["items"].ToString())</set-body>
//!     </http-response>
//! </http-data-source>
//! ```
//!
//! It is the whole document, given with the field ([`Api::resolver`](tollgate_engine::Api::resolver)); there is no
//! `<base />`. In `http-request`, `context.Request` is what the client sent, but with `{"arguments": {…}}` as its body and
//! the URL that `set-url` gives; the other elements make a new request, which has nothing that they do not put into it.
//! `authentication-basic` and `authentication-managed-identity` may stand there too, as in `send-request`. `backend` holds
//! a `forward-request`, which may set a timeout; without it one stands there as it is by default. The request goes to the
//! HTTP client also where a service in the process is the backend of others. In `http-response`, `context.Response` is
//! the answer, whole.
//!
//! The value is the JSON in the body in the end, or for a field of a scalar type its text; nothing is `null`. Objects are
//! taken field by field, by name; of an interface or a union `__typename` says which it is. An answer of 400 and above is an
//! error of the field, unless a `set-body` in `http-response` has made something of it.
//!
//! | what happens | `errors` of the response says |
//! |---|---|
//! | the answer has status 400 or above | `The data source answered 404.` |
//! | it is no JSON, where that is needed | `The data source gave no JSON.` |
//! | no connection, no answer in time, an expression that fails, … | `Internal server error`; the log says more |
//! | a tripped circuit breaker, or whatever else tells the client why | that |
//!
//! Fragments may stand in all three parts. A resolver with `publish-event` fails before it calls anybody. Source:
//! http-data-source-policy.md, configure-graphql-resolver.md; on what goes along with the request and on failures they
//! are silent.

use std::sync::Arc;

use http::{HeaderMap, StatusCode, header};
use tollgate_engine::exchange::BodyError;
use tollgate_engine::{
    Block, BoxFuture, Children, ElementReader, ElementSpec, Exchange, Failure, Finish, Flow,
    INCLUDE_FRAGMENT, Invalid, Loaded, Node, Place, PlaceKind, Policy, PolicyKind, Reads,
    Resolving, Scopes, Section, Sections, Setting, Url, Waiting, element,
};

use super::publish_event;
use crate::access::authentication_basic::AuthenticationBasic;
use crate::access::authentication_managed_identity::AuthenticationManagedIdentity;
use crate::access::{
    authentication_basic, authentication_certificate, authentication_managed_identity,
    get_authorization_context,
};
use crate::integration::outgoing::{self, AbsoluteUrl};
use crate::routing::forward_request::ForwardRequest;
use crate::routing::{forward_request, set_backend_service};
use crate::transformation::set_body::SetBody;
use crate::transformation::set_header::SetHeader;
use crate::transformation::set_method::SetMethod;
use crate::transformation::{
    find_and_replace, json_to_xml, set_body, set_header, set_method, xml_to_json,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "http-data-source",
    sections: Sections::NONE,
    scopes: Scopes::RESOLVER,
    once: true,
    attributes: &[],
    children: Children::Elements(&[
        element("http-request")
            .required()
            .children(Children::Elements(&[
                INCLUDE_FRAGMENT,
                ElementSpec::policy(&get_authorization_context::KIND),
                ElementSpec::policy(&set_backend_service::KIND),
                ElementSpec::policy(&set_method::KIND).required(),
                element("set-url").required().children(Children::Text),
                ElementSpec::policy(&set_header::KIND).many(),
                ElementSpec::policy(&set_body::KIND),
                ElementSpec::policy(&authentication_certificate::KIND),
                ElementSpec::policy(&authentication_basic::KIND),
                ElementSpec::policy(&authentication_managed_identity::KIND),
            ])),
        element("backend").children(Children::Elements(&[
            INCLUDE_FRAGMENT,
            ElementSpec::policy(&forward_request::KIND),
        ])),
        element("http-response").children(Children::Elements(&[
            INCLUDE_FRAGMENT,
            ElementSpec::policy(&set_body::KIND),
            ElementSpec::policy(&xml_to_json::KIND),
            ElementSpec::policy(&json_to_xml::KIND),
            ElementSpec::policy(&find_and_replace::KIND),
            ElementSpec::policy(&publish_event::KIND),
        ])),
    ]),
    load: |e| Ok(Box::new(HttpDataSource::load(e)?)),
};

#[derive(Debug)]
struct HttpDataSource {
    request: Block,
    backend: Block,
    response: Block,
}

/// What it does, one after the other. Where it stopped is kept as the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// `http-request`
    Request,
    /// `backend`
    Backend,
    /// The body of the answer is on its way.
    Body,
    /// `http-response`
    Response,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Request, Self::Backend, Self::Body, Self::Response];

    fn of_point(point: usize) -> Option<Self> {
        Self::ALL.get(point).copied()
    }
}

impl HttpDataSource {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let request = e.child("http-request").ok_or(Invalid)?;
        let request = request.block_of(Section::Inbound, Part::load);
        let response = e.child("http-response");
        let response = response.map(|part| part.block_of(Section::Outbound, |_| None));
        let backend = match e.child("backend") {
            Some(backend) => backend.block_of(Section::Backend, |_| None),
            None => Ok(Block::default()),
        };
        let backend = match backend? {
            none if none.is_empty() => {
                let place = Place {
                    kind: PlaceKind::Policy,
                    scope: e.scope(),
                    section: Section::Backend,
                    path: format!("{}/backend[1]/forward-request[1]", e.path()).into(),
                    policy: forward_request::KIND.name,
                    id: None,
                    span: e.span(),
                };
                Block::new(vec![Node::new(
                    Box::new(ForwardRequest::default()),
                    Arc::new(place),
                )])
            }
            backend => backend,
        };
        Ok(Self {
            request: request?,
            backend,
            response: response.unwrap_or_else(|| Ok(Block::default()))?,
        })
    }

    /// Whether a part of `http-response` is of this name.
    fn responds_by(&self, policy: &str) -> bool {
        let mut nodes = self.response.nodes().iter();
        nodes.any(|node| node.place.policy == policy)
    }

    fn block(&self, stage: Stage) -> &Block {
        match stage {
            Stage::Request => &self.request,
            Stage::Backend => &self.backend,
            Stage::Body | Stage::Response => &self.response,
        }
    }

    /// Goes on at the beginning of a stage.
    fn begin(&self, mut stage: Stage, exchange: &mut Exchange) -> Result<Flow, Failure> {
        loop {
            let flow = match stage {
                Stage::Body if !exchange.context.is_buffered(Reads::RESPONSE) => Flow::Wait,
                Stage::Body => Flow::Next,
                stage => self.block(stage).execute(exchange)?,
            };
            match self.end(stage, flow, exchange)? {
                Some(next) => stage = next,
                None => return Ok(flow),
            }
        }
    }

    /// What comes behind a stage that went so; nothing if that is all for now.
    fn end(
        &self,
        stage: Stage,
        flow: Flow,
        exchange: &mut Exchange,
    ) -> Result<Option<Stage>, Failure> {
        if flow != Flow::Next {
            if flow == Flow::Wait {
                exchange.push_resume_point(stage as usize);
            }
            return Ok(None);
        }
        match stage {
            Stage::Request => send(exchange),
            Stage::Response => self.check(exchange)?,
            Stage::Backend | Stage::Body => {}
        }
        Ok(Stage::of_point(stage as usize + 1))
    }

    /// Goes on behind a stage.
    fn go_on(&self, stage: Stage, flow: Flow, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match self.end(stage, flow, exchange)? {
            Some(next) => self.begin(next, exchange),
            None => Ok(flow),
        }
    }

    fn check(&self, exchange: &Exchange) -> Result<(), Failure> {
        let status = exchange.context.response.status.as_u16();
        if status < 400 || self.responds_by(set_body::KIND.name) {
            return Ok(());
        }
        let message = format!("The data source answered {status}.");
        Err(Failure::new("BackendErrorStatusCode", message.clone())
            .respond(StatusCode::BAD_GATEWAY, message))
    }

    async fn run(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        loop {
            let Some(stage) = exchange.pop_resume_point().and_then(Stage::of_point) else {
                return Ok(Flow::Next);
            };
            let flow = match stage {
                Stage::Body => {
                    exchange.context.buffer(Reads::RESPONSE).await?;
                    Flow::Next
                }
                stage => self.block(stage).resume(exchange).await?,
            };
            match self.go_on(stage, flow, exchange)? {
                Flow::Wait => {}
                flow => return Ok(flow),
            }
        }
    }
}

/// Has the request that was made take the place of the client's.
fn send(exchange: &mut Exchange) {
    let context = &mut exchange.context;
    let Some(made) = &mut context.resolving else {
        return;
    };
    let request = &mut context.request;
    request.method = made.method.clone();
    request.headers = std::mem::take(&mut made.headers);
    request.body = made.body.take();
    request.keeps_host = made.keeps_host;
    request.ip_address = None;
}

impl Policy for HttpDataSource {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        if self.responds_by(publish_event::KIND.name) {
            return Err(publish_event::failure());
        }
        self.begin(Stage::Request, exchange)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(self.run(exchange))
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let Some(stage) = exchange.pop_resume_point().and_then(Stage::of_point) else {
            return Ok(Waiting::Exclusive);
        };
        if stage == Stage::Body {
            let limit = exchange.context.ports.limits.response_body;
            let response = &mut exchange.context.response;
            response.decode(limit).map_err(BodyError::of_response)?;
            let body = response.body.take();
            return Ok(Waiting::Detached(Box::pin(async move {
                let body = outgoing::whole(body, limit).await;
                Box::new(move |exchange: &mut Exchange| {
                    exchange.context.response.body = body?;
                    self.go_on(stage, Flow::Next, exchange)
                }) as Finish<'a>
            })));
        }
        let Waiting::Detached(future) = self.block(stage).detach(exchange)? else {
            exchange.push_resume_point(stage as usize);
            return Ok(Waiting::Exclusive);
        };
        Ok(Waiting::Detached(Box::pin(async move {
            let finish = future.await;
            Box::new(move |exchange: &mut Exchange| {
                let flow = finish(exchange)?;
                self.go_on(stage, flow, exchange)
            }) as Finish<'a>
        })))
    }
}

/// An element of `http-request` that does something else there than where it is a policy of its own: it makes the new
/// request.
#[derive(Debug)]
enum Part {
    Url(Setting<AbsoluteUrl>),
    Method(SetMethod),
    Header(SetHeader),
    Body(SetBody),
    Basic(AuthenticationBasic),
    Identity(Box<AuthenticationManagedIdentity>),
}

impl Part {
    fn load(e: &ElementReader<'_>) -> Option<Loaded> {
        let (name, part) = match e.name() {
            "set-url" => ("set-url", e.text_setting().map(Self::Url)),
            "set-method" => (set_method::KIND.name, SetMethod::load(e).map(Self::Method)),
            "set-header" => (set_header::KIND.name, SetHeader::load(e).map(Self::Header)),
            "set-body" => (set_body::KIND.name, SetBody::load(e).map(Self::Body)),
            "authentication-basic" => (
                authentication_basic::KIND.name,
                AuthenticationBasic::load(e).map(Self::Basic),
            ),
            "authentication-managed-identity" => (
                authentication_managed_identity::KIND.name,
                outgoing::identity(e).map(|identity| Self::Identity(Box::new(identity))),
            ),
            _ => return None,
        };
        Some((name, part.map(|part| Box::new(part) as Box<dyn Policy>)))
    }
}

/// Where the URL leads, unless `set-backend-service` has said so already.
fn turn(exchange: &mut Exchange, mut url: Url) {
    let request = &mut exchange.context.request;
    if let Some(backend) = &request.backend {
        url.set_base(backend.url());
    }
    request.url = url;
}

fn made(exchange: &mut Exchange) -> Result<&mut Resolving, Failure> {
    let made = exchange.context.resolving.as_mut();
    made.ok_or_else(|| Failure::without_reason("There is no field to resolve."))
}

fn headers(exchange: &mut Exchange) -> Result<&mut HeaderMap, Failure> {
    made(exchange).map(|made| &mut made.headers)
}

impl Policy for Part {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match self {
            Self::Url(url) => {
                let AbsoluteUrl(url) = url.get(exchange)?.into_owned();
                turn(exchange, url);
            }
            Self::Method(method) => made(exchange)?.method = method.evaluate(exchange)?,
            Self::Header(header) => {
                let edit = header.evaluate(exchange)?;
                if !edit.is_reserved(false) {
                    made(exchange)?.keeps_host |= edit.sets(&header::HOST);
                    edit.apply(headers(exchange)?);
                }
            }
            Self::Body(body) => made(exchange)?.body = body.evaluate(exchange)?,
            Self::Basic(basic) => {
                let value = basic.authorization(exchange)?;
                headers(exchange)?.insert(header::AUTHORIZATION, value);
            }
            Self::Identity(_) => return Ok(Flow::Wait),
        }
        Ok(Flow::Next)
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let Self::Identity(identity) = self else {
            return Ok(Waiting::Exclusive);
        };
        let token = identity.begin(exchange)?;
        Ok(Waiting::Detached(Box::pin(async move {
            let value = token.authorization().await;
            Box::new(move |exchange: &mut Exchange| {
                if let Some(value) = value? {
                    headers(exchange)?.insert(header::AUTHORIZATION, value);
                }
                Ok(Flow::Next)
            }) as Finish<'a>
        })))
    }

    fn reads(&self) -> Reads {
        match self {
            Self::Url(url) => url.reads(),
            Self::Method(method) => method.reads(),
            Self::Header(header) => header.reads(),
            Self::Body(body) => body.reads(),
            Self::Basic(basic) => basic.reads(),
            Self::Identity(identity) => identity.reads(),
        }
    }
}
