//! `System.Exception` and the exceptions that policies meet or throw.

use crate::member::{Call, TypeDef, TypeKind, member, pure};
use crate::str::Str;
use crate::throw::{Exception, Throw};
use crate::value::Value;

/// The exceptions but for `System.Exception` itself.
pub(crate) const DERIVED: &[&TypeDef] = &[
    &ARGUMENT,
    &ARGUMENT_NULL,
    &ARGUMENT_RANGE,
    &SYSTEM,
    &APPLICATION,
    &ARITHMETIC,
    &DIVIDE,
    &OVERFLOW,
    &FORMAT,
    &INDEX,
    &CAST,
    &OPERATION,
    &DISPOSED,
    &NOT_IMPLEMENTED,
    &NOT_SUPPORTED,
    &NULL,
    &TIMEOUT,
    &UNAUTHORIZED,
    &URI_FORMAT,
    &RANK,
    &ARRAY_TYPE,
    &TIME_ZONE,
    &CANCELED,
    &STACK,
    &MEMORY,
    &KEY,
    &CULTURE,
    &IO,
    &CRYPTO,
    &SOCKET,
    &ENCODER_FALLBACK,
    &DECODER_FALLBACK,
    &REGEX_TIMEOUT,
    &REGEX_PARSE,
    &XML,
    &WEB,
    &JSON,
    &JSON_READER,
    &JSON_WRITER,
    &JSON_SERIALIZATION,
];

/// `System.Exception`.
pub(crate) static EXCEPTION: TypeDef = TypeDef {
    name: "System.Exception",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: &[
        member("new()", |call| create(call, EXCEPTION.name)),
        member("new(string message)", |call| create(call, EXCEPTION.name)),
        member("new(string message, Exception innerException)", |call| {
            create(call, EXCEPTION.name)
        }),
        pure("string Message { get; }", |call| {
            let message = Str::from(this(call)?.message.as_str());
            call.copied_text(message)
        }),
        pure("Exception InnerException { get; }", |call| {
            let inner = this(call)?.inner.as_ref();
            kept(call, inner)?;
            Ok(inner.map_or(Value::Null, Throw::object))
        }),
        pure("string StackTrace { get; }", |call| {
            this(call).map(|_| Value::Null)
        }),
        pure("string HelpLink { get; }", |call| {
            this(call).map(|_| Value::Null)
        }),
        pure("string Source { get; }", |call| {
            this(call).map(|_| Value::Null)
        }),
        pure("int HResult { get; }", |call| {
            this(call).map(|_| Value::Int32(-2_146_233_088))
        }),
        pure("Exception GetBaseException()", |call| {
            let mut exception = this(call)?;
            let mut base = None;
            while let Some(inner) = &exception.inner {
                base = Some(inner);
                exception = inner.exception();
            }
            kept(call, base)?;
            Ok(base.map_or_else(|| call.arg(0).clone(), Throw::object))
        }),
    ],
};

/// The exception in the receiver.
fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Exception, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

/// Charges for the object that is made of an exception.
fn kept(call: &mut Call<'_, '_>, throw: Option<&Throw>) -> Result<(), Throw> {
    let length = throw.map_or(0, |throw| throw.exception().message.len());
    call.machine.heap.charge(length)
}

/// A new exception of message and inner exception, both optional.
fn create(call: &mut Call<'_, '_>, type_name: &'static str) -> Result<Value, Throw> {
    let message = match call.opt_str(0) {
        Some(message) => message.to_string(),
        None => default_message(type_name),
    };
    call.machine.heap.charge(message.len())?;
    let mut throw = Throw::new(type_name, message);
    if let Some(inner) = call.arg(1).downcast::<Exception>() {
        call.machine.heap.charge(inner.message.len())?;
        throw = throw.with_inner(Throw::of_object(call.arg(1)));
    }
    Ok(throw.object())
}

/// An `ArgumentException` and its kin: message and parameter name.
fn create_argument(
    call: &mut Call<'_, '_>,
    type_name: &'static str,
    message: Option<&Str>,
    parameter: Option<&Str>,
) -> Result<Value, Throw> {
    let message = message.map_or_else(|| default_message(type_name), Str::to_string);
    let message = match parameter.filter(|parameter| !parameter.is_empty()) {
        Some(parameter) => format!("{message} (Parameter '{parameter}')"),
        None => message,
    };
    call.machine.heap.charge(message.len())?;
    Ok(Throw::new(type_name, message).object())
}

