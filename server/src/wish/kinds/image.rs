//! What environments start from. It stays when its build machine goes.

use cloud::Kind;

use super::{Rules, Wanted, need};
use crate::wish::plan::Until;
use crate::wish::{Purpose, Wish, World};

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
}
