//! `cors`: lets browsers call the API from other origins.
//!
//! ```xml
//! <cors allow-credentials="true">
//!     <allowed-origins><origin>https://app.example.com</origin></allowed-origins>
//!     <allowed-methods preflight-result-max-age="300"><method>GET</method><method>POST</method></allowed-methods>
//!     <allowed-headers><header>content-type</header></allowed-headers>
//!     <expose-headers><header>x-request-id</header></expose-headers>
//! </cors>
//! ```
//!
//! | request | origin matches | it does not, `terminate-unmatched-request` true (the default) | … false |
//! |---|---|---|---|
//! | preflight | 200 with the CORS headers; nothing else runs | empty 200 | the next `cors` is asked; empty 200 if none matches |
//! | with `Origin` | goes on; CORS headers are added to the response | empty 200; nothing else runs | goes on without CORS headers |
//! | without `Origin` | goes on | goes on | goes on |
//!
//! A preflight is `OPTIONS` with `Origin` and `Access-Control-Request-Method` where no operation takes `OPTIONS`; a
//! method or header that is not allowed counts as no match. Origins are compared by scheme, host and port, without case;
//! a slash at the end is ignored; `*` allows any. Without `allowed-methods`: GET and POST. The CORS headers are on
//! responses of errors and of `return-response` too. Source: cors-policy.md; where it is silent, the choices are the
//! ones above.

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use tollgate_dotnet::Str;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Preflight,
    Reads, Response, Scopes, Sections, Setting, element, optional,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "cors",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: true,
    attributes: &[
        optional("allow-credentials").about("Whether cookies and credentials may be sent."),
        optional("terminate-unmatched-request")
            .about("Whether a request of another origin ends here."),
    ],
    children: Children::Elements(&[
        element("allowed-origins")
            .required()
            .children(Children::Elements(&[element("origin")
                .required()
                .many()
                .children(Children::Text)])),
        element("allowed-methods")
            .attributes(&[optional("preflight-result-max-age")
                .about("Seconds for which browsers keep the answer.")])
            .children(Children::Elements(&[element("method")
                .required()
                .many()
                .children(Children::Text)])),
        element("allowed-headers").children(Children::Elements(&[element("header")
            .required()
            .many()
            .children(Children::Text)])),
        element("expose-headers").children(Children::Elements(&[element("header")
            .required()
            .many()
            .children(Children::Text)])),
    ]),
    load: |e| Ok(Box::new(Cors::load(e)?)),
};

#[derive(Debug)]
struct Cors {
    credentials: Option<Setting<bool>>,
    terminate: Option<Setting<bool>>,
    origins: Texts,
    methods: Texts,
    max_age: Option<Setting<u32>>,
    headers: Texts,
    exposed: Texts,
}

type Texts = Box<[Setting<Str>]>;

/// The texts of the elements in a child.
fn texts(e: &ElementReader<'_>, child: &str) -> Result<Texts, Invalid> {
    let Some(child) = e.child(child) else {
        return Ok(Texts::default());
    };
    let all: Vec<Result<_, Invalid>> = child
        .children()
        .iter()
        .map(ElementReader::text_setting)
        .collect();
    all.into_iter().collect()
}

