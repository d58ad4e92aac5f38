//! What pages need from the server. The server fulfils these traits and hands them in as Leptos context, one [`Portal`] a request.
//!
//! Every method takes the [`Caller`] first; access is checked behind the port, in one table. What a caller may not see is
//! [`AppError::NotFound`].

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::backup::{BackupCard, BackupsView};
use crate::domain::course::{CourseCard, CourseView, Role};
use crate::domain::desk::{BulkAct, BulkActView, Desk, DeskCard, Filter, Preview};
use crate::domain::environment::{EnvironmentCard, EnvironmentView, Passwords};
use crate::domain::ids::{
    AllowanceId, BackupId, BlueprintVersionId, BulkActId, EnvironmentId, InvitationId, NoticeId, PersonId, RosterId, SessionId,
};
use crate::domain::image::ImagesView;
use crate::domain::members::{Invited, MembersView};
use crate::domain::news::NoticeCard;
use crate::domain::operate::Room;
use crate::domain::person::{Caller, SessionRow};
use crate::domain::price::{CostsView, CourseSpending, Estimate};
use crate::domain::roster::{RosterView, Welcomed};
use crate::domain::scaling::{Answers, Mode, Policy, ScaleOffer, Visitor};
use crate::error::AppError;

/// The ports, as handed to pages.
#[derive(Clone)]
pub struct Portal {
    /// This browser's door: signing in and out.
    pub door: Arc<dyn Door>,
    /// Courses.
    pub courses: Arc<dyn Courses>,
    /// Environments.
    pub environments: Arc<dyn Environments>,
    /// Several machines behind a balancer.
    pub scaling: Arc<dyn Scaling>,
    /// What is kept of machines.
    pub backups: Arc<dyn Backups>,
    /// What was saved of an environment's disk.
    pub images: Arc<dyn Images>,
    /// What things cost, and what may be spent.
    pub costs: Arc<dyn Costs>,
    /// What people are told without having asked.
    pub notices: Arc<dyn Notices>,
    /// A course's environments, for its staff.
    pub desks: Arc<dyn Desks>,
    /// A course's people.
    pub members: Arc<dyn Members>,
    /// People who come into a course by a list.
    pub rosters: Arc<dyn Rosters>,
    /// The operator's room.
    pub operate: Arc<dyn Operate>,
}

/// Signing in and out, for the browser that asks.
#[async_trait]
pub trait Door: Send + Sync {
    /// Signs this browser in.
    ///
    /// # Errors
    /// [`AppError::WrongPassword`], in the same time for an unknown name.
    async fn sign_in(&self, name: &str, password: &str) -> Result<(), AppError>;

    /// Types the password again, for what asks for a fresh sign-in.
    ///
    /// # Errors
    /// [`AppError::WrongPassword`].
    async fn sign_in_again(&self, caller: &Caller, password: &str) -> Result<(), AppError>;

    /// Ends this browser's session.
    async fn sign_out(&self) -> Result<(), AppError>;

    /// The caller's sessions, newest first.
    async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionRow>, AppError>;

    /// Ends one session of the caller.
    async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<(), AppError>;

    /// Ends every session of the caller but this one.
    async fn end_other_sessions(&self, caller: &Caller) -> Result<(), AppError>;
}

/// What courses a caller is in, and what they offer.
#[async_trait]
pub trait Courses: Send + Sync {
    /// The caller's courses.
    async fn mine(&self, caller: &Caller) -> Result<Vec<CourseCard>, AppError>;

    /// One of them.
    async fn course(&self, caller: &Caller, code: &str) -> Result<CourseView, AppError>;
}

/// Environments: looking at them, and changing what is wished for.
#[async_trait]
pub trait Environments: Send + Sync {
    /// The caller's environments that are not removed, newest first.
    async fn mine(&self, caller: &Caller) -> Result<Vec<EnvironmentCard>, AppError>;

    /// Everything on its page.
    async fn view(&self, caller: &Caller, id: EnvironmentId) -> Result<EnvironmentView, AppError>;

