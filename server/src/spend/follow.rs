//! What goes on by itself: charges are posted, what is set aside is renewed every hour, and what has no more is stopped. Nothing is deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use app::domain::ids::{CourseId, EnvironmentId};
use app::domain::news::News;
use app::domain::phase::Goal;
use time::{Duration, OffsetDateTime};
use tracing::{error, info, warn};

use super::accounts::{Accounts, Unreckoned};
use super::budget::{AHEAD, Need, need};
use super::charges::{Clock, at_rate};
use super::thresholds;
use crate::db::audit::{self, Act, By, Of};
use crate::db::budgets::{self, Hold, Priced};
use crate::db::events::{self, Actor, Event};
use crate::db::{Db, environments, ledger, notices};
use crate::engine::Engine;

/// What is set aside is reckoned anew after so long.
const RENEWED_EVERY: Duration = Duration::HOUR;
/// A course is looked at in the first round after so long, that is, in every second one; and in the next when something there is to be stopped.
const LOOKED_AT_AFTER: Duration = Duration::seconds(30);

/// What was said to have no price.
static SAID: Mutex<BTreeSet<(CourseId, String)>> = Mutex::new(BTreeSet::new());

/// Follows every course whose money is to be looked at by now. One that cannot be reckoned is told of, and keeps nobody else's.
///
/// # Errors
/// As the database: the first that happened, once every course had its turn.
pub async fn follow(engine: &Engine) -> sqlx::Result<()> {
    let courses = budgets::courses_to_look_at(&mut *engine.pool.acquire().await?, LOOKED_AT_AFTER).await?;
    let mut failed = Ok(());
    for course in courses {
        match follow_course(engine, course).await {
            Ok(()) => {}
            Err(Unreckoned::Db(error)) => {
                warn!(%error, %course, "this course's money was not followed");
                failed = failed.and(Err(error));
            }
            Err(trouble) => error!(%trouble, %course, "this course's money cannot be reckoned"),
        }
    }
    failed
}

