//! `{% for x in list %}`, and APIM's `{% JSONArrayFor x in list %}`, which puts commas between its rounds.
//!
//! The library's own `for` is not used: it makes a list of all numbers of a range before it begins.

use std::collections::HashMap;
use std::io::Write;

use liquid_core::error::ResultLiquidReplaceExt;
use liquid_core::model::{KString, KStringRef, Scalar, ValueCow};
use liquid_core::parser::{BlockElement, TryMatchToken};
use liquid_core::runtime::{Interrupt, InterruptRegister, StackFrame};
use liquid_core::{
    BlockReflection, Error, Expression, Language, ParseBlock, Renderable, Result, Runtime,
    TagBlock, TagTokenIter, Template, Value, ValueView,
};
use liquid_lib::stdlib::ForloopObject;

use super::data::Data;
use super::scope::{Lenient, Spent};

/// `for`.
pub(super) const FOR: Loop = Loop {
    start: "for",
    end: "endfor",
    separator: "",
};

/// `JSONArrayFor`.
pub(super) const JSON_ARRAY_FOR: Loop = Loop {
    start: "JSONArrayFor",
    end: "endJSONArrayFor",
    separator: ",",
};

#[derive(Debug, Clone, Copy)]
pub(super) struct Loop {
    start: &'static str,
    end: &'static str,
    separator: &'static str,
}

impl BlockReflection for Loop {
    fn start_tag(&self) -> &str {
        self.start
    }

    fn end_tag(&self) -> &str {
        self.end
    }

    fn description(&self) -> &str {
        ""
    }
}

impl ParseBlock for Loop {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        language: &Language,
    ) -> Result<Box<dyn Renderable>> {
        let name = arguments.expect_next("Identifier expected.")?;
        let name = KString::from_ref(name.expect_identifier().into_result()?);
        arguments
            .expect_next("\"in\" expected.")?
            .expect_str("in")
            .into_result_custom_msg("\"in\" expected.")?;
        let source = arguments.expect_next("Array or range expected.")?;
        let source = match source.expect_value() {
            TryMatchToken::Matches(list) => Source::List(list),
            TryMatchToken::Fails(range) => {
                let (first, last) = range.expect_range().into_result()?;
                Source::Range(first, last)
            }
        };
        let (mut limit, mut offset, mut reversed) = (None, None, false);
        while let Some(token) = arguments.next() {
            let place = match token.as_str() {
                "reversed" => {
                    reversed = true;
                    continue;
                }
                "limit" => &mut limit,
                "offset" => &mut offset,
                _ => {
                    let expected = "\"limit\", \"offset\" or \"reversed\" expected.";
                    return Err(token.raise_custom_error(expected));
                }
            };
            arguments
                .expect_next("\":\" expected.")?
                .expect_str(":")
                .into_result_custom_msg("\":\" expected.")?;
            let value = arguments.expect_next("Value expected.")?;
            *place = Some(value.expect_value().into_result()?);
        }
        let (mut body, mut otherwise) = (Vec::new(), None);
        while let Some(element) = tokens.next()? {
            match element {
                BlockElement::Tag(mut tag) if tag.name() == "else" => {
                    tag.tokens().expect_nothing()?;
                    otherwise = Some(Template::new(tokens.parse_all(language)?));
                    break;
                }
                BlockElement::Tag(tag) => body.push(tag.parse(&mut tokens, language)?),
                element => body.push(element.parse(&mut tokens, language)?),
            }
        }
        tokens.assert_empty();
        Ok(Box::new(For {
            name,
            source,
            limit,
            offset,
            reversed,
            separator: self.separator,
            body: Template::new(body),
            otherwise,
        }))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

#[derive(Debug)]
enum Source {
    List(Expression),
    Range(Expression, Expression),
}

#[derive(Debug)]
struct For {
    name: KString,
    source: Source,
    limit: Option<Expression>,
    offset: Option<Expression>,
    reversed: bool,
    separator: &'static str,
    body: Template,
    otherwise: Option<Template>,
}

impl For {
    /// Runs the body once for each item.
    fn rounds<'v>(
        &self,
        items: impl DoubleEndedIterator<Item = ValueCow<'v>> + ExactSizeIterator,
        writer: &mut dyn Write,
        runtime: &dyn Runtime,
    ) -> Result<()> {
        let count = |of: &Option<Expression>| match of {
            Some(of) => usize::try_from(integer(of, runtime)?)
                .map(Some)
                .map_err(|_| Error::with_msg("Whole number expected")),
            None => Ok(None),
        };
        let skipped = items.skip(count(&self.offset)?.unwrap_or(0));
        let items = skipped.take(count(&self.limit)?.unwrap_or(usize::MAX));
        let length = items.len();
        let items: Box<dyn Iterator<Item = ValueCow<'v>>> = match self.reversed {
            true => Box::new(items.rev()),
            false => Box::new(items),
        };
        for (index, item) in items.enumerate() {
            Spent::round(runtime)?;
            if index > 0 {
                write!(writer, "{}", self.separator).replace("Failed to render")?;
            }
            let forloop = ForloopObject::new(index, length);
            let mut names = HashMap::<KStringRef<'_>, &dyn ValueView>::new();
            names.insert("forloop".into(), &forloop);
            names.insert(self.name.as_ref(), item.as_view());
            let scope = Lenient(StackFrame::new(runtime, &names));
            self.body.render_to(writer, &scope)?;
            let interrupt = runtime.registers().get_mut::<InterruptRegister>().reset();
            if interrupt == Some(Interrupt::Break) {
                break;
            }
        }
        match &self.otherwise {
            Some(otherwise) if length == 0 => otherwise.render_to(writer, runtime),
            _ => Ok(()),
        }
    }
}

