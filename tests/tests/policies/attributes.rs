//! Every attribute that the reference lists is accepted, and none that is misspelt.

use tollgate::{Catalog, Certificate, Gateway, Product};
use tollgate_tests::{FakeClient, Pki};

use crate::world::{api, source};

/// A policy: its required attributes, its optional ones with an example each, and what stands in it.
struct Row {
    policy: &'static str,
    required: &'static [(&'static str, &'static str)],
    optional: &'static [(&'static str, &'static str)],
    content: &'static str,
}

const EXPRESSION: &str = "@(context.Request.Method)";
const FLAG: &str = "@(true)";
const TOKEN_CONTENT: &str = "<issuer-signing-keys><key id='k'>MDEyMzQ1Njc4OWFiY2RlZg==</key><key certificate-id='c' /></issuer-signing-keys>\
    <decryption-keys><key id='k' certificate-id='c' /><key>MDEyMzQ1Njc4OWFiY2RlZg==</key></decryption-keys>\
    <audiences><audience>@(\"a\")</audience></audiences><issuers><issuer>i</issuer></issuers>\
    <required-claims><claim name='a' match='any' separator=' '><value>v</value></claim></required-claims>";
const IDENTITIES: &str = "<identities><identity thumbprint='C0FF EE' serial-number='01' common-name='a' subject='CN=a, O=b' \
    dns-name='a.test' issuer-subject='CN=b' issuer-thumbprint='c0ffee' /><identity issuer-certificate-id='c' /></identities>";

