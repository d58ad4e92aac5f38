//! Images: from one that is baked a blueprint's environments start; one that somebody saved is forgotten when it cannot be what was saved.

use tracing::info;

use super::Engine;
use super::act::Outcome;
use crate::db::events::{self, Actor, Event};
use crate::db::queue::{Claim, Lost, fence};
use crate::db::world::Known;
use crate::db::{Db, courses, images};
use crate::wish::image_number;

/// It is not wanted any more: it is missing, or can never be made.
///
/// # Errors
/// As the database.
pub(super) async fn forget(db: &mut Db, known: &Known, slot: u16) -> sqlx::Result<()> {
    images::forget(db, known.id, slot).await?;
    events::record(db, known.id, &Actor::Koza, &Event::ImageForgotten { number: image_number(slot) }).await
}

/// The disk is gone of which they were to be made.
///
/// # Errors
/// As the database.
pub(super) async fn forget_unmade(db: &mut Db, known: &Known) -> sqlx::Result<()> {
    for slot in known.options.saved.iter().filter(|slot| !known.world.holds_whole_image(**slot)) {
        forget(db, known, *slot).await?;
    }
    Ok(())
}

/// Environments of the version start from this image from now on.
///
/// # Errors
/// [`Lost`].
pub(super) async fn adopt(engine: &Engine, claim: Claim, known: &Known, image: &str) -> Result<Outcome, Lost> {
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    courses::image_baked(&mut tx, known.version, known.cloud, &known.spec.recipe(), image).await?;
    tx.commit().await?;
    info!(environment.id = %known.id, image, "environments start from this image");
    Ok(Outcome::Done)
}
