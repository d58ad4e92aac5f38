//! The queue: claims on environments, heartbeats, and the end of a turn.
//!
//! A claim is 30 s long and renewed every 8 s; one that was not renewed is anybody's. Every claim raises `claim_epoch`, and every
//! write of a worker asks for its epoch: a worker that was away too long finds zero rows and stops.

use app::domain::ids::EnvironmentId;
use app::domain::phase::Phase;
use app::domain::reason::Attention;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Db;

/// How many claims in a row may end without an orderly finish before the environment is parked; `waiting_line` has the same number.
pub const FRUITLESS_CLAIMS: i16 = 5;

/// A worker's hold on one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Of what.
    pub environment: EnvironmentId,
    /// The fence.
    pub epoch: i64,
    /// The wish's generation when it was claimed.
    pub generation: i64,
}

/// The claim went to somebody else: drop the result, stop.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// Another epoch holds it.
    #[error("the claim was lost")]
    Claim,
    /// The database failed.
    #[error("database")]
    Db(#[from] sqlx::Error),
}

/// How far back who asks for what is due reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To whatever has waited longest.
    Everything,
    /// Three seconds: enough for who saw within the last second that nothing was left, and for a wish that took two to be committed.
    News,
}

impl Reach {
    fn back(self) -> Option<f64> {
        match self {
            Self::Everything => None,
            Self::News => Some(3.0),
        }
    }
}

/// Claims up to `n` environments that are due, in the order of `waiting_line`: people before images, news before looks, courses in turn, then
/// who waits longest.
///
/// # Errors
/// As the database.
pub async fn claim(db: &mut Db, worker: Uuid, n: i64) -> sqlx::Result<Vec<Claim>> {
    claim_by(db, worker, n, Reach::Everything).await
}

/// The same, reaching so far.
///
/// # Errors
/// As the database.
pub async fn claim_by(db: &mut Db, worker: Uuid, n: i64, reach: Reach) -> sqlx::Result<Vec<Claim>> {
    // "materialized": as a plain subquery a nested loop could take more than n. The line has no locks; what another worker took since it
    // was drawn up is left out when the rows are locked, so it is read further than n. "is true" keeps the index of times out of it: these
    // rows are known by their ids.
    let rows = sqlx::query!(
        r#"with line as materialized (
               select environment, place
                 from waiting_line_since(coalesce(koza_now() - make_interval(secs => $4), '-infinity'))
                order by place
                limit 4 * $2::bigint
           ), due as materialized (
               select e.id
                 from line join environment e on e.id = line.environment
                where (e.wake_at <= koza_now()) is true
                  and (e.claimed_until is null or e.claimed_until < koza_now())
                  and e.fruitless_claims < $3
                order by line.place
                limit $2
                  for update of e skip locked
           )
           update environment
              set claimed_by       = $1,
                  claim_epoch      = claim_epoch + 1,
                  claimed_until    = koza_now() + interval '30 seconds',
                  fruitless_claims = fruitless_claims + 1
             from due
            where environment.id = due.id
           returning environment.id, claim_epoch, generation"#,
        worker,
        n,
        FRUITLESS_CLAIMS,
        reach.back(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Claim { environment: EnvironmentId(row.id), epoch: row.claim_epoch, generation: row.generation })
        .collect())
}

/// Claims one environment if it is due and no other is: whoever is alone is next, and no line needs to be drawn up.
///
/// # Errors
/// As the database.
pub async fn claim_alone(db: &mut Db, worker: Uuid, environment: EnvironmentId, reach: Reach) -> sqlx::Result<Option<Claim>> {
    let row = sqlx::query!(
        "update environment
            set claimed_by       = $1,
                claim_epoch      = claim_epoch + 1,
                claimed_until    = koza_now() + interval '30 seconds',
                fruitless_claims = fruitless_claims + 1
          where id = (select e.id
                        from environment e
                       where e.id = $2
                         and (e.wake_at <= koza_now()) is true
                         and (e.claimed_until is null or e.claimed_until < koza_now())
                         and e.fruitless_claims < $3
                         and not exists (select from environment other
                                          where other.wake_at <= koza_now() and other.id <> $2
                                            and other.wake_at >= coalesce(koza_now() - make_interval(secs => $4), '-infinity')
                                            and (other.claimed_until is null or other.claimed_until < koza_now()))
                         for update of e skip locked)
         returning claim_epoch, generation",
        worker,
        environment.0,
        FRUITLESS_CLAIMS,
        reach.back(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Claim { environment, epoch: row.claim_epoch, generation: row.generation }))
}

