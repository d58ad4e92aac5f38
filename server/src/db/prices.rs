//! Price lists and exchange rates, as staff brought them in.

use std::collections::BTreeMap;

use app::domain::money::Currency;
use rust_decimal::Decimal;
use time::Date;

use super::Db;
use crate::pricing::{Book, Price, Unit};
use crate::spend::rates::Rates;

/// A figure of a region, with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure<'a> {
    /// `aws`, `incus`, `sim`.
    pub cloud: &'a str,
    /// As the cloud's row names it.
    pub region: &'a str,
    /// As price lists name it.
    pub item: &'a str,
    /// The price.
    pub price: Price,
    /// Where it was read.
    pub source: &'a str,
    /// When.
    pub read_on: Date,
}

/// What became of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    /// It is new.
    New,
    /// It was there, just so.
    Known,
    /// Another one is there for the same day; figures are not changed.
    Differs(Price),
}

/// Enters a figure.
///
/// # Errors
/// As the database.
pub async fn enter(db: &mut Db, figure: &Figure<'_>) -> sqlx::Result<Entered> {
    let Figure { cloud, region, item, price, source, read_on } = figure;
    let entered = sqlx::query!(
        "insert into price (cloud, region, item, valid_from, unit, usd, source, read_on) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict do nothing",
        cloud,
        region,
        item,
        price.valid_from,
        price.unit.code(),
        price.usd,
        source,
        read_on
    )
    .execute(&mut *db)
    .await?;
    if entered.rows_affected() == 1 {
        return Ok(Entered::New);
    }
    let known = sqlx::query!(
        "select unit, usd from price where cloud = $1 and region = $2 and item = $3 and valid_from = $4",
        cloud,
        region,
        item,
        price.valid_from
    )
    .fetch_one(db)
    .await?;
    let known = Price { usd: known.usd, unit: Unit::from_code(&known.unit).unwrap_or(price.unit), valid_from: price.valid_from };
    Ok(if known == *price { Entered::Known } else { Entered::Differs(known) })
}

/// The book of one region.
///
/// # Errors
/// As the database.
pub async fn book(db: &mut Db, cloud: &str, region: &str) -> sqlx::Result<Book> {
    let rows = sqlx::query!("select item, valid_from, unit, usd from price where cloud = $1 and region = $2", cloud, region);
    let mut book = Book::default();
    for row in rows.fetch_all(db).await? {
        add(&mut book, &row.item, &row.unit, row.usd, row.valid_from);
    }
    Ok(book)
}

/// All books, by cloud and region.
///
/// # Errors
/// As the database.
pub async fn books(db: &mut Db) -> sqlx::Result<BTreeMap<(String, String), Book>> {
    let mut books = BTreeMap::<_, Book>::new();
    for row in sqlx::query!("select cloud, region, item, valid_from, unit, usd from price").fetch_all(db).await? {
        add(books.entry((row.cloud, row.region)).or_default(), &row.item, &row.unit, row.usd, row.valid_from);
    }
    Ok(books)
}

fn add(book: &mut Book, item: &str, unit: &str, usd: Decimal, valid_from: Date) {
    if let Some(unit) = Unit::from_code(unit) {
        book.add(item, Price { usd, unit, valid_from });
    }
}

/// A figure as people read it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FigureRow {
    /// `aws`, `incus`, `sim`.
    pub cloud: String,
    /// As the cloud's row names it.
    pub region: String,
    /// As price lists name it.
    pub item: String,
    /// Dollars, as text: no float holds them.
    pub usd: String,
    /// `hour`, `gib_month`.
    pub unit: String,
    /// Its first day.
    pub valid_from: String,
    /// Where it was read.
    pub source: String,
    /// When.
    pub read_on: String,
}

/// Every figure.
///
/// # Errors
/// As the database.
pub async fn all(db: &mut Db) -> sqlx::Result<Vec<FigureRow>> {
    sqlx::query_as!(
        FigureRow,
        r#"select cloud, region, item, trim_scale(usd)::text as "usd!", unit, valid_from::text as "valid_from!", source,
                  read_on::text as "read_on!"
             from price order by cloud, region, item, price.valid_from"#
    )
    .fetch_all(db)
    .await
}

/// Every exchange rate: the currency, its first day, what a dollar is, and where that was read.
///
/// # Errors
/// As the database.
pub async fn all_rates(db: &mut Db) -> sqlx::Result<Vec<(String, Date, Decimal, String)>> {
    let rows = sqlx::query!("select currency, day, per_usd, source from exchange_rate order by currency, day").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.currency, row.day, row.per_usd, row.source)).collect())
}

/// All exchange rates.
///
/// # Errors
/// As the database.
pub async fn rates(db: &mut Db) -> sqlx::Result<Rates> {
    let mut rates = Rates::default();
    for row in sqlx::query!("select currency, day, per_usd from exchange_rate").fetch_all(db).await? {
        if let Some(currency) = Currency::from_code(&row.currency) {
            rates.add(currency, row.day, row.per_usd);
        }
    }
    Ok(rates)
}

/// Says what a dollar is in a currency from a day on. False: another rate is there for that day; rates are not changed.
///
/// # Errors
/// As the database.
pub async fn enter_rate(db: &mut Db, currency: Currency, day: Date, per_usd: Decimal, source: &str) -> sqlx::Result<bool> {
    // As many decimals as the column has.
    let per_usd = per_usd.round_dp(8);
    sqlx::query!(
        "insert into exchange_rate (currency, day, per_usd, source) values ($1, $2, $3, $4) on conflict do nothing",
        currency.code(),
        day,
        per_usd,
        source
    )
    .execute(&mut *db)
    .await?;
    let known = sqlx::query_scalar!("select per_usd from exchange_rate where currency = $1 and day = $2", currency.code(), day);
    Ok(known.fetch_one(db).await? == per_usd)
}
