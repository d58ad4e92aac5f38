//! A course and the blueprints it offers.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::environment::EnvironmentCard;
use super::ids::BlueprintVersionId;
use super::price::Estimate;
use crate::error::AppError;

/// What somebody is in a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "member_role", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Learns.
    Student,
    /// Helps.
    Assistant,
    /// Teaches.
    Instructor,
}

impl Role {
    /// The word in forms.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Student => "student",
            Self::Assistant => "assistant",
            Self::Instructor => "instructor",
        }
    }
}

/// A course in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseCard {
    /// `SYS-101`, as in addresses.
    pub code: String,
    /// The title in full.
    pub title: String,
    /// What the caller is in it.
    pub role: Role,
}

/// What a course offers to one of its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseView {
    /// The course.
    pub course: CourseCard,
    /// The names that its environments get, where its cloud has names.
    pub names: Option<CourseNames>,
    /// What can be requested.
    pub blueprints: Vec<BlueprintCard>,
    /// The caller's environments in it.
    pub environments: Vec<EnvironmentCard>,
}

/// The names of a course's environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseNames {
    /// What stands before that which is typed: nothing, or `sys101-`.
    pub before: String,
    /// What stands after it: `.exp.example.ac.jp`.
    pub after: String,
    /// New certificates for them, where the authority gives out only so many.
    pub certificates: Option<CertificatesLeft>,
}

/// How many new certificates an authority still gives out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificatesLeft {
    /// So many this week.
    pub left: u32,
    /// So many in any seven days.
    pub of: u32,
    /// For names of this registrable domain, whoever asks.
    pub domain: String,
    /// When the next turn is, if there is none now.
    pub next_at: Option<OffsetDateTime>,
}

/// A size, with what an environment of it costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeOffer {
    /// Whole processors.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Disk in GiB.
    pub disk_gib: u32,
    /// What it costs, or why nobody knows.
    pub price: Result<Estimate, AppError>,
}

/// A blueprint in its newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlueprintCard {
    /// The version that a request would take.
    pub version: BlueprintVersionId,
    /// "Web and TeX".
    pub title: String,
    /// One or two sentences.
    pub summary: String,
    /// `wordpress`, `ftp_tex` …, in the order in which the machine configures them.
    pub services: Vec<String>,
    /// The sizes that a machine may have, the usual one first.
    pub sizes: Vec<SizeOffer>,
    /// Whether machines are guarded as "hardened"; otherwise as in the lesson's report.
    pub is_hardened: bool,
    /// Whether an environment keeps its address while it is stopped.
    pub keeps_address: bool,
    /// Whether its image is baked; otherwise the first environment waits for that.
    pub is_image_ready: bool,
}
