//! A worker: claims what is due, runs turns side by side, renews its claims, hands them back when it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use app::domain::ids::EnvironmentId;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgListener;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error, info, warn};
use uuid::Uuid;

use super::chores::{Lane, Pace};
use super::turn::{TurnError, turn, turn_knowing};
use super::{Engine, chores, poller, upkeep};
use crate::db::Db;
use crate::db::chores::Claimed;
use crate::db::queue::{self, Claim, Reach};
use crate::db::world::{self, Known};

/// Turns side by side in one worker. They mostly wait for clouds, so more than there are cores.
const SLOTS: usize = 16;
const BEAT: Duration = Duration::from_secs(8);
/// NOTIFY makes it quick; this makes it sure.
const POLL: Duration = Duration::from_secs(1);
/// A turn that was just begun gets the cores and PostgreSQL for itself before anybody asks what is due next.
const HEAD_START: Duration = Duration::from_millis(10);

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

    let (heard, held, turns) = (Arc::new(Heard::default()), Held::default(), TaskTracker::new());
    let aside = TaskTracker::new();
    aside.spawn(listen(engine.clone(), heard.clone(), shutdown.clone()));
    aside.spawn(heartbeat(engine.clone(), worker, host, held.clone(), shutdown.clone()));
    aside.spawn(poller::run(engine.clone(), shutdown.clone()));
    aside.spawn(upkeep::run(engine.clone(), shutdown.clone()));
    // People before chores: those have places of their own, and none of these.
    aside.spawn(do_chores(engine.clone(), worker, shutdown.clone()));

    let slots = Arc::new(Semaphore::new(SLOTS));
    let mut desk = Desk::default();
    while !shutdown.is_cancelled() {
        let free = slots.available_permits();
        let (claims, mut known) = desk.take(&engine, worker, free, heard.one()).await;
        let (took_any, may_be_more) = (!claims.is_empty(), claims.len() == free);
        for claim in claims {
            let Ok(slot) = slots.clone().try_acquire_owned() else { continue };
            let (engine, held, heard, known) = (engine.clone(), held.clone(), heard.clone(), known.take());
            turns.spawn(async move {
                hold(&engine, claim, known, &held).await;
                drop(slot);
                // What this turn left due may be claimed at once.
                heard.due.notify_one();
            });
        }
        if free == 0 || !may_be_more {
            let nap = match (free, took_any) {
                // The end of a turn is what is waited for.
                (0, _) => POLL,
                (_, true) => HEAD_START,
                (_, false) => desk.nap().await,
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = heard.due.notified() => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    // Turns under way get until the end of one call; what is still held then is handed back and continued elsewhere.
    turns.close();
    tokio::time::timeout(Duration::from_secs(5), turns.wait()).await.ok();
    aside.close();
    tokio::time::timeout(Duration::from_secs(4), aside.wait()).await.ok();
    drop(desk);
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
    let mails = chores::run(&engine.pool, worker, Lane::Mail, &handler, &shutdown, Pace::BATCHES);
    let others = chores::run(&engine.pool, worker, Lane::Others, &handler, &shutdown, Pace::BATCHES);
    futures::future::join(mails, others).await;
}

/// What the listener heard since it was last asked.
#[derive(Default)]
struct Heard {
    due: Notify,
    of: Mutex<Vec<EnvironmentId>>,
}

impl Heard {
    fn hear(&self, payload: &str) {
        if let Ok(environment) = payload.parse() {
            self.of.lock().expect("no panic while it is held").push(EnvironmentId(environment));
        }
        self.due.notify_one();
    }

    /// The one environment that was spoken of, if it was one.
    fn one(&self) -> Option<EnvironmentId> {
        match std::mem::take(&mut *self.of.lock().expect("no panic while it is held"))[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// Where claims are made. Its connections are kept, because somebody waits for every claim: they know their plans already, and need not be
/// asked whether they live. One that fails is given up, and the next claim gets another.
#[derive(Default)]
struct Desk {
    claims: Option<PoolConnection<Postgres>>,
    loads: Option<PoolConnection<Postgres>>,
    /// When nothing due was left of everything.
    nothing_left: Option<Instant>,
}

impl Desk {
    /// Claims what is due. What was just spoken of is most likely all of it: it is claimed as that and loaded at the same time, which is worth
    /// something if nothing came in between.
    async fn take(&mut self, engine: &Engine, worker: Uuid, free: usize, spoken_of: Option<EnvironmentId>) -> (Vec<Claim>, Option<Known>) {
        if free == 0 {
            return (Vec::new(), None);
        }
        let n = i64::try_from(free).unwrap_or(1);
        let (reach, began) = (self.reach(), Instant::now());
        let claims = async {
            let db = kept(&mut self.claims, engine).await?;
            if let Some(environment) = spoken_of
                && let Some(claim) = queue::claim_alone(db, worker, environment, reach).await?
            {
                return Ok(vec![claim]);
            }
            queue::claim_by(db, worker, n, reach).await
        };
        let known = async {
            match spoken_of {
                Some(environment) => world::load(kept(&mut self.loads, engine).await?, environment).await.map(Some),
                None => Ok(None),
            }
        };
        let (claims, known): (sqlx::Result<_>, sqlx::Result<_>) = tokio::join!(claims, known);
        match &claims {
            Ok(claims) if claims.len() < free && reach == Reach::Everything => self.nothing_left = Some(began),
            Ok(claims) if claims.len() < free => {}
            _ => self.nothing_left = None,
        }
        let claims = claims.unwrap_or_else(|error| {
            warn!(%error, "could not claim");
            self.claims = None;
            Vec::new()
        });
        let known = known.unwrap_or_else(|_| {
            self.loads = None;
            None
        });
        let known = known.filter(|known| claims.first() == Some(&known.claim));
        (claims, known)
    }

    /// Everything at least once a second: a claim that ran out is older than any news.
    fn reach(&self) -> Reach {
        match self.nothing_left {
            Some(at) if at.elapsed() < POLL => Reach::News,
            _ => Reach::Everything,
        }
    }

    /// For how long nothing will be due.
    async fn nap(&mut self) -> Duration {
        let reach = self.reach();
        let next = match &mut self.claims {
            Some(db) => queue::next_due_by(db, reach).await.ok().flatten(),
            None => None,
        };
        next.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.005)).ok()).unwrap_or(POLL).min(POLL)
    }
}

async fn kept<'a>(place: &'a mut Option<PoolConnection<Postgres>>, engine: &Engine) -> sqlx::Result<&'a mut Db> {
    match place {
        Some(db) => Ok(db),
        none => Ok(none.insert(engine.pool.acquire().await?)),
    }
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

async fn hold(engine: &Engine, claim: Claim, known: Option<Known>, held: &Held) {
    let renewed = Renewed::new(held, claim);
    let ended = match known {
        Some(known) => turn_knowing(engine, claim, known).await,
        None => turn(engine, claim).await,
    };
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

async fn listen(engine: Engine, heard: Arc<Heard>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let listening = async {
            let mut listener = PgListener::connect_with(&engine.pool).await?;
            listener.listen("koza_wake").await?;
            loop {
                heard.hear(listener.recv().await?.payload());
            }
        };
        let ended: sqlx::Result<()> = tokio::select! {
            () = shutdown.cancelled() => return,
            ended = listening => ended,
        };
        if let Err(error) = ended {
            warn!(%error, "listening was interrupted; polling goes on");
        }
        tokio::time::sleep(POLL).await;
    }
}
