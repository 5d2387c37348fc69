//! The extension for VS Code names what there is.

use std::path::{Path, PathBuf};

use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../editors/vscode")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn manifest_and_code_name_the_same() {
    let manifest = json("package.json");
    let main = manifest["main"].as_str().unwrap().trim_start_matches("./");
    let code = text(main);
    let quoted = |name: &str| code.contains(&format!("\"{name}\""));
    let contributes = &manifest["contributes"];
    let language = contributes["languages"][0]["id"].as_str().unwrap();
    assert!(quoted(language), "{language}");
    for command in contributes["commands"].as_array().unwrap() {
        let command = command["command"].as_str().unwrap();
        assert!(
            code.contains(&format!("registerCommand(\"{command}\"")),
            "{command}"
        );
    }
    let settings = contributes["configuration"]["properties"]
        .as_object()
        .unwrap();
    for setting in ["path", "arguments"] {
        assert!(settings.contains_key(&format!("tollgate.{setting}")));
        assert!(code.contains(&format!("get(\"{setting}\"")), "{setting}");
    }
    // What runs is the command that there is.
    assert!(quoted("lsp") && quoted("explain"));
    for (module, _) in manifest["dependencies"].as_object().unwrap() {
        assert!(code.contains(&format!("require(\"{module}")), "{module}");
    }
    // The scheme is the one that findings' codes lead to.
    assert!(quoted("tollgate-explain"));
}

#[test]
fn its_other_files_are_there_and_are_json() {
    let manifest = json("package.json");
    let contributes = &manifest["contributes"];
    let language = &contributes["languages"][0];
    json(language["configuration"].as_str().unwrap());
    let grammar = &contributes["grammars"][0];
    assert_eq!(grammar["language"], language["id"]);
    assert_eq!(
        json(grammar["path"].as_str().unwrap())["scopeName"],
        grammar["scopeName"]
    );
    let version = manifest["version"].as_str().unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert!(text("README.md").contains(&format!("tollgate-{version}.vsix")));
}
