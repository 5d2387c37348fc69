//! What may stand where, from the tables that documents are checked against.

use tollgate_engine::{
    AttributeSpec, Children, ElementSpec, INCLUDE_FRAGMENT, PolicyKind, Scope, Section, optional,
};
use tollgate_policies::ALL;

/// What may stand in an element.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holds {
    /// The root of a document.
    Root,
    /// Sections.
    Sections,
    /// Policies; the section, of a fragment none.
    Policies(Option<Section>, Base),
    /// Elements of these kinds.
    Elements(&'static [ElementSpec]),
    /// Text, markup of its own, or nothing.
    Other,
}

/// Whether `<base />` may stand among policies: directly in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    Allowed,
    Misplaced,
}

/// An element, as far as the tables know it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// The policy, if it is one.
    pub(crate) policy: Option<&'static PolicyKind>,
    pub(crate) attributes: &'static [AttributeSpec],
    pub(crate) children: Children,
}

/// The attribute that every policy has.
const ID: &[AttributeSpec] = &[optional("id")
    .literal()
    .about("A name for the policy, which errors and traces show.")];

/// The kind of a policy.
pub(crate) fn policy(name: &str) -> Option<&'static PolicyKind> {
    ALL.iter().find(|kind| kind.name == name)
}

/// What may stand in the innermost of these elements, the outermost first.
pub(crate) fn holds(path: &[&str]) -> Holds {
    let mut holds = Holds::Root;
    for name in path {
        holds = match holds {
            Holds::Root => match *name {
                "policies" => Holds::Sections,
                "fragment" => Holds::Policies(None, Base::Misplaced),
                root => match policy(root).filter(|kind| is_document(kind)) {
                    Some(kind) => within(kind.children, None),
                    None => Holds::Other,
                },
            },
            Holds::Sections => match Section::ALL.into_iter().find(|one| one.name() == *name) {
                Some(section) => Holds::Policies(Some(section), Base::Allowed),
                None => Holds::Other,
            },
            Holds::Policies(section, _) => match policy(name) {
                Some(kind) => within(kind.children, section),
                None => Holds::Other,
            },
            Holds::Elements(specs) => match specs.iter().find(|spec| spec.name == *name) {
                Some(spec) => within(spec.children, None),
                None => Holds::Other,
            },
            Holds::Other => return Holds::Other,
        };
    }
    holds
}

fn within(children: Children, section: Option<Section>) -> Holds {
    match children {
        Children::Policies => Holds::Policies(section, Base::Misplaced),
        Children::Elements(specs) => Holds::Elements(specs),
        Children::Text | Children::Any | Children::None => Holds::Other,
    }
}

/// The element of this name in these others.
pub(crate) fn known(path: &[&str], name: &str) -> Option<Known> {
    let of_policy = |kind: &'static PolicyKind| Known {
        policy: Some(kind),
        attributes: kind.attributes,
        children: kind.children,
    };
    let of_spec = |spec: &ElementSpec| Known {
        policy: policy(spec.name),
        attributes: spec.attributes,
        children: spec.children,
    };
    match holds(path) {
        Holds::Root => policy(name).filter(|kind| is_document(kind)).map(of_policy),
        Holds::Policies(..) if name == INCLUDE_FRAGMENT.name => Some(of_spec(&INCLUDE_FRAGMENT)),
        Holds::Policies(..) => policy(name).map(of_policy),
        Holds::Elements(specs) => specs.iter().find(|spec| spec.name == name).map(of_spec),
        Holds::Sections | Holds::Other => None,
    }
}

impl Known {
    /// Its attributes, with the one of all policies.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &'static AttributeSpec> {
        let id: &[AttributeSpec] = if self.policy.is_some() { ID } else { &[] };
        let is_known =
            |spec: &&AttributeSpec| !self.attributes.iter().any(|it| it.name == spec.name);
        self.attributes.iter().chain(id.iter().filter(is_known))
    }
}

/// Whether the policy is a document of its own, as a resolver is.
pub(crate) fn is_document(kind: &PolicyKind) -> bool {
    !Section::ALL
        .into_iter()
        .any(|one| kind.sections.contains(one))
}

/// Whether a policy may stand in a section; in a fragment any may that stands in some.
pub(crate) fn may_stand(kind: &PolicyKind, section: Option<Section>) -> bool {
    match section {
        Some(section) => kind.sections.contains(section),
        None => !is_document(kind),
    }
}

/// What is to be said of an element that has no page: a summary in one paragraph.
pub(crate) fn summary(name: &str) -> Option<&'static str> {
    Some(match name {
        "policies" => "The policies of one scope, in four sections.",
        "fragment" => "Policies that `include-fragment` puts in elsewhere.",
        "inbound" => "What is done with a request before the backend is called.",
        "backend" => "How the backend is called; one policy, as `forward-request`.",
        "outbound" => "What is done with the response before it goes to the client.",
        "on-error" => "What is done when a policy has failed; `context.LastError` says why.",
        "base" => "The policies of the scope above, in this place. Without it they do not run.",
        "include-fragment" => "Puts the policies of a fragment in its place.",
        name => first_paragraph(tollgate_policies::documentation(name)?),
    })
}

/// Up to the first empty line.
pub(crate) fn first_paragraph(page: &'static str) -> &'static str {
    page.split("\n\n").next().unwrap_or(page)
}

/// Where a policy may stand: "inbound, outbound · all scopes".
pub(crate) fn places(kind: &PolicyKind) -> String {
    if is_document(kind) {
        return "document of a resolver".to_owned();
    }
    let sections = Section::ALL
        .into_iter()
        .filter(|it| kind.sections.contains(*it));
    let scopes: Vec<_> = (Scope::ALL.into_iter())
        .filter(|it| kind.scopes.contains(*it))
        .map(Scope::name)
        .collect();
    let scopes = match scopes.len() == Scope::ALL.len() {
        true => "all scopes".to_owned(),
        false => scopes.join(", "),
    };
    let sections: Vec<_> = sections.map(Section::name).collect();
    format!("{} · {scopes}", sections.join(", "))
}
