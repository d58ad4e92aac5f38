//! Puts every line in one place, and says why the rest differs.
//!
//! The books are held in memory, lines are not: what is kept grows with Koza's resources and days, not with the report.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use time::{Date, Duration, Month, OffsetDateTime};
use uuid::Uuid;

use crate::bucket::Bucket;
use crate::kind::is_transfer;
use crate::lives::State;
use crate::report::DECIMALS;
use crate::{Cause, Explained, Kind, Line, LineType, Lives, Ours, Report, Tally};

/// So long after a day AWS may still add to it. Source: "at least once a day", and in practice up to two:
/// <https://docs.aws.amazon.com/cur/latest/userguide/what-is-cur.html>.
const SETTLES_IN: Duration = Duration::days(2);

/// Uses of a resource by day and kind, and of those that share it by environment.
type Uses = BTreeMap<(Date, Kind), BTreeMap<Uuid, Bucket>>;

/// Explains the difference between the books and a report.
///
/// `ours` and `theirs` should be about the same days: what was recorded outside of the report is [`Cause::Late`] or, in a month that is final,
/// [`Cause::NotBilled`]. A month that `as_of` is not past is not final.
///
/// # Errors
/// The first error among the lines.
pub fn explain<E>(
    ours: impl IntoIterator<Item = Ours>,
    lives: &Lives,
    theirs: impl IntoIterator<Item = Result<Line, E>>,
    as_of: OffsetDateTime,
) -> Result<Report, E> {
    let mut comparison = Comparison::new(ours, lives, as_of);
    for line in theirs {
        comparison.take(&line?);
    }
    Ok(comparison.finish())
}

struct Comparison<'a> {
    lives: &'a Lives,
    environments: BTreeSet<Uuid>,
    uses: BTreeMap<String, Uses>,
    report: Report,
}

/// Where a line goes.
enum Place {
    NotOurs,
    Cause(Option<Uuid>, Cause),
    Use,
}

impl<'a> Comparison<'a> {
    fn new(ours: impl IntoIterator<Item = Ours>, lives: &'a Lives, as_of: OffsetDateTime) -> Self {
        let mut environments = lives.environments.clone();
        let mut uses: BTreeMap<String, Uses> = BTreeMap::new();
        for Ours { environment, resource, kind, day, quantity, usd } in ours {
            environments.insert(environment);
            let bucket = uses.entry(resource).or_default().entry((day, kind)).or_default().entry(environment).or_default();
            bucket.record(quantity, usd.round_dp(DECIMALS));
        }
        let report = Report {
            as_of,
            days: BTreeMap::new(),
            total: Explained::default(),
            not_ours: Tally::default(),
            untagged: Tally::default(),
            resources: BTreeMap::new(),
            months: BTreeMap::new(),
            newest: None,
        };
        Self { lives, environments, uses, report }
    }

    fn take(&mut self, line: &Line) {
        let cost = line.cost.round_dp(DECIMALS);
        if line.line_type.is_usage() {
            // What costs nothing needs no invoice.
            if !cost.is_zero() {
                let is_final = self.report.months.entry(month(line.from.date())).or_insert(true);
                *is_final &= line.is_final;
            }
            self.report.newest = self.report.newest.max(Some(line.from));
        }
        let is_tagged = self.is_tagged(line);
        let state = self.state(line);
        let place = self.place(line, is_tagged, state, cost);
        if !is_tagged && line.line_type.is_usage() && !matches!(place, Place::NotOurs) {
            self.report.untagged.count(cost);
        }
        match place {
            Place::NotOurs => self.report.not_ours.count(cost),
            Place::Use => {
                if let Some(bucket) = self.bucket(line, state) {
                    bucket.bill(line.quantity, cost);
                }
            }
            Place::Cause(environment, cause) => {
                let day = self.report.days.entry((environment, line.from.date())).or_default();
                day.lines += 1;
                day.theirs = day.theirs.saturating_add(cost);
                day.add(cause, cost);
                if matches!(cause, Cause::Leftover | Cause::Untagged | Cause::Unrecorded) {
                    let resource = line.resource.clone().unwrap_or_default();
                    self.report.resources.entry((cause, resource)).or_default().count(cost);
                }
            }
        }
    }

