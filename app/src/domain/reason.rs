//! Why an environment needs attention. Codes here, sentences in the catalogue.

use serde::{Deserialize, Serialize};

use super::saw::Saw;

/// A reason with what the sentence needs to be useful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Attention {
    /// Every address of the cloud's pool is in use.
    NoFreeAddress {
        /// How many are in use.
        used: u32,
        /// How many there are.
        size: u32,
    },
    /// The cloud has no room (memory, disk, hosts).
    NoCapacity {
        /// What the cloud said, for staff.
        said: String,
    },
    /// An allowance of the account is used up.
    OverQuota {
        /// What the cloud said, for staff.
        said: String,
    },
    /// The cloud does not answer; Koza keeps asking.
    CloudSilent,
    /// Whoever keeps the domain's names does not answer; Koza keeps asking, and everything else goes on.
    NamesSilent,
    /// A step of the machine's boot failed.
    BootStepFailed {
        /// `configure:wordpress` and the like.
        step: String,
        /// The last lines it wrote.
        log: Vec<String>,
    },
    /// The machine started but never spoke.
    MachineSilent,
    /// A step of a copy's boot failed; the first machine works.
    CopyFailed {
        /// Its number among the machines.
        machine: u16,
        /// `configure:wordpress` and the like.
        step: String,
        /// The last lines it wrote.
        log: Vec<String>,
    },
    /// A copy started but never said that it is set up; the first machine works.
    CopySilent {
        /// Its number among the machines.
        machine: u16,
    },
    /// The balancer was made long ago and takes no requests; the first machine works.
    BalancerSilent,
    /// A machine is to leave, and its backup failed: it stays.
    BackupFailed {
        /// Its number among the machines.
        machine: u16,
        /// Why, in its words.
        said: String,
    },
    /// A probe keeps failing.
    ProbeFails {
        /// Which one.
        probe: Probe,
        /// What it saw.
        saw: Saw,
    },
    /// The image of the blueprint could not be baked.
    ImageNotBaked {
        /// The step that failed, if one did.
        step: String,
        /// The last lines it wrote.
        log: Vec<String>,
    },
    /// The cloud refused for good.
    Refused {
        /// The action, as the plan writes it.
        action: String,
        /// What the cloud said, for staff.
        said: String,
    },
    /// The machine disappeared from the cloud; it is rebuilt only if somebody asks for it, because its disk is lost.
    MachineVanished,
    /// The work on it killed its worker again and again.
    Parked,
}

/// A proof from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "probe_kind", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// Port 22 answers with an SSH banner and the host key that the machine reported.
    Ssh,
    /// HTTP shows this WordPress.
    Wordpress,
    /// `/basic/` refuses without and accepts with the password.
    BasicAuth,
    /// "It works!" on 8080.
    ContainerWeb,
    /// FTP takes `main.tex` with a nonce and gives a PDF that carries it.
    FtpTex,
    /// What should be closed is refused, or silent for two seconds.
    ClosedPorts,
    /// The domain's name servers answer the name with the address.
    Name,
    /// HTTP leads to HTTPS by the name; chain, name, dates and the page are right.
    Https,
    /// FTP takes TLS, with the same certificate.
    FtpTls,
}

impl Probe {
    /// All of them, in the order in which pages list them.
    pub const ALL: [Self; 9] = [
        Self::Ssh,
        Self::Wordpress,
        Self::BasicAuth,
        Self::ContainerWeb,
        Self::FtpTex,
        Self::ClosedPorts,
        Self::Name,
        Self::Https,
        Self::FtpTls,
    ];

    /// Whether it asks by the environment's name. Such a proof keeps nothing from being Ready: until the name works, people are led by the
    /// address.
    #[must_use]
    pub fn is_by_name(self) -> bool {
        matches!(self, Self::Name | Self::Https | Self::FtpTls)
    }

    /// The word in class names, in plans and in the API.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Wordpress => "wordpress",
            Self::BasicAuth => "basic_auth",
            Self::ContainerWeb => "container_web",
            Self::FtpTex => "ftp_tex",
            Self::ClosedPorts => "closed_ports",
            Self::Name => "name",
            Self::Https => "https",
            Self::FtpTls => "ftp_tls",
        }
    }
}
