//! Operators that give lazy sequences.

use std::collections::VecDeque;

use crate::collections::{Array, holds};
use crate::heap::Iterate;
use crate::machine::Machine;
use crate::member::Call;
use crate::ops;
use crate::record::Record;
use crate::sequence::{Sequence, from_fn};
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// An enumeration that begins when its first element is asked for.
pub(crate) struct Source {
    value: Value,
    iterator: Option<Box<dyn Iterate>>,
}

impl Source {
    pub(crate) fn new(value: Value) -> Source {
        Source {
            value,
            iterator: None,
        }
    }

    /// The next element; takes a step.
    pub(crate) fn next(&mut self, machine: &mut Machine<'_>) -> Result<Option<Value>, Throw> {
        machine.step(1)?;
        let iterator = match &mut self.iterator {
            Some(iterator) => iterator,
            none => none.insert(ops::iterate(machine, &self.value)?),
        };
        iterator.next(machine)
    }

    /// Ends the enumeration, as one who has found what was looked for does.
    pub(crate) fn close(&mut self, machine: &mut Machine<'_>) -> Result<(), Throw> {
        match &mut self.iterator {
            Some(iterator) => iterator.close(machine),
            None => Ok(()),
        }
    }

    /// Whether a predicate holds.
    pub(crate) fn holds(
        &self,
        machine: &mut Machine<'_>,
        predicate: &Value,
        value: Value,
    ) -> Result<bool, Throw> {
        holds(machine, predicate, &value)
    }
}

/// A sequence that begins with a fresh state each time it is enumerated.
pub(crate) fn lazy<S: Send + 'static>(
    element: Type,
    state: impl Fn() -> S + Send + Sync + 'static,
    next: fn(&mut S, &mut Machine<'_>) -> Result<Option<Value>, Throw>,
) -> Value {
    Value::object(Sequence::new(element, move || {
        let mut state = state();
        from_fn(move |machine| next(&mut state, machine))
    }))
}

/// An empty array of the result's element type where the source is an empty array, as .NET gives it.
pub(super) fn of_empty(call: &mut Call<'_, '_>, element: &Type) -> Result<Option<Value>, Throw> {
    let array = call.machine.heap.of::<Array>(call.arg(0));
    match array.is_some_and(Array::is_empty) {
        true => call
            .new_array(Array::new(element.clone(), Vec::new()))
            .map(Some),
        false => Ok(None),
    }
}

/// As [`lazy`], over the source and one more argument.
fn over<S: Send + 'static>(
    call: &mut Call<'_, '_>,
    element: usize,
    state: fn(Source, Value) -> S,
    next: fn(&mut S, &mut Machine<'_>) -> Result<Option<Value>, Throw>,
) -> Result<Value, Throw> {
    super::source(call)?;
    let element = call.type_argument(element);
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    let (source, argument) = (call.arg(0).clone(), call.arg(1).clone());
    let state = move || state(Source::new(source.clone()), argument.clone());
    Ok(lazy(element, state, next))
}

/// As [`over`], where an empty source gives something too.
fn over_all<S: Send + 'static>(
    call: &Call<'_, '_>,
    element: usize,
    state: fn(Source, Value) -> S,
    next: fn(&mut S, &mut Machine<'_>) -> Result<Option<Value>, Throw>,
) -> Result<Value, Throw> {
    super::source(call)?;
    let (source, argument) = (call.arg(0).clone(), call.arg(1).clone());
    let state = move || state(Source::new(source.clone()), argument.clone());
    Ok(lazy(call.type_argument(element), state, next))
}

fn call_one(machine: &mut Machine<'_>, function: &Value, value: Value) -> Result<Value, Throw> {
    machine.call(function, &[value])
}

fn index(counter: &mut i32) -> Value {
    let index = Value::Int32(*counter);
    *counter = counter.wrapping_add(1);
    index
}

