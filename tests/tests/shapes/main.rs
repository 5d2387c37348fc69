//! The shapes that policies have in the real world (`policies/samples/`), each through the whole gateway: clients,
//! backends, token issuers and everybody else who is asked are on loopback, over TCP. Only the clock is a test's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod access;
mod ai;
mod content;
mod identity;
mod limits;
mod reports;
mod routing;
mod signing;
mod world;

#[test]
fn each_sample_has_a_test() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/samples");
    let tests = [
        include_str!("access.rs"),
        include_str!("ai.rs"),
        include_str!("content.rs"),
        include_str!("identity.rs"),
        include_str!("limits.rs"),
        include_str!("reports.rs"),
        include_str!("routing.rs"),
        include_str!("signing.rs"),
    ]
    .concat();
    let mut count = 0;
    for file in std::fs::read_dir(root).unwrap() {
        let path = file.unwrap().path();
        // Beside the samples stand their offline tests.
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(tests.contains(&format!("{name:?}")), "{name}");
        count += 1;
    }
    assert!(count > 30, "{count}");
}
