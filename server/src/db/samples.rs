//! Signs of use and of load: one row a day and signal, a slot a minute. A slot that is empty is not known.

use app::domain::ids::EnvironmentId;
use time::{Date, Duration, OffsetDateTime};

use super::Db;

/// A machine tells of a minute when it is over, and not always at once: a minute is looked at when it ended so long ago.
const TOLD_AFTER: Duration = Duration::minutes(2);

/// How long visitors of the first machine's website wait, in milliseconds, as our own look at it shows.
pub const RESPONSE: &str = "response_ms";

/// Each machine's signals are its own: added up, they are the environment's.
#[must_use]
pub fn of_machine(signal: &str, slot: u16) -> String {
    if slot == 1 { signal.to_owned() } else { format!("{signal}@{slot}") }
}

/// Where a moment's minute is: its day, and its place in the day, from 1.
#[must_use]
pub fn slot(at: OffsetDateTime) -> (Date, i32) {
    (at.date(), i32::from(at.hour()) * 60 + i32::from(at.minute()) + 1)
}

/// Writes down one minute of one signal. A value that is not known is not written.
///
/// # Errors
/// As the database.
pub async fn write(db: &mut Db, environment: EnvironmentId, signal: &str, at: OffsetDateTime, value: i32) -> sqlx::Result<()> {
    let (day, slot) = slot(at);
    sqlx::query!(
        "insert into sample (environment, day, signal, course)
         select id, $2, $3, course from environment where id = $1
         on conflict do nothing",
        environment.0,
        day,
        signal,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update sample set slots[$4] = $5 where environment = $1 and day = $2 and signal = $3",
        environment.0,
        day,
        signal,
        slot,
        value,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The newest minutes of a signal that should have been told by now, the last one last.
///
/// # Errors
/// As the database.
pub async fn newest(db: &mut Db, environment: EnvironmentId, signal: &str, count: u16) -> sqlx::Result<Vec<Option<u32>>> {
    let last = super::now(db).await? - TOLD_AFTER;
    let mut minutes = Vec::new();
    for back in (0..i64::from(count)).rev() {
        let (day, slot) = slot(last - Duration::minutes(back));
        let value = sqlx::query_scalar!(
            "select slots[$4] from sample where environment = $1 and day = $2 and signal = $3",
            environment.0,
            day,
            signal,
            slot
        )
        .fetch_optional(&mut *db)
        .await?;
        minutes.push(value.flatten().and_then(|value| u32::try_from(value).ok()));
    }
    Ok(minutes)
}
