//! What exists in the simulated cloud, and who existed from when to when.
//!
//! Nothing here waits: whatever takes time has the moment at which it will have happened, and is read with the clock's time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::bill::Life;
use super::machine::{Machine, Power};
use super::settings::{Luck, SimSettings};
use crate::error::{CloudError, Fate};
use crate::order::{Opening, Passage, Record};
use crate::seen::{Deletion, Health, MachineState, Observed, Seen};
use crate::tag::{Intent, Kind};

/// Whose it is and when it was made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Label {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) installation: String,
    pub(super) environment: Uuid,
    pub(super) intent: Uuid,
    /// Until then the cloud does not list it.
    pub(super) listed_from: OffsetDateTime,
    /// It was deleted, and is gone from then on.
    #[serde(default)]
    pub(super) goes_at: Option<OffsetDateTime>,
}

/// One thing that exists.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) label: Label,
    pub(super) thing: Thing,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Thing {
    Machine(Box<Machine>),
    Address {
        address: String,
    },
    Firewall {
        tcp: Vec<Opening>,
    },
    Binding {
        address: String,
        machine: String,
        firewall: String,
        is_cut: bool,
    },
    Disk {
        machine: String,
    },
    Key,
    Record {
        record: Record,
        in_sync_at: OffsetDateTime,
        #[serde(default)]
        is_out: bool,
    },
    Certificate {
        challenge: Record,
        issued_at: Option<OffsetDateTime>,
    },
    Snapshot {
        machine: String,
        installed: BTreeSet<String>,
        #[serde(default = "always")]
        complete_at: OffsetDateTime,
    },
    Image {
        recipe: String,
        installed: BTreeSet<String>,
        ready_at: OffsetDateTime,
        #[serde(default)]
        snapshot: String,
    },
    Balancer {
        name: String,
        firewall: String,
        active_at: OffsetDateTime,
    },
    Listener {
        balancer: String,
        target_group: String,
        certificate: Option<String>,
    },
    TargetGroup {
        is_sticky: bool,
        #[serde(default)]
        passage: Option<Passage>,
    },
    Target {
        target_group: String,
        machine: String,
        known_from: OffsetDateTime,
    },
}

/// What an intent got, so that its repetition gets the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) order: u64,
    pub(super) cloud_id: String,
}

