//! Backups: asked for, on their way, kept, erased. What is in them is in the store ([`crate::backup`]).

use app::domain::backup::{BackupCard, BackupReason, BackupState};
use app::domain::ids::{BackupId, EnvironmentId, MachineId, PersonId};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Db;

/// A backup that the loop has to do with.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    /// Which.
    pub id: Uuid,
    /// Of which machine.
    pub machine: Uuid,
    /// Which of its environment's machines that is.
    pub slot: u16,
    /// How far it is.
    pub state: BackupState,
    /// Why it failed.
    pub said: Option<String>,
    /// When it came to this state.
    #[serde(with = "time::serde::rfc3339")]
    pub moved_at: OffsetDateTime,
    /// The last sign that it goes on.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// When all of it was in the store.
    #[serde(with = "time::serde::rfc3339::option")]
    pub taken_at: Option<OffsetDateTime>,
}

/// Asks for a backup of one of an environment's machines. One that is asked for already and has not begun serves. `None`: it has no such
/// machine.
///
/// # Errors
/// As the database.
pub async fn ask(db: &mut Db, environment: EnvironmentId, slot: u16, reason: BackupReason) -> sqlx::Result<Option<BackupId>> {
    let open = sqlx::query_scalar!(
        "select b.id
           from backup b join machine m on m.id = b.machine join resource r on r.id = m.resource
          where b.environment = $1 and b.slot = $2 and b.reason = $3 and b.state = 'asked' and r.gone_at is null",
        environment.0,
        i16::try_from(slot).unwrap_or(i16::MAX),
        reason as _
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(id) = open {
        return Ok(Some(BackupId(id)));
    }
    let id = BackupId::new();
    let asked = sqlx::query!(
        "insert into backup (id, environment, course, version, machine, slot, reason)
         select $1, e.id, e.course, e.version, m.id, r.slot, $4
           from environment e
           join resource r on r.environment = e.id and r.kind = 'machine' and r.slot = $3 and r.gone_at is null
           join machine m on m.resource = r.id
          where e.id = $2",
        id.0,
        environment.0,
        i16::try_from(slot).unwrap_or(i16::MAX),
        reason as _
    )
    .execute(&mut *db)
    .await?;
    super::wake(db, environment.0).await?;
    Ok((asked.rows_affected() == 1).then_some(id))
}

/// Moves it on from one of these states. False: it was in none of them. What of a backup arrived that was not taken counts no more; what is
/// said of it is kept to be read, as long as if it had been.
///
/// # Errors
/// As the database.
pub async fn becomes(db: &mut Db, id: BackupId, from: &[BackupState], to: BackupState, said: Option<&str>) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update backup
            set state = $3, said = $4, moved_at = koza_now(), since = koza_now(),
                proven_at = case when $3 = 'proven'::backup_state then koza_now() else proven_at end,
                expires_at = coalesce(expires_at, case when $3 = 'failed'::backup_state then koza_now()
                             + make_interval(days => (select backups_kept_days from course where course.id = backup.course)) end)
          where id = $1 and state = any($2)",
        id.0,
        from as &[BackupState],
        to as _,
        said
    )
    .execute(&mut *db)
    .await?;
    if to == BackupState::Failed && done.rows_affected() == 1 {
        forget_blocks(db, id).await?;
    }
    Ok(done.rows_affected() == 1)
}

/// A machine was heard of: what it is sending or comparing goes on.
///
/// # Errors
/// As the database.
pub async fn goes_on(db: &mut Db, machine: MachineId) -> sqlx::Result<()> {
    sqlx::query!("update backup set since = koza_now() where machine = $1 and state in ('taking', 'rehearsing')", machine.0)
        .execute(db)
        .await?;
    Ok(())
}

/// How large a backup that this machine is sending may become, in bytes. `None`: nobody wants it from this machine (any more).
///
/// # Errors
/// As the database.
pub async fn room_for(db: &mut Db, id: BackupId, machine: MachineId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        r#"select (v.spec -> 'size' ->> 'disk_gib')::bigint * 1024 * 1024 * 1024 as "room!"
             from backup b join blueprint_version v on v.id = b.version
            where b.id = $1 and b.machine = $2 and b.state = 'taking'"#,
        id.0,
        machine.0
    )
    .fetch_optional(db)
    .await
}

/// A block has arrived and is in the store. How many bytes have in all; `None`: it is not being taken any more.
///
/// # Errors
/// As the database.
pub async fn received(db: &mut Db, id: BackupId, number: i32, sha256: &[u8], bytes: i32) -> sqlx::Result<Option<i64>> {
    let is_taking = sqlx::query!("update backup set since = koza_now() where id = $1 and state = 'taking'", id.0).execute(&mut *db).await?;
    if is_taking.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query!(
        "insert into backup_block (backup, number, course, sha256, bytes) select id, $2, course, $3, $4 from backup where id = $1
         on conflict (backup, number) do update set sha256 = excluded.sha256, bytes = excluded.bytes",
        id.0,
        number,
        sha256,
        bytes
    )
    .execute(&mut *db)
    .await?;
    let sum = sqlx::query_scalar!(r#"select sum(bytes)::bigint as "sum!" from backup_block where backup = $1"#, id.0).fetch_one(db).await?;
    Ok(Some(sum))
}

/// A block as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its place.
    pub number: i32,
    /// Its hash.
    pub sha256: Vec<u8>,
    /// Its length.
    pub bytes: i32,
}