    /// Whether it bears our tag. Where only the environments' tag is activated, that of an environment of ours will do.
    fn is_tagged(&self, line: &Line) -> bool {
        match &line.installation {
            Some(installation) => *installation == self.lives.installation,
            None => line.environment.is_some_and(|environment| self.environments.contains(&environment)),
        }
    }

    /// Whose the resource was. What we only have in the books was there, too.
    fn state(&self, line: &Line) -> State {
        let Some(resource) = &line.resource else { return State::Unknown };
        let recorded = || self.uses.get(resource).and_then(|uses| uses.values().find_map(|of| of.keys().next()));
        match self.lives.state(resource, line.from, line.to) {
            State::Unknown => recorded().map_or(State::Unknown, |environment| State::There(*environment)),
            known => known,
        }
    }

    fn place(&self, line: &Line, is_tagged: bool, state: State, cost: Decimal) -> Place {
        let environment = match state {
            State::There(environment) | State::Gone(environment) => Some(environment),
            State::Unknown if is_tagged => line.environment,
            State::Unknown => return Place::NotOurs,
        };
        let cause = match &line.line_type {
            LineType::Credit => Cause::Credit,
            LineType::Refund => Cause::Refund,
            LineType::Tax => Cause::Tax,
            LineType::Other(_) => Cause::Agreement,
            _ if is_transfer(&line.usage_type) => Cause::DataTransfer,
            _ if !matches!(state, State::There(_)) => Cause::Leftover,
            _ if self.is_recorded(line) => return Place::Use,
            _ if cost.is_zero() && !line.quantity.is_zero() => Cause::FreeTier,
            _ if !is_tagged => Cause::Untagged,
            _ => Cause::Unrecorded,
        };
        Place::Cause(environment, cause)
    }

    fn is_recorded(&self, line: &Line) -> bool {
        let uses = line.resource.as_ref().and_then(|resource| self.uses.get(resource));
        uses.zip(Kind::of(&line.usage_type)).is_some_and(|(uses, kind)| uses.contains_key(&(line.from.date(), kind)))
    }

    /// What a line is compared with: of those who shared the resource that day, who had it then, else the first.
    fn bucket(&mut self, line: &Line, state: State) -> Option<&mut Bucket> {
        let kind = Kind::of(&line.usage_type)?;
        let of = self.uses.get_mut(line.resource.as_ref()?)?.get_mut(&(line.from.date(), kind))?;
        let environment = match state {
            State::There(environment) if of.contains_key(&environment) => environment,
            _ => *of.keys().next()?,
        };
        of.get_mut(&environment)
    }

    fn finish(self) -> Report {
        let Self { uses, mut report, .. } = self;
        for is_final in report.months.iter_mut() {
            *is_final.1 &= report.as_of.date() > last_day(*is_final.0);
        }
        for ((day, _), of) in uses.into_values().flatten() {
            let is_final = report.months.get(&month(day)).copied().unwrap_or_default();
            let is_recent = report.newest.is_none_or(|newest| day > newest.date().saturating_sub(SETTLES_IN));
            for (environment, bucket) in of {
                let explained = report.days.entry((Some(environment), day)).or_default();
                explained.ours = explained.ours.saturating_add(bucket.ours);
                explained.theirs = explained.theirs.saturating_add(bucket.theirs);
                explained.lines += u64::from(bucket.lines);
                if bucket.lines == 0 {
                    explained.add(if is_final { Cause::NotBilled } else { Cause::Late }, -bucket.ours);
                } else {
                    for (cause, usd) in bucket.causes(!is_final && is_recent) {
                        explained.add(cause, usd);
                    }
                }
            }
        }
        for day in report.days.values() {
            report.total.ours = report.total.ours.saturating_add(day.ours);
            report.total.theirs = report.total.theirs.saturating_add(day.theirs);
            report.total.lines += day.lines;
            for (cause, usd) in &day.causes {
                report.total.add(*cause, *usd);
            }
        }
        report
    }
}

fn month(day: Date) -> Date {
    day.replace_day(1).unwrap_or(day)
}

fn last_day(first: Date) -> Date {
    let length = Month::length(first.month(), first.year());
    first.replace_day(length).unwrap_or(first)
}
