//! Makes a table of the policies' reference pages: the comments at the heads of their files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    let mut pages = BTreeMap::new();
    read(Path::new("src"), &mut pages)?;
    let rows = pages
        .iter()
        .map(|(name, page)| format!("    ({name:?}, {page:?}),\n"));
    let table = format!(
        "/// The pages by the names of policies, in order.\nconst PAGES: &[(&str, &str)] = &[\n{}];\n",
        rows.collect::<String>()
    );
    let folder = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(folder.join("pages.rs"), table)
}

fn read(folder: &Path, pages: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, pages)?;
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let head = text.lines().map_while(|line| line.strip_prefix("//!"));
        let head: Vec<&str> = head
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        // `PolicyKind { name: "…"` is a row of the list.
        for row in text.split("PolicyKind {").skip(1) {
            let name = row.trim_start().strip_prefix("name: \"");
            if let Some((name, _)) = name.and_then(|rest| rest.split_once('"')) {
                pages.insert(name.to_owned(), head.join("\n"));
            }
        }
    }
    Ok(())
}
