//! Credits of clouds' accounts, and what was told of them.

use app::domain::ids::{CloudId, CourseId};
use time::Date;

use super::Db;

/// Credits of a cloud, and how much Koza used of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditsRow {
    /// Which cloud.
    pub cloud: CloudId,
    /// As operators know it: `aws 123456789012`.
    pub name: String,
    /// So much, in millionths of a dollar.
    pub credits: i64,
    /// Used of them at the last hour, at list prices.
    pub used: i64,
    /// The last day of what is left.
    pub until: Option<Date>,
    /// At how many hundredths it was told.
    pub told: Option<u8>,
    /// How many days before the end that was told.
    pub end_told: Option<u8>,
}

/// The row as it is stored.
struct Stored {
    id: uuid::Uuid,
    name: String,
    credits: i64,
    used: i64,
    until: Option<Date>,
    told: i16,
    end_told: Option<i16>,
}

impl Stored {
    fn read(self) -> CreditsRow {
        CreditsRow {
            cloud: CloudId(self.id),
            name: self.name,
            credits: self.credits,
            used: self.used,
            until: self.until,
            told: u8::try_from(self.told).ok().filter(|told| *told > 0),
            end_told: self.end_told.and_then(|days| u8::try_from(days).ok()),
        }
    }
}

/// Adds up anew what was used of each cloud's credits: everything that was charged since their first day for what is on any cloud of the same
/// account, wherever its course builds by now.
///
/// # Errors
/// As the database.
pub async fn add_up(db: &mut Db) -> sqlx::Result<()> {
    sqlx::query!(
        "update cloud set credits_used = (
             select coalesce(sum(l.usd), 0)
               from ledger l join environment e on e.id = l.environment join cloud used on used.id = e.cloud
              where used.kind = cloud.kind and used.account = cloud.account and l.day >= cloud.credits_from)
          where credits_usd is not null"
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Every cloud's that has some.
///
/// # Errors
/// As the database.
pub async fn all(db: &mut Db) -> sqlx::Result<Vec<CreditsRow>> {
    let rows = sqlx::query_as!(
        Stored,
        r#"select id, kind || ' ' || account as "name!", credits_usd as "credits!", credits_used as used, credits_until as until,
                  credits_told as told, credits_end_told as end_told
             from cloud where credits_usd is not null order by id for no key update"#
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Stored::read).collect())
}

/// Those of a course's cloud, while they last.
///
/// # Errors
/// As the database.
pub async fn of_course(db: &mut Db, course: CourseId) -> sqlx::Result<Option<CreditsRow>> {
    let row = sqlx::query_as!(
        Stored,
        r#"select cloud.id, kind || ' ' || account as "name!", credits_usd as "credits!", credits_used as used, credits_until as until,
                  credits_told as told, credits_end_told as end_told
             from course join cloud on cloud.id = course.cloud
            where course.id = $1 and credits_usd is not null and (credits_until is null or credits_until >= koza_now()::date)"#,
        course.0
    );
    Ok(row.fetch_optional(db).await?.map(Stored::read))
}

/// Enters a cloud's credits, or (`None`) that it has none. False: there is no such cloud.
///
/// # Errors
/// As the database.
pub async fn set(db: &mut Db, cloud: CloudId, credits: Option<(i64, Date)>, until: Option<Date>) -> sqlx::Result<bool> {
    let (usd, from) = credits.unzip();
    let set = sqlx::query!(
        "update cloud set credits_usd = $2, credits_from = $3, credits_until = $4, credits_told = 0, credits_end_told = null where id = $1",
        cloud.0,
        usd,
        from,
        until
    );
    Ok(set.execute(db).await?.rows_affected() == 1)
}

/// It was told that so many hundredths are used.
///
/// # Errors
/// As the database.
pub async fn told(db: &mut Db, cloud: CloudId, percent: u8) -> sqlx::Result<()> {
    sqlx::query!("update cloud set credits_told = $2 where id = $1", cloud.0, i16::from(percent)).execute(db).await?;
    Ok(())
}

/// It was told that they end in so many days.
///
/// # Errors
/// As the database.
pub async fn end_told(db: &mut Db, cloud: CloudId, days: u8) -> sqlx::Result<()> {
    sqlx::query!("update cloud set credits_end_told = $2 where id = $1", cloud.0, i16::from(days)).execute(db).await?;
    Ok(())
}
