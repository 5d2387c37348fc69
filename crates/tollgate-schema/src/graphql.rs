//! GraphQL: a schema, what queries ask of it, and how they are answered.

mod execute;
#[cfg(test)]
mod execute_tests;
mod request;

use std::collections::{HashMap, HashSet};
use std::fmt;

use apollo_compiler::ast::Value;
use apollo_compiler::executable::{Fragment, Selection, SelectionSet};
use apollo_compiler::parser::Parser;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Name, Node};
use thiserror::Error;

pub use execute::{Bounds, Call, Data, Execution, Operation, Progress, Unresolvable};
pub use request::Request;

/// A schema, in GraphQL's own language.
pub struct Schema(Valid<apollo_compiler::Schema>);

/// Why a schema or a query cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// Line and column, from 1.
    pub place: Option<(usize, usize)>,
}

/// A query that the schema allows.
#[derive(Clone)]
pub struct Query(ExecutableDocument);

/// So deep a document may be nested, and so many tokens it may have, before anything else is asked.
const DEEPEST: usize = 200;
const MOST_TOKENS: usize = 50_000;
/// So many mistakes of one document are told.
const MOST_MISTAKES: usize = 10;

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").finish_non_exhaustive()
    }
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// It is none; the first mistakes of it.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let schema = apollo_compiler::Schema::parse_and_validate(text, "schema.graphql");
        schema.map(Self).map_err(|error| mistakes(&error.errors))
    }

    /// Reads a query, and holds it against the schema.
    ///
    /// # Errors
    /// It is none, or the schema does not allow it; the first mistakes of it.
    pub fn query(&self, text: &str) -> Result<Query, Vec<Mistake>> {
        executable(&self.0, text).map(|document| Query(document.into_inner()))
    }

    /// The type that a field is selected on, and others whose field it is too: where the type is abstract, those that
    /// may stand in its place; and the interfaces that it implements.
    fn owners<'s>(&'s self, ty: &'s Name) -> Vec<&'s str> {
        let mut owners = vec![ty.as_str()];
        match self.0.types.get(ty) {
            Some(ExtendedType::Object(object)) => {
                owners.extend(object.implements_interfaces.iter().map(|one| one.as_str()));
            }
            Some(ExtendedType::Interface(interface)) => {
                owners.extend(
                    interface
                        .implements_interfaces
                        .iter()
                        .map(|one| one.as_str()),
                );
                let all = self.0.types.iter();
                owners.extend(all.filter_map(|(name, other)| {
                    let implements = match other {
                        ExtendedType::Object(object) => &object.implements_interfaces,
                        ExtendedType::Interface(other) => &other.implements_interfaces,
                        _ => return None,
                    };
                    implements
                        .iter()
                        .any(|one| **one == *ty)
                        .then_some(name.as_str())
                }));
            }
            Some(ExtendedType::Union(union)) => {
                owners.extend(union.members.iter().map(|one| one.as_str()));
            }
            _ => {}
        }
        owners
    }
}

impl Mistake {
    /// A mistake of no place.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
        }
    }

    /// What GraphQL makes of it: `message`, and `locations` where there is a place.
    pub fn to_json(&self) -> serde_json::Value {
        match self.place {
            Some((line, column)) => {
                serde_json::json!({"message": self.message, "locations": [{"line": line, "column": column}]})
            }
            None => serde_json::json!({"message": self.message}),
        }
    }
}

/// A document that the schema allows.
fn executable(
    schema: &Valid<apollo_compiler::Schema>,
    text: &str,
) -> Result<Valid<ExecutableDocument>, Vec<Mistake>> {
    let mut parser = Parser::new()
        .recursion_limit(DEEPEST)
        .token_limit(MOST_TOKENS);
    let document = parser.parse_executable(schema, text, "query.graphql");
    let document = document.map_err(|error| mistakes(&error.errors))?;
    let document = document.validate(schema);
    document.map_err(|error| mistakes(&error.errors))
}

fn mistakes(found: &DiagnosticList) -> Vec<Mistake> {
    let found = found.iter().take(MOST_MISTAKES);
    found
        .map(|one| Mistake {
            message: one.error.to_string(),
            place: one
                .line_column_range()
                .map(|range| (range.start.line, range.start.column)),
        })
        .collect()
}

/// How deep fields are nested in fields.
fn depth_of_document(document: &ExecutableDocument) -> usize {
    let mut known = HashMap::new();
    let operations = document.operations.iter();
    let depths =
        operations.map(|operation| depth_of(document, &operation.selection_set, &mut known));
    depths.max().unwrap_or(0)
}

/// A fragment is looked at once: a query that is allowed has none that go round in a circle.
fn depth_of<'q>(
    document: &'q ExecutableDocument,
    set: &'q SelectionSet,
    known: &mut HashMap<&'q Name, usize>,
) -> usize {
    let mut deepest = 0;
    for selection in &set.selections {
        let depth = match selection {
            Selection::Field(field) => 1 + depth_of(document, &field.selection_set, known),
            Selection::InlineFragment(inline) => depth_of(document, &inline.selection_set, known),
            Selection::FragmentSpread(spread) => {
                let name = &spread.fragment_name;
                match (known.get(name), document.fragments.get(name)) {
                    (Some(depth), _) => *depth,
                    (None, Some(fragment)) => {
                        let depth = depth_of(document, &fragment.selection_set, known);
                        known.insert(name, depth);
                        depth
                    }
                    (None, None) => 0,
                }
            }
        };
        deepest = deepest.max(depth);
    }
    deepest
}

