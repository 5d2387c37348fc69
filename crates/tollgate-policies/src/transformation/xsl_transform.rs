//! `xsl-transform`: puts what an XSL stylesheet makes of an XML body in its place, of the request (inbound) or the
//! response (outbound, on-error).
//!
//! ```xml
//! <xsl-transform>
//!     <parameter name="User-Agent">@(context.Request.Headers.GetValueOrDefault("User-Agent","non-specified"))</parameter>
//!     <xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
//!         <xsl:output method="xml" indent="yes" />
//!         <xsl:param name="User-Agent" />
//!         <xsl:template match="/"><agent><xsl:value-of select="$User-Agent" /></agent></xsl:template>
//!     </xsl:stylesheet>
//! </xsl-transform>
//! ```
//!
//! The stylesheet is XSLT 1.0, run by the system's libxslt, which comes in with the feature `xml`; without it the document
//! loads, and the policy fails with `NotSupported` (501). It is compiled when the document loads: what is wrong with it is
//! an error at its line. `node-set` is known under the namespaces of .NET and of EXSLT, scripts and other extensions are
//! not. Nothing outside is read: `document()`, `xsl:import`, `xsl:include` and document types are refused.
//!
//! A `parameter` is the value of an `xsl:param`: a `bool` is a truth value, a number a number, anything else its
//! `ToString()`, and `null` an empty string. `parameter-name` is the same as `name`.
//!
//! The body is buffered and read in the encoding of its byte order mark, of `charset` in `Content-Type` or of its
//! declaration, else as UTF-8. `xsl:output` says how the result is written, and in which encoding (`utf-8` unless it
//! says so); `Content-Type` stays as it is. What is no XML, what `xsl:message` ends, and what takes too much fails with
//! 500. A document may have 100,000 nodes and be nested 250 deep, a stylesheet 64 deep; a run may take 5 million
//! steps, 1,000 templates within templates, 256 MiB all added up and 2 seconds; the result may be as long as a body may
//! be. Source: xsl-transform-policy.md; types of parameters, encodings, limits and failures are the choice made here.

use tollgate_dotnet::{Machine, Str, Type, Value, ops};
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, Setting, optional,
};
use tollgate_libxml::{Error, Limits, Parameter, Stylesheet};

use super::message::{Message, xml_text};
use crate::resolvers::missing;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "xsl-transform",
    sections: Sections::INBOUND
        .or(Sections::OUTBOUND)
        .or(Sections::ON_ERROR),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[],
    // The stylesheet's prefix is its own choice, so no table has its name.
    children: Children::Any,
    load: |e| Ok(Box::new(XslTransform::load(e)?)),
};

#[derive(Debug)]
struct XslTransform {
    /// None where the library is not built in.
    stylesheet: Option<Stylesheet>,
    parameters: Vec<(String, Setting<Argument>)>,
    message: Message,
}

/// The value of an `xsl:param`, as .NET's `XsltArgumentList` takes it.
#[derive(Debug, Clone)]
struct Argument(Parameter);

impl FromValue for Argument {
    const EXPECTED: &'static str = "a value";

