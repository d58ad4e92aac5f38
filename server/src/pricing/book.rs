//! The price book of a cloud's region: each item's figures, each from a day on.

use std::collections::BTreeMap;

pub use price_list::Unit;
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};

use super::{Quantity, Span, cost};

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Dollars.
    pub usd: Decimal,
    /// For what.
    pub unit: Unit,
    /// From midnight UTC of this day on.
    pub valid_from: Date,
}

/// The book has no figure for something at some time. Whoever asked for it is told, and nothing is made of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no price for {item}")]
pub struct NoPrice {
    /// As price lists name it.
    pub item: String,
}

/// The figures of one region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// By item, the earliest first.
    prices: BTreeMap<String, Vec<Price>>,
}

/// A part of a span in which one price of an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The price.
    pub price: Price,
    /// Its part's first moment.
    pub from: OffsetDateTime,
    /// The moment after its last.
    pub to: OffsetDateTime,
}

impl Book {
    /// Adds a figure; of two for the same day the later added holds.
    pub fn add(&mut self, item: &str, price: Price) {
        let prices = self.prices.entry(item.to_owned()).or_default();
        prices.retain(|known| known.valid_from != price.valid_from);
        let at = prices.partition_point(|known| known.valid_from < price.valid_from);
        prices.insert(at, price);
    }

    /// The price of an item at a moment; before the first that is known, that one: what ran then is charged all the same.
    ///
    /// # Errors
    /// [`NoPrice`].
    pub fn price(&self, item: &str, at: OffsetDateTime) -> Result<Price, NoPrice> {
        let day = at.to_utc().date();
        let prices = self.prices.get(item).map_or(&[][..], Vec::as_slice);
        let known = prices.iter().rev().find(|price| price.valid_from <= day).or(prices.first());
        known.copied().ok_or_else(|| NoPrice { item: item.to_owned() })
    }

    /// A span, cut where the price of an item changes.
    ///
    /// # Errors
    /// [`NoPrice`] if there is none at all.
    pub fn stretches(&self, item: &str, from: OffsetDateTime, to: OffsetDateTime) -> Result<Vec<Stretch>, NoPrice> {
        let mut price = self.price(item, from)?;
        let (mut stretches, mut at) = (Vec::new(), from);
        let later = self.prices.get(item).into_iter().flatten().filter(|later| later.valid_from > price.valid_from);
        for next in later.collect::<Vec<_>>() {
            let changes_at = next.valid_from.midnight().assume_utc();
            if changes_at >= to {
                break;
            }
            stretches.push(Stretch { price, from: at, to: changes_at });
            (price, at) = (*next, changes_at);
        }
        stretches.push(Stretch { price, from: at, to });
        Ok(stretches)
    }

    /// What something costs from one moment to another, in dollars, as far as prices are known today.
    ///
    /// # Errors
    /// [`NoPrice`].
    pub fn cost(&self, quantity: &Quantity, from: OffsetDateTime, to: OffsetDateTime) -> Result<Decimal, NoPrice> {
        let stretches = self.stretches(&quantity.item, from, to.max(from))?;
        Ok(stretches.iter().map(|part| cost(&part.price, quantity.amount, Span::between(part.from, part.to))).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    fn book() -> Book {
        let price = |usd: &str, valid_from| Price { usd: usd.parse().expect("a figure"), unit: Unit::Hour, valid_from };
        let mut book = Book::default();
        book.add("address", price("0.005", date!(2024 - 02 - 01)));
        book.add("address", price("0", date!(2020 - 01 - 01)));
        book
    }

    #[test]
    fn since_february_2024_an_address_costs_and_before_it_did_not() {
        let one = Quantity { item: "address".into(), amount: Decimal::ONE };
        let cost = |from, to| book().cost(&one, from, to).expect("a price").normalize().to_string();
        assert_eq!(cost(datetime!(2024-01-31 0:00 UTC), datetime!(2024-02-01 0:00 UTC)), "0");
        assert_eq!(cost(datetime!(2024-02-01 0:00 UTC), datetime!(2024-02-02 0:00 UTC)), "0.12");
        assert_eq!(cost(datetime!(2024-01-31 22:00 UTC), datetime!(2024-02-01 2:00 UTC)), "0.01", "cut where the price changed");
    }

    #[test]
    fn what_has_no_price_is_named_and_never_free() {
        let at = datetime!(2024-02-01 0:00 UTC);
        assert_eq!(book().price("machine/t9.nano", at), Err(NoPrice { item: "machine/t9.nano".into() }));
        let before = book().price("address", datetime!(2019-12-31 0:00 UTC)).map(|price| price.valid_from);
        assert_eq!(before, Ok(date!(2020 - 01 - 01)), "the first that is known");
    }
}
