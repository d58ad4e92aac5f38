//! The machines: the first is the student's, the others are copies of it. They run while the wish is up, are stopped and kept while the wish
//! is stopped; the first rests while its disk is frozen, if the blueprint asks for that, and is replaced when its incarnation was condemned. A build machine runs until its disk is clean, powers itself off,
//! and goes once the image is there.

use cloud::{Kind, MachineState};

use super::{Care, Rules, Wanted, all, first_held, need};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, ImageState, Purpose, Wish, World};

pub(super) struct Machine;

/// Whether it is to be replaced.
pub(super) fn is_condemned(wish: &Wish, slot: u16, machine: &Holding) -> bool {
    slot == 1 && machine.incarnation <= wish.condemned
}

impl Rules for Machine {
    fn wanted(&self, wish: &Wish, world: &World, slot: u16) -> Wanted {
        let machine = world.of(Kind::Machine, slot);
        if slot > wish.machines() || !wish.is_kept() || machine.is_some_and(|machine| is_condemned(wish, slot, machine)) {
            return Wanted::No;
        }
        match wish.purpose {
            Purpose::Image if world.has_image() => Wanted::No,
            Purpose::Course if !wish.is_up() => Wanted::IfThere,
            _ => Wanted::Yes,
        }
    }

    fn needs(&self, wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        if wish.purpose == Purpose::Image {
            return if wish.nature.walls_every_machine { need(world, Kind::Firewall, 1) } else { None };
        }
        let image = match slot {
            1 => (wish.image == ImageState::Baking).then_some(Until::ImageBaked),
            _ => (!world.holds_whole_image(1)).then_some(Until::There(Kind::Image, 1)),
        };
        let key = if wish.has_key() { need(world, Kind::Key, 1) } else { None };
        // Where no address is free, no machine stands about that nobody can reach.
        image.or_else(|| need(world, Kind::Address, slot)).or_else(|| need(world, Kind::Firewall, 1)).or(key)
    }

    fn is_held_by(&self, wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        let record = (slot == 1 && !wish.is_kept()).then_some((Kind::Record, 1));
        let snapshots = all(world, Kind::Snapshot).filter(|_| slot == 1 && !wish.nature.snapshots_stand_alone);
        first_held(world, record.into_iter().chain([(Kind::Target, slot)]).chain(snapshots))
    }

    fn care(&self, wish: &Wish, world: &World, slot: u16, _holding: &Holding) -> Care {
        let is_clean = world.boot.as_ref().is_some_and(|boot| boot.is_clean);
        let (start, stop) = (Action::Start(slot), Action::Stop(slot));
        match (wish.is_up(), world.machine_state(slot)) {
            (true, Some(MachineState::Stopped)) if slot == 1 && wish.rests(world) => Care::Fine,
            (true, Some(MachineState::Running)) if slot == 1 && wish.rests(world) => Care::Now(stop, "its disk is frozen at rest"),
            // A build machine that is clean powers itself off and must stay off.
            (true, Some(MachineState::Stopped)) if is_clean => Care::Fine,
            (true, Some(MachineState::Stopped)) => Care::Now(start, "it should run"),
            (true, Some(MachineState::Stopping)) => Care::Wait(start, Until::MachineStopped(slot)),
            (true, Some(MachineState::Starting)) => Care::Wait(start, Until::MachineRuns(slot)),
            (false, Some(MachineState::Running)) => Care::Now(stop, "it should be stopped"),
            (false, Some(MachineState::Starting)) => Care::Wait(stop, Until::MachineRuns(slot)),
            (false, Some(MachineState::Stopping)) => Care::Wait(stop, Until::MachineStopped(slot)),
            // Its parts are all listed once it runs.
            (true, Some(MachineState::Running)) if world.is_locked(slot) => {
                let hand_over = Action::HandOver(slot);
                match need(world, Kind::Firewall, 1) {
                    None => Care::Now(hand_over, "it was launched with others"),
                    Some(until) => Care::Wait(hand_over, until),
                }
            }
            _ => Care::Fine,
        }
    }
}
