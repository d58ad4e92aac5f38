//! A whole portal for a test: people, a course, a simulated cloud, a clock to move, and the loop to turn by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use app::domain::course::Role;
use app::domain::environment::EnvironmentView;
use app::domain::ids::{BlueprintVersionId, CloudId, EnvironmentId, PersonId};
use app::domain::money::Currency;
use app::domain::person::Caller;
use app::domain::phase::Phase;
use app::domain::scaling::Share;
use app::error::AppError;
use app::ports::{Environments, Scaling};
use cloud::sim::{SimCloud, SimSettings};
use cloud::{Cloud, Dns, Named};
use server::db::prices::{self, Figure};
use server::db::{buckets, courses, environments, people, queue};
use server::demo::web_and_tex;
use server::engine::clouds::Handle;
use server::engine::turn::turn;
use server::engine::{Clouds, Engine};
use server::portal::environments::EnvironmentsPort;
use server::pricing::{Price, Unit};
use server::store::Store;
use server::vault::Vault;
use sqlx::PgPool;
use time::macros::date;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

pub struct TestPortal {
    pub engine: Engine,
    pub environments: EnvironmentsPort,
    /// The simulator; where the portal is on another cloud, an empty one.
    pub sim: Arc<SimCloud>,
    /// The cloud that the portal is on.
    pub cloud: Arc<dyn Cloud>,
    pub version: BlueprintVersionId,
    pub student: Caller,
    pub other_student: Caller,
    pub instructor: Caller,
    pub stranger: Caller,
    pub worker: Uuid,
    /// Where backups are.
    pub store_folder: tempfile::TempDir,
    shift: Arc<AtomicI64>,
    double_clock: Option<aws_double::Clock>,
}

/// Prices that are easy to reckon with, in a cloud of a kind, and the lesson's rate.
pub async fn know_prices(db: &mut server::db::Db, kind: &str) {
    let figures = [
        ("cpu", Unit::Hour, "0.01"),
        ("memory", Unit::Hour, "0.004"),
        ("machine/t3.micro", Unit::Hour, "0.0136"),
        ("disk", Unit::GibMonth, "0.1"),
        ("disk/gp3", Unit::GibMonth, "0.096"),
        ("snapshot", Unit::GibMonth, "0.05"),
        ("address", Unit::Hour, "0.005"),
        ("balancer", Unit::Hour, "0.0243"),
        ("balancer-capacity", Unit::Hour, "0.008"),
    ];
    let since = date!(2024 - 02 - 01);
    for (item, unit, usd) in figures {
        let price = Price { usd: usd.parse().expect("a figure"), unit, valid_from: since };
        let figure = Figure { cloud: kind, region: "here", item, price, source: "a test", read_on: since };
        prices::enter(db, &figure).await.expect("entered");
    }
    prices::enter_rate(db, Currency::Jpy, since, "103.69".parse().expect("a rate"), "the lesson").await.expect("entered");
}

impl TestPortal {
    /// A portal whose image is baked already.
    pub async fn new(pool: PgPool) -> Self {
        let portal = Self::unbaked(pool, SimSettings::default()).await;
        portal.run_until(|portal| async move { portal.count("select count(*) from image").await == 1 }).await;
        portal
    }

    /// The same, with names that something else keeps.
    pub async fn named(pool: PgPool, dns: Arc<dyn Dns>) -> Self {
        let portal = Self::beside(pool, SimSettings::default(), Some(dns)).await;
        portal.run_until(|portal| async move { portal.count("select count(*) from image").await == 1 }).await;
        portal
    }

    /// A portal before anything was baked, on a simulator like this.
    pub async fn unbaked(pool: PgPool, settings: SimSettings) -> Self {
        Self::beside(pool, settings, None).await
    }

    async fn beside(pool: PgPool, settings: SimSettings, dns: Option<Arc<dyn Dns>>) -> Self {
        let shift = Arc::new(AtomicI64::new(0));
        let clock = {
            let shift = shift.clone();
            Arc::new(move || OffsetDateTime::now_utc() + Duration::microseconds(shift.load(Ordering::SeqCst)))
        };
        let installation = server::db::installation(&mut pool.acquire().await.expect("a connection")).await.expect("an installation");
        let settings = SimSettings { installation: installation.simple().to_string(), ..settings };
        let sim = Arc::new(SimCloud::new(settings, clock));
        let cloud: Arc<dyn Cloud> = match dns {
            Some(dns) => Arc::new(Named::new(sim.clone(), dns)),
            None => sim.clone(),
        };
        let handle = Handle { cloud, inside: Some(sim.clone()) };
        Self { shift, sim, ..Self::on(pool, "sim", handle).await }
    }

