//! News: what people are told without having asked, on their first page and by mail.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::ids::{EnvironmentId, NoticeId};
use super::money::Money;

/// Whose budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// That of who is told.
    Own,
    /// The whole course's.
    Course,
}

/// What happened, with the figures of that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum News {
    /// So much of a budget is spent.
    BudgetReached {
        /// Whose.
        budget: Budget,
        /// So many hundredths of it, as its course wants to be told.
        percent: u8,
        /// What was spent.
        spent: Money,
        /// What may be spent.
        allowed: Money,
    },
    /// The budget has no more to set aside for an environment.
    BudgetShort {
        /// It runs on until then; by the course's clock.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
    /// An environment was stopped, because the budget is used up.
    BudgetUsedUp,
    /// So much of a cloud's credits is used.
    CreditsReached {
        /// As operators know the cloud: `aws 123456789012`.
        cloud: String,
        /// So many hundredths of them.
        percent: u8,
        /// What was used, at list prices.
        used: Money,
        /// What there was.
        credits: Money,
    },
    /// A cloud's credits end.
    CreditsEnd {
        /// As operators know the cloud.
        cloud: String,
        /// The last day.
        on: Date,
    },
}

/// What became of the mail about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mailed {
    /// None was written: nobody has said where to.
    No,
    /// It is on its way to this address.
    Soon(String),
    /// The server took it.
    At(String, OffsetDateTime),
    /// No server takes it, or this site sends no mail.
    Never(String),
}

/// A notice, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeCard {
    /// Which.
    pub id: NoticeId,
    /// What happened.
    pub news: News,
    /// The code of the course that it is about.
    pub course: Option<String>,
    /// The environment that it is about, with its name.
    pub environment: Option<(EnvironmentId, String)>,
    /// When.
    pub at: OffsetDateTime,
    /// Whether who is told has said so.
    pub is_read: bool,
    /// What became of the mail.
    pub mailed: Mailed,
}

impl NoticeCard {
    /// The page on which something can be done about it.
    #[must_use]
    pub fn path(&self) -> String {
        match (&self.news, &self.environment, &self.course) {
            (_, Some((id, _)), _) => format!("/environments/{id}/costs"),
            (News::BudgetReached { budget: Budget::Course, .. }, _, Some(code)) => format!("/courses/{code}/costs"),
            _ => "/notices".to_owned(),
        }
    }
}
