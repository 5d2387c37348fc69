//! The tokens of a text that was read as a whole, each made when it is first looked at.

use std::cell::OnceCell;
use std::sync::Arc;

use super::jobject::JOBJECT;
use super::kind::Kind;
use super::read::{Reads, strict_scalar, text_value};
use super::tape::{Item, Tape};
use super::token::{Node, Properties, Token};
use crate::heap::{Heap, HeapId, HeapObject};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// What a text was read to, and the tokens that were made of it.
///
/// Its tokens are its parts, numbered as the entries of the tape are, from 1 on. A token that is not made yet is what
/// the tape says; one that is made is a token like any other, and may be changed. Documents share a tape, never tokens.
#[derive(Debug)]
pub(crate) struct Document {
    tape: Arc<Tape>,
    /// Whether strings that look like dates are dates.
    dates: bool,
    tokens: OnceCell<Box<[OnceCell<Box<Chunk>>]>>,
}

/// Some tokens that stand next to each other.
type Chunk = [OnceCell<Token>; CHUNK];

const CHUNK: usize = 8;

/// Puts a document on the heap and gives the token at its top; `None` if `reads` wants another sort of token.
///
/// All tokens are paid for, so that making one later cannot fail.
pub(crate) fn alloc(
    heap: &mut Heap,
    tape: &Arc<Tape>,
    reads: Reads,
    dates: bool,
) -> Option<Result<HeapId, Throw>> {
    let fits = match reads {
        Reads::Token => true,
        Reads::Object => tape.item(0) == Some(Item::Object),
        Reads::Array => tape.item(0) == Some(Item::Array),
    };
    fits.then(|| {
        let each = size_of::<Token>() + 32 + 4 * size_of::<HeapId>();
        heap.charge(tape.len().saturating_mul(each) + tape.text().size())?;
        let whole = heap.alloc_id(Document {
            tape: tape.clone(),
            dates,
            tokens: OnceCell::new(),
        })?;
        Ok(whole.with_part(1))
    })
}

impl Document {
    /// The entry of a token.
    fn index(id: HeapId) -> Option<u32> {
        id.part().checked_sub(1)
    }

    fn cell(&self, index: u32) -> Option<&OnceCell<Token>> {
        let index = usize::try_from(index).ok()?;
        let chunks = self.tokens.get_or_init(|| {
            let chunks = self.tape.len().div_ceil(CHUNK);
            std::iter::repeat_with(OnceCell::new).take(chunks).collect()
        });
        let chunk = chunks.get(index / CHUNK)?.get_or_init(Box::default);
        chunk.get(index % CHUNK)
    }

    /// The token there, if it was made.
    fn made(&self, id: HeapId) -> Option<&Token> {
        let index = usize::try_from(Self::index(id)?).ok()?;
        let chunk = self.tokens.get()?.get(index / CHUNK)?.get()?;
        chunk.get(index % CHUNK)?.get()
    }

    /// The token there.
    fn token(&self, id: HeapId) -> Option<&Token> {
        let index = Self::index(id)?;
        let item = self.tape.item(index)?;
        Some(self.cell(index)?.get_or_init(|| self.make(id, index, item)))
    }

    fn make(&self, id: HeapId, index: u32, item: Item) -> Token {
        let at = |index: u32| id.with_part(index + 1);
        let children = self.tape.children(index);
        let node = match item {
            Item::Object => {
                let mut properties = Box::<Properties>::default();
                for property in children {
                    let name = self.tape.string(property).unwrap_or_default();
                    // Of two with one name the last stays, in the place of the first.
                    properties.insert(name, at(property));
                }
                Node::Object(properties)
            }
            Item::Array => Node::Array(children.map(at).collect()),
            Item::Property => {
                let name = self.tape.string(index).unwrap_or_default();
                Node::Property(name, Some(at(index + 1)))
            }
            Item::Scalar => {
                let (kind, value) = self.scalar(index);
                Node::Value(kind, value)
            }
        };
        let mut token = Token::new(node);
        token.parent = self.tape.parent(index).map(at);
        token
    }

    fn scalar(&self, index: u32) -> (Kind, Value) {
        let raw = self.tape.raw(index).unwrap_or_default();
        match raw.as_bytes().first() {
            Some(b'"') => {
                let text = self.tape.string(index).unwrap_or_default();
                text_value(text, self.dates)
            }
            // Most numbers are small integers.
            _ => match raw.parse() {
                Ok(integer) => (Kind::Integer, Value::Int64(integer)),
                Err(_) => strict_scalar(raw),
            },
        }
    }
}

/// Whether a document's token is there.
pub(crate) fn holds(heap: &Heap, id: HeapId) -> bool {
    heap.whole::<Document>(id).is_some()
}

/// The property of that name of an object that is not made yet.
pub(crate) fn property_of(heap: &Heap, object: HeapId, name: &Str) -> Option<Option<HeapId>> {
    let (document, index) = unmade(heap, object)?;
    let found = name
        .as_utf8()
        .and_then(|name| document.tape.property(index, name));
    Some(found.map(|property| object.with_part(property + 1)))
}

/// The value of a property that is not made yet.
pub(crate) fn value_of(heap: &Heap, property: HeapId) -> Option<HeapId> {
    let (document, index) = unmade(heap, property)?;
    (document.tape.item(index)? == Item::Property).then(|| property.with_part(index + 2))
}

/// What is in a scalar that is not made yet.
pub(crate) fn scalar(heap: &Heap, id: HeapId) -> Option<(Kind, Value)> {
    let (document, index) = unmade(heap, id)?;
    (document.tape.item(index)? == Item::Scalar).then(|| document.scalar(index))
}

fn unmade(heap: &Heap, id: HeapId) -> Option<(&Document, u32)> {
    let document = heap.whole::<Document>(id)?;
    match document.made(id) {
        Some(_) => None,
        None => Some((document, Document::index(id)?)),
    }
}

/// The document itself is nothing that an expression sees; its parts are.
impl HeapObject for Document {
    fn type_of(&self) -> Type {
        Type::plain(&JOBJECT)
    }

    fn part(&self, id: HeapId) -> Option<&dyn HeapObject> {
        self.token(id).map(|token| token as _)
    }

    fn part_mut(&mut self, id: HeapId) -> Option<&mut dyn HeapObject> {
        self.token(id)?;
        let index = usize::try_from(Self::index(id)?).ok()?;
        let chunk = self.tokens.get_mut()?.get_mut(index / CHUNK)?.get_mut()?;
        chunk
            .get_mut(index % CHUNK)?
            .get_mut()
            .map(|token| token as _)
    }
}