    /// A portal on a cloud of somebody else's, whose time is moved with ours.
    pub async fn on_double(pool: PgPool, handle: Handle, clock: aws_double::Clock) -> Self {
        Self { double_clock: Some(clock), ..Self::on(pool, "aws", handle).await }
    }

    async fn on(pool: PgPool, kind: &str, handle: Handle) -> Self {
        let mut db = pool.acquire().await.expect("a connection");
        let installation = server::db::installation(&mut db).await.expect("an installation");
        let cloud = courses::add_cloud(&mut db, kind, "test", "here", &serde_json::json!({})).await.expect("a cloud");
        let course = courses::add(&mut db, "SYS-101", "Systems", cloud, "koza-machines.test").await.expect("a course");
        know_prices(&mut db, kind).await;
        let version = courses::publish(&mut db, course, "Web and TeX", &web_and_tex()).await.expect("a version");
        if kind == "sim" {
            environments::wish_for_image(&mut db, version, cloud).await.expect("a wish");
        }
        let mut callers = Vec::new();
        for (name, role) in [("aoi", Some(Role::Student)), ("ren", Some(Role::Student)), ("sato", Some(Role::Instructor)), ("mio", None)] {
            let person: PersonId = people::add(&mut db, name, name, "not a hash", false).await.expect("a person");
            if let Some(role) = role {
                courses::add_member(&mut db, course, person, role).await.expect("a member");
            }
            callers.push(Caller { person, name: name.into(), is_operator: false });
        }
        drop(db);

        let clouds = Clouds::default();
        buckets::seed(&mut pool.acquire().await.expect("a connection"), cloud, handle.cloud.allowances()).await.expect("buckets");
        clouds.insert(cloud, handle.clone()).await;
        let store_folder = tempfile::tempdir().expect("a folder");
        let engine = Engine {
            pool,
            clouds,
            vault: Arc::new(Vault::new([7; 32])),
            installation,
            machines_url: "http://portal.test".into(),
            store: Store::folder(store_folder.path()).expect("a store"),
            mailer: None,
        };
        let environments = EnvironmentsPort { engine: engine.clone(), door: None };
        let mut callers = callers.into_iter();
        let mut next = || callers.next().expect("four people");
        Self {
            student: next(),
            other_student: next(),
            instructor: next(),
            stranger: next(),
            engine,
            environments,
            sim: Arc::new(SimCloud::new(SimSettings::default(), Arc::new(OffsetDateTime::now_utc))),
            cloud: handle.cloud,
            version,
            worker: Uuid::now_v7(),
            store_folder,
            shift: Arc::default(),
            double_clock: None,
        }
    }

    /// Whether it is on a double of AWS.
    pub fn is_on_double(&self) -> bool {
        self.double_clock.is_some()
    }

    /// Moves the one clock of the product, and then the simulator's: a turn may be under way meanwhile, and what it writes down of a call
    /// must not be earlier than the call.
    pub async fn advance(&self, by: Duration) {
        let by = by.whole_microseconds() as i64;
        let shift = self.shift.load(Ordering::SeqCst) + by;
        sqlx::query("insert into clock_offset (shift) values (make_interval(secs => $1)) on conflict (only_row) do update set shift = excluded.shift")
            .bind(shift as f64 / 1e6)
            .execute(&self.engine.pool)
            .await
            .expect("the clock moves");
        self.shift.fetch_add(by, Ordering::SeqCst);
        if let Some(clock) = &self.double_clock {
            clock.advance(std::time::Duration::from_micros(by.unsigned_abs()));
        }
    }

    /// Claims what is due and runs a turn for each; how many there were.
    pub async fn turn_once(&self) -> usize {
        let claims = queue::claim(&mut self.engine.pool.acquire().await.expect("a connection"), self.worker, 10).await.expect("claims");
        for claim in &claims {
            turn(&self.engine, *claim).await.expect("a turn");
        }
        claims.len()
    }

