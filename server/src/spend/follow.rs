//! What goes on by itself: charges are posted, what is set aside is renewed every hour, and what has no more is stopped. Nothing is deleted.

use std::collections::BTreeMap;

use app::domain::ids::{CourseId, EnvironmentId};
use app::domain::phase::Goal;
use time::{Duration, OffsetDateTime};
use tracing::{error, info, warn};

use super::accounts::{Accounts, Unreckoned};
use super::budget::{AHEAD, Need, need};
use super::charges::at_rate;
use crate::db::budgets::{self, Hold, Priced};
use crate::db::events::{self, Actor, Event};
use crate::db::{Db, environments, ledger};
use crate::engine::Engine;

/// What is set aside is reckoned anew after so long.
const RENEWED_EVERY: Duration = Duration::HOUR;

/// Follows every course in which something costs. One that cannot be reckoned is told of, and keeps nobody else's.
///
/// # Errors
/// As the database.
pub async fn follow(engine: &Engine) -> sqlx::Result<()> {
    let courses = budgets::courses_that_spend(&mut *engine.pool.acquire().await?).await?;
    for course in courses {
        match follow_course(engine, course).await {
            Ok(()) => {}
            Err(Unreckoned::Db(error)) => return Err(error),
            Err(trouble) => error!(%trouble, %course, "this course's money cannot be reckoned"),
        }
    }
    Ok(())
}

/// Posts what is due in a course, then looks after what is set aside in it.
///
/// # Errors
/// [`Unreckoned`].
pub async fn follow_course(engine: &Engine, course: CourseId) -> Result<(), Unreckoned> {
    let mut tx = engine.pool.begin().await?;
    budgets::lock(&mut tx, course).await?;
    let mut accounts = Accounts::of(&mut tx, course).await?;
    for unpriced in &accounts.unpriced {
        warn!(%course, "{unpriced}: what it costs is not charged until there is one");
    }
    if !accounts.due.posted.is_empty() && !ledger::post(&mut tx, &accounts.due.posted, &accounts.due.entries).await? {
        // Only a correction posts without this lock; the next round finds what is left.
        return Ok(());
    }
    let goals = budgets::goals(&mut tx, course).await?;
    for environment in accounts.holds.keys().copied().collect::<Vec<_>>() {
        if !goals.contains_key(&environment) {
            budgets::release(&mut tx, environment).await?;
            accounts.holds.remove(&environment);
        }
    }
    let to_look_at = goals.iter().filter(|(id, goal)| is_due(accounts.holds.get(id), **goal, accounts.now));
    let to_look_at: Vec<EnvironmentId> = to_look_at.map(|(id, _)| *id).collect();
    let mut looked_at: BTreeMap<_, _> = budgets::priced(&mut tx, &to_look_at).await?.into_iter().map(|one| (one.id, one)).collect();
    for (environment, goal) in &goals {
        if *goal == Goal::Running && accounts.is_used_up(accounts.holders_of(*environment)) {
            stop(&mut tx, &mut accounts, *environment).await?;
        } else if let Some(priced) = looked_at.remove(environment) {
            renew(&mut tx, &mut accounts, &priced, *goal).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Whether what is set aside for one is to be reckoned anew.
fn is_due(hold: Option<&Hold>, goal: Goal, now: OffsetDateTime) -> bool {
    match (hold, goal) {
        (_, Goal::Gone) => false,
        // It was asked for before money was held.
        (None, _) => true,
        (Some(hold), Goal::Stopped) => hold.runs_until > now || now - hold.renewed_at >= RENEWED_EVERY,
        (Some(hold), Goal::Running) => hold.short_since.is_some() || now - hold.renewed_at >= RENEWED_EVERY,
    }
}

async fn renew(db: &mut Db, accounts: &mut Accounts, priced: &Priced, goal: Goal) -> Result<(), Unreckoned> {
    let (id, now) = (priced.id, accounts.now);
    let book = accounts.book(&priced.shape.cloud, &priced.region);
    let reckoned = need(&priced.shape, goal == Goal::Running, &book, &accounts.purse, priced.lease_until, now);
    let (Ok(Need { usd, runs_until }), Ok(per_usd)) = (reckoned, accounts.per_usd()) else {
        // What has no price is told of above, and nobody loses work for it.
        return Ok(());
    };
    let up_to = accounts.spent_by(id) + at_rate(usd, per_usd);
    if goal == Goal::Stopped && accounts.holds.contains_key(&id) {
        budgets::keep_only(db, id, up_to, now).await?;
        note(accounts, id, up_to);
        return Ok(());
    }
    let more = up_to - accounts.committed(id);
    let room = accounts.room(accounts.holders_of(id));
    if room.is_none_or(|room| more <= 0 || more <= room) {
        budgets::hold(db, id, up_to, runs_until).await?;
        note(accounts, id, up_to);
        return Ok(());
    }
    if !accounts.holds.contains_key(&id) {
        // It runs since before money was held: whoever holds it gets a day to see that.
        budgets::hold(db, id, accounts.spent_by(id), now + AHEAD).await?;
    }
    if budgets::short(db, id).await? {
        let until = accounts.holds.get(&id).map_or(now + AHEAD, |hold| hold.runs_until);
        info!(environment = %id, "the budget has no more to set aside");
        events::record(db, id, &Actor::Koza, &Event::BudgetShort { until }).await?;
    }
    if accounts.holds.get(&id).is_some_and(|hold| hold.runs_until <= now) {
        stop(db, accounts, id).await?;
    }
    Ok(())
}

/// From now on it is reckoned with that.
fn note(accounts: &mut Accounts, id: EnvironmentId, up_to: i64) {
    if let Some(hold) = accounts.holds.get_mut(&id) {
        hold.up_to = up_to;
    }
}

/// The budget is used up: it stops, and everything on it is kept.
async fn stop(db: &mut Db, accounts: &mut Accounts, id: EnvironmentId) -> Result<(), Unreckoned> {
    if environments::set_goal(db, id, Goal::Stopped).await? {
        if !accounts.holds.contains_key(&id) {
            budgets::hold(db, id, accounts.spent_by(id), accounts.now).await?;
        }
        budgets::stopped(db, id).await?;
        info!(environment = %id, "stopped, because the budget is used up");
        events::record(db, id, &Actor::Koza, &Event::BudgetUsedUp).await?;
        events::record(db, id, &Actor::Koza, &Event::Asked { goal: Goal::Stopped }).await?;
    }
    Ok(())
}
