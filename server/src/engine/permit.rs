//! Leave for a machine to ask for a certificate, or for a balancer that is one.

use cloud::Kind;
use time::Duration;
use tracing::{info, warn};

use super::Engine;
use super::act::Outcome;
use crate::db::permits::Holder;
use crate::db::queue::{Claim, Lost, fence};
use crate::db::world::Known;
use crate::db::{courses, machines, permits};

/// When an authority that gives no turn at all is asked about again.
const LATER: Outcome = Outcome::Waits { again_in: Duration::HOUR };

/// Gives it, if it was not given, and lets who asks know once it holds.
///
/// # Errors
/// [`Lost`].
pub(super) async fn permit(engine: &Engine, claim: Claim, known: &Known, of: Kind) -> Result<Outcome, Lost> {
    let balancer = || known.rows.iter().find(|row| row.kind == Kind::Balancer).map(|row| Holder::Balancer(row.id));
    let holder = if of == Kind::Balancer { balancer() } else { known.machine.map(Holder::Machine) };
    let Some(holder) = holder else { return Ok(Outcome::Done) };
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    let Some(authority) = courses::authority(&mut tx, known.cloud).await? else { return Ok(LATER) };
    if !permits::is_given(&mut tx, holder, &authority).await? {
        match permits::give(&mut tx, holder, known.cloud, &authority, &known.dns_name).await? {
            Some(at) => info!(environment.id = %known.id, %at, "its {} may ask for a certificate", of.code()),
            None => {
                warn!(environment.id = %known.id, authority.directory, "it gives no certificates");
                return Ok(LATER);
            }
        }
    }
    if let Err(error) = authority.account() {
        warn!(environment.id = %known.id, %error, "the key of the external account cannot be read");
        tx.commit().await?;
        return Ok(LATER);
    }
    match holder {
        // A machine that boots hears of it with its settings.
        Holder::Machine(machine) => {
            if known.world.is_booted() && permits::tell(&mut tx, holder, &authority).await? {
                machines::order(&mut tx, machine, "configure", &serde_json::json!({})).await?;
            }
        }
        // Its listener is made to fit what it may do.
        Holder::Balancer(_) => {
            permits::tell(&mut tx, holder, &authority).await?;
        }
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}
