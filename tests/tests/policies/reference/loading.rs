//! What the tables say is what loads; all else is refused, and by its name.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use tollgate::Workspace;
use tollgate::engine::{AttributeSpec, Children, ElementSpec, PolicyKind, Section};
use tollgate::{
    Api, BuildError, Catalog, Certificate, Gateway, Operation, POLICIES, Product, Source,
};
use tollgate_tests::{FakeClient, Pki};

use super::{Policy, Row, Value, policies};

static CERTIFICATE: LazyLock<Certificate> = LazyLock::new(|| {
    let pem = Pki::new().issue_rsa().pem();
    Certificate::from_pem(pem.as_bytes()).unwrap()
});

const GRAPHQL: &str =
    "type A { b: Int } type Query { text: String a: A } type Subscription { added: String }";

/// The diagnostics of a policy in a section at a scope, in order; none if it loads.
fn codes(policy: &str, section: &str, scope: &str) -> Vec<String> {
    let text = format!("<policies><{section}>{policy}</{section}></policies>");
    let source = Source::new("p.xml", text);
    let fragment = |text: &str| Source::new("f.xml", format!("<fragment>{text}</fragment>"));
    let catalog = Catalog::new()
        .certificate("c", CERTIFICATE.clone())
        .backend("b", "https://b.test")
        .schema("s", Source::new("s.json", r#"{"a":{}}"#))
        .fragment("e", fragment(""))
        .fragment(
            "f",
            fragment(r#"<set-header name="X-F"><value>1</value></set-header>"#),
        );
    let api = || Api::new("a");
    let catalog = match scope {
        "global" => catalog.policy(source),
        "workspace" => catalog.workspace(Workspace::new("w").policy(source)),
        "product" => catalog.product(Product::new("p").policy(source)).api(api()),
        "operation" => catalog.api(api().operation(Operation::new("GET", "/").policy(source))),
        "resolver" => {
            let document = Source::new("r.xml", policy);
            let api = api().graphql(Source::new("a.graphql", GRAPHQL));
            catalog.api(api.resolver("Query", "text", document))
        }
        _ => catalog.api(api().policy(source)),
    };
    let client = FakeClient::statuses(&[200]);
    match Gateway::builder()
        .catalog(catalog)
        .http_client(client)
        .build()
    {
        Err(BuildError::Load(errors)) => (errors.diagnostics.iter())
            .map(|finding| finding.code.to_string())
            .collect(),
        Err(other) => panic!("{other}"),
        Ok(_) => Vec::new(),
    }
}

impl Policy {
    /// The diagnostics of an example of it, in a place where it may stand.
    fn codes(&self, example: &str) -> Vec<String> {
        match (self.sections.first(), self.scopes.first()) {
            (None, _) => codes(example, "", "resolver"),
            (Some(_), None) => {
                let outer = "<http-data-source><http-request><set-method>GET</set-method><set-url>http://a.test</set-url></http-request>";
                let outer =
                    format!("{outer}<http-response>{example}</http-response></http-data-source>");
                codes(&outer, "", "resolver")
            }
            (Some(section), Some(first)) => {
                let scope = if self.scopes.contains(&"api") {
                    "api"
                } else {
                    *first
                };
                codes(example, section, scope)
            }
        }
    }
}

/// Where an element begins, and behind its name.
fn find(example: &str, path: &[&str]) -> (usize, usize) {
    let mut end = example.find([' ', '>', '/']).unwrap();
    let mut start = 0;
    for name in path {
        let tag = |next: char| example[end..].find(&format!("<{name}{next}"));
        let at = [' ', '>', '/'].into_iter().filter_map(tag).min();
        start = end + at.unwrap_or_else(|| panic!("{path:?} is in {example}"));
        end = start + 1 + name.len();
    }
    (start, end)
}

/// Behind an element that begins there.
fn end_of(example: &str, start: usize, name: &str) -> usize {
    let tag = start + example[start..].find('>').unwrap() + 1;
    if example[..tag].ends_with("/>") {
        return tag;
    }
    let close = format!("</{name}>");
    tag + example[tag..].find(&close).unwrap() + close.len()
}

impl Row {
    /// The example with this in place of an attribute ` name="…"`; it goes in if it is not there.
    fn edit(&self, written: &str) -> String {
        let (_, end) = find(&self.example, &self.path);
        let tag_end = end + self.example[end..].find('>').unwrap();
        let attribute = format!(" {}=\"", self.attribute.unwrap());
        let place = match self.example[end..tag_end].find(&attribute) {
            Some(at) => {
                let value = end + at + attribute.len();
                end + at..value + self.example[value..].find('"').unwrap() + 1
            }
            None => end..end,
        };
        let mut edited = self.example.clone();
        edited.replace_range(place, written);
        edited
    }

    /// The example with this value.
    pub(super) fn with(&self, value: &str) -> String {
        // An apostrophe goes round what has quotes in it, as in policies; in a character of C# it may stand too.
        match self.attribute {
            Some(name) => self.edit(&format!(" {name}=\"{value}\"")),
            None => {
                let (start, end) = find(&self.example, &self.path);
                let open = end + self.example[end..].find('>').unwrap() + 1;
                let name = self.path.last().copied();
                let name = name.unwrap_or(&self.example[1..end]);
                let close = end_of(&self.example, start, name) - name.len() - 3;
                let mut edited = self.example.clone();
                edited.replace_range(open..close, value);
                edited
            }
        }
    }

    /// The example without it, or with more of it, or with another name.
    fn replaced(&self, change: impl Fn(&str, &str) -> String) -> String {
        let (start, end) = find(&self.example, &self.path);
        let name = &self.example[start + 1..end];
        let behind = end_of(&self.example, start, name);
        let element = &self.example[start..behind];
        format!(
            "{}{}{}",
            &self.example[..start],
            change(element, name),
            &self.example[behind..]
        )
    }
}

/// All rows, and what is wrong with what they say; nothing if all is well.
fn each_row(look: impl Fn(&Policy, &Row) -> Vec<String>) {
    let mut wrong = Vec::new();
    for policy in policies() {
        for row in &policy.rows {
            let found = look(&policy, row);
            let what = format!(
                "{} {}@{}",
                policy.name,
                row.path.join("/"),
                row.attribute.unwrap_or("")
            );
            wrong.extend(found.into_iter().map(|found| format!("{what}: {found}")));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} rows:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_example_loads() {
    for policy in policies() {
        for example in &policy.examples {
            assert_eq!(policy.codes(example), [""; 0], "{example}");
        }
    }
}

#[test]
fn good_values_are_taken() {
    each_row(|policy, row| {
        let good = row.good.iter().map(|text| (*text).to_owned());
        let mut wrong = Vec::new();
        for value in row.value.good().into_iter().chain(good) {
            let codes = policy.codes(&row.with(&value));
            if !codes.is_empty() {
                wrong.push(format!("{value} gives {codes:?}"));
            }
        }
        wrong
    });
}

/// What editors offer as an attribute's values is read from its line for reference pages.
#[test]
fn values_that_editors_offer_are_those_there_are() {
    each_row(|policy, row| {
        let Some(attribute) = row.attribute else {
            return Vec::new();
        };
        let kind = (POLICIES.iter()).find(|kind| kind.name == policy.name);
        let mut specs = kind.map_or(&[][..], |kind| kind.attributes);
        let mut children = kind.map_or(Children::None, |kind| kind.children);
        for name in &row.path {
            let Children::Elements(elements) = children else {
                return Vec::new();
            };
            let Some(spec) = elements.iter().find(|spec| spec.name == *name) else {
                return Vec::new();
            };
            (specs, children) = (spec.attributes, spec.children);
        }
        let spec = specs.iter().find(|spec| spec.name == attribute);
        let offered: BTreeSet<_> = spec
            .map(AttributeSpec::values)
            .into_iter()
            .flatten()
            .collect();
        let there_are: BTreeSet<_> = match &row.value {
            Value::OneOf(values) => values.iter().copied().collect(),
            Value::Bool => ["true", "false"].into(),
            _ => BTreeSet::new(),
        };
        // A line that lists nothing offers nothing.
        match offered.is_empty() || offered == there_are {
            true => Vec::new(),
            false => vec![format!("offers {offered:?} of {there_are:?}")],
        }
    });
}

#[test]
fn bad_values_are_refused() {
    each_row(|policy, row| {
        let bad = row
            .bad
            .iter()
            .map(|(text, code)| ((*text).to_owned(), *code));
        let mut wrong = Vec::new();
        for (value, code) in row.value.bad().into_iter().chain(bad) {
            let codes = policy.codes(&row.with(&value));
            if codes != [code] {
                wrong.push(format!("{value:?} gives {codes:?}, not {code}"));
            }
        }
        wrong
    });
}

#[test]
fn expressions_stand_where_they_may() {
    each_row(|policy, row| {
        let mut wrong = Vec::new();
        let mut check = |text: &str, expected: &[&str]| {
            let codes = policy.codes(&row.with(text));
            if codes != expected {
                wrong.push(format!("{text} gives {codes:?}, not {expected:?}"));
            }
        };
        match row.holds {
            'E' => {
                check(row.value.throwing(), &[]);
                check("@(nothing)", &["CS0103"]);
                if let Some(text) = row.value.mistyped() {
                    check(text, &["wrong-type"]);
                }
                if !matches!(row.value, super::Value::Expression(_)) {
                    check(r#"@(context.Request.Body.As<JObject>(true)["a"])"#, &[]);
                }
            }
            'L' => check("@(context.Request.Method)", &["expression-not-allowed"]),
            _ => {}
        }
        wrong
    });
}

#[test]
fn what_is_misspelt_is_refused() {
    each_row(|policy, row| {
        let wrong = match row.attribute {
            Some(name) => {
                let text = row.edit(&format!(" {name}x=\"a\""));
                (text, "unknown-attribute")
            }
            None if row.path.is_empty() => return Vec::new(),
            None => {
                let text = row.replaced(|element, name| element.replace(name, &format!("{name}x")));
                (text, "unknown-element")
            }
        };
        let codes = policy.codes(&wrong.0);
        let only = codes.iter().filter(|code| *code == wrong.1).count() == 1;
        // What is then missing is told too.
        let rest = codes.iter().all(|code| {
            *code == wrong.1
                || code.starts_with("missing-")
                || code.starts_with("wrong-")
                || code.starts_with("conflicting")
        });
        match only && rest {
            true => Vec::new(),
            false => vec![format!("{} gives {codes:?}", wrong.0)],
        }
    });
}

#[test]
fn what_must_be_there_is_missed() {
    each_row(|policy, row| {
        let (text, code) = match row.attribute {
            Some(_) => (row.edit(""), "missing-attribute"),
            None if row.path.is_empty() => return Vec::new(),
            None => (row.replaced(|_, _| String::new()), "missing-element"),
        };
        let codes = policy.codes(&text);
        match row.required {
            true if codes != [code] => vec![format!("without gives {codes:?}")],
            _ => Vec::new(),
        }
    });
}

#[test]
fn only_what_may_be_there_often_is() {
    each_row(|policy, row| {
        if row.attribute.is_some() || row.path.is_empty() {
            return Vec::new();
        }
        let text = row.replaced(|element, _| format!("{element}{element}"));
        let codes = policy.codes(&text);
        // That requests to Cosmos DB exclude each other is told too.
        let refused = codes
            .first()
            .is_some_and(|code| code == "duplicate-element");
        match (row.many, codes.is_empty(), refused) {
            (true, true, _) | (false, _, true) => Vec::new(),
            _ => vec![format!("twice gives {codes:?}")],
        }
    });
}

#[test]
fn policies_stand_where_they_may() {
    for policy in policies() {
        let example = &policy.examples[0];
        for section in Section::ALL.map(Section::name) {
            for scope in ["global", "workspace", "product", "api", "operation"] {
                let expected: &[&str] = match (
                    policy.sections.contains(&section),
                    policy.scopes.contains(&scope),
                ) {
                    (true, true) => &[],
                    (true, false) => &["wrong-scope"],
                    (false, _) => &["wrong-section"],
                };
                let codes = codes(example, section, scope);
                assert_eq!(codes, expected, "{} in {section} at {scope}", policy.name);
            }
        }
        if !policy.scopes.is_empty() {
            let expected: &[&str] = if policy.once {
                &["duplicate-policy"]
            } else {
                &[]
            };
            assert_eq!(
                policy.codes(&example.repeat(2)),
                expected,
                "{} twice",
                policy.name
            );
        }
        let identified = example.replacen(&policy.name, &format!("{} id=\"i\"", policy.name), 1);
        assert_eq!(policy.codes(&identified), [""; 0], "{identified}");
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let mut wrong = Vec::new();
    let lines = include_str!("refused.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let (code, text) = line.split_once(" | ").unwrap();
        let found = codes(text, "inbound", "api");
        if found != [code.trim()] {
            wrong.push(format!("{text} gives {found:?}, not {}", code.trim()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each row of the tables as text, and of the policies that are built.
#[test]
fn the_tables_are_all_there_is() {
    let mut ours = BTreeSet::new();
    for policy in policies() {
        for row in &policy.rows {
            let need = if row.required { "!" } else { "" };
            let many = if row.many { "*" } else { "" };
            let path = row.path.join("/");
            match row.attribute {
                Some(name) => {
                    ours.insert(format!("{} {path}@{name} {need}{}", policy.name, row.holds))
                }
                None if path.is_empty() => ours.insert(format!("{} () {}", policy.name, row.holds)),
                // Text that may not be an expression is the policy's own rule.
                None => {
                    let holds = if row.holds == 'L' { 'E' } else { row.holds };
                    ours.insert(format!("{} {path} {need}{many}{holds}", policy.name))
                }
            };
        }
    }
    let mut built = BTreeSet::new();
    for kind in POLICIES {
        list(kind, &mut built);
    }
    let missing: Vec<_> = built.difference(&ours).collect();
    let more: Vec<_> = ours.difference(&built).collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "not in the tables: {missing:#?}\nnot built: {more:#?}"
    );
}

fn list(kind: &PolicyKind, to: &mut BTreeSet<String>) {
    list_attributes(kind.name, "", kind.attributes, to);
    match kind.children {
        Children::Elements(specs) => list_elements(kind.name, "", specs, to),
        children => {
            // What takes text takes an expression.
            let holds = holds(children);
            if holds != '-' {
                to.insert(format!("{} () {holds}", kind.name));
            }
        }
    }
}

fn holds(children: Children) -> char {
    match children {
        Children::None => '-',
        Children::Text => 'E',
        Children::Elements(_) => '.',
        Children::Policies => 'P',
        Children::Any => '?',
    }
}

fn list_attributes(policy: &str, path: &str, specs: &[AttributeSpec], to: &mut BTreeSet<String>) {
    for spec in specs {
        let need = if spec.required { "!" } else { "" };
        let form = if spec.expression { 'E' } else { 'L' };
        to.insert(format!("{policy} {path}@{} {need}{form}", spec.name));
    }
}

fn list_elements(policy: &str, outer: &str, specs: &[ElementSpec], to: &mut BTreeSet<String>) {
    for spec in specs {
        let path = match outer {
            "" => spec.name.to_owned(),
            outer => format!("{outer}/{}", spec.name),
        };
        let need = if spec.required { "!" } else { "" };
        let many = if spec.many { "*" } else { "" };
        // A policy in another: its attributes are in the rows of its own.
        let names =
            |specs: &[AttributeSpec]| specs.iter().map(|spec| spec.name).collect::<Vec<_>>();
        let is_policy = POLICIES
            .iter()
            .any(|kind| kind.name == spec.name && names(kind.attributes) == names(spec.attributes));
        let holds = if is_policy { ':' } else { holds(spec.children) };
        to.insert(format!("{policy} {path} {need}{many}{holds}"));
        if !is_policy {
            list_attributes(policy, &path, spec.attributes, to);
            if let Children::Elements(inner) = spec.children {
                list_elements(policy, &path, inner, to);
            }
        }
    }
}
