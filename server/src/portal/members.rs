//! The port `Members`: a course's people, and how they come into it.
//!
//! An invitation's address is its id and a part that only this installation can compute from it: no row holds what lets people in, and a
//! stolen database invites nobody.

use std::fmt::Display;
use std::str::FromStr;

use app::domain::course::Role;
use app::domain::ids::{CourseId, InvitationId, PersonId};
use app::domain::members::{
    InvitationRow, Invited, LEAST_PASSWORD, MOST_DAYS, MOST_PASSWORD, MOST_PEOPLE, MemberRow, MembersView, sign_in_name,
};
use app::domain::person::Caller;
use app::domain::roster::LONGEST_NAME;
use app::error::{AppError, Field, Why};
use app::ports::{Door, Members, NewPerson};
use async_trait::async_trait;
use subtle::ConstantTimeEq;

use super::environments::EnvironmentsPort;
use super::rosters::WELCOME;
use super::unexpected;
use crate::auth::access::Action;
use crate::auth::password;
use crate::db::audit::{self, Act, By, Of};
use crate::db::members::{self, Invitation};
use crate::db::{Db, budgets, courses, people};
use crate::wish::spec::hex;

/// What an invitation's link is derived for.
const INVITATION: &str = "invitation";

impl EnvironmentsPort {
    /// The last part of a link's address: an id, and what only this installation can compute from it for this purpose.
    pub(super) fn token(&self, purpose: &str, id: impl Display) -> String {
        let secret = self.engine.vault.derive(&format!("{purpose} {id}"));
        format!("{id}.{}", hex(&secret[..16]))
    }

    /// The id that it is of.
    pub(super) fn of_token<I: FromStr + Display>(&self, purpose: &str, token: &str) -> Result<I, AppError> {
        let id = token.split('.').next().and_then(|id| id.parse::<I>().ok()).ok_or(AppError::NotFound)?;
        let is_ours = bool::from(self.token(purpose, &id).as_bytes().ct_eq(token.as_bytes()));
        if is_ours { Ok(id) } else { Err(AppError::NotFound) }
    }

    /// A course's people; who may change something sees the links of those who have not signed in yet.
    async fn rows(&self, db: &mut Db, course: CourseId, caller: &Caller, may_change: bool) -> Result<Vec<MemberRow>, AppError> {
        let rows = members::of(db, course, caller.person).await.map_err(unexpected)?.into_iter();
        let row = |(mut row, is_ours): (MemberRow, bool)| {
            row.welcome = (is_ours && may_change).then(|| self.token(WELCOME, row.id));
            row
        };
        Ok(rows.map(row).collect())
    }

    /// The invitation that an address is of, good or not; until the end of the transaction nobody else comes by it.
    async fn lock(&self, db: &mut Db, token: &str) -> Result<Invitation, AppError> {
        let id: InvitationId = self.of_token(INVITATION, token)?;
        members::lock(db, id).await.map_err(unexpected)?.ok_or(AppError::NotFound)
    }
}

/// Somebody comes into a course by an invitation; who is in it already stays what they are, and takes no place. To them an invitation
/// that is over is still the way in: a class keeps its link.
async fn come(db: &mut Db, invitation: &Invitation, person: PersonId) -> Result<String, AppError> {
    let (code, _, role) = members::course(db, invitation.course, Some(person)).await.map_err(unexpected)?;
    if role.is_none() {
        if !invitation.is_good {
            return Err(AppError::NotFound);
        }
        if members::join(db, invitation.course, person, invitation.role).await.map_err(unexpected)? {
            members::came(db, invitation.id).await.map_err(unexpected)?;
            let joined = Act::Joined { invitation: invitation.id, role: invitation.role };
            audit::note(db, By::Person(person), Of::course(invitation.course), &joined).await.map_err(unexpected)?;
        }
    }
    Ok(code)
}

fn number(typed: &str, field: Field, most: u16) -> Result<u16, AppError> {
    let number = typed.trim().parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or(AppError::Invalid { field, why: Why::NotACount { most } })
}

/// What a new person typed, as it is kept.
fn checked(person: NewPerson<'_>) -> Result<(String, String), AppError> {
    let wrong = |field, why| Err(AppError::Invalid { field, why });
    let name: String = person.name.trim().chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
    if name.is_empty() {
        return wrong(Field::FullName, Why::Missing);
    }
    let Some(sign_in) = sign_in_name(person.sign_in) else { return wrong(Field::SignInName, Why::NotASignInName) };
    check_password(person.password, person.again)?;
    Ok((name, sign_in))
}

/// Whether a new password may be one, and was typed twice.
pub(super) fn check_password(typed: &str, again: &str) -> Result<(), AppError> {
    let wrong = |field, why| Err(AppError::Invalid { field, why });
    if !(LEAST_PASSWORD..=MOST_PASSWORD).contains(&typed.chars().count()) {
        return wrong(Field::Password, Why::PasswordTooShort { least: LEAST_PASSWORD as u16 });
    }
    if typed != again {
        return wrong(Field::PasswordAgain, Why::PasswordsDiffer);
    }
    Ok(())
}

