//! What server functions share: who asks, how an answer gets its status, where a plain form goes on.
//!
//! A server function is reached in three ways, told apart by [`Way`]: a page asks while it is rendered, a script asks, or a plain form
//! is sent. Only pages and scripts get an error's status; a plain form is led back to its page, with the error in the address.

use std::sync::{Arc, OnceLock};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use crate::domain::environment::EnvironmentView;
use crate::domain::person::{Caller, Visit};
use crate::error::AppError;
use crate::ports::Portal;
use crate::visit::Typed;

/// How we were reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Page,
    Script,
    PlainForm,
}

fn way(parts: &Parts) -> Way {
    let wants_html =
        parts.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    match (&parts.method, wants_html) {
        (&Method::POST, true) => Way::PlainForm,
        (&Method::POST, false) => Way::Script,
        _ => Way::Page,
    }
}

/// The ports and who asks. A page that nobody is signed in for leads to the door and back.
pub(super) fn request_context() -> Result<(Portal, Caller), AppError> {
    match (use_context::<Portal>(), use_context::<Visit>().and_then(|visit| visit.caller)) {
        (Some(portal), Some(caller)) => Ok((portal, caller)),
        _ => answer(Err(AppError::NotSignedIn)),
    }
}

/// Gives the answer the status that goes with it, and leads a plain form back to its page.
pub(super) fn answer<T>(result: Result<T, AppError>) -> Result<T, AppError> {
    if let (Some(parts), Some(options)) = (use_context::<Parts>(), use_context::<ResponseOptions>()) {
        match (way(&parts), &result) {
            (Way::PlainForm, Ok(_)) => leptos_axum::redirect(&page_before(&parts)),
            (Way::Page, Err(AppError::NotSignedIn)) => {
                let asked = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                leptos_axum::redirect(&format!("/sign-in?next={}", leptos_router::location::Url::escape(asked)));
            }
            // Leptos leads the form back, with the error in the address. And a page that asks for the password again is a good answer.
            (Way::PlainForm, Err(_)) | (Way::Page, Err(AppError::SignInAgain)) | (_, Ok(_)) => {}
            (_, Err(error)) => options.set_status(StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)),
        }
    }
    result
}

/// The page that a plain form was sent from, without what went wrong there before. Only the path: this site, whatever the header says.
fn page_before(parts: &Parts) -> String {
    let page = parts.headers.get(header::REFERER).and_then(|page| page.to_str().ok()).and_then(|page| page.parse::<http::Uri>().ok());
    let Some(page) = page else { return "/".to_owned() };
    let kept: Vec<&str> = page.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("__")).collect();
    let path = format!("/{}", page.path().trim_start_matches('/'));
    if kept.is_empty() { path } else { format!("{path}?{}", kept.join("&")) }
}

/// Leads a plain form on, after [`answer`]. Scripts go on by themselves.
pub(super) fn go_to(path: &str) {
    if use_context::<Parts>().is_some_and(|parts| way(&parts) == Way::PlainForm) {
        leptos_axum::redirect(path);
    }
}

/// Sets a cookie that scripts cannot read, for a time in seconds.
fn set_cookie(name: &str, value: &str, seconds: u32) {
    let (Some(parts), Some(options)) = (use_context::<Parts>(), use_context::<ResponseOptions>()) else { return };
    let is_https =
        parts.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).is_some_and(|origin| origin.starts_with("https://"));
    let secure = if is_https { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        options.append_header(header::SET_COOKIE, cookie);
    }
}

/// Remembers a choice on this browser for a year.
pub(super) fn remember(name: &str, value: &str) {
    set_cookie(name, value, 365 * 24 * 60 * 60);
}

const TYPED: &str = "koza_typed";
/// Browsers drop cookies of more than 4096 bytes.
const TYPED_MAX: usize = 3800;

/// Keeps what was typed into a plain form that is refused, for the page that it leads back to. Never a password.
pub(super) fn keep_typed(fields: &[(&str, &str)]) {
    if use_context::<Parts>().is_some_and(|parts| way(&parts) == Way::PlainForm) {
        let escape = leptos_router::location::Url::escape;
        let value = fields.iter().map(|(field, text)| format!("{field}={}", escape(text))).collect::<Vec<_>>().join("&");
        if value.len() <= TYPED_MAX {
            set_cookie(TYPED, &value, 60);
        }
    }
}

/// What was kept, on a page that a refused form led back to; it is kept for that one page only.
pub(crate) fn typed_before() -> Typed {
    let Some(parts) = use_context::<Parts>() else { return Typed::default() };
    if !parts.uri.query().is_some_and(|query| query.contains("__err=")) {
        return Typed::default();
    }
    let cookies = parts.headers.get_all(header::COOKIE);
    let kept = cookies.iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == TYPED).then(|| value.to_owned())
    });
    let Some(kept) = kept else { return Typed::default() };
    set_cookie(TYPED, "", 0);
    let unescape = leptos_router::location::Url::unescape;
    Typed(kept.split('&').filter_map(|pair| pair.split_once('=')).map(|(field, text)| (field.to_owned(), unescape(text))).collect())
}

/// A look at an environment that several can wait for.
type Look = Shared<BoxFuture<'static, Result<EnvironmentView, AppError>>>;

/// The look that a page takes at its environment: document head and page share it.
#[derive(Clone, Default)]
pub(crate) struct Looked(Arc<OnceLock<Look>>);

/// Looks once for a page, however often it is asked.
pub(crate) async fn once_a_page(
    look: impl Future<Output = Result<EnvironmentView, AppError>> + Send + 'static,
) -> Result<EnvironmentView, AppError> {
    match use_context::<Looked>() {
        Some(looked) => looked.0.get_or_init(|| look.boxed().shared()).clone().await,
        None => look.await,
    }
}

/// The status of a page that is not there.
pub(crate) fn page_is_not_found() {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(StatusCode::NOT_FOUND);
    }
}
