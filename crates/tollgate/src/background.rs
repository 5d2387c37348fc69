//! Work that no request waits for, on tokio.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use tollgate_engine::ports::{Background, Busy};

/// Runs work as tasks of the tokio runtime it is called in, so many at a time; more is refused.
#[derive(Debug)]
pub struct TokioBackground {
    running: Arc<AtomicUsize>,
    most: usize,
}

impl Default for TokioBackground {
    /// At most 1,024 at a time.
    fn default() -> Self {
        Self::new(1024)
    }
}

impl TokioBackground {
    /// At most so many at a time.
    pub fn new(most: usize) -> Self {
        Self {
            running: Arc::default(),
            most,
        }
    }
}

/// One that runs; dropped when it ends, however it does.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Background for TokioBackground {
    fn run(&self, work: BoxFuture<'static, ()>) -> Result<(), Busy> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| Busy)?;
        let before = self.running.fetch_add(1, Ordering::AcqRel);
        let running = Running(self.running.clone());
        if before >= self.most {
            return Err(Busy);
        }
        runtime.spawn(async move {
            let _running = running;
            work.await;
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_than_may_run_is_refused_until_some_ends() {
        let background = TokioBackground::new(2);
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let first = background.run(Box::pin(async move { drop(ended.await) }));
        let second = background.run(Box::pin(std::future::pending()));
        assert_eq!((first, second), (Ok(()), Ok(())));
        for _ in 0..3 {
            assert_eq!(background.run(Box::pin(async {})), Err(Busy));
        }
        drop(end);
        while background.run(Box::pin(async {})).is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn without_a_runtime_nothing_runs() {
        let background = TokioBackground::default();
        assert_eq!(background.run(Box::pin(async {})), Err(Busy));
    }
}
