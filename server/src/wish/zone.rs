//! Where a machine goes, in a cloud that has zones: machines of one environment stand apart, and who was refused for lack of room tries
//! the next zone.

use uuid::Uuid;

/// What a machine's zone depends on beside those that there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Where it was ordered before, without success.
    pub tried: &'a [String],
    /// Where its holder wants it.
    pub chosen: Option<&'a str>,
    /// Where the first machine is, if it is a copy of that.
    pub first: Option<&'a str>,
    /// Where the environment's other machines are.
    pub others: &'a [&'a str],
}

/// The zone of a machine: where its holder wants it, as long as that was not tried; else apart from all others, from the first at least, or anywhere.
///
/// It belongs to the intent and is written down with it: in another zone the same token is another machine.
#[must_use]
pub fn zone<'a>(zones: &'a [String], environment: Uuid, wanted: &Wanted<'_>) -> Option<&'a str> {
    let was_tried = |zone: &str| wanted.tried.iter().filter(|before| *before == zone).count();
    if let Some(chosen) = zones.iter().find(|zone| wanted.chosen == Some(zone.as_str()) && was_tried(zone) == 0) {
        return Some(chosen);
    }
    let apart_from = |taken: &[&str]| zones.iter().map(String::as_str).filter(|zone| !taken.contains(zone)).collect::<Vec<_>>();
    let first: Vec<_> = wanted.first.into_iter().collect();
    let candidates = [wanted.others, &first, &[]].map(apart_from).into_iter().find(|candidates| !candidates.is_empty())?;
    // Environments begin in different zones, so that a class fills all of them.
    let begin = u128::try_from(candidates.len()).ok().and_then(|count| environment.as_u128().checked_rem(count))?;
    let turned = candidates.iter().cycle().skip(usize::try_from(begin).unwrap_or(0)).take(candidates.len());
    // Of those that were tried least often, the first.
    turned.copied().min_by_key(|zone| was_tried(zone))
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
        let first = zone(&zones, SOMEBODY, &Wanted::default()).expect("a zone");
        let mut tried = Vec::new();
        for _ in 1..10 {
            let next = zone(&zones, SOMEBODY, &Wanted { tried: &tried, others: &[first], ..Wanted::default() }).expect("a zone");
            assert_ne!(next, first);
            tried.push(next.to_owned());
        }
    }

    #[test]
    fn who_is_refused_comes_through_every_zone() {
        let zones = zones();
        for first in &zones {
            // A launch with others may have taken it to any zone.
            let mut tried = vec![first.clone()];
            while tried.len() < 3 {
                let next = zone(&zones, SOMEBODY, &Wanted { tried: &tried, ..Wanted::default() }).map(str::to_owned);
                tried.extend(next);
            }
            tried.sort_unstable();
            assert_eq!(tried, ["a", "b", "c"]);
        }
    }

    #[test]
    fn a_cloud_without_zones_has_none() {
        assert_eq!(zone(&[], SOMEBODY, &Wanted::default()), None);
        let together = Wanted { first: Some("a"), others: &["a"], ..Wanted::default() };
        assert_eq!(zone(&["a".to_owned()], SOMEBODY, &together), Some("a"), "better together than not at all");
    }

    #[test]
    fn a_copy_goes_where_its_holder_wants_it_and_elsewhere_when_there_is_no_room() {
        let zones = zones();
        let wanted = Wanted { chosen: Some("c"), first: Some("a"), others: &["a"], ..Wanted::default() };
        assert_eq!(zone(&zones, SOMEBODY, &wanted), Some("c"));
        let refused = ["c".to_owned()];
        assert_eq!(zone(&zones, SOMEBODY, &Wanted { tried: &refused, ..wanted }), Some("b"));
        assert_ne!(zone(&zones, SOMEBODY, &Wanted { chosen: Some("moon"), ..wanted }), Some("a"));
    }

    #[test]
    fn more_copies_than_zones_stand_apart_from_the_first_machine_all_the_same() {
        let zones = ["a".to_owned(), "b".to_owned()];
        for somebody in 0..4 {
            let wanted = Wanted { first: Some("a"), others: &["a", "b"], ..Wanted::default() };
            assert_eq!(zone(&zones, Uuid::from_u128(somebody), &wanted), Some("b"));
        }
    }
}
