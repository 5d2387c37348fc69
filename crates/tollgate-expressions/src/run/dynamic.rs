//! Operations on `dynamic` values, settled at run time.

use tollgate_dotnet::{Throw, Value};

use super::Frame;
use crate::typed::{Dynamic, Kind};

impl Frame<'_, '_> {
    pub(super) fn dynamic(&mut self, _operation: &Dynamic, _kind: Kind) -> Result<Value, Throw> {
        Err(Throw::not_supported("dynamic"))
    }
}
