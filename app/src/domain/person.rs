//! Who uses the site, and how they are signed in.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::ids::{PersonId, SessionId};

/// The two languages of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "locale", rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// 日本語
    Ja,
}

impl Locale {
    /// The value of `<html lang>` and of the cookie.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

/// Light, dark, or as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The value of `<html data-theme>` and of the cookie.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Who is asking: an argument of every use case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The person.
    pub person: PersonId,
    /// The name that pages show.
    pub name: String,
    /// Whether this person runs the site.
    pub is_operator: bool,
}

/// What the frame around every page needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Visit {
    /// Nobody, before sign-in.
    pub caller: Option<Caller>,
    /// From the account, the cookie, then the browser.
    pub locale: Locale,
    /// From the cookie.
    pub theme: Theme,
    /// Trial mode: a banner on every page.
    pub is_trial: bool,
    /// Some cloud of the site is a simulator: every page says so.
    pub is_simulated: bool,
}

/// One signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Which one, for ending it.
    pub id: SessionId,
    /// A word on the browser (from its `User-Agent`).
    pub browser: String,
    /// When it signed in.
    pub created_at: OffsetDateTime,
    /// When it last asked for something.
    pub seen_at: OffsetDateTime,
    /// Whether it is the one that asks now.
    pub is_this_one: bool,
}
