//! When a machine may ask for a certificate: once its name leads to it, because authorities count failures, and when it is its turn.

use cloud::{Kind, Observed};
use time::OffsetDateTime;

use super::plan::{Action, Plan, Until};
use super::{Holding, Wish, World};

/// A permit that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitSeen {
    /// From when on it holds.
    pub at: OffsetDateTime,
    /// Whether the machine heard of it, or was ordered to look.
    pub is_told: bool,
}

/// Gives a permit, and lets a machine know that came up before it was its turn.
pub(super) fn plan_permit(plan: &mut Plan, wish: &Wish, world: &World, now: OffsetDateTime) {
    if !wish.is_secured() || !world.machine_runs(1) {
        return;
    }
    match world.permit {
        Some(permit) if permit.is_told => {}
        Some(permit) if permit.at > now => plan.waiting.push((Action::Permit, Until::Time(permit.at))),
        // What boots fetches its settings, and finds it there.
        Some(_) if !world.is_booted() => plan.waiting.push((Action::Permit, Until::Booted)),
        Some(_) => plan.now.push((Action::Permit, "its turn has come")),
        None => match what_is_missing(world) {
            Some(until) => plan.waiting.push((Action::Permit, until)),
            None => plan.now.push((Action::Permit, "its name leads to it")),
        },
    }
}

fn what_is_missing(world: &World) -> Option<Until> {
    match world.first(Kind::Record).and_then(|record| record.listed.as_ref()) {
        Some(Observed::Record { is_in_sync: true, is_out: false, .. }) => {}
        Some(_) => return Some(Until::InSync),
        None => return Some(Until::There(Kind::Record, 1)),
    }
    let is_bound = world.first(Kind::Binding).is_some_and(Holding::is_there);
    (!is_bound).then_some(Until::There(Kind::Binding, 1))
}
