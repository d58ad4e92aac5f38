//! Making things: an intent is a client token, so the same order gets the same thing and another order is refused.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use time::OffsetDateTime;

use super::inside::{Inside, Marker};
use super::settings::SimSettings;
use super::world::{Machine, Power, Thing, World, missing};
use crate::error::{CloudError, Fate};
use crate::order::{Create, ImageSource};
use crate::seen::{MachineState, Seen};
use crate::tag::Intent;

/// The first address of the pool.
const POOL: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// Private addresses are counted from here.
const PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 10);

impl World {
    pub(super) fn order(
        &mut self,
        intent: &Intent,
        create: &Create,
        settings: &SimSettings,
        now: OffsetDateTime,
    ) -> Result<Seen, CloudError> {
        let order = fingerprint(create);
        let id = match self.tokens.get(&intent.token) {
            Some(token) if token.order != order => {
                return Err(CloudError::new(Fate::Final, "intent_mismatch", "this intent was used for another order"));
            }
            Some(token) if !self.entries.contains_key(&token.cloud_id) => {
                return Err(CloudError::new(
                    Fate::Final,
                    "intent_spent",
                    format!("{} was made by this intent and is gone", token.cloud_id),
                ));
            }
            Some(token) => {
                let id = token.cloud_id.clone();
                // Rules that somebody changed are what the order says again.
                if let (Create::Firewall { tcp: ordered }, Some(Thing::Firewall { tcp })) =
                    (create, self.entries.get_mut(&id).map(|entry| &mut entry.thing))
                {
                    tcp.clone_from(ordered);
                }
                id
            }
            None => {
                if self.entries.values().any(|entry| entry.label.name == intent.name() && entry.label.kind == intent.kind) {
                    return Err(CloudError::new(Fate::Final, "name_taken", format!("{} was made by somebody else", intent.name())));
                }
                let thing = self.thing(create, settings, now)?;
                let id = self.add(intent, thing, order, now, settings);
                if matches!(create, Create::Machine { .. }) {
                    self.power_on(&id, now, settings);
                }
                id
            }
        };
        if let Some(Thing::Image { ready_at, .. }) = self.entries.get(&id).map(|entry| &entry.thing)
            && now < *ready_at
        {
            return Err(CloudError::new(Fate::NotVisibleYet, "image_under_way", "it is being made; the same order again finds it"));
        }
        self.seen(&id, now).ok_or_else(|| missing("not_found", &id))
    }

    fn thing(&mut self, create: &Create, settings: &SimSettings, now: OffsetDateTime) -> Result<Thing, CloudError> {
        match create {
            Create::Machine { image, user_data, .. } => self.new_machine(image, user_data, settings, now),
            Create::Address => self.new_address(settings),
            Create::Firewall { tcp } => Ok(Thing::Firewall { tcp: tcp.clone() }),
            Create::Binding { address, machine, firewall } => {
                self.expect(address, "address_not_found", now)?;
                self.expect(machine, "instance_not_found", now)?;
                self.expect(firewall, "firewall_not_found", now)?;
                let taken = |thing: &Thing| matches!(thing, Thing::Binding { address: other, .. } if other == address);
                if self.entries.values().any(|entry| taken(&entry.thing)) {
                    return Err(CloudError::new(Fate::InUse, "address_is_bound", format!("{address} leads to another machine")));
                }
                Ok(Thing::Binding { address: address.clone(), machine: machine.clone(), firewall: firewall.clone(), is_cut: false })
            }
            Create::Snapshot { machine } => {
                self.expect(machine, "instance_not_found", now)?;
                let it = self.machine(machine)?;
                if it.state(now) != MachineState::Stopped {
                    return Err(CloudError::new(Fate::InUse, "still_running", format!("{machine} is not stopped")));
                }
                Ok(Thing::Snapshot { machine: machine.clone(), installed: it.inside.installed.clone() })
            }
            Create::Image { snapshot, recipe } => {
                self.expect(snapshot, "snapshot_not_found", now)?;
                let Some(Thing::Snapshot { installed, .. }) = self.entries.get(snapshot).map(|entry| &entry.thing) else {
                    return Err(missing("snapshot_not_found", snapshot));
                };
                let installed = installed.clone();
                let ready_at = now + self.luck.within(&settings.timings.image);
                Ok(Thing::Image { recipe: recipe.clone(), installed, ready_at })
            }
        }
    }

