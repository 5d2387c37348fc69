//! `validate-graphql-request`: holds a GraphQL request against the API's schema, and says which fields may be asked for.
//!
//! ```xml
//! <validate-graphql-request error-variable-name="errors" max-size="102400" max-depth="4">
//!     <authorize>
//!         <rule path="/Mission/name" action="@(context.User == null ? "reject" : "allow")" />
//!         <rule path="/Ship/*" action="remove" />
//!         <rule path="/__*" action="reject" />
//!     </authorize>
//! </validate-graphql-request>
//! ```
//!
//! The schema is that of [`Api::graphql`](tollgate_engine::Api::graphql). The request is JSON with `query`, one query or a
//! list of them, or the query itself (`application/graphql`, or `query` of a `GET`). A body longer than `max-size` bytes
//! (at most 102,400), a query that the schema does not allow, or one whose fields are nested deeper than `max-depth` (6
//! unless given), is refused.
//!
//! For each field the first rule counts whose `path` it is and whose `action` is not `ignore`: `allow` (the default),
//! `reject`, or `remove`, which takes the field out of the query. A path is `/Type/field`, in which `*` stands for any
//! letters; `/__*` is everything that begins so. A field of an interface or a union is also one of each type that may stand
//! in its place, and that of an object one of its interfaces. A query of which nothing is left is refused.
//!
//! Refused: 400 and `{"errors": [{"message": "…"}]}`, without `data`; `LastError.Reason` is `GraphQLRequestRejected`. The
//! variables `GraphQLErrors` and `error-variable-name` then hold the errors as a `JArray`, also those of fields that were
//! taken out of a request that goes on. Without a schema every request is refused. Source:
//! validate-graphql-request-policy.md; on the status, on wildcards and on interfaces it is silent.

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value as Json, json};
use tollgate_dotnet::Str;
use tollgate_engine::{
    Body, Children, ElementReader, ErrorBody, ErrorResponse, Exchange, Failure, Flow, FromValue,
    Invalid, Policy, PolicyKind, Reads, Scopes, Sections, Setting, VariableName, element, optional,
    required,
};
use tollgate_schema::graphql::{Mistake, Query, Schema};

/// The row of the list.
pub const KIND: PolicyKind =
    PolicyKind {
        name: "validate-graphql-request",
        sections: Sections::INBOUND,
        scopes: Scopes::ALL,
        once: false,
        attributes: &[
            optional("error-variable-name")
                .literal()
                .about("A variable for the errors."),
            required("max-size")
                .literal()
                .about("The longest body, in bytes: at most 102400."),
            optional("max-depth")
                .literal()
                .about("How deep fields may be nested; 6 unless given."),
        ],
        children: Children::Elements(&[element("authorize").children(Children::Elements(&[
            element("rule").many().attributes(&[
                required("path")
                    .literal()
                    .about("`/Type/field`; `*` stands for any letters."),
                optional("action").about("`allow` (the default), `remove`, `reject` or `ignore`."),
            ]),
        ]))]),
        load: |e| Ok(Box::new(ValidateGraphQl::load(e)?)),
    };

/// Source: validate-graphql-request-policy.md.
const LARGEST: u64 = 102_400;
const DEFAULT_DEPTH: u64 = 6;
/// The variable that always takes the errors.
const ERRORS: &str = "GraphQLErrors";

#[derive(Debug)]
struct ValidateGraphQl {
    max_size: usize,
    max_depth: u64,
    rules: Vec<(Pattern, Setting<Action>)>,
    errors: VariableName,
    variable: Option<VariableName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Allow,
    Remove,
    Reject,
    Ignore,
}

impl FromValue for Action {
    const EXPECTED: &'static str = "`allow`, `remove`, `reject` or `ignore`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [
            ("allow", Self::Allow),
            ("remove", Self::Remove),
            ("reject", Self::Reject),
            ("ignore", Self::Ignore),
        ];
        let mut all = all.into_iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, action)| action)
    }
}

