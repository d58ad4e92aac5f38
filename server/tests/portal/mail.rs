//! Mail, with aiosmtpd at the other end.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use app::domain::ids::PersonId;
use app::domain::money::{Currency, Money};
use app::domain::news::{Budget, Mailed, News, NoticeCard};
use app::ports::Notices;
use clap::Parser;
use server::config::Common;
use server::db::{chores, notices, people};
use server::engine::chores::{Trouble, perform};
use server::mail::Mailer;
use sqlx::PgPool;

use crate::support::TestPortal;

/// Ends with the test.
struct Server {
    process: Child,
    port: u16,
    maildir: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Server {
    fn start(pem: &[&Path]) -> Self {
        let python = std::env::var("KOZA_SMTP_PYTHON").expect("KOZA_SMTP_PYTHON: deploy/host/smtp path");
        let maildir = tempfile::tempdir().expect("a folder");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/host/smtp-server.py");
        let mut process = Command::new(python)
            .arg(script)
            .arg(maildir.path().join("mail"))
            .args(pem)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a mail server");
        let mut said = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut said).expect("a line");
        Self { process, port: said.trim().parse().expect("a port"), maildir }
    }

    /// What it took: headers and text.
    fn taken(&self) -> Vec<String> {
        let new = std::fs::read_dir(self.maildir.path().join("mail/new")).expect("a maildir");
        new.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a mail")).collect()
    }
}

/// The settings as the program reads them.
#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    common: Common,
}

fn settings(more: &[&str]) -> Common {
    let given = ["koza", "--database-url", "x", "--public-url", "https://koza.example.ac.jp", "--mail-from", "Koza <koza@example.ac.jp>"];
    Settings::try_parse_from(given.iter().chain(more)).expect("settings").common
}

fn mailer(more: &[&str]) -> Mailer {
    Mailer::open(&settings(more)).expect("good settings").expect("a mail server")
}

fn news() -> News {
    let yen = |yen: i64| Money::new(Currency::Jpy, yen * 1_000_000);
    News::BudgetReached { budget: Budget::Own, percent: 80, spent: yen(812), allowed: yen(1_000) }
}

impl TestPortal {
    async fn gets_mail_at(&self, name: &str, address: &str) {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        assert!(people::set_email(&mut db, name, Some(address)).await.expect("set"));
    }

    async fn tell(&self, person: PersonId) {
        let course = self.course().await;
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        notices::tell(&mut db, &[person], Some(course), None, &news()).await.expect("told");
    }

    /// Does the chores that send mail, once each.
    async fn send_mail(&self) -> Vec<Result<(), Trouble>> {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        let claimed = chores::claim(&mut db, self.worker, 100, true).await.expect("claimed");
        let mut ended = Vec::new();
        for chore in claimed.iter() {
            let one = perform(&self.engine, chore).await;
            match &one {
                Ok(()) => drop(chores::finish(&mut db, &[(chore.id, chore.epoch)]).await.expect("finished")),
                Err(trouble) => drop(chores::failed(&mut db, chore, &trouble.said, Some(30.0)).await.expect("failed")),
            }
            ended.push(one);
        }
        ended
    }

