//! The address leads to the machine. Made once the machine runs, kept while it is stopped, and gone only after the machine: until
//! then the address must not lead anywhere else.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted, need, rules};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Purpose, Wish, World};

pub(super) struct Binding;

impl Rules for Binding {
    fn wanted(&self, wish: &Wish, world: &World) -> Wanted {
        let has_machine = world.first(Kind::Machine).is_some_and(|machine| machine.incarnation > wish.condemned);
        // Nobody visits a build machine.
        let is_wanted = has_machine && wish.is_kept() && wish.purpose == Purpose::Course;
        match (is_wanted, wish.is_up()) {
            (true, true) => Wanted::Yes,
            (true, false) => Wanted::IfThere,
            (false, _) => Wanted::No,
        }
    }

    fn needs(&self, _wish: &Wish, world: &World) -> Option<Until> {
        need(world, Kind::Address)
            .or_else(|| need(world, Kind::Firewall))
            .or_else(|| if world.machine_runs() { None } else { Some(Until::MachineRuns) })
    }

    fn used_by(&self) -> &'static [Kind] {
        &[Kind::Machine]
    }

    fn care(&self, wish: &Wish, world: &World, holding: &Holding) -> Care {
        let held = |kind| world.first(kind).and_then(|holding| holding.cloud_id.as_deref());
        let firewall = world.first(Kind::Firewall);
        if firewall.is_some_and(|firewall| rules(Kind::Firewall).care(wish, world, firewall) != Care::Fine) {
            // It lets through what the firewall says; that is put right first.
            return Care::Wait(Action::Make(Kind::Binding, 1), Until::There(Kind::Firewall));
        }
        match (&holding.listed, held(Kind::Machine), held(Kind::Address)) {
            (Some(Observed::Binding { machine: leads_to, .. }), Some(machine), _) if leads_to != machine => {
                Care::Now(Action::Release(Kind::Binding, 1), "it does not lead to the machine")
            }
            (Some(Observed::Binding { address: leads_from, .. }), _, Some(address)) if leads_from != address => {
                Care::Now(Action::Release(Kind::Binding, 1), "it leads from another address")
            }
            _ => Care::Fine,
        }
    }
}
