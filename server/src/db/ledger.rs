//! The ledger's rows, and the intervals that are not charged to their end.

use app::domain::ids::{CourseId, EnvironmentId, ResourceId};
use app::domain::money::Currency;
use cloud::{Kind, Meter, Size};
use rust_decimal::Decimal;
use sqlx::types::Json;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::{Db, intervals};
use crate::pricing::Thing;
use crate::spend::charges::{Piece, Used, at_rate};
use crate::wish::Purpose;

/// An interval of which something may still be charged.
#[derive(Debug, Clone)]
pub struct Unsettled {
    /// The resource's.
    pub resource: ResourceId,
    /// Its environment.
    pub environment: EnvironmentId,
    /// Its course.
    pub course: CourseId,
    /// Its cloud's kind.
    pub cloud: String,
    /// Its cloud's region.
    pub region: String,
    /// What costs.
    pub thing: Thing,
    /// From when to when.
    pub used: Used,
    /// Up to where it is charged.
    pub posted_through: OffsetDateTime,
}

impl Unsettled {
    /// A charge of it.
    #[must_use]
    pub fn entry(&self, piece: &Piece, usd: i64, currency: Currency, per_usd: Decimal) -> Entry {
        Entry {
            course: self.course.0,
            environment: self.environment.0,
            resource: self.resource.0,
            kind: self.thing.kind.code(),
            meter: intervals::code(self.used.meter),
            from: self.used.from,
            item: piece.item.clone(),
            price_from: piece.price_from,
            day: piece.day,
            usd,
            currency: currency.code(),
            per_usd,
            amount: at_rate(usd, per_usd),
        }
    }
}

/// A row of the view of intervals with what their prices depend on.
struct Stored {
    resource: Uuid,
    meter: String,
    from_at: OffsetDateTime,
    to_at: Option<OffsetDateTime>,
    posted_through: Option<OffsetDateTime>,
    kind: String,
    environment: Uuid,
    course: Uuid,
    cloud_id: Option<String>,
    cloud: String,
    region: String,
    purpose: Purpose,
    size: Json<Size>,
}

impl Stored {
    /// `None`: of a kind or a meter of a newer release.
    fn read(self) -> Option<Unsettled> {
        let (kind, meter) = (Kind::from_code(&self.kind)?, intervals::from_code(&self.meter)?);
        Some(Unsettled {
            resource: ResourceId(self.resource),
            environment: EnvironmentId(self.environment),
            course: CourseId(self.course),
            cloud: self.cloud,
            region: self.region,
            thing: Thing { kind, meter, size: self.size.0, bakes: self.purpose == Purpose::Image },
            used: Used { meter, from: self.from_at, to: self.to_at },
            posted_through: self.posted_through.unwrap_or(self.from_at),
        })
    }
}

/// Those of a course.
///
/// # Errors
/// As the database.
pub async fn unsettled(db: &mut Db, course: CourseId) -> sqlx::Result<Vec<Unsettled>> {
    let rows = sqlx::query_as!(
        Stored,
        r#"select resource as "resource!", meter as "meter!", from_at as "from_at!", to_at, posted_through, kind as "kind!",
                  environment as "environment!", course as "course!", cloud_id, cloud as "cloud!", region as "region!",
                  purpose as "purpose!: Purpose", size as "size!: Json<Size>"
             from metered where not is_settled and course = $1"#,
        course.0
    );
    Ok(rows.fetch_all(db).await?.into_iter().filter_map(Stored::read).collect())
}

