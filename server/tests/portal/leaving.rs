//! Scaling in: a machine leaves once what is on it was restored in rehearsal, and stays if that cannot be shown.

use app::domain::backup::BackupState;
use app::domain::phase::Phase;
use app::domain::reason::Attention;
use app::domain::scaling::Share;
use app::error::AppError;
use app::ports::{Backups, Environments, Scaling};
use server::backup::BackupError;
use server::db::backups;
use sqlx::PgPool;
use time::Duration;

use crate::backups::{content, damage, files, machine_of, of, run_until_state};
use crate::support::TestPortal;

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_leaves_once_its_backup_is_proven_and_visitors_reach_it_until_then(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.scaled_out(3).await;
    portal.environments.scale_in(&portal.student, id, 1, true).await.expect("asked");
    assert_eq!(portal.environments.scale_out(&portal.student, id, 3, None).await, Err(AppError::Conflict), "some are to leave");
    portal.run_until(|portal| async move { portal.in_cloud(id).await.iter().filter(|kind| **kind == "machine").count() == 1 }).await;
    portal.run_until(|portal| async move { portal.view(id).await.scaling.is_none() }).await;
    portal.run_until(|portal| async move { portal.in_cloud(id).await.len() == 6 }).await;
    assert_eq!(
        portal.in_cloud(id).await,
        ["address", "binding", "disk", "firewall", "key", "machine"],
        "no image, no snapshot, no balancer"
    );
    assert_eq!(portal.view(id).await.phase, Phase::Ready);

    let told: Vec<String> = sqlx::query_scalar(
        "select concat_ws(' ', code, data ->> 'action', data ->> 'state', data ->> 'machine') from event
          where environment = $1 and (code in ('backed_up', 'left') or data ->> 'action' ~ '^release (target|machine)') order by number",
    )
    .bind(id.0)
    .fetch_all(&portal.engine.pool)
    .await
    .expect("events");
    for slot in [2, 3] {
        let at = |what: String| told.iter().position(|line| *line == what).unwrap_or_else(|| panic!("{what}: {told:#?}"));
        let order = [
            at(format!("backed_up proven {slot}")),
            at(format!("left {slot}")),
            at(format!("done release target/{slot}")),
            at(format!("done release machine/{slot}")),
        ];
        assert!(order.is_sorted(), "{told:#?}");
    }
    let backups = of(&portal, id).await;
    assert_eq!(backups.iter().map(|backup| backup.state).collect::<Vec<_>>(), [BackupState::Proven; 2]);

    // It can be scaled out again.
    portal.environments.scale_out(&portal.student, id, 2, None).await.expect("asked");
    portal.run_until(|portal| async move { portal.shares(id).await == [Share::Healthy, Share::Healthy] }).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_block_that_was_damaged_in_the_store_is_noticed_and_the_machine_stays(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.scaled_out(2).await;
    portal.environments.scale_in(&portal.student, id, 1, true).await.expect("asked");
    let backup = run_until_state(&portal, id, BackupState::Taken).await;
    damage(&files(&portal, backup.id)[0]);
    portal.run_until(|portal| async move { portal.view(id).await.attention.is_some() }).await;
    let attention = portal.view(id).await.attention;
    assert_eq!(attention, Some(Attention::BackupFailed { machine: 2, said: "block 0 is damaged".into() }));
    assert!(matches!(content(&portal, backup.id).await, Err(BackupError::Damaged(_))), "nobody downloads half of one");
    portal.advance(Duration::hours(3)).await;
    portal.turn_once().await;
    assert_eq!(portal.shares(id).await, [Share::Healthy, Share::Healthy], "it stays, and goes on answering");

    // Tried again, another is taken, and the machine leaves.
    portal.environments.try_again(&portal.student, id).await.expect("asked");
    portal.run_until(|portal| async move { portal.view(id).await.scaling.is_none() }).await;
    assert_eq!(portal.view(id).await.attention, None);
    let states: Vec<_> = of(&portal, id).await.iter().map(|backup| backup.state).collect();
    assert_eq!(states, [BackupState::Proven, BackupState::Unproven]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn all_machines_stay_if_its_student_changes_their_mind_and_one_goes_without_a_backup_only_if_they_say_so(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.scaled_out(3).await;
    let scale_in = async |caller, machines, is_backed_up| portal.environments.scale_in(caller, id, machines, is_backed_up).await;
    assert_eq!(scale_in(&portal.student, 3, true).await, Err(AppError::Conflict), "that is what it has");
    assert_eq!(scale_in(&portal.student, 0, true).await, Err(AppError::Conflict), "the first machine stays");
    assert_eq!(scale_in(&portal.student, 2, false).await, Err(AppError::Conflict), "a backup can be taken");
    assert_eq!(scale_in(&portal.stranger, 1, true).await, Err(AppError::NotFound));

    scale_in(&portal.instructor, 1, true).await.expect("asked");
    scale_in(&portal.student, 3, true).await.expect("changed their mind");
    portal.advance(Duration::minutes(5)).await;
    portal.run_until(|portal| async move { of(portal, id).await.iter().all(|backup| !backup.state.is_moving()) }).await;
    assert_eq!(portal.shares(id).await, [Share::Healthy; 3]);

    // The store loses what is put in: the third machine cannot be backed up.
    scale_in(&portal.student, 1, true).await.expect("asked");
    let backup = run_until_state(&portal, id, BackupState::Taken).await;
    assert_eq!(backup.machine, 3, "the last first, and no other meanwhile");
    damage(&files(&portal, backup.id)[0]);
    portal.run_until(|portal| async move { portal.view(id).await.attention.is_some() }).await;
    let offer = portal.environments.offer(&portal.student, id).await.expect("an offer");
    assert_eq!((offer.is_stuck, offer.leaving), (true, vec![2, 3]));
    assert_eq!(scale_in(&portal.instructor, 2, false).await, Err(AppError::NotAllowed), "it is the student's work");
    assert_eq!(scale_in(&portal.student, 1, false).await, Err(AppError::Conflict), "one at a time");
    scale_in(&portal.student, 2, false).await.expect("asked");
    // The second still leaves with a backup of its own, taken after the third had gone.
    portal.run_until(|portal| async move { portal.view(id).await.scaling.is_none() }).await;
    let states: Vec<_> = of(&portal, id).await.iter().map(|backup| (backup.machine, backup.state)).collect();
    assert_eq!(states, [(2, BackupState::Proven), (3, BackupState::Unproven)]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_proof_that_is_not_of_now_is_no_proof_and_a_backup_that_nobody_compared_is_still_there(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.scaled_out(2).await;
    portal.environments.scale_in(&portal.student, id, 1, true).await.expect("asked");
    let old = run_until_state(&portal, id, BackupState::Taken).await;
    // It comes late: visitors have written on it since.
    sqlx::query("update backup set state = 'proven', taken_at = taken_at - interval '1 hour'")
        .execute(&portal.engine.pool)
        .await
        .expect("late");
    portal.run_until(|portal| async move { portal.view(id).await.scaling.is_none() }).await;
    assert_eq!(of(&portal, id).await.len(), 2, "another was taken before it left");
    assert_ne!(of(&portal, id).await[0].id, old.id);

    // The machine goes before its backup was compared: what is in the store can be had all the same.
    portal.environments.back_up(&portal.student, id).await.expect("asked");
    let backup = run_until_state(&portal, id, BackupState::Taken).await;
    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    portal.run_until_phase(id, Phase::Removed).await;
    assert_eq!(of(&portal, id).await[0].state, BackupState::Unproven);
    let new = portal.environments.restore(&portal.student, id, backup.id, "c6", "").await.expect("asked");
    portal.run_until_phase(new, Phase::Ready).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    assert!(backups::may_fetch(&mut db, backup.id, machine_of(&portal, new, 1).await).await.expect("asked"));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_copy_that_was_never_set_up_or_has_vanished_leaves_without_a_backup(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.scaled_out(2).await;
    let copy: String = sqlx::query_scalar("select cloud_id from resource where kind = 'machine' and slot = 2 and gone_at is null")
        .fetch_one(&portal.engine.pool)
        .await
        .expect("it is held");
    portal.sim.vanish(&copy).expect("it was there");
    portal.environments.scale_in(&portal.student, id, 1, true).await.expect("asked");
    portal.run_until(|portal| async move { portal.view(id).await.scaling.is_none() }).await;
    portal.run_until(|portal| async move { portal.in_cloud(id).await.len() == 6 }).await;
    assert_eq!(portal.view(id).await.attention, None);
}
