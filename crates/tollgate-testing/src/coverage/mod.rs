//! Which parts of policy files ran: sections, policies, branches, expressions, and both outcomes of conditions.
//!
//! A [`Coverage`] takes the traces of many runs, of one plan or of several over the same files, and writes down what they
//! came through: as a table, as an HTML page, for `lcov`, and as Cobertura's XML. `base` and `include-fragment` do not
//! count; what stands in a fragment counts in the fragment's file.

mod html;
mod report;

use std::collections::{BTreeMap, HashMap, HashSet};

use tollgate_engine::exchange::Trace;
use tollgate_engine::{PlaceKind, Plan, Section};
use tollgate_syntax::{FileId, SourceFile, Span};

/// The file that stands in for a policy for all APIs that nobody wrote.
const BUILT_IN: &str = "default policy for all APIs";

/// What ran of policy files. Cheap to [`merge`](Self::merge): each thread may have one of its own.
///
/// ```
/// use tollgate_testing::coverage::Coverage;
///
/// let nothing = Coverage::default();
/// assert_eq!(nothing.percent(), 100.0);
/// assert!(nothing.lcov().is_empty());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    files: Vec<File>,
}

#[derive(Debug, Clone)]
struct File {
    source: SourceFile,
    items: BTreeMap<Key, Hits>,
    sections: BTreeMap<usize, u64>,
}

/// What ran or did not, in bytes of its file; ordered such that what stands around something comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    start: u32,
    end: std::cmp::Reverse<u32>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Policy,
    Branch,
    Expression,
    Condition,
}

#[derive(Debug, Clone, Copy, Default)]
struct Hits {
    ran: u64,
    truths: u64,
    falsehoods: u64,
}

/// How many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    covered: u64,
    all: u64,
}

impl Share {
    fn add(&mut self, is_covered: bool) {
        self.all += 1;
        self.covered += u64::from(is_covered);
    }

    fn and(self, other: Self) -> Self {
        Self {
            covered: self.covered + other.covered,
            all: self.all + other.all,
        }
    }

    /// 100 of nothing.
    fn percent(self) -> f64 {
        match self.all {
            0 => 100.0,
            all => self.covered as f64 * 100.0 / all as f64,
        }
    }
}

impl Hits {
    fn and(self, other: Self) -> Self {
        Self {
            ran: self.ran.saturating_add(other.ran),
            truths: self.truths.saturating_add(other.truths),
            falsehoods: self.falsehoods.saturating_add(other.falsehoods),
        }
    }
}

impl Key {
    fn of(span: Span, kind: Kind) -> Self {
        Self {
            start: span.start,
            end: std::cmp::Reverse(span.end),
            kind,
        }
    }
}

impl File {
    fn new(source: &SourceFile) -> Self {
        Self {
            source: source.clone(),
            items: BTreeMap::new(),
            sections: BTreeMap::new(),
        }
    }

    fn is(&self, source: &SourceFile) -> bool {
        self.source.name() == source.name() && self.source.text() == source.text()
    }

    fn add(&mut self, key: Key, hits: Hits) {
        let known = self.items.entry(key).or_default();
        *known = known.and(hits);
    }

    fn line(&self, key: Key) -> u32 {
        self.source.position(key.start).line
    }

    /// How much of a kind ran; conditions count twice, once for each outcome.
    fn share(&self, kind: Kind) -> Share {
        let mut share = Share::default();
        for (key, hits) in self.items.iter().filter(|(key, _)| key.kind == kind) {
            match key.kind {
                Kind::Condition => {
                    share.add(hits.truths > 0);
                    share.add(hits.falsehoods > 0);
                }
                _ => share.add(hits.ran > 0),
            }
        }
        share
    }

    fn sections(&self) -> Share {
        let mut share = Share::default();
        self.sections.values().for_each(|ran| share.add(*ran > 0));
        share
    }

    fn all(&self) -> Share {
        let kinds = [
            Kind::Policy,
            Kind::Branch,
            Kind::Expression,
            Kind::Condition,
        ];
        let shares = kinds.map(|kind| self.share(kind));
        shares.into_iter().fold(self.sections(), Share::and)
    }
}

