//! What broke of an environment that had been Ready, from when to when.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::reason::Probe;

/// What broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "code", content = "of", rename_all = "snake_case")]
pub enum Fault {
    /// The machine disappeared from the cloud, and its disk with it.
    MachineVanished,
    /// The machine went off, and nobody had asked for it.
    MachineOff,
    /// The address is not ours any more.
    AddressLost,
    /// What is let in was changed or removed.
    FirewallChanged,
    /// The name leads elsewhere, or nowhere.
    RecordChanged,
    /// The address does not lead to the machine any more.
    BindingLost,
    /// A service does not pass its probe.
    ProbeFails(Probe),
}

impl Fault {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::MachineVanished, Self::MachineOff, Self::AddressLost, Self::FirewallChanged, Self::RecordChanged, Self::BindingLost]
            .into_iter()
            .chain(Probe::ALL.into_iter().map(Self::ProbeFails))
    }

    /// The word in tables, metrics and the API.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::MachineVanished => "machine_vanished",
            Self::MachineOff => "machine_off",
            Self::AddressLost => "address_lost",
            Self::FirewallChanged => "firewall_changed",
            Self::RecordChanged => "record_changed",
            Self::BindingLost => "binding_lost",
            Self::ProbeFails(Probe::Ssh) => "ssh_fails",
            Self::ProbeFails(Probe::Wordpress) => "wordpress_fails",
            Self::ProbeFails(Probe::BasicAuth) => "basic_auth_fails",
            Self::ProbeFails(Probe::ContainerWeb) => "container_web_fails",
            Self::ProbeFails(Probe::FtpTex) => "ftp_tex_fails",
            Self::ProbeFails(Probe::ClosedPorts) => "closed_ports_fails",
            Self::ProbeFails(Probe::Name) => "name_fails",
            Self::ProbeFails(Probe::Https) => "https_fails",
            Self::ProbeFails(Probe::FtpTls) => "ftp_tls_fails",
        }
    }

    /// The fault of a word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|fault| fault.code() == code)
    }
}

/// A fault, from its detection to its recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// What broke.
    pub fault: Fault,
    /// When Koza noticed.
    pub detected_at: OffsetDateTime,
    /// When it was proven from outside to work again; `None`: it is broken still.
    pub recovered_at: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_again_by_its_word() {
        assert!(Fault::all().all(|fault| Fault::from_code(fault.code()) == Some(fault)));
    }
}
