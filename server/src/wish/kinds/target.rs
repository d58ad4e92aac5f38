//! A machine's place behind the balancer. It is out before its machine stops, and after the name if the whole balancer goes.

use cloud::{Health, Kind, Observed};

use super::{Care, Rules, Wanted, first_held, need, wanted_by_course};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Wish, World};

pub(super) struct Target;

impl Rules for Target {
    fn wanted(&self, wish: &Wish, _world: &World, slot: u16) -> Wanted {
        let is_wanted = wish.is_scaled_out() && slot <= wish.machines() && !wish.options.set_apart.contains(&slot);
        wanted_by_course(wish, is_wanted)
    }

    fn needs(&self, _wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        // A copy is not itself before its boot is complete: until then it would answer as the first machine.
        need(world, Kind::TargetGroup, 1)
            .or_else(|| if world.machine_runs(slot) { None } else { Some(Until::MachineRuns(slot)) })
            .or_else(|| if slot == 1 || world.is_copy_booted(slot) { None } else { Some(Until::CopyBooted(slot)) })
    }

    fn is_held_by(&self, wish: &Wish, world: &World, _slot: u16) -> Option<Until> {
        if wish.is_kept() && wish.is_scaled_out() { None } else { first_held(world, [(Kind::Record, 2)]) }
    }

    fn care(&self, wish: &Wish, world: &World, slot: u16, holding: &Holding) -> Care {
        let of = world.of(Kind::Machine, slot).and_then(|machine| machine.cloud_id.as_deref());
        match &holding.listed {
            Some(Observed::Target { machine, .. }) if of.is_some_and(|of| of != machine) => {
                Care::Now(Action::Release(Kind::Target, slot), "it is another machine's")
            }
            // It was put back while it finished its last requests.
            Some(Observed::Target { health: Health::Draining, .. }) if wish.is_up() => {
                Care::Wait(Action::Make(Kind::Target, slot), Until::Drained)
            }
            Some(Observed::Target { health: Health::Initial | Health::Unhealthy, .. }) if wish.is_up() => {
                Care::Wait(Action::Make(Kind::Target, slot), Until::Healthy)
            }
            _ => Care::Fine,
        }
    }
}