    /// Asks for a new one, of the blueprint's size with this number. An empty `public_key` lets Koza make a key pair.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field; [`AppError::OverBudget`]; [`AppError::NoPrice`].
    async fn request(
        &self,
        caller: &Caller,
        version: BlueprintVersionId,
        name: &str,
        public_key: &str,
        size: u16,
    ) -> Result<EnvironmentId, AppError>;

    /// Goal: running.
    async fn start(&self, caller: &Caller, id: EnvironmentId) -> Result<(), AppError>;

    /// Goal: stopped.
    async fn stop(&self, caller: &Caller, id: EnvironmentId) -> Result<(), AppError>;

    /// After a failure: clear the reason and go on at once.
    async fn try_again(&self, caller: &Caller, id: EnvironmentId) -> Result<(), AppError>;

    /// Goal: gone. `name` must be the environment's name, typed.
    async fn delete(&self, caller: &Caller, id: EnvironmentId, name: &str) -> Result<(), AppError>;

    /// The passwords that Koza made.
    ///
    /// # Errors
    /// [`AppError::SignInAgain`] if the sign-in is more than fifteen minutes ago.
    async fn passwords(&self, caller: &Caller, id: EnvironmentId) -> Result<Passwords, AppError>;
}

/// Several machines behind a balancer.
#[async_trait]
pub trait Scaling: Send + Sync {
    /// What scaling out would bring.
    async fn offer(&self, caller: &Caller, id: EnvironmentId) -> Result<ScaleOffer, AppError>;

    /// So many machines in all; copies go to `zone`, or to any but the first machine's.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field; [`AppError::Conflict`] if it cannot be done now.
    async fn scale_out(&self, caller: &Caller, id: EnvironmentId, machines: u16, zone: Option<&str>) -> Result<(), AppError>;

    /// So many machines in all, fewer than there are: the last leave, each once a backup of it was restored in rehearsal and was equal; or at
    /// once, and what was written on them is lost. As many as there are: none is to leave any more.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if it has not so many.
    async fn scale_in(&self, caller: &Caller, id: EnvironmentId, machines: u16, is_backed_up: bool) -> Result<(), AppError>;

    /// When machines are to come and go by themselves; `None`: never.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field.
    async fn set_policy(&self, caller: &Caller, id: EnvironmentId, policy: Option<Policy>) -> Result<(), AppError>;

    /// What copies are for, as long as there is none.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if there are copies, or the machine cannot share its site.
    async fn set_mode(&self, caller: &Caller, id: EnvironmentId, mode: Mode) -> Result<(), AppError>;

    /// Whether a machine gets requests though it could answer.
    async fn set_apart(&self, caller: &Caller, id: EnvironmentId, machine: u16, is_apart: bool) -> Result<(), AppError>;

    /// Whether a visitor stays with the machine that answered first.
    async fn set_sticky(&self, caller: &Caller, id: EnvironmentId, is_sticky: bool) -> Result<(), AppError>;

    /// Sends a handful of requests through the balancer.
    ///
    /// # Errors
    /// [`AppError::Conflict`] while there is no balancer that takes any.
    async fn send(&self, caller: &Caller, id: EnvironmentId, requests: u32, visitor: Visitor) -> Result<Answers, AppError>;
}

/// What is kept of an environment's machines.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Backups of everything that the caller holds or held, newest first.
    async fn mine(&self, caller: &Caller) -> Result<Vec<BackupCard>, AppError>;

    /// Those of an environment.
    async fn of(&self, caller: &Caller, environment: EnvironmentId) -> Result<BackupsView, AppError>;

    /// Asks for one of its first machine.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if none can be taken now.
    async fn back_up(&self, caller: &Caller, environment: EnvironmentId) -> Result<(), AppError>;

    /// Erases one before its time.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if it is on its way, or a machine needs it to leave.
    async fn give_up(&self, caller: &Caller, environment: EnvironmentId, id: BackupId) -> Result<(), AppError>;

    /// Asks for a new environment that is made of one. An empty `public_key` lets Koza make a key pair.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field; [`AppError::Damaged`] if it is.
    async fn restore(
        &self,
        caller: &Caller,
        environment: EnvironmentId,
        id: BackupId,
        name: &str,
        public_key: &str,
    ) -> Result<EnvironmentId, AppError>;
}

