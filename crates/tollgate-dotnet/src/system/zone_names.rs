//! What people call time zones.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The names of one zone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    /// Its IANA name.
    pub(super) id: &'static str,
    pub(super) standard: &'static str,
    pub(super) daylight: &'static str,
    /// What follows the offset in `DisplayName`.
    pub(super) display: &'static str,
    /// Windows' name; empty if it has none.
    pub(super) windows: &'static str,
}

/// All zones that have names, by their IANA names.
pub(super) static ZONES: LazyLock<Vec<Names>> = LazyLock::new(|| {
    let lines = include_str!("zone_names.tsv").lines().skip(1);
    let mut zones: Vec<Names> = lines
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let mut next = || columns.next();
            Some(Names {
                id: next()?,
                standard: next()?,
                daylight: next()?,
                display: next()?,
                windows: next()?,
            })
        })
        .collect();
    zones.sort_by_key(|names| names.id);
    zones
});

/// The names of the zone with this IANA name, in any case.
pub(super) fn names(id: &str) -> Option<&'static Names> {
    static PLACES: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
        let ids = ZONES.iter().map(|names| names.id.to_ascii_lowercase());
        ids.zip(0..).collect()
    });
    ZONES.get(*PLACES.get(&id.to_ascii_lowercase())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        assert_eq!(
            ZONES.len(),
            include_str!("zone_names.tsv").lines().count() - 1
        );
        let paris = names("europe/paris");
        assert!(paris.is_some_and(|names| names.windows == "Romance Standard Time"));
    }
}
