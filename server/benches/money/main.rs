//! What money costs to reckon, on a PostgreSQL of its own.
//!
//! ```text
//!  price      a request: six lines, what is set aside and what the lease costs; no database
//!  accrual    10,000 environments that run in one course: what happens every 40 seconds, and on the first look of a day
//!  dashboard  the page of a course with 1,000,000 lines in its ledger, and of one of fifty such courses
//! ```
//!
//! `DATABASE_URL`: a cluster where databases may be made and dropped. Run it by `deploy/bench money`, which sees to that.

use std::time::{Duration, Instant};

use anyhow::Context;
use app::domain::course::Role;
use app::domain::ids::{CourseId, PersonId};
use app::domain::money::{Currency, Money};
use app::domain::person::Caller;
use app::ports::Costs;
use cloud::Size;
use server::db::budgets::{self, Scope};
use server::db::{self, courses, people, prices};
use server::demo::web_and_tex;
use server::engine::{Clouds, Engine};
use server::operator;
use server::portal::environments::EnvironmentsPort;
use server::pricing::Shape;
use server::spend::follow::follow_course;
use server::spend::{Accounts, estimate};
use server::store::Store;
use server::vault::Vault;
use sqlx::{Connection, PgConnection};

const RUNNING: i32 = 10_000;
const LINES: i32 = 1_000_000;
const COURSES: i32 = 50;
const ROUNDS: usize = 21;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server = std::env::var("DATABASE_URL")?;
    println!("## Money\n");
    let cores = std::thread::available_parallelism()?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{cores} cores, load before the run {}; our own code not optimised.\n", load.split(' ').next().unwrap_or("unknown"));
    let (engine, course) = stage(&server).await?;
    println!("| | median | slowest |\n|---|---:|---:|");
    price(&engine, course).await?;
    accrual(&engine, course).await?;
    dashboards(&engine).await
}

/// A database with one course on a cloud with shipped prices.
async fn stage(server: &str) -> anyhow::Result<(Engine, CourseId)> {
    let mut admin = PgConnection::connect(server).await.context("DATABASE_URL does not answer")?;
    for statement in ["drop database if exists koza_bench with (force)", "create database koza_bench"] {
        sqlx::query(statement).execute(&mut admin).await?;
    }
    let (before, _) = server.rsplit_once('/').context("DATABASE_URL names no database")?;
    let pool = db::connect(&format!("{before}/koza_bench"), 8).await?;
    server::MIGRATOR.run(&pool).await?;
    let mut db = pool.acquire().await?;
    let installation = db::installation(&mut db).await?;
    operator::prices::bring(&mut db, &price_list::shipped()).await?;
    prices::enter_rate(&mut db, Currency::Jpy, time::macros::date!(2021 - 01 - 01), "103.69".parse()?, "the lesson").await?;
    let cloud = courses::add_cloud(&mut db, "aws", "123456789012", "ap-northeast-1", &serde_json::json!({})).await?;
    let course = courses::add(&mut db, "SYS-101", "Systems", cloud, "koza-machines.test").await?;
    courses::publish(&mut db, course, "Web and TeX", &web_and_tex()).await?;
    for n in 1..COURSES {
        courses::add(&mut db, &format!("SYS-2{n:02}"), "Another", cloud, "koza-machines.test").await?;
    }
    drop(db);
    let store = Store::folder(tempfile::tempdir()?.path())?;
    let vault = std::sync::Arc::new(Vault::new([7; 32]));
    Ok((
        Engine { pool, clouds: Clouds::default(), vault, installation, machines_url: "http://portal.test".into(), store, mailer: None },
        course,
    ))
}

fn row(name: &str, mut rounds: Vec<Duration>) {
    rounds.sort_unstable();
    let ms = |duration: Duration| format!("{:.3}", duration.as_secs_f64() * 1e3);
    let (median, slowest) = (rounds[rounds.len() / 2], rounds[rounds.len() - 1]);
    println!("| {name}, ms | {} | {} |", ms(median), ms(slowest));
}

async fn price(engine: &Engine, course: CourseId) -> anyhow::Result<()> {
    let accounts = Accounts::of(&mut *engine.pool.acquire().await?, course).await?;
    let size = Size { cpus: 2, memory_mib: 1024, disk_gib: 8 };
    let shape = Shape { cloud: "aws".into(), size, machines: 2, images: 0, keeps_addresses: true };
    let rounds = (0..1_000).map(|_| {
        let began = Instant::now();
        let priced = estimate(&accounts, &shape, "ap-northeast-1", &[(PersonId::new(), 1_000_000)], None);
        assert!(priced.is_ok_and(|priced| priced.lines.len() == 6), "every line has its price");
        began.elapsed()
    });
    row("price a request", rounds.collect());
    Ok(())
}

