//! From a request to Ready, stopped, started, gone.

use std::time::Duration;

use app::domain::ids::{BlueprintVersionId, EnvironmentId};
use app::domain::phase::Phase;
use app::domain::reason::Attention;
use app::domain::timeline::{StepState, What};
use app::ports::Environments;
use cloud::sim::{Mishap, SimSettings};
use cloud::{Call, Cloud, Create, Fate, ImageSource, Intent, Kind, Size, Tags};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use uuid::Uuid;

use crate::support::TestPortal;

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_request_becomes_ready_and_every_probe_has_passed(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    assert_eq!(portal.view(id).await.phase, Phase::Waiting);
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(portal.in_cloud(id).await, ["address", "binding", "disk", "firewall", "key", "machine"]);
    portal.run_until(|portal| async move { portal.view(id).await.steps.last().is_some_and(|step| step.state == StepState::Done) }).await;
    let view = portal.view(id).await;
    assert!(view.steps.iter().all(|step| step.state == StepState::Done), "{:#?}", view.steps);
    assert!(view.steps.iter().filter(|step| matches!(step.what, What::Probe(_))).count() == 6);
    let connection = view.connection.expect("a connection block");
    assert_eq!(connection.web, format!("http://{}/", connection.address));
    assert_eq!(connection.known_hosts.len(), 1);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_stopped_environment_keeps_its_address_and_is_proven_again_after_its_start(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    let address = portal.view(id).await.connection.expect("a connection block").address;

    portal.environments.stop(&portal.student, id).await.expect("asked");
    assert_eq!(portal.view(id).await.phase, Phase::Stopping);
    portal.run_until_phase(id, Phase::Stopped).await;
    assert_eq!(portal.in_cloud(id).await, ["address", "binding", "disk", "firewall", "key", "machine"]);

    portal.environments.start(&portal.student, id).await.expect("asked");
    assert_ne!(portal.view(id).await.phase, Phase::Ready, "nothing is proven on the new boot yet");
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(portal.view(id).await.connection.expect("a connection block").address, address);
}

/// Turns the loop until a phase is reached. Whenever a turn changed the phase, pages that are open have been told.
async fn watched_until(portal: &TestPortal, open_page: &mut PgListener, id: EnvironmentId, wanted: Phase) {
    let mut before = portal.view(id).await.phase;
    while before != wanted {
        while tokio::time::timeout(Duration::ZERO, open_page.recv()).await.is_ok() {}
        if portal.turn_once().await == 0 {
            portal.advance(time::Duration::milliseconds(250)).await;
        }
        let after = portal.view(id).await.phase;
        if after != before {
            let heard = tokio::time::timeout(Duration::from_secs(20), open_page.recv()).await;
            let heard = heard.unwrap_or_else(|_| panic!("nobody was told of {before:?} → {after:?}")).expect("a listener");
            assert_eq!(heard.payload(), id.0.to_string());
        }
        before = after;
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn pages_that_are_open_hear_of_every_change_of_phase(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let mut open_page = PgListener::connect_with(&portal.engine.pool).await.expect("a listener");
    open_page.listen("koza_event").await.expect("listens");
    let id = portal.request("c5").await.expect("requested");
    watched_until(&portal, &mut open_page, id, Phase::Ready).await;
    portal.environments.stop(&portal.student, id).await.expect("asked");
    watched_until(&portal, &mut open_page, id, Phase::Stopped).await;
    portal.environments.start(&portal.student, id).await.expect("asked");
    watched_until(&portal, &mut open_page, id, Phase::Ready).await;
    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    watched_until(&portal, &mut open_page, id, Phase::Removed).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_deleted_environment_leaves_nothing_and_its_name_is_free_again(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    portal.run_until_phase(id, Phase::Removed).await;
    assert!(portal.in_cloud(id).await.is_empty());
    assert_eq!(portal.count("select count(*) from resource where gone_at is null and kind not in ('image', 'snapshot')").await, 0);
    assert_eq!(portal.count("select count(*) from secret").await, 0, "its secrets are erased");
    portal.request("c5").await.expect("the name is free");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn deleting_in_the_middle_of_building_leaves_nothing(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    for turns in 0..6 {
        let id = portal.request("c5").await.expect("requested");
        for _ in 0..turns {
            portal.turn_once().await;
        }
        portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
        portal.run_until_phase(id, Phase::Removed).await;
        assert!(portal.in_cloud(id).await.is_empty(), "after {turns} turns");
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_broken_service_keeps_it_from_ready_and_the_page_names_the_probe(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until(|portal| async move { portal.in_cloud(id).await.contains(&"machine") }).await;
    let machine = portal.machine(id).await;
    portal.sim.wreck_service(&machine, "wordpress").expect("wrecked");
    portal.run_until(|portal| async move { matches!(portal.view(id).await.attention, Some(Attention::ProbeFails { .. })) }).await;
    let view = portal.view(id).await;
    assert_eq!(view.phase, Phase::Checking);
    assert!(
        matches!(view.attention, Some(Attention::ProbeFails { probe: app::domain::reason::Probe::Wordpress, .. })),
        "{:?}",
        view.attention
    );
    assert!(
        portal.count("select count(*) from machine_order where kind = 'restart'").await > 0,
        "the service was restarted before anybody was told"
    );

    portal.sim.mend_service(&machine, "wordpress").expect("mended");
    portal.run_until_phase(id, Phase::Ready).await;
    portal.run_until(|portal| async move { portal.view(id).await.attention.is_none() }).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_exhausted_pool_is_told_with_numbers_and_the_place_is_kept(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, SimSettings { addresses: 1, ..SimSettings::default() }).await;
    let first = portal.request("c1").await.expect("requested");
    portal.run_until_phase(first, Phase::Ready).await;
    let second = portal.request("c2").await.expect("requested");
    portal.run_until(|portal| async move { portal.view(second).await.attention.is_some() }).await;
    assert_eq!(portal.view(second).await.attention, Some(Attention::NoFreeAddress { used: 1, size: 1 }));
    assert!(!portal.in_cloud(second).await.contains(&"machine"), "no machine stands about that nobody can reach");
    portal.environments.delete(&portal.student, first, "c1").await.expect("asked");
    portal.run_until_phase(second, Phase::Ready).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn environments_wait_for_the_image_that_is_being_baked(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, SimSettings::default()).await;
    let id = portal.request("c5").await.expect("requested");
    portal.turn_once().await;
    portal.turn_once().await;
    assert!(portal.view(id).await.steps.iter().any(|step| step.what == What::Image), "the page says what it waits for");
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(portal.count("select count(*) from image").await, 1);
    // The image rests on its snapshot; the build machine goes.
    let left = "select count(*) from resource join environment on environment.id = resource.environment
                 where purpose = 'image' and gone_at is null and kind not in ('image', 'snapshot')";
    portal.run_until(|portal| async move { portal.count(left).await == 0 }).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_that_vanished_is_not_replaced_unasked(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    portal
        .run_until(|portal| async move { portal.count("select count(*) from environment where first_ready_at is not null").await == 1 })
        .await;
    portal.sim.vanish(&portal.machine(id).await).expect("vanished");
    portal.run_until(|portal| async move { portal.view(id).await.attention.is_some() }).await;
    assert_eq!(portal.view(id).await.attention, Some(Attention::MachineVanished));
    portal.environments.try_again(&portal.student, id).await.expect("asked");
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(portal.in_cloud(id).await, ["address", "binding", "disk", "firewall", "key", "machine"]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_service_that_is_down_is_restarted_and_nobody_is_troubled(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    portal.sim.break_service(&portal.machine(id).await, "ftp_tex").expect("broken");
    portal.run_until(|portal| async move { portal.count("select count(*) from probe where not passed").await == 1 }).await;
    portal.run_until(|portal| async move { portal.count("select count(*) from probe where not passed").await == 0 }).await;
    assert_eq!(portal.count("select count(*) from machine_order where kind = 'restart'").await, 1);
    let view = portal.view(id).await;
    assert_eq!((view.phase, view.attention), (Phase::Ready, None));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_that_a_late_call_made_is_stopped_and_goes_too(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    let environment = server::engine::observe::tag(portal.engine.installation, id.0);
    let tags = Tags { environment, course: Uuid::now_v7(), owner: Uuid::now_v7() };
    let late = Intent { token: Uuid::now_v7(), kind: Kind::Machine, slot: 1, incarnation: 2, is_repeat: false, tags };
    let size = Size { cpus: 1, memory_mib: 512, disk_gib: 4 };
    let order = Create::Machine {
        image: ImageSource::Base("debian-12".into()),
        size,
        user_data: String::new(),
        host_name: "c5".into(),
        zone: None,
        disk: None,
        firewall: None,
        key: None,
        is_encrypted: false,
        goes_out_alone: false,
    };
    portal.sim.create(&late, &order).await.expect("made");
    portal.run_until_phase(id, Phase::Removed).await;
    assert!(portal.in_cloud(id).await.is_empty());
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn where_a_zone_has_no_room_the_next_one_is_tried_under_a_new_intent(pool: PgPool) {
    let zone_capacity = [("a".to_owned(), 0)].into();
    let portal = TestPortal::unbaked(pool, SimSettings { zone_capacity, ..SimSettings::default() }).await;
    let ids = [portal.request("c1").await.expect("requested"), portal.request("c2").await.expect("requested")];
    for id in ids {
        portal.run_until_phase(id, Phase::Ready).await;
        assert_eq!(portal.in_cloud(id).await, ["address", "binding", "disk", "firewall", "key", "machine"]);
        assert_eq!(portal.view(id).await.attention, None);
    }
    assert_eq!(portal.count("select count(*) from resource where kind = 'machine' and cloud_id is not null and zone = 'a'").await, 0);
    assert_eq!(
        portal.count("select count(distinct intent_token) from resource").await,
        portal.count("select count(*) from resource").await
    );
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn where_no_zone_has_room_it_says_so_and_goes_on_when_there_is_some(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    portal.sim.change_settings(|settings| settings.capacity = 0);
    let id = portal.request("c5").await.expect("requested");
    portal.run_until(|portal| async move { matches!(portal.view(id).await.attention, Some(Attention::NoCapacity { .. })) }).await;
    let tried = "select count(distinct zone) from resource where kind = 'machine' and zone is not null and environment in
                 (select id from environment where purpose = 'course')";
    assert_eq!(portal.count(tried).await, 2, "every zone was tried first");
    portal.sim.change_settings(|settings| settings.capacity = 300);
    portal.run_until_phase(id, Phase::Ready).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_is_copied_at_rest_is_off_while_its_disk_is_frozen_and_nobody_takes_that_for_a_fault(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, SimSettings { names: true, ..SimSettings::default() }).await;
    let pool = &portal.engine.pool;
    let spec = server::wish::Spec { freeze: server::wish::Freeze::AtRest, ..server::demo::web_and_tex() };
    let statement = "insert into blueprint_version (id, blueprint, course, number, spec)
                     select $1, blueprint, course, number + 1, $2 from blueprint_version";
    let version = BlueprintVersionId::new();
    sqlx::query(statement).bind(version.0).bind(sqlx::types::Json(&spec)).execute(pool).await.expect("a version");
    let id = portal.environments.request(&portal.student, version, "c5", "", 0).await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    let turns = "select count(*) from event where code = 'done' and data ->> 'action' in ('stop machine/1', 'start machine/1')";
    assert_eq!(portal.count(turns).await, 0);

    let statement =
        "update environment set options = options || '{\"machines\": 2}', generation = generation + 1, wake_at = koza_now() where id = $1";
    sqlx::query(statement).bind(id.0).execute(pool).await.expect("asked");
    let targets = "select count(*) from resource where kind = 'target' and observed ->> 'health' = 'healthy'";
    portal.run_until(|portal| async move { portal.count(targets).await == 2 }).await;
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(portal.count(turns).await, 2, "stopped once, started once");
    let off_by = "select count(*) from resource s join event e on e.environment = s.environment
                   where s.kind = 'snapshot' and e.data ->> 'action' = 'start machine/1' and e.code = 'began' and e.at < s.made_at";
    assert_eq!(portal.count(off_by).await, 0, "it was started when the disk was frozen, not before");
    assert_eq!(portal.count("select count(*) from incident").await, 0);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_the_cloud_refuses_is_not_asked_again_and_again_and_the_page_says_so_until_somebody_tries_again(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    // Once: whoever asked again would get it.
    portal.sim.script(Call::Create(Kind::Machine), 1, Mishap::Refuse(Fate::Final, "refused"));
    let id = portal.request("c5").await.expect("requested");
    async fn is_told(portal: &TestPortal, id: EnvironmentId) -> bool {
        let view = portal.environments.view(&portal.instructor, id).await.expect("a view");
        matches!(view.attention, Some(Attention::Refused { .. }))
    }
    portal.run_until(|portal| is_told(portal, id)).await;
    for _ in 0..60 {
        portal.advance(time::Duration::seconds(1)).await;
        // Whoever looks meanwhile: it is woken, too.
        server::db::wake(&mut portal.engine.pool.acquire().await.expect("a connection"), id.0).await.expect("woken");
        portal.turn_once().await;
        assert!(is_told(&portal, id).await, "it is told until it is asked again");
    }
    portal.environments.try_again(&portal.student, id).await.expect("asked");
    portal.turn_once().await;
    let ordered = "select count(*) from resource join environment e on e.id = environment
                    where kind = 'machine' and cloud_id is not null and purpose = 'course'";
    assert_eq!(portal.count(ordered).await, 1, "who tries again does not wait for the pause");
    portal.run_until_phase(id, Phase::Ready).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_a_newer_release_has_written_down_does_not_stop_this_one(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    sqlx::raw_sql(
        r#"update environment set attention = '{"code": "from_the_future"}' where name = 'c5';
           update probe set passed = false, saw = '{"saw": "from_the_future"}' where probe = 'ssh'"#,
    )
    .execute(&portal.engine.pool)
    .await
    .expect("written");
    assert_eq!(portal.view(id).await.attention, None);
    portal.environments.stop(&portal.student, id).await.expect("asked");
    portal.run_until_phase(id, Phase::Stopped).await;
}
