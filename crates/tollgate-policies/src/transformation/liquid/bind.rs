//! What `body` and `context` are in a template.

use http::HeaderMap;
use liquid_core::model::Scalar;
use serde_json::Value as Json;
use tollgate_dotnet::{Str, Value, dates, json};
use tollgate_engine::{Exchange, Failure, Url};

use super::data::Data;
use super::markup;
use crate::transformation::message::{Message, media_type};

/// What is bound, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding {
    /// Whose body it is; none where the pipeline has ended.
    pub message: Option<Message>,
    /// Whether an element with `xsi:nil` is nothing rather than the empty text.
    pub nil_is_null: bool,
    /// Whether ISO dates in JSON are dates, which print as .NET prints them.
    pub dates: bool,
}

impl Binding {
    /// The body of the message: JSON or XML by its content type, otherwise text.
    pub(super) fn body(self, exchange: &mut Exchange) -> Result<Data, Failure> {
        let Some(message) = self.message else {
            return Ok(Data::Nil);
        };
        let bytes = message.bytes(exchange);
        if bytes.is_empty() {
            return Ok(Data::Nil);
        }
        let mut allowance = exchange.context.ports.limits.heap;
        let text = String::from_utf8_lossy(&bytes);
        match media_type(message.headers(exchange)).as_str() {
            "application/json" | "text/json" => self.read_json(&text, &mut allowance),
            kind if kind.ends_with("+json") => self.read_json(&text, &mut allowance),
            "application/xml" | "text/xml" => self.read_xml(&text, &mut allowance),
            kind if kind.ends_with("+xml") => self.read_xml(&text, &mut allowance),
            _ => Ok(Data::text(text)),
        }
    }

    fn read_json(self, text: &str, allowance: &mut usize) -> Result<Data, Failure> {
        let json = serde_json::from_str(text.trim_start_matches('\u{FEFF}'));
        let json = json.map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::without_reason(format!(
                "The body is no JSON that a template can read: line {line}, column {column}."
            ))
        })?;
        self.json(&json, allowance)
    }

    fn read_xml(self, text: &str, allowance: &mut usize) -> Result<Data, Failure> {
        markup::read(text, self.nil_is_null, allowance)
            .ok_or_else(|| Failure::without_reason("The body is no XML that a template can read."))
    }

    pub(super) fn json(self, json: &Json, allowance: &mut usize) -> Result<Data, Failure> {
        let taken = match json {
            Json::String(text) => text.len(),
            Json::Object(fields) => fields.keys().map(|name| 2 * name.len()).sum(),
            _ => 0,
        };
        let left = allowance.checked_sub(taken + 2 * size_of::<(String, Data)>());
        *allowance = left.ok_or_else(|| Failure::without_reason("The body is too large."))?;
        Ok(match json {
            Json::Null => Data::Nil,
            Json::Bool(truth) => Data::Scalar(Scalar::new(*truth)),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => Data::Scalar(Scalar::new(integer)),
                None => Data::Scalar(Scalar::new(number.as_f64().unwrap_or(f64::NAN))),
            },
            Json::String(text) => {
                let date = self.dates.then(|| dates::from_json(text)).flatten();
                let date = date.and_then(|date| dates::format(&date, ""));
                Data::text(date.unwrap_or_else(|| text.clone()))
            }
            Json::Array(items) => {
                let items = items.iter().map(|item| self.json(item, allowance));
                Data::List(items.collect::<Result<_, _>>()?)
            }
            Json::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.json(value, allowance)?)));
                Data::fields(fields.collect::<Result<Vec<_>, Failure>>()?)
            }
        })
    }

    /// What a template may see of `context`. Source: set-body-policy.md.
    pub(super) fn context(self, exchange: &mut Exchange) -> Result<Data, Failure> {
        let mut allowance = exchange.context.ports.limits.heap;
        let variables: Vec<(Str, Value)> = exchange
            .context
            .variables
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut bound = Vec::new();
        for (name, value) in variables {
            // What is no JSON (a response, say) is nothing to a template.
            let json = json::to_json(&mut exchange.machine(), &value).unwrap_or_default();
            bound.push((
                name.to_utf8().into_owned(),
                self.json(&json, &mut allowance)?,
            ));
        }
        let context = &exchange.context;
        let (request, response) = (&context.request, &context.response);
        let ip = request.ip_address.map(|ip| Data::text(ip.to_string()));
        let parameters = request.matched_parameters.iter();
        let parameters = parameters.map(|(name, value)| (name.to_utf8().into_owned(), text(value)));
        let method = Data::text(request.method.as_str());
        Ok(Data::fields([
            (
                "Request",
                Data::fields([
                    ("Url", url(&request.url)),
                    ("OriginalUrl", url(&request.original_url)),
                    ("Method", method.clone()),
                    ("OriginalMethod", method),
                    ("IpAddress", ip.unwrap_or(Data::Nil)),
                    ("MatchedParameters", Data::fields(parameters)),
                    (
                        "HasBody",
                        Data::Scalar(Scalar::new(!request.body.is_empty())),
                    ),
                    ("Headers", headers(&request.headers)),
                ]),
            ),
            (
                "Response",
                Data::fields([
                    (
                        "StatusCode",
                        Data::Scalar(Scalar::new(i64::from(response.status.as_u16()))),
                    ),
                    ("StatusReason", text(&response.status_reason())),
                    ("Headers", headers(&response.headers)),
                ]),
            ),
            ("Variables", Data::fields(bound)),
        ]))
    }
}

fn text(text: &Str) -> Data {
    Data::text(text.to_utf8())
}

fn url(url: &Url) -> Data {
    let query = url
        .query_pairs()
        .map(|(name, value)| (name.to_utf8().into_owned(), text(&value)));
    let whole = url.to_uri().map(|uri| uri.to_string()).unwrap_or_default();
    Data::fields([
        ("Scheme", text(&url.scheme)),
        ("Host", text(&url.host)),
        ("Port", Data::text(url.port.to_string())),
        ("Path", text(&url.full_path())),
        ("Query", Data::fields(query)),
        ("QueryString", text(&url.query)),
        ("ToUri", Data::text(whole.clone())),
        ("ToString", Data::text(whole)),
    ])
}

/// One line as text, several as a list.
fn headers(headers: &HeaderMap) -> Data {
    Data::fields(headers.keys().map(|name| {
        let lines = headers.get_all(name).iter();
        let mut lines: Vec<Data> = lines
            .map(|line| Data::text(String::from_utf8_lossy(line.as_bytes())))
            .collect();
        let value = match lines.len() {
            1 => lines.pop().unwrap_or(Data::Nil),
            _ => Data::List(lines),
        };
        (name.as_str(), value)
    }))
}
