//! `validate-headers`: holds the response's headers against the API's document.
//!
//! ```xml
//! <validate-headers specified-header-action="ignore" unspecified-header-action="prevent" errors-variable-name="errors">
//!     <header name="X-Powered-By" action="detect" />
//! </validate-headers>
//! ```
//!
//! The document is that of [`Api::openapi`](tollgate_engine::Api::openapi); without one, or where it does not know the
//! operation or the status code, that is the finding, with the action for specified headers. The action of a `header`
//! counts before the policy's own. `Content-Type`, `Content-Length`, `Date` and what frames the message need no
//! description. What comes of findings is told in `findings.rs`. Source: validate-headers-policy.md; on what needs no
//! description it is silent.

use std::sync::Arc;

use http::header;
use tollgate_dotnet::Str;
use tollgate_engine::exchange::strip_hop_by_hop;
use tollgate_engine::{
    Children, Described, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Reads, Scopes, Section, Sections, Setting, VariableName, element, required,
};

use super::findings::{self, Action, ERRORS_VARIABLE, Finding, Findings};
use super::parameters::{self, RESPONSE_HEADER};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "validate-headers",
    sections: Sections::OUTBOUND.or(Sections::ON_ERROR),
    scopes: Scopes::ALL,
    once: true,
    attributes: &[
        required("specified-header-action").about("For headers that are described."),
        required("unspecified-header-action").about("For headers that are not."),
        ERRORS_VARIABLE,
    ],
    children: Children::Elements(&[element("header").many().attributes(&[
        required("name").literal().about("The header."),
        required("action").about("`ignore`, `prevent` or `detect`: what is done about it."),
    ])]),
    load: |e| Ok(Box::new(ValidateHeaders::load(e)?)),
};

#[derive(Debug)]
struct ValidateHeaders {
    specified: Setting<Action>,
    unspecified: Setting<Action>,
    headers: Vec<(String, Setting<Action>)>,
    variable: Option<VariableName>,
    section: Section,
}

impl ValidateHeaders {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let specified = e.setting("specified-header-action");
        let unspecified = e.setting("unspecified-header-action");
        let headers: Vec<_> = (e.children_named("header"))
            .map(|one| {
                let (name, action) = (one.literal::<Str>("name"), one.setting("action"));
                Ok((name?.to_utf8().into_owned(), action?))
            })
            .collect();
        let variable = findings::variable(e);
        Ok(Self {
            specified: specified?,
            unspecified: unspecified?,
            headers: headers.into_iter().collect::<Result<_, _>>()?,
            variable: variable?,
            section: e.section(),
        })
    }
}

impl Policy for ValidateHeaders {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let specified = *self.specified.get(exchange)?;
        let unspecified = *self.unspecified.get(exchange)?;
        let mut actions = Vec::with_capacity(self.headers.len());
        for (name, action) in &self.headers {
            actions.push((name, *action.get(exchange)?));
        }
        let of = |name: &str, general| {
            let mut actions = actions.iter();
            let own = actions.find(|(known, _)| known.eq_ignore_ascii_case(name));
            own.map_or(general, |(_, action)| *action)
        };
        let mut findings = Findings::default();
        let response = &exchange.context.response;
        let status = response.status.as_u16();
        let described = match &exchange.context.described {
            Described::Nothing => Err(Finding::no_schema(specified)),
            Described::Unknown => Err(Finding::no_definitions(specified)),
            Described::Operation(operation) => match operation.response(status) {
                Some(_) => Ok(Arc::clone(operation)),
                None => Err(Finding::no_definitions(specified)),
            },
        };
        match described {
            Err(finding) => findings.add(finding),
            Ok(operation) => {
                let mut headers = response.headers.clone();
                strip_hop_by_hop(&mut headers);
                for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::DATE] {
                    headers.remove(name);
                }
                let described = operation.response(status).into_iter();
                parameters::check(
                    RESPONSE_HEADER,
                    &parameters::of_headers(&headers),
                    described.flat_map(|response| &response.headers),
                    |name| of(name, specified),
                    |name| of(name, unspecified),
                    &mut findings,
                );
            }
        }
        findings.settle(exchange, self.variable.as_ref(), self.section)?;
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let headers = self.headers.iter().map(|(_, action)| action.reads());
        let own = self.specified.reads().or(self.unspecified.reads());
        headers.fold(own, Reads::or)
    }
}
