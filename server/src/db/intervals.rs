//! What costs, from when to when, as the cloud shows it. A resource's rows are written in the transaction that writes what was observed.

use app::domain::ids::ResourceId;
use cloud::{MachineState, Meter, Observed};
use time::OffsetDateTime;

use super::Db;

/// The word in the table.
#[must_use]
pub fn code(meter: Meter) -> &'static str {
    match meter {
        Meter::Exists => "exists",
        Meter::Running => "running",
    }
}

/// Reads the word back.
#[must_use]
pub fn from_code(word: &str) -> Option<Meter> {
    [Meter::Exists, Meter::Running].into_iter().find(|meter| code(*meter) == word)
}

/// Follows what the cloud shows of a resource; `since`: when it came to be, where the cloud says so.
///
/// # Errors
/// As the database.
pub async fn follow(db: &mut Db, resource: ResourceId, observed: &Observed, since: Option<OffsetDateTime>) -> sqlx::Result<()> {
    match observed {
        Observed::Machine { state, started_at, stopped_at, .. } => {
            let is_off = matches!(state, MachineState::Stopping | MachineState::Stopped);
            run(db, resource, *started_at, is_off, *stopped_at).await
        }
        other if other.kind().meter() == Some(Meter::Exists) => exist(db, resource, since).await,
        _ => Ok(()),
    }
}

async fn exist(db: &mut Db, resource: ResourceId, since: Option<OffsetDateTime>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into interval (resource, meter, from_at)
         select id, 'exists', coalesce($2, intended_at) from resource
          where id = $1 and not exists (select from interval where resource = $1 and meter = 'exists')",
        resource.0,
        since,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A machine was made. On Incus its disk is no resource of its own: what it takes up costs as long as the machine is there.
///
/// # Errors
/// As the database.
pub async fn keep_disk(db: &mut Db, resource: ResourceId, since: Option<OffsetDateTime>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into interval (resource, meter, from_at)
         select resource.id, 'exists', coalesce($2, intended_at) from resource join cloud on cloud.id = resource.cloud
          where resource.id = $1 and cloud.kind = 'incus'
            and not exists (select from interval where resource = $1 and meter = 'exists')",
        resource.0,
        since,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A machine that was started and stopped between two looks has an interval all the same; one whose stop nobody saw is taken to have run until
/// its next start.
async fn run(
    db: &mut Db,
    resource: ResourceId,
    started_at: Option<OffsetDateTime>,
    is_off: bool,
    stopped_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    let Some(started_at) = started_at else { return Ok(()) };
    sqlx::query!(
        "update interval set to_at = $2 where resource = $1 and meter = 'running' and to_at is null and from_at < $2",
        resource.0,
        started_at,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into interval as known (resource, meter, from_at, to_at)
         values ($1, 'running', $2, case when $3 then greatest($2, coalesce($4, koza_now())) end)
         on conflict (resource, meter, from_at) do update set to_at = coalesce(known.to_at, excluded.to_at)",
        resource.0,
        started_at,
        is_off,
        stopped_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The resource is gone; `at`: since when, where the cloud says so.
///
/// # Errors
/// As the database.
pub async fn close(db: &mut Db, resource: ResourceId, at: Option<OffsetDateTime>) -> sqlx::Result<()> {
    sqlx::query!(
        "update interval
            set to_at = greatest(from_at, coalesce($2, release_at, koza_now()))
           from resource
          where resource.id = $1 and interval.resource = $1 and to_at is null",
        resource.0,
        at,
    )
    .execute(db)
    .await?;
    Ok(())
}
