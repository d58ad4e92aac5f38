//! Drain: how many chores that do nothing one process does in a second, claimed and finished as the product does it; every one of them is
//! written down as done before the clock stops.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use server::engine::chores::{self, Lane, Pace, Trouble};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::stage::Stage;

/// How many wait.
pub const WAITING: u32 = 20_000;

/// Seconds until all of them are done.
pub async fn drain(stage: &Stage, pace: Pace) -> anyhow::Result<f64> {
    let pool = &stage.engine.pool;
    sqlx::query("insert into chore (id, kind, key) select gen_random_uuid(), 'nothing', n::text from generate_series(1, $1::int) n")
        .bind(i32::try_from(WAITING)?)
        .execute(pool)
        .await?;
    sqlx::query("vacuum analyze chore").execute(pool).await?;

    let (done, all_done) = (AtomicU32::new(0), CancellationToken::new());
    let nothing = |_| {
        // Ending writes down what was done last.
        if done.fetch_add(1, Ordering::Relaxed) + 1 == WAITING {
            all_done.cancel();
        }
        std::future::ready(Ok::<(), Trouble>(()))
    };
    let began = Instant::now();
    let ended =
        tokio::time::timeout(Duration::from_mins(2), chores::run(pool, Uuid::now_v7(), Lane::Others, nothing, &all_done, pace)).await;
    let took = began.elapsed();
    ended.context("not done within two minutes")?;
    let left: i64 = sqlx::query_scalar("select count(*) from chore").fetch_one(pool).await?;
    anyhow::ensure!(left == 0, "{left} chores are left");
    Ok(took.as_secs_f64())
}
