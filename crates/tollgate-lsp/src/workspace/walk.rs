//! The files of folders that may say something, within bounds.

use std::io::Read;
use std::path::{Path, PathBuf};

/// How deep folders are gone into.
const MAX_DEPTH: usize = 16;
/// How many entries of folders are looked at.
const MAX_ENTRIES: usize = 50_000;
/// How many files are read.
const MAX_FILES: usize = 4_000;
/// The longest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// Folders of other people's files.
const PASSED_OVER: [&str; 4] = ["node_modules", "target", "bin", "obj"];

/// A file, read.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Policies, files of tests, and files of `tollgate serve`, in the order of their names.
pub(super) fn files(folders: &[PathBuf]) -> Vec<File> {
    let mut open: Vec<(PathBuf, usize)> = folders.iter().map(|one| (one.clone(), 0)).collect();
    let (mut entries, mut paths) = (0, Vec::new());
    while let Some((folder, depth)) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            entries += 1;
            if entries > MAX_ENTRIES {
                break;
            }
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            // A link to a folder could lead in a circle.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder {
                let is_other = name.starts_with('.') || PASSED_OVER.contains(&name);
                if !is_other && depth < MAX_DEPTH {
                    open.push((entry.path(), depth + 1));
                }
            } else if is_wanted(name) {
                paths.push(entry.path());
            }
        }
    }
    paths.sort();
    paths.dedup();
    (paths.into_iter().take(MAX_FILES))
        .filter_map(|path| text(&path).map(|text| File { path, text }))
        .collect()
}

fn is_wanted(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".xml", ".toml", ".test.yaml", ".test.yml"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// A file's text, if it is one and not too long.
pub(super) fn text(path: &Path) -> Option<String> {
    let file = std::fs::File::open(path).ok()?;
    let is_plain = file
        .metadata()
        .is_ok_and(|data| data.is_file() && data.len() <= MAX_BYTES);
    let mut text = String::new();
    let read = is_plain.then(|| file.take(MAX_BYTES).read_to_string(&mut text));
    read?.ok().map(|_| text)
}
