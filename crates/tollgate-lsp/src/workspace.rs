//! The folders of the workspace: which fragments and named values there are, and where they are declared.
//!
//! Fragments are files with a `<fragment>` at their root, by the name of the file (`id.xml`, `id.fragment.xml`,
//! `id/policy.xml`), and those that files of tests and of `tollgate serve` declare. Of named values only names and places
//! are kept, never a value.

mod declared;
mod walk;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use tollgate_engine::{Catalog, Source};
use tollgate_syntax::{Diagnostic, DocumentKind, Severity};

use crate::documents::{Document, Documents};
use declared::{Declared, Section};

/// Where something is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declaration {
    pub(crate) path: PathBuf,
    /// The bytes of its name in the file.
    pub(crate) bytes: std::ops::Range<usize>,
}

/// What there is in the workspace and on the command line.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    catalog: Catalog,
    folders: Vec<PathBuf>,
    /// The files of fragments, by id.
    fragments: BTreeMap<String, PathBuf>,
    named_values: BTreeMap<String, Vec<Declaration>>,
    /// The texts of fragments that are open, by path.
    open: HashMap<PathBuf, String>,
    is_stale: bool,
}

/// The catalog that a document is checked against.
pub(crate) struct Known {
    pub(crate) catalog: Catalog,
    /// Whether the workspace was asked: what it does not have may still be somewhere.
    pub(crate) is_open: bool,
}

impl Known {
    /// Notes that a fragment is not known, where the command line did not bring all of them.
    pub(crate) fn soften(&self, findings: &mut [Diagnostic]) {
        for finding in findings {
            if finding.code == "unknown-fragment" {
                finding.severity = Severity::Note;
            }
        }
    }
}

impl Workspace {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            is_stale: true,
            ..Self::default()
        }
    }

    pub(crate) fn add_folder(&mut self, folder: PathBuf) {
        if !self.folders.contains(&folder) {
            self.folders.push(folder);
        }
        self.is_stale = true;
    }

    pub(crate) fn remove_folder(&mut self, folder: &Path) {
        self.folders.retain(|one| one != folder);
        self.is_stale = true;
    }

    /// Files have changed.
    pub(crate) fn touch(&mut self) {
        self.is_stale = true;
    }

    /// Reads the folders, if anything may have changed, and takes the texts of fragments that are open.
    pub(crate) fn refresh(&mut self, documents: &Documents) {
        self.open = (documents.all())
            .filter(|document| document.kind() == DocumentKind::Fragment)
            .filter_map(|document| {
                Some((document.path.clone()?, document.text.as_str().to_owned()))
            })
            .collect();
        if !std::mem::take(&mut self.is_stale) {
            return;
        }
        self.fragments.clear();
        self.named_values.clear();
        let mut declared = Vec::new();
        for file in walk::files(&self.folders) {
            match declared::read(&file.path, &file.text) {
                Some(all) => declared.push((file.path, all)),
                None => {
                    if let Some(id) = fragment_id(&file.path, &file.text) {
                        self.fragments.entry(id).or_insert(file.path);
                    }
                }
            }
        }
        // What is declared counts more than what files are called.
        for (path, all) in declared {
            for one in all {
                self.declare(&path, one);
            }
        }
    }

    fn declare(&mut self, path: &Path, one: Declared) {
        match one.section {
            Section::NamedValues => {
                let declaration = Declaration {
                    path: path.to_owned(),
                    bytes: one.bytes,
                };
                let all = self.named_values.entry(one.name).or_default();
                all.push(declaration);
            }
            Section::Fragments => {
                let folder = path.parent().unwrap_or(path);
                let Some(file) = one.value.map(|file| folder.join(file)) else {
                    return;
                };
                if let Some(file) = file.canonicalize().ok().filter(|file| file.is_file()) {
                    self.fragments.insert(one.name, file);
                }
            }
        }
    }

    /// What a document is checked against: the command line's catalog, and if that has no fragments those of the
    /// workspace that the document includes.
    pub(crate) fn catalog_for(&self, document: &Document) -> Known {
        let mut catalog = self.catalog.clone();
        let is_open = catalog.fragments().next().is_none();
        if is_open {
            // Fragments include fragments.
            let mut texts = vec![document.text.as_str().to_owned()];
            let mut added: Vec<&str> = Vec::new();
            while let Some(text) = texts.pop() {
                for id in self.fragments.keys() {
                    if added.contains(&id.as_str()) || !includes(&text, id) {
                        continue;
                    }
                    if let Some(source) = self.fragment(id) {
                        texts.push(source.text.clone());
                        catalog = catalog.fragment(id, source);
                        added.push(id);
                    }
                }
            }
        }
        Known { catalog, is_open }
    }

    /// The names of named values: those of the command line first.
    pub(crate) fn named_values(&self) -> Vec<&str> {
        let given = self.catalog.named_values().map(|(name, _)| name);
        let mut names: Vec<&str> = given.collect();
        for name in self.named_values.keys() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// What the command line gives a named value: nothing of a secret.
    pub(crate) fn given_value(&self, name: &str) -> Option<Option<&str>> {
        let mut all = self.catalog.named_values();
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Where files declare a named value.
    pub(crate) fn named_value(&self, name: &str) -> &[Declaration] {
        self.named_values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The ids of all fragments.
    pub(crate) fn fragment_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.catalog.fragments().map(|(id, _)| id).collect();
        for id in self.fragments.keys() {
            if !ids.contains(&id.as_str()) {
                ids.push(id);
            }
        }
        ids
    }

    /// The file of a fragment.
    pub(crate) fn fragment_file(&self, id: &str) -> Option<PathBuf> {
        match self.catalog.fragment_source(id) {
            Some(source) => std::path::absolute(&source.name).ok(),
            None => self.fragments.get(id).cloned(),
        }
    }

    /// A fragment's text: what is open counts, not what is saved.
    pub(crate) fn fragment(&self, id: &str) -> Option<Source> {
        if let Some(source) = self.catalog.fragment_source(id) {
            return Some(source.clone());
        }
        let path = self.fragments.get(id)?;
        let text = match self.open.get(path) {
            Some(text) => text.clone(),
            None => walk::text(path)?,
        };
        Some(Source::new(path.display().to_string(), text))
    }
}

/// Whether a text may include the fragment: it names it between quotes.
fn includes(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(at, _)| {
        let before = text.get(..at).unwrap_or("").trim_end();
        let after = text.get(at + id.len()..).unwrap_or("").trim_start();
        before.ends_with(['"', '\'']) && after.starts_with(['"', '\''])
    })
}

