//! What files of tests are made of: YAML whose places are known, and what values are expected to be.
//!
//! ```
//! use tollgate_testing::suite::{Matcher, Yaml};
//!
//! let yaml = Yaml::parse("status: {one-of: [200, 204]}\n")?;
//! let matcher: Matcher = serde_json::from_value(yaml.json["status"].clone())?;
//! assert_eq!(matcher.mismatch(Some(&204.into())), None);
//! assert_eq!(matcher.mismatch(Some(&404.into())).as_deref(), Some("one of 200, 204"));
//! assert_eq!(yaml.position("status").to_string(), "1:1");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod matcher;
mod yaml;

pub use matcher::{Conditions, Matcher, Pattern};
pub use yaml::{Position, Yaml, YamlError};
