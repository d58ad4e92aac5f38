//! The wish and the plan: pure functions, no I/O, no clock of their own.
//!
//! ```text
//!  Wish ───► desired_resources: which slots ─┐
//!                                            ├─► plan(wish, world, now) ──► Plan { now, waiting, … }
//!  World ──► holdings, boot, probes ─────────┘
//! ```
//!
//! The same plan creates, starts, stops, repairs and removes: removal is the wish "gone". A plan for a satisfied wish has nothing to
//! do now. What a plan holds is data; golden files show it, so that a reviewer reads plans.

mod backup;
pub mod drift;
mod kinds;
mod permit;
pub mod phase;
pub mod plan;
#[cfg(test)]
mod plans;
pub mod policy;
mod serving;
pub mod spec;
mod telling;
pub mod world;
pub mod zone;

use std::collections::{BTreeMap, BTreeSet};

use app::domain::phase::Goal;
use app::domain::reason::Probe;
use app::domain::scaling::{Mode, Policy};
pub use backup::{BackupSeen, FRESH_FOR, Farewell, farewell, holds_work};
pub use cloud::Kind;
use cloud::order::PortRange;
use cloud::{MachineState, Nature, Observed, Opening, Record, Size};
pub use kinds::{Wanted, desired_resources};
pub use permit::PermitSeen;
pub use phase::phase;
pub use plan::{Action, Plan, Until, plan};
use serde::{Deserialize, Serialize};
pub use serving::First;
pub use spec::{Freeze, Security, Spec};
pub use telling::Told;
use uuid::Uuid;
pub use world::{BootSeen, Holding, ImageState, ProbeSeen, World};

use crate::certificates::Authority;

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
    /// What its holder chose.
    pub options: Options,
    /// Its name in the DNS, in full.
    pub dns_name: String,
    /// The authority that its machines may ask for certificates, if there is one.
    pub authority: Option<Authority>,
    /// The networks that the course's people come from.
    pub networks: Vec<String>,
    /// What the cloud is like.
    pub nature: Nature,
}

/// What the holder chose, and may choose again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Options {
    /// How many machines share the work: 1, or more behind a balancer.
    pub machines: u16,
    /// The zone that copies go to, in a cloud that has zones; `None`: any but the first machine's.
    pub zone: Option<String>,
    /// Machines that the balancer sends nobody to for now, though they run: seen from outside, as if they were down.
    pub set_apart: BTreeSet<u16>,
    /// Whether a visitor stays with the machine that answered first.
    pub is_sticky: bool,
    /// The key that the machines let in: the student's own, or the public half of one that we made.
    pub public_key: String,
    /// Machines that are to leave, the last with the backup that has to be proven before, once it was asked for.
    pub leaving: BTreeMap<u16, Option<Uuid>>,
    /// The backup that its first machine is made of.
    pub restores: Option<Uuid>,
    /// When machines come and go by themselves, if they do.
    pub policy: Option<Policy>,
    /// What copies are for.
    pub mode: Mode,
    /// Images of its first machine's disk that its holder saved, each in its slot, from [`SAVED_FROM`] on.
    pub saved: BTreeSet<u16>,
    /// How large its machines are, where that is not the usual size.
    pub size: Option<Size>,
    /// The saved image that its first machine is made of, instead of its blueprint's.
    pub made_of: Option<SavedImage>,
}

/// The first image is that of which copies are made; what somebody saved comes after it.
pub const SAVED_FROM: u16 = 2;

/// What people call the saved image in a slot: they count from 1.
#[must_use]
pub fn image_number(slot: u16) -> u16 {
    slot + 1 - SAVED_FROM
}

/// The slot of a saved image, by its number; `None`: no image is called so.
#[must_use]
pub fn image_slot(number: u16) -> Option<u16> {
    number.checked_sub(1)?.checked_add(SAVED_FROM)
}

/// An image that somebody saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedImage {
    /// Of which environment.
    pub environment: Uuid,
    /// In which of its slots.
    pub slot: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            machines: 1,
            zone: None,
            set_apart: BTreeSet::new(),
            is_sticky: false,
            public_key: String::new(),
            leaving: BTreeMap::new(),
            restores: None,
            policy: None,
            mode: Mode::Teaching,
            saved: BTreeSet::new(),
            size: None,
            made_of: None,
        }
    }
}

