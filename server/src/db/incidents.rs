//! Incidents: what broke of an environment that had been Ready, from detection to recovery.

use app::domain::ids::EnvironmentId;
use app::domain::incident::{Fault, Incident};
use time::OffsetDateTime;

use super::Db;

/// Opens an incident; one of the same fault that is open stays as it is. True: it is new.
///
/// # Errors
/// As the database.
pub async fn open(db: &mut Db, environment: EnvironmentId, fault: Fault) -> sqlx::Result<bool> {
    let opened = sqlx::query!(
        "insert into incident (environment, number, course, fault)
         select id, 1 + coalesce((select max(number) from incident where environment = $1), 0), course, $2
           from environment
          where id = $1
         on conflict do nothing",
        environment.0,
        fault.code()
    )
    .execute(db)
    .await?;
    Ok(opened.rows_affected() == 1)
}

/// Closes an incident: it works again. Seconds from detection to recovery; `None`: none was open.
///
/// # Errors
/// As the database.
pub async fn close(db: &mut Db, environment: EnvironmentId, fault: Fault) -> sqlx::Result<Option<f64>> {
    sqlx::query_scalar!(
        r#"update incident set recovered_at = koza_now()
          where environment = $1 and fault = $2 and recovered_at is null and dropped_at is null
         returning extract(epoch from recovered_at - detected_at)::float8 as "after!""#,
        environment.0,
        fault.code()
    )
    .fetch_optional(db)
    .await
}

/// Drops what is open because the wish changed: what is stopped or going is not broken, and was not mended either.
///
/// # Errors
/// As the database.
pub async fn drop_open(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!(
        "update incident set dropped_at = koza_now() where environment = $1 and recovered_at is null and dropped_at is null",
        environment.0
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Drops one that is open: what failed is not asked for any more.
///
/// # Errors
/// As the database.
pub async fn drop_one(db: &mut Db, environment: EnvironmentId, fault: Fault) -> sqlx::Result<()> {
    sqlx::query!(
        "update incident set dropped_at = koza_now()
          where environment = $1 and fault = $2 and recovered_at is null and dropped_at is null",
        environment.0,
        fault.code()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The newest incidents of an environment that are open or were mended, newest first.
///
/// # Errors
/// As the database.
pub async fn newest(db: &mut Db, environment: EnvironmentId, n: i64) -> sqlx::Result<Vec<Incident>> {
    let rows = sqlx::query!(
        "select fault, detected_at, recovered_at from incident where environment = $1 and dropped_at is null order by number desc limit $2",
        environment.0,
        n
    )
    .fetch_all(db)
    .await?;
    let incident =
        |(fault, detected_at, recovered_at): (String, _, _)| Some(Incident { fault: Fault::from_code(&fault)?, detected_at, recovered_at });
    Ok(rows.into_iter().filter_map(|row| incident((row.fault, row.detected_at, row.recovered_at))).collect())
}

/// An incident, for operators.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Line {
    /// Whose.
    pub environment: EnvironmentId,
    /// Its course's code.
    pub course: String,
    /// Its name.
    pub name: String,
    /// What broke.
    pub fault: String,
    /// When it was noticed.
    #[serde(with = "time::serde::rfc3339")]
    pub detected_at: OffsetDateTime,
    /// Seconds from detection to recovery; `None`: it is broken still, or was dropped.
    pub recovered_after: Option<f64>,
    /// The wish changed before it was mended.
    pub is_dropped: bool,
}

/// Every incident that is open or was detected within a day, open ones first.
///
/// # Errors
/// As the database.
pub async fn of_today(db: &mut Db) -> sqlx::Result<Vec<Line>> {
    sqlx::query_as!(
        Line,
        r#"select i.environment as "environment: EnvironmentId", c.code as course, e.name, i.fault, i.detected_at,
                  extract(epoch from i.recovered_at - i.detected_at)::float8 as recovered_after,
                  (i.dropped_at is not null) as "is_dropped!"
             from incident i join environment e on e.id = i.environment join course c on c.id = i.course
            where (i.recovered_at is null and i.dropped_at is null) or i.detected_at > koza_now() - interval '1 day'
            order by i.recovered_at is not null or i.dropped_at is not null, i.detected_at desc"#
    )
    .fetch_all(db)
    .await
}
