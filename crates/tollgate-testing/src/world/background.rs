//! Work that no request waits for, but tests do.

use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::task::JoinSet;
use tollgate::engine::BoxFuture;
use tollgate::ports::{Background, Busy};

/// Runs work as tasks of the test's runtime.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<JoinSet<()>>);

impl Tasks {
    /// Waits until all of it is done, also what that starts.
    pub(super) async fn finish(&self) {
        loop {
            let mut tasks =
                std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
            if tasks.is_empty() {
                return;
            }
            while tasks.join_next().await.is_some() {}
        }
    }
}

impl Background for Tasks {
    fn run(&self, work: BoxFuture<'static, ()>) -> Result<(), Busy> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| Busy)?;
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn_on(work, &runtime);
        Ok(())
    }
}
