//! Lists that people write: small, commented TOML.
//!
//! ```toml
//! cloud  = "incus"
//! region = "campus"
//!
//! # What holds for all figures that do not say otherwise:
//! source     = "invoice 4711 and the electricity contract"
//! read_on    = 2026-11-22
//! valid_from = 2026-04-01
//!
//! hour.cpu       = "0.0031"     # one processor for an hour
//! hour.address   = "free"       # costs nothing, and that is known
//! gib_month.disk = "0.021"      # one GiB for a month
//!
//! # Figures from elsewhere, or from another day on:
//! [[prices]]
//! source     = "the contract of 2027"
//! valid_from = 2027-04-01
//! hour.cpu   = "0.0028"
//! ```
//!
//! Figures stand in quotes, so that none passes through a float. A key that is not known is refused, and so is a figure of which the source
//! or a day is missing.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use time::{Date, Month};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::ListError;
use crate::{Price, PriceList, Unit, figure, item};

const CLOUDS: [&str; 3] = ["aws", "incus", "sim"];
const UNITS: [Unit; 2] = [Unit::Hour, Unit::GibMonth];
/// The years in which a price can begin or be read: AWS rents machines since 2006.
const YEARS: std::ops::RangeInclusive<u16> = 2006..=2100;
/// A source is a line, not a page.
const LONGEST_SOURCE: usize = 500;

/// Reads a list that somebody wrote.
///
/// # Errors
/// The line, the field, what is wrong and what to write instead.
pub fn read_toml(text: &str) -> Result<PriceList, ListError> {
    let page = Page { text };
    let root = DeTable::parse(text).map_err(|error| page.refuse(error.span().map_or(0, |span| span.start), None, error.message()))?;
    let root = root.get_ref();
    page.only(root, "", &["cloud", "region", "source", "read_on", "valid_from", "hour", "gib_month", "prices"])?;
    let cloud = page.word(root, "cloud", "aws")?;
    if let Some(value) = root.get("cloud").filter(|_| !CLOUDS.contains(&cloud.as_str())) {
        return Err(page.at(value, "cloud", &format!("no such cloud; write one of {}", CLOUDS.join(", "))));
    }
    let region = page.word(root, "region", "ap-northeast-1")?;
    let origin = page.origin(root, "", &Origin::default())?;

    let mut found = Found::default();
    page.figures(root, "", &origin, &mut found)?;
    if let Some(groups) = root.get("prices") {
        let wrong = || page.at(groups, "prices", "write [[prices]] above the figures of a group");
        for group in groups.get_ref().as_array().ok_or_else(wrong)?.iter() {
            let table = group.get_ref().as_table().ok_or_else(wrong)?;
            page.only(table, "prices.", &["source", "read_on", "valid_from", "hour", "gib_month"])?;
            let origin = page.origin(table, "prices.", &origin)?;
            page.figures(table, "prices.", &origin, &mut found)?;
        }
    }
    if found.prices.is_empty() {
        return Err(page.refuse(text.len(), None, "the list has no figure; write one, like hour.cpu = \"0.0031\""));
    }
    Ok(PriceList { cloud, region, prices: found.prices.into_values().map(|(_, price)| price).collect() })
}

/// Prices by item and first day, with the place of each in the text.
#[derive(Default)]
struct Found {
    prices: BTreeMap<(String, Date), (usize, Price)>,
}

/// What a figure has in common with its neighbours.
#[derive(Clone, Default)]
struct Origin {
    source: Option<String>,
    read_on: Option<Date>,
    valid_from: Option<Date>,
}

