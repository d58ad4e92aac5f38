//! The port `Images`: what was saved of an environment's disk, and what can be made of it.

use app::domain::ids::EnvironmentId;
use app::domain::image::{ImageCard, ImageState, ImagesView, NoImage};
use app::domain::person::Caller;
use app::domain::phase::{Goal, Phase};
use app::error::AppError;
use app::ports::Images;
use async_trait::async_trait;
use cloud::Kind;

use super::environments::{EnvironmentsPort, Source};
use super::{unexpected, unpaid, view};
use crate::auth::access::{Action, Standing};
use crate::db::audit::{self, Act, By, Of};
use crate::db::events::{self, Actor, Event};
use crate::db::world::{self, Known};
use crate::db::{Db, budgets, courses, environments, images, machines};
use crate::spend;
use crate::wish::{Freeze, SAVED_FROM, SavedImage, image_number, image_slot};

/// So many are kept of one environment.
const MOST: usize = 5;

/// Its saved images: those that are wanted, and those that are not gone yet.
fn cards(known: &Known) -> Vec<ImageCard> {
    let held = known.world.slots(Kind::Image).filter(|slot| *slot >= SAVED_FROM);
    let mut slots: Vec<_> = known.options.saved.iter().copied().chain(held).collect();
    slots.sort_unstable();
    slots.dedup();
    let card = |slot| ImageCard {
        number: image_number(slot),
        state: match (known.options.saved.contains(&slot), known.world.holds_whole_image(slot)) {
            (true, true) => ImageState::Whole,
            (true, false) => ImageState::Coming,
            (false, _) => ImageState::Going,
        },
        made_at: known.world.of(Kind::Image, slot).and_then(|image| image.made_at),
    };
    slots.into_iter().map(card).collect()
}

/// Why no image of it can be saved now.
async fn refused(db: &mut Db, known: &Known, images: &[ImageCard]) -> sqlx::Result<Option<NoImage>> {
    let Some(machine) = known.machine.filter(|_| view::phase_of(known) == Phase::Ready) else { return Ok(Some(NoImage::NotReady)) };
    Ok(if !machines::knows(db, machine).await?.copies {
        Some(NoImage::OldMachine)
    } else if images.iter().any(|image| image.state == ImageState::Coming) {
        Some(NoImage::UnderWay)
    } else {
        (images.len() >= MOST).then_some(NoImage::TooMany)
    })
}

/// Those that are whole, by their numbers.
#[must_use]
pub fn whole(known: &Known) -> Vec<u16> {
    cards(known).into_iter().filter(|image| image.state == ImageState::Whole).map(|image| image.number).collect()
}

/// Whether a machine can be made of it: it is whole, and wanted by an environment that is not going.
#[must_use]
pub(super) fn is_whole(known: &Known, slot: u16) -> bool {
    known.goal != Goal::Gone && whole(known).contains(&image_number(slot))
}

#[async_trait]
impl Images for EnvironmentsPort {
    async fn of(&self, caller: &Caller, environment: EnvironmentId) -> Result<ImagesView, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let standing = self.may(&mut db, caller, environment, Action::See).await?;
        let known = world::load(&mut db, environment).await.map_err(unexpected)?;
        let images = cards(&known);
        Ok(ImagesView {
            name: standing.name,
            rests: known.spec.freeze == Freeze::AtRest,
            refused: refused(&mut db, &known, &images).await.map_err(unexpected)?,
            images,
            may_have: Standing::of(standing.is_holder, standing.role, caller.is_operator).may(Action::UseSecrets).is_ok(),
        })
    }

    async fn save(&self, caller: &Caller, environment: EnvironmentId) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let standing = self.may(&mut tx, caller, environment, Action::Steer).await?;
        budgets::lock(&mut tx, standing.course).await.map_err(unexpected)?;
        environments::lock(&mut tx, environment).await.map_err(unexpected)?;
        let known = world::load(&mut tx, environment).await.map_err(unexpected)?;
        if refused(&mut tx, &known, &cards(&known)).await.map_err(unexpected)?.is_some() {
            return Err(AppError::Conflict);
        }
        let slot = images::next_slot(&mut tx, environment).await.map_err(unexpected)?;
        let number = image_number(slot);
        if !images::save(&mut tx, environment, slot).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        // What it is kept in costs as long as it is kept.
        spend::set_aside(&mut tx, standing.course, environment, true).await.map_err(unpaid)?;
        events::record(&mut tx, environment, &Actor::Person(caller.person), &Event::ImageSaved { number }).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn forget(&self, caller: &Caller, environment: EnvironmentId, number: u16) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        self.may(&mut tx, caller, environment, Action::Delete).await?;
        let slot = image_slot(number).ok_or(AppError::NotFound)?;
        if !images::forget(&mut tx, environment, slot).await.map_err(unexpected)? {
            return Err(AppError::NotFound);
        }
        events::record(&mut tx, environment, &Actor::Person(caller.person), &Event::ImageForgotten { number }).await.map_err(unexpected)?;
        let forgotten = Act::ImageForgotten { number };
        audit::note(&mut tx, By::Person(caller.person), Of::environment(environment), &forgotten).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn start_from(
        &self,
        caller: &Caller,
        environment: EnvironmentId,
        number: u16,
        name: &str,
        public_key: &str,
    ) -> Result<EnvironmentId, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        self.may(&mut db, caller, environment, Action::UseSecrets).await?;
        let slot = image_slot(number).ok_or(AppError::NotFound)?;
        let known = world::load(&mut db, environment).await.map_err(unexpected)?;
        // Who has left the course keeps what is theirs, but gets no new machine there.
        let mine = courses::of_member(&mut db, caller.person).await.map_err(unexpected)?;
        let version = courses::version(&mut db, known.version).await.map_err(unexpected)?;
        let mut offer = version.filter(|version| mine.iter().any(|course| course.id == version.course)).ok_or(AppError::NotAllowed)?;
        drop(db);
        // Where its course builds by now is nothing to it: the image is there, or else the request is refused.
        offer.cloud = known.cloud;
        let source = Source::Image(SavedImage { environment: environment.0, slot });
        // Its disk is as large as the one that it was made of.
        self.request_of(caller, offer, name, public_key, source, known.options.size).await
    }
}
