//! Where what is named is defined: fragments, named values, variables.

use std::path::Path;

use lsp_types::{Location, Range};
use tollgate_lint::variables;
use tollgate_syntax::{DocumentKind, Element, FileId, Sources, Spot, caret};

use crate::documents::Document;
use crate::position::{Encoding, Text, bytes};
use crate::workspace::Workspace;
use crate::{code, uri};

/// The places that define what a byte of a document names.
pub(crate) fn at(
    document: &Document,
    workspace: &Workspace,
    at: usize,
    encoding: Encoding,
) -> Vec<Location> {
    let text = document.text.as_str();
    if let Some((name, _)) = code::named_value_at(text, at) {
        let found = workspace.named_value(name).iter().filter_map(|it| {
            let file = std::fs::read_to_string(&it.path).ok()?;
            let range = Text::new(file).range(it.bytes.clone(), encoding);
            Some(Location::new(uri::of_path(&it.path)?, range))
        });
        return found.collect();
    }
    if let Spot::Value {
        tag,
        attribute,
        start,
        end,
    } = caret(text, at).spot
        && (tag.name.as_str(), attribute.as_str()) == ("include-fragment", "fragment-id")
    {
        let id = text.get(start..end).unwrap_or("").trim();
        let file = workspace.fragment_file(id);
        let uri = file.and_then(|file| uri::of_path(&file));
        return (uri.into_iter())
            .map(|uri| Location::new(uri, Range::default()))
            .collect();
    }
    variable(document, workspace, at, encoding).unwrap_or_default()
}

/// The places that set the variable whose name stands there, in the document and in the fragments it includes.
fn variable(
    document: &Document,
    workspace: &Workspace,
    at: usize,
    encoding: Encoding,
) -> Option<Vec<Location>> {
    let (sources, tree) = document.parse();
    let tree = tree?;
    let all = variables(&tree, &sources);
    let found = all.iter().find(|it| {
        let span = bytes(it.span);
        span.start <= at && at <= span.end
    });
    let name = match found {
        Some(found) => found.name.clone(),
        // Other attributes name variables which they read.
        None => match caret(document.text.as_str(), at).spot {
            Spot::Value {
                attribute,
                start,
                end,
                ..
            } if attribute.ends_with("variable-name") => {
                document.text.as_str().get(start..end)?.to_owned()
            }
            _ => return None,
        },
    };
    let own = all.iter().filter(|it| it.is_set && it.name == name);
    let mut places: Vec<Location> = own
        .map(|it| Location::new(document.uri.clone(), document.text.span(it.span, encoding)))
        .collect();
    for id in included(&tree.root) {
        let Some((source, all)) = workspace.fragment(&id).map(|source| {
            let all = fragment_variables(&source.name, &source.text);
            (source, all)
        }) else {
            continue;
        };
        let text = Text::new(source.text);
        let sets = all.iter().filter(|it| it.is_set && it.name == name);
        let path = std::path::absolute(Path::new(&source.name)).ok();
        let uri = path.and_then(|path| uri::of_path(&path));
        for (set, uri) in sets.zip(std::iter::repeat(uri)) {
            places.extend(uri.map(|uri| Location::new(uri, text.span(set.span, encoding))));
        }
    }
    Some(places)
}

/// The variables of a fragment.
pub(crate) fn fragment_variables(name: &str, text: &str) -> Vec<tollgate_lint::VariableUse> {
    let mut sources = Sources::new();
    let file: FileId = sources.add(name, text);
    let tree = tollgate_syntax::parse(file, &sources).0;
    tree.filter(|tree| tree.kind == DocumentKind::Fragment)
        .map(|tree| variables(&tree, &sources))
        .unwrap_or_default()
}

/// The ids of the fragments that an element includes, each once.
pub(crate) fn included(element: &Element) -> Vec<String> {
    fn look(element: &Element, ids: &mut Vec<String>) {
        if &*element.name == "include-fragment"
            && let Some(id) = element.attribute("fragment-id")
            && let Some(id) = id.value.literal()
            && !ids.iter().any(|known| known == id.text())
        {
            ids.push(id.text().to_owned());
        }
        element.elements().for_each(|inner| look(inner, ids));
    }
    let mut ids = Vec::new();
    look(element, &mut ids);
    ids
}
