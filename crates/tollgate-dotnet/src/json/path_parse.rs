//! Reads Newtonsoft's JSONPath.

use std::sync::Arc;

use fancy_regex::Regex;

use super::kind::Kind;
use super::path::Filter;
use super::token::json_exception;
use crate::str::Str;
use crate::throw::Throw;
use crate::value::Value;

/// How deep queries may lie within each other.
const DEPTH: usize = 32;

/// The condition of a query.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Exists(Operand),
    Compare(Operand, Operator, Operand),
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub(crate) enum Operand {
    /// A path, and whether it begins at the root.
    Path(Vec<Filter>, bool),
    Value(Kind, Value),
}

/// A comparison.
#[derive(Debug, Clone)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    StrictEqual,
    StrictNotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches(Arc<Regex>),
}

/// Reads a whole path.
pub(crate) fn parse(text: &str) -> Result<Vec<Filter>, Throw> {
    let mut parser = Parser {
        text,
        place: 0,
        depth: DEPTH,
    };
    let mut filters = Vec::new();
    parser.blank();
    if parser.done() {
        return Ok(filters);
    }
    if parser.peek() == Some('$') {
        let next = text
            .get(parser.place + 1..)
            .and_then(|rest| rest.chars().next());
        // `$ref` is a name.
        if matches!(next, None | Some('.' | '[')) {
            parser.place += 1;
            filters.push(Filter::Root);
            if parser.done() {
                return Ok(filters);
            }
        }
    }
    parser.path(&mut filters, false)?;
    parser.blank();
    match parser.peek() {
        None => Ok(filters),
        Some(found) => Err(unexpected(found)),
    }
}

fn unexpected(found: char) -> Throw {
    json_exception(format!("Unexpected character while parsing path: {found}"))
}

fn open_query() -> Throw {
    json_exception("Path ended with open query.")
}

fn open_indexer() -> Throw {
    json_exception("Path ended with open indexer.")
}

