//! Shows a diagnostic as text, the places it is about underlined.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::{Diagnostic, FileId, Severity, SourceFile, Sources, Span, span};

/// The diagnostic as text for people: its message, the source lines with their places underlined, and the help.
/// With `color`, ANSI escape sequences colour it. There is no line break at the end.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.as_ref());
    let mut files = vec![diagnostic.span.file];
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    let snippets = files.into_iter().filter_map(|file| {
        let source = sources.get(file)?;
        Some(snippet(diagnostic, file, source))
    });
    let mut group: Group<'_> = title.elements(snippets);
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.render(&[group])
}

/// The lines of one file that the diagnostic has places in.
fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    file: FileId,
    source: &'a SourceFile,
) -> Snippet<'a, Annotation<'a>> {
    let primary = (AnnotationKind::Primary, diagnostic.span, None);
    let labels = diagnostic.labels.iter().map(|label| {
        (
            AnnotationKind::Context,
            label.span,
            Some(label.message.as_str()),
        )
    });
    let places: Vec<_> = std::iter::once(primary)
        .chain(labels)
        .filter(|(_, span, _)| span.file == file)
        .map(|(kind, span, label)| (kind, in_text(span, source.text()), label))
        .collect();
    let start = places.iter().map(|(_, range, _)| range.start).min();
    let end = places.iter().map(|(_, range, _)| range.end).max();
    let (window, line) = lines_around(source, start.unwrap_or(0)..end.unwrap_or(0));
    let annotations = places.into_iter().map(|(kind, range, label)| {
        kind.span(range.start - window.start..range.end - window.start)
            .label(label)
    });
    Snippet::source(source.text().get(window.clone()).unwrap_or(""))
        .path(source.name())
        .line_start(line)
        .annotations(annotations)
}

/// The whole lines that the range touches, and the number of the first.
fn lines_around(source: &SourceFile, range: Range<usize>) -> (Range<usize>, usize) {
    let text = source.text();
    let before = text.get(..range.start).unwrap_or("");
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let after = text.get(range.end..).unwrap_or("");
    let end = range.end + after.find('\n').unwrap_or(after.len());
    let line = source.position(span::offset(range.start)).line;
    (start..end, span::index(line))
}

/// The span as a range that the text has: within it, and at character boundaries.
fn in_text(span: Span, text: &str) -> Range<usize> {
    let boundary = |offset: u32| {
        let offset = span::index(offset).min(text.len());
        (0..=offset)
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(0)
    };
    let start = boundary(span.start);
    start..boundary(span.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_underlined() {
        let mut sources = Sources::new();
        let file = sources.add(
            "a.xml",
            "<policies>\n  <inbund>\r\n  </inbund>\n</policies>\n",
        );
        let diagnostic = Diagnostic::error(
            "unknown-section",
            Span::new(file, 14, 20),
            "there is no section `inbund`",
        )
        .with_label(Span::new(file, 25, 34), "it ends here")
        .with_help("write `inbound`");
        let expected = "\
error[unknown-section]: there is no section `inbund`
 --> a.xml:2:4
  |
2 |   <inbund>
  |    ^^^^^^
3 |   </inbund>
  |   --------- it ends here
  |
  = help: write `inbound`";
        assert_eq!(render(&diagnostic, &sources, false), expected);
        assert!(render(&diagnostic, &sources, true).contains('\u{1b}'));
    }

    #[test]
    fn places_that_are_not_in_the_file_do_no_harm() {
        let mut sources = Sources::new();
        let file = sources.add("é.xml", "é");
        for span in [
            Span::new(file, 1, 1),
            Span::new(file, 0, 99),
            Span::new(file, 50, 99),
            Span::new(FileId(9), 0, 1),
        ] {
            let diagnostic = Diagnostic::warning("x", span, "message");
            assert!(render(&diagnostic, &sources, false).starts_with("warning[x]: message"));
        }
    }
}
