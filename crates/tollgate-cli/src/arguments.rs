//! Arguments that several commands share.

use std::path::Path;

use clap::Args;
use tollgate::{Catalog, Source};

/// Named values and fragments.
#[derive(Debug, Args)]
pub(crate) struct CatalogArguments {
    /// A named value, as NAME=VALUE.
    #[arg(long = "named-value", value_name = "NAME=VALUE")]
    plain: Vec<String>,
    /// A secret named value, as NAME=VARIABLE: its value is in that environment variable, and is shown nowhere.
    #[arg(long = "secret", value_name = "NAME=VARIABLE")]
    secret: Vec<String>,
    /// A fragment, as ID=FILE.
    #[arg(long = "fragment", value_name = "ID=FILE")]
    fragments: Vec<String>,
}

impl CatalogArguments {
    pub(crate) fn add_to(&self, mut catalog: Catalog) -> Result<Catalog, String> {
        for pair in &self.plain {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| format!("`{pair}`: a named value is NAME=VALUE"))?;
            catalog = catalog.named_value(name, value);
        }
        for pair in &self.secret {
            let (name, variable) = pair
                .split_once('=')
                .ok_or_else(|| format!("`{pair}`: a secret is NAME=VARIABLE"))?;
            let value = std::env::var(variable)
                .map_err(|_| format!("the environment variable {variable} is not set"))?;
            catalog = catalog.secret(name, value);
        }
        for pair in &self.fragments {
            let (id, path) = pair
                .split_once('=')
                .ok_or_else(|| format!("`{pair}`: a fragment is ID=FILE"))?;
            catalog = catalog.fragment(id, read_source(Path::new(path))?);
        }
        Ok(catalog)
    }
}

/// A policy file.
pub(crate) fn read_source(path: &Path) -> Result<Source, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("{}: the file is not UTF-8", path.display()))?;
    Ok(Source::new(path.display().to_string(), text))
}
