//! `sql-data-source`: the resolver of a GraphQL field whose value an Azure SQL database has.
//!
//! ```xml
//! <sql-data-source>
//!     <connection-info>
//!         <connection-string use-managed-identity="true">Server=tcp:…;Database=…;</connection-string>
//!     </connection-info>
//!     <request single-result="true">
//!         <sql-statement>SELECT * FROM users WHERE id = @id</sql-statement>
//!         <parameters>
//!             <parameter name="@id" sql-type="Int">@(context.GraphQL.Arguments["id"])</parameter>
//!         </parameters>
//!     </request>
//!     <response><set-body template="liquid">{{body}}</set-body></response>
//! </sql-data-source>
//! ```
//!
//! SQL Server speaks a protocol of its own and not HTTP, and there is no port for it: the document loads, its elements and
//! expressions are checked, and the field fails with `NotSupported` (501), which says so. Source:
//! sql-data-source-policy.md.

use tollgate_dotnet::{Str, Value};
use tollgate_engine::{
    Children, ElementReader, ElementSpec, Exchange, Failure, Flow, INCLUDE_FRAGMENT, Invalid,
    Policy, PolicyKind, Scopes, Section, Sections, element, optional, required,
};

use super::{CONNECTION_STRING, connection, every, publish_event};
use crate::access::authentication_certificate;
use crate::transformation::set_body;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "sql-data-source",
    sections: Sections::NONE,
    scopes: Scopes::RESOLVER,
    once: true,
    attributes: &[],
    children: Children::Elements(&[
        element("connection-info")
            .required()
            .children(Children::Elements(&[
                CONNECTION_STRING,
                INCLUDE_FRAGMENT,
                ElementSpec::policy(&authentication_certificate::KIND),
            ])),
        INCLUDE_FRAGMENT,
        element("request")
            .required()
            .attributes(&[
                optional("single-result").about("Whether the value is one row and no list.")
            ])
            .children(Children::Elements(&[
                INCLUDE_FRAGMENT,
                ElementSpec::policy(&set_body::KIND),
                element("sql-statement").required().children(Children::Text),
                element("parameters").children(Children::Elements(&[element("parameter")
                    .many()
                    .attributes(&[
                        required("name").about("`@name`, as in the statement."),
                        optional("sql-type").about("The type in the database."),
                    ])
                    .children(Children::Text)])),
            ])),
        element("response").children(Children::Elements(&[
            INCLUDE_FRAGMENT,
            ElementSpec::policy(&set_body::KIND),
            ElementSpec::policy(&publish_event::KIND),
        ])),
    ]),
    load: |e| {
        load(e)?;
        Ok(Box::new(SqlDataSource))
    },
};

#[derive(Debug)]
struct SqlDataSource;

/// Reads all of it, for what is wrong with it.
fn load(e: &ElementReader<'_>) -> Result<(), Invalid> {
    let mut result = Ok(());
    let mut note = |read: Result<(), Invalid>| result = result.and(read);
    for info in e.children_named("connection-info") {
        note(
            info.block_of(Section::Inbound, |part| {
                let read = match part.name() {
                    "connection-string" => connection(part),
                    _ => return None,
                };
                Some(checked(read))
            })
            .map(drop),
        );
    }
    for request in e.children_named("request") {
        note(request.optional_setting::<bool>("single-result").map(drop));
        note(
            request
                .block_of(Section::Inbound, |part| {
                    let read = match part.name() {
                        "sql-statement" => part.text_setting::<Str>().map(drop),
                        "parameters" => every(part, |one| {
                            let name = one.setting::<Str>("name");
                            let ty = one.optional_setting::<Str>("sql-type");
                            let value = one.text_setting::<Value>();
                            name.map(drop).and(ty.map(drop)).and(value.map(drop))
                        }),
                        _ => return None,
                    };
                    Some(checked(read))
                })
                .map(drop),
        );
    }
    for response in e.children_named("response") {
        note(response.block_of(Section::Outbound, |_| None).map(drop));
    }
    result
}

/// An element that was read, in the place of a policy.
fn checked(read: Result<(), Invalid>) -> tollgate_engine::Loaded {
    (
        KIND.name,
        read.map(|()| Box::new(SqlDataSource) as Box<dyn Policy>),
    )
}

impl Policy for SqlDataSource {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        let what = "the gateway has no driver for SQL Server";
        Err(super::missing(KIND.name, what))
    }
}
