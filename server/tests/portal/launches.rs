//! A class at its first minute: machines that wait for the same moment are launched by one call, whatever dies meanwhile.

use app::domain::ids::{CloudId, EnvironmentId, MachineId};
use app::domain::phase::Phase;
use app::ports::Environments;
use aws_double::{Double, Fault};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use cloud::Call;
use server::db::courses;
use server::demo::web_and_tex;
use server::engine::Engine;
use server::http::{Site, for_machines, leptos_options, live};
use sqlx::PgPool;
use time::Duration;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::aws::{DEBIAN, matrix, nothing_is_left};
use crate::matrix::{Matrix, Worker};
use crate::trap::Point;

/// A class that asks at once, of an account that takes no launch at this very moment.
struct Class {
    matrix: Matrix,
    double: Double,
    all: Vec<EnvironmentId>,
}

impl Class {
    async fn new(pool: PgPool, size: usize, zones: usize) -> Option<Self> {
        let (matrix, double) = matrix(pool, zones).await?;
        let portal = &matrix.portal;
        let mut db = portal.engine.pool.acquire().await.expect("a connection");
        let cloud = sqlx::query_scalar("select id from cloud").fetch_one(&mut *db).await.map(CloudId).expect("a cloud");
        courses::image_baked(&mut db, portal.version.0, cloud, &web_and_tex().recipe(), DEBIAN).await.expect("written down");
        drop(db);
        let mut all = Vec::new();
        for number in 0..size {
            all.push(matrix.portal.request(&format!("c{number}")).await.expect("requested"));
        }
        let class = Self { matrix, double, all };
        class.nobody_can_launch().await;
        Some(class)
    }

    /// The first launch is minutes away, so that everybody waits for it.
    async fn nobody_can_launch(&self) {
        let statement = "update bucket set tokens = -1, refill = 0.02, seeded = 0.02, at = koza_now() where action = 'RunInstances'";
        sqlx::query(statement).execute(&self.matrix.portal.engine.pool).await.expect("emptied");
    }

    /// Everybody's is Ready, with a machine of their own, unlocked, launched once.
    async fn becomes_ready(&mut self, fate: Worker) {
        for id in self.all.clone() {
            self.matrix.until(id, Phase::Ready, fate).await;
            assert_eq!(self.matrix.portal.in_cloud(id).await, ["address", "binding", "disk", "firewall", "key", "machine", "record"]);
        }
        assert_eq!(self.count("select count(*) from resource where kind = 'machine' and gone_at is null").await, self.size());
        assert_eq!(self.count("select count(*) from resource where observed ->> 'is_locked' = 'true' and gone_at is null").await, 0);
    }

    async fn goes(&mut self) {
        for (number, id) in self.all.clone().into_iter().enumerate() {
            self.matrix.portal.environments.delete(&self.matrix.portal.student, id, &format!("c{number}")).await.expect("asked");
        }
        self.is_gone().await;
    }

    async fn is_gone(&mut self) {
        for id in self.all.clone() {
            self.matrix.until(id, Phase::Removed, Worker::Restarts).await;
        }
        nothing_is_left(&self.matrix, &self.double).await;
    }

    async fn count(&self, query: &'static str) -> i64 {
        self.matrix.portal.count(query).await
    }

    fn size(&self) -> i64 {
        i64::try_from(self.all.len()).expect("a few")
    }

