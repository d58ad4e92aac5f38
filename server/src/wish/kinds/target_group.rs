//! The machines that the balancer may send requests to, whether visitors stay with the one that answered first, and where the machines find
//! what they share.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted, all, first_held, wanted_by_course};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Wish, World};

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

    fn care(&self, wish: &Wish, world: &World, slot: u16, holding: &Holding) -> Care {
        let Some(Observed::TargetGroup { is_sticky, passage }) = &holding.listed else { return Care::Fine };
        let make = Action::Make(Kind::TargetGroup, slot);
        if wish.is_up() && *is_sticky != wish.options.is_sticky {
            Care::Now(make, "visitors should stay with a machine, or should not")
        } else if wish.is_up() && *passage != wish.passage(world) {
            Care::Now(make, "machines are led elsewhere, or others")
        } else {
            Care::Fine
        }
    }
}
