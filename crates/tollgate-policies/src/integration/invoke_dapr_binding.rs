//! `invoke-dapr-binding`: calls an output binding of the Dapr sidecar.
//!
//! ```xml
//! <invoke-dapr-binding name="storage" operation="create" response-variable-name="answer">
//!     <metadata>
//!         <item key="blobName">@(context.RequestId.ToString())</item>
//!     </metadata>
//!     <data>@(context.Request.Body.As<string>())</data>
//! </invoke-dapr-binding>
//! ```
//!
//! `{"operation": …, "metadata": {…}, "data": …}` is posted to `/v1.0/bindings/{name}`, without what is not given. `data`,
//! a Liquid template with `template="liquid"`, is taken as JSON where it is JSON and `content-type` says so (it does
//! unless given), and as text otherwise. How the sidecar is called, and what becomes of its answer: the module `dapr`.
//! Source: invoke-dapr-binding-policy.md.

use http::HeaderValue;
use serde_json::{Map, Value as Json, json};
use tollgate_dotnet::Str;
use tollgate_engine::{
    Body, Children, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind, Reads,
    Scopes, Sections, Setting, Waiting, element, optional, required,
};

use super::dapr::{self, Sidecar};
use crate::transformation::set_body::SetBody;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "invoke-dapr-binding",
    sections: Sections::INBOUND
        .or(Sections::OUTBOUND)
        .or(Sections::ON_ERROR),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("name").about("The binding's name."),
        optional("operation").literal().about("What it is to do."),
        dapr::IGNORE_ERROR,
        dapr::VARIABLE,
        dapr::TIMEOUT,
        dapr::TEMPLATE,
        dapr::CONTENT,
    ],
    children: Children::Elements(&[
        element("metadata").children(Children::Elements(&[element("item")
            .many()
            .attributes(&[required("key").about("The name of the item.")])
            .children(Children::Text)])),
        element("data").children(Children::Any),
    ]),
    load: |e| Ok(Box::new(InvokeDaprBinding::load(e)?)),
};

#[derive(Debug)]
struct InvokeDaprBinding {
    name: Setting<Str>,
    operation: Option<Str>,
    metadata: Vec<(Setting<Str>, Setting<Str>)>,
    data: Option<SetBody>,
    sidecar: Sidecar,
}

impl InvokeDaprBinding {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (name, operation) = (e.setting("name"), e.optional_literal("operation"));
        let sidecar = Sidecar::load(e);
        let items: Vec<Result<_, Invalid>> = e
            .child("metadata")
            .iter()
            .flat_map(|metadata| metadata.children())
            .map(|item| {
                let (key, value) = (item.setting("key"), item.text_setting());
                Ok((key?, value?))
            })
            .collect();
        let data = e.child("data").map(|data| SetBody::load_of(&data, e));
        Ok(Self {
            name: name?,
            operation: operation?,
            metadata: items.into_iter().collect::<Result<_, _>>()?,
            data: data.transpose()?,
            sidecar: sidecar?,
        })
    }

    fn body(&self, exchange: &mut Exchange) -> Result<Body, Failure> {
        let mut body = Map::new();
        if let Some(operation) = &self.operation {
            body.insert("operation".to_owned(), operation.to_utf8().into());
        }
        if !self.metadata.is_empty() {
            let mut metadata = Map::new();
            for (key, value) in &self.metadata {
                let key = key.get(exchange)?.to_utf8().into_owned();
                let value = value.get(exchange)?.to_utf8().into_owned();
                metadata.insert(key, value.into());
            }
            body.insert("metadata".to_owned(), metadata.into());
        }
        if let Some(data) = &self.data {
            let data = data.evaluate(exchange)?;
            let bytes = data.bytes().cloned().unwrap_or_default();
            body.insert("data".to_owned(), self.data_of(&bytes));
        }
        Ok(Json::from(body).to_string().into())
    }

    fn data_of(&self, bytes: &[u8]) -> Json {
        let kind = self.sidecar.content_type.as_bytes().to_ascii_lowercase();
        let json = match kind.windows(4).any(|part| part == b"json") {
            true => serde_json::from_slice(bytes).ok(),
            false => None,
        };
        json.unwrap_or_else(|| json!(String::from_utf8_lossy(bytes)))
    }
}

impl Policy for InvokeDaprBinding {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Wait)
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let name = self.name.get(exchange)?.to_utf8().into_owned();
        let body = self.body(exchange)?;
        let json = HeaderValue::from_static("application/json");
        self.sidecar
            .call(&["bindings", &name], json, body, exchange)
    }

    fn reads(&self) -> Reads {
        let items = self.metadata.iter();
        let items = items.flat_map(|(key, value)| [key.reads(), value.reads()]);
        let data = self.data.iter().map(SetBody::reads);
        let own = self.name.reads().or(self.sidecar.reads());
        items.chain(data).fold(own, Reads::or)
    }
}
