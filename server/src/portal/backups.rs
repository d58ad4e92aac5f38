//! The port `Backups`: what is kept of an environment's machines, and what can be made of it.

use app::domain::backup::{BackupCard, BackupReason, BackupsView, NoBackup};
use app::domain::ids::{BackupId, EnvironmentId};
use app::domain::person::Caller;
use app::domain::phase::Phase;
use app::error::AppError;
use app::ports::Backups;
use async_trait::async_trait;

use super::environments::{EnvironmentsPort, Source};
use super::{unexpected, view};
use crate::auth::access::{Action, Standing};
use crate::backup::{self, BackupError, Manifest};
use crate::db::audit::{self, Act, By, Of};
use crate::db::world::{self, Known};
use crate::db::{Db, backups, courses, environments, machines};

impl EnvironmentsPort {
    /// What is in a backup, for whoever holds its environment, with what that is called.
    ///
    /// # Errors
    /// [`AppError::Damaged`] if it is.
    pub async fn content_of(&self, caller: &Caller, environment: EnvironmentId, id: BackupId) -> Result<(String, Manifest), AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let standing = self.may(&mut db, caller, environment, Action::UseSecrets).await?;
        whole(&mut db, environment, id).await?;
        drop(db);
        let manifest = self.manifest(id).await?;
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let downloaded = Act::BackupDownloaded { backup: id };
        audit::note(&mut db, By::Person(caller.person), Of::environment(environment), &downloaded).await.map_err(unexpected)?;
        Ok((standing.name, manifest))
    }

    /// What is in a backup, if it is as we put it there.
    async fn manifest(&self, id: BackupId) -> Result<Manifest, AppError> {
        backup::manifest(&self.engine, id).await.map_err(|error| match error {
            BackupError::Damaged(said) => {
                tracing::error!(backup.id = %id, said, "a backup is damaged");
                AppError::Damaged
            }
            BackupError::Store(_) => AppError::TryAgain,
            error => unexpected(error),
        })
    }
}

/// Whether the backup is this environment's, and all of it is in the store.
async fn whole(db: &mut Db, environment: EnvironmentId, id: BackupId) -> Result<(), AppError> {
    let state = backups::kept(db, environment, id).await.map_err(unexpected)?;
    state.filter(|state| state.is_whole()).map(drop).ok_or(AppError::NotFound)
}

/// So many that somebody asked for are kept of one environment.
const MOST: usize = 20;

/// Why no backup of an environment's first machine can be taken now.
async fn refused(db: &mut Db, known: &Known, backups: &[BackupCard]) -> sqlx::Result<Option<NoBackup>> {
    let phase = view::phase_of(known);
    if phase == Phase::Removed || phase == Phase::Removing {
        return Ok(Some(NoBackup::Removed));
    }
    let Some(machine) = known.machine.filter(|_| matches!(phase, Phase::Ready | Phase::Checking)) else {
        return Ok(Some(NoBackup::NotRunning));
    };
    if !machines::knows(db, machine).await?.backups {
        return Ok(Some(NoBackup::OldMachine));
    }
    let is_under_way = backups.iter().any(|backup| backup.machine == 1 && backup.state.is_moving());
    let asked = backups.iter().filter(|backup| backup.reason == BackupReason::Asked && backup.state.is_whole()).count();
    Ok(if is_under_way { Some(NoBackup::UnderWay) } else { (asked >= MOST).then_some(NoBackup::TooMany) })
}

#[async_trait]
impl Backups for EnvironmentsPort {
    async fn mine(&self, caller: &Caller) -> Result<Vec<BackupCard>, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        backups::of_person(&mut db, caller.person).await.map_err(unexpected)
    }

    async fn of(&self, caller: &Caller, environment: EnvironmentId) -> Result<BackupsView, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let standing = self.may(&mut db, caller, environment, Action::See).await?;
        let may = Standing::of(standing.is_holder, standing.role, caller.is_operator);
        let backups = backups::of_environment(&mut db, environment).await.map_err(unexpected)?;
        let known = world::load(&mut db, environment).await.map_err(unexpected)?;
        let (kept_days, every_hours) = backups::rules(&mut db, environment).await.map_err(unexpected)?;
        Ok(BackupsView {
            name: standing.name,
            refused: refused(&mut db, &known, &backups).await.map_err(unexpected)?,
            backups,
            kept_days: u32::try_from(kept_days).unwrap_or(0),
            every_hours: every_hours.and_then(|hours| u32::try_from(hours).ok()),
            may_have: may.may(Action::UseSecrets).is_ok(),
        })
    }

    async fn back_up(&self, caller: &Caller, environment: EnvironmentId) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        self.may(&mut tx, caller, environment, Action::Steer).await?;
        environments::lock(&mut tx, environment).await.map_err(unexpected)?;
        let known = world::load(&mut tx, environment).await.map_err(unexpected)?;
        let so_far = backups::of_environment(&mut tx, environment).await.map_err(unexpected)?;
        if refused(&mut tx, &known, &so_far).await.map_err(unexpected)?.is_some() {
            return Err(AppError::Conflict);
        }
        backups::ask(&mut tx, environment, 1, BackupReason::Asked).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn give_up(&self, caller: &Caller, environment: EnvironmentId, id: BackupId) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        self.may(&mut tx, caller, environment, Action::Delete).await?;
        backups::kept(&mut tx, environment, id).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        if !backups::give_up(&mut tx, id).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        let given_up = Act::BackupGivenUp { backup: id };
        audit::note(&mut tx, By::Person(caller.person), Of::environment(environment), &given_up).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn restore(
        &self,
        caller: &Caller,
        environment: EnvironmentId,
        id: BackupId,
        name: &str,
        public_key: &str,
    ) -> Result<EnvironmentId, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        self.may(&mut db, caller, environment, Action::UseSecrets).await?;
        whole(&mut db, environment, id).await?;
        let of = backups::of(&mut db, id).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        // Who has left the course keeps what is theirs, but gets no new machine there.
        let mine = courses::of_member(&mut db, caller.person).await.map_err(unexpected)?;
        let version = courses::version(&mut db, of.version).await.map_err(unexpected)?;
        let offer = version.filter(|version| mine.iter().any(|course| course.id == version.course)).ok_or(AppError::NotAllowed)?;
        drop(db);
        self.manifest(id).await?;
        self.request_of(caller, offer, name, public_key, Source::Backup(id), None).await
    }
}
