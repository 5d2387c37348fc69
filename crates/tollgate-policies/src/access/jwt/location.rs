//! Where a request holds its token.

use http::HeaderName;
use http::header::AUTHORIZATION;
use tollgate_dotnet::Str;
use tollgate_engine::{ElementReader, Exchange, Invalid, Reads, Setting};

use super::rejection::{Refusal, Rejection};
use super::token::{MAX_TOKEN_LENGTH, MalformedToken};

/// Where the token is.
#[derive(Debug)]
pub(crate) enum Location {
    Header(Setting<HeaderName>),
    Query(Setting<Str>),
    Value(Setting<Option<Str>>),
}

impl Location {
    /// Reads which of the three attributes an element has.
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        const NAMES: [&str; 3] = ["header-name", "query-parameter-name", "token-value"];
        let mut present = NAMES.into_iter().filter(|name| e.has(name));
        let name = present.next().ok_or_else(|| {
            let message = format!("`{}` needs one of `{}`", e.name(), NAMES.join("`, `"));
            e.error("missing-attribute", e.name_span(), message)
        })?;
        if let Some(other) = present.next() {
            let message = format!("`{other}` cannot stand beside `{name}`");
            return Err(e.error("conflicting-attributes", e.attribute_span(other), message));
        }
        Ok(match name {
            "header-name" => Self::Header(e.setting(name)?),
            "query-parameter-name" => Self::Query(e.setting(name)?),
            _ => Self::Value(e.setting(name)?),
        })
    }

    /// Which bodies its expression reads.
    pub(crate) fn reads(&self) -> Reads {
        match self {
            Self::Header(name) => name.reads(),
            Self::Query(name) => name.reads(),
            Self::Value(value) => value.reads(),
        }
    }

    /// The token's text, at most [`MAX_TOKEN_LENGTH`] bytes of it.
    pub(crate) fn token(
        &self,
        scheme: Option<&Setting<Str>>,
        exchange: &mut Exchange,
    ) -> Result<Str, Refusal> {
        let text = match self {
            Self::Header(name) => {
                let name = name.get(exchange)?;
                let scheme = match scheme {
                    Some(scheme) if *name == AUTHORIZATION => Some(scheme.get(exchange)?),
                    _ => None,
                };
                let mut values = exchange.context.request.headers.get_all(&*name).iter();
                let value = only(&mut values)?.ok_or(Rejection::NotPresent)?;
                // Not `to_str`, which goes byte by byte: other characters are refused with the token anyway.
                let value = std::str::from_utf8(value.as_bytes());
                let value = value.map_err(|_| MalformedToken::Characters);
                let value = value.map_err(Rejection::from)?.trim_ascii();
                let token = match &scheme {
                    Some(scheme) => after_scheme(value, &scheme.to_utf8()).unwrap_or_default(),
                    None => after_scheme(value, "Bearer").unwrap_or(value),
                };
                bounded(token)?.into()
            }
            Self::Query(name) => {
                let name = name.get(exchange)?;
                let name = name.to_utf8();
                let mut values = exchange.context.request.url.query_values(&name);
                only(&mut values)?.unwrap_or(Str::EMPTY)
            }
            Self::Value(value) => value.get(exchange)?.into_owned().unwrap_or(Str::EMPTY),
        };
        match bounded(utf8(&text)?)?.is_empty() {
            true => Err(Rejection::NotPresent.into()),
            false => Ok(text),
        }
    }
}

/// The one value there is; two would let a policy check one and a backend believe the other.
fn only<T>(values: &mut impl Iterator<Item = T>) -> Result<Option<T>, Rejection> {
    let first = values.next();
    match values.next() {
        Some(_) => Err(Rejection::Ambiguous),
        None => Ok(first),
    }
}

fn bounded(token: &str) -> Result<&str, Rejection> {
    match token.len() > MAX_TOKEN_LENGTH {
        true => Err(MalformedToken::TooLong.into()),
        false => Ok(token),
    }
}

pub(crate) fn utf8(text: &Str) -> Result<&str, Rejection> {
    let characters = || MalformedToken::Characters.into();
    text.as_utf8().ok_or_else(characters)
}

/// What follows the scheme in a value of `Authorization`; schemes are compared without case (RFC 9110, 11.1).
fn after_scheme<'v>(value: &'v str, scheme: &str) -> Option<&'v str> {
    let (word, rest) = value.split_once(' ').unwrap_or((value, ""));
    word.eq_ignore_ascii_case(scheme).then(|| rest.trim_ascii())
}
