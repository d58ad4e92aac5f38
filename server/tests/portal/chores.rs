//! Small work: done once, tried again when it fails, and never lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use server::db::chores::{self, Claimed, New};
use server::engine::chores::{Kind, Lane, Pace, Trouble, run};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

async fn add(pool: &PgPool, kind: &str, key: &str) -> bool {
    let mut db = pool.acquire().await.expect("a connection");
    chores::add(&mut db, &New { kind, key, course: None, data: json!({}) }).await.expect("added")
}

async fn claim(pool: &PgPool) -> Vec<Claimed> {
    chores::claim(&mut pool.acquire().await.expect("a connection"), Uuid::now_v7(), 100, false).await.expect("claimed")
}

async fn count(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.expect("a number")
}

async fn advance(pool: &PgPool, seconds: f64) {
    sqlx::query(
        "insert into clock_offset (shift) values (make_interval(secs => $1))
         on conflict (only_row) do update set shift = clock_offset.shift + excluded.shift",
    )
    .bind(seconds)
    .execute(pool)
    .await
    .expect("the clock moves");
}

/// Does chores with two workers side by side until none is open.
async fn drain<F: Future<Output = Result<(), Trouble>>>(pool: &PgPool, handler: impl Fn(Claimed) -> F) {
    let shutdown = CancellationToken::new();
    let until_empty = async {
        while count(pool, "select count(*) from chore where dead_at is null").await > 0 {
            tokio::task::yield_now().await;
        }
        shutdown.cancel();
    };
    tokio::join!(
        run(pool, Uuid::now_v7(), Lane::Others, &handler, &shutdown, Pace::BATCHES),
        run(pool, Uuid::now_v7(), Lane::Others, &handler, &shutdown, Pace::BATCHES),
        until_empty
    );
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn every_chore_is_done_once_by_one_of_two_workers(pool: PgPool) {
    sqlx::query("insert into chore (id, kind, key) select gen_random_uuid(), 'test', n::text from generate_series(1, 3000) n")
        .execute(&pool)
        .await
        .expect("chores");
    let done = Arc::new(AtomicUsize::new(0));
    drain(&pool, |_| {
        done.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    })
    .await;
    assert_eq!(done.load(Ordering::SeqCst), 3000);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_chore_that_is_open_is_not_added_twice(pool: PgPool) {
    assert!(add(&pool, "test", "one").await);
    assert!(!add(&pool, "test", "one").await);
    assert!(add(&pool, "test", "two").await);
    assert_eq!(claim(&pool).await.len(), 2);
    assert!(!add(&pool, "test", "one").await, "nor while it is being done");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_was_away_too_long_ends_nothing(pool: PgPool) {
    add(&pool, "test", "one").await;
    let late = claim(&pool).await;
    assert_eq!(claim(&pool).await, []);
    advance(&pool, 31.0).await;
    let now = claim(&pool).await;
    let mut db = pool.acquire().await.expect("a connection");
    let of = |claimed: &[Claimed]| claimed.iter().map(|chore| (chore.id, chore.epoch)).collect::<Vec<_>>();
    assert!(chores::renew(&mut db, &of(&late)).await.expect("asked").is_empty());
    assert!(chores::finish(&mut db, &of(&late)).await.expect("asked").is_empty());
    assert!(!chores::failed(&mut db, &late[0], "late", None).await.expect("asked"));
    assert_eq!(chores::finish(&mut db, &of(&now)).await.expect("asked"), [now[0].id]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_fails_is_tried_again_later_and_at_last_kept_for_somebody_to_read(pool: PgPool) {
    add(&pool, "end_sessions", "now").await;
    let patience = Kind::EndSessions.patience();
    for tries in 1..=patience.tries {
        let chore = claim(&pool).await.pop().expect("it is due");
        assert_eq!(chore.tries, tries);
        let wait = patience.again_in(tries).map(|wait| wait.as_secs_f64());
        let mut db = pool.acquire().await.expect("a connection");
        assert!(chores::failed(&mut db, &chore, "the mail server hung up", wait).await.expect("noted"));
        assert_eq!(claim(&pool).await, [], "not before its time");
        advance(&pool, wait.unwrap_or(3600.0) + 0.1).await;
    }
    assert_eq!(claim(&pool).await, []);
    let mut db = pool.acquire().await.expect("a connection");
    let dead = chores::dead(&mut db, 10).await.expect("read").pop().expect("one is dead");
    assert_eq!((dead.said.as_deref(), dead.tries), (Some("the mail server hung up"), patience.tries));
    assert!(chores::retry(&mut db, dead.id).await.expect("asked"));
    assert_eq!(claim(&pool).await.len(), 1);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_chore_that_ends_its_worker_or_panics_is_dead_in_the_end_and_holds_up_nobody(pool: PgPool) {
    add(&pool, "end_sessions", "killer").await;
    for _ in 0..Kind::EndSessions.patience().tries {
        assert_eq!(claim(&pool).await.len(), 1);
        advance(&pool, 31.0).await;
    }
    add(&pool, "erase_secrets", "panics").await;
    sqlx::query("update chore set tries = 4 where key = 'panics'").execute(&pool).await.expect("an old one");
    add(&pool, "erase_secrets", "fine").await;
    drain(&pool, |chore| async move {
        assert_ne!(chore.key, "killer", "it is not begun again");
        assert_ne!(chore.key, "panics", "on purpose");
        Ok(())
    })
    .await;
    let mut said: Vec<String> =
        sqlx::query_scalar("select key || ': ' || said from chore where dead_at is not null").fetch_all(&pool).await.expect("read");
    said.sort_unstable();
    assert_eq!(said, ["killer: its worker ended again and again while doing it", "panics: it panicked"]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_comes_round_by_itself_fires_once_per_period_however_many_ask(pool: PgPool) {
    let every = time::Duration::minutes(10);
    let mut db = pool.acquire().await.expect("a connection");
    let mut fired = 0;
    for _ in 0..5 {
        fired += usize::from(chores::fire(&mut db, "test", every).await.expect("fired"));
    }
    assert_eq!(fired, 1);
    let done = claim(&pool).await;
    chores::finish(&mut db, &[(done[0].id, done[0].epoch)]).await.expect("done");
    assert!(!chores::fire(&mut db, "test", every).await.expect("asked"), "not again in the same period, though it is done");
    advance(&pool, 600.0).await;
    assert!(chores::fire(&mut db, "test", every).await.expect("fired"));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_shuts_down_hands_its_chores_back_uncounted(pool: PgPool) {
    add(&pool, "test", "slow").await;
    let shutdown = CancellationToken::new();
    let begun = tokio::sync::Notify::new();
    let handler = |_| async {
        begun.notify_one();
        std::future::pending::<Result<(), Trouble>>().await
    };
    let stop = async {
        begun.notified().await;
        shutdown.cancel();
    };
    tokio::join!(run(&pool, Uuid::now_v7(), Lane::Others, handler, &shutdown, Pace::BATCHES), stop);
    assert_eq!(claim(&pool).await.first().map(|chore| chore.tries), Some(1));
}
