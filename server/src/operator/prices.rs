//! Prices: lists of AWS, lists of one's own, and exchange rates. What was entered is never changed: another figure has a later first day.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use app::domain::ids::CloudId;
use app::domain::money::Currency;
use clap::Subcommand;
use price_list::{Offer, PriceList};
use rust_decimal::Decimal;
use time::Date;
use time::macros::format_description;

use crate::config::Common;
use crate::db::audit::{self, Act, By, Of};
use crate::db::prices::{self, Figure};
use crate::db::{self, Db, credits};
use crate::engine::Engine;
use crate::pricing::{Price, Unit, micros};
use crate::spend::corrections::{self, Brought};

/// What can be done with prices.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring price lists in: offer files as AWS publishes them (JSON), or lists of one's own (TOML).
    Import {
        /// The files. Machines, disks and snapshots are in AmazonEC2's offer, balancers in AWSELB's, addresses in AmazonVPC's.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The region of offer files: ap-northeast-1.
        #[arg(long)]
        region: Option<String>,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
    /// Print a list for one's own hardware, to be filled in and imported.
    Example {
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
    /// What is entered, and from where.
    List {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
    /// Say what credits a cloud's account has, so that operators are told before they are gone.
    Credits {
        /// The cloud, as `koza cloud list` writes it.
        cloud: CloudId,
        /// How many dollars: 200; 0: it has none.
        usd: Decimal,
        /// Since when Koza uses them: 2026-11-01. Without it: today.
        #[arg(long, value_parser = day)]
        from: Option<Date>,
        /// Their last day.
        #[arg(long, value_parser = day)]
        until: Option<Date>,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
    /// Say what a dollar is in a currency from a day on.
    Rate {
        /// JPY or EUR.
        currency: String,
        /// So much of it is a dollar: 155.2.
        per_usd: Decimal,
        /// The first day: 2026-11-01. Without it: today.
        #[arg(long, value_parser = day)]
        from: Option<Date>,
        /// Where it was read.
        #[arg(long)]
        source: String,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
}

impl Command {
    /// What every command needs.
    #[must_use]
    pub fn common(&self) -> &Common {
        match self {
            Self::Import { common, .. }
            | Self::Example { common }
            | Self::List { common, .. }
            | Self::Credits { common, .. }
            | Self::Rate { common, .. } => common,
        }
    }
}

/// Does it.
///
/// # Errors
/// As the database; if a file is none, or says what cannot be believed.
pub async fn run(engine: &Engine, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Import { files, region, .. } => import(engine, files, region.as_deref()).await,
        Command::Example { .. } => Ok(write!(std::io::stdout().lock(), "{}", price_list::OWN_HARDWARE)?),
        Command::List { json, .. } => list(engine, *json).await,
        Command::Rate { currency, per_usd, from, source, .. } => rate(engine, currency, *per_usd, *from, source).await,
        Command::Credits { cloud, usd, from, until, .. } => enter_credits(engine, *cloud, *usd, *from, *until).await,
    }
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).map_err(|_| format!("{text} is no day: 2026-11-01"))
}

/// What Koza asks offer files for: all that a size of ours can become.
fn wanted() -> Vec<String> {
    let machines = cloud_aws::instance_types().map(|name| format!("machine/{name}"));
    let others = ["disk/gp3", "snapshot", "address", "balancer", "balancer-capacity"].map(str::to_owned);
    machines.chain(others).collect()
}

async fn import(engine: &Engine, files: &[PathBuf], region: Option<&str>) -> anyhow::Result<()> {
    let today = db::now(&mut *engine.pool.acquire().await?).await?.date();
    let mut lists = Vec::new();
    for path in files {
        let list = if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
            price_list::read_toml(&text).with_context(|| path.display().to_string())?
        } else {
            offer(path, region, today)?
        };
        lists.push(list);
    }
    // All or nothing: half a price list would price half of what is asked for.
    let mut tx = engine.pool.begin().await?;
    let brought = bring(&mut tx, &lists).await?;
    let imported = Act::PricesImported { new: brought.new, corrections: brought.entries };
    audit::note(&mut tx, By::Shell, Of::SITE, &imported).await?;
    tx.commit().await?;
    println!("{} new figures, {} that were known.", brought.new, brought.known);
    tell(&brought);
    Ok(())
}

/// What somebody has to know of figures that were brought in.
pub fn tell(brought: &Brought) {
    for differ in &brought.differ {
        println!("Not changed: {differ}. Give the new figure a later first day.");
    }
    if brought.entries > 0 {
        let usd = Decimal::new(brought.corrected, 6);
        println!("They hold for days that were charged already: {} entries correct that by {usd} USD.", brought.entries);
    }
}

fn offer(path: &Path, region: Option<&str>, today: Date) -> anyhow::Result<PriceList> {
    let Some(region) = region else { bail!("{} is an offer file: say its region with --region", path.display()) };
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let wanted = wanted();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let Offer { list, missing } = price_list::read_offer(file, region, &wanted, today).with_context(|| path.display().to_string())?;
    for item in missing {
        println!("{}: no price of {item} there. What needs it is refused.", path.display());
    }
    Ok(list)
}

/// Enters lists.
///
/// # Errors
/// As the database; if a course's time zone is none.
pub async fn bring(db: &mut Db, lists: &[PriceList]) -> anyhow::Result<Brought> {
    let figures: Vec<_> = lists
        .iter()
        .flat_map(|list| {
            list.prices.iter().map(|price| Figure {
                cloud: &list.cloud,
                region: &list.region,
                item: &price.item,
                price: Price { usd: price.usd, unit: price.unit, valid_from: price.valid_from },
                source: &price.source,
                read_on: price.read_on,
            })
        })
        .collect();
    Ok(corrections::bring(db, &figures).await?)
}

async fn list(engine: &Engine, as_json: bool) -> anyhow::Result<()> {
    let all = prices::all(&mut *engine.pool.acquire().await?).await?;
    if as_json {
        return super::print_json(&all);
    }
    let mut out = std::io::stdout().lock();
    for one in &all {
        let unit = if one.unit == Unit::Hour.code() { "an hour" } else { "a GiB and month" };
        writeln!(
            out,
            "{:<6} {:<16} {:<22} {:>12} USD {:<16} from {}  read {}: {}",
            one.cloud, one.region, one.item, one.usd, unit, one.valid_from, one.read_on, one.source
        )?;
    }
    for (currency, day, per_usd, source) in prices::all_rates(&mut *engine.pool.acquire().await?).await? {
        writeln!(out, "1 USD = {} {currency} from {day}: {source}", per_usd.normalize())?;
    }
    Ok(())
}

async fn enter_credits(engine: &Engine, cloud: CloudId, usd: Decimal, from: Option<Date>, until: Option<Date>) -> anyhow::Result<()> {
    let mut tx = engine.pool.begin().await?;
    let from = match from {
        Some(day) => day,
        None => db::now(&mut tx).await?.date(),
    };
    let amount = micros(usd);
    if amount < 0 || until.is_some_and(|until| until < from) {
        bail!("{usd} USD from {from} on are no credits");
    }
    if !credits::set(&mut tx, cloud, (amount > 0).then_some((amount, from)), until).await? {
        bail!("there is no cloud {cloud}: see `koza cloud list`");
    }
    audit::note(&mut tx, By::Shell, Of::SITE, &Act::CreditsEntered { cloud, usd: amount }).await?;
    tx.commit().await?;
    match amount {
        0 => println!("{cloud} has no credits."),
        _ => println!(
            "{cloud}: operators are told when 50, 80 and 100 % of {usd} USD are used{}.",
            match until {
                Some(until) => format!(", and 30 and 7 days before {until}"),
                None => String::new(),
            }
        ),
    }
    Ok(())
}

async fn rate(engine: &Engine, currency: &str, per_usd: Decimal, from: Option<Date>, source: &str) -> anyhow::Result<()> {
    let Some(known) = Currency::from_code(currency).filter(|known| *known != Currency::Usd) else {
        bail!("{currency} is none of the currencies that courses reckon in: JPY, EUR");
    };
    if per_usd <= Decimal::ZERO {
        bail!("{per_usd} is no exchange rate");
    }
    let mut tx = engine.pool.begin().await?;
    let day = match from {
        Some(day) => day,
        None => db::now(&mut tx).await?.date(),
    };
    if !prices::enter_rate(&mut tx, known, day, per_usd, source).await? {
        bail!("another rate is entered from {day} on; rates are not changed: give the new one a later first day");
    }
    let entered = Act::RateEntered { currency: known.code().to_owned(), from: day.to_string(), per_usd: per_usd.normalize().to_string() };
    audit::note(&mut tx, By::Shell, Of::SITE, &entered).await?;
    tx.commit().await?;
    println!("From {day} on a dollar is {per_usd} {currency}. What was charged keeps the rate of its day.");
    Ok(())
}
