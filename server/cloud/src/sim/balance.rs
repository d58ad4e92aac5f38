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

    /// Which machine answers a visitor of a balancer, who was answered by this one before.
    pub(super) fn visit(&mut self, balancer: &str, before: Option<&str>, now: OffsetDateTime) -> Result<String, String> {
        let group = self.entries.values().find_map(|entry| match &entry.thing {
            Thing::Listener { balancer: at, target_group, .. } if at == balancer => Some(target_group.clone()),
            _ => None,
        });
        let group = group.ok_or("connection refused (nothing listens)")?;
        let takes = |thing: &Thing| match thing {
            Thing::Target { target_group, machine, known_from } if *target_group == group => {
                (self.health(machine, *known_from, now) == Health::Healthy).then(|| machine.clone())
            }
            _ => None,
        };
        let healthy: Vec<String> =
            self.entries.values().filter(|entry| entry.label.goes_at.is_none()).filter_map(|entry| takes(&entry.thing)).collect();
        let is_sticky = matches!(self.entries.get(&group).map(|entry| &entry.thing), Some(Thing::TargetGroup { is_sticky: true, .. }));
        if let Some(before) = before.filter(|before| is_sticky && healthy.iter().any(|machine| machine == before)) {
            return Ok(before.to_owned());
        }
        let count = u64::try_from(healthy.len()).unwrap_or(0);
        let place = self.luck.next().checked_rem(count).ok_or("503 (no machine answers)")?;
        Ok(healthy[usize::try_from(place).unwrap_or(0)].clone())
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
