//! `validate-odata-request`: holds the path, the query, the headers and the size of an OData request against OData 4.
//!
//! ```xml
//! <validate-odata-request error-variable-name="error" default-odata-version="4.0" min-odata-version="4.0"
//!     max-odata-version="4.01" max-size="102400" />
//! ```
//!
//! The version is what `OData-Version` says, or else `default-odata-version` (4.0); it must lie between the least (4.0) and
//! the greatest (4.01), and `OData-MaxVersion`, where it is there, must not be less than the least. Segments of the path and
//! the system query options (`$filter`, `$orderby`, `$select`, `$expand`, `$top` …) must be as the grammar has them, each
//! option once; options without `$` are the service's own. A body longer than `max-size` bytes is refused. Names are not
//! held against a model: there is none.
//!
//! Refused: 400 and `{ "statusCode": 400, "message": "…" }`, `ODataRequestNotValid`; the variable holds the message. Source:
//! validate-odata-request-policy.md; on the response it is silent.

use http::StatusCode;
use percent_encoding::percent_decode_str;
use tollgate_dotnet::Str;
use tollgate_engine::{
    Children, ElementReader, Exchange, Failure, Flow, FromValue, Invalid, Policy, PolicyKind,
    Reads, Scopes, Sections, VariableName, optional,
};
use tollgate_schema::odata;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "validate-odata-request",
    sections: Sections::INBOUND,
    scopes: Scopes::GLOBAL
        .or(Scopes::WORKSPACE)
        .or(Scopes::PRODUCT)
        .or(Scopes::API),
    once: true,
    attributes: &[
        optional("error-variable-name")
            .literal()
            .about("A variable for what is wrong."),
        optional("default-odata-version")
            .literal()
            .about("Where the request names none; 4.0 unless given."),
        optional("min-odata-version")
            .literal()
            .about("The least; 4.0 unless given."),
        optional("max-odata-version")
            .literal()
            .about("The greatest; 4.01 unless given."),
        optional("max-size")
            .literal()
            .about("The longest body, in bytes."),
    ],
    children: Children::None,
    load: |e| Ok(Box::new(ValidateOData::load(e)?)),
};

#[derive(Debug)]
struct ValidateOData {
    variable: Option<VariableName>,
    default: Version,
    least: Version,
    greatest: Version,
    max_size: Option<usize>,
}

/// `4.01` as 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32);

impl FromValue for Version {
    const EXPECTED: &'static str = "a version of OData: `4.0` or `4.01`";

    fn from_literal(text: &str) -> Option<Self> {
        match text.trim() {
            "4.0" | "4" => Some(Self(400)),
            "4.01" => Some(Self(401)),
            _ => None,
        }
    }
}

impl ValidateOData {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let variable = e.optional_literal("error-variable-name");
        let default = e.optional_literal("default-odata-version");
        let least = e.optional_literal("min-odata-version");
        let greatest = e.optional_literal("max-odata-version");
        let max_size = e.optional_literal::<u64>("max-size");
        let loaded = Self {
            variable: variable?,
            default: default?.unwrap_or(Version(400)),
            least: least?.unwrap_or(Version(400)),
            greatest: greatest?.unwrap_or(Version(401)),
            max_size: max_size?.map(|size| usize::try_from(size).unwrap_or(usize::MAX)),
        };
        if !(loaded.least..=loaded.greatest).contains(&loaded.default) {
            let message = "`default-odata-version` must lie between `min-odata-version` and `max-odata-version`";
            return Err(e.error("wrong-value", e.name_span(), message));
        }
        Ok(loaded)
    }

    /// What is wrong with a request.
    fn look(&self, exchange: &Exchange) -> Result<(), String> {
        let request = &exchange.context.request;
        let version = |name: &str| -> Result<Option<Version>, String> {
            let mut values = request.headers.get_all(name).iter();
            let (value, another) = (values.next(), values.next());
            let Some(value) = value else { return Ok(None) };
            let text = value.to_str().unwrap_or_default();
            match Version::from_literal(text) {
                Some(version) if another.is_none() => Ok(Some(version)),
                _ => Err(format!(
                    "The header {name} has no version of OData that is known."
                )),
            }
        };
        let own = version("OData-Version")?.unwrap_or(self.default);
        if !(self.least..=self.greatest).contains(&own) {
            return Err("The version of OData is not supported.".to_owned());
        }
        if version("OData-MaxVersion")?.is_some_and(|most| most < self.least) {
            return Err(
                "The greatest version of OData that the client takes is too low.".to_owned(),
            );
        }
        let size = request.body.bytes().map_or(0, |bytes| bytes.len());
        if let Some(most) = self.max_size.filter(|most| size > *most) {
            return Err(format!(
                "Request's body is {size} bytes long and it exceeds the configured limit of {most} bytes."
            ));
        }
        let path = request.url.path.to_utf8();
        // Decoded piece by piece: what is encoded in a piece is no slash between pieces.
        for piece in path.split('/') {
            let piece = percent_decode_str(piece).decode_utf8();
            let piece = piece.map_err(|_| "The path is not UTF-8.".to_owned())?;
            odata::check_path(&piece.replace('/', " "))
                .map_err(|error| format!("The path is not valid: {error}."))?;
        }
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in request.url.query_pairs() {
            let (name, value) = (name.to_utf8(), value.to_utf8());
            if name.starts_with('@') || !name.starts_with('$') {
                continue;
            }
            if seen.iter().any(|known| *known == *name) {
                return Err(format!("The query option {name} is there more than once."));
            }
            odata::check_option(&name, &value)
                .map_err(|error| format!("The query option {name} is not valid: {error}."))?;
            seen.push(name.into_owned());
        }
        Ok(())
    }
}

impl Policy for ValidateOData {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let Err(message) = self.look(exchange) else {
            return Ok(Flow::Next);
        };
        if let Some(variable) = &self.variable {
            let text = Str::from(message.as_str());
            exchange.context.variables.set(variable, text.into());
        }
        let failure = Failure::new("ODataRequestNotValid", message.clone());
        Err(failure.respond(StatusCode::BAD_REQUEST, message))
    }

    fn reads(&self) -> Reads {
        match self.max_size {
            Some(_) => Reads::REQUEST,
            None => Reads::NONE,
        }
    }
}