    fn launches(&self) -> u64 {
        self.double.taken().get("RunInstances").copied().unwrap_or(0)
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_class_that_asks_at_once_is_launched_together(pool: PgPool) {
    let Some(mut class) = Class::new(pool, 12, 1).await else { return };
    class.becomes_ready(Worker::Restarts).await;
    assert_eq!(class.launches(), 1);
    assert_eq!(class.count("select count(*) from resource where kind = 'machine' and incarnation > 1").await, 0);
    class.goes().await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_asks_alone_waits_for_nobody(pool: PgPool) {
    let Some(mut class) = Class::new(pool, 1, 1).await else { return };
    class.becomes_ready(Worker::Restarts).await;
    assert_eq!((class.launches(), class.count("select count(*) from launch").await), (1, 0));
    class.goes().await;
}

/// Whatever becomes of who makes a call, everybody gets one machine, and in the end there is none.
async fn survives(pool: PgPool, point: Point, fate: Worker) {
    let Some(mut class) = Class::new(pool, 4, 1).await else { return };
    for call in [Call::Launch, Call::HandOver] {
        class.matrix.trap.set(call, point);
    }
    class.becomes_ready(fate).await;
    assert_eq!(class.matrix.trap.is_set(), [], "the story makes no such call");
    class.goes().await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_dies_before_it_launches_a_class_and_comes_back(pool: PgPool) {
    survives(pool, Point::BeforeTheCall, Worker::Restarts).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_dies_after_it_launched_a_class_and_is_replaced(pool: PgPool) {
    survives(pool, Point::AfterTheCall, Worker::IsReplaced).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_sleeps_before_it_launches_a_class_and_wakes_when_others_have_done_it(pool: PgPool) {
    survives(pool, Point::BeforeTheCall, Worker::WakesLater).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_worker_that_sleeps_after_it_launched_a_class_and_wakes_when_others_have_done_it(pool: PgPool) {
    survives(pool, Point::AfterTheCall, Worker::WakesLater).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn answers_about_a_class_get_lost_and_nobody_gets_two_machines(pool: PgPool) {
    let Some(mut class) = Class::new(pool, 4, 1).await else { return };
    for action in ["RunInstances", "ModifyInstanceAttribute", "CreateTags"] {
        class.double.meet(action, 1, Fault::LoseAnswer);
    }
    class.becomes_ready(Worker::Restarts).await;
    assert_eq!(class.double.faults_left(), 0);
    class.goes().await;
}

/// Everybody gives up while nobody knows whether the class was launched.
async fn given_up(pool: PgPool, point: Point) {
    let Some(mut class) = Class::new(pool, 4, 1).await else { return };
    class.matrix.trap.set(Call::Launch, point);
    while !class.matrix.trap.is_set().is_empty() {
        if !class.matrix.turn(Worker::IsReplaced).await {
            class.matrix.portal.advance(Duration::milliseconds(200)).await;
        }
    }
    class.goes().await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_gives_up_before_the_class_was_launched_leaves_nothing_behind(pool: PgPool) {
    given_up(pool, Point::BeforeTheCall).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_gives_up_when_the_class_was_launched_and_nobody_knows_leaves_nothing_behind(pool: PgPool) {
    given_up(pool, Point::AfterTheCall).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn where_a_zone_has_room_for_some_the_others_go_to_another_one(pool: PgPool) {
    let Some(mut class) = Class::new(pool, 5, 2).await else { return };
    class.double.set_room(2);
    class.becomes_ready(Worker::Restarts).await;
    assert_eq!(class.count("select count(*) from resource where kind = 'machine' and incarnation > 1 and gone_at is null").await, 3);
    assert_eq!(class.count("select count(distinct zone) from resource where kind = 'machine' and gone_at is null").await, 2);
    class.goes().await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_launch_that_is_refused_keeps_nobody_from_a_machine_of_their_own(pool: PgPool) {
    let Some(mut class) = Class::new(pool, 3, 1).await else { return };
    class.double.meet("RunInstances", 1, Fault::no_cpu_left());
    class.becomes_ready(Worker::Restarts).await;
    class.goes().await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_launch_that_was_one_too_many_waits_and_goes_together(pool: PgPool) {
    let Some(mut class) = Class::new(pool, 3, 1).await else { return };
    class.double.meet("RunInstances", 1, Fault::Throttle);
    class.becomes_ready(Worker::Restarts).await;
    assert_eq!(class.launches(), 2);
    class.goes().await;
}

/// What machines are answered by.
fn door(engine: Engine, shutdown: CancellationToken) -> Router {
    for_machines(Site {
        live: live::Hub::listening(engine.pool.clone(), shutdown),
        engine,
        leptos: leptos_options(std::path::Path::new("nowhere")),
        is_trial: false,
        is_https: false,
        public_url: None,
    })
}

/// What a machine's hello is answered with: the status, and which machine it is from then on.
async fn hello(door: &Router, document: &str, nonce: &str) -> (StatusCode, serde_json::Value) {
    let body = serde_json::json!({ "document": document, "nonce": nonce, "release": "1" }).to_string();
    let request = Request::post("/machines/v1/hello").header("content-type", "application/json").body(Body::from(body));
    let answer = door.clone().oneshot(request.expect("a request")).await.expect("it answers");
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 10_000).await.expect("a body");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_machine_of_a_class_is_somebody_once_it_shows_a_document_of_a_machine_that_we_launched(pool: PgPool) {
    let Some(mut class) = Class::new(pool, 2, 1).await else { return };
    let shutdown = CancellationToken::new();
    let door = door(class.matrix.portal.engine.clone(), shutdown.clone());
    class.matrix.trap.signs("mine", "i-0a0a0a0a0a0a0a0a0");
    assert_eq!(hello(&door, "mine", "n1").await.0, StatusCode::NOT_FOUND, "it may be quicker than the launch's answer");
    class.becomes_ready(Worker::Restarts).await;

    let launched: Vec<(uuid::Uuid, String)> =
        sqlx::query_as("select machine.id, cloud_id from machine join resource on resource.id = machine.resource order by cloud_id")
            .fetch_all(&class.matrix.portal.engine.pool)
            .await
            .expect("machines");
    class.matrix.trap.signs("mine", &launched[1].1);
    let (status, identity) = hello(&door, "mine", "n1").await;
    assert_eq!((status, &identity["machine"]), (StatusCode::OK, &serde_json::json!(MachineId(launched[1].0).to_string())));
    assert_eq!(hello(&door, "mine", "n1").await, (StatusCode::OK, identity), "whose answer got lost asks again");
    assert_eq!(hello(&door, "mine", "n2").await.0, StatusCode::CONFLICT, "whoever reads the document later comes too late");
    assert_eq!(hello(&door, "somebody's", "n3").await.0, StatusCode::UNAUTHORIZED);
    class.goes().await;
    assert_eq!(hello(&door, "mine", "n1").await.0, StatusCode::GONE);
    shutdown.cancel();
}
