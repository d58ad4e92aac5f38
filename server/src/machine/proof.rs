//! Proving a service from outside: who is asked depends on the cloud. A real machine is probed by its public address; where machines
//! are not real, a model of their inside answers.

use std::sync::Arc;

use app::domain::environment::SecretKind;
use app::domain::reason::Probe;
use app::domain::saw::Saw;
use cloud::{Inside, Kind};
use tracing::warn;
use uuid::Uuid;

use super::certificate::Certificate;
use super::secrets::{self, SecretError};
use super::settings::{PROBE_USER, PROTECTED_USER};
use crate::db::world::Known;
use crate::db::{courses, machines};
use crate::engine::Engine;
use crate::engine::clouds::Handle;
use crate::engine::turn::within_deadline;
use crate::probe::{self, CLOSED_PORTS, Served, Target};

/// Runs one probe.
///
/// # Errors
/// As the database.
pub async fn prove(engine: &Engine, handle: &Handle, known: &Known, probe: Probe) -> sqlx::Result<Result<(), Saw>> {
    let knows = |inside: &&Arc<dyn Inside>| probe != Probe::Name || inside.knows_names();
    if let Some(inside) = handle.inside.as_ref().filter(knows) {
        let machine = known.world.first(Kind::Machine).and_then(|holding| holding.cloud_id.clone()).unwrap_or_default();
        return Ok(inside.ask(&machine, probe.code()).map_err(|said| Saw::Simulated { said }));
    }
    match target(engine, handle, known, probe).await {
        Ok(Some(target)) => Ok(probe::run(probe, &target).await.outcome),
        Ok(None) => Ok(Err(Saw::NoAddress)),
        Err(SecretError::Db(error)) => Err(error),
        Err(error) => {
            warn!(environment.id = %known.id, %error, "a secret that probes need does not open");
            Ok(Err(Saw::NoAddress))
        }
    }
}

async fn target(engine: &Engine, handle: &Handle, known: &Known, probe: Probe) -> Result<Option<Target>, SecretError> {
    let Some(address) = known.address().and_then(|address| address.parse().ok()) else { return Ok(None) };
    // Only one asks them, and in some clouds that takes a call.
    let name_servers = match probe {
        Probe::Name => within_deadline(handle.cloud.name_servers()).await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let mut db = engine.pool.acquire().await?;
    let host_keys = match known.machine {
        Some(machine) => machines::find(&mut db, machine).await?.map(|machine| machine.host_keys).unwrap_or_default(),
        None => Vec::new(),
    };
    let basic = secrets::open(&mut db, &engine.vault, known.id, SecretKind::BasicAuth).await?;
    let ftp = secrets::open(&mut db, &engine.vault, known.id, SecretKind::FtpProbe).await?;
    let issuing_root = courses::authority(&mut db, known.cloud).await?.and_then(|authority| authority.issuing_root);
    let served = |certificate: &Certificate| {
        let (fingerprint, not_before, not_after) = (certificate.fingerprint.clone()?, certificate.not_before?, certificate.not_after?);
        Some(Served { fingerprint, not_before, not_after, issuing_root })
    };
    Ok(Some(Target {
        name: known.dns_name.clone(),
        name_servers,
        certificate: known.world.certificate.as_ref().and_then(served),
        address,
        host_keys,
        has_wordpress: known.spec.has("wordpress"),
        basic_auth: (PROTECTED_USER.to_owned(), basic),
        ftp_probe: (PROBE_USER.to_owned(), ftp),
        site_title: known.name.clone(),
        nonce: Uuid::now_v7().simple().to_string(),
        closed_ports: CLOSED_PORTS.to_vec(),
        now: known.now,
        ports: probe::Ports::default(),
        limits: probe::Limits::default(),
    }))
}
