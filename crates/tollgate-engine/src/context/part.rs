//! The parts of `context` that change while a request runs, by number.

use std::sync::LazyLock;

use tollgate_dotnet::{Type, TypeDef, Value};

use super::{body, graphql, headers, parameters, query, request, response, root, url, variables};

/// A part of `context`, as [`Value::Host`] refers to it. Responses are numbered: 0 is `context.Response`, others are
/// kept in variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Context,
    Variables,
    Request,
    RequestHeaders,
    RequestBody,
    MatchedParameters,
    Url,
    UrlQuery,
    OriginalUrl,
    OriginalUrlQuery,
    Response(u32),
    ResponseHeaders(u32),
    ResponseBody(u32),
    GraphQl,
}

/// The bits of a handle that number a response.
const INDEX_BITS: u32 = 24;

impl Part {
    /// The value that refers to it.
    pub(crate) const fn value(self) -> Value {
        let (kind, index) = match self {
            Self::Context => (0, 0),
            Self::Variables => (1, 0),
            Self::Request => (2, 0),
            Self::RequestHeaders => (3, 0),
            Self::RequestBody => (4, 0),
            Self::MatchedParameters => (5, 0),
            Self::Url => (6, 0),
            Self::UrlQuery => (7, 0),
            Self::OriginalUrl => (8, 0),
            Self::OriginalUrlQuery => (9, 0),
            Self::Response(index) => (10, index),
            Self::ResponseHeaders(index) => (11, index),
            Self::ResponseBody(index) => (12, index),
            Self::GraphQl => (13, 0),
        };
        Value::Host(kind << INDEX_BITS | index)
    }

    /// The part that a handle refers to.
    pub(crate) fn of(handle: u32) -> Option<Self> {
        let index = handle & ((1 << INDEX_BITS) - 1);
        Some(match handle >> INDEX_BITS {
            0 => Self::Context,
            1 => Self::Variables,
            2 => Self::Request,
            3 => Self::RequestHeaders,
            4 => Self::RequestBody,
            5 => Self::MatchedParameters,
            6 => Self::Url,
            7 => Self::UrlQuery,
            8 => Self::OriginalUrl,
            9 => Self::OriginalUrlQuery,
            10 => Self::Response(index),
            11 => Self::ResponseHeaders(index),
            12 => Self::ResponseBody(index),
            13 => Self::GraphQl,
            _ => return None,
        })
    }

    /// Its type's table.
    pub(crate) fn table(self) -> &'static TypeDef {
        match self {
            Self::Context => &root::CONTEXT,
            Self::Variables => &variables::VARIABLES,
            Self::Request => &request::REQUEST,
            Self::RequestHeaders | Self::ResponseHeaders(_) => &headers::HEADERS,
            Self::RequestBody | Self::ResponseBody(_) => &body::BODY,
            Self::MatchedParameters => &parameters::PARAMETERS,
            Self::Url | Self::OriginalUrl => &url::URL,
            Self::UrlQuery | Self::OriginalUrlQuery => &query::QUERY,
            Self::Response(_) => &response::RESPONSE,
            Self::GraphQl => &graphql::GRAPHQL,
        }
    }

    /// The type of an element, if it can be enumerated.
    pub(super) fn pair_type(self) -> Type {
        match self {
            Self::Variables => PAIRS.objects.clone(),
            Self::MatchedParameters => PAIRS.texts.clone(),
            _ => PAIRS.arrays.clone(),
        }
    }
}

struct Pairs {
    texts: Type,
    arrays: Type,
    objects: Type,
}

static PAIRS: LazyLock<Pairs> = LazyLock::new(|| {
    let pair = |value: &str| {
        let text = format!("KeyValuePair<string, {value}>");
        let ty = tollgate_dotnet::Registry::dotnet().parse_type(&text);
        ty.unwrap_or_else(Type::object)
    };
    Pairs {
        texts: pair("string"),
        arrays: pair("string[]"),
        objects: pair("object"),
    }
});

/// `KeyValuePair<string, object>`.
pub(super) fn object_pair() -> Type {
    PAIRS.objects.clone()
}

/// `KeyValuePair<string, string[]>`.
pub(super) fn array_pair() -> Type {
    PAIRS.arrays.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_leads_back_to_its_part() {
        for part in [
            Part::Context,
            Part::UrlQuery,
            Part::ResponseBody(0),
            Part::Response(70_000),
            Part::GraphQl,
        ] {
            let Value::Host(handle) = part.value() else {
                unreachable!("a part is a host value");
            };
            assert_eq!(Part::of(handle), Some(part));
        }
        assert_eq!(Part::of(u32::MAX), None);
    }
}
