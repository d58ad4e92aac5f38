//! A course's people, as the fake portal says it.

use app::domain::course::Role;
use app::domain::ids::{InvitationId, PersonId};
use app::domain::members::{InvitationRow, Invited, MemberRow, MembersView};
use app::domain::person::Caller;
use app::error::AppError;
use app::ports::{self, NewPerson};
use async_trait::async_trait;

use crate::portal::{Fake, NOW};

#[async_trait]
impl ports::Members for Fake {
    async fn of(&self, _: &Caller, code: &str) -> Result<MembersView, AppError> {
        let member = |number, role, is_caller| MemberRow {
            id: PersonId(uuid::Uuid::from_u128(number)),
            name: self.text.clone(),
            sign_in: Some(self.text.clone()),
            role,
            environments: 2,
            is_caller,
            welcome: (!is_caller).then(|| "per_00000000000000000000000007.00".into()),
        };
        let invitation = InvitationRow {
            id: InvitationId(uuid::Uuid::from_u128(7)),
            role: Role::Student,
            token: "inv_00000000000000000000000007.00".into(),
            until: NOW,
            used: (3, 40),
            by: self.text.clone(),
        };
        self.answer(MembersView {
            code: code.to_owned(),
            title: self.text.clone(),
            members: vec![member(1, Role::Instructor, true), member(2, Role::Assistant, false), member(3, Role::Student, false)],
            invitations: if self.is_empty { vec![] } else { vec![invitation] },
            may_change: true,
        })
    }

    async fn invite(&self, _: &Caller, _: &str, _: Role, _: &str, _: &str) -> Result<(), AppError> {
        self.answer(())
    }

    async fn end_invitation(&self, _: &Caller, _: &str, _: InvitationId) -> Result<(), AppError> {
        self.answer(())
    }

    async fn set_role(&self, _: &Caller, _: &str, _: PersonId, _: Option<Role>) -> Result<(), AppError> {
        self.answer(())
    }

    async fn invited(&self, caller: Option<&Caller>, _: &str) -> Result<Invited, AppError> {
        self.answer(Invited {
            code: "SYS-101".into(),
            title: self.text.clone(),
            role: Role::Student,
            signed_in: caller.map(|caller| caller.name.clone()),
            is_member: self.is_empty,
        })
    }

    async fn join(&self, _: &Caller, _: &str) -> Result<String, AppError> {
        self.answer("SYS-101".into())
    }

    async fn register(&self, _: &str, _: NewPerson<'_>) -> Result<String, AppError> {
        self.answer("SYS-101".into())
    }
}
