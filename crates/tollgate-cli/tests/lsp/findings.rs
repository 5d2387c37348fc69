//! Findings while typing, fixes and layout.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, place, uri};

const GOOD: &str = "<policies>\n    <inbound>\n        <base />\n    </inbound>\n    <backend>\n        <base />\n    </backend>\n    \
                    <outbound>\n        <base />\n    </outbound>\n    <on-error>\n        <base />\n    </on-error>\n</policies>\n";

fn codes(published: &Value) -> Vec<&str> {
    let all = published["diagnostics"].as_array().unwrap();
    all.iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

#[test]
fn findings_come_go_and_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    let uri = uri(&folder.path().join("api.xml"));
    client.open(&uri, GOOD);
    let published = client.diagnostics(&uri);
    assert_eq!(
        (codes(&published), &published["version"]),
        (vec![], &json!(1))
    );
    // One character is put in: `<base />` becomes `<bases />`.
    let start = GOOD.find("<base").unwrap() + "<base".len();
    let at = place(GOOD, start);
    let change = json!({"range": {"start": at, "end": at}, "text": "s"});
    let document = json!({"uri": uri, "version": 2});
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": document, "contentChanges": [change]}),
    );
    let published = client.diagnostics(&uri);
    let one = (published["diagnostics"].as_array().unwrap().iter())
        .find(|one| one["code"] == "unknown-policy")
        .unwrap();
    assert_eq!(one["range"]["start"], place(GOOD, start - "base".len()));
    assert_eq!(
        (&one["severity"], &one["source"]),
        (&json!(1), &json!("tollgate"))
    );
    client.close(&uri);
    assert_eq!(client.diagnostics(&uri)["diagnostics"], json!([]));
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn columns_count_as_the_editor_does() {
    let folder = tempfile::tempdir().unwrap();
    let text = "<policies><inbound><base /><!-- é𝄞 --><nothing /></inbound></policies>";
    let at = text.find("nothing").unwrap();
    for (offered, kind, column) in [
        (json!(["utf-16"]), "utf-16", at - 1 - 2),
        (json!(["utf-8", "utf-16"]), "utf-8", at),
        (json!(["utf-32"]), "utf-16", at - 1 - 2),
    ] {
        let mut client = Client::start(&[]);
        let capabilities = json!({"general": {"positionEncodings": offered}});
        let result = client.initialize(folder.path(), capabilities);
        assert_eq!(result["capabilities"]["positionEncoding"], kind);
        client.open("untitled:x", text);
        let published = client.diagnostics("untitled:x");
        let found = published["diagnostics"].as_array().unwrap();
        let unknown = found
            .iter()
            .find(|one| one["code"] == "unknown-policy")
            .unwrap();
        assert_eq!(unknown["range"]["start"]["character"], column, "{kind}");
        // An edit behind the characters that differ lands where it is meant.
        let edit = |start: usize, end: usize| json!({"range": {"start": {"line": 0, "character": start}, "end": {"line": 0, "character": end}}, "text": "base"});
        let changes = json!([edit(column, column + "nothing".len())]);
        let document = json!({"uri": "untitled:x", "version": 2});
        client.notify(
            "textDocument/didChange",
            json!({"textDocument": document, "contentChanges": changes}),
        );
        let published = client.diagnostics("untitled:x");
        assert!(
            !codes(&published).contains(&"unknown-policy"),
            "{published}"
        );
        assert_eq!(client.shut_down(), Some(0));
    }
}

