//! Setting money aside: an environment runs only on money that is its own.
//!
//! For one that runs the next day of that is set aside, and keeping it stopped from then until its archive date, so that whatever happens the
//! work in it is kept; for one that is stopped, keeping it.

use app::domain::ids::{CourseId, EnvironmentId, PersonId};
use app::domain::money::Currency;
use app::domain::price::Estimate;
use time::{Duration, OffsetDateTime};

use super::accounts::{Accounts, Unreckoned};
use super::charges::at_rate;
use super::rates::NoRate;
use crate::db::budgets::{self, Purse};
use crate::db::{self, Db};
use crate::pricing::{Book, NoPrice, Shape, micros};

/// So much running is set aside at a time.
pub const AHEAD: Duration = Duration::DAY;

/// Why nothing is set aside.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The budget has no room for it.
    #[error("the budget has {left} left of {needed}")]
    OverBudget {
        /// In this money.
        currency: Currency,
        /// What may still be set aside, in millionths.
        left: i64,
        /// What would have to be.
        needed: i64,
    },
    /// Something has no price.
    #[error(transparent)]
    NoPrice(#[from] NoPrice),
    /// The course's money has no exchange rate.
    #[error(transparent)]
    NoRate(#[from] NoRate),
    /// The accounts could not be reckoned.
    #[error(transparent)]
    Unreckoned(#[from] Unreckoned),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Unreckoned(error.into())
    }
}

/// What has to be set aside for something that is so from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// So much, in dollars' millionths.
    pub usd: i64,
    /// Until then it may run.
    pub runs_until: OffsetDateTime,
}

/// When something that runs until then goes to its archive at the latest.
fn archived_at(purse: &Purse, lease_until: Option<OffsetDateTime>, runs_until: OffsetDateTime) -> OffsetDateTime {
    lease_until.unwrap_or(runs_until).max(runs_until) + purse.kept
}

/// What has to be set aside.
///
/// # Errors
/// [`NoPrice`].
pub fn need(
    shape: &Shape,
    is_running: bool,
    book: &Book,
    purse: &Purse,
    lease_until: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<Need, NoPrice> {
    // Whatever its lease says: as long as it runs, it costs.
    let runs_until = if is_running { now + AHEAD } else { now };
    let usd =
        shape.cost(book, true, now, runs_until)? + shape.cost(book, false, runs_until, archived_at(purse, lease_until, runs_until))?;
    Ok(Need { usd: micros(usd), runs_until })
}

/// Sets money aside for an environment of the transaction's, as it is there by now, or refuses. The caller holds the course's lock.
///
/// # Errors
/// [`Refused`].
pub async fn set_aside(db: &mut Db, course: CourseId, environment: EnvironmentId, is_running: bool) -> Result<(), Refused> {
    // Where nobody has set a budget, nobody else's spending matters.
    let accounts = match budgets::allowed(db, course).await?.is_unlimited() {
        true => Accounts::of_one(db, course, environment).await?,
        false => Accounts::of(db, course).await?,
    };
    let Some(priced) = budgets::priced(db, &[environment]).await?.pop() else { return Ok(()) };
    let book = accounts.book(&priced.shape.cloud, &priced.region);
    let need = need(&priced.shape, is_running, &book, &accounts.purse, priced.lease_until, accounts.now)?;
    let up_to = accounts.spent_by(environment) + at_rate(need.usd, accounts.per_usd()?);
    let needed = up_to - accounts.committed(environment);
    let holders = accounts.holders_of(environment);
    let is_used_up = is_running && accounts.is_used_up(holders);
    if let Some(left) = accounts.room(holders).filter(|left| is_used_up || needed > 0 && needed > *left) {
        return Err(Refused::OverBudget { currency: accounts.purse.currency, left: left.max(0), needed });
    }
    if is_running || !accounts.holds.contains_key(&environment) {
        budgets::hold(db, environment, up_to, need.runs_until).await?;
    } else {
        // What it is short of stays written: it is stopped still.
        budgets::keep_only(db, environment, up_to, accounts.now).await?;
    }
    Ok(())
}

/// What something costs before it is asked for, and whether a person's budget has room for it; `of`: an environment that would change to it.
///
/// # Errors
/// [`Refused`].
pub fn estimate(
    accounts: &Accounts,
    shape: &Shape,
    region: &str,
    holders: &[(PersonId, i32)],
    of: Option<(EnvironmentId, Option<OffsetDateTime>)>,
) -> Result<Estimate, Refused> {
    let (book, per_usd, now) = (accounts.book(&shape.cloud, region), accounts.per_usd()?, accounts.now);
    let lease_until = of.map_or(Some(now + accounts.purse.lease), |(_, lease_until)| lease_until);
    let lines = shape.lines(&book, now)?.iter().map(|line| line.at_rate(per_usd)).collect();
    let need = need(shape, true, &book, &accounts.purse, lease_until, now)?;
    let in_its_money = |usd| at_rate(usd, per_usd);
    let is_held = of.map_or(0, |(id, _)| accounts.committed(id) - accounts.spent_by(id));
    let lease = match lease_until {
        Some(until) => in_its_money(micros(shape.cost(&book, true, now, until.max(now))?)),
        None => 0,
    };
    Ok(Estimate {
        currency: accounts.purse.currency,
        lines,
        lease_until,
        lease,
        hold: in_its_money(need.usd) - is_held,
        left: accounts.room(holders).map(|left| left.max(0)),
    })
}

/// Keeps an environment longer: for a whole lease from now on, held like everything else. False: its lease ends later than that already.
///
/// # Errors
/// [`Refused`].
pub async fn extend(db: &mut Db, course: CourseId, environment: EnvironmentId, is_running: bool) -> Result<bool, Refused> {
    let is_longer = db::environments::extend_lease(db, environment).await?;
    if is_longer {
        set_aside(db, course, environment, is_running).await?;
    }
    Ok(is_longer)
}
