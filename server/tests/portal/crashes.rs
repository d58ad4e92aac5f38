//! A worker that dies anywhere: the next one goes on, and there is exactly one of everything.
//!
//! A turn is a future; polled a number of times and then dropped it is a worker killed at that point. Every such point is tried.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use app::domain::backup::BackupState;
use app::domain::image::ImageState;
use app::domain::phase::Phase;
use app::ports::{Backups, Environments, Images, Scaling};
use server::db::queue;
use server::engine::Engine;
use server::engine::turn::turn;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use time::Duration;

use crate::support::TestPortal;

/// Runs one turn but drops it after so many polls, and its connections with it. True: it ended by itself.
async fn turn_killed_after(portal: &TestPortal, polls: usize) -> bool {
    let mut claims = queue::claim(&mut portal.engine.pool.acquire().await.expect("a connection"), portal.worker, 1).await.expect("claims");
    let Some(claim) = claims.pop() else { return true };
    let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with((*portal.engine.pool.connect_options()).clone());
    // Connecting takes a number of polls of its own that says nothing about turns.
    let warm: Vec<_> = futures::future::join_all((0..4).map(|_| pool.acquire())).await;
    drop(warm);
    let engine = Engine { pool, ..portal.engine.clone() };
    let mut turn = pin!(turn(&engine, claim));
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        turn.as_mut().poll(context).map(|ended| {
            ended.unwrap_or_else(|error| panic!("a turn, {left} of {polls} polls left: {error:?}"));
            true
        })
    })
    .await
}

