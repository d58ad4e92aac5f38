//! The machine. It runs while the wish is up, is stopped and kept while the wish is stopped, and is replaced when its incarnation was
//! condemned. A build machine runs until its disk is clean, powers itself off, and goes once the image is there.

use cloud::{Kind, MachineState};

use super::{Care, Rules, Wanted, need};
use crate::wish::plan::{Action, Until};
use crate::wish::{Holding, ImageState, Purpose, Wish, World};

pub(super) struct Machine;

impl Rules for Machine {
    fn wanted(&self, wish: &Wish, world: &World) -> Wanted {
        let is_condemned = world.first(Kind::Machine).is_some_and(|machine| machine.incarnation <= wish.condemned);
        if is_condemned || !wish.is_kept() {
            return Wanted::No;
        }
        match wish.purpose {
            Purpose::Image if world.has_image() => Wanted::No,
            Purpose::Course if !wish.is_up() => Wanted::IfThere,
            _ => Wanted::Yes,
        }
    }

    fn needs(&self, wish: &Wish, world: &World) -> Option<Until> {
        match wish.purpose {
            Purpose::Image => None,
            Purpose::Course if wish.image == ImageState::Baking => Some(Until::ImageBaked),
            // Where no address is free, no machine stands about that nobody can reach.
            Purpose::Course => need(world, Kind::Address),
        }
    }

    fn used_by(&self) -> &'static [Kind] {
        &[Kind::Snapshot]
    }

    fn care(&self, wish: &Wish, world: &World, _holding: &Holding) -> Care {
        let is_clean = world.boot.as_ref().is_some_and(|boot| boot.is_clean);
        let (start, stop) = (Action::Start(1), Action::Stop(1));
        match (wish.is_up(), world.machine_state()) {
            // A build machine that is clean powers itself off and must stay off.
            (true, Some(MachineState::Stopped)) if is_clean => Care::Fine,
            (true, Some(MachineState::Stopped)) => Care::Now(start, "it should run"),
            (true, Some(MachineState::Stopping)) => Care::Wait(start, Until::MachineStopped),
            (true, Some(MachineState::Starting)) => Care::Wait(start, Until::MachineRuns),
            (false, Some(MachineState::Running)) => Care::Now(stop, "it should be stopped"),
            (false, Some(MachineState::Starting)) => Care::Wait(stop, Until::MachineRuns),
            (false, Some(MachineState::Stopping)) => Care::Wait(stop, Until::MachineStopped),
            _ => Care::Fine,
        }
    }
}
