//! Each kind of resource is one file with four answers for each of its slots: is it wanted, what must be there before it, what must have
//! let go of it before it is given back, and how it should be.

mod address;
mod balancer;
mod binding;
mod certificate;
mod disk;
mod firewall;
mod image;
mod key;
mod listener;
mod machine;
mod record;
mod snapshot;
mod target;
mod target_group;

use std::collections::BTreeSet;

use cloud::Kind;

use super::plan::{Action, Until};
use super::{Holding, Purpose, Wish, World};

/// Whether a slot should be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
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
    fn wanted(&self, wish: &Wish, world: &World, slot: u16) -> Wanted;

    /// The first thing that is missing before it can be made.
    fn needs(&self, wish: &Wish, world: &World, slot: u16) -> Option<Until>;

    /// The first thing that keeps it from being given back.
    fn is_held_by(&self, wish: &Wish, world: &World, slot: u16) -> Option<Until>;

    fn care(&self, _wish: &Wish, _world: &World, _slot: u16, _holding: &Holding) -> Care {
        Care::Fine
    }
}

/// The rules of a kind.
pub(super) fn rules(kind: Kind) -> &'static dyn Rules {
    match kind {
        Kind::Machine => &machine::Machine,
        Kind::Disk => &disk::Disk,
        Kind::Address => &address::Address,
        Kind::Binding => &binding::Binding,
        Kind::Firewall => &firewall::Firewall,
        Kind::Key => &key::Key,
        Kind::Record => &record::Record,
        Kind::Certificate => &certificate::Certificate,
        Kind::Snapshot => &snapshot::Snapshot,
        Kind::Image => &image::Image,
        Kind::Balancer => &balancer::Balancer,
        Kind::Listener => &listener::Listener,
        Kind::TargetGroup => &target_group::TargetGroup,
        Kind::Target => &target::Target,
    }
}

/// Every slot that matters to a wish, and whether it should be held: what the wish may want, and what is held from an earlier one.
#[must_use]
pub fn desired_resources(wish: &Wish, world: &World) -> Vec<(Kind, u16, Wanted)> {
    let slots = |kind: Kind| -> BTreeSet<u16> {
        let wanted = match kind {
            Kind::Machine | Kind::Disk | Kind::Address | Kind::Binding | Kind::Target => wish.machines(),
            Kind::Firewall => 2,
            Kind::Record => 3,
            Kind::Snapshot | Kind::Image => wish.options.saved.last().copied().unwrap_or(1),
            _ => 1,
        };
        let held = world.slots(kind);
        (1..=wanted).chain(held).collect()
    };
    let of_kind = |kind: &Kind| {
        let kind = *kind;
        slots(kind).into_iter().map(move |slot| (kind, slot, rules(kind).wanted(wish, world, slot)))
    };
    // What is held of a kind that the cloud does not have any more is given back all the same.
    let held: BTreeSet<Kind> = world.holdings.keys().map(|(kind, _)| *kind).filter(|kind| !wish.nature.has(*kind)).collect();
    wish.nature.kinds.iter().chain(&held).flat_map(of_kind).collect()
}

/// Wanted for a course's environment: made while it is up, kept while it is stopped.
fn wanted_by_course(wish: &Wish, is_wanted: bool) -> Wanted {
    match (wish.purpose, is_wanted && wish.is_kept(), wish.is_up()) {
        (Purpose::Course, true, true) => Wanted::Yes,
        (Purpose::Course, true, false) => Wanted::IfThere,
        _ => Wanted::No,
    }
}

/// The need that something be there.
fn need(world: &World, kind: Kind, slot: u16) -> Option<Until> {
    if world.of(kind, slot).is_some_and(Holding::is_there) { None } else { Some(Until::There(kind, slot)) }
}

/// The first of these that is held still.
fn first_held(world: &World, users: impl IntoIterator<Item = (Kind, u16)>) -> Option<Until> {
    users.into_iter().find(|(kind, slot)| world.of(*kind, *slot).is_some()).map(|(kind, slot)| Until::Released(kind, slot))
}

/// Everything of a kind that is held.
fn all(world: &World, kind: Kind) -> impl Iterator<Item = (Kind, u16)> {
    world.slots(kind).map(move |slot| (kind, slot))
}