fn default_message(type_name: &str) -> String {
    match type_name {
        "System.ArgumentException" => "Value does not fall within the expected range.",
        "System.ArgumentNullException" => "Value cannot be null.",
        "System.ArgumentOutOfRangeException" => {
            "Specified argument was out of the range of valid values."
        }
        "System.ArithmeticException" => "Overflow or underflow in the arithmetic operation.",
        "System.DivideByZeroException" => "Attempted to divide by zero.",
        "System.OverflowException" => "Arithmetic operation resulted in an overflow.",
        "System.FormatException" => "One of the identified items was in an invalid format.",
        "System.IndexOutOfRangeException" => "Index was outside the bounds of the array.",
        "System.InvalidCastException" => "Specified cast is not valid.",
        "System.InvalidOperationException" => {
            "Operation is not valid due to the current state of the object."
        }
        "System.NotImplementedException" => "The method or operation is not implemented.",
        "System.NotSupportedException" => "Specified method is not supported.",
        "System.NullReferenceException" => "Object reference not set to an instance of an object.",
        "System.TimeoutException" => "The operation has timed out.",
        "System.UnauthorizedAccessException" => "Attempted to perform an unauthorized operation.",
        "System.Collections.Generic.KeyNotFoundException" => {
            "The given key was not present in the dictionary."
        }
        "System.ApplicationException" => "Error in the application.",
        "System.SystemException" => "System error.",
        "System.OperationCanceledException" => "The operation was canceled.",
        "System.OutOfMemoryException" => {
            "Insufficient memory to continue the execution of the program."
        }
        "System.RankException" => {
            "Attempted to operate on an array with the incorrect number of dimensions."
        }
        "System.ArrayTypeMismatchException" => {
            "Attempted to access an element as a type incompatible with the array."
        }
        "System.IO.IOException" => "I/O error occurred.",
        "System.ObjectDisposedException" => "Cannot access a disposed object.",
        "System.Text.EncoderFallbackException" | "System.Text.DecoderFallbackException" => {
            "Value does not fall within the expected range."
        }
        _ => return format!("Exception of type '{type_name}' was thrown."),
    }
    .into()
}

/// The name between the quotes at the end of an argument exception's message.
fn parameter_name(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let message = &this(call)?.message;
    let name = message
        .rsplit_once("(Parameter '")
        .and_then(|(_, rest)| rest.split_once("')"))
        .map(|(name, _)| name);
    Ok(name.into())
}

/// A derived exception with the usual constructors.
macro_rules! exception {
    ($table:ident, $name:literal, $base:literal) => {
        static $table: TypeDef = TypeDef {
            name: $name,
            kind: TypeKind::Class,
            bases: &[$base],
            values: &[],
            members: &[
                member("new()", |call| create(call, $name)),
                member("new(string message)", |call| create(call, $name)),
                member("new(string message, Exception innerException)", |call| {
                    create(call, $name)
                }),
            ],
        };
    };
}

