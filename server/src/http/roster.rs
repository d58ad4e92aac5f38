//! A course's people as files for spreadsheets: brought in, and taken out.

use app::domain::ids::RosterId;
use app::domain::roster::{BRING, MOST_LINES};
use app::error::{AppError, Field, Why, told_on};
use app::ports::Members;
use axum::Extension;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::spreadsheet::{self, MARK, plain};
use super::{Asking, Site};
use crate::portal::environments::EnvironmentsPort;

/// A list of a thousand people is a tenth of this.
pub const LARGEST: usize = 512 * 1024;

fn refused(error: &AppError) -> Response {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}

/// The file that was chosen; empty if none was.
async fn sent(mut form: Multipart) -> Result<Vec<u8>, AppError> {
    let unreadable = |error: MultipartError| {
        let why = if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Why::TooManyLines { most: MOST_LINES } } else { Why::NotAText };
        AppError::Invalid { field: Field::Roster, why }
    };
    while let Some(part) = form.next_field().await.map_err(unreadable)? {
        if part.name() == Some("file") {
            return Ok(part.bytes().await.map_err(unreadable)?.to_vec());
        }
    }
    Ok(Vec::new())
}

/// `POST /courses/{code}/rosters`
pub async fn bring(State(site): State<Site>, Extension(asking): Extension<Asking>, Path(code): Path<String>, form: Multipart) -> Response {
    let Some(caller) = asking.0 else { return Redirect::to("/sign-in").into_response() };
    let port = EnvironmentsPort { engine: site.engine, door: None };
    let brought = match sent(form).await {
        Ok(file) => port.bring(&caller, &code, &file).await,
        Err(error) => Err(error),
    };
    match brought {
        Ok(id) => Redirect::to(&format!("/courses/{code}/rosters/{id}")).into_response(),
        Err(error @ AppError::Invalid { .. }) => Redirect::to(&told_on(&format!("/courses/{code}/members"), BRING, error)).into_response(),
        Err(error) => refused(&error),
    }
}

/// `GET /courses/{code}/rosters/{roster}/left.csv`: the lines by which nobody came.
pub async fn left(State(site): State<Site>, Extension(asking): Extension<Asking>, Path((code, id)): Path<(String, String)>) -> Response {
    let Some(caller) = asking.0 else { return Redirect::to("/sign-in").into_response() };
    let Ok(id) = id.parse::<RosterId>() else { return StatusCode::NOT_FOUND.into_response() };
    let port = EnvironmentsPort { engine: site.engine, door: None };
    match port.left(&caller, &code, id).await {
        Ok(lines) => {
            let lines = lines.into_iter().map(|typed| vec![typed.sign_in, typed.name, typed.role]);
            file(&format!("{code}-left"), &["login", "name", "role"], lines)
        }
        Err(error) => refused(&error),
    }
}

/// `GET /courses/{code}/members.csv`: everybody, and the links of those who have not signed in yet.
pub async fn members(
    State(site): State<Site>,
    Extension(asking): Extension<Asking>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(caller) = asking.0 else { return Redirect::to("/sign-in").into_response() };
    let origin = site.public_url.unwrap_or_else(|| {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        format!("http://{host}")
    });
    let port = EnvironmentsPort { engine: site.engine, door: None };
    match Members::of(&port, &caller, &code).await {
        Ok(view) => {
            let lines = view.members.into_iter().map(|member| {
                let link = member.welcome.map(|token| format!("{origin}/welcome/{token}")).unwrap_or_default();
                let role = member.role.code().to_owned();
                vec![member.sign_in.unwrap_or_default(), member.name, role, member.environments.to_string(), link]
            });
            file(&format!("{code}-people"), &["login", "name", "role", "environments", "first sign-in"], lines)
        }
        Err(error) => refused(&error),
    }
}

fn file(name: &str, heads: &[&str], lines: impl Iterator<Item = Vec<String>>) -> Response {
    let mut file = csv::Writer::from_writer(MARK.as_bytes().to_vec());
    let written = (|| {
        file.write_record(heads)?;
        for line in lines {
            file.write_record(line.iter().map(|cell| plain(cell)))?;
        }
        Ok::<_, csv::Error>(())
    })();
    debug_assert!(written.is_ok(), "memory takes everything");
    (spreadsheet::headers(name), file.into_inner().unwrap_or_default()).into_response()
}
