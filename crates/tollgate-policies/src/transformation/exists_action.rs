//! `exists-action`: what to do when a header or query parameter is there already.

use tollgate_dotnet::{Machine, Str, Value};
use tollgate_engine::FromValue;

/// `override` (the default), `skip`, `append`, `delete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ExistsAction {
    #[default]
    Override,
    Skip,
    Append,
    Delete,
}

impl FromValue for ExistsAction {
    const EXPECTED: &'static str = "`override`, `skip`, `append` or `delete`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [
            ("override", Self::Override),
            ("skip", Self::Skip),
            ("append", Self::Append),
            ("delete", Self::Delete),
        ];
        all.into_iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, action)| action)
    }

    fn from_value(value: &Value, machine: &mut Machine<'_>) -> Option<Self> {
        Self::from_literal(Str::from_value(value, machine)?.as_utf8()?)
    }
}