/// Kills a worker at a point in each of its turns, then lets the claim run out and another go on.
async fn kill_while_building_and_removing(portal: &TestPortal, polls: usize) -> bool {
    let name = format!("c{polls}");
    let id = portal.request(&name).await.expect("requested");
    let mut was_killed = false;
    for _ in 0..4 {
        was_killed |= !turn_killed_after(portal, polls).await;
        portal.advance(Duration::seconds(31)).await;
    }
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(
        portal.in_cloud(id).await,
        ["address", "binding", "disk", "firewall", "key", "machine"],
        "killed after {polls} polls of each turn"
    );

    portal.environments.delete(&portal.student, id, &name).await.expect("asked");
    for _ in 0..4 {
        was_killed |= !turn_killed_after(portal, polls).await;
        portal.advance(Duration::seconds(31)).await;
    }
    portal.run_until_phase(id, Phase::Removed).await;
    assert!(portal.in_cloud(id).await.is_empty(), "killed after {polls} polls of each turn");
    was_killed
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn killed_at_any_point_there_is_exactly_one_of_everything_and_nothing_after_removal(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let mut kills = 0;
    for polls in 1.. {
        if !kill_while_building_and_removing(&portal, polls).await {
            break;
        }
        kills += 1;
    }
    assert!(kills > 10, "a turn has many points at which it can be killed, {kills} were found");
}

/// Far enough to reach the last act of the longest turn: of these points each is tried while a machine is backed up and leaves.
const POINTS_OF_LEAVING: usize = 24;

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn killed_at_any_point_a_machine_leaves_once_and_not_without_its_backup(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let mut kills = 0;
    for polls in (1..=POINTS_OF_LEAVING).step_by(2) {
        portal.scale_out(id, 2).await;
        portal.environments.scale_in(&portal.student, id, 1, true).await.expect("asked");
        for _ in 0..4 {
            for _ in 0..3 {
                kills += i32::from(!turn_killed_after(&portal, polls).await);
                portal.advance(Duration::seconds(31)).await;
            }
            // Who kills each of its workers is parked; this one lives.
            let killers = "select count(*) from environment where fruitless_claims > 0";
            portal.run_until(|portal| async move { portal.count(killers).await == 0 }).await;
        }
        portal.run_until(|portal| async move { portal.view(id).await.scaling.is_none() && portal.in_cloud(id).await.len() == 6 }).await;
        let backups = Backups::of(&portal.environments, &portal.student, id).await.expect("a page").backups;
        let states: Vec<_> = backups.iter().map(|backup| backup.state).collect();
        assert!(states.contains(&BackupState::Proven) && !states.contains(&BackupState::Failed), "killed after {polls} polls: {states:?}");
    }
    assert!(kills > 10, "{kills}");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn killed_at_any_point_an_image_is_saved_once_and_a_machine_is_made_of_it_once(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let mut kills = 0;
    for polls in (1..=POINTS_OF_LEAVING).step_by(3) {
        portal.environments.save(&portal.student, id).await.expect("asked");
        for _ in 0..3 {
            kills += i32::from(!turn_killed_after(&portal, polls).await);
            portal.advance(Duration::seconds(31)).await;
        }
        let is_whole = async |portal: &TestPortal| {
            let images = Images::of(&portal.environments, &portal.student, id).await.expect("a view").images;
            images.iter().all(|image| image.state == ImageState::Whole)
        };
        portal.run_until(|portal| async move { is_whole(portal).await }).await;
        assert_eq!(portal.in_cloud(id).await.iter().filter(|kind| **kind == "image").count(), 1, "killed after {polls} polls");
        let number = Images::of(&portal.environments, &portal.student, id).await.expect("a view").images[0].number;
        let new = portal.environments.start_from(&portal.student, id, number, &format!("n{polls}"), "").await.expect("requested");
        portal.environments.forget(&portal.student, id, number).await.expect("asked");
        for _ in 0..3 {
            kills += i32::from(!turn_killed_after(&portal, polls).await);
            portal.advance(Duration::seconds(31)).await;
        }
        portal.run_until_phase(new, Phase::Ready).await;
        portal.advance(Duration::minutes(2)).await;
        portal.run_until(|portal| async move { portal.in_cloud(id).await.len() == 6 }).await;
        assert_eq!(portal.in_cloud(new).await.len(), 6, "killed after {polls} polls");
        portal.environments.delete(&portal.student, new, &format!("n{polls}")).await.expect("asked");
        portal.run_until_phase(new, Phase::Removed).await;
    }
    assert!(kills > 10, "{kills}");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_late_worker_writes_nothing(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    portal.request("c5").await.expect("requested");
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let late = queue::claim(&mut db, portal.worker, 1).await.expect("claims").pop().expect("one");
    portal.advance(Duration::seconds(31)).await;
    let now = queue::claim(&mut db, portal.worker, 1).await.expect("claims").pop().expect("taken over");
    assert!(now.epoch > late.epoch);
    // The same worker by name, an older epoch: it is refused all the same.
    assert!(matches!(queue::fence(&mut db, late).await, Err(queue::Lost::Claim)));
    assert!(matches!(queue::finish(&mut db, late, None, None).await, Err(queue::Lost::Claim)));
    assert!(queue::renew(&mut db, portal.worker, &[late]).await.expect("asked").is_empty());
    assert!(turn(&portal.engine, late).await.is_err());
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_wish_that_changes_during_a_turn_is_looked_at_at_once(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let claim = queue::claim(&mut db, portal.worker, 1).await.expect("claims").pop().expect("one");
    portal.environments.stop(&portal.student, id).await.expect("asked");
    queue::finish(&mut db, claim, None, None).await.expect("finished");
    assert_eq!(queue::claim(&mut db, portal.worker, 1).await.expect("claims").len(), 1, "the wake-up was not lost");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_kills_its_worker_again_and_again_is_parked(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    for _ in 0..queue::FRUITLESS_CLAIMS {
        assert!(queue::claim(&mut db, portal.worker, 10).await.expect("claims").iter().any(|claim| claim.environment == id));
        portal.advance(Duration::seconds(31)).await;
    }
    assert!(queue::park_poison(&mut db).await.expect("parked").contains(&id.0));
    // Its machine changes meanwhile, and it is woken for that.
    server::db::wake(&mut db, id.0).await.expect("woken");
    assert!(queue::park_poison(&mut db).await.expect("parked").is_empty(), "it is told once");
    assert!(queue::claim(&mut db, portal.worker, 10).await.expect("claims").iter().all(|claim| claim.environment != id));
    assert!(portal.view(id).await.attention.is_some());
    portal.environments.try_again(&portal.student, id).await.expect("asked");
    portal.run_until_phase(id, Phase::Ready).await;
}
