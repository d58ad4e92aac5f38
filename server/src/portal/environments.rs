//! The port `Environments`: looking at them, and changing what is wished for.

use std::sync::Arc;
use std::time::Duration;

use app::domain::environment::{Act, EnvironmentCard, EnvironmentView, Passwords, SecretKind};
use app::domain::ids::{BackupId, BlueprintVersionId, CloudId, CourseId, EnvironmentId};
use app::domain::name::{EnvironmentName, NamePattern};
use app::domain::person::Caller;
use app::domain::phase::{Goal, Phase};
use app::domain::reason::Attention;
use app::error::{AppError, Field, Why};
use app::ports::Environments;
use async_trait::async_trait;
use cloud::{Kind, Size};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{images, scaling, unexpected, unpaid, view};
use crate::auth::access::{Action, Standing};
use crate::auth::door::BrowserDoor;
use crate::db::audit::{self, By, Of};
use crate::db::courses::VersionRow;
use crate::db::environments::{self, Request};
use crate::db::events::{self, Actor, Event};
use crate::db::{Db, budgets, courses, machines, world};
use crate::engine::Engine;
use crate::machine::secrets;
use crate::spend;
use crate::wish::SavedImage;

/// How long somebody waits for what a page would like to say of names.
const NAME_PATIENCE: Duration = Duration::from_secs(2);

/// What the first machine of a new environment is made of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// The blueprint's image, and nothing more.
    Blueprint,
    /// The same, with a backup restored into it.
    Backup(BackupId),
    /// An image that somebody saved.
    Image(SavedImage),
}

impl Source {
    /// What the audit says of a request.
    fn requested(self, version: BlueprintVersionId) -> audit::Act {
        let (restores, image_of) = match self {
            Self::Blueprint => (None, None),
            Self::Backup(id) => (Some(id), None),
            Self::Image(image) => (None, Some(EnvironmentId(image.environment))),
        };
        audit::Act::Requested { version, restores, image_of }
    }
}

/// See [`Environments`].
#[derive(Clone)]
pub struct EnvironmentsPort {
    /// Database, clouds, vault.
    pub engine: Engine,
    /// The browser that asks: secrets want a fresh sign-in.
    pub door: Option<Arc<BrowserDoor>>,
}

impl EnvironmentsPort {
    /// The first line of each use case: may the caller do this?
    pub(super) async fn may(
        &self,
        db: &mut Db,
        caller: &Caller,
        id: EnvironmentId,
        action: Action,
    ) -> Result<environments::Standing, AppError> {
        let standing = environments::standing(db, id, caller.person).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        Standing::of(standing.is_holder, standing.role, caller.is_operator).may(action)?;
        Ok(standing)
    }

    /// The same for what is asked of a course: which it is, its title, and how the caller stands to it.
    pub(super) async fn may_in_course(
        &self,
        db: &mut Db,
        caller: &Caller,
        code: &str,
        action: Action,
    ) -> Result<(CourseId, String, Standing), AppError> {
        let (course, title, role) = courses::by_code(db, code, caller.person).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        let standing = Standing::of(false, role, caller.is_operator);
        standing.may(action)?;
        Ok((course, title, standing))
    }

