//! Bills: what AWS says that it was, beside what Koza recorded, and why the two differ. A bill changes nothing: the ledger is ours, and who
//! finds it wrong corrects a price or a record.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use bill::{BillError, Cause, Kind, Known, Lives, Ours, Report};
use clap::Subcommand;
use rust_decimal::Decimal;
use serde_json::json;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::config::Common;
use crate::db::audit::{self, Act, By, Of};
use crate::db::ledger::Billed;
use crate::db::{self, environments, ledger, prices};
use crate::engine::{Engine, observe};
use crate::pricing::{Book, micros, quantities};

/// What can be done with bills.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a Cost and Usage Report (CSV or Parquet, legacy or CUR 2.0, with resource ids), and say where it differs from what Koza recorded.
    Import {
        /// All files of the report, in any order.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
}

impl Command {
    /// What every command needs.
    #[must_use]
    pub fn common(&self) -> &Common {
        let Self::Import { common, .. } = self;
        common
    }
}

/// Does it.
///
/// # Errors
/// As the database; if a file is no report, or says what cannot be read.
pub async fn run(engine: &Engine, command: &Command) -> anyhow::Result<()> {
    let Command::Import { files, json, .. } = command;
    let (report, has_tags) = compare(engine, files).await?;
    let mut names = BTreeMap::new();
    let mut db = engine.pool.acquire().await?;
    audit::note(&mut db, By::Shell, Of::SITE, &Act::BillImported { files: files.len() }).await?;
    for id in report.days.keys().filter_map(|(environment, _)| *environment).collect::<BTreeSet<_>>() {
        names.insert(id, environments::called(&mut db, id).await?.unwrap_or_else(|| id.to_string()));
    }
    if *json { print_as_json(&report, &names) } else { print(&report, &names, has_tags) }
}

/// Compares the files with what was recorded for the days that they are about.
///
/// # Errors
/// As the database; if a file is no report.
pub async fn compare(engine: &Engine, files: &[PathBuf]) -> anyhow::Result<(Report, bool)> {
    let (mut first, mut last, mut has_tags) = (None::<OffsetDateTime>, None::<OffsetDateTime>, false);
    for file in files {
        let lines = bill::read(file)?;
        has_tags |= lines.has_tags();
        for line in lines {
            let line = line?;
            if line.line_type.is_usage() {
                first = Some(first.map_or(line.from, |known| known.min(line.from)));
                last = Some(last.map_or(line.to, |known| known.max(line.to)));
            }
        }
    }
    let (first, last) = first.zip(last).context("the report has no line of usage")?;
    let begin = first.to_utc().date().midnight().assume_utc();
    let end = (last.to_utc() - Duration::MICROSECOND).date().saturating_add(Duration::DAY).midnight().assume_utc();

    let mut db = engine.pool.acquire().await?;
    let now = db::now(&mut db).await?;
    let books = prices::books(&mut db).await?;
    // A report also names what was gone before: its record is what tells a leftover from a stranger's.
    let all = ledger::used_after(&mut db, "aws", OffsetDateTime::UNIX_EPOCH).await?;
    let known = all.iter().map(|one| Known {
        environment: one.of.environment.0,
        resource: one.cloud_id.clone(),
        from: one.of.used.from,
        to: one.of.used.to,
    });
    let lives = Lives::new(observe::tag(engine.installation, Uuid::nil()).installation, known);
    let ours: Vec<Ours> = all.iter().flat_map(|one| by_day(one, &books, (begin, end.min(now)))).collect();
    let theirs = files.iter().map(|file| bill::read(file)).collect::<Result<Vec<_>, BillError>>()?;
    Ok((bill::explain(ours, &lives, theirs.into_iter().flatten(), now)?, has_tags))
}

/// What an interval used and cost, by day in UTC: AWS's days, whatever the course's clock says.
fn by_day(one: &Billed, books: &BTreeMap<(String, String), Book>, (begin, end): (OffsetDateTime, OffsetDateTime)) -> Vec<Ours> {
    let nothing = Book::default();
    let book = books.get(&(one.of.cloud.clone(), one.of.region.clone())).unwrap_or(&nothing);
    let (mut at, through) = (one.of.used.from.max(begin), one.of.used.through(end).min(end));
    let mut days = Vec::new();
    while at < through {
        let next = at.to_utc().date().saturating_add(Duration::DAY).midnight().assume_utc().min(through);
        for quantity in quantities(&one.of.cloud, one.of.thing).unwrap_or_default() {
            let (Some(kind), Ok(usd)) = (kind_of(&quantity.item), book.cost(&quantity, at, next)) else { continue };
            let span = crate::pricing::Span::between(at, next);
            let units = if matches!(kind, Kind::Disk | Kind::Snapshot) { span.months } else { span.hours };
            days.push(Ours {
                environment: one.of.environment.0,
                resource: one.cloud_id.clone(),
                kind,
                day: at.to_utc().date(),
                quantity: quantity.amount * units,
                usd: Decimal::new(micros(usd), 6),
            });
        }
        at = next;
    }
    days
}

