//! What is let in: the first is the machines', the second the balancer's. Given back once nothing uses it.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted, all, first_held, rules, wanted_by_course};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Purpose, Wish, World};

pub(super) struct Firewall;

impl Rules for Firewall {
    fn wanted(&self, wish: &Wish, world: &World, slot: u16) -> Wanted {
        match wish.purpose {
            // As long as the build machine, and where it would otherwise share one with strangers.
            Purpose::Image if slot == 1 && wish.nature.walls_every_machine => rules(Kind::Machine).wanted(wish, world, slot),
            _ => wanted_by_course(wish, slot == 1 || wish.is_scaled_out()),
        }
    }

    fn needs(&self, _wish: &Wish, _world: &World, _slot: u16) -> Option<Until> {
        None
    }

    fn is_held_by(&self, _wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        match slot {
            1 => first_held(world, all(world, Kind::Binding).chain(all(world, Kind::Machine))),
            _ => first_held(world, [(Kind::Balancer, 1)]),
        }
    }

    fn care(&self, wish: &Wish, world: &World, slot: u16, holding: &Holding) -> Care {
        match holding.listed {
            Some(Observed::Firewall { ref tcp }) if wish.is_up() && *tcp != wish.openings(world, slot) => {
                Care::Now(Action::Make(Kind::Firewall, slot), "its rules are not what they should be")
            }
            _ => Care::Fine,
        }
    }
}
