//! What `tollgate.toml` says of lints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Lint, UnknownLint};

/// The levels of lints, and the tier that policies are for: `tollgate.toml`.
///
/// ```
/// use tollgate_lint::{Level, Profile, Settings};
///
/// let settings: Settings = Settings::from_toml("profile = \"consumption\"\n[lints]\nmissing-base = \"off\"\n")?;
/// assert_eq!(settings.profile, Some(Profile::Consumption));
/// assert_eq!(settings.lints["missing-base"], Level::Off);
/// # Ok::<(), tollgate_lint::SettingsError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// The tier that policies are for.
    pub profile: Option<Profile>,
    /// The levels of lints, by name.
    pub lints: BTreeMap<String, Level>,
}

/// How grave what a lint finds is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It is not looked for.
    Off,
    /// Worth knowing.
    Note,
    /// Probably not meant.
    Warning,
    /// Not to be let through.
    Error,
}

/// A tier of API Management, or rather its gateway. Source: api-management-policies.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Developer, Basic, Standard, Premium.
    Classic,
    /// Basic v2, Standard v2, Premium v2.
    V2,
    /// Consumption.
    Consumption,
    /// The self-hosted gateway.
    SelfHosted,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no such file.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// It names a lint that does not exist.
    #[error(transparent)]
    Unknown(#[from] UnknownLint),
}

/// The name of the file.
const FILE: &str = "tollgate.toml";

impl Settings {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong with it, with a picture of the place; names that no lint has.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        let settings: Self = toml::from_str(text)?;
        for name in settings.lints.keys() {
            Lint::named(name)?;
        }
        Ok(settings)
    }

    /// Reads `tollgate.toml` in the folder of a file, or in the nearest one above; without any, nothing is set.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml), and a file that cannot be read.
    pub fn near(file: &Path) -> Result<Self, SettingsError> {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let mut paths = file.ancestors().skip(1).map(|folder| folder.join(FILE));
        match paths.find(|path| path.is_file()) {
            Some(path) => Self::read(&path),
            None => Ok(Self::default()),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As [`near`](Self::near).
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|source| SettingsError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_toml(&text)
    }

    /// The level of a lint.
    pub fn level(&self, lint: &Lint) -> Level {
        self.lints.get(lint.name).copied().unwrap_or(lint.level)
    }
}
