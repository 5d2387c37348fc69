//! Documents of resolvers: what is wrong with them, and with where they are given.

use tollgate::{Api, Catalog, Gateway, Source};

use crate::resolvers::{api, get};
use crate::world::source;

#[test]
fn what_cannot_be_is_refused_when_it_is_loaded() {
    let errors = |api: Api| {
        let built = Gateway::builder().catalog(Catalog::new().api(api)).build();
        built.map_or_else(|error| error.to_string(), |_| String::new())
    };
    let text = get("http://a.test/");
    let bare = Api::new("api").resolver("Query", "text", Source::new("a.xml", &*text));
    let on = |ty: &str, field: &str| errors(api(&[(ty, field, &text)]));
    for (error, expected) in [
        (
            errors(bare),
            "error[resolver-without-schema]: API `api` has resolvers, and no GraphQL schema",
        ),
        (
            errors(api(&[("Query", "text", &text)]).service_url("http://a.test")),
            "error[resolver-with-backend]: API `api` has resolvers and a service URL: either those answer, or a backend does",
        ),
        (
            errors(api(&[("Query", "text", &text), ("Query", "text", &text)])),
            "there are two resolvers of `Query.text`",
        ),
        (
            on("Query", "txt"),
            "API `api`: resolver `Query.txt`: the type `Query` has no such field\n  help: did you mean `text`?",
        ),
        (
            on("Qery", "text"),
            "API `api`: resolver `Qery.text`: there is no such type\n  help: did you mean `Query`?",
        ),
        (
            on("ID", "text"),
            "API `api`: resolver `ID.text`: `ID` is no object type",
        ),
        (
            on("Subscription", "added"),
            "subscriptions need WebSockets, which there are none of",
        ),
    ] {
        assert!(error.contains(expected), "{error}");
    }
    let document = |text: &str| errors(api(&[("Query", "text", text)]));
    let request = "<set-method>GET</set-method><set-url>http://a.test</set-url>";
    for (text, expected) in [
        (
            "<policies />",
            "text.xml:1:2: error[wrong-root]: a resolver begins with its data source, such as `<http-data-source>`, not `<policies>`",
        ),
        (
            "<http-data-source />",
            "text.xml:1:2: error[missing-element]: `http-data-source` needs the element `http-request`",
        ),
        (
            "<http-data-source><http-request /></http-data-source>",
            "`http-request` needs the element `set-url`",
        ),
        (
            "<http-data-source a='b' />",
            "`http-data-source` has no attribute `a`",
        ),
        (
            &format!(
                "<http-data-source><http-request>{request}<rate-limit /></http-request></http-data-source>"
            ),
            "`http-request` cannot hold the element `rate-limit`",
        ),
        (
            &format!(
                "<http-data-source><http-request>{request}<include-fragment fragment-id='none' /></http-request></http-data-source>"
            ),
            "error[unknown-fragment]: there is no fragment `none`",
        ),
        (
            &format!(
                "<http-data-source><http-request>{request}</http-request><backend><retry /></backend></http-data-source>"
            ),
            "`backend` cannot hold the element `retry`",
        ),
        (
            &format!(
                "<http-data-source><http-request>{request}</http-request><http-response><set-status code='1' /></http-response></http-data-source>"
            ),
            "`http-response` cannot hold the element `set-status`",
        ),
        (
            &format!(
                "<http-data-source><http-request>{request}<set-body>@(nobody)</set-body></http-request></http-data-source>"
            ),
            "error[CS0103]",
        ),
        (
            "<http-data-source><http-request><set-method>GET</set-method><set-url>nowhere</set-url></http-request></http-data-source>",
            "`<set-url>` must be an absolute http or https URL, not `nowhere`",
        ),
    ] {
        let error = document(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    let misplaced = Api::new("a").policy(source("a.xml", &[("inbound", &text)]));
    assert!(errors(misplaced).contains(
        "error[wrong-section]: `http-data-source` is the document of a resolver, and stands in no other"
    ));
    let misplaced =
        r#"<publish-event><targets><graphql-subscription id="a" /></targets></publish-event>"#;
    let misplaced = Api::new("a").policy(source("a.xml", &[("outbound", misplaced)]));
    assert!(errors(misplaced).contains(
        "error[wrong-scope]: `publish-event` cannot stand in a policy at api scope, only at resolver"
    ));
    let root = Api::new("a").policy(Source::new("a.xml", text));
    assert!(
        errors(root)
            .contains("a policy document begins with `<policies>`, not `<http-data-source>`")
    );
}

/// Every element and attribute of the two that only load, and what is wrong with them.
#[test]
fn databases_are_checked_when_they_are_loaded() {
    let errors = |text: &str| {
        let api = api(&[("Query", "text", text)]);
        let built = Gateway::builder().catalog(Catalog::new().api(api)).build();
        built.map_or_else(|error| error.to_string(), |_| String::new())
    };
    let sql = r#"<sql-data-source>
        <connection-info><connection-string use-managed-identity="@(true)">@("x")</connection-string><authentication-certificate thumbprint="a" /></connection-info>
        <request single-result="true"><set-body template="liquid">{{ body.arguments.a }}</set-body><sql-statement>SELECT @a</sql-statement><parameters><parameter name="@a" sql-type="Int">@(context.GraphQL.Arguments["a"])</parameter><parameter name="@b">1</parameter></parameters></request>
        <response><set-body>x</set-body><publish-event><targets><graphql-subscription id="added" /></targets></publish-event></response>
    </sql-data-source>"#;
    let info = r#"<connection-info><connection-string use-managed-identity="false">x</connection-string><database-name>@("d")</database-name><container-name>c</container-name></connection-info>"#;
    let cosmos = |request: &str| {
        format!(
            "<cosmosdb-data-source>{info}{request}<response><set-body>x</set-body></response></cosmosdb-data-source>"
        )
    };
    const QUERY: &str = r#"<query-request enable-low-precision-order-by="true"><sql-statement>SELECT *</sql-statement><parameters><parameter name="@a" template="liquid">{{ body.arguments.a }}</parameter></parameters><partition-key data-type="number">1</partition-key><paging><max-item-count>5</max-item-count><continuation-token template="liquid">{{ body.arguments.after }}</continuation-token></paging></query-request>"#;
    const READ: &str = r#"<read-request><id template="liquid">{{ body.arguments.id }}</id><partition-key template="liquid" data-type="none">a</partition-key></read-request>"#;
    const DELETE: &str = r#"<delete-request consistency-level="bounded-staleness" pre-trigger="a" post-trigger="@("b")"><id>1</id><partition-key data-type="null" /><etag type="no-match">x</etag></delete-request>"#;
    const WRITE: &str = r#"<write-request type="replace" consistency-level="strong" indexing-directive="exclude" pre-trigger="a" post-trigger="b"><id>1</id><partition-key data-type="bool">true</partition-key><etag type="match">x</etag><set-body template="liquid">{}</set-body></write-request>"#;
    for text in [
        sql.to_owned(),
        cosmos(QUERY),
        cosmos(READ),
        cosmos(DELETE),
        cosmos(WRITE),
    ] {
        assert_eq!(errors(&text), "", "{text}");
        // Each attribute is known by its name, and each element too.
        for word in [
            "single-result=",
            "use-managed-identity=",
            "sql-type=",
            "enable-low-precision-order-by=",
            "consistency-level=",
            "pre-trigger=",
            "post-trigger=",
            "indexing-directive=",
            "data-type=",
            "template=",
            " name=",
        ] {
            if text.contains(word) {
                let wrong = text.replace(word, &word.replace('=', "x="));
                assert!(errors(&wrong).contains("unknown-attribute"), "{word}");
            }
        }
        for word in [
            "connection-info",
            "connection-string",
            "sql-statement",
            "parameter",
            "partition-key",
            "paging",
            "etag",
            "response",
            "database-name",
            "container-name",
            "max-item-count",
        ] {
            if text.contains(&format!("<{word}")) {
                let wrong = text
                    .replace(&format!("<{word}"), &format!("<x{word}"))
                    .replace(&format!("</{word}"), &format!("</x{word}"));
                assert!(errors(&wrong).contains("unknown-element"), "{word}");
            }
        }
    }
    for (text, expected) in [
        (
            sql.replace("single-result=\"true\"", "single-result=\"maybe\""),
            "`single-result` must be `true` or `false`, not `maybe`",
        ),
        (
            sql.replace("<sql-statement>SELECT @a</sql-statement>", ""),
            "`request` needs the element `sql-statement`",
        ),
        (
            sql.replace(" name=\"@b\"", ""),
            "`parameter` needs the attribute `name`",
        ),
        (
            sql.replace("thumbprint=\"a\"", ""),
            "error[missing-attribute]",
        ),
        (
            sql.replace("context.GraphQL.Arguments", "context.Nothing"),
            "error[CS1061]",
        ),
        (
            cosmos(""),
            "needs one of `query-request`, `read-request`, `delete-request` and `write-request`",
        ),
        (
            cosmos(&format!("{READ}{DELETE}")),
            "`delete-request` stands beside another request",
        ),
        (
            cosmos(&READ.replace("\"none\"", "\"nune\"")),
            "did you mean `none`?",
        ),
        (
            cosmos(&WRITE.replace("<id>1</id>", "")),
            "`write-request` of type `replace` needs the element `id`",
        ),
        (
            cosmos(&WRITE.replace("\"replace\"", "\"replce\"")),
            "did you mean `replace`?",
        ),
        (
            cosmos(&DELETE.replace("\"no-match\"", "\"nomatch\"")),
            "did you mean `no-match`?",
        ),
        (
            cosmos(&DELETE.replace("bounded-staleness", "bounded")),
            "`consistency-level` must be one of",
        ),
        (
            cosmos(&WRITE.replace("exclude", "exclud")),
            "did you mean `exclude`?",
        ),
        (
            cosmos(&QUERY.replace(
                "low-precision-order-by=\"true\"",
                "low-precision-order-by=\"1\"",
            )),
            "must be `true` or `false`",
        ),
        (
            cosmos(&QUERY.replace("{{ body.arguments.after }}", "{% if %}")),
            "error[liquid]",
        ),
    ] {
        let error = errors(&text);
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn fragments_of_fragments_cannot_multiply_in_a_resolver() {
    let text = "<http-data-source><http-request><set-method>GET</set-method><set-url>http://a.test</set-url>\
        <include-fragment fragment-id='f0' /></http-request></http-data-source>";
    for leaf in ["", "<set-header name='a'><value>b</value></set-header>"] {
        let mut catalog = Catalog::new().api(api(&[("Query", "text", text)]));
        for level in 0..40 {
            let next = format!("<include-fragment fragment-id='f{}' />", level + 1);
            let fragment = format!("<fragment>{next}{next}</fragment>");
            let name = format!("f{level}");
            catalog = catalog.fragment(&name, Source::new(&name, fragment));
        }
        let last = Source::new("f40", format!("<fragment>{leaf}</fragment>"));
        let built = Gateway::builder()
            .catalog(catalog.fragment("f40", last))
            .build();
        let error = built.map_or_else(|error| error.to_string(), |_| String::new());
        let expected = "error[too-large]: the document comes to more than 20000 policies";
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn all_mistakes_of_a_database_s_document_are_told_at_once() {
    let text = r#"<sql-data-source>
        <connection-info><connection-string use-managed-identity="maybe">@(context.First)</connection-string></connection-info>
        <request><sql-statement>SELECT 1</sql-statement><parameters>
            <parameter name="@(context.Second)">@(context.Third)</parameter><parameter name="@b">@(context.Fourth)</parameter>
        </parameters></request>
    </sql-data-source>"#;
    let catalog = Catalog::new().api(api(&[("Query", "text", text)]));
    let error = Gateway::builder().catalog(catalog).build().unwrap_err();
    let error = error.to_string();
    for expected in ["not `maybe`", "'First'", "'Second'", "'Third'", "'Fourth'"] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
}
