//! What can be ordered from a cloud.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How large a machine is. A cloud maps it to an instance type or to limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Size {
    /// Whole processors.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Root disk in GiB.
    pub disk_gib: u32,
}

/// What a machine starts from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ImageSource {
    /// The bare operating system of a profile: `debian-12`.
    Base(String),
    /// An image that was baked here, by the cloud's name for it.
    Baked(String),
}

/// Ports that are let in, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortRange {
    /// First.
    pub from: u16,
    /// Last.
    pub to: u16,
}

/// What a firewall lets in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Opening {
    /// TCP ports.
    #[serde(flatten)]
    pub ports: PortRange,
    /// From these networks (`192.0.2.0/24`), in order, or from [`Opening::OWN`]; empty: from everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

impl Opening {
    /// A source: the machines behind the same firewall.
    pub const OWN: &str = "own machines";
}

impl From<PortRange> for Opening {
    fn from(ports: PortRange) -> Self {
        Self { ports, sources: Vec::new() }
    }
}

/// Machines of one sort, launched by one call: a class at its first minute.
///
/// They are alike in everything, so none has anything of its own yet: no token, no firewall, no key. Each starts behind a firewall that lets
/// nobody in, proves itself by a document that the cloud signs, and is handed over to its environment one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Makes a repeated call the same call.
    pub token: Uuid,
    /// For whom, each at its place, at most [`crate::Nature::launches_together`]; the cloud keeps them with the machines from the first moment.
    pub members: Vec<Member>,
    /// What each is: [`Create::Machine`] without firewall, key and disk.
    pub order: Create,
}

/// Whose machine it will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The environment.
    pub environment: Uuid,
    /// The machine's intent.
    pub intent: Uuid,
}

/// One order. It names what it needs by the cloud's own names, which the rows of the needed resources hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Create {
    /// A machine, started.
    Machine {
        /// What from.
        image: ImageSource,
        /// How large.
        size: Size,
        /// Handed to cloud-init.
        user_data: String,
        /// The host name inside.
        host_name: String,
        /// Where, in a cloud that has zones. It belongs to the intent: a token is known in its own zone only.
        zone: Option<String>,
        /// The intent of its disk, where a disk is an object of its own.
        disk: Option<Uuid>,
        /// The firewall, by the cloud's name.
        firewall: Option<String>,
        /// The key, by the cloud's name.
        key: Option<String>,
        /// Whether its disk is encrypted, where a disk can be either.
        is_encrypted: bool,
        /// Whether it gets a way out of its own, because no address will lead to it.
        goes_out_alone: bool,
    },
    /// A fixed public address from the cloud's pool.
    Address,
    /// What is let in; nothing else is. The same intent with other openings changes it.
    Firewall {
        /// The openings, in order.
        tcp: Vec<Opening>,
    },
    /// The address leads to the machine, through the firewall.
    Binding {
        /// The address, by the cloud's name.
        address: String,
        /// The machine.
        machine: String,
        /// The firewall.
        firewall: String,
    },
    /// A stopped machine's disk, frozen.
    Snapshot {
        /// The machine.
        machine: String,
    },
    /// An image of a snapshot.
    Image {
        /// The snapshot.
        snapshot: String,
        /// What it was made of, for finding it again.
        recipe: String,
    },
    /// A public key that machines let in.
    Key {
        /// As `authorized_keys` has it.
        public_key: String,
    },
    /// A name in the DNS leads somewhere. The same intent with another value changes it.
    Record(Record),
    /// A certificate for a name, proven by a record that the certificate authority asks for.
    Certificate {
        /// The name.
        name: String,
    },
    /// A balancer.
    Balancer {
        /// The firewall, by the cloud's name.
        firewall: String,
    },
    /// A target group. The same intent with other settings changes it.
    TargetGroup {
        /// Whether a visitor stays with the machine that answered first.
        is_sticky: bool,
        /// Which machines a balancer that is a machine leads to another.
        passage: Option<Passage>,
    },
    /// A listener.
    Listener {
        /// The balancer.
        balancer: String,
        /// The target group.
        target_group: String,
        /// The certificate: with it the listener speaks HTTPS.
        certificate: Option<String>,
        /// Whom it asks for a certificate by itself, where balancers are machines. The same intent with another answer changes it.
        asks: Option<Asks>,
    },
    /// A machine's place in a target group.
    Target {
        /// The target group.
        target_group: String,
        /// The machine.
        machine: String,
    },
}

/// A way between machines that do not reach each other, through the balancer before them: what one of them keeps, the others find there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Passage {
    /// The private address that it leads to.
    pub to: String,
    /// The private addresses of those that may pass, in order; nobody else does.
    pub from: Vec<String>,
}

/// What a balancer that is a machine is told of the certificate that it gets by itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Asks {
    /// What machines are told for their service `https` (docs/machines.md), as JSON. There may be a key in it.
    pub settings: String,
    /// Changes with them, and tells no key.
    pub digest: String,
}

impl std::fmt::Debug for Asks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asks").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// A record of the DNS: an address, or another name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Record {
    /// The name, in full, without the last dot.
    pub name: String,
    /// What it leads to.
    pub value: String,
}

impl Record {
    /// How long resolvers may remember it, in seconds: one that was taken out lives on for so long.
    pub const TTL: u32 = 60;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_an_external_account_is_in_no_log() {
        let asks = Asks { settings: r#"{"hmac_key": "zWND"}"#.into(), digest: "d16e57".into() };
        assert_eq!(format!("{asks:?}"), r#"Asks { digest: "d16e57", .. }"#);
    }
}
