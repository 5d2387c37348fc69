//! .NET exceptions as Rust errors.

use std::fmt;
use std::sync::Arc;

use crate::registry::Registry;
use crate::str::Str;
use crate::types::Type;
use crate::value::{Object, Value};

/// A thrown .NET exception on its way up; what natives and programs return as their error.
///
/// One pointer wide, so that `Result<Value, Throw>` stays small on the path where nothing goes wrong.
#[derive(Debug, Clone)]
pub struct Throw(Arc<Exception>);

/// What a thrown exception carries.
#[derive(Debug, Clone)]
pub struct Exception {
    /// The full .NET name of its type, such as `System.FormatException`.
    pub type_name: &'static str,
    /// What `Exception.Message` says.
    pub message: String,
    /// The `InnerException`, if any.
    pub inner: Option<Throw>,
    /// Where in the C# text it was thrown, as byte offsets; set by the evaluator.
    pub range: Option<(u32, u32)>,
    /// True when a limit of the evaluation ran out: no `catch` in a policy may stop it.
    pub fatal: bool,
    /// The exception object a policy created with `new`, so that `catch` sees the same one.
    pub object: Value,
    /// How deep exceptions are nested in it.
    pub depth: u32,
}

macro_rules! exceptions {
    ($($(#[$doc:meta])* $name:ident = $type_name:literal;)*) => {
        impl Throw { $($(#[$doc])* pub fn $name(message: impl Into<String>) -> Self { Self::new($type_name, message) })* }
    };
}

exceptions! {
    /// `ArgumentException`.
    argument = "System.ArgumentException";
    /// `ArgumentOutOfRangeException`.
    argument_out_of_range = "System.ArgumentOutOfRangeException";
    /// `ArithmeticException`.
    arithmetic = "System.ArithmeticException";
    /// `FormatException`.
    format = "System.FormatException";
    /// `IndexOutOfRangeException` is `index_out_of_range`; this one is for casts.
    invalid_cast = "System.InvalidCastException";
    /// `InvalidOperationException`.
    invalid_operation = "System.InvalidOperationException";
    /// `KeyNotFoundException`.
    key_not_found = "System.Collections.Generic.KeyNotFoundException";
    /// `NotSupportedException`.
    not_supported = "System.NotSupportedException";
    /// `OverflowException`.
    overflow = "System.OverflowException";
    /// Newtonsoft's `JsonReaderException`.
    json_reader = "Newtonsoft.Json.JsonReaderException";
}

impl Throw {
    /// An exception of the given full .NET type name.
    pub fn new(type_name: &'static str, message: impl Into<String>) -> Self {
        Self(Arc::new(Exception {
            type_name,
            message: message.into(),
            inner: None,
            range: None,
            fatal: false,
            object: Value::Null,
            depth: 0,
        }))
    }

    /// `NullReferenceException` with .NET's message.
    pub fn null_reference() -> Self {
        Self::new(
            "System.NullReferenceException",
            "Object reference not set to an instance of an object.",
        )
    }

    /// `ArgumentNullException` with .NET's message.
    pub fn argument_null(parameter: &str) -> Self {
        Self::new(
            "System.ArgumentNullException",
            format!("Value cannot be null. (Parameter '{parameter}')"),
        )
    }

    /// `IndexOutOfRangeException` with .NET's message.
    pub fn index_out_of_range() -> Self {
        Self::new(
            "System.IndexOutOfRangeException",
            "Index was outside the bounds of the array.",
        )
    }

    /// `DivideByZeroException` with .NET's message.
    pub fn divide_by_zero() -> Self {
        Self::new(
            "System.DivideByZeroException",
            "Attempted to divide by zero.",
        )
    }

    /// A limit of the evaluation ran out. Cannot be caught by a policy's `catch`.
    pub fn limit(what: &str) -> Self {
        let mut throw = Self::new(
            "System.InvalidOperationException",
            format!("The expression was stopped: {what}."),
        );
        throw.exception_mut().fatal = true;
        throw
    }

    /// The limit of steps ran out.
    pub(crate) fn steps() -> Self {
        Self::limit("it took more steps than are allowed")
    }

    /// Throws an exception object; `NullReferenceException` for null.
    pub fn of_object(object: &Value) -> Self {
        let Some(exception) = object.downcast::<Exception>() else {
            return Self::null_reference();
        };
        let mut throw = Self(Arc::new(exception.clone()));
        throw.exception_mut().object = object.clone();
        throw
    }

    /// The exception object that a `catch` gets: the one that was thrown, or one made now.
    pub fn object(&self) -> Value {
        match &self.0.object {
            Value::Null => Value::object(Exception::clone(&self.0)),
            object => object.clone(),
        }
    }

    /// The exception's data.
    pub fn exception(&self) -> &Exception {
        &self.0
    }

    /// The exception's data, to be changed.
    pub fn exception_mut(&mut self) -> &mut Exception {
        Arc::make_mut(&mut self.0)
    }

    /// The same exception with an inner one.
    #[must_use]
    pub fn with_inner(mut self, inner: Throw) -> Self {
        self.exception_mut().inner = Some(inner);
        self
    }

    /// Says where it was thrown, unless that is known already.
    #[must_use]
    pub fn at(mut self, start: u32, end: u32) -> Self {
        if self.0.range.is_none() {
            self.exception_mut().range = Some((start, end));
        }
        self
    }
}

impl Object for Exception {
    fn type_of(&self) -> Type {
        Registry::dotnet()
            .find(self.type_name, 0)
            .map_or_else(Type::exception, |table| Type::plain(table.0))
    }

    fn effort(&self) -> usize {
        self.message.len()
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
    }

    fn to_text(&self) -> Option<Str> {
        Some(format!("{}: {}", self.type_name, self.message).into())
    }
}

impl fmt::Display for Throw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.type_name, self.0.message)
    }
}

impl std::error::Error for Throw {}
