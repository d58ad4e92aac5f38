//! Images that somebody saves of an environment's disk, and environments that are made of them.

use app::domain::ids::EnvironmentId;
use app::domain::image::{ImageState as Stage, ImagesView, NoImage};
use app::domain::phase::Phase;
use app::domain::timeline::{StepState, What};
use app::error::AppError;
use app::ports::{Environments, Images};
use cloud::Kind;
use server::db::world::{self, Known};
use server::machine::settings;
use server::wish::ImageState;
use sqlx::PgPool;
use time::Duration;

use crate::support::TestPortal;

const BARE: [&str; 6] = ["address", "binding", "disk", "firewall", "key", "machine"];
const WITH_IMAGE: [&str; 8] = ["address", "binding", "disk", "firewall", "image", "key", "machine", "snapshot"];

async fn view(portal: &TestPortal, id: EnvironmentId) -> ImagesView {
    Images::of(&portal.environments, &portal.student, id).await.expect("a view")
}

async fn stages(portal: &TestPortal, id: EnvironmentId) -> Vec<(u16, Stage)> {
    view(portal, id).await.images.iter().map(|image| (image.number, image.state)).collect()
}

async fn run_until_stages(portal: &TestPortal, id: EnvironmentId, wanted: &'static [(u16, Stage)]) {
    portal.run_until(|portal| async move { stages(portal, id).await == wanted }).await;
}

pub async fn saved(portal: &TestPortal, id: EnvironmentId) {
    portal.environments.save(&portal.student, id).await.expect("asked");
    portal.run_until(|portal| async move { view(portal, id).await.images.iter().all(|image| image.state == Stage::Whole) }).await;
}

async fn start(portal: &TestPortal, of: EnvironmentId, number: u16, name: &str) -> Result<EnvironmentId, AppError> {
    portal.environments.start_from(&portal.student, of, number, name, "").await
}

