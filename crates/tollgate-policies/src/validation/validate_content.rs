//! `validate-content`: holds a body's size, media type and content against schemas.
//!
//! ```xml
//! <validate-content unspecified-content-type-action="prevent" max-size="102400" size-exceeded-action="prevent"
//!     errors-variable-name="errors">
//!     <content-type-map missing-content-type-value="application/json">
//!         <type from="application/hal+json" to="application/json" />
//!     </content-type-map>
//!     <content type="application/json" validate-as="json" action="prevent" allow-additional-properties="false" />
//! </validate-content>
//! ```
//!
//! In inbound it is the request's body, else the response's; it is buffered. The media type is that of `Content-Type`
//! without parameters; `content-type-map` may replace it (`any-content-type-value`, `missing-content-type-value`), and its
//! first `type` whose `from` it is, or whose `when` is true, counts before. A body that is empty is not looked at.
//!
//! The first `content` with this `type` says how it is validated; one without a `type` is for every type of the schema. If
//! there is none, that is the finding. The schema is that of the API's document
//! ([`Api::openapi`](tollgate_engine::Api::openapi)) for the operation and the type, or the one that `schema-id` names
//! ([`Catalog::schema`](tollgate_engine::Catalog::schema)), whole or at `schema-ref` (`#/definitions/Order`).
//! `allow-additional-properties` says whether objects may have properties that their schema does not name, whatever it
//! says itself.
//!
//! `xml` is held against the XML Schema (1.0) that `schema-id` names, `soap` each element in the body of an envelope of
//! SOAP 1.1 or 1.2; an API's document has no XML Schemas. Schemas import and include each other by their ids. They need
//! the feature `xml`: without it a catalog with one does not load. What cannot be read in its encoding, has a document
//! type or over 100,000 nodes, is nested over 250 deep, or takes over 2 seconds or 256 MiB, is a finding too, as is JSON
//! that is no UTF-8. What comes of findings is told in `findings.rs`.
//! Source: validate-content-policy.md; on bodies that are empty it is silent.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use tollgate_dotnet::Str;
use tollgate_engine::{
    AttributeSpec, Children, Described, ElementReader, Exchange, Failure, Flow, FromValue, Invalid,
    Policy, PolicyKind, Reads, Scopes, Section, Sections, Setting, VariableName, element, optional,
    required,
};
use tollgate_schema::{Mode, Problem, Schema};

use super::findings::{self, Action, ERRORS_VARIABLE, Finding, Findings};
use crate::transformation::message::{self, essence};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "validate-content",
    sections: Sections::INBOUND
        .or(Sections::OUTBOUND)
        .or(Sections::ON_ERROR),
    scopes: Scopes::ALL,
    once: false,
    attributes: &[
        required("unspecified-content-type-action").about("For media types that are not named."),
        required("max-size").about("The longest body, in bytes."),
        required("size-exceeded-action").about("For bodies that are longer."),
        ERRORS_VARIABLE,
    ],
    children: Children::Elements(&[
        element("content-type-map")
            .attributes(&[
                optional("any-content-type-value")
                    .literal()
                    .about("In place of every media type."),
                optional("missing-content-type-value")
                    .literal()
                    .about("Where there is none."),
            ])
            .children(Children::Elements(&[element("type").many().attributes(&[
                optional("from").literal().about("The media type."),
                optional("when").about("Whether it is replaced."),
                required("to").literal().about("What takes its place."),
            ])])),
        element("content").many().attributes(CONTENT),
    ]),
    load: |e| Ok(Box::new(ValidateContent::load(e)?)),
};

const CONTENT: &[AttributeSpec] = &[
    optional("type").literal().about("The media type."),
    required("validate-as")
        .literal()
        .about("`json`, `xml` or `soap`."),
    required("action")
        .about("`ignore`, `prevent` or `detect`: what is done about what does not conform."),
    optional("schema-id")
        .literal()
        .about("A schema of the catalog."),
    optional("schema-ref")
        .literal()
        .about("Where in it: a JSON pointer."),
    optional("allow-additional-properties").about("Whether objects may have more than is named."),
    optional("case-insensitive-property-names").about("Whether the case of names matters not."),
];

