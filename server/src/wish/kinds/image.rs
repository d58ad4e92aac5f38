//! What machines start from: environments from the image of their version, or from one that somebody saved; copies from that of the first
//! machine. It stays when its build machine goes.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted, need, wanted_by_course};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Purpose, Wish, World};

pub(super) struct Image;

impl Rules for Image {
    fn wanted(&self, wish: &Wish, world: &World, slot: u16) -> Wanted {
        match (wish.purpose, wish.is_kept()) {
            (Purpose::Image, true) if !world.has_image() => Wanted::Yes,
            (Purpose::Image, true) => Wanted::IfThere,
            _ => wanted_by_course(wish, wish.keeps_image(slot)),
        }
    }

    fn needs(&self, _wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        let is_whole = |snapshot: &Holding| matches!(snapshot.listed, Some(Observed::Snapshot { is_complete: true }));
        match world.of(Kind::Snapshot, slot) {
            Some(snapshot) if snapshot.is_there() && !is_whole(snapshot) => Some(Until::Frozen),
            _ => need(world, Kind::Snapshot, slot),
        }
    }

    fn is_held_by(&self, _wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        world.images_in_use.contains(&slot).then_some(Until::Somebody)
    }

    fn care(&self, wish: &Wish, _world: &World, slot: u16, holding: &Holding) -> Care {
        match holding.listed {
            Some(Observed::Image { is_available: false, .. }) if wish.nature.snapshots_stand_alone => {
                Care::Wait(Action::Make(Kind::Image, slot), Until::Frozen)
            }
            // The same order again waits for it, and does what is left to do.
            Some(Observed::Image { is_available: false, .. }) => Care::Now(Action::Make(Kind::Image, slot), "it is not whole yet"),
            _ => Care::Fine,
        }
    }
}