/// Type and field, with `*` for any letters.
#[derive(Debug, Clone)]
struct Pattern {
    ty: String,
    field: String,
}

impl Pattern {
    /// `/Type/field`, or `/field` of any type.
    fn parse(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let (first, second) = (parts.next()?, parts.next());
        let (ty, field) = match second {
            Some(field) => (first, field),
            None => ("*", first),
        };
        let sound = !ty.is_empty() && !field.is_empty() && parts.next().is_none();
        sound.then(|| Self {
            ty: ty.to_owned(),
            field: field.to_owned(),
        })
    }

    fn matches(&self, types: &[&str], field: &str) -> bool {
        glob(&self.field, field) && types.iter().any(|ty| glob(&self.ty, ty))
    }
}

/// Whether a text is as a pattern has it, in which `*` stands for any letters.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

/// What is wrong with a request.
#[derive(Debug)]
struct Rejected(Vec<Json>);

impl Rejected {
    fn because(message: impl Into<String>) -> Self {
        Self(vec![json!({"message": message.into()})])
    }
}

impl From<Vec<Mistake>> for Rejected {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self(mistakes.iter().map(Mistake::to_json).collect())
    }
}

impl ValidateGraphQl {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let variable = e.optional_literal("error-variable-name");
        let max_size = e.literal::<u64>("max-size");
        let max_depth = e.optional_literal("max-depth");
        let rules = e.child("authorize");
        let rules = rules.iter().flat_map(|authorize| authorize.children());
        let rules: Vec<_> = rules.map(|rule| load_rule(&rule)).collect();
        let max_size = max_size?;
        if max_size > LARGEST {
            let message = format!("`max-size` is at most {LARGEST} bytes");
            return Err(e.error("wrong-value", e.attribute_span("max-size"), message));
        }
        Ok(Self {
            max_size: usize::try_from(max_size).unwrap_or(usize::MAX),
            max_depth: max_depth?.unwrap_or(DEFAULT_DEPTH),
            rules: rules.into_iter().collect::<Result<_, _>>()?,
            errors: VariableName::new(ERRORS),
            variable: variable?,
        })
    }

    /// Looks at the request; gives the errors of fields that were taken out.
    fn look(&self, exchange: &mut Exchange) -> Result<Result<Vec<Json>, Rejected>, Failure> {
        let Some(schema) = exchange.context.graphql.clone() else {
            return Ok(Err(Rejected::because("The API has no schema.")));
        };
        let mut request = match read(exchange, self.max_size) {
            Ok(request) => request,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let mut removed = Vec::new();
        for text in &mut request.queries {
            let query = match self.query(&schema, text) {
                Ok(query) => query,
                Err(rejected) => return Ok(Err(rejected)),
            };
            match self.authorize(&schema, query, exchange)? {
                Err(rejected) => return Ok(Err(rejected)),
                Ok(None) => {}
                Ok(Some((left, errors))) => {
                    *text = left;
                    removed.extend(errors);
                }
            }
        }
        if !removed.is_empty() {
            request.write(exchange);
        }
        Ok(Ok(removed))
    }

    fn query(&self, schema: &Schema, text: &str) -> Result<Query, Rejected> {
        let query = schema.query(text)?;
        let depth = query.depth();
        match u64::try_from(depth).unwrap_or(u64::MAX) > self.max_depth {
            true => Err(Rejected::because(format!(
                "The query is {depth} levels deep, and at most {} are allowed.",
                self.max_depth
            ))),
            false => Ok(query),
        }
    }

    /// Holds the fields against the rules; gives what is left, and what is said of the rest, if something was taken out.
    #[allow(clippy::type_complexity, reason = "what is left, and what is said")]
    fn authorize(
        &self,
        schema: &Schema,
        mut query: Query,
        exchange: &mut Exchange,
    ) -> Result<Result<Option<(String, Vec<Json>)>, Rejected>, Failure> {
        let asked = query.fields(schema).into_iter();
        let asked: Vec<(Vec<String>, String)> = asked
            .map(|(types, field)| {
                let types = types.into_iter().map(str::to_owned).collect();
                (types, field.to_owned())
            })
            .collect();
        let mut removed = Vec::new();
        for (types, field) in &asked {
            let names: Vec<&str> = types.iter().map(String::as_str).collect();
            let mut action = Action::Allow;
            for (pattern, setting) in &self.rules {
                if pattern.matches(&names, field) {
                    action = *setting.get(exchange)?;
                    if action != Action::Ignore {
                        break;
                    }
                }
            }
            let ty = names.first().copied().unwrap_or_default();
            match action {
                Action::Allow | Action::Ignore => {}
                Action::Reject => {
                    let message = format!("The field `{field}` of `{ty}` is not allowed.");
                    return Ok(Err(Rejected::because(message)));
                }
                Action::Remove => removed.push((names, field.as_str())),
            }
        }
        if removed.is_empty() {
            return Ok(Ok(None));
        }
        let is_removed = |types: &[&str], field: &str| {
            let mut removed = removed.iter();
            removed.any(|(known, name)| *name == field && known.first() == types.first())
        };
        let errors = removed.iter().map(|(types, field)| {
            let ty = types.first().copied().unwrap_or_default();
            json!({"message": format!("The field `{field}` of `{ty}` was removed.")})
        });
        let errors: Vec<Json> = errors.collect();
        Ok(match query.remove(schema, is_removed) {
            true => Ok(Some((query.to_text(), errors))),
            false => Err(Rejected(errors)),
        })
    }

    /// Puts errors into the variables.
    fn tell(&self, errors: &[Json], exchange: &mut Exchange) -> Result<(), Failure> {
        let text = Str::from(Json::from(errors.to_vec()).to_string());
        for variable in std::iter::once(&self.errors).chain(&self.variable) {
            let errors = tollgate_dotnet::json::parse(&mut exchange.heap, &text);
            let errors = errors.map_err(|throw| Failure::evaluation(&throw))?;
            exchange.context.variables.set(variable, errors);
        }
        Ok(())
    }
}

