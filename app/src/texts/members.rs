//! What is said of a course's people, and to who comes into it.

use super::{About, Sentence};
use crate::domain::course::Role;

/// Only the server says these: their pages are plain.
pub(crate) struct Members {
    pub(crate) title: About,
    pub(crate) people: Sentence,
    pub(crate) name: Sentence,
    pub(crate) sign_in_name: Sentence,
    pub(crate) role_head: Sentence,
    pub(crate) role: fn(Role) -> Sentence,
    /// What screen readers hear on the list and the buttons.
    pub(crate) role_of: About,
    pub(crate) set_role: Sentence,
    pub(crate) set_role_of: About,
    pub(crate) take_out: Sentence,
    pub(crate) take_out_of: About,
    pub(crate) what_to_do: Sentence,
    pub(crate) invite_title: Sentence,
    pub(crate) invite_lead: Sentence,
    pub(crate) links: Sentence,
    pub(crate) link: Sentence,
    pub(crate) link_hint: Sentence,
    pub(crate) used_head: Sentence,
    pub(crate) used: fn(u16, u16) -> String,
    pub(crate) until: Sentence,
    pub(crate) by: Sentence,
    pub(crate) end_link: Sentence,
    pub(crate) days: Sentence,
    pub(crate) most: Sentence,
    pub(crate) invite: Sentence,
    pub(crate) invited_as: fn(Role) -> Sentence,
    pub(crate) go_there: Sentence,
    pub(crate) join_as: About,
    pub(crate) have_account: Sentence,
    pub(crate) new_account: Sentence,
    pub(crate) full_name: Sentence,
    pub(crate) sign_in_hint: Sentence,
    pub(crate) password: Sentence,
    pub(crate) password_hint: Sentence,
    pub(crate) again: Sentence,
    pub(crate) register: Sentence,
}
