//! The audit's chain: nobody changes what was noted, and whoever does it behind our back is found out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use server::db::audit::chain::{self, Broken, Head};
use server::db::audit::{self, Act, By, Filter, Of, SEALED_WITHIN};
use server::engine::chores::{Kind, perform};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use time::Duration;

use crate::support::TestPortal;

/// Notes of something that takes no row but the audit's.
async fn note(tx: &mut Transaction<'_, Postgres>, rows: u16) {
    for machines in 0..rows {
        audit::note(tx, By::Koza, Of::SITE, &Act::ScaledOut { machines }).await.expect("noted");
    }
}

/// So many rows, noted and sealed; the head.
async fn sealed(pool: &PgPool, rows: u16) -> Head {
    let mut tx = pool.begin().await.expect("a transaction");
    note(&mut tx, rows).await;
    assert_eq!(chain::seal(&mut tx, i64::from(rows) + 1).await.expect("sealed"), usize::from(rows));
    let head = chain::head(&mut tx).await.expect("read").expect("a head");
    tx.commit().await.expect("committed");
    head
}

async fn run(tx: &mut Transaction<'_, Postgres>, statements: &str) {
    for statement in statements.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut **tx).await.expect(statement);
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn nobody_changes_a_note_not_even_the_owner_of_the_table_and_the_seal_is_set_once(pool: PgPool) {
    sealed(&pool, 3).await;
    let mut tx = pool.begin().await.expect("a transaction");
    note(&mut tx, 1).await;
    tx.commit().await.expect("committed");
    let changed_with_it = "update audit set number = 9, seal = sha256('x'), detail = '{\"machines\": 0.0}' where number is null";
    let attempts = [
        ("update audit set act = 'asked'", "append-only"),
        ("update audit set at = at where number is null", "append-only"),
        (changed_with_it, "append-only"),
        ("update audit set number = number + 10, seal = sha256('x') where number is not null", "append-only"),
        ("update audit set number = null, seal = null", "append-only"),
        ("delete from audit", "append-only"),
        ("truncate audit", "append-only"),
        ("insert into audit (actor, act, number, seal) values ('koza', 'asked', 9, sha256('x'))", "append-only"),
        ("insert into audit (actor, act) values ('person', 'asked')", "check"),
    ];
    for (attempt, why) in attempts {
        let refused = sqlx::query(AssertSqlSafe(attempt)).execute(&pool).await.expect_err(attempt);
        assert!(refused.to_string().contains(why), "{attempt}: {refused}");
    }
    let of_the_site = [
        "update audit set act = 'asked' where number is null",
        "insert into audit (actor, act, at) values ('koza', 'asked', '2020-01-01')",
        "insert into audit (actor, act, number, seal) values ('koza', 'asked', 9, sha256('x'))",
        "delete from audit",
        "truncate audit",
        "alter table audit disable trigger all",
    ];
    for attempt in of_the_site {
        let mut tx = pool.begin().await.expect("a transaction");
        sqlx::query("set local role koza_app").execute(&mut *tx).await.expect("the role");
        let refused = sqlx::query(attempt).execute(&mut *tx).await.expect_err(attempt);
        assert!(refused.to_string().contains("permission denied") || refused.to_string().contains("must be owner"), "{attempt}: {refused}");
    }
    let mut tx = pool.begin().await.expect("a transaction");
    sqlx::query("set local role koza_app").execute(&mut *tx).await.expect("the role");
    note(&mut tx, 1).await;
    assert_eq!(chain::seal(&mut tx, 10).await.expect("sealed"), 2, "as the role that serves");
    let verified = chain::verify(&mut tx, None).await.expect("verified");
    assert_eq!((verified.head.map(|head| head.number), verified.broken, verified.waiting), (Some(5), None, 0));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_was_done_behind_the_triggers_is_found_and_the_first_place_is_named(pool: PgPool) {
    let kept = sealed(&pool, 20).await;
    let swapped = "update audit set number = 100 where number = 7; update audit set number = 7 where number = 8;
                   update audit set number = 8 where number = 100";
    let (note_seals, put_seals_back) = (
        "create temp table stood on commit drop as select number, seal from audit where number in (7, 8)",
        "update audit set seal = stood.seal from stood where audit.number = stood.number",
    );
    let twice = "drop index audit_number;
                 insert into audit (actor, act, detail, number, seal) select actor, act, detail, number, seal from audit where number = 7";
    let cases = [
        ("nothing", String::new(), None),
        ("changed", "update audit set act = 'asked' where number = 7".into(), Some(Broken::Changed(7))),
        ("changed in kind", "update audit set detail = '{\"machines\": 6.0}' where number = 7".into(), Some(Broken::Changed(7))),
        (
            "changed to what no computer reads",
            "update audit set detail = '1e1000', at = 'infinity' where number = 7".into(),
            Some(Broken::Changed(7)),
        ),
        ("resealed", "update audit set seal = sha256('x') where number = 20".into(), Some(Broken::Changed(20))),
        ("the first and another", "update audit set actor = 'shell' where number in (1, 7)".into(), Some(Broken::Changed(1))),
        ("taken out", "delete from audit where number = 7".into(), Some(Broken::Missing(7))),
        ("the first taken out", "delete from audit where number = 1".into(), Some(Broken::Missing(1))),
        ("unsealed", "update audit set number = null, seal = null where number = 7".into(), Some(Broken::Missing(7))),
        ("swapped", swapped.into(), Some(Broken::Moved(7, 8))),
        ("swapped below their seals", format!("{note_seals}; {swapped}; {put_seals_back}"), Some(Broken::Moved(7, 8))),
        ("put at the end", "update audit set number = 100 where number = 7".into(), Some(Broken::Moved(7, 100))),
        ("added", twice.into(), Some(Broken::Stray(7))),
    ];
    for (what, statements, broken) in cases {
        let mut tx = pool.begin().await.expect("a transaction");
        run(&mut tx, "alter table audit disable trigger user").await;
        run(&mut tx, &statements).await;
        let verified = chain::verify(&mut tx, Some(&kept)).await.expect("verified");
        assert_eq!(verified.broken, broken, "{what}");
    }
    let mut tx = pool.begin().await.expect("a transaction");
    run(&mut tx, "alter table audit disable trigger user; update audit set act = 'asked' where number = 7").await;
    let verified = chain::verify(&mut tx, None).await.expect("verified");
    assert_eq!(verified.head.map(|head| head.number), Some(6), "so far it is whole");
    assert_eq!(verified.broken.expect("broken").to_string(), "row 7 was changed after it was sealed");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_head_that_was_kept_elsewhere_shows_a_cut_off_end_and_a_chain_that_was_written_anew(pool: PgPool) {
    let kept = sealed(&pool, 20).await;
    let later = sealed(&pool, 5).await;
    let mut db = pool.acquire().await.expect("a connection");
    for head in [&kept, &later] {
        let verified = chain::verify(&mut db, Some(head)).await.expect("verified");
        assert_eq!((verified.broken, verified.head.as_ref()), (None, Some(&later)), "the chain has gone on");
    }
    drop(db);

    let mut tx = pool.begin().await.expect("a transaction");
    run(&mut tx, "alter table audit disable trigger user; delete from audit where number > 10").await;
    let verified = chain::verify(&mut tx, None).await.expect("verified");
    assert_eq!((verified.broken, verified.head.map(|head| head.number)), (None, Some(10)), "nothing in the chain tells of it");
    assert_eq!(chain::verify(&mut tx, Some(&kept)).await.expect("verified").broken, Some(Broken::CutOff(20, 10)));
    note(&mut tx, 15).await;
    chain::seal(&mut tx, 100).await.expect("sealed");
    let broken = chain::verify(&mut tx, Some(&kept)).await.expect("verified").broken;
    assert_eq!(broken, Some(Broken::Rewritten(20)), "nor are new rows those that were cut off");
    run(&mut tx, "delete from audit").await;
    let verified = chain::verify(&mut tx, Some(&kept)).await.expect("verified");
    assert_eq!((verified.head, verified.broken), (None, Some(Broken::CutOff(20, 0))));
    tx.rollback().await.expect("rolled back");

    let mut tx = pool.begin().await.expect("a transaction");
    let anew = "alter table audit disable trigger user; update audit set number = null, seal = null where number >= 7;
                update audit set act = 'asked' where number is null and id = (select min(id) from audit where number is null)";
    run(&mut tx, anew).await;
    chain::seal(&mut tx, 100).await.expect("sealed");
    assert_eq!(chain::verify(&mut tx, None).await.expect("verified").broken, None, "it is a chain");
    assert_eq!(chain::verify(&mut tx, Some(&kept)).await.expect("verified").broken, Some(Broken::Rewritten(20)), "but not the one");
}

/// Commits or rolls back so many transactions of ten rows.
async fn write(pool: PgPool, transactions: u16, is_kept: impl Fn(u16) -> bool) {
    for number in 0..transactions {
        let mut tx = pool.begin().await.expect("a transaction");
        note(&mut tx, 10).await;
        if is_kept(number) { tx.commit().await.expect("committed") } else { tx.rollback().await.expect("rolled back") }
    }
}

/// Seals until nobody writes any more.
async fn seal_meanwhile(pool: PgPool, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::SeqCst) {
        let mut tx = pool.begin().await.expect("a transaction");
        chain::seal(&mut tx, 37).await.expect("sealed");
        tx.commit().await.expect("committed");
        tokio::task::yield_now().await;
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn two_who_seal_at_once_make_one_chain_and_what_commits_late_is_sealed_late_and_not_skipped(pool: PgPool) {
    let pool = PgPoolOptions::new().max_connections(10).connect_with((*pool.connect_options()).clone()).await.expect("a pool");
    let (mut late, mut given_up) = (pool.begin().await.expect("a transaction"), pool.begin().await.expect("a transaction"));
    note(&mut late, 5).await;
    note(&mut given_up, 5).await;

    let is_over = Arc::new(AtomicBool::new(false));
    let sealers: Vec<_> = (0..2).map(|_| tokio::spawn(seal_meanwhile(pool.clone(), is_over.clone()))).collect();
    // Every fifth is rolled back, so a hundred are kept.
    let writers: Vec<_> = (0..5).map(|_| tokio::spawn(write(pool.clone(), 25, |number| number % 5 != 4))).collect();
    for writer in writers {
        writer.await.expect("no panic");
    }
    is_over.store(true, Ordering::SeqCst);
    for sealer in sealers {
        sealer.await.expect("no panic");
    }

    let mut tx = pool.begin().await.expect("a transaction");
    chain::seal(&mut tx, 10_000).await.expect("sealed");
    tx.commit().await.expect("committed");
    let mut db = pool.acquire().await.expect("a connection");
    let verified = chain::verify(&mut db, None).await.expect("verified");
    assert_eq!((verified.head.map(|head| head.number), verified.broken, verified.waiting), (Some(1_000), None, 0));
    late.commit().await.expect("committed");
    given_up.rollback().await.expect("rolled back");
    assert_eq!(chain::verify(&mut db, None).await.expect("verified").waiting, 5, "they count once they are there");
    let mut tx = pool.begin().await.expect("a transaction");
    assert_eq!(chain::seal(&mut tx, 10_000).await.expect("sealed"), 5, "nothing is skipped");
    tx.commit().await.expect("committed");
    let verified = chain::verify(&mut db, None).await.expect("verified");
    assert_eq!((verified.head.map(|head| head.number), verified.broken), (Some(1_005), None));
    let late: (i64, i64) = sqlx::query_as("select max(id), max(number) from audit where id <= 5").fetch_one(&mut *db).await.expect("rows");
    assert_eq!(late, (5, 1_005), "noted first, sealed last");
    drop(db);
    pool.close().await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn the_chore_seals_all_that_waits_and_a_chore_that_nobody_does_is_noticed(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let state = async || audit::state(&mut portal.engine.pool.acquire().await.expect("a connection")).await.expect("a state");
    sqlx::query("insert into audit (actor, act) select 'koza', 'asked' from generate_series(1, 2500)")
        .execute(&portal.engine.pool)
        .await
        .expect("noted");
    assert_eq!((state().await.sealed, state().await.waiting, state().await.is_late), (0, 2_500, false));
    portal.advance(SEALED_WITHIN + Duration::MINUTE).await;
    assert!(state().await.is_late);
    let every = Kind::SealAudit.every().expect("it comes round by itself");
    assert!(every * 10 < SEALED_WITHIN, "many rounds before anybody is told");
    let chore = server::db::chores::Claimed {
        id: uuid::Uuid::now_v7(),
        epoch: 1,
        kind: Kind::SealAudit.code().into(),
        key: String::new(),
        data: serde_json::json!({}),
        tries: 1,
    };
    perform(&portal.engine, &chore).await.expect("done");
    assert_eq!((state().await.sealed, state().await.waiting, state().await.is_late), (2_500, 0, false));
    let verified = chain::verify(&mut portal.engine.pool.acquire().await.expect("a connection"), None).await.expect("verified");
    assert_eq!((verified.head.map(|head| head.number), verified.broken), (Some(2_500), None), "over several pages");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn the_audit_is_read_newest_first_by_course_by_person_and_page_by_page(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let course = portal.course().await;
    let (student, teacher) = (portal.student.person, portal.instructor.person);
    for (by, of) in [
        (By::Person(student), Of::SITE),
        (By::Person(teacher), Of::course(course)),
        (By::Person(teacher), Of::member(course, student)),
        (By::Shell, Of::person(teacher)),
    ] {
        audit::note(&mut db, by, of, &Act::SignedIn).await.expect("noted");
    }
    let mut read = async |filter: Filter, n| {
        let entries = audit::read(&mut db, filter, n).await.expect("read");
        entries.into_iter().map(|entry| entry.row.id).collect::<Vec<_>>()
    };
    let of_person = |person| Filter { person: Some(person), ..Filter::default() };
    assert_eq!(read(Filter::default(), 10).await, [4, 3, 2, 1]);
    assert_eq!(read(Filter { course: Some(course), ..Filter::default() }, 10).await, [3, 2]);
    assert_eq!(read(of_person(student), 10).await, [3, 1], "what they did, and what was done to them");
    assert_eq!(read(of_person(teacher), 2).await, [4, 3]);
    assert_eq!(read(Filter { before: Some(3), ..of_person(teacher) }, 2).await, [2], "the next page");
}
