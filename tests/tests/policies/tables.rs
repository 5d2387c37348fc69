//! What the reference says a policy may say is accepted; anything misspelt, missing or misplaced is refused.

use tollgate::{BuildError, Catalog, Gateway, POLICIES, Source};

/// One policy with all that it may say: the sections it may stand in, and one or more spellings. In the first one
/// every attribute that is marked required in the table is there.
struct Row {
    sections: &'static [&'static str],
    texts: &'static [&'static str],
}

const ALL: &[&str] = &["inbound", "backend", "outbound", "on-error"];
const ENDS: &[&str] = &["inbound", "outbound", "on-error"];

const ROWS: &[Row] = &[
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<validate-odata-request error-variable-name="e" default-odata-version="4.0" min-odata-version="4.0" max-odata-version="4.01" max-size="100" />"#,
        ],
    },
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<validate-graphql-request error-variable-name="e" max-size="100" max-depth="3"><authorize><rule path="/A/b" action="@("remove")" /><rule path="/__*" /></authorize></validate-graphql-request>"#,
        ],
    },
    Row {
        sections: ENDS,
        texts: &[
            r##"<validate-content unspecified-content-type-action="prevent" max-size="@(5)" size-exceeded-action="detect" errors-variable-name="e"><content-type-map any-content-type-value="a/b" missing-content-type-value="c/d"><type from="e/f" to="g/h" /><type when="@(true)" to="g/h" /></content-type-map><content type="a/b" validate-as="json" action="@("ignore")" schema-id="s" schema-ref="#/a" allow-additional-properties="@(true)" case-insensitive-property-names="false" /><content validate-as="xml" action="ignore" /><content type="c/d" validate-as="soap" action="ignore" /></validate-content>"##,
        ],
    },
    Row {
        sections: &["outbound", "on-error"],
        texts: &[
            r#"<validate-headers specified-header-action="ignore" unspecified-header-action="prevent" errors-variable-name="e"><header name="a" action="@("detect")" /></validate-headers>"#,
        ],
    },
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<validate-parameters specified-parameter-action="ignore" unspecified-parameter-action="prevent" errors-variable-name="e"><headers specified-parameter-action="detect" unspecified-parameter-action="ignore"><parameter name="a" action="detect" /></headers><query specified-parameter-action="ignore" unspecified-parameter-action="ignore"><parameter name="a" action="detect" /></query><path specified-parameter-action="ignore"><parameter name="a" action="detect" /></path></validate-parameters>"#,
        ],
    },
    Row {
        sections: &["outbound", "on-error"],
        texts: &[
            r#"<validate-status-code unspecified-status-code-action="ignore" errors-variable-name="e"><status-code code="200" action="detect" /></validate-status-code>"#,
            r#"<validate-status-code unspecified-status-code-action="ignore" error-variable-name="e" />"#,
        ],
    },
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<llm-semantic-cache-lookup score-threshold="@(0.5)" embeddings-backend-id="@(7)" embeddings-backend-auth="system-assigned" ignore-system-messages="true" max-message-count="@(3)" cache-id="c"><vary-by>a</vary-by><vary-by>@(context.Request.Method)</vary-by></llm-semantic-cache-lookup>"#,
        ],
    },
    Row {
        sections: &["outbound"],
        texts: &[r#"<llm-semantic-cache-store duration="60" />"#],
    },
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<azure-openai-semantic-cache-lookup score-threshold="@(0.5)" embeddings-backend-id="@(7)" embeddings-backend-auth="system-assigned" ignore-system-messages="true" max-message-count="@(3)" cache-id="c"><vary-by>a</vary-by><vary-by>@(context.Request.Method)</vary-by></azure-openai-semantic-cache-lookup>"#,
        ],
    },
    Row {
        sections: &["outbound"],
        texts: &[r#"<azure-openai-semantic-cache-store duration="60" />"#],
    },
    Row {
        sections: &["inbound", "outbound"],
        texts: &[
            r#"<llm-content-safety backend-id="@(5)" shield-prompt="@(true)" enforce-on-completions="false" window-size="100" window-overlap-size="@(10)"><categories output-type="FourSeverityLevels"><category name="hate" threshold="0" /><category name="@("SelfHarm")" threshold="@(4)" /></categories><blocklists><id>a</id><id>@("b")</id></blocklists></llm-content-safety>"#,
        ],
    },
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<llm-token-limit counter-key="@(5)" tokens-per-minute="@(5)" token-quota="@(6)" token-quota-period="monthly" estimate-prompt-tokens="@(true)" retry-after-header-name="a" retry-after-variable-name="b" remaining-tokens-header-name="c" remaining-tokens-variable-name="d" remaining-quota-tokens-header-name="e" remaining-quota-tokens-variable-name="f" tokens-consumed-header-name="g" tokens-consumed-variable-name="h" />"#,
        ],
    },
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<azure-openai-token-limit counter-key="k" tokens-per-minute="5" estimate-prompt-tokens="false" />"#,
        ],
    },
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<llm-emit-token-metric namespace="n"><dimension name="API ID" /><dimension name="a" value="@("b")" /></llm-emit-token-metric>"#,
        ],
    },
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<azure-openai-emit-token-metric namespace="n" value="1"><dimension name="User ID" /></azure-openai-emit-token-metric>"#,
        ],
    },
    Row {
        sections: ALL,
        texts: &[
            r#"<send-request id="i" mode="new" response-variable-name="r" timeout="20" ignore-error="true"><set-url>https://a.test</set-url><set-method>POST</set-method><set-header name="a" exists-action="append"><value>1</value></set-header><set-body template="none">x</set-body><authentication-basic username="a" password="b" /><proxy url="http://p.test:8080" username="a" password="b" /></send-request>"#,
            r#"<send-request mode="copy"><authentication-managed-identity resource="https://a" client-id="b" ignore-error="true" /></send-request>"#,
            r#"<send-request mode="copy"><authentication-certificate thumbprint="ABCD" /></send-request>"#,
            r#"<send-request mode="copy"><authentication-certificate body="@(new byte[0])" password="b" /></send-request>"#,
        ],
    },
    Row {
        sections: ALL,
        texts: &[
            r#"<send-one-way-request mode="new" timeout="@(20)"><set-url>https://a.test</set-url><set-method>GET</set-method><set-header name="a"><value>1</value></set-header><set-body>x</set-body></send-one-way-request>"#,
        ],
    },
    Row {
        sections: ALL,
        texts: &[
            r#"<wait for="any"><cache-lookup-value key="k" variable-name="v" /><send-request mode="copy" /><choose><when condition="true"><set-variable name="a" value="b" /></when></choose></wait>"#,
        ],
    },
    Row {
        sections: &["inbound"],
        texts: &[
            r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="@(true)" caching-type="prefer-external" downstream-caching-type="public" must-revalidate="true" allow-private-response-caching="@(false)"><vary-by-header>Accept</vary-by-header><vary-by-query-parameter>a;b</vary-by-query-parameter></cache-lookup>"#,
        ],
    },
    Row {
        sections: &["outbound"],
        texts: &[r#"<cache-store duration="@(60)" cache-response="true" />"#],
    },
    Row {
        sections: ALL,
        texts: &[
            r#"<cache-lookup-value key="k" default-value="@(1)" variable-name="v" caching-type="internal" />"#,
            r#"<cache-lookup-value key="k" variable-name="v" caching-type="EXTERNAL" />"#,
        ],
    },
    Row {
        sections: ALL,
        texts: &[
            r#"<cache-store-value key="k" value="@(1)" duration="60" caching-type="external" />"#,
        ],
    },
    Row {
        sections: ALL,
        texts: &[r#"<cache-remove-value key="k" caching-type="internal" />"#],
    },
    Row {
        sections: ALL,
        texts: &[
            r#"<cache-value key="k" variable-name="v" expires-after="60" refresh-after="@(30)" default-value="d" caching-type="internal"><value><set-variable name="v" value="x" /></value></cache-value>"#,
        ],
    },
    Row {
        sections: ALL,
        texts: &[
            r#"<emit-metric name="n" value="@(1.5)" namespace="s"><dimension name="API ID" /><dimension name="a" value="1" /></emit-metric>"#,
        ],
    },
    Row {
        sections: ALL,
        texts: &[
            r#"<log-to-eventhub logger-id="l" partition-id="0">x</log-to-eventhub>"#,
            r#"<log-to-eventhub logger-id="l" partition-key="@("k")">@("x")</log-to-eventhub>"#,
        ],
    },
    Row {
        sections: ENDS,
        texts: &[
            r#"<send-service-bus-message queue-name="q" namespace="n.test" client-id="c"><message-properties><message-property name="a">1</message-property></message-properties><payload>x</payload></send-service-bus-message>"#,
            r#"<send-service-bus-message topic-name="q" namespace="n.test"><payload>x</payload></send-service-bus-message>"#,
        ],
    },
    Row {
        sections: ENDS,
        texts: &[
            r#"<publish-to-dapr pubsub-name="p" topic="t" ignore-error="true" response-variable-name="r" timeout="240" template="Liquid" content-type="application/json">x</publish-to-dapr>"#,
            r#"<publish-to-dapr topic="p/t">x</publish-to-dapr>"#,
        ],
    },
    Row {
        sections: ENDS,
        texts: &[
            r#"<invoke-dapr-binding name="n" operation="o" ignore-error="false" response-variable-name="r" timeout="1" template="Liquid" content-type="application/json"><metadata><item key="k">v</item></metadata><data>x</data></invoke-dapr-binding>"#,
        ],
    },
    Row {
        sections: ALL,
        texts: &[
            r#"<invoke-request method="POST" url="https://a.test" backend-id="b" response-variable-name="r"><header name="a" value="1" /><body>x</body></invoke-request>"#,
        ],
    },
];

/// What is wrong with a policy in a section; nothing if it loads.
fn errors(section: &str, policy: &str) -> String {
    let text = format!("<policies><{section}>\n{policy}</{section}></policies>");
    let api = tollgate::Api::new("a").policy(Source::new("p.xml", text));
    let catalog = Catalog::new().api(api).backend("b", "https://b.test");
    match Gateway::builder().catalog(catalog).build() {
        Err(BuildError::Load(errors)) => errors.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => String::new(),
    }
}

/// The places at which an attribute's name begins and ends.
fn attributes(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("=\"") {
        let end = from + at;
        let start = text[..end].rfind([' ', '"', '(']).map_or(0, |at| at + 1);
        if start > 0 && &text[start - 1..start] == " " {
            found.push((start, end));
        }
        from = end + 2;
    }
    found
}

fn name(text: &str) -> &str {
    text[1..].split([' ', '>']).next().unwrap()
}

#[test]
fn all_that_the_reference_has_is_accepted() {
    for row in ROWS {
        for text in row.texts {
            for section in row.sections {
                assert_eq!(errors(section, text), "", "{section}: {text}");
            }
        }
    }
}

#[test]
fn what_is_misspelt_is_refused() {
    for row in ROWS {
        for text in row.texts {
            let places = attributes(text);
            assert!(text.contains("cache-store ") || !places.is_empty());
            for (start, end) in places {
                let wrong = format!("{}x{}", &text[..end], &text[end..]);
                let found = errors(row.sections[0], &wrong);
                let said = format!("has no attribute `{}x`", &text[start..end]);
                assert!(found.contains(&said), "{wrong}: {found}");
            }
            // Text that is markup may hold anything.
            if text.ends_with("/>") || text.starts_with("<publish-to-dapr") {
                continue;
            }
            let element = text.replacen('>', "><misspelt />", 1);
            let found = errors(row.sections[0], &element);
            assert!(found.contains("misspelt"), "{element}: {found}");
        }
    }
}

#[test]
fn what_must_be_there_is_missed() {
    for row in ROWS {
        let text = row.texts[0];
        let kind = POLICIES.iter().find(|kind| kind.name == name(text));
        let kind = kind.unwrap_or_else(|| panic!("{} is built", name(text)));
        for required in kind
            .attributes
            .iter()
            .filter(|attribute| attribute.required)
        {
            let at = text.find(&format!(" {}=\"", required.name)).unwrap();
            let value = at + required.name.len() + 3;
            let end = value + text[value..].find('"').unwrap() + 1;
            let without = format!("{}{}", &text[..at], &text[end..]);
            let said = format!("needs the attribute `{}`", required.name);
            let found = errors(row.sections[0], &without);
            assert!(found.contains(&said), "{without}: {found}");
        }
    }
}

#[test]
fn no_policy_stands_in_a_section_that_is_not_its_own() {
    for row in ROWS {
        for section in ALL.iter().filter(|section| !row.sections.contains(section)) {
            let found = errors(section, row.texts[0]);
            let said = format!("`{}` cannot stand in `{section}`", name(row.texts[0]));
            assert!(found.contains(&said), "{found}");
        }
    }
}

#[test]
fn wrong_values_are_refused_when_a_document_is_loaded() {
    for (policy, said) in [
        (
            r#"<send-request />"#,
            "`send-request` needs `<set-url>` unless its mode is `copy`",
        ),
        (
            r#"<send-request mode="move"><set-url>https://a.test</set-url></send-request>"#,
            "`mode` must be `new` or `copy`, not `move`",
        ),
        (
            r#"<send-request><set-url>a.test</set-url></send-request>"#,
            "`<set-url>` must be an absolute http or https URL, not `a.test`",
        ),
        (
            r#"<send-request timeout="0"><set-url>https://a.test</set-url></send-request>"#,
            "`timeout` must be more than 0 seconds",
        ),
        (
            r#"<send-request timeout="soon"><set-url>https://a.test</set-url></send-request>"#,
            "`timeout` must be a number of seconds, not `soon`",
        ),
        (
            r#"<send-request response-variable-name="@("r")"><set-url>https://a.test</set-url></send-request>"#,
            "`response-variable-name` of `send-request` cannot be an expression",
        ),
        (
            r#"<send-request timeout="@(true)"><set-url>https://a.test</set-url></send-request>"#,
            "`timeout` must be a number of seconds, but the expression gives `bool`",
        ),
        (
            r#"<wait for="some" />"#,
            "`for` must be `all` or `any`, not `some`",
        ),
        (
            r#"<wait><set-variable name="a" value="b" /></wait>"#,
            "`wait` cannot hold the policy `set-variable`, only `send-request`, `cache-lookup-value` and `choose`",
        ),
        (
            r#"<cache-lookup-value key="" variable-name="v" />"#,
            "`key` must not be empty",
        ),
        (
            r#"<cache-lookup-value key="k" variable-name="v" caching-type="memory" />"#,
            "`caching-type` must be `internal`, `external` or `prefer-external`, not `memory`",
        ),
        (
            r#"<cache-store-value key="k" value="v" duration="-1" />"#,
            "`duration` must be a number of seconds, not `-1`",
        ),
        (
            r#"<cache-value key="k" variable-name="v" />"#,
            "`cache-value` needs the element `value`",
        ),
        (
            r#"<cache-lookup vary-by-developer="maybe" vary-by-developer-groups="false" />"#,
            "`vary-by-developer` must be `true` or `false`, not `maybe`",
        ),
        (
            r#"<cache-lookup vary-by-developer="true" vary-by-developer-groups="false"><vary-by-header>a b</vary-by-header></cache-lookup>"#,
            "`<vary-by-header>` must be the name of a header, not `a b`",
        ),
        (
            r#"<emit-metric name="n" />"#,
            "`emit-metric` needs the element `dimension`",
        ),
        (
            r#"<emit-metric name="n"><dimension name="mine" /></emit-metric>"#,
            "a dimension needs a `value`, unless it is one of `API ID`",
        ),
        (
            r#"<emit-metric name="n" value="inf"><dimension name="a" value="1" /></emit-metric>"#,
            "`value` must be",
        ),
        (
            r#"<log-to-eventhub logger-id="l" partition-id="0" partition-key="k">x</log-to-eventhub>"#,
            "`log-to-eventhub` takes either `partition-id` or `partition-key`",
        ),
        (
            r#"<send-service-bus-message namespace="a.test"><payload>x</payload></send-service-bus-message>"#,
            "`send-service-bus-message` takes either `queue-name` or `topic-name`",
        ),
        (
            r#"<send-service-bus-message queue-name="q" topic-name="t" namespace="a.test"><payload>x</payload></send-service-bus-message>"#,
            "`send-service-bus-message` takes either `queue-name` or `topic-name`",
        ),
        (
            r#"<publish-to-dapr topic="t">x</publish-to-dapr>"#,
            "without `pubsub-name`, `topic` is `pubsub/topic`",
        ),
        (
            r#"<publish-to-dapr topic="p/t" timeout="241">x</publish-to-dapr>"#,
            "`timeout` is between 1 and 240 seconds",
        ),
    ] {
        let found = errors("inbound", policy);
        assert!(found.contains(said), "{policy}: {found}");
    }
    let twice =
        r#"<cache-lookup vary-by-developer="true" vary-by-developer-groups="true" />"#.repeat(2);
    assert!(errors("inbound", &twice).contains("`cache-lookup` may stand only once in a section"));
    let many = format!(
        r#"<emit-metric name="n">{}</emit-metric>"#,
        r#"<dimension name="a" value="1" />"#.repeat(11)
    );
    assert!(errors("inbound", &many).contains("`emit-metric` takes at most 10 dimensions"));
}
