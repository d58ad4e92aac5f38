//! Seals the audit, as often as its chore comes round.

use super::Engine;
use crate::db::audit::chain;

/// So many rows are one transaction …
const BATCH: usize = 1_000;
/// … and so many transactions one chore; the next one goes on.
const BATCHES: usize = 10;

/// Seals what waits.
///
/// # Errors
/// As the database.
pub async fn seal(engine: &Engine) -> sqlx::Result<()> {
    for _ in 0..BATCHES {
        let mut tx = engine.pool.begin().await?;
        let sealed = chain::seal(&mut tx, BATCH as i64).await?;
        tx.commit().await?;
        if sealed < BATCH {
            break;
        }
    }
    Ok(())
}