const EVERYWHERE: &str = "0.0.0.0/0";
const SSH: PortRange = PortRange { from: 22, to: 22 };
/// What a balancer takes from the world.
const WEB_PORTS: [PortRange; 2] = [PortRange { from: 80, to: 80 }, PortRange { from: 443, to: 443 }];

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

    /// Whether several machines share the work, behind a balancer.
    #[must_use]
    pub fn is_scaled_out(&self) -> bool {
        self.machines() > 1
    }

    /// How many machines it has.
    #[must_use]
    pub fn machines(&self) -> u16 {
        match self.purpose {
            Purpose::Course => self.options.machines.max(1),
            Purpose::Image => 1,
        }
    }

    /// Whether an image of the first machine's disk is to be there: the first for its copies, the others because somebody saved them.
    #[must_use]
    pub fn keeps_image(&self, slot: u16) -> bool {
        self.purpose == Purpose::Course && if slot < SAVED_FROM { self.is_scaled_out() } else { self.options.saved.contains(&slot) }
    }

    /// Whether an image of the first machine's disk is still to be made. One that was saved and is missing is not made anew: what the disk holds
    /// by now is not what somebody saved.
    fn is_image_to_make(&self, world: &World, slot: u16) -> bool {
        let is_missing = |image: &Holding| image.cloud_id.is_some() && image.listed.is_none();
        let is_lost = slot >= SAVED_FROM && world.of(Kind::Image, slot).is_some_and(is_missing);
        self.is_up() && self.keeps_image(slot) && !world.holds_whole_image(slot) && !is_lost
    }

    /// The slot of the image that is being made: one after the other, and what was begun before anything else.
    fn image_to_make(&self, world: &World) -> Option<u16> {
        let slots = (1..SAVED_FROM).chain(self.options.saved.iter().copied());
        let to_make: Vec<_> = slots.filter(|slot| self.is_image_to_make(world, *slot)).collect();
        to_make.iter().find(|slot| world.of(Kind::Snapshot, **slot).is_some()).or(to_make.first()).copied()
    }

    /// Whether the first machine is being copied in a way that turns it off for a while.
    #[must_use]
    pub fn is_copied_at_rest(&self, world: &World) -> bool {
        self.spec.freeze == Freeze::AtRest && self.image_to_make(world).is_some()
    }

    /// Whether the first machine should be off just now: its disk is to be frozen at rest, and was not yet. What was never proven is not copied.
    #[must_use]
    pub fn rests(&self, world: &World) -> bool {
        let is_frozen = |slot| world.of(Kind::Snapshot, slot).is_some_and(Holding::is_there);
        let goes_off = matches!(world.machine_state(1), Some(MachineState::Stopping | MachineState::Stopped));
        let is_to_be_frozen = self.image_to_make(world).is_some_and(|slot| !is_frozen(slot));
        self.is_copied_at_rest(world) && is_to_be_frozen && (world.was_proven() || world.was_ready && goes_off)
    }

    /// Whether its addresses are its own now: they are kept while it is stopped, unless its blueprint gives them back.
    #[must_use]
    pub fn keeps_addresses(&self) -> bool {
        self.is_up() || self.is_kept() && !self.spec.gives_back_address
    }

    /// Whether it has names in the DNS.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.purpose == Purpose::Course && self.nature.has(Kind::Record)
    }

    /// Whether its machine gets a certificate for its name.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.is_named() && self.authority.is_some() && self.spec.has("https")
    }

    /// What has to pass from outside, by address and, as far as that is there, by name.
    #[must_use]
    pub fn probes(&self, world: &World) -> Vec<Probe> {
        let is_led_here = self.is_named() && world.first(Kind::Record).is_some_and(Holding::is_there);
        let is_served = world.certificate.as_ref().is_some_and(|certificate| certificate.serves(&self.dns_name));
        let is_owed = |probe: &Probe| match probe {
            Probe::Name => is_led_here,
            Probe::Https => is_led_here && is_served,
            _ => is_led_here && is_served && self.spec.has("ftp_tex"),
        };
        let by_name = Probe::ALL.into_iter().filter(|probe| probe.is_by_name() && is_owed(probe));
        self.spec.probes().into_iter().chain(by_name).collect()
    }

    /// Whether its balancer speaks HTTPS.
    #[must_use]
    pub fn is_certified(&self) -> bool {
        self.is_named() && self.nature.has(Kind::Certificate) && self.is_scaled_out() && self.spec.has("https")
    }

    /// What a firewall lets in, in order: the first is the machines', the second the balancer's.
    #[must_use]
    pub fn openings(&self, world: &World, slot: u16) -> Vec<Opening> {
        let ports = match (slot, self.purpose) {
            // Nobody visits a build machine.
            (_, Purpose::Image) => &[][..],
            (1, Purpose::Course) => &self.spec.open_ports,
            _ => &WEB_PORTS,
        };
        let opening = |ports: &PortRange| Opening { ports: *ports, sources: if *ports == SSH { self.ssh_sources() } else { Vec::new() } };
        let mut openings: Vec<_> = ports.iter().map(opening).collect();
        openings.extend(self.lets_copies_in(world).filter(|_| slot == 1));
        openings.sort_unstable();
        openings.dedup();
        openings
    }

    /// From where machines can be logged into; empty: from everywhere, because the blueprint says so, the course names no networks, or the cloud
    /// cannot tell where somebody comes from.
    #[must_use]
    pub fn ssh_sources(&self) -> Vec<String> {
        if self.spec.security == Security::AsInTheReport || self.networks.is_empty() || !self.nature.filters_sources {
            return Vec::new();
        }
        let mut sources: Vec<_> = self.networks.iter().chain(&self.nature.probes_come_from).cloned().collect();
        sources.sort_unstable();
        sources.dedup();
        if sources.iter().any(|source| source == EVERYWHERE) { Vec::new() } else { sources }
    }

    /// Whether its machines' key is an object of its own: where keys are, and of a sort that EC2 takes. Others reach the machine by its settings.
    #[must_use]
    pub fn has_key(&self) -> bool {
        let is_taken = ["ssh-ed25519 ", "ssh-rsa "].iter().any(|kind| self.options.public_key.starts_with(kind));
        self.purpose == Purpose::Course && self.nature.has(Kind::Key) && is_taken
    }

    /// What visitors ask a machine by: the first by its name, each by its own address, and all by what the balancer before them is called.
    #[must_use]
    pub fn host_names(&self, world: &World, slot: u16) -> Vec<String> {
        let mut names = Vec::new();
        if slot == 1 && self.is_named() {
            names.push(self.dns_name.clone());
        }
        if let Some(Observed::Address { address }) = world.of(Kind::Address, slot).and_then(|address| address.listed.as_ref()) {
            names.push(address.clone());
        }
        if let Some(name) = world.balancer_is_called() {
            names.extend(self.is_named().then(|| self.balancer_name()));
            names.push(name.to_owned());
        }
        names
    }

    /// The balancer's name in the DNS.
    #[must_use]
    pub fn balancer_name(&self) -> String {
        format!("www.{}", self.dns_name)
    }

    /// What a record should say, once that is known: the first leads to the machine, the second (`www`) to the balancer, the third proves the
    /// name to the certificate authority.
    #[must_use]
    pub fn record(&self, world: &World, slot: u16) -> Option<Record> {
        match (slot, world.first(leads_to(slot))?.listed.as_ref()?) {
            (1, Observed::Address { address }) => Some(Record { name: self.dns_name.clone(), value: address.clone() }),
            (2, Observed::Balancer { name, .. }) if !name.is_empty() => Some(Record { name: self.balancer_name(), value: name.clone() }),
            (3, Observed::Certificate { challenge, .. }) => Some(challenge.clone()),
            _ => None,
        }
    }
}

/// What a record's value comes from.
fn leads_to(slot: u16) -> Kind {
    match slot {
        1 => Kind::Address,
        2 => Kind::Balancer,
        _ => Kind::Certificate,
    }
}