impl Query {
    /// How deep fields are nested in fields.
    pub fn depth(&self) -> usize {
        depth_of_document(&self.0)
    }

    /// All fields, each once: the types whose field it is, and its name.
    pub fn fields<'q>(&'q self, schema: &'q Schema) -> Vec<(Vec<&'q str>, &'q str)> {
        let mut seen = HashSet::new();
        let mut fields = Vec::new();
        let mut sets: Vec<&SelectionSet> = (self.0.operations.iter())
            .map(|operation| &operation.selection_set)
            .chain(
                self.0
                    .fragments
                    .values()
                    .map(|fragment| &fragment.selection_set),
            )
            .collect();
        while let Some(set) = sets.pop() {
            for selection in &set.selections {
                match selection {
                    Selection::Field(field) => {
                        if seen.insert((&set.ty, &field.name)) {
                            fields.push((schema.owners(&set.ty), field.name.as_str()));
                        }
                        sets.push(&field.selection_set);
                    }
                    Selection::InlineFragment(inline) => sets.push(&inline.selection_set),
                    Selection::FragmentSpread(_) => {}
                }
            }
        }
        fields
    }

    /// Takes out fields, and what has nothing in it or is not used any more without them. Whether anything is left.
    pub fn remove(&mut self, schema: &Schema, removed: impl Fn(&[&str], &str) -> bool) -> bool {
        let cut = |set: &mut SelectionSet, empty: &HashSet<Name>| {
            cut(set, &|ty, name| removed(&schema.owners(ty), name), empty);
        };
        // A fragment that has become empty empties others that spread it.
        let mut empty = HashSet::new();
        loop {
            for fragment in self.0.fragments.values_mut() {
                cut(&mut fragment.make_mut().selection_set, &empty);
            }
            let now = self.0.fragments.iter();
            let now: HashSet<Name> = now
                .filter(|(_, fragment)| fragment.selection_set.selections.is_empty())
                .map(|(name, _)| name.clone())
                .collect();
            if now == empty {
                break;
            }
            empty = now;
        }
        let anonymous = self.0.operations.anonymous.iter_mut();
        for operation in anonymous.chain(self.0.operations.named.values_mut()) {
            cut(&mut operation.make_mut().selection_set, &empty);
        }
        self.forget_unused();
        let mut operations = self.0.operations.iter();
        operations.all(|operation| !operation.selection_set.selections.is_empty())
    }

    fn forget_unused(&mut self) {
        let mut used = HashSet::new();
        let mut sets: Vec<&SelectionSet> = (self.0.operations.iter())
            .map(|operation| &operation.selection_set)
            .collect();
        while let Some(set) = sets.pop() {
            for selection in &set.selections {
                match selection {
                    Selection::Field(field) => sets.push(&field.selection_set),
                    Selection::InlineFragment(inline) => sets.push(&inline.selection_set),
                    Selection::FragmentSpread(spread) => {
                        if used.insert(spread.fragment_name.clone())
                            && let Some(fragment) = self.0.fragments.get(&spread.fragment_name)
                        {
                            sets.push(&fragment.selection_set);
                        }
                    }
                }
            }
        }
        self.0.fragments.retain(|name, _| used.contains(name));
        let fragments: Vec<Node<Fragment>> = self.0.fragments.values().cloned().collect();
        let operations = &mut self.0.operations;
        let anonymous = operations.anonymous.iter_mut();
        for operation in anonymous.chain(operations.named.values_mut()) {
            let mut variables = HashSet::new();
            variables_of(&operation.selection_set, &mut variables);
            for fragment in &fragments {
                variables_of(&fragment.selection_set, &mut variables);
            }
            for directive in operation.directives.iter() {
                let arguments = directive.arguments.iter();
                arguments.for_each(|one| variables_in(&one.value, &mut variables));
            }
            let used = |name: &Name| variables.contains(name);
            operation
                .make_mut()
                .variables
                .retain(|variable| used(&variable.name));
        }
    }

    /// The query as text.
    pub fn to_text(&self) -> String {
        self.0.serialize().no_indent().to_string()
    }
}

fn cut(set: &mut SelectionSet, removed: &impl Fn(&Name, &str) -> bool, empty: &HashSet<Name>) {
    let ty = set.ty.clone();
    set.selections.retain_mut(|selection| match selection {
        Selection::Field(field) => {
            if removed(&ty, field.name.as_str()) {
                return false;
            }
            let had_some = !field.selection_set.selections.is_empty();
            if had_some {
                cut(&mut field.make_mut().selection_set, removed, empty);
            }
            !had_some || !field.selection_set.selections.is_empty()
        }
        Selection::InlineFragment(inline) => {
            cut(&mut inline.make_mut().selection_set, removed, empty);
            !inline.selection_set.selections.is_empty()
        }
        Selection::FragmentSpread(spread) => !empty.contains(&spread.fragment_name),
    });
}

