//! Backups as acts: a machine is ordered to take one and to rehearse it, and says how that went when it goes ([`crate::http`]); a
//! machine whose backup is proven may leave.

use app::domain::backup::{BackupReason, BackupState};
use app::domain::ids::{BackupId, EnvironmentId, MachineId};
use app::domain::phase::Goal;
use axum::body::Bytes;
use serde_json::json;
use time::Duration;
use tracing::{info, warn};

use super::Engine;
use super::act::Outcome;
use super::clouds::Handle;
use crate::backup::{self, BLOCK, BackupError, Told};
use crate::db::events::{self, Actor, Event};
use crate::db::queue::{Claim, Lost, fence};
use crate::db::world::Known;
use crate::db::{Db, backups, environments, machines};
use crate::wish::holds_work;

/// The backup and the machine it is of, as the plan saw them.
fn of(known: &Known, id: BackupId) -> Option<(u16, MachineId)> {
    let slot = known.world.backups.get(&id.0)?.slot;
    Some((slot, *known.machines.get(&slot)?))
}

/// Orders a machine to take a backup.
///
/// # Errors
/// [`Lost`].
pub(super) async fn back_up(engine: &Engine, claim: Claim, known: &Known, id: BackupId) -> Result<Outcome, Lost> {
    order(engine, claim, known, id, "back_up", (BackupState::Asked, BackupState::Taking)).await
}

/// Orders a machine to restore a backup into a throw-away place, and to compare.
///
/// # Errors
/// [`Lost`].
pub(super) async fn rehearse(engine: &Engine, claim: Claim, known: &Known, id: BackupId) -> Result<Outcome, Lost> {
    order(engine, claim, known, id, "rehearse", (BackupState::Taken, BackupState::Rehearsing)).await
}

