//! Files of cases and of contexts.

use serde_json::{Map, Value as Json};
use tollgate_expressions::Form;

use crate::evaluate::{Expression, Outcome, evaluate};
use crate::fixture::Fixture;

/// One line of a file of cases: `{"id": "x.json.001", "kind": "single", "expr": "@(…)", "context": "basic"}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Names the case in the results.
    pub id: String,
    /// The expression.
    pub text: String,
    /// What it is if the text has no brackets: `single` or `block`.
    pub form: Form,
    /// The context.
    pub context: CaseContext,
}

/// Which context a case runs on.
#[derive(Debug, Clone, PartialEq)]
pub enum CaseContext {
    /// The default one.
    Default,
    /// One of the file of contexts.
    Named(String),
    /// Its own.
    Own(Json),
}

/// Why a line is no case, or contexts are none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CaseError(String);

impl Case {
    /// Reads a line.
    ///
    /// # Errors
    /// It is not JSON, or not that of a case.
    pub fn parse(line: &str) -> Result<Case, CaseError> {
        let fields: Map<String, Json> = serde_json::from_str(line)
            .map_err(|error| CaseError(format!("a case is a JSON object in one line: {error}")))?;
        let text = |name: &str| match fields.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(CaseError(format!("`{name}` must be a string"))),
        };
        let missing = |name| CaseError(format!("a case needs `{name}`"));
        Ok(Case {
            id: text("id")?.ok_or_else(|| missing("id"))?,
            text: text("expr")?.ok_or_else(|| missing("expr"))?,
            form: match text("kind")?.as_deref() {
                None | Some("single") => Form::Single,
                Some("block") => Form::Block,
                Some(other) => {
                    let problem = format!("`kind` is `single` or `block`, not `{other}`");
                    return Err(CaseError(problem));
                }
            },
            context: match fields.get("context") {
                None | Some(Json::Null) => CaseContext::Default,
                Some(Json::String(name)) => CaseContext::Named(name.clone()),
                Some(object @ Json::Object(_)) => CaseContext::Own(object.clone()),
                Some(_) => return Err(CaseError("`context` is a name or an object".into())),
            },
        })
    }

    /// The expression.
    pub fn expression(&self) -> Expression<'_> {
        let expression = Expression::parse(&self.text);
        Expression {
            form: expression.form.or(Some(self.form)),
            ..expression
        }
    }

    /// Runs it on its context.
    ///
    /// # Errors
    /// Those of [`check`](Self::check).
    pub fn run(&self, contexts: &Contexts) -> Result<Outcome, CaseError> {
        Ok(evaluate(&self.expression(), self.fixture(contexts)?))
    }

    /// Whether there is such a context, and it is as it should be.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self, contexts: &Contexts) -> Result<(), CaseError> {
        match &self.context {
            // The named ones have been looked at.
            CaseContext::Named(name) => contexts.get(name).map(|_| ()),
            _ => self.fixture(contexts).map(|_| ()),
        }
    }

    fn fixture(&self, contexts: &Contexts) -> Result<Fixture, CaseError> {
        let fixture = match &self.context {
            CaseContext::Default => Fixture::from_json(&Json::Null),
            CaseContext::Own(json) => Fixture::from_json(json),
            CaseContext::Named(name) => Fixture::from_json(contexts.get(name)?),
        };
        fixture.map_err(|error| CaseError(format!("its context: {error}")))
    }
}

/// The named contexts of a file: an object with a context for each name.
#[derive(Debug, Clone, Default)]
pub struct Contexts(Map<String, Json>);

impl Contexts {
    /// Reads the file's text.
    ///
    /// # Errors
    /// It is not JSON, or one of the contexts is not as it should be.
    pub fn parse(text: &str) -> Result<Contexts, CaseError> {
        let all: Map<String, Json> = serde_json::from_str(text)
            .map_err(|error| CaseError(format!("an object of contexts is expected: {error}")))?;
        for (name, context) in &all {
            Fixture::from_json(context).map_err(|error| CaseError(format!("{name}: {error}")))?;
        }
        Ok(Contexts(all))
    }

    /// The names in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The description of a context.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn get(&self, name: &str) -> Result<&Json, CaseError> {
        self.0.get(name).ok_or_else(|| {
            let near = |known: &&str| strsim::damerau_levenshtein(known, name) <= 2;
            let hint = match self.names().find(near) {
                Some(near) => format!("; did you mean `{near}`?"),
                None if self.0.is_empty() => "; give them with --contexts FILE.json".into(),
                None => String::new(),
            };
            CaseError(format!("there is no context `{name}`{hint}"))
        })
    }
}
