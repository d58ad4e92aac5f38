//! What is kept of an environment's machines. All of it is on plain pages: the browser's program asks none of it.

use leptos::prelude::*;

use super::{answer, go_to, keep_typed, request_context};
use crate::domain::backup::{BackupCard, BackupsView};
use crate::domain::ids::{BackupId, EnvironmentId};
use crate::error::AppError;

/// Backups of everything that who asks holds or held.
#[server(prefix = "/do", endpoint = "my_backups")]
pub async fn my_backups() -> Result<Vec<BackupCard>, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.backups.mine(&caller).await)
}

/// Those of an environment.
#[server(prefix = "/do", endpoint = "backups")]
pub async fn backups(id: EnvironmentId) -> Result<BackupsView, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.backups.of(&caller, id).await)
}

/// Asks for one, and stays on the page.
#[server(prefix = "/do", endpoint = "back_up")]
pub async fn back_up(id: EnvironmentId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.backups.back_up(&caller, id).await)
}

/// Erases one before its time, and goes to the others.
#[server(prefix = "/do", endpoint = "give_up_backup")]
pub async fn give_up_backup(id: EnvironmentId, backup: BackupId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let erased = answer(portal.backups.give_up(&caller, id, backup).await);
    if erased.is_ok() {
        go_to(&format!("/environments/{id}/backups"));
    }
    erased
}

/// Asks for a new environment that is made of one, and goes to its page.
#[server(prefix = "/do", endpoint = "restore_backup")]
pub async fn restore_backup(id: EnvironmentId, backup: BackupId, name: String, public_key: String) -> Result<EnvironmentId, AppError> {
    let (portal, caller) = request_context()?;
    let asked = answer(portal.backups.restore(&caller, id, backup, &name, &public_key).await);
    match &asked {
        Ok(id) => go_to(&format!("/environments/{id}")),
        Err(_) => keep_typed(&[("name", &name), ("public_key", &public_key)]),
    }
    asked
}
