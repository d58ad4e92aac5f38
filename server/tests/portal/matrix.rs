//! Every call to a cloud × how it goes wrong × what becomes of its worker. The list of calls comes from the kinds there are: a new kind
//! is in it by itself, and fails here until the story below reaches it.
//!
//! The story is the whole life of an image and of an environment, which is named, scaled out and in again. After each: exactly one of
//! everything, nothing left, and our intervals are the cloud's bill. Several calls are caught in one life, each once. Points between two calls are the matter of `crashes.rs`, which stops a turn at each of its awaits.

use std::sync::Arc;

use app::domain::ids::{CloudId, CourseId, EnvironmentId};
use app::domain::phase::{Goal, Phase};
use app::ports::{Environments, Scaling};
use cloud::sim::{Life, Mishap, SimSettings};
use cloud::{Call, Fate, Inside, Kind, Nature};
use server::db::{courses, environments, intervals, queue};
use server::demo::web_and_tex;
use server::engine::clouds::Handle;
use server::engine::turn::turn;
use server::wish::spec::ServiceSpec;
use server::wish::{Action, Until, plan};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::support::TestPortal;
use crate::trap::{Point, TrapCloud};

/// What becomes of the worker whose call is caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worker {
    /// It dies and is started again under its name.
    Restarts,
    /// It dies and another takes over.
    IsReplaced,
    /// Another takes over; then it wakes and goes on as if nothing had happened.
    WakesLater,
}

pub struct Matrix {
    pub portal: TestPortal,
    pub trap: Arc<TrapCloud>,
    stale: Vec<tokio::task::JoinHandle<()>>,
    lives: usize,
}

impl Matrix {
    async fn new(pool: PgPool) -> Self {
        let mut settings = SimSettings { names: true, ..SimSettings::default() };
        settings.chances.left_disks = 1000;
        let portal = TestPortal::unbaked(pool, settings).await;
        let inside = portal.sim.clone();
        Self::over(portal, inside).await
    }

    /// The same story on the cloud that this portal is on.
    pub async fn over(portal: TestPortal, inside: Arc<dyn Inside>) -> Self {
        let trap = Arc::new(TrapCloud::new(portal.cloud.clone()));
        let cloud = sqlx::query_scalar::<_, Uuid>("select id from cloud").fetch_one(&portal.engine.pool).await.expect("a cloud");
        portal.engine.clouds.insert(CloudId(cloud), Handle { cloud: trap.clone(), inside: Some(inside) }).await;
        Self { portal, trap, stale: Vec::new(), lives: 0 }
    }

    fn is_simulated(&self) -> bool {
        !self.portal.is_on_double()
    }

    /// Every call that this cloud takes.
    fn calls(&self) -> Vec<Call> {
        let nature = self.portal.cloud.nature();
        let is_taken = |call: &Call| !matches!(call, Call::Create(kind) | Call::Delete(kind) if !nature.has(*kind));
        // A machine that runs is deleted without having been stopped, and a machine's disk goes with it.
        Call::all().filter(is_taken).filter(|call| !nature.deletion_stops || *call != Call::Delete(Kind::Disk)).collect()
    }

    /// One turn of the loop; if its call is caught, its worker meets its fate. False: nothing was due.
    pub async fn turn(&mut self, fate: Worker) -> bool {
        let portal = &self.portal;
        let mut db = portal.engine.pool.acquire().await.expect("a connection");
        let worker = if fate == Worker::Restarts { portal.worker } else { Uuid::now_v7() };
        let Some(claim) = queue::claim(&mut db, worker, 1).await.expect("claims").pop() else { return false };
        drop(db);
        let engine = portal.engine.clone();
        let mut task = tokio::spawn(async move {
            // A claim that is lost is the end of a stale worker's turn, and an orderly one.
            let _ = turn(&engine, claim).await;
        });
        tokio::select! {
            ended = &mut task => ended.expect("no panic"),
            () = self.trap.catch() => {
                if fate == Worker::WakesLater {
                    self.stale.push(task);
                } else {
                    task.abort();
                }
                // Nobody renews its claim.
                portal.advance(TAKEN_OVER_AFTER).await;
            }
        }
        true
    }

