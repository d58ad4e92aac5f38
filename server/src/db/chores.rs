//! Chores: small queued work, claimed like environments (30 s, fenced by an epoch), but many at once.
//!
//! A chore that is done is deleted. One that failed is due again later, as its kind says; one that failed too often, or ended its worker
//! too often, is dead: it stays with what was said, until somebody retries it.

use app::domain::ids::CourseId;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Db;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct New<'a> {
    /// What sort of work.
    pub kind: &'a str,
    /// One open chore per kind and key: adding it again changes nothing.
    pub key: &'a str,
    /// Whose; `None`: of the whole site.
    pub course: Option<CourseId>,
    /// What the work needs to know.
    pub data: Value,
}

/// A chore that this worker holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// Which.
    pub id: Uuid,
    /// The fence.
    pub epoch: i64,
    /// What sort of work.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// What the work needs to know.
    pub data: Value,
    /// How often it was tried, with this time.
    pub tries: i16,
}

/// Adds a chore, due now. False: one of this kind and key is open.
///
/// # Errors
/// As the database.
pub async fn add(db: &mut Db, new: &New<'_>) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "insert into chore (id, kind, key, course, data) values ($1, $2, $3, $4, $5) on conflict do nothing",
        Uuid::now_v7(),
        new.kind,
        new.key,
        new.course.map(|course| course.0),
        new.data,
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Claims up to `n` chores that are due, the longest due first: mails, or all the others.
///
/// # Errors
/// As the database.
pub async fn claim(db: &mut Db, worker: Uuid, n: i64, mails: bool) -> sqlx::Result<Vec<Claimed>> {
    // By "ctid": the rows are locked, so they stay where they are until they are updated, and nobody has to look for them a second time.
    sqlx::query_as!(
        Claimed,
        r#"with due as materialized (
               select ctid as place
                 from chore
                where wake_at <= koza_now() and dead_at is null and (claimed_until is null or claimed_until < koza_now())
                  and (kind = 'send_mail') = $3
                order by wake_at
                limit $2
                  for update skip locked
           )
           update chore
              set claimed_by    = $1,
                  claim_epoch   = claim_epoch + 1,
                  claimed_until = koza_now() + interval '30 seconds',
                  tries         = tries + 1
             from due
            where chore.ctid = due.place
           returning chore.id, claim_epoch as epoch, kind, key, data, tries"#,
        worker,
        n,
        mails
    )
    .fetch_all(db)
    .await
}

/// Renews claims. Those that are not in the answer are lost.
///
/// # Errors
/// As the database.
pub async fn renew(db: &mut Db, held: &[(Uuid, i64)]) -> sqlx::Result<Vec<Uuid>> {
    let (ids, epochs) = columns(held);
    sqlx::query_scalar!(
        "update chore
            set claimed_until = koza_now() + interval '30 seconds'
           from unnest($1::uuid[], $2::bigint[]) as held (id, epoch)
          where chore.id = held.id and claim_epoch = held.epoch and claimed_by is not null
         returning chore.id",
        &ids,
        &epochs
    )
    .fetch_all(db)
    .await
}

/// Done: all of these in one statement, each only if its claim still holds. Those that are not in the answer were lost; somebody else
/// does them again.
///
/// # Errors
/// As the database.
pub async fn finish(db: &mut Db, done: &[(Uuid, i64)]) -> sqlx::Result<Vec<Uuid>> {
    let (ids, epochs) = columns(done);
    sqlx::query_scalar!(
        "delete from chore using unnest($1::uuid[], $2::bigint[]) as done (id, epoch)
          where chore.id = done.id and claim_epoch = done.epoch
         returning chore.id",
        &ids,
        &epochs
    )
    .fetch_all(db)
    .await
}