/// The blocks that have arrived, in order.
///
/// # Errors
/// As the database.
pub async fn blocks(db: &mut Db, id: BackupId) -> sqlx::Result<Vec<Block>> {
    sqlx::query_as!(Block, "select number, sha256, bytes from backup_block where backup = $1 order by number", id.0).fetch_all(db).await
}

/// What of an earlier try arrived counts no more.
///
/// # Errors
/// As the database.
pub async fn forget_blocks(db: &mut Db, id: BackupId) -> sqlx::Result<()> {
    sqlx::query!("delete from backup_block where backup = $1", id.0).execute(db).await?;
    Ok(())
}

/// What a backup is of, for its manifest.
#[derive(Debug, Clone)]
pub struct Of {
    /// The environment.
    pub environment: Uuid,
    /// The blueprint's version.
    pub version: Uuid,
    /// The machine.
    pub machine: Uuid,
    /// Which of the environment's machines that was.
    pub slot: u16,
    /// When it was asked for.
    pub asked_at: OffsetDateTime,
    /// How far it is.
    pub state: BackupState,
}

/// See [`Of`].
///
/// # Errors
/// As the database.
pub async fn of(db: &mut Db, id: BackupId) -> sqlx::Result<Option<Of>> {
    let row = sqlx::query!(
        r#"select environment, version, machine, slot, asked_at, state as "state: BackupState" from backup where id = $1"#,
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Of {
        environment: row.environment,
        version: row.version,
        machine: row.machine,
        slot: u16::try_from(row.slot).unwrap_or(0),
        asked_at: row.asked_at,
        state: row.state,
    }))
}

/// It is whole and in the store. False: it was not being taken.
///
/// # Errors
/// As the database.
pub async fn taken(db: &mut Db, id: BackupId, bytes: i64, size: i64, files: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update backup
            set state = 'taken', moved_at = koza_now(), since = koza_now(), taken_at = koza_now(), bytes = $2, size = $3, files = $4,
                expires_at = koza_now() + make_interval(days => (select backups_kept_days from course where course.id = backup.course))
          where id = $1 and state = 'taking'",
        id.0,
        bytes,
        size,
        files
    )
    .execute(&mut *db)
    .await?;
    forget_blocks(db, id).await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a machine may fetch it: it is its own, or its environment was asked for to be made of it.
///
/// # Errors
/// As the database.
pub async fn may_fetch(db: &mut Db, id: BackupId, machine: MachineId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
               select from backup b
                where b.id = $1 and b.state = any($3)
                  and (b.machine = $2
                       or exists (select from machine m join environment e on e.id = m.environment
                                   where m.id = $2 and e.options ->> 'restores' = b.id::text))
           ) as "may!""#,
        id.0,
        machine.0,
        &BackupState::WHOLE as &[BackupState]
    )
    .fetch_one(db)
    .await
}

