//! Hover and definitions. The pointer is the `|` of each text.

use serde_json::{Value, json};

use crate::client::{Client, marked, place, uri};

fn ask(client: &mut Client, method: &str, uri: &str, text: &str) -> Value {
    let (text, position) = marked(text);
    client.open(uri, &text);
    let params = json!({"textDocument": {"uri": uri}, "position": position});
    client.request(&format!("textDocument/{method}"), params)
}

/// What is said, and of what.
fn hover(client: &mut Client, text: &str) -> (String, String) {
    let said = ask(client, "hover", "untitled:x", text);
    let (text, _) = marked(text);
    let offset = |at: &Value| {
        (0..=text.len())
            .find(|byte| text.is_char_boundary(*byte) && place(&text, *byte) == *at)
            .unwrap_or_default()
    };
    let range = &said["range"];
    let of = text[offset(&range["start"])..offset(&range["end"])].to_owned();
    let said = said["contents"]["value"].as_str().unwrap_or_default();
    (said.to_owned(), of)
}

#[test]
fn policies_and_attributes_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    for (text, of, says) in [
        (
            "<policies><inbound><check-he|ader name=\"a\" /></inbound></policies>",
            "check-header",
            vec![
                "inbound",
                "refuses requests",
                "`failed-check-httpcode` (required)",
                "HeaderNotFound",
            ],
        ),
        (
            "<policies><inbound><check-header na|me=\"a\" /></inbound></policies>",
            "name",
            vec!["The header's name.", "(required)"],
        ),
        (
            "<policies><inbound><set-header name=\"a\" exists-action=\"ski|p\" /></inbound></policies>",
            "skip",
            vec!["override"],
        ),
        (
            "<policies><inb|ound /></policies>",
            "inbound",
            vec!["before the backend"],
        ),
        (
            "<policies><inbound><base /></inb|ound></policies>",
            "inbound",
            vec!["before the backend"],
        ),
        (
            "<policies><inbound><ba|se /></inbound></policies>",
            "base",
            vec!["scope above"],
        ),
        (
            "<policies><inbound><choose><wh|en condition=\"@(true)\" /></choose></inbound></policies>",
            "when",
            vec!["`condition` (required)"],
        ),
        (
            "<policies><inbound><include-frag|ment fragment-id=\"a\" /></inbound></policies>",
            "include-fragment",
            vec!["`fragment-id`"],
        ),
    ] {
        let (said, range) = hover(&mut client, text);
        assert_eq!(range, of, "{text}: {said}");
        assert!(says.iter().all(|one| said.contains(one)), "{text}: {said}");
    }
    let (said, _) = hover(
        &mut client,
        "<policies><inbound><nothing| /></inbound></policies>",
    );
    assert!(!said.contains("**nothing**"));
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn parts_of_expressions_have_types_and_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    for (code, of, says) in [
        (
            "@(con|text.Request.Method)",
            "context",
            vec!["IProxyRequestContext context"],
        ),
        (
            "@(context.Requ|est.Method)",
            "context.Request",
            vec!["IRequest IProxyRequestContext.Request { get; }"],
        ),
        (
            "@(context.Request.Headers.GetValue|OrDefault(\"a\", \"b\").Length)",
            "context.Request.Headers.GetValueOrDefault",
            vec![
                "string HeaderDictionary.GetValueOrDefault(string name, string defaultValue = null)",
            ],
        ),
        (
            "@(context.Request.Headers.GetValueOrDefault(\"a\", \"b\").Le|ngth + 1)",
            "context.Request.Headers.GetValueOrDefault(\"a\", \"b\").Length",
            vec!["int String.Length { get; }"],
        ),
        (
            "@(context.Variables.GetValueOr|Default<int>(\"x\") + 1)",
            "context.Variables.GetValueOrDefault<int>",
            vec!["here `int`"],
        ),
        (
            "@(\"a,b\".Split(',').Sel|ect(x => x.Length).Sum())",
            "\"a,b\".Split(',').Select",
            vec!["extension method", "Select<"],
        ),
        (
            "@(\"a,b\".Split(',').Select(x => x|.Length).Sum())",
            "",
            vec![],
        ),
        (
            "@(\"a,b\".Split(',').Select(x => |x.Length).Sum())",
            "x",
            vec!["string x"],
        ),
        (
            "@{ var nu|mber = 1 + 2L; return number; }",
            "number",
            vec!["long number"],
        ),
        (
            "@{ var number = 1 + 2L; return nu|mber; }",
            "number",
            vec!["long number"],
        ),
        (
            "@((JOb|ject)context.Variables[\"x\"])",
            "JObject",
            vec!["class JObject", "Newtonsoft.Json.Linq.JObject"],
        ),
        ("@(Date|Time.UtcNow)", "DateTime", vec!["struct DateTime"]),
        ("@(DateTime.Utc|Now)", "DateTime.UtcNow", vec!["DateTime"]),
        ("@(1 =|= 2)", "1 == 2", vec!["bool"]),
        // Code with a mistake says what can be said.
        (
            "@(context.Requ|est.Nothing)",
            "context.Request",
            vec!["IRequest"],
        ),
        ("@(context.Requ|est.", "context.Request", vec!["IRequest"]),
    ] {
        let text = format!(
            "<policies><inbound><set-variable name=\"é𝄞\" value=\"{code}\" /></inbound></policies>"
        );
        let (said, range) = hover(&mut client, &text);
        assert!(says.iter().all(|one| said.contains(one)), "{code}: {said}");
        if !says.is_empty() {
            assert_eq!(range, of, "{code}: {said}");
        }
    }
    let text = "<policies><inbound><set-variable name=\"a\" value=\"@(&quot;a&quot;.Len|gth)\" /></inbound></policies>";
    let (said, range) = hover(&mut client, text);
    assert!(said.contains("int String.Length"), "{said}");
    assert_eq!(range, "&quot;a&quot;.Length");
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn named_values_are_told_and_secrets_are_not() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("gateway.toml"),
        "[named-values]\nfiled = \"hush-1\"\n",
    )
    .unwrap();
    let mut client = Client::start(&["--named-value", "plain=contoso", "--secret", "hidden=PATH"]);
    client.initialize(folder.path(), json!({}));
    let said = |client: &mut Client, name: &str| {
        let text = format!(
            "<policies><inbound><set-backend-service base-url=\"{{{{{name}|}}}}\" /></inbound></policies>"
        );
        hover(client, &text).0
    };
    assert!(said(&mut client, "plain").contains("contoso"));
    let hidden = said(&mut client, "hidden");
    assert!(hidden.contains("secret") && !hidden.contains(&std::env::var("PATH").unwrap()));
    let filed = said(&mut client, "filed");
    assert!(
        filed.contains("gateway.toml") && !filed.contains("hush"),
        "{filed}"
    );
    assert!(said(&mut client, "unknown").contains("no file"));
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn a_lint_is_explained_where_it_finds_something() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    let text = "<policies><inbound><base /></inbound><backend><retry condition=\"@(context.Response.StatusCode == 503)\" count=\"3\" interval=\"1\">\
                <forward|-request /></retry></backend><outbound><base /></outbound><on-error><base /></on-error></policies>";
    let (said, _) = hover(&mut client, text);
    assert!(said.contains("**retry-body**"), "{said}");
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn definitions_are_found_in_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let folder_path = folder.path().canonicalize().unwrap();
    let at = |name: &str| folder_path.join(name);
    std::fs::create_dir_all(at("parts")).unwrap();
    let fragment = "<fragment>\n    <set-variable name=\"é𝄞\" value=\"1\" />\n</fragment>";
    std::fs::write(at("parts/log.xml"), fragment).unwrap();
    std::fs::write(at("parts/odd-name.xml"), fragment).unwrap();
    std::fs::write(at("gateway.toml"), "# 𝄞\n[named-values]\nhost = \"hush\"\n").unwrap();
    let test = "policy: api.xml\nnamed-values: {host: h}\nfragments: {declared: parts/odd-name.xml}\ntests: []\n";
    std::fs::write(at("api.test.yaml"), test).unwrap();
    let mut client = Client::in_folder(&folder_path, &[]);
    let document = uri(&at("api.xml"));
    let mut places = |text: &str| {
        let found = ask(&mut client, "definition", &document, text);
        let all = found.as_array().cloned().unwrap_or_default();
        let shown = all.iter().map(|it| {
            let file = it["uri"].as_str().unwrap().rsplit('/').next().unwrap();
            let start = &it["range"]["start"];
            format!("{file}:{}:{}", start["line"], start["character"])
        });
        shown.collect::<Vec<_>>().join(" ")
    };
    let inbound = |inner: &str| format!("<policies><inbound>{inner}</inbound></policies>");
    assert_eq!(
        places(&inbound("<include-fragment fragment-id=\"lo|g\" />")),
        "log.xml:0:0"
    );
    assert_eq!(
        places(&inbound("<include-fragment fragment-id=\"decl|ared\" />")),
        "odd-name.xml:0:0"
    );
    assert_eq!(
        places(&inbound("<include-fragment fragment-id=\"no|ne\" />")),
        ""
    );
    assert_eq!(
        places(&inbound("<set-body>{{ho|st}}</set-body>")),
        "api.test.yaml:1:15 gateway.toml:2:0"
    );
    let text = inbound(
        "\n<include-fragment fragment-id=\"log\" />\n<set-variable name=\"é𝄞\" value=\"2\" />\n\
                        <set-body>@((string)context.Variables[\"é|𝄞\"])</set-body>",
    );
    assert_eq!(places(&text), "api.xml:2:20 log.xml:1:24");
    let text = inbound(
        "<set-variable name=\"r\" value=\"2\" /><return-response response-variable-name=\"r|\" />",
    );
    assert_eq!(places(&text), "api.xml:0:39");
    assert_eq!(client.shut_down(), Some(0));
}
