//! XSLT 1.0 and XML Schema 1.0 by libxslt and libxml2, within bounds.
//!
//! These are the libraries of the system (libxml2 2.9.14, libxslt 1.1.35 or newer, found by `pkg-config`) and come in with
//! the feature `system`. Without it the same functions answer [`Error::NotBuilt`]. No library in Rust alone knows all of
//! XSLT 1.0, or takes the several documents of an XML Schema from memory.
//!
//! What is read is text in memory only: no file and no address is ever looked at, `document()`, `xsl:import` and
//! `xsl:include` find nothing, and a document type is refused before any of it is read. [`Limits`] bound memory, steps,
//! depth, time and the length of results. A document may have 100,000 nodes, 1,000 attributes on one element, and be
//! nested 250 deep; a stylesheet 64 deep. Limits are looked at between two operations; one alone may compare all pairs of
//! that many nodes, which takes about a second.
//!
//! Each call runs on a thread of its own, whose stack is large enough for the deepest recursion that the limits allow,
//! and the caller waits for it.
//!
//! ```
//! use tollgate_libxml::{Error, Limits, Stylesheet};
//!
//! let text = r#"<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
//!     <xsl:output method="text"/><xsl:param name="greeting"/>
//!     <xsl:template match="/"><xsl:value-of select="$greeting"/>, <xsl:value-of select="/who"/></xsl:template>
//! </xsl:stylesheet>"#;
//! match Stylesheet::compile(text, Limits::default()) {
//!     Ok(stylesheet) => {
//!         let greeting = ("greeting", "Hello".into());
//!         let answer = stylesheet.transform("<who>world</who>", &[greeting], 1_000)?;
//!         assert_eq!(answer, b"Hello, world");
//!     }
//!     Err(error) => assert_eq!(error, Error::NotBuilt),
//! }
//! # Ok::<(), Error>(())
//! ```

#[cfg(feature = "system")]
#[path = "ffi.rs"]
mod library;
#[cfg(not(feature = "system"))]
#[path = "without.rs"]
mod library;
mod pool;
mod schema;
mod screen;
mod stylesheet;

pub use schema::{Form, Problem, Schema, SchemaDocument, is_schema};
pub use stylesheet::{Parameter, Stylesheet};

use std::time::Duration;

/// What a call may use. All but the time is counted, so that the same input ends the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes, all that is ever asked for added up; 256 MiB.
    pub memory: usize,
    /// Instructions of XSLT, and operations and visited nodes of XPath; 5 million of each.
    pub steps: u32,
    /// Templates within templates; 1,000.
    pub depth: u16,
    /// Of the processor; 2 seconds.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            steps: 5_000_000,
            depth: 1_000,
            time: Duration::from_secs(2),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The feature `system` is off.
    #[error("XSLT and XML Schemas are not built in: build with the feature `xml`")]
    NotBuilt,
    /// The stylesheet or the schema is wrong.
    #[error("{message}")]
    Mistake {
        /// What is wrong.
        message: String,
        /// Where, from 1; 0 if that is not known.
        line: usize,
    },
    /// The document is no XML, or more of it than is read.
    #[error("the document cannot be read: {0}")]
    Input(String),
    /// A limit was reached.
    #[error("it takes more than it may: {0}")]
    Limit(&'static str),
    /// `xsl:message` ended it, with this text; or a mistake that shows only then.
    #[error("the transformation ended: {0}")]
    Ended(String),
}
