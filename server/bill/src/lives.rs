//! What Koza recorded, and what it knows of its resources' lives.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::Kind;

/// What the books say that an environment used of a resource on a day. Several of the same are added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// Who used it.
    pub environment: Uuid,
    /// The cloud's id of the resource, as [`crate::Line::resource`] has it.
    pub resource: String,
    /// What was used of it.
    pub kind: Kind,
    /// The day, in UTC.
    pub day: Date,
    /// How much: hours, GiB-months or LCU-hours, by the kind.
    pub quantity: Decimal,
    /// What that cost, in US dollars. Whole micro-dollars, as the books have it.
    pub usd: Decimal,
}

/// That a resource was there, for an environment. One that changed hands has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// For whom.
    pub environment: Uuid,
    /// The cloud's id of the resource, as [`crate::Line::resource`] has it.
    pub resource: String,
    /// Since when.
    pub from: OffsetDateTime,
    /// Until when, if it is gone.
    pub to: Option<OffsetDateTime>,
}

/// Everything that Koza knows of its resources, and its own name.
#[derive(Debug, Clone, Default)]
pub struct Lives {
    pub(crate) installation: String,
    /// By resource, in the order of their beginnings.
    of: BTreeMap<String, Vec<Life>>,
    pub(crate) environments: BTreeSet<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Life {
    from: OffsetDateTime,
    to: Option<OffsetDateTime>,
    environment: Uuid,
}

/// How a resource was when something was used of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    There(Uuid),
    /// With the last that had it.
    Gone(Uuid),
    Unknown,
}

impl Lives {
    /// The lives of all resources of the installation whose name the tag `koza:installation` bears.
    #[must_use]
    pub fn new(installation: impl Into<String>, known: impl IntoIterator<Item = Known>) -> Self {
        let mut lives = Self { installation: installation.into(), ..Self::default() };
        for Known { environment, resource, from, to } in known {
            lives.environments.insert(environment);
            lives.of.entry(resource).or_default().push(Life { from, to, environment });
        }
        for of in lives.of.values_mut() {
            of.sort();
        }
        lives
    }

    /// How a resource was between two times. A line's hour counts for who had the resource when it began, else for who got it within.
    pub(crate) fn state(&self, resource: &str, from: OffsetDateTime, to: OffsetDateTime) -> State {
        let Some(lives) = self.of.get(resource) else { return State::Unknown };
        let goes_on = |life: &&Life| life.to.is_none_or(|end| end > from);
        let had = lives.iter().rev().filter(goes_on).find(|life| life.from <= from);
        let got = || lives.iter().filter(goes_on).find(|life| life.from < to.max(from + time::Duration::NANOSECOND));
        if let Some(life) = had.or_else(got) {
            return State::There(life.environment);
        }
        let last = lives.iter().filter(|life| life.from <= from).max_by_key(|life| life.to);
        match (last, lives.first()) {
            (Some(last), _) => State::Gone(last.environment),
            // It is older than we thought.
            (None, Some(first)) => State::There(first.environment),
            (None, None) => State::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_hour_counts_for_who_had_the_resource_when_it_began() {
        let [one, two] = [1, 2].map(Uuid::from_u128);
        let known = |environment, from, to| Known { environment, resource: "i-1".to_owned(), from, to };
        let changes = datetime!(2026-10-01 12:30 UTC);
        let ends = datetime!(2026-10-01 15:20 UTC);
        let lives = Lives::new("abc", [known(two, changes, Some(ends)), known(one, datetime!(2026-10-01 10:40 UTC), Some(changes))]);
        let hour = |hour: u8| {
            let from = datetime!(2026-10-01 00:00 UTC) + time::Duration::hours(hour.into());
            lives.state("i-1", from, from + time::Duration::HOUR)
        };
        assert_eq!(
            [hour(10), hour(12), hour(13), hour(15), hour(16)],
            [State::There(one), State::There(one), State::There(two), State::There(two), State::Gone(two),]
        );
        assert_eq!(hour(9), State::There(one), "older than we thought");
        assert_eq!(lives.state("i-2", changes, ends), State::Unknown);
    }
}
