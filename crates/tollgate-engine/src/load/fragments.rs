//! Policy fragments: read once, put in wherever `<include-fragment>` names them.

use std::collections::HashMap;

use tollgate_syntax::{Diagnostic, Element, Span};

use super::findings::Findings;

/// The roots of the fragments by id; `None` for one that could not be read. Source: policy-fragments.md.
#[derive(Debug, Default)]
pub(crate) struct Fragments<'a> {
    roots: HashMap<&'a str, Option<Element>>,
}

impl<'a> Fragments<'a> {
    pub(crate) fn new(roots: HashMap<&'a str, Option<Element>>) -> Self {
        Self { roots }
    }

    /// The fragment of this id: `None` if there is none, `Some(None)` if it could not be read.
    pub(crate) fn get(&self, id: &str) -> Option<Option<&Element>> {
        self.roots.get(id).map(Option::as_ref)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.roots.keys().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }

    /// Reports every way in which fragments include themselves.
    pub(crate) fn check_cycles(&self, findings: &Findings) {
        let mut ids: Vec<&str> = self.ids().collect();
        ids.sort_unstable();
        let mut states: HashMap<&str, State> = HashMap::new();
        for id in ids {
            self.visit(id, &mut Vec::new(), &mut states, findings);
        }
    }

    fn visit<'s>(
        &'s self,
        id: &'s str,
        path: &mut Vec<&'s str>,
        states: &mut HashMap<&'s str, State>,
        findings: &Findings,
    ) {
        if states.contains_key(id) || path.len() >= MAX_NESTING {
            return;
        }
        let Some(Some(root)) = self.get(id) else {
            return;
        };
        states.insert(id, State::Open);
        path.push(id);
        let mut inclusions = Vec::new();
        collect_inclusions(root, &mut inclusions);
        for (included, span) in inclusions {
            if let Some(start) = path.iter().position(|open| *open == included) {
                let mut cycle: Vec<&str> = path.iter().skip(start).copied().collect();
                cycle.push(included);
                let message = format!(
                    "fragment `{included}` includes itself: {}",
                    cycle.join(" → ")
                );
                findings.push(Diagnostic::error("fragment-cycle", span, message));
            } else {
                self.visit(included, path, states, findings);
            }
        }
        path.pop();
        states.insert(id, State::Done);
    }
}

/// How deep fragments may include fragments.
pub(crate) const MAX_NESTING: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
}

fn collect_inclusions<'e>(element: &'e Element, to: &mut Vec<(&'e str, Span)>) {
    for child in element.elements() {
        if &*child.name == "include-fragment"
            && let Some(attribute) = child.attribute("fragment-id")
            && let Some(id) = attribute.value.literal()
        {
            to.push((id.text().trim(), child.span));
        }
        collect_inclusions(child, to);
    }
}
