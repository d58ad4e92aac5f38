//! Charges: what an interval costs, day by day and price by price, and what is still to be posted of that.
//!
//! The charges of an interval up to a moment are a function of the interval, the price book and the course's clock. Posting writes down the
//! difference between those up to the last posting and those up to now: posting twice adds nothing. A day's charge is what its end rounds to
//! less what its beginning did, so that rounding never adds up: an interval at one price costs what its whole length rounds to.

use std::collections::BTreeMap;

use cloud::Meter;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use time::{Date, Duration, OffsetDateTime};

use crate::pricing::{Book, NoPrice, Quantity, Span, cost, micros};

/// EC2 counts at least this of each start (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>).
pub const LEAST_OF_A_START: Duration = Duration::minutes(1);

/// Something that was there, or ran, from one moment to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// What is counted.
    pub meter: Meter,
    /// From.
    pub from: OffsetDateTime,
    /// To; `None`: still.
    pub to: Option<OffsetDateTime>,
}

impl Used {
    /// Up to where it costs, as known at a moment.
    #[must_use]
    pub fn through(&self, now: OffsetDateTime) -> OffsetDateTime {
        let to = self.to.unwrap_or(now).max(self.from);
        match self.meter {
            // It was never up.
            Meter::Running if self.to == Some(self.from) => self.from,
            Meter::Running => to.max(self.from + LEAST_OF_A_START),
            Meter::Exists => to,
        }
    }
}

/// What tells charges of one interval apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// The item of the price list.
    pub item: String,
    /// The day by the course's clock.
    pub day: Date,
    /// The price, by the day it holds from.
    pub price_from: Date,
}

/// Millionths of a dollar.
pub type Charges = BTreeMap<Piece, i64>;

/// What an interval costs from its beginning up to a moment. Charges of days before `since` are left out.
///
/// # Errors
/// [`NoPrice`].
pub fn charges(
    quantities: &[Quantity],
    book: &Book,
    clock: &Clock,
    (from, through): (OffsetDateTime, OffsetDateTime),
    since: OffsetDateTime,
) -> Result<Charges, NoPrice> {
    let mut all = Charges::new();
    let since = clock.begin_of_day(since);
    for quantity in quantities {
        for part in book.stretches(&quantity.item, from, through.max(from))? {
            let so_far = |at| micros(cost(&part.price, quantity.amount, Span::between(part.from, at)));
            for (day, begins, ends) in clock.days(part.from.max(since), part.to) {
                all.insert(Piece { item: quantity.item.clone(), day, price_from: part.price.valid_from }, so_far(ends) - so_far(begins));
            }
        }
    }
    Ok(all)
}

/// What is to be posted once everything up to `before` is, for everything up to `now` to be; in either direction.
///
/// # Errors
/// [`NoPrice`].
pub fn to_post(
    quantities: &[Quantity],
    book: &Book,
    clock: &Clock,
    from: OffsetDateTime,
    (before, now): (OffsetDateTime, OffsetDateTime),
) -> Result<Charges, NoPrice> {
    if before == now {
        return Ok(Charges::new());
    }
    let since = before.min(now).max(from);
    let posted = charges(quantities, book, clock, (from, before), since)?;
    let mut due = charges(quantities, book, clock, (from, now), since)?;
    subtract(&mut due, posted);
    Ok(due)
}

/// Takes charges away from others; what comes to nothing is left out.
pub fn subtract(from: &mut Charges, others: Charges) {
    for (piece, amount) in others {
        *from.entry(piece).or_default() -= amount;
    }
    from.retain(|_, amount| *amount != 0);
}

/// A course's clock: it says when days begin.
#[derive(Debug, Clone)]
pub struct Clock(TimeZone);

/// The course's time zone is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone {0}")]
pub struct NoTimeZone(String);

