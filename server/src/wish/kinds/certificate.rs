//! Proves the environment's name at its balancer. A machine gets its own by itself, without a resource.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted, first_held, wanted_by_course};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Wish, World};

pub(super) struct Certificate;

impl Rules for Certificate {
    fn wanted(&self, wish: &Wish, _world: &World, _slot: u16) -> Wanted {
        wanted_by_course(wish, wish.is_certified())
    }

    fn needs(&self, _wish: &Wish, _world: &World, _slot: u16) -> Option<Until> {
        None
    }

    fn is_held_by(&self, _wish: &Wish, world: &World, _slot: u16) -> Option<Until> {
        let listener = world.first(Kind::Listener).and_then(|listener| listener.listed.as_ref());
        let held = world.first(Kind::Certificate).and_then(|certificate| certificate.cloud_id.as_ref());
        match listener {
            Some(Observed::Listener { certificate, .. }) if certificate.is_none() || certificate.as_ref() != held => None,
            _ => first_held(world, [(Kind::Listener, 1)]),
        }
    }

    fn care(&self, wish: &Wish, _world: &World, slot: u16, holding: &Holding) -> Care {
        match holding.listed {
            Some(Observed::Certificate { is_issued: false, .. }) if wish.is_up() => {
                Care::Wait(Action::Make(Kind::Certificate, slot), Until::Issued)
            }
            _ => Care::Fine,
        }
    }
}
