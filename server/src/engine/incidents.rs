//! What broke after Ready is noted, and noted again when it is proven to work.

use app::domain::incident::Fault;
use tracing::{info, warn};

use super::Engine;
use crate::db::events::{self, Actor, Event};
use crate::db::incidents;
use crate::db::queue::{Claim, Lost, fence};
use crate::db::world::Known;
use crate::wish::{Wish, drift};

/// Opens an incident for every new fault and closes those that are mended.
///
/// # Errors
/// [`Lost`].
pub async fn note(engine: &Engine, claim: Claim, wish: &Wish, known: &Known) -> Result<(), Lost> {
    let world = &known.world;
    let faults = drift::faults(wish, world, known.now);
    let broke: Vec<Fault> = faults.iter().copied().filter(|fault| !world.incidents.contains_key(fault)).collect();
    let moot: Vec<Fault> = world.incidents.keys().copied().filter(|fault| drift::is_moot(wish, world, *fault)).collect();
    let is_over = |fault: &Fault, at| !moot.contains(fault) && !faults.contains(fault) && drift::is_mended(wish, world, *fault, at);
    let mended: Vec<Fault> = world.incidents.iter().filter(|(fault, at)| is_over(fault, **at)).map(|(fault, _)| *fault).collect();
    if broke.is_empty() && mended.is_empty() && moot.is_empty() {
        return Ok(());
    }
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    for fault in broke {
        if incidents::open(&mut tx, known.id, fault).await? {
            warn!(environment.id = %known.id, fault = fault.code(), "broke");
            events::record(&mut tx, known.id, &Actor::Koza, &Event::Broke { fault }).await?;
        }
    }
    for fault in moot {
        incidents::drop_one(&mut tx, known.id, fault).await?;
    }
    for fault in mended {
        if let Some(after) = incidents::close(&mut tx, known.id, fault).await? {
            info!(environment.id = %known.id, fault = fault.code(), seconds = after, "works again");
            events::record(&mut tx, known.id, &Actor::Koza, &Event::Mended { fault, after }).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}