#[derive(Debug)]
struct ValidateContent {
    unspecified: Setting<Action>,
    max_size: Setting<u64>,
    exceeded: Setting<Action>,
    any_type: Option<String>,
    missing_type: Option<String>,
    map: Vec<(From, String)>,
    contents: Vec<Content>,
    variable: Option<VariableName>,
    section: Section,
}

/// When a media type is replaced.
#[derive(Debug)]
enum From {
    Type(String),
    When(Setting<bool>),
}

/// How bodies of a media type are validated.
#[derive(Debug)]
struct Content {
    media: Option<String>,
    form: Form,
    action: Setting<Action>,
    schema: Option<(Str, String)>,
    additional: Option<Setting<bool>>,
    ignore_case: Option<Setting<bool>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Xml,
    Soap,
}

impl FromValue for Form {
    const EXPECTED: &'static str = "`json`, `xml` or `soap`";

    fn from_literal(text: &str) -> Option<Self> {
        let all = [
            ("json", Self::Json),
            ("xml", Self::Xml),
            ("soap", Self::Soap),
        ];
        let mut all = all.into_iter();
        all.find(|(name, _)| name.eq_ignore_ascii_case(text))
            .map(|(_, form)| form)
    }
}

/// Whose body it is, as findings have it.
#[derive(Debug, Clone, Copy)]
struct Whose {
    kind: &'static str,
    word: &'static str,
    title: &'static str,
}

