//! An environment: its page, its passwords, its removal.

mod connection;
mod delete;
mod name;
mod passwords;
mod prover;
mod scaling;
mod view;

pub(crate) use self::delete::DeletePage;
pub(crate) use self::name::{HowFar, Name};
pub(crate) use self::passwords::PasswordsPage;
pub(crate) use self::prover::ProverPage;
pub(crate) use self::scaling::ScalePage;
pub(crate) use self::view::EnvironmentPage;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::domain::ids::EnvironmentId;
use crate::error::AppError;

/// Which environment the address names. An address that names none is "not found".
fn asked_for() -> Result<EnvironmentId, AppError> {
    let id = use_params_map().with_untracked(|params| params.get("id")).and_then(|id| id.parse().ok());
    if id.is_none() {
        crate::api::not_a_page();
    }
    id.ok_or(AppError::NotFound)
}
