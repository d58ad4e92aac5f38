//! A tick that is dull to do twice: what ended its worker again and again is parked, and what comes round by itself becomes a chore.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::{Engine, chores};
use crate::db::queue;

const EVERY: Duration = Duration::from_secs(10);

/// Runs until `shutdown`.
pub async fn run(engine: Engine, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = tidy(&engine).await {
            warn!(%error, "upkeep failed; it is done again on the next tick");
        }
    }
}

async fn tidy(engine: &Engine) -> sqlx::Result<()> {
    for environment in queue::park_poison(&mut *engine.pool.acquire().await?).await? {
        error!(environment.id = %environment, "parked: its work ended its worker again and again");
    }
    chores::fire(engine).await
}
