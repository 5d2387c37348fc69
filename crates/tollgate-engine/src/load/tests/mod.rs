//! Loading, with policies made for the purpose.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod catalogs;
mod checks;
mod expressions;
mod merging;
mod messages;

use tollgate_dotnet::Str;

use crate::catalog::{Api, Catalog, Source};
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::policy::{
    Children, ElementSpec, Flow, Invalid, Policy, PolicyKind, Scopes, Section, Sections, element,
    optional, required,
};
use crate::setting::Setting;
use crate::{Block, ElementReader, Pipeline, Plan};

/// A policy that says what it was made of.
struct Fake(String, Vec<Block>);

/// What it was made of; the policies in it a line each.
impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut lines = vec![self.0.clone()];
        self.1.iter().for_each(|block| describe(block, &mut lines));
        f.write_str(&lines.join("\n"))
    }
}

impl Policy for Fake {
    fn execute(&self, _: &mut Exchange) -> Result<Flow, Failure> {
        Ok(Flow::Next)
    }
}

const BASIC: PolicyKind = PolicyKind {
    name: "mark",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[required("name").literal(), optional("count")],
    children: Children::Elements(&[element("value").many().children(Children::Text)]),
    load: load_mark,
};

/// The kinds that the tests use.
pub(crate) const KINDS: &[PolicyKind] = &[
    BASIC,
    PolicyKind {
        name: "forward-request",
        sections: Sections::BACKEND,
        attributes: &[],
        children: Children::None,
        load: |e| Ok(Box::new(Fake(e.name().to_owned(), Vec::new()))),
        ..BASIC
    },
    PolicyKind {
        name: "limit",
        sections: Sections::INBOUND.or(Sections::OUTBOUND),
        scopes: Scopes::PRODUCT.or(Scopes::API).or(Scopes::OPERATION),
        once: true,
        attributes: &[],
        children: Children::None,
        load: |e| Ok(Box::new(Fake(e.owner().to_owned(), Vec::new()))),
    },
    PolicyKind {
        name: "choose",
        attributes: &[],
        children: Children::Elements(&[
            ElementSpec {
                attributes: &[required("condition")],
                children: Children::Policies,
                ..element("when").required().many()
            },
            element("otherwise").children(Children::Policies),
        ]),
        load: load_choose,
        ..BASIC
    },
    PolicyKind {
        name: "set-body",
        attributes: &[optional("template").literal()],
        children: Children::Any,
        load: load_body,
        ..BASIC
    },
];

fn load_mark(e: &mut ElementReader<'_>) -> Result<Box<dyn Policy>, Invalid> {
    let name = e.literal::<Str>("name");
    let count = e.optional_setting::<i32>("count");
    let mut text = name?.to_string();
    match count? {
        Some(Setting::Literal(count)) => text = format!("{text} {count}"),
        Some(Setting::Program(program)) => text = format!("{text} {}", program.text()),
        None => {}
    }
    for value in e.children_named("value") {
        if let Setting::Literal(value) = value.text_setting::<Str>()? {
            text = format!("{text} {value}");
        }
    }
    Ok(Box::new(Fake(text, Vec::new())))
}

fn load_choose(e: &mut ElementReader<'_>) -> Result<Box<dyn Policy>, Invalid> {
    let mut blocks = Vec::new();
    for child in e.children() {
        let condition = match child.name() {
            "when" => child.setting::<bool>("condition").map(|_| ()),
            _ => Ok(()),
        };
        let block = child.block();
        condition?;
        blocks.push(block?);
    }
    Ok(Box::new(Fake("choose".to_owned(), blocks)))
}

fn load_body(e: &mut ElementReader<'_>) -> Result<Box<dyn Policy>, Invalid> {
    let text = match e.has_children() {
        true => e.inner_source(),
        false => match e.verbatim_setting::<Str>()? {
            Setting::Literal(text) => text.to_string(),
            Setting::Program(program) => program.text().into(),
        },
    };
    Ok(Box::new(Fake(text, Vec::new())))
}

/// A catalog of one API with this policy.
fn api_with(policy: &str) -> Catalog {
    Catalog::new().api(Api::new("a").policy(Source::new("a.xml", policy)))
}

/// The plan of a catalog that loads.
fn plan(catalog: &Catalog) -> Plan {
    Plan::load(catalog, &[KINDS]).unwrap_or_else(|errors| unreachable!("{errors}"))
}

/// What is wrong with a catalog, a line each; help lines follow theirs.
fn errors(catalog: &Catalog) -> Vec<String> {
    let errors = Plan::load(catalog, &[KINDS]).err();
    let text = errors.map(|errors| errors.to_string()).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// What is wrong with these policies in an inbound section, on line 2 and from column 1 on.
fn errors_in_inbound(policies: &str) -> Vec<String> {
    errors(&api_with(&format!(
        "<policies><inbound>\n{policies}\n</inbound></policies>"
    )))
}

/// The policies of a section, each as `scope path: what it says`.
fn section(pipeline: &Pipeline, section: Section) -> Vec<String> {
    let mut lines = Vec::new();
    for block in pipeline.section(section) {
        describe(block, &mut lines);
    }
    lines
}

fn describe(block: &Block, lines: &mut Vec<String>) {
    for node in block.nodes() {
        let (place, policy) = (&node.place, format!("{:?}", node.policy));
        let text = format!("{} {}: {policy}", place.scope.name(), place.path);
        lines.extend(text.lines().map(str::to_owned));
    }
}

/// The pipeline of a request.
fn pipeline<'p>(plan: &'p Plan, path: &str, product: Option<usize>) -> &'p Pipeline {
    let route = plan.route(&http::Method::GET, path, None).unwrap();
    plan.pipeline(route.operation, product)
}