/// Renews claims. Those that are not in the answer are lost.
///
/// # Errors
/// As the database.
pub async fn renew(db: &mut Db, worker: Uuid, claims: &[Claim]) -> sqlx::Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = claims.iter().map(|claim| claim.environment.0).collect();
    let epochs: Vec<i64> = claims.iter().map(|claim| claim.epoch).collect();
    sqlx::query_scalar!(
        "update environment
            set claimed_until = koza_now() + interval '30 seconds'
           from unnest($2::uuid[], $3::bigint[]) as held (id, epoch)
          where environment.id = held.id and claim_epoch = held.epoch and claimed_by = $1
         returning environment.id",
        worker,
        &ids,
        &epochs,
    )
    .fetch_all(db)
    .await
}

/// Locks the row and checks that the claim still holds: the first statement of every transaction of a worker.
///
/// # Errors
/// [`Lost::Claim`] when it does not.
pub async fn fence(db: &mut Db, claim: Claim) -> Result<(), Lost> {
    sqlx::query_scalar!(
        "select id from environment where id = $1 and claim_epoch = $2 and claimed_by is not null for update",
        claim.environment.0,
        claim.epoch
    )
    .fetch_optional(db)
    .await?
    .map(|_| ())
    .ok_or(Lost::Claim)
}

/// The same before a call to a cloud: no call begins that could last longer than the claim (a call's deadline is 20 s), so that it has
/// ended before anybody else may hold it. A heartbeat every 8 s keeps 22 s or more on it.
///
/// # Errors
/// [`Lost::Claim`] when it does not hold, or not for long enough.
pub async fn fence_before_call(db: &mut Db, claim: Claim) -> Result<(), Lost> {
    sqlx::query_scalar!(
        "select id from environment
          where id = $1 and claim_epoch = $2 and claimed_by is not null and claimed_until > koza_now() + interval '20 seconds'
            for update",
        claim.environment.0,
        claim.epoch
    )
    .fetch_optional(db)
    .await?
    .map(|_| ())
    .ok_or(Lost::Claim)
}

/// Ends a turn: says when to look again, and gives the claim back. A wish that changed meanwhile is looked at now.
///
/// # Errors
/// [`Lost::Claim`] when somebody else holds it.
pub async fn finish(db: &mut Db, claim: Claim, look_again: Option<OffsetDateTime>, attention: Option<&Attention>) -> Result<(), Lost> {
    finish_in(db, claim, look_again, attention, None).await
}

/// The same, and for lists where it is; `None`: where it was.
///
/// # Errors
/// [`Lost::Claim`] when somebody else holds it.
pub async fn finish_in(
    db: &mut Db,
    claim: Claim,
    look_again: Option<OffsetDateTime>,
    attention: Option<&Attention>,
    phase: Option<Phase>,
) -> Result<(), Lost> {
    let done = sqlx::query!(
        "update environment
            set wake_at          = case when generation <> $3 then koza_now() else $4 end,
                seen_generation  = $3,
                attention        = $5,
                phase            = case when generation = $3 then coalesce($6, phase) else phase end,
                claimed_by       = null,
                claimed_until    = null,
                fruitless_claims = 0
          where id = $1 and claim_epoch = $2",
        claim.environment.0,
        claim.epoch,
        claim.generation,
        look_again,
        attention.map(Json) as _,
        phase.map(Phase::code),
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 0 { Err(Lost::Claim) } else { Ok(()) }
}

/// Gives claims back undone (the worker shuts down): they are due at once.
///
/// # Errors
/// As the database.
pub async fn hand_back(db: &mut Db, worker: Uuid) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "update environment
            set claimed_by = null, claimed_until = null, wake_at = koza_now(), fruitless_claims = greatest(fruitless_claims - 1, 0)
          where claimed_by = $1",
        worker
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Parks what killed its worker again and again: somebody has to look. Those that were not parked before; another may have been woken since, because
/// its cloud changed, and sleeps again without a word.
///
/// # Errors
/// As the database.
pub async fn park_poison(db: &mut Db) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"with poison as materialized (
             select id, attention is distinct from $2 as is_new from environment
              where fruitless_claims >= $1 and wake_at is not null and (claimed_until is null or claimed_until < koza_now())
                for update
         ), parked as (
             update environment
                set wake_at = null, claimed_by = null, claimed_until = null, attention = $2
               from poison where poison.id = environment.id
         )
         select id as "id!" from poison where is_new"#,
        FRUITLESS_CLAIMS,
        Json(Attention::Parked) as _,
    )
    .fetch_all(db)
    .await
}

