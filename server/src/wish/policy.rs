//! Automatic scaling as a judgement: pure, over minutes that are over.
//!
//! A machine is added if and only if there are fewer than the least; or there is room, the last [`HOT`] minutes are all known, and each was
//! above the limit. One leaves if and only if there are more than the most; or there are more than the least, the last [`CALM`] minutes are
//! all known, and in each the others would have been well below the limit without it. After a change nothing is changed within the
//! cooldown. A minute that is not known is no reason for anything.

use app::domain::scaling::{Because, Limit, Policy};
use time::Duration;

/// So many minutes above the limit are no passing peak.
pub const HOT: u16 = 3;
/// So many minutes below it are no passing calm.
pub const CALM: u16 = 10;

/// What a policy wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One machine more.
    More(Because),
    /// One fewer.
    Fewer(Because),
    /// As many as there are.
    Stay,
}

/// Judges the newest minutes, the last one last: how much of what the policy looks at was seen; `None`: nobody knows.
#[must_use]
pub fn judge(policy: &Policy, machines: u16, minutes: &[Option<u32>], since_change: Option<Duration>) -> Verdict {
    if since_change.is_some_and(|since| since < Duration::minutes(i64::from(policy.cooldown_minutes))) {
        return Verdict::Stay;
    }
    if machines < policy.least {
        return Verdict::More(Because::Bounds);
    }
    if machines > policy.most.max(policy.least) {
        return Verdict::Fewer(Because::Bounds);
    }
    let limit = policy.limit;
    let last = |count: u16| -> Option<Vec<u32>> {
        let first = minutes.len().checked_sub(usize::from(count))?;
        minutes[first..].iter().copied().collect()
    };
    if let Some(hot) = last(HOT)
        && let Some(seen) = hot.into_iter().min().filter(|seen| *seen > limit.amount() && machines < policy.most)
    {
        return Verdict::More(Because::Above { limit, seen, minutes: HOT });
    }
    if let Some(calm) = last(CALM)
        && let Some(seen) = calm.into_iter().max().filter(|seen| is_enough_without_one(limit, *seen, machines) && machines > policy.least)
    {
        return Verdict::Fewer(Because::Below { limit, seen, minutes: CALM });
    }
    Verdict::Stay
}

/// Whether one machine fewer would stay well below the limit, so that it is not added again at once.
fn is_enough_without_one(limit: Limit, seen: u32, machines: u16) -> bool {
    let (seen, amount) = (u64::from(seen), u64::from(limit.amount()));
    match limit {
        // The same work on the others: at most seven tenths of the limit.
        Limit::Cpu(_) => machines > 1 && seen * u64::from(machines) * 10 <= amount * u64::from(machines - 1) * 7,
        // How long a page takes does not say how it would be with fewer: only if it is quick by far.
        Limit::Response(_) => seen * 2 <= amount,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BY_CPU: Policy = Policy { least: 1, most: 3, limit: Limit::Cpu(80), cooldown_minutes: 5 };

    fn minutes(seen: u32, count: usize) -> Vec<Option<u32>> {
        vec![Some(seen); count]
    }

    #[test]
    fn three_hot_minutes_bring_a_machine_and_two_do_not() {
        let because = Because::Above { limit: Limit::Cpu(80), seen: 93, minutes: 3 };
        assert_eq!(judge(&BY_CPU, 1, &minutes(93, 3), None), Verdict::More(because));
        assert_eq!(judge(&BY_CPU, 1, &minutes(93, 2), None), Verdict::Stay);
        assert_eq!(judge(&BY_CPU, 1, &[Some(93), Some(79), Some(93)], None), Verdict::Stay, "a passing peak");
        assert_eq!(judge(&BY_CPU, 1, &[Some(93), None, Some(93)], None), Verdict::Stay, "what is not known is no reason");
        assert_eq!(judge(&BY_CPU, 3, &minutes(93, 3), None), Verdict::Stay, "it has all it may have");
        assert_eq!(judge(&BY_CPU, 1, &minutes(93, 3), Some(Duration::minutes(4))), Verdict::Stay, "it was changed a while ago");
    }

    #[test]
    fn ten_calm_minutes_take_one_away_if_the_others_can_bear_its_work() {
        let because = Because::Below { limit: Limit::Cpu(80), seen: 20, minutes: 10 };
        assert_eq!(judge(&BY_CPU, 2, &minutes(20, 10), None), Verdict::Fewer(because));
        assert_eq!(judge(&BY_CPU, 2, &minutes(40, 10), None), Verdict::Stay, "one alone would be at 80");
        assert_eq!(judge(&BY_CPU, 2, &minutes(20, 9), None), Verdict::Stay);
        assert_eq!(judge(&BY_CPU, 1, &minutes(0, 10), None), Verdict::Stay, "the first machine stays");
        let by_response = Policy { limit: Limit::Response(1_000), ..BY_CPU };
        assert_eq!(judge(&by_response, 2, &minutes(600, 10), None), Verdict::Stay);
        assert!(matches!(judge(&by_response, 2, &minutes(300, 10), None), Verdict::Fewer(_)));
    }

    #[test]
    fn bounds_hold_whatever_is_seen() {
        let two = Policy { least: 2, ..BY_CPU };
        assert_eq!(judge(&two, 1, &[], None), Verdict::More(Because::Bounds));
        assert_eq!(judge(&two, 4, &[], None), Verdict::Fewer(Because::Bounds));
        assert_eq!(judge(&two, 2, &minutes(0, 10), None), Verdict::Stay);
    }

    proptest! {
        #[test]
        fn work_that_stays_as_it_is_never_makes_machines_come_and_go(work in 0..400_u32, first in 1..=3_u16, share in 50..=90_u32) {
            let policy = Policy { limit: Limit::Cpu(share), ..BY_CPU };
            let mut machines = first;
            let mut last = None;
            for _ in 0..20 {
                let seen = (work / u32::from(machines)).min(100);
                let verdict = judge(&policy, machines, &minutes(seen, 10), None);
                let step = match verdict { Verdict::More(_) => 1, Verdict::Fewer(_) => -1, Verdict::Stay => 0 };
                prop_assert!(last.is_none_or(|last: i32| last * step >= 0), "it went {last:?}, then {step}");
                machines = machines.checked_add_signed(i16::try_from(step).expect("small")).expect("bounds hold");
                if step != 0 {
                    last = Some(step);
                }
            }
        }
    }
}
