//! `System.Text.RegularExpressions`, over `fancy_regex`.

mod matching;
mod replacing;
mod translate;

use std::any::Any;
use std::sync::Arc;

use fancy_regex::RegexBuilder;

use crate::member::{Call, Member, Prepared, TypeDef, TypeKind, member};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
use crate::value::{Object, Value};

use matching::{CAPTURE, CAPTURE_COLLECTION, GROUP, GROUP_COLLECTION, MATCH, MATCH_COLLECTION};
use replacing::MATCH_EVALUATOR;
use translate::{Flags, translate};

/// The types of this namespace.
pub(crate) const TYPES: &[&TypeDef] = &[
    &REGEX,
    &REGEX_OPTIONS,
    &CAPTURE,
    &GROUP,
    &MATCH,
    &CAPTURE_COLLECTION,
    &GROUP_COLLECTION,
    &MATCH_COLLECTION,
    &MATCH_EVALUATOR,
];

/// Steps of backtracking that one search may take.
const BACKTRACK_LIMIT: usize = 1_000_000;

/// `RegexOptions`.
static REGEX_OPTIONS: TypeDef = TypeDef {
    name: "System.Text.RegularExpressions.RegexOptions",
    kind: TypeKind::Enum,
    bases: &[],
    values: &[
        ("None", 0),
        ("IgnoreCase", 1),
        ("Multiline", 2),
        ("ExplicitCapture", 4),
        ("Compiled", 8),
        ("Singleline", 16),
        ("IgnorePatternWhitespace", 32),
        ("RightToLeft", 64),
        ("ECMAScript", 256),
        ("CultureInvariant", 512),
        ("NonBacktracking", 1024),
    ],
    members: &[],
};

/// `Regex`.
static REGEX: TypeDef = TypeDef {
    name: "System.Text.RegularExpressions.Regex",
    kind: TypeKind::Class,
    bases: &[],
    values: &[],
    members: MEMBERS,
};

/// A static member whose pattern is argument 1; a constant one is compiled at load time.
const fn with_pattern(signature: &'static str, native: crate::member::Native) -> Member {
    member(signature, native).preparing(prepare)
}

const MEMBERS: &[Member] = &[
    member("new(string pattern)", create),
    member("new(string pattern, RegexOptions options)", create),
    member(
        "new(string pattern, RegexOptions options, TimeSpan matchTimeout)",
        create,
    ),
    with_pattern(
        "static bool IsMatch(string input, string pattern)",
        matching::is_match,
    ),
    with_pattern(
        "static bool IsMatch(string input, string pattern, RegexOptions options)",
        matching::is_match,
    ),
    with_pattern(
        "static bool IsMatch(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)",
        matching::is_match,
    ),
    with_pattern(
        "static Match Match(string input, string pattern)",
        matching::find,
    ),
    with_pattern(
        "static Match Match(string input, string pattern, RegexOptions options)",
        matching::find,
    ),
    with_pattern(
        "static Match Match(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)",
        matching::find,
    ),
    with_pattern(
        "static MatchCollection Matches(string input, string pattern)",
        matching::find_all,
    ),
    with_pattern(
        "static MatchCollection Matches(string input, string pattern, RegexOptions options)",
        matching::find_all,
    ),
    with_pattern(
        "static string Replace(string input, string pattern, string replacement)",
        replacing::replace,
    ),
    with_pattern(
        "static string Replace(string input, string pattern, string replacement, RegexOptions options)",
        replacing::replace,
    ),
    with_pattern(
        "static string Replace(string input, string pattern, MatchEvaluator evaluator)",
        replacing::replace,
    ),
    with_pattern(
        "static string Replace(string input, string pattern, MatchEvaluator evaluator, RegexOptions options)",
        replacing::replace,
    ),
    with_pattern(
        "static string[] Split(string input, string pattern)",
        replacing::split,
    ),
    with_pattern(
        "static string[] Split(string input, string pattern, RegexOptions options)",
        replacing::split,
    ),
    member("static string Escape(string str)", replacing::escape),
    member("static string Unescape(string str)", replacing::unescape),
    member("bool IsMatch(string input)", matching::is_match_of),
    member(
        "bool IsMatch(string input, int startat)",
        matching::is_match_of,
    ),
    member("Match Match(string input)", matching::find_of),
    member("Match Match(string input, int startat)", matching::find_of),
    member(
        "MatchCollection Matches(string input)",
        matching::find_all_of,
    ),
    member(
        "string Replace(string input, string replacement)",
        replacing::replace_of,
    ),
    member(
        "string Replace(string input, string replacement, int count)",
        replacing::replace_of,
    ),
    member(
        "string Replace(string input, string replacement, int count, int startat)",
        replacing::replace_of,
    ),
    member(
        "string Replace(string input, MatchEvaluator evaluator)",
        replacing::replace_of,
    ),
    member(
        "string Replace(string input, MatchEvaluator evaluator, int count)",
        replacing::replace_of,
    ),
    member("string[] Split(string input)", replacing::split_of),
    member(
        "string[] Split(string input, int count)",
        replacing::split_of,
    ),
    member("string[] GetGroupNames()", |call| {
        let names: Vec<Str> = this(call)?
            .groups
            .iter()
            .map(|(name, _)| name.as_str().into())
            .collect();
        call.new_array(crate::collections::Array::strings(names))
    }),
    member("int[] GetGroupNumbers()", |call| {
        let numbers = (0..this(call)?.groups.len())
            .map(crate::args::int)
            .collect();
        call.new_array(crate::collections::Array::new(Type::int(), numbers))
    }),
    member("RegexOptions Options { get; }", |call| {
        Ok(Value::Enum(TypeRef(&REGEX_OPTIONS), this(call)?.options))
    }),
    member("string ToString()", |call| {
        Ok(Value::String(this(call)?.source.clone()))
    }),
];

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Regex {
    source: Str,
    options: i64,
    regex: fancy_regex::Regex,
    /// In .NET's order: name, and the places in `regex`'s numbering.
    groups: Vec<(String, Vec<usize>)>,
}

