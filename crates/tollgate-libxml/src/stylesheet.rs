//! Stylesheets.

use std::ffi::CString;

use crate::library::StylesheetHandle;
use crate::pool::{Pool, on_own_stack};
use crate::screen::{DOCUMENT_DEPTH, screen};
use crate::{Error, Limits};

/// So deep a stylesheet may be nested: what it writes is nested as deep for each template within a template.
const STYLESHEET_DEPTH: usize = 64;

/// A stylesheet of XSLT 1.0 (`xsl:stylesheet` or `xsl:transform`), compiled. It can be used by many threads at once: each
/// call then has a copy of its own, which is made when it is first needed and kept.
#[derive(Debug)]
pub struct Stylesheet {
    text: Box<str>,
    limits: Limits,
    pool: Pool<StylesheetHandle>,
}

/// The value of an `xsl:param`.
#[derive(Debug, Clone, PartialEq)]
pub enum Parameter {
    /// A string.
    Text(String),
    /// A truth value.
    Bool(bool),
    /// A number.
    Number(f64),
}

impl From<&str> for Parameter {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The name of a parameter, with `=` before it if the value is the string and no XPath; and the value.
pub(crate) type Pair = (CString, CString);

impl Stylesheet {
    /// Compiles a stylesheet; what it asks for is bounded by `limits` each time it runs.
    ///
    /// # Errors
    /// [`Error::Mistake`], where it is wrong, and [`Error::NotBuilt`].
    pub fn compile(text: &str, limits: Limits) -> Result<Self, Error> {
        screen(text, STYLESHEET_DEPTH)
            .map_err(|(message, line)| Error::Mistake { message, line })?;
        let first = on_own_stack(|| StylesheetHandle::compile(text, limits))?;
        Ok(Self {
            text: text.into(),
            limits,
            pool: Pool::new(first),
        })
    }

    /// Transforms a document into at most `most` bytes, in the encoding that `xsl:output` names or in UTF-8.
    ///
    /// A parameter that the stylesheet does not declare is passed over. A declaration of the document's encoding says
    /// nothing: it is text.
    ///
    /// # Errors
    /// Each but [`Error::Mistake`].
    pub fn transform(
        &self,
        document: &str,
        parameters: &[(&str, Parameter)],
        most: usize,
    ) -> Result<Vec<u8>, Error> {
        screen(document, DOCUMENT_DEPTH)
            .map_err(|(message, line)| Error::Input(format!("{message} (line {line})")))?;
        let pairs: Result<Vec<Pair>, Error> = parameters.iter().map(pair).collect();
        let pairs = pairs?;
        self.pool.with(
            || StylesheetHandle::compile(&self.text, self.limits),
            |handle| handle.transform(document, &pairs, self.limits, most),
        )
    }
}

fn pair((name, value): &(&str, Parameter)) -> Result<Pair, Error> {
    let (name, value) = match value {
        Parameter::Text(text) => (format!("={name}"), text.clone()),
        Parameter::Bool(value) => ((*name).to_owned(), format!("{value}()")),
        Parameter::Number(number) if number.is_nan() => ((*name).to_owned(), "0 div 0".to_owned()),
        Parameter::Number(number) if number.is_infinite() => {
            let sign = if *number < 0.0 { "-" } else { "" };
            ((*name).to_owned(), format!("{sign}1 div 0"))
        }
        Parameter::Number(number) => ((*name).to_owned(), number.to_string()),
    };
    let no_zero = |text: String| {
        let wrong = |_| Error::Input("a parameter has the character U+0000 in it".to_owned());
        CString::new(text).map_err(wrong)
    };
    Ok((no_zero(name)?, no_zero(value)?))
}