/// Those of an environment.
///
/// # Errors
/// As the database.
pub async fn unsettled_of(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<Vec<Unsettled>> {
    let rows = sqlx::query_as!(
        Stored,
        r#"select resource as "resource!", meter as "meter!", from_at as "from_at!", to_at, posted_through, kind as "kind!",
                  environment as "environment!", course as "course!", cloud_id, cloud as "cloud!", region as "region!",
                  purpose as "purpose!: Purpose", size as "size!: Json<Size>"
             from metered where not is_settled and environment = $1"#,
        environment.0
    );
    Ok(rows.fetch_all(db).await?.into_iter().filter_map(Stored::read).collect())
}

/// Intervals in a region that were charged for a time after this.
///
/// # Errors
/// As the database.
pub async fn charged_after(db: &mut Db, cloud: &str, region: &str, at: OffsetDateTime) -> sqlx::Result<Vec<Unsettled>> {
    let rows = sqlx::query_as!(
        Stored,
        r#"select resource as "resource!", meter as "meter!", from_at as "from_at!", to_at, posted_through, kind as "kind!",
                  environment as "environment!", course as "course!", cloud_id, cloud as "cloud!", region as "region!",
                  purpose as "purpose!: Purpose", size as "size!: Json<Size>"
             from metered where posted_through > $3 and cloud = $1 and region = $2"#,
        cloud,
        region,
        at
    );
    Ok(rows.fetch_all(db).await?.into_iter().filter_map(Stored::read).collect())
}

/// An interval of a cloud that sends bills, with the cloud's name for its resource.
#[derive(Debug, Clone)]
pub struct Billed {
    /// The cloud's name.
    pub cloud_id: String,
    /// The interval.
    pub of: Unsettled,
}

/// What was there or ran in clouds of a kind, after this.
///
/// # Errors
/// As the database.
pub async fn used_after(db: &mut Db, cloud: &str, at: OffsetDateTime) -> sqlx::Result<Vec<Billed>> {
    let rows = sqlx::query_as!(
        Stored,
        r#"select resource as "resource!", meter as "meter!", from_at as "from_at!", to_at, posted_through, kind as "kind!",
                  environment as "environment!", course as "course!", cloud_id, cloud as "cloud!", region as "region!",
                  purpose as "purpose!: Purpose", size as "size!: Json<Size>"
             from metered where cloud = $1 and cloud_id is not null and (to_at is null or to_at > $2)"#,
        cloud,
        at
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.filter_map(|stored| Some(Billed { cloud_id: stored.cloud_id.clone()?, of: stored.read()? })).collect())
}

/// An entry that an interval explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its course.
    pub course: Uuid,
    /// Its environment.
    pub environment: Uuid,
    /// The resource.
    pub resource: Uuid,
    /// Its kind.
    pub kind: &'static str,
    /// What was counted.
    pub meter: &'static str,
    /// The interval's beginning.
    pub from: OffsetDateTime,
    /// The item of the price list.
    pub item: String,
    /// The price, by the day it holds from.
    pub price_from: Date,
    /// By the course's clock.
    pub day: Date,
    /// Millionths of a dollar.
    pub usd: i64,
    /// The course's money.
    pub currency: &'static str,
    /// What a dollar is in it, that day.
    pub per_usd: Decimal,
    /// Millionths of that money.
    pub amount: i64,
}

/// How far an interval is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// The resource.
    pub resource: Uuid,
    /// What is counted.
    pub meter: Meter,
    /// The interval's beginning.
    pub from: OffsetDateTime,
    /// Up to where it was charged until now.
    pub before: OffsetDateTime,
    /// Up to where it is from now on.
    pub through: OffsetDateTime,
    /// Whether nothing of it will be charged any more.
    pub is_settled: bool,
}

/// Writes charges down, with how far they reach. False: somebody else has posted some of these intervals meanwhile, and nothing was written
/// that counts; the transaction has to be given up.
///
/// # Errors
/// As the database.
pub async fn post(db: &mut Db, posted: &[Posted], entries: &[Entry]) -> sqlx::Result<bool> {
    // Environments before intervals, as workers lock them: an entry's foreign key would take them afterwards.
    let environments: Vec<_> = entries.iter().map(|one| one.environment).collect();
    sqlx::query!("select id from environment where id = any ($1) order by id for key share", &environments).fetch_all(&mut *db).await?;
    let column = |of: fn(&Posted) -> OffsetDateTime| posted.iter().map(of).collect::<Vec<_>>();
    let done = sqlx::query!(
        "update interval i
            set posted_through = p.through, is_settled = p.is_settled
           from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::boolean[])
                as p (resource, meter, from_at, before, through, is_settled)
          where i.resource = p.resource and i.meter = p.meter and i.from_at = p.from_at
            and coalesce(i.posted_through, i.from_at) = p.before",
        &posted.iter().map(|one| one.resource).collect::<Vec<_>>(),
        &posted.iter().map(|one| intervals::code(one.meter).to_owned()).collect::<Vec<_>>(),
        &column(|one| one.from),
        &column(|one| one.before),
        &column(|one| one.through),
        &posted.iter().map(|one| one.is_settled).collect::<Vec<_>>(),
    )
    .execute(&mut *db)
    .await?;
    if done.rows_affected() != posted.len() as u64 {
        return Ok(false);
    }
    enter(db, entries, None).await?;
    Ok(true)
}

