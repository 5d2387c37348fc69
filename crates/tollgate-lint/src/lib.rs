//! Lints: what loads and runs, and is probably not meant.
//!
//! A [`Lint`] has a name, a level and a page that explains it; [`LINTS`] is the list. [`lint`] looks at one policy file.
//! [`Settings`] are what `tollgate.toml` says: the level of each lint, and the tier that the file is for. A comment silences
//! lints for the element behind it, or before the root for the whole file:
//!
//! ```xml
//! <!-- tollgate: allow(missing-base, secret-literal) -->
//! ```
//!
//! ```
//! use tollgate_lint::{Catalog, Settings, lint};
//! use tollgate_syntax::Sources;
//!
//! let mut sources = Sources::new();
//! let text = r#"<policies><inbound><base /></inbound><backend>
//!     <retry condition="@(context.Response.StatusCode == 503)" count="3" interval="1"><forward-request /></retry>
//! </backend></policies>"#;
//! let file = sources.add("retry.xml", text);
//! let found = lint(file, &sources, &Catalog::new(), &Settings::default());
//! assert_eq!(found[0].code, "retry-body");
//! assert_eq!(found[0].edits[0].text, r#" buffer-request-body="true""#);
//! ```

mod code;
mod lints;
mod settings;
mod silence;
mod subject;

use std::borrow::Cow;

use tollgate_engine::closest;
use tollgate_syntax::{Diagnostic, FileId, Severity, Sources};

use subject::Subject;

pub use lints::{LINTS, VariableUse, variables};
pub use settings::{Level, Profile, Settings, SettingsError};
pub use tollgate_engine::Catalog;

/// Something to look for in policies.
pub struct Lint {
    /// Its name, as in `tollgate explain NAME`.
    pub name: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Why that matters, an example, and what to do.
    pub page: &'static str,
    /// How grave a finding is, unless settings say otherwise.
    pub level: Level,
    check: fn(&Subject<'_>) -> Vec<Diagnostic>,
}

impl std::fmt::Debug for Lint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lint")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Lint {
    /// The lint of this name.
    ///
    /// # Errors
    /// There is none; the error says which one was meant perhaps.
    pub fn named(name: &str) -> Result<&'static Self, UnknownLint> {
        let found = LINTS.iter().find(|lint| lint.name == name);
        found.ok_or_else(|| UnknownLint {
            name: name.to_owned(),
            hint: match closest(name, LINTS.iter().map(|lint| lint.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`tollgate explain` lists them".to_owned(),
            },
        })
    }
}

/// A name that no lint has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no lint `{name}`; {hint}")]
pub struct UnknownLint {
    name: String,
    hint: String,
}

/// What lints find in a policy document or fragment of `sources`, by place. `catalog` gives the fragments that it includes.
/// A file that cannot be read has nothing; what is wrong with it is told when it is loaded.
pub fn lint(
    file: FileId,
    sources: &Sources,
    catalog: &Catalog,
    settings: &Settings,
) -> Vec<Diagnostic> {
    let (document, _) = tollgate_syntax::parse(file, sources);
    let Some(document) = document else {
        return Vec::new();
    };
    let silences = silence::read(&document);
    let mut found = silences.unknown();
    let subject = Subject::new(&document, sources, catalog, settings.profile);
    for lint in LINTS {
        let severity = match settings.level(lint) {
            Level::Off => continue,
            Level::Note => Severity::Note,
            Level::Warning => Severity::Warning,
            Level::Error => Severity::Error,
        };
        let all = (lint.check)(&subject).into_iter();
        found.extend(
            all.filter(|one| !silences.silence(lint.name, one.span))
                .map(|one| Diagnostic {
                    severity,
                    code: Cow::Borrowed(lint.name),
                    ..one
                }),
        );
    }
    found.sort_by_key(|one| (one.span.start, one.span.end));
    found
}

/// A finding of a lint, which the framework gives its name and level.
fn finding(span: tollgate_syntax::Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning("", span, message)
}
