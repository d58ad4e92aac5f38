//! The port `Desk`: a course's environments for its staff, and acts on many of them.
//!
//! ```text
//!  ticked, or all that are shown ─► preview (nothing is done) ─► rows, one for each ─► done one after the other, each as if its page were asked
//! ```
//!
//! What came of each is written down as it comes. Whoever asked waits for a moment; what is left then is a chore's, and so is what a
//! process leaves that ends in the middle: an environment whose turn is not written down is asked again, and says that it is so already.

use std::time::{Duration, Instant};

use app::domain::desk::{BulkAct, BulkActView, Came, Desk, DeskCard, DeskRow, Filter, Preview, Verdict};
use app::domain::ids::{BulkActId, CourseId, EnvironmentId};
use app::domain::person::Caller;
use app::domain::phase::Phase;
use app::error::AppError;
use app::ports::{self, Costs, Environments};
use async_trait::async_trait;
use serde_json::Value;

use super::environments::EnvironmentsPort;
use super::{unexpected, view};
use crate::auth::access::Action;
use crate::db::audit::{self, Act, By, Of};
use crate::db::chores::{self, New};
use crate::db::{Db, desk, world};
use crate::engine::Engine;
use crate::engine::chores::{Kind, Trouble};
use crate::spend::Accounts;

/// So many are on a page.
const PAGE: usize = 100;
/// So many at once, and no more.
const MOST: usize = 2_000;
/// So long whoever asked waits for what is done at once.
const PATIENCE: Duration = Duration::from_secs(3);
/// A chore ends before its deadline, and another one goes on.
const STINT: Duration = Duration::from_secs(12);

impl EnvironmentsPort {
    /// All of a course that may be shown, in no order.
    async fn desk_rows(&self, db: &mut Db, course: CourseId, accounts: &Accounts, removed: bool) -> Result<Vec<DeskRow>, AppError> {
        let mut rows = Vec::new();
        for row in desk::rows(db, course, removed).await.map_err(unexpected)? {
            let phase = match row.phase {
                Some(phase) => phase,
                None => {
                    let phase = view::phase_of(&world::load(db, row.id).await.map_err(unexpected)?);
                    desk::note_phase(db, row.id, phase).await.map_err(unexpected)?;
                    phase
                }
            };
            rows.push(DeskRow {
                id: row.id,
                name: row.name,
                holders: row.holders,
                phase,
                goal: row.goal,
                attention: row.attention,
                spent: accounts.spent_by(row.id),
                last_use: row.last_use,
                lease_until: row.lease_until,
            });
        }
        Ok(rows)
    }

    /// One environment's part of an act on many: asked as on its page, so that access, budgets and events are those of a page.
    async fn do_to(&self, caller: &Caller, act: BulkAct, id: EnvironmentId) -> Result<Came, AppError> {
        let (goal, needs_attention) = {
            let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
            let known = world::load(&mut db, id).await.map_err(unexpected)?;
            (known.goal, known.attention.is_some())
        };
        match act.verdict(goal, needs_attention) {
            Verdict::Already => return Ok(Came::Already),
            Verdict::Cannot => return Err(AppError::Conflict),
            Verdict::Does => {}
        }
        match act {
            BulkAct::Start => self.start(caller, id).await?,
            BulkAct::Stop => self.stop(caller, id).await?,
            BulkAct::TryAgain => self.try_again(caller, id).await?,
            BulkAct::Keep => match self.extend(caller, id).await {
                // It ends later than that already.
                Err(AppError::Conflict) => return Ok(Came::Already),
                kept => kept?,
            },
        }
        Ok(Came::Done)
    }
}

/// Goes on with an act on many for so long; whether all of it is done.
///
/// # Errors
/// As the database.
pub async fn go_on(engine: &Engine, id: BulkActId, patience: Duration) -> sqlx::Result<bool> {
    let port = EnvironmentsPort { engine: engine.clone(), door: None };
    // The lock is this transaction's, and nothing else is.
    let mut turn = engine.pool.begin().await?;
    if !desk::take_turn(&mut turn, id).await? {
        return Ok(false);
    }
    let mut db = engine.pool.acquire().await?;
    let Some(course) = desk::course_of(&mut db, id).await? else { return Ok(true) };
    // One of a newer release is left to a newer worker.
    let Some(asked) = desk::find(&mut db, id, course).await? else { return Ok(false) };
    drop(db);
    let (began, mut is_done) = (Instant::now(), true);
    for (environment, _, _, came) in asked.rows {
        if came.is_some() {
            continue;
        }
        if began.elapsed() > patience {
            return Ok(false);
        }
        let came = match port.do_to(&asked.by, asked.act, environment).await {
            // Nothing was decided: it is asked again.
            Err(AppError::Unexpected { .. } | AppError::TryAgain) => {
                is_done = false;
                continue;
            }
            came => came.unwrap_or_else(Came::Refused),
        };
        desk::came(&mut *engine.pool.acquire().await?, id, environment, &came).await?;
    }
    Ok(is_done)
}

