//! `cosmosdb-data-source`: the resolver of a GraphQL field whose value a Cosmos DB container has.
//!
//! ```xml
//! <cosmosdb-data-source>
//!     <connection-info>
//!         <connection-string>AccountEndpoint=https://…;AccountKey=…;</connection-string>
//!         <database-name>shop</database-name>
//!         <container-name>orders</container-name>
//!     </connection-info>
//!     <read-request>
//!         <id>@(context.GraphQL.Arguments["id"].ToString())</id>
//!         <partition-key data-type="string">eu</partition-key>
//!     </read-request>
//! </cosmosdb-data-source>
//! ```
//!
//! There is no port for Cosmos DB yet: the document loads, its elements and expressions are checked, and the field fails
//! with `NotSupported` (501), which says so. Source: cosmosdb-data-source-policy.md.

use tollgate_dotnet::{Str, Value};
use tollgate_engine::{
    AttributeSpec, Children, ElementReader, ElementSpec, Exchange, Failure, Flow, Invalid, Policy,
    PolicyKind, Scopes, Section, Sections, element, optional, required,
};

use super::{CONNECTION_STRING, connection, every, publish_event};
use crate::transformation::set_body::{self, SetBody};

const TEMPLATE: AttributeSpec = optional("template")
    .literal()
    .about("`liquid`, or nothing.");

/// Text, an expression or a Liquid template.
const fn leaf(name: &'static str) -> ElementSpec {
    element(name)
        .attributes(&[TEMPLATE])
        .children(Children::Text)
}

const ID: ElementSpec = leaf("id");
const PARTITION_KEY: ElementSpec = leaf("partition-key").attributes(&[
    TEMPLATE,
    optional("data-type")
        .literal()
        .about("`string` (the default), `number`, `bool`, `none` or `null`."),
]);
const ETAG: ElementSpec = leaf("etag").attributes(&[
    TEMPLATE,
    required("type").literal().about("`match` or `no-match`."),
]);
const CONSISTENCY: AttributeSpec = optional("consistency-level")
    .literal()
    .about("`bounded-staleness`, `consistent-prefix`, `eventual`, `session` or `strong`.");
const PRE_TRIGGER: AttributeSpec = optional("pre-trigger").about("A trigger to run before.");
const POST_TRIGGER: AttributeSpec = optional("post-trigger").about("A trigger to run behind.");

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "cosmosdb-data-source",
    sections: Sections::NONE,
    scopes: Scopes::RESOLVER,
    once: true,
    attributes: &[],
    children: Children::Elements(&[
        element("connection-info")
            .required()
            .children(Children::Elements(&[
                CONNECTION_STRING,
                element("database-name").required().children(Children::Text),
                element("container-name")
                    .required()
                    .children(Children::Text),
            ])),
        element("query-request")
            .attributes(&[optional("enable-low-precision-order-by")
                .about("Whether numbers may be ordered as they are indexed.")])
            .children(Children::Elements(&[
                element("sql-statement").required().children(Children::Text),
                element("parameters").children(Children::Elements(&[leaf("parameter")
                    .many()
                    .attributes(&[
                        TEMPLATE,
                        required("name").about("`@name`, as in the statement."),
                    ])])),
                PARTITION_KEY,
                element("paging").children(Children::Elements(&[
                    leaf("max-item-count"),
                    leaf("continuation-token"),
                ])),
            ])),
        element("read-request").children(Children::Elements(&[ID.required(), PARTITION_KEY])),
        element("delete-request")
            .attributes(&[CONSISTENCY, PRE_TRIGGER, POST_TRIGGER])
            .children(Children::Elements(&[ID.required(), PARTITION_KEY, ETAG])),
        element("write-request")
            .attributes(&[
                optional("type")
                    .literal()
                    .about("`upsert` (the default), `insert` or `replace`."),
                CONSISTENCY,
                optional("indexing-directive")
                    .literal()
                    .about("`default`, `include` or `exclude`."),
                PRE_TRIGGER,
                POST_TRIGGER,
            ])
            .children(Children::Elements(&[
                ID,
                PARTITION_KEY,
                ETAG,
                ElementSpec::policy(&set_body::KIND),
            ])),
        element("response").children(Children::Elements(&[
            ElementSpec::policy(&set_body::KIND),
            ElementSpec::policy(&publish_event::KIND),
        ])),
    ]),
    load: |e| {
        load(e)?;
        Ok(Box::new(CosmosDbDataSource))
    },
};

