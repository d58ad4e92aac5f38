//! What operators see.

use app::domain::phase::Phase;
use cloud::sim::SimSettings;
use server::db::{environments, gauges, queue};
use sqlx::PgPool;

use crate::support::TestPortal;

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_operator_sees_what_there_is_what_is_held_and_what_needs_attention(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, SimSettings { addresses: 1, ..SimSettings::default() }).await;
    let first = portal.request("c1").await.expect("requested");
    portal.run_until_phase(first, Phase::Ready).await;
    let second = portal.request("c2").await.expect("requested");
    portal.run_until(|portal| async move { portal.view(second).await.attention.is_some() }).await;

    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let counts = gauges::read(&mut db).await.expect("counts");
    assert_eq!(counts.by_attention, [("no_free_address".to_owned(), 1.0)]);
    assert!(counts.by_kind.contains(&("binding".to_owned(), 1.0)), "{counts:?}");
    assert_eq!((counts.claimed, counts.parked), (0.0, 0.0));

    let all = environments::overview(&mut db).await.expect("an overview");
    assert_eq!((all[0].id, all[0].attention.as_deref()), (second, Some("no_free_address")), "what needs attention comes first");
    assert!(all.iter().any(|one| one.id == first && one.attention.is_none()));
    assert!(all.iter().all(|one| one.claimed_by.is_none() && one.last_event.is_some()));

    queue::claim(&mut db, uuid::Uuid::now_v7(), 10).await.expect("claims");
    portal.advance(time::Duration::minutes(2)).await;
    let due = gauges::read(&mut db).await.expect("counts").due;
    assert!(due >= 2.0, "both are due when nobody renews the claims: {due}");
}
