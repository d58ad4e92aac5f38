//! A blueprint version: immutable, JSON with a schema number.

use app::domain::reason::Probe;
use cloud::Size;
use cloud::order::PortRange;
use serde::{Deserialize, Serialize};

/// What an environment of this version is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// 1: this shape.
    pub schema: u32,
    /// One or two sentences for people.
    pub summary: String,
    /// The operating system's profile: `debian-12`.
    pub os: String,
    /// Services in the order in which the machine configures them.
    pub services: Vec<ServiceSpec>,
    /// How large.
    pub size: Size,
    /// Other sizes that may be chosen instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_sizes: Vec<Size>,
    /// TCP ports that are let in.
    pub open_ports: Vec<PortRange>,
    /// How it is guarded.
    #[serde(default, skip_serializing_if = "Security::is_default")]
    pub security: Security,
    /// How its disk is frozen when it is copied.
    #[serde(default, skip_serializing_if = "Freeze::is_default")]
    pub freeze: Freeze,
    /// Whether its address is given back while it is stopped, where every address costs. Started again it gets another one, and its name
    /// follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gives_back_address: bool,
    /// How many machines an environment may have at most, the first included; 1: it cannot be scaled out.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub most_machines: u16,
}

fn one() -> u16 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
fn is_one(machines: &u16) -> bool {
    *machines == 1
}

/// How a machine's disk is frozen, for copies to start from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freeze {
    /// While it runs ("no reboot"): nobody is interrupted, and the copy wakes as after a power cut.
    #[default]
    Running,
    /// At rest: it is off for as long as that takes, and every file is as its program left it.
    AtRest,
}

impl Freeze {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// How machines are guarded, where a cloud leaves the choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// SSH from the course's networks only, disks encrypted.
    #[default]
    Hardened,
    /// As the lab report has it: SSH from everywhere, disks as they come.
    AsInTheReport,
}

impl Security {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One service of a version, at the revision that was current when the version was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// The folder's name.
    pub name: String,
    /// A hash of the folder.
    pub revision: String,
}

impl Spec {
    /// The proofs, by address, that an environment of this version owes before it is Ready.
    #[must_use]
    pub fn probes(&self) -> Vec<Probe> {
        Probe::ALL
            .into_iter()
            .filter(|probe| !probe.is_by_name())
            .filter(|probe| match service_of(*probe) {
                Some(service) => self.has(service),
                None => true,
            })
            .collect()
    }

    /// The sizes that may be chosen, the usual one first.
    pub fn sizes(&self) -> impl Iterator<Item = Size> {
        std::iter::once(self.size).chain(self.other_sizes.iter().copied())
    }

    /// Whether a service is part of it.
    #[must_use]
    pub fn has(&self, service: &str) -> bool {
        self.services.iter().any(|one| one.name == service)
    }

    /// What an image of this version is made of: the same recipe, the same image.
    #[must_use]
    pub fn recipe(&self) -> String {
        let services: Vec<_> = self.services.iter().map(|service| format!("{}@{}", service.name, service.revision)).collect();
        let text = format!("1\n{}\n{}", self.os, services.join("\n"));
        hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref())[..32].to_owned()
    }
}

/// Which service a probe proves; `None`: the machine as a whole.
#[must_use]
pub fn service_of(probe: Probe) -> Option<&'static str> {
    match probe {
        Probe::Ssh => Some("ssh"),
        Probe::Wordpress => Some("wordpress"),
        Probe::Https => Some("https"),
        Probe::BasicAuth => Some("basic_auth"),
        Probe::ContainerWeb => Some("container_web"),
        Probe::FtpTex | Probe::FtpTls => Some("ftp_tex"),
        // The name is no machine's doing.
        Probe::ClosedPorts | Probe::Name => None,
    }
}

/// Bytes from hexadecimal digits; `None`: it is something else.
#[must_use]
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    if digits.len().is_multiple_of(2) { (0..digits.len()).step_by(2).map(pair).collect() } else { None }
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