/// Does the chore of an act on many.
///
/// # Errors
/// [`Trouble`]: there is more to be done, or the database failed.
pub async fn perform(engine: &Engine, id: BulkActId) -> Result<(), Trouble> {
    match go_on(engine, id, STINT).await? {
        true => Ok(()),
        false => Err(Trouble::passing("there is more to be done")),
    }
}

#[async_trait]
impl ports::Desks for EnvironmentsPort {
    async fn mine(&self, caller: &Caller) -> Result<Vec<DeskCard>, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        desk::courses(&mut db, caller.person, caller.is_operator).await.map_err(unexpected)
    }

    async fn desk(&self, caller: &Caller, code: &str, filter: Filter) -> Result<Desk, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, title, standing) = self.may_in_course(&mut db, caller, code, Action::SeeDesk).await?;
        let accounts = Accounts::of(&mut db, course).await.map_err(unexpected)?;
        let here = self.desk_rows(&mut db, course, &accounts, false).await?;
        let count = |phase| u32::try_from(here.iter().filter(|row| row.phase == phase).count()).unwrap_or(u32::MAX);
        let counts: Vec<_> = Phase::ALL.into_iter().map(|phase| (phase, count(phase))).filter(|(_, count)| *count > 0).collect();
        let need_attention = u32::try_from(here.iter().filter(|row| row.attention.is_some()).count()).unwrap_or(u32::MAX);
        let mut rows = match filter.phase {
            Some(Phase::Removed) => self.desk_rows(&mut db, course, &accounts, true).await?,
            _ => here,
        };
        rows.retain(|row| filter.shows(row));
        filter.sort(&mut rows);
        let pages = rows.len().div_ceil(PAGE).max(1);
        let page = (filter.page as usize).clamp(1, pages);
        Ok(Desk {
            code: code.to_owned(),
            title,
            currency: accounts.purse.currency,
            matching: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            pages: u32::try_from(pages).unwrap_or(u32::MAX),
            rows: rows.into_iter().skip((page - 1) * PAGE).take(PAGE).collect(),
            filter: Filter { page: u32::try_from(page).unwrap_or(1), ..filter },
            counts,
            need_attention,
            may_act: standing.may(Action::Steer).is_ok(),
        })
    }

    async fn preview(
        &self,
        caller: &Caller,
        code: &str,
        act: BulkAct,
        whom: Option<Vec<EnvironmentId>>,
        filter: Filter,
    ) -> Result<Preview, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, _, standing) = self.may_in_course(&mut db, caller, code, Action::SeeDesk).await?;
        standing.may(Action::Steer)?;
        let accounts = Accounts::of(&mut db, course).await.map_err(unexpected)?;
        let mut rows = self.desk_rows(&mut db, course, &accounts, false).await?;
        rows.retain(|row| whom.as_ref().map_or_else(|| filter.shows(row), |whom| whom.contains(&row.id)));
        filter.sort(&mut rows);
        rows.truncate(MOST);
        let rows = rows.into_iter().map(|row| (act.verdict(row.goal, row.attention.is_some()), row));
        Ok(Preview { code: code.to_owned(), act, rows: rows.map(|(verdict, row)| (row, verdict)).collect() })
    }

    async fn begin(&self, caller: &Caller, code: &str, act: BulkAct, whom: &[EnvironmentId]) -> Result<BulkActId, AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let (course, _, standing) = self.may_in_course(&mut tx, caller, code, Action::SeeDesk).await?;
        standing.may(Action::Steer)?;
        if whom.is_empty() || whom.len() > MOST {
            return Err(AppError::Conflict);
        }
        let id = desk::begin(&mut tx, course, caller.person, act, whom).await.map_err(unexpected)?;
        let key = id.to_string();
        let chore = New { kind: Kind::BulkAct.code(), key: &key, course: Some(course), data: Value::Null };
        chores::add(&mut tx, &chore).await.map_err(unexpected)?;
        let begun = Act::BulkActBegun { id, act, environments: whom.len() };
        audit::note(&mut tx, By::Person(caller.person), Of::course(course), &begun).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)?;
        // It is taken down: what is not done now is the chore's, whatever happens here.
        if let Err(error) = go_on(&self.engine, id, PATIENCE).await {
            tracing::warn!(%error, bulk_act.id = %id, "an act on many goes on later");
        }
        Ok(id)
    }

    async fn bulk_act(&self, caller: &Caller, code: &str, id: BulkActId) -> Result<BulkActView, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut db, caller, code, Action::SeeDesk).await?;
        let asked = desk::find(&mut db, id, course).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        Ok(BulkActView { id, code: code.to_owned(), act: asked.act, by: asked.by.name, at: asked.at, rows: asked.rows })
    }
}
