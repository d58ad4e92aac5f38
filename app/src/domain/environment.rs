//! An environment as its student sees it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::ids::EnvironmentId;
use super::incident::Incident;
use super::phase::{Goal, Phase};
use super::price::SoFar;
use super::reason::{Attention, Probe};
use super::scaling::Scaling;
use super::timeline::Step;

/// An environment in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentCard {
    /// Which one.
    pub id: EnvironmentId,
    /// Its name.
    pub name: String,
    /// The course's code.
    pub course: String,
    /// Where it is.
    pub phase: Phase,
    /// Whether somebody should look.
    pub needs_attention: bool,
    /// Its public address, once it has one.
    pub address: Option<String>,
}

/// Everything on an environment's page. Sent whole on every change, so that a reload, a second tab and a live page agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentView {
    /// Which one.
    pub id: EnvironmentId,
    /// Its name.
    pub name: String,
    /// The course's code.
    pub course: String,
    /// The blueprint's title.
    pub blueprint: String,
    /// What was asked for.
    pub goal: Goal,
    /// Where it is.
    pub phase: Phase,
    /// A flag with a reason, on any phase.
    pub attention: Option<Attention>,
    /// What broke after Ready, newest first.
    pub incidents: Vec<Incident>,
    /// How many are ahead in the queue, while nothing was begun and live workers could take it.
    pub ahead: Option<u32>,
    /// Whether it keeps its address while it is stopped.
    pub keeps_address: bool,
    /// Whether its cloud is a simulator.
    pub is_simulated: bool,
    /// What happened on the way to the present goal, in order.
    pub steps: Vec<Step>,
    /// How it is spread over machines, if it has several.
    pub scaling: Option<Scaling>,
    /// What it has cost; `None`: nothing is known to cost here.
    pub so_far: Option<SoFar>,
    /// How to reach it, from Ready on (and while stopped, so that settings can be kept).
    pub connection: Option<Connection>,
    /// What the caller may ask for now.
    pub acts: Vec<Act>,
    /// The newest event shown; live pages resume after it.
    pub last_event: i64,
    /// When this was read, by the database's clock.
    pub at: OffsetDateTime,
}

impl EnvironmentView {
    /// Whether it is on its way somewhere.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        let is_scaled = self.scaling.as_ref().is_some_and(Scaling::is_moving);
        let is_kept = self.attention.is_none() && self.steps.iter().any(Step::is_to_be_kept);
        self.phase.is_moving() || self.phase == Phase::Ready && (is_scaled || is_kept)
    }
}

/// What a person may ask of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Goal: running.
    Start,
    /// Goal: stopped.
    Stop,
    /// More machines, or fewer.
    Scale,
    /// What is kept of its machines.
    Backups,
    /// After a failure: clear the reason and go on.
    TryAgain,
    /// Goal: gone.
    Delete,
}

/// The connection block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The public address.
    pub address: String,
    /// Whether it is kept while the environment is stopped.
    pub is_kept: bool,
    /// Its name in the DNS, where its cloud has names.
    pub name: Option<HostName>,
    /// `http://198.51.100.7/`, or by the name
    pub web: String,
    /// Where WordPress is administered.
    pub wordpress_admin: String,
    /// Its user.
    pub wordpress_user: String,
    /// The page behind a password.
    pub protected_page: String,
    /// Its user.
    pub protected_user: String,
    /// The web container.
    pub container: String,
    /// FTP host.
    pub ftp_host: String,
    /// FTP user.
    pub ftp_user: String,
    /// `ssh student@198.51.100.7`
    pub ssh_command: String,
    /// One line for `~/.ssh/known_hosts` per host key, made from what the machine reported.
    pub known_hosts: Vec<String>,
    /// A ready entry for `~/.ssh/config`, with the course's proxy line if it has one.
    pub ssh_config: String,
    /// The private key that Koza made, and whether it can still be fetched. `None`: the student's own key is used.
    pub private_key: Option<PrivateKey>,
}

/// A name in the DNS, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostName {
    /// In full.
    pub name: String,
    /// By what the page leads people.
    pub led_by: LedBy,
    /// HTTPS by it, where the blueprint and the cloud have it.
    pub https: Option<Https>,
}

/// By what a page leads people to an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedBy {
    /// The name: the domain's name servers answer it with the address.
    Name,
    /// The address: that is not proven yet.
    AddressForNow,
    /// The address: the domain is one of those that only a few computers know (RFC 6761: `.test` and the like).
    Address,
}

/// How far HTTPS is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Https {
    /// It works, proven from outside.
    Works {
        /// Until when its certificate is good; it is renewed before.
        until: OffsetDateTime,
        /// Why the last try to renew it failed, in the words of the authority or the machine.
        renewal_failed: Option<String>,
    },
    /// It does not yet, or not any more.
    NotYet {
        /// Why.
        why: NotYet,
        /// When that is looked at again, if it is known.
        again_at: Option<OffsetDateTime>,
        /// The same in the words of the authority or the machine.
        said: Option<String>,
    },
}

/// Why there is no HTTPS yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotYet {
    /// Not every name server knows the name.
    Name,
    /// The authority gives out only so many, and others were first.
    Turn,
    /// The machine is asking.
    Asking,
    /// The authority does not answer.
    Away,
    /// The authority wants to be left alone for a while.
    Limited,
    /// The authority said no.
    Refused,
    /// Something on the machine is in the way.
    Machine,
    /// The machine has its certificate, and Koza's check from outside has not passed.
    Check,
    /// Its certificate ended while the machine was off.
    Expired,
}

impl NotYet {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::Name, Self::Turn, Self::Asking, Self::Away, Self::Limited, Self::Refused, Self::Machine, Self::Check, Self::Expired];
}

/// Where a private key made by Koza is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivateKey {
    /// It can be fetched once.
    Waiting,
    /// It was fetched, or a day passed: erased.
    Erased,
}

/// Passwords made by Koza, shown on request only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "secret_kind", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// WordPress' administrator.
    WordpressAdmin,
    /// `/basic/`.
    BasicAuth,
    /// The FTP user.
    Ftp,
    /// The account that probes put their TeX file with. Never shown.
    FtpProbe,
    /// The private half of the SSH key pair that Koza made. Downloaded once, never shown.
    SshPrivateKey,
}

/// Revealed passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passwords {
    /// WordPress' administrator.
    pub wordpress: String,
    /// `/basic/`.
    pub protected: String,
    /// FTP.
    pub ftp: String,
}

/// The state of one probe, as the timeline shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeResult {
    /// Which one.
    pub probe: Probe,
    /// Passed, or what it saw instead.
    pub outcome: Result<(), String>,
    /// How long it took, in milliseconds.
    pub ms: u32,
}
