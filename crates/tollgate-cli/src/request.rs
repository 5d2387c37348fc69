//! The request of `tollgate run`, from arguments or from a file.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use thiserror::Error;

/// Why a request cannot be made of what was given.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum RequestError {
    #[error("`{0}`: a request line is METHOD URL, such as `POST https://host/path?x=1`")]
    Line(String),
    #[error("`{0}` is not a method")]
    Method(String),
    #[error("`{0}` is not an absolute URL with http or https")]
    Url(String),
    #[error("`{0}`: a header is NAME: VALUE")]
    Header(String),
    #[error("{path}: {message}")]
    File { path: String, message: String },
}

/// A request of its request line, headers and body.
pub(crate) fn build(
    line: &str,
    headers: &[String],
    body: Bytes,
) -> Result<Request<Bytes>, RequestError> {
    let mut words = line.split_whitespace();
    let (Some(method), Some(url), version, None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(RequestError::Line(line.to_owned()));
    };
    if version.is_some_and(|version| !version.starts_with("HTTP/")) {
        return Err(RequestError::Line(line.to_owned()));
    }
    let method: Method = method
        .parse()
        .map_err(|_| RequestError::Method(method.to_owned()))?;
    let uri = url
        .parse::<Uri>()
        .ok()
        .filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
        .ok_or_else(|| RequestError::Url(url.to_owned()))?;
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    for header in headers {
        let (name, value) = self::header(header)?;
        request.headers_mut().append(name, value);
    }
    Ok(request)
}

/// A header of `Name: value`.
pub(crate) fn header(text: &str) -> Result<(HeaderName, HeaderValue), RequestError> {
    let wrong = || RequestError::Header(text.to_owned());
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = name.trim().parse().map_err(|_| wrong())?;
    let value = value.trim().parse().map_err(|_| wrong())?;
    Ok((name, value))
}

/// A request as editors' `.http` files have it: a request line, headers, an empty line, the body. Lines that begin
/// with `#` or `//` before the request line are comments; `###` ends the request.
pub(crate) fn parse_file(text: &str) -> Result<Request<Bytes>, RequestError> {
    let mut lines = text.trim_start_matches('\u{feff}').split_inclusive('\n');
    let line = loop {
        let Some(line) = lines.next() else {
            return Err(RequestError::Line(String::new()));
        };
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') && !line.starts_with("//") {
            break line;
        }
    };
    let mut headers = Vec::new();
    for header in lines.by_ref() {
        let header = header.trim_end_matches(['\r', '\n']);
        if header.is_empty() {
            break;
        }
        headers.push(header.to_owned());
    }
    let body: String = lines.take_while(|line| !line.starts_with("###")).collect();
    build(line, &headers, Bytes::from(body))
}

/// What `--data` says: text, or `@FILE`.
pub(crate) fn data(text: &str) -> Result<Bytes, RequestError> {
    match text.strip_prefix('@') {
        None => Ok(Bytes::from(text.to_owned())),
        Some(path) => read(Path::new(path)),
    }
}

/// A file's bytes.
pub(crate) fn read(path: &Path) -> Result<Bytes, RequestError> {
    std::fs::read(path)
        .map(Bytes::from)
        .map_err(|error| RequestError::File {
            path: path.display().to_string(),
            message: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_request_file_is_read() {
        let request = parse_file(
            "# a comment\nPOST https://host/path?x=1 HTTP/1.1\r\nContent-Type: text/plain\r\nX-A: b: c\r\n\r\nline 1\nline 2\n### next\nGET http://other/\n",
        )
        .unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://host/path?x=1");
        assert_eq!(request.headers().get("x-a").unwrap(), "b: c");
        assert_eq!(request.body(), "line 1\nline 2\n");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |line: &str, headers: &[&str]| {
            let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
            build(line, &headers, Bytes::new()).unwrap_err()
        };
        assert_eq!(wrong("GET", &[]), RequestError::Line("GET".into()));
        assert_eq!(wrong("GET /path", &[]), RequestError::Url("/path".into()));
        assert_eq!(
            wrong("GET ftp://host/", &[]),
            RequestError::Url("ftp://host/".into())
        );
        assert_eq!(
            wrong("GET http://host/", &["no colon"]),
            RequestError::Header("no colon".into())
        );
        assert_eq!(
            wrong("GET http://host/", &["a: b\nc: d"]),
            RequestError::Header("a: b\nc: d".into())
        );
        assert_eq!(
            wrong("G@T http://host/", &[]),
            RequestError::Method("G@T".into())
        );
    }
}