/// One of these says what is asked of the container.
const REQUESTS: [&str; 4] = [
    "query-request",
    "read-request",
    "delete-request",
    "write-request",
];
const CONSISTENCY_LEVELS: &[&str] = &[
    "bounded-staleness",
    "consistent-prefix",
    "eventual",
    "session",
    "strong",
];

#[derive(Debug)]
struct CosmosDbDataSource;

/// Reads all of it, for what is wrong with it.
fn load(e: &ElementReader<'_>) -> Result<(), Invalid> {
    let children = e.children();
    let mut result = Ok(());
    let requests = children.iter();
    let mut requests = requests.filter(|child| REQUESTS.contains(&child.name()));
    let request = requests.next();
    if let Some(second) = requests.next() {
        let message = format!("`{}` stands beside another request", second.name());
        result = Err(e.error("wrong-element", second.name_span(), message));
    }
    if request.is_none() {
        let message = "`cosmosdb-data-source` needs one of `query-request`, `read-request`, `delete-request` and `write-request`";
        result = Err(e.error("missing-element", e.name_span(), message));
    }
    for child in &children {
        let read = match child.name() {
            "response" => child.block_of(Section::Outbound, |_| None).map(drop),
            "connection-info" => every(child, connection),
            _ => load_request(child),
        };
        result = result.and(read);
    }
    result
}

fn load_request(e: &ElementReader<'_>) -> Result<(), Invalid> {
    let one_of = |e: &ElementReader<'_>, name: &str, allowed: &[&str]| {
        let found = e.optional_literal::<Str>(name)?;
        let Some(found) = found.as_ref().map(|found| found.to_utf8()) else {
            return Ok(());
        };
        match allowed.iter().any(|one| one.eq_ignore_ascii_case(&found)) {
            true => Ok(()),
            false => {
                let what = format!("`{name}`");
                Err(e.not_one_of(e.attribute_span(name), &what, &found, allowed))
            }
        }
    };
    let mut result = one_of(e, "consistency-level", CONSISTENCY_LEVELS)
        .and(one_of(e, "type", &["insert", "replace", "upsert"]))
        .and(one_of(
            e,
            "indexing-directive",
            &["default", "include", "exclude"],
        ));
    let flag = e.optional_setting::<bool>("enable-low-precision-order-by");
    result = result.and(flag.map(drop));
    for trigger in ["pre-trigger", "post-trigger"] {
        result = result.and(e.optional_setting::<Str>(trigger).map(drop));
    }
    let is_replace = (e.optional_literal::<Str>("type").ok().flatten())
        .is_some_and(|kind| kind.to_utf8().eq_ignore_ascii_case("replace"));
    if is_replace && e.child("id").is_none() {
        let message = "`write-request` of type `replace` needs the element `id`";
        result = Err(e.error("missing-element", e.name_span(), message));
    }
    for part in &e.children() {
        let read = match part.name() {
            "parameters" | "paging" => every(part, |leaf| {
                let name = leaf.optional_setting::<Str>("name");
                let body = SetBody::load(leaf);
                name.map(drop).and(body.map(drop))
            }),
            "sql-statement" => part.text_setting::<Value>().map(drop),
            _ => {
                let kinds = &["string", "number", "bool", "none", "null"];
                one_of(part, "data-type", kinds)
                    .and(one_of(part, "type", &["match", "no-match"]))
                    .and(SetBody::load(part).map(drop))
            }
        };
        result = result.and(read);
    }
    result
}

impl Policy for CosmosDbDataSource {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        let what = "the gateway has no port for Cosmos DB";
        Err(super::missing(KIND.name, what))
    }
}
