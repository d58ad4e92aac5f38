//! A course's people, and how they come into it. On plain pages only.

use leptos::prelude::*;

use super::{answer, go_to, keep_typed, request_context};
use crate::domain::course::Role;
use crate::domain::ids::{InvitationId, PersonId};
use crate::domain::members::{Invited, MembersView};
use crate::domain::person::Visit;
use crate::error::AppError;
use crate::ports::{NewPerson, Portal};

/// Those of a course.
#[server(prefix = "/do", endpoint = "members")]
pub async fn members(code: String) -> Result<MembersView, AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.members.of(&caller, &code).await)
}

/// Makes a link, and stays on the page.
#[server(prefix = "/do", endpoint = "invite")]
pub async fn invite(code: String, role: Role, #[server(default)] days: String, #[server(default)] most: String) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let made = portal.members.invite(&caller, &code, role, &days, &most).await;
    if made.is_err() {
        keep_typed(&[("days", &days), ("most", &most)]);
    }
    answer(made)
}

/// Nobody comes by a link any more; stays on the page.
#[server(prefix = "/do", endpoint = "end_invitation")]
pub async fn end_invitation(code: String, id: InvitationId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.members.end_invitation(&caller, &code, id).await)
}

/// Changes what somebody is in a course, and stays on the page.
#[server(prefix = "/do", endpoint = "set_role")]
pub async fn set_role(code: String, person: PersonId, role: Role) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.members.set_role(&caller, &code, person, Some(role)).await)
}

/// Takes somebody out of a course, and stays on the page.
#[server(prefix = "/do", endpoint = "take_out")]
pub async fn take_out(code: String, person: PersonId) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    answer(portal.members.set_role(&caller, &code, person, None).await)
}

/// What a link says to who follows it, signed in or not.
#[server(prefix = "/do", endpoint = "invitation")]
pub async fn invitation(token: String) -> Result<Invited, AppError> {
    let caller = use_context::<Visit>().and_then(|visit| visit.caller);
    answer(expect_context::<Portal>().members.invited(caller.as_ref(), &token).await)
}

/// Comes into the course, and goes there.
#[server(prefix = "/do", endpoint = "join")]
pub async fn join(token: String) -> Result<(), AppError> {
    let (portal, caller) = request_context()?;
    let code = answer(portal.members.join(&caller, &token).await)?;
    go_to(&format!("/courses/{code}"));
    Ok(())
}

/// The same for somebody who signs in here for the first time.
#[server(prefix = "/do", endpoint = "register")]
pub async fn register(
    token: String,
    #[server(default)] name: String,
    #[server(default)] sign_in: String,
    #[server(default)] password: String,
    #[server(default)] again: String,
) -> Result<(), AppError> {
    let person = NewPerson { name: &name, sign_in: &sign_in, password: &password, again: &again };
    let registered = expect_context::<Portal>().members.register(&token, person).await;
    if registered.is_err() {
        keep_typed(&[("name", &name), ("sign_in", &sign_in)]);
    }
    let code = answer(registered)?;
    go_to(&format!("/courses/{code}"));
    Ok(())
}
