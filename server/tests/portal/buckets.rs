//! How many calls a cloud takes is shared by all: nobody is told to call less, and people come before background work.

use app::domain::ids::{CloudId, EnvironmentId};
use app::domain::phase::Phase;
use app::ports::Environments;
use cloud::sim::{SimSettings, Timings};
use cloud::{Allowance, Call};
use futures::future::join_all;
use server::db::Db;
use server::db::buckets::{For, draw, seed, slow_down, spare};
use server::db::{courses, queue};
use server::engine::poller;
use server::engine::turn::turn;
use sqlx::PgPool;

use crate::support::TestPortal;

/// 8 tokens, 1.6 a second, after the fifth that is left to others.
const ALLOWANCE: Allowance = Allowance { action: "RunInstances", capacity: 10.0, refill: 2.0 };

async fn bucket(db: &mut Db) -> CloudId {
    let cloud = courses::add_cloud(db, "sim", "test", "here", &serde_json::json!({})).await.expect("a cloud");
    seed(db, cloud, &[ALLOWANCE]).await.expect("seeded");
    cloud
}

async fn waits(db: &mut Db, cloud: CloudId, n: usize, purpose: For) -> Vec<f64> {
    let mut waits = Vec::new();
    for _ in 0..n {
        waits.push(draw(db, cloud, &["RunInstances"], purpose).await.expect("drawn"));
    }
    waits
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn calls_beyond_the_bucket_stand_in_a_line_each_with_a_time_of_its_own(pool: PgPool) {
    let mut db = pool.acquire().await.expect("a connection");
    let cloud = bucket(&mut db).await;
    let waits = waits(&mut db, cloud, 12, For::People).await;
    assert!(waits[..8].iter().all(|wait| *wait == 0.0), "{waits:?}");
    // What is filled in while this test runs makes them shorter, never longer.
    assert!(waits[9..].iter().zip([1.25, 1.875, 2.5]).all(|(wait, most)| *wait > 0.0 && *wait <= most), "{waits:?}");
    assert!(waits[8..].is_sorted(), "{waits:?}");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn background_work_leaves_three_tenths_to_people(pool: PgPool) {
    let mut db = pool.acquire().await.expect("a connection");
    let cloud = bucket(&mut db).await;
    let background = waits(&mut db, cloud, 6, For::Background).await;
    assert!(background[..5].iter().all(|wait| *wait == 0.0) && background[5] > 0.0, "{background:?}");
    assert_eq!(waits(&mut db, cloud, 2, For::People).await, [0.0, 0.0]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_bucket_that_was_too_large_after_all_fills_more_slowly_and_recovers(pool: PgPool) {
    let mut db = pool.acquire().await.expect("a connection");
    let cloud = bucket(&mut db).await;
    slow_down(&mut db, cloud, &["RunInstances"]).await.expect("slower");
    let first = waits(&mut db, cloud, 1, For::People).await[0];
    assert!(first > 0.8 && first < 0.9, "one token at 1.12 a second: {first}");
    sqlx::query("insert into clock_offset (shift) values (interval '20 minutes')").execute(&mut *db).await.expect("the clock moves");
    draw(&mut db, cloud, &["RunInstances"], For::People).await.expect("drawn");
    let refill: f64 = sqlx::query_scalar("select refill from bucket").fetch_one(&mut *db).await.expect("read");
    assert!((refill - 1.6).abs() < 1e-9, "{refill}");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_can_be_left_out_takes_only_from_the_upper_half_and_a_slowed_bucket_recovers_by_it_too(pool: PgPool) {
    let mut db = pool.acquire().await.expect("a connection");
    let cloud = bucket(&mut db).await;
    for _ in 0..4 {
        assert!(spare(&mut db, cloud, &["RunInstances"]).await.expect("asked"));
    }
    assert!(!spare(&mut db, cloud, &["RunInstances"]).await.expect("asked"), "half of eight is left to what cannot be left out");
    assert_eq!(waits(&mut db, cloud, 4, For::People).await, [0.0; 4]);

    slow_down(&mut db, cloud, &["RunInstances"]).await.expect("slower");
    for minutes in [10, 20] {
        sqlx::query("insert into clock_offset (shift) values (make_interval(mins => $1)) on conflict (only_row) do update set shift = excluded.shift")
            .bind(minutes)
            .execute(&mut *db)
            .await
            .expect("the clock moves");
        assert!(spare(&mut db, cloud, &["RunInstances"]).await.expect("asked"));
    }
    let refill: f64 = sqlx::query_scalar("select refill from bucket").fetch_one(&mut *db).await.expect("read");
    assert!((refill - 1.6).abs() < 1e-9, "{refill}");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn while_lists_are_scarce_the_shared_look_wakes_who_differs_and_only_it_lists(pool: PgPool) {
    let (portal, class) = class_of(2, pool).await;
    for id in &class {
        portal.run_until_phase(*id, Phase::Ready).await;
    }
    let scarce = "update bucket set tokens = 1, at = koza_now() where action = 'DescribeInstances'";
    sqlx::query(scarce).execute(&portal.engine.pool).await.expect("scarce");
    portal.sim.kill(&portal.machine(class[0]).await).expect("killed");
    poller::look_once(&portal.engine).await.expect("a look");
    assert_eq!(portal.count("select count(*) from environment where differs").await, 1);
    for id in &class {
        sqlx::query("update environment set wake_at = koza_now() where id = $1")
            .bind(id.0)
            .execute(&portal.engine.pool)
            .await
            .expect("due");
    }
    let before = portal.sim.taken(Call::List);
    portal.turn_once().await;
    assert_eq!(portal.sim.taken(Call::List) - before, 1, "the other relies on what was seen");
    assert_eq!(portal.count("select count(*) from environment where differs").await, 0);
    // Seen late by a busy computer it is more than one.
    portal.run_until(|portal| async move { portal.count("select count(*) from incident where recovered_at is not null").await > 0 }).await;
}

/// A class that was just asked for, on a cloud that takes as many calls as AWS does.
async fn class_of(seats: usize, pool: PgPool) -> (TestPortal, Vec<EnvironmentId>) {
    // Calls are counted: none is to be made again because what it needs is not listed yet.
    let timings = Timings { unlisted: 0..=0, ..Timings::default() };
    let settings = SimSettings { allowances: true, timings, ..SimSettings::default() };
    let portal = TestPortal::unbaked(pool, settings).await;
    portal.run_until(|portal| async move { portal.count("select count(*) from image").await == 1 }).await;
    portal.advance(time::Duration::minutes(1)).await;
    let mut class = Vec::new();
    for seat in 0..seats {
        class.push(portal.request(&format!("c{seat}")).await.expect("requested"));
    }
    (portal, class)
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_class_is_built_without_one_call_too_many(pool: PgPool) {
    let (portal, class) = class_of(24, pool).await;
    for id in class {
        portal.run_until_phase(id, Phase::Ready).await;
    }
    assert_eq!(portal.sim.throttled(), 0);
    assert_eq!(portal.sim.taken(Call::Create(cloud::Kind::Machine)), 25, "one call for each, and one for the image");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_class_that_stops_at_the_bell_takes_fewer_calls_than_it_has_machines(pool: PgPool) {
    let (portal, class) = class_of(20, pool).await;
    for id in &class {
        portal.run_until_phase(*id, Phase::Ready).await;
    }
    for id in &class {
        portal.environments.stop(&portal.student, *id).await.expect("asked");
    }
    // A worker turns for several at once.
    let mut asked = 0;
    while asked < class.len() {
        let claims = queue::claim(&mut portal.engine.pool.acquire().await.expect("a connection"), portal.worker, 10).await.expect("claims");
        asked += claims.len();
        for ended in join_all(claims.into_iter().map(|claim| turn(&portal.engine, claim))).await {
            ended.expect("a turn");
        }
    }
    for id in class {
        portal.run_until_phase(id, Phase::Stopped).await;
    }
    let calls = portal.sim.taken(Call::Stop);
    assert!(calls < 20, "{calls} calls for 20 machines");
    assert_eq!(portal.sim.throttled(), 0);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn turns_that_an_outage_let_pass_are_drawn_anew(pool: PgPool) {
    let (portal, class) = class_of(24, pool).await;
    portal
        .run_until(|portal| async move { portal.count("select count(*) from resource where turn_for = 'create machine'").await == 20 })
        .await;
    portal.advance(time::Duration::minutes(5)).await;
    for id in class {
        portal.run_until_phase(id, Phase::Ready).await;
    }
    assert_eq!(portal.sim.throttled(), 0);
}