const ROWS: &[Row] = &[
    Row {
        policy: "authentication-basic",
        required: &[("username", EXPRESSION), ("password", EXPRESSION)],
        optional: &[],
        content: "",
    },
    Row {
        policy: "authentication-certificate",
        required: &[],
        optional: &[],
        content: "",
    },
    Row {
        policy: "authentication-managed-identity",
        required: &[("resource", EXPRESSION)],
        optional: &[
            ("client-id", "c"),
            ("output-token-variable-name", "v"),
            ("ignore-error", "true"),
        ],
        content: "",
    },
    Row {
        policy: "check-header",
        required: &[
            ("name", EXPRESSION),
            ("failed-check-httpcode", "@(401)"),
            ("failed-check-error-message", EXPRESSION),
        ],
        optional: &[("ignore-case", FLAG)],
        content: "<value>@(\"a\")</value>",
    },
    Row {
        policy: "get-authorization-context",
        required: &[
            ("provider-id", EXPRESSION),
            ("authorization-id", EXPRESSION),
            ("context-variable-name", EXPRESSION),
        ],
        optional: &[
            ("identity-type", "@(\"jwt\")"),
            ("identity", EXPRESSION),
            ("ignore-error", FLAG),
        ],
        content: "",
    },
    Row {
        policy: "ip-filter",
        required: &[("action", "@(\"allow\")")],
        optional: &[],
        content: "<address>10.0.0.1</address><address-range from='10.0.0.2' to='10.0.0.9' />",
    },
    Row {
        policy: "limit-concurrency",
        required: &[("key", EXPRESSION), ("max-count", "3")],
        optional: &[],
        content: "<set-variable name='a' value='b' />",
    },
    Row {
        policy: "proxy",
        required: &[("url", "@(\"http://proxy.test:8080\")")],
        optional: &[("username", EXPRESSION), ("password", EXPRESSION)],
        content: "",
    },
    Row {
        policy: "quota",
        required: &[("renewal-period", "3600")],
        optional: &[("calls", "1"), ("bandwidth", "1")],
        content: "<api id='api' name='x' calls='1' bandwidth='1' renewal-period='60'>\
            <operation id='o' name='x' calls='1' bandwidth='1' renewal-period='60' /></api><api name='x' calls='1' />",
    },
    Row {
        policy: "quota-by-key",
        required: &[("renewal-period", "3600"), ("counter-key", EXPRESSION)],
        optional: &[
            ("calls", "1"),
            ("bandwidth", "1"),
            ("increment-condition", FLAG),
            ("increment-count", "@(2)"),
            ("first-period-start", "2026-01-01T00:00:00Z"),
        ],
        content: "",
    },
    Row {
        policy: "rate-limit",
        required: &[("calls", "1"), ("renewal-period", "60")],
        optional: &[
            ("retry-after-header-name", "a"),
            ("retry-after-variable-name", "a"),
            ("remaining-calls-header-name", "a"),
            ("remaining-calls-variable-name", "a"),
            ("total-calls-header-name", "a"),
        ],
        content: "<api name='x' calls='1' renewal-period='60'><operation id='o' calls='1' renewal-period='60' /></api>",
    },
    Row {
        policy: "rate-limit-by-key",
        required: &[
            ("calls", "@(1)"),
            ("renewal-period", "@(60)"),
            ("counter-key", EXPRESSION),
        ],
        optional: &[
            ("increment-condition", FLAG),
            ("increment-count", "@(1)"),
            ("increment-after-response", "true"),
            ("retry-after-header-name", "a"),
            ("retry-after-variable-name", "a"),
            ("remaining-calls-header-name", "a"),
            ("remaining-calls-variable-name", "a"),
            ("total-calls-header-name", "a"),
        ],
        content: "",
    },
    Row {
        policy: "validate-azure-ad-token",
        required: &[("tenant-id", EXPRESSION)],
        optional: &[
            ("header-name", EXPRESSION),
            (
                "authentication-endpoint",
                "https://login.microsoftonline.us",
            ),
            ("failed-validation-httpcode", "@(403)"),
            ("failed-validation-error-message", EXPRESSION),
            ("output-token-variable-name", "v"),
        ],
        content: "<backend-application-ids><application-id>@(\"a\")</application-id></backend-application-ids>\
            <client-application-ids><application-id>a</application-id></client-application-ids>\
            <audiences><audience>a</audience></audiences>\
            <required-claims><claim name='a' match='all' separator=','><value>v</value></claim></required-claims>\
            <decryption-keys><key certificate-id='c' /></decryption-keys>",
    },
    Row {
        policy: "validate-client-certificate",
        required: &[],
        optional: &[
            ("validate-revocation", "false"),
            ("validate-trust", "true"),
            ("validate-not-before", "true"),
            ("validate-not-after", "true"),
            ("ignore-error", "true"),
        ],
        content: IDENTITIES,
    },
    Row {
        policy: "validate-jwt",
        required: &[],
        optional: &[
            ("token-value", EXPRESSION),
            ("failed-validation-httpcode", "@(403)"),
            ("failed-validation-error-message", EXPRESSION),
            ("require-expiration-time", FLAG),
            ("require-scheme", "Bearer"),
            ("require-signed-tokens", FLAG),
            ("clock-skew", "@(5)"),
            ("output-token-variable-name", "v"),
        ],
        content: TOKEN_CONTENT,
    },
    Row {
        policy: "forward-request",
        required: &[],
        optional: &[
            ("timeout", "@(5)"),
            ("continue-timeout", "5"),
            ("http-version", "2or1"),
            ("follow-redirects", FLAG),
            ("buffer-request-body", "true"),
            ("buffer-response", "false"),
            ("fail-on-error-status-code", "true"),
        ],
        content: "",
    },
    Row {
        policy: "set-backend-service",
        required: &[],
        optional: &[
            ("backend-id", EXPRESSION),
            ("sf-resolve-condition", FLAG),
            ("sf-service-instance-name", EXPRESSION),
            ("sf-partition-key", EXPRESSION),
            ("sf-replica-type", "@(\"primary\")"),
            ("sf-listener-name", EXPRESSION),
        ],
        content: "",
    },
];

/// Attributes of which only some go together.
const TOGETHER: &[(&str, &[(&str, &str)])] = &[
    ("authentication-certificate", &[("certificate-id", "c")]),
    (
        "authentication-certificate",
        &[("certificate-id", EXPRESSION)],
    ),
    ("authentication-certificate", &[("thumbprint", EXPRESSION)]),
    (
        "authentication-certificate",
        &[("body", EXPRESSION), ("password", EXPRESSION)],
    ),
    ("set-backend-service", &[("base-url", "https://a.test")]),
    (
        "set-backend-service",
        &[
            ("backend-id", "dapr"),
            ("dapr-app-id", EXPRESSION),
            ("dapr-method", EXPRESSION),
            ("dapr-namespace", EXPRESSION),
        ],
    ),
    ("forward-request", &[("timeout-ms", "5")]),
    ("validate-jwt", &[("header-name", EXPRESSION)]),
    (
        "validate-azure-ad-token",
        &[("tenant-id", "contoso.com"), ("query-parameter-name", "q")],
    ),
    (
        "validate-azure-ad-token",
        &[("tenant-id", "contoso.com"), ("token-value", EXPRESSION)],
    ),
];