impl Cors {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let credentials = e.optional_setting("allow-credentials");
        let terminate = e.optional_setting("terminate-unmatched-request");
        let (origins, methods) = (texts(e, "allowed-origins"), texts(e, "allowed-methods"));
        let (headers, exposed) = (texts(e, "allowed-headers"), texts(e, "expose-headers"));
        let max_age = match e.child("allowed-methods") {
            Some(methods) => methods.optional_setting("preflight-result-max-age"),
            None => Ok(None),
        };
        Ok(Self {
            credentials: credentials?,
            terminate: terminate?,
            origins: origins?,
            methods: methods?,
            max_age: max_age?,
            headers: headers?,
            exposed: exposed?,
        })
    }

    /// What `Access-Control-Allow-Origin` says to this origin; `None` if it is not allowed.
    fn allow_origin(
        &self,
        origin: &HeaderValue,
        exchange: &mut Exchange,
    ) -> Result<Option<HeaderValue>, Failure> {
        let Ok(asked) = origin.to_str() else {
            return Ok(None);
        };
        for allowed in &self.origins {
            let allowed = allowed.get(exchange)?.to_utf8().into_owned();
            if allowed == "*" {
                // Browsers refuse the star where credentials are allowed.
                let credentials = self.credentials(exchange)?;
                return Ok(Some(if credentials {
                    origin.clone()
                } else {
                    HeaderValue::from_static("*")
                }));
            }
            if normal(&allowed) == normal(asked) {
                return Ok(Some(origin.clone()));
            }
        }
        Ok(None)
    }

    fn credentials(&self, exchange: &mut Exchange) -> Result<bool, Failure> {
        self.credentials.as_ref().map_or(Ok(false), |setting| {
            setting.get(exchange).map(|value| *value)
        })
    }

    fn terminates(&self, exchange: &mut Exchange) -> Result<bool, Failure> {
        self.terminate.as_ref().map_or(Ok(true), |setting| {
            setting.get(exchange).map(|value| *value)
        })
    }

    /// The headers of every answer to an allowed origin.
    fn common(
        &self,
        allow_origin: HeaderValue,
        exchange: &mut Exchange,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
        let mut headers = Vec::with_capacity(3);
        if allow_origin != "*" {
            headers.push((header::VARY, HeaderValue::from_static("Origin")));
        }
        headers.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, allow_origin));
        if self.credentials(exchange)? {
            headers.push((
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            ));
        }
        Ok(headers)
    }

    /// The answer to a preflight request of this origin; `None` if something of it is not allowed.
    fn preflight_answer(
        &self,
        origin: &HeaderValue,
        exchange: &mut Exchange,
    ) -> Result<Option<Response>, Failure> {
        let Some(allow_origin) = self.allow_origin(origin, exchange)? else {
            return Ok(None);
        };
        let request = &exchange.context.request.headers;
        let method = request.get(header::ACCESS_CONTROL_REQUEST_METHOD).cloned();
        let wanted = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
        let Some(method) = method.as_ref().and_then(|method| method.to_str().ok()) else {
            return Ok(None);
        };
        let allows_method = match self.methods.is_empty() {
            true => matches!(method, "GET" | "POST"),
            false => any(&self.methods, exchange, |allowed| {
                allowed == "*" || allowed.eq_ignore_ascii_case(method)
            })?,
        };
        if !allows_method {
            return Ok(None);
        }
        if let Some(wanted) = &wanted {
            let Ok(names) = wanted.to_str() else {
                return Ok(None);
            };
            for name in names
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
            {
                if !any(&self.headers, exchange, |allowed| {
                    allowed == "*" || allowed.eq_ignore_ascii_case(name)
                })? {
                    return Ok(None);
                }
            }
        }
        let mut response = Response::new(StatusCode::OK);
        for (name, value) in self.common(allow_origin, exchange)? {
            response.headers.append(name, value);
        }
        // What was asked for is what is allowed.
        let method = HeaderValue::from_str(method).map_err(|_| Failure::validation())?;
        response
            .headers
            .insert(header::ACCESS_CONTROL_ALLOW_METHODS, method);
        if let Some(wanted) = wanted {
            response
                .headers
                .insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
        }
        if let Some(max_age) = &self.max_age {
            let seconds = *max_age.get(exchange)?;
            response
                .headers
                .insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
        }
        Ok(Some(response))
    }
}

fn any(
    texts: &Texts,
    exchange: &mut Exchange,
    matches: impl Fn(&str) -> bool,
) -> Result<bool, Failure> {
    for text in texts {
        if matches(&text.get(exchange)?.to_utf8()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An origin as it is compared: no case, no slash at the end, no port that goes without saying.
fn normal(origin: &str) -> String {
    let origin = origin.trim_end_matches('/').to_ascii_lowercase();
    let default = match origin.split_once("://") {
        Some(("http", _)) => ":80",
        Some(("https", _)) => ":443",
        _ => return origin,
    };
    origin
        .strip_suffix(default)
        .map_or(origin.clone(), str::to_owned)
}

impl Policy for Cors {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let Some(origin) = exchange
            .context
            .request
            .headers
            .get(header::ORIGIN)
            .cloned()
        else {
            return Ok(Flow::Next);
        };
        let Some(allow_origin) = self.allow_origin(&origin, exchange)? else {
            if !self.terminates(exchange)? {
                return Ok(Flow::Next);
            }
            exchange.context.response = Response::default();
            return Ok(Flow::Respond);
        };
        for (name, value) in self.common(allow_origin, exchange)? {
            exchange.add_to_response(name, value);
        }
        let mut exposed = Vec::with_capacity(self.exposed.len());
        for name in &self.exposed {
            exposed.push(name.get(exchange)?.to_utf8().into_owned());
        }
        if !exposed.is_empty() {
            let value =
                HeaderValue::from_str(&exposed.join(",")).map_err(|_| Failure::validation())?;
            exchange.add_to_response(header::ACCESS_CONTROL_EXPOSE_HEADERS, value);
        }
        Ok(Flow::Next)
    }

    fn preflight(&self, exchange: &mut Exchange) -> Result<Preflight, Failure> {
        let request = &exchange.context.request;
        let origin = request
            .headers
            .get(header::ORIGIN)
            .filter(|_| request.method == Method::OPTIONS)
            .cloned();
        let Some(origin) = origin else {
            return Ok(Preflight::Ignored);
        };
        match self.preflight_answer(&origin, exchange)? {
            Some(response) => exchange.context.response = response,
            None if self.terminates(exchange)? => exchange.context.response = Response::default(),
            None => return Ok(Preflight::Unmatched),
        }
        Ok(Preflight::Answered)
    }

    fn reads(&self) -> Reads {
        let texts = self.origins.iter().chain(&self.exposed);
        texts.fold(Reads::NONE, |reads, text| reads.or(text.reads()))
    }
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn origins_compare_by_scheme_host_and_port() {
        assert_eq!(
            normal("https://App.Example.com:443/"),
            normal("https://app.example.com")
        );
        assert_eq!(normal("http://a:80"), normal("http://a"));
        assert_ne!(normal("http://a:443"), normal("http://a"));
        assert_ne!(normal("http://a"), normal("https://a"));
        assert_eq!(normal("null"), "null");
    }
}
