//! A trace as a tree for people.

use std::fmt::Write as _;

use serde_json::Value as Json;
use tollgate_syntax::{Place as FilePlace, Span};

use super::{Change, Event, Trace, TraceEntry};
use crate::policy::Flow;

/// So many characters of a value or an expression are shown.
const SHOWN: usize = 300;
/// How deep lines are indented at most.
const DEEPEST: usize = 40;

/// A policy or a branch, or a section, and what stands in it.
struct Node<'t> {
    /// The entry that says that it begins; none of a section.
    entry: Option<&'t TraceEntry>,
    section: Option<&'static str>,
    parent: Option<usize>,
    items: Vec<Item<'t>>,
    /// How long it took and how it ended.
    left: Option<(i64, Option<Flow>)>,
}

enum Item<'t> {
    Node(usize),
    Entry(&'t TraceEntry),
}

impl Trace {
    /// The trace as text for people: section by section the policies as they are nested, with their places, what they
    /// read and decided, the expressions with their values and parts, what changed, and how long it took.
    ///
    /// `+` marks what came, `~` what changed, `-` what went. It is about as long as the trace's limit at most. Secrets are
    /// masked. Where time stands still, as in tests, the same run gives the same text.
    ///
    /// ```
    /// use tollgate_engine::exchange::{Trace, TraceEntry};
    ///
    /// let mut trace = Trace::default();
    /// trace.add(TraceEntry::message("gateway", "hello"));
    /// assert_eq!(trace.to_tree(), "gateway\n  hello\n");
    /// ```
    pub fn to_tree(&self) -> String {
        let (nodes, tops) = grow(&self.entries);
        let mut out = Out {
            trace: self,
            text: String::new(),
            is_cut: false,
        };
        for top in tops {
            out.node(&nodes, top, 0);
        }
        out.text
    }

    /// ` (file:line)` of a span, if it is known.
    fn at(&self, span: Option<Span>) -> String {
        let place = span
            .zip(self.sources())
            .map(|(span, sources)| FilePlace::of(span, sources));
        match place.filter(|place| !place.file.is_empty()) {
            Some(place) => format!("  ({}:{})", place.file, place.line),
            None => String::new(),
        }
    }
}

