//! Images that somebody saves of an environment's disk: which of its slots are to hold one (`options.saved`).

use app::domain::ids::EnvironmentId;

use super::Db;
use crate::wish::SAVED_FROM;

/// The slot of the next image that is saved: one that never was any other's, so that nothing takes the one for the other.
///
/// # Errors
/// As the database.
pub async fn next_slot(db: &mut Db, id: EnvironmentId) -> sqlx::Result<u16> {
    let last = sqlx::query_scalar!(
        r#"select greatest(
               (select max(slot) from resource where environment = $1 and kind in ('image', 'snapshot')),
               (select max(number) from environment, jsonb_array_elements_text(coalesce(options -> 'saved', '[]')) saved,
                       cast(saved as smallint) number where id = $1),
               $2::smallint) as "last!: i16""#,
        id.0,
        i16::try_from(SAVED_FROM - 1).unwrap_or(1)
    )
    .fetch_one(db)
    .await?;
    Ok(u16::try_from(last).unwrap_or(u16::MAX).saturating_add(1))
}

/// An image of its first machine's disk is to be saved in this slot. False: it is going, or is not meant to run.
///
/// # Errors
/// As the database.
pub async fn save(db: &mut Db, id: EnvironmentId, slot: u16) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update environment
            set options = jsonb_set(options, '{saved}', coalesce(options -> 'saved', '[]') || to_jsonb($2::integer)),
                generation = generation + 1, wake_at = koza_now()
          where id = $1 and goal = 'running' and removed_at is null",
        id.0,
        i32::from(slot)
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("select pg_notify('koza_wake', $1)", id.0.to_string()).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// One that was saved is not wanted any more. False: there is none, or it goes with its environment.
///
/// # Errors
/// As the database.
pub async fn forget(db: &mut Db, id: EnvironmentId, slot: u16) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update environment
            set options = jsonb_set(options, '{saved}', coalesce(
                              (select jsonb_agg(slot) from jsonb_array_elements(options -> 'saved') slot where slot <> to_jsonb($2::integer)), '[]')),
                generation = generation + 1, wake_at = koza_now()
          where id = $1 and goal <> 'gone' and removed_at is null and options -> 'saved' @> to_jsonb($2::integer)",
        id.0,
        i32::from(slot)
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("select pg_notify('koza_wake', $1)", id.0.to_string()).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
