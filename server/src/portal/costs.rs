//! The port `Costs`: what things cost, and what may be spent.

use std::collections::{BTreeMap, BTreeSet};

use app::domain::ids::{EnvironmentId, PersonId};
use app::domain::money::{Currency, Money};
use app::domain::person::Caller;
use app::domain::phase::{Goal, Phase};
use app::domain::price::{
    Account, AllowanceOf, AllowanceRow, BudgetState, Cost, CostsView, CourseSpending, Credits, DaySpent, EnvironmentName, Estimate, Member,
    SoFar, Spent,
};
use app::error::{AppError, Field, Why};
use app::ports::{BudgetOf, Costs, Granted};
use async_trait::async_trait;
use time::{Date, Duration};

use super::environments::EnvironmentsPort;
use super::{unexpected, unpaid, view};
use crate::auth::access::{Action, Standing};
use crate::db::audit::{self, Act, By, Of};
use crate::db::budgets::{self, Scope};
use crate::db::courses::VersionRow;
use crate::db::events::{self, Actor, Event};
use crate::db::ledger::{self, DayRow, EntryRow};
use crate::db::world::{self, Known};
use crate::db::{Db, courses, credits};
use crate::pricing::{Shape, micros};
use crate::spend::{self, Accounts};
use crate::wish::Options;

/// So many days are drawn.
const DRAWN: i64 = 60;
/// A reason is a sentence, not a file.
const REASON: usize = 500;
/// So many environments are on a page of a course's costs.
const PAGE: usize = 100;
/// People are told so many times of one budget, at most.
const MOST_THRESHOLDS: usize = 10;

/// What an environment has cost, and costs by the hour as things are in the cloud. `None`: nothing of it has cost anything yet, and nothing does.
///
/// # Errors
/// As the database.
pub async fn so_far(db: &mut Db, known: &Known) -> sqlx::Result<Option<SoFar>> {
    let accounts = match Accounts::of_one(db, known.course, known.id).await {
        Ok(accounts) => accounts,
        Err(spend::accounts::Unreckoned::Db(error)) => return Err(error),
        Err(trouble) => {
            tracing::error!(%trouble, course = %known.course, "this course's money cannot be reckoned");
            return Ok(None);
        }
    };
    let (spent, per_hour) = (accounts.spent_by(known.id), accounts.per_hour());
    if spent == 0 && per_hour == 0 && !accounts.holds.contains_key(&known.id) {
        return Ok(None);
    }
    Ok(Some(SoFar { currency: accounts.purse.currency, spent, per_hour, budget: budget_state(&accounts, known) }))
}

fn budget_state(accounts: &Accounts, known: &Known) -> BudgetState {
    match accounts.holds.get(&known.id) {
        Some(hold) if hold.stopped_at.is_some() && known.goal == Goal::Stopped => BudgetState::UsedUp,
        Some(hold) if hold.short_since.is_some() && known.goal == Goal::Running => BudgetState::Short(hold.runs_until),
        _ => BudgetState::Fine,
    }
}

/// What a request for a version in one of its sizes would cost, for each of them.
///
/// # Errors
/// As the database.
pub async fn offered(
    db: &mut Db,
    accounts: &Accounts,
    caller: &Caller,
    offer: &VersionRow,
) -> sqlx::Result<Vec<Result<Estimate, AppError>>> {
    let cloud = courses::cloud(db, offer.cloud).await?;
    let estimate = |size| {
        let shape = Shape { size, ..Shape::of(cloud.kind.clone(), &offer.spec, &Options::default()) };
        spend::estimate(accounts, &shape, &cloud.region, &[(caller.person, 1_000_000)], None).map_err(unpaid)
    };
    Ok(offer.spec.sizes().map(estimate).collect())
}

/// What an environment would cost with so many machines.
///
/// # Errors
/// As the database.
pub async fn with_machines(db: &mut Db, known: &Known) -> sqlx::Result<Vec<(u16, Result<Estimate, AppError>)>> {
    let Some(priced) = budgets::priced(db, &[known.id]).await?.pop() else { return Ok(Vec::new()) };
    let accounts = match Accounts::of(db, known.course).await {
        Ok(accounts) => accounts,
        Err(spend::accounts::Unreckoned::Db(error)) => return Err(error),
        Err(_) => return Ok(Vec::new()),
    };
    let holders = accounts.holders_of(known.id);
    let estimate = |machines| {
        let shape = Shape { machines, ..priced.shape.clone() };
        let of = Some((known.id, priced.lease_until));
        (machines, spend::estimate(&accounts, &shape, &priced.region, holders, of).map_err(unpaid))
    };
    Ok((1..=known.spec.most_machines).map(estimate).collect())
}

