//! The phase that people see, computed from the wish and the world.

use app::domain::phase::Goal;
pub use app::domain::phase::Phase;
use cloud::{Kind, MachineState};

use super::{Purpose, Wish, World};

/// Where an environment is on its way to its goal. *Removed* is a fact of its row and not computed here.
#[must_use]
pub fn phase(wish: &Wish, world: &World) -> Phase {
    match wish.goal {
        Goal::Gone => Phase::Removing,
        Goal::Stopped if world.slots(Kind::Machine).all(|slot| world.machine_state(slot) == Some(MachineState::Stopped)) => Phase::Stopped,
        Goal::Stopped => Phase::Stopping,
        Goal::Running if wish.purpose == Purpose::Image => {
            if world.is_image_recorded && world.first(Kind::Machine).is_none() {
                Phase::Ready
            } else {
                Phase::Building
            }
        }
        Goal::Running if world.holdings.is_empty() => Phase::Waiting,
        Goal::Running if !world.is_booted() || world.first(Kind::Binding).is_none() => Phase::Building,
        Goal::Running => {
            // First Ready needs every probe; a later failure is told as such and does not take the word back.
            if world.was_proven() || world.is_proven(&wish.spec.probes()) { Phase::Ready } else { Phase::Checking }
        }
    }
}
