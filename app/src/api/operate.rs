//! The operator's room. On a plain page only.

use leptos::prelude::*;

use super::{answer, request_context};
use crate::domain::operate::Room;
use crate::error::AppError;

/// Everything in it.
#[server(prefix = "/do", endpoint = "operate")]
pub async fn operators_room() -> Result<Room, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.operate.room(&caller).await)
}

/// Work that failed for good is tried again, and stays on the page.
#[server(prefix = "/do", endpoint = "retry_chore")]
pub async fn retry_chore(id: uuid::Uuid) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.operate.retry(&caller, id).await)
}