impl Clock {
    /// By its name in the IANA database: `Asia/Tokyo`.
    ///
    /// # Errors
    /// [`NoTimeZone`].
    pub fn of(name: &str) -> Result<Self, NoTimeZone> {
        TimeZone::get(name).map(Self).map_err(|_| NoTimeZone(name.to_owned()))
    }

    /// The day of a moment.
    #[must_use]
    pub fn day(&self, at: OffsetDateTime) -> Date {
        self.around(at).0
    }

    /// A moment as this clock shows it.
    #[must_use]
    pub fn local(&self, at: OffsetDateTime) -> OffsetDateTime {
        let offset = Timestamp::from_second(at.unix_timestamp()).map(|at| self.0.to_offset(at).seconds());
        offset.ok().and_then(|seconds| time::UtcOffset::from_whole_seconds(seconds).ok()).map_or(at, |offset| at.to_offset(offset))
    }

    /// When the day of a moment began.
    #[must_use]
    pub fn begin_of_day(&self, at: OffsetDateTime) -> OffsetDateTime {
        self.around(at).1
    }

    /// The day of a moment, when it begins and when the next does. Some days have 23 hours, some 25.
    fn around(&self, at: OffsetDateTime) -> (Date, OffsetDateTime, OffsetDateTime) {
        let utc_day = at.to_utc().date();
        let fallback = (utc_day, utc_day.midnight().assume_utc(), utc_day.saturating_add(Duration::DAY).midnight().assume_utc());
        let edges = || {
            let day = Timestamp::from_second(at.unix_timestamp()).ok()?.to_zoned(self.0.clone()).date();
            let begins = |day: jiff::civil::Date| {
                let first = day.to_zoned(self.0.clone()).ok()?;
                OffsetDateTime::from_unix_timestamp(first.timestamp().as_second()).ok()
            };
            let month = time::Month::try_from(u8::try_from(day.month()).ok()?).ok()?;
            let name = Date::from_calendar_date(i32::from(day.year()), month, u8::try_from(day.day()).ok()?).ok()?;
            Some((name, begins(day)?, begins(day.tomorrow().ok()?)?))
        };
        edges().unwrap_or(fallback)
    }

    /// A span, day by day.
    #[must_use]
    pub fn days(&self, from: OffsetDateTime, to: OffsetDateTime) -> Vec<(Date, OffsetDateTime, OffsetDateTime)> {
        let (mut days, mut at) = (Vec::new(), from);
        while at < to {
            let (day, _, next) = self.around(at);
            days.push((day, at, next.min(to)));
            at = next;
        }
        days
    }
}

/// The sum, exactly.
#[must_use]
pub fn total(charges: &Charges) -> i64 {
    charges.values().sum()
}

