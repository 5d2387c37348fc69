//! The way to the backend and back, and who looks on.

use std::sync::Arc;

use super::Exchange;
use super::context::Response;
use crate::failure::Failure;
use crate::policy::BoxFuture;
use crate::ports::{OutboundRequest, SendError};

/// Looks at what goes to the backend and at what comes back, before policies see it: it may read the response, and put
/// another body in its place that looks at the chunks as they pass. Registered by
/// [`Exchange::watch_backend`]; told of each attempt.
pub trait BackendWatch: Send + Sync + 'static {
    /// The request is on its way.
    fn sent(&self) {}

    /// There is no response.
    fn failed(&self, error: &SendError) {
        let _ = error;
    }

    /// The response is in the exchange.
    fn answered<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<(), Failure>>;
}

impl Exchange {
    /// Has each call of the backend looked at.
    pub fn watch_backend(&mut self, watch: Arc<dyn BackendWatch>) {
        self.watches.push(watch);
    }

    /// Sends a request to the backend, and takes its response.
    ///
    /// # Errors
    /// There is no response: [`SendError`], as `failure` has it. Or somebody who looks on refuses it.
    pub async fn call_backend(
        &mut self,
        request: OutboundRequest,
        failure: impl FnOnce(SendError) -> Failure,
    ) -> Result<(), Failure> {
        if self.context.resolving.is_some() {
            // The call is the gateway's own.
            let answer = self.context.ports.http.send(request).await;
            self.context.response = answer.map_err(failure)?.into();
            return Ok(());
        }
        let watches = self.watches.clone();
        watches.iter().for_each(|watch| watch.sent());
        match self.backend().send(request).await {
            Ok(response) => self.context.response = Response::from(response),
            Err(error) => {
                watches.iter().for_each(|watch| watch.failed(&error));
                return Err(failure(error));
            }
        }
        for watch in &watches {
            watch.answered(self).await?;
        }
        Ok(())
    }
}
