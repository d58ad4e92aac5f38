//! A site of its own for a test: PostgreSQL, a simulated cloud in a file, the demo course, and a student who asks for environments.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::domain::ids::{BlueprintVersionId, CloudId, EnvironmentId, PersonId};
use app::domain::person::Caller;
use app::domain::phase::Phase;
use app::ports::Environments;
use cloud::Cloud;
use cloud::sim::{SimCloud, SimSettings, Timings};
use server::engine::{Clouds, Engine, observe};
use server::portal::environments::EnvironmentsPort;
use server::store::Store;
use server::vault::Vault;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cluster::{Cluster, run};

pub const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// For a machine that has other things to do; nothing here takes a third of it on two cores.
const PATIENCE: Duration = Duration::from_secs(240);

pub struct Site {
    /// As the superuser: it looks, and does what the product may not.
    pub pool: PgPool,
    pub sim: SimCloud,
    sim_file: PathBuf,
    portal: EnvironmentsPort,
    student: Caller,
    version: BlueprintVersionId,
    pub cluster: Cluster,
}

impl Site {
    pub async fn new() -> Self {
        let cluster = Cluster::start();
        for command in ["migrate", "demo"] {
            run(Command::new(env!("CARGO_BIN_EXE_koza")).arg(command).envs(cluster.env.clone()));
        }
        let pool = server::db::connect(&cluster.superuser_url(), 4).await.expect("PostgreSQL");
        // What was committed is there after a crash, as on a server that nobody told to be quick and careless.
        sqlx::query("alter database koza set synchronous_commit = on").execute(&pool).await.expect("altered");
        // A build of some seconds, most of them the boot; the image is not what is looked at here.
        // What was made is listed at once, because `pass` moves Koza's clock and not the cloud's.
        let timings =
            Timings { install: 200..=400, image: 300..=500, check: 100..=200, clean: 100..=200, unlisted: 0..=0, ..Timings::default() };
        let settings = SimSettings { timings, ..SimSettings::default() };
        let of_cloud = serde_json::to_value(&settings).expect("settings");
        sqlx::query("update cloud set settings = $1").bind(of_cloud).execute(&pool).await.expect("altered");

        let installation = server::db::installation(&mut pool.acquire().await.expect("a connection")).await.expect("an installation");
        let cloud: Uuid = one(&pool, "select id from cloud").await;
        let sim_file = cluster.state.join(format!("{}.json", CloudId(cloud)));
        let settings = SimSettings { installation: installation.simple().to_string(), ..settings };
        let sim = SimCloud::kept_in(sim_file.clone(), settings, Arc::new(OffsetDateTime::now_utc)).expect("a simulator");
        let student = one(&pool, "select person from identity where subject = 'aoi'").await;
        let engine = Engine {
            pool: server::db::connect(cluster.env("KOZA_DATABASE_URL"), 4).await.expect("PostgreSQL"),
            clouds: Clouds::default(),
            vault: Arc::new(Vault::open_or_make(&cluster.state.join("master.key")).expect("a key")),
            installation,
            machines_url: "http://portal.test".into(),
            store: Store::folder(&cluster.state.join("store")).expect("a store"),
            mailer: None,
        };
        Self {
            sim,
            sim_file,
            portal: EnvironmentsPort { engine, door: None },
            student: Caller { person: PersonId(student), name: "Aoi".into(), is_operator: false },
            version: BlueprintVersionId(one(&pool, "select id from blueprint_version").await),
            pool,
            cluster,
        }
    }

    pub async fn request(&self, names: impl IntoIterator<Item = u32>) -> Vec<EnvironmentId> {
        let mut all = Vec::new();
        for number in names {
            let id = self.portal.request(&self.student, self.version, &format!("c{number}"), "", 0).await.expect("requested");
            all.push(id);
        }
        all
    }

    pub async fn delete_all(&self) {
        for card in self.portal.mine(&self.student).await.expect("cards") {
            self.portal.delete(&self.student, card.id, &card.name).await.expect("asked");
        }
    }

    /// How many of the student's environments are in a phase.
    pub async fn in_phase(&self, phase: Phase) -> usize {
        self.portal.mine(&self.student).await.expect("cards").iter().filter(|card| card.phase == phase).count()
    }

    pub async fn until_ready(&self, environments: usize) {
        self.until("all are Ready", async || self.in_phase(Phase::Ready).await == environments).await;
    }

