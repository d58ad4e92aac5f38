//! What breaks behind our back is noticed, mended by the same loop, and told with its times.

use app::domain::ids::EnvironmentId;
use app::domain::incident::{Fault, Incident};
use app::domain::phase::Phase;
use app::domain::reason::Probe;
use app::ports::Environments;
use cloud::sim::SimSettings;
use server::engine::poller;
use sqlx::PgPool;

use crate::support::TestPortal;

async fn ready(portal: &TestPortal) -> EnvironmentId {
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    portal
        .run_until(|portal| async move {
            portal.count("select count(*) from environment where ready_at is not null and purpose = 'course'").await == 1
        })
        .await;
    // What is made late in a build is listed late: damage is for what has settled.
    portal.advance(time::Duration::minutes(2)).await;
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(portal.view(id).await.incidents, []);
    id
}

/// The poller notices, the loop mends; the one incident that there was.
async fn mended(portal: &TestPortal, id: EnvironmentId) -> Incident {
    poller::look_once(&portal.engine).await.expect("a look");
    portal.run_until(|portal| async move { !portal.view(id).await.incidents.is_empty() }).await;
    portal.run_until(|portal| async move { portal.view(id).await.incidents.iter().all(|incident| incident.recovered_at.is_some()) }).await;
    let view = portal.view(id).await;
    assert_eq!((view.phase, view.attention), (Phase::Ready, None));
    let mut in_cloud = portal.in_cloud(id).await;
    in_cloud.retain(|kind| *kind != "record");
    assert_eq!(in_cloud, ["address", "binding", "disk", "firewall", "key", "machine"]);
    let [incident] = view.incidents.as_slice() else { panic!("one cause, one incident: {:?}", view.incidents) };
    assert!(incident.recovered_at > Some(incident.detected_at));
    incident.clone()
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_whose_plug_was_pulled_runs_again(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ready(&portal).await;
    let machine = portal.held(id, "machine").await;
    portal.sim.kill(&machine).expect("killed");
    assert_eq!(mended(&portal, id).await.fault, Fault::MachineOff);
    assert_eq!(portal.held(id, "machine").await, machine, "it is the same machine");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_binding_that_somebody_cut_is_made_again(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ready(&portal).await;
    portal.sim.cut_binding(&portal.held(id, "machine").await).expect("cut");
    assert_eq!(mended(&portal, id).await.fault, Fault::BindingLost);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn rules_that_somebody_changed_or_removed_are_put_back(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ready(&portal).await;
    portal.sim.close_ports(&portal.held(id, "firewall").await).expect("closed");
    assert_eq!(mended(&portal, id).await.fault, Fault::FirewallChanged);

    portal.advance(time::Duration::minutes(2)).await;
    portal.sim.vanish(&portal.held(id, "firewall").await).expect("vanished");
    poller::look_once(&portal.engine).await.expect("a look");
    portal.run_until(|portal| async move { portal.view(id).await.incidents.len() == 2 }).await;
    portal.run_until(|portal| async move { portal.view(id).await.incidents.iter().all(|incident| incident.recovered_at.is_some()) }).await;
    assert_eq!(portal.view(id).await.incidents[0].fault, Fault::FirewallChanged);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_address_that_was_taken_away_is_replaced_and_the_page_says_so(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ready(&portal).await;
    let before = portal.held(id, "address").await;
    portal.sim.vanish(&before).expect("vanished");
    assert_eq!(mended(&portal, id).await.fault, Fault::AddressLost);
    assert_ne!(portal.held(id, "address").await, before);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_service_that_fails_is_an_incident_until_it_passes_again(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ready(&portal).await;
    portal.sim.break_service(&portal.held(id, "machine").await, "wordpress").expect("broken");
    assert_eq!(mended(&portal, id).await.fault, Fault::ProbeFails(Probe::Wordpress));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_that_vanished_is_rebuilt_where_the_course_says_so(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    sqlx::query("update course set rebuilds_vanished = true").execute(&portal.engine.pool).await.expect("a policy");
    let id = ready(&portal).await;
    let before = portal.held(id, "machine").await;
    portal.sim.vanish(&before).expect("vanished");
    assert_eq!(mended(&portal, id).await.fault, Fault::MachineVanished);
    assert_ne!(portal.held(id, "machine").await, before);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_the_cloud_listed_too_late_and_was_made_again_is_given_back(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    portal.sim.change_settings(|settings| settings.timings.unlisted = 40_000..=40_000);
    let id = portal.request("c5").await.expect("requested");
    portal
        .run_until(|portal| async move { portal.count("select count(*) from event where data ->> 'error' = 'vanished'").await > 0 })
        .await;
    portal.sim.change_settings(|settings| settings.timings.unlisted = 0..=0);
    portal.run_until_phase(id, Phase::Ready).await;
    portal.run_until(|portal| async move { portal.in_cloud(id).await.len() == 6 }).await;
    assert_eq!(portal.in_cloud(id).await, ["address", "binding", "disk", "firewall", "key", "machine"]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_is_stopped_while_it_is_broken_is_not_told_as_mended(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ready(&portal).await;
    portal.sim.wreck_service(&portal.held(id, "machine").await, "wordpress").expect("wrecked");
    portal.run_until(|portal| async move { portal.view(id).await.incidents.len() == 1 }).await;
    portal.environments.stop(&portal.student, id).await.expect("asked");
    assert_eq!(portal.view(id).await.incidents, []);
    assert_eq!(portal.count("select count(*) from incident where recovered_at is null and dropped_at is not null").await, 1);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_its_student_stopped_is_not_broken(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = ready(&portal).await;
    portal.environments.stop(&portal.student, id).await.expect("asked");
    portal.run_until_phase(id, Phase::Stopped).await;
    portal.environments.start(&portal.student, id).await.expect("asked");
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(portal.view(id).await.incidents, []);
}

async fn named(pool: PgPool) -> TestPortal {
    let portal = TestPortal::unbaked(pool, SimSettings { names: true, ..SimSettings::default() }).await;
    portal.run_until(|portal| async move { portal.count("select count(*) from image").await == 1 }).await;
    portal
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_record_that_somebody_changed_says_the_right_thing_again(pool: PgPool) {
    let portal = named(pool).await;
    let id = ready(&portal).await;
    let record = portal.held(id, "record").await;
    portal.sim.change_record(&record, "198.51.100.250").expect("changed");
    assert_eq!(mended(&portal, id).await.fault, Fault::RecordChanged);
    assert_eq!(portal.held(id, "record").await, record, "it is the same record");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_record_that_somebody_removed_is_made_again(pool: PgPool) {
    let portal = named(pool).await;
    let id = ready(&portal).await;
    let record = portal.held(id, "record").await;
    portal.sim.vanish(&record).expect("vanished");
    assert_eq!(mended(&portal, id).await.fault, Fault::RecordChanged);
    assert_ne!(portal.held(id, "record").await, record);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_address_that_was_lost_is_the_one_cause_though_its_name_follows_the_new_one(pool: PgPool) {
    let portal = named(pool).await;
    let id = ready(&portal).await;
    let (address, record) = (portal.held(id, "address").await, portal.held(id, "record").await);
    portal.sim.vanish(&address).expect("vanished");
    assert_eq!(mended(&portal, id).await.fault, Fault::AddressLost);
    assert_ne!(portal.held(id, "address").await, address);
    assert_eq!(portal.held(id, "record").await, record);
}
