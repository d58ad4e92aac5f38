//! The site around a fake portal: real router, real rendering, no port.

use std::sync::{Arc, LazyLock};

use app::domain::person::{Caller, Locale, Theme, Visit};
use app::ports::Portal;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, header};
use leptos::config::LeptosOptions;
use leptos::context::provide_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use tower::ServiceExt;

use crate::portal::Fake;

/// Somebody who is signed in.
pub fn student() -> Visit {
    let caller = Caller { person: "per_01jd5k2m8cfh3v9x2aa7q4w6zr".parse().unwrap(), name: "花子 Hanako".to_owned(), is_operator: false };
    Visit { caller: Some(caller), locale: Locale::En, theme: Theme::System, is_trial: true, is_simulated: true }
}

/// The pages as one visitor sees them.
pub fn site(fake: Fake, visit: Visit) -> (Router, Arc<Fake>) {
    let fake = Arc::new(fake);
    let portal = fake.clone().portal();
    (router(move || (visit.clone(), portal.clone())), fake)
}

/// Found once: while Leptos looks for routes, no resource of the whole process loads, and a page that is rendered meanwhile waits for ever.
static ROUTES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(app::app::App));

/// The pages, each request with a visit and a portal of its own.
pub fn router(contexts: impl Fn() -> (Visit, Portal) + Clone + Send + Sync + 'static) -> Router {
    let options = LeptosOptions::builder().output_name("app").site_root("target/site").build();
    let provide = move || {
        let (visit, portal) = contexts();
        provide_context(visit);
        provide_context(portal);
    };
    Router::new()
        .leptos_routes_with_context(&options, ROUTES.clone(), provide.clone(), {
            let options = options.clone();
            move || app::shell::shell(options.clone())
        })
        .fallback(leptos_axum::file_and_error_handler_with_context::<LeptosOptions, _>(provide, app::shell::shell))
        .with_state(options)
}

/// A page and its status.
pub async fn get(site: &Router, path: &str) -> (u16, String) {
    let (response, text) = ask(site, Request::get(path).header(header::ACCEPT, "text/html")).await;
    (response.status().as_u16(), text)
}

/// A request as it is, and the answer's text.
pub async fn ask(site: &Router, request: axum::http::request::Builder) -> (Response<()>, String) {
    send(site, request.body(Body::empty()).unwrap()).await
}

/// A plain form, as a browser without scripts sends it from a page.
pub async fn post(site: &Router, from: &str, path: &str, body: &str) -> Response<()> {
    let request = Request::post(path)
        .header(header::ACCEPT, "text/html,application/xhtml+xml")
        .header(header::REFERER, format!("http://127.0.0.1:7300{from}"))
        .header(header::ORIGIN, "http://127.0.0.1:7300")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .unwrap();
    send(site, request).await.0
}

async fn send(site: &Router, request: Request<Body>) -> (Response<()>, String) {
    let response = site.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(to_bytes(body, 4 << 20).await.unwrap().to_vec()).unwrap();
    (Response::from_parts(parts, ()), text)
}

/// Where an answer leads, without the site's address.
pub fn location(response: &Response<()>) -> String {
    let location = response.headers()[header::LOCATION].to_str().unwrap();
    location.strip_prefix("http://127.0.0.1:7300").unwrap_or(location).to_owned()
}
