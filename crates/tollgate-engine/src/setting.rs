//! A value of a policy: a literal, or an expression that gives one for each request.

use std::borrow::Cow;
use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use tollgate_dotnet::{Array, Machine, Primitive, Str, Throw, Type, Value, convert, ops};
use tollgate_expressions::Program;

use crate::exchange::{Exchange, Url, VariableName};
use crate::expression::Expression;
use crate::failure::Failure;
use crate::policy::Reads;

/// A value of a policy: read once from a literal, or made by an expression for each request.
#[derive(Debug, Clone)]
pub enum Setting<T> {
    /// What the document says.
    Literal(T),
    /// What an expression says.
    Program(Expression),
}

/// What a [`Setting`] can hold.
pub trait FromValue: Clone + Debug + Send + Sync + 'static {
    /// What messages call it: "an integer".
    const EXPECTED: &'static str;

    /// Reads it from a literal; `None` if it is none.
    fn from_literal(text: &str) -> Option<Self>;

    /// Takes it from an expression's result; `None` if that cannot be. By its text, as a literal is, unless said otherwise.
    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        let text = Str::from_value(value, machine)?;
        Self::from_literal(text.as_utf8()?)
    }

    /// Takes it from what a program gives when it runs; `None` if that cannot be.
    fn of_program(program: &Program, machine: &mut Machine<'_>) -> Result<Option<Self>, Throw> {
        let value = program.run(machine)?;
        Ok(Self::from_value(&value, machine))
    }

    /// Whether results of this static type can ever be taken: text, or what may turn out to be text, unless said otherwise.
    fn accepts(ty: &Type) -> bool {
        may_be(ty, Type::is_string)
    }
}

impl<T: FromValue> Setting<T> {
    /// The value for this request. Source: api-management-policy-expressions.md.
    pub fn get(&self, exchange: &mut Exchange) -> Result<Cow<'_, T>, Failure> {
        match self {
            Self::Literal(value) => Ok(Cow::Borrowed(value)),
            Self::Program(expression) => {
                let value = match exchange.context.trace {
                    None => expression.result(exchange, T::of_program)?,
                    Some(_) => {
                        let value = expression.evaluate(exchange)?;
                        T::from_value(&value, &mut exchange.machine())
                    }
                };
                value.map(Cow::Owned).ok_or_else(Failure::validation)
            }
        }
    }

    /// The value, if it is the same for every request.
    pub fn literal(&self) -> Option<&T> {
        match self {
            Self::Literal(value) => Some(value),
            Self::Program(_) => None,
        }
    }

    /// Which bodies it reads.
    pub fn reads(&self) -> Reads {
        match self {
            Self::Literal(_) => Reads::NONE,
            Self::Program(expression) => Reads::from_bits(expression.program.reads()),
        }
    }
}

/// A number, from a number or from text.
macro_rules! number {
    ($($type:ty: $expected:literal, $from:expr;)*) => { $(
        impl FromValue for $type {
            const EXPECTED: &'static str = $expected;

            fn from_literal(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn from_value(value: &Value, _: &mut Machine<'_>) -> Option<Self> {
                match value {
                    Value::String(text) => text.as_utf8()?.trim_ascii().parse().ok(),
                    number => $from(number),
                }
            }

            fn accepts(ty: &Type) -> bool {
                may_be(ty, |ty| ty.is_numeric() || ty.is_string())
            }
        }
    )* };
}

/// An integer out of any integral value.
fn integer<T: TryFrom<i128>>(value: &Value) -> Option<T> {
    T::try_from(value.as_integer()?).ok()
}

fn double(value: &Value) -> Option<f64> {
    match convert(value, Primitive::Double, false).ok()? {
        Value::Double(number) => Some(number),
        _ => None,
    }
}

number! {
    i32: "an integer", integer;
    u32: "a whole number", integer;
    u64: "a whole number", integer;
    f64: "a number", double;
}

/// Whether results of a static type may turn out to be what is wanted.
fn may_be(ty: &Type, wanted: impl Fn(&Type) -> bool) -> bool {
    match ty {
        Type::Nullable(inner) => wanted(inner),
        Type::Dynamic => true,
        Type::Null | Type::Void => false,
        // A class that is no string may have any run-time type below it; a token converts by its text.
        ty => ty.is_object() || wanted(ty) || (ty.is_reference() && !ty.is_string()),
    }
}

impl FromValue for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn from_literal(text: &str) -> Option<Self> {
        match text {
            _ if text.eq_ignore_ascii_case("true") => Some(true),
            _ if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    fn from_value(value: &Value, _: &mut Machine<'_>) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(*value),
            Value::String(text) => Self::from_literal(text.as_utf8()?.trim_ascii()),
            _ => None,
        }
    }

    fn of_program(program: &Program, machine: &mut Machine<'_>) -> Result<Option<Self>, Throw> {
        if let Some(truth) = program.test(machine)? {
            return Ok(Some(truth));
        }
        let value = program.run(machine)?;
        Ok(Self::from_value(&value, machine))
    }

    fn accepts(ty: &Type) -> bool {
        may_be(ty, |ty| ty.is_bool() || ty.is_string())
    }
}

impl FromValue for Str {
    const EXPECTED: &'static str = "text";

    fn from_literal(text: &str) -> Option<Self> {
        Some(text.into())
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => ops::to_text(machine, other).ok(),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Where `null` stands for nothing.
impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_literal(text: &str) -> Option<Self> {
        T::from_literal(text).map(Some)
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value, machine).map(Some),
        }
    }

    fn accepts(ty: &Type) -> bool {
        T::accepts(ty)
    }
}

