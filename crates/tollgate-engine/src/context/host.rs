//! `context` as the world around an expression.

use tollgate_dotnet::{Heap, Host, Record, Registry, Str, Throw, Type, Value};

use super::Part;
use super::dictionary::entries;
use crate::exchange::Context;

impl Host for Context {
    fn now(&self) -> i64 {
        self.ports.clock.now()
    }

    fn random(&self) -> u64 {
        self.ports.random.next_u64()
    }

    fn record(&mut self, program: u64, part: u32, value: &Value, text: Option<Str>) {
        if let Some(trace) = &mut self.trace {
            trace.record(program, part, value, text);
        }
    }

    fn type_of(&self, handle: u32) -> Type {
        Part::of(handle).map_or_else(Type::object, |part| Type::plain(part.table()))
    }

    fn to_text(&self, _heap: &Heap, handle: u32) -> Result<Option<Str>, Throw> {
        Ok(match Part::of(handle) {
            Some(Part::Url) => Some(self.request.url.to_string().into()),
            Some(Part::OriginalUrl) => Some(self.request.original_url.to_string().into()),
            _ => None,
        })
    }

    /// The server has checked the certificate that the client came with, and no other.
    fn trusts(&self, certificate: &[u8]) -> bool {
        let own = self.request.certificate.as_ref();
        own.is_some_and(|own| own.is_trusted && own.der == certificate)
    }

    fn registry(&self) -> &'static Registry {
        super::registry()
    }

    fn elements(&mut self, heap: &mut Heap, handle: u32) -> Result<Vec<Value>, Throw> {
        let part = Part::of(handle).ok_or_else(Throw::null_reference)?;
        let pair = part.pair_type();
        let entries = entries(self, heap, part)?;
        Ok(entries
            .into_iter()
            .map(|(key, value)| {
                Value::object(Record::new(pair.clone(), [Value::String(key), value]))
            })
            .collect())
    }
}
