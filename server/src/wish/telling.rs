//! What visitors ask machines by may change while they run: a balancer comes before them, and its name with it. So may where they find what
//! they share.

use super::plan::{Action, Plan};
use super::{First, Wish, World};

/// What a machine was told last that it is asked by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The names and addresses in its settings.
    pub host_names: Vec<String>,
    /// Where what it shares with the others is, as [`First::text`] says it.
    pub first_at: Option<String>,
    /// It was ordered to fetch its settings a moment ago, or has not said yet that it did; its word wakes the environment.
    pub is_ordered: bool,
}

/// Lets machines know what they are asked by, where something is new.
pub(super) fn plan_telling(plan: &mut Plan, wish: &Wish, world: &World) {
    for (slot, told) in world.told.iter().filter(|(slot, told)| !told.is_ordered && world.machine_runs(**slot)) {
        if wish.host_names(world, *slot).iter().any(|name| !told.host_names.contains(name)) {
            plan.now.push((Action::Tell(*slot), "visitors ask for it by another name, too"));
            continue;
        }
        let first = wish.first(world, *slot);
        if first != First::Unknown && first.text() != told.first_at.as_deref() {
            plan.now.push((Action::Tell(*slot), "what machines share is elsewhere"));
        }
    }
}
