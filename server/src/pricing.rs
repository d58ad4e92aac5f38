//! What things cost: one function prices everything that Koza says about money before it is spent, while it is, and afterwards.
//!
//! A price is an exact decimal for an hour of one thing, or for a calendar month of a GiB. A price that is missing is [`NoPrice`], never zero.

pub mod book;
pub mod shape;
pub mod span;

pub use book::{Book, NoPrice, Price, Unit};
use cloud::{Kind, Meter, Size};
use rust_decimal::{Decimal, RoundingStrategy};
pub use shape::{Line, Shape};
pub use span::Span;

/// What so much of something costs over a span, in dollars.
#[must_use]
pub fn cost(price: &Price, quantity: Decimal, span: Span) -> Decimal {
    price.usd * quantity * span.of(price.unit)
}

/// Dollars as millionths, the half upwards. What no number of theirs holds is the largest.
#[must_use]
pub fn micros(amount: Decimal) -> i64 {
    let rounded = (amount * Decimal::from(1_000_000)).round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    i64::try_from(rounded).unwrap_or(i64::MAX)
}

/// So much of an item of the price book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantity {
    /// The item, as price lists name it: `machine/t3.micro`.
    pub item: String,
    /// How many, or how many GiB.
    pub amount: Decimal,
}

/// A resource, as far as its price depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thing {
    /// What it is.
    pub kind: Kind,
    /// What of it is counted.
    pub meter: Meter,
    /// How large its environment's machines are.
    pub size: Size,
    /// Whether it belongs to a machine that an image is baked on.
    pub bakes: bool,
}

/// An application load balancer has an address in each of two zones (`deploy/aws/terraform`).
const BALANCED_ZONES: u32 = 2;

/// What a resource is made of, as its cloud's price list counts it. Nothing for what costs nothing.
///
/// Of a balancer's capacity one unit is counted, which is the most that a class needs: 25 new connections a second, 1 GB an hour
/// (<https://aws.amazon.com/elasticloadbalancing/pricing/>). Of a snapshot the whole disk is, which is the most that it can hold.
///
/// # Errors
/// [`NoPrice`] if its cloud has no machine that large.
pub fn quantities(cloud: &str, thing: Thing) -> Result<Vec<Quantity>, NoPrice> {
    let of = |item: &str, amount: Decimal| Quantity { item: item.to_owned(), amount };
    let Size { cpus, memory_mib, disk_gib } = thing.size;
    let disk = Decimal::from(disk_gib);
    Ok(match (thing.kind, cloud) {
        // On Incus a machine's disk is part of it, and there as long as the machine is.
        (Kind::Machine, "incus") if thing.meter == Meter::Exists => vec![of("disk", disk)],
        (Kind::Machine, _) if thing.meter == Meter::Exists => Vec::new(),
        (Kind::Machine, "aws") => {
            let name = cloud_aws::instance_type(thing.size).map_err(|_| NoPrice { item: format!("machine/{cpus}-{memory_mib}") })?;
            let mut all = vec![of(&format!("machine/{name}"), Decimal::ONE)];
            // It goes out by an address that EC2 lends it while it runs.
            all.extend(thing.bakes.then(|| of("address", Decimal::ONE)));
            all
        }
        (Kind::Machine, _) => vec![of("cpu", Decimal::from(cpus)), of("memory", Decimal::from(memory_mib) / Decimal::from(1024))],
        (Kind::Disk, "aws") => vec![of("disk/gp3", disk)],
        (Kind::Disk, _) => vec![of("disk", disk)],
        (Kind::Snapshot, _) => vec![of("snapshot", disk)],
        (Kind::Address, _) => vec![of("address", Decimal::ONE)],
        (Kind::Balancer, "aws") => {
            vec![of("balancer", Decimal::ONE), of("balancer-capacity", Decimal::ONE), of("address", Decimal::from(BALANCED_ZONES))]
        }
        (Kind::Balancer, _) => vec![of("balancer", Decimal::ONE)],
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(usd: &str, unit: Unit) -> Price {
        Price { usd: usd.parse().expect("a figure"), unit, valid_from: time::macros::date!(2021 - 01 - 01) }
    }

    fn cents(amount: Decimal) -> String {
        amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero).to_string()
    }

    #[test]
    fn the_lesson_costs_what_its_report_says() {
        let machines = cost(&price("0.0152", Unit::Hour), Decimal::TWO, Span::MONTH);
        let disks = cost(&price("0.12", Unit::GibMonth), Decimal::from(8 * 2), Span::MONTH);
        let balancer = cost(&price("0.0243", Unit::Hour), Decimal::ONE, Span::MONTH);
        let capacity = cost(&price("0.008", Unit::Hour), Decimal::ONE, Span::MONTH);
        assert_eq!(cents(machines), "22.19");
        assert_eq!(cents(disks), "1.92");
        assert_eq!((cents(balancer), cents(capacity)), ("17.74".to_owned(), "5.84".to_owned()));
        assert_eq!(cents(balancer + capacity), "23.58");
        let all = machines + disks + balancer + capacity;
        assert_eq!(cents(all), "47.69");
        let yen = all * "103.69".parse::<Decimal>().expect("a rate");
        assert_eq!(yen.round().to_string(), "4945");
        assert_eq!((yen / Decimal::from(30)).round().to_string(), "165", "a day");
        // Since 2024-02-01 every public address costs: two machines' and the balancer's two.
        let addresses = cost(&price("0.005", Unit::Hour), Decimal::from(4), Span::MONTH);
        assert_eq!(cents(all + addresses), "62.29");
    }

    #[test]
    fn half_a_millionth_counts_as_one_whichever_way() {
        let of = |amount: &str| micros(amount.parse().expect("a figure"));
        assert_eq!([of("0.0000005"), of("-0.0000005"), of("0.00000049"), of("22.192")], [1, -1, 0, 22_192_000]);
    }
}
