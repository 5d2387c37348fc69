//! `validate-status-code`: holds the response's status code against the API's document.
//!
//! ```xml
//! <validate-status-code unspecified-status-code-action="prevent" errors-variable-name="errors">
//!     <status-code code="404" action="detect" />
//! </validate-status-code>
//! ```
//!
//! A status code that the document ([`Api::openapi`](tollgate_engine::Api::openapi)) names for the operation, by itself, as
//! `4XX` or as `default`, is well. For others the action of their `status-code` counts, or else the policy's own; so it does
//! where there is no document, or none of the operation. `error-variable-name` is the same as `errors-variable-name`. What
//! comes of findings is told in `findings.rs`. Source: validate-status-code-policy.md.

use http::StatusCode;
use tollgate_engine::{
    Children, Described, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Reads, Scopes, Section, Sections, Setting, VariableName, element, optional, required,
};

use super::findings::{self, Action, ERRORS_VARIABLE, Finding, Findings};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "validate-status-code",
    sections: Sections::OUTBOUND.or(Sections::ON_ERROR),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("unspecified-status-code-action").about("For codes that are not described."),
        ERRORS_VARIABLE,
        optional("error-variable-name")
            .literal()
            .about("The same as `errors-variable-name`."),
    ],
    children: Children::Elements(&[element("status-code").many().attributes(&[
        required("code").literal().about("The status code."),
        required("action").about("`ignore`, `prevent` or `detect`: what is done about it."),
    ])]),
    load: |e| Ok(Box::new(ValidateStatusCode::load(e)?)),
};

#[derive(Debug)]
struct ValidateStatusCode {
    unspecified: Setting<Action>,
    codes: Vec<(u32, Setting<Action>)>,
    variable: Option<VariableName>,
    section: Section,
}

impl ValidateStatusCode {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let unspecified = e.setting("unspecified-status-code-action");
        let codes: Vec<_> = (e.children_named("status-code"))
            .map(|one| {
                let (code, action) = (one.literal::<StatusCode>("code"), one.setting("action"));
                Ok((u32::from(code?.as_u16()), action?))
            })
            .collect();
        let variable = findings::variable(e);
        Ok(Self {
            unspecified: unspecified?,
            codes: codes.into_iter().collect::<Result<_, _>>()?,
            variable: variable?,
            section: e.section(),
        })
    }
}

impl Policy for ValidateStatusCode {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let code = exchange.context.response.status.as_u16();
        let described = match &exchange.context.described {
            Described::Operation(operation) => operation.response(code).is_some(),
            Described::Nothing | Described::Unknown => false,
        };
        if described {
            return Ok(Flow::Next);
        }
        let own = self
            .codes
            .iter()
            .find(|(known, _)| *known == u32::from(code));
        let action = own.map_or(&self.unspecified, |(_, action)| action);
        let mut findings = Findings::default();
        findings.add(Finding {
            name: code.to_string(),
            kind: "StatusCode",
            rule: "Unspecified",
            details: format!("Response status code {code} is not allowed."),
            is_public: false,
            action: *action.get(exchange)?,
        });
        findings.settle(exchange, self.variable.as_ref(), self.section)?;
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let codes = self.codes.iter().map(|(_, action)| action.reads());
        codes.fold(self.unspecified.reads(), Reads::or)
    }
}
