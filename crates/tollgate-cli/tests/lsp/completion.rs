//! What can be written at the caret, which is the `|` of each text.

use serde_json::{Value, json};

use crate::client::{Client, marked, place, uri};

/// The items at the mark.
fn items(client: &mut Client, text: &str) -> Vec<Value> {
    let (text, position) = marked(text);
    client.open("untitled:x", &text);
    let params = json!({"textDocument": {"uri": "untitled:x"}, "position": position});
    let list = client.request("textDocument/completion", params);
    list["items"].as_array().unwrap().clone()
}

fn labels(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|it| it["label"].as_str().unwrap())
        .collect()
}

/// The text once the item of this label is taken.
fn taken(items: &[Value], label: &str, text: &str) -> String {
    let (text, _) = marked(text);
    let item = items.iter().find(|it| it["label"] == label);
    let item = item.unwrap_or_else(|| panic!("no `{label}` in {:?}", labels(items)));
    let edit = &item["textEdit"];
    let offset = |at: &Value| {
        (0..=text.len())
            .find(|byte| text.is_char_boundary(*byte) && place(&text, *byte) == *at)
            .unwrap()
    };
    let range = offset(&edit["range"]["start"])..offset(&edit["range"]["end"]);
    let mut text = text.clone();
    text.replace_range(range, edit["newText"].as_str().unwrap());
    text
}

