//! Signed-in browsers. The cookie's value is never stored, only its hash.

use app::domain::ids::{PersonId, SessionId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Db;

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// For ending it.
    pub id: SessionId,
    /// Whose; `None` before sign-in.
    pub person: Option<PersonId>,
    /// A word on the browser.
    pub browser: String,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it was last used.
    pub seen_at: OffsetDateTime,
    /// When the password was last typed.
    pub authenticated_at: Option<OffsetDateTime>,
}

/// Makes a session; false if the hash is taken.
///
/// # Errors
/// As the database.
pub async fn create(db: &mut Db, hash: &[u8], data: &serde_json::Value, expires_at: OffsetDateTime) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into session (hash, id, data, expires_at) values ($1, $2, $3, $4) on conflict do nothing",
        hash,
        SessionId::new().0,
        data,
        expires_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a session's data. A session that was ended meanwhile is not brought back.
///
/// # Errors
/// As the database.
pub async fn save(db: &mut Db, hash: &[u8], data: &serde_json::Value, expires_at: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!("update session set data = $2, expires_at = $3 where hash = $1", hash, data, expires_at).execute(db).await?;
    Ok(())
}

/// A session's data.
///
/// # Errors
/// As the database.
pub async fn load(db: &mut Db, hash: &[u8]) -> sqlx::Result<Option<serde_json::Value>> {
    sqlx::query_scalar!("select data from session where hash = $1 and expires_at > koza_now()", hash).fetch_optional(db).await
}

/// Who a session belongs to; marks it as used, at most once a minute.
///
/// # Errors
/// As the database.
pub async fn of(db: &mut Db, hash: &[u8]) -> sqlx::Result<Option<Row>> {
    sqlx::query!("update session set seen_at = koza_now() where hash = $1 and seen_at < koza_now() - interval '1 minute'", hash)
        .execute(&mut *db)
        .await?;
    let row = sqlx::query!(
        "select id, person, browser, created_at, seen_at, authenticated_at from session where hash = $1 and expires_at > koza_now()",
        hash
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Row {
        id: SessionId(row.id),
        person: row.person.map(PersonId),
        browser: row.browser,
        created_at: row.created_at,
        seen_at: row.seen_at,
        authenticated_at: row.authenticated_at,
    }))
}

/// The browser is somebody's from now on, or has typed the password again.
///
/// # Errors
/// As the database.
pub async fn belongs_to(db: &mut Db, hash: &[u8], person: PersonId, browser: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update session set person = $2, browser = $3, authenticated_at = koza_now(), seen_at = koza_now() where hash = $1",
        hash,
        person.0,
        browser
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A person's sessions, newest first.
///
/// # Errors
/// As the database.
pub async fn of_person(db: &mut Db, person: PersonId) -> sqlx::Result<Vec<Row>> {
    let rows = sqlx::query!(
        "select id, person, browser, created_at, seen_at, authenticated_at
           from session where person = $1 and expires_at > koza_now() order by created_at desc",
        person.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Row {
            id: SessionId(row.id),
            person: row.person.map(PersonId),
            browser: row.browser,
            created_at: row.created_at,
            seen_at: row.seen_at,
            authenticated_at: row.authenticated_at,
        })
        .collect())
}

/// Ends one session of a person; false if there is none.
///
/// # Errors
/// As the database.
pub async fn end(db: &mut Db, person: PersonId, id: SessionId) -> sqlx::Result<bool> {
    let done = sqlx::query!("delete from session where person = $1 and id = $2", person.0, id.0).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a person's sessions but one.
///
/// # Errors
/// As the database.
pub async fn end_others(db: &mut Db, person: PersonId, keep: Uuid) -> sqlx::Result<()> {
    sqlx::query!("delete from session where person = $1 and id <> $2", person.0, keep).execute(db).await?;
    Ok(())
}

/// Deletes a session by its hash.
///
/// # Errors
/// As the database.
pub async fn delete(db: &mut Db, hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from session where hash = $1", hash).execute(db).await?;
    Ok(())
}

/// Deletes what has expired.
///
/// # Errors
/// As the database.
pub async fn delete_expired(db: &mut Db) -> sqlx::Result<u64> {
    Ok(sqlx::query!("delete from session where expires_at <= koza_now()").execute(db).await?.rows_affected())
}
