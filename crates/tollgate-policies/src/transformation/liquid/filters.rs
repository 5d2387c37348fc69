//! The filters, by their names in .NET.
//!
//! Most are the library's own. Those here do what .NET does and the library does not.

use std::fmt;

use fancy_regex::Regex;
use liquid_core::parser::{FilterArguments, FilterReflection, ParameterReflection, PluginRegistry};
use liquid_core::{Error, Expression, Filter, ParseFilter, Result, Runtime, Value, ValueView};
use liquid_lib::stdlib;
use tollgate_dotnet::dates;

/// Puts the filters into a language.
pub(super) fn register(filters: &mut PluginRegistry<Box<dyn ParseFilter>>) {
    let library: [(&str, Box<dyn ParseFilter>); 36] = [
        ("Abs", Box::new(stdlib::Abs)),
        ("Append", Box::new(stdlib::Append)),
        ("AtLeast", Box::new(stdlib::AtLeast)),
        ("AtMost", Box::new(stdlib::AtMost)),
        ("Capitalize", Box::new(stdlib::Capitalize)),
        ("Compact", Box::new(stdlib::Compact)),
        ("Default", Box::new(stdlib::Default)),
        ("DividedBy", Box::new(stdlib::DividedBy)),
        ("Downcase", Box::new(stdlib::Downcase)),
        ("Escape", Box::new(stdlib::Escape)),
        ("First", Box::new(stdlib::First)),
        ("H", Box::new(stdlib::Escape)),
        ("Join", Box::new(stdlib::Join)),
        ("Last", Box::new(stdlib::Last)),
        ("Lstrip", Box::new(stdlib::Lstrip)),
        ("Map", Box::new(stdlib::Map)),
        ("Minus", Box::new(stdlib::Minus)),
        ("Modulo", Box::new(stdlib::Modulo)),
        ("NewlineToBr", Box::new(stdlib::NewlineToBr)),
        ("Plus", Box::new(stdlib::Plus)),
        ("Prepend", Box::new(stdlib::Prepend)),
        ("Remove", Box::new(stdlib::Remove)),
        ("RemoveFirst", Box::new(stdlib::RemoveFirst)),
        ("Round", Box::new(stdlib::Round)),
        ("Rstrip", Box::new(stdlib::Rstrip)),
        ("Size", Box::new(stdlib::Size)),
        ("Slice", Box::new(stdlib::Slice)),
        ("Sort", Box::new(stdlib::Sort)),
        ("Split", Box::new(stdlib::Split)),
        ("Strip", Box::new(stdlib::Strip)),
        ("StripHtml", Box::new(stdlib::StripHtml)),
        ("StripNewlines", Box::new(stdlib::StripNewlines)),
        ("Times", Box::new(stdlib::Times)),
        ("Truncate", Box::new(stdlib::Truncate)),
        ("TruncateWords", Box::new(stdlib::TruncateWords)),
        ("Uniq", Box::new(stdlib::Uniq)),
    ];
    for (name, filter) in library {
        filters.register(name.into(), filter);
    }
    filters.register("Upcase".into(), Box::new(stdlib::Upcase));
    filters.register("UrlDecode".into(), Box::new(stdlib::UrlDecode));
    filters.register("UrlEncode".into(), Box::new(stdlib::UrlEncode));
    for own in [CURRENCY, DATE, REPLACE, REPLACE_FIRST] {
        filters.register(own.name.into(), Box::new(own));
    }
}

/// `ToString("C")` in the invariant culture.
const CURRENCY: Own = Own {
    name: "Currency",
    arguments: 0..=1,
    run: currency,
};

/// `DateTime.Parse(input).ToString(format)`; what is no date stays.
const DATE: Own = Own {
    name: "Date",
    arguments: 1..=1,
    run: date,
};

/// `Regex.Replace(input, pattern, replacement)`.
const REPLACE: Own = Own {
    name: "Replace",
    arguments: 1..=2,
    run: |input, arguments| replace(input, arguments, 0),
};

/// The same for the first match.
const REPLACE_FIRST: Own = Own {
    name: "ReplaceFirst",
    arguments: 1..=2,
    run: |input, arguments| replace(input, arguments, 1),
};

/// A filter that is done here.
#[derive(Debug, Clone)]
struct Own {
    name: &'static str,
    arguments: std::ops::RangeInclusive<usize>,
    run: fn(&str, &[String]) -> Result<String>,
}

impl FilterReflection for Own {
    fn name(&self) -> &str {
        self.name
    }

    fn description(&self) -> &str {
        ""
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for Own {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let given: Vec<Expression> = arguments.positional.collect();
        if !self.arguments.contains(&given.len()) || arguments.keyword.count() > 0 {
            let message = format!("The filter {} takes other arguments", self.name);
            return Err(Error::with_msg(message));
        }
        Ok(Box::new(Call {
            own: self.clone(),
            arguments: given,
        }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

#[derive(Debug)]
struct Call {
    own: Own,
    arguments: Vec<Expression>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.own.name)
    }
}

impl Filter for Call {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        if input.is_nil() {
            return Ok(Value::Nil);
        }
        let mut arguments = Vec::new();
        for argument in &self.arguments {
            arguments.push(argument.evaluate(runtime)?.to_kstr().into_string());
        }
        (self.own.run)(&input.to_kstr(), &arguments).map(Value::scalar)
    }
}

fn currency(input: &str, _: &[String]) -> Result<String> {
    let Ok(number) = input.parse::<f64>() else {
        return Ok(input.to_owned());
    };
    let text = format!("{:.2}", number.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    Ok(match number < 0.0 {
        true => format!("(¤{grouped}.{cents})"),
        false => format!("¤{grouped}.{cents}"),
    })
}

fn date(input: &str, arguments: &[String]) -> Result<String> {
    let Some(date) = dates::parse(input) else {
        return Ok(input.to_owned());
    };
    let format = arguments.first().map_or("", String::as_str);
    dates::format(&date, format).ok_or_else(|| Error::with_msg("The date's format is none"))
}

fn replace(input: &str, arguments: &[String], limit: usize) -> Result<String> {
    let pattern = arguments.first().map_or("", String::as_str);
    let replacement = arguments.get(1).map_or("", String::as_str);
    if pattern.is_empty() {
        return Ok(input.to_owned());
    }
    let regex = Regex::new(pattern).map_err(|_| Error::with_msg("The pattern is none"))?;
    let replaced = regex.try_replacen(input, limit, braced(replacement).as_str());
    let replaced = replaced.map_err(|_| Error::with_msg("The pattern takes too long"))?;
    Ok(replaced.into_owned())
}

/// `$1x` of .NET as `${1}x`: the library would look for a group of the name `1x`.
fn braced(replacement: &str) -> String {
    let mut braced = String::new();
    let mut characters = replacement.chars().peekable();
    while let Some(character) = characters.next() {
        braced.push(character);
        if character == '$' && characters.peek().is_some_and(char::is_ascii_digit) {
            braced.push('{');
            while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                braced.push(digit);
            }
            braced.push('}');
        }
    }
    braced
}