/// Puts entries where they belong: below the policy or branch that has begun last and whose path leads to them.
fn grow(entries: &[TraceEntry]) -> (Vec<Node<'_>>, Vec<usize>) {
    let (mut nodes, mut tops): (Vec<Node<'_>>, Vec<usize>) = (Vec::new(), Vec::new());
    // Those that have not ended, with their paths.
    let mut open: Vec<usize> = Vec::new();
    for entry in entries {
        let path = entry.path();
        let is_around = |nodes: &[Node<'_>], node: usize| {
            let node = nodes.get(node);
            node.is_some_and(|node| {
                let around = node.entry.map_or("", TraceEntry::path);
                let rest = path.strip_prefix(around);
                node.section == entry.section
                    && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        if let Event::Left { spent, flow } = entry.event {
            let ended = open.iter().rposition(|node| {
                let node = nodes.get(*node).and_then(|node| node.entry);
                let same = |a: &TraceEntry| match (&a.place, &entry.place) {
                    (Some(a), Some(b)) => std::sync::Arc::ptr_eq(a, b),
                    _ => false,
                };
                node.is_some_and(|node| node.event == Event::Entered && same(node))
            });
            if let Some(ended) = ended.map(|index| open.remove(index)) {
                if let Some(node) = nodes.get_mut(ended) {
                    node.left = Some((spent, flow));
                }
                // Its branches end with it.
                open.retain(|node| {
                    nodes
                        .get(*node)
                        .is_some_and(|node| node.parent != Some(ended))
                });
            }
            continue;
        }
        let around = open
            .iter()
            .rev()
            .find(|node| is_around(&nodes, **node))
            .copied();
        let around = around.unwrap_or_else(|| match tops.last() {
            Some(top)
                if nodes
                    .get(*top)
                    .is_some_and(|top| top.section == entry.section) =>
            {
                *top
            }
            _ => {
                nodes.push(Node {
                    entry: None,
                    section: entry.section,
                    parent: None,
                    items: Vec::new(),
                    left: None,
                });
                tops.push(nodes.len() - 1);
                nodes.len() - 1
            }
        });
        let begins = matches!(entry.event, Event::Entered | Event::Branch { taken: true });
        let item = match begins {
            true => {
                nodes.push(Node {
                    entry: Some(entry),
                    section: entry.section,
                    parent: Some(around),
                    items: Vec::new(),
                    left: None,
                });
                open.push(nodes.len() - 1);
                Item::Node(nodes.len() - 1)
            }
            false => Item::Entry(entry),
        };
        if let Some(node) = nodes.get_mut(around) {
            node.items.push(item);
        }
    }
    (nodes, tops)
}

/// The text so far.
struct Out<'t> {
    trace: &'t Trace,
    text: String,
    is_cut: bool,
}

impl Out<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        if self.is_cut {
            return;
        }
        let indent = 2 * depth.min(DEEPEST);
        if self.text.len() + indent + text.len() > self.trace.state.limit {
            self.is_cut = true;
            self.text.push_str(&self.trace.cut_message());
        } else {
            let _ = write!(self.text, "{:indent$}", "");
            // What a terminal would take for a command must not reach it.
            for c in text.chars() {
                match c.is_control() {
                    true => self.text.extend(c.escape_debug()),
                    false => self.text.push(c),
                }
            }
        }
        self.text.push('\n');
    }

    fn node(&mut self, nodes: &[Node<'_>], index: usize, depth: usize) {
        let Some(node) = nodes.get(index) else {
            return;
        };
        match node.entry {
            None => self.line(depth, node.section.unwrap_or("gateway")),
            Some(entry) => {
                let at = self.trace.at(entry.span);
                let name = match entry.event {
                    Event::Branch { .. } => entry.branch_text(),
                    _ => last_step(entry).to_owned(),
                };
                let is_leaf = !node.items.iter().any(|item| matches!(item, Item::Node(_)));
                let left = node
                    .left
                    .map_or_else(String::new, |left| ended(left, is_leaf));
                self.line(depth, &format!("{name}{at}{left}"));
            }
        }
        for item in &node.items {
            match item {
                Item::Node(inner) => self.node(nodes, *inner, depth + 1),
                Item::Entry(entry) => self.entry(entry, depth + 1),
            }
        }
    }

    fn entry(&mut self, entry: &TraceEntry, depth: usize) {
        let at = self.trace.at(entry.span);
        match entry.event {
            Event::Branch { .. } => self.line(depth, &format!("{}{at}", entry.branch_text())),
            Event::Expression => self.expression(entry, depth),
            Event::Failed => self.line(depth, &format!("! {}", sentence(&entry.data))),
            Event::Changed => {
                for change in &entry.changes {
                    self.line(depth, &change_text(change));
                }
                if !entry.data.is_null() {
                    self.line(depth, &sentence(&entry.data));
                }
            }
            Event::Message | Event::Entered | Event::Left { .. } => {
                self.message(&entry.data, depth)
            }
        }
    }

    fn expression(&mut self, entry: &TraceEntry, depth: usize) {
        let field = |name: &str| entry.data.get(name).and_then(Json::as_str);
        let code = one_line(field("expression").unwrap_or_default());
        match (field("value"), field("error")) {
            (Some(value), _) => self.line(depth, &format!("{code} = {}", cut(value))),
            (None, error) => self.line(depth, &format!("{code} ! {}", error.unwrap_or_default())),
        }
        for part in &entry.parts {
            // What stands for a part of `context` says nothing by itself.
            let is_handle = |value: &String| value.starts_with("Tollgate.");
            if part.values.iter().any(is_handle) {
                continue;
            }
            let code = one_line(&part.expression);
            let values: Vec<_> = part.values.iter().map(|value| cut(value)).collect();
            let more = match usize::try_from(part.times).unwrap_or(usize::MAX) > values.len() {
                true => format!(", … ({} times)", part.times),
                false => String::new(),
            };
            let text = match values.is_empty() {
                true => format!("{code} was not asked"),
                false => format!("{code} = {}{more}", values.join(", ")),
            };
            self.line(depth + 1 + part.depth, &text);
        }
    }

    /// A message: requests and responses by themselves, all else in a line.
    fn message(&mut self, data: &Json, depth: usize) {
        let text = |at: &Json, name: &str| {
            let text = at.get(name).and_then(Json::as_str);
            text.unwrap_or_default().to_owned()
        };
        let rest = sentence(data);
        if !rest.is_empty() {
            self.line(depth, &rest);
        }
        if let Some(request) = data.get("request").filter(|request| request.is_object()) {
            self.line(
                depth,
                &format!("> {} {}", text(request, "method"), text(request, "url")),
            );
            self.headers(request, depth + 1);
        }
        if let Some(response) = data.get("response") {
            let status = response.get("status").unwrap_or(response);
            let code = status.get("code").map(Json::to_string).unwrap_or_default();
            self.line(depth, &format!("< {code} {}", text(status, "reason")));
            self.headers(response, depth + 1);
        }
        if let Some(configuration) = data.get("configuration") {
            let api = configuration.get("api");
            let from = api.map_or_else(String::new, |api| text(api, "from"));
            let operation = configuration.get("operation").filter(|it| it.is_object());
            let mut told = vec![match operation {
                Some(it) => format!(
                    "{} {} of the API at {from}",
                    text(it, "method"),
                    text(it, "uriTemplate")
                ),
                None => format!("the API at {from}"),
            }];
            for who in ["product", "user"] {
                if let Some(it) = configuration.get(who).filter(|it| it.is_object()) {
                    told.push(format!("{who} {}", text(it, "id")));
                }
            }
            self.line(depth, &told.join(", "));
        }
    }

    fn headers(&mut self, message: &Json, depth: usize) {
        let headers = message.get("headers").and_then(Json::as_array);
        for header in headers.into_iter().flatten() {
            let text = |name: &str| header.get(name).and_then(Json::as_str).unwrap_or_default();
            self.line(depth, &format!("{}: {}", text("name"), text("value")));
        }
    }
}

/// How long it took, if any time, and how it ended, if not in the usual way.
fn ended((spent, flow): (i64, Option<Flow>), is_leaf: bool) -> String {
    let mut text = String::new();
    if spent > 0 {
        let _ = write!(text, "  {}", duration(spent));
    }
    // What ends the policies around it is told of the innermost.
    match flow {
        None if is_leaf => text.push_str("  failed"),
        Some(Flow::Respond) if is_leaf => text.push_str("  ends the pipeline"),
        Some(Flow::NextSection) if is_leaf => text.push_str("  ends the section"),
        Some(Flow::Outbound) if is_leaf => text.push_str("  goes on in outbound"),
        _ => {}
    }
    text
}

fn duration(ticks: i64) -> String {
    let nanoseconds = ticks.unsigned_abs().saturating_mul(100);
    format!("{:?}", std::time::Duration::from_nanos(nanoseconds))
}

fn change_text(change: &Change) -> String {
    let what = match &*change.name {
        "" => change.what.name().to_owned(),
        name => format!("{} {name}", change.what.name()),
    };
    match (&change.from, &change.to) {
        (None, Some(to)) => format!("+ {what} = {to}"),
        (Some(from), Some(to)) => format!("~ {what} = {to}  (was {from})"),
        (from, None) => format!("- {what}  (was {})", from.as_deref().unwrap_or_default()),
    }
}

/// A message and what goes with it, in one line.
fn sentence(data: &Json) -> String {
    let Some(fields) = data.as_object() else {
        return data.as_str().map_or_else(|| data.to_string(), cut);
    };
    let message = fields.get("message").and_then(Json::as_str).map(cut);
    let by_themselves = ["message", "request", "response", "configuration"];
    let rest = fields.iter().filter(|(name, value)| {
        !by_themselves.contains(&name.as_str()) && !matches!(value.as_str(), Some(""))
    });
    let rest = rest.map(|(name, value)| match value {
        Json::String(text) => format!("{name}: {}", cut(text)),
        other => format!("{name}: {}", cut(&other.to_string())),
    });
    message
        .into_iter()
        .chain(rest)
        .collect::<Vec<_>>()
        .join("  ")
}

/// The last step of its path: `when[2]`.
fn last_step(entry: &TraceEntry) -> &str {
    entry.path().rsplit('/').next().unwrap_or_default()
}

impl TraceEntry {
    /// `when[1] is taken`.
    pub(super) fn branch_text(&self) -> String {
        let taken = matches!(self.event, Event::Branch { taken: true });
        let is = if taken { "is taken" } else { "is not taken" };
        format!("{} {is}", last_step(self))
    }
}

fn one_line(code: &str) -> String {
    let words: Vec<&str> = code.split_whitespace().collect();
    cut(&words.join(" "))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_has_no_control_characters() {
        let mut trace = Trace::default();
        for _ in 0..50 {
            trace.add(TraceEntry::message("a", "\u{1b}[2J\n"));
        }
        assert!(trace.to_tree().starts_with("gateway\n  \\u{1b}[2J\\n\n"));
        let tree = trace.with_limit(300).to_tree();
        assert!(tree.len() < 500, "{tree}");
        assert!(
            tree.ends_with("The trace was cut here: it is longer than 300 bytes.\n"),
            "{tree}"
        );
    }
}
