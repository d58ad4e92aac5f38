//! What is in a backup: blocks in the store, and a manifest that says which, signed by this installation.
//!
//! ```text
//!  machine ──blocks──► receive ──► store: backups/<id>/<number>
//!          ──whole───► complete ─► store: backups/<id>/manifest.json, signed ──► taken
//!          ◄─blocks─── block, each compared with the manifest ◄── rehearsal, restore, download
//! ```
//!
//! Rules that stay true: a block is in the store before its row says so; nothing is read without the manifest, and the manifest is
//! believed only with our signature; a block that is not what was stored is never handed out. The blocks, one after the other, are one
//! compressed tar, as docs/machines.md describes it.

use app::domain::backup::BackupState;
use app::domain::ids::{BackupId, EnvironmentId, MachineId};
use aws_lc_rs::{digest, hmac};
use axum::body::Bytes;
use futures::{Stream, stream};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::db::events::{self, Actor, Event};
use crate::db::{self, backups, environments};
use crate::engine::Engine;
use crate::store::StoreError;
use crate::vault::Vault;
use crate::wish::spec::{hex, unhex};

/// A block has so many bytes; the last of a backup may have fewer.
pub const BLOCK: usize = 4 * 1024 * 1024;

/// Why there is no block, or no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nobody wants it from this machine, or nobody wants it any more.
    #[error("nobody wants this backup from this machine")]
    Unwanted,
    /// It grows larger than its machine's disk.
    #[error("it is larger than its machine's disk")]
    TooLarge,
    /// What the machine says it sent is not what arrived.
    #[error("{0}")]
    Mismatch(String),
    /// There is no such block.
    #[error("there is no such block")]
    NoSuchBlock,
    /// What the store has is not what was put there. The text says what.
    #[error("{0}")]
    Damaged(String),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database failed.
    #[error("database")]
    Db(#[from] sqlx::Error),
}

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// 1: this shape.
    pub schema: u32,
    /// Which backup.
    pub backup: BackupId,
    /// Of which environment.
    pub environment: Uuid,
    /// Of which machine.
    pub machine: Uuid,
    /// What a machine has to be made of to take it.
    pub version: Uuid,
    /// When it was asked for, in unix seconds.
    pub asked_at: i64,
    /// Its blocks, in order.
    pub blocks: Vec<Seal>,
}

/// What a block must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// Its length.
    pub bytes: u32,
}

/// As it lies in the store.
#[derive(Serialize, Deserialize)]
struct Signed {
    manifest: Manifest,
    signature: String,
}

impl Manifest {
    /// How many bytes its blocks have.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.blocks.iter().map(|block| u64::from(block.bytes)).sum()
    }

    fn message(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers")
    }
}

fn key(vault: &Vault) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &vault.derive("manifests of backups"))
}

/// Where everything of a backup is.
fn folder(id: BackupId) -> String {
    format!("backups/{id}")
}

fn name_of_block(id: BackupId, number: usize) -> String {
    format!("{}/{number:06}", folder(id))
}

fn name_of_manifest(id: BackupId) -> String {
    format!("{}/manifest.json", folder(id))
}

fn sha256(content: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, content).as_ref().to_vec()
}

/// A machine sends a block of a backup that it was ordered to take. The same number again takes the place of the first.
///
/// # Errors
/// [`BackupError`].
pub async fn receive(engine: &Engine, machine: MachineId, id: BackupId, number: u32, content: Bytes) -> Result<(), BackupError> {
    let (Ok(place), Ok(bytes)) = (i32::try_from(number), i32::try_from(content.len())) else { return Err(BackupError::TooLarge) };
    let room = backups::room_for(&mut *engine.pool.acquire().await?, id, machine).await?.ok_or(BackupError::Unwanted)?;
    if bytes == 0 || content.len() > BLOCK || i64::from(place) > room / BLOCK as i64 {
        return Err(BackupError::TooLarge);
    }
    let hash = sha256(&content);
    engine.store.put(&name_of_block(id, number as usize), content).await?;
    let mut tx = engine.pool.begin().await?;
    let sum = backups::received(&mut tx, id, place, &hash, bytes).await?;
    tx.commit().await?;
    let Some(sum) = sum else {
        // It was given up meanwhile, and what is erased once is not looked for again.
        engine.store.erase_one(&name_of_block(id, number as usize)).await?;
        return Err(BackupError::Unwanted);
    };
    if sum > room { Err(BackupError::TooLarge) } else { Ok(()) }
}

/// What a machine says of a backup that it has sent whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Told {
    /// How many blocks.
    pub blocks: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many files are in it.
    #[serde(default)]
    pub files: u64,
    /// How many bytes they have.
    #[serde(default)]
    pub size: u64,
}