/// Everything that was posted or accrued, by day and by what it went to.
fn sums(posted: Vec<DayRow>, accounts: &Accounts) -> (Vec<DaySpent>, Vec<Spent<Cost>>) {
    let fresh = accounts.due.entries.iter().chain(&accounts.accrued).map(|entry| DayRow {
        day: entry.day,
        item: entry.item.clone(),
        amount: entry.amount,
    });
    let (mut days, mut costs) = (BTreeMap::<Date, i64>::new(), BTreeMap::<Cost, i64>::new());
    for row in posted.into_iter().chain(fresh) {
        *days.entry(row.day).or_default() += row.amount;
        if let Some(cost) = Cost::of_item(&row.item) {
            *costs.entry(cost).or_default() += row.amount;
        }
    }
    let first = days.keys().next_back().map_or(Date::MIN, |last| last.saturating_sub(Duration::days(DRAWN - 1)));
    let days = days.split_off(&first).into_iter().map(|(of, amount)| Spent { of, amount }).collect();
    (days, costs.into_iter().map(|(of, amount)| Spent { of, amount }).collect())
}

/// An amount and its reason, as they were typed.
fn typed(currency: Currency, amount: &str, reason: &str) -> Result<(Money, String), AppError> {
    let amount = Money::parse(currency, amount).ok_or(AppError::Invalid { field: Field::Amount, why: Why::NotMoney })?;
    let reason: String = reason.trim().chars().take(REASON).collect();
    if reason.is_empty() {
        return Err(AppError::Invalid { field: Field::Reason, why: Why::Missing });
    }
    Ok((amount, reason))
}

fn unpriced(accounts: &Accounts) -> Option<String> {
    let all: Vec<_> = accounts.unpriced.iter().map(String::as_str).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

impl EnvironmentsPort {
    /// Charges of a course after this one, for a file.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for who may not see them.
    pub async fn charges(&self, caller: &Caller, code: &str, after: i64, n: i64) -> Result<Vec<(i64, EntryRow)>, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut db, caller, code, Action::SeeCosts).await?;
        ledger::entries(&mut db, course, after, n).await.map_err(unexpected)
    }
}

