//! What was saved of an environment's disk. All of it is on plain pages: the browser's program asks none of it.

use leptos::prelude::*;

use super::{answer, go_to, keep_typed, request_context};
use crate::domain::ids::EnvironmentId;
use crate::domain::image::ImagesView;
use crate::error::AppError;

/// Those of an environment.
#[server(prefix = "/do", endpoint = "images")]
pub async fn images(id: EnvironmentId) -> Result<ImagesView, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.images.of(&caller, id).await)
}

/// Saves one, and stays on the page.
#[server(prefix = "/do", endpoint = "save_image")]
pub async fn save_image(id: EnvironmentId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.images.save(&caller, id).await)
}

/// Deletes one, and goes to the others.
#[server(prefix = "/do", endpoint = "forget_image")]
pub async fn forget_image(id: EnvironmentId, number: u16) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let done = answer(portal.images.forget(&caller, id, number).await);
    if done.is_ok() {
        go_to(&format!("/environments/{id}/images"));
    }
    done
}

/// Asks for a new environment that starts from one, and goes to its page.
#[server(prefix = "/do", endpoint = "start_from_image")]
pub async fn start_from_image(id: EnvironmentId, number: u16, name: String, public_key: String) -> Result<EnvironmentId, AppError> {
    let (portal, caller) = request_context()?;
    let asked = answer(portal.images.start_from(&caller, id, number, &name, &public_key).await);
    match &asked {
        Ok(id) => go_to(&format!("/environments/{id}")),
        Err(_) => keep_typed(&[("name", &name), ("public_key", &public_key)]),
    }
    asked
}