impl ValidateContent {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let unspecified = e.setting("unspecified-content-type-action");
        let max_size = e.setting("max-size");
        let exceeded = e.setting("size-exceeded-action");
        let variable = findings::variable(e);
        let map = e.child("content-type-map");
        let media = |name: &str| -> Result<Option<String>, Invalid> {
            let Some(map) = &map else { return Ok(None) };
            let media = map.optional_literal::<Str>(name)?;
            Ok(media.map(|media| essence(&media.to_utf8())))
        };
        let (any_type, missing_type) = (
            media("any-content-type-value"),
            media("missing-content-type-value"),
        );
        let types = map.iter().flat_map(|map| map.children());
        let types: Vec<_> = types.map(|one| load_type(&one)).collect();
        let contents: Vec<_> = (e.children_named("content"))
            .map(|content| Content::load(&content))
            .collect();
        Ok(Self {
            unspecified: unspecified?,
            max_size: max_size?,
            exceeded: exceeded?,
            any_type: any_type?,
            missing_type: missing_type?,
            map: types.into_iter().collect::<Result<_, _>>()?,
            contents: contents.into_iter().collect::<Result<_, _>>()?,
            variable: variable?,
            section: e.section(),
        })
    }

    /// The media type, as the map has it.
    fn media(&self, headers: &HeaderMap, exchange: &mut Exchange) -> Result<String, Failure> {
        let own = (headers.contains_key(CONTENT_TYPE)).then(|| message::media_type(headers));
        for (from, to) in &self.map {
            let applies = match from {
                From::Type(from) => own.as_ref() == Some(from),
                From::When(when) => *when.get(exchange)?,
            };
            if applies {
                return Ok(to.clone());
            }
        }
        let replaced = match (&self.any_type, own) {
            (Some(any), _) => Some(any.clone()),
            (None, Some(own)) => Some(own),
            (None, None) => self.missing_type.clone(),
        };
        Ok(replaced.unwrap_or_default())
    }

    fn look(&self, exchange: &mut Exchange, findings: &mut Findings) -> Result<(), Failure> {
        let context = &exchange.context;
        let (headers, body, whose) = match self.section {
            Section::Inbound => (
                context.request.headers.clone(),
                context.request.body.bytes().cloned().unwrap_or_default(),
                Whose {
                    kind: "RequestBody",
                    word: "request",
                    title: "Request",
                },
            ),
            _ => (
                context.response.headers.clone(),
                context.response.body.bytes().cloned().unwrap_or_default(),
                Whose {
                    kind: "ResponseBody",
                    word: "response",
                    title: "Response",
                },
            ),
        };
        if body.is_empty() {
            return Ok(());
        }
        let most = *self.max_size.get(exchange)?;
        let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
        if size > most {
            findings.add(Finding {
                name: String::new(),
                kind: whose.kind,
                rule: "SizeLimit",
                details: format!(
                    "{}'s body is {size} bytes long and it exceeds the configured limit of {most} bytes.",
                    whose.title
                ),
                is_public: true,
                action: *self.exceeded.get(exchange)?,
            });
            return Ok(());
        }
        let media = self.media(&headers, exchange)?;
        let found = match self
            .contents
            .iter()
            .find(|content| content.media.as_ref() == Some(&media))
        {
            Some(content) => Some(content),
            None => {
                let mut general = self
                    .contents
                    .iter()
                    .filter(|content| content.media.is_none());
                general
                    .next()
                    .filter(|_| described(exchange, self.section, &media).is_some())
            }
        };
        let Some(content) = found else {
            findings.add(Finding {
                details: format!("Unspecified content type {media} is not allowed."),
                name: media,
                kind: whose.kind,
                rule: "Unspecified",
                is_public: true,
                action: *self.unspecified.get(exchange)?,
            });
            return Ok(());
        };
        let action = *content.action.get(exchange)?;
        if action == Action::Ignore {
            return Ok(());
        }
        let mode = content.mode(exchange)?;
        let cannot = |details: &str| Finding {
            name: media.clone(),
            kind: whose.kind,
            rule: "ValidationException",
            details: format!(
                "Body of the {} cannot be validated for the content type {media}. {details}",
                whose.word
            ),
            is_public: false,
            action,
        };
        let not_conforming = |definition: &str, message: &str, place: &str| Finding {
            name: media.clone(),
            kind: whose.kind,
            rule: "IncorrectMessage",
            details: format!(
                "Body of the {} does not conform to the definition {definition}, which is associated with the content type {media}. {message}{place}",
                whose.word
            ),
            is_public: true,
            action,
        };
        let form = match content.form {
            Form::Json => None,
            Form::Xml => Some(tollgate_libxml::Form::Document),
            Form::Soap => Some(tollgate_libxml::Form::Soap),
        };
        if let Some(form) = form {
            let Some((id, _)) = &content.schema else {
                findings.add(cannot("No `schema-id` names an XML Schema."));
                return Ok(());
            };
            let id = id.to_utf8();
            let Some(schema) = exchange.plan.xml_schema(&id) else {
                findings.add(Finding::no_schema(action));
                return Ok(());
            };
            let Some(text) = message::xml_text(&headers, &body) else {
                findings.add(cannot("It is no text of the encoding that it names."));
                return Ok(());
            };
            match schema.validate(&text, form) {
                Ok(problems) => {
                    for problem in problems {
                        let place = format!(" Line: {}", problem.line);
                        findings.add(not_conforming(&id, &problem.message, &place));
                    }
                }
                Err(error) => findings.add(cannot(&error.to_string())),
            }
            return Ok(());
        }
        let text = std::str::from_utf8(&body);
        let text = text.map(|text| text.trim_start_matches('\u{feff}'));
        let text = match text {
            Err(_) => {
                findings.add(cannot("It is not UTF-8."));
                return Ok(());
            }
            Ok(text) => text,
        };
        let schema = match content.schema(exchange, self.section, &media, whose, action) {
            Ok(schema) => schema,
            Err(finding) => {
                findings.add(*finding);
                return Ok(());
            }
        };
        for Problem { message, place } in schema.check(text, mode) {
            let place = place.map_or_else(String::new, |(line, position)| {
                format!(" Line: {line}, Position: {position}")
            });
            findings.add(not_conforming(schema.name(), &message, &place));
        }
        Ok(())
    }
}

fn load_type(e: &ElementReader<'_>) -> Result<(From, String), Invalid> {
    let to = e.literal::<Str>("to");
    let from = match (e.has("from"), e.has("when")) {
        (true, false) => {
            let from = e.literal::<Str>("from");
            from.map(|from| From::Type(essence(&from.to_utf8())))
        }
        (false, true) => e.setting("when").map(From::When),
        _ => {
            let message = "`type` takes either `from` or `when`";
            Err(e.error("wrong-attributes", e.name_span(), message))
        }
    };
    Ok((from?, essence(&to?.to_utf8())))
}

