//! When a machine may ask for a certificate, or a balancer that is one: once its name leads to it, because authorities count failures, and when
//! it is its turn.

use cloud::{Kind, Observed};
use time::OffsetDateTime;

use super::plan::{Action, Plan, Until};
use super::{Holding, Wish, World};

/// A permit that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitSeen {
    /// From when on it holds.
    pub at: OffsetDateTime,
    /// Whether who asks heard of it, or was ordered to look.
    pub is_told: bool,
}

impl Wish {
    /// Whether its balancer gets a certificate by itself: it is a machine, and has a name of its own.
    #[must_use]
    pub fn is_asked_for_by_balancer(&self) -> bool {
        self.is_secured() && self.is_scaled_out() && self.nature.balancers_are_machines && !self.nature.has(Kind::Certificate)
    }

    /// What its balancer should have been told of that, as a digest.
    #[must_use]
    pub fn balancer_asks(&self, world: &World) -> Option<String> {
        let authority = self.authority.as_ref().filter(|_| self.is_asked_for_by_balancer())?;
        Some(authority.digest(&self.balancer_name(), world.balancer_may_ask()))
    }
}

impl World {
    /// Whether the balancer may ask for a certificate now.
    #[must_use]
    pub fn balancer_may_ask(&self) -> bool {
        self.balancer_permit.is_some_and(|permit| permit.is_told)
    }
}

/// Gives permits, and lets those know that came up before it was their turn.
pub(super) fn plan_permits(plan: &mut Plan, wish: &Wish, world: &World, now: OffsetDateTime) {
    if wish.is_secured() && world.machine_runs(1) {
        // What boots fetches its settings, and finds it there.
        let hears = || if world.is_booted() { None } else { Some(Until::Booted) };
        let is_led_to = || world.first(Kind::Binding).is_some_and(Holding::is_there);
        let missing = || is_named(world, 1).or_else(|| (!is_led_to()).then_some(Until::There(Kind::Binding, 1)));
        plan_permit(plan, Kind::Machine, world.permit, (missing, hears), now);
    }
    if wish.is_asked_for_by_balancer() {
        let is_active = |balancer: &Holding| matches!(balancer.listed, Some(Observed::Balancer { is_active: true, .. }));
        let hears = || world.first(Kind::Listener).is_none_or(|listener| !listener.is_there()).then_some(Until::There(Kind::Listener, 1));
        let missing = || is_named(world, 2).or_else(|| (!world.first(Kind::Balancer).is_some_and(is_active)).then_some(Until::Active));
        plan_permit(plan, Kind::Balancer, world.balancer_permit, (missing, hears), now);
    }
}

/// `missing`: what it has to wait for before it can ask; `hears`: before it can be told.
fn plan_permit(
    plan: &mut Plan,
    of: Kind,
    permit: Option<PermitSeen>,
    (missing, hears): (impl Fn() -> Option<Until>, impl Fn() -> Option<Until>),
    now: OffsetDateTime,
) {
    let action = Action::Permit(of);
    let waits_for = match permit {
        Some(permit) if permit.is_told => return,
        Some(permit) if permit.at > now => Some(Until::Time(permit.at)),
        Some(_) => hears(),
        None => missing(),
    };
    match (waits_for, permit) {
        (Some(until), _) => plan.waiting.push((action, until)),
        (None, Some(_)) => plan.now.push((action, "its turn has come")),
        (None, None) => plan.now.push((action, "its name leads to it")),
    }
}

/// What a name still needs before an authority finds it.
fn is_named(world: &World, slot: u16) -> Option<Until> {
    match world.of(Kind::Record, slot).and_then(|record| record.listed.as_ref()) {
        Some(Observed::Record { is_in_sync: true, is_out: false, .. }) => None,
        Some(_) => Some(Until::InSync),
        None => Some(Until::There(Kind::Record, slot)),
    }
}
