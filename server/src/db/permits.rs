//! Permits: leave for a machine, or for a balancer that is one, to ask an authority for one certificate, from a moment on.

use app::domain::ids::{CloudId, MachineId, ResourceId};
use serde::Deserialize;
use time::OffsetDateTime;

use super::Db;
use crate::certificates::{Authority, Limit, turn};
use crate::domains::registrable;

/// Whose a permit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A machine's.
    Machine(MachineId),
    /// A balancer's.
    Balancer(ResourceId),
}

/// A permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Permit {
    /// From when on it holds.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// When its holder heard of it, or was ordered to look.
    #[serde(with = "time::serde::rfc3339::option")]
    pub told_at: Option<OffsetDateTime>,
}

/// Whether somebody has one for an authority, locked until the end of the transaction.
///
/// # Errors
/// As the database.
pub async fn is_given(db: &mut Db, holder: Holder, authority: &Authority) -> sqlx::Result<bool> {
    let directory = &authority.directory;
    let given = match holder {
        Holder::Machine(id) => {
            sqlx::query_scalar!("select at from permit where machine = $1 and authority = $2 for update", id.0, directory)
                .fetch_optional(db)
                .await?
        }
        Holder::Balancer(id) => {
            sqlx::query_scalar!("select at from balancer_permit where balancer = $1 and authority = $2 for update", id.0, directory)
                .fetch_optional(db)
                .await?
        }
    };
    Ok(given.is_some())
}

/// What limits one more permit for a name of a registrable domain: each limit that there is, and when the permits that count hold from.
///
/// # Errors
/// As the database.
pub async fn limits(db: &mut Db, authority: &Authority, domain: &str, cloud: CloudId) -> sqlx::Result<Vec<(Limit, Vec<OffsetDateTime>)>> {
    let mut limits = Vec::new();
    if let Some(limit) = authority.of_domain() {
        let given = sqlx::query_scalar!(
            r#"select at as "at!" from (select authority, domain, at from permit union all select authority, domain, at from balancer_permit) given
                where authority = $1 and domain = $2 and at > koza_now() - make_interval(secs => $3)"#,
            authority.directory,
            domain,
            limit.within.as_seconds_f64()
        );
        limits.push((limit, given.fetch_all(&mut *db).await?));
    }
    if let Some(limit) = authority.of_address() {
        let given = sqlx::query_scalar!(
            r#"select at as "at!" from (select authority, cloud, at from permit union all select authority, cloud, at from balancer_permit) given
                where authority = $1 and cloud = $2 and at > koza_now() - make_interval(secs => $3)"#,
            authority.directory,
            cloud.0,
            limit.within.as_seconds_f64()
        );
        limits.push((limit, given.fetch_all(db).await?));
    }
    Ok(limits)
}

/// Gives somebody a turn to ask an authority for a certificate for a name: the first moment that keeps every limit of the authority,
/// behind those who asked before. Others who ask the same authority wait until the end of the transaction. `None`: it gives no certificates.
///
/// # Errors
/// As the database.
pub async fn give(db: &mut Db, holder: Holder, cloud: CloudId, authority: &Authority, name: &str) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('permit ' || $1, 0))", authority.directory).execute(&mut *db).await?;
    let (domain, now) = (registrable(name), super::now(db).await?);
    let mut at = now;
    for (limit, given) in limits(db, authority, domain, cloud).await? {
        let Some(turn) = turn(limit, &given, now) else { return Ok(None) };
        at = at.max(turn);
    }
    match holder {
        Holder::Machine(id) => {
            sqlx::query!(
                "insert into permit (machine, course, cloud, authority, domain, at)
                 select id, course, $2, $3, $4, $5 from machine where id = $1
                 on conflict (machine, authority) do nothing",
                id.0,
                cloud.0,
                authority.directory,
                domain,
                at
            )
            .execute(db)
            .await?
        }
        Holder::Balancer(id) => {
            sqlx::query!(
                "insert into balancer_permit (balancer, course, cloud, authority, domain, at)
                 select id, course, $2, $3, $4, $5 from resource where id = $1
                 on conflict (balancer, authority) do nothing",
                id.0,
                cloud.0,
                authority.directory,
                domain,
                at
            )
            .execute(db)
            .await?
        }
    };
    Ok(Some(at))
}

/// Whether it holds. If so, its holder hears of it now, or is ordered to look.
///
/// # Errors
/// As the database.
pub async fn tell(db: &mut Db, holder: Holder, authority: &Authority) -> sqlx::Result<bool> {
    let directory = &authority.directory;
    let told = match holder {
        Holder::Machine(id) => {
            sqlx::query!(
                "update permit set told_at = coalesce(told_at, koza_now()) where machine = $1 and authority = $2 and at <= koza_now()",
                id.0,
                directory
            )
            .execute(db)
            .await?
        }
        Holder::Balancer(id) => {
            sqlx::query!(
                "update balancer_permit set told_at = coalesce(told_at, koza_now()) where balancer = $1 and authority = $2 and at <= koza_now()",
                id.0,
                directory
            )
            .execute(db)
            .await?
        }
    };
    Ok(told.rows_affected() > 0)
}

/// The machines of a cloud that heard of theirs and are there.
///
/// # Errors
/// As the database.
pub async fn told(db: &mut Db, cloud: CloudId, authority: &Authority) -> sqlx::Result<Vec<MachineId>> {
    let ids = sqlx::query_scalar!(
        "select permit.machine from permit join machine on machine.id = permit.machine join resource on resource.id = machine.resource
          where permit.cloud = $1 and permit.authority = $2 and told_at is not null and gone_at is null",
        cloud.0,
        authority.directory
    );
    Ok(ids.fetch_all(db).await?.into_iter().map(MachineId).collect())
}

/// Takes back what a machine or a balancer had no use for: it is off or gone, and others are waiting. What may have been used counts on.
///
/// # Errors
/// As the database.
pub async fn take_back(db: &mut Db, resource: ResourceId) -> sqlx::Result<()> {
    sqlx::query!(
        "with of_machine as (
             delete from permit using machine where machine.resource = $1 and permit.machine = machine.id and permit.told_at is null
         )
         -- an environment whose first machine is off has no use for its balancer's either
         delete from balancer_permit using resource balancer, resource it
          where it.id = $1 and it.slot = 1 and balancer.environment = it.environment and balancer.kind = 'balancer' and balancer_permit.balancer = balancer.id
            and balancer_permit.told_at is null",
        resource.0
    )
    .execute(db)
    .await?;
    Ok(())
}