/// The schema that the API's document has for this media type.
fn described(exchange: &Exchange, section: Section, media: &str) -> Option<Schema> {
    let Described::Operation(operation) = &exchange.context.described else {
        return None;
    };
    let content = match section {
        Section::Inbound => &operation.request,
        _ => {
            let status = exchange.context.response.status.as_u16();
            &operation.response(status)?.content
        }
    };
    let mut content = content.iter();
    content
        .find(|(known, _)| known == media)
        .map(|(_, schema)| schema.clone())
}

impl Content {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let media = e.optional_literal::<Str>("type");
        let form = e.literal("validate-as");
        let action = e.setting("action");
        let id = e.optional_literal::<Str>("schema-id");
        let reference = e.optional_literal::<Str>("schema-ref");
        let additional = e.optional_setting("allow-additional-properties");
        let ignore_case = e.optional_setting("case-insensitive-property-names");
        let (form, id, reference) = (form?, id?, reference?);
        if reference.is_some() && (id.is_none() || form != Form::Json) {
            let message = "`schema-ref` is only for JSON, with `schema-id`";
            let span = e.attribute_span("schema-ref");
            return Err(e.error("wrong-attributes", span, message));
        }
        let media = media?.map(|media| essence(&media.to_utf8()));
        let reference = reference.map(|reference| reference.to_utf8().into_owned());
        Ok(Self {
            media: media.filter(|media| !media.is_empty()),
            form,
            action: action?,
            schema: id.map(|id| (id, reference.unwrap_or_else(|| "#".to_owned()))),
            additional: additional?,
            ignore_case: ignore_case?,
        })
    }

    fn mode(&self, exchange: &mut Exchange) -> Result<Mode, Failure> {
        let mut mode = Mode::default();
        if let Some(additional) = &self.additional {
            mode.additional_properties = Some(*additional.get(exchange)?);
        }
        if let Some(ignore_case) = &self.ignore_case {
            mode.ignore_case = *ignore_case.get(exchange)?;
        }
        Ok(mode)
    }

    /// What the body is held against.
    fn schema(
        &self,
        exchange: &Exchange,
        section: Section,
        media: &str,
        whose: Whose,
        action: Action,
    ) -> Result<Schema, Box<Finding>> {
        let missing = |definition: &str| Finding {
            name: media.to_owned(),
            kind: whose.kind,
            rule: "MissingDefinition",
            details: format!(
                "API's schema does not contain definition {definition}, which is associated with the content type {media}."
            ),
            is_public: false,
            action,
        };
        if let Some((id, reference)) = &self.schema {
            let schemas = exchange.plan.schemas(&id.to_utf8());
            let Some(schemas) = schemas else {
                return Err(Box::new(Finding::no_schema(action)));
            };
            let schema = schemas.schema(reference);
            return schema.ok_or_else(|| Box::new(missing(reference)));
        }
        let finding = match &exchange.context.described {
            Described::Nothing => Finding::no_schema(action),
            Described::Unknown => Finding::no_definitions(action),
            Described::Operation(_) => match described(exchange, section, media) {
                Some(schema) => return Ok(schema),
                None => missing(media),
            },
        };
        Err(Box::new(finding))
    }

    fn reads(&self) -> Reads {
        let flags = self.additional.iter().chain(&self.ignore_case);
        flags
            .map(Setting::reads)
            .fold(self.action.reads(), Reads::or)
    }
}

impl Policy for ValidateContent {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let mut findings = Findings::default();
        self.look(exchange, &mut findings)?;
        findings.settle(exchange, self.variable.as_ref(), self.section)?;
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let body = match self.section {
            Section::Inbound => Reads::REQUEST,
            _ => Reads::RESPONSE,
        };
        let own = [
            self.unspecified.reads(),
            self.max_size.reads(),
            self.exceeded.reads(),
        ];
        let types = self.map.iter().map(|(from, _)| match from {
            From::Type(_) => Reads::NONE,
            From::When(when) => when.reads(),
        });
        let contents = self.contents.iter().map(Content::reads);
        (own.into_iter().chain(types))
            .chain(contents)
            .fold(body, Reads::or)
    }
}
