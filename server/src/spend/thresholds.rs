//! Thresholds: people are told when so much of a budget is spent, each time once.
//!
//! What was told is written down. A budget that was made larger takes back what is no longer so, and that may be told again.

use std::collections::{BTreeMap, BTreeSet};

use app::domain::course::Role;
use app::domain::ids::PersonId;
use app::domain::money::Money;
use app::domain::news::{Budget, News};

use super::accounts::Accounts;
use crate::db::{Db, budgets, courses, notices};

/// How much of a budget is spent, in whole hundredths. One of nothing is spent.
pub(super) fn percent(spent: i64, allowed: i64) -> u8 {
    if allowed <= 0 {
        return 100;
    }
    u8::try_from((i128::from(spent.max(0)) * 100 / i128::from(allowed)).min(100)).unwrap_or(100)
}

/// What is to be told: the highest that was reached and is higher than all that was told; and what was told is no longer so.
pub(super) fn news(tell_at: &[u8], percent: u8, told: &BTreeSet<u8>) -> (Option<u8>, bool) {
    let reached = tell_at.iter().copied().filter(|at| *at <= percent).max();
    let highest = told.iter().next_back().copied();
    (reached.filter(|reached| highest.is_none_or(|highest| highest < *reached)), highest.is_some_and(|highest| highest > percent))
}

/// Tells whoever has to be told by now. The caller holds the course's lock.
///
/// # Errors
/// As the database.
pub async fn tell(db: &mut Db, accounts: &Accounts) -> sqlx::Result<()> {
    if accounts.allowed.is_unlimited() {
        return Ok(());
    }
    let course = accounts.purse.course;
    let (tell_at, told) = budgets::told(db, course).await?;
    let nothing = BTreeSet::new();
    let mut accounts_of = BTreeMap::<Option<PersonId>, (i64, i64)>::new();
    if let Some(allowed) = accounts.allowed.course {
        accounts_of.insert(None, (accounts.of_all().0, allowed));
    }
    for (person, spent) in accounts.spent_by_person() {
        if let Some(allowed) = accounts.allowed.of(*person) {
            accounts_of.insert(Some(*person), (*spent, allowed));
        }
    }
    for (person, (spent, allowed)) in accounts_of {
        let percent = percent(spent, allowed);
        let (reached, is_undone) = news(&tell_at, percent, told.get(&person).unwrap_or(&nothing));
        if is_undone {
            budgets::untell_above(db, course, person, percent).await?;
        }
        let Some(reached) = reached else { continue };
        // The lower ones are told with it: a grant takes back what is no longer so, and nobody is told of less than before.
        for at in tell_at.iter().filter(|at| **at <= reached) {
            budgets::tell(db, course, person, *at).await?;
        }
        let money = |micros| Money::new(accounts.purse.currency, micros);
        let budget = if person.is_some() { Budget::Own } else { Budget::Course };
        let told = News::BudgetReached { budget, percent: reached, spent: money(spent), allowed: money(allowed) };
        let people = match person {
            Some(person) => vec![person],
            None => courses::with_role(db, course, Role::Instructor).await?,
        };
        notices::tell(db, &people, Some(course), None, &told).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_threshold_is_told_once_and_the_highest_alone() {
        let (at, told) = ([50, 80, 100], |told: &[u8]| told.iter().copied().collect::<BTreeSet<_>>());
        assert_eq!(news(&at, 49, &told(&[])), (None, false));
        assert_eq!(news(&at, 50, &told(&[])), (Some(50), false));
        assert_eq!(news(&at, 79, &told(&[50])), (None, false));
        assert_eq!(news(&at, 97, &told(&[])), (Some(80), false), "one notice, not two");
        assert_eq!(news(&at, 100, &told(&[50, 80])), (Some(100), false));
        assert_eq!(news(&at, 60, &told(&[50, 80])), (None, true), "a larger budget: 80 may be told again");
        assert_eq!(news(&[], 100, &told(&[])), (None, false), "nobody wants to know");
    }

    #[test]
    fn a_hundredth_is_reached_when_it_is_spent_and_not_before() {
        assert_eq!((percent(499_999, 1_000_000), percent(500_000, 1_000_000)), (49, 50));
        assert_eq!((percent(999_999, 1_000_000), percent(i64::MAX, 1)), (99, 100));
        assert_eq!((percent(0, 0), percent(-5, 10)), (100, 0));
    }
}