    /// Turns the loop until something is so; moves the clock to the next wake-up whenever nothing is due.
    pub async fn run_until<'a, F: Future<Output = bool>>(&'a self, mut is_so: impl FnMut(&'a Self) -> F) {
        for _ in 0..2_000 {
            if is_so(self).await {
                return;
            }
            if self.turn_once().await == 0 {
                let next = queue::next_due_in(&mut self.engine.pool.acquire().await.expect("a connection")).await.expect("a time");
                let wait = next.unwrap_or(1.0).clamp(0.001, 60.0);
                self.advance(Duration::seconds_f64(wait)).await;
            }
        }
        let last: Vec<String> =
            sqlx::query_scalar("select code || ' ' || data::text from (select * from event order by at desc limit 8) e order by at")
                .fetch_all(&self.engine.pool)
                .await
                .expect("events");
        panic!("it did not come so within 2000 turns; the last events were\n{}", last.join("\n"));
    }

    pub async fn request(&self, name: &str) -> Result<EnvironmentId, AppError> {
        self.environments.request(&self.student, self.version, name, "", 0).await
    }

    pub async fn view(&self, id: EnvironmentId) -> EnvironmentView {
        self.environments.view(&self.student, id).await.expect("a view")
    }

    pub async fn run_until_phase(&self, id: EnvironmentId, phase: Phase) {
        self.run_until_phase_of(&self.student, id, phase).await;
    }

    /// The same, of an environment that somebody else holds.
    pub async fn run_until_phase_of(&self, holder: &Caller, id: EnvironmentId, phase: Phase) {
        let seen = async |portal: &Self| portal.environments.view(holder, id).await.expect("a view").phase;
        self.run_until(|portal| async move { seen(portal).await == phase }).await;
    }

    /// A student's environment, Ready.
    pub async fn ready(&self) -> EnvironmentId {
        let id = self.request("c5").await.expect("requested");
        self.run_until_phase(id, Phase::Ready).await;
        id
    }

    /// The same, scaled out to so many machines, all of which visitors reach.
    pub async fn scaled_out(&self, machines: u16) -> EnvironmentId {
        let id = self.ready().await;
        self.scale_out(id, machines).await;
        id
    }

    /// Scales out to so many machines, until visitors reach all of them.
    pub async fn scale_out(&self, id: EnvironmentId, machines: u16) {
        self.environments.scale_out(&self.student, id, machines, None).await.expect("asked");
        let all_answer = move |shares: Vec<Share>| shares == vec![Share::Healthy; usize::from(machines)];
        self.run_until(|portal| async move { all_answer(portal.shares(id).await) }).await;
    }

    /// Where its machines stand; nothing of an environment that has one.
    pub async fn shares(&self, id: EnvironmentId) -> Vec<Share> {
        self.view(id).await.scaling.map_or_else(Vec::new, |scaling| scaling.machines.iter().map(|machine| machine.share).collect())
    }

    pub async fn cloud_id(&self) -> CloudId {
        CloudId(sqlx::query_scalar("select id from cloud").fetch_one(&self.engine.pool).await.expect("a cloud"))
    }

    /// Another course on the same cloud, with somebody who teaches it.
    pub async fn another_course(&self, code: &str, teacher: &Caller) {
        let cloud = self.cloud_id().await;
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        let course = courses::add(&mut db, code, code, cloud, "koza-machines.test").await.expect("a course");
        courses::add_member(&mut db, course, teacher.person, Role::Instructor).await.expect("a member");
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&self.engine.pool).await.expect("a number")
    }

    /// What the cloud has of an environment, by kind.
    pub async fn in_cloud(&self, id: EnvironmentId) -> Vec<&'static str> {
        let tag = server::engine::observe::tag(self.engine.installation, id.0);
        let mut kinds: Vec<_> = self.cloud.list(&tag).await.expect("a list").iter().map(|seen| seen.kind().code()).collect();
        kinds.sort_unstable();
        kinds
    }

    /// The cloud's name of an environment's machine.
    pub async fn machine(&self, id: EnvironmentId) -> String {
        self.held(id, "machine").await
    }

    /// The cloud's name of what an environment holds of a kind.
    pub async fn held(&self, id: EnvironmentId, kind: &str) -> String {
        sqlx::query_scalar("select cloud_id from resource where environment = $1 and kind = $2 and gone_at is null")
            .bind(id.0)
            .bind(kind)
            .fetch_one(&self.engine.pool)
            .await
            .expect("it is held")
    }
}
