//! The port `Rosters`: people who come into a course by a list, and the first time that they sign in.
//!
//! ```text
//!  file ─► lines as typed ─► preview, as things are now (nothing is done) ─► line after line, each in a transaction
//! ```
//!
//! An account that a roster makes has no password. Its owner chooses one by a link that is theirs alone; like an invitation's, it is in no
//! row. Only the staff of the course that made the account can see it: another course's roster finds the account, and neither takes it over
//! nor lets it in before its owner has signed in; a link is good as long as its owner is in that course.

use std::collections::BTreeMap;

use app::domain::ids::{CourseId, PersonId, RosterId};
use app::domain::person::Caller;
use app::domain::roster::{Entry, Fate, RosterLine, RosterView, Typed, Welcomed, Wrong, read};
use app::error::AppError;
use app::ports::{Door, Rosters};
use async_trait::async_trait;

use super::environments::EnvironmentsPort;
use super::members::check_password;
use super::{roster_file, unexpected};
use crate::auth::access::Action;
use crate::auth::password;
use crate::db::audit::{self, Act, By, Of};
use crate::db::{Db, members, rosters};

/// What a link to the first sign-in is derived for.
pub(super) const WELCOME: &str = "welcome";

/// Makes lines' fates, as things are now.
async fn fates(db: &mut Db, course: CourseId, lines: &[(u32, Typed)]) -> sqlx::Result<Vec<(Option<Entry>, Fate)>> {
    let entries = read(lines);
    let names: Vec<String> = entries.iter().flatten().map(|entry| entry.sign_in.clone()).collect();
    let known: BTreeMap<_, _> = rosters::known(db, course, &names).await?.into_iter().collect();
    let fate = |entry: Result<Entry, Wrong>| match entry {
        Err(wrong) => (None, Fate::Wrong(wrong)),
        Ok(entry) => {
            let fate = match known.get(&entry.sign_in) {
                Some(known) if known.is_member => Fate::Already,
                Some(known) if known.is_awaited_elsewhere => Fate::Wrong(Wrong::NotSignedInYet),
                Some(_) => Fate::Joined,
                None if entry.name.is_empty() => Fate::Wrong(Wrong::NoName),
                None => Fate::Made,
            };
            (Some(entry), fate)
        }
    };
    Ok(entries.into_iter().map(fate).collect())
}

/// Does a line; what came of it. `None`: nobody comes by it.
async fn come(db: &mut Db, course: CourseId, entry: &Entry) -> sqlx::Result<Option<(PersonId, Fate)>> {
    let known = rosters::known(db, course, std::slice::from_ref(&entry.sign_in)).await?;
    let (person, fate) = match known.first() {
        Some((_, known)) if known.is_awaited_elsewhere && !known.is_member => return Ok(None),
        Some((_, known)) => (known.person, Fate::Joined),
        None if entry.name.is_empty() => return Ok(None),
        None => match rosters::make(db, course, &entry.sign_in, &entry.name).await? {
            Some(person) => (person, Fate::Made),
            // Somebody registered under that name just now: the next try finds them.
            None => return Ok(None),
        },
    };
    let joined = members::join(db, course, person, entry.role).await?;
    Ok(Some((person, if joined { fate } else { Fate::Already })))
}

impl EnvironmentsPort {
    /// Takes a roster down from a file's bytes.
    ///
    /// # Errors
    /// [`AppError::Invalid`] if it is no list; as the table says, and the database.
    pub async fn bring(&self, caller: &Caller, code: &str, file: &[u8]) -> Result<RosterId, AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut tx, caller, code, Action::Enrol).await?;
        let lines = roster_file::read(file)?;
        let id = rosters::add(&mut tx, course, caller.person, &lines).await.map_err(unexpected)?;
        let brought = Act::RosterBrought { roster: id, lines: lines.len() };
        audit::note(&mut tx, By::Person(caller.person), Of::course(course), &brought).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)?;
        Ok(id)
    }

    /// The lines by which nobody came, to be mended and brought again.
    ///
    /// # Errors
    /// As the table says, and the database.
    pub async fn left(&self, caller: &Caller, code: &str, id: RosterId) -> Result<Vec<Typed>, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut db, caller, code, Action::Enrol).await?;
        let roster = rosters::find(&mut db, course, id).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        Ok(roster.lines.into_iter().filter(|(_, _, came)| came.is_none()).map(|(_, typed, _)| typed).collect())
    }
}