/// The text, for the sake of its line numbers.
struct Page<'t> {
    text: &'t str,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl Page<'_> {
    fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    fn refuse(&self, offset: usize, field: Option<&str>, why: &str) -> ListError {
        let line = self.line(offset);
        ListError::at(field.map_or_else(|| format!("line {line}"), |field| format!("line {line}, {field}")), why)
    }

    fn at(&self, value: &Value<'_>, field: &str, why: &str) -> ListError {
        self.refuse(value.span().start, Some(field), why)
    }

    fn only(&self, table: &DeTable<'_>, within: &str, known: &[&str]) -> Result<(), ListError> {
        match table.iter().find(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            None => Ok(()),
            Some((key, _)) => {
                let why = format!("no such key here; there are {}", known.join(", "));
                Err(self.refuse(key.span().start, Some(&format!("{within}{}", key.get_ref())), &why))
            }
        }
    }

    fn word(&self, root: &DeTable<'_>, key: &str, like: &str) -> Result<String, ListError> {
        let Some(value) = root.get(key) else {
            return Err(self.refuse(0, Some(key), &format!("it is missing; write {key} = {like:?} at the top")));
        };
        let word = value.get_ref().as_str().filter(|word| item::is_plain(word));
        word.map(str::to_owned).ok_or_else(|| self.at(value, key, &format!("write a short word in quotes, like {key} = {like:?}")))
    }

    fn origin(&self, table: &DeTable<'_>, within: &str, above: &Origin) -> Result<Origin, ListError> {
        let mut origin = above.clone();
        if let Some(value) = table.get("source") {
            let text = value
                .get_ref()
                .as_str()
                .map(str::trim)
                .filter(|text| !text.is_empty() && text.len() <= LONGEST_SOURCE && !text.contains(char::is_control));
            let why = "write in one line, in quotes, where the figure can be looked up";
            origin.source = Some(text.ok_or_else(|| self.at(value, &format!("{within}source"), why))?.to_owned());
        }
        for (key, day) in [("read_on", &mut origin.read_on), ("valid_from", &mut origin.valid_from)] {
            if let Some(value) = table.get(key) {
                let why = "write a day without quotes, like 2026-11-22";
                *day = Some(day_of(value.get_ref()).ok_or_else(|| self.at(value, &format!("{within}{key}"), why))?);
            }
        }
        Ok(origin)
    }

    fn figures(&self, table: &DeTable<'_>, within: &str, origin: &Origin, found: &mut Found) -> Result<(), ListError> {
        for unit in UNITS {
            let Some(group) = table.get(unit.code()) else { continue };
            let Some(figures) = group.get_ref().as_table() else {
                return Err(self.at(group, &format!("{within}{unit}"), &format!("write what it is the price of, like {}", example(unit))));
            };
            for (key, value) in figures.iter() {
                let item = key.get_ref().as_ref();
                let field = format!("{within}{unit}.{item}");
                let refuse = |why: &str| self.at(value, &field, why);
                let counted = item::unit_of(item).map_err(|why| refuse(&why))?;
                if counted != unit {
                    return Err(refuse(&format!("{item} is counted otherwise; write {counted}.{item}")));
                }
                let usd = figure_of(value.get_ref()).map_err(|why| refuse(&why))?;
                let lacks =
                    |what: &str| refuse(&format!("{what} is missing; write it above the figure, or for all at the top of the file"));
                let price = Price {
                    item: item.to_owned(),
                    unit,
                    usd,
                    valid_from: origin.valid_from.ok_or_else(|| lacks("valid_from, the first day on which the figure holds,"))?,
                    source: origin.source.clone().ok_or_else(|| lacks("source, where the figure was read,"))?,
                    read_on: origin.read_on.ok_or_else(|| lacks("read_on, the day on which it was read,"))?,
                };
                let at = value.span().start;
                if let Some((first, same)) = found.prices.insert((price.item.clone(), price.valid_from), (at, price)) {
                    let first = self.line(first);
                    let why = format!("line {first} has a price for it from {} on, too; leave one", same.valid_from);
                    return Err(refuse(&why));
                }
            }
        }
        Ok(())
    }
}

fn example(unit: Unit) -> &'static str {
    match unit {
        Unit::Hour => "hour.cpu = \"0.0031\"",
        Unit::GibMonth => "gib_month.disk = \"0.021\"",
    }
}

fn figure_of(value: &DeValue<'_>) -> Result<Decimal, String> {
    let Some(text) = value.as_str() else {
        let bare = value.as_float().map(|float| float.as_str()).or_else(|| value.as_integer().map(|integer| integer.as_str()));
        return Err(format!("write the figure in quotes: \"{}\"", bare.unwrap_or("0.0136")));
    };
    if text == "free" {
        return Ok(Decimal::ZERO);
    }
    match figure::read(text)? {
        usd if usd.is_zero() => Err("zero is not believed; write \"free\" if it costs nothing, and no line if you do not know".into()),
        usd => Ok(usd),
    }
}

fn day_of(value: &DeValue<'_>) -> Option<Date> {
    let datetime = value.as_datetime().filter(|datetime| datetime.time.is_none() && datetime.offset.is_none())?;
    let date = datetime.date.filter(|date| YEARS.contains(&date.year))?;
    Date::from_calendar_date(i32::from(date.year), Month::try_from(date.month).ok()?, date.day).ok()
}
