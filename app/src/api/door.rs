//! The door: signing in and out, one's sessions, and how pages look on this browser.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use super::{answer, go_to, keep_typed, remember, request_context};
use crate::domain::ids::SessionId;
use crate::domain::person::{Locale, SessionRow, Theme};
use crate::error::AppError;

/// Signs this browser in, and goes to `next` if that is a page of ours.
#[cfg(feature = "ssr")]
#[server(prefix = "/do", endpoint = "sign_in")]
pub async fn sign_in(name: String, password: String, #[server(default)] next: String) -> Result<(), AppError> {
    let portal = expect_context::<crate::ports::Portal>();
    let signed_in = answer(portal.door.sign_in(&name, &password).await);
    match &signed_in {
        Ok(()) => go_to(crate::next::local(&next)),
        Err(_) => keep_typed(&[("name", &name)]),
    }
    signed_in
}

/// Types the password again, for what asks for a fresh sign-in; stays on the page.
#[server(prefix = "/do", endpoint = "sign_in_again")]
pub async fn sign_in_again(password: String) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.door.sign_in_again(&caller, &password).await)
}

/// Ends this browser's session.
#[server(prefix = "/do", endpoint = "sign_out")]
pub async fn sign_out() -> Result<(), AppError> {
    let (portal, _) = request_context()?;
    let signed_out = answer(portal.door.sign_out().await);
    go_to("/sign-in");
    signed_out
}

/// The sessions of who asks.
#[server(prefix = "/do", endpoint = "sessions")]
pub async fn sessions() -> Result<Vec<SessionRow>, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.door.sessions(&caller).await)
}

/// Ends one of them.
#[server(prefix = "/do", endpoint = "end_session")]
pub async fn end_session(id: SessionId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.door.end_session(&caller, id).await)
}

/// Ends all of them but this one.
#[server(prefix = "/do", endpoint = "end_other_sessions")]
pub async fn end_other_sessions() -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.door.end_other_sessions(&caller).await)
}

/// Chooses the language on this browser; stays on the page.
#[server(prefix = "/do", endpoint = "set_locale")]
pub async fn set_locale(locale: Locale) -> Result<(), AppError> {
    remember("koza_locale", locale.code());
    answer(Ok(()))
}

/// Chooses light or dark on this browser; stays on the page.
#[server(prefix = "/do", endpoint = "set_theme")]
pub async fn set_theme(theme: Theme) -> Result<(), AppError> {
    remember("koza_theme", theme.code());
    answer(Ok(()))
}
