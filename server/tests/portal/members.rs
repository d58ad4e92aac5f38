//! A course's people, and how they come into it.

use app::domain::course::Role;
use app::domain::members::InvitationRow;
use app::domain::person::Caller;
use app::error::AppError;
use app::error::{Field, Why};
use app::ports::{Environments, Members, NewPerson};
use server::db::people;
use sqlx::PgPool;
use time::Duration;

use crate::support::TestPortal;

const PASSWORD: &str = "a long sentence";

impl TestPortal {
    async fn invite(&self, most: &str) -> InvitationRow {
        self.environments.invite(&self.instructor, "SYS-101", Role::Student, "14", most).await.expect("made");
        Members::of(&self.environments, &self.instructor, "SYS-101").await.expect("people").invitations.remove(0)
    }

    /// Everybody's roles, by name.
    async fn people(&self) -> Vec<(String, Role)> {
        let view = Members::of(&self.environments, &self.instructor, "SYS-101").await.expect("people");
        view.members.into_iter().map(|member| (member.name, member.role)).collect()
    }

    async fn register(&self, token: &str, sign_in: &str) -> Result<String, AppError> {
        let person = NewPerson { name: " Hana Ito ", sign_in, password: PASSWORD, again: PASSWORD };
        self.environments.register(token, person).await
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn people_come_into_a_course_by_a_link_as_somebody_new_or_as_who_they_are(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let link = portal.invite("2").await;
    let seen = portal.environments.invited(None, &link.token).await.expect("an invitation");
    assert_eq!((seen.code.as_str(), seen.role, seen.signed_in, seen.is_member), ("SYS-101", Role::Student, None, false));
    assert_eq!(portal.register(&link.token, " S2600123 ").await, Ok("SYS-101".into()));
    let known = people::password(&mut portal.engine.pool.acquire().await.expect("a connection"), "s2600123").await.expect("asked");
    assert!(server::auth::password::fits(known.map(|known| known.hash), PASSWORD).await, "they sign in with what they chose");
    assert_eq!(portal.environments.join(&portal.stranger, &link.token).await, Ok("SYS-101".into()));
    let everybody = portal.people().await;
    let role = |name: &str| everybody.iter().find(|(known, _)| known == name).map(|(_, role)| *role);
    assert_eq!((role("Hana Ito"), role("mio"), role("sato")), (Some(Role::Student), Some(Role::Student), Some(Role::Instructor)));
    assert_eq!(portal.register(&link.token, "s2600124").await, Err(AppError::NotFound), "two came, and no more may");
    assert_eq!(portal.environments.invited(Some(&portal.stranger), &link.token).await.map(|seen| seen.is_member), Ok(true));
    assert_eq!(portal.environments.join(&portal.stranger, &link.token).await, Ok("SYS-101".into()), "who came by it finds the way again");
    let again = portal.invite("5").await;
    assert_eq!(portal.environments.join(&portal.instructor, &again.token).await, Ok("SYS-101".into()));
    assert_eq!(portal.people().await.iter().filter(|(_, role)| *role == Role::Instructor).count(), 1, "who is in it stays what they are");
    let used = Members::of(&portal.environments, &portal.instructor, "SYS-101").await.expect("people").invitations[0].used;
    assert_eq!(used, (0, 5), "and takes no place");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_is_no_invitation_or_is_none_any_more_lets_nobody_in(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let link = portal.invite("40").await;
    let (id, secret) = link.token.split_once('.').expect("two parts");
    let other = format!("{id}.{}", secret.chars().rev().collect::<String>());
    for token in ["", "x", id, &format!("{id}."), &other, &format!("{}0", link.token)] {
        assert_eq!(portal.environments.invited(None, token).await.map(|_| ()), Err(AppError::NotFound), "{token}");
        assert_eq!(portal.register(token, "s1").await, Err(AppError::NotFound), "{token}");
    }
    portal.advance(Duration::days(15)).await;
    assert_eq!(portal.register(&link.token, "s1").await, Err(AppError::NotFound), "its time is over");
    let link = portal.invite("40").await;
    let port = &portal.environments;
    for stranger in [&portal.student, &portal.stranger] {
        assert_eq!(port.end_invitation(stranger, "SYS-101", link.id).await, Err(AppError::NotFound));
        assert_eq!(port.invite(stranger, "SYS-101", Role::Student, "1", "1").await, Err(AppError::NotFound));
        assert_eq!(Members::of(port, stranger, "SYS-101").await.map(|_| ()), Err(AppError::NotFound));
        assert_eq!(port.set_role(stranger, "SYS-101", portal.instructor.person, None).await, Err(AppError::NotFound));
    }
    assert_eq!(port.invite(&portal.instructor, "SYS-101", Role::Instructor, "1", "1").await, Err(AppError::NotAllowed));
    let wrong = |field, most| Err(AppError::Invalid { field, why: Why::NotACount { most } });
    assert_eq!(port.invite(&portal.instructor, "SYS-101", Role::Student, "91", "1").await, wrong(Field::Days, 90));
    assert_eq!(port.invite(&portal.instructor, "SYS-101", Role::Student, "1", "0").await, wrong(Field::People, 1_000));
    port.end_invitation(&portal.instructor, "SYS-101", link.id).await.expect("ended");
    assert_eq!(portal.register(&link.token, "s1").await, Err(AppError::NotFound));
    assert_eq!(portal.count("select count(*) from person where name = 'Hana Ito'").await, 0, "nobody was made");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_course_or_a_name_that_no_text_can_be_is_not_there(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    assert_eq!(Members::of(&portal.environments, &portal.instructor, "SYS-101\0").await.map(|_| ()), Err(AppError::NotFound));
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    assert!(people::password(&mut db, "aoi\0").await.expect("asked").is_none());
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_new_account_is_refused_at_the_field_and_takes_nobodys_name(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let link = portal.invite("40").await;
    let tried = async |name: &'static str, sign_in: &'static str, password: &'static str, again: &'static str| match portal
        .environments
        .register(&link.token, NewPerson { name, sign_in, password, again })
        .await
    {
        Err(AppError::Invalid { field, why }) => Some((field, why)),
        other => panic!("{other:?}"),
    };
    assert_eq!(tried(" ", "s1", PASSWORD, PASSWORD).await, Some((Field::FullName, Why::Missing)));
    assert_eq!(tried("Hana", "s 1", PASSWORD, PASSWORD).await, Some((Field::SignInName, Why::NotASignInName)));
    assert_eq!(tried("Hana", "s1", "short", "short").await, Some((Field::Password, Why::PasswordTooShort { least: 10 })));
    assert_eq!(tried("Hana", "s1", PASSWORD, "another sentence").await, Some((Field::PasswordAgain, Why::PasswordsDiffer)));
    assert_eq!(tried("Hana", "AOI", PASSWORD, PASSWORD).await, Some((Field::SignInName, Why::SignInTaken)));
    assert_eq!(portal.count("select count(*) from person where name = 'Hana'").await, 0);
    assert_eq!(portal.count("select used::bigint from invitation").await, 0);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn roles_change_people_go_their_environments_stay_and_somebody_always_teaches(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let port = &portal.environments;
    let set = async |caller: &Caller, person, role| port.set_role(caller, "SYS-101", person, role).await;
    let (student, teacher) = (portal.student.person, portal.instructor.person);
    assert_eq!(set(&portal.instructor, teacher, None).await, Err(AppError::Conflict), "nobody would teach it any more");
    set(&portal.instructor, student, Some(Role::Instructor)).await.expect("changed");
    set(&portal.student, teacher, Some(Role::Assistant)).await.expect("they are two");
    assert_eq!(set(&portal.instructor, student, None).await, Err(AppError::NotAllowed), "who helps changes nothing");
    set(&portal.student, teacher, Some(Role::Instructor)).await.expect("changed back");
    set(&portal.instructor, student, None).await.expect("taken out");
    assert_eq!(set(&portal.instructor, student, None).await, Err(AppError::NotFound));
    assert_eq!(port.view(&portal.student, id).await.map(|view| view.id), Ok(id), "what is theirs stays theirs");
    assert_eq!(portal.request("again").await, Err(AppError::NotFound), "but there is nothing new for them");
}
