//! Claims among 10,000 environments at rest while one snapshot is held open (a dump, a forgotten `psql`), so that no dead row can be
//! cleared away. First a few environments are woken, claimed and finished without a pause by four hands: the dead rows of an hour in a
//! minute. When the last of those claims has run out, the figure that the goal names: one hand, 20 turns a second.

use std::time::{Duration, Instant};

use anyhow::Context;
use server::db;
use server::db::queue::{self, Reach};
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;
use tokio::time::sleep;
use uuid::Uuid;

use crate::figures::in_ms;
use crate::stage::Stage;

/// As many as the goal names.
pub const AT_REST: u32 = 10_000;
/// Side by side, each with environments of its own.
const HANDS: i64 = 4;
const BUSY: i64 = 500;
const PACE: Duration = Duration::from_millis(50);
/// A claim is so long; dead rows whose claim has not run out are looked at more often than they ever would be at this pace.
const CLAIM: Duration = Duration::from_secs(30);

/// See the module.
pub struct Claims {
    pub latencies: Vec<(&'static str, Vec<f64>)>,
    pub turns: usize,
    pub dead: i64,
}

/// See the module.
pub async fn under_a_snapshot(stage: &Stage, lasts: Duration) -> anyhow::Result<Claims> {
    let mut observer = PgConnection::connect(&stage.url).await?;
    let mut snapshot = observer.begin_with("begin isolation level repeatable read").await?;
    sqlx::query("select count(*) from environment").execute(&mut *snapshot).await?;

    let before = turns(stage, 0, PACE, Duration::from_secs(15)).await?;
    let mut hands = JoinSet::new();
    for hand in 0..HANDS {
        let stage = stage.clone();
        hands.spawn(async move { turns(&stage, hand, Duration::ZERO, lasts).await });
    }
    let mut churn = Turns::default();
    while let Some(hand) = hands.join_next().await {
        let hand = hand??;
        churn.claims.extend(hand.claims);
        churn.naps.extend(hand.naps);
    }
    sleep(CLAIM).await;
    let after = turns(stage, 0, PACE, Duration::from_secs(15)).await?;
    let dead = sqlx::query_scalar("select n_dead_tup from pg_stat_user_tables where relname = 'environment'")
        .fetch_one(&stage.engine.pool)
        .await?;
    snapshot.rollback().await?;

    let turns = churn.claims.len();
    let latencies = vec![
        ("a claim before it, 20 turns a second", before.claims),
        ("a claim during it, without a pause", churn.claims),
        ("a claim after it, 20 turns a second", after.claims),
        ("before a nap: when the next one is due, before it", before.naps),
        ("before a nap: when the next one is due, after it", after.naps),
    ];
    Ok(Claims { latencies, turns, dead })
}

/// Milliseconds of each claim, and of the question that a worker asks before it naps.
#[derive(Default)]
struct Turns {
    claims: Vec<f64>,
    naps: Vec<f64>,
}

/// Wakes an environment, claims what is due, finishes it: one after the other, with so much time from one to the next.
async fn turns(stage: &Stage, hand: i64, every: Duration, lasts: Duration) -> anyhow::Result<Turns> {
    let mut db = stage.engine.pool.acquire().await?;
    let busy: Vec<Uuid> = sqlx::query_scalar("select id from environment order by id limit $1 offset $2")
        .bind(BUSY)
        .bind(hand * BUSY)
        .fetch_all(&mut *db)
        .await?;
    let (worker, mut found, begun, mut next) = (Uuid::now_v7(), Turns::default(), Instant::now(), Instant::now());
    let mut looked = None;
    for environment in busy.into_iter().cycle() {
        if begun.elapsed() > lasts {
            break;
        }
        tokio::time::sleep_until(next.into()).await;
        next += every;
        db::wake(&mut db, environment).await?;
        // As a worker does it: at everything once a second.
        let before = Instant::now();
        let reach = if looked.is_some_and(|at: Instant| at.elapsed() < Duration::from_secs(1)) {
            Reach::News
        } else {
            looked = Some(before);
            Reach::Everything
        };
        let claimed = queue::claim_by(&mut db, worker, 4, reach).await?;
        found.claims.push(in_ms(before.elapsed()));
        let later = db::now(&mut db).await? + time::Duration::days(30);
        for claim in claimed {
            queue::finish(&mut db, claim, Some(later), None).await?;
        }
        // The hands without a pause are there for dead rows, not for this.
        if !every.is_zero() {
            let before = Instant::now();
            queue::next_due_by(&mut db, Reach::News).await?;
            found.naps.push(in_ms(before.elapsed()));
        }
    }
    Ok(found)
}

/// Resident now and at its highest, in bytes, after the worker has looked at its clouds three times.
pub async fn memory(stage: &Stage) -> anyhow::Result<(f64, f64)> {
    let worker = stage.worker();
    sleep(Duration::from_secs(17)).await;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kilobytes = |field: &str| {
        let line = status.lines().find(|line| line.starts_with(field))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    let found = kilobytes("VmRSS:").zip(kilobytes("VmHWM:")).context("/proc/self/status has no VmRSS")?;
    worker.end().await?;
    Ok((found.0 * 1024.0, found.1 * 1024.0))
}
