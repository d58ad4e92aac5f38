//! Automatic scaling: machines come and go by a rule, as their student would have asked, and the page says why.

use app::domain::backup::BackupState;
use app::domain::ids::EnvironmentId;
use app::domain::scaling::{Because, Limit, Policy, Share};
use app::domain::timeline::What;
use app::error::{AppError, Field, Why};
use app::ports::Scaling;
use server::db::samples;
use server::portal::policy::follow_all;
use sqlx::PgPool;
use time::Duration;

use crate::support::TestPortal;

const BY_CPU: Policy = Policy { least: 1, most: 2, limit: Limit::Cpu(80), cooldown_minutes: 5 };

/// Those of the demo's blueprint.
const PROCESSORS: i32 = 2;

async fn ruled(portal: &TestPortal, policy: Policy) -> EnvironmentId {
    let id = portal.ready().await;
    portal.environments.set_policy(&portal.student, id, Some(policy)).await.expect("set");
    id
}

/// So many minutes pass in which each machine used so many hundredths of its processors; after each the rule is followed.
async fn minutes_at(portal: &TestPortal, id: EnvironmentId, minutes: u32, percent: i32) {
    for _ in 0..minutes {
        portal.advance(Duration::MINUTE).await;
        let mut db = portal.engine.pool.acquire().await.expect("a connection");
        let now = server::db::now(&mut db).await.expect("a time");
        for slot in 1..=portal.view(id).await.scaling.map_or(1, |scaling| scaling.machines.len() as u16) {
            let signal = samples::of_machine("load_milli", slot);
            let used = percent * 10 * PROCESSORS;
            samples::write(&mut db, id, &signal, now - Duration::MINUTE, used).await.expect("written");
        }
        drop(db);
        follow_all(&portal.engine).await.expect("followed");
        // What was asked for is done before the next minute.
        while portal.turn_once().await > 0 {}
    }
}

async fn because(portal: &TestPortal, id: EnvironmentId) -> Option<(bool, Because)> {
    portal.view(id).await.steps.into_iter().find_map(|step| match step.what {
        What::Policy { is_more, because } => Some((is_more, because)),
        _ => None,
    })
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn hot_minutes_bring_a_machine_calm_ones_take_it_away_with_a_backup_and_the_page_says_why(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ruled(&portal, BY_CPU).await;
    minutes_at(&portal, id, 2, 95).await;
    assert_eq!(portal.shares(id).await, [], "a passing peak");
    minutes_at(&portal, id, 3, 95).await;
    portal.run_until(|portal| async move { portal.shares(id).await == [Share::Healthy, Share::Healthy] }).await;
    let hot = Because::Above { limit: Limit::Cpu(80), seen: 95, minutes: 3 };
    assert_eq!(because(&portal, id).await, Some((true, hot)));
    minutes_at(&portal, id, 4, 95).await;
    assert_eq!(portal.count("select count(*) from event where code = 'scaled_out'").await, 1, "it has all that the rule lets it have");

    minutes_at(&portal, id, 13, 20).await;
    portal.run_until(|portal| async move { portal.shares(id).await.is_empty() }).await;
    let calm = Because::Below { limit: Limit::Cpu(80), seen: 20, minutes: 10 };
    assert_eq!(because(&portal, id).await, Some((false, calm)));
    let backups = app::ports::Backups::of(&portal.environments, &portal.student, id).await.expect("a page").backups;
    assert_eq!(backups.iter().map(|backup| (backup.machine, backup.state)).collect::<Vec<_>>(), [(2, BackupState::Proven)]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_that_tells_nothing_is_no_reason_for_anything(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ruled(&portal, Policy { least: 2, ..BY_CPU }).await;
    follow_all(&portal.engine).await.expect("followed");
    portal.run_until(|portal| async move { portal.shares(id).await == [Share::Healthy, Share::Healthy] }).await;
    assert_eq!(because(&portal, id).await, Some((true, Because::Bounds)), "at least two are wanted");
    portal.environments.set_policy(&portal.student, id, Some(BY_CPU)).await.expect("set");
    for _ in 0..30 {
        portal.advance(Duration::MINUTE).await;
        follow_all(&portal.engine).await.expect("followed");
        portal.turn_once().await;
    }
    assert_eq!(portal.shares(id).await.len(), 2);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn how_long_visitors_wait_brings_a_machine_too(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let by_response = Policy { limit: Limit::Response(500), ..BY_CPU };
    let id = ruled(&portal, by_response).await;
    let measured = "select count(*) from sample where signal = 'response_ms'";
    assert!(portal.count(measured).await > 0, "our own look at the page is the measure");
    for _ in 0..5 {
        portal.advance(Duration::MINUTE).await;
        let mut db = portal.engine.pool.acquire().await.expect("a connection");
        let now = server::db::now(&mut db).await.expect("a time");
        samples::write(&mut db, id, samples::RESPONSE, now - Duration::MINUTE, 1800).await.expect("written");
        drop(db);
        follow_all(&portal.engine).await.expect("followed");
    }
    portal.run_until(|portal| async move { portal.shares(id).await == [Share::Healthy, Share::Healthy] }).await;
    let slow = Because::Above { limit: Limit::Response(500), seen: 1800, minutes: 3 };
    assert_eq!(because(&portal, id).await, Some((true, slow)));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_rule_is_set_within_the_blueprint_by_who_may_steer_and_taken_back(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ruled(&portal, BY_CPU).await;
    let set = async |caller, policy| portal.environments.set_policy(caller, id, policy).await;
    let wrong = |why| Err(AppError::Invalid { field: Field::Machines, why });
    assert_eq!(set(&portal.student, Some(Policy { most: 9, ..BY_CPU })).await, wrong(Why::TooMany { most: 3 }));
    assert_eq!(set(&portal.student, Some(Policy { least: 3, ..BY_CPU })).await, wrong(Why::LeastAboveMost));
    assert_eq!(set(&portal.student, Some(Policy { least: 0, ..BY_CPU })).await, wrong(Why::LeastAboveMost));
    assert_eq!(set(&portal.stranger, None).await, Err(AppError::NotFound));
    assert_eq!(portal.environments.offer(&portal.student, id).await.map(|offer| offer.policy), Ok(Some(BY_CPU)));
    assert_eq!(set(&portal.instructor, None).await, Ok(()));
    minutes_at(&portal, id, 6, 99).await;
    assert_eq!(portal.shares(id).await, [], "nothing comes by itself any more");
}
