//! Koza's loop: a worker of the product in real time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use app::domain::course::Role;
use app::domain::phase::Goal;
use aws_double::Double;
use cloud::{Boot, Inside};
use cloud_aws::AwsConfig;
use server::db::{self, buckets, courses, environments, people};
use server::demo::web_and_tex;
use server::engine::clouds::{Handle, open_aws};
use server::engine::{Clouds, Engine, worker};
use server::store::Store;
use server::vault::Vault;
use sqlx::{Connection, PgConnection, PgPool};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::made::{self, Made};
use crate::{DOMAIN, IMAGE, PUBLIC_KEY, Took, What};

/// With them a class is launched together; nobody says hello here.
const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cloud-aws/tests/identity/signers.md");

/// Machines whose inside is well: none boots here.
struct Well;

impl Inside for Well {
    fn boot(&self, machine: &str) -> Option<Boot> {
        Some(Boot { id: format!("{machine}-boot"), done: vec!["ready".into()], now: None, failed: None })
    }

    fn host_key(&self, _machine: &str) -> Option<String> {
        None
    }

    fn ask(&self, _machine: &str, _probe: &str) -> Result<(), String> {
        Ok(())
    }

    fn restart(&self, _machine: &str, _service: &str) {}

    fn knows_names(&self) -> bool {
        true
    }
}

async fn count(pool: &PgPool, query: &'static str) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar(query).fetch_one(pool).await?)
}

/// Waits until a query counts nothing any more.
async fn until_none(pool: &PgPool, query: &'static str) -> anyhow::Result<()> {
    let none = async {
        while count(pool, query).await? > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_mins(5), none).await.with_context(|| format!("not within five minutes: {query}"))?
}

const BUILDING: &str = "select count(*) from environment where ready_at is null or ready_at < goal_since";
/// Whatever is not an address goes before the name's last minute is over; the address after it.
const BEFORE_THE_ADDRESS: &str = "select count(*) from resource where gone_at is null and kind <> 'address'";
const THERE: &str = "select count(*) from environment where removed_at is null";

/// Makes and unmakes it.
pub async fn run(server: &str, double: &Double, zone: &str, what: What) -> anyhow::Result<(Made, [Took; 2])> {
    let mut db = PgConnection::connect(server).await.context("DATABASE_URL does not answer")?;
    for statement in ["drop database if exists koza_bench_aws with (force)", "create database koza_bench_aws"] {
        sqlx::query(statement).execute(&mut db).await?;
    }
    let (before, _) = server.rsplit_once('/').context("DATABASE_URL names no database")?;
    let pool = db::connect(&format!("{before}/koza_bench_aws"), 32).await?;
    server::MIGRATOR.run(&pool).await?;
    let mut db = pool.acquire().await?;
    let installation = db::installation(&mut db).await?;
    let config = AwsConfig {
        region: "us-east-1".into(),
        hosted_zone: Some(zone.to_owned()),
        images: [("debian-12".to_owned(), IMAGE.to_owned())].into(),
        endpoint: Some(double.endpoint().to_owned()),
        installation: installation.simple().to_string(),
        identity_certificates: Some(CERTIFICATES.into()),
        ..AwsConfig::default()
    };
    let cloud = courses::add_cloud(&mut db, "aws", "123456789012", "us-east-1", &serde_json::to_value(&config)?).await?;
    let course = courses::add(&mut db, "SYS-101", "Systems", cloud, DOMAIN).await?;
    let version = courses::publish(&mut db, course, "Web and TeX", &web_and_tex()).await?;
    // Nobody bakes where no machine boots; Terraform's starts from a bare image, too.
    courses::image_baked(&mut db, version.0, cloud, &web_and_tex().recipe(), IMAGE).await?;
    let student = people::add(&mut db, "aoi", "aoi", "not a hash", false).await?;
    courses::add_member(&mut db, course, student, Role::Student).await?;

    let handle = open_aws(config.clone(), cloud_aws::connect_as(&config, "key", "secret").await, Arc::new(OffsetDateTime::now_utc)).await?;
    buckets::seed(&mut db, cloud, handle.cloud.allowances()).await?;
    let clouds = Clouds::default();
    clouds.insert(cloud, Handle { inside: Some(Arc::new(Well)), ..handle }).await;
    let vault = Arc::new(Vault::new([7; 32]));
    // Nothing is backed up here.
    let store = Store::folder(tempfile::tempdir()?.path())?;
    let engine = Engine { pool: pool.clone(), clouds, vault, installation, machines_url: "http://portal.test".into(), store, mailer: None };
    let shutdown = CancellationToken::new();
    let worker = tokio::spawn(worker::run(engine, shutdown.clone()));

    let count = if let What::Environments(count) = what { count } else { 1 };
    let mut began = Instant::now();
    let mut tx = pool.begin().await?;
    for number in 1..=count {
        let request = environments::Request {
            holder: student,
            version,
            course,
            cloud,
            name: &format!("c{number}"),
            domain: DOMAIN,
            options: serde_json::json!({ "public_key": PUBLIC_KEY }),
        };
        environments::request(&mut tx, &request).await?;
    }
    tx.commit().await?;
    until_none(&pool, BUILDING).await?;
    if what == What::ScaleOut {
        double.reset_counts();
        began = Instant::now();
        sqlx::query("update environment set options = options || '{\"machines\": 2}', generation = generation + 1, goal_since = koza_now(), wake_at = koza_now()").execute(&pool).await?;
        until_none(&pool, BUILDING).await?;
        until_none(
            &pool,
            "select 2 - count(*) from resource where kind = 'target' and gone_at is null and observed ->> 'health' = 'healthy'",
        )
        .await?;
    }
    let made = Took { time: began.elapsed(), calls: double.taken() };
    let described = made::describe(double, zone).await?;

    double.reset_counts();
    let began = Instant::now();
    for id in sqlx::query_scalar::<_, uuid::Uuid>("select id from environment").fetch_all(&pool).await? {
        environments::set_goal(&mut db, app::domain::ids::EnvironmentId(id), Goal::Gone).await?;
    }
    until_none(&pool, BEFORE_THE_ADDRESS).await?;
    skip(&pool).await?;
    until_none(&pool, "select count(*) from resource where gone_at is null").await?;
    skip(&pool).await?;
    until_none(&pool, THERE).await?;
    let unmade = Took { time: began.elapsed(), calls: double.taken() };
    shutdown.cancel();
    worker.await??;
    Ok((described, [made, unmade]))
}

/// A little more than a minute passes.
async fn skip(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::query(
        "insert into clock_offset (shift) values (interval '61 s') on conflict (only_row) do update set shift = clock_offset.shift + interval '61 s'",
    )
    .execute(pool)
    .await?;
    sqlx::query("select pg_notify('koza_wake', '')").execute(pool).await?;
    Ok(())
}
