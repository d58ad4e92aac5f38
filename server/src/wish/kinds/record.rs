//! Names in the DNS. A name is the first to go: nobody should be led where nothing is.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted, first_held, wanted_by_course};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Wish, World, leads_to};

pub(super) struct Record;

impl Rules for Record {
    fn wanted(&self, wish: &Wish, _world: &World, slot: u16) -> Wanted {
        let is_wanted = match slot {
            1 => wish.is_named() && wish.keeps_addresses(),
            2 => wish.is_named() && wish.is_scaled_out(),
            _ => wish.is_certified(),
        };
        wanted_by_course(wish, is_wanted)
    }

    fn needs(&self, wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        match wish.record(world, slot) {
            Some(_) => None,
            None => Some(Until::There(leads_to(slot), 1)),
        }
    }

    fn is_held_by(&self, _wish: &Wish, world: &World, slot: u16) -> Option<Until> {
        // A certificate is renewed by its challenge.
        if slot == 3 { first_held(world, [(Kind::Certificate, 1)]) } else { None }
    }

    fn care(&self, wish: &Wish, world: &World, slot: u16, holding: &Holding) -> Care {
        let make = Action::Make(Kind::Record, slot);
        match (&holding.listed, wish.record(world, slot)) {
            (Some(Observed::Record { record, is_out, .. }), Some(wanted)) if wish.is_up() && (*is_out || *record != wanted) => {
                Care::Now(make, "it does not lead where it should")
            }
            (Some(Observed::Record { is_in_sync: false, .. }), _) => Care::Wait(make, Until::InSync),
            _ => Care::Fine,
        }
    }
}