/// The id of the fragment that a file is: `one` of `one.xml`, `one.fragment.xml` and `one/policy.xml`.
fn fragment_id(path: &Path, text: &str) -> Option<String> {
    if tollgate_engine::document_kind(text) != DocumentKind::Fragment {
        return None;
    }
    let stem = path.file_stem()?.to_str()?;
    let stem = stem.strip_suffix(".fragment").unwrap_or(stem);
    match stem {
        "policy" | "fragment" => Some(path.parent()?.file_name()?.to_str()?.to_owned()),
        _ => Some(stem.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn fragments_are_called_after_their_files() {
        let id = |path: &str| fragment_id(Path::new(path), "<fragment />");
        assert_eq!(id("a/log.xml").unwrap(), "log");
        assert_eq!(id("a/log.fragment.xml").unwrap(), "log");
        assert_eq!(id("a/log/policy.xml").unwrap(), "log");
        assert_eq!(fragment_id(Path::new("a.xml"), "<policies />"), None);
    }

    #[test]
    fn what_files_declare_is_known_by_name_and_place() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("one.xml"), "<fragment />").unwrap();
        std::fs::write(at("gateway.toml"), "[named-values]\nkey = \"hush\"\n").unwrap();
        let test = "named-values: {host: h}\nfragments:\n  two: one.xml\ntests: []\n";
        std::fs::write(at("a.test.yaml"), test).unwrap();
        let mut workspace = Workspace::new(Catalog::new().secret("given", "hush"));
        workspace.add_folder(folder.path().to_owned());
        workspace.refresh(&Documents::default());
        assert_eq!(workspace.named_values(), ["given", "host", "key"]);
        assert_eq!(workspace.fragment_ids(), ["one", "two"]);
        assert_eq!(workspace.named_value("key")[0].bytes, 15..18);
        assert!(!format!("{workspace:?}").contains("hush"));
    }
}
