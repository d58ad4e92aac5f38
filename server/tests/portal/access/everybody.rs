//! Everybody who asks, what there is to ask about, and copies of the database that all of it is in.

use std::sync::atomic::{AtomicU32, Ordering};

use app::domain::backup::BackupState;
use app::domain::course::Role as In;
use app::domain::desk::BulkAct;
use app::domain::ids::{BackupId, BulkActId, EnvironmentId, InvitationId, PersonId, RosterId, SessionId};
use app::domain::person::Caller;
use app::ports::{Backups, Desks, Environments, Members, Rosters};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use server::auth::password;
use server::db::{chores, courses, people};
use server::demo::web_and_tex;
use server::engine::Engine;
use server::http;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool};
use time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

use crate::support::TestPortal;
use crate::{backups, images};

pub const PASSWORD: &str = "correct horse battery";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Anonymous,
    Holder,
    Student,
    Assistant,
    Instructor,
    /// Of another course.
    Elsewhere,
    Operator,
}

impl Role {
    pub const ALL: [Self; 7] =
        [Self::Anonymous, Self::Holder, Self::Student, Self::Assistant, Self::Instructor, Self::Elsewhere, Self::Operator];

    pub fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Holder => "holder",
            Self::Student => "student",
            Self::Assistant => "assistant",
            Self::Instructor => "teacher",
            Self::Elsewhere => "elsewhere",
            Self::Operator => "operator",
        }
    }

    /// What they sign in with.
    pub fn sign_in(self) -> Option<&'static str> {
        match self {
            Self::Anonymous => None,
            Self::Holder => Some("aoi"),
            Self::Student => Some("ren"),
            Self::Assistant => Some("yui"),
            Self::Instructor => Some("sato"),
            Self::Elsewhere => Some("mio"),
            Self::Operator => Some("root"),
        }
    }
}

/// Everybody signed in, and a course with something of everything.
pub struct Cast {
    portal: TestPortal,
    cookies: Vec<(Role, String)>,
    /// Of the holder: Ready, scaled out, with a backup and a saved image.
    pub environment: EnvironmentId,
    /// Of the holder: asked for, and no machine of it yet.
    pub young: EnvironmentId,
    /// Of the other student.
    pub theirs: EnvironmentId,
    pub backup: BackupId,
    pub invitation: (InvitationId, String),
    pub bulk_act: BulkActId,
    /// A list by which nobody came yet.
    pub roster: RosterId,
    /// Somebody's who came by another one, to sign in for the first time.
    pub welcome: String,
    /// The holder's own, on another browser.
    pub session: SessionId,
    pub dead_chore: Uuid,
    pub version: String,
    pub student: PersonId,
    pub holder: PersonId,
}

fn site(engine: &Engine, pool: PgPool, ended: CancellationToken) -> http::Site {
    http::Site {
        live: http::live::Hub::listening(pool.clone(), ended),
        engine: Engine { pool, ..engine.clone() },
        leptos: http::leptos_options(std::path::Path::new("target/site")),
        is_trial: false,
        is_https: false,
        public_url: None,
    }
}

impl Cast {
    pub async fn new(pool: PgPool) -> Self {
        let portal = TestPortal::new(pool.clone()).await;
        let environment = portal.ready().await;
        images::saved(&portal, environment).await;
        portal.environments.back_up(&portal.student, environment).await.expect("asked");
        let backup = backups::run_until_state(&portal, environment, BackupState::Proven).await.id;
        portal.scale_out(environment, 2).await;
        // So that its lease can be put off.
        portal.advance(Duration::hours(1)).await;
        while portal.turn_once().await > 0 {}
        let young = portal.request("c6").await.expect("requested");
        let theirs = portal.environments.request(&portal.other_student, portal.version, "d7", "", 0).await.expect("requested");
        let bulk_act = portal.environments.begin(&portal.instructor, "SYS-101", BulkAct::Keep, &[young]).await.expect("begun");
        portal.environments.invite(&portal.instructor, "SYS-101", In::Student, "14", "9").await.expect("made");
        let invitation = Members::of(&portal.environments, &portal.instructor, "SYS-101").await.expect("people").invitations.remove(0);
        let umi = portal.environments.bring(&portal.instructor, "SYS-101", b"umi,Umi\n").await.expect("a list");
        portal.environments.bring_in(&portal.instructor, "SYS-101", umi).await.expect("brought in");
        let roster = portal.environments.bring(&portal.instructor, "SYS-101", b"nami,Nami\n").await.expect("a list");
        let everybody = Members::of(&portal.environments, &portal.instructor, "SYS-101").await.expect("people").members;
        let welcome = everybody.into_iter().find_map(|member| member.welcome).expect("a link");

        portal.dead_chore().await;
        let mut db = pool.acquire().await.expect("a connection");
        let dead_chore = chores::dead(&mut db, 1).await.expect("read")[0].id;
        let course = portal.course().await;
        let cloud = portal.cloud_id().await;
        let elsewhere = courses::add(&mut db, "BIO-204", "Biology", cloud, "bio.koza-machines.test").await.expect("a course");
        courses::publish(&mut db, elsewhere, "Web and TeX", &web_and_tex()).await.expect("a version");
        courses::add_member(&mut db, elsewhere, portal.stranger.person, In::Instructor).await.expect("a member");
        let assistant = people::add(&mut db, "yui", "yui", "not a hash", false).await.expect("a person");
        courses::add_member(&mut db, course, assistant, In::Assistant).await.expect("a member");
        let operator = people::add(&mut db, "root", "root", "not a hash", true).await.expect("a person");
        let hash = password::hash(PASSWORD).await.expect("hashed");
        let known = [&portal.student, &portal.other_student, &portal.instructor, &portal.stranger].map(|caller: &Caller| caller.person);
        for person in known.into_iter().chain([assistant, operator]) {
            people::set_password(&mut db, person, &hash).await.expect("set");
        }
        drop(db);

        let ended = CancellationToken::new();
        let door = http::browsers(site(&portal.engine, pool.clone(), ended.clone()));
        let other_browser = signed_in(&door, "aoi").await;
        let mut cookies = Vec::new();
        for role in Role::ALL {
            if let Some(name) = role.sign_in() {
                cookies.push((role, signed_in(&door, name).await));
            }
        }
        assert!(cookies.iter().all(|(_, cookie)| *cookie != other_browser));
        let session = "select id from session where person = $1 order by created_at limit 1";
        let session = sqlx::query_scalar(session).bind(portal.student.person.0).fetch_one(&pool).await.expect("a session");
        ended.cancel();
        drop(door);
        // A database that is copied has nobody in it.
        pool.close().await;
        Self {
            cookies,
            environment,
            young,
            theirs,
            backup,
            invitation: (invitation.id, invitation.token),
            bulk_act,
            roster,
            welcome,
            session: SessionId(session),
            dead_chore,
            version: portal.version.to_string(),
            student: portal.other_student.person,
            holder: portal.student.person,
            portal,
        }
    }

