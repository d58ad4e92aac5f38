//! The same story on AWS: the real SDK over HTTP, against a double of AWS that can lose answers.
//!
//! No machine boots there: what is inside them is taken to be well, because it is the simulator's and Incus' part to prove that.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use app::domain::phase::Phase;
use app::domain::reason::Attention;
use app::ports::Environments;
use aws_double::{Clock, Double, Fault};
use cloud::{Boot, Inside};
use cloud_aws::AwsConfig;
use server::db::courses;
use server::engine::clouds::open_aws;
use server::engine::poller;
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::matrix::{Matrix, Worker};
use crate::support::TestPortal;
use crate::trap::Point;

/// The double's own image of Debian 12.
pub const DEBIAN: &str = "ami-0deb120000000a002";

/// The double's.
pub const ACCOUNT: &str = "123456789012";

/// Of somebody who signs identity documents as AWS does.
const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cloud-aws/tests/identity/signers.md");

/// Machines whose inside is well.
pub struct Well;

impl Inside for Well {
    fn boot(&self, machine: &str) -> Option<Boot> {
        Some(Boot { id: format!("{machine}-boot"), done: vec!["settings".into(), "ready".into()], now: None, failed: None })
    }

    fn host_key(&self, _machine: &str) -> Option<String> {
        Some("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5mVw8fLkZxTG8xE1p3rW8cJd0oX3l9o1nq0m7m5f3a".into())
    }

    fn ask(&self, _machine: &str, _probe: &str) -> Result<(), String> {
        Ok(())
    }

    fn work(&self, machine: &str) -> Option<Vec<u8>> {
        Some(machine.as_bytes().to_vec())
    }

    fn restart(&self, _machine: &str, _service: &str) {}

    fn knows_names(&self) -> bool {
        true
    }
}

/// The moto server; none where it is not installed, which is no green in CI.
pub fn moto() -> Option<PathBuf> {
    let moto = std::env::var_os("KOZA_MOTO").map(PathBuf::from);
    if moto.is_none() {
        assert!(std::env::var_os("CI").is_none_or(|set| set.is_empty()), "skipped: KOZA_MOTO names no moto server");
        // Straight to the screen: what is printed the usual way is kept back when a test passes.
        let _ = std::io::stderr().write_all(b"\nskipped: KOZA_MOTO names no moto server (deploy/host/moto path)\n");
    }
    moto
}

/// A portal on a fresh account whose images are there, with machines in so many zones; none where there is no moto.
async fn portal(pool: PgPool, zones: usize) -> Option<(TestPortal, Double)> {
    let moto = moto()?;
    let clock = Clock::by_hand();
    let double = Double::share(&moto).expect("moto starts").with_clock(clock.clone());
    let zone = double.add_hosted_zone("koza-machines.test").expect("a zone");
    let installation = server::db::installation(&mut pool.acquire().await.expect("a connection")).await.expect("an installation");
    let config = AwsConfig {
        region: "us-east-1".into(),
        hosted_zone: Some(zone),
        images: [("debian-12".to_owned(), DEBIAN.to_owned())].into(),
        endpoint: Some(double.endpoint().to_owned()),
        installation: installation.simple().to_string(),
        lists_apart_ms: 0,
        identity_certificates: Some(CERTIFICATES.into()),
        account: ACCOUNT.into(),
        ..AwsConfig::default()
    };
    let config = AwsConfig { subnets: subnets(double.endpoint(), zones).await, ..config };
    let clients = cloud_aws::connect_as(&config, "key", "secret").await;
    let (began, hands) = (OffsetDateTime::now_utc(), clock.clone());
    let handle = open_aws(config, clients, Arc::new(move || began + hands.now())).await.expect("the account can be used");
    Some((TestPortal::on_double(pool, handle, clock).await, double))
}

/// So many of the account's subnets, each in a zone of its own.
async fn subnets(endpoint: &str, many: usize) -> Vec<String> {
    let credentials = aws_sdk_ec2::config::Credentials::new("key", "secret", None, None, "given");
    let sdk = aws_config::defaults(aws_config::BehaviorVersion::latest()).region(aws_config::Region::new("us-east-1"));
    let sdk = sdk.credentials_provider(credentials).endpoint_url(endpoint).load().await;
    let answer = aws_sdk_ec2::Client::new(&sdk).describe_subnets().send().await.expect("listed");
    let mut ids: Vec<_> = answer.subnets().iter().filter_map(|subnet| subnet.subnet_id().map(str::to_owned)).collect();
    ids.sort_unstable();
    ids.truncate(many);
    ids
}

pub async fn matrix(pool: PgPool, zones: usize) -> Option<(Matrix, Double)> {
    let (portal, double) = portal(pool, zones).await?;
    Some((Matrix::over(portal, Arc::new(Well)).await, double))
}

async fn every_call(pool: PgPool, point: Point, fate: Worker) {
    if let Some((mut matrix, double)) = matrix(pool, 3).await {
        matrix.every_call(point, fate).await;
        nothing_is_left(&matrix, &double).await;
    }
}

