//! A database of its own with one course on the recorded simulator, as the tests' portal has it, but with a real worker and real time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use app::domain::course::Role;
use app::domain::ids::{BlueprintVersionId, CloudId, CourseId, EnvironmentId, PersonId};
use cloud::order::PortRange;
use cloud::sim::{SimCloud, SimSettings, Timings};
use cloud::{MachineState, Observed, Seen};
use server::db::{self, courses, environments, people};
use server::demo::web_and_tex;
use server::engine::clouds::Handle;
use server::engine::{Clouds, Engine, worker};
use server::store::Store;
use server::vault::Vault;
use sqlx::types::Json;
use sqlx::{Connection, PgConnection, PgPool};
use time::OffsetDateTime;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::recorder::Recorder;

const DOMAIN: &str = "koza-machines.test";

/// See the module.
#[derive(Clone)]
pub struct Stage {
    pub engine: Engine,
    pub recorder: Arc<Recorder>,
    pub url: String,
    cloud: CloudId,
    course: CourseId,
    version: BlueprintVersionId,
    student: PersonId,
}

/// The server's version, in short.
pub async fn postgres_version(server: &str) -> anyhow::Result<String> {
    let mut db = PgConnection::connect(server).await.context("DATABASE_URL does not answer")?;
    Ok(sqlx::query_scalar("select split_part(current_setting('server_version'), ' ', 1)").fetch_one(&mut db).await?)
}

