//! `cross-domain`: serves the file that Flash and Silverlight clients ask for before they call another host.
//!
//! ```xml
//! <cross-domain>
//!     <cross-domain-policy>
//!         <allow-http-request-headers-from domain="*" headers="*" />
//!     </cross-domain-policy>
//! </cross-domain>
//! ```
//!
//! `GET /crossdomain.xml` at the gateway is answered with the document as it stands in the policy, as `text/xml`; no
//! operation, key or further policy is needed. An `access-policy` document is served as `/clientaccesspolicy.xml`.
//! Anything else passes. Source: cross-domain-policy.md; content type and paths are the choice made here.

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Response,
    Scopes, Sections,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "cross-domain",
    sections: Sections::INBOUND,
    scopes: Scopes::GLOBAL,
    once: true,
    attributes: &[],
    children: Children::Any,
    load: |e| Ok(Box::new(CrossDomain::load(e)?)),
};

#[derive(Debug)]
struct CrossDomain {
    path: &'static str,
    document: Bytes,
}

impl CrossDomain {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let children = e.children();
        let path = match children.as_slice() {
            [child] if child.name() == "cross-domain-policy" => "/crossdomain.xml",
            [child] if child.name() == "access-policy" => "/clientaccesspolicy.xml",
            _ => {
                let message = "`cross-domain` holds one `cross-domain-policy` document";
                return Err(e.error("missing-element", e.name_span(), message));
            }
        };
        let document = e.inner_source().trim().to_owned();
        Ok(Self {
            path,
            document: document.into(),
        })
    }

    /// Whether it is a request for the document; the exchange has its answer then.
    fn answer(&self, exchange: &mut Exchange) -> bool {
        let request = &exchange.context.request;
        let reads = matches!(request.method, Method::GET | Method::HEAD);
        if !reads || request.original_url.path.to_utf8() != self.path {
            return false;
        }
        let mut response = Response::default();
        let xml = HeaderValue::from_static("text/xml");
        response.headers.insert(header::CONTENT_TYPE, xml);
        response.body = self.document.clone().into();
        exchange.context.response = response;
        true
    }
}

impl Policy for CrossDomain {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match self.answer(exchange) {
            true => Ok(Flow::Respond),
            false => Ok(Flow::Next),
        }
    }

    fn unrouted(&self, exchange: &mut Exchange) -> bool {
        self.answer(exchange)
    }
}
