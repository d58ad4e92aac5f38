//! An environment: its page, its passwords, its removal.

mod connection;
#[cfg(feature = "ssr")]
mod costs;
#[cfg(feature = "ssr")]
mod delete;
mod name;
mod passwords;
mod prover;
#[cfg(feature = "ssr")]
mod scale;
mod scaling;
mod spending;
mod view;

#[cfg(feature = "ssr")]
pub(crate) use self::costs::CostsPage;
#[cfg(feature = "ssr")]
pub(crate) use self::delete::DeletePage;
#[cfg(feature = "ssr")]
pub(crate) use self::name::{HowFar, Name};
pub(crate) use self::passwords::PasswordsPage;
pub(crate) use self::prover::ProverPage;
#[cfg(feature = "ssr")]
pub(crate) use self::scale::ScalePage;
#[cfg(feature = "hydrate")]
pub(crate) use self::spending::counts;
pub(crate) use self::view::EnvironmentPage;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::domain::ids::EnvironmentId;
use crate::error::AppError;

/// Which environment the address names. An address that names none is "not found".
pub(crate) fn asked_for() -> Result<EnvironmentId, AppError> {
    let id = use_params_map().with_untracked(|params| params.get("id")).and_then(|id| id.parse().ok());
    if id.is_none() {
        crate::api::not_a_page();
    }
    id.ok_or(AppError::NotFound)
}