/// Drops a database if it is there, makes it anew, and says where it is.
pub async fn new_database(server: &str, name: &'static str) -> anyhow::Result<String> {
    let mut db = PgConnection::connect(server).await.context("DATABASE_URL does not answer")?;
    // Neither statement takes parameters; the names are in this program.
    for statement in [format!("drop database if exists {name} with (force)"), format!("create database {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut db).await?;
    }
    let (before, _) = server.rsplit_once('/').context("DATABASE_URL names no database")?;
    Ok(format!("{before}/{name}"))
}

/// The environment at rest of this number.
pub fn at_rest(n: u32) -> Uuid {
    Uuid::from_u128(u128::from(n))
}

/// What the environment at rest of this number holds, as the cloud lists it.
pub fn holds(n: u32) -> [Seen; 3] {
    let (high, low) = ((n >> 8) & 255, n & 255);
    let private = format!("10.0.{high}.{low}");
    [
        ("firewall", Observed::Firewall { tcp: vec![PortRange { from: 22, to: 22 }.into()] }),
        ("address", Observed::Address { address: format!("10.1.{high}.{low}") }),
        (
            "machine",
            Observed::Machine {
                state: MachineState::Running,
                started_at: None,
                stopped_at: None,
                private_address: Some(private),
                zone: None,
                is_locked: false,
            },
        ),
    ]
    .map(|(kind, observed)| Seen {
        cloud_id: format!("{kind}-{n}"),
        environment: at_rest(n),
        intent: Some(Uuid::nil()),
        observed,
        since: None,
    })
}

impl Stage {
    /// A database with a course whose image is not baked, and no worker.
    pub async fn new(server: &str) -> anyhow::Result<Self> {
        let url = new_database(server, "koza_bench").await?;
        // As many connections as `koza serve` has.
        let pool = db::connect(&url, 32).await?;
        server::MIGRATOR.run(&pool).await?;
        let mut db = pool.acquire().await?;
        let installation = db::installation(&mut db).await?;
        let cloud = courses::add_cloud(&mut db, "sim", "bench", "here", &serde_json::json!({})).await?;
        let course = courses::add(&mut db, "SYS-101", "Systems", cloud, DOMAIN).await?;
        let version = courses::publish(&mut db, course, "Web and TeX", &web_and_tex()).await?;
        let student = people::add(&mut db, "aoi", "aoi", "not a hash", false).await?;
        courses::add_member(&mut db, course, student, Role::Student).await?;
        drop(db);

        // Only the baking is hurried: it is waited for, not measured.
        let at_once = || 0..=50;
        let timings = Timings { image: at_once(), install: at_once(), check: at_once(), clean: at_once(), ..Timings::default() };
        let settings = SimSettings {
            installation: installation.simple().to_string(),
            addresses: 1_000,
            machines: 1_000,
            capacity: 1_000,
            timings,
            ..SimSettings::default()
        };
        let sim = Arc::new(SimCloud::new(settings, Arc::new(OffsetDateTime::now_utc)));
        let recorder = Arc::new(Recorder::new(sim.clone()));
        let clouds = Clouds::default();
        clouds.insert(cloud, Handle { cloud: recorder.clone(), inside: Some(sim) }).await;
        let vault = Arc::new(Vault::new([7; 32]));
        // Nothing is backed up here.
        let store = Store::folder(tempfile::tempdir()?.path())?;
        let engine = Engine { pool, clouds, vault, installation, machines_url: "http://portal.test".into(), store, mailer: None };
        Ok(Self { engine, recorder, url, cloud, course, version, student })
    }

    /// The worker of the product. It ends with what is returned.
    pub fn worker(&self) -> Worker {
        let shutdown = CancellationToken::new();
        let runs = tokio::spawn(worker::run(self.engine.clone(), shutdown.clone()));
        Worker { ends: shutdown.drop_guard(), runs }
    }

    /// Has the image baked, so that environments can be built. Takes a worker.
    pub async fn bake(&self) -> anyhow::Result<()> {
        environments::wish_for_image(&mut *self.engine.pool.acquire().await?, self.version, self.cloud).await?;
        let baked = async {
            while sqlx::query_scalar::<_, i64>("select count(*) from image").fetch_one(&self.engine.pool).await? == 0 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(Duration::from_mins(1), baked).await.context("no image within a minute")?
    }

    /// A wish, as the portal takes it down.
    pub async fn wish(&self, db: &mut PgConnection, name: &str) -> anyhow::Result<EnvironmentId> {
        let request = environments::Request {
            holder: self.student,
            version: self.version,
            course: self.course,
            cloud: self.cloud,
            name,
            domain: DOMAIN,
            options: serde_json::json!({}),
        };
        environments::request(db, &request).await?.context("the name is taken")
    }

    /// So many environments that have all they need and are looked at in a month.
    pub async fn rest(&self, environments: u32) -> anyhow::Result<()> {
        self.recorder.at_rest(environments);
        let ids: Vec<i32> = (0..i32::try_from(environments)?).collect();
        let held: Vec<Seen> = (0..environments).flat_map(holds).collect();
        let cloud_ids: Vec<&str> = held.iter().map(|seen| seen.cloud_id.as_str()).collect();
        let kinds: Vec<&str> = held.iter().map(|seen| seen.kind().code()).collect();
        let observed: Vec<Json<&Observed>> = held.iter().map(|seen| Json(&seen.observed)).collect();
        let pool: &PgPool = &self.engine.pool;
        sqlx::query(
            "insert into environment (id, course, version, cloud, name, domain, wake_at)
             select ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, $3, $4, 'rest-' || n, $5,
                    koza_now() + interval '30 days' + n * interval '1 second'
               from unnest($1::int[]) n",
        )
        .bind(&ids)
        .bind(self.course.0)
        .bind(self.version.0)
        .bind(self.cloud.0)
        .bind(DOMAIN)
        .execute(pool)
        .await?;
        sqlx::query("insert into holder (environment, person, course) select id, $1, course from environment where name like 'rest-%'")
            .bind(self.student.0)
            .execute(pool)
            .await?;
        sqlx::query(
            "insert into resource (id, environment, course, cloud, kind, slot, incarnation, intent_token, unanswered_at, cloud_id, observed, made_at)
             select gen_random_uuid(), ('00000000-0000-0000-0000-' || lpad(to_hex((n - 1) / 3), 12, '0'))::uuid, $4, $5,
                    kind, 1, 1, gen_random_uuid(), null, cloud_id, observed, koza_now()
               from unnest($1::text[], $2::text[], $3::jsonb[]) with ordinality as held (cloud_id, kind, observed, n)",
        )
        .bind(&cloud_ids)
        .bind(&kinds)
        .bind(&observed)
        .bind(self.course.0)
        .bind(self.cloud.0)
        .execute(pool)
        .await?;
        sqlx::query("vacuum analyze environment, resource, holder").execute(pool).await?;
        Ok(())
    }
}

/// A worker that runs until it is ended or dropped.
pub struct Worker {
    ends: DropGuard,
    runs: JoinHandle<sqlx::Result<()>>,
}

impl Worker {
    /// Ends it in order.
    pub async fn end(self) -> anyhow::Result<()> {
        drop(self.ends);
        Ok(self.runs.await??)
    }
}