    pub fn cookie(&self, role: Role) -> Option<&str> {
        self.cookies.iter().find(|(known, _)| *known == role).map(|(_, cookie)| cookie.as_str())
    }

    /// What the course has that an address or a form may name beside it.
    pub fn parts_of_course(&self) -> Vec<String> {
        let (invitation, act) = (self.invitation.0.to_string(), self.bulk_act.to_string());
        vec![invitation, act, self.roster.to_string(), self.student.to_string(), self.holder.to_string(), self.environment.to_string()]
    }

    fn database(&self) -> PgConnectOptions {
        (*self.portal.engine.pool.connect_options()).clone()
    }
}

/// Signs in as a browser does, and keeps the cookie.
async fn signed_in(door: &Router, name: &str) -> String {
    let request = Request::post("/do/sign_in")
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("name={name}&password={}", PASSWORD.replace(' ', "+"))))
        .expect("a request");
    let answer = door.clone().oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), 200, "{name} signs in");
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text");
    cookie.split(';').next().expect("a value").to_owned()
}

/// A copy of the database, with the routers on it.
struct Copy {
    name: String,
    admin: PgConnection,
    pool: PgPool,
    ended: CancellationToken,
    browsers: Router,
    machines: Router,
}

static COPIES: AtomicU32 = AtomicU32::new(1);

impl Copy {
    async fn make(engine: Engine, database: PgConnectOptions) -> Self {
        let mut admin = database.clone().database("postgres").connect().await.expect("PostgreSQL");
        let of = database.get_database().expect("a name").to_owned();
        // PostgreSQL cuts names off at 63 characters.
        let name = format!("{}_copy_{}", of.get(..50).unwrap_or(&of), COPIES.fetch_add(1, Ordering::SeqCst));
        // What a test left that was broken off has the same name.
        for sql in [format!(r#"drop database if exists "{name}" with (force)"#), format!(r#"create database "{name}" template "{of}""#)] {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut admin).await.expect("a copy");
        }
        let pool = PgPoolOptions::new().max_connections(6).connect_with(database.database(&name)).await.expect("PostgreSQL");
        let ended = CancellationToken::new();
        let site = site(&engine, pool.clone(), ended.clone());
        let (browsers, machines) = (http::browsers(site.clone()), http::for_machines(site));
        Self { name, admin, pool, ended, browsers, machines }
    }

    async fn drop(mut self) {
        self.ended.cancel();
        let drop = format!(r#"drop database "{}" with (force)"#, self.name);
        sqlx::query(AssertSqlSafe(drop)).execute(&mut self.admin).await.expect("dropped");
        self.pool.close().await;
        self.admin.close().await.ok();
    }
}

/// The copy that is asked, and the next one, which is made meanwhile.
pub struct Stage {
    engine: Engine,
    database: PgConnectOptions,
    now: Copy,
    next: JoinHandle<Copy>,
    used: JoinSet<()>,
}

impl Stage {
    pub async fn new(cast: &Cast) -> Self {
        let (engine, database) = (cast.portal.engine.clone(), cast.database());
        let now = Copy::make(engine.clone(), database.clone()).await;
        let next = tokio::spawn(Copy::make(engine.clone(), database.clone()));
        Self { engine, database, now, next, used: JoinSet::new() }
    }

    pub fn door(&self, is_machines: bool) -> Router {
        if is_machines { self.now.machines.clone() } else { self.now.browsers.clone() }
    }

    /// What tells that somebody changed something of an environment, or of its course.
    pub async fn seen_of(&self, environment: EnvironmentId) -> (i64, i64, i64, i64) {
        let counts = sqlx::query_as(
            "select (select count(*) from event where environment = $1), (select count(*) from backup where environment = $1),
                    (select count(*) from bulk_act_row where environment = $1),
                    (select count(*) from member where course = (select course from environment where id = $1))",
        );
        counts.bind(environment.0).fetch_one(&self.now.pool).await.expect("counts")
    }

    /// Everything as it was.
    pub async fn reset(&mut self) {
        let next = tokio::spawn(Copy::make(self.engine.clone(), self.database.clone()));
        let fresh = std::mem::replace(&mut self.next, next).await.expect("a copy");
        self.used.spawn(std::mem::replace(&mut self.now, fresh).drop());
    }

    pub async fn end(mut self) {
        self.used.spawn(self.now.drop());
        self.used.spawn(self.next.await.expect("a copy").drop());
        self.used.join_all().await;
    }
}
