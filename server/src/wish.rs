//! The wish and the plan: pure functions, no I/O, no clock of their own.
//!
//! ```text
//!  Wish ───► kinds: which slots are wanted ─┐
//!                                           ├─► plan(wish, world, now) ──► Plan { now, waiting, … }
//!  World ──► holdings, boot, probes ────────┘
//! ```
//!
//! The same plan creates, starts, stops, repairs and removes: removal is the wish "gone". A plan for a satisfied wish has nothing to
//! do now. What a plan holds is data; golden files show it, so that a reviewer reads plans.

pub mod drift;
mod kinds;
pub mod phase;
pub mod plan;
#[cfg(test)]
mod plans;
pub mod spec;
pub mod world;

use app::domain::phase::Goal;
pub use cloud::Kind;
pub use phase::phase;
pub use plan::{Action, Plan, Until, plan};
pub use spec::Spec;
pub use world::{BootSeen, Holding, ImageState, ProbeSeen, World};

/// What a wish is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "purpose", rename_all = "snake_case")]
pub enum Purpose {
    /// Somebody's environment.
    Course,
    /// A build machine that becomes the image of a blueprint version.
    Image,
}

/// What is wanted: nothing else decides what the loop does.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What for.
    pub purpose: Purpose,
    /// What is asked for.
    pub goal: Goal,
    /// The blueprint version's text.
    pub spec: Spec,
    /// What machines start from.
    pub image: ImageState,
    /// Machines up to this incarnation are to be replaced.
    pub condemned: u16,
    /// Whether a machine that vanished with its disk is built anew without asking its student.
    pub rebuilds_vanished: bool,
    /// The kinds that are objects of their own in this cloud.
    pub kinds: &'static [Kind],
}

impl Wish {
    /// Whether a machine should run.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.goal == Goal::Running
    }

    /// Whether anything may stay in the cloud.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.goal != Goal::Gone
    }
}
