//! An address leads to its machine. Made once the machine runs, kept while it is stopped (unless its address goes, too), and gone only after
//! the machine: until then the address must not lead anywhere else.

use cloud::{Kind, MachineState, Observed};

use super::{Care, Rules, Wanted, first_held, machine::is_condemned, need, rules, wanted_by_course};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Wish, World};

pub(super) struct Binding;

impl Rules for Binding {
    fn wanted(&self, wish: &Wish, world: &World, slot: u16) -> Wanted {
        // Nobody visits a build machine.
        let machine = world.of(Kind::Machine, slot);
        let is_wanted = slot <= wish.machines() && wish.keeps_addresses();
        wanted_by_course(wish, is_wanted && machine.is_some_and(|machine| !is_condemned(wish, slot, machine)))
    }

    fn needs(&self, _wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        need(world, Kind::Address, slot)
            .or_else(|| need(world, Kind::Firewall, 1))
            .or_else(|| if world.machine_runs(slot) { None } else { Some(Until::MachineRuns(slot)) })
    }

    fn is_held_by(&self, wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        if wish.is_kept() && !wish.keeps_addresses() {
            let is_off = world.of(Kind::Machine, slot).is_none() || world.machine_state(slot) == Some(MachineState::Stopped);
            return (!is_off).then_some(Until::MachineStopped(slot));
        }
        first_held(world, [(Kind::Machine, slot)])
    }

    fn care(&self, wish: &Wish, world: &World, slot: u16, holding: &Holding) -> Care {
        let held = |kind| world.of(kind, slot).and_then(|holding| holding.cloud_id.as_deref());
        let firewall = world.first(Kind::Firewall);
        if firewall.is_some_and(|firewall| rules(Kind::Firewall).care(wish, world, 1, firewall) != Care::Fine) {
            // It lets through what the firewall says; that is put right first.
            return Care::Wait(Action::Make(Kind::Binding, slot), Until::There(Kind::Firewall, 1));
        }
        match (&holding.listed, held(Kind::Machine), held(Kind::Address)) {
            (Some(Observed::Binding { machine: leads_to, .. }), Some(machine), _) if leads_to != machine => {
                Care::Now(Action::Release(Kind::Binding, slot), "it does not lead to the machine")
            }
            (Some(Observed::Binding { address: leads_from, .. }), _, Some(address)) if leads_from != address => {
                Care::Now(Action::Release(Kind::Binding, slot), "it leads from another address")
            }
            _ => Care::Fine,
        }
    }
}