    /// Turns the loop until this environment is where it should be, with nothing left to do; then stale workers wake, and must not change
    /// that.
    pub async fn until(&mut self, id: EnvironmentId, phase: Phase, fate: Worker) {
        for _ in 0..1000 {
            if self.is_at_rest(id, phase).await {
                // What was made last is listed by now.
                self.portal.advance(Duration::seconds(1)).await;
                for stale in std::mem::take(&mut self.stale) {
                    self.wake(stale).await;
                    assert_eq!(server::portal::view::phase_of(&self.known(id).await), phase, "a stale worker changed it");
                }
                return;
            }
            if !self.turn(fate).await {
                let next = queue::next_due_in(&mut self.portal.engine.pool.acquire().await.expect("a connection")).await.expect("a time");
                self.portal.advance(Duration::seconds_f64(next.unwrap_or(1.0).clamp(0.001, 600.0))).await;
            }
        }
        let known = self.known(id).await;
        let plan = plan(&known.wish(self.portal.cloud.nature()), &known.world, known.now);
        let last: Vec<String> = sqlx::query_scalar(
            "select code || ' ' || data::text from (select * from event where environment = $1 order by number desc limit 12) e order by number",
        )
        .bind(id.0)
        .fetch_all(&self.portal.engine.pool)
        .await
        .expect("events");
        let last = last.join("\n");
        panic!("{id} is {:?} and does not come to {phase:?}:\n{plan}\n{last}\n{:#?}", server::portal::view::phase_of(&known), known.world);
    }

    async fn wake(&self, stale: tokio::task::JoinHandle<()>) {
        self.trap.let_go();
        stale.await.expect("no panic");
    }

    /// Workers that slept in the middle of a call go on as if nothing had happened.
    pub async fn wake_all(&mut self) {
        for stale in std::mem::take(&mut self.stale) {
            self.wake(stale).await;
        }
    }

    async fn is_at_rest(&self, id: EnvironmentId, phase: Phase) -> bool {
        let known = self.known(id).await;
        if server::portal::view::phase_of(&known) != phase {
            return false;
        }
        let plan = plan(&known.wish(self.portal.cloud.nature()), &known.world, known.now);
        // A turn at the cloud is waited for like a moment, and is something to do.
        let waits_only = plan.now.is_empty() && plan.waiting.iter().all(|wait| matches!(wait, (Action::Probe(_), Until::Time(_))));
        phase == Phase::Removed || waits_only
    }

    pub async fn known(&self, id: EnvironmentId) -> server::db::world::Known {
        server::db::world::load(&mut self.portal.engine.pool.acquire().await.expect("a connection"), id).await.expect("known")
    }

    /// The holder chooses how many machines share the work.
    async fn scale(&self, id: EnvironmentId, machines: i32) {
        sqlx::query(
            "update environment set options = options || jsonb_build_object('machines', $2), generation = generation + 1, wake_at = koza_now()
              where id = $1",
        )
        .bind(id.0)
        .bind(machines)
        .execute(&self.portal.engine.pool)
        .await
        .expect("asked");
    }