    /// What an order needs has to be there, and listed.
    fn expect(&self, id: &str, code: &'static str, now: OffsetDateTime) -> Result<(), CloudError> {
        if !self.entries.contains_key(id) {
            return Err(missing(code, id));
        }
        if !self.is_listed(id, now) {
            return Err(CloudError::new(Fate::NotVisibleYet, code, format!("{id} is not visible yet")));
        }
        Ok(())
    }

    fn new_machine(
        &mut self,
        image: &ImageSource,
        user_data: &str,
        settings: &SimSettings,
        now: OffsetDateTime,
    ) -> Result<Thing, CloudError> {
        let marker = Marker::read(user_data).map_err(|why| CloudError::new(Fate::Final, "bad_user_data", why))?;
        let installed = match image {
            ImageSource::Base(profile) if profile == "debian-12" => BTreeSet::new(),
            ImageSource::Base(profile) => return Err(missing("image_not_found", profile)),
            ImageSource::Baked(id) => match self.entries.get(id).map(|entry| &entry.thing) {
                Some(Thing::Image { installed, ready_at, .. }) if *ready_at <= now => installed.clone(),
                _ => return Err(missing("image_not_found", id)),
            },
        };
        let machines = u32::try_from(self.machines().count()).unwrap_or(u32::MAX);
        if machines >= settings.machines {
            let said = format!("{machines} of {} in use", settings.machines);
            return Err(CloudError::new(Fate::OverQuota, "machine_limit", said).with_numbers(machines, settings.machines));
        }
        self.has_room(settings, now)?;
        let taken: BTreeSet<_> = self.machines().map(|(_, machine)| machine.private_address.clone()).collect();
        let private_address =
            (0..).map(|n| Ipv4Addr::from_bits(PRIVATE.to_bits() + n).to_string()).find(|address| !taken.contains(address));
        let mut host_key = [0; 32];
        for bytes in host_key.chunks_exact_mut(8) {
            bytes.copy_from_slice(&self.luck.next().to_be_bytes());
        }
        Ok(Thing::Machine(Box::new(Machine {
            power: Power::On { runs_at: now },
            boots: 0,
            private_address: private_address.unwrap_or_default(),
            host_key,
            inside: Inside::new(marker, installed),
        })))
    }

    /// Whether one more machine can run.
    pub(super) fn has_room(&self, settings: &SimSettings, now: OffsetDateTime) -> Result<(), CloudError> {
        let on = self.machines().filter(|(_, machine)| machine.state(now) != MachineState::Stopped).count();
        if u32::try_from(on).unwrap_or(u32::MAX) < settings.capacity {
            return Ok(());
        }
        Err(CloudError::new(Fate::NoCapacity, "no_capacity", format!("the hosts carry {on} machines and have no room for another")))
    }

    fn new_address(&mut self, settings: &SimSettings) -> Result<Thing, CloudError> {
        let taken: BTreeSet<&str> = self
            .entries
            .values()
            .filter_map(|entry| match &entry.thing {
                Thing::Address { address } => Some(address.as_str()),
                _ => None,
            })
            .collect();
        let size = settings.addresses;
        let free: Vec<_> =
            (0..size).map(|n| Ipv4Addr::from_bits(POOL.to_bits() + n).to_string()).filter(|one| !taken.contains(one.as_str())).collect();
        let used = size.saturating_sub(u32::try_from(free.len()).unwrap_or(u32::MAX));
        if free.is_empty() {
            return Err(CloudError::new(Fate::OverQuota, "no_free_address", format!("{used} of {size} in use")).with_numbers(used, size));
        }
        let place = usize::try_from(self.luck.next() % free.len() as u64).unwrap_or(0);
        Ok(Thing::Address { address: free[place].clone() })
    }
}

/// The same order, the same number.
fn fingerprint(create: &Create) -> u64 {
    // FNV-1a: it has to be the same after a restart of the portal.
    format!("{create:?}").bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
