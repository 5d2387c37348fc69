//! A compiled expression of a policy: what it gives, and what a trace tells of that.

use std::ops::Range;
use std::sync::Arc;

use serde_json::json;
use tollgate_dotnet::{Machine, Throw, Value, ops};
use tollgate_expressions::{Part, Program};
use tollgate_syntax::{MappedText, Span};

use crate::block::Place;
use crate::exchange::{Event, Exchange, Outcomes, Recording, TraceEntry, TracePart, reads_secret};
use crate::failure::Failure;

/// A compiled expression at its place.
#[derive(Debug, Clone)]
pub struct Expression {
    /// The expression.
    pub program: Program,
    site: Arc<Site>,
}

/// Where an expression stands.
#[derive(Debug)]
pub(crate) struct Site {
    /// The C# text, which knows where it came from.
    code: MappedText,
    span: Span,
    /// The policy or branch it belongs to, unless that is the one that runs.
    place: Option<Arc<Place>>,
    /// The text for traces, secrets left out.
    text: Box<str>,
    /// Where secrets stand in the code.
    secrets: Box<[Range<usize>]>,
}

/// A part of an expression in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpressionPart {
    /// Where it stands.
    pub span: Span,
    /// Whether it is a `bool`, of which both outcomes count.
    pub is_condition: bool,
}

/// So many bytes of an expression's value are shown.
const SHOWN: usize = 8 << 10;

impl Site {
    pub(crate) fn new(
        code: MappedText,
        span: Span,
        place: Option<Arc<Place>>,
        secrets: &[&str],
    ) -> Self {
        let mut text = code.text().to_owned();
        let mut places = Vec::new();
        for secret in secrets {
            let found = code.text().match_indices(secret);
            places.extend(found.map(|(at, found)| at..at + found.len()));
            text = text.replace(secret, "***");
        }
        Self {
            text: text.into(),
            secrets: places.into(),
            code,
            span,
            place,
        }
    }

    fn range(part: &Part) -> Range<usize> {
        let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        place(part.start)..place(part.end)
    }

    fn has_secret(&self, part: &Part) -> bool {
        let part = Self::range(part);
        let mut secrets = self.secrets.iter();
        secrets.any(|secret| secret.start < part.end && part.start < secret.end)
            || reads_secret(self.code.text().get(part).unwrap_or_default())
    }
}

impl Expression {
    /// An expression that stands in no file.
    pub fn new(program: Program, text: &str) -> Self {
        let span = Span::default();
        let code = MappedText::whole(text, span);
        Self::at(program, Site::new(code, span, None, &[]))
    }

    pub(crate) fn at(program: Program, site: Site) -> Self {
        let site = Arc::new(site);
        Self { program, site }
    }

    /// Its text for traces, secrets left out.
    pub fn text(&self) -> &str {
        &self.site.text
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        self.site.span
    }

    /// The policy or branch that it belongs to, if that is known at load time.
    pub fn place(&self) -> Option<&Arc<Place>> {
        self.site.place.as_ref()
    }

    /// Its parts, by number: operands, calls, conditions, variables that are read.
    pub fn parts(&self) -> impl Iterator<Item = ExpressionPart> {
        let parts = self.program.parts().iter();
        parts.map(|part| ExpressionPart {
            span: self.site.code.span(Site::range(part)),
            is_condition: part.is_condition,
        })
    }

    /// The result for this request.
    pub fn evaluate(&self, exchange: &mut Exchange) -> Result<Value, Failure> {
        match exchange.context.trace {
            None => self.result(exchange, Program::run),
            Some(_) => self.evaluate_traced(exchange),
        }
    }