/// Images of an environment's disk that somebody saved.
#[async_trait]
pub trait Images: Send + Sync {
    /// Those of an environment.
    async fn of(&self, caller: &Caller, environment: EnvironmentId) -> Result<ImagesView, AppError>;

    /// Saves one of its first machine's disk as it is now.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if none can be saved now.
    async fn save(&self, caller: &Caller, environment: EnvironmentId) -> Result<(), AppError>;

    /// Deletes one, once nothing is being made of it any more.
    async fn forget(&self, caller: &Caller, environment: EnvironmentId, number: u16) -> Result<(), AppError>;

    /// Asks for a new environment whose machine starts from one. An empty `public_key` lets Koza make a key pair.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field; [`AppError::NotFound`] if it is not whole, or goes.
    async fn start_from(
        &self,
        caller: &Caller,
        environment: EnvironmentId,
        number: u16,
        name: &str,
        public_key: &str,
    ) -> Result<EnvironmentId, AppError>;
}

/// Whose budget is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BudgetOf {
    /// The whole course's: so much in all.
    Course,
    /// Each student's: so much in all.
    Each,
}

/// More for one student, or some of it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted<'a> {
    /// Chosen by the form, so that sending it twice grants once.
    pub id: AllowanceId,
    /// To whom.
    pub person: PersonId,
    /// How much, as it was typed in the course's money.
    pub amount: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Whether it is taken back.
    pub is_taken_back: bool,
}

/// What things cost, and what may be spent.
#[async_trait]
pub trait Costs: Send + Sync {
    /// Those of an environment.
    async fn of_environment(&self, caller: &Caller, id: EnvironmentId) -> Result<CostsView, AppError>;

    /// Keeps it for another lease from now on.
    ///
    /// # Errors
    /// [`AppError::OverBudget`]; [`AppError::Conflict`] if it ends later already, or is going.
    async fn extend(&self, caller: &Caller, id: EnvironmentId) -> Result<(), AppError>;

    /// Those of a course, for its staff, with this page of its environments.
    async fn of_course(&self, caller: &Caller, code: &str, page: u32) -> Result<CourseSpending, AppError>;

    /// Sets what may be spent, as it was typed in the course's money.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field.
    async fn set_budget(&self, caller: &Caller, code: &str, of: BudgetOf, amount: &str, reason: &str) -> Result<(), AppError>;

    /// Grants one student more, or takes some of that back.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field.
    async fn grant(&self, caller: &Caller, code: &str, granted: Granted<'_>) -> Result<(), AppError>;

    /// Says at how many percent of a budget people are told, as it was typed.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field.
    async fn tell_at(&self, caller: &Caller, code: &str, percents: &str) -> Result<(), AppError>;

    /// What an environment would cost the caller that is made of this one's backup or image; or why nobody knows.
    async fn of_a_copy(&self, caller: &Caller, id: EnvironmentId, is_of_image: bool) -> Result<Result<Estimate, AppError>, AppError>;
}

/// What people are told without having asked.
#[async_trait]
pub trait Notices: Send + Sync {
    /// The caller's last hundred, the newest first.
    async fn mine(&self, caller: &Caller) -> Result<Vec<NoticeCard>, AppError>;

    /// The caller has read these.
    async fn read(&self, caller: &Caller, ids: &[NoticeId]) -> Result<(), AppError>;
}

/// A course's environments in one table, for its staff.
#[async_trait]
pub trait Desks: Send + Sync {
    /// Courses whose desk is open to the caller.
    async fn mine(&self, caller: &Caller) -> Result<Vec<DeskCard>, AppError>;

