//! Comparing strings, and the types that say how.

use std::cmp::Ordering;

use crate::args;
use crate::collation;
use crate::machine::Machine;
use crate::member::{Call, Member, TypeDef, TypeKind, pure};
use crate::ops;
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::{Object, Value};

/// How strings are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// By language rather than by UTF-16 units.
    pub(crate) culture: bool,
    pub(crate) ignore_case: bool,
}

impl Comparison {
    pub(crate) const ORDINAL: Comparison = Comparison {
        culture: false,
        ignore_case: false,
    };
    pub(crate) const CULTURE: Comparison = Comparison {
        culture: true,
        ignore_case: false,
    };

    /// From a `StringComparison`'s number.
    pub(crate) fn of(number: i64) -> Comparison {
        Comparison {
            culture: number < 4,
            ignore_case: number % 2 == 1,
        }
    }

    /// Charges for comparing two strings so.
    pub(crate) fn work(
        self,
        machine: &mut Machine<'_>,
        a: Option<&Str>,
        b: Option<&Str>,
    ) -> Result<(), Throw> {
        let (Some(a), Some(b)) = (a, b) else {
            return Ok(());
        };
        let length = a.size().min(b.size());
        let both = a.size().saturating_add(b.size());
        match (self.culture, self.ignore_case) {
            (true, _) => collation::work(machine, a, b),
            (false, true) if a.as_ascii().is_some() && b.as_ascii().is_some() => machine.work(both),
            (false, true) => machine.work(both.saturating_mul(32)),
            (false, false) => machine.work(length.saturating_mul(2)),
        }
    }

    /// As argument `index` says: a `StringComparison`, an `ignoreCase` flag, or nothing.
    pub(super) fn argument(call: &Call<'_, '_>, index: usize) -> Result<Option<Comparison>, Throw> {
        Ok(match call.arg(index) {
            Value::Enum(_, number) => Some(Comparison::checked(*number)?),
            Value::Bool(ignore_case) => Some(Comparison {
                culture: true,
                ignore_case: *ignore_case,
            }),
            _ => None,
        })
    }

    /// As [`of`](Self::of), refusing what is no `StringComparison`.
    fn checked(number: i64) -> Result<Comparison, Throw> {
        match number {
            0..=5 => Ok(Comparison::of(number)),
            _ => Err(Throw::argument(
                "The string comparison type passed in is currently not supported. (Parameter 'comparisonType')",
            )),
        }
    }

    pub(crate) fn compare(self, a: &Str, b: &Str) -> Ordering {
        match (self.culture, self.ignore_case) {
            (true, ignore_case) => collation::compare(a, b, ignore_case),
            (false, false) => a.cmp(b),
            (false, true) => super::upper(a).cmp(&super::upper(b)),
        }
    }

    pub(crate) fn equals(self, a: &Str, b: &Str) -> bool {
        if let (true, Some(a), Some(b)) = (self.ignore_case, a.as_ascii(), b.as_ascii()) {
            return a.eq_ignore_ascii_case(b);
        }
        match self {
            Comparison::ORDINAL => a == b,
            _ => self.compare(a, b).is_eq(),
        }
    }

    /// A hash that is alike for strings that are equal.
    pub(crate) fn hash(self, text: &Str) -> i32 {
        match self.ignore_case {
            true => ops::hashed(&super::upper(text)),
            false => ops::hashed(text),
        }
    }

