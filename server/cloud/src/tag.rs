//! How what we make is recognised from the cloud's side alone.
//!
//! Everything carries five tags: `installation, environment, course, owner, intent` (prefix `koza:`, on Incus `user.koza.`), opaque
//! ids only. Names derive from (environment, kind, slot, incarnation) and are chosen before the first call.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Everything that can be made in a cloud: one list for plans, rows, tags and sweeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A virtual machine or container.
    Machine,
    /// A machine's disk. It is made by the machine's order and goes with it; it costs while the machine is stopped.
    Disk,
    /// A fixed public address.
    Address,
    /// The address leads to the machine.
    Binding,
    /// What is let in.
    Firewall,
    /// The public key that a machine lets in first.
    Key,
    /// A name in the DNS.
    Record,
    /// Proves a name to browsers, at a balancer.
    Certificate,
    /// A machine's disk, frozen.
    Snapshot,
    /// What machines start from.
    Image,
    /// Spreads requests over machines.
    Balancer,
    /// A balancer's port, and where its requests go.
    Listener,
    /// The machines that a listener may send requests to.
    TargetGroup,
    /// A machine's place in a target group.
    Target,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Machine,
        Self::Disk,
        Self::Address,
        Self::Binding,
        Self::Firewall,
        Self::Key,
        Self::Record,
        Self::Certificate,
        Self::Snapshot,
        Self::Image,
        Self::Balancer,
        Self::Listener,
        Self::TargetGroup,
        Self::Target,
    ];

    /// Every kind, users before what they use: the order in which whoever has no plan gives back what is there.
    pub const USERS_FIRST: [Self; 14] = [
        Self::Record,
        Self::Target,
        Self::Listener,
        Self::Balancer,
        Self::TargetGroup,
        Self::Certificate,
        Self::Machine,
        Self::Disk,
        Self::Binding,
        Self::Address,
        Self::Firewall,
        Self::Key,
        Self::Image,
        Self::Snapshot,
    ];

    /// The word in plans, rows and tags.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Disk => "disk",
            Self::Address => "address",
            Self::Binding => "binding",
            Self::Firewall => "firewall",
            Self::Key => "key",
            Self::Record => "record",
            Self::Certificate => "certificate",
            Self::Snapshot => "snapshot",
            Self::Image => "image",
            Self::Balancer => "balancer",
            Self::Listener => "listener",
            Self::TargetGroup => "target_group",
            Self::Target => "target",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What of it costs.
    #[must_use]
    pub fn meter(self) -> Option<Meter> {
        match self {
            Self::Machine => Some(Meter::Running),
            Self::Disk | Self::Address | Self::Snapshot | Self::Balancer => Some(Meter::Exists),
            // An image costs what its snapshot costs.
            _ => None,
        }
    }

    /// Whether it is ordered by a call of its own. A disk is not.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        self != Self::Disk
    }
}

/// What is counted of something that costs, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meter {
    /// As long as it is there.
    Exists,
    /// As long as it runs.
    Running,
}

/// Which environment of which installation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnvironmentTag {
    /// This installation, so that two sites on one account do not touch each other's machines.
    pub installation: String,
    /// The environment.
    pub environment: Uuid,
}

/// The tags that every resource carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tags {
    /// Installation and environment.
    pub environment: EnvironmentTag,
    /// The course.
    pub course: Uuid,
    /// Its first holder.
    pub owner: Uuid,
}

/// What was written down before the call: it makes the call safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Unique for all time; the client token where a cloud takes one, the `intent` tag everywhere.
    pub token: Uuid,
    /// What is made.
    pub kind: Kind,
    /// Which one of its kind, from 1.
    pub slot: u16,
    /// How often this slot was made before, plus one.
    pub incarnation: u16,
    /// An earlier call with it went unanswered: what is not made once by itself is looked for before it is made again.
    pub is_repeat: bool,
    /// The tags.
    pub tags: Tags,
}

impl Intent {
    /// The name in the cloud: short, lower case, letters, digits and hyphens, at most 32 characters.
    #[must_use]
    pub fn name(&self) -> String {
        let letters = match self.kind {
            Kind::Machine => "m",
            Kind::Disk => "d",
            Kind::Address => "a",
            Kind::Binding => "b",
            Kind::Firewall => "f",
            Kind::Key => "k",
            Kind::Record => "r",
            Kind::Certificate => "c",
            Kind::Snapshot => "s",
            Kind::Image => "i",
            Kind::Balancer => "lb",
            Kind::Listener => "ls",
            Kind::TargetGroup => "tg",
            Kind::Target => "t",
        };
        // 100 of the 128 bits: the time and enough chance that two never meet; the tag carries all of them.
        let id: String = base32(self.tags.environment.environment.as_u128() >> 28);
        format!("k{id}-{letters}{}-{}", self.slot, self.incarnation)
    }
}

fn base32(bits: u128) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    (0..20).rev().map(|place| char::from(ALPHABET[((bits >> (place * 5)) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_shortest_limit_of_any_cloud() {
        let intent = Intent {
            token: Uuid::nil(),
            kind: Kind::Balancer,
            slot: 99,
            incarnation: 999,
            is_repeat: false,
            tags: Tags {
                environment: EnvironmentTag { installation: "x".into(), environment: Uuid::from_u128(u128::MAX) },
                course: Uuid::nil(),
                owner: Uuid::nil(),
            },
        };
        assert!(intent.name().len() <= 32, "{}", intent.name());
    }
}