/// Posts what is due in a course, then looks after what is set aside in it, then stops what has no more: one transaction after the other, because
/// they lock intervals, environments, and again environments.
///
/// # Errors
/// [`Unreckoned`].
pub async fn follow_course(engine: &Engine, course: CourseId) -> Result<(), Unreckoned> {
    let mut tx = engine.pool.begin().await?;
    budgets::lock(&mut tx, course).await?;
    let mut accounts = Accounts::of(&mut tx, course).await?;
    for unpriced in &accounts.unpriced {
        // Said once by each process: the page says it all the time, and so does `koza doctor`.
        if SAID.lock().expect("no panic while it is held").insert((course, unpriced.clone())) {
            warn!(%course, "{unpriced}: what it costs is not charged until there is one");
        }
    }
    if !accounts.due.posted.is_empty() {
        if !ledger::post(&mut tx, &accounts.due.posted, &accounts.due.entries).await? {
            // Somebody without this lock has posted; the next round finds what is left.
            return Ok(());
        }
        tx.commit().await?;
        tx = engine.pool.begin().await?;
        budgets::lock(&mut tx, course).await?;
        accounts = Accounts::of(&mut tx, course).await?;
    }
    let to_stop = look_after(&mut tx, &mut accounts).await?;
    thresholds::tell(&mut tx, &accounts).await?;
    // Where something is to be stopped, the next round sees to it that it was.
    budgets::reckoned(&mut tx, course, to_stop.is_empty()).await?;
    tx.commit().await?;
    for environment in to_stop {
        let mut tx = engine.pool.begin().await?;
        stop(&mut tx, &accounts, environment).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Releases and renews; which are to be stopped.
async fn look_after(db: &mut Db, accounts: &mut Accounts) -> Result<Vec<EnvironmentId>, Unreckoned> {
    let goals = budgets::goals(db, accounts.purse.course).await?;
    for environment in accounts.holds.keys().copied().collect::<Vec<_>>() {
        if !goals.contains_key(&environment) {
            budgets::release(db, environment).await?;
            accounts.release(environment);
        }
    }
    let to_look_at = goals.iter().filter(|(id, goal)| is_due(accounts.holds.get(id), **goal, accounts.now));
    let to_look_at: Vec<EnvironmentId> = to_look_at.map(|(id, _)| *id).collect();
    let mut looked_at: BTreeMap<_, _> = budgets::priced(db, &to_look_at).await?.into_iter().map(|one| (one.id, one)).collect();
    let mut to_stop = Vec::new();
    for (environment, goal) in &goals {
        let is_used_up = *goal == Goal::Running && accounts.is_used_up(accounts.holders_of(*environment));
        let has_no_more = match looked_at.remove(environment) {
            Some(priced) if !is_used_up => renew(db, accounts, &priced, *goal).await?,
            _ => false,
        };
        if is_used_up || has_no_more {
            if !accounts.holds.contains_key(environment) {
                budgets::hold(db, *environment, accounts.spent_by(*environment), accounts.now).await?;
            }
            to_stop.push(*environment);
        }
    }
    Ok(to_stop)
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

/// Sets aside for the time that comes; whether there is no more for one that runs, and what was set aside is used.
async fn renew(db: &mut Db, accounts: &mut Accounts, priced: &Priced, goal: Goal) -> Result<bool, Unreckoned> {
    let (id, now) = (priced.id, accounts.now);
    let book = accounts.book(&priced.shape.cloud, &priced.region);
    let reckoned = need(&priced.shape, goal == Goal::Running, &book, &accounts.purse, priced.lease_until, now);
    let (Ok(Need { usd, runs_until }), Ok(per_usd)) = (reckoned, accounts.per_usd()) else {
        // What has no price is told of above, and nobody loses work for it.
        return Ok(false);
    };
    let known = accounts.holds.get(&id).copied();
    let up_to = accounts.spent_by(id) + at_rate(usd, per_usd);
    if goal == Goal::Stopped {
        match known {
            Some(_) => budgets::keep_only(db, id, up_to, now).await?,
            None => budgets::hold(db, id, up_to, now).await?,
        }
        accounts.note(id, up_to, now);
        return Ok(false);
    }
    let more = up_to - accounts.committed(id);
    let room = accounts.room(accounts.holders_of(id));
    if room.is_none_or(|room| more <= 0 || more <= room) {
        budgets::hold(db, id, up_to, runs_until).await?;
        accounts.note(id, up_to, runs_until);
        if known.is_some_and(|hold| hold.short_since.is_some()) {
            // There is more again: open pages say no longer that there is not.
            events::tell_live_pages(db, id).await?;
        }
        return Ok(false);
    }
    let until = match known {
        Some(hold) => hold.runs_until,
        None => {
            // It runs since before money was held: whoever holds it gets a day to see that.
            let (spent, until) = (accounts.spent_by(id), now + AHEAD);
            budgets::hold(db, id, spent, until).await?;
            accounts.note(id, spent, until);
            until
        }
    };
    if budgets::short(db, id).await? {
        info!(environment = %id, "the budget has no more to set aside");
        events::record(db, id, &Actor::Koza, &Event::BudgetShort { until }).await?;
        let until = Clock::of(&accounts.purse.time_zone)?.local(until);
        tell_holders(db, accounts, id, &News::BudgetShort { until }).await?;
    }
    Ok(until <= now)
}

/// The budget is used up: it stops, and everything on it is kept.
async fn stop(db: &mut Db, accounts: &Accounts, id: EnvironmentId) -> sqlx::Result<()> {
    if environments::set_goal(db, id, Goal::Stopped).await? {
        budgets::stopped(db, id).await?;
        info!(environment = %id, "stopped, because the budget is used up");
        events::record(db, id, &Actor::Koza, &Event::BudgetUsedUp).await?;
        tell_holders(db, accounts, id, &News::BudgetUsedUp).await?;
        events::record(db, id, &Actor::Koza, &Event::Asked { goal: Goal::Stopped }).await?;
        audit::note(db, By::Koza, Of::environment(id), &Act::Asked { goal: Goal::Stopped }).await?;
    }
    Ok(())
}

/// Tells whoever holds an environment something about it.
async fn tell_holders(db: &mut Db, accounts: &Accounts, id: EnvironmentId, news: &News) -> sqlx::Result<()> {
    let holders: Vec<_> = accounts.holders_of(id).iter().map(|(person, _)| *person).collect();
    notices::tell(db, &holders, Some(accounts.purse.course), Some(id), news).await
}
