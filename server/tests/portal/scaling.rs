//! Several machines behind a balancer: who may ask for them, where they stand, and who answers.

use app::domain::environment::Act;
use app::domain::ids::EnvironmentId;
use app::domain::phase::Phase;
use app::domain::reason::Attention;
use app::domain::scaling::{NoScaling, Scaling as Spread, Share, Visitor};
use app::domain::timeline::{StepState, What};
use app::error::{AppError, Field, Why};
use app::ports::{Environments, Scaling};
use server::db::machines;
use sqlx::PgPool;

use crate::support::TestPortal;

async fn spread(portal: &TestPortal, id: EnvironmentId) -> Spread {
    portal.view(id).await.scaling.expect("it has several machines")
}

async fn run_until_shares(portal: &TestPortal, id: EnvironmentId, wanted: &'static [Share]) {
    portal.run_until(|portal| async move { portal.shares(id).await == wanted }).await;
}

async fn answers(portal: &TestPortal, id: EnvironmentId, visitor: Visitor) -> Vec<(String, u32)> {
    let answers = portal.environments.send(&portal.student, id, 20, visitor).await.expect("answers");
    assert_eq!((answers.sent(), answers.failed), (20, 0));
    answers.by
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_student_scales_out_and_both_machines_answer_from_zones_of_their_own(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.scaled_out(2).await;
    let view = portal.view(id).await;
    assert_eq!(view.phase, Phase::Ready, "it worked all the time");
    let machines = spread(&portal, id).await.machines;
    assert_ne!(machines[0].zone, machines[1].zone);
    assert_ne!(machines[0].address, machines[1].address);
    assert_eq!(machines.iter().map(|machine| machine.label.as_str()).collect::<Vec<_>>(), ["c5-1", "c5-2"]);
    let all = [What::Freeze, What::CopyImage, What::Balancer, What::TargetGroup, What::CopyAddress(2), What::Copy(2), What::Spread];
    for what in all {
        let step = view.steps.iter().find(|step| step.what == what).expect("it is on the timeline");
        assert_eq!(step.state, StepState::Done, "{what:?}");
    }
    let by = answers(&portal, id, Visitor::New).await;
    assert_eq!(by.len(), 2, "both answer: {by:?}");

    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    portal.run_until_phase(id, Phase::Removed).await;
    assert_eq!(portal.in_cloud(id).await, Vec::<&str>::new());
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_is_taken_out_gets_no_requests_and_is_back_when_it_is_put_back(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.scaled_out(2).await;
    portal.environments.set_apart(&portal.student, id, 2, true).await.expect("asked");
    run_until_shares(&portal, id, &[Share::Healthy, Share::SetApart]).await;
    assert_eq!(answers(&portal, id, Visitor::New).await, [("c5-1".to_owned(), 20)]);
    let running = "select count(*) from resource where kind = 'machine' and gone_at is null and observed ->> 'state' = 'running'
                      and environment in (select id from environment where purpose = 'course')";
    assert_eq!(portal.count(running).await, 2, "it runs all the same");
    portal.environments.set_apart(&portal.student, id, 2, false).await.expect("asked");
    run_until_shares(&portal, id, &[Share::Healthy, Share::Healthy]).await;
    assert_eq!(answers(&portal, id, Visitor::New).await.len(), 2);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn with_sticky_sessions_a_visitor_stays_and_without_them_does_not(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.scaled_out(2).await;
    assert_eq!(answers(&portal, id, Visitor::Same { mark: None }).await.len(), 2);
    portal.environments.set_sticky(&portal.student, id, true).await.expect("asked");
    portal
        .run_until(|portal| async move {
            portal.count("select count(*) from resource where kind = 'target_group' and observed @> '{\"is_sticky\": true}'").await == 1
        })
        .await;
    let first = portal.environments.send(&portal.student, id, 20, Visitor::Same { mark: None }).await.expect("answers");
    assert_eq!(first.by.len(), 1);
    let later = portal.environments.send(&portal.student, id, 20, Visitor::Same { mark: first.mark }).await.expect("answers");
    assert_eq!(later.by, first.by, "later, too");
    assert_eq!(answers(&portal, id, Visitor::New).await.len(), 2, "others go elsewhere");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn the_first_machines_zone_and_more_machines_than_the_blueprint_has_are_refused_with_the_reason(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    let scale = async |machines, zone: Option<&str>| portal.environments.scale_out(&portal.student, id, machines, zone).await;
    assert_eq!(portal.environments.offer(&portal.student, id).await.expect("an offer").refused, Some(NoScaling::NotReady));
    assert_eq!(scale(2, None).await, Err(AppError::Conflict), "only what is proven is copied");
    portal.run_until_phase(id, Phase::Ready).await;
    let offer = portal.environments.offer(&portal.student, id).await.expect("an offer");
    assert_eq!((offer.refused, offer.zones.len()), (None, 2));
    assert!(portal.view(id).await.acts.contains(&Act::Scale));
    let first = offer.zone.expect("it is somewhere");
    let refused = |field, why| Err(AppError::Invalid { field, why });
    assert_eq!(scale(2, Some(&first)).await, refused(Field::Zone, Why::SameZone));
    assert_eq!(scale(2, Some("moon")).await, refused(Field::Zone, Why::NoSuchZone));
    assert_eq!(scale(offer.most + 1, None).await, refused(Field::Machines, Why::TooMany { most: offer.most }));
    assert_eq!(scale(1, None).await, Err(AppError::Conflict), "that is what it has");
    assert_eq!(portal.count("select count(*) from event where code = 'scaled_out'").await, 0);

    let other = offer.zones.into_iter().find(|zone| *zone != first).expect("two zones");
    assert_eq!(scale(3, Some(&other)).await, Ok(()));
    run_until_shares(&portal, id, &[Share::Healthy, Share::Healthy, Share::Healthy]).await;
    let zones: Vec<_> = spread(&portal, id).await.machines.into_iter().map(|machine| machine.zone).collect();
    assert_eq!(zones, [Some(first), Some(other.clone()), Some(other)]);
    assert_eq!(portal.environments.offer(&portal.student, id).await.map(|offer| offer.refused), Ok(Some(NoScaling::Most)));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn nobody_but_its_holder_and_staff_scale_an_environment(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    for stranger in [&portal.other_student, &portal.stranger] {
        let port = &portal.environments;
        assert_eq!(port.offer(stranger, id).await, Err(AppError::NotFound));
        assert_eq!(port.scale_out(stranger, id, 2, None).await, Err(AppError::NotFound));
        assert_eq!(port.set_apart(stranger, id, 1, true).await, Err(AppError::NotFound));
        assert_eq!(port.set_sticky(stranger, id, true).await, Err(AppError::NotFound));
        assert_eq!(port.send(stranger, id, 1, Visitor::New).await, Err(AppError::NotFound));
    }
    assert_eq!(portal.environments.set_apart(&portal.student, id, 1, true).await, Err(AppError::Conflict), "it has one machine");
    assert_eq!(portal.environments.send(&portal.student, id, 1, Visitor::New).await, Err(AppError::Conflict), "nothing is before it");
    assert_eq!(portal.environments.scale_out(&portal.instructor, id, 2, None).await, Ok(()));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_copy_that_vanishes_is_made_anew_and_the_first_machine_is_never_touched(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.scaled_out(2).await;
    let name = async |slot: i16| -> String {
        sqlx::query_scalar("select cloud_id from resource where environment = $1 and kind = 'machine' and slot = $2 and gone_at is null")
            .bind(id.0)
            .bind(slot)
            .fetch_one(&portal.engine.pool)
            .await
            .expect("it is held")
    };
    let (first, copy) = (name(1).await, name(2).await);
    portal.sim.vanish(&copy).expect("it was there");
    portal
        .run_until(|portal| async move {
            portal.count("select count(*) from resource where kind = 'machine' and slot = 2 and gone_at is not null").await == 1
        })
        .await;
    run_until_shares(&portal, id, &[Share::Healthy, Share::Healthy]).await;
    assert_ne!(name(2).await, copy);
    assert_eq!(name(1).await, first);
    assert_eq!(portal.view(id).await.attention, None);

    // Whoever tries again after the first machine has vanished gets that one anew.
    portal.environments.try_again(&portal.student, id).await.expect("asked");
    portal.turn_once().await;
    assert_eq!(name(1).await, first, "what works stays");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn machines_hear_once_that_visitors_ask_for_them_by_the_balancers_name_too(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let known = server::db::world::load(&mut db, id).await.expect("it is there");
    let machine = known.machine.expect("it has a machine");
    let asked_by = |known: &server::db::world::Known| known.wish(portal.cloud.nature()).host_names(&known.world, 1);
    machines::told(&mut db, machine, &asked_by(&known), None).await.expect("told");
    portal.environments.scale_out(&portal.student, id, 2, None).await.expect("asked");
    run_until_shares(&portal, id, &[Share::Healthy, Share::Healthy]).await;
    let orders = machines::orders_after(&mut db, machine, 0).await.expect("listed");
    assert_eq!(orders.iter().filter(|order| order.kind == "configure").count(), 1, "it was ordered to look, once");

    // It has looked.
    let known = server::db::world::load(&mut db, id).await.expect("it is there");
    let names = asked_by(&known);
    assert!(names.iter().any(|name| name.ends_with(".balancers.test")), "{names:?}");
    machines::told(&mut db, machine, &names, None).await.expect("told");
    machines::order_finished(&mut db, machine, orders[0].number, "done", "").await.expect("done");
    server::db::wake(&mut db, id.0).await.expect("woken");
    portal.turn_once().await;
    assert!(machines::orders_after(&mut db, machine, 0).await.expect("listed").is_empty());
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_copy_that_cannot_set_itself_up_gets_no_visitors_and_the_page_says_what_failed(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    portal.environments.scale_out(&portal.student, id, 2, None).await.expect("asked");
    let made = "select count(*) from resource where kind = 'machine' and slot = 2 and cloud_id is not null";
    portal.run_until(|portal| async move { portal.count(made).await == 1 }).await;
    let copy: String = sqlx::query_scalar("select cloud_id from resource where kind = 'machine' and slot = 2")
        .fetch_one(&portal.engine.pool)
        .await
        .expect("it is held");
    portal.sim.break_step(&copy, "configure:wordpress", Some(&["no space left on device"])).expect("broken");
    portal.run_until(|portal| async move { portal.view(id).await.attention.is_some() }).await;
    let view = portal.view(id).await;
    assert!(matches!(view.attention, Some(Attention::CopyFailed { machine: 2, .. })), "{:?}", view.attention);
    assert_eq!(view.phase, Phase::Ready, "the first machine works");
    portal.run_until(|portal| async move { portal.shares(id).await[0] == Share::Healthy }).await;
    assert_eq!(portal.shares(id).await[1], Share::Checking);
    assert_eq!(answers(&portal, id, Visitor::New).await, [("c5-1".to_owned(), 20)]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_that_says_it_has_looked_and_has_not_is_asked_again_later_and_not_at_once(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let machine = server::db::world::load(&mut db, id).await.expect("it is there").machine.expect("it has a machine");
    machines::told(&mut db, machine, &[], None).await.expect("told");
    portal.environments.scale_out(&portal.student, id, 2, None).await.expect("asked");
    run_until_shares(&portal, id, &[Share::Healthy, Share::Healthy]).await;
    let last = async || -> i64 {
        let last = sqlx::query_scalar("select last_order from machine where id = $1").bind(machine.0);
        last.fetch_one(&portal.engine.pool).await.expect("it is there")
    };
    let (orders, turns) = (last().await, 5);
    for _ in 0..turns {
        machines::order_finished(&mut db, machine, last().await, "done", "").await.expect("done");
        server::db::wake(&mut db, id.0).await.expect("woken");
        portal.turn_once().await;
    }
    assert!(last().await <= orders + 1, "{} orders for {turns} empty words", last().await - orders);
    portal.advance(time::Duration::seconds(90)).await;
    portal.turn_once().await;
    assert!(last().await > orders, "it is not forgotten");
}
