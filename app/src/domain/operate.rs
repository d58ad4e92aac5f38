//! What is in the operator's room: what is wrong with the site, what waits, and who did what.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Something that an operator should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Finding {
    /// No worker has shown a sign of life for half a minute: nothing is built.
    NoWorker,
    /// Environments wait for a worker.
    QueueIsLate {
        /// The oldest for so many minutes.
        minutes: u32,
    },
    /// Environments ended their worker again and again; nobody takes them up any more.
    Parked {
        /// So many.
        environments: u32,
    },
    /// Work failed for good.
    DeadChores {
        /// So many.
        chores: u32,
    },
    /// Something broke after Ready and is not mended yet.
    OpenIncidents {
        /// So many.
        incidents: u32,
    },
    /// Something that a course offers has no price: it is refused.
    Unpriced {
        /// The course's code.
        course: String,
        /// What is missing.
        said: String,
    },
    /// There is no mail server: people read notices on their first page only.
    NoMail,
    /// Rows of the audit wait for their seal for longer than they should.
    AuditIsLate {
        /// So many.
        rows: u32,
    },
}

impl Finding {
    /// Its number, by which docs/operating.md names it.
    #[must_use]
    pub fn number(&self) -> &'static str {
        match self {
            Self::NoWorker => "K01",
            Self::QueueIsLate { .. } => "K02",
            Self::Parked { .. } => "K03",
            Self::DeadChores { .. } => "K04",
            Self::OpenIncidents { .. } => "K05",
            Self::Unpriced { .. } => "K06",
            Self::NoMail => "K07",
            Self::AuditIsLate { .. } => "K08",
        }
    }
}

/// Work that failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadChore {
    /// Which.
    pub id: uuid::Uuid,
    /// What sort of work, as the program calls it.
    pub kind: String,
    /// What it was about.
    pub key: String,
    /// How often it was tried.
    pub tries: u32,
    /// What went wrong the last time.
    pub said: String,
    /// Since when.
    pub at: Option<OffsetDateTime>,
}

/// Something that broke after Ready: open, or of the last day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRow {
    /// The course's code.
    pub course: String,
    /// The environment's name.
    pub environment: String,
    /// Its id, as in addresses.
    pub id: String,
    /// What broke, as the program calls it.
    pub fault: String,
    /// When it was noticed.
    pub at: OffsetDateTime,
    /// Seconds until it was mended; `None`: it is open, or the wish changed before.
    pub mended_after: Option<u32>,
}

/// A line of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// When, in UTC, to the second.
    pub at: String,
    /// Who did it.
    pub by: String,
    /// What, as the program calls it.
    pub act: String,
    /// Of what: a course's code, an environment's name, somebody's name.
    pub of: Vec<String>,
    /// Its place in the chain, once it is sealed.
    pub number: Option<i64>,
}

/// Everything in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// Workers that are alive.
    pub workers: u32,
    /// Environments that are due, and that nobody holds.
    pub due: u32,
    /// Environments that a worker holds.
    pub held: u32,
    /// Environments that are not removed, by what is asked for.
    pub environments: Vec<(String, u32)>,
    /// Chores by kind and state.
    pub chores: Vec<(String, String, u32)>,
    /// The newest that failed for good.
    pub dead: Vec<DeadChore>,
    /// What broke.
    pub incidents: Vec<IncidentRow>,
    /// The newest lines of the audit.
    pub audit: Vec<AuditLine>,
}
