//! What may be spent, and what is set aside of that.

use std::collections::{BTreeMap, BTreeSet};

use app::domain::ids::{AllowanceId, CourseId, EnvironmentId, PersonId};
use app::domain::money::{Currency, Money};
use app::domain::phase::Goal;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Db;
use crate::pricing::Shape;
use crate::wish::{Options, Spec};

/// What a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All of a course together.
    Course,
    /// Each person of a course.
    Each,
    /// One person, beside that.
    Person(PersonId),
}

impl Scope {
    fn code(self) -> &'static str {
        match self {
            Self::Course => "course",
            Self::Each => "each",
            Self::Person(_) => "person",
        }
    }

    fn person(self) -> Option<Uuid> {
        match self {
            Self::Person(person) => Some(person.0),
            Self::Course | Self::Each => None,
        }
    }
}

/// Lets more be spent, or less, with the reason.
///
/// # Errors
/// As the database.
pub async fn allow(db: &mut Db, course: CourseId, scope: Scope, money: Money, reason: &str, by: Option<PersonId>) -> sqlx::Result<()> {
    allow_once(db, AllowanceId::new(), course, scope, money, reason, by).await
}

/// The same, under an id that whoever asked has chosen: asked again, nothing is added. The course is looked at anew.
///
/// # Errors
/// As the database.
pub async fn allow_once(
    db: &mut Db,
    id: AllowanceId,
    course: CourseId,
    scope: Scope,
    money: Money,
    reason: &str,
    by: Option<PersonId>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into allowance (id, course, scope, person, currency, amount, reason, set_by) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (id) do nothing",
        id.0,
        course.0,
        scope.code(),
        scope.person(),
        money.currency.code(),
        money.micros,
        reason,
        by.map(|by| by.0)
    )
    .execute(&mut *db)
    .await?;
    reckoned(db, course, false).await
}

/// To whom, in which course, and how much was allowed under this id; `None`: nothing yet.
///
/// # Errors
/// As the database.
pub async fn allowance(db: &mut Db, id: AllowanceId) -> sqlx::Result<Option<(CourseId, Option<PersonId>, i64)>> {
    let row = sqlx::query!("select course, person, amount from allowance where id = $1", id.0).fetch_optional(db).await?;
    Ok(row.map(|row| (CourseId(row.course), row.person.map(PersonId), row.amount)))
}

/// What may be spent, in millionths of a course's money; `None`: nobody has said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    /// By all together.
    pub course: Option<i64>,
    /// By each.
    pub each: Option<i64>,
    /// By these, beside that.
    pub persons: BTreeMap<PersonId, i64>,
}

impl Allowed {
    /// Whether nobody has set a budget.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        self.course.is_none() && self.each.is_none()
    }

    /// What one person may spend: what each may, and what was granted beside it. Where each may spend what they like, so may they.
    #[must_use]
    pub fn of(&self, person: PersonId) -> Option<i64> {
        self.each.map(|each| each.saturating_add(self.persons.get(&person).copied().unwrap_or(0)))
    }
}

/// The budgets of a course.
///
/// # Errors
/// As the database.
pub async fn allowed(db: &mut Db, course: CourseId) -> sqlx::Result<Allowed> {
    let rows =
        sqlx::query!(r#"select scope, person, sum(amount)::bigint as "amount!" from allowance where course = $1 group by 1, 2"#, course.0);
    let mut allowed = Allowed::default();
    for row in rows.fetch_all(db).await? {
        match (row.scope.as_str(), row.person) {
            ("course", _) => allowed.course = Some(row.amount),
            ("each", _) => allowed.each = Some(row.amount),
            (_, Some(person)) => drop(allowed.persons.insert(PersonId(person), row.amount)),
            _ => {}
        }
    }
    Ok(allowed)
}

/// A course as its money is reckoned.
#[derive(Debug, Clone)]
pub struct Purse {
    /// Which course.
    pub course: CourseId,
    /// Its money.
    pub currency: Currency,
    /// Its clock.
    pub time_zone: String,
    /// How long a lease is.
    pub lease: time::Duration,
    /// How long what is stopped is kept after its lease.
    pub kept: time::Duration,
}

/// Locks a course's money until the end of the transaction. Whoever sets aside of a budget takes this lock before any environment's.
///
/// # Errors
/// As the database.
pub async fn lock(db: &mut Db, course: CourseId) -> sqlx::Result<()> {
    sqlx::query!("select id from course where id = $1 for no key update", course.0).fetch_optional(db).await?;
    Ok(())
}

/// See [`Purse`].
///
/// # Errors
/// As the database.
pub async fn purse(db: &mut Db, course: CourseId) -> sqlx::Result<Purse> {
    let row = sqlx::query!("select currency, time_zone, lease_days, kept_days from course where id = $1", course.0).fetch_one(db).await?;
    Ok(Purse {
        course,
        // Courses are made with one of these.
        currency: Currency::from_code(&row.currency).unwrap_or(Currency::Usd),
        time_zone: row.time_zone,
        lease: time::Duration::days(i64::from(row.lease_days)),
        kept: time::Duration::days(i64::from(row.kept_days)),
    })
}

/// What is set aside for an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Whose.
    pub environment: EnvironmentId,
    /// It may spend so much in all.
    pub up_to: i64,
    /// Until then that pays for running.
    pub runs_until: OffsetDateTime,
    /// When that was last reckoned.
    pub renewed_at: OffsetDateTime,
    /// Since when there is no more to set aside.
    pub short_since: Option<OffsetDateTime>,
    /// When it was stopped for that.
    pub stopped_at: Option<OffsetDateTime>,
}