    /// Cards of the caller's environments, of one course or of all.
    pub(super) async fn cards(&self, caller: &Caller, course: Option<CourseId>) -> Result<Vec<EnvironmentCard>, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let mut cards = Vec::new();
        for (id, course) in environments::held_by(&mut db, caller.person, course).await.map_err(unexpected)? {
            let known = world::load(&mut db, id).await.map_err(unexpected)?;
            cards.push(view::card(&known, course));
        }
        Ok(cards)
    }

    /// Whether a cloud has names, if that can be said at once: one that was never asked has to be opened first.
    pub(super) async fn has_names(&self, cloud: CloudId) -> bool {
        let handle = tokio::time::timeout(NAME_PATIENCE, self.engine.clouds.get(&self.engine.pool, cloud)).await;
        matches!(handle, Ok(Ok(handle)) if handle.cloud.nature().has(Kind::Record))
    }

    /// Whether the domain has something at a name already that is none of ours, or none that a course has asked for: if that can be said at
    /// once. Otherwise whoever makes the record finds out.
    async fn is_taken_in_domain(&self, offer: &VersionRow, name: &EnvironmentName) -> bool {
        let ask = async {
            let handle = self.engine.clouds.get(&self.engine.pool, offer.cloud).await.ok()?;
            handle.cloud.is_name_taken(&format!("{name}.{}", offer.domain)).await.ok()
        };
        tokio::time::timeout(NAME_PATIENCE, ask).await.ok().flatten().unwrap_or(false)
    }

    /// Takes a request down for a version that the caller may ask for.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if the saved image that its machine is to be made of goes.
    pub(super) async fn request_of(
        &self,
        caller: &Caller,
        offer: VersionRow,
        name: &str,
        public_key: &str,
        source: Source,
        size: Option<Size>,
    ) -> Result<EnvironmentId, AppError> {
        let wrong = |why| AppError::Invalid { field: Field::Name, why };
        let pattern = NamePattern::parse(&offer.name_pattern).map_err(|problem| wrong(Why::Name(problem)))?;
        let name = pattern.name(name).map_err(|problem| wrong(Why::Name(problem)))?;
        if self.is_taken_in_domain(&offer, &name).await {
            return Err(wrong(Why::Taken));
        }
        let own_key = match public_key.trim() {
            "" => None,
            typed => {
                Some(secrets::own_public_key(typed).map_err(|_| AppError::Invalid { field: Field::PublicKey, why: Why::NotAPublicKey })?)
            }
        };
        let (private, public) = match own_key {
            Some(public) => (None, public),
            None => secrets::key_pair(name.as_str()).map(|(private, public)| (Some(private), public)).map_err(unexpected)?,
        };

        let size = size.filter(|size| *size != offer.spec.size);
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        budgets::lock(&mut tx, offer.course).await.map_err(unexpected)?;
        let request = Request {
            holder: caller.person,
            version: offer.id,
            course: offer.course,
            cloud: offer.cloud,
            name: name.as_str(),
            domain: &offer.domain,
            options: match source {
                Source::Blueprint => json!({"public_key": public, "own_key": private.is_none(), "size": size}),
                Source::Backup(id) => json!({"public_key": public, "own_key": private.is_none(), "size": size, "restores": id.0}),
                Source::Image(image) => json!({"public_key": public, "own_key": private.is_none(), "size": size, "made_of": image}),
            },
        };
        let Some(id) = environments::request(&mut tx, &request).await.map_err(unexpected)? else {
            return Err(wrong(Why::Taken));
        };
        if let Source::Image(image) = source {
            // Who does not want it any more waits for this lock, and then for what is made of it; or was first.
            let of = EnvironmentId(image.environment);
            environments::lock(&mut tx, of).await.map_err(unexpected)?;
            if !images::is_whole(&world::load(&mut tx, of).await.map_err(unexpected)?, image.slot) {
                return Err(AppError::NotFound);
            }
        }
        spend::set_aside(&mut tx, offer.course, id, true).await.map_err(unpaid)?;
        let vault = &self.engine.vault;
        for kind in [SecretKind::WordpressAdmin, SecretKind::BasicAuth, SecretKind::Ftp, SecretKind::FtpProbe] {
            secrets::keep(&mut tx, vault, id, kind, &secrets::password()).await.map_err(unexpected)?;
        }
        if let Some(private) = private {
            secrets::keep(&mut tx, vault, id, SecretKind::SshPrivateKey, &private).await.map_err(unexpected)?;
        }
        // An image that nobody has wished for yet is wished for by the first who needs it.
        environments::wish_for_image(&mut tx, offer.id, offer.cloud).await.map_err(unexpected)?;
        let asked = Event::Asked { goal: Goal::Running };
        events::record(&mut tx, id, &Actor::Person(caller.person), &asked).await.map_err(unexpected)?;
        let requested = source.requested(offer.id);
        audit::note(&mut tx, By::Person(caller.person), Of::environment(id), &requested).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)?;
        Ok(id)
    }

    async fn wish(&self, caller: &Caller, id: EnvironmentId, goal: Goal, action: Action) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let standing = self.may(&mut tx, caller, id, action).await?;
        if standing.goal == goal {
            return Ok(());
        }
        budgets::lock(&mut tx, standing.course).await.map_err(unexpected)?;
        if !environments::set_goal(&mut tx, id, goal).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        if goal == Goal::Running {
            spend::set_aside(&mut tx, standing.course, id, true).await.map_err(unpaid)?;
        } else {
            // What was set aside for running is free again at the next look.
            budgets::reckoned(&mut tx, standing.course, false).await.map_err(unexpected)?;
        }
        events::record(&mut tx, id, &Actor::Person(caller.person), &Event::Asked { goal }).await.map_err(unexpected)?;
        audit::note(&mut tx, By::Person(caller.person), Of::environment(id), &audit::Act::Asked { goal }).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    /// The private key that Koza made: whoever gets it is the only one.
    ///
    /// # Errors
    /// [`AppError::NotFound`] once it was fetched or a day has passed.
    pub async fn take_private_key(&self, caller: &Caller, id: EnvironmentId) -> Result<(String, SecretString), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let standing = self.may(&mut tx, caller, id, Action::UseSecrets).await?;
        let key = match secrets::take(&mut tx, &self.engine.vault, id, SecretKind::SshPrivateKey).await {
            Ok(key) => key,
            Err(secrets::SecretError::Missing(_)) => return Err(AppError::NotFound),
            Err(error) => return Err(unexpected(error)),
        };
        events::tell_live_pages(&mut tx, id).await.map_err(unexpected)?;
        audit::note(&mut tx, By::Person(caller.person), Of::environment(id), &audit::Act::KeyDownloaded).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)?;
        Ok((standing.name, key))
    }
}

