//! Turns file text into the text it stands for: entities decoded, line breaks made one.

use std::ops::Range;

use super::entity::entity;
use super::findings::Findings;
use crate::{Diagnostic, FileId, MappedText, MappedTextBuilder, Span, span};

/// What a stretch of the file is, and so how it is to be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Literal text: entities count, and a lone `&` is an error.
    Text,
    /// A literal attribute value: the same, and white space becomes spaces (XML 1.0, 3.3.3).
    Attribute,
    /// An expression that was written encoded: entities count, anything else is C#.
    Encoded,
    /// CDATA, or an expression that was written raw: nothing but line breaks.
    Raw,
}

/// The text that `range` of the file stands for.
pub(super) fn decode(
    source: &str,
    range: Range<usize>,
    role: Role,
    findings: &mut Findings,
) -> MappedText {
    let text = source.get(range.clone()).unwrap_or("");
    let start = range.start;
    let place = |from: usize, length: usize| span_of(findings.file(), from..from + length);
    let origin = place(start, text.len());
    let mut out = MappedTextBuilder::new(origin);
    let mut lone = Vec::new();
    let mut done = 0;
    while let Some(at) = next_special(text, done, role) {
        out.push_verbatim(text.get(done..at).unwrap_or(""), span::offset(start + done));
        let rest = text.as_bytes().get(at..).unwrap_or_default();
        let (replacement, length) = match rest {
            [b'\r', b'\n', ..] if role == Role::Attribute => (' ', 2),
            [b'\r', b'\n', ..] => ('\n', 2),
            [b'&', ..] => match entity(rest) {
                Some(found) => found,
                None => {
                    lone.push(at);
                    ('&', 1)
                }
            },
            [_, ..] if role == Role::Attribute => (' ', 1),
            _ => ('\n', 1),
        };
        let mut buffer = [0; 4];
        out.push_replaced(
            replacement.encode_utf8(&mut buffer),
            place(start + at, length),
        );
        done = at + length;
    }
    out.push_verbatim(text.get(done..).unwrap_or(""), span::offset(start + done));
    if role != Role::Encoded {
        for at in lone {
            report_ampersand(text, start, at, findings);
        }
    }
    out.finish()
}

/// Line breaks as `\n`, whatever the file has.
pub(super) fn unix_line_breaks(text: &str) -> Box<str> {
    text.replace("\r\n", "\n").replace('\r', "\n").into()
}

/// The span of a range in bytes.
pub(super) fn span_of(file: FileId, range: Range<usize>) -> Span {
    Span::new(file, span::offset(range.start), span::offset(range.end))
}

fn next_special(text: &str, from: usize, role: Role) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    let found = match role {
        Role::Raw => memchr::memchr(b'\r', rest),
        Role::Text | Role::Encoded => memchr::memchr2(b'&', b'\r', rest),
        Role::Attribute => rest
            .iter()
            .position(|byte| matches!(byte, b'&' | b'\r' | b'\n' | b'\t')),
    };
    found.map(|at| from + at)
}

fn report_ampersand(text: &str, start: usize, at: usize, findings: &mut Findings) {
    let rest = text.get(at + 1..).unwrap_or("");
    let name_end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '#')
        .unwrap_or(rest.len());
    let name = rest.get(..name_end).unwrap_or("");
    let is_reference = !name.is_empty() && rest.get(name_end..).is_some_and(|r| r.starts_with(';'));
    let file = findings.file();
    findings.report(if is_reference {
        Diagnostic::error(
            "unknown-entity",
            span_of(file, start + at..start + at + name_end + 2),
            format!("XML has no entity `&{name};`"),
        )
        .with_help(
            "XML knows `&lt;`, `&gt;`, `&amp;`, `&quot;`, `&apos;` and numbers such as `&#160;`; write `&amp;` for an `&` that is meant as itself",
        )
    } else {
        Diagnostic::error(
            "unescaped-ampersand",
            span_of(file, start + at..start + at + 1),
            "an `&` stands alone in literal text",
        )
        .with_help("write `&amp;`")
    });
}
