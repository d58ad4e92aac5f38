//! Machines as they speak to the portal: tokens, boots and their steps, orders, signs of use.

use app::domain::ids::{CloudId, EnvironmentId, MachineId, ResourceId};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;

use super::Db;
use crate::machine::certificate::Certificate;
use crate::wish::BootSeen;

/// A machine's row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which.
    pub id: MachineId,
    /// Whose.
    pub environment: EnvironmentId,
    /// Which of its machines: the first is its student's, the others are copies.
    pub slot: u16,
    /// Its secret, sealed, once it has one.
    pub secret: Option<Vec<u8>>,
    /// The hash of the nonce that it said hello with.
    pub nonce_hash: Option<Vec<u8>>,
    /// The boot it last reported on.
    pub boot: Option<String>,
    /// Its SSH host keys.
    pub host_keys: Vec<String>,
    /// Whether it was replaced or removed.
    pub is_gone: bool,
}

/// A machine of an environment, and what it was told.
#[derive(Debug, Clone, Deserialize)]
pub struct Spoken {
    /// Which of its machines.
    pub slot: u16,
    /// The machine.
    pub machine: uuid::Uuid,
    /// What it was last told that it is asked by.
    pub host_names: Option<Vec<String>>,
    /// Where it was last told that what it shares is.
    pub first_at: Option<String>,
    /// The boot it last reported on.
    pub boot: Option<String>,
    /// The steps of that boot.
    pub steps: Option<Vec<Step>>,
    /// Whether an order to fetch its settings is open.
    pub is_ordered: bool,
    /// Whether it was set up at least once.
    pub has_worked: Option<bool>,
}

/// How far a step is, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type, Deserialize)]
#[sqlx(type_name = "step_state", rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Under way.
    Started,
    /// Done.
    Done,
    /// Failed.
    Failed,
}

