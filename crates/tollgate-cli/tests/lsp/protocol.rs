//! The life of a server, and what does not belong in it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;

#[test]
fn it_ends_as_the_protocol_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let client = Client::in_folder(folder.path(), &[]);
    assert_eq!(client.shut_down(), Some(0));
    let mut client = Client::in_folder(folder.path(), &["--stdio"]);
    client.notify("exit", Value::Null);
    assert_eq!(client.ended().code(), Some(1));
    assert_eq!(Client::in_folder(folder.path(), &[]).hang_up(), Some(1));
    let mut client = Client::in_folder(folder.path(), &[]);
    client.request("shutdown", Value::Null);
    assert_eq!(client.hang_up(), Some(0));
}

#[test]
fn requests_out_of_turn_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::start(&[]);
    let code = |client: &mut Client, method: &str, params: Value| {
        let id = client.ask(method, params);
        client.answer(id)["error"]["code"].as_i64()
    };
    assert_eq!(
        code(&mut client, "textDocument/hover", json!({})),
        Some(-32002)
    );
    assert_eq!(code(&mut client, "initialize", json!([])), Some(-32602));
    client.notify("textDocument/didOpen", json!({"before": "time"}));
    let result = client.initialize(folder.path(), json!({}));
    assert_eq!(result["serverInfo"]["name"], "tollgate");
    assert_eq!(result["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(
        code(&mut client, "initialize", json!({"capabilities": {}})),
        Some(-32600)
    );
    assert_eq!(
        code(&mut client, "textDocument/nothing", json!({})),
        Some(-32601)
    );
    assert_eq!(
        code(&mut client, "textDocument/formatting", json!({"x": 1})),
        Some(-32602)
    );
    client.request("shutdown", Value::Null);
    assert_eq!(code(&mut client, "shutdown", Value::Null), Some(-32600));
    client.notify("exit", Value::Null);
    assert_eq!(client.ended().code(), Some(0));
}

#[test]
fn what_is_no_message_is_told_and_the_next_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    for body in ["{]", "null", "[]", "{\"jsonrpc\":\"2.0\"}", "\"\\ud800\""] {
        client.send_bytes(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        let answer =
            client.wait(|message| message["id"].is_null() && message.get("error").is_some());
        assert_eq!(answer["error"]["code"], -32700, "{body}");
    }
    // Notifications have no answer, whatever they say.
    for params in [
        json!(null),
        json!([]),
        json!({"textDocument": 7}),
        json!({"contentChanges": [{}]}),
    ] {
        for method in [
            "textDocument/didOpen",
            "textDocument/didChange",
            "$/cancelRequest",
            "$/unknown",
        ] {
            client.notify(method, params.clone());
        }
    }
    assert!(client.drain(Duration::from_millis(300)).is_empty());
    assert_eq!(client.shut_down(), Some(0));
    // Where the next message begins nobody can tell: it ends, and does not panic.
    let mut client = Client::in_folder(folder.path(), &[]);
    client.send_bytes(b"nonsense\r\n\r\n");
    assert_eq!(client.ended().code(), Some(1));
}

#[test]
fn a_cancelled_request_is_answered_as_such_or_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::in_folder(folder.path(), &[]);
    client.open("untitled:a", &"<policies>\n".repeat(20));
    let params = json!({"textDocument": {"uri": "untitled:a"}, "options": {"tabSize": 4, "insertSpaces": true}});
    // All in one write, so that they are in the queue together.
    let mut all = String::new();
    for id in 100..200 {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": "textDocument/formatting", "params": params});
        let text = request.to_string();
        all += &format!("Content-Length: {}\r\n\r\n{text}", text.len());
    }
    let cancel =
        json!({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 199}}).to_string();
    all += &format!("Content-Length: {}\r\n\r\n{cancel}", cancel.len());
    client.send_bytes(all.as_bytes());
    for id in 100..200 {
        let answer = client.answer(id);
        let is_cancelled = answer["error"]["code"] == -32800;
        assert!(is_cancelled || answer.get("result").is_some(), "{answer}");
    }
    assert_eq!(client.shut_down(), Some(0));
}
