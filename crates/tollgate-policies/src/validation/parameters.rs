//! What `validate-parameters` and `validate-headers` share: parameters held against what describes them.

use http::HeaderMap;
use tollgate_engine::Exchange;
use tollgate_schema::{Location, Parameter};

use super::findings::{Action, Finding, Findings};

/// What findings call parameters of one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// `Type`: `QueryParameter`.
    pub(super) name: &'static str,
    /// `query parameter`.
    words: &'static str,
}

pub(super) const PATH: Kind = Kind {
    name: "PathParameter",
    words: "path parameter",
};
pub(super) const QUERY: Kind = Kind {
    name: "QueryParameter",
    words: "query parameter",
};
pub(super) const HEADER: Kind = Kind {
    name: "RequestHeader",
    words: "header",
};
pub(super) const RESPONSE_HEADER: Kind = Kind {
    name: "ResponseHeader",
    words: "header",
};

/// A parameter and its values, which are as the client sees them.
pub(super) struct Given {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// Holds what was given against what is described. `specified` and `unspecified` say what is done about a name.
pub(super) fn check<'p>(
    kind: Kind,
    given: &[Given],
    described: impl Iterator<Item = &'p Parameter> + Clone,
    specified: impl Fn(&str) -> Action,
    unspecified: impl Fn(&str) -> Action,
    findings: &mut Findings,
) {
    let mut add = |name: &str, rule, details, action| {
        findings.add(Finding {
            name: name.to_owned(),
            kind: kind.name,
            rule,
            details,
            is_public: true,
            action,
        });
    };
    let words = kind.words;
    for parameter in described.clone() {
        let name = &parameter.name;
        let action = specified(name);
        let mut all = given.iter();
        let Some(found) = all.find(|given| given.name.eq_ignore_ascii_case(name)) else {
            if parameter.required {
                let details = format!("Required {words} {name} is missing.");
                add(name, "IncorrectMessage", details, action);
            }
            continue;
        };
        if found.values.len() > 1 && !parameter.takes_many() {
            let details = format!("Request cannot contain multiple values for the {words} {name}.");
            add(name, "IncorrectMessage", details, action);
            continue;
        }
        let values: Vec<&str> = found.values.iter().map(String::as_str).collect();
        for problem in parameter.check(&values) {
            let details = format!(
                "Value of the {words} {name} does not conform to the definition. {problem}"
            );
            add(name, "IncorrectMessage", details, action);
        }
    }
    for given in given {
        let mut described = described.clone();
        if !described.any(|parameter| parameter.name.eq_ignore_ascii_case(&given.name)) {
            let details = format!("Unspecified {words} {} is not allowed.", given.name);
            add(
                &given.name,
                "Unspecified",
                details,
                unspecified(&given.name),
            );
        }
    }
}

/// The parameters of the path.
pub(super) fn of_path(exchange: &Exchange, described: &[Parameter]) -> Vec<Given> {
    let all = exchange.context.request.matched_parameters.iter();
    let given = all.map(|(name, value)| Given {
        name: name.to_utf8().into_owned(),
        values: vec![value.to_utf8().into_owned()],
    });
    // A template matches parameters of the query too.
    given
        .filter(|given| {
            let mut path = described
                .iter()
                .filter(|one| one.location == Location::Path);
            path.any(|one| one.name.eq_ignore_ascii_case(&given.name))
        })
        .collect()
}

/// The parameters of the query, as the client sent them.
pub(super) fn of_query(exchange: &Exchange) -> Vec<Given> {
    let mut all: Vec<Given> = Vec::new();
    for (name, value) in exchange.context.request.original_url.query_pairs() {
        let (name, value) = (name.to_utf8(), value.to_utf8().into_owned());
        let mut known = all.iter_mut();
        match known.find(|given| given.name.eq_ignore_ascii_case(&name)) {
            Some(given) => given.values.push(value),
            None => all.push(Given {
                name: name.into_owned(),
                values: vec![value],
            }),
        }
    }
    all
}

/// Headers. What is no text is taken as what it resembles.
pub(super) fn of_headers(headers: &HeaderMap) -> Vec<Given> {
    let names = headers.keys();
    names
        .map(|name| {
            let values = headers.get_all(name).iter();
            let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
            Given {
                name: name.as_str().to_owned(),
                values: values.map(text).collect(),
            }
        })
        .collect()
}