/// A `Regex` value shares its pattern with the matches it gives.
#[derive(Debug)]
struct RegexObject(Arc<Regex>);

impl Object for RegexObject {
    fn type_of(&self) -> Type {
        Type::plain(&REGEX)
    }

    fn to_text(&self) -> Option<Str> {
        Some(self.0.source.clone())
    }
}

fn compile(source: &Str, options: i64) -> Result<Regex, Throw> {
    let has = |flag: i64| options & flag != 0;
    if has(64) {
        return Err(Throw::not_supported(
            "RegexOptions.RightToLeft is not supported.",
        ));
    }
    let text = source.to_utf8();
    let invalid = |message: String| {
        Throw::new(
            "System.Text.RegularExpressions.RegexParseException",
            message,
        )
    };
    let translated = translate(
        &text,
        Flags {
            ignore_case: has(1),
            multiline: has(2),
            explicit: has(4),
            singleline: has(16),
            spaced: has(32),
            ecma: has(256),
        },
    )
    .map_err(invalid)?;
    let regex = RegexBuilder::new(&translated.pattern)
        .backtrack_limit(BACKTRACK_LIMIT)
        .build()
        .map_err(|error| invalid(format!("Invalid pattern '{text}': {error}")))?;
    Ok(Regex {
        source: source.clone(),
        options,
        regex,
        groups: translated.groups,
    })
}

/// Compiles a constant pattern; one that is wrong throws when it is used, as in .NET.
fn prepare(arguments: &[Option<Value>]) -> Result<Option<Prepared>, String> {
    let Some(Some(Value::String(pattern))) = arguments.get(1) else {
        return Ok(None);
    };
    let mut options = 0;
    for argument in arguments.iter().skip(2) {
        match argument {
            Some(Value::Enum(table, flags)) if *table == TypeRef(&REGEX_OPTIONS) => {
                options = *flags
            }
            Some(_) => {}
            // An argument that is not constant may be the options, unless it is a replacement in third place.
            None if arguments.len() == 3 => {}
            None => return Ok(None),
        }
    }
    let compiled = compile(pattern, options).ok();
    Ok(compiled.map(|regex| Arc::new(Arc::new(regex)) as Arc<dyn Any + Send + Sync>))
}

/// The options among the arguments of a static member.
fn options(call: &Call<'_, '_>) -> i64 {
    call.arguments
        .iter()
        .skip(2)
        .find_map(|argument| match argument {
            Value::Enum(_, flags) => Some(*flags),
            _ => None,
        })
        .unwrap_or(0)
}

/// The pattern of a static member: argument 1, compiled at load time or now.
fn pattern(call: &mut Call<'_, '_>) -> Result<Arc<Regex>, Throw> {
    if let Some(prepared) = call.prepared::<Arc<Regex>>() {
        return Ok(prepared.clone());
    }
    call.machine.step(1_000)?;
    compile(call.text(1, "pattern")?, options(call)).map(Arc::new)
}

/// The pattern of a `Regex` receiver.
fn this(call: &Call<'_, '_>) -> Result<Arc<Regex>, Throw> {
    call.arg(0)
        .downcast::<RegexObject>()
        .map(|regex| regex.0.clone())
        .ok_or_else(Throw::null_reference)
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    call.machine.step(1_000)?;
    let regex = compile(call.text(0, "pattern")?, call.flags(1))?;
    Ok(Value::object(RegexObject(Arc::new(regex))))
}
