//! Reading in place: members that can tell what they give without making a value of it.
//!
//! A chain of calls such as `headers.GetValueOrDefault("Authorization", "").Split(' ')[0].StartsWith("Bearer")` reads
//! what is there already. Each of its members lends what it finds to the next, and nothing is copied or allocated.
//! A member that cannot (the value must be computed, or an exception is due) lends nothing; the chain is then called
//! as any other.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::json::Tape;
use crate::machine::Machine;
use crate::member::Prepared;
use crate::str::Str;
use crate::types::Type;
use crate::value::{Object, Value};

/// What a member lends: exactly what a call of it would give.
#[derive(Debug, Clone, Copy)]
pub enum Lent<'a> {
    /// A value where it lies.
    Value(&'a Value),
    /// A string where it lies.
    Str(&'a Str),
    /// A string by its bytes: those below 128 are ASCII, the others UTF-8 or, as in headers, Latin-1.
    Text(&'a [u8]),
    /// An array of strings: the pieces of such a text between an ASCII character, or all of the text as the only one.
    Pieces(&'a [u8], Option<u8>),
    /// An immutable object.
    Object(&'a dyn Object),
    /// A token of JSON that nobody can change, by its place on the tape.
    Token(&'a Tape, u32),
    /// A `bool`.
    Bool(bool),
    /// An `int`.
    Int(i32),
}

/// A call of a lending member.
pub struct Loan<'a, 'l> {
    /// Heap and host.
    pub machine: &'a Machine<'a>,
    /// Argument 0: what the member before lends.
    pub first: &'l Lent<'a>,
    /// What load time knows of the call.
    pub terms: &'a Terms,
}

impl fmt::Debug for Loan<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan")
            .field("first", self.first)
            .field("terms", self.terms)
            .finish_non_exhaustive()
    }
}

/// What load time knows of a call of a lending member.
#[derive(Debug, Clone)]
pub struct Terms {
    /// All arguments. Those from 1 on are constants; argument 0 is `Null` unless it is one too.
    pub arguments: Box<[Value]>,
    /// Generic arguments of the call.
    pub types: Arc<[Type]>,
    /// What load time prepared.
    pub prepared: Option<Prepared>,
}

/// The longest text or JSON that is searched in place, in bytes: what is read in place is paid for when it is done.
pub const LONGEST_LENT: usize = 4096;

/// Up to how many bytes reading a text is nothing beside the call.
const SHORT: usize = 256;

/// How many pieces are skipped in place, to get to a later one.
const PIECES: usize = 32;

/// The code of a lending member.
pub type Lend = for<'a> fn(&Loan<'a, '_>) -> Option<Lent<'a>>;

impl<'a> Loan<'a, '_> {
    /// Argument `index`, from 1 on; `Null` beyond the end.
    pub fn arg(&self, index: usize) -> &'a Value {
        const NULL: &Value = &Value::Null;
        self.terms.arguments.get(index).unwrap_or(NULL)
    }

    /// The bytes of argument 0, a string that is not too long to be read in place.
    pub fn text(&self) -> Option<&'a [u8]> {
        let text = self.first.text()?;
        if text.len() > SHORT {
            (text.len() <= LONGEST_LENT).then_some(())?;
            self.machine.heap.spend(text.len());
        }
        Some(text)
    }

    /// What load time prepared, as the type it has.
    pub fn prepared<T: 'static>(&self) -> Option<&'a T> {
        self.terms.prepared.as_ref()?.downcast_ref()
    }

    /// The last generic argument of the call: that of the method, if it has one.
    pub fn ty(&self) -> Option<&'a Type> {
        self.terms.types.last()
    }

    /// The host as the type it is.
    pub fn host<T: Any>(&self) -> Option<&'a T> {
        (&*self.machine.host as &dyn Any).downcast_ref()
    }
}

// By reference: to move what was just put somewhere takes longer than to look at it there.
impl<'a> Lent<'a> {
    /// `null`.
    pub const NULL: Lent<'static> = Lent::Value(&Value::Null);

