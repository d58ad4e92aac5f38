//! What is let in. Released once neither machine nor binding uses it.

use cloud::Kind;

use super::{Rules, Wanted};
use crate::wish::plan::Until;
use crate::wish::{Purpose, Wish, World};

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

    fn used_by(&self) -> &'static [Kind] {
        &[Kind::Binding, Kind::Machine]
    }
}
