//! Any text is read as a policy document without a panic, and what is read can be written and read again.
#![no_main]

use tollgate_syntax::{Format, Sources, parse, write};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut sources = Sources::new();
    let file = sources.add("fuzz.xml", text);
    let (document, findings) = parse(file, &sources);
    let Some(document) = document else {
        return;
    };
    if findings.is_empty() {
        for format in [Format::Raw, Format::Encoded] {
            let again = sources.add("again.xml", write(&document, format));
            let (again, _) = parse(again, &sources);
            assert!(again.is_some_and(|again| again.same_tree(&document)), "the tree changed");
        }
    }
});
