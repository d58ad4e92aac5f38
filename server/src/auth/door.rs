//! This browser's door: signing in, out, and looking after one's sessions.

use app::domain::ids::{PersonId, SessionId};
use app::domain::person::{Caller, SessionRow};
use app::error::AppError;
use app::ports::Door;
use async_trait::async_trait;
use sqlx::PgPool;
use time::Duration;
use tower_sessions::Session;

use super::{password, store};
use crate::db::audit::{self, Act, By, Of};
use crate::db::{people, sessions};
use crate::machine::secrets;
use crate::portal::unexpected;

/// A session ends this long after it was last used.
pub const SESSION_LIVES: Duration = Duration::hours(12);
/// What asks for a fresh sign-in accepts one that is not older.
const FRESH_FOR: Duration = Duration::minutes(15);
/// After so many wrong passwords in a quarter of an hour a name waits before each further answer. It is never locked: whoever knows
/// the password gets in, only more slowly.
const PATIENCE: i64 = 10;

/// The door of one request.
pub struct BrowserDoor {
    /// The database.
    pub pool: PgPool,
    /// The request's session.
    pub session: Session,
    /// Its `User-Agent`.
    pub browser: String,
}

/// The session's row, if the browser has one that lives.
pub(crate) async fn row(pool: &PgPool, session: &Session) -> sqlx::Result<Option<sessions::Row>> {
    match session.id() {
        Some(id) => sessions::of(&mut *pool.acquire().await?, &store::hash(id)).await,
        None => Ok(None),
    }
}

impl BrowserDoor {
    /// `by` types a password for `whom`, if there is somebody of that name.
    async fn check(&self, by: By, whom: Option<PersonId>, hash: Option<String>, subject: &str, typed: &str) -> Result<(), AppError> {
        let subject = secrets::hash(subject);
        // No connection is held while somebody waits here: strangers could hold them all.
        let failures = {
            let mut db = self.pool.acquire().await.map_err(unexpected)?;
            people::recent_failures(&mut db, &subject).await.map_err(unexpected)?
        };
        if failures >= PATIENCE {
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        }
        if password::fits(hash, typed).await {
            return Ok(());
        }
        // One commit, whether there is somebody of that name or not: it takes the same time.
        let mut tx = self.pool.begin().await.map_err(unexpected)?;
        people::failed(&mut tx, &subject).await.map_err(unexpected)?;
        // What strangers can make grow has a bound: nobody's name is not noted, as it may be a password in the wrong field, and somebody's
        // only until it has to wait.
        if let Some(whom) = whom.filter(|_| failures < PATIENCE) {
            audit::note(&mut tx, by, Of::person(whom), &Act::SignInRefused).await.map_err(unexpected)?;
        }
        tx.commit().await.map_err(unexpected)?;
        Err(AppError::WrongPassword)
    }

    async fn become_owner(&self, person: PersonId, act: Act) -> Result<(), AppError> {
        // A new id at every rise in privilege: a planted session is worth nothing.
        self.session.cycle_id().await.map_err(unexpected)?;
        self.session.insert("person", person.to_string()).await.map_err(unexpected)?;
        self.session.save().await.map_err(unexpected)?;
        let id = self.session.id().ok_or(AppError::TryAgain)?;
        let mut tx = self.pool.begin().await.map_err(unexpected)?;
        sessions::belongs_to(&mut tx, &store::hash(id), person, &self.browser).await.map_err(unexpected)?;
        audit::note(&mut tx, By::Person(person), Of::SITE, &act).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn this_one(&self) -> Result<Option<sessions::Row>, AppError> {
        row(&self.pool, &self.session).await.map_err(unexpected)
    }

    /// Whether the password was typed a short while ago.
    pub(crate) async fn is_fresh(&self) -> Result<bool, AppError> {
        let now = crate::db::now(&mut *self.pool.acquire().await.map_err(unexpected)?).await.map_err(unexpected)?;
        let row = self.this_one().await?;
        Ok(row.and_then(|row| row.authenticated_at).is_some_and(|at| now - at < FRESH_FOR))
    }
}

#[async_trait]
impl Door for BrowserDoor {
    async fn sign_in(&self, name: &str, password: &str) -> Result<(), AppError> {
        let name = name.trim().to_lowercase();
        let known = people::password(&mut *self.pool.acquire().await.map_err(unexpected)?, &name).await.map_err(unexpected)?;
        let person = known.as_ref().map(|known| known.person);
        self.check(By::Stranger, person, known.map(|known| known.hash), &name, password).await?;
        self.become_owner(person.ok_or(AppError::WrongPassword)?, Act::SignedIn).await
    }

    async fn sign_in_again(&self, caller: &Caller, password: &str) -> Result<(), AppError> {
        let hash = people::password_of(&mut *self.pool.acquire().await.map_err(unexpected)?, caller.person).await.map_err(unexpected)?;
        self.check(By::Person(caller.person), Some(caller.person), hash, &caller.person.to_string(), password).await?;
        self.become_owner(caller.person, Act::SignedInAgain).await
    }

    async fn sign_out(&self) -> Result<(), AppError> {
        let whose = self.this_one().await?.and_then(|row| row.person);
        self.session.flush().await.map_err(unexpected)?;
        if let Some(person) = whose {
            let mut db = self.pool.acquire().await.map_err(unexpected)?;
            audit::note(&mut db, By::Person(person), Of::SITE, &Act::SignedOut).await.map_err(unexpected)?;
        }
        Ok(())
    }

    async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionRow>, AppError> {
        let this = self.this_one().await?.map(|row| row.id);
        let rows = sessions::of_person(&mut *self.pool.acquire().await.map_err(unexpected)?, caller.person).await.map_err(unexpected)?;
        Ok(rows
            .into_iter()
            .map(|row| SessionRow {
                id: row.id,
                browser: row.browser,
                created_at: row.created_at,
                seen_at: row.seen_at,
                is_this_one: Some(row.id) == this,
            })
            .collect())
    }

    async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<(), AppError> {
        let mut tx = self.pool.begin().await.map_err(unexpected)?;
        if !sessions::end(&mut tx, caller.person, id).await.map_err(unexpected)? {
            return Err(AppError::NotFound);
        }
        audit::note(&mut tx, By::Person(caller.person), Of::SITE, &Act::SessionEnded { session: id }).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn end_other_sessions(&self, caller: &Caller) -> Result<(), AppError> {
        let this = self.this_one().await?.ok_or(AppError::NotSignedIn)?;
        let mut tx = self.pool.begin().await.map_err(unexpected)?;
        sessions::end_others(&mut tx, caller.person, this.id.0).await.map_err(unexpected)?;
        audit::note(&mut tx, By::Person(caller.person), Of::SITE, &Act::OtherSessionsEnded).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }
}

/// A word on the browser from its `User-Agent`, short enough for a list.
#[must_use]
pub fn browser_word(user_agent: &str) -> String {
    let name = ["Edg", "OPR", "Firefox", "Chrome", "Safari", "curl"]
        .into_iter()
        .find(|name| user_agent.contains(&format!("{name}/")))
        .map_or("?", |name| match name {
            "Edg" => "Edge",
            "OPR" => "Opera",
            other => other,
        });
    let system =
        ["Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux"].into_iter().find(|system| user_agent.contains(system)).unwrap_or("?");
    format!("{name} · {system}")
}