impl Coverage {
    /// Adds what a run came through. What never ran counts too, from the first time that its plan is seen.
    pub fn add(&mut self, plan: &Plan, trace: &Trace) {
        let (visits, sources) = (trace.visits(), plan.sources());
        let mut files: HashMap<FileId, Option<usize>> = HashMap::new();
        let mut seen = HashSet::new();
        let mut index = |coverage: &mut Self, file: FileId| {
            *files.entry(file).or_insert_with(|| {
                let source = sources.get(file)?;
                (source.name() != BUILT_IN).then(|| coverage.file(source))
            })
        };
        for place in plan.places() {
            let Some(at) = index(self, place.span.file) else {
                continue;
            };
            let Some(file) = self.files.get_mut(at).filter(|_| seen.insert(place.span)) else {
                continue;
            };
            let ran = visits.count(place.span);
            let hits = Hits {
                ran,
                ..Hits::default()
            };
            let kind = match place.kind {
                PlaceKind::Policy => Kind::Policy,
                PlaceKind::Branch => Kind::Branch,
            };
            file.add(Key::of(place.span, kind), hits);
            if !place.path.contains('/') {
                let section = Section::ALL.iter().position(|one| *one == place.section);
                *file
                    .sections
                    .entry(section.unwrap_or_default())
                    .or_default() += ran;
            }
        }
        for expression in plan.expressions() {
            let span = expression.span();
            let Some(at) = index(self, span.file) else {
                continue;
            };
            let Some(file) = self.files.get_mut(at).filter(|_| seen.insert(span)) else {
                continue;
            };
            let mut outcomes = visits.outcomes(span).iter();
            let mut next = || {
                let outcomes = outcomes.next().copied().unwrap_or_default();
                Hits {
                    ran: outcomes.ran,
                    truths: outcomes.truths,
                    falsehoods: outcomes.falsehoods,
                }
            };
            file.add(Key::of(span, Kind::Expression), next());
            for part in expression.parts() {
                let hits = next();
                if part.is_condition {
                    file.add(Key::of(part.span, Kind::Condition), hits);
                }
            }
        }
    }

    /// Leaves out a policy or branch that nothing can reach, with all in it; or, of a branch, one outcome of its condition
    /// that never comes. What was covered all the same stays.
    pub fn leave_out(&mut self, plan: &Plan, place: Span, outcome: Option<bool>) {
        let Some(source) = plan.sources().get(place.file) else {
            return;
        };
        let Some(file) = self.files.iter_mut().find(|file| file.is(source)) else {
            return;
        };
        let inside = |key: &Key| place.start <= key.start && key.end.0 <= place.end;
        match outcome {
            None => file.items.retain(|key, hits| !inside(key) || hits.ran > 0),
            Some(outcome) => {
                let mut items = file.items.iter_mut();
                let condition = items.find(|(key, _)| inside(key) && key.kind == Kind::Condition);
                if let Some((_, hits)) = condition {
                    let count = match outcome {
                        true => &mut hits.truths,
                        false => &mut hits.falsehoods,
                    };
                    *count = (*count).max(1);
                }
            }
        }
    }

    /// Adds what others came through.
    pub fn merge(&mut self, other: Self) {
        for file in other.files {
            let at = self.file(&file.source);
            let Some(own) = self.files.get_mut(at) else {
                continue;
            };
            file.items
                .into_iter()
                .for_each(|(key, hits)| own.add(key, hits));
            for (section, ran) in file.sections {
                *own.sections.entry(section).or_default() += ran;
            }
        }
    }

    /// How much ran, in percent of all sections, policies, branches, expressions and outcomes of conditions; 100 if there
    /// are none.
    pub fn percent(&self) -> f64 {
        let shares = self.files.iter().map(File::all);
        shares.fold(Share::default(), Share::and).percent()
    }

    /// The place of a file, which is added if it is not known.
    fn file(&mut self, source: &SourceFile) -> usize {
        let known = self.files.iter().position(|file| file.is(source));
        known.unwrap_or_else(|| {
            self.files.push(File::new(source));
            self.files.len() - 1
        })
    }

    /// The files by name.
    fn sorted(&self) -> Vec<&File> {
        let mut files: Vec<&File> = self.files.iter().collect();
        files.sort_by_key(|file| (file.source.name(), file.source.text()));
        files
    }
}
