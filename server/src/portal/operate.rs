//! The port `Operate`: the operator's room. What is wrong is found by the same counts that `/metrics` tells and `koza doctor` looks at.

use app::domain::operate::{AuditLine, DeadChore, Finding, IncidentRow, Room};
use app::domain::person::Caller;
use app::error::AppError;
use app::ports::Operate;
use async_trait::async_trait;
use uuid::Uuid;

use super::environments::EnvironmentsPort;
use super::unexpected;
use crate::auth::access::{Action, Standing};
use crate::db::audit::{self, Act, By, Entry, Filter, Of};
use crate::db::gauges::Gauges;
use crate::db::{chores, gauges, incidents};
use crate::spend::unpriced;

/// So many lines of each list.
const LINES: i64 = 50;
/// What waits longer for a worker waits too long.
const LATE_SECONDS: f64 = 300.0;

/// Only who runs the site, whatever else they are: for everybody else there is no such room.
fn may_operate(caller: &Caller) -> Result<(), AppError> {
    Standing::of(false, None, caller.is_operator).may(Action::Operate)
}

/// A count as pages have it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are whole, and `as` stops at the ends")]
fn whole(count: f64) -> u32 {
    count as u32
}

fn number(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn queue(gauges: &Gauges) -> Vec<Finding> {
    let open = gauges.by_fault.iter().map(|(_, count)| whole(*count)).sum();
    let dead = gauges.chores.iter().filter(|(state, _)| state == "dead").map(|(_, count)| whole(*count)).sum();
    let all = [
        (gauges.workers < 1.0, Finding::NoWorker),
        (gauges.oldest_due > LATE_SECONDS, Finding::QueueIsLate { minutes: whole(gauges.oldest_due / 60.0) }),
        (gauges.parked >= 1.0, Finding::Parked { environments: whole(gauges.parked) }),
        (dead > 0, Finding::DeadChores { chores: dead }),
        (open > 0, Finding::OpenIncidents { incidents: open }),
    ];
    all.into_iter().filter(|(is_so, _)| *is_so).map(|(_, finding)| finding).collect()
}

fn line(entry: Entry) -> AuditLine {
    let Entry { row, person, whom, course, environment } = entry;
    AuditLine {
        // Without the millionths.
        at: row.at.split('.').next().unwrap_or_default().replace('T', " "),
        by: person.unwrap_or(row.actor),
        act: row.act,
        of: [course, environment, whom].into_iter().flatten().collect(),
        number: row.number,
    }
}

#[async_trait]
impl Operate for EnvironmentsPort {
    async fn room(&self, caller: &Caller) -> Result<Room, AppError> {
        may_operate(caller)?;
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let gauges = gauges::read(&mut db).await.map_err(unexpected)?;
        let mut findings = queue(&gauges);
        let unpriced = unpriced::everywhere(&mut db).await.map_err(unexpected)?;
        findings.extend(unpriced.into_iter().map(|(course, said)| Finding::Unpriced { course, said }));
        if self.engine.mailer.is_none() {
            findings.push(Finding::NoMail);
        }
        let state = audit::state(&mut db).await.map_err(unexpected)?;
        if state.is_late {
            findings.push(Finding::AuditIsLate { rows: number(state.waiting) });
        }
        let dead = chores::dead(&mut db, LINES).await.map_err(unexpected)?.into_iter().map(|chore| DeadChore {
            id: chore.id,
            kind: chore.kind,
            key: chore.key,
            tries: u32::try_from(chore.tries).unwrap_or(0),
            said: chore.said.unwrap_or_default(),
            at: chore.dead_at,
        });
        let incidents = incidents::of_today(&mut db).await.map_err(unexpected)?.into_iter().map(|line| IncidentRow {
            course: line.course,
            environment: line.name,
            id: line.environment.to_string(),
            fault: line.fault,
            at: line.detected_at,
            mended_after: line.recovered_after.map(whole),
        });
        let counts = chores::counts(&mut db).await.map_err(unexpected)?.into_iter();
        Ok(Room {
            findings,
            workers: whole(gauges.workers),
            due: whole(gauges.due),
            held: whole(gauges.claimed),
            environments: gauges.by_goal.into_iter().map(|(goal, count)| (goal, whole(count))).collect(),
            chores: counts.map(|count| (count.kind, count.state, number(count.count))).collect(),
            dead: dead.collect(),
            incidents: incidents.take(LINES as usize).collect(),
            audit: audit::read(&mut db, Filter::default(), LINES).await.map_err(unexpected)?.into_iter().map(line).collect(),
        })
    }

    async fn retry(&self, caller: &Caller, id: Uuid) -> Result<(), AppError> {
        may_operate(caller)?;
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        if !chores::retry(&mut tx, id).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        audit::note(&mut tx, By::Person(caller.person), Of::SITE, &Act::ChoreRetried { id }).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }
}
