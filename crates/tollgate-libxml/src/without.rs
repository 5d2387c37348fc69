//! What stands in for the libraries where they are not built in.

use crate::schema::{Form, Problem, SchemaDocument};
use crate::stylesheet::Pair;
use crate::{Error, Limits};

#[derive(Debug)]
pub(crate) enum StylesheetHandle {}

impl StylesheetHandle {
    pub(crate) fn compile(_: &str, _: Limits) -> Result<Self, Error> {
        Err(Error::NotBuilt)
    }

    pub(crate) fn transform(
        &mut self,
        _: &str,
        _: &[Pair],
        _: Limits,
        _: usize,
    ) -> Result<Vec<u8>, Error> {
        match *self {}
    }
}

#[derive(Debug)]
pub(crate) enum SchemaHandle {}

impl SchemaHandle {
    pub(crate) fn compile(_: &[SchemaDocument], _: Limits) -> Result<Self, Error> {
        Err(Error::NotBuilt)
    }

    pub(crate) fn validate(&mut self, _: &str, _: Form, _: Limits) -> Result<Vec<Problem>, Error> {
        match *self {}
    }
}
