//! Backups: taken, restored in rehearsal and compared, before anything relies on them.

use app::domain::backup::{BackupCard, BackupState, NoBackup};
use app::domain::ids::{BackupId, EnvironmentId, MachineId};
use app::domain::phase::Phase;
use app::domain::timeline::{StepState, What};
use app::error::AppError;
use app::ports::{Backups, Environments};
use aws_double::Double;
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use futures::TryStreamExt;
use server::backup::{self, BLOCK, BackupError, Told};
use server::config;
use server::db::{backups, machines, world};
use server::engine::chores::{Kind, perform};
use server::http;
use server::machine::{settings, signature};
use server::store::Store;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::support::TestPortal;

pub async fn of(portal: &TestPortal, id: EnvironmentId) -> Vec<BackupCard> {
    Backups::of(&portal.environments, &portal.student, id).await.expect("backups").backups
}

pub async fn run_until_state(portal: &TestPortal, id: EnvironmentId, state: BackupState) -> BackupCard {
    portal.run_until(|portal| async move { of(portal, id).await.first().is_some_and(|backup| backup.state == state) }).await;
    of(portal, id).await.remove(0)
}

/// Ready, with a backup of its first machine.
async fn backed_up(portal: &TestPortal) -> (EnvironmentId, BackupCard) {
    backed_up_as(portal, "c5").await
}

async fn backed_up_as(portal: &TestPortal, name: &str) -> (EnvironmentId, BackupCard) {
    let id = portal.request(name).await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    portal.environments.back_up(&portal.student, id).await.expect("asked");
    let backup = run_until_state(portal, id, BackupState::Proven).await;
    (id, backup)
}

pub async fn content(portal: &TestPortal, id: BackupId) -> Result<Vec<u8>, BackupError> {
    let manifest = backup::manifest(&portal.engine, id).await?;
    let blocks: Vec<Bytes> = backup::content(portal.engine.clone(), manifest).try_collect().await?;
    Ok(blocks.concat())
}

