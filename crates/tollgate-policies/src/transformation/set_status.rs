//! `set-status`: sets the response's status code and reason phrase.
//!
//! ```xml
//! <set-status code="401" reason="Unauthorized" />
//! ```
//!
//! `code` is 200 to 599; a `reason` with control characters, line breaks above all, is refused. Both fail with
//! `ExpressionValueValidationFailure` when expressions give them. Without `reason` the phrase is the standard one of the code. Before the backend has answered, the status is
//! overwritten by the backend's. HTTP/2 has no reason phrases. Source: set-status-policy.md.

use http::StatusCode;
use tollgate_dotnet::{Str, Type};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Policy, PolicyKind,
    Reads, Response, Scopes, Sections, Setting, optional, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "set-status",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("code").about("The status code."),
        optional("reason").about("The reason phrase."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(SetStatus::load(e)?)),
};

/// The policy, also as a part of `return-response`.
#[derive(Debug)]
pub(crate) struct SetStatus {
    code: Setting<StatusCode>,
    reason: Option<Setting<Option<Phrase>>>,
}

/// A reason phrase: it cannot end its line.
#[derive(Debug, Clone)]
struct Phrase(Str);

impl FromValue for Phrase {
    const EXPECTED: &'static str = "text without control characters";

    fn from_literal(text: &str) -> Option<Self> {
        (!text.contains(char::is_control)).then(|| Self(text.into()))
    }

    fn accepts(ty: &Type) -> bool {
        Str::accepts(ty)
    }
}

impl SetStatus {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (code, reason) = (e.setting("code"), e.optional_setting("reason"));
        Ok(Self {
            code: code?,
            reason: reason?,
        })
    }

    /// Code and reason phrase for this request.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Status, Failure> {
        let code = *self.code.get(exchange)?;
        let reason = match &self.reason {
            Some(reason) => reason.get(exchange)?.into_owned().map(|Phrase(text)| text),
            None => None,
        };
        Ok(Status { code, reason })
    }

    pub(crate) fn reads(&self) -> Reads {
        self.code
            .reads()
            .or(self.reason.as_ref().map_or(Reads::NONE, Setting::reads))
    }
}

/// A status code and its reason phrase.
pub(crate) struct Status {
    code: StatusCode,
    reason: Option<Str>,
}

impl Status {
    pub(crate) fn apply(self, response: &mut Response) {
        response.status = self.code;
        response.reason = self.reason;
    }
}

impl Policy for SetStatus {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        self.evaluate(exchange)?
            .apply(&mut exchange.context.response);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        SetStatus::reads(self)
    }
}