struct Parser<'a> {
    text: &'a str,
    place: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.place..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn done(&self) -> bool {
        self.rest().is_empty()
    }

    fn blank(&mut self) {
        let rest = self.rest();
        self.place += rest.len() - rest.trim_start_matches(' ').len();
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.place += sign.len();
        }
        found
    }

    /// Steps up to the end, or within a query to what ends the operand.
    fn path(&mut self, filters: &mut Vec<Filter>, query: bool) -> Result<(), Throw> {
        let mut scan = false;
        let mut after_dot = false;
        let mut first = true;
        loop {
            match self.peek() {
                None => break,
                Some('[' | '(') => {
                    let filter = self.indexer(scan)?;
                    filters.push(filter);
                    scan = false;
                    after_dot = false;
                }
                Some(']' | ')' | ' ') => break,
                Some('.') => {
                    self.place += 1;
                    if self.take(".") {
                        scan = true;
                    }
                    if self.peek() == Some('.') {
                        return Err(unexpected('.'));
                    }
                    after_dot = true;
                }
                Some('=' | '<' | '>' | '!' | '&' | '|') if query => break,
                Some(found) => {
                    if !(first || after_dot) {
                        return Err(unexpected(found));
                    }
                    let name = self.name(query);
                    let name = (name != "*").then(|| Str::from(name));
                    filters.push(match scan {
                        true => Filter::Scan(name),
                        false => Filter::Field(name),
                    });
                    scan = false;
                    after_dot = false;
                }
            }
            first = false;
        }
        match after_dot {
            true => Err(json_exception("Unexpected end while parsing path.")),
            false => Ok(()),
        }
    }

    fn name(&mut self, query: bool) -> &'a str {
        let rest = self.rest();
        let ends = |c: char| {
            matches!(c, '[' | '(' | ']' | ')' | ' ' | '.')
                || query && matches!(c, '=' | '<' | '>' | '!' | '&' | '|')
        };
        let end = rest.find(ends).unwrap_or(rest.len());
        self.place += end;
        rest.get(..end).unwrap_or("")
    }

    fn indexer(&mut self, scan: bool) -> Result<Filter, Throw> {
        let close = if self.peek() == Some('(') { ')' } else { ']' };
        self.place += 1;
        self.blank();
        match self.peek() {
            None => Err(open_indexer()),
            Some('\'') => self.quoted(close, scan),
            Some('?') => self.query(close, scan),
            Some(_) => self.numbers(close),
        }
    }

    fn close(&mut self, close: char) -> Result<(), Throw> {
        self.blank();
        match self.peek() {
            None => Err(open_indexer()),
            Some(found) if found == close => {
                self.place += 1;
                Ok(())
            }
            Some(found) => Err(json_exception(format!(
                "Unexpected character while parsing path indexer: {found}"
            ))),
        }
    }

    fn quoted(&mut self, close: char, scan: bool) -> Result<Filter, Throw> {
        let mut names = Vec::new();
        loop {
            names.push(Str::from(self.string()?));
            self.blank();
            if !self.take(",") {
                break;
            }
            self.blank();
            if self.peek() != Some('\'') {
                return Err(match self.peek() {
                    Some(found) => json_exception(format!(
                        "Unexpected character while parsing path indexer: {found}"
                    )),
                    None => open_indexer(),
                });
            }
        }
        self.close(close)?;
        Ok(match (names.len(), scan) {
            (1, false) => Filter::Field(names.pop()),
            (1, true) => Filter::Scan(names.pop()),
            (_, false) => Filter::Fields(names),
            (_, true) => Filter::ScanMany(names),
        })
    }

    /// A string in single quotes.
    fn string(&mut self) -> Result<String, Throw> {
        self.place += 1;
        let mut text = String::new();
        loop {
            let Some(found) = self.peek() else {
                return Err(json_exception("Path ended with an open string."));
            };
            self.place += found.len_utf8();
            match found {
                '\'' => return Ok(text),
                '\\' => {
                    let Some(escaped) = self.peek() else {
                        continue;
                    };
                    self.place += escaped.len_utf8();
                    text.push(match escaped {
                        'b' => '\u{8}',
                        't' => '\t',
                        'n' => '\n',
                        'f' => '\u{c}',
                        'r' => '\r',
                        '\\' | '"' | '\'' | '/' => escaped,
                        other => {
                            return Err(json_exception(format!(
                                "Unknown escape character: \\{other}"
                            )));
                        }
                    });
                }
                other => text.push(other),
            }
        }
    }

    fn numbers(&mut self, close: char) -> Result<Filter, Throw> {
        if self.take("*") {
            self.close(close)?;
            return Ok(Filter::Index(None));
        }
        let mut numbers = vec![self.number()?];
        let mut mark = None;
        loop {
            self.blank();
            match self.peek() {
                Some(found @ (',' | ':')) if mark.is_none_or(|mark| mark == found) => {
                    mark = Some(found);
                    self.place += 1;
                    self.blank();
                    numbers.push(self.number()?);
                }
                _ => break,
            }
        }
        self.close(close)?;
        match (mark, numbers.as_slice()) {
            (Some(':'), [start, end]) => Ok(Filter::Slice(*start, *end, None)),
            (Some(':'), [start, end, step]) => Ok(Filter::Slice(*start, *end, *step)),
            (None, [Some(index)]) => Ok(Filter::Index(Some(*index))),
            (Some(','), numbers) => numbers
                .iter()
                .copied()
                .collect::<Option<Vec<_>>>()
                .map(Filter::Indices)
                .ok_or_else(|| json_exception("Array index expected.")),
            _ => Err(json_exception("Array index expected.")),
        }
    }

    fn number(&mut self) -> Result<Option<i64>, Throw> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '-'))
            .unwrap_or(rest.len());
        let digits = rest.get(..end).unwrap_or("");
        if digits.is_empty() {
            return match self.peek() {
                None => Err(open_indexer()),
                Some(',' | ':' | ']' | ')') => Ok(None),
                Some(found) => Err(json_exception(format!(
                    "Unexpected character while parsing path indexer: {found}"
                ))),
            };
        }
        self.place += end;
        let index: i32 = digits.parse().map_err(|_| {
            Throw::format(format!(
                "The input string '{digits}' was not in a correct format."
            ))
        })?;
        Ok(Some(index.into()))
    }

    fn query(&mut self, close: char, scan: bool) -> Result<Filter, Throw> {
        self.place += 1;
        if !self.take("(") {
            return Err(match self.peek() {
                Some(found) => json_exception(format!(
                    "Unexpected character while parsing path indexer: {found}"
                )),
                None => open_indexer(),
            });
        }
        self.depth = self
            .depth
            .checked_sub(1)
            .ok_or_else(|| json_exception("The path has too many queries in each other."))?;
        let expression = self.any()?;
        self.depth += 1;
        if !self.take(")") {
            return Err(open_query());
        }
        self.close(close)?;
        Ok(Filter::Query { scan, expression })
    }

    fn any(&mut self) -> Result<Expression, Throw> {
        let mut parts = vec![self.all()?];
        while self.take("||") {
            parts.push(self.all()?);
        }
        Ok(match (parts.len(), parts.pop()) {
            (1, Some(part)) => part,
            (_, last) => {
                parts.extend(last);
                Expression::Any(parts)
            }
        })
    }

    fn all(&mut self) -> Result<Expression, Throw> {
        let mut parts = vec![self.comparison()?];
        while self.take("&&") {
            parts.push(self.comparison()?);
        }
        Ok(match (parts.len(), parts.pop()) {
            (1, Some(part)) => part,
            (_, last) => {
                parts.extend(last);
                Expression::All(parts)
            }
        })
    }

    fn comparison(&mut self) -> Result<Expression, Throw> {
        self.blank();
        let left = self.operand()?;
        self.blank();
        if self.done() {
            return Err(open_query());
        }
        if matches!(self.peek(), Some(')' | '&' | '|')) {
            return Ok(Expression::Exists(left));
        }
        let Some(operator) = self.operator() else {
            return Err(json_exception("Could not read query operator."));
        };
        self.blank();
        let (operator, right) = match operator {
            Some(operator) => (operator, self.operand()?),
            None => {
                let regex = self.regex()?;
                (
                    Operator::Matches(Arc::new(regex)),
                    Operand::Value(Kind::Null, Value::Null),
                )
            }
        };
        self.blank();
        Ok(Expression::Compare(left, operator, right))
    }

    /// An operator; `Some(None)` is `=~`, which a regex follows.
    #[expect(
        clippy::option_option,
        reason = "the inner one is an operator of its own"
    )]
    fn operator(&mut self) -> Option<Option<Operator>> {
        let all = [
            ("===", Operator::StrictEqual),
            ("==", Operator::Equal),
            ("!==", Operator::StrictNotEqual),
            ("!=", Operator::NotEqual),
            ("<>", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            ("<", Operator::Less),
            (">=", Operator::GreaterOrEqual),
            (">", Operator::Greater),
        ];
        if self.take("=~") {
            return Some(None);
        }
        for (sign, operator) in all {
            if self.take(sign) {
                return Some(Some(operator));
            }
        }
        None
    }

    fn operand(&mut self) -> Result<Operand, Throw> {
        match self.peek() {
            None => Err(open_query()),
            Some(start @ ('@' | '$')) => {
                self.place += 1;
                let mut filters = Vec::new();
                self.path(&mut filters, true)?;
                Ok(Operand::Path(filters, start == '$'))
            }
            Some('\'') => Ok(Operand::Value(Kind::String, Value::from(self.string()?))),
            Some(_) => self.literal(),
        }
    }

    fn literal(&mut self) -> Result<Operand, Throw> {
        for (word, kind, value) in [
            ("true", Kind::Boolean, Value::Bool(true)),
            ("false", Kind::Boolean, Value::Bool(false)),
            ("null", Kind::Null, Value::Null),
        ] {
            if self.take(word) {
                return Ok(Operand::Value(kind, value));
            }
        }
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+')))
            .unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or("");
        let value = match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(integer), _) => Operand::Value(Kind::Integer, Value::Int64(integer)),
            (_, Ok(float)) if text.contains(|c: char| c.is_ascii_digit()) => {
                Operand::Value(Kind::Float, Value::Double(float))
            }
            _ => {
                return Err(json_exception(format!(
                    "Unexpected character while parsing path query: {}",
                    self.peek().unwrap_or(')')
                )));
            }
        };
        self.place += end;
        Ok(value)
    }

    /// `/pattern/flags`.
    fn regex(&mut self) -> Result<Regex, Throw> {
        if !self.take("/") {
            return Err(json_exception("Could not read query operator."));
        }
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.find(|c| {
            let ends = c == '/' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some((pattern, rest)) =
            end.and_then(|end| Some((rest.get(..end)?, rest.get(end + 1..)?)))
        else {
            return Err(json_exception("Path ended with an open regex."));
        };
        let flags: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
        self.place += pattern.len() + 1 + flags.len();
        let options = match flags.is_empty() {
            true => String::new(),
            false => format!("(?{flags})"),
        };
        Regex::new(&format!("{options}{}", pattern.replace("\\/", "/")))
            .map_err(|_| Throw::argument(format!("Invalid pattern '{pattern}'.")))
    }
}
