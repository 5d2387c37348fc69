//! Four conditions of policies in languages that others embed: CEL, Rhai, Rego, Lua. All read one request in place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot be set up may stop"
)]

mod cel;
mod lua;
mod rego;
mod request;
mod rhai;

pub use request::Request;

/// The conditions, in the order in which a language has them.
pub const CONDITIONS: [&str; 4] = ["E1", "E2", "E3", "E4"];

/// A language's four conditions, ready to run.
pub type Conditions<'a> = [Box<dyn FnMut() -> bool + 'a>; 4];

/// The languages by name.
pub fn languages(request: &'static Request) -> Vec<(&'static str, Conditions<'static>)> {
    vec![
        ("cel", cel::conditions(request)),
        ("rhai", rhai::conditions(request)),
        ("regorus", rego::conditions(request)),
        ("LuaJIT", lua::conditions(request)),
    ]
}
