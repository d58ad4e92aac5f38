//! Buckets: how many calls a cloud takes, shared by all workers.
//!
//! A call draws its tokens before it is made. Where none is left the bucket goes below zero, and the call gets a turn: the moment at which
//! its token will have been filled in. So those who wait stand in a line, each with a time of its own, and hold no worker meanwhile.

use app::domain::ids::{CloudId, ResourceId};
use cloud::Allowance;

use super::Db;
use crate::wish::Purpose;

/// Seeded below what the provider documents: others may use the account, and its clock is not ours.
pub const SEEDED: f64 = 0.8;
/// Background work leaves so much of a bucket to people.
const LEFT_TO_PEOPLE: f64 = 0.3;
/// What can be left out leaves so much of a bucket to what cannot.
const SPARE: f64 = 0.5;
/// What the provider called too many leaves so much of a bucket's refill.
const SLOWER: f64 = 0.7;
/// Whose turn was so many seconds ago draws anew: after an outage a whole class would use its turns at once.
const LATE: f64 = 2.0;

/// For whom a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Somebody waits for it.
    People,
    /// Nobody does: images, sweeps.
    Background,
}

impl For {
    /// Somebody waits for an environment; nobody for an image by itself.
    #[must_use]
    pub fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Course => Self::People,
            Purpose::Image => Self::Background,
        }
    }
}

