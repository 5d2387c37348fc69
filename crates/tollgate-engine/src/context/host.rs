//! `context` as the world around an expression.

use tollgate_dotnet::{Host, Type};

use crate::exchange::Context;

impl Host for Context {
    fn now(&self) -> i64 {
        self.ports.clock.now()
    }

    fn random(&self) -> u64 {
        self.ports.random.next_u64()
    }

    fn type_of(&self, _handle: u32) -> Type {
        Type::object()
    }
}
