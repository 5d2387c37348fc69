//! Mutable objects of one exchange.

use std::any::Any;
use std::cell::Cell;
use std::fmt;

use crate::machine::Machine;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// The place of an object in its [`Heap`]: an object of its own, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HeapId {
    object: u32,
    /// 0 is the object itself.
    part: u32,
}

impl HeapId {
    /// The place of a part of the object there.
    pub(crate) fn with_part(self, part: u32) -> Self {
        Self { part, ..self }
    }

    /// Which part of an object it is; 0 is the object itself.
    pub(crate) fn part(self) -> u32 {
        self.part
    }
}

/// The mutable objects of one exchange: C#'s reference semantics without locks or reference counts.
///
/// Nothing is freed before the heap is; the allocation limit bounds it.
#[derive(Debug)]
pub struct Heap {
    objects: Vec<Option<Box<dyn HeapObject>>>,
    bytes: usize,
    limit: usize,
    longest: usize,
    /// What was done with objects since that was last asked for, in bytes that could have been copied instead.
    spent: Cell<usize>,
    /// How many of the bytes have been told of by [`effort`](Self::effort).
    told: usize,
    /// How much may be done before that is asked for.
    allowed: usize,
}

/// What looking an object up costs, in bytes that could have been copied instead.
const LOOKUP: usize = 128;

/// What making an object costs, in the same.
const OBJECT: usize = 2048;

/// A mutable .NET object.
pub trait HeapObject: Any + fmt::Debug + Send {
    /// Its run-time type.
    fn type_of(&self) -> Type;
    /// What `ToString()` gives; `None` stands for the type's name.
    fn to_text(&self, _heap: &Heap) -> Result<Option<Str>, Throw> {
        Ok(None)
    }
    /// An iterator over it, if it is an `IEnumerable`. `this` is the object's own place.
    fn iterate(&self, _this: HeapId) -> Option<Box<dyn Iterate>> {
        None
    }
    /// What virtual `Equals` gives; `None` stands for reference equality.
    fn equals(&self, _heap: &Heap, _other: &Value) -> Option<bool> {
        None
    }
    /// What `CompareTo` gives; `None` stands for a type without order, or another's value.
    fn compare(&self, _heap: &Heap, _other: &Value) -> Option<std::cmp::Ordering> {
        None
    }
    /// What virtual `GetHashCode` gives; `None` stands for one by reference.
    fn hash_code(&self, _heap: &Heap) -> Option<i32> {
        None
    }
    /// The part that has this place: an object to everybody else, which may be made only when it is asked for.
    fn part(&self, _id: HeapId) -> Option<&dyn HeapObject> {
        None
    }
    /// As [`part`](Self::part), to be changed.
    fn part_mut(&mut self, _id: HeapId) -> Option<&mut dyn HeapObject> {
        None
    }
}

/// A running enumeration, as `IEnumerator` is.
pub trait Iterate: Send {
    /// The next element, or `None` at the end.
    fn next(&mut self, machine: &mut Machine<'_>) -> Result<Option<Value>, Throw>;

    /// Ends it early, as `Dispose` does: an iterator runs the `finally` blocks that it stands in.
    fn close(&mut self, _machine: &mut Machine<'_>) -> Result<(), Throw> {
        Ok(())
    }
}

impl Default for Heap {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

impl Heap {
    /// 64 MiB, unless the builder says otherwise.
    pub const DEFAULT_LIMIT: usize = 64 << 20;

    /// 512 Ki elements, unless the builder says otherwise.
    pub const DEFAULT_LONGEST: usize = 512 << 10;

    /// An empty heap that holds at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            objects: Vec::new(),
            bytes: 0,
            limit,
            longest: Self::DEFAULT_LONGEST,
            spent: Cell::new(0),
            told: 0,
            allowed: usize::MAX,
        }
    }

    /// The same heap with collections of at most so many elements.
    #[must_use]
    pub fn with_longest(mut self, longest: usize) -> Self {
        self.longest = longest;
        self
    }

    /// Takes the object in, and gives the value that refers to it.
    pub fn alloc<T: HeapObject>(&mut self, object: T) -> Result<Value, Throw> {
        self.alloc_id(object).map(Value::Ref)
    }