/// The backups of an environment that are not erased, newest first.
///
/// # Errors
/// As the database.
pub async fn of_environment(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<Vec<BackupCard>> {
    cards(db, Some(environment), None).await
}

/// Those of everything that a person holds or held.
///
/// # Errors
/// As the database.
pub async fn of_person(db: &mut Db, person: PersonId) -> sqlx::Result<Vec<BackupCard>> {
    cards(db, None, Some(person)).await
}

async fn cards(db: &mut Db, environment: Option<EnvironmentId>, person: Option<PersonId>) -> sqlx::Result<Vec<BackupCard>> {
    let rows = sqlx::query!(
        r#"select b.id, b.environment, e.name, b.slot, b.reason as "reason: BackupReason", b.state as "state: BackupState", b.asked_at,
                  b.bytes, b.size, b.files, b.expires_at, b.said
             from backup b join environment e on e.id = b.environment
            where b.state <> 'erased' and (b.expires_at is null or b.expires_at > koza_now()) and ($1::uuid is null or b.environment = $1)
              and ($2::uuid is null or exists (select from holder where holder.environment = e.id and holder.person = $2))
            order by b.asked_at desc
            limit 1000"#,
        environment.map(|environment| environment.0),
        person.map(|person| person.0)
    )
    .fetch_all(db)
    .await?;
    let unsigned = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    Ok(rows
        .into_iter()
        .map(|row| BackupCard {
            id: BackupId(row.id),
            environment: EnvironmentId(row.environment),
            name: row.name,
            machine: u16::try_from(row.slot).unwrap_or(0),
            reason: row.reason,
            state: row.state,
            asked_at: row.asked_at,
            bytes: unsigned(row.bytes),
            size: unsigned(row.size),
            files: unsigned(row.files),
            expires_at: row.expires_at,
            said: row.said,
        })
        .collect())
}

/// One of an environment's, if it is still kept.
///
/// # Errors
/// As the database.
pub async fn kept(db: &mut Db, environment: EnvironmentId, id: BackupId) -> sqlx::Result<Option<BackupState>> {
    sqlx::query_scalar!(
        r#"select state as "state: BackupState" from backup
            where id = $2 and environment = $1 and state <> 'erased' and (expires_at is null or expires_at > koza_now())"#,
        environment.0,
        id.0
    )
    .fetch_optional(db)
    .await
}

/// Whether all of it is in the store. Past its time that is so as long as an environment is being made of it.
///
/// # Errors
/// As the database.
pub async fn is_whole(db: &mut Db, id: BackupId) -> sqlx::Result<bool> {
    Ok(of(db, id).await?.is_some_and(|of| of.state.is_whole()))
}

/// The course's rules for backups of an environment: how many days they are kept, and every how many hours they are taken.
///
/// # Errors
/// As the database.
pub async fn rules(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<(i32, Option<i32>)> {
    let rules = sqlx::query!(
        "select backups_kept_days, backups_every_hours from course join environment e on e.course = course.id where e.id = $1",
        environment.0
    )
    .fetch_one(db)
    .await?;
    Ok((rules.backups_kept_days, rules.backups_every_hours))
}

/// Asks for the backups that the courses' schedules want by now, so many at most: a class is not backed up in the same second. Of what has
/// been Ready for some minutes, and whose newest backup that did not fail is older than the schedule's time; without one, whose first Ready
/// is. After one that failed an hour passes. How many were asked for.
///
/// # Errors
/// As the database.
pub async fn ask_as_scheduled(db: &mut Db, most: i64) -> sqlx::Result<u64> {
    let due = sqlx::query_scalar!(
        "select e.id
           from environment e
           join course c on c.id = e.course
     cross join lateral (
                select max(asked_at) filter (where state <> 'failed') as done_at, max(asked_at) as tried_at,
                       coalesce(bool_or(state = any($2)), false) as is_moving
                  from backup b
                 where b.environment = e.id and b.slot = 1
                ) newest
          where c.backups_every_hours is not null and e.purpose = 'course' and e.goal = 'running' and e.removed_at is null
            and e.ready_at < koza_now() - interval '5 minutes'
            and coalesce(newest.done_at, e.first_ready_at) < koza_now() - make_interval(hours => c.backups_every_hours)
            and not newest.is_moving and (newest.tried_at is null or newest.tried_at < koza_now() - interval '1 hour')
            and exists (select from resource r join machine m on m.resource = r.id
                         where r.environment = e.id and r.slot = 1 and r.gone_at is null and m.knows_backups)
          order by coalesce(newest.done_at, e.first_ready_at)
          limit $1",
        most,
        &BackupState::MOVING as &[BackupState]
    )
    .fetch_all(&mut *db)
    .await?;
    let count = due.len();
    for id in due {
        ask(db, EnvironmentId(id), 1, BackupReason::Schedule).await?;
    }
    Ok(count as u64)
}

/// Lets backups go whose time has passed, except those that an environment is being made of, and those that a machine needs to leave. From
/// now on nobody gets them.
///
/// # Errors
/// As the database.
pub async fn expire(db: &mut Db) -> sqlx::Result<()> {
    sqlx::query!(
        "update backup set state = 'erased', moved_at = koza_now()
          where expires_at <= koza_now() and state in ('taken', 'proven', 'unproven', 'failed')
            and not exists (select from environment e
                             where e.options ->> 'restores' = backup.id::text and e.first_ready_at is null and e.removed_at is null)
            and not exists (select from environment e, jsonb_each_text(e.options -> 'leaving') l
                             where e.id = backup.environment and e.removed_at is null and l.value = backup.id::text)"
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Those of which something may still be in the store, though nobody gets them: so many at most.
///
/// # Errors
/// As the database.
pub async fn going(db: &mut Db, most: i64) -> sqlx::Result<Vec<BackupId>> {
    // In no order: one that cannot be erased holds up no other for ever.
    let ids = sqlx::query_scalar!(
        "select id from backup where state in ('failed', 'erased') and gone_at is null order by random() limit $1",
        most
    );
    Ok(ids.fetch_all(db).await?.into_iter().map(BackupId).collect())
}

/// Nothing of it is in the store any more.
///
/// # Errors
/// As the database.
pub async fn gone(db: &mut Db, id: BackupId) -> sqlx::Result<()> {
    forget_blocks(db, id).await?;
    sqlx::query!("update backup set gone_at = koza_now() where id = $1", id.0).execute(db).await?;
    Ok(())
}

/// Somebody does not want it any more: its time ends now. False: it is on its way, or somebody relies on it.
///
/// # Errors
/// As the database.
pub async fn give_up(db: &mut Db, id: BackupId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update backup set expires_at = koza_now() where id = $1 and state in ('taken', 'proven', 'unproven', 'failed')
            and not exists (select from environment e, jsonb_each_text(e.options -> 'leaving') l
                             where e.id = backup.environment and l.value = backup.id::text)",
        id.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
