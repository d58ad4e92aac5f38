//! Backups at the machine door: blocks come in while one is taken, and go out for a rehearsal or a restore.

use app::domain::ids::BackupId;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::{Refusal, Signed};
use crate::backup::{self, BackupError, Told};
use crate::db::backups;
use crate::http::Site;

fn refusal(error: BackupError) -> Refusal {
    match error {
        BackupError::Unwanted | BackupError::Damaged(_) => Refusal::Said(StatusCode::CONFLICT, error.to_string()),
        BackupError::TooLarge => Refusal::Said(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        BackupError::Mismatch(_) => Refusal::Said(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        BackupError::NoSuchBlock => Refusal::Said(StatusCode::NOT_FOUND, error.to_string()),
        BackupError::Store(cause) => {
            tracing::warn!(%cause, "a machine waits for the store");
            Refusal::Later
        }
        BackupError::Db(cause) => Refusal::Failed(cause.into()),
    }
}

/// An address that names no backup is like one that names none of this machine's.
fn backup(id: &str) -> Result<BackupId, Refusal> {
    id.parse().map_err(|_| refusal(BackupError::NoSuchBlock))
}

/// `PUT /machines/v1/backups/{backup}/blocks/{number}`
pub(super) async fn receive(
    State(site): State<Site>,
    Path((id, number)): Path<(String, u32)>,
    signed: Signed,
) -> Result<StatusCode, Refusal> {
    backup::receive(&site.engine, signed.machine.id, backup(&id)?, number, signed.body).await.map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /machines/v1/backups/{backup}`
pub(super) async fn complete(State(site): State<Site>, Path(id): Path<String>, signed: Signed) -> Result<StatusCode, Refusal> {
    let told: Told = signed.json()?;
    backup::complete(&site.engine, signed.machine.id, backup(&id)?, &told).await.map_err(refusal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /machines/v1/backups/{backup}/blocks/{number}`
pub(super) async fn hand_out(
    State(site): State<Site>,
    Path((id, number)): Path<(String, usize)>,
    signed: Signed,
) -> Result<impl IntoResponse, Refusal> {
    let id = backup(&id)?;
    if !backups::may_fetch(&mut *site.engine.pool.acquire().await?, id, signed.machine.id).await? {
        return Err(refusal(BackupError::Unwanted));
    }
    let manifest = backup::manifest(&site.engine, id).await.map_err(refusal)?;
    let block: Bytes = backup::block(&site.engine, &manifest, number).await.map_err(refusal)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], block))
}