pub(super) fn range(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (start, count) = (call.int(0)?, call.int(1)?);
    if count < 0 || i64::from(start) + i64::from(count) - 1 > i64::from(i32::MAX) {
        return Err(negative("count"));
    }
    if count == 0 {
        return call.new_array(Array::new(Type::int(), Vec::new()));
    }
    let end = i64::from(start) + i64::from(count);
    Ok(lazy(
        Type::int(),
        move || (i64::from(start), end),
        |(next, end), machine| {
            machine.step(1)?;
            let number = *next;
            *next += 1;
            Ok(i32::try_from(number)
                .ok()
                .filter(|_| number < *end)
                .map(Value::Int32))
        },
    ))
}

fn negative(parameter: &str) -> Throw {
    Throw::argument_out_of_range(format!(
        "Specified argument was out of the range of valid values. (Parameter '{parameter}')"
    ))
}

pub(super) fn repeat(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let (value, count) = (call.arg(0).clone(), call.int(1)?);
    if count < 0 {
        return Err(negative("count"));
    }
    if count == 0 {
        return empty(call);
    }
    Ok(lazy(
        call.type_argument(0),
        move || (value.clone(), count),
        |(value, left), machine| {
            machine.step(1)?;
            *left -= 1;
            Ok((*left >= 0).then(|| value.clone()))
        },
    ))
}

pub(super) fn empty(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let element = call.type_argument(0);
    call.new_array(Array::new(element, Vec::new()))
}

