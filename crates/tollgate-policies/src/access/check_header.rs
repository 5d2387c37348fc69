//! `check-header`: refuses requests without a header, or whose header has another value than those listed.
//!
//! ```xml
//! <check-header name="X-Api" failed-check-httpcode="401" failed-check-error-message="Not authorized" ignore-case="false">
//!     <value>one</value>
//! </check-header>
//! ```
//!
//! Without values the header only has to be there. With several header lines, all of them joined by commas may be the
//! value, or any single one. Refused: the given status with `{ "statusCode": …, "message": "…" }`;
//! `LastError.Reason` is `HeaderNotFound` or `HeaderValueNotAllowed`. Without `ignore-case` case counts.
//! Source: check-header-policy.md; the rule for several lines is the choice made here.

use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::json;
use tollgate_dotnet::Str;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, element, optional, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "check-header",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("name").about("The header's name."),
        required("failed-check-httpcode").about("The status code of a refusal."),
        required("failed-check-error-message").about("The message of a refusal."),
        optional("ignore-case").about("Whether values are compared without case."),
    ],
    children: Children::Elements(&[element("value").many().children(Children::Text)]),
    load: |e| Ok(Box::new(CheckHeader::load(e)?)),
};

#[derive(Debug)]
struct CheckHeader {
    name: Setting<Name>,
    code: Setting<StatusCode>,
    message: Setting<Str>,
    ignore_case: Option<Setting<bool>>,
    values: Box<[Setting<Str>]>,
}

/// The name of a header, and as it is written: messages show it so.
#[derive(Debug, Clone)]
struct Name(HeaderName, Str);

impl FromValue for Name {
    const EXPECTED: &'static str = HeaderName::EXPECTED;

    fn from_literal(text: &str) -> Option<Self> {
        Some(Self(HeaderName::from_literal(text)?, text.into()))
    }

    fn accepts(ty: &tollgate_dotnet::Type) -> bool {
        HeaderName::accepts(ty)
    }
}

impl CheckHeader {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let name = e.setting("name");
        let code = e.setting("failed-check-httpcode");
        let message = e.setting("failed-check-error-message");
        let ignore_case = e.optional_setting("ignore-case");
        let values: Vec<Result<_, Invalid>> = e
            .children()
            .iter()
            .map(ElementReader::text_setting)
            .collect();
        let values = values.into_iter().collect::<Result<_, _>>();
        Ok(Self {
            name: name?,
            code: code?,
            message: message?,
            ignore_case: ignore_case?,
            values: values?,
        })
    }

    fn refuse(
        &self,
        exchange: &mut Exchange,
        reason: &'static str,
        what: String,
    ) -> Result<Flow, Failure> {
        let status = *self.code.get(exchange)?;
        let message = self.message.get(exchange)?.to_utf8().into_owned();
        Err(Failure::new(reason, what).respond(status, message))
    }
}

impl Policy for CheckHeader {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let Name(header, name) = self.name.get(exchange)?.into_owned();
        let name = name.to_utf8();
        let Some(found) = joined(&exchange.context.request.headers, &header) else {
            let message = format!("Header {name} was not found in the request. Access denied.");
            return self.refuse(exchange, "HeaderNotFound", message);
        };
        let ignore_case = match &self.ignore_case {
            Some(setting) => *setting.get(exchange)?,
            None => false,
        };
        let mut allowed = self.values.is_empty();
        for value in &self.values {
            let value = value.get(exchange)?;
            let lines = exchange.context.request.headers.get_all(&header).iter();
            let mut lines = lines
                .filter_map(|line| line.to_str().ok())
                .chain([found.as_str()]);
            allowed = lines.any(|line| equal(line, &value.to_utf8(), ignore_case));
            if allowed {
                break;
            }
        }
        if !allowed {
            let message = format!("Header {name} value of {found} is not allowed. Access denied.");
            return self.refuse(exchange, "HeaderValueNotAllowed", message);
        }
        exchange
            .context
            .trace(|_| json!({"message": "Header validated.", "header": name}));
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let values = self.values.iter().map(Setting::reads);
        values.fold(
            self.name
                .reads()
                .or(self.code.reads())
                .or(self.message.reads()),
            Reads::or,
        )
    }
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut lines = headers
        .get_all(name)
        .iter()
        .map(|line| String::from_utf8_lossy(line.as_bytes()));
    let first = lines.next()?.into_owned();
    Some(lines.fold(first, |joined, line| joined + "," + &line))
}

fn equal(left: &str, right: &str, ignore_case: bool) -> bool {
    left == right || (ignore_case && left.to_lowercase() == right.to_lowercase())
}
