//! Where a machine goes, in a cloud that has zones: machines of one environment stand apart, and who was refused for lack of room tries
//! the next zone.

use uuid::Uuid;

/// The zone of a machine that was ordered in these before, if the environment's other machines are in those.
///
/// It belongs to the intent and is written down with it: in another zone the same token is another machine.
#[must_use]
pub fn zone<'a>(zones: &'a [String], environment: Uuid, tried: &[String], others: &[&str]) -> Option<&'a str> {
    let apart: Vec<_> = zones.iter().map(String::as_str).filter(|zone| !others.contains(zone)).collect();
    let candidates: Vec<_> = if apart.is_empty() { zones.iter().map(String::as_str).collect() } else { apart };
    // Environments begin in different zones, so that a class fills all of them.
    let begin = u128::try_from(candidates.len()).ok().and_then(|count| environment.as_u128().checked_rem(count))?;
    let turned = candidates.iter().cycle().skip(usize::try_from(begin).unwrap_or(0)).take(candidates.len());
    // Of those that were tried least often, the first.
    turned.copied().min_by_key(|zone| tried.iter().filter(|before| before == zone).count())
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
        let first = zone(&zones, SOMEBODY, &[], &[]).expect("a zone");
        let mut tried = Vec::new();
        for _ in 1..10 {
            let next = zone(&zones, SOMEBODY, &tried, &[first]).expect("a zone");
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
                tried.extend(zone(&zones, SOMEBODY, &tried, &[]).map(str::to_owned));
            }
            tried.sort_unstable();
            assert_eq!(tried, ["a", "b", "c"]);
        }
    }

    #[test]
    fn a_cloud_without_zones_has_none() {
        assert_eq!(zone(&[], SOMEBODY, &[], &[]), None);
        assert_eq!(zone(&["a".to_owned()], SOMEBODY, &[], &["a"]), Some("a"), "better together than not at all");
    }
}
