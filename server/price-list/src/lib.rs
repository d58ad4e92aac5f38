//! Price lists in one shape: the ones that Koza ships, the one that an operator writes, and the ones that AWS publishes.
//!
//! ```text
//!  lists/*.toml, compiled in ──► shipped()    ─┐
//!  an operator's TOML file   ──► read_toml()  ─┼──► PriceList { cloud, region, prices }
//!  an offer file of AWS      ──► read_offer() ─┘
//! ```
//!
//! - Figures are exact decimals, read from text; nothing passes through a float.
//! - Every figure says where it was read, on which day, and from which day it holds.
//! - What is not known is absent, and never zero. Zero is a price only where somebody wrote `free`.
//! - A list has at most one price for an item and a day. A later day ends what held before; nothing ends by itself.
//!
//! Items, in US dollars for:
//!
//! | item | one | for |
//! |---|---|---|
//! | `machine/t3.micro` | machine of that type: Linux, shared hardware, on demand | an hour that it runs |
//! | `address` | public IPv4 address, in use or idle | an hour |
//! | `balancer` | application load balancer | an hour |
//! | `balancer-capacity` | capacity unit (LCU) that a balancer uses | an hour |
//! | `cpu` | processor of own hardware | an hour |
//! | `memory` | GiB of memory of own hardware | an hour |
//! | `disk`, `disk/gp3` | GiB of disk | a calendar month |
//! | `snapshot` | GiB of snapshots | a calendar month |
//!
//! Multiplying, adding, rounding and the choice of a disk are not done in here, nor is anything fetched.

mod error;
mod figure;
mod item;
mod offer;
mod shipped;
mod written;

use std::fmt;

use rust_decimal::Decimal;
use time::Date;

pub use error::ListError;
pub use offer::{OFFERS, Offer, read_offer};
pub use shipped::{OWN_HARDWARE, shipped};
pub use written::read_toml;

/// The prices of one cloud's region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    /// Which cloud: `aws`, `incus`, `sim`.
    pub cloud: String,
    /// Its name for the region: `ap-northeast-1`.
    pub region: String,
    /// By item, then by day; one for each pair at the most.
    pub prices: Vec<Price>,
}

/// What one item costs from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// What: a word of the table above.
    pub item: String,
    /// How it is counted.
    pub unit: Unit,
    /// US dollars for one unit; zero only where a list says `free`.
    pub usd: Decimal,
    /// The first day on which it holds, from midnight UTC.
    pub valid_from: Date,
    /// Where the figure was read.
    pub source: String,
    /// The day on which it was read there.
    pub read_on: Date,
}

/// How an item is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// One thing for an hour.
    Hour,
    /// One GiB for a calendar month. AWS writes GB-Mo and means 2³⁰ bytes.
    GibMonth,
}

impl Unit {
    /// `hour` or `gib_month`, as lists write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::GibMonth => "gib_month",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Hour, Self::GibMonth].into_iter().find(|unit| unit.code() == code)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl PriceList {
    /// What an item costs on a day: the price that began last. `None`: this list does not know.
    #[must_use]
    pub fn price_on(&self, item: &str, day: Date) -> Option<&Price> {
        let began = self.prices.iter().filter(|price| price.item == item && price.valid_from <= day);
        began.max_by_key(|price| price.valid_from)
    }
}
