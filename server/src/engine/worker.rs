//! A worker: claims what is due, runs turns side by side, renews its claims, hands them back when it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::turn::{TurnError, turn};
use super::{Engine, chores, poller, upkeep};
use crate::db::chores::Claimed;
use crate::db::queue::{self, Claim};

/// Turns side by side in one worker. They mostly wait for clouds, so more than there are cores.
const SLOTS: usize = 16;
const BEAT: Duration = Duration::from_secs(8);
/// NOTIFY makes it quick; this makes it sure.
const POLL: Duration = Duration::from_secs(1);

/// Claims held now, to be renewed. A turn whose claim was lost needs no telling: its next write, and the check before its next call, find
/// another epoch and end it.
type Held = Arc<Mutex<HashMap<Uuid, Claim>>>;

/// Runs until `shutdown`, then hands its claims back.
///
/// # Errors
/// When the database cannot be reached at the start; later failures are waited out.
pub async fn run(engine: Engine, shutdown: CancellationToken) -> sqlx::Result<()> {
    let worker = Uuid::now_v7();
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "localhost".into());
    queue::beat(&mut *engine.pool.acquire().await?, worker, &host).await?;
    info!(worker.id = %worker, "worker started");

    let (due, held, turns) = (Arc::new(Notify::new()), Held::default(), TaskTracker::new());
    let aside = TaskTracker::new();
    aside.spawn(listen(engine.clone(), due.clone(), shutdown.clone()));
    aside.spawn(heartbeat(engine.clone(), worker, host, held.clone(), shutdown.clone()));
    aside.spawn(poller::run(engine.clone(), shutdown.clone()));
    aside.spawn(upkeep::run(engine.clone(), shutdown.clone()));
    // People before chores: those have places of their own, and none of these.
    aside.spawn(do_chores(engine.clone(), worker, shutdown.clone()));

    let slots = Arc::new(Semaphore::new(SLOTS));
    while !shutdown.is_cancelled() {
        let claims = match take(&engine, worker, slots.available_permits()).await {
            Ok(claims) => claims,
            Err(error) => {
                warn!(%error, "could not claim");
                Vec::new()
            }
        };
        let took_any = !claims.is_empty();
        for claim in claims {
            let Ok(slot) = slots.clone().try_acquire_owned() else { continue };
            let (engine, held, due) = (engine.clone(), held.clone(), due.clone());
            turns.spawn(async move {
                hold(&engine, claim, &held).await;
                drop(slot);
                // What this turn left due may be claimed at once.
                due.notify_one();
            });
        }
        if !took_any {
            let nap = nap(&engine).await;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = due.notified() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    // Turns under way get until the end of one call; what is still held then is handed back and continued elsewhere.
    turns.close();
    tokio::time::timeout(Duration::from_secs(5), turns.wait()).await.ok();
    aside.close();
    tokio::time::timeout(Duration::from_secs(4), aside.wait()).await.ok();
    let mut db = engine.pool.acquire().await?;
    let back = queue::hand_back(&mut db, worker).await?;
    queue::leave(&mut db, worker).await?;
    info!(worker.id = %worker, claims = back, "worker ended; claims handed back");
    Ok(())
}

async fn do_chores(engine: Engine, worker: Uuid, shutdown: CancellationToken) {
    let handler = |chore: Claimed| {
        let engine = &engine;
        async move { chores::perform(engine, &chore).await }
    };
    chores::run(&engine.pool, worker, handler, &shutdown).await;
}

async fn take(engine: &Engine, worker: Uuid, free: usize) -> sqlx::Result<Vec<Claim>> {
    if free == 0 {
        return Ok(Vec::new());
    }
    queue::claim(&mut *engine.pool.acquire().await?, worker, i64::try_from(free).unwrap_or(1)).await
}

async fn nap(engine: &Engine) -> Duration {
    let next = match engine.pool.acquire().await {
        Ok(mut db) => queue::next_due_in(&mut db).await.ok().flatten(),
        Err(_) => None,
    };
    next.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.005)).ok()).unwrap_or(POLL).min(POLL)
}

/// A claim that is renewed as long as this lives. A turn that panics drops it, too, so that its claim runs out.
struct Renewed<'a>(&'a Held, Claim);

impl<'a> Renewed<'a> {
    fn new(held: &'a Held, claim: Claim) -> Self {
        held.lock().expect("no panic while it is held").insert(claim.environment.0, claim);
        Self(held, claim)
    }
}

impl Drop for Renewed<'_> {
    fn drop(&mut self) {
        let mut held = self.0.lock().expect("no panic while it is held");
        // A late turn must not end the renewal of a newer claim of the same worker.
        if held.get(&self.1.environment.0).is_some_and(|claim| claim.epoch == self.1.epoch) {
            held.remove(&self.1.environment.0);
        }
    }
}

async fn hold(engine: &Engine, claim: Claim, held: &Held) {
    let renewed = Renewed::new(held, claim);
    let ended = turn(engine, claim).await;
    drop(renewed);
    match ended {
        Ok(()) => debug!(environment.id = %claim.environment, "turn ended"),
        Err(TurnError::LostClaim) => warn!(environment.id = %claim.environment, "claim lost: result dropped"),
        // The claim runs out by itself and the environment is taken up again; five times in a row park it.
        Err(error) => error!(environment.id = %claim.environment, error = &error as &dyn std::error::Error, "turn failed"),
    }
}

async fn heartbeat(engine: Engine, worker: Uuid, host: String, held: Held, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(BEAT) => {}
        }
        let claims: Vec<Claim> = held.lock().expect("no panic while it is held").values().copied().collect();
        let renewed = async {
            let mut db = engine.pool.acquire().await?;
            queue::beat(&mut db, worker, &host).await?;
            queue::renew(&mut db, worker, &claims).await
        };
        match tokio::time::timeout(BEAT, renewed).await {
            Ok(Ok(renewed)) => {
                for claim in claims.iter().filter(|claim| !renewed.contains(&claim.environment.0)) {
                    debug!(environment.id = %claim.environment, "not renewed: its turn has ended, or somebody else holds it");
                }
            }
            _ => warn!("heartbeat missed"),
        }
    }
}

async fn listen(engine: Engine, due: Arc<Notify>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let heard = async {
            let mut listener = PgListener::connect_with(&engine.pool).await?;
            listener.listen("koza_wake").await?;
            loop {
                listener.recv().await?;
                due.notify_one();
            }
        };
        let ended: sqlx::Result<()> = tokio::select! {
            () = shutdown.cancelled() => return,
            ended = heard => ended,
        };
        if let Err(error) = ended {
            warn!(%error, "listening was interrupted; polling goes on");
        }
        tokio::time::sleep(POLL).await;
    }
}
