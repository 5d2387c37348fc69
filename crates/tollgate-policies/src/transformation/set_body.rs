//! `set-body`: replaces the body of the request (inbound, backend) or the response (outbound, on-error).
//!
//! ```xml
//! <set-body>@(context.Request.Body.As<string>(preserveContent: true).Replace("a", "b"))</set-body>
//! ```
//!
//! Literal text and markup are taken verbatim, white space included. An expression's result: a `string` as UTF-8,
//! `byte[]` as it is, `null` as an empty body, anything else by its `ToString()`. `Content-Length` follows;
//! `Content-Type` stays as it is. The text may stand in one `<value>` child. `template="none"` is plain text;
//! `template="liquid"` is not built yet, and is refused at load time.
//! Source: set-body-policy.md.

use bytes::Bytes;
use tollgate_dotnet::Str;
use tollgate_engine::{
    Body, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads,
    Scopes, Section, Sections, Setting, optional,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "set-body",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        optional("template")
            .literal()
            .about("`none`; `liquid` is not built yet."),
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
    body: Setting<Option<Bytes>>,
    on_response: bool,
}

impl SetBody {
    pub(crate) fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let template = e
            .optional_literal::<Str>("template")?
            .map(|template| template.to_utf8().to_ascii_lowercase());
        match template.as_deref() {
            None | Some("none") => {}
            Some("liquid") => {
                let message = "Liquid templates in `set-body` are not built yet";
                return Err(e.error("not-built", e.attribute_span("template"), message));
            }
            Some(other) => {
                return Err(e.not_one_of(
                    e.attribute_span("template"),
                    "`template`",
                    other,
                    &["none", "liquid"],
                ));
            }
        }
        let body = match e.children().as_slice() {
            [] => e.verbatim_setting(),
            [value] if value.name() == "value" && !value.has_children() => value.verbatim_setting(),
            _ => Ok(Setting::Literal(Some(e.inner_source().into()))),
        };
        let on_response = matches!(e.section(), Section::Outbound | Section::OnError);
        Ok(Self {
            body: body?,
            on_response,
        })
    }

    /// The body for this request.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Body, Failure> {
        let bytes = self.body.get(exchange)?.into_owned();
        Ok(bytes.map_or_else(Body::empty, Body::full))
    }

    pub(crate) fn reads(&self) -> Reads {
        self.body.reads()
    }
}

impl Policy for SetBody {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let body = self.evaluate(exchange)?;
        let context = &mut exchange.context;
        match self.on_response {
            true => context.response.body = body,
            false => context.request.body = body,
        }
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        SetBody::reads(self)
    }
}
