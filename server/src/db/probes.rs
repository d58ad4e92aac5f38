//! What the last try of each probe saw.

use app::domain::ids::EnvironmentId;
use app::domain::reason::Probe;
use app::domain::saw::Saw;
use serde::Deserialize;
use sqlx::types::Json;
use time::OffsetDateTime;

use super::Db;

/// A row, as [`super::world::load`] reads it.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// Which.
    pub probe: Probe,
    /// On which boot.
    pub boot: String,
    /// What it saw instead; `None`: it passed.
    pub saw: Option<Saw>,
    /// How often in a row it failed on this boot.
    pub tries: u32,
    /// How long it took.
    pub ms: u32,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// Writes down what a probe saw.
///
/// # Errors
/// As the database.
pub async fn record(db: &mut Db, environment: EnvironmentId, probe: Probe, boot: &str, saw: Option<&Saw>, ms: u32) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into probe (environment, probe, course, boot, passed, saw, ms)
         select id, $2, course, $3, $4, $5, $6 from environment where id = $1
         on conflict (environment, probe) do update
            set boot   = excluded.boot,
                passed = excluded.passed,
                saw    = excluded.saw,
                ms     = excluded.ms,
                at     = koza_now(),
                tries  = case when probe.boot = excluded.boot and not probe.passed then probe.tries + 1 else 1 end",
        environment.0,
        probe as _,
        boot,
        saw.is_none(),
        saw.map(Json) as _,
        i32::try_from(ms).unwrap_or(i32::MAX),
    )
    .execute(db)
    .await?;
    Ok(())
}
