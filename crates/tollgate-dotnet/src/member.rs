//! Member tables: C#'s own signature on the left, a function on the right.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::collections::Array;
use crate::lend::Lend;
use crate::machine::Machine;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// One .NET type: its name, what it derives from, and its members.
#[derive(Debug)]
pub struct TypeDef {
    /// The full name in C#'s notation with its type parameters: `System.String`, `System.Collections.Generic.List<T>`.
    pub name: &'static str,
    /// What sort of type it is.
    pub kind: TypeKind,
    /// Base class and interfaces in C#'s notation: `IList<T>`. Every type derives from `object` without saying so.
    pub bases: &'static [&'static str],
    /// For an `enum`: its members.
    pub values: &'static [(&'static str, i64)],
    /// The members, overloads in .NET's order.
    pub members: &'static [Member],
}

/// What sort of type a [`TypeDef`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeKind {
    /// A reference type.
    Class,
    /// A value type.
    Struct,
    /// An interface.
    Interface,
    /// An enumeration.
    Enum,
    /// A class with static members only.
    Static,
    /// A delegate; its one member is `Invoke`.
    Delegate,
}

/// The code of a member.
pub type Native = fn(&mut Call<'_, '_>) -> Result<Value, Throw>;

/// What load time made of constant arguments.
pub type Prepared = Arc<dyn Any + Send + Sync>;

/// Makes something of the arguments that are known at load time (a header name, a compiled regex, a hash),
/// so that no request has to. An error is a load-time diagnostic's message.
pub type Prepare = fn(&[Option<Value>]) -> Result<Option<Prepared>, String>;

/// One member of a type.
///
/// The signature is written as C# has it:
/// `int Length { get; }` · `T this[int index] { get; }` · `T this[int index] { set; }` · `new(string text, int count = 0)` ·
/// `static bool IsNullOrEmpty(string value)` · `bool TryGetValue(TKey key, out TValue value)` · `string Concat(params object[] values)` ·
/// `static IEnumerable<R> Select<T, R>(this IEnumerable<T> source, Func<T, R> selector)` ·
/// `static DateTime operator +(DateTime left, TimeSpan right)` · `static implicit operator JToken(string value)` ·
/// `static explicit operator int(JToken value)`.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// C#'s own signature.
    pub signature: &'static str,
    /// Its code.
    pub native: Native,
    /// What can be done at load time.
    pub prepare: Option<Prepare>,
    /// Whether equal arguments give equal results with no effect, so that a call on constants folds.
    pub pure: bool,
    /// What the call reads of the host, as bits the host defines (1 request body, 2 response body, 4 bodies in variables).
    pub reads: u32,
    /// Reads in place what a call would give, if the member can.
    pub lend: Option<Lend>,
    /// Whether what it lends is for the next member of a chain only: no value can be made of it.
    pub link: bool,
    /// Whether its time does not grow with the strings it is given, which are then not charged for.
    pub quick: bool,
}

/// A member without extras.
pub const fn member(signature: &'static str, native: Native) -> Member {
    Member {
        signature,
        native,
        prepare: None,
        pure: false,
        reads: 0,
        lend: None,
        link: false,
        quick: false,
    }
}

/// A member whose call on constants folds.
pub const fn pure(signature: &'static str, native: Native) -> Member {
    Member {
        signature,
        native,
        prepare: None,
        pure: true,
        reads: 0,
        lend: None,
        link: false,
        quick: false,
    }
}

impl Member {
    /// The same member with a load-time step.
    #[must_use]
    pub const fn preparing(mut self, prepare: Prepare) -> Self {
        self.prepare = Some(prepare);
        self
    }

    /// The same member, said to take no longer for long strings, or to charge for what it does with them.
    #[must_use]
    pub const fn quick(mut self) -> Self {
        self.quick = true;
        self
    }

    /// The same member, which can be read in place.
    #[must_use]
    pub const fn lending(mut self, lend: Lend) -> Self {
        self.lend = Some(lend);
        self
    }

    /// The same member, which lends to the next one of a chain what is no value by itself.
    #[must_use]
    pub const fn linking(mut self, lend: Lend) -> Self {
        self.lend = Some(lend);
        self.link = true;
        self
    }

    /// The same member, said to read parts of the host.
    #[must_use]
    pub const fn reading(mut self, bits: u32) -> Self {
        self.reads |= bits;
        self
    }
}

