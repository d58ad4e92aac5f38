//! The balancer's port, with the certificate if the environment has one. A balancer that is a machine gets its own by itself.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted, first_held, need, wanted_by_course};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Wish, World};

pub(super) struct Listener;

impl Rules for Listener {
    fn wanted(&self, wish: &Wish, _world: &World, _slot: u16) -> Wanted {
        wanted_by_course(wish, wish.is_scaled_out())
    }

    fn needs(&self, wish: &Wish, world: &World, _slot: u16) -> Option<Until> {
        let certificate = world.first(Kind::Certificate).and_then(|certificate| certificate.listed.as_ref());
        let is_issued = matches!(certificate, Some(Observed::Certificate { is_issued: true, .. }));
        need(world, Kind::Balancer, 1)
            .or_else(|| need(world, Kind::TargetGroup, 1))
            .or_else(|| if wish.is_certified() && !is_issued { Some(Until::Issued) } else { None })
    }

    fn is_held_by(&self, _wish: &Wish, world: &World, _slot: u16) -> Option<Until> {
        first_held(world, [(Kind::Record, 2)])
    }

    fn care(&self, wish: &Wish, world: &World, slot: u16, holding: &Holding) -> Care {
        let Some(Observed::Listener { certificate: shown, asks, said }) = &holding.listed else { return Care::Fine };
        if wish.is_up() && *asks != wish.balancer_asks(world) {
            return Care::Now(Action::Make(Kind::Listener, slot), "it is to ask for a certificate, or not to");
        }
        if wish.nature.balancers_are_machines {
            // It goes on by itself, with the certificate that it has.
            let is_asking = asks.is_some() && world.balancer_may_ask() && shown.is_none() && said.is_none();
            return if is_asking && wish.is_up() { Care::Wait(Action::Make(Kind::Listener, slot), Until::Issued) } else { Care::Fine };
        }
        let held = world.first(Kind::Certificate).and_then(|certificate| certificate.cloud_id.as_ref());
        let is_right = match (wish.is_certified(), held) {
            (false, _) => shown.is_none(),
            (true, Some(held)) => shown.as_ref() == Some(held),
            // Nobody knows yet which it will be.
            (true, None) => true,
        };
        if is_right { Care::Fine } else { Care::Now(Action::Release(Kind::Listener, slot), "it shows another certificate") }
    }
}