    fn from_literal(text: &str) -> Option<Self> {
        Some(Self(text.into()))
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        Some(Self(match value {
            Value::Null => "".into(),
            Value::Bool(truth) => Parameter::Bool(*truth),
            Value::SByte(number) => Parameter::Number((*number).into()),
            Value::Byte(number) => Parameter::Number((*number).into()),
            Value::Int16(number) => Parameter::Number((*number).into()),
            Value::UInt16(number) => Parameter::Number((*number).into()),
            Value::Int32(number) => Parameter::Number((*number).into()),
            Value::UInt32(number) => Parameter::Number((*number).into()),
            Value::Single(number) => Parameter::Number((*number).into()),
            Value::Double(number) => Parameter::Number(*number),
            // What a `double` may not hold exactly is its text, which XPath makes a number of where it needs one.
            other => {
                let text = ops::to_text(machine, other).ok()?;
                Parameter::Text(text.to_utf8().into_owned())
            }
        }))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl XslTransform {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let mut result = Ok(());
        let mut parameters = Vec::new();
        let mut stylesheet = None;
        for child in e.children() {
            if child.name() == "parameter" {
                match parameter(&child) {
                    Ok(parameter) => parameters.push(parameter),
                    Err(invalid) => result = Err(invalid),
                }
            } else if stylesheet.is_none() {
                match compile(&child) {
                    Ok(compiled) => stylesheet = Some(compiled),
                    Err(invalid) => {
                        stylesheet = Some(None);
                        result = Err(invalid);
                    }
                }
            } else {
                let message = "`xsl-transform` takes one stylesheet";
                result = Err(e.error("too-many", child.name_span(), message));
            }
        }
        let Some(stylesheet) = stylesheet else {
            let message = "`xsl-transform` must contain an `xsl:stylesheet`";
            return Err(e.error("missing-element", e.name_span(), message));
        };
        result.map(|()| Self {
            stylesheet,
            parameters,
            message: Message::of(e),
        })
    }

    fn run(&self, stylesheet: &Stylesheet, exchange: &mut Exchange) -> Result<Vec<u8>, Failure> {
        let mut parameters = Vec::new();
        for (name, value) in &self.parameters {
            let Argument(value) = value.get(exchange)?.into_owned();
            parameters.push((name.as_str(), value));
        }
        let bytes = self.message.bytes(exchange);
        let text = xml_text(self.message.headers(exchange), &bytes).ok_or_else(|| {
            Failure::without_reason("The body is no text of the encoding that it names.")
        })?;
        let most = self.message.limit(exchange);
        let answer = stylesheet.transform(&text, &parameters, most);
        answer.map_err(|error| match error {
            Error::Input(why) => {
                Failure::without_reason(format!("The body is no XML that can be read: {why}."))
            }
            other => Failure::without_reason(format!("The stylesheet cannot be applied: {other}.")),
        })
    }
}

impl Policy for XslTransform {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let Some(stylesheet) = &self.stylesheet else {
            let what = "the gateway is built without the feature `xml`, which has XSLT";
            return Err(missing(KIND.name, what));
        };
        let result = self.run(stylesheet, exchange)?;
        self.message.replace(exchange, result);
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let parameters = self.parameters.iter().map(|(_, value)| value.reads());
        parameters.fold(self.message.reads(), Reads::or)
    }
}

fn parameter(e: &ElementReader<'_>) -> Result<(String, Setting<Argument>), Invalid> {
    e.check_attributes(&[
        optional("name").literal(),
        optional("parameter-name").literal(),
    ]);
    let value = e.text_setting();
    let name: Str = match e.has("parameter-name") {
        true => e.literal("parameter-name"),
        false => e.literal("name"),
    }?;
    Ok((name.to_utf8().into_owned(), value?))
}

fn compile(e: &ElementReader<'_>) -> Result<Option<Stylesheet>, Invalid> {
    let (prefix, local) = e.name().split_once(':').unwrap_or(("", e.name()));
    if !matches!(local, "stylesheet" | "transform") {
        let message = format!("`xsl-transform` cannot contain `{}`", e.name());
        return Err(e.error("unknown-element", e.name_span(), message));
    }
    let declaration = match prefix {
        "" => "xmlns".to_owned(),
        prefix => format!("xmlns:{prefix}"),
    };
    let mut text = e.outer_source();
    // An element around it may have the declaration.
    if !e.has(&declaration) {
        let namespace = format!(" {declaration}=\"http://www.w3.org/1999/XSL/Transform\"");
        text.insert_str(1 + e.name().len(), &namespace);
    }
    match Stylesheet::compile(&text, Limits::default()) {
        Ok(stylesheet) => Ok(Some(stylesheet)),
        Err(Error::NotBuilt) => Ok(None),
        Err(Error::Mistake { message, line }) => {
            let span = e.line_span(line);
            Err(e.error(
                "stylesheet",
                span,
                format!("the stylesheet is wrong: {message}"),
            ))
        }
        Err(other) => {
            let message = format!("the stylesheet cannot be compiled: {other}");
            Err(e.error("stylesheet", e.name_span(), message))
        }
    }
}