fn variables_of(set: &SelectionSet, used: &mut HashSet<Name>) {
    for selection in &set.selections {
        let directives = match selection {
            Selection::Field(field) => {
                let arguments = field.arguments.iter();
                arguments.for_each(|one| variables_in(&one.value, used));
                variables_of(&field.selection_set, used);
                &field.directives
            }
            Selection::InlineFragment(inline) => {
                variables_of(&inline.selection_set, used);
                &inline.directives
            }
            Selection::FragmentSpread(spread) => &spread.directives,
        };
        for directive in directives.iter() {
            let arguments = directive.arguments.iter();
            arguments.for_each(|one| variables_in(&one.value, used));
        }
    }
}

fn variables_in(value: &Value, used: &mut HashSet<Name>) {
    match value {
        Value::Variable(name) => drop(used.insert(name.clone())),
        Value::List(values) => values.iter().for_each(|value| variables_in(value, used)),
        Value::Object(fields) => {
            let values = fields.iter().map(|(_, value)| value);
            values.for_each(|value| variables_in(value, used));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const SCHEMA: &str = "
        interface Animal { name: String secret: String }
        type Cat implements Animal { name: String secret: String lives: Int friends(first: Int): [Animal] }
        type Dog implements Animal { name: String secret: String }
        union Pet = Cat | Dog
        type Query { cat(id: ID): Cat pets: [Pet] animals: [Animal] }";

    fn query(text: &str) -> (Schema, Query) {
        let schema = Schema::parse(SCHEMA).unwrap();
        let query = schema.query(text).unwrap();
        (schema, query)
    }

    #[test]
    fn mistakes_are_told_with_their_places() {
        let schema = Schema::parse(SCHEMA).unwrap();
        for (text, message, place) in [
            (
                "{ cat { nothing } }",
                "type `Cat` does not have a field `nothing`",
                (1, 9),
            ),
            ("{ cat", "syntax error: expected R_CURLY, got EOF", (1, 6)),
            (
                "{ cat }",
                "interface, union and object types must have a subselection set",
                (1, 3),
            ),
            (
                "query($a: ID) { cat { name } }",
                "unused variable: `$a`",
                (1, 7),
            ),
        ] {
            let mistakes = schema.query(text).unwrap_err();
            let first = mistakes.first().unwrap();
            assert_eq!(
                (&*first.message, first.place),
                (message, Some(place)),
                "{text}"
            );
        }
        assert!(schema.query(&"{ cat ".repeat(10_000)).is_err());
        assert!(
            schema
                .query("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }")
                .is_err()
        );
        assert!(Schema::parse("type Query { a: Nothing }").is_err());
        assert!(Schema::parse("type").is_err());
    }

    #[test]
    fn depth_goes_through_fragments() {
        for (text, depth) in [
            ("{ __typename }", 1),
            ("{ cat { name } }", 2),
            (
                "{ cat { ...on Cat { friends { ...f } } } } fragment f on Animal { name ...g } fragment g on Animal { ... on Cat { friends { name } } }",
                4,
            ),
        ] {
            assert_eq!(query(text).1.depth(), depth, "{text}");
        }
    }

    #[test]
    fn fields_are_of_all_types_that_may_be_meant() {
        let (schema, query) = query("{ cat { name } animals { secret } pets { __typename } }");
        let mut fields: Vec<String> = (query.fields(&schema).iter())
            .map(|(types, field)| format!("{} {field}", types.join("|")))
            .collect();
        fields.sort();
        assert_eq!(
            fields,
            [
                "Animal|Cat|Dog secret",
                "Cat|Animal name",
                "Pet|Cat|Dog __typename",
                "Query animals",
                "Query cat",
                "Query pets",
            ]
        );
    }

    #[test]
    fn fields_are_taken_out_with_what_they_leave_unused() {
        for (text, left) in [
            ("{ cat { name secret } }", "{ cat { name } }"),
            (
                "{ cat { secret } animals { name } }",
                "{ animals { name } }",
            ),
            (
                "{ animals { ...s } cat { name } } fragment s on Animal { ...t } fragment t on Animal { secret }",
                "{ cat { name } }",
            ),
            (
                "query($id: ID, $n: Int) { cat(id: $id) { name friends(first: $n) { secret } } }",
                "query($id: ID) { cat(id: $id) { name } }",
            ),
            (
                "{ pets { ... on Dog { secret } ... on Cat { name } } }",
                "{ pets { ... on Cat { name } } }",
            ),
        ] {
            let (schema, mut query) = query(text);
            let some = query.remove(&schema, |_, field| field == "secret");
            assert_eq!((query.to_text().trim(), some), (left, true), "{text}");
            assert!(schema.query(left).is_ok());
        }
        let (schema, mut query) = query("{ cat { secret } }");
        assert!(!query.remove(&schema, |types, field| types.contains(&"Cat")
            && field == "secret"));
    }
}
