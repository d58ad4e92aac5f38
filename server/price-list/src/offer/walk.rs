//! The way through an offer file: what is wanted is kept, everything else is passed over.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::product::{IDLE, Product};
use super::term::{Few, Term};
use super::{Found, OFFERS, Reading, day};

/// A real list has one product for an item. So many that look alike are an attack on our memory, or a list of all regions without their
/// names.
const MOST_ALIKE: usize = 16;
/// What AWS writes as a version is a date of fourteen digits.
const LONGEST_VERSION: usize = 40;
/// Terms that are kept. A real product has one on demand, or two when its price is about to change.
const MOST_TERMS: usize = 10_000;

const ORDER: &str = "this is no offer file: offerCode, products and terms must be there once each, in this order";

/// An object of the file that is walked through rather than kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Products,
    Terms,
    OnDemand,
}

impl Part {
    pub(super) fn of<'r, 'a>(self, reading: &'r mut Reading<'a>) -> Walk<'r, 'a> {
        Walk { part: self, reading }
    }
}

pub(super) struct Walk<'r, 'a> {
    part: Part,
    reading: &'r mut Reading<'a>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.part {
            Part::Whole => "an offer file, which is one object",
            Part::Products => "an object of products",
            Part::Terms => "an object of terms",
            Part::OnDemand => "an object of terms on demand",
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reading = self.reading;
        match self.part {
            Part::Whole => reading.whole(&mut map),
            Part::Products => reading.products(&mut map),
            Part::Terms => {
                while let Some(kind) = map.next_key::<String>()? {
                    if kind == "OnDemand" {
                        map.next_value_seed(Part::OnDemand.of(reading))?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(())
            }
            Part::OnDemand => reading.on_demand(&mut map),
        }
    }
}

impl Reading<'_> {
    fn whole<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        let mut done = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "offerCode" if self.head.offer.is_none() => {
                    let code: String = map.next_value()?;
                    let known = OFFERS.into_iter().find(|offer| *offer == code);
                    self.head.offer =
                        Some(known.ok_or_else(|| A::Error::custom(format!("no offer of ours; there are {}", OFFERS.join(", "))))?);
                }
                "version" => {
                    let version: String = map.next_value()?;
                    let is_plain = version.len() <= LONGEST_VERSION && version.bytes().all(|byte| byte.is_ascii_graphic());
                    self.head.version = Some(if is_plain { version } else { return Err(A::Error::custom("the version is no version")) });
                }
                "publicationDate" => self.head.published = Some(day(&map.next_value::<String>()?).map_err(A::Error::custom)?),
                "products" if done.is_empty() => {
                    map.next_value_seed(Part::Products.of(self))?;
                    done.push(Part::Products);
                }
                "terms" if done == [Part::Products] => {
                    map.next_value_seed(Part::Terms.of(self))?;
                    done.push(Part::Terms);
                }
                "offerCode" | "products" | "terms" => return Err(A::Error::custom(ORDER)),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if done.len() == 2 { Ok(()) } else { Err(A::Error::custom(ORDER)) }
    }

    fn products<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        let offer = self.head.offer.ok_or_else(|| A::Error::custom(ORDER))?;
        while let Some(sku) = map.next_key::<String>()? {
            let product: Product = map.next_value()?;
            let Some(item) = product.item(offer, self.region).filter(|item| self.wants(item)) else { continue };
            if self.wanted_skus.values().filter(|other| **other == item).count() == MOST_ALIKE {
                return Err(A::Error::custom(format!("more than {MOST_ALIKE} products look like {item}")));
            }
            if self.wanted_skus.contains_key(&sku) {
                return Err(A::Error::custom(format!("product {sku} is listed twice")));
            }
            self.wanted_skus.insert(sku, item);
        }
        Ok(())
    }

    fn wants(&self, item: &str) -> bool {
        self.wanted.contains(if item == IDLE { "address" } else { item })
    }

    fn on_demand<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        while let Some(wanted) = map.next_key_seed(Sku(&self.wanted_skus))? {
            let Some((sku, item)) = wanted else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            for (_, term) in map.next_value::<Few<Term>>()?.0 {
                let (valid_from, usd) = term.price(&item).map_err(|why| A::Error::custom(format!("{item}, product {sku}: {why}")))?;
                if self.found.len() == MOST_TERMS {
                    return Err(A::Error::custom(format!("more than {MOST_TERMS} terms of what is wanted")));
                }
                self.found.push(Found { item: item.clone(), sku: sku.clone(), valid_from, usd });
            }
        }
        Ok(())
    }
}

/// Reads the name of a product without keeping it, unless it is wanted.
struct Sku<'m>(&'m BTreeMap<String, String>);

impl<'de> DeserializeSeed<'de> for Sku<'_> {
    type Value = Option<(String, String)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Sku<'_> {
    type Value = Option<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a product (SKU)")
    }

    fn visit_str<E: Error>(self, sku: &str) -> Result<Self::Value, E> {
        Ok(self.0.get_key_value(sku).map(|(sku, item)| (sku.clone(), item.clone())))
    }
}
