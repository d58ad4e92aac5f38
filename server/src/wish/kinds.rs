//! Each kind of resource is one file with four answers: is it wanted, what must exist before it, what must have let go of it before it
//! is released, and (for machines) how it should be.

mod address;
mod binding;
mod firewall;
mod image;
mod machine;
mod snapshot;

use cloud::Kind;

use super::plan::{Action, Until};
use super::{Holding, Wish, World};

/// Whether a slot should be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Make it if it is not there.
    Yes,
    /// Keep it if it is there.
    IfThere,
    /// Give it back.
    No,
}

/// What to do with something that is there and wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Care {
    /// It is as it should be.
    Fine,
    /// Do this now, because.
    Now(Action, &'static str),
    /// This has to wait.
    Wait(Action, Until),
}

/// The four answers.
pub(super) trait Rules: Sync {
    fn wanted(&self, wish: &Wish, world: &World) -> Wanted;

    /// The first need that is not met.
    fn needs(&self, wish: &Wish, world: &World) -> Option<Until>;

    /// Kinds that must have let go before this one is released.
    fn used_by(&self) -> &'static [Kind];

    fn care(&self, _wish: &Wish, _world: &World, _holding: &Holding) -> Care {
        Care::Fine
    }
}

/// The rules of a kind.
pub(super) fn rules(kind: Kind) -> &'static dyn Rules {
    match kind {
        Kind::Machine => &machine::Machine,
        Kind::Address => &address::Address,
        Kind::Binding => &binding::Binding,
        Kind::Firewall => &firewall::Firewall,
        Kind::Snapshot => &snapshot::Snapshot,
        Kind::Image => &image::Image,
    }
}

/// The need that a kind be there.
pub(super) fn need(world: &World, kind: Kind) -> Option<Until> {
    if world.first(kind).is_some_and(Holding::is_there) { None } else { Some(Until::There(kind)) }
}
