//! What an operator looks at: environments and why they are looked at next, one environment's plan, workers and their claims.
//!
//! It reads rows and asks no cloud: what it shows is what the loop last observed. Only [`clouds`] asks; it, [`courses`], [`people`] and [`prices`] change something.

pub mod audit;
pub mod bills;
pub mod clouds;
pub mod courses;
pub mod people;
pub mod prices;

use std::io::Write;

use app::domain::ids::EnvironmentId;
use app::domain::reason::Attention;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::db::{chores, environments, incidents, queue, world};
use crate::engine::Engine;
use crate::wish::plan::plan;

/// Every environment that is not removed, those that need attention first.
///
/// # Errors
/// As the database.
pub async fn environments(engine: &Engine, as_json: bool) -> anyhow::Result<()> {
    let all = environments::overview(&mut *engine.pool.acquire().await?).await?;
    if as_json {
        return print_json(&all);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<30} {:<10} {:<22} {:<8} {:<22} {:<10} last", "environment", "course", "name", "goal", "attention", "next look")?;
    for one in &all {
        writeln!(
            out,
            "{:<30} {:<10} {:<22} {:<8} {:<22} {:<10} {}",
            one.id.to_string(),
            one.course,
            one.name,
            one.goal,
            one.attention.as_deref().unwrap_or("-"),
            match (&one.claimed_by, one.next_look_in) {
                (Some(_), _) => "now".to_owned(),
                (None, Some(seconds)) => format!("{seconds:.0} s"),
                (None, None) => "never".to_owned(),
            },
            one.last_event.as_deref().unwrap_or("-"),
        )?;
    }
    Ok(())
}

/// The plan of one environment, as the loop would make it now.
#[derive(Debug, Serialize)]
struct Planned {
    environment: EnvironmentId,
    now: Vec<Step>,
    waiting: Vec<Step>,
    attention: Option<Attention>,
    #[serde(with = "time::serde::rfc3339::option")]
    looks_again_at: Option<OffsetDateTime>,
}

/// One line of it: an action, and why it may be done or what it waits for.
#[derive(Debug, Serialize)]
struct Step {
    action: String,
    why: String,
}

/// Shows what the loop would do next with an environment, and why.
///
/// # Errors
/// As the database; if there is no such environment.
pub async fn plan_of(engine: &Engine, id: EnvironmentId, as_json: bool) -> anyhow::Result<()> {
    let known = world::load(&mut *engine.pool.acquire().await?, id).await?;
    let handle = engine.clouds.get(&engine.pool, known.cloud).await?;
    let plan = plan(&known.wish(handle.cloud.nature()), &known.world, known.now);
    if !as_json {
        write!(std::io::stdout().lock(), "{plan}")?;
        if let Some(at) = plan.look_again {
            writeln!(std::io::stdout().lock(), "looks again in {:.1} s", (at - known.now).as_seconds_f64())?;
        }
        return Ok(());
    }
    let words = |action: &crate::wish::plan::Action| action.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    print_json(&Planned {
        environment: id,
        now: plan.now.iter().map(|(action, because)| Step { action: words(action), why: (*because).to_owned() }).collect(),
        waiting: plan.waiting.iter().map(|(action, until)| Step { action: words(action), why: format!("until {until}") }).collect(),
        attention: plan.attention,
        looks_again_at: plan.look_again,
    })
}

/// Every incident that is open or was noticed within a day: what broke, when, and how long it took to mend.
///
/// # Errors
/// As the database.
pub async fn incidents(engine: &Engine, as_json: bool) -> anyhow::Result<()> {
    let all = incidents::of_today(&mut *engine.pool.acquire().await?).await?;
    if as_json {
        return print_json(&all);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<30} {:<10} {:<22} {:<20} {:<20} mended after", "environment", "course", "name", "fault", "noticed")?;
    for one in &all {
        let noticed = one.detected_at.format(&Rfc3339)?;
        let after = match one.recovered_after {
            Some(seconds) => format!("{seconds:.1} s"),
            None if one.is_dropped => "never: the wish changed".to_owned(),
            None => "open".to_owned(),
        };
        writeln!(
            out,
            "{:<30} {:<10} {:<22} {:<20} {:<20.20} {after}",
            one.environment.to_string(),
            one.course,
            one.name,
            one.fault,
            noticed
        )?;
    }
    Ok(())
}

/// Chores by kind and state, and what is dead with what was said.
#[derive(Debug, Serialize)]
struct Chores {
    counts: Vec<chores::Count>,
    dead: Vec<chores::Dead>,
}

/// Shows chores.
///
/// # Errors
/// As the database.
pub async fn chores(engine: &Engine, as_json: bool) -> anyhow::Result<()> {
    let mut db = engine.pool.acquire().await?;
    let all = Chores { counts: chores::counts(&mut db).await?, dead: chores::dead(&mut db, 100).await? };
    if as_json {
        return print_json(&all);
    }
    let mut out = std::io::stdout().lock();
    for one in &all.counts {
        writeln!(out, "{:<20} {:<6} {:>8}", one.kind, one.state, one.count)?;
    }
    for one in &all.dead {
        writeln!(out, "\n{}  {} {} was tried {} times:\n  {}", one.id, one.kind, one.key, one.tries, one.said.as_deref().unwrap_or("-"))?;
    }
    if all.counts.is_empty() {
        writeln!(out, "Nothing is to be done.")?;
    } else if !all.dead.is_empty() {
        writeln!(out, "\n`koza retry ID` tries one of them again.")?;
    }
    Ok(())
}

/// Tries a dead chore again.
///
/// # Errors
/// As the database; if there is no such dead chore.
pub async fn retry(engine: &Engine, id: Uuid) -> anyhow::Result<()> {
    let is_alive = chores::retry(&mut *engine.pool.acquire().await?, id).await?;
    anyhow::ensure!(is_alive, "there is no dead chore {id}, or its work is open as another one: see `koza chores`");
    println!("It is due now.");
    Ok(())
}

/// Workers that are alive or were within a day, and how many environments each holds.
///
/// # Errors
/// As the database.
pub async fn workers(engine: &Engine, as_json: bool) -> anyhow::Result<()> {
    let all = queue::workers(&mut *engine.pool.acquire().await?).await?;
    if as_json {
        return print_json(&all);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<36} {:<20} {:>12} {:>12} {:>7}", "worker", "host", "started", "last beat", "claims")?;
    for one in &all {
        writeln!(out, "{:<36} {:<20} {:>10.0} s {:>10.0} s {:>7}", one.id, one.host, one.started_ago, one.beat_ago, one.claims)?;
    }
    Ok(())
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}
