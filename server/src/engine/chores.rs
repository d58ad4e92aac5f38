//! Chores: claimed in batches, done side by side, finished in batches.
//!
//! ```text
//!  claim a batch ─► attempt, so many side by side, each within its deadline ─► finish those that ended, in one statement
//! ```
//!
//! A slow chore takes one place of many and holds up nobody. A worker that dies loses its claims after 30 s; what it had done and not
//! said is done again.

mod kinds;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::Duration;

use futures::{FutureExt, Stream, StreamExt, stream};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use uuid::Uuid;

use crate::db::chores::{self, Claimed};
pub use kinds::{Kind, Patience, fire, perform};

const BATCH: usize = 1000;

/// Chores that wait for different things do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Mails wait for a mail server, each up to its deadline, and many servers take a few at a time only.
    Mail,
    /// All others wait for PostgreSQL and machines.
    Others,
}

impl Lane {
    fn batch(self) -> usize {
        match self {
            Self::Mail => self.side_by_side(),
            Self::Others => BATCH,
        }
    }

    fn side_by_side(self) -> usize {
        match self {
            Self::Mail => 4,
            Self::Others => 64,
        }
    }
}

/// How long one chore may take: two thirds of a claim.
const DEADLINE: Duration = Duration::from_secs(20);
const BEAT: Duration = Duration::from_secs(8);
/// What is under way at a shutdown gets so long to end.
const GRACE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_secs(1);

/// A chore that was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct Trouble {
    /// What went wrong, for the person who reads dead chores.
    pub said: String,
    /// Another try would end the same way.
    pub is_final: bool,
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self::passing(error)
    }
}

impl Trouble {
    /// It may go better the next time.
    #[must_use]
    pub fn passing(said: impl ToString) -> Self {
        Self { said: said.to_string(), is_final: false }
    }

    /// It will not.
    #[must_use]
    pub fn lasting(said: impl ToString) -> Self {
        Self { said: said.to_string(), is_final: true }
    }
}

/// How what ended is written down.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// So many in one statement, if they have ended by then.
    at_once: usize,
    /// So many statements side by side: while one waits for PostgreSQL, the next batch is claimed and done.
    side_by_side: usize,
}

impl Pace {
    /// As the product does it.
    pub const BATCHES: Self = Self { at_once: BATCH, side_by_side: 2 };
    /// Each in a commit of its own: for comparison with queues that do so.
    pub const ONE_BY_ONE: Self = Self { at_once: 1, side_by_side: 24 };
}

/// Claims held now, to be renewed.
type Held = Mutex<HashMap<Uuid, i64>>;

/// Does chores of a lane as they become due, until `shutdown`; then hands back what it holds.
pub async fn run<H, F>(pool: &PgPool, worker: Uuid, lane: Lane, handler: H, shutdown: &CancellationToken, pace: Pace)
where
    H: Fn(Claimed) -> F,
    F: Future<Output = Result<(), Trouble>>,
{
    let held = Held::default();
    let work = claims(pool, worker, lane, &held, shutdown)
        .take_until(shutdown.cancelled())
        .map(|chore| attempt(&handler, chore))
        .buffer_unordered(lane.side_by_side())
        .ready_chunks(pace.at_once)
        .for_each_concurrent(pace.side_by_side, |ended| record(pool, &held, ended));
    tokio::select! {
        () = work => {}
        () = renew(pool, &held) => {}
        () = async { shutdown.cancelled().await; tokio::time::sleep(GRACE).await } => {}
    }
    if let Err(error) = async { chores::hand_back(&mut *pool.acquire().await?, worker).await }.await {
        warn!(%error, "chores could not be handed back; their claims run out");
    }
}

/// Every chore that becomes due and that this worker gets.
fn claims<'a>(
    pool: &'a PgPool,
    worker: Uuid,
    lane: Lane,
    held: &'a Held,
    shutdown: &'a CancellationToken,
) -> impl Stream<Item = Claimed> + 'a {
    let batch = move |()| async move {
        loop {
            let claimed = async {
                chores::claim(&mut *pool.acquire().await?, worker, i64::try_from(lane.batch()).unwrap_or(1), lane == Lane::Mail).await
            };
            let claimed: Vec<Claimed> = claimed.await.unwrap_or_else(|error: sqlx::Error| {
                warn!(%error, "could not claim chores");
                Vec::new()
            });
            if !claimed.is_empty() {
                held.lock().expect("no panic while it is held").extend(claimed.iter().map(|chore| (chore.id, chore.epoch)));
                return Some((stream::iter(claimed), ()));
            }
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = tokio::time::sleep(POLL) => {}
            }
        }
    };
    stream::unfold((), batch).flatten()
}

async fn attempt<H, F>(handler: &H, chore: Claimed) -> (Claimed, Result<(), Trouble>)
where
    H: Fn(Claimed) -> F,
    F: Future<Output = Result<(), Trouble>>,
{
    if chore.tries > Kind::patience_of(&chore.kind).tries {
        return (chore, Err(Trouble::lasting("its worker ended again and again while doing it")));
    }
    let ended = tokio::time::timeout(DEADLINE, AssertUnwindSafe(handler(chore.clone())).catch_unwind()).await;
    let ended = match ended {
        Ok(Ok(ended)) => ended,
        Ok(Err(_)) => Err(Trouble::passing("it panicked")),
        Err(_) => Err(Trouble::passing(format!("it was not done within {} s", DEADLINE.as_secs()))),
    };
    (chore, ended)
}

async fn record(pool: &PgPool, held: &Held, ended: Vec<(Claimed, Result<(), Trouble>)>) {
    let (done, troubled): (Vec<_>, Vec<_>) = ended.into_iter().partition(|(_, ended)| ended.is_ok());
    let done: Vec<_> = done.iter().map(|(chore, _)| (chore.id, chore.epoch)).collect();
    let written = async {
        let mut db = pool.acquire().await?;
        if !done.is_empty() {
            chores::finish(&mut db, &done).await?;
        }
        for (chore, ended) in &troubled {
            let Err(trouble) = ended else { continue };
            let again_in = Kind::patience_of(&chore.kind).again_in(chore.tries).filter(|_| !trouble.is_final);
            match again_in {
                Some(again_in) => warn!(chore.kind, chore.key, chore.tries, %trouble, ?again_in, "a chore failed"),
                None => error!(chore.kind, chore.key, chore.tries, %trouble, "a chore is dead"),
            }
            chores::failed(&mut db, chore, &trouble.said, again_in.map(|wait| wait.as_secs_f64())).await?;
        }
        Ok(())
    };
    if let Err(error) = written.await {
        let error: sqlx::Error = error;
        warn!(%error, "what came of chores could not be written; they are done again");
    }
    let mut held = held.lock().expect("no panic while it is held");
    for id in done.iter().map(|(id, _)| id).chain(troubled.iter().map(|(chore, _)| &chore.id)) {
        held.remove(id);
    }
}

/// Never ends.
async fn renew(pool: &PgPool, held: &Held) {
    loop {
        tokio::time::sleep(BEAT).await;
        let claims: Vec<_> = held.lock().expect("no panic while it is held").iter().map(|(id, epoch)| (*id, *epoch)).collect();
        if let Err(error) = async { chores::renew(&mut *pool.acquire().await?, &claims).await }.await {
            warn!(%error, "claims of chores were not renewed");
        }
    }
}