#[test]
fn many_edits_are_looked_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    client.open("untitled:x", GOOD);
    for version in 2..=300 {
        let text = GOOD.replace("<base />", &format!("<x{version} />"));
        client.replace("untitled:x", version, &text);
    }
    client.replace("untitled:x", 301, GOOD);
    let published: Vec<Value> = (client.drain(Duration::from_secs(3)).into_iter())
        .filter(|message| message["method"] == "textDocument/publishDiagnostics")
        .collect();
    assert!(published.len() < 20, "{} times", published.len());
    let last = &published.last().unwrap()["params"];
    assert_eq!((codes(last), &last["version"]), (vec![], &json!(301)));
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn other_xml_and_what_is_too_large_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    let document = json!({"uri": "untitled:x", "languageId": "xml", "version": 1, "text": "<project><base/></project>"});
    client.notify("textDocument/didOpen", json!({"textDocument": document}));
    assert_eq!(client.diagnostics("untitled:x")["diagnostics"], json!([]));
    client.open("untitled:y", &"<policies>".repeat(500_000));
    let published = client.diagnostics("untitled:y");
    let message = published["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("4 MiB"), "{message}");
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn lints_have_a_page_a_fix_and_can_be_silenced() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("tollgate.toml"),
        "[lints]\nmissing-base = \"off\"\n",
    )
    .unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    let uri = uri(&folder.path().join("api.xml"));
    let text = "<policies>\n    <inbound />\n    <backend>\n        <retry condition=\"@(context.Response.StatusCode == 503)\" count=\"3\" interval=\"1\">\n            \
                <forward-request />\n        </retry>\n    </backend>\n</policies>\n";
    client.open(&uri, text);
    let published = client.diagnostics(&uri);
    assert_eq!(codes(&published), ["retry-body"], "{published}");
    let one = &published["diagnostics"][0];
    assert_eq!(
        one["codeDescription"]["href"],
        "tollgate-explain:/retry-body.md"
    );
    let params = json!({"textDocument": {"uri": uri}, "range": one["range"], "context": {"diagnostics": [one]}});
    let actions = client.request("textDocument/codeAction", params);
    let actions = actions.as_array().unwrap();
    let kinds: Vec<_> = actions
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["quickfix", "quickfix", "source.fixAll"]);
    for (action, expected) in [(0, vec![]), (1, vec![]), (2, vec![])] {
        let edits = &actions[action]["edit"]["changes"][&uri];
        client.replace(&uri, 2, &apply(text, edits));
        let expected: Vec<&str> = expected;
        assert_eq!(
            codes(&client.diagnostics(&uri)),
            expected,
            "{}",
            actions[action]
        );
    }
    assert!(
        actions[1]["edit"]
            .to_string()
            .contains("tollgate: allow(retry-body)")
    );
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn the_layout_is_that_of_fmt() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    let text = "<!-- 𝄞 --><policies><inbound><base/>\n<set-variable name=\"é\" value=\"@(1+1)\"/></inbound></policies>";
    client.open("untitled:x", text);
    let params = json!({"textDocument": {"uri": "untitled:x"}, "options": {"tabSize": 2, "insertSpaces": false}});
    let edits = client.request("textDocument/formatting", params.clone());
    let laid = apply(text, &edits);
    let file = folder.path().join("x.xml");
    std::fs::write(&file, text).unwrap();
    let program = env!("CARGO_BIN_EXE_tollgate");
    let status = std::process::Command::new(program)
        .arg("fmt")
        .arg(&file)
        .status();
    assert!(status.unwrap().success());
    assert_eq!(laid, std::fs::read_to_string(&file).unwrap());
    client.replace("untitled:x", 2, &laid);
    assert_eq!(
        client.request("textDocument/formatting", params.clone()),
        json!([])
    );
    client.replace("untitled:x", 3, "<policies><inbound></policies>");
    assert!(client.request("textDocument/formatting", params).is_null());
    assert_eq!(client.shut_down(), Some(0));
}

/// The text with edits made.
fn apply(text: &str, edits: &Value) -> String {
    let offset = |at: &Value| {
        (0..=text.len())
            .find(|byte| text.is_char_boundary(*byte) && place(text, *byte) == *at)
            .unwrap()
    };
    let mut edits: Vec<_> = (edits.as_array().unwrap().iter())
        .map(|edit| {
            (
                offset(&edit["range"]["start"]),
                offset(&edit["range"]["end"]),
                edit["newText"].as_str().unwrap(),
            )
        })
        .collect();
    edits.sort();
    let mut text = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}
