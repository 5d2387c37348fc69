//! Which API and operation a request belongs to.
//!
//! A path is taken apart before anything is matched, and what a backend may read as another path is refused
//! ([`RouteError::BadPath`], `400`): segments `.` and `..` however they are written, encoded slashes and backslashes,
//! empty segments (`//`), control characters, and `%` without two digits. The rest is handed on as it came. So the
//! policy that runs is that of the operation the backend sees. Letters match whatever their case, as in APIM.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;
use smallvec::SmallVec;
use tollgate_dotnet::Str;

use crate::plan::{PlanApi, PlanOperation};

/// Where a request goes.
#[derive(Debug)]
pub struct Route<'p, 'r> {
    /// The API.
    pub api: &'p PlanApi,
    /// Its operation.
    pub operation: &'p PlanOperation,
    /// `context.Request.MatchedParameters`: names in the template, and decoded values.
    pub parameters: SmallVec<[(Str, Str); 4]>,
    /// The path after the API's suffix as it came; empty or beginning with `/`.
    pub path: &'r str,
}

/// Why a request goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No API has this path, or none of its operations has this method and path: `404`.
    #[error("Unable to match incoming request to an operation.")]
    NotFound,
    /// The path can be read in more than one way: `400`.
    #[error("The path of the request is ambiguous.")]
    BadPath,
}

/// Finds the API with the longest path suffix and its most specific operation. There is no way back to a shorter
/// suffix: what an API does not offer is not found. `apis` are ordered by length of their paths, the longest first.
pub(crate) fn route<'p, 'r>(
    apis: &'p [PlanApi],
    method: &Method,
    path: &'r str,
    query: Option<&str>,
) -> Result<Route<'p, 'r>, RouteError> {
    check_path(path)?;
    let (api, rest) = apis
        .iter()
        .find_map(|api| Some((api, api.path.strip(path)?)))
        .ok_or(RouteError::NotFound)?;
    let query = query.unwrap_or_default();
    let operation = (api.operations.iter())
        .find(|operation| operation.template().matches(method, rest, query))
        .ok_or(RouteError::NotFound)?;
    Ok(Route {
        api,
        operation,
        parameters: operation.template().parameters(rest, query),
        path: rest,
    })
}

/// Refuses paths that a backend may read as others.
fn check_path(path: &str) -> Result<(), RouteError> {
    let inner = path.strip_prefix('/').ok_or(RouteError::BadPath)?;
    let mut segments = inner.split('/').peekable();
    while let Some(segment) = segments.next() {
        // Only the last segment may be empty: a slash at the end.
        if segment.is_empty() && segments.peek().is_some() {
            return Err(RouteError::BadPath);
        }
        check_segment(segment)?;
    }
    Ok(())
}

fn check_segment(segment: &str) -> Result<(), RouteError> {
    let mut bytes = segment.bytes();
    let mut length = 0_usize;
    let mut only_dots = true;
    let mut has_parameters = false;
    while let Some(byte) = bytes.next() {
        let decoded = match byte {
            b'%' => match (hex(bytes.next()), hex(bytes.next())) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(RouteError::BadPath),
            },
            byte => byte,
        };
        match decoded {
            b'/' | b'\\' | 0..=0x1f | 0x7f => return Err(RouteError::BadPath),
            // Some servers drop `;…` from a segment before they look at its dots.
            b';' => has_parameters = true,
            _ if has_parameters => {}
            b'.' => length += 1,
            _ => only_dots = false,
        }
    }
    match only_dots && (length == 1 || length == 2) {
        true => Err(RouteError::BadPath),
        false => Ok(()),
    }
}

fn hex(digit: Option<u8>) -> Option<u8> {
    match digit? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The path suffix of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    segments: Box<[Box<str>]>,
}

impl Path {
    /// The path of these segments; slashes at the ends do not count.
    pub(crate) fn new(path: &str) -> Self {
        Self {
            segments: segments(path)
                .map(|segment| decode(segment).into())
                .collect(),
        }
    }

    /// Long paths are tried before short ones.
    pub(crate) fn len(&self) -> usize {
        self.segments.len()
    }

    /// What is left of a path that begins with this one.
    fn strip<'r>(&self, path: &'r str) -> Option<&'r str> {
        let mut rest = path;
        for segment in &self.segments {
            let inner = rest.strip_prefix('/')?;
            let end = inner.find('/').unwrap_or(inner.len());
            let (first, after) = inner.split_at_checked(end)?;
            if !equals(first, segment) {
                return None;
            }
            rest = after;
        }
        Some(rest)
    }
}

