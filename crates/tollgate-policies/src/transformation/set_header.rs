//! `set-header`: sets, adds to or removes a header of the request (inbound, backend) or the response (outbound, on-error).
//!
//! ```xml
//! <set-header name="X-Request-Id" exists-action="override">
//!     <value>@(context.RequestId.ToString())</value>
//! </set-header>
//! ```
//!
//! | `exists-action` | header is there | header is not there |
//! |---|---|---|
//! | `override` (default) | replaced by the values | added |
//! | `skip` | unchanged | added |
//! | `append` | the values are added | added |
//! | `delete` | removed | nothing |
//!
//! Several values become one line with commas, except for headers whose grammar makes that unsafe (`Set-Cookie`,
//! `WWW-Authenticate`, dates and the like), which get a line each. A `null` value counts as none; an empty one is an
//! empty value. A value with control characters or beyond ASCII is refused at load time, or, from an expression, fails
//! with `ExpressionValueValidationFailure`, so that nothing is smuggled into another header.
//!
//! `Connection`, `Content-Length`, `Keep-Alive` and `Transfer-Encoding` are the gateway's own: the policy leaves them
//! alone and says so in the trace; so it does for `delete` of a response's `Server`. Source: set-header-policy.md;
//! silence on the last point is the choice made here.

use http::header::{self, Entry};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Section, Sections, Setting, element, optional, required,
};

use super::exists_action::ExistsAction;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "set-header",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("name").about("The header's name."),
        optional("exists-action").about("`override`, `skip`, `append` or `delete`."),
    ],
    children: Children::Elements(&[element("value").many().children(Children::Text)]),
    load: |e| Ok(Box::new(SetHeader::load(e)?)),
};

/// The policy, also as a part of `return-response`.
#[derive(Debug)]
pub(crate) struct SetHeader {
    name: Setting<HeaderName>,
    action: Setting<ExistsAction>,
    values: Box<[Setting<Option<HeaderValue>>]>,
    on_response: bool,
}

impl SetHeader {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let name = e.setting("name");
        let edit = ExistsAction::load_with_values(e);
        let (name, (action, values)) = (name?, edit?);
        Ok(Self {
            name,
            action,
            values,
            on_response: matches!(e.section(), Section::Outbound | Section::OnError),
        })
    }

    /// What to do to the headers of this request.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<HeaderEdit, Failure> {
        let name = self.name.get(exchange)?.into_owned();
        let action = *self.action.get(exchange)?;
        let mut values = Vec::with_capacity(self.values.len());
        for value in &self.values {
            values.extend(value.get(exchange)?.into_owned());
        }
        Ok(HeaderEdit {
            name,
            action,
            values,
        })
    }

    pub(crate) fn reads(&self) -> Reads {
        let values = self.values.iter().map(Setting::reads);
        values.fold(self.name.reads().or(self.action.reads()), Reads::or)
    }
}

impl Policy for SetHeader {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let edit = self.evaluate(exchange)?;
        if edit.is_reserved(self.on_response) {
            exchange.context.trace(|_| json!({"message": "The header is the gateway's own; it was left alone.", "header": edit.name.as_str()}));
            return Ok(Flow::Next);
        }
        let context = &mut exchange.context;
        let headers = match self.on_response {
            true => &mut context.response.headers,
            false => {
                context.request.keeps_host |= edit.sets(&header::HOST);
                &mut context.request.headers
            }
        };
        edit.apply(headers);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        SetHeader::reads(self)
    }
}

/// One change of headers, all expressions evaluated.
pub(crate) struct HeaderEdit {
    name: HeaderName,
    action: ExistsAction,
    values: Vec<HeaderValue>,
}

impl HeaderEdit {
    /// Whether it gives this header a value.
    pub(crate) fn sets(&self, name: &HeaderName) -> bool {
        self.name == *name && self.action != ExistsAction::Delete
    }