static ARGUMENT: TypeDef = TypeDef {
    name: "System.ArgumentException",
    kind: TypeKind::Class,
    bases: &["Exception"],
    values: &[],
    members: &[
        member("new()", |call| create(call, ARGUMENT.name)),
        member("new(string message)", |call| create(call, ARGUMENT.name)),
        member("new(string message, Exception innerException)", |call| {
            create(call, ARGUMENT.name)
        }),
        member("new(string message, string paramName)", |call| {
            create_argument(call, ARGUMENT.name, call.opt_str(0), call.opt_str(1))
        }),
        pure("string ParamName { get; }", parameter_name),
    ],
};
static ARGUMENT_NULL: TypeDef = TypeDef {
    name: "System.ArgumentNullException",
    kind: TypeKind::Class,
    bases: &["ArgumentException"],
    values: &[],
    members: &[
        member("new()", |call| create(call, ARGUMENT_NULL.name)),
        member("new(string paramName)", |call| {
            create_argument(call, ARGUMENT_NULL.name, None, call.opt_str(0))
        }),
        member("new(string paramName, string message)", |call| {
            create_argument(call, ARGUMENT_NULL.name, call.opt_str(1), call.opt_str(0))
        }),
        member("new(string message, Exception innerException)", |call| {
            create(call, ARGUMENT_NULL.name)
        }),
    ],
};
static ARGUMENT_RANGE: TypeDef = TypeDef {
    name: "System.ArgumentOutOfRangeException",
    kind: TypeKind::Class,
    bases: &["ArgumentException"],
    values: &[],
    members: &[
        member("new()", |call| create(call, ARGUMENT_RANGE.name)),
        member("new(string paramName)", |call| {
            create_argument(call, ARGUMENT_RANGE.name, None, call.opt_str(0))
        }),
        member("new(string paramName, string message)", |call| {
            create_argument(call, ARGUMENT_RANGE.name, call.opt_str(1), call.opt_str(0))
        }),
        member(
            "new(string paramName, object actualValue, string message)",
            |call| {
                let plain =
                    create_argument(call, ARGUMENT_RANGE.name, call.opt_str(2), call.opt_str(0))?;
                if call.arg(1).is_null() {
                    return Ok(plain);
                }
                let actual = call.to_text(1)?;
                let mut throw = Throw::of_object(&plain);
                let exception = throw.exception_mut();
                exception.object = Value::Null;
                exception
                    .message
                    .push_str(&format!("\nActual value was {actual}."));
                Ok(throw.object())
            },
        ),
        member("new(string message, Exception innerException)", |call| {
            create(call, ARGUMENT_RANGE.name)
        }),
    ],
};
exception!(SYSTEM, "System.SystemException", "Exception");
exception!(APPLICATION, "System.ApplicationException", "Exception");
exception!(ARITHMETIC, "System.ArithmeticException", "Exception");
exception!(
    DIVIDE,
    "System.DivideByZeroException",
    "ArithmeticException"
);
exception!(OVERFLOW, "System.OverflowException", "ArithmeticException");
exception!(FORMAT, "System.FormatException", "Exception");
exception!(INDEX, "System.IndexOutOfRangeException", "Exception");
exception!(CAST, "System.InvalidCastException", "Exception");
exception!(OPERATION, "System.InvalidOperationException", "Exception");
static DISPOSED: TypeDef = TypeDef {
    name: "System.ObjectDisposedException",
    kind: TypeKind::Class,
    bases: &["InvalidOperationException"],
    values: &[],
    members: &[
        member("new(string objectName)", |call| disposed(call, None, 0)),
        member("new(string objectName, string message)", |call| {
            disposed(call, call.opt_str(1), 0)
        }),
        member("new(string message, Exception innerException)", |call| {
            create(call, DISPOSED.name)
        }),
        pure("string ObjectName { get; }", |call| {
            let message = &this(call)?.message;
            let name = message.rsplit_once("Object name: '");
            Ok(name
                .map_or("", |(_, name)| name.trim_end_matches("'."))
                .into())
        }),
    ],
};

