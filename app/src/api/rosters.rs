//! People who come into a course by a list. On plain pages only.

use leptos::prelude::*;

use super::{answer, go_to, request_context};
use crate::domain::ids::RosterId;
use crate::domain::roster::{RosterView, Welcomed};
use crate::error::AppError;
use crate::ports::Portal;

/// A list, with what would come of it.
#[server(prefix = "/do", endpoint = "roster")]
pub async fn roster(code: String, id: RosterId) -> Result<RosterView, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.rosters.roster(&caller, &code, id).await)
}

/// Brings people in, and stays on the page.
#[server(prefix = "/do", endpoint = "bring_in")]
pub async fn bring_in(code: String, id: RosterId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.rosters.bring_in(&caller, &code, id).await)
}

/// Whom a link to the first sign-in is for.
#[server(prefix = "/do", endpoint = "first_sign_in")]
pub async fn first_sign_in(token: String) -> Result<Welcomed, AppError> {
    answer(expect_context::<Portal>().rosters.welcomed(&token).await)
}

/// They choose a password, are signed in, and go to the first page.
#[server(prefix = "/do", endpoint = "choose_password")]
pub async fn choose_password(token: String, #[server(default)] password: String, #[server(default)] again: String) -> Result<(), AppError> {
    answer(expect_context::<Portal>().rosters.welcome(&token, &password, &again).await)?;
    go_to("/");
    Ok(())
}
