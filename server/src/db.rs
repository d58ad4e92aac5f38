//! All SQL and nothing else; one file per table family. Functions are named for the question; they take a connection, so callers own
//! transactions. Every write of a worker comes after [`queue::fence`] in its transaction.

pub mod audit;
pub mod backups;
pub mod buckets;
pub mod budgets;
pub mod chores;
pub mod courses;
pub mod credits;
pub mod desk;
pub mod environments;
pub mod events;
pub mod gauges;
pub mod images;
pub mod incidents;
pub mod intervals;
pub mod launches;
pub mod ledger;
pub mod machines;
pub mod members;
pub mod notices;
pub mod people;
pub mod permits;
pub mod prices;
pub mod probes;
pub mod queue;
pub mod resources;
pub mod rosters;
pub mod samples;
pub mod secrets;
pub mod sessions;
pub mod world;

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use time::OffsetDateTime;
use uuid::Uuid;

/// The connection type of every function here.
pub type Db = sqlx::PgConnection;

/// Opens a pool. Transactions that are forgotten end by themselves, because one of them held open spoils the queue.
///
/// A statement is planned once per connection, without its values: nearly all of them look for keys, which one plan serves, and planning
/// what a turn loads takes longer than loading it.
///
/// # Errors
/// When the server does not answer within ten seconds.
pub async fn connect(url: &str, connections: u32) -> sqlx::Result<PgPool> {
    let options: PgConnectOptions = url.parse()?;
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options.options([
            ("idle_in_transaction_session_timeout", "20s"),
            ("statement_timeout", "20s"),
            ("plan_cache_mode", "force_generic_plan"),
        ]))
        .await
}

/// The only clock.
///
/// # Errors
/// As the database.
pub async fn now(db: &mut Db) -> sqlx::Result<OffsetDateTime> {
    sqlx::query_scalar!(r#"select koza_now() as "now!""#).fetch_one(db).await
}

/// Which installation this database is.
///
/// # Errors
/// As the database.
pub async fn installation(db: &mut Db) -> sqlx::Result<Uuid> {
    sqlx::query_scalar!("select id from installation").fetch_one(db).await
}

/// Wakes the loop for an environment, now or at the end of the turn that is under way.
///
/// # Errors
/// As the database.
pub async fn wake(db: &mut Db, environment: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "update environment
            set wake_at = koza_now(), generation = generation + 1
          where id = $1 and removed_at is null",
        environment
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("select pg_notify('koza_wake', $1)", environment.to_string()).execute(db).await?;
    Ok(())
}