/// Says that a worker lives.
///
/// # Errors
/// As the database.
pub async fn beat(db: &mut Db, worker: Uuid, host: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into worker (id, host) values ($1, $2)
         on conflict (id) do update set beat_at = koza_now()",
        worker,
        host
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes workers off the list that ended without a word.
///
/// # Errors
/// As the database.
pub async fn forget_workers(db: &mut Db) -> sqlx::Result<()> {
    sqlx::query!("delete from worker where beat_at < koza_now() - interval '1 day'").execute(db).await?;
    Ok(())
}

/// Takes a worker that ends off the list.
///
/// # Errors
/// As the database.
pub async fn leave(db: &mut Db, worker: Uuid) -> sqlx::Result<()> {
    sqlx::query!("delete from worker where id = $1", worker).execute(db).await?;
    Ok(())
}

/// How many due environments are ahead of one, if it waits and a live worker could take it.
///
/// # Errors
/// As the database.
pub async fn ahead_of(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        r#"select place - 1 as "ahead!"
             from waiting_line
            where environment = $1 and exists (select from worker where beat_at > koza_now() - interval '30 seconds')"#,
        environment.0,
    )
    .fetch_optional(db)
    .await
}

/// When the next environment is due, so that the worker sleeps no longer than that.
///
/// # Errors
/// As the database.
pub async fn next_due_in(db: &mut Db) -> sqlx::Result<Option<f64>> {
    next_due_by(db, Reach::Everything).await
}

/// The same, reaching as far ahead as back.
///
/// # Errors
/// As the database.
pub async fn next_due_by(db: &mut Db, reach: Reach) -> sqlx::Result<Option<f64>> {
    sqlx::query_scalar!(
        r#"select extract(epoch from min(wake_at) - koza_now())::float8
             from environment
            where wake_at between coalesce(koza_now() - make_interval(secs => $2), '-infinity')
                              and coalesce(koza_now() + make_interval(secs => $2), 'infinity')
              and claimed_by is null and fruitless_claims < $1"#,
        FRUITLESS_CLAIMS,
        reach.back(),
    )
    .fetch_one(db)
    .await
}

/// A worker, for operators.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Worker {
    /// Which.
    pub id: Uuid,
    /// Where it runs.
    pub host: String,
    /// Seconds since it began.
    pub started_ago: f64,
    /// Seconds since it last said that it lives.
    pub beat_ago: f64,
    /// How many environments it holds.
    pub claims: i64,
}

/// Every worker that was not taken off the list, the newest sign of life first.
///
/// # Errors
/// As the database.
pub async fn workers(db: &mut Db) -> sqlx::Result<Vec<Worker>> {
    sqlx::query_as!(
        Worker,
        r#"select id, host,
                  extract(epoch from koza_now() - started_at)::float8 as "started_ago!",
                  extract(epoch from koza_now() - beat_at)::float8 as "beat_ago!",
                  (select count(*) from environment where claimed_by = worker.id and claimed_until > koza_now()) as "claims!"
             from worker
            order by beat_at desc"#
    )
    .fetch_all(db)
    .await
}