/// It failed: due again after so many seconds, or dead (`None`). False: the claim was lost.
///
/// # Errors
/// As the database.
pub async fn failed(db: &mut Db, chore: &Claimed, said: &str, again_in: Option<f64>) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        "update chore
            set said          = $3,
                wake_at       = koza_now() + make_interval(secs => coalesce($4::float8, 0)),
                dead_at       = case when $4::float8 is null then koza_now() end,
                claimed_by    = null,
                claimed_until = null
          where id = $1 and claim_epoch = $2",
        chore.id,
        chore.epoch,
        said,
        again_in
    )
    .execute(db)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Gives claims back undone (the worker shuts down): due at once, and this try does not count.
///
/// # Errors
/// As the database.
pub async fn hand_back(db: &mut Db, worker: Uuid) -> sqlx::Result<u64> {
    let back = sqlx::query!(
        "update chore set claimed_by = null, claimed_until = null, tries = tries - 1 where claimed_by = $1 and dead_at is null",
        worker
    )
    .execute(db)
    .await?;
    Ok(back.rows_affected())
}

/// Adds the chore of the present period of a schedule, unless that was done already. True: it was added. Any number of workers may call
/// this as often as they like.
///
/// # Errors
/// As the database.
pub async fn fire(db: &mut Db, kind: &str, every: time::Duration) -> sqlx::Result<bool> {
    let fired = sqlx::query!(
        "with fired as (
             insert into schedule (kind, fired)
             values ($2, date_bin(make_interval(secs => $3), koza_now(), 'epoch'))
             on conflict (kind) do update set fired = excluded.fired where schedule.fired < excluded.fired
             returning kind, fired
         )
         insert into chore (id, kind, key) select $1, kind, fired::text from fired
         on conflict do nothing",
        Uuid::now_v7(),
        kind,
        every.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(fired.rows_affected() == 1)
}

/// How many chores of a kind are in a state.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Count {
    /// What sort of work.
    pub kind: String,
    /// `due`, `later`, `held` or `dead`.
    pub state: String,
    /// How many.
    pub count: i64,
}

/// Chores by kind and state.
///
/// # Errors
/// As the database.
pub async fn counts(db: &mut Db) -> sqlx::Result<Vec<Count>> {
    sqlx::query_as!(
        Count,
        r#"select kind,
                  case when dead_at is not null then 'dead'
                       when claimed_until > koza_now() then 'held'
                       when wake_at <= koza_now() then 'due'
                       else 'later' end as "state!",
                  count(*) as "count!"
             from chore group by 1, 2 order by 1, 2"#
    )
    .fetch_all(db)
    .await
}

/// A dead chore, as a person reads it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Dead {
    /// Which.
    pub id: Uuid,
    /// What sort of work.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// How often it was tried.
    pub tries: i16,
    /// What went wrong the last time.
    pub said: Option<String>,
    /// Since when it is dead.
    #[serde(with = "time::serde::rfc3339::option")]
    pub dead_at: Option<OffsetDateTime>,
}

/// Dead chores, the newest first; so many.
///
/// # Errors
/// As the database.
pub async fn dead(db: &mut Db, n: i64) -> sqlx::Result<Vec<Dead>> {
    sqlx::query_as!(
        Dead,
        "select id, kind, key, tries, said, dead_at from chore where dead_at is not null order by dead_at desc limit $1",
        n
    )
    .fetch_all(db)
    .await
}

/// Brings a dead chore back to life, due now, with all its tries. False: there is none such, or its work is open as another chore.
///
/// # Errors
/// As the database.
pub async fn retry(db: &mut Db, id: Uuid) -> sqlx::Result<bool> {
    let revived = sqlx::query!(
        "update chore set dead_at = null, tries = 0, wake_at = koza_now()
          where id = $1 and dead_at is not null
            and not exists (select from chore open where open.kind = chore.kind and open.key = chore.key and open.dead_at is null)",
        id
    )
    .execute(db)
    .await?;
    Ok(revived.rows_affected() == 1)
}

fn columns(held: &[(Uuid, i64)]) -> (Vec<Uuid>, Vec<i64>) {
    held.iter().copied().unzip()
}
