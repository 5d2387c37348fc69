//! Tokens that are made when they are looked at are those that are made at once: same texts, same errors, same changes.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::kind::Kind;
use super::read::{Reads, read_any, tokens};
use super::settings::Reading;
use super::tape::Tape;
use super::token::{
    self, Node, copy, deep_equals, descendants, ends, get, id_of, member_of, name_of, null,
    property_of, scalar, sibling, value_of,
};
use super::{convert, write};
use crate::heap::{Heap, HeapId};
use crate::str::Str;
use crate::throw::Throw;
use crate::types::Type;
use crate::value::Value;

/// JSON, mostly strict: with white space, escapes, equal names, dates, long numbers; and now and then something else.
fn json() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "'single'",
        "NaN",
        "-Infinity",
        "undefined",
        "010",
        "0x1F",
        "1.",
        ".5",
        "+1",
        "[1,]",
        "[,1]",
        "{a:1}",
        "{\"a\":1,}",
        "/* c */ 1",
        "\"\\q\"",
        "\"\\u12\"",
        "tru",
        "[1 2]",
        "{\"a\" 1}",
        "\"open",
        "[",
        "{",
        "]",
        "",
        "\"\u{1}\"",
    ]);
    let plain = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "12",
        "-7",
        "1.5",
        "1e3",
        "-2E-2",
        "9223372036854775808",
        "123456789012345678901234567890",
        "1e400",
        "0.1",
        "\"\"",
        "\"text\"",
        "\"a\\nb\\u00e9\\ud83d\\ude00\\/\"",
        "\"\\ud800\"",
        "\"grün 😀\"",
        "\"2024-05-06T07:08:09Z\"",
        "\"2024-05-06T07:08:09.5+02:00\"",
        "\"/Date(1715000000000)/\"",
        "\"12:00\"",
        "[]",
        "{}",
        "[ ]",
        "{\n}",
    ]);
    let leaf = prop_oneof![30 => plain, 1 => odd].prop_map(String::from);
    let name = prop::sample::select(vec![
        "a",
        "b",
        "model",
        "\\u0061",
        "a\\\"b",
        "é",
        "",
        "max tokens",
        "x.y",
    ]);
    let blank = prop::sample::select(vec!["", "", "", " ", "\n\t", "\r\n  "]);
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let item = (blank.clone(), inner, blank.clone())
            .prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let items = prop::collection::vec(item.clone(), 0..6);
        let member = (blank.clone(), name.clone(), blank.clone(), item)
            .prop_map(|(before, name, after, value)| format!("{before}\"{name}\"{after}:{value}"));
        prop_oneof![
            items.prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..6)
                .prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

/// What is done to a tree: where to go, and what to do there.
#[derive(Debug, Clone)]
struct Step {
    /// Which child to go to, again and again; names of objects are looked up.
    way: Vec<usize>,
    action: usize,
}

fn step() -> impl Strategy<Value = Step> {
    let way = prop::collection::vec(0..6usize, 0..5);
    (way, 0..ACTIONS.len()).prop_map(|(way, action)| Step { way, action })
}

type Action = fn(&mut Heap, HeapId) -> Result<String, Throw>;

