//! What an environment is made of, as far as it costs, before anything of it is there.

use app::domain::price::{Cost, PriceLine};
use cloud::{Kind, Meter, Size};
use rust_decimal::Decimal;
use time::{Duration, OffsetDateTime};

use crate::wish::{Options, Spec};

use super::{Book, NoPrice, Quantity, Thing, micros, quantities};

/// An environment as its price sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Its cloud: `aws`, `incus`, `sim`.
    pub cloud: String,
    /// How large its machines are.
    pub size: Size,
    /// How many.
    pub machines: u16,
    /// How many images of its disk were saved.
    pub images: u16,
    /// Whether it keeps its addresses while it is stopped.
    pub keeps_addresses: bool,
}

/// What is there and counted, so many times.
type Things = Vec<(Kind, Meter, u16)>;

/// A line before it is money of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What for.
    pub cost: Cost,
    /// How many, or how many GiB.
    pub count: Decimal,
    /// Dollars for an hour while it runs.
    pub running: Decimal,
    /// Dollars for an hour while it is stopped.
    pub stopped: Decimal,
}

impl Shape {
    /// That of an environment of this version, as its holder chose.
    #[must_use]
    pub fn of(cloud: String, spec: &Spec, options: &Options) -> Self {
        let images = u16::try_from(options.saved.len()).unwrap_or(u16::MAX);
        let size = options.size.unwrap_or(spec.size);
        Self { cloud, size, machines: options.machines.max(1), images, keeps_addresses: !spec.gives_back_address }
    }

    fn things(&self, is_running: bool) -> Things {
        let is_spread = self.machines > 1;
        let snapshots = if self.cloud == "incus" { 0 } else { self.images + u16::from(is_spread) };
        let disk = if self.cloud == "incus" { Kind::Machine } else { Kind::Disk };
        vec![
            (Kind::Machine, Meter::Running, if is_running { self.machines } else { 0 }),
            (disk, Meter::Exists, self.machines),
            (Kind::Address, Meter::Exists, if is_running || self.keeps_addresses { self.machines } else { 0 }),
            (Kind::Balancer, Meter::Exists, u16::from(is_spread)),
            (Kind::Snapshot, Meter::Exists, snapshots),
        ]
    }

    /// What it is made of while it runs, or while it is stopped.
    ///
    /// # Errors
    /// [`NoPrice`] if its cloud has nothing that large.
    pub fn quantities(&self, is_running: bool) -> Result<Vec<Quantity>, NoPrice> {
        let mut all = Vec::new();
        for (kind, meter, count) in self.things(is_running).into_iter().filter(|(_, _, count)| *count > 0) {
            for mut quantity in quantities(&self.cloud, Thing { kind, meter, size: self.size, bakes: false })? {
                quantity.amount *= Decimal::from(count);
                all.push(quantity);
            }
        }
        Ok(all)
    }

    /// What it costs from one moment to another, in dollars.
    ///
    /// # Errors
    /// [`NoPrice`].
    pub fn cost(&self, book: &Book, is_running: bool, from: OffsetDateTime, to: OffsetDateTime) -> Result<Decimal, NoPrice> {
        self.quantities(is_running)?.iter().map(|quantity| book.cost(quantity, from, to)).sum()
    }

    /// Line by line, for the hour that begins now.
    ///
    /// # Errors
    /// [`NoPrice`].
    pub fn lines(&self, book: &Book, now: OffsetDateTime) -> Result<Vec<Line>, NoPrice> {
        let hour = now + Duration::HOUR;
        let mut lines: Vec<_> =
            Cost::ALL.map(|cost| Line { cost, count: Decimal::ZERO, running: Decimal::ZERO, stopped: Decimal::ZERO }).into();
        for is_running in [true, false] {
            for quantity in self.quantities(is_running)? {
                let usd = book.cost(&quantity, now, hour)?;
                let Some(line) = lines.iter_mut().find(|line| Some(line.cost) == Cost::of_item(&quantity.item)) else { continue };
                if is_running {
                    line.running += usd;
                    line.count += quantity.amount;
                } else {
                    line.stopped += usd;
                }
            }
        }
        // Processors and memory are counted by the machine that has them.
        for line in lines.iter_mut().filter(|line| line.cost == Cost::Machine) {
            line.count = Decimal::from(self.machines);
        }
        lines.retain(|line| !line.count.is_zero());
        Ok(lines)
    }
}

impl Line {
    /// The same in a course's money.
    #[must_use]
    pub fn at_rate(&self, per_usd: Decimal) -> PriceLine {
        PriceLine {
            cost: self.cost,
            count: u32::try_from(self.count.ceil()).unwrap_or(u32::MAX),
            running: micros(self.running * per_usd),
            stopped: micros(self.stopped * per_usd),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::{Price, Unit};
    use time::macros::{date, datetime};

    fn tokyo() -> Book {
        let mut book = Book::default();
        for (item, usd, unit) in [
            ("machine/t3.micro", "0.0136", Unit::Hour),
            ("disk/gp3", "0.096", Unit::GibMonth),
            ("snapshot", "0.05", Unit::GibMonth),
            ("address", "0.005", Unit::Hour),
            ("balancer", "0.0243", Unit::Hour),
            ("balancer-capacity", "0.008", Unit::Hour),
        ] {
            book.add(item, Price { usd: usd.parse().expect("a figure"), unit, valid_from: date!(2024 - 02 - 01) });
        }
        book
    }

    fn shape(machines: u16) -> Shape {
        let size = Size { cpus: 2, memory_mib: 1024, disk_gib: 8 };
        Shape { cloud: "aws".into(), size, machines, images: 0, keeps_addresses: true }
    }

    #[test]
    fn scaling_out_brings_a_balancer_its_capacity_its_addresses_and_a_snapshot() {
        let now = datetime!(2026-11-01 0:00 UTC);
        let six = |usd: Decimal| usd.round_dp(6).normalize();
        let show = |machines| {
            let lines = shape(machines).lines(&tokyo(), now).expect("prices");
            let one = |line: &Line| format!("{:?} {} {} {}", line.cost, line.count, six(line.running), six(line.stopped));
            lines.iter().map(one).collect::<Vec<_>>()
        };
        // November has 720 hours.
        assert_eq!(show(1), ["Machine 1 0.0136 0", "Disk 8 0.001067 0.001067", "Address 1 0.005 0.005"]);
        assert_eq!(
            show(2),
            [
                "Machine 2 0.0272 0",
                "Disk 16 0.002133 0.002133",
                "Address 4 0.02 0.02",
                "Balancer 1 0.0243 0.0243",
                "Capacity 1 0.008 0.008",
                "Snapshot 8 0.000556 0.000556"
            ]
        );
    }

    #[test]
    fn a_size_without_a_price_is_not_priced() {
        let large = Shape { size: Size { cpus: 8, memory_mib: 1024, disk_gib: 8 }, ..shape(1) };
        assert_eq!(large.lines(&tokyo(), datetime!(2026-11-01 0:00 UTC)), Err(NoPrice { item: "machine/t3.2xlarge".into() }));
    }
}