/// A machine says that it has sent all of it: the manifest is written, and the backup is taken. Told twice, it is the same.
///
/// # Errors
/// [`BackupError`].
pub async fn complete(engine: &Engine, machine: MachineId, id: BackupId, told: &Told) -> Result<(), BackupError> {
    let mut db = engine.pool.acquire().await?;
    let of = backups::of(&mut db, id).await?.filter(|of| of.machine == machine.0).ok_or(BackupError::Unwanted)?;
    match of.state {
        BackupState::Taking => {}
        state if state.is_whole() => return Ok(()),
        _ => return Err(BackupError::Unwanted),
    }
    let arrived = backups::blocks(&mut db, id).await?;
    drop(db);
    // A try that was cut off may have come further than this one.
    let blocks: Vec<_> = arrived.into_iter().take(told.blocks).collect();
    let is_gapless = blocks.iter().zip(0..).all(|(block, number)| block.number == number);
    let manifest = Manifest {
        schema: 1,
        backup: id,
        environment: of.environment,
        machine: of.machine,
        version: of.version,
        asked_at: of.asked_at.unix_timestamp(),
        blocks: blocks.iter().map(|block| Seal { sha256: hex(&block.sha256), bytes: u32::try_from(block.bytes).unwrap_or(0) }).collect(),
    };
    if blocks.is_empty() || blocks.len() != told.blocks || !is_gapless || manifest.bytes() != told.bytes {
        let arrived = format!("{} blocks of {} bytes arrived, {} of {} were sent", blocks.len(), manifest.bytes(), told.blocks, told.bytes);
        return Err(BackupError::Mismatch(arrived));
    }
    let signature = hex(hmac::sign(&key(&engine.vault), &manifest.message()).as_ref());
    let (bytes, signed) = (manifest.bytes(), Signed { manifest, signature });
    let content = serde_json::to_vec(&signed).expect("texts and numbers");
    engine.store.put(&name_of_manifest(id), content.into()).await?;
    let signed_number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let mut tx = engine.pool.begin().await?;
    let environment = EnvironmentId(of.environment);
    environments::lock(&mut tx, environment).await?;
    if backups::taken(&mut tx, id, signed_number(bytes), signed_number(told.size), signed_number(told.files)).await? {
        events::record(&mut tx, environment, &Actor::Machine, &Event::backed_up(id, of.slot, BackupState::Taken, None)).await?;
        db::wake(&mut tx, of.environment).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What is in a backup, as we signed it.
///
/// # Errors
/// [`BackupError::Damaged`] if it is not there, or not as we wrote it.
pub async fn manifest(engine: &Engine, id: BackupId) -> Result<Manifest, BackupError> {
    let damaged = |what: &str| BackupError::Damaged(format!("the manifest {what}"));
    let content = engine.store.get(&name_of_manifest(id)).await?.ok_or_else(|| damaged("is missing"))?;
    let signed: Signed = serde_json::from_slice(&content).map_err(|_| damaged("cannot be read"))?;
    let signature = unhex(&signed.signature).ok_or_else(|| damaged("has no signature"))?;
    hmac::verify(&key(&engine.vault), &signed.manifest.message(), &signature).map_err(|_| damaged("does not bear our signature"))?;
    if signed.manifest.backup != id {
        return Err(damaged("is another backup's"));
    }
    Ok(signed.manifest)
}

/// A block, if it is what was stored.
///
/// # Errors
/// [`BackupError::Damaged`] with its number if it is not.
pub async fn block(engine: &Engine, manifest: &Manifest, number: usize) -> Result<Bytes, BackupError> {
    let seal = manifest.blocks.get(number).ok_or(BackupError::NoSuchBlock)?;
    let damaged = |what: &str| BackupError::Damaged(format!("block {number} {what}"));
    let content = engine.store.get(&name_of_block(manifest.backup, number)).await?.ok_or_else(|| damaged("is missing"))?;
    if hex(&sha256(&content)) == seal.sha256 { Ok(content) } else { Err(damaged("is damaged")) }
}

/// All of it, block by block; it ends with an error where one is damaged.
pub fn content(engine: Engine, manifest: Manifest) -> impl Stream<Item = Result<Bytes, BackupError>> + Send + 'static {
    stream::unfold((engine, manifest, 0), |(engine, manifest, number)| async move {
        if number >= manifest.blocks.len() {
            return None;
        }
        let content = block(&engine, &manifest, number).await;
        let next = if content.is_ok() { number + 1 } else { manifest.blocks.len() };
        Some((content, (engine, manifest, next)))
    })
}

/// Erases what is in the store of a backup that nobody gets any more. What is not erased now is, another time.
///
/// # Errors
/// [`BackupError`].
pub async fn erase(engine: &Engine, id: BackupId) -> Result<(), BackupError> {
    engine.store.erase(&folder(id)).await?;
    backups::gone(&mut *engine.pool.acquire().await?, id).await?;
    Ok(())
}

/// When it was asked for, as part of a file's name: `2026-11-22`.
#[must_use]
pub fn day(manifest: &Manifest) -> String {
    OffsetDateTime::from_unix_timestamp(manifest.asked_at).map_or_else(|_| String::new(), |at| at.date().to_string())
}
