//! The desk: a course's environments for its staff, and acts on many of them.

use std::time::Duration as Wait;

use app::domain::desk::{BulkAct, Came, Filter, Use, Verdict};
use app::domain::ids::EnvironmentId;
use app::domain::person::Caller;
use app::domain::phase::{Goal, Phase};
use app::error::AppError;
use app::ports::{Desks, Environments};
use server::db::budgets::Scope;
use server::db::{courses, desk as rows, people};
use server::portal::desk::go_on;
use sqlx::PgPool;
use time::Duration;

use crate::support::TestPortal;

impl TestPortal {
    async fn desk(&self, state: &str, order: &str) -> Vec<String> {
        let filter = Filter::read(state, "", order, "");
        let desk = Desks::desk(&self.environments, &self.instructor, "SYS-101", filter).await.expect("a desk");
        desk.rows.into_iter().map(|row| row.name).collect()
    }

    async fn came(&self, act: BulkAct, whom: &[EnvironmentId]) -> Vec<(String, Option<Came>)> {
        let id = self.environments.begin(&self.instructor, "SYS-101", act, whom).await.expect("begun");
        let view = self.environments.bulk_act(&self.instructor, "SYS-101", id).await.expect("a view");
        view.rows.into_iter().map(|(_, name, _, came)| (name, came)).collect()
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn staff_see_a_courses_environments_in_one_table_and_nobody_else_does(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let first = portal.ready().await;
    let other = portal.environments.request(&portal.other_student, portal.version, "d7", "", 0).await.expect("requested");
    portal.run_until_phase_of(&portal.other_student, other, Phase::Ready).await;
    portal.environments.stop(&portal.other_student, other).await.expect("asked");
    let filter = Filter::read("", "", "student", "");
    let seen = Desks::desk(&portal.environments, &portal.instructor, "SYS-101", filter.clone()).await.expect("a desk");
    let look = |name: &str| seen.rows.iter().find(|row| row.name == name).expect("a row");
    assert_eq!((look("c5").holders.as_str(), look("c5").phase), ("aoi", Phase::Ready));
    assert_eq!((look("d7").holders.as_str(), look("d7").phase), ("ren", Phase::Stopping), "at once, before anybody has looked");
    assert!(look("c5").spent > 0 && look("c5").lease_until.is_some() && seen.may_act);
    assert_eq!(seen.counts, [(Phase::Ready, 1), (Phase::Stopping, 1)]);
    portal.run_until_phase_of(&portal.other_student, other, Phase::Stopped).await;
    assert_eq!(portal.desk("stopped", "").await, ["d7"]);
    assert_eq!(portal.desk("", "student").await, ["c5", "d7"]);
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let now = server::db::now(&mut db).await.expect("a time");
    rows::used(&mut db, other, Use::Tex, now).await.expect("noted");
    rows::used(&mut db, other, Use::Web, now - Duration::minutes(5)).await.expect("noted");
    assert_eq!(portal.desk("", "last-use").await, ["c5", "d7"], "what nobody has used comes first");
    let seen = Desks::desk(&portal.environments, &portal.instructor, "SYS-101", filter.clone()).await.expect("a desk");
    let last = seen.rows.iter().find(|row| row.name == "d7").and_then(|row| row.last_use);
    assert!(last.is_some_and(|(what, _)| what == Use::Tex), "an older minute that comes late changes nothing");
    sqlx::query("update environment set phase = null").execute(&mut *db).await.expect("as an older release left them");
    assert_eq!(portal.desk("ready", "").await, ["c5"]);
    portal.environments.delete(&portal.student, first, "c5").await.expect("asked");
    portal.run_until_phase(first, Phase::Removed).await;
    assert_eq!(portal.desk("", "").await, ["d7"]);
    assert_eq!(portal.desk("removed", "").await, ["c5"]);

    let assistant = people::add(&mut db, "yui", "yui", "not a hash", false).await.expect("a person");
    let course = portal.course().await;
    courses::add_member(&mut db, course, assistant, app::domain::course::Role::Assistant).await.expect("a member");
    let assistant = Caller { person: assistant, name: "yui".into(), is_operator: false };
    let desk = Desks::desk(&portal.environments, &assistant, "SYS-101", filter.clone()).await.expect("a desk");
    assert!(!desk.may_act, "who helps looks");
    let act = portal.environments.begin(&assistant, "SYS-101", BulkAct::Stop, &[other]).await;
    assert_eq!(act, Err(AppError::NotAllowed));
    for stranger in [&portal.student, &portal.stranger] {
        let refused = Desks::desk(&portal.environments, stranger, "SYS-101", filter.clone()).await;
        assert_eq!(refused.map(|_| ()), Err(AppError::NotFound));
        assert_eq!(portal.environments.begin(stranger, "SYS-101", BulkAct::Stop, &[other]).await, Err(AppError::NotFound));
        assert!(Desks::mine(&portal.environments, stranger).await.expect("a list").is_empty());
    }
    let mine = Desks::mine(&portal.environments, &portal.instructor).await.expect("a list");
    assert_eq!(mine.iter().map(|card| (card.code.as_str(), card.environments)).collect::<Vec<_>>(), [("SYS-101", 1)]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn many_are_stopped_and_started_at_once_and_who_cannot_is_named_with_the_reason(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let mut all = Vec::new();
    for name in ["one", "two", "three"] {
        all.push(portal.request(name).await.expect("requested"));
    }
    for id in &all {
        portal.run_until_phase(*id, Phase::Ready).await;
    }
    portal.environments.stop(&portal.student, all[2]).await.expect("asked");
    let preview = portal
        .environments
        .preview(&portal.instructor, "SYS-101", BulkAct::Stop, Some(all.clone()), Filter::read("", "", "", ""))
        .await
        .expect("a preview");
    let would: Vec<_> = preview.rows.iter().map(|(row, verdict)| (row.name.as_str(), *verdict)).collect();
    assert_eq!(would, [("one", Verdict::Does), ("three", Verdict::Already), ("two", Verdict::Does)]);
    assert_eq!(portal.goal(all[0]).await, Goal::Running, "nothing was done yet");
    let came = portal.came(BulkAct::Stop, &[all[0], all[1], all[2], all[0]]).await;
    let done = |name: &str| (name.to_owned(), Some(Came::Done));
    assert_eq!(came, [done("one"), done("two"), ("three".into(), Some(Came::Already))]);
    for id in &all {
        portal.run_until_phase(*id, Phase::Stopped).await;
    }
    // Room for one more.
    portal.follow_budgets().await;
    let kept = portal.accounts().await.of_all().1;
    let running = {
        portal.environments.start(&portal.student, all[0]).await.expect("asked");
        let with_one = portal.accounts().await.of_all().1;
        portal.environments.stop(&portal.student, all[0]).await.expect("asked");
        portal.follow_budgets().await;
        with_one - kept
    };
    portal.allow(Scope::Course, (kept + running * 3 / 2) / crate::money::YEN).await;
    let came = portal.came(BulkAct::Start, &all).await;
    let (started, refused): (Vec<_>, Vec<_>) = came.iter().partition(|(_, came)| *came == Some(Came::Done));
    assert_eq!((started.len(), refused.len()), (1, 2));
    assert!(refused.iter().all(|(_, came)| matches!(came, Some(Came::Refused(AppError::OverBudget { .. })))), "{refused:?}");
    let asked = portal.count("select count(*) from event where code = 'asked' and actor like 'per_%'").await;
    assert!(asked >= 8, "each environment's history says who did it");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_act_on_many_that_was_broken_off_goes_on_where_it_was(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let first = portal.ready().await;
    let second = portal.request("d7").await.expect("requested");
    portal.run_until_phase(second, Phase::Ready).await;
    let course = portal.course().await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let id = rows::begin(&mut db, course, portal.instructor.person, BulkAct::Stop, &[first, second]).await.expect("begun");
    rows::came(&mut db, id, first, &Came::Refused(AppError::TryAgain)).await.expect("written");
    // The process ended after the second was stopped, and before that was written down.
    portal.environments.stop(&portal.instructor, second).await.expect("asked");
    let generation = portal.count("select sum(generation)::bigint from environment").await;
    assert!(go_on(&portal.engine, id, Wait::from_secs(5)).await.expect("went on"));
    let view = portal.environments.bulk_act(&portal.instructor, "SYS-101", id).await.expect("a view");
    let came: Vec<_> = view.rows.iter().map(|(.., came)| came.clone()).collect();
    assert_eq!(came, [Some(Came::Refused(AppError::TryAgain)), Some(Came::Already)]);
    assert_eq!(portal.count("select sum(generation)::bigint from environment").await, generation, "nothing was asked twice");
    assert_eq!(view.counts(), (1, 1, 0));
}
