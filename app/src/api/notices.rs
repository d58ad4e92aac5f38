//! What people are told without having asked. On plain pages only.

use leptos::prelude::*;

use super::{answer, request_context};
use crate::domain::ids::NoticeId;
use crate::domain::news::NoticeCard;
use crate::error::AppError;

/// Those of who asks, the newest first.
#[server(prefix = "/do", endpoint = "notices")]
pub async fn notices() -> Result<Vec<NoticeCard>, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.notices.mine(&caller).await)
}

/// These are read, and stays on the page. `ids`: with spaces between them.
#[server(prefix = "/do", endpoint = "read_notices")]
pub async fn read_notices(#[server(default)] ids: String) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let ids: Vec<NoticeId> = ids.split(' ').filter_map(|id| id.parse().ok()).collect();
    answer(portal.notices.read(&caller, &ids).await)
}