pub async fn nothing_is_left(matrix: &Matrix, double: &Double) {
    let left = matrix.portal.cloud.list_all().await.expect("listed");
    assert_eq!(left, [], "{:?}", double.taken());
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn on_aws_a_worker_that_dies_before_any_call_and_comes_back(pool: PgPool) {
    every_call(pool, Point::BeforeTheCall, Worker::Restarts).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn on_aws_a_worker_that_dies_after_any_call_and_is_replaced(pool: PgPool) {
    every_call(pool, Point::AfterTheCall, Worker::IsReplaced).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn on_aws_a_worker_that_sleeps_after_any_call_and_wakes_when_another_has_done_it(pool: PgPool) {
    every_call(pool, Point::AfterTheCall, Worker::WakesLater).await;
}

/// What the whole life of an environment asks of AWS, and changes there.
const CHANGES: [&str; 25] = [
    "AllocateAddress",
    "AssociateAddress",
    "AuthorizeSecurityGroupIngress",
    "ChangeResourceRecordSets",
    "CreateListener",
    "CreateLoadBalancer",
    "CreateSecurityGroup",
    "CreateSnapshot",
    "CreateTargetGroup",
    "DeleteKeyPair",
    "DeleteListener",
    "DeleteLoadBalancer",
    "DeleteSecurityGroup",
    "DeleteSnapshot",
    "DeleteTargetGroup",
    "DeregisterImage",
    "DeregisterTargets",
    "ImportKeyPair",
    "ModifyTargetGroupAttributes",
    "RegisterImage",
    "RegisterTargets",
    "ReleaseAddress",
    "RunInstances",
    "StartInstances",
    "TerminateInstances",
];

async fn with_faults(pool: PgPool, fault: impl Fn() -> Fault) {
    let Some((mut matrix, double)) = matrix(pool, 3).await else { return };
    for action in CHANGES {
        double.meet(action, 1, fault());
    }
    matrix.life(Worker::Restarts).await;
    assert_eq!(double.faults_left(), 0, "the story makes every one of these calls");
    nothing_is_left(&matrix, &double).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn on_aws_answers_get_lost_and_nothing_is_made_twice(pool: PgPool) {
    with_faults(pool, || Fault::LoseAnswer).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn on_aws_requests_get_lost_and_everything_is_made(pool: PgPool) {
    with_faults(pool, || Fault::LoseRequest).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn on_aws_every_call_is_throttled_once_and_the_story_goes_on(pool: PgPool) {
    with_faults(pool, || Fault::Throttle).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn on_aws_every_call_is_refused_once_and_goes_on_when_the_cause_is_mended(pool: PgPool) {
    with_faults(pool, || Fault::unauthorized("ec2:Something")).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn an_account_without_credentials_tells_the_environment_which_call_failed_and_keeps_no_other_cloud_waiting(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let here = portal.request("c1").await.expect("requested");
    portal.run_until_phase(here, Phase::Ready).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let settings = serde_json::json!({ "endpoint": "http://127.0.0.1:9" });
    let there = courses::add_cloud(&mut db, "aws", "123456789012", "us-east-1", &settings).await.expect("a cloud");
    server::operator::prices::bring(&mut db, &price_list::shipped()).await.expect("the prices that come with Koza");
    courses::choose_cloud(&mut db, "SYS-101", there).await.expect("asked").expect("there is such a course");
    drop(db);

    let id = portal.request("c2").await.expect("requested");
    portal.turn_once().await;
    let view = portal.environments.view(&portal.instructor, id).await.expect("a view");
    let Some(Attention::Refused { said, .. }) = &view.attention else { panic!("{:?}", view.attention) };
    assert!(said.contains("ec2:DescribeVpcs"), "{said}");
    let theirs = portal.view(id).await.attention;
    assert_eq!(theirs, Some(Attention::Refused { action: "list".into(), said: String::new() }), "what AWS says of accounts is for staff");

    portal.sim.kill(&portal.machine(here).await).expect("killed");
    poller::look_once(&portal.engine).await.expect("looked");
    let differs = sqlx::query_scalar::<_, bool>("select differs from environment where id = $1").bind(here.0);
    assert!(differs.fetch_one(&portal.engine.pool).await.expect("told"), "the other cloud is looked after");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_is_not_named_again_stays_in_a_clouds_settings(pool: PgPool) {
    let mut db = pool.acquire().await.expect("a connection");
    for settings in [serde_json::json!({ "hosted_zone": "Z1", "vpc": "vpc-1" }), serde_json::json!({ "vpc": "vpc-2" })] {
        courses::add_cloud(&mut db, "aws", "123456789012", "us-east-1", &settings).await.expect("written down");
    }
    let known = courses::clouds(&mut db).await.expect("listed");
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].settings, serde_json::json!({ "hosted_zone": "Z1", "vpc": "vpc-2" }));
}
