//! "Did you mean …?"

/// The candidate that is closest to `name`, if one is close enough to have been meant.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        // Hostile names may be long; the distance takes time by the product of both lengths.
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= allowed)
        .map(|candidate| {
            let distance =
                strsim::osa_distance(&name.to_ascii_lowercase(), &candidate.to_ascii_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The help line that names the closest candidate.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    closest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_is_close_and_nothing_else() {
        let names = ["set-header", "set-body", "choose"];
        assert_eq!(closest("set-heder", names), Some("set-header"));
        assert_eq!(closest("Set-Body", names), Some("set-body"));
        assert_eq!(closest("chose", names), Some("choose"));
        assert_eq!(closest("rewrite", names), None);
    }
}
