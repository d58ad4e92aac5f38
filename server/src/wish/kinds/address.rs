//! The addresses students type, one for each machine. Kept while stopped, unless the blueprint has it otherwise. Given back once no binding
//! uses it and no name leads to it in anybody's memory: whoever gets it next must not get our visitors.

use cloud::Kind;

use super::{Rules, Wanted, first_held, wanted_by_course};
use crate::wish::plan::Until;
use crate::wish::{Wish, World};

pub(super) struct Address;

impl Rules for Address {
    fn wanted(&self, wish: &Wish, _world: &World, slot: u16) -> Wanted {
        wanted_by_course(wish, slot <= wish.machines() && wish.keeps_addresses())
    }

    fn needs(&self, _wish: &Wish, _world: &World, _slot: u16) -> Option<Until> {
        None
    }

    fn is_held_by(&self, _wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        let record = (slot == 1).then_some((Kind::Record, 1));
        let lingers = world.names_linger_until.filter(|_| slot == 1).map(Until::Time);
        first_held(world, [(Kind::Binding, slot)].into_iter().chain(record)).or(lingers)
    }
}
