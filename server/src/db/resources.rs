//! What was ordered from clouds: the intent before the call, the answer after it.

use app::domain::ids::{EnvironmentId, ResourceId};
use cloud::{Call, Kind, Observed, Seen};
use serde::Deserialize;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::permits;
use super::{Db, intervals};

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which.
    pub id: ResourceId,
    /// What.
    pub kind: Kind,
    /// Which one of its kind.
    pub slot: u16,
    /// How often this slot was made.
    pub incarnation: u16,
    /// The intent's token.
    pub intent: Uuid,
    /// The cloud's name, once it answered.
    pub cloud_id: Option<String>,
    /// What the cloud last said of it.
    pub observed: Option<Observed>,
    /// When the answer came.
    pub made_at: Option<OffsetDateTime>,
    /// When its next call may be made.
    pub turn_at: Option<OffsetDateTime>,
    /// Which.
    pub turn_for: Option<String>,
    /// It failed the last time.
    pub is_paused: bool,
    /// Where it was ordered.
    pub zone: Option<String>,
    /// When the last call to delete it began.
    pub release_at: Option<OffsetDateTime>,
    /// The launch that it was ordered by, with others.
    pub launch: Option<Uuid>,
}

/// A row as [`super::world::load`] reads it, by the names of its columns.
#[derive(Debug, Deserialize)]
pub struct Stored {
    id: Uuid,
    kind: String,
    slot: u16,
    incarnation: u16,
    intent_token: Uuid,
    cloud_id: Option<String>,
    observed: Option<Observed>,
    #[serde(with = "time::serde::rfc3339::option")]
    made_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    turn_at: Option<OffsetDateTime>,
    turn_for: Option<String>,
    #[serde(default)]
    is_paused: bool,
    zone: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    release_at: Option<OffsetDateTime>,
    #[serde(default)]
    launch: Option<Uuid>,
}

impl Stored {
    /// `None`: of a kind that only a newer release knows.
    #[must_use]
    pub fn row(self) -> Option<Row> {
        Some(Row {
            id: ResourceId(self.id),
            kind: Kind::from_code(&self.kind)?,
            slot: self.slot,
            incarnation: self.incarnation,
            intent: self.intent_token,
            cloud_id: self.cloud_id,
            observed: self.observed,
            made_at: self.made_at,
            turn_at: self.turn_at,
            turn_for: self.turn_for,
            is_paused: self.is_paused,
            zone: self.zone,
            release_at: self.release_at,
            launch: self.launch,
        })
    }
}

/// An intent that is written down, before its call.
#[derive(Debug, Clone)]
pub struct Intended {
    /// The row.
    pub id: ResourceId,
    /// What makes a repeated order the same order.
    pub token: Uuid,
    /// How often this slot was made, with this time.
    pub incarnation: u16,
    /// When an earlier call of the same intent began whose answer nobody saw.
    pub unanswered_before: Option<OffsetDateTime>,
    /// Where it is ordered.
    pub zone: Option<String>,
    /// The launch that it is ordered by, with others, and its place there.
    pub launch: Option<(Uuid, usize)>,
}

