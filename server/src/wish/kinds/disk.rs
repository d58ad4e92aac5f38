//! A machine's disk. Nobody orders it: it comes with its machine and should go with it. One that stays behind is given back.

use cloud::Kind;

use super::{Rules, Wanted, first_held, rules};
use crate::wish::plan::Until;
use crate::wish::{Wish, World};

pub(super) struct Disk;

impl Rules for Disk {
    fn wanted(&self, wish: &Wish, world: &World, slot: u16) -> Wanted {
        let is_machine_kept = rules(Kind::Machine).wanted(wish, world, slot) != Wanted::No && world.of(Kind::Machine, slot).is_some();
        if is_machine_kept { Wanted::IfThere } else { Wanted::No }
    }

    fn needs(&self, _wish: &Wish, _world: &World, _slot: u16) -> Option<Until> {
        None
    }

    fn is_held_by(&self, _wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        first_held(world, [(Kind::Machine, slot)])
    }
}