pub(super) fn filter(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over(
        call,
        0,
        |source, predicate| (source, predicate),
        |(source, predicate), machine| {
            while let Some(value) = source.next(machine)? {
                if holds(machine, predicate, &value)? {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        },
    )
}

pub(super) fn filter_indexed(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over(
        call,
        0,
        |source, predicate| (source, predicate, 0),
        |(source, predicate, counter), machine| {
            while let Some(value) = source.next(machine)? {
                let holds = machine.call(predicate, &[value.clone(), index(counter)])?;
                if matches!(holds, Value::Bool(true)) {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        },
    )
}

pub(super) fn select(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over(
        call,
        1,
        |source, selector| (source, selector),
        |(source, selector), machine| match source.next(machine)? {
            Some(value) => call_one(machine, selector, value).map(Some),
            None => Ok(None),
        },
    )
}

pub(super) fn select_indexed(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over(
        call,
        1,
        |source, selector| (source, selector, 0),
        |(source, selector, counter), machine| match source.next(machine)? {
            Some(value) => machine.call(selector, &[value, index(counter)]).map(Some),
            None => Ok(None),
        },
    )
}

/// What `SelectMany` keeps between elements.
struct Many {
    source: Source,
    selector: Value,
    result: Value,
    inner: Option<(Value, Source)>,
    /// The next index, where the selector wants it.
    index: Option<i32>,
}

pub(super) fn select_many(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    many(call, None)
}

pub(super) fn select_many_indexed(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    many(call, Some(0))
}

fn many(call: &mut Call<'_, '_>, index_from: Option<i32>) -> Result<Value, Throw> {
    super::source(call)?;
    let element = call.types.last().cloned().unwrap_or_else(Type::object);
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    let (source, selector) = (call.arg(0).clone(), call.arg(1).clone());
    let result = call.arg(2).clone();
    let state = move || Many {
        source: Source::new(source.clone()),
        selector: selector.clone(),
        result: result.clone(),
        inner: None,
        index: index_from,
    };
    Ok(lazy(element, state, |many, machine| {
        loop {
            if let Some((outer, inner)) = &mut many.inner
                && let Some(value) = inner.next(machine)?
            {
                return match &many.result {
                    Value::Null => Ok(Some(value)),
                    result => machine.call(result, &[outer.clone(), value]).map(Some),
                };
            }
            let Some(outer) = many.source.next(machine)? else {
                return Ok(None);
            };
            let inner = match &mut many.index {
                Some(next) => machine.call(&many.selector, &[outer.clone(), index(next)])?,
                None => call_one(machine, &many.selector, outer.clone())?,
            };
            many.inner = Some((outer, Source::new(inner)));
        }
    }))
}

type ByType = fn(&mut (Source, Type), &mut Machine<'_>) -> Result<Option<Value>, Throw>;

/// A lazy check of each element against the type argument.
fn by_type(call: &Call<'_, '_>, next: ByType) -> Result<Value, Throw> {
    super::source(call)?;
    let (source, wanted) = (call.arg(0).clone(), call.type_argument(0));
    let state = move || (Source::new(source.clone()), wanted.clone());
    Ok(lazy(call.type_argument(0), state, next))
}

pub(super) fn cast(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    by_type(call, |(source, wanted), machine| {
        match source.next(machine)? {
            Some(value) => ops::cast(machine, &value, wanted).map(Some),
            None => Ok(None),
        }
    })
}

pub(super) fn of_type(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    super::source(call)?;
    let wanted = call.type_argument(0);
    // Elements of a value type are all of it, so the source stands for itself.
    if wanted.is_value_type()
        && ops::is_instance(call.machine, call.arg(0), &Type::enumerable(wanted))
    {
        return Ok(call.arg(0).clone());
    }
    by_type(call, |(source, wanted), machine| {
        while let Some(value) = source.next(machine)? {
            machine.step(1)?;
            if ops::is_instance(machine, &value, wanted) {
                return Ok(Some(value));
            }
        }
        Ok(None)
    })
}

fn number(value: &Value) -> i32 {
    match value {
        Value::Int32(number) => *number,
        _ => 0,
    }
}

pub(super) fn skip(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over(
        call,
        0,
        |source, count| (source, number(&count)),
        |(source, left), machine| {
            while *left > 0 {
                *left -= 1;
                if source.next(machine)?.is_none() {
                    return Ok(None);
                }
            }
            source.next(machine)
        },
    )
}

pub(super) fn skip_while(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over(
        call,
        0,
        |source, predicate| (source, Some(predicate)),
        |(source, predicate), machine| {
            while let Some(value) = source.next(machine)? {
                match predicate {
                    Some(skipping) if holds(machine, skipping, &value)? => {}
                    _ => {
                        *predicate = None;
                        return Ok(Some(value));
                    }
                }
            }
            Ok(None)
        },
    )
}

pub(super) fn skip_while_indexed(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over(
        call,
        0,
        |source, predicate| (source, Some(predicate), 0),
        |(source, predicate, counter), machine| {
            while let Some(value) = source.next(machine)? {
                if let Some(skipping) = predicate {
                    let skips = machine.call(skipping, &[value.clone(), index(counter)])?;
                    if matches!(skips, Value::Bool(true)) {
                        continue;
                    }
                    *predicate = None;
                }
                return Ok(Some(value));
            }
            Ok(None)
        },
    )
}

pub(super) fn take_while_indexed(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over(
        call,
        0,
        |source, predicate| (source, Some(predicate), 0),
        |(source, predicate, counter), machine| {
            let Some(going) = predicate else {
                return Ok(None);
            };
            if let Some(value) = source.next(machine)? {
                let goes = machine.call(going, &[value.clone(), index(counter)])?;
                if matches!(goes, Value::Bool(true)) {
                    return Ok(Some(value));
                }
            }
            *predicate = None;
            Ok(None)
        },
    )
}

pub(super) fn take(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    super::source(call)?;
    if call.int(1)? <= 0 {
        return empty(call);
    }
    over(
        call,
        0,
        |source, count| (source, number(&count)),
        |(source, left), machine| {
            if *left <= 0 {
                return Ok(None);
            }
            *left -= 1;
            source.next(machine)
        },
    )
}

pub(super) fn take_while(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over(
        call,
        0,
        |source, predicate| (source, Some(predicate)),
        |(source, predicate), machine| {
            let Some(going) = predicate else {
                return Ok(None);
            };
            if let Some(value) = source.next(machine)?
                && holds(machine, going, &value)?
            {
                return Ok(Some(value));
            }
            *predicate = None;
            Ok(None)
        },
    )
}

/// All elements changed at once when the first is asked for.
struct Whole {
    source: Value,
    argument: Value,
    values: Option<VecDeque<Value>>,
}

fn whole(
    call: &mut Call<'_, '_>,
    element: Type,
    next: fn(&mut Whole, &mut Machine<'_>) -> Result<Option<Value>, Throw>,
) -> Result<Value, Throw> {
    super::source(call)?;
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    let (source, argument) = (call.arg(0).clone(), call.arg(1).clone());
    let state = move || Whole {
        source: source.clone(),
        argument: argument.clone(),
        values: None,
    };
    Ok(lazy(element, state, next))
}

impl Whole {
    fn next(
        &mut self,
        machine: &mut Machine<'_>,
        change: impl Fn(&mut Vec<Value>, &Value),
    ) -> Result<Option<Value>, Throw> {
        if self.values.is_none() {
            let mut values = ops::collect(machine, &self.source)?;
            change(&mut values, &self.argument);
            self.values = Some(values.into());
        }
        Ok(self.values.as_mut().and_then(VecDeque::pop_front))
    }
}

pub(super) fn reverse(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let element = call.type_argument(0);
    whole(call, element, |whole, machine| {
        whole.next(machine, |values, _| values.reverse())
    })
}

fn length(count: &Value) -> usize {
    usize::try_from(number(count)).unwrap_or(0)
}

pub(super) fn skip_last(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let element = call.type_argument(0);
    whole(call, element, |whole, machine| {
        whole.next(machine, |values, count| {
            values.truncate(values.len().saturating_sub(length(count)));
        })
    })
}

pub(super) fn take_last(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let element = call.type_argument(0);
    whole(call, element, |whole, machine| {
        whole.next(machine, |values, count| {
            values.drain(..values.len().saturating_sub(length(count)));
        })
    })
}

pub(super) fn concat(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    super::source(call)?;
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("second"));
    }
    let array = call.machine.heap.of::<Array>(call.arg(0));
    if array.is_some_and(Array::is_empty) {
        return Ok(call.arg(1).clone());
    }
    over(
        call,
        0,
        |first, second| (Some(first), Source::new(second)),
        |(first, second), machine| {
            if let Some(source) = first {
                if let Some(value) = source.next(machine)? {
                    return Ok(Some(value));
                }
                *first = None;
            }
            second.next(machine)
        },
    )
}

pub(super) fn append(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over_all(
        call,
        0,
        |source, value| (source, Some(value)),
        |(source, last), machine| match source.next(machine)? {
            Some(value) => Ok(Some(value)),
            None => Ok(last.take()),
        },
    )
}

pub(super) fn prepend(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    over_all(
        call,
        0,
        |source, value| (source, Some(value)),
        |(source, first), machine| match first.take() {
            Some(value) => Ok(Some(value)),
            None => source.next(machine),
        },
    )
}

pub(super) fn default_if_empty(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    super::source(call)?;
    let array = call.machine.heap.of::<Array>(call.arg(0));
    if array.is_some_and(|array| !array.is_empty()) {
        return Ok(call.arg(0).clone());
    }
    let source = call.arg(0).clone();
    let default = match call.arguments.len() {
        2 => call.arg(1).clone(),
        _ => ops::default_of(&call.type_argument(0)),
    };
    let state = move || (Source::new(source.clone()), Some(default.clone()));
    Ok(lazy(
        call.type_argument(0),
        state,
        |(source, default), machine| match source.next(machine)? {
            Some(value) => {
                *default = None;
                Ok(Some(value))
            }
            None => Ok(default.take()),
        },
    ))
}

/// Both sources side by side, to the end of the shorter.
fn side_by_side(
    machine: &mut Machine<'_>,
    first: &mut Source,
    second: &mut Source,
) -> Result<Option<[Value; 2]>, Throw> {
    let Some(a) = first.next(machine)? else {
        return Ok(None);
    };
    Ok(second.next(machine)?.map(|b| [a, b]))
}

type Zip<E> = fn(&mut (Source, Source, E), &mut Machine<'_>) -> Result<Option<Value>, Throw>;

fn zip_with<E: Clone + Send + Sync + 'static>(
    call: &Call<'_, '_>,
    element: Type,
    extra: E,
    next: Zip<E>,
) -> Result<Value, Throw> {
    super::source(call)?;
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("second"));
    }
    let (first, second) = (call.arg(0).clone(), call.arg(1).clone());
    let state = move || {
        (
            Source::new(first.clone()),
            Source::new(second.clone()),
            extra.clone(),
        )
    };
    Ok(lazy(element, state, next))
}

pub(super) fn zip(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let selector = call.arg(2).clone();
    zip_with(
        call,
        call.type_argument(2),
        selector,
        |(first, second, selector), machine| match side_by_side(machine, first, second)? {
            Some(pair) => machine.call(selector, &pair).map(Some),
            None => Ok(None),
        },
    )
}

pub(super) fn zip_tuples(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let element = Type::Tuple(
        [
            (call.type_argument(0), Some("First".into())),
            (call.type_argument(1), Some("Second".into())),
        ]
        .into(),
    );
    zip_with(
        call,
        element.clone(),
        element,
        |(first, second, element), machine| {
            let pair = side_by_side(machine, first, second)?;
            Ok(pair.map(|pair| Value::object(Record::new(element.clone(), pair))))
        },
    )
}

pub(super) fn zip_three(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let third = call.arg(2).clone();
    if third.is_null() {
        return Err(Throw::argument_null("third"));
    }
    let names = ["First", "Second", "Third"];
    let elements = names.iter().enumerate();
    let element = Type::Tuple(
        elements
            .map(|(index, name)| (call.type_argument(index), Some((*name).into())))
            .collect(),
    );
    super::source(call)?;
    if call.arg(1).is_null() {
        return Err(Throw::argument_null("second"));
    }
    let (first, second) = (call.arg(0).clone(), call.arg(1).clone());
    let tuple = element.clone();
    let state = move || {
        let sources = [&first, &second, &third].map(|source| Source::new(source.clone()));
        (sources, tuple.clone())
    };
    Ok(lazy(element, state, |(sources, tuple), machine| {
        let mut items = Vec::with_capacity(sources.len());
        for source in sources {
            match source.next(machine)? {
                Some(item) => items.push(item),
                None => return Ok(None),
            }
        }
        Ok(Some(Value::object(Record::new(tuple.clone(), items))))
    }))
}

pub(super) fn indexed(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    super::source(call)?;
    let element = Type::Tuple(
        [
            (Type::int(), Some("Index".into())),
            (call.type_argument(0), Some("Item".into())),
        ]
        .into(),
    );
    if let Some(empty) = of_empty(call, &element)? {
        return Ok(empty);
    }
    let (source, tuple) = (call.arg(0).clone(), element.clone());
    let state = move || (Source::new(source.clone()), 0, tuple.clone());
    Ok(lazy(element, state, |(source, counter, tuple), machine| {
        let item = source.next(machine)?;
        Ok(item.map(|item| Value::object(Record::new(tuple.clone(), [index(counter), item]))))
    }))
}

pub(super) fn chunk(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    super::source(call)?;
    let source = call.arg(0).clone();
    let size = usize::try_from(call.int(1)?).ok().filter(|size| *size > 0);
    let size = size.ok_or_else(|| negative("size"))?;
    let element = call.type_argument(0);
    let array = Type::array(element.clone());
    if let Some(empty) = of_empty(call, &array)? {
        return Ok(empty);
    }
    let state = move || (Source::new(source.clone()), size, element.clone());
    Ok(lazy(array, state, |(source, size, element), machine| {
        let mut values = Vec::new();
        while values.len() < *size
            && let Some(value) = source.next(machine)?
        {
            values.push(value);
        }
        if values.is_empty() {
            return Ok(None);
        }
        machine.heap.charge(values.len() * size_of::<Value>())?;
        machine
            .heap
            .alloc(Array::new(element.clone(), values))
            .map(Some)
    }))
}