/// Everything that looks at a token or changes it; the text says what was found.
const ACTIONS: &[Action] = &[
    |heap, id| write(heap, &Value::Ref(id), true),
    |heap, id| write(heap, &Value::Ref(id), false),
    |heap, id| Ok(token::path(heap, id)),
    |heap, id| Ok(format!("{:?}", convert::content(heap, &Value::Ref(id)))),
    |heap, id| {
        Ok(format!(
            "{:?} {}",
            get(heap, id)?.kind(),
            get(heap, id)?.len()
        ))
    },
    |heap, id| {
        let ids = [
            get(heap, id)?.parent,
            sibling(heap, id, 1),
            sibling(heap, id, -1),
        ];
        Ok(shown(
            heap,
            ids.into_iter().chain([Some(token::root(heap, id))]),
        ))
    },
    |heap, id| {
        let (first, last) = ends(heap, id).unzip();
        Ok(shown(heap, [first, last]))
    },
    |heap, id| {
        let ids = descendants(heap, id);
        Ok(shown(heap, ids.into_iter().map(Some)))
    },
    |heap, id| {
        let twin = copy(heap, id)?;
        Ok(format!(
            "{} {}",
            deep_equals(heap, id, twin)?,
            write(heap, &Value::Ref(twin), false)?
        ))
    },
    |heap, id| {
        convert::cast(heap, &Value::Ref(id), &Type::string()).map(|value| format!("{value:?}"))
    },
    |heap, id| convert::cast(heap, &Value::Ref(id), &Type::int()).map(|value| format!("{value:?}")),
    |heap, id| Ok(format!("{:?}", heap.object(id).unwrap().to_text(heap)?)),
    |heap, id| {
        let parent = token::parent_of(heap, id)?;
        token::remove(heap, id)?;
        write(heap, &Value::Ref(parent), false)
    },
    |heap, id| {
        let new = scalar(heap, Kind::String, "new".into())?;
        token::replace(heap, id, new)?;
        Ok(shown(heap, [get(heap, new)?.parent]))
    },
    |heap, id| {
        let parent = token::parent_of(heap, id)?;
        let grandparent = token::parent_of(heap, parent)?;
        token::replace(heap, grandparent, id)?;
        Ok(String::new())
    },
    |heap, id| {
        let new = scalar(heap, Kind::Integer, Value::Int64(5))?;
        token::set_member(heap, id, "a".into(), new)?;
        Ok(String::new())
    },
    |heap, id| {
        let parent = token::parent_of(heap, id)?;
        let new = null(heap)?;
        token::set_value(heap, parent, new)?;
        Ok(String::new())
    },
    |heap, id| {
        let new = null(heap)?;
        token::push(heap, id, new)?;
        Ok(String::new())
    },
    |heap, id| {
        let new = token::property(heap, "b".into(), id)?;
        token::insert(heap, token::root(heap, id), 0, new)?;
        Ok(String::new())
    },
    |heap, id| {
        token::clear(heap, id)?;
        Ok(String::new())
    },
];

/// Tokens by where they are and what they are.
fn shown(heap: &Heap, ids: impl IntoIterator<Item = Option<HeapId>>) -> String {
    let text = |id: HeapId| {
        format!(
            "{}={:?}",
            token::path(heap, id),
            get(heap, id).unwrap().kind()
        )
    };
    let texts: Vec<_> = ids.into_iter().map(|id| id.map(text)).collect();
    format!("{texts:?}")
}

/// Goes down by looking up names and places; never looks at more than that.
fn walk(heap: &Heap, from: HeapId, way: &[usize], names: &[Str]) -> HeapId {
    let mut at = from;
    for turn in way {
        let name = names.get(turn % names.len().max(1));
        let next = match name.and_then(|name| member_of(heap, at, name)) {
            Some(value) => Some(value),
            None => match &get(heap, at).unwrap().node {
                Node::Array(items) => items.get(*turn).copied(),
                _ => None,
            },
        };
        match next {
            Some(next) => at = next,
            None => return at,
        }
    }
    at
}

fn outcome(result: Result<String, Throw>) -> String {
    match result {
        Ok(text) => text,
        Err(throw) => format!("{:?}", throw.exception()),
    }
}

/// As `JObject.Parse` and its like read: what is no strict JSON is read at once by both.
fn lazy_root(heap: &mut Heap, text: &str, dates: bool) -> Result<Option<HeapId>, Throw> {
    let reading = Reading::usual(dates);
    match Tape::read(text.into()) {
        Some(_) => read_any(heap, &text.into(), reading),
        None => tokens(heap, text, Reads::Token, reading),
    }
}

fn eager_root(heap: &mut Heap, text: &str, dates: bool) -> Result<Option<HeapId>, Throw> {
    tokens(heap, text, Reads::Token, Reading::usual(dates))
}

