//! `set-body`: replaces the body of the request (inbound, backend) or the response (outbound, on-error).
//!
//! ```xml
//! <set-body>@(context.Request.Body.As<string>(preserveContent: true).Replace("a", "b"))</set-body>
//! ```
//!
//! Literal text and markup are taken verbatim, white space included. An expression's result: a `string` as UTF-8,
//! `byte[]` as it is, `null` as an empty body, anything else by its `ToString()`. `Content-Length` follows;
//! `Content-Type` stays as it is. The text may stand in one `<value>` child. `template="none"` is plain text.
//!
//! `template="liquid"`: the text is a Liquid template, as DotLiquid has it, with .NET's filter names (`Upcase`), date
//! formats and regular expressions in `Replace`. `body` is the message's body: JSON or XML by its `Content-Type`
//! (elements without prefixes; an attribute is `body.a["@b"]`), otherwise text. `context` is as the reference lists it,
//! and `context.Variables`. Names are found without regard to case; what is missing is nothing. ISO dates in JSON print
//! as .NET prints them (`05/06/2024 07:08:09`) unless `parse-date="false"`; `xsi-nil="null"` makes elements with
//! `xsi:nil` nothing instead of empty text. A template that is wrong is a load-time error; a body that is not what its
//! content type says fails with 500. Loops go round a million times at most, all together. In `return-response` the
//! body is nothing.
//!
//! Source: set-body-policy.md; what `body` is for XML, and the limits, are the choice made here.

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use tollgate_dotnet::Str;
use tollgate_engine::{
    Body, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads,
    Scopes, Section, Sections, Setting, optional,
};

use super::liquid::{Binding, Template};
use super::message::Message;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "set-body",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("template")
            .literal()
            .about("`liquid`, or `none` for plain text."),
        optional("xsi-nil")
            .literal()
            .about("For Liquid: `blank` or `null`."),
        optional("parse-date")
            .literal()
            .about("For Liquid: whether dates in JSON are read."),
    ],
    children: Children::Any,
    load: |e| Ok(Box::new(SetBody::load(e)?)),
};

/// The policy, also as a part of `return-response`.
#[derive(Debug)]
pub(crate) struct SetBody {
    content: Content,
    on_response: bool,
}

#[derive(Debug)]
enum Content {
    Plain(Setting<Option<Bytes>>),
    Liquid(Template),
}

impl SetBody {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        Self::load_for(e, Some(Message::of(e)))
    }

    /// As a part of another policy; a template's `body` is that of `message`.
    pub(crate) fn load_for(
        e: &ElementReader<'_>,
        message: Option<Message>,
    ) -> Result<Self, Invalid> {
        Self::read(e, e, message)
    }

    /// As a part of another policy, whose `template` says what the text in `e` is.
    pub(crate) fn load_of(
        e: &ElementReader<'_>,
        policy: &ElementReader<'_>,
    ) -> Result<Self, Invalid> {
        Self::read(e, policy, Some(Message::of(e)))
    }

    fn read(
        e: &ElementReader<'_>,
        attributes: &ElementReader<'_>,
        message: Option<Message>,
    ) -> Result<Self, Invalid> {
        let template = attributes
            .optional_literal::<Str>("template")?
            .map(|template| template.to_utf8().to_ascii_lowercase());
        let liquid = match template.as_deref() {
            None | Some("none") => false,
            Some("liquid") => true,
            Some(other) => {
                let span = attributes.attribute_span("template");
                return Err(e.not_one_of(span, "`template`", other, &["none", "liquid"]));
            }
        };
        let binding = binding_of(attributes, message)?;
        let body = match e.children().as_slice() {
            [] => e.verbatim_setting(),
            [value] if value.name() == "value" && !value.has_children() => value.verbatim_setting(),
            _ => Ok(Setting::Literal(Some(e.inner_source().into()))),
        };
        let content = match body? {
            Setting::Literal(text) if liquid => Content::Liquid(template_of(e, text, binding)?),
            Setting::Program(_) if liquid => {
                let message = "a Liquid template cannot be an expression";
                return Err(e.error("liquid", e.text_span(), message));
            }
            plain => Content::Plain(plain),
        };
        let on_response = matches!(e.section(), Section::Outbound | Section::OnError);
        Ok(Self {
            content,
            on_response,
        })
    }

    /// The body for this request.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Body, Failure> {
        match &self.content {
            Content::Plain(body) => {
                let bytes = body.get(exchange)?.into_owned();
                Ok(bytes.map_or_else(Body::empty, Body::full))
            }
            Content::Liquid(template) => template.render(exchange).map(Body::full),
        }
    }

    pub(crate) fn reads(&self) -> Reads {
        match &self.content {
            Content::Plain(body) => body.reads(),
            Content::Liquid(template) => template.reads(),
        }
    }
}

/// What a template sees; checked also where there is none.
fn binding_of(e: &ElementReader<'_>, message: Option<Message>) -> Result<Binding, Invalid> {
    let nil = e.optional_literal::<Str>("xsi-nil")?;
    let nil = nil.map(|nil| nil.to_utf8().to_ascii_lowercase());
    let nil_is_null = match nil.as_deref() {
        None | Some("blank") => false,
        Some("null") => true,
        Some(other) => {
            let span = e.attribute_span("xsi-nil");
            return Err(e.not_one_of(span, "`xsi-nil`", other, &["blank", "null"]));
        }
    };
    Ok(Binding {
        message,
        nil_is_null,
        dates: e.optional_literal("parse-date")?.unwrap_or(true),
    })
}

fn template_of(
    e: &ElementReader<'_>,
    text: Option<Bytes>,
    binding: Binding,
) -> Result<Template, Invalid> {
    let text = text.unwrap_or_default();
    let source = String::from_utf8_lossy(&text);
    Template::parse(&source, binding).map_err(|(error, at)| {
        let mut span = e.text_span();
        // Where nothing was decoded or filled in, the template's bytes are the file's.
        if let Some(at) = at.and_then(|at| u32::try_from(at).ok())
            && e.inner_source() == source
        {
            span.start = span.start.saturating_add(at).min(span.end);
            span.end = span.start;
        }
        e.error("liquid", span, error)
    })
}

impl Policy for SetBody {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let body = self.evaluate(exchange)?;
        let context = &mut exchange.context;
        let (request, response) = (&mut context.request, &mut context.response);
        let (headers, old) = match self.on_response {
            true => (&mut response.headers, &mut response.body),
            false => (&mut request.headers, &mut request.body),
        };
        headers.remove(CONTENT_ENCODING);
        *old = body;
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        SetBody::reads(self)
    }
}
