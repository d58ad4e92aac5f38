//! People who come into a course by a list, and the first time that they sign in.

use app::domain::course::Role;
use app::domain::ids::RosterId;
use app::domain::members::MemberRow;
use app::domain::roster::{Fate, RosterView, Wrong};
use app::error::{AppError, Field, Why};
use app::ports::{Members, Rosters};
use futures::future::join_all;
use server::auth::password;
use server::db::people;
use sqlx::PgPool;

use crate::support::TestPortal;

const LIST: &str = "student id,name,role\nS26001,Hana Ito,\nmio,,TA\naoi,,\ns26002,,\ns26003,Prof,instructor\ns26001,Hana,\n";
const PASSWORD: &str = "a long sentence";

impl TestPortal {
    async fn bring(&self, list: &str) -> RosterId {
        self.environments.bring(&self.instructor, "SYS-101", list.as_bytes()).await.expect("a list")
    }

    async fn roster(&self, id: RosterId) -> RosterView {
        self.environments.roster(&self.instructor, "SYS-101", id).await.expect("a roster")
    }

    async fn everybody(&self) -> Vec<MemberRow> {
        Members::of(&self.environments, &self.instructor, "SYS-101").await.expect("people").members
    }

    /// The link to the first sign-in of somebody who has not signed in yet.
    async fn welcome_of(&self, name: &str) -> String {
        let everybody = self.everybody().await;
        everybody.into_iter().find(|member| member.name == name).and_then(|member| member.welcome).expect("a link")
    }

    async fn password_fits(&self, sign_in: &str, typed: &str) -> bool {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        let known = people::password(&mut db, sign_in).await.expect("asked");
        password::fits(known.map(|known| known.hash), typed).await
    }
}

