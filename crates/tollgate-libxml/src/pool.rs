//! Compiled stylesheets and schemas, each used by one call at a time, and the threads that the calls run on.

use std::sync::{Mutex, PoisonError};

use crate::Error;

/// As deep as trees can become that a transformation builds and copies: nested a step for each node of them.
const STACK: usize = 256 << 20;

/// So many are kept for the next calls.
const MOST_IDLE: usize = 32;

#[derive(Debug)]
pub(crate) struct Pool<H> {
    idle: Mutex<Vec<H>>,
}

impl<H: Send> Pool<H> {
    pub(crate) fn new(first: H) -> Self {
        Self {
            idle: Mutex::new(vec![first]),
        }
    }

    /// Lends one to `work` on a thread of its own; `make` makes one if all are lent.
    pub(crate) fn with<T: Send>(
        &self,
        make: impl FnOnce() -> Result<H, Error> + Send,
        work: impl FnOnce(&mut H) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let idle = self.take();
        let (answer, handle) = on_own_stack(move || {
            let mut handle = match idle {
                Some(handle) => handle,
                None => make()?,
            };
            Ok((work(&mut handle), handle))
        })?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MOST_IDLE {
            idle.push(handle);
        }
        answer
    }

    fn take(&self) -> Option<H> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.pop()
    }
}

/// Runs `work` where there is stack enough; what is not touched of it takes no memory.
pub(crate) fn on_own_stack<T: Send>(
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> Result<T, Error> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let running = thread.spawn_scoped(scope, work);
        let running = running.map_err(|_| Error::Limit("there is no thread for it"))?;
        // What panics has been told of by the panic hook.
        running
            .join()
            .unwrap_or(Err(Error::Limit("its thread has ended")))
    })
}
