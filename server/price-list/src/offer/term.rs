//! What a product costs on demand.

use std::fmt;
use std::marker::PhantomData;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use time::Date;

use crate::{Unit, figure, item};

/// Tiers, terms and currencies of one product; AWS has a handful of each.
const MOST: usize = 64;

/// The members of a small object, in order.
pub(super) struct Few<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Few<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Few<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Few<T>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            if members.len() == MOST {
                return Err(A::Error::custom(format!("more than {MOST} terms, tiers or currencies of one product")));
            }
            members.push(member);
        }
        Ok(Few(members))
    }
}

/// An offer of a product from a day on.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Term {
    effective_date: String,
    price_dimensions: Few<Tier>,
}

/// What one unit costs from so many units a month on.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tier {
    unit: String,
    begin_range: Option<String>,
    price_per_unit: Few<String>,
}

impl Term {
    /// The day from which the item costs so much, or why that cannot be said.
    pub(super) fn price(&self, name: &str) -> Result<(Date, Decimal), String> {
        let unit = if name == super::IDLE { Unit::Hour } else { item::unit_of(name)? };
        let mut tiers = Vec::new();
        for (_, tier) in &self.price_dimensions.0 {
            tiers.push((tier.begins()?, tier.usd(unit)?));
        }
        tiers.sort();
        let begins_once = tiers.windows(2).all(|pair| pair[0].0 < pair[1].0);
        if tiers.first().is_none_or(|first| !first.0.is_zero()) || !begins_once {
            return Err("its tiers do not begin at 0, each at another figure".into());
        }
        let costs = tiers.iter().map(|tier| tier.1).find(|usd| !usd.is_zero());
        let usd = costs.ok_or("it costs nothing, which is not believed")?;
        Ok((super::day(&self.effective_date)?, usd))
    }
}

impl Tier {
    fn begins(&self) -> Result<Decimal, String> {
        let text = self.begin_range.as_deref().unwrap_or("0");
        let begins = Decimal::from_str_exact(text).ok().filter(|begins| !begins.is_sign_negative());
        begins.ok_or_else(|| "a tier begins at what is no figure".into())
    }

    fn usd(&self, unit: Unit) -> Result<Decimal, String> {
        let is_known = match unit {
            Unit::Hour => matches!(self.unit.as_str(), "Hrs" | "LCU-Hrs"),
            Unit::GibMonth => matches!(self.unit.as_str(), "GB-Mo" | "GB-month"),
        };
        if !is_known {
            let shown: String = self.unit.chars().take(40).collect();
            return Err(format!("it is counted in {shown:?}, and not by the {unit}"));
        }
        let prices = &self.price_per_unit.0;
        match prices.iter().find(|(currency, _)| currency == "USD") {
            Some((_, text)) => figure::read(text),
            None => {
                let others: Vec<&str> = prices.iter().map(|(currency, _)| currency.as_str()).filter(|word| word.len() <= 8).collect();
                Err(format!("its price is in {}, and not in USD", if others.is_empty() { "no currency".into() } else { others.join(", ") }))
            }
        }
    }
}
