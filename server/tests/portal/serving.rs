//! Copies that serve one site: chosen while there are none, and told where the first machine is.

use app::domain::ids::EnvironmentId;
use app::domain::scaling::Mode;
use app::error::AppError;
use app::ports::Scaling;
use serde_json::Value;
use server::db::{machines, world};
use server::machine::settings;
use sqlx::PgPool;

use crate::support::TestPortal;

/// What a machine is told.
async fn settings_of(portal: &TestPortal, id: EnvironmentId, slot: u16) -> Value {
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let known = world::load(&mut db, id).await.expect("known");
    let asker = settings::Asker::new(&known, portal.cloud.nature(), slot);
    let told = settings::settings(&mut db, &portal.engine.vault, &known, &asker).await.expect("settings");
    told.expect("all of it is there")
}

fn services(settings: &Value) -> Vec<&str> {
    settings["services"].as_array().expect("a list").iter().filter_map(|service| service["name"].as_str()).collect()
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn copies_are_told_where_the_first_machine_is_and_offer_no_ftp(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    portal.environments.set_mode(&portal.student, id, Mode::Serving).await.expect("chosen");
    assert_eq!(settings_of(&portal, id, 1).await["first_at"], Value::Null, "it is alone");
    assert_eq!(settings_of(&portal, id, 1).await["first_secret"], Value::Null);
    portal.scale_out(id, 2).await;
    assert_eq!(portal.view(id).await.scaling.map(|scaling| scaling.mode), Some(Mode::Serving));
    let (first, copy) = (settings_of(&portal, id, 1).await, settings_of(&portal, id, 2).await);
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let known = world::load(&mut db, id).await.expect("known");
    assert_eq!(first["first_at"], "here");
    assert_eq!(copy["first_at"].as_str(), known.world.private_address(1));
    assert_eq!(copy["first_secret"], first["first_secret"], "by it the first knows its copies");
    assert_eq!(copy["first_secret"].as_str().map(str::len), Some(64));
    assert!(services(&first).contains(&"ftp_tex") && services(&copy).contains(&"wordpress"));
    assert!(!services(&copy).contains(&"ftp_tex"), "{:?}", services(&copy));
    let firewall = "select observed ->> 'tcp' from resource where environment = $1 and kind = 'firewall' and slot = 1";
    let lets_in: String = sqlx::query_scalar(firewall).bind(id.0).fetch_one(&portal.engine.pool).await.expect("held");
    assert!(lets_in.contains(r#"{"to": 7353, "from": 7351, "sources": ["own machines"]}"#), "{lets_in}");
    assert_eq!(portal.count("select count(*) from event where code in ('broke', 'attention', 'failed')").await, 0);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_that_heard_of_one_thing_hears_of_the_next_as_soon_as_it_has_looked(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    portal.environments.set_mode(&portal.student, id, Mode::Serving).await.expect("chosen");
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let known = world::load(&mut db, id).await.expect("known");
    let machine = known.machine.expect("it has a machine");
    let looks = async |db: &mut sqlx::PgConnection| {
        let known = world::load(db, id).await.expect("known");
        let asker = settings::Asker::new(&known, portal.cloud.nature(), 1);
        machines::told(db, machine, &asker.host_names, asker.first.text()).await.expect("told");
        for order in machines::orders_after(db, machine, 0).await.expect("listed") {
            machines::order_finished(db, machine, order.number, "done", "").await.expect("done");
        }
        server::db::wake(db, id.0).await.expect("woken");
    };
    looks(&mut db).await;
    portal.environments.scale_out(&portal.student, id, 2, None).await.expect("asked");
    let orders = "select coalesce(max(last_order), 0) from machine";
    portal.run_until(|portal| async move { portal.count(orders).await == 1 }).await;
    // That it has copies it hears before there is a balancer.
    assert!(world::load(&mut db, id).await.expect("known").world.balancer_is_called().is_none());
    looks(&mut db).await;
    portal
        .run_until(|portal| async move {
            portal.count("select count(*) from resource where kind = 'balancer' and cloud_id is not null").await == 1
        })
        .await;
    let before = portal.count("select extract(epoch from koza_now())::bigint").await;
    portal.run_until(|portal| async move { portal.count(orders).await == 2 }).await;
    assert!(portal.count("select extract(epoch from koza_now())::bigint").await - before < 30, "nobody waits for a minute to pass");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_copies_are_for_is_chosen_while_there_are_none_by_who_may_steer_and_for_a_machine_that_knows_how(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let set = async |caller, mode| portal.environments.set_mode(caller, id, mode).await;
    assert_eq!(set(&portal.stranger, Mode::Serving).await, Err(AppError::NotFound));
    sqlx::query("update machine set knows_serving = false").execute(&portal.engine.pool).await.expect("older");
    assert_eq!(set(&portal.student, Mode::Serving).await, Err(AppError::Conflict), "its agent is older");
    assert_eq!(portal.environments.offer(&portal.student, id).await.map(|offer| offer.may_serve), Ok(false));
    sqlx::query("update machine set knows_serving = true").execute(&portal.engine.pool).await.expect("newer");
    assert_eq!(set(&portal.instructor, Mode::Serving).await, Ok(()));
    assert_eq!(portal.environments.offer(&portal.student, id).await.map(|offer| (offer.mode, offer.may_serve)), Ok((Mode::Serving, true)));
    portal.scale_out(id, 2).await;
    assert_eq!(set(&portal.student, Mode::Teaching).await, Err(AppError::Conflict), "its copies are no machines of their own");

    // A copy of a site that is another's has one of its own to lose all the same: it leaves as every other.
    portal.environments.scale_in(&portal.student, id, 1, true).await.expect("asked");
    portal.run_until(|portal| async move { portal.in_cloud(id).await.len() == 6 }).await;
    assert_eq!(set(&portal.student, Mode::Teaching).await, Ok(()));
    assert_eq!(portal.view(id).await.attention, None);
}
