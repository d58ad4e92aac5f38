//! A backup's content, for whoever holds the environment: one compressed tar.

use app::domain::backup::DOWNLOAD;
use app::domain::ids::{BackupId, EnvironmentId};
use app::error::told_on;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::{Asking, Site};
use crate::backup;
use crate::portal::environments::EnvironmentsPort;

/// `GET /environments/{id}/backups/{backup}/content`
pub async fn download(
    State(site): State<Site>,
    Extension(asking): Extension<Asking>,
    Path((environment, id)): Path<(String, String)>,
) -> Response {
    let Some(caller) = asking.0 else { return Redirect::to("/sign-in").into_response() };
    let (Ok(environment), Ok(id)) = (environment.parse::<EnvironmentId>(), id.parse::<BackupId>()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let port = EnvironmentsPort { engine: site.engine.clone(), door: None };
    match port.content_of(&caller, environment, id).await {
        Ok((name, manifest)) => {
            let headers = [
                (header::CONTENT_TYPE, "application/gzip".to_owned()),
                (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}-{}.tar.gz\"", backup::day(&manifest))),
                (header::CONTENT_LENGTH, manifest.bytes().to_string()),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ];
            // A block that is damaged breaks off the download: the browser sees that it is not whole.
            (headers, Body::from_stream(backup::content(site.engine, manifest))).into_response()
        }
        // The page of backups says why.
        Err(error) => Redirect::to(&told_on(&format!("/environments/{environment}/backups"), DOWNLOAD, error)).into_response(),
    }
}