fn load_rule(e: &ElementReader<'_>) -> Result<(Pattern, Setting<Action>), Invalid> {
    let (path, action) = (e.literal::<Str>("path"), e.optional_setting("action"));
    let path = path?;
    let pattern = Pattern::parse(&path.to_utf8()).ok_or_else(|| {
        let message = format!("`path` must be `/Type/field` or `/field`, not `{path}`");
        e.error("wrong-value", e.attribute_span("path"), message)
    })?;
    let allow = Setting::Literal(Action::Allow);
    Ok((pattern, action?.unwrap_or(allow)))
}

/// The queries of a request, and how they came.
struct Asked {
    queries: Vec<String>,
    form: Form,
}

enum Form {
    /// In the query of the URL.
    Url,
    /// The body as it is.
    Text,
    /// JSON, in which they stand.
    Json(Json),
}

fn read(exchange: &Exchange, most: usize) -> Result<Asked, Rejected> {
    let request = &exchange.context.request;
    let body = request.body.bytes().cloned().unwrap_or_default();
    if body.is_empty() {
        let mut asked = request
            .url
            .query_pairs()
            .filter(|(name, _)| name.as_utf8() == Some("query"));
        let (query, another) = (asked.next(), asked.next());
        return match (query, another) {
            (Some((_, query)), None) if query.to_utf8().len() <= most => Ok(Asked {
                queries: vec![query.to_utf8().into_owned()],
                form: Form::Url,
            }),
            (Some(_), None) => Err(too_long(most)),
            _ => Err(Rejected::because("There is no query, or more than one.")),
        };
    }
    if body.len() > most {
        return Err(too_long(most));
    }
    let text =
        || std::str::from_utf8(&body).map_err(|_| Rejected::because("The body is not UTF-8."));
    let kind = request
        .headers
        .get(CONTENT_TYPE)
        .map(|kind| kind.as_bytes().to_ascii_lowercase());
    if kind.is_some_and(|kind| {
        kind.starts_with(b"application/graphql") && !kind.starts_with(b"application/graphql+json")
    }) {
        return Ok(Asked {
            queries: vec![text()?.to_owned()],
            form: Form::Text,
        });
    }
    let json: Json =
        serde_json::from_str(text()?).map_err(|_| Rejected::because("The body is no JSON."))?;
    let parts = json
        .as_array()
        .map_or(std::slice::from_ref(&json), |parts| parts);
    let queries = parts.iter().map(|part| {
        let query = part.get("query").and_then(Json::as_str);
        query
            .map(str::to_owned)
            .ok_or_else(|| Rejected::because("There is no query."))
    });
    let queries = queries.collect::<Result<Vec<_>, _>>()?;
    match queries.is_empty() {
        true => Err(Rejected::because("There is no query.")),
        false => Ok(Asked {
            queries,
            form: Form::Json(json),
        }),
    }
}

