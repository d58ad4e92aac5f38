//! What people see of a wish: a phase, computed from what is wanted and what is there, never stored as truth.

use serde::{Deserialize, Serialize};

/// What a wish asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "goal", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// The machine runs and every probe passes.
    Running,
    /// The machine is off; its disk stays.
    Stopped,
    /// Nothing is left in the cloud.
    Gone,
}

/// Where an environment is on its way to its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing was begun yet.
    Waiting,
    /// Resources are being made, or the machine boots.
    Building,
    /// Everything is there; probes prove it from outside.
    Checking,
    /// Every probe passed since the machine's last start.
    Ready,
    /// On the way to stopped.
    Stopping,
    /// Off; the disk and the address are kept.
    Stopped,
    /// On the way to gone.
    Removing,
    /// The cloud, asked twice, lists nothing of it.
    Removed,
}

impl Phase {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 8] =
        [Self::Waiting, Self::Building, Self::Checking, Self::Ready, Self::Stopping, Self::Stopped, Self::Removing, Self::Removed];

    /// Whether something is still going to change by itself, so that a page should look again.
    #[must_use]
    pub fn is_moving(self) -> bool {
        matches!(self, Self::Waiting | Self::Building | Self::Checking | Self::Stopping | Self::Removing)
    }

    /// The word in class names and in the API.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Building => "building",
            Self::Checking => "checking",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Removing => "removing",
            Self::Removed => "removed",
        }
    }
}
