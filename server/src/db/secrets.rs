//! Passwords and keys made by us, sealed.

use app::domain::environment::SecretKind;
use app::domain::ids::EnvironmentId;

use super::Db;

/// Keeps a sealed secret; a private key for a day at most.
///
/// # Errors
/// As the database.
pub async fn keep(db: &mut Db, environment: EnvironmentId, kind: SecretKind, sealed: &[u8]) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into secret (environment, kind, course, sealed, erase_at)
         select id, $2, course, $3, case when $2 = 'ssh_private_key'::secret_kind then koza_now() + interval '1 day' end
           from environment where id = $1
         on conflict (environment, kind) do update set sealed = excluded.sealed, made_at = koza_now()",
        environment.0,
        kind as _,
        sealed,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A sealed secret.
///
/// # Errors
/// As the database.
pub async fn find(db: &mut Db, environment: EnvironmentId, kind: SecretKind) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "select sealed from secret where environment = $1 and kind = $2 and (erase_at is null or erase_at > koza_now())",
        environment.0,
        kind as _
    )
    .fetch_optional(db)
    .await
}

/// Takes a secret out: who gets it is the only one.
///
/// # Errors
/// As the database.
pub async fn take(db: &mut Db, environment: EnvironmentId, kind: SecretKind) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "delete from secret
          where environment = $1 and kind = $2 and (erase_at is null or erase_at > koza_now())
         returning sealed",
        environment.0,
        kind as _
    )
    .fetch_optional(db)
    .await
}

/// Erases what is past its day.
///
/// # Errors
/// As the database.
pub async fn erase_expired(db: &mut Db) -> sqlx::Result<u64> {
    Ok(sqlx::query!("delete from secret where erase_at <= koza_now()").execute(db).await?.rows_affected())
}

/// Erases all of an environment's secrets.
///
/// # Errors
/// As the database.
pub async fn erase_all(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!("delete from secret where environment = $1", environment.0).execute(db).await?;
    Ok(())
}