    /// The students' machines that were ordered, and are there as far as Koza knows.
    pub async fn machines(&self) -> i64 {
        self.count(
            "select count(*) from resource join environment e on e.id = environment
              where kind = 'machine' and cloud_id is not null and gone_at is null and purpose = 'course'",
        )
        .await
    }

    pub async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.pool).await.expect("a number")
    }

    /// Looks again until it is so.
    pub async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !is_so().await {
            if began.elapsed() > PATIENCE {
                panic!("not within {} s: {what}\n{}", PATIENCE.as_secs(), self.state().await);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// While this is held, no call that changes something in the cloud gets an answer.
    pub fn cloud_hangs(&self) -> File {
        let lock = File::options().create(true).append(true).open(self.sim_file.with_extension("lock")).expect("the simulator's lock");
        lock.lock().expect("the turn");
        lock
    }

    /// The cloud has one of each kind for each of them, and never had another.
    pub async fn has_one_of_each(&self, environments: &[EnvironmentId]) {
        let lives = self.sim.lives().expect("its record");
        for id in environments {
            let listed = self.sim.list(&observe::tag(self.portal.engine.installation, id.0)).await.expect("a list");
            let mut listed: Vec<_> = listed.iter().map(|seen| seen.kind().code()).collect();
            let mut lived: Vec<_> = lives.iter().filter(|life| life.environment == id.0).map(|life| life.kind.code()).collect();
            listed.sort_unstable();
            lived.sort_unstable();
            assert_eq!(
                (&listed, &lived),
                (&vec!["address", "binding", "disk", "firewall", "key", "machine"], &listed),
                "listed, ever made: {id}"
            );
        }
    }

    /// The cloud lists nothing of them, and every row says that it is removed.
    pub async fn has_nothing_of(&self, environments: &[EnvironmentId]) {
        for id in environments {
            let listed = self.sim.list(&observe::tag(self.portal.engine.installation, id.0)).await.expect("a list");
            assert_eq!(listed, [], "{id}");
        }
        let left = "select count(*) from resource join environment e on e.id = environment where gone_at is null and purpose = 'course'";
        assert_eq!(self.count(left).await, 0);
        assert_eq!(self.not_removed().await, 0);
    }

    pub async fn not_removed(&self) -> i64 {
        self.count("select count(*) from environment where purpose = 'course' and removed_at is null").await
    }

    /// Moves the one clock of the product; the cloud has its own.
    pub async fn pass(&self, time: Duration) {
        sqlx::query(
            "insert into clock_offset (shift) values (make_interval(secs => $1))
             on conflict (only_row) do update set shift = clock_offset.shift + excluded.shift",
        )
        .bind(time.as_secs_f64())
        .execute(&self.pool)
        .await
        .expect("the clock moves");
    }

    /// Ends every connection of Koza to the database; how many there were.
    pub async fn cut_connections(&self) -> i64 {
        self.count("select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity where usename = 'koza_app'").await
    }

    pub async fn crash_postgres(&self) {
        let data: String = one(&self.pool, "select setting from pg_settings where name = 'data_directory'").await;
        self.cluster.crash_and_start(data.as_ref()).await;
    }

    /// For whoever reads why a test failed.
    async fn state(&self) -> String {
        let rows: Vec<String> = sqlx::query_scalar(
            "select concat_ws(' ', name, goal, 'claimed by', coalesce(claimed_by::text, 'nobody'), 'epoch', claim_epoch,
                              'fruitless', fruitless_claims, 'due in', extract(epoch from wake_at - koza_now())::int, attention::text,
                              (select code || data::text from event where environment = environment.id order by number desc limit 1),
                              (select string_agg(concat_ws(' ', kind, incarnation, coalesce(cloud_id, 'no answer')), ', ') from resource
                                where environment = environment.id and gone_at is null))
               from environment where removed_at is null order by name",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap_or_else(|error| vec![error.to_string()]);
        let mut state = rows.join("\n");
        for file in fs::read_dir(&self.cluster.state).expect("the folder").flatten().map(|entry| entry.path()) {
            if file.extension().is_some_and(|extension| extension == "log") {
                let text = fs::read_to_string(&file).expect("a log");
                let lines: Vec<_> = text.lines().collect();
                state = format!("{state}\n{}, the end:\n{}", file.display(), lines[lines.len().saturating_sub(15)..].join("\n"));
            }
        }
        state
    }
}

async fn one<T>(pool: &PgPool, sql: &'static str) -> T
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("one")
}
