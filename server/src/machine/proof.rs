//! Proving a service from outside: who is asked depends on the cloud. A real machine is probed by its public address; where machines
//! are not real, a model of their inside answers.

use app::domain::environment::SecretKind;
use app::domain::reason::Probe;
use app::domain::saw::Saw;
use cloud::Kind;
use tracing::warn;
use uuid::Uuid;

use super::secrets::{self, SecretError};
use super::settings::{PROBE_USER, PROTECTED_USER};
use crate::db::machines;
use crate::db::world::Known;
use crate::engine::Engine;
use crate::engine::clouds::Handle;
use crate::probe::{self, CLOSED_PORTS, Target};

/// Runs one probe.
///
/// # Errors
/// As the database.
pub async fn prove(engine: &Engine, handle: &Handle, known: &Known, probe: Probe) -> sqlx::Result<Result<(), Saw>> {
    if let Some(inside) = &handle.inside {
        let machine = known.world.first(Kind::Machine).and_then(|holding| holding.cloud_id.clone()).unwrap_or_default();
        return Ok(inside.ask(&machine, probe.code()).map_err(|said| Saw::Simulated { said }));
    }
    match target(engine, known).await {
        Ok(Some(target)) => Ok(probe::run(probe, &target).await.outcome),
        Ok(None) => Ok(Err(Saw::NoAddress)),
        Err(SecretError::Db(error)) => Err(error),
        Err(error) => {
            warn!(environment.id = %known.id, %error, "a secret that probes need does not open");
            Ok(Err(Saw::NoAddress))
        }
    }
}

async fn target(engine: &Engine, known: &Known) -> Result<Option<Target>, SecretError> {
    let Some(address) = known.address().and_then(|address| address.parse().ok()) else { return Ok(None) };
    let mut db = engine.pool.acquire().await?;
    let host_keys = match known.machine {
        Some(machine) => machines::find(&mut db, machine).await?.map(|machine| machine.host_keys).unwrap_or_default(),
        None => Vec::new(),
    };
    let basic = secrets::open(&mut db, &engine.vault, known.id, SecretKind::BasicAuth).await?;
    let ftp = secrets::open(&mut db, &engine.vault, known.id, SecretKind::FtpProbe).await?;
    Ok(Some(Target {
        address,
        host_keys,
        basic_auth: (PROTECTED_USER.to_owned(), basic),
        ftp_probe: (PROBE_USER.to_owned(), ftp),
        site_title: known.name.clone(),
        nonce: Uuid::now_v7().simple().to_string(),
        closed_ports: CLOSED_PORTS.to_vec(),
        ports: probe::Ports::default(),
        limits: probe::Limits::default(),
    }))
}
