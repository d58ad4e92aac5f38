//! Who is asking, and how pages should look to them.

use app::domain::person::{Caller, Locale, Theme, Visit};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_sessions::Session;
use tracing::error;

use super::{Asking, Site, portal};
use crate::auth::door;
use crate::db::{environments, people};

/// Finds out who is asking and hands on the [`Visit`], the caller and the ports.
pub async fn identify(State(site): State<Site>, session: Session, mut request: Request, next: Next) -> Response {
    let browser = header_text(request.headers(), header::USER_AGENT);
    let found = find(&site, &session, request.headers()).await.unwrap_or_else(|cause| {
        error!(cause = &cause as &dyn std::error::Error, "could not find out who is asking");
        Visit::default()
    });
    let portal = portal(&site.engine, session, door::browser_word(&browser));
    let extensions = request.extensions_mut();
    extensions.insert(Asking(found.caller.clone()));
    extensions.insert(found);
    extensions.insert(portal);
    next.run(request).await
}

async fn find(site: &Site, session: &Session, headers: &HeaderMap) -> sqlx::Result<Visit> {
    let pool = &site.engine.pool;
    let person = match door::row(pool, session).await?.and_then(|row| row.person) {
        Some(id) => people::find(&mut *pool.acquire().await?, id).await?,
        None => None,
    };
    let is_simulated = environments::any_simulated(&mut *pool.acquire().await?).await?;
    // The cookie is what this person chose on this browser last; the account is the same wish, older.
    let locale = cookie(headers, "koza_locale")
        .and_then(|code| locale_of(&code))
        .or_else(|| person.as_ref().and_then(|person| person.locale))
        .unwrap_or_else(|| preferred(&header_text(headers, header::ACCEPT_LANGUAGE)));
    let theme = match cookie(headers, "koza_theme").as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    };
    let caller = person.map(|person| Caller { person: person.id, name: person.name, is_operator: person.is_operator });
    Ok(Visit { caller, locale, theme, is_trial: site.is_trial, is_simulated })
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()))
}

fn locale_of(code: &str) -> Option<Locale> {
    match code {
        "ja" => Some(Locale::Ja),
        "en" => Some(Locale::En),
        _ => None,
    }
}

/// The first of our languages that the browser names with the highest weight.
fn preferred(accept_language: &str) -> Locale {
    let mut best = (Locale::En, 0.0);
    for part in accept_language.split(',') {
        let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
        let weight: f32 = weight.trim().parse().unwrap_or(0.0);
        if let Some(locale) = tag.trim().get(..2).and_then(|tag| locale_of(&tag.to_ascii_lowercase()))
            && weight > best.1
        {
            best = (locale, weight);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_first_language_of_ours_wins() {
        for (header, locale) in [
            ("ja,en;q=0.5", Locale::Ja),
            ("en-GB,ja;q=0.9", Locale::En),
            ("de,ja;q=0.8,en;q=0.7", Locale::Ja),
            ("de", Locale::En),
            ("", Locale::En),
            ("é", Locale::En),
        ] {
            assert_eq!(preferred(header), locale, "{header:?}");
        }
    }
}
