//! Offer files of AWS: hundreds of megabytes, read in one pass. Memory grows with what is wanted and with the longest string of the file,
//! not with the file.
//!
//! ```text
//! { "offerCode", "version", "publicationDate",                          whose list it is
//!   "products": { SKU: { productFamily, attributes } },                 which SKUs are wanted
//!   "terms": { "OnDemand": { SKU: { TERM: { priceDimensions } } },      what those cost               term.rs
//!              "Reserved": … } }                                        skipped, as all else
//! ```
//!
//! The format: <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html>. The files
//! are under `/offers/v1.0/aws/<offer>/current/<region>/index.json` of the price list's address. What AWS calls effective is as a rule the
//! first day of the file's month, and not the day on which the price began.
//!
//! - The three parts come in this order, as AWS writes them; otherwise the file is refused.
//! - The file is read to its end, so that half a download is not taken for a list.
//! - Two products that look like the same item must cost the same, or the file is refused: which of them is meant nobody can say.
//! - An item that is wanted and not in the file is named in the answer.

mod product;
mod term;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};

use rust_decimal::Decimal;
use serde::de::DeserializeSeed;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, UtcOffset};

use self::product::IDLE;
use self::walk::Part;
use crate::error::ListError;
use crate::{Price, PriceList, item};

/// The offers in which AWS lists what has a price here: machines, disks and snapshots; balancers; addresses.
pub const OFFERS: [&str; 3] = [EC2, ELB, VPC];

const EC2: &str = "AmazonEC2";
const ELB: &str = "AWSELB";
const VPC: &str = "AmazonVPC";

/// What was taken from an offer file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The prices of what was wanted and is in this file.
    pub list: PriceList,
    /// Wanted, belongs into this offer, and has no price on demand in this file.
    pub missing: Vec<String>,
}

/// Reads the prices of the wanted items from an offer file of AWS, for one region. Items of other offers may be wanted, too: they are not
/// looked for, and not missing.
///
/// A price is that of the first units of a month. Where those are free, it is that of the first that cost something, so that no estimate
/// comes out too low.
///
/// # Errors
/// The file cannot be read, ends early, is no offer file, is that of another offer, or has a price that cannot be believed: in another
/// currency, counted otherwise, in pieces, zero, or two for one item. An item that no offer has is refused before anything is read.
pub fn read_offer(file: impl Read, region: &str, wanted: &[&str], read_on: Date) -> Result<Offer, ListError> {
    let mut reading = Reading { region, wanted: BTreeSet::new(), head: Head::default(), wanted_skus: BTreeMap::new(), found: Vec::new() };
    for name in wanted {
        item::unit_of(name).and_then(|_| offer_of(name)).map_err(|why| ListError::at(*name, why))?;
        reading.wanted.insert(*name);
    }
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, file));
    Part::Whole.of(&mut reading).deserialize(&mut json)?;
    json.end()?;
    reading.conclude(read_on)
}

/// Which offer has an item.
fn offer_of(name: &str) -> Result<&'static str, String> {
    match name {
        "snapshot" => Ok(EC2),
        "balancer" | "balancer-capacity" => Ok(ELB),
        "address" => Ok(VPC),
        _ if name.starts_with("machine/") || name.starts_with("disk/") => Ok(EC2),
        _ => Err("AWS has no such item".into()),
    }
}

/// Whose list it is.
#[derive(Default)]
struct Head {
    offer: Option<&'static str>,
    version: Option<String>,
    published: Option<Date>,
}

/// What is known so far.
struct Reading<'a> {
    region: &'a str,
    wanted: BTreeSet<&'a str>,
    head: Head,
    /// Products by their name (SKU), with the item that each is.
    wanted_skus: BTreeMap<String, String>,
    found: Vec<Found>,
}

/// What a product costs from a day on.
struct Found {
    item: String,
    sku: String,
    valid_from: Date,
    usd: Decimal,
}

impl Reading<'_> {
    fn conclude(self, read_on: Date) -> Result<Offer, ListError> {
        let (Some(offer), Some(version), Some(published)) = (self.head.offer, self.head.version, self.head.published) else {
            return Err(ListError::at("the head of the file", "this is no offer file: version or publicationDate is not there"));
        };
        let mut first: BTreeMap<(String, Date), Found> = BTreeMap::new();
        for found in self.found {
            match first.get(&(found.item.clone(), found.valid_from)) {
                Some(other) if other.usd != found.usd => {
                    let place = format!("{}, products {} and {}", found.item, other.sku, found.sku);
                    return Err(ListError::at(place, format!("two prices for {}: {} and {}", found.valid_from, other.usd, found.usd)));
                }
                Some(_) => {}
                None => drop(first.insert((found.item.clone(), found.valid_from), found)),
            }
        }
        let figures = |item: &str| first.values().filter(|found| found.item == item).map(|found| found.usd).collect::<BTreeSet<_>>();
        let (in_use, idle) = (figures("address"), figures(IDLE));
        let is_address_whole = !in_use.is_empty() && !idle.is_empty();
        if is_address_whole && in_use != idle {
            return Err(ListError::at(
                "address",
                format!("in use it costs {in_use:?} and idle {idle:?}, where Koza knows one price for both"),
            ));
        }
        let source = format!("AWS price list {offer}, version {version}, published {published}");
        let taken = first.into_values().filter(|found| found.item != IDLE && (found.item != "address" || is_address_whole));
        let priced = taken.map(|found| {
            let unit = item::unit_of(&found.item).map_err(|why| ListError::at(&found.item, why))?;
            let Found { item, valid_from, usd, .. } = found;
            Ok(Price { item, unit, usd, valid_from, source: source.clone(), read_on })
        });
        let prices: Vec<Price> = priced.collect::<Result<_, ListError>>()?;
        let of_this = self.wanted.iter().filter(|name| offer_of(name) == Ok(offer));
        let missing = of_this.filter(|name| !prices.iter().any(|price| price.item == **name)).map(|name| (*name).to_owned()).collect();
        Ok(Offer { list: PriceList { cloud: "aws".into(), region: self.region.to_owned(), prices }, missing })
    }
}

/// The day of a moment, in UTC.
fn day(text: &str) -> Result<Date, String> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok().and_then(|moment| moment.checked_to_offset(UtcOffset::UTC));
    let shown: String = text.chars().take(40).collect();
    moment.map(OffsetDateTime::date).ok_or_else(|| format!("{shown:?} is no moment like 2026-09-01T00:00:00Z"))
}
