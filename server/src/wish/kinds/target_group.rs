//! The machines that the balancer may send requests to.

use cloud::Kind;

use super::{Rules, Wanted, all, first_held, wanted_by_course};
use crate::wish::plan::Until;
use crate::wish::{Wish, World};

pub(super) struct TargetGroup;

impl Rules for TargetGroup {
    fn wanted(&self, wish: &Wish, _world: &World, _slot: u16) -> Wanted {
        wanted_by_course(wish, wish.is_scaled_out())
    }

    fn needs(&self, _wish: &Wish, _world: &World, _slot: u16) -> Option<Until> {
        None
    }

    fn is_held_by(&self, _wish: &Wish, world: &World, _slot: u16) -> Option<Until> {
        first_held(world, [(Kind::Listener, 1)].into_iter().chain(all(world, Kind::Target)))
    }
}