fn too_long(most: usize) -> Rejected {
    Rejected::because(format!("The request is longer than {most} bytes."))
}

impl Asked {
    /// Puts the queries back to where they came from.
    fn write(self, exchange: &mut Exchange) {
        let request = &mut exchange.context.request;
        let mut queries = self.queries.into_iter();
        match self.form {
            Form::Url => {
                let query = queries.next().unwrap_or_default();
                let pairs = request.url.query_pairs().map(|(name, value)| {
                    let value = match name.as_utf8() {
                        Some("query") => query.as_str().into(),
                        _ => value,
                    };
                    let encode = |text: &Str| tollgate_dotnet::form_encode(&text.to_utf8());
                    format!("{}={}", encode(&name), encode(&value))
                });
                let pairs: Vec<String> = pairs.collect();
                request.url.query = format!("?{}", pairs.join("&")).into();
            }
            Form::Text => request.body = Body::full(queries.next().unwrap_or_default()),
            Form::Json(mut json) => {
                let parts = match &mut json {
                    Json::Array(parts) => parts.as_mut_slice(),
                    one => std::slice::from_mut(one),
                };
                for (part, query) in parts.iter_mut().zip(queries) {
                    if let Some(part) = part.as_object_mut() {
                        part.insert("query".to_owned(), query.into());
                    }
                }
                request.body = Body::full(json.to_string());
            }
        }
    }
}

impl Policy for ValidateGraphQl {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        match self.look(exchange)? {
            Ok(removed) if removed.is_empty() => Ok(Flow::Next),
            Ok(removed) => {
                self.tell(&removed, exchange)?;
                exchange
                    .context
                    .trace(|_| json!({"message": "Fields were removed.", "errors": removed}));
                Ok(Flow::Next)
            }
            Err(Rejected(errors)) => {
                self.tell(&errors, exchange)?;
                let first = errors
                    .first()
                    .and_then(|error| error.get("message")?.as_str());
                let message = first.unwrap_or_default().to_owned();
                let body = Bytes::from(json!({"errors": errors}).to_string());
                Err(
                    Failure::new("GraphQLRequestRejected", message).with_response(ErrorResponse {
                        status: StatusCode::BAD_REQUEST,
                        reason: None,
                        body: ErrorBody::Raw("application/json", body),
                        headers: Vec::new(),
                    }),
                )
            }
        }
    }

    fn reads(&self) -> Reads {
        let rules = self.rules.iter().map(|(_, action)| action.reads());
        rules.fold(Reads::REQUEST, Reads::or)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_wildcards() {
        for (pattern, text, matches) in [
            ("name", "name", true),
            ("name", "names", false),
            ("*", "", true),
            ("__*", "__schema", true),
            ("__*", "_schema", false),
            ("*Name", "firstName", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
        for path in ["name", "/", "/a/", "//b", "/a/b/c", ""] {
            assert!(Pattern::parse(path).is_none(), "{path}");
        }
    }
}
