//! What is there: our rows joined with what the cloud lists and what the machine and the probes report.

use std::collections::{BTreeMap, BTreeSet};

use app::domain::incident::Fault;
use app::domain::reason::Probe;
use app::domain::saw::Saw;
use cloud::{Kind, MachineState, Observed};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{BackupSeen, PermitSeen, Told};
use crate::machine::certificate::Certificate;

/// Everything a plan looks at.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// What we ordered and have not given back, one per kind and slot.
    pub holdings: BTreeMap<(Kind, u16), Holding>,
    /// What the cloud lists under our tag that no holding explains, by its name there.
    pub strays: Vec<(Kind, String)>,
    /// The boot that the machine last reported.
    pub boot: Option<BootSeen>,
    /// The boots that its copies last reported.
    pub copies: BTreeMap<u16, BootSeen>,
    /// What each probe last saw.
    pub probes: BTreeMap<Probe, ProbeSeen>,
    /// What each machine was last told that it is asked by, as far as it was told anything.
    pub told: BTreeMap<u16, Told>,
    /// Machines that were set up at least once: something may be on them.
    pub worked: BTreeSet<u16>,
    /// Backups that are on their way, or that a machine needs to leave.
    pub backups: BTreeMap<Uuid, BackupSeen>,
    /// The certificate that the machine has.
    pub certificate: Option<Certificate>,
    /// Its leave to ask for one.
    pub permit: Option<PermitSeen>,
    /// The same of a balancer that gets one by itself.
    pub balancer_permit: Option<PermitSeen>,
    /// The boot on which every probe passed.
    pub ready_boot: Option<String>,
    /// Whether it was ever Ready: from then on the disk is somebody's work.
    pub was_ready: bool,
    /// Whether it was Ready since the wish last changed: from then on what is missing is broken.
    pub was_ready_since_asked: bool,
    /// What is known to be broken, and when that was noticed.
    pub incidents: BTreeMap<Fault, OffsetDateTime>,
    /// An image of the same recipe that the cloud has already.
    pub found_image: Option<String>,
    /// Whether the version's image is written down already.
    pub is_image_recorded: bool,
    /// Slots of saved images that somebody's new machine waits for.
    pub images_in_use: BTreeSet<u16>,
    /// When the newest call began whose answer nobody saw; it may still be on its way.
    pub unanswered_at: Option<OffsetDateTime>,
    /// When the cloud first listed nothing of it.
    pub empty_since: Option<OffsetDateTime>,
    /// Until when somebody may remember a name of it that was taken out of the DNS.
    pub names_linger_until: Option<OffsetDateTime>,
}

/// One thing that we ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// How often this slot was made.
    pub incarnation: u16,
    /// The intent's token.
    pub intent: Uuid,
    /// The cloud's name for it, once the cloud has answered.
    pub cloud_id: Option<String>,
    /// When the answer came.
    pub made_at: Option<OffsetDateTime>,
    /// When its next call may be made, and which: the cloud takes only so many, or has refused it a while ago.
    pub turn: Option<(String, OffsetDateTime)>,
    /// What the cloud lists of it now; `None`: it does not.
    pub listed: Option<Observed>,
}

impl Holding {
    /// Whether the cloud has it, as far as we know.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.cloud_id.is_some() && self.listed.is_some()
    }
}

/// What machines of a wish start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageState {
    /// This image.
    Ready(String),
    /// It is being baked: wait for it.
    Baking,
    /// There is none and none will come: install at the first boot.
    Absent,
}

/// How the machine's boot goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BootSeen {
    /// The boot.
    pub id: String,
    /// The step `ready` is done.
    pub is_ready: bool,
    /// The step `clean` is done: the disk is fit to become an image.
    pub is_clean: bool,
    /// A step failed: its name and its last lines.
    pub failed: Option<(String, Vec<String>)>,
}

/// What a probe last saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeSeen {
    /// On which boot.
    pub boot: String,
    /// Passed, or what it saw, as JSON.
    pub saw: Result<(), Saw>,
    /// How often in a row it failed on this boot.
    pub tries: u32,
    /// When.
    pub at: OffsetDateTime,
}

impl World {
    /// The holding of a slot.
    #[must_use]
    pub fn of(&self, kind: Kind, slot: u16) -> Option<&Holding> {
        self.holdings.get(&(kind, slot))
    }

    /// The holding of the first slot of a kind.
    #[must_use]
    pub fn first(&self, kind: Kind) -> Option<&Holding> {
        self.of(kind, 1)
    }

