//! `textDocument/formatting`: the style of `tollgate fmt`.

use lsp_types::TextEdit;

use crate::documents::Document;
use crate::position::Encoding;

/// The change that lays the document out anew; none if it is so already, or cannot be read without an error.
pub(crate) fn format(document: &Document, encoding: Encoding) -> Option<Vec<TextEdit>> {
    let mut sources = tollgate_syntax::Sources::new();
    let text = document.text.as_str();
    let file = sources.add(document.name(), text);
    let (tree, findings) = tollgate_syntax::parse(file, &sources);
    let tree = tree.filter(|_| !findings.iter().any(tollgate_syntax::Diagnostic::is_error))?;
    let laid = tollgate_syntax::format(&tree, &sources);
    let same = |(a, b): &(u8, u8)| a == b;
    // What stays at both ends is not sent: carets and marks there stay where they are.
    let (old, new) = (text.as_bytes(), laid.as_bytes());
    let mut start = old
        .iter()
        .copied()
        .zip(new.iter().copied())
        .take_while(same)
        .count();
    while !text.is_char_boundary(start) || !laid.is_char_boundary(start) {
        start -= 1;
    }
    let rest = (text.len() - start).min(laid.len() - start);
    let ends = old.iter().rev().copied().zip(new.iter().rev().copied());
    let mut end = ends.take(rest).take_while(same).count();
    while !text.is_char_boundary(text.len() - end) || !laid.is_char_boundary(laid.len() - end) {
        end -= 1;
    }
    let new_text = laid.get(start..laid.len() - end)?.to_owned();
    if start + end == text.len() && new_text.is_empty() {
        return Some(Vec::new());
    }
    let range = document.text.range(start..text.len() - end, encoding);
    Some(vec![TextEdit { range, new_text }])
}
