//! Passwords and keys made by us.

use app::error::AppError;
use app::ports::Environments;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use time::Duration;

use crate::support::TestPortal;

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_private_key_is_fetched_once(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    let (name, key) = portal.environments.take_private_key(&portal.student, id).await.expect("the key");
    assert_eq!(name, "c5");
    assert!(key.expose_secret().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
    assert_eq!(portal.environments.take_private_key(&portal.student, id).await.err(), Some(AppError::NotFound));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_private_key_that_nobody_fetched_is_erased_after_a_day(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.advance(Duration::hours(25)).await;
    assert_eq!(portal.environments.take_private_key(&portal.student, id).await.err(), Some(AppError::NotFound));
    let erased = server::db::secrets::erase_expired(&mut portal.engine.pool.acquire().await.expect("a connection")).await;
    assert_eq!(erased.expect("erased"), 1);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn no_secret_stands_in_the_database_in_clear(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    let sealed: Vec<Vec<u8>> = sqlx::query_scalar("select sealed from secret where environment = $1")
        .bind(id.0)
        .fetch_all(&portal.engine.pool)
        .await
        .expect("rows");
    assert_eq!(sealed.len(), 5);
    assert!(sealed.iter().all(|sealed| !sealed.windows(7).any(|window| window == b"OPENSSH")));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn passwords_want_a_fresh_sign_in(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    // This port has no browser behind it, so nobody has typed a password.
    assert_eq!(portal.environments.passwords(&portal.student, id).await, Err(AppError::SignInAgain));
}
