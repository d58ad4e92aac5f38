//! What environments start from. It stays when its build machine goes.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted, need};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Purpose, Wish, World};

pub(super) struct Image;

impl Rules for Image {
    fn wanted(&self, wish: &Wish, world: &World) -> Wanted {
        match (wish.purpose, wish.is_kept()) {
            (Purpose::Image, true) if !world.has_image() => Wanted::Yes,
            (Purpose::Image, true) => Wanted::IfThere,
            _ => Wanted::No,
        }
    }

    fn needs(&self, _wish: &Wish, world: &World) -> Option<Until> {
        need(world, Kind::Snapshot)
    }

    fn used_by(&self) -> &'static [Kind] {
        &[]
    }

    fn care(&self, _wish: &Wish, _world: &World, holding: &Holding) -> Care {
        match holding.listed {
            // The same order again waits for it, and does what is left to do.
            Some(Observed::Image { is_available: false, .. }) => Care::Now(Action::Make(Kind::Image, 1), "it is not whole yet"),
            _ => Care::Fine,
        }
    }
}
