//! Asking for an environment, and what one may see of others'.

use app::domain::name::NameProblem;
use app::domain::phase::Phase;
use app::error::{AppError, Field, Why};
use app::ports::Environments;
use sqlx::PgPool;

use crate::support::TestPortal;

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_name_that_cannot_be_used_is_refused_at_its_field(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    for (name, problem) in [("", NameProblem::Missing), ("a_b", NameProblem::NotALabel), ("www", NameProblem::Reserved)] {
        assert_eq!(portal.request(name).await, Err(AppError::Invalid { field: Field::Name, why: Why::Name(problem) }));
    }
    portal.request("c5").await.expect("requested");
    assert_eq!(portal.request("C5").await, Err(AppError::Invalid { field: Field::Name, why: Why::Taken }));
    assert_eq!(portal.count("select count(*) from environment where purpose = 'course'").await, 1, "nothing was left of the refused ones");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn of_two_who_want_a_name_at_once_one_gets_it(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let (one, other) = tokio::join!(
        portal.environments.request(&portal.student, portal.version, "c5", "", 0),
        portal.environments.request(&portal.other_student, portal.version, "c5", "", 0),
    );
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_public_key_that_is_none_is_refused_at_its_field(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let refused = portal.environments.request(&portal.student, portal.version, "c5", "ssh-rsa hello", 0).await;
    assert_eq!(refused, Err(AppError::Invalid { field: Field::PublicKey, why: Why::NotAPublicKey }));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_one_may_not_see_is_not_found(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    let port = &portal.environments;
    for caller in [&portal.other_student, &portal.stranger] {
        assert_eq!(port.view(caller, id).await, Err(AppError::NotFound));
        assert_eq!(port.start(caller, id).await, Err(AppError::NotFound));
        assert_eq!(port.stop(caller, id).await, Err(AppError::NotFound));
        assert_eq!(port.try_again(caller, id).await, Err(AppError::NotFound));
        assert_eq!(port.delete(caller, id, "c5").await, Err(AppError::NotFound));
        assert_eq!(port.passwords(caller, id).await, Err(AppError::NotFound));
        assert_eq!(port.take_private_key(caller, id).await.err(), Some(AppError::NotFound));
        assert!(port.mine(caller).await.expect("a list").is_empty());
    }
    let refused = port.request(&portal.stranger, portal.version, "c6", "", 0).await;
    assert_eq!(refused, Err(AppError::NotFound), "a course that one is not in has no blueprints");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_instructor_sees_and_steers_but_gets_no_passwords(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    portal.run_until_phase(id, Phase::Ready).await;
    let port = &portal.environments;
    let view = port.view(&portal.instructor, id).await.expect("seen");
    assert!(view.connection.is_none(), "no account of the student's");
    port.stop(&portal.instructor, id).await.expect("stopped");
    assert_eq!(port.passwords(&portal.instructor, id).await, Err(AppError::NotAllowed));
    assert_eq!(port.delete(&portal.instructor, id, "c5").await, Err(AppError::NotAllowed));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn deleting_needs_the_name_typed(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.request("c5").await.expect("requested");
    let refused = portal.environments.delete(&portal.student, id, "c6").await;
    assert_eq!(refused, Err(AppError::Invalid { field: Field::Confirmation, why: Why::NotTheName }));
    portal.environments.delete(&portal.student, id, "c5").await.expect("asked");
    assert_eq!(portal.environments.start(&portal.student, id).await, Err(AppError::Conflict), "gone is not taken back");
}