/// The files of a backup in the store.
pub fn files(portal: &TestPortal, id: BackupId) -> Vec<std::path::PathBuf> {
    let folder = portal.store_folder.path().join("backups").join(id.to_string());
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

pub fn damage(file: &std::path::Path) {
    let mut bytes = std::fs::read(file).expect("it is there");
    bytes[0] ^= 1;
    std::fs::write(file, bytes).expect("written");
}

async fn erase_expired(portal: &TestPortal) {
    let (id, data) = (uuid::Uuid::now_v7(), serde_json::json!({}));
    let chore = server::db::chores::Claimed { id, epoch: 1, kind: Kind::EraseBackups.code().into(), key: String::new(), data, tries: 1 };
    perform(&portal.engine, &chore).await.expect("done");
}

pub async fn machine_of(portal: &TestPortal, id: EnvironmentId, slot: u16) -> MachineId {
    let known = world::load(&mut portal.engine.pool.acquire().await.expect("a connection"), id).await.expect("known");
    known.machines[&slot]
}

/// One that its machine is sending.
async fn being_taken(portal: &TestPortal) -> (MachineId, BackupId) {
    let id = portal.ready().await;
    portal.environments.back_up(&portal.student, id).await.expect("asked");
    let backup = of(portal, id).await[0].id;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    assert!(backups::becomes(&mut db, backup, &[BackupState::Asked], BackupState::Taking, None).await.expect("asked"));
    (machine_of(portal, id, 1).await, backup)
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_backup_is_restored_in_rehearsal_and_compared_before_it_counts(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let (id, backup) = backed_up(&portal).await;
    assert_eq!((backup.machine, backup.files), (1, Some(1)));
    let kept = backup.expires_at.expect("it has an end") - backup.asked_at;
    assert!(kept > Duration::days(29) && kept < Duration::days(31), "{kept}");
    let view = portal.view(id).await;
    for what in [What::BackUp(1), What::Rehearse(1)] {
        let step = view.steps.iter().find(|step| step.what == what).expect("it is on the timeline");
        assert_eq!(step.state, StepState::Done, "{what:?}");
    }
    let work = String::from_utf8(content(&portal, backup.id).await.expect("whole")).expect("text");
    assert_eq!(work, format!("what was written on {}\n", portal.machine(id).await));
    let codes: Vec<String> =
        sqlx::query_scalar("select data ->> 'state' from event where environment = $1 and code = 'backed_up' order by number")
            .bind(id.0)
            .fetch_all(&portal.engine.pool)
            .await
            .expect("events");
    assert_eq!(codes, ["taking", "taken", "rehearsing", "proven"]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_manifest_that_we_did_not_sign_is_not_believed(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let (id, backup) = backed_up(&portal).await;
    let files = files(&portal, backup.id);
    let [block, manifest] = &files[..] else { panic!("{files:?}") };
    let (of_block, of_manifest) = (std::fs::read(block).expect("read"), std::fs::read_to_string(manifest).expect("read"));
    // Somebody who can write to the store changes the block, and the manifest to go with it.
    let forged = b"what somebody else wrote\n".to_vec();
    let hash = |content: &[u8]| -> String {
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    assert!(of_manifest.contains(&hash(&of_block)));
    std::fs::write(block, &forged).expect("written");
    std::fs::write(manifest, of_manifest.replace(&hash(&of_block), &hash(&forged))).expect("written");
    let said = content(&portal, backup.id).await.expect_err("refused").to_string();
    assert_eq!(said, "the manifest does not bear our signature");
    let content = portal.environments.content_of(&portal.student, id, backup.id).await.map(|_| ());
    assert_eq!(content, Err(AppError::Damaged));
    let restored = portal.environments.restore(&portal.student, id, backup.id, "c6", "").await;
    assert_eq!(restored, Err(AppError::Damaged), "nothing is built of it");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_new_environment_is_made_of_a_backup_by_who_holds_it_and_by_nobody_else(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let (id, backup) = backed_up(&portal).await;
    let restore = async |caller, of| portal.environments.restore(caller, of, backup.id, "c6", "").await;
    assert_eq!(restore(&portal.stranger, id).await, Err(AppError::NotFound));
    assert_eq!(restore(&portal.other_student, id).await, Err(AppError::NotFound));
    assert_eq!(restore(&portal.instructor, id).await, Err(AppError::NotAllowed), "passwords and private pages are in it");
    let content = async |caller| portal.environments.content_of(caller, id, backup.id).await.map(|(name, _)| name);
    assert_eq!(content(&portal.other_student).await, Err(AppError::NotFound));
    assert_eq!(content(&portal.instructor).await, Err(AppError::NotAllowed));
    assert_eq!(content(&portal.student).await, Ok("c5".to_owned()));

    // Also of what is long gone.
    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    portal.run_until_phase(id, Phase::Removed).await;
    assert_eq!(Backups::mine(&portal.environments, &portal.student).await.map(|all| all.len()), Ok(1));
    let new = restore(&portal.student, id).await.expect("asked");
    portal.run_until_phase(new, Phase::Ready).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let machine = machine_of(&portal, new, 1).await;
    assert!(backups::may_fetch(&mut db, backup.id, machine).await.expect("asked"), "its machine may have what is in it");
    let (_, other) = {
        let other = portal.environments.request(&portal.other_student, portal.version, "c7", "", 0).await.expect("requested");
        portal.run_until_phase_of(&portal.other_student, other, Phase::Ready).await;
        (other, machine_of(&portal, other, 1).await)
    };
    assert!(!backups::may_fetch(&mut db, backup.id, other).await.expect("asked"), "nobody else's");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_a_machine_sends_is_counted_and_nothing_is_taken_that_did_not_arrive(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let (machine, id) = being_taken(&portal).await;
    let engine = &portal.engine;
    let send =
        async |machine, number, content: &'static [u8]| backup::receive(engine, machine, id, number, Bytes::from_static(content)).await;
    let complete = async |blocks, bytes| backup::complete(engine, machine, id, &Told { blocks, bytes, files: 2, size: 9 }).await;
    let stranger = MachineId::new();
    assert!(matches!(send(stranger, 0, b"mine").await, Err(BackupError::Unwanted)), "another machine's");
    assert!(matches!(send(machine, 0, b"").await, Err(BackupError::TooLarge)), "an empty block");
    static HUGE: [u8; BLOCK + 1] = [0; BLOCK + 1];
    assert!(matches!(send(machine, 0, &HUGE).await, Err(BackupError::TooLarge)), "more than a block");
    assert!(matches!(send(machine, 1_000_000, b"far").await, Err(BackupError::TooLarge)), "past the end of its disk");

    send(machine, 0, b"first try").await.expect("received");
    send(machine, 1, b"and more").await.expect("received");
    send(machine, 2, b"and more").await.expect("received");
    assert!(matches!(complete(3, 24).await, Err(BackupError::Mismatch(_))), "another length");
    // Begun anew, it is shorter.
    send(machine, 0, b"again").await.expect("received");
    assert!(matches!(complete(4, 21).await, Err(BackupError::Mismatch(_))), "a block is missing");
    complete(2, 13).await.expect("taken");
    complete(2, 13).await.expect("told twice");
    assert_eq!(content(&portal, id).await.expect("whole"), b"againand more");
    assert!(matches!(send(machine, 0, b"too late").await, Err(BackupError::Unwanted)), "it is complete");
    assert_eq!(portal.count("select count(*) from backup_block").await, 0);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn backups_are_erased_when_their_time_has_passed_and_at_once_when_their_holder_says_so(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let (id, backup) = backed_up(&portal).await;
    let erase = async || -> usize {
        erase_expired(&portal).await;
        files(&portal, backup.id).len()
    };
    portal.advance(Duration::days(29)).await;
    assert_eq!(erase().await, 2, "it is kept");
    // A machine that is to leave may still need it.
    let leaving = serde_json::json!({"leaving": {"1": backup.id.0}});
    let needs = "update environment set options = options || $1 where purpose = 'course'";
    sqlx::query(needs).bind(&leaving).execute(&portal.engine.pool).await.expect("set");
    portal.advance(Duration::days(2)).await;
    assert_eq!(erase().await, 2, "it is needed");
    sqlx::query(needs).bind(serde_json::json!({"leaving": {}})).execute(&portal.engine.pool).await.expect("set");
    assert_eq!(erase().await, 0, "its time has passed");
    assert!(of(&portal, id).await.is_empty());

    portal.run_until_phase(id, Phase::Ready).await;
    portal.environments.back_up(&portal.student, id).await.expect("asked");
    let other = run_until_state(&portal, id, BackupState::Proven).await;
    assert_eq!(portal.environments.give_up(&portal.stranger, id, other.id).await, Err(AppError::NotFound));
    portal.environments.give_up(&portal.student, id, other.id).await.expect("asked");
    assert!(of(&portal, id).await.is_empty(), "nobody gets it from now on");
    assert_eq!(portal.environments.restore(&portal.student, id, other.id, "c6", "").await, Err(AppError::NotFound));
    erase().await;
    assert!(files(&portal, other.id).is_empty());
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_course_has_its_environments_backed_up_by_schedule_while_they_run(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    sqlx::query("update course set backups_every_hours = 24").execute(&portal.engine.pool).await.expect("set");
    let round = async || {
        let mut db = portal.engine.pool.acquire().await.expect("a connection");
        server::engine::backup::ask_as_scheduled(&mut db).await.expect("asked");
        of(&portal, id).await.len()
    };
    portal.run_until(|portal| async move { portal.count("select count(*) from environment where ready_at is not null").await == 1 }).await;
    assert_eq!(round().await, 0, "it has just begun");
    portal.advance(Duration::hours(25)).await;
    assert_eq!(round().await, 1);
    assert_eq!(round().await, 1, "once");
    run_until_state(&portal, id, BackupState::Proven).await;
    portal.advance(Duration::hours(25)).await;
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(round().await, 2);
    run_until_state(&portal, id, BackupState::Proven).await;
    portal.environments.stop(&portal.student, id).await.expect("asked");
    portal.run_until_phase(id, Phase::Stopped).await;
    portal.advance(Duration::hours(25)).await;
    assert_eq!(round().await, 2, "what is off does not change");
    // A class stops every evening: nothing runs for a day, and it is backed up all the same.
    portal.environments.start(&portal.student, id).await.expect("asked");
    let is_up = "select count(*) from environment where purpose = 'course' and ready_at > koza_now() - interval '1 minute'";
    portal.run_until(|portal| async move { portal.count(is_up).await == 1 }).await;
    assert_eq!(round().await, 2, "it has just come up");
    portal.advance(Duration::minutes(6)).await;
    portal.run_until(|portal| async move { portal.turn_once().await == 0 }).await;
    assert_eq!(round().await, 3);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_cannot_be_backed_up_says_why(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    let refused = async || Backups::of(&portal.environments, &portal.student, id).await.expect("a page").refused;
    assert_eq!(refused().await, Some(NoBackup::NotRunning));
    assert_eq!(portal.environments.back_up(&portal.student, id).await, Err(AppError::Conflict));
    portal.run_until_phase(id, Phase::Ready).await;
    assert_eq!(refused().await, None);
    assert_eq!(portal.environments.back_up(&portal.other_student, id).await, Err(AppError::NotFound));
    portal.environments.back_up(&portal.student, id).await.expect("asked");
    assert_eq!(refused().await, Some(NoBackup::UnderWay));
    run_until_state(&portal, id, BackupState::Proven).await;
    let machine = machine_of(&portal, id, 1).await;
    let knows = machines::Knows { copies: true, backups: false, serving: false };
    machines::facts(&mut portal.engine.pool.acquire().await.expect("a connection"), machine, &[], knows).await.expect("told");
    assert_eq!(refused().await, Some(NoBackup::OldMachine));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_that_says_nothing_of_its_backup_for_long_has_failed_and_one_that_goes_takes_it_along(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let (_, id) = being_taken(&portal).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let of = async |db: &mut sqlx::PgConnection| backups::of(db, id).await.expect("asked").expect("it is there");
    let environment = EnvironmentId(of(&mut db).await.environment);
    let machine = portal.machine(environment).await;
    portal.sim.break_service(&machine, "agent").expect("it is there");
    portal.advance(Duration::minutes(21)).await;
    portal.run_until(|portal| async move { portal.count("select count(*) from backup where state = 'failed'").await == 1 }).await;
    assert_eq!(portal.count("select count(*) from backup_block").await, 0, "what arrived of it counts no more");
    assert_eq!(of(&mut db).await.state, BackupState::Failed);
    portal.environments.back_up(&portal.student, environment).await.expect("asked");
    portal.environments.delete(&portal.student, environment, "c5").await.expect("asked");
    portal.run_until_phase(environment, Phase::Removed).await;
    assert_eq!(portal.count("select count(*) from backup where state = 'failed'").await, 2);
}

fn signed(secret: &str, message: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn machine_door(portal: &TestPortal) -> Router {
    http::for_machines(http::Site {
        engine: portal.engine.clone(),
        live: http::live::Hub::listening(portal.engine.pool.clone(), CancellationToken::new()),
        leptos: http::leptos_options(std::path::Path::new("target/site")),
        is_trial: true,
        is_https: false,
        public_url: None,
    })
}

const SECRET: &str = "a secret";

/// From now on it has a secret to sign with.
async fn greeted(portal: &TestPortal, machine: MachineId) {
    let sealed = portal.engine.vault.seal(&format!("machine|{machine}|secret"), SECRET.as_bytes());
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    machines::greeted(&mut db, machine, b"nonce", &sealed, "test").await.expect("greeted");
}

/// What a machine's agent would send, signed.
async fn ask(door: &Router, machine: MachineId, method: &str, path: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    let timestamp = OffsetDateTime::now_utc().unix_timestamp();
    let path = format!("/machines/v1{path}");
    let message = signature::message(method, &path, timestamp, &body);
    let request = Request::builder()
        .method(method)
        .uri(&path)
        .header("koza-machine", machine.to_string())
        .header("koza-timestamp", timestamp)
        .header("koza-signature", signed(SECRET, &message))
        .body(Body::from(body))
        .expect("a request");
    let answer = door.clone().oneshot(request).await.expect("an answer");
    let status = answer.status().as_u16();
    (status, axum::body::to_bytes(answer.into_body(), 8 << 20).await.expect("a body").to_vec())
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_sends_its_backup_through_its_door_and_nobody_elses(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let other = portal.environments.request(&portal.other_student, portal.version, "c9", "", 0).await.expect("requested");
    portal.run_until_phase_of(&portal.other_student, other, Phase::Ready).await;
    portal.environments.back_up(&portal.student, id).await.expect("asked");
    let backup = of(&portal, id).await[0].id;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    assert!(backups::becomes(&mut db, backup, &[BackupState::Asked], BackupState::Taking, None).await.expect("asked"));
    let (mine, theirs) = (machine_of(&portal, id, 1).await, machine_of(&portal, other, 1).await);
    greeted(&portal, mine).await;
    greeted(&portal, theirs).await;
    let door = machine_door(&portal);
    for (kind, machine) in [("back_up", mine), ("rehearse", mine)] {
        machines::order(&mut db, machine, kind, &serde_json::json!({"backup": backup.to_string()})).await.expect("ordered");
    }
    let orders: Vec<_> =
        machines::orders_after(&mut db, mine, 0).await.expect("listed").into_iter().filter(|order| order.kind != "configure").collect();

    let block = |number: usize| format!("/backups/{backup}/blocks/{number}");
    let whole = vec![7; BLOCK];
    assert_eq!(ask(&door, theirs, "PUT", &block(0), whole.clone()).await.0, 409, "it is not theirs");
    assert_eq!(ask(&door, mine, "PUT", &block(0), vec![0; BLOCK + 1]).await.0, 422, "more than a block is not even read");
    assert_eq!(ask(&door, mine, "PUT", &block(0), whole.clone()).await.0, 204);
    assert_eq!(ask(&door, mine, "PUT", &block(1), b"end".to_vec()).await.0, 204);
    assert_eq!(ask(&door, mine, "PUT", "/backups/nothing/blocks/0", b"x".to_vec()).await.0, 404);
    let told = |blocks: u32| {
        serde_json::to_vec(&serde_json::json!({"blocks": blocks, "bytes": BLOCK + 3, "files": 1, "size": 9, "new": true})).expect("json")
    };
    assert_eq!(ask(&door, mine, "POST", &format!("/backups/{backup}"), told(3)).await.0, 422);
    assert_eq!(ask(&door, mine, "POST", &format!("/backups/{backup}"), told(2)).await.0, 204);
    let done = |state: &str| serde_json::to_vec(&serde_json::json!({"state": state, "detail": "3 differences"})).expect("json");
    assert_eq!(ask(&door, mine, "POST", &format!("/orders/{}", orders[0].number), done("done")).await.0, 204);
    assert_eq!(of(&portal, id).await[0].state, BackupState::Taken);

    assert_eq!(ask(&door, mine, "GET", &block(0), vec![]).await, (200, whole));
    assert_eq!(ask(&door, mine, "GET", &block(1), vec![]).await, (200, b"end".to_vec()));
    assert_eq!(ask(&door, mine, "GET", &block(2), vec![]).await.0, 404, "that was all");
    assert_eq!(ask(&door, theirs, "GET", &block(0), vec![]).await.0, 409, "nobody else's");
    damage(&files(&portal, backup)[1]);
    assert_eq!(ask(&door, mine, "GET", &block(1), vec![]).await, (409, b"block 1 is damaged".to_vec()));
    assert!(backups::becomes(&mut db, backup, &[BackupState::Taken], BackupState::Rehearsing, None).await.expect("asked"));
    assert_eq!(ask(&door, theirs, "POST", &format!("/orders/{}", orders[1].number), done("failed")).await.0, 204);
    assert_eq!(of(&portal, id).await[0].state, BackupState::Rehearsing, "it is not theirs to say");
    assert_eq!(ask(&door, mine, "POST", &format!("/orders/{}", orders[1].number), done("failed")).await.0, 204);
    let card = of(&portal, id).await.remove(0);
    assert_eq!((card.state, card.said.as_deref()), (BackupState::Unproven, Some("3 differences")));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn the_settings_of_a_restored_machine_name_its_backup_as_long_as_it_is_kept(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let (id, backup) = backed_up(&portal).await;
    let new = portal.environments.restore(&portal.student, id, backup.id, "c6", "").await.expect("asked");
    portal.run_until_phase(new, Phase::Ready).await;
    let named = async || -> serde_json::Value {
        let mut db = portal.engine.pool.acquire().await.expect("a connection");
        let known = world::load(&mut db, new).await.expect("known");
        let asker = settings::Asker::new(&known, portal.cloud.nature(), 1);
        let settings = settings::settings(&mut db, &portal.engine.vault, &known, &asker).await.expect("opened").expect("it has an address");
        settings["restore"].clone()
    };
    assert_eq!(named().await, backup.id.to_string());
    let have_been_ready = "select count(*) from environment where purpose = 'course' and first_ready_at is not null";
    portal.run_until(|portal| async move { portal.count(have_been_ready).await == 2 }).await;
    portal.advance(Duration::days(31)).await;
    erase_expired(&portal).await;
    assert_eq!(named().await, serde_json::Value::Null, "a machine that is rebuilt then comes up without it");

    // One whose time passes before its machine came up is kept for it.
    let (_, other) = backed_up_as(&portal, "c7").await;
    let late = portal.environments.restore(&portal.student, other.environment, other.id, "c8", "").await.expect("asked");
    portal.advance(Duration::days(31)).await;
    erase_expired(&portal).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    assert!(backups::is_whole(&mut db, other.id).await.expect("asked"));
    portal.run_until_phase(late, Phase::Ready).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_bucket_of_anything_that_speaks_s3_keeps_backups_as_a_folder_does(pool: PgPool) {
    let Some(moto) = crate::aws::moto() else { return };
    let double = Double::share(&moto).expect("moto starts");
    let endpoint = double.moto();
    let address = endpoint.trim_start_matches("http://").trim_end_matches('/');
    let bucket = format!("koza-{}", uuid::Uuid::now_v7().simple());
    let mut made = tokio::net::TcpStream::connect(address).await.expect("moto answers");
    let request = format!("PUT /{bucket} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    made.write_all(request.as_bytes()).await.expect("asked");
    let mut answer = String::new();
    made.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let mut portal = TestPortal::new(pool).await;
    let keys = portal.store_folder.path().join("keys");
    std::fs::write(&keys, "key\nsecret\n").expect("written");
    let settings = config::Store {
        store: Some(format!("s3://{bucket}/site")),
        store_endpoint: Some(format!("http://{address}")),
        store_region: Some("us-east-1".into()),
        store_key_file: Some(keys),
    };
    let store = Store::open(&settings, portal.store_folder.path()).expect("opened");
    assert_eq!(store.examine().await, Ok(()), "the doctor's question");
    portal.engine.store = store;
    portal.environments.engine = portal.engine.clone();

    let (id, backup) = backed_up(&portal).await;
    let work = format!("what was written on {}\n", portal.machine(id).await);
    assert_eq!(content(&portal, backup.id).await.expect("whole"), work.as_bytes());
    assert!(files(&portal, backup.id).is_empty(), "nothing is in the folder");
    backup::erase(&portal.engine, backup.id).await.expect("erased");
    assert!(matches!(content(&portal, backup.id).await, Err(BackupError::Damaged(_))), "it is gone");
}
