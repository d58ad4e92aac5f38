//! Environments: looking at them, and changing what is wished for.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::{answer, go_to, keep_typed, request_context};
#[cfg(feature = "ssr")]
use crate::domain::environment::EnvironmentCard;
use crate::domain::environment::{EnvironmentView, Passwords};
use crate::domain::ids::{BlueprintVersionId, EnvironmentId};
use crate::error::AppError;

/// The environments of who asks.
#[cfg(feature = "ssr")]
#[server(prefix = "/do", endpoint = "my_environments")]
pub async fn my_environments() -> Result<Vec<EnvironmentCard>, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.environments.mine(&caller).await)
}

/// Everything on an environment's page.
#[server(prefix = "/do", endpoint = "environment")]
pub async fn environment(id: EnvironmentId) -> Result<EnvironmentView, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.environments.view(&caller, id).await)
}

/// Asks for a new environment, and goes to its page.
#[server(prefix = "/do", endpoint = "request_environment")]
pub async fn request_environment(
    version: BlueprintVersionId,
    name: String,
    public_key: String,
    #[server(default)] size: u16,
) -> Result<EnvironmentId, AppError> {
    let (portal, caller) = request_context()?;
    let asked = answer(portal.environments.request(&caller, version, &name, &public_key, size).await);
    match &asked {
        Ok(id) => go_to(&format!("/environments/{id}")),
        Err(_) => {
            let (version, size) = (version.to_string(), size.to_string());
            keep_typed(&[("version", &version), ("name", &name), ("public_key", &public_key), ("size", &size)]);
        }
    }
    asked
}

/// Runs it.
#[server(prefix = "/do", endpoint = "start_environment")]
pub async fn start_environment(id: EnvironmentId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.environments.start(&caller, id).await)
}

/// Stops it now, keeping its disk.
#[server(prefix = "/do", endpoint = "stop_environment")]
pub async fn stop_environment(id: EnvironmentId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.environments.stop(&caller, id).await)
}

/// After a failure: goes on at once.
#[server(prefix = "/do", endpoint = "try_environment_again")]
pub async fn try_environment_again(id: EnvironmentId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.environments.try_again(&caller, id).await)
}

/// Removes it for good, if its name was typed; goes to its page, which shows the removal.
#[cfg(feature = "ssr")]
#[server(prefix = "/do", endpoint = "delete_environment")]
pub async fn delete_environment(id: EnvironmentId, name: String) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let deleted = answer(portal.environments.delete(&caller, id, &name).await);
    match &deleted {
        Ok(()) => go_to(&format!("/environments/{id}")),
        Err(_) => keep_typed(&[("name", &name)]),
    }
    deleted
}

/// The passwords that Koza made, if the sign-in is fresh.
#[server(prefix = "/do", endpoint = "show_passwords")]
pub async fn show_passwords(id: EnvironmentId) -> Result<Passwords, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.environments.passwords(&caller, id).await)
}
