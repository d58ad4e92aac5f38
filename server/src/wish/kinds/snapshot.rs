//! The build machine's clean disk, frozen: the step between machine and image.

use cloud::{Kind, MachineState};

use super::{Rules, Wanted};
use crate::wish::plan::Until;
use crate::wish::{Purpose, Wish, World};

pub(super) struct Snapshot;

impl Rules for Snapshot {
    fn wanted(&self, wish: &Wish, world: &World) -> Wanted {
        if wish.purpose == Purpose::Image && wish.is_up() && !world.has_image() { Wanted::Yes } else { Wanted::No }
    }

    fn needs(&self, _wish: &Wish, world: &World) -> Option<Until> {
        if !world.boot.as_ref().is_some_and(|boot| boot.is_clean) {
            return Some(Until::Clean);
        }
        (world.machine_state() != Some(MachineState::Stopped)).then_some(Until::MachineStopped)
    }

    fn used_by(&self) -> &'static [Kind] {
        &[]
    }
}
