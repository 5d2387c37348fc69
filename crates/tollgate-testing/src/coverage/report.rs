//! Coverage as a table, for `lcov`, and as Cobertura's XML.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::html::escape;
use super::{Coverage, File, Kind, Share};

/// What a line came to.
#[derive(Default)]
struct Line {
    ran: u64,
    /// How often each branch on it was taken; `None` if nobody asked.
    branches: Vec<Option<u64>>,
}

impl File {
    /// The lines on which something begins.
    fn lines(&self) -> BTreeMap<u32, Line> {
        let mut lines: BTreeMap<u32, Line> = BTreeMap::new();
        for (key, hits) in &self.items {
            let line = lines.entry(self.line(*key)).or_default();
            match key.kind {
                Kind::Condition => {
                    let asked = |times| (hits.ran > 0).then_some(times);
                    line.branches.push(asked(hits.truths));
                    line.branches.push(asked(hits.falsehoods));
                }
                Kind::Branch => {
                    line.branches.push(Some(hits.ran));
                    line.ran = line.ran.max(hits.ran);
                }
                Kind::Policy | Kind::Expression => line.ran = line.ran.max(hits.ran),
            }
        }
        lines
    }
}

/// How many lines ran, and how many branches were taken.
fn shares<'l>(lines: impl IntoIterator<Item = &'l Line>) -> (Share, Share) {
    let (mut all, mut branches) = (Share::default(), Share::default());
    for line in lines {
        all.add(line.ran > 0);
        for taken in &line.branches {
            branches.add(taken.is_some_and(|times| times > 0));
        }
    }
    (all, branches)
}

impl Coverage {
    /// A table for people: a line for each file, with the lines that did not run.
    pub fn table(&self) -> String {
        let head = [
            "file",
            "policies",
            "branches",
            "expressions",
            "conditions",
            "all",
            "lines not run",
        ];
        let mut rows = vec![head.map(str::to_owned)];
        for file in self.sorted() {
            let of = |kind| {
                let Share { covered, all } = file.share(kind);
                format!("{covered}/{all}")
            };
            let missed = file.lines().into_iter().filter(|(_, line)| line.ran == 0);
            let missed: Vec<String> = missed.map(|(number, _)| number.to_string()).collect();
            rows.push([
                file.source.name().to_owned(),
                of(Kind::Policy),
                of(Kind::Branch),
                of(Kind::Expression),
                of(Kind::Condition),
                format!("{:.1} %", file.all().percent()),
                missed.join(" "),
            ]);
        }
        let total = format!("{:.1} %", self.percent());
        rows.push(["all", "", "", "", "", &total, ""].map(str::to_owned));
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut table = String::new();
        for row in &rows {
            let cells = row.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            let _ = writeln!(table, "{}", cells.join("  ").trim_end());
        }
        table
    }

    /// The format of `lcov` (`genhtml`, editors): conditions and branches as branches of the line they begin on.
    pub fn lcov(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        for file in self.sorted() {
            let lines = file.lines();
            let (all, branches) = shares(lines.values());
            let _ = writeln!(
                out,
                "TN:\nSF:{}",
                file.source.name().replace(['\n', '\r'], " ")
            );
            for (number, line) in &lines {
                for (index, taken) in line.branches.iter().enumerate() {
                    let taken = taken.map_or_else(|| "-".to_owned(), |times| times.to_string());
                    let _ = writeln!(out, "BRDA:{number},0,{index},{taken}");
                }
            }
            let _ = writeln!(out, "BRF:{}\nBRH:{}", branches.all, branches.covered);
            for (number, line) in &lines {
                let _ = writeln!(out, "DA:{number},{}", line.ran);
            }
            let _ = writeln!(out, "LF:{}\nLH:{}\nend_of_record", all.all, all.covered);
        }
        out
    }

    /// Cobertura's XML, as build servers read it.
    pub fn cobertura(&self) -> String {
        let files: Vec<_> = self
            .sorted()
            .into_iter()
            .map(|file| (file, file.lines()))
            .collect();
        let (lines, branches) = shares(files.iter().flat_map(|(_, lines)| lines.values()));
        let rate = |share: Share| share.percent() / 100.0;
        let rates = |(lines, branches): (Share, Share)| {
            format!(
                r#"line-rate="{:.4}" branch-rate="{:.4}" complexity="0""#,
                rate(lines),
                rate(branches)
            )
        };
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(
            out,
            r#"<coverage {} lines-covered="{}" lines-valid="{}" branches-covered="{}" branches-valid="{}" version="1" timestamp="0">
<sources><source>.</source></sources>
<packages><package name="policies" {}><classes>"#,
            rates((lines, branches)),
            lines.covered,
            lines.all,
            branches.covered,
            branches.all,
            rates((lines, branches)),
        );
        for (file, lines) in &files {
            let name = escape(file.source.name());
            let own = rates(shares(lines.values()));
            let _ = writeln!(
                out,
                r#"<class name="{name}" filename="{name}" {own}><methods/><lines>"#
            );
            for (number, line) in lines {
                let (_, taken) = shares([line]);
                let branch = match taken.all {
                    0 => r#" branch="false""#.to_owned(),
                    all => format!(
                        r#" branch="true" condition-coverage="{:.0}% ({}/{all})""#,
                        taken.percent(),
                        taken.covered
                    ),
                };
                let _ = writeln!(
                    out,
                    r#"<line number="{number}" hits="{}"{branch}/>"#,
                    line.ran
                );
            }
            out.push_str("</lines></class>\n");
        }
        out.push_str("</classes></package></packages>\n</coverage>\n");
        out
    }
}