/// Writes an intent down, or finds the one that is open already. From now on its call counts as unanswered, until [`answered`]. A new one
/// is given a zone, by those that earlier ones were ordered in.
///
/// # Errors
/// As the database.
pub async fn intend(
    db: &mut Db,
    environment: EnvironmentId,
    kind: Kind,
    slot: u16,
    zone: impl FnOnce(&[String]) -> Option<String>,
) -> sqlx::Result<Intended> {
    let open = sqlx::query!(
        "select id, intent_token, incarnation, unanswered_at, zone, launch, launch_place
           from resource
          where environment = $1 and kind = $2 and slot = $3 and gone_at is null
            for update",
        environment.0,
        kind.code(),
        i16::try_from(slot).unwrap_or(i16::MAX),
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(row) = open {
        sqlx::query!("update resource set unanswered_at = koza_now() where id = $1", row.id).execute(db).await?;
        return Ok(Intended {
            id: ResourceId(row.id),
            token: row.intent_token,
            incarnation: u16::try_from(row.incarnation).unwrap_or(1),
            unanswered_before: row.unanswered_at,
            zone: row.zone,
            launch: row.launch.zip(row.launch_place.and_then(|place| usize::try_from(place).ok())),
        });
    }
    let earlier = sqlx::query!(
        r#"select coalesce(max(incarnation), 0::smallint) as "made!", coalesce(array_agg(zone) filter (where zone is not null), '{}') as "zones!"
             from resource
            where environment = $1 and kind = $2 and slot = $3"#,
        environment.0,
        kind.code(),
        i16::try_from(slot).unwrap_or(i16::MAX),
    )
    .fetch_one(&mut *db)
    .await?;
    let incarnation = u16::try_from(earlier.made).unwrap_or(0) + 1;
    let (id, token, zone) = (ResourceId::new(), Uuid::now_v7(), zone(&earlier.zones));
    sqlx::query!(
        "insert into resource (id, environment, course, cloud, kind, slot, incarnation, intent_token, zone)
         select $1, id, course, cloud, $3, $4, $5, $6, $7 from environment where id = $2",
        id.0,
        environment.0,
        kind.code(),
        i16::try_from(slot).unwrap_or(i16::MAX),
        earlier.made + 1,
        token,
        zone,
    )
    .execute(db)
    .await?;
    Ok(Intended { id, token, incarnation, unanswered_before: None, zone, launch: None })
}

/// The cloud answered the call, with what it made or with a refusal. Earlier calls stay as unanswered as they were.
///
/// # Errors
/// As the database.
pub async fn answered(db: &mut Db, intended: &Intended) -> sqlx::Result<()> {
    sqlx::query!("update resource set unanswered_at = $2 where id = $1", intended.id.0, intended.unanswered_before).execute(db).await?;
    Ok(())
}

/// Writes down what the cloud made.
///
/// # Errors
/// As the database.
pub async fn made(db: &mut Db, id: ResourceId, seen: &Seen) -> sqlx::Result<()> {
    sqlx::query!(
        "update resource set cloud_id = $2, observed = $3, made_at = coalesce(made_at, koza_now()) where id = $1",
        id.0,
        seen.cloud_id,
        Json(&seen.observed) as _,
    )
    .execute(&mut *db)
    .await?;
    if seen.kind() == Kind::Machine {
        intervals::keep_disk(db, id, seen.since).await?;
    }
    intervals::follow(db, id, &seen.observed, seen.since).await
}

/// Writes down what the cloud lists, where it changed.
///
/// # Errors
/// As the database.
pub async fn observed(db: &mut Db, id: ResourceId, seen: &Seen) -> sqlx::Result<()> {
    sqlx::query!("update resource set observed = $2 where id = $1 and observed is distinct from $2", id.0, Json(&seen.observed) as _)
        .execute(&mut *db)
        .await?;
    intervals::follow(db, id, &seen.observed, seen.since).await
}

/// The cloud has taken an order that changes it: until somebody has listed it, this is how it is. Whoever relies on the shared look would
/// else order the same again.
///
/// # Errors
/// As the database.
pub async fn changes(db: &mut Db, id: ResourceId, observed: &Observed) -> sqlx::Result<()> {
    sqlx::query!("update resource set observed = $2 where id = $1", id.0, Json(observed) as _).execute(db).await?;
    Ok(())
}

/// A call failed and is not repeated before, whoever looks meanwhile. Its tokens are drawn anew then.
///
/// # Errors
/// As the database.
pub async fn pause(db: &mut Db, id: ResourceId, call: Call, pause: time::Duration) -> sqlx::Result<()> {
    sqlx::query!(
        "update resource set turn_at = koza_now() + make_interval(secs => $2), turn_for = $3, is_paused = true where id = $1",
        id.0,
        pause.as_seconds_f64(),
        call.code()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Somebody mended what failed: nothing waits for its pause any more.
///
/// # Errors
/// As the database.
pub async fn end_pauses(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update resource set turn_at = null, turn_for = null, is_paused = false where environment = $1 and is_paused",
        environment.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A call to delete it begins.
///
/// # Errors
/// As the database.
pub async fn releasing(db: &mut Db, id: ResourceId) -> sqlx::Result<()> {
    sqlx::query!("update resource set release_at = koza_now() where id = $1", id.0).execute(db).await?;
    Ok(())
}

/// It was given back, or has vanished; `at`: since when it is gone, where the cloud says so.
///
/// # Errors
/// As the database.
pub async fn gone(db: &mut Db, environment: EnvironmentId, kind: Kind, slot: u16, at: Option<OffsetDateTime>) -> sqlx::Result<()> {
    let gone = sqlx::query_scalar!(
        "update resource set gone_at = koza_now() where environment = $1 and kind = $2 and slot = $3 and gone_at is null returning id",
        environment.0,
        kind.code(),
        i16::try_from(slot).unwrap_or(i16::MAX),
    )
    .fetch_optional(&mut *db)
    .await?;
    match gone {
        Some(id) => {
            if matches!(kind, Kind::Machine | Kind::Balancer) {
                permits::take_back(db, ResourceId(id)).await?;
            }
            intervals::close(db, ResourceId(id), at).await
        }
        None => Ok(()),
    }
}