#[async_trait]
impl Rosters for EnvironmentsPort {
    async fn roster(&self, caller: &Caller, code: &str, id: RosterId) -> Result<RosterView, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut db, caller, code, Action::Enrol).await?;
        let roster = rosters::find(&mut db, course, id).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        let lines: Vec<_> = roster.lines.iter().map(|(line, typed, _)| (*line, typed.clone())).collect();
        let fates = fates(&mut db, course, &lines).await.map_err(unexpected)?;
        let lines = roster.lines.into_iter().zip(fates).map(|((line, typed, came), (entry, fate))| RosterLine {
            line,
            sign_in: typed.sign_in,
            name: typed.name,
            role: entry.map(|entry| entry.role),
            is_done: came.is_some(),
            fate: came.unwrap_or(fate),
        });
        Ok(RosterView { id, code: code.to_owned(), by: roster.by, at: roster.at, lines: lines.collect() })
    }

    async fn bring_in(&self, caller: &Caller, code: &str, id: RosterId) -> Result<(), AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut db, caller, code, Action::Enrol).await?;
        let roster = rosters::find(&mut db, course, id).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        drop(db);
        let typed: Vec<_> = roster.lines.iter().map(|(line, typed, _)| (*line, typed.clone())).collect();
        for ((line, _, came), entry) in roster.lines.iter().zip(read(&typed)) {
            let (None, Ok(entry)) = (came, entry) else { continue };
            // Each for itself: what is done stays done, whatever becomes of the next.
            let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
            let Some((person, fate)) = come(&mut tx, course, &entry).await.map_err(unexpected)? else { continue };
            if !rosters::came(&mut tx, id, *line, fate).await.map_err(unexpected)? {
                continue;
            }
            if fate != Fate::Already {
                let came = Act::BroughtIn { roster: id, role: entry.role, is_made: fate == Fate::Made };
                audit::note(&mut tx, By::Person(caller.person), Of::member(course, person), &came).await.map_err(unexpected)?;
            }
            tx.commit().await.map_err(unexpected)?;
        }
        Ok(())
    }

    async fn welcomed(&self, token: &str) -> Result<Welcomed, AppError> {
        let person: PersonId = self.of_token(WELCOME, token)?;
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (name, sign_in) = rosters::awaited(&mut db, person).await.map_err(unexpected)?.ok_or(AppError::NotFound)?;
        Ok(Welcomed { name, sign_in })
    }

    async fn welcome(&self, token: &str, typed: &str, again: &str) -> Result<(), AppError> {
        let person: PersonId = self.of_token(WELCOME, token)?;
        // Before anything that costs: a link that was used up says so at once.
        let Welcomed { sign_in, .. } = self.welcomed(token).await?;
        check_password(typed, again)?;
        let hash = password::hash(typed).await.map_err(unexpected)?;
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        if !rosters::welcome(&mut tx, person, &hash).await.map_err(unexpected)? {
            return Err(AppError::NotFound);
        }
        // Whoever had the link: that it was the owner is not known.
        audit::note(&mut tx, By::Stranger, Of::person(person), &Act::PasswordChosen).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)?;
        if let Some(door) = &self.door {
            // The password is theirs now: who is not signed in by this signs in by the door.
            if let Err(error) = door.sign_in(&sign_in, typed).await {
                tracing::warn!(%error, "who came by a roster was not signed in");
            }
        }
        Ok(())
    }
}