/// A step of a boot.
#[derive(Debug, Clone, Deserialize)]
pub struct Step {
    /// `configure:wordpress` and the like.
    pub step: String,
    /// How far.
    pub state: StepState,
    /// How long it took.
    pub ms: u32,
    /// Its last lines, if it failed.
    pub log: Vec<String>,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// Makes a machine's row for its resource (once), with the hash of its token.
///
/// # Errors
/// As the database.
pub async fn expect(db: &mut Db, resource: ResourceId, environment: EnvironmentId, token_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into machine (id, resource, environment, course, token_hash)
         select $1, $2, id, course, $4 from environment where id = $3
         on conflict (resource) do nothing",
        MachineId::new().0,
        resource.0,
        environment.0,
        token_hash,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A machine by its id.
///
/// # Errors
/// As the database.
pub async fn find(db: &mut Db, id: MachineId) -> sqlx::Result<Option<Row>> {
    let row = sqlx::query!(
        r#"select machine.id, machine.environment, resource.slot, secret, nonce_hash, boot, host_keys as "host_keys: Json<Vec<String>>",
                  (resource.gone_at is not null) as "is_gone!"
             from machine join resource on resource.id = machine.resource
            where machine.id = $1"#,
        id.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Row {
        id: MachineId(row.id),
        environment: EnvironmentId(row.environment),
        slot: u16::try_from(row.slot).unwrap_or(0),
        secret: row.secret,
        nonce_hash: row.nonce_hash,
        boot: row.boot,
        host_keys: row.host_keys.0,
        is_gone: row.is_gone,
    }))
}

/// A machine by the hash of its one-time token, locked until the end of the transaction.
///
/// # Errors
/// As the database.
pub async fn by_token(db: &mut Db, token_hash: &[u8]) -> sqlx::Result<Option<Row>> {
    let id = sqlx::query_scalar!("select id from machine where token_hash = $1 for update", token_hash).fetch_optional(&mut *db).await?;
    match id {
        Some(id) => find(db, MachineId(id)).await,
        None => Ok(None),
    }
}

/// A machine that was launched with others, by the name that its launch's answer has at its place; locked until the end of the transaction.
///
/// # Errors
/// As the database.
pub async fn launched_as(db: &mut Db, cloud: CloudId, name: &str) -> sqlx::Result<Option<Row>> {
    let id = sqlx::query_scalar!(
        "select machine.id
           from resource join launch on launch.token = resource.launch join machine on machine.resource = resource.id
          where resource.cloud = $1 and launch.machines[resource.launch_place + 1] = $2
            for update of machine",
        cloud.0,
        name
    )
    .fetch_optional(&mut *db)
    .await?;
    match id {
        Some(id) => find(db, MachineId(id)).await,
        None => Ok(None),
    }
}

/// A machine said hello: it is somebody from now on.
///
/// # Errors
/// As the database.
pub async fn greeted(db: &mut Db, id: MachineId, nonce_hash: &[u8], secret: &[u8], release: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update machine set nonce_hash = $2, secret = $3, release = $4, spoke_at = koza_now() where id = $1",
        id.0,
        nonce_hash,
        secret,
        release
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A machine reports on this boot from now on.
///
/// # Errors
/// As the database.
pub async fn booting(db: &mut Db, id: MachineId, boot: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update machine
            set spoke_at      = koza_now(),
                boot_began_at = case when boot is distinct from $2 then koza_now() else boot_began_at end,
                boot          = $2
          where id = $1",
        id.0,
        boot
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The machine is being stopped: what it reported on that boot says nothing about the next.
///
/// # Errors
/// As the database.
pub async fn forget_boot(db: &mut Db, machine: ResourceId) -> sqlx::Result<()> {
    sqlx::query!("update machine set boot = null where resource = $1", machine.0).execute(db).await?;
    Ok(())
}

/// What a machine's agent knows, which those of older releases did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Knows {
    /// On a copy of its disk it becomes somebody new.
    pub copies: bool,
    /// It knows what its image was like, and can be backed up by difference.
    pub backups: bool,
    /// It can share a site with copies of it.
    pub serving: bool,
}

/// Its SSH host keys, and what its agent knows.
///
/// # Errors
/// As the database.
pub async fn facts(db: &mut Db, id: MachineId, keys: &[String], knows: Knows) -> sqlx::Result<()> {
    sqlx::query!(
        "update machine set host_keys = $2, knows_copies = $3, knows_backups = $4, knows_serving = $5 where id = $1",
        id.0,
        Json(keys) as _,
        knows.copies,
        knows.backups,
        knows.serving
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What its agent knows.
///
/// # Errors
/// As the database.
pub async fn knows(db: &mut Db, id: MachineId) -> sqlx::Result<Knows> {
    let known = sqlx::query_as!(
        Knows,
        "select knows_copies as copies, knows_backups as backups, knows_serving as serving from machine where id = $1",
        id.0
    );
    Ok(known.fetch_optional(db).await?.unwrap_or_default())
}

/// Its certificate as it told it last, and whether that was a moment ago; locked until the end of the transaction.
///
/// # Errors
/// As the database.
pub async fn certificate(db: &mut Db, id: MachineId) -> sqlx::Result<(Option<Certificate>, bool)> {
    let row = sqlx::query!(
        r#"select certificate as "certificate: Json<Certificate>",
                  coalesce(certificate_at > koza_now() - interval '1 second', false) as "is_fresh!"
             from machine where id = $1 for update"#,
        id.0
    )
    .fetch_one(db)
    .await?;
    Ok((row.certificate.map(|certificate| certificate.0), row.is_fresh))
}

/// Writes down what it tells of its certificate.
///
/// # Errors
/// As the database.
pub async fn set_certificate(db: &mut Db, id: MachineId, certificate: &Certificate) -> sqlx::Result<()> {
    sqlx::query!("update machine set certificate = $2, certificate_at = koza_now() where id = $1", id.0, Json(certificate) as _)
        .execute(db)
        .await?;
    Ok(())
}

/// Writes a step down; true if that changed anything. A step that is done does not become "started" by a late report, and a boot that was
/// complete stays so: what failed of an order later is told as that.
///
/// # Errors
/// As the database.
pub async fn step(db: &mut Db, id: MachineId, boot: &str, step: &str, state: StepState, ms: u32, log: &[String]) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into boot_step (machine, boot, step, course, place, state, ms, log)
         select id, $2, $3, course,
                1 + (select count(*) from boot_step where machine = $1 and boot = $2)::integer,
                $4, $5, $6
           from machine where id = $1
         on conflict (machine, boot, step) do update
            set state = excluded.state, ms = excluded.ms, log = excluded.log, at = koza_now()
          where boot_step.state <> excluded.state and (excluded.state <> 'started' or boot_step.state = 'failed')
            and not (boot_step.step = 'ready' and boot_step.state = 'done')",
        id.0,
        boot,
        step,
        state as _,
        i32::try_from(ms).unwrap_or(i32::MAX),
        Json(log) as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// How many steps of its boots a machine told within an hour.
///
/// # Errors
/// As the database.
pub async fn steps_within_an_hour(db: &mut Db, id: MachineId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from boot_step where machine = $1 and at > koza_now() - interval '1 hour'"#, id.0)
        .fetch_one(db)
        .await
}

/// The steps of a machine's present boot, in order.
///
/// # Errors
/// As the database.
pub async fn steps(db: &mut Db, id: MachineId) -> sqlx::Result<Vec<Step>> {
    let rows = sqlx::query!(
        r#"select step, state as "state: StepState", ms, log as "log: Json<Vec<String>>", boot_step.at
             from boot_step join machine on machine.id = boot_step.machine and machine.boot = boot_step.boot
            where machine.id = $1
            order by place"#,
        id.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Step { step: row.step, state: row.state, ms: u32::try_from(row.ms).unwrap_or(0), log: row.log.0, at: row.at })
        .collect())
}

/// The present boot, as the plan takes it.
///
/// # Errors
/// As the database.
pub async fn boot_seen(db: &mut Db, id: MachineId) -> sqlx::Result<Option<BootSeen>> {
    let boot = sqlx::query_scalar!("select boot from machine where id = $1", id.0).fetch_one(&mut *db).await?;
    match boot {
        Some(boot) => Ok(Some(super::world::boot_of(boot, &steps(db, id).await?))),
        None => Ok(None),
    }
}

/// It fetched settings that say it is asked by these, and where what it shares is.
///
/// # Errors
/// As the database.
pub async fn told(db: &mut Db, id: MachineId, host_names: &[String], first_at: Option<&str>) -> sqlx::Result<()> {
    sqlx::query!("update machine set host_names = $2, first_at = $3, settings_at = koza_now() where id = $1", id.0, host_names, first_at)
        .execute(db)
        .await?;
    Ok(())
}

/// An order, as handed to the machine.
#[derive(Debug, Clone, Serialize)]
pub struct Order {
    /// From 1.
    pub number: i64,
    /// `restart`, `configure`, `reset`, `back_up`, `rehearse`.
    pub kind: String,
    /// `{"service": …}`, `{"backup": …}`
    pub args: serde_json::Value,
}

/// Gives a machine an order, unless the same one is still open.
///
/// # Errors
/// As the database.
pub async fn order(db: &mut Db, id: MachineId, kind: &str, args: &serde_json::Value) -> sqlx::Result<()> {
    sqlx::query!(
        "with numbered as (
             update machine set last_order = last_order + 1
              where id = $1
                and not exists (select from machine_order
                                 where machine = $1 and kind = $2 and args = $3 and state is null)
             returning id, last_order, course
         )
         insert into machine_order (machine, number, course, kind, args)
         select id, last_order, course, $2, $3 from numbered",
        id.0,
        kind,
        args,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("select pg_notify('koza_order', $1)", id.0.to_string()).execute(db).await?;
    Ok(())
}

/// Orders after a number that are not carried out.
///
/// # Errors
/// As the database.
pub async fn orders_after(db: &mut Db, id: MachineId, after: i64) -> sqlx::Result<Vec<Order>> {
    sqlx::query_as!(
        Order,
        "select number, kind, args from machine_order where machine = $1 and number > $2 and state is null order by number",
        id.0,
        after
    )
    .fetch_all(db)
    .await
}

/// An order was carried out; which one that was. A second report of the same is ignored.
///
/// # Errors
/// As the database.
pub async fn order_finished(db: &mut Db, id: MachineId, number: i64, state: &str, detail: &str) -> sqlx::Result<Option<Order>> {
    sqlx::query_as!(
        Order,
        "update machine_order set state = $3, detail = $4, finished_at = koza_now()
          where machine = $1 and number = $2 and state is null
        returning number, kind, args",
        id.0,
        number,
        state,
        detail,
    )
    .fetch_optional(db)
    .await
}
