//! What is said of money.

use super::{About, Sentence};
use crate::domain::money::Money;
use crate::domain::price::Cost;

/// What things cost, and what may be spent.
pub(crate) struct Costs {
    pub(crate) money: fn(Money) -> String,
    pub(crate) heading: Sentence,
    pub(crate) cost: fn(Cost) -> Sentence,
    /// How many, or how many GiB.
    pub(crate) count: fn(Cost, u32) -> String,
    pub(crate) running: Sentence,
    pub(crate) stopped: Sentence,
    /// In all until the lease ends, before a moment.
    pub(crate) until_lease: Sentence,
    pub(crate) line_by_line: Sentence,
    pub(crate) what: Sentence,
    pub(crate) amount: Sentence,
    pub(crate) running_head: Sentence,
    pub(crate) stopped_head: Sentence,
    pub(crate) sum: Sentence,
    /// So much is set aside; so much is left, if there is a budget.
    pub(crate) set_aside: fn(Money, Option<Money>) -> String,
    /// It needs so much, and so much is left.
    pub(crate) does_not_fit: fn(Money, Money) -> String,
    pub(crate) lesson: Sentence,
    pub(crate) size: Sentence,
    /// A size with its price for an hour, and whether the budget has room for it.
    pub(crate) size_at: fn(&str, Option<Money>, bool) -> String,
    pub(crate) so_far: Sentence,
    pub(crate) an_hour_now: fn(Money) -> String,
    pub(crate) details: Sentence,
    /// There is no more to set aside; before the moment until which it runs.
    pub(crate) short: Sentence,
    pub(crate) used_up: Sentence,
    pub(crate) not_all: fn(&str) -> String,
    pub(crate) title: About,
    pub(crate) while_stopped_title: Sentence,
    pub(crate) while_stopped: fn(Money, Money) -> String,
    pub(crate) by_day: Sentence,
    pub(crate) in_figures: Sentence,
    pub(crate) day: Sentence,
    pub(crate) by_kind: Sentence,
    pub(crate) nothing_yet: Sentence,
    pub(crate) lease: Sentence,
    /// Before a moment.
    pub(crate) lease_until: Sentence,
    /// What it will have cost then, if it goes on like this.
    pub(crate) projection: fn(Money) -> String,
    pub(crate) extend: fn(u16) -> String,
    pub(crate) course_title: About,
    pub(crate) budget: Sentence,
    pub(crate) no_budget: Sentence,
    pub(crate) allowed: Sentence,
    pub(crate) spent: Sentence,
    pub(crate) held: Sentence,
    pub(crate) left: Sentence,
    pub(crate) whole_course: Sentence,
    pub(crate) each_person: Sentence,
    pub(crate) set_title: Sentence,
    pub(crate) set_lead: Sentence,
    pub(crate) set_course: Sentence,
    pub(crate) set_each: Sentence,
    pub(crate) set_hint: fn(&str) -> String,
    pub(crate) reason: Sentence,
    pub(crate) reason_hint: Sentence,
    pub(crate) set: Sentence,
    pub(crate) grant_title: Sentence,
    pub(crate) grant_to: Sentence,
    pub(crate) grant_amount: Sentence,
    pub(crate) grant: Sentence,
    pub(crate) by_student: Sentence,
    pub(crate) student: Sentence,
    pub(crate) by_environment: Sentence,
    /// The machine that an image is baked on; nobody holds it.
    pub(crate) bake: Sentence,
    pub(crate) environment: Sentence,
    pub(crate) history: Sentence,
    pub(crate) when: Sentence,
    pub(crate) who: Sentence,
    pub(crate) operator: Sentence,
    pub(crate) csv: Sentence,
    pub(crate) at_the_limit: Sentence,
    pub(crate) machines_head: Sentence,
    pub(crate) held_head: Sentence,
    pub(crate) fits_head: Sentence,
    pub(crate) fits: fn(bool) -> Sentence,
    pub(crate) by_machines: Sentence,
}
