//! What is let in. Released once neither machine nor binding uses it.

use cloud::{Kind, Observed};

use super::{Care, Rules, Wanted};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, Purpose, Wish, World};

pub(super) struct Firewall;

impl Rules for Firewall {
    fn wanted(&self, wish: &Wish, _world: &World) -> Wanted {
        match (wish.purpose, wish.is_up(), wish.is_kept()) {
            (Purpose::Course, true, _) => Wanted::Yes,
            (Purpose::Course, false, true) => Wanted::IfThere,
            _ => Wanted::No,
        }
    }

    fn needs(&self, _wish: &Wish, _world: &World) -> Option<Until> {
        None
    }

    fn care(&self, wish: &Wish, _world: &World, holding: &Holding) -> Care {
        match holding.listed {
            Some(Observed::Firewall { ref tcp }) if wish.is_up() && *tcp != wish.spec.open_ports => {
                Care::Now(Action::Make(Kind::Firewall, 1), "its rules are not what they should be")
            }
            _ => Care::Fine,
        }
    }

    fn used_by(&self) -> &'static [Kind] {
        &[Kind::Binding, Kind::Machine]
    }
}
