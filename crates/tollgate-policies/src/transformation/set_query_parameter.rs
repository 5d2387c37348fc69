//! `set-query-parameter`: sets, adds to or removes a query parameter of the request.
//!
//! ```xml
//! <set-query-parameter name="api-version" exists-action="skip">
//!     <value>2024-06-01</value>
//! </set-query-parameter>
//! ```
//!
//! `exists-action` is as in `set-header`. Names are compared without case. Several values become several parameters,
//! percent-encoded; `null` counts as no value. Other parameters keep their place and their bytes.
//! Source: set-query-parameter-policy.md.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tollgate_dotnet::Str;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting, element, optional, required,
};

use super::exists_action::ExistsAction;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "set-query-parameter",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("name").about("The parameter's name."),
        optional("exists-action").about("`override`, `skip`, `append` or `delete`."),
    ],
    children: Children::Elements(&[element("value").many().children(Children::Text)]),
    load: |e| Ok(Box::new(SetQueryParameter::load(e)?)),
};

#[derive(Debug)]
struct SetQueryParameter {
    name: Setting<Str>,
    action: Setting<ExistsAction>,
    values: Box<[Setting<Option<Str>>]>,
}

impl SetQueryParameter {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let name = e.setting("name");
        let edit = ExistsAction::load_with_values(e);
        let (name, (action, values)) = (name?, edit?);
        Ok(Self {
            name,
            action,
            values,
        })
    }
}

impl Policy for SetQueryParameter {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let name = self.name.get(exchange)?.to_utf8().into_owned();
        let action = *self.action.get(exchange)?;
        let mut values = Vec::with_capacity(self.values.len());
        for value in &self.values {
            values.extend(
                value
                    .get(exchange)?
                    .as_ref()
                    .as_ref()
                    .map(|value| value.to_utf8().into_owned()),
            );
        }
        let url = &mut exchange.context.request.url;
        url.query = edit(&url.query.to_utf8(), &name, action, &values).into();
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let values = self.values.iter().map(Setting::reads);
        values.fold(self.name.reads().or(self.action.reads()), Reads::or)
    }
}

/// The query string after the change: with its `?`, or empty.
fn edit(query: &str, name: &str, action: ExistsAction, values: &[String]) -> String {
    let parts = || {
        query
            .trim_start_matches('?')
            .split('&')
            .filter(|part| !part.is_empty())
    };
    let is_it = |part: &str| {
        let key = part
            .split_once('=')
            .map_or(part, |(key, _)| key)
            .replace('+', " ");
        percent_decode_str(&key)
            .decode_utf8_lossy()
            .eq_ignore_ascii_case(name)
    };
    let there = parts().any(is_it);
    if action == ExistsAction::Skip && there {
        return query.to_owned();
    }
    let keeps_old = action == ExistsAction::Append;
    let mut all: Vec<String> = parts()
        .filter(|part| keeps_old || !is_it(part))
        .map(str::to_owned)
        .collect();
    if action != ExistsAction::Delete {
        all.extend(
            values
                .iter()
                .map(|value| format!("{}={}", encode(name), encode(value))),
        );
    }
    match all.is_empty() {
        true => String::new(),
        false => format!("?{}", all.join("&")),
    }
}

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(crate) fn encode(text: &str) -> impl std::fmt::Display {
    utf8_percent_encode(text, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ExistsAction::{Append, Delete, Override, Skip};

    #[test]
    fn every_action_does_what_it_says() {
        let edit = |query, action, values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            edit(query, "a", action, &values)
        };
        assert_eq!(
            edit("?a=1&b=2&A=3", Override, &["x y", "&"]),
            "?b=2&a=x%20y&a=%26"
        );
        assert_eq!(edit("?a=1&b=2", Skip, &["x"]), "?a=1&b=2");
        assert_eq!(edit("?b=2", Skip, &["x"]), "?b=2&a=x");
        assert_eq!(edit("?a=1", Append, &["x"]), "?a=1&a=x");
        assert_eq!(edit("?%61=1", Delete, &[]), "");
        assert_eq!(edit("", Delete, &[]), "");
        assert_eq!(edit("", Override, &["é"]), "?a=%C3%A9");
        assert_eq!(edit("?b=%2f+1", Override, &["x"]), "?b=%2f+1&a=x");
    }
}
