//! A course's people, and how they come into it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::course::Role;
use super::ids::{InvitationId, PersonId};

/// Somebody in a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// Who.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// The name they sign in with, if they do so by password.
    pub sign_in: Option<String>,
    /// What they are in it.
    pub role: Role,
    /// How many environments they hold there.
    pub environments: u32,
    /// Whether it is the one who looks.
    pub is_caller: bool,
    /// The last part of the link by which they sign in for the first time, if they have not yet and the caller may hand it out.
    pub welcome: Option<String>,
}

/// A link by which people come into a course by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationRow {
    /// Which.
    pub id: InvitationId,
    /// What they become.
    pub role: Role,
    /// The last part of its address: who has it may come.
    pub token: String,
    /// Until when it is good.
    pub until: OffsetDateTime,
    /// How many came by it, of how many that may.
    pub used: (u16, u16),
    /// Who made it.
    pub by: String,
}

/// Everything on the page of a course's people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersView {
    /// The course's code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Its people: who teaches, who helps, who learns.
    pub members: Vec<MemberRow>,
    /// Links that are good, the newest first. Only who may change something sees them.
    pub invitations: Vec<InvitationRow>,
    /// Whether the caller may change something.
    pub may_change: bool,
}

/// What an invitation says to who follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invited {
    /// The course's code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// What they would become.
    pub role: Role,
    /// The name of who is signed in, if somebody is.
    pub signed_in: Option<String>,
    /// Whether they are in the course already.
    pub is_member: bool,
}

/// An invitation is good for so many days at most.
pub const MOST_DAYS: u16 = 90;
/// So many people come by one at most.
pub const MOST_PEOPLE: u16 = 1_000;
/// So many letters has a password at least.
pub const LEAST_PASSWORD: usize = 10;
/// And no more than this, so that hashing it is no work for hours.
pub const MOST_PASSWORD: usize = 200;

/// A name to sign in with, as it is kept: lower case, letters and digits and `.`, `_`, `-`, `@`, at most 64. `None`: it is none.
#[must_use]
pub fn sign_in_name(typed: &str) -> Option<String> {
    let name = typed.trim().to_lowercase();
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "._-@".contains(letter);
    (!name.is_empty() && name.len() <= 64 && name.chars().all(is_letter)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_to_sign_in_with_reads_the_same_however_it_is_typed() {
        assert_eq!(sign_in_name(" S2600123@Example.ac.jp "), Some("s2600123@example.ac.jp".to_owned()));
        for none in ["", " ", "a b", "青井", "a/b", &"a".repeat(65)] {
            assert_eq!(sign_in_name(none), None, "{none}");
        }
    }
}
