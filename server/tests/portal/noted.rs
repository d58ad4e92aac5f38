//! What use cases leave in the audit: who, what, and whereof. Never a secret.

use std::sync::Arc;

use app::domain::course::Role;
use app::domain::desk::BulkAct;
use app::domain::ids::AllowanceId;
use app::domain::phase::{Goal, Phase};
use app::error::AppError;
use app::ports::{Backups, BudgetOf, Costs, Desks, Door, Environments, Granted, Members, NewPerson, Rosters, Scaling};
use clap::{Command, Subcommand};
use secrecy::ExposeSecret;
use server::auth::door::BrowserDoor;
use server::auth::password;
use server::auth::store::Store;
use server::db::audit::{self, Filter};
use server::db::budgets::Scope;
use server::db::people;
use server::operator;
use server::portal::environments::EnvironmentsPort;
use sqlx::PgPool;
use time::Duration;
use tower_sessions::Session;

use crate::backups::run_until_state;
use crate::support::TestPortal;

const PASSWORD: &str = "correct horse battery";

impl TestPortal {
    /// All notes, the oldest first: who, what, and whereof.
    async fn noted(&self) -> Vec<String> {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        let entries = audit::read(&mut db, Filter::default(), 1_000).await.expect("read").into_iter().rev();
        let sentence = |entry: audit::Entry| {
            let by = entry.person.unwrap_or(entry.row.actor);
            let parts = [Some(by), Some(entry.row.act), entry.course, entry.environment, entry.whom];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        entries.map(sentence).collect()
    }

    /// What the newest note says beside that.
    async fn detail(&self) -> String {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        audit::read(&mut db, Filter::default(), 1).await.expect("read").remove(0).row.detail
    }

    async fn has_nothing_of(&self, secrets: &[&str]) {
        let all: String =
            sqlx::query_scalar("select string_agg(audit::text, ' ') from audit").fetch_one(&self.engine.pool).await.expect("rows");
        for secret in secrets {
            assert!(secret.len() > 3 && !all.contains(secret), "{secret} stands in the audit");
        }
    }

    /// A browser, signed in or not.
    fn browser(&self) -> BrowserDoor {
        let pool = self.engine.pool.clone();
        let session = Session::new(None, Arc::new(Store(pool.clone())), None);
        BrowserDoor { pool, session, browser: "Firefox · Linux".into() }
    }

    /// The student signs in by this from now on.
    async fn give_password(&self) {
        let hash = password::hash(PASSWORD).await.expect("hashed");
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        people::set_password(&mut db, self.student.person, &hash).await.expect("set");
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_is_asked_of_an_environment_is_noted(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let port = &portal.environments;
    let (_, key) = port.take_private_key(&portal.student, id).await.expect("the key");
    assert_eq!(port.passwords(&portal.student, id).await, Err(AppError::SignInAgain), "which is not noted: nothing was shown");
    portal.give_password().await;
    let door = portal.browser();
    door.sign_in("aoi", PASSWORD).await.expect("signed in");
    let fresh = EnvironmentsPort { engine: portal.engine.clone(), door: Some(Arc::new(door)) };
    let passwords = fresh.passwords(&portal.student, id).await.expect("passwords");
    port.back_up(&portal.student, id).await.expect("asked");
    let backup = run_until_state(&portal, id, app::domain::backup::BackupState::Proven).await;
    port.content_of(&portal.student, id, backup.id).await.map(|_| ()).expect("its content");
    assert_eq!(port.content_of(&portal.instructor, id, backup.id).await.map(|_| ()), Err(AppError::NotAllowed));
    port.give_up(&portal.student, id, backup.id).await.expect("given up");
    port.scale_out(&portal.student, id, 2, None).await.expect("asked");
    assert_eq!(portal.detail().await, r#"{"machines": 2}"#);
    port.scale_in(&portal.instructor, id, 1, true).await.expect("asked");
    assert_eq!(portal.detail().await, r#"{"leaving": [2], "is_backed_up": true}"#);
    port.stop(&portal.instructor, id).await.expect("asked");
    port.stop(&portal.instructor, id).await.expect("it is so already");
    port.start(&portal.student, id).await.expect("asked");
    port.extend(&portal.student, id).await.expect("kept");
    port.try_again(&portal.student, id).await.expect("asked");
    assert!(port.delete(&portal.student, id, "c6").await.is_err());
    port.delete(&portal.student, id, "c5").await.expect("asked");
    assert_eq!(portal.detail().await, r#"{"goal": "gone"}"#);
    let expected = [
        "aoi requested SYS-101 c5",
        "aoi key_downloaded SYS-101 c5",
        "aoi signed_in",
        "aoi passwords_shown SYS-101 c5",
        "aoi backup_downloaded SYS-101 c5",
        "aoi backup_given_up SYS-101 c5",
        "aoi scaled_out SYS-101 c5",
        "sato scaled_in SYS-101 c5",
        "sato asked SYS-101 c5",
        "aoi asked SYS-101 c5",
        "aoi extended SYS-101 c5",
        "aoi tried_again SYS-101 c5",
        "aoi asked SYS-101 c5",
    ];
    assert_eq!(portal.noted().await, expected);
    let line = key.expose_secret().lines().nth(1).expect("a line of the key");
    portal.has_nothing_of(&[PASSWORD, line, &passwords.wordpress, &passwords.protected, &passwords.ftp]).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_comes_by_a_list_is_noted_with_who_brought_it(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let port = &portal.environments;
    let list = port.bring(&portal.instructor, "SYS-101", b"s26001,Hana,TA\nmio\naoi\n,Nobody\n").await.expect("a list");
    port.bring_in(&portal.instructor, "SYS-101", list).await.expect("brought in");
    let everybody = Members::of(port, &portal.instructor, "SYS-101").await.expect("people").members;
    let link = everybody.into_iter().find_map(|member| member.welcome).expect("a link");
    port.welcome(&link, PASSWORD, PASSWORD).await.expect("welcome");
    let expected =
        ["sato roster_brought SYS-101", "sato brought_in SYS-101 Hana", "sato brought_in SYS-101 mio", "stranger password_chosen Hana"];
    assert_eq!(portal.noted().await, expected);
    portal.has_nothing_of(&[PASSWORD, link.split('.').nth(1).expect("a secret")]).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_is_done_in_a_course_and_what_koza_does_by_itself_is_noted(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let (port, teacher, course) = (&portal.environments, &portal.instructor, "SYS-101");
    port.begin(teacher, course, BulkAct::Keep, &[id]).await.expect("begun");
    let set = async |of, amount: &'static str| port.set_budget(teacher, course, of, amount, "a reason that is theirs").await;
    set(BudgetOf::Each, "5000").await.expect("set");
    assert_eq!(portal.detail().await, r#"{"budget": {"micros": 5000000000, "currency": "JPY"}, "is_of_each": true}"#);
    set(BudgetOf::Each, "5000").await.expect("it is so already");
    let granted = Granted { id: AllowanceId::new(), person: portal.student.person, amount: "300", reason: "thesis", is_taken_back: false };
    for _ in 0..2 {
        port.grant(teacher, course, granted).await.expect("granted, and once only");
    }
    assert_eq!(port.set_budget(&portal.student, course, BudgetOf::Each, "1", "mine").await, Err(AppError::NotFound));

    port.invite(teacher, course, Role::Student, "14", "2").await.expect("made");
    let link = Members::of(port, teacher, course).await.expect("people").invitations.remove(0);
    let hana = NewPerson { name: "Hana", sign_in: "s2600123", password: PASSWORD, again: PASSWORD };
    port.register(&link.token, hana).await.expect("registered");
    let taken = NewPerson { name: "Hana", sign_in: "s2600123", password: PASSWORD, again: PASSWORD };
    assert!(port.register(&link.token, taken).await.is_err(), "and nothing of it is noted");
    for _ in 0..2 {
        port.join(&portal.stranger, &link.token).await.expect("joined, and once only");
    }
    port.set_role(teacher, course, portal.stranger.person, Some(Role::Assistant)).await.expect("changed");
    assert_eq!(portal.detail().await, r#"{"was": "student", "role": "assistant"}"#);
    port.set_role(teacher, course, portal.stranger.person, None).await.expect("taken out");
    port.end_invitation(teacher, course, link.id).await.expect("ended");
    assert_eq!(port.end_invitation(teacher, course, link.id).await, Err(AppError::NotFound));

    portal.let_pass(Duration::hours(2)).await;
    portal.allow(Scope::Course, 1).await;
    portal.follow_budgets().await;
    assert_eq!(portal.goal(id).await, Goal::Stopped);
    let expected = [
        "aoi requested SYS-101 c5",
        "sato bulk_act_begun SYS-101",
        "sato extended SYS-101 c5",
        "sato budget_set SYS-101",
        "sato granted SYS-101 aoi",
        "sato invited SYS-101",
        "Hana registered",
        "Hana joined SYS-101",
        "mio joined SYS-101",
        "sato role_set SYS-101 mio",
        "sato taken_out SYS-101 mio",
        "sato invitation_ended SYS-101",
        "koza asked SYS-101 c5",
    ];
    assert_eq!(portal.noted().await, expected);
    let (_, secret) = link.token.split_once('.').expect("two parts");
    portal.has_nothing_of(&[PASSWORD, secret, "a reason that is theirs", "s2600123", "Hana"]).await;
    portal.run_until_phase(id, Phase::Stopped).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_signs_in_who_is_refused_and_which_sessions_end_is_noted(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    portal.give_password().await;
    let (one, other) = (portal.browser(), portal.browser());
    one.sign_out().await.expect("nobody was signed in");
    assert_eq!(one.sign_in("aoi", "a wrong sentence").await, Err(AppError::WrongPassword));
    assert_eq!(one.sign_in(PASSWORD, PASSWORD).await, Err(AppError::WrongPassword), "a password in the wrong field is not noted");
    one.sign_in("aoi", PASSWORD).await.expect("signed in");
    assert_eq!(one.sign_in_again(&portal.student, "a wrong sentence").await, Err(AppError::WrongPassword));
    one.sign_in_again(&portal.student, PASSWORD).await.expect("again");
    other.sign_in("aoi", PASSWORD).await.expect("signed in");
    let theirs = one.sessions(&portal.student).await.expect("a list").into_iter().find(|row| !row.is_this_one).expect("the other").id;
    one.end_session(&portal.student, theirs).await.expect("ended");
    assert_eq!(one.end_session(&portal.student, theirs).await, Err(AppError::NotFound));
    one.end_other_sessions(&portal.student).await.expect("ended");
    one.sign_out().await.expect("signed out");
    let expected = [
        "stranger sign_in_refused aoi",
        "aoi signed_in",
        "aoi sign_in_refused aoi",
        "aoi signed_in_again",
        "aoi signed_in",
        "aoi session_ended",
        "aoi other_sessions_ended",
        "aoi signed_out",
    ];
    assert_eq!(portal.noted().await, expected);
    portal.has_nothing_of(&[PASSWORD, "a wrong sentence"]).await;

    // Whoever tries passwords for long waits, and does not fill the audit.
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    for _ in 0..10 {
        people::failed(&mut db, &server::machine::secrets::hash("aoi")).await.expect("noted");
    }
    drop(db);
    assert_eq!(other.sign_in("aoi", "a wrong sentence").await, Err(AppError::WrongPassword));
    assert_eq!(portal.noted().await.len(), expected.len());
}

/// A command of `koza`, as it is typed.
fn typed<C: Subcommand>(line: &[&str]) -> C {
    let words = ["koza"].into_iter().chain(line.iter().copied()).chain(["--database-url", "postgres://nowhere"]);
    let matches = C::augment_subcommands(Command::new("koza")).try_get_matches_from(words).expect("it can be typed");
    C::from_arg_matches(&matches).expect("a command")
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_operators_do_at_the_shell_is_noted(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    let engine = &portal.engine;
    let user = async |line: &[&str]| operator::people::run(engine, &typed(line)).await;
    let course = async |line: &[&str]| operator::courses::run(engine, &typed(line)).await;
    let prices = async |line: &[&str]| operator::prices::run(engine, &typed(line)).await;
    let clouds = async |line: &[&str]| operator::clouds::run(engine, &typed(line)).await;
    user(&["add", "yui", "--email", "yui@example.test", "--operator"]).await.expect("added");
    assert!(user(&["add", "yui"]).await.is_err(), "there is one");
    user(&["join", "yui", "SYS-101", "--role", "assistant"]).await.expect("joined");
    user(&["email", "yui"]).await.expect("set");
    assert_eq!(portal.detail().await, r#"{"is_some": false}"#);
    assert!(user(&["email", "nobody", "nobody@example.test"]).await.is_err());
    course(&["backups", "SYS-101", "--keep-days", "9", "--every-hours", "24"]).await.expect("set");
    assert_eq!(portal.detail().await, r#"{"kept_days": 9, "every_hours": 24}"#);
    course(&["names", "SYS-101", "--domain", "sys.koza-machines.test"]).await.expect("set");
    assert!(course(&["backups", "NO-SUCH", "--by-hand"]).await.is_err());
    prices(&["rate", "JPY", "155.20", "--from", "2026-11-01", "--source", "the bank"]).await.expect("entered");
    assert_eq!(portal.detail().await, r#"{"from": "2026-11-01", "per_usd": "155.2", "currency": "JPY"}"#);
    assert!(prices(&["rate", "JPY", "156", "--from", "2026-11-01", "--source", "the bank"]).await.is_err());
    let cloud = portal.cloud_id().await.to_string();
    prices(&["credits", &cloud, "200"]).await.expect("entered");
    let folder = portal.store_folder.path();
    let (list, bill) = (folder.join("ours.toml"), folder.join("cur.csv"));
    let text =
        "cloud = \"sim\"\nregion = \"here\"\nsource = \"a test\"\nread_on = 2026-11-22\nvalid_from = 2098-01-01\nhour.address = \"0.01\"\n";
    std::fs::write(&list, text).expect("written");
    prices(&["import", list.to_str().expect("letters")]).await.expect("imported");
    assert_eq!(portal.detail().await, r#"{"new": 1, "corrections": 0}"#);
    clouds(&["choose", "SYS-101", &cloud]).await.expect("chosen");
    let report = "identity/LineItemId,bill/InvoiceId,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,\
                  lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,lineItem/ResourceId,lineItem/UsageAmount,lineItem/UnblendedCost,\
                  lineItem/CurrencyCode,pricing/unit,bill/BillingPeriodStartDate\n\
                  l1,INV,1,Usage,2026-11-20T00:00:00Z,2026-11-21T00:00:00Z,AmazonEC2,APN1-BoxUsage:t3.micro,RunInstances,i-1,24,0.3,USD,Hrs,2026-11-01T00:00:00Z\n";
    std::fs::write(&bill, report).expect("written");
    operator::bills::run(engine, &typed(&["import", bill.to_str().expect("letters")])).await.expect("compared");
    let expected = [
        "shell person_added yui",
        "shell email_set yui",
        "shell role_set SYS-101 yui",
        "shell email_set yui",
        "shell backups_set SYS-101",
        "shell names_set SYS-101",
        "shell rate_entered",
        "shell credits_entered",
        "shell prices_imported",
        "shell cloud_chosen SYS-101",
        "shell bill_imported",
    ];
    assert_eq!(portal.noted().await, expected);
    portal.has_nothing_of(&["example.test"]).await;
}