    fn compare_values(self, a: Option<&Str>, b: Option<&Str>) -> Value {
        args::order(match (a, b) {
            (Some(a), Some(b)) => self.compare(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        })
    }

    fn equal_values(self, a: Option<&Str>, b: Option<&Str>) -> bool {
        match (a, b) {
            (Some(a), Some(b)) => self.equals(a, b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

/// `System.StringComparison`.
pub(crate) static STRING_COMPARISON: TypeDef = TypeDef {
    name: "System.StringComparison",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("CurrentCulture", 0),
        ("CurrentCultureIgnoreCase", 1),
        ("InvariantCulture", 2),
        ("InvariantCultureIgnoreCase", 3),
        ("Ordinal", 4),
        ("OrdinalIgnoreCase", 5),
    ],
    members: &[],
};

/// `System.StringComparer`.
pub(crate) static STRING_COMPARER: TypeDef = TypeDef {
    name: "System.StringComparer",
    kind: TypeKind::Class,
    bases: &["IEqualityComparer<string>", "IComparer<string>"],
    values: &[],
    members: COMPARER_MEMBERS,
};

const COMPARER_MEMBERS: &[Member] = &[
    pure("static StringComparer CurrentCulture { get; }", |_| {
        Ok(comparer(0))
    }),
    pure(
        "static StringComparer CurrentCultureIgnoreCase { get; }",
        |_| Ok(comparer(1)),
    ),
    pure("static StringComparer InvariantCulture { get; }", |_| {
        Ok(comparer(2))
    }),
    pure(
        "static StringComparer InvariantCultureIgnoreCase { get; }",
        |_| Ok(comparer(3)),
    ),
    pure("static StringComparer Ordinal { get; }", |_| {
        Ok(comparer(4))
    }),
    pure("static StringComparer OrdinalIgnoreCase { get; }", |_| {
        Ok(comparer(5))
    }),
    pure(
        "static StringComparer FromComparison(StringComparison comparisonType)",
        |call| Ok(comparer(call.flags(0))),
    ),
    pure(
        "static StringComparer Create(CultureInfo culture, bool ignoreCase)",
        |call| Ok(comparer(if call.bool(1)? { 3 } else { 2 })),
    ),
    pure("int Compare(object x, object y)", |call| {
        match (call.arg(1), call.arg(2)) {
            (Value::String(_) | Value::Null, Value::String(_) | Value::Null) => {
                Ok(StringComparer::of(call)?.compare_values(call.opt_str(1), call.opt_str(2)))
            }
            (a, b) => ops::compare(call.machine.heap, a, b).map(args::order),
        }
    }),
    pure("bool Equals(object x, object y)", |call| {
        let strings = [call.arg(1), call.arg(2)]
            .iter()
            .all(|value| matches!(value, Value::String(_) | Value::Null));
        Ok(match strings {
            true => StringComparer::of(call)?.equal_values(call.opt_str(1), call.opt_str(2)),
            false => ops::equals(call.machine.heap, call.arg(1), call.arg(2)),
        }
        .into())
    }),
    pure("int Compare(string x, string y)", |call| {
        let (a, b) = (call.opt_str(1), call.opt_str(2));
        let comparison = StringComparer::of(call)?;
        comparison.work(call.machine, a, b)?;
        Ok(comparison.compare_values(a, b))
    }),
    pure("bool Equals(string x, string y)", |call| {
        let (a, b) = (call.opt_str(1), call.opt_str(2));
        let comparison = StringComparer::of(call)?;
        comparison.work(call.machine, a, b)?;
        Ok(comparison.equal_values(a, b).into())
    }),
    pure("int GetHashCode(string obj)", |call| {
        let text = call.text(1, "obj")?;
        call.heavy_work(text.size().saturating_mul(2))?;
        Ok(Value::Int32(StringComparer::of(call)?.hash(text)))
    }),
];

/// A `StringComparer`.
#[derive(Debug)]
pub(crate) struct StringComparer(pub(crate) Comparison);

impl StringComparer {
    fn of(call: &Call<'_, '_>) -> Result<Comparison, Throw> {
        let comparer = call.arg(0).downcast::<StringComparer>();
        comparer
            .map(|comparer| comparer.0)
            .ok_or_else(Throw::null_reference)
    }
}

impl Object for StringComparer {
    fn type_of(&self) -> Type {
        Type::plain(&STRING_COMPARER)
    }
}

fn comparer(number: i64) -> Value {
    Value::object(StringComparer(Comparison::of(number)))
}

/// Charges for comparing arguments `a` and `b` by language.
fn work(call: &mut Call<'_, '_>, a: usize, b: usize) -> Result<(), Throw> {
    let (a, b) = (call.opt_str(a), call.opt_str(b));
    Comparison::CULTURE.work(call.machine, a, b)
}

pub(super) fn same(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok((call.opt_str(0) == call.opt_str(1)).into())
}

pub(super) fn different(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok((call.opt_str(0) != call.opt_str(1)).into())
}

pub(super) fn equals(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    Ok((Some(call.str(0)?) == call.opt_str(1)).into())
}

pub(super) fn equals_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.str(0)?;
    same_by(call)
}

pub(super) fn same_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let comparison = Comparison::checked(call.flags(2))?;
    let (a, b) = (call.opt_str(0), call.opt_str(1));
    comparison.work(call.machine, a, b)?;
    Ok(comparison
        .equal_values(call.opt_str(0), call.opt_str(1))
        .into())
}

pub(super) fn compare(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    work(call, 0, 1)?;
    Ok(Comparison::CULTURE.compare_values(call.opt_str(0), call.opt_str(1)))
}

pub(super) fn compare_case(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    work(call, 0, 1)?;
    let comparison = Comparison {
        culture: true,
        ignore_case: call.bool(2)?,
    };
    Ok(comparison.compare_values(call.opt_str(0), call.opt_str(1)))
}

pub(super) fn compare_by(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let comparison = Comparison::checked(call.flags(2))?;
    let (a, b) = (call.opt_str(0), call.opt_str(1));
    comparison.work(call.machine, a, b)?;
    Ok(comparison.compare_values(call.opt_str(0), call.opt_str(1)))
}

/// By units: how far apart the first that differ are, as .NET has it.
pub(super) fn compare_ordinal(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let size = |index| call.opt_str(index).map_or(0, Str::size);
    call.work(size(0).min(size(1)).saturating_mul(2))?;
    Ok(ordinal_distance(call.opt_str(0), call.opt_str(1)))
}

fn ordinal_distance(a: Option<&Str>, b: Option<&Str>) -> Value {
    let (Some(a), Some(b)) = (a, b) else {
        return args::order(a.is_some().cmp(&b.is_some()));
    };
    let differ = a.units().zip(b.units()).find(|(a, b)| a != b);
    let length = |text: &Str| i32::try_from(text.len()).unwrap_or(i32::MAX);
    Value::Int32(match differ {
        Some((a, b)) => i32::from(a) - i32::from(b),
        None => length(a).saturating_sub(length(b)),
    })
}

pub(super) fn compare_ordinal_parts(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (a, b) = parts(call)?;
    Ok(ordinal_distance(a.as_ref(), b.as_ref()))
}

/// `CompareTo(object)`.
pub(super) fn compare_object(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    match call.arg(1) {
        Value::String(_) | Value::Null => compare(call),
        _ => Err(Throw::argument("Object must be of type String.")),
    }
}

/// By a culture and `CompareOptions`.
pub(super) fn compare_options(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    const ORDINAL: i64 = 0x4000_0000;
    const ORDINAL_IGNORE_CASE: i64 = 0x1000_0000;
    let options = call.flags(3);
    let comparison = Comparison {
        culture: options & (ORDINAL | ORDINAL_IGNORE_CASE) == 0,
        ignore_case: options & (1 | ORDINAL_IGNORE_CASE) != 0,
    };
    Ok(comparison.compare_values(call.opt_str(0), call.opt_str(1)))
}

type Parts = (Option<Str>, Option<Str>);

/// The parts that indices and a length, arguments 1, 3 and 4, say.
fn parts(call: &Call<'_, '_>) -> Result<Parts, Throw> {
    let length = call.count(4, "length")?;
    let part = |text: Option<&Str>, start: usize| -> Result<Option<Str>, Throw> {
        let Some(text) = text else { return Ok(None) };
        let count = text.len().saturating_sub(start).min(length);
        text.substring(start, count).map(Some).ok_or_else(|| {
            Throw::argument_out_of_range(
                "Index must be less than or equal to the size of the string.",
            )
        })
    };
    let a = part(call.opt_str(0), call.count(1, "indexA")?)?;
    let b = part(call.opt_str(2), call.count(3, "indexB")?)?;
    Ok((a, b))
}

pub(super) fn compare_parts(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    work(call, 0, 2)?;
    let (a, b) = parts(call)?;
    let comparison = Comparison::argument(call, 5)?.unwrap_or(Comparison::CULTURE);
    Ok(comparison.compare_values(a.as_ref(), b.as_ref()))
}
