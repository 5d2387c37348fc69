//! Files of tests, and how they are run.
//!
//! A file of tests stands beside the policy that it is about, as `load-balance.test.yaml`. [`TestFile`] is what can
//! stand in it; `docs/test-file.schema.json` is its JSON Schema. `tollgate test` runs such files, and [`policy_tests!`]
//! makes them tests of `cargo test`.
//!
//! ```
//! use tollgate_testing::suite::{Options, run};
//!
//! let folder = tempfile::tempdir()?;
//! let file = |name: &str| folder.path().join(name);
//! std::fs::write(
//!     file("hello.xml"),
//!     r#"<policies><inbound><set-header name="X-Hello"><value>{{who}}</value></set-header></inbound><backend><base /></backend></policies>"#,
//! )?;
//! std::fs::write(
//!     file("hello.test.yaml"),
//!     r#"
//! policy: hello.xml
//! named-values: {who: world}
//! tests:
//!   - name: the backend is greeted
//!     request: {url: /orders}
//!     expect:
//!       status: 200
//!       backend-calls:
//!         - url: https://backend.test/orders
//!           headers: {X-Hello: world}
//! "#,
//! )?;
//! let report = run(&[file("hello.test.yaml")], &Options::default(), |_| {});
//! assert!(report.passed(), "{report:?}");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! [`policy_tests!`]: crate::policy_tests

mod cases;
mod check;
mod file;
mod harness;
mod load;
mod matcher;
mod report;
mod run;
mod yaml;

pub use check::Mismatch;
pub use file::{
    CallMatcher, Calls, Expect, LastError, Nothing, Policies, Request, Step, Subscription, Test,
    TestFile, User,
};
pub use harness::harness;
pub use load::{Case, Suite, SuiteError};
pub use matcher::{Conditions, Matcher, Pattern};
pub use report::{json, junit, text};
pub use run::{Failure, Options, Outcome, Report, find, run};
pub use yaml::{Position, Yaml, YamlError};

/// The JSON Schema of files of tests.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(TestFile).into()
}

/// What is said behind an unknown name: which of those that are known was meant perhaps.
fn hint<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let near = tollgate::engine::closest(name, known);
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
