//! What is said of lists of people, and to who signs in for the first time.

use super::{About, Sentence};
use crate::domain::roster::{Fate, Wrong};

/// Only the server says these: their pages are plain.
pub(crate) struct Roster {
    pub(crate) heading: Sentence,
    pub(crate) lead: Sentence,
    pub(crate) file: Sentence,
    pub(crate) file_hint: Sentence,
    pub(crate) look: Sentence,
    pub(crate) download: Sentence,
    pub(crate) awaited: Sentence,
    pub(crate) awaited_hint: Sentence,
    pub(crate) title: About,
    pub(crate) by: Sentence,
    pub(crate) line: Sentence,
    pub(crate) fate_head: Sentence,
    /// What would come of a line, or came (`true`).
    pub(crate) fate: fn(Fate, bool) -> Sentence,
    pub(crate) wrong: fn(Wrong) -> String,
    pub(crate) bring_in: fn(usize) -> String,
    pub(crate) nothing_yet: Sentence,
    pub(crate) came: fn(usize, usize) -> String,
    pub(crate) left: Sentence,
    pub(crate) back: About,
    pub(crate) welcome: About,
    pub(crate) welcome_lead: Sentence,
    pub(crate) choose: Sentence,
}
