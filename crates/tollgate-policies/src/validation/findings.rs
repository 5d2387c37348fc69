//! What the policies of this family find, and what comes of it.
//!
//! An action is `ignore` (nothing), `detect` (the finding is told in log, trace and variable) or `prevent` (besides, the
//! request fails). The first finding that is to be prevented fails it: 400 in inbound, else 502, with a message that tells
//! the client of its own mistakes, and of nothing else. `LastError.Reason` is `Bad request` or `Response not allowed`,
//! the message is the finding's details. The variable holds a `JArray` of objects with `Name`, `Type`, `ValidationRule`,
//! `Details` and `Action`. Source: validation-policies.md; on the variable's type it is silent.

use http::StatusCode;
use serde_json::json;
use tollgate_dotnet::Str;
use tollgate_engine::{
    AttributeSpec, ElementReader, Exchange, Failure, FromValue, Invalid, Section, VariableName,
    optional,
};

/// What is done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Ignore,
    Detect,
    Prevent,
}

impl FromValue for Action {
    const EXPECTED: &'static str = "`ignore`, `prevent` or `detect`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [
            ("ignore", Self::Ignore),
            ("detect", Self::Detect),
            ("prevent", Self::Prevent),
        ];
        let mut all = all.into_iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, action)| action)
    }
}

/// The attribute for the variable.
pub(crate) const ERRORS_VARIABLE: AttributeSpec = optional("errors-variable-name")
    .literal()
    .about("A variable for what was found.");

/// Something that is not as it should be.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// What it is about: a parameter, a content type; nothing for the body itself.
    pub(crate) name: String,
    /// `Type`: `RequestBody`.
    pub(crate) kind: &'static str,
    /// `ValidationRule`.
    pub(crate) rule: &'static str,
    pub(crate) details: String,
    /// Whether the client may read the details.
    pub(crate) is_public: bool,
    pub(crate) action: Action,
}

const INTERNAL: &str =
    "The request could not be processed due to an internal error. Contact the API owner.";

impl Finding {
    /// The API has no document.
    pub(crate) fn no_schema(action: Action) -> Self {
        let details = "API's schema does not exist or it could not be resolved.";
        Self::of_schema(details, action)
    }

    /// The document says nothing of the operation.
    pub(crate) fn no_definitions(action: Action) -> Self {
        Self::of_schema("API's schema does not specify definitions.", action)
    }

    fn of_schema(details: &str, action: Action) -> Self {
        Self {
            name: String::new(),
            kind: "ApiSchema",
            rule: "",
            details: details.to_owned(),
            is_public: false,
            action,
        }
    }
}

/// What one policy has found.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    /// Takes up a finding, unless it is to be ignored.
    pub(crate) fn add(&mut self, finding: Finding) {
        if finding.action != Action::Ignore {
            self.0.push(finding);
        }
    }

    /// Tells of all, and fails if one is to be prevented.
    pub(crate) fn settle(
        self,
        exchange: &mut Exchange,
        variable: Option<&VariableName>,
        section: Section,
    ) -> Result<(), Failure> {
        if self.0.is_empty() {
            return Ok(());
        }
        if let Some(variable) = variable {
            let errors: Vec<_> = self.0.iter().map(Finding::to_json).collect();
            let text = Str::from(serde_json::Value::from(errors).to_string());
            let errors = tollgate_dotnet::json::parse(&mut exchange.heap, &text);
            let errors = errors.map_err(|throw| Failure::evaluation(&throw))?;
            exchange.context.variables.set(variable, errors);
        }
        for finding in &self.0 {
            let details = exchange.masked(&finding.details);
            tracing::warn!(rule = finding.rule, %details, "content is not as its schema has it");
            exchange.context.trace(|_| finding.to_json());
        }
        let prevented = self.0.into_iter().find(|one| one.action == Action::Prevent);
        prevented.map_or(Ok(()), |finding| Err(finding.failure(section)))
    }
}

impl Finding {
    fn to_json(&self) -> serde_json::Value {
        let action = match self.action {
            Action::Ignore => "ignore",
            Action::Detect => "detect",
            Action::Prevent => "prevent",
        };
        json!({
            "Name": self.name,
            "Type": self.kind,
            "ValidationRule": self.rule,
            "Details": self.details,
            "Action": action,
        })
    }

    fn failure(self, section: Section) -> Failure {
        let (reason, status) = match section {
            Section::Inbound => ("Bad request", StatusCode::BAD_REQUEST),
            _ => ("Response not allowed", StatusCode::BAD_GATEWAY),
        };
        let is_public = self.is_public && section == Section::Inbound;
        let public = match is_public {
            true => self.details.clone(),
            false => INTERNAL.to_owned(),
        };
        Failure::new(reason, self.details).respond(status, public)
    }
}

/// Reads the name of the variable, under either of its names.
pub(crate) fn variable(e: &ElementReader<'_>) -> Result<Option<VariableName>, Invalid> {
    match e.has(ERRORS_VARIABLE.name) {
        true => e.optional_literal(ERRORS_VARIABLE.name),
        false => e.optional_literal("error-variable-name"),
    }
}
