//! What broke of an environment that was Ready, and when it counts as mended: pure.
//!
//! Only the cause is named. A machine that vanished takes its binding and its services with it; telling all of them would hide the one
//! that matters. Mended means proven: every probe was asked again after the fault was noticed.

use std::collections::BTreeSet;

use app::domain::incident::Fault;
use cloud::{Kind, MachineState, Observed, Opening};
use time::OffsetDateTime;

use super::kinds::{Care, rules};
use super::plan::VANISHED_AFTER;
use super::{Purpose, Wish, World};

/// A probe that fails so often in a row is a fault and no hiccup.
const TRIES: u32 = 2;

/// What is broken now. Nothing before the first Ready since the wish last changed: what is not built yet is not broken.
#[must_use]
pub fn faults(wish: &Wish, world: &World, now: OffsetDateTime) -> BTreeSet<Fault> {
    if wish.purpose != Purpose::Course || !wish.is_up() || !world.was_ready_since_asked {
        return BTreeSet::new();
    }
    if has_vanished(world, Kind::Machine, now) {
        return BTreeSet::from([Fault::MachineVanished]);
    }
    let is_open = |fault| world.incidents.contains_key(&fault);
    let mut faults = BTreeSet::new();
    let is_off = matches!(world.machine_state(1), Some(MachineState::Stopped | MachineState::Stopping));
    if is_off && !wish.is_copied_at_rest(world) && !is_open(Fault::MachineVanished) {
        faults.insert(Fault::MachineOff);
    }
    if has_vanished(world, Kind::Address, now) {
        faults.insert(Fault::AddressLost);
    }
    if keeps_visitors_out(wish, world, now) {
        faults.insert(Fault::FirewallChanged);
    }
    // A new address is followed by its name.
    if wish.is_named() && is_changed(wish, world, Kind::Record, now) && !is_open(Fault::AddressLost) {
        faults.insert(Fault::RecordChanged);
    }
    let below = [Fault::MachineVanished, Fault::AddressLost, Fault::FirewallChanged];
    if is_changed(wish, world, Kind::Binding, now) && !below.into_iter().any(|fault| faults.contains(&fault) || is_open(fault)) {
        faults.insert(Fault::BindingLost);
    }
    // A service behind a machine that is off, or an address that leads nowhere, cannot be asked.
    if faults.is_empty() && world.is_booted() {
        let boot = world.boot.as_ref().map(|boot| boot.id.as_str());
        let fails = |probe: &app::domain::reason::Probe| {
            world.probes.get(probe).is_some_and(|seen| Some(seen.boot.as_str()) == boot && seen.saw.is_err() && seen.tries >= TRIES)
        };
        faults.extend(wish.probes(world).into_iter().filter(fails).map(Fault::ProbeFails));
    }
    faults
}

/// Whether what failed is not asked for any more: it is no fault now, and was not mended either.
#[must_use]
pub fn is_moot(wish: &Wish, world: &World, fault: Fault) -> bool {
    matches!(fault, Fault::ProbeFails(probe) if !wish.probes(world).contains(&probe))
}

/// Whether a fault that was noticed then, and is not there now, is proven to be mended.
#[must_use]
pub fn is_mended(wish: &Wish, world: &World, fault: Fault, detected_at: OffsetDateTime) -> bool {
    let boot = world.boot.as_ref().map(|boot| boot.id.as_str());
    world.is_booted()
        && wish.probes(world).into_iter().all(|probe| {
            let seen = world.probes.get(&probe).filter(|seen| Some(seen.boot.as_str()) == boot && seen.at >= detected_at);
            // Another service may be broken, too; that is an incident of its own.
            seen.is_some_and(|seen| seen.saw.is_ok() || fault != Fault::ProbeFails(probe))
        })
}

fn has_vanished(world: &World, kind: Kind, now: OffsetDateTime) -> bool {
    match world.first(kind) {
        None => true,
        Some(held) => held.listed.is_none() && held.made_at.is_some_and(|made_at| now - made_at > VANISHED_AFTER),
    }
}

/// Whether the firewall does not let visitors in as it should. What machines of one environment come in by comes and goes with its copies.
fn keeps_visitors_out(wish: &Wish, world: &World, now: OffsetDateTime) -> bool {
    let of_visitors = |tcp: &[Opening]| tcp.iter().filter(|opening| opening.sources != [Opening::OWN]).cloned().collect::<Vec<_>>();
    match world.first(Kind::Firewall).and_then(|held| held.listed.as_ref()) {
        Some(Observed::Firewall { tcp }) => of_visitors(tcp) != of_visitors(&wish.openings(world, 1)),
        _ => has_vanished(world, Kind::Firewall, now),
    }
}

/// Whether it is not as it should be: the plan's own rule says so, or the cloud does not list it any more.
fn is_changed(wish: &Wish, world: &World, kind: Kind, now: OffsetDateTime) -> bool {
    match world.first(kind) {
        Some(held) if held.listed.is_some() => matches!(rules(kind).care(wish, world, 1, held), Care::Now(..)),
        _ => has_vanished(world, kind, now),
    }
}