#[async_trait]
impl Environments for EnvironmentsPort {
    async fn mine(&self, caller: &Caller) -> Result<Vec<EnvironmentCard>, AppError> {
        self.cards(caller, None).await
    }

    async fn view(&self, caller: &Caller, id: EnvironmentId) -> Result<EnvironmentView, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let standing = self.may(&mut db, caller, id, Action::See).await?;
        let standing = Standing::of(standing.is_holder, standing.role, caller.is_operator);
        view::load(&mut db, id, standing).await.map_err(unexpected)
    }

    async fn request(
        &self,
        caller: &Caller,
        version: BlueprintVersionId,
        name: &str,
        public_key: &str,
        size: u16,
    ) -> Result<EnvironmentId, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let mut offer = None;
        for course in courses::of_member(&mut db, caller.person).await.map_err(unexpected)? {
            let offers = courses::offers(&mut db, course.id).await.map_err(unexpected)?;
            offer = offer.or(offers.into_iter().find(|offer| offer.id == version));
        }
        let offer = offer.ok_or(AppError::NotFound)?;
        drop(db);
        let size = offer.spec.sizes().nth(usize::from(size)).ok_or(AppError::NotFound)?;
        self.request_of(caller, offer, name, public_key, Source::Blueprint, Some(size)).await
    }

    async fn start(&self, caller: &Caller, id: EnvironmentId) -> Result<(), AppError> {
        self.wish(caller, id, Goal::Running, Action::Steer).await
    }

    async fn stop(&self, caller: &Caller, id: EnvironmentId) -> Result<(), AppError> {
        self.wish(caller, id, Goal::Stopped, Action::Steer).await
    }

    async fn try_again(&self, caller: &Caller, id: EnvironmentId) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        self.may(&mut tx, caller, id, Action::Steer).await?;
        // The environment's row before the machine's, as a worker locks them.
        environments::lock(&mut tx, id).await.map_err(unexpected)?;
        let known = world::load(&mut tx, id).await.map_err(unexpected)?;
        // Before the first Ready nothing on the disk is anybody's work: a fresh machine is the surest second try. A machine that
        // vanished is rebuilt because its student asked for it here. Later the machine is asked to set itself up again.
        let is_stuck = matches!(known.attention, Some(Attention::BootStepFailed { .. } | Attention::MachineSilent));
        let rebuild = matches!(known.attention, Some(Attention::MachineVanished)) || (is_stuck && !known.world.was_ready);
        for machine in known.machines.values().filter(|_| !rebuild) {
            machines::order(&mut tx, *machine, "configure", &json!({})).await.map_err(unexpected)?;
        }
        environments::try_again(&mut tx, id, rebuild).await.map_err(unexpected)?;
        if matches!(known.attention, Some(Attention::BackupFailed { .. })) {
            scaling::back_up_again(&mut tx, &known).await.map_err(unexpected)?;
        }
        events::record(&mut tx, id, &Actor::Person(caller.person), &Event::TriedAgain).await.map_err(unexpected)?;
        audit::note(&mut tx, By::Person(caller.person), Of::environment(id), &audit::Act::TriedAgain).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn delete(&self, caller: &Caller, id: EnvironmentId, name: &str) -> Result<(), AppError> {
        let standing = {
            let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
            self.may(&mut db, caller, id, Action::Delete).await?
        };
        if name.trim() != standing.name {
            return Err(AppError::Invalid { field: Field::Confirmation, why: Why::NotTheName });
        }
        self.wish(caller, id, Goal::Gone, Action::Delete).await
    }

    async fn passwords(&self, caller: &Caller, id: EnvironmentId) -> Result<Passwords, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        self.may(&mut db, caller, id, Action::UseSecrets).await?;
        let is_fresh = match &self.door {
            Some(door) => door.is_fresh().await?,
            None => false,
        };
        if !is_fresh {
            return Err(AppError::SignInAgain);
        }
        let mut passwords = Vec::new();
        for kind in [SecretKind::WordpressAdmin, SecretKind::BasicAuth, SecretKind::Ftp] {
            match secrets::open(&mut db, &self.engine.vault, id, kind).await {
                Ok(secret) => passwords.push(secret.expose_secret().to_owned()),
                Err(secrets::SecretError::Missing(_)) => return Err(AppError::NotFound),
                Err(error) => return Err(unexpected(error)),
            }
        }
        audit::note(&mut db, By::Person(caller.person), Of::environment(id), &audit::Act::PasswordsShown).await.map_err(unexpected)?;
        let mut passwords = passwords.into_iter();
        let mut next = || passwords.next().unwrap_or_default();
        Ok(Passwords { wordpress: next(), protected: next(), ftp: next() })
    }
}

/// What may be asked of an environment in a phase.
#[must_use]
pub fn acts(phase: Phase, attention: Option<&Attention>, standing: Standing, scale: Option<Act>) -> Vec<Act> {
    let mut acts = Vec::new();
    let may = |action| standing.may(action).is_ok();
    if may(Action::Steer) {
        if attention.is_some_and(|reason| !matches!(reason, Attention::CloudSilent)) && !matches!(phase, Phase::Removed) {
            acts.push(Act::TryAgain);
        }
        match phase {
            Phase::Stopped | Phase::Stopping => acts.push(Act::Start),
            Phase::Waiting | Phase::Building | Phase::Checking | Phase::Ready => acts.push(Act::Stop),
            Phase::Removing | Phase::Removed => {}
        }
        acts.extend(scale);
        if !matches!(phase, Phase::Waiting | Phase::Building) {
            acts.push(Act::Backups);
        }
    }
    if may(Action::Delete) && !matches!(phase, Phase::Removing | Phase::Removed) {
        acts.push(Act::Delete);
    }
    acts
}
