//! Pickup: from the answer to `commit` to the first call. Commits come one by one at a steady pace, from the process of the worker, each on
//! a connection of its own; the first ones are not counted.
//!
//! *Press*: somebody wakes an environment that is there; its first call lists it. The cloud refuses, and the environment is put to rest,
//! so that the queue is idle when the next one comes, as it is for the peers. *Wish*: the same for a new one; its first call orders
//! something, so the intent is committed before it. *Class*: every wish is built to Ready on the simulator while the next ones come.

use std::time::{Duration, Instant};

use anyhow::Context;
use server::db;
use sqlx::{Connection, PgConnection};
use tokio::time::sleep;
use uuid::Uuid;

use crate::figures::in_ms;
use crate::stage::{self, Stage};

/// Wishes in a second.
pub const RATE: u32 = 20;
const EVERY: Duration = Duration::from_millis(1000 / RATE as u64);

/// How many, how often.
#[derive(Clone, Copy)]
pub struct Pace {
    jobs: u32,
}

impl Pace {
    pub const WARMUP: u32 = 40;

    pub fn new(lasts: Duration) -> Self {
        Self { jobs: u32::try_from(lasts.as_millis() / EVERY.as_millis()).unwrap_or(u32::MAX).max(2) }
    }

    pub fn half(self) -> Self {
        Self { jobs: self.jobs / 2 }
    }

    fn all(self) -> u32 {
        Self::WARMUP + self.jobs
    }

    pub fn seconds(self) -> u64 {
        (EVERY * self.jobs).as_secs()
    }

    /// As a peer takes it: warm-up, jobs, pause.
    pub fn arguments(self) -> [String; 3] {
        [Self::WARMUP.to_string(), self.jobs.to_string(), EVERY.as_millis().to_string()]
    }
}

/// What is committed.
#[derive(Clone, Copy, PartialEq)]
pub enum What {
    Press,
    Wish,
}

/// See the module.
pub async fn idle(stage: &Stage, what: What, pace: Pace) -> anyhow::Result<Vec<f64>> {
    stage.recorder.refuse();
    if what == What::Press {
        stage.rest(pace.all()).await?;
    }
    let worker = stage.worker();
    let pool = stage.engine.pool.clone();
    // Half-way between two commits; a turn that was refused would look again in a few seconds.
    let rest = tokio::spawn(async move {
        loop {
            sleep(EVERY / 2).await;
            sqlx::query("update environment set wake_at = null where wake_at > koza_now() and claimed_by is null")
                .execute(&pool)
                .await
                .ok();
            sleep(EVERY / 2).await;
        }
    });
    let latencies = paced(stage, what, pace).await;
    rest.abort();
    worker.end().await?;
    latencies
}

/// See the module.
pub async fn class(stage: &Stage, pace: Pace) -> anyhow::Result<Vec<f64>> {
    let worker = stage.worker();
    stage.bake().await?;
    let latencies = paced(stage, What::Wish, pace).await;
    worker.end().await?;
    latencies
}

async fn paced(stage: &Stage, what: What, pace: Pace) -> anyhow::Result<Vec<f64>> {
    let mut db = PgConnection::connect(&stage.url).await?;
    // The worker has looked, found nothing, and listens.
    sleep(Duration::from_millis(500)).await;
    let mut committed: Vec<(Uuid, Instant)> = Vec::new();
    let begun = Instant::now();
    for n in 0..pace.all() {
        tokio::time::sleep_until((begun + n * EVERY).into()).await;
        let mut tx = db.begin().await?;
        let id = match what {
            What::Wish => stage.wish(&mut tx, &format!("wish-{n}")).await?.0,
            What::Press => {
                db::wake(&mut tx, stage::at_rest(n)).await?;
                stage::at_rest(n)
            }
        };
        tx.commit().await?;
        committed.push((id, Instant::now()));
    }
    let all = async {
        while committed.iter().any(|(id, _)| stage.recorder.first_call(*id).is_none()) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), all).await.context("not everything was picked up within a minute")?;
    let waited = |(id, at): &(Uuid, Instant)| {
        // The call may come before the answer to `commit` has reached this task.
        stage.recorder.first_call(*id).map_or(f64::NAN, |call| in_ms(call.saturating_duration_since(*at)))
    };
    Ok(committed.iter().skip(Pace::WARMUP as usize).map(waited).collect())
}
