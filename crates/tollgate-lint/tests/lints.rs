//! What lints find, and what they leave alone.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use tollgate_engine::Source;
use tollgate_lint::{Catalog, LINTS, Level, Lint, Profile, Settings, lint};
use tollgate_syntax::{Diagnostic, Severity, Sources};

fn found_with(text: &str, catalog: &Catalog, settings: &Settings) -> (Vec<Diagnostic>, Sources) {
    let mut sources = Sources::new();
    let file = sources.add("p.xml", text);
    (lint(file, &sources, catalog, settings), sources)
}

/// The names of the lints that find something, and the text they find it in.
fn found(text: &str) -> Vec<String> {
    let (found, sources) = found_with(text, &Catalog::new(), &Settings::default());
    let found = found.iter();
    found
        .map(|one| format!("{}: {}", one.code, sources.text(one.span)))
        .collect()
}

fn whole(inbound: &str, backend: &str, outbound: &str) -> String {
    format!(
        "<policies><inbound><base />{inbound}</inbound><backend>{backend}</backend><outbound><base />{outbound}</outbound><on-error><base /></on-error></policies>"
    )
}

fn inbound(policies: &str) -> String {
    whole(policies, "<base />", "")
}

/// What each lint finds, as text, and something close to it that is well.
fn cases() -> Vec<(&'static str, String, &'static str, String)> {
    let set = |value: &str| format!(r#"<set-variable name="v" value="{value}" />"#);
    vec![
        (
            "body-consumed",
            inbound(&set(r#"@(context.Request.Body?.As<string>())"#)),
            "context.Request.Body?.As<string>()",
            inbound(&set(r#"@(context.Request.Body.As<string>(preserveContent: true))"#)),
        ),
        (
            "body-consumed",
            whole("", "<base />", &set(r#"@(context.Response.Body.As<string>(false))"#)),
            "context.Response.Body.As<string>(false)",
            inbound("<set-body>@(context.Request.Body.As<string>().ToUpper())</set-body>"),
        ),
        (
            "constant-condition",
            inbound(r#"<choose><when condition="@(true)" /></choose>"#),
            "@(true)",
            inbound(r#"<retry condition="@(true)" count="1" interval="1" />"#),
        ),
        (
            "duplicate-condition",
            inbound(r#"<choose><when condition="@(context.Elapsed.Days == 1)" /><when condition="@( context.Elapsed.Days == 1 )" /></choose>"#),
            "@( context.Elapsed.Days == 1 )",
            inbound(r#"<choose><when condition="@(context.Elapsed.Days == 1)" /><when condition="@(context.Elapsed.Days == 2)" /></choose>"#),
        ),
        (
            "forward-request-missing",
            whole("", r#"<set-method>GET</set-method>"#, ""),
            "backend",
            whole("<mock-response />", "", ""),
        ),
        (
            "limit-key-conflict",
            inbound(r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" /><rate-limit-by-key calls="2" renewal-period="60" counter-key="k" />"#),
            "rate-limit-by-key",
            inbound(r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" /><rate-limit-by-key calls="2" renewal-period="60" counter-key="l" />"#),
        ),
        (
            "missing-base",
            "<policies><inbound /><backend><base /></backend></policies>".to_owned(),
            "inbound",
            "<policies><inbound /><backend><forward-request /></backend></policies>".to_owned(),
        ),
        (
            "null-key",
            inbound(r#"<quota-by-key calls="1" renewal-period="60" counter-key="@(context.Request.Headers.GetValueOrDefault("X"))" />"#),
            r#"@(context.Request.Headers.GetValueOrDefault("X"))"#,
            inbound(r#"<quota-by-key calls="1" renewal-period="60" counter-key="@(context.Request.Headers.GetValueOrDefault("X", "n"))" />"#),
        ),
        (
            "null-key",
            inbound(r#"<quota-by-key calls="1" renewal-period="60" counter-key="@(context.Subscription?.Id)" />"#),
            "@(context.Subscription?.Id)",
            inbound(r#"<quota-by-key calls="1" renewal-period="60" counter-key="@(context.Subscription?.Id ?? "n")" />"#),
        ),
        (
            "null-reference",
            inbound(&set("@(context.User.Email)")),
            "context.User",
            inbound(&set("@(context.User?.Email)")),
        ),
        (
            "object-comparison",
            inbound(&(set("a") + r#"<choose><when condition="@(context.Variables["v"] == "a")" /></choose>"#)),
            r#"context.Variables["v"]"#,
            inbound(&(set("a") + r#"<choose><when condition="@((string)context.Variables["v"] == "a" || context.Variables["v"] == null)" /></choose>"#)),
        ),
        (
            "retry-body",
            whole("", r#"<retry condition="@(context.Response.StatusCode == 1)" count="1" interval="1"><forward-request timeout="1" /></retry>"#, ""),
            "forward-request",
            whole("", r#"<retry condition="@(context.Response.StatusCode == 1)" count="1" interval="1"><forward-request buffer-request-body="true" /></retry>"#, ""),
        ),
        (
            "secret-literal",
            inbound(r#"<set-header name="Api-Key"><value>0123456789abcdef</value></set-header>"#),
            "0123456789abcdef",
            inbound(r#"<set-header name="Api-Key"><value>{{the-key}}</value></set-header>"#),
        ),
        (
            "secret-literal",
            inbound(r#"<authentication-basic username="u" password="open sesame" />"#),
            "open sesame",
            inbound(r#"<authentication-basic username="u" password="{{password}}" />"#),
        ),
        (
            "stream-buffered",
            whole("", r#"<forward-request buffer-response="false" />"#, r#"<find-and-replace from="a" to="b" />"#),
            "find-and-replace",
            whole("", r#"<forward-request buffer-response="false" />"#, r#"<set-status code="200" reason="OK" />"#),
        ),
        (
            "deprecated",
            inbound(r#"<set-header name="Ocp-Apim-Trace" exists-action="delete" />"#),
            "Ocp-Apim-Trace",
            inbound(r#"<set-header name="Ocp-Apim-Tracing" exists-action="delete" />"#),
        ),
        (
            "deprecated",
            inbound(&set(r#"@(context.Request.Headers.ContainsKey("ocp-apim-trace"))"#)),
            r#""ocp-apim-trace""#,
            inbound(&set(r#"@(context.Request.Headers.ContainsKey("Apim-Debug-Authorization"))"#)),
        ),
        (
            "deprecated",
            whole("", r#"<set-graphql-resolver parent-type="Query" field="a" /><forward-request />"#, ""),
            "set-graphql-resolver",
            inbound(r#"<azure-openai-token-limit counter-key="a" tokens-per-minute="1" estimate-prompt-tokens="false" />"#),
        ),
        (
            "unreachable-policy",
            inbound("<choose><when condition=\"@(context.Elapsed.Days == 1)\"><return-response /><set-method>GET</set-method></when></choose>"),
            "set-method",
            inbound("<choose><when condition=\"@(context.Elapsed.Days == 1)\"><set-method>GET</set-method><return-response /></when></choose>"),
        ),
        (
            "variable-case",
            inbound(&(set("a") + r#"<set-method>@((string)context.Variables["V"])</set-method>"#)),
            r#""V""#,
            inbound(&(set("a") + r#"<set-method>@((string)context.Variables["v"])</set-method>"#)),
        ),
        (
            "variable-order",
            inbound(&(r#"<set-method>@((string)context.Variables["v"])</set-method>"#.to_owned() + &set("a"))),
            r#""v""#,
            inbound(&(r#"<set-method>@(context.Variables.GetValueOrDefault<string>("v", "GET"))</set-method>"#.to_owned() + &set("a"))),
        ),
        (
            "variable-type",
            inbound(&(set("10") + r#"<set-variable name="w" value="@((int)context.Variables["v"] + 1)" />"#)),
            r#""v""#,
            inbound(&(set("@(10)") + r#"<set-variable name="w" value="@((int)context.Variables["v"] + 1)" />"#)),
        ),
        (
            "variable-type",
            inbound(&(set("@(context.Elapsed.Days)") + r#"<set-method>@(context.Variables.GetValueOrDefault<string>("v"))</set-method>"#)),
            r#""v""#,
            inbound(&(set("@(context.Api.Id)") + r#"<set-method>@(context.Variables.GetValueOrDefault<String>("v"))</set-method>"#)),
        ),
        (
            "variable-unset",
            inbound(r#"<set-method>@((string)context.Variables["other"])</set-method>"#),
            r#""other""#,
            inbound(r#"<set-method>@(context.Variables.ContainsKey("other") ? (string)context.Variables["other"] : "GET")</set-method>"#),
        ),
        (
            "variable-unset",
            r#"<fragment><set-method>@((string)context.Variables["other"])</set-method></fragment>"#.to_owned(),
            r#""other""#,
            inbound(r#"<include-fragment fragment-id="f" /><set-method>@((string)context.Variables["other"])</set-method>"#),
        ),
    ]
}

#[test]
fn each_finds_what_it_is_for_and_nothing_else() {
    for (name, bad, place, good) in cases() {
        assert_eq!(found(&bad), [format!("{name}: {place}")], "{bad}");
        assert!(
            !found(&good).iter().any(|one| one.starts_with(name)),
            "{good}: {:?}",
            found(&good)
        );
    }
    for lint in LINTS {
        let tested = cases().iter().any(|(name, ..)| *name == lint.name);
        assert!(tested || lint.name == "tier", "{} has no case", lint.name);
    }
}

#[test]
fn edits_take_the_finding_away_and_change_nothing_else() {
    let mut edited = 0;
    for (name, bad, ..) in cases() {
        let (found_here, _) = found_with(&bad, &Catalog::new(), &Settings::default());
        let mut text = bad.clone();
        for edit in found_here.iter().flat_map(|one| &one.edits) {
            let range = edit.span.start as usize..edit.span.end as usize;
            text.replace_range(range, &edit.text);
            edited += 1;
        }
        if text != bad {
            assert!(
                !found(&text).iter().any(|one| one.starts_with(name)),
                "{text}"
            );
        }
    }
    assert!(edited >= 3);
}

#[test]
fn tiers_have_some_policies() {
    let text = inbound(
        r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" /><publish-to-dapr topic="t" />"#,
    );
    let names = |profile| {
        let settings = Settings {
            profile,
            ..Settings::default()
        };
        let (found, sources) = found_with(&text, &Catalog::new(), &settings);
        assert!(found.iter().all(|one| one.severity == Severity::Error));
        let names: Vec<_> = found
            .iter()
            .map(|one| sources.text(one.span).to_owned())
            .collect();
        names.join(" ")
    };
    assert_eq!(names(None), "");
    assert_eq!(
        names(Some(Profile::Consumption)),
        "rate-limit-by-key publish-to-dapr"
    );
    assert_eq!(names(Some(Profile::V2)), "publish-to-dapr");
    assert_eq!(names(Some(Profile::Classic)), "publish-to-dapr");
    assert_eq!(names(Some(Profile::SelfHosted)), "");
}

#[test]
fn fragments_that_are_known_count() {
    let text = inbound(
        r#"<include-fragment fragment-id="f" /><set-method>@((string)context.Variables["m"])</set-method>"#,
    );
    let of = |fragment: &str| {
        let catalog = Catalog::new().fragment("f", Source::new("f.xml", fragment));
        found_with(&text, &catalog, &Settings::default()).0.len()
    };
    assert_eq!(
        of(r#"<fragment><set-variable name="m" value="GET" /></fragment>"#),
        0
    );
    assert_eq!(of("<fragment />"), 1);
    assert_eq!(of("<fragment"), 0);
}

#[test]
fn comments_and_settings_silence() {
    let conflict = r#"<set-header name="api-key"><value>0123456789abcdef</value></set-header>"#;
    let silenced = format!("<!-- tollgate: allow(secret-literal) --> {conflict}");
    assert_eq!(found(&inbound(&silenced)).len(), 0);
    assert_eq!(found(&inbound(&format!("{silenced}{conflict}"))).len(), 1);
    let file = format!(
        "<!-- tollgate: allow(missing-base, secret-literal) -->{}",
        inbound(conflict)
    );
    assert_eq!(found(&file).len(), 0);
    let misspelt = found(&inbound(&format!(
        "<!-- tollgate: allow(secret-litteral) -->{conflict}"
    )));
    assert_eq!(misspelt.len(), 2);
    assert!(misspelt[0].starts_with("unknown-lint: "), "{misspelt:?}");
    let levels = |text: &str| {
        let settings = Settings::from_toml(text).unwrap();
        let (found, _) = found_with(&inbound(conflict), &Catalog::new(), &settings);
        found.first().map(|one| one.severity)
    };
    assert_eq!(levels(""), Some(Severity::Warning));
    assert_eq!(levels("[lints]\nsecret-literal = \"off\""), None);
    assert_eq!(
        levels("[lints]\nsecret-literal = \"error\""),
        Some(Severity::Error)
    );
    let error = Settings::from_toml("[lints]\nsecret-literals = \"off\"").unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no lint `secret-literals`; did you mean `secret-literal`?"
    );
    assert!(
        Settings::from_toml("[lint]\na = 1")
            .unwrap_err()
            .to_string()
            .contains("unknown field `lint`")
    );
}

#[test]
fn settings_are_found_above_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(
        folder.path().join("tollgate.toml"),
        "[lints]\ntier = \"note\"\n",
    )
    .unwrap();
    let near = Settings::near(&deep.join("p.xml")).unwrap();
    assert_eq!(near.lints["tier"], Level::Note);
    std::fs::write(folder.path().join("a/tollgate.toml"), "profile = 1").unwrap();
    assert!(Settings::near(&deep.join("p.xml")).is_err());
}

#[test]
fn names_are_sorted_and_pages_have_something_to_say() {
    assert!(LINTS.is_sorted_by_key(|lint| lint.name));
    for lint in LINTS {
        assert!(lint.page.len() > 200 && lint.page.starts_with('\n') && lint.page.ends_with('\n'));
        assert!(Lint::named(lint.name).is_ok());
    }
}

#[test]
fn any_text_is_survived() {
    for (_, text, ..) in cases() {
        for end in 0..text.len() {
            if text.is_char_boundary(end) {
                found(&text[..end]);
            }
        }
    }
}
