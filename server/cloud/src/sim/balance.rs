//! Balancers' view of their targets, and certificates: what becomes true by itself once its conditions are.

use time::OffsetDateTime;

use super::settings::SimSettings;
use super::world::{Thing, World};
use crate::order::Record;
use crate::seen::{Health, MachineState};

impl World {
    /// How a target is: it answers if its machine runs and shows its page.
    pub(super) fn health(&self, machine: &str, known_from: OffsetDateTime, now: OffsetDateTime) -> Health {
        if now < known_from {
            return Health::Initial;
        }
        match self.machine(machine) {
            Ok(it) if it.state(now) == MachineState::Running && it.inside.is_up("wordpress", now) => Health::Healthy,
            _ => Health::Unhealthy,
        }
    }

    /// A certificate is issued some time after every name server shows its challenge.
    pub(super) fn issue_certificates(&mut self, settings: &SimSettings, now: OffsetDateTime) {
        let proven_at = |world: &Self, challenge: &Record| {
            world.entries.values().find_map(|entry| match &entry.thing {
                Thing::Record { record, in_sync_at, is_out: false } if record == challenge && *in_sync_at <= now => Some(*in_sync_at),
                _ => None,
            })
        };
        let due: Vec<_> = self
            .entries
            .iter()
            .filter_map(|(id, entry)| match &entry.thing {
                Thing::Certificate { challenge, issued_at: None } => Some((id.clone(), proven_at(self, challenge)?)),
                _ => None,
            })
            .collect();
        for (id, proven_at) in due {
            let at = proven_at + self.luck.within(&settings.timings.issue);
            if let Some(Thing::Certificate { issued_at, .. }) = self.entries.get_mut(&id).map(|entry| &mut entry.thing) {
                *issued_at = Some(at);
            }
        }
    }
}
