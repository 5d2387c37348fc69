//! `rewrite-uri`: replaces the operation's part of the URL, the path behind the backend's base URL.
//!
//! ```xml
//! <rewrite-uri template="/v2/orders/{id}?full=true" copy-unmatched-params="false" />
//! ```
//!
//! `{name}` stands for a parameter that the operation's URL template matched; one that did not is an error when the
//! request runs. The template may be one expression; then braces in its result stand for parameters too. With
//! `copy-unmatched-params` (the default) the query parameters that the operation's template does not name are kept
//! behind the template's own. Values are percent-encoded, all but the slashes in that of a wildcard (`{*name}` in
//! either template); a template without a leading `/` gets one.
//! Source: rewrite-uri-policy.md.

use percent_encoding::percent_decode_str;
use tollgate_dotnet::Str;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads, Scopes,
    Sections, Setting, optional, required,
};

use super::set_query_parameter::encode;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "rewrite-uri",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("template").about("The new path, with `{parameter}` and a query if wanted."),
        optional("copy-unmatched-params")
            .about("Whether query parameters that the operation does not name are kept."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(RewriteUri::load(e)?)),
};

#[derive(Debug)]
struct RewriteUri {
    template: Setting<Str>,
    copy: Option<Setting<bool>>,
}

impl RewriteUri {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (template, copy) = (
            e.setting("template"),
            e.optional_setting("copy-unmatched-params"),
        );
        Ok(Self {
            template: template?,
            copy: copy?,
        })
    }
}

impl Policy for RewriteUri {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let template = self.template.get(exchange)?.to_utf8().into_owned();
        let copy = match &self.copy {
            Some(copy) => *copy.get(exchange)?,
            None => true,
        };
        let operation = exchange.context.operation.as_ref();
        let operation = operation.map(|operation| operation.url_template.to_utf8());
        let operation = operation.as_deref().unwrap_or_default();
        let request = &exchange.context.request;
        let filled = fill(&template, &request.matched_parameters, operation)?;
        let (path, own) = filled.split_once('?').unwrap_or((&filled, ""));
        let mut query: Vec<&str> = own.split('&').filter(|part| !part.is_empty()).collect();
        let old = request.url.query.to_utf8();
        if copy {
            let named = operation_query(operation);
            let unmatched = old.trim_start_matches('?').split('&').filter(|part| {
                let name = part.split_once('=').map_or(*part, |(name, _)| name);
                !part.is_empty() && !named.iter().any(|other| other.eq_ignore_ascii_case(name))
            });
            query.extend(unmatched);
        }
        let path = match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("/{path}"),
        };
        let query = match query.is_empty() {
            true => Str::EMPTY,
            false => format!("?{}", query.join("&")).into(),
        };
        // What it became must still be a URL, and must not climb out of where the template leads.
        let climbs = path.split('/').any(|segment| {
            let segment = percent_decode_str(segment).decode_utf8_lossy();
            matches!(&*segment, "." | "..")
        });
        if climbs
            || format!("http://host{path}{}", query.to_utf8())
                .parse::<http::Uri>()
                .is_err()
        {
            return Err(Failure::validation());
        }
        drop(old);
        let url = &mut exchange.context.request.url;
        url.path = path.into();
        url.query = query;
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        self.template
            .reads()
            .or(self.copy.as_ref().map_or(Reads::NONE, Setting::reads))
    }
}

/// The names of the query parameters in an operation's template: `b` in `/get?a={b}` is filled from `a`.
fn operation_query(template: &str) -> Vec<String> {
    let query = template.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .filter_map(|part| Some(part.split_once('=')?.0.to_owned()))
        .collect()
}

/// The template with its parameters filled in; `operation` is the template that they were matched by.
fn fill(template: &str, parameters: &[(Str, Str)], operation: &str) -> Result<String, Failure> {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        filled.push_str(before);
        let (starred, name) = match name.strip_prefix('*') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let value = parameters
            .iter()
            .find(|(other, _)| other.to_utf8().eq_ignore_ascii_case(name));
        let (_, value) = value.ok_or_else(|| {
            Failure::new(
                "ExpressionValueValidationFailure",
                format!("The URL template has no parameter {{{name}}}."),
            )
        })?;
        let value = value.to_utf8();
        match starred || is_wildcard(operation, name) {
            // The slashes of a wildcard's value are those of the path.
            true => {
                let segments = value.split('/').map(|segment| encode(segment).to_string());
                filled.push_str(&segments.collect::<Vec<_>>().join("/"));
            }
            false => filled.push_str(&encode(&value).to_string()),
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Whether a parameter of the operation's template takes the rest of the path: `{*name}`.
fn is_wildcard(template: &str, name: &str) -> bool {
    let path = template.split_once('?').map_or(template, |(path, _)| path);
    let last = path.rsplit_once('/').map_or(path, |(_, last)| last);
    let wildcard = (last.strip_prefix("{*")).and_then(|rest| rest.strip_suffix('}'));
    wildcard.is_some_and(|wildcard| wildcard.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn parameters_are_filled_in_and_encoded() {
        let parameters = [
            (Str::from("id"), Str::from("a/b c")),
            (Str::from("n"), Str::from("1")),
        ];
        assert_eq!(
            fill("/x/{ID}?n={n}", &parameters, "/{id}").unwrap(),
            "/x/a%2Fb%20c?n=1"
        );
        assert_eq!(fill("/plain", &parameters, "").unwrap(), "/plain");
        assert_eq!(
            fill("/{other}", &parameters, "").unwrap_err().message(),
            "The URL template has no parameter {other}."
        );
    }

    #[test]
    fn slashes_of_a_wildcard_stay() {
        let parameters = [(Str::from("rest"), Str::from("a/b c//d&e"))];
        let fill = |template, operation| fill(template, &parameters, operation).unwrap();
        assert_eq!(fill("/x/{rest}", "/files/{*Rest}"), "/x/a/b%20c//d%26e");
        assert_eq!(fill("/x/{*rest}", "/files/{rest}"), "/x/a/b%20c//d%26e");
        assert_eq!(
            fill("/x?f={rest}", "/a?b={*rest}"),
            "/x?f=a%2Fb%20c%2F%2Fd%26e"
        );
    }

    #[test]
    fn the_operation_names_its_query_parameters() {
        assert_eq!(operation_query("/get?a={b}&c={d}"), ["a", "c"]);
        assert!(operation_query("/get").is_empty());
    }
}