async fn known(portal: &TestPortal, id: EnvironmentId) -> Known {
    world::load(&mut portal.engine.pool.acquire().await.expect("a connection"), id).await.expect("known")
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_student_saves_an_image_and_a_new_environment_starts_from_it(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    saved(&portal, id).await;
    assert_eq!(portal.view(id).await.phase, Phase::Ready, "it worked all the time");
    assert_eq!(portal.in_cloud(id).await, WITH_IMAGE);
    let steps = portal.view(id).await.steps;
    assert!(steps.iter().any(|step| step.what == What::SaveImage(1) && step.state == StepState::Done), "{steps:?}");

    let image = portal.held(id, "image").await;
    let new = start(&portal, id, 1, "c6").await.expect("requested");
    assert_eq!(known(&portal, new).await.image, ImageState::Ready(image));
    portal.run_until_phase(new, Phase::Ready).await;
    assert_eq!(portal.in_cloud(new).await, BARE);
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let of = known(&portal, new).await;
    let asker = settings::Asker::new(&of, portal.cloud.nature(), 1);
    let told = settings::settings(&mut db, &portal.engine.vault, &of, &asker).await.expect("settings").expect("all of it is there");
    let wordpress = told["services"].as_array().expect("a list").iter().find(|service| service["name"] == "wordpress").expect("it has one");
    assert!(wordpress["settings"]["title"].is_null(), "the site keeps the title that it has: {wordpress}");
    assert!(!wordpress["settings"]["admin_password"].is_null(), "its passwords are its own");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_image_goes_when_it_is_not_wanted_and_nothing_is_being_made_of_it(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    saved(&portal, id).await;
    saved(&portal, id).await;
    assert_eq!(stages(&portal, id).await, [(1, Stage::Whole), (2, Stage::Whole)]);
    let new = start(&portal, id, 1, "c6").await.expect("requested");
    portal.environments.forget(&portal.student, id, 1).await.expect("asked");
    assert_eq!(start(&portal, id, 1, "c7").await, Err(AppError::NotFound), "it goes");
    let is_made =
        async |portal: &TestPortal| known(portal, new).await.rows.iter().any(|row| row.kind == Kind::Machine && row.cloud_id.is_some());
    while !is_made(&portal).await {
        assert_eq!(stages(&portal, id).await, [(1, Stage::Going), (2, Stage::Whole)], "something is being made of it");
        portal.turn_once().await;
        portal.advance(Duration::milliseconds(300)).await;
    }
    portal.run_until_phase(new, Phase::Ready).await;
    portal.advance(Duration::minutes(2)).await;
    run_until_stages(&portal, id, &[(2, Stage::Whole)]).await;
    assert_eq!(portal.environments.forget(&portal.student, id, 1).await, Err(AppError::NotFound), "once");
    portal.run_until(|portal| async move { portal.in_cloud(id).await == WITH_IMAGE }).await;
    assert_eq!(portal.in_cloud(new).await, BARE, "what was made of it stays");

    portal.environments.forget(&portal.student, id, 2).await.expect("asked");
    portal.environments.save(&portal.student, id).await.expect("asked");
    assert_eq!(stages(&portal, id).await.last(), Some(&(3, Stage::Coming)), "never in the place of another");
    portal.run_until(|portal| async move { stages(portal, id).await == [(3, Stage::Whole)] }).await;

    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    portal.advance(Duration::minutes(2)).await;
    portal.run_until_phase(id, Phase::Removed).await;
    assert_eq!(portal.in_cloud(id).await, Vec::<&str>::new(), "an image goes with its environment");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_environment_whose_image_is_in_use_is_removed_once_what_is_made_of_it_is_ready(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    saved(&portal, id).await;
    let new = start(&portal, id, 1, "c6").await.expect("requested");
    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    portal.run_until_phase(new, Phase::Ready).await;
    portal.advance(Duration::minutes(2)).await;
    portal.run_until_phase(id, Phase::Removed).await;
    assert_eq!(portal.in_cloud(id).await, Vec::<&str>::new());
    assert_eq!(portal.in_cloud(new).await, BARE);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_image_that_vanished_is_not_made_anew_of_another_disk(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    saved(&portal, id).await;
    portal.sim.vanish(&portal.held(id, "image").await).expect("gone");
    portal.advance(Duration::minutes(2)).await;
    run_until_stages(&portal, id, &[]).await;
    portal.run_until(|portal| async move { portal.in_cloud(id).await == BARE }).await;
    assert_eq!(portal.count("select count(*) from image").await, 1, "the blueprint's own image has nothing to do with it");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_image_that_is_being_made_goes_with_the_disk_that_it_is_of(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    saved(&portal, id).await;
    portal.environments.save(&portal.student, id).await.expect("asked");
    portal.sim.vanish(&portal.machine(id).await).expect("gone");
    portal.advance(Duration::minutes(2)).await;
    portal.run_until(|portal| async move { portal.view(id).await.attention.is_some() }).await;
    portal.environments.try_again(&portal.student, id).await.expect("asked");
    portal.run_until(|portal| async move { stages(portal, id).await == [(1, Stage::Whole)] }).await;
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(stages(&portal, id).await, [(1, Stage::Whole)], "no image of an empty machine");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn images_are_saved_one_after_the_other_up_to_five_by_its_holder_while_it_is_ready(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    assert_eq!(view(&portal, id).await.refused, Some(NoImage::NotReady));
    assert_eq!(portal.environments.save(&portal.student, id).await, Err(AppError::Conflict));
    portal.run_until_phase(id, Phase::Ready).await;
    for other in [&portal.other_student, &portal.stranger] {
        assert!(portal.environments.save(other, id).await.is_err());
        assert!(portal.environments.start_from(other, id, 1, "mine", "").await.is_err());
    }
    portal.environments.save(&portal.student, id).await.expect("asked");
    assert_eq!(view(&portal, id).await.refused, Some(NoImage::UnderWay));
    assert_eq!(start(&portal, id, 1, "c6").await, Err(AppError::NotFound), "it is not whole");
    assert_eq!(portal.environments.save(&portal.student, id).await, Err(AppError::Conflict));
    for _ in 1..5 {
        portal.run_until(|portal| async move { view(portal, id).await.images.iter().all(|image| image.state == Stage::Whole) }).await;
        portal.environments.save(&portal.student, id).await.expect("asked");
    }
    portal.run_until(|portal| async move { view(portal, id).await.refused == Some(NoImage::TooMany) }).await;
    assert!(portal.environments.forget(&portal.other_student, id, 1).await.is_err());
    for number in [0, 6, u16::MAX] {
        assert_eq!(start(&portal, id, number, "c6").await, Err(AppError::NotFound));
        assert_eq!(portal.environments.forget(&portal.student, id, number).await, Err(AppError::NotFound));
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_scales_out_and_saves_at_once_has_both_images(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    portal.environments.save(&portal.student, id).await.expect("asked");
    portal.scale_out(id, 2).await;
    run_until_stages(&portal, id, &[(1, Stage::Whole)]).await;
    let images = "select count(*) from resource where kind = 'image' and gone_at is null and environment in (select id from environment where purpose = 'course')";
    assert_eq!(portal.count(images).await, 2);
    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    portal.run_until_phase(id, Phase::Removed).await;
    assert_eq!(portal.in_cloud(id).await, Vec::<&str>::new());
}