    async fn notices(&self) -> Vec<NoticeCard> {
        Notices::mine(&self.environments, &self.student).await.expect("notices")
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_notice_is_mailed_in_its_readers_language_and_says_so(pool: PgPool) {
    let mut portal = TestPortal::unbaked(pool, Default::default()).await;
    let server = Server::start(&[]);
    portal.engine.mailer = Some(mailer(&["--smtp", &format!("smtp://127.0.0.1:{}", server.port)]));
    portal.gets_mail_at("aoi", "aoi@student.example.ac.jp").await;
    sqlx::query("update person set locale = 'ja' where name = 'aoi'").execute(&portal.engine.pool).await.expect("a language");
    portal.tell(portal.student.person).await;
    assert_eq!(portal.notices().await[0].mailed, Mailed::Soon("aoi@student.example.ac.jp".into()));
    let others = chores::claim(&mut portal.engine.pool.acquire().await.expect("a connection"), portal.worker, 100, false).await;
    assert!(others.expect("claimed").iter().all(|chore| chore.kind != "send_mail"), "no other chore waits behind a mail");
    assert_eq!(portal.send_mail().await, [Ok(())]);
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    let (head, text) = taken[0].split_once("\n\n").expect("head and text");
    assert!(head.contains("To: aoi@student.example.ac.jp"), "{head}");
    assert!(head.contains("From: Koza <koza@example.ac.jp>") || head.contains("From: \"Koza\" <koza@example.ac.jp>"), "{head}");
    assert!(head.contains("Auto-Submitted: auto-generated"), "{head}");
    assert!(head.contains("Content-Type: text/plain; charset=utf-8"), "{head}");
    let id = portal.notices().await[0].id;
    assert!(head.contains(&format!("Message-ID: <{id}@example.ac.jp>")), "{head}");
    assert!(!head.is_ascii() || head.contains("=?utf-8?"), "a Japanese subject is encoded: {head}");
    assert!(!text.is_empty());
    let seen = portal.notices().await;
    assert!(matches!(&seen[0].mailed, Mailed::At(address, _) if address == "aoi@student.example.ac.jp"), "{seen:?}");
    assert_eq!(portal.send_mail().await, [], "once");
    Notices::read(&portal.environments, &portal.student, &[id]).await.expect("read");
    assert!(portal.notices().await[0].is_read);
    assert_eq!(Notices::mine(&portal.environments, &portal.other_student).await, Ok(vec![]), "everybody has notices of their own");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_a_mail_server_refuses_for_good_is_said_and_what_it_refuses_for_now_is_sent_later(pool: PgPool) {
    let mut portal = TestPortal::unbaked(pool, Default::default()).await;
    let server = Server::start(&[]);
    portal.engine.mailer = Some(mailer(&["--smtp", &format!("smtp://127.0.0.1:{}", server.port)]));
    portal.gets_mail_at("aoi", "nobody@student.example.ac.jp").await;
    portal.tell(portal.student.person).await;
    assert_eq!(portal.send_mail().await, [Ok(())], "there is nothing more to do");
    let said = portal.notices().await.remove(0).mailed;
    assert!(matches!(&said, Mailed::Never(why) if why.contains("there is nobody of that name")), "{said:?}");
    portal.gets_mail_at("aoi", "later@student.example.ac.jp").await;
    portal.tell(portal.student.person).await;
    let first = portal.send_mail().await;
    assert!(matches!(&first[..], [Err(trouble)] if !trouble.is_final && trouble.said.contains("come again later")), "{first:?}");
    assert_eq!(portal.send_mail().await, [], "not at once");
    portal.advance(time::Duration::seconds(31)).await;
    assert_eq!(portal.send_mail().await, [Ok(())]);
    assert_eq!(server.taken().len(), 1);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn mail_goes_through_tls_to_a_server_that_the_house_vouches_for_and_to_no_other(pool: PgPool) {
    let mut portal = TestPortal::unbaked(pool, Default::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let server = Server::start(&[&certificate, &key]);
    let root = certificate.to_str().expect("a path");
    portal.gets_mail_at("aoi", "aoi@student.example.ac.jp").await;
    portal.tell(portal.student.person).await;
    let at = |who: &str| format!("smtp://{who}127.0.0.1:{}?tls=required", server.port);
    for (url, more, why) in [
        (at("koza:let%20me%20in@"), vec![], "a stranger's certificate"),
        (at("koza:wrong@"), vec!["--smtp-trusted-root", root], "a wrong password"),
    ] {
        portal.engine.mailer = Some(mailer(&[&["--smtp", &url][..], &more].concat()));
        let ended = portal.send_mail().await;
        assert!(matches!(&ended[..], [Err(trouble)] if !trouble.is_final), "{why} is our trouble, not the mail's: {ended:?}");
        portal.advance(time::Duration::minutes(1)).await;
    }
    portal.engine.mailer = Some(mailer(&["--smtp", &at("koza:let%20me%20in@"), "--smtp-trusted-root", root]));
    assert_eq!(portal.send_mail().await, [Ok(())]);
    assert_eq!(server.taken().len(), 1);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_site_without_a_mail_server_says_so_on_the_notice(pool: PgPool) {
    let portal = TestPortal::unbaked(pool, Default::default()).await;
    portal.tell(portal.student.person).await;
    assert_eq!(portal.notices().await[0].mailed, Mailed::No, "nobody has said where to");
    portal.gets_mail_at("aoi", "aoi@student.example.ac.jp").await;
    portal.tell(portal.student.person).await;
    assert_eq!(portal.send_mail().await, [Ok(())]);
    assert_eq!(portal.notices().await[0].mailed, Mailed::Never("this site sends no mail".into()));
}
