//! How long something costs: hours, and parts of calendar months.
//!
//! Hourly prices count seconds. Monthly ones count the part of its calendar month (UTC) that a span is, as AWS bills disks: a GiB from the
//! first to the last second of any month costs a month. Months of 28 and of 31 days cost the same; an hour of them does not.

use price_list::Unit;
use rust_decimal::Decimal;
use time::{Date, Duration, Month, OffsetDateTime, UtcDateTime};

/// A span as prices count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Hours.
    pub hours: Decimal,
    /// Calendar months.
    pub months: Decimal,
}

impl Span {
    /// The month of price calculators: 730 hours, a twelfth of a year.
    pub const MONTH: Self = Self { hours: Decimal::from_parts(730, 0, 0, false, 0), months: Decimal::ONE };

    /// How many of a unit it has.
    #[must_use]
    pub fn of(self, unit: Unit) -> Decimal {
        match unit {
            Unit::Hour => self.hours,
            Unit::GibMonth => self.months,
        }
    }

    /// From one moment to another; nothing if that is earlier.
    #[must_use]
    pub fn between(from: OffsetDateTime, to: OffsetDateTime) -> Self {
        let (from, to) = (from.to_utc(), to.to_utc());
        let mut months = Decimal::ZERO;
        let mut at = from;
        while at < to {
            let (first, next) = month_of(at.date());
            let until = next.min(to);
            months += microseconds(until - at) / microseconds(next - first);
            at = until;
        }
        Self { hours: microseconds((to - from).max(Duration::ZERO)) / Decimal::from(3_600_000_000_u64), months }
    }
}

fn microseconds(duration: Duration) -> Decimal {
    Decimal::from(duration.whole_microseconds())
}

/// The first moment of a day's month, and of the next.
fn month_of(day: Date) -> (UtcDateTime, UtcDateTime) {
    let first = day.replace_day(1).unwrap_or(day);
    let (year, month) = (first.year() + i32::from(first.month() == Month::December), first.month().next());
    let next = Date::from_calendar_date(year, month, 1).unwrap_or(Date::MAX);
    (first.midnight().as_utc(), next.midnight().as_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    #[test]
    fn a_calendar_month_is_a_month_however_long_it_is() {
        let february = Span::between(datetime!(2026-02-01 0:00 UTC), datetime!(2026-03-01 0:00 UTC));
        let december = Span::between(datetime!(2026-12-01 0:00 UTC), datetime!(2027-01-01 0:00 UTC));
        assert_eq!((february.months, december.months), (Decimal::ONE, Decimal::ONE));
        assert_eq!((february.hours, december.hours), (Decimal::from(28 * 24), Decimal::from(31 * 24)));
        let tokyo = Span::between(datetime!(2026-12-01 9:00 +9), datetime!(2027-01-01 9:00 +9));
        assert_eq!(tokyo, december, "months are AWS's, whatever the clock on the wall");
    }

    #[test]
    fn the_hour_that_a_clock_is_put_back_is_an_hour() {
        // New York, 2026-11-01: 01:30 EDT to 01:30 EST.
        let span = Span::between(datetime!(2026-11-01 1:30 -4), datetime!(2026-11-01 1:30 -5));
        assert_eq!(span.hours, Decimal::ONE);
        assert_eq!(Span::between(datetime!(2026-11-02 0:00 UTC), datetime!(2026-11-01 0:00 UTC)).hours, Decimal::ZERO);
    }

    proptest! {
        #[test]
        fn a_span_is_the_sum_of_its_parts(start in 0..40_000_000_i64, first in 0..20_000_000_i64, second in 0..20_000_000_i64) {
            let at = |seconds| datetime!(2026-01-01 0:00 UTC) + Duration::seconds(seconds);
            let (a, b, c) = (at(start), at(start + first), at(start + first + second));
            let (left, right, whole) = (Span::between(a, b), Span::between(b, c), Span::between(a, c));
            let is_near = |x: Decimal, y: Decimal| (x - y).abs() < Decimal::new(1, 20);
            prop_assert!(is_near(left.hours + right.hours, whole.hours));
            prop_assert!(is_near(left.months + right.months, whole.months));
        }
    }
}