    /// As [`alloc`](Self::alloc), giving the place itself.
    pub fn alloc_id<T: HeapObject>(&mut self, object: T) -> Result<HeapId, Throw> {
        self.charge(size_of::<T>() + 64)?;
        self.spend(OBJECT);
        if self.spent.get() > self.allowed {
            return Err(Throw::steps());
        }
        let object_id = u32::try_from(self.objects.len())
            .map_err(|_| Throw::limit("it made too many objects"))?;
        self.objects.push(Some(Box::new(object)));
        Ok(HeapId {
            object: object_id,
            part: 0,
        })
    }

    /// Counts `bytes` that an object grew by, or a string took; fails when the limit is passed.
    pub fn charge(&mut self, bytes: usize) -> Result<(), Throw> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limit {
            return Err(Throw::limit("it used more memory than is allowed"));
        }
        Ok(())
    }

    /// Counts the elements by which a collection grows to that length; fails when it gets too long, or the limit of
    /// bytes is passed.
    pub fn grow(&mut self, length: usize, by: usize) -> Result<(), Throw> {
        self.room(length)?;
        self.charge(by.saturating_mul(size_of::<Value>()))
    }

    /// Fails if a collection of that many elements would be too long.
    pub fn room(&self, length: usize) -> Result<(), Throw> {
        match length > self.longest {
            true => Err(Throw::limit("it made a collection longer than is allowed")),
            false => Ok(()),
        }
    }

    /// Allows so much to be done until [`effort`](Self::effort) is called; no objects are made beyond it.
    #[inline]
    pub(crate) fn allow(&mut self, bytes: usize) {
        self.allowed = bytes;
    }

    /// What was done here since this was last called, in bytes that could have been copied instead.
    #[inline]
    pub(crate) fn effort(&mut self) -> usize {
        let made = self.bytes - self.told; // `bytes` only grows
        self.told = self.bytes;
        (self.spent.take()).saturating_add(made.saturating_mul(2))
    }

    /// Counts work on an object, in bytes that could have been copied instead.
    #[inline]
    pub fn spend(&self, bytes: usize) {
        self.spent.set(self.spent.get().saturating_add(bytes));
    }

    /// Does something that is not to be charged for.
    pub(crate) fn free_of_charge<T>(&self, action: impl FnOnce() -> T) -> T {
        let spent = self.spent.get();
        let result = action();
        self.spent.set(spent);
        result
    }

    /// The object there, if it is a `T`.
    pub fn get<T: HeapObject>(&self, id: HeapId) -> Option<&T> {
        (self.object(id)? as &dyn Any).downcast_ref()
    }

    /// The object there, if it is a `T`, to be changed.
    pub fn get_mut<T: HeapObject>(&mut self, id: HeapId) -> Option<&mut T> {
        self.spend(LOOKUP);
        let object = self
            .objects
            .get_mut(usize::try_from(id.object).ok()?)?
            .as_deref_mut()?;
        let object = match id.part {
            0 => object,
            _ => object.part_mut(id)?,
        };
        (object as &mut dyn Any).downcast_mut()
    }

    /// The object that this is a part of, if it is one of a `T`.
    pub(crate) fn whole<T: HeapObject>(&self, id: HeapId) -> Option<&T> {
        match id.part {
            0 => None,
            _ => self.get(id.with_part(0)),
        }
    }

    /// The object that a value refers to, if it is a `T`.
    pub fn of<T: HeapObject>(&self, value: &Value) -> Option<&T> {
        match value {
            Value::Ref(id) => self.get(*id),
            _ => None,
        }
    }

    /// The object that a value refers to, if it is a `T`, to be changed.
    pub fn of_mut<T: HeapObject>(&mut self, value: &Value) -> Option<&mut T> {
        match value {
            Value::Ref(id) => self.get_mut(*id),
            _ => None,
        }
    }

    /// The object there, whatever it is.
    pub fn object(&self, id: HeapId) -> Option<&dyn HeapObject> {
        self.spend(LOOKUP);
        let object = self
            .objects
            .get(usize::try_from(id.object).ok()?)?
            .as_deref()?;
        match id.part {
            0 => Some(object),
            _ => object.part(id),
        }
    }

    /// How many bytes were counted so far.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets everything, keeping the room.
    pub fn clear(&mut self) {
        self.objects.clear();
        self.bytes = 0;
        self.told = 0;
    }
}
