//! The operator's room.

use app::domain::operate::{Finding, Room};
use app::domain::person::Caller;
use app::error::AppError;
use app::ports::{Members, Operate};
use server::db::chores::{self, New};
use server::db::people;
use sqlx::PgPool;

use crate::support::TestPortal;

impl TestPortal {
    async fn operator(&self) -> Caller {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        let person = people::add(&mut db, "root", "root", "not a hash", true).await.expect("a person");
        Caller { person, name: "root".into(), is_operator: true }
    }

    /// Work that failed for good.
    pub async fn dead_chore(&self) {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        chores::add(&mut db, &New { kind: "erase_secrets", key: "x", course: None, data: serde_json::Value::Null }).await.expect("added");
        let held = chores::claim(&mut db, self.worker, 10, false).await.expect("claimed");
        let chore = held.iter().find(|chore| chore.key == "x").expect("it is due");
        assert!(chores::failed(&mut db, chore, "the disk is full", None).await.expect("noted"));
    }
}

fn has(room: &Room, number: &str) -> bool {
    room.findings.iter().any(|finding| finding.number() == number)
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_failed_for_good_is_found_with_what_was_said_and_tried_again(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let (port, operator) = (&portal.environments, portal.operator().await);
    assert!(!has(&port.room(&operator).await.expect("the room"), "K04"));
    portal.dead_chore().await;
    let room = port.room(&operator).await.expect("the room");
    assert!(room.findings.contains(&Finding::DeadChores { chores: 1 }), "{:?}", room.findings);
    assert_eq!(room.dead.iter().map(|chore| (chore.key.as_str(), chore.said.as_str())).collect::<Vec<_>>(), [("x", "the disk is full")]);
    port.retry(&operator, room.dead[0].id).await.expect("it is due again");
    let after = port.room(&operator).await.expect("the room");
    assert!(after.dead.is_empty() && !has(&after, "K04"));
    assert!(after.chores.contains(&("erase_secrets".into(), "due".into(), 1)), "{:?}", after.chores);
    assert_eq!((after.audit[0].by.as_str(), after.audit[0].act.as_str()), ("root", "chore_retried"));
    assert_eq!(port.retry(&operator, room.dead[0].id).await, Err(AppError::Conflict), "it is not dead any more");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_site_where_nobody_works_or_something_has_no_price_says_so_until_it_is_mended(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let (port, operator) = (&portal.environments, portal.operator().await);
    let room = port.room(&operator).await.expect("the room");
    assert!(has(&room, "K01") && has(&room, "K07"), "no worker has beaten yet, and there is no mail server: {:?}", room.findings);
    assert!(!has(&room, "K06"), "all is priced: {:?}", room.findings);
    let pool = &portal.engine.pool;
    let beat = "insert into worker (id, host, beat_at) values (gen_random_uuid(), 'here', koza_now())";
    sqlx::query(beat).execute(pool).await.expect("a worker");
    let room = port.room(&operator).await.expect("the room");
    assert!(!has(&room, "K01"), "{:?}", room.findings);
    assert_eq!(room.workers, 1);
    sqlx::query("update course set currency = 'EUR'").execute(pool).await.expect("another currency");
    assert!(has(&port.room(&operator).await.expect("the room"), "K06"), "nobody said what a dollar is there");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn the_room_is_there_for_operators_alone_whatever_else_they_are(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let (port, operator) = (&portal.environments, portal.operator().await);
    for caller in [&portal.student, &portal.instructor, &portal.stranger] {
        assert_eq!(port.room(caller).await.map(|_| ()), Err(AppError::NotFound));
        assert_eq!(port.retry(caller, uuid::Uuid::nil()).await, Err(AppError::NotFound));
    }
    port.invite(&portal.instructor, "SYS-101", app::domain::course::Role::Student, "1", "1").await.expect("made");
    let people = Members::of(port, &portal.instructor, "SYS-101").await.expect("people");
    port.join(&operator, &people.invitations[0].token).await.expect("in the course, too");
    port.room(&operator).await.expect("still the room");
}