    /// Whether it is `null`.
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self, Lent::Value(Value::Null))
    }

    /// The bytes of a string.
    #[inline]
    pub fn text(&self) -> Option<&'a [u8]> {
        match *self {
            Lent::Text(bytes) => Some(bytes),
            Lent::Value(Value::String(text)) | Lent::Str(text) => text.as_utf8().map(str::as_bytes),
            _ => None,
        }
    }

    /// A string that is one object.
    #[inline]
    fn string(&self) -> Option<&'a Str> {
        match *self {
            Lent::Value(Value::String(text)) | Lent::Str(text) => Some(text),
            _ => None,
        }
    }

    /// A `bool`.
    #[inline]
    pub fn truth(&self) -> Option<bool> {
        match *self {
            Lent::Bool(truth) | Lent::Value(&Value::Bool(truth)) => Some(truth),
            _ => None,
        }
    }

    /// An immutable object, if it is a `T`.
    #[inline]
    pub fn object<T: Object>(&self) -> Option<&'a T> {
        match *self {
            Lent::Value(value) => value.downcast(),
            Lent::Object(object) => (object as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// A string of an array.
    pub fn element(&self, index: usize) -> Option<Lent<'a>> {
        let (mut text, separator) = self.pieces()?;
        if index > PIECES {
            return None;
        }
        for _ in 0..index {
            let place = memchr::memchr(separator?, text)?;
            text = text.get(place + 1..)?;
        }
        let end = separator.and_then(|separator| memchr::memchr(separator, text));
        text.get(..end.unwrap_or(text.len())).map(Lent::Text)
    }

    /// The last string of an array.
    pub fn last_element(&self) -> Option<Lent<'a>> {
        let (text, separator) = self.pieces()?;
        let place = separator.and_then(|separator| memchr::memrchr(separator, text));
        text.get(place.map_or(0, |place| place + 1)..)
            .map(Lent::Text)
    }

    /// How many strings an array has.
    pub fn length(&self) -> Option<i32> {
        let (text, separator) = self.pieces()?;
        let separators =
            separator.map_or(0, |separator| memchr::memchr_iter(separator, text).count());
        i32::try_from(separators + 1).ok()
    }

    #[inline]
    fn pieces(&self) -> Option<(&'a [u8], Option<u8>)> {
        match *self {
            Lent::Pieces(text, separator) => Some((text, separator)),
            _ => None,
        }
    }

    /// Whether two strings, or `null`s, are equal by ordinal value; `None` also of two long ones.
    pub fn same_text(&self, other: &Lent<'_>) -> Option<bool> {
        if let (Some(a), Some(b)) = (self.string(), other.string()) {
            return (a.size().min(b.size()) <= LONGEST_LENT).then(|| a == b);
        }
        if let (Lent::Text(text), known) | (known, Lent::Text(text)) = (*self, *other)
            && let Some(ascii) = known.string().and_then(Str::as_ascii)
        {
            return (ascii.len() <= LONGEST_LENT).then(|| text == ascii);
        }
        if self.is_null() || other.is_null() {
            return (self.is_null() || self.text().is_some())
                .then_some(self.is_null() && other.is_null());
        }
        let (a, b) = (self.text()?, other.text()?);
        // One text may be Latin-1 and the other UTF-8, but not if either is ASCII.
        (a.len().min(b.len()) <= LONGEST_LENT && (b.is_ascii() || a.is_ascii())).then(|| a == b)
    }

    /// The value; `None` where one would have to be made of more than a string.
    pub fn to_value(&self) -> Option<Value> {
        Some(match *self {
            Lent::Value(value) => value.clone(),
            Lent::Str(text) => Value::String(text.clone()),
            Lent::Bool(truth) => Value::Bool(truth),
            Lent::Int(number) => Value::Int32(number),
            Lent::Text(bytes) if bytes.is_ascii() => {
                Value::string(std::str::from_utf8(bytes).ok()?)
            }
            Lent::Text(_) | Lent::Pieces(..) | Lent::Object(_) | Lent::Token(..) => return None,
        })
    }
}
