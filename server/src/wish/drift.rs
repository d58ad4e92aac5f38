//! What broke of an environment that was Ready, and when it counts as mended: pure.
//!
//! Only the cause is named. A machine that vanished takes its binding and its services with it; telling all of them would hide the one
//! that matters. Mended means proven: every probe was asked again after the fault was noticed.

use std::collections::BTreeSet;

use app::domain::incident::Fault;
use cloud::{Kind, MachineState, Observed};
use time::OffsetDateTime;

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
    if matches!(world.machine_state(1), Some(MachineState::Stopped | MachineState::Stopping)) && !is_open(Fault::MachineVanished) {
        faults.insert(Fault::MachineOff);
    }
    if has_vanished(world, Kind::Address, now) {
        faults.insert(Fault::AddressLost);
    }
    if is_firewall_changed(wish, world, now) {
        faults.insert(Fault::FirewallChanged);
    }
    if wish.is_named() && is_record_changed(wish, world, now) {
        faults.insert(Fault::RecordChanged);
    }
    let below = [Fault::MachineVanished, Fault::AddressLost, Fault::FirewallChanged];
    if is_binding_lost(world, now) && !below.into_iter().any(|fault| faults.contains(&fault) || is_open(fault)) {
        faults.insert(Fault::BindingLost);
    }
    // A service behind a machine that is off, or an address that leads nowhere, cannot be asked.
    if faults.is_empty() && world.is_booted() {
        let boot = world.boot.as_ref().map(|boot| boot.id.as_str());
        let fails = |probe: &app::domain::reason::Probe| {
            world.probes.get(probe).is_some_and(|seen| Some(seen.boot.as_str()) == boot && seen.saw.is_err() && seen.tries >= TRIES)
        };
        faults.extend(wish.spec.probes().into_iter().filter(fails).map(Fault::ProbeFails));
    }
    faults
}

/// Whether a fault that was noticed then, and is not there now, is proven to be mended.
#[must_use]
pub fn is_mended(wish: &Wish, world: &World, fault: Fault, detected_at: OffsetDateTime) -> bool {
    let boot = world.boot.as_ref().map(|boot| boot.id.as_str());
    world.is_booted()
        && wish.spec.probes().into_iter().all(|probe| {
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

fn is_firewall_changed(wish: &Wish, world: &World, now: OffsetDateTime) -> bool {
    match world.first(Kind::Firewall).and_then(|firewall| firewall.listed.as_ref()) {
        Some(Observed::Firewall { tcp }) => *tcp != wish.spec.open_ports,
        _ => has_vanished(world, Kind::Firewall, now),
    }
}

fn is_record_changed(wish: &Wish, world: &World, now: OffsetDateTime) -> bool {
    match (world.first(Kind::Record).and_then(|record| record.listed.as_ref()), wish.record(world, 1)) {
        (Some(Observed::Record { record, .. }), Some(wanted)) => *record != wanted,
        _ => has_vanished(world, Kind::Record, now),
    }
}

fn is_binding_lost(world: &World, now: OffsetDateTime) -> bool {
    let machine = world.first(Kind::Machine).and_then(|machine| machine.cloud_id.as_deref());
    match world.first(Kind::Binding).and_then(|binding| binding.listed.as_ref()) {
        Some(Observed::Binding { machine: leads_to, .. }) => Some(leads_to.as_str()) != machine,
        _ => has_vanished(world, Kind::Binding, now),
    }
}
