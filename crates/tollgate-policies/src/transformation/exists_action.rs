//! `exists-action`: what to do when a header or query parameter is there already.

use tollgate_engine::{ElementReader, FromValue, Invalid, Setting};

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
}

/// The `<value>`s of an element.
pub(super) type Values<T> = Box<[Setting<T>]>;

impl ExistsAction {
    /// An element's `exists-action` and its `<value>`s, of which there must be one unless it deletes.
    pub(super) fn load_with_values<T: FromValue>(
        e: &ElementReader<'_>,
    ) -> Result<(Setting<Self>, Values<T>), Invalid> {
        let action = e.optional_setting("exists-action");
        let values: Vec<Result<_, Invalid>> = e
            .children()
            .iter()
            .map(ElementReader::text_setting)
            .collect();
        let values = values.into_iter().collect::<Result<Box<[_]>, _>>();
        let action = action?.unwrap_or(Setting::Literal(Self::default()));
        let values = values?;
        if values.is_empty()
            && action
                .literal()
                .is_some_and(|action| *action != Self::Delete)
        {
            let message = format!("`{}` needs a `<value>` unless it deletes", e.name());
            return Err(e.error("missing-element", e.name_span(), message));
        }
        Ok((action, values))
    }
}
