//! What a trace tells besides policies: the request as it came, where it was routed, the response as it goes.
//! Source: api-management-howto-api-inspector.md.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tollgate_dotnet::Str;

use super::Trace;
use crate::exchange::{Context, Exchange};
use crate::plan::Plan;
use crate::wire;

/// What tells of a request, by APIM's name.
pub(super) const INSPECTOR: &str = "api-inspector";
/// What tells of a response, by APIM's name.
pub(super) const TRANSFER: &str = "transfer-response";

impl Context {
    /// Begins a trace with the request as it came.
    pub(crate) fn begin_trace(&mut self, trace: Trace, plan: &Arc<Plan>) {
        let secrets = plan.secrets().iter().map(|secret| secret.to_string());
        let credentials = wire::credentials(&self.request, None);
        let limit = self.ports.limits.trace;
        let mut trace = (trace.hiding(secrets.chain(credentials))).of(
            plan,
            self.request_id,
            self.timestamp,
            limit,
        );
        let headers = trace.headers(&self.request.headers);
        let url = trace.shown_url(&self.request.original_url);
        self.trace = Some(trace);
        self.trace_as(INSPECTOR, |context| {
            json!({"request": {"method": context.request.method.as_str(), "url": url, "headers": headers}})
        });
        self.watch();
    }

    /// Tells where the request was routed, once that is known.
    fn trace_route(&mut self) {
        let request = self
            .trace
            .as_mut()
            .and_then(|trace| trace.state.request.as_mut());
        let Some(request) = request.filter(|request| !request.is_routed && self.api.is_some())
        else {
            return;
        };
        request.is_routed = true;
        self.trace_as(
            INSPECTOR,
            |context| json!({"configuration": context.configuration()}),
        );
    }

    fn configuration(&self) -> Json {
        let text = |text: &Str| text.to_utf8().into_owned();
        let url = &self.request.url;
        let base = &url.base_path;
        let api = self.api.as_ref().map(|api| {
            json!({
                "from": format!("/{}", api.path.to_utf8()),
                "to": {
                    "scheme": text(&url.scheme),
                    "host": text(&url.host),
                    "port": url.port,
                    "path": if base.is_empty() { "/".to_owned() } else { text(base) },
                    "queryString": "",
                    "query": {},
                    "isDefaultPort": url.authority() == url.host,
                },
                "version": api.version.as_ref().map(text),
                "revision": text(&api.revision),
            })
        });
        let none = || Json::from("-");
        json!({
            "api": api,
            "operation": self.operation.as_ref().map_or_else(none, |operation| json!({
                "method": text(&operation.method),
                "uriTemplate": text(&operation.url_template),
            })),
            "user": self.user.as_ref().map_or_else(none, |user| json!({
                "id": text(&user.id),
                "groups": user.groups.iter().map(|group| text(&group.name)).collect::<Vec<_>>(),
            })),
            "product": self.product.as_ref().map_or_else(none, |product| json!({"id": text(&product.id)})),
        })
    }
}

impl Exchange {
    /// Notes in the trace what is different since the last look: the running policy did it.
    pub(crate) fn trace_changes(&mut self) {
        self.context.trace_route();
        self.compare();
    }

    /// Ends the trace with the response as it goes to the client.
    pub(crate) fn trace_response(&mut self) {
        self.trace_changes();
        let mut headers = self.context.response.headers.clone();
        for (name, value) in &self.added_headers {
            headers.append(name, value.clone());
        }
        let headers = (self.context.trace.as_mut()).map(|trace| trace.headers(&headers));
        self.context.trace_as(TRANSFER, |context| {
            let response = &context.response;
            let reason = response.status_reason().to_utf8().into_owned();
            json!({"response": {"status": {"code": response.status.as_u16(), "reason": reason}, "headers": headers}})
        });
        if let Some(trace) = &mut self.context.trace {
            trace.mask_all();
        }
    }
}
