//! Server functions: who is asking, one call to a port, an answer. They are public POST endpoints under `/do/`; access is checked
//! behind the ports.

#[cfg(feature = "ssr")]
pub mod backups;
#[cfg(feature = "ssr")]
pub mod costs;
pub mod courses;
#[cfg(feature = "ssr")]
pub mod desk;
pub mod door;
pub mod environments;
#[cfg(feature = "ssr")]
pub mod images;
#[cfg(feature = "ssr")]
pub mod members;
#[cfg(feature = "ssr")]
pub mod notices;
#[cfg(feature = "ssr")]
pub mod operate;
#[cfg(feature = "ssr")]
pub mod rosters;
pub mod scaling;

#[cfg(feature = "ssr")]
mod ssr;
#[cfg(feature = "ssr")]
pub(crate) use ssr::{Looked, once_a_page, typed_before};
#[cfg(feature = "ssr")]
use ssr::{answer, go_to, keep_typed, page_is_not_found, remember, request_context};

/// An environment for its page. On the server the document's head has looked already.
pub(crate) async fn environment_of_page(
    id: crate::domain::ids::EnvironmentId,
) -> Result<crate::domain::environment::EnvironmentView, crate::error::AppError> {
    #[cfg(feature = "ssr")]
    return once_a_page(environments::environment(id)).await;
    #[cfg(not(feature = "ssr"))]
    environments::environment(id).await
}

/// Tells the browser that there is no such page.
pub(crate) fn not_a_page() {
    #[cfg(feature = "ssr")]
    page_is_not_found();
}

/// The same for what an address names beside its page, and is not there.
#[cfg(feature = "ssr")]
pub(crate) fn not_found() -> crate::error::AppError {
    page_is_not_found();
    crate::error::AppError::NotFound
}
