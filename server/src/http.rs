//! HTTP: the router, Leptos' wiring, and the routes that are not pages.
//!
//! Two listeners: browsers (pages, server functions, live pages, downloads, health) and machines (`/machines/v1` only). Everything for
//! browsers passes, from outside in: security headers, cross-origin check, body limit, session, who is asking.

pub mod backup;
mod charges;
pub mod headers;
pub mod health;
pub mod key;
pub mod live;
pub mod machines;
pub mod metrics;
pub mod roster;
pub mod routes;
pub mod spreadsheet;
pub mod visit;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use app::domain::person::{Caller, Visit};
use app::ports::Portal;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::{from_fn, from_fn_with_state};
use leptos::config::LeptosOptions;
use leptos::context::provide_context;
use leptos::nonce::Nonce;
use leptos::prelude::expect_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use tower_http::csrf::CsrfLayer;
use tower_http::services::ServeDir;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use self::routes::Route;
use crate::auth::door::{BrowserDoor, SESSION_LIVES};
use crate::auth::store::Store;
use crate::engine::Engine;
use crate::portal::courses::CoursesPort;
use crate::portal::environments::EnvironmentsPort;

/// What routes need.
#[derive(Clone)]
pub struct Site {
    /// Database, clouds, vault.
    pub engine: Engine,
    /// Live pages.
    pub live: live::Hub,
    /// Where the bundler's files are.
    pub leptos: LeptosOptions,
    /// Trial mode.
    pub is_trial: bool,
    /// Browsers come by HTTPS.
    pub is_https: bool,
    /// Where they come to, without a slash at the end; in trial mode nobody may have said so.
    pub public_url: Option<String>,
}

impl FromRef<Site> for LeptosOptions {
    fn from_ref(site: &Site) -> Self {
        site.leptos.clone()
    }
}

/// Leptos' options for a folder that the bundler wrote.
#[must_use]
pub fn leptos_options(site_root: &std::path::Path) -> LeptosOptions {
    LeptosOptions::builder().output_name("app").site_root(site_root.to_string_lossy().into_owned()).site_pkg_dir("pkg").build()
}

/// The pages. Found once: while Leptos looks for them, no resource of the whole process loads.
pub static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(app::app::App));

/// Routes for browsers that are neither pages nor server functions, and ask who is signed in.
#[must_use]
pub fn downloads() -> Vec<Route> {
    vec![
        Route::get("/environments/{id}/live", live::live),
        Route::post("/environments/{id}/key", key::download),
        Route::get("/environments/{id}/backups/{backup}/content", backup::download),
        Route::get("/courses/{code}/costs.csv", charges::download),
        Route::get("/courses/{code}/members.csv", roster::members),
        Route::post("/courses/{code}/rosters", roster::bring).with_body_up_to(roster::LARGEST),
        Route::get("/courses/{code}/rosters/{roster}/left.csv", roster::left),
    ]
}

/// The router for browsers.
pub fn browsers(site: Site) -> Router {
    let root = PathBuf::from(&*site.leptos.site_root);
    let files = |folder: &str| ServeDir::new(root.join(folder)).precompressed_br().precompressed_gzip();
    let pages = Router::new().leptos_routes_with_context(&site, PAGES.clone(), provide_request_context, {
        let options = site.leptos.clone();
        move || app::shell::shell(options.clone())
    });
    let sessions = SessionManagerLayer::new(Store(site.engine.pool.clone()))
        .with_name(if site.is_https { "__Host-sid" } else { "sid" })
        // Lax: Strict would drop the cookie on the way back from an LMS.
        .with_same_site(SameSite::Lax)
        .with_secure(site.is_https)
        .with_expiry(Expiry::OnInactivity(SESSION_LIVES))
        // Every request puts the end off, not only those that change something.
        .with_always_save(true);
    let signed_in = routes::with(pages, downloads())
        .fallback(leptos_axum::file_and_error_handler_with_context::<Site, _>(provide_request_context, app::shell::shell))
        .layer(from_fn_with_state(site.clone(), visit::identify))
        .layer(sessions)
        .layer(DefaultBodyLimit::max(64 * 1024));
    Router::new()
        .merge(signed_in)
        .nest_service("/pkg", files("pkg"))
        .nest_service("/assets", files("assets"))
        .merge(routes::with(Router::new(), health::routes()))
        .layer(CsrfLayer::new())
        .layer(from_fn_with_state(site.clone(), headers::secure))
        .with_state(site)
}

/// The router for machines.
pub fn for_machines(site: Site) -> Router {
    Router::new()
        .nest("/machines/v1", routes::with(Router::new(), machines::routes()))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(from_fn(headers::plain))
        .with_state(site)
}

/// Hands pages and server functions what they need, request by request.
fn provide_request_context() {
    let parts = expect_context::<http::request::Parts>();
    let extensions = &parts.extensions;
    if let Some(nonce) = extensions.get::<headers::CspNonce>() {
        provide_context(Nonce::from_value(nonce.0.clone()));
    }
    if let Some(visit) = extensions.get::<Visit>() {
        provide_context(visit.clone());
    }
    if let Some(portal) = extensions.get::<Portal>() {
        provide_context(portal.clone());
    }
}

/// The ports for one request.
pub(crate) fn portal(engine: &Engine, session: Session, browser: String) -> Portal {
    let door = Arc::new(BrowserDoor { pool: engine.pool.clone(), session, browser });
    let environments = EnvironmentsPort { engine: engine.clone(), door: Some(door.clone()) };
    let courses = Arc::new(CoursesPort { environments: environments.clone() });
    let environments = Arc::new(environments);
    Portal {
        door,
        courses,
        environments: environments.clone(),
        scaling: environments.clone(),
        backups: environments.clone(),
        images: environments.clone(),
        costs: environments.clone(),
        notices: environments.clone(),
        desks: environments.clone(),
        members: environments.clone(),
        rosters: environments.clone(),
        operate: environments,
    }
}

/// Who is asking, as [`visit::identify`] found out.
#[derive(Debug, Clone)]
pub struct Asking(pub Option<Caller>);
