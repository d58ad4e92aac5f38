//! Routes that are neither pages nor server functions, as values: routers are made of lists of them, and the test of access walks the
//! same lists.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{self, MethodRouter};

use super::Site;

/// One of them.
pub struct Route {
    /// How it is asked.
    pub method: Method,
    /// As routers write it: `/environments/{id}/key`.
    pub path: &'static str,
    answer: MethodRouter<Site>,
}

impl Route {
    /// Answers GET.
    pub fn get<H: Handler<T, Site>, T: 'static>(path: &'static str, answer: H) -> Self {
        Self { method: Method::GET, path, answer: routing::get(answer) }
    }

    /// Answers POST.
    pub fn post<H: Handler<T, Site>, T: 'static>(path: &'static str, answer: H) -> Self {
        Self { method: Method::POST, path, answer: routing::post(answer) }
    }

    /// Answers PUT.
    pub fn put<H: Handler<T, Site>, T: 'static>(path: &'static str, answer: H) -> Self {
        Self { method: Method::PUT, path, answer: routing::put(answer) }
    }

    /// Takes bodies of up to so many bytes, whatever the router around it says.
    #[must_use]
    pub fn with_body_up_to(self, bytes: usize) -> Self {
        Self { answer: self.answer.layer(DefaultBodyLimit::max(bytes)), ..self }
    }
}

/// A router with these besides what it has.
pub fn with(router: Router<Site>, routes: Vec<Route>) -> Router<Site> {
    routes.into_iter().fold(router, |router, route| router.route(route.path, route.answer))
}