#[test]
fn elements_are_those_that_may_stand_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    for (text, has, has_not) in [
        (
            "|",
            vec!["policies", "fragment", "http-data-source"],
            vec!["inbound", "set-header"],
        ),
        (
            "<policies><|",
            vec!["inbound", "on-error"],
            vec!["set-header", "base"],
        ),
        (
            "<policies><inbound><|",
            vec!["base", "set-header", "choose", "include-fragment"],
            vec!["inbound", "forward-request", "when"],
        ),
        (
            "<policies><inbound>\n  |\n</inbound></policies>",
            vec!["check-header"],
            vec!["forward-request"],
        ),
        (
            "<policies><backend><fo|</backend></policies>",
            vec!["forward-request", "retry"],
            vec!["check-header"],
        ),
        (
            "<policies><inbound><choose><|</choose></inbound></policies>",
            vec!["when", "otherwise"],
            vec!["set-header"],
        ),
        (
            "<policies><inbound><choose><when condition=\"@(1 < 2)\"><|",
            vec!["set-header", "choose"],
            vec!["base", "when"],
        ),
        (
            "<policies><inbound><set-header name=\"a\"><|",
            vec!["value"],
            vec!["set-header"],
        ),
        (
            "<policies><inbound><return-response><|",
            vec!["set-status", "set-body"],
            vec!["choose"],
        ),
        (
            "<fragment><|",
            vec!["check-header", "forward-request"],
            vec!["base", "http-data-source"],
        ),
        (
            "<policies><inbound><base /></|",
            vec!["inbound"],
            vec!["base"],
        ),
        ("<policies><!-- <| --></policies>", vec![], vec!["inbound"]),
    ] {
        let found = items(&mut client, text);
        let found = labels(&found);
        assert!(
            has.iter().all(|name| found.contains(name)),
            "{text}: {found:?}"
        );
        assert!(
            !has_not.iter().any(|name| found.contains(name)),
            "{text}: {found:?}"
        );
    }
    let text = "<policies><inbound><set-he|\n</inbound></policies>";
    let found = items(&mut client, text);
    assert_eq!(
        taken(&found, "set-header", text),
        "<policies><inbound><set-header name=\"$1\">$0</set-header>\n</inbound></policies>"
    );
    let item = found.iter().find(|it| it["label"] == "set-header").unwrap();
    assert!(
        item["documentation"]["value"]
            .as_str()
            .unwrap()
            .starts_with("`set-header`"),
        "{item}"
    );
    assert!(
        item["detail"].as_str().unwrap().contains("inbound"),
        "{item}"
    );
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn attributes_are_those_that_are_not_there_with_their_values() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    let text = "<policies><inbound><set-header | name=\"a\" /></inbound></policies>";
    let found = items(&mut client, text);
    assert_eq!(labels(&found), ["exists-action", "id"]);
    assert_eq!(
        taken(&found, "exists-action", text),
        "<policies><inbound><set-header exists-action=\"$1\" name=\"a\" /></inbound></policies>"
    );
    let value = |client: &mut Client, text: &str| {
        let found = items(client, text);
        labels(&found).join(" ")
    };
    let text =
        "<policies><inbound><set-header name=\"a\" exists-action=\"|\" /></inbound></policies>";
    assert_eq!(value(&mut client, text), "override skip append delete");
    let text = "<policies><inbound><check-header ignore-case='|";
    assert_eq!(value(&mut client, text), "true false");
    let text = "<policies><inbound><cache-lookup downstream-caching-type=\"pri|\" />";
    assert_eq!(value(&mut client, text), "none private public");
    let text = "<policies><inbound><set-variable name=\"one\" value=\"1\" /><return-response response-variable-name=\"|\" /></inbound></policies>";
    assert_eq!(value(&mut client, text), "one");
    // The quotes of an attribute that is there stay.
    let text = "<policies><inbound><set-header na|me=\"a\" /></inbound></policies>";
    let found = items(&mut client, text);
    assert_eq!(taken(&found, "name", text), text.replace('|', ""));
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn members_are_those_of_the_type_before_the_dot() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    for (code, has, has_not) in [
        (
            "@(context.|)",
            vec!["Request", "Response", "Variables"],
            vec!["Headers", "Split"],
        ),
        (
            "@(context.Request.|)",
            vec!["Headers", "Method", "Url"],
            vec!["Request"],
        ),
        ("@(context.Request.|", vec!["Headers"], vec!["Request"]),
        (
            "@(context.Request.Headers.|)",
            vec!["GetValueOrDefault", "Keys", "Where"],
            vec!["Headers"],
        ),
        ("@(context.Request.He|)", vec!["Headers"], vec![]),
        (
            "@(context.Request.Body.As<JObject>()[\"a\"].|)",
            vec!["Value", "ToString", "SelectToken"],
            vec!["Request"],
        ),
        (
            "@(context.Request.Headers.GetValueOrDefault(\"a\", \"\").Split(',')[0].|)",
            vec!["Substring", "Length", "AsJwt"],
            vec!["Headers"],
        ),
        (
            "@(context.Request?.Url.|)",
            vec!["Path", "Query"],
            vec!["Headers"],
        ),
        (
            "@(\"a b\".Split(' ').Where(w => w.|).Count() > 1)",
            vec!["StartsWith"],
            vec!["Where2"],
        ),
        (
            "@(string.|)",
            vec!["IsNullOrEmpty", "Join"],
            vec!["Length", "Substring"],
        ),
        ("@(System.|)", vec!["DateTime", "Text"], vec!["Encoding"]),
        ("@(DayOfWeek.|)", vec!["Monday"], vec![]),
        (
            "@(|)",
            vec!["context", "DateTime", "string"],
            vec!["Request"],
        ),
        ("@(1 + con|)", vec!["context"], vec![]),
        (
            "@{ var words = \"a\".Split('x'); foreach (var word in words) { if (word.|",
            vec!["Length"],
            vec!["Count2"],
        ),
        (
            "@{ var words = \"a\".Split('x'); int number = 1; return wo|; }",
            vec!["words", "number", "context"],
            vec![],
        ),
        (
            "@{ var token = new JObject(); return token.|\n }",
            vec!["Property", "ToString"],
            vec![],
        ),
        ("@(unknown(context.Request.|))", vec!["Headers"], vec![]),
        ("@(\"context.|\")", vec![], vec!["Request"]),
        ("@{ // context.|\n return 1; }", vec![], vec!["Request"]),
        ("@{ var |", vec![], vec!["context"]),
    ] {
        let text = format!(
            "<policies><inbound><set-variable name=\"é𝄞\" value=\"{code}\" /></inbound></policies>"
        );
        let found = items(&mut client, &text);
        let found = labels(&found);
        assert!(
            has.iter().all(|name| found.contains(name)),
            "{code}: {found:?}"
        );
        assert!(
            !has_not.iter().any(|name| found.contains(name)),
            "{code}: {found:?}"
        );
    }
    // Text of an element, and the encoded form.
    let text = "<policies><inbound><set-body>@(context.Request.|</set-body></inbound></policies>";
    assert!(labels(&items(&mut client, text)).contains(&"Headers"));
    let text = "<policies><inbound><set-variable name=\"a\" value=\"@(&quot;a&quot;.|)\" /></inbound></policies>";
    let found = items(&mut client, text);
    assert_eq!(taken(&found, "Length", text), text.replace('|', "Length"));
    let item = found.iter().find(|it| it["label"] == "IndexOf").unwrap();
    assert!(
        item["detail"].as_str().unwrap().starts_with("int IndexOf("),
        "{item}"
    );
    assert!(
        item["documentation"]["value"]
            .as_str()
            .unwrap()
            .contains("String.IndexOf("),
        "{item}"
    );
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn names_of_the_workspace_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("fragments")).unwrap();
    let fragment = "<fragment><set-variable name=\"from-fragment\" value=\"1\" /></fragment>";
    std::fs::write(at("fragments/log.xml"), fragment).unwrap();
    std::fs::write(
        at("gateway.toml"),
        "[named-values]\nbackend-url = \"https://x\"\n",
    )
    .unwrap();
    let mut client = Client::in_folder(folder.path(), &["--named-value", "tenant=contoso"]);
    let text = "<policies><inbound><include-fragment fragment-id=\"|\" /></inbound></policies>";
    let found = items(&mut client, text);
    assert_eq!(labels(&found), ["log"]);
    let text = "<policies><inbound><set-backend-service base-url=\"{{ba|\" /></inbound></policies>";
    let found = items(&mut client, text);
    assert_eq!(labels(&found), ["tenant", "backend-url"]);
    assert_eq!(
        taken(&found, "backend-url", text),
        text.replace("ba|", "backend-url}}")
    );
    let text = "<policies><inbound><set-body>@(\"{{|}}\")</set-body></inbound></policies>";
    let found = items(&mut client, text);
    assert_eq!(taken(&found, "tenant", text), text.replace('|', "tenant"));
    let text = "<policies><inbound><include-fragment fragment-id=\"log\" /><set-variable name=\"own\" value=\"1\" />\
                <set-body>@((string)context.Variables[\"|\"])</set-body></inbound></policies>";
    let found = items(&mut client, text);
    assert_eq!(labels(&found), ["own", "from-fragment"]);
    assert_eq!(taken(&found, "own", text), text.replace('|', "own"));
    // A fragment that is made later is known as soon as the editor says so.
    std::fs::write(at("fragments/other.xml"), fragment).unwrap();
    let changes = json!([{"uri": uri(&at("fragments/other.xml")), "type": 1}]);
    client.notify(
        "workspace/didChangeWatchedFiles",
        json!({"changes": changes}),
    );
    let text = "<policies><inbound><include-fragment fragment-id='|";
    assert_eq!(labels(&items(&mut client, text)), ["log", "other"]);
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn an_editor_without_snippets_gets_plain_text() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::start(&[]);
    client.initialize(folder.path(), json!({}));
    let text = "<policies><inbound><set-header |";
    let found = items(&mut client, text);
    assert!(!found.iter().any(|it| it.to_string().contains('$')));
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn every_place_of_a_file_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    let policies = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/blog");
    let text = std::fs::read_to_string(policies.join("throttle-by-appid.xml")).unwrap();
    let step = text.len() / 60;
    for cut in [false, true] {
        for at in (0..text.len())
            .step_by(step)
            .filter(|at| text.is_char_boundary(*at))
        {
            let text = if cut { &text[..at] } else { &text };
            client.open("untitled:x", text);
            let params =
                json!({"textDocument": {"uri": "untitled:x"}, "position": place(text, at)});
            for method in ["completion", "hover", "definition"] {
                client.request(&format!("textDocument/{method}"), params.clone());
            }
        }
    }
    assert_eq!(client.shut_down(), Some(0));
}
