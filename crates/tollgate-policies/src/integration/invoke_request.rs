//! `invoke-request`: sends a request that is based on the current one, and takes its response.
//!
//! ```xml
//! <invoke-request url="https://audit.example.com/check" method="POST" response-variable-name="check">
//!     <header name="X-Source" value="gateway" />
//!     <body>@(context.Request.Body.As<string>(preserveContent: true))</body>
//! </invoke-request>
//! ```
//!
//! The request begins as a copy of `context.Request`: method, URL, headers and body. `backend-id` sends it to a backend
//! entity, and `url`, absolute or a path with its query, elsewhere or to that path there. Each `header` replaces those
//! of its name. With `response-variable-name` the response is an `IResponse` in that variable; without, it becomes
//! `context.Response`, and the rest of the section does not run. Redirects are not followed; the call waits 60 seconds
//! at most. Failures are those of `send-request`; a backend that does not exist is `BackendNotFound`.
//! Source: the policy toolkit's InvokeRequestConfig; Microsoft's pages do not have the policy.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use serde_json::json;
use tollgate_dotnet::Str;
use tollgate_engine::exchange::strip_hop_by_hop;
use tollgate_engine::{
    Body, Children, ElementReader, Exchange, Failure, Finish, Flow, FromValue, Invalid, Policy,
    PolicyKind, Reads, Response, Scopes, Sections, Setting, Url, VariableName, Waiting, element,
    optional, required,
};

use crate::routing::backends;

use super::outgoing::{AbsoluteUrl, Call, keep};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "invoke-request",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("method").about("The method; that of the request unless given."),
        optional("url").about("An absolute URL, or a path."),
        optional("backend-id").about("A backend entity."),
        optional("response-variable-name")
            .literal()
            .about("The variable for the response."),
    ],
    children: Children::Elements(&[
        element("header").many().attributes(&[
            required("name").about("The header's name."),
            required("value").about("Its value."),
        ]),
        element("body").children(Children::Text),
    ]),
    load: |e| Ok(Box::new(InvokeRequest::load(e)?)),
};

const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct InvokeRequest {
    method: Option<Setting<Method>>,
    url: Option<Setting<Str>>,
    backend: Option<Setting<Str>>,
    variable: Option<VariableName>,
    headers: Vec<(Setting<HeaderName>, Setting<HeaderValue>)>,
    body: Option<Setting<Option<Bytes>>>,
}

impl InvokeRequest {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (method, url) = (e.optional_setting("method"), e.optional_setting("url"));
        let backend = e.optional_setting("backend-id");
        let variable = e.optional_literal("response-variable-name");
        let headers: Vec<Result<_, Invalid>> = e
            .children_named("header")
            .map(|header| {
                let (name, value) = (header.setting("name"), header.setting("value"));
                Ok((name?, value?))
            })
            .collect();
        let body = e.child("body").map(|body| body.verbatim_setting());
        Ok(Self {
            method: method?,
            url: url?,
            backend: backend?,
            variable: variable?,
            headers: headers.into_iter().collect::<Result<_, _>>()?,
            body: body.transpose()?,
        })
    }

    fn prepare(&self, exchange: &mut Exchange) -> Result<Call, Failure> {
        let url = self.url(exchange)?;
        let method = match &self.method {
            Some(method) => method.get(exchange)?.into_owned(),
            None => exchange.context.request.method.clone(),
        };
        let body = match &self.body {
            Some(body) => body.get(exchange)?.into_owned().unwrap_or_default(),
            None => {
                let body = exchange.context.request.body.bytes();
                body.cloned().unwrap_or_default()
            }
        };
        let mut headers = exchange.context.request.headers.clone();
        strip_hop_by_hop(&mut headers);
        for name in [header::CONTENT_LENGTH, header::EXPECT, header::HOST] {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            let name = name.get(exchange)?.into_owned();
            let own = [
                header::CONNECTION,
                header::CONTENT_LENGTH,
                header::TRANSFER_ENCODING,
            ];
            if !own.contains(&name) {
                headers.insert(name, value.get(exchange)?.into_owned());
            }
        }
        let mut call = Call::new(method, &url, Body::full(body), TIMEOUT)?;
        let own = std::mem::replace(call.headers_mut(), headers);
        for (name, value) in &own {
            call.headers_mut()
                .entry(name)
                .or_insert_with(|| value.clone());
        }
        exchange.context.trace(
            |_| json!({"message": "Request is being sent.", "request": {"url": url.to_string()}}),
        );
        Ok(call)
    }

    /// Where it goes.
    fn url(&self, exchange: &mut Exchange) -> Result<Url, Failure> {
        let mut url = exchange.context.request.url.clone();
        if let Some(backend) = &self.backend {
            let id = backend.get(exchange)?.to_utf8().into_owned();
            url.set_base(backends::named(&exchange.plan, &id)?.url());
        }
        if let Some(text) = &self.url {
            let text = text.get(exchange)?.to_utf8().trim().to_owned();
            match text.starts_with('/') && !text.starts_with("//") {
                true => {
                    let (path, query) = text.split_once('?').unwrap_or((&text, ""));
                    let query = match query {
                        "" => String::new(),
                        query => format!("?{query}"),
                    };
                    (url.path, url.query) = (path.into(), query.into());
                }
                false => {
                    let absolute = AbsoluteUrl::from_literal(&text);
                    url = absolute.ok_or_else(Failure::validation)?.0;
                }
            }
        }
        if url.host.is_empty() {
            let message = "There is no service URL to send the request to.";
            return Err(Failure::new("BackendNotFound", message));
        }
        Ok(url)
    }

    fn finish(
        &self,
        result: Result<Response, Failure>,
        exchange: &mut Exchange,
    ) -> Result<Flow, Failure> {
        let response = result?;
        match &self.variable {
            Some(variable) => {
                let value = keep(response, exchange)?;
                exchange.context.variables.set(variable, value);
                Ok(Flow::Next)
            }
            None => {
                exchange.context.response = response;
                Ok(Flow::NextSection)
            }
        }
    }
}

impl Policy for InvokeRequest {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let call = self.prepare(exchange)?;
        let ports = exchange.context.ports.clone();
        Ok(Waiting::Detached(Box::pin(async move {
            let result = call.send(&ports).await;
            Box::new(move |exchange: &mut Exchange| self.finish(result, exchange)) as Finish<'a>
        })))
    }

    fn reads(&self) -> Reads {
        let body = match &self.body {
            Some(body) => body.reads(),
            None => Reads::RAW_REQUEST,
        };
        let method = self.method.iter().map(Setting::reads);
        let texts = [&self.url, &self.backend];
        let texts = texts.into_iter().flatten().map(Setting::reads);
        let headers = self.headers.iter();
        let headers = headers.flat_map(|(name, value)| [name.reads(), value.reads()]);
        method.chain(texts).chain(headers).fold(body, Reads::or)
    }
}
