//! What a cloud shows of what we made.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::call::Call;
use crate::order::{Opening, Passage, Record};
use crate::tag::Kind;

/// One resource as listed by the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The cloud's name for it.
    pub cloud_id: String,
    /// The environment that its tag names.
    pub environment: Uuid,
    /// The intent that its tag names. None: it cannot carry a tag (a binding of EC2's is a property of its address, a target a line in its
    /// target group); it is known by the machine that it leads to.
    pub intent: Option<Uuid>,
    /// What it is like.
    pub observed: Observed,
    /// When it came to be, where the cloud says so.
    pub since: Option<OffsetDateTime>,
}

impl Seen {
    /// What kind of resource it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.observed.kind()
    }
}

impl Observed {
    /// The same after the cloud has taken an order to start, to stop, to delete or to hand it over.
    #[must_use]
    pub fn after(mut self, call: Call) -> Self {
        match (&mut self, call) {
            (Self::Machine { state, started_at, stopped_at, .. }, Call::Start) => {
                (*state, *started_at, *stopped_at) = (MachineState::Starting, None, None);
            }
            (Self::Machine { state, .. }, Call::Stop | Call::Delete(_)) => *state = MachineState::Stopping,
            (Self::Machine { is_locked, .. }, Call::HandOver) => *is_locked = false,
            (Self::Target { health, .. }, Call::Delete(_)) => *health = Health::Draining,
            (Self::Record { is_in_sync, is_out, .. }, Call::Delete(_)) => (*is_in_sync, *is_out) = (false, true),
            _ => {}
        }
        self
    }

    /// Whether it is on its way to another state by itself.
    #[must_use]
    pub fn is_changing(&self) -> bool {
        match self {
            Self::Machine { state, .. } => matches!(state, MachineState::Starting | MachineState::Stopping),
            Self::Record { is_in_sync, .. } => !is_in_sync,
            Self::Certificate { is_issued, .. } => !is_issued,
            Self::Snapshot { is_complete } => !is_complete,
            Self::Image { is_available, .. } => !is_available,
            Self::Balancer { is_active, .. } => !is_active,
            Self::Target { health, .. } => *health != Health::Healthy,
            Self::Listener { certificate, asks, said } => asks.is_some() && certificate.is_none() && said.is_none(),
            _ => false,
        }
    }

    /// What kind of resource it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Machine { .. } => Kind::Machine,
            Self::Disk => Kind::Disk,
            Self::Address { .. } => Kind::Address,
            Self::Binding { .. } => Kind::Binding,
            Self::Firewall { .. } => Kind::Firewall,
            Self::Key => Kind::Key,
            Self::Record { .. } => Kind::Record,
            Self::Certificate { .. } => Kind::Certificate,
            Self::Snapshot { .. } => Kind::Snapshot,
            Self::Image { .. } => Kind::Image,
            Self::Balancer { .. } => Kind::Balancer,
            Self::Listener { .. } => Kind::Listener,
            Self::TargetGroup { .. } => Kind::TargetGroup,
            Self::Target { .. } => Kind::Target,
        }
    }
}

/// What a resource is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Observed {
    /// A machine.
    Machine {
        /// Its state.
        state: MachineState,
        /// When the cloud last started it, where it says so.
        started_at: Option<OffsetDateTime>,
        /// When it went off since then, where it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        stopped_at: Option<OffsetDateTime>,
        /// Its address inside the cloud.
        private_address: Option<String>,
        /// Where it is, in a cloud that has zones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<String>,
        /// It was launched together with others, behind a firewall that lets nobody in, and is not its environment's yet.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_locked: bool,
    },
    /// A disk.
    Disk,
    /// An address: `198.51.100.7`.
    Address {
        /// As people type it.
        address: String,
    },
    /// A binding.
    Binding {
        /// The address's cloud name.
        address: String,
        /// The machine's cloud name, where it leads; empty: it leads nowhere any more (ports taken away or turned elsewhere).
        machine: String,
    },
    /// A firewall.
    Firewall {
        /// What it lets in, in order.
        #[serde(default)]
        tcp: Vec<Opening>,
    },
    /// A key.
    Key,
    /// A record.
    Record {
        /// What it says.
        record: Record,
        /// Whether every name server of the domain says so.
        is_in_sync: bool,
        /// It was taken out, and what is left says so until no name server knows the name any more.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_out: bool,
    },
    /// A certificate.
    Certificate {
        /// The record that proves the name to the certificate authority.
        challenge: Record,
        /// Whether it can be used.
        is_issued: bool,
    },
    /// A snapshot.
    Snapshot {
        /// Whether the whole disk is in it. A snapshot is listed before it is whole.
        #[serde(default = "yes")]
        is_complete: bool,
    },
    /// An image.
    Image {
        /// What it was made of.
        recipe: String,
        /// Whether machines can be made of it. An image is listed before it is whole.
        is_available: bool,
    },
    /// A balancer.
    Balancer {
        /// The name that it can be reached under.
        name: String,
        /// Whether it takes requests.
        is_active: bool,
        /// Its address inside the cloud, where it is a machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        private_address: Option<String>,
    },
    /// A listener.
    Listener {
        /// The certificate that it shows, by the cloud's name.
        certificate: Option<String>,
        /// The digest of what it was told of a certificate that it gets by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asks: Option<String>,
        /// What is in the way of that, in a sentence of the authority's or the balancer's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    /// A target group.
    TargetGroup {
        /// Whether a visitor stays with the machine that answered first.
        #[serde(default)]
        is_sticky: bool,
        /// Which machines are led to another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        passage: Option<Passage>,
    },
    /// A target.
    Target {
        /// The machine, by the cloud's name.
        machine: String,
        /// Whether requests go there.
        health: Health,
    },
}

// What older releases wrote down says nothing of it, and was whole.
fn yes() -> bool {
    true
}

/// How a target is, as the balancer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Not yet known.
    Initial,
    /// It answers.
    Healthy,
    /// It does not answer.
    Unhealthy,
    /// It is on its way out: requests under way are finished, new ones go elsewhere.
    Draining,
}

/// How a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineState {
    /// Not yet running.
    Starting,
    /// Running.
    Running,
    /// On the way down.
    Stopping,
    /// Off.
    Stopped,
}

/// What the cloud measures of a running machine by itself, without asking it. Counters begin anew with each start: differences are
/// what counts, and a smaller number than before means that it was started in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    /// Processor time used, of all processors together.
    pub processor_time: std::time::Duration,
    /// Bytes of memory in use, where the cloud knows.
    pub memory: Option<u64>,
    /// Bytes of its own disk in use, where the cloud knows.
    pub disk: Option<u64>,
    /// Bytes received from the network.
    pub received: u64,
    /// Bytes sent to the network.
    pub sent: u64,
}

/// How a machine's boot goes, where the cloud itself knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boot {
    /// One per start.
    pub id: String,
    /// Steps that are done, in order.
    pub done: Vec<String>,
    /// The step under way.
    pub now: Option<String>,
    /// The step that failed, with what it wrote.
    pub failed: Option<(String, Vec<String>)>,
}

/// What became of an order to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It is gone; since when, where the cloud says so.
    Done(Option<OffsetDateTime>),
    /// It is on its way out; the cloud lists it until it is gone.
    UnderWay,
}
