//! The public key that machines let in first, where it is an object of its own.

use cloud::Kind;

use super::{Rules, Wanted, all, first_held, wanted_by_course};
use crate::wish::plan::Until;
use crate::wish::{Wish, World};

pub(super) struct Key;

impl Rules for Key {
    fn wanted(&self, wish: &Wish, _world: &World, _slot: u16) -> Wanted {
        match wanted_by_course(wish, true) {
            // A machine that has one keeps it.
            Wanted::Yes if !wish.has_key() => Wanted::IfThere,
            wanted => wanted,
        }
    }

    fn needs(&self, _wish: &Wish, _world: &World, _slot: u16) -> Option<Until> {
        None
    }

    fn is_held_by(&self, _wish: &Wish, world: &World, _slot: u16) -> Option<Until> {
        first_held(world, all(world, Kind::Machine))
    }
}
