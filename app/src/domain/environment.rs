//! An environment as its student sees it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::ids::EnvironmentId;
use super::incident::Incident;
use super::phase::{Goal, Phase};
use super::reason::{Attention, Probe};
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
    /// Whether its cloud is a simulator.
    pub is_simulated: bool,
    /// What happened on the way to the present goal, in order.
    pub steps: Vec<Step>,
    /// How to reach it, from Ready on (and while stopped, so that settings can be kept).
    pub connection: Option<Connection>,
    /// What the caller may ask for now.
    pub acts: Vec<Act>,
    /// The newest event shown; live pages resume after it.
    pub last_event: i64,
    /// When this was read, by the database's clock.
    pub at: OffsetDateTime,
}

/// What a person may ask of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Goal: running.
    Start,
    /// Goal: stopped.
    Stop,
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
    /// `http://198.51.100.7/`
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