/// Those of a course.
///
/// # Errors
/// As the database.
pub async fn holds(db: &mut Db, course: CourseId) -> sqlx::Result<Vec<Hold>> {
    sqlx::query_as!(
        Hold,
        r#"select environment as "environment: EnvironmentId", up_to, runs_until, renewed_at, short_since, stopped_at
             from hold where course = $1 order by environment"#,
        course.0
    )
    .fetch_all(db)
    .await
}

/// That of an environment.
///
/// # Errors
/// As the database.
pub async fn hold_of(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<Option<Hold>> {
    sqlx::query_as!(
        Hold,
        r#"select environment as "environment: EnvironmentId", up_to, runs_until, renewed_at, short_since, stopped_at
             from hold where environment = $1"#,
        environment.0
    )
    .fetch_optional(db)
    .await
}

/// Sets aside: it may spend so much in all, and run until then.
///
/// # Errors
/// As the database.
pub async fn hold(db: &mut Db, environment: EnvironmentId, up_to: i64, runs_until: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into hold (environment, course, up_to, runs_until) select id, course, $2, $3 from environment where id = $1
         on conflict (environment) do update
            set up_to = excluded.up_to, runs_until = excluded.runs_until, renewed_at = koza_now(), short_since = null, stopped_at = null",
        environment.0,
        up_to,
        runs_until
    )
    .execute(db)
    .await?;
    Ok(())
}

/// There is no more to set aside for it. True: that is new.
///
/// # Errors
/// As the database.
pub async fn short(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<bool> {
    let noted = sqlx::query!("update hold set short_since = koza_now() where environment = $1 and short_since is null", environment.0);
    Ok(noted.execute(db).await?.rows_affected() == 1)
}

/// It was stopped, because there is no more.
///
/// # Errors
/// As the database.
pub async fn stopped(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update hold set stopped_at = koza_now(), short_since = coalesce(short_since, koza_now()) where environment = $1",
        environment.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// It keeps what is paid for while it is stopped; what was set aside for running is free again. What it is short of stays written.
///
/// # Errors
/// As the database.
pub async fn keep_only(db: &mut Db, environment: EnvironmentId, up_to: i64, at: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("update hold set up_to = $2, runs_until = $3, renewed_at = $3 where environment = $1", environment.0, up_to, at)
        .execute(db)
        .await?;
    Ok(())
}

/// Nothing is set aside for it any more.
///
/// # Errors
/// As the database.
pub async fn release(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!("delete from hold where environment = $1", environment.0).execute(db).await?;
    Ok(())
}

/// What is asked for of each environment of a course that is not removed; build machines are nobody's.
///
/// # Errors
/// As the database.
pub async fn goals(db: &mut Db, course: CourseId) -> sqlx::Result<BTreeMap<EnvironmentId, Goal>> {
    let rows = sqlx::query!(
        r#"select id, goal as "goal: Goal" from environment where course = $1 and removed_at is null and purpose = 'course'"#,
        course.0
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (EnvironmentId(row.id), row.goal)).collect())
}

/// What an environment's price depends on.
#[derive(Debug, Clone)]
pub struct Priced {
    /// Which.
    pub id: EnvironmentId,
    /// Its cloud's region.
    pub region: String,
    /// Its shape.
    pub shape: Shape,
    /// When its lease ends.
    pub lease_until: Option<OffsetDateTime>,
}

/// What the prices of these depend on.
///
/// # Errors
/// As the database.
pub async fn priced(db: &mut Db, environments: &[EnvironmentId]) -> sqlx::Result<Vec<Priced>> {
    let rows = sqlx::query!(
        r#"select e.id, cloud.kind, cloud.region, v.spec as "spec: Json<Spec>", e.options as "options: Json<Options>", e.lease_until
             from environment e
             join cloud on cloud.id = e.cloud
             join blueprint_version v on v.id = e.version
            where e.id = any ($1)"#,
        &environments.iter().map(|id| id.0).collect::<Vec<_>>()
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows
        .map(|row| Priced {
            id: EnvironmentId(row.id),
            region: row.region,
            shape: Shape::of(row.kind, &row.spec.0, &row.options.0),
            lease_until: row.lease_until,
        })
        .collect())
}

/// Who holds what of a course, with the share in millionths.
///
/// # Errors
/// As the database.
pub async fn holders(db: &mut Db, course: CourseId) -> sqlx::Result<Vec<(EnvironmentId, PersonId, i32)>> {
    let rows = sqlx::query!("select environment, person, share from holder where course = $1", course.0).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (EnvironmentId(row.environment), PersonId(row.person), row.share)).collect())
}

