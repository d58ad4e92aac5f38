//! Exchange rates: what a dollar is in a course's money, from a day on, as staff entered it.

use std::collections::BTreeMap;

use app::domain::money::Currency;
use rust_decimal::Decimal;
use time::Date;

/// All that were entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates(BTreeMap<(Currency, Date), Decimal>);

/// Nobody has said what a dollar is in this money on this day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no exchange rate for {}", .0.code())]
pub struct NoRate(pub Currency);

impl Rates {
    /// A dollar is so much from this day on.
    pub fn add(&mut self, currency: Currency, day: Date, per_usd: Decimal) {
        self.0.insert((currency, day), per_usd);
    }

    /// What a dollar is on a day: as it was last entered for it or a day before; before the first that was entered, as that says.
    ///
    /// # Errors
    /// [`NoRate`].
    pub fn per_usd(&self, currency: Currency, day: Date) -> Result<Decimal, NoRate> {
        if currency == Currency::Usd {
            return Ok(Decimal::ONE);
        }
        let known = self.0.range((currency, Date::MIN)..=(currency, day)).next_back();
        let first = || self.0.range((currency, day)..=(currency, Date::MAX)).next();
        known.or_else(first).map(|(_, rate)| *rate).ok_or(NoRate(currency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_day_has_the_rate_that_was_last_entered_for_it() {
        let mut rates = Rates::default();
        rates.add(Currency::Jpy, date!(2021 - 01 - 01), Decimal::new(10369, 2));
        rates.add(Currency::Jpy, date!(2026 - 04 - 01), Decimal::from(150));
        assert_eq!(rates.per_usd(Currency::Jpy, date!(2026 - 03 - 31)), Ok(Decimal::new(10369, 2)));
        assert_eq!(rates.per_usd(Currency::Jpy, date!(2026 - 04 - 01)), Ok(Decimal::from(150)));
        let before = rates.per_usd(Currency::Jpy, date!(2020 - 12 - 31));
        assert_eq!(before, Ok(Decimal::new(10369, 2)), "what ran before somebody said it is charged all the same");
        assert_eq!(rates.per_usd(Currency::Usd, date!(2020 - 12 - 31)), Ok(Decimal::ONE));
        assert_eq!(rates.per_usd(Currency::Eur, date!(2026 - 04 - 01)), Err(NoRate(Currency::Eur)));
    }
}