#[async_trait]
impl Members for EnvironmentsPort {
    async fn of(&self, caller: &Caller, code: &str) -> Result<MembersView, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let (course, title, standing) = self.may_in_course(&mut db, caller, code, Action::SeeDesk).await?;
        let may_change = standing.may(Action::Enrol).is_ok();
        let invitations = if may_change { members::invitations(&mut db, course).await.map_err(unexpected)? } else { Vec::new() };
        let number = |number: i16| u16::try_from(number).unwrap_or(0);
        let row = |one: Invitation| InvitationRow {
            token: self.token(INVITATION, one.id),
            id: one.id,
            role: one.role,
            until: one.until,
            used: (number(one.used), number(one.most)),
            by: one.by,
        };
        Ok(MembersView {
            code: code.to_owned(),
            title,
            members: self.rows(&mut db, course, caller, may_change).await?,
            invitations: invitations.into_iter().map(row).collect(),
            may_change,
        })
    }

    async fn invite(&self, caller: &Caller, code: &str, role: Role, days: &str, most: &str) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut tx, caller, code, Action::Enrol).await?;
        // A link goes from hand to hand; who teaches is named one by one.
        if role == Role::Instructor {
            return Err(AppError::NotAllowed);
        }
        let (days, people) = (number(days, Field::Days, MOST_DAYS)?, number(most, Field::People, MOST_PEOPLE)?);
        let most = i16::try_from(people).map_err(unexpected)?;
        let invitation = members::invite(&mut tx, course, role, caller.person, i32::from(days), most).await.map_err(unexpected)?;
        let invited = Act::Invited { invitation, role, days, people };
        audit::note(&mut tx, By::Person(caller.person), Of::course(course), &invited).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn end_invitation(&self, caller: &Caller, code: &str, id: InvitationId) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut tx, caller, code, Action::Enrol).await?;
        if !members::end(&mut tx, course, id).await.map_err(unexpected)? {
            return Err(AppError::NotFound);
        }
        let ended = Act::InvitationEnded { invitation: id };
        audit::note(&mut tx, By::Person(caller.person), Of::course(course), &ended).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn set_role(&self, caller: &Caller, code: &str, person: PersonId, role: Option<Role>) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let (course, _, _) = self.may_in_course(&mut tx, caller, code, Action::Enrol).await?;
        // Two who take each other out wait for each other here.
        budgets::lock(&mut tx, course).await.map_err(unexpected)?;
        self.may_in_course(&mut tx, caller, code, Action::Enrol).await?;
        let known = members::course(&mut tx, course, Some(person)).await.map_err(unexpected)?.2.ok_or(AppError::NotFound)?;
        let teachers = courses::with_role(&mut tx, course, Role::Instructor).await.map_err(unexpected)?;
        if known == Role::Instructor && role != Some(Role::Instructor) && teachers.len() == 1 {
            return Err(AppError::Conflict);
        }
        match role {
            Some(role) => courses::add_member(&mut tx, course, person, role).await.map_err(unexpected)?,
            None => members::take_out(&mut tx, course, person).await.map_err(unexpected)?,
        }
        let act = role.map_or(Act::TakenOut { was: known }, |role| Act::RoleSet { was: Some(known), role });
        audit::note(&mut tx, By::Person(caller.person), Of::member(course, person), &act).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn invited(&self, caller: Option<&Caller>, token: &str) -> Result<Invited, AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let invitation = self.lock(&mut tx, token).await?;
        let person = caller.map(|caller| caller.person);
        let (code, title, role) = members::course(&mut tx, invitation.course, person).await.map_err(unexpected)?;
        if !invitation.is_good && role.is_none() {
            return Err(AppError::NotFound);
        }
        let signed_in = caller.map(|caller| caller.name.clone());
        Ok(Invited { code, title, role: invitation.role, signed_in, is_member: role.is_some() })
    }

    async fn join(&self, caller: &Caller, token: &str) -> Result<String, AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let invitation = self.lock(&mut tx, token).await?;
        let code = come(&mut tx, &invitation, caller.person).await?;
        tx.commit().await.map_err(unexpected)?;
        Ok(code)
    }

    async fn register(&self, token: &str, person: NewPerson<'_>) -> Result<String, AppError> {
        // Before anything that costs: who has no invitation is told so at once.
        self.invited(None, token).await?;
        let (name, sign_in) = checked(person)?;
        let hash = password::hash(person.password).await.map_err(unexpected)?;
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        let invitation = self.lock(&mut tx, token).await?;
        let Some(id) = people::add_new(&mut tx, &sign_in, &name, &hash).await.map_err(unexpected)? else {
            return Err(AppError::Invalid { field: Field::SignInName, why: Why::SignInTaken });
        };
        let registered = Act::Registered { invitation: invitation.id };
        audit::note(&mut tx, By::Person(id), Of::SITE, &registered).await.map_err(unexpected)?;
        let code = come(&mut tx, &invitation, id).await?;
        tx.commit().await.map_err(unexpected)?;
        if let Some(door) = &self.door {
            // The account is there: who is not signed in by this signs in by the door.
            if let Err(error) = door.sign_in(&sign_in, person.password).await {
                tracing::warn!(%error, "who came by an invitation was not signed in");
            }
        }
        Ok(code)
    }
}
