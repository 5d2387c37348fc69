//! Any text is parsed as C# without a panic.
#![no_main]

use tollgate_syntax::csharp::{parse_block, parse_expression};

libfuzzer_sys::fuzz_target!(|code: &str| {
    let _ = parse_expression(code);
    let _ = parse_block(code);
});