/// The whole cloud.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct World {
    pub(super) entries: BTreeMap<String, Entry>,
    /// By intent, and by zone where a token is known in its zone only.
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) lives: Vec<Life>,
    pub(super) luck: Luck,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self { entries: BTreeMap::new(), tokens: BTreeMap::new(), lives: Vec::new(), luck: Luck::new(seed) }
    }

    /// Brings everything that happens by itself up to now.
    pub(super) fn settle(&mut self, settings: &SimSettings, now: OffsetDateTime) {
        let mut due: Vec<_> = self.machines().filter_map(|(id, machine)| Some((id.to_owned(), machine.turns_off_by(now)?))).collect();
        // By time: two processes that look at different moments have the same luck.
        due.sort_by_key(|(_, at)| *at);
        for (id, at) in due {
            self.power_off(&id, at, settings);
        }
        let leaving = self.entries.iter().filter_map(|(id, entry)| Some((id.clone(), entry.label.goes_at.filter(|at| *at <= now)?)));
        let mut leaving: Vec<_> = leaving.collect();
        leaving.sort_by_key(|(_, at)| *at);
        for (id, at) in leaving {
            self.leave_disk(&id, settings);
            self.remove(&id, at);
        }
        self.issue_certificates(settings, now);
    }

    pub(super) fn machines(&self) -> impl Iterator<Item = (&str, &Machine)> {
        self.entries.iter().filter_map(|(id, entry)| match &entry.thing {
            Thing::Machine(machine) => Some((id.as_str(), machine.as_ref())),
            _ => None,
        })
    }

    pub(super) fn machine(&self, id: &str) -> Result<&Machine, CloudError> {
        match self.entries.get(id).map(|entry| &entry.thing) {
            Some(Thing::Machine(machine)) => Ok(machine),
            _ => Err(missing("instance_not_found", id)),
        }
    }

    pub(super) fn machine_mut(&mut self, id: &str) -> Result<&mut Machine, CloudError> {
        match self.entries.get_mut(id).map(|entry| &mut entry.thing) {
            Some(Thing::Machine(machine)) => Ok(machine),
            _ => Err(missing("instance_not_found", id)),
        }
    }

    /// A machine begins to run, in a moment.
    pub(super) fn power_on(&mut self, id: &str, at: OffsetDateTime, settings: &SimSettings) {
        let mut luck = self.luck;
        let runs_at = at + luck.within(&settings.timings.start);
        if let Ok(machine) = self.machine_mut(id) {
            machine.boots += 1;
            machine.power = Power::On { runs_at };
            let boot = format!("{id}-boot-{}", machine.boots);
            machine.inside.boots(boot, runs_at, &settings.timings, &mut luck);
        }
        self.luck = luck;
        if let Some(life) = self.life(id) {
            life.ran.push((runs_at, None));
        }
    }

    /// A machine goes off, in a moment.
    pub(super) fn power_off(&mut self, id: &str, at: OffsetDateTime, settings: &SimSettings) {
        let off_at = at + self.luck.within(&settings.timings.stop);
        let Ok(machine) = self.machine_mut(id) else { return };
        let Power::On { runs_at } = machine.power else { return };
        machine.inside.goes_off(at);
        machine.power = Power::Off { off_at, ran_at: runs_at, stops_at: Some(at) };
        if let Some((from, to)) = self.life(id).and_then(|life| life.ran.last_mut()) {
            // Stopped before it ran: it never did.
            *to = Some(at.max(*from));
        }
    }

    /// Since when something is gone, if it ever was.
    fn gone_since(&self, id: &str) -> Option<OffsetDateTime> {
        self.lives.iter().rfind(|life| life.cloud_id == id)?.to
    }

    fn life(&mut self, id: &str) -> Option<&mut Life> {
        self.lives.iter_mut().rfind(|life| life.cloud_id == id)
    }

    /// Something begins to exist.
    pub(super) fn add(&mut self, intent: &Intent, thing: Thing, now: OffsetDateTime, settings: &SimSettings) -> String {
        let id = format!("{}-{:016x}", intent.kind.code(), self.luck.next());
        let tags = &intent.tags.environment;
        let label = Label {
            kind: intent.kind,
            name: intent.name(),
            installation: tags.installation.clone(),
            environment: tags.environment,
            intent: intent.token,
            listed_from: now + self.luck.within(&settings.timings.unlisted),
            goes_at: None,
        };
        self.entries.insert(id.clone(), Entry { label, thing });
        self.lives.push(Life {
            kind: intent.kind,
            cloud_id: id.clone(),
            environment: tags.environment,
            from: now,
            to: None,
            ran: Vec::new(),
        });
        id
    }

    pub(super) fn start(&mut self, id: &str, settings: &SimSettings, now: OffsetDateTime) -> Result<(), CloudError> {
        let machine = self.machine(id)?;
        match machine.state(now) {
            MachineState::Stopped => {
                self.has_room(machine.zone.as_deref(), settings, now)?;
                self.power_on(id, now, settings);
                Ok(())
            }
            MachineState::Stopping => Err(CloudError::new(Fate::TryAgain, "busy", format!("{id} is on its way down"))),
            MachineState::Starting | MachineState::Running => Ok(()),
        }
    }

    pub(super) fn stop(&mut self, id: &str, settings: &SimSettings, now: OffsetDateTime) -> Result<(), CloudError> {
        self.machine(id)?;
        self.power_off(id, now, settings);
        Ok(())
    }

    pub(super) fn delete(&mut self, kind: Kind, id: &str, settings: &SimSettings, now: OffsetDateTime) -> Result<Deletion, CloudError> {
        match self.entries.get(id) {
            Some(entry) if entry.label.kind == kind => {}
            _ => return Ok(Deletion::Done(self.gone_since(id))),
        }
        if let Some(user) = self.user_of(id, settings) {
            return Err(CloudError::new(Fate::InUse, "in_use", format!("{user} uses {id}")));
        }
        if kind == Kind::Machine && self.machine(id)?.state(now) != MachineState::Stopped {
            return Err(CloudError::new(Fate::InUse, "still_running", format!("{id} is not stopped")));
        }
        Ok(self.let_go(id, now, settings))
    }

    /// Some things take a moment to go.
    fn let_go(&mut self, id: &str, now: OffsetDateTime, settings: &SimSettings) -> Deletion {
        let in_sync_at = now + self.luck.within(&settings.timings.sync);
        if let Some(Thing::Record { in_sync_at: at, is_out, .. }) = self.entries.get_mut(id).map(|entry| &mut entry.thing) {
            if !*is_out {
                (*at, *is_out) = (in_sync_at, true);
            }
            if *at > now {
                return Deletion::UnderWay;
            }
        }
        let takes = match self.entries.get(id).map(|entry| &entry.thing) {
            Some(Thing::Machine(_)) => self.luck.within(&settings.timings.delete),
            Some(Thing::Target { .. }) => self.luck.within(&settings.timings.drain),
            _ => Duration::ZERO,
        };
        match self.entries.get_mut(id) {
            Some(entry) if takes > Duration::ZERO => {
                entry.label.goes_at.get_or_insert(now + takes);
                Deletion::UnderWay
            }
            _ => {
                self.leave_disk(id, settings);
                self.remove(id, now);
                Deletion::Done(Some(now))
            }
        }
    }

    /// By chance a machine's disk does not go with it.
    fn leave_disk(&mut self, machine: &str, settings: &SimSettings) {
        if !matches!(self.entries.get(machine).map(|entry| &entry.thing), Some(Thing::Machine(_)))
            || !self.luck.strikes(settings.chances.left_disks)
        {
            return;
        }
        for entry in self.entries.values_mut() {
            if let Thing::Disk { machine: of } = &mut entry.thing
                && of == machine
            {
                of.clear();
            }
        }
    }

    /// Something ceases to exist, and what is nothing without it.
    pub(super) fn remove(&mut self, id: &str, now: OffsetDateTime) {
        if self.entries.remove(id).is_none() {
            return;
        }
        if let Some(life) = self.life(id) {
            life.to = Some(now);
            if let Some((from, to @ None)) = life.ran.last_mut() {
                *to = Some(now.max(*from));
            }
        }
        let goes_along = |thing: &Thing| match thing {
            Thing::Disk { machine } => machine == id,
            Thing::Listener { balancer, .. } => balancer == id,
            Thing::Target { target_group, .. } => target_group == id,
            _ => false,
        };
        let along: Vec<_> = self.entries.iter().filter(|(_, entry)| goes_along(&entry.thing)).map(|(id, _)| id.clone()).collect();
        for id in along {
            self.remove(&id, now);
        }
    }

    /// As the cloud shows it.
    pub(super) fn seen(&self, id: &str, now: OffsetDateTime) -> Option<Seen> {
        let Entry { label, thing } = self.entries.get(id)?;
        let observed = match thing {
            Thing::Machine(machine) => machine.observed(label.goes_at.is_some(), now),
            Thing::Address { address } => Observed::Address { address: address.clone() },
            Thing::Firewall { tcp } => Observed::Firewall { tcp: tcp.clone() },
            Thing::Binding { address, machine, firewall, is_cut } => {
                let all_there = [address, machine, firewall].into_iter().all(|end| self.entries.contains_key(end));
                let leads_there = !is_cut && all_there;
                Observed::Binding { address: address.clone(), machine: if leads_there { machine.clone() } else { String::new() } }
            }
            Thing::Disk { .. } => Observed::Disk,
            Thing::Key => Observed::Key,
            Thing::Record { record, in_sync_at, is_out } => {
                Observed::Record { record: record.clone(), is_in_sync: *in_sync_at <= now, is_out: *is_out }
            }
            Thing::Certificate { challenge, issued_at } => {
                Observed::Certificate { challenge: challenge.clone(), is_issued: issued_at.is_some_and(|at| at <= now) }
            }
            Thing::Snapshot { complete_at, .. } => Observed::Snapshot { is_complete: *complete_at <= now },
            Thing::Balancer { name, active_at, .. } => {
                let private_address = Some("10.0.255.1".to_owned());
                Observed::Balancer { name: name.clone(), is_active: *active_at <= now, private_address }
            }
            Thing::Listener { certificate, .. } => Observed::Listener { certificate: certificate.clone(), asks: None, said: None },
            Thing::TargetGroup { is_sticky, passage } => Observed::TargetGroup { is_sticky: *is_sticky, passage: passage.clone() },
            Thing::Target { machine, known_from, .. } => {
                let health = if label.goes_at.is_some() { Health::Draining } else { self.health(machine, *known_from, now) };
                Observed::Target { machine: machine.clone(), health }
            }
            Thing::Image { recipe, ready_at, .. } => Observed::Image { recipe: recipe.clone(), is_available: *ready_at <= now },
        };
        let since = self.lives.iter().rfind(|life| life.cloud_id == id).map(|life| life.from);
        Some(Seen { cloud_id: id.to_owned(), environment: label.environment, intent: Some(label.intent), observed, since })
    }

    pub(super) fn is_listed(&self, id: &str, now: OffsetDateTime) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.label.listed_from <= now)
    }

    /// The first thing that still uses this one.
    fn user_of(&self, id: &str, settings: &SimSettings) -> Option<&str> {
        let uses = |thing: &Thing| match thing {
            Thing::Machine(machine) => machine.firewall.as_deref() == Some(id),
            Thing::Binding { address, firewall, .. } => address == id || firewall == id,
            Thing::Snapshot { machine, .. } => machine == id && !settings.snapshots_stand_alone,
            Thing::Image { snapshot, .. } => snapshot == id && settings.snapshots_stand_alone,
            Thing::Balancer { firewall, .. } => firewall == id,
            Thing::Listener { target_group, certificate, .. } => target_group == id || certificate.as_deref() == Some(id),
            _ => false,
        };
        if let Some(Thing::Disk { machine }) = self.entries.get(id).map(|entry| &entry.thing) {
            return (!machine.is_empty()).then_some(machine);
        }
        self.entries.iter().find(|(_, entry)| uses(&entry.thing)).map(|(user, _)| user.as_str())
    }
}

/// What an older file says nothing of was whole.
fn always() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH
}

pub(super) fn missing(code: &'static str, id: &str) -> CloudError {
    CloudError::new(Fate::Final, code, format!("there is no {id}"))
}
