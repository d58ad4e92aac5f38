//! Small work on a tick, dull to do twice: parking, erasing what is past its time.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::Engine;
use crate::db::{queue, secrets, sessions};

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
    let mut db = engine.pool.acquire().await?;
    for environment in queue::park_poison(&mut db).await? {
        error!(environment.id = %environment, "parked: its work ended its worker again and again");
    }
    secrets::erase_expired(&mut db).await?;
    sessions::delete_expired(&mut db).await?;
    Ok(())
}
