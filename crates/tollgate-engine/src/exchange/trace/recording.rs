//! What the parts of an expression were while it ran.

use serde::Serialize;
use tollgate_dotnet::{Str, Value};
use tollgate_syntax::Span;

use super::{Outcomes, Trace};

/// So many bytes of a part's value are shown.
pub(crate) const SHOWN: usize = 256;
/// So many values of one part are shown, and so many of an expression: loops give many.
const OF_A_PART: usize = 3;
const OF_ALL: usize = 300;

/// A part of an expression, and what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TracePart {
    /// Where it stands.
    #[serde(skip)]
    pub span: Span,
    /// Its text.
    pub expression: String,
    /// Its first values as C# would write them; a long one ends with `…`, and secrets are masked. None if it was not
    /// evaluated.
    pub values: Vec<String>,
    /// How often it was evaluated.
    pub times: u64,
    /// Within how many other parts it stands.
    pub depth: usize,
    /// Whether it is a `bool`.
    pub is_condition: bool,
}

impl TracePart {
    /// About how many bytes it takes.
    pub(super) fn size(&self) -> usize {
        let values = self
            .values
            .iter()
            .map(|value| value.len() + size_of::<String>());
        size_of::<Self>() + self.expression.len() + values.sum::<usize>()
    }
}

/// What is taken down of one run of an expression.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    program: u64,
    pub(crate) parts: Vec<Recorded>,
    left: usize,
}

/// What is taken down of a part.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorded {
    /// Whether a secret stands in it.
    pub(crate) is_secret: bool,
    pub(crate) values: Vec<String>,
    pub(crate) outcomes: Outcomes,
}

impl Recording {
    /// For the parts of a program, of which these hold secrets.
    pub(crate) fn new(program: u64, secret: impl Iterator<Item = bool>) -> Self {
        let part = |is_secret| Recorded {
            is_secret,
            ..Recorded::default()
        };
        Self {
            program,
            parts: secret.map(part).collect(),
            left: OF_ALL,
        }
    }

    /// Takes a value down, unless another program gives it: a delegate that was made before.
    pub(super) fn add(
        &mut self,
        program: u64,
        part: u32,
        value: &Value,
        text: Option<Str>,
        trace: &mut Trace,
    ) {
        let part = usize::try_from(part).ok();
        let Some(part) = part.and_then(|part| self.parts.get_mut(part)) else {
            return;
        };
        if program != self.program {
            return;
        }
        part.outcomes.add(value);
        if let Some(text) = text
            && part.values.len() < OF_A_PART
            && self.left > 0
        {
            self.left -= 1;
            let shown = trace.shown(&text.to_utf8(), SHOWN);
            part.values.push(match value {
                Value::Null => "null".to_owned(),
                Value::Bool(truth) => truth.to_string(),
                _ if part.is_secret && !shown.1 => {
                    if matches!(value, Value::String(_)) {
                        trace.learn(&text.to_utf8());
                    }
                    "***".to_owned()
                }
                Value::String(_) => format!("\"{}\"", shown.0.escape_debug()),
                Value::Char(_) => format!("'{}'", shown.0.escape_debug()),
                _ => shown.0,
            });
        }
    }
}