/// Millionths of a dollar in a course's money.
#[must_use]
pub fn at_rate(usd: i64, per_usd: Decimal) -> i64 {
    micros(Decimal::new(usd, 6) * per_usd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::{Price, Unit};
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    fn book() -> Book {
        let mut book = Book::default();
        let price = |usd: &str, unit, valid_from| Price { usd: usd.parse().expect("a figure"), unit, valid_from };
        book.add("machine/t3.micro", price("0.0136", Unit::Hour, date!(2020 - 01 - 01)));
        book.add("machine/t3.micro", price("0.0140", Unit::Hour, date!(2026 - 10 - 15)));
        book.add("disk/gp3", price("0.096", Unit::GibMonth, date!(2020 - 01 - 01)));
        book
    }

    fn quantities() -> Vec<Quantity> {
        vec![
            Quantity { item: "machine/t3.micro".into(), amount: Decimal::ONE },
            Quantity { item: "disk/gp3".into(), amount: Decimal::from(8) },
        ]
    }

    #[test]
    fn a_start_costs_a_minute_at_least_and_a_machine_that_never_was_up_nothing() {
        let from = datetime!(2026-10-01 0:00 UTC);
        let used = |seconds: i64, meter| Used { meter, from, to: Some(from + Duration::seconds(seconds)) };
        let counted = |used: Used| (used.through(from + Duration::HOUR) - from).whole_seconds();
        assert_eq!([1, 59, 60, 61].map(|seconds| counted(used(seconds, Meter::Running))), [60, 60, 60, 61]);
        assert_eq!(counted(used(0, Meter::Running)), 0);
        assert_eq!(counted(used(1, Meter::Exists)), 1);
        assert_eq!(counted(Used { meter: Meter::Running, from, to: None }), 3600, "it runs still");
    }

    #[test]
    fn charges_are_cut_at_the_midnights_of_the_course_and_where_prices_change() {
        let tokyo = Clock::of("Asia/Tokyo").expect("a zone");
        let span = (datetime!(2026-10-14 12:00 UTC), datetime!(2026-10-15 18:00 UTC));
        let machine = &quantities()[..1];
        let all = charges(machine, &book(), &tokyo, span, span.0).expect("prices");
        let shown: Vec<_> = all.iter().map(|(piece, usd)| (piece.day, piece.price_from, *usd)).collect();
        assert_eq!(
            shown,
            [
                (date!(2026 - 10 - 14), date!(2020 - 01 - 01), 3 * 13_600),
                (date!(2026 - 10 - 15), date!(2020 - 01 - 01), 9 * 13_600),
                (date!(2026 - 10 - 15), date!(2026 - 10 - 15), 15 * 14_000),
                (date!(2026 - 10 - 16), date!(2026 - 10 - 15), 3 * 14_000),
            ]
        );
    }

    #[test]
    fn a_day_on_which_clocks_change_has_the_hours_it_has() {
        let new_york = Clock::of("America/New_York").expect("a zone");
        let hours = |at| new_york.days(new_york.begin_of_day(at), at + Duration::days(3))[0];
        let (_, from, to) = hours(datetime!(2026-11-01 12:00 UTC));
        assert_eq!((to - from).whole_hours(), 25, "clocks are put back");
        let (_, from, to) = hours(datetime!(2026-03-08 12:00 UTC));
        assert_eq!((to - from).whole_hours(), 23, "clocks are put forward");
        assert!(Clock::of("Europe/Atlantis").is_err());
    }

    proptest! {
        /// However often and whenever it is posted, also up to a moment that turns out to be too late, what is posted in the end is what the
        /// interval costs.
        #[test]
        fn the_ledger_is_a_function_of_the_intervals(
            start in 0..3_000_000_i64,
            length in 0..400_000_i64,
            postings in prop::collection::vec(0..500_000_i64, 0..6),
            zone in prop::sample::select(vec!["Asia/Tokyo", "America/New_York", "Pacific/Apia", "UTC"]),
        ) {
            let clock = Clock::of(zone).expect("a zone");
            let from = datetime!(2026-09-25 0:00 UTC) + Duration::seconds(start);
            let end = from + Duration::seconds(length);
            let (mut ledger, mut before) = (Charges::new(), from);
            for through in postings.into_iter().map(|after| from + Duration::seconds(after)).chain([end, end]) {
                for (piece, usd) in to_post(&quantities(), &book(), &clock, from, (before, through)).expect("prices") {
                    *ledger.entry(piece).or_default() += usd;
                }
                before = through;
            }
            ledger.retain(|_, usd| *usd != 0);
            let mut whole = charges(&quantities(), &book(), &clock, (from, end), from).expect("prices");
            whole.retain(|_, usd| *usd != 0);
            prop_assert_eq!(&ledger, &whole);
            // As a provider reckons that knows no days: each price by its whole stretch.
            let by_stretch = quantities().into_iter().flat_map(|quantity| {
                let part = |part: &crate::pricing::book::Stretch| {
                    micros(cost(&part.price, quantity.amount, Span::between(part.from, part.to)))
                };
                book().stretches(&quantity.item, from, end).expect("prices").iter().map(part).collect::<Vec<_>>()
            });
            prop_assert_eq!(total(&ledger), by_stretch.sum::<i64>());
        }
    }
}