    /// The life of an image and of an environment made from it: every call there is.
    pub async fn life(&mut self, fate: Worker) -> String {
        self.lives += 1;
        let name = format!("c{}", self.lives);
        let portal = &self.portal;
        let pool = portal.engine.pool.clone();
        let mut spec = web_and_tex();
        spec.services[0].revision = format!("of {name}");
        spec.services.push(ServiceSpec { name: "https".into(), revision: "1".into() });
        let mut db = pool.acquire().await.expect("a connection");
        let course = sqlx::query_scalar("select id from course").fetch_one(&mut *db).await.map(CourseId).expect("a course");
        let version = courses::publish(&mut db, course, &name, &spec).await.expect("a version");
        if !self.is_simulated() {
            // No machine boots there, so none can be baked.
            let cloud = sqlx::query_scalar("select id from cloud").fetch_one(&mut *db).await.map(CloudId).expect("a cloud");
            courses::image_baked(&mut db, version.0, cloud, &spec.recipe(), crate::aws::DEBIAN).await.expect("written down");
        }
        drop(db);
        let id = portal.environments.request(&portal.student, version, &name, "", 0).await.expect("requested");
        let bake = sqlx::query_scalar("select id from environment where version = $1 and purpose = 'image'")
            .bind(version.0)
            .fetch_optional(&pool)
            .await
            .expect("asked")
            .map(EnvironmentId);
        assert_eq!(bake.is_some(), self.is_simulated());

        if let Some(bake) = bake {
            self.until(bake, Phase::Ready, fate).await;
        }
        self.until(id, Phase::Ready, fate).await;
        let alone = ["address", "binding", "disk", "firewall", "key", "machine", "record"];
        assert_eq!(self.portal.in_cloud(id).await, alone);
        self.scale(id, 2).await;
        self.until(id, Phase::Ready, fate).await;
        let in_cloud = self.portal.in_cloud(id).await;
        for kind in Kind::ALL {
            let nature = self.portal.cloud.nature();
            assert_eq!(in_cloud.iter().filter(|code| **code == kind.code()).count(), slots(nature, kind), "{kind:?}");
        }
        self.portal.environments.stop(&self.portal.student, id).await.expect("asked");
        self.until(id, Phase::Stopped, fate).await;
        self.portal.environments.start(&self.portal.student, id).await.expect("asked");
        self.until(id, Phase::Ready, fate).await;
        // The copy leaves, once its backup is proven.
        self.portal.environments.scale_in(&self.portal.student, id, 1, true).await.expect("asked");
        self.until(id, Phase::Ready, fate).await;
        assert_eq!(self.portal.in_cloud(id).await, alone);
        let backups: Vec<String> =
            sqlx::query_scalar("select state::text from backup where environment = $1").bind(id.0).fetch_all(&pool).await.expect("backups");
        assert_eq!(backups, ["proven"], "one backup, and it was compared");
        self.portal.environments.delete(&self.portal.student, id, &name).await.expect("asked");
        self.until(id, Phase::Removed, fate).await;
        if let Some(bake) = bake {
            environments::set_goal(&mut pool.acquire().await.expect("a connection"), bake, Goal::Gone).await.expect("asked");
            self.until(bake, Phase::Removed, fate).await;
        }

        for id in [Some(id), bake].into_iter().flatten() {
            assert!(self.portal.in_cloud(id).await.is_empty(), "something is left");
            self.one_of_everything(id, fate).await;
        }
        name
    }

    /// There was one of each kind, once, and what our intervals say is what the cloud's bill says.
    async fn one_of_everything(&self, id: EnvironmentId, fate: Worker) {
        if !self.is_simulated() {
            // Nobody writes a bill: every slot was filled once.
            let again = sqlx::query_scalar::<_, String>(
                "select kind from resource where environment = $1 and incarnation > 1 and kind <> 'binding'",
            );
            let again = again.bind(id.0).fetch_all(&self.portal.engine.pool).await.expect("rows");
            assert_eq!(again, [""; 0], "made more than once");
            return;
        }
        let lives: Vec<Life> = self.portal.sim.lives().expect("lives").into_iter().filter(|life| life.environment == id.0).collect();
        for kind in Kind::ALL {
            let ours = lives.iter().filter(|life| life.kind == kind).count();
            // An address that was found to lead nowhere is bound again; everything else is made once.
            assert!(ours <= slots(self.portal.cloud.nature(), kind) || kind == Kind::Binding, "{ours} of {kind:?}");
        }
        let known: Vec<String> =
            sqlx::query_scalar("select cloud_id from resource where environment = $1 and cloud_id is not null order by 1")
                .bind(id.0)
                .fetch_all(&self.portal.engine.pool)
                .await
                .expect("rows");
        let mut lived: Vec<_> = lives.iter().map(|life| life.cloud_id.clone()).collect();
        lived.sort_unstable();
        assert_eq!(known, lived, "each has one row");

        let ours: Vec<(String, String, OffsetDateTime, Option<OffsetDateTime>)> = sqlx::query_as(
            "select cloud_id, meter, from_at, to_at from interval join resource on resource.id = interval.resource
              where environment = $1 and from_at is distinct from to_at order by 1, 2, 3",
        )
        .bind(id.0)
        .fetch_all(&self.portal.engine.pool)
        .await
        .expect("intervals");
        // PostgreSQL counts in microseconds.
        let rounded = |at: OffsetDateTime| at.replace_nanosecond(at.microsecond() * 1000).expect("a time");
        let mut bill = self.portal.sim.bill(id.0).expect("a bill");
        bill.sort_unstable();
        let mut bill: Vec<_> = bill
            .into_iter()
            .map(|line| (line.cloud_id, intervals::code(line.meter).to_owned(), rounded(line.from), line.to.map(rounded)))
            .collect();
        // A disk whose deletion got no answer ends, for us, when that call began: a commit earlier than the cloud says. Whoever takes over
        // does so half a minute later, which is a difference; unless it slept between the two, as stale workers do, each time that one is caught.
        let times = if fate == Worker::WakesLater { i32::try_from(CAUGHT_IN_ONE_LIFE).unwrap_or(1) } else { 0 };
        let slept = TAKEN_OVER_AFTER * times + Duration::seconds(10);
        for (ours, theirs) in ours.iter().zip(&mut bill) {
            let is_a_commit_earlier = |at: OffsetDateTime| theirs.3.is_some_and(|to| at < to && to - at < slept);
            if ours.0.starts_with("disk") && ours.3.is_some_and(is_a_commit_earlier) {
                theirs.3 = ours.3;
            }
        }
        assert_eq!(ours, bill, "our intervals, the cloud's bill");
    }