fn kind_of(item: &str) -> Option<Kind> {
    Some(match item.split('/').next()? {
        "machine" => Kind::Machine,
        "disk" => Kind::Disk,
        "address" => Kind::Address,
        "balancer" => Kind::Balancer,
        "balancer-capacity" => Kind::BalancerCapacity,
        "snapshot" => Kind::Snapshot,
        _ => return None,
    })
}

/// A cause as people read it.
fn said(cause: Cause) -> &'static str {
    match cause {
        Cause::DataTransfer => "data transfer, which Koza does not record",
        Cause::Untagged => "ours, without our tag, and not recorded that day",
        Cause::Leftover => "leftover: there after it was gone for us, or never known",
        Cause::Unrecorded => "ours, and not recorded that day",
        Cause::Late => "late: recorded, and not in the report yet",
        Cause::NotBilled => "recorded, and not billed",
        Cause::Usage => "another quantity",
        Cause::Rate => "another price",
        Cause::FreeTier => "free tier, or paid for by a reservation",
        Cause::Credit => "credit",
        Cause::Refund => "refund",
        Cause::Tax => "tax",
        Cause::Agreement => "fees and discounts of an agreement",
        Cause::Rounding => "rounding",
    }
}

fn name_of(id: Option<Uuid>, names: &BTreeMap<Uuid, String>) -> String {
    id.map_or("(no environment)".to_owned(), |id| names.get(&id).cloned().unwrap_or_default())
}

fn print(report: &Report, names: &BTreeMap<Uuid, String>, has_tags: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if !has_tags {
        writeln!(out, "The report has none of our tags. Activate koza:environment and koza:installation as cost allocation tags.\n")?;
    }
    writeln!(out, "{:<24} {:<10} {:>14} {:>14} {:>14}  because", "environment", "day (UTC)", "ours", "AWS", "difference")?;
    for ((id, day), one) in &report.days {
        let causes: Vec<_> = one.causes.iter().map(|(cause, usd)| format!("{:+} {}", money(*usd), said(*cause))).collect();
        let because = if causes.is_empty() { "the same".to_owned() } else { causes.join("; ") };
        let (ours, theirs, difference) = (money(one.ours), money(one.theirs), money(one.difference()));
        writeln!(out, "{:<24} {:<10} {ours:>14} {theirs:>14} {difference:>+14}  {because}", name_of(*id, names), day.to_string())?;
    }
    let total = &report.total;
    writeln!(
        out,
        "\nTogether: ours {} USD, AWS {} USD, difference {:+} USD.",
        money(total.ours),
        money(total.theirs),
        money(total.difference())
    )?;
    for (cause, usd) in &total.causes {
        writeln!(out, "  {:>+14}  {}", money(*usd), said(*cause))?;
    }
    for ((cause, resource), tally) in &report.resources {
        writeln!(out, "  {resource}: {} USD in {} lines, {}", money(tally.usd), tally.lines, said(*cause))?;
    }
    writeln!(out, "{} lines over {} USD have nothing to do with this site.", report.not_ours.lines, money(report.not_ours.usd))?;
    Ok(())
}

/// To the millionth: what is less is rounding.
fn money(usd: Decimal) -> Decimal {
    usd.round_dp(6)
}

fn print_as_json(report: &Report, names: &BTreeMap<Uuid, String>) -> anyhow::Result<()> {
    let causes = |of: &BTreeMap<Cause, Decimal>| -> BTreeMap<String, String> {
        of.iter().map(|(cause, usd)| (format!("{cause:?}"), usd.normalize().to_string())).collect()
    };
    let day = |((id, day), one): (&(Option<Uuid>, Date), &bill::Explained)| {
        json!({
            "environment": id, "name": name_of(*id, names), "day": day.to_string(),
            "ours": one.ours.normalize().to_string(), "theirs": one.theirs.normalize().to_string(), "causes": causes(&one.causes),
        })
    };
    super::print_json(&json!({
        "days": report.days.iter().map(day).collect::<Vec<_>>(),
        "ours": report.total.ours.normalize().to_string(),
        "theirs": report.total.theirs.normalize().to_string(),
        "causes": causes(&report.total.causes),
        "not_ours": {"lines": report.not_ours.lines, "usd": report.not_ours.usd.normalize().to_string()},
    }))
}
