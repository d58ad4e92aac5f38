//! Backups: what of a machine differs from its image.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::ids::{BackupId, EnvironmentId};

/// What a download calls itself when its page tells why there was none.
pub const DOWNLOAD: &str = "download_backup";

/// A backup, as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupCard {
    /// Which.
    pub id: BackupId,
    /// Of which environment.
    pub environment: EnvironmentId,
    /// What that is called.
    pub name: String,
    /// Of which of its machines: the first is the student's.
    pub machine: u16,
    /// Why it was taken.
    pub reason: BackupReason,
    /// How far it is.
    pub state: BackupState,
    /// When it was asked for.
    pub asked_at: OffsetDateTime,
    /// Bytes in the store.
    pub bytes: Option<u64>,
    /// Bytes of the files in it.
    pub size: Option<u64>,
    /// How many files are in it.
    pub files: Option<u64>,
    /// Until when it is kept.
    pub expires_at: Option<OffsetDateTime>,
    /// Why it failed, in the machine's words.
    pub said: Option<String>,
}

/// What the page of an environment's backups shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupsView {
    /// The environment's name.
    pub name: String,
    /// Its backups, newest first.
    pub backups: Vec<BackupCard>,
    /// How many days backups of its course are kept.
    pub kept_days: u32,
    /// How often they are taken by themselves, in hours.
    pub every_hours: Option<u32>,
    /// Why none can be taken now.
    pub refused: Option<NoBackup>,
    /// Whether who looks may have what is in them.
    pub may_have: bool,
}

/// Why a backup is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "backup_reason", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum BackupReason {
    /// Somebody asked.
    Asked,
    /// The course's schedule.
    Schedule,
    /// The machine is to leave.
    ScaleIn,
}

/// How far a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "backup_state", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum BackupState {
    /// The machine was not told yet.
    Asked,
    /// The machine sends it.
    Taking,
    /// It is in the store.
    Taken,
    /// The machine restores it into a throw-away place, and compares.
    Rehearsing,
    /// What was restored was equal.
    Proven,
    /// It was not taken.
    Failed,
    /// It is in the store, and the comparison did not take place, or failed. A restore compares again before it changes anything.
    Unproven,
    /// Its time has passed.
    Erased,
}

impl BackupState {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Asked, Self::Taking, Self::Taken, Self::Rehearsing, Self::Proven, Self::Unproven, Self::Failed, Self::Erased];

    /// Those of a backup of which all is in the store.
    pub const WHOLE: [Self; 4] = [Self::Taken, Self::Rehearsing, Self::Proven, Self::Unproven];

    /// Whether all of it is in the store.
    #[must_use]
    pub fn is_whole(self) -> bool {
        Self::WHOLE.contains(&self)
    }

    /// Those of a backup that is on its way.
    pub const MOVING: [Self; 4] = [Self::Asked, Self::Taking, Self::Taken, Self::Rehearsing];

    /// Whether it is on its way.
    #[must_use]
    pub fn is_moving(self) -> bool {
        Self::MOVING.contains(&self)
    }
}

/// Why no backup can be taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoBackup {
    /// It is not running.
    NotRunning,
    /// Its machine was made by an older release, and does not know what its image was like.
    OldMachine,
    /// One is being taken.
    UnderWay,
    /// It has as many that somebody asked for as are kept of one environment.
    TooMany,
    /// It is removed.
    Removed,
}

impl NoBackup {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::NotRunning, Self::OldMachine, Self::UnderWay, Self::TooMany, Self::Removed];
}