    /// Whether the header is one that policies cannot change.
    pub(crate) fn is_reserved(&self, on_response: bool) -> bool {
        let own = [
            header::CONNECTION,
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
        ];
        own.contains(&self.name)
            || self.name == "keep-alive"
            || (on_response && self.action == ExistsAction::Delete && self.name == header::SERVER)
    }

    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        let lines = if takes_lines(&self.name) {
            self.values
        } else {
            join(self.values)
        };
        match (self.action, headers.entry(self.name)) {
            (ExistsAction::Delete, Entry::Occupied(entry)) => drop(entry.remove_entry_mult()),
            (ExistsAction::Delete, Entry::Vacant(_)) | (ExistsAction::Skip, Entry::Occupied(_)) => {
            }
            (ExistsAction::Override, Entry::Occupied(entry)) if lines.is_empty() => {
                drop(entry.remove_entry_mult())
            }
            (ExistsAction::Override, Entry::Occupied(mut entry)) => {
                for (index, line) in lines.into_iter().enumerate() {
                    match index {
                        0 => drop(entry.insert(line)),
                        _ => entry.append(line),
                    }
                }
            }
            (ExistsAction::Append, Entry::Occupied(mut entry)) => {
                lines.into_iter().for_each(|line| entry.append(line));
            }
            (_, Entry::Vacant(entry)) => {
                let mut lines = lines.into_iter();
                if let Some(first) = lines.next() {
                    let mut entry = entry.insert_entry(first);
                    lines.for_each(|line| entry.append(line));
                }
            }
        }
    }
}

/// Headers whose values cannot share a line. Source: set-header-policy.md.
fn takes_lines(name: &HeaderName) -> bool {
    [
        header::USER_AGENT,
        header::WWW_AUTHENTICATE,
        header::PROXY_AUTHENTICATE,
        header::COOKIE,
        header::SET_COOKIE,
        header::WARNING,
        header::DATE,
        header::EXPIRES,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
        header::LAST_MODIFIED,
        header::RETRY_AFTER,
    ]
    .contains(name)
}

fn join(values: Vec<HeaderValue>) -> Vec<HeaderValue> {
    if values.len() < 2 {
        return values;
    }
    let joined = values
        .iter()
        .map(HeaderValue::as_bytes)
        .collect::<Vec<_>>()
        .join(&b',');
    // Valid values joined by commas are a valid value.
    HeaderValue::from_bytes(&joined).into_iter().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn after(
        before: &[(&'static str, &'static str)],
        name: &'static str,
        action: ExistsAction,
        values: &[&'static str],
    ) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in before {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let values = values
            .iter()
            .map(|value| HeaderValue::from_static(value))
            .collect();
        HeaderEdit {
            name: HeaderName::from_static(name),
            action,
            values,
        }
        .apply(&mut headers);
        headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect()
    }

    #[test]
    fn every_action_does_what_the_table_says() {
        use ExistsAction::{Append, Delete, Override, Skip};
        let there: &[_] = &[("x-a", "1"), ("x-a", "2")];
        assert_eq!(after(there, "x-a", Override, &["3"]), ["x-a: 3"]);
        assert_eq!(after(there, "x-a", Override, &[]), [""; 0]);
        assert_eq!(after(there, "x-a", Skip, &["3"]), ["x-a: 1", "x-a: 2"]);
        assert_eq!(
            after(there, "x-a", Append, &["3", "4"]),
            ["x-a: 1", "x-a: 2", "x-a: 3,4"]
        );
        assert_eq!(after(there, "x-a", Delete, &[]), [""; 0]);
        for action in [Override, Skip, Append] {
            assert_eq!(after(&[], "x-a", action, &["3"]), ["x-a: 3"]);
        }
        assert_eq!(after(&[], "x-a", Delete, &[]), [""; 0]);
    }

    #[test]
    fn some_headers_get_a_line_for_each_value() {
        let cookies = after(&[], "set-cookie", ExistsAction::Override, &["a=1", "b=2"]);
        assert_eq!(cookies, ["set-cookie: a=1", "set-cookie: b=2"]);
        assert_eq!(
            after(&[], "accept", ExistsAction::Override, &["a/b", "c/d"]),
            ["accept: a/b,c/d"]
        );
    }
}
