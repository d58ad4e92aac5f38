//! Permits: leave for a machine to ask an authority for one certificate, from a moment on.

use app::domain::ids::{CloudId, MachineId, ResourceId};
use serde::Deserialize;
use time::OffsetDateTime;

use super::Db;
use crate::certificates::{Authority, Limit, turn};
use crate::domains::registrable;

/// A machine's permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Permit {
    /// From when on it holds.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// When the machine heard of it, or was ordered to look.
    #[serde(with = "time::serde::rfc3339::option")]
    pub told_at: Option<OffsetDateTime>,
}

/// Whether a machine has one for an authority, locked until the end of the transaction.
///
/// # Errors
/// As the database.
pub async fn is_given(db: &mut Db, machine: MachineId, authority: &Authority) -> sqlx::Result<bool> {
    let given = sqlx::query!("select at from permit where machine = $1 and authority = $2 for update", machine.0, authority.directory);
    Ok(given.fetch_optional(db).await?.is_some())
}

/// What limits one more permit for a name of a registrable domain: each limit that there is, and when the permits that count hold from.
///
/// # Errors
/// As the database.
pub async fn limits(db: &mut Db, authority: &Authority, domain: &str, cloud: CloudId) -> sqlx::Result<Vec<(Limit, Vec<OffsetDateTime>)>> {
    let mut limits = Vec::new();
    if let Some(limit) = authority.of_domain() {
        let given = sqlx::query_scalar!(
            "select at from permit where authority = $1 and domain = $2 and at > koza_now() - make_interval(secs => $3)",
            authority.directory,
            domain,
            limit.within.as_seconds_f64()
        );
        limits.push((limit, given.fetch_all(&mut *db).await?));
    }
    if let Some(limit) = authority.of_address() {
        let given = sqlx::query_scalar!(
            "select at from permit where authority = $1 and cloud = $2 and at > koza_now() - make_interval(secs => $3)",
            authority.directory,
            cloud.0,
            limit.within.as_seconds_f64()
        );
        limits.push((limit, given.fetch_all(db).await?));
    }
    Ok(limits)
}

/// Gives a machine its turn to ask an authority for a certificate for a name: the first moment that keeps every limit of the authority,
/// behind those who asked before. Others who ask the same authority wait until the end of the transaction. `None`: it gives no certificates.
///
/// # Errors
/// As the database.
pub async fn give(
    db: &mut Db,
    machine: MachineId,
    cloud: CloudId,
    authority: &Authority,
    name: &str,
) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('permit ' || $1, 0))", authority.directory).execute(&mut *db).await?;
    let (domain, now) = (registrable(name), super::now(db).await?);
    let mut at = now;
    for (limit, given) in limits(db, authority, domain, cloud).await? {
        let Some(turn) = turn(limit, &given, now) else { return Ok(None) };
        at = at.max(turn);
    }
    sqlx::query!(
        "insert into permit (machine, course, cloud, authority, domain, at)
         select id, course, $2, $3, $4, $5 from machine where id = $1
         on conflict (machine, authority) do nothing",
        machine.0,
        cloud.0,
        authority.directory,
        domain,
        at
    )
    .execute(db)
    .await?;
    Ok(Some(at))
}

/// Whether it holds. If so, the machine hears of it now, or is ordered to look.
///
/// # Errors
/// As the database.
pub async fn tell(db: &mut Db, machine: MachineId, authority: &Authority) -> sqlx::Result<bool> {
    let told = sqlx::query!(
        "update permit set told_at = coalesce(told_at, koza_now()) where machine = $1 and authority = $2 and at <= koza_now()",
        machine.0,
        authority.directory
    );
    Ok(told.execute(db).await?.rows_affected() > 0)
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

/// Takes back what a machine had no use for: it is off or gone, and others are waiting. What may have been used counts on.
///
/// # Errors
/// As the database.
pub async fn take_back(db: &mut Db, machine: ResourceId) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from permit using machine
          where machine.resource = $1 and permit.machine = machine.id and permit.told_at is null",
        machine.0
    )
    .execute(db)
    .await?;
    Ok(())
}