/// Makes the buckets of a cloud that are not there yet.
///
/// # Errors
/// As the database.
pub async fn seed(db: &mut Db, cloud: CloudId, allowances: &[Allowance]) -> sqlx::Result<()> {
    let actions: Vec<String> = allowances.iter().map(|allowance| allowance.action.to_owned()).collect();
    let capacities: Vec<f64> = allowances.iter().map(|allowance| allowance.capacity * SEEDED).collect();
    let refills: Vec<f64> = allowances.iter().map(|allowance| allowance.refill * SEEDED).collect();
    sqlx::query!(
        "insert into bucket (cloud, action, capacity, seeded, refill, tokens)
         select $1, action, capacity, refill, refill, capacity
           from unnest($2::text[], $3::float8[], $4::float8[]) as seed (action, capacity, refill)
         on conflict do nothing",
        cloud.0,
        &actions,
        &capacities,
        &refills
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Draws one token from each bucket; seconds until the call may be made, 0 for now.
///
/// # Errors
/// As the database.
pub async fn draw(db: &mut Db, cloud: CloudId, actions: &[&str], purpose: For) -> sqlx::Result<f64> {
    let kept = if purpose == For::People { 0.0 } else { LEFT_TO_PEOPLE };
    Ok(take(db, cloud, actions, 1, kept, f64::NEG_INFINITY).await?.unwrap_or(0.0))
}

/// Takes one token from each bucket if half of each is left then: for calls that can as well be left out.
///
/// # Errors
/// As the database.
pub async fn spare(db: &mut Db, cloud: CloudId, actions: &[&str]) -> sqlx::Result<bool> {
    Ok(take(db, cloud, actions, 1, 0.0, SPARE).await?.is_some())
}

/// Draws so many tokens from each bucket, for what is done already or cannot be put off.
///
/// # Errors
/// As the database.
pub async fn draw_several(db: &mut Db, cloud: CloudId, actions: &[&str], count: usize) -> sqlx::Result<()> {
    take(db, cloud, actions, u32::try_from(count).unwrap_or(u32::MAX), 0.0, f64::NEG_INFINITY).await.map(|_| ())
}

/// Takes one token from each bucket if there is one; else nothing is taken, and it says in how many seconds there will be one.
///
/// # Errors
/// As the database.
pub async fn take_if_there(db: &mut Db, cloud: CloudId, actions: &[&str]) -> sqlx::Result<Result<(), f64>> {
    if take(&mut *db, cloud, actions, 1, 0.0, 0.0).await?.is_some() {
        return Ok(Ok(()));
    }
    let actions: Vec<String> = actions.iter().map(|&action| action.to_owned()).collect();
    let seconds = sqlx::query_scalar!(
        r#"select max((1 - least(capacity, tokens + extract(epoch from koza_now() - at)::float8 * refill)) / refill)
             from bucket
            where cloud = $1 and action = any($2)"#,
        cloud.0,
        &actions
    )
    .fetch_one(db)
    .await?;
    Ok(Err(seconds.unwrap_or(1.0).max(0.0)))
}

/// Takes so many tokens from each bucket, unless that would leave one of them below a part of its capacity; seconds until more than what is kept
/// of it has been filled in again. `None`: nothing was taken.
async fn take(db: &mut Db, cloud: CloudId, actions: &[&str], count: u32, kept: f64, at_least: f64) -> sqlx::Result<Option<f64>> {
    let actions: Vec<String> = actions.iter().map(|&action| action.to_owned()).collect();
    // A bucket that was slowed down recovers by a twentieth a minute.
    sqlx::query_scalar!(
        r#"with locked as (
               select action, capacity, seeded, refill, tokens, extract(epoch from koza_now() - at)::float8 as passed
                 from bucket
                where cloud = $1 and action = any($2)
                order by action
                  for update
           ), filled as (
               select action, capacity,
                      least(seeded, refill * power(1.05, passed / 60)) as refill,
                      least(capacity, tokens + passed * refill) - $5::float8 as tokens
                 from locked
           ), taken as (
               update bucket
                  set tokens = filled.tokens, refill = filled.refill, at = koza_now()
                 from filled
                where bucket.cloud = $1 and bucket.action = filled.action
                  and (select bool_and(tokens >= capacity * $4) from filled)
               returning greatest(0, (filled.capacity * $3 - filled.tokens) / filled.refill) as wait
           )
           select max(wait)::float8 from taken"#,
        cloud.0,
        &actions,
        kept,
        at_least,
        f64::from(count)
    )
    .fetch_one(db)
    .await
}

/// The provider said "too many": the buckets are empty, and fill more slowly for a while.
///
/// # Errors
/// As the database.
pub async fn slow_down(db: &mut Db, cloud: CloudId, actions: &[&str]) -> sqlx::Result<()> {
    let actions: Vec<String> = actions.iter().map(|&action| action.to_owned()).collect();
    sqlx::query!(
        "update bucket set tokens = least(tokens, 0), refill = greatest(refill * $3, seeded / 10), at = koza_now()
          where cloud = $1 and action = any($2)",
        cloud.0,
        &actions,
        SLOWER
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turn {
    /// Now; whether it had to wait.
    Now {
        /// It had.
        has_waited: bool,
    },
    /// In so many seconds.
    In(f64),
}

/// A call's turn at its cloud: the one that it was given before, or a new one.
///
/// # Errors
/// As the database.
pub async fn turn(
    db: &mut Db,
    (resource, cloud): (ResourceId, CloudId),
    (call, actions): (&str, &[&str]),
    purpose: For,
) -> sqlx::Result<Turn> {
    if actions.is_empty() {
        return Ok(Turn::Now { has_waited: false });
    }
    let given = sqlx::query_scalar!(
        r#"select extract(epoch from turn_at - koza_now())::float8 as "wait!" from resource where id = $1 and turn_for = $2 and not is_paused"#,
        resource.0,
        call
    )
    .fetch_optional(&mut *db)
    .await?;
    let wait = match given {
        Some(wait) if wait > 0.0 => return Ok(Turn::In(wait)),
        Some(wait) if wait > -LATE => 0.0,
        // The provider's bucket did not wait for those who come late: full is full.
        Some(_) | None => draw(db, cloud, actions, purpose).await?,
    };
    sqlx::query!(
        "update resource
            set turn_at  = case when $2::float8 > 0 then koza_now() + make_interval(secs => $2::float8) end,
                turn_for = case when $2::float8 > 0 then $3 end,
                is_paused = false
          where id = $1",
        resource.0,
        wait,
        call
    )
    .execute(db)
    .await?;
    Ok(if wait > 0.0 { Turn::In(wait) } else { Turn::Now { has_waited: given.is_some() } })
}
