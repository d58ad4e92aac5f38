//! Observing: the cloud's list joined with our rows, by the intent that every resource carries as a tag.

use std::time::Duration;

use app::domain::ids::ResourceId;
use cloud::{Cloud, CloudError, EnvironmentTag, Kind, Observed, Seen};
use tokio::time::timeout;
use tracing::debug;
use uuid::Uuid;

use super::Engine;
use crate::db::queue::{Claim, Lost, fence};
use crate::db::world::Known;
use crate::db::{environments, events, resources};

/// How long a look at machines waits for whoever keeps names.
const NAMES_PATIENCE: Duration = Duration::from_secs(3);

/// The tag of an environment.
#[must_use]
pub fn tag(installation: Uuid, environment: Uuid) -> EnvironmentTag {
    EnvironmentTag { installation: installation.simple().to_string(), environment }
}

/// Asks the cloud for these kinds and writes into `known.world` what it lists. Returns what changed, to be recorded.
///
/// Names may be kept by somebody else, who may not answer: they are as they were last seen then, and everything else goes on. Only an
/// environment that holds nothing any more waits, because it is not gone before everybody says so.
///
/// # Errors
/// As the cloud.
pub async fn observe(engine: &Engine, cloud: &dyn Cloud, kinds: &[Kind], known: &mut Known) -> Result<Vec<Change>, CloudError> {
    let tag = tag(engine.installation, known.id.0);
    let (names, others): (Vec<Kind>, Vec<Kind>) = kinds.iter().partition(|kind| **kind == Kind::Record);
    if names.is_empty() || known.world.holdings.is_empty() {
        let listed = cloud.list_kinds(&tag, kinds).await?;
        return Ok(join(known, kinds, listed));
    }
    let of_names = timeout(NAMES_PATIENCE, cloud.list_kinds(&tag, &names));
    let of_others = async { if others.is_empty() { Ok(Vec::new()) } else { cloud.list_kinds(&tag, &others).await } };
    let (records, listed) = tokio::join!(of_names, of_others);
    let mut listed = listed?;
    match records {
        Ok(Ok(records)) => {
            listed.extend(records);
            Ok(join(known, kinds, listed))
        }
        silent => {
            debug!(environment.id = %known.id, ?silent, "its name cannot be looked at");
            Ok(join(known, &others, listed))
        }
    }
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

fn join(known: &mut Known, kinds: &[Kind], listed: Vec<Seen>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (_, holding) in known.world.holdings.iter_mut().filter(|((kind, _), _)| kinds.contains(kind)) {
        holding.listed = None;
    }
    known.world.strays.clear();
    for seen in listed {
        let kind = seen.kind();
        let slot = slot_of(known, &seen);
        let is_it = |row: &resources::Row| row.kind == kind && seen.intent.map_or(Some(row.slot) == slot, |intent| row.intent == intent);
        let Some(row) = known.rows.iter_mut().find(|row| is_it(row)) else {
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

/// The slot of what carries no intent of its own: that of the address that it leads from, or of the machine that it leads to.
fn slot_of(known: &Known, seen: &Seen) -> Option<u16> {
    let (kind, name) = match &seen.observed {
        Observed::Binding { address, .. } => (Kind::Address, address),
        Observed::Target { machine, .. } => (Kind::Machine, machine),
        _ => return None,
    };
    known.rows.iter().find(|row| row.kind == kind && row.cloud_id.as_ref() == Some(name)).map(|row| row.slot)
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