/// The method and the URL template of an operation. Source: api-management-howto-add-operations.md.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    /// `None` for any method.
    method: Option<Method>,
    segments: Box<[Segment]>,
    query: Box<[(Box<str>, QueryValue)]>,
}

/// A segment of a template's path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(Box<str>),
    /// `{name}`, or with text around it: `({name})`.
    Parameter {
        before: Box<str>,
        name: Str0,
        after: Box<str>,
    },
    /// `*` or `{*name}`: the rest of the path; only at the end.
    Wildcard(Option<Str0>),
}

/// What a template says of a query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
enum QueryValue {
    Literal(Box<str>),
    Parameter(Str0),
}

/// A parameter's name.
type Str0 = std::sync::Arc<str>;

/// Why a text is no URL template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("`{0}` is no HTTP method")]
    Method(String),
    #[error("the template `{0}` has a wildcard that is not its last segment")]
    Wildcard(String),
    #[error("the template `{0}` has braces that are not one `{{name}}` per segment")]
    Braces(String),
    #[error("the template `{0}` names the parameter `{1}` twice")]
    Twice(String, String),
}

impl Template {
    /// Any method, any path.
    pub(crate) fn any() -> Self {
        Self {
            method: None,
            segments: Box::new([Segment::Wildcard(None)]),
            query: Box::new([]),
        }
    }

    /// Reads a template such as `/orders/{id}?full={full}`. The method `*` stands for any.
    pub(crate) fn parse(method: &str, template: &str) -> Result<Self, TemplateError> {
        let method = match method {
            "*" => None,
            name => Some(
                name.parse()
                    .map_err(|_| TemplateError::Method(name.to_owned()))?,
            ),
        };
        let (path, query) = template.split_once('?').unwrap_or((template, ""));
        let mut parsed = Vec::new();
        for text in segments(path) {
            if matches!(parsed.last(), Some(Segment::Wildcard(_))) {
                return Err(TemplateError::Wildcard(template.to_owned()));
            }
            parsed.push(
                Segment::parse(text).ok_or_else(|| TemplateError::Braces(template.to_owned()))?,
            );
        }
        let mut parameters = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = match Segment::parse(value) {
                Some(Segment::Parameter {
                    before,
                    name,
                    after,
                }) if before.is_empty() && after.is_empty() => QueryValue::Parameter(name),
                Some(Segment::Literal(value)) => QueryValue::Literal(value),
                Some(Segment::Wildcard(None)) => QueryValue::Literal("*".into()),
                _ => return Err(TemplateError::Braces(template.to_owned())),
            };
            parameters.push((decode(name).into(), value));
        }
        let parsed = Self {
            method,
            segments: parsed.into(),
            query: parameters.into(),
        };
        let mut names: Vec<&str> = parsed.names().collect();
        names.sort_unstable();
        if let Some((twice, _)) = names.iter().zip(names.iter().skip(1)).find(|(a, b)| a == b) {
            return Err(TemplateError::Twice(
                template.to_owned(),
                (*twice).to_owned(),
            ));
        }
        Ok(parsed)
    }

    /// Orders templates from the most specific to the least: literals before parameters before wildcards, segment by
    /// segment; then those that ask for more of the query; then those of one method.
    pub(crate) fn rank(&self) -> (Vec<u8>, usize, bool) {
        // A template that ends asks for the end of the path: more specific than a wildcard there.
        let end = std::iter::once(Segment::END_RANK);
        let path = self.segments.iter().map(Segment::rank).chain(end).collect();
        (path, usize::MAX - self.query.len(), self.method.is_none())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let path = self.segments.iter().filter_map(|segment| match segment {
            Segment::Parameter { name, .. } | Segment::Wildcard(Some(name)) => Some(&**name),
            _ => None,
        });
        path.chain(self.query_names())
    }

    /// The names that the template gives to parameters of the query.
    fn query_names(&self) -> impl Iterator<Item = &str> {
        self.query.iter().filter_map(|(_, value)| match value {
            QueryValue::Parameter(name) => Some(&**name),
            QueryValue::Literal(_) => None,
        })
    }

    fn matches(&self, method: &Method, path: &str, query: &str) -> bool {
        self.method.as_ref().is_none_or(|own| own == method)
            && self.matches_path(path)
            && self.query.iter().all(|(name, value)| {
                let mut found = query_values(query, name).peekable();
                found.peek().is_some()
                    && match value {
                        QueryValue::Parameter(_) => true,
                        // Of several, nobody knows which one the backend goes by.
                        QueryValue::Literal(literal) => {
                            found.all(|found| decode_query(found) == **literal)
                        }
                    }
            })
    }

    fn matches_path(&self, path: &str) -> bool {
        let mut found = segments(path);
        for segment in &self.segments {
            if matches!(segment, Segment::Wildcard(_)) {
                return true;
            }
            if !found.next().is_some_and(|text| segment.matches(text)) {
                return false;
            }
        }
        found.next().is_none()
    }

    /// The values of a request that matches.
    fn parameters(&self, path: &str, query: &str) -> SmallVec<[(Str, Str); 4]> {
        let mut values = SmallVec::new();
        let mut rest = path.trim_start_matches('/');
        for segment in &self.segments {
            let (text, after) = rest.split_once('/').unwrap_or((rest, ""));
            match segment {
                Segment::Literal(_) | Segment::Wildcard(None) => {}
                Segment::Parameter {
                    before,
                    name,
                    after,
                } => {
                    let text = decode(text);
                    let value = strip(&text, before, after).unwrap_or(&text);
                    values.push((Str::from(std::sync::Arc::clone(name)), Str::from(value)));
                }
                Segment::Wildcard(Some(name)) => {
                    let name = Str::from(std::sync::Arc::clone(name));
                    values.push((name, Str::from(&*decode(rest))));
                }
            }
            rest = after;
        }
        for (key, value) in &self.query {
            if let QueryValue::Parameter(name) = value
                && let Some(found) = query_value(query, key)
            {
                let name = Str::from(std::sync::Arc::clone(name));
                values.push((name, Str::from(&*decode_query(found))));
            }
        }
        values
    }
}

