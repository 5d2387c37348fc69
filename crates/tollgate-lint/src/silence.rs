//! Comments that silence lints: `<!-- tollgate: allow(name) -->`.

use tollgate_syntax::{Diagnostic, Document, Element, Node, Span};

use crate::Lint;

/// The lints that comments silence, and where.
pub(crate) struct Silences(Vec<Silence>);

struct Silence {
    name: String,
    /// The comment.
    comment: Span,
    /// The element behind it.
    of: Span,
}

pub(crate) fn read(document: &Document) -> Silences {
    let mut all = Vec::new();
    for node in &document.before {
        add(node, document.root.span, &mut all);
    }
    look(&document.root, &mut all);
    Silences(all)
}

fn look(element: &Element, all: &mut Vec<Silence>) {
    for (index, node) in element.children.iter().enumerate() {
        if let Node::Element(child) = node {
            look(child, all);
        }
        let behind = element.children.iter().skip(index);
        let next = behind.clone().find_map(|node| match node {
            Node::Element(element) => Some(element.span),
            _ => None,
        });
        if let (Node::Comment(_), Some(of)) = (node, next) {
            add(node, of, all);
        }
    }
}

fn add(node: &Node, of: Span, all: &mut Vec<Silence>) {
    let Node::Comment(comment) = node else { return };
    let names = (comment.text.trim().strip_prefix("tollgate:"))
        .and_then(|rest| rest.trim().strip_prefix("allow("))
        .and_then(|rest| rest.split_once(')'));
    for name in names.into_iter().flat_map(|(names, _)| names.split(',')) {
        all.push(Silence {
            name: name.trim().to_owned(),
            comment: comment.span,
            of,
        });
    }
}

impl Silences {
    /// Whether a finding at this place is silenced.
    pub(crate) fn silence(&self, name: &str, span: Span) -> bool {
        let mut all = self.0.iter();
        all.any(|one| one.name == name && one.of.contains(span))
    }

    /// Comments that name lints which do not exist.
    pub(crate) fn unknown(&self) -> Vec<Diagnostic> {
        let unknown = |one: &Silence| {
            let error = Lint::named(&one.name).err()?;
            let message = error.to_string();
            Some(Diagnostic::warning("unknown-lint", one.comment, message))
        };
        self.0.iter().filter_map(unknown).collect()
    }
}