fn both(text: &str, dates: bool, steps: &[Step]) -> Result<(), TestCaseError> {
    let (mut lazy, mut eager) = (Heap::default(), Heap::default());
    let lazily = lazy_root(&mut lazy, text, dates);
    let eagerly = eager_root(&mut eager, text, dates);
    let (first, second) = match (lazily, eagerly) {
        (Ok(Some(first)), Ok(Some(second))) => (first, second),
        (first, second) => {
            let shown = |result: Result<Option<HeapId>, Throw>| {
                outcome(result.map(|found| format!("{:?}", found.is_some())))
            };
            prop_assert_eq!(shown(first), shown(second));
            return Ok(());
        }
    };
    // A second document of the same tape must never change.
    let twin = Tape::read(text.into()).map(std::sync::Arc::new);
    let names: Vec<Str> = ["a", "b", "model", "a\"b", "é", ""].map(Str::from).into();
    for Step { way, action } in steps {
        let (there, here) = (
            walk(&lazy, first, way, &names),
            walk(&eager, second, way, &names),
        );
        let action = ACTIONS.get(*action).unwrap();
        prop_assert_eq!(
            outcome(action(&mut lazy, there)),
            outcome(action(&mut eager, here))
        );
    }
    for indented in [true, false] {
        prop_assert_eq!(
            outcome(write(&lazy, &Value::Ref(first), indented)),
            outcome(write(&eager, &Value::Ref(second), indented))
        );
    }
    let all = |heap: &Heap, id| shown(heap, descendants(heap, id).into_iter().map(Some));
    prop_assert_eq!(all(&lazy, first), all(&eager, second));
    if let Some(tape) = twin {
        let untouched = super::document::alloc(&mut lazy, &tape, Reads::Token, dates);
        let untouched = untouched.unwrap().unwrap();
        let (mut fresh, text) = (Heap::default(), text);
        let again = eager_root(&mut fresh, text, dates).unwrap().unwrap();
        prop_assert_eq!(
            outcome(write(&lazy, &Value::Ref(untouched), true)),
            outcome(write(&fresh, &Value::Ref(again), true))
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 1500 }))]

    #[test]
    fn tokens_made_late_are_those_made_at_once(
        text in json(),
        dates: bool,
        steps in prop::collection::vec(step(), 0..12),
    ) {
        both(&text, dates, &steps)?;
    }

    #[test]
    fn broken_texts_break_the_same_way(text in json(), at in 0usize..80, new in "[ -~]{0,2}") {
        let mut text = text;
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.insert_str(at, &new);
        both(&text, true, &[])?;
        text.truncate(at);
        both(&text, true, &[])?;
    }
}

#[test]
fn documents_of_one_tape_share_no_tokens() {
    let tape = std::sync::Arc::new(Tape::read(r#"{"a":{"b":[1,2]},"c":"d"}"#.into()).unwrap());
    let heap = &mut Heap::default();
    let [one, other] = [(); 2].map(|()| {
        let id = super::document::alloc(heap, &tape, Reads::Object, true).unwrap();
        id.unwrap()
    });
    let a = member_of(heap, one, &"a".into()).unwrap();
    let new = null(heap).unwrap();
    token::set_member(heap, a, "b".into(), new).unwrap();
    let text = |id| write(heap, &Value::Ref(id), false).unwrap();
    assert_eq!(text(one), r#"{"a":{"b":null},"c":"d"}"#);
    assert_eq!(text(other), r#"{"a":{"b":[1,2]},"c":"d"}"#);
}

#[test]
fn a_property_that_changed_is_seen_by_name() {
    let heap = &mut Heap::default();
    let top = super::read::read(
        heap,
        &r#"{"a":1}"#.into(),
        Reads::Object,
        Reading::usual(true),
    )
    .unwrap();
    // The object itself is not made yet when its property changes.
    let property = property_of(heap, top, &"a".into()).unwrap();
    let new = scalar(heap, Kind::Integer, Value::Int64(2)).unwrap();
    token::set_value(heap, property, new).unwrap();
    assert_eq!(member_of(heap, top, &"a".into()), Some(new));
    assert_eq!(value_of(heap, property), Some(new));
    assert_eq!(name_of(heap, property), Some(&"a".into()));
    assert_eq!(id_of(heap, &Value::Ref(new)), Some(new));
}

#[test]
fn all_tokens_are_paid_for_when_they_are_read() {
    let text = format!("[{}]", vec!["1"; 1000].join(","));
    let mut heap = Heap::new(50_000);
    assert!(
        super::read::read(
            &mut heap,
            &text.as_str().into(),
            Reads::Token,
            Reading::usual(true)
        )
        .is_err()
    );
    let mut heap = Heap::new(1_000_000);
    let top = super::read::read(
        &mut heap,
        &text.as_str().into(),
        Reads::Token,
        Reading::usual(true),
    )
    .unwrap();
    let paid = heap.bytes();
    assert!(paid > 1000 * size_of::<token::Token>());
    assert_eq!(descendants(&heap, top).len(), 1000);
    assert_eq!(heap.bytes(), paid);
}
