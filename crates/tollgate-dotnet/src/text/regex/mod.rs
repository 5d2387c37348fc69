//! `System.Text.RegularExpressions`.
//!
//! A matcher of its own, since no crate has captures of repeated groups, balancing groups, matching from right to
//! left, and sets over UTF-16 units.

mod backtrack;
mod blocks;
mod class;
mod input;
mod matching;
mod node;
mod parse;
mod program;
mod replacing;

use std::any::Any;
use std::sync::Arc;

use crate::machine::Budget;
use crate::member::{Call, Member, Prepared, TypeDef, TypeKind, member};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::{Type, TypeRef};
use crate::value::{Object, Value};

use matching::{CAPTURE, CAPTURE_COLLECTION, GROUP, GROUP_COLLECTION, MATCH, MATCH_COLLECTION};
use parse::{Group, RIGHT_TO_LEFT};
use program::Program;
use replacing::MATCH_EVALUATOR;

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

/// Steps of the matcher in a step of an expression.
const TRIES_PER_STEP: u64 = 4;

/// Steps that a search may take for each millisecond of `matchTimeout`.
const STEPS_PER_MILLISECOND: u64 = 50_000;

/// Ticks of `Regex.InfiniteMatchTimeout`, a millisecond below zero.
const NO_TIMEOUT: i64 = -10_000;

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
    with_pattern(
        "static MatchCollection Matches(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)",
        matching::find_all,
    ),
    with_pattern(
        "static string Replace(string input, string pattern, string replacement, RegexOptions options, TimeSpan matchTimeout)",
        replacing::replace,
    ),
    with_pattern(
        "static string Replace(string input, string pattern, MatchEvaluator evaluator, RegexOptions options, TimeSpan matchTimeout)",
        replacing::replace,
    ),
    with_pattern(
        "static string[] Split(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)",
        replacing::split,
    ),
    with_pattern(
        "static int Count(string input, string pattern)",
        matching::count,
    ),
    with_pattern(
        "static int Count(string input, string pattern, RegexOptions options)",
        matching::count,
    ),
    with_pattern(
        "static int Count(string input, string pattern, RegexOptions options, TimeSpan matchTimeout)",
        matching::count,
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
    member(
        "Match Match(string input, int beginning, int length)",
        matching::find_within,
    ),
    member(
        "MatchCollection Matches(string input, int startat)",
        matching::find_all_of,
    ),
    member("int Count(string input)", matching::count_of),
    member("int Count(string input, int startat)", matching::count_of),
    member(
        "string Replace(string input, MatchEvaluator evaluator, int count, int startat)",
        replacing::replace_of,
    ),
    member(
        "string[] Split(string input, int count, int startat)",
        replacing::split_of,
    ),
    member("string[] GetGroupNames()", |call| {
        let names: Vec<Str> = this(call)?
            .groups
            .iter()
            .map(|group| group.name.as_str().into())
            .collect();
        call.new_array(crate::collections::Array::strings(names))
    }),
    member("int[] GetGroupNumbers()", |call| {
        let numbers = this(call)?
            .groups
            .iter()
            .map(|group| crate::args::int(group.number))
            .collect();
        call.new_array(crate::collections::Array::new(Type::int(), numbers))
    }),
    member("int GroupNumberFromName(string name)", |call| {
        let name = call.text(1, "name")?.to_utf8();
        let regex = this(call)?;
        let group = regex.groups.iter().find(|group| group.name == *name);
        Ok(group.map_or(Value::Int32(-1), |group| crate::args::int(group.number)))
    }),
    member("string GroupNameFromNumber(int i)", |call| {
        let number = usize::try_from(call.int(1)?).ok();
        let regex = this(call)?;
        let group = regex
            .groups
            .iter()
            .find(|group| Some(group.number) == number);
        Ok(group.map_or("", |group| &group.name).into())
    }),
    member("static TimeSpan InfiniteMatchTimeout { get; }", |_| {
        Ok(Value::TimeSpan(NO_TIMEOUT))
    }),
    member("TimeSpan MatchTimeout { get; }", |call| {
        Ok(Value::TimeSpan(this(call)?.timeout))
    }),
    member("bool RightToLeft { get; }", |call| {
        Ok(this(call)?.program.right_to_left.into())
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
pub(crate) struct Regex {
    source: Str,
    options: i64,
    /// Ticks of `MatchTimeout`.
    timeout: i64,
    program: Program,
    /// In order of their numbers, the whole first.
    groups: Vec<Group>,
}

impl Regex {
    /// The place of a group among the groups.
    fn slot(&self, number: usize) -> Option<usize> {
        self.groups
            .binary_search_by_key(&number, |group| group.number)
            .ok()
    }

    fn named_slot(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.name == name)
    }

    /// How many steps a search in a text of that many units may take.
    fn limit(&self, budget: &Budget, length: usize) -> u64 {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let most = budget.regex.saturating_add(length.saturating_mul(4));
        let most = most.min(
            budget
                .steps
                .saturating_mul(TRIES_PER_STEP)
                .saturating_add(TRIES_PER_STEP),
        );
        match u64::try_from(self.timeout / 10_000) {
            Ok(milliseconds) => most.min(
                milliseconds
                    .saturating_add(1)
                    .saturating_mul(STEPS_PER_MILLISECOND),
            ),
            Err(_) => most,
        }
    }
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

fn out_of_range(parameter: &str) -> Throw {
    Throw::argument_out_of_range(format!(
        "Specified argument was out of the range of valid values. (Parameter '{parameter}')"
    ))
}

fn compile(source: &Str, options: i64, timeout: i64) -> Result<Regex, Throw> {
    /// All that `RegexOptions` has.
    const ALL: i64 = 0x77f;
    /// What goes with `ECMAScript`: `IgnoreCase`, `Multiline`, `Compiled` and itself.
    const WITH_ECMA: i64 = 1 | 2 | 8 | 256 | 512;
    let ecma = options & 256 != 0;
    if options & !ALL != 0 || ecma && options & !WITH_ECMA != 0 {
        return Err(out_of_range("options"));
    }
    if timeout != NO_TIMEOUT && timeout <= 0 {
        return Err(out_of_range("matchTimeout"));
    }
    let invalid = |message: String| {
        Throw::new(
            "System.Text.RegularExpressions.RegexParseException",
            format!("Invalid pattern '{}' {message}", source.to_utf8()),
        )
    };
    let units: Vec<u16> = source.units().collect();
    let parsed = parse::parse(&units, options).map_err(invalid)?;
    let right_to_left = options & RIGHT_TO_LEFT != 0;
    if options & 1024 != 0 && (right_to_left || parsed.root.goes_back()) {
        return Err(Throw::not_supported(
            "RegexOptions.NonBacktracking is not supported in conjunction with expressions containing: 'backreference, lookaround, atomic group, conditional, balancing group or RegexOptions.RightToLeft'.",
        ));
    }
    let program = program::compile(&parsed.root, parsed.groups.len(), right_to_left)
        .ok_or_else(|| invalid("is too large.".into()))?;
    Ok(Regex {
        source: source.clone(),
        options,
        timeout,
        program,
        groups: parsed.groups,
    })
}

/// Compiles a constant pattern; one that is wrong throws when it is used, as in .NET.
fn prepare(arguments: &[Option<Value>]) -> Result<Option<Prepared>, String> {
    let Some(Some(Value::String(pattern))) = arguments.get(1) else {
        return Ok(None);
    };
    let (mut options, mut timeout) = (0, NO_TIMEOUT);
    for argument in arguments.iter().skip(2) {
        match argument {
            Some(Value::Enum(table, flags)) if *table == TypeRef(&REGEX_OPTIONS) => {
                options = *flags
            }
            Some(Value::TimeSpan(ticks)) => timeout = *ticks,
            Some(_) => {}
            // An argument that is not constant may be the options, unless it is a replacement in third place.
            None if arguments.len() == 3 => {}
            None => return Ok(None),
        }
    }
    let compiled = compile(pattern, options, timeout).ok();
    Ok(compiled.map(|regex| Arc::new(Arc::new(regex)) as Arc<dyn Any + Send + Sync>))
}

/// The options and the timeout among the arguments from one on.
fn settings(call: &Call<'_, '_>, from: usize) -> (i64, i64) {
    let (mut options, mut timeout) = (0, NO_TIMEOUT);
    for argument in call.arguments.iter().skip(from) {
        match argument {
            Value::Enum(_, flags) => options = *flags,
            Value::TimeSpan(ticks) => timeout = *ticks,
            _ => {}
        }
    }
    (options, timeout)
}

/// The pattern of a static member: argument 1, compiled at load time or now.
fn pattern(call: &mut Call<'_, '_>) -> Result<Arc<Regex>, Throw> {
    if let Some(prepared) = call.prepared::<Arc<Regex>>() {
        return Ok(prepared.clone());
    }
    compile_work(call, 1)?;
    let (options, timeout) = settings(call, 2);
    compile(call.text(1, "pattern")?, options, timeout).map(Arc::new)
}

/// The pattern of a `Regex` receiver.
fn this(call: &Call<'_, '_>) -> Result<Arc<Regex>, Throw> {
    call.arg(0)
        .downcast::<RegexObject>()
        .map(|regex| regex.0.clone())
        .ok_or_else(Throw::null_reference)
}

/// Charges for compiling the pattern in argument `index`.
fn compile_work(call: &mut Call<'_, '_>, index: usize) -> Result<(), Throw> {
    let length = call.opt_str(index).map_or(0, Str::size);
    call.machine.step(200)?;
    call.element_work(length.saturating_mul(4))?;
    call.work(length.saturating_mul(length))
}

fn create(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    compile_work(call, 0)?;
    let (options, timeout) = settings(call, 1);
    let regex = compile(call.text(0, "pattern")?, options, timeout)?;
    Ok(Value::object(RegexObject(Arc::new(regex))))
}