#[async_trait]
impl Costs for EnvironmentsPort {
    async fn of_environment(&self, caller: &Caller, id: EnvironmentId) -> Result<CostsView, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let standing = self.may(&mut db, caller, id, Action::See).await?;
        let standing = Standing::of(standing.is_holder, standing.role, caller.is_operator);
        let known = world::load(&mut db, id).await.map_err(unexpected)?;
        let accounts = Accounts::of_one(&mut db, known.course, id).await.map_err(unexpected)?;
        let priced = budgets::priced(&mut db, &[id]).await.map_err(unexpected)?.pop().ok_or(AppError::NotFound)?;
        let (days, by_cost) = sums(ledger::days_of_environment(&mut db, id).await.map_err(unexpected)?, &accounts);
        let book = accounts.book(&priced.shape.cloud, &priced.region);
        let per_usd = accounts.per_usd();
        let lines = match (priced.shape.lines(&book, accounts.now), &per_usd) {
            (Ok(lines), Ok(per_usd)) if known.goal != Goal::Gone => lines.iter().map(|line| line.at_rate(*per_usd)).collect(),
            _ => Vec::new(),
        };
        let spent = accounts.spent_by(id);
        let so_far =
            SoFar { currency: accounts.purse.currency, spent, per_hour: accounts.per_hour(), budget: budget_state(&accounts, &known) };
        let phase = view::phase_of(&known);
        let is_going = matches!(phase, Phase::Removing | Phase::Removed);
        let lease_until = priced.lease_until.filter(|_| !is_going);
        let until_then = lease_until.and_then(|until| {
            let usd = priced.shape.cost(&book, known.goal == Goal::Running, accounts.now, until.max(accounts.now)).ok()?;
            Some(micros(usd * per_usd.ok()?))
        });
        let days_of_lease = u16::try_from(accounts.purse.lease.whole_days()).ok();
        Ok(CostsView {
            name: known.name.clone(),
            so_far,
            lines,
            days,
            by_cost,
            held: accounts.committed(id) - spent,
            lease_until,
            projection: until_then.map(|more| spent + more),
            may_extend: days_of_lease.filter(|_| !is_going && standing.may(Action::Steer).is_ok()),
            unpriced: unpriced(&accounts),
        })
    }

    async fn extend(&self, caller: &Caller, id: EnvironmentId) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let standing = self.may(&mut tx, caller, id, Action::Steer).await?;
        budgets::lock(&mut tx, standing.course).await.map_err(unexpected)?;
        // Somebody may have started it while we waited.
        let standing = self.may(&mut tx, caller, id, Action::Steer).await?;
        if !spend::extend(&mut tx, standing.course, id, standing.goal == Goal::Running).await.map_err(unpaid)? {
            return Err(AppError::Conflict);
        }
        events::record(&mut tx, id, &Actor::Person(caller.person), &Event::Extended).await.map_err(unexpected)?;
        audit::note(&mut tx, By::Person(caller.person), Of::environment(id), &Act::Extended).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn of_course(&self, caller: &Caller, code: &str, page: u32) -> Result<CourseSpending, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, title, standing) = self.may_in_course(&mut db, caller, code, Action::SeeCosts).await?;
        let accounts = Accounts::of(&mut db, course).await.map_err(unexpected)?;
        let (days, by_cost) = sums(ledger::days_of_course(&mut db, course).await.map_err(unexpected)?, &accounts);
        let mut dearest: Vec<_> = accounts.spent.iter().filter(|(_, spent)| **spent != 0).map(|(id, spent)| (*spent, *id)).collect();
        dearest.sort_unstable_by(|one, other| other.cmp(one));
        let pages = u32::try_from(dearest.len().div_ceil(PAGE)).unwrap_or(u32::MAX).max(1);
        let page = page.clamp(1, pages);
        let shown: Vec<_> = dearest.into_iter().skip((page as usize - 1) * PAGE).take(PAGE).collect();
        let mut names = budgets::names(&mut db, &shown.iter().map(|(_, id)| *id).collect::<Vec<_>>()).await.map_err(unexpected)?;
        let environments = shown.into_iter().filter_map(|(amount, id)| {
            let (name, holder) = names.remove(&id)?;
            Some(Spent { amount, of: EnvironmentName { id, name, holder } })
        });
        let holding: BTreeSet<PersonId> = accounts.holders.values().flatten().map(|(person, _)| *person).collect();
        let members = courses::members(&mut db, course).await.map_err(unexpected)?;
        let (spent_by, committed_by) = (accounts.spent_by_person(), accounts.committed_by_person());
        let people = members
            .into_iter()
            .filter(|(id, _, role)| *role == app::domain::course::Role::Student || holding.contains(id))
            .map(|(id, name, _)| {
                let of = |sums: &BTreeMap<PersonId, i64>| sums.get(&id).copied().unwrap_or(0);
                let (spent, committed) = (of(spent_by), of(committed_by));
                Account { of: Member { id, name }, allowed: accounts.allowed.of(id), spent, held: committed - spent }
            })
            .collect();
        let (spent, committed) = accounts.of_all();
        let history = budgets::history(&mut db, course).await.map_err(unexpected)?.into_iter();
        let history = history.map(|row| AllowanceRow {
            of: match (row.scope.as_str(), row.person) {
                (_, Some(person)) => AllowanceOf::Person(person),
                ("each", None) => AllowanceOf::Each,
                (_, None) => AllowanceOf::Course,
            },
            amount: row.amount,
            reason: row.reason,
            by: row.by,
            at: row.set_at,
        });
        Ok(CourseSpending {
            code: code.to_owned(),
            title,
            currency: accounts.purse.currency,
            course: Account { of: (), allowed: accounts.allowed.course, spent, held: committed - spent },
            each: accounts.allowed.each,
            people,
            environments: environments.collect(),
            page: (page, pages),
            by_cost,
            days,
            history: history.collect(),
            may_set: standing.may(Action::SetBudgets).is_ok(),
            tell_at: budgets::told(&mut db, course).await.map_err(unexpected)?.0,
            credits: credits::of_course(&mut db, course).await.map_err(unexpected)?.map(|row| Credits {
                credits: Money::new(Currency::Usd, row.credits),
                used: Money::new(Currency::Usd, row.used),
                until: row.until,
            }),
            unpriced: unpriced(&accounts),
        })
    }

    async fn set_budget(&self, caller: &Caller, code: &str, of: BudgetOf, amount: &str, reason: &str) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut tx, caller, code, Action::SetBudgets).await?;
        budgets::lock(&mut tx, course).await.map_err(unexpected)?;
        let currency = budgets::purse(&mut tx, course).await.map_err(unexpected)?.currency;
        let (typed, reason) = typed(currency, amount, reason)?;
        let allowed = budgets::allowed(&mut tx, course).await.map_err(unexpected)?;
        let (scope, before) = match of {
            BudgetOf::Course => (Scope::Course, allowed.course),
            BudgetOf::Each => (Scope::Each, allowed.each),
        };
        if before == Some(typed.micros) {
            return Ok(());
        }
        let more = Money::new(currency, typed.micros - before.unwrap_or(0));
        budgets::allow(&mut tx, course, scope, more, &reason, Some(caller.person)).await.map_err(unexpected)?;
        let set = Act::BudgetSet { is_of_each: of == BudgetOf::Each, budget: typed };
        audit::note(&mut tx, By::Person(caller.person), Of::course(course), &set).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn grant(&self, caller: &Caller, code: &str, granted: Granted<'_>) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut tx, caller, code, Action::SetBudgets).await?;
        budgets::lock(&mut tx, course).await.map_err(unexpected)?;
        let currency = budgets::purse(&mut tx, course).await.map_err(unexpected)?.currency;
        let (typed, reason) = typed(currency, granted.amount, granted.reason)?;
        let members = courses::members(&mut tx, course).await.map_err(unexpected)?;
        if !members.iter().any(|(id, _, _)| *id == granted.person) {
            return Err(AppError::NotFound);
        }
        let more = Money::new(currency, if granted.is_taken_back { -typed.micros } else { typed.micros });
        if let Some(known) = budgets::allowance(&mut tx, granted.id).await.map_err(unexpected)? {
            // The same form, sent twice; or an old page with something else typed into it.
            return if known == (course, Some(granted.person), more.micros) { Ok(()) } else { Err(AppError::Conflict) };
        }
        let so_far = budgets::allowed(&mut tx, course).await.map_err(unexpected)?.persons.get(&granted.person).copied().unwrap_or(0);
        if granted.is_taken_back && so_far < typed.micros {
            return Err(AppError::Invalid { field: Field::Amount, why: Why::MoreThanGranted });
        }
        let scope = Scope::Person(granted.person);
        budgets::allow_once(&mut tx, granted.id, course, scope, more, &reason, Some(caller.person)).await.map_err(unexpected)?;
        let of = Of::member(course, granted.person);
        audit::note(&mut tx, By::Person(caller.person), of, &Act::Granted { more }).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn tell_at(&self, caller: &Caller, code: &str, percents: &str) -> Result<(), AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut db, caller, code, Action::SetBudgets).await?;
        let wrong = AppError::Invalid { field: Field::Percents, why: Why::NotPercents };
        let typed = percents.split([',', '、', ' ']).map(|word| word.trim().trim_end_matches('%')).filter(|word| !word.is_empty());
        let percents: Result<BTreeSet<u8>, _> = typed.map(str::parse).collect();
        let percents = percents.map_err(|_| wrong.clone())?;
        if percents.len() > MOST_THRESHOLDS || !percents.iter().all(|percent| (1..=100).contains(percent)) {
            return Err(wrong);
        }
        budgets::set_tell_at(&mut db, course, &percents.into_iter().collect::<Vec<_>>()).await.map_err(unexpected)
    }

    async fn of_a_copy(&self, caller: &Caller, id: EnvironmentId, is_of_image: bool) -> Result<Result<Estimate, AppError>, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        self.may(&mut db, caller, id, Action::UseSecrets).await?;
        let known = world::load(&mut db, id).await.map_err(unexpected)?;
        let offer = courses::version(&mut db, known.version).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        // An image's disk is as large as the one that it was made of, and is where that was.
        let (cloud, size) = if is_of_image { (known.cloud, known.options.size) } else { (offer.cloud, None) };
        let accounts = Accounts::of(&mut db, known.course).await.map_err(unexpected)?;
        let cloud = courses::cloud(&mut db, cloud).await.map_err(unexpected)?;
        let shape = Shape::of(cloud.kind, &offer.spec, &Options { size, ..Options::default() });
        Ok(spend::estimate(&accounts, &shape, &cloud.region, &[(caller.person, 1_000_000)], None).map_err(unpaid))
    }
}
