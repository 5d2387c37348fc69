//! `return-response`: ends the pipeline at once with a response of its own.
//!
//! ```xml
//! <return-response>
//!     <set-status code="401" reason="Unauthorized" />
//!     <set-header name="WWW-Authenticate" exists-action="override">
//!         <value>Bearer error="invalid_token"</value>
//!     </set-header>
//!     <set-body>No.</set-body>
//! </return-response>
//! ```
//!
//! No other policy runs, not even those of outbound and on-error. Without children the response is `200 OK` with no
//! headers and no body; with `response-variable-name` it starts as the response in that variable, and a variable that
//! holds none is an error. Headers that other policies promised for the final response (`cors`, `rate-limit`) are sent
//! too; deferred counting still happens. Source: return-response-policy.md.

use tollgate_engine::{
    Children, ElementReader, ElementSpec, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Reads, Response, Scopes, Sections, VariableName, optional,
};

use crate::transformation::{set_body, set_header, set_status};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "return-response",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[optional("response-variable-name")
        .literal()
        .about("A variable that holds a response to begin with.")],
    children: Children::Elements(&[
        ElementSpec::policy(&set_status::KIND),
        ElementSpec::policy(&set_header::KIND).many(),
        ElementSpec::policy(&set_body::KIND),
    ]),
    load: |e| Ok(Box::new(ReturnResponse::load(e)?)),
};

#[derive(Debug, Default)]
struct ReturnResponse {
    variable: Option<VariableName>,
    status: Option<set_status::SetStatus>,
    headers: Vec<set_header::SetHeader>,
    body: Option<set_body::SetBody>,
}

impl ReturnResponse {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let mut loaded = Self {
            variable: e.optional_literal("response-variable-name")?,
            ..Self::default()
        };
        let mut result = Ok(());
        for child in &e.children() {
            let read = match child.name() {
                "set-status" => {
                    set_status::SetStatus::load(child).map(|status| loaded.status = Some(status))
                }
                "set-header" => {
                    set_header::SetHeader::load(child).map(|header| loaded.headers.push(header))
                }
                _ => set_body::SetBody::load_for(child, None).map(|body| loaded.body = Some(body)),
            };
            result = result.and(read);
        }
        result.map(|()| loaded)
    }
}

impl Policy for ReturnResponse {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let mut response = match &self.variable {
            Some(name) => exchange.response_in(name)?,
            None => Response::default(),
        };
        if let Some(status) = &self.status {
            status.evaluate(exchange)?.apply(&mut response);
        }
        for header in &self.headers {
            let edit = header.evaluate(exchange)?;
            if !edit.is_reserved(true) {
                edit.apply(&mut response.headers);
            }
        }
        if let Some(body) = &self.body {
            response.body = body.evaluate(exchange)?;
        }
        exchange.context.response = response;
        Ok(Flow::Respond)
    }

    fn reads(&self) -> Reads {
        let status = self.status.iter().map(set_status::SetStatus::reads);
        let headers = self.headers.iter().map(set_header::SetHeader::reads);
        let body = self.body.iter().map(set_body::SetBody::reads);
        status
            .chain(headers)
            .chain(body)
            .fold(Reads::NONE, Reads::or)
    }
}