    /// The slots of a kind that are held.
    pub fn slots(&self, kind: Kind) -> impl Iterator<Item = u16> {
        self.holdings.keys().filter(move |(of, _)| *of == kind).map(|(_, slot)| *slot)
    }

    /// A machine's state, if the cloud lists it.
    #[must_use]
    pub fn machine_state(&self, slot: u16) -> Option<MachineState> {
        match self.of(Kind::Machine, slot)?.listed.as_ref()? {
            Observed::Machine { state, .. } => Some(*state),
            _ => None,
        }
    }

    /// A machine's address inside the cloud.
    #[must_use]
    pub fn private_address(&self, slot: u16) -> Option<&str> {
        match self.of(Kind::Machine, slot)?.listed.as_ref()? {
            Observed::Machine { private_address, .. } => private_address.as_deref(),
            _ => None,
        }
    }

    /// The balancer's address inside the cloud, where it is a machine.
    #[must_use]
    pub fn balancer_address(&self) -> Option<&str> {
        match self.first(Kind::Balancer)?.listed.as_ref()? {
            Observed::Balancer { private_address, .. } => private_address.as_deref(),
            _ => None,
        }
    }

    /// What the cloud calls the balancer; one that is only half made has no name yet.
    #[must_use]
    pub fn balancer_is_called(&self) -> Option<&str> {
        match self.first(Kind::Balancer)?.listed.as_ref()? {
            Observed::Balancer { name, .. } => Some(name.as_str()).filter(|name| !name.is_empty()),
            _ => None,
        }
    }

    /// Whether a machine was launched with others and is not its environment's yet.
    #[must_use]
    pub fn is_locked(&self, slot: u16) -> bool {
        self.of(Kind::Machine, slot).is_some_and(|machine| matches!(machine.listed, Some(Observed::Machine { is_locked: true, .. })))
    }

    /// Whether the version has an image, made by us or found.
    #[must_use]
    pub fn has_image(&self) -> bool {
        self.is_image_recorded || self.image().is_some()
    }

    /// The cloud's name of an image of the version, made by us or found.
    #[must_use]
    pub fn image(&self) -> Option<&str> {
        let ours = self.first(Kind::Image).filter(|_| self.holds_whole_image(1)).and_then(|image| image.cloud_id.as_deref());
        ours.or(self.found_image.as_deref())
    }

    /// Whether it holds an image that machines can be made of.
    #[must_use]
    pub fn holds_whole_image(&self, slot: u16) -> bool {
        self.of(Kind::Image, slot).is_some_and(|image| matches!(image.listed, Some(Observed::Image { is_available: true, .. })))
    }

    /// Whether a machine runs.
    #[must_use]
    pub fn machine_runs(&self, slot: u16) -> bool {
        self.machine_state(slot) == Some(MachineState::Running)
    }

    /// When the cloud last started the machine, where it says so; else when it was made.
    #[must_use]
    pub fn machine_started_at(&self, slot: u16) -> Option<OffsetDateTime> {
        let machine = self.of(Kind::Machine, slot)?;
        match machine.listed.as_ref()? {
            Observed::Machine { started_at, .. } => started_at.or(machine.made_at),
            _ => None,
        }
    }

    /// Whether the machine reported that its boot is complete.
    #[must_use]
    pub fn is_booted(&self) -> bool {
        self.machine_runs(1) && self.boot.as_ref().is_some_and(|boot| boot.is_ready)
    }

    /// Whether a copy reported that it is set up, as a machine of its own.
    #[must_use]
    pub fn is_copy_booted(&self, slot: u16) -> bool {
        self.machine_runs(slot) && self.copies.get(&slot).is_some_and(|boot| boot.is_ready)
    }

    /// Whether every probe passed on the present boot, now or earlier.
    #[must_use]
    pub fn was_proven(&self) -> bool {
        self.ready_boot.is_some() && self.ready_boot == self.boot.as_ref().map(|boot| boot.id.clone())
    }

    /// Whether a probe passed on the present boot.
    #[must_use]
    pub fn has_passed(&self, probe: Probe) -> bool {
        match (&self.boot, self.probes.get(&probe)) {
            (Some(boot), Some(seen)) => seen.boot == boot.id && seen.saw.is_ok(),
            _ => false,
        }
    }

    /// Whether every one of these probes passed on the present boot.
    #[must_use]
    pub fn is_proven(&self, probes: &[Probe]) -> bool {
        self.is_booted() && self.first(Kind::Binding).is_some_and(Holding::is_there) && probes.iter().all(|probe| self.has_passed(*probe))
    }
}