/// One course with ten thousand environments, each with a machine that runs, a disk and an address, since some days.
async fn accrual(engine: &Engine, course: CourseId) -> anyhow::Result<()> {
    let mut db = engine.pool.acquire().await?;
    let student = people::add(&mut db, "aoi", "aoi", "not a hash", false).await?;
    courses::add_member(&mut db, course, student, Role::Student).await?;
    sqlx::query(
        "insert into environment (id, course, version, cloud, name, domain, options, lease_until)
         select gen_random_uuid(), $1, v.id, course.cloud, 'c' || n, 'koza-machines.test', '{}', koza_now() + interval '14 days'
           from generate_series(1, $2) n, course, blueprint_version v where course.id = $1",
    )
    .bind(course.0)
    .bind(RUNNING)
    .execute(&mut *db)
    .await?;
    for statement in [
        "insert into holder (environment, person, course) select e.id, p.id, e.course from environment e, person p",
        "insert into resource (id, environment, course, cloud, kind, slot, incarnation, intent_token, cloud_id, made_at)
         select gen_random_uuid(), e.id, e.course, e.cloud, kind, 1, 1, gen_random_uuid(), kind || e.name, koza_now()
           from environment e, unnest(array['machine', 'disk', 'address']) kind",
        "insert into interval (resource, meter, from_at)
         select id, case when kind = 'machine' then 'running' else 'exists' end, koza_now() - interval '3 days' * random() from resource",
        "vacuum analyze",
    ] {
        sqlx::query(statement).execute(&mut *db).await?;
    }
    for scope in [Scope::Course, Scope::Each] {
        budgets::allow(&mut db, course, scope, Money::new(Currency::Jpy, 1_000_000_000_000_000), "bench", None).await?;
    }
    drop(db);
    let began = Instant::now();
    follow_course(engine, course).await?;
    let first = began.elapsed();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        follow_course(engine, course).await?;
        rounds.push(began.elapsed());
    }
    row(&format!("follow {RUNNING} environments that run (every 40 s)"), rounds);
    row("the same on the first look: days are posted, money is set aside", vec![first]);
    sqlx::query("update hold set renewed_at = renewed_at - interval '61 minutes'").execute(&engine.pool).await?;
    let began = Instant::now();
    follow_course(engine, course).await?;
    row("the same once an hour: all that is set aside is renewed", vec![began.elapsed()]);
    // What follows looks at other courses.
    sqlx::query("update interval set to_at = from_at, is_settled = true").execute(&engine.pool).await?;
    Ok(())
}

/// A term's ledger: first spread over fifty courses, then all in one.
async fn dashboards(engine: &Engine) -> anyhow::Result<()> {
    let operator = Caller { person: PersonId::new(), name: "Operator".into(), is_operator: true };
    let port = EnvironmentsPort { engine: engine.clone(), door: None };
    for (courses, name) in [(COURSES, "a course's page, 1,000,000 lines in fifty courses"), (1, "the same, all of them in one")] {
        let mut db = engine.pool.acquire().await?;
        sqlx::query("truncate hold").execute(&mut *db).await?;
        for statement in [
            "alter table ledger disable trigger all",
            "truncate ledger, spent_by_environment, spent_by_day",
            "alter table ledger enable trigger all",
        ] {
            sqlx::query(statement).execute(&mut *db).await?;
        }
        sqlx::query(
            "with e as (select array_agg(id) ids from (select id from environment limit 2000) picked),
                  c as (select array_agg(id order by code) ids from course)
             insert into ledger (course, environment, kind, item, day, usd, currency, per_usd, amount, reason)
             select c.ids[1 + n % $1], e.ids[1 + n % 2000], 'machine',
                    (array['machine/t3.micro', 'disk/gp3', 'address'])[1 + n % 3],
                    date '2026-04-01' + (n / 10000), 13600, 'JPY', 103.69, 1410184, 'bench'
               from generate_series(0, $2 - 1) n, e, c",
        )
        .bind(courses)
        .bind(LINES)
        .execute(&mut *db)
        .await?;
        sqlx::query("vacuum analyze ledger").execute(&mut *db).await?;
        drop(db);
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let page = port.of_course(&operator, "SYS-101", 1).await.map_err(|error| anyhow::anyhow!("{error}"))?;
            anyhow::ensure!(page.course.spent > 0, "there is something on it");
            rounds.push(began.elapsed());
        }
        row(name, rounds);
    }
    Ok(())
}