/// A call of a native. `arguments` holds the receiver first (for instance and extension members), then one value per
/// parameter: optional ones filled in, `params` gathered into an array, `out` ones `Null`.
pub struct Call<'c, 'm> {
    /// Heap, host, budget.
    pub machine: &'c mut Machine<'m>,
    /// Receiver and arguments.
    pub arguments: &'c [Value],
    /// Generic arguments of the call: those of the receiver's type first, then the method's.
    pub types: &'c [Type],
    /// What load time prepared.
    pub prepared: Option<&'c Prepared>,
    /// Values of `out` parameters, in their order.
    pub outs: SmallVec<[Value; 1]>,
}

impl fmt::Debug for Call<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("arguments", &self.arguments)
            .field("types", &self.types)
            .finish_non_exhaustive()
    }
}

impl<'c> Call<'c, '_> {
    /// Runs the member's code. What every member may do is charged for here: to look at each byte of its strings and each
    /// element of its arrays, to look objects of the heap up, and to make new ones. Those that do more than that for a byte, or for each element
    /// of a collection, charge for it themselves.
    pub fn run(&mut self, member: &Member) -> Result<Value, Throw> {
        if !member.quick {
            let effort = |argument: &Value| match argument {
                Value::String(text) => text.size(),
                Value::Object(object) => object.effort(),
                _ => 0,
            };
            let efforts = self.arguments.iter().map(effort);
            let effort = efforts.fold(0, usize::saturating_add);
            self.machine.step(1)?;
            self.machine.pass(effort)?;
            for (index, argument) in self.arguments.iter().enumerate() {
                self.array_work(index, argument)?;
            }
        }
        let allowed = self.machine.passing();
        self.machine.heap.allow(allowed);
        let result = (member.native)(self);
        if let (false, Ok(Value::String(text))) = (member.quick, &result) {
            self.machine.pass(text.size())?;
        }
        self.machine.settle()?;
        result
    }

    /// Charges for taking the elements out of an argument that is an array. Argument 0 may be the receiver, which is
    /// often asked for one of them.
    fn array_work(&mut self, index: usize, argument: &Value) -> Result<(), Throw> {
        let Some(array) = self.machine.heap.of::<Array>(argument) else {
            return Ok(());
        };
        let each = match (array.as_bytes(), index) {
            (Some(_), _) => 8,
            (None, 0) => 0,
            (None, _) => 256,
        };
        let bytes = array.len().saturating_mul(each);
        self.machine.pass(bytes)
    }

    /// Argument `index`; `Null` beyond the end.
    pub fn arg(&self, index: usize) -> &'c Value {
        const NULL: &Value = &Value::Null;
        self.arguments.get(index).unwrap_or(NULL)
    }

    /// Argument `index` as a string: `NullReferenceException` for a null receiver (0), `ArgumentNullException` otherwise.
    pub fn str(&self, index: usize) -> Result<&'c Str, Throw> {
        match self.arg(index) {
            Value::String(text) => Ok(text),
            Value::Null if index == 0 => Err(Throw::null_reference()),
            Value::Null => Err(Throw::argument_null("value")),
            other => Err(Throw::invalid_cast(format!("{other:?} is not a string."))),
        }
    }

    /// Argument `index` as an `int`.
    pub fn int(&self, index: usize) -> Result<i32, Throw> {
        match *self.arg(index) {
            Value::Int32(number) => Ok(number),
            Value::Null if index == 0 => Err(Throw::null_reference()),
            ref other => other
                .as_integer()
                .and_then(|number| i32::try_from(number).ok())
                .ok_or_else(|| Throw::invalid_cast("Specified cast is not valid.")),
        }
    }

    /// Argument `index` as a `bool`.
    pub fn bool(&self, index: usize) -> Result<bool, Throw> {
        match *self.arg(index) {
            Value::Bool(value) => Ok(value),
            Value::Null => Err(Throw::null_reference()),
            _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
        }
    }

    /// Argument `index` as a `char`.
    pub fn char(&self, index: usize) -> Result<u16, Throw> {
        match *self.arg(index) {
            Value::Char(unit) => Ok(unit),
            Value::Null => Err(Throw::null_reference()),
            _ => Err(Throw::invalid_cast("Specified cast is not valid.")),
        }
    }

    /// What load time prepared, as the type it has.
    pub fn prepared<T: 'static>(&self) -> Option<&T> {
        self.prepared?.downcast_ref()
    }
}