/// Courses whose money is to be looked at: something costs there, is set aside, or is still to be charged, and that was not looked at for so
/// long; or something is to be stopped now. In no order: whom time did not suffice for is earlier another time.
///
/// # Errors
/// As the database.
pub async fn courses_to_look_at(db: &mut Db, again_after: time::Duration) -> sqlx::Result<Vec<CourseId>> {
    let ids = sqlx::query_scalar!(
        r#"select id from course
            where (reckoned_at is null or reckoned_at <= koza_now() - make_interval(secs => $1)
                   or exists (select from hold join environment e on e.id = hold.environment
                               where hold.course = course.id and runs_until <= koza_now() and short_since is not null and e.goal = 'running'))
              and (exists (select from hold where hold.course = course.id)
                   or exists (select from metered where metered.course = course.id and not is_settled))
            order by random()"#,
        again_after.as_seconds_f64()
    );
    Ok(ids.fetch_all(db).await?.into_iter().map(CourseId).collect())
}

/// A course's money was looked at, or (`false`) is to be looked at again at once.
///
/// # Errors
/// As the database.
pub async fn reckoned(db: &mut Db, course: CourseId, is_done: bool) -> sqlx::Result<()> {
    sqlx::query!("update course set reckoned_at = case when $2 then koza_now() end where id = $1", course.0, is_done).execute(db).await?;
    Ok(())
}

/// At how many percent people of a course are told, and what they were told: each person, and (`None`) of the whole course's budget.
///
/// # Errors
/// As the database.
pub async fn told(db: &mut Db, course: CourseId) -> sqlx::Result<(Vec<u8>, BTreeMap<Option<PersonId>, BTreeSet<u8>>)> {
    let tell_at = sqlx::query_scalar!("select tell_at from course where id = $1", course.0).fetch_one(&mut *db).await?;
    let mut told = BTreeMap::<_, BTreeSet<u8>>::new();
    for row in sqlx::query!("select person, percent from budget_reached where course = $1", course.0).fetch_all(db).await? {
        told.entry(row.person.map(PersonId)).or_default().extend(u8::try_from(row.percent));
    }
    Ok((tell_at.into_iter().filter_map(|at| u8::try_from(at).ok()).collect(), told))
}

/// Says at how many percent people of a course are told.
///
/// # Errors
/// As the database.
pub async fn set_tell_at(db: &mut Db, course: CourseId, percents: &[u8]) -> sqlx::Result<()> {
    let percents: Vec<i16> = percents.iter().map(|percent| i16::from(*percent)).collect();
    sqlx::query!("update course set tell_at = $2 where id = $1", course.0, &percents).execute(db).await?;
    Ok(())
}

/// It was told that so much is spent.
///
/// # Errors
/// As the database.
pub async fn tell(db: &mut Db, course: CourseId, person: Option<PersonId>, percent: u8) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into budget_reached (course, person, percent) values ($1, $2, $3) on conflict do nothing",
        course.0,
        person.map(|person| person.0),
        i16::from(percent)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was told above this is no longer so.
///
/// # Errors
/// As the database.
pub async fn untell_above(db: &mut Db, course: CourseId, person: Option<PersonId>, percent: u8) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from budget_reached where course = $1 and person is not distinct from $2 and percent > $3",
        course.0,
        person.map(|person| person.0),
        i16::from(percent)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks the money of all courses until the end of the transaction.
///
/// # Errors
/// As the database.
pub async fn lock_all(db: &mut Db) -> sqlx::Result<()> {
    sqlx::query!("select id from course order by id for no key update").fetch_all(db).await?;
    Ok(())
}

/// A line of the history of budgets.
#[derive(Debug, Clone)]
pub struct AllowanceRow {
    /// `course`, `each`, `person`.
    pub scope: String,
    /// That person's name.
    pub person: Option<String>,
    /// Millionths of the course's money.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub by: Option<String>,
    /// When.
    pub set_at: OffsetDateTime,
}

/// Who set what in a course, newest first.
///
/// # Errors
/// As the database.
pub async fn history(db: &mut Db, course: CourseId) -> sqlx::Result<Vec<AllowanceRow>> {
    sqlx::query_as!(
        AllowanceRow,
        r#"select scope, person.name as "person?", amount, reason, setter.name as "by?", set_at
             from allowance
             left join person on person.id = allowance.person
             left join person setter on setter.id = allowance.set_by
            where course = $1
            order by set_at desc
            limit 200"#,
        course.0
    )
    .fetch_all(db)
    .await
}

/// What lists of environments show of these: names, and who holds them.
///
/// # Errors
/// As the database.
pub async fn names(db: &mut Db, environments: &[EnvironmentId]) -> sqlx::Result<BTreeMap<EnvironmentId, (String, Option<String>)>> {
    let rows = sqlx::query!(
        "select e.id, e.name, string_agg(person.name, ', ' order by person.id) as holder
           from environment e
           left join holder on holder.environment = e.id
           left join person on person.id = holder.person
          where e.id = any ($1)
          group by e.id",
        &environments.iter().map(|id| id.0).collect::<Vec<_>>()
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (EnvironmentId(row.id), (row.name, row.holder))).collect())
}
