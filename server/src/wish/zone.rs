//! Where a machine goes, in a cloud that has zones: machines of one environment stand apart, and who was refused for lack of room tries
//! the next zone.

use uuid::Uuid;

/// The zone of a machine that was made so often before, if the environment's other machines are in these.
///
/// It belongs to the intent and is written down with it: in another zone the same token is another machine.
#[must_use]
pub fn zone<'a>(zones: &'a [String], environment: Uuid, incarnation: u16, others: &[&str]) -> Option<&'a str> {
    let apart: Vec<_> = zones.iter().map(String::as_str).filter(|zone| !others.contains(zone)).collect();
    let candidates: Vec<_> = if apart.is_empty() { zones.iter().map(String::as_str).collect() } else { apart };
    // Environments begin in different zones, so that a class fills all of them.
    let begin = u128::try_from(candidates.len()).ok().and_then(|count| environment.as_u128().checked_rem(count))?;
    let place = usize::try_from(begin).unwrap_or(0) + usize::from(incarnation.saturating_sub(1));
    candidates.get(place % candidates.len()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOMEBODY: Uuid = Uuid::from_u128(7);

    fn zones() -> Vec<String> {
        ["a", "b", "c"].map(String::from).to_vec()
    }

    #[test]
    fn a_copy_stands_in_another_zone() {
        let zones = zones();
        let first = zone(&zones, SOMEBODY, 1, &[]).expect("a zone");
        for incarnation in 1..10 {
            assert_ne!(zone(&zones, SOMEBODY, incarnation, &[first]), Some(first));
        }
    }

    #[test]
    fn who_is_refused_comes_through_every_zone() {
        let zones = zones();
        let mut seen: Vec<_> = (1..=3).filter_map(|incarnation| zone(&zones, SOMEBODY, incarnation, &[])).collect();
        seen.sort_unstable();
        assert_eq!(seen, ["a", "b", "c"]);
    }

    #[test]
    fn a_cloud_without_zones_has_none() {
        assert_eq!(zone(&[], SOMEBODY, 1, &[]), None);
        assert_eq!(zone(&["a".to_owned()], SOMEBODY, 1, &["a"]), Some("a"), "better together than not at all");
    }
}