    /// One course's, those that are asked for.
    async fn desk(&self, caller: &Caller, code: &str, filter: Filter) -> Result<Desk, AppError>;

    /// What an act would do to each of these, or (`None`) to all that are shown. Nothing is done.
    async fn preview(
        &self,
        caller: &Caller,
        code: &str,
        act: BulkAct,
        whom: Option<Vec<EnvironmentId>>,
        filter: Filter,
    ) -> Result<Preview, AppError>;

    /// Does it to these, one after the other; answers once all are done or a moment has passed.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if there are none, or too many.
    async fn begin(&self, caller: &Caller, code: &str, act: BulkAct, whom: &[EnvironmentId]) -> Result<BulkActId, AppError>;

    /// What came of one.
    async fn bulk_act(&self, caller: &Caller, code: &str, id: BulkActId) -> Result<BulkActView, AppError>;
}

/// Who comes by an invitation and signs in here for the first time, as it was typed.
#[derive(Debug, Clone, Copy)]
pub struct NewPerson<'a> {
    /// The name that pages show.
    pub name: &'a str,
    /// The name to sign in with.
    pub sign_in: &'a str,
    /// The password.
    pub password: &'a str,
    /// The same again.
    pub again: &'a str,
}

/// A course's people, and how they come into it.
#[async_trait]
pub trait Members: Send + Sync {
    /// Those of a course, for its staff.
    async fn of(&self, caller: &Caller, code: &str) -> Result<MembersView, AppError>;

    /// Makes a link by which so many students (or assistants) come into a course within so many days, as it was typed.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field.
    async fn invite(&self, caller: &Caller, code: &str, role: Role, days: &str, most: &str) -> Result<(), AppError>;

    /// Nobody comes by a link any more.
    async fn end_invitation(&self, caller: &Caller, code: &str, id: InvitationId) -> Result<(), AppError>;

    /// Changes what somebody is in a course; `None`: nothing. Their environments stay.
    ///
    /// # Errors
    /// [`AppError::Conflict`]: then nobody would teach it any more.
    async fn set_role(&self, caller: &Caller, code: &str, person: PersonId, role: Option<Role>) -> Result<(), AppError>;

    /// What a link says to who follows it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if it is none, or is not good any more.
    async fn invited(&self, caller: Option<&Caller>, token: &str) -> Result<Invited, AppError>;

    /// Comes into the course by a link; which course that is.
    async fn join(&self, caller: &Caller, token: &str) -> Result<String, AppError>;

    /// The same for somebody who signs in here for the first time. This browser is signed in then.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field.
    async fn register(&self, token: &str, person: NewPerson<'_>) -> Result<String, AppError>;
}

/// People who come into a course by a list, and the first time that they sign in.
#[async_trait]
pub trait Rosters: Send + Sync {
    /// A list with what would come of each line, or came.
    async fn roster(&self, caller: &Caller, code: &str, id: RosterId) -> Result<RosterView, AppError>;

    /// Brings in whoever can come by it and has not yet.
    async fn bring_in(&self, caller: &Caller, code: &str, id: RosterId) -> Result<(), AppError>;

    /// Whom a link to the first sign-in is for.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if it is none, or was used.
    async fn welcomed(&self, token: &str) -> Result<Welcomed, AppError>;

    /// They choose a password. This browser is signed in then.
    ///
    /// # Errors
    /// [`AppError::Invalid`] at the field; [`AppError::NotFound`] if the link is none, or was used.
    async fn welcome(&self, token: &str, password: &str, again: &str) -> Result<(), AppError>;
}

/// The operator's room. For everybody else there is none.
#[async_trait]
pub trait Operate: Send + Sync {
    /// Everything in it.
    async fn room(&self, caller: &Caller) -> Result<Room, AppError>;

    /// Work that failed for good is tried again, as often as new work is.
    ///
    /// # Errors
    /// [`AppError::Conflict`] if it is not dead any more, or the same work is open.
    async fn retry(&self, caller: &Caller, id: uuid::Uuid) -> Result<(), AppError>;
}