    pub async fn every_call(&mut self, point: Point, fate: Worker) {
        for calls in self.calls().chunks(CAUGHT_IN_ONE_LIFE) {
            for call in calls {
                self.trap.set(*call, point);
            }
            let name = self.life(fate).await;
            assert_eq!(self.trap.is_set(), [], "{name}: the story makes no such call");
        }
    }
}

/// A claim that nobody renews has run out.
const TAKEN_OVER_AFTER: Duration = Duration::seconds(31);

/// One call for each life would take five times as long; more than these could be caught one after the other, and whose work ends its worker
/// five times in a row is parked.
const CAUGHT_IN_ONE_LIFE: usize = 4;

/// How many of a kind an environment of two machines has.
fn slots(nature: &Nature, kind: Kind) -> usize {
    match kind {
        kind if !nature.has(kind) => 0,
        Kind::Record if !nature.has(Kind::Certificate) => 2,
        Kind::Record => 3,
        Kind::Machine | Kind::Disk | Kind::Address | Kind::Binding | Kind::Firewall | Kind::Target => 2,
        _ => 1,
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_dies_before_any_call_and_comes_back(pool: PgPool) {
    Matrix::new(pool).await.every_call(Point::BeforeTheCall, Worker::Restarts).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_dies_after_any_call_and_comes_back(pool: PgPool) {
    Matrix::new(pool).await.every_call(Point::AfterTheCall, Worker::Restarts).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_dies_before_any_call_and_is_replaced(pool: PgPool) {
    Matrix::new(pool).await.every_call(Point::BeforeTheCall, Worker::IsReplaced).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_dies_after_any_call_and_is_replaced(pool: PgPool) {
    Matrix::new(pool).await.every_call(Point::AfterTheCall, Worker::IsReplaced).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_sleeps_before_any_call_and_wakes_when_another_has_done_it(pool: PgPool) {
    Matrix::new(pool).await.every_call(Point::BeforeTheCall, Worker::WakesLater).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_sleeps_after_any_call_and_wakes_when_another_has_done_it(pool: PgPool) {
    Matrix::new(pool).await.every_call(Point::AfterTheCall, Worker::WakesLater).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_call_whose_answer_gets_lost_is_made_twice_and_does_its_work_once(pool: PgPool) {
    let mut matrix = Matrix::new(pool).await;
    for calls in Call::all().collect::<Vec<_>>().chunks(CAUGHT_IN_ONE_LIFE) {
        for call in calls {
            matrix.portal.sim.script(*call, 1, Mishap::LoseAnswer);
        }
        matrix.life(Worker::Restarts).await;
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_call_that_is_refused_for_good_leaves_nothing_half_made_and_goes_on_when_the_cause_is_mended(pool: PgPool) {
    let mut matrix = Matrix::new(pool).await;
    for calls in Call::all().collect::<Vec<_>>().chunks(CAUGHT_IN_ONE_LIFE) {
        for call in calls {
            matrix.portal.sim.script(*call, 1, Mishap::Refuse(Fate::Final, "refused"));
        }
        matrix.life(Worker::Restarts).await;
    }
}