    pub(crate) fn result<T>(
        &self,
        exchange: &mut Exchange,
        run: impl FnOnce(&Program, &mut Machine<'_>) -> Result<T, Throw>,
    ) -> Result<T, Failure> {
        let result = run(&self.program, &mut exchange.machine());
        result.map_err(|throw| Failure::evaluation(&throw))
    }

    #[cold]
    fn evaluate_traced(&self, exchange: &mut Exchange) -> Result<Value, Failure> {
        let (program, site) = (&self.program, &self.site);
        let parts = program.parts().iter();
        let recording = Recording::new(program.number(), parts.map(|part| site.has_secret(part)));
        if let Some(trace) = &mut exchange.context.trace {
            trace.begin(recording);
        }
        let result = program.trace(&mut exchange.machine());
        let (text, mut whole) = (self.value_text(&result, exchange), Outcomes::default());
        if let Ok(value) = &result {
            whole.add(value);
        }
        let data = match &result {
            Ok(_) => json!({
                "message": "Expression was successfully evaluated.",
                "expression": self.text(),
                "value": text,
            }),
            Err(_) => json!({
                "message": "Expression evaluation failed.",
                "expression": self.text(),
                "error": text,
            }),
        };
        let context = &mut exchange.context;
        let elapsed = context.elapsed();
        if let Some(trace) = &mut context.trace {
            let recording = trace.end();
            let taken = recording.map(|recording| recording.parts);
            let taken = taken.unwrap_or_default();
            let outcomes = taken.iter().map(|part| part.outcomes);
            trace.count(site.span, std::iter::once(whole).chain(outcomes).collect());
            let place = site.place.as_ref().or(trace.running()).cloned();
            let entry = TraceEntry {
                source: place
                    .as_ref()
                    .map_or("gateway", |place| place.policy)
                    .into(),
                section: place.as_ref().map(|place| place.section.name()),
                event: Event::Expression,
                place,
                span: Some(site.span),
                elapsed,
                data,
                parts: self.told(taken),
                changes: Vec::new(),
            };
            trace.add(entry);
        }
        result.map_err(|throw| Failure::evaluation(&throw))
    }

    /// What is told of the result. Text that was made of a secret is masked from then on.
    fn value_text(&self, result: &Result<Value, Throw>, exchange: &mut Exchange) -> String {
        let text = match result {
            Ok(value) => ops::to_text(&exchange.machine(), value).unwrap_or_default(),
            Err(throw) => throw.exception().message.as_str().into(),
        };
        let text = text.to_utf8();
        let Some(trace) = &mut exchange.context.trace else {
            return String::new();
        };
        let (shown, is_masked) = trace.shown(&text, SHOWN);
        let reads_one = result.is_ok() && reads_secret(self.site.code.text());
        let is_secret = !self.site.secrets.is_empty() || reads_one;
        if !is_secret || is_masked {
            return shown;
        }
        if matches!(result, Ok(Value::Null | Value::Bool(_))) {
            return shown;
        }
        if result.is_ok() {
            trace.learn(&text);
        }
        "***".to_owned()
    }

    /// The parts that had a value to show, and the conditions that were not asked.
    fn told(&self, taken: Vec<crate::exchange::RecordedPart>) -> Vec<TracePart> {
        let parts = self.program.parts();
        // The whole is told already.
        let is_whole = |part: &Part| Site::range(part).len() >= self.site.code.text().trim().len();
        let is_told: Vec<bool> = (parts.iter().zip(&taken))
            .map(|(part, taken)| {
                let silent =
                    taken.values.is_empty() && (taken.outcomes.ran > 0 || !part.is_condition);
                !is_whole(part) && !silent
            })
            .collect();
        let told = |number: u32| {
            let number = usize::try_from(number).ok();
            number.and_then(|number| is_told.get(number)) == Some(&true)
        };
        let around = |number: u32| {
            let number = usize::try_from(number).ok();
            number.and_then(|number| parts.get(number)?.within)
        };
        (parts.iter().zip(taken).zip(&is_told))
            .filter(|(_, is_told)| **is_told)
            .map(|((part, taken), _)| {
                let outer = std::iter::successors(part.within, |number| around(*number));
                let text = self.site.code.text().get(Site::range(part));
                TracePart {
                    span: self.site.code.span(Site::range(part)),
                    expression: text.unwrap_or_default().to_owned(),
                    values: taken.values,
                    times: taken.outcomes.ran,
                    depth: outer.filter(|number| told(*number)).count(),
                    is_condition: part.is_condition,
                }
            })
            .collect()
    }
}
