//! Spreads requests over the machines of an environment that is scaled out.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted, first_held, need, wanted_by_course};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Wish, World};

pub(super) struct Balancer;

impl Rules for Balancer {
    fn wanted(&self, wish: &Wish, _world: &World, _slot: u16) -> Wanted {
        wanted_by_course(wish, wish.is_scaled_out())
    }

    fn needs(&self, _wish: &Wish, world: &World, _slot: u16) -> Option<Until> {
        need(world, Kind::Firewall, 2)
    }

    fn is_held_by(&self, wish: &Wish, world: &World, _slot: u16) -> Option<Until> {
        // Its address goes with it: whoever gets that next must not get our visitors.
        let lingers = world.names_linger_until.filter(|_| wish.nature.balancers_are_machines).map(Until::Time);
        first_held(world, [(Kind::Record, 2), (Kind::Listener, 1)]).or(lingers)
    }

    fn care(&self, wish: &Wish, _world: &World, slot: u16, holding: &Holding) -> Care {
        match holding.listed {
            Some(Observed::Balancer { is_active: false, .. }) if wish.is_up() && wish.nature.balancers_are_machines => {
                Care::Now(Action::Make(Kind::Balancer, slot), "it takes no requests")
            }
            Some(Observed::Balancer { is_active: false, .. }) => Care::Wait(Action::Make(Kind::Balancer, slot), Until::Active),
            _ => Care::Fine,
        }
    }
}