impl Segment {
    const END_RANK: u8 = 3;

    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Wildcard(None));
        }
        let Some((before, rest)) = text.split_once('{') else {
            return (!text.contains('}')).then(|| Self::Literal(decode(text).into()));
        };
        let (name, after) = rest.split_once('}')?;
        let is_bare = before.is_empty() && after.is_empty();
        if before.contains('}') || name.contains('{') || after.contains(['{', '}']) {
            return None;
        }
        match name.strip_prefix('*') {
            Some("") if is_bare => Some(Self::Wildcard(None)),
            Some(name) if is_bare => Some(Self::Wildcard(Some(name.into()))),
            Some(_) => None,
            None if name.is_empty() => None,
            None => Some(Self::Parameter {
                before: decode(before).into(),
                name: name.into(),
                after: decode(after).into(),
            }),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Parameter { before, after, .. } if !(before.is_empty() && after.is_empty()) => 1,
            Self::Parameter { .. } => 2,
            Self::Wildcard(_) => 4,
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => equals(text, literal),
            Self::Parameter { before, after, .. } => {
                strip(&decode(text), before, after).is_some_and(|value| !value.is_empty())
            }
            Self::Wildcard(_) => true,
        }
    }
}

/// The segments of a path, slashes at its ends left out.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// Whether an encoded text says the same as a decoded one, whatever the case of its letters.
fn equals(encoded: &str, decoded: &str) -> bool {
    if encoded.contains('%') {
        return percent_decode_str(encoded)
            .map(|byte| byte.to_ascii_lowercase())
            .eq(decoded.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    encoded.eq_ignore_ascii_case(decoded)
}

fn strip<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(before.len())?;
    let (value, end) = rest.split_at_checked(rest.len().checked_sub(after.len())?)?;
    (start.eq_ignore_ascii_case(before) && end.eq_ignore_ascii_case(after)).then_some(value)
}

fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// The raw value of the first query parameter of this name.
pub(crate) fn query_value<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query_values(query, name).next()
}

/// The raw values of all query parameters of this name, whatever the case of its letters.
pub(crate) fn query_values<'q>(query: &'q str, name: &str) -> impl Iterator<Item = &'q str> {
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        decode_query(key)
            .eq_ignore_ascii_case(name)
            .then_some(value)
    })
}

/// Decodes a name or a value of a query, where `+` is a space.
pub(crate) fn decode_query(text: &str) -> Cow<'_, str> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return Cow::Owned(decode(&spaced).into_owned());
    }
    decode(text)
}

#[cfg(test)]
mod tests;