/// Writes entries down; `reason`: of such that use alone does not explain.
///
/// # Errors
/// As the database.
pub async fn enter(db: &mut Db, entries: &[Entry], reason: Option<&str>) -> sqlx::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let texts = |of: fn(&Entry) -> String| entries.iter().map(of).collect::<Vec<_>>();
    let ids = |of: fn(&Entry) -> Uuid| entries.iter().map(of).collect::<Vec<_>>();
    let sums = |of: fn(&Entry) -> i64| entries.iter().map(of).collect::<Vec<_>>();
    sqlx::query!(
        "insert into ledger (course, environment, resource, kind, meter, from_at, item, price_from, day, usd, currency, per_usd, amount, reason)
         select *, $14::text
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::date[], $9::date[],
                       $10::bigint[], $11::text[], $12::numeric[], $13::bigint[])",
        &ids(|one| one.course),
        &ids(|one| one.environment),
        &ids(|one| one.resource),
        &texts(|one| one.kind.to_owned()),
        &texts(|one| one.meter.to_owned()),
        &entries.iter().map(|one| one.from).collect::<Vec<_>>(),
        &texts(|one| one.item.clone()),
        &entries.iter().map(|one| one.price_from).collect::<Vec<_>>(),
        &entries.iter().map(|one| one.day).collect::<Vec<_>>(),
        &sums(|one| one.usd),
        &texts(|one| one.currency.to_owned()),
        &entries.iter().map(|one| one.per_usd).collect::<Vec<_>>(),
        &sums(|one| one.amount),
        reason
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was posted for each environment of a course, in millionths of the course's money.
///
/// # Errors
/// As the database.
pub async fn by_environment(db: &mut Db, course: CourseId) -> sqlx::Result<Vec<(EnvironmentId, i64)>> {
    let rows = sqlx::query!("select environment, amount from spent_by_environment where course = $1", course.0);
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (EnvironmentId(row.environment), row.amount)).collect())
}

/// What was posted for an environment, in millionths of its course's money.
///
/// # Errors
/// As the database.
pub async fn posted_for(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<i64> {
    let posted = sqlx::query_scalar!("select amount from spent_by_environment where environment = $1", environment.0);
    Ok(posted.fetch_optional(db).await?.unwrap_or(0))
}

/// What was posted, by day and item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    /// By the course's clock.
    pub day: Date,
    /// The item of the price list.
    pub item: String,
    /// Millionths of the course's money.
    pub amount: i64,
}

/// What was posted for an environment, day by day and item by item.
///
/// # Errors
/// As the database.
pub async fn days_of_environment(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<Vec<DayRow>> {
    sqlx::query_as!(
        DayRow,
        r#"select day, item, sum(amount)::bigint as "amount!" from ledger where environment = $1 group by 1, 2 order by 1, 2"#,
        environment.0
    )
    .fetch_all(db)
    .await
}

/// The same for a course.
///
/// # Errors
/// As the database.
pub async fn days_of_course(db: &mut Db, course: CourseId) -> sqlx::Result<Vec<DayRow>> {
    sqlx::query_as!(DayRow, "select day, item, amount from spent_by_day where course = $1 order by day, item", course.0).fetch_all(db).await
}

/// An entry as a file shows it.
#[derive(Debug, Clone)]
pub struct EntryRow {
    /// By the course's clock.
    pub day: Date,
    /// The environment's name.
    pub environment: String,
    /// Who holds it.
    pub holders: String,
    /// The resource's kind.
    pub kind: String,
    /// The item of the price list.
    pub item: String,
    /// Millionths of a dollar.
    pub usd: i64,
    /// What a dollar was.
    pub per_usd: Decimal,
    /// Millionths of the course's money.
    pub amount: i64,
    /// Of an entry that use alone does not explain.
    pub reason: Option<String>,
}

/// Entries of a course after this one, in the order in which they were written; so many.
///
/// # Errors
/// As the database.
pub async fn entries(db: &mut Db, course: CourseId, after: i64, n: i64) -> sqlx::Result<Vec<(i64, EntryRow)>> {
    let rows = sqlx::query!(
        r#"select l.id, l.day, e.name as environment, l.kind, l.item, l.usd, l.per_usd, l.amount, l.reason,
                  coalesce((select string_agg(person.name, ', ' order by person.id)
                              from holder join person on person.id = holder.person where holder.environment = e.id), '') as "holders!"
             from ledger l
             join environment e on e.id = l.environment
            where l.course = $1 and l.id > $2
            order by l.id
            limit $3"#,
        course.0,
        after,
        n
    );
    let row = rows.fetch_all(db).await?.into_iter();
    Ok(row
        .map(|row| {
            let entry = EntryRow {
                day: row.day,
                environment: row.environment,
                holders: row.holders,
                kind: row.kind,
                item: row.item,
                usd: row.usd,
                per_usd: row.per_usd,
                amount: row.amount,
                reason: row.reason,
            };
            (row.id, entry)
        })
        .collect())
}
