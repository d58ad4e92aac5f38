//! The audit: reading it, and proving that nobody changed it.

use std::io::Write;

use anyhow::{Context, bail};
use clap::Subcommand;

use crate::config::Common;
use crate::db::audit::chain::{self, Head, Verified};
use crate::db::audit::{self, Entry, Filter};
use crate::db::{courses, people};
use crate::engine::Engine;

/// So many rows are read at once.
const PAGE: i64 = 1_000;

/// What can be done with the audit.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reckon all seals again, and say where the first row is that was changed, taken out or moved. Ends with an error if there is one.
    Verify {
        /// A head that was printed earlier and kept elsewhere: `1234:9f86…`. Without it nobody notices that the newest rows were cut off.
        #[arg(long, value_name = "NUMBER:SEAL")]
        head: Option<Head>,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
    /// Who did what, the newest first.
    List {
        /// In one course: its code.
        #[arg(long)]
        course: Option<String>,
        /// What somebody did, or what was done to them: the name they sign in with.
        #[arg(long)]
        person: Option<String>,
        /// So many rows.
        #[arg(long, default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// As JSON, one row a line, for programs.
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
        let (Self::Verify { common, .. } | Self::List { common, .. }) = self;
        common
    }
}

/// Does it.
///
/// # Errors
/// As the database; if the chain is broken, or there is no such course or person.
pub async fn run(engine: &Engine, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Verify { head, .. } => verify(engine, head.as_ref()).await,
        Command::List { course, person, limit, json, .. } => {
            let filter = filter(engine, course.as_deref(), person.as_deref()).await?;
            list(engine, filter, i64::from(*limit), *json).await
        }
    }
}

async fn verify(engine: &Engine, kept: Option<&Head>) -> anyhow::Result<()> {
    let Verified { head, broken, waiting } = chain::verify(&mut *engine.pool.acquire().await?, kept).await?;
    if let Some(broken) = broken {
        bail!("the audit is broken: {broken}");
    }
    match head {
        Some(head) => {
            println!("The audit is whole: {} rows are sealed. Keep its head where nobody of this host can change it:\n{head}", head.number)
        }
        None => println!("Nothing is sealed yet."),
    }
    if waiting > 0 {
        println!("{waiting} rows wait for their seal; nothing is said of these.");
    }
    Ok(())
}

async fn filter(engine: &Engine, course: Option<&str>, person: Option<&str>) -> anyhow::Result<Filter> {
    let mut db = engine.pool.acquire().await?;
    let course = match course {
        Some(code) => Some(courses::find(&mut db, code).await?.with_context(|| format!("there is no course {code}"))?),
        None => None,
    };
    let person = match person {
        Some(name) => Some(people::password(&mut db, name).await?.with_context(|| format!("nobody signs in as {name}"))?.person),
        None => None,
    };
    Ok(Filter { course, person, before: None })
}

async fn list(engine: &Engine, mut filter: Filter, limit: i64, as_json: bool) -> anyhow::Result<()> {
    let mut left = limit;
    while left > 0 {
        let entries = audit::read(&mut *engine.pool.acquire().await?, filter, left.min(PAGE)).await?;
        let Some(last) = entries.last() else { break };
        filter.before = Some(last.row.id);
        left -= i64::try_from(entries.len())?;
        let mut out = std::io::stdout().lock();
        for entry in &entries {
            match as_json {
                true => writeln!(out, "{}", entry.json())?,
                false => writeln!(out, "{}", line(entry))?,
            }
        }
    }
    Ok(())
}

fn line(entry: &Entry) -> String {
    let row = &entry.row;
    let by = entry.person.as_deref().unwrap_or(&row.actor);
    let mut text = format!("{:.19}  {by:<20} {:<20}", row.at.replace('T', " "), row.act);
    for of in [&entry.course, &entry.environment, &entry.whom].into_iter().flatten() {
        text.push(' ');
        text.push_str(of);
    }
    if row.detail != "{}" {
        text.push(' ');
        text.push_str(&row.detail);
    }
    text
}