/// An `ObjectDisposedException` that names the object.
fn disposed(call: &Call<'_, '_>, message: Option<&Str>, name: usize) -> Result<Value, Throw> {
    let message = message.map_or_else(|| default_message(DISPOSED.name), Str::to_string);
    let message = match call.opt_str(name).filter(|name| !name.is_empty()) {
        Some(name) => format!("{message}\nObject name: '{name}'."),
        None => message,
    };
    Ok(Throw::new(DISPOSED.name, message).object())
}
exception!(
    NOT_IMPLEMENTED,
    "System.NotImplementedException",
    "Exception"
);
exception!(NOT_SUPPORTED, "System.NotSupportedException", "Exception");
exception!(NULL, "System.NullReferenceException", "Exception");
exception!(TIMEOUT, "System.TimeoutException", "Exception");
exception!(
    UNAUTHORIZED,
    "System.UnauthorizedAccessException",
    "Exception"
);
exception!(URI_FORMAT, "System.UriFormatException", "FormatException");
exception!(RANK, "System.RankException", "Exception");
exception!(ARRAY_TYPE, "System.ArrayTypeMismatchException", "Exception");
exception!(TIME_ZONE, "System.TimeZoneNotFoundException", "Exception");
exception!(CANCELED, "System.OperationCanceledException", "Exception");
exception!(
    STACK,
    "System.InsufficientExecutionStackException",
    "Exception"
);
exception!(MEMORY, "System.OutOfMemoryException", "Exception");
exception!(
    KEY,
    "System.Collections.Generic.KeyNotFoundException",
    "Exception"
);
exception!(
    CULTURE,
    "System.Globalization.CultureNotFoundException",
    "ArgumentException"
);
exception!(IO, "System.IO.IOException", "Exception");
exception!(
    CRYPTO,
    "System.Security.Cryptography.CryptographicException",
    "Exception"
);
exception!(SOCKET, "System.Net.Sockets.SocketException", "Exception");
exception!(
    ENCODER_FALLBACK,
    "System.Text.EncoderFallbackException",
    "ArgumentException"
);
exception!(
    DECODER_FALLBACK,
    "System.Text.DecoderFallbackException",
    "ArgumentException"
);
exception!(
    REGEX_TIMEOUT,
    "System.Text.RegularExpressions.RegexMatchTimeoutException",
    "TimeoutException"
);
exception!(
    REGEX_PARSE,
    "System.Text.RegularExpressions.RegexParseException",
    "ArgumentException"
);
static XML: TypeDef = TypeDef {
    name: "System.Xml.XmlException",
    kind: TypeKind::Class,
    bases: &["SystemException"],
    values: &[],
    members: &[
        member("new()", |call| create(call, XML.name)),
        member("new(string message)", |call| create(call, XML.name)),
        member("new(string message, Exception innerException)", |call| {
            create(call, XML.name)
        }),
        pure("int LineNumber { get; }", |call| {
            number_after(call, " Line ")
        }),
        pure("int LinePosition { get; }", |call| {
            number_after(call, ", position ")
        }),
    ],
};
exception!(WEB, "System.Net.WebException", "InvalidOperationException");
exception!(JSON, "Newtonsoft.Json.JsonException", "Exception");
/// An exception of Newtonsoft's that knows where in the text it was.
macro_rules! placed {
    ($table:ident, $name:literal $(, $more:expr)*) => {
        static $table: TypeDef = TypeDef {
            name: $name,
            kind: TypeKind::Class,
            bases: &["JsonException"],
            values: &[],
            members: &[
                member("new()", |call| create(call, $name)),
                member("new(string message)", |call| create(call, $name)),
                member("new(string message, Exception innerException)", |call| {
                    create(call, $name)
                }),
                pure("string Path { get; }", path),
                $($more,)*
            ],
        };
    };
}
placed!(
    JSON_READER,
    "Newtonsoft.Json.JsonReaderException",
    pure("int LineNumber { get; }", |call| number_after(
        call, ", line "
    )),
    pure("int LinePosition { get; }", |call| {
        number_after(call, ", position ")
    })
);
placed!(JSON_WRITER, "Newtonsoft.Json.JsonWriterException");
placed!(
    JSON_SERIALIZATION,
    "Newtonsoft.Json.JsonSerializationException",
    pure("int LineNumber { get; }", |call| number_after(
        call, ", line "
    )),
    pure("int LinePosition { get; }", |call| {
        number_after(call, ", position ")
    })
);

/// The number at the end of a message that says where: `… Path 'a[0]', line 1, position 8.`
fn number_after(call: &mut Call<'_, '_>, mark: &str) -> Result<Value, Throw> {
    let message = &this(call)?.message;
    let number = message.rsplit_once(mark).map_or("", |(_, rest)| rest);
    let end = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    Ok(Value::Int32(
        number.get(..end).unwrap_or("").parse().unwrap_or(0),
    ))
}

/// The path in such a message.
fn path(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let message = &this(call)?.message;
    let path = message.rsplit_once("Path '").map(|(_, rest)| rest);
    let path = path.and_then(|rest| match rest.rsplit_once("', line ") {
        Some((path, _)) => Some(path),
        None => rest.strip_suffix("'."),
    });
    Ok(path.into())
}
