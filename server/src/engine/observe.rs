//! Observing: the cloud's list joined with our rows, by the intent that every resource carries as a tag.

use app::domain::ids::ResourceId;
use cloud::{Cloud, CloudError, EnvironmentTag, Seen};
use uuid::Uuid;

use super::Engine;
use crate::db::queue::{Claim, Lost, fence};
use crate::db::world::Known;
use crate::db::{environments, events, resources};

/// The tag of an environment.
#[must_use]
pub fn tag(installation: Uuid, environment: Uuid) -> EnvironmentTag {
    EnvironmentTag { installation: installation.simple().to_string(), environment }
}

/// Asks the cloud and writes into `known.world` what it lists. Returns what changed, to be recorded.
///
/// # Errors
/// As the cloud.
pub async fn observe(engine: &Engine, cloud: &dyn Cloud, known: &mut Known) -> Result<Vec<Change>, CloudError> {
    let listed = cloud.list(&tag(engine.installation, known.id.0)).await?;
    Ok(join(known, listed))
}

/// What the cloud showed that our row did not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which row.
    id: ResourceId,
    /// Whether the row did not know the cloud's name for it: the answer to the order was lost.
    is_found: bool,
    /// What it is like.
    seen: Seen,
}

fn join(known: &mut Known, listed: Vec<Seen>) -> Vec<Change> {
    let mut changes = Vec::new();
    for holding in known.world.holdings.values_mut() {
        holding.listed = None;
    }
    known.world.strays.clear();
    for seen in listed {
        let kind = seen.kind();
        let Some(row) = known.rows.iter_mut().find(|row| row.intent == seen.intent && row.kind == kind) else {
            known.world.strays.push((kind, seen.cloud_id));
            continue;
        };
        // Two of one intent cannot be; if a cloud did it all the same, the one we wrote down stays and the other goes.
        if row.cloud_id.as_ref().is_some_and(|cloud_id| *cloud_id != seen.cloud_id) {
            known.world.strays.push((kind, seen.cloud_id));
            continue;
        }
        if row.cloud_id.is_none() || row.observed.as_ref() != Some(&seen.observed) {
            changes.push(Change { id: row.id, is_found: row.cloud_id.is_none(), seen: seen.clone() });
        }
        row.cloud_id = Some(seen.cloud_id.clone());
        row.observed = Some(seen.observed.clone());
        if let Some(holding) = known.world.holdings.get_mut(&(row.kind, row.slot)) {
            holding.cloud_id = Some(seen.cloud_id);
            holding.listed = Some(seen.observed);
        }
    }
    changes
}

/// Writes down what was observed.
///
/// # Errors
/// [`Lost`].
pub async fn record(engine: &Engine, claim: Claim, known: &Known, changes: &[Change]) -> Result<(), Lost> {
    let is_empty = known.world.strays.is_empty() && known.world.holdings.values().all(|holding| holding.listed.is_none());
    if changes.is_empty() && !known.differs && (is_empty || known.world.empty_since.is_none()) {
        return Ok(());
    }
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    for change in changes {
        if change.is_found {
            resources::made(&mut tx, change.id, &change.seen).await?;
        } else {
            resources::observed(&mut tx, change.id, &change.seen).await?;
        }
    }
    if known.differs {
        environments::differs_no_more(&mut tx, claim.environment).await?;
    }
    if !is_empty {
        environments::listed_something(&mut tx, claim.environment).await?;
    }
    // A machine that has come to rest is no event, but a phase.
    if !changes.is_empty() {
        events::tell_live_pages(&mut tx, known.id).await?;
    }
    tx.commit().await?;
    Ok(())
}
