//! Reads a folder of real policy files: none may panic, and each that is sound is the same again after being written
//! raw and encoded. Run with `TOLLGATE_CORPUS=<folder>` and `--nocapture` to see what is said about each file.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tollgate_syntax::{Content, Document, Element, Format, Node, Sources, parse, write};

#[test]
fn the_corpus_reads_and_round_trips() {
    let folder = std::env::var_os("TOLLGATE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/policies"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        println!("skipped: there is no corpus at {}", folder.display());
        return;
    }
    let files = policy_files(&folder);
    assert!(!files.is_empty(), "no .xml files in {}", folder.display());
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    let (mut sound, mut expressions) = (0, 0);
    for path in &files {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let mut sources = Sources::new();
        let file = sources.add(&name, text);
        let (document, findings) = parse(file, &sources);
        for finding in &findings {
            *codes.entry(finding.code.to_string()).or_default() += 1;
            let view = serde_json::json!(finding.view(&sources));
            println!(
                "{name}:{}:{}: {} [{}]",
                view["line"], view["column"], finding.message, finding.code
            );
        }
        if let Some(document) = document
            && !findings.iter().any(|finding| finding.is_error())
        {
            sound += 1;
            expressions += count_expressions(&document.root);
            round_trip(&name, &document);
        }
    }
    println!(
        "{} files, {sound} sound, {expressions} expressions in them; findings: {codes:?}",
        files.len()
    );
}

/// The three policy files that Tollgate began with.
#[test]
fn the_first_three_policies_are_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/blog");
    let files = policy_files(&folder);
    assert_eq!(files.len(), 3);
    for path in files {
        let mut sources = Sources::new();
        let file = sources.add("blog", std::fs::read_to_string(path).unwrap());
        let (document, findings) = parse(file, &sources);
        assert_eq!(findings, []);
        round_trip("blog", &document.unwrap());
    }
}

fn policy_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(policy_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn count_expressions(element: &Element) -> usize {
    let is_expression = |content: &Content| matches!(content, Content::Expression(_));
    let attributes = element.attributes.iter();
    let in_attributes = attributes.filter(|attribute| is_expression(&attribute.value.content));
    let in_children = element.children.iter().map(|node| match node {
        Node::Element(element) => count_expressions(element),
        Node::Text(text) | Node::CData(text) => usize::from(is_expression(&text.content)),
        Node::Comment(_) | Node::Instruction(_) => 0,
    });
    in_attributes.count() + in_children.sum::<usize>()
}

fn round_trip(name: &str, document: &Document) {
    let mut last = document.clone();
    for format in [Format::Raw, Format::Encoded, Format::Raw] {
        let text = write(&last, format);
        let mut sources = Sources::new();
        let file = sources.add(name, text.as_str());
        let (again, findings) = parse(file, &sources);
        let findings: Vec<_> = findings.iter().filter(|found| found.is_error()).collect();
        assert!(
            findings.is_empty(),
            "{name} written {format:?}: {findings:?}\n{text}"
        );
        last = again.unwrap();
        assert!(
            document.same_tree(&last),
            "{name} written {format:?} reads differently:\n{text}"
        );
        if format == Format::Encoded {
            assert!(is_well_formed(&text), "{name} encoded is not XML:\n{text}");
        }
    }
}

fn is_well_formed(text: &str) -> bool {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return true,
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                let is_sound = tag.attributes().all(|attribute| {
                    attribute.is_ok_and(|attribute| {
                        !attribute.value.contains('<')
                            && quick_xml::escape::unescape(&attribute.value).is_ok()
                    })
                });
                if !is_sound {
                    return false;
                }
            }
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}