/// Whatever an expression gives; a literal is a string.
impl FromValue for Value {
    const EXPECTED: &'static str = "a value";

    fn from_literal(text: &str) -> Option<Self> {
        Some(Value::string(text))
    }

    fn from_value(value: &Value, _: &mut Machine<'_>) -> Option<Self> {
        Some(value.clone())
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// A body: text, or bytes as they are.
impl FromValue for Bytes {
    const EXPECTED: &'static str = "text or bytes";

    fn from_literal(text: &str) -> Option<Self> {
        Some(Bytes::copy_from_slice(text.as_bytes()))
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        if let Some(bytes) = machine.heap.of::<Array>(value).and_then(Array::as_bytes) {
            return Some(Bytes::copy_from_slice(bytes));
        }
        let text = Str::from_value(value, machine)?;
        Some(Bytes::copy_from_slice(text.to_utf8().as_bytes()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// What is read from text, literal or not; and whether only text will do, or anything by its text.
macro_rules! from_text {
    ($($type:ty: $expected:literal, $accepts:expr, $read:expr;)*) => { $(
        impl FromValue for $type {
            const EXPECTED: &'static str = $expected;

            fn from_literal(text: &str) -> Option<Self> {
                $read(text)
            }

            fn accepts(ty: &Type) -> bool {
                $accepts(ty)
            }
        }
    )* };
}

from_text! {
    HeaderName: "the name of a header", Str::accepts, |text: &str| HeaderName::try_from(text).ok();
    HeaderValue: "a header's value: visible ASCII characters, spaces and tabs", Str::accepts, header_value;
    Method: "an HTTP method other than CONNECT", Str::accepts, method;
    Url: "an absolute http or https URL", |ty| may_be(ty, Type::is_string), |text: &str| Url::parse(text).ok();
    VariableName: "the name of a variable", Str::accepts, |text: &str| (!text.is_empty()).then(|| VariableName::new(text));
}

/// Not `CONNECT`, which asks for a tunnel to a host.
fn method(text: &str) -> Option<Method> {
    let method = Method::from_bytes(text.to_ascii_uppercase().as_bytes()).ok();
    method.filter(|method| method != Method::CONNECT)
}

/// Only what no server or client can take for more than one header: no CR, LF or other control, nothing beyond ASCII.
fn header_value(text: &str) -> Option<HeaderValue> {
    let safe = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    match text.bytes().all(safe) {
        true => HeaderValue::from_str(text).ok(),
        false => None,
    }
}

impl FromValue for StatusCode {
    const EXPECTED: &'static str = "a status code between 200 and 599";

    fn from_literal(text: &str) -> Option<Self> {
        status(text.parse().ok()?)
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        status(u32::from_value(value, machine)?)
    }

    fn accepts(ty: &Type) -> bool {
        u32::accepts(ty)
    }
}

fn status(code: u32) -> Option<StatusCode> {
    // An informational status is never the answer.
    let code = u16::try_from(code).ok();
    let code = code.filter(|code| (200..600).contains(code))?;
    StatusCode::from_u16(code).ok()
}

/// Seconds, whole or not.
impl FromValue for Duration {
    const EXPECTED: &'static str = "a number of seconds";

    fn from_literal(text: &str) -> Option<Self> {
        Duration::try_from_secs_f64(text.parse().ok()?).ok()
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        Duration::try_from_secs_f64(f64::from_value(value, machine)?).ok()
    }

    fn accepts(ty: &Type) -> bool {
        f64::accepts(ty)
    }
}
