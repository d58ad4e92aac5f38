//! The private key that Koza made: one download, then it is erased.

use app::domain::ids::EnvironmentId;
use app::error::AppError;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::ExposeSecret;

use super::{Asking, Site};
use crate::portal::environments::EnvironmentsPort;

/// `POST /environments/{id}/key`: a form, so that no link, preview or second click fetches it.
pub async fn download(State(site): State<Site>, Extension(asking): Extension<Asking>, Path(id): Path<String>) -> Response {
    let (Some(caller), Ok(id)) = (asking.0, id.parse::<EnvironmentId>()) else {
        return Redirect::to("/sign-in").into_response();
    };
    let environments = EnvironmentsPort { engine: site.engine.clone(), door: None };
    match environments.take_private_key(&caller, id).await {
        Ok((name, key)) => (
            [
                (header::CONTENT_TYPE, "application/x-pem-file".to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.pem\"")),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ],
            key.expose_secret().to_owned(),
        )
            .into_response(),
        // Fetched before, or past its day: the page says so.
        Err(AppError::NotFound) => Redirect::to(&format!("/environments/{id}")).into_response(),
        Err(error) => StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
    }
}