impl Renderable for For {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let list = match &self.source {
            Source::Range(first, last) => {
                let (first, last) = (integer(first, runtime)?, integer(last, runtime)?);
                let numbers = usize::try_from(last.saturating_sub(first).saturating_add(1));
                let numbers = (0..numbers.unwrap_or(0)).map(|index| {
                    let number = i64::try_from(index).map_or(last, |index| first + index);
                    ValueCow::Owned(Value::scalar(number))
                });
                return self.rounds(numbers, writer, runtime);
            }
            Source::List(list) => list.evaluate(runtime)?,
        };
        let view = list.as_view();
        if let Some(array) = view.as_array() {
            let items: Vec<&dyn ValueView> = array.values().collect();
            let items = items.into_iter().map(ValueCow::Borrowed);
            self.rounds(items, writer, runtime)
        } else if let Some(object) = view.as_object() {
            let pairs: Vec<Data> = object
                .iter()
                .map(|(key, value)| pair(&key, value))
                .collect();
            let items = pairs.iter().map(|pair| ValueCow::Borrowed(pair));
            self.rounds(items, writer, runtime)
        } else {
            let one = (!view.is_nil()).then_some(view);
            let items = one.into_iter().map(ValueCow::Borrowed);
            self.rounds(items, writer, runtime)
        }
    }
}

/// An entry of an object, as .NET's `KeyValuePair`.
fn pair(key: &str, value: &dyn ValueView) -> Data {
    Data::fields([("Key", Data::text(key)), ("Value", Data::of(value))])
}

fn integer(expression: &Expression, runtime: &dyn Runtime) -> Result<i64> {
    let value = expression.evaluate(runtime)?;
    let number = value.as_scalar().and_then(|scalar| scalar.to_integer());
    number.ok_or_else(|| Error::with_msg("Whole number expected"))
}

impl Data {
    /// A copy of any value.
    fn of(value: &dyn ValueView) -> Self {
        if let Some(array) = value.as_array() {
            return Self::List(array.values().map(Self::of).collect());
        }
        if let Some(object) = value.as_object() {
            let fields = object.iter();
            return Self::fields(fields.map(|(name, value)| (name.to_string(), Self::of(value))));
        }
        match value.as_scalar() {
            Some(scalar) => Self::Scalar(Scalar::from(scalar.into_owned())),
            None => Self::Nil,
        }
    }
}