fn written(policy: &str, attributes: &[(&str, &str)], content: &str) -> String {
    let attributes: String = (attributes.iter())
        .map(|(name, value)| format!(" {name}='{value}'"))
        .collect();
    format!("<{policy}{attributes}>{content}</{policy}>")
}

/// What is wrong with a policy: codes and messages; nothing if it loads.
fn load(certificate: &Certificate, policy: &str, text: &str) -> Vec<String> {
    let section = match policy {
        "forward-request" => "backend",
        _ => "inbound",
    };
    let sections = [(section, text)];
    let catalog = Catalog::new().certificate("c", certificate.clone());
    let catalog = match policy {
        "quota" => catalog
            .api(api(&[]))
            .product(Product::new("p").policy(source("p.xml", &sections))),
        _ => catalog.api(api(&sections)),
    };
    let built = Gateway::builder()
        .catalog(catalog)
        .http_client(FakeClient::statuses(&[200]))
        .build();
    let errors = built.err().map(|error| error.to_string());
    errors
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_attribute_is_known_by_its_name_only() {
    let pem = Pki::new().issue_rsa().pem();
    let certificate = Certificate::from_pem(pem.as_bytes()).unwrap();
    let loads = |policy: &str, attributes: &[(&str, &str)], content: &str| {
        load(&certificate, policy, &written(policy, attributes, content))
    };
    let has = |errors: &[String], code: &str| {
        let code = format!("error[{code}]");
        errors.iter().any(|error| error.contains(&code))
    };
    for row in ROWS {
        let all: Vec<_> = [row.required, row.optional].concat();
        let needs_more = row.policy == "authentication-certificate";
        if !needs_more {
            let errors = loads(row.policy, &all, row.content);
            assert!(errors.is_empty(), "{}: {errors:#?}", row.policy);
        }
        for index in 0..row.required.len() {
            let mut some = all.clone();
            let (name, _) = some.remove(index);
            let errors = loads(row.policy, &some, row.content);
            assert!(
                has(&errors, "missing-attribute"),
                "{} without {name}: {errors:#?}",
                row.policy
            );
        }
        for index in 0..all.len() {
            let misspelt = format!("{}x", all[index].0);
            let mut some = all.clone();
            some[index].0 = &misspelt;
            let errors = loads(row.policy, &some, row.content);
            assert!(
                has(&errors, "unknown-attribute"),
                "{} {misspelt}: {errors:#?}",
                row.policy
            );
        }
        // What stands in it, with each name in turn misspelt.
        for (at, _) in row.content.match_indices("='") {
            let misspelt = format!("{}x{}", &row.content[..at], &row.content[at..]);
            let errors = loads(row.policy, &all, &misspelt);
            let known = needs_more || has(&errors, "unknown-attribute");
            assert!(known, "{}: {misspelt}: {errors:#?}", row.policy);
        }
    }
    for (policy, attributes) in TOGETHER {
        let content = match *policy {
            "validate-jwt" => TOKEN_CONTENT,
            _ => "",
        };
        let errors = loads(policy, attributes, content);
        assert!(errors.is_empty(), "{policy} {attributes:?}: {errors:#?}");
    }
}

#[test]
fn every_policy_of_access_and_routing_is_here() {
    for kind in tollgate::POLICIES {
        let own = ROWS.iter().any(|row| row.policy == kind.name);
        let others = [
            "set-",
            "cache-",
            "rewrite-",
            "find-",
            "send-",
            "redirect-",
            "json",
            "xml-",
            "xsl-",
        ];
        if others.iter().any(|start| kind.name.starts_with(start)) {
            continue;
        }
        let access = [
            "authentication-",
            "validate-jwt",
            "validate-azure",
            "validate-client",
            "quota",
            "rate-",
            "limit-c",
        ];
        if access.iter().any(|start| kind.name.starts_with(start)) {
            assert!(own, "{}", kind.name);
        }
    }
    for row in ROWS {
        let kind = tollgate::POLICIES
            .iter()
            .find(|kind| kind.name == row.policy);
        let kind = kind.unwrap_or_else(|| panic!("{}", row.policy));
        for attribute in kind.attributes {
            let listed =
                (row.required.iter().chain(row.optional)).any(|(name, _)| *name == attribute.name);
            let together = (TOGETHER.iter())
                .filter(|(policy, _)| *policy == row.policy)
                .any(|(_, attributes)| attributes.iter().any(|(name, _)| *name == attribute.name));
            assert!(
                listed || together || attribute.name == "query-parameter-name",
                "{} {}",
                row.policy,
                attribute.name
            );
        }
    }
}