fn fates(roster: &RosterView) -> Vec<(u32, Fate, bool)> {
    roster.lines.iter().map(|line| (line.line, line.fate, line.is_done)).collect()
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_list_is_looked_at_first_and_each_line_comes_for_itself(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let before = portal.everybody().await;
    let id = portal.bring(LIST).await;
    let wrong =
        [(5, Wrong::NoName), (6, Wrong::NoSuchRole), (7, Wrong::AsOnLine(2))].map(|(line, wrong)| (line, Fate::Wrong(wrong), false));
    let expected = |is_done| [&[(2, Fate::Made, is_done), (3, Fate::Joined, is_done), (4, Fate::Already, is_done)], &wrong[..]].concat();
    assert_eq!(fates(&portal.roster(id).await), expected(false));
    assert_eq!(portal.everybody().await, before, "looking changes nothing");

    portal.environments.bring_in(&portal.instructor, "SYS-101", id).await.expect("brought in");
    assert_eq!(fates(&portal.roster(id).await), expected(true), "and the page says what came of each, not what would come now");
    let everybody = portal.everybody().await;
    let role = |name: &str| everybody.iter().find(|member| member.name == name).map(|member| member.role);
    assert_eq!((role("Hana Ito"), role("mio"), role("aoi")), (Some(Role::Student), Some(Role::Assistant), Some(Role::Student)));
    let left = portal.environments.left(&portal.instructor, "SYS-101", id).await.expect("lines");
    let left: Vec<_> = left.iter().map(|typed| (typed.sign_in.as_str(), typed.name.as_str(), typed.role.as_str())).collect();
    assert_eq!(left, [("s26002", "", ""), ("s26003", "Prof", "instructor"), ("s26001", "Hana", "")], "as they were typed");

    let mended = portal.bring("s26002,Sora Mori\ns26003,Prof,\n").await;
    portal.environments.bring_in(&portal.instructor, "SYS-101", mended).await.expect("brought in");
    assert_eq!(fates(&portal.roster(mended).await), [(1, Fate::Made, true), (2, Fate::Made, true)]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_class_of_three_hundred_comes_once_however_often_the_button_is_pressed(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let before = portal.everybody().await.len();
    let list: String = (0..300).map(|number| format!("s26{number:03},Student {number}\n")).collect();
    let id = portal.bring(&list).await;
    let pressed = join_all((0..3).map(|_| portal.environments.bring_in(&portal.instructor, "SYS-101", id))).await;
    assert_eq!(pressed, [const { Ok(()) }; 3], "whoever comes second finds each line done, or made by the other");
    portal.environments.bring_in(&portal.instructor, "SYS-101", id).await.expect("again");
    assert!(portal.roster(id).await.lines.iter().all(|line| line.is_done && line.fate == Fate::Made));
    assert_eq!(portal.everybody().await.len(), before + 300);
    assert_eq!(portal.count("select count(*) from person where made_for is not null").await, 300, "and nobody was made twice");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_was_brought_in_chooses_a_password_once_by_a_link_that_is_theirs_alone(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let id = portal.bring("s26001,Hana Ito\ns26002,Sora Mori\n").await;
    portal.environments.bring_in(&portal.instructor, "SYS-101", id).await.expect("brought in");
    assert!(!portal.password_fits("s26001", "").await, "without a password nobody signs in");
    let (hana, sora) = (portal.welcome_of("Hana Ito").await, portal.welcome_of("Sora Mori").await);
    let port = &portal.environments;
    assert_eq!(port.welcomed(&hana).await.map(|seen| (seen.name, seen.sign_in)), Ok(("Hana Ito".into(), "s26001".into())));
    let refused = |field, why| Err(AppError::Invalid { field, why });
    assert_eq!(port.welcome(&hana, "short", "short").await, refused(Field::Password, Why::PasswordTooShort { least: 10 }));
    assert_eq!(port.welcome(&hana, PASSWORD, "another").await, refused(Field::PasswordAgain, Why::PasswordsDiffer));
    let (person, secret) = (hana.split('.').next().expect("an id"), sora.split('.').nth(1).expect("a secret"));
    for forged in ["", "x", person, &format!("{person}."), &format!("{person}.{secret}"), &format!("{hana}0")] {
        assert_eq!(port.welcome(forged, PASSWORD, PASSWORD).await, Err(AppError::NotFound), "{forged}");
    }
    port.welcome(&hana, PASSWORD, PASSWORD).await.expect("welcome");
    assert!(portal.password_fits("s26001", PASSWORD).await);
    assert_eq!(port.welcome(&hana, "yet another one", "yet another one").await, Err(AppError::NotFound), "a link is good once");
    assert_eq!(port.welcomed(&hana).await.map(|_| ()), Err(AppError::NotFound));
    let sora_is = portal.everybody().await.into_iter().find(|member| member.name == "Sora Mori").expect("she is in").id;
    port.set_role(&portal.instructor, "SYS-101", sora_is, None).await.expect("taken out");
    assert_eq!(port.welcome(&sora, PASSWORD, PASSWORD).await, Err(AppError::NotFound), "who was listed by mistake gets no account");
    port.set_role(&portal.instructor, "SYS-101", portal.other_student.person, Some(Role::Student)).await.expect("unchanged");
    let again = portal.bring("s26002,,\n").await;
    port.bring_in(&portal.instructor, "SYS-101", again).await.expect("brought in again");
    let links: Vec<_> = portal.everybody().await.into_iter().filter(|member| member.welcome.is_some()).map(|member| member.name).collect();
    assert_eq!(links, ["Sora Mori"]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn nobody_takes_an_account_over_by_putting_it_on_a_list(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let id = portal.bring("s26001,Hana Ito\nmio,Somebody Else\n").await;
    portal.environments.bring_in(&portal.instructor, "SYS-101", id).await.expect("brought in");
    let everybody = portal.everybody().await;
    let mio = everybody.iter().find(|member| member.sign_in.as_deref() == Some("mio")).expect("mio is in");
    assert_eq!((mio.name.as_str(), mio.welcome.as_ref()), ("mio", None), "an account keeps its name, and its owner has a password");
    portal.another_course("SYS-202", &portal.instructor).await;
    let second = portal.environments.bring(&portal.instructor, "SYS-202", b"s26001,Hana Ito\n").await.expect("a list");
    portal.environments.bring_in(&portal.instructor, "SYS-202", second).await.expect("brought in");
    let there = portal.environments.roster(&portal.instructor, "SYS-202", second).await.expect("a roster");
    assert_eq!(fates(&there), [(1, Fate::Wrong(Wrong::NotSignedInYet), false)], "whoever has her link would come in her place");
    let people = async || Members::of(&portal.environments, &portal.instructor, "SYS-202").await.expect("people").members;
    assert!(people().await.iter().all(|member| member.name != "Hana Ito"));
    let link = portal.welcome_of("Hana Ito").await;
    portal.environments.welcome(&link, PASSWORD, PASSWORD).await.expect("welcome");
    portal.environments.bring_in(&portal.instructor, "SYS-202", second).await.expect("brought in");
    let hana = people().await.into_iter().find(|member| member.name == "Hana Ito").expect("she is in");
    assert_eq!(hana.welcome, None);
    for (caller, error) in [(&portal.student, AppError::NotFound), (&portal.stranger, AppError::NotFound)] {
        assert_eq!(portal.environments.bring(caller, "SYS-101", b"s1,A\n").await, Err(error.clone()));
        assert_eq!(portal.environments.roster(caller, "SYS-101", id).await.map(|_| ()), Err(error.clone()));
        assert_eq!(portal.environments.bring_in(caller, "SYS-101", id).await, Err(error.clone()));
        assert_eq!(portal.environments.left(caller, "SYS-101", id).await.map(|_| ()), Err(error));
    }
    assert_eq!(
        portal.environments.roster(&portal.instructor, "SYS-202", id).await.map(|_| ()),
        Err(AppError::NotFound),
        "another course's"
    );
}
