//! The shared look at each cloud: lists what is ours every few seconds and wakes the environments that changed behind our back.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use app::domain::ids::CloudId;
use cloud::{Call, Kind, Observed, Seen};
use futures::future::join_all;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};
use uuid::Uuid;

use super::Engine;
use super::clouds::Handle;
use crate::db::buckets::{self, For};
use crate::db::{courses, environments};

const EVERY: Duration = Duration::from_secs(5);

/// Runs until `shutdown`.
pub async fn run(engine: Engine, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if let Err(error) = look_once(&engine).await {
            warn!(%error, "no clouds to look at");
        }
    }
}

/// Looks at every cloud once, side by side.
///
/// # Errors
/// Without a list of the clouds; one that cannot be looked at is only noted.
pub async fn look_once(engine: &Engine) -> sqlx::Result<()> {
    let rows = courses::clouds(&mut *engine.pool.acquire().await?).await?;
    join_all(rows.into_iter().map(|row| async move {
        let looked = async { look(engine, row.id, &engine.clouds.get(&engine.pool, row.id).await?).await };
        if let Err(error) = looked.await {
            warn!(cloud.id = %row.id, error = format!("{error:#}"), "could not look at the cloud");
        }
    }))
    .await;
    Ok(())
}

/// Compares one cloud with our rows and wakes who differs.
async fn look(engine: &Engine, id: CloudId, handle: &Handle) -> anyhow::Result<()> {
    // Our rows first: what is made in between is listed but not expected, which wakes nobody.
    let mut db = engine.pool.acquire().await?;
    let rows = environments::by_resource(&mut db, id).await?;
    if rows.is_empty() {
        return Ok(());
    }
    // It spares everybody a look of their own, so it stands in line before them.
    let wait = buckets::draw(&mut db, id, handle.cloud.draws(Call::List), For::People).await?;
    drop(db);
    tokio::time::sleep(Duration::from_secs_f64(wait).min(EVERY)).await;
    let (listed, unknown) = tokio::time::timeout(Duration::from_secs(20), handle.cloud.list_what_answers()).await??;
    for (kind, error) in &unknown {
        warn!(cloud.id = %id, kind = kind.code(), %error, "nothing can be said of these just now");
    }
    let is_told = |row: &Row| unknown.iter().all(|(kind, _)| kind.code() != row.1);
    let mut differ = changed(rows.into_iter().filter(is_told).collect(), &listed);
    let mut db = engine.pool.acquire().await?;
    // Rows once more: what was made while we looked has one by now.
    differ.extend(unexplained(environments::by_resource(&mut db, id).await?, &listed));
    for environment in differ {
        debug!(environment.id = %environment, "changed behind our back");
        environments::differs(&mut db, environment).await?;
    }
    Ok(())
}

/// Whose tag something carries that no row of ours names: a call made it whose answer nobody heard.
fn unexplained(rows: Vec<Row>, listed: &[Seen]) -> BTreeSet<Uuid> {
    let known: HashSet<(String, String)> = rows.into_iter().map(|(_, kind, cloud_id, _)| (kind, cloud_id)).collect();
    let is_known = |seen: &&Seen| known.contains(&(seen.kind().code().to_owned(), seen.cloud_id.clone()));
    // A disk may be somebody's work: it is left alone, and is no reason to look.
    listed.iter().filter(|seen| !is_known(seen) && seen.kind() != Kind::Disk).map(|seen| seen.environment).collect()
}

/// Which environment, what kind, what the cloud calls it, how it was last seen.
type Row = (Uuid, String, String, Option<serde_json::Value>);

fn changed(rows: Vec<Row>, listed: &[Seen]) -> BTreeSet<Uuid> {
    let listed: HashMap<(&str, &str), &Observed> =
        listed.iter().map(|seen| ((seen.kind().code(), seen.cloud_id.as_str()), &seen.observed)).collect();
    let is_changed = |(_, kind, cloud_id, observed): &Row| {
        let now = listed.get(&(kind.as_str(), cloud_id.as_str())).and_then(|seen| serde_json::to_value(seen).ok());
        now != *observed
    };
    rows.into_iter().filter(is_changed).map(|(environment, ..)| environment).collect()
}
