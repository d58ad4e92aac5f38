//! The desk: a course's environments for its staff. On plain pages only.

use leptos::prelude::*;

use super::{answer, go_to, request_context};
use crate::domain::desk::{BulkAct, BulkActView, Desk, DeskCard, Filter, Preview};
use crate::domain::ids::{BulkActId, EnvironmentId};
use crate::error::AppError;

/// Courses whose desk is open to who asks.
#[server(prefix = "/do", endpoint = "my_desks")]
pub async fn my_desks() -> Result<Vec<DeskCard>, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.desks.mine(&caller).await)
}

/// One of them.
#[server(prefix = "/do", endpoint = "course_desk", input = server_fn::codec::Json)]
pub async fn course_desk(code: String, filter: Filter) -> Result<Desk, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.desks.desk(&caller, &code, filter).await)
}

/// What an act would do; `whom`: none, all that are shown.
#[server(prefix = "/do", endpoint = "preview_bulk_act", input = server_fn::codec::Json)]
pub async fn preview_bulk_act(code: String, act: BulkAct, whom: Option<Vec<EnvironmentId>>, filter: Filter) -> Result<Preview, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.desks.preview(&caller, &code, act, whom, filter).await)
}

/// Does it, and goes to what came of it. `whom`: their ids with spaces between them.
#[server(prefix = "/do", endpoint = "begin_bulk_act")]
pub async fn begin_bulk_act(code: String, act: BulkAct, #[server(default)] whom: String) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let whom: Vec<EnvironmentId> = whom.split(' ').filter_map(|id| id.parse().ok()).collect();
    let begun = answer(portal.desks.begin(&caller, &code, act, &whom).await)?;
    go_to(&format!("/desk/{code}/acts/{begun}"));
    Ok(())
}

/// What came of it.
#[server(prefix = "/do", endpoint = "what_came")]
pub async fn what_came(code: String, id: BulkActId) -> Result<BulkActView, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.desks.bulk_act(&caller, &code, id).await)
}