async fn order(
    engine: &Engine,
    claim: Claim,
    known: &Known,
    id: BackupId,
    kind: &str,
    (from, to): (BackupState, BackupState),
) -> Result<Outcome, Lost> {
    let Some((slot, machine)) = of(known, id) else { return Ok(Outcome::Done) };
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    if moves(&mut tx, &Actor::Koza, (known.id, slot, id), from, to, None).await? {
        machines::order(&mut tx, machine, kind, &json!({ "backup": id.to_string() })).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Nothing will come of a backup any more; or, if all of it is in the store, nobody will compare it.
///
/// # Errors
/// [`Lost`].
pub(super) async fn give_up(engine: &Engine, claim: Claim, known: &Known, id: BackupId) -> Result<Outcome, Lost> {
    let Some(backup) = known.world.backups.get(&id.0) else { return Ok(Outcome::Done) };
    let to = if backup.state.is_whole() { BackupState::Unproven } else { BackupState::Failed };
    let said = match known.goal {
        Goal::Gone => "its environment was removed",
        _ if !backup.is_of_present => "its machine is gone",
        _ => "nothing was heard of it for long",
    };
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    moves(&mut tx, &Actor::Koza, (known.id, backup.slot, id), backup.state, to, Some(said)).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Asks for a backup of the machine that is to leave next.
///
/// # Errors
/// [`Lost`].
pub(super) async fn ask(engine: &Engine, claim: Claim, known: &Known, slot: u16) -> Result<Outcome, Lost> {
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    if let Some(id) = backups::ask(&mut tx, known.id, slot, BackupReason::ScaleIn).await? {
        environments::needs_to_leave(&mut tx, known.id, slot, Some(id)).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// The environment is to have one machine fewer. What made the plan say so is looked at once more, under the claim.
///
/// # Errors
/// [`Lost`].
pub(super) async fn leave(engine: &Engine, claim: Claim, known: &Known, slot: u16) -> Result<Outcome, Lost> {
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    let needs_backup = holds_work(&known.world, slot, known.now);
    if !environments::one_fewer(&mut tx, known.id, slot, needs_backup).await? {
        // It changed since this turn began; the next one sees how.
        return Ok(Outcome::Waits { again_in: Duration::seconds(2) });
    }
    events::record(&mut tx, known.id, &Actor::Koza, &Event::Left { machine: slot }).await?;
    tx.commit().await?;
    info!(environment.id = %known.id, machine = slot, "a machine may leave");
    Ok(Outcome::Done)
}

/// Moves a backup on, and writes that down for its page. False: it was not in that state (any more).
async fn moves(
    db: &mut Db,
    actor: &Actor,
    (environment, slot, id): (EnvironmentId, u16, BackupId),
    from: BackupState,
    to: BackupState,
    said: Option<&str>,
) -> sqlx::Result<bool> {
    let has_moved = backups::becomes(db, id, &[from], to, said).await?;
    if has_moved {
        events::record(db, environment, actor, &Event::backed_up(id, slot, to, said)).await?;
    }
    Ok(has_moved)
}

/// A machine has carried out an order that is about a backup, or could not; what failed is told in its words. Whoever calls this has locked
/// the environment's row.
///
/// # Errors
/// As the database.
pub async fn ended_by_order(db: &mut Db, machine: MachineId, kind: &str, id: BackupId, failed: Option<&str>) -> sqlx::Result<()> {
    use BackupState::{Failed, Proven, Rehearsing, Taking, Unproven};
    let (from, to, said) = match (kind, failed) {
        // It is taken since the machine told that all of it was sent.
        ("back_up", None) => (Taking, Failed, Some("the machine says that it is done, and has not sent it whole")),
        ("back_up", said) => (Taking, Failed, said),
        ("rehearse", None) => (Rehearsing, Proven, None),
        (_, said) => (Rehearsing, Unproven, said),
    };
    let Some(of) = backups::of(db, id).await?.filter(|of| of.machine == machine.0) else { return Ok(()) };
    let has_moved = moves(db, &Actor::Machine, (EnvironmentId(of.environment), of.slot, id), from, to, said).await?;
    if let Some(said) = said.filter(|_| has_moved) {
        warn!(backup.id = %id, machine.id = %machine, said, "a backup failed");
    }
    Ok(())
}

/// Where machines are not real nobody takes orders: what a machine was ordered to do with a backup is carried out here. What a worker that
/// died had begun, the next one does again, as a machine would.
///
/// # Errors
/// As the database.
pub(super) async fn follow_simulated(engine: &Engine, handle: &Handle, known: &Known) -> sqlx::Result<()> {
    let Some(inside) = &handle.inside else { return Ok(()) };
    for (id, backup) in known.world.backups.iter().filter(|(_, backup)| backup.is_of_present) {
        let (id, Some(machine)) = (BackupId(*id), known.machines.get(&backup.slot)) else { continue };
        let name = known.world.of(cloud::Kind::Machine, backup.slot).and_then(|held| held.cloud_id.as_deref());
        if name.is_some_and(|name| !inside.obeys(name)) {
            continue;
        }
        let (kind, ended) = match backup.state {
            BackupState::Taking => ("back_up", send_simulated(engine, handle, known, (backup.slot, *machine), id).await),
            BackupState::Rehearsing => ("rehearse", compare_simulated(engine, handle, known, backup.slot, id).await),
            _ => continue,
        };
        let failed = ended.err().map(|error| error.to_string());
        let mut tx = engine.pool.begin().await?;
        environments::lock(&mut tx, known.id).await?;
        ended_by_order(&mut tx, *machine, kind, id, failed.as_deref()).await?;
        crate::db::wake(&mut tx, known.id.0).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn send_simulated(
    engine: &Engine,
    handle: &Handle,
    known: &Known,
    (slot, machine): (u16, MachineId),
    id: BackupId,
) -> Result<(), BackupError> {
    let work = work_of(handle, known, slot)?;
    for (number, block) in (0..).zip(work.chunks(BLOCK)) {
        backup::receive(engine, machine, id, number, Bytes::copy_from_slice(block)).await?;
    }
    let told = Told { blocks: work.chunks(BLOCK).count(), bytes: work.len() as u64, files: 1, size: work.len() as u64 };
    backup::complete(engine, machine, id, &told).await
}

async fn compare_simulated(engine: &Engine, handle: &Handle, known: &Known, slot: u16, id: BackupId) -> Result<(), BackupError> {
    let manifest = backup::manifest(engine, id).await?;
    let mut restored = Vec::new();
    for number in 0..manifest.blocks.len() {
        restored.extend_from_slice(&backup::block(engine, &manifest, number).await?);
    }
    if restored == work_of(handle, known, slot)? { Ok(()) } else { Err(BackupError::Damaged("what was restored differs".to_owned())) }
}

fn work_of(handle: &Handle, known: &Known, slot: u16) -> Result<Vec<u8>, BackupError> {
    let machine = known.world.of(cloud::Kind::Machine, slot).and_then(|held| held.cloud_id.as_deref());
    let work = handle.inside.as_ref().zip(machine).and_then(|(inside, machine)| inside.work(machine));
    work.ok_or_else(|| BackupError::Mismatch("the machine does not run".to_owned()))
}

/// So many are erased in a round.
const ERASED_AT_ONCE: i64 = 50;

/// Erases backups whose time has passed, and what arrived of those that were not taken. One that cannot be erased is tried again in the next
/// round, and keeps no other.
///
/// # Errors
/// As the database.
pub async fn erase_expired(engine: &Engine) -> sqlx::Result<()> {
    let mut db = engine.pool.acquire().await?;
    backups::expire(&mut db).await?;
    let going = backups::going(&mut db, ERASED_AT_ONCE).await?;
    drop(db);
    for id in going {
        match backup::erase(engine, id).await {
            Ok(()) => info!(backup.id = %id, "erased from the store"),
            Err(error) => warn!(backup.id = %id, %error, "not erased from the store; it is tried again"),
        }
    }
    Ok(())
}

/// So many are begun in a round of the schedule.
const BEGUN_AT_ONCE: i64 = 10;

/// Asks for the backups that the courses' schedules want by now.
///
/// # Errors
/// As the database.
pub async fn ask_as_scheduled(db: &mut Db) -> sqlx::Result<()> {
    let count = backups::ask_as_scheduled(db, BEGUN_AT_ONCE).await?;
    if count > 0 {
        info!(count, "backups were asked for by schedule");
    }
    Ok(())
}
