//! What PostgreSQL as the queue promises (design, section 4), with workers that are processes: `koza work`, several of them, on one database
//! and one simulated cloud. They are killed, halted, told to end, and cut off from the database, while they build.

#![allow(missing_docs, reason = "the names of tests are their documentation")]

mod cluster;
mod site;
mod worker;

use std::time::Duration;

use app::domain::phase::Phase;
use site::Site;
use worker::Worker;

const CLASS: u32 = 12;
/// Longer than a claim, which nobody renews.
const CLAIM: Duration = Duration::from_secs(31);
/// A call that nobody saw the answer of may still make something that long.
const CALL: Duration = Duration::from_secs(21);

#[tokio::test]
async fn workers_that_are_killed_lose_nothing_and_leave_nothing_behind() {
    let site = Site::new().await;
    let (first, second) = (Worker::start(&site, "first").await, Worker::start(&site, "second").await);
    let class = site.request(1..=CLASS).await;
    site.until("builds are under way", async || site.machines().await >= 3).await;
    first.kill_at_work().await;
    site.pass(CLAIM).await;
    site.until_ready(class.len()).await;
    site.has_one_of_each(&class).await;

    let _third = Worker::start(&site, "third").await;
    site.delete_all().await;
    site.until("removals are under way", async || site.machines().await < i64::from(CLASS)).await;
    second.kill_at_work().await;
    site.pass(CLAIM + CALL).await;
    site.until("all are removed", async || site.not_removed().await == 0).await;
    site.has_nothing_of(&class).await;
}

#[tokio::test]
async fn a_worker_that_was_away_longer_than_its_claims_finds_them_taken_and_writes_nothing() {
    let site = Site::new().await;
    let first = Worker::start(&site, "first").await;
    let cloud_hangs = site.cloud_hangs();
    let mut class = site.request(1..=CLASS / 2).await;
    let calls = "select count(*) from resource join environment e on e.id = environment where purpose = 'course' and cloud_id is null";
    let half = i64::from(CLASS / 2);
    site.until("its calls hang", async || site.count(calls).await == 3 * half && first.claims().await >= half).await;
    first.signal("STOP");
    let held = usize::try_from(first.claims().await).expect("a few");
    drop(cloud_hangs);

    // The other builds what is asked for now at once, and takes over the rest when its claims have run out.
    let second = Worker::start(&site, "second").await;
    class.extend(site.request(CLASS / 2 + 1..=CLASS).await);
    site.until_ready(class.len()).await;
    assert_eq!(first.claims().await, 0, "all taken over");
    site.has_one_of_each(&class).await;

    assert!(!first.log().contains("claim lost"));
    first.signal("CONT");
    // A turn that was halted within a transaction finds that PostgreSQL has ended it.
    let refused = || first.log().lines().filter(|line| line.contains("claim lost") || line.contains("turn failed")).count();
    site.until("each late turn was refused", async || refused() >= held).await;
    assert!(first.log().contains("claim lost: result dropped"));
    site.has_one_of_each(&class).await;
    let twice = "select count(*) from (select from event where code in ('done', 'ready') group by environment, code, data ->> 'action' having count(*) > 1) _";
    assert_eq!(site.count(twice).await, 0, "what was done is told once");

    // It lost its claims and nothing else: alone it goes on.
    drop(second);
    class.extend(site.request([CLASS + 1]).await);
    site.until_ready(class.len()).await;
}

#[tokio::test]
async fn a_database_that_crashes_or_cuts_connections_is_waited_for_and_everything_converges() {
    let site = Site::new().await;
    let mut workers = [Worker::start(&site, "first").await, Worker::start(&site, "second").await];
    let class = site.request(1..=CLASS).await;
    site.until("builds are under way", async || site.machines().await >= 3).await;
    assert!(site.in_phase(Phase::Ready).await < class.len());
    assert!(site.cut_connections().await > 2);
    site.crash_postgres().await;
    site.until("workers are back", async || site.cut_connections().await > 2).await;
    site.pass(CLAIM).await;
    site.until_ready(class.len()).await;
    site.has_one_of_each(&class).await;

    site.delete_all().await;
    site.until("removals are under way", async || site.machines().await < i64::from(CLASS)).await;
    assert!(site.cut_connections().await > 2);
    site.pass(CLAIM + CALL).await;
    site.until("all are removed", async || site.not_removed().await == 0).await;
    site.has_nothing_of(&class).await;
    assert!(workers.iter_mut().all(|worker| worker.ended().is_none()), "nobody started them again");
}

#[tokio::test]
async fn a_worker_that_is_told_to_end_hands_its_claims_back_at_once() {
    let site = Site::new().await;
    let mut first = Worker::start(&site, "first").await;
    let cloud_hangs = site.cloud_hangs();
    let class = site.request(1..=CLASS).await;
    site.until("it holds the class", async || first.claims().await >= i64::from(CLASS)).await;
    sqlx::query("create table at_the_end as select id, claimed_until from environment where claimed_by is not null")
        .execute(&site.pool)
        .await
        .expect("noted");
    first.signal("TERM");
    site.until("its claims are handed back", async || first.claims().await == 0).await;
    let late = "select count(*) from at_the_end where claimed_until < koza_now()";
    assert_eq!(site.count(late).await, 0, "handed back, not run out");
    let due = "select count(*) from environment where purpose = 'course' and claimed_until is null and wake_at <= koza_now() and fruitless_claims = 0";
    assert_eq!(site.count(due).await, i64::from(CLASS));
    site.until("it ends", async || first.ended().is_some()).await;
    assert!(first.ended().is_some_and(|status| status.success()), "{}", first.log());
    assert_eq!(site.count("select count(*) from worker").await, 0, "it is off the list");

    drop(cloud_hangs);
    let _second = Worker::start(&site, "second").await;
    site.until_ready(class.len()).await;
    site.has_one_of_each(&class).await;
}
