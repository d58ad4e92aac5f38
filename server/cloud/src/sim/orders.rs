//! Making things: an intent is a client token, so the same order gets the same thing and another order is refused.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use time::OffsetDateTime;

use super::inside::{Inside, Marker};
use super::machine::{Machine, Power};
use super::settings::SimSettings;
use super::world::{Label, Thing, Token, World, missing};
use crate::error::{CloudError, Fate};
use crate::order::{Create, ImageSource, Record};
use crate::seen::{MachineState, Seen};
use crate::tag::{Intent, Kind};

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
        let scope = scope(intent, create);
        let id = match self.tokens.get(&scope) {
            Some(token)
                if token.order != order && !matches!(create, Create::Record(_) | Create::TargetGroup { .. } | Create::Firewall { .. }) =>
            {
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
                self.put_right(&id, create, settings, now);
                id
            }
            None => {
                let is_anothers = |label: &Label| label.name == intent.name() && label.kind == intent.kind && label.intent != intent.token;
                if self.entries.values().any(|entry| is_anothers(&entry.label)) {
                    return Err(CloudError::new(Fate::Final, "name_taken", format!("{} was made by somebody else", intent.name())));
                }
                let thing = self.thing(intent, create, settings, now)?;
                let id = self.add(intent, thing, now, settings);
                self.tokens.insert(scope, Token { order, cloud_id: id.clone() });
                if let Create::Machine { disk, .. } = create {
                    self.power_on(&id, now, settings);
                    if let Some(token) = disk {
                        let intent = Intent { token: *token, kind: Kind::Disk, ..intent.clone() };
                        self.add(&intent, Thing::Disk { machine: id.clone() }, now, settings);
                    }
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

    /// The same order again puts right what somebody changed, where an order can.
    fn put_right(&mut self, id: &str, create: &Create, settings: &SimSettings, now: OffsetDateTime) {
        let in_sync_at = now + self.luck.within(&settings.timings.sync);
        match (create, self.entries.get_mut(id).map(|entry| &mut entry.thing)) {
            (Create::Firewall { tcp: ordered }, Some(Thing::Firewall { tcp })) => tcp.clone_from(ordered),
            (Create::TargetGroup { is_sticky: sticks, passage: leads }, Some(Thing::TargetGroup { is_sticky, passage })) => {
                (*is_sticky, *passage) = (*sticks, leads.clone());
            }
            (Create::Record(ordered), Some(Thing::Record { record, in_sync_at: at, is_out })) if record != ordered || *is_out => {
                (*record, *at, *is_out) = (ordered.clone(), in_sync_at, false);
            }
            _ => {}
        }
    }

    fn thing(&mut self, intent: &Intent, create: &Create, settings: &SimSettings, now: OffsetDateTime) -> Result<Thing, CloudError> {
        match create {
            Create::Machine { image, user_data, zone, firewall, key, .. } => {
                for (needed, code) in [(firewall, "firewall_not_found"), (key, "key_not_found")] {
                    if let Some(needed) = needed {
                        self.expect(needed, code, now)?;
                    }
                }
                let mut machine = self.new_machine(image, user_data, zone.as_ref(), settings, now)?;
                machine.firewall.clone_from(firewall);
                Ok(Thing::Machine(Box::new(machine)))
            }
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
                if it.state(now) != MachineState::Stopped && !settings.snapshots_stand_alone {
                    return Err(CloudError::new(Fate::InUse, "still_running", format!("{machine} is not stopped")));
                }
                let installed = it.inside.on_disk(now);
                let complete_at = now + self.luck.within(&settings.timings.snapshot);
                Ok(Thing::Snapshot { machine: machine.clone(), installed, complete_at })
            }
            Create::Image { snapshot, recipe } => {
                self.expect(snapshot, "snapshot_not_found", now)?;
                let Some(Thing::Snapshot { installed, complete_at, .. }) = self.entries.get(snapshot).map(|entry| &entry.thing) else {
                    return Err(missing("snapshot_not_found", snapshot));
                };
                if *complete_at > now {
                    return Err(CloudError::new(Fate::InUse, "snapshot_under_way", format!("{snapshot} is not whole yet")));
                }
                let installed = installed.clone();
                let ready_at = now + self.luck.within(&settings.timings.image);
                Ok(Thing::Image { recipe: recipe.clone(), installed, ready_at, snapshot: snapshot.clone() })
            }
            Create::Key { .. } => Ok(Thing::Key),
            Create::Record(record) => {
                let is_taken = |thing: &Thing| matches!(thing, Thing::Record { record: other, .. } if other.name == record.name);
                if self.entries.values().any(|entry| is_taken(&entry.thing)) {
                    return Err(CloudError::new(Fate::Final, "name_taken", format!("{} leads elsewhere", record.name)));
                }
                let in_sync_at = now + self.luck.within(&settings.timings.sync);
                Ok(Thing::Record { record: record.clone(), in_sync_at, is_out: false })
            }
            Create::Certificate { name } => {
                let mark = self.luck.next();
                let challenge = Record { name: format!("_{mark:016x}.{name}"), value: format!("_{mark:016x}.validations.test") };
                Ok(Thing::Certificate { challenge, issued_at: None })
            }
            Create::Balancer { firewall } => {
                self.expect(firewall, "firewall_not_found", now)?;
                if settings.zones.len() < 2 {
                    return Err(CloudError::new(Fate::Final, "two_zones_needed", "a balancer stands in two zones at least"));
                }
                let active_at = now + self.luck.within(&settings.timings.balancer);
                Ok(Thing::Balancer { name: format!("{}.balancers.test", intent.name()), firewall: firewall.clone(), active_at })
            }
            Create::TargetGroup { is_sticky, passage } => Ok(Thing::TargetGroup { is_sticky: *is_sticky, passage: passage.clone() }),
            Create::Listener { asks: Some(_), .. } => {
                Err(CloudError::new(Fate::Final, "not_here", "a balancer gets its certificate from the cloud here"))
            }
            Create::Listener { balancer, target_group, certificate, asks: None } => {
                self.expect(balancer, "balancer_not_found", now)?;
                self.expect(target_group, "target_group_not_found", now)?;
                let is_issued = |id: &String| {
                    let thing = self.entries.get(id).map(|entry| &entry.thing);
                    matches!(thing, Some(Thing::Certificate { issued_at: Some(at), .. }) if *at <= now)
                };
                if certificate.as_ref().is_some_and(|certificate| !is_issued(certificate)) {
                    return Err(CloudError::new(
                        Fate::Final,
                        "certificate_not_issued",
                        "a listener shows only a certificate that was issued",
                    ));
                }
                let (balancer, target_group) = (balancer.clone(), target_group.clone());
                Ok(Thing::Listener { balancer, target_group, certificate: certificate.clone() })
            }
            Create::Target { target_group, machine } => {
                self.expect(target_group, "target_group_not_found", now)?;
                self.expect(machine, "instance_not_found", now)?;
                let known_from = now + self.luck.within(&settings.timings.health);
                Ok(Thing::Target { target_group: target_group.clone(), machine: machine.clone(), known_from })
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
        zone: Option<&String>,
        settings: &SimSettings,
        now: OffsetDateTime,
    ) -> Result<Machine, CloudError> {
        let zone = zone.or(settings.zones.first());
        if let Some(zone) = zone.filter(|zone| !settings.zones.contains(zone)) {
            return Err(missing("zone_not_found", zone));
        }
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
        self.has_room(zone.map(String::as_str), settings, now)?;
        let taken: BTreeSet<_> = self.machines().map(|(_, machine)| machine.private_address.clone()).collect();
        let private_address =
            (0..).map(|n| Ipv4Addr::from_bits(PRIVATE.to_bits() + n).to_string()).find(|address| !taken.contains(address));
        let mut host_key = [0; 32];
        for bytes in host_key.chunks_exact_mut(8) {
            bytes.copy_from_slice(&self.luck.next().to_be_bytes());
        }
        Ok(Machine {
            power: Power::On { runs_at: now },
            boots: 0,
            private_address: private_address.unwrap_or_default(),
            zone: zone.cloned(),
            firewall: None,
            host_key,
            inside: Inside::new(marker, installed),
        })
    }

    /// Whether one more machine can run there.
    pub(super) fn has_room(&self, zone: Option<&str>, settings: &SimSettings, now: OffsetDateTime) -> Result<(), CloudError> {
        let on = || self.machines().filter(|(_, machine)| machine.state(now) != MachineState::Stopped);
        let (all, here) = (on().count(), on().filter(|(_, machine)| machine.zone.as_deref() == zone).count());
        let in_zone = zone.and_then(|zone| settings.zone_capacity.get(zone)).copied().unwrap_or(u32::MAX);
        let is_below = |count: usize, most: u32| u32::try_from(count).is_ok_and(|count| count < most);
        if is_below(all, settings.capacity) && is_below(here, in_zone) {
            return Ok(());
        }
        let place = zone.map(|zone| format!(" in zone {zone}")).unwrap_or_default();
        Err(CloudError::new(
            Fate::NoCapacity,
            "no_capacity",
            format!("the hosts carry {here} machines{place} and have no room for another"),
        ))
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

/// Where a token is known: a machine's only in the zone that was asked for, as EC2 has it. The same intent in another zone is another machine.
fn scope(intent: &Intent, create: &Create) -> String {
    match create {
        Create::Machine { zone: Some(zone), .. } => format!("{}@{zone}", intent.token),
        _ => intent.token.to_string(),
    }
}
