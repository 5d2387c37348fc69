//! `System.FormattableString`: an interpolated string that is not text yet.

use crate::collections::Array;
use crate::formatting::compose;
use crate::member::{Call, TypeDef, TypeKind, member};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// `System.FormattableString`.
pub(crate) static FORMATTABLE_STRING: TypeDef = TypeDef {
    name: "System.FormattableString",
    kind: TypeKind::Class,
    bases: &["IFormattable"],
    values: &[],
    members: &[
        member("string Format { get; }", |call| {
            Ok(this(call)?.format.clone().into())
        }),
        member("int ArgumentCount { get; }", |call| {
            Ok(crate::args::int(this(call)?.arguments.len()))
        }),
        member("object GetArgument(int index)", |call| {
            let index = usize::try_from(call.int(1)?).ok();
            let argument = index.and_then(|index| this(call).ok()?.arguments.get(index));
            argument.cloned().ok_or_else(Throw::index_out_of_range)
        }),
        member("object[] GetArguments()", |call| {
            let arguments = this(call)?.arguments.to_vec();
            call.new_array(Array::new(Type::object(), arguments))
        }),
        member("string ToString()", text),
        member("string ToString(IFormatProvider formatProvider)", text),
        member(
            "static string Invariant(FormattableString formattable)",
            |call| {
                if call.arg(0).is_null() {
                    return Err(Throw::argument_null("formattable"));
                }
                text(call)
            },
        ),
        member(
            "static string CurrentCulture(FormattableString formattable)",
            text,
        ),
    ],
};

/// `FormattableStringFactory`, which the compiler calls.
pub(crate) static FACTORY: TypeDef = TypeDef {
    name: "System.Runtime.CompilerServices.FormattableStringFactory",
    kind: TypeKind::Static,
    bases: &[],
    values: &[],
    members: &[member(
        "static FormattableString Create(string format, params object[] arguments)",
        |call| {
            let format = call.text(0, "format")?.clone();
            let arguments = ops::collect(call.machine, call.arg(1))?;
            let size = size_of::<Formattable>() + arguments.len() * size_of::<Value>();
            call.machine.heap.charge(size)?;
            let arguments: Box<[Value]> = arguments.into();
            let made = Value::object(Formattable {
                format,
                arguments: arguments.clone(),
                depth: 0,
            });
            made.nested(&arguments)
        },
    )],
};

/// A composite format with what goes into it.
#[derive(Debug)]
pub(crate) struct Formattable {
    format: Str,
    arguments: Box<[Value]>,
    depth: u32,
}

impl Object for Formattable {
    fn type_of(&self) -> Type {
        Type::plain(&FORMATTABLE_STRING)
    }

    fn depth(&self) -> u32 {
        self.depth
    }

    fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
    }
}

fn this<'c>(call: &Call<'c, '_>) -> Result<&'c Formattable, Throw> {
    call.arg(0).downcast().ok_or_else(Throw::null_reference)
}

fn text(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let this = this(call)?;
    let culture = call.culture(1);
    let text = compose(call.machine, &this.format, &this.arguments, &culture)?;
    call.new_text(text)
}

/// `IFormattable.ToString(format, provider)` of one; `None` of anything else.
pub(crate) fn formatted(call: &mut Call<'_, '_>) -> Option<Result<Value, Throw>> {
    let this = call.arg(0).downcast::<Formattable>()?;
    let culture = call.culture(2);
    let text = compose(call.machine, &this.format, &this.arguments, &culture);
    Some(text.and_then(|text| call.new_text(text)))
}
