//! A disk, frozen: the step between machine and image. Of a build machine when it is clean and off, of an environment when it is
//! proven: while it runs, or at rest, as the blueprint says.
//! Where an image rests on it, it stays as long as the image does.

use cloud::{Kind, MachineState, Observed};

use super::{Care, Rules, Wanted, first_held, need};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Purpose, Wish, World};

pub(super) struct Snapshot;

impl Rules for Snapshot {
    fn wanted(&self, wish: &Wish, world: &World, slot: u16) -> Wanted {
        let is_needed = match wish.purpose {
            Purpose::Image => wish.is_up() && !world.has_image(),
            Purpose::Course => wish.is_image_to_make(world, slot),
        };
        // An image that is only begun needs it also where it will be a copy.
        let is_begun = wish.purpose == Purpose::Course && !world.holds_whole_image(slot);
        let carries = world.of(Kind::Image, slot).is_some() && (wish.nature.snapshots_stand_alone || is_begun);
        let is_kept = wish.is_kept() && (wish.purpose == Purpose::Image || wish.keeps_image(slot));
        match (is_needed, carries && is_kept) {
            (true, _) => Wanted::Yes,
            (false, true) => Wanted::IfThere,
            (false, false) => Wanted::No,
        }
    }

    fn needs(&self, wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        if wish.purpose == Purpose::Course {
            let before = wish.image_to_make(world).filter(|other| *other != slot);
            let is_proven = world.was_proven() || wish.rests(world);
            let is_on = wish.is_copied_at_rest(world) && world.machine_state(1) != Some(MachineState::Stopped);
            return match before {
                Some(other) => Some(Until::There(Kind::Image, other)),
                None if !is_proven => Some(Until::Proven),
                None => need(world, Kind::Machine, 1).or_else(|| is_on.then_some(Until::MachineStopped(1))),
            };
        }
        if !world.boot.as_ref().is_some_and(|boot| boot.is_clean) {
            return Some(Until::Clean);
        }
        (world.machine_state(1) != Some(MachineState::Stopped)).then_some(Until::MachineStopped(1))
    }

    fn is_held_by(&self, wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        if wish.nature.snapshots_stand_alone { first_held(world, [(Kind::Image, slot)]) } else { None }
    }

    fn care(&self, _wish: &Wish, _world: &World, slot: u16, holding: &Holding) -> Care {
        match holding.listed {
            Some(Observed::Snapshot { is_complete: false }) => Care::Wait(Action::Make(Kind::Snapshot, slot), Until::Frozen),
            _ => Care::Fine,
        }
    }
}
