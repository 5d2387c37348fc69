//! Coverage as a page: the policy files, coloured.

use std::fmt::Write as _;

use super::{Coverage, File, Hits, Kind};

/// What is to be seen of a byte: a class of the page, and what it says.
type Look = (&'static str, &'static str);

const RAN: Look = ("ran", "");
const MISSED: Look = ("missed", "never ran");
const NEVER_TRUE: Look = ("half", "never true");
const NEVER_FALSE: Look = ("half", "never false");

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2em;color:#222;background:#fff}\
pre{font:13px/1.5 ui-monospace,monospace;border:1px solid #ddd;padding:1em;overflow:auto;counter-reset:line}\
.line::before{counter-increment:line;content:counter(line);display:inline-block;width:3em;color:#999}\
.ran{background:#e3f6e3}.missed{background:#fbdcdc}.half{background:#fdeec2}";

/// Text as it stands in HTML and XML, also in attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn look(kind: Kind, hits: &Hits) -> Look {
    match kind {
        _ if hits.ran == 0 => MISSED,
        Kind::Condition if hits.truths == 0 => NEVER_TRUE,
        Kind::Condition if hits.falsehoods == 0 => NEVER_FALSE,
        _ => RAN,
    }
}

impl File {
    /// The text, each byte with its look: of what stands within something the inner one's.
    fn looks(&self) -> Vec<Option<Look>> {
        let mut looks = vec![None; self.source.text().len()];
        for (key, hits) in &self.items {
            let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX).min(looks.len());
            let (start, end) = (place(key.start), place(key.end.0));
            if let Some(part) = looks.get_mut(start..end) {
                part.fill(Some(look(key.kind, hits)));
            }
        }
        looks
    }

    fn html(&self, out: &mut String) {
        let _ = write!(
            out,
            "<h2>{} ({:.1} %)</h2>\n<pre><span class=\"line\">",
            escape(self.source.name()),
            self.all().percent()
        );
        let looks = self.looks();
        let mut open: Option<Look> = None;
        for (at, c) in self.source.text().char_indices() {
            let look = looks.get(at).copied().flatten();
            if look != open || c == '\n' {
                out.push_str(if open.is_some() { "</span>" } else { "" });
                open = None;
            }
            if c == '\n' {
                out.push_str("</span>\n<span class=\"line\">");
                continue;
            }
            if let (Some((class, title)), None) = (look, open) {
                let _ = write!(out, "<span class=\"{class}\" title=\"{title}\">");
                open = look;
            }
            out.push_str(&escape(c.encode_utf8(&mut [0; 4])));
        }
        out.push_str(if open.is_some() { "</span>" } else { "" });
        out.push_str("</span></pre>\n");
    }
}

impl Coverage {
    /// A page of its own, without scripts: each file with what ran, what did not, and conditions that came out one way
    /// only.
    pub fn html(&self) -> String {
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Policy coverage</title><style>{STYLE}</style></head><body>\n<h1>Policy coverage: {:.1} %</h1>\n<pre>{}</pre>\n",
            self.percent(),
            escape(&self.table())
        );
        self.sorted()
            .into_iter()
            .for_each(|file| file.html(&mut out));
        out.push_str("</body></html>\n");
        out
    }
}
